/* HPKE (RFC 9180), base mode, single shot: DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256, with a choice of AEAD.
 *
 * The rest of the program seals through vault.h; this is the layer under it, on its own so that it can be checked
 * against the RFC's vectors. OpenSSL 3.0 has X25519, HKDF and the AEADs, but not HPKE itself. Every intermediate key
 * lives in secret memory and is wiped before return. Thread: any. Does not block. Errors: HT_FAILED when the ciphertext
 * does not open, a public key is a point of low order (RFC 9180, 7.1.4), or OpenSSL refuses; HT_USAGE when `info` is
 * longer than HT_HPKE_INFO_MAX.
 */
#ifndef HOOKTOP_VAULT_HPKE_H
#define HOOKTOP_VAULT_HPKE_H

#include "hooktop/base/secret.h"

#define HT_HPKE_KEY      32u /* an X25519 key, public or private; also the length of `enc` */
#define HT_HPKE_TAG      16u
#define HT_HPKE_INFO_MAX 256u

/* The numbers are those of the RFC's registry (7.3). hooktop seals with AES-256-GCM only. */
enum ht_hpke_aead { HT_HPKE_AES_128_GCM = 1, HT_HPKE_AES_256_GCM = 2, HT_HPKE_CHACHA20_POLY1305 = 3 };

struct ht_hpke_context {
    enum ht_hpke_aead aead;
    const uint8_t *info;
    size_t info_len;
    const uint8_t *aad;
    size_t aad_len;
};

/* The public half of a private key of HT_HPKE_KEY bytes. */
HT_MUST_CHECK enum ht_rc ht_hpke_public(const struct ht_secret *private_key, uint8_t ret_public[HT_HPKE_KEY],
                                        struct ht_err *err);

/* `ephemeral` is NULL except in tests that reproduce a published vector: using one twice gives the plaintext away.
 * ret_ct takes plain_len + HT_HPKE_TAG bytes. */
HT_MUST_CHECK enum ht_rc ht_hpke_seal(const struct ht_hpke_context *c, const uint8_t to[HT_HPKE_KEY],
                                      const struct ht_secret *ephemeral, const uint8_t *plain, size_t plain_len,
                                      uint8_t ret_enc[HT_HPKE_KEY], uint8_t *ret_ct, struct ht_err *err);

/* ct_len counts the tag. The plaintext appears only after the tag has been checked. */
HT_MUST_CHECK enum ht_rc ht_hpke_open(const struct ht_hpke_context *c, const struct ht_secret *private_key,
                                      const uint8_t enc[HT_HPKE_KEY], const uint8_t *ct, size_t ct_len,
                                      struct ht_secret **ret_plain, struct ht_err *err);

#endif
