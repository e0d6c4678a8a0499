#include <ctype.h>
#include <string.h>

#include "demo_parts.h"
#include "hooktop/profile/profile.h"

const struct ht_demo_tenant_plan ht_demo_tenants[HT_DEMO_TENANTS] = {
    {.name = "Calder and Finch Advisers",
     .profile = "instaclaim",
     .endpoints =
         {
             {.path = "/calder/ledger",
              .description = "Ledger sync",
              .patterns = {"expense_category.*", "claim_project.*", "bank_statement.*"}},
             {.path = "/calder/reports",
              .description = "Report archive",
              .patterns = {"claim_report.*", "report_configuration.*"}},
             {.path = "/calder/warehouse", .description = "Data warehouse", .patterns = {"*"}},
         }},
    {.name = "Meridian Parcel Cover",
     .profile = "claimport",
     .endpoints =
         {
             {.path = "/meridian/helpdesk",
              .description = "Helpdesk tickets",
              .patterns = {"message.*", "claim.assigned", "claim.status_changed"}},
             {.path = "/meridian/refunds",
              .description = "Refunds in the order system",
              .patterns = {"claim.approved", "claim.closed", "order.synced"}},
             {.path = "/meridian/carrier",
              .description = "Carrier's new endpoint, still to be verified",
              .patterns = {"claim.*"},
              .unverified = true},
         }},
    {.name = "Saltmarsh Underwriting",
     .profile = "instnt",
     .workflows = {"motor-proposal", "home-proposal"},
     .endpoints =
         {
             {.path = "/saltmarsh/motor",
              .description = "Motor onboarding",
              .patterns = {"transaction.*"},
              .workflow = "motor-proposal"},
             {.path = "/saltmarsh/documents", .description = "Document archive", .patterns = {"document.*"}},
             {.path = "/saltmarsh/fraud", .description = "Fraud desk", .patterns = {"*"}},
         }},
    {.name = "Lakeshore Mutual",
     .profile = "claimable",
     .sources = {"ui", "api"},
     .people = {"Priya Raman", "Tom Avery", "Portal token"},
     .endpoints =
         {
             {.path = "/lakeshore/crm",
              .description = "CRM: what handlers did",
              .patterns = {"claim.*"},
              .source_filter = "ui"},
             {.path = "/lakeshore/portal",
              .description = "Portal: what came in by the API",
              .patterns = {"claim.created", "contact.created"},
              .source_filter = "api"},
             {.path = "/lakeshore/warehouse", .description = "Data warehouse", .patterns = {"*"}},
         }},
    {.name = "Tidewater Assurance",
     .profile = "standard",
     .endpoints =
         {
             {.path = "/tidewater/policies", .description = "Policy administration", .patterns = {"policy.*"}},
             {.path = "/tidewater/payments",
              .description = "Payments ledger",
              .patterns = {"premium.*", "payout.*"},
              .rotated = true},
             {.path = "/tidewater/audit", .description = "Audit trail", .patterns = {"*"}},
             {.path = "/tidewater/reinsurer",
              .description = "Reinsurer's ledger",
              .patterns = {"premium.*", "payout.*"},
              .outage = true},
         }},
};

/* The standard profile has an open catalogue, so these are the tenant's own. */
static const struct ht_catalogue_type own_types[] = {
    {.name = "policy.issued",
     .sample = "{\"policy\":\"TW-2026-100417\",\"product\":\"motor\",\"premium\":\"482.50\",\"currency\":\"GBP\"}"},
    {.name = "policy.renewed",
     .sample = "{\"policy\":\"TW-2026-100880\",\"product\":\"home\",\"premium\":\"311.20\",\"currency\":\"GBP\"}"},
    {.name = "premium.paid",
     .sample = "{\"policy\":\"TW-2026-100417\",\"amount\":\"40.21\",\"method\":\"direct_debit\"}"},
    {.name = "premium.missed", .sample = "{\"policy\":\"TW-2026-103305\",\"amount\":\"26.90\",\"days_late\":14}"},
    {.name = "payout.sent",
     .sample = "{\"claim\":\"TC-2026-004182\",\"amount\":\"1250.00\",\"currency\":\"GBP\",\"payee\":\"Zo\\u00eb "
               "Lindqvist\"}"},
};

