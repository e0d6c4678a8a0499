#include "log_page.h"
#include <stdlib.h>
#include <string.h>
#include "hooktop/model/records.h"

/* So many keys are looked up one by one, each in its own index order; what means more is common, and found by looking.
 */
#define KEYS_MAX 64

/* Leased is seen in the outbox, never written to the delivery. */
#define STATUS                                                                                                         \
    "CASE WHEN d.status = 'ready' AND EXISTS (SELECT FROM hooktop.tenant_webhook_outbox o"                             \
    " WHERE o.tenant_id = d.tenant_id AND o.delivery_id = d.id AND o.lease_until > clock_timestamp())"                 \
    " THEN 'leased' ELSE d.status END"

#define OF_ENDPOINTS "d.endpoint_id IN (SELECT e.id FROM hooktop.endpoint e WHERE ("
const struct ht_filter_column ht_delivery_filter[] = {
    HT_FILTER_BY("", "d.type"),
    HT_FILTER_IN(OF_ENDPOINTS, "", "e.description", "e.url"),
    HT_FILTER_IN(OF_ENDPOINTS, "endpoint", "e.description", "e.url", "e.id::text"),
    HT_FILTER_BY("status", STATUS),
    HT_FILTER_BY("code", "d.last_status"),
    HT_FILTER_BY("type", "d.type"),
    HT_FILTER_IN(OF_ENDPOINTS, "profile", "e.profile"),
    HT_FILTER_BY("error", "d.last_error"),
    HT_FILTER_BY("id", "d.id"),
    HT_FILTER_BY("event", "d.event_id"),
    HT_FILTER_IN("d.tenant_id IN (SELECT t.id FROM hooktop.tenant t WHERE (", "tenant", "t.name"),
    HT_FILTER_BY("attempts", "d.attempts"),
    HT_FILTER_BY("latency", "d.last_duration_ms"),
    HT_FILTER_BY("after", "d.id"),
    HT_FILTER_BY("before", "d.id"),
    HT_FILTER_BY("on", "d.id"),
};
const size_t ht_delivery_filter_len = HT_COUNT(ht_delivery_filter);

/* What stands in an index in the order of ids, so that the newest of each key are found without looking at others. */
enum dimension { TENANT, ENDPOINT, TYPE, DIMENSIONS };
static const struct {
    const char *field;  /* of the filter */
    const char *column; /* of the delivery */
    enum ht_pg_type type;
    const char *keys; /* finds them; the filter's condition follows */
    struct ht_filter_column by;
} dimensions[DIMENSIONS] = {
    [TENANT] = {"tenant", "tenant_id", HT_PG_UUID, "SELECT t.id::text FROM hooktop.tenant t WHERE true",
                HT_FILTER_BY("tenant", "t.name")},
    [ENDPOINT] = {"endpoint", "endpoint_id", HT_PG_UUID, "SELECT e.id::text FROM hooktop.endpoint e WHERE true",
                  HT_FILTER_BY("endpoint", "e.description", "e.url", "e.id::text")},
    [TYPE] = {"type", "type", HT_PG_TEXT, "SELECT DISTINCT y.name FROM hooktop.event_type y WHERE true",
              HT_FILTER_BY("type", "y.name")},
};

struct keys {
    bool bound; /* only these */
    size_t n;
    char *values[KEYS_MAX];
};
struct plan {
    const struct ht_log_page *page;
    struct ht_filter rest; /* the terms that no key and no list stands for; borrowed from the page's */
    struct keys keys[DIMENSIONS];
    unsigned wanted; /* set of statuses */
};

static void plan_fini(struct plan *l)
{
    for (int d = 0; d < DIMENSIONS; d++) {
        for (size_t i = 0; i < l->keys[d].n; i++)
            free(l->keys[d].values[i]);
    }
}

/* keys ------------------------------------------------------------------------------------------------------------- */

