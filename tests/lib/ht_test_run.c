#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/clock.h"
#include "ht_test.h"

#define OUTPUT_MAX_BYTES   (32u * 1024u * 1024u)
#define DEFAULT_TIMEOUT_MS 60000

enum { INPUT, OUTPUT, ERROR, PROCESS, ENDS };

struct child {
    pid_t pid;
    struct pollfd ends[ENDS]; /* our ends of the three pipes, and the process; fd -1 when done */
    const char *input;
    size_t input_left;
    struct ht_buf out[ENDS]; /* OUTPUT and ERROR */
};

/* Whether the setting "NAME=value" or "NAME" is about the same variable as the entry. */
static bool same_name(const char *setting, const char *entry)
{
    size_t len = strcspn(setting, "=");
    return strncmp(setting, entry, len) == 0 && entry[len] == '=';
}

/* The caller's environment with the settings applied; the array is owned, its strings are borrowed. */
static char **merged_env(const char *const *settings)
{
    size_t n = 0;
    size_t n_settings = 0;
    while (environ[n] != NULL)
        n++;
    while (settings != NULL && settings[n_settings] != NULL)
        n_settings++;
    char **env = ht_alloc(n + n_settings + 1, sizeof(*env));
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        bool replaced = false;
        for (size_t j = 0; j < n_settings; j++)
            replaced |= same_name(settings[j], environ[i]);
        if (!replaced)
            env[at++] = environ[i];
    }
    for (size_t j = 0; j < n_settings; j++) {
        if (strchr(settings[j], '=') != NULL)
            env[at++] = (char *)(uintptr_t)settings[j];
    }
    return env;
}

static int spawn(const struct ht_test_run *run, struct child *c)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int pipes[PROCESS][2];
    for (int i = INPUT; i < PROCESS; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) != 0)
            fail_msg("no pipe: %s", strerror(errno));
    }
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    /* The program starts as from a shell, although this process ignores SIGPIPE. */
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_adddup2(&files, pipes[INPUT][0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, pipes[OUTPUT][1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, pipes[ERROR][1], STDERR_FILENO);
    if (run->input == NULL)
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (run->dir != NULL)
        posix_spawn_file_actions_addchdir_np(&files, run->dir);
    char **env = merged_env(run->env);
    int failed = posix_spawnp(&c->pid, run->argv[0], &files, &attributes, (char *const *)(uintptr_t)run->argv, env);
    free(env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    for (int i = INPUT; i < PROCESS; i++) {
        int ours = i == INPUT ? 1 : 0;
        close(pipes[i][1 - ours]);
        fcntl(pipes[i][ours], F_SETFL, O_NONBLOCK);
        c->ends[i] = (struct pollfd){.fd = pipes[i][ours], .events = i == INPUT ? POLLOUT : POLLIN};
    }
    return failed;
}

static void shut(struct pollfd *end)
{
    close(end->fd);
    end->fd = -1;
}

static void feed(struct child *c)
{
    ssize_t n = c->input_left > 0 ? write(c->ends[INPUT].fd, c->input, c->input_left) : 0;
    if (n > 0) {
        c->input += n;
        c->input_left -= (size_t)n;
    }
    if (c->input_left == 0 || (n < 0 && errno != EAGAIN))
        shut(&c->ends[INPUT]);
}

/* Everything that is there now; ends with the pipe's end or when it would wait. */
static void drain(struct child *c, int which)
{
    char part[65536];
    ssize_t n;
    while ((n = read(c->ends[which].fd, part, sizeof(part))) > 0)
        ht_buf_add(&c->out[which], part, (size_t)n);
    if (n == 0 || errno != EAGAIN)
        shut(&c->ends[which]);
}

/* Until the process ends: a child that it left behind may hold the pipes open for ever. */
static bool serve(struct child *c, int64_t deadline_us)
{
    for (;;) {
        int64_t left_ms = (deadline_us - ht_mono_us() + 999) / 1000;
        if (left_ms <= 0)
            return false;
        if (poll(c->ends, ENDS, left_ms > 1000 ? 1000 : (int)left_ms) < 0 && errno != EINTR)
            fail_msg("poll: %s", strerror(errno));
        if (c->ends[INPUT].fd >= 0 && c->ends[INPUT].revents != 0)
            feed(c);
        bool ended = c->ends[PROCESS].revents != 0;
        for (int i = OUTPUT; i <= ERROR; i++) {
            if (c->ends[i].fd >= 0 && (ended || c->ends[i].revents != 0))
                drain(c, i);
        }
        if (ended)
            return true;
    }
}

void ht_test_run(const struct ht_test_run *run, struct ht_test_result *ret)
{
    struct child c = {.input = run->input, .input_left = run->input != NULL ? run->input_len : 0};
    ht_buf_init(&c.out[OUTPUT], OUTPUT_MAX_BYTES);
    ht_buf_init(&c.out[ERROR], OUTPUT_MAX_BYTES);
    /* A program that ends before it has read its input must not end the test. */
    signal(SIGPIPE, SIG_IGN);
    int failed = spawn(run, &c);
    if (failed != 0)
        fail_msg("cannot run %s: %s", run->argv[0], strerror(failed));
    c.ends[PROCESS] = (struct pollfd){.fd = pidfd_open(c.pid, 0), .events = POLLIN};
    if (c.ends[PROCESS].fd < 0)
        fail_msg("pidfd_open: %s", strerror(errno));
    int64_t timeout_ms = run->timeout_ms > 0 ? run->timeout_ms : DEFAULT_TIMEOUT_MS;
    bool ended = serve(&c, ht_test_deadline_us(timeout_ms));
    if (!ended)
        kill(-c.pid, SIGKILL);
    int status = 0;
    while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
        continue;
    for (int i = INPUT; i < ENDS; i++) {
        if (c.ends[i].fd >= 0)
            shut(&c.ends[i]);
    }
    if (c.out[OUTPUT].over || c.out[ERROR].over)
        fail_msg("%s printed more than %u bytes", run->argv[0], OUTPUT_MAX_BYTES);
    *ret = (struct ht_test_result){.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                                   .timed_out = !ended};
    ret->out = ht_buf_take(&c.out[OUTPUT], &ret->out_len);
    ret->err = ht_buf_take(&c.out[ERROR], &ret->err_len);
}

void ht_test_result_fini(struct ht_test_result *r)
{
    free(r->out);
    free(r->err);
    *r = (struct ht_test_result){0};
}
