/* Standard Webhooks 1.0.0: the profile of tenants without a vendor's contract, and the headers that claimable borrows.
 */
#include "wire.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/json.h"

#define ID                      "webhook-id"
#define TIMESTAMP               "webhook-timestamp"
#define SIGNATURE               "webhook-signature"
#define V1                      "v1,"  /* HMAC-SHA256 */
#define V1A                     "v1a," /* Ed25519 */
#define ED25519_SIGNATURE_BYTES 64u

static const struct ht_catalogue_type types[] = {
    {HT_TEST_TYPE, HT_TYPE_TEST, "The signed test event of a ping", NULL,
     "{\"type\":\"webhook.test\",\"timestamp\":\"2026-11-20T14:02:58.440Z\",\"data\":{}}"},
};

static void write_body(struct ht_buf *out, const char *type, int64_t at_us, const char *data, size_t len)
{
    char at[HT_TIME_TEXT];
    ht_time_rfc3339(at_us, at);
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "type", type);
    ht_jw_str(&w, "timestamp", at);
    ht_jw_raw(&w, "data", data, len);
    ht_jw_end_object(&w);
}

static enum ht_rc body(const struct ht_event *e, int version, struct ht_buf *out, struct ht_err *err)
{
    enum ht_rc rc = ht_wire_version(version, err);
    if (rc != HT_OK)
        return rc;
    write_body(out, e->type, e->created_at, e->data, e->data_len);
    return ht_wire_built(out, err);
}

static enum ht_rc ping_body(const struct ht_ping_subject *s, struct ht_buf *out, struct ht_err *err)
{
    write_body(out, HT_TEST_TYPE, s->now_us, "{}", 2);
    return ht_wire_built(out, err);
}

const struct ht_sign_scheme ht_standard_scheme = {
    .algorithm = "HMAC-SHA256 (v1), Ed25519 (v1a)",
    .key = "what is base64 after whsec_ (v1); the public key whpk_ (v1a)",
    .recipe = ID " . " TIMESTAMP " . body",
    .form = "v1,BASE64 or v1a,BASE64, one for each live secret, blanks between; one that matches is enough",
    .headers = ID "\n" TIMESTAMP "\n" SIGNATURE,
    .before = {ID, TIMESTAMP},
    .timestamp = TIMESTAMP,
};

/* What is signed: id, timestamp and body with full stops between. */
static size_t signed_parts(const char *id, const char *timestamp, const char *bytes, size_t len,
                           struct ht_part parts[5])
{
    parts[0] = (struct ht_part){id, strlen(id)};
    parts[1] = HT_PART(".");
    parts[2] = (struct ht_part){timestamp, strlen(timestamp)};
    parts[3] = HT_PART(".");
    parts[4] = (struct ht_part){bytes, len};
    return 5;
}

enum ht_rc ht_standard_sign(const struct ht_sign_input *in, struct ht_signer *const *signers, size_t n,
                            struct ht_wire_headers *out, struct ht_err *err)
{
    char timestamp[24];
    struct ht_part parts[5];
    enum ht_rc rc = ht_wire_needs_signer(n, err);
    if (rc != HT_OK)
        return rc;
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)in->timestamp_s);
    size_t n_parts = signed_parts(in->event_id, timestamp, in->body, in->body_len, parts);
    out->n = 0;
    ht_wire_header(out, "User-Agent", HT_OWN_USER_AGENT);
    ht_wire_header(out, ID, in->event_id);
    ht_wire_header(out, TIMESTAMP, timestamp);
    ht_wire_header(out, SIGNATURE, "");
    for (size_t i = 0; rc == HT_OK && i < n; i++) {
        uint8_t bytes[HT_SIGNATURE_BYTES];
        char text[HT_BASE64_SIZE(ED25519_SIGNATURE_BYTES)];
        size_t len;
        rc = ht_signer_sign(signers[i], parts, n_parts, bytes, &len, err);
        if (rc != HT_OK)
            break;
        ht_base64_encode(bytes, len, text);
        ht_wire_header_more(out, i ? " " : "");
        ht_wire_header_more(out, ht_signer_kind(signers[i]) == HT_KEY_ED25519 ? V1A : V1);
        ht_wire_header_more(out, text);
    }
    return rc;
}

struct signatures {
    struct ht_mac_claim macs; /* v1 */
    uint8_t ed25519[HT_SIGNATURES_MAX][ED25519_SIGNATURE_BYTES];
    size_t n_ed25519;
};

/* One entry of the list. Entries of a version that is not known here are skipped, as the specification wants. */
static bool read_entry(const char *entry, size_t len, struct signatures *s)
{
    uint8_t bytes[ED25519_SIGNATURE_BYTES + 4];
    bool asymmetric = len > strlen(V1A) && memcmp(entry, V1A, strlen(V1A)) == 0;
    bool symmetric = !asymmetric && len > strlen(V1) && memcmp(entry, V1, strlen(V1)) == 0;
    if (!asymmetric && !symmetric)
        return true;
    size_t skip = asymmetric ? strlen(V1A) : strlen(V1), n = 0;
    size_t wanted = asymmetric ? ED25519_SIGNATURE_BYTES : HT_MAC_BYTES;
    if (len - skip != HT_BASE64_SIZE(wanted) - 1 || !ht_base64_decode(entry + skip, len - skip, bytes, &n) ||
        n != wanted)
        return false;
    if (asymmetric && s->n_ed25519 < HT_SIGNATURES_MAX)
        memcpy(s->ed25519[s->n_ed25519++], bytes, n);
    else if (symmetric && s->macs.n_macs < HT_SIGNATURES_MAX)
        memcpy(s->macs.macs[s->macs.n_macs++], bytes, n);
    return true;
}

