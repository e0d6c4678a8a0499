/* An endpoint as a person writes it down: one line of text per setting, as a form holds it. What makes an endpoint of
 * it judges each line by the rules that judge the whole, so that a form can say what is wrong where it is wrong. Plain
 * data. Headers may be credentials: ht_draft_free wipes what it frees. */
#ifndef HOOKTOP_MODEL_DRAFT_H
#define HOOKTOP_MODEL_DRAFT_H

#include "hooktop/base/uuid.h"

/*   id             label             what it takes */
#define HT_DRAFT_FIELDS(X)                                                                                             \
    X(URL, "URL", "where it is sent: https://host/path")                                                               \
    X(NAME, "Name", "how lists call it; empty: by its URL")                                                            \
    X(EVENTS, "Events", "what it receives: type names, claim.*, or *; separated by blanks")                            \
    X(WORKFLOWS, "Workflows", "keys of forms and workflows, separated by commas; empty: all")                          \
    X(SOURCE, "Sources", "ui, api, or empty for both")                                                                 \
    X(HEADERS, "Headers", "Name: value; several are separated by |; the values are sealed")                            \
    X(TIMEOUT, "Time limit", "of one attempt: 100ms to 60s; empty: the profile's")                                     \
    X(SCHEDULE, "Retries", "pauses after each failure: 5s,5m,30m; empty: the profile's")                               \
    X(RATE, "Rate", "at most so many: 50/s, 600/m, 100/h; empty: no limit")                                            \
    X(IN_FLIGHT, "In flight", "at most so many at once, 1: strictly in order; empty: 4")

#define HT_DRAFT_ENUM(id, ...) HT_DRAFT_##id,
enum ht_draft_field { HT_DRAFT_FIELDS(HT_DRAFT_ENUM) HT_DRAFT_COUNT };

struct ht_draft {
    struct ht_uuid id; /* nil: a new one */
    struct ht_uuid tenant_id;
    char *tenant_profile;
    char *profile;
    char *text[HT_DRAFT_COUNT]; /* NULL: as it is; of a new one: empty */
    char *events_shown;         /* what text[HT_DRAFT_EVENTS] began as: only the difference is applied; NULL: nothing */
};
struct ht_draft *ht_draft_new(void);
void ht_draft_free(struct ht_draft *d);

/* What is wrong with each line; "" = nothing. */
struct ht_draft_faults {
    char why[HT_DRAFT_COUNT][200];
};

#endif
