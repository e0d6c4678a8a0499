#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery_parts.h"

/* Attempts above; below what was sent, what came back, how it was signed, all times, and what differs from the last
 * success: each in a tab. In the first one j and k go through the attempts, when there are several, in the others
 * through the text; the page keys always move the text. */

enum { TAB_REQUEST, TAB_RESPONSE, TAB_SIGNATURE, TAB_TIMELINE, TAB_COMPARE, TAB_COUNT };
#define ATTEMPT_ROWS_MAX 8

struct state {
    struct ht_delivery_detail d;
    struct ht_list attempts;
    struct ht_doc doc;
    unsigned wanted; /* the parts of the detail that were looked at */
    enum ht_body_view view;
    int doc_tab; /* what doc was made for */
    enum ht_body_view doc_view;
    size_t doc_attempt;
    int64_t doc_data_at;
};

enum { C_N, C_AT, C_CODE, C_MS, C_WORKER, C_ERROR };
static const struct ht_column columns[] = {
    [C_N] = {"#", 2, 2, 0, true},   [C_AT] = {"AT(UTC)", 19, 19, 0, false},    [C_CODE] = {"CODE", 4, 4, 0, true},
    [C_MS] = {"MS", 6, 6, 2, true}, [C_WORKER] = {"WORKER", 10, 16, 3, false}, [C_ERROR] = {"ERROR", 10, 0, 0, false},
};

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_attempt *a = &((const struct state *)user)->d.attempts.rows[row];
    switch (column) {
    case C_N:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)a->n);
        break;
    case C_AT:
        ht_time_full(a->at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_CODE:
        if (a->status)
            ht_cell_fmt(t, a->error == HT_ATTEMPT_NONE ? HT_STYLE_OK : HT_STYLE_FAILED, "%d", (int)a->status);
        else
            ht_cell_str(t, HT_STYLE_DIM, "-");
        break;
    case C_MS:
        ht_cell_ms(t, a->phases.total_us / 1000);
        break;
    case C_WORKER:
        ht_cell_str(t, HT_STYLE_DIM, a->worker);
        break;
    default:
        if (a->error == HT_ATTEMPT_NONE)
            ht_cell_str(t, HT_STYLE_OK, "ok");
        else
            ht_cell_fmt(t, HT_STYLE_FAILED, "%s: %.70s", ht_attempt_words[a->error].name,
                        a->error_detail ? a->error_detail : ht_attempt_words[a->error].meaning);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    struct ht_uuid id = {{0}};
    id.b[0] = (uint8_t)((const struct state *)user)->d.attempts.rows[row].n;
    return id;
}

static struct ht_list_rows rows_of(const struct ht_app *app, const struct ht_screen *s)
{
    const struct state *st = s->state;
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = st->d.attempts.n,
        .cell = cell,
        .id = row_id,
        .user = st,
        .empty = "not tried yet",
        .stale = ht_app_stale(app, s),
        .unfocused = s->tab != TAB_REQUEST,
    };
}

/* What not everybody looks at is fetched when somebody does. */
static unsigned needs(int tab)
{
    return tab == TAB_SIGNATURE ? HT_DELIVERY_SECRETS : tab == TAB_COMPARE ? HT_DELIVERY_SUCCESS : 0;
}

static void write_doc(const struct ht_app *app, struct state *st, int tab, const struct ht_attempt *a)
{
    if (needs(tab) & ~st->d.parts) {
        ht_doc_adds(&st->doc, HT_STYLE_DIM, "fetching ...\n");
        return;
    }
    switch (tab) {
    case TAB_REQUEST:
        ht_delivery_request(&st->d, a, st->view, &st->doc);
        break;
    case TAB_RESPONSE:
        ht_delivery_response(a, st->view, &st->doc);
        break;
    case TAB_SIGNATURE:
        ht_delivery_signature(&st->d, a, &st->doc);
        break;
    case TAB_COMPARE:
        ht_delivery_compare(&st->d, a, &st->doc);
        break;
    default:
        ht_delivery_timeline(app, &st->d, &st->doc);
    }
}

static void make_doc(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    const struct ht_attempt *a = st->d.attempts.n ? &st->d.attempts.rows[st->attempts.cursor] : NULL;
    bool same = st->doc_tab == s->tab && st->doc_attempt == st->attempts.cursor && st->doc_view == st->view;
    if (same && st->doc_data_at == s->data_at)
        return;
    if (!same)
        ht_doc_home(&st->doc);
    ht_doc_clear(&st->doc);
    st->doc_tab = s->tab;
    st->doc_attempt = st->attempts.cursor;
    st->doc_view = st->view;
    st->doc_data_at = s->data_at;
    write_doc(app, st, s->tab, a);
}

