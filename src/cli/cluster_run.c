#include "cluster_run.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char what[] = "private PostgreSQL";

enum ht_rc ht_server_user(struct ht_server_user *ret, struct ht_err *err)
{
    static const char *const of_root[] = {"postgres", "nobody"}; /* PostgreSQL refuses to run as root */
    const struct passwd *pw = NULL;
    bool root = geteuid() == 0;
    for (size_t i = 0; root && !pw && i < HT_COUNT(of_root); i++)
        pw = getpwnam(of_root[i]);
    if (root && (!pw || pw->pw_uid == 0))
        return ht_fail(err, HT_NO_DB, what, "run hooktop as another user, or name a database with --dsn",
                       "PostgreSQL cannot run as root, and there is neither a user postgres nor nobody");
    struct ht_server_user u = {.uid = geteuid(), .gid = getegid(), .drop = root};
    if (root) {
        u.uid = pw->pw_uid;
        u.gid = pw->pw_gid;
    } else {
        pw = getpwuid(u.uid);
    }
    if (pw && strlen(pw->pw_name) < sizeof u.name)
        memcpy(u.name, pw->pw_name, strlen(pw->pw_name) + 1);
    *ret = u;
    return HT_OK;
}

/* Between fork and exec: nothing but system calls. */
static _Noreturn void become(const struct ht_run *r, int output)
{
    static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C", home[] = "HOME=/", zone[] = "TZ=UTC";
    char *const environment[] = {path, locale, home, zone, NULL};
    const struct ht_server_user *u = r->as;
    int null = open("/dev/null", O_RDONLY);
    setsid(); /* ^C at the terminal is for us, who then end it in order */
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(126);
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
    if (r->keep_fd >= 0)
        fcntl(r->keep_fd, F_SETFD, 0);
    if (u->drop &&
        (setgroups(0, NULL) != 0 || setresgid(u->gid, u->gid, u->gid) != 0 || setresuid(u->uid, u->uid, u->uid) != 0))
        _exit(126);
    for (int s = 1; s < NSIG; s++) {
        signal(s, SIG_IGN); /* drops a ^C that came between fork and setsid */
        signal(s, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(077);
    if (chdir("/") == 0)
        execve(r->argv[0], (char *const *)(uintptr_t)r->argv, environment);
    _exit(127);
}

/* Keeps the end of what comes. */
static void collect(int fd, char ret[HT_RUN_OUTPUT])
{
    char all[2 * HT_RUN_OUTPUT];
    size_t len = 0;
    for (;;) {
        ssize_t n = read(fd, all + len, sizeof all - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
        if (len >= HT_RUN_OUTPUT) {
            memmove(all, all + len - (HT_RUN_OUTPUT - 1), HT_RUN_OUTPUT - 1);
            len = HT_RUN_OUTPUT - 1;
        }
    }
    while (len && (all[len - 1] == '\n' || all[len - 1] == ' '))
        len--;
    memcpy(ret, all, len);
    ret[len] = '\0';
}

enum ht_rc ht_run(const struct ht_run *r, int *ret_status, char ret_output[HT_RUN_OUTPUT], struct ht_err *err)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ht_fail(err, HT_FAILED, what, NULL, "cannot make a pipe: %m");
    pid_t pid = fork();
    if (pid == 0)
        become(r, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return ht_fail(err, HT_FAILED, what, NULL, "cannot start %s: %m", r->argv[0]);
    }
    collect(ends[0], ret_output);
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return ht_fail(err, HT_FAILED, what, NULL, "lost sight of %s: %m", r->argv[0]);
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return HT_OK;
}

static bool has_programs(int version, char *ret, size_t size)
{
    static const char *const needed[] = {"initdb", "pg_ctl", "postgres", "pg_isready"};
    for (size_t i = 0; i < HT_COUNT(needed); i++) {
        char program[PATH_MAX];
        snprintf(program, sizeof program, HT_POSTGRES_ROOT "/%d/bin/%s", version, needed[i]);
        if (access(program, X_OK) != 0)
            return false;
    }
    return (size_t)snprintf(ret, size, HT_POSTGRES_ROOT "/%d/bin", version) < size;
}

static int newest_version(void)
{
    int newest = 0;
    DIR *d = opendir(HT_POSTGRES_ROOT);
    for (const struct dirent *e; d && (e = readdir(d));) {
        char bin[256];
        int version = atoi(e->d_name);
        if (version > newest && has_programs(version, bin, sizeof bin))
            newest = version;
    }
    if (d)
        closedir(d);
    return newest;
}

enum ht_rc ht_postgres_bin(int wanted, char *ret, size_t size, struct ht_err *err)
{
    int version = wanted ? wanted : newest_version();
    if (version >= HT_POSTGRES_LOWEST && has_programs(version, ret, size))
        return HT_OK;
    char fix[120];
    snprintf(fix, sizeof fix, "apt install postgresql-%d, or name a database with --dsn", wanted);
    return wanted
               ? ht_fail(err, HT_NO_DB, what, fix, "its data was made by PostgreSQL %d, which is not installed", wanted)
               : ht_fail(err, HT_NO_DB, what, "apt install postgresql, or name a database with --dsn",
                         "PostgreSQL %d or later is not installed: no server programs in " HT_POSTGRES_ROOT "/*/bin",
                         HT_POSTGRES_LOWEST);
}
