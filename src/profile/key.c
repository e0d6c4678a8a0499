#include "hooktop/profile/profile.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "hooktop/base/codec.h"
#include "wire.h"

#define WHSEC           "whsec_"
#define WHSK            "whsk_"
#define WHPK            "whpk_"
#define SECRET_BYTES    32u
#define WHSEC_MIN_BYTES 24u /* Standard Webhooks 1.0.0: between 24 and 64 bytes */
#define WHSEC_MAX_BYTES 64u
#define TEXT_MIN_BYTES  16u
#define TEXT_MAX_BYTES  256u
#define RSA_BITS        2048
#define RSA_MAX_BITS    4096 /* its signature still fits a header: 684 characters */
#define ED25519_BYTES   32u
#define PUBLIC_PEM_MAX  4096

static enum ht_rc no_key(struct ht_err *err, const char *why)
{
    ERR_clear_error();
    return ht_fail(err, HT_USAGE, "signing key", "see: hooktop endpoint add --help, --secret-file", "%s", why);
}

static bool has_prefix(const char *text, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    return len >= n && memcmp(text, prefix, n) == 0;
}

bool ht_key_has_prefix(const struct ht_secret *s, const char *prefix)
{
    return has_prefix((const char *)ht_secret_bytes(s), ht_secret_len(s), prefix);
}

/* What is base64 after an optional prefix. */
static enum ht_rc decode_after(const struct ht_secret *s, const char *prefix, struct ht_secret **ret,
                               struct ht_err *err)
{
    const char *text = (const char *)ht_secret_bytes(s);
    size_t len = ht_secret_len(s), skip = ht_key_has_prefix(s, prefix) ? strlen(prefix) : 0, n = 0;
    if (len - skip < 4)
        return no_key(err, "it is too short");
    HT_SECRET_CLEANUP struct ht_secret *out = NULL;
    enum ht_rc rc = ht_secret_new_blank(3 * ((len - skip) / 4), &out, err);
    if (rc != HT_OK)
        return rc;
    if (!ht_base64_decode(text + skip, len - skip, ht_secret_fill_area(out), &n) || n == 0)
        return no_key(err, "what follows its prefix is not base64 with padding");
    ht_secret_truncate(out, n);
    *ret = out;
    out = NULL;
    return HT_OK;
}

enum ht_rc ht_key_hmac(enum ht_key_kind kind, const struct ht_secret *s, struct ht_secret **ret, struct ht_err *err)
{
    if (ht_secret_len(s) == 0)
        return no_key(err, "it is empty");
    if (kind == HT_KEY_HMAC_TEXT)
        return ht_secret_new(ht_secret_bytes(s), ht_secret_len(s), ret, err);
    return decode_after(s, WHSEC, ret, err);
}

/* Without it OpenSSL would ask for a passphrase on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

static enum ht_rc check_rsa(EVP_PKEY *key, struct ht_err *err)
{
    if (!EVP_PKEY_is_a(key, "RSA"))
        return no_key(err, "it is not an RSA key");
    int bits = EVP_PKEY_get_bits(key);
    if (bits < RSA_BITS || bits > RSA_MAX_BITS)
        return ht_fail(err, HT_USAGE, "signing key", "openssl genrsa 2048 makes one that fits",
                       "the RSA key has %d bits; 2048 to 4096 are taken", bits);
    return HT_OK;
}

static enum ht_rc keep_rsa(EVP_PKEY *key, EVP_PKEY **ret, struct ht_err *err)
{
    enum ht_rc rc = check_rsa(key, err);
    if (rc == HT_OK)
        *ret = key;
    else
        EVP_PKEY_free(key);
    return rc;
}

enum ht_rc ht_key_rsa_private(const struct ht_secret *s, EVP_PKEY **ret, struct ht_err *err)
{
    BIO *in = BIO_new_mem_buf(ht_secret_bytes(s), (int)ht_secret_len(s));
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    BIO_free(in);
    if (!key)
        return no_key(err, "it is not an unencrypted private key in PEM");
    return keep_rsa(key, ret, err);
}

enum ht_rc ht_key_rsa_public(const char *pem, size_t len, EVP_PKEY **ret, struct ht_err *err)
{
    if (len > HT_SECRET_MAX)
        return no_key(err, "it is too long for a public key");
    BIO *in = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = in ? PEM_read_bio_PUBKEY(in, NULL, no_passphrase, NULL) : NULL;
    BIO_free(in);
    if (!key)
        return no_key(err,
                      "it is not a public key in PEM (-----BEGIN PUBLIC KEY-----), which is what a receiver holds");
    return keep_rsa(key, ret, err);
}

/* "whsk_" + base64 of the 32-byte seed, or of seed and public key one after the other. */
enum ht_rc ht_key_ed25519_private(const struct ht_secret *s, EVP_PKEY **ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *raw = NULL;
    enum ht_rc rc = decode_after(s, WHSK, &raw, err);
    if (rc != HT_OK)
        return rc;
    const uint8_t *bytes = ht_secret_bytes(raw);
    if (ht_secret_len(raw) != ED25519_BYTES && ht_secret_len(raw) != 2 * ED25519_BYTES)
        return no_key(err, "a whsk_ key holds 32 or 64 bytes");
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, ED25519_BYTES);
    uint8_t public[ED25519_BYTES];
    size_t n = sizeof public;
    if (!key || EVP_PKEY_get_raw_public_key(key, public, &n) != 1) {
        EVP_PKEY_free(key);
        return no_key(err, "OpenSSL refused it as an Ed25519 key");
    }
    if (ht_secret_len(raw) == 2 * ED25519_BYTES && memcmp(public, bytes + ED25519_BYTES, ED25519_BYTES) != 0) {
        EVP_PKEY_free(key);
        return no_key(err, "the two halves of the whsk_ key do not belong together");
    }
    *ret = key;
    return HT_OK;
}

