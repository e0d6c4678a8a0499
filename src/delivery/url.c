/* The URL and header rules of egress.h. Every check that compares looks at what libcurl's parser made of the URL, so
 * that "0x7f.1" is seen as 127.0.0.1; the few checks before it refuse what the parser would read in a surprising way.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "hooktop/delivery/egress.h"
#include "hooktop/model/records.h"

#define HOST_MAX  253u
#define LABEL_MAX 63u

static const char what[] = "URL";

static enum ht_rc refuse(struct ht_err *err, const char *why, const char *fix)
{
    return ht_fail(err, HT_USAGE, what, fix, "%s", why);
}

static void free_curlu(CURLU **u)
{
    curl_url_cleanup(*u);
}
static void free_part(char **part)
{
    curl_free(*part);
}
#define CURLU_CLEANUP HT_CLEANUP(free_curlu)
#define PART_CLEANUP  HT_CLEANUP(free_part)

/* What must be refused before any parser sees it. */
static enum ht_rc check_text(const char *url, struct ht_err *err)
{
    size_t len = strlen(url);
    if (len > HT_URL_MAX) {
        return refuse(err, "it is longer than 2048 bytes", "use a shorter URL");
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)url[i];
        if (c <= 0x20) {
            return refuse(err, "it holds a blank or a control character", "percent-encode it");
        }
        if (c >= 0x7f) {
            return refuse(err, "it holds a character outside ASCII",
                          "write the host in its xn-- form and percent-encode the rest");
        }
        if (c == '\\') {
            return refuse(err, "it holds a backslash, which programs read in different ways", "write it as %5C");
        }
    }
    size_t scheme = curl_strnequal(url, "https://", 8) ? 8 : curl_strnequal(url, "http://", 7) ? 7 : 0;
    if (scheme == 0 || url[scheme] == '/' || url[scheme] == '\0') {
        return refuse(err, "it does not begin with https:// and a host", "write it as https://host/path");
    }
    const char *authority = url + scheme;
    size_t n = strcspn(authority, "/?#");
    if (memchr(authority, '@', n)) {
        return refuse(err, "it holds a user name or password", "send credentials in a header of the endpoint");
    }
    if (memchr(authority, '%', n)) {
        return refuse(err, "its host holds a percent sign", "write the host as plain letters");
    }
    return HT_OK;
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);
    return n >= k && strcmp(s + n - k, tail) == 0;
}

static enum ht_rc check_label(const char *label, size_t len, struct ht_err *err)
{
    if (len == 0) {
        return refuse(err, "its host has an empty part between two dots", "write the host without it");
    }
    if (len > LABEL_MAX) {
        return refuse(err, "a part of its host is longer than 63 characters", "check the host's name");
    }
    if (strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") < len) {
        return refuse(err, "its host holds a character other than a-z, 0-9, '-' and '.'",
                      "write an international name in its xn-- form");
    }
    if (label[0] == '-' || label[len - 1] == '-') {
        return refuse(err, "a part of its host begins or ends with '-'", "check the host's name");
    }
    return HT_OK;
}

/* A name as it stands after lower-casing and without its last dot. */
static enum ht_rc check_name(const char *host, struct ht_err *err)
{
    static const char *const inside[] = {".localhost", ".local", ".internal", ".home.arpa"};
    if (strlen(host) > HOST_MAX) {
        return refuse(err, "its host is longer than 253 characters", "check the host's name");
    }
    const char *label = host;
    for (;;) {
        size_t n = strcspn(label, ".");
        enum ht_rc rc = check_label(label, n, err);
        if (rc != HT_OK) {
            return rc;
        }
        if (label[n] == '\0') {
            break;
        }
        label += n + 1;
    }
    if (label == host) {
        return refuse(err, "its host is a single name", "use the host's full public name");
    }
    if (*label < 'a' || *label > 'z') {
        return refuse(err, "its host ends in a number but is not an address", "use the host's full public name");
    }
    for (size_t i = 0; i < HT_COUNT(inside); i++) {
        if (ends_with(host, inside[i])) {
            return ht_fail(err, HT_USAGE, what, "use a public name", "names ending in %s stay inside a network",
                           inside[i]);
        }
    }
    return HT_OK;
}

