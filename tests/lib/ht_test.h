/* What C tests share: fresh databases, running programs, waiting with a deadline, scratch directories.
 *
 * Every helper fails the running test by itself (cmocka's fail_msg) when it cannot do its work, so callers check
 * nothing. Strings handed out are owned by the caller (free()). Nothing here knows src/store: who fills a template says
 * how. Deadlines are stretched under sanitizers, so callers give what a release build needs.
 */
#ifndef HT_TEST_H
#define HT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* after the four it needs */
#include <cmocka.h>

/* databases -------------------------------------------------------------------------------------------------------- */
/* The superuser's dsn of the test cluster (HT_TEST_DSN); borrowed. */
const char *ht_test_dsn(void);
/* `dsn` with one setting replaced or added: ht_test_dsn_with(dsn, "user", "anna"). */
char *ht_test_dsn_with(const char *dsn, const char *keyword, const char *value);
/* A fresh copy of the template database `name`; returns its dsn. When the cluster has no such template yet, an empty
 * database is made, given to `fill`, and kept as the template: so every test program of a run shares one filling. */
char *ht_test_db_new(const char *name, void (*fill)(const char *dsn));
/* Drops the database that the dsn names, cutting its connections, and frees the dsn. NULL is fine. */
void ht_test_db_free(char *dsn);
/* Runs SQL (several statements allowed) and fails the test when it fails. */
void ht_test_sql(const char *dsn, const char *sql);
/* The first column of the first row as text; NULL: no row, or NULL. */
char *ht_test_sql_value(const char *dsn, const char *sql);
int64_t ht_test_sql_int(const char *dsn, const char *sql);
/* The SQLSTATE that the SQL fails with, "00000" when it succeeds. */
void ht_test_sql_state(const char *dsn, const char *sql, char ret_state[6]);

/* waiting ---------------------------------------------------------------------------------------------------------- */
/* Asks until `done` says yes; false when timeout_ms have passed before. */
bool ht_test_wait(bool (*done)(void *user), void *user, int64_t timeout_ms);
/* The same around an expression: HT_TEST_UNTIL(count(x) == 3, 5000) fails the test when it never becomes true. */
#define HT_TEST_UNTIL(condition, timeout_ms)                                                                           \
    do {                                                                                                               \
        int64_t ht_test_until_ = ht_test_deadline_us(timeout_ms);                                                      \
        while (!(condition)) {                                                                                         \
            if (ht_test_passed(ht_test_until_))                                                                        \
                fail_msg("not within %lld ms: %s", (long long)(timeout_ms), #condition);                               \
            ht_test_pause();                                                                                           \
        }                                                                                                              \
    } while (0)
int64_t ht_test_deadline_us(int64_t timeout_ms); /* on the monotonic clock */
bool ht_test_passed(int64_t deadline_us);
void ht_test_pause(void); /* the few milliseconds between two questions */

/* files and programs ----------------------------------------------------------------------------------------------- */
/* A new empty directory under HT_TEST_WORK (the runner removes it). */
char *ht_test_dir(void);
/* Whole file, terminated; fails the test when it cannot be read. ret_len may be NULL. */
char *ht_test_read_file(const char *path, size_t *ret_len);
void ht_test_write_file(const char *path, const void *bytes, size_t len);
/* The program under test: HT_BUILD/hooktop. */
char *ht_test_program(void);

struct ht_test_run {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const
        *env;          /* NULL, or NULL-terminated "NAME=value" on top of the caller's; "NAME" alone takes it away */
    const char *dir;   /* NULL: the caller's */
    const void *input; /* standard input; NULL: /dev/null */
    size_t input_len;
    int64_t timeout_ms; /* 0: 60 s */
};
struct ht_test_result {
    int status; /* exit status, or 128 + the signal that ended it */
    bool timed_out;
    char *out; /* terminated */
    char *err;
    size_t out_len;
    size_t err_len;
};
/* Runs a program in a session of its own until it ends; whatever it left running there is killed when time is up. */
void ht_test_run(const struct ht_test_run *run, struct ht_test_result *ret);
void ht_test_result_fini(struct ht_test_result *r);

#endif
