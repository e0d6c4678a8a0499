#include "hooktop/cli/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/command.h"
#include "hooktop/cli/input.h"
#include "hooktop/profile/profile.h"

#define BLANKS         " \t,"
#define SUBSCRIBED_MAX 65536u

/* Words of a line; what is between them is one of `apart`. */
struct words {
    char *text;
    size_t len;
    const char *list[HT_PATTERNS_MAX + 1];
    size_t n;
};

static void words_fini(struct words *w)
{
    if (w->text != NULL)
        ht_wipe(w->text, w->len);
    free(w->text);
}

static enum ht_rc split(const char *line, const char *apart, struct words *ret, struct ht_err *err)
{
    char *rest = ret->text = ht_strdup(line);
    ret->len = strlen(line);
    for (char *word; (word = strsep(&rest, apart)) != NULL;) {
        word += strspn(word, " \t");
        for (size_t len = strlen(word); len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'); len--)
            word[len - 1] = '\0';
        if (word[0] == '\0')
            continue;
        if (ret->n == HT_PATTERNS_MAX)
            return ht_fail(err, HT_USAGE, "endpoint", NULL, "more than %u are too many", HT_PATTERNS_MAX);
        ret->list[ret->n++] = word;
    }
    return HT_OK;
}

/* Lines into settings ---------------------------------------------------------------------------------------------- */

static void put_text(char **at, const char *line)
{
    free(*at);
    *at = line[0] != '\0' ? ht_strdup(line) : NULL;
}

static enum ht_rc put_timeout(struct ht_endpoint *e, const char *line, struct ht_err *err)
{
    int64_t ms = 0;
    enum ht_rc rc = line[0] != '\0' ? ht_duration_parse(line, &ms, err) : HT_OK;
    if (rc == HT_OK && (ms < 0 || ms > INT32_MAX || (line[0] != '\0' && ms == 0)))
        return ht_fail(err, HT_USAGE, "endpoint", "give 100ms to 60s", "the time limit is out of range");
    e->timeout_ms = (int32_t)ms;
    return rc;
}

static enum ht_rc put_schedule(struct ht_endpoint *e, const char *line, struct ht_err *err)
{
    e->schedule_len = 0;
    return line[0] != '\0' ? ht_schedule_parse(line, e->schedule_s, &e->schedule_len, err) : HT_OK;
}

static enum ht_rc put_rate(struct ht_endpoint *e, const char *line, struct ht_err *err)
{
    e->rate_per_s = 0;
    return line[0] != '\0' ? ht_rate_parse(line, &e->rate_per_s, err) : HT_OK;
}

static enum ht_rc put_in_flight(struct ht_endpoint *e, const char *line, struct ht_err *err)
{
    char *end;
    long n = strtol(line, &end, 10);
    if (line[0] != '\0' && (*end != '\0' || n < 1 || n > HT_IN_FLIGHT_MAX))
        return ht_fail(err, HT_USAGE, "endpoint", "give 1 to 1000", "'%.40s' is no such number", line);
    e->in_flight_max = (int32_t)n;
    return HT_OK;
}

static enum ht_rc put_workflows(struct ht_endpoint *e, const char *line, struct ht_err *err)
{
    HT_CLEANUP(words_fini) struct words w = {0};
    enum ht_rc rc = split(line, ",", &w, err);
    if (rc != HT_OK)
        return rc;
    for (size_t i = 0; e->workflows != NULL && e->workflows[i] != NULL; i++)
        free(e->workflows[i]);
    free(e->workflows);
    e->workflows = w.n > 0 ? ht_alloc(w.n + 1, sizeof *e->workflows) : NULL;
    for (size_t i = 0; i < w.n; i++)
        e->workflows[i] = ht_strdup(w.list[i]);
    return HT_OK;
}

static enum ht_rc put_headers(struct ht_endpoint *e, const char *line, struct ht_err *err)
{
    HT_CLEANUP(words_fini) struct words w = {0};
    enum ht_rc rc = split(strcmp(line, "none") == 0 ? "" : line, "|", &w, err);
    if (rc == HT_OK && w.n > HT_HEADERS_MAX)
        return ht_fail(err, HT_USAGE, "header", NULL, "an endpoint has at most %u", HT_HEADERS_MAX);
    while (e->headers_len > 0)
        ht_header_fini(&e->headers[--e->headers_len]);
    for (size_t i = 0; rc == HT_OK && i < w.n; i++)
        if ((rc = ht_header_parse(w.list[i], &e->headers[e->headers_len], err)) == HT_OK)
            e->headers_len++;
    return rc;
}

/* Puts one line of the draft into *e; EVENTS are no part of the endpoint. */
static enum ht_rc put(struct ht_endpoint *e, enum ht_draft_field field, const char *line, struct ht_err *err)
{
    switch (field) {
    case HT_DRAFT_URL:
        put_text(&e->url, line);
        return HT_OK;
    case HT_DRAFT_NAME:
        put_text(&e->description, line);
        return HT_OK;
    case HT_DRAFT_SOURCE:
        put_text(&e->source_filter, line);
        return HT_OK;
    case HT_DRAFT_WORKFLOWS:
        return put_workflows(e, line, err);
    case HT_DRAFT_HEADERS:
        return put_headers(e, line, err);
    case HT_DRAFT_TIMEOUT:
        return put_timeout(e, line, err);
    case HT_DRAFT_SCHEDULE:
        return put_schedule(e, line, err);
    case HT_DRAFT_RATE:
        return put_rate(e, line, err);
    case HT_DRAFT_IN_FLIGHT:
        return put_in_flight(e, line, err);
    default:
        return HT_OK;
    }
}

/* Checking --------------------------------------------------------------------------------------------------------- */

/* Whether something of the catalogue matches; types of a tenant's own are known to the database alone. */
static enum ht_rc check_events(const struct ht_draft *d, const char *line, struct ht_err *err)
{
    HT_CLEANUP(words_fini) struct words w = {0};
    const struct ht_profile *p = d->tenant_profile != NULL ? ht_profile_find(d->tenant_profile) : NULL;
    enum ht_rc rc = split(line, BLANKS, &w, err);
    for (size_t i = 0; rc == HT_OK && i < w.n; i++) {
        bool known = p == NULL || p->open_catalogue || strchr(w.list[i], '.') == NULL;
        if (!ht_pattern_valid(w.list[i]))
            return ht_fail(err, HT_USAGE, "events", "give a type's name, a beginning like claim.*, or *",
                           "'%.80s' is not a pattern", w.list[i]);
        for (size_t k = 0; !known && k < p->types_len; k++)
            known = ht_pattern_matches(w.list[i], p->types[k].name);
        if (!known)
            return ht_fail(err, HT_USAGE, "events", "key 4 lists the types", "no event of %s matches '%.80s'", p->title,
                           w.list[i]);
    }
    return rc;
}

/* A line judged alone: in an endpoint that is right in all else. */
static enum ht_rc check_line(const struct ht_egress *egress, const struct ht_draft *d, enum ht_draft_field field,
                             struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    const char *line = d->text[field];
    if (line == NULL || (line[0] == '\0' && field != HT_DRAFT_URL))
        return HT_OK;
    if (field == HT_DRAFT_EVENTS)
        return check_events(d, line, err);
    e.profile = ht_strdup(d->profile != NULL ? d->profile : "standard");
    e.url = ht_strdup("https://example.com/");
    enum ht_rc rc = put(&e, field, line, err);
    return rc == HT_OK ? ht_ops_settings_check(egress, &e, err) : rc;
}

void ht_draft_check(const struct ht_egress *egress, const struct ht_draft *d, struct ht_draft_faults *ret)
{
    *ret = (struct ht_draft_faults){0};
    for (int i = 0; i < HT_DRAFT_COUNT; i++) {
        struct ht_err err = {0};
        if (check_line(egress, d, (enum ht_draft_field)i, &err) == HT_OK)
            continue;
        snprintf(ret->why[i], sizeof ret->why[i], "%.110s%s%.80s", err.why, err.fix[0] != '\0' ? ": " : "", err.fix);
    }
}

/* Storing ---------------------------------------------------------------------------------------------------------- */

static enum ht_rc put_all(const struct ht_draft *d, struct ht_endpoint *e, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    for (int i = 0; rc == HT_OK && i < HT_DRAFT_COUNT; i++)
        if (d->text[i] != NULL)
            rc = put(e, (enum ht_draft_field)i, d->text[i], err);
    return rc;
}

static enum ht_rc add(const struct ht_ops *o, const struct ht_draft *d, const struct words *events,
                      struct ht_uuid *ret_id, struct ht_secret **ret_secret, char **ret_public, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant tenant = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&d->tenant_id, id);
    enum ht_rc rc = ht_store_tenant_find(o->conn, id, &tenant, err);
    if (rc == HT_OK)
        rc = put_all(d, &e, err);
    if (rc != HT_OK)
        return rc;
    e.profile = ht_strdup(d->profile != NULL ? d->profile : tenant.profile);
    rc = ht_ops_endpoint_add(o, &tenant, &e, events->list, events->n, NULL, ret_secret, ret_public, err);
    *ret_id = e.id;
    return rc;
}

