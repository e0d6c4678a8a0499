/* Lists: pages, every field of every filter, and what values a hostile operator may put there. */
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/codec.h"
#include "hooktop/store/queue.h"
#include "store_world.h"

static bool has(const struct ht_deliveries *l, const struct ht_uuid *event)
{
    for (size_t i = 0; i < l->n; i++) {
        if (ht_uuid_cmp(&l->rows[i].event_id, event) == 0)
            return true;
    }
    return false;
}

static struct ht_deliveries deliveries(const struct store_world *w, const char *text)
{
    struct ht_deliveries l = {0};
    struct ht_filter f = store_filter(HT_FILTER_DELIVERIES, text);
    STORE_OK(ht_store_deliveries(w->c, NULL, &f, NULL, NULL, 100, &l, &err));
    ht_filter_fini(&f);
    return l;
}

static size_t count(const struct store_world *w, enum ht_filter_list list, const char *text)
{
    struct ht_filter f = store_filter(list, text);
    struct ht_endpoints endpoints = {0};
    struct ht_deliveries log = {0};
    struct ht_events events = {0};
    struct ht_event_types types = {0};
    struct ht_fleet_keys keys = {0};
    struct ht_audit_entries audit = {0};
    struct ht_failure_groups groups = {0};
    if (list == HT_FILTER_ENDPOINTS)
        STORE_OK(ht_store_endpoints(w->c, NULL, &f, NULL, 100, &endpoints, &err));
    else if (list == HT_FILTER_DELIVERIES)
        STORE_OK(ht_store_deliveries(w->c, NULL, &f, NULL, NULL, 100, &log, &err));
    else if (list == HT_FILTER_EVENTS)
        STORE_OK(ht_store_events(w->c, NULL, &f, NULL, 100, &events, &err));
    else if (list == HT_FILTER_SECRETS)
        STORE_OK(ht_store_fleet(w->c, NULL, &f, NULL, 100, &keys, &err));
    else if (list == HT_FILTER_FAILURES)
        STORE_OK(ht_store_failure_groups(w->c, NULL, &f, 0, HT_FAILURES_BY_ALL, 100, &groups, &err));
    else if (list == HT_FILTER_AUDIT)
        STORE_OK(ht_store_audit(w->c, NULL, &f, NULL, 100, &audit, &err));
    else
        STORE_OK(ht_store_types(w->c, &f, &types, &err));
    size_t n = endpoints.n + log.n + events.n + types.n + keys.n + audit.n + groups.n;
    ht_failure_groups_fini(&groups);
    ht_audit_entries_fini(&audit);
    ht_fleet_keys_fini(&keys);
    ht_endpoints_fini(&endpoints);
    ht_deliveries_fini(&log);
    ht_events_fini(&events);
    ht_event_types_fini(&types);
    ht_filter_fini(&f);
    return n;
}

static void pages_meet_without_gap_or_repetition(void **state)
{
    const struct store_world *w = *state;
    enum { ALL = 25, PAGE = 10 };
    struct ht_uuid seen[ALL];
    size_t n = 0;
    struct ht_uuid last;
    bool more = true;
    for (int i = 0; i < ALL; i++)
        store_emit(w->c, &w->tenant, "a.b", store_text("{\"i\":%d}", i));
    for (const struct ht_uuid *before = NULL; more; before = &last) {
        struct ht_deliveries page = {0};
        STORE_OK(ht_store_deliveries(w->c, &w->tenant, NULL, before, NULL, PAGE, &page, &err));
        for (size_t i = 0; i < page.n; i++) {
            assert_true(n < ALL);
            assert_true(n == 0 || ht_uuid_cmp(&page.rows[i].id, &seen[n - 1]) < 0);
            seen[n++] = page.rows[i].id;
        }
        more = page.more;
        assert_int_equal(more, n < ALL);
        last = seen[n - 1];
        ht_deliveries_fini(&page);
    }
    assert_int_equal(n, ALL);

    struct ht_deliveries newer = {0};
    STORE_OK(ht_store_deliveries(w->c, NULL, NULL, NULL, &seen[3], PAGE, &newer, &err));
    assert_int_equal(newer.n, 3);
    assert_false(newer.more);
    assert_memory_equal(&newer.rows[0].id, &seen[0], sizeof(seen[0]));
    ht_deliveries_fini(&newer);
    STORE_OK(ht_store_deliveries(w->c, NULL, NULL, &seen[3], &seen[20], PAGE, &newer, &err));
    assert_int_equal(newer.n, PAGE);
    assert_true(newer.more);
    assert_memory_equal(&newer.rows[0].id, &seen[4], sizeof(seen[0]));
    ht_deliveries_fini(&newer);

    struct ht_events first = {0}, second = {0};
    STORE_OK(ht_store_events(w->c, &w->tenant, NULL, NULL, 20, &first, &err));
    assert_true(first.more);
    STORE_OK(ht_store_events(w->c, &w->tenant, NULL, &first.rows[19].id, 20, &second, &err));
    assert_false(second.more);
    assert_int_equal(first.n + second.n, ALL);
    assert_null(first.rows[0].data); /* lists do not carry payloads */
    ht_events_fini(&first);
    ht_events_fini(&second);
}

