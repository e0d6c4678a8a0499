/* The engine's life: stopping, draining, order, caps, rates, its own faults, settings that change. */
#include "delivery_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NOTHING_LEASED(w) assert_int_equal(ht_test_sql_int((w)->dsn, LAB_LEASED), 0)

static void test_lease_must_outlast_the_request(void **state)
{
    struct lab *w = *state;
    struct ht_engine *e = NULL;
    struct ht_engine_options o = {.dsn = w->dsn, .ring = w->ring, .egress = &w->egress};
    static const struct {
        int32_t lease_ms, timeout_max_ms;
        bool fine;
    } cases[] = {{0, 0, true}, {40000, 0, true}, {39999, 0, false}, {12000, 2000, true}, {11999, 2000, false}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_err err = {0};
        o.lease_ms = cases[i].lease_ms;
        o.timeout_max_ms = cases[i].timeout_max_ms;
        assert_int_equal(ht_engine_new(&o, &e, &err), cases[i].fine ? HT_OK : HT_USAGE);
        if (cases[i].fine)
            ht_engine_free(e);
        else
            assert_non_null(strstr(err.why, "lease"));
    }
}

/* What is in flight is finished and settled, what is not is given back without a trace. */
static void test_stop(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint slow = {.path = "/slow", .in_flight_max = 200};
    lab_endpoint(w, &slow);
    lab_emit_many(w, 2);
    lab_start(w, &(struct ht_engine_options){.concurrency = 8});
    LAB_UNTIL(w, &slow, LAB_WITH_STATUS("succeeded"), 2); /* now it is an endpoint that may have several in hand */
    lab_answers(w, &slow, HT_ANSWER_HOLD, 0);
    lab_emit_many(w, 98);
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 5, LAB_WAIT_MS));
    ht_engine_stop(w->engine);
    lab_answers(w, &slow, HT_ANSWER_STATUS, 200);
    lab_join(w);
    NOTHING_LEASED(w);
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, "/slow", &counts);
    assert_in_range(counts.requests, 5, 2 + 8);
    assert_int_equal(counts.requests, counts.deliveries);
    assert_int_equal(lab_int(w, &slow, LAB_WITH_STATUS("succeeded")), counts.deliveries);
    assert_int_equal(lab_int(w, &slow, LAB_ATTEMPTS), counts.requests);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE claims > 0"), 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.worker"), 0);
    /* another one does the rest, each once */
    lab_start(w, &(struct ht_engine_options){.drain = true});
    lab_join(w);
    ht_receiver_counts(w->receiver, "/slow", &counts);
    assert_int_equal(counts.deliveries, 100);
    assert_int_equal(counts.duplicates, 0);
    lab_endpoint_fini(&slow);
}

static void test_second_stop_leaves_at_once(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/hang", .answer = HT_ANSWER_HANG, .timeout_ms = 60000};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    assert_true(ht_receiver_wait_requests(w->receiver, "/hang", 1, LAB_WAIT_MS));
    int64_t deadline = ht_test_deadline_us(40000);
    ht_engine_stop(w->engine);
    ht_engine_stop(w->engine);
    lab_join(w);
    assert_false(ht_test_passed(deadline));
    assert_int_equal(ht_test_sql_int(w->dsn, LAB_LEASED), 1); /* its lease ends by itself */
    lab_endpoint_fini(&e);
}

/* Draining does what is due, also the leases of one that died, and leaves retries of the future. */
static void test_drain(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint good = {.path = "/good"}, bad = {.path = "/bad", .answer = HT_ANSWER_STATUS, .arg = 404};
    lab_endpoint(w, &good);
    lab_endpoint(w, &bad);
    lab_emit_many(w, 50);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET lease_id = gen_random_uuid(), claims = 1, "
                        "lease_until = clock_timestamp() + '2 s', worker_id = gen_random_uuid() "
                        "WHERE delivery_id IN (SELECT delivery_id FROM hooktop.tenant_webhook_outbox LIMIT 10)");
    lab_start(w, &(struct ht_engine_options){.drain = true});
    lab_join(w);
    assert_int_equal(lab_int(w, &good, LAB_WITH_STATUS("succeeded")), 50);
    assert_int_equal(lab_int(w, &bad, LAB_WITH_STATUS("ready")), 50);
    assert_int_equal(lab_int(w, &bad, LAB_ATTEMPTS), 50);
    lab_endpoint_fini(&good);
    lab_endpoint_fini(&bad);
}

struct timeline {
    const char *path;
    size_t n;
    struct {
        char delivery[HT_UUID_TEXT];
        int64_t from, until;
    } at[400];
};

