/* Connections that are open, and those of them that are idle and can carry another request to the same origin. Thread:
 * one. */
#ifndef HOOKTOP_SRC_DELIVERY_POOL_H
#define HOOKTOP_SRC_DELIVERY_POOL_H

#include "link.h"

#define HT_POOL_BUCKETS 1024u

TAILQ_HEAD(ht_link_list, ht_link);

struct ht_pool {
    struct ht_link_list idle; /* the longest first */
    struct ht_link_list by_origin[HT_POOL_BUCKETS];
    struct ht_link_list closed; /* not freed while somebody may still hold an event of theirs */
    size_t open;                /* idle or not */
};

void ht_pool_init(struct ht_pool *p);
void ht_pool_fini(struct ht_pool *p);

/* One more is open (ht_link_new). */
struct ht_link *ht_pool_open(struct ht_pool *p, int fd, const char *origin);
void ht_pool_close(struct ht_pool *p, struct ht_link *l); /* idle or not */
void ht_pool_free_closed(struct ht_pool *p);

/* Its request is over: it waits for the next. */
void ht_pool_put(struct ht_pool *p, struct ht_link *l, int64_t now);
/* The one of this origin that was used last, no longer idle, and sound when last looked at; NULL: none is there. */
struct ht_link *ht_pool_take(struct ht_pool *p, const char *origin, int64_t now);
/* Closes what has been idle for too long; returns when the next will have been (INT64_MAX: none). */
int64_t ht_pool_expire(struct ht_pool *p, int64_t now);
/* Closes the one that has been idle the longest. False: none is. */
bool ht_pool_make_room(struct ht_pool *p);

#endif
