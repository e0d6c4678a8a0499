#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"

/* Under the load of a whole test run on a small machine a restart may take a while. */
#define ANSWER_S     20
#define STREAMS_MS   60000
#define CHILDREN_MAX 200

static const char script[] = "tests/lib/cluster.sh";

static pid_t postmaster(const char *dir)
{
    long pid = 0;
    FILE *f = fopen(ft_text("%s/data/postmaster.pid", dir), "re");
    if (f == NULL || fscanf(f, "%ld", &pid) != 1)
        pid = 0;
    if (f != NULL)
        fclose(f);
    return pid > 0 && kill((pid_t)pid, 0) == 0 ? (pid_t)pid : 0;
}

static void call(const char *action, const char *dir, const char *more)
{
    const char *const argv[] = {script, action, dir, more, NULL};
    if (!ft_run(argv, NULL))
        ft_die("%s of PostgreSQL in %s failed", action, dir);
}

static void came_up(const char *dir)
{
    pid_t pid = postmaster(dir);
    if (pid == 0)
        ft_die("PostgreSQL left no process id in %s", dir);
    ft_process_add(pid);
}

static void take_down(const char *dir, const char *mode)
{
    pid_t pid = postmaster(dir);
    if (pid == 0)
        return; /* what befell it has ended it */
    ft_process_gone(pid);
    call("stop", dir, mode);
}

/* Life ------------------------------------------------------------------------------------------------------------- */

/* With a disk that can be full. */
static void prepare_disk(struct ft_cluster *c)
{
    const char *from = ft_text("%s/tests/fault/shim/disk.so", ft_build());
    const char *to = ft_text("%s/disk.so", ft_work()); /* where PostgreSQL's user gets at it */
    const char *const copy[] = {"cp", from, to, NULL};
    c->disk_full = ft_text("%s/disk-full", ft_work());
    if (access(from, R_OK) != 0 || !ft_run(copy, NULL))
        ft_die("no %s", from);
    setenv("HT_CLUSTER_PRELOAD", to, 1);
    setenv("HT_DISK_FULL", c->disk_full, 1);
}

void ft_cluster_start(struct ft_cluster *c)
{
    for (int i = 0; i < FT_NODES; i++)
        c->dir[i] = ft_text("%s/pg%d", ft_work(), i);
    prepare_disk(c);
    /* lock_timeout and its like stay as they are: faults should meet what people run */
    const char *const argv[] = {script,
                                "start",
                                c->dir[0],
                                "fsync = on",
                                "log_min_messages = log",
                                "include_if_exists = 'sync.conf'",
                                "wal_retrieve_retry_interval = 200ms",
                                NULL};
    if (!ft_run(argv, NULL))
        ft_die("PostgreSQL does not start in %s", c->dir[0]);
    came_up(c->dir[0]);
    c->dsn = ft_text("host=%s,%s port=5432,5432 user=hooktop_test dbname=postgres target_session_attrs=read-write"
                     " connect_timeout=%d",
                     c->dir[0], c->dir[1], ANSWER_S);
}

void ft_cluster_down(struct ft_cluster *c, const char *mode)
{
    take_down(c->dir[c->primary], mode);
}

void ft_cluster_up(struct ft_cluster *c)
{
    if (postmaster(c->dir[c->primary]) == 0)
        call("again", c->dir[c->primary], NULL);
    came_up(c->dir[c->primary]);
}

void ft_cluster_revive(struct ft_cluster *c)
{
    if (postmaster(c->dir[c->primary]) == 0)
        ft_cluster_up(c);
}

void ft_cluster_wait(struct ft_cluster *c)
{
    for (int tries = 0; ft_ask(c->dsn, "SELECT 1") != 1; tries++) {
        if (tries == 600)
            ft_die("PostgreSQL in %s does not come back", c->dir[c->primary]);
        ft_cluster_revive(c);
        ft_pause_ms(100);
    }
}

