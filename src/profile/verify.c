#include "wire.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hooktop/base/codec.h"

#define AHEAD_TOLERANCE_S 300 /* no clock excuses more than this into the future */

void ht_judge_refuse(struct ht_verdict *v, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(v->why, sizeof v->why, fmt, args);
    va_end(args);
    v->ok = false;
    v->key_index = -1;
}

void ht_judge_matched(struct ht_verdict *v, size_t key, size_t n_keys)
{
    v->ok = true;
    v->key_index = (int)key;
    snprintf(v->why, sizeof v->why, "the signature matches key %zu of %zu", key + 1, n_keys);
}

static size_t count_headers(const struct ht_received *r, const char *name, const char **ret_value)
{
    size_t n = 0;
    for (size_t i = 0; i < r->headers_len; i++)
        if (r->headers[i].name && strcasecmp(r->headers[i].name, name) == 0 && n++ == 0)
            *ret_value = r->headers[i].value ? r->headers[i].value : "";
    return n;
}

bool ht_judge_has_header(const struct ht_received *r, const char *name)
{
    const char *value;
    return count_headers(r, name, &value) > 0;
}

const char *ht_judge_header(const struct ht_received *r, const char *name, struct ht_verdict *v)
{
    const char *value = NULL;
    size_t n = count_headers(r, name, &value);
    if (n == 1)
        return value;
    if (n == 0)
        ht_judge_refuse(v, "the header %s is missing", name);
    else
        ht_judge_refuse(v, "the header %s is there %zu times; one is expected", name, n);
    return NULL;
}

bool ht_judge_seconds(const char *value, const char *name, int64_t *ret, struct ht_verdict *v)
{
    size_t len = strlen(value);
    int64_t seconds = 0;
    if (len == 0 || len > 12 || strspn(value, "0123456789") != len) {
        ht_judge_refuse(v, "the header %s is malformed: it must be whole seconds since 1970 in digits", name);
        return false;
    }
    for (size_t i = 0; i < len; i++)
        seconds = 10 * seconds + (value[i] - '0');
    *ret = seconds;
    return true;
}

void ht_judge_age(const struct ht_received *r, int64_t timestamp_s, int32_t profile_tolerance_s, struct ht_verdict *v)
{
    if (!v->ok || r->tolerance_s < 0)
        return;
    int64_t limit = r->tolerance_s > 0 ? r->tolerance_s : profile_tolerance_s;
    int64_t ahead_limit = limit < AHEAD_TOLERANCE_S ? limit : AHEAD_TOLERANCE_S;
    long long age = r->now_s - timestamp_s;
    if (age > limit)
        ht_judge_refuse(v, "the signature matches, but the timestamp is stale: %lld s old, at most %lld s are accepted",
                        age, (long long)limit);
    else if (-age > ahead_limit)
        ht_judge_refuse(v,
                        "the signature matches, but the timestamp lies %lld s ahead of this clock, at most %lld s are "
                        "accepted",
                        -age, (long long)ahead_limit);
}

bool ht_judge_public_text(const struct ht_verify_key *k, const char **ret, size_t *ret_len)
{
    if (!k->public_key && !k->secret)
        return false;
    *ret = k->public_key ? k->public_key : (const char *)ht_secret_bytes(k->secret);
    *ret_len = k->public_key ? strlen(k->public_key) : ht_secret_len(k->secret);
    return true;
}

bool ht_judge_mac_hex(const char *hex, uint8_t ret[HT_MAC_BYTES])
{
    size_t len = strlen(hex);
    return len == 2 * HT_MAC_BYTES && strspn(hex, "0123456789abcdef") == len && ht_hex_decode(hex, len, ret);
}

static enum ht_rc hmac(const void *key, size_t key_len, const struct ht_part *parts, size_t n,
                       uint8_t ret[HT_MAC_BYTES], struct ht_err *err)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool ok = ctx && EVP_MAC_init(ctx, key, key_len, params) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_MAC_update(ctx, parts[i].bytes, parts[i].len) == 1;
    size_t len = 0;
    ok = ok && EVP_MAC_final(ctx, ret, &len, HT_MAC_BYTES) == 1;
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    if (ok)
        return HT_OK;
    ERR_clear_error();
    return ht_fail(err, HT_FAILED, "verification", NULL, "OpenSSL refused to compute the HMAC");
}

