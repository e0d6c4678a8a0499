/* The waiting table itself: it gives its space back when little is left in it, without harm to whoever works on it at
 * that moment; it tells a payload that kills workers from workers that end for reasons of their own; and what waits in
 * it is found. */
#include <stdlib.h>
#include <string.h>

#include "hooktop/store/queue.h"
#include "store_world.h"

#define OUTBOX "hooktop.tenant_webhook_outbox"

static int64_t count(const struct store_world *w, const char *rest)
{
    return ht_test_sql_int(w->dsn, store_text("SELECT count(*) FROM " OUTBOX " %s", rest));
}

static int64_t size(const struct store_world *w)
{
    return ht_test_sql_int(w->dsn, "SELECT pg_total_relation_size('" OUTBOX "')");
}

static bool compacted(const struct store_world *w)
{
    return ht_test_sql_int(w->dsn, "SELECT hooktop.compact_outbox()::int") == 1;
}

/* Of the far future, of an endpoint that nobody knows: its first five columns. */
#define A_ROW                                                                                                          \
    "'99999999-9999-7999-8999-999999999999', '99999999-9999-7999-8999-999999999999', gen_random_uuid(),"               \
    " gen_random_uuid(), '2100-01-01'::timestamptz"

/* Vacuum comes when the test says so. */
static void put_rows(const struct store_world *w, int n)
{
    ht_test_sql(w->dsn, store_text("ALTER TABLE " OUTBOX " SET (autovacuum_enabled = off); INSERT INTO " OUTBOX
                                   " SELECT " A_ROW " FROM generate_series(1, %d)",
                                   n));
}

#define THE_LAST "(SELECT ctid FROM " OUTBOX " WHERE due_at > '2099-01-01' ORDER BY ctid DESC LIMIT %d)"

static void leave_the_last(const struct store_world *w, int n)
{
    ht_test_sql(
        w->dsn,
        store_text("DELETE FROM " OUTBOX " WHERE due_at > '2099-01-01' AND ctid <> ALL (ARRAY" THE_LAST ")", n));
}

static int64_t told_to(const struct store_world *w)
{
    return ht_test_sql_int(w->dsn, "SELECT compact::int FROM hooktop.heartbeat('11111111-1111-7111-8111-111111111111',"
                                   " 'host:1', '0', 64, false, false)");
}

/* A heartbeat says what is to be done, and nothing is when it was done, or not long ago in vain. */
static void it_is_small_again_when_little_is_left(void **state)
{
    const struct store_world *w = *state;
    put_rows(w, 40000);
    int64_t most = size(w);
    leave_the_last(w, 100);
    char *rows =
        ht_test_sql_value(w->dsn, "SELECT md5(string_agg(o::text, ' ' ORDER BY o.delivery_id)) FROM " OUTBOX " o");
    assert_int_equal(told_to(w), 0); /* first it is to be vacuumed */
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT pg_stat_get_dead_tuples('" OUTBOX "'::regclass)") >= 39900, 60000);
    ht_test_sql(w->dsn, "VACUUM " OUTBOX);
    assert_true(size(w) > most / 2); /* that alone does not do it: the rows left stand at the end */
    HT_TEST_UNTIL(told_to(w) == 1, 60000);
    HT_TEST_UNTIL(compacted(w), 60000);
    assert_true(size(w) < most / 50);
    assert_int_equal(told_to(w), 0);
    char *after =
        ht_test_sql_value(w->dsn, "SELECT md5(string_agg(o::text, ' ' ORDER BY o.delivery_id)) FROM " OUTBOX " o");
    assert_string_equal(rows, after);
    free(rows);
    free(after);
    assert_false(compacted(w)); /* there is nothing to be gained */
}

static void it_stays_as_it_is_while_much_stands_in_it(void **state)
{
    const struct store_world *w = *state;
    put_rows(w, 52000);
    ht_test_sql(w->dsn, "VACUUM " OUTBOX);
    assert_int_equal(told_to(w), 0);
    assert_false(compacted(w));
    assert_int_equal(count(w, ""), 52000);
}

