#include "import_line.h"

#include <stdlib.h>
#include <string.h>

#include "hooktop/base/json.h"
#include "hooktop/cli/input.h"

static const char what[] = "endpoint import";

void ht_import_line_fini(struct ht_import_line *l)
{
    free(l->tenant_name);
    ht_tenant_fini(&l->tenant);
    ht_endpoint_fini(&l->endpoint);
    for (size_t i = 0; i < l->n_patterns; i++)
        free(l->patterns[i]);
    ht_secret_free(l->brought);
    *l = (struct ht_import_line){0};
}

/* Members ------------------------------------------------------------------------------------------------------- */

static enum ht_rc wrong(const char *member, const char *wanted, struct ht_err *err)
{
    return ht_fail(err, HT_USAGE, what, NULL, "\"%s\" must be %s", member, wanted);
}

static enum ht_rc take_text(const struct ht_json *v, const char *member, char **at, struct ht_err *err)
{
    const char *s = ht_json_str(v, NULL);
    if (s == NULL)
        return wrong(member, "a string", err);
    *at = ht_strdup(s);
    return HT_OK;
}

static enum ht_rc take_number(const struct ht_json *v, const char *member, int32_t *at, struct ht_err *err)
{
    int64_t n = ht_json_int(v, -1);
    if (ht_json_kind(v) != HT_JSON_INT || n < 1 || n > INT32_MAX)
        return wrong(member, "a whole number above 0", err);
    *at = (int32_t)n;
    return HT_OK;
}

static enum ht_rc read_tenant(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_text(v, "tenant", &l->tenant_name, err);
}

static enum ht_rc read_profile(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_text(v, "profile", &l->endpoint.profile, err);
}

static enum ht_rc read_url(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_text(v, "url", &l->endpoint.url, err);
}

static enum ht_rc read_description(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_text(v, "description", &l->endpoint.description, err);
}

static enum ht_rc read_source_filter(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_text(v, "source_filter", &l->endpoint.source_filter, err);
}

static enum ht_rc read_timeout(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_number(v, "timeout_ms", &l->endpoint.timeout_ms, err);
}

static enum ht_rc read_in_flight(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_number(v, "in_flight_max", &l->endpoint.in_flight_max, err);
}

static enum ht_rc read_rate(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    l->endpoint.rate_per_s = ht_json_real(v, 0);
    return l->endpoint.rate_per_s > 0 ? HT_OK : wrong("rate_per_s", "a number above 0", err);
}

static enum ht_rc read_status(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    const char *s = ht_json_str(v, "");
    for (int i = 0; i < HT_ENDPOINT_STATUS_COUNT; i++)
        if (i != HT_ENDPOINT_REMOVED && strcmp(ht_endpoint_words[i].name, s) == 0) {
            l->wanted = (enum ht_endpoint_status)i;
            return HT_OK;
        }
    return wrong("status", "unverified, active, paused or disabled", err);
}

static enum ht_rc read_schedule(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    size_t n = ht_json_count(v);
    if (ht_json_kind(v) != HT_JSON_ARRAY || n < 1 || n > HT_SCHEDULE_MAX)
        return wrong("schedule_s", "an array of 1 to 16 delays in seconds", err);
    for (size_t i = 0; i < n; i++) {
        int64_t s = ht_json_int(ht_json_at(v, i), -1);
        if (s < 0 || s > HT_DELAY_MAX_S)
            return wrong("schedule_s", "delays of 0 to 604800 seconds", err);
        l->endpoint.schedule_s[i] = (int32_t)s;
    }
    l->endpoint.schedule_len = (uint8_t)n;
    return HT_OK;
}

/* An array of strings into `at`; fewer than `max`. *ret_n counts what was taken also when a later one is wrong. */
static enum ht_rc take_strings(const struct ht_json *v, const char *member, char **at, size_t max, size_t *ret_n,
                               struct ht_err *err)
{
    if (ht_json_kind(v) != HT_JSON_ARRAY || ht_json_count(v) > max)
        return ht_fail(err, HT_USAGE, what, NULL, "\"%s\" must be an array of at most %zu strings", member, max);
    for (size_t i = 0; i < ht_json_count(v); i++) {
        enum ht_rc rc = take_text(ht_json_at(v, i), member, &at[i], err);
        if (rc != HT_OK)
            return rc;
        *ret_n = i + 1;
    }
    return HT_OK;
}

