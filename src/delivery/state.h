/* The engine's inside: what its parts share. One thread runs all of them.
 *
 *   engine.c    life, the loop, figures            supply.c  discover, claim, heartbeat, sleep
 *   settings.c  endpoints' settings, for claimed   flight.c  one row from claim to result
 *   settle.c    results, renewals and releases to the database
 *   mode.c      whether to deliver at all: standing by, no way out, drain
 *
 * A row in hand is a flight. Its stages, in order; every flight ends through ht_flight_drop:
 *   AWAITING  its endpoint's settings are being loaded
 *   QUEUED    waits for its turn (fair.h)
 *   SENDING   its request is on the way
 *   WITHHELD  its result waits for the verdict whether this machine has a way out (mode.c)
 *   SETTLING  its result is with the lane */
#ifndef HOOKTOP_SRC_DELIVERY_STATE_H
#define HOOKTOP_SRC_DELIVERY_STATE_H

#include <stdatomic.h>
#include <sys/queue.h>
#include "exchange.h"
#include "fair.h"
#include "fault.h"
#include "hooktop/delivery/engine.h"
#include "keys.h"
#include "map.h"
#include "poller.h"
#include "target.h"

#define HT_BATCH_MAX       500 /* rows per claim, settlement, renewal */
#define HT_LEASE_MS        75000
#define HT_NOT_TAKEN_US    20000  /* what a lane did not take is asked again after this */
#define HT_AFTER_ERROR_US  500000 /* and what the server refused not before this */
/* a lease is longer than the time limit by this: to settle, with a reconnect */
#define HT_LEASE_MARGIN    HT_FAULT_LEASE_MARGIN(10000)
#define HT_CONCURRENCY     256
#define HT_CONCURRENCY_MAX 16384

enum ht_flight_stage {
    HT_FLIGHT_AWAITING,
    HT_FLIGHT_QUEUED,
    HT_FLIGHT_SENDING,
    HT_FLIGHT_WITHHELD,
    HT_FLIGHT_SETTLING
};

struct ht_flight {
    struct ht_fair_item item; /* first, so that an item is its flight */
    TAILQ_ENTRY(ht_flight) lease_link;
    TAILQ_ENTRY(ht_flight) stage_link; /* AWAITING, WITHHELD */
    enum ht_flight_stage stage;
    struct ht_claimed row;
    struct ht_fair_endpoint *endpoint;
    struct ht_delivery_target *target; /* from SENDING on */
    struct ht_exchange *x;             /* SENDING */
    size_t kept;                       /* bytes of memory, see ht_engine */
    int64_t lease_until;               /* monotonic; confirmed by the database */
    int64_t started_at;                /* of the request, by the database's clock */
    char generations[32];              /* of the secrets that signed */
    struct ht_settlement result;       /* WITHHELD */
};
TAILQ_HEAD(ht_flights, ht_flight);

/* What the engine knows of an endpoint beside its fair share. */
struct ht_endpoint_state {
    struct ht_fair_endpoint *endpoint;
    struct ht_delivery_target *target; /* NULL: not loaded yet */
    bool asked;                        /* its settings are to be loaded, or are being */
    TAILQ_ENTRY(ht_endpoint_state) load_link;
    struct ht_flights awaiting; /* its settings */
    int64_t probe_at;
    /* of the claim that is being taken in */
    int32_t got;
    int64_t last_due;
    bool last_retry;
    bool locked;
    int64_t again_at; /* to be asked for again then, since somebody had it locked; 0 = is not */
    TAILQ_ENTRY(ht_endpoint_state) again_link;
};
TAILQ_HEAD(ht_endpoint_states, ht_endpoint_state);

