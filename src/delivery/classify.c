#include "classify.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum ht_attempt_error by_status(int status)
{
    static const struct {
        int lo, hi;
        enum ht_attempt_error error;
    } statuses[] = {
        {200, 299, HT_ATTEMPT_NONE},      {300, 399, HT_ATTEMPT_REDIRECT}, {410, 410, HT_ATTEMPT_GONE},
        {429, 429, HT_ATTEMPT_THROTTLED}, {400, 499, HT_ATTEMPT_HTTP_4XX}, {500, 599, HT_ATTEMPT_HTTP_5XX},
    };
    for (size_t i = 0; i < HT_COUNT(statuses); i++) {
        if (status >= statuses[i].lo && status <= statuses[i].hi) {
            return statuses[i].error;
        }
    }
    return HT_ATTEMPT_NOT_HTTP;
}

static enum ht_attempt_error by_connect_errno(int os_errno)
{
    switch (os_errno) {
    case ETIMEDOUT:
        return HT_ATTEMPT_TIMEOUT_CONNECT;
    case ECONNRESET: /* it was accepted */
        return HT_ATTEMPT_RESET;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
        return HT_ATTEMPT_UNREACHABLE;
    default:
        return HT_ATTEMPT_REFUSED;
    }
}

/* How far it had come says what the time was spent on. */
static enum ht_attempt_error by_progress(const struct ht_exchange_facts *f)
{
    if (!f->resolved) {
        return HT_ATTEMPT_DNS;
    }
    if (!f->connected) {
        return HT_ATTEMPT_TIMEOUT_CONNECT;
    }
    if (!f->secured) {
        return HT_ATTEMPT_TLS;
    }
    return f->in_block ? HT_ATTEMPT_HEADERS_INCOMPLETE : HT_ATTEMPT_TIMEOUT;
}

/* No complete answer came: the code says why. */
static enum ht_attempt_error by_code(const struct ht_exchange_facts *f)
{
    switch (f->curl_code) {
    case CURLE_OK: /* the connection was closed in an orderly way, too early */
        return f->in_block ? HT_ATTEMPT_HEADERS_INCOMPLETE : HT_ATTEMPT_NOT_HTTP;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HT_ATTEMPT_DNS;
    case CURLE_COULDNT_CONNECT:
        return by_connect_errno(f->os_errno);
    case CURLE_OPERATION_TIMEDOUT:
        return by_progress(f);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_USE_SSL_FAILED:
        return HT_ATTEMPT_TLS;
    case CURLE_GOT_NOTHING:
        return HT_ATTEMPT_EMPTY;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return HT_ATTEMPT_RESET;
    default:
        return f->sent ? HT_ATTEMPT_NOT_HTTP : HT_ATTEMPT_INTERNAL;
    }
}

static void detail(const struct ht_exchange_facts *f, enum ht_attempt_error error, char *ret, size_t size)
{
    bool body_missing = f->curl_code != CURLE_OK && !f->body_cut;
    ret[0] = '\0';
    if (error == HT_ATTEMPT_BLOCKED) {
        snprintf(ret, size, "the address %s is refused by the rule '%s'", f->blocked_address, f->blocked);
    } else if (error == HT_ATTEMPT_REDIRECT && f->location[0] != '\0') {
        snprintf(ret, size, "status %d, to %s", f->status, f->location);
    } else if (error == HT_ATTEMPT_NONE && f->body_cut) {
        snprintf(ret, size, "the answer's body was cut at 64 KiB");
    } else if (error == HT_ATTEMPT_NONE && body_missing) {
        snprintf(ret, size, "the answer's body did not arrive in full");
    } else if (f->resend) {
        snprintf(ret, size, "a kept connection was closed under the request");
    } else if (!f->complete && f->curl_code != CURLE_WRITE_ERROR) {
        snprintf(ret, size, "%s", f->words);
    }
}

enum ht_attempt_error ht_classify(const struct ht_exchange_facts *f, char *ret_detail, size_t size)
{
    enum ht_attempt_error error;
    if (f->complete) {
        error = by_status(f->status);
    } else if (f->headers_flood) {
        error = HT_ATTEMPT_HEADERS_TOO_LARGE;
    } else if (f->resend) {
        error = HT_ATTEMPT_RESET;
    } else if (f->blocked) {
        error = HT_ATTEMPT_BLOCKED;
    } else {
        error = by_code(f);
    }
    detail(f, error, ret_detail, size);
    return error;
}
