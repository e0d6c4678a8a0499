#include "poller.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include "hooktop/base/clock.h"

#define LANES_MAX   2
#define SHARDS_MAX  32
#define EVENTS      256
/* Descriptors for everything that is no connection to a receiver: lanes, name lookups, the rest of the program. */
#define OTHER_FILES 128
/* Transfers per multi handle, before another one is cheaper. */
#define PER_SHARD   32

enum source { FROM_WAKE, FROM_LANE, FROM_CURL };

struct shard {
    struct ht_poller *poller;
    CURLM *multi;
    int64_t due_us; /* when libcurl wants to be called; INT64_MAX = never */
    uint64_t index;
    bool finished; /* libcurl may have ended transfers to report */
};

/* What epoll knows of a descriptor, and what libcurl wants of it. */
struct watched {
    uint32_t registered;
    uint32_t wanted;
    uint64_t shard;
    bool ours; /* opened and closed through us, so that we see when it goes */
};

struct watched_lane {
    struct ht_lane *lane;
    int fd;
    uint32_t events;
    bool was_up;
};

struct ht_poller {
    int epoll_fd;
    int wake_fd;
    struct epoll_event events[EVENTS];
    struct ht_poller_callbacks cb;
    struct ht_exchange_sockets sockets;
    struct shard shards[SHARDS_MAX];
    size_t n_shards;
    struct watched *fds; /* by descriptor */
    size_t n_fds;
    struct watched_lane lanes[LANES_MAX];
    size_t n_lanes;
};

static uint64_t tag(enum source s, uint64_t shard, uint32_t fd)
{
    return (uint64_t)s << 60 | shard << 32 | fd;
}

/* Descriptors ------------------------------------------------------------------------------------------------------ */

static struct watched *watched(struct ht_poller *p, int fd)
{
    if ((size_t)fd >= p->n_fds) {
        size_t n = p->n_fds > 0 ? p->n_fds : 256;
        while (n <= (size_t)fd) {
            n *= 2;
        }
        p->fds = ht_realloc(p->fds, n, sizeof *p->fds);
        memset(p->fds + p->n_fds, 0, (n - p->n_fds) * sizeof *p->fds);
        p->n_fds = n;
    }
    return &p->fds[fd];
}

static void on_opened(void *user, curl_socket_t fd)
{
    struct watched *w = watched(user, fd);
    *w = (struct watched){.ours = true};
}

static void on_closed(void *user, curl_socket_t fd)
{
    *watched(user, fd) = (struct watched){0}; /* closing takes it out of epoll */
}

static void set_events(struct ht_poller *p, int fd, struct watched *w, uint64_t shard)
{
    struct epoll_event ev = {.events = w->wanted, .data.u64 = tag(FROM_CURL, shard, (uint32_t)fd)};
    if (w->registered == w->wanted && w->shard == shard) {
        return;
    }
    int op = w->registered != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(p->epoll_fd, op, fd, &ev) != 0) {
        epoll_ctl(p->epoll_fd, op == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev);
    }
    w->registered = w->wanted;
    w->shard = shard;
}

static void unregister(struct ht_poller *p, int fd, struct watched *w)
{
    epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    w->registered = 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int action, void *user, void *socket_user)
{
    struct shard *s = user;
    struct watched *w = watched(s->poller, fd);
    (void)easy;
    (void)socket_user;
    if (action == CURL_POLL_REMOVE || action == CURL_POLL_NONE) {
        w->wanted = 0;
        if (!w->ours && w->registered != 0) {
            unregister(s->poller, fd, w);
        }
        return 0;
    }
    w->wanted =
        ((action & CURL_POLL_IN) ? (uint32_t)EPOLLIN : 0u) | ((action & CURL_POLL_OUT) ? (uint32_t)EPOLLOUT : 0u);
    set_events(s->poller, fd, w, s->index);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct shard *s = user;
    (void)multi;
    s->due_us = timeout_ms < 0 ? INT64_MAX : ht_mono_us() + timeout_ms * 1000LL;
    return 0;
}

/* Transfers -------------------------------------------------------------------------------------------------------- */

static void collect(struct ht_poller *p, struct shard *s)
{
    struct CURLMsg *m;
    int left;
    s->finished = false;
    while ((m = curl_multi_info_read(s->multi, &left)) != NULL) {
        struct ht_exchange *x = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        curl_multi_remove_handle(s->multi, m->easy_handle);
        x->multi = NULL;
        p->cb.done(p->cb.user, x, code);
    }
}

static void act(struct shard *s, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(s->multi, fd, events, &running);
    s->finished = true;
}

static void run_timers(struct ht_poller *p)
{
    int64_t now = ht_mono_us();
    for (size_t i = 0; i < p->n_shards; i++) {
        struct shard *s = &p->shards[i];
        if (s->due_us <= now) {
            s->due_us = INT64_MAX; /* before the call, which sets it anew */
            act(s, CURL_SOCKET_TIMEOUT, 0);
        }
    }
}

static void collect_all(struct ht_poller *p)
{
    for (size_t i = 0; i < p->n_shards; i++) {
        if (p->shards[i].finished) {
            collect(p, &p->shards[i]);
        }
    }
}

void ht_poller_kick(struct ht_poller *p)
{
    run_timers(p);
    collect_all(p); /* what the guard refused has ended already */
}

bool ht_poller_start(struct ht_poller *p, struct ht_exchange *x, uint64_t shard)
{
    struct shard *s = &p->shards[shard % p->n_shards];
    if (curl_multi_add_handle(s->multi, x->easy) != CURLM_OK) {
        return false;
    }
    x->multi = s->multi;
    return true;
}

