#include "store_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/profile/profile.h"

static char *texts[4096]; /* kept reachable for the leak checker */
static size_t n_texts;

const char *store_text(const char *fmt, ...)
{
    va_list args;
    char *s = NULL;
    va_start(args, fmt);
    if (vasprintf(&s, fmt, args) < 0 || n_texts == HT_COUNT(texts))
        fail_msg("no more texts");
    va_end(args);
    texts[n_texts++] = s;
    return s;
}

void store_must(enum ht_rc rc, const struct ht_err *err)
{
    if (rc != HT_OK)
        fail_msg("failed with %d: %s: %s: %s", (int)rc, err->what, err->why, err->fix);
}

void store_refused(enum ht_rc rc, const struct ht_err *err, enum ht_rc wanted, ...)
{
    char line[2048];
    ht_err_line(err, line, sizeof(line));
    if (rc != wanted)
        fail_msg("ended with %d instead of %d: %s", (int)rc, (int)wanted, line);
    va_list words;
    va_start(words, wanted);
    for (const char *word; (word = va_arg(words, const char *)) != NULL;) {
        if (strstr(line, word) == NULL)
            fail_msg("\"%s\" is not in: %s", word, line);
    }
    va_end(words);
}

static struct ht_conn *open_with(const char *dsn, bool any_schema)
{
    const struct ht_conn_options o = {
        .dsn = dsn, .application = "store test", .any_schema = any_schema, .timeout_ms = 60000};
    struct ht_conn *c = NULL;
    STORE_OK(ht_conn_open(&o, &c, &err));
    return c;
}

struct ht_conn *store_open(const char *dsn)
{
    return open_with(dsn, false);
}

struct ht_conn *store_open_any(const char *dsn)
{
    return open_with(dsn, true);
}

static void fill(const char *dsn)
{
    struct ht_event_types types = {0};
    struct ht_conn *c = store_open_any(dsn);
    ht_profile_catalogue(&types);
    STORE_OK(ht_store_setup(c, &types, &err));
    ht_event_types_fini(&types);
    ht_conn_close(c);
    /* the key that store_sealed's bytes say they are sealed to */
    ht_test_sql(dsn, "INSERT INTO hooktop.ring_key (id, public_key, current)"
                     " VALUES ('KEYIDENT', decode(repeat('00', 32), 'hex'), false)");
}

char *store_db(void)
{
    return ht_test_db_new("store", fill);
}

/* Roles belong to the cluster and may be there from another test. */
char *store_login(const char *dsn, const char *login, const char *roles, const struct ht_uuid *tenant)
{
    char id[HT_UUID_TEXT] = "";
    if (tenant != NULL)
        ht_uuid_format(tenant, id);
    ht_test_sql(dsn, store_text("SELECT pg_advisory_lock(20261); DO $$ BEGIN"
                                " IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%s') THEN"
                                " CREATE ROLE %s LOGIN; %s%s%s%s END IF; END $$",
                                login, login, roles != NULL ? "GRANT " : "", roles != NULL ? roles : "",
                                roles != NULL ? " TO " : "", roles != NULL ? store_text("%s;", login) : ""));
    if (tenant == NULL || !ht_uuid_is_nil(tenant))
        ht_test_sql(dsn,
                    store_text("INSERT INTO hooktop.member (login, tenant_id) VALUES ('%s', nullif('%s', '')::uuid)",
                               login, id));
    return ht_test_dsn_with(dsn, "user", login);
}

struct ht_uuid store_tenant(struct ht_conn *c, const char *name, const char *profile)
{
    struct ht_uuid id = {0};
    STORE_OK(ht_store_tenant_add(c, name, profile, &id, &err));
    return id;
}

struct ht_sealed store_sealed(int32_t generation)
{
    static const uint8_t blob[92] = "HTS1KEYIDENT sealed bytes would stand here";
    return (struct ht_sealed){.id = ht_uuid_new(), .generation = generation, .blob = blob, .len = sizeof(blob)};
}

struct ht_endpoint store_endpoint(struct ht_conn *c, const struct ht_uuid *tenant, const char *profile,
                                  const char *pattern)
{
    char id[HT_UUID_TEXT];
    struct ht_sealed first = store_sealed(1);
    struct ht_endpoint e = {.tenant_id = *tenant, .id = ht_uuid_new(), .status = HT_ENDPOINT_ACTIVE};
    e.profile = ht_strdup(profile);
    e.url = ht_strdup("https://receiver.example/hooks");
    STORE_OK(ht_store_endpoint_add(c, &e, &pattern, 1, &first, NULL, &err));
    ht_uuid_format(&e.id, id);
    ht_endpoint_fini(&e);
    STORE_OK(ht_store_endpoint_find(c, id, &e, &err));
    return e;
}

struct ht_uuid store_emit(struct ht_conn *c, const struct ht_uuid *tenant, const char *type, const char *data)
{
    char id[HT_UUID_TEXT];
    struct ht_uuid event = {0};
    int32_t deliveries;
    ht_uuid_format(tenant, id);
    const struct ht_emit_input in = {.tenant = id, .type = type, .data = data, .data_len = strlen(data)};
    STORE_OK(ht_store_emit(c, &in, &event, &deliveries, &err));
    return event;
}

