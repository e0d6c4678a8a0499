#include "hooktop/cli/command.h"

#include <stdint.h>

#include "hooktop/model/words.h"
#include "hooktop/ops/ops.h"
#include "hooktop/profile/profile.h"

static const char *profile_at(size_t i)
{
    return i < ht_profiles_len ? ht_profiles[i]->name : NULL;
}

static const char *source_at(size_t i)
{
    static const char *const words[] = {"ui", "api"};
    return i < HT_COUNT(words) ? words[i] : NULL;
}

static const char *held_at(size_t i)
{
    static const char *const words[] = {"keep", "release", "cancel"}; /* in the order of enum ht_held_choice */
    return i < HT_COUNT(words) ? words[i] : NULL;
}

static const char *clear_at(size_t i)
{
    static const char *const words[] = {"description", "timeout",       "schedule",  "rate",
                                        "in-flight",   "source-filter", "workflows", "headers"};
    return i < HT_COUNT(words) ? words[i] : NULL;
}

/* Leased is what a worker does with it at the moment, nothing that is stored. */
static const char *stored_status_at(size_t i)
{
    i += i >= HT_DELIVERY_LEASED;
    return i < HT_DELIVERY_STATUS_COUNT ? ht_delivery_words[i].name : NULL;
}

static const char *error_at(size_t i)
{
    return i + 1 < HT_ATTEMPT_ERROR_COUNT ? ht_attempt_words[i + 1].name : NULL; /* the first is none */
}

