/* A small HTTP receiver on raw sockets, for the demo and the tests: it verifies as a vendor's receiver would, answers
 * by script, and can break HTTP on purpose. It is given only what a receiver gets (the shared secrets, the public key)
 * and never calls a signer. Listens on 127.0.0.1 on a free port, runs one thread of its own, bounded in connections and
 * bytes.
 *
 * Order of calls: ht_receiver_start; any number of ht_receiver_route (also while it runs); read the counts;
 * ht_receiver_stop. All calls are safe from any thread.
 */
#ifndef HOOKTOP_RECEIVER_RECEIVER_H
#define HOOKTOP_RECEIVER_RECEIVER_H

#include "hooktop/profile/profile.h"

struct ht_receiver;

/* How a route answers. */
enum ht_answer {
    HT_ANSWER_STATUS,             /* arg = status, default 200; text = body, may be NULL */
    HT_ANSWER_FAIL_FIRST,         /* arg = how many attempts of each delivery get 503 first */
    HT_ANSWER_FAIL_PART,          /* arg = N: each Nth delivery gets 503 on its first attempt */
    HT_ANSWER_SLOW,               /* arg = ms before the answer */
    HT_ANSWER_HANG,               /* reads, never answers */
    HT_ANSWER_RESET,              /* RST before any answer */
    HT_ANSWER_CLOSE,              /* FIN before any answer */
    HT_ANSWER_GARBAGE,            /* bytes that are not HTTP */
    HT_ANSWER_BAD_STATUS,         /* "HTTP/1.1 20 OK" */
    HT_ANSWER_ENDLESS_HEADER,     /* "HTTP/1.1 200 OK", then one header for ever */
    HT_ANSWER_HEADER_FLOOD,       /* 200 OK and header lines for ever */
    HT_ANSWER_BIG_HEADER,         /* one header of arg bytes */
    HT_ANSWER_INTERIM_FLOOD,      /* 103 for ever */
    HT_ANSWER_HEADERS_THEN_STALL, /* complete 200 headers, then nothing of the promised body */
    HT_ANSWER_HEADERS_THEN_RESET, /* the same, and 50 ms later RST */
    HT_ANSWER_BIG_BODY,           /* arg bytes of body */
    HT_ANSWER_REDIRECT,           /* arg = status 301..308, text = Location */
    HT_ANSWER_RETRY_AFTER,        /* arg = status 429 or 503, text = the header's value */
    HT_ANSWER_HOSTILE,            /* 500 whose headers and body hold terminal control sequences */
    HT_ANSWER_DRIP,               /* arg = ms between single bytes of a 200 */
    HT_ANSWER_RAW,                /* text as it is, then FIN; arg = the status it amounts to, 0 = none */
    HT_ANSWER_HOLD,               /* 200, and not before the route answers in another way */
};

struct ht_route {
    const char *path;                 /* "/a" */
    const struct ht_profile *profile; /* NULL: accept unverified */
    const struct ht_verify_key *keys; /* copied */
    size_t keys_len;
    enum ht_answer answer;
    int64_t arg;
    const char *text;
};

/* What a route has seen. */
struct ht_route_counts {
    int64_t requests; /* complete ones, and those that were no proper HTTP */
    int64_t verified; /* accepted: verified, or the route verifies nothing */
    int64_t refused;  /* a signature or body that does not verify: answered 400; no proper HTTP; an unknown path: 404 */
    int64_t deliveries; /* different X-Hooktop-Delivery answered 2xx */
    int64_t duplicates; /* 2xx for one already answered 2xx */
    int64_t pings;      /* accepted ones without X-Hooktop-Delivery */
    char last_why[256]; /* of the last refusal */
};

/* One request as it was recorded; strings belong to the receiver until it stops. path and delivery are never NULL. */
struct ht_recorded {
    char *path;
    char *delivery;
    int32_t attempt;
    int64_t at_us;       /* monotonic, when it was complete */
    int64_t answered_us; /* when the last byte of the answer was handed to the kernel, 0 = it was not */
    int32_t status;      /* of the final header block that was handed over in full, 0 = none was */
    bool verified;
    int key_index;
    uint8_t body_sha256[32];
    char *body; /* when bodies are kept */
    size_t body_len;
    char *head; /* the request's header block as it came */
};

/* TLS, with certificates made at the start. Those signed by the receiver's own authority have it in ht_receiver_ca_pem.
 */
enum ht_receiver_tls {
    HT_RECEIVER_PLAIN,
    HT_RECEIVER_TLS,             /* valid for 127.0.0.1 and localhost, signed by the authority */
    HT_RECEIVER_TLS_SELF_SIGNED, /* valid for 127.0.0.1 and localhost, signed by itself */
    HT_RECEIVER_TLS_EXPIRED,     /* as the first, but its time is over */
    HT_RECEIVER_TLS_WRONG_HOST,  /* as the first, but for other.example */
    HT_RECEIVER_TLS_OLD,         /* as the first, but speaks TLS 1.1 at most */
    HT_RECEIVER_TLS_SILENT,      /* takes the connection and never answers the handshake */
};

struct ht_receiver_options {
    bool record; /* keep struct ht_recorded for each request, up to max_records */
    bool keep_bodies;
    size_t max_records; /* 0 = 100000 */
    enum ht_receiver_tls tls;
};

/* `o` NULL: plain, nothing recorded. HT_FAILED: no socket, no thread, no certificate. */
HT_MUST_CHECK enum ht_rc ht_receiver_start(const struct ht_receiver_options *o, struct ht_receiver **ret,
                                           struct ht_err *err);
void ht_receiver_stop(struct ht_receiver *r); /* closes, joins, frees; NULL is fine */
int ht_receiver_port(const struct ht_receiver *r);
/* The authority's certificate, NULL without TLS; borrowed. */
const char *ht_receiver_ca_pem(const struct ht_receiver *r);
/* Adds the route of a path or replaces it (its counts go on). A route whose keys found no room in the secure heap
 * refuses everything and says so in last_why. */
void ht_receiver_route(struct ht_receiver *r, const struct ht_route *route);
void ht_receiver_counts(struct ht_receiver *r, const char *path, struct ht_route_counts *ret); /* NULL path: the sum */
/* Calls fn for every record so far, in order, under the lock. */
void ht_receiver_each(struct ht_receiver *r, void (*fn)(void *user, const struct ht_recorded *rec), void *user);
/* Waits until `path` (NULL: all) has answered 2xx to n different deliveries, or the time is over. */
bool ht_receiver_wait(struct ht_receiver *r, const char *path, int64_t n, int32_t timeout_ms);
/* The same for n requests, whatever they were answered. */
bool ht_receiver_wait_requests(struct ht_receiver *r, const char *path, int64_t n, int32_t timeout_ms);
int64_t ht_receiver_connections(struct ht_receiver *r); /* accepted since the start */

#endif