enum ht_rc ht_key_ed25519_public(const char *whpk, size_t len, EVP_PKEY **ret, struct ht_err *err)
{
    uint8_t raw[ED25519_BYTES + 4];
    size_t skip = strlen(WHPK), n = 0;
    if (!has_prefix(whpk, len, WHPK) || len - skip != HT_BASE64_SIZE(ED25519_BYTES) - 1 ||
        !ht_base64_decode(whpk + skip, len - skip, raw, &n) || n != ED25519_BYTES)
        return no_key(err, "a public key is whpk_ and the base64 of 32 bytes");
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, n);
    if (!key)
        return no_key(err, "OpenSSL refused it as an Ed25519 key");
    *ret = key;
    return HT_OK;
}

static enum ht_rc new_whsec(struct ht_secret **ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *raw = NULL;
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    size_t skip = strlen(WHSEC), len = skip + HT_BASE64_SIZE(SECRET_BYTES);
    enum ht_rc rc = ht_secret_new_random(SECRET_BYTES, &raw, err);
    if (rc == HT_OK)
        rc = ht_secret_new_blank(len, &text, err);
    if (rc != HT_OK)
        return rc;
    char *area = (char *)ht_secret_fill_area(text);
    memcpy(area, WHSEC, skip);
    ht_base64_encode(ht_secret_bytes(raw), SECRET_BYTES, area + skip);
    ht_secret_truncate(text, len - 1);
    *ret = text;
    text = NULL;
    return HT_OK;
}

static enum ht_rc public_pem(EVP_PKEY *key, char **ret, struct ht_err *err)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long len = 0;
    bool ok = out && PEM_write_bio_PUBKEY(out, key) == 1 && (len = BIO_get_mem_data(out, &bytes)) > 0;
    if (ok)
        *ret = ht_strndup(bytes, (size_t)len);
    BIO_free(out);
    if (!ok) {
        ERR_clear_error();
        return ht_fail(err, HT_FAILED, "public key", NULL, "OpenSSL could not write it as PEM");
    }
    return HT_OK;
}

static enum ht_rc private_pem(EVP_PKEY *key, struct ht_secret **ret, struct ht_err *err)
{
    BIO *out = BIO_new(BIO_s_secmem());
    char *bytes = NULL;
    long len = 0;
    enum ht_rc rc = HT_FAILED;
    if (out && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
        (len = BIO_get_mem_data(out, &bytes)) > 0)
        rc = ht_secret_new(bytes, (size_t)len, ret, err);
    else
        ht_fail(err, HT_FAILED, "signing key", NULL, "OpenSSL could not write it: the secure heap may be full");
    BIO_free(out);
    ERR_clear_error();
    return rc;
}

