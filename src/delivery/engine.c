#include "hooktop/delivery/engine.h"
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/log.h"
#include "state.h"

/* After a stop, what cannot be settled for so long is left to its lease. */
#define STOP_SETTLE_US  30000000
#define GOODBYE_US      2000000
#define REPORT_AGAIN_US 60000000

static const char what[] = "engine";

/* What the parts share --------------------------------------------------------------------------------------------- */

/* Whether this sentence was said within the last minute; if not, remembers it in the place of the oldest one. */
static bool said_lately(struct ht_engine *e, const char *text)
{
    int64_t now = ht_mono_us();
    uint64_t hash = 14695981039346656037u;
    size_t oldest = 0;
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    }
    for (size_t i = 0; i < HT_COUNT(e->said); i++) {
        if (e->said[i].hash == hash && e->said[i].at != 0 && now - e->said[i].at < REPORT_AGAIN_US) {
            return true;
        }
        oldest = e->said[i].at < e->said[oldest].at ? i : oldest;
    }
    e->said[oldest].hash = hash;
    e->said[oldest].at = now;
    return false;
}

/* A thousand deliveries with the same trouble are one sentence. */
void ht_engine_report(struct ht_engine *e, int level, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (e->o.report && !said_lately(e, text)) {
        e->o.report(e->o.user, level, text);
    }
}

int64_t ht_engine_db_now(const struct ht_engine *e)
{
    return ht_mono_us() + e->clock_offset_us;
}

void ht_engine_set_clock(struct ht_engine *e, int64_t db_now)
{
    e->clock_offset_us = db_now - ht_mono_us();
}

/* Lanes ------------------------------------------------------------------------------------------------------------ */

static void link_down(struct ht_engine *e, const struct ht_err *why)
{
    snprintf(e->link_why, sizeof e->link_why, "%.159s", why ? why->why : "");
    ht_engine_report(e, HT_LOG_WARN, "the database is away: %s", why ? why->why : "");
}

static void on_claims_up(void *user, int64_t db_now)
{
    struct ht_engine *e = user;
    e->claims_up = true;
    e->link_why[0] = '\0';
    ht_engine_set_clock(e, db_now);
    ht_guard_add_database(&e->guard, ht_lane_fd(e->claims));
    ht_supply_lane_up(e);
    ht_lane_hurry(e->settles);
}

static void on_claims_down(void *user, const struct ht_err *why, int64_t retry_in_ms)
{
    struct ht_engine *e = user;
    (void)retry_in_ms;
    e->claims_up = false;
    link_down(e, why);
}

static void on_settles_up(void *user, int64_t db_now)
{
    struct ht_engine *e = user;
    (void)db_now;
    ht_guard_add_database(&e->guard, ht_lane_fd(e->settles));
    ht_lane_hurry(e->claims);
}

static void on_settles_down(void *user, const struct ht_err *why, int64_t retry_in_ms)
{
    (void)retry_in_ms;
    link_down(user, why);
}

static void on_trouble(void *user, const struct ht_err *why)
{
    ht_engine_report(user, HT_LOG_WARN, "the database refused: %s: %s", why->what, why->why);
}

static void make_lanes(struct ht_engine *e)
{
    struct ht_lane_options o = {
        .dsn = e->dsn,
        .worker_name = e->worker_name,
        .worker_id = e->worker_id,
        .lease_ms = e->lease_ms,
        .concurrency = e->concurrency,
        .in_console = e->o.mode == HT_ENGINE_AUTO,
        .listen = true,
    };
    struct ht_lane_callbacks claims = {
        .up = on_claims_up,
        .down = on_claims_down,
        .woken = ht_supply_woken,
        .claimed = ht_supply_claimed,
        .discovered = ht_supply_discovered,
        .targets = ht_settings_loaded,
        .trouble = on_trouble,
        .user = e,
    };
    struct ht_lane_callbacks settles = {
        .up = on_settles_up,
        .down = on_settles_down,
        .settled = ht_settle_settled,
        .renewed = ht_settle_renewed,
        .trouble = on_trouble,
        .user = e,
    };
    e->claims = ht_lane_new(&o, &claims);
    o.listen = false;
    e->settles = ht_lane_new(&o, &settles);
    ht_poller_watch(e->poller, e->claims);
    ht_poller_watch(e->poller, e->settles);
}

