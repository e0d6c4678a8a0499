/* The engine's asynchronous way to the database: claims, settlements, renewals and the worker's row.
 *
 * A lane is one connection that never blocks. It connects, reconnects with backoff (jittered, 100 ms to 5 s), checks
 * the server each time (primary, schema version) and works its queue of requests one after another, each a transaction
 * of its own; a settlement is sent behind the one at work (libpq's pipeline mode), so that the server need not wait for
 * the engine between the two. Every request has a deadline, from when the server can begin with it; a server that does
 * not answer is left and the connection made anew. The engine waits on ht_lane_fd() with
 * ht_lane_events(), calls ht_lane_step() when it is ready or ht_lane_due_us() has come, and gets results by callbacks
 * from inside ht_lane_step. A request whose outcome is unknown (the link broke after it was sent) is repeated when it
 * is repeatable (settle, renew, release, heartbeat: all fenced) and reported as lost otherwise (a claim: its leases
 * expire).
 *
 * How claiming works (docs/architecture.md, "Claiming"): ht_lane_discover lists endpoints that have waiting rows;
 * ht_lane_claim takes rows of the endpoints named, each up to its `room`, oldest due first, from its floor on.
 *
 * Thread: one. Ownership: batches given to callbacks belong to the callee (free with their _free); what is submitted is
 * copied or taken as said. PGconn stays inside.
 */
#ifndef HOOKTOP_STORE_LANE_H
#define HOOKTOP_STORE_LANE_H

#include "hooktop/base/uuid.h"
#include "hooktop/model/records.h"
#include "hooktop/store/queries.h"

struct ht_lane;

struct ht_claim_want {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    int32_t room;          /* rows wanted at most */
    int32_t in_flight;     /* the worker's own, which count against in_flight_max as others' leases do */
    int32_t in_flight_max; /* across all workers; 1 = strictly in order of delivery id */
};

/* Names one lease. What one claim took has one lease_id: only with the delivery it names a lease. */
struct ht_lease {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    struct ht_uuid delivery_id;
    struct ht_uuid lease_id;
};

/* As hooktop.claim has them: from the first on a row comes alone; beyond the second it is what kills workers. */
#define HT_CLAIMS_SUSPECT 3
#define HT_CLAIMS_MAX     4

/* One row to deliver. `event` holds what the body is made of. Without a delivery (the nil UUID, and only the endpoint
 * is filled): the endpoint was locked by somebody else, and nothing is known of its rows. */
struct ht_claimed {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    struct ht_uuid delivery_id;
    struct ht_uuid lease_id;
    struct ht_event event;
    int32_t attempt; /* counts from 1; the same again when an earlier claim was never settled */
    int32_t claims; /* taken so often, and all before died with it; above HT_CLAIMS_MAX `event.data` is NULL: quarantine
                       it */
    int32_t body_version;
    int32_t endpoint_version; /* of the settings the database has now */
    int64_t due_at;
};
struct ht_claim_batch {
    size_t n;
    struct ht_claimed *rows;
    int64_t db_now; /* the database's clock when it claimed */
};
void ht_claim_batch_free(struct ht_claim_batch *b);

/* An endpoint as the engine needs it: settings, and its live sealed secrets (or its tenant's). */
struct ht_target {
    struct ht_endpoint endpoint;
    struct ht_sealed_rows secrets; /* active, retiring and next, with their times */
};
struct ht_targets {
    size_t n;
    struct ht_target *rows;
    int64_t db_now;
};
void ht_targets_free(struct ht_targets *t);

/* An endpoint with waiting rows. */
struct ht_waiting {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    int64_t due_at;   /* when the first of its rows can be claimed */
    int64_t floor_at; /* the due time of its first row, claimable or not */
    int32_t in_flight_max;
    int32_t version;
    bool first_attempt; /* whether the head row has not been tried yet */
};
struct ht_waiting_list {
    size_t n;
    struct ht_waiting *rows;
    struct ht_uuid next; /* where the next call goes on; nil: the circle is closed */
    int64_t db_now;
    int64_t next_due_at; /* the earliest due time among those not yet due, 0 = none seen */
};
void ht_waiting_list_free(struct ht_waiting_list *w);

/* What became of one attempt. */
struct ht_settlement {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    struct ht_uuid delivery_id;
    struct ht_uuid lease_id;
    enum ht_delivery_status to; /* SUCCEEDED, READY (retry), EXHAUSTED, HELD, QUARANTINED */
    int64_t retry_in_ms;        /* READY: after now, by the database's clock */
    const char *reason;         /* static text for HELD and QUARANTINED */
    bool disable_endpoint;      /* 410, or the profile's failure rule */
    struct ht_attempt attempt;  /* moved in: the lane frees it */
};

