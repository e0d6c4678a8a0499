/* What holds of the whole schema, read from PostgreSQL's own catalogue: so a table or function added later is checked
 * without being named here. */
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

/* The first column of every row, one per line; "" when there is none. */
static char *lines(const struct store_world *w, const char *sql)
{
    return ht_test_sql_value(w->dsn, store_text("SELECT coalesce(string_agg(x::text, E'\\n' ORDER BY x::text), '')"
                                                " FROM (%s) q (x)",
                                                sql));
}

static void assert_none(const struct store_world *w, const char *what, const char *sql)
{
    char *found = lines(w, sql);
    if (found[0] != '\0')
        fail_msg("%s: %s", what, found);
    free(found);
}

/* Shared by all tenants, and so without a tenant: versions, key rings, how long things are kept, the tenants
 * themselves, workers. */
#define SHARED "('schema_version', 'ring_key', 'retention', 'tenant', 'worker', 'worker_ring', 'worker_exceptions')"
#define OURS   "hooktop'::regnamespace"

static void every_unique_key_carries_the_tenant(void **state)
{
    const struct store_world *w = *state;
    assert_none(w, "unique without tenant_id",
                "SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
                " WHERE c.relnamespace = '" OURS " AND i.indisunique AND c.relname NOT IN " SHARED
                " AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'"
                " AND a.attnum = ANY (i.indkey::int2[]))");
    assert_true(ht_test_sql_int(w->dsn, "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
                                        " WHERE c.relnamespace = '" OURS " AND i.indisunique") > 15);
}

static void definer_functions_cannot_be_led_astray(void **state)
{
    const struct store_world *w = *state;
    assert_none(w, "definer function whose search_path does not end with pg_temp",
                "SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = '" OURS " AND p.prosecdef"
                " AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s ~ '^search_path=.*pg_temp\"?$')");
    /* what is only called from inside goes by its caller's; the four left out name everything with its schema */
    assert_none(w, "function that others may execute, without a search_path of its own",
                "SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = '" OURS
                " AND p.proname NOT IN ('uuid_at', 'patterns_of', 'at_text', 'emit')"
                " AND EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee <> p.proowner)"
                " AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%')");
    assert_none(w, "function that PUBLIC may execute",
                "SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = '" OURS
                " AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))");
    assert_none(w, "thing that hooktop_owner does not own",
                "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = '" OURS
                " AND p.proowner <> 'hooktop_owner'::regrole UNION ALL SELECT c.oid::regclass::text FROM pg_class c"
                " WHERE c.relnamespace = '" OURS " AND c.relowner <> 'hooktop_owner'::regrole");
    assert_none(w, "view that runs as its owner",
                "SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = '" OURS
                " AND c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') @>"
                " '{security_invoker=true}'");
}