/* A literal address is fine only where an allow range speaks for it. */
static enum ht_rc check_literal(const struct ht_egress *e, const struct ht_address *a, struct ht_err *err)
{
    bool allowed = false;
    const char *rule = ht_address_judge(e, a, &allowed);
    if (rule && strcmp(rule, "port") != 0) {
        return ht_fail(err, HT_USAGE, what, "use a public host name, or list the range under [egress] allow",
                       "its address is refused by the rule '%s'", rule);
    }
    if (rule) {
        return ht_fail(err, HT_USAGE, what, "use 443 or 8443, or list the port under [egress]",
                       "port %d is not allowed", a->port);
    }
    if (!allowed) {
        return refuse(err, "its host is an address, not a name",
                      "use the host's name, or list the address under [egress] allow");
    }
    return HT_OK;
}

static enum ht_rc check_port(const struct ht_egress *e, int port, struct ht_err *err)
{
    if (!ht_port_possible(e, port)) {
        return ht_fail(err, HT_USAGE, what, "use 443 or 8443, or list the port under [egress] ports",
                       "port %d is not allowed", port);
    }
    return HT_OK;
}

static enum ht_rc check_host(const struct ht_egress *e, char *host, int port, struct ht_err *err)
{
    struct ht_address a;
    size_t n = strlen(host);
    if (host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        if (!ht_address_parse(host + 1, port, &a)) {
            return refuse(err, "its host is not an IPv6 address", "check what stands between the brackets");
        }
        return check_literal(e, &a, err);
    }
    if (ht_address_parse(host, port, &a)) {
        return check_literal(e, &a, err);
    }
    enum ht_rc rc = check_name(host, err);
    return rc == HT_OK ? check_port(e, port, err) : rc;
}

static enum ht_rc parse(CURLU *u, const char *url, struct ht_err *err)
{
    CURLUcode code = curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    if (code != CURLUE_OK) {
        return ht_fail(err, HT_USAGE, what, "write it as https://host/path", "it cannot be parsed: %s",
                       curl_url_strerror(code));
    }
    return HT_OK;
}

/* One dot at the end only says that the name is complete. It goes, and what is left is parsed again, because the
 * parser reads numbers as an address only without it. */
static enum ht_rc strip_last_dot(CURLU *u, struct ht_err *err)
{
    PART_CLEANUP char *host = NULL;
    PART_CLEANUP char *url = NULL;
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        return refuse(err, "it has no host", "write it as https://host/path");
    }
    size_t n = strlen(host);
    if (n < 2 || host[n - 1] != '.') {
        return HT_OK;
    }
    host[n - 1] = '\0';
    if (curl_url_set(u, CURLUPART_HOST, host, 0) != CURLUE_OK || curl_url_get(u, CURLUPART_URL, &url, 0) != CURLUE_OK) {
        return refuse(err, "its host cannot be read", "check the host's name");
    }
    return parse(u, url, err);
}

/* ASCII only: the locale's tolower() has other ideas about I in some languages. */
static void lower(char *s)
{
    for (; *s; s++) {
        if (*s >= 'A' && *s <= 'Z') {
            *s = (char)(*s - 'A' + 'a');
        }
    }
}

static enum ht_rc check_scheme(const struct ht_egress *e, CURLU *u, struct ht_err *err)
{
    PART_CLEANUP char *scheme = NULL;
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        return refuse(err, "it has no scheme", "write it as https://host/path");
    }
    if (strcmp(scheme, "https") != 0 && !(e->http && strcmp(scheme, "http") == 0)) {
        return refuse(err, "plain http is not allowed", "use https, or set http = yes under [egress]");
    }
    return HT_OK;
}

