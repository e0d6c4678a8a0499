#include "wire.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/json.h"

#define SIGNATURE    "Instnt-Signature"
#define DIGEST_BYTES 32u

/* The signed timestamp is the event's own, and a retry repeats its bytes: the default schedule with its jitter
 * takes 3.5 days to its end, so a receiver that accepts less refuses late attempts. */
#define TOLERANCE_S (4 * 86400)

#define ANY_OBJECT "{\"type\":\"object\"}"

/* clang-format off */
#define TRANSACTION(status) \
    "{\"transaction_id\":\"5b0c1b6e-31a7-4c3e-9d7f-8f0a2b6f4e11\",\"form_key\":\"v163970000\"," \
    "\"status\":\"" status "\"}"
#define DOCUMENT(status) \
    "{\"transaction_id\":\"5b0c1b6e-31a7-4c3e-9d7f-8f0a2b6f4e11\",\"document_type\":\"license\"," \
    "\"side\":\"front\",\"status\":\"" status "\"}"

static const struct ht_catalogue_type types[] = {
    {"transaction.initiated", HT_TYPE_EMITTED, "A form was requested or shown", ANY_OBJECT, TRANSACTION("initiated")},
    {"transaction.submitted", HT_TYPE_EMITTED, "A form was submitted", ANY_OBJECT, TRANSACTION("submitted")},
    {"transaction.processed", HT_TYPE_EMITTED, "A form was accepted, rejected or left for review", ANY_OBJECT,
     "{\"transaction_id\":\"5b0c1b6e-31a7-4c3e-9d7f-8f0a2b6f4e11\",\"form_key\":\"v163970000\","
     "\"decision\":\"ACCEPT\"}"},
    {"document.submitted", HT_TYPE_EMITTED, "A document was submitted for verification", ANY_OBJECT,
     DOCUMENT("submitted")},
    {"document.verification.success", HT_TYPE_EMITTED, "A document was verified", ANY_OBJECT, DOCUMENT("verified")},
    {"document.verification.failure", HT_TYPE_EMITTED, "A document's verification failed", ANY_OBJECT,
     DOCUMENT("failed")},
    {HT_TEST_TYPE, HT_TYPE_TEST, "The signed test event of a ping", NULL,
     "{\"id\":\"evt_0193480d5a787cc2b1f4a3d2e1f0a9b8\",\"timestamp\":\"2026-11-20T14:02:58.440Z\","
     "\"event_type\":\"webhook.test\",\"event_name\":\"Webhook test\",\"event_data\":{}}"},
};
/* clang-format on */

/* The name for people where the producer gave none: "document.verification.success" reads "Document verification
 * success". */
static void default_name(const char *type, char ret[160])
{
    size_t i = 0;
    for (; i < 159 && type[i]; i++)
        ret[i] = type[i] == '.' || type[i] == '_' ? ' ' : type[i];
    ret[i] = '\0';
    ret[0] = (char)toupper((unsigned char)ret[0]);
}

struct letter {
    struct ht_uuid id;
    int64_t at_us;
    const char *type, *name, *data;
    size_t data_len;
};

static enum ht_rc write_letter(const struct letter *l, struct ht_buf *out, struct ht_err *err)
{
    char id[64], at[HT_TIME_TEXT];
    ht_profile_event_id(&ht_profile_instnt, &l->id, id);
    ht_time_rfc3339(l->at_us, at);
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "id", id);
    ht_jw_str(&w, "timestamp", at);
    ht_jw_str(&w, "event_type", l->type);
    ht_jw_str(&w, "event_name", l->name);
    ht_jw_raw(&w, "event_data", l->data, l->data_len);
    ht_jw_end_object(&w);
    return ht_wire_built(out, err);
}

static enum ht_rc body(const struct ht_event *e, int version, struct ht_buf *out, struct ht_err *err)
{
    char name[160];
    enum ht_rc rc = ht_wire_version(version, err);
    if (rc != HT_OK)
        return rc;
    default_name(e->type, name);
    const struct letter l = {e->id, e->created_at, e->type, e->event_name ? e->event_name : name, e->data, e->data_len};
    return write_letter(&l, out, err);
}

static enum ht_rc ping_body(const struct ht_ping_subject *s, struct ht_buf *out, struct ht_err *err)
{
    const struct letter l = {s->ping_id, s->now_us, HT_TEST_TYPE, "Webhook test", "{}", 2};
    return write_letter(&l, out, err);
}

static bool sha256(const void *bytes, size_t len, uint8_t ret[DIGEST_BYTES])
{
    return EVP_Digest(bytes, len, ret, NULL, EVP_sha256(), NULL) == 1;
}

static const struct ht_sign_scheme scheme = {
    .algorithm = "RSA PKCS#1 v1.5 with SHA-256",
    .key = "the tenant's public key (hooktop secret public-key)",
    .recipe = "SHA-256 of the body, its 32 bytes; the timestamp is the body's",
    .form = "BASE64 with padding",
    .headers = SIGNATURE,
    .hashed = true,
};

