#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

#define AFTER_AWAY_MS  300 /* a supervisor waits so long before it starts again what ended by itself */
#define EXIT_NO_DB     3
#define STOP_WITHIN_MS 60000

const char *ft_worker_clock(int i)
{
    return ft_text("%s/clock-%d", ft_work(), i);
}

static const char *log_of(int i)
{
    return ft_text("%s/worker-%d.log", ft_work(), i);
}

void ft_workers_init(struct ft_workers *ws, const struct ft_world *w, const char *dsn, int n)
{
    pthread_mutexattr_t again;
    pthread_mutexattr_init(&again);
    pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&ws->lock, &again);
    pthread_mutexattr_destroy(&again);
    ws->n = n;
    ws->clock_shim = ft_text("%s/tests/fault/shim/clock.so", ft_build());
    ws->elsewhere = w->elsewhere;
    ws->config = ft_text("%s/worker.ini", ft_work());
    FILE *f = fopen(ws->config, "we");
    if (f == NULL)
        ft_die("%s: %s", ws->config, strerror(errno));
    fprintf(f, "[database]\ndsn = %s\n[vault]\nkey_file = %s\n", dsn, w->ring_path);
    fprintf(f, "[egress]\nhttp = yes\nallow = 127.0.0.1/32:%d\n", ht_receiver_port(w->receiver));
    fprintf(f, "[worker]\nconcurrency = %d\nlease = %dms\ntime_limit = %dms\n", FT_CONCURRENCY, FT_LEASE_MS,
            FT_TIME_LIMIT_MS);
    fclose(f);
}

