#include "hooktop/cli/console.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hooktop/base/log.h"
#include "hooktop/cli/config.h"
#include "hooktop/cli/draft.h"
#include "hooktop/cli/ring.h"
#include "hooktop/delivery/engine.h"
#include "hooktop/profile/profile.h"
#include "hooktop/tui/tui.h"

#include "console_parts.h"

#define REQUESTS_MAX    128
#define REPLIES_MAX     512
#define ENGINE_GRACE_MS 2000 /* what is in flight when the user quits may finish within this time */
#define GONE_GRACE_MS   300  /* when nobody is there any more who would wait for it */

struct console {
    const struct ht_console_options *options;
    struct ht_uuid tenant_id;
    struct ht_mailbox *inbox;
    struct ht_part loader, errands;
    pthread_t loader_thread, errands_thread, engine_thread;
    bool loader_runs, errands_runs, engine_runs;
    struct ht_engine *engine; /* NULL: off */
    char engine_off[160];     /* why */
};

/* The engine ------------------------------------------------------------------------------------------------------ */

/* Why the engine cannot run here, into `off`; or nothing. */
static void check_engine(struct console *c, struct ht_conn *conn, struct ht_err *err)
{
    const struct ht_console_options *o = c->options;
    HT_CLEANUP(ht_whoami_fini) struct ht_whoami who = {0};
    const struct ht_conn_options other = {.dsn = o->engine_dsn, .application = "hooktop worker"};
    struct ht_conn *own = NULL;
    if (o->engine == HT_IN_CONSOLE_NO) {
        snprintf(c->engine_off, sizeof c->engine_off, "[worker] in_console = no");
    } else if (o->readonly) {
        snprintf(c->engine_off, sizeof c->engine_off, "read-only");
    } else if (o->ring == NULL) {
        snprintf(c->engine_off, sizeof c->engine_off, "%.*s", (int)sizeof c->engine_off - 1,
                 o->no_ring != NULL ? o->no_ring->why : "no key ring here");
    } else {
        enum ht_rc rc = o->engine_dsn != NULL ? ht_conn_open(&other, &own, err) : HT_OK;
        if (rc == HT_OK)
            rc = ht_conn_whoami(own != NULL ? own : conn, &who, err);
        if (rc != HT_OK)
            ht_err_line(err, c->engine_off, sizeof c->engine_off);
        else if (!who.may_deliver)
            snprintf(c->engine_off, sizeof c->engine_off, "login %s lacks hooktop_worker", who.login);
        else if (ht_worker_announce(own != NULL ? own : conn, o->ring, o->egress, err) != HT_OK)
            ht_err_line(err, c->engine_off, sizeof c->engine_off);
        ht_conn_close(own);
    }
}

static void notice_figures(void *user, int level, const char *text)
{
    struct console *c = user;
    ht_log((enum ht_log_level)level, "%s", text);
    struct ht_reply *r = ht_reply_new(HT_REP_FIGURES, HT_REQ_KIND_COUNT, 0);
    if (!ht_mailbox_post(c->inbox, r))
        ht_reply_free(r); /* the next frame reads the figures anyway */
}

static void *run_engine(void *user)
{
    struct console *c = user;
    struct ht_err err = {0};
    if (ht_engine_run(c->engine, &err) != HT_OK)
        ht_log_err(HT_LOG_ERROR, &err);
    return NULL;
}

static void make_engine(struct console *c)
{
    struct ht_err err = {0};
    const struct ht_engine_options o = {
        .dsn = c->options->engine_dsn != NULL ? c->options->engine_dsn : c->options->dsn,
        .ring = c->options->ring,
        .egress = c->options->egress,
        .mode = c->options->engine == HT_IN_CONSOLE_YES ? HT_ENGINE_ALWAYS : HT_ENGINE_AUTO,
        .concurrency = c->options->concurrency,
        .lease_ms = c->options->lease_ms,
        .timeout_max_ms = c->options->time_limit_ms,
        .report = notice_figures,
        .user = c,
    };
    check_engine(c, c->loader.conn, &err);
    ht_err_clear(&err);
    if (c->engine_off[0] == '\0' && ht_engine_new(&o, &c->engine, &err) != HT_OK)
        ht_err_line(&err, c->engine_off, sizeof c->engine_off);
}

static void figures(void *user, struct ht_engine_figures *ret)
{
    struct console *c = user;
    if (c->engine != NULL) {
        ht_engine_figures(c->engine, ret);
        return;
    }
    *ret = (struct ht_engine_figures){.state = HT_ENGINE_OFF};
    snprintf(ret->why, sizeof ret->why, "%s", c->engine_off);
}

/* The screen ------------------------------------------------------------------------------------------------------ */

static bool profile_facts(void *user, const char *name, struct ht_profile_facts *ret)
{
    (void)user;
    const struct ht_profile *p = ht_profile_find(name);
    if (p == NULL)
        return false;
    *ret = (struct ht_profile_facts){
        .title = p->title,
        .summary = p->summary,
        .multi_signature = p->multi_signature,
        .key_per_tenant = p->key_per_tenant,
        .ping_signed = p->ping_signed,
        .needs_verification = p->needs_verification,
        .timeout_ms = p->timeout_ms,
        .source_filter = p->source_filter,
        .workflows = p->workflows,
        .disable_after_failures = p->disable_after_failures,
        .schedule_s = p->schedule_s,
        .schedule_len = p->schedule_len,
    };
    return true;
}

