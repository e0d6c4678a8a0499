#include "poller.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include "fault.h"
#include "hooktop/base/clock.h"
#include "link.h"
#include "opener.h"
#include "pool.h"

#define LANES_MAX   2
#define EVENTS      64
/* Descriptors for everything that is no connection to a receiver: lanes, name lookups, the rest of the program. */
#define OTHER_FILES 128
#define READ_SIZE   (64u * 1024u)
/* Time limits are kept to within this. */
#define LOOK_US     10000

enum source { FROM_WAKE, FROM_LANE, FROM_OPENER, FROM_LINK };

#define SOURCE_SHIFT 60

struct watched_lane {
    struct ht_lane *lane;
    int fd;
    uint32_t events;
    bool was_up;
};

TAILQ_HEAD(exchange_list, ht_exchange);

struct ht_poller {
    int epoll_fd;
    int wake_fd;
    struct epoll_event events[EVENTS];
    struct ht_poller_callbacks cb;
    struct ht_guard *guard;
    struct ht_opener *opener;
    struct ht_tls_client tls;
    struct ht_pool pool;
    size_t connections_max;
    struct exchange_list asking; /* that have a connection */
    struct exchange_list ended;  /* to be told */
    int64_t look_at;             /* no exchange with a connection is over its time before */
    char bytes[READ_SIZE];
    struct watched_lane lanes[LANES_MAX];
    size_t n_lanes;
};

static uint64_t tag(enum source s, uint64_t what)
{
    return (uint64_t)s << SOURCE_SHIFT | what;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The phases count from the start, as libcurl's do. */
static int32_t since_start(const struct ht_exchange *x)
{
    int64_t us = ht_mono_us() - x->started_at;
    return us > INT32_MAX ? INT32_MAX : (int32_t)us;
}

/* Ends ------------------------------------------------------------------------------------------------------------- */

/* Takes the exchange from wherever it is; its connection is closed or kept. */
static void put_to_rest(struct ht_poller *p, struct ht_exchange *x, bool keep)
{
    if (x->stage == HT_EXCHANGE_OPENING) {
        ht_opener_cancel(p->opener, x);
    } else if (x->stage == HT_EXCHANGE_ENDED) {
        TAILQ_REMOVE(&p->ended, x, in_stage);
    } else if (x->stage != HT_EXCHANGE_AT_REST) {
        TAILQ_REMOVE(&p->asking, x, in_stage);
    }
    if (x->link) {
        x->link->x = NULL;
        if (keep) {
            ht_pool_put(&p->pool, x->link, ht_mono_us());
        } else {
            ht_pool_close(&p->pool, x->link);
        }
        x->link = NULL;
    }
    x->stage = HT_EXCHANGE_AT_REST;
}

static void end(struct ht_poller *p, struct ht_exchange *x, CURLcode code)
{
    bool whole = code == CURLE_OK && x->sent == x->wire.len;
    x->code = code;
    x->phases.total_us = since_start(x);
    put_to_rest(p, x, whole && x->framing.keep);
    x->stage = HT_EXCHANGE_ENDED;
    TAILQ_INSERT_TAIL(&p->ended, x, in_stage);
}

static void say(struct ht_exchange *x, const char *words)
{
    snprintf(x->words, sizeof x->words, "%s", words);
}

/* The connection broke, or the receiver closed it, before the answer was complete. */
static void end_broken(struct ht_poller *p, struct ht_exchange *x, CURLcode code, const char *words)
{
    x->resend = x->link->kept && !x->framing.begun;
    say(x, words);
    end(p, x, code);
}

void ht_poller_abort(struct ht_poller *p, struct ht_exchange *x)
{
    put_to_rest(p, x, false);
}

static void tell(struct ht_poller *p)
{
    struct ht_exchange *x;
    while ((x = TAILQ_FIRST(&p->ended)) != NULL) {
        put_to_rest(p, x, false);
        p->cb.done(p->cb.user, x);
    }
}

/* Asking ----------------------------------------------------------------------------------------------------------- */

static void watch_link(struct ht_poller *p, struct ht_link *l, bool writes)
{
    ht_link_watch(l, p->epoll_fd, tag(FROM_LINK, (uint64_t)(uintptr_t)l),
                  (uint32_t)EPOLLIN | (writes ? (uint32_t)EPOLLOUT : 0u));
}

static void send_rest(struct ht_poller *p, struct ht_exchange *x)
{
    while (x->sent < x->wire.len) {
        ssize_t n = ht_link_send(x->link, x->wire.data + x->sent, x->wire.len - x->sent);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN) {
                /* what the receiver said before it hung up is read first */
                x->send_errno = errno;
            }
            break;
        }
        x->sent += (size_t)n;
    }
    watch_link(p, x->link, x->sent < x->wire.len && x->send_errno == 0);
}

