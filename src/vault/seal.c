#include "hooktop/vault/vault.h"

#include <string.h>

#include "hooktop/base/codec.h"
#include "hooktop/vault/hpke.h"
#include "ring.h"

#define MAGIC       "HTS1"
#define MAGIC_LEN   4u
#define PURPOSE_LEN 16u
#define HEADER_LEN  (MAGIC_LEN + HT_RING_KEY_ID)
#define ENC_AT      HEADER_LEN
#define CT_AT       (ENC_AT + HT_HPKE_KEY)

_Static_assert(HT_SEALED_OVERHEAD == CT_AT + HT_HPKE_TAG, "the header tells the overhead");

/* What a blob is bound to, as bytes for HPKE's info: every field has a fixed length, so no two bindings look alike. The
 * first field keeps these keys apart from any other use of the same ring. */
struct bind_bytes {
    uint8_t use[16];
    uint8_t tenant[16];
    uint8_t endpoint[16];
    uint8_t secret[16];
    uint8_t generation[4];
    uint8_t purpose[PURPOSE_LEN]; /* zeros after the text */
};
_Static_assert(sizeof(struct bind_bytes) == 84, "no padding");

static enum ht_rc encode_bind(const struct ht_seal_bind *b, struct bind_bytes *ret, struct ht_err *err)
{
    size_t purpose_len = strnlen(b->purpose, PURPOSE_LEN + 1);
    if (purpose_len == 0 || purpose_len > PURPOSE_LEN)
        return ht_fail(err, HT_USAGE, "sealing", NULL, "a purpose has 1 to %u characters", PURPOSE_LEN);
    struct bind_bytes out = {.use = "hooktop secret 1"};
    memcpy(out.tenant, b->tenant_id.b, sizeof out.tenant);
    memcpy(out.endpoint, b->endpoint_id.b, sizeof out.endpoint);
    memcpy(out.secret, b->secret_id.b, sizeof out.secret);
    uint32_t generation = (uint32_t)b->generation;
    for (unsigned i = 0; i < 4; i++)
        out.generation[i] = (uint8_t)(generation >> (24 - 8 * i));
    memcpy(out.purpose, b->purpose, purpose_len);
    *ret = out;
    return HT_OK;
}

/* Magic and key id are authenticated as associated data; enc is part of the key derivation. So every byte is checked.
 */
static struct ht_hpke_context context(const struct bind_bytes *bind, const uint8_t *header)
{
    return (struct ht_hpke_context){.aead = HT_HPKE_AES_256_GCM,
                                    .info = (const uint8_t *)bind,
                                    .info_len = sizeof *bind,
                                    .aad = header,
                                    .aad_len = HEADER_LEN};
}

enum ht_rc ht_seal(const struct ht_seal_key *to, const struct ht_seal_bind *bind, const struct ht_secret *plain,
                   uint8_t *ret, size_t size, size_t *ret_len, struct ht_err *err)
{
    size_t plain_len = ht_secret_len(plain);
    if (plain_len == 0 || plain_len > HT_SECRET_MAX || size < plain_len + HT_SEALED_OVERHEAD)
        return ht_fail(err, HT_USAGE, "sealing", NULL, "%zu bytes cannot be sealed into %zu", plain_len, size);
    struct bind_bytes bytes;
    enum ht_rc rc = ht_seal_key_check(to, err);
    if (rc == HT_OK)
        rc = encode_bind(bind, &bytes, err);
    if (rc != HT_OK)
        return rc;
    uint8_t header[HEADER_LEN], enc[HT_HPKE_KEY];
    memcpy(header, MAGIC, MAGIC_LEN);
    memcpy(header + MAGIC_LEN, to->id, HT_RING_KEY_ID);
    struct ht_hpke_context c = context(&bytes, header);
    rc = ht_hpke_seal(&c, to->public_key, NULL, ht_secret_bytes(plain), plain_len, enc, ret + CT_AT, err);
    if (rc != HT_OK)
        return rc;
    memcpy(ret, header, HEADER_LEN);
    memcpy(ret + ENC_AT, enc, sizeof enc);
    *ret_len = plain_len + HT_SEALED_OVERHEAD;
    return HT_OK;
}

enum ht_rc ht_unseal(const struct ht_ring *r, const struct ht_seal_bind *bind, const uint8_t *sealed, size_t len,
                     struct ht_secret **ret, struct ht_err *err)
{
    if (len <= HT_SEALED_OVERHEAD || len > HT_SEALED_MAX || memcmp(sealed, MAGIC, MAGIC_LEN) != 0)
        return ht_fail(err, HT_FAILED, "unsealing", "restore the row from a backup, or rotate the secret",
                       "the stored bytes (%zu) are not a sealed secret", len);
    const struct ht_ring_key *key = ht_ring_find(r, sealed + MAGIC_LEN);
    if (!key) {
        char id[HT_HEX_SIZE(HT_RING_KEY_ID)];
        ht_hex_encode(sealed + MAGIC_LEN, HT_RING_KEY_ID, id);
        return ht_fail(err, HT_NOT_FOUND, "unsealing", "give this machine the key ring that holds the key",
                       "it is sealed to key %s, which the key ring does not hold", id);
    }
    struct bind_bytes bytes;
    enum ht_rc rc = encode_bind(bind, &bytes, err);
    if (rc != HT_OK)
        return rc;
    struct ht_hpke_context c = context(&bytes, sealed);
    struct ht_err cause = {0};
    rc = ht_hpke_open(&c, key->private_key, sealed + ENC_AT, sealed + CT_AT, len - CT_AT, ret, &cause);
    if (rc == HT_OK)
        return HT_OK;
    return ht_fail(err, HT_FAILED, "unsealing", "rotate the secret; the audit log may say who changed the row",
                   "the sealed bytes were altered, or belong to another row: %s", cause.why);
}
