#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fault.h"

#define LINKS_MAX 64
#define BUFFER    65536u
#define TURN_MS   20

/* Bytes on their way in one direction. */
struct flow {
    uint8_t bytes[BUFFER];
    size_t from, to;
    bool ended; /* the source will send no more */
};

struct link {
    bool live;
    int client, server;
    struct flow up, down;
    int cut_at_reply; /* an enum ft_cut, -1: none */
    int64_t stalled_until;
};

struct ft_proxy {
    struct gate {
        struct sockaddr_un at, to;
        int listener; /* -1: closed */
    } gates[FT_NODES];
    int wake;
    pthread_t thread;
    pthread_mutex_t lock; /* over all that follows */
    struct link links[LINKS_MAX];
    bool armed[FT_CUTS];
    int fired[FT_CUTS];
    int64_t refused_until;
    bool ended;
};

/* The names under which the workers prepare these statements: src/store/lane_answer.c. */
static const struct {
    const char *statement;
    bool at_request;
} cuts[FT_CUTS] = {
    [FT_CUT_CLAIM_REPLY] = {"lane_claim", false},     [FT_CUT_SETTLE_REQUEST] = {"lane_settle", true},
    [FT_CUT_SETTLE_REPLY] = {"lane_settle", false},   [FT_CUT_RENEW_REPLY] = {"lane_renew", false},
    [FT_CUT_RELEASE_REPLY] = {"lane_release", false}, [FT_CUT_HEARTBEAT_REPLY] = {"lane_heartbeat", false},
};

static void close_link(struct link *l)
{
    if (l->live) {
        close(l->client);
        close(l->server);
    }
    l->live = false;
}

/* A Bind message with an empty portal's name before the statement's. */
static bool binds(const struct flow *f, const char *statement)
{
    char pattern[32] = "";
    size_t n = strlen(statement);
    memcpy(pattern + 1, statement, n + 1);
    return memmem(f->bytes + f->from, f->to - f->from, pattern, n + 2) != NULL;
}

/* What the client sent last may be what a cut waits for. */
static void look(struct ft_proxy *p, struct link *l)
{
    for (int i = 0; i < FT_CUTS; i++) {
        if (!p->armed[i] || !binds(&l->up, cuts[i].statement))
            continue;
        p->armed[i] = false;
        if (cuts[i].at_request) {
            ssize_t half = send(l->server, l->up.bytes + l->up.from, (l->up.to - l->up.from) / 2, MSG_NOSIGNAL);
            p->fired[i] += half >= 0;
            close_link(l);
            return;
        }
        l->cut_at_reply = i;
    }
}

static void fill(struct flow *f, int fd)
{
    if (f->to == sizeof f->bytes)
        return;
    ssize_t n = recv(fd, f->bytes + f->to, sizeof f->bytes - f->to, MSG_DONTWAIT);
    if (n > 0)
        f->to += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        f->ended = true;
}

static void drain(struct flow *f, int fd)
{
    ssize_t n = send(fd, f->bytes + f->from, f->to - f->from, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        f->from += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        f->ended = true;
    if (f->from == f->to)
        f->from = f->to = 0;
}

static void turn_link(struct ft_proxy *p, struct link *l, short client, short server)
{
    if (client & (POLLIN | POLLHUP | POLLERR)) {
        fill(&l->up, l->client);
        look(p, l);
    }
    if (l->live && (server & (POLLIN | POLLHUP | POLLERR))) {
        fill(&l->down, l->server);
        if (l->cut_at_reply >= 0 && l->down.to > l->down.from) {
            p->fired[l->cut_at_reply]++;
            close_link(l);
        }
    }
    if (l->live && l->up.to > l->up.from)
        drain(&l->up, l->server);
    if (l->live && l->down.to > l->down.from)
        drain(&l->down, l->client);
    /* Whichever side has ended: what it said is passed on first. */
    if (l->live && ((l->up.ended && l->up.from == l->up.to) || (l->down.ended && l->down.from == l->down.to)))
        close_link(l);
}

static struct link *free_link(struct ft_proxy *p)
{
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (!p->links[i].live)
            return &p->links[i];
    return NULL;
}

static void accept_one(struct ft_proxy *p, const struct gate *g)
{
    int client = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC);
    struct link *l = free_link(p);
    if (client < 0)
        return;
    int server = l == NULL || ht_mono_us() < p->refused_until ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (const struct sockaddr *)&g->to, sizeof g->to) != 0) {
        if (server >= 0)
            close(server);
        close(client);
        return;
    }
    memset(l, 0, sizeof *l);
    l->live = true;
    l->client = client;
    l->server = server;
    l->cut_at_reply = -1;
}

static short wanted(const struct flow *in, const struct flow *out)
{
    int events = (!in->ended && in->to < sizeof in->bytes ? POLLIN : 0) | (out->to > out->from ? POLLOUT : 0);
    return (short)events;
}

#define FIRST (FT_NODES + 1) /* of the links' ends */

/* Fills `ends` (the gates, wake, then two per live link) and says whose they are. */
static nfds_t gather(struct ft_proxy *p, struct pollfd *ends, struct link **whose)
{
    nfds_t n = 0;
    int64_t now = ht_mono_us();
    for (int i = 0; i < FT_NODES; i++)
        ends[n++] = (struct pollfd){.fd = p->gates[i].listener, .events = POLLIN};
    ends[n++] = (struct pollfd){.fd = p->wake, .events = POLLIN};
    for (size_t i = 0; i < LINKS_MAX; i++) {
        struct link *l = &p->links[i];
        if (!l->live || l->stalled_until > now)
            continue;
        whose[(n - FIRST) / 2] = l;
        /* one that has hung up would say so at every turn */
        ends[n++] = (struct pollfd){.fd = l->up.ended ? -1 : l->client, .events = wanted(&l->up, &l->down)};
        ends[n++] = (struct pollfd){.fd = l->down.ended ? -1 : l->server, .events = wanted(&l->down, &l->up)};
    }
    return n;
}

