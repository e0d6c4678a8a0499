/* Emitting: the contract, idempotency, all or nothing, and what is refused. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/json.h"
#include "store_world.h"

static enum ht_rc emit_as(struct ht_conn *c, struct ht_emit_input in, const struct ht_uuid *tenant, struct ht_uuid *ret,
                          int32_t *ret_deliveries, struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(tenant, id);
    in.tenant = id;
    in.data_len = in.data_len > 0 ? in.data_len : strlen(in.data);
    return ht_store_emit(c, &in, ret, ret_deliveries, err);
}

/* For refusals and where only the rc counts. */
static enum ht_rc emit(struct ht_conn *c, const struct ht_uuid *tenant, const char *type, const char *data,
                       struct ht_err *err)
{
    struct ht_uuid event;
    int32_t deliveries;
    return emit_as(c, (struct ht_emit_input){.type = type, .data = data}, tenant, &event, &deliveries, err);
}

static void an_event_and_its_deliveries_are_stored_as_given(void **state)
{
    const struct store_world *w = *state;
    /* odd spacing, a repeated member, a large number: the bytes are what is signed, so they must not change */
    const char *data = "{ \"a\" :1,\"a\":2, \"n\":123456789012345678901234567890, \"u\":\"\\u00e9\xc3\xa9\" }";
    struct ht_emit_input in = {.type = "claim.created", .data = data, .source = "ui", .performed_by = "Anna"};
    struct ht_uuid event = {0};
    int32_t deliveries = 0;
    struct ht_event stored = {0};
    char id[HT_UUID_TEXT];
    int64_t before = 0, after = 0;
    in.event_name = "Claim created";
    in.workflow = "wf_1";
    in.key = "key 1";
    STORE_OK(ht_conn_now(w->c, &before, &err));
    STORE_OK(emit_as(w->c, in, &w->tenant, &event, &deliveries, &err));
    STORE_OK(ht_conn_now(w->c, &after, &err));
    assert_int_equal(deliveries, 1);
    ht_uuid_format(&event, id);
    STORE_OK(ht_store_event_find(w->c, id, &stored, &err));
    assert_string_equal(stored.data, data);
    assert_int_equal(stored.data_len, strlen(data));
    assert_string_equal(stored.type, "claim.created");
    assert_string_equal(stored.source, "ui");
    assert_string_equal(stored.performed_by, "Anna");
    assert_string_equal(stored.event_name, "Claim created");
    assert_string_equal(stored.workflow, "wf_1");
    assert_string_equal(stored.key, "key 1");
    assert_int_equal(stored.deliveries, 1);
    assert_memory_equal(&stored.tenant_id, &w->tenant, sizeof(w->tenant));
    assert_in_range(stored.created_at, before, after);
    assert_in_range(ht_uuid_time_ms(&event), before / 1000, after / 1000);
    struct ht_delivery d = store_delivery_of(w->c, &event);
    assert_int_equal(d.status, HT_DELIVERY_READY);
    assert_memory_equal(&d.endpoint_id, &w->e.id, sizeof(d.endpoint_id));
    assert_string_equal(d.endpoint_url, w->e.url);
    assert_string_equal(d.profile, "standard");
    assert_int_equal(d.due_at, d.created_at);
    assert_int_equal(d.attempts, 0);
    ht_delivery_fini(&d);
    ht_event_fini(&stored);
}

/* For every type of the catalogue that can be emitted: its sample passes, and without any one required member it is
 * refused by that member's name. */
