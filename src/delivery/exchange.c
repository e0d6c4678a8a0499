#include "exchange.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fault.h"

#define CONNECT_TIMEOUT_MS 5000L
/* An idle connection is not used again after this: Node's servers close theirs after 5 s, and a request that meets the
 * closing would count as a failure. */
#define IDLE_CONNECTION_S  4L
#define LINES_MAX          (64u * 1024u)
#define KEPT_BODY          (64u * 1024u)

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

/* Guard ------------------------------------------------------------------------------------------------------------ */

static void write_address(const struct sockaddr *sa, char *ip, size_t size, int *ret_port)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    snprintf(ip, size, "of an unknown family");
    *ret_port = 0;
    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, ip, (socklen_t)size);
        *ret_port = ntohs(in.sin_port);
    } else if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, ip, (socklen_t)size);
        *ret_port = ntohs(in6.sin6_port);
    }
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct ht_exchange *x = user;
    if (x->requests > 0) { /* libcurl would send it again: a kept connection was closed under it */
        x->requests++;
        return CURL_SOCKET_BAD;
    }
    const char *rule = purpose == CURLSOCKTYPE_IPCXN
                           ? ht_guard_check(x->guard, &address->addr, (socklen_t)address->addrlen)
                           : "not an internet address";
    write_address(&address->addr, x->tried_ip, sizeof x->tried_ip, &x->tried_port);
    if (rule) {
        x->blocked = rule;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    x->starved = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (fd >= 0 && x->sockets) {
        x->sockets->opened(x->sockets->user, fd);
    }
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int close_socket(void *user, curl_socket_t fd)
{
    const struct ht_exchange_sockets *s = user;
    s->closed(s->user, fd);
    return close(fd);
}

/* Before every request, on a new connection or a kept one. */
static int before_request(void *user, char *peer, char *local, int peer_port, int local_port)
{
    struct ht_exchange *x = user;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)peer_port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)peer_port)};
    const char *rule = "not an internet address";
    (void)local;
    (void)local_port;
    if (++x->requests > 1) {
        return CURL_PREREQFUNC_ABORT;
    }
    if (inet_pton(AF_INET, peer, &in.sin_addr) == 1) {
        rule = ht_guard_check(x->guard, (struct sockaddr *)&in, sizeof in);
    } else if (inet_pton(AF_INET6, peer, &in6.sin6_addr) == 1) {
        rule = ht_guard_check(x->guard, (struct sockaddr *)&in6, sizeof in6);
    }
    if (rule) {
        x->blocked = rule;
        snprintf(x->tried_ip, sizeof x->tried_ip, "%s", peer);
        return CURL_PREREQFUNC_ABORT;
    }
    if (x->secure) {
        ht_tls_read(x->easy, x->tls);
    }
    HT_FAULT("request_begun");
    return CURL_PREREQFUNC_OK;
}

/* Answer ----------------------------------------------------------------------------------------------------------- */

static size_t on_header(char *bytes, size_t size, size_t n, void *user)
{
    struct ht_exchange *x = user;
    return ht_response_header(&x->response, bytes, size * n) ? size * n : 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
    struct ht_exchange *x = user;
    return ht_response_body(&x->response, bytes, size * n) ? size * n : 0;
}

/* Handle ----------------------------------------------------------------------------------------------------------- */

static CURLcode set_options(struct ht_exchange *x)
{
    const struct ht_egress *e = x->guard->egress;
    const char *protocols = e->http ? "http,https" : "https";
    CURLcode c = CURLE_OK;
#define SET(option, value) c = c == CURLE_OK ? curl_easy_setopt(x->easy, option, value) : c
    SET(CURLOPT_PROTOCOLS_STR, protocols);
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, x);
    SET(CURLOPT_PREREQFUNCTION, before_request);
    SET(CURLOPT_PREREQDATA, x);
    SET(CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a silent name server must not hold up whoever ends the transfer */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_ACCEPT_ENCODING, (char *)NULL);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_NETRC, CURL_NETRC_IGNORED);
    SET(CURLOPT_BUFFERSIZE, 16384L);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, 65536L);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, x);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, x);
    SET(CURLOPT_ERRORBUFFER, x->curl_text);
    SET(CURLOPT_PRIVATE, x);
    if (x->sockets) {
        /* libcurl keeps these with the connection, which may outlive this handle. */
        SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
        SET(CURLOPT_CLOSESOCKETDATA, (void *)(uintptr_t)x->sockets);
    }
    if (e->ca_file[0] != '\0') {
        SET(CURLOPT_CAINFO, e->ca_file);
    }
