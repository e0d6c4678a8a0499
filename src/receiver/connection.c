#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_CHUNK  16384u
/* One connection's share of the loop before the others have theirs: an endless answer must not hold them up. */
#define WRITE_SHARE (256u * 1024u)
/* Whether an answer is still to be held is looked up so often. */
#define HOLD_US     5000

enum io { IO_DONE, IO_WANTS_IN, IO_WANTS_OUT, IO_OVER };

static enum io tls_result(SSL *ssl, int n)
{
    switch (SSL_get_error(ssl, n)) {
    case SSL_ERROR_WANT_READ:
        return IO_WANTS_IN;
    case SSL_ERROR_WANT_WRITE:
        return IO_WANTS_OUT;
    default:
        return IO_OVER;
    }
}

static enum io io_read(struct ht_rx_connection *c, char *bytes, size_t size, size_t *ret)
{
    if (c->ssl != NULL) {
        int n = SSL_read(c->ssl, bytes, (int)size);
        if (n <= 0)
            return tls_result(c->ssl, n);
        *ret = (size_t)n;
        return IO_DONE;
    }
    ssize_t n = recv(c->fd, bytes, size, 0);
    if (n > 0) {
        *ret = (size_t)n;
        return IO_DONE;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? IO_WANTS_IN : IO_OVER;
}

static enum io io_write(struct ht_rx_connection *c, const char *bytes, size_t len, size_t *ret)
{
    if (c->ssl != NULL) {
        int n = SSL_write(c->ssl, bytes, (int)(len > READ_CHUNK ? READ_CHUNK : len));
        if (n <= 0)
            return tls_result(c->ssl, n);
        *ret = (size_t)n;
        return IO_DONE;
    }
    ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);
    if (n >= 0) {
        *ret = (size_t)n;
        return IO_DONE;
    }
    return errno == EAGAIN || errno == EINTR ? IO_WANTS_OUT : IO_OVER;
}

struct ht_rx_connection *ht_rx_connection_new(int fd, const struct ht_rx_tls *tls, bool silent)
{
    struct ht_rx_connection *c = ht_alloc(1, sizeof(*c));
    c->fd = fd;
    c->silent = silent;
    ht_buf_init(&c->in, HT_RX_HEAD_MAX + HT_RX_BODY_MAX + 2 * (size_t)READ_CHUNK);
    if (tls->ctx != NULL) {
        c->ssl = SSL_new(tls->ctx);
        if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) {
            ht_rx_connection_free(c);
            return NULL;
        }
        SSL_set_accept_state(c->ssl);
    }
    return c;
}

void ht_rx_connection_free(struct ht_rx_connection *c)
{
    SSL_free(c->ssl);
    close(c->fd);
    ht_buf_fini(&c->in);
    ht_rx_request_fini(&c->request);
    ht_rx_plan_fini(&c->plan);
    free(c);
}

static void begin_answer(struct ht_rx_connection *c, int64_t now_us)
{
    c->state = HT_RX_WRITING;
    c->sent = 0;
    c->status_told = false;
    c->wake_us = c->plan.delay_ms > 0 ? now_us + c->plan.delay_ms * INT64_C(1000) : 0;
}

/* Whether a whole request, or enough to refuse it, is there; then its answer begins. */
static bool take_request(struct ht_rx_connection *c, struct ht_rx_tables *t, int64_t now_us)
{
    if (!c->have_head) {
        int status = ht_rx_parse(c->in.data, c->in.len, &c->request);
        if (status == 0)
            return false;
        if (status != 200) {
            ht_rx_malformed(t, status, &c->exchange, &c->plan);
            begin_answer(c, now_us);
            return true;
        }
        c->have_head = true;
    }
    size_t whole = c->request.head_len + c->request.body_len;
    if (c->in.len < whole)
        return false;
    ht_rx_arrived(t, &c->request, c->in.data, c->in.data + c->request.head_len, &c->exchange, &c->plan);
    c->in.len -= whole;
    memmove(c->in.data, c->in.data + whole, c->in.len);
    ht_rx_request_fini(&c->request);
    c->have_head = false;
    begin_answer(c, now_us);
    return true;
}

static enum io run_reading(struct ht_rx_connection *c, struct ht_rx_tables *t, int64_t now_us)
{
    char bytes[READ_CHUNK];
    while (!take_request(c, t, now_us)) {
        size_t n = 0;
        enum io io = io_read(c, bytes, sizeof(bytes), &n);
        if (io != IO_DONE)
            return io;
        ht_buf_add(&c->in, bytes, n);
    }
    return IO_DONE;
}