void ht_poller_abort(struct ht_poller *p, struct ht_exchange *x)
{
    (void)p;
    if (x->multi) {
        curl_multi_remove_handle(x->multi, x->easy);
        x->multi = NULL;
    }
}

const struct ht_exchange_sockets *ht_poller_sockets(const struct ht_poller *p)
{
    return &p->sockets;
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
    struct epoll_event ev = {.data.u64 = tag(FROM_LANE, i, (uint32_t)fd)};
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

static int wait_ms(const struct ht_poller *p, int64_t until_us)
{
    for (size_t i = 0; i < p->n_shards; i++) {
        until_us = p->shards[i].due_us < until_us ? p->shards[i].due_us : until_us;
    }
    for (size_t i = 0; i < p->n_lanes; i++) {
        int64_t due = ht_lane_due_us(p->lanes[i].lane);
        until_us = due < until_us ? due : until_us;
    }
    int64_t left = until_us - ht_mono_us();
    if (left <= 0) {
        return 0;
    }
    return left > 60000000 ? 60000 : (int)((left + 999) / 1000);
}

static void on_event(struct ht_poller *p, const struct epoll_event *ev, bool stepped[LANES_MAX])
{
    enum source from = (enum source)(ev->data.u64 >> 60);
    uint64_t shard = ev->data.u64 >> 32 & 0xfffffff;
    int fd = (int)(uint32_t)ev->data.u64;
    uint64_t count;
    if (from == FROM_WAKE) {
        while (read(p->wake_fd, &count, sizeof count) < 0 && errno == EINTR) {}
    } else if (from == FROM_LANE) {
        stepped[shard] = true;
        step_lane(p, shard);
    } else {
        struct watched *w = watched(p, fd);
        if (w->wanted == 0) {
            if (w->registered != 0) { /* else it was closed meanwhile, and its number may be another thread's */
                unregister(p, fd, w);
            }
            return;
        }
        int events = ((ev->events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((ev->events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
                     ((ev->events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
        act(&p->shards[shard], fd, events);
    }
}

void ht_poller_step(struct ht_poller *p, int64_t until_us)
{
    struct epoll_event *events = p->events;
    bool stepped[LANES_MAX] = {false};
    int n = epoll_wait(p->epoll_fd, events, EVENTS, wait_ms(p, until_us));
    for (int i = 0; i < n; i++) {
        on_event(p, &events[i], stepped);
    }
    run_timers(p);
    collect_all(p);
    int64_t now = ht_mono_us();
    for (size_t i = 0; i < p->n_lanes; i++) {
        if (!stepped[i] && ht_lane_due_us(p->lanes[i].lane) <= now) {
            step_lane(p, i);
        }
        register_lane(p, i);
    }
}

/* Life ------------------------------------------------------------------------------------------------------------- */

/* How many connections may be open in all: those in use and as many idle ones again and again, so that many hosts do
 * not push each other out; raises the limit of open files for it as far as allowed. */
static int64_t connections(int32_t concurrency)
{
    int64_t wanted = 4LL * concurrency;
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) {
        return wanted;
    }
    rlim_t needed = (rlim_t)wanted + OTHER_FILES;
    if (r.rlim_cur < needed) {
        r.rlim_cur = r.rlim_max < needed ? r.rlim_max : needed;
        setrlimit(RLIMIT_NOFILE, &r);
    }
    int64_t left = (int64_t)r.rlim_cur - OTHER_FILES;
    return left < wanted ? left : wanted;
}

static bool make_shards(struct ht_poller *p, int32_t concurrency)
{
    p->n_shards = (size_t)(concurrency + PER_SHARD - 1) / PER_SHARD;
    p->n_shards = p->n_shards > SHARDS_MAX ? SHARDS_MAX : p->n_shards;
    long keep = (long)connections(concurrency) / (long)p->n_shards;
    keep = keep > 4 ? keep : 4;
    for (size_t i = 0; i < p->n_shards; i++) {
        struct shard *s = &p->shards[i];
        *s = (struct shard){.poller = p, .multi = curl_multi_init(), .due_us = INT64_MAX, .index = i};
        if (!s->multi || curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, keep) != CURLM_OK) {
            return false;
        }
    }
    return true;
}

enum ht_rc ht_poller_new(int32_t concurrency, const struct ht_poller_callbacks *cb, struct ht_poller **ret,
                         struct ht_err *err)
{
    struct ht_poller *p = ht_alloc(1, sizeof *p);
    p->cb = *cb;
    p->sockets = (struct ht_exchange_sockets){.opened = on_opened, .closed = on_closed, .user = p};
    p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = tag(FROM_WAKE, 0, 0)};
    if (p->epoll_fd < 0 || p->wake_fd < 0 || epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &ev) != 0) {
        ht_fail(err, HT_FAILED, "engine", "raise the limit of open files", "no descriptor: %s", strerror(errno));
        goto fail;
    }
    if (!make_shards(p, concurrency)) {
        ht_fail(err, HT_FAILED, "engine", NULL, "libcurl gives no multi handle");
        goto fail;
    }
    *ret = p;
    return HT_OK;
fail:
    ht_poller_free(p);
    return HT_FAILED;
}

void ht_poller_free(struct ht_poller *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->n_shards; i++) {
        curl_multi_cleanup(p->shards[i].multi);
    }
    if (p->epoll_fd >= 0) {
        close(p->epoll_fd);
    }
    if (p->wake_fd >= 0) {
        close(p->wake_fd);
    }
    free(p->fds);
    free(p);
}

void ht_poller_wake(struct ht_poller *p)
{
    int saved = errno;
    uint64_t one = 1;
    while (write(p->wake_fd, &one, sizeof one) < 0 && errno == EINTR) {}
    errno = saved;
}
