/* Whether to deliver at all. */
#include <stdio.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/log.h"
#include "state.h"

/* So many different hosts out of reach, and none in reach, and this machine has no way out. */
#define HOSTS_TO_CONCLUDE 3u
/* Fewer hosts than that tell nothing: then their results count after this. */
#define WITHHOLD_US       10000000
#define TRY_AGAIN_US      60000000
#define BACKLOG_US        200000

void ht_mode_init(struct ht_engine *e)
{
    TAILQ_INIT(&e->mode.withheld);
    e->mode.way = e->o.mode == HT_ENGINE_AUTO ? HT_WAY_UNKNOWN : HT_WAY_OUT;
}

/* No way out ------------------------------------------------------------------------------------------------------- */

static bool out_of_reach(enum ht_attempt_error error)
{
    return error == HT_ATTEMPT_DNS || error == HT_ATTEMPT_UNREACHABLE || error == HT_ATTEMPT_TIMEOUT_CONNECT;
}

/* What was never on the wire says nothing about it. */
static bool no_evidence(enum ht_attempt_error error)
{
    return error == HT_ATTEMPT_BLOCKED || error == HT_ATTEMPT_SEALED || error == HT_ATTEMPT_INTERNAL;
}

static void settle_withheld(struct ht_engine *e)
{
    struct ht_flight *f;
    while ((f = TAILQ_FIRST(&e->mode.withheld)) != NULL) {
        TAILQ_REMOVE(&e->mode.withheld, f, stage_link);
        ht_settle_add(e, f, &f->result);
        memset(&f->result, 0, sizeof f->result);
    }
}

static void give_back(struct ht_engine *e, bool withheld_too)
{
    struct ht_flight *f = TAILQ_FIRST(&e->leases), *next;
    for (; f; f = next) {
        next = TAILQ_NEXT(f, lease_link);
        if (f->stage == HT_FLIGHT_AWAITING || f->stage == HT_FLIGHT_QUEUED ||
            (withheld_too && f->stage == HT_FLIGHT_WITHHELD)) {
            ht_settle_release(e, f);
        }
    }
}

static void conclude_no_way(struct ht_engine *e)
{
    e->mode.way = HT_WAY_NONE;
    e->mode.try_again_at = ht_mono_us() + TRY_AGAIN_US;
    give_back(e, true);
    ht_engine_report(e, HT_LOG_WARN, "no receiver can be reached from this machine: deliveries are left to others");
}

static void note_host(struct ht_mode *m, const char *url)
{
    const char *host = strstr(url, "://");
    uint64_t hash = 14695981039346656037u;
    host = host ? host + 3 : url;
    for (size_t n = strcspn(host, "/:?"); n > 0; n--) {
        hash = (hash ^ (unsigned char)*host++) * 1099511628211u;
    }
    for (size_t i = 0; i < m->n_failed_hosts; i++) {
        if (m->failed_hosts[i] == hash) {
            return;
        }
    }
    m->failed_hosts[m->n_failed_hosts++] = hash;
}

bool ht_mode_withhold(struct ht_engine *e, struct ht_flight *f, struct ht_settlement *s)
{
    struct ht_mode *m = &e->mode;
    enum ht_attempt_error error = s->attempt.error;
    if (m->way == HT_WAY_OUT || no_evidence(error)) {
        return false;
    }
    if (!out_of_reach(error)) {
        m->way = HT_WAY_OUT;
        settle_withheld(e);
        return false;
    }
    if (TAILQ_EMPTY(&m->withheld)) {
        m->withheld_since = ht_mono_us();
    }
    f->stage = HT_FLIGHT_WITHHELD;
    f->result = *s;
    TAILQ_INSERT_TAIL(&m->withheld, f, stage_link);
    if (m->way == HT_WAY_NONE) {
        give_back(e, true);
        return true;
    }
    note_host(m, f->target->url);
    if (m->n_failed_hosts == HOSTS_TO_CONCLUDE) {
        conclude_no_way(e);
    }
    return true;
}

/* Standing by, drain, stop ----------------------------------------------------------------------------------------- */

