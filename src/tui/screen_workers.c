#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"

/* The engine's truth: who delivers, what waits, who holds it, what the database struggles with. */

#define REFRESH_US 2000000

enum { TAB_WORKERS, TAB_BACKLOG, TAB_LEASES, TAB_DATABASE, TAB_PARTITIONS, TAB_COUNT };

struct state {
    struct ht_list lists[TAB_COUNT];
    struct ht_queue q;
};

struct view {
    const struct ht_app *app;
    const struct ht_queue *q;
};

static void span_cell(struct ht_cell_text *t, enum ht_style style, int64_t ms, const char *fmt)
{
    char span[16];
    ht_duration_format(ms, span, sizeof span);
    snprintf(t->own, sizeof t->own, "%s%s", span, fmt);
    ht_cell_str(t, style, t->own);
}

static void number_cell(struct ht_cell_text *t, enum ht_style style, int64_t n)
{
    ht_cell_fmt(t, n ? style : HT_STYLE_DIM, "%lld", (long long)n);
}

/* Workers ---------------------------------------------------------------------------------------------------------- */
enum { W_NAME, W_KIND, W_STATE, W_BUSY, W_SLOTS, W_HEARTBEAT, W_STARTED, W_VERSION, W_EXCEPTIONS };
static const struct ht_column worker_columns[] = {
    [W_NAME] = {"WORKER", 18, 40, 0, false},
    [W_KIND] = {"KIND", 9, 9, 2, false},
    [W_STATE] = {"STATE", 7, 7, 0, false},
    [W_BUSY] = {"LEASES", 6, 6, 0, true},
    [W_SLOTS] = {"SLOTS", 5, 6, 1, true},
    [W_HEARTBEAT] = {"HEARTBEAT", 10, 12, 0, false},
    [W_STARTED] = {"STARTED", 9, 14, 3, false},
    [W_VERSION] = {"VERSION", 8, 12, 4, false},
    [W_EXCEPTIONS] = {"EGRESS EXCEPTIONS", 17, 0, 5, false},
};

static bool silent(const struct ht_worker *w)
{
    return w->heartbeat_age_ms > HT_WORKER_SILENT_MS;
}

static void worker_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_worker *w = &v->q->workers.rows[row];
    switch (column) {
    case W_NAME:
        ht_cell_str(t, HT_STYLE_ROW, w->name);
        break;
    case W_KIND:
        ht_cell_str(t, HT_STYLE_DIM, w->in_console ? "console" : "dedicated");
        break;
    case W_STATE:
        ht_cell_str(t, silent(w) ? HT_STYLE_FAILED : HT_STYLE_OK, silent(w) ? "SILENT" : "running");
        break;
    case W_BUSY:
        number_cell(t, silent(w) ? HT_STYLE_FAILED : HT_STYLE_ROW, w->leases);
        break;
    case W_SLOTS:
        number_cell(t, HT_STYLE_ROW, w->concurrency);
        break;
    case W_HEARTBEAT:
        span_cell(t, silent(w) ? HT_STYLE_FAILED : HT_STYLE_ROW, w->heartbeat_age_ms, " ago");
        break;
    case W_STARTED:
        ht_time_age(v->app, w->started_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case W_VERSION:
        ht_cell_str(t, HT_STYLE_DIM, w->version);
        break;
    default:
        ht_cell_str(t, w->exceptions ? HT_STYLE_RETRY : HT_STYLE_DIM, w->exceptions ? w->exceptions : "-");
    }
}

static struct ht_uuid worker_id(const void *user, size_t row)
{
    return ((const struct view *)user)->q->workers.rows[row].id;
}

/* Backlog ---------------------------------------------------------------------------------------------------------- */
enum { B_NAME, B_DUE, B_OLDEST, B_LEASED, B_WAITING, B_TENANT };
static const struct ht_column backlog_columns[] = {
    [B_NAME] = {"ENDPOINT", 22, 48, 0, false}, [B_DUE] = {"PAST DUE", 8, 8, 0, true},
    [B_OLDEST] = {"OLDEST", 8, 8, 0, true},    [B_LEASED] = {"LEASED", 6, 6, 1, true},
    [B_WAITING] = {"LATER", 6, 8, 2, true},    [B_TENANT] = {"TENANT", 10, 0, 3, false},
};

