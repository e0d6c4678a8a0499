/* Where the engine may send: the address guard and the URL rules.
 *
 * The policy comes from the configuration file only ([egress] http, ports, allow), never from the database. The guard
 * judges numbers, at every socket that is opened and again before each request on a kept connection; the URL check
 * gives a friendly error when an endpoint is made, and parses with libcurl's own parser, so that the check and the
 * request see the same URL. Rules: docs/security.md, "Where hooktop may send". Pure, except that nothing here resolves
 * names. Thread: a policy is read-only after ht_egress_parse and may be shared.
 */
#ifndef HOOKTOP_DELIVERY_EGRESS_H
#define HOOKTOP_DELIVERY_EGRESS_H

#include <sys/socket.h>
#include "hooktop/base/buf.h"

#define HT_EGRESS_RULES 32

struct ht_egress_range {
    unsigned char addr[16];
    int family;
    int prefix;
    int port_lo, port_hi;
};
struct ht_egress {
    bool http; /* plain http URLs are allowed */
    size_t n_ports;
    struct {
        int lo, hi;
    } ports[HT_EGRESS_RULES];
    size_t n_allow;
    struct ht_egress_range allow[HT_EGRESS_RULES];
    char ca_file[256]; /* PEM file of the certificate authorities to trust; "" = the system's */
};

/* https only, ports 443 and 8443, no exception. */
void ht_egress_init(struct ht_egress *e);
/* One setting as it stands in the file: key "http" (yes, no), "ports" (443, 9000-9100), "allow" (10.0.0.0/8,
 * 127.0.0.1/32:9000-9999, [fd12::]/16:8443: for such a range the rules for addresses, ports and literal addresses are
 * lifted; without ports of its own it goes by the port list) or "ca_file" (a path). It replaces what was set before.
 * HT_USAGE names what is wrong. */
HT_MUST_CHECK enum ht_rc ht_egress_set(struct ht_egress *e, const char *key, const char *value, struct ht_err *err);
/* Whether any exception is active, and a line that says which: the console shows it permanently, a worker logs it. */
bool ht_egress_exceptions(const struct ht_egress *e, char *ret, size_t size);

/* NULL: allowed. Else the name of the rule that refuses ("loopback", "private", "link-local and metadata", ...),
 * static. */
const char *ht_egress_check_address(const struct ht_egress *e, const struct sockaddr *sa, socklen_t len);

/* Checks a URL for an endpoint and writes it in its normal form. HT_USAGE names the rule and the remedy. */
HT_MUST_CHECK enum ht_rc ht_egress_check_url(const struct ht_egress *e, const char *url, struct ht_buf *ret_normal,
                                             struct ht_err *err);
/* A custom header's name and value: token characters, no control bytes, not one that hooktop or HTTP sets itself. */
HT_MUST_CHECK enum ht_rc ht_egress_check_header(const char *name, const char *value, struct ht_err *err);

#endif
