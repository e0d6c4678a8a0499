#include "log_page.h"
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
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
    HT_FILTER_IN(OF_ENDPOINTS, "", "e.description", "e.shown_url"),
    HT_FILTER_IN(OF_ENDPOINTS, "endpoint", "e.description", "e.shown_url", "e.id::text"),
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

/* What stands in an index in the order of ids, so that the first of each key, from either end, are found without
 * looking at others. */
enum dimension { TENANT, ENDPOINT, TYPE, DIMENSIONS };
static const struct {
    const char *field;  /* of the filter */
    const char *column; /* of the delivery */
    enum ht_pg_type type;
    const char *keys; /* finds them; the filter's condition follows */
    struct ht_filter_column by;
    struct ht_filter_column word; /* a bare word may mean them */
} dimensions[DIMENSIONS] = {
    [TENANT] = {"tenant",
                "tenant_id",
                HT_PG_UUID,
                "SELECT t.id::text FROM hooktop.tenant t WHERE true",
                HT_FILTER_BY("tenant", "t.name"),
                {.field = NULL}},
    [ENDPOINT] = {"endpoint", "endpoint_id", HT_PG_UUID, "SELECT e.id::text FROM hooktop.endpoint e WHERE true",
                  HT_FILTER_BY("endpoint", "e.description", "e.shown_url", "e.id::text"),
                  HT_FILTER_BY("", "e.description", "e.shown_url")},
    [TYPE] = {"type", "type", HT_PG_TEXT, "SELECT DISTINCT y.name FROM hooktop.event_type y WHERE true",
              HT_FILTER_BY("type", "y.name"), HT_FILTER_BY("", "y.name")},
};

/* Which index leads to the newest, or the oldest, of each combination of keys; the first that fits. */
#define LEADS_MAX 4
struct lead {
    unsigned keyed;      /* set of dimensions: the columns before the id; 0: there is none */
    enum dimension last; /* the one right before it */
};
static const struct {
    const char *table;
    const struct ht_filter_column *filter;
    const size_t *filter_len;
    struct lead leads[LEADS_MAX];
} logs[] = {
    [HT_LOG_OF_DELIVERIES] =
        {"hooktop.delivery",
         ht_delivery_filter,
         &ht_delivery_filter_len,
         {{1u << ENDPOINT, ENDPOINT}, {1u << TENANT | 1u << TYPE, TYPE}, {1u << TENANT, TENANT}, {1u << TYPE, TYPE}}},
    [HT_LOG_OF_EVENTS] = {"hooktop.event",
                          ht_event_filter,
                          &ht_event_filter_len,
                          {{1u << TENANT, TENANT}, {1u << TYPE, TYPE}}},
};

/* How far from where the page begins is looked at first, and then (0: all the way). A statement over few partitions is
 * planned in a fraction of the time that all of them take, and most pages lie within a day. */
static const int looks_days[] = {1, 7, 0};

struct keys {
    bool bound; /* only these */
    size_t n;
    char *values[KEYS_MAX];
};
struct ht_log_plan {
    const struct ht_log_page *page;
    struct ht_filter rest; /* the terms that no key and no list stands for; borrowed from the page's */
    struct keys keys[DIMENSIONS];
    unsigned wanted; /* set of statuses */
    int64_t now_us;
};

static void free_keys(struct keys *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->values[i]);
}

