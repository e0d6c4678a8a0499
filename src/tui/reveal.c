#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
/* after curses.h: it defines short names as macros */
#include <term.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"

#define WHAT          "secret"
#define COPY_LIMIT_MS 2000

/* The bytes go from locked memory to the terminal by write(2); neither curses nor stdio sees them. */

static bool write_all(int fd, const void *bytes, size_t len)
{
    const char *p = bytes;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            struct pollfd out = {.fd = fd, .events = POLLOUT};
            if (poll(&out, 1, COPY_LIMIT_MS) > 0)
                continue;
        }
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static bool printable(const struct ht_secret *s)
{
    const uint8_t *p = ht_secret_bytes(s);
    for (size_t i = 0; i < ht_secret_len(s); i++)
        if (p[i] < 0x20 || p[i] > 0x7e)
            return false;
    return true;
}

static bool move_to(int row, int col)
{
    const char *cup = tigetstr("cup"), *s = cup && cup != (const char *)-1 ? tparm(cup, row, col) : NULL;
    return s && write_all(STDOUT_FILENO, s, strlen(s));
}

bool ht_term_reveal(struct ht_term *t, struct ht_rect box, const struct ht_secret *secret, struct ht_err *err)
{
    const char *fix = "use w to write it to a file", *smcup = tigetstr("smcup");
    size_t len = ht_secret_len(secret), width = box.cols > 0 ? (size_t)box.cols : 0;
    (void)t;
    if (!smcup || smcup == (const char *)-1) {
        ht_fail(err, HT_USAGE, WHAT, fix,
                "this terminal has no second screen: what is shown would stay in its history");
        return false;
    }
    if (!printable(secret)) {
        ht_fail(err, HT_USAGE, WHAT, fix, "it has characters that cannot be shown");
        return false;
    }
    if (width == 0 || len > width * (size_t)box.rows || box.row + box.rows > LINES || box.col + box.cols > COLS) {
        ht_fail(err, HT_USAGE, WHAT, "make the terminal larger, or use w to write it to a file",
                "it does not fit here");
        return false;
    }
    for (size_t at = 0, row = 0; at < len; at += width, row++) {
        size_t n = len - at < width ? len - at : width;
        if (!move_to(box.row + (int)row, box.col) || !write_all(STDOUT_FILENO, ht_secret_bytes(secret) + at, n)) {
            ht_fail(err, HT_FAILED, WHAT, fix, "the terminal does not take it");
            return false;
        }
    }
    return true;
}

void ht_term_conceal(struct ht_term *t)
{
    /* curses believes blanks there, so it must be told that it does not know; then the whole screen once more, for
     * terminals that kept anything of it */
    wredrawln(stdscr, 0, LINES);
    wrefresh(stdscr);
    clearok(curscr, TRUE);
    wrefresh(stdscr);
    ht_paint_forget(t);
}

/* The clipboard
 * ---------------------------------------------------------------------------------------------------------- */
static bool wait_for(pid_t pid)
{
    int status = 1, fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    bool ended = fd >= 0 && poll(&p, 1, COPY_LIMIT_MS) == 1;
    if (fd >= 0)
        close(fd);
    if (!ended)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static pid_t spawn_reader(const char *const *argv, int fd_in)
{
    extern char **environ;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid = -1;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_adddup2(&files, fd_in, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attr, &none);
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = argv}; /* posix_spawnp takes them as not const and changes nothing */
    if (posix_spawnp(&pid, argv[0], &files, &attr, args.out, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return pid;
}

static bool copy_by_tmux(const struct ht_secret *secret)
{
    static const char *const argv[] = {"tmux", "load-buffer", "-w", "-", NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pid_t pid = spawn_reader(argv, ends[0]);
    close(ends[0]);
    bool sent = pid > 0 && write_all(ends[1], ht_secret_bytes(secret), ht_secret_len(secret));
    close(ends[1]);
    return pid > 0 && wait_for(pid) && sent;
}

static bool copy_by_osc52(const struct ht_secret *secret, struct ht_err *err)
{
    static const char begin[] = "\033]52;c;", end[] = "\a";
    size_t len = ht_secret_len(secret);
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    if (ht_secret_new_blank(HT_BASE64_SIZE(len), &text, err) != HT_OK)
        return false;
    char *area = (char *)ht_secret_fill_area(text);
    ht_base64_encode(ht_secret_bytes(secret), len, area);
    return write_all(STDOUT_FILENO, begin, sizeof begin - 1) && write_all(STDOUT_FILENO, area, strlen(area)) &&
           write_all(STDOUT_FILENO, end, sizeof end - 1);
}

bool ht_term_copy(const struct ht_secret *secret, const char **ret_how, struct ht_err *err)
{
    if (getenv("TMUX")) {
        if (copy_by_tmux(secret)) {
            *ret_how = "into tmux and its terminal's clipboard (tmux load-buffer -w)";
            return true;
        }
        ht_fail(err, HT_FAILED, WHAT, "use v to show it or w to write it to a file",
                "tmux load-buffer did not take it");
        return false;
    }
    if (!copy_by_osc52(secret, err)) {
        ht_fail(err, HT_FAILED, WHAT, "use v to show it or w to write it to a file", "the terminal does not take it");
        return false;
    }
    *ret_how = "by OSC 52; not every terminal takes it, so check before you leave";
    return true;
}
