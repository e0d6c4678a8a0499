#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/demo.h"

/* Before any thread: only the screen takes them, inside ppoll. */
static void block_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < HT_COUNT(signals); i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

enum ht_rc ht_cmd_console(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    const struct ht_config *config = &ctx->config;
    const char *engine_dsn;
    struct ht_err no_ring = {0};
    HT_AUTOFREE char *theme_dir = ht_path_config("themes");
    HT_AUTOFREE char *views = ht_path_state("views.ini");
    struct ht_console_options o = {
        .tenant = ctx->tenant,
        .environment = config->environment,
        .egress = &config->egress,
        .engine = config->worker_in_console,
        .concurrency = config->worker_concurrency,
        .lease_ms = config->worker_lease_ms,
        .time_limit_ms = config->worker_time_limit_ms,
        .theme = config->ui_theme,
        .theme_dir = theme_dir,
        .views = views,
        .readonly = ctx->readonly,
        .production = config->production,
        .colour = config->colour,
        .ascii = config->ui_ascii == HT_UI_ASCII_YES,
        .rotate_after_days = config->alert_rotate_after_days,
        .clock_off = !config->ui_clock || config->ui_accessible, /* a reader would read every second out */
        .mouse = config->ui_mouse,
        .accessible = config->ui_accessible,
    };
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0)
        return ht_fail(err, HT_USAGE, "console", "see hooktop --help for the commands", "there is no terminal");
    enum ht_rc rc = ht_ctx_dsn(ctx, &o.dsn, err);
    if (rc == HT_OK)
        rc = ht_ctx_worker_dsn(ctx, &engine_dsn, err);
    if (rc != HT_OK)
        return rc;
    if (engine_dsn != o.dsn)
        o.engine_dsn = engine_dsn;
    if (o.environment == NULL && ctx->database.source == HT_DATABASE_PRIVATE)
        o.environment = "local";
    if (ht_ctx_ring(ctx, &o.ring, &no_ring) != HT_OK)
        o.no_ring = &no_ring;
    block_signals();
    return ht_console_run(&o, err);
}

enum ht_rc ht_cmd_demo(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)ctx;
    return ht_demo_run(args->opt[HT_OPT_HEADLESS].given, err);
}
