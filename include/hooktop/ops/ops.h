/* What an operator can do, each action written once and used by commands and console alike. Every call blocks
 * (database, and for pings the network); none prints. `reason` is the operator's words for the audit and may be NULL.
 * Secrets are handed out once, as struct ht_secret, owned by the caller, and only after the database has committed:
 * what was made but could not be stored is wiped. Thread: any, one call at a time on a connection that is in no
 * transaction. Errors: HT_USAGE for what the caller asked wrongly, HT_DENIED with the role or the file that is missing,
 * HT_NO_DB (the outcome of a change is then unknown: look before repeating it). */
#ifndef HOOKTOP_OPS_OPS_H
#define HOOKTOP_OPS_OPS_H

#include "hooktop/delivery/send.h"
#include "hooktop/store/queries.h"
#include "hooktop/vault/vault.h"

struct ht_ops {
    struct ht_conn *conn;           /* borrowed */
    const struct ht_egress *egress; /* borrowed */
    const struct ht_ring *ring;     /* borrowed; NULL where the private half is not readable */
    const struct ht_err *no_ring;   /* borrowed; why `ring` is NULL, for the words of an error; may be NULL */
    const char *reason;
};

#define HT_PATTERNS_MAX     64u
#define HT_WORKFLOWS_MAX    64u
#define HT_DESCRIPTION_MAX  200u /* characters */
#define HT_TIMEOUT_MIN_MS   100
#define HT_TIMEOUT_MAX_MS   60000 /* a lease (75 s) must outlast the request */
#define HT_DELAY_MAX_S      (7 * 86400)
#define HT_IN_FLIGHT_MAX    1000
#define HT_IN_FLIGHT_USUAL  4
#define HT_RATE_MAX_PER_S   10000.0
#define HT_OVERLAP_MAX_MS   (INT64_C(7) * 86400 * 1000)
#define HT_OVERLAP_USUAL_MS (INT64_C(86400) * 1000)

/* Checks the URL, headers, profile, patterns and limits, makes and seals the first secret, creates all of it or
 * nothing. *e is filled by the caller with profile and settings; id, tenant and status are filled in, and the URL is
 * brought into its normal form. `brought` NULL: a secret is made.
 * *ret_secret: the new secret to show once; NULL when it was brought, and for profiles with a key per tenant (that key
 * is made when the tenant has none). *ret_public: the public half of what signs, free(); NULL for shared secrets. */
HT_MUST_CHECK enum ht_rc ht_ops_endpoint_add(const struct ht_ops *o, const struct ht_tenant *tenant,
                                             struct ht_endpoint *e, const char *const *patterns, size_t n_patterns,
                                             const struct ht_secret *brought, struct ht_secret **ret_secret,
                                             char **ret_public, struct ht_err *err);

/* The same for many at once: all of them or none. `endpoint`, `patterns` and `brought` are the caller's, `secret` and
 * `public_key` as in ht_ops_endpoint_add. `wanted` PAUSED or DISABLED: it becomes that at once; else it is as the
 * profile has new endpoints. */
struct ht_endpoint_new {
    const struct ht_tenant *tenant;
    struct ht_endpoint *endpoint;
    const char *const *patterns;
    size_t n_patterns;
    const struct ht_secret *brought;
    enum ht_endpoint_status wanted;
    struct ht_secret *secret;
    char *public_key;
};
/* What can be judged of one without the others. */
HT_MUST_CHECK enum ht_rc ht_ops_endpoint_check(const struct ht_ops *o, const struct ht_endpoint_new *a,
                                               struct ht_err *err);
/* *ret_at: on failure, which of them failed. dry_run: everything is done and undone; no secret is handed out. */
HT_MUST_CHECK enum ht_rc ht_ops_endpoint_add_all(const struct ht_ops *o, struct ht_endpoint_new *all, size_t n,
                                                 bool dry_run, size_t *ret_at, struct ht_err *err);

/* What both of them check before they ask the database, of the endpoint's settings: rules of the URL, headers, limits,
 * what its profile has. Needs no connection; brings the URL into its normal form. */
HT_MUST_CHECK enum ht_rc ht_ops_settings_check(const struct ht_egress *egress, struct ht_endpoint *e,
                                               struct ht_err *err);