static void check_type(const struct store_world *w, const struct ht_uuid *tenant, const struct ht_event_type *t,
                       size_t *missing)
{
    HT_JSON_CLEANUP struct ht_json *contract = NULL;
    STORE_OK(ht_json_parse(t->contract, strlen(t->contract), &contract, &err));
    STORE_OK(emit(w->c, tenant, t->name, t->sample, &err));
    const struct ht_json *required = ht_json_get(contract, "required");
    for (size_t i = 0; required != NULL && i < ht_json_count(required); i++) {
        const char *member = ht_json_str(ht_json_at(required, i), "?");
        char *data =
            ht_test_sql_value(w->dsn, store_text("SELECT ((sample::jsonb - '%s')::text) FROM hooktop.event_type"
                                                 " WHERE profile = '%s' AND name = '%s'",
                                                 member, t->profile, t->name));
        STORE_REFUSED(HT_USAGE, emit(w->c, tenant, t->name, data, &err),
                      store_text("%s: required, but missing", member), NULL);
        free(data);
        ++*missing;
    }
}

static void every_catalogue_type_checks_its_contract(void **state)
{
    const struct store_world *w = *state;
    static const char *const profiles[] = {"instaclaim", "claimport", "instnt", "claimable"};
    struct ht_event_types all = {0};
    size_t emitted = 0, missing = 0;
    STORE_OK(ht_store_types(w->c, NULL, &all, &err));
    for (size_t p = 0; p < HT_COUNT(profiles); p++) {
        struct ht_uuid tenant = store_tenant(w->c, profiles[p], profiles[p]);
        for (size_t i = 0; i < all.n; i++) {
            if (strcmp(all.rows[i].profile, profiles[p]) != 0 || all.rows[i].state != HT_TYPE_EMITTED)
                continue;
            check_type(w, &tenant, &all.rows[i], &missing);
            emitted++;
        }
    }
    ht_event_types_fini(&all);
    assert_true(emitted >= 13 + 10 + 6 + 9);
    assert_true(missing >= 13 + 10 + 9);
    assert_int_equal(store_rows(w, "event"), (int64_t)emitted);
}

static void a_violation_names_the_field_and_what_was_expected(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid t = store_tenant(w->c, "Insta", "instaclaim");
    static const char good_id[] = "0193480d-6c1e-7d0a-9b43-5f2c8e7a6d14";
    static const struct {
        const char *data;
        const char *says[3];
    } bad[] = {
        {"{\"category_id\":\"%s\",\"code\":\"T\",\"name\":\"N\",\"status\":\"gone\"}",
         {"status: expected one of", "\"active\"", "\"gone\""}},
        {"{\"category_id\":\"nope\",\"code\":\"T\",\"name\":\"N\",\"status\":\"active\"}",
         {"category_id: expected", "format uuid", "nope"}},
        {"{\"category_id\":\"%s\",\"code\":7,\"name\":\"N\",\"status\":\"active\"}",
         {"code: expected string, found number"}},
        {"{\"category_id\":\"%s\",\"code\":\"T\",\"name\":null,\"status\":\"active\"}",
         {"name: expected string, found null"}},
        {"[1]", {"the payload: expected object, found array"}},
        {"null", {"the payload: expected object, found null"}},
    };
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        char *data = ht_strdup(bad[i].data);
        char *hole = strstr(data, "%s");
        if (hole != NULL) {
            size_t at = (size_t)(hole - data);
            free(data);
            data = ht_strdup(store_text("%.*s%s%s", (int)at, bad[i].data, good_id, bad[i].data + at + 2));
        }
        STORE_REFUSED(HT_USAGE, emit(w->c, &t, "expense_category.created", data, &err), bad[i].says[0], bad[i].says[1],
                      bad[i].says[2], NULL);
        free(data);
    }
    /* nullable and unknown members pass */
    STORE_OK(emit(w->c, &t, "expense_category.created",
                  store_text("{\"category_id\":\"%s\",\"project_id\":null,\"code\":\"T\",\"name\":\"N\","
                             "\"status\":\"active\",\"more\":[1]}",
                             good_id),
                  &err));
    assert_int_equal(store_rows(w, "event"), 1);
}

