#include <stdlib.h>
#include <string.h>
#include "hooktop/base/ini.h"
#include "parts.h"

static const char what[] = "subscription";

/* Whether an endpoint can subscribe to it: a test type is only sent by pings, hooktop's own are there for every
 * profile.
 */
static bool is_offered(const struct ht_event_type *t, const char *profile)
{
    return t->state == HT_TYPE_RAISED || (strcmp(t->profile, profile) == 0 && t->state != HT_TYPE_TEST);
}

/* Whether the pattern can ever match something that is emitted; hooktop's own types are matched by their names only. */
static bool reaches(const char *pattern, const struct ht_event_types *types, const char *profile)
{
    for (size_t i = 0; i < types->n; i++) {
        const struct ht_event_type *t = &types->rows[i];
        if (is_offered(t, profile) &&
            (t->state == HT_TYPE_RAISED ? strcmp(pattern, t->name) == 0 : ht_pattern_matches(pattern, t->name)))
            return true;
    }
    return false;
}

static enum ht_rc unknown(const char *pattern, const struct ht_event_types *types, const char *profile,
                          struct ht_err *err)
{
    const char **names = ht_alloc(types->n + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < types->n; i++)
        if (is_offered(&types->rows[i], profile))
            names[n++] = types->rows[i].name;
    const char *near = ht_nearest(pattern, names, n);
    enum ht_rc rc =
        ht_fail(err, HT_USAGE, what, "see: hooktop type list", "no event of profile %s matches '%.128s'%s%s%s", profile,
                pattern, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
    free(names);
    return rc;
}

enum ht_rc ht_ops_check_patterns(const struct ht_ops *o, const struct ht_profile *tenants_profile,
                                 const char *const *patterns, size_t n, struct ht_err *err)
{
    HT_CLEANUP(ht_event_types_fini) struct ht_event_types types = {0};
    const struct ht_filter all = {0};
    if (n > HT_PATTERNS_MAX)
        return ht_fail(err, HT_USAGE, what, "use a wildcard: claim.*", "an endpoint takes at most %u at once",
                       HT_PATTERNS_MAX);
    for (size_t i = 0; i < n; i++)
        if (!ht_pattern_valid(patterns[i]))
            return ht_fail(err, HT_USAGE, what, "give a type's name, a beginning like claim.*, or *",
                           "'%.128s' is not a pattern", patterns[i]);
    if (n == 0 || tenants_profile->open_catalogue)
        return HT_OK;
    enum ht_rc rc = ht_store_types(o->conn, &all, &types, err);
    for (size_t i = 0; rc == HT_OK && i < n; i++)
        if (!reaches(patterns[i], &types, tenants_profile->name))
            rc = unknown(patterns[i], &types, tenants_profile->name, err);
    return rc;
}
