#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/log.h"
#include "schedule.h"
#include "state.h"

/* An answer within this is a quick one (fair.h). */
#define QUICK_US        1000000
/* So many requests are started before lanes and answers have their turn: the database is not to wait for its next claim
 * until all are sent. */
#define STARTS          32
/* So much time must be left of a lease beyond the time limit when a request starts. */
#define START_MARGIN_US (HT_LEASE_MARGIN * 200LL)

static void keep(struct ht_engine *e, struct ht_flight *f, size_t bytes)
{
    e->kept += bytes - f->kept;
    f->kept = bytes;
}

struct ht_flight *ht_flight_new(struct ht_engine *e, struct ht_fair_endpoint *ep, struct ht_claimed *row,
                                int64_t lease_until)
{
    struct ht_flight *f = ht_alloc(1, sizeof *f);
    f->row = *row;
    memset(row, 0, sizeof *row);
    f->endpoint = ep;
    f->lease_until = lease_until;
    f->stage = HT_FLIGHT_AWAITING;
    keep(e, f, sizeof *f + f->row.event.data_len);
    if (f->row.claims >= HT_CLAIMS_SUSPECT) {
        e->suspect = f;
        e->suspect_since = ht_mono_us();
    }
    TAILQ_INSERT_TAIL(&e->leases, f, lease_link);
    TAILQ_INSERT_TAIL(&ht_state_of(ep)->awaiting, f, stage_link);
    ht_map_put(&e->flights, &f->row.delivery_id, f);
    return f;
}

bool ht_flight_again(struct ht_engine *e, struct ht_claimed *row, int64_t lease_until)
{
    struct ht_flight *f = ht_map_get(&e->flights, &row->delivery_id);
    if (!f) {
        return false;
    }
    if (f->stage == HT_FLIGHT_SETTLING) {
        /* Its settlement names the old lease and will be fenced off. */
        const struct ht_lease lease = {row->tenant_id, row->endpoint_id, row->delivery_id, row->lease_id};
        ht_settle_release_lease(e, &lease);
    } else {
        f->row.lease_id = f->result.lease_id = row->lease_id;
        f->lease_until = lease_until;
        TAILQ_REMOVE(&e->leases, f, lease_link);
        TAILQ_INSERT_TAIL(&e->leases, f, lease_link);
    }
    ht_event_fini(&row->event);
    memset(row, 0, sizeof *row);
    return true;
}

void ht_flight_queue(struct ht_engine *e, struct ht_flight *f)
{
    TAILQ_REMOVE(&ht_state_of(f->endpoint)->awaiting, f, stage_link);
    f->stage = HT_FLIGHT_QUEUED;
    ht_fair_queue(e->fair, &f->item, f->endpoint, f->row.attempt > 1);
}

static void give_back_exchange(struct ht_engine *e, struct ht_flight *f)
{
    if (f->x) {
        f->x->owner = NULL;
        ht_exchange_rest(f->x);
        e->idle[e->n_idle++] = f->x;
        f->x = NULL;
    }
}

/* The request has ended or never began. */
static void end_sending(struct ht_engine *e, struct ht_flight *f, enum ht_fair_verdict verdict, int64_t took_us,
                        bool succeeded)
{
    if (f->x) {
        ht_poller_abort(e->poller, f->x);
    }
    give_back_exchange(e, f);
    ht_fair_sent(e->fair, &f->item, verdict, took_us, succeeded);
}

static void settlement_free(struct ht_settlement *s)
{
    ht_attempt_fini(&s->attempt);
}

void ht_flight_drop(struct ht_engine *e, struct ht_flight *f)
{
    bool sent = f->stage >= HT_FLIGHT_SENDING;
    switch (f->stage) {
    case HT_FLIGHT_AWAITING:
        TAILQ_REMOVE(&ht_state_of(f->endpoint)->awaiting, f, stage_link);
        break;
    case HT_FLIGHT_QUEUED:
        ht_fair_unqueue(e->fair, &f->item);
        break;
    case HT_FLIGHT_SENDING:
        end_sending(e, f, f->endpoint->verdict, f->endpoint->took_us, !f->endpoint->failed);
        break;
    case HT_FLIGHT_WITHHELD:
        TAILQ_REMOVE(&e->mode.withheld, f, stage_link);
        settlement_free(&f->result);
        break;
    case HT_FLIGHT_SETTLING:
        break;
    }
    e->suspect = e->suspect == f ? NULL : e->suspect;
    ht_fair_left(e->fair, f->endpoint, sent, ht_mono_us());
    TAILQ_REMOVE(&e->leases, f, lease_link);
    ht_map_del(&e->flights, &f->row.delivery_id);
    ht_delivery_target_unref(f->target);
    ht_event_fini(&f->row.event);
    keep(e, f, 0);
    free(f);
}

