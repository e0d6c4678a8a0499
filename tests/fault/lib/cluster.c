#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

/* Under the load of a whole test run on a small machine a restart may take a while. */
#define ANSWER_S 20

static const char script[] = "tests/lib/cluster.sh";

static pid_t postmaster(const struct ft_cluster *c)
{
    long pid = 0;
    FILE *f = fopen(ft_text("%s/data/postmaster.pid", c->dir), "re");
    if (f == NULL || fscanf(f, "%ld", &pid) != 1)
        ft_die("PostgreSQL left no process id in %s", c->dir);
    fclose(f);
    return (pid_t)pid;
}

void ft_cluster_start(struct ft_cluster *c)
{
    char *dsn;
    c->dir = ft_text("%s/pg", ft_work());
    /* lock_timeout and its like stay as they are: faults should meet what people run */
    const char *const argv[] = {script, "start", c->dir, "fsync = on", "log_min_messages = log", NULL};
    if (!ft_run(argv, &dsn))
        ft_die("PostgreSQL does not start in %s", c->dir);
    c->dsn = ft_text("%s connect_timeout=%d", dsn, ANSWER_S);
    free(dsn);
    ft_process_add(postmaster(c));
}

static void call(const struct ft_cluster *c, const char *action)
{
    const char *const argv[] = {script, action, c->dir, NULL};
    if (!ft_run(argv, NULL))
        ft_die("%s of PostgreSQL failed", action);
}

void ft_cluster_crash(struct ft_cluster *c)
{
    ft_process_gone(postmaster(c));
    call(c, "stop");
}

void ft_cluster_again(struct ft_cluster *c)
{
    call(c, "again");
    ft_process_add(postmaster(c));
}

void ft_cluster_stop(struct ft_cluster *c)
{
    if (c->dir != NULL)
        ft_cluster_crash(c);
    c->dir = NULL;
}

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
