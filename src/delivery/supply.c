#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/log.h"
#include "state.h"

#define DISCOVER_LIMIT     500
/* Between two rounds over the endpoints with waiting rows: while there is something to claim, and while there is not
 * (then a producer's NOTIFY wakes us; the rounds are for what it missed). */
#define ROUND_BUSY_US      20000
#define ROUND_IDLE_US      200000
#define ROUND_LEAST_US     10000
#define ROUND_MOST_US      500000
/* A round may take this part of the time. */
#define ROUND_SHARE        40
/* An endpoint whose first row may be one that we have in hand is asked for more not sooner than this. */
#define PROBE_US           100000
/* A row that waited so long at an endpoint where another worker is at home may be ours to take, while most of our slots
 * are free: two that claim for the same endpoints hinder each other. */
#define GUEST_US           100000
/* An endpoint that somebody had locked is asked for again after this: about as long as a claim takes. */
#define AGAIN_US           20000
/* The first heartbeats come sooner, each twice as late as the one before: workers that begin together are to know of
 * each other soon. */
#define HEARTBEAT_US       3000000
#define HEARTBEAT_FIRST_US 100000
/* Saying that we sleep, or no longer do, is a write, so neither is said at once. */
#define ASLEEP_AFTER_US    200000
#define AWAKE_AFTER_US     500000
/* A suspect that was taken has the engine for itself, so long at most. */
#define SUSPECT_US         100000
/* How much of the coming requests may lie ready, in time, and at most. */
#define PREFETCH_S         0.05
#define PREFETCH_MAX       (2 * HT_BATCH_MAX)
#define PREFETCH_LEAST     4
/* What rows and results may keep of memory: so much, and so much more for each slot. The copies that libpq makes of a
 * claim and of the settlements under way come on top. */
#define KEPT_MAX           (16u << 20)
#define KEPT_MAX_SLOT      (64u << 10)
/* Rows that their endpoint's cap has kept waiting since the last look are given back. */
#define LOOK_US            100000
/* Endpoints without work are forgotten after this. */
#define SWEEP_US           60000000
#define FORGET_US          600000000

void ht_supply_init(struct ht_engine *e)
{
    TAILQ_INIT(&e->supply.again);
    e->supply.row_bytes = HT_EVENT_DATA_MAX;
    e->supply.next_due_at = INT64_MAX;
    e->supply.sweep_at = ht_mono_us() + SWEEP_US;
    e->supply.rate_at = ht_mono_us();
}

struct ht_fair_endpoint *ht_supply_endpoint(struct ht_engine *e, const struct ht_uuid *tenant, const struct ht_uuid *id)
{
    struct ht_fair_endpoint *ep = ht_fair_endpoint(e->fair, tenant, id);
    if (!ep->user) {
        struct ht_endpoint_state *s = ht_alloc(1, sizeof *s);
        TAILQ_INIT(&s->awaiting);
        s->endpoint = ep;
        ep->user = s;
    }
    return ep;
}

void ht_supply_drop_endpoint(void *user, struct ht_fair_endpoint *ep)
{
    struct ht_engine *e = user;
    struct ht_endpoint_state *s = ht_state_of(ep);
    if (!s) {
        return;
    }
    if (s->again_at != 0) {
        TAILQ_REMOVE(&e->supply.again, s, again_link);
    }
    ht_delivery_target_unref(s->target);
    free(s);
}

void ht_supply_look(struct ht_engine *e)
{
    e->supply.discover_at = 0;
}

void ht_supply_back_off(struct ht_engine *e)
{
    e->supply.claim_not_before = ht_mono_us() + HT_AFTER_ERROR_US;
}

void ht_supply_lane_up(struct ht_engine *e)
{
    struct ht_supply *s = &e->supply;
    s->heartbeat_at = 0;
    s->heartbeat_pause_us = HEARTBEAT_FIRST_US;
    s->discover_from = (struct ht_uuid){0};
    s->round_empty = s->round_old = false;
    ht_supply_look(e);
}