static void backlog_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_backlog *b = &((const struct view *)user)->q->backlogs.rows[row];
    switch (column) {
    case B_NAME:
        ht_cell_str(t, HT_STYLE_ROW, b->endpoint);
        break;
    case B_DUE:
        number_cell(t, HT_STYLE_RETRY, b->past_due);
        break;
    case B_OLDEST:
        if (b->past_due)
            span_cell(t, HT_STYLE_RETRY, b->oldest_ms, "");
        else
            ht_cell_str(t, HT_STYLE_DIM, "-");
        break;
    case B_LEASED:
        number_cell(t, HT_STYLE_BUSY, b->leased);
        break;
    case B_WAITING:
        number_cell(t, HT_STYLE_ROW, b->waiting);
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, b->tenant_name);
    }
}

static struct ht_uuid backlog_id(const void *user, size_t row)
{
    return ((const struct view *)user)->q->backlogs.rows[row].endpoint_id;
}

/* Leases ----------------------------------------------------------------------------------------------------------- */
enum { L_WORKER, L_ENDPOINT, L_ENDS, L_TRY, L_CLAIMS, L_TYPE, L_ID };
static const struct ht_column lease_columns[] = {
    [L_WORKER] = {"HELD BY", 16, 30, 0, false}, [L_ENDPOINT] = {"ENDPOINT", 18, 40, 0, false},
    [L_ENDS] = {"ENDS", 10, 12, 0, false},      [L_TRY] = {"TRY", 3, 4, 2, true},
    [L_CLAIMS] = {"TAKEN", 5, 5, 3, true},      [L_TYPE] = {"TYPE", 14, 32, 1, false},
    [L_ID] = {"ID", 10, 10, 4, false},
};

static void lease_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_lease_row *l = &((const struct view *)user)->q->leases.rows[row];
    switch (column) {
    case L_WORKER:
        ht_cell_str(t, l->worker ? HT_STYLE_ROW : HT_STYLE_FAILED, l->worker ? l->worker : "a worker that left");
        break;
    case L_ENDPOINT:
        ht_cell_str(t, HT_STYLE_ROW, l->endpoint);
        break;
    case L_ENDS:
        if (l->left_ms < 0)
            ht_cell_str(t, HT_STYLE_FAILED, "ran out");
        else
            span_cell(t, HT_STYLE_ROW, l->left_ms, "");
        break;
    case L_TRY:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)l->attempts + 1);
        break;
    case L_CLAIMS:
        ht_cell_fmt(t, l->claims > 1 ? HT_STYLE_RETRY : HT_STYLE_DIM, "%dx", (int)l->claims);
        break;
    case L_TYPE:
        ht_cell_str(t, HT_STYLE_ROW, l->type);
        break;
    default:
        ht_short_id(&l->delivery_id, t->own);
        ht_cell_str(t, HT_STYLE_DIM, t->own);
    }
}

static struct ht_uuid lease_id(const void *user, size_t row)
{
    return ((const struct view *)user)->q->leases.rows[row].delivery_id;
}

/* Database: open transactions, below them dead rows -------------------------------------------------------------------
 */
enum { T_PID, T_LOGIN, T_AGE, T_STATE, T_APPLICATION, T_QUERY };
static const struct ht_column open_columns[] = {
    [T_PID] = {"PID", 7, 7, 0, true},
    [T_LOGIN] = {"LOGIN", 10, 16, 1, false},
    [T_AGE] = {"OPEN FOR", 8, 8, 0, true},
    [T_STATE] = {"STATE", 10, 20, 2, false},
    [T_APPLICATION] = {"APPLICATION", 12, 24, 3, false},
    [T_QUERY] = {"QUERY, no literals", 24, 0, 0, false},
};

