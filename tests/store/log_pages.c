/* A page of the log is found by keys and by lists of what did not succeed; each filter is compared with a plain look at
 * every delivery, page by page. */
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

enum { EVENTS = 45, PAGE = 7 };

/* Deliveries in every state there is, evenly over endpoints and types; every other exhausted one succeeds later. */
static const char mix[] =
    "CREATE TABLE seen AS SELECT d.*, row_number() OVER (ORDER BY d.id) % 7 AS k FROM hooktop.delivery d;"
    "INSERT INTO hooktop.held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)"
    " SELECT o.tenant_id, o.endpoint_id, o.delivery_id, o.event_id, o.due_at, 0, 1 FROM"
    " hooktop.tenant_webhook_outbox o JOIN seen s ON s.id = o.delivery_id WHERE s.k = 2;"
    "UPDATE hooktop.delivery d SET status = (ARRAY['ready', 'ready', 'held', 'succeeded', 'exhausted', 'quarantined',"
    " 'cancelled'])[s.k + 1] FROM seen s WHERE s.id = d.id;"
    "DELETE FROM hooktop.tenant_webhook_outbox o USING seen s WHERE s.id = o.delivery_id AND s.k > 1;"
    "UPDATE hooktop.tenant_webhook_outbox o SET lease_until = clock_timestamp() + interval '1 h',"
    " lease_id = gen_random_uuid() FROM seen s WHERE s.id = o.delivery_id AND s.k = 1;"
    "UPDATE hooktop.delivery d SET status = 'succeeded' WHERE d.status = 'exhausted' AND hashtext(d.id::text) % 2 = 0;"
    "UPDATE seen s SET status = CASE WHEN s.k = 1 THEN 'leased' ELSE d.status END FROM hooktop.delivery d"
    " WHERE d.id = s.id";

static struct store_world *mixed(void **state, struct ht_uuid *ret_other, char ids[3][HT_UUID_TEXT])
{
    static const char *const types[] = {"a.b", "a.c", "x.y"};
    struct store_world *w = *state;
    *ret_other = store_tenant(w->c, "Globex", "standard");
    ht_uuid_format(&w->e.id, ids[0]);
    for (int i = 1; i < 3; i++) {
        struct ht_endpoint e = store_endpoint(w->c, i == 1 ? &w->tenant : ret_other, "standard", "*");
        ht_uuid_format(&e.id, ids[i]);
        ht_endpoint_fini(&e);
    }
    for (int i = 0; i < EVENTS; i++)
        store_emit(w->c, i % 4 == 3 ? ret_other : &w->tenant, types[i % 3], "{}");
    ht_test_sql(w->dsn, mix);
    return w;
}

/* The ids of all pages in the filter's order, each with a comma. */
static void read_pages(struct ht_conn *c, const struct ht_uuid *tenant, const char *text, struct ht_buf *ret)
{
    struct ht_filter f = store_filter(HT_FILTER_DELIVERIES, text);
    struct ht_uuid last;
    bool more = true, up = ht_filter_oldest_first(&f);
    for (const struct ht_uuid *at = NULL; more; at = &last) {
        struct ht_deliveries page = {0};
        STORE_OK(ht_store_deliveries(c, tenant, &f, up ? NULL : at, up ? at : NULL, PAGE, &page, &err));
        for (size_t i = 0; i < page.n; i++) {
            char id[HT_UUID_TEXT];
            ht_uuid_format(&page.rows[i].id, id);
            ht_buf_addf(ret, "%s,", id);
            last = page.rows[i].id;
        }
        more = page.more;
        ht_deliveries_fini(&page);
    }
    ht_filter_fini(&f);
}

static void assert_way(const struct store_world *w, struct ht_conn *c, const struct ht_uuid *tenant, const char *text,
                       const char *where, const char *way)
{
    struct ht_buf got HT_BUF_CLEANUP;
    ht_buf_init(&got, 1 << 20);
    ht_buf_adds(&got, "");
    read_pages(c, tenant, text, &got);
    char *wanted = ht_test_sql_value(
        w->dsn, store_text("SELECT coalesce(string_agg(s.id || ',', '' ORDER BY s.id %s), '') FROM seen s WHERE %s",
                           way, where));
    if (strcmp(got.data, wanted) != 0)
        fail_msg("\"%s\" finds\n%s\nnot\n%s", text, got.data, wanted);
    free(wanted);
}

static void assert_pages(const struct store_world *w, struct ht_conn *c, const struct ht_uuid *tenant, const char *text,
                         const char *where)
{
    assert_way(w, c, tenant, text, where, "DESC");
    assert_way(w, c, tenant, store_text("%s -sort:time", text), where, "ASC");
}

