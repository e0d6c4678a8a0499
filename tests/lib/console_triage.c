#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_data.h"

/* Failures, events and replays, made here like the rest of console_data.c. */

#define GROUPS  14
#define EVENTS  40
#define REPLAYS 5
static const char *const profiles[] = {"standard", "instaclaim", "claimport", "instnt", "claimable"};

static const char *const names[] = {"Acme CRM sync", "Acme billing (EU)", "Globex \xe8\xaa\xb2\xe9\x87\x91 orders",
                                    "Initech \033[31mred\033[0m"};

static struct ht_reply *failures(const struct ht_request *q)
{
    static const struct {
        enum ht_attempt_error error;
        int32_t code;
        enum ht_delivery_status status;
    } kinds[] = {{HT_ATTEMPT_GONE, 410, HT_DELIVERY_EXHAUSTED},
                 {HT_ATTEMPT_HTTP_5XX, 503, HT_DELIVERY_READY},
                 {HT_ATTEMPT_TLS, 0, HT_DELIVERY_READY},
                 {HT_ATTEMPT_TIMEOUT_CONNECT, 0, HT_DELIVERY_HELD},
                 {HT_ATTEMPT_SEALED, 0, HT_DELIVERY_QUARANTINED}};
    struct ht_reply *r = ht_reply_new(HT_REP_FAILURES, q->kind, q->ticket);
    bool none = q->text && strstr(q->text, "nothing");
    r->failures.by = (enum ht_failure_by)q->state;
    r->failures.window_us = 86400LL * 1000000;
    r->failures.list.rows = ht_alloc(GROUPS, sizeof *r->failures.list.rows);
    for (int i = 0; !none && i < GROUPS; i++) {
        struct ht_failure_group *g = &r->failures.list.rows[r->failures.list.n++];
        *g = (struct ht_failure_group){
            .endpoint_id = ht_data_endpoint_id(i),
            .endpoint_url = ht_strdup("https://hooks.acme.example/in"),
            .endpoint_description = i % 5 == 4 ? NULL : ht_strdup(names[i % 4]),
            .endpoint_status = i % 5 == 0   ? HT_ENDPOINT_DISABLED
                               : i % 5 == 3 ? HT_ENDPOINT_PAUSED
                                            : HT_ENDPOINT_ACTIVE,
            .profile = ht_strdup("standard"),
            .tenant_name = ht_strdup("Acme"),
            .pending = 3 * i,
            .held = i % 5 == 3 ? 12 : 0,
            .error = kinds[i % 5].error,
            .code = kinds[i % 5].code,
            .status = kinds[i % 5].status,
            .count = i == 0 ? 123456 : 903 - 60 * i,
            .first_at = HT_DATA_NOW - (21 + i) * 3600000000LL,
            .last_at = HT_DATA_NOW - (6 + 100 * i) * 1000000LL,
            .next_at = i % 5 == 1 || i % 5 == 2 ? HT_DATA_NOW + (i + 3) * 60000000LL : 0,
            .sample_id = ht_data_id(2, i),
            .acknowledged_at = i == 3 ? HT_DATA_NOW - 3600000000LL : 0,
            .acknowledged_by = i == 3 ? ht_strdup("ana") : NULL,
            .note = i == 3 ? ht_strdup("cert renewal \033[7m") : NULL,
            .muted_until = i == 13 ? HT_DATA_NOW + 7200000000LL : 0,
            .parts = 1,
            .handled = i == 3 || i == 13,
        };
        if (q->state != HT_FAILURES_BY_ALL) {
            g->parts = 5 + i;
            g->handled = i == 1 ? 2 : g->handled * g->parts;
        }
        if (q->state == HT_FAILURES_BY_ENDPOINT) {
            g->error = HT_ATTEMPT_NONE;
            g->code = 0;
        } else if (q->state == HT_FAILURES_BY_ERROR) {
            g->endpoint_id = (struct ht_uuid){0};
            free(g->endpoint_url);
            free(g->endpoint_description);
            g->endpoint_url = g->endpoint_description = NULL;
        }
        for (int k = 0; k < HT_TREND; k++)
            g->trend[k] = (k * (i + 3)) % 9;
    }
    return r;
}

static void event(int n, struct ht_event *e)
{
    *e = (struct ht_event){.id = ht_data_id(3, n),
                           .type = ht_strdup(n % 3 ? "invoice.paid" : "customer.updated"),
                           .source = ht_strdup(n % 2 ? "api" : "ui"),
                           .performed_by = ht_strdup("lukas"),
                           .key = n % 4 ? NULL : ht_strdup("order-\033[1m77\xe2\x80\xae"),
                           .created_at = HT_DATA_NOW - n * 1500000LL,
                           .deliveries = n % 4};
}

