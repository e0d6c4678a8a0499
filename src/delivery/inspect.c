#include "hooktop/delivery/inspect.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "hooktop/base/clock.h"

static const char what[] = "inspect";

void ht_inspection_fini(struct ht_inspection *i)
{
    free(i->error_detail);
    free(i->address);
    *i = (struct ht_inspection){0};
}

/* Names --------------------------------------------------------------------------------------------------------- */

static void read_address(const struct sockaddr *sa, char *ret, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, ip, sizeof ip);
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, ip, sizeof ip);
    }
    snprintf(ret, size, "%s", ip);
}

/* Host and port of a URL in its normal form. */
static enum ht_rc split_url(const char *url, struct ht_inspection *ret, char port[8], struct ht_err *err)
{
    char *host = NULL, *number = NULL;
    CURLU *u = curl_url();
    bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (good) {
        size_t n = strlen(host);
        bool literal = host[0] == '[' && n > 2; /* an IPv6 address: the resolver wants it without its brackets */
        snprintf(ret->host, sizeof ret->host, "%.*s", (int)(literal ? n - 2 : n), host + literal);
        snprintf(port, 8, "%s", number);
        ret->secure = strncmp(url, "https:", 6) == 0;
    }
    curl_free(host);
    curl_free(number);
    curl_url_cleanup(u);
    return good ? HT_OK : ht_fail(err, HT_FAILED, what, NULL, "the URL cannot be taken apart");
}

/* Whether any answer may be connected to. */
static bool resolve(struct ht_inspection *i, const char *port, struct ht_guard *guard)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    bool any = false;
    int code = getaddrinfo(i->host, port, &hints, &all);
    if (code != 0) {
        snprintf(i->dns_error, sizeof i->dns_error, "%s", gai_strerror(code));
        return false;
    }
    for (const struct addrinfo *a = all; a && i->n_answers < HT_INSPECT_ANSWERS; a = a->ai_next) {
        size_t at = i->n_answers++;
        read_address(a->ai_addr, i->answers[at].address, sizeof i->answers[at].address);
        i->answers[at].rule = ht_guard_check(guard, a->ai_addr, a->ai_addrlen);
        any = any || i->answers[at].rule == NULL;
    }
    freeaddrinfo(all);
    return any;
}

/* The request --------------------------------------------------------------------------------------------------- */

/* libcurl gives the version of TLS to whoever listens to what it tells, and nowhere else without a TLS library's own
 * types. */
static int on_told(CURL *easy, curl_infotype type, char *bytes, size_t len, void *user)
{
    static const char before[] = "SSL connection using ";
    struct ht_inspection *i = user;
    (void)easy;
    if (type != CURLINFO_TEXT || len <= sizeof before || memcmp(bytes, before, sizeof before - 1) != 0) {
        return 0;
    }
    const char *version = bytes + sizeof before - 1;
    size_t n = 0;
    while (n < len - (sizeof before - 1) && version[n] > ' ' && version[n] < 0x7f) {
        n++;
    }
    snprintf(i->tls_version, sizeof i->tls_version, "%.*s", (int)n, version);
    return 0;
}

/* "Nov 21 14:29:00 2027 GMT" as OpenSSL writes it. */
static int64_t read_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "", rfc3339[64];
    int day, hour, minute, second, year;
    int64_t us = 0;
    if (sscanf(text, "%3s %d %d:%d:%d %d GMT", month, &day, &hour, &minute, &second, &year) != 6) {
        return 0;
    }
    const char *at = strstr(months, month);
    if (strlen(month) != 3 || !at || (at - months) % 3 != 0) {
        return 0;
    }
    snprintf(rfc3339, sizeof rfc3339, "%04d-%02d-%02dT%02d:%02d:%02dZ", year % 10000, (int)(at - months) / 3 + 1,
             day % 100, hour % 100, minute % 100, second % 100);
    return ht_time_parse(rfc3339, 0, &us, NULL) == HT_OK ? us : 0;
}

/* The first certificate of the chain is the receiver's own. */
static int64_t read_expiry(CURL *easy)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1) {
        return 0;
    }
    for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next) {
        if (strncmp(line->data, name, sizeof name - 1) == 0) {
            return read_date(line->data + sizeof name - 1);
        }
    }
    return 0;
}

static void take_result(struct ht_exchange *x, CURLcode code, struct ht_inspection *i)
{
    struct ht_attempt a = {0};
    i->cert_until_us = read_expiry(x->easy);
    ht_exchange_finish(x, code, &a);
    i->tried = true;
    i->status = a.status;
    i->error = a.error;
    i->phases = a.phases;
    i->error_detail = a.error_detail;
    i->address = a.phases.connect_us > 0 ? a.address : NULL;
    a.error_detail = NULL;
    a.address = i->address ? NULL : a.address;
    if (a.status >= 300 && a.status < 400) {
        snprintf(i->location, sizeof i->location, "%s", x->response.location);
    }
    ht_attempt_fini(&a);
}

static enum ht_rc ask(struct ht_exchange *x, const char *url, int32_t timeout_ms, struct ht_inspection *i,
                      struct ht_err *err)
{
    ht_exchange_begin(x);
    ht_exchange_header(x, "User-Agent", "hooktop/" HT_VERSION);
    enum ht_rc rc = ht_exchange_prepare(x, url, timeout_ms, err);
    if (rc != HT_OK) {
        return rc;
    }
    if (curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_CERTINFO, 1L) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_DEBUGFUNCTION, on_told) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_DEBUGDATA, i) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_VERBOSE, 1L) != CURLE_OK) {
        return ht_fail(err, HT_FAILED, what, NULL, "libcurl does not take the request");
    }
    take_result(x, curl_easy_perform(x->easy), i);
    return HT_OK;
}

enum ht_rc ht_inspect(const struct ht_egress *e, const char *url, int database_fd, int32_t timeout_ms,
                      struct ht_inspection *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_inspection_fini) struct ht_inspection i = {0};
    HT_BUF_CLEANUP struct ht_buf normal;
    struct ht_exchange x = {0};
    struct ht_guard guard;
    char port[8] = "";
    ht_buf_init(&normal, HT_URL_MAX + 16u);
    enum ht_rc rc = ht_egress_check_url(e, url, &normal, err);
    if (rc == HT_OK) {
        rc = ht_exchange_global(err);
    }
    if (rc == HT_OK) {
        rc = split_url(normal.data, &i, port, err);
    }
    if (rc != HT_OK) {
        return rc;
    }
    ht_guard_init(&guard, e);
    if (database_fd >= 0) {
        ht_guard_add_database(&guard, database_fd);
    }
    if (resolve(&i, port, &guard)) {
        rc = ht_exchange_init(&x, &guard, NULL, err);
        if (rc == HT_OK) {
            rc = ask(&x, normal.data, timeout_ms, &i, err);
        }
        ht_exchange_fini(&x);
    }
    if (rc == HT_OK) {
        *ret = i;
        i = (struct ht_inspection){0};
    }
    return rc;
}
