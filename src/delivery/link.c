#include "link.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* So many records of TLS that nobody asked for are read at one look: a server sends a ticket or two. */
#define UNASKED_MAX 8

/* Returns the port, or -1. */
static int read_address(const struct sockaddr *sa, char *ret_ip, size_t size)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    ret_ip[0] = '\0';
    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, ret_ip, (socklen_t)size);
        return ntohs(in.sin_port);
    }
    if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, ret_ip, (socklen_t)size);
        return ntohs(in6.sin6_port);
    }
    return -1;
}

void ht_link_write_ip(const struct sockaddr *sa, char *ret, size_t size)
{
    read_address(sa, ret, size);
}

void ht_link_write_address(const struct sockaddr *sa, char *ret, size_t size)
{
    char ip[INET6_ADDRSTRLEN];
    int port = read_address(sa, ip, sizeof ip);
    ret[0] = '\0';
    if (port >= 0) {
        snprintf(ret, size, sa->sa_family == AF_INET6 ? "[%s]:%d" : "%s:%d", ip, port);
    }
}

struct ht_link *ht_link_new(int fd, const char *origin)
{
    struct ht_link *l = ht_alloc(1, sizeof *l);
    l->fd = fd;
    l->origin = ht_strdup(origin);
    l->peer_len = sizeof l->peer;
    if (getpeername(fd, (struct sockaddr *)&l->peer, &l->peer_len) != 0) {
        ht_link_close(l);
        ht_link_free(l);
        return NULL;
    }
    ht_link_write_address((struct sockaddr *)&l->peer, l->address, sizeof l->address);
    return l;
}

void ht_link_close(struct ht_link *l)
{
    if (l->ssl && SSL_is_init_finished(l->ssl)) {
        ERR_clear_error();
        SSL_shutdown(l->ssl); /* a word of goodbye, whether or not it can be said */
    }
    SSL_free(l->ssl);
    l->ssl = NULL;
    if (l->events != 0) {
        /* a program that is just being started holds a copy of the descriptor, and epoll would go on telling of it */
        epoll_ctl(l->watcher, EPOLL_CTL_DEL, l->fd, NULL);
    }
    close(l->fd);
    l->fd = -1;
}

void ht_link_free(struct ht_link *l)
{
    free(l->origin);
    free(l);
}

void ht_link_watch(struct ht_link *l, int epoll_fd, uint64_t data, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.u64 = data};
    if (l->events != events) {
        epoll_ctl(epoll_fd, l->events != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, l->fd, &ev);
        l->watcher = epoll_fd;
        l->events = events;
    }
}

/* What SSL_get_error says of `got`, in the words of a socket. */
static ssize_t tls_result(const struct ht_link *l, int got, int os_errno)
{
    if (got > 0) {
        return got;
    }
    switch (SSL_get_error(l->ssl, got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        errno = os_errno != 0 ? os_errno : ECONNRESET;
        return -1;
    default:
        if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            return 0;
        }
        errno = EPROTO;
        return -1;
    }
}

ssize_t ht_link_send(struct ht_link *l, const char *bytes, size_t len)
{
    if (!l->ssl) {
        return send(l->fd, bytes, len, MSG_NOSIGNAL);
    }
    ERR_clear_error();
    errno = 0;
    int got = SSL_write(l->ssl, bytes, len > INT32_MAX ? INT32_MAX : (int)len);
    ssize_t n = tls_result(l, got, errno);
    if (n == 0) {
        errno = EPIPE;
        return -1;
    }
    return n;
}

ssize_t ht_link_recv(struct ht_link *l, char *bytes, size_t size)
{
    if (!l->ssl) {
        return recv(l->fd, bytes, size, 0);
    }
    ERR_clear_error();
    errno = 0;
    int got = SSL_read(l->ssl, bytes, size > INT32_MAX ? INT32_MAX : (int)size);
    return tls_result(l, got, errno);
}

const char *ht_link_words(const struct ht_link *l, int os_errno)
{
    const char *words = l->ssl && os_errno == EPROTO ? ERR_reason_error_string(ERR_peek_last_error()) : NULL;
    return words ? words : strerror(os_errno);
}

/* TLS reads on its own what is not for us, such as tickets for another session; anything else is too much. */
bool ht_link_sound(struct ht_link *l)
{
    char byte;
    for (int i = 0; i < UNASKED_MAX; i++) {
        ssize_t n = recv(l->fd, &byte, 1, MSG_PEEK);
        if (n <= 0 || !l->ssl) {
            return n < 0 && errno == EAGAIN;
        }
        if (ht_link_recv(l, &byte, 1) >= 0 || errno != EAGAIN) {
            return false;
        }
    }
    return false;
}
