#include "pool.h"
#include <string.h>

/* An idle connection is not used again after this: Node's servers close theirs after 5 s, and a request that meets the
 * closing would count as a failure. */
#define IDLE_US (4 * 1000000LL)

void ht_pool_init(struct ht_pool *p)
{
    TAILQ_INIT(&p->idle);
    TAILQ_INIT(&p->closed);
    for (size_t i = 0; i < HT_POOL_BUCKETS; i++) {
        TAILQ_INIT(&p->by_origin[i]);
    }
    p->open = 0;
}

void ht_pool_fini(struct ht_pool *p)
{
    while (ht_pool_make_room(p)) {}
    ht_pool_free_closed(p);
}

/* FNV-1a. Whoever chooses names that meet in one list lengthens it by no more than their own idle connections. */
static struct ht_link_list *bucket(struct ht_pool *p, const char *origin)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *origin != '\0'; origin++) {
        h = (h ^ (unsigned char)*origin) * 0x100000001b3u;
    }
    return &p->by_origin[(h ^ h >> 32) % HT_POOL_BUCKETS];
}

static void leave(struct ht_pool *p, struct ht_link *l)
{
    TAILQ_REMOVE(&p->idle, l, by_age);
    TAILQ_REMOVE(bucket(p, l->origin), l, by_origin);
    l->idle_since = 0;
}

struct ht_link *ht_pool_open(struct ht_pool *p, int fd, const char *origin)
{
    struct ht_link *l = ht_link_new(fd, origin);
    p->open += l != NULL;
    return l;
}

void ht_pool_close(struct ht_pool *p, struct ht_link *l)
{
    if (l->idle_since != 0) {
        leave(p, l);
    }
    ht_link_close(l);
    p->open--;
    TAILQ_INSERT_TAIL(&p->closed, l, by_age);
}

void ht_pool_free_closed(struct ht_pool *p)
{
    struct ht_link *l;
    while ((l = TAILQ_FIRST(&p->closed)) != NULL) {
        TAILQ_REMOVE(&p->closed, l, by_age);
        ht_link_free(l);
    }
}

void ht_pool_put(struct ht_pool *p, struct ht_link *l, int64_t now)
{
    l->kept = true;
    l->idle_since = now;
    TAILQ_INSERT_TAIL(&p->idle, l, by_age);
    TAILQ_INSERT_HEAD(bucket(p, l->origin), l, by_origin);
}

int64_t ht_pool_expire(struct ht_pool *p, int64_t now)
{
    struct ht_link *l;
    while ((l = TAILQ_FIRST(&p->idle)) != NULL && now - l->idle_since >= IDLE_US) {
        ht_pool_close(p, l);
    }
    return l ? l->idle_since + IDLE_US : INT64_MAX;
}

struct ht_link *ht_pool_take(struct ht_pool *p, const char *origin, int64_t now)
{
    struct ht_link *l, *next;
    ht_pool_expire(p, now);
    for (l = TAILQ_FIRST(bucket(p, origin)); l; l = next) {
        next = TAILQ_NEXT(l, by_origin);
        if (strcmp(l->origin, origin) != 0) {
            continue;
        }
        if (ht_link_sound(l)) {
            leave(p, l);
            return l;
        }
        ht_pool_close(p, l);
    }
    return NULL;
}

bool ht_pool_make_room(struct ht_pool *p)
{
    struct ht_link *l = TAILQ_FIRST(&p->idle);
    if (l) {
        ht_pool_close(p, l);
    }
    return l != NULL;
}
