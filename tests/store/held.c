/* What is held while its endpoint is put to rest, taken back into work or asked about, at the same moment: nothing is
 * left behind, nothing overtakes, and what the operator chose goes for all of it. Two sessions each, and the moments
 * where they meet are made by locks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_world.h"

/* Sessions --------------------------------------------------------------------------------------------------------- */

/* It has answered, or waits for a lock. */
static bool rests(const struct store_world *w, PGconn *c)
{
    if (PQconsumeInput(c) != 1)
        fail_msg("%s", PQerrorMessage(c));
    return PQisBusy(c) == 0 || ht_test_sql_int(w->dsn, store_text("SELECT count(*) FROM pg_stat_activity WHERE pid = %d"
                                                                  " AND wait_event_type = 'Lock'",
                                                                  PQbackendPID(c))) == 1;
}

/* What one does while the other has done its part and not committed. */
static void meet(const struct store_world *w, const char *first, const char *second)
{
    PGconn *a = store_session(w), *b = store_session(w);
    store_run(a, "BEGIN");
    store_run(a, first);
    store_begin_statement(b, second);
    HT_TEST_UNTIL(rests(w, b), 60000);
    store_run(a, "COMMIT");
    store_end_statement(b);
    PQfinish(a);
    PQfinish(b);
}

/* Words ------------------------------------------------------------------------------------------------------------ */

static const char *quoted(const struct ht_uuid *id)
{
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    return store_text("'%s'", text);
}

static const char *state_sql(const struct store_world *w, const char *to, const char *held, const char *rate)
{
    return store_text("SELECT hooktop.endpoint_state(%s, %s, '%s', '%s', %s, 'a test')", quoted(&w->tenant),
                      quoted(&w->e.id), to, held, rate);
}

static const char *emit_sql(const struct store_world *w, const char *name)
{
    return store_text("SELECT hooktop.emit(%s, 'thing.happened', '{\"name\": \"%s\"}')", quoted(&w->tenant), name);
}

static void emit(const struct store_world *w, const char *name)
{
    ht_test_sql(w->dsn, emit_sql(w, name));
}

static void strictly_in_order(const struct store_world *w)
{
    ht_test_sql(w->dsn, "UPDATE hooktop.endpoint SET in_flight_max = 1");
}

#define OF_EVENT "FROM hooktop.tenant_webhook_outbox o JOIN hooktop.event v ON v.id = o.event_id"

/* The events of the outbox in the order they are claimed in. */
static void assert_line(const struct store_world *w, const char *names)
{
    char *line = ht_test_sql_value(w->dsn, "SELECT string_agg(v.data ->> 'name', ' ' ORDER BY o.due_at) " OF_EVENT);
    assert_string_equal(line != NULL ? line : "", names);
    free(line);
}

/* Somebody is busy with the endpoint at the moment of the emit, as whoever puts rows aside is. */
static void emit_meanwhile(const struct store_world *w, const char *name)
{
    meet(w, "SELECT FROM hooktop.endpoint FOR NO KEY UPDATE", emit_sql(w, name));
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 1);
}

/* Tests ------------------------------------------------------------------------------------------------------------ */

static void released_rows_keep_their_place(void **state)
{
    const struct store_world *w = *state;
    strictly_in_order(w);
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    emit(w, "a");
    emit(w, "b");
    emit_meanwhile(w, "c");
    ht_test_sql(w->dsn, state_sql(w, "active", "release", "0"));
    emit(w, "d");
    assert_line(w, "a b c d");
}

static void a_rate_keeps_the_order(void **state)
{
    const struct store_world *w = *state;
    strictly_in_order(w);
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    emit(w, "a");
    emit(w, "b");
    ht_test_sql(w->dsn, state_sql(w, "active", "release", "0.01"));
    emit(w, "c");
    assert_line(w, "a b c");
    /* and it is a rate: the second one not before a hundred seconds have gone */
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) " OF_EVENT " WHERE v.data ->> 'name' = 'b'"
                                             " AND o.not_before > clock_timestamp()"),
                     1);
}

/* It had been sent once in vain when the endpoint was paused. */
static void a_retry_keeps_its_place(void **state)
{
    const struct store_world *w = *state;
    strictly_in_order(w);
    emit(w, "a");
    store_settle_all(w->dsn, "ready", 503, "http_5xx");
    emit(w, "b");
    assert_line(w, "a b");
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    assert_int_equal(store_rows(w, "held"), 2);
    ht_test_sql(w->dsn, state_sql(w, "active", "release", "0"));
    assert_line(w, "a b");
}

