#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "queue_tables.h"

/* The engine's truth: who delivers, what waits, who holds it, what the database struggles with. */

#define REFRESH_US 2000000
#define SAMPLES    18 /* of the rates, one with every answer */

struct state {
    struct ht_list lists[HT_QUEUE_COUNT];
    struct ht_queue q;
    int32_t in[SAMPLES], out[SAMPLES]; /* tenths per second, the latest last */
};

/* The screen ------------------------------------------------------------------------------------------------------- */
/* Every list is made alike, by HT_LIST. */
static struct ht_workers list_of(const struct ht_queue *q, int tab)
{
    struct ht_workers list;
    memcpy(&list, (const char *)q + ht_queue_tables[tab].list, sizeof list);
    return list;
}

static struct ht_list_rows rows_of(const struct ht_queue_view *v, const struct ht_screen *s, int tab)
{
    const struct ht_queue_table *t = &ht_queue_tables[tab];
    return (struct ht_list_rows){.columns = t->columns,
                                 .n_columns = t->n_columns,
                                 .n = list_of(v->q, tab).n,
                                 .cell = t->cell,
                                 .number = t->number,
                                 .id = t->id,
                                 .user = v,
                                 .empty = s->failed.rc  ? "could not be fetched; r tries again"
                                          : !s->data_at ? "fetching ..."
                                                        : t->empty,
                                 .stale = ht_app_stale(v->app, s)};
}

static void sort_tab(struct ht_app *app, struct ht_screen *s, int tab)
{
    struct state *st = s->state;
    struct ht_queue_view v = {app, &st->q};
    struct ht_list_rows rows = rows_of(&v, s, tab);
    ht_list_sort(&st->lists[tab], &rows, list_of(&st->q, tab).rows, ht_queue_tables[tab].row_size);
    ht_list_sync(&st->lists[tab], &rows);
}

static void sort(struct ht_app *app, struct ht_screen *s)
{
    sort_tab(app, s, s->tab);
}