/* Whether this key over these parts makes one of the MACs. All are compared, so that time tells nothing. */
static bool makes_one(const struct ht_mac_claim *c, const void *key, size_t key_len, const struct ht_part *parts)
{
    uint8_t mac[HT_MAC_BYTES];
    bool found = false;
    if (key_len == 0 || hmac(key, key_len, parts, c->n_parts, mac, NULL) != HT_OK)
        return false;
    for (size_t i = 0; i < c->n_macs; i++)
        found |= ht_equal_ct(mac, c->macs[i], sizeof mac);
    ht_wipe(mac, sizeof mac);
    return found;
}

static bool ends_blank(const char *text, size_t len)
{
    return len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' ');
}

/* The usual mistakes with a key's form: each is tried, and the one that explains the difference is named. */
static const char *key_hint(const struct ht_mac_claim *c, const struct ht_secret *s)
{
    const char *text = (const char *)ht_secret_bytes(s);
    size_t len = ht_secret_len(s), trimmed = len, skip = ht_key_has_prefix(s, "whsec_") ? 6 : 0;
    while (ends_blank(text, trimmed))
        trimmed--;
    if (trimmed < len && c->kind == HT_KEY_HMAC_TEXT && makes_one(c, text, trimmed, c->parts))
        return "matches when the white space at the end of the secret is removed";
    if (c->kind == HT_KEY_HMAC_WHSEC && makes_one(c, text, len, c->parts))
        return "matches with the secret's characters as the key; the key is what they decode to (base64, after whsec_)";
    if (skip && makes_one(c, text + skip, len - skip, c->parts))
        return c->kind == HT_KEY_HMAC_TEXT
                   ? "matches when the whsec_ prefix is removed from the key; here the key is the whole secret as shown"
                   : "matches with the characters after whsec_ as the key; the key is what they decode to (base64)";
    HT_SECRET_CLEANUP struct ht_secret *raw = NULL;
    if (c->kind == HT_KEY_HMAC_TEXT && ht_key_hmac(HT_KEY_HMAC_WHSEC, s, &raw, NULL) == HT_OK &&
        makes_one(c, ht_secret_bytes(raw), ht_secret_len(raw), c->parts))
        return "matches with the base64-decoded secret as the key; here the key is the secret's characters, whsec_ "
               "included";
    return NULL;
}

/* A body that was stored or printed on its way here often gained or lost its last line feed. */
static const char *body_hint(const struct ht_mac_claim *c, const void *key, size_t key_len)
{
    struct ht_part parts[HT_COUNT(c->parts)];
    memcpy(parts, c->parts, sizeof parts);
    struct ht_part *body = &parts[c->n_parts - 1];
    const char *bytes = body->bytes;
    size_t cut = 0;
    while (cut < 2 && cut < body->len && (bytes[body->len - cut - 1] == '\n' || bytes[body->len - cut - 1] == '\r'))
        cut++;
    body->len -= cut;
    if (cut && makes_one(c, key, key_len, parts))
        return "matches when the line feed at the end of the body is removed: check the bytes exactly as they came";
    return NULL;
}

enum ht_rc ht_judge_mac(const struct ht_mac_claim *c, struct ht_verdict *v, struct ht_err *err)
{
    const char *hint = NULL;
    bool any = false;
    for (size_t i = 0; i < c->n_keys; i++) {
        if (!c->keys[i].secret)
            continue;
        any = true;
        HT_SECRET_CLEANUP struct ht_secret *key = NULL;
        enum ht_rc rc = ht_key_hmac(c->kind, c->keys[i].secret, &key, err);
        if (rc != HT_OK)
            return rc;
        if (makes_one(c, ht_secret_bytes(key), ht_secret_len(key), c->parts)) {
            ht_judge_matched(v, i, c->n_keys);
            return HT_OK;
        }
        if (!hint)
            hint = key_hint(c, c->keys[i].secret);
        if (!hint)
            hint = body_hint(c, ht_secret_bytes(key), ht_secret_len(key));
    }
    if (!any)
        return ht_fail(err, HT_USAGE, "verification", "give the endpoint's secret", "no shared secret was given");
    if (hint)
        ht_judge_refuse(v, "the signature differs, but it %s", hint);
    else
        ht_judge_refuse(
            v, "the signature differs: another secret, or the body is not byte for byte the one that was sent");
    return HT_OK;
}