/* An end in good order where the answer has none. */
static void end_short(struct ht_poller *p, struct ht_exchange *x)
{
    static const char words[] = "the receiver closed the connection";
    if (x->response.complete) {
        end_broken(p, x, CURLE_PARTIAL_FILE, words);
    } else if (x->response.in_block) {
        end_broken(p, x, CURLE_OK, words);
    } else if (x->send_errno != 0) {
        end_broken(p, x, CURLE_SEND_ERROR, strerror(x->send_errno));
    } else {
        end_broken(p, x, x->framing.line.len > 0 ? CURLE_WEIRD_SERVER_REPLY : CURLE_GOT_NOTHING, words);
    }
}

static void take_bytes(struct ht_poller *p, struct ht_exchange *x, size_t len)
{
    if (!x->framing.begun) {
        x->phases.first_byte_us = since_start(x);
    }
    switch (ht_framing_feed(&x->framing, &x->response, p->bytes, len)) {
    case HT_FRAMING_MORE:
        return;
    case HT_FRAMING_END:
        end(p, x, CURLE_OK);
        return;
    case HT_FRAMING_ENOUGH:
        end(p, x, CURLE_WRITE_ERROR);
        return;
    case HT_FRAMING_NOT_HTTP:
        end_broken(p, x, CURLE_WEIRD_SERVER_REPLY, x->framing.why);
        return;
    }
}

/* One read: a record of TLS is never more, and epoll says it again while there is. */
static void read_answer(struct ht_poller *p, struct ht_exchange *x)
{
    ssize_t n = ht_link_recv(x->link, p->bytes, sizeof p->bytes);
    if (n > 0) {
        take_bytes(p, x, (size_t)n);
    } else if (n == 0 && ht_framing_closed(&x->framing)) {
        end(p, x, CURLE_OK);
    } else if (n == 0) {
        end_short(p, x);
    } else if (errno != EAGAIN && errno != EINTR) {
        end_broken(p, x, CURLE_RECV_ERROR, ht_link_words(x->link, errno));
    }
}

/* The exchange has a connection that can carry it. */
static void ask(struct ht_poller *p, struct ht_exchange *x)
{
    const struct ht_link *l = x->link;
    const char *rule = ht_guard_check(p->guard, (const struct sockaddr *)&l->peer, l->peer_len);
    x->connected = x->secured = true;
    if (rule) {
        x->blocked = rule;
        ht_link_write_ip((const struct sockaddr *)&l->peer, x->blocked_ip, sizeof x->blocked_ip);
        end(p, x, CURLE_ABORTED_BY_CALLBACK);
        return;
    }
    memcpy(x->tls, l->tls, sizeof x->tls);
    x->deadline_us = x->started_at + x->timeout_ms * 1000LL;
    x->asked = true;
    HT_FAULT("request_begun");
    send_rest(p, x);
}

/* Connections ------------------------------------------------------------------------------------------------------ */

static void hold(struct ht_poller *p, struct ht_exchange *x, struct ht_link *l)
{
    x->link = l;
    l->x = x;
    memcpy(x->address, l->address, sizeof x->address);
    x->stage = HT_EXCHANGE_ASKING;
    TAILQ_INSERT_TAIL(&p->asking, x, in_stage);
    p->look_at = sooner(p->look_at, x->deadline_us);
}

static void secure(struct ht_poller *p, struct ht_exchange *x)
{
    struct ht_link *l = x->link;
    CURLcode code = ht_tls_shake(l->ssl, x->words, sizeof x->words);
    if (code == CURLE_AGAIN) {
        watch_link(p, l, SSL_want_write(l->ssl));
    } else if (code != CURLE_OK) {
        end(p, x, code);
    } else {
        x->phases.tls_us = since_start(x);
        x->stage = HT_EXCHANGE_ASKING;
        ht_tls_read(l->ssl, l->tls);
        ask(p, x);
    }
}

static void on_socket(struct ht_poller *p, struct ht_exchange *x, int fd)
{
    struct ht_link *l = ht_pool_open(&p->pool, fd, x->origin);
    x->connected = true;
    x->blocked = NULL; /* another of its addresses was, or had no socket */
    x->starved = false;
    if (!l) {
        say(x, strerror(ECONNRESET));
        end(p, x, CURLE_RECV_ERROR);
        return;
    }
    x->deadline_us = x->started_at + x->connect_timeout_ms * 1000LL;
    hold(p, x, l);
    if (!x->secure) {
        ask(p, x);
        return;
    }
    x->stage = HT_EXCHANGE_SECURING;
    l->ssl = ht_tls_new(&p->tls, p->guard->egress->ca_file, fd, ht_exchange_host(x), x->words, sizeof x->words);
    if (l->ssl) {
        secure(p, x);
    } else {
        end(p, x, CURLE_SSL_CACERT_BADFILE);
    }
}

