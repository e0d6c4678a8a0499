/* The engine's one waiting place: epoll over the stop and nudge eventfd, the database lanes and the sockets to
 * receivers; and what moves the bytes of exchanges.
 *
 * An exchange takes a connection to the origin of its URL that is kept (pool.h), or libcurl opens a socket for it
 * (opener.h) and TLS is put on it (tls.h); the guard looks before a socket is opened and again before each request. It
 * ends with its answer, with the time limit (counted from ht_poller_start, 5 s of it at most for opening), or with what
 * goes wrong. The connection is kept when both sides agree on where the answer ended. A kept connection stays
 * registered, so that a request costs a look whether it is sound, one send, one wait and one receive. Thread: one,
 * except ht_poller_wake. */
#ifndef HOOKTOP_SRC_DELIVERY_POLLER_H
#define HOOKTOP_SRC_DELIVERY_POLLER_H

#include "exchange.h"
#include "hooktop/store/lane.h"

struct ht_poller;

struct ht_poller_callbacks {
    void (*done)(void *user, struct ht_exchange *x); /* it has ended: x->code, and ht_exchange_finish */
    void *user;
};

/* Guard and callbacks are looked at until ht_poller_free, the callbacks copied. */
HT_MUST_CHECK enum ht_rc ht_poller_new(int32_t concurrency, struct ht_guard *guard,
                                       const struct ht_poller_callbacks *cb, struct ht_poller **ret,
                                       struct ht_err *err);
/* Closes all connections. No exchange is under way any more; lanes must be freed before. */
void ht_poller_free(struct ht_poller *p);
void ht_poller_wake(struct ht_poller *p); /* async-signal-safe, any thread */

/* Starts an exchange that is prepared; `shard` (any number) spreads what has to be opened. `done` is called by
 * ht_poller_step or ht_poller_kick, never from here. False: libcurl does not take it, and it is at rest. */
HT_MUST_CHECK bool ht_poller_start(struct ht_poller *p, struct ht_exchange *x, uint64_t shard);
void ht_poller_abort(struct ht_poller *p, struct ht_exchange *x); /* no `done`; nothing happens when it is at rest */

/* A lane is watched from now on, whatever becomes of its socket. */
void ht_poller_watch(struct ht_poller *p, struct ht_lane *lane);
/* Waits until something happens or `until_us` (monotonic), then lets lanes and exchanges work. */
void ht_poller_step(struct ht_poller *p, int64_t until_us);
/* Lets exchanges that were started since work at once. */
void ht_poller_kick(struct ht_poller *p);

#endif
