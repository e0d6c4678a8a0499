#include "keys.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "map.h"

/* Half of the secure heap, which hands out powers of two: some 500 RSA keys or 5,000 shared secrets. */
#define KEYS_BYTES (2u * 1024u * 1024u)
/* RSA signatures of the latest events. */
#define SIGNED_MAX 1024u

struct key {
    struct ht_uuid id;
    struct ht_signer *signer;
    size_t bytes; /* what it takes of the secure heap, estimated */
    TAILQ_ENTRY(key) link;
};
TAILQ_HEAD(key_list, key);

/* The headers of one event under one key. */
struct signed_event {
    struct ht_uuid event;
    struct ht_uuid secret;
    size_t n;
    struct ht_wire_header *h; /* NULL: empty */
};

struct ht_keys {
    const struct ht_ring *ring;
    struct ht_map map;
    struct key_list recent; /* the most recently used first */
    size_t bytes;
    struct signed_event events[SIGNED_MAX];
};

struct ht_keys *ht_keys_new(const struct ht_ring *ring)
{
    struct ht_keys *k = ht_alloc(1, sizeof *k);
    k->ring = ring;
    ht_map_init(&k->map);
    TAILQ_INIT(&k->recent);
    return k;
}

static void drop_last(struct ht_keys *k)
{
    struct key *key = TAILQ_LAST(&k->recent, key_list);
    if (key) {
        TAILQ_REMOVE(&k->recent, key, link);
        ht_map_del(&k->map, &key->id);
        k->bytes -= key->bytes;
        ht_signer_free(key->signer);
        free(key);
    }
}

void ht_keys_free(struct ht_keys *k)
{
    if (!k) {
        return;
    }
    while (!TAILQ_EMPTY(&k->recent)) {
        drop_last(k);
    }
    for (size_t i = 0; i < SIGNED_MAX; i++) {
        free(k->events[i].h);
    }
    ht_map_fini(&k->map);
    free(k);
}

static enum ht_rc open_key(struct ht_keys *k, const struct ht_profile *p, const struct ht_uuid *tenant,
                           const struct ht_sealed_row *row, struct ht_signer **ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *secret = NULL;
    struct ht_seal_bind bind = {
        .tenant_id = *tenant,
        .endpoint_id = row->endpoint_id,
        .secret_id = row->id,
        .generation = row->generation,
        .purpose = ht_profile_seal_purpose(p),
    };
    enum ht_rc rc = ht_unseal(k->ring, &bind, row->blob, row->len, &secret, err);
    return rc == HT_OK ? ht_signer_new(p->key_kind, secret, ret, err) : rc;
}

enum ht_rc ht_keys_get(struct ht_keys *k, const struct ht_profile *p, const struct ht_uuid *tenant,
                       const struct ht_sealed_row *row, struct ht_signer **ret, struct ht_err *err)
{
    struct ht_signer *signer = NULL;
    struct key *key = ht_map_get(&k->map, &row->id);
    if (key) {
        TAILQ_REMOVE(&k->recent, key, link);
        TAILQ_INSERT_HEAD(&k->recent, key, link);
        *ret = key->signer;
        return HT_OK;
    }
    /* The other keys of the same signature were used last, so they stay. */
    size_t bytes = 2 * row->len + 128;
    while (k->bytes + bytes > KEYS_BYTES && !TAILQ_EMPTY(&k->recent)) {
        drop_last(k);
    }
    enum ht_rc rc = open_key(k, p, tenant, row, &signer, err);
    if (rc != HT_OK) {
        return rc;
    }
    key = ht_alloc(1, sizeof *key);
    key->id = row->id;
    key->signer = signer;
    key->bytes = bytes;
    k->bytes += bytes;
    TAILQ_INSERT_HEAD(&k->recent, key, link);
    ht_map_put(&k->map, &key->id, key);
    *ret = signer;
    return HT_OK;
}

static bool signs_as_current(const struct ht_sealed_row *r, int64_t now_us)
{
    bool expired = r->expires_at != 0 && r->expires_at <= now_us;
    bool promoted = r->state == HT_SECRET_NEXT && r->promote_at != 0 && r->promote_at <= now_us;
    return !expired && (r->state == HT_SECRET_ACTIVE || promoted);
}

static bool signs_as_well(const struct ht_sealed_row *r, int64_t now_us)
{
    return (r->state == HT_SECRET_RETIRING || r->state == HT_SECRET_ACTIVE) && r->expires_at > now_us;
}

