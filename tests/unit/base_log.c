#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "hooktop/base/log.h"
#include "ht_test.h"

#define THREADS 4u
#define LINES   500u

/* A new log file; its path is the caller's. */
static char *fresh_log(void)
{
    char *dir = ht_test_dir();
    char *path = ht_alloc(strlen(dir) + 8, 1);
    struct ht_err err = {0};
    snprintf(path, strlen(dir) + 8, "%s/log", dir);
    free(dir);
    if (ht_log_file(path, &err) != HT_OK)
        fail_msg("%s", err.why);
    return path;
}

/* The line without its time, whose form is checked. */
static const char *after_time(const char *line)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], form[i]);
    }
    return line + sizeof(form) - 1;
}

static void one_line_per_entry(void **state)
{
    (void)state;
    char *path = fresh_log();
    struct ht_err err = {0};
    ht_log(HT_LOG_WARN, "receiver said %s", "\"\x1b]0;x\x07\nforged line\xe2\x80\xae\xff\"");
    char *text = ht_test_read_file(path, NULL);
    assert_string_equal(after_time(text), "warn receiver said \"<1B>]0;x<07><0A>forged line<U+202E><FF>\"\n");
    free(text);
    (void)ht_fail(&err, HT_FAILED, "ping", "look", "no\nanswer");
    ht_log_err(HT_LOG_ERROR, &err);
    text = ht_test_read_file(path, NULL);
    assert_string_equal(after_time(strchr(text, '\n') + 1), "error ping: no<0A>answer: look\n");
    free(text);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(path);
}

static void levels(void **state)
{
    (void)state;
    char *path = fresh_log();
    ht_log(HT_LOG_DEBUG, "hidden");
    ht_log_level(HT_LOG_DEBUG);
    ht_log(HT_LOG_DEBUG, "shown");
    ht_log_level(HT_LOG_ERROR);
    ht_log(HT_LOG_WARN, "hidden");
    ht_log_level(HT_LOG_INFO);
    char *text = ht_test_read_file(path, NULL);
    assert_string_equal(after_time(text), "debug shown\n");
    free(text);
    free(path);
}

static void long_entries_are_cut(void **state)
{
    (void)state;
    char *path = fresh_log();
    char longer[6000];
    memset(longer, '\x1b', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    ht_log(HT_LOG_INFO, "%s", longer);
    size_t len;
    char *text = ht_test_read_file(path, &len);
    assert_true(len <= 4096);
    assert_string_equal(text + len - 6, "<1B>~\n");
    free(text);
    free(path);
}

static void files_that_cannot_be(void **state)
{
    (void)state;
    struct ht_err err = {0};
    assert_int_equal(ht_log_file("/nowhere/log", &err), HT_FAILED);
    assert_string_equal(err.why, "/nowhere/log: No such file or directory");
}

static void *log_lines(void *arg)
{
    const char *name = arg;
    for (unsigned i = 0; i < LINES; i++)
        ht_log(HT_LOG_INFO, "%s %u %s", name, i, "................................................");
    return NULL;
}

static void lines_never_mix(void **state)
{
    (void)state;
    static const char *const names[THREADS] = {"a", "b", "c", "d"};
    char *path = fresh_log();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_lines, (void *)(uintptr_t)names[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    char *text = ht_test_read_file(path, NULL);
    unsigned next[THREADS] = {0};
    unsigned lines = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1, lines++) {
        char name;
        unsigned n;
        int end = 0;
        assert_int_equal(
            sscanf(after_time(line), "info %c %u ................................................%n", &name, &n, &end),
            2);
        assert_true(end > 0);
        assert_int_equal(n, next[name - 'a']++);
    }
    assert_int_equal(lines, THREADS * LINES);
    free(text);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_per_entry),   cmocka_unit_test(levels),
        cmocka_unit_test(long_entries_are_cut), cmocka_unit_test(files_that_cannot_be),
        cmocka_unit_test(lines_never_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
