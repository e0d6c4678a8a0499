#include "queue_tables.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"

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

static void rate_cell(struct ht_cell_text *t, enum ht_style style, double per_s)
{
    ht_cell_fmt(t, per_s > 0 ? style : HT_STYLE_DIM, "%.1f", per_s);
}

/* Workers ---------------------------------------------------------------------------------------------------------- */
enum { W_NAME, W_KIND, W_STATE, W_BUSY, W_SLOTS, W_OK, W_ERR, W_HEARTBEAT, W_STARTED, W_VERSION, W_EXCEPTIONS };
static const struct ht_column worker_columns[] = {
    [W_NAME] = {"WORKER", 18, 40, 0, false},
    [W_KIND] = {"KIND", 9, 9, 2, false},
    [W_STATE] = {"STATE", 7, 7, 0, false},
    [W_BUSY] = {"LEASES", 6, 6, 0, true},
    [W_SLOTS] = {"SLOTS", 5, 6, 1, true},
    [W_OK] = {"OK/s", 6, 8, 0, true},
    [W_ERR] = {"ERR/s", 6, 8, 0, true},
    [W_HEARTBEAT] = {"HEARTBEAT", 10, 12, 0, false},
    [W_STARTED] = {"STARTED", 9, 14, 3, false},
    [W_VERSION] = {"VERSION", 8, 12, 4, false},
    [W_EXCEPTIONS] = {"EGRESS EXCEPTIONS", 17, 0, 5, false},
};

bool ht_worker_silent(const struct ht_worker *w)
{
    return w->heartbeat_age_ms > HT_WORKER_SILENT_MS;
}

