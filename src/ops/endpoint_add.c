#include <stdlib.h>
#include <string.h>
#include "parts.h"

static enum ht_rc choose_profile(const struct ht_tenant *tenant, const struct ht_endpoint *e,
                                 const struct ht_profile **ret_tenants, const struct ht_profile **ret,
                                 struct ht_err *err)
{
    enum ht_rc rc = ht_ops_profile(tenant->profile, ret_tenants, err);
    if (rc == HT_OK)
        rc = ht_ops_profile(e->profile ? e->profile : tenant->profile, ret, err);
    if (rc != HT_OK || *ret == *ret_tenants || strcmp((*ret)->name, "standard") == 0)
        return rc;
    return ht_fail(err, HT_USAGE, "endpoint", "make a tenant with that profile",
                   "its profile is %s, but the tenant's is %s; an endpoint has its tenant's or standard", (*ret)->name,
                   tenant->profile);
}

/* A tenant's key that already signs; *ret_public stays NULL when there is none yet. */
static enum ht_rc find_tenant_key(const struct ht_ops *o, const struct ht_tenant *tenant, char **ret_public,
                                  struct ht_err *err)
{
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas keys = {0};
    const struct ht_uuid nil = {0};
    enum ht_rc rc = ht_store_secrets(o->conn, &tenant->id, &nil, &keys, err);
    for (size_t i = 0; rc == HT_OK && i < keys.n && !*ret_public; i++)
        if (keys.rows[i].state == HT_SECRET_ACTIVE && keys.rows[i].public_pem)
            *ret_public = ht_strdup(keys.rows[i].public_pem);
    return rc;
}

static enum ht_rc make_tenant_key(const struct ht_ops *o, const struct ht_profile *p, const struct ht_tenant *tenant,
                                  const struct ht_secret *brought, struct ht_fresh *ret, struct ht_err *err)
{
    const struct ht_uuid nil = {0};
    int32_t generation;
    enum ht_rc rc = ht_store_secret_next(o->conn, &tenant->id, &nil, &generation, err);
    return rc == HT_OK ? ht_fresh_make(o, p, &tenant->id, &nil, brought, generation, ret, err) : rc;
}

/* What will sign: the endpoint's own first secret, or the tenant's key, made when there is none. */
static enum ht_rc make_secret(const struct ht_ops *o, const struct ht_profile *p, const struct ht_tenant *tenant,
                              const struct ht_endpoint *e, const struct ht_secret *brought, struct ht_fresh *f,
                              struct ht_err *err)
{
    HT_AUTOFREE char *public = NULL;
    if (!p->key_per_tenant)
        return ht_fresh_make(o, p, &tenant->id, &e->id, brought, 1, f, err);
    enum ht_rc rc = find_tenant_key(o, tenant, &public, err);
    if (rc == HT_OK && !public)
        return make_tenant_key(o, p, tenant, brought, f, err);
    if (rc == HT_OK && brought)
        return ht_fail(err, HT_USAGE, "endpoint", "leave the key out; to change it: hooktop secret rotate --tenant",
                       "the tenant already has a signing key, which all its %s endpoints share", p->title);
    f->public_key = public;
    public = NULL;
    return rc;
}

