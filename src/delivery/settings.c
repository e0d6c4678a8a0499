/* What an endpoint's rows need before they can be sent: its settings and its sealed secrets. */
#include "hooktop/base/clock.h"
#include "hooktop/base/log.h"
#include "state.h"

void ht_settings_init(struct ht_engine *e)
{
    TAILQ_INIT(&e->settings.wanted);
}

bool ht_settings_idle(const struct ht_engine *e)
{
    return e->settings.n_asked == 0 && TAILQ_EMPTY(&e->settings.wanted);
}

int64_t ht_settings_due(const struct ht_engine *e)
{
    const struct ht_settings *s = &e->settings;
    return !TAILQ_EMPTY(&s->wanted) && s->n_asked == 0 ? s->not_before : INT64_MAX;
}

void ht_settings_need(struct ht_engine *e, struct ht_endpoint_state *st)
{
    if (!st->asked) {
        st->asked = true;
        TAILQ_INSERT_TAIL(&e->settings.wanted, st, load_link);
    }
}

void ht_settings_step(struct ht_engine *e, int64_t now)
{
    struct ht_settings *s = &e->settings;
    struct ht_endpoint_state *st;
    size_t n = 0;
    if (TAILQ_EMPTY(&s->wanted) || s->n_asked > 0 || now < s->not_before) {
        return;
    }
    TAILQ_FOREACH(st, &s->wanted, load_link)
    {
        if (n == HT_BATCH_MAX) {
            break;
        }
        s->tenants[n] = st->endpoint->tenant_id;
        s->endpoints[n] = st->endpoint->id;
        s->asked[n++] = st;
    }
    if (!ht_lane_targets(e->claims, s->tenants, s->endpoints, n)) {
        s->not_before = now + HT_NOT_TAKEN_US;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        TAILQ_REMOVE(&s->wanted, s->asked[i], load_link);
    }
    s->n_asked = n;
}

static void take_target(struct ht_engine *e, struct ht_target *t)
{
    struct ht_fair_endpoint *ep = ht_supply_endpoint(e, &t->endpoint.tenant_id, &t->endpoint.id);
    struct ht_endpoint_state *st = ht_state_of(ep);
    ht_delivery_target_unref(st->target);
    ht_fair_settings(e->fair, ep, t->endpoint.in_flight_max, t->endpoint.rate_per_s);
    st->target = ht_delivery_target_new(t, e->o.egress, e->timeout_max_ms);
    if (st->target->refused == HT_ATTEMPT_BLOCKED) {
        ht_engine_report(e, HT_LOG_WARN, "an endpoint's URL is not allowed: %s", st->target->why);
    }
}

/* Rows whose settings came are queued; those of an endpoint that is gone are given back. */
static void place_awaiting(struct ht_engine *e, struct ht_endpoint_state *st)
{
    struct ht_flight *f;
    bool there = st->target != NULL && st->target->t.endpoint.status == HT_ENDPOINT_ACTIVE;
    st->asked = false;
    if (!there) {
        ht_fair_not_due(e->fair, st->endpoint);
    }
    while ((f = TAILQ_FIRST(&st->awaiting)) != NULL) {
        if (there) {
            ht_flight_queue(e, f);
        } else {
            ht_settle_release(e, f);
        }
    }
}

void ht_settings_loaded(void *user, struct ht_targets *targets, const struct ht_err *err)
{
    struct ht_engine *e = user;
    struct ht_settings *s = &e->settings;
    if (!targets) {
        ht_engine_report(e, HT_LOG_WARN, "loading settings failed: %s", err ? err->why : "");
        s->not_before = ht_mono_us() + HT_AFTER_ERROR_US;
        for (size_t i = 0; i < s->n_asked; i++) {
            TAILQ_INSERT_HEAD(&s->wanted, s->asked[i], load_link);
        }
        s->n_asked = 0;
        return;
    }
    HT_FAULT("after_targets");
    ht_engine_set_clock(e, targets->db_now);
    for (size_t i = 0; i < targets->n; i++) {
        take_target(e, &targets->rows[i]);
    }
    for (size_t i = 0; i < s->n_asked; i++) {
        place_awaiting(e, s->asked[i]);
    }
    s->n_asked = 0;
    ht_targets_free(targets);
}
