/* A payload that kills whoever builds its request is set aside after a few workers have died of it, and of all that
 * they had in hand with it nothing else is: real workers, one after the other, that really die. */
#include "delivery_lab.h"

#include <stdio.h>
#include <string.h>

#ifdef HT_FAULTS

#define EVENTS      60
#define WORKERS_MAX 12
#define POISON      "the payload that kills"

static char *write_config(struct lab *w)
{
    char text[2048], path[600];
    HT_AUTOFREE char *dir = ht_test_dir();
    snprintf(path, sizeof path, "%s/config.ini", dir);
    snprintf(text, sizeof text,
             "[database]\ndsn = \"%s\"\n[vault]\nkey_file = %s\n[egress]\nhttp = yes\nallow = 127.0.0.1/32:1-65535\n",
             w->dsn, w->ring_path);
    ht_test_write_file(path, text, strlen(text));
    return ht_strdup(path);
}

static int drain(const char *config, const char *crash_at)
{
    HT_AUTOFREE char *program = ht_test_program();
    struct ht_test_result r;
    const char *const argv[] = {program, "--config", config, "worker", "--drain", NULL};
    const char *const env[] = {"HT_POISON=" POISON, crash_at ? crash_at : "HT_CRASH_AT", NULL};
    ht_test_run(&(struct ht_test_run){.argv = argv, .env = env, .timeout_ms = 60000}, &r);
    int status = r.timed_out ? -1 : r.status;
    if (status != 0 && status != 128 + 9)
        print_message("# %s\n", r.err);
    ht_test_result_fini(&r);
    return status;
}

/* What the one that died held is free when its leases end, long after it was last heard of, while another worker was
 * heard all the time: here, now. */
static void pass_its_leases(struct lab *w)
{
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                          " AND application_name = 'hooktop worker'") == 0,
                  LAB_WAIT_MS);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() WHERE "
                        "lease_until IS NOT NULL");
    ht_test_sql(w->dsn, "UPDATE hooktop.worker SET heartbeat_at = heartbeat_at - interval '5 min'");
    ht_test_sql(w->dsn, "INSERT INTO hooktop.worker (id, name, version, concurrency, in_console, heard_since)"
                        " VALUES ('99999999-9999-7999-8999-999999999999', 'another:1', '0', 1, false,"
                        " clock_timestamp() - interval '1 h')"
                        " ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()");
}

static void test_only_the_poison_is_set_aside(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint wide = {.path = "/wide", .in_flight_max = 50}, strict = {.path = "/strict", .in_flight_max = 1};
    int died = 0, status;
    lab_endpoint(w, &wide);
    lab_endpoint(w, &strict);
    lab_emit_many(w, EVENTS / 2);
    lab_emit(w, NULL, "thing.happened", "{\"note\": \"" POISON "\"}");
    lab_emit_many(w, EVENTS / 2);
    HT_AUTOFREE char *config = write_config(w);
    while ((status = drain(config, NULL)) == 128 + 9 && died < WORKERS_MAX) {
        died++;
        pass_its_leases(w);
    }
    assert_int_equal(status, 0);
    /* four for each of the two deliveries; they may die of the same */
    assert_in_range(died, 4, 8);
    LAB_UNTIL(w, &wide, LAB_WITH_STATUS("quarantined"), 1);
    LAB_UNTIL(w, &strict, LAB_WITH_STATUS("quarantined"), 1);
    assert_int_equal(lab_int(w, &wide, LAB_WITH_STATUS("succeeded")), EVENTS);
    assert_int_equal(lab_int(w, &strict, LAB_WITH_STATUS("succeeded")), EVENTS);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery d JOIN hooktop.event e ON e.id = "
                                             "d.event_id WHERE d.status = 'quarantined' AND e.data::text LIKE "
                                             "'%" POISON "%' AND d.last_error = 'internal'"),
                     2);
    lab_endpoint_fini(&wide);
    lab_endpoint_fini(&strict);
}

/* Three workers in a row are killed for reasons of their own, the third while it had a suspect alone. */
static void test_nothing_is_set_aside_for_workers_that_are_killed(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .in_flight_max = 50};
    lab_endpoint(w, &e);
    lab_emit_many(w, EVENTS);
    HT_AUTOFREE char *config = write_config(w);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(drain(config, "HT_CRASH_AT=after_claim:1"), 128 + 9);
        pass_its_leases(w);
    }
    assert_int_equal(lab_int(w, &e, "SELECT max(claims) FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s"), 3);
    assert_int_equal(drain(config, NULL), 0);
    assert_int_equal(lab_int(w, &e, LAB_WITH_STATUS("succeeded")), EVENTS);
    lab_endpoint_fini(&e);
}

#else

static void test_nothing_is_set_aside_for_workers_that_are_killed(void **state)
{
    (void)state;
    skip();
}

static void test_only_the_poison_is_set_aside(void **state)
{
    (void)state;
    print_message("# this build has no crash points\n");
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_the_poison_is_set_aside, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_set_aside_for_workers_that_are_killed, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("poison", tests, NULL, NULL);
}