static enum ht_rc read_keys(struct ht_conn *c, enum dimension d, const char *sql, struct ht_params *p, struct keys *ret,
                            struct ht_err *err)
{
    const struct ht_stmt s = {.what = "delivery list", .sql = sql};
    struct ht_uuid id;
    HT_RESULT_CLEANUP PGresult *r = NULL;
    enum ht_rc rc = ht_conn_query(c, &s, p, &r, err);
    if (rc != HT_OK || PQntuples(r) > KEYS_MAX)
        return rc;
    ret->bound = true;
    ret->n = (size_t)PQntuples(r);
    for (size_t i = 0; i < ret->n; i++)
        ret->values[i] = ht_strndup(PQgetvalue(r, (int)i, 0), (size_t)PQgetlength(r, (int)i, 0));
    for (size_t i = 0; i < ret->n && dimensions[d].type == HT_PG_UUID; i++) {
        if (!ht_uuid_parse(ret->values[i], &id))
            return ht_fail(err, HT_FAILED, s.what, "look at what answers for this database: PostgreSQL does not",
                           "an id of the %s in the answer is none", dimensions[d].field);
    }
    return rc;
}

/* The keys that a term means; too many: the term stays a condition. */
static enum ht_rc find_keys(struct ht_conn *c, enum dimension d, const struct ht_filter_term *t, struct keys *ret,
                            struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    const struct ht_filter alone = {.n = 1, .terms = {*t}};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, dimensions[d].keys);
    ht_filter_sql(&alone, &dimensions[d].by, 1, &sql, &p);
    ht_buf_addf(&sql, " LIMIT %d", KEYS_MAX + 1);
    return read_keys(c, d, sql.data, &p, ret, err);
}

/* Whom the row policies bind to some tenants is given their rows by these tenants, not by looking at all. */
static enum ht_rc find_tenants(struct ht_conn *c, struct keys *ret, struct ht_err *err)
{
    static const char sql[] = "SELECT t.t::text FROM hooktop.my_tenants() t (t) WHERE NOT hooktop.sees_all() LIMIT 65";
    enum ht_rc rc = read_keys(c, TENANT, sql, NULL, ret, err);
    ret->bound = ret->n > 0;
    return rc;
}

static void keep_term(struct plan *l, const struct ht_filter_term *t)
{
    l->rest.terms[l->rest.n++] = *t;
}

static unsigned statuses_of(const struct ht_filter_term *t)
{
    unsigned set = 0;
    for (size_t i = 0; i < t->n_values; i++) {
        int word = ht_word_find(ht_delivery_words, HT_DELIVERY_STATUS_COUNT, t->values[i]);
        set |= word >= 0 ? 1u << word : 0;
    }
    return t->negated ? ~set : set;
}

static enum ht_rc take_term(struct ht_conn *c, const struct ht_filter_term *t, struct plan *l, struct ht_err *err)
{
    const char *name = t->field != NULL ? t->field->name : "";
    if (strcmp(name, "status") == 0)
        l->wanted &= statuses_of(t);
    for (int d = 0; d < DIMENSIONS; d++) {
        struct keys *k = &l->keys[d];
        if (strcmp(name, dimensions[d].field) != 0 || t->negated || t->regex || k->bound)
            continue;
        enum ht_rc rc = find_keys(c, (enum dimension)d, t, k, err);
        if (rc != HT_OK || k->bound)
            return rc;
    }
    keep_term(l, t);
    return HT_OK;
}

static enum ht_rc make_plan(struct ht_conn *c, const struct ht_log_page *page, struct plan *l, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    l->page = page;
    l->wanted = ~0u;
    if (page->tenant != NULL) {
        char id[HT_UUID_TEXT];
        ht_uuid_format(page->tenant, id);
        l->keys[TENANT] = (struct keys){.bound = true, .n = 1, .values = {ht_strdup(id)}};
    }
    for (size_t i = 0; rc == HT_OK && page->filter != NULL && i < page->filter->n; i++)
        rc = take_term(c, &page->filter->terms[i], l, err);
    if (rc == HT_OK && !l->keys[TENANT].bound && !l->keys[ENDPOINT].bound)
        rc = find_tenants(c, &l->keys[TENANT], err);
    return rc;
}

