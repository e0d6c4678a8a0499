#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooktop/base/codec.h"
#include "hooktop/base/secret.h"
#include "hooktop/base/write.h"

#define LIMIT_MS 2000

/* Without a signal blocked, and with those that the console ignores or handles as they were. -1: not started. */
static pid_t start(const char *const *argv, const posix_spawn_file_actions_t *files)
{
    extern char **environ;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    pid_t pid = -1;
    sigemptyset(&none);
    sigfillset(&usual);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &usual);
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = argv}; /* posix_spawnp takes them as not const and changes nothing */
    if (posix_spawnp(&pid, argv[0], files, &attr, args.out, environ) != 0)
        pid = -1;
    posix_spawnattr_destroy(&attr);
    return pid;
}

/* The clipboard ---------------------------------------------------------------------------------------------------- */
static bool ended_well(pid_t pid)
{
    int status = 1, fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    bool ended = fd >= 0 && poll(&p, 1, LIMIT_MS) == 1;
    if (fd >= 0)
        close(fd);
    if (!ended)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool copy_by_tmux(const void *bytes, size_t len)
{
    static const char *const argv[] = {"tmux", "load-buffer", "-w", "-", NULL};
    posix_spawn_file_actions_t files;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = start(argv, &files);
    posix_spawn_file_actions_destroy(&files);
    close(ends[0]);
    bool sent = pid > 0 && ht_write_all(ends[1], bytes, len);
    close(ends[1]);
    return pid > 0 && ended_well(pid) && sent;
}

static bool copy_by_osc52(const void *bytes, size_t len)
{
    static const char begin[] = "\033]52;c;", end[] = "\a";
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    if (ht_secret_new_blank(HT_BASE64_SIZE(len), &text, NULL) != HT_OK)
        return false;
    char *area = (char *)ht_secret_fill_area(text);
    ht_base64_encode(bytes, len, area);
    return ht_write_all(STDOUT_FILENO, begin, sizeof begin - 1) && ht_write_all(STDOUT_FILENO, area, strlen(area)) &&
           ht_write_all(STDOUT_FILENO, end, sizeof end - 1);
}

bool ht_clipboard_copy(const void *bytes, size_t len, const char **ret_how, struct ht_err *err)
{
    bool tmux = getenv("TMUX") != NULL;
    if (tmux ? copy_by_tmux(bytes, len) : copy_by_osc52(bytes, len)) {
        *ret_how = tmux ? "into tmux and its terminal's clipboard (tmux load-buffer -w)"
                        : "by OSC 52, which not every terminal takes: check";
        return true;
    }
    ht_fail(err, HT_FAILED, "copy", NULL, tmux ? "tmux load-buffer did not take it" : "the terminal does not take it");
    return false;
}

/* Pagers and editors ----------------------------------------------------------------------------------------------- */

/* ^C and ^Z in that program came to us, too; they were meant for it. Ignoring a signal forgets one that waits. */
static void forget_keys(void)
{
    static const int keys[] = {SIGINT, SIGQUIT, SIGTSTP};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    for (size_t i = 0; i < HT_COUNT(keys); i++) {
        sigaction(keys[i], &ignore, &old);
        sigaction(keys[i], &old, NULL);
    }
}

static enum ht_rc run(const char *const *argv, struct ht_err *err)
{
    int status = 0;
    pid_t pid = start(argv, NULL);
    if (pid < 0)
        return ht_fail(err, HT_FAILED, argv[0], "set PAGER or EDITOR to a program that is installed",
                       "cannot be started");
    for (;;) {
        pid_t got = waitpid(pid, &status, WUNTRACED);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || !WIFSTOPPED(status))
            break;
        raise(SIGSTOP); /* stopped by ^Z: so are we, until the shell brings both back */
    }
    forget_keys();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return ht_fail(err, HT_FAILED, argv[0], "set PAGER or EDITOR to a program that is installed",
                       "cannot be started");
    return HT_OK;
}

enum ht_rc ht_outside_run(const char *const argv[HT_OUTSIDE_WORDS], const char *text, size_t len, struct ht_err *err)
{
    const char *all[HT_OUTSIDE_WORDS + 2] = {0}, *dir = getenv("XDG_RUNTIME_DIR");
    char path[512];
    size_t n = 0;
    if (!dir || strlen(dir) > 400)
        dir = "/tmp";
    snprintf(path, sizeof path, "%s/hooktop-XXXXXX.txt", dir);
    int fd = mkostemps(path, 4, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return ht_fail(err, HT_FAILED, argv[0], NULL, "no file can be made in %s: %s", dir, strerror(errno));
    bool written = ht_write_all(fd, text, len);
    close(fd);
    for (; n < HT_OUTSIDE_WORDS && argv[n]; n++)
        all[n] = argv[n];
    all[n] = path;
    enum ht_rc rc = written ? run(all, err) : ht_fail(err, HT_FAILED, argv[0], NULL, "%s cannot be written", path);
    unlink(path);
    return rc;
}
