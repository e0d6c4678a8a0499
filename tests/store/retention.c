/* Whole days are dropped when their time has come, and never one that a waiting delivery needs. */
#include <stdlib.h>
#include "store_world.h"

/* Partitions of a day long ago, and an event and a delivery in them, as if they had been made then. */
static void make_old_day(const struct store_world *w, const char *day, const char *compact)
{
    ht_test_sql(
        w->dsn,
        store_text("DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['event','delivery','attempt'] LOOP"
                   " EXECUTE format('CREATE TABLE hooktop.%%I PARTITION OF hooktop.%%I FOR VALUES FROM (%%L) TO"
                   " (%%L)', t || '_%s', t, hooktop.uuid_at('%s 00:00Z'), hooktop.uuid_at('%s 00:00Z'::timestamptz"
                   " + interval '1 day'));"
                   " EXECUTE format('ALTER TABLE hooktop.%%I OWNER TO hooktop_owner', t || '_%s'); END LOOP; END $$",
                   compact, day, day, compact));
    char tenant[HT_UUID_TEXT], endpoint[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant, tenant);
    ht_uuid_format(&w->e.id, endpoint);
    ht_test_sql(
        w->dsn,
        store_text("INSERT INTO hooktop.event (id, tenant_id, type, data, created_at) VALUES"
                   " (hooktop.uuid_at('%s 12:00Z'), '%s', 'old.event', '{}', '%s 12:00Z');"
                   "INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, created_at)"
                   " VALUES (hooktop.uuid_at('%s 12:00Z'), '%s', hooktop.uuid_at('%s 12:00Z'), '%s', 'old.event',"
                   " 'succeeded', '%s 12:00Z')",
                   day, tenant, day, day, tenant, day, endpoint, day));
}

static int64_t partitions_of(const struct store_world *w, const char *compact)
{
    return ht_test_sql_int(w->dsn, store_text("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid ="
                                              " c.relnamespace WHERE n.nspname = 'hooktop' AND c.relkind = 'r' AND"
                                              " c.relname LIKE '%%\\_%s'",
                                              compact));
}

static int64_t drop(const struct store_world *w)
{
    return ht_test_sql_int(w->dsn, "SELECT hooktop.drop_partitions()");
}

static void a_day_is_dropped_when_its_time_has_come(void **state)
{
    struct store_world *w = *state;
    make_old_day(w, "2024-01-05", "20240105");
    int64_t today = ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.partitions()");
    assert_int_equal(drop(w), 3);
    assert_int_equal(partitions_of(w, "20240105"), 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.partitions()"), today - 3);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit WHERE action = 'partition.dropped'"),
                     3);
    assert_int_equal(drop(w), 0);
}

static void what_waits_keeps_its_day(void **state)
{
    struct store_world *w = *state;
    char tenant[HT_UUID_TEXT], endpoint[HT_UUID_TEXT];
    ht_uuid_format(&w->tenant, tenant);
    ht_uuid_format(&w->e.id, endpoint);
    make_old_day(w, "2024-02-06", "20240206");
    ht_test_sql(w->dsn,
                store_text("INSERT INTO hooktop.held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts,"
                           " body_version) VALUES ('%s', '%s', hooktop.uuid_at('2024-02-06 12:00Z'),"
                           " hooktop.uuid_at('2024-02-06 12:00Z'), now(), 0, 1)",
                           tenant, endpoint));
    assert_int_equal(drop(w), 0);
    assert_int_equal(partitions_of(w, "20240206"), 3);

    struct ht_partitions list = {0};
    STORE_OK(ht_store_partitions(w->c, &list, &err));
    int kept = 0;
    for (size_t i = 0; i < list.n; i++)
        kept += list.rows[i].pending == 1 ? 1 : 0;
    assert_int_equal(kept, 3);
    ht_partitions_fini(&list);

    ht_test_sql(w->dsn, "DELETE FROM hooktop.held");
    assert_int_equal(drop(w), 3);
}

static void a_reader_is_not_waited_for(void **state)
{
    struct store_world *w = *state;
    make_old_day(w, "2024-03-07", "20240307");
    struct ht_conn *reader = store_open(w->dsn);
    STORE_OK(ht_conn_begin(reader, &err));
    struct ht_events events = {0};
    STORE_OK(ht_store_events(reader, NULL, NULL, NULL, 10, &events, &err));
    ht_events_fini(&events);
    assert_true(drop(w) < 3);
    assert_true(partitions_of(w, "20240307") > 0);
    ht_conn_rollback(reader);
    ht_conn_close(reader);
    drop(w);
    assert_int_equal(partitions_of(w, "20240307"), 0);
}

static void settings_are_checked_and_audited(void **state)
{
    struct store_world *w = *state;
    STORE_OK(ht_store_retention_set(w->c, "attempt", 7, "less disk", &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT keep_days FROM hooktop.retention WHERE kind = 'attempt'"), 7);
    assert_int_equal(ht_test_sql_int(w->dsn,
                                     "SELECT count(*) FROM hooktop.audit WHERE action = 'retention.set' AND reason ="
                                     " 'less disk'"),
                     1);
    STORE_REFUSED(HT_USAGE, ht_store_retention_set(w->c, "event", 30, NULL, &err), "at least as long", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_retention_set(w->c, "audit", 30, NULL, &err), "audit", NULL);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT keep_days FROM hooktop.retention WHERE kind = 'event'"), 90);
    char *login = store_login(w->dsn, "retention_viewer", "hooktop_viewer", NULL);
    struct ht_conn *viewer = store_open(login);
    STORE_REFUSED(HT_DENIED, ht_store_retention_set(viewer, "event", 100, NULL, &err), "hooktop_admin", NULL);
    ht_conn_close(viewer);
    free(login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_day_is_dropped_when_its_time_has_come, store_world_setup,
                                        store_world_teardown),
        cmocka_unit_test_setup_teardown(what_waits_keeps_its_day, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(a_reader_is_not_waited_for, store_world_setup, store_world_teardown),
        cmocka_unit_test_setup_teardown(settings_are_checked_and_audited, store_world_setup, store_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