/* A worker that has seen where the rows began looks from there on, for a while; what is released stands before. */
static void a_claim_in_order_looks_at_the_beginning(void **state)
{
    const struct store_world *w = *state;
    char *name;
    strictly_in_order(w);
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    emit(w, "a");
    ht_test_sql(w->dsn, state_sql(w, "active", "release", "0"));
    emit(w, "b");
    name = ht_test_sql_value(
        w->dsn, store_text("SELECT k.data::json ->> 'name' FROM hooktop.claim('11111111-1111-7111-8111-111111111111', "
                           "60000, ARRAY[%s]::uuid[], ARRAY[%s]::uuid[], '{9}', '{1}', ARRAY(SELECT max(due_at) FROM "
                           "hooktop.tenant_webhook_outbox)) k",
                           quoted(&w->tenant), quoted(&w->e.id)));
    assert_non_null(name);
    assert_string_equal(name, "a");
    free(name);
}

static void an_order_made_strict_goes_for_retries(void **state)
{
    const struct store_world *w = *state;
    char *settings;
    emit(w, "a");
    store_settle_all(w->dsn, "ready", 503, "http_5xx");
    emit(w, "b");
    assert_line(w, "b a");
    settings = ht_test_sql_value(w->dsn, store_text("SELECT hooktop.endpoint_edit(%s, %s, 'https://a.example.org/', '',"
                                                    " '{\"in_flight_max\": 1}', 'a test')::text",
                                                    quoted(&w->tenant), quoted(&w->e.id)));
    free(settings);
    assert_line(w, "a b");
}

static void cancelling_goes_for_all_that_waits(void **state)
{
    const struct store_world *w = *state;
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    emit(w, "a");
    emit_meanwhile(w, "b");
    ht_test_sql(w->dsn, state_sql(w, "active", "cancel", "0"));
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 0);
    assert_int_equal(store_rows(w, "held"), 0);
    assert_int_equal(store_rows(w, "delivery WHERE status = 'cancelled'"), 2);
}

static void nothing_is_left_behind_by_a_resume(void **state)
{
    const struct store_world *w = *state;
    const char *redeliver;
    char *id;
    emit(w, "a");
    store_settle_all(w->dsn, "exhausted", 503, "http_5xx");
    id = ht_test_sql_value(w->dsn, "SELECT id FROM hooktop.delivery");
    redeliver = store_text("SELECT hooktop.redeliver(%s, '%s', 'a test')", quoted(&w->tenant), id);
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    meet(w, state_sql(w, "active", "release", "0"), redeliver);
    assert_int_equal(store_rows(w, "held"), 0);
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 1);
    /* nor by an emit */
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    meet(w, state_sql(w, "active", "release", "0"), emit_sql(w, "b"));
    meet(w, emit_sql(w, "c"), state_sql(w, "active", "release", "0"));
    assert_int_equal(store_rows(w, "held"), 0);
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 3);
    free(id);
}

/* Between held and outbox there is no moment in which a delivery is in neither. */
static void a_row_on_its_way_out_can_be_cancelled(void **state)
{
    const struct store_world *w = *state;
    char *id;
    ht_test_sql(w->dsn, state_sql(w, "paused", "keep", "0"));
    emit(w, "a");
    id = ht_test_sql_value(w->dsn, "SELECT id FROM hooktop.delivery");
    meet(w, state_sql(w, "active", "release", "0"),
         store_text("SELECT hooktop.delivery_cancel(%s, '%s', 'a test')", quoted(&w->tenant), id));
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 0);
    assert_int_equal(store_rows(w, "delivery WHERE status = 'cancelled'"), 1);
    free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(released_rows_keep_their_place, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(a_rate_keeps_the_order, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(a_retry_keeps_its_place, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(a_claim_in_order_looks_at_the_beginning, store_world_setup,
                                        store_world_teardown),
        cmocka_unit_test_setup_teardown(an_order_made_strict_goes_for_retries, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(cancelling_goes_for_all_that_waits, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_left_behind_by_a_resume, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(a_row_on_its_way_out_can_be_cancelled, store_world_setup, store_world_teardown),
    };
    return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
