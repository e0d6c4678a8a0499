/* Who may do what, and whose rows who sees: asked as the logins themselves. */
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

static char *lines(const struct store_world *w, const char *sql)
{
    return ht_test_sql_value(w->dsn, store_text("SELECT coalesce(string_agg(x::text, E'\\n' ORDER BY x::text COLLATE"
                                                " \"C\"), '') FROM (%s) q (x)",
                                                sql));
}

/* Every function somebody but the owner may call, and the roles it is for. A role passes on what it has: viewer to
 * support to admin, producer and audit_reader to admin. */
static const char *const expected_functions[] = {
    "alert_acknowledge: admin support",
    "alert_claim: admin support",
    "alert_unclaim: admin support",
    "at_text: admin support viewer",
    "audit_chains: admin audit_reader",
    "audit_hash: admin audit_reader",
    "audit_ping: admin support",
    "audit_probe: admin support",
    "audit_verify: admin audit_reader",
    "backlog: admin support viewer worker",
    "claim: worker",
    "compact_outbox: worker",
    "delivery_cancel: admin support",
    "drop_partitions: worker",
    "emit: admin producer",
    "emit_counted: admin producer",
    "endpoint_add: admin",
    "endpoint_edit: admin",
    "endpoint_snooze: admin support",
    "endpoint_state: admin support",
    "endpoint_url: admin support viewer",
    "endpoint_verified: admin support",
    "event_deliver: admin support",
    "event_purge: admin",
    "failing_most: admin support viewer",
    "failure_acknowledge: admin support",
    "failure_mute: admin support",
    "failure_restore: admin support",
    "goodbye: worker",
    "health: admin support viewer",
    "heartbeat: worker",
    "maintain: worker",
    "make_partitions: worker",
    "member_add: admin",
    "member_remove: admin",
    "my_tenants: admin audit_reader producer support viewer",
    "partitions: admin support viewer",
    "patterns_of: admin support viewer",
    "redeliver: admin support",
    "rekey_page: admin",
    "rekey_put: admin",
    "release: worker",
    "renew: worker",
    "replay_change: admin support",
    "replay_preview: admin support",
    "replay_start: admin support",
    "replay_step: worker",
    "replay_tally: admin support viewer",
    "retention_set: admin",
    "ring_keys: admin",
    "ring_publish: admin",
    "ring_retire: admin",
    "roles_of: admin",
    "sealed_count: admin",
    "sealed_headers: worker",
    "sealed_secrets: worker",
    "secret_add: admin",
    "secret_confirm: admin",
    "secret_next: admin",
    "secret_promote: admin",
    "secret_reveal: admin",
    "secret_revoke: admin",
    "sees_all: admin audit_reader producer support viewer",
    "settle: worker",
    "stats: admin support viewer",
    "subscribe: admin",
    "subscriptions_restore: admin",
    "target_secrets: worker",
    "targets: worker",
    "tenant_add: admin",
    "type_add: admin",
    "users: admin",
    "uuid_at: admin audit_reader support viewer",
    "waiting: worker",
    "whoami: admin audit_reader producer support viewer worker",
    "why: admin support viewer",
    "worker_started: worker",
    "workers_without: admin",
};

static void every_function_is_for_the_roles_it_is_meant_for(void **state)
{
    const struct store_world *w = *state;
    char *found = lines(w, "SELECT p.proname || ': ' || string_agg(substr(r.rolname, 9), ' ' ORDER BY r.rolname)"
                           " FROM pg_proc p, pg_roles r WHERE p.pronamespace = 'hooktop'::regnamespace"
                           " AND r.rolname IN ('hooktop_viewer', 'hooktop_support', 'hooktop_admin', 'hooktop_worker',"
                           " 'hooktop_producer', 'hooktop_audit_reader') AND has_function_privilege(r.oid, p.oid,"
                           " 'EXECUTE') GROUP BY p.proname");
    const char *all = store_text("\n%s\n", found);
    for (size_t i = 0; i < HT_COUNT(expected_functions); i++) {
        if (strstr(all, store_text("\n%s\n", expected_functions[i])) == NULL)
            fail_msg("it is not so: %s", expected_functions[i]);
    }
    size_t n = 0;
    char *rest = NULL;
    for (char *line = strtok_r(found, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest), n++) {
        if (n >= HT_COUNT(expected_functions) || strcmp(line, expected_functions[n]) != 0)
            fail_msg("not expected: %s", line);
    }
    free(found);
}