static void become_worker(const struct ft_workers *ws, int i)
{
    const char *const argv[] = {ft_text("%s/hooktop", ft_build()), "--config", ws->config, "worker", NULL};
    int fd = open(log_of(i), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    setenv("LD_PRELOAD", ws->clock_shim, 1);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* Until it runs the program the child has our memory, which would be measured as its own. */
static pid_t start_program(const struct ft_workers *ws, int i)
{
    int running[2];
    char none;
    if (pipe2(running, O_CLOEXEC) != 0)
        ft_die("no pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        become_worker(ws, i);
    if (pid < 0)
        ft_die("no process: %s", strerror(errno));
    close(running[1]);
    while (read(running[0], &none, 1) < 0 && errno == EINTR) {}
    close(running[0]);
    return pid;
}

void ft_worker_start(struct ft_workers *ws, int i)
{
    struct ft_worker *w = &ws->w[i];
    pthread_mutex_lock(&ws->lock);
    w->killed = w->asked = w->stopped = false;
    w->pause_ms = AFTER_AWAY_MS;
    memcpy(w->crash_at, w->next_crash_at, sizeof w->crash_at);
    w->next_crash_at[0] = '\0';
    setenv("HT_CRASH_AT", w->crash_at, 1);
    setenv("HT_POISON", ws->poison != NULL ? ws->poison : "", 1);
    setenv("HT_LEASE_MARGIN", ft_text("%d", FT_MARGIN_MS), 1);
    setenv("HOME", ft_work(), 1);
    setenv("HT_CLOCK", ft_worker_clock(i), 1);
    setenv("http_proxy", ws->elsewhere, 1);
    setenv("ALL_PROXY", ws->elsewhere, 1);
    w->pid = start_program(ws, i);
    ft_process_add(w->pid);
    pthread_mutex_unlock(&ws->lock);
}

void ft_worker_again(struct ft_workers *ws, int i, int64_t pause_ms, const char *crash_at)
{
    pthread_mutex_lock(&ws->lock);
    ws->w[i].pause_ms = pause_ms;
    snprintf(ws->w[i].next_crash_at, sizeof ws->w[i].next_crash_at, "%s", crash_at);
    pthread_mutex_unlock(&ws->lock);
}

void ft_worker_signal(struct ft_workers *ws, int i, int number)
{
    struct ft_worker *w = &ws->w[i];
    pthread_mutex_lock(&ws->lock);
    if (w->pid > 0) {
        w->killed = w->killed || number == SIGKILL;
        w->asked = w->asked || number == SIGTERM;
        w->stopped = number == SIGSTOP || (w->stopped && number != SIGCONT);
        kill(w->pid, number);
    }
    pthread_mutex_unlock(&ws->lock);
}

static void failed(struct ft_workers *ws, int i, const char *how, int number)
{
    ws->failures++;
    snprintf(ws->last_failure, sizeof ws->last_failure, "worker %d %s %d: %s", i, how, number, log_of(i));
}

static void note_end(struct ft_workers *ws, int i, int status)
{
    struct ft_worker *w = &ws->w[i];
    bool by_kill = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    ft_process_gone(w->pid);
    w->pid = 0;
    w->stopped = false;
    if (by_kill && !w->killed && w->crash_at[0] != '\0')
        ws->crashed++;
    else if (by_kill && !w->killed && ws->poison == NULL)
        failed(ws, i, "was killed by signal", SIGKILL);
    else if (WIFSIGNALED(status) && !by_kill && !(w->asked && WTERMSIG(status) == SIGTERM)) /* asked while starting */
        failed(ws, i, "was ended by signal", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_DB)
        ws->no_database++;
    else if (WIFEXITED(status) && (WEXITSTATUS(status) != 0 || !w->asked))
        failed(ws, i, "ended by itself with status", WEXITSTATUS(status));
    w->start_at = ht_mono_us() + w->pause_ms * 1000;
}

void ft_workers_tend(struct ft_workers *ws)
{
    int status;
    pthread_mutex_lock(&ws->lock);
    for (int i = 0; i < ws->n; i++) {
        struct ft_worker *w = &ws->w[i];
        if (w->pid > 0 && waitpid(w->pid, &status, WNOHANG) == w->pid)
            note_end(ws, i, status);
        if (w->pid == 0 && ht_mono_us() >= w->start_at)
            ft_worker_start(ws, i);
    }
    pthread_mutex_unlock(&ws->lock);
}

void ft_workers_stop(struct ft_workers *ws)
{
    int64_t until = ht_mono_us() + STOP_WITHIN_MS * INT64_C(1000);
    int running = ws->n;
    for (int i = 0; i < ws->n; i++) {
        ft_worker_signal(ws, i, SIGCONT);
        ft_worker_signal(ws, i, SIGTERM);
    }
    while (running > 0 && ht_mono_us() < until) {
        running = 0;
        for (int i = 0; i < ws->n; i++) {
            int status;
            if (ws->w[i].pid > 0 && waitpid(ws->w[i].pid, &status, WNOHANG) == ws->w[i].pid)
                note_end(ws, i, status);
            running += ws->w[i].pid > 0;
        }
        ft_pause_ms(10);
    }
    for (int i = 0; i < ws->n; i++)
        if (ws->w[i].pid > 0) {
            failed(ws, i, "did not stop within ms", STOP_WITHIN_MS);
            ft_worker_signal(ws, i, SIGKILL);
        }
}

/* What the server refuses while something is done to it, and takes later: its disk is full, or others hold locks while
 * their commits wait for a standby. */
static bool is_passing(const char *line)
{
    return strstr(line, "No space left") != NULL || strstr(line, "canceling statement due to") != NULL ||
           strstr(line, "the database did not finish in time") != NULL;
}

int ft_workers_said(const struct ft_workers *ws, const char *text, const char **ret_first)
{
    static char first[512];
    char line[4096];
    int n = 0;
    for (int i = 0; i < ws->n; i++) {
        FILE *f = fopen(log_of(i), "re");
        while (f != NULL && fgets(line, sizeof line, f) != NULL)
            if (strstr(line, text) != NULL && !is_passing(line) && n++ == 0)
                snprintf(first, sizeof first, "%.*s", (int)strcspn(line, "\n"), line);
        if (f != NULL)
            fclose(f);
    }
    *ret_first = first;
    return n;
}

static int64_t memory_kb_of(pid_t pid)
{
    char line[128];
    long kb = 0;
    FILE *f = fopen(ft_text("/proc/%d/status", (int)pid), "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL && sscanf(line, "VmHWM: %ld", &kb) != 1) {}
    if (f != NULL)
        fclose(f);
    return kb;
}

static int files_of(pid_t pid)
{
    int n = 0;
    DIR *all = opendir(ft_text("/proc/%d/fd", (int)pid));
    while (all != NULL && readdir(all) != NULL)
        n++;
    if (all != NULL)
        closedir(all);
    return n;
}

void ft_workers_measure(struct ft_workers *ws, int64_t *memory_kb, int *ret_files)
{
    *ret_files = 0;
    pthread_mutex_lock(&ws->lock);
    for (int i = 0; i < ws->n; i++) {
        int64_t kb = ws->w[i].pid > 0 ? memory_kb_of(ws->w[i].pid) : 0;
        int files = ws->w[i].pid > 0 ? files_of(ws->w[i].pid) : 0;
        *memory_kb = kb > *memory_kb ? kb : *memory_kb;
        *ret_files = files > *ret_files ? files : *ret_files;
    }
    pthread_mutex_unlock(&ws->lock);
}
