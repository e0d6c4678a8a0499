#include <stdlib.h>
#include <string.h>
#include "endpoint_read.h"
#include "filter_sql.h"
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_endpoints, ht_endpoints)
HT_LIST_READER(read_subscriptions, ht_subscriptions)

#define STRINGIFY(x)      #x
#define AS_TEXT(x)        STRINGIFY(x)
#define RECENT_DELIVERIES 500 /* of these the figures of a day are made */

#define COUNTED(from) "(SELECT count(*) FROM (SELECT FROM " from " LIMIT " AS_TEXT(HT_FIGURE_MAX) ") x)"
#define PENDING       COUNTED("hooktop.tenant_webhook_outbox o WHERE o.tenant_id = e.tenant_id AND o.endpoint_id = e.id")
#define HELD          COUNTED("hooktop.held h WHERE h.tenant_id = e.tenant_id AND h.endpoint_id = e.id")
#define OF_DELIVERIES(figures, when)                                                                                   \
    "(SELECT " figures " FROM (SELECT d.status FROM hooktop.delivery d WHERE d.endpoint_id = e.id AND " when           \
    " ORDER BY d.id DESC LIMIT " AS_TEXT(RECENT_DELIVERIES) ") x)"
#define OF_TODAY(figures) OF_DELIVERIES(figures, "d.id >= hooktop.uuid_at(now() - interval '1 day')")
#define FAILED            "count(*) FILTER (WHERE x.status IN ('exhausted', 'quarantined'))"
#define SUCCEEDED         "count(*) FILTER (WHERE x.status = 'succeeded')"
/* To choose by or to sort by: only the deliveries of those are looked at that have any that failed. */
#define FAILED_TODAY                                                                                                   \
    "CASE WHEN e.id IN (SELECT x.endpoint_id FROM hooktop.ended x WHERE x.status IN ('exhausted', 'quarantined')"      \
    " AND x.delivery_id >= hooktop.uuid_at(now() - interval '1 day')) THEN " OF_TODAY(FAILED) " ELSE 0 END"

/* Not *: a viewer may not read the sealed headers. */
#define PAGE_COLUMNS                                                                                                   \
    "e.id, e.tenant_id, e.profile, e.shown_url, e.description, e.status, e.status_reason, e.status_at, e.created_at,"  \
    " e.version, e.timeout_ms, e.schedule_s, e.rate_per_s, e.in_flight_max, e.snoozed_until, e.never_disable,"         \
    " e.source_filter, e.workflows,"                                                                                   \
    " e.header_names, y.last_success_at, y.last_failure_at, y.failing_since, y.consecutive_failures,"                  \
    " y.trips, y.open_until"

