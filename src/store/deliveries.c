#include <stdlib.h>
#include <string.h>
#include "hooktop/store/queries.h"
#include "log_page.h"
#include "query.h"

HT_LIST_READER(read_deliveries, ht_deliveries)
HT_LIST_READER(read_attempts, ht_attempts)

static const struct ht_col delivery_cols[] = {
    HT_COL("p.id", ht_delivery, id, UUID),
    HT_COL("p.tenant_id", ht_delivery, tenant_id, UUID),
    HT_COL("p.event_id", ht_delivery, event_id, UUID),
    HT_COL("p.endpoint_id", ht_delivery, endpoint_id, UUID),
    HT_COL("p.redelivery_of", ht_delivery, redelivery_of, UUID),
    HT_COL("p.type", ht_delivery, type, TEXT),
    HT_COL("e.profile", ht_delivery, profile, TEXT),
    HT_COL("e.shown_url", ht_delivery, endpoint_url, TEXT),
    HT_COL("nullif(e.description, '')", ht_delivery, endpoint_description, TEXT),
    HT_COL_OF_WORDS(
        "CASE WHEN p.status = 'ready' AND o.lease_until > clock_timestamp() THEN 'leased' ELSE p.status END",
        ht_delivery, status, ht_delivery_words),
    HT_COL("p.reason", ht_delivery, reason, TEXT),
    HT_COL("p.attempts", ht_delivery, attempts, I32),
    HT_COL("cardinality(e.schedule_s) + 1", ht_delivery, attempts_max, I32),
    HT_COL("p.last_status", ht_delivery, last_status, I32),
    HT_COL_OF_WORDS("p.last_error", ht_delivery, last_error, ht_attempt_words),
    HT_COL("p.last_duration_ms", ht_delivery, last_duration_ms, I32),
    HT_COL("p.last_attempt_at", ht_delivery, last_attempt_at, TIME),
    HT_COL("CASE WHEN p.status = 'ready' THEN coalesce(o.not_before, o.due_at) END", ht_delivery, due_at, TIME),
    HT_COL("p.created_at", ht_delivery, created_at, TIME),
};

/* The page is chosen first; what stands in other tables is fetched for its rows alone. */
static void begin_select(struct ht_buf *sql)
{
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, delivery_cols, HT_COUNT(delivery_cols));
    ht_buf_adds(sql, " FROM ");
}

static void end_select(struct ht_buf *sql, bool oldest_first)
{
    ht_buf_addf(sql,
                " p LEFT JOIN hooktop.endpoint e ON e.id = p.endpoint_id AND e.tenant_id = p.tenant_id"
                " LEFT JOIN hooktop.tenant_webhook_outbox o ON o.tenant_id = p.tenant_id"
                " AND o.delivery_id = p.id ORDER BY p.id %s",
                oldest_first ? "ASC" : "DESC");
}

/* One look for the page. Returns in *ret_more whether a further one may find more. */
static enum ht_rc look_for_page(struct ht_conn *c, const struct ht_log_plan *plan, size_t look,
                                const struct ht_log_page *wanted, struct ht_deliveries *ret, bool *ret_more,
                                struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    *ret_more = ht_log_plan_sql(plan, look, &sql, &p);
    end_select(&sql, wanted->oldest_first);
    const struct ht_stmt s = {.what = "delivery list", .sql = sql.data};
    return read_deliveries(c, &s, &p, delivery_cols, HT_COUNT(delivery_cols), wanted->rows - 1, ret, err);
}

enum ht_rc ht_store_deliveries(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                               const struct ht_uuid *before, const struct ht_uuid *after, int32_t limit,
                               struct ht_deliveries *ret, struct ht_err *err)
{
    struct ht_deliveries page = {0};
    struct ht_log_plan *plan = NULL;
    const struct ht_log_page wanted = {.tenant = tenant,
                                       .filter = f,
                                       .before = before,
                                       .after = after,
                                       .oldest_first = ht_filter_oldest_first(f),
                                       .rows = limit + 1};
    enum ht_rc rc = ht_log_plan_make(c, &wanted, &plan, err);
    bool more = true;
    for (size_t look = 0; rc == HT_OK && more && !page.more; look++) {
        ht_deliveries_fini(&page);
        rc = look_for_page(c, plan, look, &wanted, &page, &more, err);
    }
    ht_log_plan_free(plan);
    if (rc == HT_OK)
        *ret = page;
    return rc;
}

