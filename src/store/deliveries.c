#include <stdlib.h>
#include <string.h>
#include "hooktop/store/queries.h"
#include "log_page.h"
#include "query.h"

HT_LIST_READER(read_deliveries, ht_deliveries)
HT_LIST_READER(read_attempts, ht_attempts)
HT_LIST_READER(read_groups, ht_failure_groups)

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

static void end_select(struct ht_buf *sql)
{
    ht_buf_adds(sql, " p LEFT JOIN hooktop.endpoint e ON e.id = p.endpoint_id AND e.tenant_id = p.tenant_id"
                     " LEFT JOIN hooktop.tenant_webhook_outbox o ON o.tenant_id = p.tenant_id"
                     " AND o.delivery_id = p.id ORDER BY p.id DESC");
}

/* One look for the page. Returns in *ret_more whether a further one may find more. */
static enum ht_rc look_for_page(struct ht_conn *c, const struct ht_log_plan *plan, size_t look, int32_t limit,
                                struct ht_deliveries *ret, bool *ret_more, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    *ret_more = ht_log_plan_sql(plan, look, &sql, &p);
    end_select(&sql);
    const struct ht_stmt s = {.what = "delivery list", .sql = sql.data};
    return read_deliveries(c, &s, &p, delivery_cols, HT_COUNT(delivery_cols), limit, ret, err);
}

enum ht_rc ht_store_deliveries(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                               const struct ht_uuid *before, const struct ht_uuid *after, int32_t limit,
                               struct ht_deliveries *ret, struct ht_err *err)
{
    struct ht_deliveries page = {0};
    struct ht_log_plan *plan = NULL;
    const struct ht_log_page wanted = {
        .tenant = tenant, .filter = f, .before = before, .after = after, .rows = limit + 1};
    enum ht_rc rc = ht_log_plan_make(c, &wanted, &plan, err);
    bool more = true;
    for (size_t look = 0; rc == HT_OK && more && !page.more; look++) {
        ht_deliveries_fini(&page);
        rc = look_for_page(c, plan, look, limit, &page, &more, err);
    }
    ht_log_plan_free(plan);
    if (rc == HT_OK)
        *ret = page;
    return rc;
}

/* "3:12 11:4": how many in which twelfth. */
static enum ht_rc read_trend(const char *value, size_t len, void *row, struct ht_err *err)
{
    struct ht_failure_group *g = row;
    HT_AUTOFREE char *text = ht_strndup(value, len);
    (void)err;
    for (char *at = text, *end; *at != '\0'; at = end) {
        long slot = strtol(at, &end, 10), n = *end == ':' ? strtol(end + 1, &end, 10) : 0;
        if (end == at || slot < 0 || slot >= HT_TREND)
            break;
        g->trend[slot] = (int32_t)(n < INT32_MAX ? n : INT32_MAX);
    }
    return HT_OK;
}

static const struct ht_col group_cols[] = {
    HT_COL("g.tenant_id", ht_failure_group, tenant_id, UUID),
    HT_COL("g.endpoint_id", ht_failure_group, endpoint_id, UUID),
    HT_COL("e.shown_url", ht_failure_group, endpoint_url, TEXT),
    HT_COL("nullif(e.description, '')", ht_failure_group, endpoint_description, TEXT),
    HT_COL_OF_WORDS("e.status", ht_failure_group, endpoint_status, ht_endpoint_words),
    HT_COL("e.profile", ht_failure_group, profile, TEXT),
    HT_COL("t.name", ht_failure_group, tenant_name, TEXT),
    HT_COL("(SELECT count(*) FROM (SELECT FROM hooktop.held h WHERE h.tenant_id = g.tenant_id"
           " AND h.endpoint_id = g.endpoint_id LIMIT 10000) x)",
           ht_failure_group, held, I64),
    HT_COL_OF_WORDS("g.error", ht_failure_group, error, ht_attempt_words),
    HT_COL("g.code", ht_failure_group, code, I32),
    HT_COL_OF_WORDS("g.status", ht_failure_group, status, ht_delivery_words),
    HT_COL("g.n", ht_failure_group, count, I64),
    HT_COL("g.first_at", ht_failure_group, first_at, TIME),
    HT_COL("g.last_at", ht_failure_group, last_at, TIME),
    HT_COL("g.next_at", ht_failure_group, next_at, TIME),
    HT_COL("g.sample", ht_failure_group, sample_id, UUID),
    HT_COL_BY("g.trend", read_trend),
    HT_COL("CASE WHEN m.acknowledged_at >= g.oldest_at THEN m.acknowledged_at END", ht_failure_group, acknowledged_at,
           TIME),
    HT_COL("m.acknowledged_by::text", ht_failure_group, acknowledged_by, TEXT),
    HT_COL("m.note", ht_failure_group, note, TEXT),
    HT_COL("CASE WHEN m.muted_until > clock_timestamp() THEN m.muted_until END", ht_failure_group, muted_until, TIME),
};

#define GROUP_TIE "concat(g.tenant_id, g.endpoint_id, g.error, g.code, g.status)"
static const struct ht_filter_order group_orders[HT_FAILURE_ORDER_COUNT] = {
    [HT_GROUPS_BY_COUNT] = {"g.n", true},
    [HT_GROUPS_BY_ENDPOINT] = {"coalesce(nullif(e.description, ''), e.shown_url, '')", false},
    [HT_GROUPS_BY_ERROR] = {"coalesce(g.error, '')", false},
    [HT_GROUPS_BY_FIRST] = {"coalesce(g.first_at, 'infinity')", false},
    [HT_GROUPS_BY_LAST] = {"coalesce(g.last_at, '-infinity')", true},
    [HT_GROUPS_BY_NEXT] = {"coalesce(g.next_at, 'infinity')", false},
};

