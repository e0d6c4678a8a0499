#include <stdio.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/draft.h"
#include "hooktop/profile/profile.h"
#include "hooktop/store/queue.h"

#include "answers_triage.h"
#include "console_parts.h"

#define LATEST       50 /* deliveries on an endpoint's page */
#define PAGE_DEFAULT 200

/* Pages ----------------------------------------------------------------------------------------------------------- */

static int32_t limit_of(const struct ht_request *q)
{
    return q->limit > 0 ? q->limit : PAGE_DEFAULT;
}

static const struct ht_uuid *given(const struct ht_uuid *id)
{
    return ht_uuid_is_nil(id) ? NULL : id;
}

static enum ht_rc parse_filter(enum ht_filter_list list, const struct ht_request *q, int64_t now_us,
                               struct ht_filter *ret, struct ht_err *err)
{
    size_t column = 0;
    return ht_filter_parse(list, q->text != NULL ? q->text : "", now_us, ret, &column, err);
}

static enum ht_rc answer_endpoints(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                   struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    enum ht_rc rc = parse_filter(HT_FILTER_ENDPOINTS, q, r->db_now, &f, err);
    if (rc == HT_OK)
        rc = ht_store_endpoints(p->conn, p->tenant, &f, given(&q->before), limit_of(q), &r->endpoints, err);
    return rc;
}

static enum ht_rc answer_endpoint(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&q->id, id);
    return ht_endpoint_detail_load(p->conn, id, LATEST, &r->endpoint, err);
}

static enum ht_rc answer_deliveries(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                    struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    enum ht_rc rc = parse_filter(HT_FILTER_DELIVERIES, q, r->db_now, &f, err);
    const struct ht_uuid *last = given(&q->before);
    if (rc == HT_OK && ht_filter_oldest_first(&f))
        rc = ht_store_deliveries(p->conn, p->tenant, &f, NULL, last, limit_of(q), &r->deliveries, err);
    else if (rc == HT_OK)
        rc = ht_store_deliveries(p->conn, p->tenant, &f, last, given(&q->after), limit_of(q), &r->deliveries, err);
    ht_deliveries_complete(r->deliveries.rows, r->deliveries.n);
    return rc;
}

static enum ht_rc answer_delivery(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&q->id, id);
    return ht_delivery_detail_load(p->conn, id, (unsigned)q->state, &r->delivery, err);
}

static enum ht_rc answer_types(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    enum ht_rc rc = parse_filter(HT_FILTER_TYPES, q, r->db_now, &f, err);
    return rc == HT_OK ? ht_store_types(p->conn, &f, &r->types, err) : rc;
}

static enum ht_rc answer_queue(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    (void)q;
    return ht_store_queue(p->conn, &r->queue, err);
}

static enum ht_rc answer_tenants(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    (void)q;
    char id[HT_UUID_TEXT];
    if (p->tenant == NULL)
        return ht_store_tenants(p->conn, &r->tenants, err);
    ht_uuid_format(p->tenant, id);
    r->tenants = (struct ht_tenants){ht_alloc(1, sizeof(struct ht_tenant)), 1, false};
    return ht_store_tenant_find(p->conn, id, r->tenants.rows, err);
}

static enum ht_rc answer_audit(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    const struct ht_audit_entry last = {.tenant_id = q->tenant, .at = q->before_at, .seq = q->before_seq};
    enum ht_rc rc = parse_filter(HT_FILTER_AUDIT, q, r->db_now, &f, err);
    if (rc == HT_OK)
        rc = ht_store_audit(p->conn, p->tenant, &f, q->before_seq > 0 ? &last : NULL, limit_of(q), &r->audit, err);
    return rc;
}

static enum ht_rc answer_fleet(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    const struct ht_fleet_key last = {
        .endpoint_id = q->before, .tenant_id = q->tenant, .secret.generation = q->generation};
    enum ht_rc rc = parse_filter(HT_FILTER_SECRETS, q, r->db_now, &f, err);
    if (rc == HT_OK)
        rc = ht_store_fleet(p->conn, p->tenant, &f, q->generation > 0 ? &last : NULL, limit_of(q), &r->fleet, err);
    return rc;
}

