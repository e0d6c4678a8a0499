#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

#define PROCESSES_MAX 16

/* What to end: read by a signal handler, so these are plain and only ever set whole. */
static volatile pid_t processes[PROCESSES_MAX];
static char work[256];
static bool keep;
static pid_t owner;

static void end_processes(void)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (processes[i] > 0) {
            kill(processes[i], SIGQUIT); /* a postmaster ends its servers; workers have no core to leave */
            kill(processes[i], SIGCONT);
        }
}

static void on_signal(int number)
{
    end_processes();
    _exit(128 + number);
}

static void at_exit(void)
{
    if (getpid() != owner)
        return;
    end_processes();
    if (*work != '\0' && !keep) {
        const char *const argv[] = {"rm", "-rf", work, NULL};
        (void)ft_run(argv, NULL);
    }
}

void ft_process_add(pid_t pid)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (processes[i] == 0) {
            processes[i] = pid;
            return;
        }
    ft_die("too many processes");
}

void ft_process_gone(pid_t pid)
{
    for (size_t i = 0; i < PROCESSES_MAX; i++)
        if (processes[i] == pid)
            processes[i] = 0;
}

const char *ft_work(void)
{
    if (*work == '\0') {
        const char *under = getenv("HT_TEST_WORK");
        struct sigaction action = {.sa_handler = on_signal};
        owner = getpid();
        snprintf(work, sizeof work, "%s/fault.XXXXXX", under != NULL ? under : "/tmp");
        /* PostgreSQL may run as another user, which must get through */
        if (mkdtemp(work) == NULL || chmod(work, 0755) != 0)
            ft_die("no directory: %s", strerror(errno));
        atexit(at_exit);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        signal(SIGPIPE, SIG_IGN);
    }
    return work;
}

void ft_keep(void)
{
    keep = true;
}

void ft_die(const char *fmt, ...)
{
    va_list args;
    printf("Bail out! ");
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
    if (*work != '\0') {
        printf("# what it left: %s\n", work);
        keep = true;
    }
    fflush(stdout);
    exit(2);
}

void ft_must(enum ht_rc rc, const struct ht_err *err)
{
    char line[2048];
    if (rc != HT_OK) {
        ht_err_line(err, line, sizeof line);
        ft_die("%s", line);
    }
}

void ft_pause_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {}
}

/* splitmix64 */
uint64_t ft_next(struct ft_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int ft_below(struct ft_random *r, int n)
{
    return (int)(ft_next(r) % (uint64_t)n);
}

const char *ft_text(const char *fmt, ...)
{
    struct ht_buf b;
    va_list args;
    ht_buf_init(&b, 65536);
    va_start(args, fmt);
    ht_buf_addv(&b, fmt, args);
    va_end(args);
    return ht_buf_take(&b, NULL);
}

const char *ft_build(void)
{
    const char *build = getenv("HT_BUILD");
    const char *beside = ft_text("%s/faults", build != NULL ? build : "build");
    return access(beside, X_OK) == 0 ? beside : build;
}

void ft_process_files(pid_t pid, rlim_t most)
{
    struct rlimit limit;
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) != 0)
        return; /* it has ended */
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    (void)prlimit(pid, RLIMIT_NOFILE, &limit, NULL);
}

static char *first_line(int fd)
{
    char text[4096];
    size_t len = 0;
    ssize_t n;
    while (len < sizeof text - 1 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return ht_strdup(text);
}

bool ft_run(const char *const *argv, char **ret_out)
{
    int ends[2], status = 0;
    char *words[16] = {NULL};
    if (pipe2(ends, O_CLOEXEC) != 0)
        ft_die("pipe: %s", strerror(errno));
    for (size_t i = 0; argv[i] != NULL && i < HT_COUNT(words) - 1; i++)
        words[i] = ht_strdup(argv[i]);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execvp(words[0], words);
        _exit(127);
    }
    close(ends[1]);
    char *line = pid > 0 ? first_line(ends[0]) : NULL;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    for (size_t i = 0; words[i] != NULL; i++)
        free(words[i]);
    if (ret_out != NULL)
        *ret_out = line;
    else
        free(line);
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
