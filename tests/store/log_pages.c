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

/* The ids of all pages, newest first, each with a comma. */
static void read_pages(struct ht_conn *c, const struct ht_uuid *tenant, const char *text, struct ht_buf *ret)
{
    struct ht_filter f = store_filter(HT_FILTER_DELIVERIES, text);
    struct ht_uuid last;
    bool more = true;
    for (const struct ht_uuid *before = NULL; more; before = &last) {
        struct ht_deliveries page = {0};
        STORE_OK(ht_store_deliveries(c, tenant, &f, before, NULL, PAGE, &page, &err));
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

static void assert_pages(const struct store_world *w, struct ht_conn *c, const struct ht_uuid *tenant, const char *text,
                         const char *where)
{
    struct ht_buf got HT_BUF_CLEANUP;
    ht_buf_init(&got, 1 << 20);
    ht_buf_adds(&got, "");
    read_pages(c, tenant, text, &got);
    char *wanted = ht_test_sql_value(
        w->dsn,
        store_text("SELECT coalesce(string_agg(s.id || ',', '' ORDER BY s.id DESC), '') FROM seen s WHERE %s", where));
    if (strcmp(got.data, wanted) != 0)
        fail_msg("\"%s\" finds\n%s\nnot\n%s", text, got.data, wanted);
    free(wanted);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_way_finds_what_a_plain_look_finds, store_world_setup,
                                        store_world_teardown),
        cmocka_unit_test_setup_teardown(a_member_sees_the_pages_of_the_own_tenant, store_world_setup,
                                        store_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
