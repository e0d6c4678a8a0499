/* When failures switch an endpoint off, and what is told of it: the reason, an audit entry, an alert with its NOTIFY,
 * and an event to endpoints that subscribed to it by name. */
#include "delivery_lab.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_OF    "SELECT status FROM hooktop.endpoint WHERE id = %s"
#define DISABLED     "SELECT count(*) FROM hooktop.endpoint WHERE id = %s AND status = 'disabled'"
#define ALERTS(kind) "SELECT count(*) FROM hooktop.alert WHERE endpoint_id = %s AND kind = '" kind "'"
#define FAILED_FOR(interval)                                                                                           \
    "UPDATE hooktop.endpoint_health SET failing_since = clock_timestamp() - interval '" interval                       \
    "' WHERE failing_since IS NOT NULL"

/* What failed comes again when the test says so. */
#define IN_AN_HOUR 3600

/* An endpoint that takes these of hooktop's own types alone. */
static void subscribe_to(struct lab *w, struct lab_endpoint *e, const char *const *types)
{
    lab_endpoint(w, e);
    LAB_OK(ht_store_subscribe(w->c, &e->row, "*", false, &err));
    for (; *types; types++) {
        LAB_OK(ht_store_subscribe(w->c, &e->row, *types, true, &err));
    }
}

static PGconn *hear(struct lab *w)
{
    PGconn *pg = PQconnectdb(w->dsn);
    PGresult *r = PQexec(pg, "LISTEN hooktop_alert");
    assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
    PQclear(r);
    return pg;
}

/* How many notifications of this kind have come. */
static int heard(PGconn *pg, const char *kind)
{
    int n = 0;
    PQclear(PQexec(pg, "SELECT 1")); /* they come with the next answer */
    for (PGnotify *note; (note = PQnotifies(pg)) != NULL; PQfreemem(note)) {
        n += strncmp(note->extra, kind, strlen(kind)) == 0;
    }
    return n;
}

static void test_nothing_but_failures_for_five_days(void **state)
{
    struct lab *w = *state;
    static const char *const types[] = {"endpoint.disabled", NULL};
    struct lab_endpoint sick = {
        .path = "/sick", .answer = HT_ANSWER_STATUS, .arg = 500, .schedule_s = {IN_AN_HOUR, IN_AN_HOUR}};
    struct lab_endpoint ops = {.path = "/ops"}, all = {.path = "/all"};
    struct ht_route_counts counts;
    PGconn *pg = hear(w);
    lab_endpoint(w, &sick);
    lab_endpoint(w, &all);
    subscribe_to(w, &ops, types);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &sick, LAB_ATTEMPTS, 1);
    ht_test_sql(w->dsn, FAILED_FOR("4 days 23 hours"));
    lab_hasten(w, &sick);
    LAB_UNTIL(w, &sick, LAB_ATTEMPTS, 2);
    assert_int_equal(lab_int(w, &sick, DISABLED), 0);
    ht_test_sql(w->dsn, FAILED_FOR("5 days 1 minute"));
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &sick, DISABLED, 1);
    assert_true(ht_receiver_wait_requests(w->receiver, "/ops", 1, 60000));
    LAB_UNTIL(w, &ops, LAB_WITH_STATUS("succeeded"), 1);
    LAB_UNTIL(w, &sick, "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE endpoint_id = %s", 0);
    lab_stop(w);
    HT_AUTOFREE char *reason = lab_text(w, &sick, "SELECT status_reason FROM hooktop.endpoint WHERE id = %s");
    assert_int_equal(strncmp(reason, "nothing but failures since 20", 29), 0);
    assert_int_equal(
        lab_int(w, &sick,
                "SELECT count(*) FROM hooktop.audit WHERE action = 'endpoint.disabled' AND object = %s::text "
                "AND detail ->> 'rule' = 'nothing_but_failures' AND reason LIKE 'nothing but%'"),
        1);
    assert_int_equal(heard(pg, "endpoint.disabled "), 1);
    struct ht_alerts alerts = {0};
    LAB_OK(ht_store_alerts(w->c, &(struct ht_alert_query){.open_only = true}, 10, &alerts, &err));
    assert_int_equal(alerts.n, 1);
    assert_string_equal(alerts.rows[0].kind, "endpoint.disabled");
    assert_string_equal(alerts.rows[0].text, reason);
    LAB_OK(ht_store_alert_acknowledge(w->c, &alerts.rows[0], "seen", &err));
    ht_alerts_fini(&alerts);
    LAB_OK(ht_store_alerts(w->c, &(struct ht_alert_query){.open_only = true}, 10, &alerts, &err));
    assert_int_equal(alerts.n, 0);
    ht_alerts_fini(&alerts);
    /* signed like every event, told once, and not to who subscribed to everything */
    ht_receiver_counts(w->receiver, "/ops", &counts);
    assert_int_equal(counts.requests, 1);
    assert_int_equal(counts.verified, 1);
    assert_int_equal(lab_int(w, &all, "SELECT count(*) FROM hooktop.delivery WHERE endpoint_id = %s"), 2);
    assert_int_equal(
        lab_int(w, &sick,
                "SELECT count(*) FROM hooktop.event WHERE type = 'endpoint.disabled' AND "
                "data #>> '{endpoint,id}' = %s::text AND data #>> '{endpoint,rule}' = 'nothing_but_failures'"),
        1);
    PQfinish(pg);
    lab_endpoint_fini(&sick);
    lab_endpoint_fini(&ops);
    lab_endpoint_fini(&all);
}

