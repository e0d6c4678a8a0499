/* What workers share in the database: an endpoint's breaker and its rate. Two engines on one database, each with its
 * own connections, as two machines would have them. */
#include "delivery_lab.h"

#include <stdlib.h>

#define HEALTH(what) "SELECT " what " FROM hooktop.endpoint_health WHERE endpoint_id = %s"
#define TRIED        "SELECT coalesce(sum(attempts), 0) FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s"
#define WAITING      "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s"
#define HALF_OPEN    "UPDATE hooktop.endpoint_health SET open_until = clock_timestamp() - interval '1 ms' WHERE trips > 0"

static int64_t requests(struct lab *w, const char *path)
{
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, path, &counts);
    return counts.requests;
}

/* A second worker: everything of the lab but its engine is the first one's. */
static void start_two(struct lab *w, struct lab *other)
{
    *other = *w;
    other->engine = NULL;
    lab_start(w, NULL);
    lab_start(other, NULL);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.worker") == 2, LAB_WAIT_MS);
}

static void test_a_sick_receiver_is_left_alone(void **state)
{
    struct lab *w = *state, other;
    struct lab_endpoint sick = {.path = "/sick", .answer = HT_ANSWER_STATUS, .arg = 500}, well = {.path = "/well"};
    lab_endpoint(w, &sick);
    lab_endpoint(w, &well);
    ht_test_sql(w->dsn, "UPDATE hooktop.breaker_rule SET first_wait = first_wait * 60, most_wait = most_wait * 60");
    lab_emit_many(w, 60);
    start_two(w, &other);
    LAB_UNTIL(w, &sick, HEALTH("trips"), 1);
    LAB_UNTIL(w, &well, LAB_WITH_STATUS("succeeded"), 60);
    LAB_UNTIL(w, &sick,
              "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s AND lease_id IS NOT NULL", 0);
    /* what was sent are the failures that opened it and what was on its way; the others kept their attempts */
    int64_t sent = requests(w, "/sick");
    assert_in_range(sent, 5, 12);
    assert_int_equal(lab_int(w, &sick, TRIED), sent);
    assert_int_equal(lab_int(w, &sick, WAITING), 60);
    /* half open: one probe, whoever of the two comes first, and it fails: twice the wait */
    ht_test_sql(w->dsn, HALF_OPEN);
    LAB_UNTIL(w, &sick, HEALTH("trips"), 2);
    lab_emit_many(w, 20); /* wakes both; rounds pass while these are delivered to the other one */
    LAB_UNTIL(w, &well, LAB_WITH_STATUS("succeeded"), 80);
    assert_int_equal(requests(w, "/sick"), sent + 1);
    assert_int_equal(
        lab_int(w, &sick, HEALTH("(open_until - last_failure_at BETWEEN '59 min' AND '61 min' AND NOT probing)::int")),
        1);
    /* half open again, and this one is answered: all that waited goes */
    lab_answers(w, &sick, HT_ANSWER_STATUS, 200);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET due_at = clock_timestamp()");
    ht_test_sql(w->dsn, HALF_OPEN);
    LAB_UNTIL(w, &sick, LAB_WITH_STATUS("succeeded"), 80);
    assert_int_equal(lab_int(w, &sick, HEALTH("trips")), 0);
    lab_stop(w);
    lab_stop(&other);
    lab_endpoint_fini(&sick);
    lab_endpoint_fini(&well);
}

/* An answer is an answer: what a receiver refuses does not make it sick. */
static void test_refusals_open_nothing(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 404};
    lab_endpoint(w, &e);
    lab_emit_many(w, 20);
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_ATTEMPTS, 20);
    assert_int_equal(lab_int(w, &e, HEALTH("trips")), 0);
    lab_stop(w);
    lab_endpoint_fini(&e);
}

/* Draining does not wait for a breaker: what is behind it is not due. */
static void test_drain_leaves_what_is_behind_it(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_RESET};
    lab_endpoint(w, &e);
    lab_emit_many(w, 30);
    lab_start(w, &(struct ht_engine_options){.drain = true});
    lab_join(w);
    assert_int_equal(lab_int(w, &e, WAITING), 30);
    assert_in_range(requests(w, "/a"), 5, 12);
    lab_endpoint_fini(&e);
}

/* Two workers together keep the rate, and so does the one that takes over from the other (an endpoint is at home with
 * one of them, which may take all of it, and is stopped before there is more): so many requests cannot have taken less
 * time. */
static void test_the_rate_is_one_for_all(void **state)
{
    struct lab *w = *state, other;
    struct lab_endpoint e = {.path = "/a", .rate_per_s = 20, .in_flight_max = 50};
    lab_endpoint(w, &e);
    start_two(w, &other);
    lab_emit_many(w, 40);
    HT_TEST_UNTIL(lab_figures(w).sent + lab_figures(&other).sent >= 20, LAB_WAIT_MS);
    bool one = lab_figures(w).sent > lab_figures(&other).sent;
    lab_stop(one ? w : &other);
    lab_emit_many(w, 20);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 60);
    HT_TEST_UNTIL(lab_figures(one ? &other : w).sent >= 20, LAB_WAIT_MS);
    lab_stop(one ? &other : w);
    int64_t ms = lab_int(w, &e,
                         "SELECT extract(epoch FROM max(a.at) - min(a.at)) * 1000 FROM hooktop.attempt a JOIN "
                         "hooktop.delivery d ON d.id = a.delivery_id WHERE d.endpoint_id = %s");
    assert_true(ms >= 2700); /* (60 - 2) / 20 s, less what a row may lie ready */
    lab_endpoint_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_sick_receiver_is_left_alone, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_refusals_open_nothing, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_drain_leaves_what_is_behind_it, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_the_rate_is_one_for_all, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