void ft_cluster_stop(struct ft_cluster *c)
{
    for (int i = 0; i < FT_NODES && c->dsn != NULL; i++)
        take_down(c->dir[i], "immediate");
    c->dsn = NULL;
}

/* A standby -------------------------------------------------------------------------------------------------------- */

/* Whether a commit waits for the standby. */
static void wait_for_standby(const struct ft_cluster *c, bool wait)
{
    FILE *f = fopen(ft_text("%s/data/sync.conf", c->dir[c->primary]), "we");
    if (f == NULL || fprintf(f, "synchronous_standby_names = '%s'\n", wait ? "*" : "") < 0 || fclose(f) != 0)
        ft_die("sync.conf cannot be written");
    (void)ft_ask(c->dsn, "SELECT pg_reload_conf()::int");
}

void ft_cluster_follow(struct ft_cluster *c)
{
    static const char streams[] = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
    const char *dir = c->dir[!c->primary];
    int64_t until = ht_mono_us() + STREAMS_MS * 1000LL;
    call("clone", dir, c->dir[c->primary]);
    came_up(dir);
    while (ft_ask(c->dsn, streams) != 1) {
        if (ht_mono_us() > until)
            ft_die("the standby does not follow: %s/server.log", dir);
        ft_pause_ms(50);
    }
    wait_for_standby(c, true);
    c->follows = true;
}

/* The primary is gone for good. */
void ft_cluster_fail_over(struct ft_cluster *c)
{
    int heir = !c->primary;
    call("promote", c->dir[heir], NULL);
    c->primary = heir;
    c->follows = false;
}

/* Processes -------------------------------------------------------------------------------------------------------- */

static size_t children_of(pid_t parent, pid_t *ret)
{
    size_t n = 0;
    struct dirent *entry;
    DIR *all = opendir("/proc");
    while (all != NULL && n < CHILDREN_MAX && (entry = readdir(all)) != NULL) {
        int pid = atoi(entry->d_name), of = 0;
        FILE *f = pid > 0 ? fopen(ft_text("/proc/%d/stat", pid), "re") : NULL;
        if (f != NULL && fscanf(f, "%*d (%*[^)]) %*c %d", &of) == 1 && of == parent)
            ret[n++] = pid;
        if (f != NULL)
            fclose(f);
    }
    if (all != NULL)
        closedir(all);
    return n;
}

void ft_cluster_signal(const struct ft_cluster *c, int node, int number)
{
    pid_t parent = postmaster(c->dir[node]), children[CHILDREN_MAX];
    if (parent == 0)
        return;
    if (number != SIGCONT)
        kill(parent, SIGSTOP); /* so that nobody is born meanwhile; and once it is dead nobody is its child */
    size_t n = children_of(parent, children);
    for (size_t i = 0; i < n; i++)
        kill(children[i], number);
    kill(parent, number);
    if (number == SIGKILL)
        ft_process_gone(parent);
}

/* Asking ----------------------------------------------------------------------------------------------------------- */

PGconn *ft_connect(const char *dsn)
{
    PGconn *c = PQconnectdb(dsn);
    if (PQstatus(c) != CONNECTION_OK)
        ft_die("PostgreSQL: %s", PQerrorMessage(c));
    return c;
}

PGresult *ft_query(PGconn *c, const char *sql)
{
    PGresult *r = PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        ft_die("%.200s: %s", sql, PQerrorMessage(c));
    return r;
}

int64_t ft_int(const PGresult *r, int row, int column)
{
    return PQgetisnull(r, row, column) ? 0 : strtoll(PQgetvalue(r, row, column), NULL, 10);
}

int64_t ft_ask(const char *dsn, const char *sql)
{
    PGconn *c = PQconnectdb(dsn);
    PGresult *r = PQstatus(c) == CONNECTION_OK ? PQexec(c, sql) : NULL;
    int64_t found = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0 ? ft_int(r, 0, 0) : -1;
    PQclear(r);
    PQfinish(c);
    return found;
}
