/* The records that every layer shares: plain data, as read from or written to the store.
 *
 * Strings are owned by the record and freed by its _fini (which accepts a struct of zeros); NULL means "not given" and
 * is never the empty string in disguise. Text may be foreign: show it through base/text.h only. Times are microseconds
 * since 1970 UTC by the database's clock, 0 for "never". No record holds a plaintext secret.
 */
#ifndef HOOKTOP_MODEL_RECORDS_H
#define HOOKTOP_MODEL_RECORDS_H

#include <stdint.h>
#include "hooktop/base/uuid.h"
#include "hooktop/model/words.h"

#define HT_EVENT_DATA_MAX   (256u * 1024u) /* bytes of an event's data */
#define HT_URL_MAX          2048u
#define HT_SCHEDULE_MAX     16u /* delays in a retry schedule */
#define HT_HEADERS_MAX      20u /* custom headers of an endpoint */
#define HT_SECRETS_LIVE_MAX 3u

struct ht_tenant {
    struct ht_uuid id;
    char *name;
    char *profile;
    int64_t created_at;
    int64_t endpoints; /* how many, removed ones not counted */
};
void ht_tenant_fini(struct ht_tenant *t);

struct ht_event_type {
    char *profile;
    char *name;
    enum ht_type_state state;
    char *description;
    char *contract; /* JSON, or NULL: any payload */
    char *sample;   /* JSON that meets the contract, or NULL */
    int64_t subscriptions;
};
void ht_event_type_fini(struct ht_event_type *t);

/* `value` NULL: it is sealed, or not for the reader's eyes. Values may be credentials: ht_header_fini wipes them. */
struct ht_header {
    char *name;
    char *value;
};
void ht_header_fini(struct ht_header *h);

/* How an endpoint's settings override its profile's. */
/* Where counts of what waits stop, so that a list stays as fast beside ten million rows. */
#define HT_FIGURE_MAX 10000

struct ht_endpoint {
    struct ht_uuid tenant_id;
    struct ht_uuid id;
    char *tenant_name;
    char *profile;
    char *url;
    char *description;
    enum ht_endpoint_status status;
    char *status_reason; /* why it is not active */
    int64_t status_at;
    int64_t created_at;
    int32_t version; /* grows with every change of the settings; a worker reloads when it differs */
    /* settings; 0 or NULL = the profile's */
    int32_t timeout_ms;
    int32_t schedule_s[HT_SCHEDULE_MAX];
    uint8_t schedule_len;
    double rate_per_s;     /* 0 = unlimited */
    int32_t in_flight_max; /* default 4; 1 = strictly in order */
    int64_t snoozed_until; /* leave to fail: failures do not disable it until then */
    bool never_disable;    /* nor ever; a 410 still does */
    char *source_filter;   /* "ui", "api" or NULL: both (claimable) */
    char **workflows;      /* NULL-terminated; NULL = all (instnt) */
    /* The endpoint's own headers. As read they have names only; as written all have values, or none has, which leaves
     * the stored ones as they are. */
    struct ht_header headers[HT_HEADERS_MAX];
    uint8_t headers_len;
    uint8_t *headers_sealed; /* all of them, sealed (purpose "header"): read by workers, written with new ones */
    size_t headers_sealed_len;
    /* health, as the store keeps it */
    int64_t last_success_at;
    int64_t last_failure_at;
    int64_t failing_since; /* start of an unbroken run of failures, 0 = none */
    int32_t consecutive_failures;
    int64_t breaker_until; /* its breaker is open: nothing is sent before then, and then one probe first; 0 = closed */
    int64_t disables_at; /* with nothing but failures it will be disabled then, at its next failure; 0 = not failing, or
                          never_disable */
    /* figures of the list (estimates over the last 24 h) */
    int64_t pending; /* waiting: ready and leased; counted up to HT_FIGURE_MAX, as the held */
    int64_t held;
    int64_t failed_24h;
    int64_t succeeded_24h;
    int32_t subscriptions;
};
void ht_endpoint_fini(struct ht_endpoint *e);

