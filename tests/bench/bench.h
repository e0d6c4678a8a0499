/* The measuring program: one half of the path, the whole of it, or what belongs to it. `bench` alone lists its parts.
 * Each part prints its figures on one line; the scripts in rows/ run several in turn and compare. */
#ifndef HOOKTOP_TESTS_BENCH_H
#define HOOKTOP_TESTS_BENCH_H

#include <libpq-fe.h>
#include <stdint.h>
#include "hooktop/base/err.h"

/* Ends the program with the error unless rc is HT_OK. */
void bench_must(enum ht_rc rc, const struct ht_err *err);
#define BENCH_OK(call)                                                                                                 \
    do {                                                                                                               \
        struct ht_err err = {0};                                                                                       \
        bench_must(call, &err);                                                                                        \
    } while (0)
void bench_die(const char *why);

PGconn *bench_connect(const char *dsn);
/* One statement; its first value as a number, 0 when there is none. Ends the program when it fails. */
int64_t bench_int(PGconn *pg, const char *sql);

/* The p-th of n numbers, which it sorts. */
int64_t bench_quantile(int64_t *values, size_t n, double p);

/* The times that several requests took, each between bench_begin and bench_end, at most as many as bench_took_init made
 * room for; and the process of the server that answers them, which is found by the application name "bench". */
struct bench_server {
    char schedstat[64];
};
struct bench_took {
    int n;
    int64_t from_us, from_cpu_ns;
    int64_t *us, *cpu_us;
};
void bench_server_of(PGconn *pg, struct bench_server *ret);
void bench_took_init(struct bench_took *t, int n);
void bench_begin(const struct bench_server *s, struct bench_took *t);
void bench_end(const struct bench_server *s, struct bench_took *t);
/* A line: median and 99th percentile by the clock, the same of the server's processor (all in microseconds), `rows`,
 * what it was. Frees the times. */
void bench_print(struct bench_took *t, size_t rows, const char *what, const char *more);

/* The parts; arguments start at argv[0]. */
int bench_world(int argc, char **argv);
int bench_store(int argc, char **argv);
int bench_http(int argc, char **argv);
int bench_whole(int argc, char **argv);
int bench_latency(int argc, char **argv);
int bench_log(int argc, char **argv);
int bench_reads(int argc, char **argv);
int bench_silent(int argc, char **argv);

#endif