static void note_sent(struct ht_rx_connection *c, struct ht_rx_tables *t, size_t n)
{
    const char *rest = NULL;
    c->sent += n;
    if (!c->status_told && c->plan.status != 0 && c->sent >= c->plan.status_at) {
        c->status_told = true;
        ht_rx_status_sent(t, &c->exchange, c->plan.status);
    }
    if (c->plan.end != HT_RX_STALL && ht_rx_plan_chunk(&c->plan, c->sent, &rest) == 0)
        ht_rx_answer_sent(&c->exchange);
}

/* Under the lock, so that whoever has seen the answer finds it in the counts too. */
static enum io send_some(struct ht_rx_connection *c, struct ht_rx_tables *t, const char *bytes, size_t len, size_t *ret)
{
    pthread_mutex_lock(&t->lock);
    enum io io = io_write(c, bytes, len, ret);
    if (io == IO_DONE)
        note_sent(c, t, *ret);
    pthread_mutex_unlock(&t->lock);
    return io;
}

static enum io run_writing(struct ht_rx_connection *c, struct ht_rx_tables *t, int64_t now_us)
{
    if (c->plan.held && ht_rx_held(t, &c->exchange)) {
        c->wake_us = now_us + HOLD_US;
        return IO_DONE;
    }
    c->plan.held = false;
    for (size_t share = 0; share < WRITE_SHARE;) {
        const char *bytes = NULL;
        size_t n = 0, len = ht_rx_plan_chunk(&c->plan, c->sent, &bytes);
        if (len == 0) {
            c->state = HT_RX_ENDING;
            c->wake_us = c->plan.end_delay_ms > 0 ? now_us + c->plan.end_delay_ms * INT64_C(1000) : 0;
            return IO_DONE;
        }
        enum io io = send_some(c, t, bytes, c->plan.drip_ms > 0 ? 1 : len, &n);
        if (io != IO_DONE)
            return io;
        share += n;
        if (c->plan.drip_ms > 0) {
            c->wake_us = now_us + c->plan.drip_ms * INT64_C(1000);
            return IO_DONE;
        }
    }
    return IO_WANTS_OUT;
}

/* False: the connection is over. */
static bool run_ending(struct ht_rx_connection *c)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    enum ht_rx_end end = c->plan.end;
    if (end == HT_RX_RESET)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (end == HT_RX_RESET)
        return false;
    if (end == HT_RX_CLOSE) {
        if (c->ssl != NULL)
            SSL_shutdown(c->ssl);
        shutdown(c->fd, SHUT_WR);
        c->state = HT_RX_DRAINING;
        return true;
    }
    ht_rx_plan_fini(&c->plan);
    c->exchange = (struct ht_rx_exchange){0};
    c->state = HT_RX_READING;
    return true;
}

/* Reads on until the peer has closed too: closing with bytes unread would send RST, and that can overtake the answer.
 */
static enum io run_draining(struct ht_rx_connection *c)
{
    char bytes[READ_CHUNK];
    ssize_t n = 0;
    for (size_t share = 0; share < WRITE_SHARE; share += (size_t)n) {
        n = recv(c->fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR) ? IO_WANTS_IN : IO_OVER;
    }
    return IO_WANTS_IN;
}

enum ht_rx_wants ht_rx_connection_run(struct ht_rx_connection *c, struct ht_rx_tables *t, int64_t now_us)
{
    if (c->silent)
        return HT_RX_WANTS_END;
    for (;;) {
        if (c->wake_us > now_us)
            return HT_RX_WANTS_END;
        c->wake_us = 0;
        enum io io = IO_DONE;
        if (c->state == HT_RX_READING)
            io = run_reading(c, t, now_us);
        else if (c->state == HT_RX_WRITING)
            io = run_writing(c, t, now_us);
        else if (c->state == HT_RX_DRAINING)
            io = run_draining(c);
        else if (c->plan.end == HT_RX_STALL)
            return HT_RX_WANTS_END;
        else if (!run_ending(c))
            io = IO_OVER;
        if (io == IO_WANTS_IN)
            return HT_RX_WANTS_IN;
        if (io == IO_WANTS_OUT)
            return HT_RX_WANTS_OUT;
        if (io == IO_OVER)
            return HT_RX_GONE;
    }
}
