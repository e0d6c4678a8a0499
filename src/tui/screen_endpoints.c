#include <stdio.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

#define PAGE     200
#define ROWS_MAX 10000
#define MARGIN   20 /* rows above the first shown that are refreshed with it */

struct state {
    struct ht_list list;
    struct ht_endpoints rows;
    bool more;      /* in the database, after the last row */
    bool older;     /* the request that is out is for the next page */
    size_t from;    /* the row the request that is out begins with */
    bool truncated; /* ROWS_MAX reached */
    bool by_id;     /* the rows are in the usual order: of any other the whole is fetched anew */
};

enum { C_NAME, C_STATE, C_TENANT, C_PROFILE, C_OK, C_FAILED, C_WAITING, C_HELD, C_LAST, C_WHY, C_URL };
static const struct ht_column columns[] = {
    [C_NAME] = {"NAME", 20, 40, 0, false},    [C_STATE] = {"STATE", 10, 10, 0, false},
    [C_TENANT] = {"TENANT", 8, 20, 7, false}, [C_PROFILE] = {"PROFILE", 10, 10, 6, false},
    [C_OK] = {"OK%24h", 6, 6, 2, true},       [C_FAILED] = {"FAIL24h", 7, 7, 3, true},
    [C_WAITING] = {"WAIT", 6, 6, 1, true},    [C_HELD] = {"HELD", 5, 6, 4, true},
    [C_LAST] = {"LAST", 9, 14, 5, false},     [C_WHY] = {"WHY", 32, 48, 9, false},
    [C_URL] = {"URL", 20, 0, 8, false},
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

static void draw_state(struct ht_cell_text *t, const struct ht_endpoint *e)
{
    bool failing = e->status == HT_ENDPOINT_ACTIVE && e->consecutive_failures > 0;
    if (failing)
        ht_cell_str(t, HT_STYLE_FAILED, e->failing_since ? "FAILING" : "failing");
    else
        ht_cell_str(t, ht_style_of_endpoint(e->status), ht_endpoint_words[e->status].name);
}

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_endpoint *e = &v->st->rows.rows[row];
    int64_t tried = e->succeeded_24h + e->failed_24h;
    int64_t last = e->last_success_at > e->last_failure_at ? e->last_success_at : e->last_failure_at;
    switch (column) {
    case C_NAME:
        ht_cell_str(t, HT_STYLE_ROW, ht_endpoint_name(e));
        break;
    case C_STATE:
        draw_state(t, e);
        break;
    case C_TENANT:
        ht_cell_str(t, HT_STYLE_ROW, e->tenant_name);
        break;
    case C_PROFILE:
        ht_cell_str(t, HT_STYLE_ROW, e->profile);
        break;
    case C_OK:
        if (tried)
            ht_cell_fmt(t, e->failed_24h ? HT_STYLE_RETRY : HT_STYLE_ROW, "%.2f",
                        100.0 * (double)e->succeeded_24h / (double)tried);
        else
            ht_cell_str(t, HT_STYLE_ROW, "-");
        break;
    case C_FAILED:
        ht_cell_fmt(t, HT_STYLE_ROW, "%lld", (long long)e->failed_24h);
        break;
    case C_WAITING:
        ht_cell_str(t, HT_STYLE_ROW, ht_figure_text(e->pending, t->own));
        break;
    case C_HELD:
        ht_cell_str(t, e->held ? HT_STYLE_HELD : HT_STYLE_ROW, ht_figure_text(e->held, t->own));
        break;
    case C_LAST:
        ht_time_age(v->app, last, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_WHY:
        ht_cell_str(t, HT_STYLE_ROW, e->status_reason);
        break;
    default:
        ht_cell_str(t, HT_STYLE_ROW, e->url);
        t->mode = HT_TEXT_ASCII; /* a look-alike in a host name must be seen */
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct view *)user)->st->rows.rows[row].id;
}

static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s)
{
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = v->st->rows.n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc            ? "could not be fetched; r tries again"
                 : !s->data_at           ? "fetching ..."
                 : s->filter.applied[0]  ? "no endpoint matches the filter; ~ clears it"
                 : v->app->who.may_admin ? "no endpoint yet: A makes one"
                                         : "no endpoint that this login may see",
        .hidden = v->app->hidden[s->screen_id],
        .stale = ht_app_stale(v->app, s),
    };
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_endpoints_fini(&((struct state *)s->state)->rows);
}

/* The first page has what the terminal can show, and some rows more: what takes its time there are the figures of each.
 */
static int32_t first_page(const struct ht_app *app)
{
    return app->canvas.rows + MARGIN < PAGE ? app->canvas.rows + MARGIN : PAGE;
}

