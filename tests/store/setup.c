/* Setting up: on nothing, again, by whom, over another version, and by two at once. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/embed.h"
#include "hooktop/profile/profile.h"
#include "store_world.h"

static void leave_empty(const char *dsn)
{
    (void)dsn;
}

static enum ht_rc set_up(const char *dsn, struct ht_err *err)
{
    HT_CLEANUP(ht_event_types_fini) struct ht_event_types types = {0};
    const struct ht_conn_options o = {.dsn = dsn, .any_schema = true, .timeout_ms = 120000};
    struct ht_conn *c = NULL;
    ht_profile_catalogue(&types);
    enum ht_rc rc = ht_conn_open(&o, &c, err);
    if (rc == HT_OK)
        rc = ht_store_setup(c, &types, err);
    ht_conn_close(c);
    return rc;
}

static enum ht_rc open_close(const char *dsn, struct ht_err *err)
{
    const struct ht_conn_options o = {.dsn = dsn, .timeout_ms = 120000};
    struct ht_conn *c = NULL;
    enum ht_rc rc = ht_conn_open(&o, &c, err);
    ht_conn_close(c);
    return rc;
}

/* Everything that setup makes, as one text: names, columns, grants, policies, functions, catalogue. */
static char *fingerprint(const char *dsn)
{
    return ht_test_sql_value(
        dsn,
        "SELECT md5(string_agg(x, E'\\n' ORDER BY x)) FROM ("
        " SELECT format('%s %s %s %s', c.relname, c.relkind, c.relacl, c.relrowsecurity) FROM pg_class c"
        " WHERE c.relnamespace = 'hooktop'::regnamespace"
        " UNION ALL SELECT format('%s %s %s %s', p.oid::regprocedure, p.proacl, p.proconfig, md5(p.prosrc)) FROM "
        "pg_proc p"
        " WHERE p.pronamespace = 'hooktop'::regnamespace"
        " UNION ALL SELECT format('%s %s %s', p.polname, p.polrelid::regclass, pg_get_expr(p.polqual, p.polrelid))"
        " FROM pg_policy p UNION ALL SELECT format('%s %s', a.attrelid::regclass, a.attname) FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'hooktop'::regnamespace"
        " UNION ALL SELECT t::text FROM hooktop.event_type t UNION ALL SELECT m::text FROM hooktop.member m) f (x)");
}

static void twice_is_as_good_as_once(void **state)
{
    (void)state;
    char *dsn = ht_test_db_new("store_empty", leave_empty);
    STORE_OK(set_up(dsn, &err));
    char *first = fingerprint(dsn);
    int64_t types = ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.event_type");
    assert_true(types >= 13 + 2 + 10 + 6 + 9);
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.schema_version"), (int64_t)ht_embedded_sql_len);
    STORE_OK(set_up(dsn, &err));
    char *second = fingerprint(dsn);
    assert_string_equal(first, second);
    STORE_OK(open_close(dsn, &err));
    /* partitions for today and two weeks ahead */
    assert_true(ht_test_sql_int(dsn, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'hooktop.event'::regclass") >=
                15);
    free(first);
    free(second);
    ht_test_db_free(dsn);
}

static void a_changed_catalogue_is_brought_up_to_date(void **state)
{
    (void)state;
    char *dsn = store_db();
    ht_test_sql(dsn, "UPDATE hooktop.event_type SET contract = NULL, state = 'archived' WHERE profile = 'instaclaim'");
    STORE_OK(set_up(dsn, &err));
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.event_type WHERE profile = 'instaclaim'"
                                          " AND state = 'emitted' AND contract IS NOT NULL"),
                     13);
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.event_type WHERE profile = 'instaclaim'"
                                          " AND state = 'planned'"),
                     2);
    ht_test_db_free(dsn);
}

