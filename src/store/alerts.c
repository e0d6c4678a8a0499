#include "filter_sql.h"
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_alerts, ht_alerts)

static const struct ht_col alert_cols[] = {
    HT_COL("a.tenant_id", ht_alert, tenant_id, UUID),
    HT_COL("a.id", ht_alert, id, UUID),
    HT_COL("a.kind", ht_alert, kind, TEXT),
    HT_COL("t.name", ht_alert, tenant_name, TEXT),
    HT_COL("a.endpoint_id", ht_alert, endpoint_id, UUID),
    HT_COL("e.shown_url", ht_alert, endpoint_url, TEXT),
    HT_COL("a.delivery_id", ht_alert, delivery_id, UUID),
    HT_COL("a.text", ht_alert, text, TEXT),
    HT_COL("a.detail", ht_alert, detail, TEXT),
    HT_COL("a.at", ht_alert, at, TIME),
    HT_COL("a.acknowledged_at", ht_alert, acknowledged_at, TIME),
    HT_COL("a.acknowledged_by::text", ht_alert, acknowledged_by, TEXT),
};

/* The page is chosen first, as for every list. */
static void begin_select(struct ht_buf *sql)
{
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, alert_cols, HT_COUNT(alert_cols));
    ht_buf_adds(sql, " FROM (SELECT * FROM hooktop.alert a WHERE true");
}

static void end_select(struct ht_buf *sql, int32_t limit)
{
    ht_buf_addf(sql,
                " ORDER BY a.id DESC LIMIT %d) a LEFT JOIN hooktop.tenant t ON t.id = a.tenant_id"
                " LEFT JOIN hooktop.endpoint e ON e.id = a.endpoint_id AND e.tenant_id = a.tenant_id"
                " ORDER BY a.id DESC",
                (int)limit);
}

enum ht_rc ht_store_alerts(struct ht_conn *c, const struct ht_alert_query *q, int32_t limit, struct ht_alerts *ret,
                           struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    if (q->tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND a.tenant_id = ", q->tenant);
    if (q->before != NULL)
        ht_sql_uuid(&sql, &p, " AND a.id < ", q->before);
    if (q->open_only)
        ht_buf_adds(&sql, " AND a.acknowledged_at IS NULL");
    if (q->since > 0) {
        ht_put_time(&p, q->since);
        ht_buf_addf(&sql, " AND a.at >= $%d", p.n);
    }
    end_select(&sql, limit + 1);
    const struct ht_stmt s = {.what = "alert list", .sql = sql.data};
    return read_alerts(c, &s, &p, alert_cols, HT_COUNT(alert_cols), limit, ret, err);
}

enum ht_rc ht_store_alert_find(struct ht_conn *c, const char *id, struct ht_alert *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_alerts_fini) struct ht_alerts found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    enum ht_rc rc = ht_sql_id_range(&sql, &p, " AND a.id", "alert", id, err);
    end_select(&sql, 2);
    const struct ht_stmt s = {.what = "alert", .sql = sql.data};
    if (rc == HT_OK)
        rc = read_alerts(c, &s, &p, alert_cols, HT_COUNT(alert_cols), 0, &found, err);
    if (rc == HT_OK)
        rc = ht_check_found("alert", id, found.n, err);
    if (rc != HT_OK)
        return rc;
    *ret = found.rows[0];
    found.rows[0] = (struct ht_alert){0};
    return HT_OK;
}

enum ht_rc ht_store_alert_acknowledge(struct ht_conn *c, const struct ht_alert *a, const char *reason,
                                      struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "alert", .sql = "SELECT hooktop.alert_acknowledge($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &a->tenant_id);
    ht_put_uuid(&p, &a->id);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_endpoint_snooze(struct ht_conn *c, const struct ht_endpoint *e, int64_t for_ms, bool always,
                                    const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "endpoint snooze",
                                     .sql = "SELECT hooktop.endpoint_snooze($1, $2, $3, $4, $5)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    ht_put_i64(&p, for_ms);
    ht_put_bool(&p, always);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}