/* Long lists for who asks for many. */
static int total_of(const struct ht_request *q, int usual)
{
    return q->text && strstr(q->text, "many") ? HT_DATA_MANY : usual;
}

static int end_of_page(const struct ht_request *q, int from, int total)
{
    return q->limit > 0 && from + q->limit < total ? from + q->limit : total;
}

static struct ht_reply *events(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_EVENTS, q->kind, q->ticket);
    bool none = q->text && strstr(q->text, "nothing");
    int total = none ? 0 : total_of(q, EVENTS);
    int from = ht_uuid_is_nil(&q->before) ? 0 : total - (q->before.b[14] << 8 | q->before.b[15]) + 1;
    int end = end_of_page(q, from, total);
    r->events.rows = ht_alloc((size_t)total + 1, sizeof *r->events.rows);
    r->events.more = end < total;
    for (int i = from; i < end; i++)
        event(total - i, &r->events.rows[r->events.n++]);
    return r;
}

static struct ht_reply *event_detail(const struct ht_request *q)
{
    static const struct {
        const char *outcome, *reason;
    } whys[] = {{"delivered", "attempt 1 at 2026-11-20 13:59:58Z: HTTP 200"},
                {"retrying", "attempt 3: HTTP 503 http_5xx; next at 2026-11-20 14:30:00Z"},
                {"held", "the endpoint is paused since 2026-11-20 11:00:00Z: paused by ana: their database moves to "
                         "another machine, until Monday"},
                {"not_subscribed", "never subscribed to invoice.paid"},
                {"source_filter", "it took only events from the ui, and this one is from the api"}};
    static const char data[] = "{\"id\":\"inv_1\",\"amount\":12.50,\"note\":\"\\u001b[2J\"}";
    struct ht_reply *r = ht_reply_new(HT_REP_EVENT, q->kind, q->ticket);
    event(1, &r->event.event);
    r->event.event.id = q->id;
    r->event.event.data = ht_strdup(data);
    r->event.event.data_len = sizeof data - 1;
    r->event.whys.rows = ht_alloc(HT_COUNT(whys), sizeof *r->event.whys.rows);
    for (int i = 0; i < (int)HT_COUNT(whys); i++) {
        struct ht_why *w = &r->event.whys.rows[r->event.whys.n++];
        *w = (struct ht_why){.endpoint_id = ht_data_endpoint_id(i),
                             .url = ht_strdup("https://hooks.acme.example/in"),
                             .description = i % 2 ? NULL : ht_strdup(names[i % 4]),
                             .outcome = ht_strdup(whys[i].outcome),
                             .reason = ht_strdup(whys[i].reason),
                             .redelivered = i == 0 ? 2 : 0};
        if (i < 3)
            w->delivery_id = ht_data_id(2, i);
    }
    return r;
}

static void replay(int n, struct ht_replay *r)
{
    static const struct {
        enum ht_replay_state state;
        int64_t queued, seconds_left;
    } as[REPLAYS] = {{HT_REPLAY_RUNNING, 412, 49},
                     {HT_REPLAY_PAUSED, 412, 0},
                     {HT_REPLAY_FINISHED, 840, 0},
                     {HT_REPLAY_SENDING, 840, 4},
                     {HT_REPLAY_CANCELLED, 412, 0}};
    *r = (struct ht_replay){.id = ht_data_id(8, n),
                            .state = as[n].state,
                            .tenant_name = ht_strdup("Acme"),
                            .what = ht_strdup("status:exhausted error:gone code:410"),
                            .endpoint_url = n == 2 ? NULL : ht_strdup("https://hooks.acme.example/in"),
                            .since = HT_DATA_NOW - 86400000000LL,
                            .until = HT_DATA_NOW - 90000000LL,
                            .rate_per_s = 10,
                            .reason = ht_strdup("they mended it"),
                            .created_by = ht_strdup("ana"),
                            .created_at = HT_DATA_NOW - 90000000LL * (1 + n),
                            .ended_at = n == 2 || n == 4 ? HT_DATA_NOW - 60000000LL : 0,
                            .total = 871,
                            .queued = as[n].queued,
                            .skipped = 31,
                            .seconds_left = as[n].seconds_left};
}

