/* What each screen of the console asks of a store, answered by the code that answers it there (src/cli/answers.c), as
 * the login of the dsn. Prints a line for each, as bench_print has it; one that fails says why in its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/cli/console_parts.h"
#include "bench.h"
#include "hooktop/base/clock.h"

#define ENOUGH_US 4000000 /* what takes longer altogether is not asked again */
#define A_WORD    "qzxj"  /* that nothing holds */

/* Whose id a request names, all of the first page of what the login sees. */
enum whose { NOBODY, ENDPOINT, BUSY_ENDPOINT, DELIVERY, EVENT, AFTER_ENDPOINT, BEFORE_DELIVERY, BEFORE_EVENT, WHOSE };

static const struct {
    const char *name;
    enum ht_request_kind kind;
    const char *text;
    enum whose whose;
    int32_t state;
} reads[] = {
    {"Endpoints", HT_REQ_ENDPOINTS, "", NOBODY, 0},
    {"Endpoints, the next page", HT_REQ_ENDPOINTS, "", AFTER_ENDPOINT, 0},
    {"Endpoints, a word", HT_REQ_ENDPOINTS, "hook 4", NOBODY, 0},
    {"Endpoints, a word that is nowhere", HT_REQ_ENDPOINTS, A_WORD, NOBODY, 0},
    {"Endpoints, status:disabled", HT_REQ_ENDPOINTS, "status:disabled", NOBODY, 0},
    {"Endpoints, failed:>0", HT_REQ_ENDPOINTS, "failed:>0", NOBODY, 0},
    {"Endpoints, pending:>0", HT_REQ_ENDPOINTS, "pending:>0", NOBODY, 0},
    {"Endpoints, sort:failed", HT_REQ_ENDPOINTS, "sort:failed", NOBODY, 0},
    {"Endpoints, sort:wait", HT_REQ_ENDPOINTS, "sort:wait", NOBODY, 0},
    {"Endpoints, sort:held", HT_REQ_ENDPOINTS, "sort:held", NOBODY, 0},
    {"Endpoints, sort:failing", HT_REQ_ENDPOINTS, "sort:failing", NOBODY, 0},
    {"Endpoints, sort:name", HT_REQ_ENDPOINTS, "sort:name", NOBODY, 0},
    {"Endpoint", HT_REQ_ENDPOINT, "", ENDPOINT, 0},
    {"Endpoint, the busiest failing", HT_REQ_ENDPOINT, "", BUSY_ENDPOINT, 0},
    {"Endpoint, Health", HT_REQ_HEALTH, "", ENDPOINT, 0},
    {"Deliveries", HT_REQ_DELIVERIES, "", NOBODY, 0},
    {"Deliveries, the next page", HT_REQ_DELIVERIES, "", BEFORE_DELIVERY, 0},
    {"Deliveries, status:leased", HT_REQ_DELIVERIES, "status:leased", NOBODY, 0},
    {"Deliveries, status:ready", HT_REQ_DELIVERIES, "status:ready", NOBODY, 0},
    {"Deliveries, status:held", HT_REQ_DELIVERIES, "status:held", NOBODY, 0},
    {"Deliveries, status:exhausted", HT_REQ_DELIVERIES, "status:exhausted", NOBODY, 0},
    {"Deliveries, -status:succeeded", HT_REQ_DELIVERIES, "-status:succeeded", NOBODY, 0},
    {"Deliveries, type:claim.rare", HT_REQ_DELIVERIES, "type:claim.rare", NOBODY, 0},
    {"Deliveries, error:timeout", HT_REQ_DELIVERIES, "error:timeout", NOBODY, 0},
    {"Deliveries, error:tls", HT_REQ_DELIVERIES, "error:tls", NOBODY, 0},
    {"Deliveries, code:5xx", HT_REQ_DELIVERIES, "code:5xx", NOBODY, 0},
    {"Deliveries, code:418", HT_REQ_DELIVERIES, "code:418", NOBODY, 0},
    {"Deliveries, a word of a type", HT_REQ_DELIVERIES, "updated", NOBODY, 0},
    {"Deliveries, a word of an endpoint", HT_REQ_DELIVERIES, "'hook 4217'", NOBODY, 0},
    {"Deliveries, a word that is nowhere", HT_REQ_DELIVERIES, A_WORD, NOBODY, 0},
    {"Deliveries, latency:>1h", HT_REQ_DELIVERIES, "latency:>1h", NOBODY, 0},
    {"Delivery", HT_REQ_DELIVERY, "", DELIVERY, 0},
    {"Events", HT_REQ_EVENTS, "", NOBODY, 0},
    {"Events, the next page", HT_REQ_EVENTS, "", BEFORE_EVENT, 0},
    {"Events, type:claim.rare", HT_REQ_EVENTS, "type:claim.rare", NOBODY, 0},
    {"Events, a key", HT_REQ_EVENTS, "key:order-29-77", NOBODY, 0},
    {"Events, a key that is nowhere", HT_REQ_EVENTS, "key:" A_WORD, NOBODY, 0},
    {"Events, a text", HT_REQ_EVENTS, "contains:claim-7", NOBODY, 0},
    {"Events, a text that is nowhere", HT_REQ_EVENTS, "contains:" A_WORD, NOBODY, 0},
    {"Events, a word that is nowhere", HT_REQ_EVENTS, A_WORD, NOBODY, 0},
    {"Event, with why", HT_REQ_EVENT, "", EVENT, 0},
    {"Failures", HT_REQ_FAILURES, "", NOBODY, HT_FAILURES_BY_ALL},
    {"Failures by endpoint", HT_REQ_FAILURES, "", NOBODY, HT_FAILURES_BY_ENDPOINT},
    {"Failures by error", HT_REQ_FAILURES, "", NOBODY, HT_FAILURES_BY_ERROR},
    {"Failures of 7 days", HT_REQ_FAILURES, "after:-7d", NOBODY, HT_FAILURES_BY_ALL},
    {"Failures of 30 days", HT_REQ_FAILURES, "after:-30d", NOBODY, HT_FAILURES_BY_ALL},
    {"Types", HT_REQ_TYPES, "", NOBODY, 0},
    {"Workers and queue", HT_REQ_QUEUE, "", NOBODY, 0},
    {"Secrets", HT_REQ_FLEET, "", NOBODY, 0},
    {"Audit", HT_REQ_AUDIT, "", NOBODY, 0},
    {"Audit, a word that is nowhere", HT_REQ_AUDIT, A_WORD, NOBODY, 0},
    {"Replays", HT_REQ_REPLAYS, "", NOBODY, 0},
    {"Tenants", HT_REQ_TENANTS, "", NOBODY, 0},
};

