#include <stdlib.h>
#include <string.h>

#include "alert_tell.h"
#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/doctor.h"
#include "hooktop/cli/output.h"
#include "hooktop/store/health.h"

#define BODY_MAX (1024u * 1024u)
#define TOLD_MAX 500u /* in one message; the rest is told at the next check */

/* What is wrong and worth an alert: borrowed from the list it was picked from. */
struct picked {
    const struct ht_trouble **rows;
    size_t n;
};

static void pick(const struct ht_troubles *all, struct picked *ret)
{
    ret->rows = ht_alloc(all->n + 1, sizeof *ret->rows);
    for (size_t i = 0; i < all->n && ret->n < TOLD_MAX; i++)
        if (ht_trouble_kind(all->rows[i].kind)->alert)
            ret->rows[ret->n++] = &all->rows[i];
}

/* Writing ---------------------------------------------------------------------------------------------------------- */

static void put_members(struct ht_jw *w, const struct ht_trouble *t)
{
    ht_jw_str(w, "kind", t->kind);
    ht_jw_str(w, "state", "wrong");
    if (ht_uuid_is_nil(&t->tenant_id))
        ht_jw_null(w, "tenant_id");
    else
        ht_jw_uuid(w, "tenant_id", &t->tenant_id);
    if (ht_uuid_is_nil(&t->endpoint_id))
        ht_jw_null(w, "endpoint_id");
    else
        ht_jw_uuid(w, "endpoint_id", &t->endpoint_id);
    ht_jw_str(w, "subject", t->subject);
    ht_jw_int(w, "n", t->n);
    ht_jw_time(w, "since", t->since);
    ht_jw_str(w, "text", t->text);
    ht_jw_str(w, "remedy", ht_trouble_kind(t->kind)->fix);
}

static void show(const struct ht_ctx *ctx, const struct ht_trouble *t)
{
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        put_members(&o.w, t);
        ht_out_end(&o);
        return;
    }
    struct ht_buf line HT_BUF_CLEANUP;
    ht_buf_init(&line, 4096);
    ht_buf_addf(&line, "%s: ", t->kind);
    ht_text_clean(&line, t->subject, strlen(t->subject), HT_TEXT_CELL);
    ht_buf_adds(&line, ": ");
    ht_text_clean(&line, t->text, strlen(t->text), HT_TEXT_CELL);
    ht_out_printf("%s; remedy: %s\n", line.data, ht_trouble_kind(t->kind)->fix);
}

static const struct ht_trouble *find(const struct picked *p, const struct ht_alert_due *d)
{
    char key[HT_UUID_TEXT];
    for (size_t i = 0; i < p->n; i++)
        if (ht_uuid_cmp(&p->rows[i]->tenant_id, &d->tenant_id) == 0 && strcmp(p->rows[i]->kind, d->kind) == 0 &&
            strcmp(ht_trouble_key(p->rows[i], key), d->subject) == 0)
            return p->rows[i];
    return NULL;
}

static void put_over(struct ht_jw *w, const struct ht_alert_due *d)
{
    ht_jw_str(w, "kind", d->kind);
    ht_jw_str(w, "state", "over");
    ht_jw_str(w, "subject", d->subject);
}

static void write_body(const struct picked *p, const struct ht_alert_dues *due, int64_t now, struct ht_buf *out)
{
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "type", "hooktop.alert");
    ht_jw_time(&w, "timestamp", now);
    ht_jw_object(&w, "data");
    ht_jw_array(&w, "alerts");
    for (size_t i = 0; i < due->n; i++) {
        const struct ht_trouble *t = due->rows[i].over ? NULL : find(p, &due->rows[i]);
        ht_jw_object(&w, NULL);
        if (t != NULL)
            put_members(&w, t);
        else
            put_over(&w, &due->rows[i]);
        ht_jw_end_object(&w);
    }
    ht_jw_end_array(&w);
    ht_jw_end_object(&w);
    ht_jw_end_object(&w);
}

/* Telling ---------------------------------------------------------------------------------------------------------- */

static enum ht_rc tell_all(const struct ht_config *c, const struct ht_buf *body, struct ht_err *err)
{
    enum ht_rc rc = c->alert_webhook != NULL ? ht_alert_post(c, body, err) : HT_OK;
    enum ht_rc also = c->alert_command != NULL ? ht_alert_run(c, body, err) : HT_OK;
    return rc != HT_OK ? rc : also;
}

static enum ht_rc notify(struct ht_ctx *ctx, const struct picked *p, struct ht_err *err)
{
    HT_CLEANUP(ht_alert_dues_fini) struct ht_alert_dues due = {0};
    struct ht_buf body HT_BUF_CLEANUP;
    struct ht_err ignored = {0};
    int64_t now = 0;
    ht_buf_init(&body, BODY_MAX);
    if (ctx->config.alert_webhook == NULL && ctx->config.alert_command == NULL)
        return ht_fail(err, HT_USAGE, "alert check", "set [alert] webhook or command in the configuration",
                       "--notify has nowhere to tell it");
    enum ht_rc rc = ht_ctx_may_write(ctx, err);
    if (rc == HT_OK)
        rc = ht_conn_now(ctx->conn, &now, err);
    if (rc == HT_OK)
        rc = ht_store_alert_claim(ctx->conn, p->rows, p->n, ctx->config.alert_again_after_ms, &due, err);
    if (rc != HT_OK || due.n == 0)
        return rc;
    write_body(p, &due, now, &body);
    rc = tell_all(&ctx->config, &body, err);
    if (rc != HT_OK && ht_store_alert_failed(ctx->conn, &due, &ignored) != HT_OK)
        ht_err_clear(&ignored); /* it is then told again after [alert] again_after */
    for (size_t i = 0; rc == HT_OK && i < due.n; i++)
        if (find(p, &due.rows[i]) != NULL)
            show(ctx, find(p, &due.rows[i]));
    return rc;
}

enum ht_rc ht_cmd_alert_check(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_troubles_fini) struct ht_troubles all = {0};
    const struct ht_health_limits limits = {ctx->config.alert_backlog_after_ms,
                                            (int64_t)ctx->config.alert_rotate_after_days * 86400000};
    struct picked p = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_health(conn, &limits, &all, err);
    if (rc != HT_OK)
        return rc;
    pick(&all, &p);
    if (args->opt[HT_OPT_NOTIFY].given) {
        rc = notify(ctx, &p, err);
    } else {
        for (size_t i = 0; i < p.n; i++)
            show(ctx, p.rows[i]);
        rc = p.n > 0 ? HT_FAILED : HT_OK;
    }
    free(p.rows);
    return rc;
}
