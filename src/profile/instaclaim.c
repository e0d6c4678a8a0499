#include "wire.h"

#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/json.h"

#define EVENT      "X-InstaClaim-Event"
#define TIMESTAMP  "X-InstaClaim-Timestamp"
#define SIGNATURE  "X-InstaClaim-Signature"
#define SCHEME     "v1="
#define USER_AGENT "instaClaim-Webhooks/1.0"

static enum ht_rc body(const struct ht_event *e, int version, struct ht_buf *out, struct ht_err *err)
{
    enum ht_rc rc = ht_wire_version(version, err);
    if (rc != HT_OK)
        return rc;
    ht_buf_add(out, e->data, e->data_len);
    return ht_wire_built(out, err);
}

static enum ht_rc ping_body(const struct ht_ping_subject *s, struct ht_buf *out, struct ht_err *err)
{
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "event", HT_TEST_TYPE);
    ht_jw_uuid(&w, "tenant_id", &s->tenant_id);
    ht_jw_uuid(&w, "webhook_id", &s->endpoint_id);
    ht_jw_str(&w, "webhook_status", s->endpoint_status);
    ht_jw_time(&w, "sent_at", s->now_us);
    ht_jw_end_object(&w);
    return ht_wire_built(out, err);
}

static const struct ht_sign_scheme scheme = {
    .algorithm = "HMAC-SHA256",
    .key = "the secret's characters as shown, its prefix included",
    .recipe = "body; the timestamp is not signed",
    .form = SCHEME "HEX, one for each live secret, commas between; one that matches is enough",
    .headers = EVENT "\n" TIMESTAMP "\n" SIGNATURE,
    .timestamp = TIMESTAMP,
};

static enum ht_rc sign(const struct ht_sign_input *in, struct ht_signer *const *signers, size_t n,
                       struct ht_wire_headers *out, struct ht_err *err)
{
    char timestamp[24];
    enum ht_rc rc = in->ping ? HT_OK : ht_wire_needs_signer(n, err);
    if (rc != HT_OK)
        return rc;
    out->n = 0;
    ht_wire_header(out, "User-Agent", USER_AGENT);
    ht_wire_header(out, EVENT, in->type);
    if (!in->ping) {
        snprintf(timestamp, sizeof timestamp, "%lld", (long long)in->timestamp_s);
        ht_wire_header(out, TIMESTAMP, timestamp);
        ht_wire_header(out, SIGNATURE, "");
    }
    for (size_t i = 0; rc == HT_OK && !in->ping && i < n; i++) {
        uint8_t mac[HT_SIGNATURE_BYTES];
        char hex[HT_HEX_SIZE(HT_MAC_BYTES)];
        size_t len;
        rc = ht_signer_sign(signers[i], &(struct ht_part){in->body, in->body_len}, 1, mac, &len, err);
        if (rc != HT_OK)
            break;
        ht_hex_encode(mac, HT_MAC_BYTES, hex);
        ht_wire_header_more(out, i ? "," SCHEME : SCHEME);
        ht_wire_header_more(out, hex);
    }
    return rc;
}

/* "v1=HEX" or "v1=HEX,v1=HEX", blanks around the comma allowed; entries of other versions are skipped. */
static bool read_signatures(const char *value, struct ht_mac_claim *c, struct ht_verdict *v)
{
    for (const char *at = value; *at;) {
        size_t len = strcspn(at, ", ");
        char hex[HT_HEX_SIZE(HT_MAC_BYTES)] = "";
        if (len >= strlen(SCHEME) && memcmp(at, SCHEME, strlen(SCHEME)) == 0) {
            if (len == strlen(SCHEME) + sizeof hex - 1)
                memcpy(hex, at + strlen(SCHEME), sizeof hex - 1);
            if (c->n_macs == HT_SIGNATURES_MAX || !ht_judge_mac_hex(hex, c->macs[c->n_macs++])) {
                ht_judge_refuse(v, "the header " SIGNATURE " is malformed: each entry must be " SCHEME
                                   " and 64 lower-case hexadecimal digits");
                return false;
            }
        }
        at += len;
        at += strspn(at, ", ");
    }
    if (c->n_macs > 0)
        return true;
    ht_judge_refuse(v, "the header " SIGNATURE " holds no " SCHEME " signature");
    return false;
}

