/* The helpers in tests/lib that need no database: other tests stand on them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "ht_test.h"

static void output_and_status(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "cat; echo \"$A-$HOME-$PWD\" >&2; exit 7", NULL};
    const char *const env[] = {"A=1", "HOME", NULL};
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv, .env = env, .dir = "/", .input = "in\0put", .input_len = 6}, &r);
    assert_int_equal(r.status, 7);
    assert_false(r.timed_out);
    assert_int_equal(r.out_len, 6);
    assert_memory_equal(r.out, "in\0put", 6);
    assert_string_equal(r.err, "1--/\n");
    ht_test_result_fini(&r);
}

static void large_output(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2", NULL};
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv}, &r);
    assert_int_equal(r.status, 0);
    assert_int_equal(r.out_len, 300000);
    assert_int_equal(r.err_len, 300000);
    ht_test_result_fini(&r);
}

static void unread_input(void **state)
{
    (void)state;
    const char *const argv[] = {"true", NULL};
    char *input = calloc(1, 1000000);
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv, .input = input, .input_len = 1000000}, &r);
    assert_int_equal(r.status, 0);
    ht_test_result_fini(&r);
    free(input);
}

static void time_limit(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "sleep 1000 & sleep 1000", NULL};
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv, .timeout_ms = 200}, &r);
    assert_true(r.timed_out);
    assert_int_equal(r.status, 128 + SIGKILL);
    ht_test_result_fini(&r);
}

/* What it had said before somebody killed it is there. */
static void killed(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "echo begun; kill -KILL $$", NULL};
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv, .timeout_ms = 60000}, &r);
    assert_false(r.timed_out);
    assert_int_equal(r.status, 128 + SIGKILL);
    assert_string_equal(r.out, "begun\n");
    ht_test_result_fini(&r);
}

static void child_left_behind(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "sleep 1000 & echo $!", NULL};
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv, .timeout_ms = 60000}, &r);
    assert_false(r.timed_out);
    assert_int_equal(r.status, 0);
    pid_t left = (pid_t)strtol(r.out, NULL, 10);
    assert_true(left > 1);
    assert_int_equal(kill(left, SIGKILL), 0); /* it was not waited for */
    ht_test_result_fini(&r);
}

static bool third_time(void *user)
{
    int *n = user;
    return ++*n == 3;
}

static bool never(void *user)
{
    (void)user;
    return false;
}

static void waiting(void **state)
{
    (void)state;
    int n = 0;
    assert_true(ht_test_wait(third_time, &n, 5000));
    int64_t begun = ht_mono_us();
    assert_false(ht_test_wait(never, NULL, 20));
    assert_true(ht_mono_us() - begun >= 20000);
    HT_TEST_UNTIL(++n == 9, 5000);
}

static void files(void **state)
{
    (void)state;
    char *dir = ht_test_dir();
    char path[4200];
    snprintf(path, sizeof(path), "%s/f", dir);
    ht_test_write_file(path, "a\0b", 3);
    size_t len;
    char *text = ht_test_read_file(path, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a\0b", 4);
    free(text);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status), cmocka_unit_test(large_output), cmocka_unit_test(unread_input),
        cmocka_unit_test(time_limit),        cmocka_unit_test(killed),       cmocka_unit_test(child_left_behind),
        cmocka_unit_test(waiting),           cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
