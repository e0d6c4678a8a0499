#include "hooktop/delivery/inspect.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "link.h"
#include "single.h"

static const char what[] = "inspect";

void ht_inspection_fini(struct ht_inspection *i)
{
    free(i->error_detail);
    free(i->address);
    *i = (struct ht_inspection){0};
}

/* Names --------------------------------------------------------------------------------------------------------- */

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
        ht_link_write_ip(a->ai_addr, i->answers[at].address, sizeof i->answers[at].address);
        i->answers[at].rule = ht_guard_check(guard, a->ai_addr, a->ai_addrlen);
        any = any || i->answers[at].rule == NULL;
    }
    freeaddrinfo(all);
    return any;
}

/* The request --------------------------------------------------------------------------------------------------- */

/* From what is kept of a connection's TLS (tls.h). */
static void read_tls(const char *tls, struct ht_inspection *ret)
{
    const char *end = strrchr(tls, ' ');
    snprintf(ret->tls_version, sizeof ret->tls_version, "%.*s", (int)strcspn(tls, " "), tls);
    if (!end || ht_time_parse(end + 1, 0, &ret->cert_until_us, NULL) != HT_OK) {
        ret->cert_until_us = 0;
    }
}

static void take_result(struct ht_exchange *x, struct ht_inspection *i)
{
    struct ht_attempt a = {0};
    read_tls(x->tls, i);
    ht_exchange_finish(x, &a);
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

static enum ht_rc ask(struct ht_guard *guard, const char *url, int32_t timeout_ms, struct ht_inspection *i,
                      struct ht_err *err)
{
    struct ht_exchange x;
    ht_exchange_init(&x);
    ht_exchange_begin(&x);
    x.head = true;
    ht_exchange_header(&x, "User-Agent", "hooktop/" HT_VERSION);
    enum ht_rc rc = ht_exchange_prepare(&x, url, timeout_ms, err);
    if (rc == HT_OK) {
        rc = ht_single_run(guard, &x, NULL, err);
    }
    if (rc == HT_OK) {
        take_result(&x, i);
    }
    ht_exchange_fini(&x);
    return rc;
}

enum ht_rc ht_inspect(const struct ht_egress *e, const char *url, int database_fd, int32_t timeout_ms,
                      struct ht_inspection *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_inspection_fini) struct ht_inspection i = {0};
    HT_BUF_CLEANUP struct ht_buf normal;
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
        rc = ask(&guard, normal.data, timeout_ms, &i, err);
    }
    if (rc == HT_OK) {
        *ret = i;
        i = (struct ht_inspection){0};
    }
    return rc;
}
