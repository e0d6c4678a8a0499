#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"

#define SILENT_MS  30000 /* a heartbeat older than this is called silent */
#define REFRESH_US 2000000

struct state {
    struct ht_list list;
    struct ht_workers workers;
};

enum { C_NAME, C_KIND, C_STATE, C_LEASES, C_SLOTS, C_HEARTBEAT, C_STARTED, C_VERSION };
static const struct ht_column columns[] = {
    [C_NAME] = {"WORKER", 18, 40, 0, false},    [C_KIND] = {"KIND", 9, 9, 2, false},
    [C_STATE] = {"STATE", 7, 7, 0, false},      [C_LEASES] = {"LEASES", 6, 6, 0, true},
    [C_SLOTS] = {"SLOTS", 5, 6, 1, true},       [C_HEARTBEAT] = {"HEARTBEAT", 10, 12, 0, false},
    [C_STARTED] = {"STARTED", 9, 14, 3, false}, [C_VERSION] = {"VERSION", 8, 12, 4, false},
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_worker *w = &v->st->workers.rows[row];
    char span[16];
    switch (column) {
    case C_NAME:
        ht_cell_str(t, HT_STYLE_ROW, w->name);
        break;
    case C_KIND:
        ht_cell_str(t, HT_STYLE_DIM, w->in_console ? "console" : "dedicated");
        break;
    case C_STATE:
        if (w->heartbeat_age_ms > SILENT_MS)
            ht_cell_str(t, HT_STYLE_FAILED, "SILENT");
        else
            ht_cell_str(t, HT_STYLE_OK, "running");
        break;
    case C_LEASES:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)w->leases);
        break;
    case C_SLOTS:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)w->concurrency);
        break;
    case C_HEARTBEAT:
        ht_duration_format(w->heartbeat_age_ms, span, sizeof span);
        ht_cell_fmt(t, HT_STYLE_ROW, "%s ago", span);
        break;
    case C_STARTED:
        ht_time_age(v->app, w->started_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, w->version);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct view *)user)->st->workers.rows[row].id;
}

static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s)
{
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = v->st->workers.n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc  ? "could not be fetched; r tries again"
                 : !s->data_at ? "fetching ..."
                               : "no worker has a heartbeat: nothing is delivered",
        .stale = ht_app_stale(v->app, s),
    };
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_workers_fini(&((struct state *)s->state)->workers);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    (void)ht_app_ask(app, s, ht_request_new(HT_REQ_WORKERS, 0));
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_WORKERS)
        return;
    ht_workers_fini(&st->workers);
    st->workers = r->workers;
    r->workers = (struct ht_workers){0};
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_list_sync(&st->list, &rows);
    if (!app->o->clock_off) /* heartbeats announce themselves to nobody */
        ht_screen_refresh(app, s, REFRESH_US);
}

static void draw_engine(const struct ht_app *app, struct ht_canvas *c, int row, int width)
{
    static const char *const states[] = {
        [HT_ENGINE_OFF] = "off",
        [HT_ENGINE_STANDBY] = "standing by",
        [HT_ENGINE_DELIVERING] = "delivering",
        [HT_ENGINE_NO_DATABASE] = "waits for the database",
        [HT_ENGINE_NO_WAY_OUT] = "off: this machine has no way out",
    };
    const struct ht_engine_figures *f = &app->figures;
    int col = 2;
    col += ht_draw_run(c, row, col, width - col, HT_STYLE_LABEL, "this console's engine: ");
    col += ht_draw_run(c, row, col, width - col, f->state == HT_ENGINE_DELIVERING ? HT_STYLE_OK : HT_STYLE_HELD,
                       states[f->state]);
    if (f->why[0])
        col += ht_draw_fmt(c, row, col, width - col, HT_STYLE_ROW, " (%s)", f->why);
    ht_draw_fmt(c, row, col, width - col, HT_STYLE_ROW, "   in flight %d/%d   sent %lld   ok %lld   failed %lld",
                (int)f->in_flight, (int)f->slots, (long long)f->sent, (long long)f->succeeded, (long long)f->failed);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_chrome_list_head(app, s, c, &r, NULL);
    if (r.rows > 4) {
        draw_engine(app, c, r.row, r.cols);
        r.row++;
        r.rows--;
    }
    ht_list_draw(&st->list, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    return ht_list_act(&st->list, &rows, action);
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    size_t silent = 0;
    (void)app;
    for (size_t i = 0; i < st->workers.n; i++)
        silent += st->workers.rows[i].heartbeat_age_ms > SILENT_MS;
    if (st->workers.n)
        snprintf(ret, size, "%zu/%zu%s", st->list.cursor + 1, st->workers.n,
                 silent ? " | leases of a silent worker return by themselves when they end" : "");
}

const struct ht_screen_class ht_screen_workers = {
    .name = "workers",
    .title = "Workers",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_LIST | HT_HAS_AGES | HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .status = status,
};
