#include <stdlib.h>
#include "hooktop/store/queries.h"
#include "log_page.h"
#include "query.h"

/* Failures in groups, and what people say about them. What was said is kept of the finest groups, so that a row of any
 * grouping is what its parts are. */

#define STRINGIFY(x) #x
#define AS_TEXT(x)   STRINGIFY(x)
#define COUNTED(table)                                                                                                 \
    "(SELECT count(*) FROM (SELECT FROM hooktop." table " x WHERE x.tenant_id = g.tenant_id"                           \
    " AND x.endpoint_id = g.endpoint_id LIMIT " AS_TEXT(HT_FIGURE_MAX) ") x)"

HT_LIST_READER(read_groups, ht_failure_groups)

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
    HT_COL(COUNTED("tenant_webhook_outbox"), ht_failure_group, pending, I64),
    HT_COL(COUNTED("held"), ht_failure_group, held, I64),
    HT_COL_OF_WORDS("g.error", ht_failure_group, error, ht_attempt_words),
    HT_COL("g.code", ht_failure_group, code, I32),
    HT_COL_OF_WORDS("g.status", ht_failure_group, status, ht_delivery_words),
    HT_COL("g.n", ht_failure_group, count, I64),
    HT_COL("g.first_at", ht_failure_group, first_at, TIME),
    HT_COL("g.last_at", ht_failure_group, last_at, TIME),
    HT_COL("g.next_at", ht_failure_group, next_at, TIME),
    HT_COL("g.sample", ht_failure_group, sample_id, UUID),
    HT_COL_BY("g.trend", read_trend),
    HT_COL("g.acknowledged_at", ht_failure_group, acknowledged_at, TIME),
    HT_COL("g.acknowledged_by", ht_failure_group, acknowledged_by, TEXT),
    HT_COL("g.note", ht_failure_group, note, TEXT),
    HT_COL("g.muted_until", ht_failure_group, muted_until, TIME),
    HT_COL("g.parts", ht_failure_group, parts, I32),
    HT_COL("g.handled", ht_failure_group, handled, I32),
};

#define GROUP_TIE "concat(g.tenant_id, g.endpoint_id, g.error, g.code, g.status)"
static const char *const group_orders[HT_FAILURE_ORDER_COUNT] = {
    [HT_GROUPS_BY_COUNT] = "g.n",
    [HT_GROUPS_BY_ENDPOINT] = "coalesce(nullif(e.description, ''), e.shown_url, '')",
    [HT_GROUPS_BY_ERROR] = "coalesce(g.error, '')",
    [HT_GROUPS_BY_FIRST] = "coalesce(g.first_at, 'infinity')",
    [HT_GROUPS_BY_LAST] = "coalesce(g.last_at, '-infinity')",
    [HT_GROUPS_BY_NEXT] = "coalesce(g.next_at, 'infinity')",
};

/* What stands for a group's own values; the others' are not told apart. */
static const struct {
    const char *endpoint, *error, *code, *status;
} group_by[HT_FAILURE_BY_COUNT] = {
    [HT_FAILURES_BY_ALL] = {"f.endpoint_id", "f.error", "f.code", "f.status"},
    [HT_FAILURES_BY_ENDPOINT] = {"f.endpoint_id", "NULL::text", "NULL::int", "NULL::text"},
    [HT_FAILURES_BY_ERROR] = {"NULL::uuid", "f.error", "f.code", "NULL::text"},
};

/* Which failures: of a tenant (NULL: all), that a filter lets; `within` (NULL: all) names some of them. */
struct failures {
    const struct ht_uuid *tenant;
    const struct ht_filter *filter;
    int64_t trend_us;
    const struct ht_replay_what *within;
};

static void add_conditions(struct ht_buf *sql, struct ht_params *p, const struct failures *q)
{
    if (q->tenant != NULL)
        ht_sql_uuid(sql, p, " AND d.tenant_id = ", q->tenant);
    if (q->within != NULL && !ht_uuid_is_nil(&q->within->endpoint_id))
        ht_sql_uuid(sql, p, " AND d.endpoint_id = ", &q->within->endpoint_id);
    if (q->within != NULL && q->within->by_code) {
        ht_put_text(p, q->within->error);
        ht_buf_addf(sql, " AND coalesce(d.last_error, '') = $%d", p->n);
        ht_put_i32(p, q->within->code);
        ht_buf_addf(sql, " AND coalesce(d.last_status, 0) = $%d", p->n);
    }
    ht_filter_sql(q->filter, ht_delivery_filter, ht_delivery_filter_len, sql, p);
}

