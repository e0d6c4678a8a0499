#include "console_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ht_uuid ht_data_id(int kind, int n)
{
    struct ht_uuid u = {{0x01, 0x93, 0x4a, 0, 0, (uint8_t)kind, 0x70, 0, 0x80}};
    u.b[14] = (uint8_t)(n >> 8);
    u.b[15] = (uint8_t)n;
    u.b[3] = (uint8_t)(n >> 8);
    u.b[4] = (uint8_t)n;
    return u;
}

struct ht_uuid ht_data_endpoint_id(int n)
{
    return ht_data_id(1, 4095 - n);
}

static int number_of(const struct ht_uuid *u)
{
    int n = u->b[14] << 8 | u->b[15];
    return u->b[5] == 1 ? 4095 - n : n;
}

static const char *const names[] = {"Acme billing",
                                    "Acme billing (EU)",
                                    "Acme CRM sync",
                                    "Globex 株式会社 orders",
                                    "evil \033[31mred\r\n\xe2\x80\xae gnp.exe",
                                    "Initech",
                                    "Umbrella"};
static const char *const profiles[] = {"standard", "instaclaim", "claimport", "instnt", "claimable"};
static const char *const types[] = {"invoice.paid", "customer.updated", "subscription.renewed", "order.created"};

static void endpoint(int n, struct ht_endpoint *e)
{
    char text[96];
    *e = (struct ht_endpoint){
        .id = ht_data_endpoint_id(n), .tenant_id = ht_data_id(9, 1), .in_flight_max = 4, .version = 1};
    snprintf(text, sizeof text, n < 7 ? "%s" : "%s %d", names[n % 7], n);
    e->description = ht_strdup(text);
    e->tenant_name = ht_strdup(n % 3 ? "acme" : "globex");
    e->profile = ht_strdup(profiles[n % 5]);
    snprintf(text, sizeof text, "https://hooks%d.example.com/in", n);
    e->url = ht_strdup(text);
    e->status = n % 9 == 4   ? HT_ENDPOINT_PAUSED
                : n % 9 == 7 ? HT_ENDPOINT_DISABLED
                : n % 5 == 2 ? HT_ENDPOINT_UNVERIFIED
                             : HT_ENDPOINT_ACTIVE;
    if (e->status != HT_ENDPOINT_ACTIVE)
        e->status_reason = ht_strdup(e->status == HT_ENDPOINT_UNVERIFIED ? "its test event was not answered yet"
                                                                         : "by ana: maintenance");
    if (n == 1)
        e->headers[e->headers_len++].name = ht_strdup("X-Token");
    e->created_at = HT_DATA_NOW - 86400000000LL * (n + 1);
    e->status_at = e->created_at;
    e->succeeded_24h = 41202 - n * 100;
    e->failed_24h = n % 4 == 1 ? 118 : 0;
    e->consecutive_failures = n == 1 ? 12 : 0;
    e->failing_since = n == 1 ? HT_DATA_NOW - 3600000000LL : 0;
    e->pending = n % 4;
    e->held = e->status == HT_ENDPOINT_ACTIVE ? 0 : 41;
    e->last_success_at = HT_DATA_NOW - n * 7000000LL;
    e->subscriptions = 3;
}

static void delivery(int n, struct ht_delivery *d)
{
    struct ht_endpoint e;
    endpoint(n % HT_DATA_ENDPOINTS, &e);
    *d = (struct ht_delivery){
        .id = ht_data_id(2, n), .event_id = ht_data_id(3, n), .endpoint_id = e.id, .attempts_max = 11};
    d->type = ht_strdup(types[n % 4]);
    d->profile = ht_strdup(e.profile);
    d->endpoint_url = ht_strdup(e.url);
    d->endpoint_description = ht_strdup(e.description);
    ht_endpoint_fini(&e);
    d->attempts = 1 + n % 3;
    d->status = n % 7 == 3 ? HT_DELIVERY_READY : n % 11 == 5 ? HT_DELIVERY_EXHAUSTED : HT_DELIVERY_SUCCEEDED;
    d->last_status = d->status == HT_DELIVERY_SUCCEEDED ? 200 : n % 2 ? 503 : 0;
    d->last_error = d->status == HT_DELIVERY_SUCCEEDED ? HT_ATTEMPT_NONE
                    : d->last_status                   ? HT_ATTEMPT_HTTP_5XX
                                                       : HT_ATTEMPT_TIMEOUT;
    d->last_duration_ms = 60 + n % 40;
    d->created_at = HT_DATA_NOW + n * 311000LL;
    d->last_attempt_at = d->created_at + 100000;
    d->due_at = d->status == HT_DELIVERY_READY ? d->last_attempt_at + 300000000LL : 0;
}

