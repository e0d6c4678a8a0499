#include "hooktop/cli/ring.h"
#include <stdio.h>
#include <string.h>
#include "hooktop/base/codec.h"
#include "hooktop/cli/config.h"
#include "hooktop/delivery/engine.h"
#include "hooktop/store/setup.h"
#include "hooktop/vault/vault.h"

static const char what[] = "key ring";

/* What the database says. */
struct published {
    bool any;
    struct ht_seal_key key;
    int64_t sealed; /* secrets */
};

static void free_ring(struct ht_ring **r)
{
    ht_ring_free(*r);
}

static enum ht_rc read_published(struct ht_conn *c, struct published *ret, struct ht_err *err)
{
    struct published p = {0};
    struct ht_err none = {0};
    enum ht_rc rc = ht_store_ring_current(c, p.key.id, p.key.public_key, &none);
    p.any = rc == HT_OK;
    if (rc != HT_OK && rc != HT_NOT_FOUND)
        return ht_fail(err, rc, none.what, none.fix, "%s", none.why);
    if ((rc = ht_store_sealed_count(c, &p.sealed, err)) != HT_OK)
        return rc;
    *ret = p;
    return HT_OK;
}

static struct ht_seal_key current_key(const struct ht_ring *r)
{
    struct ht_seal_key key = {0};
    bool current = false;
    for (size_t i = 0; i < ht_ring_count(r) && !current; i++)
        ht_ring_public(r, i, &key, &current);
    return key;
}

/* The ring that is here, or (nothing being sealed yet) a new one; *ret stays NULL when the ring lies elsewhere. */
static enum ht_rc find_or_make(const struct ht_ring_source *from, const struct published *p, struct ht_ring **ret,
                               bool *ret_made, struct ht_err *err)
{
    struct ht_err missing = {0};
    enum ht_rc rc = ht_ring_open(from, ret, &missing);
    if (rc != HT_NOT_FOUND)
        return rc == HT_OK ? rc : ht_fail(err, rc, missing.what, missing.fix, "%s", missing.why);
    if (p->sealed > 0)
        return HT_OK;
    rc = ht_path_make_parents(from->file, err);
    if (rc == HT_OK)
        rc = ht_ring_create(from->file, err);
    if (rc == HT_OK)
        rc = ht_ring_load(from->file, ret, err);
    *ret_made = rc == HT_OK;
    return rc;
}

static enum ht_rc wrong_ring(const char *key_file, const struct published *p, struct ht_err *err)
{
    char id[HT_HEX_SIZE(HT_RING_KEY_ID)], fix[sizeof err->fix];
    ht_hex_encode(p->key.id, HT_RING_KEY_ID, id);
    snprintf(fix, sizeof fix, "put the ring that holds key %s there (from a backup, or another machine that delivers)",
             id);
    const char *are = p->sealed == 1 ? "secret is" : "secrets are";
    if (!p->any)
        return ht_fail(err, HT_FAILED, what, "restore the table ring_key from a backup",
                       "%lld %s sealed, but the database names no key", (long long)p->sealed, are);
    return ht_fail(err, HT_FAILED, what, fix, "%lld %s sealed to key %s, which %s does not hold", (long long)p->sealed,
                   are, id, key_file);
}

enum ht_rc ht_ring_setup(struct ht_conn *c, const struct ht_ring_source *from, enum ht_ring_outcome *ret,
                         struct ht_err *err)
{
    struct published p;
    HT_CLEANUP(free_ring) struct ht_ring *ring = NULL;
    bool made = false;
    enum ht_rc rc = read_published(c, &p, err);
    if (rc == HT_OK)
        rc = find_or_make(from, &p, &ring, &made, err);
    if (rc != HT_OK)
        return rc;
    if (p.sealed > 0 && (!p.any || (ring && !ht_ring_has(ring, p.key.id))))
        return wrong_ring(from->file, &p, err);
    if (!ring || (p.any && ht_ring_has(ring, p.key.id))) {
        *ret = ring ? HT_RING_IN_USE : HT_RING_ELSEWHERE;
        return HT_OK;
    }
    struct ht_seal_key key = current_key(ring);
    if ((rc = ht_store_ring_publish(c, key.id, key.public_key, err)) != HT_OK)
        return rc;
    *ret = made ? HT_RING_MADE : HT_RING_PUBLISHED;
    return HT_OK;
}

enum ht_rc ht_worker_announce(struct ht_conn *c, const struct ht_ring *ring, const struct ht_egress *egress,
                              struct ht_err *err)
{
    uint8_t keys[HT_RING_KEYS_MAX][HT_RING_KEY_ID];
    char name[96], exceptions[256];
    for (size_t i = 0; i < ht_ring_count(ring); i++) {
        struct ht_seal_key key;
        ht_ring_public(ring, i, &key, NULL);
        memcpy(keys[i], key.id, sizeof keys[i]);
    }
    ht_engine_worker_name(name, sizeof name);
    bool any = ht_egress_exceptions(egress, exceptions, sizeof exceptions);
    return ht_store_worker_started(c, name, (const uint8_t(*)[8])keys, ht_ring_count(ring), any ? exceptions : NULL,
                                   err);
}
