#include "hooktop/receiver/receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "internal.h"

#define EVENTS   64
/* With no descriptor left, accepting is tried again after so long. */
#define PAUSE_MS 50

struct ht_receiver {
    struct ht_rx_tables tables;
    struct ht_rx_tls tls;
    bool silent;
    int port;
    int listen_fd;
    int epoll_fd;
    int stop_fd; /* an eventfd: readable = stop */
    pthread_t thread;
    bool running;
    /* the thread's own */
    struct ht_rx_connection *connections;
    size_t open;
    bool paused; /* not accepting */
    int64_t resume_us;
};

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static void watch(struct ht_receiver *r, int op, int fd, uint32_t events, void *what)
{
    struct epoll_event ev = {.events = events, .data.ptr = what};
    epoll_ctl(r->epoll_fd, op, fd, &ev);
}

static void accepting(struct ht_receiver *r, bool on, int64_t now_us)
{
    if (r->paused != on)
        return;
    r->paused = !on;
    r->resume_us = on ? 0 : now_us + PAUSE_MS * INT64_C(1000);
    watch(r, EPOLL_CTL_MOD, r->listen_fd, on ? EPOLLIN : 0, &r->listen_fd);
}

static void drop_connection(struct ht_receiver *r, struct ht_rx_connection *c)
{
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        r->connections = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    r->open--;
    /* Closing is not enough: a child that is between fork and exec still has the socket, and epoll would go on. */
    epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    ht_rx_connection_free(c);
}

static void run_connection(struct ht_receiver *r, struct ht_rx_connection *c, int64_t now_us)
{
    static const uint32_t events_of[] = {
        [HT_RX_WANTS_IN] = EPOLLIN, [HT_RX_WANTS_OUT] = EPOLLOUT, [HT_RX_WANTS_END] = EPOLLRDHUP};
    enum ht_rx_wants wants = ht_rx_connection_run(c, &r->tables, now_us);
    if (wants == HT_RX_GONE) {
        drop_connection(r, c);
        return;
    }
    if (c->registered != events_of[wants]) {
        c->registered = events_of[wants];
        watch(r, EPOLL_CTL_MOD, c->fd, c->registered, c);
    }
}

static void take_connection(struct ht_receiver *r, int fd, int64_t now_us)
{
    pthread_mutex_lock(&r->tables.lock);
    r->tables.connections++;
    pthread_cond_broadcast(&r->tables.changed);
    pthread_mutex_unlock(&r->tables.lock);
    struct ht_rx_connection *c = ht_rx_connection_new(fd, &r->tls, r->silent);
    if (c == NULL)
        return;
    c->next = r->connections;
    if (c->next != NULL)
        c->next->prev = c;
    r->connections = c;
    r->open++;
    watch(r, EPOLL_CTL_ADD, fd, c->registered, c);
    run_connection(r, c, now_us);
}

static void accept_all(struct ht_receiver *r, int64_t now_us)
{
    while (r->open < HT_RX_CONNECTIONS_MAX) {
        int fd = accept4(r->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd < 0)
            break;
        take_connection(r, fd, now_us);
    }
    accepting(r, false, now_us);
}

/* Runs the connections whose time has come; returns how long until the next one's, in ms (-1: none has any). */
static int run_timers(struct ht_receiver *r, int64_t now_us)
{
    int64_t next_us = r->paused ? r->resume_us : INT64_MAX;
    for (struct ht_rx_connection *c = r->connections, *after; c != NULL; c = after) {
        after = c->next;
        if (c->wake_us != 0 && c->wake_us <= now_us)
            run_connection(r, c, now_us);
        else if (c->wake_us != 0 && c->wake_us < next_us)
            next_us = c->wake_us;
    }
    for (struct ht_rx_connection *c = r->connections; c != NULL; c = c->next)
        if (c->wake_us != 0 && c->wake_us < next_us)
            next_us = c->wake_us;
    if (next_us == INT64_MAX)
        return -1;
    return next_us <= now_us ? 0 : (int)((next_us - now_us) / 1000) + 1;
}