static struct ht_reply *replays(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_REPLAYS, q->kind, q->ticket);
    r->replays.rows = ht_alloc(REPLAYS, sizeof *r->replays.rows);
    for (r->replays.n = 0; r->replays.n < REPLAYS; r->replays.n++)
        replay((int)r->replays.n, &r->replays.rows[r->replays.n]);
    return r;
}

static struct ht_reply *replay_detail(const struct ht_request *q)
{
    static const struct {
        const char *outcome;
        int64_t n, sent;
    } outcomes[] = {{HT_TALLY_NOT_QUEUED, 428, 0},
                    {"succeeded", 250, 250},
                    {HT_TALLY_ON_ITS_WAY, 100, 0},
                    {HT_TALLY_LEFT_OUT "delivered", 31, 0},
                    {"exhausted", 30, 30},
                    {"retrying", 20, 20},
                    {"held", 12, 0}};
    struct ht_reply *r = ht_reply_new(HT_REP_REPLAY, q->kind, q->ticket);
    int n = q->id.b[15] % REPLAYS;
    bool all = n == 2 || n == 3; /* what would not be queued yet was sent */
    replay(n, &r->replay.replay);
    r->replay.replay.id = q->id;
    r->replay.tally.rows = ht_alloc(HT_COUNT(outcomes), sizeof *r->replay.tally.rows);
    for (size_t i = all; i < HT_COUNT(outcomes); i++) {
        int64_t more = all && i == 1 ? outcomes[0].n : 0;
        r->replay.tally.rows[r->replay.tally.n++] =
            (struct ht_tally){ht_strdup(outcomes[i].outcome), outcomes[i].n + more, outcomes[i].sent + more};
    }
    return r;
}

static struct ht_reply *preview(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_REPLAY_PREVIEW, q->kind, q->ticket);
    r->preview.what = q->replay;
    r->preview.what.until = HT_DATA_NOW;
    r->preview.counts = (struct ht_replay_preview){.total = 871, .endpoints = 1, .disabled = 871, .purged = 4};
    if (q->n_ids) {
        r->preview.ids = ht_alloc(q->n_ids, sizeof *q->ids);
        memcpy(r->preview.ids, q->ids, q->n_ids * sizeof *q->ids);
        r->preview.n_ids = q->n_ids;
        r->preview.counts = (struct ht_replay_preview){.total = (int64_t)q->n_ids, .endpoints = 1, .arrived = 2};
    }
    if (q->n_groups) { /* 1000 more in each: the first has 1000 */
        int64_t n = (int64_t)q->n_groups;
        r->preview.groups = ht_alloc(q->n_groups, sizeof *q->groups);
        memcpy(r->preview.groups, q->groups, q->n_groups * sizeof *q->groups);
        r->preview.n_groups = q->n_groups;
        r->preview.largest = n * 1000;
        r->preview.counts = (struct ht_replay_preview){.total = n * (n + 1) / 2 * 1000, .paused = 7};
    }
    return r;
}

/* One in three is being sent, one more has ended. */
static struct ht_reply *cancel_preview(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_CANCEL_PREVIEW, q->kind, q->ticket);
    int64_t n = (int64_t)q->n_ids;
    r->cancel.ids = ht_alloc(q->n_ids, sizeof *q->ids);
    memcpy(r->cancel.ids, q->ids, q->n_ids * sizeof *q->ids);
    r->cancel.n_ids = q->n_ids;
    r->cancel.counts = (struct ht_cancel_preview){.waiting = n - 2 * (n / 3), .sending = n / 3, .ended = n / 3};
    return r;
}

static struct ht_reply *edited(const struct ht_request *q)
{
    struct ht_reply *r = ht_reply_new(HT_REP_DONE, q->kind, q->ticket);
    r->id = q->draft->id;
    r->text = ht_strdup("done, audit 4711");
    if (q->draft->text[HT_DRAFT_EVENTS])
        r->subscribed =
            (struct ht_subscribed){ht_strdup("invoice.* order.made user.*"), ht_strdup("order.made customer.*")};
    return r;
}

