/* Sealing secrets to the key ring's public half, and opening them with its private half.
 *
 * Sealing is HPKE (RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). The public half of the
 * current key stands in the database (table ring_key): whoever may write a secret can seal, only a machine with the
 * ring file can open. The blob is bound (info and aad) to tenant, endpoint, secret, generation and purpose, so it opens
 * nowhere else.
 *
 * A ring file is text, one key per line, "ht-ring-1 KEY_ID PRIVATE_BASE64 [current]", exactly one marked current; mode
 * 0600 or stricter (0640 when root owns it: the group reads), owned by the user or root, not a symbolic link. A key's
 * id is the first 8 bytes of the SHA-256 of its public half. Thread: a ring is read-only after loading and may be
 * shared. Errors: HT_DENIED for modes and owners, HT_USAGE for a malformed ring, HT_NOT_FOUND when there is no ring
 * file or the ring lacks the blob's key, HT_FAILED for a blob that does not open.
 */
#ifndef HOOKTOP_VAULT_VAULT_H
#define HOOKTOP_VAULT_VAULT_H

#include "hooktop/base/secret.h"
#include "hooktop/base/uuid.h"

#define HT_RING_KEY_ID     8u
#define HT_RING_KEYS_MAX   64u
#define HT_SEALED_OVERHEAD (4u + HT_RING_KEY_ID + 32u + 16u) /* magic "HTS1", key id, enc, tag */
#define HT_SEALED_MAX      (HT_SEALED_OVERHEAD + HT_SECRET_MAX)

struct ht_ring; /* private halves */
/* The public half, as the database keeps it. */
struct ht_seal_key {
    uint8_t id[HT_RING_KEY_ID];
    uint8_t public_key[32];
};

struct ht_seal_bind {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id; /* nil: the tenant's signing key */
    struct ht_uuid secret_id;
    int32_t generation;
    const char *purpose; /* "hmac", "rsa", "ed25519", "header" */
};

/* Writes a new ring with one key, 0600; the directory must exist. Refuses to replace a file. Durable on return. */
HT_MUST_CHECK enum ht_rc ht_ring_create(const char *path, struct ht_err *err);
/* Adds a key and makes it current, through a new file renamed into place; owner and mode stay. */
HT_MUST_CHECK enum ht_rc ht_ring_add_key(const char *path, struct ht_err *err);
/* From the first source that is there: $CREDENTIALS_DIRECTORY/hooktop-key-ring, `path`. One that is there but cannot be
 * used is an error, not a reason to look further. */
HT_MUST_CHECK enum ht_rc ht_ring_load(const char *path, struct ht_ring **ret, struct ht_err *err);
struct ht_ring_source {
    const char *file;
    const char *command; /* the whole path of a program that prints a ring, and its arguments; NULL: none */
};
/* As ht_ring_load, and where neither is there from the command. It is run without a shell, with HOME and a usual PATH
 * as its environment, for 10 s at most; it blocks for as long. */
HT_MUST_CHECK enum ht_rc ht_ring_open(const struct ht_ring_source *from, struct ht_ring **ret, struct ht_err *err);
void ht_ring_free(struct ht_ring *r);
size_t ht_ring_count(const struct ht_ring *r);
void ht_ring_public(const struct ht_ring *r, size_t i, struct ht_seal_key *ret, bool *ret_current);
bool ht_ring_has(const struct ht_ring *r, const uint8_t id[HT_RING_KEY_ID]);

/* Whether the id belongs to the public key (HT_FAILED when not); ht_seal checks it too. */
HT_MUST_CHECK enum ht_rc ht_seal_key_check(const struct ht_seal_key *k, struct ht_err *err);
/* `plain` has 1 to HT_SECRET_MAX bytes; `size` must be at least its length + HT_SEALED_OVERHEAD. */
HT_MUST_CHECK enum ht_rc ht_seal(const struct ht_seal_key *to, const struct ht_seal_bind *bind,
                                 const struct ht_secret *plain, uint8_t *ret, size_t size, size_t *ret_len,
                                 struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_unseal(const struct ht_ring *r, const struct ht_seal_bind *bind, const uint8_t *sealed,
                                   size_t len, struct ht_secret **ret, struct ht_err *err);

#endif
