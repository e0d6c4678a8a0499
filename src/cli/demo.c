#include "hooktop/cli/demo.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "demo_parts.h"
#include "hooktop/base/clock.h"
#include "hooktop/cli/config.h"
#include "hooktop/cli/console.h"
#include "hooktop/cli/output.h"
#include "hooktop/delivery/engine.h"

#define SETTLE_MS   60000
#define PROGRESS_MS 1000
#define LOOK_MS     50

/* ---- signals ----------------------------------------------------------------------------------------------------- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};

static void block_signals(bool console)
{
    static const int screens[] = {SIGWINCH, SIGTSTP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < HT_COUNT(ends); i++)
        sigaddset(&set, ends[i]);
    for (size_t i = 0; console && i < HT_COUNT(screens); i++)
        sigaddset(&set, screens[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Waits so long for a signal that ends the program; taken once, it is an error for good. */
static enum ht_rc wait_ms(long ms, struct ht_err *err)
{
    const struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < HT_COUNT(ends); i++)
        sigaddset(&set, ends[i]);
    int got = sigtimedwait(&set, NULL, &span);
    return got <= 0 ? HT_OK : ht_fail(err, HT_CANCELLED, "demo", NULL, "ended by SIG%s", sigabbrev_np(got));
}

/* ---- the engine, headless ---------------------------------------------------------------------------------------- */

struct engine {
    struct ht_engine *engine;
    pthread_t thread;
    bool running;
    enum ht_rc rc;
    struct ht_err err;
};

static void *engine_thread(void *user)
{
    struct engine *e = user;
    e->rc = ht_engine_run(e->engine, &e->err);
    return NULL;
}

static enum ht_rc engine_start(struct engine *e, const struct ht_demo_place *p, struct ht_err *err)
{
    const struct ht_engine_options o = {
        .dsn = ht_cluster_dsn(p->cluster), .ring = p->ring, .egress = &p->egress, .mode = HT_ENGINE_ALWAYS};
    enum ht_rc rc = ht_engine_new(&o, &e->engine, err);
    if (rc != HT_OK)
        return rc;
    int failed = pthread_create(&e->thread, NULL, engine_thread, e);
    if (failed != 0)
        return ht_fail(err, HT_FAILED, "demo", NULL, "no thread: %s", strerror(failed));
    e->running = true;
    return HT_OK;
}

static enum ht_rc engine_stop(struct engine *e, struct ht_err *err)
{
    if (e->running) {
        ht_engine_stop(e->engine);
        pthread_join(e->thread, NULL);
        if (e->rc != HT_OK)
            *err = e->err;
    }
    ht_engine_free(e->engine);
    return e->rc;
}

/* ---- headless ---------------------------------------------------------------------------------------------------- */

struct headless {
    struct ht_demo_world *world;
    struct ht_conn *conn;
    int64_t told_us; /* when progress was last told */
};

static int64_t received(const struct ht_demo_world *w, int64_t *ret_expected)
{
    int64_t deliveries = 0;
    *ret_expected = 0;
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        struct ht_route_counts c;
        ht_receiver_counts(w->tenants[i].receiver, NULL, &c);
        deliveries += c.deliveries;
        for (size_t j = 0; j < w->tenants[i].n; j++)
            if (!w->tenants[i].endpoints[j].plan->unverified)
                *ret_expected += w->tenants[i].endpoints[j].expected;
    }
    return deliveries;
}

static void tell_progress(struct headless *h, bool now)
{
    int64_t expected, deliveries = received(h->world, &expected), now_us = ht_mono_us();
    if (!now && now_us - h->told_us < PROGRESS_MS * INT64_C(1000))
        return;
    h->told_us = now_us;
    ht_out_printf("  %" PRId64 " events emitted, %" PRId64 " of %" PRId64 " deliveries accepted by their receivers\n",
                  (int64_t)(h->world->tenants[0].events * HT_DEMO_TENANTS), deliveries, expected);
}