struct ht_lane_callbacks {
    void (*up)(void *user, int64_t db_now); /* connected and checked */
    void (*down)(void *user, const struct ht_err *why, int64_t retry_in_ms);
    void (*woken)(void *user, const struct ht_uuid *endpoint); /* NOTIFY: something became due (NULL: unknown where) */
    void (*claimed)(void *user, struct ht_claim_batch *batch, const struct ht_err *err); /* batch NULL on failure */
    void (*discovered)(void *user, struct ht_waiting_list *list, const struct ht_err *err);
    void (*targets)(void *user, struct ht_targets *targets, const struct ht_err *err);
    /* settled[i] false: fenced, the lease was no longer ours; nothing was changed for it */
    void (*settled)(void *user, const struct ht_uuid *deliveries, const bool *settled, size_t n);
    void (*renewed)(void *user, const struct ht_uuid *lost_deliveries, size_t n); /* those whose leases are not ours */
    /* the server refused a request; settlements are tried again after a while. May be NULL */
    void (*trouble)(void *user, const struct ht_err *why);
    void *user;
};

struct ht_lane_options {
    const char *dsn;
    const char *worker_name; /* host:pid */
    struct ht_uuid worker_id;
    int32_t lease_ms;
    int32_t concurrency;
    bool in_console;
    bool listen;
    int32_t request_timeout_ms; /* 0 = 10000 */
};

struct ht_lane *ht_lane_new(const struct ht_lane_options *o, const struct ht_lane_callbacks *cb);
void ht_lane_free(struct ht_lane *l);            /* drops the connection; unfinished requests are lost */
int ht_lane_fd(const struct ht_lane *l);         /* -1 while waiting to reconnect; may change after any step */
short ht_lane_events(const struct ht_lane *l);   /* POLLIN | POLLOUT */
int64_t ht_lane_due_us(const struct ht_lane *l); /* monotonic; step at the latest then; INT64_MAX = never */
void ht_lane_step(struct ht_lane *l);
void ht_lane_hurry(struct ht_lane *l);      /* the server is there, as another lane saw: connect with the next step */
bool ht_lane_idle(const struct ht_lane *l); /* up, and no request queued or running */
bool ht_lane_up(const struct ht_lane *l);

/* Submitting never blocks. False: the queue is full, or (settlements excepted) the lane is down; nothing was taken. */
HT_MUST_CHECK bool ht_lane_discover(struct ht_lane *l, const struct ht_uuid *from, int32_t limit);
/* `suspect`: a row that two workers died with may come, and then it comes alone; to be said while none is in hand. */
HT_MUST_CHECK bool ht_lane_claim(struct ht_lane *l, const struct ht_claim_want *wants, size_t n, bool suspect);
HT_MUST_CHECK bool ht_lane_targets(struct ht_lane *l, const struct ht_uuid *tenants, const struct ht_uuid *endpoints,
                                   size_t n);
/* Takes the settlements' contents on success. Kept and repeated over reconnects until done or the lane is freed. */
HT_MUST_CHECK bool ht_lane_settle(struct ht_lane *l, struct ht_settlement *s, size_t n);
/* built[i]: its request was made, so it is not what kills workers; how often it was taken counts from 1 again. */
HT_MUST_CHECK bool ht_lane_renew(struct ht_lane *l, const struct ht_lease *leases, const bool *built, size_t n);
/* Gives leases back without counting an attempt. */
HT_MUST_CHECK bool ht_lane_release(struct ht_lane *l, const struct ht_lease *leases, size_t n);
/* Says whether this worker sleeps (producers then wake it by NOTIFY) or works, and whether it claims: those that do
 * share out the endpoints. Also its heartbeat, with what it has settled since it began. */
HT_MUST_CHECK bool ht_lane_heartbeat(struct ht_lane *l, bool asleep, bool claiming, int64_t succeeded, int64_t failed);
/* A fresh heartbeat of a dedicated worker other than this one exists: for [worker] in_console = auto. Known since the
 * last heartbeat. */
bool ht_lane_other_worker(const struct ht_lane *l);
/* How many workers of this one's kind claim (in consoles, or dedicated), itself included, and how many of them stand
 * before it, as of the last heartbeat; 0 = not known yet. */
int32_t ht_lane_workers(const struct ht_lane *l, int32_t *ret_place);
/* Rows past due or leased by anyone, as of the last discover: for --drain. -1 = not yet known. */
int64_t ht_lane_backlog(const struct ht_lane *l);
HT_MUST_CHECK bool ht_lane_count_backlog(struct ht_lane *l);
/* Takes this worker's row away: the last request of a graceful stop. */
HT_MUST_CHECK bool ht_lane_goodbye(struct ht_lane *l);

#endif
