#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/doctor.h"
#include "hooktop/cli/output.h"
#include "hooktop/store/health.h"

#define LINE_MAX_BYTES 4096u
#define HOSTS_USUAL    20

static const char *const states[] = {
    [HT_DOCTOR_OK] = "ok",
    [HT_DOCTOR_NOTE] = "note",
    [HT_DOCTOR_WRONG] = "wrong",
};

static void print_json(enum ht_doctor_state state, const char *check, const char *subject, const char *fix,
                       const char *text)
{
    struct ht_out_object o;
    ht_out_begin(&o);
    ht_jw_str(&o.w, "state", states[state]);
    ht_jw_str(&o.w, "check", check);
    ht_jw_str(&o.w, "subject", subject);
    ht_jw_str(&o.w, "text", text);
    ht_jw_str(&o.w, "remedy", fix);
    ht_out_end(&o);
}

static void print_text(enum ht_doctor_state state, const char *check, const char *subject, const char *fix,
                       const char *text)
{
    struct ht_buf line HT_BUF_CLEANUP;
    ht_buf_init(&line, LINE_MAX_BYTES);
    ht_buf_addf(&line, "%-6s ", states[state]);
    ht_text_clean(&line, check, strlen(check), HT_TEXT_CELL); /* what is wrong may come from the database */
    if (subject != NULL) {
        ht_buf_addc(&line, ' ');
        ht_text_clean(&line, subject, strlen(subject), HT_TEXT_CELL);
    }
    ht_buf_adds(&line, ": ");
    ht_text_clean(&line, text, strlen(text), HT_TEXT_CELL);
    ht_out_printf("%s\n", line.data);
    if (fix == NULL || fix[0] == '\0')
        return;
    ht_buf_clear(&line);
    ht_text_clean(&line, fix, strlen(fix), HT_TEXT_CELL);
    ht_out_printf("       remedy: %s\n", line.data);
}

void ht_doctor_say(struct ht_doctor *d, enum ht_doctor_state state, const char *check, const char *subject,
                   const char *fix, const char *fmt, ...)
{
    struct ht_buf text HT_BUF_CLEANUP;
    va_list args;
    ht_buf_init(&text, LINE_MAX_BYTES);
    va_start(args, fmt);
    ht_buf_addv(&text, fmt, args);
    va_end(args);
    d->wrong += state == HT_DOCTOR_WRONG;
    if (d->ctx->json)
        print_json(state, check, subject, fix, text.data);
    else
        print_text(state, check, subject, fix, text.data);
}

void ht_doctor_error(struct ht_doctor *d, const char *check, const char *subject, const struct ht_err *e)
{
    ht_doctor_say(d, HT_DOCTOR_WRONG, check, subject, e->fix[0] != '\0' ? e->fix : "see the message", "%s: %s", e->what,
                  e->why);
}

void ht_doctor_health(struct ht_doctor *d)
{
    HT_CLEANUP(ht_troubles_fini) struct ht_troubles all = {0};
    const struct ht_config *c = &d->ctx->config;
    const struct ht_health_limits limits = {c->alert_backlog_after_ms, (int64_t)c->alert_rotate_after_days * 86400000};
    struct ht_err err = {0};
    if (ht_store_health(d->conn, &limits, &all, &err) != HT_OK) {
        ht_doctor_error(d, "health", NULL, &err);
        return;
    }
    for (size_t i = 0; i < all.n; i++) {
        const struct ht_trouble *t = &all.rows[i];
        ht_doctor_say(d, HT_DOCTOR_WRONG, t->kind, t->subject, ht_trouble_kind(t->kind)->fix, "%s", t->text);
    }
    if (all.n == 0)
        ht_doctor_say(d, HT_DOCTOR_OK, "health", NULL, NULL,
                      "workers, backlog, endpoints, secrets and partitions are in order");
}

static enum ht_rc look_at_one(struct ht_doctor *d, const char *id, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    enum ht_rc rc = ht_ctx_endpoint(d->ctx, id, &e, err);
    if (rc == HT_OK)
        ht_doctor_endpoint(d, &e);
    return rc;
}

enum ht_rc ht_cmd_doctor(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    const struct ht_arg *endpoint = &args->opt[HT_OPT_FIND_ENDPOINT];
    const struct ht_arg *hosts = &args->opt[HT_OPT_HOSTS];
    struct ht_doctor d = {.ctx = ctx};
    if (!endpoint->given)
        ht_doctor_machine(&d);
    ht_doctor_database(&d);
    if (endpoint->given && d.usable) {
        enum ht_rc rc = look_at_one(&d, endpoint->text, err);
        return rc != HT_OK ? rc : d.wrong > 0 ? HT_FAILED : HT_OK;
    }
    if (!endpoint->given)
        ht_doctor_ring(&d);
    if (d.usable && !endpoint->given) {
        ht_doctor_health(&d);
        ht_doctor_endpoints(&d, hosts->given ? (int32_t)hosts->number : HOSTS_USUAL);
    }
    if (!ctx->json)
        ht_out_printf(d.wrong == 0   ? "Nothing is wrong.\n"
                      : d.wrong == 1 ? "1 thing is wrong.\n"
                                     : "%d things are wrong.\n",
                      d.wrong);
    return d.wrong > 0 ? HT_FAILED : HT_OK;
}