static enum ht_rc answer_whoami(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    (void)q;
    return ht_conn_whoami(p->conn, &r->whoami, err);
}

/* Short writes ---------------------------------------------------------------------------------------------------- */

static enum ht_rc find_delivery(struct ht_part *p, const struct ht_uuid *id, struct ht_delivery *ret,
                                struct ht_err *err)
{
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    return ht_store_delivery_find(p->conn, text, ret, err);
}

static enum ht_rc find_endpoint(struct ht_part *p, const struct ht_uuid *id, struct ht_endpoint *ret,
                                struct ht_err *err)
{
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    return ht_store_endpoint_find(p->conn, text, ret, err);
}

static enum ht_rc answer_redeliver(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                   struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = {0};
    char id[HT_UUID_TEXT];
    char text[96];
    enum ht_rc rc = find_delivery(p, &q->id, &d, err);
    if (rc == HT_OK)
        rc = ht_store_redeliver(p->conn, &d, q->reason, &r->id, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&r->id, id);
    snprintf(text, sizeof text, "redelivered as %s", id);
    r->text = ht_strdup(text);
    return HT_OK;
}

static enum ht_rc answer_cancel(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = {0};
    enum ht_rc rc = find_delivery(p, &q->id, &d, err);
    if (rc == HT_OK)
        rc = ht_store_delivery_cancel(p->conn, &d, q->reason, err);
    r->id = q->id;
    r->text = ht_strdup("cancelled");
    return rc;
}

