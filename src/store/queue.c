#include "hooktop/store/queue.h"

#include "query.h"

HT_LIST_READER(read_backlogs, ht_backlogs)
HT_LIST_READER(read_leases, ht_lease_rows)
HT_LIST_READER(read_transactions, ht_transactions)
HT_LIST_READER(read_dead, ht_dead_rows_list)

#define TEXT_OF(x)   #x
#define NUMBER_OF(x) TEXT_OF(x)
#define MS(interval) "(extract(epoch FROM " interval ") * 1000)::bigint"
#define DUE_AT       "greatest(o.due_at, coalesce(o.not_before, o.due_at))"

/* The outbox as of one instant, bounded: what waits may be millions. */
#define SAMPLE                                                                                                         \
    "WITH instant AS MATERIALIZED (SELECT clock_timestamp() AS now_at), s AS MATERIALIZED ("                           \
    "SELECT o.endpoint_id, o.tenant_id, " DUE_AT " AS due, o.lease_until, i.now_at"                                    \
    " FROM hooktop.tenant_webhook_outbox o, instant i LIMIT " NUMBER_OF(HT_QUEUE_COUNT_MAX) ") "

#define FREE   "(s.lease_until IS NULL OR s.lease_until <= s.now_at)"
#define LEASED "s.lease_until > s.now_at"

static enum ht_rc read_figures(struct ht_conn *c, struct ht_queue *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("count(*) FILTER (WHERE " FREE " AND s.due <= s.now_at)", ht_queue, past_due, I64),
        HT_COL("coalesce(" MS("max(s.now_at - s.due) FILTER (WHERE " FREE " AND s.due <= s.now_at)") ", 0)", ht_queue,
               oldest_ms, I64),
        HT_COL("count(*) FILTER (WHERE " LEASED ")", ht_queue, leased, I64),
        HT_COL("count(*) FILTER (WHERE s.lease_until <= s.now_at)", ht_queue, overdue_leases, I64),
        HT_COL("count(*) FILTER (WHERE " FREE " AND s.due > s.now_at AND s.due <= s.now_at + interval '1 min')",
               ht_queue, within_1m, I64),
        HT_COL("count(*) FILTER (WHERE " FREE " AND s.due > s.now_at + interval '1 min'"
               " AND s.due <= s.now_at + interval '5 min')",
               ht_queue, within_5m, I64),
        HT_COL("count(*) FILTER (WHERE " FREE " AND s.due > s.now_at + interval '5 min'"
               " AND s.due <= s.now_at + interval '1 h')",
               ht_queue, within_1h, I64),
        HT_COL("count(*) FILTER (WHERE " FREE " AND s.due > s.now_at + interval '1 h')", ht_queue, later, I64),
        HT_COL("count(*) >= " NUMBER_OF(HT_QUEUE_COUNT_MAX), ht_queue, capped, BOOL),
        HT_COL("(SELECT count(*) FROM (SELECT FROM hooktop.held LIMIT " NUMBER_OF(HT_QUEUE_COUNT_MAX) ") h)", ht_queue,
               held, I64),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, SAMPLE "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM s");
    const struct ht_stmt s = {.what = "queue", .sql = sql.data};
    return ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), ret, sizeof *ret, err);
}

/* Of the last ten seconds, read from the newest back; where that is too many, of as many as are read. */
static enum ht_rc read_rate(struct ht_conn *c, struct ht_queue *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {HT_COL("per_s", ht_queue, in_per_s, F64)};
    static const struct ht_stmt s = {
        .what = "queue",
        .sql = "SELECT (count(*) / CASE WHEN count(*) < 2000 THEN 10 ELSE greatest(extract(epoch FROM clock_timestamp()"
               " - min(x.created_at)), 0.1) END)::float8 FROM (SELECT d.created_at FROM hooktop.delivery d"
               " WHERE d.id >= $1 AND d.id < $2 AND d.id >= hooktop.uuid_at(now() - interval '10 s')"
               " ORDER BY d.id DESC LIMIT 2000) x"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_days(&p, c);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof *ret, err);
}