struct ht_subscription {
    struct ht_uuid id;
    char *pattern; /* "claim.created", "claim.*", "*" */
    int64_t created_at;
};
void ht_subscription_fini(struct ht_subscription *s);

/* What may be shown of a secret. */
struct ht_secret_meta {
    struct ht_uuid id;
    int32_t generation;
    enum ht_secret_state state; /* judged now, by the database's clock */
    int64_t created_at;
    char *created_by;
    int64_t expires_at;  /* retiring: when it stops signing */
    int64_t promote_at;  /* next: when it starts signing */
    int64_t revealed_at; /* 0: not yet shown to anyone */
    int64_t
        confirmed_at; /* whoever it was shown to said that it arrived; 0 with revealed_at: it may have reached nobody */
    char *public_pem; /* signing keys only */
    /* among the endpoint's (the tenant's) latest attempts that were signed, at most HT_SECRET_ATTEMPTS: */
    int32_t attempts;
    int32_t signed_attempts; /* by this one */
    int64_t last_used_at;    /* the latest of them */
};
void ht_secret_meta_fini(struct ht_secret_meta *s);
#define HT_SECRET_ATTEMPTS 100

/* A live secret among all there are: whose it is, how old, how long until it changes. */
struct ht_fleet_key {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id; /* nil: the tenant's signing key */
    char *tenant_name;
    char *profile;
    char *endpoint_url; /* NULL: the tenant's */
    char *endpoint_description;
    struct ht_secret_meta secret;
    int64_t age_ms;
    int64_t left_ms; /* until it stops signing (retiring, or active before a staged one), or begins (next); 0: nothing
                        is planned */
};
void ht_fleet_key_fini(struct ht_fleet_key *k);

struct ht_event {
    struct ht_uuid tenant_id;
    struct ht_uuid id;
    char *type;
    char *data; /* the producer's bytes */
    size_t data_len;
    char *source;
    char *performed_by;
    char *event_name;
    char *workflow;
    char *key;
    int64_t created_at;
    int32_t deliveries;
};
void ht_event_fini(struct ht_event *e);

struct ht_delivery {
    struct ht_uuid tenant_id;
    struct ht_uuid id;
    struct ht_uuid event_id;
    struct ht_uuid endpoint_id;
    struct ht_uuid redelivery_of; /* nil: an original */
    char *type;
    char *profile;
    char *endpoint_url;
    char *endpoint_description;
    enum ht_delivery_status status;
    char *reason; /* why it is held, quarantined or cancelled */
    int32_t attempts;
    int32_t attempts_max; /* by the schedule in force */
    int32_t last_status;  /* HTTP status, 0 = none */
    enum ht_attempt_error last_error;
    int32_t last_duration_ms;
    int64_t last_attempt_at;
    int64_t due_at; /* 0 when nothing more is to come */
    int64_t created_at;
};
void ht_delivery_fini(struct ht_delivery *d);

/* What cancelling so many deliveries would do, counted exactly, now. */
struct ht_cancel_preview {
    int64_t waiting; /* cancelled */
    int64_t sending; /* cancelled if the attempt that is under way fails */
    int64_t ended;   /* nothing of them waits */
    int64_t gone;    /* no more, or hidden from who asks */
};

/* The times of one request, in microseconds from its start; 0 = the phase did not happen. */
struct ht_phases {
    int32_t dns_us;
    int32_t connect_us;
    int32_t tls_us;
    int32_t first_byte_us;
    int32_t total_us;
};

struct ht_attempt {
    int32_t n;
    int64_t at;
    int32_t status; /* HTTP status, 0 = none */
    enum ht_attempt_error error;
    char *error_detail; /* one sentence for an operator */
    struct ht_phases phases;
    char *address; /* the peer's, "203.0.113.5:443" */
    char *tls;     /* "TLSv1.3 1d4f... 2027-01-01T00:00:00Z": version, SHA-256 of the receiver's certificate, its
                      end; NULL: no TLS, or no handshake that succeeded */
    char *request_headers;  /* "Name: value" lines joined by LF; custom header values are masked */
    char *response_headers; /* as received, at most 8 KiB */
    char *response_body;    /* at most 4 KiB */
    size_t response_body_len;
    int64_t response_bytes; /* how many came, at most 64 KiB are read */
    char *secret_ids;       /* which generations signed: "3,2" */
    char *worker;
};
void ht_attempt_fini(struct ht_attempt *a);
size_t ht_attempt_bytes(const struct ht_attempt *a); /* what it takes of memory, with its texts */

