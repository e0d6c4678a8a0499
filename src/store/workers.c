#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_workers, ht_workers)

/* Leases are counted in the outbox, whose size is what waits: small when all is well. */
enum ht_rc ht_store_workers(struct ht_conn *c, struct ht_workers *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("w.id", ht_worker, id, UUID),
        HT_COL("w.name", ht_worker, name, TEXT),
        HT_COL("w.version", ht_worker, version, TEXT),
        HT_COL("w.started_at", ht_worker, started_at, TIME),
        HT_COL("w.heartbeat_at", ht_worker, heartbeat_at, TIME),
        HT_COL("(extract(epoch FROM clock_timestamp() - w.heartbeat_at) * 1000)::bigint", ht_worker, heartbeat_age_ms,
               I64),
        HT_COL("coalesce(l.leases, 0)", ht_worker, leases, I32),
        HT_COL("w.concurrency", ht_worker, concurrency, I32),
        HT_COL("w.in_console", ht_worker, in_console, BOOL),
        HT_COL("w.succeeded_per_s", ht_worker, succeeded_per_s, F64),
        HT_COL("w.failed_per_s", ht_worker, failed_per_s, F64),
        HT_COL("x.egress", ht_worker, exceptions, TEXT),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(
        &sql,
        " FROM hooktop.worker w LEFT JOIN (SELECT o.worker_id, count(*) AS leases"
        " FROM hooktop.tenant_webhook_outbox o WHERE o.lease_until > clock_timestamp() GROUP BY 1) l"
        " ON l.worker_id = w.id LEFT JOIN hooktop.worker_exceptions x ON x.name = w.name ORDER BY w.started_at, w.id");
    const struct ht_stmt s = {.what = "worker list", .sql = sql.data};
    return read_workers(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_worker_exceptions(struct ht_conn *c, const char *but, char **ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "said", .kind = HT_COL_TEXT}};
    static const struct ht_stmt s = {
        .what = "worker list",
        .sql = "SELECT string_agg(w.name || ' ' || x.egress, '; ' ORDER BY w.name) FROM hooktop.worker w"
               " JOIN hooktop.worker_exceptions x ON x.name = w.name WHERE w.name <> $1"
               " AND w.heartbeat_at > clock_timestamp() - interval '30 s'",
        .name = "exceptions"};
    struct ht_params p HT_PARAMS_CLEANUP;
    char *said = NULL;
    ht_params_init(&p);
    ht_put_text(&p, but);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &said, sizeof said, err);
    if (rc == HT_OK)
        *ret = said;
    return rc;
}
