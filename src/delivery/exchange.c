#include "exchange.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define LINES_MAX          (64u * 1024u)
#define KEPT               (16u * 1024u)

static const char what[] = "request";

enum ht_rc ht_exchange_global(struct ht_err *err)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        return ht_fail(err, HT_FAILED, "libcurl", NULL, "%s", curl_easy_strerror(code));
    }
    signal(SIGPIPE, SIG_IGN);
    return HT_OK;
}

void ht_exchange_init(struct ht_exchange *x)
{
    memset(x, 0, sizeof *x);
    ht_buf_init(&x->body, HT_BODY_MAX);
    ht_buf_init(&x->lines, LINES_MAX);
    ht_buf_init(&x->wire, HT_BODY_MAX + 2 * LINES_MAX);
    ht_framing_init(&x->framing);
    ht_response_init(&x->response);
}

void ht_exchange_fini(struct ht_exchange *x)
{
    ht_buf_fini(&x->body);
    ht_buf_fini(&x->lines);
    ht_buf_fini(&x->wire);
    ht_framing_fini(&x->framing);
    ht_response_fini(&x->response);
}

/* Request ---------------------------------------------------------------------------------------------------------- */

/* Keeps the memory of what is usual, not of what is large. */
static void empty(struct ht_buf *b)
{
    if (b->cap > KEPT) {
        ht_buf_fini(b);
    }
    ht_buf_clear(b);
}

void ht_exchange_rest(struct ht_exchange *x)
{
    empty(&x->body);
    empty(&x->wire);
}

void ht_exchange_begin(struct ht_exchange *x)
{
    ht_exchange_rest(x);
    ht_buf_clear(&x->lines);
    ht_response_clear(&x->response);
    x->custom_at = SIZE_MAX;
    x->head = x->accept = x->torn = false;
    x->sent = 0;
    x->code = CURLE_OK;
    x->phases = (struct ht_phases){0};
    x->blocked = NULL;
    x->starved = x->connected = x->secured = x->asked = x->resend = false;
    x->os_errno = x->send_errno = 0;
    x->address[0] = x->tls[0] = x->words[0] = '\0';
}

/* Whoever gives headers has checked them; a line end in one would begin another, or the body. */
static void add_to_line(struct ht_exchange *x, const char *text)
{
    size_t len = strlen(text);
    x->torn = x->torn || memchr(text, '\r', len) || memchr(text, '\n', len);
    ht_buf_add(&x->lines, text, len);
}

void ht_exchange_header(struct ht_exchange *x, const char *name, const char *value)
{
    x->accept = x->accept || curl_strequal(name, "Accept");
    add_to_line(x, name);
    ht_buf_add(&x->lines, ": ", 2);
    add_to_line(x, value);
    ht_buf_add(&x->lines, "\r\n", 2);
}

void ht_exchange_wire_headers(struct ht_exchange *x, const struct ht_wire_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        ht_exchange_header(x, h->h[i].name, h->h[i].value);
    }
}

void ht_exchange_custom_headers(struct ht_exchange *x, const struct ht_header *h, size_t n)
{
    x->custom_at = x->lines.len;
    for (size_t i = 0; i < n; i++) {
        ht_exchange_header(x, h[i].name, h[i].value);
    }
}

const char *ht_exchange_host(const struct ht_exchange *x)
{
    return strstr(x->origin, "://") + 3;
}

