#include <string.h>
#include "filter_sql.h"
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_types, ht_event_types)

/* A type belongs to the tenants of its profile; their endpoints are subscribed to it by any pattern that matches.
 * Counted for all types in one pass: the subscriptions are many. */
#define TYPES                                                                                                          \
    "(SELECT y.*, coalesce(c.n, 0) AS subscriptions FROM hooktop.event_type y LEFT JOIN ("                             \
    "SELECT p.tenant_id, p.profile, p.name, count(DISTINCT s.endpoint_id) AS n FROM hooktop.subscription s"            \
    " JOIN hooktop.tenant n ON n.id = s.tenant_id"                                                                     \
    " JOIN (SELECT y.tenant_id, y.profile, y.name, unnest(hooktop.patterns_of(y.name)) AS pattern"                     \
    " FROM hooktop.event_type y) p ON p.pattern = s.pattern AND p.profile = n.profile"                                 \
    " AND p.tenant_id IN (s.tenant_id, '00000000-0000-0000-0000-000000000000')"                                        \
    " WHERE s.valid_to IS NULL GROUP BY 1, 2, 3) c"                                                                    \
    " ON c.tenant_id = y.tenant_id AND c.profile = y.profile AND c.name = y.name) y"
#define SUBSCRIPTIONS "y.subscriptions"

static const struct ht_col type_cols[] = {
    HT_COL("y.profile", ht_event_type, profile, TEXT),
    HT_COL("y.name", ht_event_type, name, TEXT),
    HT_COL_OF_WORDS("y.state", ht_event_type, state, ht_type_words),
    HT_COL("y.description", ht_event_type, description, TEXT),
    HT_COL("y.contract", ht_event_type, contract, TEXT),
    HT_COL("y.sample", ht_event_type, sample, TEXT),
    HT_COL(SUBSCRIPTIONS, ht_event_type, subscriptions, I64),
};

static const struct ht_filter_column type_filter[] = {
    HT_FILTER_BY("", "y.name", "y.description", "y.profile"),
    HT_FILTER_BY("name", "y.name"),
    HT_FILTER_BY("profile", "y.profile"),
    HT_FILTER_BY("state", "y.state"),
    HT_FILTER_BY("description", "y.description"),
    HT_FILTER_BY("subscriptions", SUBSCRIPTIONS),
};

static const char *const type_orders[HT_TYPE_ORDER_COUNT] = {
    [HT_TYPES_BY_NAME] = "y.name",
    [HT_TYPES_BY_PROFILE] = "y.profile",
    [HT_TYPES_BY_STATE] = "y.state",
    [HT_TYPES_BY_SUBSCRIPTIONS] = SUBSCRIPTIONS,
};

enum ht_rc ht_store_types(struct ht_conn *c, const struct ht_filter *f, struct ht_event_types *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, type_cols, HT_COUNT(type_cols));
    ht_buf_adds(&sql, " FROM " TYPES " WHERE true");
    ht_filter_sql(f, type_filter, HT_COUNT(type_filter), &sql, &p);
    ht_filter_order_sql(f, type_orders, "y.profile || ' ' || y.name || y.tenant_id", "y.profile, y.name", &sql);
    const struct ht_stmt s = {.what = "type list", .sql = sql.data};
    return read_types(c, &s, &p, type_cols, HT_COUNT(type_cols), 0, ret, err);
}

static void put_json(struct ht_params *p, const char *json)
{
    ht_put_json(p, json, json != NULL ? strlen(json) : 0);
}

enum ht_rc ht_store_type_add(struct ht_conn *c, const struct ht_uuid *tenant, const char *name, const char *description,
                             const char *contract, const char *sample, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "type add", .sql = "SELECT hooktop.type_add($1, $2, $3, $4, $5)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_text(&p, name);
    ht_put_text(&p, description);
    put_json(&p, contract);
    put_json(&p, sample);
    return ht_conn_do(c, &s, &p, err);
}