/* What stands for a group's own values; the others' are not told apart. */
static const struct {
    const char *endpoint, *error, *code, *status;
} group_by[HT_FAILURE_BY_COUNT] = {
    [HT_FAILURES_BY_ALL] = {"d.endpoint_id", "coalesce(d.last_error, '')", "coalesce(d.last_status, 0)", "d.status"},
    [HT_FAILURES_BY_ENDPOINT] = {"d.endpoint_id", "NULL::text", "NULL::int", "NULL::text"},
    [HT_FAILURES_BY_ERROR] = {"NULL::uuid", "coalesce(d.last_error, '')", "coalesce(d.last_status, 0)", "NULL::text"},
};

/* One pass: what fails alike within one slot of the trend, then the slots of each group together. */
static void add_groups(struct ht_buf *sql, struct ht_params *p, const struct ht_uuid *tenant, const struct ht_filter *f,
                       int64_t trend_us, enum ht_failure_by by)
{
    ht_put_f64(p, trend_us > 0 ? (double)trend_us / HT_TREND / 1e6 : 3600.0);
    ht_buf_addf(sql,
                " FROM (SELECT tenant_id, endpoint_id, error, code, status, sum(n)::bigint AS n,"
                " min(first_at) AS first_at, max(last_at) AS last_at, min(next_at) AS next_at,"
                " min(oldest_at) AS oldest_at, (array_agg(sample ORDER BY sample DESC))[1] AS sample, string_agg(slot "
                "|| ':' || n, ' ') AS trend"
                " FROM (SELECT d.tenant_id, %s AS endpoint_id, %s AS error, %s AS code, %s AS status, %d - least(%d, "
                "greatest(0, floor(extract(epoch FROM"
                " clock_timestamp() - coalesce(d.last_attempt_at, d.created_at)) / $%d)))::int AS slot, count(*) AS n,"
                " min(d.created_at) AS oldest_at, min(d.last_attempt_at) AS first_at, max(d.last_attempt_at) AS "
                "last_at, min(w.due_at) AS next_at,"
                " (array_agg(d.id ORDER BY d.id DESC))[1] AS sample FROM ",
                group_by[by].endpoint, group_by[by].error, group_by[by].code, group_by[by].status, HT_TREND - 1,
                HT_TREND - 1, p->n);
    ht_log_failures_sql(sql);
    ht_buf_adds(sql, " x JOIN hooktop.delivery d ON d.id = x.delivery_id AND d.tenant_id = x.tenant_id"
                     " LEFT JOIN hooktop.tenant_webhook_outbox w ON w.tenant_id = d.tenant_id"
                     " AND w.delivery_id = d.id WHERE d.redelivered_as IS NULL"
                     " AND d.status IN ('ready', 'held', 'exhausted', 'quarantined')");
    if (tenant != NULL)
        ht_sql_uuid(sql, p, " AND d.tenant_id = ", tenant);
    ht_filter_sql(f, ht_delivery_filter, ht_delivery_filter_len, sql, p);
    ht_buf_adds(sql, " GROUP BY 1, 2, 3, 4, 5, 6) s GROUP BY 1, 2, 3, 4, 5");
}

enum ht_rc ht_store_failure_groups(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                   int64_t trend_us, enum ht_failure_by by, int32_t limit,
                                   struct ht_failure_groups *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, group_cols, HT_COUNT(group_cols));
    add_groups(&sql, &p, tenant, f, trend_us, by);
    ht_buf_adds(&sql, ") g LEFT JOIN hooktop.endpoint e ON e.id = g.endpoint_id AND e.tenant_id = g.tenant_id"
                      " LEFT JOIN hooktop.tenant t ON t.id = g.tenant_id"
                      " LEFT JOIN hooktop.failure_mark m ON m.tenant_id = g.tenant_id AND m.endpoint_id = g.endpoint_id"
                      " AND m.error = g.error AND m.code = g.code");
    ht_filter_order_sql(f, group_orders, GROUP_TIE,
                        "coalesce(m.muted_until > clock_timestamp(), false), g.n DESC, g.last_at DESC", &sql);
    ht_buf_addf(&sql, " LIMIT %d", (int)limit + 1);
    const struct ht_stmt s = {.what = "delivery groups", .sql = sql.data};
    return read_groups(c, &s, &p, group_cols, HT_COUNT(group_cols), limit, ret, err);
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
    end_select(&sql);
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

/* Failures that are alike, as SQL names them. */
static void put_group(struct ht_params *p, const struct ht_replay_what *what)
{
    ht_params_init(p);
    ht_put_uuid(p, &what->tenant_id);
    ht_put_uuid(p, &what->endpoint_id);
    ht_put_text(p, what->error);
    ht_put_i32(p, what->code);
}

enum ht_rc ht_store_failure_acknowledge(struct ht_conn *c, const struct ht_replay_what *what, bool on,
                                        const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "failure",
                                     .sql = "SELECT hooktop.failure_acknowledge($1, $2, $3, $4, $5, $6)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    put_group(&p, what);
    ht_put_bool(&p, on);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_failure_mute(struct ht_conn *c, const struct ht_replay_what *what, int64_t for_ms,
                                 const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "failure", .sql = "SELECT hooktop.failure_mute($1, $2, $3, $4, $5, $6)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    put_group(&p, what);
    ht_put_i64(&p, for_ms);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}
