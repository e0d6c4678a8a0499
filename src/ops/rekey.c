#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/codec.h"
#include "hooktop/delivery/headers.h"
#include "hooktop/profile/profile.h"
#include "hooktop/store/setup.h"
#include "parts.h"

static const char what[] = "rekey";

static struct ht_seal_key current_key(const struct ht_ring *r)
{
    struct ht_seal_key key = {0};
    bool current = false;
    for (size_t i = 0; i < ht_ring_count(r) && !current; i++)
        ht_ring_public(r, i, &key, &current);
    return key;
}

/* Secrets are sealed to the new key from its publication on, so every worker has to hold it before. */
static enum ht_rc switch_to(const struct ht_ops *o, const struct ht_seal_key *key, struct ht_err *err)
{
    HT_AUTOFREE char *without = NULL;
    struct ht_seal_key published = {0};
    char id[HT_HEX_SIZE(HT_RING_KEY_ID)];
    enum ht_rc rc = ht_store_workers_without(o->conn, key->id, &without, err);
    if (rc != HT_OK)
        return rc;
    ht_hex_encode(key->id, sizeof key->id, id);
    if (without != NULL)
        return ht_fail(err, HT_FAILED, what, "give them this ring and restart them, then repeat this",
                       "these workers do not hold key %s: %s", id, without);
    rc = ht_store_ring_current(o->conn, published.id, published.public_key, err);
    if (rc != HT_OK || memcmp(published.id, key->id, sizeof key->id) == 0)
        return rc;
    return ht_store_ring_publish(o->conn, key->id, key->public_key, err);
}

static enum ht_rc reseal(const struct ht_ring *ring, const struct ht_seal_key *to, struct ht_sealed_thing *x,
                         struct ht_err *err)
{
    const struct ht_profile *p = NULL;
    bool header = strcmp(x->kind, "header") == 0;
    HT_SECRET_CLEANUP struct ht_secret *plain = NULL;
    enum ht_rc rc = header ? HT_OK : ht_ops_profile(x->profile != NULL ? x->profile : "", &p, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_seal_bind own = {.tenant_id = x->tenant_id,
                                     .endpoint_id = x->endpoint_id,
                                     .secret_id = x->id,
                                     .generation = x->generation,
                                     .purpose = header ? NULL : ht_profile_seal_purpose(p)};
    const struct ht_seal_bind bind = header ? ht_headers_bind(&x->tenant_id, &x->endpoint_id) : own;
    rc = ht_unseal(ring, &bind, x->sealed, x->sealed_len, &plain, err);
    if (rc != HT_OK)
        return rc;
    size_t size = ht_secret_len(plain) + HT_SEALED_OVERHEAD;
    x->fresh = ht_alloc(size, 1);
    rc = ht_seal(to, &bind, plain, x->fresh, size, &x->fresh_len, err);
    if (rc != HT_OK) {
        free(x->fresh);
        x->fresh = NULL;
    }
    return rc;
}

/* What cannot be opened stays as it is; the first such thing is kept for the caller's words. */
static void reseal_page(const struct ht_ops *o, const struct ht_seal_key *to, struct ht_sealed_things *page,
                        struct ht_rekey *r)
{
    for (size_t i = 0; i < page->n; i++) {
        struct ht_err why = {0};
        char id[HT_UUID_TEXT];
        if (reseal(o->ring, to, &page->rows[i], &why) == HT_OK)
            continue;
        ht_uuid_format(&page->rows[i].id, id);
        if (r->failed++ == 0)
            snprintf(r->first_failed, sizeof r->first_failed, "%.20s %s: %.200s", page->rows[i].kind, id, why.why);
    }
}

/* Once through all that is sealed to other keys. */
static enum ht_rc pass(const struct ht_ops *o, const struct ht_seal_key *to, int32_t batch, ht_rekey_fn *progress,
                       void *user, struct ht_rekey *r, struct ht_err *err)
{
    HT_CLEANUP(ht_sealed_things_fini) struct ht_sealed_things page = {0};
    enum ht_rc rc = ht_store_rekey_page(o->conn, to->id, NULL, batch, &page, err);
    r->failed = 0;
    while (rc == HT_OK && page.n > 0) {
        struct ht_sealed_things next = {0};
        int64_t replaced = 0;
        reseal_page(o, to, &page, r);
        rc = ht_store_rekey_put(o->conn, to->id, &page, &replaced, err);
        if (rc != HT_OK)
            break;
        r->done += replaced;
        if (progress != NULL)
            progress(user, r);
        rc = ht_store_rekey_page(o->conn, to->id, &page.rows[page.n - 1], batch, &next, err);
        ht_sealed_things_fini(&page);
        page = next;
    }
    return rc;
}

static enum ht_rc count_rest(const struct ht_ops *o, int64_t *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_ring_uses_fini) struct ht_ring_uses uses = {0};
    enum ht_rc rc = ht_store_ring_uses(o->conn, &uses, err);
    int64_t n = 0;
    for (size_t i = 0; rc == HT_OK && i < uses.n; i++)
        n += uses.rows[i].current ? 0 : uses.rows[i].in_use;
    if (rc == HT_OK)
        *ret = n;
    return rc;
}

enum ht_rc ht_ops_rekey(const struct ht_ops *o, int32_t batch, ht_rekey_fn *progress, void *user, struct ht_rekey *ret,
                        struct ht_err *err)
{
    struct ht_rekey r = {0};
    if (o->ring == NULL)
        return ht_fail(err, HT_DENIED, what, "do it where the key ring is readable", "%s",
                       o->no_ring != NULL ? o->no_ring->why : "there is no key ring here");
    struct ht_seal_key to = current_key(o->ring);
    enum ht_rc rc = switch_to(o, &to, err);
    if (rc == HT_OK)
        rc = count_rest(o, &r.total, err);
    int64_t before;
    /* Somebody may have sealed to the old key just before the switch and committed behind our back: once more, until a
     * pass finds nothing that it can open. */
    do {
        before = r.done;
        if (rc == HT_OK)
            rc = pass(o, &to, batch, progress, user, &r, err);
    } while (rc == HT_OK && r.done > before);
    if (rc == HT_OK)
        *ret = r;
    return rc;
}
