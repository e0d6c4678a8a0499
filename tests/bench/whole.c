/* The whole path: an engine in this process delivers ROWS rows, of which FILL are put there once it runs and HANGING
 * requests hang at receivers that never answer. Prints deliveries a second (from the first tenth on, so that starting
 * is not counted), processor microseconds of the engine per delivery, and the process's memory in KiB before the first
 * request and at its most. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "bench.h"
#include "hooktop/base/clock.h"
#include "hooktop/delivery/engine.h"

#define PATIENCE_US 600000000

struct run {
    struct ht_engine *engine;
    pthread_t thread;
};

static void *deliver(void *user)
{
    struct run *r = user;
    BENCH_OK(ht_engine_run(r->engine, &err));
    return NULL;
}

static void say(void *user, int level, const char *text)
{
    (void)user;
    (void)level;
    fprintf(stderr, "bench: %s\n", text);
}

static struct ht_engine_figures figures(struct run *r)
{
    struct ht_engine_figures f;
    ht_engine_figures(r->engine, &f);
    return f;
}

/* Looks again and again until so many are in flight, or have succeeded. Returns when that was. */
static int64_t wait_for(struct run *r, int32_t in_flight, int64_t succeeded, int64_t *ret_succeeded)
{
    int64_t until = ht_mono_us() + PATIENCE_US;
    struct ht_engine_figures f = figures(r);
    while (f.in_flight < in_flight || f.succeeded < succeeded) {
        if (ht_mono_us() > until) {
            bench_die("the engine does not get on");
        }
        usleep(3000);
        f = figures(r);
    }
    *ret_succeeded = f.succeeded;
    return ht_mono_us();
}

static void fill(const char *dsn, const char *which, int64_t n)
{
    char sql[128];
    PGconn *pg = bench_connect(dsn);
    snprintf(sql, sizeof sql, "SELECT bench.fill('%s', %lld)", which, (long long)n);
    bench_int(pg, sql);
    PQfinish(pg);
}

static int64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static long peak_kib(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

static void start(struct run *r, char **argv, struct ht_ring **ring, struct ht_egress *egress)
{
    BENCH_OK(ht_ring_load(argv[1], ring, &err));
    ht_egress_init(egress);
    BENCH_OK(ht_egress_set(egress, "http", "yes", &err));
    BENCH_OK(ht_egress_set(egress, "allow", "127.0.0.1/32:1-65535", &err));
    const struct ht_engine_options o = {
        .dsn = argv[0], .ring = *ring, .egress = egress, .concurrency = atoi(argv[2]), .report = say};
    BENCH_OK(ht_engine_new(&o, &r->engine, &err));
    if (pthread_create(&r->thread, NULL, deliver, r) != 0) {
        bench_die("no thread");
    }
}

int bench_whole(int argc, char **argv)
{
    (void)argc;
    int64_t filled = atoll(argv[3]), rows = atoll(argv[4]), hanging = atoll(argv[5]), first = 0, last = 0;
    struct ht_ring *ring = NULL;
    struct ht_egress egress;
    struct run r = {0};
    long idle_kib = peak_kib();
    start(&r, argv, &ring, &egress);
    if (hanging > 0) {
        fill(argv[0], "sick", hanging);
        wait_for(&r, (int32_t)hanging, 0, &first);
    }
    if (filled > 0) {
        fill(argv[0], "well", filled);
    }
    int64_t from = wait_for(&r, 0, rows / 10, &first), cpu = cpu_us();
    int64_t to = wait_for(&r, 0, rows, &last);
    if (last > first) {
        printf("%lld %.1f %ld %ld\n", (long long)((last - first) * 1000000 / (to - from)),
               (double)(cpu_us() - cpu) / (double)(last - first), idle_kib, peak_kib());
    } else {
        printf("0 0 %ld %ld\n", idle_kib, peak_kib());
    }
    fflush(stdout);
    ht_engine_stop(r.engine);
    if (hanging > 0) {
        ht_engine_stop(r.engine);
    }
    pthread_join(r.thread, NULL);
    ht_engine_free(r.engine);
    ht_ring_free(ring);
    return 0;
}