static enum ht_rc answer_state(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    static const char *const done[] = {"held", "released", "cancelled"}; /* by enum ht_held_choice */
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    int64_t moved = 0;
    char text[96];
    enum ht_rc rc = find_endpoint(p, &q->id, &e, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_state(p->conn, &e, (enum ht_endpoint_status)q->state, q->choice, q->rate_per_s,
                                     q->reason, &moved, err);
    snprintf(text, sizeof text, "%s; %lld %s %s", ht_endpoint_words[q->state].name, (long long)moved,
             ht_plural(moved, "delivery", "deliveries"), done[q->choice]);
    r->id = q->id;
    r->text = ht_strdup(text);
    return rc;
}

/* Whose key is meant: an endpoint's, or (id nil) a tenant's. The other one stays empty. */
static enum ht_rc find_owner(struct ht_part *p, const struct ht_request *q, struct ht_tenant *ret_tenant,
                             struct ht_endpoint *ret_endpoint, struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    if (!ht_uuid_is_nil(&q->id))
        return find_endpoint(p, &q->id, ret_endpoint, err);
    ht_uuid_format(&q->tenant, id);
    return ht_store_tenant_find(p->conn, id, ret_tenant, err);
}

static enum ht_rc answer_signing(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    enum ht_rc rc = find_owner(p, q, &t, &e, err);
    if (rc == HT_OK && e.profile == NULL)
        e = (struct ht_endpoint){.tenant_id = t.id,
                                 .tenant_name = ht_strdup(t.name),
                                 .description = ht_strdup(t.name),
                                 .profile = ht_strdup(t.profile)};
    return rc == HT_OK ? ht_signing_load(p->conn, &e, &r->signing, err) : rc;
}

static enum ht_rc answer_rotate(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    struct ht_ops ops = ht_part_ops(p, q);
    enum ht_rc rc = find_owner(p, q, &t, &e, err);
    if (rc == HT_OK && e.profile != NULL)
        rc = ht_ops_rotate(&ops, &e, q->overlap_ms, &r->id, &r->rotated.secret, &r->rotated.public_key, err);
    else if (rc == HT_OK)
        rc = ht_ops_rotate_tenant(&ops, &t, q->overlap_ms, &r->rotated.public_key, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_profile *profile = ht_profile_find(e.profile != NULL ? e.profile : t.profile);
    r->rotated.staged = profile != NULL && !profile->multi_signature;
    r->rotated.changes_at = r->db_now + q->overlap_ms * 1000;
    return HT_OK;
}

/* A rotation ends early. */
static enum ht_rc end_early(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    HT_CLEANUP(ht_secret_meta_fini) struct ht_secret_meta m = {0};
    struct ht_ops ops = ht_part_ops(p, q);
    char text[96];
    bool promote = q->kind == HT_REQ_PROMOTE;
    enum ht_rc rc = find_owner(p, q, &t, &e, err);
    const struct ht_endpoint *owner = e.profile != NULL ? &e : NULL;
    if (rc == HT_OK)
        rc =
            promote ? ht_ops_promote(&ops, &t, owner, &m, err) : ht_ops_revoke(&ops, &t, owner, q->generation, &m, err);
    if (rc != HT_OK)
        return rc;
    snprintf(text, sizeof text, promote ? "generation %d signs now, alone" : "generation %d has ended",
             (int)m.generation);
    r->id = m.id;
    r->text = ht_strdup(text);
    return HT_OK;
}

/* The secret's id is what the reveal will be confirmed with. */
static enum ht_rc answer_added(struct ht_part *p, const struct ht_uuid *id, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas all = {0};
    enum ht_rc rc = find_endpoint(p, id, &e, err);
    if (rc == HT_OK)
        rc = ht_endpoint_secrets(p->conn, &e, &all, err);
    if (rc != HT_OK)
        return rc;
    if (all.n > 0)
        r->id = all.rows[0].id;
    r->text = ht_strdup(e.status == HT_ENDPOINT_UNVERIFIED ? "added; it must answer its test event first: T sends it"
                                                           : "added");
    return HT_OK;
}

static enum ht_rc answer_draft(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    struct ht_ops ops = ht_part_ops(p, q);
    struct ht_uuid id;
    enum ht_rc rc =
        ht_draft_store(&ops, q->draft, &id, &r->subscribed, &r->rotated.secret, &r->rotated.public_key, err);
    if (rc != HT_OK)
        return rc;
    if (ht_uuid_is_nil(&q->draft->id)) {
        struct ht_err ignored = {0}; /* it is stored, whatever can be said about it */
        if (answer_added(p, &id, r, &ignored) != HT_OK)
            r->text = ht_strdup("added");
        return HT_OK;
    }
    r->kind = HT_REP_DONE;
    r->id = id;
    r->text = ht_strdup("changed");
    return HT_OK;
}

static enum ht_rc answer_subscribe(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                   struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    struct ht_ops ops = ht_part_ops(p, q);
    const char *const pattern[] = {q->text};
    bool on = q->state != 0;
    enum ht_rc rc = find_endpoint(p, &q->id, &e, err);
    if (rc == HT_OK)
        rc = ht_ops_endpoint_edit(&ops, &e, pattern, on, pattern, !on, err);
    r->id = q->id;
    r->text = ht_strdup(on ? "subscribed" : "no longer subscribed");
    return rc;
}

static enum ht_rc answer_resubscribe(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                     struct ht_err *err)
{
    struct ht_ops ops = ht_part_ops(p, q);
    r->id = q->id;
    r->text = ht_strdup("as they were");
    return ht_draft_resubscribe(&ops, &q->id, &q->subscribed, err);
}

static enum ht_rc answer_health(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    enum ht_rc rc = find_endpoint(p, &q->id, &e, err);
    return rc == HT_OK ? ht_store_endpoint_health(p->conn, &e, &r->health, err) : rc;
}

static enum ht_rc answer_revealed(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    r->id = q->id;
    r->text = ht_strdup(""); /* nothing a person needs to be told */
    return ht_store_secret_confirm(p->conn, &q->id, err);
}

static const struct {
    ht_answer_fn *answer;
    enum ht_reply_kind reply;
    bool writes; /* each is done, however many wait */
} answers[HT_REQ_KIND_COUNT] = {
    [HT_REQ_ENDPOINTS] = {answer_endpoints, HT_REP_ENDPOINTS, false},
    [HT_REQ_ENDPOINT] = {answer_endpoint, HT_REP_ENDPOINT, false},
    [HT_REQ_DELIVERIES] = {answer_deliveries, HT_REP_DELIVERIES, false},
    [HT_REQ_DELIVERY] = {answer_delivery, HT_REP_DELIVERY, false},
    [HT_REQ_TYPES] = {answer_types, HT_REP_TYPES, false},
    [HT_REQ_QUEUE] = {answer_queue, HT_REP_QUEUE, false},
    [HT_REQ_TENANTS] = {answer_tenants, HT_REP_TENANTS, false},
    [HT_REQ_HEALTH] = {answer_health, HT_REP_HEALTH, false},
    [HT_REQ_AUDIT] = {answer_audit, HT_REP_AUDIT, false},
    [HT_REQ_FLEET] = {answer_fleet, HT_REP_FLEET, false},
    [HT_REQ_SIGNING] = {answer_signing, HT_REP_SIGNING, false},
    [HT_REQ_WHOAMI] = {answer_whoami, HT_REP_WHOAMI, false},
    [HT_REQ_FAILURES] = {ht_answer_failures, HT_REP_FAILURES, false},
    [HT_REQ_EVENTS] = {ht_answer_events, HT_REP_EVENTS, false},
    [HT_REQ_EVENT] = {ht_answer_event, HT_REP_EVENT, false},
    [HT_REQ_REPLAYS] = {ht_answer_replays, HT_REP_REPLAYS, false},
    [HT_REQ_REPLAY] = {ht_answer_replay, HT_REP_REPLAY, false},
    [HT_REQ_REPLAY_CHANGE] = {ht_answer_replay_change, HT_REP_DONE, true},
    [HT_REQ_SNOOZE] = {ht_answer_snooze, HT_REP_DONE, true},
    [HT_REQ_ACKNOWLEDGE] = {ht_answer_mark, HT_REP_DONE, true},
    [HT_REQ_MUTE] = {ht_answer_mark, HT_REP_DONE, true},
    [HT_REQ_UNMARK] = {ht_answer_unmark, HT_REP_DONE, true},
    [HT_REQ_REDELIVER] = {answer_redeliver, HT_REP_DONE, true},
    [HT_REQ_CANCEL] = {answer_cancel, HT_REP_DONE, true},
    [HT_REQ_ENDPOINT_STATE] = {answer_state, HT_REP_DONE, true},
    [HT_REQ_ROTATE] = {answer_rotate, HT_REP_ROTATED, true},
    [HT_REQ_PROMOTE] = {end_early, HT_REP_DONE, true},
    [HT_REQ_REVOKE] = {end_early, HT_REP_DONE, true},
    [HT_REQ_DRAFT] = {answer_draft, HT_REP_ROTATED, true},
    [HT_REQ_SUBSCRIBE] = {answer_subscribe, HT_REP_DONE, true},
    [HT_REQ_RESUBSCRIBE] = {answer_resubscribe, HT_REP_DONE, true},
    [HT_REQ_REVEALED] = {answer_revealed, HT_REP_DONE, true},
};

bool ht_part_answers(enum ht_request_kind kind)
{
    return kind < HT_REQ_KIND_COUNT && answers[kind].answer != NULL;
}

bool ht_part_writes(enum ht_request_kind kind)
{
    return answers[kind].writes;
}

struct ht_reply *ht_part_answer(struct ht_part *p, const struct ht_request *q, int64_t db_now, struct ht_err *err)
{
    struct ht_reply *r = ht_reply_new(answers[q->kind].reply, q->kind, q->ticket);
    int64_t started = ht_mono_us();
    r->db_now = db_now;
    if (answers[q->kind].answer(p, q, r, err) != HT_OK) {
        ht_reply_free(r);
        return NULL;
    }
    int64_t took_us = ht_mono_us() - started;
    r->db_now += took_us;
    r->took_ms = (int32_t)(took_us / 1000);
    return r;
}