static struct ht_reply *endpoints_page(const struct ht_data *data, const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_ENDPOINTS, q->kind, q->ticket);
    struct ht_endpoints *page = &r->endpoints;
    char wanted[512]; /* the order is not theirs */
    ht_filter_with_order(q->text ? q->text : "", NULL, false, wanted, sizeof wanted);
    page->rows = ht_alloc((size_t)q->limit + 1, sizeof *page->rows);
    for (int i = ht_uuid_is_nil(&q->before) ? 0 : number_of(&q->before) + 1; i < atomic_load(&data->endpoints); i++) {
        struct ht_endpoint *e = &page->rows[page->n];
        endpoint(i, e);
        if (!strstr(e->description, wanted))
            ht_endpoint_fini(e);
        else if (page->n == (size_t)q->limit) {
            ht_endpoint_fini(e);
            page->more = true;
            break;
        } else
            page->n++;
    }
    return r;
}

static struct ht_reply *oldest_deliveries(const struct ht_data *data, const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_DELIVERIES, q->kind, q->ticket);
    int from = ht_uuid_is_nil(&q->before) ? 0 : number_of(&q->before) + 1, all = atomic_load(&data->deliveries);
    r->deliveries.rows = ht_alloc((size_t)q->limit + 1, sizeof *r->deliveries.rows);
    for (int i = from; i < all && r->deliveries.n < (size_t)q->limit; i++)
        delivery(i, &r->deliveries.rows[r->deliveries.n++]);
    r->deliveries.more = all - from > q->limit;
    return r;
}

static struct ht_reply *deliveries_page(const struct ht_data *data, const struct ht_request *q)
{
    if (q->text && strstr(q->text, "-sort:time"))
        return oldest_deliveries(data, q);
    struct ht_reply *r = ht_reply_new(HT_REP_DELIVERIES, q->kind, q->ticket);
    int from = ht_uuid_is_nil(&q->before) ? atomic_load(&data->deliveries) - 1 : number_of(&q->before) - 1;
    int to = ht_uuid_is_nil(&q->after) ? 0 : number_of(&q->after) + 1;
    r->deliveries.rows = ht_alloc((size_t)q->limit + 1, sizeof *r->deliveries.rows);
    for (int i = from; i >= to && r->deliveries.n < (size_t)q->limit; i--)
        delivery(i, &r->deliveries.rows[r->deliveries.n++]);
    r->deliveries.more = from - to + 1 > q->limit;
    return r;
}

static struct ht_secret_metas secrets(void)
{
    struct ht_secret_metas all = {ht_alloc(2, sizeof(struct ht_secret_meta)), 2, false};
    for (int i = 0; i < 2; i++)
        all.rows[i] = (struct ht_secret_meta){.id = ht_data_id(5, i),
                                              .generation = 2 - i,
                                              .state = i ? HT_SECRET_RETIRING : HT_SECRET_ACTIVE,
                                              .created_at = HT_DATA_NOW - 86400000000LL * (1 + i),
                                              .created_by = ht_strdup("ana"),
                                              .expires_at = i ? HT_DATA_NOW + 68520000000LL : 0,
                                              .last_used_at = HT_DATA_NOW - 2000000};
    return all;
}