/* Whether nothing waits any more: the store's word, since a receiver sees a delivery before the store does. */
static enum ht_rc nothing_waits(struct ht_conn *c, bool *ret, struct ht_err *err)
{
    struct ht_filter f = {0};
    struct ht_deliveries page = {0};
    size_t column = 0;
    enum ht_rc rc = ht_filter_parse(HT_FILTER_DELIVERIES, "status:ready|leased", 0, &f, &column, err);
    if (rc == HT_OK)
        rc = ht_store_deliveries(c, NULL, &f, NULL, NULL, 1, &page, err);
    if (rc == HT_OK)
        *ret = page.n == 0;
    ht_deliveries_fini(&page);
    ht_filter_fini(&f);
    return rc;
}

static enum ht_rc headless_pause(void *user, bool settled, struct ht_err *err)
{
    struct headless *h = user;
    int64_t until_us = ht_mono_us() + SETTLE_MS * INT64_C(1000);
    bool done = !settled;
    enum ht_rc rc = wait_ms(0, err);
    while (rc == HT_OK && !done) {
        rc = nothing_waits(h->conn, &done, err);
        if (rc != HT_OK || done || ht_mono_us() >= until_us)
            break;
        tell_progress(h, false);
        rc = wait_ms(LOOK_MS, err);
    }
    if (rc == HT_OK && settled)
        tell_progress(h, true);
    return rc;
}

static void add_tally(struct ht_demo_tally *sum, const struct ht_demo_tally *t)
{
    sum->events += t->events;
    sum->deliveries += t->deliveries;
    sum->attempts += t->attempts;
    sum->verified += t->verified;
    sum->refused += t->refused;
    sum->exhausted += t->exhausted;
    sum->held += t->held;
    sum->lost += t->lost;
    if (sum->first[0] == '\0')
        memcpy(sum->first, t->first, sizeof(sum->first));
}

static void print_row(const char *name, const struct ht_demo_tally *t)
{
    ht_out_printf("%-10s %8" PRId64 " %10" PRId64 " %9" PRId64 " %9" PRId64 " %10" PRId64 " %6" PRId64 " %6" PRId64
                  "\n",
                  name, t->events, t->deliveries, t->attempts, t->verified, t->exhausted, t->held, t->lost);
}

static void print_stories(const struct ht_demo_world *w)
{
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++)
        for (size_t j = 0; j < w->tenants[i].n; j++) {
            const struct ht_demo_endpoint *e = &w->tenants[i].endpoints[j];
            if (e->secrets[1] != NULL)
                ht_out_printf("\nThe secret of \"%s\" was rotated: %" PRId64 " deliveries before it, %" PRId64
                              " signed with both secrets for a\nreceiver that knew the old one alone, %" PRId64
                              " for one that knew both.\n",
                              e->plan->description, e->expected_rotated, e->expected_learned - e->expected_rotated,
                              e->expected - e->expected_learned);
            if (e->plan->outage)
                ht_out_printf("\nThe receiver of \"%s\" answered 404 at first: %" PRId64
                              " deliveries were given up, and redelivered\nonce it was mended.\n",
                              e->plan->description, e->redelivered);
        }
}

static enum ht_rc print_table(struct ht_demo_world *w, struct ht_conn *c, struct ht_err *err)
{
    struct ht_demo_tally sum = {0};
    ht_out_printf("\n%-10s %8s %10s %9s %9s %10s %6s %6s\n", "profile", "events", "deliveries", "attempts", "verified",
                  "exhausted", "held", "lost");
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        struct ht_demo_tally t = {0};
        enum ht_rc rc = ht_demo_check(&w->tenants[i], c, &t, err);
        if (rc != HT_OK)
            return rc;
        print_row(w->tenants[i].plan->profile, &t);
        add_tally(&sum, &t);
    }
    print_row("all", &sum);
    if (sum.first[0] != '\0')
        return ht_fail(err, HT_FAILED, "demo", NULL,
                       "%" PRId64 " signatures did not verify, %" PRId64 " deliveries are wrong; the first: %s",
                       sum.refused, sum.lost, sum.first);
    print_stories(w);
    ht_out_printf("\nEvery signature verified, and nothing was lost: what the store says of each attempt is what its\n"
                  "receiver recorded. The held deliveries wait for an endpoint that is still to be verified.\n");
    return HT_OK;
}