static const struct ht_col endpoint_cols[] = {
    HT_COL("e.id", ht_endpoint, id, UUID),
    HT_COL("e.tenant_id", ht_endpoint, tenant_id, UUID),
    HT_COL("(SELECT t.name FROM hooktop.tenant t WHERE t.id = e.tenant_id)", ht_endpoint, tenant_name, TEXT),
    HT_COL("e.profile", ht_endpoint, profile, TEXT),
    HT_COL("coalesce(hooktop.endpoint_url(e.tenant_id, e.id), e.shown_url) AS url", ht_endpoint, url, TEXT),
    HT_COL("nullif(e.description, '')", ht_endpoint, description, TEXT),
    HT_COL_OF_WORDS("e.status", ht_endpoint, status, ht_endpoint_words),
    HT_COL("e.status_reason", ht_endpoint, status_reason, TEXT),
    HT_COL("e.status_at", ht_endpoint, status_at, TIME),
    HT_COL("e.created_at", ht_endpoint, created_at, TIME),
    HT_COL("e.version", ht_endpoint, version, I32),
    HT_COL("e.timeout_ms", ht_endpoint, timeout_ms, I32),
    HT_COL_BY("e.schedule_s", ht_endpoint_read_schedule),
    HT_COL("e.rate_per_s", ht_endpoint, rate_per_s, F64),
    HT_COL("e.in_flight_max", ht_endpoint, in_flight_max, I32),
    HT_COL("e.source_filter", ht_endpoint, source_filter, TEXT),
    HT_COL("CASE WHEN e.trips > 0 THEN e.open_until END", ht_endpoint, breaker_until, TIME),
    HT_COL("CASE WHEN e.snoozed_until > clock_timestamp() THEN e.snoozed_until END", ht_endpoint, snoozed_until, TIME),
    HT_COL("e.never_disable", ht_endpoint, never_disable, BOOL),
    HT_COL("CASE WHEN NOT e.never_disable AND e.failing_since IS NOT NULL"
           " THEN greatest(e.failing_since + hooktop.failing_most(), e.snoozed_until) END",
           ht_endpoint, disables_at, TIME),
    HT_COL_BY("e.workflows", ht_endpoint_read_workflows),
    HT_COL_BY("e.header_names", ht_endpoint_read_headers),
    HT_COL("e.last_success_at", ht_endpoint, last_success_at, TIME),
    HT_COL("e.last_failure_at", ht_endpoint, last_failure_at, TIME),
    HT_COL("e.failing_since", ht_endpoint, failing_since, TIME),
    HT_COL("e.consecutive_failures", ht_endpoint, consecutive_failures, I32),
    HT_COL(PENDING, ht_endpoint, pending, I64),
    HT_COL(HELD, ht_endpoint, held, I64),
    HT_COL("r.failed", ht_endpoint, failed_24h, I64),
    HT_COL("r.succeeded", ht_endpoint, succeeded_24h, I64),
    HT_COL("(SELECT count(*) FROM hooktop.subscription s WHERE s.endpoint_id = e.id AND s.tenant_id = e.tenant_id"
           " AND s.valid_to IS NULL)",
           ht_endpoint, subscriptions, I32),
};

#define TENANT_NAME "(SELECT t.name FROM hooktop.tenant t WHERE t.id = e.tenant_id)"
static const struct ht_filter_column endpoint_filter[] = {
    HT_FILTER_BY("", "e.description", "e.shown_url", TENANT_NAME),
    HT_FILTER_BY("description", "e.description"),
    HT_FILTER_BY("url", "e.shown_url"),
    HT_FILTER_BY("profile", "e.profile"),
    HT_FILTER_BY("status", "e.status"),
    HT_FILTER_BY("tenant", TENANT_NAME),
    HT_FILTER_BY("id", "e.id"),
    HT_FILTER_BY("failing", "(extract(epoch FROM clock_timestamp() - y.failing_since) * 1000)::bigint"),
    HT_FILTER_BY("failures", "coalesce(y.consecutive_failures, 0)"),
    HT_FILTER_BY("pending", PENDING),
    HT_FILTER_BY("held", HELD),
    HT_FILTER_BY("failed", FAILED_TODAY),
};

static const char *const endpoint_orders[HT_ENDPOINT_ORDER_COUNT] = {
    [HT_ENDPOINTS_BY_NAME] = "coalesce(nullif(e.description, ''), e.shown_url)",
    [HT_ENDPOINTS_BY_STATE] = "e.status",
    [HT_ENDPOINTS_BY_TENANT] = TENANT_NAME,
    [HT_ENDPOINTS_BY_FAILED] = FAILED_TODAY,
    [HT_ENDPOINTS_BY_WAITING] = PENDING,
    [HT_ENDPOINTS_BY_HELD] = HELD,
    [HT_ENDPOINTS_BY_FAILING] = "coalesce(y.failing_since, 'infinity')",
    [HT_ENDPOINTS_BY_LAST] = "greatest(y.last_success_at, y.last_failure_at, '-infinity')",
};
#define ENDPOINTS                                                                                                      \
    "hooktop.endpoint e LEFT JOIN hooktop.endpoint_health y ON y.endpoint_id = e.id AND y.tenant_id = e.tenant_id"