enum ht_rc ht_store_delivery_find(struct ht_conn *c, const char *id, struct ht_delivery *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    ht_buf_adds(&sql, "(SELECT * FROM hooktop.delivery d WHERE");
    enum ht_rc rc = ht_sql_id_range(&sql, &p, " d.id", "delivery", id, err);
    ht_buf_adds(&sql, " LIMIT 2)");
    end_select(&sql, false);
    const struct ht_stmt s = {.what = "delivery", .sql = sql.data};
    if (rc == HT_OK)
        rc = read_deliveries(c, &s, &p, delivery_cols, HT_COUNT(delivery_cols), 0, &found, err);
    if (rc == HT_OK)
        rc = ht_check_found("delivery", id, found.n, err);
    if (rc != HT_OK)
        return rc;
    *ret = found.rows[0];
    found.rows[0] = (struct ht_delivery){0};
    return HT_OK;
}

enum ht_rc ht_store_attempts(struct ht_conn *c, const struct ht_delivery *d, struct ht_attempts *ret,
                             struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("n", ht_attempt, n, I32),
        HT_COL("at", ht_attempt, at, TIME),
        HT_COL("status", ht_attempt, status, I32),
        HT_COL_OF_WORDS("error", ht_attempt, error, ht_attempt_words),
        HT_COL("error_detail", ht_attempt, error_detail, TEXT),
        HT_COL("dns_us", ht_attempt, phases.dns_us, I32),
        HT_COL("connect_us", ht_attempt, phases.connect_us, I32),
        HT_COL("tls_us", ht_attempt, phases.tls_us, I32),
        HT_COL("first_byte_us", ht_attempt, phases.first_byte_us, I32),
        HT_COL("total_us", ht_attempt, phases.total_us, I32),
        HT_COL("address", ht_attempt, address, TEXT),
        HT_COL("tls", ht_attempt, tls, TEXT),
        HT_COL("request_headers", ht_attempt, request_headers, TEXT),
        HT_COL("response_headers", ht_attempt, response_headers, TEXT),
        HT_COL_OF_BYTES("response_body", ht_attempt, response_body, response_body_len),
        HT_COL("response_bytes", ht_attempt, response_bytes, I64),
        HT_COL("secret_ids", ht_attempt, secret_ids, TEXT),
        HT_COL("worker", ht_attempt, worker, TEXT),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_put_uuid(&p, &d->id);
    ht_put_uuid(&p, &d->tenant_id);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM hooktop.attempt WHERE delivery_id = $1 AND tenant_id = $2 ORDER BY n");
    const struct ht_stmt s = {.what = "delivery", .sql = sql.data};
    return read_attempts(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_redeliver(struct ht_conn *c, const struct ht_delivery *d, const char *reason, struct ht_uuid *ret,
                              struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "redeliver", .kind = HT_COL_UUID}};
    static const struct ht_stmt s = {.what = "redeliver", .sql = "SELECT hooktop.redeliver($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &d->tenant_id);
    ht_put_uuid(&p, &d->id);
    ht_put_text(&p, reason);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

enum ht_rc ht_store_delivery_cancel(struct ht_conn *c, const struct ht_delivery *d, const char *reason,
                                    struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "delivery", .sql = "SELECT hooktop.delivery_cancel($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &d->tenant_id);
    ht_put_uuid(&p, &d->id);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_cancel_preview(struct ht_conn *c, const struct ht_uuid *ids, size_t n,
                                   struct ht_cancel_preview *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("count(*) FILTER (WHERE waits AND NOT sent)", ht_cancel_preview, waiting, I64),
        HT_COL("count(*) FILTER (WHERE waits AND sent)", ht_cancel_preview, sending, I64),
        HT_COL("count(*) FILTER (WHERE NOT waits)", ht_cancel_preview, ended, I64),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_put_array(&p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(&p, &ids[i]);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM (SELECT d.status IN ('held', 'ready', 'quarantined') AS waits,"
                      " d.status = 'ready' AND coalesce(o.lease_until > clock_timestamp(), false) AS sent"
                      " FROM hooktop.delivery d LEFT JOIN hooktop.tenant_webhook_outbox o"
                      " ON o.tenant_id = d.tenant_id AND o.delivery_id = d.id WHERE d.id = ANY ($1)) x");
    const struct ht_stmt s = {.what = "delivery", .sql = sql.data};
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof *ret, err);
    if (rc == HT_OK)
        ret->gone = (int64_t)n - ret->waiting - ret->sending - ret->ended;
    return rc;
}
