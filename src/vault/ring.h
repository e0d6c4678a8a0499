/* Inside the vault only: a key ring in memory, and how its file is read and written. The manual is vault.h. */
#ifndef HOOKTOP_SRC_VAULT_RING_H
#define HOOKTOP_SRC_VAULT_RING_H

#include "hooktop/vault/vault.h"

struct ht_ring_key {
    struct ht_seal_key pub;
    struct ht_secret *private_key; /* owned */
};
struct ht_ring {
    size_t n;
    size_t current;
    struct ht_ring_key keys[HT_RING_KEYS_MAX];
};

/* Takes `private_key` when it succeeds. */
HT_MUST_CHECK enum ht_rc ht_ring_append(struct ht_ring *r, struct ht_secret *private_key, struct ht_err *err);
/* `name` is for errors. */
HT_MUST_CHECK enum ht_rc ht_ring_parse(const char *name, const struct ht_secret *text, struct ht_ring **ret,
                                       struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_ring_format(const struct ht_ring *r, struct ht_secret **ret_text, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_ring_from_command(const char *command, struct ht_ring **ret, struct ht_err *err);
const struct ht_ring_key *ht_ring_find(const struct ht_ring *r, const uint8_t id[HT_RING_KEY_ID]); /* NULL: none */
void ht_ring_freep(struct ht_ring **r);

#endif