static struct ht_reply *endpoint_detail(const struct ht_data *data, const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_ENDPOINT, q->kind, q->ticket);
    endpoint(number_of(&q->id), &r->endpoint.endpoint);
    r->endpoint.subscriptions = (struct ht_subscriptions){ht_alloc(3, sizeof(struct ht_subscription)), 3, false};
    for (int i = 0; i < 3; i++)
        r->endpoint.subscriptions.rows[i] = (struct ht_subscription){
            ht_data_id(4, i), ht_strdup(i ? types[i] : "invoice.*"), HT_DATA_NOW - 9000000000LL};
    r->endpoint.secrets = secrets();
    r->endpoint.latest = (struct ht_deliveries){ht_alloc(8, sizeof(struct ht_delivery)), 8, false};
    for (int i = 0; i < 8; i++)
        delivery(atomic_load(&data->deliveries) - 1 - i, &r->endpoint.latest.rows[i]);
    return r;
}

static void signatures(struct ht_delivery_detail *v)
{
    v->signatures = ht_alloc(v->attempts.n, sizeof *v->signatures);
    for (size_t i = 0; i < v->attempts.n; i++) {
        struct ht_signature *s = &v->signatures[i];
        *s = (struct ht_signature){.algorithm = "HMAC-SHA256 (v1), Ed25519 (v1a)",
                                   .key = "what is base64 after whsec_ (v1)",
                                   .recipe = "webhook-id . webhook-timestamp . body",
                                   .form = "v1,BASE64, blanks between",
                                   .headers = "webhook-id\nwebhook-timestamp\nwebhook-signature",
                                   .before = ht_strdup("msg_2Tq9.1795183378."),
                                   .timestamp_s = 1795183378,
                                   .tolerance_s = 300,
                                   .whole = true};
        memset(s->body_sha256, 'a', 64);
        memset(s->signed_sha256, 'b', 64);
    }
}

/* Every third endpoint never answered well. */
static void success(int n, struct ht_delivery_detail *v)
{
    if (n % HT_DATA_ENDPOINTS % 3 == 0)
        return;
    v->success_of = ht_data_id(2, 0);
    v->success = (struct ht_attempt){.n = 1,
                                     .at = HT_DATA_NOW - 3600000000LL,
                                     .status = 200,
                                     .phases = {1100, 7000, 20000, 22000, 23000},
                                     .response_bytes = 17};
    v->success.address = ht_strdup("203.0.113.4:443");
    v->success.tls =
        ht_strdup("TLSv1.3 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 2026-11-20T12:00:00Z");
    v->success.request_headers =
        ht_strdup("Content-Type: application/json\nX-Old: 1\nwebhook-id: msg_1\nwebhook-signature: v1,77");
    v->success.response_headers = ht_strdup("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: a\r\n");
    v->success.secret_ids = ht_strdup("1");
}