static void handle(struct ht_receiver *r, const struct epoll_event *ev, int64_t now_us)
{
    if (ev->data.ptr == &r->listen_fd) {
        accept_all(r, now_us);
        return;
    }
    struct ht_rx_connection *c = ev->data.ptr;
    bool over = (ev->events & (EPOLLERR | EPOLLHUP)) != 0;
    if (c->registered == EPOLLRDHUP && (over || (ev->events & EPOLLRDHUP) != 0))
        drop_connection(r, c);
    else
        run_connection(r, c, now_us);
}

static void *loop(void *user)
{
    struct ht_receiver *r = user;
    struct epoll_event events[EVENTS];
    for (int timeout_ms = -1;;) {
        int n = epoll_wait(r->epoll_fd, events, EVENTS, timeout_ms);
        int64_t now_us = ht_mono_us();
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &r->stop_fd)
                return NULL;
            handle(r, &events[i], now_us);
        }
        if (r->paused && now_us >= r->resume_us && r->open < HT_RX_CONNECTIONS_MAX)
            accepting(r, true, now_us);
        timeout_ms = run_timers(r, now_us);
    }
}

/* ---- start and stop --------------------------------------------------------------------------------------------- */

static enum ht_rc open_listener(struct ht_receiver *r, struct ht_err *err)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sin);
    r->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (r->listen_fd < 0 || bind(r->listen_fd, (struct sockaddr *)&sin, len) != 0 || listen(r->listen_fd, 1024) != 0 ||
        getsockname(r->listen_fd, (struct sockaddr *)&sin, &len) != 0)
        return ht_fail(err, HT_FAILED, "start a receiver", NULL, "no listening socket on 127.0.0.1: %s",
                       strerror(errno));
    r->port = ntohs(sin.sin_port);
    return HT_OK;
}

static enum ht_rc start_thread(struct ht_receiver *r, struct ht_err *err)
{
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    r->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->epoll_fd < 0 || r->stop_fd < 0)
        return ht_fail(err, HT_FAILED, "start a receiver", NULL, "%s", strerror(errno));
    watch(r, EPOLL_CTL_ADD, r->listen_fd, EPOLLIN, &r->listen_fd);
    watch(r, EPOLL_CTL_ADD, r->stop_fd, EPOLLIN, &r->stop_fd);
    /* Signals are for the thread that started us. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&r->thread, NULL, loop, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return ht_fail(err, HT_FAILED, "start a receiver", NULL, "no thread: %s", strerror(rc));
    r->running = true;
    return HT_OK;
}

enum ht_rc ht_receiver_start(const struct ht_receiver_options *o, struct ht_receiver **ret, struct ht_err *err)
{
    static const struct ht_receiver_options plain = {0};
    struct ht_receiver *r = ht_alloc(1, sizeof(*r));
    r->listen_fd = r->epoll_fd = r->stop_fd = -1;
    ht_rx_tables_init(&r->tables, o == NULL ? &plain : o);
    r->silent = r->tables.options.tls == HT_RECEIVER_TLS_SILENT;
    enum ht_rc rc = ht_rx_tls_init(&r->tls, r->tables.options.tls, err);
    if (rc == HT_OK)
        rc = open_listener(r, err);
    if (rc == HT_OK)
        rc = start_thread(r, err);
    if (rc != HT_OK) {
        ht_receiver_stop(r);
        return rc;
    }
    *ret = r;
    return HT_OK;
}

void ht_receiver_stop(struct ht_receiver *r)
{
    if (r == NULL)
        return;
    if (r->running) {
        eventfd_write(r->stop_fd, 1);
        pthread_join(r->thread, NULL);
    }
    while (r->connections != NULL)
        drop_connection(r, r->connections);
    const int fds[] = {r->listen_fd, r->epoll_fd, r->stop_fd};
    for (size_t i = 0; i < HT_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    ht_rx_tls_fini(&r->tls);
    ht_rx_tables_fini(&r->tables);
    free(r);
}

int ht_receiver_port(const struct ht_receiver *r)
{
    return r->port;
}

const char *ht_receiver_ca_pem(const struct ht_receiver *r)
{
    return r->tls.ca_pem;
}

/* ---- routes and counts ------------------------------------------------------------------------------------------ */

