/* What requests to the server take: by the clock, and of its processor. */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "hooktop/base/clock.h"

void bench_server_of(PGconn *pg, struct bench_server *ret)
{
    snprintf(ret->schedstat, sizeof ret->schedstat, "/proc/%lld/schedstat",
             (long long)bench_int(pg, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                      " AND pid <> pg_backend_pid() AND application_name = 'bench'"));
}

/* What the server's process has run so far; it waits for us while we look. */
static int64_t cpu_ns(const struct bench_server *s)
{
    long long ns = 0;
    FILE *f = fopen(s->schedstat, "r");
    if (f == NULL || fscanf(f, "%lld", &ns) != 1) {
        bench_die("the server's process cannot be looked at");
    }
    fclose(f);
    return ns;
}

void bench_took_init(struct bench_took *t, int n)
{
    *t =
        (struct bench_took){.us = ht_alloc((size_t)n, sizeof *t->us), .cpu_us = ht_alloc((size_t)n, sizeof *t->cpu_us)};
}

void bench_begin(const struct bench_server *s, struct bench_took *t)
{
    t->from_cpu_ns = cpu_ns(s);
    t->from_us = ht_mono_us();
}

void bench_end(const struct bench_server *s, struct bench_took *t)
{
    t->us[t->n] = ht_mono_us() - t->from_us;
    t->cpu_us[t->n++] = (cpu_ns(s) - t->from_cpu_ns) / 1000;
}

void bench_print(struct bench_took *t, size_t rows, const char *what, const char *more)
{
    size_t n = (size_t)t->n;
    printf("%lld %lld ", (long long)bench_quantile(t->us, n, 0.5), (long long)bench_quantile(t->us, n, 0.99));
    printf("%lld %lld ", (long long)bench_quantile(t->cpu_us, n, 0.5), (long long)bench_quantile(t->cpu_us, n, 0.99));
    printf("%zu %s%s\n", rows, what, more);
    fflush(stdout);
    free(t->us);
    free(t->cpu_us);
}