/* The screen ------------------------------------------------------------------------------------------------------- */
static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_init(&st->doc);
    s->doc = &st->doc;
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_delivery_detail_fini(&st->d);
    ht_doc_fini(&st->doc);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_DELIVERY, 0);
    st->wanted |= needs(s->tab);
    r->id = s->id;
    r->state = (int32_t)st->wanted;
    (void)ht_app_ask(app, s, r);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_DELIVERY)
        return;
    bool first = st->doc_data_at == 0, at_last = st->attempts.cursor + 1 >= st->d.attempts.n;
    ht_delivery_detail_fini(&st->d);
    st->d = r->delivery;
    r->delivery = (struct ht_delivery_detail){0};
    ht_short_id(&st->d.delivery.id, s->crumb);
    st->doc_data_at = -1;
    struct ht_list_rows rows = rows_of(app, s);
    if (first || at_last) /* the newest attempt is what people come for */
        ht_list_select(&st->attempts, &rows, rows.n ? rows.n - 1 : 0);
    else
        ht_list_sync(&st->attempts, &rows);
}

static void draw_head(struct ht_app *app, const struct state *st, struct ht_canvas *c, struct ht_rect r)
{
    const struct ht_delivery *v = &st->d.delivery;
    char next[HT_AGE_TEXT], code[16] = "", right[64];
    ht_time_age(app, v->due_at, next);
    snprintf(right, sizeof right, "next try: %s", v->due_at ? next : "none");
    if (v->last_status)
        snprintf(code, sizeof code, " %d", (int)v->last_status);
    int room = r.cols - (int)strlen(right) - 2, col = r.col + 1;
    ht_draw_fill(c, (struct ht_rect){r.row, r.col, 1, r.cols}, HT_STYLE_NONE);
    col += ht_draw_fmt(c, r.row, col, room, ht_style_of_delivery(v->status, v->attempts), "%s%s",
                       ht_delivery_words[v->status].name, code);
    col += ht_draw_run(c, r.row, col + 2, r.col + room - col - 2, HT_STYLE_HEADING, v->type) + 2;
    col += ht_draw_run(c, r.row, col, r.col + room - col, HT_STYLE_ROW, " -> ");
    ht_draw_run(c, r.row, col, r.col + room - col, HT_STYLE_ROW,
                v->endpoint_description && v->endpoint_description[0] ? v->endpoint_description : v->endpoint_url);
    ht_draw_str(c, r.row, r.col + r.cols - (int)strlen(right) - 1, (int)strlen(right), HT_STYLE_DIM, right);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    static const char *const tabs[] = {"Request", "Response", "Signature", "Timeline", "Compare"};
    struct state *st = s->state;
    if (s->data_at == 0) {
        ht_draw_str(c, r.row + 1, 2, r.cols - 2, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
        return;
    }
    draw_head(app, st, c, r);
    size_t n = st->d.attempts.n < 1 ? 2 : st->d.attempts.n;
    int top = (int)(n < ATTEMPT_ROWS_MAX ? n : ATTEMPT_ROWS_MAX) + 1;
    if (top > (r.rows - 2) / 2)
        top = (r.rows - 2) / 2;
    struct ht_list_rows rows = rows_of(app, s);
    struct ht_rect list = {r.row + 1, r.col, top, r.cols},
                   text = {r.row + top + 2, r.col + 1, r.rows - top - 2, r.cols - 2};
    ht_chrome_tabs(c, r.row + 1 + top, r.col, r.cols, tabs, (int)HT_COUNT(tabs), s->tab);
    make_doc(app, s);
    ht_doc_draw(&st->doc, c, text);
    if (rows.stale)
        ht_draw_overlay(c, text, HT_STYLE_STALE);
    ht_list_draw(&st->attempts, &rows, c, list);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    switch (action) {
    case HT_ACT_NEXT_TAB:
    case HT_ACT_PREV_TAB:
        s->tab = (s->tab + (action == HT_ACT_NEXT_TAB ? 1 : TAB_COUNT - 1)) % TAB_COUNT;
        if (needs(s->tab) & ~st->wanted) {
            ht_screen_forget(app, s);
            ht_screen_refresh(app, s, 0);
        }
        return true;
    case HT_ACT_UP:
    case HT_ACT_DOWN:
    case HT_ACT_FIRST:
    case HT_ACT_LAST:
        if (s->tab == TAB_REQUEST && rows.n > 1)
            return ht_list_act(&st->attempts, &rows, action);
        return ht_doc_act(&st->doc, action);
    case HT_ACT_BODY:
        st->view = (st->view + 1) % HT_BODY_VIEWS;
        return true;
    default:
        return ht_doc_act(&st->doc, action);
    }
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    if (s->data_at == 0)
        return false;
    ret->delivery = &st->d.delivery;
    ret->attempt = st->d.attempts.n ? st->d.attempts.rows[st->attempts.cursor].n : 0;
    ret->id = st->d.delivery.id;
    ret->event = st->d.delivery.event_id;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    char where[128];
    (void)app;
    if (s->data_at == 0)
        return;
    ht_doc_status(&st->doc, where, sizeof where);
    snprintf(ret, size, "attempt %zu/%zu | %s", st->d.attempts.n ? st->attempts.cursor + 1 : 0, st->d.attempts.n,
             where);
}

const struct ht_screen_class ht_screen_delivery = {
    .name = "delivery",
    .title = "Delivery",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_LIST | HT_HAS_TEXT | HT_HAS_TABS | HT_HAS_SIBLINGS | HT_HAS_DELIVERY |
           HT_HAS_EVENT | HT_HAS_BODY | HT_HAS_AGES | HT_HAS_RELOAD,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .subject = subject,
    .status = status,
};