static struct ht_reply *delivery_detail(const struct ht_request *q)
{
    static const char body[] = "{\"type\":\"subscription.renewed\",\"data\":{\"id\":\"sub_88121\",\"seats\":40,"
                               "\"note\":\"first\\nsecond\",\"on\":true,\"tags\":[],\"amounts\":[1,2.50]}}";
    struct ht_reply *r = ht_reply_new(HT_REP_DELIVERY, q->kind, q->ticket);
    int n = number_of(&q->id);
    delivery(n, &r->delivery.delivery);
    struct ht_delivery *d = &r->delivery.delivery;
    r->delivery.event = (struct ht_event){.id = d->event_id, .type = ht_strdup(d->type), .created_at = d->created_at};
    r->delivery.body = ht_strdup(body);
    r->delivery.body_len = strlen(body);
    r->delivery.attempts =
        (struct ht_attempts){ht_alloc((size_t)d->attempts, sizeof(struct ht_attempt)), (size_t)d->attempts, false};
    for (int i = 0; i < d->attempts; i++) {
        bool last = i == d->attempts - 1;
        struct ht_attempt *a = &r->delivery.attempts.rows[i];
        *a = (struct ht_attempt){.n = i + 1,
                                 .at = d->created_at + i * 30000000LL,
                                 .status = last ? d->last_status : 503,
                                 .error = last ? d->last_error : HT_ATTEMPT_HTTP_5XX,
                                 .phases = {1200, 8000, 21000, 60000, 65000}};
        a->address = ht_strdup("203.0.113.5:443");
        a->request_headers =
            ht_strdup("Content-Type: application/json\nwebhook-id: msg_2Tq9\nwebhook-signature: v1,9c1f");
        a->response_headers = ht_strdup("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n");
        a->response_body = ht_strdup("upstream \033[31munavailable\033[0m\r\nsecond line\001");
        a->response_body_len = strlen(a->response_body);
        a->response_bytes = 70000;
        a->worker = ht_strdup("mq-a:4121");
        a->secret_ids = ht_strdup("2,1");
    }
    signatures(&r->delivery);
    r->delivery.parts = (unsigned)q->state;
    if (r->delivery.parts & HT_DELIVERY_SECRETS)
        r->delivery.secrets = secrets();
    if (r->delivery.parts & HT_DELIVERY_SUCCESS)
        success(n, &r->delivery);
    return r;
}

static struct ht_reply *types_page(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_TYPES, q->kind, q->ticket);
    r->types.rows = ht_alloc(4, sizeof *r->types.rows);
    for (r->types.n = 0; r->types.n < 4; r->types.n++)
        r->types.rows[r->types.n] = (struct ht_event_type){
            .profile = ht_strdup("instaclaim"),
            .name = ht_strdup(types[r->types.n]),
            .state = r->types.n == 3 ? HT_TYPE_PLANNED : HT_TYPE_EMITTED,
            .description = ht_strdup("Something happened to an invoice, and here it is"),
            .contract = ht_strdup("{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":"
                                  "\"string\",\"format\":\"uuid\"}}}"),
            .sample = ht_strdup("{\"id\":\"5b7c1c5e-1f0b-4a8e-9f55-3d4b7a1a2c11\",\"amount\":12}"),
            .subscriptions = 3};
    return r;
}

static void queue_workers(struct ht_workers *w)
{
    w->rows = ht_alloc(2, sizeof *w->rows);
    w->n = 2;
    w->rows[0] = (struct ht_worker){ht_data_id(6, 0),
                                    ht_strdup("mq-a:4121"),
                                    ht_strdup("0.1.0"),
                                    HT_DATA_NOW - 7200000000LL,
                                    HT_DATA_NOW,
                                    400,
                                    4,
                                    256,
                                    false,
                                    11.1,
                                    0.4,
                                    NULL};
    w->rows[1] = (struct ht_worker){ht_data_id(6, 1),
                                    ht_strdup("laptop:99"),
                                    ht_strdup("0.1.0"),
                                    HT_DATA_NOW - 720000000LL,
                                    HT_DATA_NOW,
                                    48000,
                                    2,
                                    16,
                                    true,
                                    3.9,
                                    0,
                                    ht_strdup("plain http, 1 allowed range")};
}

