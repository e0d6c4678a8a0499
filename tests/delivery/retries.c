/* The schedule and what ends it: retries, success at last, exhaustion, 410, a profile's failure rule; and that every
 * attempt of a delivery is the same delivery. */
#include "delivery_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next attempt's time, in whole seconds from the moment at which the last one's failure was noted. */
#define COMES_IN                                                                                                       \
    "SELECT floor(extract(epoch FROM o.due_at - h.last_failure_at))::int FROM hooktop.tenant_webhook_outbox o JOIN "   \
    "hooktop.endpoint_health h ON h.endpoint_id = o.endpoint_id WHERE o.endpoint_id = %s"

static void test_retries_until_success(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_FAIL_FIRST, .arg = 2, .schedule_s = {1000, 3000, 9000}};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{\"text\": \"\\u00e9 and more\"}");
    lab_start(w, NULL);
    for (int i = 0; i < 2; i++) {
        LAB_UNTIL(w, &e, LAB_ATTEMPTS, i + 1);
        int64_t s = lab_int(w, &e, COMES_IN); /* up to a tenth more than the schedule says */
        assert_in_range(s, e.schedule_s[i], e.schedule_s[i] * 11 / 10);
        lab_hasten(w, &e);
    }
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 3);
    HT_AUTOFREE char *words =
        lab_text(w, &e,
                 "SELECT string_agg(a.n || a.error, ',' ORDER BY a.n) FROM hooktop.attempt a JOIN "
                 "hooktop.delivery d ON d.id = a.delivery_id WHERE d.endpoint_id = %s");
    assert_string_equal(words, "1http_5xx,2http_5xx,3");
    lab_stop(w);
    lab_endpoint_fini(&e);
}

struct seen {
    size_t n;
    int32_t attempt[8];
    uint8_t sha[8][32];
    char delivery[8][HT_UUID_TEXT];
    char id[8][64];
    int64_t timestamp[8];
    bool verified[8];
};

static void header_value(const char *head, const char *name, char *ret, size_t size)
{
    const char *at = strstr(head, name);
    assert_non_null(at);
    at += strlen(name);
    size_t n = strcspn(at, "\r\n");
    assert_true(n < size);
    memcpy(ret, at, n);
    ret[n] = '\0';
}

static void see(void *user, const struct ht_recorded *rec)
{
    struct seen *s = user;
    char text[64];
    if (s->n == 8) {
        return;
    }
    s->attempt[s->n] = rec->attempt;
    s->verified[s->n] = rec->verified;
    memcpy(s->sha[s->n], rec->body_sha256, 32);
    snprintf(s->delivery[s->n], HT_UUID_TEXT, "%s", rec->delivery);
    header_value(rec->head, "webhook-id: ", s->id[s->n], sizeof s->id[s->n]);
    header_value(rec->head, "webhook-timestamp: ", text, sizeof text);
    s->timestamp[s->n++] = strtoll(text, NULL, 10);
}

static void test_attempts_are_the_same_delivery(void **state)
{
    struct lab *w = *state;
    static struct seen s;
    s = (struct seen){0};
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_FAIL_FIRST, .arg = 2, .schedule_s = {1, 1, 1}};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{\"b\": 1,   \"a\": 2}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    lab_stop(w);
    ht_receiver_each(w->receiver, see, &s);
    assert_int_equal(s.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(s.attempt[i], i + 1);
        assert_true(s.verified[i]);
        assert_memory_equal(s.sha[i], s.sha[0], 32);
        assert_string_equal(s.delivery[i], s.delivery[0]);
        assert_string_equal(s.id[i], s.id[0]);
        /* taken at each attempt, a second or more apart */
        assert_true(i == 0 || s.timestamp[i] > s.timestamp[i - 1]);
    }
    lab_endpoint_fini(&e);
}

static void test_exhausted(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 500, .schedule_s = {1, 1}};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("exhausted"), 1);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 3);
    assert_int_equal(lab_int(w, &e, "SELECT count(*) FROM hooktop.tenant_webhook_outbox"), 0);
    HT_AUTOFREE char *status = lab_text(w, &e, "SELECT status FROM hooktop.endpoint WHERE id = %s");
    assert_string_equal(status, "active");
    lab_stop(w);
    lab_endpoint_fini(&e);
}

static void test_gone(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 410, .in_flight_max = 1};
    lab_endpoint(w, &e);
    for (int i = 0; i < 3; i++) {
        lab_emit(w, NULL, "thing.happened", "{}");
    }
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("exhausted"), 1);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("held"), 2);
    HT_AUTOFREE char *status =
        lab_text(w, &e, "SELECT status || ': ' || status_reason FROM hooktop.endpoint WHERE id = %s");
    assert_string_equal(status, "disabled: the receiver answered 410: it wants no more");
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit WHERE action = 'endpoint.disabled'"),
                     1);
    lab_stop(w);
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, "/a", &counts);
    assert_int_equal(counts.requests, 1);
    lab_endpoint_fini(&e);
}

/* ClaimPort: disabled after five failed attempts of one delivery. */
static void test_failure_rule(void **state)
{
    struct lab *w = *state;
    struct ht_tenant t = lab_tenant(w, "Port", "claimport");
    struct lab_endpoint e = {.tenant = &t, .path = "/p", .schedule_s = {1, 1, 1, 1}};
    struct ht_ping_result ping = {0};
    lab_endpoint(w, &e);
    LAB_OK(ht_ops_ping(&w->ops, &e.row, NULL, &ping, &err));
    assert_true(ping.success);
    ht_ping_result_fini(&ping);
    lab_answers(w, &e, HT_ANSWER_STATUS, 503);
    assert_int_equal(lab_emit(w, &t, "claim.created", "{\"claim\": {\"id\": \"c1\"}}"), 1);
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("exhausted"), 1);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 5);
    HT_AUTOFREE char *status = lab_text(w, &e, "SELECT status FROM hooktop.endpoint WHERE id = %s");
    assert_string_equal(status, "disabled");
    lab_stop(w);
    lab_endpoint_fini(&e);
    ht_tenant_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_retries_until_success, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_attempts_are_the_same_delivery, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_exhausted, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_gone, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_failure_rule, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("retries", tests, NULL, NULL);
}
