/* What the actions share. Private to src/ops. */
#ifndef HOOKTOP_SRC_OPS_PARTS_H
#define HOOKTOP_SRC_OPS_PARTS_H

#include "hooktop/ops/ops.h"
#include "hooktop/profile/profile.h"

/* Known profiles by name; HT_USAGE with the nearest. */
HT_MUST_CHECK enum ht_rc ht_ops_profile(const char *name, const struct ht_profile **ret, struct ht_err *err);

/* Settings of an endpoint against its profile and the limits; brings the URL into its normal form (settings.c). */
HT_MUST_CHECK enum ht_rc ht_ops_check_settings(const struct ht_ops *o, const struct ht_profile *p,
                                               struct ht_endpoint *e, struct ht_err *err);
/* Headers that have values, checked before, sealed for the endpoint's id (settings.c). */
HT_MUST_CHECK enum ht_rc ht_ops_seal_headers(const struct ht_ops *o, struct ht_endpoint *e, struct ht_err *err);
/* Patterns against the tenant's catalogue (patterns.c). */
HT_MUST_CHECK enum ht_rc ht_ops_check_patterns(const struct ht_ops *o, const struct ht_profile *tenants_profile,
                                               const char *const *patterns, size_t n, struct ht_err *err);

/* The profile's test event on its way to an endpoint (test_event.c): fill `profile`, prepare, choose signers, sign,
 * send.
 */
struct ht_test_event {
    const struct ht_profile *profile;
    const struct ht_ops *ops;
    const struct ht_endpoint *endpoint;
    struct ht_endpoint opened; /* only ids and headers are filled */
    struct ht_buf body;
    int64_t now_us;
    struct ht_uuid id;
    struct ht_signer *signers[HT_SECRETS_LIVE_MAX];
    size_t n_signers;
    struct ht_wire_headers headers;
};
/* Checks that this login may send test events to the endpoint, and that the key ring is here when it is needed; opens
 * the endpoint's own headers; builds the body. `signed_event`: whether secrets will be wanted. */
HT_MUST_CHECK enum ht_rc ht_test_event_init(struct ht_test_event *t, const struct ht_ops *o,
                                            const struct ht_endpoint *e, const char *what, bool signed_event,
                                            struct ht_err *err);
void ht_test_event_fini(struct ht_test_event *t);
HT_MUST_CHECK enum ht_rc ht_test_event_signer(struct ht_test_event *t, const struct ht_sealed_row *row,
                                              struct ht_err *err);
void ht_test_event_drop_signers(struct ht_test_event *t);
/* Signs with the signers there are; as the profile's ping (which may be unsigned), or as a delivery would be. */
HT_MUST_CHECK enum ht_rc ht_test_event_sign(struct ht_test_event *t, bool as_ping, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_test_event_send(struct ht_test_event *t, const atomic_bool *cancel,
                                            struct ht_ping_result *ret, struct ht_err *err);

/* A secret made (or brought) and sealed, on its way into the store (fresh.c). */
struct ht_fresh {
    struct ht_secret *secret;
    char *public_key;
    struct ht_sealed sealed; /* its blob is the array below */
    uint8_t blob[HT_SEALED_MAX];
};
HT_MUST_CHECK enum ht_rc ht_fresh_make(const struct ht_ops *o, const struct ht_profile *p, const struct ht_uuid *tenant,
                                       const struct ht_uuid *endpoint, const struct ht_secret *brought,
                                       int32_t generation, struct ht_fresh *ret, struct ht_err *err);
void ht_fresh_fini(struct ht_fresh *f);

#endif