static void note(void *user, const struct ht_recorded *rec)
{
    struct timeline *t = user;
    if (strcmp(rec->path, t->path) == 0 && t->n < HT_COUNT(t->at)) {
        snprintf(t->at[t->n].delivery, HT_UUID_TEXT, "%s", rec->delivery);
        t->at[t->n].from = rec->at_us;
        t->at[t->n++].until = rec->answered_us;
    }
}

static size_t most_at_once(const struct timeline *t)
{
    size_t most = 0;
    for (size_t i = 0; i < t->n; i++) {
        size_t together = 0;
        for (size_t k = 0; k < t->n; k++) {
            together += t->at[k].from <= t->at[i].from && t->at[i].from < t->at[k].until;
        }
        most = together > most ? together : most;
    }
    return most;
}

static void test_order(void **state)
{
    struct lab *w = *state;
    static struct timeline t;
    struct lab_endpoint e = {
        .path = "/fifo", .answer = HT_ANSWER_FAIL_PART, .arg = 7, .in_flight_max = 1, .schedule_s = {1, 1}};
    t = (struct timeline){.path = "/fifo"};
    lab_endpoint(w, &e);
    lab_emit_many(w, 20);
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 20);
    lab_stop(w);
    ht_receiver_each(w->receiver, note, &t);
    assert_true(t.n > 20);
    for (size_t i = 1; i < t.n; i++) {
        assert_true(strcmp(t.at[i - 1].delivery, t.at[i].delivery) <= 0);
        assert_true(t.at[i - 1].until <= t.at[i].from);
    }
    lab_endpoint_fini(&e);
}

/* Held until as many are there as may be, and then let go: it is reached, and never passed. */
static void test_cap(void **state)
{
    struct lab *w = *state;
    static struct timeline t;
    static const int32_t caps[] = {0, 2, 9}; /* 0: the usual four */
    char paths[3][8];
    struct lab_endpoint e[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "/%zu", i);
        e[i] = (struct lab_endpoint){.path = paths[i], .in_flight_max = caps[i]};
        lab_endpoint(w, &e[i]);
    }
    lab_emit_many(w, 1);
    lab_start(w, NULL);
    for (size_t i = 0; i < 3; i++) {
        LAB_UNTIL(w, &e[i], LAB_WITH_STATUS("succeeded"), 1); /* now it may have several in hand */
        lab_answers(w, &e[i], HT_ANSWER_HOLD, 0);
    }
    lab_emit_many(w, 59);
    for (size_t i = 0; i < 3; i++) {
        assert_true(ht_receiver_wait_requests(w->receiver, paths[i], 1 + (caps[i] ? caps[i] : 4), LAB_WAIT_MS));
    }
    for (size_t i = 0; i < 3; i++) {
        lab_answers(w, &e[i], HT_ANSWER_SLOW, 10);
    }
    for (size_t i = 0; i < 3; i++) {
        LAB_UNTIL(w, &e[i], LAB_WITH_STATUS("succeeded"), 60);
        t = (struct timeline){.path = paths[i]};
        ht_receiver_each(w->receiver, note, &t);
        assert_int_equal(most_at_once(&t), caps[i] ? caps[i] : 4);
        lab_endpoint_fini(&e[i]);
    }
    lab_stop(w);
}

/* Rows that lie ready for a quick receiver go back to the database when it hangs, all but its cap, and are sent within
 * it when it answers again. */
static void test_hanging_receiver_keeps_no_rows(void **state)
{
    enum { CAP = 2, EVENTS = 390 };
    struct lab *w = *state;
    static struct timeline t;
    struct lab_endpoint e = {.path = "/hang", .answer = HT_ANSWER_SLOW, .arg = 5, .in_flight_max = CAP};
    lab_endpoint(w, &e);
    lab_emit_many(w, EVENTS);
    lab_start(w, NULL);
    HT_TEST_UNTIL(lab_int(w, &e, LAB_LEASED " AND endpoint_id = %s") > CAP, LAB_WAIT_MS);
    lab_answers(w, &e, HT_ANSWER_HOLD, 0);
    LAB_UNTIL(w, &e, LAB_LEASED " AND endpoint_id = %s", CAP);
    assert_true(lab_int(w, &e, LAB_WITH_STATUS("succeeded")) < EVENTS);
    lab_answers(w, &e, HT_ANSWER_SLOW, 1);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), EVENTS);
    lab_stop(w);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), EVENTS);
    t = (struct timeline){.path = "/hang"};
    ht_receiver_each(w->receiver, note, &t);
    assert_int_equal(most_at_once(&t), CAP);
    lab_endpoint_fini(&e);
}

