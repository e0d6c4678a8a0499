/* The private cluster, with the real PostgreSQL: made once, shared, stopped by the last user, whatever users die of.
 * Users that come, stay and are killed are child processes; libpq judges whether the server is there. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "hooktop/base/err.h"
#include "hooktop/cli/cluster.h"
#include "ht_test.h"

static char base[128], dir[160];
static const struct ht_cluster_options options = {dir, true};

static int set_up_group(void **state)
{
    (void)state;
    const char *work = getenv("HT_TEST_WORK");
    snprintf(base, sizeof base, "%s/cluster-XXXXXX", work ? work : "/tmp");
    if (!mkdtemp(base) || chmod(base, 0755) != 0) /* root's server runs as another user, who has to get there */
        return -1;
    snprintf(dir, sizeof dir, "%s/a b", base); /* a blank is all right */
    return 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    char command[200];
    struct ht_cluster *c = NULL; /* ends what a failed test left running */
    if (ht_cluster_acquire(&options, &c, NULL) == HT_OK && ht_cluster_release(c, NULL) != HT_OK)
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

static struct ht_cluster *acquire(void)
{
    struct ht_cluster *c = NULL;
    struct ht_err err = {0};
    if (ht_cluster_acquire(&options, &c, &err) != HT_OK)
        fail_msg("%s: %s: %s", err.what, err.why, err.fix);
    return c;
}

static void release(struct ht_cluster *c)
{
    struct ht_err err = {0};
    if (ht_cluster_release(c, &err) != HT_OK)
        fail_msg("%s: %s: %s", err.what, err.why, err.fix);
}

/* The answer to one question; "" when there is no server. */
static void ask(const char *dsn, const char *sql, char ret[256])
{
    ret[0] = '\0';
    PGconn *pg = PQconnectdb(dsn);
    if (PQstatus(pg) == CONNECTION_OK) {
        PGresult *r = PQexec(pg, sql);
        if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
            fail_msg("%s: %s", sql, PQerrorMessage(pg));
        if (PQntuples(r) > 0)
            snprintf(ret, 256, "%s", PQgetvalue(r, 0, 0));
        PQclear(r);
    }
    PQfinish(pg);
}

static bool runs(const char *dsn)
{
    char answer[256];
    ask(dsn, "SELECT 'yes'", answer);
    return strcmp(answer, "yes") == 0;
}

/* A user in a process of its own: acquires, says so, and releases when told. */
struct user {
    pid_t pid;
    int said, tell;
};

static struct user start_user(void)
{
    int said[2], tell[2];
    assert_int_equal(pipe2(said, O_CLOEXEC), 0);
    assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(said[0]);
        close(tell[1]);
        struct ht_cluster *c = NULL;
        struct ht_err err = {0};
        char line[1024], go;
        if (ht_cluster_acquire(&options, &c, &err) != HT_OK) {
            ht_err_line(&err, line, sizeof line);
            fprintf(stderr, "# %s\n", line);
            _exit(1);
        }
        if (write(said[1], "+", 1) != 1 || read(tell[0], &go, 1) != 1)
            _exit(2);
        _exit(ht_cluster_release(c, &err) == HT_OK ? 0 : 3);
    }
    close(said[1]);
    close(tell[0]);
    return (struct user){pid, said[0], tell[1]};
}

static void wait_until_it_has_it(const struct user *u)
{
    char c;
    assert_int_equal(read(u->said, &c, 1), 1);
}

static void tell_to_leave(const struct user *u)
{
    assert_int_equal(write(u->tell, "+", 1), 1);
}

static int wait_for_end(struct user *u)
{
    int status = 0;
    assert_int_equal(waitpid(u->pid, &status, 0), u->pid);
    close(u->said);
    close(u->tell);
    return status;
}

static void kill_user(struct user *u)
{
    int status = 0;
    assert_int_equal(kill(u->pid, SIGKILL), 0);
    assert_int_equal(waitpid(u->pid, &status, 0), u->pid);
    close(u->said);
    close(u->tell);
}

