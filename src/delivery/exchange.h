/* One HTTP request and its answer over libcurl: the same options, guard and bounds for the engine and for single sends.
 *
 * An exchange is made once and used for many requests, one after another: ht_exchange_prepare, hand `easy` to a multi
 * handle or perform it, ht_exchange_finish. Connections are kept by the multi handle; the guard looks when a socket
 * opens and again before each request on a kept one. Thread: one at a time. */
#ifndef HOOKTOP_SRC_DELIVERY_EXCHANGE_H
#define HOOKTOP_SRC_DELIVERY_EXCHANGE_H

#include <curl/curl.h>
#include "classify.h"
#include "guard.h"
#include "hooktop/model/records.h"
#include "hooktop/profile/profile.h"
#include "response.h"
#include "tls.h"

#define HT_EXCHANGE_LINES (HT_WIRE_HEADERS_MAX + HT_HEADERS_MAX + 8)

/* For a caller that watches the sockets itself. Outlives the connections, not only the exchange. */
struct ht_exchange_sockets {
    void (*opened)(void *user, curl_socket_t fd);
    void (*closed)(void *user, curl_socket_t fd);
    void *user;
};

struct ht_exchange {
    CURL *easy;
    CURLM *multi; /* where it runs; NULL: nowhere */
    void *owner;  /* the caller's */
    struct ht_guard *guard;
    const struct ht_exchange_sockets *sockets; /* may be NULL */
    /* the request */
    struct ht_buf body;
    struct ht_buf lines; /* header lines, each followed by a NUL */
    size_t n_lines;
    size_t first_custom; /* lines from here on are the endpoint's own: their values are masked when stored */
    size_t line_at[HT_EXCHANGE_LINES];
    struct curl_slist list[HT_EXCHANGE_LINES + 1];
    char host[300];
    bool secure; /* https */
    /* the answer */
    struct ht_response response;
    const char *blocked; /* the guard's rule */
    char tried_ip[64];   /* the address that was tried last */
    int tried_port;
    bool starved;          /* this process could not have another socket: nothing is known of the receiver */
    int requests;          /* how often libcurl wanted to send it */
    char tls[HT_TLS_TEXT]; /* of the connection; "": none */
    char curl_text[CURL_ERROR_SIZE];
};

/* Before the first exchange; any number of times, any thread (libcurl counts). SIGPIPE is ignored from then on, because
 * TLS writes would raise it when a receiver hangs up. */
HT_MUST_CHECK enum ht_rc ht_exchange_global(struct ht_err *err);

HT_MUST_CHECK enum ht_rc ht_exchange_init(struct ht_exchange *x, struct ht_guard *guard,
                                          const struct ht_exchange_sockets *sockets, struct ht_err *err);
void ht_exchange_fini(struct ht_exchange *x);

/* Starts a request: clears what is left of the last one. Then fill x->body and add the headers, the endpoint's own
 * last. */
void ht_exchange_begin(struct ht_exchange *x);
void ht_exchange_wire_headers(struct ht_exchange *x, const struct ht_wire_headers *h);
void ht_exchange_header(struct ht_exchange *x, const char *name, const char *value);
void ht_exchange_custom_headers(struct ht_exchange *x, const struct ht_header *h, size_t n);
/* Sets URL (in its normal form), body, headers and limits on the handle. HT_FAILED: they cannot be sent. */
HT_MUST_CHECK enum ht_rc ht_exchange_prepare(struct ht_exchange *x, const char *url, int32_t timeout_ms,
                                             struct ht_err *err);

/* After the transfer has ended with `code`: fills status, error, detail, phases, address, headers and body of *ret. */
void ht_exchange_finish(struct ht_exchange *x, CURLcode code, struct ht_attempt *ret);

#endif