/* A managed PostgreSQL gives no superuser: the database's owner, who may create roles, is enough. */
static void no_superuser_is_needed(void **state)
{
    (void)state;
    char *admin = ht_test_db_new("store_empty", leave_empty);
    ht_test_sql(admin, "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'store_owner') THEN"
                       " CREATE ROLE store_owner LOGIN CREATEROLE; END IF;"
                       " EXECUTE format('ALTER DATABASE %I OWNER TO store_owner', current_database()); END $$");
    char *dsn = ht_test_dsn_with(admin, "user", "store_owner");
    char *version = ht_test_sql_value(admin, "SELECT current_setting('server_version_num')::int >= 160000");
    if (strcmp(version, "t") == 0) { /* the roles are there, made by another, who alone may grant them */
        STORE_REFUSED(HT_DENIED, set_up(dsn, &err), "store_owner", "GRANT hooktop_owner, hooktop_admin, hooktop_worker",
                      NULL);
        ht_test_sql(admin, "GRANT hooktop_owner, hooktop_admin, hooktop_worker TO store_owner");
    }
    free(version);
    STORE_OK(set_up(dsn, &err));
    STORE_OK(set_up(dsn, &err));
    /* and whoever set up can go on: may do everything, make a tenant and see it */
    struct ht_conn *c = store_open(dsn);
    struct ht_whoami me = {0};
    STORE_OK(ht_conn_whoami(c, &me, &err));
    assert_true(me.may_admin && me.may_operate && me.may_deliver);
    ht_whoami_fini(&me);
    struct ht_tenants all = {0};
    store_tenant(c, "Acme", "instnt");
    STORE_OK(ht_store_tenants(c, &all, &err));
    assert_int_equal(all.n, 1);
    ht_tenants_fini(&all);
    ht_conn_close(c);
    free(dsn);
    ht_test_db_free(admin);
}

static void a_wrong_version_is_one_clear_line(void **state)
{
    (void)state;
    char *dsn = store_db();
    char *empty = ht_test_db_new("store_empty", leave_empty);
    int found = -1;
    STORE_REFUSED(HT_NO_DB, open_close(empty, &err), "has no hooktop schema", "run hooktop setup", NULL);
    struct ht_conn *c = store_open_any(empty);
    STORE_OK(ht_store_schema_found(c, &found, &err));
    assert_int_equal(found, 0);
    ht_conn_close(c);

    ht_test_sql(dsn, store_text("DELETE FROM hooktop.schema_version WHERE version = %d", ht_store_schema_version()));
    STORE_REFUSED(HT_NO_DB, open_close(dsn, &err), "run hooktop setup", NULL);

    ht_test_sql(dsn, store_text("INSERT INTO hooktop.schema_version VALUES (%d)", ht_store_schema_version() + 1));
    STORE_REFUSED(HT_NO_DB, open_close(dsn, &err), "newer hooktop", NULL);
    STORE_REFUSED(HT_NO_DB, set_up(dsn, &err), "newer hooktop", NULL);
    c = store_open_any(dsn);
    STORE_OK(ht_store_schema_found(c, &found, &err));
    assert_int_equal(found, ht_store_schema_version() + 1);
    ht_conn_close(c);
    ht_test_db_free(dsn);
    ht_test_db_free(empty);
}

static void a_database_of_another_encoding_is_refused(void **state)
{
    (void)state;
    ht_test_sql(ht_test_dsn(), "DROP DATABASE IF EXISTS store_ascii");
    ht_test_sql(ht_test_dsn(),
                "CREATE DATABASE store_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    char *dsn = ht_test_dsn_with(ht_test_dsn(), "dbname", "store_ascii");
    STORE_REFUSED(HT_NO_DB, set_up(dsn, &err), "SQL_ASCII", "ENCODING 'UTF8'", NULL);
    ht_test_db_free(dsn);
}

static void a_login_without_roles_is_told_so(void **state)
{
    (void)state;
    char *admin = store_db();
    const struct ht_uuid nil = {0};
    char *dsn = store_login(admin, "store_nobody", NULL, &nil);
    STORE_REFUSED(HT_DENIED, open_close(dsn, &err), "store_nobody", "hooktop's roles", "GRANT", NULL);
    free(dsn);
    ht_test_db_free(admin);
}

static void *set_up_in_thread(void *user)
{
    static enum ht_rc rcs[2];
    static int n;
    struct ht_err err = {0};
    enum ht_rc *mine = &rcs[__atomic_fetch_add(&n, 1, __ATOMIC_SEQ_CST)];
    *mine = set_up(user, &err);
    return mine;
}

static void two_at_once_make_one(void **state)
{
    (void)state;
    char *dsn = ht_test_db_new("store_empty", leave_empty);
    pthread_t threads[2];
    for (size_t i = 0; i < HT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_up_in_thread, dsn), 0);
    for (size_t i = 0; i < HT_COUNT(threads); i++) {
        void *rc;
        pthread_join(threads[i], &rc);
        assert_int_equal(*(enum ht_rc *)rc, HT_OK);
    }
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.schema_version"), (int64_t)ht_embedded_sql_len);
    ht_test_db_free(dsn);
}