/* What the signature of one attempt is over and how a receiver checks it; never the key. */
struct ht_signature {
    const char *algorithm; /* these five are the profile's, and live as long as the program */
    const char *key;
    const char *recipe;  /* what is signed, in words: "webhook-id . webhook-timestamp . body" */
    const char *form;    /* how the signature is written */
    const char *headers; /* those that carry it, joined by LF */
    char *before;        /* the bytes that stand before the body in what is signed */
    int64_t timestamp_s; /* as sent in a header; 0: it stands in the body, or nowhere */
    int32_t tolerance_s; /* how old a receiver lets it be; 0: there is nothing to check */
    bool whole;          /* the headers and the body that were sent are known; else no digest is */
    char body_sha256[65];
    char signed_sha256[65]; /* of all that is signed */
};
void ht_signature_fini(struct ht_signature *s);

struct ht_worker {
    struct ht_uuid id;
    char *name; /* host:pid */
    char *version;
    int64_t started_at;
    int64_t heartbeat_at;
    int64_t heartbeat_age_ms; /* by the database's clock */
    int32_t leases;
    int32_t concurrency;
    bool in_console;
    double succeeded_per_s, failed_per_s; /* attempts, between its last two heartbeats */
    char *exceptions;                     /* of its machine to the address guard; NULL: none */
};
void ht_worker_fini(struct ht_worker *w);

/* One day of a table that is partitioned by time. */
struct ht_partition {
    char *kind; /* "event", "delivery", "attempt" */
    char *name;
    int64_t from_at;
    int64_t to_at;
    int64_t rows; /* as last estimated */
    int64_t bytes;
    int64_t drops_at;
    int64_t pending; /* what keeps it although its time has come */
};
void ht_partition_fini(struct ht_partition *p);

/* What became of an event at one endpoint. */
struct ht_why {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    char *url;
    char *description; /* NULL: it has none */
    char *outcome;     /* "delivered", "held", "sending", "retrying", "waiting", "failed", "quarantined", "cancelled";
                          without a delivery "not_there", "removed", "not_subscribed", "source_filter", "workflow",
                          "not_kept" */
    char *reason;
    struct ht_uuid delivery_id; /* the newest; nil: none */
    int32_t redelivered;        /* how often */
};
void ht_why_fini(struct ht_why *w);

/* Deliveries that failed alike at one endpoint, those left out that were redelivered. */
#define HT_TREND 12
/* By what failures are grouped: rows of one group differ in nothing else. */
#define HT_FAILURE_BYS(X)                                                                                              \
    X(ALL, "endpoint, error", "", "")                                                                                  \
    X(ENDPOINT, "endpoint", "", "")                                                                                    \
    X(ERROR, "error", "", "")
#define HT_WORD_ENUM_BY(id, ...) HT_FAILURES_BY_##id,
enum ht_failure_by { HT_FAILURE_BYS(HT_WORD_ENUM_BY) HT_FAILURE_BY_COUNT };
extern const struct ht_word ht_failure_by_words[HT_FAILURE_BY_COUNT];

