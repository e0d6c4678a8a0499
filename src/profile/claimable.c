#include "wire.h"

#include <string.h>

#include "hooktop/base/json.h"

/* What stands where a producer said nothing. An emit that names no source came from a program; a name of the right type
 * keeps receivers that read one working, and claims nobody. */
#define DEFAULT_SOURCE       "api"
#define DEFAULT_PERFORMED_BY "unknown"

#define ABOUT(noun)                                                                                                    \
    "{\"type\":\"object\",\"required\":[\"" noun "\"],\"maxProperties\":1,"                                            \
    "\"properties\":{\"" noun "\":{\"type\":\"object\"}}}"

/* clang-format off */
#define CLAIM(status, more) \
    "{\"claim\":{\"id\":30417,\"reference\":\"CLM-30417\",\"type\":\"Motor\",\"status\":\"" status "\"," more \
    "\"created_at\":\"2026-11-18T09:31:04Z\",\"url\":\"https://example.com/claims/30417\"}}"
#define CONTACT \
    "{\"contact\":{\"id\":8120,\"first_name\":\"Priya\",\"last_name\":\"Raman\",\"email\":\"priya@example.com\"," \
    "\"phone\":\"+44 20 7946 0018\",\"created_at\":\"2026-11-20T14:02:58Z\"}}"
#define ASSIGNEE "\"assigned_to\":{\"id\":41,\"name\":\"Tom Avery\"},"

static const struct ht_catalogue_type types[] = {
    {"claim.created", HT_TYPE_EMITTED, "A claim was created", ABOUT("claim"), CLAIM("open", "")},
    {"claim.closed", HT_TYPE_EMITTED, "A claim's status became closed", ABOUT("claim"), CLAIM("closed", "")},
    {"claim.reopened", HT_TYPE_EMITTED, "A closed claim's status became open again", ABOUT("claim"), CLAIM("open", "")},
    {"claim.label_added", HT_TYPE_EMITTED, "A label was put on a claim", ABOUT("claim"),
     CLAIM("open", "\"labels\":[\"urgent\"],")},
    {"claim.label_removed", HT_TYPE_EMITTED, "A label was taken off a claim", ABOUT("claim"),
     CLAIM("open", "\"labels\":[],")},
    {"claim.assigned", HT_TYPE_EMITTED, "A claim was given to a user", ABOUT("claim"), CLAIM("open", ASSIGNEE)},
    {"claim.unassigned", HT_TYPE_EMITTED, "A claim is nobody's any more", ABOUT("claim"),
     CLAIM("open", "\"assigned_to\":null,")},
    {"claim.switched_type", HT_TYPE_EMITTED, "A claim's type changed", ABOUT("claim"),
     CLAIM("open", "\"previous_type\":\"Property\",")},
    {"contact.created", HT_TYPE_EMITTED, "A contact was created", ABOUT("contact"), CONTACT},
    {HT_TEST_TYPE, HT_TYPE_TEST, "The signed test event of a ping", NULL,
     "{\"event_name\":\"webhook.test\",\"source\":\"api\",\"performed_by\":\"hooktop\"}"},
};
/* clang-format on */

static void add_facts(struct ht_buf *out, const char *type, const char *source, const char *performed_by)
{
    ht_buf_adds(out, "\"event_name\":");
    ht_json_quote(out, type, strlen(type));
    ht_buf_adds(out, ",\"source\":");
    ht_json_quote(out, source, strlen(source));
    ht_buf_adds(out, ",\"performed_by\":");
    ht_json_quote(out, performed_by, strlen(performed_by));
    ht_buf_addc(out, '}');
}

static enum ht_rc body(const struct ht_event *e, int version, struct ht_buf *out, struct ht_err *err)
{
    const char *inner;
    size_t inner_len;
    enum ht_rc rc = ht_wire_version(version, err);
    if (rc == HT_OK)
        rc = ht_wire_inner(e->data, e->data_len, &inner, &inner_len, err);
    if (rc != HT_OK)
        return rc;
    ht_buf_addc(out, '{');
    ht_buf_add(out, inner, inner_len);
    ht_buf_addc(out, ',');
    add_facts(out, e->type, e->source ? e->source : DEFAULT_SOURCE,
              e->performed_by ? e->performed_by : DEFAULT_PERFORMED_BY);
    return ht_wire_built(out, err);
}

static enum ht_rc ping_body(const struct ht_ping_subject *s, struct ht_buf *out, struct ht_err *err)
{
    (void)s;
    ht_buf_addc(out, '{');
    add_facts(out, HT_TEST_TYPE, "api", "hooktop");
    return ht_wire_built(out, err);
}

const struct ht_profile ht_profile_claimable = {
    .name = "claimable",
    .title = "Claimable",
    .summary = "the target object with event_name, source and performed_by; Standard Webhooks headers",
    .types = types,
    .types_len = HT_COUNT(types),
    .key_kind = HT_KEY_HMAC_WHSEC,
    .multi_signature = true,
    .ping_signed = true,
    .source_filter = true,
    .timeout_ms = HT_DEFAULT_TIMEOUT_MS,
    .schedule_s = ht_default_schedule_s,
    .schedule_len = HT_DEFAULT_SCHEDULE_LEN,
    .scheme = &ht_standard_scheme,
    .user_agent = HT_OWN_USER_AGENT,
    .tolerance_s = HT_DEFAULT_TOLERANCE_S,
    .check_data = ht_wire_one_member,
    .body = body,
    .ping_body = ping_body,
    .sign = ht_standard_sign,
    .verify = ht_standard_verify,
};
