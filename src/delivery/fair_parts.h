/* Inside of fair.h: what its three files share.
 *   fair.c        rings and shares, tenants and endpoints
 *   fair_claim.c  rates and the CLAIM stage
 *   fair_send.c   the SEND stage */
#ifndef HOOKTOP_SRC_DELIVERY_FAIR_PARTS_H
#define HOOKTOP_SRC_DELIVERY_FAIR_PARTS_H

#include "fair.h"
#include "map.h"

TAILQ_HEAD(endpoint_ring, ht_fair_endpoint);

struct ht_fair_tenant {
    struct ht_uuid id;
    struct endpoint_ring endpoints[HT_FAIR_STAGES][HT_FAIR_CLASSES];
    TAILQ_ENTRY(ht_fair_tenant) ring[HT_FAIR_STAGES][HT_FAIR_CLASSES]; /* in it while its own is not empty */
    int32_t n_endpoints;
    int32_t sending;
    int32_t piped; /* claims under way, queued and sending */
};
TAILQ_HEAD(tenant_ring, ht_fair_tenant);

struct ht_fair {
    int32_t slots;
    int32_t workers;
    int32_t place;
    struct ht_map endpoints;
    struct ht_map tenants;
    struct tenant_ring rings[HT_FAIR_STAGES][HT_FAIR_CLASSES];
    int32_t listed[HT_FAIR_STAGES]; /* endpoints in the rings of a stage */
    int turn[HT_FAIR_STAGES];       /* the class that is looked at first */
    struct endpoint_ring waiting;   /* for their rate */
    int64_t rate_due;
    struct endpoint_ring full; /* rows are queued that their endpoint's cap holds back */
    struct endpoint_ring over; /* rows in hand are perhaps too many */
    int32_t sending[HT_FAIR_CLASSES];
    int32_t piped[HT_FAIR_CLASSES];
    int32_t queued;
    int32_t in_hand;
};

/* Into the ring of its class, at the end; a no-op when it is there. */
void ht_fair_enlist(struct ht_fair *f, struct ht_fair_endpoint *e, enum ht_fair_stage stage, enum ht_fair_class class);
void ht_fair_delist(struct ht_fair *f, struct ht_fair_endpoint *e, enum ht_fair_stage stage);
/* The tenant has had its turn. */
void ht_fair_rotate(struct ht_fair *f, struct ht_fair_tenant *t, enum ht_fair_stage stage, enum ht_fair_class class);

/* How many more of `slots` a class may have; `used` counts by class. Each class shares what it may have with those
 * that stand behind it. */
int32_t ht_fair_class_room(const int32_t used[HT_FAIR_CLASSES], int32_t slots, enum ht_fair_class class);
int32_t ht_fair_tenant_share(int32_t slots);
int32_t ht_fair_endpoint_share(int32_t slots);
enum ht_fair_class ht_fair_class_of(const struct ht_fair_endpoint *e, bool retry);

/* How many requests to it may be in flight. */
int32_t ht_fair_cap(const struct ht_fair_endpoint *e);
/* It may have rows in hand ahead of its cap. */
bool ht_fair_trusts(const struct ht_fair *f, const struct ht_fair_endpoint *e);
void ht_fair_relist_send(struct ht_fair *f, struct ht_fair_endpoint *e);
/* To be looked at by ht_fair_excess. */
void ht_fair_doubt(struct ht_fair *f, struct ht_fair_endpoint *e);

/* Puts the endpoint where its state says: into a ring of the CLAIM stage, or nowhere. */
void ht_fair_relist_claim(struct ht_fair *f, struct ht_fair_endpoint *e);
void ht_fair_stop_waiting(struct ht_fair *f, struct ht_fair_endpoint *e);

#endif