static struct ht_rx_route *find(struct ht_rx_tables *t, const char *path)
{
    for (struct ht_rx_route *route = t->routes; route != NULL; route = route->next)
        if (strcmp(route->path, path) == 0)
            return route;
    return NULL;
}

void ht_receiver_route(struct ht_receiver *r, const struct ht_route *route)
{
    struct ht_rx_tables *t = &r->tables;
    pthread_mutex_lock(&t->lock);
    struct ht_rx_route *to = find(t, route->path);
    if (to == NULL) {
        to = ht_rx_route_new(route->path);
        to->next = t->routes;
        t->routes = to;
    }
    ht_rx_route_set(to, route);
    pthread_mutex_unlock(&t->lock);
}

static void add_counts(struct ht_route_counts *sum, const struct ht_route_counts *c)
{
    sum->requests += c->requests;
    sum->verified += c->verified;
    sum->refused += c->refused;
    sum->deliveries += c->deliveries;
    sum->duplicates += c->duplicates;
    sum->pings += c->pings;
    if (c->last_why[0] != '\0')
        memcpy(sum->last_why, c->last_why, sizeof(sum->last_why));
}

/* Under the lock. */
static void counts(struct ht_rx_tables *t, const char *path, struct ht_route_counts *ret)
{
    *ret = (struct ht_route_counts){0};
    if (path == NULL)
        add_counts(ret, &t->elsewhere->counts);
    for (struct ht_rx_route *route = t->routes; route != NULL; route = route->next)
        if (path == NULL || strcmp(route->path, path) == 0)
            add_counts(ret, &route->counts);
}

void ht_receiver_counts(struct ht_receiver *r, const char *path, struct ht_route_counts *ret)
{
    pthread_mutex_lock(&r->tables.lock);
    counts(&r->tables, path, ret);
    pthread_mutex_unlock(&r->tables.lock);
}

void ht_receiver_each(struct ht_receiver *r, void (*fn)(void *user, const struct ht_recorded *rec), void *user)
{
    pthread_mutex_lock(&r->tables.lock);
    for (size_t i = 0; i < r->tables.records_len; i++)
        fn(user, r->tables.records[i]);
    pthread_mutex_unlock(&r->tables.lock);
}

static int64_t deliveries_of(const struct ht_route_counts *c)
{
    return c->deliveries;
}

static int64_t requests_of(const struct ht_route_counts *c)
{
    return c->requests;
}

static bool wait_for(struct ht_receiver *r, const char *path, int64_t (*what)(const struct ht_route_counts *),
                     int64_t n, int32_t timeout_ms)
{
    struct ht_rx_tables *t = &r->tables;
    int64_t until_us = ht_mono_us() + timeout_ms * INT64_C(1000);
    const struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    struct ht_route_counts now;
    int rc = 0;
    pthread_mutex_lock(&t->lock);
    for (counts(t, path, &now); what(&now) < n && rc == 0; counts(t, path, &now))
        rc = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    pthread_mutex_unlock(&t->lock);
    return what(&now) >= n;
}

bool ht_receiver_wait(struct ht_receiver *r, const char *path, int64_t n, int32_t timeout_ms)
{
    return wait_for(r, path, deliveries_of, n, timeout_ms);
}

bool ht_receiver_wait_requests(struct ht_receiver *r, const char *path, int64_t n, int32_t timeout_ms)
{
    return wait_for(r, path, requests_of, n, timeout_ms);
}

int64_t ht_receiver_connections(struct ht_receiver *r)
{
    pthread_mutex_lock(&r->tables.lock);
    int64_t n = r->tables.connections;
    pthread_mutex_unlock(&r->tables.lock);
    return n;
}
