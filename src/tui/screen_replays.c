#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"

/* Bulk redeliveries: all of them with their progress, and one with its tally. */

#define REFRESH_US 1000000 /* while one is running */
#define BAR        20

static int64_t left_of(const struct ht_replay *r)
{
    return r->total - r->redelivered - r->skipped;
}

static enum ht_style style_of(const struct ht_replay *r)
{
    switch (r->state) {
    case HT_REPLAY_RUNNING:
        return HT_STYLE_BUSY;
    case HT_REPLAY_PAUSED:
        return HT_STYLE_HELD;
    case HT_REPLAY_FINISHED:
        return HT_STYLE_OK;
    default:
        return HT_STYLE_DIM;
    }
}

/* "[########------------]": how much of it is done. */
static void bar_of(const struct ht_replay *r, int width, char *ret, size_t size)
{
    int full = r->total > 0 ? (int)((r->redelivered + r->skipped) * width / r->total) : 0;
    size_t n = 0;
    for (int i = 0; i < width && n + 3 < size; i++)
        ret[1 + n++] = i < full ? '#' : '-';
    ret[0] = '[';
    ret[n + 1] = ']';
    ret[n + 2] = '\0';
}

static void left_text(const struct ht_replay *r, char *ret, size_t size)
{
    char span[24];
    ht_duration_format(ht_replay_seconds(left_of(r), r->rate_per_s) * 1000, span, sizeof span);
    snprintf(ret, size, "%s", r->state == HT_REPLAY_RUNNING ? span : "-");
}

/* All of them ------------------------------------------------------------------------------------------------------ */
struct state {
    struct ht_list list;
    struct ht_replays replays;
};

