/* Pages of the log: PAGES pages of each filter, each before a moment chosen anywhere in the log, as the console asks
 * for them. Prints a line per filter: the median and the 99th percentile of what a page took, and of the processor time
 * that the server took for it (both in microseconds; the latter says more on a machine that others use), how many rows
 * came, the filter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "hooktop/base/clock.h"
#include "hooktop/store/queries.h"

#define PAGE 50

struct log {
    struct ht_conn *c;
    int64_t first, last; /* milliseconds of the ids at both ends */
    struct ht_endpoint endpoint;
    struct bench_server server;
};

static struct ht_uuid id_at(int64_t ms)
{
    struct ht_uuid id = {0};
    char text[64];
    snprintf(text, sizeof text, "%08llx-%04llx-7000-8000-000000000000", (unsigned long long)ms >> 16,
             (unsigned long long)ms & 0xffff);
    if (!ht_uuid_parse(text, &id)) {
        bench_die("no id");
    }
    return id;
}

static size_t one_page(struct log *l, const struct ht_uuid *tenant, const struct ht_filter *f, struct bench_took *t)
{
    struct ht_deliveries page = {0};
    struct ht_uuid at = id_at(l->first + (int64_t)(drand48() * (double)(l->last - l->first)));
    bool up = ht_filter_oldest_first(f);
    bench_begin(&l->server, t);
    BENCH_OK(ht_store_deliveries(l->c, tenant, f, up ? NULL : &at, up ? &at : NULL, PAGE, &page, &err));
    bench_end(&l->server, t);
    size_t n = page.n;
    ht_deliveries_fini(&page);
    return n;
}

static void pages(struct log *l, int n, const struct ht_uuid *tenant, const char *text)
{
    struct ht_filter f = {0};
    struct bench_took t;
    size_t rows = 0;
    BENCH_OK(ht_filter_parse(HT_FILTER_DELIVERIES, text, l->last * 1000, &f, NULL, &err));
    bench_took_init(&t, n);
    for (int i = 0; i < n; i++) {
        rows += one_page(l, tenant, &f, &t);
    }
    bench_print(&t, rows, text[0] != '\0' ? text : "no filter", tenant != NULL ? " of one tenant" : "");
    ht_filter_fini(&f);
}

/* For comparison: what it takes to ask for one row by its id at such a time. */
static void one_row(struct log *l, int n)
{
    const struct ht_filter none = {0};
    struct ht_deliveries page = {0};
    struct bench_took t;
    char id[HT_UUID_TEXT];
    BENCH_OK(ht_store_deliveries(l->c, NULL, &none, NULL, NULL, PAGE, &page, &err));
    bench_took_init(&t, n);
    for (int i = 0; i < n; i++) {
        struct ht_delivery d = {0};
        ht_uuid_format(&page.rows[(size_t)i % page.n].id, id);
        bench_begin(&l->server, &t);
        BENCH_OK(ht_store_delivery_find(l->c, id, &d, &err));
        bench_end(&l->server, &t);
        ht_delivery_fini(&d);
    }
    bench_print(&t, (size_t)n, "one row by its id", "");
    ht_deliveries_fini(&page);
}

static void ends(struct log *l, const char *dsn)
{
    PGconn *pg = bench_connect(dsn);
    l->first = bench_int(pg, "SELECT extract(epoch FROM hooktop.uuid_time((SELECT id FROM hooktop.delivery ORDER BY id"
                             " LIMIT 1)))::numeric(20) * 1000");
    l->last = bench_int(pg, "SELECT extract(epoch FROM clock_timestamp())::numeric(20) * 1000");
    bench_server_of(pg, &l->server);
    PQfinish(pg);
}

int bench_log(int argc, char **argv)
{
    (void)argc;
    const struct ht_conn_options o = {.dsn = argv[0], .application = "bench", .timeout_ms = 60000};
    struct log l = {0};
    struct ht_endpoints endpoints = {0};
    struct ht_filter none = {0};
    char endpoint[64] = "endpoint:";
    int n = atoi(argv[1]);
    BENCH_OK(ht_conn_open(&o, &l.c, &err));
    ends(&l, argv[0]);
    BENCH_OK(ht_store_endpoints(l.c, NULL, &none, NULL, 1, &endpoints, &err));
    ht_uuid_format(&endpoints.rows[0].id, endpoint + strlen(endpoint));
    const char *const filters[] = {"",
                                   "-sort:time",
                                   endpoint,
                                   "status:succeeded",
                                   "status:exhausted",
                                   "status:held",
                                   "status:ready",
                                   "-status:succeeded",
                                   "type:claim.created",
                                   "type:claim.rare",
                                   "type:claim.none",
                                   "status:leased",
                                   "after:-20d before:-10d"};
    one_row(&l, n);
    for (size_t i = 0; i < HT_COUNT(filters); i++) {
        pages(&l, n, NULL, filters[i]);
        pages(&l, n, &endpoints.rows[0].tenant_id, filters[i]);
    }
    ht_endpoints_fini(&endpoints);
    ht_conn_close(l.c);
    return 0;
}