#undef SET
    return c;
}

enum ht_rc ht_exchange_init(struct ht_exchange *x, struct ht_guard *guard, const struct ht_exchange_sockets *sockets,
                            struct ht_err *err)
{
    memset(x, 0, sizeof *x);
    x->guard = guard;
    x->sockets = sockets;
    x->easy = curl_easy_init();
    if (!x->easy) {
        return ht_fail(err, HT_FAILED, what, NULL, "libcurl gives no handle");
    }
    CURLcode c = set_options(x);
    if (c != CURLE_OK) {
        curl_easy_cleanup(x->easy);
        x->easy = NULL;
        return ht_fail(err, HT_FAILED, what, "libcurl must be 7.88 or later", "libcurl: %s", curl_easy_strerror(c));
    }
    ht_buf_init(&x->body, HT_BODY_MAX);
    ht_buf_init(&x->lines, LINES_MAX);
    ht_response_init(&x->response);
    return HT_OK;
}

void ht_exchange_fini(struct ht_exchange *x)
{
    if (!x->easy) {
        return;
    }
    curl_easy_cleanup(x->easy);
    ht_buf_fini(&x->body);
    ht_buf_fini(&x->lines);
    ht_response_fini(&x->response);
    x->easy = NULL;
}

/* Request ---------------------------------------------------------------------------------------------------------- */

void ht_exchange_begin(struct ht_exchange *x)
{
    if (x->body.cap > KEPT_BODY) {
        ht_buf_fini(&x->body); /* a rare large one is not held for ever */
    }
    ht_buf_clear(&x->body);
    ht_buf_clear(&x->lines);
    ht_response_clear(&x->response);
    x->n_lines = 0;
    x->first_custom = HT_EXCHANGE_LINES;
    x->blocked = NULL;
    x->starved = false;
    x->tried_ip[0] = '\0';
    x->tls[0] = '\0';
    x->requests = 0;
    x->curl_text[0] = '\0';
}

void ht_exchange_header(struct ht_exchange *x, const char *name, const char *value)
{
    if (x->n_lines == HT_EXCHANGE_LINES) {
        x->lines.over = true;
        return;
    }
    x->line_at[x->n_lines++] = x->lines.len;
    ht_buf_adds(&x->lines, name);
    ht_buf_add(&x->lines, ": ", 2);
    ht_buf_add(&x->lines, value, strlen(value) + 1);
}

void ht_exchange_wire_headers(struct ht_exchange *x, const struct ht_wire_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        ht_exchange_header(x, h->h[i].name, h->h[i].value);
    }
}

void ht_exchange_custom_headers(struct ht_exchange *x, const struct ht_header *h, size_t n)
{
    x->first_custom = x->n_lines;
    for (size_t i = 0; i < n; i++) {
        ht_exchange_header(x, h[i].name, h[i].value);
    }
}

/* libcurl reads the list and does not change or free it, so its nodes need not come from the heap. */
static struct curl_slist *header_list(struct ht_exchange *x)
{
    static char no_expect[] = "Expect:"; /* else libcurl asks before it sends a large body */
    for (size_t i = 0; i < x->n_lines; i++) {
        x->list[i].data = x->lines.data + x->line_at[i];
        x->list[i].next = &x->list[i + 1];
    }
    x->list[x->n_lines].data = no_expect;
    x->list[x->n_lines].next = NULL;
    return x->list;
}

enum ht_rc ht_exchange_prepare(struct ht_exchange *x, const char *url, int32_t timeout_ms, struct ht_err *err)
{
    const char *authority = strstr(url, "://");
    if (x->body.over || x->lines.over || !authority) {
        return ht_fail(err, HT_FAILED, what, NULL, "the body or the headers are too large");
    }
    snprintf(x->host, sizeof x->host, "%.*s", (int)strcspn(authority + 3, "/?"), authority + 3);
    x->secure = curl_strnequal(url, "https:", 6);
    if (curl_easy_setopt(x->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, x->body.data) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.len) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, header_list(x)) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) != CURLE_OK ||
        curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS,
                         timeout_ms < CONNECT_TIMEOUT_MS ? (long)timeout_ms : CONNECT_TIMEOUT_MS) != CURLE_OK) {
        return ht_fail(err, HT_FAILED, what, NULL, "libcurl does not take the request");
    }
    return HT_OK;
}

/* Result ----------------------------------------------------------------------------------------------------------- */

