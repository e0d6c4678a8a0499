#include <stdio.h>
#include <string.h>
#include "parts.h"

/* Whose generations are meant: the endpoint's own, or its tenant's. */
static enum ht_rc find_owner(const struct ht_tenant *t, const struct ht_endpoint *e, struct ht_uuid *ret_tenant,
                             struct ht_uuid *ret_endpoint, struct ht_err *err)
{
    const struct ht_profile *p = NULL;
    enum ht_rc rc = ht_ops_profile(e ? e->profile : t->profile, &p, err);
    if (rc != HT_OK)
        return rc;
    if (!e && !p->key_per_tenant)
        return ht_fail(err, HT_USAGE, "secret", "name the endpoint", "with profile %s each endpoint has its own secret",
                       p->name);
    *ret_tenant = e ? e->tenant_id : t->id;
    *ret_endpoint = p->key_per_tenant ? (struct ht_uuid){0} : e->id;
    return HT_OK;
}

static enum ht_rc find_by_id(const struct ht_ops *o, const struct ht_uuid *tenant, const struct ht_uuid *endpoint,
                             const struct ht_uuid *id, struct ht_secret_meta *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas all = {0};
    enum ht_rc rc = ht_store_secrets(o->conn, tenant, endpoint, &all, err);
    for (size_t i = 0; rc == HT_OK && i < all.n; i++) {
        if (ht_uuid_cmp(&all.rows[i].id, id) != 0)
            continue;
        *ret = all.rows[i];
        all.rows[i] = (struct ht_secret_meta){0};
        return HT_OK;
    }
    return rc == HT_OK ? ht_fail(err, HT_NOT_FOUND, "secret", NULL, "it is gone") : rc;
}

enum ht_rc ht_ops_promote(const struct ht_ops *o, const struct ht_tenant *t, const struct ht_endpoint *e,
                          struct ht_secret_meta *ret, struct ht_err *err)
{
    struct ht_uuid tenant, endpoint, id;
    enum ht_rc rc = find_owner(t, e, &tenant, &endpoint, err);
    if (rc == HT_OK)
        rc = ht_store_secret_promote(o->conn, &tenant, &endpoint, o->reason, &id, err);
    return rc == HT_OK ? find_by_id(o, &tenant, &endpoint, &id, ret, err) : rc;
}

static bool can_end(const struct ht_secret_meta *s)
{
    return s->state == HT_SECRET_NEXT || s->state == HT_SECRET_RETIRING;
}

static enum ht_rc several(const struct ht_secret_metas *all, struct ht_err *err)
{
    char names[128] = "";
    for (size_t i = 0; i < all->n; i++) {
        size_t len = strlen(names);
        if (can_end(&all->rows[i]))
            snprintf(names + len, sizeof names - len, "%s%d (%s)", len ? ", " : "", (int)all->rows[i].generation,
                     ht_secret_words[all->rows[i].state].name);
    }
    return ht_fail(err, HT_USAGE, "secret revoke", "name one: --generation N", "these can be ended: %s", names);
}

static enum ht_rc choose(const struct ht_secret_metas *all, int32_t generation, struct ht_uuid *ret, struct ht_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        if (generation ? all->rows[i].generation != generation : !can_end(&all->rows[i]))
            continue;
        *ret = all->rows[i].id;
        n++;
    }
    if (n == 1)
        return HT_OK;
    if (n > 1)
        return several(all, err);
    if (generation)
        return ht_fail(err, HT_NOT_FOUND, "secret revoke", "hooktop secret list shows them",
                       "there is no generation %d", (int)generation);
    return ht_fail(err, HT_FAILED, "secret revoke", "rotate with --overlap 0s to replace the one that signs",
                   "no generation but the one that signs is live");
}

enum ht_rc ht_ops_revoke(const struct ht_ops *o, const struct ht_tenant *t, const struct ht_endpoint *e,
                         int32_t generation, struct ht_secret_meta *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas all = {0};
    struct ht_uuid tenant, endpoint, id = {0};
    enum ht_rc rc = find_owner(t, e, &tenant, &endpoint, err);
    if (rc == HT_OK)
        rc = ht_store_secrets(o->conn, &tenant, &endpoint, &all, err);
    if (rc == HT_OK)
        rc = choose(&all, generation, &id, err);
    if (rc == HT_OK)
        rc = ht_store_secret_revoke(o->conn, &tenant, &id, o->reason, err);
    return rc == HT_OK ? find_by_id(o, &tenant, &endpoint, &id, ret, err) : rc;
}

enum ht_rc ht_ops_confirm(const struct ht_ops *o, const struct ht_endpoint *e, const struct ht_uuid *secret_id,
                          struct ht_err *err)
{
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas all = {0};
    struct ht_uuid id = *secret_id;
    enum ht_rc rc = HT_OK;
    if (ht_uuid_is_nil(&id)) {
        rc = ht_store_secrets(o->conn, &e->tenant_id, &e->id, &all, err);
        if (rc == HT_OK && all.n > 0)
            id = all.rows[0].id;
    }
    return rc == HT_OK ? ht_store_secret_confirm(o->conn, &id, err) : rc;
}
