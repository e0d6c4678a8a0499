/* The signing keys in use: unsealed once, kept by the secret's id, the least recently used one wiped when there are too
 * many. Also remembers signatures that depend on nothing but the body. Thread: one. */
#ifndef HOOKTOP_SRC_DELIVERY_KEYS_H
#define HOOKTOP_SRC_DELIVERY_KEYS_H

#include "hooktop/profile/profile.h"
#include "hooktop/store/queries.h"
#include "hooktop/vault/vault.h"

/* Which of these secrets sign at `now_us` (the database's time): the current one first, then, when the profile's header
 * has room for several, those that are retiring and have not expired. Returns how many; ret holds indices. Pure. */
size_t ht_keys_select(const struct ht_sealed_rows *rows, bool several, int64_t now_us, size_t ret[HT_SECRETS_LIVE_MAX]);

struct ht_keys;
struct ht_keys *ht_keys_new(const struct ht_ring *ring); /* the ring is borrowed */
void ht_keys_free(struct ht_keys *k);

/* The signer of one sealed secret; borrowed until the next call of ht_keys_get. HT_FAILED and others: why it does not
 * open, or is no key. */
HT_MUST_CHECK enum ht_rc ht_keys_get(struct ht_keys *k, const struct ht_profile *p, const struct ht_uuid *tenant,
                                     const struct ht_sealed_row *row, struct ht_signer **ret, struct ht_err *err);

/* Signs with the secrets that are due at now_us. ret_generations: "3,2". *ret_sealed says, on failure, that it was the
 * unsealing that failed and not the signing. */
HT_MUST_CHECK enum ht_rc ht_keys_sign(struct ht_keys *k, const struct ht_profile *p, const struct ht_uuid *tenant,
                                      const struct ht_uuid *event, const struct ht_sealed_rows *rows, int64_t now_us,
                                      const struct ht_sign_input *in, struct ht_wire_headers *ret,
                                      char ret_generations[32], bool *ret_sealed, struct ht_err *err);

#endif
