/* The address classes as pure functions of numbers; used by egress.c (policy, URL) and guard.c (sockets). */
#ifndef HOOKTOP_SRC_DELIVERY_ADDRESS_H
#define HOOKTOP_SRC_DELIVERY_ADDRESS_H

#include "hooktop/delivery/egress.h"

struct ht_address {
    int family; /* AF_INET or AF_INET6 */
    unsigned char addr[16];
    uint32_t scope;
    int port;
};

/* False: not an IP address, or a short one. Copies, because a socket address may lie unaligned. */
bool ht_address_read(const struct sockaddr *sa, socklen_t len, struct ht_address *ret);
/* The same from text as inet_pton takes it. */
bool ht_address_parse(const char *text, int port, struct ht_address *ret);
/* Whether the first `prefix` bits are the same. */
bool ht_address_in(const unsigned char *addr, const unsigned char *range, int prefix);

/* The rule that refuses this address, or NULL, and then whether an [egress] allow range spoke for it. */
const char *ht_address_judge(const struct ht_egress *e, const struct ht_address *a, bool *ret_allowed);
/* Whether a port can be reached at all: listed, or part of some allow range. */
bool ht_port_possible(const struct ht_egress *e, int port);

#endif
