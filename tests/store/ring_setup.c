/* The key ring's part of setup against a real database: a ring is made only while nothing is sealed, and what is sealed
 * is never cut off from its key. */
#include "ht_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktop/base/secret.h"
#include "hooktop/cli/ring.h"
#include "hooktop/store/setup.h"
#include "hooktop/vault/vault.h"

static char *dsn, *dir, file[256];
static struct ht_conn *conn;

static struct ht_conn *connect_to(const char *to)
{
    const struct ht_conn_options o = {.dsn = to, .any_schema = true, .application = "test"};
    struct ht_conn *c = NULL;
    struct ht_err err = {0};
    if (ht_conn_open(&o, &c, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    return c;
}

static void fill(const char *to)
{
    struct ht_event_types none = {0};
    struct ht_conn *c = connect_to(to);
    struct ht_err err = {0};
    if (ht_store_setup(c, &none, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    ht_conn_close(c);
}

static int set_up(void **state)
{
    (void)state;
    dsn = ht_test_db_new("ring_setup", fill);
    dir = ht_test_dir();
    snprintf(file, sizeof file, "%s/new/place/key-ring", dir);
    conn = connect_to(dsn);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ht_conn_close(conn);
    ht_test_db_free(dsn);
    free(dir);
    return 0;
}

static enum ht_ring_outcome expect_ok(void)
{
    enum ht_ring_outcome outcome = HT_RING_ELSEWHERE;
    struct ht_err err = {0};
    if (ht_ring_setup(conn, &(struct ht_ring_source){.file = file}, &outcome, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    return outcome;
}

/* A row as sealing leaves it; setup looks no further than that it is there. */
static void seal_something(void)
{
    ht_test_sql(dsn, "INSERT INTO hooktop.secret (id, tenant_id, endpoint_id, generation, sealed, key_id) "
                     "SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, '\\x00', id "
                     "FROM hooktop.ring_key WHERE current");
}

/* The key of a ring file that is current, as hexadecimal of its id. */
static void current_in_file(const char *path, char ret[17])
{
    struct ht_ring *r = NULL;
    struct ht_seal_key key = {0};
    bool current = false;
    assert_int_equal(ht_ring_load(path, &r, NULL), HT_OK);
    for (size_t i = 0; i < ht_ring_count(r) && !current; i++)
        ht_ring_public(r, i, &key, &current);
    for (size_t i = 0; i < HT_RING_KEY_ID; i++)
        snprintf(ret + 2 * i, 3, "%02x", key.id[i]);
    ht_ring_free(r);
}

static void assert_published(const char *id)
{
    char *got = ht_test_sql_value(dsn, "SELECT encode(id, 'hex') FROM hooktop.ring_key WHERE current");
    assert_non_null(got);
    assert_string_equal(got, id);
    free(got);
}

static void the_first_setup_makes_and_publishes_a_ring(void **state)
{
    (void)state;
    char id[17];
    struct stat st;
    assert_int_equal(expect_ok(), HT_RING_MADE);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    current_in_file(file, id);
    assert_published(id);
    assert_int_equal(expect_ok(), HT_RING_IN_USE); /* safe to repeat */
    seal_something();
    assert_int_equal(expect_ok(), HT_RING_IN_USE);
    assert_published(id);
}

static void a_ring_that_is_there_is_published(void **state)
{
    (void)state;
    char id[17];
    snprintf(file, sizeof file, "%s/ring", dir);
    assert_int_equal(ht_ring_create(file, NULL), HT_OK);
    current_in_file(file, id);
    assert_int_equal(expect_ok(), HT_RING_PUBLISHED);
    assert_published(id);
}

static void before_anything_is_sealed_another_ring_takes_over(void **state)
{
    (void)state;
    char id[17];
    assert_int_equal(expect_ok(), HT_RING_MADE);
    snprintf(file, sizeof file, "%s/other", dir);
    assert_int_equal(expect_ok(), HT_RING_MADE);
    current_in_file(file, id);
    assert_published(id);
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.ring_key WHERE current"), 1);
}

static void a_ring_without_the_key_is_refused(void **state)
{
    (void)state;
    char id[17];
    enum ht_ring_outcome outcome;
    struct ht_err err = {0};
    assert_int_equal(expect_ok(), HT_RING_MADE);
    current_in_file(file, id);
    seal_something();
    snprintf(file, sizeof file, "%s/wrong", dir);
    assert_int_equal(ht_ring_create(file, NULL), HT_OK);
    assert_int_equal(ht_ring_setup(conn, &(struct ht_ring_source){.file = file}, &outcome, &err), HT_FAILED);
    assert_non_null(strstr(err.why, id));
    assert_non_null(strstr(err.why, "1 secret is sealed"));
    assert_non_null(strstr(err.fix, id));
    assert_published(id);
}

static void without_a_ring_nothing_is_made_once_something_is_sealed(void **state)
{
    (void)state;
    char id[17];
    assert_int_equal(expect_ok(), HT_RING_MADE);
    current_in_file(file, id);
    seal_something();
    snprintf(file, sizeof file, "%s/none/ring", dir);
    assert_int_equal(expect_ok(), HT_RING_ELSEWHERE);
    assert_int_equal(access(file, F_OK), -1);
    assert_published(id);
}

static void a_newer_key_in_the_ring_is_not_switched_to(void **state)
{
    (void)state;
    char id[17];
    assert_int_equal(expect_ok(), HT_RING_MADE);
    current_in_file(file, id);
    seal_something();
    assert_int_equal(ht_ring_add_key(file, NULL), HT_OK);
    assert_int_equal(expect_ok(), HT_RING_IN_USE);
    assert_published(id);
}

static void an_unsafe_ring_is_refused_and_left_alone(void **state)
{
    (void)state;
    enum ht_ring_outcome outcome;
    struct ht_err err = {0};
    snprintf(file, sizeof file, "%s/ring", dir);
    assert_int_equal(ht_ring_create(file, NULL), HT_OK);
    assert_int_equal(chmod(file, 0644), 0);
    assert_int_equal(ht_ring_setup(conn, &(struct ht_ring_source){.file = file}, &outcome, &err), HT_DENIED);
    assert_non_null(strstr(err.fix, "chmod 0600"));
    assert_int_equal(ht_test_sql_int(dsn, "SELECT count(*) FROM hooktop.ring_key"), 0);
}

int main(void)
{
    ht_secret_init_process();
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_first_setup_makes_and_publishes_a_ring),
        T(a_ring_that_is_there_is_published),
        T(before_anything_is_sealed_another_ring_takes_over),
        T(a_ring_without_the_key_is_refused),
        T(without_a_ring_nothing_is_made_once_something_is_sealed),
        T(a_newer_key_in_the_ring_is_not_switched_to),
        T(an_unsafe_ring_is_refused_and_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