static void endpoints_come_in_pages_without_the_removed(void **state)
{
    const struct store_world *w = *state;
    struct ht_endpoint gone = store_endpoint(w->c, &w->tenant, "standard", "*");
    struct ht_endpoints page = {0};
    int64_t moved;
    STORE_OK(ht_store_endpoint_state(w->c, &gone, HT_ENDPOINT_REMOVED, HT_HELD_KEEP, 0, "moved away", &moved, &err));
    for (int i = 0; i < 3; i++) {
        struct ht_endpoint e = store_endpoint(w->c, &w->tenant, "standard", "a.*");
        ht_endpoint_fini(&e);
    }
    STORE_OK(ht_store_endpoints(w->c, &w->tenant, NULL, NULL, 3, &page, &err));
    assert_int_equal(page.n, 3);
    assert_true(page.more);
    struct ht_uuid last = page.rows[2].id;
    ht_endpoints_fini(&page);
    STORE_OK(ht_store_endpoints(w->c, &w->tenant, NULL, &last, 3, &page, &err));
    assert_int_equal(page.n, 1);
    assert_memory_equal(&page.rows[0].id, &w->e.id, sizeof(last));
    assert_string_equal(page.rows[0].tenant_name, "Acme");
    assert_int_equal(page.rows[0].subscriptions, 1);
    ht_endpoints_fini(&page);
    assert_int_equal(count(w, HT_FILTER_ENDPOINTS, "status:removed"), 1);
    assert_int_equal(count(w, HT_FILTER_ENDPOINTS, "-status:active"), 1);
    ht_endpoint_fini(&gone);
}

/* One of each kind in the log: ok succeeded, bad waits for its retry after a 503, slow is leased, kept is held. */
struct log {
    struct ht_uuid ok, bad, leased, kept;
};

static struct log make_log(struct store_world *w)
{
    struct log l;
    int64_t moved;
    l.ok = store_emit(w->c, &w->tenant, "claim.created", "{\"city\":\"Zürich 100%\"}");
    store_settle_all(w->dsn, "succeeded", 204, "");
    l.bad = store_emit(w->c, &w->tenant, "claim.closed", "{}");
    store_settle_all(w->dsn, "ready", 503, "http_5xx");
    l.leased = store_emit(w->c, &w->tenant, "message.sent", "{}");
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() + interval '1 h',"
                        " lease_id = gen_random_uuid() WHERE delivery_id = (SELECT max(delivery_id::text)::uuid"
                        " FROM hooktop.tenant_webhook_outbox)");
    struct ht_uuid other = store_tenant(w->c, "Globex", "claimport");
    struct ht_endpoint e = store_endpoint(w->c, &other, "claimport", "claim.*");
    STORE_OK(ht_store_endpoint_state(w->c, &e, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0, "maintenance", &moved, &err));
    l.kept = store_emit(w->c, &other, "claim.approved", "{\"claim\":{}}");
    ht_endpoint_fini(&e);
    return l;
}