static void tables_with_a_tenant_are_guarded_by_row(void **state)
{
    const struct store_world *w = *state;
    /* a partition asked by name would pass its parent's policies: nobody may */
    assert_none(w, "partition with grants",
                "SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = '" OURS
                " AND c.relispartition AND EXISTS (SELECT FROM aclexplode(c.relacl) a"
                " WHERE a.grantee <> c.relowner)");
    assert_none(
        w, "readable table with tenant_id and without forced row policies",
        "SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'"
        " WHERE c.relnamespace = '" OURS " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relname <> 'member'" /* whose readers are admins */
        " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        " AND (EXISTS (SELECT FROM aclexplode(c.relacl) g WHERE g.grantee <> c.relowner)"
        " OR EXISTS (SELECT FROM pg_attribute b, aclexplode(b.attacl) g WHERE b.attrelid = c.oid))");
    assert_none(
        w, "table that a role may write",
        "SELECT format('%s %s', c.oid::regclass, r.rolname) FROM pg_class c, pg_roles r WHERE c.relnamespace = '" OURS
        " AND c.relkind IN ('r', 'p') AND r.rolname LIKE 'hooktop\\_%' AND r.rolname NOT IN ('hooktop_owner',"
        " 'hooktop_test') AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES')");
}

static void assert_words(const struct store_world *w, const char *table, const char *column,
                         const struct ht_word *words, int n, const char *without)
{
    char *in_sql = lines(w, store_text("SELECT m[1] FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid),"
                                       " '''(\\w+)''', 'g') m WHERE k.conrelid = 'hooktop.%s'::regclass AND k.contype ="
                                       " 'c' AND pg_get_constraintdef(k.oid) LIKE 'CHECK ((%s = ANY%%'",
                                       table, column));
    int found = 0;
    for (int i = 0; i < n; i++) {
        bool there = strstr(store_text("\n%s\n", in_sql), store_text("\n%s\n", words[i].name)) != NULL;
        if (there != (strcmp(words[i].name, without) != 0))
            fail_msg("%s.%s and \"%s\": %s", table, column, words[i].name, in_sql);
        found += there;
    }
    int in_all = 1;
    for (const char *p = in_sql; *p != '\0'; p++)
        in_all += *p == '\n';
    assert_int_equal(found, in_all);
    free(in_sql);
}

static void the_words_are_those_of_the_program(void **state)
{
    const struct store_world *w = *state;
    assert_words(w, "endpoint", "status", ht_endpoint_words, HT_ENDPOINT_STATUS_COUNT, "");
    assert_words(w, "event_type", "state", ht_type_words, HT_TYPE_STATE_COUNT, "");
    assert_words(w, "delivery", "status", ht_delivery_words, HT_DELIVERY_STATUS_COUNT, "leased");
}

/* The server's day, from which on partitions are made ahead. */
static char *today(const struct store_world *w)
{
    return ht_test_sql_value(w->dsn, "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date");
}

static void check_partitions(const struct store_world *w, const char *day)
{
    static const char *const tables[] = {"event", "delivery", "attempt"};
    for (size_t i = 0; i < HT_COUNT(tables); i++) {
        int64_t days = ht_test_sql_int(
            w->dsn, store_text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'hooktop.%s'::regclass", tables[i]));
        assert_true(days >= 16); /* yesterday, today, fourteen ahead */
        /* an id of every hour of those days has a place, and only the next day has none */
        assert_int_equal(
            ht_test_sql_int(w->dsn,
                            store_text("SELECT count(*) FROM generate_series(-1, 14) d, pg_class c WHERE c.oid ="
                                       " to_regclass('hooktop.%s_' || to_char('%s'::date + d, 'YYYYMMDD')) AND"
                                       " pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES FROM (%%L) TO (%%L)',"
                                       " hooktop.uuid_at(('%s'::date + d)::timestamp AT TIME ZONE 'UTC'),"
                                       " hooktop.uuid_at(('%s'::date + d + 1)::timestamp AT TIME ZONE 'UTC'))",
                                       tables[i], day, day, day)),
            16);
    }
}

/* Setup has made them for its day; whoever looks on another one makes as many days more. */
#define DAYS_SINCE_SETUP                                                                                               \
    "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date - (max(applied_at) AT TIME ZONE 'UTC')::date"                 \
    " FROM hooktop.schema_version"

static void partitions_follow_each_other_without_a_gap(void **state)
{
    const struct store_world *w = *state;
    HT_AUTOFREE char *day = today(w);
    int64_t since = ht_test_sql_int(w->dsn, DAYS_SINCE_SETUP);
    int64_t ahead = ht_test_sql_int(w->dsn, "SELECT hooktop.make_partitions(14)");
    int64_t further = ht_test_sql_int(w->dsn, "SELECT hooktop.make_partitions(16)");
    check_partitions(w, day);
    HT_AUTOFREE char *then = today(w);
    if (strcmp(day, then) != 0) /* one has begun meanwhile */
        return;
    assert_int_equal(ahead, 3 * since);
    assert_int_equal(further, 6);
}

static void ids_carry_their_time(void **state)
{
    const struct store_world *w = *state;
    char *text = ht_test_sql_value(w->dsn, "SELECT hooktop.uuid7()");
    struct ht_uuid id;
    int64_t now = 0;
    STORE_OK(ht_conn_now(w->c, &now, &err));
    assert_true(ht_uuid_parse(text, &id));
    assert_int_equal(id.b[6] >> 4, 7);
    assert_int_equal(id.b[8] >> 6, 2);
    assert_true(now / 1000 - ht_uuid_time_ms(&id) < 20000 && now / 1000 >= ht_uuid_time_ms(&id));
    free(text);
    text = ht_test_sql_value(w->dsn, "SELECT hooktop.uuid_at('2026-11-20T14:02:58.44Z')");
    assert_true(ht_uuid_parse(text, &id));
    assert_int_equal(ht_uuid_time_ms(&id), INT64_C(1795183378440));
    free(text);
}

/* Each entry's hash covers it and the one before; whoever alters one breaks the chain. */
static void the_audit_chain_holds_and_only_grows(void **state)
{
    const struct store_world *w = *state;
    static const char broken[] =
        "SELECT count(*) FROM (SELECT a.*, lag(hash, 1, '\\x') OVER (PARTITION BY tenant_id ORDER BY seq) AS before,"
        " lag(seq, 1, 0::bigint) OVER (PARTITION BY tenant_id ORDER BY seq) AS last FROM hooktop.audit a) a"
        " WHERE prev_hash <> before OR seq <> last + 1 OR hash <> hooktop.audit_hash(prev_hash, tenant_id, seq, at, "
        "who,"
        " from_addr, action, object, reason, detail)";
    char state_code[6];
    int64_t moved;
    STORE_OK(ht_store_endpoint_state(w->c, &w->e, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0, "x", &moved, &err));
    store_tenant(w->c, "Other", "standard");
    assert_true(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit") >= 4);
    assert_int_equal(ht_test_sql_int(w->dsn, broken), 0);
    static const char *const tries[] = {"UPDATE hooktop.audit SET reason = 'y'", "DELETE FROM hooktop.audit",
                                        "TRUNCATE hooktop.audit"};
    for (size_t i = 0; i < HT_COUNT(tries); i++) {
        ht_test_sql_state(w->dsn, tries[i], state_code);
        assert_string_equal(state_code, "HT003");
        ht_test_sql_state(w->dsn, store_text("SET ROLE hooktop_owner; %s", tries[i]), state_code);
        assert_string_equal(state_code, "HT003");
    }
    ht_test_sql(w->dsn,
                "SET session_replication_role = replica; UPDATE hooktop.audit SET reason = 'y' WHERE reason = 'x'");
    assert_int_equal(ht_test_sql_int(w->dsn, broken), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_unique_key_carries_the_tenant),        TEST(definer_functions_cannot_be_led_astray),
        TEST(tables_with_a_tenant_are_guarded_by_row),    TEST(the_words_are_those_of_the_program),
        TEST(partitions_follow_each_other_without_a_gap), TEST(ids_carry_their_time),
        TEST(the_audit_chain_holds_and_only_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