static bool has(const char *const *list, size_t n, const char *pattern)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], pattern) == 0)
            return true;
    return false;
}

/* What a change leaves: what there was without what went, and what came. */
static char *joined(const char *const *list, size_t n, const char *const *off, size_t n_off, const char *const *on,
                    size_t n_on)
{
    struct ht_buf text;
    ht_buf_init(&text, SUBSCRIBED_MAX);
    for (size_t i = 0; i < n; i++)
        if (!has(off, n_off, list[i]))
            ht_buf_addf(&text, "%s ", list[i]);
    for (size_t i = 0; i < n_on; i++)
        ht_buf_addf(&text, "%s ", on[i]);
    return ht_buf_take(&text, NULL);
}

/* What the line took away of what it began as goes, what it added comes; what others subscribed to meanwhile stays. */
static enum ht_rc edit(const struct ht_ops *o, const struct ht_draft *d, const struct words *shown,
                       const struct words *events, struct ht_subscribed *ret_subscribed, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_subscriptions_fini) struct ht_subscriptions now = {0};
    const char *on[HT_PATTERNS_MAX], *off[HT_PATTERNS_MAX], *is[HT_PATTERNS_MAX];
    size_t n_on = 0, n_off = 0, n_is = 0;
    char id[HT_UUID_TEXT];
    ht_uuid_format(&d->id, id);
    enum ht_rc rc = ht_store_endpoint_find(o->conn, id, &e, err);
    if (rc == HT_OK)
        rc = ht_store_subscriptions(o->conn, &e, &now, err);
    if (rc == HT_OK)
        rc = put_all(d, &e, err);
    if (rc != HT_OK)
        return rc;
    for (; n_is < now.n && n_is < HT_PATTERNS_MAX; n_is++)
        is[n_is] = now.rows[n_is].pattern;
    for (size_t i = 0; i < n_is; i++)
        if (has(shown->list, shown->n, is[i]) && !has(events->list, events->n, is[i]))
            off[n_off++] = is[i];
    for (size_t i = 0; i < events->n; i++)
        if (!has(shown->list, shown->n, events->list[i]) && !has(is, n_is, events->list[i]))
            on[n_on++] = events->list[i];
    rc = ht_ops_endpoint_edit(o, &e, on, n_on, off, n_off, err);
    if (rc == HT_OK && n_on + n_off > 0)
        *ret_subscribed =
            (struct ht_subscribed){joined(is, n_is, NULL, 0, NULL, 0), joined(is, n_is, off, n_off, on, n_on)};
    return rc;
}