/* Changes settings to those in *e, adds and takes away subscriptions: all or nothing. A pattern in `off` that is not
 * subscribed to is HT_NOT_FOUND. Where the profile verifies endpoints, a changed URL makes it unverified again. */
HT_MUST_CHECK enum ht_rc ht_ops_endpoint_edit(const struct ht_ops *o, struct ht_endpoint *e, const char *const *on,
                                              size_t n_on, const char *const *off, size_t n_off, struct ht_err *err);

/* A new generation for the endpoint (or its tenant's signing key): overlap or staged as the profile has it, for
 * 0 (at once) to 7 days. The reveal is claimed here, in the same transaction: the caller is the one who may show
 * *ret_secret (NULL for a key per tenant, *ret_public is then its PEM, free()). */
HT_MUST_CHECK enum ht_rc ht_ops_rotate(const struct ht_ops *o, const struct ht_endpoint *e, int64_t overlap_ms,
                                       struct ht_uuid *ret_id, struct ht_secret **ret_secret, char **ret_public,
                                       struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_ops_rotate_tenant(const struct ht_ops *o, const struct ht_tenant *t, int64_t promote_in_ms,
                                              char **ret_public, struct ht_err *err);

/* Sends the profile's test event, audits it, makes an unverified endpoint active when the answer counts. A receiver
 * that fails is a result, not an error. cancel may be NULL. HT_DENIED: the login may not ping, or the ping is signed
 * and the key ring is not readable here. */
HT_MUST_CHECK enum ht_rc ht_ops_ping(const struct ht_ops *o, const struct ht_endpoint *e, const atomic_bool *cancel,
                                     struct ht_ping_result *ret, struct ht_err *err);

/* Asks the receiver whether it knows the newest secret yet: what rotation needs to know before the old one is retired.
 * Audited. The key ring must be readable here. A receiver that fails is a result, not an error. */
HT_MUST_CHECK enum ht_rc ht_ops_probe(const struct ht_ops *o, const struct ht_endpoint *e, const atomic_bool *cancel,
                                      struct ht_probe *ret, struct ht_err *err);

/* Rotation ends early: the waiting generation signs now (promote), or one that is not the active one ends now (revoke).
 * Both for the endpoint's own secret, or the tenant's key where the profile has one per tenant (endpoint NULL: the
 * tenant's). *ret is the generation concerned, owned by the caller. `generation` 0: the only one that can be ended;
 * HT_USAGE names them when there are several. */
HT_MUST_CHECK enum ht_rc ht_ops_promote(const struct ht_ops *o, const struct ht_tenant *t, const struct ht_endpoint *e,
                                        struct ht_secret_meta *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_ops_revoke(const struct ht_ops *o, const struct ht_tenant *t, const struct ht_endpoint *e,
                                       int32_t generation, struct ht_secret_meta *ret, struct ht_err *err);
/* Says that the secret this login was shown has arrived: `secret_id` nil: the endpoint's newest. */
HT_MUST_CHECK enum ht_rc ht_ops_confirm(const struct ht_ops *o, const struct ht_endpoint *e,
                                        const struct ht_uuid *secret_id, struct ht_err *err);

/* Seals everything to the ring's current key, while workers deliver: makes that key the database's current one
 * (HT_FAILED while a live worker's ring lacks it), then page by page. Each page is a transaction, so it may be stopped
 * anywhere and begun again. What cannot be opened is left as it is and counted. */
struct ht_rekey {
    int64_t total; /* how many there were to do */
    int64_t done;
    int64_t failed;
    char first_failed[320];
};
typedef void ht_rekey_fn(void *user, const struct ht_rekey *so_far); /* after each page */
HT_MUST_CHECK enum ht_rc ht_ops_rekey(const struct ht_ops *o, int32_t batch, ht_rekey_fn *progress, void *user,
                                      struct ht_rekey *ret, struct ht_err *err);

/* The exact request body of a delivery, rebuilt from the stored event. Appends; give *ret HT_BODY_MAX. */
HT_MUST_CHECK enum ht_rc ht_ops_body(const struct ht_event *event, const char *profile, struct ht_buf *ret,
                                     struct ht_err *err);

#endif
