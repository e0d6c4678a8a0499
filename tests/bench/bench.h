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

/* The parts; arguments start at argv[0]. */
int bench_world(int argc, char **argv);
int bench_store(int argc, char **argv);
int bench_http(int argc, char **argv);
int bench_whole(int argc, char **argv);
int bench_latency(int argc, char **argv);
int bench_log(int argc, char **argv);
int bench_silent(int argc, char **argv);

#endif