static void nested_paths_items_and_formats(void **state)
{
    const struct store_world *w = *state;
    char id[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant, id);
    ht_test_sql(w->dsn,
                store_text("SELECT hooktop.type_add('%s', 'deep.one', 'd', '{\"type\":\"object\",\"required\":"
                           "[\"a\"],\"properties\":{\"a\":{\"type\":\"object\",\"properties\":{\"list\":{\"type\":"
                           "\"array\",\"items\":{\"type\":\"integer\"}},\"at\":{\"type\":\"string\",\"format\":"
                           "\"date-time\"},\"day\":{\"type\":\"string\",\"format\":\"date\"},\"mail\":{\"type\":"
                           "\"string\",\"format\":\"email\"}}}}}', NULL)",
                           id));
    static const struct {
        const char *data;
        const char *says;
    } bad[] = {
        {"{\"a\":{\"list\":[1,2,\"x\"]}}", "a.list[2]: expected integer, found string"},
        {"{\"a\":{\"list\":[1.5]}}", "a.list[0]: expected an integer, found 1.5"},
        {"{\"a\":{\"at\":\"2026-13-01T00:00:00Z\"}}", "a.at: expected a string of format date-time"},
        {"{\"a\":{\"at\":\"2026-01-01 00:00:00\"}}", "a.at: expected a string of format date-time"},
        {"{\"a\":{\"day\":\"2026-02-30\"}}", "a.day: expected a string of format date"},
        {"{\"a\":{\"mail\":\"a b@c.d\"}}", "a.mail: expected a string of format email"},
    };
    for (size_t i = 0; i < HT_COUNT(bad); i++)
        STORE_REFUSED(HT_USAGE, emit(w->c, &w->tenant, "deep.one", bad[i].data, &err), bad[i].says, NULL);
    STORE_OK(emit(w->c, &w->tenant, "deep.one",
                  "{\"a\":{\"list\":[1,2e2],\"at\":\"2026-11-20T14:02:58.44+02:00\",\"day\":\"2024-02-29\","
                  "\"mail\":\"a@b.example\"}}",
                  &err));
}

static void what_may_not_be_emitted_is_refused_and_leaves_nothing(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid insta = store_tenant(w->c, "Insta", "instaclaim");
    struct ht_uuid nobody = ht_uuid_new();
    size_t len = 262145;
    char *large = ht_alloc(len + 1, 1);
    memset(large, 'x', len);
    large[0] = large[len - 1] = '"';
    STORE_REFUSED(HT_USAGE, emit(w->c, &insta, "bank_statement.redaction_queued", "{}", &err), "is planned",
                  "hooktop type list", NULL);
    STORE_REFUSED(HT_USAGE, emit(w->c, &insta, "integration.connected", "{}", &err), "is planned", NULL);
    STORE_REFUSED(HT_USAGE, emit(w->c, &insta, "webhook.test", "{}", &err), "only sent by a ping", NULL);
    STORE_REFUSED(HT_NOT_FOUND, emit(w->c, &insta, "no.such", "{}", &err), "instaclaim has no event type \"no.such\"",
                  NULL);
    STORE_REFUSED(HT_USAGE, emit(w->c, &w->tenant, "Not A Type", "{}", &err), "is no event type", NULL);
    STORE_REFUSED(HT_NOT_FOUND, emit(w->c, &nobody, "a.b", "{}", &err), "there is no tenant", NULL);
    STORE_REFUSED(HT_USAGE, emit(w->c, &w->tenant, "a.b", "{\"a\":", &err), "json", NULL);
    STORE_REFUSED(HT_USAGE, emit(w->c, &w->tenant, "a.b", "{\"a\":\"\xff\"}", &err), "UTF8", NULL);
    STORE_REFUSED(HT_USAGE, emit(w->c, &w->tenant, "a.b", large, &err), "262145 bytes", "262144", NULL);
    struct ht_uuid event;
    int32_t n;
    struct ht_emit_input in = {.type = "a.b", .data = "{}", .source = "cli"};
    STORE_REFUSED(HT_USAGE, emit_as(w->c, in, &w->tenant, &event, &n, &err), "source is \"cli\"", "ui or api", NULL);
    in.source = NULL;
    in.key = "";
    STORE_REFUSED(HT_USAGE, emit_as(w->c, in, &w->tenant, &event, &n, &err), "idempotency key", NULL);
    in.tenant = "Acme";
    in.data_len = 2;
    STORE_REFUSED(HT_USAGE, ht_store_emit(w->c, &in, &event, &n, &err), "\"Acme\" is no tenant's id", NULL);
    static const char *const tables[] = {"event", "delivery", "tenant_webhook_outbox", "held", "idempotency"};
    for (size_t i = 0; i < HT_COUNT(tables); i++)
        assert_int_equal(store_rows(w, tables[i]), 0);
    /* exactly the limit is fine */
    large[len - 2] = '"';
    large[len - 1] = '\0';
    STORE_OK(emit(w->c, &w->tenant, "a.b", large, &err));
    free(large);
}

