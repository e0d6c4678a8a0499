/* A ring that a program prints: a password manager, a key service's client. No shell reads the command. */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooktop/base/clock.h"

#define WORDS_MAX   32u
#define PATIENCE_MS 10000
#define FIX         "run it by hand as this user; it must print the ring and nothing else"

static const char what[] = "key ring";

/* Cuts the copy at its blanks. There is no quoting: what needs it belongs into a script. */
static enum ht_rc split(char *copy, char *words[WORDS_MAX + 1], struct ht_err *err)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(copy, " \t", &rest); w != NULL; w = strtok_r(NULL, " \t", &rest)) {
        if (n == WORDS_MAX)
            return ht_fail(err, HT_USAGE, what, "put it into a script", "the key command has more than %u words",
                           WORDS_MAX);
        words[n++] = w;
    }
    words[n] = NULL;
    if (n == 0 || words[0][0] != '/')
        return ht_fail(err, HT_USAGE, what, "[vault] key_command = /usr/bin/pass show hooktop",
                       "the key command does not begin with a whole path");
    return HT_OK;
}

/* With nothing of ours but what password managers need to find their stores. */
static enum ht_rc start(char *const words[], int out_fd, pid_t *ret, struct ht_err *err)
{
    char home[PATH_MAX + sizeof "HOME="];
    const char *own = getenv("HOME");
    if ((size_t)snprintf(home, sizeof home, "HOME=%s", own != NULL ? own : "/") >= sizeof home)
        return ht_fail(err, HT_FAILED, what, NULL, "HOME is too long");
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8";
    char *const env[] = {home, path, locale, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out_fd, 1);
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0); /* a group of its own, to be ended as a whole */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    int rc = posix_spawn(ret, words[0], &files, &attributes, words, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return rc == 0 ? HT_OK : ht_fail(err, HT_FAILED, what, FIX, "cannot run %.200s: %s", words[0], strerror(rc));
}

/* Waits until fd has something to read; HT_TIMEOUT. */
static enum ht_rc wait_for(int fd, int64_t until, const char *name, struct ht_err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left_ms;
    while ((left_ms = (until - ht_mono_us()) / 1000) > 0) {
        int ready = poll(&p, 1, (int)left_ms);
        if (ready > 0)
            return HT_OK;
        if (ready == 0 || errno != EINTR)
            break;
    }
    return ht_fail(err, HT_TIMEOUT, what, FIX, "%.200s did not finish within %d s", name, PATIENCE_MS / 1000);
}

/* What it prints, straight into secret memory, until it closes its output. */
static enum ht_rc read_output(int fd, int64_t until, const char *name, struct ht_secret **ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    size_t len = 0;
    enum ht_rc rc = ht_secret_new_blank(HT_SECRET_MAX, &text, err);
    while (rc == HT_OK) {
        rc = wait_for(fd, until, name, err);
        if (rc != HT_OK)
            break;
        ssize_t n = read(fd, ht_secret_fill_area(text) + len, HT_SECRET_MAX - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
        if (len == HT_SECRET_MAX)
            rc = ht_fail(err, HT_USAGE, what, FIX, "%.200s printed more than a ring has", name);
    }
    if (rc != HT_OK)
        return rc;
    ht_secret_truncate(text, len);
    *ret = text;
    text = NULL;
    return HT_OK;
}

/* It may close its output and stay. */
static enum ht_rc wait_for_end(pid_t pid, int64_t until, const char *name, struct ht_err *err)
{
    int fd = pidfd_open(pid, 0);
    if (fd < 0)
        return ht_fail(err, HT_FAILED, what, NULL, "cannot watch %.200s: %s", name, strerror(errno));
    enum ht_rc rc = wait_for(fd, until, name, err);
    close(fd);
    return rc;
}

static enum ht_rc end(pid_t pid, bool at_once, const char *name, struct ht_err *err)
{
    int status = 0;
    if (at_once)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (at_once || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return HT_OK;
    if (WIFEXITED(status))
        return ht_fail(err, HT_FAILED, what, FIX, "%.200s ended with status %d", name, WEXITSTATUS(status));
    return ht_fail(err, HT_FAILED, what, FIX, "%.200s was ended by signal %d", name, WTERMSIG(status));
}

enum ht_rc ht_ring_from_command(const char *command, struct ht_ring **ret, struct ht_err *err)
{
    HT_AUTOFREE char *copy = ht_strdup(command);
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    char *words[WORDS_MAX + 1];
    int pipes[2];
    pid_t pid = 0;
    enum ht_rc rc = split(copy, words, err);
    if (rc != HT_OK)
        return rc;
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return ht_fail(err, HT_FAILED, what, NULL, "cannot make a pipe: %s", strerror(errno));
    rc = start(words, pipes[1], &pid, err);
    close(pipes[1]);
    if (rc == HT_OK) {
        int64_t until = ht_mono_us() + INT64_C(1000) * PATIENCE_MS;
        rc = read_output(pipes[0], until, words[0], &text, err);
        if (rc == HT_OK)
            rc = wait_for_end(pid, until, words[0], err);
        enum ht_rc ended = end(pid, rc != HT_OK, words[0], err);
        rc = rc == HT_OK ? ended : rc;
    }
    close(pipes[0]);
    return rc == HT_OK ? ht_ring_parse(words[0], text, ret, err) : rc;
}

enum ht_rc ht_ring_open(const struct ht_ring_source *from, struct ht_ring **ret, struct ht_err *err)
{
    struct ht_err missing = {0};
    if (from->command == NULL)
        return ht_ring_load(from->file, ret, err);
    enum ht_rc rc = ht_ring_load(from->file, ret, &missing);
    if (rc == HT_NOT_FOUND)
        return ht_ring_from_command(from->command, ret, err);
    return rc == HT_OK ? rc : ht_fail(err, rc, missing.what, missing.fix, "%s", missing.why);
}
