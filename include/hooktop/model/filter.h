/* The filter language of lists, shared by the console's prompt and the commands' options.
 *
 *   word  "two words"  field:value  field:a|b  -field:value  field:glob*  field:>2s  <  >=  <=  code:5xx
 *   after:-2h  before:14:00  on:2026-11-19  /regex/  sort:failed  -sort:failed
 * Terms are ANDed, a term's values ORed; a leading - negates the term. In quotes, \" and \\ stand for themselves; in a
 * regex, \/ for a slash. Parsing knows the language; which fields a list has, and their kinds, is the list's table
 * (ht_filter_fields). The store compiles terms to SQL with bound parameters only: no text of a filter becomes SQL.
 * A mistake is HT_USAGE with the display column (from 0) in *ret_column, so that the prompt can mark it.
 * Pure, any thread. The filter owns its strings.
 */
#ifndef HOOKTOP_MODEL_FILTER_H
#define HOOKTOP_MODEL_FILTER_H

#include <stdint.h>
#include "hooktop/base/err.h"
#include "hooktop/model/words.h"

enum ht_filter_kind {
    HT_FILTER_TEXT,     /* substring, or glob when it has a * */
    HT_FILTER_WORD,     /* one of a closed vocabulary */
    HT_FILTER_ID,       /* a UUID or its beginning */
    HT_FILTER_CODE,     /* 503, 5xx, >=500 */
    HT_FILTER_DURATION, /* >2s */
    HT_FILTER_TIME,     /* after, before, on */
    HT_FILTER_NUMBER,
    HT_FILTER_SORT, /* no condition: the order of the list, one of a closed vocabulary; -sort: the other way round */
};

enum ht_filter_list {
    HT_FILTER_ENDPOINTS,
    HT_FILTER_DELIVERIES,
    HT_FILTER_EVENTS,
    HT_FILTER_TYPES,
    HT_FILTER_SECRETS,
    HT_FILTER_AUDIT,
    HT_FILTER_FAILURES, /* deliveries, listed in groups */
    HT_FILTER_LIST_COUNT
};

enum ht_filter_op {
    HT_FILTER_EQ,
    HT_FILTER_GT,
    HT_FILTER_GE,
    HT_FILTER_LT,
    HT_FILTER_LE,
};

struct ht_filter_field {
    const char *name;
    enum ht_filter_kind kind;
    enum ht_filter_op op;        /* what a value without an operator means */
    const struct ht_word *words; /* HT_FILTER_WORD, HT_FILTER_SORT: what it may be */
    int words_len;
    const char *help;
};
/* The orders that lists can have: the word of the filter, the column that it is seen in (- before it: the greatest
 * comes first), what it means. What an order compares is the store's. A log has one, that of its ids: only this one has
 * an index that serves any depth. */
#define HT_ENDPOINT_ORDERS(X)                                                                                          \
    X(NAME, "name", "NAME", "its description, or its URL")                                                             \
    X(STATE, "state", "STATE", "its status")                                                                           \
    X(TENANT, "tenant", "TENANT", "its tenant")                                                                        \
    X(FAILED, "failed", "-FAIL24h", "most failed deliveries of the last 24 hours first")                               \
    X(WAITING, "wait", "-WAIT", "most waiting deliveries first")                                                       \
    X(HELD, "held", "-HELD", "most held deliveries first")                                                             \
    X(FAILING, "failing", "", "who fails the longest first")                                                           \
    X(LAST, "last", "-LAST", "the latest attempt first")
#define HT_FAILURE_ORDERS(X)                                                                                           \
    X(COUNT, "count", "-COUNT", "most deliveries first")                                                               \
    X(ENDPOINT, "endpoint", "ENDPOINT", "the endpoint's description, or its URL")                                      \
    X(ERROR, "error", "ERROR", "the error")                                                                            \
    X(FIRST, "first", "FIRST", "the oldest first")                                                                     \
    X(LAST, "last", "-LAST", "the latest first")                                                                       \
    X(NEXT, "next", "NEXT", "what is tried next first")
#define HT_TYPE_ORDERS(X)                                                                                              \
    X(NAME, "name", "TYPE", "its name")                                                                                \
    X(PROFILE, "profile", "PROFILE", "its profile")                                                                    \
    X(STATE, "state", "STATE", "its state")                                                                            \
    X(SUBSCRIPTIONS, "subscriptions", "-SUBS", "most subscribed endpoints first")
