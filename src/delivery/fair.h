/* Who is claimed for and who is sent to next, so that neither a tenant nor an endpoint can take all slots.
 *
 * Two stages, each a fair round over tenants and, within a tenant, over its endpoints: CLAIM (rows wait in the
 * database) and SEND (rows are in hand). Endpoints and rows fall into four classes, and the doubtful ones may only have
 * a part of the slots, so that what is likely to succeed at once always finds one:
 *
 *   FRESH  a first attempt at an endpoint whose last answer came soon   may use all slots
 *   NEW    a first attempt at an endpoint never sent to                 with the two below seven eighths
 *   SLOW   a first attempt at one that answered late or not at all      with RETRY three quarters
 *   RETRY  any later attempt                                            half
 *
 * An endpoint that is new, or that did not answer, has one row in hand at a time until it answers.
 * One tenant may have seven eighths of the slots and one endpoint three quarters. An endpoint's rate is enforced when
 * its rows are claimed, its cap on requests in flight then and when they are sent.
 *
 * Several workers share out the endpoints: each is at home with one of them, which claims at once; the others leave it
 * alone while that one keeps up. At home, a row whose request has ended and whose result is on its way to the database
 * does not count against the cap, unless that is 1, which means strictly in order, or the last request failed: a sick
 * receiver gets no more while it is not known whether its breaker opens. Elsewhere it does, as it does for
 * the others, who see leases only: so that a cap holds over all workers, whatever each believes of where home is.
 *
 * Looking into an endpoint's rows costs the database as much as several of them. So at home one that answers quickly
 * may have rows in hand ahead of its cap, more with each claim that brought all that was asked for, never more than it
 * takes in a twentieth of a second. They wait for their turn; when it fails, answers late or not at all, all but its
 * cap are to be given back (ht_fair_excess).
 *
 * Pure: no network, no database; time is given (monotonic microseconds). Thread: one. */
#ifndef HOOKTOP_SRC_DELIVERY_FAIR_H
#define HOOKTOP_SRC_DELIVERY_FAIR_H

#include <sys/queue.h>
#include "hooktop/base/uuid.h"

#define HT_FAIR_IN_FLIGHT 4 /* requests in flight per endpoint where its settings name none */

enum ht_fair_class { HT_FAIR_FRESH, HT_FAIR_NEW, HT_FAIR_SLOW, HT_FAIR_RETRY, HT_FAIR_CLASSES };
/* How an endpoint's last request went. */
enum ht_fair_verdict { HT_FAIR_UNTRIED, HT_FAIR_QUICK, HT_FAIR_LATE, HT_FAIR_SILENT };
enum ht_fair_stage { HT_FAIR_CLAIM, HT_FAIR_SEND, HT_FAIR_STAGES };

struct ht_fair;
struct ht_fair_tenant;

/* A row in hand; embedded in what the engine knows of it. */
struct ht_fair_item {
    TAILQ_ENTRY(ht_fair_item) link;
    struct ht_fair_endpoint *endpoint;
    enum ht_fair_class class;
};
TAILQ_HEAD(ht_fair_items, ht_fair_item);

struct ht_fair_endpoint {
    struct ht_uuid tenant_id;
    struct ht_uuid id;
    void *user; /* the engine's */
    /* settings */
    int32_t cap; /* requests in flight at most; 0 = not known yet: one row at a time */
    double rate; /* per second; 0 = unlimited */
    /* what the claim goes by */
    bool due;        /* rows are believed to wait */
    bool head_retry; /* the next of them has been tried before */
    bool claiming;
    double tokens;
    int64_t tokens_at;
    enum ht_fair_verdict verdict;
    bool failed;     /* its last request did, whatever the verdict */
    int64_t took_us; /* its last answer */
    int32_t ahead;   /* rows that its claims have earned it beyond its cap */
    int32_t in_hand; /* rows claimed and not yet settled, claims under way included */
    int32_t ended;   /* of these, whose request has ended */
    int32_t sending;
    /* fair.c's own */
    struct ht_fair_tenant *tenant;
    struct ht_fair_items queued;
    TAILQ_ENTRY(ht_fair_endpoint) ring[HT_FAIR_STAGES];
    int in_ring[HT_FAIR_STAGES]; /* the class of the ring it is in, or -1 */
    TAILQ_ENTRY(ht_fair_endpoint) waiting;
    bool is_waiting; /* for its rate */
    TAILQ_ENTRY(ht_fair_endpoint) full;
    bool is_full, was_full; /* rows are queued and its cap is reached: now; at the last look and ever since */
    bool is_stuck;          /* it was so at two looks, and no request has ended since */
    TAILQ_ENTRY(ht_fair_endpoint) over;
    bool is_over; /* it may have too many rows in hand */
    int64_t used_at;
};