static void an_open_catalogue_learns_a_type_at_its_first_emit(void **state)
{
    const struct store_world *w = *state;
    STORE_OK(emit(w->c, &w->tenant, "brand.new_1", "true", &err));
    STORE_OK(emit(w->c, &w->tenant, "brand.new_1", "[]", &err));
    assert_int_equal(
        ht_test_sql_int(w->dsn,
                        "SELECT count(*) FROM hooktop.event_type WHERE name = 'brand.new_1' AND state = 'emitted'"),
        1);
}

static void rolling_back_leaves_nothing(void **state)
{
    const struct store_world *w = *state;
    struct ht_emit_input in = {.type = "a.b", .data = "{}", .key = "k"};
    struct ht_uuid first, second;
    int32_t n;
    STORE_OK(ht_conn_begin(w->c, &err));
    STORE_OK(emit_as(w->c, in, &w->tenant, &first, &n, &err));
    ht_conn_rollback(w->c);
    static const char *const tables[] = {"event", "delivery", "tenant_webhook_outbox", "idempotency"};
    for (size_t i = 0; i < HT_COUNT(tables); i++)
        assert_int_equal(store_rows(w, tables[i]), 0);
    STORE_OK(emit_as(w->c, in, &w->tenant, &second, &n, &err));
    assert_memory_not_equal(&first, &second, sizeof(first));
}

static void a_repeated_key_returns_the_first_event(void **state)
{
    const struct store_world *w = *state;
    struct ht_emit_input in = {.type = "a.b", .data = "{\"n\":1}", .key = "once"};
    struct ht_uuid first, second, other;
    int32_t n = 0;
    STORE_OK(emit_as(w->c, in, &w->tenant, &first, &n, &err));
    in.data = "{\"n\":2}";
    n = 0;
    STORE_OK(emit_as(w->c, in, &w->tenant, &second, &n, &err));
    assert_memory_equal(&first, &second, sizeof(first));
    assert_int_equal(n, 1);
    assert_int_equal(store_rows(w, "event"), 1);
    assert_int_equal(store_rows(w, "delivery"), 1);
    /* a key is the tenant's own */
    struct ht_uuid tenant = store_tenant(w->c, "Other", "standard");
    STORE_OK(emit_as(w->c, in, &tenant, &other, &n, &err));
    assert_memory_not_equal(&first, &other, sizeof(first));
}

struct rival {
    const struct store_world *w;
    struct ht_uuid event;
    enum ht_rc rc;
    struct ht_err err;
};

static void *emit_too(void *user)
{
    struct rival *r = user;
    const struct ht_conn_options o = {.dsn = r->w->dsn, .application = "store rival", .timeout_ms = 60000};
    struct ht_conn *c = NULL;
    int32_t n;
    r->rc = ht_conn_open(&o, &c, &r->err);
    if (r->rc == HT_OK)
        r->rc = emit_as(c, (struct ht_emit_input){.type = "a.b", .data = "{}", .key = "both"}, &r->w->tenant, &r->event,
                        &n, &r->err);
    ht_conn_close(c);
    return NULL;
}

