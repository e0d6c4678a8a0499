/* Opens sockets to receivers by libcurl: names are looked up without blocking, addresses of both families tried, each
 * passes the guard before it is connected to. The socket is the caller's from then on; TLS and HTTP are not libcurl's.
 *
 * The transfers are spread over several multi handles, because one with many that hang makes each event dear. Order:
 * ht_opener_start (or _cancel), and whenever epoll says so ht_opener_event; ht_opener_run when due. What has ended is
 * told by ht_opener_ended alone. Thread: one. */
#ifndef HOOKTOP_SRC_DELIVERY_OPENER_H
#define HOOKTOP_SRC_DELIVERY_OPENER_H

#include <stdint.h>
#include "exchange.h"

struct ht_opener;

/* Sockets are watched by `epoll_fd`, with `tag` in the highest bits of what it gives back. */
HT_MUST_CHECK enum ht_rc ht_opener_new(int32_t concurrency, int epoll_fd, uint64_t tag, struct ht_guard *guard,
                                       struct ht_opener **ret, struct ht_err *err);
void ht_opener_free(struct ht_opener *o);

/* Begins to open a socket for an exchange that is prepared. False: libcurl does not take it. */
HT_MUST_CHECK bool ht_opener_start(struct ht_opener *o, struct ht_exchange *x, uint64_t shard);
void ht_opener_cancel(struct ht_opener *o, struct ht_exchange *x);

void ht_opener_event(struct ht_opener *o, uint64_t tagged, uint32_t events);
int64_t ht_opener_due_us(const struct ht_opener *o); /* monotonic; INT64_MAX: never */
void ht_opener_run(struct ht_opener *o, int64_t now);
/* The next that has ended, or NULL: *ret_fd is its socket, or -1, and then *ret_code says why. Times, the address that
 * was tried last and what else is known are in the exchange. */
struct ht_exchange *ht_opener_ended(struct ht_opener *o, int *ret_fd, CURLcode *ret_code);
size_t ht_opener_under_way(const struct ht_opener *o);

#endif