/* Results ---------------------------------------------------------------------------------------------------------- */

static void write_settlement(const struct ht_engine *e, const struct ht_flight *f, struct ht_attempt *a,
                             int64_t retry_after_ms, struct ht_settlement *ret)
{
    const struct ht_delivery_target *t = f->target;
    struct ht_schedule_result next;
    struct ht_schedule_input in = {
        .delays_s = t->delays_s,
        .delays_len = t->delays_len,
        .attempt = f->row.attempt,
        .error = a->error,
        .status = a->status,
        .retry_after_ms = retry_after_ms,
        .disable_after_failures = t->profile ? t->profile->disable_after_failures : 0,
    };
    if (a->error != HT_ATTEMPT_NONE) {
        ht_random(&in.chance, sizeof in.chance);
    }
    ht_schedule(&in, &next);
    a->n = f->row.attempt;
    a->at = f->started_at;
    a->secret_ids = f->generations[0] != '\0' ? ht_strdup(f->generations) : NULL;
    a->worker = ht_strdup(e->worker_name);
    *ret = (struct ht_settlement){
        .tenant_id = f->row.tenant_id,
        .endpoint_id = f->row.endpoint_id,
        .delivery_id = f->row.delivery_id,
        .lease_id = f->row.lease_id,
        .to = next.to,
        .retry_in_ms = next.retry_in_ms,
        .reason = next.reason,
        .disable_endpoint = next.disable_endpoint,
        .attempt = *a,
    };
}

static void settle(struct ht_engine *e, struct ht_flight *f, struct ht_attempt *a, int64_t retry_after_ms)
{
    struct ht_settlement s;
    ht_event_fini(&f->row.event);
    write_settlement(e, f, a, retry_after_ms, &s);
    keep(e, f, sizeof *f + ht_attempt_bytes(a));
    if (!ht_mode_withhold(e, f, &s)) {
        ht_settle_add(e, f, &s);
    }
}

void ht_flight_done(void *user, struct ht_exchange *x)
{
    struct ht_engine *e = user;
    struct ht_flight *f = x->owner;
    struct ht_attempt a = {0};
    HT_FAULT("after_answer");
    if (x->starved && !x->response.complete) {
        ht_engine_report(e, HT_LOG_ERROR, "no more sockets: raise the limit of open files, or lower the concurrency");
        ht_supply_back_off(e);
        ht_settle_release(e, f);
        return;
    }
    ht_exchange_finish(x, &a);
    int64_t retry_after = ht_retry_after_ms(x->response.retry_after, ht_engine_db_now(e));
    end_sending(e, f,
                !x->response.complete          ? HT_FAIR_SILENT
                : a.phases.total_us < QUICK_US ? HT_FAIR_QUICK
                                               : HT_FAIR_LATE,
                a.phases.total_us, a.error == HT_ATTEMPT_NONE);
    settle(e, f, &a, retry_after);
}

/* Nothing was sent. SEALED and INTERNAL are our own faults, BLOCKED is the policy's. */
static void fail_unsent(struct ht_engine *e, struct ht_flight *f, enum ht_attempt_error error, const char *why)
{
    struct ht_attempt a = {.error = error, .error_detail = ht_strdup(why)};
    if (error != HT_ATTEMPT_BLOCKED) {
        ht_engine_report(e, HT_LOG_ERROR, "a delivery was set aside: %s", why);
    }
    end_sending(e, f, f->endpoint->verdict, f->endpoint->took_us, false);
    settle(e, f, &a, 0);
}

/* Starting --------------------------------------------------------------------------------------------------------- */

static struct ht_exchange *take_exchange(struct ht_engine *e)
{
    if (e->n_idle > 0) {
        return e->idle[--e->n_idle];
    }
    struct ht_exchange *x = ht_alloc(1, sizeof *x);
    ht_exchange_init(x);
    return x;
}

void ht_flight_free_exchanges(struct ht_engine *e)
{
    while (e->n_idle > 0) {
        struct ht_exchange *x = e->idle[--e->n_idle];
        ht_exchange_fini(x);
        free(x);
    }
}

