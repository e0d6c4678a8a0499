#include "wire.h"

#include <string.h>

#include "hooktop/base/codec.h"
#include "hooktop/base/json.h"

#define SIGNATURE "X-ClaimPort-Signature"
#define SCHEME    "sha256="

/* Data is the object that the event is about under its own name; the rest of the contract is between the tenant and
 * its receivers. */
#define ABOUT(noun)                                                                                                    \
    "{\"type\":\"object\",\"required\":[\"" noun "\"],\"maxProperties\":1,"                                            \
    "\"properties\":{\"" noun "\":{\"type\":\"object\"}}}"

/* clang-format off */
#define CLAIM(status) \
    "{\"claim\":{\"id\":\"clm_48213\",\"number\":\"CP-2026-004821\",\"status\":\"" status "\"," \
    "\"order_number\":\"SO-77120\",\"reason\":\"damaged_in_transit\",\"amount\":\"129.90\",\"currency\":\"USD\"," \
    "\"customer\":{\"name\":\"Dana Whitfield\",\"email\":\"dana@example.com\"},\"assigned_to\":null}}"
#define ASSIGNED_CLAIM \
    "{\"claim\":{\"id\":\"clm_48213\",\"number\":\"CP-2026-004821\",\"status\":\"in_review\"," \
    "\"assigned_to\":{\"id\":\"usr_207\",\"name\":\"Ines Okafor\"}}}"
#define MESSAGE(direction, text) \
    "{\"message\":{\"id\":\"msg_90117\",\"claim_id\":\"clm_48213\",\"direction\":\"" direction "\"," \
    "\"body\":\"" text "\",\"sent_at\":\"2026-11-20T14:02:58Z\"}}"
#define ORDER \
    "{\"order\":{\"id\":\"ord_5512\",\"number\":\"SO-77120\",\"source\":\"shopify\",\"total\":\"329.70\"," \
    "\"currency\":\"USD\",\"items\":[{\"sku\":\"LAMP-02\",\"quantity\":3}]}}"

static const struct ht_catalogue_type types[] = {
    {"claim.created", HT_TYPE_EMITTED, "A claim was submitted", ABOUT("claim"), CLAIM("submitted")},
    {"claim.updated", HT_TYPE_EMITTED, "A claim's details changed", ABOUT("claim"), CLAIM("in_review")},
    {"claim.assigned", HT_TYPE_EMITTED, "A claim was given to an agent", ABOUT("claim"), ASSIGNED_CLAIM},
    {"claim.status_changed", HT_TYPE_EMITTED, "A claim's status changed", ABOUT("claim"), CLAIM("in_review")},
    {"claim.approved", HT_TYPE_EMITTED, "A claim was approved", ABOUT("claim"), CLAIM("approved")},
    {"claim.denied", HT_TYPE_EMITTED, "A claim was denied", ABOUT("claim"), CLAIM("denied")},
    {"claim.closed", HT_TYPE_EMITTED, "A claim was closed", ABOUT("claim"), CLAIM("closed")},
    {"message.received", HT_TYPE_EMITTED, "A customer's message came in", ABOUT("message"),
     MESSAGE("inbound", "The lamp arrived with a cracked shade.")},
    {"message.sent", HT_TYPE_EMITTED, "A message went to the customer", ABOUT("message"),
     MESSAGE("outbound", "A replacement is on its way.")},
    {"order.synced", HT_TYPE_EMITTED, "An order was imported or updated", ABOUT("order"), ORDER},
    {HT_TEST_TYPE, HT_TYPE_TEST, "The signed test event that verifies an endpoint", NULL,
     "{\"type\":\"webhook.test\",\"timestamp\":\"2026-11-20T14:02:58Z\"}"},
};
/* clang-format on */

static const int32_t schedule_s[] = {300, 1800, 7200, 86400};