static enum ht_rc read_subscriptions(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    return take_strings(v, "subscriptions", l->patterns, HT_PATTERNS_MAX, &l->n_patterns, err);
}

static enum ht_rc read_workflows(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    size_t n = 0;
    l->endpoint.workflows = ht_alloc(HT_WORKFLOWS_MAX + 1, sizeof *l->endpoint.workflows);
    return take_strings(v, "workflows", l->endpoint.workflows, HT_WORKFLOWS_MAX, &n, err);
}

/* An export has the names alone, since nobody can read the values. */
static enum ht_rc read_headers(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    struct ht_endpoint *e = &l->endpoint;
    void *cursor = NULL;
    const char *name;
    if (ht_json_kind(v) == HT_JSON_ARRAY && ht_json_count(v) > 0)
        return ht_fail(err, HT_USAGE, what, "write them as an object of names and values, or take the member out",
                       "the values of \"headers\" are not in an export");
    if (ht_json_kind(v) != HT_JSON_OBJECT && ht_json_kind(v) != HT_JSON_ARRAY)
        return wrong("headers", "an object of names and values", err);
    if (ht_json_count(v) > HT_HEADERS_MAX)
        return ht_fail(err, HT_USAGE, what, NULL, "an endpoint has at most %u headers", HT_HEADERS_MAX);
    for (const struct ht_json *m; ht_json_kind(v) == HT_JSON_OBJECT && (m = ht_json_next(v, &cursor, &name)) != NULL;) {
        const char *value = ht_json_str(m, NULL);
        if (value == NULL)
            return wrong("headers", "an object of names and strings", err);
        e->headers[e->headers_len++] = (struct ht_header){ht_strdup(name), ht_strdup(value)};
    }
    return HT_OK;
}

static enum ht_rc read_never_disable(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    if (ht_json_kind(v) != HT_JSON_BOOL)
        return wrong("never_disable", "true or false", err);
    l->endpoint.never_disable = ht_json_bool(v, false);
    return HT_OK;
}

static enum ht_rc read_secret_file(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    const char *path = ht_json_str(v, NULL);
    if (path == NULL || strcmp(path, "-") == 0)
        return wrong("secret_file", "a file's path", err);
    return ht_input_secret(path, &l->brought, err);
}

static const struct {
    const char *name;
    enum ht_rc (*read)(const struct ht_json *v, struct ht_import_line *l, struct ht_err *err);
} members[] = {
    {"tenant", read_tenant},
    {"profile", read_profile},
    {"url", read_url},
    {"description", read_description},
    {"status", read_status},
    {"subscriptions", read_subscriptions},
    {"timeout_ms", read_timeout},
    {"schedule_s", read_schedule},
    {"rate_per_s", read_rate},
    {"in_flight_max", read_in_flight},
    {"source_filter", read_source_filter},
    {"workflows", read_workflows},
    {"never_disable", read_never_disable},
    {"headers", read_headers},
    {"secret_file", read_secret_file},
};

static enum ht_rc read_member(const char *name, const struct ht_json *v, struct ht_import_line *l, struct ht_err *err)
{
    const char *names[HT_COUNT(members)];
    for (size_t i = 0; i < HT_COUNT(members); i++) {
        if (strcmp(members[i].name, name) == 0)
            return members[i].read(v, l, err);
        names[i] = members[i].name;
    }
    ht_fail(err, HT_USAGE, what, NULL, "\"%s\" is no member of an endpoint", name);
    ht_suggest(err, name, names, HT_COUNT(names));
    return HT_USAGE;
}

enum ht_rc ht_import_line_read(const char *bytes, size_t len, struct ht_import_line *ret, struct ht_err *err)
{
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    void *cursor = NULL;
    const char *name;
    const struct ht_json *v;
    enum ht_rc rc = ht_json_parse(bytes, len, &root, err);
    if (rc == HT_OK && ht_json_kind(root) != HT_JSON_OBJECT)
        rc = ht_fail(err, HT_USAGE, what, NULL, "it is no JSON object");
    while (rc == HT_OK && (v = ht_json_next(root, &cursor, &name)) != NULL)
        rc = read_member(name, v, ret, err);
    if (rc == HT_OK && ret->endpoint.url == NULL)
        rc = ht_fail(err, HT_USAGE, what, NULL, "\"url\" is missing");
    return rc;
}
