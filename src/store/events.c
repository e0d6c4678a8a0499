#include <stdlib.h>
#include <string.h>
#include "hooktop/store/queries.h"
#include "log_page.h"
#include "query.h"

HT_LIST_READER(read_events, ht_events)

/* An event's deliveries are made in its own transaction, so their ids lie right behind its time: that bounds the
 * partitions to look into. */
#define DELIVERIES                                                                                                     \
    "(SELECT count(*) FROM hooktop.delivery x WHERE x.event_id = d.id AND x.tenant_id = d.tenant_id"                   \
    " AND x.redelivery_of IS NULL AND x.id >= hooktop.uuid_at(d.created_at)"                                           \
    " AND x.id < hooktop.uuid_at(d.created_at + interval '1 day'))"

#define COLUMNS                                                                                                        \
    HT_COL("d.id", ht_event, id, UUID), HT_COL("d.tenant_id", ht_event, tenant_id, UUID),                              \
        HT_COL("d.type", ht_event, type, TEXT), HT_COL("d.source", ht_event, source, TEXT),                            \
        HT_COL("d.performed_by", ht_event, performed_by, TEXT), HT_COL("d.event_name", ht_event, event_name, TEXT),    \
        HT_COL("d.workflow", ht_event, workflow, TEXT), HT_COL("d.key", ht_event, key, TEXT),                          \
        HT_COL("d.created_at", ht_event, created_at, TIME)

static const struct ht_col list_cols[] = {COLUMNS};
static const struct ht_col one_cols[] = {COLUMNS, HT_COL_OF_BYTES("d.data", ht_event, data, data_len)};

const struct ht_filter_column ht_event_filter[] = {
    HT_FILTER_BY("", "d.type", "d.key", "d.event_name"),
    HT_FILTER_BY("type", "d.type"),
    HT_FILTER_BY("key", "d.key"),
    HT_FILTER_IN("d.tenant_id IN (SELECT t.id FROM hooktop.tenant t WHERE (", "tenant", "t.name"),
    HT_FILTER_BY("id", "d.id"),
    HT_FILTER_BY("contains", "d.data::text"),
    HT_FILTER_BY("source", "d.source"),
    HT_FILTER_BY("workflow", "d.workflow"),
    HT_FILTER_BY("deliveries", DELIVERIES),
    HT_FILTER_BY("after", "d.id"),
    HT_FILTER_BY("before", "d.id"),
    HT_FILTER_BY("on", "d.id"),
};
const size_t ht_event_filter_len = HT_COUNT(ht_event_filter);

/* How many deliveries each event of a page has, all at once: a subquery for each event could not tell the planner which
 * partitions to leave out where row policies stand before it. */
struct delivered {
    struct ht_uuid event, tenant;
    int32_t n;
};
struct delivered_list {
    struct delivered *rows;
    size_t n;
    bool more;
};
static void delivered_list_fini(struct delivered_list *l)
{
    free(l->rows);
    *l = (struct delivered_list){0};
}
HT_LIST_READER(read_delivered, delivered_list)

