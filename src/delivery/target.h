/* An endpoint made ready for sending: its settings with the profile's filled in, judged once per version. Counted,
 * because a request in flight outlives a change of the settings. Thread: one. */
#ifndef HOOKTOP_SRC_DELIVERY_TARGET_H
#define HOOKTOP_SRC_DELIVERY_TARGET_H

#include "hooktop/delivery/egress.h"
#include "hooktop/profile/profile.h"
#include "hooktop/store/lane.h"
#include "hooktop/vault/vault.h"

struct ht_delivery_target {
    int refs;
    struct ht_target t;
    const struct ht_profile *profile; /* NULL: unknown, see `refused` */
    char *url;                        /* in its normal form */
    int32_t timeout_ms;
    const int32_t *delays_s;
    size_t delays_len;
    enum ht_attempt_error refused; /* why nothing can be sent to it, or HT_ATTEMPT_NONE */
    char why[256];
    bool opened; /* the endpoint's own headers have their values */
};

/* Takes the contents of *t (leaves zeros). A target that cannot be sent to is made all the same and says why. */
struct ht_delivery_target *ht_delivery_target_new(struct ht_target *t, const struct ht_egress *e,
                                                  int32_t timeout_max_ms);
/* Before the first request: opens the endpoint's own headers. They stay open for the target's life, in ordinary memory
 * as in libcurl's, and are wiped at its end. */
HT_MUST_CHECK enum ht_rc ht_delivery_target_open(struct ht_delivery_target *d, const struct ht_ring *ring,
                                                 struct ht_err *err);
struct ht_delivery_target *ht_delivery_target_ref(struct ht_delivery_target *t);
void ht_delivery_target_unref(struct ht_delivery_target *t); /* NULL is fine */

#endif
