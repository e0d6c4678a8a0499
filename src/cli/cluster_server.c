#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cluster_parts.h"
#include "hooktop/base/clock.h"

#define START_PATIENCE_US (90 * 1000000LL)
#define RETRY_MS          200

static const char what[] = "private PostgreSQL";

static enum ht_rc run(const struct ht_cluster *c, const char *const *argv, int *ret_status, char output[HT_RUN_OUTPUT],
                      struct ht_err *err)
{
    const struct ht_run r = {&c->user, argv, -1};
    return ht_run(&r, ret_status, output, err);
}
enum answer { READY = 0, NOT_YET = 1, SILENT = 2 }; /* pg_isready's exit status */

static enum ht_rc ask(const struct ht_cluster *c, enum answer *ret, struct ht_err *err)
{
    char program[160], socket_dir[PATH_MAX], output[HT_RUN_OUTPUT];
    int status = 0;
    snprintf(program, sizeof program, "%s/pg_isready", c->bin);
    HT_CLUSTER_BELOW(c, socket_dir, "run");
    const char *const argv[] = {program, "-q", "-h", socket_dir, "-p", HT_CLUSTER_PORT, "-t", "10", NULL};
    enum ht_rc rc = run(c, argv, &status, output, err);
    *ret = status == READY ? READY : status == NOT_YET ? NOT_YET : SILENT;
    return rc;
}

static enum ht_rc control(const struct ht_cluster *c, const char *const *arguments, int *ret_status,
                          char output[HT_RUN_OUTPUT], struct ht_err *err)
{
    char program[160], data[PATH_MAX];
    const char *argv[16] = {program, "-D", data, "-s", "-w", "-t", "60"};
    snprintf(program, sizeof program, "%s/pg_ctl", c->bin);
    HT_CLUSTER_BELOW(c, data, "data");
    for (size_t i = 0; i < 8 && arguments[i]; i++)
        argv[7 + i] = arguments[i];
    return run(c, argv, ret_status, output, err);
}

/* The last word of the server about why it did not start. */
static void last_words(const struct ht_cluster *c, char *ret, size_t size)
{
    char tail[4096];
    ssize_t n = -1;
    int fd = openat(c->dir_fd, "run/server.log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END), back = (off_t)sizeof tail - 1;
        n = pread(fd, tail, sizeof tail - 1, end > back ? end - back : 0);
        close(fd);
    }
    tail[n > 0 ? n : 0] = '\0';
    const char *fatal = NULL, *at = tail;
    while ((at = strstr(at, "FATAL:")))
        fatal = at++;
    int len = fatal ? (int)strcspn(fatal, "\n") : 0;
    snprintf(ret, size, "%.*s", len, fatal ? fatal : "");
}

static enum ht_rc start(const struct ht_cluster *c, bool *ret_started, struct ht_err *err)
{
    char log[PATH_MAX], options[PATH_MAX + 32], output[HT_RUN_OUTPUT];
    int status = 0;
    HT_CLUSTER_BELOW(c, log, "run/server.log");
    snprintf(options, sizeof options, "-c config_file='%s/postgresql.conf'", c->dir);
    const char *const arguments[] = {"-l", log, "-o", options, "start", NULL};
    enum ht_rc rc = control(c, arguments, &status, output, err);
    *ret_started = rc == HT_OK && status == 0;
    return rc;
}

static enum ht_rc is_alive(const struct ht_cluster *c, bool *ret, struct ht_err *err)
{
    static const char *const arguments[] = {"status", NULL};
    char output[HT_RUN_OUTPUT];
    int status = 0;
    enum ht_rc rc = control(c, arguments, &status, output, err);
    *ret = status == 0;
    return rc;
}

/* A server that was killed leaves processes behind that notice and end, and is one itself until its parent has heard;
 * while they are there, no other one starts. */
static bool remains_were_there(const struct ht_cluster *c)
{
    char words[512];
    last_words(c, words, sizeof words);
    return strstr(words, "pre-existing shared memory block") || strstr(words, "\"postmaster.pid\" already exists");
}

enum ht_rc ht_cluster_ensure_running(const struct ht_cluster *c, struct ht_err *err)
{
    int64_t deadline = ht_mono_us() + START_PATIENCE_US;
    bool alive = true;
    do {
        enum answer answer = SILENT;
        bool started = false;
        enum ht_rc rc = ask(c, &answer, err);
        if (rc != HT_OK || answer == READY)
            return rc;
        if (answer == SILENT) {
            if ((rc = start(c, &started, err)) != HT_OK || started)
                return rc;
            /* Not startable while an old server is on its way out; final when there is none. */
            if ((rc = is_alive(c, &alive, err)) != HT_OK)
                return rc;
            alive = alive || remains_were_there(c);
        }
        if (alive)
            nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
    } while (alive && ht_mono_us() < deadline);
    char words[512];
    last_words(c, words, sizeof words);
    return ht_fail(err, HT_NO_DB, what, "mend what it says, or name a database with --dsn",
                   "the server does not start: %s (all of it in %s/run/server.log)", words, c->dir);
}

enum ht_rc ht_cluster_stop(const struct ht_cluster *c, struct ht_err *err)
{
    static const char *const modes[] = {"fast", "immediate"};
    for (size_t i = 0; i < HT_COUNT(modes); i++) {
        const char *const arguments[] = {"-m", modes[i], "stop", NULL};
        char output[HT_RUN_OUTPUT];
        int status = 0;
        bool alive = false;
        enum ht_rc rc = control(c, arguments, &status, output, err);
        if (rc == HT_OK && status != 0)
            rc = is_alive(c, &alive, err);
        if (rc != HT_OK || !alive)
            return rc;
    }
    return ht_fail(err, HT_FAILED, what, "end it with pg_ctl as its user", "the server in %s does not stop", c->dir);
}
