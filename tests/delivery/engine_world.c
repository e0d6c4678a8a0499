/* The world around the engine: another one that delivers, no way out of this machine, a database that leaves. */
#include "delivery_lab.h"

#include <string.h>

/* A name that nobody has, told so in time by a name server that is not asked for long. */
#define NOWHERE(name) .url = "https://" name ".invalid/", .timeout_ms = 4000

#define NOTHING_LEASED(w) assert_int_equal(ht_test_sql_int((w)->dsn, LAB_LEASED), 0)

/* Console mode ----------------------------------------------------------------------------------------------------- */

static void test_stands_by(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    lab_endpoint(w, &e);
    ht_test_sql(w->dsn, "INSERT INTO hooktop.worker (id, name, version, concurrency, in_console, asleep, heartbeat_at) "
                        "VALUES (gen_random_uuid(), 'other:1', '0', 1, false, false, clock_timestamp() + '1 h')");
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.mode = HT_ENGINE_AUTO});
    HT_TEST_UNTIL(strcmp(lab_figures(w).why, "a worker is delivering") == 0, LAB_WAIT_MS);
    assert_int_equal(lab_figures(w).state, HT_ENGINE_STANDBY);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 0);
    ht_test_sql(w->dsn, "DELETE FROM hooktop.worker WHERE name = 'other:1'");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    assert_int_equal(lab_figures(w).state, HT_ENGINE_DELIVERING);
    lab_stop(w);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant_webhook_outbox"), 0);
    lab_endpoint_fini(&e);
}

static void test_no_way_out(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e[4] = {{NOWHERE("a")}, {NOWHERE("b")}, {NOWHERE("c")}, {NOWHERE("d")}};
    for (size_t i = 0; i < 4; i++) {
        lab_endpoint(w, &e[i]);
    }
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.mode = HT_ENGINE_AUTO});
    HT_TEST_UNTIL(lab_figures(w).state == HT_ENGINE_NO_WAY_OUT, LAB_WAIT_MS);
    LAB_UNTIL(w, &e[0], LAB_LEASED, 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt"), 0);
    assert_int_equal(ht_test_sql_int(w->dsn,
                                     "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE attempts = 0 AND "
                                     "claims = 0 AND due_at <= now()"),
                     4);
    lab_stop(w);
    for (size_t i = 0; i < 4; i++) {
        lab_endpoint_fini(&e[i]);
    }
}

/* One host that answers shows that there is a way: then failures count. */
static void test_a_way_out(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e[4] = {{NOWHERE("a")}, {NOWHERE("b")}, {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 500}};
    for (size_t i = 0; i < 3; i++) {
        lab_endpoint(w, &e[i]);
    }
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.mode = HT_ENGINE_AUTO});
    for (size_t i = 0; i < 3; i++) {
        LAB_UNTIL(w, &e[i], LAB_ATTEMPTS, 1);
    }
    assert_int_equal(lab_figures(w).state, HT_ENGINE_DELIVERING);
    lab_stop(w);
    for (size_t i = 0; i < 3; i++) {
        lab_endpoint_fini(&e[i]);
    }
}

/* A database that leaves: connections cut under load. */
static void test_cut_connections(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_SLOW, .arg = 5, .in_flight_max = 50};
    lab_endpoint(w, &e);
    lab_emit_many(w, 1500);
    lab_start(w, NULL);
    for (int64_t seen = 0; seen < 1500;) {
        ht_test_sql(w->dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE "
                            "'hooktop%worker' AND datname = current_database()");
        int64_t more = seen + 300 < 1500 ? seen + 300 : 1500;
        HT_TEST_UNTIL((seen = lab_int(w, &e, LAB_WITH_STATUS("succeeded"))) >= more, 90000);
    }
    lab_stop(w);
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, "/a", &counts);
    assert_int_equal(counts.deliveries, 1500);
    assert_int_equal(counts.refused, 0);
    NOTHING_LEASED(w);
    lab_endpoint_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stands_by, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_no_way_out, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_a_way_out, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_cut_connections, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("engine_world", tests, NULL, NULL);
}