/* One pass: what fails alike within one slot of the trend. */
static void add_slots(struct ht_buf *sql, struct ht_params *p, const struct failures *q)
{
    ht_put_f64(p, q->trend_us > 0 ? (double)q->trend_us / HT_TREND / 1e6 : 3600.0);
    ht_buf_addf(sql,
                "(SELECT d.tenant_id, d.endpoint_id, coalesce(d.last_error, '') AS error, coalesce(d.last_status, 0) "
                "AS code, d.status, %d - least(%d, greatest(0, floor(extract(epoch FROM"
                " clock_timestamp() - coalesce(d.last_attempt_at, d.created_at)) / $%d)))::int AS slot, count(*) AS n,"
                " min(d.created_at) AS oldest_at, min(d.last_attempt_at) AS first_at, max(d.last_attempt_at) AS "
                "last_at, min(x.due_at) AS next_at, max(d.id::text COLLATE \"C\")::uuid AS sample FROM ",
                HT_TREND - 1, HT_TREND - 1, p->n);
    ht_log_failures_sql(q->tenant, q->filter, sql, p);
    /* each by its key (OFFSET 0): what this takes goes with how much fails, not with how much is kept */
    ht_buf_adds(sql, " x CROSS JOIN LATERAL (SELECT * FROM hooktop.delivery d WHERE d.id = x.delivery_id"
                     " AND d.tenant_id = x.tenant_id AND d.redelivered_as IS NULL"
                     " AND d.status IN ('ready', 'held', 'exhausted', 'quarantined')");
    add_conditions(sql, p, q);
    ht_buf_adds(sql, " OFFSET 0) d");
    ht_buf_adds(sql, " GROUP BY 1, 2, 3, 4, 5, 6)");
}

/* The finest groups, their slots side by side (t0, t1, ...), with what was said about each. */
static void add_finest(struct ht_buf *sql, struct ht_params *p, const struct failures *q)
{
    ht_buf_adds(sql, "(SELECT g.*, CASE WHEN m.acknowledged_at >= g.oldest_at THEN m.acknowledged_at END AS"
                     " acknowledged_at, m.acknowledged_by::text AS acknowledged_by, m.note,"
                     " CASE WHEN m.muted_until > clock_timestamp() THEN m.muted_until END AS muted_until"
                     " FROM (SELECT tenant_id, endpoint_id, error, code, status, sum(n) AS n, min(oldest_at) AS"
                     " oldest_at, min(first_at) AS first_at, max(last_at) AS last_at, min(next_at) AS next_at,"
                     " (array_agg(sample ORDER BY sample DESC))[1] AS sample");
    for (int i = 0; i < HT_TREND; i++)
        ht_buf_addf(sql, ", sum(n) FILTER (WHERE slot = %d) AS t%d", i, i);
    ht_buf_adds(sql, " FROM ");
    add_slots(sql, p, q);
    ht_buf_adds(sql, " s GROUP BY 1, 2, 3, 4, 5) g LEFT JOIN hooktop.failure_mark m ON m.tenant_id = g.tenant_id"
                     " AND m.endpoint_id = g.endpoint_id AND m.error = g.error AND m.code = g.code)");
}

/* A row of several of them is acknowledged or muted when all of these are. */
static void add_groups(struct ht_buf *sql, struct ht_params *p, const struct failures *q, enum ht_failure_by by)
{
    ht_buf_addf(
        sql,
        "(SELECT f.tenant_id, %s AS endpoint_id, %s AS error, %s AS code, %s AS status, sum(f.n)::bigint AS n,"
        " min(f.first_at) AS first_at, max(f.last_at) AS last_at, min(f.next_at) AS next_at,"
        " (array_agg(f.sample ORDER BY f.sample DESC))[1] AS sample, count(*) AS parts,"
        " count(coalesce(f.acknowledged_at, f.muted_until)) AS handled,"
        " CASE WHEN bool_and(f.acknowledged_at IS NOT NULL) THEN max(f.acknowledged_at) END AS acknowledged_at,"
        " CASE WHEN count(DISTINCT f.acknowledged_by) = 1 THEN min(f.acknowledged_by) END AS acknowledged_by,"
        " CASE WHEN count(DISTINCT f.note) = 1 THEN min(f.note) END AS note,"
        " CASE WHEN bool_and(f.muted_until IS NOT NULL) THEN min(f.muted_until) END AS muted_until, concat_ws(' '",
        group_by[by].endpoint, group_by[by].error, group_by[by].code, group_by[by].status);
    for (int i = 0; i < HT_TREND; i++)
        ht_buf_addf(sql, ", '%d:' || sum(f.t%d)", i, i);
    ht_buf_adds(sql, ") AS trend FROM ");
    add_finest(sql, p, q);
    ht_buf_adds(sql, " f GROUP BY 1, 2, 3, 4, 5) g");
}

