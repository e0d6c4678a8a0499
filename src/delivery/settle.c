#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/log.h"
#include "state.h"

/* A result waits so long for others to share its transaction, since a settlement of many costs the database little more
 * than one of few; so long while the lane is at work on others, or where so many are about to come. */
#define GATHER_US       2000
#define GATHER_MOST_US  20000
#define GATHER_RATE     5000 /* a second: a hundred in GATHER_MOST_US */
/* So many settlements may be with the lane: one batch at work, one behind it. */
#define OUTSTANDING_MAX (2u * HT_BATCH_MAX)
/* A settlement of more than this is asked in parts: answers that are long must not make it slow, or its copies large.
 */
#define SETTLE_BYTES    (2u << 20)
#define RENEW_LOOK_US   1000000

void ht_settle_add(struct ht_engine *e, struct ht_flight *f, struct ht_settlement *s)
{
    struct ht_settling *g = &e->settling;
    if (g->n_pending == g->cap_pending) {
        /* Bounded by the rows in hand, which are bounded where they are claimed. */
        g->cap_pending = g->cap_pending > 0 ? g->cap_pending * 2 : HT_BATCH_MAX;
        g->pending = ht_realloc(g->pending, g->cap_pending, sizeof *g->pending);
    }
    if (g->n_pending == 0) {
        g->pending_since = ht_mono_us();
        g->pending_awaited = false;
    }
    g->pending_awaited = g->pending_awaited || f->item.endpoint->cap == 1;
    e->sent++;
    e->succeeded += s->to == HT_DELIVERY_SUCCEEDED;
    e->failed += s->to != HT_DELIVERY_SUCCEEDED;
    g->pending[g->n_pending++] = *s;
    f->stage = HT_FLIGHT_SETTLING;
}

static int64_t gathered_at(const struct ht_engine *e)
{
    const struct ht_settling *g = &e->settling;
    bool more = e->supply.start_rate >= GATHER_RATE && !g->pending_awaited;
    return g->pending_since + (g->outstanding > 0 || more ? GATHER_MOST_US : GATHER_US);
}

/* How many of what is pending go together. */
static size_t together(const struct ht_settling *g)
{
    size_t n = 0, bytes = 0;
    while (n < g->n_pending && n < HT_BATCH_MAX && bytes < SETTLE_BYTES) {
        bytes += ht_attempt_bytes(&g->pending[n++].attempt);
    }
    return n;
}

static void submit(struct ht_engine *e, int64_t now)
{
    struct ht_settling *g = &e->settling;
    bool due = now >= gathered_at(e) || ht_fair_sending(e->fair) == 0;
    while (g->outstanding < OUTSTANDING_MAX && (g->n_pending >= HT_BATCH_MAX || (g->n_pending > 0 && due))) {
        size_t n = together(g);
        HT_FAULT("before_settle");
        if (!ht_lane_settle(e->settles, g->pending, n)) {
            return;
        }
        HT_FAULT("settle_sent");
        g->outstanding += n;
        g->n_pending -= n;
        memmove(g->pending, g->pending + n, g->n_pending * sizeof *g->pending);
        g->pending_since = now;
    }
}

void ht_settle_settled(void *user, const struct ht_uuid *deliveries, const bool *settled, size_t n)
{
    struct ht_engine *e = user;
    HT_FAULT("after_settle");
    e->settling.outstanding -= n < e->settling.outstanding ? n : e->settling.outstanding;
    for (size_t i = 0; i < n; i++) {
        struct ht_flight *f = ht_map_get(&e->flights, &deliveries[i]);
        e->fenced += settled[i] ? 0 : 1;
        if (f && f->stage == HT_FLIGHT_SETTLING) {
            ht_flight_drop(e, f);
        }
    }
}

/* Leases ----------------------------------------------------------------------------------------------------------- */

static struct ht_lease lease_of(const struct ht_flight *f)
{
    return (struct ht_lease){
        .tenant_id = f->row.tenant_id,
        .endpoint_id = f->row.endpoint_id,
        .delivery_id = f->row.delivery_id,
        .lease_id = f->row.lease_id,
    };
}

static void flush_released(struct ht_engine *e)
{
    struct ht_settling *g = &e->settling;
    if (g->n_released > 0 && ht_lane_release(e->settles, g->released, g->n_released)) {
        g->n_released = 0;
        HT_FAULT("release_sent");
    }
}