static void open_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_transaction *x = &((const struct view *)user)->q->open.rows[row];
    switch (column) {
    case T_PID:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)x->pid);
        break;
    case T_LOGIN:
        ht_cell_str(t, HT_STYLE_ROW, x->login);
        break;
    case T_AGE:
        if (x->hidden)
            ht_cell_str(t, HT_STYLE_DIM, "?");
        else
            span_cell(t, x->age_ms > HT_WORKER_SILENT_MS ? HT_STYLE_RETRY : HT_STYLE_ROW, x->age_ms, "");
        break;
    case T_STATE:
        ht_cell_str(t, HT_STYLE_DIM, x->state);
        break;
    case T_APPLICATION:
        ht_cell_str(t, HT_STYLE_DIM, x->application);
        break;
    default:
        ht_cell_str(t, x->hidden ? HT_STYLE_DIM : HT_STYLE_ROW,
                    x->hidden ? "hidden from this login: it lacks pg_read_all_stats" : x->query);
    }
}

static struct ht_uuid open_id(const void *user, size_t row)
{
    char name[16];
    snprintf(name, sizeof name, "%d", (int)((const struct view *)user)->q->open.rows[row].pid);
    return ht_list_name_id(name);
}

/* Partitions ------------------------------------------------------------------------------------------------------- */
enum { P_NAME, P_DROPS, P_ROWS, P_SIZE, P_KEPT };
static const struct ht_column partition_columns[] = {
    [P_NAME] = {"PARTITION", 20, 28, 0, false}, [P_DROPS] = {"DROPPED AFTER (UTC)", 19, 19, 0, false},
    [P_ROWS] = {"ROWS~", 9, 11, 1, true},       [P_SIZE] = {"SIZE", 8, 9, 0, true},
    [P_KEPT] = {"KEPT FOR", 12, 0, 2, false},
};

static void size_text(int64_t bytes, char *ret, size_t size)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)bytes;
    size_t unit = 0;
    for (; v >= 1000 && unit + 1 < HT_COUNT(units); unit++)
        v /= 1000;
    snprintf(ret, size, unit && v < 100 ? "%.1f %s" : "%.0f %s", v, units[unit]);
}

static void partition_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_partition *p = &((const struct view *)user)->q->partitions.rows[row];
    switch (column) {
    case P_NAME:
        ht_cell_str(t, HT_STYLE_ROW, p->name);
        break;
    case P_DROPS:
        ht_time_full(p->drops_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case P_ROWS:
        number_cell(t, HT_STYLE_ROW, p->rows);
        break;
    case P_SIZE:
        size_text(p->bytes, t->own, sizeof t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    default:
        if (p->pending)
            ht_cell_fmt(t, HT_STYLE_RETRY, "%lld that wait", (long long)p->pending);
    }
}

static struct ht_uuid partition_id(const void *user, size_t row)
{
    return ht_list_name_id(((const struct view *)user)->q->partitions.rows[row].name);
}

/* The screen ------------------------------------------------------------------------------------------------------- */
static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s, int tab)
{
    static const struct {
        const struct ht_column *columns;
        size_t n_columns;
        void (*cell)(const void *user, size_t row, size_t column, struct ht_cell_text *ret);
        struct ht_uuid (*id)(const void *user, size_t row);
        const char *empty;
    } tables[TAB_COUNT] = {
        [TAB_WORKERS] = {worker_columns, HT_COUNT(worker_columns), worker_cell, worker_id,
                         "no worker has a heartbeat: nothing is delivered"},
        [TAB_BACKLOG] = {backlog_columns, HT_COUNT(backlog_columns), backlog_cell, backlog_id, "nothing waits"},
        [TAB_LEASES] = {lease_columns, HT_COUNT(lease_columns), lease_cell, lease_id, "nothing is being sent"},
        [TAB_DATABASE] = {open_columns, HT_COUNT(open_columns), open_cell, open_id, "no transaction is open"},
        [TAB_PARTITIONS] = {partition_columns, HT_COUNT(partition_columns), partition_cell, partition_id,
                            "no partitions: hooktop setup makes them"},
    };
    const size_t n[TAB_COUNT] = {v->q->workers.n, v->q->backlogs.n, v->q->leases.n, v->q->open.n, v->q->partitions.n};
    return (struct ht_list_rows){.columns = tables[tab].columns,
                                 .n_columns = tables[tab].n_columns,
                                 .n = n[tab],
                                 .cell = tables[tab].cell,
                                 .id = tables[tab].id,
                                 .user = v,
                                 .empty = s->failed.rc  ? "could not be fetched; r tries again"
                                          : !s->data_at ? "fetching ..."
                                                        : tables[tab].empty,
                                 .stale = ht_app_stale(v->app, s)};
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_queue_fini(&((struct state *)s->state)->q);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    (void)ht_app_ask(app, s, ht_request_new(HT_REQ_QUEUE, 0));
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_QUEUE)
        return;
    ht_queue_fini(&st->q);
    st->q = r->queue;
    r->queue = (struct ht_queue){0};
    struct view v = {app, &st->q};
    for (int tab = 0; tab < TAB_COUNT; tab++) {
        struct ht_list_rows rows = rows_of(&v, s, tab);
        ht_list_sync(&st->lists[tab], &rows);
    }
    if (!app->o->clock_off) /* heartbeats announce themselves to nobody */
        ht_screen_refresh(app, s, REFRESH_US);
}

