/* kill -9 at every step between claim and settlement, in the real program: nothing is lost, nothing is called succeeded
 * that was not, and what is sent twice is what was on the way. The crash points are only in builds with -DHT_FAULTS. */
#include "delivery_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HT_FAULTS

#define EVENTS 40

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

static int run_worker(const char *config, const char *crash_at, bool drain)
{
    HT_AUTOFREE char *program = ht_test_program();
    char env[128];
    struct ht_test_result r;
    snprintf(env, sizeof env, "HT_CRASH_AT=%s", crash_at);
    const char *const argv[] = {program, "--config", config, "worker", drain ? "--drain" : NULL, NULL};
    const char *const envs[] = {crash_at ? env : "HT_CRASH_AT", NULL};
    ht_test_run(&(struct ht_test_run){.argv = argv, .env = envs, .timeout_ms = 60000}, &r);
    int status = r.timed_out ? -1 : r.status;
    if (status != 0 && status != 128 + 9) {
        print_message("# %s\n", r.err);
    }
    ht_test_result_fini(&r);
    return status;
}

/* Whether the receiver has read to their ends the connections that it has, and those that wait to be accepted. */
static bool has_read_all(struct ht_receiver *r)
{
    enum { ESTABLISHED = 1, CLOSE_WAIT = 8 };
    char line[256];
    unsigned port, state;
    bool all = true;
    FILE *f = fopen("/proc/net/tcp", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        bool parsed = sscanf(line, "%*d: %*x:%x %*x:%*x %x", &port, &state) == 2;
        all = all && !(parsed && (int)port == ht_receiver_port(r) && (state == ESTABLISHED || state == CLOSE_WAIT));
    }
    fclose(f);
    return all;
}

static void check_nothing_lost(struct lab *w, const char *point, int64_t sent_before)
{
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, NULL, &counts);
    int64_t attempts = ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt");
    int64_t gaps =
        ht_test_sql_int(w->dsn, "SELECT count(*) FROM (SELECT max(n) AS most, count(*) AS rows FROM hooktop.attempt "
                                "GROUP BY delivery_id) x WHERE most <> rows");
    int64_t succeeded = ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery WHERE status = 'succeeded'");
    if (succeeded != 2 * EVENTS || counts.deliveries != 2 * EVENTS || gaps != 0 || counts.duplicates > sent_before ||
        counts.refused != 0) {
        fail_msg("%s: %d succeeded, %d received, %d twice, %d gaps, %d attempts", point, (int)succeeded,
                 (int)counts.deliveries, (int)counts.duplicates, (int)gaps, (int)attempts);
    }
}

static void test_kill_at_every_step(void **state)
{
    static const char *const points[] = {"before_claim:1",  "claim_sent:1",    "after_claim:1", "after_targets:1",
                                         "before_send:1",   "request_begun:1", "after_send:1",  "after_answer:1",
                                         "after_answer:25", "before_settle:1", "settle_sent:1", "after_settle:1",
                                         "after_settle:3",  "goodbye_sent:1"};
    for (size_t i = 0; i < HT_COUNT(points); i++) {
        assert_int_equal(lab_setup(state), 0);
        struct lab *w = *state;
        struct ht_route_counts before;
        /* in order there is a settlement for each, which there need not be where one may be of many */
        bool in_order = strcmp(points[i], "after_settle:3") == 0;
        struct lab_endpoint e[2] = {{.path = "/a", .in_flight_max = in_order ? 1 : 3},
                                    {.path = "/b", .in_flight_max = 30}};
        lab_endpoint(w, &e[0]);
        lab_endpoint(w, &e[1]);
        lab_emit_many(w, EVENTS);
        HT_AUTOFREE char *config = write_config(w);
        if (run_worker(config, points[i], strcmp(points[i], "goodbye_sent:1") == 0) != 128 + 9) {
            fail_msg("%s did not kill it", points[i]);
        }
        HT_TEST_UNTIL(has_read_all(w->receiver), LAB_WAIT_MS);
        ht_receiver_counts(w->receiver, NULL, &before);
        /* what it asked of the database last may still be done */
        HT_TEST_UNTIL(ht_test_sql_int(w->dsn,
                                      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                                      "application_name = 'hooktop worker'") == 0,
                      LAB_WAIT_MS);
        /* what the one killed held is free when its leases end: here, now */
        ht_test_sql(
            w->dsn,
            "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL");
        assert_int_equal(run_worker(config, NULL, true), 0);
        check_nothing_lost(w, points[i], before.requests);
        lab_endpoint_fini(&e[0]);
        lab_endpoint_fini(&e[1]);
        lab_teardown(state);
    }
}

#else

static void test_kill_at_every_step(void **state)
{
    (void)state;
    print_message("# this build has no crash points\n");
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_at_every_step)};
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