/* Two workers take from the same endpoints, and no cap is passed at any moment. Either may be held up by the machine
 * while the other one does all there is: then there is more, until both have taken part. */
static void test_cap_of_two_workers(void **state)
{
    enum { ENDPOINTS = 16, EVENTS = 60, ROUNDS = 6 }; /* so many that neither worker is at home with all */
    struct lab *w = *state, other = *w;
    int rounds = 0;
    static struct timeline t;
    char paths[ENDPOINTS][8];
    struct lab_endpoint e[ENDPOINTS] = {0};
    for (size_t i = 0; i < ENDPOINTS; i++) {
        snprintf(paths[i], sizeof paths[i], "/%zu", i);
        e[i] = (struct lab_endpoint){
            .path = paths[i], .answer = HT_ANSWER_SLOW, .arg = 20, .in_flight_max = 2 + (int)i % 4};
        lab_endpoint(w, &e[i]);
    }
    lab_start(w, NULL);
    lab_start(&other, NULL);
    /* each has heard of the other */
    LAB_UNTIL(w, NULL,
              "SELECT count(*) FROM hooktop.worker"
              " WHERE heartbeat_at > (SELECT max(started_at) FROM hooktop.worker)",
              2);
    do {
        lab_emit_many(w, EVENTS);
        rounds++;
        for (size_t i = 0; i < ENDPOINTS; i++) {
            LAB_UNTIL(w, &e[i], LAB_WITH_STATUS("succeeded"), rounds * EVENTS);
        }
    } while (rounds < ROUNDS && (lab_figures(w).sent == 0 || lab_figures(&other).sent == 0));
    assert_true(lab_figures(w).sent > 0 && lab_figures(&other).sent > 0);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        t = (struct timeline){.path = paths[i]};
        ht_receiver_each(w->receiver, note, &t);
        assert_int_equal(t.n, rounds * EVENTS);
        assert_in_range(most_at_once(&t), 1, 2 + i % 4);
        lab_endpoint_fini(&e[i]);
    }
    lab_stop(&other);
    lab_stop(w);
}

/* No second holds more than twenty and what was saved up, of which two claims may have lain ready when it began. By the
 * time at which each was sent: a receiver that is held up takes many at once. */
static void test_rate(void **state)
{
    enum { RATE = 20, SAVED = RATE / 10 };
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/rate", .rate_per_s = RATE, .in_flight_max = 50};
    lab_endpoint(w, &e);
    lab_emit_many(w, 1);
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1); /* its settings are known */
    lab_emit_many(w, 60);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 61);
    lab_stop(w);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 61);
    int64_t most = lab_int(w, &e,
                           "SELECT max(n) FROM (SELECT count(*) OVER (ORDER BY a.at RANGE BETWEEN CURRENT ROW AND "
                           "interval '1 s' FOLLOWING) AS n FROM hooktop.attempt a JOIN hooktop.delivery d ON d.id = "
                           "a.delivery_id WHERE d.endpoint_id = %s) x");
    assert_in_range(most, 1, RATE + 3 * SAVED);
    lab_endpoint_fini(&e);
}

#define OF_THE_SICK "SELECT count(*) FROM hooktop.attempt WHERE error <> ''"

/* Sick endpoints hold their slots and no more. */
static void test_sick_receivers_harm_nobody(void **state)
{
    struct lab *w = *state;
    enum { SICK = 12 };
    struct lab_endpoint sick[SICK] = {0}, well = {.path = "/well"};
    int64_t done = 0;
    char paths[SICK][16];
    for (size_t i = 0; i < SICK; i++) {
        snprintf(paths[i], sizeof paths[i], "/sick%zu", i);
        sick[i] = (struct lab_endpoint){.path = paths[i], .answer = HT_ANSWER_HANG, .timeout_ms = 60000};
        lab_endpoint(w, &sick[i]);
    }
    lab_emit_many(w, 30);
    lab_start(w, &(struct ht_engine_options){.concurrency = 16});
    HT_TEST_UNTIL(lab_figures(w).in_flight >= 12, LAB_WAIT_MS);
    lab_endpoint(w, &well);
    lab_emit_many(w, 100);
    HT_TEST_UNTIL((done = lab_int(w, &well, LAB_WITH_STATUS("succeeded"))) == 100 ||
                      ht_test_sql_int(w->dsn, OF_THE_SICK) > 0,
                  LAB_WAIT_MS);
    assert_int_equal(done, 100); /* while they hang still */
    ht_engine_stop(w->engine);
    lab_stop(w);
    for (size_t i = 0; i < SICK; i++) {
        lab_endpoint_fini(&sick[i]);
    }
    lab_endpoint_fini(&well);
}