struct two {
    struct ht_uuid other;        /* tenant "Globex" */
    struct ht_endpoint oe;       /* its endpoint */
    struct ht_uuid mine, theirs; /* events */
};

static struct two make_two(const struct store_world *w)
{
    struct two t = {.other = store_tenant(w->c, "Globex", "standard")};
    t.oe = store_endpoint(w->c, &t.other, "standard", "*");
    t.mine = store_emit(w->c, &w->tenant, "a.b", "{}");
    t.theirs = store_emit(w->c, &t.other, "a.b", "{}");
    return t;
}

struct sees {
    size_t tenants, endpoints, deliveries, events, secrets, subscriptions;
};

static struct sees look(const struct store_world *w, const struct two *t, const char *dsn)
{
    struct ht_conn *c = store_open(dsn);
    struct ht_tenants tenants = {0};
    struct ht_endpoints endpoints = {0};
    struct ht_deliveries deliveries = {0};
    struct ht_events events = {0};
    struct ht_secret_metas mine = {0}, theirs = {0};
    struct ht_subscriptions subs = {0};
    STORE_OK(ht_store_tenants(c, &tenants, &err));
    STORE_OK(ht_store_endpoints(c, NULL, NULL, NULL, 10, &endpoints, &err));
    STORE_OK(ht_store_deliveries(c, NULL, NULL, NULL, NULL, 10, &deliveries, &err));
    STORE_OK(ht_store_events(c, NULL, NULL, NULL, 10, &events, &err));
    STORE_OK(ht_store_secrets(c, &w->tenant, &w->e.id, &mine, &err));
    STORE_OK(ht_store_secrets(c, &t->other, &t->oe.id, &theirs, &err));
    STORE_OK(ht_store_subscriptions(c, &t->oe, &subs, &err));
    struct sees s = {tenants.n, endpoints.n, deliveries.n, events.n, mine.n + theirs.n, subs.n};
    ht_tenants_fini(&tenants);
    ht_endpoints_fini(&endpoints);
    ht_deliveries_fini(&deliveries);
    ht_events_fini(&events);
    ht_secret_metas_fini(&mine);
    ht_secret_metas_fini(&theirs);
    ht_subscriptions_fini(&subs);
    ht_conn_close(c);
    return s;
}

static void assert_sees(const struct store_world *w, const struct two *t, const char *login, const char *roles,
                        const struct ht_uuid *tenant, struct sees wanted)
{
    char *dsn = store_login(w->dsn, login, roles, tenant);
    struct sees got = look(w, t, dsn);
    if (memcmp(&got, &wanted, sizeof(got)) != 0)
        fail_msg("%s sees %zu tenants, %zu endpoints, %zu deliveries, %zu events, %zu secrets, %zu subscriptions",
                 login, got.tenants, got.endpoints, got.deliveries, got.events, got.secrets, got.subscriptions);
    free(dsn);
}

static void people_see_their_tenants_and_no_others(void **state)
{
    const struct store_world *w = *state;
    const struct ht_uuid nil = {0};
    struct two t = make_two(w);
    assert_sees(w, &t, "roles_acme", "hooktop_viewer", &w->tenant, (struct sees){1, 1, 1, 1, 1, 0});
    assert_sees(w, &t, "roles_other", "hooktop_admin", &t.other, (struct sees){1, 1, 1, 1, 1, 1});
    assert_sees(w, &t, "roles_all", "hooktop_support", NULL, (struct sees){2, 2, 2, 2, 2, 1});
    assert_sees(w, &t, "roles_none", "hooktop_viewer", &nil, (struct sees){0});

    char *dsn = store_login(w->dsn, "roles_acme", "hooktop_viewer", &nil);
    struct ht_conn *c = store_open(dsn);
    char id[HT_UUID_TEXT];
    struct ht_endpoint e = {0};
    struct ht_event event = {0};
    ht_uuid_format(&t.oe.id, id);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_endpoint_find(c, id, &e, &err), "there is no endpoint", NULL);
    ht_uuid_format(&t.theirs, id);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_event_find(c, id, &event, &err), "there is no event", NULL);
    ht_conn_close(c);
    free(dsn);
    ht_endpoint_fini(&t.oe);
}

