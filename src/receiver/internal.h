/* What the receiver's files share. One thread (loop.c) owns the connections; everything else is under `lock`. */
#ifndef HOOKTOP_SRC_RECEIVER_INTERNAL_H
#define HOOKTOP_SRC_RECEIVER_INTERNAL_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>

#include "hooktop/receiver/receiver.h"

#define HT_RX_HEAD_MAX        (64u * 1024u)
#define HT_RX_BODY_MAX        (2u * 1024u * 1024u)
#define HT_RX_HEADERS_MAX     64u
#define HT_RX_CONNECTIONS_MAX 4096u
#define HT_RX_DELIVERY_ID_MAX 64u

/* http.c: one request's header block, parsed. */
struct ht_rx_request {
    char *text; /* a copy of the block, cut into the strings below */
    size_t head_len;
    size_t body_len;
    const char *path;
    struct ht_header headers[HT_RX_HEADERS_MAX];
    size_t headers_len;
};
/* 0: more bytes are needed; 200: parsed (ht_rx_request_fini); else the status that tells the client what is wrong. */
int ht_rx_parse(const char *bytes, size_t len, struct ht_rx_request *ret);
void ht_rx_request_fini(struct ht_rx_request *q);
const char *ht_rx_header(const struct ht_rx_request *q, const char *name); /* NULL: not given */

/* answer.c: how one answer goes out: head, then fill repeated, then tail, then the end. */
enum ht_rx_end { HT_RX_KEEP, HT_RX_CLOSE, HT_RX_RESET, HT_RX_STALL };
struct ht_rx_plan {
    struct ht_buf head;
    struct ht_buf fill;
    int64_t fill_bytes; /* -1: for ever */
    char *tail;
    size_t status_at; /* the final header block is out after so many bytes */
    int32_t status;   /* 0: there is no final header block */
    int32_t delay_ms; /* before the first byte */
    int32_t drip_ms;  /* between single bytes; 0 = as fast as it goes */
    int32_t end_delay_ms;
    bool held; /* until its route answers in another way */
    enum ht_rx_end end;
};
/* The script of a route, for the `tries`th request (from 1) of its `ordinal`th delivery (from 1; 0: not a delivery). */
void ht_rx_plan_route(struct ht_rx_plan *ret, enum ht_answer answer, int64_t arg, const char *text, int64_t ordinal,
                      int64_t tries);
void ht_rx_plan_status(struct ht_rx_plan *ret, int status, const char *body, enum ht_rx_end end);
void ht_rx_plan_fini(struct ht_rx_plan *p);
/* The bytes to send after `at` are sent; 0: all are. */
size_t ht_rx_plan_chunk(const struct ht_rx_plan *p, uint64_t at, const char **ret_bytes);

/* record.c: routes, what was seen, what was answered. */
struct ht_rx_key {
    struct ht_secret *secret;
    char *public_key;
};
struct ht_rx_route {
    struct ht_rx_route *next;
    char *path;
    const struct ht_profile *profile;
    struct ht_verify_key *keys; /* borrowed from owned */
    struct ht_rx_key *owned;
    size_t keys_len;
    char *keys_fault; /* why they could not be copied; NULL = they were */
    enum ht_answer answer;
    int64_t arg;
    char *text;
    int64_t ordinals; /* deliveries seen */
    struct ht_route_counts counts;
};
struct ht_rx_seen; /* one delivery at one route */

struct ht_rx_tables {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ht_rx_route *routes;
    struct ht_rx_route *elsewhere; /* what no route is for */
    struct ht_rx_seen **seen;      /* hash table, open addressing, a power of two */
    size_t seen_cap;
    size_t seen_len;
    struct ht_recorded **records;
    size_t records_len;
    size_t records_cap;
    struct ht_receiver_options options;
    int64_t connections;
};
/* A request in the works, from its arrival to the end of its answer. */
struct ht_rx_exchange {
    struct ht_rx_route *route;
    struct ht_rx_seen *seen;
    struct ht_recorded *record;
};
void ht_rx_tables_init(struct ht_rx_tables *t, const struct ht_receiver_options *o);
void ht_rx_tables_fini(struct ht_rx_tables *t);
/* These take the lock themselves. */
void ht_rx_arrived(struct ht_rx_tables *t, const struct ht_rx_request *q, const char *head, const char *body,
                   struct ht_rx_exchange *ret, struct ht_rx_plan *ret_plan);
void ht_rx_malformed(struct ht_rx_tables *t, int status, struct ht_rx_exchange *ret, struct ht_rx_plan *ret_plan);
bool ht_rx_held(struct ht_rx_tables *t, const struct ht_rx_exchange *x); /* the answer is not to go out yet */
/* These want it held. */
void ht_rx_status_sent(struct ht_rx_tables *t, const struct ht_rx_exchange *x, int32_t status);
void ht_rx_answer_sent(const struct ht_rx_exchange *x);

/* route.c */
struct ht_rx_route *ht_rx_route_new(const char *path);
void ht_rx_route_set(struct ht_rx_route *r, const struct ht_route *to);
void ht_rx_route_free(struct ht_rx_route *r);
/* Judges a request by the route's profile and keys. False: `why` says what a receiver's developer would want to know.
 */
bool ht_rx_route_judge(const struct ht_rx_route *r, const struct ht_rx_request *q, const char *body, int *ret_key,
                       char why[256]);

/* tls.c: certificates made on the fly. */
struct ht_rx_tls {
    SSL_CTX *ctx;
    char *ca_pem;
};
HT_MUST_CHECK enum ht_rc ht_rx_tls_init(struct ht_rx_tls *t, enum ht_receiver_tls mode, struct ht_err *err);
void ht_rx_tls_fini(struct ht_rx_tls *t);

/* connection.c: one accepted connection, a machine that runs until it would block. */
enum ht_rx_wants { HT_RX_WANTS_IN, HT_RX_WANTS_OUT, HT_RX_WANTS_END, HT_RX_GONE };
struct ht_rx_connection {
    struct ht_rx_connection *prev, *next;
    int fd;
    SSL *ssl;    /* NULL: plain */
    bool silent; /* never answers the handshake */
    enum { HT_RX_READING, HT_RX_WRITING, HT_RX_ENDING, HT_RX_DRAINING } state;
    struct ht_buf in;
    struct ht_rx_request request;
    bool have_head;
    struct ht_rx_exchange exchange;
    struct ht_rx_plan plan;
    uint64_t sent;
    bool status_told;
    int64_t wake_us;     /* monotonic; 0 = no timer */
    uint32_t registered; /* epoll events */
};
struct ht_rx_connection *ht_rx_connection_new(int fd, const struct ht_rx_tls *tls, bool silent);
void ht_rx_connection_free(struct ht_rx_connection *c); /* closes */
/* Goes on as far as it can without blocking and says what it waits for (besides its timer). */
enum ht_rx_wants ht_rx_connection_run(struct ht_rx_connection *c, struct ht_rx_tables *t, int64_t now_us);

#endif
