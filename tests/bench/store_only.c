/* How many deliveries a second the store alone can take through: claim and settle, with nothing sent between.
 * The database is one that the bench script has set up and filled: ROWS deliveries over its endpoints, all due.
 * Prints one number. Two lanes as in the engine: one claims, one settles. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "hooktop/base/clock.h"
#include "hooktop/store/lane.h"

#define ENDPOINTS_MAX 10000
#define UNSETTLED_MAX 6000

struct bench {
    struct ht_lane *claims;
    struct ht_lane *settles;
    struct ht_claim_want *wants;
    size_t n_wants;
    size_t turn;
    int32_t batch;
    bool claiming;
    int64_t claimed;
    int64_t settled;
    int64_t rows;
    int64_t started_us;
};

static void ready(void *user, int64_t db_now)
{
    (void)user;
    (void)db_now;
}

static void broken(void *user, const struct ht_err *why, int64_t retry_in_ms)
{
    (void)user;
    (void)retry_in_ms;
    char line[1024];
    ht_err_line(why, line, sizeof(line));
    fprintf(stderr, "%s\n", line);
    exit(1);
}

static void trouble(void *user, const struct ht_err *why)
{
    broken(user, why, 0);
}

static void found(void *user, struct ht_waiting_list *list, const struct ht_err *err)
{
    struct bench *b = user;
    if (list == NULL)
        broken(user, err, 0);
    for (size_t i = 0; i < list->n && b->n_wants < ENDPOINTS_MAX; i++)
        b->wants[b->n_wants++] = (struct ht_claim_want){.tenant_id = list->rows[i].tenant_id,
                                                        .endpoint_id = list->rows[i].endpoint_id,
                                                        .in_flight_max = list->rows[i].in_flight_max};
    ht_waiting_list_free(list);
    b->claiming = false;
}

static struct ht_settlement success(const struct ht_claimed *c, int64_t db_now)
{
    return (struct ht_settlement){
        .tenant_id = c->tenant_id,
        .endpoint_id = c->endpoint_id,
        .delivery_id = c->delivery_id,
        .lease_id = c->lease_id,
        .to = HT_DELIVERY_SUCCEEDED,
        .attempt = {.n = c->attempt,
                    .at = db_now,
                    .status = 200,
                    .phases = {1, 2, 0, 4, 900},
                    .address = ht_strdup("127.0.0.1:8080"),
                    .request_headers =
                        ht_strdup("Content-Type: application/json\nwebhook-id: 0190\nwebhook-timestamp: "
                                  "1795183378\nwebhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
                    .response_headers = ht_strdup("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n"),
                    .response_body = ht_strdup("ok"),
                    .response_body_len = 2,
                    .response_bytes = 2,
                    .secret_ids = ht_strdup("1")},
    };
}

static void took(void *user, struct ht_claim_batch *batch, const struct ht_err *err)
{
    struct bench *b = user;
    if (batch == NULL)
        broken(user, err, 0);
    b->claiming = false;
    if (batch->n > 0) {
        struct ht_settlement *s = ht_alloc(batch->n, sizeof(*s));
        size_t n = 0;
        for (size_t i = 0; i < batch->n; i++)
            if (!ht_uuid_is_nil(&batch->rows[i].delivery_id))
                s[n++] = success(&batch->rows[i], batch->db_now);
        b->claimed += (int64_t)n;
        if (!ht_lane_settle(b->settles, s, n))
            abort();
        free(s);
    }
    ht_claim_batch_free(batch);
}

static void done(void *user, const struct ht_uuid *deliveries, const bool *settled, size_t n)
{
    struct bench *b = user;
    (void)deliveries;
    for (size_t i = 0; i < n; i++)
        b->settled += settled[i] ? 1 : 0;
}

/* The next endpoints in turn, as many rows of each as make a batch of all of them. */
static void claim_more(struct bench *b)
{
    int64_t open = b->claimed - b->settled;
    if (b->claiming || b->n_wants == 0 || b->claimed >= b->rows || open >= UNSETTLED_MAX)
        return;
    int32_t each = b->batch / (int32_t)b->n_wants + 1;
    for (size_t i = 0; i < b->n_wants; i++)
        b->wants[i].room = each;
    b->claiming = ht_lane_claim(b->claims, b->wants, b->n_wants, true);
}

static void turn(struct bench *b)
{
    struct pollfd p[2] = {{.fd = ht_lane_fd(b->claims), .events = ht_lane_events(b->claims)},
                          {.fd = ht_lane_fd(b->settles), .events = ht_lane_events(b->settles)}};
    poll(p, 2, 20);
    ht_lane_step(b->claims);
    ht_lane_step(b->settles);
}

int bench_store(int argc, char **argv)
{
    (void)argc;
    struct bench b = {.rows = atoll(argv[1]), .batch = atoi(argv[2])};
    b.wants = ht_alloc(ENDPOINTS_MAX, sizeof(*b.wants));
    struct ht_lane_callbacks cb = {.up = ready,
                                   .down = broken,
                                   .claimed = took,
                                   .discovered = found,
                                   .settled = done,
                                   .trouble = trouble,
                                   .user = &b};
    struct ht_lane_options o = {
        .dsn = argv[0], .worker_name = "bench:1", .worker_id = ht_uuid_new(), .lease_ms = 60000};
    b.claims = ht_lane_new(&o, &cb);
    b.settles = ht_lane_new(&o, &cb);
    while (!ht_lane_up(b.claims) || !ht_lane_up(b.settles))
        turn(&b);
    b.claiming = ht_lane_discover(b.claims, NULL, ENDPOINTS_MAX);
    while (b.n_wants == 0)
        turn(&b);
    b.started_us = ht_mono_us();
    while (b.settled < b.rows) {
        claim_more(&b);
        turn(&b);
    }
    printf("%" PRId64 "\n", b.rows * 1000000 / (ht_mono_us() - b.started_us));
    ht_lane_free(b.claims);
    ht_lane_free(b.settles);
    free(b.wants);
    return 0;
}
