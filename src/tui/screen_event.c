#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

/* One event: every endpoint of its tenant with what became of it there and why, and its data. */

enum { TAB_WHY, TAB_DATA, TAB_COUNT };
#define REASON_ROWS 4

struct state {
    struct ht_event_detail d;
    struct ht_list whys;
    struct ht_doc data;
    struct ht_doc reason; /* of the row under the cursor, whole */
    enum ht_body_view view;
};

enum { C_OUTCOME, C_ENDPOINT, C_REASON, C_AGAIN, C_ID };
static const struct ht_column columns[] = {
    [C_OUTCOME] = {"OUTCOME", 14, 14, 0, false}, [C_ENDPOINT] = {"ENDPOINT", 16, 40, 0, false},
    [C_REASON] = {"REASON", 20, 0, 0, false},    [C_AGAIN] = {"AGAIN", 5, 5, 2, true},
    [C_ID] = {"DELIVERY", 10, 10, 1, false},
};

/* Good, waiting or bad, by the words of `why`. */
static enum ht_style style_of(const char *outcome)
{
    static const struct {
        const char *outcome;
        enum ht_style style;
    } styles[] = {
        {"delivered", HT_STYLE_OK},       {"held", HT_STYLE_HELD},      {"sending", HT_STYLE_BUSY},
        {"waiting", HT_STYLE_ROW},        {"retrying", HT_STYLE_RETRY}, {"failed", HT_STYLE_FAILED},
        {"quarantined", HT_STYLE_FAILED},
    };
    for (size_t i = 0; outcome && i < HT_COUNT(styles); i++)
        if (strcmp(styles[i].outcome, outcome) == 0)
            return styles[i].style;
    return HT_STYLE_DIM;
}

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_why *w = &((const struct state *)user)->d.whys.rows[row];
    switch (column) {
    case C_OUTCOME:
        ht_cell_str(t, style_of(w->outcome), w->outcome);
        break;
    case C_ENDPOINT:
        ht_cell_str(t, HT_STYLE_ROW, w->description ? w->description : w->url);
        if (!w->description)
            t->mode = HT_TEXT_ASCII;
        break;
    case C_REASON:
        ht_cell_str(t, HT_STYLE_ROW, w->reason);
        break;
    case C_AGAIN:
        if (w->redelivered)
            ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)w->redelivered);
        break;
    default:
        if (!ht_uuid_is_nil(&w->delivery_id))
            ht_short_id(&w->delivery_id, t->own);
        ht_cell_str(t, HT_STYLE_DIM, t->own);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct state *)user)->d.whys.rows[row].endpoint_id;
}

static struct ht_list_rows rows_of(const struct ht_app *app, const struct ht_screen *s)
{
    const struct state *st = s->state;
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = st->d.whys.n,
        .cell = cell,
        .id = row_id,
        .user = st,
        .empty = "the tenant has no endpoint",
        .stale = ht_app_stale(app, s),
    };
}

static void make_data(const struct ht_app *app, struct state *st)
{
    const struct ht_event *e = &st->d.event;
    struct ht_doc *d = &st->data;
    char at[HT_AGE_TEXT], id[HT_UUID_TEXT], to[16];
    ht_doc_clear(d);
    (void)app;
    ht_uuid_format(&e->id, id);
    ht_time_full(e->created_at, at);
    snprintf(to, sizeof to, "%d", (int)e->deliveries);
    ht_doc_field(d, "Event", HT_STYLE_ROW, id);
    ht_doc_field(d, "Type", HT_STYLE_HEADING, e->type);
    ht_doc_field(d, "Emitted", HT_STYLE_ROW, at);
    ht_doc_field(d, "Deliveries", HT_STYLE_ROW, to);
    ht_doc_field(d, "Key", HT_STYLE_ROW, e->key);
    ht_doc_field(d, "Source", HT_STYLE_ROW, e->source);
    ht_doc_field(d, "By", HT_STYLE_ROW, e->performed_by);
    ht_doc_field(d, "Name", HT_STYLE_ROW, e->event_name);
    ht_doc_field(d, "Workflow", HT_STYLE_ROW, e->workflow);
    ht_doc_heading(d, "Data");
    if (e->data)
        ht_doc_body(d, st->view, e->data, e->data_len);
    else
        ht_doc_adds(d, HT_STYLE_DIM, "(the data are kept no longer)\n");
}

