#include "guard.h"
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include "address.h"
#include "hooktop/base/clock.h"

/* Addresses change rarely; opening a connection costs about as much as reading them. */
#define OWN_FRESH_US (5 * 1000000LL)

void ht_guard_init(struct ht_guard *g, const struct ht_egress *e)
{
    memset(g, 0, sizeof *g);
    g->egress = e;
}

static bool guard_add(struct ht_guard_address *list, size_t *n, size_t max, const struct ht_address *a)
{
    if (*n == max) {
        return false;
    }
    list[*n].family = a->family;
    memcpy(list[*n].addr, a->addr, sizeof a->addr);
    (*n)++;
    return true;
}

void ht_guard_add_database(struct ht_guard *g, int fd)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    struct ht_address a;
    if (getpeername(fd, (struct sockaddr *)&ss, &len) != 0 || !ht_address_read((struct sockaddr *)&ss, len, &a)) {
        return;
    }
    for (size_t i = 0; i < g->n_database; i++) {
        if (g->database[i].family == a.family && memcmp(g->database[i].addr, a.addr, sizeof a.addr) == 0) {
            return;
        }
    }
    if (!guard_add(g->database, &g->n_database, HT_COUNT(g->database), &a)) {
        /* After a failover to a fifth server the oldest makes room. */
        memmove(g->database, g->database + 1, sizeof g->database - sizeof g->database[0]);
        g->n_database--;
        guard_add(g->database, &g->n_database, HT_COUNT(g->database), &a);
    }
}

/* False: they have never been read. A later failure leaves what was read last. */
static bool read_own_addresses(struct ht_guard *g)
{
    int64_t now = ht_mono_us();
    if (g->own_read_at != 0 && now - g->own_read_at < OWN_FRESH_US) {
        return true;
    }
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0) {
        return g->own_read_at != 0;
    }
    g->n_own = 0;
    g->own_read_at = now;
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        struct ht_address a;
        socklen_t len = i->ifa_addr && i->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                          : sizeof(struct sockaddr_in);
        if (i->ifa_addr && ht_address_read(i->ifa_addr, len, &a)) {
            guard_add(g->own, &g->n_own, HT_GUARD_OWN_MAX, &a);
        }
    }
    freeifaddrs(all);
    return true;
}

static bool listed(const struct ht_guard_address *list, size_t n, const struct ht_address *a)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].family == a->family && memcmp(list[i].addr, a->addr, a->family == AF_INET ? 4 : 16) == 0) {
            return true;
        }
    }
    return false;
}

const char *ht_guard_check(struct ht_guard *g, const struct sockaddr *sa, socklen_t len)
{
    struct ht_address a;
    bool allowed;
    if (!ht_address_read(sa, len, &a)) {
        return "not an internet address";
    }
    const char *refusal = ht_address_judge(g->egress, &a, &allowed);
    if (refusal || allowed) {
        return refusal;
    }
    if (!read_own_addresses(g)) {
        return "this machine's own addresses cannot be read";
    }
    if (listed(g->own, g->n_own, &a)) {
        return "this machine's own address";
    }
    return listed(g->database, g->n_database, &a) ? "the database's address" : NULL;
}

const char *ht_egress_check_address(const struct ht_egress *e, const struct sockaddr *sa, socklen_t len)
{
    struct ht_guard g;
    ht_guard_init(&g, e);
    return ht_guard_check(&g, sa, len);
}