static enum ht_rc run_headless(struct ht_demo_world *w, const struct ht_ops *ops, const struct ht_demo_place *p,
                               struct ht_err *err)
{
    struct engine engine = {0};
    struct headless h = {.world = w, .conn = ops->conn, .told_us = ht_mono_us()};
    const struct ht_demo_teller teller = {.pause = headless_pause, .user = &h};
    enum ht_rc rc = engine_start(&engine, p, err);
    ht_out_printf("Emitting and delivering; every tenth delivery fails at first, one secret is rotated half-way, one "
                  "receiver has lost its route.\n");
    if (rc == HT_OK)
        rc = ht_demo_story(w, ops, &teller, err);
    if (rc == HT_OK) {
        ht_demo_receivers_mend(w);
        rc = ht_demo_redeliver(w, ops->conn, err);
    }
    if (rc == HT_OK)
        rc = teller.pause(teller.user, true, err);
    enum ht_rc stopped = engine_stop(&engine, err);
    if (rc == HT_OK)
        rc = stopped;
    return rc == HT_OK ? print_table(w, ops->conn, err) : rc;
}

/* ---- with the console -------------------------------------------------------------------------------------------- */

static enum ht_rc run_console(struct ht_demo_world *w, const struct ht_demo_place *p, struct ht_err *err)
{
    struct ht_demo_feed feed = {0};
    HT_AUTOFREE char *theme_dir = ht_path_config("themes");
    HT_AUTOFREE char *views = ht_path_state("views.ini"); /* of the demo's own place */
    const struct ht_console_options o = {.dsn = ht_cluster_dsn(p->cluster),
                                         .environment = "demo",
                                         .egress = &p->egress,
                                         .ring = p->ring,
                                         .theme_dir = theme_dir,
                                         .views = views,
                                         .engine = HT_IN_CONSOLE_YES};
    enum ht_rc rc = ht_demo_feed_start(&feed, w, p, err);
    if (rc == HT_OK)
        rc = ht_console_run(&o, err);
    enum ht_rc fed = ht_demo_feed_stop(&feed, err);
    return rc == HT_OK ? fed : rc;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

static enum ht_rc play(struct ht_demo_world *w, struct ht_demo_place *p, bool console, struct ht_err *err)
{
    struct ht_conn *conn = NULL;
    const struct ht_conn_options o = {.dsn = ht_cluster_dsn(p->cluster), .application = "hooktop demo"};
    enum ht_rc rc = ht_demo_world_receivers(w, p, !console, err);
    if (rc == HT_OK)
        rc = ht_conn_open(&o, &conn, err);
    const struct ht_ops ops = {.conn = conn, .egress = &p->egress, .ring = p->ring, .reason = "demo"};
    if (rc == HT_OK) {
        ht_out_printf("Creating %u tenants with their endpoints and receivers.\n", HT_DEMO_TENANTS);
        rc = ht_demo_world_create(w, &ops, err);
    }
    if (rc == HT_OK)
        rc = wait_ms(0, err);
    if (rc == HT_OK)
        rc = console ? run_console(w, p, err) : run_headless(w, &ops, p, err);
    ht_conn_close(conn);
    return rc;
}

enum ht_rc ht_demo_run(bool headless, struct ht_err *err)
{
    struct ht_demo_place place;
    struct ht_demo_world world = {0};
    bool console = !headless && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    block_signals(console);
    setvbuf(stdout, NULL, _IOLBF, 0);
    ht_out_printf("Starting a private PostgreSQL.\n");
    enum ht_rc rc = ht_demo_place_init(&place, err);
    if (rc == HT_OK)
        rc = wait_ms(0, err);
    if (rc == HT_OK)
        rc = play(&world, &place, console, err);
    ht_demo_world_fini(&world);
    ht_demo_place_fini(&place);
    if (rc == HT_OK && console)
        ht_out_printf("The demo's PostgreSQL, receivers and files are gone.\n");
    return rc;
}
