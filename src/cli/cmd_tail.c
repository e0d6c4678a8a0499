#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/output.h"

#define WATCHED      500  /* newest deliveries that are looked at for changes */
#define FIRST_SHOWN  10   /* of those that are there already */
#define LOOK_MS      1000 /* between two looks for new ones: producers do not notify */
#define RETRY_MS     1000
#define RETRY_MAX_MS 5000

struct tail {
    struct ht_ctx *ctx;
    struct ht_filter filter;
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant;
    struct ht_deliveries seen; /* as they were last shown */
    bool begun;
    int signals;
};

static void tail_fini(struct tail *t)
{
    ht_filter_fini(&t->filter);
    ht_deliveries_fini(&t->seen);
    if (t->signals >= 0)
        close(t->signals);
}

/* One line for people: when, what became of it, and where it goes. */
static void print_line(const struct ht_delivery *d)
{
    char time[HT_TIME_TEXT];
    char id[HT_UUID_TEXT];
    char code[16] = "";
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, 65536);
    ht_time_rfc3339(d->last_attempt_at != 0 ? d->last_attempt_at : d->created_at, time);
    ht_uuid_format(&d->id, id);
    if (d->last_status != 0)
        snprintf(code, sizeof code, " %d", (int)d->last_status);
    ht_text_clean(&text, d->type, strlen(d->type), HT_TEXT_CELL);
    ht_buf_adds(&text, "  ");
    ht_text_clean(&text, d->endpoint_url, strlen(d->endpoint_url), HT_TEXT_ASCII);
    ht_out_printf("%s  %s  %-11s  %d/%d%s%s%s  %s\n", time, id, ht_delivery_words[d->status].name, (int)d->attempts,
                  (int)d->attempts_max, code, d->last_error != HT_ATTEMPT_NONE ? " " : "",
                  ht_attempt_words[d->last_error].name, text.data);
}

static bool same_state(const struct ht_delivery *a, const struct ht_delivery *b)
{
    return a->status == b->status && a->attempts == b->attempts && a->due_at == b->due_at;
}

/* Both pages are sorted by id, newest first; `at` walks along in the old one. */
static bool is_news(const struct tail *t, const struct ht_delivery *d, size_t *at)
{
    while (*at < t->seen.n && ht_uuid_cmp(&t->seen.rows[*at].id, &d->id) > 0)
        ++*at;
    if (*at < t->seen.n && ht_uuid_cmp(&t->seen.rows[*at].id, &d->id) == 0)
        return !same_state(&t->seen.rows[*at], d);
    /* Older than all that was looked at: it came into view, it is not new. */
    return !t->begun || t->seen.n == 0 || ht_uuid_cmp(&d->id, &t->seen.rows[t->seen.n - 1].id) > 0;
}

/* A page, oldest first; `wanted` NULL: all of it. */
static enum ht_rc show(const struct tail *t, const struct ht_deliveries *page, const bool *wanted, struct ht_err *err)
{
    for (size_t i = page->n; i-- > 0;) {
        if (wanted && !wanted[i])
            continue;
        if (t->ctx->json)
            ht_out_rows(true, &ht_kind_delivery, &page->rows[i], 1, false);
        else
            print_line(&page->rows[i]);
    }
    return ht_out_finish(err);
}

static enum ht_rc page_of(const struct tail *t, const struct ht_uuid *before, const struct ht_uuid *after,
                          struct ht_deliveries *ret, struct ht_err *err)
{
    enum ht_rc rc = ht_store_deliveries(t->ctx->conn, t->tenant, &t->filter, before, after, WATCHED, ret, err);
    if (rc == HT_OK)
        ht_deliveries_complete(ret->rows, ret->n);
    return rc;
}

/* The id before this one, so that a page after it has this one too. */
static struct ht_uuid just_before(struct ht_uuid id)
{
    for (size_t i = sizeof id.b; i-- > 0 && id.b[i]-- == 0;)
        ;
    return id;
}

/* More came at once than one page holds: those between the newest page and what was seen before, oldest first. Pages
 * come newest first, so where each begins is looked up before the first of them is shown. Where the link breaks in
 * between, what was shown comes again: better twice than not at all. */
static enum ht_rc show_between(const struct tail *t, const struct ht_uuid *newer, const struct ht_uuid *seen,
                               struct ht_err *err)
{
    struct ht_uuid *begins = ht_alloc(1, sizeof *begins);
    size_t n = 1;
    enum ht_rc rc = HT_OK;
    begins[0] = *newer;
    for (bool more = true; rc == HT_OK && more;) {
        HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries page = {0};
        rc = page_of(t, &begins[n - 1], seen, &page, err);
        more = page.more;
        begins = ht_realloc(begins, n + 1, sizeof *begins);
        if (page.n > 0)
            begins[n++] = page.rows[page.n - 1].id;
    }
    for (size_t i = n; rc == HT_OK && i-- > 1;) {
        HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries page = {0};
        struct ht_uuid after = just_before(begins[i]);
        rc = page_of(t, &begins[i - 1], &after, &page, err);
        if (rc == HT_OK)
            rc = show(t, &page, NULL, err);
    }
    free(begins);
    return rc;
}

