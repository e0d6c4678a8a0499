/* The address guard as the senders use it: the rules of egress.h plus the addresses that are "inside" for this process
 * whatever their class: this machine's own, and the database's. One per thread that sends; not shared. */
#ifndef HOOKTOP_SRC_DELIVERY_GUARD_H
#define HOOKTOP_SRC_DELIVERY_GUARD_H

#include <stdint.h>
#include "hooktop/delivery/egress.h"

#define HT_GUARD_OWN_MAX 128u

struct ht_guard_address {
    int family;
    unsigned char addr[16];
};
struct ht_guard {
    const struct ht_egress *egress; /* borrowed */
    int64_t own_read_at;            /* monotonic; 0 = never */
    size_t n_own;
    struct ht_guard_address own[HT_GUARD_OWN_MAX];
    size_t n_database;
    struct ht_guard_address database[4];
};

void ht_guard_init(struct ht_guard *g, const struct ht_egress *e);
/* Adds the peer of a connected socket as an address that no delivery may go to; a unix socket adds nothing. */
void ht_guard_add_database(struct ht_guard *g, int fd);
/* As ht_egress_check_address; this machine's addresses are read anew when older than a few seconds. */
const char *ht_guard_check(struct ht_guard *g, const struct sockaddr *sa, socklen_t len);

#endif
