/* What the files of the demo share. */
#ifndef HOOKTOP_SRC_CLI_DEMO_PARTS_H
#define HOOKTOP_SRC_CLI_DEMO_PARTS_H

#include <pthread.h>

#include "hooktop/cli/cluster.h"
#include "hooktop/delivery/egress.h"
#include "hooktop/ops/ops.h"
#include "hooktop/receiver/receiver.h"
#include "hooktop/vault/vault.h"

#define HT_DEMO_TENANTS   5u
#define HT_DEMO_ENDPOINTS 4u /* of a tenant, at most */

/* demo_place.c: a directory of its own with a cluster and a key ring, all gone at the end. */
struct ht_demo_place {
    char *dir; /* NULL: not made */
    int lock;  /* held while the demo lives, so that another one can tell what was left behind */
    struct ht_cluster *cluster;
    struct ht_ring *ring;
    struct ht_egress egress;
};
HT_MUST_CHECK enum ht_rc ht_demo_place_init(struct ht_demo_place *p, struct ht_err *err);
/* Stops the server and removes the directory; right for a half-made one too. */
void ht_demo_place_fini(struct ht_demo_place *p);

/* demo_data.c: who the demo is about, and what happens to them. */
struct ht_demo_endpoint_plan {
    const char *path; /* of the URL */
    const char *description;
    const char *patterns[3];
    const char *source_filter;
    const char *workflow;
    bool unverified; /* left as it is made, so that its deliveries are held */
    bool rotated;    /* gets a second secret half-way */
    bool outage;     /* its receiver lost its route, until the story's end; it is soon given up */
};
struct ht_demo_tenant_plan {
    const char *name;
    const char *profile;
    const char *sources[2];   /* of events, in turn; NULL: none */
    const char *people[3];    /* who did it */
    const char *workflows[2]; /* in turn */
    struct ht_demo_endpoint_plan endpoints[HT_DEMO_ENDPOINTS];
};
extern const struct ht_demo_tenant_plan ht_demo_tenants[HT_DEMO_TENANTS];
/* The n-th event of a tenant: its type (static) and data made from the catalogue's sample. */
const char *ht_demo_event(const struct ht_demo_tenant_plan *t, size_t n, struct ht_buf *ret_data);
/* The sample with other numbers, amounts and ids; the same n gives the same text. */
void ht_demo_vary(const char *sample, size_t n, struct ht_buf *out);

/* demo_world.c: tenants, endpoints and their receivers. */
struct ht_demo_endpoint {
    const struct ht_demo_endpoint_plan *plan;
    struct ht_endpoint row;
    struct ht_secret *secrets[2]; /* newest first; the second only after a rotation */
    int64_t expected;             /* events that were meant for it */
    int64_t expected_rotated;     /* of these, before the rotation */
    int64_t expected_learned;     /* and before its receiver learned of it */
    int64_t redelivered;          /* on top of these, after its receiver's outage */
};
struct ht_demo_tenant {
    const struct ht_demo_tenant_plan *plan;
    const struct ht_profile *profile;
    struct ht_tenant row;
    struct ht_receiver *receiver;
    char *public_key; /* of the tenant, where the profile has one */
    struct ht_demo_endpoint endpoints[HT_DEMO_ENDPOINTS];
    size_t n;
    size_t events; /* emitted */
};
struct ht_demo_world {
    struct ht_demo_tenant tenants[HT_DEMO_TENANTS];
};
/* Starts the receivers and adds them to the place's allow-list; `record` keeps every request for the final check. */
HT_MUST_CHECK enum ht_rc ht_demo_world_receivers(struct ht_demo_world *w, struct ht_demo_place *p, bool record,
                                                 struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_demo_world_create(struct ht_demo_world *w, const struct ht_ops *ops, struct ht_err *err);
void ht_demo_world_fini(struct ht_demo_world *w); /* stops the receivers */
/* Gives endpoints a second secret; their receivers go on with the old one alone. */
HT_MUST_CHECK enum ht_rc ht_demo_rotate(struct ht_demo_world *w, const struct ht_ops *ops, struct ht_err *err);
/* Now the receivers have been given the new secrets too. */
void ht_demo_receivers_learn(struct ht_demo_world *w);
/* The outage is over. What it exhausted stays so until somebody redelivers it. */
void ht_demo_receivers_mend(struct ht_demo_world *w);
/* Redelivers, one by one, what the outage exhausted. */
HT_MUST_CHECK enum ht_rc ht_demo_redeliver(struct ht_demo_world *w, struct ht_conn *c, struct ht_err *err);

/* demo_feed.c: events. */
#define HT_DEMO_EVENTS 60u /* of each tenant, before the trickle */
/* One more event of the tenant. */
HT_MUST_CHECK enum ht_rc ht_demo_emit(struct ht_demo_tenant *t, struct ht_conn *c, struct ht_err *err);
/* The story: every tenant's events, and between them a rotation. `pause` is called after each event and once more, with
 * `settled`, where what was emitted should have been delivered before it goes on; it returns HT_CANCELLED to end it. */
struct ht_demo_teller {
    enum ht_rc (*pause)(void *user, bool settled, struct ht_err *err);
    void *user;
};
HT_MUST_CHECK enum ht_rc ht_demo_story(struct ht_demo_world *w, const struct ht_ops *ops,
                                       const struct ht_demo_teller *teller, struct ht_err *err);
/* A thread that tells the story at a pace that can be watched and then goes on with an event now and then. */
struct ht_demo_feed {
    struct ht_demo_world *world;
    const struct ht_demo_place *place;
    pthread_t thread;
    bool running;
    int stop_fd; /* an eventfd: readable = stop */
    enum ht_rc rc;
    struct ht_err err;
};
HT_MUST_CHECK enum ht_rc ht_demo_feed_start(struct ht_demo_feed *f, struct ht_demo_world *w,
                                            const struct ht_demo_place *place, struct ht_err *err);
/* Joins; the error is what ended it before. */
HT_MUST_CHECK enum ht_rc ht_demo_feed_stop(struct ht_demo_feed *f, struct ht_err *err);

/* demo_check.c: the store's word against the receivers'. */
struct ht_demo_tally {
    int64_t events;
    int64_t deliveries;
    int64_t attempts;
    int64_t verified; /* requests that a receiver verified */
    int64_t refused;
    int64_t exhausted; /* by the outage */
    int64_t held;
    int64_t lost;    /* deliveries that are not there, did not succeed, or whose records do not agree */
    char first[512]; /* the first thing that was wrong */
};
HT_MUST_CHECK enum ht_rc ht_demo_check(struct ht_demo_tenant *t, struct ht_conn *c, struct ht_demo_tally *ret,
                                       struct ht_err *err);

#endif
