/* One HTTP request and its answer: what is sent, what came back, and what is recorded of it. The engine's and every
 * single send's; a poller (poller.h) moves the bytes.
 *
 * An exchange is made once and used for many requests, one after another: ht_exchange_begin, body and headers,
 * ht_exchange_prepare, ht_poller_start, and when that is done ht_exchange_finish. Thread: one at a time. Nothing here
 * blocks. */
#ifndef HOOKTOP_SRC_DELIVERY_EXCHANGE_H
#define HOOKTOP_SRC_DELIVERY_EXCHANGE_H

#include <curl/curl.h>
#include <sys/queue.h>
#include "classify.h"
#include "framing.h"
#include "guard.h"
#include "hooktop/model/records.h"
#include "hooktop/profile/profile.h"
#include "tls.h"

#define HT_EXCHANGE_ORIGIN 320

enum ht_exchange_stage {
    HT_EXCHANGE_AT_REST, /* nothing of it is under way */
    HT_EXCHANGE_OPENING, /* libcurl opens a socket */
    HT_EXCHANGE_SECURING,
    HT_EXCHANGE_ASKING,
    HT_EXCHANGE_ENDED, /* the poller has not told it yet */
};

struct ht_link;
struct ht_opening;

struct ht_exchange {
    void *owner; /* the caller's */
    /* the request */
    struct ht_buf body;
    struct ht_buf lines;             /* its header lines but those that every request has */
    size_t custom_at;                /* from here on they are the endpoint's own: their values are masked when stored */
    struct ht_buf wire;              /* all of it, as it is sent */
    size_t lines_at;                 /* where in it `lines` begin */
    char origin[HT_EXCHANGE_ORIGIN]; /* "https://host:port", as far as the URL says it */
    bool secure;                     /* https */
    bool head;                       /* HEAD instead of POST; set it after ht_exchange_begin */
    bool accept;                     /* the endpoint's own headers say what is accepted */
    bool torn;                       /* a header has a line end in it: it is not sent */
    int32_t timeout_ms;              /* for all of it */
    int32_t connect_timeout_ms;
    /* the poller's */
    enum ht_exchange_stage stage;
    struct ht_opening *opening;
    struct ht_link *link;
    size_t sent;                     /* of `wire` */
    int64_t started_at, deadline_us; /* monotonic */
    CURLcode code;                   /* why it ended; the codes that libcurl has for it, whoever found it out */
    TAILQ_ENTRY(ht_exchange) in_stage;
    /* the answer */
    struct ht_framing framing;
    struct ht_response response;
    struct ht_phases phases;
    const char *blocked; /* the guard's rule */
    char blocked_ip[64];
    char address[80]; /* the peer's, or the one that was tried last */
    bool starved;     /* this process could not have another socket: nothing is known of the receiver */
    bool connected;
    bool secured;
    bool asked;            /* the request may have left */
    bool resend;           /* a kept connection was cut under it; nothing is sent twice in one attempt */
    int os_errno;          /* why no socket could be connected */
    int send_errno;        /* why the rest of the request could not be sent */
    char tls[HT_TLS_TEXT]; /* of the connection; "": none */
    char words[CURL_ERROR_SIZE];
};

/* Before the first exchange; any number of times, any thread (libcurl counts). SIGPIPE is ignored from then on, because
 * TLS writes would raise it when a receiver hangs up. */
HT_MUST_CHECK enum ht_rc ht_exchange_global(struct ht_err *err);

void ht_exchange_init(struct ht_exchange *x);
void ht_exchange_fini(struct ht_exchange *x); /* at rest; also right for a struct of zeros */

/* Gives back what a large request took: for one that is kept, until the next request. */
void ht_exchange_rest(struct ht_exchange *x);

/* Starts a request: clears what is left of the last one. Then fill x->body and add the headers, the endpoint's own
 * last. */
void ht_exchange_begin(struct ht_exchange *x);
void ht_exchange_wire_headers(struct ht_exchange *x, const struct ht_wire_headers *h);
void ht_exchange_header(struct ht_exchange *x, const char *name, const char *value);
void ht_exchange_custom_headers(struct ht_exchange *x, const struct ht_header *h, size_t n);
/* Writes the request for the URL (in its normal form). HT_FAILED: it cannot be sent. */
HT_MUST_CHECK enum ht_rc ht_exchange_prepare(struct ht_exchange *x, const char *url, int32_t timeout_ms,
                                             struct ht_err *err);
const char *ht_exchange_host(const struct ht_exchange *x); /* "host:port", as the URL has it */

/* After it has ended: fills status, error, detail, phases, address, headers and body of *ret. */
void ht_exchange_finish(struct ht_exchange *x, struct ht_attempt *ret);

#endif