/* ---- varying a sample ------------------------------------------------------------------------------------------- */

#define UUID_LEN 36u
#define DATE_LEN 10u

/* Whether `s` looks like the pattern: 'x' a hexadecimal digit, '0' a digit, all else itself. */
static bool looks_like(const char *s, const char *pattern)
{
    for (; *pattern != '\0'; s++, pattern++) {
        bool fits = *pattern == 'x'   ? isxdigit((unsigned char)*s) != 0
                    : *pattern == '0' ? isdigit((unsigned char)*s) != 0
                                      : *s == *pattern;
        if (!fits)
            return false;
    }
    return true;
}

/* A run of digits becomes another of the same length. */
static void vary_digits(const char *digits, size_t len, size_t n, struct ht_buf *out)
{
    uint64_t value = 0, limit = 1;
    for (size_t i = 0; i < len; i++) {
        value = value * 10 + (uint64_t)(digits[i] - '0');
        limit *= 10;
    }
    /* the first digit of a JSON number must not become 0 */
    uint64_t least = digits[0] == '0' ? 0 : limit / 10;
    value = least + (value - least + n * 7) % (limit - least);
    ht_buf_addf(out, "%0*llu", (int)len, (unsigned long long)value);
}

/* How many bytes at `s` belong together; those that name something (ids, numbers of four digits and more, amounts) are
 * varied; dates, years and short numbers stay. */
static size_t vary_token(const char *s, size_t n, struct ht_buf *out)
{
    if (looks_like(s, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) {
        ht_buf_add(out, s, UUID_LEN - 6);
        ht_buf_addf(out, "%06zx", (n * 40503u + 4099u) & 0xffffffu);
        return UUID_LEN;
    }
    if (looks_like(s, "0000-00-00")) {
        ht_buf_add(out, s, DATE_LEN);
        return DATE_LEN;
    }
    size_t len = strspn(s, "0123456789");
    bool year = len == 4 && (strncmp(s, "19", 2) == 0 || strncmp(s, "20", 2) == 0);
    bool amount = len >= 2 && looks_like(s + len, ".00\"");
    if (((len >= 4 && !year) || amount) && len <= 12)
        vary_digits(s, len, n, out);
    else
        ht_buf_add(out, s, len > 0 ? len : 1);
    return len > 0 ? len : 1;
}

void ht_demo_vary(const char *sample, size_t n, struct ht_buf *out)
{
    while (*sample != '\0') {
        size_t word = 0;
        /* a word's digits are its own: v163970000, \u00eb, usr_207 */
        while (isalpha((unsigned char)sample[word]) || sample[word] == '\\' ||
               (word > 0 && isalnum((unsigned char)sample[word])))
            word++;
        if (word > 0 && !looks_like(sample, "xxxxxxxx-xxxx-")) {
            ht_buf_add(out, sample, word);
            sample += word;
        } else {
            sample += vary_token(sample, n, out);
        }
    }
}

const char *ht_demo_event(const struct ht_demo_tenant_plan *t, size_t n, struct ht_buf *ret_data)
{
    const struct ht_profile *p = ht_profile_find(t->profile);
    const struct ht_catalogue_type *types = p->open_catalogue ? own_types : p->types;
    size_t len = p->open_catalogue ? HT_COUNT(own_types) : p->types_len, emittable = 0;
    for (size_t i = 0; i < len; i++)
        emittable += types[i].state == HT_TYPE_EMITTED;
    size_t at = emittable > 0 ? n % emittable : 0;
    for (size_t i = 0; i < len; i++) {
        if (types[i].state != HT_TYPE_EMITTED || at-- > 0)
            continue;
        ht_demo_vary(types[i].sample, n, ret_data);
        return types[i].name;
    }
    return NULL;
}