/* Room ------------------------------------------------------------------------------------------------------------- */

/* At the present pace so many rows are used up while the next claim is under way. */
static int32_t prefetch(const struct ht_engine *e)
{
    double rows = e->supply.start_rate * PREFETCH_S;
    return rows < PREFETCH_LEAST ? PREFETCH_LEAST : rows > PREFETCH_MAX ? PREFETCH_MAX : (int32_t)rows;
}

/* How many more rows of the size that they have lately there is memory for. */
static int32_t memory_room(const struct ht_engine *e)
{
    size_t most = KEPT_MAX + (size_t)e->concurrency * KEPT_MAX_SLOT;
    return e->kept < most ? (int32_t)((most - e->kept) / e->supply.row_bytes) : 0;
}

static int32_t claim_room(const struct ht_engine *e)
{
    const int32_t rooms[] = {
        HT_BATCH_MAX,
        e->concurrency + prefetch(e) - ht_fair_sending(e->fair) - ht_fair_queued(e->fair),
        /* results that the database has not taken yet count against the whole */
        2 * e->concurrency + 4 * HT_BATCH_MAX - ht_fair_in_hand(e->fair),
        memory_room(e),
    };
    int32_t least = rooms[0];
    for (size_t i = 1; i < HT_COUNT(rooms); i++) {
        least = rooms[i] < least ? rooms[i] : least;
    }
    return least;
}

/* `n` rows came that keep so many bytes. What is said of their size rises at once and falls slowly, so that after large
 * rows a claim does not ask for as many as of small ones. */
static void note_size(struct ht_supply *s, size_t n, size_t bytes)
{
    if (n > 0) {
        size_t mean = bytes / n, eased = s->row_bytes - s->row_bytes / 4;
        s->row_bytes = mean > eased ? mean : eased;
    }
}

/* Discovering ------------------------------------------------------------------------------------------------------ */

static void plan_next_round(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    bool idle = s->idle_since != 0 && now - s->idle_since > ASLEEP_AFTER_US;
    int64_t pause = idle || claim_room(e) <= 0 ? ROUND_IDLE_US : ROUND_BUSY_US;

    pause = pause > ROUND_SHARE * s->discover_took_us ? pause : ROUND_SHARE * s->discover_took_us;
    pause = pause < ROUND_MOST_US ? pause : ROUND_MOST_US;
    s->round_empty = !s->found;
    s->round_old = !s->found_new;
    s->found = s->found_new = false;
    s->discover_at = now + pause;
    if (s->next_due_at < s->discover_at) {
        /* Many retries may come due one after another: they share rounds. */
        s->discover_at = s->next_due_at > now + ROUND_LEAST_US ? s->next_due_at : now + ROUND_LEAST_US;
    }
    s->next_due_at = INT64_MAX;
}

static bool has_slots_to_spare(const struct ht_engine *e)
{
    return 2 * (ht_fair_sending(e->fair) + ht_fair_queued(e->fair)) < e->concurrency;
}

/* What waits is seen by its first rows, and where there are many those may all be ours, which stay in the outbox until
 * they are settled: then nothing new is known, and it is enough to ask now and then. */
static void take_waiting(struct ht_engine *e, const struct ht_waiting *w, int64_t db_now, int64_t now)
{
    struct ht_supply *s = &e->supply;
    struct ht_fair_endpoint *ep = ht_supply_endpoint(e, &w->tenant_id, &w->endpoint_id);
    struct ht_endpoint_state *st = ht_state_of(ep);
    bool perhaps_ours = !ep->due && ep->in_hand > 0 && w->due_at <= st->last_due;
    bool guest = !ht_fair_at_home(e->fair, ep);
    s->found = true;
    if (guest && !has_slots_to_spare(e)) {
        return;
    }
    if (guest && w->due_at + GUEST_US > db_now) {
        int64_t at = now + w->due_at + GUEST_US - db_now;
        s->next_due_at = at < s->next_due_at ? at : s->next_due_at;
        return;
    }
    if ((perhaps_ours || guest) && now < st->probe_at) {
        return;
    }
    s->found_new = s->found_new || (!ep->due && !perhaps_ours);
    st->probe_at = now + PROBE_US;
    ht_fair_due(e->fair, ep, w->first_attempt);
}

