#include "filter_sql.h"
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_whys, ht_whys)

enum ht_rc ht_store_why(struct ht_conn *c, const struct ht_event *v, const struct ht_uuid *endpoint,
                        struct ht_whys *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("w.tenant_id", ht_why, tenant_id, UUID),
        HT_COL("w.endpoint_id", ht_why, endpoint_id, UUID),
        HT_COL("w.url", ht_why, url, TEXT),
        HT_COL("nullif(n.description, '')", ht_why, description, TEXT),
        HT_COL("w.outcome", ht_why, outcome, TEXT),
        HT_COL("w.reason", ht_why, reason, TEXT),
        HT_COL("w.delivery_id", ht_why, delivery_id, UUID),
        HT_COL("w.redelivered", ht_why, redelivered, I32),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_put_uuid(&p, &v->id);
    ht_buf_adds(&sql, " FROM hooktop.why($1) w LEFT JOIN hooktop.endpoint n ON n.id = w.endpoint_id"
                      " AND n.tenant_id = w.tenant_id WHERE true");
    if (endpoint != NULL)
        ht_sql_uuid(&sql, &p, " AND w.endpoint_id = ", endpoint);
    ht_buf_adds(&sql, " ORDER BY w.delivery_id IS NULL, w.endpoint_id");
    const struct ht_stmt s = {.what = "why", .sql = sql.data};
    return read_whys(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}