void ht_log_plan_free(struct ht_log_plan *l)
{
    for (int d = 0; l != NULL && d < DIMENSIONS; d++)
        free_keys(&l->keys[d]);
    free(l);
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
static enum ht_rc find_keys(struct ht_conn *c, enum dimension d, const struct ht_filter_term *t,
                            const struct ht_filter_column *by, struct keys *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    const struct ht_filter alone = {.n = 1, .terms = {*t}};
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, dimensions[d].keys);
    ht_filter_sql(&alone, by, 1, &sql, &p);
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

static void keep_term(struct ht_log_plan *l, const struct ht_filter_term *t)
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

/* What these cannot be with: a delivery that succeeded has an answer of 2xx, and no error. */
static bool is_of_failures(const struct ht_filter_term *t)
{
    const char *name = t->field != NULL ? t->field->name : "";
    bool by_code = strcmp(name, "code") == 0, by_error = strcmp(name, "error") == 0;
    for (size_t i = 0; i < t->n_values; i++) {
        if (by_code && t->ranges[i].lo < 300 && t->ranges[i].hi >= 200)
            return false;
        if (by_error && t->values[i][0] == '\0')
            return false;
    }
    return (by_code || by_error) && !t->negated;
}

/* A word that names endpoints alone, types alone or nothing leads to the rows as endpoint: and type: do. */
static enum ht_rc take_word(struct ht_conn *c, const struct ht_filter_term *t, struct ht_log_plan *l,
                            struct ht_err *err)
{
    struct keys found[DIMENSIONS] = {0};
    enum ht_rc rc = HT_OK;
    int by = -1;
    for (int d = ENDPOINT; rc == HT_OK && d <= TYPE; d++)
        rc = find_keys(c, (enum dimension)d, t, &dimensions[d].word, &found[d], err);
    if (rc == HT_OK && found[ENDPOINT].bound && found[TYPE].bound)
        by = found[TYPE].n == 0 ? ENDPOINT : found[ENDPOINT].n == 0 ? TYPE : -1;
    if (by >= 0 && !l->keys[by].bound) {
        l->keys[by] = found[by];
        found[by].n = 0;
    } else {
        keep_term(l, t);
    }
    for (int d = 0; d < DIMENSIONS; d++)
        free_keys(&found[d]);
    return rc;
}

static enum ht_rc take_term(struct ht_conn *c, const struct ht_filter_term *t, struct ht_log_plan *l,
                            struct ht_err *err)
{
    const char *name = t->field != NULL ? t->field->name : "";
    if (strcmp(name, "status") == 0)
        l->wanted &= statuses_of(t);
    else if (is_of_failures(t))
        l->wanted &= ~(1u << HT_DELIVERY_SUCCEEDED);
    if (name[0] == '\0' && !t->negated && l->page->of == HT_LOG_OF_DELIVERIES)
        return take_word(c, t, l, err);
    for (int d = 0; d < DIMENSIONS; d++) {
        struct keys *k = &l->keys[d];
        if (strcmp(name, dimensions[d].field) != 0 || t->negated || t->regex || k->bound)
            continue;
        enum ht_rc rc = find_keys(c, (enum dimension)d, t, &dimensions[d].by, k, err);
        if (rc != HT_OK || k->bound)
            return rc;
    }
    keep_term(l, t);
    return HT_OK;
}

enum ht_rc ht_log_plan_make(struct ht_conn *c, const struct ht_log_page *page, struct ht_log_plan **ret,
                            struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    struct ht_log_plan *l = *ret = ht_alloc(1, sizeof(*l));
    l->page = page;
    l->wanted = ~0u;
    l->now_us = ht_wall_us();
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

/* What a statement looks at: ids between these two, both left out. */
struct span {
    struct ht_uuid from, to;
    int from_param, to_param;
};

static int64_t id_us(const struct ht_uuid *id)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->b[i];
    return ms * 1000;
}

static void set_ms(struct ht_uuid *id, int64_t ms)
{
    for (int i = 0; i < 6; i++)
        id->b[i] = (uint8_t)(ms >> (40 - 8 * i));
}

/* Where the look ends; false: nowhere before the page's own bound. Where the oldest row lies nobody knows, so a first
 * page that begins with it looks at all there is. */
static bool look_ends(const struct ht_log_plan *l, size_t look, int64_t *ret_ms)
{
    const struct ht_log_page *page = l->page;
    const int64_t span_ms = looks_days[look] * INT64_C(86400000);
    if (look + 1 == HT_COUNT(looks_days) || (page->oldest_first && page->after == NULL))
        return false;
    if (page->oldest_first)
        *ret_ms = id_us(page->after) / 1000 + span_ms;
    else
        *ret_ms = (page->before != NULL ? id_us(page->before) : l->now_us) / 1000 - span_ms;
    return *ret_ms > 0;
}

/* False: it reaches to the end. */
static bool span_of(const struct ht_log_plan *l, size_t look, struct span *ret, struct ht_params *p)
{
    const struct ht_log_page *page = l->page;
    int64_t end_ms;
    bool bounded = look_ends(l, look, &end_ms);
    memset(ret->from.b, 0, sizeof(ret->from.b));
    memset(ret->to.b, 0xff, sizeof(ret->to.b));
    if (bounded && page->oldest_first)
        memset(ret->to.b, 0, sizeof(ret->to.b));
    if (bounded)
        set_ms(page->oldest_first ? &ret->to : &ret->from, end_ms);
    if (page->after != NULL && ht_uuid_cmp(page->after, &ret->from) >= 0) {
        ret->from = *page->after;
        bounded = bounded && page->oldest_first;
    }
    if (page->before != NULL && ht_uuid_cmp(page->before, &ret->to) <= 0) {
        ret->to = *page->before;
        bounded = bounded && !page->oldest_first;
    }
    ht_put_uuid(p, &ret->from);
    ret->from_param = p->n;
    ht_put_uuid(p, &ret->to);
    ret->to_param = p->n;
    return bounded;
}

/* How ids follow each other on the page. */
static const char *way(const struct ht_log_plan *l)
{
    return l->page->oldest_first ? "ASC" : "DESC";
}

static void add_span(const struct span *s, const char *id, struct ht_buf *sql)
{
    ht_buf_addf(sql, " AND %s > $%d AND %s < $%d", id, s->from_param, id, s->to_param);
}

/* Times bound the lists too, not only the deliveries they lead to. */
static void add_times(const struct ht_filter *f, const char *id, struct ht_buf *sql, struct ht_params *p)
{
    struct ht_filter times = {0};
    const struct ht_filter_column columns[] = {
        {.field = "after", .exprs = {id}}, {.field = "before", .exprs = {id}}, {.field = "on", .exprs = {id}}};
    for (size_t i = 0; f != NULL && i < f->n; i++) {
        const struct ht_filter_term *t = &f->terms[i];
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

/* Each wanted status has a list of its own, in the order of ids. */
static const struct {
    enum ht_delivery_status status;
    const char *from; /* with the alias x */
} status_lists[] = {
    {HT_DELIVERY_EXHAUSTED, "hooktop.ended x WHERE x.status = 'exhausted'"},
    {HT_DELIVERY_QUARANTINED, "hooktop.ended x WHERE x.status = 'quarantined'"},
    {HT_DELIVERY_CANCELLED, "hooktop.ended x WHERE x.status = 'cancelled'"},
    {HT_DELIVERY_HELD, "hooktop.held x WHERE true"},
    {HT_DELIVERY_READY, "hooktop.tenant_webhook_outbox x WHERE (x.lease_until IS NULL OR x.lease_until <= now())"},
    {HT_DELIVERY_LEASED, "hooktop.tenant_webhook_outbox x WHERE x.lease_until > now()"},
};

/* Whether a list's row is on the page whatever its delivery says. */
static bool lists_say_all(const struct ht_log_plan *l)
{
    for (size_t i = 0; i < l->rest.n; i++) {
        const struct ht_filter_field *field = l->rest.terms[i].field;
        if (field == NULL ||
            (field->kind != HT_FILTER_TIME && field->kind != HT_FILTER_SORT && strcmp(field->name, "status") != 0))
            return false;
    }
    return !l->keys[TYPE].bound;
}

static void add_lists(const struct ht_log_plan *l, const struct span *s, struct ht_buf *sql, struct ht_params *p)
{
    const char *separator = "";
    int key_param[DIMENSIONS] = {0};
    for (int d = TENANT; d <= ENDPOINT; d++) {
        if (!l->keys[d].bound)
            continue;
        put_keys(&l->keys[d], dimensions[d].type, p);
        key_param[d] = p->n;
    }
    for (size_t i = 0; i < HT_COUNT(status_lists); i++) {
        if ((l->wanted & 1u << status_lists[i].status) == 0)
            continue;
        ht_buf_addf(sql, "%s(SELECT x.delivery_id, x.tenant_id FROM %s", separator, status_lists[i].from);
        separator = " UNION ALL ";
        for (int d = TENANT; d <= ENDPOINT; d++) {
            if (key_param[d] > 0 && l->keys[d].n == 1)
                ht_buf_addf(sql, " AND x.%s = $%d[1]", dimensions[d].column, key_param[d]);
            else if (key_param[d] > 0)
                ht_buf_addf(sql, " AND x.%s = ANY ($%d)", dimensions[d].column, key_param[d]);
        }
        add_span(s, "x.delivery_id", sql);
        add_times(&l->rest, "x.delivery_id", sql, p);
        if (lists_say_all(l))
            ht_buf_addf(sql, " ORDER BY x.delivery_id %s LIMIT %d", way(l), (int)l->page->rows);
        ht_buf_addc(sql, ')');
    }
    if (separator[0] == '\0')
        ht_buf_adds(sql, "SELECT NULL::uuid AS delivery_id, NULL::uuid AS tenant_id WHERE false");
}

/* By the lists of what waits or ended badly, each row looked up. */
static void by_lists(const struct ht_log_plan *l, const struct span *s, struct ht_buf *sql, struct ht_params *p)
{
    ht_buf_adds(sql, "(SELECT d.* FROM (SELECT * FROM (");
    add_lists(l, s, sql, p);
    ht_buf_addf(sql,
                ") x ORDER BY x.delivery_id %s OFFSET 0) x CROSS JOIN LATERAL (SELECT * FROM hooktop.delivery d"
                " WHERE d.id = x.delivery_id AND d.tenant_id = x.tenant_id",
                way(l));
    add_span(s, "d.id", sql);
    if (l->keys[TYPE].bound) {
        put_keys(&l->keys[TYPE], HT_PG_TEXT, p);
        ht_buf_addf(sql, " AND d.type = ANY ($%d)", p->n);
    }
    ht_filter_sql(&l->rest, ht_delivery_filter, ht_delivery_filter_len, sql, p);
    ht_buf_addf(sql, " OFFSET 0) d ORDER BY x.delivery_id %s LIMIT %d)", way(l), (int)l->page->rows);
}

/* The first of each combination of keys. That the last key and the id are compared as a row, and asked for in the
 * order of these rows, leaves the planner no way but the index that has them: what it knows of how common a key is may
 * be old.
 */
static void add_keys(const struct ht_log_plan *l, const struct lead *lead, const struct span *s, struct ht_buf *sql,
                     struct ht_params *p)
{
    int key_param[DIMENSIONS] = {0};
    const char *last = dimensions[lead->last].column;
    for (int d = 0; d < DIMENSIONS; d++) {
        if (!l->keys[d].bound)
            continue;
        put_keys(&l->keys[d], dimensions[d].type, p);
        key_param[d] = p->n;
        if ((lead->keyed & 1u << d) != 0)
            ht_buf_addf(sql, "unnest($%d) k%d (k) CROSS JOIN ", p->n, d);
    }
    ht_buf_addf(sql, "LATERAL (SELECT * FROM %s d WHERE (d.%s, d.id) > (k%d.k, $%d)", logs[l->page->of].table, last,
                lead->last, s->from_param);
    ht_buf_addf(sql, " AND (d.%s, d.id) < (k%d.k, $%d)", last, lead->last, s->to_param);
    for (int d = 0; d < DIMENSIONS; d++) {
        if (key_param[d] == 0 || d == (int)lead->last)
            continue;
        if ((lead->keyed & 1u << d) != 0)
            ht_buf_addf(sql, " AND d.%s = k%d.k", dimensions[d].column, d);
        else
            ht_buf_addf(sql, " AND d.%s = ANY ($%d)", dimensions[d].column, key_param[d]);
    }
}

static void by_keys(const struct ht_log_plan *l, const struct span *s, struct ht_buf *sql, struct ht_params *p)
{
    unsigned bound = 0;
    const struct lead *lead = NULL, *leads = logs[l->page->of].leads;
    for (int d = 0; d < DIMENSIONS; d++)
        bound |= l->keys[d].bound ? 1u << d : 0;
    for (size_t i = 0; lead == NULL && i < LEADS_MAX && leads[i].keyed != 0; i++)
        lead = (leads[i].keyed & ~bound) == 0 ? &leads[i] : NULL;
    ht_buf_adds(sql, "(SELECT d.* FROM ");
    if (lead != NULL)
        add_keys(l, lead, s, sql, p);
    else
        ht_buf_addf(sql, "(SELECT * FROM %s d WHERE true", logs[l->page->of].table);
    add_span(s, "d.id", sql);
    ht_filter_sql(&l->rest, logs[l->page->of].filter, *logs[l->page->of].filter_len, sql, p);
    ht_buf_adds(sql, " ORDER BY ");
    if (lead != NULL)
        ht_buf_addf(sql, "d.%s %s, ", dimensions[lead->last].column, way(l));
    ht_buf_addf(sql, "d.id %s LIMIT %d) d ORDER BY d.id %s LIMIT %d)", way(l), (int)l->page->rows, way(l),
                (int)l->page->rows);
}

bool ht_log_plan_sql(const struct ht_log_plan *l, size_t look, struct ht_buf *sql, struct ht_params *p)
{
    struct span s;
    bool more = span_of(l, look, &s, p);
    if ((l->wanted & 1u << HT_DELIVERY_SUCCEEDED) == 0)
        by_lists(l, &s, sql, p);
    else
        by_keys(l, &s, sql, p);
    return more;
}

void ht_log_failures_sql(const struct ht_uuid *tenant, const struct ht_filter *f, struct ht_buf *sql,
                         struct ht_params *p)
{
    static const struct {
        const char *due, *from;
    } lists[] = {{"NULL::timestamptz", "hooktop.ended x WHERE x.status IN ('exhausted', 'quarantined')"},
                 {"NULL", "hooktop.held x WHERE x.attempts > 0"},
                 {"x.due_at", "hooktop.tenant_webhook_outbox x WHERE x.attempts > 0"}};
    for (size_t i = 0; i < HT_COUNT(lists); i++) {
        ht_buf_addf(sql, "%sSELECT x.delivery_id, x.tenant_id, %s AS due_at FROM %s", i == 0 ? "(" : " UNION ALL ",
                    lists[i].due, lists[i].from);
        if (tenant != NULL)
            ht_sql_uuid(sql, p, " AND x.tenant_id = ", tenant);
        add_times(f, "x.delivery_id", sql, p);
    }
    ht_buf_addc(sql, ')');
}