static struct ht_reply *queue_page(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_QUEUE, q->kind, q->ticket);
    struct ht_queue *a = &r->queue;
    *a = (struct ht_queue){.past_due = 41,
                           .oldest_ms = 75000,
                           .leased = 6,
                           .overdue_leases = 2,
                           .within_1m = 212,
                           .within_5m = 604,
                           .within_1h = 431,
                           .later = 130,
                           .held = 903};
    a->in_per_s = 11.4;
    queue_workers(&a->workers);
    a->backlogs = (struct ht_backlogs){ht_alloc(2, sizeof *a->backlogs.rows), 2, false};
    for (int i = 0; i < 2; i++)
        a->backlogs.rows[i] = (struct ht_backlog){ht_data_endpoint_id(i),
                                                  ht_strdup(i ? "株式会社" : "Acme CRM sync"),
                                                  ht_strdup("acme"),
                                                  40 - 39 * i,
                                                  75000,
                                                  12,
                                                  4};
    a->leases = (struct ht_lease_rows){ht_alloc(3, sizeof *a->leases.rows), 3, false};
    for (int i = 0; i < 3; i++)
        a->leases.rows[i] = (struct ht_lease_row){.delivery_id = ht_data_id(2, i),
                                                  .worker = i == 2 ? NULL : ht_strdup("mq-a:4121"),
                                                  .endpoint = ht_strdup("Acme CRM sync"),
                                                  .type = ht_strdup(types[i]),
                                                  .attempts = i,
                                                  .claims = 1 + i,
                                                  .left_ms = 60000 - 40000 * i};
    a->open = (struct ht_transactions){ht_alloc(2, sizeof *a->open.rows), 2, false};
    a->open.rows[0] = (struct ht_transaction){.pid = 4411,
                                              .login = ht_strdup("billing"),
                                              .application = ht_strdup("psql"),
                                              .state = ht_strdup("idle in transaction"),
                                              .age_ms = 4020000,
                                              .query = ht_strdup("UPDATE invoice SET note = ? WHERE id = 7")};
    a->open.rows[1] = (struct ht_transaction){.pid = 4412, .login = ht_strdup("root"), .hidden = true};
    a->dead = (struct ht_dead_rows_list){ht_alloc(1, sizeof *a->dead.rows), 1, false};
    a->dead.rows[0] = (struct ht_dead_rows){ht_strdup("tenant_webhook_outbox"), 41, 120345, HT_DATA_NOW - 90000000};
    a->partitions = (struct ht_partitions){ht_alloc(2, sizeof *a->partitions.rows), 2, false};
    for (int i = 0; i < 2; i++)
        a->partitions.rows[i] = (struct ht_partition){.kind = ht_strdup("delivery"),
                                                      .name = ht_strdup(i ? "delivery_20261120" : "delivery_20260820"),
                                                      .rows = 1204000,
                                                      .bytes = 734003200,
                                                      .drops_at = HT_DATA_NOW + i * 86400000000LL,
                                                      .pending = i ? 0 : 12};
    return r;
}

static struct ht_reply *tenants_page(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_TENANTS, q->kind, q->ticket);
    r->tenants = (struct ht_tenants){ht_alloc(2, sizeof *r->tenants.rows), 2, false};
    r->tenants.rows[0] = (struct ht_tenant){.id = ht_data_id(8, 0), .name = ht_strdup("acme")};
    r->tenants.rows[0].profile = ht_strdup("instaclaim");
    r->tenants.rows[1] = (struct ht_tenant){.id = ht_data_id(8, 1), .name = ht_strdup("saltmarsh")};
    r->tenants.rows[1].profile = ht_strdup("instnt");
    return r;
}

static struct ht_reply *health(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_HEALTH, q->kind, q->ticket);
    r->health = (struct ht_endpoint_health){.attempts = 41210,
                                            .ok = 41202,
                                            .p50_us = 84000,
                                            .p95_us = 212000,
                                            .p99_us = 640000,
                                            .max_us = 5000000,
                                            .n_classes = 2,
                                            .failed_most = 3,
                                            .failed_most_at = HT_DATA_NOW + 600000000LL};
    for (int i = 0; i < 24; i++)
        r->health.hours_ok[i] = 1702 + i * 57;
    r->health.hours_failed[3] = 8;
    r->health.classes[0].error = HT_ATTEMPT_HTTP_5XX;
    r->health.classes[0].status = 503;
    r->health.classes[0].count = 6;
    r->health.classes[0].last_at = HT_DATA_NOW - 2460000000LL;
    r->health.classes[1].error = HT_ATTEMPT_TIMEOUT;
    r->health.classes[1].count = 2;
    r->health.classes[1].last_at = HT_DATA_NOW - 9460000000LL;
    return r;
}

