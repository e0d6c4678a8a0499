#include "hooktop/model/filter.h"

#define CREATED_FIELDS                                                                                                 \
    {"after", HT_FILTER_TIME, HT_FILTER_GE, NULL, 0, "created at or after this time: after:-2h"},                      \
        {"before", HT_FILTER_TIME, HT_FILTER_LT, NULL, 0, "created before this time: before:14:00"},                   \
    {                                                                                                                  \
        "on", HT_FILTER_TIME, HT_FILTER_EQ, NULL, 0, "created on this day (UTC): on:2026-11-19"                        \
    }
#define TEXT(name, help)                                                                                               \
    {                                                                                                                  \
        name, HT_FILTER_TEXT, HT_FILTER_EQ, NULL, 0, help                                                              \
    }
#define ID(name, help)                                                                                                 \
    {                                                                                                                  \
        name, HT_FILTER_ID, HT_FILTER_EQ, NULL, 0, help                                                                \
    }
#define NUMBER(name, help)                                                                                             \
    {                                                                                                                  \
        name, HT_FILTER_NUMBER, HT_FILTER_EQ, NULL, 0, help                                                            \
    }
#define AT_LEAST(name, help)                                                                                           \
    {                                                                                                                  \
        name, HT_FILTER_DURATION, HT_FILTER_GE, NULL, 0, help                                                          \
    }
#define WORD(name, words, len, help)                                                                                   \
    {                                                                                                                  \
        name, HT_FILTER_WORD, HT_FILTER_EQ, words, len, help                                                           \
    }

#define SORT(words)                                                                                                    \
    {                                                                                                                  \
        "sort", HT_FILTER_SORT, HT_FILTER_EQ, words, HT_COUNT(words), "the order of the list; -sort: turned round"     \
    }
#define ORDER(id, name, column, meaning) {name, column, meaning},
static const struct ht_word endpoint_orders[] = {HT_ENDPOINT_ORDERS(ORDER)};
static const struct ht_word failure_orders[] = {HT_FAILURE_ORDERS(ORDER)};
static const struct ht_word type_orders[] = {HT_TYPE_ORDERS(ORDER)};
static const struct ht_word secret_orders[] = {HT_SECRET_ORDERS(ORDER)};
static const struct ht_word log_orders[] = {HT_LOG_ORDERS(ORDER)};

static const struct ht_filter_field endpoint_fields[] = {
    TEXT("description", "its description"),
    TEXT("url", "its URL"),
    TEXT("profile", "its profile"),
    WORD("status", ht_endpoint_words, HT_ENDPOINT_STATUS_COUNT, "its status, or how it begins: status:dis"),
    TEXT("tenant", "its tenant's name"),
    ID("id", "its id, or the id's beginning"),
    AT_LEAST("failing", "nothing but failures for at least this long: failing:1h"),
    NUMBER("failures", "failures since the last success"),
    NUMBER("pending", "deliveries waiting to be sent"),
    NUMBER("held", "deliveries held"),
    NUMBER("failed", "deliveries that failed in the last 24 hours"),
    SORT(endpoint_orders),
};

#define DELIVERY_FIELDS                                                                                                \
    TEXT("endpoint", "the endpoint's description, URL or id"),                                                         \
        WORD("status", ht_delivery_words, HT_DELIVERY_STATUS_COUNT,                                                    \
             "its status, its sign or how it begins: status:FA, status:ex"),                                           \
        {"code", HT_FILTER_CODE, HT_FILTER_EQ, NULL, 0, "the last HTTP status: code:503, code:5xx, code:>=500"},       \
        TEXT("type", "the event's type"), TEXT("profile", "the profile it is sent by"),                                \
        WORD("error", ht_attempt_words, HT_ATTEMPT_ERROR_COUNT, "the last attempt's error: error:timeout*"),           \
        ID("id", "its id, or the id's beginning"), ID("event", "the event's id, or its beginning"),                    \
        TEXT("tenant", "the tenant's name"), NUMBER("attempts", "how many attempts were made"),                        \
        AT_LEAST("latency", "the last attempt took at least this long: latency:2s"), CREATED_FIELDS
static const struct ht_filter_field delivery_fields[] = {DELIVERY_FIELDS, SORT(log_orders)};
static const struct ht_filter_field failure_fields[] = {DELIVERY_FIELDS, SORT(failure_orders)};

static const struct ht_filter_field event_fields[] = {
    TEXT("type", "its type"),
    TEXT("key", "its idempotency key"),
    TEXT("tenant", "the tenant's name"),
    ID("id", "its id, or the id's beginning"),
    TEXT("contains", "a text in its payload"),
    TEXT("source", "its source: ui or api"),
    TEXT("workflow", "its workflow"),
    NUMBER("deliveries", "how many deliveries it has: deliveries:0 finds what nobody was subscribed to"),
    CREATED_FIELDS,
    SORT(log_orders),
};

static const struct ht_filter_field type_fields[] = {
    TEXT("name", "its name"),
    TEXT("profile", "its profile"),
    WORD("state", ht_type_words, HT_TYPE_STATE_COUNT, "its state"),
    TEXT("description", "its description"),
    NUMBER("subscriptions", "how many endpoints are subscribed to it"),
    SORT(type_orders),
};

static const struct ht_filter_field secret_fields[] = {
    TEXT("endpoint", "its endpoint's description, URL or id"),
    TEXT("tenant", "the tenant's name"),
    TEXT("profile", "the profile it signs by"),
    WORD("state", ht_secret_words, HT_SECRET_STATE_COUNT, "its state: state:next|retiring finds rotations in progress"),
    AT_LEAST("age", "made at least this long ago: age:90d"),
    ID("id", "its id, or the id's beginning"),
    SORT(secret_orders),
};

static const struct ht_filter_field audit_fields[] = {
    TEXT("who", "the login that did it"),
    TEXT("action", "what was done: action:secret.* finds all about secrets"),
    TEXT("object", "the id or name of what it was done to"),
    TEXT("reason", "the reason that was given"),
    TEXT("from", "the address and program it came from"),
    TEXT("detail", "a text in what was before and after"),
    TEXT("tenant", "the tenant's name"),
    NUMBER("seq", "its number in the tenant's chain"),
    CREATED_FIELDS,
    SORT(log_orders),
};

const struct ht_filter_field *ht_filter_fields(enum ht_filter_list list, size_t *ret_n)
{
    static const struct {
        const struct ht_filter_field *fields;
        size_t n;
    } lists[HT_FILTER_LIST_COUNT] = {
        [HT_FILTER_ENDPOINTS] = {endpoint_fields, HT_COUNT(endpoint_fields)},
        [HT_FILTER_DELIVERIES] = {delivery_fields, HT_COUNT(delivery_fields)},
        [HT_FILTER_EVENTS] = {event_fields, HT_COUNT(event_fields)},
        [HT_FILTER_TYPES] = {type_fields, HT_COUNT(type_fields)},
        [HT_FILTER_SECRETS] = {secret_fields, HT_COUNT(secret_fields)},
        [HT_FILTER_FAILURES] = {failure_fields, HT_COUNT(failure_fields)},
        [HT_FILTER_AUDIT] = {audit_fields, HT_COUNT(audit_fields)},
    };
    *ret_n = lists[list].n;
    return lists[list].fields;
}
