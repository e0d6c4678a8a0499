/* Connections: what a stopped, killed, silent, refusing or wrong server does to a caller. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../src/store/query.h"
#include "hooktop/base/clock.h"
#include "store_world.h"

static struct ht_conn *open_short(const char *dsn, int32_t timeout_ms)
{
    const struct ht_conn_options o = {.dsn = dsn, .application = "store short", .timeout_ms = timeout_ms};
    struct ht_conn *c = NULL;
    STORE_OK(ht_conn_open(&o, &c, &err));
    return c;
}

/* With so little time a stall of this machine ends what should go well: then once more. */
static void goes_well_in_the_end(struct ht_conn *c)
{
    int64_t now;
    struct ht_err err;
    HT_TEST_UNTIL((memset(&err, 0, sizeof err), ht_conn_reset(c, &err)) == HT_OK && ht_conn_now(c, &now, &err) == HT_OK,
                  60000);
}

static pid_t backend_of(const char *dsn, const char *application)
{
    return (pid_t)ht_test_sql_int(
        dsn, store_text("SELECT pid FROM pg_stat_activity WHERE application_name = '%s' AND datname ="
                        " current_database()",
                        application));
}

static void knows_who_is_asking(void **state)
{
    const struct store_world *w = *state;
    struct ht_whoami who = {0};
    STORE_OK(ht_conn_whoami(w->c, &who, &err));
    assert_string_equal(who.login, "hooktop_test");
    assert_string_equal(who.database, "local");
    assert_int_equal(who.schema_version, ht_store_schema_version());
    assert_int_equal(strncmp(who.server_version, "1", 1), 0);
    assert_true(who.may_operate && who.may_admin && who.may_deliver);
    assert_false(who.tls);
    ht_whoami_fini(&who);

    char *dsn = store_login(w->dsn, "conn_viewer", "hooktop_viewer", NULL);
    struct ht_conn *c = store_open(dsn);
    STORE_OK(ht_conn_whoami(c, &who, &err));
    assert_string_equal(who.login, "conn_viewer");
    assert_false(who.may_operate || who.may_admin || who.may_deliver);
    ht_whoami_fini(&who);
    ht_conn_close(c);
    free(dsn);
}

static void tells_the_servers_time(void **state)
{
    const struct store_world *w = *state;
    int64_t before = ht_wall_us(), now = 0;
    STORE_OK(ht_conn_now(w->c, &now, &err));
    /* the server is this machine; its clock is read to the microsecond */
    assert_true(now >= before - 1000 && now <= ht_wall_us() + 1000);
    STORE_OK(ht_conn_now(w->c, &before, &err));
    assert_true(before > now);
}