static void look_for_others(struct ht_engine *e)
{
    struct ht_mode *m = &e->mode;
    if (e->o.mode != HT_ENGINE_AUTO) {
        m->heard = true;
        return;
    }
    if (!m->heard && m->heard_sent && ht_lane_idle(e->claims)) {
        m->heard = true;
    }
    bool others = m->heard && ht_lane_other_worker(e->claims);
    if (others != m->standing_by) {
        m->standing_by = others;
        ht_engine_report(e, HT_LOG_INFO, others ? "a worker is delivering: standing by" : "no worker: delivering");
        if (others) {
            give_back(e, false);
        } else {
            ht_supply_look(e);
        }
    }
}

static bool quiet(const struct ht_engine *e)
{
    return ht_fair_in_hand(e->fair) == 0 && !ht_fair_claimable(e->fair) && e->supply.round_empty &&
           ht_lane_up(e->claims);
}

static void check_drained(struct ht_engine *e, int64_t now)
{
    struct ht_mode *m = &e->mode;
    if (!e->o.drain || !quiet(e)) {
        m->backlog_asked = false;
        return;
    }
    if (m->backlog_asked && ht_lane_idle(e->claims)) {
        m->backlog_asked = false;
        e->finished = e->finished || ht_lane_backlog(e->claims) == 0;
    } else if (!m->backlog_asked && now >= m->backlog_asked_at + BACKLOG_US && ht_lane_count_backlog(e->claims)) {
        m->backlog_asked = true;
        m->backlog_asked_at = now;
    }
}

void ht_mode_step(struct ht_engine *e, int64_t now)
{
    struct ht_mode *m = &e->mode;
    bool stopping = atomic_load(&e->stops) > 0;
    look_for_others(e);
    if (m->way == HT_WAY_NONE && now >= m->try_again_at) {
        m->way = HT_WAY_UNKNOWN;
        m->n_failed_hosts = 0;
        ht_supply_look(e);
    }
    if (!TAILQ_EMPTY(&m->withheld) && (stopping || now - m->withheld_since > WITHHOLD_US)) {
        settle_withheld(e);
    }
    /* what is claimed while results cannot be told would be sent, and perhaps again by others */
    m->may_claim = m->heard && !m->standing_by && m->way != HT_WAY_NONE && !stopping && ht_lane_up(e->settles);
    if (stopping) {
        give_back(e, false);
    }
    check_drained(e, now);
}

int64_t ht_mode_due(const struct ht_engine *e)
{
    const struct ht_mode *m = &e->mode;
    int64_t due = m->way == HT_WAY_NONE ? m->try_again_at : INT64_MAX;
    if (!TAILQ_EMPTY(&m->withheld) && m->withheld_since + WITHHOLD_US < due) {
        due = m->withheld_since + WITHHOLD_US + 1;
    }
    if (e->o.drain && !m->backlog_asked && quiet(e) && m->backlog_asked_at + BACKLOG_US < due) {
        due = m->backlog_asked_at + BACKLOG_US;
    }
    return due;
}

void ht_mode_figures(const struct ht_engine *e, struct ht_engine_figures *ret)
{
    const struct ht_mode *m = &e->mode;
    ret->why[0] = '\0';
    if (atomic_load(&e->stops) > 0) {
        ret->state = HT_ENGINE_OFF;
        snprintf(ret->why, sizeof ret->why, "stopping");
    } else if (!e->claims_up) {
        ret->state = HT_ENGINE_NO_DATABASE;
        snprintf(ret->why, sizeof ret->why, "%s", e->link_why);
    } else if (m->way == HT_WAY_NONE) {
        ret->state = HT_ENGINE_NO_WAY_OUT;
        snprintf(ret->why, sizeof ret->why, "no receiver can be reached from this machine");
    } else if (m->standing_by || !m->heard) {
        ret->state = HT_ENGINE_STANDBY;
        snprintf(ret->why, sizeof ret->why, m->heard ? "a worker is delivering" : "looking for workers");
    } else {
        ret->state = HT_ENGINE_DELIVERING;
    }
}