static void every_way_finds_what_a_plain_look_finds(void **state)
{
    struct ht_uuid other;
    char id[3][HT_UUID_TEXT], globex[HT_UUID_TEXT];
    struct store_world *w = mixed(state, &other, id);
    ht_uuid_format(&other, globex);
    const struct {
        const char *text, *where;
    } cases[] = {
        {"", "true"},
        {"status:exhausted", "status = 'exhausted'"},
        {"status:quarantined|cancelled", "status IN ('quarantined', 'cancelled')"},
        {"status:held", "status = 'held'"},
        {"status:ready", "status = 'ready'"},
        {"status:leased", "status = 'leased'"},
        {"status:succeeded", "status = 'succeeded'"},
        {"-status:succeeded", "status <> 'succeeded'"},
        {"-status:held", "status <> 'held'"},
        {"status:held status:ready", "false"},
        {"status:exhausted|held|leased type:a.*", "status IN ('exhausted', 'held', 'leased') AND type LIKE 'a.%'"},
        {"type:a.b", "type = 'a.b'"},
        {"type:a.b type:a.c", "false"},
        {"-type:a.b", "type <> 'a.b'"},
        {"type:none.such", "false"},
        {"endpoint:nowhere", "false"},
        {store_text("endpoint:%s", id[1]), store_text("endpoint_id = '%s'", id[1])},
        {store_text("endpoint:%s|%s", id[0], id[2]), store_text("endpoint_id IN ('%s', '%s')", id[0], id[2])},
        {store_text("endpoint:%s type:x.y", id[0]), store_text("endpoint_id = '%s' AND type = 'x.y'", id[0])},
        {store_text("endpoint:%s|%s status:cancelled", id[0], id[2]),
         store_text("endpoint_id IN ('%s', '%s') AND status = 'cancelled'", id[0], id[2])},
        {store_text("endpoint:%s status:held|ready", id[2]),
         store_text("endpoint_id = '%s' AND status IN ('held', 'ready')", id[2])},
        {"tenant:globex", store_text("tenant_id = '%s'", globex)},
        {"tenant:acme|globex type:a.c", "type = 'a.c'"},
        {"tenant:globex -status:succeeded", store_text("tenant_id = '%s' AND status <> 'succeeded'", globex)},
        {"after:-1h status:held|exhausted", "status IN ('held', 'exhausted')"},
        {"before:-1h status:exhausted", "false"},
        {"before:-1h", "false"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        assert_pages(w, w->c, NULL, cases[i].text, cases[i].where);
        assert_pages(w, w->c, &other, cases[i].text, store_text("(%s) AND tenant_id = '%s'", cases[i].where, globex));
    }
}

/* Who belongs to one tenant is led by it, and sees no row of another by whatever way. */
static void a_member_sees_the_pages_of_the_own_tenant(void **state)
{
    struct ht_uuid other;
    char id[3][HT_UUID_TEXT], globex[HT_UUID_TEXT];
    struct store_world *w = mixed(state, &other, id);
    ht_uuid_format(&other, globex);
    char *dsn = store_login(w->dsn, "log_reader", "hooktop_viewer", &other);
    struct ht_conn *c = store_open(dsn);
    static const char *const texts[] = {"", "status:held", "status:exhausted|ready", "type:a.b"};
    static const char *const wheres[] = {"true", "status = 'held'", "status IN ('exhausted', 'ready')", "type = 'a.b'"};
    for (size_t i = 0; i < HT_COUNT(texts); i++)
        assert_pages(w, c, NULL, texts[i], store_text("(%s) AND tenant_id = '%s'", wheres[i], globex));
    assert_pages(w, c, NULL, store_text("endpoint:%s", id[0]), "false");
    assert_pages(w, c, &w->tenant, "status:exhausted", "false");
    ht_conn_close(c);
    free(dsn);
}

/* Of events and audit entries the pages from one end are those from the other, turned round. */
static void logs_are_read_from_either_end(void **state)
{
    enum { ALL = 11, FEW = 4 };
    const struct store_world *w = *state;
    struct ht_filter up = store_filter(HT_FILTER_EVENTS, "-sort:time"),
                     down = store_filter(HT_FILTER_EVENTS, "sort:time");
    struct ht_filter audit_up = store_filter(HT_FILTER_AUDIT, "-sort:time");
    struct ht_events newest = {0}, page = {0};
    struct ht_audit_entries latest = {0}, entries = {0};
    size_t n = 0;
    for (int i = 0; i < ALL; i++)
        store_emit(w->c, &w->tenant, "a.b", store_text("{\"i\":%d}", i));
    STORE_OK(ht_store_events(w->c, NULL, &down, NULL, 100, &newest, &err));
    assert_int_equal(newest.n, ALL);
    assert_true(newest.rows[0].created_at >= newest.rows[ALL - 1].created_at);
    for (struct ht_uuid last; n < ALL; n += FEW) {
        STORE_OK(ht_store_events(w->c, &w->tenant, &up, n > 0 ? &last : NULL, FEW, &page, &err));
        for (size_t i = 0; i < page.n; i++)
            assert_memory_equal(&page.rows[i].id, &newest.rows[ALL - 1 - n - i].id, sizeof page.rows[i].id);
        assert_int_equal(page.more, n + FEW < ALL);
        assert_int_equal(page.n, page.more ? FEW : ALL % FEW);
        last = page.rows[page.n - 1].id;
        ht_events_fini(&page);
    }
    for (int i = 0; i < 3; i++)
        (void)store_tenant(w->c, store_text("tenant %d", i), "standard");
    STORE_OK(ht_store_audit(w->c, NULL, NULL, NULL, 100, &latest, &err));
    assert_true(latest.n > FEW);
    STORE_OK(ht_store_audit(w->c, NULL, &audit_up, &latest.rows[latest.n - 1], FEW, &entries, &err));
    assert_int_equal(entries.n, latest.n - 1 < FEW ? latest.n - 1 : FEW);
    for (size_t i = 0; i < entries.n; i++) {
        assert_int_equal(entries.rows[i].seq, latest.rows[latest.n - 2 - i].seq);
        assert_memory_equal(&entries.rows[i].tenant_id, &latest.rows[latest.n - 2 - i].tenant_id,
                            sizeof(struct ht_uuid));
    }
    ht_audit_entries_fini(&latest);
    ht_audit_entries_fini(&entries);
    ht_events_fini(&newest);
    ht_filter_fini(&up);
    ht_filter_fini(&down);
    ht_filter_fini(&audit_up);
}

/* Keys are many and alike: in every order, both ways, pages are what one look at all of them shows. */
static void sorted_keys_meet_as_well(void **state)
{
    enum { FEW = 3 };
    const struct store_world *w = *state;
    size_t n_fields;
    const struct ht_filter_field *fields = ht_filter_fields(HT_FILTER_SECRETS, &n_fields);
    const struct ht_filter_field *sort = &fields[n_fields - 1];
    ht_test_sql(
        w->dsn,
        "INSERT INTO hooktop.secret (id, tenant_id, endpoint_id, generation, sealed, key_id, created_at, signs_from,"
        " signs_until, revealed_at) SELECT hooktop.uuid7(), e.tenant_id, e.id, n + 10, '\\x00', '\\x00',"
        " now() - n % 3 * interval '1 day', now() + (n % 2 * 2 - 1) * interval '1 h',"
        " CASE WHEN n % 4 = 0 THEN now() + interval '2 h' END, CASE WHEN n % 3 = 0 THEN now() END"
        " FROM hooktop.endpoint e, generate_series(1, 8) n");
    for (int o = 0; o < sort->words_len * 2; o++) {
        struct ht_filter f =
            store_filter(HT_FILTER_SECRETS, store_text("%ssort:%s", o % 2 ? "-" : "", sort->words[o / 2].name));
        struct ht_fleet_keys all = {0}, page = {0};
        STORE_OK(ht_store_fleet(w->c, NULL, &f, NULL, 100, &all, &err));
        assert_true(all.n > 2 * FEW && !all.more);
        for (size_t n = 0; n < all.n; n += FEW) {
            STORE_OK(ht_store_fleet(w->c, NULL, &f, n > 0 ? &all.rows[n - 1] : NULL, FEW, &page, &err));
            assert_int_equal(page.n, all.n - n < FEW ? all.n - n : FEW);
            for (size_t i = 0; i < page.n; i++)
                assert_memory_equal(&page.rows[i].secret.id, &all.rows[n + i].secret.id, sizeof(struct ht_uuid));
            ht_fleet_keys_fini(&page);
        }
        for (size_t i = 1; o / 2 == HT_SECRETS_BY_AGE && i < all.n; i++)
            assert_true(o % 2 ? all.rows[i - 1].secret.created_at >= all.rows[i].secret.created_at
                              : all.rows[i - 1].secret.created_at <= all.rows[i].secret.created_at);
        ht_fleet_keys_fini(&all);
        ht_filter_fini(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_way_finds_what_a_plain_look_finds, store_world_setup,
                                        store_world_teardown),
        cmocka_unit_test_setup_teardown(a_member_sees_the_pages_of_the_own_tenant, store_world_setup,
                                        store_world_teardown),
        cmocka_unit_test_setup_teardown(logs_are_read_from_either_end, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(sorted_keys_meet_as_well, store_world_setup, store_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