static void write_headers(struct ht_flight *f, const struct ht_wire_headers *wire)
{
    const struct ht_endpoint *ep = &f->target->t.endpoint;
    char id[HT_UUID_TEXT], attempt[16];
    ht_uuid_format(&f->row.delivery_id, id);
    snprintf(attempt, sizeof attempt, "%d", f->row.attempt);
    ht_exchange_header(f->x, "Content-Type", "application/json");
    ht_exchange_wire_headers(f->x, wire);
    ht_exchange_header(f->x, "X-Hooktop-Delivery", id);
    ht_exchange_header(f->x, "X-Hooktop-Attempt", attempt);
    ht_exchange_custom_headers(f->x, ep->headers, ep->headers_len);
}

/* Body, signature, headers. *ret_error says whose fault a failure is. */
static enum ht_rc build(struct ht_engine *e, struct ht_flight *f, enum ht_attempt_error *ret_error, struct ht_err *err)
{
    const struct ht_delivery_target *t = f->target;
    char event_id[64];
    bool sealed = false;
    *ret_error = HT_ATTEMPT_INTERNAL;
    ht_exchange_begin(f->x);
    enum ht_rc rc = t->profile->body(&f->row.event, f->row.body_version, &f->x->body, err);
    if (rc != HT_OK) {
        return rc;
    }
    ht_profile_event_id(t->profile, &f->row.event.id, event_id);
    struct ht_sign_input in = {
        .type = f->row.event.type,
        .event_id = event_id,
        .timestamp_s = f->started_at / 1000000,
        .body = f->x->body.data,
        .body_len = f->x->body.len,
    };
    HT_FAULT_BODY(f->x->body.data);
    rc = ht_keys_sign(e->keys, t->profile, &f->row.tenant_id, &f->row.event.id, &t->t.secrets, f->started_at, &in,
                      &e->wire, f->generations, &sealed, err);
    if (rc == HT_OK && ht_delivery_target_open(f->target, e->o.ring, err) != HT_OK) {
        rc = HT_FAILED;
        sealed = true;
    }
    if (rc != HT_OK) {
        *ret_error = sealed ? HT_ATTEMPT_SEALED : HT_ATTEMPT_INTERNAL;
        return rc;
    }
    write_headers(f, &e->wire);
    return ht_exchange_prepare(f->x, t->url, t->timeout_ms, err);
}

static void start(struct ht_engine *e, struct ht_flight *f, int64_t now)
{
    struct ht_err err = {0};
    enum ht_attempt_error error = HT_ATTEMPT_INTERNAL;
    f->stage = HT_FLIGHT_SENDING;
    keep(e, f, 0);
    f->target = ht_delivery_target_ref(ht_state_of(f->endpoint)->target);
    f->started_at = ht_engine_db_now(e);
    if (f->lease_until - now < f->target->timeout_ms * 1000LL + START_MARGIN_US) {
        /* The database could not renew it in time: somebody else will have it. */
        ht_settle_release(e, f);
        return;
    }
    if (f->row.claims > HT_CLAIMS_MAX) {
        fail_unsent(e, f, HT_ATTEMPT_INTERNAL, "workers that took it ended before they could settle it");
        return;
    }
    if (f->target->refused != HT_ATTEMPT_NONE) {
        fail_unsent(e, f, f->target->refused, f->target->why);
        return;
    }
    f->x = take_exchange(e);
    if (build(e, f, &error, &err) != HT_OK) {
        fail_unsent(e, f, error, err.why);
        return;
    }
    ht_event_fini(&f->row.event); /* it stands in the request */
    f->x->owner = f;
    HT_FAULT("before_send");
    uint64_t shard;
    memcpy(&shard, f->row.endpoint_id.b + 8, sizeof shard);
    if (!ht_poller_start(e->poller, f->x, shard >> 8)) {
        fail_unsent(e, f, HT_ATTEMPT_INTERNAL, "libcurl does not take the transfer");
        return;
    }
    if (f == e->suspect) {
        e->settling.renew_look_at = 0; /* the database is to know that it could be built */
    }
    e->supply.starts++;
}

bool ht_flight_start_some(struct ht_engine *e, int64_t now)
{
    struct ht_fair_item *i;
    int n = 0;
    while (n < STARTS && (i = ht_fair_next(e->fair)) != NULL) {
        start(e, (struct ht_flight *)i, now);
        n++;
    }
    if (n > 0) {
        ht_poller_kick(e->poller);
        HT_FAULT("after_send");
    }
    return n == STARTS;
}
