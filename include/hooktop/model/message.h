/* What the console's threads say to each other. The UI posts requests to the loader (pages, short writes) or to errands
 * (whatever sends or takes long) and gets each answered by one reply with the same `ticket`; unasked notices (a NOTIFY
 * from the database, the connection's state, a rotation's outcome) come with ticket 0.
 *
 * Ownership: posting passes the message; the taker frees it with ht_request_free / ht_reply_free. A reply's payload
 * belongs to the reply; a screen that keeps a part copies the struct and sets the reply's to zeros.
 * The UI never waits: it draws what it has and marks it stale.
 */
#ifndef HOOKTOP_MODEL_MESSAGE_H
#define HOOKTOP_MODEL_MESSAGE_H

#include "hooktop/base/secret.h"
#include "hooktop/model/draft.h"
#include "hooktop/model/filter.h"
#include "hooktop/model/queue.h"
#include "hooktop/model/records.h"
#include "hooktop/model/replay.h"

enum ht_request_kind {
    /* loader: pages */
    HT_REQ_ENDPOINTS,  /* text = filter; before/limit = page */
    HT_REQ_ENDPOINT,   /* id: the endpoint with subscriptions, secrets, latest deliveries */
    HT_REQ_DELIVERIES, /* text = filter; before = the last delivery so far; after = newer than this id; nil: no bound */
    HT_REQ_DELIVERY,   /* id: with event and attempts; state = set of enum ht_delivery_part */
    HT_REQ_TYPES,      /* text = filter */
    HT_REQ_SIGNING,    /* id (nil: the tenant's key): what signs, before it is rotated */
    HT_REQ_WHOAMI,     /* login, roles, database, version */
    HT_REQ_FAILURES,   /* text = filter; without a time in it, of the last 24 hours; state = enum ht_failure_by */
    HT_REQ_EVENTS,     /* text = filter; before = the last event so far; limit */
    HT_REQ_EVENT,      /* id: with its data, and why each endpoint of its tenant did or did not get it */
    HT_REQ_REPLAYS,    /* the newest; before/limit = page */
    HT_REQ_REPLAY,     /* id: with its tally */
    HT_REQ_FLEET, /* every live secret; text = filter; tenant, before (endpoint) and generation = the last row so far */
    HT_REQ_TENANTS,
    HT_REQ_QUEUE,  /* workers, what waits, who holds it, open transactions, partitions */
    HT_REQ_HEALTH, /* id: an endpoint's figures of the last 24 hours */
    HT_REQ_AUDIT,  /* text = filter; tenant, before_at and before_seq = the last entry so far */
    HT_REQ_FORGET, /* nobody waits any more for the page of this ticket, which is then refused or answered in vain; no
                      reply of its own */
    /* loader: short writes */
    HT_REQ_REDELIVER,      /* id */
    HT_REQ_CANCEL,         /* id: a delivery's pending retries */
    HT_REQ_ENDPOINT_STATE, /* id; state = the wanted enum ht_endpoint_status; choice = what becomes of the held */
    HT_REQ_ROTATE,         /* id (nil: the tenant's key); overlap_ms; reply carries the secret for the one reveal */
    HT_REQ_PROMOTE,        /* id (nil: the tenant's key): the waiting generation signs now */
    HT_REQ_REVOKE,         /* id (nil: the tenant's key), generation: it stops signing now */
    HT_REQ_DRAFT,          /* draft: adds an endpoint, or (its id is set) changes one; answered like ROTATE or done */
    HT_REQ_SUBSCRIBE,      /* id; text = pattern; state = 1 on, 0 off */
    HT_REQ_RESUBSCRIBE,    /* id; subscribed: back to what it was, if it still is what that change left */
    HT_REQ_REVEALED,       /* id = secret's id: it was shown, copied or written */
    HT_REQ_REPLAY_CHANGE,  /* id; state = the wanted enum ht_replay_state; rate_per_s, 0: as it is */
    HT_REQ_SNOOZE, /* id of an endpoint; overlap_ms = how long, state = 1: for ever; reply: what it was before */
    /* a row of failures: replay = tenant, endpoint (nil: any), by_code: error and code; text = the list's filter; the
     * reply's id is the change, which can be taken back */
    HT_REQ_ACKNOWLEDGE, /* state = 1 on, 0 off */
    HT_REQ_MUTE,        /* overlap_ms = how long, 0: no longer */
    HT_REQ_UNMARK,      /* tenant, id = the change: takes it back */
    /* errands */
    HT_REQ_PING,           /* id */
    HT_REQ_CANCEL_PREVIEW, /* ids */
    HT_REQ_CANCEL_MANY,    /* ids: each on its own; text of the reply: how many, and why not the rest */
    HT_REQ_PROBE,          /* id: whether the receiver knows the newest secret */
    HT_REQ_REPLAY_PREVIEW, /* replay; or ids: these; or groups: all of each */
    HT_REQ_REPLAY_START,   /* replay, ids, or groups; rate_per_s. Reply: id, nil when it became several */
    HT_REQ_EVIDENCE,       /* id, state = the attempt's number: into a new file of its own name */
    HT_REQ_EXPORT, /* state = the kind of pages; text = filter, with the times of before_at; path = a new file */
    HT_REQ_KIND_COUNT,
};

