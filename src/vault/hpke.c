#include "hooktop/vault/hpke.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#define HASH        32u /* SHA-256 */
#define NONCE       12u /* of all three AEADs */
#define SCHEDULE    (1u + 2u * HASH)
#define LABELED_MAX (HT_HPKE_INFO_MAX + 64u) /* "HPKE-v1", suite id and label take less than 64 */

struct aead {
    enum ht_hpke_aead id;
    size_t key_len;
    const EVP_CIPHER *(*cipher)(void);
};
static const struct aead aeads[] = {
    {HT_HPKE_AES_128_GCM, 16, EVP_aes_128_gcm},
    {HT_HPKE_AES_256_GCM, 32, EVP_aes_256_gcm},
    {HT_HPKE_CHACHA20_POLY1305, 32, EVP_chacha20_poly1305},
};

static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};

/* Everything derived on the way to key and nonce; lies in one block of secret memory. */
struct work {
    uint8_t dh[HT_HPKE_KEY];
    uint8_t prk[HASH];
    uint8_t shared[HASH];
    uint8_t key[32];
    uint8_t nonce[NONCE];
    uint8_t kem_context[2 * HT_HPKE_KEY];
    uint8_t schedule[SCHEDULE];
    uint8_t labeled[LABELED_MAX];
    size_t labeled_len;
};

static void free_pkey(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}
static void free_pkey_ctx(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}
static void free_kdf(EVP_KDF **p)
{
    EVP_KDF_free(*p);
}
static void free_kdf_ctx(EVP_KDF_CTX **p)
{
    EVP_KDF_CTX_free(*p);
}
static void free_cipher_ctx(EVP_CIPHER_CTX **p)
{
    EVP_CIPHER_CTX_free(*p);
}

static enum ht_rc crypto_failed(struct ht_err *err, const char *step)
{
    return ht_fail(err, HT_FAILED, "HPKE", NULL, "OpenSSL refused: %s", step);
}

/* HKDF of RFC 5869, one half of it: mode is EVP_KDF_HKDF_MODE_EXTRACT_ONLY or _EXPAND_ONLY. */
static bool hkdf(int mode, const uint8_t *key, size_t key_len, const char *other, const uint8_t *bytes, size_t len,
                 uint8_t *ret, size_t ret_len)
{
    HT_CLEANUP(free_kdf) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    HT_CLEANUP(free_kdf_ctx) EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    if (!ctx)
        return false;
    char digest[] = "SHA256";
    /* OSSL_PARAM has no const; nothing is written through these. */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_len),
        OSSL_PARAM_construct_octet_string(other, (void *)(uintptr_t)bytes, len),
        OSSL_PARAM_construct_end(),
    };
    return EVP_KDF_derive(ctx, ret, ret_len, params) > 0;
}

static void labeled_add(struct work *w, const void *bytes, size_t len)
{
    if (len) /* bounded by HT_HPKE_INFO_MAX, which ht_hpke_seal and _open check */
        memcpy(w->labeled + w->labeled_len, bytes, len);
    w->labeled_len += len;
}

static void labeled_begin(struct work *w, const uint8_t *suite, size_t suite_len, const char *label)
{
    labeled_add(w, "HPKE-v1", 7);
    labeled_add(w, suite, suite_len);
    labeled_add(w, label, strlen(label));
}

/* RFC 9180, section 4. */
static bool labeled_extract(struct work *w, const uint8_t *suite, size_t suite_len, const uint8_t *salt,
                            size_t salt_len, const char *label, const uint8_t *ikm, size_t ikm_len, uint8_t ret[HASH])
{
    w->labeled_len = 0;
    labeled_begin(w, suite, suite_len, label);
    labeled_add(w, ikm, ikm_len);
    return hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, w->labeled, w->labeled_len, OSSL_KDF_PARAM_SALT, salt, salt_len, ret,
                HASH);
}

static bool labeled_expand(struct work *w, const uint8_t *suite, size_t suite_len, const uint8_t prk[HASH],
                           const char *label, const uint8_t *info, size_t info_len, uint8_t *ret, size_t ret_len)
{
    const uint8_t length[2] = {(uint8_t)(ret_len >> 8), (uint8_t)ret_len};
    w->labeled_len = 0;
    labeled_add(w, length, sizeof length);
    labeled_begin(w, suite, suite_len, label);
    labeled_add(w, info, info_len);
    return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, prk, HASH, OSSL_KDF_PARAM_INFO, w->labeled, w->labeled_len, ret,
                ret_len);
}

static const struct aead *find_aead(enum ht_hpke_aead id)
{
    for (size_t i = 0; i < HT_COUNT(aeads); i++)
        if (aeads[i].id == id)
            return &aeads[i];
    return NULL;
}