static void make_reason(struct state *st)
{
    ht_doc_clear(&st->reason);
    if (st->whys.cursor >= st->d.whys.n)
        return;
    const struct ht_why *w = &st->d.whys.rows[st->whys.cursor];
    if (w->description)
        ht_doc_addf(&st->reason, HT_STYLE_HEADING, "%s  ", w->description);
    ht_doc_ascii(&st->reason, w->description ? HT_STYLE_DIM : HT_STYLE_HEADING, w->url ? w->url : "",
                 w->url ? strlen(w->url) : 0);
    ht_doc_end(&st->reason);
    ht_doc_addf(&st->reason, style_of(w->outcome), "%s", w->outcome ? w->outcome : "");
    ht_doc_adds(&st->reason, HT_STYLE_ROW, ": ");
    ht_doc_adds(&st->reason, HT_STYLE_ROW, w->reason && w->reason[0] ? w->reason : "nothing more is known");
    ht_doc_end(&st->reason);
}

static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_init(&st->data);
    ht_doc_init(&st->reason);
    st->reason.wrap = true;
    s->doc = &st->data;
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_fini(&st->data);
    ht_doc_fini(&st->reason);
    ht_event_detail_fini(&st->d);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct ht_request *r = ht_request_new(HT_REQ_EVENT, 0);
    r->id = s->id;
    (void)ht_app_ask(app, s, r);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_EVENT)
        return;
    ht_event_detail_fini(&st->d);
    st->d = r->event;
    r->event = (struct ht_event_detail){0};
    ht_text_clean_str(s->crumb, sizeof s->crumb, st->d.event.type ? st->d.event.type : "", HT_TEXT_CELL);
    struct ht_list_rows rows = rows_of(app, s);
    ht_list_sync(&st->whys, &rows);
    make_data(app, st);
}

static unsigned has_now(const struct ht_screen *s)
{
    unsigned all = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TABS | HT_HAS_RELOAD;
    return all | (s->tab == TAB_WHY ? HT_HAS_LIST | HT_HAS_OPEN : HT_HAS_TEXT | HT_HAS_BODY);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    static const char *const tabs[] = {"Why", "Data"};
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    ht_chrome_tabs(c, r.row, r.col, r.cols, tabs, TAB_COUNT, s->tab);
    r.row++;
    r.rows--;
    if (s->data_at == 0) {
        ht_draw_str(c, r.row + 1, 2, r.cols - 2, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
        return;
    }
    if (s->tab == TAB_DATA) {
        ht_doc_draw(&st->data, c, (struct ht_rect){r.row + 1, r.col + 1, r.rows - 1, r.cols - 2});
        return;
    }
    if (r.rows > REASON_ROWS + 5) {
        struct ht_rect below = {r.row + r.rows - REASON_ROWS, r.col + 1, REASON_ROWS, r.cols - 2};
        r.rows -= REASON_ROWS + 1;
        make_reason(st);
        ht_doc_draw(&st->reason, c, below);
    }
    ht_list_draw(&st->whys, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    if (action == HT_ACT_NEXT_TAB || action == HT_ACT_PREV_TAB) {
        s->tab = (s->tab + 1) % TAB_COUNT;
        return true;
    }
    if (action == HT_ACT_BODY) {
        st->view = (st->view + 1) % HT_BODY_VIEWS;
        make_data(app, st);
        return true;
    }
    if (s->tab == TAB_DATA)
        return ht_doc_act(&st->data, action);
    if (action != HT_ACT_OPEN)
        return ht_list_act(&st->whys, &rows, action);
    if (st->whys.cursor < st->d.whys.n) {
        const struct ht_why *w = &st->d.whys.rows[st->whys.cursor];
        if (ht_uuid_is_nil(&w->delivery_id))
            ht_app_flash(app, HT_FLASH_ERROR, "it has no delivery there: %s", w->reason ? w->reason : "");
        else
            (void)ht_app_open(app, HT_SCREEN_DELIVERY, &w->delivery_id);
    }
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    (void)app;
    if (s->data_at == 0)
        return;
    if (s->tab == TAB_DATA)
        ht_doc_status(&st->data, ret, size);
    else
        snprintf(ret, size, "%zu/%zu %s of the tenant", st->d.whys.n ? st->whys.cursor + 1 : 0, st->d.whys.n,
                 ht_plural((int64_t)st->d.whys.n, "endpoint", "endpoints"));
}

const struct ht_screen_class ht_screen_event = {
    .name = "event",
    .title = "Event",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TABS | HT_HAS_RELOAD | HT_HAS_LIST | HT_HAS_OPEN | HT_HAS_TEXT |
           HT_HAS_BODY,
    .has_now = has_now,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .status = status,
};