/* The page that follows this row, in the order asked for: what the row is compared by is looked up again. */
static void add_before(struct ht_buf *sql, struct ht_params *p, const struct ht_filter *f, const struct ht_uuid *before)
{
    bool turned = false;
    int i = ht_filter_order(f, &turned);
    if (i < 0) {
        ht_sql_uuid(sql, p, " AND e.id < ", before);
        return;
    }
    ht_buf_addf(sql, " AND (%s, e.id) %s (SELECT %s, e.id FROM " ENDPOINTS, endpoint_orders[i],
                ht_filter_descends(f) ? "<" : ">", endpoint_orders[i]);
    ht_sql_uuid(sql, p, " WHERE e.id = ", before);
    ht_buf_adds(sql, ")");
}

/* The page is chosen first; figures are made for its rows alone. */
static void begin_select(struct ht_buf *sql)
{
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, endpoint_cols, HT_COUNT(endpoint_cols));
    ht_buf_adds(sql, " FROM (SELECT row_number() OVER () AS place, e.* FROM (SELECT " PAGE_COLUMNS " FROM " ENDPOINTS
                     " WHERE true");
}

static void end_select(const struct ht_conn *c, struct ht_buf *sql, struct ht_params *p, const struct ht_filter *f,
                       int32_t limit)
{
    ht_filter_order_sql(f, endpoint_orders, "e.id", "e.id DESC", sql);
    ht_put_days(p, c);
    ht_buf_addf(sql,
                " LIMIT %d) e) e CROSS JOIN LATERAL " OF_DELIVERIES(FAILED " AS failed, " SUCCEEDED " AS succeeded",
                                                                    "d.id >= $%d AND d.id < $%d") " r ORDER BY e.place",
                (int)limit, p->n - 1, p->n);
}

enum ht_rc ht_store_endpoints(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                              const struct ht_uuid *before, int32_t limit, struct ht_endpoints *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    if (tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND e.tenant_id = ", tenant);
    if (before != NULL)
        add_before(&sql, &p, f, before);
    if (!ht_filter_names(f, "status"))
        ht_buf_adds(&sql, " AND e.status <> 'removed'");
    ht_filter_sql(f, endpoint_filter, HT_COUNT(endpoint_filter), &sql, &p);
    end_select(c, &sql, &p, f, limit + 1);
    const struct ht_stmt s = {.what = "endpoint list", .sql = sql.data};
    return read_endpoints(c, &s, &p, endpoint_cols, HT_COUNT(endpoint_cols), limit, ret, err);
}

enum ht_rc ht_store_endpoint_find(struct ht_conn *c, const char *id, struct ht_endpoint *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoints_fini) struct ht_endpoints found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    enum ht_rc rc = ht_sql_id_range(&sql, &p, " AND e.id", "endpoint", id, err);
    end_select(c, &sql, &p, NULL, 2);
    const struct ht_stmt s = {.what = "endpoint", .sql = sql.data, .name = "endpoint"};
    if (rc == HT_OK)
        rc = read_endpoints(c, &s, &p, endpoint_cols, HT_COUNT(endpoint_cols), 0, &found, err);
    if (rc == HT_OK)
        rc = ht_check_found("endpoint", id, found.n, err);
    if (rc != HT_OK)
        return rc;
    *ret = found.rows[0];
    found.rows[0] = (struct ht_endpoint){0};
    return HT_OK;
}

enum ht_rc ht_store_subscriptions(struct ht_conn *c, const struct ht_endpoint *e, struct ht_subscriptions *ret,
                                  struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("id", ht_subscription, id, UUID),
        HT_COL("pattern", ht_subscription, pattern, TEXT),
        HT_COL("valid_from", ht_subscription, created_at, TIME),
    };
    static const struct ht_stmt s = {
        .what = "endpoint",
        .sql = "SELECT id, pattern, valid_from FROM hooktop.subscription"
               " WHERE tenant_id = $1 AND endpoint_id = $2 AND valid_to IS NULL ORDER BY pattern",
        .name = "subscriptions",
    };
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    return read_subscriptions(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}