void ht_settle_release_lease(struct ht_engine *e, const struct ht_lease *lease)
{
    struct ht_settling *g = &e->settling;
    if (g->n_released == HT_BATCH_MAX) {
        flush_released(e);
    }
    if (g->n_released < HT_BATCH_MAX) { /* else the lease ends by itself */
        g->released[g->n_released++] = *lease;
    }
}

void ht_settle_release(struct ht_engine *e, struct ht_flight *f)
{
    struct ht_lease lease = lease_of(f);
    ht_settle_release_lease(e, &lease);
    ht_flight_drop(e, f);
}

/* Its request could be made, and so it is not what kills workers. */
static bool is_built(const struct ht_flight *f)
{
    return f->stage >= HT_FLIGHT_SENDING && f->row.claims <= HT_CLAIMS_MAX;
}

static size_t choose_renewals(struct ht_engine *e, int64_t now)
{
    struct ht_settling *g = &e->settling;
    struct ht_flight *f;
    size_t n = 0;
    if (e->suspect && is_built(e->suspect)) {
        g->renewing[n] = lease_of(e->suspect);
        g->renewing_built[n++] = true;
    }
    TAILQ_FOREACH(f, &e->leases, lease_link)
    {
        if (f->lease_until - now > e->lease_ms * 500LL || n == HT_BATCH_MAX) {
            break;
        }
        if (f != e->suspect) {
            g->renewing[n] = lease_of(f);
            g->renewing_built[n++] = is_built(f);
        }
    }
    return n;
}

static void renew(struct ht_engine *e, int64_t now)
{
    struct ht_settling *g = &e->settling;
    if (g->n_renewing > 0 || now < g->renew_look_at) {
        return;
    }
    g->renew_look_at = now + RENEW_LOOK_US;
    size_t n = choose_renewals(e, now);
    if (n > 0 && ht_lane_renew(e->settles, g->renewing, g->renewing_built, n)) {
        HT_FAULT("renew_sent");
        g->n_renewing = n;
        g->renew_sent_at = now;
    }
}

/* Another worker may have it by now: what has not left yet must not leave. What has is finished, and its settlement
 * will be fenced off. */
static void lose(struct ht_engine *e, struct ht_flight *f)
{
    bool on_the_way = f->stage == HT_FLIGHT_SETTLING || (f->stage == HT_FLIGHT_SENDING && f->x->asked);
    if (!on_the_way) {
        ht_flight_drop(e, f);
    }
}

void ht_settle_renewed(void *user, const struct ht_uuid *lost_deliveries, size_t n)
{
    struct ht_engine *e = user;
    struct ht_settling *g = &e->settling;
    HT_FAULT("after_renew");
    for (size_t i = 0; i < g->n_renewing; i++) {
        struct ht_flight *f = ht_map_get(&e->flights, &g->renewing[i].delivery_id);
        bool lost = false;
        if (!f || ht_uuid_cmp(&f->row.lease_id, &g->renewing[i].lease_id) != 0) {
            continue;
        }
        for (size_t k = 0; k < n && !lost; k++) {
            lost = ht_uuid_cmp(&lost_deliveries[k], &f->row.delivery_id) == 0;
        }
        if (f == e->suspect && g->renewing_built[i]) {
            e->suspect = NULL;
        }
        f->lease_until = g->renew_sent_at + e->lease_ms * 1000LL;
        TAILQ_REMOVE(&e->leases, f, lease_link);
        TAILQ_INSERT_TAIL(&e->leases, f, lease_link);
        if (lost) {
            lose(e, f);
        }
    }
    g->n_renewing = 0;
    g->renew_look_at = 0;
}

/* Loop ------------------------------------------------------------------------------------------------------------- */

void ht_settle_step(struct ht_engine *e, int64_t now)
{
    if (!ht_lane_up(e->settles)) {
        return;
    }
    submit(e, now);
    flush_released(e);
    renew(e, now);
}

int64_t ht_settle_due(const struct ht_engine *e)
{
    const struct ht_settling *g = &e->settling;
    if (!ht_lane_up(e->settles)) {
        return INT64_MAX;
    }
    int64_t due = TAILQ_EMPTY(&e->leases) || g->n_renewing > 0 ? INT64_MAX : g->renew_look_at;
    if (g->n_pending > 0 && g->outstanding < OUTSTANDING_MAX && gathered_at(e) < due) {
        due = gathered_at(e);
    }
    return due;
}

void ht_settle_fini(struct ht_engine *e)
{
    for (size_t i = 0; i < e->settling.n_pending; i++) {
        ht_attempt_fini(&e->settling.pending[i].attempt);
    }
    free(e->settling.pending);
    e->settling.pending = NULL;
    e->settling.n_pending = 0;
}