/* What signs for an endpoint: two generations, the newer one waiting or not. */
static void keys(const struct ht_uuid *id, bool staged, struct ht_signing *k)
{
    if (ht_uuid_is_nil(id)) {
        k->endpoint.tenant_name = ht_strdup("acme");
        k->endpoint.description = ht_strdup("acme");
        k->endpoint.profile = ht_strdup("instnt");
    } else
        endpoint(number_of(id), &k->endpoint);
    k->in_flight = 3;
    k->live = (struct ht_secret_metas){ht_alloc(2, sizeof *k->live.rows), 2, false};
    for (int i = 0; i < 2; i++)
        k->live.rows[i] = (struct ht_secret_meta){.id = ht_data_id(5, 1 + i),
                                                  .generation = 2 - i,
                                                  .state = staged ? i ? HT_SECRET_ACTIVE : HT_SECRET_NEXT
                                                           : i    ? HT_SECRET_RETIRING
                                                                  : HT_SECRET_ACTIVE,
                                                  .created_by = ht_strdup("ana"),
                                                  .attempts = 100,
                                                  .signed_attempts = i ? 100 : 41};
}

static struct ht_reply *probe(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_PROBE, q->kind, q->ticket);
    bool staged = number_of(&q->id) == 2;
    r->probed.probe = (struct ht_probe){.verdict = HT_PROBE_ACCEPTED,
                                        .secret_id = ht_data_id(5, 1),
                                        .generation = 2,
                                        .staged = staged,
                                        .others = true,
                                        .answer = {.status = 200},
                                        .strange_status = 401};
    keys(&q->id, staged, &r->probed.signing);
    return r;
}

static struct ht_reply *keys_page(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_SIGNING, q->kind, q->ticket);
    keys(&q->id, false, &r->signing);
    return r;
}

static struct ht_reply *whoami(const struct ht_data *data, const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_WHOAMI, q->kind, q->ticket);
    bool full = !atomic_load(&data->viewer);
    r->whoami = (struct ht_whoami){.login = ht_strdup("ana"),
                                   .database = ht_strdup("local"),
                                   .server_version = ht_strdup("15"),
                                   .may_operate = full,
                                   .may_admin = full};
    return r;
}

static struct ht_reply *rotated(const struct ht_request *q)
{
    static const char secret[] = HT_DATA_SECRET;
    int n = number_of(&q->id);
    struct ht_reply *r = ht_reply_new(HT_REP_ROTATED, q->kind, q->ticket);
    r->id = ht_data_id(5, 7);
    r->rotated.changes_at = HT_DATA_NOW + q->overlap_ms * 1000;
    r->rotated.staged = n % 5 == 2 || n % 5 == 3;
    if (n % 5 == 3)
        r->rotated.public_key =
            ht_strdup("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n");
    else if (ht_secret_new(secret, sizeof secret - 1, &r->rotated.secret, NULL) != HT_OK)
        abort();
    return r;
}

static struct ht_reply *ping(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_PING, q->kind, q->ticket);
    r->ping = (struct ht_ping_result){
        .success = true, .signed_ping = true, .status = 200, .phases = {900, 2000, 9000, 30000, 31000}};
    r->ping.address = ht_strdup("203.0.113.5:443");
    r->ping.request_headers = ht_strdup("Content-Type: application/json\nwebhook-id: x");
    r->ping.request_body = ht_strdup("{\"type\":\"webhook.test\",\"data\":{}}");
    r->ping.response_headers = ht_strdup("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n");
    r->ping.response_body = ht_strdup("{\"received\":true}");
    r->ping.response_body_len = strlen(r->ping.response_body);
    return r;
}

static struct ht_reply *done(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_DONE, q->kind, q->ticket);
    r->text = ht_strdup("done, audit 4711");
    r->id = ht_data_id(5, q->kind == HT_REQ_REVOKE ? 3 - q->generation : 1);
    r->was_always = q->kind == HT_REQ_SNOOZE && q->state == 0;
    return r;
}