static void worker_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_queue_view *v = user;
    const struct ht_worker *w = &v->q->workers.rows[row];
    switch (column) {
    case W_NAME:
        ht_cell_str(t, HT_STYLE_ROW, w->name);
        break;
    case W_KIND:
        ht_cell_str(t, HT_STYLE_DIM, w->in_console ? "console" : "dedicated");
        break;
    case W_STATE:
        ht_cell_str(t, ht_worker_silent(w) ? HT_STYLE_FAILED : HT_STYLE_OK, ht_worker_silent(w) ? "SILENT" : "running");
        break;
    case W_BUSY:
        number_cell(t, ht_worker_silent(w) ? HT_STYLE_FAILED : HT_STYLE_ROW, w->leases);
        break;
    case W_SLOTS:
        number_cell(t, HT_STYLE_ROW, w->concurrency);
        break;
    case W_OK:
        rate_cell(t, HT_STYLE_ROW, ht_worker_silent(w) ? 0 : w->succeeded_per_s);
        break;
    case W_ERR:
        rate_cell(t, HT_STYLE_FAILED, ht_worker_silent(w) ? 0 : w->failed_per_s);
        break;
    case W_HEARTBEAT:
        span_cell(t, ht_worker_silent(w) ? HT_STYLE_FAILED : HT_STYLE_ROW, w->heartbeat_age_ms, " ago");
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

static bool worker_number(const void *user, size_t row, size_t column, int64_t *ret)
{
    const struct ht_worker *w = &((const struct ht_queue_view *)user)->q->workers.rows[row];
    switch (column) {
    case W_BUSY:
        *ret = w->leases;
        return true;
    case W_SLOTS:
        *ret = w->concurrency;
        return true;
    case W_OK:
        *ret = (int64_t)(w->succeeded_per_s * 1000);
        return true;
    case W_ERR:
        *ret = (int64_t)(w->failed_per_s * 1000);
        return true;
    case W_HEARTBEAT:
        *ret = w->heartbeat_age_ms;
        return true;
    case W_STARTED:
        *ret = w->started_at;
        return true;
    default:
        return false;
    }
}

static struct ht_uuid worker_id(const void *user, size_t row)
{
    return ((const struct ht_queue_view *)user)->q->workers.rows[row].id;
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
    const struct ht_backlog *b = &((const struct ht_queue_view *)user)->q->backlogs.rows[row];
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

static bool backlog_number(const void *user, size_t row, size_t column, int64_t *ret)
{
    const struct ht_backlog *b = &((const struct ht_queue_view *)user)->q->backlogs.rows[row];
    switch (column) {
    case B_DUE:
        *ret = b->past_due;
        return true;
    case B_OLDEST:
        *ret = b->past_due ? b->oldest_ms : -1;
        return true;
    case B_LEASED:
        *ret = b->leased;
        return true;
    case B_WAITING:
        *ret = b->waiting;
        return true;
    default:
        return false;
    }
}

static struct ht_uuid backlog_id(const void *user, size_t row)
{
    return ((const struct ht_queue_view *)user)->q->backlogs.rows[row].endpoint_id;
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
    const struct ht_lease_row *l = &((const struct ht_queue_view *)user)->q->leases.rows[row];
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

static bool lease_number(const void *user, size_t row, size_t column, int64_t *ret)
{
    const struct ht_lease_row *l = &((const struct ht_queue_view *)user)->q->leases.rows[row];
    switch (column) {
    case L_ENDS:
        *ret = l->left_ms;
        return true;
    case L_TRY:
        *ret = l->attempts;
        return true;
    case L_CLAIMS:
        *ret = l->claims;
        return true;
    default:
        return false;
    }
}

static struct ht_uuid lease_id(const void *user, size_t row)
{
    return ((const struct ht_queue_view *)user)->q->leases.rows[row].delivery_id;
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
    const struct ht_transaction *x = &((const struct ht_queue_view *)user)->q->open.rows[row];
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

static bool open_number(const void *user, size_t row, size_t column, int64_t *ret)
{
    const struct ht_transaction *x = &((const struct ht_queue_view *)user)->q->open.rows[row];
    switch (column) {
    case T_PID:
        *ret = x->pid;
        return true;
    case T_AGE:
        *ret = x->hidden ? -1 : x->age_ms;
        return true;
    default:
        return false;
    }
}

static struct ht_uuid open_id(const void *user, size_t row)
{
    char name[16];
    snprintf(name, sizeof name, "%d", (int)((const struct ht_queue_view *)user)->q->open.rows[row].pid);
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
    const struct ht_partition *p = &((const struct ht_queue_view *)user)->q->partitions.rows[row];
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

static bool partition_number(const void *user, size_t row, size_t column, int64_t *ret)
{
    const struct ht_partition *p = &((const struct ht_queue_view *)user)->q->partitions.rows[row];
    switch (column) {
    case P_DROPS:
        *ret = p->drops_at;
        return true;
    case P_ROWS:
        *ret = p->rows;
        return true;
    case P_SIZE:
        *ret = p->bytes;
        return true;
    case P_KEPT:
        *ret = p->pending;
        return true;
    default:
        return false;
    }
}

static struct ht_uuid partition_id(const void *user, size_t row)
{
    return ht_list_name_id(((const struct ht_queue_view *)user)->q->partitions.rows[row].name);
}

/* All of them ------------------------------------------------------------------------------------------------------ */
#define LIST(member) offsetof(struct ht_queue, member)
const struct ht_queue_table ht_queue_tables[HT_QUEUE_COUNT] = {
    [HT_QUEUE_WORKERS] = {worker_columns, HT_COUNT(worker_columns), worker_cell, worker_number, worker_id,
                          LIST(workers), sizeof(struct ht_worker), "no worker has a heartbeat: nothing is delivered"},
    [HT_QUEUE_BACKLOG] = {backlog_columns, HT_COUNT(backlog_columns), backlog_cell, backlog_number, backlog_id,
                          LIST(backlogs), sizeof(struct ht_backlog), "nothing waits"},
    [HT_QUEUE_LEASES] = {lease_columns, HT_COUNT(lease_columns), lease_cell, lease_number, lease_id, LIST(leases),
                         sizeof(struct ht_lease_row), "nothing is being sent"},
    [HT_QUEUE_DATABASE] = {open_columns, HT_COUNT(open_columns), open_cell, open_number, open_id, LIST(open),
                           sizeof(struct ht_transaction), "no transaction is open"},
    [HT_QUEUE_PARTITIONS] = {partition_columns, HT_COUNT(partition_columns), partition_cell, partition_number,
                             partition_id, LIST(partitions), sizeof(struct ht_partition),
                             "no partitions: hooktop setup makes them"},
};