/* Functions run as the owner, whom no row policy stops: each has to look at the tenant itself. */
static void functions_refuse_another_tenants_things(void **state)
{
    const struct store_world *w = *state;
    struct two t = make_two(w);
    struct ht_delivery theirs = store_delivery_of(w->c, &t.theirs);
    char *dsn = store_login(w->dsn, "roles_acme_admin", "hooktop_admin", &w->tenant);
    char other[HT_UUID_TEXT];
    ht_uuid_format(&t.other, other);
    struct ht_conn *c = store_open(dsn);
    struct ht_uuid made;
    struct ht_sealed s = store_sealed(2);
    struct ht_ping_result ping = {0};
    const char *const patterns[] = {"*"};
    int64_t moved;
    int32_t n;
    struct ht_endpoint fresh = {.tenant_id = t.other,
                                .id = ht_uuid_new(),
                                .profile = (char[]){"standard"},
                                .url = (char[]){"https://a.example/"},
                                .status = HT_ENDPOINT_ACTIVE};
    struct ht_emit_input in = {.tenant = other, .type = "a.b", .data = "{}", .data_len = 2};
#define FOREIGN(call) STORE_REFUSED(HT_DENIED, call, "roles_acme_admin is no member of tenant", NULL)
    FOREIGN(ht_store_emit(c, &in, &made, &n, &err));
    FOREIGN(ht_store_redeliver(c, &theirs, NULL, &made, &err));
    FOREIGN(ht_store_delivery_cancel(c, &theirs, NULL, &err));
    FOREIGN(ht_store_endpoint_add(c, &fresh, patterns, 1, &s, NULL, &err));
    FOREIGN(ht_store_endpoint_edit(c, &t.oe, NULL, &err));
    FOREIGN(ht_store_endpoint_state(c, &t.oe, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0, NULL, &moved, &err));
    FOREIGN(ht_store_endpoint_verified(c, &t.oe, &err));
    FOREIGN(ht_store_subscribe(c, &t.oe, "a.b", true, &err));
    FOREIGN(ht_store_subscriptions_restore(c, &t.oe, &(struct ht_patterns){0}, &(struct ht_patterns){0}, NULL, &err));
    FOREIGN(ht_store_failure_restore(c, &t.other, &t.oe.id, NULL, &moved, &err));
    FOREIGN(ht_store_secret_next(c, &t.other, &t.oe.id, &n, &err));
    FOREIGN(ht_store_secret_add(c, &t.other, &t.oe.id, &s, false, 0, NULL, &err));
    FOREIGN(ht_store_audit_ping(c, &t.oe, &ping, NULL, &err));
    STORE_REFUSED(HT_DENIED, ht_store_tenant_add(c, "Third", "standard", &made, &err), "only its own tenants", NULL);
    struct ht_secret_metas metas = {0};
    STORE_OK(ht_store_secrets(w->c, &t.other, &t.oe.id, &metas, &err));
    FOREIGN(ht_store_secret_reveal(c, &metas.rows[0].id, &err));
    ht_secret_metas_fini(&metas);
    /* an own tenant's id with another's thing is as if it were not there */
    theirs.tenant_id = w->tenant;
    STORE_REFUSED(HT_NOT_FOUND, ht_store_redeliver(c, &theirs, NULL, &made, &err), "there is no delivery", NULL);
    t.oe.tenant_id = w->tenant;
    STORE_REFUSED(HT_NOT_FOUND,
                  ht_store_endpoint_state(c, &t.oe, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0, NULL, &moved, &err),
                  "there is no endpoint", NULL);
    ht_conn_close(c);
    ht_delivery_fini(&theirs);
    ht_endpoint_fini(&t.oe);
    free(dsn);
}