struct ht_supply {
    struct ht_fair_want wants[HT_BATCH_MAX];
    struct ht_claim_want claim_wants[HT_BATCH_MAX]; /* here, not on the stack, which is wiped at every call */
    size_t n_wants;                                 /* of the claim under way; 0 = none is */
    int64_t claim_sent_at;
    int64_t claim_not_before;
    bool discovering;
    int64_t discover_sent_at;
    int64_t discover_took_us;
    int64_t discover_at;
    struct ht_uuid discover_from;
    int64_t next_due_at; /* monotonic: the earliest of what is not due yet; INT64_MAX = none seen */
    bool found;          /* something due, in this round over all endpoints */
    bool found_new;      /* where nothing was known to be due */
    bool round_empty;    /* the last whole round found nothing due */
    bool round_old;      /* and nothing new */
    int64_t heartbeat_at;
    int64_t heartbeat_pause_us;
    bool asleep; /* these two as last said to the database */
    bool claiming;
    int64_t busy_since;              /* there has been something to claim or send; 0 = there is nothing */
    int64_t idle_since;              /* the other way round */
    struct ht_endpoint_states again; /* the soonest at the head */
    int64_t look_at;                 /* for rows that their endpoint's cap holds back */
    int64_t sweep_at;
    size_t row_bytes;  /* that a row takes, as of the latest claims */
    double start_rate; /* requests started per second, smoothed */
    int64_t starts;
    int64_t rate_at;
};

/* Endpoints whose settings are to be loaded, and those whose are being. */
struct ht_settings {
    struct ht_endpoint_states wanted;
    struct ht_endpoint_state *asked[HT_BATCH_MAX];
    size_t n_asked;
    struct ht_uuid tenants[HT_BATCH_MAX];
    struct ht_uuid endpoints[HT_BATCH_MAX];
    int64_t not_before;
};

struct ht_settling {
    struct ht_settlement *pending;
    size_t n_pending;
    size_t cap_pending;
    int64_t pending_since;
    bool pending_awaited; /* an endpoint that is delivered strictly in order has one of them */
    size_t outstanding;   /* settlements that the lane has taken and not answered */
    struct ht_lease renewing[HT_BATCH_MAX];
    bool renewing_built[HT_BATCH_MAX];
    size_t n_renewing;
    int64_t renew_sent_at;
    int64_t renew_look_at;
    struct ht_lease released[HT_BATCH_MAX];
    size_t n_released;
};

enum ht_way { HT_WAY_UNKNOWN, HT_WAY_OUT, HT_WAY_NONE };

struct ht_mode {
    bool may_claim;
    bool standing_by;
    bool heard; /* a heartbeat was answered, so it is known whether others deliver */
    bool heard_sent;
    enum ht_way way;
    struct ht_flights withheld;
    int64_t withheld_since;
    uint64_t failed_hosts[3];
    size_t n_failed_hosts;
    int64_t try_again_at; /* after HT_WAY_NONE */
    int64_t backlog_asked_at;
    bool backlog_asked;
};

struct ht_engine {
    struct ht_engine_options o;
    char *dsn;
    char *worker_name;
    struct ht_uuid worker_id;
    int32_t lease_ms;
    int32_t concurrency;
    int32_t timeout_max_ms;
    struct ht_poller *poller;
    struct ht_fair *fair;
    struct ht_keys *keys;
    struct ht_guard guard;
    struct ht_lane *claims;  /* claim, discover, settings, heartbeat */
    struct ht_lane *settles; /* settle, renew, release */
    bool claims_up;
    char link_why[160];
    int64_t clock_offset_us; /* the database's clock minus the monotonic one */
    /* A row that two workers died with, in hand, until it is known that its request could be built; NULL: none. */
    struct ht_flight *suspect;
    int64_t suspect_since;
    /* Bytes of the rows that wait for their turn and of the results that the database has not taken; what is being sent
     * is bounded by the slots. */
    size_t kept;
    struct ht_map flights;       /* by delivery */
    struct ht_flights leases;    /* all flights, the lease that ends first at the head */
    struct ht_exchange **idle;   /* exchanges without a request */
    struct ht_wire_headers wire; /* of the request that is being built; on the stack it would be cleared each time */
    size_t n_idle;
    struct ht_supply supply;
    struct ht_settings settings;
    struct ht_settling settling;
    struct ht_mode mode;
    int64_t sent, succeeded, failed, fenced;
    bool finished; /* drained */
    int64_t stopping_since;
    atomic_int stops; /* how often a stop was asked for */
    atomic_bool nudged;
    struct {
        uint64_t hash;
        int64_t at;
    } said[16]; /* the latest reports */
    atomic_flag figures_lock;
    struct ht_engine_figures figures;
};