static bool is_uuid(const struct ht_json *root, const char *name)
{
    struct ht_uuid u;
    const struct ht_json *n = ht_json_get(root, name);
    const char *text = n ? ht_json_str(n, NULL) : NULL;
    return text && ht_uuid_parse(text, &u);
}

static bool is_time(const struct ht_json *root, const char *name)
{
    int64_t us;
    const struct ht_json *n = ht_json_get(root, name);
    const char *text = n ? ht_json_str(n, NULL) : NULL;
    return text && strchr(text, 'T') && ht_time_parse(text, 0, &us, NULL) == HT_OK;
}

static bool is_ping_body(const struct ht_received *r)
{
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    if (ht_json_parse(r->body, r->body_len, &root, NULL) != HT_OK || ht_json_kind(root) != HT_JSON_OBJECT)
        return false;
    const struct ht_json *event = ht_json_get(root, "event"), *status = ht_json_get(root, "webhook_status");
    return ht_json_count(root) == 5 && event && strcmp(ht_json_str(event, ""), HT_TEST_TYPE) == 0 && status &&
           ht_json_kind(status) == HT_JSON_STRING && is_uuid(root, "tenant_id") && is_uuid(root, "webhook_id") &&
           is_time(root, "sent_at");
}

/* A test event proves nothing about its sender; it is recognised by its shape alone. */
static void judge_ping(const struct ht_received *r, struct ht_verdict *v)
{
    const char *agent = ht_judge_header(r, "User-Agent", v);
    if (!agent)
        return;
    if (strcmp(agent, USER_AGENT) != 0)
        ht_judge_refuse(v, "a test event has the User-Agent " USER_AGENT);
    else if (ht_judge_has_header(r, SIGNATURE) || ht_judge_has_header(r, TIMESTAMP))
        ht_judge_refuse(v, "a test event is unsigned: " SIGNATURE " and " TIMESTAMP " must be absent");
    else if (!is_ping_body(r))
        ht_judge_refuse(v, "a test event's body has exactly event, tenant_id, webhook_id, webhook_status and sent_at");
    else
        *v = (struct ht_verdict){.ok = true, .key_index = -1, .why = "an unsigned test event of the right shape"};
}

static enum ht_rc verify(const struct ht_received *r, const struct ht_verify_key *keys, size_t n,
                         struct ht_verdict *ret, struct ht_err *err)
{
    struct ht_verdict v = {.key_index = -1};
    struct ht_mac_claim c = {.kind = HT_KEY_HMAC_TEXT, .keys = keys, .n_keys = n, .n_parts = 1};
    int64_t at = 0;
    const char *event = ht_judge_header(r, EVENT, &v);
    bool ping = event && strcmp(event, HT_TEST_TYPE) == 0;
    const char *timestamp = event && !ping ? ht_judge_header(r, TIMESTAMP, &v) : NULL;
    const char *value = timestamp ? ht_judge_header(r, SIGNATURE, &v) : NULL;
    if (ping)
        judge_ping(r, &v);
    if (!value || !ht_judge_seconds(timestamp, TIMESTAMP, &at, &v) || !read_signatures(value, &c, &v)) {
        *ret = v;
        return HT_OK;
    }
    c.parts[0] = (struct ht_part){r->body, r->body_len};
    enum ht_rc rc = ht_judge_mac(&c, &v, err);
    if (rc != HT_OK)
        return rc;
    ht_judge_age(r, at, HT_DEFAULT_TOLERANCE_S, &v);
    *ret = v;
    return HT_OK;
}

const struct ht_profile ht_profile_instaclaim = {
    .name = "instaclaim",
    .title = "InstaClaim",
    .summary = "v1= HMAC of the bare payload; payloads are checked against their contract; test events are unsigned",
    .types = ht_instaclaim_types,
    .types_len = HT_INSTACLAIM_TYPES,
    .key_kind = HT_KEY_HMAC_TEXT,
    .multi_signature = true,
    .timeout_ms = HT_DEFAULT_TIMEOUT_MS,
    .schedule_s = ht_default_schedule_s,
    .schedule_len = HT_DEFAULT_SCHEDULE_LEN,
    .scheme = &scheme,
    .user_agent = USER_AGENT,
    .tolerance_s = HT_DEFAULT_TOLERANCE_S,
    .check_data = ht_wire_object,
    .body = body,
    .ping_body = ping_body,
    .sign = sign,
    .verify = verify,
};
