#include "opener.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "hooktop/base/clock.h"
#include "link.h"

#define SHARDS_MAX 32
/* Transfers per multi handle, before another one is cheaper. */
#define PER_SHARD  32
/* Handles that are kept for the next time. */
#define SPARE_MAX  64

struct shard {
    struct ht_opener *opener;
    CURLM *multi;
    int64_t due_us; /* when libcurl wants to be called; INT64_MAX = never */
    uint64_t index;
    bool finished; /* libcurl may have ended transfers to report */
};

/* One socket on its way, or a handle without one. */
struct ht_opening {
    CURL *easy;
    struct ht_opener *opener;
    struct shard *shard;
    struct ht_exchange *x;
    char words[CURL_ERROR_SIZE];
};

/* What epoll knows of a descriptor, and what libcurl wants of it. */
struct watched {
    uint32_t registered;
    uint64_t shard;
    bool ours;  /* opened and closed through us, so that we see when it goes */
    bool taken; /* the caller's now: libcurl's closing it is none */
};

struct ht_opener {
    int epoll_fd;
    uint64_t tag;
    struct ht_guard *guard;
    struct shard shards[SHARDS_MAX];
    size_t n_shards;
    struct watched *fds; /* by descriptor */
    size_t n_fds;
    struct ht_opening *spare[SPARE_MAX];
    size_t n_spare;
    size_t under_way;
};

/* Sockets ---------------------------------------------------------------------------------------------------------- */

static struct watched *watched(struct ht_opener *o, int fd)
{
    if ((size_t)fd >= o->n_fds) {
        size_t n = o->n_fds > 0 ? o->n_fds : 256;
        while (n <= (size_t)fd) {
            n *= 2;
        }
        o->fds = ht_realloc(o->fds, n, sizeof *o->fds);
        memset(o->fds + o->n_fds, 0, (n - o->n_fds) * sizeof *o->fds);
        o->n_fds = n;
    }
    return &o->fds[fd];
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    const struct ht_opening *n = user;
    struct ht_exchange *x = n->x;
    const char *rule = purpose == CURLSOCKTYPE_IPCXN
                           ? ht_guard_check(n->opener->guard, &address->addr, (socklen_t)address->addrlen)
                           : "not an internet address";
    ht_link_write_address(&address->addr, x->address, sizeof x->address);
    if (rule) {
        x->blocked = rule;
        ht_link_write_ip(&address->addr, x->blocked_ip, sizeof x->blocked_ip);
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    x->starved = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    *watched(n->opener, fd) = (struct watched){.ours = true};
    return fd;
}

static int close_socket(void *user, curl_socket_t fd)
{
    struct watched *w = watched(user, fd);
    bool taken = w->taken;
    *w = (struct watched){0}; /* closing takes it out of epoll */
    return taken ? 0 : close(fd);
}

static int on_socket(CURL *easy, curl_socket_t fd, int action, void *user, void *socket_user)
{
    const struct shard *s = user;
    struct ht_opener *o = s->opener;
    struct watched *w = watched(o, fd);
    (void)easy;
    (void)socket_user;
    if (action == CURL_POLL_REMOVE || action == CURL_POLL_NONE) {
        if (w->registered != 0) {
            epoll_ctl(o->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
            w->registered = 0;
        }
        return 0;
    }
    struct epoll_event ev = {.data.u64 = o->tag | s->index << 32 | (uint32_t)fd};
    ev.events =
        ((action & CURL_POLL_IN) ? (uint32_t)EPOLLIN : 0u) | ((action & CURL_POLL_OUT) ? (uint32_t)EPOLLOUT : 0u);
    if (w->registered == ev.events && w->shard == s->index) {
        return 0;
    }
    int op = w->registered != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(o->epoll_fd, op, fd, &ev) != 0) {
        epoll_ctl(o->epoll_fd, op == EPOLL_CTL_MOD ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev);
    }
    w->registered = ev.events;
    w->shard = s->index;
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct shard *s = user;
    (void)multi;
    s->due_us = timeout_ms < 0 ? INT64_MAX : ht_mono_us() + timeout_ms * 1000LL;
    return 0;
}

/* Handles ---------------------------------------------------------------------------------------------------------- */

static CURLcode set_options(struct ht_opening *n)
{
    CURLcode c = CURLE_OK;
#define SET(option, value) c = c == CURLE_OK ? curl_easy_setopt(n->easy, option, value) : c
    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, n);
    /* libcurl keeps these two with the connection, which may outlive the handle's use */
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, n->opener);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a silent name server must not hold up whoever ends the transfer */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NETRC, CURL_NETRC_IGNORED);
    SET(CURLOPT_BUFFERSIZE, 1024L);
    SET(CURLOPT_ERRORBUFFER, n->words);
    SET(CURLOPT_PRIVATE, n);
