#include <string.h>
#include "parts.h"

static enum ht_rc check(const struct ht_profile *p, int64_t ms, struct ht_err *err)
{
    if (ms >= 0 && ms <= HT_OVERLAP_MAX_MS)
        return HT_OK;
    return ht_fail(err, HT_USAGE, "rotate", "give 0s to 7d", "the %s is out of range",
                   p->multi_signature ? "overlap" : "time until the new one signs");
}

/* Stores the new generation and claims its one reveal, or neither. */
static enum ht_rc store(const struct ht_ops *o, const struct ht_profile *p, const struct ht_uuid *tenant,
                        const struct ht_uuid *endpoint, const struct ht_fresh *f, int64_t ms, struct ht_err *err)
{
    enum ht_rc rc = ht_conn_begin(o->conn, err);
    if (rc != HT_OK)
        return rc;
    rc = ht_store_secret_add(o->conn, tenant, endpoint, &f->sealed, !p->multi_signature, ms, o->reason, err);
    if (rc == HT_OK && !p->key_per_tenant)
        rc = ht_store_secret_reveal(o->conn, &f->sealed.id, err);
    if (rc == HT_OK)
        rc = ht_conn_commit(o->conn, err);
    if (rc != HT_OK)
        ht_conn_rollback(o->conn);
    return rc;
}

static enum ht_rc rotate(const struct ht_ops *o, const struct ht_profile *p, const struct ht_uuid *tenant,
                         const struct ht_uuid *endpoint, int64_t ms, struct ht_fresh *ret, struct ht_err *err)
{
    int32_t generation;
    enum ht_rc rc = check(p, ms, err);
    if (rc == HT_OK)
        rc = ht_store_secret_next(o->conn, tenant, endpoint, &generation, err);
    if (rc == HT_OK)
        rc = ht_fresh_make(o, p, tenant, endpoint, NULL, generation, ret, err);
    return rc == HT_OK ? store(o, p, tenant, endpoint, ret, ms, err) : rc;
}

enum ht_rc ht_ops_rotate(const struct ht_ops *o, const struct ht_endpoint *e, int64_t overlap_ms,
                         struct ht_uuid *ret_id, struct ht_secret **ret_secret, char **ret_public, struct ht_err *err)
{
    const struct ht_profile *p = NULL;
    const struct ht_uuid nil = {0};
    HT_CLEANUP(ht_fresh_fini) struct ht_fresh f = {0};
    enum ht_rc rc = ht_ops_profile(e->profile, &p, err);
    if (rc == HT_OK && e->status == HT_ENDPOINT_REMOVED)
        rc = ht_fail(err, HT_USAGE, "rotate", NULL, "the endpoint is removed");
    if (rc == HT_OK)
        rc = rotate(o, p, &e->tenant_id, p->key_per_tenant ? &nil : &e->id, overlap_ms, &f, err);
    if (rc != HT_OK)
        return rc;
    *ret_id = f.sealed.id;
    *ret_secret = p->key_per_tenant ? NULL : f.secret;
    *ret_public = f.public_key;
    f.secret = p->key_per_tenant ? f.secret : NULL;
    f.public_key = NULL;
    return HT_OK;
}

enum ht_rc ht_ops_rotate_tenant(const struct ht_ops *o, const struct ht_tenant *t, int64_t promote_in_ms,
                                char **ret_public, struct ht_err *err)
{
    const struct ht_profile *p = NULL;
    const struct ht_uuid nil = {0};
    HT_CLEANUP(ht_fresh_fini) struct ht_fresh f = {0};
    enum ht_rc rc = ht_ops_profile(t->profile, &p, err);
    if (rc == HT_OK && !p->key_per_tenant)
        rc = ht_fail(err, HT_USAGE, "rotate", "name the endpoint: hooktop secret rotate ENDPOINT",
                     "with profile %s each endpoint has its own secret", p->name);
    if (rc == HT_OK)
        rc = rotate(o, p, &t->id, &nil, promote_in_ms, &f, err);
    if (rc != HT_OK)
        return rc;
    *ret_public = f.public_key;
    f.public_key = NULL;
    return HT_OK;
}