struct ht_fair_want {
    struct ht_fair_endpoint *endpoint;
    int32_t room;
    int32_t in_flight; /* what else counts against the cap */
    enum ht_fair_class class;
};

struct ht_fair *ht_fair_new(int32_t slots);
/* `drop`, which may be NULL, is called for each endpoint before it goes. */
void ht_fair_free(struct ht_fair *f, void (*drop)(void *user, struct ht_fair_endpoint *e), void *user);
/* How many workers there are, this one included, and how many stand before it; at first 0: not known, and then it is at
 * home nowhere. */
void ht_fair_workers(struct ht_fair *f, int32_t workers, int32_t place);
bool ht_fair_at_home(const struct ht_fair *f, const struct ht_fair_endpoint *e);
/* Finds or makes it. */
struct ht_fair_endpoint *ht_fair_endpoint(struct ht_fair *f, const struct ht_uuid *tenant, const struct ht_uuid *id);
struct ht_fair_endpoint *ht_fair_find(const struct ht_fair *f, const struct ht_uuid *id); /* NULL: not known */
void ht_fair_settings(struct ht_fair *f, struct ht_fair_endpoint *e, int32_t in_flight_max, double rate);

/* Rows wait for this endpoint. */
void ht_fair_due(struct ht_fair *f, struct ht_fair_endpoint *e, bool first_attempt);
/* None do, whatever was believed. */
void ht_fair_not_due(struct ht_fair *f, struct ht_fair_endpoint *e);
/* Chooses whom to claim for, `room` rows at most in all, `max` endpoints at most. Each is then `claiming` until
 * ht_fair_claimed says what came. `prefetch`: how many rows may be in hand beyond the slots. */
size_t ht_fair_wants(struct ht_fair *f, int64_t now_us, int32_t room, int32_t prefetch, struct ht_fair_want *ret,
                     size_t max);
/* `got` of the rows wanted came (each to be queued or left). Fewer than wanted: no more wait for now. */
void ht_fair_claimed(struct ht_fair *f, const struct ht_fair_want *w, int32_t got, bool last_retry, int64_t now_us);
/* When an endpoint that waits for its rate may be claimed for; INT64_MAX = none waits. */
int64_t ht_fair_rate_due(const struct ht_fair *f);

void ht_fair_queue(struct ht_fair *f, struct ht_fair_item *i, struct ht_fair_endpoint *e, bool retry);
/* Takes the next row to send, or NULL: nothing waits, or no slot that it may have is free. */
struct ht_fair_item *ht_fair_next(struct ht_fair *f);
/* Takes a given row out of the queue: it will not be sent. */
void ht_fair_unqueue(struct ht_fair *f, struct ht_fair_item *i);
/* Its request has ended so, `took_us` after its start. The row stays in hand until ht_fair_left. */
void ht_fair_sent(struct ht_fair *f, struct ht_fair_item *i, enum ht_fair_verdict verdict, int64_t took_us,
                  bool succeeded);
/* A row of this endpoint is no longer in hand. `sent`: ht_fair_sent has told of it. */
void ht_fair_left(struct ht_fair *f, struct ht_fair_endpoint *e, bool sent, int64_t now_us);

/* A queued row that is to be given back, or NULL: there is none. The caller takes it out (ht_fair_unqueue,
 * ht_fair_left) and asks again. */
struct ht_fair_item *ht_fair_excess(struct ht_fair *f);
/* Where nothing has moved since the last look, rows ahead of the cap are given back. */
void ht_fair_look(struct ht_fair *f);
bool ht_fair_held_back(const struct ht_fair *f); /* rows are queued that their endpoint's cap holds back */

int32_t ht_fair_queued(const struct ht_fair *f);
int32_t ht_fair_sending(const struct ht_fair *f);
int32_t ht_fair_in_hand(const struct ht_fair *f);
bool ht_fair_claimable(const struct ht_fair *f); /* somebody could be claimed for, room and slots aside */

/* Forgets endpoints without work that were last used before `before_us`; drop is called for each, before it goes. */
void ht_fair_sweep(struct ht_fair *f, int64_t before_us, void (*drop)(void *user, struct ht_fair_endpoint *e),
                   void *user);

#endif