void ht_supply_discovered(void *user, struct ht_waiting_list *list, const struct ht_err *err)
{
    struct ht_engine *e = user;
    struct ht_supply *s = &e->supply;
    int64_t now = ht_mono_us();
    s->discovering = false;
    s->discover_took_us = now - s->discover_sent_at;
    if (!list) {
        s->discover_at = now + HT_AFTER_ERROR_US;
        ht_engine_report(e, HT_LOG_WARN, "looking for work failed: %s", err ? err->why : "");
        return;
    }
    ht_engine_set_clock(e, list->db_now);
    for (size_t i = 0; i < list->n; i++) {
        const struct ht_waiting *w = &list->rows[i];
        if (w->due_at <= list->db_now) {
            take_waiting(e, w, list->db_now, now);
        }
    }
    if (list->next_due_at > 0) {
        int64_t at = now + (list->next_due_at > list->db_now ? list->next_due_at - list->db_now : 0);
        s->next_due_at = at < s->next_due_at ? at : s->next_due_at;
    }
    s->discover_from = list->next;
    if (ht_uuid_is_nil(&list->next)) {
        plan_next_round(e, now);
    } else {
        ht_supply_look(e);
    }
    ht_waiting_list_free(list);
}

void ht_supply_woken(void *user, const struct ht_uuid *endpoint)
{
    struct ht_engine *e = user;
    struct ht_fair_endpoint *ep = endpoint ? ht_fair_find(e->fair, endpoint) : NULL;
    if (ep && ht_fair_at_home(e->fair, ep)) {
        ht_fair_due(e->fair, ep, true);
    } else {
        ht_supply_look(e);
    }
}

static void discover(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    if (s->discovering || now < s->discover_at) {
        return;
    }
    if (ht_lane_discover(e->claims, &s->discover_from, DISCOVER_LIMIT)) {
        s->discovering = true;
        s->discover_sent_at = now;
    } else {
        s->discover_at = now + HT_NOT_TAKEN_US;
    }
}

/* Claiming --------------------------------------------------------------------------------------------------------- */

/* Nothing else is taken until the database knows that its request could be built; but it may have to wait for a slot.
 */
static int64_t suspect_alone_until(const struct ht_engine *e)
{
    return e->suspect ? e->suspect_since + SUSPECT_US : 0;
}

static void claim(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    struct ht_claim_want *wants = s->claim_wants;
    int32_t room = claim_room(e);
    if (s->n_wants > 0 || now < s->claim_not_before || room <= 0 || now < suspect_alone_until(e)) {
        return;
    }
    s->n_wants = ht_fair_wants(e->fair, now, room, prefetch(e), s->wants, HT_BATCH_MAX);
    if (s->n_wants == 0) {
        return;
    }
    for (size_t i = 0; i < s->n_wants; i++) {
        const struct ht_fair_endpoint *ep = s->wants[i].endpoint;
        wants[i] = (struct ht_claim_want){
            .tenant_id = ep->tenant_id,
            .endpoint_id = ep->id,
            .room = s->wants[i].room,
            .in_flight = s->wants[i].in_flight,
            .in_flight_max = ep->cap > 0 ? ep->cap : HT_FAIR_IN_FLIGHT,
        };
    }
    s->claim_sent_at = now;
    HT_FAULT("before_claim");
    if (!ht_lane_claim(e->claims, wants, s->n_wants, e->suspect == NULL)) {
        ht_supply_claimed(e, NULL, NULL);
    }
    HT_FAULT("claim_sent");
}