/* Our own faults --------------------------------------------------------------------------------------------------- */

static void test_own_faults_set_aside(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint good = {.path = "/good"}, tampered = {.path = "/tampered"}, without = {.path = "/without"},
                        header = {.path = "/header", .header = {"X-Key", "fine"}},
                        bare = {.path = "/bare", .header = {"X-Key", "fine"}};
    lab_endpoint(w, &good);
    lab_endpoint(w, &tampered);
    lab_endpoint(w, &without);
    lab_endpoint(w, &header);
    lab_endpoint(w, &bare);
    HT_AUTOFREE char *none =
        lab_text(w, &tampered,
                 "UPDATE hooktop.secret SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1) "
                 "WHERE endpoint_id = %s RETURNING 1");
    HT_AUTOFREE char *none2 = lab_text(w, &without,
                                       "UPDATE hooktop.secret SET signs_until = now() - interval '1 h' "
                                       "WHERE endpoint_id = %s RETURNING 1");
    HT_AUTOFREE char *none3 = lab_text(w, &header,
                                       "UPDATE hooktop.endpoint e SET headers_sealed = o.headers_sealed"
                                       " FROM hooktop.endpoint o WHERE e.id = %s AND o.id <> e.id"
                                       " AND o.headers_sealed IS NOT NULL RETURNING 1"); /* another endpoint's */
    HT_AUTOFREE char *none4 =
        lab_text(w, &bare, "UPDATE hooktop.endpoint SET headers_sealed = NULL WHERE id = %s RETURNING 1");
    assert_true(none && none2 && none3 && none4);
    lab_emit_many(w, 10);
    lab_start(w, NULL);
    LAB_UNTIL(w, &good, LAB_WITH_STATUS("succeeded"), 10);
    LAB_UNTIL(w, &tampered, LAB_WITH_STATUS("quarantined"), 10);
    LAB_UNTIL(w, &without, LAB_WITH_STATUS("quarantined"), 10);
    LAB_UNTIL(w, &header, LAB_WITH_STATUS("quarantined"), 10);
    LAB_UNTIL(w, &bare, LAB_WITH_STATUS("quarantined"), 10);
    assert_int_equal(lab_int(w, &tampered, LAB_ATTEMPTS " AND a.error = 'sealed' AND a.error_detail <> ''"), 10);
    assert_int_equal(lab_int(w, &without, LAB_ATTEMPTS " AND a.error = 'sealed'"), 10);
    assert_int_equal(lab_int(w, &header, LAB_ATTEMPTS " AND a.error = 'sealed'"), 10);
    assert_int_equal(lab_int(w, &bare, LAB_ATTEMPTS " AND a.error = 'sealed'"), 10);
    lab_stop(w);
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, NULL, &counts);
    assert_int_equal(counts.requests, 10);
    lab_endpoint_fini(&good);
    lab_endpoint_fini(&tampered);
    lab_endpoint_fini(&without);
    lab_endpoint_fini(&header);
    lab_endpoint_fini(&bare);
}

/* Taken again and again without ever being settled: perhaps it is what kills the workers. */
static void test_poison_set_aside(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    lab_endpoint(w, &e);
    lab_emit_many(w, 2);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET claims = 4 WHERE delivery_id = "
                        "(SELECT delivery_id FROM hooktop.tenant_webhook_outbox ORDER BY delivery_id LIMIT 1)");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("quarantined"), 1);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    lab_stop(w);
    lab_endpoint_fini(&e);
}

/* What a backlog has left behind is given back by whoever works, without being asked. */
static void test_upkeep_compacts(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    lab_endpoint(w, &e);
    /* vacuum comes when the test says so, and then the table's statistics say how many there were */
    ht_test_sql(w->dsn, "ALTER TABLE hooktop.tenant_webhook_outbox SET (autovacuum_enabled = off)");
    ht_test_sql(w->dsn, "INSERT INTO hooktop.tenant_webhook_outbox SELECT gen_random_uuid(), gen_random_uuid(),"
                        " gen_random_uuid(), gen_random_uuid(), '2100-01-01' FROM generate_series(1, 40000)");
    ht_test_sql(w->dsn, "DELETE FROM hooktop.tenant_webhook_outbox");
    HT_TEST_UNTIL(
        ht_test_sql_int(w->dsn, "SELECT pg_stat_get_dead_tuples('hooktop.tenant_webhook_outbox'::regclass)") >= 40000,
        LAB_WAIT_MS);
    lab_emit_many(w, 2);
    ht_test_sql(w->dsn, "VACUUM (TRUNCATE false) hooktop.tenant_webhook_outbox");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 2);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT pg_total_relation_size('hooktop.tenant_webhook_outbox')") < 1000000,
                  60000);
    lab_emit_many(w, 2);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 4);
    lab_stop(w);
    lab_endpoint_fini(&e);
}