/* Who has touched it is not waited for, and who saw it before sees the same afterwards. */
static void what_others_see_in_it_stays(void **state)
{
    const struct store_world *w = *state;
    PGconn *user = store_session(w), *reader = store_session(w);
    put_rows(w, 30000);
    store_run(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    store_run(reader, "SELECT count(*) FROM hooktop.event");
    leave_the_last(w, 10);
    store_run(user, "BEGIN");
    store_run(user, "UPDATE " OUTBOX " SET claims = 1 WHERE due_at > '2099-01-01'");
    assert_false(compacted(w));
    store_run(user, "COMMIT");
    HT_TEST_UNTIL(compacted(w), 60000);
    store_run(reader, "DO $$ BEGIN ASSERT (SELECT count(*) FROM " OUTBOX ") = 30000; END $$");
    assert_int_equal(count(w, "WHERE claims = 1"), 10);
    /* it gained nothing, so it is not tried again soon */
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT ((SELECT last_value FROM hooktop.compact_after) >"
                                             " date_part('epoch', clock_timestamp() + interval '5 min') * 1000)::int"),
                     1);
    PQfinish(reader);
    PQfinish(user);
    HT_TEST_UNTIL(compacted(w), 60000);
    assert_true(size(w) < 1000000);
}

#define EMITTERS 2
#define EVENTS   150

/* Emits, claims and settlements go on while it is written anew again and again. */
static void nothing_is_lost_meanwhile(void **state)
{
    const struct store_world *w = *state;
    PGconn *busy[EMITTERS + 1];
    char tenant[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant, tenant);
    for (int i = 0; i <= EMITTERS; i++) {
        busy[i] = store_session(w);
        store_run(busy[i], "SET statement_timeout = '10 min'");
        store_begin_statement(busy[i],
                              i == EMITTERS
                                  ? "DO $$ BEGIN FOR i IN 1..3 LOOP"
                                    " INSERT INTO " OUTBOX " SELECT " A_ROW " FROM generate_series(1, 25000); COMMIT;"
                                    " DELETE FROM " OUTBOX " WHERE due_at > '2099-01-01' AND random() < 0.999; COMMIT;"
                                    " WHILE NOT hooktop.compact_outbox() LOOP COMMIT; PERFORM pg_sleep(0.02); END LOOP;"
                                    " COMMIT; END LOOP; END $$"
                                  : store_text("DO $$ BEGIN FOR i IN 1..%d LOOP"
                                               " PERFORM hooktop.emit('%s', 'a.b', '{}'); COMMIT; END LOOP; END $$",
                                               EVENTS, tenant));
    }
    HT_TEST_UNTIL((store_settle_all(w->dsn, "succeeded", 200, ""),
                   ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt") >= EMITTERS * EVENTS &&
                       PQconsumeInput(busy[EMITTERS]) == 1 && PQisBusy(busy[EMITTERS]) == 0),
                  120000);
    for (int i = 0; i <= EMITTERS; i++) {
        store_end_statement(busy[i]);
        PQfinish(busy[i]);
    }
    assert_int_equal(count(w, "WHERE due_at < '2099-01-01'"), 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery"
                                             " WHERE status = 'succeeded' AND attempts = 1"),
                     EMITTERS * EVENTS);
    /* somebody may have looked from before the last rows left, and kept them in it */
    HT_TEST_UNTIL((compacted(w), size(w) < 2000000), 60000);
}

/* Workers that ended ----------------------------------------------------------------------------------------------- */

#define HOLDER "'22222222-2222-7222-8222-222222222222'"

/* The row was taken `claims` times; its lease of a minute has just ended. Returns how often it counts as taken after it
 * was claimed again, 0 when it is not taken. */
