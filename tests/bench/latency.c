/* From emit to receiver while nothing else is going on: emits EVENTS events, each after a pause of FROM_MS to TO_MS,
 * and takes the time from before the call to when the receiver has the whole request. A worker runs elsewhere. Prints
 * the median and the 99th percentile in microseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bench.h"
#include "hooktop/base/clock.h"
#include "hooktop/receiver/receiver.h"

static void keep_last(void *user, const struct ht_recorded *rec)
{
    *(int64_t *)user = rec->at_us;
}

static int64_t one_event(PGconn *pg, struct ht_receiver *r, int n)
{
    int64_t arrived = 0;
    int64_t at = ht_mono_us();
    bench_int(pg, "SELECT hooktop.emit(tenant_id, 'claim.created', '{\"claim\": 1}') FROM bench.well LIMIT 1");
    if (!ht_receiver_wait_requests(r, NULL, n, 60000)) {
        bench_die("an event did not arrive");
    }
    ht_receiver_each(r, keep_last, &arrived);
    return arrived - at;
}

int bench_latency(int argc, char **argv)
{
    (void)argc;
    const struct ht_receiver_options o = {.record = true};
    struct ht_receiver *r = NULL;
    PGconn *pg = bench_connect(argv[0]);
    int n = atoi(argv[1]), from = atoi(argv[2]), to = atoi(argv[3]);
    char sql[160];
    BENCH_OK(ht_receiver_start(&o, &r, &err));
    ht_receiver_route(r, &(struct ht_route){.path = "/hook"});
    snprintf(sql, sizeof sql, "UPDATE hooktop.endpoint SET url = 'http://127.0.0.1:%d/hook', version = version + 1",
             ht_receiver_port(r));
    bench_int(pg, sql);
    int64_t *took = ht_alloc((size_t)n, sizeof *took);
    for (int i = 0; i < n; i++) {
        usleep((useconds_t)(from + rand() % (to - from + 1)) * 1000);
        took[i] = one_event(pg, r, i + 1);
    }
    int64_t p50 = bench_quantile(took, (size_t)n, 0.5), p99 = bench_quantile(took, (size_t)n, 0.99);
    printf("%lld %lld\n", (long long)p50, (long long)p99);
    free(took);
    PQfinish(pg);
    ht_receiver_stop(r);
    return 0;
}