static void take_row(struct ht_engine *e, struct ht_claimed *row, int64_t lease_until)
{
    struct ht_fair_endpoint *ep = ht_supply_endpoint(e, &row->tenant_id, &row->endpoint_id);
    struct ht_endpoint_state *st = ht_state_of(ep);
    if (ht_uuid_is_nil(&row->delivery_id)) {
        st->locked = true;
        return;
    }
    if (ht_flight_again(e, row, lease_until)) {
        return;
    }
    st->got++;
    st->last_due = row->due_at;
    st->last_retry = row->attempt > 1;
    bool known = st->target && st->target->t.endpoint.version >= row->endpoint_version;
    struct ht_flight *f = ht_flight_new(e, ep, row, lease_until);
    if (known) {
        ht_flight_queue(e, f);
    } else {
        ht_settings_need(e, st);
    }
}

static void ask_again(struct ht_supply *s, struct ht_endpoint_state *st, int64_t now)
{
    if (st->again_at == 0) {
        st->again_at = now + AGAIN_US;
        TAILQ_INSERT_TAIL(&s->again, st, again_link);
    }
}

static void ask_for_locked(struct ht_engine *e, int64_t now)
{
    struct ht_endpoint_state *st;
    while ((st = TAILQ_FIRST(&e->supply.again)) != NULL && st->again_at <= now) {
        TAILQ_REMOVE(&e->supply.again, st, again_link);
        st->again_at = 0;
        ht_fair_due(e->fair, st->endpoint, !st->endpoint->head_retry);
    }
}

/* `cut_short`: that an endpoint gave less than was wanted says nothing. */
static void end_claim(struct ht_engine *e, bool cut_short, int64_t now)
{
    struct ht_supply *s = &e->supply;
    for (size_t i = 0; i < s->n_wants; i++) {
        struct ht_fair_endpoint *ep = s->wants[i].endpoint;
        struct ht_endpoint_state *st = ht_state_of(ep);
        bool retry = ep->head_retry, home = ht_fair_at_home(e->fair, ep);
        ht_fair_claimed(e->fair, &s->wants[i], st->got, st->last_retry, now);
        if (home && cut_short) {
            ht_fair_due(e->fair, ep, !retry);
        } else if (home && st->locked) {
            ask_again(s, st, now);
        } else if (!home && !has_slots_to_spare(e)) {
            ht_fair_not_due(e->fair, ep);
        }
        st->got = 0;
        st->locked = false;
    }
    s->n_wants = 0;
}

void ht_supply_claimed(void *user, struct ht_claim_batch *batch, const struct ht_err *err)
{
    struct ht_engine *e = user;
    struct ht_supply *s = &e->supply;
    int64_t now = ht_mono_us();
    if (batch) {
        HT_FAULT("after_claim");
        ht_engine_set_clock(e, batch->db_now);
        size_t n_before = e->flights.n, kept_before = e->kept;
        for (size_t i = 0; i < batch->n; i++) {
            take_row(e, &batch->rows[i], s->claim_sent_at + e->lease_ms * 1000LL);
        }
        note_size(s, e->flights.n - n_before, e->kept - kept_before);
        ht_claim_batch_free(batch);
    } else {
        ht_supply_back_off(e);
        if (err) {
            ht_engine_report(e, HT_LOG_WARN, "claiming failed: %s", err->why);
        }
    }
    end_claim(e, batch == NULL || (e->suspect && e->suspect_since >= now), now);
}

static void give_back(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    struct ht_fair_item *i;
    if (now >= s->look_at) {
        s->look_at = now + LOOK_US;
        ht_fair_look(e->fair);
    }
    while ((i = ht_fair_excess(e->fair)) != NULL) {
        ht_settle_release(e, (struct ht_flight *)i);
    }
}

/* Heartbeat, sleep ------------------------------------------------------------------------------------------------- */