/* One success starts the clock anew. */
static void test_a_success_starts_the_clock_anew(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a", .answer = HT_ANSWER_FAIL_FIRST, .arg = 1, .schedule_s = {IN_AN_HOUR}};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_ATTEMPTS, 1);
    ht_test_sql(w->dsn, FAILED_FOR("6 days"));
    lab_hasten(w, &e);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    lab_answers(w, &e, HT_ANSWER_STATUS, 500);
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &e, LAB_ATTEMPTS, 3);
    lab_stop(w);
    HT_AUTOFREE char *status = lab_text(w, &e, STATUS_OF);
    assert_string_equal(status, "active");
    assert_int_equal(lab_int(w, &e,
                             "SELECT count(*) FROM hooktop.endpoint_health WHERE endpoint_id = %s AND failing_since > "
                             "clock_timestamp() - interval '1 hour' AND consecutive_failures = 1"),
                     1);
    lab_endpoint_fini(&e);
}

static void test_leave_to_fail(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint for_a_time = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 500, .schedule_s = {IN_AN_HOUR}};
    struct lab_endpoint always = {.path = "/b", .answer = HT_ANSWER_STATUS, .arg = 500, .schedule_s = {IN_AN_HOUR}};
    struct lab_endpoint gone = {.path = "/c", .answer = HT_ANSWER_STATUS, .arg = 410};
    lab_endpoint(w, &for_a_time);
    lab_endpoint(w, &always);
    lab_endpoint(w, &gone);
    LAB_OK(ht_store_endpoint_snooze(w->c, &for_a_time.row, 3600000, false, "a move", &err));
    LAB_OK(ht_store_endpoint_snooze(w->c, &always.row, 0, true, "a test bed", &err));
    LAB_OK(ht_store_endpoint_snooze(w->c, &gone.row, 0, true, "a test bed", &err));
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &for_a_time, LAB_ATTEMPTS, 1);
    LAB_UNTIL(w, &always, LAB_ATTEMPTS, 1);
    ht_test_sql(w->dsn, FAILED_FOR("9 days"));
    lab_hasten(w, &for_a_time);
    lab_hasten(w, &always);
    LAB_UNTIL(w, &for_a_time, LAB_WITH_STATUS("exhausted"), 1);
    LAB_UNTIL(w, &always, LAB_WITH_STATUS("exhausted"), 1);
    LAB_UNTIL(w, &gone, DISABLED, 1);
    assert_int_equal(lab_int(w, &for_a_time, DISABLED), 0);
    assert_int_equal(lab_int(w, &always, DISABLED), 0);
    assert_int_equal(lab_int(w, &for_a_time, ALERTS("endpoint.disabled")), 0);
    assert_int_equal(lab_int(w, &for_a_time, ALERTS("delivery.exhausted")), 1);
    /* taken back, the next failure counts */
    struct ht_endpoint row = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&for_a_time.row.id, id);
    LAB_OK(ht_store_endpoint_find(w->c, id, &row, &err));
    assert_true(row.snoozed_until > 0 && row.disables_at == row.snoozed_until);
    ht_endpoint_fini(&row);
    LAB_OK(ht_store_endpoint_snooze(w->c, &for_a_time.row, 0, false, NULL, &err));
    lab_emit(w, NULL, "thing.happened", "{}");
    LAB_UNTIL(w, &for_a_time, DISABLED, 1);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit WHERE action = 'endpoint.snoozed'"),
                     4);
    lab_stop(w);
    lab_endpoint_fini(&for_a_time);
    lab_endpoint_fini(&always);
    lab_endpoint_fini(&gone);
}