#undef SET
    return c;
}

static void opening_free(struct ht_opening *n)
{
    curl_easy_cleanup(n->easy);
    free(n);
}

static struct ht_opening *take_opening(struct ht_opener *o)
{
    if (o->n_spare > 0) {
        return o->spare[--o->n_spare];
    }
    struct ht_opening *n = ht_alloc(1, sizeof *n);
    n->opener = o;
    n->easy = curl_easy_init();
    if (!n->easy || set_options(n) != CURLE_OK) {
        opening_free(n);
        return NULL;
    }
    return n;
}

/* Takes it from its multi handle; what libcurl has open of it is closed, unless it was taken. */
static void give_back(struct ht_opener *o, struct ht_opening *n)
{
    curl_multi_remove_handle(n->shard->multi, n->easy);
    n->x->opening = NULL;
    n->x = NULL;
    o->under_way--;
    if (o->n_spare < SPARE_MAX) {
        o->spare[o->n_spare++] = n;
    } else {
        opening_free(n);
    }
}

/* Transfers -------------------------------------------------------------------------------------------------------- */

bool ht_opener_start(struct ht_opener *o, struct ht_exchange *x, uint64_t shard)
{
    char url[HT_EXCHANGE_ORIGIN + 8];
    const char *host = ht_exchange_host(x), *bracket = strrchr(host, ']');
    struct ht_opening *n = take_opening(o);
    if (!n) {
        return false;
    }
    bool port = strchr(bracket ? bracket : host, ':') != NULL;
    snprintf(url, sizeof url, "http://%s%s/", host, port ? "" : x->secure ? ":443" : ":80");
    n->x = x;
    n->shard = &o->shards[shard % o->n_shards];
    n->words[0] = '\0';
    if (curl_easy_setopt(n->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(n->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)x->connect_timeout_ms) != CURLE_OK ||
        curl_multi_add_handle(n->shard->multi, n->easy) != CURLM_OK) {
        opening_free(n);
        return false;
    }
    x->opening = n;
    o->under_way++;
    return true;
}

void ht_opener_cancel(struct ht_opener *o, struct ht_exchange *x)
{
    if (x->opening) {
        give_back(o, x->opening);
    }
}

size_t ht_opener_under_way(const struct ht_opener *o)
{
    return o->under_way;
}

static void act(struct shard *s, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(s->multi, fd, events, &running);
    s->finished = true;
}

void ht_opener_event(struct ht_opener *o, uint64_t tagged, uint32_t events)
{
    int fd = (int)(uint32_t)tagged;
    struct shard *s = &o->shards[(tagged & ~o->tag) >> 32];
    if (watched(o, fd)->registered == 0) {
        return; /* it was let go since epoll saw it */
    }
    act(s, fd,
        ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
            ((events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0));
}

int64_t ht_opener_due_us(const struct ht_opener *o)
{
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < o->n_shards; i++) {
        due = o->shards[i].due_us < due ? o->shards[i].due_us : due;
    }
    return due;
}

void ht_opener_run(struct ht_opener *o, int64_t now)
{
    for (size_t i = 0; i < o->n_shards; i++) {
        struct shard *s = &o->shards[i];
        if (s->due_us <= now) {
            s->due_us = INT64_MAX; /* before the call, which sets it anew */
            act(s, CURL_SOCKET_TIMEOUT, 0);
        }
    }
}