static enum ht_rc read_worst(struct ht_conn *c, struct ht_backlogs *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("b.endpoint_id", ht_backlog, endpoint_id, UUID),
        HT_COL("coalesce(nullif(e.description, ''), e.shown_url)", ht_backlog, endpoint, TEXT),
        HT_COL("t.name", ht_backlog, tenant_name, TEXT),
        HT_COL("b.past_due", ht_backlog, past_due, I64),
        HT_COL("coalesce(b.oldest_ms, 0)", ht_backlog, oldest_ms, I64),
        HT_COL("b.waiting", ht_backlog, waiting, I64),
        HT_COL("b.leased", ht_backlog, leased, I64),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, SAMPLE "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql,
                " FROM (SELECT s.endpoint_id, s.tenant_id, count(*) FILTER (WHERE " FREE
                " AND s.due <= s.now_at) AS past_due, " MS(
                    "max(s.now_at - s.due) FILTER (WHERE " FREE
                    " AND s.due <= s.now_at)") " AS oldest_ms,"
                                               " count(*) FILTER (WHERE " FREE " AND s.due > s.now_at) AS waiting,"
                                               " count(*) FILTER (WHERE " LEASED
                                               ") AS leased FROM s GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC NULLS LAST,"
                                               " 5 DESC, 1 LIMIT 200) b"
                                               " JOIN hooktop.endpoint e ON e.id = b.endpoint_id"
                                               " AND e.tenant_id = b.tenant_id"
                                               " JOIN hooktop.tenant t ON t.id = b.tenant_id"
                                               " ORDER BY b.past_due DESC, b.oldest_ms DESC NULLS LAST,"
                                               " b.waiting DESC, b.endpoint_id");
    const struct ht_stmt s = {.what = "queue", .sql = sql.data};
    return read_backlogs(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

static enum ht_rc read_held(struct ht_conn *c, struct ht_lease_rows *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("o.delivery_id", ht_lease_row, delivery_id, UUID),
        HT_COL("w.name", ht_lease_row, worker, TEXT),
        HT_COL("coalesce(nullif(e.description, ''), e.shown_url)", ht_lease_row, endpoint, TEXT),
        HT_COL("d.type", ht_lease_row, type, TEXT),
        HT_COL("o.attempts", ht_lease_row, attempts, I32),
        HT_COL("o.claims", ht_lease_row, claims, I32),
        HT_COL(MS("o.lease_until - clock_timestamp()"), ht_lease_row, left_ms, I64),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM (SELECT * FROM hooktop.tenant_webhook_outbox WHERE lease_until IS NOT NULL"
                      " ORDER BY lease_until, delivery_id LIMIT 200) o"
                      " JOIN hooktop.endpoint e ON e.id = o.endpoint_id AND e.tenant_id = o.tenant_id"
                      " LEFT JOIN hooktop.delivery d ON d.id = o.delivery_id AND d.tenant_id = o.tenant_id"
                      " LEFT JOIN hooktop.worker w ON w.id = o.worker_id ORDER BY o.lease_until, o.delivery_id");
    const struct ht_stmt s = {.what = "queue", .sql = sql.data};
    return read_leases(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

/* What a login may see of other sessions is the server's decision (pg_read_all_stats); what it may not is counted as
 * hidden. A statement may hold payload: its literals are taken out. */
#define QUERY                                                                                                          \
    "left(regexp_replace(regexp_replace(regexp_replace(a.query, '\\$(\\w*)\\$.*?\\$\\1\\$', '?', 'g'),"                \
    " '''([^'']|'''')*''', '?', 'g'), '\\s+', ' ', 'g'), 300)"

static enum ht_rc read_open(struct ht_conn *c, struct ht_transactions *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("a.pid", ht_transaction, pid, I32),
        HT_COL("a.usename::text", ht_transaction, login, TEXT),
        HT_COL("nullif(a.application_name, '')", ht_transaction, application, TEXT),
        HT_COL("a.state", ht_transaction, state, TEXT),
        HT_COL("coalesce(" MS("clock_timestamp() - a.xact_start") ", 0)", ht_transaction, age_ms, I64),
        HT_COL("a.query = '<insufficient privilege>'", ht_transaction, hidden, BOOL),
        HT_COL("CASE WHEN a.query <> '<insufficient privilege>' THEN " QUERY " END", ht_transaction, query, TEXT),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM pg_catalog.pg_stat_activity a WHERE a.datname = current_database()"
                      " AND a.pid <> pg_backend_pid() AND (a.xact_start IS NOT NULL"
                      " OR a.query = '<insufficient privilege>') ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 50");
    const struct ht_stmt s = {.what = "queue", .sql = sql.data};
    return read_transactions(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

static enum ht_rc read_dead_rows(struct ht_conn *c, struct ht_dead_rows_list *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("relname::text", ht_dead_rows, table, TEXT),
        HT_COL("n_live_tup", ht_dead_rows, live, I64),
        HT_COL("n_dead_tup", ht_dead_rows, dead, I64),
        HT_COL("greatest(last_vacuum, last_autovacuum)", ht_dead_rows, vacuumed_at, TIME),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM pg_catalog.pg_stat_user_tables WHERE schemaname = 'hooktop'"
                      " AND relname IN ('tenant_webhook_outbox', 'held', 'endpoint_health', 'worker')"
                      " ORDER BY n_dead_tup DESC, relname");
    const struct ht_stmt s = {.what = "queue", .sql = sql.data};
    return read_dead(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_queue(struct ht_conn *c, struct ht_queue *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_queue_fini) struct ht_queue q = {0};
    enum ht_rc rc = read_figures(c, &q, err);
    if (rc == HT_OK)
        rc = read_rate(c, &q, err);
    if (rc == HT_OK)
        rc = ht_store_workers(c, &q.workers, err);
    if (rc == HT_OK)
        rc = read_worst(c, &q.backlogs, err);
    if (rc == HT_OK)
        rc = read_held(c, &q.leases, err);
    if (rc == HT_OK)
        rc = read_open(c, &q.open, err);
    if (rc == HT_OK)
        rc = read_dead_rows(c, &q.dead, err);
    if (rc == HT_OK)
        rc = ht_store_partitions(c, &q.partitions, err);
    if (rc != HT_OK)
        return rc;
    *ret = q;
    q = (struct ht_queue){0};
    return HT_OK;
}