static struct ht_reply *answer_kind(const struct ht_data *data, const struct ht_request *q)
{
    switch (q->kind) {
    case HT_REQ_ENDPOINTS:
        return endpoints_page(data, q);
    case HT_REQ_ENDPOINT:
        return endpoint_detail(data, q);
    case HT_REQ_DELIVERIES:
        return deliveries_page(data, q);
    case HT_REQ_DELIVERY:
        return delivery_detail(q);
    case HT_REQ_TYPES:
        return types_page(q);
    case HT_REQ_QUEUE:
        return queue_page(q);
    case HT_REQ_TENANTS:
        return tenants_page(q);
    case HT_REQ_HEALTH:
        return health(q);
    case HT_REQ_DRAFT:
        return ht_uuid_is_nil(&q->draft->id) ? rotated(q) : ht_data_triage(q);
    case HT_REQ_SIGNING:
        return keys_page(q);
    case HT_REQ_PROBE:
        return probe(q);
    case HT_REQ_WHOAMI:
        return whoami(data, q);
    case HT_REQ_ROTATE:
        return rotated(q);
    case HT_REQ_PING:
        return ping(q);
    default:
        break;
    }
    struct ht_reply *r = ht_data_triage(q);
    return r ? r : done(q);
}

struct ht_reply *ht_data_answer(const struct ht_data *data, const struct ht_request *q)
{
    struct ht_reply *r = answer_kind(data, q);
    r->db_now = HT_DATA_NOW;
    r->took_ms = 3;
    return r;
}

struct ht_reply *ht_data_link(enum ht_link_state state)
{
    struct ht_reply *r = ht_reply_new(HT_REP_LINK, HT_REQ_KIND_COUNT, 0);
    r->link.state = state;
    r->link.retry_in_ms = 4000;
    r->text = state == HT_LINK_LOST ? ht_strdup("server closed the connection") : NULL;
    r->db_now = state == HT_LINK_UP ? HT_DATA_NOW : 0;
    return r;
}

void ht_data_figures(void *user, struct ht_engine_figures *ret)
{
    (void)user;
    *ret = (struct ht_engine_figures){
        .state = HT_ENGINE_DELIVERING, .in_flight = 3, .slots = 256, .sent = 1204, .succeeded = 1190, .failed = 14};
}

bool ht_data_profile_facts(void *user, const char *profile, struct ht_profile_facts *ret)
{
    static const int32_t schedule[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    (void)user;
    *ret = (struct ht_profile_facts){.title = profile,
                                     .summary = "",
                                     .schedule_s = schedule,
                                     .schedule_len = HT_COUNT(schedule),
                                     .timeout_ms = 15000};
    ret->multi_signature = strcmp(profile, "claimport") != 0 && strcmp(profile, "instnt") != 0;
    ret->key_per_tenant = ret->workflows = strcmp(profile, "instnt") == 0;
    ret->source_filter = strcmp(profile, "claimable") == 0;
    ret->disable_after_failures = strcmp(profile, "claimport") == 0 ? 5 : 0;
    return true;
}

/* A URL begins with https, a time limit ends with s: enough to see that each line has its complaint. */
void ht_data_check_draft(void *user, const struct ht_draft *d, struct ht_draft_faults *ret)
{
    (void)user;
    *ret = (struct ht_draft_faults){0};
    const char *url = d->text[HT_DRAFT_URL], *limit = d->text[HT_DRAFT_TIMEOUT];
    if (url && strncmp(url, "https://", 8) != 0)
        snprintf(ret->why[HT_DRAFT_URL], sizeof ret->why[0], "plain http is not allowed: use https");
    if (url && strncmp(url, "https://10.", 11) == 0)
        snprintf(ret->why[HT_DRAFT_URL], sizeof ret->why[0],
                 "its address is refused by the rule 'private': use a public host name, or list the range under "
                 "[egress] allow");
    if (limit && limit[0] && limit[strlen(limit) - 1] != 's')
        snprintf(ret->why[HT_DRAFT_TIMEOUT], sizeof ret->why[0], "\"%.20s\" is no duration: give 100ms to 60s", limit);
}