static int64_t claims_after(const struct store_world *w, int claims, const char *holder)
{
    char tenant[HT_UUID_TEXT], endpoint[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant, tenant);
    ht_uuid_format(&w->e.id, endpoint);
    ht_test_sql(w->dsn, store_text("UPDATE " OUTBOX " SET claims = %d, worker_id = %s, lease_id = gen_random_uuid(),"
                                   " lease_until = clock_timestamp()",
                                   claims, holder));
    return ht_test_sql_int(w->dsn, store_text("SELECT coalesce(max(claims), 0) FROM hooktop.claim('11111111-1111-7111-"
                                              "8111-111111111111', 60000, '{%s}', '{%s}', '{1}', '{4}', '{-infinity}')",
                                              tenant, endpoint));
}

/* A worker that was heard first and last so many seconds ago. */
static void heard(const struct store_world *w, const char *id, int first, int last)
{
    ht_test_sql(w->dsn,
                store_text("INSERT INTO hooktop.worker (id, name, version, concurrency, in_console, heard_since,"
                           " heartbeat_at) VALUES (%s, 'host:1', '0', 1, false, clock_timestamp() - interval '%d s',"
                           " clock_timestamp() - interval '%d s') ON CONFLICT (id) DO UPDATE"
                           " SET heard_since = excluded.heard_since, heartbeat_at = excluded.heartbeat_at",
                           id, first, last));
}

static void only_the_death_of_a_worker_counts(void **state)
{
    const struct store_world *w = *state;
    static const char other[] = "'33333333-3333-7333-8333-333333333333'";
    store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(claims_after(w, 2, HOLDER), 2); /* it said goodbye */
    assert_int_equal(claims_after(w, 2, "NULL"), 3); /* it gave the row back, which was taken so often before */
    heard(w, HOLDER, 600, 2);
    assert_int_equal(claims_after(w, 2, HOLDER), 2); /* it said that it lives after it would have renewed the lease */
    heard(w, HOLDER, 600, 60);
    heard(w, other, 600, 1);
    assert_int_equal(claims_after(w, 2, HOLDER), 3); /* it fell silent, and another did not */
}

/* After the database was away every worker has been silent: one of them may be the last to come back. */
static void silence_of_all_workers_kills_nobody(void **state)
{
    const struct store_world *w = *state;
    static const char other[] = "'33333333-3333-7333-8333-333333333333'";
    store_emit(w->c, &w->tenant, "a.b", "{}");
    heard(w, HOLDER, 600, 100);
    heard(w, other, 10, 0);
    assert_int_equal(claims_after(w, 1, HOLDER), 2); /* suspects nobody yet, so it may count */
    for (int claims = 2; claims <= 4; claims++)
        assert_int_equal(claims_after(w, claims, HOLDER), 0);
    heard(w, HOLDER, 1, 1);
    assert_int_equal(claims_after(w, 4, HOLDER), 4); /* there it is */
    heard(w, HOLDER, 600, 100);
    heard(w, other, 40, 0);
    assert_int_equal(claims_after(w, 4, HOLDER), 5); /* it had half a lease to come */
    assert_int_equal(
        ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.heartbeat(" HOLDER ", 'host:1', '0', 64, false, false)"),
        1);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.worker WHERE id = " HOLDER
                                             " AND heard_since > clock_timestamp() - interval '50 s'"),
                     1); /* its silence was a gap */
}

