#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "hooktop/base/ini.h"
#include "hooktop/base/text.h"
#include "hooktop/delivery/headers.h"
#include "hooktop/store/setup.h"
#include "parts.h"

#define WORKFLOW_MAX 200u /* bytes */
#define NAMES_MAX    16u

static const char what[] = "endpoint";

enum ht_rc ht_ops_profile(const char *name, const struct ht_profile **ret, struct ht_err *err)
{
    const char *names[NAMES_MAX];
    const struct ht_profile *p = ht_profile_find(name);
    if (p) {
        *ret = p;
        return HT_OK;
    }
    size_t n = ht_profiles_len < NAMES_MAX ? ht_profiles_len : NAMES_MAX;
    for (size_t i = 0; i < n; i++)
        names[i] = ht_profiles[i]->name;
    const char *near = ht_nearest(name, names, n);
    return ht_fail(err, HT_USAGE, "profile", "one of: standard, instaclaim, claimport, instnt, claimable",
                   "'%.64s' is unknown%s%s%s", name, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

static enum ht_rc normal_url(const struct ht_ops *o, struct ht_endpoint *e, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf url;
    ht_buf_init(&url, HT_URL_MAX + 1);
    if (!e->url)
        return ht_fail(err, HT_USAGE, what, "give the receiver's URL", "it has no URL");
    enum ht_rc rc = ht_egress_check_url(o->egress, e->url, &url, err);
    if (rc != HT_OK)
        return rc;
    free(e->url);
    e->url = ht_buf_take(&url, NULL);
    return HT_OK;
}

/* Names alone, as they were read: what is stored stays. */
static bool keeps_headers(const struct ht_endpoint *e)
{
    for (size_t i = 0; i < e->headers_len; i++)
        if (e->headers[i].value)
            return false;
    return true;
}

enum ht_rc ht_ops_seal_headers(const struct ht_ops *o, struct ht_endpoint *e, struct ht_err *err)
{
    struct ht_seal_key key;
    if (keeps_headers(e))
        return HT_OK;
    enum ht_rc rc = ht_store_ring_current(o->conn, key.id, key.public_key, err);
    return rc == HT_OK ? ht_headers_seal(&key, e, err) : rc;
}

static enum ht_rc check_headers(const struct ht_endpoint *e, struct ht_err *err)
{
    if (e->headers_len > HT_HEADERS_MAX)
        return ht_fail(err, HT_USAGE, "header", NULL, "an endpoint has at most %u of its own", HT_HEADERS_MAX);
    for (size_t i = 0; i < e->headers_len && !keeps_headers(e); i++) {
        const char *value = e->headers[i].value;
        enum ht_rc rc = ht_egress_check_header(e->headers[i].name, value ? value : "", err);
        if (rc != HT_OK)
            return rc;
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(e->headers[i].name, e->headers[k].name) == 0)
                return ht_fail(err, HT_USAGE, "header", "give it once", "'%s' is there twice", e->headers[i].name);
    }
    return HT_OK;
}

static enum ht_rc check_limits(struct ht_endpoint *e, struct ht_err *err)
{
    if (e->timeout_ms != 0 && (e->timeout_ms < HT_TIMEOUT_MIN_MS || e->timeout_ms > HT_TIMEOUT_MAX_MS))
        return ht_fail(err, HT_USAGE, what, "give 100ms to 60s", "the time limit of %d ms is out of range",
                       (int)e->timeout_ms);
    if (e->schedule_len > HT_SCHEDULE_MAX)
        return ht_fail(err, HT_USAGE, what, NULL, "a schedule has at most %u delays", HT_SCHEDULE_MAX);
    for (size_t i = 0; i < e->schedule_len; i++)
        if (e->schedule_s[i] < 1 || e->schedule_s[i] > HT_DELAY_MAX_S)
            return ht_fail(err, HT_USAGE, what, "give delays of 1s to 7d", "delay %zu of the schedule is out of range",
                           i + 1);
    if (!isfinite(e->rate_per_s) || e->rate_per_s < 0 || e->rate_per_s > HT_RATE_MAX_PER_S)
        return ht_fail(err, HT_USAGE, what, "give up to 10000/s, or 0 for no limit", "the rate is out of range");
    if (e->in_flight_max == 0)
        e->in_flight_max = HT_IN_FLIGHT_USUAL;
    if (e->in_flight_max < 1 || e->in_flight_max > HT_IN_FLIGHT_MAX)
        return ht_fail(err, HT_USAGE, what, "give 1 to 1000", "%d requests in flight are out of range",
                       (int)e->in_flight_max);
    return HT_OK;
}

static enum ht_rc check_workflows(char *const *workflows, struct ht_err *err)
{
    for (size_t i = 0; workflows[i]; i++) {
        size_t len = strlen(workflows[i]);
        if (i >= HT_WORKFLOWS_MAX)
            return ht_fail(err, HT_USAGE, "workflow", NULL, "an endpoint is mapped to at most %u", HT_WORKFLOWS_MAX);
        if (len == 0 || len > WORKFLOW_MAX || !ht_utf8_valid(workflows[i], len))
            return ht_fail(err, HT_USAGE, "workflow", "give the form's or workflow's key",
                           "number %zu is not 1 to %u bytes of UTF-8", i + 1, WORKFLOW_MAX);
    }
    return HT_OK;
}

/* What only some profiles have. */
static enum ht_rc check_filters(const struct ht_profile *p, const struct ht_endpoint *e, struct ht_err *err)
{
    const char *source = e->source_filter;
    bool workflows = e->workflows && e->workflows[0];
    if (source && !p->source_filter)
        return ht_fail(err, HT_USAGE, what, "leave the source filter out", "profile %s has no source filter", p->name);
    if (source && strcmp(source, "ui") != 0 && strcmp(source, "api") != 0)
        return ht_fail(err, HT_USAGE, what, "give ui, api, or nothing for both", "source filter '%.32s' is unknown",
                       source);
    if (workflows && !p->workflows)
        return ht_fail(err, HT_USAGE, what, "leave the workflows out", "profile %s knows no workflows", p->name);
    return workflows ? check_workflows(e->workflows, err) : HT_OK;
}

static size_t count_characters(const char *utf8)
{
    size_t n = 0;
    for (; *utf8; utf8++)
        n += ((unsigned char)*utf8 & 0xc0) != 0x80;
    return n;
}

enum ht_rc ht_ops_check_settings(const struct ht_ops *o, const struct ht_profile *p, struct ht_endpoint *e,
                                 struct ht_err *err)
{
    const char *description = e->description ? e->description : "";
    if (!ht_utf8_valid(description, strlen(description)) || count_characters(description) > HT_DESCRIPTION_MAX)
        return ht_fail(err, HT_USAGE, what, "use a shorter description",
                       "its description is not UTF-8 of at most %u characters", HT_DESCRIPTION_MAX);
    enum ht_rc rc = normal_url(o, e, err);
    if (rc == HT_OK)
        rc = check_headers(e, err);
    if (rc == HT_OK)
        rc = check_limits(e, err);
    return rc == HT_OK ? check_filters(p, e, err) : rc;
}

enum ht_rc ht_ops_settings_check(const struct ht_egress *egress, struct ht_endpoint *e, struct ht_err *err)
{
    const struct ht_ops o = {.egress = egress};
    const struct ht_profile *p = NULL;
    enum ht_rc rc = ht_ops_profile(e->profile, &p, err);
    return rc == HT_OK ? ht_ops_check_settings(&o, p, e, err) : rc;
}