static int32_t info_us(CURL *easy, CURLINFO info)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, info, &us);
    return us > INT32_MAX ? INT32_MAX : (int32_t)us;
}

static void read_phases(CURL *easy, struct ht_phases *ret)
{
    long connects = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
    if (connects > 0) { /* else the connection was a kept one */
        ret->dns_us = info_us(easy, CURLINFO_NAMELOOKUP_TIME_T);
        ret->connect_us = info_us(easy, CURLINFO_CONNECT_TIME_T);
        ret->tls_us = info_us(easy, CURLINFO_APPCONNECT_TIME_T);
    }
    ret->first_byte_us = info_us(easy, CURLINFO_STARTTRANSFER_TIME_T);
    ret->total_us = info_us(easy, CURLINFO_TOTAL_TIME_T);
}

/* The peer's, or the one that was tried last when there was none. */
static char *peer_address(const struct ht_exchange *x)
{
    char *peer = NULL, text[96];
    long port = 0;
    curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_IP, &peer);
    curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_PORT, &port);
    const char *ip = peer && *peer ? peer : x->tried_ip;
    port = ip == peer ? port : x->tried_port;
    if (*ip == '\0') {
        return NULL;
    }
    snprintf(text, sizeof text, strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld", ip, port);
    return ht_strdup(text);
}

/* One line each, as sent; what the endpoint's owner set is theirs and stays masked. */
static char *request_headers(const struct ht_exchange *x)
{
    struct ht_buf b;
    ht_buf_init(&b, LINES_MAX + 1024u);
    ht_buf_adds(&b, "Host: ");
    ht_buf_adds(&b, x->host);
    ht_buf_adds(&b, "\nAccept: */*\n");
    for (size_t i = 0; i < x->n_lines; i++) {
        const char *line = x->lines.data + x->line_at[i];
        bool masked = i >= x->first_custom;
        ht_buf_add(&b, line, masked ? strcspn(line, ":") : strlen(line));
        ht_buf_adds(&b, masked ? ": ****\n" : "\n");
    }
    ht_buf_addf(&b, "Content-Length: %zu", x->body.len);
    return ht_buf_take(&b, NULL);
}

static void gather_facts(const struct ht_exchange *x, CURLcode code, struct ht_exchange_facts *f)
{
    const struct ht_response *r = &x->response;
    long os_errno = 0, connects = 0;
    char *peer = NULL;
    curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &os_errno);
    curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_IP, &peer);
    bool kept = x->requests > 0 && connects == 0;
    *f = (struct ht_exchange_facts){
        .curl_code = (int)code,
        .os_errno = (int)os_errno,
        .resolved = kept || info_us(x->easy, CURLINFO_NAMELOOKUP_TIME_T) > 0,
        /* of a connection whose handshake stalled libcurl gives the peer, but no time */
        .connected = kept || (peer && *peer) || info_us(x->easy, CURLINFO_CONNECT_TIME_T) > 0,
        .secured = kept || !x->secure || info_us(x->easy, CURLINFO_APPCONNECT_TIME_T) > 0,
        .sent = x->requests > 0 && !x->blocked,
        .resend = x->requests > 1,
        .blocked = x->blocked,
        .blocked_address = x->tried_ip,
        .status = r->status,
        .in_block = r->in_block,
        .complete = r->complete,
        .headers_flood = r->headers_flood,
        .body_cut = r->body_cut,
        .location = r->location,
        .curl_text = x->curl_text,
    };
}

void ht_exchange_finish(struct ht_exchange *x, CURLcode code, struct ht_attempt *ret)
{
    struct ht_exchange_facts facts;
    struct ht_response *r = &x->response;
    char detail[384];
    gather_facts(x, code, &facts);
    ret->error = ht_classify(&facts, detail, sizeof detail);
    ret->error_detail = detail[0] != '\0' ? ht_strdup(detail) : NULL;
    ret->status = r->status;
    ret->address = peer_address(x);
    ret->tls = x->tls[0] != '\0' ? ht_strdup(x->tls) : NULL;
    ret->request_headers = request_headers(x);
    read_phases(x->easy, &ret->phases);
    if (r->headers.len > 0) {
        ret->response_headers = ht_strndup(r->headers.data, r->headers.len);
    }
    if (r->body.len > 0) {
        ret->response_body = ht_strndup(r->body.data, r->body.len);
        ret->response_body_len = r->body.len;
    }
    ret->response_bytes = (int64_t)r->body_bytes;
}
