#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/pages.h"
#include "replay_parts.h"

/* Bulk redeliveries: all of them, and how far each was queued. What of that was sent only the tally of one tells. */

#define BAR 20

struct state {
    struct ht_list list;
    struct ht_pages pages; /* of the usual order; of any other only the first is there */
    struct ht_replays replays;
    bool usual; /* the rows are in the usual order */
};

enum { C_STARTED, C_STATE, C_BAR, C_QUEUED, C_OUT, C_TOTAL, C_RATE, C_LEFT, C_WHAT, C_BY, C_ENDPOINT };
static const struct ht_column columns[] = {
    [C_STARTED] = {"STARTED", 9, 14, 0, false},
    [C_STATE] = {"STATE", 9, 9, 0, false},
    [C_BAR] = {"QUEUED SO FAR", BAR + 2, BAR + 2, 3, false},
    [C_QUEUED] = {"QUEUED", 6, 8, 0, true},
    [C_OUT] = {"LEFT OUT", 8, 8, 2, true},
    [C_TOTAL] = {"OF", 5, 8, 0, true},
    [C_RATE] = {"RATE/S", 6, 6, 4, true},
    [C_LEFT] = {"TAKES", 6, 6, 1, true},
    [C_WHAT] = {"WHAT", 12, 40, 0, false},
    [C_BY] = {"BY", 6, 12, 6, false},
    [C_ENDPOINT] = {"ENDPOINT", 12, 40, 5, false},
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_replay *r = &v->st->replays.rows[row];
    switch (column) {
    case C_STARTED:
        ht_time_age(v->app, r->created_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_STATE:
        ht_cell_str(t, ht_replay_style(r), ht_replay_words[r->state].name);
        break;
    case C_BAR:
        if (v->app->canvas.plain)
            break;
        if (r->state == HT_REPLAY_FINISHED)
            ht_replay_bar(1, 0, 1, BAR, t->own, sizeof t->own);
        else
            ht_replay_bar(0, r->queued + r->skipped, r->total, BAR, t->own, sizeof t->own);
        ht_cell_str(t, HT_STYLE_SPARK, t->own);
        break;
    case C_QUEUED:
    case C_OUT:
    case C_TOTAL:
        ht_cell_fmt(t, HT_STYLE_ROW, "%" PRId64,
                    column == C_QUEUED ? r->queued
                    : column == C_OUT  ? r->skipped
                                       : r->total);
        break;
    case C_RATE:
        ht_cell_fmt(t, HT_STYLE_ROW, "%g", r->rate_per_s);
        break;
    case C_LEFT:
        ht_duration_format(r->seconds_left * 1000, t->own, sizeof t->own);
        ht_cell_str(t, HT_STYLE_ROW, r->seconds_left > 0 ? t->own : "-");
        break;
    case C_WHAT:
        ht_cell_str(t, HT_STYLE_ROW, r->what);
        break;
    case C_BY:
        ht_cell_str(t, HT_STYLE_DIM, r->created_by);
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, r->endpoint_url ? r->endpoint_url : "any");
        t->mode = HT_TEXT_ASCII;
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct view *)user)->st->replays.rows[row].id;
}

static bool number(const void *user, size_t row, size_t column, int64_t *ret)
{
    const struct ht_replay *r = &((const struct view *)user)->st->replays.rows[row];
    switch (column) {
    case C_STARTED:
        *ret = r->created_at;
        return true;
    case C_BAR:
        *ret = r->total > 0 ? (r->queued + r->skipped) * 1000000 / r->total : 0;
        return true;
    case C_QUEUED:
        *ret = r->queued;
        return true;
    case C_OUT:
        *ret = r->skipped;
        return true;
    case C_TOTAL:
        *ret = r->total;
        return true;
    case C_RATE:
        *ret = (int64_t)(r->rate_per_s * 1000);
        return true;
    case C_LEFT:
        *ret = r->seconds_left;
        return true;
    default:
        return false;
    }
}

