/* The engine's life: stopping, draining, order, caps, rates, leases, its own faults, settings that change. */
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
    struct lab_endpoint slow = {
        .path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 700, .in_flight_max = 200, .timeout_ms = 5000};
    lab_endpoint(w, &slow);
    lab_emit_many(w, 100);
    lab_start(w, &(struct ht_engine_options){.concurrency = 8});
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 3, 10000));
    lab_stop(w);
    NOTHING_LEASED(w);
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, "/slow", &counts);
    assert_in_range(counts.requests, 3, 99);
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
    assert_true(ht_receiver_wait_requests(w->receiver, "/hang", 1, 10000));
    int64_t deadline = ht_test_deadline_us(20000);
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

static void test_cap(void **state)
{
    struct lab *w = *state;
    static struct timeline t;
    static const int32_t caps[] = {0, 2, 9}; /* 0: the usual four */
    char paths[3][8];
    struct lab_endpoint e[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        snprintf(paths[i], sizeof paths[i], "/%zu", i);
        e[i] = (struct lab_endpoint){
            .path = paths[i], .answer = HT_ANSWER_SLOW, .arg = 50, .in_flight_max = caps[i], .timeout_ms = 5000};
        lab_endpoint(w, &e[i]);
    }
    lab_emit_many(w, 60);
    lab_start(w, NULL);
    for (size_t i = 0; i < 3; i++) {
        LAB_UNTIL(w, &e[i], LAB_WITH_STATUS("succeeded"), 60);
        t = (struct timeline){.path = paths[i]};
        ht_receiver_each(w->receiver, note, &t);
        assert_int_equal(most_at_once(&t), caps[i] ? caps[i] : 4);
        lab_endpoint_fini(&e[i]);
    }
    lab_stop(w);
}

/* Two workers take from the same endpoints, and no cap is passed at any moment. */
static void test_cap_of_two_workers(void **state)
{
    enum { ENDPOINTS = 16, EVENTS = 60 }; /* so many that neither worker is at home with all */
    struct lab *w = *state, other = *w;
    static struct timeline t;
    char paths[ENDPOINTS][8];
    struct lab_endpoint e[ENDPOINTS] = {0};
    for (size_t i = 0; i < ENDPOINTS; i++) {
        snprintf(paths[i], sizeof paths[i], "/%zu", i);
        e[i] = (struct lab_endpoint){
            .path = paths[i], .answer = HT_ANSWER_SLOW, .arg = 20, .in_flight_max = 2 + (int)i % 4, .timeout_ms = 5000};
        lab_endpoint(w, &e[i]);
    }
    lab_start(w, NULL);
    lab_start(&other, NULL);
    /* each has heard of the other */
    LAB_UNTIL(w, NULL,
              "SELECT count(*) FROM hooktop.worker"
              " WHERE heartbeat_at > (SELECT max(started_at) FROM hooktop.worker)",
              2);
    lab_emit_many(w, EVENTS);
    for (size_t i = 0; i < ENDPOINTS; i++) {
        LAB_UNTIL(w, &e[i], LAB_WITH_STATUS("succeeded"), EVENTS);
        t = (struct timeline){.path = paths[i]};
        ht_receiver_each(w->receiver, note, &t);
        assert_int_equal(t.n, EVENTS);
        assert_in_range(most_at_once(&t), 1, 2 + i % 4);
        lab_endpoint_fini(&e[i]);
    }
    assert_true(lab_figures(w).sent > 0 && lab_figures(&other).sent > 0);
    lab_stop(&other);
    lab_stop(w);
}

static void test_rate(void **state)
{
    struct lab *w = *state;
    static struct timeline t;
    struct lab_endpoint e = {.path = "/rate", .rate_per_s = 20, .in_flight_max = 50};
    t = (struct timeline){.path = "/rate"};
    lab_endpoint(w, &e);
    lab_emit_many(w, 60);
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 60);
    lab_stop(w);
    ht_receiver_each(w->receiver, note, &t);
    assert_int_equal(t.n, 60);
    /* no second holds more than twenty and the burst */
    for (size_t i = 0; i < t.n; i++) {
        size_t within = 0;
        for (size_t k = i; k < t.n; k++) {
            within += t.at[k].from < t.at[i].from + 1000000;
        }
        assert_true(within <= 24);
    }
    lab_endpoint_fini(&e);
}

/* Sick endpoints hold their slots and no more. */
static void test_sick_receivers_harm_nobody(void **state)
{
    struct lab *w = *state;
    enum { SICK = 12 };
    struct lab_endpoint sick[SICK] = {0}, well = {.path = "/well"};
    char paths[SICK][16];
    for (size_t i = 0; i < SICK; i++) {
        snprintf(paths[i], sizeof paths[i], "/sick%zu", i);
        sick[i] = (struct lab_endpoint){.path = paths[i], .answer = HT_ANSWER_HANG, .timeout_ms = 30000};
        lab_endpoint(w, &sick[i]);
    }
    lab_emit_many(w, 30);
    lab_start(w, &(struct ht_engine_options){.concurrency = 16});
    HT_TEST_UNTIL(lab_figures(w).in_flight >= 12, 10000);
    lab_endpoint(w, &well);
    lab_emit_many(w, 100);
    int64_t deadline = ht_test_deadline_us(15000);
    LAB_UNTIL(w, &well, LAB_WITH_STATUS("succeeded"), 100);
    assert_false(ht_test_passed(deadline));
    assert_true(lab_figures(w).in_flight >= 8); /* they hang still */
    ht_engine_stop(w->engine);
    lab_stop(w);
    for (size_t i = 0; i < SICK; i++) {
        lab_endpoint_fini(&sick[i]);
    }
    lab_endpoint_fini(&well);
}

