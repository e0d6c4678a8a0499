/* The engine's one waiting place: epoll over the stop and nudge eventfd, the database lanes and libcurl's sockets.
 *
 * libcurl's transfers are spread over several multi handles, because one with many hanging transfers makes each event
 * dear. Sockets that libcurl lets go between two requests on a kept connection stay registered, which saves two system
 * calls per request; an event nobody waits for takes them out. Thread: one, except ht_poller_wake. */
#ifndef HOOKTOP_SRC_DELIVERY_POLLER_H
#define HOOKTOP_SRC_DELIVERY_POLLER_H

#include "exchange.h"
#include "hooktop/store/lane.h"

struct ht_poller;

struct ht_poller_callbacks {
    void (*done)(void *user, struct ht_exchange *x, CURLcode code); /* a transfer has ended and left its multi handle */
    void *user;
};

HT_MUST_CHECK enum ht_rc ht_poller_new(int32_t concurrency, const struct ht_poller_callbacks *cb,
                                       struct ht_poller **ret, struct ht_err *err);
/* Closes all connections. Exchanges may be freed before, lanes must be. */
void ht_poller_free(struct ht_poller *p);
void ht_poller_wake(struct ht_poller *p); /* async-signal-safe, any thread */

/* What an exchange of this poller is made with. */
const struct ht_exchange_sockets *ht_poller_sockets(const struct ht_poller *p);
/* Starts the transfer on the multi handle that `shard` (any number) falls to. */
HT_MUST_CHECK bool ht_poller_start(struct ht_poller *p, struct ht_exchange *x, uint64_t shard);
void ht_poller_abort(struct ht_poller *p, struct ht_exchange *x);

/* A lane is watched from now on, whatever becomes of its socket. */
void ht_poller_watch(struct ht_poller *p, struct ht_lane *lane);
/* Waits until something happens or `until_us` (monotonic), then lets lanes and transfers work. */
void ht_poller_step(struct ht_poller *p, int64_t until_us);
/* Lets transfers that were started since work at once. */
void ht_poller_kick(struct ht_poller *p);

#endif
