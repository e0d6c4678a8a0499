#include <signal.h>
#include <stdio.h>

#include "hooktop/base/log.h"
#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"
#include "hooktop/cli/ring.h"
#include "hooktop/delivery/engine.h"

enum ht_rc ht_cmd_worker_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_workers_fini) struct ht_workers list = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_workers(conn, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_worker, list.rows, list.n, list.more);
    return rc;
}

/* The one thing that a signal handler must find. */
static struct ht_engine *volatile running;

static void on_stop(int sig)
{
    (void)sig;
    struct ht_engine *e = running;
    if (e != NULL)
        ht_engine_stop(e);
}

/* The first of these ends the worker in good order, the second at once: ht_engine_stop counts. */
static void stop_on_signals(struct ht_engine *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = e != NULL ? on_stop : SIG_DFL, .sa_flags = SA_RESTART};
    running = e;
    for (size_t i = 0; i < HT_COUNT(signals); i++)
        sigaction(signals[i], &action, NULL);
}

static void report(void *user, int level, const char *text)
{
    (void)user;
    ht_log((enum ht_log_level)level, "%s", text);
}

/* That the login may deliver and that the ring is here is asked once and in words, not found out by the engine's first
 * claim. */
static enum ht_rc check_in(struct ht_ctx *ctx, struct ht_engine_options *e, struct ht_err *err)
{
    HT_CLEANUP(ht_whoami_fini) struct ht_whoami who = {0};
    const struct ht_conn_options o = {.dsn = e->dsn, .application = "hooktop worker"};
    struct ht_conn *conn = NULL;
    enum ht_rc rc = ht_conn_open(&o, &conn, err);
    if (rc == HT_OK)
        rc = ht_conn_whoami(conn, &who, err);
    if (rc == HT_OK && !who.may_deliver)
        rc = ht_fail(err, HT_DENIED, "worker", "grant it the role hooktop_worker", "login %s may not deliver",
                     who.login);
    if (rc == HT_OK)
        rc = ht_ctx_ring(ctx, &e->ring, err);
    if (rc == HT_OK)
        rc = ht_worker_announce(conn, e->ring, e->egress, err);
    ht_conn_close(conn);
    return rc;
}

static void show(const struct ht_ctx *ctx, struct ht_engine *e)
{
    struct ht_engine_figures f;
    ht_engine_figures(e, &f);
    if (!ctx->json) {
        ht_out_printf("%lld %s, %lld succeeded, %lld failed\n", (long long)f.sent,
                      ht_plural(f.sent, "attempt", "attempts"), (long long)f.succeeded, (long long)f.failed);
        return;
    }
    struct ht_out_object o;
    ht_out_begin(&o);
    ht_jw_int(&o.w, "attempts", f.sent);
    ht_jw_int(&o.w, "succeeded", f.succeeded);
    ht_jw_int(&o.w, "failed", f.failed);
    ht_out_end(&o);
}

enum ht_rc ht_cmd_worker(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    const struct ht_arg *concurrency = &args->opt[HT_OPT_CONCURRENCY];
    struct ht_engine *engine = NULL;
    struct ht_engine_options o = {
        .egress = &ctx->config.egress,
        .mode = HT_ENGINE_ALWAYS,
        .concurrency = concurrency->given ? (int32_t)concurrency->number : ctx->config.worker_concurrency,
        .lease_ms = ctx->config.worker_lease_ms,
        .timeout_max_ms = ctx->config.worker_time_limit_ms,
        .drain = args->opt[HT_OPT_DRAIN].given,
        .report = report,
    };
    ht_ctx_runs_until_ended();
    enum ht_rc rc = ht_ctx_worker_dsn(ctx, &o.dsn, err);
    if (rc == HT_OK)
        rc = check_in(ctx, &o, err);
    if (rc == HT_OK)
        rc = ht_engine_new(&o, &engine, err);
    if (rc != HT_OK)
        return rc;
    char exceptions[160];
    if (ht_egress_exceptions(o.egress, exceptions, sizeof exceptions))
        ht_log(HT_LOG_WARN, "egress exceptions are active: %s ([egress] in the configuration)", exceptions);
    stop_on_signals(engine);
    rc = ht_engine_run(engine, err);
    stop_on_signals(NULL);
    if (rc == HT_OK)
        show(ctx, engine);
    ht_engine_free(engine);
    return rc;
}