/* Ends ---------------------------------------------------------------------------------------------------------------
 */

static int32_t info_us(CURL *easy, CURLINFO info)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, info, &us);
    return us > INT32_MAX ? INT32_MAX : (int32_t)us;
}

static int take_socket(struct ht_opener *o, CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD ||
        !watched(o, fd)->ours) {
        return -1;
    }
    watched(o, fd)->taken = true;
    return fd;
}

static struct ht_exchange *take_end(struct ht_opener *o, struct ht_opening *n, CURLcode code, int *ret_fd)
{
    struct ht_exchange *x = n->x;
    long os_errno = 0; /* libcurl never forgets one: it may be another address's, or of the handle's last use */
    x->phases.dns_us = info_us(n->easy, CURLINFO_NAMELOOKUP_TIME_T);
    x->phases.connect_us = info_us(n->easy, CURLINFO_CONNECT_TIME_T);
    curl_easy_getinfo(n->easy, CURLINFO_OS_ERRNO, &os_errno);
    x->os_errno = (int)os_errno;
    snprintf(x->words, sizeof x->words, "%s", n->words);
    *ret_fd = code == CURLE_OK ? take_socket(o, n->easy) : -1;
    give_back(o, n);
    return x;
}

struct ht_exchange *ht_opener_ended(struct ht_opener *o, int *ret_fd, CURLcode *ret_code)
{
    for (size_t i = 0; i < o->n_shards; i++) {
        struct shard *s = &o->shards[i];
        while (s->finished) {
            int left;
            const struct CURLMsg *m = curl_multi_info_read(s->multi, &left);
            struct ht_opening *n = NULL;
            if (!m) {
                s->finished = false;
                break;
            }
            *ret_code = m->data.result;
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&n);
            struct ht_exchange *x = take_end(o, n, *ret_code, ret_fd);
            if (*ret_fd < 0 && *ret_code == CURLE_OK) {
                *ret_code = CURLE_RECV_ERROR; /* closed as soon as it was there, and libcurl has put it away */
            }
            return x;
        }
    }
    return NULL;
}

/* Life ------------------------------------------------------------------------------------------------------------- */

static bool make_shards(struct ht_opener *o, int32_t concurrency)
{
    o->n_shards = (size_t)(concurrency + PER_SHARD - 1) / PER_SHARD;
    o->n_shards = o->n_shards > SHARDS_MAX ? SHARDS_MAX : o->n_shards;
    for (size_t i = 0; i < o->n_shards; i++) {
        struct shard *s = &o->shards[i];
        *s = (struct shard){.opener = o, .multi = curl_multi_init(), .due_us = INT64_MAX, .index = i};
        if (!s->multi || curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
            curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s) != CURLM_OK) {
            return false;
        }
    }
    return true;
}

enum ht_rc ht_opener_new(int32_t concurrency, int epoll_fd, uint64_t tag, struct ht_guard *guard,
                         struct ht_opener **ret, struct ht_err *err)
{
    struct ht_opener *o = ht_alloc(1, sizeof *o);
    o->epoll_fd = epoll_fd;
    o->tag = tag;
    o->guard = guard;
    struct ht_opening *first = NULL;
    if (!make_shards(o, concurrency) || (first = take_opening(o)) == NULL) {
        ht_opener_free(o);
        return ht_fail(err, HT_FAILED, "engine", "libcurl must be 7.88 or later", "libcurl gives no handle");
    }
    o->spare[o->n_spare++] = first;
    *ret = o;
    return HT_OK;
}

void ht_opener_free(struct ht_opener *o)
{
    if (!o) {
        return;
    }
    while (o->n_spare > 0) {
        opening_free(o->spare[--o->n_spare]);
    }
    for (size_t i = 0; i < o->n_shards; i++) {
        curl_multi_cleanup(o->shards[i].multi);
    }
    free(o->fds);
    free(o);
}
