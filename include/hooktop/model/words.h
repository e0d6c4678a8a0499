/* The closed vocabularies: statuses, states and error words, each one table that the program, the SQL checks, the
 * filters and the manual are expanded from. `name` is what the database stores and --json prints; `sign` is the two
 * characters of a list's status column; `meaning` is the sentence that help shows. Pure data, any thread. */
#ifndef HOOKTOP_MODEL_WORDS_H
#define HOOKTOP_MODEL_WORDS_H

#include "hooktop/base/err.h"

/* The sign of what is ready and was tried before. */
#define HT_DELIVERY_RETRYING "RT"

/*   id          name           sign  meaning */
#define HT_DELIVERY_STATUSES(X)                                                                                        \
    X(HELD, "held", "HE", "kept because its endpoint is unverified, paused or disabled")                               \
    X(READY, "ready", "..", "to be sent at its due time")                                                              \
    X(LEASED, "leased", ">>", "one worker is sending it now")                                                          \
    X(SUCCEEDED, "succeeded", "ok", "the receiver answered with a complete 2xx")                                       \
    X(EXHAUSTED, "exhausted", "FA", "the retry schedule is used up")                                                   \
    X(QUARANTINED, "quarantined", "QU", "our own fault: it could not be built, signed or unsealed")                    \
    X(CANCELLED, "cancelled", "CA", "cancelled by an operator")

#define HT_ENDPOINT_STATUSES(X)                                                                                        \
    X(UNVERIFIED, "unverified", "??", "waiting for its test event to be answered")                                     \
    X(ACTIVE, "active", "ok", "receives its events")                                                                   \
    X(PAUSED, "paused", "PA", "held back by an operator; deliveries are kept")                                         \
    X(DISABLED, "disabled", "DI", "switched off; deliveries are kept")                                                 \
    X(REMOVED, "removed", "XX", "removed; kept for the log")

#define HT_TYPE_STATES(X)                                                                                              \
    X(EMITTED, "emitted", "", "can be emitted")                                                                        \
    X(PLANNED, "planned", "", "its contract is reserved; it cannot be emitted yet")                                    \
    X(TEST, "test", "", "only sent by a ping")                                                                         \
    X(ARCHIVED, "archived", "", "no longer emitted")                                                                   \
    X(RAISED, "raised", "", "raised by hooktop itself; received by who subscribes to its exact name")

#define HT_SECRET_STATES(X)                                                                                            \
    X(NEXT, "next", "", "known to the receiver, not yet signing")                                                      \
    X(ACTIVE, "active", "", "signs")                                                                                   \
    X(RETIRING, "retiring", "", "still signs beside the active one until it expires")                                  \
    X(EXPIRED, "expired", "", "no longer signs; its bytes are wiped")

#define HT_ATTEMPT_ERRORS(X)                                                                                           \
    X(NONE, "", "", "no error")                                                                                        \
    X(DNS, "dns", "", "the host name could not be resolved")                                                           \
    X(REFUSED, "refused", "", "the receiver refused the connection")                                                   \
    X(UNREACHABLE, "unreachable", "", "no route to the receiver")                                                      \
    X(TIMEOUT_CONNECT, "timeout_connect", "", "no connection within the time limit")                                   \
    X(TIMEOUT, "timeout", "", "no complete answer within the time limit")                                              \
    X(TLS, "tls", "", "the TLS handshake or the certificate failed")                                                   \
    X(RESET, "reset", "", "the receiver cut the connection")                                                           \
    X(EMPTY, "empty", "", "the receiver closed the connection without an answer")                                      \
    X(NOT_HTTP, "not_http", "", "the answer was not HTTP")                                                             \
    X(HEADERS_INCOMPLETE, "headers_incomplete", "", "the answer's headers never ended")                                \
    X(HEADERS_TOO_LARGE, "headers_too_large", "", "the answer's headers passed 64 KiB")                                \
    X(REDIRECT, "redirect", "", "the receiver redirected; redirects are not followed")                                 \
    X(HTTP_4XX, "http_4xx", "", "the receiver answered 4xx")                                                           \
    X(HTTP_5XX, "http_5xx", "", "the receiver answered 5xx")                                                           \
    X(GONE, "gone", "", "the receiver answered 410: it wants no more")                                                 \
    X(THROTTLED, "throttled", "", "the receiver asked for fewer requests")                                             \
    X(BLOCKED, "blocked", "", "the address guard refused the receiver's address")                                      \
    X(SEALED, "sealed", "", "the signing secret could not be unsealed")                                                \
    X(INTERNAL, "internal", "", "hooktop could not build or sign the request")

#define HT_PROBE_VERDICTS(X)                                                                                           \
    X(REFUSED, "refused", "", "the receiver does not accept the new secret yet")                                       \
    X(ACCEPTED, "accepted", "", "the receiver accepts the new secret, and refuses one that nobody has")                \
    X(UNCHECKED, "unchecked", "", "the receiver's answer to test events does not depend on the secret")

#define HT_WORD_ENUM_DELIVERY(id, ...) HT_DELIVERY_##id,
#define HT_WORD_ENUM_ENDPOINT(id, ...) HT_ENDPOINT_##id,
#define HT_WORD_ENUM_TYPE(id, ...)     HT_TYPE_##id,
#define HT_WORD_ENUM_SECRET(id, ...)   HT_SECRET_##id,
#define HT_WORD_ENUM_ATTEMPT(id, ...)  HT_ATTEMPT_##id,
#define HT_WORD_ENUM_PROBE(id, ...)    HT_PROBE_##id,

enum ht_delivery_status { HT_DELIVERY_STATUSES(HT_WORD_ENUM_DELIVERY) HT_DELIVERY_STATUS_COUNT };
enum ht_endpoint_status { HT_ENDPOINT_STATUSES(HT_WORD_ENUM_ENDPOINT) HT_ENDPOINT_STATUS_COUNT };
enum ht_type_state { HT_TYPE_STATES(HT_WORD_ENUM_TYPE) HT_TYPE_STATE_COUNT };
enum ht_secret_state { HT_SECRET_STATES(HT_WORD_ENUM_SECRET) HT_SECRET_STATE_COUNT };
enum ht_attempt_error { HT_ATTEMPT_ERRORS(HT_WORD_ENUM_ATTEMPT) HT_ATTEMPT_ERROR_COUNT };
enum ht_probe_verdict { HT_PROBE_VERDICTS(HT_WORD_ENUM_PROBE) HT_PROBE_VERDICT_COUNT };

struct ht_word {
    const char *name;
    const char *sign;
    const char *meaning;
};
extern const struct ht_word ht_delivery_words[HT_DELIVERY_STATUS_COUNT];
extern const struct ht_word ht_endpoint_words[HT_ENDPOINT_STATUS_COUNT];
extern const struct ht_word ht_type_words[HT_TYPE_STATE_COUNT];
extern const struct ht_word ht_secret_words[HT_SECRET_STATE_COUNT];
extern const struct ht_word ht_attempt_words[HT_ATTEMPT_ERROR_COUNT];
extern const struct ht_word ht_probe_words[HT_PROBE_VERDICT_COUNT];

/* The index of `name` in a table of n words, or -1. */
int ht_word_find(const struct ht_word *words, int n, const char *name);

#endif