static void every_delivery_filter_finds_what_it_says(void **state)
{
    struct store_world *w = *state;
    struct log l = make_log(w);
    struct ht_delivery d = store_delivery_of(w->c, &l.ok);
    char id[HT_UUID_TEXT], event[HT_UUID_TEXT], endpoint[HT_UUID_TEXT];
    ht_uuid_format(&d.id, id);
    ht_uuid_format(&l.ok, event);
    ht_uuid_format(&w->e.id, endpoint);
    ht_delivery_fini(&d);
    const struct {
        const char *text;
        bool ok, bad, leased, kept;
    } cases[] = {
        {"", true, true, true, true},
        {"status:succeeded", true, false, false, false},
        {"status:ready", false, true, false, false},
        {"status:RT", false, true, false, false},
        {"status:..", false, false, false, false},
        {"status:ok|HE", true, false, false, true},
        {"status:leased", false, false, true, false},
        {"status:ready|leased", false, true, true, false},
        {"status:held", false, false, false, true},
        {"status:held|succeeded", true, false, false, true},
        {"-status:held", true, true, true, false},
        {"-status:ready", true, false, true, true},
        {"code:204", true, false, false, false},
        {"code:5xx", false, true, false, false},
        {"code:>=200", true, true, false, false},
        {"code:204|5xx", true, true, false, false},
        {"-code:5xx", true, false, true, true}, /* no answer at all is none of 5xx */
        {"type:claim.created", true, false, false, false},
        {"type:claim.*", true, true, false, true},
        {"type:claim.cr*|message.*", true, false, true, false},
        {"profile:claimport", false, false, false, true},
        {"-profile:claimport", true, true, true, false},
        {"error:http_5xx", false, true, false, false},
        {"error:timeout*", false, false, false, false},
        {store_text("id:%s", id), true, false, false, false},
        {store_text("event:%s", event), true, false, false, false},
        {store_text("event:%s|%.20s", event, event), true, false, false, false},
        {"id:0", true, true, true, true},
        {"tenant:globex", false, false, false, true},
        {"tenant:acme", true, true, true, false},
        {"attempts:0", false, false, true, true},
        {"attempts:>=1", true, true, false, false},
        {"latency:2s", true, true, false, false},
        {"latency:<2s", false, false, false, false},
        {"after:-1h", true, true, true, true},
        {"before:-1h", false, false, false, false},
        {"-before:-1h", true, true, true, true},
        {store_text("endpoint:%s", endpoint), true, true, true, false},
        {"endpoint:receiver.example", true, true, true, true},
        {"claim", true, true, false, true},
        {"-claim", false, false, true, false},
        {"message", false, false, true, false},
        {"/^claim\\.c/", true, true, false, false},
        {"-/^claim/", false, false, true, false},
        {"status:ready code:503 claim", false, true, false, false},
        {"\"100%\"", false, false, false, false},
        {"claim_created", false, false, false, false}, /* LIKE's wildcards are no wildcards here */
        {"type:claim%created", false, false, false, false},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_deliveries found = deliveries(w, cases[i].text);
        bool right = has(&found, &l.ok) == cases[i].ok && has(&found, &l.bad) == cases[i].bad &&
                     has(&found, &l.leased) == cases[i].leased && has(&found, &l.kept) == cases[i].kept;
        if (!right)
            fail_msg("\"%s\" finds ok %d, bad %d, leased %d, kept %d", cases[i].text, has(&found, &l.ok),
                     has(&found, &l.bad), has(&found, &l.leased), has(&found, &l.kept));
        ht_deliveries_fini(&found);
    }
}