/* Inside a transaction. */
static enum ht_rc store(const struct ht_ops *o, const struct ht_profile *p, const struct ht_endpoint_new *a,
                        const struct ht_fresh *f, struct ht_err *err)
{
    const struct ht_uuid nil = {0};
    const struct ht_endpoint *e = a->endpoint;
    enum ht_rc rc = HT_OK;
    int64_t moved;
    if (p->key_per_tenant && f->secret)
        rc = ht_store_secret_add(o->conn, &e->tenant_id, &nil, &f->sealed, false, 0, o->reason, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_add(o->conn, e, a->patterns, a->n_patterns, p->key_per_tenant ? NULL : &f->sealed,
                                   o->reason, err);
    if (rc == HT_OK && (a->wanted == HT_ENDPOINT_PAUSED || a->wanted == HT_ENDPOINT_DISABLED))
        rc = ht_store_endpoint_state(o->conn, e, a->wanted, HT_HELD_KEEP, 0, o->reason, &moved, err);
    if (rc == HT_OK && e->never_disable)
        rc = ht_store_endpoint_snooze(o->conn, e, 0, true, o->reason, err);
    return rc;
}

enum ht_rc ht_ops_endpoint_check(const struct ht_ops *o, const struct ht_endpoint_new *a, struct ht_err *err)
{
    const struct ht_profile *tenants = NULL, *p = NULL;
    enum ht_rc rc = choose_profile(a->tenant, a->endpoint, &tenants, &p, err);
    if (rc == HT_OK)
        rc = ht_ops_check_settings(o, p, a->endpoint, err);
    if (rc == HT_OK)
        rc = ht_ops_check_patterns(o, tenants, a->patterns, a->n_patterns, err);
    if (rc == HT_OK && a->brought)
        rc = ht_profile_check_key(p, a->brought, err);
    return rc;
}

static enum ht_rc add_one(const struct ht_ops *o, struct ht_endpoint_new *a, struct ht_err *err)
{
    const struct ht_profile *tenants = NULL, *p = NULL;
    HT_CLEANUP(ht_fresh_fini) struct ht_fresh f = {0};
    struct ht_endpoint *e = a->endpoint;
    enum ht_rc rc = choose_profile(a->tenant, e, &tenants, &p, err);
    if (rc != HT_OK)
        return rc;
    if (!e->profile)
        e->profile = ht_strdup(p->name);
    e->id = ht_uuid_new();
    e->tenant_id = a->tenant->id;
    e->status = p->needs_verification ? HT_ENDPOINT_UNVERIFIED : HT_ENDPOINT_ACTIVE;
    rc = ht_ops_seal_headers(o, e, err);
    if (rc == HT_OK)
        rc = make_secret(o, p, a->tenant, e, a->brought, &f, err);
    if (rc == HT_OK)
        rc = store(o, p, a, &f, err);
    if (rc != HT_OK)
        return rc;
    bool show = !a->brought && !p->key_per_tenant;
    a->secret = show ? f.secret : NULL;
    a->public_key = f.public_key;
    f.secret = show ? NULL : f.secret;
    f.public_key = NULL;
    if (a->wanted == HT_ENDPOINT_PAUSED || a->wanted == HT_ENDPOINT_DISABLED)
        e->status = a->wanted;
    return HT_OK;
}

static void forget(struct ht_endpoint_new *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ht_secret_free(all[i].secret);
        free(all[i].public_key);
        all[i].secret = NULL;
        all[i].public_key = NULL;
    }
}

enum ht_rc ht_ops_endpoint_add_all(const struct ht_ops *o, struct ht_endpoint_new *all, size_t n, bool dry_run,
                                   size_t *ret_at, struct ht_err *err)
{
    size_t at = 0;
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; rc == HT_OK && i < n; at = i++)
        rc = ht_ops_endpoint_check(o, &all[i], err);
    if (rc == HT_OK)
        rc = ht_conn_begin(o->conn, err);
    for (size_t i = 0; rc == HT_OK && i < n; at = i++)
        rc = add_one(o, &all[i], err);
    if (rc == HT_OK && !dry_run)
        rc = ht_conn_commit(o->conn, err);
    ht_conn_rollback(o->conn);
    if (rc == HT_OK && !dry_run)
        return HT_OK;
    forget(all, n);
    *ret_at = at;
    return rc;
}

enum ht_rc ht_ops_endpoint_add(const struct ht_ops *o, const struct ht_tenant *tenant, struct ht_endpoint *e,
                               const char *const *patterns, size_t n_patterns, const struct ht_secret *brought,
                               struct ht_secret **ret_secret, char **ret_public, struct ht_err *err)
{
    struct ht_endpoint_new a = {
        .tenant = tenant, .endpoint = e, .patterns = patterns, .n_patterns = n_patterns, .brought = brought};
    size_t at;
    enum ht_rc rc = ht_ops_endpoint_add_all(o, &a, 1, false, &at, err);
    if (rc != HT_OK)
        return rc;
    *ret_secret = a.secret;
    *ret_public = a.public_key;
    return HT_OK;
}