const struct ht_option ht_options[HT_OPT_COUNT] = {
    [HT_OPT_DSN] = {"dsn", 0, HT_OPTION_TEXT, "DSN", "the database: anything libpq takes", 0, 0, NULL},
    [HT_OPT_CONFIG] = {"config", 0, HT_OPTION_FILE, "FILE", "the configuration file", 0, 0, NULL},
    [HT_OPT_ENV] = {"env", 0, HT_OPTION_TEXT, "NAME", "an environment of the configuration: [env.NAME]", 0, 0, NULL},
    [HT_OPT_JSON] = {"json", 0, HT_OPTION_FLAG, NULL, "one JSON object per line", 0, 0, NULL},
    [HT_OPT_TENANT] = {"tenant", 0, HT_OPTION_TEXT, "ID|NAME", "the tenant; not needed where there is only one", 0, 0,
                       NULL},
    [HT_OPT_REASON] = {"reason", 0, HT_OPTION_TEXT, "TEXT", "why, for the audit log", 0, 0, NULL},
    [HT_OPT_READONLY] = {"readonly", 0, HT_OPTION_FLAG, NULL, "change nothing, whatever the login may do", 0, 0, NULL},
    [HT_OPT_YES] = {"yes", 'y', HT_OPTION_FLAG, NULL, "answer questions with yes", 0, 0, NULL},
    [HT_OPT_VERSION] = {"version", 0, HT_OPTION_FLAG, NULL, "print the versions of hooktop and its libraries", 0, 0,
                        NULL},
    [HT_OPT_HELP] = {"help", 'h', HT_OPTION_FLAG, NULL, "print this", 0, 0, NULL},

    [HT_OPT_HEADLESS] = {"headless", 0, HT_OPTION_FLAG, NULL, "plain text and a table at the end, no console", 0, 0,
                         NULL},
    [HT_OPT_PRINT] = {"print", 0, HT_OPTION_FLAG, NULL, "print the SQL instead of running it", 0, 0, NULL},
    [HT_OPT_CONCURRENCY] = {"concurrency", 0, HT_OPTION_NUMBER, "N", "requests in flight at most", 1, 10000, NULL},
    [HT_OPT_DRAIN] = {"drain", 0, HT_OPTION_FLAG, NULL, "stop when nothing is past due or leased by anyone", 0, 0,
                      NULL},
    [HT_OPT_PROFILE] = {"profile", 0, HT_OPTION_WORD, "P", "the wire contract", 0, 0, profile_at},
    [HT_OPT_TYPE] = {"type", 0, HT_OPTION_TEXT, "TYPE", "the event's type", 0, 0, NULL},
    [HT_OPT_DATA] = {"data", 0, HT_OPTION_FILE, "FILE", "the event's data as JSON; - or nothing: standard input", 0, 0,
                     NULL},
    [HT_OPT_SOURCE] = {"source", 0, HT_OPTION_WORD, "S", "where it happened", 0, 0, source_at},
    [HT_OPT_PERFORMED_BY] = {"performed-by", 0, HT_OPTION_TEXT, "NAME", "who did it", 0, 0, NULL},
    [HT_OPT_EVENT_NAME] = {"event-name", 0, HT_OPTION_TEXT, "NAME", "the event in words", 0, 0, NULL},
    [HT_OPT_WORKFLOW] = {"workflow", 0, HT_OPTION_TEXT, "W", "the form or workflow it belongs to", 0, 0, NULL},
    [HT_OPT_KEY] = {"key", 0, HT_OPTION_TEXT, "K", "an idempotency key: repeated, it returns the first event", 0, 0,
                    NULL},
    [HT_OPT_DESCRIPTION] = {"description", 0, HT_OPTION_TEXT, "TEXT", "what it is for", 0, 0, NULL},
    [HT_OPT_CONTRACT] = {"contract", 0, HT_OPTION_FILE, "FILE", "a JSON schema that its data must meet", 0, 0, NULL},
    [HT_OPT_SAMPLE] = {"sample", 0, HT_OPTION_FILE, "FILE", "data that meets the contract", 0, 0, NULL},
    [HT_OPT_URL] = {"url", 0, HT_OPTION_TEXT, "URL", "where events are sent", 0, 0, NULL},
    [HT_OPT_SUBSCRIBE] = {"subscribe", 0, HT_OPTION_LIST, "PATTERN", "a type, a prefix like claim.*, or *", 0, 0, NULL},
    [HT_OPT_UNSUBSCRIBE] = {"unsubscribe", 0, HT_OPTION_LIST, "PATTERN", "take a subscription away", 0, 0, NULL},
    [HT_OPT_HEADER] = {"header", 0, HT_OPTION_LIST, "'N: V'", "a header of its own", 0, 0, NULL},
    [HT_OPT_TIMEOUT] = {"timeout", 0, HT_OPTION_DURATION, "T", "time limit of a request, as 15s", HT_TIMEOUT_MIN_MS,
                        HT_TIMEOUT_MAX_MS, NULL},
    [HT_OPT_SCHEDULE] = {"schedule", 0, HT_OPTION_TEXT, "5s,5m", "delays after each failure", 0, 0, NULL},
    [HT_OPT_RATE] = {"rate", 0, HT_OPTION_RATE, "50/s", "requests at most", 0, 0, NULL},
    [HT_OPT_IN_FLIGHT] = {"in-flight", 0, HT_OPTION_NUMBER, "N", "requests at once; 1: strictly in order", 1,
                          HT_IN_FLIGHT_MAX, NULL},
    [HT_OPT_SOURCE_FILTER] = {"source-filter", 0, HT_OPTION_WORD, "S", "only events from there", 0, 0, source_at},
    [HT_OPT_WORKFLOWS] = {"workflow", 0, HT_OPTION_LIST, "W", "only events of this workflow", 0, 0, NULL},
    [HT_OPT_CLEAR] = {"clear", 0, HT_OPTION_LIST, "SETTING", "back to the profile's", 0, 0, clear_at},
    [HT_OPT_SECRET_FILE] = {"secret-file", 0, HT_OPTION_FILE, "FILE", "use this secret instead of a new one", 0, 0,
                            NULL},
    [HT_OPT_HELD] = {"held", 0, HT_OPTION_WORD, "WHAT", "what becomes of held deliveries", 0, 0, held_at},
    [HT_OPT_RELEASE_RATE] = {"rate", 0, HT_OPTION_RATE, "50/s", "release the held ones at this rate", 0, 0, NULL},
    [HT_OPT_SNOOZE_FOR] = {"for", 0, HT_OPTION_DURATION, "T", "until so much later", 60000, INT64_C(90) * 86400 * 1000,
                           NULL},
    [HT_OPT_SNOOZE_ALWAYS] = {"always", 0, HT_OPTION_FLAG, NULL, "until --end", 0, 0, NULL},
    [HT_OPT_SNOOZE_END] = {"end", 0, HT_OPTION_FLAG, NULL, "no longer", 0, 0, NULL},
    [HT_OPT_ALL] = {"all", 0, HT_OPTION_FLAG, NULL, "also those that were acknowledged", 0, 0, NULL},
    [HT_OPT_OVERLAP] = {"overlap", 0, HT_OPTION_DURATION, "T",
                        "how long the old one still signs, or signs alone where a profile's header has room for one", 0,
                        HT_OVERLAP_MAX_MS, NULL},
    [HT_OPT_TO_FILE] = {"to-file", 0, HT_OPTION_FILE, "FILE", "write the secret to a new file (0600) instead", 0, 0,
                        NULL},
    [HT_OPT_NEXT] = {"next", 0, HT_OPTION_FLAG, NULL, "the key that will sign after the cut-over", 0, 0, NULL},
    [HT_OPT_GENERATION] = {"generation", 0, HT_OPTION_NUMBER, "N", "this generation", 1, INT32_MAX, NULL},
    [HT_OPT_FIND_ENDPOINT] = {"endpoint", 0, HT_OPTION_TEXT, "E", "only this endpoint's", 0, 0, NULL},
    [HT_OPT_FIND_STATUS] = {"status", 0, HT_OPTION_TEXT, "S", "only these statuses: one, or several as held|ready", 0,
                            0, NULL},
    [HT_OPT_FIND_STATE] = {"state", 0, HT_OPTION_TEXT, "S", "only these states", 0, 0, NULL},
    [HT_OPT_FIND_SINCE] = {"since", 0, HT_OPTION_TEXT, "T", "only after this time: 2h ago as 2h, or 2026-11-20T14:00Z",
                           0, 0, NULL},
    [HT_OPT_FIND_TYPE] = {"type", 0, HT_OPTION_TEXT, "TYPE", "only this type, or claim.*", 0, 0, NULL},
    [HT_OPT_FIND_KEY] = {"key", 0, HT_OPTION_TEXT, "K", "only those whose idempotency key contains this", 0, 0, NULL},
    [HT_OPT_FIND_CONTAINS] = {"contains", 0, HT_OPTION_TEXT, "TEXT", "only those whose data contain this", 0, 0, NULL},
    [HT_OPT_FIND_PROFILE] = {"profile", 0, HT_OPTION_WORD, "P", "only this profile's", 0, 0, profile_at},
    [HT_OPT_FIND_AGE] = {"older-than", 0, HT_OPTION_TEXT, "T", "only those made at least this long ago, as 90d", 0, 0,
                         NULL},
    [HT_OPT_FIND_UNTIL] = {"until", 0, HT_OPTION_TEXT, "T", "only before this time", 0, 0, NULL},
    [HT_OPT_FIND_ERROR] = {"error", 0, HT_OPTION_WORD, "ERROR", "only those whose last attempt failed so", 0, 0,
                           error_at},
    [HT_OPT_FIND_CODE] = {"code", 0, HT_OPTION_NUMBER, "N", "only those answered with this HTTP status; 0: with none",
                          0, 999, NULL},
    [HT_OPT_REPLAY_STATUS] = {"status", 0, HT_OPTION_WORD, "S", "only this status; else all that failed", 0, 0,
                              stored_status_at},
    [HT_OPT_REPLAY_RATE] = {"rate", 0, HT_OPTION_RATE, "10/s", "redeliver at this rate", 0, 0, NULL},
    [HT_OPT_DRY_RUN] = {"dry-run", 0, HT_OPTION_FLAG, NULL, "look, count, change nothing", 0, 0, NULL},
    [HT_OPT_LIMIT] = {"limit", 'n', HT_OPTION_NUMBER, "N", "rows at most", 1, 10000, NULL},
    [HT_OPT_BODY] = {"body", 0, HT_OPTION_FILE, "FILE", "the request's body as it came; -: standard input", 0, 0, NULL},
    [HT_OPT_VERIFY_KEY] = {"secret-file", 0, HT_OPTION_LIST, "FILE", "the secret, or the public key", 0, 0, NULL},
    [HT_OPT_VERIFY_HEADER] = {"header", 'H', HT_OPTION_LIST, "'N: V'", "a header of the request", 0, 0, NULL},
    [HT_OPT_AT] = {"at", 0, HT_OPTION_TEXT, "TIME", "when it came, for the age check (now)", 0, 0, NULL},
    [HT_OPT_AGAINST] = {"against", 0, HT_OPTION_FILE, "FILE", "what audit verify --json printed before, kept elsewhere",
                        0, 0, NULL},
    [HT_OPT_BATCH] = {"batch", 0, HT_OPTION_NUMBER, "N", "how many in one transaction", 1, 1000, NULL},
    [HT_OPT_RETIRE] = {"retire", 0, HT_OPTION_FLAG, NULL, "then forget the keys that nothing is sealed to", 0, 0, NULL},
    [HT_OPT_ROLE] = {"role", 0, HT_OPTION_LIST, "R", "viewer, support, admin, worker, producer or audit_reader", 0, 0,
                     NULL},
    [HT_OPT_ALL_TENANTS] = {"all", 0, HT_OPTION_FLAG, NULL, "of all tenants, those to come too", 0, 0, NULL},
    [HT_OPT_PASSWORD_FILE] = {"password-file", 0, HT_OPTION_FILE, "FILE", "the new login's password; -: standard input",
                              0, 0, NULL},
    [HT_OPT_DROP] = {"drop", 0, HT_OPTION_FLAG, NULL, "end the login itself too", 0, 0, NULL},
    [HT_OPT_PROMETHEUS] = {"prometheus", 0, HT_OPTION_FLAG, NULL, "in Prometheus' text format", 0, 0, NULL},
    [HT_OPT_TEXTFILE] = {"textfile", 0, HT_OPTION_FILE, "FILE",
                         "write that format to FILE, whole or not at all: for node_exporter's textfile collector", 0, 0,
                         NULL},
    [HT_OPT_NOTIFY] = {"notify", 0, HT_OPTION_FLAG, NULL,
                       "tell what is new, or over, by [alert] webhook and command; succeeds when it was told", 0, 0,
                       NULL},
    [HT_OPT_HOSTS] = {"hosts", 0, HT_OPTION_NUMBER, "N", "look at the way to so many hosts at most (20)", 0, 10000,
                      NULL},
};