static enum ht_rc ask_delivered(struct ht_conn *c, const struct ht_events *page, struct delivered_list *ret,
                                struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("d.event_id", delivered, event, UUID),
        HT_COL("d.tenant_id", delivered, tenant, UUID),
        HT_COL("count(*)", delivered, n, I32),
    };
    static const struct ht_stmt s = {
        .what = "event list",
        .sql = "SELECT d.event_id, d.tenant_id, count(*) FROM hooktop.delivery d WHERE d.event_id = ANY ($1)"
               " AND d.redelivery_of IS NULL AND d.id >= hooktop.uuid_at($2)"
               " AND d.id < hooktop.uuid_at($3 + interval '1 day') GROUP BY 1, 2 ORDER BY 1 DESC"};
    struct ht_params p HT_PARAMS_CLEANUP;
    int64_t first = INT64_MAX, last = 0;
    ht_params_init(&p);
    ht_put_array(&p, HT_PG_UUID, page->n);
    for (size_t i = 0; i < page->n; i++) {
        const struct ht_event *v = &page->rows[i];
        ht_put_uuid(&p, &v->id);
        first = v->created_at < first ? v->created_at : first;
        last = v->created_at > last ? v->created_at : last;
    }
    ht_put_time(&p, first);
    ht_put_time(&p, last);
    return read_delivered(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

/* The page is in the order of ids, from either end, or of one row. */
static enum ht_rc count_deliveries(struct ht_conn *c, struct ht_events *page, struct ht_err *err)
{
    HT_CLEANUP(delivered_list_fini) struct delivered_list l = {0};
    enum ht_rc rc = page->n > 0 ? ask_delivered(c, page, &l, err) : HT_OK;
    bool up = page->n > 1 && ht_uuid_cmp(&page->rows[0].id, &page->rows[page->n - 1].id) < 0;
    for (size_t k = 0, i = 0; k < page->n; k++) {
        struct ht_event *v = &page->rows[up ? page->n - 1 - k : k];
        while (i < l.n && ht_uuid_cmp(&l.rows[i].event, &v->id) > 0)
            i++;
        for (size_t same = i; same < l.n && ht_uuid_cmp(&l.rows[same].event, &v->id) == 0; same++) {
            if (ht_uuid_cmp(&l.rows[same].tenant, &v->tenant_id) == 0)
                v->deliveries = l.rows[same].n;
        }
    }
    return rc;
}

/* One look for the page. Returns in *ret_more whether a further one may find more. */
static enum ht_rc look_for_page(struct ht_conn *c, const struct ht_log_plan *plan, size_t look,
                                const struct ht_log_page *wanted, struct ht_events *ret, bool *ret_more,
                                struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, list_cols, HT_COUNT(list_cols));
    ht_buf_adds(&sql, " FROM ");
    *ret_more = ht_log_plan_sql(plan, look, &sql, &p);
    ht_buf_adds(&sql, wanted->oldest_first ? " d ORDER BY d.id" : " d ORDER BY d.id DESC");
    const struct ht_stmt s = {.what = "event list", .sql = sql.data};
    return read_events(c, &s, &p, list_cols, HT_COUNT(list_cols), wanted->rows - 1, ret, err);
}

enum ht_rc ht_store_events(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                           const struct ht_uuid *last, int32_t limit, struct ht_events *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_events_fini) struct ht_events page = {0};
    struct ht_log_plan *plan = NULL;
    bool up = ht_filter_oldest_first(f);
    const struct ht_log_page wanted = {.of = HT_LOG_OF_EVENTS,
                                       .tenant = tenant,
                                       .filter = f,
                                       .before = up ? NULL : last,
                                       .after = up ? last : NULL,
                                       .oldest_first = up,
                                       .rows = limit + 1};
    enum ht_rc rc = ht_log_plan_make(c, &wanted, &plan, err);
    bool more = true;
    for (size_t look = 0; rc == HT_OK && more && !page.more; look++) {
        ht_events_fini(&page);
        rc = look_for_page(c, plan, look, &wanted, &page, &more, err);
    }
    ht_log_plan_free(plan);
    if (rc == HT_OK)
        rc = count_deliveries(c, &page, err);
    if (rc != HT_OK)
        return rc;
    *ret = page;
    page = (struct ht_events){0};
    return HT_OK;
}

enum ht_rc ht_store_event_find(struct ht_conn *c, const char *id, struct ht_event *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_events_fini) struct ht_events found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, one_cols, HT_COUNT(one_cols));
    ht_buf_adds(&sql, " FROM hooktop.event d WHERE");
    enum ht_rc rc = ht_sql_id_range(&sql, &p, " d.id", "event", id, err);
    ht_buf_adds(&sql, " LIMIT 2");
    const struct ht_stmt s = {.what = "event", .sql = sql.data};
    if (rc == HT_OK)
        rc = read_events(c, &s, &p, one_cols, HT_COUNT(one_cols), 0, &found, err);
    if (rc == HT_OK)
        rc = ht_check_found("event", id, found.n, err);
    if (rc == HT_OK)
        rc = count_deliveries(c, &found, err);
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

enum ht_rc ht_store_event_deliver(struct ht_conn *c, const struct ht_event *v, const struct ht_uuid *endpoint,
                                  const char *reason, int32_t *ret_deliveries, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "deliveries", .kind = HT_COL_I32}};
    static const struct ht_stmt s = {.what = "event deliver", .sql = "SELECT hooktop.event_deliver($1, $2, $3, $4)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &v->tenant_id);
    ht_put_uuid(&p, &v->id);
    ht_put_uuid(&p, endpoint);
    ht_put_text(&p, reason);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret_deliveries, sizeof(*ret_deliveries), err);
}