enum { C_STARTED, C_STATE, C_BAR, C_DONE, C_OUT, C_TOTAL, C_RATE, C_LEFT, C_WHAT, C_BY, C_ENDPOINT };
static const struct ht_column columns[] = {
    [C_STARTED] = {"STARTED", 9, 14, 0, false},
    [C_STATE] = {"STATE", 9, 9, 0, false},
    [C_BAR] = {"PROGRESS", BAR + 2, BAR + 2, 3, false},
    [C_DONE] = {"DONE", 5, 8, 0, true},
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
        ht_cell_str(t, style_of(r), ht_replay_words[r->state].name);
        break;
    case C_BAR:
        if (v->app->canvas.plain)
            break;
        bar_of(r, BAR, t->own, sizeof t->own);
        ht_cell_str(t, HT_STYLE_SPARK, t->own);
        break;
    case C_DONE:
    case C_OUT:
    case C_TOTAL:
        ht_cell_fmt(t, HT_STYLE_ROW, "%" PRId64,
                    column == C_DONE  ? r->redelivered
                    : column == C_OUT ? r->skipped
                                      : r->total);
        break;
    case C_RATE:
        ht_cell_fmt(t, HT_STYLE_ROW, "%g", r->rate_per_s);
        break;
    case C_LEFT:
        left_text(r, t->own, sizeof t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
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
        *ret = r->total > 0 ? (r->redelivered + r->skipped) * 1000000 / r->total : 0;
        return true;
    case C_DONE:
        *ret = r->redelivered;
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
        *ret = r->state == HT_REPLAY_RUNNING ? ht_replay_seconds(left_of(r), r->rate_per_s) : -1;
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
    (void)ht_app_ask(app, s, ht_request_new(HT_REQ_REPLAYS, 0));
}

static void sort(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct view v = {app, st};
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

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    bool running = false;
    if (r->kind != HT_REP_REPLAYS)
        return;
    ht_replays_fini(&st->replays);
    st->replays = r->replays;
    r->replays = (struct ht_replays){0};
    for (size_t i = 0; i < st->replays.n; i++)
        running = running || st->replays.rows[i].state == HT_REPLAY_RUNNING;
    sort(app, s);
    if (running)
        ht_screen_refresh(app, s, REFRESH_US);
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
    if (action != HT_ACT_OPEN)
        return ht_list_act(&st->list, &rows, action);
    if (st->replays.n > 0)
        (void)ht_app_open(app, HT_SCREEN_REPLAY, &st->replays.rows[st->list.cursor].id);
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
        snprintf(ret, size, "%zu/%zu%s", st->list.cursor + 1, st->replays.n,
                 st->replays.more ? " | the newest; hooktop replay list shows all" : "");
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
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .subject = subject,
    .status = status,
};

/* One of them ------------------------------------------------------------------------------------------------------ */
struct one {
    struct ht_doc doc;
    struct ht_replay_detail d;
};

static void one_open(struct ht_app *app, struct ht_screen *s)
{
    struct one *o = s->state;
    (void)app;
    ht_doc_init(&o->doc);
    s->doc = &o->doc;
}

static void one_close(struct ht_app *app, struct ht_screen *s)
{
    struct one *o = s->state;
    (void)app;
    ht_doc_fini(&o->doc);
    ht_replay_detail_fini(&o->d);
}

static void one_fetch(struct ht_app *app, struct ht_screen *s)
{
    struct ht_request *r = ht_request_new(HT_REQ_REPLAY, 0);
    r->id = s->id;
    (void)ht_app_ask(app, s, r);
}

static void add_times(struct ht_doc *d, const struct ht_replay *r)
{
    char from[HT_AGE_TEXT], to[HT_AGE_TEXT], both[64];
    ht_time_full(r->since, from);
    ht_time_full(r->until, to);
    snprintf(both, sizeof both, "%s to %s UTC", from, to);
    ht_doc_field(d, "Created", HT_STYLE_ROW, both);
    ht_time_full(r->created_at, from);
    ht_doc_field(d, "Started", HT_STYLE_ROW, from);
    ht_time_full(r->ended_at, to);
    ht_doc_field(d, "Ended", HT_STYLE_ROW, r->ended_at ? to : NULL);
    ht_doc_field(d, "By", HT_STYLE_ROW, r->created_by);
    ht_doc_field(d, "Reason", HT_STYLE_ROW, r->reason);
}

static void make_one(const struct ht_app *app, struct one *o)
{
    struct ht_doc *d = &o->doc;
    const struct ht_replay *r = &o->d.replay;
    char text[96], bar[64], left[24];
    ht_doc_clear(d);
    bar_of(r, 40, bar, sizeof bar);
    left_text(r, left, sizeof left);
    ht_doc_addf(d, style_of(r), "  %s", ht_replay_words[r->state].name);
    ht_doc_addf(d, HT_STYLE_DIM, "  %s\n\n", ht_replay_words[r->state].meaning);
    if (!app->canvas.plain)
        ht_doc_addf(d, HT_STYLE_SPARK, "  %s", bar);
    ht_doc_addf(d, HT_STYLE_ROW, "  %" PRId64 " of %" PRId64 "\n\n", r->redelivered + r->skipped, r->total);
    snprintf(text, sizeof text, "%" PRId64, r->redelivered);
    ht_doc_field(d, "Redelivered", HT_STYLE_ROW, text);
    snprintf(text, sizeof text, "%" PRId64, r->skipped);
    ht_doc_field(d, "Left out", HT_STYLE_ROW, text);
    snprintf(text, sizeof text, "%" PRId64 " at %g per second, about %s", left_of(r), r->rate_per_s, left);
    ht_doc_field(d, "To do", HT_STYLE_ROW, r->state == HT_REPLAY_RUNNING ? text : NULL);
    ht_doc_end(d);
    ht_doc_field(d, "What", HT_STYLE_ROW, r->what);
    ht_doc_url(d, "Endpoint", r->endpoint_url ? r->endpoint_url : "any");
    ht_doc_field(d, "Tenant", HT_STYLE_ROW, r->tenant_name);
    add_times(d, r);
    ht_doc_heading(d, "What became of them");
    for (size_t i = 0; i < o->d.tally.n; i++)
        ht_doc_addf(d, HT_STYLE_ROW, "  %10" PRId64 "  %s\n", o->d.tally.rows[i].n, o->d.tally.rows[i].outcome);
}

/* Its workers still have to do: they redeliver, or what they redelivered has not been tried yet. */
static bool goes_on(const struct ht_replay_detail *d)
{
    bool waits = false;
    for (size_t i = 0; i < d->tally.n; i++)
        waits = waits || strcmp(d->tally.rows[i].outcome, ht_delivery_words[HT_DELIVERY_READY].name) == 0 ||
                strcmp(d->tally.rows[i].outcome, ht_delivery_words[HT_DELIVERY_LEASED].name) == 0;
    return waits || d->replay.state == HT_REPLAY_RUNNING;
}

static void one_reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct one *o = s->state;
    if (r->kind != HT_REP_REPLAY)
        return;
    ht_replay_detail_fini(&o->d);
    o->d = r->replay;
    r->replay = (struct ht_replay_detail){0};
    ht_short_id(&o->d.replay.id, s->crumb);
    make_one(app, o);
    if (goes_on(&o->d))
        ht_screen_refresh(app, s, REFRESH_US);
}

static void one_draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct ht_rect in = {r.row + 1, r.col + 1, r.rows - 1, r.cols - 2};
    if (s->data_at == 0)
        ht_draw_str(c, in.row, in.col, in.cols, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
    else
        ht_doc_draw(s->doc, c, in);
    if (ht_app_stale(app, s))
        ht_draw_overlay(c, in, HT_STYLE_STALE);
}

static bool one_subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct one *o = s->state;
    if (s->data_at == 0)
        return false;
    ret->replay = &o->d.replay;
    ret->id = o->d.replay.id;
    return true;
}

const struct ht_screen_class ht_screen_replay = {
    .name = "replay",
    .title = "Replay",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TEXT | HT_HAS_REPLAY | HT_HAS_RELOAD,
    .state_size = sizeof(struct one),
    .open = one_open,
    .close = one_close,
    .draw = one_draw,
    .act = ht_doc_screen_act,
    .fetch = one_fetch,
    .reply = one_reply,
    .subject = one_subject,
    .status = ht_doc_screen_status,
};