/* SQL -------------------------------------------------------------------------------------------------------------- */

static void add_bounds(const struct plan *l, const char *id, struct ht_buf *sql, struct ht_params *p)
{
    const struct ht_uuid *const bounds[] = {l->page->before, l->page->after};
    for (int after = 0; after < 2; after++) {
        if (bounds[after] == NULL)
            continue;
        ht_put_uuid(p, bounds[after]);
        ht_buf_addf(sql, " AND %s %s $%d", id, after ? ">" : "<", p->n);
    }
}

/* Times bound the lists too, not only the deliveries they lead to. */
static void add_times(const struct plan *l, const char *id, struct ht_buf *sql, struct ht_params *p)
{
    struct ht_filter times = {0};
    const struct ht_filter_column columns[] = {
        {.field = "after", .exprs = {id}}, {.field = "before", .exprs = {id}}, {.field = "on", .exprs = {id}}};
    for (size_t i = 0; i < l->rest.n; i++) {
        const struct ht_filter_term *t = &l->rest.terms[i];
        if (t->field != NULL && t->field->kind == HT_FILTER_TIME)
            times.terms[times.n++] = *t;
    }
    ht_filter_sql(&times, columns, HT_COUNT(columns), sql, p);
}

static void put_keys(const struct keys *k, enum ht_pg_type type, struct ht_params *p)
{
    ht_put_array(p, type, k->n);
    for (size_t i = 0; i < k->n; i++) {
        struct ht_uuid id = {0};
        if (type == HT_PG_TEXT)
            ht_put_text(p, k->values[i]);
        else if (ht_uuid_parse(k->values[i], &id)) /* always: read_keys refuses any other */
            ht_put_uuid(p, &id);
    }
}

/* One row per list that the wanted statuses have: what did not succeed stands in one. */
static const struct {
    unsigned statuses;
    const char *from; /* with the alias x */
} lists[] = {
    {1u << HT_DELIVERY_EXHAUSTED, "hooktop.ended x WHERE x.status = 'exhausted'"},
    {1u << HT_DELIVERY_QUARANTINED, "hooktop.ended x WHERE x.status = 'quarantined'"},
    {1u << HT_DELIVERY_CANCELLED, "hooktop.ended x WHERE x.status = 'cancelled'"},
    {1u << HT_DELIVERY_HELD, "hooktop.held x WHERE true"},
    {1u << HT_DELIVERY_READY | 1u << HT_DELIVERY_LEASED, "hooktop.tenant_webhook_outbox x WHERE true"},
};

static void add_lists(const struct plan *l, struct ht_buf *sql, struct ht_params *p)
{
    const char *separator = "";
    int key_param[DIMENSIONS] = {0};
    for (int d = TENANT; d <= ENDPOINT; d++) {
        if (!l->keys[d].bound)
            continue;
        put_keys(&l->keys[d], dimensions[d].type, p);
        key_param[d] = p->n;
    }
    for (size_t i = 0; i < HT_COUNT(lists); i++) {
        if ((l->wanted & lists[i].statuses) == 0)
            continue;
        ht_buf_addf(sql, "%sSELECT x.delivery_id, x.tenant_id FROM %s", separator, lists[i].from);
        separator = " UNION ALL ";
        for (int d = TENANT; d <= ENDPOINT; d++) {
            if (key_param[d] > 0 && l->keys[d].n == 1)
                ht_buf_addf(sql, " AND x.%s = $%d[1]", dimensions[d].column, key_param[d]);
            else if (key_param[d] > 0)
                ht_buf_addf(sql, " AND x.%s = ANY ($%d)", dimensions[d].column, key_param[d]);
        }
        add_bounds(l, "x.delivery_id", sql, p);
        add_times(l, "x.delivery_id", sql, p);
    }
    if (separator[0] == '\0')
        ht_buf_adds(sql, "SELECT NULL::uuid AS delivery_id, NULL::uuid AS tenant_id WHERE false");
}