/* Every function that runs as the owner and takes a tenant, with a tenant that the caller is no member of: none does
 * anything. Found in the catalogue, so one added later is tried too. */
static void no_function_takes_a_foreign_tenant(void **state)
{
    const struct store_world *w = *state;
    struct two t = make_two(w);
    char tenant[HT_UUID_TEXT];
    ht_uuid_format(&t.other, tenant);
    char *calls = lines(
        w, store_text("SELECT format('SELECT hooktop.%%I(%%s)', p.proname, (SELECT string_agg(CASE WHEN"
                      " n = 'tenant' THEN '''%s''::uuid' ELSE format('NULL::%%s', format_type(y, NULL)) END,"
                      " ', ' ORDER BY i) FROM unnest(p.proargtypes::oid[], p.proargnames[1:p.pronargs]) WITH"
                      " ORDINALITY a (y, n, i))) FROM pg_proc p WHERE p.pronamespace ="
                      " 'hooktop'::regnamespace AND p.prosecdef AND 'tenant' = ANY (p.proargnames[1:p.pronargs]) AND"
                      " has_function_privilege('hooktop_admin', p.oid, 'EXECUTE')",
                      tenant));
    char *dsn = store_login(w->dsn, "roles_acme_admin", "hooktop_admin", &w->tenant);
    int n = 0;
    char *rest = NULL;
    for (char *call = strtok_r(calls, "\n", &rest); call != NULL; call = strtok_r(NULL, "\n", &rest)) {
        char state_code[6];
        ht_test_sql_state(dsn, call, state_code);
        if (strcmp(state_code, "HT003") != 0)
            fail_msg("%s ended with %s", call, state_code);
        n++;
    }
    assert_true(n >= 14);
    free(calls);
    free(dsn);
    ht_endpoint_fini(&t.oe);
}

/* A caller's own tables and functions, put first in its search_path or in pg_temp, are not what the functions use. */
static void a_callers_own_objects_are_not_used(void **state)
{
    const struct store_world *w = *state;
    struct two t = make_two(w);
    struct ht_delivery theirs = store_delivery_of(w->c, &t.theirs);
    char id[HT_UUID_TEXT], tenant[HT_UUID_TEXT], state_code[6];
    char *dsn = store_login(w->dsn, "roles_acme_admin", "hooktop_admin", &w->tenant);
    ht_uuid_format(&theirs.id, id);
    ht_uuid_format(&t.other, tenant);
    ht_test_sql_state(dsn,
                      store_text("CREATE TEMP TABLE member (login name, tenant_id uuid);"
                                 "INSERT INTO member VALUES (session_user, NULL);"
                                 "CREATE FUNCTION pg_temp.sees_all() RETURNS boolean LANGUAGE sql AS 'SELECT true';"
                                 "CREATE FUNCTION pg_temp.check_tenant(uuid) RETURNS void LANGUAGE sql AS 'SELECT';"
                                 "SET search_path = pg_temp, hooktop;"
                                 "SELECT hooktop.redeliver('%s', '%s', NULL)",
                                 tenant, id),
                      state_code);
    assert_string_equal(state_code, "HT003");
    ht_delivery_fini(&theirs);
    ht_endpoint_fini(&t.oe);
    free(dsn);
}