static void a_delivery_says_where_it_stands(void **state)
{
    struct store_world *w = *state;
    struct log l = make_log(w);
    struct ht_delivery d = store_delivery_of(w->c, &l.ok);
    assert_int_equal(d.status, HT_DELIVERY_SUCCEEDED);
    assert_int_equal(d.attempts, 1);
    assert_int_equal(d.last_status, 204);
    assert_int_equal(d.last_error, HT_ATTEMPT_NONE);
    assert_int_equal(d.last_duration_ms, 2500);
    assert_true(d.last_attempt_at > 0);
    assert_int_equal(d.due_at, 0);
    assert_int_equal(d.attempts_max, 0); /* the profile's, which the store does not know */
    struct ht_attempts tries = {0};
    STORE_OK(ht_store_attempts(w->c, &d, &tries, &err));
    assert_int_equal(tries.n, 1);
    const struct ht_attempt *a = &tries.rows[0];
    assert_int_equal(a->n, 1);
    assert_int_equal(a->status, 204);
    assert_int_equal(a->phases.dns_us + a->phases.connect_us + a->phases.tls_us + a->phases.first_byte_us, 10);
    assert_int_equal(a->phases.total_us, 2500000);
    assert_string_equal(a->address, "203.0.113.5:443");
    assert_string_equal(a->request_headers, "A: b");
    assert_string_equal(a->response_headers, "C: d");
    assert_int_equal(a->response_body_len, 2);
    assert_memory_equal(a->response_body, "\0\xff", 2);
    assert_int_equal(a->response_bytes, 2);
    assert_string_equal(a->secret_ids, "1");
    ht_attempts_fini(&tries);
    ht_delivery_fini(&d);

    d = store_delivery_of(w->c, &l.bad);
    assert_int_equal(d.status, HT_DELIVERY_READY);
    assert_int_equal(d.last_error, HT_ATTEMPT_HTTP_5XX);
    int64_t now = 0;
    STORE_OK(ht_conn_now(w->c, &now, &err));
    assert_true(d.due_at > now + INT64_C(3500000000) && d.due_at <= now + INT64_C(3600000000));
    ht_delivery_fini(&d);
    d = store_delivery_of(w->c, &l.leased);
    assert_int_equal(d.status, HT_DELIVERY_LEASED);
    ht_delivery_fini(&d);
    d = store_delivery_of(w->c, &l.kept);
    assert_int_equal(d.status, HT_DELIVERY_HELD);
    assert_int_equal(d.due_at, 0);
    ht_delivery_fini(&d);
}

static void endpoint_figures_and_filters(void **state)
{
    struct store_world *w = *state;
    (void)make_log(w);
    struct ht_endpoint e = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&w->e.id, id);
    STORE_OK(ht_store_endpoint_find(w->c, id, &e, &err));
    assert_int_equal(e.pending, 2);
    assert_int_equal(e.held, 0);
    assert_int_equal(e.succeeded_24h, 1);
    assert_int_equal(e.failed_24h, 0);
    assert_int_equal(e.consecutive_failures, 1);
    assert_true(e.failing_since > 0 && e.last_success_at > 0 && e.last_failure_at >= e.last_success_at);
    ht_endpoint_fini(&e);
    ht_test_sql(w->dsn, "UPDATE hooktop.endpoint_health SET failing_since = clock_timestamp() - interval '90 min';"
                        "UPDATE hooktop.delivery SET status = 'exhausted' WHERE last_error = 'http_5xx'");
    static const struct {
        const char *text;
        size_t n;
    } cases[] = {
        {"", 2},
        {"receiver.example", 2},
        {"acme", 1},
        {"url:https*", 2},
        {"url:*.example", 0},
        {"description:x", 0},
        {"profile:claimport", 1},
        {"status:paused", 1},
        {"status:active|paused", 2},
        {"tenant:globex", 1},
        {"id:0", 2},
        {"id:ffff", 0},
        {"failing:1h", 1},
        {"failing:2h", 0},
        {"failures:1", 1},
        {"failures:0", 1},
        {"pending:2", 1},
        {"pending:>2", 0},
        {"held:1", 1},
        {"failed:1", 1},
        {"failed:0", 1},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        size_t n = count(w, HT_FILTER_ENDPOINTS, cases[i].text);
        if (n != cases[i].n)
            fail_msg("\"%s\" finds %zu", cases[i].text, n);
    }
}

/* By it the console tells how near the endpoint is to being disabled by one delivery. */
static void the_delivery_that_failed_most_is_known(void **state)
{
    struct store_world *w = *state;
    struct log l = make_log(w);
    struct ht_endpoint_health h = {0};
    struct ht_delivery bad = store_delivery_of(w->c, &l.bad);
    STORE_OK(ht_store_endpoint_health(w->c, &w->e, &h, &err));
    assert_int_equal(h.failed_most, 1);
    assert_int_equal(h.failed_most_at, bad.due_at);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET attempts = 3 WHERE attempts = 0");
    STORE_OK(ht_store_endpoint_health(w->c, &w->e, &h, &err));
    assert_int_equal(h.failed_most, 3);
    assert_true(h.failed_most_at && h.failed_most_at < bad.due_at);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET attempts = 0");
    STORE_OK(ht_store_endpoint_health(w->c, &w->e, &h, &err));
    assert_int_equal(h.failed_most, 0);
    ht_delivery_fini(&bad);
}