static void note_pace(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    bool may_send = ht_fair_queued(e->fair) > 0 && ht_fair_sending(e->fair) < e->concurrency;
    bool busy = ht_fair_claimable(e->fair) || may_send || s->n_wants > 0;
    if (busy) {
        s->idle_since = 0;
        s->busy_since = s->busy_since != 0 ? s->busy_since : now;
    } else {
        s->busy_since = 0;
        s->idle_since = s->idle_since != 0 ? s->idle_since : now;
    }
    if (now - s->rate_at >= 50000) {
        double rate = (double)s->starts * 1e6 / (double)(now - s->rate_at);
        s->start_rate = rate > s->start_rate ? rate : 0.8 * s->start_rate + 0.2 * rate;
        s->starts = 0;
        s->rate_at = now;
    }
}

static void heartbeat(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    bool asleep = s->asleep, claiming = e->mode.may_claim;
    if (!e->mode.may_claim) {
        asleep = false; /* nothing to be woken for */
    } else if (s->idle_since != 0 && now - s->idle_since > ASLEEP_AFTER_US && s->round_old) {
        asleep = true;
    } else if (s->busy_since != 0 && now - s->busy_since > AWAKE_AFTER_US) {
        asleep = false;
    }
    if (asleep == s->asleep && claiming == s->claiming && now < s->heartbeat_at) {
        return;
    }
    if (ht_lane_heartbeat(e->claims, asleep, claiming, e->succeeded, e->failed)) {
        if (asleep && !s->asleep) {
            ht_supply_look(e); /* what was emitted before the database knew that we sleep woke nobody */
        }
        s->asleep = asleep;
        s->claiming = claiming;
        s->heartbeat_at = now + s->heartbeat_pause_us;
        s->heartbeat_pause_us = 2 * s->heartbeat_pause_us < HEARTBEAT_US ? 2 * s->heartbeat_pause_us : HEARTBEAT_US;
        e->mode.heard_sent = true;
    } else {
        s->heartbeat_at = now + HT_NOT_TAKEN_US;
    }
}

void ht_supply_step(struct ht_engine *e, int64_t now)
{
    struct ht_supply *s = &e->supply;
    int32_t place, workers = ht_lane_workers(e->claims, &place);
    ht_fair_workers(e->fair, workers, place);
    note_pace(e, now);
    give_back(e, now);
    if (!ht_lane_up(e->claims)) {
        return;
    }
    heartbeat(e, now);
    ht_settings_step(e, now);
    if (e->mode.may_claim) {
        ask_for_locked(e, now);
        claim(e, now);
        discover(e, now);
    }
    if (now >= s->sweep_at && s->n_wants == 0 && ht_settings_idle(e)) {
        s->sweep_at = now + SWEEP_US;
        ht_fair_sweep(e->fair, now - FORGET_US, ht_supply_drop_endpoint, e);
    }
}

int64_t ht_supply_due(const struct ht_engine *e, int64_t now)
{
    const struct ht_supply *s = &e->supply;
    int64_t due = s->heartbeat_at;
    if (!ht_lane_up(e->claims)) {
        return INT64_MAX;
    }
    if (ht_fair_held_back(e->fair) && s->look_at < due) {
        due = s->look_at;
    }
    if (e->mode.may_claim && !s->discovering && s->discover_at < due) {
        due = s->discover_at;
    }
    if (e->mode.may_claim && s->n_wants == 0 && ht_fair_rate_due(e->fair) < due) {
        due = ht_fair_rate_due(e->fair);
    }
    if (e->mode.may_claim && !TAILQ_EMPTY(&s->again) && TAILQ_FIRST(&s->again)->again_at < due) {
        due = TAILQ_FIRST(&s->again)->again_at;
    }
    if (s->claim_not_before > now && s->claim_not_before < due) {
        due = s->claim_not_before;
    }
    if (suspect_alone_until(e) > now && suspect_alone_until(e) < due) {
        due = suspect_alone_until(e);
    }
    if (s->idle_since != 0 && !s->asleep && s->round_old && s->idle_since + ASLEEP_AFTER_US < due) {
        due = s->idle_since + ASLEEP_AFTER_US + 1;
    }
    if (ht_settings_due(e) < due) {
        due = ht_settings_due(e);
    }
    return due;
}