static enum ht_rc new_rsa(struct ht_secret **ret, char **ret_public, struct ht_err *err)
{
    EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
    HT_SECRET_CLEANUP struct ht_secret *private = NULL;
    HT_AUTOFREE char *public = NULL;
    if (!key)
        return ht_fail(err, HT_FAILED, "signing key", NULL, "OpenSSL could not make an RSA key");
    enum ht_rc rc = private_pem(key, &private, err);
    if (rc == HT_OK)
        rc = public_pem(key, &public, err);
    EVP_PKEY_free(key);
    if (rc != HT_OK)
        return rc;
    *ret = private;
    *ret_public = public;
    private = NULL;
    public = NULL;
    return HT_OK;
}

enum ht_rc ht_profile_new_key(const struct ht_profile *p, struct ht_secret **ret, char **ret_public, struct ht_err *err)
{
    if (p->key_kind == HT_KEY_RSA)
        return new_rsa(ret, ret_public, err);
    enum ht_rc rc = new_whsec(ret, err);
    if (rc == HT_OK)
        *ret_public = NULL;
    return rc;
}

static enum ht_rc check_text(const struct ht_secret *s, struct ht_err *err)
{
    const uint8_t *text = ht_secret_bytes(s);
    size_t len = ht_secret_len(s);
    if (len < TEXT_MIN_BYTES || len > TEXT_MAX_BYTES)
        return no_key(err, "a shared secret has 16 to 256 characters");
    for (size_t i = 0; i < len; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7f)
            return no_key(err, "a shared secret is printable ASCII without blanks; a line feed may stand at its end");
    return HT_OK;
}

static enum ht_rc check_whsec(const struct ht_secret *s, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *raw = NULL;
    if (!ht_key_has_prefix(s, WHSEC))
        return no_key(err, "a shared secret begins with whsec_, a private key with whsk_");
    enum ht_rc rc = ht_key_hmac(HT_KEY_HMAC_WHSEC, s, &raw, err);
    if (rc != HT_OK)
        return rc;
    if (ht_secret_len(raw) < WHSEC_MIN_BYTES || ht_secret_len(raw) > WHSEC_MAX_BYTES)
        return no_key(err, "a whsec_ secret holds 24 to 64 bytes");
    return HT_OK;
}

static enum ht_rc private_key(const struct ht_profile *p, const struct ht_secret *s, EVP_PKEY **ret, struct ht_err *err)
{
    if (p->key_kind == HT_KEY_RSA)
        return ht_key_rsa_private(s, ret, err);
    return ht_key_ed25519_private(s, ret, err);
}

enum ht_rc ht_profile_check_key(const struct ht_profile *p, const struct ht_secret *s, struct ht_err *err)
{
    if (p->key_kind == HT_KEY_HMAC_TEXT)
        return check_text(s, err);
    if (p->key_kind == HT_KEY_HMAC_WHSEC && !ht_key_has_prefix(s, WHSK))
        return check_whsec(s, err);
    EVP_PKEY *key = NULL;
    enum ht_rc rc = private_key(p, s, &key, err);
    if (rc == HT_OK)
        EVP_PKEY_free(key);
    return rc;
}

static enum ht_rc public_whpk(EVP_PKEY *key, char **ret, struct ht_err *err)
{
    uint8_t raw[ED25519_BYTES];
    size_t n = sizeof raw, skip = strlen(WHPK);
    if (EVP_PKEY_get_raw_public_key(key, raw, &n) != 1)
        return no_key(err, "OpenSSL could not read its public half");
    char *text = ht_alloc(skip + HT_BASE64_SIZE(ED25519_BYTES), 1);
    memcpy(text, WHPK, skip);
    ht_base64_encode(raw, n, text + skip);
    *ret = text;
    return HT_OK;
}

bool ht_profile_has_public(const struct ht_profile *p, const struct ht_secret *s)
{
    return p->key_kind == HT_KEY_RSA || (p->key_kind == HT_KEY_HMAC_WHSEC && ht_key_has_prefix(s, WHSK));
}

enum ht_rc ht_profile_public_key(const struct ht_profile *p, const struct ht_secret *s, char **ret, struct ht_err *err)
{
    if (!ht_profile_has_public(p, s))
        return no_key(err, "a shared secret has no public half");
    EVP_PKEY *key = NULL;
    enum ht_rc rc = private_key(p, s, &key, err);
    if (rc != HT_OK)
        return rc;
    rc = p->key_kind == HT_KEY_RSA ? public_pem(key, ret, err) : public_whpk(key, ret, err);
    EVP_PKEY_free(key);
    return rc;
}