struct asker {
    struct ht_part part;
    struct bench_server server;
    struct ht_uuid ids[WHOSE];
};

static struct ht_reply *ask(struct asker *a, size_t i, struct ht_err *err)
{
    struct ht_request *q = ht_request_new(reads[i].kind, 0);
    enum whose whose = reads[i].whose;
    q->text = ht_strdup(reads[i].text);
    q->state = reads[i].state;
    if (whose >= AFTER_ENDPOINT)
        q->before = a->ids[whose];
    else
        q->id = a->ids[whose];
    struct ht_reply *r = ht_part_answer(&a->part, q, ht_wall_us(), err);
    ht_request_free(q);
    return r;
}

static size_t rows_of(const struct ht_reply *r)
{
    switch (r->kind) {
    case HT_REP_ENDPOINTS:
        return r->endpoints.n;
    case HT_REP_DELIVERIES:
        return r->deliveries.n;
    case HT_REP_EVENTS:
        return r->events.n;
    case HT_REP_FAILURES:
        return r->failures.list.n;
    case HT_REP_TYPES:
        return r->types.n;
    case HT_REP_FLEET:
        return r->fleet.n;
    case HT_REP_AUDIT:
        return r->audit.n;
    case HT_REP_EVENT:
        return r->event.whys.n;
    default:
        return 1;
    }
}

static void time_one(struct asker *a, size_t i, int n)
{
    struct bench_took t;
    struct ht_err err = {0};
    size_t rows = 0;
    int64_t until = ht_mono_us() + ENOUGH_US;
    bench_took_init(&t, n);
    do {
        bench_begin(&a->server, &t);
        struct ht_reply *r = ask(a, i, &err);
        bench_end(&a->server, &t);
        rows = r != NULL ? rows_of(r) : 0;
        ht_reply_free(r);
    } while (t.n < n && err.rc == HT_OK && ht_mono_us() < until);
    bench_print(&t, rows, reads[i].name, err.rc == HT_OK ? "" : " FAILED");
    if (err.rc != HT_OK)
        fprintf(stderr, "%s: %s\n", reads[i].name, err.why);
}

/* The newest of each; the busiest failing endpoint is that of the first group of failures. */
static void find_ids(struct asker *a)
{
    for (size_t i = 0; i < HT_COUNT(reads); i++) {
        struct ht_err err = {0};
        bool first = reads[i].whose == NOBODY && reads[i].text[0] == '\0' && reads[i].state == 0;
        struct ht_reply *r = first ? ask(a, i, &err) : NULL;
        if (r != NULL && r->kind == HT_REP_ENDPOINTS && r->endpoints.n > 0) {
            a->ids[ENDPOINT] = r->endpoints.rows[0].id;
            a->ids[AFTER_ENDPOINT] = r->endpoints.rows[r->endpoints.n - 1].id;
        } else if (r != NULL && r->kind == HT_REP_DELIVERIES && r->deliveries.n > 0) {
            a->ids[DELIVERY] = r->deliveries.rows[0].id;
            a->ids[BEFORE_DELIVERY] = r->deliveries.rows[r->deliveries.n - 1].id;
        } else if (r != NULL && r->kind == HT_REP_EVENTS && r->events.n > 0) {
            a->ids[EVENT] = r->events.rows[0].id;
            a->ids[BEFORE_EVENT] = r->events.rows[r->events.n - 1].id;
        } else if (r != NULL && r->kind == HT_REP_FAILURES && r->failures.list.n > 0) {
            a->ids[BUSY_ENDPOINT] = r->failures.list.rows[0].endpoint_id;
        }
        ht_reply_free(r);
    }
}

int bench_reads(int argc, char **argv)
{
    (void)argc;
    const struct ht_conn_options o = {.dsn = argv[0], .application = "bench", .timeout_ms = 60000};
    struct asker a = {0};
    struct ht_conn *c = NULL;
    PGconn *pg = bench_connect(argv[1]);
    BENCH_OK(ht_conn_open(&o, &c, &err));
    bench_server_of(pg, &a.server);
    PQfinish(pg);
    a.part.conn = c;
    find_ids(&a);
    for (size_t i = 0; i < HT_COUNT(reads); i++)
        time_one(&a, i, atoi(argv[2]));
    ht_conn_close(c);
    return 0;
}