static struct ht_reply *audit_page(const struct ht_request *q)
{
    static const char *const actions[] = {"secret.added", "endpoint.state", "delivery.redelivered"};
    struct ht_reply *r = ht_reply_new(HT_REP_AUDIT, q->kind, q->ticket);
    int total = total_of(q, 3), from = q->before_seq ? total - (int)q->before_seq + 28 : 0;
    int end = end_of_page(q, from, total);
    r->audit.rows = ht_alloc((size_t)total, sizeof *r->audit.rows);
    r->audit.more = end < total;
    for (int i = from; i < end; i++) {
        char id[HT_UUID_TEXT];
        ht_uuid_format(&(struct ht_uuid){.b = {1, 2, 3, (uint8_t)i}}, id);
        r->audit.rows[r->audit.n++] =
            (struct ht_audit_entry){.tenant_id = ht_data_id(8, 0),
                                    .tenant_name = ht_strdup("acme"),
                                    .seq = total + 27 - i,
                                    .at = HT_DATA_NOW - i * 61000000LL,
                                    .who = ht_strdup(i == 1 ? "ana \033[31m" : "ana"),
                                    .from = ht_strdup("198.51.100.7 hooktop console"),
                                    .action = ht_strdup(actions[i % 3]),
                                    .object = ht_strdup(id),
                                    .reason = i ? ht_strdup("customer asked, ticket 4711") : NULL,
                                    .detail = ht_strdup("{\"before\":\"active\",\"after\":\"paused\"}")};
    }
    return r;
}

static struct ht_reply *fleet_page(const struct ht_request *q)
{
    static const enum ht_secret_state states[] = {HT_SECRET_ACTIVE, HT_SECRET_RETIRING, HT_SECRET_NEXT,
                                                  HT_SECRET_ACTIVE, HT_SECRET_ACTIVE};
    struct ht_reply *r = ht_reply_new(HT_REP_FLEET, q->kind, q->ticket);
    int total = total_of(q, (int)HT_COUNT(states)), end = end_of_page(q, q->generation, total);
    r->fleet.rows = ht_alloc((size_t)total, sizeof *r->fleet.rows);
    r->fleet.more = end < total;
    for (int i = q->generation; i < end; i++) {
        struct ht_fleet_key *k = &r->fleet.rows[r->fleet.n++];
        bool tenants = i == total - 1;
        k->tenant_id = ht_data_id(8, i);
        k->endpoint_id = tenants ? (struct ht_uuid){0} : ht_data_endpoint_id(i);
        k->tenant_name = ht_strdup("acme");
        k->profile = ht_strdup(profiles[tenants ? 3 : i % 3]);
        k->endpoint_url = tenants ? NULL : ht_strdup("https://hooks.example.com/in");
        k->endpoint_description = tenants ? NULL : ht_strdup(i == 2 ? "株式会社 \033[31mred" : "Acme billing");
        k->age_ms = (i + 1) * 3970800000LL;
        k->left_ms = states[i % (int)HT_COUNT(states)] == HT_SECRET_ACTIVE ? 0 : 68520000;
        k->secret = (struct ht_secret_meta){.id = ht_data_id(5, i),
                                            .generation = i + 1,
                                            .state = states[i % (int)HT_COUNT(states)],
                                            .created_at = HT_DATA_NOW - k->age_ms * 1000,
                                            .created_by = ht_strdup("ana"),
                                            .revealed_at = HT_DATA_NOW - k->age_ms * 1000,
                                            .confirmed_at = i == 0 ? HT_DATA_NOW : 0,
                                            .public_pem = tenants ? ht_strdup("PEM") : NULL,
                                            .attempts = 100,
                                            .signed_attempts = 20 * i,
                                            .last_used_at = HT_DATA_NOW - 3000000};
    }
    return r;
}

struct ht_reply *ht_data_triage(const struct ht_request *q)
{
    struct ht_reply *r;
    switch (q->kind) {
    case HT_REQ_DRAFT:
        return edited(q);
    case HT_REQ_FAILURES:
        return failures(q);
    case HT_REQ_EVENTS:
        return events(q);
    case HT_REQ_EVENT:
        return event_detail(q);
    case HT_REQ_REPLAYS:
        return replays(q);
    case HT_REQ_REPLAY:
        return replay_detail(q);
    case HT_REQ_REPLAY_PREVIEW:
        return preview(q);
    case HT_REQ_CANCEL_PREVIEW:
        return cancel_preview(q);
    case HT_REQ_FLEET:
        return fleet_page(q);
    case HT_REQ_AUDIT:
        return audit_page(q);
    case HT_REQ_REPLAY_START:
        r = ht_reply_new(HT_REP_DONE, q->kind, q->ticket);
        r->id = ht_data_id(8, 0);
        r->text = ht_strdup("871 deliveries at 10 per second");
        return r;
    default:
        return NULL;
    }
}