/* Two sessions with the same key at the same time: the second waits for the first to end. */
static void race(const struct store_world *w, bool commit, struct ht_uuid *ret_mine, struct ht_uuid *ret_other)
{
    struct rival r = {.w = w};
    pthread_t thread;
    int32_t n;
    STORE_OK(ht_conn_begin(w->c, &err));
    STORE_OK(emit_as(w->c, (struct ht_emit_input){.type = "a.b", .data = "{}", .key = "both"}, &w->tenant, ret_mine, &n,
                     &err));
    assert_int_equal(pthread_create(&thread, NULL, emit_too, &r), 0);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'store rival'"
                                          " AND wait_event_type = 'Lock' AND datname = current_database()") == 1,
                  60000);
    if (commit)
        STORE_OK(ht_conn_commit(w->c, &err));
    else
        ht_conn_rollback(w->c);
    pthread_join(thread, NULL);
    store_must(r.rc, &r.err);
    *ret_other = r.event;
}

static void two_sessions_with_one_key_make_one_event(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid mine, other;
    race(w, false, &mine, &other);
    assert_memory_not_equal(&mine, &other, sizeof(mine));
    assert_int_equal(store_rows(w, "event"), 1);
    ht_test_sql(w->dsn, "DELETE FROM hooktop.idempotency");
    race(w, true, &mine, &other);
    assert_memory_equal(&mine, &other, sizeof(mine));
    assert_int_equal(store_rows(w, "event"), 2);
}

static void who_gets_an_event(void **state)
{
    const struct store_world *w = *state;
    static const struct {
        const char *pattern, *type;
        int deliveries;
    } cases[] = {
        {"*", "a.b.c", 1},       {"a.*", "a.b.c", 1}, {"a.b.*", "a.b.c", 1}, {"a.b.c", "a.b.c", 1}, {"a.b", "a.b.c", 0},
        {"a.b.c.*", "a.b.c", 0}, {"a.*", "a", 0},     {"a", "a", 1},         {"a.*", "ab.c", 0},    {"b.*", "a.b.c", 0},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_uuid t = store_tenant(w->c, store_text("Pattern %zu", i), "standard");
        struct ht_endpoint e = store_endpoint(w->c, &t, "standard", cases[i].pattern);
        struct ht_uuid event;
        int32_t n = -1;
        STORE_OK(emit_as(w->c, (struct ht_emit_input){.type = cases[i].type, .data = "{}"}, &t, &event, &n, &err));
        if (n != cases[i].deliveries)
            fail_msg("%s to %s: %d deliveries", cases[i].type, cases[i].pattern, (int)n);
        assert_int_equal(ht_pattern_matches(cases[i].pattern, cases[i].type), cases[i].deliveries);
        ht_endpoint_fini(&e);
    }
    /* nobody subscribed: the event is stored, without deliveries */
    STORE_OK(ht_store_subscribe(w->c, &w->e, "*", false, &err));
    struct ht_uuid event;
    int32_t n = -1;
    STORE_OK(emit_as(w->c, (struct ht_emit_input){.type = "x.y", .data = "{}"}, &w->tenant, &event, &n, &err));
    assert_int_equal(n, 0);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_subscribe(w->c, &w->e, "*", false, &err), "not subscribed", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_subscribe(w->c, &w->e, "a..b", true, &err), "is no pattern", NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_and_its_deliveries_are_stored_as_given),
        TEST(every_catalogue_type_checks_its_contract),
        TEST(a_violation_names_the_field_and_what_was_expected),
        TEST(nested_paths_items_and_formats),
        TEST(what_may_not_be_emitted_is_refused_and_leaves_nothing),
        TEST(an_open_catalogue_learns_a_type_at_its_first_emit),
        TEST(rolling_back_leaves_nothing),
        TEST(a_repeated_key_returns_the_first_event),
        TEST(two_sessions_with_one_key_make_one_event),
        TEST(who_gets_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
