#include "target.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/delivery/headers.h"

static void refuse(struct ht_delivery_target *d, enum ht_attempt_error error, const char *why)
{
    if (d->refused == HT_ATTEMPT_NONE) {
        d->refused = error;
        snprintf(d->why, sizeof d->why, "%.255s", why);
    }
}

static void check_profile(struct ht_delivery_target *d, int32_t timeout_max_ms)
{
    const struct ht_endpoint *e = &d->t.endpoint;
    d->profile = ht_profile_find(e->profile ? e->profile : "");
    if (!d->profile) {
        refuse(d, HT_ATTEMPT_INTERNAL, "this program does not know the endpoint's profile");
        return;
    }
    d->timeout_ms = e->timeout_ms > 0 ? e->timeout_ms : d->profile->timeout_ms;
    d->timeout_ms = d->timeout_ms < timeout_max_ms ? d->timeout_ms : timeout_max_ms;
    d->delays_s = e->schedule_len > 0 ? e->schedule_s : d->profile->schedule_s;
    d->delays_len = e->schedule_len > 0 ? e->schedule_len : d->profile->schedule_len;
}

/* The rows were checked when they were written, but the policy may have changed since, or somebody wrote them by hand.
 */
static void check_request(struct ht_delivery_target *d, const struct ht_egress *e)
{
    struct ht_err err = {0};
    HT_BUF_CLEANUP struct ht_buf url;
    ht_buf_init(&url, HT_URL_MAX + 16u);
    if (ht_egress_check_url(e, d->t.endpoint.url ? d->t.endpoint.url : "", &url, &err) != HT_OK) {
        refuse(d, HT_ATTEMPT_BLOCKED, err.why);
        return;
    }
    d->url = ht_buf_take(&url, NULL);
}

struct ht_delivery_target *ht_delivery_target_new(struct ht_target *t, const struct ht_egress *e,
                                                  int32_t timeout_max_ms)
{
    struct ht_delivery_target *d = ht_alloc(1, sizeof *d);
    d->refs = 1;
    d->t = *t;
    memset(t, 0, sizeof *t);
    check_profile(d, timeout_max_ms);
    check_request(d, e);
    return d;
}

enum ht_rc ht_delivery_target_open(struct ht_delivery_target *d, const struct ht_ring *ring, struct ht_err *err)
{
    enum ht_rc rc = d->opened ? HT_OK : ht_headers_open(ring, &d->t.endpoint, err);
    d->opened = rc == HT_OK;
    return rc;
}

struct ht_delivery_target *ht_delivery_target_ref(struct ht_delivery_target *t)
{
    t->refs++;
    return t;
}

void ht_delivery_target_unref(struct ht_delivery_target *t)
{
    if (!t || --t->refs > 0) {
        return;
    }
    ht_endpoint_fini(&t->t.endpoint);
    ht_sealed_rows_fini(&t->t.secrets);
    free(t->url);
    free(t);
}