static void a_killed_backend_is_lost_and_comes_back(void **state)
{
    const struct store_world *w = *state;
    struct ht_conn *c = open_short(w->dsn, 60000);
    int64_t now;
    STORE_OK(ht_conn_now(c, &now, &err));
    ht_test_sql(w->dsn, store_text("SELECT pg_terminate_backend(%d)", (int)backend_of(w->dsn, "store short")));
    struct pollfd fd = {.fd = ht_conn_fd(c), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    STORE_REFUSED(HT_NO_DB, ht_conn_now(c, &now, &err), NULL);
    assert_false(ht_conn_alive(c));
    assert_int_equal(ht_conn_fd(c), -1);
    STORE_REFUSED(HT_NO_DB, ht_conn_now(c, &now, &err), "lost", NULL);
    STORE_OK(ht_conn_reset(c, &err));
    STORE_OK(ht_conn_now(c, &now, &err)); /* the prepared statement is prepared anew */
    assert_true(ht_conn_alive(c));
    ht_conn_close(c);
}

/* A stopped backend, and a child that wakes it if this test cannot: one left stopped would hold all tests after it. */
struct stopped {
    struct ht_conn *c;
    pid_t backend;
    pid_t waker;
    enum ht_rc rc;
    struct ht_err err;
};

static void stop_backend(struct stopped *s, const char *dsn)
{
    s->c = open_short(dsn, 60000);
    STORE_OK(ht_conn_patience(s->c, 1000, &err));
    s->backend = backend_of(dsn, "store short");
    s->waker = fork();
    if (s->waker == 0) {
        sleep(60);
        kill(s->backend, SIGCONT);
        _exit(0);
    }
    assert_int_equal(kill(s->backend, SIGSTOP), 0);
}

static void wake_backend(const struct stopped *s)
{
    kill(s->backend, SIGCONT);
    kill(s->waker, SIGKILL);
    waitpid(s->waker, NULL, 0);
}

static void a_stopped_backend_holds_nobody(void **state)
{
    const struct store_world *w = *state;
    struct stopped s = {0};
    stop_backend(&s, w->dsn);
    int64_t now, from = ht_mono_us();
    s.rc = ht_conn_now(s.c, &now, &s.err);
    int64_t took_ms = (ht_mono_us() - from) / 1000;
    wake_backend(&s);
    store_refused(s.rc, &s.err, HT_NO_DB, "did not answer within 1 s", NULL);
    assert_true(took_ms >= 900);
    assert_false(ht_conn_alive(s.c));
    goes_well_in_the_end(s.c);
    ht_conn_close(s.c);
}

/* A large parameter fills the socket of a stopped backend: sending has the same deadline as waiting. */
static void a_stopped_backend_holds_no_sender(void **state)
{
    const struct store_world *w = *state;
    struct stopped s = {0};
    size_t len = 8u * 1024 * 1024;
    char *big = ht_alloc(len + 1, 1);
    memset(big, 'x', len);
    struct ht_uuid id;
    stop_backend(&s, w->dsn);
    s.rc = ht_store_tenant_add(s.c, big, "standard", &id, &s.err);
    wake_backend(&s);
    free(big);
    store_refused(s.rc, &s.err, HT_NO_DB, "did not answer", NULL);
    ht_conn_close(s.c);
}

/* Something that accepts connections and never says a word. */
static void a_silent_server_holds_nobody(void **state)
{
    (void)state;
    char *dir = ht_test_dir();
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.5432", dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 4), 0);
    const struct ht_conn_options o = {.dsn = store_text("host=%s dbname=x user=x", dir), .timeout_ms = 700};
    struct ht_conn *c = NULL;
    int64_t from = ht_mono_us();
    struct ht_err err = {0};
    enum ht_rc rc = ht_conn_open(&o, &c, &err);
    int64_t took_ms = (ht_mono_us() - from) / 1000;
    close(fd);
    free(dir);
    store_refused(rc, &err, HT_NO_DB, "did not answer within 0.7 s", NULL);
    assert_null(c);
    assert_true(took_ms >= 600);
}

/* The first of two hosts takes connections and never says a word: a primary that hangs after its standby took over. */
static void a_silent_host_is_passed_by(void **state)
{
    const struct store_world *w = *state;
    HT_AUTOFREE char *silent = ht_test_dir();
    HT_AUTOFREE char *real = ht_test_sql_value(w->dsn, "SELECT current_setting('unix_socket_directories')");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/.s.PGSQL.5432", silent);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 16), 0);
    HT_AUTOFREE char *dsn = ht_test_dsn_with(w->dsn, "host", store_text("%s,%s", silent, real));
    const struct ht_conn_options o = {.dsn = dsn, .timeout_ms = 500};
    struct ht_conn *c = NULL;
    struct ht_err err;
    HT_TEST_UNTIL((memset(&err, 0, sizeof err), ht_conn_open(&o, &c, &err)) == HT_OK, 60000);
    goes_well_in_the_end(c);
    ht_conn_close(c);
    close(fd);
}

static void nobody_there_is_one_clear_line(void **state)
{
    (void)state;
    char *dir = ht_test_dir();
    const struct ht_conn_options o = {.dsn = store_text("host=%s dbname=x user=x", dir)};
    struct ht_conn *c = NULL;
    struct ht_err err = {0};
    store_refused(ht_conn_open(&o, &c, &err), &err, HT_NO_DB, "database: ", "No such file", "check --dsn", NULL);
    assert_null(strpbrk(err.why, "\r\n\t"));
    free(dir);
}

static void a_malformed_dsn_is_told_without_its_password(void **state)
{
    (void)state;
    static const struct {
        const char *dsn;
        const char *says;
    } cases[] = {
        {"no_such_option=1", "unknown setting \"no_such_option\""},
        {"host=x password=hunter two hunter", "not understood"},
        {"postgresql://anna:hunter%00@localhost/x", "not understood"},
        {"postgresql://anna:hunter@[::1/x", "not understood"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        const struct ht_conn_options o = {.dsn = cases[i].dsn};
        struct ht_conn *c = NULL;
        struct ht_err err = {0};
        char line[2048];
        store_refused(ht_conn_open(&o, &c, &err), &err, HT_USAGE, cases[i].says, NULL);
        ht_err_line(&err, line, sizeof(line));
        assert_null(strstr(line, "hunter"));
    }
}

/* Once the world's connection waits for a lock: cancels its call, or lets go of the lock. */
struct helper {
    struct store_world *w;
    struct ht_conn *blocker; /* NULL: cancel */
};

static void *help_once_it_waits(void *user)
{
    struct helper *h = user;
    HT_TEST_UNTIL(ht_test_sql_int(h->w->dsn, "SELECT count(*) FROM pg_stat_activity WHERE application_name ="
                                             " 'store test' AND wait_event_type = 'Lock' AND datname ="
                                             " current_database()") == 1,
                  60000);
    if (h->blocker != NULL)
        ht_conn_rollback(h->blocker);
    else
        ht_conn_cancel(h->w->c);
    return NULL;
}

static int64_t subscriptions_to(const struct store_world *w, const char *pattern)
{
    return ht_test_sql_int(w->dsn,
                           store_text("SELECT count(*) FROM hooktop.subscription WHERE pattern = '%s'", pattern));
}

static void another_thread_cancels(void **state)
{
    struct store_world *w = *state;
    struct ht_conn *blocker = open_short(w->dsn, 60000);
    struct helper canceller = {.w = w}, releaser = {.w = w, .blocker = blocker};
    pthread_t thread;
    /* holds the tail of the tenant's audit chain, which the other one needs */
    STORE_OK(ht_conn_begin(blocker, &err));
    STORE_OK(ht_store_subscribe(blocker, &w->e, "a.b", true, &err));
    assert_int_equal(pthread_create(&thread, NULL, help_once_it_waits, &canceller), 0);
    STORE_REFUSED(HT_CANCELLED, ht_store_subscribe(w->c, &w->e, "a.c", true, &err), "cancelled", NULL);
    pthread_join(thread, NULL);
    /* the connection lives, and what was cancelled left nothing */
    assert_true(ht_conn_alive(w->c));
    assert_int_equal(subscriptions_to(w, "a.c"), 0);
    /* a cancel between two calls is for neither, however long the next one takes */
    ht_conn_cancel(w->c);
    assert_int_equal(pthread_create(&thread, NULL, help_once_it_waits, &releaser), 0);
    STORE_OK(ht_store_subscribe(w->c, &w->e, "a.c", true, &err));
    pthread_join(thread, NULL);
    assert_int_equal(subscriptions_to(w, "a.c"), 1);
    assert_int_equal(subscriptions_to(w, "a.b"), 0);
    ht_conn_close(blocker);
}

struct watcher {
    struct store_world *w;
    int fds[2]; /* a pipe: what is watched, and its other end */
    int calls;
    bool unwanted;
};

/* Called while the world's connection waits for a lock; takes what made it be called. */
static bool say_once_it_waits(void *user)
{
    struct watcher *k = user;
    char byte;
    k->calls++;
    HT_TEST_UNTIL(ht_test_sql_int(k->w->dsn, "SELECT count(*) FROM pg_stat_activity WHERE application_name ="
                                             " 'store test' AND wait_event_type = 'Lock' AND datname ="
                                             " current_database()") == 1,
                  60000);
    assert_int_equal(read(k->fds[0], &byte, 1), 1);
    if (!k->unwanted)
        ht_test_sql_int(k->w->dsn, "SELECT pg_terminate_backend(pid)::int FROM pg_stat_activity WHERE application_name"
                                   " = 'store short' AND datname = current_database()");
    return k->unwanted;
}

static void what_nobody_wants_any_more_ends(void **state)
{
    struct store_world *w = *state;
    struct ht_conn *blocker = open_short(w->dsn, 60000);
    struct watcher k = {.w = w, .unwanted = true};
    int64_t now;
    assert_int_equal(pipe(k.fds), 0);
    const struct ht_conn_watch watch = {k.fds[0], say_once_it_waits, &k};
    STORE_OK(ht_conn_begin(blocker, &err));
    STORE_OK(ht_store_subscribe(blocker, &w->e, "b.b", true, &err));
    ht_conn_watch(w->c, &watch);
    STORE_OK(ht_conn_now(w->c, &now, &err)); /* nothing was said */
    assert_int_equal(write(k.fds[1], "x", 1), 1);
    STORE_REFUSED(HT_CANCELLED, ht_store_subscribe(w->c, &w->e, "b.c", true, &err), "cancelled", NULL);
    assert_int_equal(k.calls, 1);
    /* nor is what would follow wanted; and what was cancelled left nothing */
    STORE_REFUSED(HT_CANCELLED, ht_conn_now(w->c, &now, &err), "cancelled", NULL);
    assert_true(ht_conn_alive(w->c));
    assert_int_equal(subscriptions_to(w, "b.c"), 0);
    /* said of something else: it goes on to its end */
    k.unwanted = false;
    ht_conn_watch(w->c, &watch);
    assert_int_equal(write(k.fds[1], "x", 1), 1);
    STORE_OK(ht_store_subscribe(w->c, &w->e, "b.c", true, &err));
    assert_int_equal(k.calls, 2);
    assert_int_equal(subscriptions_to(w, "b.c"), 1);
    /* nobody listens any more */
    ht_conn_watch(w->c, NULL);
    assert_int_equal(write(k.fds[1], "x", 1), 1);
    STORE_OK(ht_conn_now(w->c, &now, &err));
    assert_int_equal(k.calls, 2);
    close(k.fds[0]);
    close(k.fds[1]);
    ht_conn_close(blocker);
}

/* How a call ends that waits in vain, with a second for it. */
static enum ht_rc wait_in_vain(const struct store_world *w, struct ht_err *ret)
{
    struct ht_conn *c = open_short(w->dsn, 60000);
    int64_t now;
    *ret = (struct ht_err){0};
    STORE_OK(ht_conn_patience(c, 1000, &err));
    enum ht_rc rc = ht_store_subscribe(c, &w->e, "a.c", true, ret);
    assert_true(rc != HT_TIMEOUT || ht_conn_alive(c));
    if (rc == HT_TIMEOUT && ht_conn_now(c, &now, &(struct ht_err){0}) != HT_OK)
        rc = HT_NO_DB; /* by a stall, or never */
    ht_conn_close(c);
    return rc;
}

/* The server ends it a little before the caller would: a stall of this machine may be longer than that. */
static void a_slow_statement_ends_before_the_connection_does(void **state)
{
    struct store_world *w = *state;
    struct ht_conn *blocker = open_short(w->dsn, 60000);
    struct ht_err ended;
    STORE_OK(ht_conn_begin(blocker, &err));
    STORE_OK(ht_store_subscribe(blocker, &w->e, "a.b", true, &err));
    HT_TEST_UNTIL(wait_in_vain(w, &ended) == HT_TIMEOUT, 60000);
    store_refused(HT_TIMEOUT, &ended, HT_TIMEOUT, "subscription: ", "in time", NULL);
    ht_conn_close(blocker);
}

static void readonly_writes_nothing(void **state)
{
    const struct store_world *w = *state;
    const struct ht_conn_options o = {.dsn = w->dsn, .readonly = true, .timeout_ms = 20000};
    struct ht_conn *c = NULL;
    struct ht_uuid id;
    struct ht_tenants all = {0};
    STORE_OK(ht_conn_open(&o, &c, &err));
    STORE_OK(ht_store_tenants(c, &all, &err));
    assert_int_equal(all.n, 1);
    ht_tenants_fini(&all);
    STORE_REFUSED(HT_DENIED, ht_store_tenant_add(c, "Other", "standard", &id, &err), "reads", "--readonly", NULL);
    ht_conn_close(c);
}

static void a_transaction_is_all_or_nothing(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid id;
    STORE_OK(ht_conn_begin(w->c, &err));
    STORE_OK(ht_store_tenant_add(w->c, "First", "standard", &id, &err));
    STORE_REFUSED(HT_FAILED, ht_store_tenant_add(w->c, "First", "standard", &id, &err), "already", NULL);
    STORE_REFUSED(HT_FAILED, ht_store_tenant_add(w->c, "Second", "standard", &id, &err), "earlier step", NULL);
    STORE_REFUSED(HT_FAILED, ht_conn_commit(w->c, &err), "earlier step", NULL);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant"), 1);

    STORE_OK(ht_conn_begin(w->c, &err));
    STORE_OK(ht_store_tenant_add(w->c, "First", "standard", &id, &err));
    ht_conn_rollback(w->c);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant"), 1);

    STORE_OK(ht_conn_begin(w->c, &err));
    STORE_OK(ht_store_tenant_add(w->c, "First", "standard", &id, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant"), 1);
    STORE_OK(ht_conn_commit(w->c, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant"), 2);
}

static bool changed(struct ht_conn *c)
{
    bool yes = false;
    STORE_OK(ht_conn_drain(c, &yes, &err));
    return yes;
}

static void listens_and_goes_on_listening(void **state)
{
    const struct store_world *w = *state;
    STORE_OK(ht_conn_listen(w->c, &err));
    assert_false(changed(w->c));
    ht_test_sql(w->dsn, "NOTIFY hooktop_log");
    HT_TEST_UNTIL(changed(w->c), 60000);
    assert_false(changed(w->c));
    STORE_OK(ht_conn_reset(w->c, &err));
    ht_test_sql(w->dsn, "NOTIFY hooktop_log");
    HT_TEST_UNTIL(changed(w->c), 60000);
    /* one that arrives together with an answer is not lost */
    int64_t now;
    ht_test_sql(w->dsn, "NOTIFY hooktop_log");
    STORE_OK(ht_conn_now(w->c, &now, &err));
    HT_TEST_UNTIL(changed(w->c), 60000);
}

static void what_is_denied_names_the_roles_that_may(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid id;
    char *dsn = store_login(w->dsn, "conn_denied", "hooktop_viewer", NULL);
    struct ht_conn *c = store_open(dsn);
    STORE_REFUSED(HT_DENIED, ht_store_tenant_add(c, "Mine", "standard", &id, &err), "tenant_add",
                  "ask for the role hooktop_admin", NULL);
    struct ht_sealed_rows sealed = {0};
    STORE_REFUSED(HT_DENIED, ht_store_sealed(c, &w->e, &sealed, &err), "role hooktop_worker", NULL);
    struct ht_audit_entries audit = {0};
    STORE_REFUSED(HT_DENIED, ht_store_audit(c, NULL, NULL, NULL, 10, &audit, &err), "role hooktop_audit_reader", NULL);
    /* inside a transaction too */
    STORE_OK(ht_conn_begin(c, &err));
    STORE_REFUSED(HT_DENIED, ht_store_tenant_add(c, "Mine", "standard", &id, &err), "hooktop_admin", NULL);
    ht_conn_rollback(c);
    ht_conn_close(c);
    free(dsn);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_who_is_asking),
        TEST(tells_the_servers_time),
        TEST(a_killed_backend_is_lost_and_comes_back),
        TEST(a_stopped_backend_holds_nobody),
        TEST(a_stopped_backend_holds_no_sender),
        cmocka_unit_test(a_silent_server_holds_nobody),
        TEST(a_silent_host_is_passed_by),
        cmocka_unit_test(nobody_there_is_one_clear_line),
        cmocka_unit_test(a_malformed_dsn_is_told_without_its_password),
        TEST(another_thread_cancels),
        TEST(what_nobody_wants_any_more_ends),
        TEST(a_slow_statement_ends_before_the_connection_does),
        TEST(readonly_writes_nothing),
        TEST(a_transaction_is_all_or_nothing),
        TEST(listens_and_goes_on_listening),
        TEST(what_is_denied_names_the_roles_that_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