static enum ht_rc show_news(struct tail *t, struct ht_err *err)
{
    HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries page = {0};
    enum ht_rc rc = page_of(t, NULL, NULL, &page, err);
    if (rc != HT_OK)
        return rc;
    size_t first = t->ctx->args->opt[HT_OPT_LIMIT].given ? (size_t)ht_ctx_limit(t->ctx) : FIRST_SHOWN;
    bool *news = ht_alloc(page.n + 1, sizeof *news);
    size_t at = 0;
    for (size_t i = 0; i < page.n; i++)
        news[i] = t->begun ? is_news(t, &page.rows[i], &at) : i < first;
    if (t->begun && page.more && t->seen.n > 0 && ht_uuid_cmp(&page.rows[page.n - 1].id, &t->seen.rows[0].id) > 0)
        rc = show_between(t, &page.rows[page.n - 1].id, &t->seen.rows[0].id, err);
    if (rc == HT_OK)
        rc = show(t, &page, news, err);
    free(news);
    if (rc != HT_OK)
        return rc;
    t->begun = true;
    struct ht_deliveries old = t->seen;
    t->seen = page;
    page = old;
    return HT_OK;
}

/* Waits for a notice, a signal (false) or the time. */
static bool wait_for(struct tail *t, int fd, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = t->signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    poll(fds, HT_COUNT(fds), timeout_ms);
    return (fds[0].revents & POLLIN) == 0;
}

/* Whether there is one that is newer than all seen. */
static enum ht_rc look(struct tail *t, bool *ret_changed, struct ht_err *err)
{
    HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries page = {0};
    const struct ht_uuid *newest = t->seen.n > 0 ? &t->seen.rows[0].id : NULL;
    enum ht_rc rc = ht_store_deliveries(t->ctx->conn, t->tenant, &t->filter, NULL, newest, 1, &page, err);
    if (rc == HT_OK && page.n > 0)
        *ret_changed = true;
    return rc;
}

/* The link broke: tries again, ever more slowly, until it is there or a signal comes (HT_CANCELLED). */
static enum ht_rc reconnect(struct tail *t, const struct ht_err *why)
{
    char line[1024];
    ht_err_line(why, line, sizeof line);
    ht_out_note(false, "hooktop: %s; trying again", line);
    for (int wait_ms = RETRY_MS;; wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS) {
        struct ht_err again = {0};
        if (ht_conn_reset(t->ctx->conn, &again) == HT_OK && ht_conn_listen(t->ctx->conn, &again) == HT_OK) {
            ht_out_note(false, "hooktop: connected again");
            return HT_OK;
        }
        if (!wait_for(t, -1, wait_ms))
            return HT_CANCELLED;
    }
}

static enum ht_rc follow(struct tail *t, struct ht_err *err)
{
    struct ht_err broken = {0};
    bool changed = false;
    enum ht_rc rc = show_news(t, err);
    while (rc == HT_OK && wait_for(t, ht_conn_fd(t->ctx->conn), LOOK_MS)) {
        ht_err_clear(&broken);
        changed = false;
        rc = ht_conn_drain(t->ctx->conn, &changed, &broken);
        if (rc == HT_OK && !changed)
            rc = look(t, &changed, &broken);
        if (rc == HT_OK && changed)
            rc = show_news(t, &broken);
        if (rc == HT_NO_DB) {
            rc = reconnect(t, &broken);
            if (rc == HT_OK)
                rc = show_news(t, &broken);
            rc = rc == HT_NO_DB ? HT_OK : rc; /* broken once more: the next turn sees it */
        }
        if (rc != HT_OK && rc != HT_CANCELLED)
            *err = broken;
    }
    return rc == HT_CANCELLED ? HT_OK : rc;
}

enum ht_rc ht_cmd_delivery_tail(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(tail_fini) struct tail t = {.ctx = ctx, .signals = -1};
    ht_ctx_runs_until_ended();
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_DELIVERIES, &t.filter, err);
    if (rc == HT_OK && ht_filter_oldest_first(&t.filter))
        return ht_fail(err, HT_USAGE, "filter", "leave out -sort:time; hooktop delivery list has it",
                       "what is followed comes in its own order");
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &t.tenant_id, &t.tenant, err);
    /* LISTEN before the first page: what happens between the two is not missed. */
    if (rc == HT_OK)
        rc = ht_conn_listen(ctx->conn, err);
    if (rc != HT_OK)
        return rc;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    t.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return follow(&t, err);
}