static void check_draft(void *user, const struct ht_draft *d, struct ht_draft_faults *ret)
{
    const struct console *c = user;
    ht_draft_check(c->options->egress, d, ret);
}

static enum ht_rc run_screen(struct console *c, struct ht_err *err)
{
    const struct ht_console_options *o = c->options;
    char exceptions[160];
    bool excepted = ht_egress_exceptions(o->egress, exceptions, sizeof exceptions);
    const struct ht_tui_options screen = {
        .loader = c->loader.requests,
        .errands = c->errands.requests,
        .inbox = c->inbox,
        .figures = figures,
        .profile_facts = profile_facts,
        .check_draft = check_draft,
        .user = c,
        .theme = o->theme,
        .theme_dir = o->theme_dir,
        .views = o->views,
        .environment = o->environment,
        .exceptions = excepted ? exceptions : NULL,
        .rotate_after_days = o->rotate_after_days,
        .readonly = o->readonly,
        .production = o->production,
        .colour = o->colour,
        .ascii = o->ascii,
        .clock_off = o->clock_off,
        .mouse = o->mouse,
        .accessible = o->accessible,
        .no_color = getenv("NO_COLOR") != NULL && getenv("NO_COLOR")[0] != '\0',
    };
    return ht_tui_run(&screen, err);
}

/* Beginning and end ----------------------------------------------------------------------------------------------- */

/* While the screen has the terminal, the log goes to a file. */
static void redirect_log(void)
{
    struct ht_err err = {0};
    HT_AUTOFREE char *path = ht_path_state("console.log");
    if (ht_path_make_parents(path, &err) == HT_OK && ht_log_file(path, &err) == HT_OK)
        return;
    ht_err_clear(&err);
    if (ht_log_file("/dev/null", &err) != HT_OK)
        ht_log_level(HT_LOG_ERROR);
}

static enum ht_rc open_loader(struct console *c, struct ht_err *err)
{
    const struct ht_console_options *o = c->options;
    const struct ht_conn_options conn = {.dsn = o->dsn, .application = "hooktop console", .readonly = o->readonly};
    struct ht_conn *opened;
    enum ht_rc rc = ht_conn_open(&conn, &opened, err);
    if (rc != HT_OK)
        return rc;
    atomic_store(&c->loader.conn, opened);
    if (o->tenant == NULL)
        return HT_OK;
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    rc = ht_store_tenant_find(opened, o->tenant, &t, err);
    if (rc != HT_OK)
        return rc;
    c->tenant_id = t.id;
    c->loader.tenant = c->errands.tenant = &c->tenant_id;
    return HT_OK;
}

static enum ht_rc start(pthread_t *thread, void *(*run)(void *), void *arg, bool *ret_runs, struct ht_err *err)
{
    int why = pthread_create(thread, NULL, run, arg);
    if (why != 0)
        return ht_fail(err, HT_FAILED, "console", NULL, "cannot start a thread: %s", strerror(why));
    *ret_runs = true;
    return HT_OK;
}

static enum ht_rc start_threads(struct console *c, struct ht_err *err)
{
    enum ht_rc rc = start(&c->loader_thread, ht_loader_run, &c->loader, &c->loader_runs, err);
    if (rc == HT_OK)
        rc = start(&c->errands_thread, ht_errands_run, &c->errands, &c->errands_runs, err);
    if (rc == HT_OK && c->engine != NULL)
        rc = start(&c->engine_thread, run_engine, c, &c->engine_runs, err);
    return rc;
}

static void stop_part(struct ht_part *p, pthread_t thread, bool runs)
{
    if (runs) {
        atomic_store(&p->stopping, true);
        ht_mailbox_close(p->requests);
        if (p->conn != NULL)
            ht_conn_cancel(p->conn);
        pthread_join(thread, NULL);
    }
    ht_conn_close(p->conn);
    ht_mailbox_free(p->requests);
}

/* What is in flight may finish for a moment; after that the leases do their work. */
static void stop_engine(struct console *c)
{
    if (c->engine_runs) {
        struct timespec until;
        int64_t ms = isatty(STDOUT_FILENO) ? ENGINE_GRACE_MS : GONE_GRACE_MS;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += ms % 1000 * 1000000;
        until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        ht_engine_stop(c->engine);
        if (pthread_timedjoin_np(c->engine_thread, NULL, &until) != 0) {
            ht_engine_stop(c->engine);
            pthread_join(c->engine_thread, NULL);
        }
    }
    ht_engine_free(c->engine);
}

enum ht_rc ht_console_run(const struct ht_console_options *o, struct ht_err *err)
{
    struct console c = {.options = o};
    c.inbox = ht_mailbox_new(REPLIES_MAX, ht_reply_free);
    c.loader =
        (struct ht_part){.options = o, .requests = ht_mailbox_new(REQUESTS_MAX, ht_request_free), .replies = c.inbox};
    c.errands =
        (struct ht_part){.options = o, .requests = ht_mailbox_new(REQUESTS_MAX, ht_request_free), .replies = c.inbox};
    enum ht_rc rc = open_loader(&c, err);
    if (rc == HT_OK) {
        redirect_log();
        make_engine(&c);
        rc = start_threads(&c, err);
    }
    if (rc == HT_OK)
        rc = run_screen(&c, err);
    stop_engine(&c);
    stop_part(&c.loader, c.loader_thread, c.loader_runs);
    stop_part(&c.errands, c.errands_thread, c.errands_runs);
    ht_mailbox_free(c.inbox);
    return rc;
}
