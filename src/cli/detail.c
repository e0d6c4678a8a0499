#include "hooktop/cli/detail.h"

#include "hooktop/ops/ops.h"
#include "hooktop/profile/profile.h"
#include "hooktop/store/queries.h"

void ht_deliveries_complete(struct ht_delivery *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ht_profile *p = rows[i].attempts_max == 0 ? ht_profile_find(rows[i].profile) : NULL;
        if (p != NULL)
            rows[i].attempts_max = (int32_t)p->schedule_len + 1;
    }
}

enum ht_rc ht_endpoint_secrets(struct ht_conn *c, const struct ht_endpoint *e, struct ht_secret_metas *ret,
                               struct ht_err *err)
{
    const struct ht_profile *p = ht_profile_find(e->profile);
    const struct ht_uuid nil = {0};
    bool per_tenant = p != NULL && p->key_per_tenant;
    return ht_store_secrets(c, &e->tenant_id, per_tenant ? &nil : &e->id, ret, err);
}

/* The generations that have ended go. */
static void keep_live(struct ht_secret_metas *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->rows[i].state == HT_SECRET_EXPIRED)
            ht_secret_meta_fini(&l->rows[i]);
        else
            l->rows[n++] = l->rows[i];
    }
    l->n = n;
}

enum ht_rc ht_signing_load(struct ht_conn *c, struct ht_endpoint *e, struct ht_signing *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_signing_fini) struct ht_signing k = {.endpoint = *e};
    const struct ht_profile *p = ht_profile_find(e->profile);
    const struct ht_uuid nil = {0};
    *e = (struct ht_endpoint){0};
    enum ht_rc rc = ht_endpoint_secrets(c, &k.endpoint, &k.live, err);
    if (rc == HT_OK)
        rc = ht_store_in_flight(c, &k.endpoint.tenant_id, p != NULL && p->key_per_tenant ? &nil : &k.endpoint.id,
                                &k.in_flight, err);
    if (rc != HT_OK)
        return rc;
    keep_live(&k.live);
    *ret = k;
    k = (struct ht_signing){0};
    return HT_OK;
}

enum ht_rc ht_endpoint_detail_load(struct ht_conn *c, const char *id, int32_t latest, struct ht_endpoint_detail *ret,
                                   struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_detail_fini) struct ht_endpoint_detail d = {0};
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    char text[64] = "endpoint:";
    size_t column = 0;
    enum ht_rc rc = ht_store_endpoint_find(c, id, &d.endpoint, err);
    if (rc == HT_OK)
        rc = ht_store_subscriptions(c, &d.endpoint, &d.subscriptions, err);
    if (rc == HT_OK)
        rc = ht_endpoint_secrets(c, &d.endpoint, &d.secrets, err);
    if (rc == HT_OK && latest > 0) {
        ht_uuid_format(&d.endpoint.id, text + sizeof "endpoint:" - 1);
        rc = ht_filter_parse(HT_FILTER_DELIVERIES, text, 0, &f, &column, err);
        if (rc == HT_OK)
            rc = ht_store_deliveries(c, &d.endpoint.tenant_id, &f, NULL, NULL, latest, &d.latest, err);
    }
    if (rc != HT_OK)
        return rc;
    ht_deliveries_complete(d.latest.rows, d.latest.n);
    *ret = d;
    d = (struct ht_endpoint_detail){0};
    return HT_OK;
}

/* The body as every attempt sent it. What cannot be built (our own fault: the delivery is quarantined) is left out. */
static void add_body(struct ht_delivery_detail *d)
{
    struct ht_err ignored = {0};
    struct ht_buf body HT_BUF_CLEANUP;
    ht_buf_init(&body, HT_BODY_MAX);
    if (d->event.data != NULL && ht_ops_body(&d->event, d->delivery.profile, &body, &ignored) == HT_OK)
        d->body = ht_buf_take(&body, &d->body_len);
}

/* What each attempt's signature is over. */
static void add_signatures(struct ht_delivery_detail *d)
{
    const struct ht_profile *p = ht_profile_find(d->delivery.profile);
    if (p == NULL || d->attempts.n == 0)
        return;
    d->signatures = ht_alloc(d->attempts.n, sizeof *d->signatures);
    for (size_t i = 0; i < d->attempts.n; i++)
        ht_profile_explain(p, d->attempts.rows[i].request_headers, d->body, d->body_len, &d->signatures[i]);
}

/* What the attempts can be compared with: the attempt that succeeded last at the endpoint. */
static enum ht_rc add_success(struct ht_conn *c, struct ht_delivery_detail *d, struct ht_err *err)
{
    HT_CLEANUP(ht_attempts_fini) struct ht_attempts all = {0};
    struct ht_delivery of = {.tenant_id = d->delivery.tenant_id};
    enum ht_rc rc = ht_store_last_success(c, &d->delivery, &of.id, err);
    if (rc != HT_OK || ht_uuid_is_nil(&of.id))
        return rc;
    rc = ht_store_attempts(c, &of, &all, err);
    for (size_t i = all.n; rc == HT_OK && i-- > 0;)
        if (all.rows[i].error == HT_ATTEMPT_NONE) {
            d->success_of = of.id;
            d->success = all.rows[i];
            all.rows[i] = (struct ht_attempt){0};
            break;
        }
    return rc;
}

enum ht_rc ht_delivery_detail_load(struct ht_conn *c, const char *id, unsigned parts, struct ht_delivery_detail *ret,
                                   struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_detail_fini) struct ht_delivery_detail d = {.parts = parts};
    char event[HT_UUID_TEXT];
    enum ht_rc rc = ht_store_delivery_find(c, id, &d.delivery, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_endpoint owner = {
        .id = d.delivery.endpoint_id, .tenant_id = d.delivery.tenant_id, .profile = d.delivery.profile};
    ht_uuid_format(&d.delivery.event_id, event);
    rc = ht_store_event_find(c, event, &d.event, err);
    if (rc == HT_OK)
        rc = ht_store_attempts(c, &d.delivery, &d.attempts, err);
    if (rc == HT_OK && (parts & HT_DELIVERY_SECRETS))
        rc = ht_endpoint_secrets(c, &owner, &d.secrets, err);
    if (rc == HT_OK && (parts & HT_DELIVERY_SUCCESS))
        rc = add_success(c, &d, err);
    if (rc != HT_OK)
        return rc;
    ht_deliveries_complete(&d.delivery, 1);
    add_body(&d);
    add_signatures(&d);
    *ret = d;
    d = (struct ht_delivery_detail){0};
    return HT_OK;
}
