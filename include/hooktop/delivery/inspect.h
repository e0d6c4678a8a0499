/* The connection doctor: what stands between this machine and a receiver, found out without sending it an event.
 *
 * Resolves the host, asks the guard about every answer, then makes one HEAD request with the same options, guard and
 * trust as a delivery: so it connects, shakes hands, and sees whether the receiver redirects. What goes wrong on the
 * way is the result, not a failure of the call. Thread: any. Blocks: up to the resolver's patience plus `timeout_ms`.
 * Errors: HT_USAGE for a URL that the rules of egress.h refuse (the report then holds nothing), HT_FAILED when libcurl
 * gives no handle.
 */
#ifndef HOOKTOP_DELIVERY_INSPECT_H
#define HOOKTOP_DELIVERY_INSPECT_H

#include "hooktop/delivery/egress.h"
#include "hooktop/model/records.h"

#define HT_INSPECT_ANSWERS 16

struct ht_inspection {
    char host[256];
    char dns_error[128]; /* "": it was resolved */
    size_t n_answers;    /* of the resolver, at most HT_INSPECT_ANSWERS */
    struct {
        char address[64];
        const char *rule; /* of the guard that refuses it; NULL: allowed. static */
    } answers[HT_INSPECT_ANSWERS];
    bool tried;     /* some answer was allowed, so the request was made */
    bool secure;    /* https */
    int32_t status; /* HTTP status of the answer to HEAD; 0: none */
    enum ht_attempt_error error;
    char *error_detail;
    char *address;         /* that was connected to; NULL: none was */
    char tls_version[16];  /* "TLSv1.3"; "": no handshake was completed */
    int64_t cert_until_us; /* when the receiver's certificate expires; 0: none was seen */
    char location[256];    /* where a 3xx leads; "": it does not */
    struct ht_phases phases;
};
void ht_inspection_fini(struct ht_inspection *i);

/* `database_fd` is the socket of the connection to the database, which no delivery may go to; -1: none. */
HT_MUST_CHECK enum ht_rc ht_inspect(const struct ht_egress *e, const char *url, int database_fd, int32_t timeout_ms,
                                    struct ht_inspection *ret, struct ht_err *err);

#endif