static bool read_signatures(const char *value, struct signatures *s, struct ht_verdict *v)
{
    for (const char *at = value; *at;) {
        size_t len = strcspn(at, " ");
        if (len > 0 && !read_entry(at, len, s)) {
            ht_judge_refuse(v,
                            "the header " SIGNATURE " is malformed: an entry is not v1, and the base64 of 32 bytes, or "
                            "v1a, and the base64 of 64");
            return false;
        }
        at += len + (at[len] == ' ');
    }
    if (s->macs.n_macs + s->n_ed25519 > 0)
        return true;
    ht_judge_refuse(v, "the header " SIGNATURE " holds no signature of a version known here (v1 or v1a)");
    return false;
}

static bool is_public(const struct ht_verify_key *k)
{
    const char *text;
    size_t len;
    return ht_judge_public_text(k, &text, &len) && len >= 5 && memcmp(text, "whpk_", 5) == 0;
}

static enum ht_rc judge_ed25519(const struct signatures *s, const struct ht_verify_key *k, bool *ret_match,
                                struct ht_err *err)
{
    const char *text;
    size_t len;
    EVP_PKEY *key = NULL;
    if (!ht_judge_public_text(k, &text, &len))
        return HT_OK;
    enum ht_rc rc = ht_key_ed25519_public(text, len, &key, err);
    if (rc != HT_OK)
        return rc;
    HT_BUF_CLEANUP struct ht_buf message;
    ht_buf_init(&message, HT_BODY_MAX + 1024);
    for (size_t i = 0; i < s->macs.n_parts; i++)
        ht_buf_add(&message, s->macs.parts[i].bytes, s->macs.parts[i].len);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    for (size_t i = 0; md && !message.over && !*ret_match && i < s->n_ed25519; i++)
        *ret_match = EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
                     EVP_DigestVerify(md, s->ed25519[i], ED25519_SIGNATURE_BYTES, (const uint8_t *)message.data,
                                      message.len) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return HT_OK;
}

static enum ht_rc judge_signatures(struct signatures *s, struct ht_verdict *v, struct ht_err *err)
{
    const struct ht_verify_key *keys = s->macs.keys;
    size_t shared = 0;
    for (size_t i = 0; i < s->macs.n_keys; i++) {
        bool match = false;
        shared += !is_public(&keys[i]);
        enum ht_rc rc = is_public(&keys[i]) ? judge_ed25519(s, &keys[i], &match, err) : HT_OK;
        if (rc != HT_OK)
            return rc;
        if (match) {
            ht_judge_matched(v, i, s->macs.n_keys);
            return HT_OK;
        }
    }
    if (shared > 0 || s->macs.n_keys == 0)
        return ht_judge_mac(&s->macs, v, err);
    ht_judge_refuse(v, s->n_ed25519
                           ? "the signature differs: another key, or the body is not byte for byte the one sent"
                           : "the request carries no v1a signature, which a whpk_ key verifies");
    return HT_OK;
}

enum ht_rc ht_standard_verify(const struct ht_received *r, const struct ht_verify_key *keys, size_t n,
                              struct ht_verdict *ret, struct ht_err *err)
{
    struct ht_verdict v = {.key_index = -1};
    struct signatures s = {.macs = {.kind = HT_KEY_HMAC_WHSEC, .keys = keys, .n_keys = n}};
    int64_t at = 0;
    const char *id = ht_judge_header(r, ID, &v);
    const char *timestamp = id ? ht_judge_header(r, TIMESTAMP, &v) : NULL;
    const char *value = timestamp ? ht_judge_header(r, SIGNATURE, &v) : NULL;
    if (!value || !ht_judge_seconds(timestamp, TIMESTAMP, &at, &v) || !read_signatures(value, &s, &v)) {
        *ret = v;
        return HT_OK;
    }
    s.macs.n_parts = signed_parts(id, timestamp, r->body, r->body_len, s.macs.parts);
    enum ht_rc rc = judge_signatures(&s, &v, err);
    if (rc != HT_OK)
        return rc;
    ht_judge_age(r, at, HT_DEFAULT_TOLERANCE_S, &v);
    *ret = v;
    return HT_OK;
}

const struct ht_profile ht_profile_standard = {
    .name = "standard",
    .title = "Standard Webhooks",
    .summary = "webhook-id, webhook-timestamp and webhook-signature; the default for a new tenant",
    .types = types,
    .types_len = HT_COUNT(types),
    .open_catalogue = true,
    .key_kind = HT_KEY_HMAC_WHSEC,
    .multi_signature = true,
    .ping_signed = true,
    .timeout_ms = HT_DEFAULT_TIMEOUT_MS,
    .schedule_s = ht_default_schedule_s,
    .schedule_len = HT_DEFAULT_SCHEDULE_LEN,
    .scheme = &ht_standard_scheme,
    .user_agent = HT_OWN_USER_AGENT,
    .tolerance_s = HT_DEFAULT_TOLERANCE_S,
    .check_data = ht_wire_any_json,
    .body = body,
    .ping_body = ping_body,
    .sign = ht_standard_sign,
    .verify = ht_standard_verify,
};