static int word(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *label,
                const char *text)
{
    int used = ht_draw_run(c, row, col, width - col, HT_STYLE_LABEL, label);
    used += ht_draw_run(c, row, col + used, width - col - used, HT_STYLE_ROW, " ");
    return used + ht_draw_run(c, row, col + used, width - col - used, style, text);
}

static void draw_figures(const struct ht_queue *q, struct ht_canvas *c, int row, int width)
{
    char text[64], span[16];
    int col = 2, slots = 0;
    for (size_t i = 0; i < q->workers.n; i++)
        slots += silent(&q->workers.rows[i]) ? 0 : q->workers.rows[i].concurrency;
    ht_duration_format(q->oldest_ms, span, sizeof span);
    snprintf(text, sizeof text, q->past_due ? "%lld%s (oldest %s)" : "%lld%s", (long long)q->past_due,
             q->capped ? "+" : "", span);
    col += word(c, row, col, width, q->past_due ? HT_STYLE_RETRY : HT_STYLE_OK, "past due", text) + 2;
    snprintf(text, sizeof text, "%lld/%d", (long long)q->leased, slots);
    col += word(c, row, col, width, HT_STYLE_BUSY, "in hand", text) + 2;
    snprintf(text, sizeof text, "%lld", (long long)q->held);
    col += word(c, row, col, width, q->held ? HT_STYLE_HELD : HT_STYLE_DIM, "held", text) + 2;
    snprintf(text, sizeof text, "<1m %lld <5m %lld <1h %lld >1h %lld", (long long)q->within_1m, (long long)q->within_5m,
             (long long)q->within_1h, (long long)q->later);
    word(c, row, col, width, HT_STYLE_ROW, "later", text);
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
    ht_draw_fmt(c, row, col, width - col, HT_STYLE_ROW, "   sent %lld   ok %lld   failed %lld", (long long)f->sent,
                (long long)f->succeeded, (long long)f->failed);
}

