#include "hooktop/delivery/egress.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "hooktop/base/text.h"

#define PORT_MAX 65535

static const char what[] = "[egress]";

void ht_egress_init(struct ht_egress *e)
{
    memset(e, 0, sizeof *e);
    e->n_ports = 2;
    e->ports[0].lo = e->ports[0].hi = 443;
    e->ports[1].lo = e->ports[1].hi = 8443;
}

static bool only_usual_ports(const struct ht_egress *e)
{
    for (size_t i = 0; i < e->n_ports; i++) {
        for (int port = e->ports[i].lo; port <= e->ports[i].hi; port++) {
            if (port != 443 && port != 8443) {
                return false;
            }
        }
    }
    return true;
}

bool ht_egress_exceptions(const struct ht_egress *e, char *ret, size_t size)
{
    const char *http = e->http ? "plain http" : NULL, *ports = only_usual_ports(e) ? NULL : "ports of its own";
    char allow[48] = "";
    if (e->n_allow > 0) {
        snprintf(allow, sizeof allow, "%zu allowed %s", e->n_allow, ht_plural((int64_t)e->n_allow, "range", "ranges"));
    }
    snprintf(ret, size, "%s%s%s%s%s", http ? http : "", http && *allow ? ", " : "", allow,
             ports && (http || *allow) ? ", " : "", ports ? ports : "");
    return http || *allow || ports;
}

static char *trim(char *s)
{
    while (isspace((unsigned char)*s)) {
        s++;
    }
    size_t n = strlen(s);
    while (n > 0 && isspace((unsigned char)s[n - 1])) {
        s[--n] = '\0';
    }
    return s;
}

/* Digits only, so that strtol's signs and blanks do not slip through. */
static bool parse_number(const char *s, int max, int *ret)
{
    size_t n = strlen(s);
    if (n == 0 || n > 5 || strspn(s, "0123456789") != n) {
        return false;
    }
    long v = strtol(s, NULL, 10);
    if (v > max) {
        return false;
    }
    *ret = (int)v;
    return true;
}

/* "443" or "9000-9999"; consumes the text. */
static bool parse_ports(char *s, int *ret_lo, int *ret_hi)
{
    char *dash = strchr(s, '-');
    int lo, hi;
    if (dash) {
        *dash = '\0';
    }
    if (!parse_number(trim(s), PORT_MAX, &lo) || lo == 0) {
        return false;
    }
    hi = lo;
    if (dash && (!parse_number(trim(dash + 1), PORT_MAX, &hi) || hi < lo)) {
        return false;
    }
    *ret_lo = lo;
    *ret_hi = hi;
    return true;
}

/* Splits "ADDRESS/BITS:PORTS" and "[ADDRESS]/BITS:PORTS" in place; absent parts become NULL. */
static bool split_range(char *s, char **ret_addr, char **ret_bits, char **ret_ports)
{
    char *rest;
    if (*s == '[') {
        *ret_addr = s + 1;
        rest = strchr(s, ']');
        if (!rest) {
            return false;
        }
        *rest++ = '\0';
    } else {
        *ret_addr = s;
        rest = s + strcspn(s, "/:");
    }
    bool bits = *rest == '/', ports = *rest == ':';
    if (*rest != '\0') {
        if (!bits && !ports) {
            return false;
        }
        *rest++ = '\0';
    }
    *ret_bits = bits ? rest : NULL;
    char *colon = bits ? strchr(rest, ':') : NULL;
    if (colon) {
        *colon = '\0';
    }
    *ret_ports = ports ? rest : colon ? colon + 1 : NULL;
    return true;
}

static bool host_bits_zero(const struct ht_egress_range *r)
{
    unsigned char masked[16] = {0};
    for (int i = 0; i < r->prefix; i++) {
        masked[i / 8] |= (unsigned char)(r->addr[i / 8] & (0x80 >> (i % 8)));
    }
    return memcmp(masked, r->addr, sizeof masked) == 0;
}