static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s)
{
    return (struct ht_list_rows){
        .number = number,
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = v->st->replays.n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc  ? "could not be fetched; r tries again"
                 : !s->data_at ? "fetching ..."
                               : "nothing was redelivered in bulk yet: R in Failures begins it",
        .stale = ht_app_stale(v->app, s),
    };
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_REPLAYS, 0);
    size_t at;
    r->limit = HT_PAGE;
    if (ht_pages_ask(&st->pages, &st->list, st->replays.n, st->list.sorted != 0 || !st->usual, &at))
        r->before = st->replays.rows[at].id;
    (void)ht_app_ask(app, s, r);
}

static struct ht_uuid id_of(const void *row)
{
    return ((const struct ht_replay *)row)->id;
}

static void free_row(void *row)
{
    ht_replay_fini(row);
}

/* In another order than the usual one only the newest are shown: a page of them. */
static void sort(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct view v = {app, st};
    st->usual = st->usual && st->list.sorted == 0;
    if (!st->usual)
        for (; st->replays.n > HT_PAGE; st->pages.more = true)
            free_row(&st->replays.rows[--st->replays.n]);
    struct ht_list_rows rows = rows_of(&v, s);
    ht_list_sort(&st->list, &rows, st->replays.rows, sizeof *st->replays.rows);
    ht_list_sync(&st->list, &rows);
}

static struct ht_list *shown(const struct ht_screen *s, const struct ht_column **ret, size_t *ret_n)
{
    *ret = columns;
    *ret_n = HT_COUNT(columns);
    return &((struct state *)s->state)->list;
}

/* What came follows rows that are not there any more as they were. */
static bool is_late(const struct state *st)
{
    return st->pages.from > 0 && (st->list.sorted != 0 || !st->usual);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    static const struct ht_pages_rows of = {sizeof(struct ht_replay), id_of, free_row};
    struct state *st = s->state;
    struct ht_replays *all = &st->replays, *page = &r->replays;
    bool running = false;
    if (r->kind != HT_REP_REPLAYS)
        return;
    if (is_late(st)) {
        ht_screen_refresh(app, s, 0);
        return;
    }
    if (st->list.sorted != 0 || !st->usual)
        ht_replays_fini(all);
    all->rows = ht_pages_take(&st->pages, &of, all->rows, &all->n, page->rows, page->n, page->more);
    *page = (struct ht_replays){0};
    st->usual = true; /* as they came; sorting them ends it */
    for (size_t i = 0; i < all->n; i++)
        running = running || ht_replay_goes_on(&all->rows[i]);
    sort(app, s);
    if (running)
        ht_screen_refresh(app, s, HT_REPLAY_REFRESH_US);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_chrome_list_head(app, s, c, &r, NULL);
    ht_list_sorted(&st->list, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (action == HT_ACT_OPEN && st->replays.n > 0) {
        (void)ht_app_open(app, HT_SCREEN_REPLAY, &st->replays.rows[st->list.cursor].id);
        return true;
    }
    if (!ht_list_act(&st->list, &rows, action))
        return action == HT_ACT_OPEN;
    if (s->ticket == 0 && st->usual && ht_pages_further(&st->pages, &st->list, st->replays.n))
        ht_screen_refresh(app, s, 0);
    return true;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    if (st->replays.n == 0)
        return false;
    ret->replay = &st->replays.rows[st->list.cursor];
    ret->id = ret->replay->id;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    (void)app;
    if (st->replays.n)
        snprintf(ret, size, "%zu/%zu%s%s", st->list.cursor + 1, st->replays.n, st->pages.more ? "+" : "",
                 !st->pages.more  ? ""
                 : !st->usual     ? " | sorted are only the newest; x writes all"
                 : st->pages.full ? " | no more are loaded; x writes all"
                                  : "");
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_replays_fini(&((struct state *)s->state)->replays);
}

const struct ht_screen_class ht_screen_replays = {
    .name = "replays",
    .title = "Replays",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_EXPORT | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_OPEN | HT_HAS_REPLAY |
           HT_HAS_AGES | HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .close = close_screen,
    .shown = shown,
    .sort = sort,
    .why_not = ht_replay_why_not,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .subject = subject,
    .status = status,
};