static void *run(void *user)
{
    struct ft_proxy *p = user;
    struct pollfd ends[FIRST + 2 * LINKS_MAX];
    struct link *whose[LINKS_MAX];
    pthread_mutex_lock(&p->lock);
    while (!p->ended) {
        nfds_t n = gather(p, ends, whose);
        pthread_mutex_unlock(&p->lock);
        int ready = poll(ends, n, TURN_MS);
        pthread_mutex_lock(&p->lock);
        for (nfds_t i = FIRST; ready > 0 && i < n; i += 2) {
            struct link *l = whose[(i - FIRST) / 2];
            if (l->live && (ends[i].fd < 0 || ends[i].fd == l->client))
                turn_link(p, l, ends[i].revents, ends[i + 1].revents);
        }
        for (int i = 0; ready > 0 && i < FT_NODES; i++)
            if (ends[i].revents != 0 && ends[i].fd == p->gates[i].listener)
                accept_one(p, &p->gates[i]);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void open_gate(struct gate *g)
{
    unlink(g->at.sun_path);
    g->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(g->listener, (const struct sockaddr *)&g->at, sizeof g->at) != 0 || listen(g->listener, 64) != 0)
        ft_die("no socket %s: %s", g->at.sun_path, strerror(errno));
}

struct ft_proxy *ft_proxy_start(const char *const *dirs, const char *const *server_dirs)
{
    struct ft_proxy *p = ht_alloc(1, sizeof *p);
    for (int i = 0; i < FT_NODES; i++) {
        struct gate *g = &p->gates[i];
        g->at.sun_family = g->to.sun_family = AF_UNIX;
        snprintf(g->at.sun_path, sizeof g->at.sun_path, "%s/.s.PGSQL.5432", dirs[i]);
        snprintf(g->to.sun_path, sizeof g->to.sun_path, "%s/.s.PGSQL.5432", server_dirs[i]);
        open_gate(g);
    }
    p->wake = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&p->lock, NULL);
    pthread_create(&p->thread, NULL, run, p);
    return p;
}

void ft_proxy_gate(struct ft_proxy *p, int node, bool open)
{
    pthread_mutex_lock(&p->lock);
    struct gate *g = &p->gates[node];
    if (open && g->listener < 0)
        open_gate(g);
    if (!open && g->listener >= 0) {
        close(g->listener);
        unlink(g->at.sun_path);
        g->listener = -1;
    }
    pthread_mutex_unlock(&p->lock);
}

void ft_proxy_stop(struct ft_proxy *p)
{
    uint64_t one = 1;
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->ended = true;
    pthread_mutex_unlock(&p->lock);
    (void)!write(p->wake, &one, sizeof one);
    pthread_join(p->thread, NULL);
    for (size_t i = 0; i < LINKS_MAX; i++)
        close_link(&p->links[i]);
    for (int i = 0; i < FT_NODES; i++)
        if (p->gates[i].listener >= 0)
            close(p->gates[i].listener);
    close(p->wake);
    free(p);
}

void ft_proxy_arm(struct ft_proxy *p, enum ft_cut cut)
{
    pthread_mutex_lock(&p->lock);
    p->armed[cut] = true;
    pthread_mutex_unlock(&p->lock);
}

void ft_proxy_disarm(struct ft_proxy *p)
{
    pthread_mutex_lock(&p->lock);
    memset(p->armed, 0, sizeof p->armed);
    p->refused_until = 0;
    for (size_t i = 0; i < LINKS_MAX; i++)
        p->links[i].stalled_until = 0;
    pthread_mutex_unlock(&p->lock);
}

int ft_proxy_fired(struct ft_proxy *p, enum ft_cut cut)
{
    pthread_mutex_lock(&p->lock);
    int n = p->fired[cut];
    pthread_mutex_unlock(&p->lock);
    return n;
}

/* The `which`th live link, counted round. */
static struct link *pick(struct ft_proxy *p, uint64_t which)
{
    uint64_t n = 0;
    for (size_t i = 0; i < LINKS_MAX; i++)
        n += p->links[i].live;
    which = n > 0 ? which % n : 0;
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (p->links[i].live && which-- == 0)
            return &p->links[i];
    return NULL;
}

bool ft_proxy_cut(struct ft_proxy *p, uint64_t which)
{
    pthread_mutex_lock(&p->lock);
    struct link *l = pick(p, which);
    if (l != NULL)
        close_link(l);
    pthread_mutex_unlock(&p->lock);
    return l != NULL;
}

bool ft_proxy_stall(struct ft_proxy *p, uint64_t which, int32_t ms)
{
    pthread_mutex_lock(&p->lock);
    struct link *l = pick(p, which);
    if (l != NULL)
        l->stalled_until = ht_mono_us() + ms * INT64_C(1000);
    pthread_mutex_unlock(&p->lock);
    return l != NULL;
}

void ft_proxy_refuse(struct ft_proxy *p, int32_t ms)
{
    pthread_mutex_lock(&p->lock);
    p->refused_until = ht_mono_us() + ms * INT64_C(1000);
    pthread_mutex_unlock(&p->lock);
}