static void event_and_type_filters(void **state)
{
    struct store_world *w = *state;
    (void)make_log(w);
    char tenant[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant, tenant);
    struct ht_uuid event;
    int32_t made;
    const struct ht_emit_input in = {.tenant = tenant,
                                     .type = "lone.type",
                                     .data = "{\"needle\":\"in hay\"}",
                                     .data_len = 19,
                                     .source = "ui",
                                     .workflow = "wf_7",
                                     .key = "key-7"};
    STORE_OK(ht_store_emit(w->c, &in, &event, &made, &err));
    ht_test_sql(w->dsn, store_text("DELETE FROM hooktop.tenant_webhook_outbox o USING hooktop.delivery d WHERE d.type ="
                                   " 'lone.type' AND o.delivery_id = d.id; DELETE FROM hooktop.delivery WHERE type ="
                                   " 'lone.type'"));
    static const struct {
        enum ht_filter_list list;
        const char *text;
        size_t n;
    } cases[] = {
        {HT_FILTER_EVENTS, "", 5},
        {HT_FILTER_EVENTS, "lone", 1},
        {HT_FILTER_EVENTS, "type:claim.*", 3},
        {HT_FILTER_EVENTS, "key:key-7", 1},
        {HT_FILTER_EVENTS, "-key:key-7", 4},
        {HT_FILTER_EVENTS, "tenant:globex", 1},
        {HT_FILTER_EVENTS, "id:ffff", 0},
        {HT_FILTER_EVENTS, "contains:Zürich", 1},
        {HT_FILTER_EVENTS, "contains:\"100%\"", 1},
        {HT_FILTER_EVENTS, "contains:needle|city", 2},
        {HT_FILTER_EVENTS, "source:ui", 1},
        {HT_FILTER_EVENTS, "workflow:wf_7", 1},
        {HT_FILTER_EVENTS, "deliveries:0", 1},
        {HT_FILTER_EVENTS, "deliveries:>=1", 4},
        {HT_FILTER_EVENTS, "after:-1h", 5},
        {HT_FILTER_EVENTS, "before:-1h", 0},
        {HT_FILTER_EVENTS, "/^lone\\.t/", 1},
        {HT_FILTER_TYPES, "profile:claimable state:emitted", 9},
        {HT_FILTER_TYPES, "name:claim.label_*", 2},
        {HT_FILTER_TYPES, "state:planned", 2},
        {HT_FILTER_TYPES, "name:lone.type subscriptions:1", 1},
        {HT_FILTER_TYPES, "profile:claimport name:claim.* subscriptions:1", 7},
        {HT_FILTER_TYPES, "profile:claimport subscriptions:0 -state:test", 3},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        size_t n = count(w, cases[i].list, cases[i].text);
        if (n != cases[i].n)
            fail_msg("\"%s\" finds %zu", cases[i].text, n);
    }
    static const char *const days[] = {"on:2026-11-19", "on:1999-01-01", "after:2099-01-01", "before:1980-01-01"};
    for (size_t i = 0; i < HT_COUNT(days); i++)
        assert_int_equal(count(w, HT_FILTER_EVENTS, days[i]), 0);
}