/* What would end the request line, or be taken for its end; the URL's check lets none of it through. */
static bool writable(const char *target)
{
    for (const unsigned char *c = (const unsigned char *)target; *c != '\0'; c++) {
        if (*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* "https://host:port", the rest of the URL into *ret_target. */
static bool split_url(struct ht_exchange *x, const char *url, const char **ret_target)
{
    const char *host = strstr(url, "://");
    if (!host) {
        return false;
    }
    size_t n = (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
    if (n >= sizeof x->origin) {
        return false;
    }
    memcpy(x->origin, url, n);
    x->origin[n] = '\0';
    x->secure = curl_strnequal(url, "https:", 6);
    *ret_target = url + n;
    return writable(url);
}

/* RFC 9112 3 and 3.2. A fragment is not sent. */
static void write_wire(struct ht_exchange *x, const char *target)
{
    struct ht_buf *w = &x->wire;
    ht_buf_adds(w, x->head ? "HEAD " : "POST ");
    ht_buf_adds(w, *target == '/' ? "" : "/");
    ht_buf_add(w, target, strcspn(target, "#"));
    ht_buf_adds(w, " HTTP/1.1\r\nHost: ");
    ht_buf_adds(w, ht_exchange_host(x));
    ht_buf_adds(w, x->accept ? "\r\n" : "\r\nAccept: */*\r\n");
    x->lines_at = w->len;
    ht_buf_add(w, x->lines.data, x->lines.len);
    if (!x->head) {
        ht_buf_addf(w, "Content-Length: %zu\r\n", x->body.len);
    }
    ht_buf_add(w, "\r\n", 2);
    ht_buf_add(w, x->body.data, x->body.len);
}

enum ht_rc ht_exchange_prepare(struct ht_exchange *x, const char *url, int32_t timeout_ms, struct ht_err *err)
{
    const char *target;
    if (!x->body.over && !x->lines.over && !x->torn && split_url(x, url, &target)) {
        x->timeout_ms = timeout_ms;
        x->connect_timeout_ms = timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS;
        ht_framing_clear(&x->framing, x->head);
        write_wire(x, target);
        empty(&x->body);
        if (!x->wire.over) {
            return HT_OK;
        }
    }
    return ht_fail(err, HT_FAILED, what, NULL, "the body, the headers or the URL cannot be written as a request");
}

/* Result ----------------------------------------------------------------------------------------------------------- */

/* The header lines as they were sent; what the endpoint's owner set is theirs and stays masked. */
static char *request_headers(const struct ht_exchange *x)
{
    struct ht_buf b;
    ht_buf_init(&b, 2 * LINES_MAX);
    size_t own_to = x->lines_at + x->lines.len,
           own_from = x->custom_at < x->lines.len ? x->lines_at + x->custom_at : own_to;
    const char *line = strchr(x->wire.data, '\n') + 1, *cr; /* behind the request line */
    for (; (cr = strchr(line, '\r')) != line; line = cr + 2) {
        size_t at = (size_t)(line - x->wire.data);
        bool masked = at >= own_from && at < own_to;
        ht_buf_adds(&b, b.len > 0 ? "\n" : "");
        ht_buf_add(&b, line, masked ? strcspn(line, ":") : (size_t)(cr - line));
        ht_buf_adds(&b, masked ? ": ****" : "");
    }
    return ht_buf_take(&b, NULL);
}

static struct ht_exchange_facts gather_facts(const struct ht_exchange *x)
{
    const struct ht_response *r = &x->response;
    return (struct ht_exchange_facts){
        .curl_code = (int)x->code,
        .os_errno = x->os_errno,
        .resolved = x->connected || x->phases.dns_us > 0,
        .connected = x->connected,
        .secured = x->secured,
        .sent = x->asked,
        .resend = x->resend,
        .blocked = x->blocked,
        .blocked_address = x->blocked_ip,
        .status = r->status,
        .in_block = r->in_block,
        .complete = r->complete,
        .headers_flood = r->headers_flood,
        .body_cut = r->body_cut,
        .location = r->location,
        .words = x->words,
    };
}

void ht_exchange_finish(struct ht_exchange *x, struct ht_attempt *ret)
{
    const struct ht_exchange_facts facts = gather_facts(x);
    struct ht_response *r = &x->response;
    char detail[384];
    ret->error = ht_classify(&facts, detail, sizeof detail);
    ret->error_detail = detail[0] != '\0' ? ht_strdup(detail) : NULL;
    ret->status = r->status;
    ret->address = x->address[0] != '\0' ? ht_strdup(x->address) : NULL;
    ret->tls = x->tls[0] != '\0' ? ht_strdup(x->tls) : NULL;
    ret->request_headers = request_headers(x);
    ret->phases = x->phases;
    if (r->headers.len > 0) {
        ret->response_headers = ht_strndup(r->headers.data, r->headers.len);
    }
    if (r->body.len > 0) {
        ret->response_body = ht_strndup(r->body.data, r->body.len);
        ret->response_body_len = r->body.len;
    }
    ret->response_bytes = (int64_t)r->body_bytes;
}
