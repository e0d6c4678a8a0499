/* Errors, their line for people, and what happens when memory runs out. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hooktop/base/err.h"
#include "hooktop/base/text.h"
#include "ht_test.h"

static void first_error_wins(void **state)
{
    (void)state;
    struct ht_err err = {0};
    assert_int_equal(ht_fail(&err, HT_DENIED, "secret rotate", "ask an admin", "%s may not %d", "anna", 7), HT_DENIED);
    assert_int_equal(ht_fail(&err, HT_USAGE, "other", "other", "other"), HT_USAGE);
    assert_int_equal(err.rc, HT_DENIED);
    assert_string_equal(err.what, "secret rotate");
    assert_string_equal(err.why, "anna may not 7");
    assert_string_equal(err.fix, "ask an admin");
    ht_err_clear(&err);
    assert_int_equal(err.rc, HT_OK);
    assert_int_equal(ht_fail(&err, HT_USAGE, "x", NULL, "y"), HT_USAGE);
    assert_string_equal(err.fix, "");
    assert_int_equal(ht_fail(NULL, HT_TIMEOUT, "x", NULL, "y"), HT_TIMEOUT);
    ht_err_clear(NULL);
}

static void line_for_people(void **state)
{
    (void)state;
    struct ht_err err = {0};
    char line[256];
    char small[9];
    (void)ht_fail(&err, HT_FAILED, "endpoint add", NULL, "bad\nhost \x1b[2J\xe2\x80\xae");
    size_t len = ht_err_line(&err, line, sizeof(line));
    assert_string_equal(line, "endpoint add: bad<0A>host <1B>[2J<U+202E>");
    assert_int_equal(len, strlen(line));
    assert_int_equal(ht_err_line(&err, small, sizeof(small)), 8);
    assert_string_equal(small, "endpoin~");
    assert_int_equal(ht_err_line(&err, small, 0), 0);
    ht_err_clear(&err);
    (void)ht_fail(&err, HT_FAILED, "", "do that", "why");
    ht_err_line(&err, line, sizeof(line));
    assert_string_equal(line, "why: do that");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char text[2000];
    /* Each offset cuts the two-byte characters at another place. */
    for (size_t ascii = 0; ascii < 3; ascii++) {
        struct ht_err err = {0};
        memset(text, 'x', ascii);
        for (size_t i = ascii; i + 1 < sizeof(text) - 1; i += 2)
            memcpy(text + i, "\xc3\xa9", 3);
        (void)ht_fail(&err, HT_FAILED, text, text, "%s", text);
        assert_true(ht_utf8_valid(err.what, strlen(err.what)));
        assert_true(ht_utf8_valid(err.why, strlen(err.why)));
        assert_true(ht_utf8_valid(err.fix, strlen(err.fix)));
        assert_in_range(strlen(err.why), sizeof(err.why) - 2, sizeof(err.why) - 1);
    }
}

static void exit_codes(void **state)
{
    (void)state;
    static const int codes[] = {
        [HT_OK] = 0,        [HT_FAILED] = 1,  [HT_USAGE] = 2,     [HT_NO_DB] = 3, [HT_DENIED] = 4,
        [HT_NOT_FOUND] = 1, [HT_TIMEOUT] = 1, [HT_CANCELLED] = 1, [HT_AGAIN] = 1};
    for (size_t i = 0; i < HT_COUNT(codes); i++)
        assert_int_equal(ht_exit_code((enum ht_rc)i), codes[i]);
}

static void say_reset(void)
{
    if (write(STDERR_FILENO, "reset\n", 6) != 6)
        _exit(1);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they judge such sizes themselves */
static void overflow_alloc(void)
{
    ht_on_abort(say_reset);
    ht_freep(&(void *){ht_alloc(SIZE_MAX / 2, 3)});
}
#endif

static void overflow_realloc(void)
{
    ht_on_abort(say_reset);
    ht_freep(&(void *){ht_realloc(NULL, SIZE_MAX / 16 + 2, 16)});
}

static void abort_alone(void)
{
    ht_on_abort(say_reset);
    ht_on_abort(NULL);
    ht_abort("why not");
}

/* Runs fn in a child of its own and returns what it wrote to standard error. */
static void aborts_with(void (*fn)(void), const char *text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        fn();
        _exit(0);
    }
    close(ends[1]);
    char got[512];
    size_t len = 0;
    ssize_t n;
    while ((n = read(ends[0], got + len, sizeof(got) - 1 - len)) > 0)
        len += (size_t)n;
    got[len] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(got, text);
}

static void out_of_memory(void **state)
{
    (void)state;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    aborts_with(overflow_alloc, "reset\nhooktop: out of memory\n");
#endif
    aborts_with(overflow_realloc, "reset\nhooktop: out of memory\n");
    aborts_with(abort_alone, "hooktop: why not\n");
}

static void allocation(void **state)
{
    (void)state;
    HT_AUTOFREE unsigned char *p = ht_alloc(100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    HT_AUTOFREE char *none = ht_alloc(0, 8);
    assert_non_null(none);
    none = ht_realloc(none, 0, 8);
    assert_non_null(none);
    HT_AUTOFREE char *s = ht_strdup("abc");
    assert_string_equal(s, "abc");
    HT_AUTOFREE char *n = ht_strndup("abcdef", 2);
    assert_string_equal(n, "ab");
    char *gone = ht_strdup("x");
    ht_freep(&gone);
    assert_null(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(line_for_people),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