static EVP_PKEY *private_pkey(const struct ht_secret *key)
{
    if (ht_secret_len(key) != HT_HPKE_KEY)
        return NULL;
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, ht_secret_bytes(key), HT_HPKE_KEY);
}

static bool raw_public(const EVP_PKEY *key, uint8_t ret[HT_HPKE_KEY])
{
    size_t len = HT_HPKE_KEY;
    return EVP_PKEY_get_raw_public_key(key, ret, &len) > 0 && len == HT_HPKE_KEY;
}

/* OpenSSL fails here when the result is all zero, which is the check that RFC 9180 asks for. */
static bool diffie_hellman(EVP_PKEY *own, const uint8_t their_public[HT_HPKE_KEY], uint8_t ret[HT_HPKE_KEY])
{
    HT_CLEANUP(free_pkey)
    EVP_PKEY *their = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, their_public, HT_HPKE_KEY);
    HT_CLEANUP(free_pkey_ctx) EVP_PKEY_CTX *ctx = their ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    size_t len = HT_HPKE_KEY;
    return ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, their) > 0 &&
           EVP_PKEY_derive(ctx, ret, &len) > 0 && len == HT_HPKE_KEY;
}

/* From the Diffie-Hellman value to the AEAD's key and nonce: RFC 9180, 4.1 (ExtractAndExpand) and 5.1 (KeySchedule). */
static bool derive_keys(struct work *w, const struct ht_hpke_context *c, const struct aead *aead,
                        const uint8_t enc[HT_HPKE_KEY], const uint8_t recipient[HT_HPKE_KEY])
{
    const uint8_t suite[] = {'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, (uint8_t)aead->id};
    static const uint8_t none[1];
    memcpy(w->kem_context, enc, HT_HPKE_KEY);
    memcpy(w->kem_context + HT_HPKE_KEY, recipient, HT_HPKE_KEY);
    w->schedule[0] = 0; /* mode_base */
    uint8_t *psk_id_hash = w->schedule + 1, *info_hash = w->schedule + 1 + HASH;
    return labeled_extract(w, kem_suite, sizeof kem_suite, none, 0, "eae_prk", w->dh, sizeof w->dh, w->prk) &&
           labeled_expand(w, kem_suite, sizeof kem_suite, w->prk, "shared_secret", w->kem_context,
                          sizeof w->kem_context, w->shared, HASH) &&
           labeled_extract(w, suite, sizeof suite, none, 0, "psk_id_hash", none, 0, psk_id_hash) &&
           labeled_extract(w, suite, sizeof suite, none, 0, "info_hash", c->info, c->info_len, info_hash) &&
           labeled_extract(w, suite, sizeof suite, w->shared, HASH, "secret", none, 0, w->prk) &&
           labeled_expand(w, suite, sizeof suite, w->prk, "key", w->schedule, SCHEDULE, w->key, aead->key_len) &&
           labeled_expand(w, suite, sizeof suite, w->prk, "base_nonce", w->schedule, SCHEDULE, w->nonce, NONCE);
}

static bool aead_seal(const struct work *w, const struct aead *aead, const struct ht_hpke_context *c,
                      const uint8_t *plain, size_t plain_len, uint8_t *ret_ct)
{
    HT_CLEANUP(free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    return ctx && EVP_EncryptInit_ex(ctx, aead->cipher(), NULL, w->key, w->nonce) > 0 &&
           EVP_EncryptUpdate(ctx, NULL, &n, c->aad, (int)c->aad_len) > 0 &&
           EVP_EncryptUpdate(ctx, ret_ct, &n, plain, (int)plain_len) > 0 &&
           EVP_EncryptFinal_ex(ctx, ret_ct + n, &n) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, HT_HPKE_TAG, ret_ct + plain_len) > 0;
}

static bool aead_open(const struct work *w, const struct aead *aead, const struct ht_hpke_context *c, const uint8_t *ct,
                      size_t plain_len, uint8_t *ret_plain)
{
    HT_CLEANUP(free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t tag[HT_HPKE_TAG];
    memcpy(tag, ct + plain_len, HT_HPKE_TAG);
    int n = 0;
    return ctx && EVP_DecryptInit_ex(ctx, aead->cipher(), NULL, w->key, w->nonce) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, HT_HPKE_TAG, tag) > 0 &&
           EVP_DecryptUpdate(ctx, NULL, &n, c->aad, (int)c->aad_len) > 0 &&
           EVP_DecryptUpdate(ctx, ret_plain, &n, ct, (int)plain_len) > 0 &&
           EVP_DecryptFinal_ex(ctx, ret_plain + n, &n) > 0;
}

static enum ht_rc check_context(const struct ht_hpke_context *c, size_t len, const struct aead **ret_aead,
                                struct ht_err *err)
{
    const struct aead *aead = find_aead(c->aead);
    if (!aead)
        return ht_fail(err, HT_USAGE, "HPKE", NULL, "AEAD number %d is not known", (int)c->aead);
    if (c->info_len > HT_HPKE_INFO_MAX || c->aad_len > INT_MAX || len > INT_MAX - HT_HPKE_TAG)
        return ht_fail(err, HT_USAGE, "HPKE", NULL, "info, associated data or text too long");
    *ret_aead = aead;
    return HT_OK;
}

enum ht_rc ht_hpke_public(const struct ht_secret *private_key, uint8_t ret_public[HT_HPKE_KEY], struct ht_err *err)
{
    HT_CLEANUP(free_pkey) EVP_PKEY *key = private_pkey(private_key);
    uint8_t public[HT_HPKE_KEY];
    if (!key || !raw_public(key, public))
        return crypto_failed(err, "an X25519 private key");
    memcpy(ret_public, public, sizeof public);
    return HT_OK;
}

enum ht_rc ht_hpke_seal(const struct ht_hpke_context *c, const uint8_t to[HT_HPKE_KEY],
                        const struct ht_secret *ephemeral, const uint8_t *plain, size_t plain_len,
                        uint8_t ret_enc[HT_HPKE_KEY], uint8_t *ret_ct, struct ht_err *err)
{
    const struct aead *aead = NULL;
    enum ht_rc rc = check_context(c, plain_len, &aead, err);
    if (rc != HT_OK)
        return rc;
    HT_SECRET_CLEANUP struct ht_secret *fresh = NULL;
    if (!ephemeral && (rc = ht_secret_new_random(HT_HPKE_KEY, &fresh, err)) != HT_OK)
        return rc;
    HT_SECRET_CLEANUP struct ht_secret *work = NULL;
    if ((rc = ht_secret_new_blank(sizeof(struct work), &work, err)) != HT_OK)
        return rc;
    struct work *w = (struct work *)(void *)ht_secret_fill_area(work);

    HT_CLEANUP(free_pkey) EVP_PKEY *own = private_pkey(ephemeral ? ephemeral : fresh);
    uint8_t enc[HT_HPKE_KEY];
    if (!own || !raw_public(own, enc))
        return crypto_failed(err, "the ephemeral key");
    if (!diffie_hellman(own, to, w->dh))
        return crypto_failed(err, "the recipient's public key");
    if (!derive_keys(w, c, aead, enc, to) || !aead_seal(w, aead, c, plain, plain_len, ret_ct))
        return crypto_failed(err, "key derivation or encryption");
    memcpy(ret_enc, enc, sizeof enc);
    return HT_OK;
}

enum ht_rc ht_hpke_open(const struct ht_hpke_context *c, const struct ht_secret *private_key,
                        const uint8_t enc[HT_HPKE_KEY], const uint8_t *ct, size_t ct_len, struct ht_secret **ret_plain,
                        struct ht_err *err)
{
    const struct aead *aead = NULL;
    enum ht_rc rc = check_context(c, ct_len, &aead, err);
    if (rc != HT_OK)
        return rc;
    if (ct_len <= HT_HPKE_TAG || ct_len - HT_HPKE_TAG > HT_SECRET_MAX)
        return ht_fail(err, HT_FAILED, "HPKE", NULL, "a ciphertext of %zu bytes cannot be right", ct_len);
    HT_SECRET_CLEANUP struct ht_secret *work = NULL, *plain = NULL;
    if ((rc = ht_secret_new_blank(sizeof(struct work), &work, err)) != HT_OK ||
        (rc = ht_secret_new_blank(ct_len - HT_HPKE_TAG, &plain, err)) != HT_OK)
        return rc;
    struct work *w = (struct work *)(void *)ht_secret_fill_area(work);

    HT_CLEANUP(free_pkey) EVP_PKEY *own = private_pkey(private_key);
    uint8_t own_public[HT_HPKE_KEY];
    if (!own || !raw_public(own, own_public))
        return crypto_failed(err, "the private key");
    if (!diffie_hellman(own, enc, w->dh) || !derive_keys(w, c, aead, enc, own_public) ||
        !aead_open(w, aead, c, ct, ct_len - HT_HPKE_TAG, ht_secret_fill_area(plain)))
        return ht_fail(err, HT_FAILED, "HPKE", NULL, "the ciphertext does not open with this key and context");
    *ret_plain = plain;
    plain = NULL;
    return HT_OK;
}