static void draw_dead_rows(const struct view *v, struct ht_canvas *c, struct ht_rect *r)
{
    const struct ht_dead_rows_list *d = &v->q->dead;
    int need = (int)d->n + 1, row = r->row + r->rows - need;
    if (d->n == 0 || r->rows < need + 4)
        return;
    r->rows -= need + 1;
    ht_draw_rule(c, row - 1, r->col, r->cols, "dead rows, waiting for vacuum");
    for (size_t i = 0; i < d->n; i++) {
        char at[HT_AGE_TEXT];
        ht_time_age(v->app, d->rows[i].vacuumed_at, at);
        ht_draw_fmt(c, row + (int)i, r->col + 2, r->cols - 2, HT_STYLE_ROW,
                    "%-22.22s %9lld dead %9lld live   vacuumed %s", d->rows[i].table, (long long)d->rows[i].dead,
                    (long long)d->rows[i].live, d->rows[i].vacuumed_at ? at : "never");
    }
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, &st->q};
    struct ht_list_rows rows = rows_of(&v, s, s->tab);
    char names[TAB_COUNT][32];
    const char *const tabs[TAB_COUNT] = {names[0], names[1], names[2], names[3], names[4]};
    snprintf(names[TAB_WORKERS], sizeof names[0], "Workers(%zu)", st->q.workers.n);
    snprintf(names[TAB_BACKLOG], sizeof names[0], "Backlog(%zu)", st->q.backlogs.n);
    snprintf(names[TAB_LEASES], sizeof names[0], "Leases(%zu)", st->q.leases.n);
    snprintf(names[TAB_DATABASE], sizeof names[0], "Database");
    snprintf(names[TAB_PARTITIONS], sizeof names[0], "Partitions(%zu)", st->q.partitions.n);
    ht_chrome_list_head(app, s, c, &r, NULL);
    ht_chrome_tabs(c, r.row++, r.col, r.cols, tabs, TAB_COUNT, s->tab);
    r.rows--;
    if (r.rows > 5) {
        draw_figures(&st->q, c, r.row, r.cols);
        draw_engine(app, c, r.row + 1, r.cols);
        r.row += 2;
        r.rows -= 2;
    }
    if (s->tab == TAB_DATABASE)
        draw_dead_rows(&v, c, &r);
    ht_list_draw(&st->lists[s->tab], &rows, c, r);
}

static bool open_row(struct ht_app *app, const struct ht_screen *s, const struct ht_list_rows *rows)
{
    const struct state *st = s->state;
    if (rows->n == 0 || (s->tab != TAB_BACKLOG && s->tab != TAB_LEASES))
        return false;
    size_t row = st->lists[s->tab].cursor;
    struct ht_uuid id = rows->id(rows->user, row);
    struct ht_screen *detail = ht_app_open(app, s->tab == TAB_BACKLOG ? HT_SCREEN_ENDPOINT : HT_SCREEN_DELIVERY, &id);
    if (detail && s->tab == TAB_BACKLOG)
        ht_text_clean_str(detail->crumb, sizeof detail->crumb, st->q.backlogs.rows[row].endpoint, HT_TEXT_CELL);
    else if (detail)
        ht_short_id(&id, detail->crumb);
    return true;
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, &st->q};
    if (action == HT_ACT_NEXT_TAB || action == HT_ACT_PREV_TAB) {
        s->tab = (s->tab + (action == HT_ACT_NEXT_TAB ? 1 : TAB_COUNT - 1)) % TAB_COUNT;
        return true;
    }
    struct ht_list_rows rows = rows_of(&v, s, s->tab);
    if (action == HT_ACT_OPEN)
        return open_row(app, s, &rows);
    return ht_list_act(&st->lists[s->tab], &rows, action);
}

static unsigned has_now(const struct ht_screen *s)
{
    return s->tab == TAB_BACKLOG || s->tab == TAB_LEASES ? ~0u : ~(unsigned)HT_HAS_OPEN;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    struct view v = {app, &st->q};
    struct ht_list_rows rows = rows_of(&v, s, s->tab);
    size_t quiet = 0, cursor = st->lists[s->tab].cursor;
    for (size_t i = 0; i < st->q.workers.n; i++)
        quiet += silent(&st->q.workers.rows[i]);
    if (s->tab == TAB_DATABASE && cursor < st->q.open.n && st->q.open.rows[cursor].query)
        snprintf(ret, size, "%zu/%zu | %s", cursor + 1, rows.n, st->q.open.rows[cursor].query);
    else if (rows.n)
        snprintf(ret, size, "%zu/%zu%s", cursor + 1, rows.n,
                 quiet ? " | leases of a silent worker return by themselves when they end" : "");
}

const struct ht_screen_class ht_screen_workers = {
    .name = "workers",
    .title = "Workers",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_LIST | HT_HAS_TABS | HT_HAS_OPEN | HT_HAS_AGES | HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .has_now = has_now,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .status = status,
};