static enum ht_rc body(const struct ht_event *e, int version, struct ht_buf *out, struct ht_err *err)
{
    char id[64], at[32];
    const char *inner;
    size_t inner_len;
    enum ht_rc rc = ht_wire_version(version, err);
    if (rc == HT_OK)
        rc = ht_wire_inner(e->data, e->data_len, &inner, &inner_len, err);
    if (rc != HT_OK)
        return rc;
    ht_profile_event_id(&ht_profile_claimport, &e->id, id);
    ht_wire_seconds(e->created_at, at);
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "id", id);
    ht_jw_str(&w, "type", e->type);
    ht_jw_str(&w, "timestamp", at);
    ht_jw_raw(&w, "data", e->data, e->data_len);
    ht_jw_end_object(&w);
    return ht_wire_built(out, err);
}

static enum ht_rc ping_body(const struct ht_ping_subject *s, struct ht_buf *out, struct ht_err *err)
{
    char at[32];
    ht_wire_seconds(s->now_us, at);
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "type", HT_TEST_TYPE);
    ht_jw_str(&w, "timestamp", at);
    ht_jw_end_object(&w);
    return ht_wire_built(out, err);
}

static const struct ht_sign_scheme scheme = {
    .algorithm = "HMAC-SHA256",
    .key = "the secret's characters as shown, its prefix included",
    .recipe = "body",
    .form = SCHEME "HEX",
    .headers = SIGNATURE,
};

static enum ht_rc sign(const struct ht_sign_input *in, struct ht_signer *const *signers, size_t n,
                       struct ht_wire_headers *out, struct ht_err *err)
{
    uint8_t mac[HT_SIGNATURE_BYTES];
    char hex[HT_HEX_SIZE(HT_MAC_BYTES)];
    size_t len;
    enum ht_rc rc = ht_wire_needs_signer(n, err);
    if (rc == HT_OK)
        rc = ht_signer_sign(signers[0], &(struct ht_part){in->body, in->body_len}, 1, mac, &len, err);
    if (rc != HT_OK)
        return rc;
    ht_hex_encode(mac, HT_MAC_BYTES, hex);
    out->n = 0;
    ht_wire_header(out, "User-Agent", HT_OWN_USER_AGENT);
    ht_wire_header(out, SIGNATURE, SCHEME);
    ht_wire_header_more(out, hex);
    return HT_OK;
}

static enum ht_rc verify(const struct ht_received *r, const struct ht_verify_key *keys, size_t n,
                         struct ht_verdict *ret, struct ht_err *err)
{
    struct ht_verdict v = {.key_index = -1};
    struct ht_mac_claim c = {.kind = HT_KEY_HMAC_TEXT, .keys = keys, .n_keys = n, .n_parts = 1, .n_macs = 1};
    const char *value = ht_judge_header(r, SIGNATURE, &v);
    enum ht_rc rc = HT_OK;
    c.parts[0] = (struct ht_part){r->body, r->body_len};
    if (value && (strncmp(value, SCHEME, strlen(SCHEME)) != 0 || !ht_judge_mac_hex(value + strlen(SCHEME), c.macs[0])))
        ht_judge_refuse(&v, "the header " SIGNATURE " is malformed: it must be " SCHEME
                            " and 64 lower-case hexadecimal digits");
    else if (value)
        rc = ht_judge_mac(&c, &v, err);
    if (rc == HT_OK)
        *ret = v;
    return rc;
}

const struct ht_profile ht_profile_claimport = {
    .name = "claimport",
    .title = "ClaimPort",
    .summary = "sha256= HMAC of the body; endpoints are verified before they receive; disabled after 5 failures",
    .types = types,
    .types_len = HT_COUNT(types),
    .key_kind = HT_KEY_HMAC_TEXT,
    .ping_signed = true,
    .needs_verification = true,
    .success_ping_status = 200,
    .timeout_ms = 30000,
    .schedule_s = schedule_s,
    .schedule_len = HT_COUNT(schedule_s),
    .disable_after_failures = 5,
    .scheme = &scheme,
    .user_agent = HT_OWN_USER_AGENT,
    .event_id_prefix = "evt_",
    .check_data = ht_wire_one_member,
    .body = body,
    .ping_body = ping_body,
    .sign = sign,
    .verify = verify,
};
