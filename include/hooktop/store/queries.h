/* What people and commands ask the store, by noun. One call is one statement (or one function of the schema),
 * parameters bound. Every call blocks for at most the connection's timeout. Results are owned by the caller and freed
 * with their _fini. `reason` may be NULL; writes leave their audit entry in the same transaction. Errors: HT_NOT_FOUND
 * with the name asked for, HT_DENIED with the role that may, HT_USAGE for what a check in the schema refused, HT_NO_DB.
 */
#ifndef HOOKTOP_STORE_QUERIES_H
#define HOOKTOP_STORE_QUERIES_H

#include "hooktop/model/filter.h"
#include "hooktop/store/conn.h"

/* tenants and types ------------------------------------------------------------------------------------------------ */
HT_MUST_CHECK enum ht_rc ht_store_tenants(struct ht_conn *c, struct ht_tenants *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_tenant_add(struct ht_conn *c, const char *name, const char *profile,
                                             struct ht_uuid *ret, struct ht_err *err);
/* By id or by name; NULL: the only tenant there is (HT_USAGE when there are several: "give --tenant"). Does not
 * count endpoints, so that who may only emit can ask. */
HT_MUST_CHECK enum ht_rc ht_store_tenant_find(struct ht_conn *c, const char *id_or_name, struct ht_tenant *ret,
                                              struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_types(struct ht_conn *c, const struct ht_filter *f, struct ht_event_types *ret,
                                        struct ht_err *err);

/* A type of the tenant's own in its catalogue, or that type changed. `description`, `contract` and `sample` may be
 * NULL; the last two are JSON. */
HT_MUST_CHECK enum ht_rc ht_store_type_add(struct ht_conn *c, const struct ht_uuid *tenant, const char *name,
                                           const char *description, const char *contract, const char *sample,
                                           struct ht_err *err);

/* people ----------------------------------------------------------------------------------------------------------- */
/* Logins are the database's; hooktop gives them its roles and notes whose tenants they see. Making, granting and
 * dropping logins takes CREATEROLE besides the role admin (HT_DENIED says so). */
HT_MUST_CHECK enum ht_rc ht_store_users(struct ht_conn *c, struct ht_users *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_user_find(struct ht_conn *c, const char *login, struct ht_user *ret,
                                            struct ht_err *err);
struct ht_user_input {
    const char *login;
    const char *const *roles; /* "viewer"; what the login has already stays */
    size_t roles_len;
    const struct ht_uuid *tenant; /* NULL: all tenants */
    const char *password;         /* NULL: none is set; borrowed, leaves the process only as a SCRAM-SHA-256 verifier */
    const char *reason;
};
/* Makes the login when there is none, or nothing at all. *ret_made: whether it was made. HT_USAGE: a password for a
 * login that was there already. */
HT_MUST_CHECK enum ht_rc ht_store_user_add(struct ht_conn *c, const struct ht_user_input *in, bool *ret_made,
                                           struct ht_err *err);
/* Takes one membership away (`tenant`), or (NULL) all of them and hooktop's roles, and with `drop` the login too. */
HT_MUST_CHECK enum ht_rc ht_store_user_remove(struct ht_conn *c, const char *login, const struct ht_uuid *tenant,
                                              bool drop, const char *reason, struct ht_err *err);

/* endpoints -------------------------------------------------------------------------------------------------------- */
/* Newest first, without the removed unless the filter names a status. Figures are made to stay fast beside millions of
 * rows: pending and held stop at 10000, those of 24 hours look at the endpoint's latest 500 deliveries. Headers are
 * left out. */
HT_MUST_CHECK enum ht_rc ht_store_endpoints(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                            const struct ht_uuid *before, int32_t limit, struct ht_endpoints *ret,
                                            struct ht_err *err);
/* `id` as text, here and for events and deliveries: a UUID or its unambiguous beginning of at least 4 characters, with
 * or without hyphens and "evt_" before it. HT_USAGE for what is none, or fits several. Custom headers come only for
 * logins that may read them (admins); others get none. */
HT_MUST_CHECK enum ht_rc ht_store_endpoint_find(struct ht_conn *c, const char *id, struct ht_endpoint *ret,
                                                struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_subscriptions(struct ht_conn *c, const struct ht_endpoint *e,
                                                struct ht_subscriptions *ret, struct ht_err *err);
struct ht_sealed { /* a sealed secret on its way into the store; the blob begins with 4 bytes of magic and its key's id
                    */
    struct ht_uuid id;
    int32_t generation;
    const uint8_t *blob;
    size_t len;
    const char *public_pem; /* signing keys and ed25519 */
};
/* Creates the endpoint, its subscriptions and its first secret (already revealed to the caller) or nothing.
 * e->id and e->tenant_id are chosen by the caller, because the seal is bound to them. `first` NULL: key per tenant. */
HT_MUST_CHECK enum ht_rc ht_store_endpoint_add(struct ht_conn *c, const struct ht_endpoint *e,
                                               const char *const *patterns, size_t n_patterns,
                                               const struct ht_sealed *first, const char *reason, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_endpoint_state(struct ht_conn *c, const struct ht_endpoint *e,
                                                 enum ht_endpoint_status to, enum ht_held_choice held,
                                                 double rate_per_s, const char *reason, int64_t *ret_moved,
                                                 struct ht_err *err);
/* Settings that may change later: url, description, headers, limits, schedule, filters (all taken from *e). */
HT_MUST_CHECK enum ht_rc ht_store_endpoint_edit(struct ht_conn *c, const struct ht_endpoint *e, const char *reason,
                                                struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_subscribe(struct ht_conn *c, const struct ht_endpoint *e, const char *pattern,
                                            bool on, struct ht_err *err);
/* What the endpoint is subscribed to becomes what it `was`, in one audit entry. HT_FAILED, with who it was: somebody
 * changed it since, so that it is no longer what it is `now`. */
struct ht_patterns {
    const char *const *list;
    size_t n;
};
HT_MUST_CHECK enum ht_rc ht_store_subscriptions_restore(struct ht_conn *c, const struct ht_endpoint *e,
                                                        const struct ht_patterns *was, const struct ht_patterns *now,
                                                        const char *reason, struct ht_err *err);

/* Leave to fail: for `for_ms` (90 days at most; 0 ends it), or `always`, no failures disable the endpoint. A 410 still
 * does. Failures go on being counted: when the leave has ended the next one may disable it. For support. */
HT_MUST_CHECK enum ht_rc ht_store_endpoint_snooze(struct ht_conn *c, const struct ht_endpoint *e, int64_t for_ms,
                                                  bool always, const char *reason, struct ht_err *err);

/* What the machines of live workers, but the one of this name, allow beyond the address guard, in one line: "name what;
 * ..."; *ret is NULL where none does. */
HT_MUST_CHECK enum ht_rc ht_store_worker_exceptions(struct ht_conn *c, const char *but, char **ret, struct ht_err *err);

/* secrets ---------------------------------------------------------------------------------------------------------- */
/* An endpoint's, or (endpoint nil) a tenant's signing keys. Newest first. */
HT_MUST_CHECK enum ht_rc ht_store_secrets(struct ht_conn *c, const struct ht_uuid *tenant,
                                          const struct ht_uuid *endpoint, struct ht_secret_metas *ret,
                                          struct ht_err *err);
/* How many deliveries are on their way that it (endpoint nil: the tenant's signing key) signed. */
HT_MUST_CHECK enum ht_rc ht_store_in_flight(struct ht_conn *c, const struct ht_uuid *tenant,
                                            const struct ht_uuid *endpoint, int64_t *ret, struct ht_err *err);
/* Every live secret and key, by endpoint (the newest first), then the tenants' keys; or as the filter's sort: says.
 * `last` is the last row of the page before; NULL: from the beginning. */
HT_MUST_CHECK enum ht_rc ht_store_fleet(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                        const struct ht_fleet_key *last, int32_t limit, struct ht_fleet_keys *ret,
                                        struct ht_err *err);
/* Adds a generation. overlap: the old one keeps signing for overlap_ms (multi-signature profiles); staged: the new one
 * is `next` until promote_in_ms. The store decides the generation number beforehand: */
HT_MUST_CHECK enum ht_rc ht_store_secret_next(struct ht_conn *c, const struct ht_uuid *tenant,
                                              const struct ht_uuid *endpoint, int32_t *ret_generation,
                                              struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_secret_add(struct ht_conn *c, const struct ht_uuid *tenant,
                                             const struct ht_uuid *endpoint, const struct ht_sealed *s, bool staged,
                                             int64_t overlap_or_promote_ms, const char *reason, struct ht_err *err);
/* The one reveal, by compare-and-set: HT_OK for exactly one caller ever; HT_DENIED for everyone after. */
HT_MUST_CHECK enum ht_rc ht_store_secret_reveal(struct ht_conn *c, const struct ht_uuid *secret, struct ht_err *err);
/* Whoever revealed it says that it arrived. HT_FAILED: this login has nothing to confirm there. */
HT_MUST_CHECK enum ht_rc ht_store_secret_confirm(struct ht_conn *c, const struct ht_uuid *secret, struct ht_err *err);
/* The waiting generation signs now, alone; *ret is its id. HT_FAILED: none waits. */
HT_MUST_CHECK enum ht_rc ht_store_secret_promote(struct ht_conn *c, const struct ht_uuid *tenant,
                                                 const struct ht_uuid *endpoint, const char *reason,
                                                 struct ht_uuid *ret, struct ht_err *err);
/* Ends one generation now. HT_FAILED: it is the one that signs, or has ended. */
HT_MUST_CHECK enum ht_rc ht_store_secret_revoke(struct ht_conn *c, const struct ht_uuid *tenant,
                                                const struct ht_uuid *secret, const char *reason, struct ht_err *err);
/* Sealed bytes for a signed ping or probe: live generations of an endpoint, active first. HT_DENIED without the worker
 * role. */
struct ht_sealed_row {
    struct ht_uuid id;
    int32_t generation;
    enum ht_secret_state state;
    int64_t expires_at;
    int64_t promote_at;
    uint8_t *blob;
    size_t len;
    struct ht_uuid endpoint_id; /* nil: the tenant's */
};
HT_LIST(ht_sealed_rows, ht_sealed_row)
HT_MUST_CHECK enum ht_rc ht_store_sealed(struct ht_conn *c, const struct ht_endpoint *e, struct ht_sealed_rows *ret,
                                         struct ht_err *err);

/* The endpoint's own headers as they are sealed; *ret is owned by the caller (free()), NULL: it has none. HT_DENIED
 * without the worker role. */
HT_MUST_CHECK enum ht_rc ht_store_sealed_headers(struct ht_conn *c, const struct ht_endpoint *e, uint8_t **ret,
                                                 size_t *ret_len, struct ht_err *err);

/* events ----------------------------------------------------------------------------------------------------------- */
struct ht_emit_input {
    const char *tenant; /* UUID as text */
    const char *type;
    const char *data;
    size_t data_len;
    const char *source, *performed_by, *event_name, *workflow, *key; /* each may be NULL */
};
HT_MUST_CHECK enum ht_rc ht_store_emit(struct ht_conn *c, const struct ht_emit_input *in, struct ht_uuid *ret_event,
                                       int32_t *ret_deliveries, struct ht_err *err);
/* Newest first, or as the filter's sort: says. `last` is the last of the page before, NULL: from the beginning. Lists
 * leave out the payload. */
HT_MUST_CHECK enum ht_rc ht_store_events(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                         const struct ht_uuid *last, int32_t limit, struct ht_events *ret,
                                         struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_event_find(struct ht_conn *c, const char *id, struct ht_event *ret,
                                             struct ht_err *err);

/* Every endpoint of the event's tenant, or `endpoint` alone (NULL: all), with what became of the event there. */
HT_MUST_CHECK enum ht_rc ht_store_why(struct ht_conn *c, const struct ht_event *v, const struct ht_uuid *endpoint,
                                      struct ht_whys *ret, struct ht_err *err);
/* Makes the deliveries of a past event that are missing: to `endpoint`, or (NULL) to all that are subscribed to it now.
 * HT_FAILED when that is nobody. */
HT_MUST_CHECK enum ht_rc ht_store_event_deliver(struct ht_conn *c, const struct ht_event *v,
                                                const struct ht_uuid *endpoint, const char *reason,
                                                int32_t *ret_deliveries, struct ht_err *err);
/* Removes the payload and the stored answers of one event. HT_FAILED while deliveries of it wait. */
HT_MUST_CHECK enum ht_rc ht_store_event_purge(struct ht_conn *c, const struct ht_event *v, const char *reason,
                                              int64_t *ret_bodies, struct ht_err *err);

/* deliveries ------------------------------------------------------------------------------------------------------- */
/* Newest first, or as the filter's sort: says. `before` and `after` (either may be NULL) bound the page by id: keyset
 * pagination, any depth, both ways.
 * attempts_max is only known here when the endpoint has a schedule of its own; 0 means the profile's. */
HT_MUST_CHECK enum ht_rc ht_store_deliveries(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                             const struct ht_uuid *before, const struct ht_uuid *after, int32_t limit,
                                             struct ht_deliveries *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_delivery_find(struct ht_conn *c, const char *id, struct ht_delivery *ret,
                                                struct ht_err *err);
/* Failed deliveries (exhausted, quarantined, or tried in vain and waiting) by endpoint, error, HTTP status and status;
 * the largest group first. Counts exactly, so it reads every delivery that the filter's times let it: bound them.
 * Muted groups come last. The trend goes back so far from now. `limit` 0: all groups. */
HT_MUST_CHECK enum ht_rc ht_store_failure_groups(struct ht_conn *c, const struct ht_uuid *tenant,
                                                 const struct ht_filter *f, int64_t trend_us, enum ht_failure_by by,
                                                 int32_t limit, struct ht_failure_groups *ret, struct ht_err *err);
/* Something is said about a row of any grouping: of `what` counts the tenant, the endpoint (nil: any) and, with
 * by_code, error and code. It is said about each of the groups by endpoint and error that the filter lets into the row
 * now, where it was not said already: somebody looks after it, why in `reason`; nobody wants to see it for `for_ms` (90
 * days at most; 0: shown again). HT_FAILED: there is none of them. */
struct ht_failures_said {
    const struct ht_filter *filter;
    const struct ht_replay_what *what;
    const char *reason; /* may be NULL */
};
struct ht_marked {
    struct ht_uuid change; /* names this change, to take it back */
    int64_t groups;        /* how many it was said about */
};
HT_MUST_CHECK enum ht_rc ht_store_failure_acknowledge(struct ht_conn *c, const struct ht_failures_said *said, bool on,
                                                      struct ht_marked *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_failure_mute(struct ht_conn *c, const struct ht_failures_said *said, int64_t for_ms,
                                               struct ht_marked *ret, struct ht_err *err);
/* Each of these groups is what it was before the change, but for those that somebody said something about since.
 * HT_FAILED: that is all of them. */
HT_MUST_CHECK enum ht_rc ht_store_failure_restore(struct ht_conn *c, const struct ht_uuid *tenant,
                                                  const struct ht_uuid *change, const char *reason, int64_t *ret_groups,
                                                  struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_attempts(struct ht_conn *c, const struct ht_delivery *d, struct ht_attempts *ret,
                                           struct ht_err *err);
/* The endpoint's newest delivery that succeeded, by the time of its last success: *ret is nil when none is among the
 * HT_SUCCESS_MAX deliveries before that, or none is kept. */
#define HT_SUCCESS_MAX 2000
HT_MUST_CHECK enum ht_rc ht_store_last_success(struct ht_conn *c, const struct ht_delivery *d, struct ht_uuid *ret,
                                               struct ht_err *err);
/* A new delivery of the same event, linked to the original, whose pending retry is cancelled in the same transaction.
 */
HT_MUST_CHECK enum ht_rc ht_store_redeliver(struct ht_conn *c, const struct ht_delivery *d, const char *reason,
                                            struct ht_uuid *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_delivery_cancel(struct ht_conn *c, const struct ht_delivery *d, const char *reason,
                                                  struct ht_err *err);
/* What cancelling each of these would do. */
HT_MUST_CHECK enum ht_rc ht_store_cancel_preview(struct ht_conn *c, const struct ht_uuid *ids, size_t n,
                                                 struct ht_cancel_preview *ret, struct ht_err *err);

/* alerts ----------------------------------------------------------------------------------------------------------- */
/* Newest first. A row is added when an endpoint is disabled by a rule ("endpoint.disabled"), and at most once an hour
 * and endpoint when a delivery is given up ("delivery.exhausted") or set aside ("delivery.quarantined"), or the address
 * guard refuses a receiver ("endpoint.blocked"). Whoever adds one (hooktop.raise_alert in the schema) also notifies the
 * channel hooktop_alert: "KIND ID". Ids sort by time, but transactions commit out of order: whoever follows the rows
 * looks back a minute and remembers which ids it has seen. */
struct ht_alert_query {
    const struct ht_uuid *tenant; /* NULL: all that the login sees */
    const struct ht_uuid *before; /* the last id of the page before; NULL: from the newest */
    int64_t since;                /* 0: as far back as they are kept */
    bool open_only;               /* not yet acknowledged */
};
HT_MUST_CHECK enum ht_rc ht_store_alerts(struct ht_conn *c, const struct ht_alert_query *q, int32_t limit,
                                         struct ht_alerts *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_alert_find(struct ht_conn *c, const char *id, struct ht_alert *ret,
                                             struct ht_err *err);
/* HT_FAILED: it was acknowledged before. */
HT_MUST_CHECK enum ht_rc ht_store_alert_acknowledge(struct ht_conn *c, const struct ht_alert *a, const char *reason,
                                                    struct ht_err *err);

/* workers and audit ------------------------------------------------------------------------------------------------ */
HT_MUST_CHECK enum ht_rc ht_store_workers(struct ht_conn *c, struct ht_workers *ret, struct ht_err *err);
/* retention: every partition with its drop date; how long a kind ("event", "delivery", "attempt") is kept */
HT_MUST_CHECK enum ht_rc ht_store_partitions(struct ht_conn *c, struct ht_partitions *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_retention_set(struct ht_conn *c, const char *kind, int32_t keep_days,
                                                const char *reason, struct ht_err *err);
/* audit: newest first, or as the filter's sort: says, of a tenant or (NULL) of all that the login sees; `f`
 * (HT_FILTER_AUDIT) and `last` may be NULL, the latter is the last entry of the page before. HT_DENIED without the role
 * audit_reader. */
HT_MUST_CHECK enum ht_rc ht_store_audit(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                                        const struct ht_audit_entry *last, int32_t limit, struct ht_audit_entries *ret,
                                        struct ht_err *err);
/* Checks every chain that the login sees (`tenant` not NULL: that one), entry by entry; each chain names the first
 * entry that is wrong. Takes as long as the log is: blocks for the timeout per page of entries. */
HT_MUST_CHECK enum ht_rc ht_store_audit_verify(struct ht_conn *c, const struct ht_uuid *tenant,
                                               struct ht_audit_chains *ret, struct ht_err *err);
/* The hash of one entry as hexadecimal, free(). HT_NOT_FOUND. */
HT_MUST_CHECK enum ht_rc ht_store_audit_hash(struct ht_conn *c, const struct ht_uuid *tenant, int64_t seq, char **ret,
                                             struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_audit_ping(struct ht_conn *c, const struct ht_endpoint *e,
                                             const struct ht_ping_result *p, const char *reason, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_audit_probe(struct ht_conn *c, const struct ht_endpoint *e, const struct ht_probe *p,
                                              const char *reason, struct ht_err *err);
/* An unverified endpoint whose ping was answered becomes active; its held deliveries are released. */
HT_MUST_CHECK enum ht_rc ht_store_endpoint_verified(struct ht_conn *c, const struct ht_endpoint *e, struct ht_err *err);

#endif
