#include "address.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* What an allow range can do about a rule. The IPv4 forms carry an IPv4 address: lifting the form does not lift the
 * address inside, which is judged in its turn. */
enum lift { LIFTABLE, NEVER, IPV4_TAIL, IPV4_TAIL_INVERTED, IPV4_AFTER_PREFIX };

struct address_rule {
    int family;
    int prefix;
    unsigned char addr[16];
    const char *name;
    enum lift lift;
};

/* The first match counts, so single addresses stand before the ranges around them. Sources: the IANA special-purpose
 * registries for both families, and the clouds' documented metadata addresses. */
#define V4(a, b, c, d, prefix, name, lift)                                                                             \
    {                                                                                                                  \
        AF_INET, prefix, {a, b, c, d}, name, lift                                                                      \
    }
#define V6(prefix, name, lift, ...)                                                                                    \
    {                                                                                                                  \
        AF_INET6, prefix, {__VA_ARGS__}, name, lift                                                                    \
    }
static const struct address_rule rules[] = {
    V4(169, 254, 0, 0, 16, "link-local and metadata", NEVER),
    V4(100, 100, 100, 200, 32, "cloud metadata", NEVER),
    V4(192, 0, 0, 192, 32, "cloud metadata", NEVER),
    /* a public address that no range covers */
    V4(168, 63, 129, 16, 32, "cloud metadata", NEVER),
    V4(0, 0, 0, 0, 8, "this network", LIFTABLE),
    V4(10, 0, 0, 0, 8, "private", LIFTABLE),
    V4(172, 16, 0, 0, 12, "private", LIFTABLE),
    V4(192, 168, 0, 0, 16, "private", LIFTABLE),
    V4(100, 64, 0, 0, 10, "carrier-grade NAT", LIFTABLE),
    V4(127, 0, 0, 0, 8, "loopback", LIFTABLE),
    V4(192, 0, 0, 0, 24, "protocol assignments", LIFTABLE),
    V4(192, 0, 2, 0, 24, "documentation", LIFTABLE),
    V4(198, 51, 100, 0, 24, "documentation", LIFTABLE),
    V4(203, 0, 113, 0, 24, "documentation", LIFTABLE),
    V4(192, 31, 196, 0, 24, "AS112 and AMT", LIFTABLE),
    V4(192, 52, 193, 0, 24, "AS112 and AMT", LIFTABLE),
    V4(192, 175, 48, 0, 24, "AS112 and AMT", LIFTABLE),
    V4(192, 88, 99, 0, 24, "6to4", LIFTABLE),
    V4(198, 18, 0, 0, 15, "benchmarking", LIFTABLE),
    V4(224, 0, 0, 0, 4, "multicast", LIFTABLE),
    V4(240, 0, 0, 0, 4, "reserved and broadcast", LIFTABLE),

    V6(128, "cloud metadata", NEVER, 0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54),
    V6(128, "cloud metadata", NEVER, 0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54),
    V6(128, "loopback", LIFTABLE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    V6(128, "unspecified address", LIFTABLE, 0),
    V6(96, "IPv4 inside IPv6", IPV4_TAIL, 0),
    V6(96, "IPv4 inside IPv6", IPV4_TAIL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff),
    V6(96, "IPv4 inside IPv6", IPV4_TAIL, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0),
    V6(96, "NAT64", IPV4_TAIL, 0x00, 0x64, 0xff, 0x9b),
    /* where the IPv4 part lies is the network's own choice, so it cannot be judged */
    V6(48, "NAT64", NEVER, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01),
    V6(64, "discard only", LIFTABLE, 0x01),
    V6(7, "private", LIFTABLE, 0xfc),
    V6(10, "link-local and metadata", LIFTABLE, 0xfe, 0x80),
    V6(10, "site-local", LIFTABLE, 0xfe, 0xc0),
    V6(8, "multicast", LIFTABLE, 0xff),
    V6(16, "segment routing", LIFTABLE, 0x5f, 0x00),
    V6(32, "Teredo", IPV4_TAIL_INVERTED, 0x20, 0x01, 0x00, 0x00),
    V6(23, "protocol assignments", LIFTABLE, 0x20, 0x01),
    V6(32, "documentation", LIFTABLE, 0x20, 0x01, 0x0d, 0xb8),
    V6(20, "documentation", LIFTABLE, 0x3f, 0xff),
    V6(16, "6to4", IPV4_AFTER_PREFIX, 0x20, 0x02),
    V6(48, "AS112 and AMT", LIFTABLE, 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00),
};
static const struct address_rule isatap = {AF_INET6, 0, {0}, "ISATAP", IPV4_TAIL};
static const struct address_rule not_public = {AF_INET6, 0, {0}, "outside the public IPv6 range", LIFTABLE};
static const unsigned char public_ipv6[16] = {0x20};

/* Services that speak plain text or hold data: never a receiver of webhooks. */
static const int forbidden_ports[] = {0, 22, 25, 53, 110, 143, 465, 587, 3306, 5432, 6379, 11211, 27017};

bool ht_address_read(const struct sockaddr *sa, socklen_t len, struct ht_address *ret)
{
    struct ht_address a = {0};
    if (len >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        a.family = AF_INET;
        a.port = ntohs(in.sin_port);
        memcpy(a.addr, &in.sin_addr, 4);
    } else if (len >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        a.family = AF_INET6;
        a.port = ntohs(in6.sin6_port);
        a.scope = in6.sin6_scope_id;
        memcpy(a.addr, &in6.sin6_addr, 16);
    } else {
        return false;
    }
    *ret = a;
    return true;
}

bool ht_address_parse(const char *text, int port, struct ht_address *ret)
{
    struct ht_address a = {.port = port};
    if (inet_pton(AF_INET, text, a.addr) == 1) {
        a.family = AF_INET;
    } else if (inet_pton(AF_INET6, text, a.addr) == 1) {
        a.family = AF_INET6;
    } else {
        return false;
    }
    *ret = a;
    return true;
}

bool ht_address_in(const unsigned char *addr, const unsigned char *range, int prefix)
{
    size_t bytes = (size_t)prefix / 8;
    if (memcmp(addr, range, bytes) != 0) {
        return false;
    }
    int bits = prefix % 8;
    return bits == 0 || ((addr[bytes] ^ range[bytes]) >> (8 - bits)) == 0;
}

/* Interface ids 0000:5efe:IPv4 and 0200:5efe:IPv4 under any prefix (RFC 5214). */
static bool is_isatap(const unsigned char addr[16])
{
    static const unsigned char id[4] = {0x00, 0x00, 0x5e, 0xfe};
    return (addr[8] & 0xfd) == id[0] && memcmp(addr + 9, id + 1, 3) == 0;
}

static const struct address_rule *find_rule(const struct ht_address *a)
{
    if (a->family == AF_INET6 && is_isatap(a->addr)) {
        return &isatap;
    }
    for (size_t i = 0; i < HT_COUNT(rules); i++) {
        if (rules[i].family == a->family && ht_address_in(a->addr, rules[i].addr, rules[i].prefix)) {
            return &rules[i];
        }
    }
    return a->family == AF_INET6 && !ht_address_in(a->addr, public_ipv6, 3) ? &not_public : NULL;
}

/* False: the rule's addresses carry none. */
static bool embedded_ipv4(const struct ht_address *a, const struct address_rule *rule, struct ht_address *ret)
{
    if (!rule || rule->lift == LIFTABLE || rule->lift == NEVER) {
        return false;
    }
    struct ht_address v4 = {.family = AF_INET, .port = a->port};
    size_t at = rule->lift == IPV4_AFTER_PREFIX ? 2 : 12;
    for (size_t i = 0; i < 4; i++) {
        v4.addr[i] = rule->lift == IPV4_TAIL_INVERTED ? (unsigned char)~a->addr[at + i] : a->addr[at + i];
    }
    *ret = v4;
    return true;
}

static bool port_listed(const struct ht_egress *e, int port)
{
    for (size_t i = 0; i < e->n_ports; i++) {
        if (port >= e->ports[i].lo && port <= e->ports[i].hi) {
            return true;
        }
    }
    return false;
}

static bool port_forbidden(int port)
{
    for (size_t i = 0; i < HT_COUNT(forbidden_ports); i++) {
        if (port == forbidden_ports[i]) {
            return true;
        }
    }
    return false;
}

/* A range without ports of its own goes by the port list. */
static bool range_has_port(const struct ht_egress *e, const struct ht_egress_range *r, int port)
{
    return r->port_lo == 0 ? port_listed(e, port) : port >= r->port_lo && port <= r->port_hi;
}

static bool in_allow_list(const struct ht_egress *e, const struct ht_address *a)
{
    for (size_t i = 0; i < e->n_allow; i++) {
        const struct ht_egress_range *r = &e->allow[i];
        if (r->family == a->family && ht_address_in(a->addr, r->addr, r->prefix) && range_has_port(e, r, a->port)) {
            return true;
        }
    }
    return false;
}

bool ht_port_possible(const struct ht_egress *e, int port)
{
    if (port_forbidden(port)) {
        return false;
    }
    for (size_t i = 0; i < e->n_allow; i++) {
        if (range_has_port(e, &e->allow[i], port)) {
            return true;
        }
    }
    return port_listed(e, port);
}

static const char *judge_class(const struct ht_egress *e, const struct ht_address *a)
{
    const struct address_rule *rule = find_rule(a);
    if (rule && (rule->lift == NEVER || !in_allow_list(e, a))) {
        return rule->name;
    }
    struct ht_address v4;
    if (!embedded_ipv4(a, rule, &v4)) {
        return NULL;
    }
    rule = find_rule(&v4);
    return rule && (rule->lift == NEVER || !in_allow_list(e, &v4)) ? rule->name : NULL;
}

const char *ht_address_judge(const struct ht_egress *e, const struct ht_address *a, bool *ret_allowed)
{
    const char *refusal = a->scope != 0 ? "scoped IPv6 address" : judge_class(e, a);
    if (refusal) {
        return refusal;
    }
    bool allowed = in_allow_list(e, a);
    if (port_forbidden(a->port) || (!allowed && !port_listed(e, a->port))) {
        return "port";
    }
    *ret_allowed = allowed;
    return NULL;
}
