#include "hooktop/store/health.h"

#include <stdlib.h>

#include "query.h"

HT_LIST_READER(read_troubles, ht_troubles)
HT_LIST_READER(read_stats, ht_stats)
HT_LIST_READER(read_dues, ht_alert_dues)

enum ht_rc ht_store_health(struct ht_conn *c, const struct ht_health_limits *limits, struct ht_troubles *ret,
                           struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("kind", ht_trouble, kind, TEXT),
        HT_COL("tenant_id", ht_trouble, tenant_id, UUID),
        HT_COL("endpoint_id", ht_trouble, endpoint_id, UUID),
        HT_COL("subject", ht_trouble, subject, TEXT),
        HT_COL("n", ht_trouble, n, I64),
        HT_COL("since", ht_trouble, since, TIME),
        HT_COL("text", ht_trouble, text, TEXT),
    };
    static const struct ht_stmt s = {
        .what = "health",
        .sql =
            "SELECT kind, tenant_id, endpoint_id, subject, n, since, text"
            " FROM hooktop.health($1 * interval '1 ms', $2 * interval '1 ms', $3) ORDER BY kind, subject, endpoint_id",
    };
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_i64(&p, limits->backlog_after_ms);
    ht_put_i64(&p, limits->rotate_after_ms);
    ht_put_text(&p, HT_VERSION);
    return read_troubles(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_stats(struct ht_conn *c, struct ht_stats *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("tenant_id", ht_endpoint_stats, tenant_id, UUID),
        HT_COL("tenant", ht_endpoint_stats, tenant_name, TEXT),
        HT_COL("endpoint_id", ht_endpoint_stats, endpoint_id, UUID),
        HT_COL("url", ht_endpoint_stats, url, TEXT),
        HT_COL("description", ht_endpoint_stats, description, TEXT),
        HT_COL("profile", ht_endpoint_stats, profile, TEXT),
        HT_COL_OF_WORDS("status", ht_endpoint_stats, status, ht_endpoint_words),
        HT_COL("waiting", ht_endpoint_stats, waiting, I64),
        HT_COL("past_due", ht_endpoint_stats, past_due, I64),
        HT_COL("oldest_due", ht_endpoint_stats, oldest_due, TIME),
        HT_COL("held", ht_endpoint_stats, held, I64),
        HT_COL("tried", ht_endpoint_stats, tried, I64),
        HT_COL("failed", ht_endpoint_stats, failed, I64),
        HT_COL("span_s", ht_endpoint_stats, span_s, F64),
        HT_COL("p50_ms", ht_endpoint_stats, p50_ms, F64),
        HT_COL("p95_ms", ht_endpoint_stats, p95_ms, F64),
        HT_COL("consecutive_failures", ht_endpoint_stats, consecutive_failures, I32),
        HT_COL("failing_since", ht_endpoint_stats, failing_since, TIME),
        HT_COL("last_success_at", ht_endpoint_stats, last_success_at, TIME),
        HT_COL("at", ht_endpoint_stats, at, TIME),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM hooktop.stats() ORDER BY tenant, endpoint_id");
    const struct ht_stmt s = {.what = "stats", .sql = sql.data};
    return read_stats(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

/* alerts ----------------------------------------------------------------------------------------------------------- */

enum ht_rc ht_store_alert_claim(struct ht_conn *c, const struct ht_trouble *const *wrong, size_t n, int64_t again_ms,
                                struct ht_alert_dues *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("tenant_id", ht_alert_due, tenant_id, UUID),
        HT_COL("kind", ht_alert_due, kind, TEXT),
        HT_COL("subject", ht_alert_due, subject, TEXT),
        HT_COL("over", ht_alert_due, over, BOOL),
    };
    static const struct ht_stmt s = {
        .what = "alert check",
        .sql = "SELECT tenant_id, kind, subject, over FROM hooktop.alert_claim($1, $2, $3, $4 * interval '1 ms')",
    };
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_array(&p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(&p, &wrong[i]->tenant_id);
    ht_put_array(&p, HT_PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        ht_put_text(&p, wrong[i]->kind);
    ht_put_array(&p, HT_PG_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        char key[HT_UUID_TEXT];
        ht_put_text(&p, ht_trouble_key(wrong[i], key));
    }
    ht_put_i64(&p, again_ms);
    return read_dues(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_alert_failed(struct ht_conn *c, const struct ht_alert_dues *told, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "alert check", .sql = "SELECT hooktop.alert_unclaim($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_array(&p, HT_PG_UUID, told->n);
    for (size_t i = 0; i < told->n; i++)
        ht_put_uuid(&p, &told->rows[i].tenant_id);
    ht_put_array(&p, HT_PG_TEXT, told->n);
    for (size_t i = 0; i < told->n; i++)
        ht_put_text(&p, told->rows[i].kind);
    ht_put_array(&p, HT_PG_TEXT, told->n);
    for (size_t i = 0; i < told->n; i++)
        ht_put_text(&p, told->rows[i].subject);
    return ht_conn_do(c, &s, &p, err);
}