static inline struct ht_endpoint_state *ht_state_of(const struct ht_fair_endpoint *e)
{
    return e->user;
}
void ht_engine_report(struct ht_engine *e, int level, const char *fmt, ...) HT_PRINTF(3, 4);
int64_t ht_engine_db_now(const struct ht_engine *e);
void ht_engine_set_clock(struct ht_engine *e, int64_t db_now);

/* supply.c --------------------------------------------------------------------------------------------------------- */
void ht_supply_init(struct ht_engine *e);
void ht_supply_step(struct ht_engine *e, int64_t now);
int64_t ht_supply_due(const struct ht_engine *e, int64_t now);
void ht_supply_look(struct ht_engine *e);     /* discover now, from the beginning */
void ht_supply_back_off(struct ht_engine *e); /* no claims for a while */
void ht_supply_lane_up(struct ht_engine *e);
struct ht_fair_endpoint *ht_supply_endpoint(struct ht_engine *e, const struct ht_uuid *tenant,
                                            const struct ht_uuid *id);
void ht_supply_claimed(void *user, struct ht_claim_batch *batch, const struct ht_err *err);
void ht_supply_discovered(void *user, struct ht_waiting_list *list, const struct ht_err *err);
void ht_supply_woken(void *user, const struct ht_uuid *endpoint);
void ht_supply_drop_endpoint(void *user, struct ht_fair_endpoint *ep);

/* settings.c ------------------------------------------------------------------------------------------------------- */
void ht_settings_init(struct ht_engine *e);
bool ht_settings_idle(const struct ht_engine *e);
int64_t ht_settings_due(const struct ht_engine *e);
/* Rows of the endpoint await its settings; ht_flight_queue is called for each when they are there. */
void ht_settings_need(struct ht_engine *e, struct ht_endpoint_state *st);
void ht_settings_step(struct ht_engine *e, int64_t now);
void ht_settings_loaded(void *user, struct ht_targets *targets, const struct ht_err *err);

/* flight.c --------------------------------------------------------------------------------------------------------- */
/* Takes the row's contents. */
struct ht_flight *ht_flight_new(struct ht_engine *e, struct ht_fair_endpoint *ep, struct ht_claimed *row,
                                int64_t lease_until);
/* A row that is in hand already: its lease had run out, and it came to us again. The flight goes on under the new
 * lease, so that it is not sent twice at once. False: it is none. Takes the row's contents when true. */
bool ht_flight_again(struct ht_engine *e, struct ht_claimed *row, int64_t lease_until);
void ht_flight_queue(struct ht_engine *e, struct ht_flight *f); /* its settings are there */
bool ht_flight_start_some(struct ht_engine *e, int64_t now);
void ht_flight_done(void *user, struct ht_exchange *x);
/* Takes the flight out of wherever it is and forgets it. */
void ht_flight_drop(struct ht_engine *e, struct ht_flight *f);
void ht_flight_free_exchanges(struct ht_engine *e);

/* settle.c --------------------------------------------------------------------------------------------------------- */
void ht_settle_add(struct ht_engine *e, struct ht_flight *f, struct ht_settlement *s); /* takes *s */
void ht_settle_release(struct ht_engine *e, struct ht_flight *f); /* gives the lease back and drops the flight */
void ht_settle_release_lease(struct ht_engine *e, const struct ht_lease *lease);
void ht_settle_step(struct ht_engine *e, int64_t now);
int64_t ht_settle_due(const struct ht_engine *e);
void ht_settle_settled(void *user, const struct ht_uuid *deliveries, const bool *settled, size_t n);
void ht_settle_renewed(void *user, const struct ht_uuid *lost_deliveries, size_t n);
void ht_settle_fini(struct ht_engine *e);

/* mode.c ----------------------------------------------------------------------------------------------------------- */
void ht_mode_init(struct ht_engine *e);
void ht_mode_step(struct ht_engine *e, int64_t now);
int64_t ht_mode_due(const struct ht_engine *e);
/* True: the result is withheld until it is known whether this machine has a way out. Takes *s then. */
bool ht_mode_withhold(struct ht_engine *e, struct ht_flight *f, struct ht_settlement *s);
void ht_mode_figures(const struct ht_engine *e, struct ht_engine_figures *ret);

#endif