/* Life ------------------------------------------------------------------------------------------------------------- */

static int32_t longest_time_limit(void)
{
    int32_t most = 0;
    for (size_t i = 0; i < ht_profiles_len; i++) {
        most = ht_profiles[i]->timeout_ms > most ? ht_profiles[i]->timeout_ms : most;
    }
    return most;
}

static enum ht_rc check_options(struct ht_engine *e, struct ht_err *err)
{
    e->lease_ms = e->o.lease_ms > 0 ? e->o.lease_ms : HT_LEASE_MS;
    e->concurrency = e->o.concurrency > 0 ? e->o.concurrency : HT_CONCURRENCY;
    e->timeout_max_ms = e->o.timeout_max_ms > 0 ? e->o.timeout_max_ms : e->lease_ms - HT_LEASE_MARGIN;
    int32_t needed = e->o.timeout_max_ms > 0 ? e->o.timeout_max_ms : longest_time_limit();
    if (!e->o.ring) {
        return ht_fail(err, HT_USAGE, what, "make the key ring's file readable",
                       "without a key ring nothing can be signed");
    }
    if (e->concurrency > HT_CONCURRENCY_MAX) {
        return ht_fail(err, HT_USAGE, what, "use less", "a concurrency of more than %d", HT_CONCURRENCY_MAX);
    }
    if (e->lease_ms < needed + HT_LEASE_MARGIN) {
        return ht_fail(err, HT_USAGE, what, "make the lease longer",
                       "a lease of %d ms is not longer than the time limit of %d ms by %d ms", e->lease_ms, needed,
                       HT_LEASE_MARGIN);
    }
    return HT_OK;
}

void ht_engine_worker_name(char *ret, size_t size)
{
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    snprintf(ret, size, "%s:%ld", host, (long)getpid());
}

static char *worker_name(void)
{
    char name[96];
    ht_engine_worker_name(name, sizeof name);
    return ht_strdup(name);
}

enum ht_rc ht_engine_new(const struct ht_engine_options *o, struct ht_engine **ret, struct ht_err *err)
{
    struct ht_engine *e = ht_alloc(1, sizeof *e);
    struct ht_poller_callbacks cb = {.done = ht_flight_done, .user = e};
    e->o = *o;
    atomic_flag_clear(&e->figures_lock);
    TAILQ_INIT(&e->leases);
    ht_guard_init(&e->guard, o->egress);
    if (check_options(e, err) != HT_OK || ht_exchange_global(err) != HT_OK ||
        ht_poller_new(e->concurrency, &e->guard, &cb, &e->poller, err) != HT_OK) {
        ht_engine_free(e);
        return err ? err->rc : HT_FAILED;
    }
    e->dsn = ht_strdup(o->dsn);
    e->worker_name = worker_name();
    e->worker_id = ht_uuid_new();
    e->fair = ht_fair_new(e->concurrency);
    e->keys = ht_keys_new(o->ring);
    e->idle = ht_alloc((size_t)e->concurrency + 1, sizeof(struct ht_exchange *));
    ht_map_init(&e->flights);
    ht_settings_init(e);
    ht_supply_init(e);
    ht_mode_init(e);
    e->figures = (struct ht_engine_figures){.state = HT_ENGINE_OFF, .slots = e->concurrency, .why = "starting"};
    *ret = e;
    return HT_OK;
}

void ht_engine_free(struct ht_engine *e)
{
    struct ht_flight *f;
    if (!e) {
        return;
    }
    ht_lane_free(e->claims);
    ht_lane_free(e->settles);
    while ((f = TAILQ_FIRST(&e->leases)) != NULL) {
        ht_flight_drop(e, f);
    }
    ht_settle_fini(e);
    ht_flight_free_exchanges(e);
    ht_poller_free(e->poller);
    ht_fair_free(e->fair, ht_supply_drop_endpoint, e);
    ht_keys_free(e->keys);
    ht_map_fini(&e->flights);
    free(e->idle);
    free(e->dsn);
    free(e->worker_name);
    free(e);
}

/* Figures ---------------------------------------------------------------------------------------------------------- */

/* Held for the copy of one small struct, by two threads at most a few hundred times a second. */
static void lock(struct ht_engine *e)
{
    while (atomic_flag_test_and_set_explicit(&e->figures_lock, memory_order_acquire)) {
        sched_yield();
    }
}

