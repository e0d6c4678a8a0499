/* The world around the engine: another one that delivers, no way out of this machine, a database that leaves. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include "delivery_lab.h"

/* A name that nobody has, told so in time by a name server that is not asked for long. */
#define NOWHERE(name) .url = "https://" name ".invalid/", .timeout_ms = 4000

#define NOTHING_LEASED(w) assert_int_equal(ht_test_sql_int((w)->dsn, LAB_LEASED), 0)

/* Another worker, which is heard of for as long as the test takes, and comes first or last among them. */
static void another_worker(struct lab *w, bool first)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO hooktop.worker (id, name, version, concurrency, in_console, asleep, heartbeat_at) VALUES "
             "('%s', 'other:1', '0', 1, false, false, clock_timestamp() + '1 h')",
             first ? "00000000-0000-7000-8000-000000000000" : "ffffffff-ffff-7fff-bfff-ffffffffffff");
    ht_test_sql(w->dsn, sql);
}

/* Console mode ----------------------------------------------------------------------------------------------------- */

static void test_stands_by(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    lab_endpoint(w, &e);
    another_worker(w, true);
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

/* Other workers ---------------------------------------------------------------------------------------------------- */

/* Of two workers each is at home with the endpoints of one parity. */
static bool is_odd(const struct lab_endpoint *e)
{
    return e->row.id.b[sizeof e->row.id.b - 1] % 2 == 1;
}

/* Where another worker is at home this one helps out, but not while it has its hands full. */
static void test_helps_while_it_has_slots(void **state)
{
    enum { SLOTS = 4, HELD = 3 }; /* as many as one tenant may have of them */
    struct lab *w = *state;
    struct ht_tenant t = lab_tenant(w, "Other", "standard");
    struct lab_endpoint home = {.path = "/home"}, away = {.tenant = &t, .path = "/away"};
    lab_endpoint(w, &home);
    lab_endpoint(w, &away);
    while (is_odd(&away) == is_odd(&home)) {
        HT_AUTOFREE char *gone =
            lab_text(w, &away, "UPDATE hooktop.endpoint SET status = 'removed' WHERE id = %s RETURNING id");
        lab_endpoint_fini(&away);
        away = (struct lab_endpoint){.tenant = &t, .path = "/away"};
        lab_endpoint(w, &away);
    }
    another_worker(w, is_odd(&home));
    lab_start(w, &(struct ht_engine_options){.concurrency = SLOTS});
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_emit(w, &t, "thing.happened", "{}");
    LAB_UNTIL(w, &home, LAB_WITH_STATUS("succeeded"), 1);
    LAB_UNTIL(w, &away, LAB_WITH_STATUS("succeeded"), 1);

    lab_answers(w, &home, HT_ANSWER_HOLD, 0);
    lab_emit_many(w, HELD);
    assert_true(ht_receiver_wait_requests(w->receiver, "/home", 1 + HELD, LAB_WAIT_MS));
    lab_emit(w, &t, "thing.happened", "{}");
    ht_test_sql(w->dsn, "SELECT pg_sleep(1)");
    assert_int_equal(lab_int(w, &away, LAB_LEASED " AND endpoint_id = %s"), 0);
    assert_int_equal(lab_int(w, &away, LAB_ATTEMPTS), 1);
    ht_test_sql(w->dsn, "UPDATE hooktop.worker SET claiming = false WHERE name = 'other:1'");
    LAB_UNTIL(w, &away, LAB_WITH_STATUS("succeeded"), 2); /* there is nobody else to do it */
    assert_int_equal(lab_int(w, &home, LAB_WITH_STATUS("succeeded")), 1);

    ht_engine_stop(w->engine);
    LAB_UNTIL(w, NULL, "SELECT count(*) FROM hooktop.worker WHERE NOT claiming", 2);
    lab_answers(w, &home, HT_ANSWER_STATUS, 200);
    LAB_UNTIL(w, &home, LAB_WITH_STATUS("succeeded"), 1 + HELD);
    lab_join(w);
    lab_endpoint_fini(&home);
    lab_endpoint_fini(&away);
    ht_tenant_fini(&t);
}

#define CALLS(name)                                                                                                    \
    "SELECT coalesce(max(calls), 0) FROM pg_stat_user_functions WHERE funcname = '" name "' AND %s IS NOT NULL"

/* Who claims while somebody has the endpoint locked does not take it for one without rows. */
static void test_locked_endpoint(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    PGconn *holder = PQconnectdb(w->dsn);
    lab_endpoint(w, &e);
    ht_test_sql(w->dsn,
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_functions = pl', current_database()); END $$");
    PQclear(PQexec(holder, "BEGIN; SELECT id FROM hooktop.endpoint FOR NO KEY UPDATE"));
    lab_start(w, NULL);
    lab_emit(w, NULL, "thing.happened", "{}");
    /* asked again and again, not only as often as it is seen to have rows */
    HT_TEST_UNTIL(lab_int(w, &e, CALLS("claim")) > 20 && lab_int(w, &e, CALLS("waiting")) > 0, LAB_WAIT_MS);
    assert_true(lab_int(w, &e, CALLS("claim")) > 2 * lab_int(w, &e, CALLS("waiting")));
    assert_int_equal(lab_figures(w).sent, 0);
    PQfinish(holder);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    assert_int_equal(lab_figures(w).sent, 1);
    lab_stop(w);
    lab_endpoint_fini(&e);
}

/* Workers that begin together share the work a few tenths of a second later. It says that it is there when it begins
 * and when it goes to sleep, too. */
static void test_says_soon_that_it_is_there(void **state)
{
    struct lab *w = *state;
    ht_test_sql(w->dsn,
                "CREATE TABLE beat (at timestamptz); "
                "CREATE FUNCTION beat() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
                "'BEGIN INSERT INTO public.beat VALUES (NEW.heartbeat_at); RETURN NULL; END'; "
                "CREATE TRIGGER beat AFTER INSERT OR UPDATE ON hooktop.worker FOR EACH ROW EXECUTE FUNCTION beat()");
    lab_start(w, NULL);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT count(*) FROM beat WHERE at > (SELECT min(at) + '2.5 s' FROM beat)"),
                  LAB_WAIT_MS);
    assert_in_range(ht_test_sql_int(w->dsn, "SELECT count(DISTINCT at) FROM beat, (SELECT min(at) AS first FROM beat) b"
                                            " WHERE at < first + '2.5 s'"),
                    3, 8);
    lab_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stands_by, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_no_way_out, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_a_way_out, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_cut_connections, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_helps_while_it_has_slots, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_locked_endpoint, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_says_soon_that_it_is_there, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("engine_world", tests, NULL, NULL);
}
