/* Leases that are taken away, run out or are made longer while the engine has the row in hand or on the way. */
#include "delivery_lab.h"

#include <stdio.h>
#include <stdlib.h>

#define STEAL                                                                                                          \
    "UPDATE hooktop.tenant_webhook_outbox SET lease_id = gen_random_uuid(), worker_id = gen_random_uuid(), "           \
    "lease_until = clock_timestamp() + '1 h' WHERE endpoint_id = %s RETURNING 1"

/* Somebody else has it by the time its result is there: nothing is changed for them. */
static void test_fenced(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/slow", .answer = HT_ANSWER_HOLD}, other = {.path = "/other"};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 1, LAB_WAIT_MS));
    HT_AUTOFREE char *stolen = lab_text(w, &e, STEAL);
    assert_non_null(stolen);
    lab_answers(w, &e, HT_ANSWER_STATUS, 200);
    HT_TEST_UNTIL(lab_figures(w).sent == 1 && lab_figures(w).in_flight == 0, LAB_WAIT_MS);
    lab_endpoint(w, &other);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &other, LAB_WITH_STATUS("succeeded"), 1); /* what was settled before it is settled by now */
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);     /* the second event's, not the stolen one */
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 1);
    assert_int_equal(lab_int(w, &e,
                             "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s AND "
                             "attempts = 0 AND lease_until > now() + interval '50 min'"),
                     1);
    lab_stop(w);
    lab_endpoint_fini(&e);
    lab_endpoint_fini(&other);
}

/* The same after its lease ran out: the row comes to the same engine again, which has it on the way still. */
static void test_comes_again_while_on_the_way(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    struct ht_route_counts counts;
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1); /* now it is an endpoint that may have several in hand */
    lab_answers(w, &e, HT_ANSWER_HOLD, 0);
    lab_emit(w, NULL, "thing.happened", "{}");
    assert_true(ht_receiver_wait_requests(w->receiver, "/a", 2, LAB_WAIT_MS));
    HT_AUTOFREE char *lease = lab_text(w, &e,
                                       "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() WHERE "
                                       "endpoint_id = %s RETURNING lease_id");
    assert_non_null(lease);
    char sql[256];
    /* claimed again before the answer; the worker that had it lives, so this does not speak against the row */
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE lease_id <> '%s' AND claims = 1", lease);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, sql) == 1, LAB_WAIT_MS);
    lab_answers(w, &e, HT_ANSWER_STATUS, 200);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 2);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 2);
    lab_stop(w);
    ht_receiver_counts(w->receiver, "/a", &counts);
    assert_int_equal(counts.requests, 2);
    lab_endpoint_fini(&e);
}

#define IN_HAND " FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s AND lease_until IS NOT NULL "

#define TAKE_ONE_AWAY                                                                                                  \
    "DELETE FROM hooktop.tenant_webhook_outbox WHERE delivery_id = (SELECT max(delivery_id::text)::uuid" IN_HAND       \
    ") RETURNING delivery_id"

/* What takes longer than half a lease has it renewed; a row in hand whose lease was lost meanwhile is not sent. It was
 * let go when there is room for another one. */
static void test_renewal(void **state)
{
    struct lab *w = *state;
    struct ht_tenant t = lab_tenant(w, "Slow", "standard");
    struct lab_endpoint slow = {.tenant = &t, .path = "/slow", .answer = HT_ANSWER_HOLD}, next = {.path = "/next"};
    struct ht_route_counts counts;
    lab_endpoint(w, &slow);
    lab_endpoint(w, &next);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.concurrency = 1, .lease_ms = 40000, .timeout_max_ms = 30000});
    LAB_UNTIL(w, &next, LAB_WITH_STATUS("succeeded"), 1); /* now it may have several in hand */
    lab_emit(w, &t, "thing.happened", "{}");
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 1, LAB_WAIT_MS));
    HT_AUTOFREE char *until = lab_text(w, &slow, "SELECT extract(epoch FROM lease_until)::bigint" IN_HAND);
    /* the one slot is taken, so these wait, as many of them in hand as may lie ready */
    lab_emit_many(w, 5);
    LAB_UNTIL(w, &next, "SELECT count(*)" IN_HAND, 4);
    HT_AUTOFREE char *lost = lab_text(w, &next, TAKE_ONE_AWAY);
    assert_non_null(lost);
    LAB_UNTIL(w, &next, "SELECT count(*)" IN_HAND, 4);
    HT_TEST_UNTIL(lab_int(w, &slow, "SELECT max(extract(epoch FROM lease_until)::bigint)" IN_HAND) >= atoll(until) + 8,
                  LAB_WAIT_MS);
    lab_answers(w, &slow, HT_ANSWER_STATUS, 200);
    LAB_UNTIL(w, &slow, LAB_WITH_STATUS("succeeded"), 1);
    LAB_UNTIL(w, &next, LAB_WITH_STATUS("succeeded"), 5);
    lab_stop(w);
    assert_int_equal(lab_int(w, &slow, LAB_ATTEMPTS), 1);
    ht_receiver_counts(w->receiver, "/next", &counts);
    assert_int_equal(counts.requests, 5); /* of six */
    lab_endpoint_fini(&slow);
    lab_endpoint_fini(&next);
    ht_tenant_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fenced, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_comes_again_while_on_the_way, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_renewal, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("engine_leases", tests, NULL, NULL);
}