/* The vendor's own sample hands the digest to an RSA-SHA256 verifier, which hashes it again: so does this. */
static enum ht_rc sign(const struct ht_sign_input *in, struct ht_signer *const *signers, size_t n,
                       struct ht_wire_headers *out, struct ht_err *err)
{
    uint8_t digest[DIGEST_BYTES], signature[HT_SIGNATURE_BYTES];
    char text[HT_BASE64_SIZE(HT_SIGNATURE_BYTES)];
    size_t len;
    enum ht_rc rc = ht_wire_needs_signer(n, err);
    if (rc != HT_OK)
        return rc;
    if (!sha256(in->body, in->body_len, digest))
        return ht_fail(err, HT_FAILED, "signature", NULL, "OpenSSL refused to hash the body");
    rc = ht_signer_sign(signers[0], &(struct ht_part){digest, sizeof digest}, 1, signature, &len, err);
    if (rc != HT_OK)
        return rc;
    ht_base64_encode(signature, len, text);
    out->n = 0;
    ht_wire_header(out, "User-Agent", HT_OWN_USER_AGENT);
    ht_wire_header(out, SIGNATURE, text);
    return HT_OK;
}

struct claim {
    uint8_t bytes[HT_SIGNATURE_BYTES + 4];
    size_t len;
    uint8_t once[DIGEST_BYTES];  /* of the body */
    uint8_t twice[DIGEST_BYTES]; /* of that digest: what the signature is over */
};

static bool read_claim(const struct ht_received *r, struct claim *c, struct ht_verdict *v)
{
    const char *value = ht_judge_header(r, SIGNATURE, v);
    if (!value)
        return false;
    size_t len = strlen(value);
    if (len == 0 || len > HT_BASE64_SIZE(HT_SIGNATURE_BYTES) - 1 || !ht_base64_decode(value, len, c->bytes, &c->len)) {
        ht_judge_refuse(v, "the header " SIGNATURE " is malformed: it must be base64 with padding");
        return false;
    }
    if (!sha256(r->body, r->body_len, c->once) || !sha256(c->once, sizeof c->once, c->twice)) {
        ht_judge_refuse(v, "the body could not be hashed here");
        return false;
    }
    return true;
}

static bool signed_by(EVP_PKEY *key, const struct claim *c, const uint8_t digest[DIGEST_BYTES])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_verify(ctx, c->bytes, c->len, digest, DIGEST_BYTES) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static enum ht_rc judge_keys(const struct claim *c, const struct ht_verify_key *keys, size_t n, struct ht_verdict *v,
                             struct ht_err *err)
{
    bool once = false, any = false;
    for (size_t i = 0; i < n; i++) {
        const char *pem;
        size_t len;
        EVP_PKEY *key = NULL;
        if (!ht_judge_public_text(&keys[i], &pem, &len))
            continue;
        enum ht_rc rc = ht_key_rsa_public(pem, len, &key, err);
        if (rc != HT_OK)
            return rc;
        any = true;
        bool match = signed_by(key, c, c->twice);
        once |= !match && signed_by(key, c, c->once);
        EVP_PKEY_free(key);
        if (match) {
            ht_judge_matched(v, i, n);
            return HT_OK;
        }
    }
    if (!any)
        return ht_fail(err, HT_USAGE, "verification", "see: hooktop secret public-key", "no public key was given");
    ht_judge_refuse(
        v, once ? "the signature is over the body hashed once; here the digest of the body is signed, so SHA-256 "
                  "is applied twice"
                : "the signature differs: another key, or the body is not byte for byte the one that was sent");
    return HT_OK;
}

/* The receiver's age check reads the signed body. */
static void judge_body(const struct ht_received *r, struct ht_verdict *v)
{
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    int64_t at_us;
    if (!v->ok || r->tolerance_s < 0)
        return;
    bool object = ht_json_parse(r->body, r->body_len, &root, NULL) == HT_OK && ht_json_kind(root) == HT_JSON_OBJECT;
    const struct ht_json *at = object ? ht_json_get(root, "timestamp") : NULL;
    const char *text = at ? ht_json_str(at, NULL) : NULL;
    if (!text)
        ht_judge_refuse(v, "the signature matches, but the body has no timestamp");
    else if (!strchr(text, 'T') || ht_time_parse(text, 0, &at_us, NULL) != HT_OK)
        ht_judge_refuse(v, "the signature matches, but the body's timestamp is not RFC 3339");
    else
        ht_judge_age(r, at_us / 1000000, TOLERANCE_S, v);
}

static enum ht_rc verify(const struct ht_received *r, const struct ht_verify_key *keys, size_t n,
                         struct ht_verdict *ret, struct ht_err *err)
{
    struct ht_verdict v = {.key_index = -1};
    struct claim c = {.len = 0};
    enum ht_rc rc = read_claim(r, &c, &v) ? judge_keys(&c, keys, n, &v, err) : HT_OK;
    if (rc != HT_OK)
        return rc;
    judge_body(r, &v);
    *ret = v;
    return HT_OK;
}

const struct ht_profile ht_profile_instnt = {
    .name = "instnt",
    .title = "Instnt",
    .summary = "RSA signature over the body's digest; one key pair per tenant; endpoints may be mapped to workflows",
    .types = types,
    .types_len = HT_COUNT(types),
    .key_kind = HT_KEY_RSA,
    .key_per_tenant = true,
    .ping_signed = true,
    .workflows = true,
    .timeout_ms = HT_DEFAULT_TIMEOUT_MS,
    .schedule_s = ht_default_schedule_s,
    .schedule_len = HT_DEFAULT_SCHEDULE_LEN,
    .scheme = &scheme,
    .user_agent = HT_OWN_USER_AGENT,
    .event_id_prefix = "evt_",
    .tolerance_s = TOLERANCE_S,
    .check_data = ht_wire_object,
    .body = body,
    .ping_body = ping_body,
    .sign = sign,
    .verify = verify,
};