struct ht_failure_group {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    char *endpoint_url;
    char *endpoint_description;
    enum ht_endpoint_status endpoint_status;
    char *profile;
    char *tenant_name;
    int64_t pending, held;       /* at the endpoint, counted up to HT_FIGURE_MAX */
    int32_t trend[HT_TREND];     /* how many were last tried in each twelfth of the time asked for, the latest last */
    enum ht_attempt_error error; /* of the last attempt */
    int32_t code;                /* HTTP status of the last attempt; 0: none */
    enum ht_delivery_status status;
    int64_t count;
    int64_t first_at; /* when the oldest and the newest of them were tried last */
    int64_t last_at;
    int64_t next_at;          /* the next retry; 0: none waits */
    struct ht_uuid sample_id; /* the newest delivery */
    /* what was said about it; where rows are coarser than endpoint and error: what was said about all in them */
    int64_t acknowledged_at; /* somebody looks after it; 0: nobody does, or what there was then is gone */
    char *acknowledged_by;   /* NULL, as the note: several said several things */
    char *note;
    int64_t muted_until; /* nobody wants to see it until then; 0: it is not muted */
    int32_t parts;       /* how many groups by endpoint, error and status it is made of */
    int32_t handled;     /* ... of these acknowledged or muted */
};
void ht_failure_group_fini(struct ht_failure_group *g);

/* What an operator must know without having asked. */
struct ht_alert {
    struct ht_uuid tenant_id; /* nil: it concerns the whole installation */
    struct ht_uuid id;
    char *kind; /* "endpoint.disabled", "endpoint.blocked", "delivery.exhausted", "delivery.quarantined", … */
    char *tenant_name;
    struct ht_uuid endpoint_id; /* nil: none in particular */
    char *endpoint_url;
    struct ht_uuid delivery_id; /* the first that it is about; nil: none */
    char *text;                 /* one sentence */
    char *detail;               /* JSON, or NULL */
    int64_t at;
    int64_t acknowledged_at; /* 0: open */
    char *acknowledged_by;
};
void ht_alert_fini(struct ht_alert *a);

struct ht_audit_entry {
    struct ht_uuid tenant_id; /* nil: what belongs to no tenant */
    char *tenant_name;
    int64_t seq; /* in the tenant's chain, from 1 */
    int64_t at;
    char *who;
    char *from;
    char *action;
    char *object;
    char *reason;
    char *detail; /* JSON: before and after, never a secret */
};
void ht_audit_entry_fini(struct ht_audit_entry *e);

/* The audit entries of one tenant, chained by hashes. */
struct ht_audit_chain {
    struct ht_uuid tenant_id; /* nil: what belongs to no tenant */
    char *tenant_name;
    int64_t entries;
    int64_t head_seq; /* the last entry, to be noted elsewhere and compared later */
    char *head;       /* its hash, hexadecimal */
    int64_t bad_seq;  /* where `problem` begins */
    char *problem;    /* NULL: unbroken */
};
void ht_audit_chain_fini(struct ht_audit_chain *c);

/* A login with what it may do. */
struct ht_user {
    char *login;
    char *roles;   /* "support, audit_reader"; without those that another brings along */
    char *tenants; /* names; NULL: none by name */
    bool sees_all;
    bool there; /* the server knows the login */
    int64_t added_at;
    char *added_by;
};
void ht_user_fini(struct ht_user *u);

/* A bounded page of records. `more` says that another page follows (key: the last row's id). */
#define HT_LIST(name, type)                                                                                            \
    struct name {                                                                                                      \
        struct type *rows;                                                                                             \
        size_t n;                                                                                                      \
        bool more;                                                                                                     \
    };                                                                                                                 \
    void name##_fini(struct name *l);
HT_LIST(ht_tenants, ht_tenant)
HT_LIST(ht_event_types, ht_event_type)
HT_LIST(ht_endpoints, ht_endpoint)
HT_LIST(ht_subscriptions, ht_subscription)
HT_LIST(ht_secret_metas, ht_secret_meta)
HT_LIST(ht_fleet_keys, ht_fleet_key)
HT_LIST(ht_events, ht_event)
HT_LIST(ht_deliveries, ht_delivery)
HT_LIST(ht_attempts, ht_attempt)
HT_LIST(ht_workers, ht_worker)
HT_LIST(ht_partitions, ht_partition)
HT_LIST(ht_whys, ht_why)
HT_LIST(ht_failure_groups, ht_failure_group)
HT_LIST(ht_alerts, ht_alert)
HT_LIST(ht_audit_entries, ht_audit_entry)
HT_LIST(ht_audit_chains, ht_audit_chain)
HT_LIST(ht_users, ht_user)

#endif
