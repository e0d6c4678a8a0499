#include <stdlib.h>
#include "hooktop/profile/profile.h"
#include "hooktop/store/setup.h"
#include "parts.h"

void ht_fresh_fini(struct ht_fresh *f)
{
    ht_secret_free(f->secret);
    free(f->public_key);
    f->secret = NULL;
    f->public_key = NULL;
}

/* The public half of what was brought; shared secrets have none. */
static enum ht_rc take_brought(const struct ht_profile *p, const struct ht_secret *brought, struct ht_fresh *f,
                               struct ht_err *err)
{
    enum ht_rc rc = ht_profile_check_key(p, brought, err);
    if (rc == HT_OK)
        rc = ht_secret_new(ht_secret_bytes(brought), ht_secret_len(brought), &f->secret, err);
    if (rc == HT_OK && ht_profile_has_public(p, brought))
        rc = ht_profile_public_key(p, brought, &f->public_key, err);
    return rc;
}

static enum ht_rc seal(const struct ht_ops *o, const struct ht_seal_bind *bind, struct ht_fresh *f, struct ht_err *err)
{
    struct ht_seal_key key;
    enum ht_rc rc = ht_store_ring_current(o->conn, key.id, key.public_key, err);
    if (rc == HT_OK)
        rc = ht_seal(&key, bind, f->secret, f->blob, sizeof f->blob, &f->sealed.len, err);
    f->sealed.id = bind->secret_id;
    f->sealed.generation = bind->generation;
    f->sealed.public_pem = f->public_key;
    return rc;
}

enum ht_rc ht_fresh_make(const struct ht_ops *o, const struct ht_profile *p, const struct ht_uuid *tenant,
                         const struct ht_uuid *endpoint, const struct ht_secret *brought, int32_t generation,
                         struct ht_fresh *ret, struct ht_err *err)
{
    const struct ht_seal_bind bind = {.tenant_id = *tenant,
                                      .endpoint_id = *endpoint,
                                      .secret_id = ht_uuid_new(),
                                      .generation = generation,
                                      .purpose = ht_profile_seal_purpose(p)};
    HT_CLEANUP(ht_fresh_fini) struct ht_fresh f = {0};
    enum ht_rc rc = brought ? take_brought(p, brought, &f, err) : ht_profile_new_key(p, &f.secret, &f.public_key, err);
    if (rc == HT_OK)
        rc = seal(o, &bind, &f, err);
    if (rc != HT_OK)
        return rc;
    *ret = f;
    ret->sealed.blob = ret->blob;
    f.secret = NULL;
    f.public_key = NULL;
    return HT_OK;
}