#define HT_SECRET_ORDERS(X)                                                                                            \
    X(ENDPOINT, "endpoint", "ENDPOINT", "its endpoint's description, or its URL")                                      \
    X(STATE, "state", "STATE", "its state")                                                                            \
    X(AGE, "age", "-AGE", "the oldest first")                                                                          \
    X(CHANGES, "changes", "CHANGES", "what begins or ends to sign next first")                                         \
    X(GENERATION, "generation", "-GEN", "the highest generation first")                                                \
    X(SHOWN, "shown", "SHOWN", "what was shown and nobody confirmed first")                                            \
    X(TENANT, "tenant", "TENANT", "its tenant")                                                                        \
    X(PROFILE, "profile", "PROFILE", "the profile it signs by")                                                        \
    X(BY, "by", "BY", "who made it")
#define HT_LOG_ORDERS(X)               X(TIME, "time", "-TIME(UTC)", "the newest first; turned round, the oldest first")
#define HT_ORDER_OF_ENDPOINTS(id, ...) HT_ENDPOINTS_BY_##id,
#define HT_ORDER_OF_FAILURES(id, ...)  HT_GROUPS_BY_##id,
#define HT_ORDER_OF_TYPES(id, ...)     HT_TYPES_BY_##id,
#define HT_ORDER_OF_SECRETS(id, ...)   HT_SECRETS_BY_##id,
enum ht_endpoint_order { HT_ENDPOINT_ORDERS(HT_ORDER_OF_ENDPOINTS) HT_ENDPOINT_ORDER_COUNT };
enum ht_failure_order { HT_FAILURE_ORDERS(HT_ORDER_OF_FAILURES) HT_FAILURE_ORDER_COUNT };
enum ht_type_order { HT_TYPE_ORDERS(HT_ORDER_OF_TYPES) HT_TYPE_ORDER_COUNT };
enum ht_secret_order { HT_SECRET_ORDERS(HT_ORDER_OF_SECRETS) HT_SECRET_ORDER_COUNT };

/* The fields of a list; *ret_n of them. */
const struct ht_filter_field *ht_filter_fields(enum ht_filter_list list, size_t *ret_n);

#define HT_FILTER_TERMS_MAX  16
#define HT_FILTER_VALUES_MAX 32

/* A closed range: codes, numbers, durations in ms, times in us since 1970. */
struct ht_filter_range {
    int64_t lo;
    int64_t hi;
};

struct ht_filter_term {
    const struct ht_filter_field *field; /* NULL: a bare word, searched in the list's text fields */
    bool negated;
    bool regex; /* the one value is a regular expression; only without a field */
    size_t n_values;
    /* TEXT as written; WORD a name of the vocabulary (a glob becomes the names it matches; a sign that lists show, and
     * the beginning of one name, become this name, in any case of letters); ID in lower case */
    char *values[HT_FILTER_VALUES_MAX];
    struct ht_filter_range ranges[HT_FILTER_VALUES_MAX]; /* CODE, DURATION, TIME, NUMBER: what each value means */
};
struct ht_filter {
    size_t n;
    struct ht_filter_term terms[HT_FILTER_TERMS_MAX];
};

/* *ret_column is set on failure only and may be NULL. */
HT_MUST_CHECK enum ht_rc ht_filter_parse(enum ht_filter_list list, const char *text, int64_t now_us,
                                         struct ht_filter *ret, size_t *ret_column, struct ht_err *err);
void ht_filter_fini(struct ht_filter *f);
/* The order that a filter asks for, by its place in the list's vocabulary, -1: none; *ret_turned: the other way round.
 */
int ht_filter_order(const struct ht_filter *f, bool *ret_turned);
/* Whether the greatest comes first in this order; of a list by time, the newest. */
bool ht_filter_descends(const struct ht_filter *f);
/* Of a list by time, which shows the newest first unless it is asked otherwise. */
bool ht_filter_oldest_first(const struct ht_filter *f);
/* The same text with another order (NULL: none) at its end. `ret` as large as the text and 64 bytes. */
void ht_filter_with_order(const char *text, const char *order, bool turned, char *ret, size_t size);

/* Whether a subscription pattern ("*", "claim.*", "claim.created") matches a type. */
bool ht_pattern_matches(const char *pattern, const char *type);
/* Whether it is a valid pattern: a type name, a prefix ending in ".*", or "*". */
bool ht_pattern_valid(const char *pattern);

#endif