static enum ht_rc check_parts(const struct ht_egress *e, CURLU *u, struct ht_err *err)
{
    PART_CLEANUP char *host = NULL;
    PART_CLEANUP char *port = NULL;
    PART_CLEANUP char *zone = NULL;
    PART_CLEANUP char *fragment = NULL;
    enum ht_rc rc = check_scheme(e, u, err);
    if (rc != HT_OK) {
        return rc;
    }
    if (curl_url_get(u, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK) {
        return refuse(err, "it has a fragment ('#'), which is never sent", "leave it out");
    }
    if (curl_url_get(u, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK) {
        return refuse(err, "its address has a zone id", "use a public host name");
    }
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        return refuse(err, "its host or port cannot be read", "write it as https://host/path");
    }
    lower(host);
    if (curl_url_set(u, CURLUPART_HOST, host, 0) != CURLUE_OK) {
        return refuse(err, "its host cannot be read", "check the host's name");
    }
    return check_host(e, host, atoi(port), err);
}

enum ht_rc ht_egress_check_url(const struct ht_egress *e, const char *url, struct ht_buf *ret_normal,
                               struct ht_err *err)
{
    CURLU_CLEANUP CURLU *u = curl_url();
    PART_CLEANUP char *normal = NULL;
    enum ht_rc rc = check_text(url, err);
    if (rc == HT_OK) {
        rc = parse(u, url, err);
    }
    if (rc == HT_OK) {
        rc = strip_last_dot(u, err);
    }
    if (rc == HT_OK) {
        rc = check_parts(e, u, err);
    }
    if (rc != HT_OK) {
        return rc;
    }
    if (curl_url_get(u, CURLUPART_URL, &normal, CURLU_NO_DEFAULT_PORT) != CURLUE_OK) {
        return refuse(err, "it cannot be written in its normal form", "write it as https://host/path");
    }
    ht_buf_adds(ret_normal, normal);
    return HT_OK;
}

/* Set by hooktop, by a profile, or by HTTP itself. A name ending in '-' stands for all that begin so. */
static const char *const reserved_headers[] = {
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "user-agent",
    "accept-encoding",
    "http2-settings",
    "proxy-",
    "webhook-",
    "x-hooktop-",
    "x-instaclaim-",
    "x-claimport-",
    "instnt-",
};

#define HEADER_NAME_MAX  64u
#define HEADER_VALUE_MAX 1024u

static bool header_reserved(const char *name)
{
    for (size_t i = 0; i < HT_COUNT(reserved_headers); i++) {
        const char *r = reserved_headers[i];
        size_t n = strlen(r);
        if (r[n - 1] == '-' ? curl_strnequal(name, r, n) : curl_strequal(name, r)) {
            return true;
        }
    }
    return false;
}

static bool token(const char *s)
{
    /* RFC 9110 5.6.2 */
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    return s[strspn(s, characters)] == '\0';
}

enum ht_rc ht_egress_check_header(const char *name, const char *value, struct ht_err *err)
{
    static const char header[] = "header";
    size_t n = strlen(name), v = strlen(value);
    if (n == 0 || n > HEADER_NAME_MAX || !token(name)) {
        return ht_fail(err, HT_USAGE, header, "use letters, digits and '-'",
                       "'%.64s' is not a header name of at most 64 characters", name);
    }
    if (header_reserved(name)) {
        return ht_fail(err, HT_USAGE, header, "choose another name", "'%s' is set by hooktop itself", name);
    }
    if (v == 0 || v > HEADER_VALUE_MAX) {
        return ht_fail(err, HT_USAGE, header, "give a value", "the value of '%s' is empty or longer than 1024 bytes",
                       name);
    }
    for (size_t i = 0; i < v; i++) {
        if (value[i] < 0x20 || value[i] > 0x7e) {
            return ht_fail(err, HT_USAGE, header, "use printable ASCII",
                           "the value of '%s' holds a control character or one outside ASCII", name);
        }
    }
    if (value[0] == ' ' || value[v - 1] == ' ') {
        return ht_fail(err, HT_USAGE, header, "leave the blanks out", "the value of '%s' begins or ends with a blank",
                       name);
    }
    return HT_OK;
}