/* A function in the way of the second file: the error names the file, the first stays applied, the second leaves
 * nothing, and once the way is free setup goes on from there. */
static void a_file_that_fails_leaves_nothing_of_itself(void **state)
{
    (void)state;
    ht_test_db_free(store_db()); /* the roles exist from here on */
    char *dsn = ht_test_db_new("store_empty", leave_empty);
    ht_test_sql(dsn, "CREATE SCHEMA hooktop AUTHORIZATION hooktop_owner;"
                     "CREATE FUNCTION hooktop.sees_all() RETURNS boolean LANGUAGE sql AS 'SELECT false'");
    STORE_REFUSED(HT_FAILED, set_up(dsn, &err), "setup: ", ht_embedded_sql[1].name, "sees_all", NULL);
    assert_int_equal(ht_test_sql_int(dsn, "SELECT max(version) FROM hooktop.schema_version"), 1);
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'hooktop'::regnamespace"
                                          " AND proname = 'make_partitions'"),
                     0);
    ht_test_sql(dsn, "DROP FUNCTION hooktop.sees_all()");
    STORE_OK(set_up(dsn, &err));
    STORE_OK(open_close(dsn, &err));
    ht_test_db_free(dsn);
}

static void print_says_everything_it_runs(void **state)
{
    (void)state;
    struct ht_buf out;
    ht_buf_init(&out, 4u * 1024 * 1024);
    ht_store_setup_print(&out);
    assert_false(out.over);
    for (size_t i = 0; i < ht_embedded_sql_len; i++) {
        assert_non_null(strstr(out.data, ht_embedded_sql[i].name));
        assert_non_null(strstr(out.data, ht_embedded_sql[i].bytes));
    }
    /* it can be run as it is */
    char *dsn = ht_test_db_new("store_empty", leave_empty);
    ht_test_sql(dsn, out.data);
    STORE_OK(open_close(dsn, &err));
    ht_test_db_free(dsn);
    ht_buf_fini(&out);
}

static void key_rings_are_published_and_changed(void **state)
{
    const struct store_world *w = *state;
    const uint8_t ids[2][8] = {"ring-one", "ring-two"};
    uint8_t keys[2][32], id[8], key[32];
    int64_t sealed = -1;
    memset(keys[0], 1, 32);
    memset(keys[1], 2, 32);
    STORE_REFUSED(HT_NOT_FOUND, ht_store_ring_current(w->c, id, key, &err), "hooktop setup", NULL);
    STORE_OK(ht_store_ring_publish(w->c, ids[0], keys[0], &err));
    STORE_OK(ht_store_ring_publish(w->c, ids[1], keys[1], &err));
    STORE_OK(ht_store_ring_current(w->c, id, key, &err));
    assert_memory_equal(id, ids[1], 8);
    assert_memory_equal(key, keys[1], 32);
    STORE_OK(ht_store_ring_publish(w->c, ids[0], keys[0], &err));
    STORE_OK(ht_store_ring_current(w->c, id, key, &err));
    assert_memory_equal(id, ids[0], 8);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.ring_key WHERE id <> 'KEYIDENT'"), 2);
    STORE_OK(ht_store_sealed_count(w->c, &sealed, &err));
    assert_int_equal(sealed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice_is_as_good_as_once),
        cmocka_unit_test(a_changed_catalogue_is_brought_up_to_date),
        cmocka_unit_test(no_superuser_is_needed),
        cmocka_unit_test(a_wrong_version_is_one_clear_line),
        cmocka_unit_test(a_database_of_another_encoding_is_refused),
        cmocka_unit_test(a_login_without_roles_is_told_so),
        cmocka_unit_test(two_at_once_make_one),
        cmocka_unit_test(a_file_that_fails_leaves_nothing_of_itself),
        cmocka_unit_test(print_says_everything_it_runs),
        cmocka_unit_test_setup_teardown(key_rings_are_published_and_changed, store_world_setup, store_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
