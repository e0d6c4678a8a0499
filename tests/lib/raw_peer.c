#include "raw_peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/base/buf.h"

#define CONNECTIONS_MAX 16
#define REQUEST_MAX     (4u << 20)
#define PIECE           4096u

struct connection {
    int fd; /* -1: none */
    int requests;
    bool deaf; /* is not read any more */
    struct ht_buf in;
};

struct raw_peer {
    struct raw_peer_options o;
    pthread_t thread;
    int stop_fd, listen_fd, port;
    struct connection c[CONNECTIONS_MAX];
    struct ht_buf last;
    atomic_int connections, requests;
};

static void end(struct connection *c, bool reset)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(c->fd);
    c->fd = -1;
}

static void take_connection(struct raw_peer *p)
{
    int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    atomic_fetch_add(&p->connections, 1);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct connection *c = &p->c[i];
        if (c->fd < 0) {
            c->fd = fd;
            c->requests = 0;
            c->deaf = p->o.manner == RAW_PEER_READS_NOTHING;
            ht_buf_clear(&c->in);
            if (p->o.manner == RAW_PEER_RESETS) {
                end(c, true);
            }
            return;
        }
    }
    abort();
}

/* Of the first request in `in`, 0: it is not all there. */
static size_t whole(const struct ht_buf *in)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *end_of_head = strstr(in->data, "\r\n\r\n"), *length = strstr(in->data, name);
    if (!end_of_head || !length) {
        return 0;
    }
    size_t len = (size_t)(end_of_head + 4 - in->data) + strtoull(length + sizeof name - 1, NULL, 10);
    return in->len >= len ? len : 0;
}

static void answer(struct raw_peer *p, struct connection *c)
{
    send(c->fd, p->o.answer, strlen(p->o.answer), MSG_NOSIGNAL);
}

static void on_request(struct raw_peer *p, struct connection *c, size_t len)
{
    bool second = ++c->requests == 2;
    ht_buf_clear(&p->last);
    ht_buf_add(&p->last, c->in.data, len);
    ht_buf_clear(&c->in); /* nobody sends two at once */
    atomic_fetch_add(&p->requests, 1);
    if (second && (p->o.manner == RAW_PEER_CLOSES_SECOND || p->o.manner == RAW_PEER_RESETS_SECOND)) {
        end(c, p->o.manner == RAW_PEER_RESETS_SECOND);
    } else {
        answer(p, c);
    }
}

static void take_bytes(struct raw_peer *p, struct connection *c)
{
    char bytes[PIECE];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        end(c, false);
        return;
    }
    ht_buf_add(&c->in, bytes, (size_t)n);
    if (p->o.manner == RAW_PEER_ANSWERS_EARLY && strstr(c->in.data, "\r\n\r\n")) {
        c->deaf = true;
        atomic_fetch_add(&p->requests, 1);
        answer(p, c);
    } else if (p->o.manner == RAW_PEER_RESETS_BODY && c->in.len >= 2 * PIECE) {
        end(c, true);
    } else if (whole(&c->in) > 0) {
        on_request(p, c, whole(&c->in));
    }
}

static void *serve(void *user)
{
    struct raw_peer *p = user;
    struct pollfd fds[CONNECTIONS_MAX + 2];
    for (;;) {
        fds[0] = (struct pollfd){.fd = p->stop_fd, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = p->listen_fd, .events = POLLIN};
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            fds[i + 2] = (struct pollfd){.fd = p->c[i].deaf ? -1 : p->c[i].fd, .events = POLLIN};
        }
        while (poll(fds, HT_COUNT(fds), -1) < 0 && errno == EINTR) {}
        if (fds[0].revents != 0) {
            return NULL;
        }
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            if (fds[i + 2].revents != 0) {
                take_bytes(p, &p->c[i]);
            }
        }
        if (fds[1].revents != 0) {
            take_connection(p);
        }
    }
}

struct raw_peer *raw_peer_start(const struct raw_peer_options *o)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    struct raw_peer *p = ht_alloc(1, sizeof *p);
    p->o = *o;
    p->stop_fd = eventfd(0, EFD_CLOEXEC);
    p->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->stop_fd >= 0 && p->listen_fd >= 0);
    if (o->receive_buffer > 0) {  /* what is accepted has it from the listener */
        const int segment = 1400; /* a sender's buffer is a multiple of it, and loopback's is 64 KiB */
        setsockopt(p->listen_fd, SOL_SOCKET, SO_RCVBUF, &o->receive_buffer, sizeof o->receive_buffer);
        setsockopt(p->listen_fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    assert_int_equal(bind(p->listen_fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(p->listen_fd, CONNECTIONS_MAX), 0);
    assert_int_equal(getsockname(p->listen_fd, (struct sockaddr *)&in, &len), 0);
    p->port = ntohs(in.sin_port);
    ht_buf_init(&p->last, REQUEST_MAX);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        p->c[i].fd = -1;
        ht_buf_init(&p->c[i].in, REQUEST_MAX);
    }
    assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
    return p;
}

void raw_peer_stop(struct raw_peer *p)
{
    const uint64_t one = 1;
    assert_int_equal(write(p->stop_fd, &one, sizeof one), sizeof one);
    pthread_join(p->thread, NULL);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (p->c[i].fd >= 0) {
            close(p->c[i].fd);
        }
        ht_buf_fini(&p->c[i].in);
    }
    ht_buf_fini(&p->last);
    close(p->listen_fd);
    close(p->stop_fd);
    free(p);
}

int raw_peer_port(const struct raw_peer *p)
{
    return p->port;
}

int raw_peer_connections(struct raw_peer *p)
{
    return atomic_load(&p->connections);
}

int raw_peer_requests(struct raw_peer *p)
{
    return atomic_load(&p->requests);
}

const char *raw_peer_request(struct raw_peer *p, size_t *ret_len)
{
    *ret_len = p->last.len;
    return p->last.data;
}
