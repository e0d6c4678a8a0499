#include "single.h"
#include "hooktop/base/clock.h"
#include "poller.h"

#define CANCEL_LOOK_US 100000

static const char what[] = "send";

static void on_done(void *user, struct ht_exchange *x)
{
    bool *done = user;
    (void)x;
    *done = true;
}

enum ht_rc ht_single_run(struct ht_guard *guard, struct ht_exchange *x, const atomic_bool *cancel, struct ht_err *err)
{
    struct ht_poller *poller = NULL;
    bool done = false;
    const struct ht_poller_callbacks cb = {.done = on_done, .user = &done};
    enum ht_rc rc = ht_poller_new(1, guard, &cb, &poller, err);
    if (rc == HT_OK && !ht_poller_start(poller, x, 0)) {
        rc = ht_fail(err, HT_FAILED, what, NULL, "libcurl does not take the transfer");
    }
    while (rc == HT_OK && !done) {
        ht_poller_step(poller, ht_mono_us() + CANCEL_LOOK_US);
        if (!done && cancel && atomic_load(cancel)) {
            rc = ht_fail(err, HT_CANCELLED, what, NULL, "it was cancelled");
        }
    }
    if (poller) {
        ht_poller_abort(poller, x);
    }
    ht_poller_free(poller);
    return rc;
}
