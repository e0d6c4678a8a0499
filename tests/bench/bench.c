#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/secret.h"

static const struct {
    const char *name;
    int n_args;
    const char *usage;
    int (*run)(int argc, char **argv);
} parts[] = {
    {"world", 6, "DSN KEY_RING TENANTS ENDPOINTS URL DESCRIPTION", bench_world},
    {"store", 3, "DSN ROWS BATCH", bench_store},
    {"http", 3, "URL REQUESTS IN_FLIGHT", bench_http},
    {"whole", 6, "DSN KEY_RING CONCURRENCY FILL ROWS HANGING", bench_whole},
    {"latency", 4, "DSN EVENTS FROM_MS TO_MS", bench_latency},
    {"log", 2, "DSN PAGES", bench_log},
    {"reads", 3, "DSN WATCHER_DSN TIMES", bench_reads},
    {"silent", 0, "", bench_silent},
};

void bench_die(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

void bench_must(enum ht_rc rc, const struct ht_err *err)
{
    char line[2048];
    if (rc != HT_OK) {
        ht_err_line(err, line, sizeof line);
        bench_die(line);
    }
}

PGconn *bench_connect(const char *dsn)
{
    PGconn *pg = PQconnectdb(dsn);
    if (PQstatus(pg) != CONNECTION_OK) {
        bench_die(PQerrorMessage(pg));
    }
    return pg;
}

int64_t bench_int(PGconn *pg, const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK) {
        bench_die(PQerrorMessage(pg));
    }
    int64_t n = PQntuples(r) > 0 ? atoll(PQgetvalue(r, 0, 0)) : 0;
    PQclear(r);
    return n;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bench_quantile(int64_t *values, size_t n, double p)
{
    if (n == 0) {
        bench_die("nothing was measured");
    }
    qsort(values, n, sizeof *values, ascending);
    return values[(size_t)(p * (double)(n - 1))];
}

int main(int argc, char **argv)
{
    ht_secret_init_process();
    for (size_t i = 0; argc > 1 && i < HT_COUNT(parts); i++) {
        if (strcmp(argv[1], parts[i].name) == 0 && argc == parts[i].n_args + 2) {
            return parts[i].run(argc - 2, argv + 2);
        }
    }
    for (size_t i = 0; i < HT_COUNT(parts); i++) {
        fprintf(stderr, "usage: bench %s %s\n", parts[i].name, parts[i].usage);
    }
    return 2;
}