static void take_sockets(struct ht_poller *p)
{
    struct ht_exchange *x;
    CURLcode code;
    int fd;
    while ((x = ht_opener_ended(p->opener, &fd, &code)) != NULL) {
        if (fd >= 0) {
            on_socket(p, x, fd);
            continue;
        }
        if (x->starved) {
            ht_pool_make_room(&p->pool); /* for the next */
        }
        end(p, x, code);
    }
}

bool ht_poller_start(struct ht_poller *p, struct ht_exchange *x, uint64_t shard)
{
    x->started_at = ht_mono_us();
    x->deadline_us = x->started_at + x->timeout_ms * 1000LL;
    struct ht_link *l = ht_pool_take(&p->pool, x->origin, x->started_at);
    if (l) {
        hold(p, x, l);
        ask(p, x);
        return true;
    }
    if (p->pool.open + ht_opener_under_way(p->opener) >= p->connections_max) {
        ht_pool_make_room(&p->pool);
    }
    if (!ht_opener_start(p->opener, x, shard)) {
        return false;
    }
    x->stage = HT_EXCHANGE_OPENING;
    return true;
}

static void on_link(struct ht_poller *p, struct ht_link *l, uint32_t events)
{
    struct ht_exchange *x = l->x;
    if (l->fd < 0) {
        return; /* closed since epoll saw it */
    }
    if (!x) {
        if (!ht_link_sound(l)) {
            ht_pool_close(&p->pool, l);
        }
    } else if (x->stage == HT_EXCHANGE_SECURING) {
        secure(p, x);
    } else {
        if ((events & EPOLLOUT) && x->sent < x->wire.len) {
            send_rest(p, x);
        }
        if (events & ~(uint32_t)EPOLLOUT) {
            read_answer(p, x);
        }
    }
}

/* Time limits: a look at all of them, whenever the first of those there were at the last look may be over. Thousands
 * that hang do not make it a look for each. */
static void expire(struct ht_poller *p, int64_t now)
{
    struct ht_exchange *x, *next;
    if (now < p->look_at) {
        return;
    }
    p->look_at = INT64_MAX;
    for (x = TAILQ_FIRST(&p->asking); x; x = next) {
        next = TAILQ_NEXT(x, in_stage);
        if (x->deadline_us <= now) {
            say(x, x->stage == HT_EXCHANGE_SECURING ? "the TLS handshake took too long"
                   : x->sent < x->wire.len          ? "the receiver took too long to read the request"
                                                    : "the answer took too long");
            end(p, x, CURLE_OPERATION_TIMEDOUT);
        } else {
            p->look_at = sooner(p->look_at, x->deadline_us);
        }
    }
    p->look_at = p->look_at < now + LOOK_US ? now + LOOK_US : p->look_at;
}

void ht_poller_kick(struct ht_poller *p)
{
    ht_opener_run(p->opener, ht_mono_us());
    take_sockets(p);
    tell(p); /* what the guard refused has ended already */
}

/* Lanes ------------------------------------------------------------------------------------------------------------ */

/* While a lane connects, libpq may close a socket and open another of the same number, so its registration is written
 * anew after each step until it is up. A closed socket leaves epoll by itself, and its number may be another thread's.
 */
static void register_lane(struct ht_poller *p, size_t i)
{
    struct watched_lane *l = &p->lanes[i];
    int fd = ht_lane_fd(l->lane);
    short poll_events = ht_lane_events(l->lane);
    bool up = ht_lane_up(l->lane);
    struct epoll_event ev = {.data.u64 = tag(FROM_LANE, i)};
    ev.events = ((poll_events & POLLIN) ? (uint32_t)EPOLLIN : 0u) | ((poll_events & POLLOUT) ? (uint32_t)EPOLLOUT : 0u);
    if (up && l->was_up && fd == l->fd && ev.events == l->events) {
        return;
    }
    if (fd >= 0 && epoll_ctl(p->epoll_fd, EPOLL_CTL_MOD, fd, &ev) != 0) {
        epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
    }
    l->fd = fd;
    l->events = ev.events;
    l->was_up = up;
}

void ht_poller_watch(struct ht_poller *p, struct ht_lane *lane)
{
    p->lanes[p->n_lanes] = (struct watched_lane){.lane = lane, .fd = -1};
    register_lane(p, p->n_lanes++);
}

static void step_lane(struct ht_poller *p, size_t i)
{
    ht_lane_step(p->lanes[i].lane);
    register_lane(p, i);
}

/* Waiting ---------------------------------------------------------------------------------------------------------- */