/* What an endpoint was subscribed to before a change, and is after it: patterns with blanks between, owned. Both NULL:
 * there was no change. */
struct ht_subscribed {
    char *was, *now;
};
void ht_subscribed_fini(struct ht_subscribed *s);

enum ht_held_choice { HT_HELD_KEEP, HT_HELD_RELEASE, HT_HELD_CANCEL };

struct ht_request {
    enum ht_request_kind kind;
    uint64_t ticket; /* chosen by the UI, echoed */
    struct ht_uuid id;
    struct ht_uuid tenant; /* whose: where id may be nil */
    struct ht_uuid before;
    struct ht_uuid after;
    int32_t limit; /* 0: as many as a screen takes; of a list that comes in one page, -1: all */
    int32_t state;
    int32_t generation;
    enum ht_held_choice choice;
    int64_t overlap_ms;
    int64_t before_at, before_seq;
    double rate_per_s;
    struct ht_uuid *ids; /* several at once; owned */
    size_t n_ids;
    struct ht_replay_what replay;
    struct ht_replay_what *groups; /* several that have no delivery in common; owned */
    size_t n_groups;
    struct ht_subscribed subscribed;
    char *text;             /* filter or other input; owned */
    char *path;             /* owned */
    struct ht_draft *draft; /* owned */
    char *reason;           /* why, typed by the operator; owned; may be NULL */
};
struct ht_request *ht_request_new(enum ht_request_kind kind, uint64_t ticket);
void ht_request_free(void *request);

/* Where the console's connection stands. */
enum ht_link_state { HT_LINK_CONNECTING, HT_LINK_UP, HT_LINK_LOST };

enum ht_reply_kind {
    HT_REP_ERROR, /* err; answers any request that failed */
    HT_REP_ENDPOINTS,
    HT_REP_ENDPOINT,
    HT_REP_DELIVERIES,
    HT_REP_DELIVERY,
    HT_REP_TYPES,
    HT_REP_FAILURES,
    HT_REP_EVENTS,
    HT_REP_EVENT,
    HT_REP_REPLAYS,
    HT_REP_REPLAY,
    HT_REP_REPLAY_PREVIEW,
    HT_REP_CANCEL_PREVIEW,
    HT_REP_SIGNING,
    HT_REP_WHOAMI,
    HT_REP_DONE,    /* a write succeeded; text says what, id = the new or changed object */
    HT_REP_ROTATED, /* a rotation's or creation's result: `rotated`, id = the new secret's */
    HT_REP_PING,
    HT_REP_PROBE,
    HT_REP_FLEET,
    HT_REP_TENANTS,
    HT_REP_QUEUE,
    HT_REP_HEALTH,
    HT_REP_AUDIT,
    HT_REP_LINK,      /* notice: link state, retry_in_ms, text = why */
    HT_REP_CHANGED,   /* notice: new deliveries or settled attempts exist; fetch when it suits */
    HT_REP_ELSEWHERE, /* notice: text = the exceptions of other workers' machines to the address guard; NULL: none */
    HT_REP_FIGURES,   /* notice: the engine's state is another (delivering, standing by, off): read its figures again */
    HT_REP_KIND_COUNT,
};

struct ht_ping_result {
    bool success; /* by the profile's rule */
    bool signed_ping;
    int32_t status;
    enum ht_attempt_error error;
    char *error_detail;
    struct ht_phases phases;
    char *address;
    char *request_headers;
    char *request_body;
    char *response_headers;
    char *response_body;
    size_t response_body_len;
    bool verified_now; /* the endpoint became active by this ping */
};
void ht_ping_result_fini(struct ht_ping_result *p);

/* Whether a receiver knows the newest secret: a test event signed with it alone, and, when that was accepted, another
 * one signed with a key that nobody has. */
struct ht_probe {
    enum ht_probe_verdict verdict;
    struct ht_uuid secret_id;
    int32_t generation;
    bool staged;                  /* it waits to be promoted; else it signs already */
    bool others;                  /* other generations are still live */
    struct ht_ping_result answer; /* to the first request */
    int32_t strange_status;       /* HTTP status of the answer to the second; 0: there was none */
};
void ht_probe_fini(struct ht_probe *p);

/* What signs for an endpoint; or for a tenant, whose name and profile the endpoint without an id then has. */
struct ht_signing {
    struct ht_endpoint endpoint;
    struct ht_secret_metas live; /* newest first */
    int64_t in_flight;           /* deliveries on their way: signed already */
};
void ht_signing_fini(struct ht_signing *k);

/* A probe, and what can be ended or promoted after it. */
struct ht_probed {
    struct ht_probe probe;
    struct ht_signing signing;
};
void ht_probed_fini(struct ht_probed *p);

/* The new secret or key of an endpoint. Exactly one of the first two is set: shared secrets are shown once; a tenant's
 * key pair has a public half that may be shown at any time. */