struct ht_filter store_filter(enum ht_filter_list list, const char *text)
{
    struct ht_filter f = {0};
    STORE_OK(ht_filter_parse(list, text, ht_wall_us(), &f, NULL, &err));
    return f;
}

struct ht_delivery store_delivery_of(struct ht_conn *c, const struct ht_uuid *event)
{
    char id[HT_UUID_TEXT];
    struct ht_deliveries all = {0};
    ht_uuid_format(event, id);
    struct ht_filter f = store_filter(HT_FILTER_DELIVERIES, store_text("event:%s", id));
    STORE_OK(ht_store_deliveries(c, NULL, &f, NULL, NULL, 2, &all, &err));
    assert_int_equal(all.n, 1);
    struct ht_delivery d = all.rows[0];
    all.rows[0] = (struct ht_delivery){0};
    ht_deliveries_fini(&all);
    ht_filter_fini(&f);
    return d;
}

enum ht_delivery_status store_status_of(const struct store_world *w, const struct ht_uuid *event)
{
    struct ht_delivery d = store_delivery_of(w->c, event);
    enum ht_delivery_status s = d.status;
    ht_delivery_fini(&d);
    return s;
}

int64_t store_rows(const struct store_world *w, const char *table)
{
    return ht_test_sql_int(w->dsn, store_text("SELECT count(*) FROM hooktop.%s", table));
}

static void settle_some(const char *dsn, const char *status, int http, const char *error)
{
    ht_test_sql(
        dsn,
        store_text(
            "WITH w AS (SELECT array_agg(tenant_id) t, array_agg(endpoint_id) e, array_agg(100) r, array_agg(100) c,"
            " array_agg(timestamptz '-infinity') f FROM (SELECT DISTINCT tenant_id, endpoint_id FROM"
            " hooktop.tenant_webhook_outbox) x),"
            " q AS MATERIALIZED (SELECT k.* FROM w, hooktop.claim('11111111-1111-7111-8111-111111111111', 60000, w.t,"
            " w.e, w.r, w.c, w.f) k)"
            " SELECT count(*) FROM (SELECT array_agg(tenant_id) t, array_agg(endpoint_id) e, array_agg(delivery_id) d,"
            " array_agg(lease_id) l, array_agg(attempt) n, count(*)::int c FROM q HAVING count(*) > 0) a,"
            " hooktop.settle('11111111-1111-7111-8111-111111111111', a.t, a.e, a.d, a.l, array_fill('%s'::text, "
            "ARRAY[c]),"
            " array_fill(3600000::bigint, ARRAY[c]), array_fill(NULL::text, ARRAY[c]), array_fill(false, ARRAY[c]), "
            "a.n,"
            " array_fill(clock_timestamp(), ARRAY[c]), array_fill(%d, ARRAY[c]), array_fill('%s'::text, ARRAY[c]),"
            " array_fill('said so'::text, ARRAY[c]), array_fill(1, ARRAY[c]), array_fill(2, ARRAY[c]),"
            " array_fill(3, ARRAY[c]), array_fill(4, ARRAY[c]), array_fill(2500000, ARRAY[c]),"
            " array_fill('203.0.113.5:443'::text, ARRAY[c]), array_fill('TLSv1.3 ab 2027-01-01T00:00:00Z'::text, "
            "ARRAY[c]),"
            " array_fill('A: b'::text, ARRAY[c]),"
            " array_fill('C: d'::bytea, ARRAY[c]), array_fill('\\x00ff'::bytea, ARRAY[c]),"
            " array_fill(2::bigint, ARRAY[c]), array_fill('1'::text, ARRAY[c]), true)",
            status, http, error));
}

/* Twice: nobody knows at first that this worker is the only one, and it gets no more than what may be in flight. */
void store_settle_all(const char *dsn, const char *status, int http, const char *error)
{
    for (int i = 0; i < 2; i++)
        settle_some(dsn, status, http, error);
}

int store_world_setup(void **state)
{
    struct store_world *w = ht_alloc(1, sizeof(*w));
    w->dsn = store_db();
    w->c = store_open(w->dsn);
    w->tenant = store_tenant(w->c, "Acme", "standard");
    w->e = store_endpoint(w->c, &w->tenant, "standard", "*");
    *state = w;
    return 0;
}

int store_world_teardown(void **state)
{
    struct store_world *w = *state;
    ht_endpoint_fini(&w->e);
    ht_conn_close(w->c);
    ht_test_db_free(w->dsn);
    free(w);
    return 0;
}

PGconn *store_session(const struct store_world *w)
{
    PGconn *c = PQconnectdb(w->dsn);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

void store_end_statement(PGconn *c)
{
    PGresult *r;
    while ((r = PQgetResult(c)) != NULL) {
        if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
            fail_msg("%s", PQerrorMessage(c));
        PQclear(r);
    }
}

void store_begin_statement(PGconn *c, const char *sql)
{
    if (PQsendQuery(c, sql) != 1)
        fail_msg("%s", PQerrorMessage(c));
}

void store_run(PGconn *c, const char *sql)
{
    store_begin_statement(c, sql);
    store_end_statement(c);
}