/* In every order, both ways: pages are what one look at all of it shows, also where many rows compare alike. */
static void sorted_pages_meet_as_well(void **state)
{
    enum { PAGE = 3 };
    const struct store_world *w = *state;
    size_t n_fields;
    const struct ht_filter_field *fields = ht_filter_fields(HT_FILTER_ENDPOINTS, &n_fields);
    const struct ht_filter_field *sort = &fields[n_fields - 1];
    ht_test_sql(
        w->dsn,
        "INSERT INTO hooktop.endpoint (id, tenant_id, profile, url, description, status, timeout_ms, schedule_s)"
        " SELECT hooktop.uuid7(), e.tenant_id, e.profile, e.url, 'shop ' || n % 3, e.status, e.timeout_ms,"
        " e.schedule_s FROM hooktop.endpoint e, generate_series(1, 9) n");
    for (int o = 0; o < sort->words_len * 2; o++) {
        struct ht_filter f =
            store_filter(HT_FILTER_ENDPOINTS, store_text("%ssort:%s", o % 2 ? "-" : "", sort->words[o / 2].name));
        struct ht_endpoints all = {0}, page = {0};
        struct ht_uuid last;
        size_t n = 0;
        STORE_OK(ht_store_endpoints(w->c, NULL, &f, NULL, 100, &all, &err));
        assert_true(all.n > 2 * PAGE && !all.more);
        do {
            STORE_OK(ht_store_endpoints(w->c, NULL, &f, n > 0 ? &last : NULL, PAGE, &page, &err));
            for (size_t i = 0; i < page.n; i++, n++) {
                assert_true(n < all.n);
                assert_memory_equal(&page.rows[i].id, &all.rows[n].id, sizeof all.rows[n].id);
            }
            last = page.rows[page.n - 1].id;
            bool more = page.more;
            ht_endpoints_fini(&page);
            assert_int_equal(more, n < all.n);
        } while (n < all.n);
        for (size_t i = 1; o == 0 && i < all.n; i++) /* sort:name */
            assert_true(strcmp(all.rows[i - 1].description ? all.rows[i - 1].description : all.rows[i - 1].url,
                               all.rows[i].description ? all.rows[i].description : all.rows[i].url) <= 0);
        ht_endpoints_fini(&all);
        ht_filter_fini(&f);
    }
}

/* Every field there is, of every list, with values of its kind: each is valid SQL, alone, negated and with others. */
static void every_field_is_known_to_the_store(void **state)
{
    const struct store_world *w = *state;
    static const char *const samples[] = {[HT_FILTER_TEXT] = "'; DROP TABLE hooktop.event; --",
                                          [HT_FILTER_WORD] = "*",
                                          [HT_FILTER_ID] = "0193",
                                          [HT_FILTER_CODE] = "5xx",
                                          [HT_FILTER_DURATION] = ">2s",
                                          [HT_FILTER_TIME] = "-2h",
                                          [HT_FILTER_NUMBER] = ">9223372036854775806"};
    for (enum ht_filter_list list = 0; list < HT_FILTER_LIST_COUNT; list++) {
        size_t n;
        const struct ht_filter_field *fields = ht_filter_fields(list, &n);
        for (size_t i = 0; i < n; i++) {
            bool text = fields[i].kind == HT_FILTER_TEXT;
            const char *value = fields[i].kind == HT_FILTER_SORT ? fields[i].words[0].name : samples[fields[i].kind];
            (void)count(w, list, store_text(text ? "%s:\"%s\"" : "%s:%s", fields[i].name, value));
            (void)count(w, list, store_text(text ? "-%s:\"%s\"" : "-%s:%s", fields[i].name, value));
            if (fields[i].kind != HT_FILTER_WORD && fields[i].kind != HT_FILTER_SORT) /* where * is all words already */
                (void)count(w, list,
                            store_text(text ? "%s:\"%s\"|\"%s\" word" : "%s:%s|%s word", fields[i].name, value, value));
        }
        (void)count(w, list, "\"'; DROP TABLE hooktop.event; --\" /a(b|c)'/ -\"%_\\\\\"");
    }
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.event"), 0);
}

static void the_largest_filter_there_can_be(void **state)
{
    const struct store_world *w = *state;
    struct ht_buf text;
    ht_buf_init(&text, 4096);
    for (int t = 0; t < HT_FILTER_TERMS_MAX; t++) {
        ht_buf_adds(&text, t > 0 ? " id:0" : "id:0");
        for (int v = 1; v < HT_FILTER_VALUES_MAX; v++)
            ht_buf_adds(&text, "|f");
    }
    (void)count(w, HT_FILTER_DELIVERIES, text.data);
    ht_buf_fini(&text);
}

