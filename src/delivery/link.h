/* One connection to a receiver: a socket that libcurl opened (opener.h), and TLS on it where the URL asks for it
 * (tls.h).
 *
 * Whoever made it says what it is used for: it carries one request after another, and is idle between them. Thread: one
 * at a time. Nothing blocks. */
#ifndef HOOKTOP_SRC_DELIVERY_LINK_H
#define HOOKTOP_SRC_DELIVERY_LINK_H

#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/types.h>
#include "tls.h"

struct ht_exchange;

struct ht_link {
    int fd; /* -1: closed, to be freed */
    SSL *ssl;
    char *origin; /* "https://host:port", as the URLs have it whose requests it may carry */
    struct sockaddr_storage peer;
    socklen_t peer_len;
    char address[80]; /* "192.0.2.1:443" */
    char tls[HT_TLS_TEXT];
    struct ht_exchange *x; /* whose request is on it; NULL: idle */
    bool kept;             /* it has carried one before */
    int watcher;           /* the epoll descriptor that watches it */
    uint32_t events;       /* for what; 0: none does */
    int64_t idle_since;    /* monotonic */
    TAILQ_ENTRY(ht_link) by_age;
    TAILQ_ENTRY(ht_link) by_origin;
};

/* Takes the socket, also when it fails: NULL, it has no peer any more. */
struct ht_link *ht_link_new(int fd, const char *origin);
void ht_link_close(struct ht_link *l); /* the memory stays until ht_link_free */
void ht_link_free(struct ht_link *l);

/* Tells epoll to watch it for these events, with `data` as what it gives back. Closing ends that. */
void ht_link_watch(struct ht_link *l, int epoll_fd, uint64_t data, uint32_t events);

/* As send and recv: bytes, or -1 with errno, EAGAIN for "later"; what TLS alone finds wrong is EPROTO. 0 of recv is an
 * end in good order, which TLS calls so also when only the socket was closed. recv takes one record of TLS at a time,
 * and one that is not for us is "later", too: a receiver that sends such for ever gets no more than its turns. */
ssize_t ht_link_send(struct ht_link *l, const char *bytes, size_t len);
ssize_t ht_link_recv(struct ht_link *l, char *bytes, size_t size);
/* What went wrong with this errno, for people; right after it did. Static. */
const char *ht_link_words(const struct ht_link *l, int os_errno);
/* Of one that is idle: it is open, and nothing came that nobody asked for. */
bool ht_link_sound(struct ht_link *l);

/* "192.0.2.1", and with the port "192.0.2.1:443", "[2001:db8::1]:443"; "" where it is no internet address. */
void ht_link_write_ip(const struct sockaddr *sa, char *ret, size_t size);
void ht_link_write_address(const struct sockaddr *sa, char *ret, size_t size);

#endif
