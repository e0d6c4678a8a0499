#include "raw_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/base/clock.h"

#define DEADLINE_MS 60000

int raw_connect(int port)
{
    struct sockaddr_in sin = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
    return fd;
}

void raw_send(int fd, const void *bytes, size_t len)
{
    for (const char *p = bytes; len > 0;) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return; /* the peer had seen enough */
        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

void raw_sends(int fd, const char *s)
{
    raw_send(fd, s, strlen(s));
}

void raw_post(int fd, const char *path, const char *headers, const char *body)
{
    char head[4096];
    int n = snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", path, headers,
                     strlen(body));
    assert_true(n > 0 && (size_t)n < sizeof(head));
    raw_sends(fd, head);
    raw_sends(fd, body);
}

/* 1: some bytes; 0: the end; -1: reset; -2: nothing within the deadline. */
static int read_some(int fd, char *bytes, size_t size, size_t *ret)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, DEADLINE_MS) != 1)
        return -2;
    ssize_t n = recv(fd, bytes, size, 0);
    if (n > 0)
        *ret = (size_t)n;
    return n > 0 ? 1 : n == 0 ? 0 : -1;
}

int raw_answer(int fd, char *ret_text, size_t size)
{
    size_t len = 0, want = size - 1;
    int status = 0;
    ret_text[0] = '\0';
    while (len < want) {
        size_t n = 0;
        int got = read_some(fd, ret_text + len, status == 0 ? 1 : want - len, &n);
        if (got == -2)
            return -1;
        if (got != 1)
            return status;
        len += n;
        ret_text[len] = '\0';
        if (status == 0 && len >= 4 && strcmp(ret_text + len - 4, "\r\n\r\n") == 0) {
            const char *length = strstr(ret_text, "Content-Length: ");
            assert_int_equal(sscanf(ret_text, "HTTP/1.1 %d", &status), 1);
            want = len + (length == NULL ? 0 : (size_t)strtoul(length + 16, NULL, 10));
            assert_true(want < size);
        }
    }
    return status;
}

bool raw_ended(int fd, bool *ret_reset)
{
    for (;;) {
        char bytes[4096];
        size_t n = 0;
        int got = read_some(fd, bytes, sizeof(bytes), &n);
        if (got == -2)
            return false;
        if (got == 1)
            continue;
        if (ret_reset != NULL)
            *ret_reset = got == -1;
        return true;
    }
}

static size_t take(char *bytes, size_t one, size_t n, void *user)
{
    struct curl_answer *a = user;
    for (size_t i = 0; i < n && a->body_bytes + (int64_t)i < (int64_t)sizeof(a->body) - 1; i++)
        a->body[a->body_bytes + (int64_t)i] = bytes[i];
    a->body_bytes += (int64_t)(one * n);
    return one * n;
}

static size_t take_header(char *bytes, size_t one, size_t n, void *user)
{
    struct curl_answer *a = user;
    size_t len = strlen(a->headers), room = sizeof(a->headers) - 1 - len;
    memcpy(a->headers + len, bytes, n < room ? n : room);
    return one * n;
}

void curl_post(const char *url, const char *const *headers, const char *body, const char *ca_pem, int32_t timeout_ms,
               struct curl_answer *ret)
{
    CURL *h = curl_easy_init();
    struct curl_slist *list = NULL;
    struct curl_blob ca = {.data = NULL};
    assert_non_null(h);
    memset(ret, 0, sizeof(*ret));
    for (; headers != NULL && *headers != NULL; headers++)
        list = curl_slist_append(list, *headers);
    if (ca_pem != NULL) {
        ca.len = strlen(ca_pem);
        ca.data = strdup(ca_pem);
        curl_easy_setopt(h, CURLOPT_CAINFO_BLOB, &ca);
    }
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, ret);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, ret);
    int64_t start_us = ht_mono_us();
    ret->rc = (int)curl_easy_perform(h);
    ret->ms = (ht_mono_us() - start_us) / 1000;
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &ret->status);
    curl_easy_cleanup(h);
    curl_slist_free_all(list);
    free(ca.data);
}