enum ht_rc ht_store_failure_groups(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                   int64_t trend_us, enum ht_failure_by by, int32_t limit,
                                   struct ht_failure_groups *ret, struct ht_err *err)
{
    const struct failures q = {.tenant = tenant, .filter = f, .trend_us = trend_us};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, group_cols, HT_COUNT(group_cols));
    ht_buf_adds(&sql, " FROM ");
    add_groups(&sql, &p, &q, by);
    ht_buf_adds(&sql, " LEFT JOIN hooktop.endpoint e ON e.id = g.endpoint_id AND e.tenant_id = g.tenant_id"
                      " LEFT JOIN hooktop.tenant t ON t.id = g.tenant_id");
    ht_filter_order_sql(f, group_orders, GROUP_TIE, "g.muted_until IS NOT NULL, g.n DESC, g.last_at DESC", &sql);
    if (limit > 0)
        ht_buf_addf(&sql, " LIMIT %d", (int)limit + 1);
    const struct ht_stmt s = {.what = "delivery groups", .sql = sql.data};
    return read_groups(c, &s, &p, group_cols, HT_COUNT(group_cols), limit, ret, err);
}

/* Marks ---------------------------------------------------------------------------------------------------------------
 */

/* `call` is the function with $1, the tenant, and the arrays a.e, a.r and a.c; `which` of the finest groups it is for.
 */
static enum ht_rc mark(struct ht_conn *c, const struct ht_failures_said *said, const char *which, const char *call,
                       struct ht_params *p, struct ht_marked *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("x.change", ht_marked, change, UUID),
        HT_COL("x.marked", ht_marked, groups, I64),
    };
    const struct failures q = {
        .tenant = &said->what->tenant_id, .filter = said->filter, .within = said->what, .trend_us = 0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT x.change, x.marked FROM (SELECT array_agg(k.endpoint_id) AS e, array_agg(k.error) AS r,"
                      " array_agg(k.code) AS c FROM (SELECT DISTINCT f.endpoint_id, f.error, f.code FROM ");
    add_finest(&sql, p, &q);
    ht_buf_addf(&sql, " f WHERE %s) k) a, hooktop.%s x", which, call);
    const struct ht_stmt s = {.what = "failure", .sql = sql.data};
    return ht_conn_one(c, &s, p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

enum ht_rc ht_store_failure_acknowledge(struct ht_conn *c, const struct ht_failures_said *said, bool on,
                                        struct ht_marked *ret, struct ht_err *err)
{
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &said->what->tenant_id);
    ht_put_bool(&p, on);
    ht_put_text(&p, said->reason);
    return mark(c, said, on ? "f.acknowledged_at IS NULL" : "f.acknowledged_at IS NOT NULL",
                "failure_acknowledge($1, a.e, a.r, a.c, $2, $3)", &p, ret, err);
}

enum ht_rc ht_store_failure_mute(struct ht_conn *c, const struct ht_failures_said *said, int64_t for_ms,
                                 struct ht_marked *ret, struct ht_err *err)
{
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &said->what->tenant_id);
    ht_put_i64(&p, for_ms);
    ht_put_text(&p, said->reason);
    return mark(c, said,
                for_ms > 0 ? "f.muted_until IS NULL OR f.muted_until < clock_timestamp() + $2 * interval '1 ms'"
                           : "f.muted_until IS NOT NULL",
                "failure_mute($1, a.e, a.r, a.c, $2, $3)", &p, ret, err);
}

enum ht_rc ht_store_failure_restore(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *change,
                                    const char *reason, int64_t *ret_groups, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "failure_restore", .kind = HT_COL_I64}};
    static const struct ht_stmt s = {.what = "undo", .sql = "SELECT hooktop.failure_restore($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, change);
    ht_put_text(&p, reason);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret_groups, sizeof(*ret_groups), err);
}