struct ht_rotated {
    struct ht_secret *secret;
    char *public_key; /* PEM or "whpk_" */
    bool staged;      /* the old one signs alone until changes_at; else both sign until then */
    int64_t changes_at;
};
void ht_rotated_fini(struct ht_rotated *r);

struct ht_whoami {
    char *login;
    char *database; /* what the title shows: service, host or "local" */
    char *server_version;
    int32_t schema_version;
    bool may_operate; /* redeliver, ping, pause: support */
    bool may_admin;   /* endpoints, secrets */
    bool may_deliver; /* worker */
    bool tls;
    bool exposed; /* beyond this machine, without TLS that has verified the server */
};
void ht_whoami_fini(struct ht_whoami *w);

struct ht_endpoint_detail {
    struct ht_endpoint endpoint;
    struct ht_subscriptions subscriptions;
    struct ht_secret_metas secrets; /* instnt: the tenant's signing keys */
    struct ht_deliveries latest;
};
void ht_endpoint_detail_fini(struct ht_endpoint_detail *d);
/* What is only fetched for who looks at it. */
enum ht_delivery_part { HT_DELIVERY_SECRETS = 1, HT_DELIVERY_SUCCESS = 2 };
struct ht_delivery_detail {
    unsigned parts; /* which of them are here */
    struct ht_delivery delivery;
    struct ht_event event;
    struct ht_attempts attempts;
    char *body; /* the exact bytes of every attempt's request, rebuilt by cli through the profile; NULL: not allowed */
    size_t body_len;
    struct ht_signature *signatures; /* of the attempts, as many; NULL: not known */
    struct ht_secret_metas secrets;  /* part: what signs for the endpoint, to name the generations that did */
    struct ht_uuid success_of;       /* part: the delivery of the endpoint's last success; nil: none was found */
    struct ht_attempt success;       /* that attempt */
};
void ht_delivery_detail_fini(struct ht_delivery_detail *d);

struct ht_event_detail {
    struct ht_event event;
    struct ht_whys whys;
};
void ht_event_detail_fini(struct ht_event_detail *d);
struct ht_replay_detail {
    struct ht_replay replay;
    struct ht_tallies tally;
};
void ht_replay_detail_fini(struct ht_replay_detail *d);

struct ht_reply {
    enum ht_reply_kind kind;
    enum ht_request_kind request; /* what it answers */
    uint64_t ticket;
    int64_t db_now;  /* the database's time when it answered */
    int32_t took_ms; /* how long the database took */
    struct ht_uuid id;
    char *text;
    int64_t was_until; /* HT_REQ_SNOOZE: the leave before; 0: none */
    bool was_always;
    struct ht_subscribed subscribed; /* HT_REQ_DRAFT: of an endpoint whose subscriptions it changed */
    struct ht_err err;
    union {
        struct ht_endpoints endpoints;
        struct ht_endpoint_detail endpoint;
        struct ht_deliveries deliveries;
        struct ht_delivery_detail delivery;
        struct ht_event_types types;
        struct {
            struct ht_failure_groups list;
            int64_t window_us; /* how far back it looked from now */
            enum ht_failure_by by;
        } failures;
        struct ht_events events;
        struct ht_event_detail event;
        struct ht_replays replays;
        struct ht_replay_detail replay;
        struct {
            struct ht_replay_what what; /* as it was asked, its end filled in */
            struct ht_replay_preview counts;
            struct ht_uuid *ids; /* ... one by one; owned, NULL: none was */
            size_t n_ids;
            /* ... or group by group, those that have anything; owned, NULL: none was. Of these counts.endpoints is not
             * counted, and each becomes a replay: what the largest would send says how long they take */
            struct ht_replay_what *groups;
            size_t n_groups;
            int64_t largest;
        } preview;
        struct {
            struct ht_cancel_preview counts;
            struct ht_uuid *ids; /* of which; owned */
            size_t n_ids;
        } cancel;
        struct ht_whoami whoami;
        struct ht_ping_result ping;
        struct ht_probed probed;
        struct ht_signing signing;
        struct ht_fleet_keys fleet;
        struct ht_tenants tenants;
        struct ht_queue queue;
        struct ht_endpoint_health health;
        struct ht_audit_entries audit;
        struct ht_rotated rotated;
        struct {
            enum ht_link_state state;
            int64_t retry_in_ms;
        } link;
    };
};
struct ht_reply *ht_reply_new(enum ht_reply_kind kind, enum ht_request_kind request, uint64_t ticket);
void ht_reply_free(void *reply);

/* The engine's figures, copied under a lock once per frame. */
enum ht_engine_state {
    HT_ENGINE_OFF,
    HT_ENGINE_STANDBY,
    HT_ENGINE_DELIVERING,
    HT_ENGINE_NO_DATABASE,
    HT_ENGINE_NO_WAY_OUT
};
struct ht_engine_figures {
    enum ht_engine_state state;
    char why[160]; /* why it is off or standing by */
    int32_t in_flight;
    int32_t slots;
    int64_t sent; /* attempts since start */
    int64_t succeeded;
    int64_t failed;
    int64_t skew_ms; /* this machine's clock minus the database's */
};

#endif