/* The next page, or the rows around what is shown: never more than a page, however many are loaded. */
static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_ENDPOINTS, 0);
    bool other = ht_screen_refiltered(s);
    r->text = ht_strdup(s->filter.applied);
    r->limit = other || st->rows.n <= (size_t)first_page(app) ? first_page(app) : PAGE;
    st->from = 0;
    st->by_id = strstr(s->filter.applied, "sort:") == NULL;
    if (!other && st->older) {
        st->from = st->rows.n;
        r->limit = PAGE;
    } else if (!other && !st->by_id && st->rows.n > (size_t)r->limit)
        r->limit = (int32_t)st->rows.n;
    else if (!other && st->rows.n > PAGE && st->list.top > MARGIN)
        st->from = st->list.top - MARGIN;
    st->older = false;
    if (st->from > 0)
        r->before = st->rows.rows[st->from - 1].id;
    (void)ht_app_ask(app, s, r);
}

/* Puts the page in place of the rows it covers: from `from` on, down to its own last one. */
static void splice(struct state *st, struct ht_endpoints *page)
{
    size_t from = st->from < st->rows.n ? st->from : st->rows.n, end = from;
    while (end < st->rows.n &&
           (!page->more || !st->by_id || ht_uuid_cmp(&st->rows.rows[end].id, &page->rows[page->n - 1].id) >= 0))
        ht_endpoint_fini(&st->rows.rows[end++]);
    size_t rest = st->rows.n - end;
    st->rows.rows = ht_list_splice(st->rows.rows, st->rows.n, from, end, page->rows, page->n, sizeof *st->rows.rows);
    if (rest == 0)
        st->more = page->more;
    st->rows.n = from + page->n + rest;
    *page = (struct ht_endpoints){0};
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_ENDPOINTS)
        return;
    if (ht_screen_refiltered(s))
        ht_endpoints_fini(&st->rows);
    splice(st, &r->endpoints);
    st->truncated = st->more && st->rows.n >= ROWS_MAX;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_list_sync(&st->list, &rows);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    char right[64];
    snprintf(right, sizeof right, "%zu%s %s", st->rows.n, st->more ? "+" : "",
             ht_plural((int64_t)st->rows.n, "endpoint", "endpoints"));
    ht_chrome_list_head(app, s, c, &r, s->data_at ? right : NULL);
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (action == HT_ACT_OPEN) {
        if (st->rows.n == 0)
            return false;
        const struct ht_endpoint *e = &st->rows.rows[st->list.cursor];
        struct ht_uuid id = e->id;
        char name[sizeof s->crumb];
        ht_text_clean_str(name, sizeof name, ht_endpoint_name(e), HT_TEXT_CELL);
        struct ht_screen *detail = ht_app_open(app, HT_SCREEN_ENDPOINT, &id);
        if (detail)
            snprintf(detail->crumb, sizeof detail->crumb, "%s", name);
        return true;
    }
    if (action == HT_ACT_ADD) {
        ht_form_open(app, NULL);
        return true;
    }
    if (!ht_list_act(&st->list, &rows, action))
        return false;
    if (st->list.cursor + st->list.page >= st->rows.n && st->more && !st->truncated && s->ticket == 0) {
        st->older = true;
        ht_screen_refresh(app, s, 0);
    }
    return true;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    if (st->rows.n == 0)
        return false;
    ret->endpoint = &st->rows.rows[st->list.cursor];
    ret->id = ret->endpoint->id;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    char age[48] = "";
    if (st->rows.n == 0)
        return;
    if (ht_app_stale(app, s))
        snprintf(age, sizeof age, " | rows are %llds old", (long long)((app->now_us - s->data_at) / 1000000));
    snprintf(ret, size, "%zu/%zu%s%s%s", st->list.cursor + 1, st->rows.n, st->more ? "+" : "", age,
             st->truncated ? " | no more are loaded: narrow the filter" : "");
}

const struct ht_screen_class ht_screen_endpoints = {
    .name = "endpoints",
    .title = "Endpoints",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN | HT_HAS_ENDPOINT |
           HT_HAS_KEY | HT_HAS_ADD | HT_HAS_REMOVE | HT_HAS_AGES | HT_HAS_RELOAD | HT_HAS_COLUMNS | HT_HAS_LIKE |
           HT_HAS_EXPORT,
    .columns = columns,
    .n_columns = HT_COUNT(columns),
    .root = true,
    .state_size = sizeof(struct state),
    .list = HT_FILTER_ENDPOINTS,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .subject = subject,
    .status = status,
};
