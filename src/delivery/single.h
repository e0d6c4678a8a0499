/* One exchange by itself, on a poller of its own: pings, probes, the doctor. Blocks. Thread: any. */
#ifndef HOOKTOP_SRC_DELIVERY_SINGLE_H
#define HOOKTOP_SRC_DELIVERY_SINGLE_H

#include <stdatomic.h>
#include "exchange.h"

/* Runs what is prepared to its end. HT_CANCELLED: *cancel (may be NULL), looked at every 100 ms, became true;
 * HT_FAILED: it could not be begun. */
HT_MUST_CHECK enum ht_rc ht_single_run(struct ht_guard *guard, struct ht_exchange *x, const atomic_bool *cancel,
                                       struct ht_err *err);

#endif