enum ht_rc ht_draft_store(const struct ht_ops *o, const struct ht_draft *d, struct ht_uuid *ret_id,
                          struct ht_subscribed *ret_subscribed, struct ht_secret **ret_secret, char **ret_public,
                          struct ht_err *err)
{
    HT_CLEANUP(words_fini) struct words events = {0};
    HT_CLEANUP(words_fini) struct words shown = {0};
    enum ht_rc rc = split(d->text[HT_DRAFT_EVENTS] != NULL ? d->text[HT_DRAFT_EVENTS] : "", BLANKS, &events, err);
    if (rc == HT_OK)
        rc = split(d->events_shown != NULL ? d->events_shown : "", BLANKS, &shown, err);
    if (rc != HT_OK)
        return rc;
    if (ht_uuid_is_nil(&d->id))
        return add(o, d, &events, ret_id, ret_secret, ret_public, err);
    *ret_id = d->id;
    return edit(o, d, &shown, &events, ret_subscribed, err);
}

enum ht_rc ht_draft_resubscribe(const struct ht_ops *o, const struct ht_uuid *endpoint,
                                const struct ht_subscribed *change, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(words_fini) struct words was = {0};
    HT_CLEANUP(words_fini) struct words now = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(endpoint, id);
    enum ht_rc rc = split(change->was, BLANKS, &was, err);
    if (rc == HT_OK)
        rc = split(change->now, BLANKS, &now, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_find(o->conn, id, &e, err);
    if (rc == HT_OK)
        rc = ht_store_subscriptions_restore(o->conn, &e, &(struct ht_patterns){was.list, was.n},
                                            &(struct ht_patterns){now.list, now.n}, o->reason, err);
    return rc;
}
