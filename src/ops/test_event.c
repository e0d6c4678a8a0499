#include <stdlib.h>
#include <string.h>
#include "hooktop/delivery/headers.h"
#include "parts.h"

static enum ht_rc check(const struct ht_test_event *t, const char *what, bool needs_ring, struct ht_err *err)
{
    HT_CLEANUP(ht_whoami_fini) struct ht_whoami me = {0};
    const struct ht_ops *o = t->ops;
    enum ht_rc rc = ht_conn_whoami(o->conn, &me, err);
    if (rc != HT_OK)
        return rc;
    if (!me.may_operate)
        return ht_fail(err, HT_DENIED, what, "ask for the role hooktop_support",
                       "the login %s may not send test events", me.login);
    if (t->endpoint->status == HT_ENDPOINT_REMOVED)
        return ht_fail(err, HT_USAGE, what, NULL, "the endpoint is removed");
    if (!needs_ring || o->ring)
        return HT_OK;
    return ht_fail(err, HT_DENIED, what, "run it where the key ring file is readable, or let this login read it",
                   "this %s test event needs what is sealed, and the key ring is not readable here: %s%s%s",
                   t->profile->title, o->no_ring ? o->no_ring->what : "no key ring was given", o->no_ring ? ": " : "",
                   o->no_ring ? o->no_ring->why : "");
}

/* Custom headers go with a test event as with every other request. */
static enum ht_rc open_headers(struct ht_test_event *t, struct ht_err *err)
{
    t->opened.tenant_id = t->endpoint->tenant_id;
    t->opened.id = t->endpoint->id;
    if (t->endpoint->headers_len == 0)
        return HT_OK;
    enum ht_rc rc = ht_store_sealed_headers(t->ops->conn, t->endpoint, &t->opened.headers_sealed,
                                            &t->opened.headers_sealed_len, err);
    return rc == HT_OK ? ht_headers_open(t->ops->ring, &t->opened, err) : rc;
}

static enum ht_rc build_body(struct ht_test_event *t, struct ht_err *err)
{
    struct ht_ping_subject s = {.tenant_id = t->endpoint->tenant_id,
                                .endpoint_id = t->endpoint->id,
                                .endpoint_status = ht_endpoint_words[t->endpoint->status].name,
                                .ping_id = t->id};
    enum ht_rc rc = ht_conn_now(t->ops->conn, &t->now_us, err);
    s.now_us = t->now_us;
    return rc == HT_OK ? t->profile->ping_body(&s, &t->body, err) : rc;
}

enum ht_rc ht_test_event_init(struct ht_test_event *t, const struct ht_ops *o, const struct ht_endpoint *e,
                              const char *what, bool signed_event, struct ht_err *err)
{
    *t = (struct ht_test_event){.ops = o, .endpoint = e, .id = ht_uuid_new()};
    ht_buf_init(&t->body, HT_BODY_MAX);
    enum ht_rc rc = ht_ops_profile(e->profile, &t->profile, err);
    if (rc == HT_OK)
        rc = check(t, what, signed_event || t->profile->ping_signed || e->headers_len > 0, err);
    if (rc == HT_OK)
        rc = open_headers(t, err);
    if (rc == HT_OK)
        rc = build_body(t, err);
    return rc;
}

void ht_test_event_drop_signers(struct ht_test_event *t)
{
    while (t->n_signers > 0)
        ht_signer_free(t->signers[--t->n_signers]);
}

void ht_test_event_fini(struct ht_test_event *t)
{
    ht_test_event_drop_signers(t);
    ht_buf_fini(&t->body);
    ht_endpoint_fini(&t->opened);
}

enum ht_rc ht_test_event_signer(struct ht_test_event *t, const struct ht_sealed_row *row, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *secret = NULL;
    const struct ht_seal_bind bind = {.tenant_id = t->endpoint->tenant_id,
                                      .endpoint_id = row->endpoint_id,
                                      .secret_id = row->id,
                                      .generation = row->generation,
                                      .purpose = ht_profile_seal_purpose(t->profile)};
    enum ht_rc rc = ht_unseal(t->ops->ring, &bind, row->blob, row->len, &secret, err);
    if (rc == HT_OK)
        rc = ht_signer_new(t->profile->key_kind, secret, &t->signers[t->n_signers], err);
    t->n_signers += rc == HT_OK;
    return rc;
}

enum ht_rc ht_test_event_sign(struct ht_test_event *t, bool as_ping, struct ht_err *err)
{
    char id[64];
    ht_profile_event_id(t->profile, &t->id, id);
    const struct ht_sign_input in = {.type = "webhook.test",
                                     .event_id = id,
                                     .timestamp_s = t->now_us / 1000000,
                                     .body = t->body.data,
                                     .body_len = t->body.len,
                                     .ping = as_ping};
    return t->profile->sign(&in, t->signers, t->n_signers, &t->headers, err);
}

static bool counts(const struct ht_profile *p, const struct ht_ping_result *r)
{
    if (r->error != HT_ATTEMPT_NONE)
        return false;
    return p->success_ping_status ? r->status == p->success_ping_status : r->status >= 200 && r->status < 300;
}

enum ht_rc ht_test_event_send(struct ht_test_event *t, const atomic_bool *cancel, struct ht_ping_result *ret,
                              struct ht_err *err)
{
    const struct ht_endpoint *e = t->endpoint;
    const struct ht_send_request request = {.url = e->url,
                                            .headers = &t->headers,
                                            .custom = t->opened.headers,
                                            .custom_len = t->opened.headers_len,
                                            .body = t->body.data,
                                            .body_len = t->body.len,
                                            .timeout_ms = e->timeout_ms ? e->timeout_ms : t->profile->timeout_ms};
    enum ht_rc rc = ht_send_once(t->ops->egress, &request, cancel, ret, err);
    if (rc != HT_OK)
        return rc;
    ret->signed_ping = t->n_signers > 0;
    ret->success = counts(t->profile, ret);
    return HT_OK;
}