static void add_conditions(const struct plan *l, bool bounds, struct ht_buf *sql, struct ht_params *p)
{
    if (bounds)
        add_bounds(l, "d.id", sql, p);
    ht_filter_sql(&l->rest, ht_delivery_filter, ht_delivery_filter_len, sql, p);
}

/* By the lists of what waits or ended badly, newest first, each row looked up. */
static void by_lists(const struct plan *l, struct ht_buf *sql, struct ht_params *p)
{
    ht_buf_adds(sql, "(SELECT d.* FROM (SELECT * FROM (");
    add_lists(l, sql, p);
    ht_buf_adds(sql, ") x ORDER BY x.delivery_id DESC OFFSET 0) x CROSS JOIN LATERAL (SELECT * FROM hooktop.delivery d"
                     " WHERE d.id = x.delivery_id AND d.tenant_id = x.tenant_id");
    if (l->keys[TYPE].bound) {
        put_keys(&l->keys[TYPE], HT_PG_TEXT, p);
        ht_buf_addf(sql, " AND d.type = ANY ($%d)", p->n);
    }
    add_conditions(l, false, sql, p);
    ht_buf_addf(sql, " OFFSET 0) d ORDER BY x.delivery_id DESC LIMIT %d)", (int)l->page->rows);
}

/* The newest of each combination of keys, and of those the newest. */
static void by_keys(const struct plan *l, struct ht_buf *sql, struct ht_params *p)
{
    int n = 0;
    ht_buf_adds(sql, "(SELECT d.* FROM ");
    for (int d = 0; d < DIMENSIONS; d++) {
        if (!l->keys[d].bound)
            continue;
        put_keys(&l->keys[d], dimensions[d].type, p);
        ht_buf_addf(sql, "%sunnest($%d) k%d (k)", n++ > 0 ? " CROSS JOIN " : "", p->n, d);
    }
    ht_buf_adds(sql, n > 0 ? " CROSS JOIN LATERAL " : "");
    ht_buf_adds(sql, "(SELECT * FROM hooktop.delivery d WHERE true");
    for (int d = 0; d < DIMENSIONS; d++) {
        if (l->keys[d].bound)
            ht_buf_addf(sql, " AND d.%s = k%d.k", dimensions[d].column, d);
    }
    add_conditions(l, true, sql, p);
    ht_buf_addf(sql, " ORDER BY d.id DESC LIMIT %d) d ORDER BY d.id DESC LIMIT %d)", (int)l->page->rows,
                (int)l->page->rows);
}

enum ht_rc ht_log_page_sql(struct ht_conn *c, const struct ht_log_page *page, struct ht_buf *sql, struct ht_params *p,
                           struct ht_err *err)
{
    HT_CLEANUP(plan_fini) struct plan l = {0};
    enum ht_rc rc = make_plan(c, page, &l, err);
    if (rc != HT_OK)
        return rc;
    if ((l.wanted & 1u << HT_DELIVERY_SUCCEEDED) == 0)
        by_lists(&l, sql, p);
    else
        by_keys(&l, sql, p);
    return HT_OK;
}

void ht_log_failures_sql(struct ht_buf *sql)
{
    ht_buf_adds(sql, "(SELECT x.delivery_id, x.tenant_id FROM hooktop.ended x WHERE x.status <> 'cancelled'"
                     " UNION ALL SELECT x.delivery_id, x.tenant_id FROM hooktop.held x WHERE x.attempts > 0"
                     " UNION ALL SELECT x.delivery_id, x.tenant_id FROM hooktop.tenant_webhook_outbox x"
                     " WHERE x.attempts > 0)");
}