/* Leases
 * --------------------------------------------------------------------------------------------------------------- */

#define STEAL                                                                                                          \
    "UPDATE hooktop.tenant_webhook_outbox SET lease_id = gen_random_uuid(), worker_id = gen_random_uuid(), "           \
    "lease_until = clock_timestamp() + '1 h' WHERE endpoint_id = %s RETURNING 1"

/* Somebody else has it by the time its result is there: nothing is changed for them. */
static void test_fenced(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 700, .timeout_ms = 5000},
                        other = {.path = "/other"};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 1, 10000));
    HT_AUTOFREE char *stolen = lab_text(w, &e, STEAL);
    assert_non_null(stolen);
    HT_TEST_UNTIL(lab_figures(w).sent == 1 && lab_figures(w).in_flight == 0, 10000);
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
    struct lab_endpoint e = {.path = "/a", .timeout_ms = 10000};
    struct ht_route_counts counts;
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1); /* now it is an endpoint that may have several in hand */
    e.answer = HT_ANSWER_SLOW;
    e.arg = 3000;
    lab_route(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    assert_true(ht_receiver_wait_requests(w->receiver, "/a", 2, 10000));
    HT_AUTOFREE char *lease = lab_text(w, &e,
                                       "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() WHERE "
                                       "endpoint_id = %s RETURNING lease_id");
    assert_non_null(lease);
    char sql[256];
    /* claimed again before the answer; the worker that had it lives, so this does not speak against the row */
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE lease_id <> '%s' AND claims = 1", lease);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, sql) == 1, 2900);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 2);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS), 2);
    lab_stop(w);
    ht_receiver_counts(w->receiver, "/a", &counts);
    assert_int_equal(counts.requests, 2);
    lab_endpoint_fini(&e);
}

#define IN_HAND " FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s AND lease_until IS NOT NULL "

/* What takes longer than half a lease has it renewed; a row in hand whose lease was lost meanwhile is not sent. */
static void test_renewal(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint slow = {.path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 13500, .timeout_ms = 14000},
                        next = {.path = "/next"};
    struct ht_route_counts counts;
    lab_endpoint(w, &slow);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.concurrency = 1, .lease_ms = 24000, .timeout_max_ms = 14000});
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 1, 10000));
    HT_AUTOFREE char *until = lab_text(w, &slow, "SELECT extract(epoch FROM lease_until)::bigint" IN_HAND);
    /* the one slot is taken, so this row waits in hand */
    lab_endpoint(w, &next);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &next, "SELECT count(*)" IN_HAND, 1);
    HT_AUTOFREE char *lost = lab_text(w, &next, STEAL);
    assert_non_null(lost);
    HT_TEST_UNTIL(lab_int(w, &slow, "SELECT max(extract(epoch FROM lease_until)::bigint)" IN_HAND) >= atoll(until) + 8,
                  30000);
    LAB_UNTIL(w, &slow, LAB_WITH_STATUS("succeeded"), 1);
    lab_stop(w);
    ht_receiver_counts(w->receiver, "/next", &counts);
    assert_int_equal(counts.requests, 0);
    lab_endpoint_fini(&slow);
    lab_endpoint_fini(&next);
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
    ht_test_sql(w->dsn, "INSERT INTO hooktop.tenant_webhook_outbox SELECT gen_random_uuid(), gen_random_uuid(),"
                        " gen_random_uuid(), gen_random_uuid(), '2100-01-01' FROM generate_series(1, 40000)");
    ht_test_sql(w->dsn, "DELETE FROM hooktop.tenant_webhook_outbox");
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
    struct lab_endpoint e = {
        .path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 300, .in_flight_max = 40, .timeout_ms = 5000};
    struct rlimit full, few;
    lab_endpoint(w, &e);
    lab_emit_many(w, 120);
    lab_start(w, NULL);
    assert_true(ht_receiver_wait_requests(w->receiver, "/slow", 1, 10000));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &full), 0);
    few = (struct rlimit){.rlim_cur = 24, .rlim_max = full.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    bool some = ht_receiver_wait_requests(w->receiver, "/slow", 10, 10000);
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

/* While two secrets overlap a receiver that holds either of them verifies; once it is over only the new one signs. */
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
    LAB_OK(ht_ops_rotate(&w->ops, &e.row, 4000, &id, &fresh, &public_key, &err));
    lab_emit(w, NULL, "thing.happened", "{}"); /* the receiver has the old one still */
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 2);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS " AND a.secret_ids = '2,1'"), 1);
    HT_TEST_UNTIL(
        lab_int(w, &e, "SELECT count(*) FROM hooktop.key_state WHERE endpoint_id = %s AND state = 'expired'") == 1,
        20000);
    lab_emit(w, NULL, "thing.happened", "{}"); /* refused: it does not know the new one */
    HT_TEST_UNTIL((ht_receiver_counts(w->receiver, "/a", &counts), counts.refused) == 1, 10000);
    ht_secret_free(e.secret);
    e.secret = fresh;
    lab_route(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 3);
    assert_int_equal(lab_int(w, &e, LAB_ATTEMPTS " AND a.secret_ids = '2'"), 2);
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
        cmocka_unit_test_setup_teardown(test_cap_of_two_workers, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_rate, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_sick_receivers_harm_nobody, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_fenced, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_comes_again_while_on_the_way, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_renewal, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_no_more_sockets, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_own_faults_set_aside, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_poison_set_aside, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_upkeep_compacts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_settings_change, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_rotation, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