/* Custom headers are credentials as often as not: their names are for all, their values for who delivers. */
static void people_read_neither_sealed_bytes_nor_header_values(void **state)
{
    const struct store_world *w = *state;
    static const char *const denied[] = {"SELECT sealed FROM hooktop.secret",
                                         "SELECT sealed FROM hooktop.signing_key",
                                         "SELECT headers_sealed FROM hooktop.endpoint",
                                         "SELECT * FROM hooktop.endpoint",
                                         "SELECT url FROM hooktop.endpoint",
                                         "SELECT * FROM hooktop.sealed_thing",
                                         "INSERT INTO hooktop.tenant VALUES (gen_random_uuid(), 'x', 'standard')",
                                         "UPDATE hooktop.endpoint SET url = 'https://evil.example/'",
                                         "DELETE FROM hooktop.held"};
    static const char *const roles[] = {"viewer", "support", "admin"};
    char state_code[6], id[HT_UUID_TEXT];
    ht_uuid_format(&w->e.id, id);
    ht_test_sql(w->dsn, "UPDATE hooktop.endpoint SET header_names = '{Authorization}', headers_sealed = 'sealed',"
                        " headers_key_id = 'KEYIDENT', version = version + 1");
    for (size_t r = 0; r < HT_COUNT(roles); r++) {
        char *dsn = store_login(w->dsn, store_text("roles_%s", roles[r]), store_text("hooktop_%s", roles[r]), NULL);
        for (size_t i = 0; i < HT_COUNT(denied); i++) {
            ht_test_sql_state(dsn, denied[i], state_code);
            if (strcmp(state_code, "42501") != 0)
                fail_msg("%s: %s ended with %s", roles[r], denied[i], state_code);
        }
        struct ht_conn *c = store_open(dsn);
        struct ht_endpoint e = {0};
        uint8_t *sealed = NULL;
        size_t len = 0;
        STORE_OK(ht_store_endpoint_find(c, id, &e, &err));
        assert_int_equal(e.headers_len, 1);
        assert_string_equal(e.headers[0].name, "Authorization");
        assert_null(e.headers[0].value);
        STORE_REFUSED(HT_DENIED, ht_store_sealed_headers(c, &e, &sealed, &len, &err), "hooktop_worker", NULL);
        ht_endpoint_fini(&e);
        ht_conn_close(c);
        free(dsn);
    }
}

static void a_producer_emits_for_its_tenants_and_sees_nothing_else(void **state)
{
    const struct store_world *w = *state;
    struct two t = make_two(w);
    char *dsn = store_login(w->dsn, "roles_producer", "hooktop_producer", &w->tenant);
    struct ht_conn *c = store_open(dsn);
    struct ht_tenant tenant = {0};
    struct ht_events events = {0};
    STORE_OK(ht_store_tenant_find(c, "Acme", &tenant, &err));
    assert_memory_equal(&tenant.id, &w->tenant, sizeof(tenant.id));
    ht_tenant_fini(&tenant);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_tenant_find(c, "Globex", &tenant, &err), "no tenant \"Globex\"", NULL);
    (void)store_emit(c, &w->tenant, "a.b", "{}");
    STORE_REFUSED(HT_DENIED, ht_store_events(c, NULL, NULL, NULL, 10, &events, &err), "role hooktop_viewer", NULL);
    ht_conn_close(c);
    ht_endpoint_fini(&t.oe);
    free(dsn);
}

static void support_may_pause_but_not_disable(void **state)
{
    const struct store_world *w = *state;
    char *dsn = store_login(w->dsn, "roles_support", "hooktop_support", NULL);
    struct ht_conn *c = store_open(dsn);
    int64_t moved;
    STORE_OK(ht_store_endpoint_state(c, &w->e, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0, NULL, &moved, &err));
    STORE_OK(ht_store_endpoint_state(c, &w->e, HT_ENDPOINT_ACTIVE, HT_HELD_RELEASE, 0, NULL, &moved, &err));
    STORE_REFUSED(HT_DENIED,
                  ht_store_endpoint_state(c, &w->e, HT_ENDPOINT_DISABLED, HT_HELD_KEEP, 0, NULL, &moved, &err),
                  "support may pause", "hooktop_admin", NULL);
    STORE_REFUSED(HT_DENIED,
                  ht_store_endpoint_state(c, &w->e, HT_ENDPOINT_REMOVED, HT_HELD_KEEP, 0, NULL, &moved, &err),
                  "hooktop_admin", NULL);
    ht_conn_close(c);
    free(dsn);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_function_is_for_the_roles_it_is_meant_for),
        TEST(people_see_their_tenants_and_no_others),
        TEST(functions_refuse_another_tenants_things),
        TEST(no_function_takes_a_foreign_tenant),
        TEST(a_callers_own_objects_are_not_used),
        TEST(people_read_neither_sealed_bytes_nor_header_values),
        TEST(a_producer_emits_for_its_tenants_and_sees_nothing_else),
        TEST(support_may_pause_but_not_disable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
