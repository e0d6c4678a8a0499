#include <string.h>
#include "parts.h"

/* A ping is signed as a delivery would be now: by the active secret, and during an overlap by the retiring one too. */
static bool signs(const struct ht_profile *p, const struct ht_sealed_row *row)
{
    return row->state == HT_SECRET_ACTIVE || (p->multi_signature && row->state == HT_SECRET_RETIRING);
}

static enum ht_rc prepare_signers(struct ht_test_event *t, struct ht_err *err)
{
    HT_CLEANUP(ht_sealed_rows_fini) struct ht_sealed_rows rows = {0};
    enum ht_rc rc = ht_store_sealed(t->ops->conn, t->endpoint, &rows, err);
    for (size_t i = 0; rc == HT_OK && i < rows.n && t->n_signers < HT_SECRETS_LIVE_MAX; i++)
        if (signs(t->profile, &rows.rows[i]))
            rc = ht_test_event_signer(t, &rows.rows[i], err);
    return rc;
}

/* The audit entry, and the endpoint's verification with it, or neither. */
static enum ht_rc record(const struct ht_test_event *t, struct ht_ping_result *r, struct ht_err *err)
{
    const struct ht_ops *o = t->ops;
    const struct ht_endpoint *e = t->endpoint;
    bool verify = r->success && t->profile->needs_verification && e->status == HT_ENDPOINT_UNVERIFIED;
    enum ht_rc rc = ht_conn_begin(o->conn, err);
    if (rc != HT_OK)
        return rc;
    if (verify)
        rc = ht_store_endpoint_verified(o->conn, e, err);
    r->verified_now = verify;
    if (rc == HT_OK)
        rc = ht_store_audit_ping(o->conn, e, r, o->reason, err);
    if (rc == HT_OK)
        rc = ht_conn_commit(o->conn, err);
    if (rc != HT_OK)
        ht_conn_rollback(o->conn);
    return rc;
}

enum ht_rc ht_ops_ping(const struct ht_ops *o, const struct ht_endpoint *e, const atomic_bool *cancel,
                       struct ht_ping_result *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_test_event_fini) struct ht_test_event t;
    HT_CLEANUP(ht_ping_result_fini) struct ht_ping_result r = {0};
    enum ht_rc rc = ht_test_event_init(&t, o, e, "ping", false, err);
    if (rc == HT_OK && t.profile->ping_signed)
        rc = prepare_signers(&t, err);
    if (rc == HT_OK)
        rc = ht_test_event_sign(&t, true, err);
    if (rc == HT_OK)
        rc = ht_test_event_send(&t, cancel, &r, err);
    if (rc == HT_OK)
        rc = record(&t, &r, err);
    if (rc != HT_OK)
        return rc;
    *ret = r;
    r = (struct ht_ping_result){0};
    return HT_OK;
}
