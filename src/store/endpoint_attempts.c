#include "hooktop/store/queue.h"

#include <stdlib.h>

#include "query.h"

#define TEXT_OF(x)   #x
#define NUMBER_OF(x) TEXT_OF(x)

/* The attempts of the endpoint's deliveries of a day, the newest first: one walk down its index, each with its own
 * attempts (OFFSET 0: never by reading all attempts that are kept). A retry of an older delivery is not among them. */
#define ATTEMPTS                                                                                                       \
    " FROM (SELECT d.id, d.tenant_id FROM hooktop.delivery d WHERE d.endpoint_id = $1 AND d.tenant_id = $2"            \
    " AND d.id >= hooktop.uuid_at(now() - interval '24 h') ORDER BY d.id DESC"                                         \
    " LIMIT " NUMBER_OF(                                                                                               \
        HT_HEALTH_MAX) ") d"                                                                                           \
                       " CROSS JOIN LATERAL (SELECT * FROM hooktop.attempt a WHERE a.delivery_id = d.id"               \
                       " AND a.tenant_id = d.tenant_id OFFSET 0) a"

/* One row: failures of a kind within an hour, or (error "") what succeeded in it. */
struct count {
    int32_t hour;
    enum ht_attempt_error error;
    int32_t status;
    int32_t n;
    int64_t last_at;
};
struct counts {
    struct count *rows;
    size_t n;
    bool more;
};

static void counts_fini(struct counts *l)
{
    free(l->rows);
    *l = (struct counts){0};
}
HT_LIST_READER(read_counts, counts)

/* $1 and $2 are the endpoint's and its tenant's ids. */
static void begin_select(struct ht_buf *sql, struct ht_params *p, const struct ht_endpoint *e,
                         const struct ht_col *cols, size_t n)
{
    ht_buf_init(sql, HT_SQL_MAX);
    ht_params_init(p);
    ht_put_uuid(p, &e->id);
    ht_put_uuid(p, &e->tenant_id);
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, cols, n);
}

static enum ht_rc read_latencies(struct ht_conn *c, const struct ht_endpoint *e, struct ht_endpoint_health *ret,
                                 struct ht_err *err)
{
#define AT(part) "coalesce(percentile_disc(" part ") WITHIN GROUP (ORDER BY a.total_us) FILTER (WHERE a.status > 0), 0)"
    static const struct ht_col cols[] = {
        HT_COL("count(*)", ht_endpoint_health, attempts, I64),
        HT_COL("count(*) FILTER (WHERE a.error = '')", ht_endpoint_health, ok, I64),
        HT_COL("count(DISTINCT a.delivery_id) >= " NUMBER_OF(HT_HEALTH_MAX), ht_endpoint_health, capped, BOOL),
        HT_COL(AT("0.5"), ht_endpoint_health, p50_us, I32),
        HT_COL(AT("0.95"), ht_endpoint_health, p95_us, I32),
        HT_COL(AT("0.99"), ht_endpoint_health, p99_us, I32),
        HT_COL("coalesce(max(a.total_us) FILTER (WHERE a.status > 0), 0)", ht_endpoint_health, max_us, I32),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    begin_select(&sql, &p, e, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, ATTEMPTS);
    const struct ht_stmt s = {.what = "endpoint health", .sql = sql.data, .name = "latencies"};
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof *ret, err);
}

static enum ht_rc count_by_hour(struct ht_conn *c, const struct ht_endpoint *e, struct counts *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("least(23, floor(extract(epoch FROM clock_timestamp() - a.at) / 3600))::int", count, hour, I32),
        HT_COL_OF_WORDS("a.error", count, error, ht_attempt_words),
        HT_COL("coalesce(a.status, 0)", count, status, I32),
        HT_COL("count(*)", count, n, I32),
        HT_COL("max(a.at)", count, last_at, TIME),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    begin_select(&sql, &p, e, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, ATTEMPTS " GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC");
    const struct ht_stmt s = {.what = "endpoint health", .sql = sql.data, .name = "by hour"};
    return read_counts(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

/* What was tried in vain is due later than what is new: at the far end of the index, however much waits. Not so where
 * order is strict, or a breaker has kept it back for long: there it is found while no more wait than are looked at. */
static enum ht_rc read_failed_most(struct ht_conn *c, const struct ht_endpoint *e, struct ht_endpoint_health *ret,
                                   struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("coalesce(max(o.attempts), 0)::int", ht_endpoint_health, failed_most, I32),
        HT_COL("(array_agg(o.due_at ORDER BY o.attempts DESC, o.due_at) FILTER (WHERE o.attempts > 0))[1]",
               ht_endpoint_health, failed_most_at, TIME),
    };
    struct ht_endpoint_health found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    begin_select(&sql, &p, e, cols, HT_COUNT(cols));
    ht_buf_adds(
        &sql,
        " FROM (SELECT w.attempts, coalesce(w.not_before, w.due_at) AS due_at FROM hooktop.tenant_webhook_outbox w"
        " WHERE w.endpoint_id = $1 AND w.tenant_id = $2 ORDER BY w.due_at DESC LIMIT " NUMBER_OF(HT_HEALTH_MAX) ") o");
    const struct ht_stmt s = {.what = "endpoint health", .sql = sql.data, .name = "failed most"};
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &found, sizeof found, err);
    ret->failed_most = found.failed_most;
    ret->failed_most_at = found.failed_most_at;
    return rc;
}

static void add_class(struct ht_endpoint_health *h, const struct count *c)
{
    for (int i = 0; i < h->n_classes; i++)
        if (h->classes[i].error == c->error && h->classes[i].status == c->status) {
            h->classes[i].count += c->n;
            if (h->classes[i].last_at < c->last_at)
                h->classes[i].last_at = c->last_at;
            return;
        }
    if (h->n_classes == HT_HEALTH_CLASSES)
        return; /* the frequent ones of the latest hours are in */
    h->classes[h->n_classes].error = c->error;
    h->classes[h->n_classes].status = c->status;
    h->classes[h->n_classes].count = c->n;
    h->classes[h->n_classes++].last_at = c->last_at;
}

enum ht_rc ht_store_endpoint_health(struct ht_conn *c, const struct ht_endpoint *e, struct ht_endpoint_health *ret,
                                    struct ht_err *err)
{
    struct ht_endpoint_health h = {0};
    HT_CLEANUP(counts_fini) struct counts counts = {0};
    enum ht_rc rc = read_latencies(c, e, &h, err);
    if (rc == HT_OK)
        rc = count_by_hour(c, e, &counts, err);
    if (rc == HT_OK)
        rc = read_failed_most(c, e, &h, err);
    if (rc != HT_OK)
        return rc;
    for (size_t i = 0; i < counts.n; i++) {
        const struct count *k = &counts.rows[i];
        if (k->hour < 0 || k->hour >= 24)
            continue;
        if (k->error == HT_ATTEMPT_NONE) {
            h.hours_ok[k->hour] += k->n;
            continue;
        }
        h.hours_failed[k->hour] += k->n;
        add_class(&h, k);
    }
    *ret = h;
    return HT_OK;
}