static void unlock(struct ht_engine *e)
{
    atomic_flag_clear_explicit(&e->figures_lock, memory_order_release);
}

static void publish(struct ht_engine *e)
{
    struct ht_engine_figures now = {
        .in_flight = ht_fair_sending(e->fair),
        .slots = e->concurrency,
        .sent = e->sent,
        .succeeded = e->succeeded,
        .failed = e->failed,
        .skew_ms = e->clock_offset_us != 0 ? (ht_wall_us() - ht_engine_db_now(e)) / 1000 : 0,
    };
    ht_mode_figures(e, &now);
    lock(e);
    e->figures = now;
    unlock(e);
}

void ht_engine_figures(struct ht_engine *e, struct ht_engine_figures *ret)
{
    lock(e);
    *ret = e->figures;
    unlock(e);
}

/* Loop ------------------------------------------------------------------------------------------------------------- */

void ht_engine_stop(struct ht_engine *e)
{
    atomic_fetch_add(&e->stops, 1);
    ht_poller_wake(e->poller);
}

void ht_engine_nudge(struct ht_engine *e)
{
    atomic_store(&e->nudged, true);
    ht_poller_wake(e->poller);
}

/* Everything in flight has ended and is settled. *ret_given_up: the database does not take it. */
static bool stopped(struct ht_engine *e, int64_t now, bool *ret_given_up)
{
    bool sending = ht_fair_sending(e->fair) > 0;
    if (sending || e->stopping_since == 0) {
        e->stopping_since = now;
    }
    *ret_given_up = now - e->stopping_since > STOP_SETTLE_US;
    bool up = ht_lane_up(e->settles);
    bool settled = e->settling.n_pending == 0 && e->settling.outstanding == 0 &&
                   (up ? e->settling.n_released == 0 && ht_lane_idle(e->settles) : true);
    bool claiming = e->supply.n_wants > 0 && ht_lane_up(e->claims); /* its rows are to be given back */
    return !sending && ((settled && !claiming) || *ret_given_up);
}

static int64_t next_due(const struct ht_engine *e, int64_t now)
{
    int64_t due = now + 1000000;
    int64_t dues[] = {ht_supply_due(e, now), ht_settle_due(e), ht_mode_due(e)};
    for (size_t i = 0; i < HT_COUNT(dues); i++) {
        due = dues[i] < due ? dues[i] : due;
    }
    return due;
}

static void turn(struct ht_engine *e)
{
    int64_t now = ht_mono_us();
    if (atomic_exchange(&e->nudged, false)) {
        ht_supply_look(e);
    }
    ht_mode_step(e, now);
    ht_settle_step(e, now);
    ht_supply_step(e, now);
    bool more = atomic_load(&e->stops) == 0 && ht_flight_start_some(e, now);
    publish(e);
    ht_poller_step(e->poller, more ? now : next_due(e, ht_mono_us()));
}

/* Takes the worker's row away, so that nobody waits for its heartbeat. */
static void say_goodbye(struct ht_engine *e)
{
    int64_t until = ht_mono_us() + GOODBYE_US;
    if (!ht_lane_goodbye(e->claims)) {
        return;
    }
    HT_FAULT("goodbye_sent");
    while (ht_lane_up(e->claims) && !ht_lane_idle(e->claims) && ht_mono_us() < until && atomic_load(&e->stops) < 2) {
        ht_poller_step(e->poller, until);
    }
}

enum ht_rc ht_engine_run(struct ht_engine *e, struct ht_err *err)
{
    bool given_up = false;
    make_lanes(e);
    while (!e->finished && atomic_load(&e->stops) < 2) {
        turn(e);
        if (atomic_load(&e->stops) == 1 && stopped(e, ht_mono_us(), &given_up)) {
            break;
        }
    }
    say_goodbye(e);
    lock(e);
    e->figures.state = HT_ENGINE_OFF;
    snprintf(e->figures.why, sizeof e->figures.why, e->finished ? "drained" : "stopped");
    e->figures.in_flight = 0;
    unlock(e);
    if (given_up) {
        return ht_fail(err, HT_NO_DB, what, "their leases will end, and they will be sent again",
                       "the database does not take the results of %zu deliveries",
                       e->settling.n_pending + e->settling.outstanding);
    }
    return HT_OK;
}