/* What is given up is told once for each delivery; alerts do not pile up; and what is told of raises nothing itself. */
static void test_exhausted_is_told_and_feeds_nothing(void **state)
{
    struct lab *w = *state;
    static const char *const types[] = {"delivery.exhausted", "endpoint.disabled", NULL};
    struct lab_endpoint sick = {.path = "/sick", .answer = HT_ANSWER_STATUS, .arg = 500, .schedule_s = {1}};
    struct lab_endpoint deaf = {.path = "/deaf", .answer = HT_ANSWER_STATUS, .arg = 410};
    struct lab_endpoint ops = {.path = "/ops"};
    struct ht_route_counts counts;
    PGconn *pg = hear(w);
    ht_test_sql(w->dsn, "UPDATE hooktop.breaker_rule SET failures = 100");
    lab_endpoint(w, &sick);
    subscribe_to(w, &deaf, types);
    subscribe_to(w, &ops, types);
    for (int i = 0; i < 3; i++) {
        lab_emit(w, NULL, "thing.happened", "{}");
    }
    lab_start(w, NULL);
    LAB_UNTIL(w, &sick, LAB_WITH_STATUS("exhausted"), 3);
    LAB_UNTIL(w, &ops, LAB_WITH_STATUS("succeeded"), 3);
    LAB_UNTIL(w, &deaf, DISABLED, 1); /* by its 410 to one of them */
    lab_stop(w);
    ht_receiver_counts(w->receiver, "/ops", &counts);
    assert_int_equal(counts.requests, 3);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.event WHERE type <> 'thing.happened'"), 3);
    assert_int_equal(lab_int(w, &sick, ALERTS("delivery.exhausted")), 1);
    assert_int_equal(lab_int(w, &deaf, ALERTS("endpoint.disabled")), 1);
    assert_int_equal(heard(pg, "delivery.exhausted "), 2); /* of the sick one, and of the deaf one's 410 */
    PQfinish(pg);
    lab_endpoint_fini(&sick);
    lab_endpoint_fini(&deaf);
    lab_endpoint_fini(&ops);
}

/* Nobody but hooktop raises its own types. */
static void test_own_types_are_not_emitted(void **state)
{
    struct lab *w = *state;
    char sqlstate[6], sql[256], tenant[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant.id, tenant);
    static const char *const types[] = {"endpoint.disabled", "delivery.exhausted"};
    for (size_t i = 0; i < HT_COUNT(types); i++) {
        snprintf(sql, sizeof sql, "SELECT hooktop.emit('%s', '%s', '{}')", tenant, types[i]);
        ht_test_sql_state(w->dsn, sql, sqlstate);
        assert_string_equal(sqlstate, "HT001");
        struct ht_err err = {0};
        assert_int_equal(ht_store_type_add(w->c, &w->tenant.id, types[i], NULL, NULL, NULL, &err), HT_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_but_failures_for_five_days, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_a_success_starts_the_clock_anew, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_leave_to_fail, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_exhausted_is_told_and_feeds_nothing, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_own_types_are_not_emitted, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("disable", tests, NULL, NULL);
}
