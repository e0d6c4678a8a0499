/* One request outside the engine: test pings and probes. The same options, guard and classification as the engine's.
 * Blocks up to the time limit; ends early when *cancel becomes true (checked every 100 ms). Thread: any. */
#ifndef HOOKTOP_DELIVERY_SEND_H
#define HOOKTOP_DELIVERY_SEND_H

#include <stdatomic.h>
#include "hooktop/delivery/egress.h"
#include "hooktop/model/message.h"
#include "hooktop/profile/profile.h"

struct ht_send_request {
    const char *url;
    const struct ht_wire_headers *headers;
    const struct ht_header *custom; /* the endpoint's own headers */
    size_t custom_len;
    const char *body;
    size_t body_len;
    int32_t timeout_ms;
};

/* Fills the answer part of *ret (status, error, phases, address, headers, body). An error of the exchange is a result,
 * not a failure of this call, which fails only when nothing could be tried at all (HT_USAGE, HT_CANCELLED). */
HT_MUST_CHECK enum ht_rc ht_send_once(const struct ht_egress *e, const struct ht_send_request *r,
                                      const atomic_bool *cancel, struct ht_ping_result *ret, struct ht_err *err);

#endif
