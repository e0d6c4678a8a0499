#include "hooktop/profile/profile.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define HMAC_BLOCK 64u

struct ht_signer {
    enum ht_key_kind kind;
    struct ht_secret *pads; /* HMAC: the key combined with the inner constant, then with the outer one */
    EVP_PKEY *key;
    EVP_PKEY_CTX *rsa; /* set up once for PKCS#1 v1.5 with SHA-256 */
    EVP_MD_CTX *md;
};

enum ht_key_kind ht_signer_kind(const struct ht_signer *s)
{
    return s->kind;
}

static enum ht_rc openssl_failed(struct ht_err *err)
{
    ERR_clear_error();
    return ht_fail(err, HT_FAILED, "signature", NULL, "OpenSSL refused the operation");
}

/* RFC 2104: a key longer than a block is hashed, a shorter one filled up with zeros. */
static bool fill_block(const struct ht_secret *key, uint8_t block[HMAC_BLOCK])
{
    if (ht_secret_len(key) > HMAC_BLOCK)
        return EVP_Digest(ht_secret_bytes(key), ht_secret_len(key), block, NULL, EVP_sha256(), NULL) == 1;
    memcpy(block, ht_secret_bytes(key), ht_secret_len(key));
    return true;
}

/* OpenSSL's HMAC would keep the key itself in ordinary memory. Here only the two blocks stay, in the secure heap, and
 * the secret's own characters stand nowhere. */
static enum ht_rc prepare_hmac(struct ht_signer *s, const struct ht_secret *secret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *key = NULL;
    enum ht_rc rc = ht_key_hmac(s->kind, secret, &key, err);
    if (rc == HT_OK)
        rc = ht_secret_new_blank(2 * HMAC_BLOCK, &s->pads, err);
    if (rc != HT_OK)
        return rc;
    uint8_t *inner = ht_secret_fill_area(s->pads), *outer = inner + HMAC_BLOCK;
    s->md = EVP_MD_CTX_new();
    if (!s->md || EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) != 1 || !fill_block(key, inner))
        return openssl_failed(err);
    for (size_t i = 0; i < HMAC_BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    return HT_OK;
}

static enum ht_rc prepare_rsa(struct ht_signer *s, const struct ht_secret *secret, struct ht_err *err)
{
    enum ht_rc rc = ht_key_rsa_private(secret, &s->key, err);
    if (rc != HT_OK)
        return rc;
    s->md = EVP_MD_CTX_new();
    s->rsa = EVP_PKEY_CTX_new(s->key, NULL);
    if (!s->md || !s->rsa || EVP_PKEY_sign_init(s->rsa) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(s->rsa, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(s->rsa, EVP_sha256()) != 1)
        return openssl_failed(err);
    return HT_OK;
}

static enum ht_rc prepare_ed25519(struct ht_signer *s, const struct ht_secret *secret, struct ht_err *err)
{
    enum ht_rc rc = ht_key_ed25519_private(secret, &s->key, err);
    if (rc != HT_OK)
        return rc;
    s->md = EVP_MD_CTX_new();
    return s->md ? HT_OK : openssl_failed(err);
}

enum ht_rc ht_signer_new(enum ht_key_kind kind, const struct ht_secret *secret, struct ht_signer **ret,
                         struct ht_err *err)
{
    struct ht_signer *s = ht_alloc(1, sizeof *s);
    s->kind = kind == HT_KEY_HMAC_WHSEC && ht_key_has_prefix(secret, "whsk_") ? HT_KEY_ED25519 : kind;
    enum ht_rc rc = s->kind == HT_KEY_RSA       ? prepare_rsa(s, secret, err)
                    : s->kind == HT_KEY_ED25519 ? prepare_ed25519(s, secret, err)
                                                : prepare_hmac(s, secret, err);
    if (rc != HT_OK)
        ht_signer_free(s);
    else
        *ret = s;
    return rc;
}

void ht_signer_free(struct ht_signer *s)
{
    if (!s)
        return;
    ht_secret_free(s->pads);
    EVP_PKEY_CTX_free(s->rsa);
    EVP_MD_CTX_free(s->md);
    EVP_PKEY_free(s->key);
    free(s);
}

/* Starts again with SHA-256, for which the context was made. */
static bool start(EVP_MD_CTX *md)
{
    return EVP_DigestInit_ex(md, NULL, NULL) == 1;
}

static enum ht_rc sign_hmac(struct ht_signer *s, const struct ht_part *parts, size_t n, uint8_t *ret, size_t *ret_len,
                            struct ht_err *err)
{
    const uint8_t *inner = ht_secret_bytes(s->pads), *outer = inner + HMAC_BLOCK;
    uint8_t digest[HT_MAC_BYTES];
    bool ok = start(s->md) && EVP_DigestUpdate(s->md, inner, HMAC_BLOCK) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(s->md, parts[i].bytes, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(s->md, digest, NULL) == 1 && start(s->md) &&
         EVP_DigestUpdate(s->md, outer, HMAC_BLOCK) == 1 && EVP_DigestUpdate(s->md, digest, sizeof digest) == 1;
    if (!ok || EVP_DigestFinal_ex(s->md, ret, NULL) != 1)
        return openssl_failed(err);
    *ret_len = HT_MAC_BYTES;
    return HT_OK;
}

/* OpenSSL checks its own result against the public key before it lets it out, so a fault cannot leak the key. */
static enum ht_rc sign_rsa(struct ht_signer *s, const struct ht_part *parts, size_t n, uint8_t *ret, size_t *ret_len,
                           struct ht_err *err)
{
    uint8_t digest[HT_MAC_BYTES];
    bool ok = EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(s->md, parts[i].bytes, parts[i].len) == 1;
    size_t len = HT_SIGNATURE_BYTES;
    if (!ok || EVP_DigestFinal_ex(s->md, digest, NULL) != 1 ||
        EVP_PKEY_sign(s->rsa, ret, &len, digest, sizeof digest) != 1)
        return openssl_failed(err);
    *ret_len = len;
    return HT_OK;
}

/* Ed25519 reads its message twice, so the parts have to stand in one piece. */
static enum ht_rc sign_ed25519(struct ht_signer *s, const struct ht_part *parts, size_t n, uint8_t *ret,
                               size_t *ret_len, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf message;
    ht_buf_init(&message, HT_BODY_MAX + 1024);
    for (size_t i = 0; i < n; i++)
        ht_buf_add(&message, parts[i].bytes, parts[i].len);
    size_t len = HT_SIGNATURE_BYTES;
    if (message.over || EVP_DigestSignInit(s->md, NULL, NULL, NULL, s->key) != 1 ||
        EVP_DigestSign(s->md, ret, &len, (const uint8_t *)message.data, message.len) != 1)
        return openssl_failed(err);
    *ret_len = len;
    return HT_OK;
}

enum ht_rc ht_signer_sign(struct ht_signer *s, const struct ht_part *parts, size_t n, uint8_t ret[HT_SIGNATURE_BYTES],
                          size_t *ret_len, struct ht_err *err)
{
    switch (s->kind) {
    case HT_KEY_HMAC_TEXT:
    case HT_KEY_HMAC_WHSEC:
        return sign_hmac(s, parts, n, ret, ret_len, err);
    case HT_KEY_RSA:
        return sign_rsa(s, parts, n, ret, ret_len, err);
    case HT_KEY_ED25519:
        return sign_ed25519(s, parts, n, ret, ret_len, err);
    }
    return openssl_failed(err);
}