static void a_bad_regular_expression_is_the_users_fault(void **state)
{
    const struct store_world *w = *state;
    struct ht_filter f = store_filter(HT_FILTER_DELIVERIES, "/(/");
    struct ht_deliveries l = {0};
    (void)store_emit(w->c, &w->tenant, "a.b", "{}");
    STORE_REFUSED(HT_USAGE, ht_store_deliveries(w->c, NULL, &f, NULL, NULL, 10, &l, &err), "regular expression", NULL);
    ht_filter_fini(&f);
}

static void things_are_found_by_the_beginning_of_their_id(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid one = store_emit(w->c, &w->tenant, "a.b", "{}");
    char id[HT_UUID_TEXT];
    struct ht_event e = {0};
    struct ht_endpoint endpoint = {0};
    struct ht_delivery d = {0};
    (void)store_emit(w->c, &w->tenant, "a.b", "{}");
    ht_uuid_format(&one, id);
    /* as it stands on the wire of some profiles */
    char wire[64] = "evt_";
    ht_hex_encode(one.b, sizeof(one.b), wire + 4);
    STORE_OK(ht_store_event_find(w->c, wire, &e, &err));
    assert_memory_equal(&e.id, &one, sizeof(one));
    ht_event_fini(&e);
    STORE_REFUSED(HT_USAGE, ht_store_event_find(w->c, store_text("%.4s", id), &e, &err), "several event ids begin with",
                  "more characters", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_event_find(w->c, "xyz", &e, &err), "\"xyz\" is no beginning of an id", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_event_find(w->c, "01", &e, &err), "4 characters", NULL);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_event_find(w->c, "ffffffff", &e, &err), "there is no event ffffffff", NULL);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_delivery_find(w->c, id, &d, &err), "there is no delivery", NULL);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_endpoint_find(w->c, id, &endpoint, &err), "there is no endpoint", NULL);
    ht_uuid_format(&w->e.id, id);
    STORE_OK(ht_store_endpoint_find(w->c, store_text("%.13s", id), &endpoint, &err));
    assert_memory_equal(&endpoint.id, &w->e.id, sizeof(one));
    ht_endpoint_fini(&endpoint);
}

static void tenants_are_found_by_id_name_or_being_the_only_one(void **state)
{
    const struct store_world *w = *state;
    char id[HT_UUID_TEXT];
    struct ht_tenant t = {0};
    ht_uuid_format(&w->tenant, id);
    STORE_OK(ht_store_tenant_find(w->c, NULL, &t, &err));
    assert_string_equal(t.name, "Acme");
    assert_string_equal(t.profile, "standard");
    ht_tenant_fini(&t);
    struct ht_tenants all = {0};
    STORE_OK(ht_store_tenants(w->c, &all, &err));
    assert_int_equal(all.n, 1);
    assert_int_equal(all.rows[0].endpoints, 1);
    ht_tenants_fini(&all);
    STORE_OK(ht_store_tenant_find(w->c, id, &t, &err));
    ht_tenant_fini(&t);
    STORE_OK(ht_store_tenant_find(w->c, "Acme", &t, &err));
    ht_tenant_fini(&t);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_tenant_find(w->c, "acme", &t, &err), "no tenant \"acme\"", NULL);
    store_tenant(w->c, "Globex", "instnt");
    STORE_REFUSED(HT_USAGE, ht_store_tenant_find(w->c, NULL, &t, &err), "several tenants", "give --tenant", NULL);
    struct ht_uuid made;
    STORE_REFUSED(HT_USAGE, ht_store_tenant_add(w->c, "X", "nonesuch", &made, &err), "no profile \"nonesuch\"", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_tenant_add(w->c, " X", "standard", &made, &err), "a tenant's name", NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pages_meet_without_gap_or_repetition),
        TEST(endpoints_come_in_pages_without_the_removed),
        TEST(every_delivery_filter_finds_what_it_says),
        TEST(a_delivery_says_where_it_stands),
        TEST(endpoint_figures_and_filters),
        TEST(the_delivery_that_failed_most_is_known),
        TEST(event_and_type_filters),
        TEST(sorted_pages_meet_as_well),
        TEST(every_field_is_known_to_the_store),
        TEST(the_largest_filter_there_can_be),
        TEST(a_bad_regular_expression_is_the_users_fault),
        TEST(things_are_found_by_the_beginning_of_their_id),
        TEST(tenants_are_found_by_id_name_or_being_the_only_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
