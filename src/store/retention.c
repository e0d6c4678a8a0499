#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_partitions, ht_partitions)

enum ht_rc ht_store_partitions(struct ht_conn *c, struct ht_partitions *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("kind", ht_partition, kind, TEXT),         HT_COL("name", ht_partition, name, TEXT),
        HT_COL("from_at", ht_partition, from_at, TIME),   HT_COL("to_at", ht_partition, to_at, TIME),
        HT_COL("rows", ht_partition, rows, I64),          HT_COL("bytes", ht_partition, bytes, I64),
        HT_COL("drops_at", ht_partition, drops_at, TIME), HT_COL("pending", ht_partition, pending, I64),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM hooktop.partitions()");
    const struct ht_stmt s = {.what = "retention list", .sql = sql.data};
    return read_partitions(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_retention_set(struct ht_conn *c, const char *kind, int32_t keep_days, const char *reason,
                                  struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "retention set", .sql = "SELECT hooktop.retention_set($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, kind);
    ht_put_i32(&p, keep_days);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}