/* What a worker has settled comes with its heartbeat: the pace is what came between two of them. */
static void heartbeats_tell_the_pace(void **state)
{
    const struct store_world *w = *state;
    HT_CLEANUP(ht_queue_fini) struct ht_queue q = {0}, later = {0};
    int64_t began = 0, ended = 0;
    ht_test_sql(w->dsn, "SELECT hooktop.heartbeat(" HOLDER ", 'host:1', '0', 64, false, false, 50, 1)");
    do { /* what it says is of ten seconds: the five have to come and be counted within them */
        ht_queue_fini(&q);
        q = (struct ht_queue){0};
        ht_test_sql(w->dsn, "DELETE FROM hooktop.delivery");
        STORE_OK(ht_conn_now(w->c, &began, &err));
        for (int i = 0; i < 5; i++)
            store_emit(w->c, &w->tenant, "a.b", "{}");
        STORE_OK(ht_store_queue(w->c, &q, &err));
        STORE_OK(ht_conn_now(w->c, &ended, &err));
    } while (ended - began > 9000000);
    assert_true(q.workers.rows[0].succeeded_per_s == 0); /* nobody knows since when */
    assert_true(q.in_per_s == 0.5);
    ht_test_sql(w->dsn, "UPDATE hooktop.worker SET heartbeat_at = heartbeat_at - interval '10 s'");
    ht_test_sql(w->dsn, "SELECT hooktop.heartbeat(" HOLDER ", 'host:1', '0', 64, false, false, 10050, 2001)");
    STORE_OK(ht_store_queue(w->c, &later, &err));
    double ok = later.workers.rows[0].succeeded_per_s, failed = later.workers.rows[0].failed_per_s;
    assert_true(ok > 0 && ok <= 1000 && failed > 0 && failed <= 200); /* in ten seconds, or a little more */
    assert_true(ok > 4.9 * failed && ok < 5.1 * failed);
}

/* Three endpoints with a row of 2001 and one of 2002 each: which are found, and from when on. */
static const struct {
    const char *from, *most, *known, *floors, *found;
} looks[] = {
    {"0", "9", "", "", "1 2001, 2 2001, 3 2001"},
    {"0", "2", "", "", "1 2001, 2 2001"},
    {"2", "9", "", "", "3 2001"},
    {"3", "9", "", "", ""},
    {"0", "9", "1", "'2002-01-01'", "1 2002, 2 2001, 3 2001"},
    {"0", "9", "1, 3", "'2003-01-01', '2002-01-01'", "2 2001, 3 2002"},
    {"0", "1", "1, 2", "'2003-01-01', '2003-01-01'", "3 2001"},
    {"0", "9", "1, 2, 3", "'2002-01-01', '2001-01-01', '2003-01-01'", "1 2002, 2 2001"},
    {"1", "9", "1, 3", "'2002-01-01', '2002-01-01'", "2 2001, 3 2002"},
};

static void what_waits_is_found_from_the_floors_on(void **state)
{
    const struct store_world *w = *state;
    for (int i = 0; i < 2; i++) {
        struct ht_endpoint e = store_endpoint(w->c, &w->tenant, "standard", "*");
        ht_endpoint_fini(&e);
    }
    ht_test_sql(w->dsn, "CREATE TABLE numbered AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM hooktop.endpoint"
                        " UNION ALL SELECT 0, '00000000-0000-0000-0000-000000000000';"
                        "INSERT INTO " OUTBOX " SELECT e.tenant_id, e.id, gen_random_uuid(), gen_random_uuid(), y"
                        " FROM hooktop.endpoint e, unnest(ARRAY['2001-01-01', '2002-01-01']::timestamptz[]) y");
    for (size_t i = 0; i < HT_COUNT(looks); i++) {
        HT_AUTOFREE char *found = ht_test_sql_value(
            w->dsn, store_text("SELECT coalesce(string_agg(x.n || ' ' || extract(year FROM k.floor_at), ', '), '')"
                               " FROM hooktop.waiting((SELECT id FROM numbered WHERE n = %s), %s,"
                               " ARRAY(SELECT id FROM numbered WHERE n = ANY ('{%s}') ORDER BY id),"
                               " ARRAY[%s]::timestamptz[]) k JOIN numbered x ON x.id = k.endpoint_id",
                               looks[i].from, looks[i].most, looks[i].known, looks[i].floors));
        assert_string_equal(found, looks[i].found);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_small_again_when_little_is_left),
        TEST(it_stays_as_it_is_while_much_stands_in_it),
        TEST(what_others_see_in_it_stays),
        TEST(nothing_is_lost_meanwhile),
        TEST(only_the_death_of_a_worker_counts),
        TEST(silence_of_all_workers_kills_nobody),
        TEST(heartbeats_tell_the_pace),
        TEST(what_waits_is_found_from_the_floors_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