static int wait_ms(struct ht_poller *p, int64_t until_us)
{
    int64_t now = ht_mono_us();
    until_us = sooner(sooner(until_us, p->look_at), ht_opener_due_us(p->opener));
    until_us = sooner(until_us, ht_pool_expire(&p->pool, now));
    for (size_t i = 0; i < p->n_lanes; i++) {
        until_us = sooner(until_us, ht_lane_due_us(p->lanes[i].lane));
    }
    int64_t left = until_us - now;
    if (left <= 0 || !TAILQ_EMPTY(&p->ended)) {
        return 0;
    }
    return left > 60000000 ? 60000 : (int)((left + 999) / 1000);
}

static void on_event(struct ht_poller *p, const struct epoll_event *ev, bool stepped[LANES_MAX])
{
    uint64_t what = ev->data.u64 & ~(UINT64_MAX << SOURCE_SHIFT), count;
    switch ((enum source)(ev->data.u64 >> SOURCE_SHIFT)) {
    case FROM_WAKE:
        while (read(p->wake_fd, &count, sizeof count) < 0 && errno == EINTR) {}
        return;
    case FROM_LANE:
        stepped[what] = true;
        step_lane(p, what);
        return;
    case FROM_OPENER:
        ht_opener_event(p->opener, ev->data.u64, ev->events);
        return;
    case FROM_LINK:
        on_link(p, (struct ht_link *)(uintptr_t)what, ev->events);
        return;
    }
}

void ht_poller_step(struct ht_poller *p, int64_t until_us)
{
    bool stepped[LANES_MAX] = {false};
    int n = epoll_wait(p->epoll_fd, p->events, EVENTS, wait_ms(p, until_us));
    for (int i = 0; i < n; i++) {
        on_event(p, &p->events[i], stepped);
    }
    int64_t now = ht_mono_us();
    ht_opener_run(p->opener, now);
    take_sockets(p);
    expire(p, now);
    tell(p);
    for (size_t i = 0; i < p->n_lanes; i++) {
        if (!stepped[i] && ht_lane_due_us(p->lanes[i].lane) <= now) {
            step_lane(p, i);
        }
        register_lane(p, i);
    }
    ht_pool_free_closed(&p->pool);
}

/* Life ------------------------------------------------------------------------------------------------------------- */

/* How many connections may be open in all: those in use and as many idle ones again and again, so that many hosts do
 * not push each other out; raises the limit of open files for it as far as allowed. */
static size_t connections(int32_t concurrency)
{
    int64_t wanted = 4LL * concurrency;
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) {
        return (size_t)wanted;
    }
    rlim_t needed = (rlim_t)wanted + OTHER_FILES;
    if (r.rlim_cur < needed) {
        r.rlim_cur = r.rlim_max < needed ? r.rlim_max : needed;
        setrlimit(RLIMIT_NOFILE, &r);
    }
    int64_t left = (int64_t)r.rlim_cur - OTHER_FILES;
    left = left < concurrency ? concurrency : left;
    return (size_t)(left < wanted ? left : wanted);
}

enum ht_rc ht_poller_new(int32_t concurrency, struct ht_guard *guard, const struct ht_poller_callbacks *cb,
                         struct ht_poller **ret, struct ht_err *err)
{
    struct ht_poller *p = ht_alloc(1, sizeof *p);
    p->cb = *cb;
    p->guard = guard;
    p->look_at = INT64_MAX;
    p->connections_max = connections(concurrency);
    TAILQ_INIT(&p->asking);
    TAILQ_INIT(&p->ended);
    ht_pool_init(&p->pool);
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = tag(FROM_WAKE, 0)};
    enum ht_rc rc =
        p->epoll_fd < 0 || p->wake_fd < 0 || epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &ev) != 0
            ? ht_fail(err, HT_FAILED, "engine", "raise the limit of open files", "no descriptor: %s", strerror(errno))
            : ht_opener_new(concurrency, p->epoll_fd, tag(FROM_OPENER, 0), guard, &p->opener, err);
    if (rc == HT_OK) {
        *ret = p;
    } else {
        ht_poller_free(p);
    }
    return rc;
}

void ht_poller_free(struct ht_poller *p)
{
    if (!p) {
        return;
    }
    ht_opener_free(p->opener);
    ht_pool_fini(&p->pool);
    ht_tls_client_fini(&p->tls);
    if (p->epoll_fd >= 0) {
        close(p->epoll_fd);
    }
    if (p->wake_fd >= 0) {
        close(p->wake_fd);
    }
    free(p);
}

void ht_poller_wake(struct ht_poller *p)
{
    int saved = errno;
    uint64_t one = 1;
    while (write(p->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {}
    errno = saved;
}