static const char *parse_range(char *s, struct ht_egress_range *ret)
{
    char *addr, *bits, *ports;
    struct ht_address a;
    struct ht_egress_range r = {0};
    if (!split_range(s, &addr, &bits, &ports) || !ht_address_parse(trim(addr), 0, &a)) {
        return "is not an address range";
    }
    r.family = a.family;
    memcpy(r.addr, a.addr, sizeof r.addr);
    int most = a.family == AF_INET ? 32 : 128;
    r.prefix = most;
    if (bits && !parse_number(trim(bits), most, &r.prefix)) {
        return "has no valid number of bits after the '/'";
    }
    if (!host_bits_zero(&r)) {
        return "has address bits after its prefix";
    }
    if (ports && !parse_ports(ports, &r.port_lo, &r.port_hi)) {
        return "has no valid port or port range (1 to 65535)";
    }
    *ret = r;
    return NULL;
}

static const char *add_port(struct ht_egress *e, char *item)
{
    if (!parse_ports(item, &e->ports[e->n_ports].lo, &e->ports[e->n_ports].hi)) {
        return "is not a port or a port range (1 to 65535)";
    }
    e->n_ports++;
    return NULL;
}

static const char *add_range(struct ht_egress *e, char *item)
{
    const char *why = parse_range(item, &e->allow[e->n_allow]);
    if (!why) {
        e->n_allow++;
    }
    return why;
}

/* Each setting replaces what stood before, because a later section of the file overrides an earlier one. */
static enum ht_rc set_list(struct ht_egress *e, const char *key, const char *value,
                           const char *(*add)(struct ht_egress *, char *), const char *fix, struct ht_err *err)
{
    HT_AUTOFREE char *copy = ht_strdup(value);
    size_t n = 0;
    char *save = NULL;
    for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        char *text = trim(item);
        if (*text == '\0') {
            continue;
        }
        if (++n > HT_EGRESS_RULES) {
            return ht_fail(err, HT_USAGE, what, "join neighbouring ranges", "%s: more than %d entries", key,
                           HT_EGRESS_RULES);
        }
        HT_AUTOFREE char *shown = ht_strdup(text);
        const char *why = add(e, text);
        if (why) {
            return ht_fail(err, HT_USAGE, what, fix, "%s: '%s' %s", key, shown, why);
        }
    }
    return HT_OK;
}

enum ht_rc ht_egress_set(struct ht_egress *e, const char *key, const char *value, struct ht_err *err)
{
    struct ht_egress changed = *e;
    enum ht_rc rc;
    if (strcmp(key, "http") == 0) {
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
            return ht_fail(err, HT_USAGE, what, "write yes or no", "http: '%s' is neither", value);
        }
        changed.http = strcmp(value, "yes") == 0;
        rc = HT_OK;
    } else if (strcmp(key, "ports") == 0) {
        changed.n_ports = 0;
        rc = set_list(&changed, key, value, add_port, "write for example: ports = 443, 8443, 9000-9100", err);
    } else if (strcmp(key, "allow") == 0) {
        changed.n_allow = 0;
        rc = set_list(&changed, key, value, add_range,
                      "write for example: allow = 10.20.0.0/16:8443, [2001:db8::]/32:9000-9999", err);
    } else if (strcmp(key, "ca_file") == 0) {
        if (strlen(value) >= sizeof changed.ca_file || (*value != '/' && *value != '\0')) {
            return ht_fail(err, HT_USAGE, what, "give the path from / on, at most 255 bytes",
                           "ca_file: '%.64s' is no such path", value);
        }
        snprintf(changed.ca_file, sizeof changed.ca_file, "%s", value);
        rc = HT_OK;
    } else {
        rc = ht_fail(err, HT_USAGE, what, "the keys are http, ports, allow and ca_file", "unknown key '%s'", key);
    }
    if (rc == HT_OK) {
        *e = changed;
    }
    return rc;
}
