#include "hooktop/model/message.h"
#include <stdlib.h>

struct ht_request *ht_request_new(enum ht_request_kind kind, uint64_t ticket)
{
    struct ht_request *r = ht_alloc(1, sizeof(*r));
    r->kind = kind;
    r->ticket = ticket;
    return r;
}

void ht_subscribed_fini(struct ht_subscribed *s)
{
    free(s->was);
    free(s->now);
    *s = (struct ht_subscribed){0};
}

void ht_request_free(void *request)
{
    struct ht_request *r = request;
    if (r == NULL)
        return;
    free(r->ids);
    free(r->groups);
    free(r->text);
    free(r->reason);
    free(r->path);
    ht_draft_free(r->draft);
    ht_subscribed_fini(&r->subscribed);
    free(r);
}

void ht_ping_result_fini(struct ht_ping_result *p)
{
    free(p->error_detail);
    free(p->address);
    free(p->request_headers);
    free(p->request_body);
    free(p->response_headers);
    free(p->response_body);
    *p = (struct ht_ping_result){0};
}

void ht_probe_fini(struct ht_probe *p)
{
    ht_ping_result_fini(&p->answer);
    *p = (struct ht_probe){0};
}

void ht_signing_fini(struct ht_signing *k)
{
    ht_endpoint_fini(&k->endpoint);
    ht_secret_metas_fini(&k->live);
    *k = (struct ht_signing){0};
}

void ht_probed_fini(struct ht_probed *p)
{
    ht_probe_fini(&p->probe);
    ht_signing_fini(&p->signing);
}

void ht_rotated_fini(struct ht_rotated *r)
{
    ht_secret_free(r->secret);
    free(r->public_key);
    *r = (struct ht_rotated){0};
}

void ht_whoami_fini(struct ht_whoami *w)
{
    free(w->login);
    free(w->database);
    free(w->server_version);
    *w = (struct ht_whoami){0};
}

void ht_endpoint_detail_fini(struct ht_endpoint_detail *d)
{
    ht_endpoint_fini(&d->endpoint);
    ht_subscriptions_fini(&d->subscriptions);
    ht_secret_metas_fini(&d->secrets);
    ht_deliveries_fini(&d->latest);
}

void ht_delivery_detail_fini(struct ht_delivery_detail *d)
{
    ht_delivery_fini(&d->delivery);
    ht_event_fini(&d->event);
    for (size_t i = 0; d->signatures && i < d->attempts.n; i++)
        ht_signature_fini(&d->signatures[i]);
    free(d->signatures);
    ht_attempts_fini(&d->attempts);
    ht_secret_metas_fini(&d->secrets);
    ht_attempt_fini(&d->success);
    free(d->body);
    *d = (struct ht_delivery_detail){0};
}

void ht_event_detail_fini(struct ht_event_detail *d)
{
    ht_event_fini(&d->event);
    ht_whys_fini(&d->whys);
}

void ht_replay_detail_fini(struct ht_replay_detail *d)
{
    ht_replay_fini(&d->replay);
    ht_tallies_fini(&d->tally);
}

struct ht_reply *ht_reply_new(enum ht_reply_kind kind, enum ht_request_kind request, uint64_t ticket)
{
    struct ht_reply *r = ht_alloc(1, sizeof(*r));
    r->kind = kind;
    r->request = request;
    r->ticket = ticket;
    return r;
}

static void payload_fini(struct ht_reply *r)
{
    switch (r->kind) {
    case HT_REP_ENDPOINTS:
        ht_endpoints_fini(&r->endpoints);
        break;
    case HT_REP_ENDPOINT:
        ht_endpoint_detail_fini(&r->endpoint);
        break;
    case HT_REP_DELIVERIES:
        ht_deliveries_fini(&r->deliveries);
        break;
    case HT_REP_DELIVERY:
        ht_delivery_detail_fini(&r->delivery);
        break;
    case HT_REP_TYPES:
        ht_event_types_fini(&r->types);
        break;
    case HT_REP_FAILURES:
        ht_failure_groups_fini(&r->failures.list);
        break;
    case HT_REP_EVENTS:
        ht_events_fini(&r->events);
        break;
    case HT_REP_EVENT:
        ht_event_detail_fini(&r->event);
        break;
    case HT_REP_REPLAYS:
        ht_replays_fini(&r->replays);
        break;
    case HT_REP_REPLAY:
        ht_replay_detail_fini(&r->replay);
        break;
    case HT_REP_WHOAMI:
        ht_whoami_fini(&r->whoami);
        break;
    case HT_REP_ROTATED:
        ht_rotated_fini(&r->rotated);
        break;
    case HT_REP_PING:
        ht_ping_result_fini(&r->ping);
        break;
    case HT_REP_PROBE:
        ht_probed_fini(&r->probed);
        break;
    case HT_REP_SIGNING:
        ht_signing_fini(&r->signing);
        break;
    case HT_REP_FLEET:
        ht_fleet_keys_fini(&r->fleet);
        break;
    case HT_REP_TENANTS:
        ht_tenants_fini(&r->tenants);
        break;
    case HT_REP_QUEUE:
        ht_queue_fini(&r->queue);
        break;
    case HT_REP_AUDIT:
        ht_audit_entries_fini(&r->audit);
        break;
    case HT_REP_REPLAY_PREVIEW:
        free(r->preview.ids);
        free(r->preview.groups);
        break;
    case HT_REP_CANCEL_PREVIEW:
        free(r->cancel.ids);
        break;
    case HT_REP_HEALTH:
    case HT_REP_ERROR:
    case HT_REP_DONE:
    case HT_REP_LINK:
    case HT_REP_CHANGED:
    case HT_REP_ELSEWHERE:
    case HT_REP_FIGURES:
    case HT_REP_KIND_COUNT:
        break;
    }
}

void ht_reply_free(void *reply)
{
    struct ht_reply *r = reply;
    if (r == NULL)
        return;
    payload_fini(r);
    ht_subscribed_fini(&r->subscribed);
    free(r->text);
    free(r);
}