static struct ht_list *shown(const struct ht_screen *s, const struct ht_column **ret, size_t *ret_n)
{
    *ret = ht_queue_tables[s->tab].columns;
    *ret_n = ht_queue_tables[s->tab].n_columns;
    return &((struct state *)s->state)->lists[s->tab];
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

/* Attempts per second of all workers that live. */
static double out_per_s(const struct ht_queue *q, double *ret_failed)
{
    double all = 0;
    *ret_failed = 0;
    for (size_t i = 0; i < q->workers.n; i++) {
        const struct ht_worker *w = &q->workers.rows[i];
        if (ht_worker_silent(w))
            continue;
        all += w->succeeded_per_s + w->failed_per_s;
        *ret_failed += w->failed_per_s;
    }
    return all;
}

static void add_sample(int32_t *samples, double per_s)
{
    memmove(samples, samples + 1, (SAMPLES - 1) * sizeof *samples);
    samples[SAMPLES - 1] = per_s > 1e8 ? INT32_MAX : (int32_t)(per_s * 10);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_QUEUE)
        return;
    ht_queue_fini(&st->q);
    st->q = r->queue;
    r->queue = (struct ht_queue){0};
    double failed;
    add_sample(st->in, st->q.in_per_s);
    add_sample(st->out, out_per_s(&st->q, &failed));
    for (int tab = 0; tab < HT_QUEUE_COUNT; tab++)
        sort_tab(app, s, tab);
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
        slots += ht_worker_silent(&q->workers.rows[i]) ? 0 : q->workers.rows[i].concurrency;
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

static int draw_rate(struct ht_canvas *c, int row, int col, int width, const char *label, const int32_t *samples)
{
    char text[32], spark[SAMPLES * 4];
    snprintf(text, sizeof text, "%-6.1f ", samples[SAMPLES - 1] / 10.0);
    int used = word(c, row, col, width, HT_STYLE_ROW, label, text);
    if (c->plain)
        return used;
    ht_spark(samples, SAMPLES, c->ascii, spark, sizeof spark);
    return used + ht_draw_run(c, row, col + used, width - col - used, HT_STYLE_SPARK, spark) + 2;
}

/* What comes in and what goes out, and how much of that fails. */
static void draw_rates(const struct state *st, struct ht_canvas *c, int row, int width)
{
    char text[32];
    double failed, all = out_per_s(&st->q, &failed);
    int col = 2;
    col += draw_rate(c, row, col, width, "in/s", st->in);
    col += draw_rate(c, row, col, width, "out/s", st->out);
    if (all > 0)
        snprintf(text, sizeof text, "%.1f%%", 100 * failed / all);
    word(c, row, col, width, failed > 0 ? HT_STYLE_FAILED : HT_STYLE_DIM, "err", all > 0 ? text : "-");
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

static void draw_dead_rows(const struct ht_queue_view *v, struct ht_canvas *c, struct ht_rect *r)
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
    struct ht_queue_view v = {app, &st->q};
    struct ht_list_rows rows = rows_of(&v, s, s->tab);
    char names[HT_QUEUE_COUNT][32];
    const char *const tabs[HT_QUEUE_COUNT] = {names[0], names[1], names[2], names[3], names[4]};
    snprintf(names[HT_QUEUE_WORKERS], sizeof names[0], "Workers(%zu)", st->q.workers.n);
    snprintf(names[HT_QUEUE_BACKLOG], sizeof names[0], "Backlog(%zu)", st->q.backlogs.n);
    snprintf(names[HT_QUEUE_LEASES], sizeof names[0], "Leases(%zu)", st->q.leases.n);
    snprintf(names[HT_QUEUE_DATABASE], sizeof names[0], "Database");
    snprintf(names[HT_QUEUE_PARTITIONS], sizeof names[0], "Partitions(%zu)", st->q.partitions.n);
    ht_chrome_list_head(app, s, c, &r, NULL);
    ht_chrome_tabs(c, r.row++, r.col, r.cols, tabs, HT_QUEUE_COUNT, s->tab);
    r.rows--;
    if (r.rows > 6) {
        draw_figures(&st->q, c, r.row, r.cols);
        draw_rates(st, c, r.row + 1, r.cols);
        draw_engine(app, c, r.row + 2, r.cols);
        r.row += 3;
        r.rows -= 3;
    }
    if (s->tab == HT_QUEUE_DATABASE)
        draw_dead_rows(&v, c, &r);
    ht_list_sorted(&st->lists[s->tab], &rows);
    ht_list_draw(&st->lists[s->tab], &rows, c, r);
}

static bool open_row(struct ht_app *app, const struct ht_screen *s, const struct ht_list_rows *rows)
{
    const struct state *st = s->state;
    if (rows->n == 0 || (s->tab != HT_QUEUE_BACKLOG && s->tab != HT_QUEUE_LEASES))
        return false;
    size_t row = st->lists[s->tab].cursor;
    struct ht_uuid id = rows->id(rows->user, row);
    struct ht_screen *detail =
        ht_app_open(app, s->tab == HT_QUEUE_BACKLOG ? HT_SCREEN_ENDPOINT : HT_SCREEN_DELIVERY, &id);
    if (detail && s->tab == HT_QUEUE_BACKLOG)
        ht_text_clean_str(detail->crumb, sizeof detail->crumb, st->q.backlogs.rows[row].endpoint, HT_TEXT_CELL);
    else if (detail)
        ht_short_id(&id, detail->crumb);
    return true;
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct ht_queue_view v = {app, &st->q};
    if (action == HT_ACT_NEXT_TAB || action == HT_ACT_PREV_TAB) {
        s->tab = (s->tab + (action == HT_ACT_NEXT_TAB ? 1 : HT_QUEUE_COUNT - 1)) % HT_QUEUE_COUNT;
        return true;
    }
    struct ht_list_rows rows = rows_of(&v, s, s->tab);
    if (action == HT_ACT_OPEN)
        return open_row(app, s, &rows);
    return ht_list_act(&st->lists[s->tab], &rows, action);
}

static unsigned has_now(const struct ht_screen *s)
{
    return s->tab == HT_QUEUE_BACKLOG || s->tab == HT_QUEUE_LEASES ? ~0u : ~(unsigned)HT_HAS_OPEN;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    struct ht_queue_view v = {app, &st->q};
    struct ht_list_rows rows = rows_of(&v, s, s->tab);
    size_t quiet = 0, cursor = st->lists[s->tab].cursor;
    for (size_t i = 0; i < st->q.workers.n; i++)
        quiet += ht_worker_silent(&st->q.workers.rows[i]);
    if (s->tab == HT_QUEUE_DATABASE && cursor < st->q.open.n && st->q.open.rows[cursor].query)
        snprintf(ret, size, "%zu/%zu | %s", cursor + 1, rows.n, st->q.open.rows[cursor].query);
    else if (rows.n)
        snprintf(ret, size, "%zu/%zu%s", cursor + 1, rows.n,
                 quiet ? " | leases of a silent worker return by themselves when they end" : "");
}

const struct ht_screen_class ht_screen_workers = {
    .name = "workers",
    .title = "Workers",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_TABS | HT_HAS_OPEN | HT_HAS_AGES |
           HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .has_now = has_now,
    .close = close_screen,
    .shown = shown,
    .sort = sort,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .status = status,
};