size_t ht_keys_select(const struct ht_sealed_rows *rows, bool several, int64_t now_us, size_t ret[HT_SECRETS_LIVE_MAX])
{
    size_t n = 0, current = rows->n;
    for (size_t i = 0; i < rows->n; i++) {
        if (signs_as_current(&rows->rows[i], now_us) &&
            (current == rows->n || rows->rows[i].generation > rows->rows[current].generation)) {
            current = i;
        }
    }
    if (current == rows->n) {
        return 0;
    }
    ret[n++] = current;
    for (int32_t below = rows->rows[current].generation; several && n < HT_SECRETS_LIVE_MAX; n++) {
        size_t best = rows->n;
        for (size_t i = 0; i < rows->n; i++) {
            const struct ht_sealed_row *r = &rows->rows[i];
            if (signs_as_well(r, now_us) && r->generation < below &&
                (best == rows->n || r->generation > rows->rows[best].generation)) {
                best = i;
            }
        }
        if (best == rows->n) {
            break;
        }
        ret[n] = best;
        below = rows->rows[best].generation;
    }
    return n;
}

static struct signed_event *signed_slot(struct ht_keys *k, const struct ht_uuid *event, const struct ht_uuid *secret)
{
    uint64_t a, b;
    memcpy(&a, event->b + 8, sizeof a);
    memcpy(&b, secret->b + 8, sizeof b);
    return &k->events[(a ^ (b >> 7)) % SIGNED_MAX];
}

static bool recall(const struct signed_event *s, const struct ht_uuid *event, const struct ht_uuid *secret,
                   struct ht_wire_headers *ret)
{
    if (!s->h || ht_uuid_cmp(&s->event, event) != 0 || ht_uuid_cmp(&s->secret, secret) != 0) {
        return false;
    }
    ret->n = s->n;
    memcpy(ret->h, s->h, s->n * sizeof *s->h);
    return true;
}

static void remember(struct signed_event *s, const struct ht_uuid *event, const struct ht_uuid *secret,
                     const struct ht_wire_headers *h)
{
    free(s->h);
    s->event = *event;
    s->secret = *secret;
    s->n = h->n;
    s->h = ht_alloc(h->n + 1, sizeof *s->h);
    memcpy(s->h, h->h, h->n * sizeof *s->h);
}

static void write_generations(const struct ht_sealed_rows *rows, const size_t *chosen, size_t n, char ret[32])
{
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < n && at < 20; i++) {
        at += (size_t)snprintf(ret + at, 32 - at, i > 0 ? ",%d" : "%d", rows->rows[chosen[i]].generation);
    }
}

enum ht_rc ht_keys_sign(struct ht_keys *k, const struct ht_profile *p, const struct ht_uuid *tenant,
                        const struct ht_uuid *event, const struct ht_sealed_rows *rows, int64_t now_us,
                        const struct ht_sign_input *in, struct ht_wire_headers *ret, char ret_generations[32],
                        bool *ret_sealed, struct ht_err *err)
{
    size_t chosen[HT_SECRETS_LIVE_MAX];
    struct ht_signer *signers[HT_SECRETS_LIVE_MAX];
    size_t n = ht_keys_select(rows, p->multi_signature, now_us, chosen);
    *ret_sealed = true;
    if (n == 0) {
        return ht_fail(err, HT_FAILED, "signing", "rotate the secret", "no secret is in force");
    }
    write_generations(rows, chosen, n, ret_generations);
    /* An RSA signature takes half a millisecond and depends on the body alone, which an event has only one of. */
    const struct ht_uuid *secret = &rows->rows[chosen[0]].id;
    struct signed_event *slot = p->key_kind == HT_KEY_RSA ? signed_slot(k, event, secret) : NULL;
    if (slot && recall(slot, event, secret, ret)) {
        return HT_OK;
    }
    for (size_t i = 0; i < n; i++) {
        enum ht_rc rc = ht_keys_get(k, p, tenant, &rows->rows[chosen[i]], &signers[i], err);
        if (rc != HT_OK) {
            return rc;
        }
    }
    *ret_sealed = false;
    enum ht_rc rc = p->sign(in, signers, n, ret, err);
    if (rc == HT_OK && slot) {
        remember(slot, event, secret, ret);
    }
    return rc;
}