static void dsn_of(struct ht_cluster *c, char ret[512])
{
    snprintf(ret, 512, "%s", ht_cluster_dsn(c));
}

static void it_is_made_used_and_stopped(void **state)
{
    (void)state;
    char dsn[512], answer[256];
    struct ht_cluster *c = acquire();
    dsn_of(c, dsn);
    ask(dsn, "SHOW server_encoding", answer);
    assert_string_equal(answer, "UTF8");
    ask(dsn, "SHOW listen_addresses", answer);
    assert_string_equal(answer, "");
    ask(dsn, "SELECT rolsuper::text FROM pg_roles WHERE rolname = session_user", answer);
    assert_string_equal(answer, "true");
    ask(dsn, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL", answer);
    assert_string_equal(answer, "0");
    ask(dsn, "SELECT count(*) FROM pg_hba_file_rules", answer);
    assert_string_equal(answer, "1");
    ask(dsn, "CREATE TABLE kept AS SELECT 42 AS n", answer);
    release(c);
    assert_false(runs(dsn));
}

static void what_was_stored_is_there_the_next_time(void **state)
{
    (void)state;
    char dsn[512], answer[256];
    struct ht_cluster *c = acquire();
    dsn_of(c, dsn);
    ask(dsn, "SELECT n FROM kept", answer);
    assert_string_equal(answer, "42");
    release(c);
}

static void only_the_server_s_user_reaches_the_socket(void **state)
{
    (void)state;
    char path[256], dsn[512], answer[256], owner[32];
    struct stat st;
    struct ht_cluster *c = acquire();
    dsn_of(c, dsn);
    snprintf(path, sizeof path, "%s/run", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    snprintf(owner, sizeof owner, "%u", (unsigned)st.st_uid);
    if (geteuid() == 0)
        assert_int_not_equal(st.st_uid, 0); /* PostgreSQL does not run as root */
    else
        assert_int_equal(st.st_uid, geteuid());
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_uid, geteuid());
    assert_int_equal(st.st_mode & 0777, geteuid() == 0 ? 0750 : 0700);
    ask(dsn, "SELECT (pg_stat_file('PG_VERSION')).size::text", answer);
    assert_string_not_equal(answer, "");
    assert_non_null(strstr(dsn, "requirepeer='"));
    release(c);
}

static void the_last_user_stops_it(void **state)
{
    (void)state;
    char dsn[512];
    struct ht_cluster *c = acquire();
    dsn_of(c, dsn);
    struct user second = start_user();
    wait_until_it_has_it(&second);
    release(c); /* the first goes, the second stays */
    assert_true(runs(dsn));
    tell_to_leave(&second);
    assert_int_equal(wait_for_end(&second), 0);
    assert_false(runs(dsn));
}

static void two_in_one_process_are_two(void **state)
{
    (void)state;
    char dsn[512];
    struct ht_cluster *a = acquire(), *b = acquire();
    dsn_of(a, dsn);
    release(a);
    assert_true(runs(dsn));
    release(b);
    assert_false(runs(dsn));
}

static void many_start_and_leave_at_once(void **state)
{
    (void)state;
    enum { N = 6 };
    struct user users[N];
    char dsn[512];
    for (int i = 0; i < N; i++)
        users[i] = start_user();
    for (int i = 0; i < N; i++)
        wait_until_it_has_it(&users[i]);
    struct ht_cluster *c = acquire();
    dsn_of(c, dsn);
    release(c);
    assert_true(runs(dsn));
    for (int i = 0; i < N; i++)
        tell_to_leave(&users[i]);
    for (int i = 0; i < N; i++)
        assert_int_equal(wait_for_end(&users[i]), 0);
    assert_false(runs(dsn));
}

static void a_killed_user_does_not_keep_it_alive(void **state)
{
    (void)state;
    char dsn[512];
    struct user killed = start_user();
    wait_until_it_has_it(&killed);
    kill_user(&killed);
    struct ht_cluster *c = acquire(); /* the server still runs, without users */
    dsn_of(c, dsn);
    assert_true(runs(dsn));
    release(c);
    assert_false(runs(dsn));
}

static void a_user_killed_at_any_moment_leaves_it_usable(void **state)
{
    (void)state;
    char dsn[512];
    /* from before the first lock to after the start, and while it stops */
    static const long delays_ms[] = {0, 1, 3, 10, 30, 60, 100, 200, 400};
    for (size_t i = 0; i < HT_COUNT(delays_ms); i++) {
        struct user u = start_user();
        if (i % 2) {
            wait_until_it_has_it(&u);
            tell_to_leave(&u); /* dies while it stops the server */
        }
        nanosleep(&(struct timespec){.tv_nsec = delays_ms[i] * 1000000L}, NULL);
        kill_user(&u);
        struct ht_cluster *c = acquire();
        dsn_of(c, dsn);
        assert_true(runs(dsn));
        release(c);
        assert_false(runs(dsn));
    }
}

static pid_t asked_pid(const char *dsn, const char *sql)
{
    char answer[256];
    ask(dsn, sql, answer);
    pid_t pid = (pid_t)atol(answer);
    assert_true(pid > 1);
    return pid;
}

static bool logged_since(size_t before, const char *words)
{
    char path[256];
    snprintf(path, sizeof path, "%s/run/server.log", dir);
    char *log = ht_test_read_file(path, NULL);
    bool found = strlen(log) > before && strstr(log + before, words);
    free(log);
    return found;
}

/* What a killed server leaves behind keeps the next one from starting until it is gone: here it is held up until the
 * next one has been refused once. */
static void a_crashed_server_is_started_again(void **state)
{
    (void)state;
    char dsn[512], answer[256], path[256];
    struct stat log;
    struct ht_cluster *c = acquire();
    dsn_of(c, dsn);
    pid_t postmaster = asked_pid(dsn, "SELECT pg_read_file('postmaster.pid')");
    pid_t child = asked_pid(dsn, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
    snprintf(path, sizeof path, "%s/run/server.log", dir);
    assert_int_equal(stat(path, &log), 0);
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(kill(postmaster, SIGKILL), 0);
    HT_TEST_UNTIL(PQping(dsn) == PQPING_NO_RESPONSE, 60000);
    struct user second = start_user();
    HT_TEST_UNTIL(logged_since((size_t)log.st_size, "pre-existing shared memory block"), 60000);
    assert_int_equal(kill(child, SIGCONT), 0);
    wait_until_it_has_it(&second);
    assert_true(runs(dsn));
    ask(dsn, "SELECT n FROM kept", answer);
    assert_string_equal(answer, "42");
    tell_to_leave(&second);
    assert_int_equal(wait_for_end(&second), 0);
    assert_true(runs(dsn));
    release(c);
    assert_false(runs(dsn));
}

static void an_initdb_that_was_killed_is_done_anew(void **state)
{
    (void)state;
    char half[256], command[2048], dsn[512];
    struct ht_cluster_options o = {half, true};
    snprintf(half, sizeof half, "%s/half", base);
    snprintf(command, sizeof command,
             "mkdir -m 700 '%s' '%s/data.new' && touch '%s/data.new/PG_VERSION' && mkdir '%s/data.new/base'", half,
             half, half, half);
    assert_int_equal(system(command), 0);
    if (geteuid() == 0) { /* as it would be left: the server's user owns it */
        snprintf(command, sizeof command, "chown -R --reference='%s/data' '%s/data.new'", dir, half);
        assert_int_equal(system(command), 0);
    }
    struct ht_cluster *c = NULL;
    struct ht_err err = {0};
    if (ht_cluster_acquire(&o, &c, &err) != HT_OK)
        fail_msg("%s", err.why);
    dsn_of(c, dsn);
    assert_true(runs(dsn));
    assert_int_equal(ht_cluster_release(c, NULL), HT_OK);
}

static void a_user_killed_during_initdb_leaves_it_usable(void **state)
{
    (void)state;
    static const long delays_ms[] = {20, 120, 350, 700};
    char usual[sizeof dir], dsn[512], answer[256];
    memcpy(usual, dir, sizeof usual);
    for (size_t i = 0; i < HT_COUNT(delays_ms); i++) {
        snprintf(dir, sizeof dir, "%s/killed%zu", base, i);
        struct user u = start_user();
        nanosleep(&(struct timespec){.tv_nsec = delays_ms[i] * 1000000L}, NULL);
        kill_user(&u);
        struct ht_cluster *c = acquire();
        dsn_of(c, dsn);
        ask(dsn, "SELECT count(*) FROM pg_database", answer);
        assert_string_equal(answer, "3");
        release(c);
        assert_false(runs(dsn));
    }
    memcpy(dir, usual, sizeof dir);
}

static enum ht_rc try_dir(const char *path, struct ht_err *err)
{
    struct ht_cluster *c = NULL;
    struct ht_cluster_options o = {path, true};
    memset(err, 0, sizeof *err);
    enum ht_rc rc = ht_cluster_acquire(&o, &c, err);
    if (rc == HT_OK)
        release(c);
    return rc;
}

static void places_that_cannot_be_safe_are_refused(void **state)
{
    (void)state;
    struct ht_err err;
    char path[512], to[256];
    assert_int_equal(try_dir("relative", &err), HT_USAGE);
    assert_int_equal(try_dir("/tmp/a'b", &err), HT_USAGE);
    assert_int_equal(try_dir("/tmp/$(id)", &err), HT_USAGE);
    snprintf(path, sizeof path, "%s/%0100d", base, 7);
    assert_int_equal(try_dir(path, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "socket"));
    snprintf(path, sizeof path, "%s/open", base);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(try_dir(path, &err), HT_DENIED);
    assert_non_null(strstr(err.why, "0755"));
    snprintf(to, sizeof to, "%s/link", base);
    assert_int_equal(symlink(dir, to), 0);
    assert_int_not_equal(try_dir(to, &err), HT_OK);
    /* a socket directory that others can enter */
    struct ht_cluster *c = acquire();
    snprintf(path, sizeof path, "%s/run", dir);
    release(c);
    assert_int_equal(chmod(path, 0711), 0);
    assert_int_equal(try_dir(dir, &err), HT_DENIED);
    assert_non_null(strstr(err.why, "0700"));
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(try_dir(dir, &err), HT_OK);
}

static void why_it_does_not_start_is_told(void **state)
{
    (void)state;
    struct ht_err err;
    char path[256];
    snprintf(path, sizeof path, "%s/local.conf", dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("shared_buffers = 'plenty'\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(try_dir(dir, &err), HT_NO_DB);
    assert_non_null(strstr(err.why, "FATAL"));
    assert_non_null(strstr(err.why, "server.log"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(try_dir(dir, &err), HT_OK);
}

static void data_of_another_version_names_its_package(void **state)
{
    (void)state;
    struct ht_err err;
    char path[256], text[8] = "";
    snprintf(path, sizeof path, "%s/data/PG_VERSION", dir);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    rewind(f);
    fputs("14", f);
    fclose(f);
    assert_int_equal(try_dir(dir, &err), HT_NO_DB);
    assert_non_null(strstr(err.why, "PostgreSQL 14"));
    assert_non_null(strstr(err.fix, "postgresql-14"));
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(try_dir(dir, &err), HT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_made_used_and_stopped),
        cmocka_unit_test(what_was_stored_is_there_the_next_time),
        cmocka_unit_test(only_the_server_s_user_reaches_the_socket),
        cmocka_unit_test(the_last_user_stops_it),
        cmocka_unit_test(two_in_one_process_are_two),
        cmocka_unit_test(many_start_and_leave_at_once),
        cmocka_unit_test(a_killed_user_does_not_keep_it_alive),
        cmocka_unit_test(a_user_killed_at_any_moment_leaves_it_usable),
        cmocka_unit_test(a_crashed_server_is_started_again),
        cmocka_unit_test(an_initdb_that_was_killed_is_done_anew),
        cmocka_unit_test(a_user_killed_during_initdb_leaves_it_usable),
        cmocka_unit_test(places_that_cannot_be_safe_are_refused),
        cmocka_unit_test(why_it_does_not_start_is_told),
        cmocka_unit_test(data_of_another_version_names_its_package),
    };
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