/* Without descriptors nothing counts against the receivers: their rows wait. */
static void test_no_more_sockets(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 300, .in_flight_max = 40};
    struct rlimit full, few;
    lab_endpoint(w, &e);
    lab_emit_many(w, 120);
    lab_start(w, NULL);
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 1, LAB_WAIT_MS));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &full), 0);
    few = (struct rlimit){.rlim_cur = 24, .rlim_max = full.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    bool some = ht_receiver_wait_requests(w->receiver, "/slow", 10, LAB_WAIT_MS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &full), 0);
    assert_true(some);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 120);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 120);
    lab_stop(w);
    lab_endpoint_fini(&e);
}

/* Changes while it runs -------------------------------------------------------------------------------------------- */

static void test_settings_change(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/old"};
    struct ht_endpoint row = {0};
    int64_t moved;
    char id[HT_UUID_TEXT], url[128];
    lab_endpoint(w, &e);
    lab_start(w, NULL);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    ht_uuid_format(&e.row.id, id);
    LAB_OK(ht_store_endpoint_find(w->c, id, &row, &err));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/new", ht_receiver_port(w->receiver));
    free(row.url);
    row.url = ht_strdup(url);
    LAB_OK(ht_ops_endpoint_edit(&w->ops, &row, NULL, 0, NULL, 0, &err));
    e.path = "/new";
    lab_route(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 2);
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, "/new", &counts);
    assert_int_equal(counts.verified, 1);
    LAB_OK(ht_store_endpoint_state(w->c, &row, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0, "test", &moved, &err));
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("held"), 1);
    lab_stop(w);
    ht_receiver_counts(w->receiver, NULL, &counts);
    assert_int_equal(counts.requests, 2);
    ht_endpoint_fini(&row);
    lab_endpoint_fini(&e);
}

#define ENDS_SOON                                                                                                      \
    "WITH s AS (UPDATE hooktop.secret SET signs_until = clock_timestamp() + '2 s' WHERE generation = 1 RETURNING "     \
    "endpoint_id) UPDATE hooktop.endpoint SET version = version + 1 WHERE id IN (SELECT endpoint_id FROM s)"
#define EXPIRED "SELECT count(*) FROM hooktop.key_state WHERE endpoint_id = %s AND state = 'expired'"

/* While two secrets overlap a receiver that holds either of them verifies; once it is over only the new one signs. The
 * overlap lasts until it was seen, and then ends before the eyes of an engine that has heard of its end. */
static void test_rotation(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    struct ht_secret *fresh = NULL;
    struct ht_uuid id;
    struct ht_route_counts counts;
    char *public_key = NULL;
    lab_endpoint(w, &e);
    lab_start(w, NULL);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    LAB_OK(ht_ops_rotate(&w->ops, &e.row, 3600000, &id, &fresh, &public_key, &err));
    lab_emit(w, NULL, "thing.happened", "{}"); /* the receiver has the old one still */
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 2);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS " AND a.secret_ids = '2,1'"), 1);
    ht_test_sql(w->dsn, ENDS_SOON);
    ht_receiver_route(w->receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200});
    lab_emit(w, NULL, "thing.happened", "{}"); /* signed by one or by two: whichever it is now */
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 3);
    LAB_UNTIL(w, &e, EXPIRED, 1);
    lab_route(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}"); /* refused: it does not know the new one */
    HT_TEST_UNTIL((ht_receiver_counts(w->receiver, "/a", &counts), counts.refused) == 1, LAB_WAIT_MS);
    LAB_UNTIL(w, &e, LAB_ATTEMPTS " AND a.secret_ids = '2' AND a.status = 400", 1);
    ht_secret_free(e.secret);
    e.secret = fresh;
    lab_route(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 4);
    assert_in_range(lab_int(w, &e, LAB_ATTEMPTS " AND a.secret_ids = '2'"), 2, 3);
    lab_stop(w);
    free(public_key);
    lab_endpoint_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lease_must_outlast_the_request, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_stop, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_second_stop_leaves_at_once, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_drain, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_order, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_cap, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_hanging_receiver_keeps_no_rows, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_cap_of_two_workers, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_rate, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_sick_receivers_harm_nobody, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_no_more_sockets, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_own_faults_set_aside, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_poison_set_aside, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_upkeep_compacts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_settings_change, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_rotation, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
