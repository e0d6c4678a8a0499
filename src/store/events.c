#include <string.h>
#include "filter_sql.h"
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_events, ht_events)

/* An event's deliveries are made in its own transaction, so their ids lie right behind its time: that bounds the
 * partitions to look into. */
#define DELIVERIES                                                                                                     \
    "(SELECT count(*) FROM hooktop.delivery d WHERE d.event_id = v.id AND d.tenant_id = v.tenant_id"                   \
    " AND d.redelivery_of IS NULL AND d.id >= hooktop.uuid_at(v.created_at)"                                           \
    " AND d.id < hooktop.uuid_at(v.created_at + interval '1 day'))"

#define COLUMNS                                                                                                        \
    HT_COL("v.id", ht_event, id, UUID), HT_COL("v.tenant_id", ht_event, tenant_id, UUID),                              \
        HT_COL("v.type", ht_event, type, TEXT), HT_COL("v.source", ht_event, source, TEXT),                            \
        HT_COL("v.performed_by", ht_event, performed_by, TEXT), HT_COL("v.event_name", ht_event, event_name, TEXT),    \
        HT_COL("v.workflow", ht_event, workflow, TEXT), HT_COL("v.key", ht_event, key, TEXT),                          \
        HT_COL("v.created_at", ht_event, created_at, TIME), HT_COL(DELIVERIES, ht_event, deliveries, I32)

static const struct ht_col list_cols[] = {COLUMNS};
static const struct ht_col one_cols[] = {COLUMNS, HT_COL_OF_BYTES("v.data", ht_event, data, data_len)};

static const struct ht_filter_column event_filter[] = {
    HT_FILTER_BY("", "v.type", "v.key", "v.event_name"),
    HT_FILTER_BY("type", "v.type"),
    HT_FILTER_BY("key", "v.key"),
    HT_FILTER_IN("v.tenant_id IN (SELECT t.id FROM hooktop.tenant t WHERE (", "tenant", "t.name"),
    HT_FILTER_BY("id", "v.id"),
    HT_FILTER_BY("contains", "v.data::text"),
    HT_FILTER_BY("source", "v.source"),
    HT_FILTER_BY("workflow", "v.workflow"),
    HT_FILTER_BY("deliveries", DELIVERIES),
    HT_FILTER_BY("after", "v.id"),
    HT_FILTER_BY("before", "v.id"),
    HT_FILTER_BY("on", "v.id"),
};

static void add_select(struct ht_buf *sql, const struct ht_col *cols, size_t n)
{
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, cols, n);
    ht_buf_adds(sql, " FROM hooktop.event v WHERE true");
}

enum ht_rc ht_store_events(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                           const struct ht_uuid *last, int32_t limit, struct ht_events *ret, struct ht_err *err)
{
    bool up = ht_filter_oldest_first(f);
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    add_select(&sql, list_cols, HT_COUNT(list_cols));
    if (tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND v.tenant_id = ", tenant);
    if (last != NULL)
        ht_sql_uuid(&sql, &p, up ? " AND v.id > " : " AND v.id < ", last);
    ht_filter_sql(f, event_filter, HT_COUNT(event_filter), &sql, &p);
    ht_buf_addf(&sql, " ORDER BY v.id %s LIMIT %d", up ? "ASC" : "DESC", (int)limit + 1);
    const struct ht_stmt s = {.what = "event list", .sql = sql.data};
    return read_events(c, &s, &p, list_cols, HT_COUNT(list_cols), limit, ret, err);
}

enum ht_rc ht_store_event_find(struct ht_conn *c, const char *id, struct ht_event *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_events_fini) struct ht_events found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    add_select(&sql, one_cols, HT_COUNT(one_cols));
    enum ht_rc rc = ht_sql_id_range(&sql, &p, " AND v.id", "event", id, err);
    ht_buf_adds(&sql, " LIMIT 2");
    const struct ht_stmt s = {.what = "event", .sql = sql.data};
    if (rc == HT_OK)
        rc = read_events(c, &s, &p, one_cols, HT_COUNT(one_cols), 0, &found, err);
    if (rc == HT_OK)
        rc = ht_check_found("event", id, found.n, err);
    if (rc != HT_OK)
        return rc;
    *ret = found.rows[0];
    found.rows[0] = (struct ht_event){0};
    return HT_OK;
}

struct emitted {
    struct ht_uuid event;
    int32_t deliveries;
};

enum ht_rc ht_store_emit(struct ht_conn *c, const struct ht_emit_input *in, struct ht_uuid *ret_event,
                         int32_t *ret_deliveries, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("event_id", emitted, event, UUID),
        HT_COL("deliveries", emitted, deliveries, I32),
    };
    static const struct ht_stmt s = {
        .what = "emit",
        .sql = "SELECT event_id, deliveries FROM hooktop.emit_counted($1, $2, $3, $4, $5, $6, $7, $8)",
        .name = "emit",
    };
    struct ht_uuid tenant;
    struct emitted e = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    if (!ht_uuid_parse(in->tenant, &tenant))
        return ht_fail(err, HT_USAGE, "emit", "hooktop tenant list shows the ids", "\"%.100s\" is no tenant's id",
                       in->tenant);
    ht_params_init(&p);
    ht_put_uuid(&p, &tenant);
    ht_put_text(&p, in->type);
    ht_put_json(&p, in->data, in->data_len);
    ht_put_text(&p, in->source);
    ht_put_text(&p, in->performed_by);
    ht_put_text(&p, in->event_name);
    ht_put_text(&p, in->workflow);
    ht_put_text(&p, in->key);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &e, sizeof(e), err);
    if (rc == HT_OK) {
        *ret_event = e.event;
        *ret_deliveries = e.deliveries;
    }
    return rc;
}

enum ht_rc ht_store_event_purge(struct ht_conn *c, const struct ht_event *v, const char *reason, int64_t *ret_bodies,
                                struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "bodies", .kind = HT_COL_I64}};
    static const struct ht_stmt s = {.what = "event purge", .sql = "SELECT hooktop.event_purge($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &v->tenant_id);
    ht_put_uuid(&p, &v->id);
    ht_put_text(&p, reason);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret_bodies, sizeof(*ret_bodies), err);
}
