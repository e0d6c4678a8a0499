#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"
#include "hooktop/ops/replay.h"
#include "hooktop/store/replay.h"

/* What is meant ---------------------------------------------------------------------------------------------------- */

static enum ht_rc take_word(const struct ht_ctx *ctx, enum ht_option_id option, char *ret, size_t size,
                            struct ht_err *err)
{
    const char *text = ht_ctx_text(ctx, option);
    if (text == NULL)
        return HT_OK;
    if (text[0] == '\0' || strlen(text) >= size)
        return ht_fail(err, HT_USAGE, "replay", NULL, "\"%.40s\" is nothing --%s can be", text,
                       ht_options[option].name);
    snprintf(ret, size, "%s", text);
    return HT_OK;
}

static enum ht_rc take_time(const struct ht_ctx *ctx, enum ht_option_id option, int64_t now, int64_t *ret,
                            struct ht_err *err)
{
    const char *text = ht_ctx_text(ctx, option);
    return text != NULL ? ht_time_parse(text, now, ret, err) : HT_OK;
}

/* The tenant is the endpoint's, or else --tenant's or the only one. */
static enum ht_rc take_place(struct ht_ctx *ctx, struct ht_replay_what *what, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    const char *endpoint = ht_ctx_text(ctx, HT_OPT_FIND_ENDPOINT);
    enum ht_rc rc = endpoint != NULL ? ht_ctx_endpoint(ctx, endpoint, &e, err) : ht_ctx_tenant(ctx, &t, err);
    what->endpoint_id = e.id;
    what->tenant_id = endpoint != NULL ? e.tenant_id : t.id;
    return rc;
}

static enum ht_rc take_what(struct ht_ctx *ctx, struct ht_replay_what *what, struct ht_err *err)
{
    int64_t now = 0;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_conn_now(conn, &now, err);
    if (rc == HT_OK)
        rc = take_time(ctx, HT_OPT_FIND_SINCE, now, &what->since, err);
    what->until = now;
    if (rc == HT_OK)
        rc = take_time(ctx, HT_OPT_FIND_UNTIL, now, &what->until, err);
    if (rc == HT_OK)
        rc = take_word(ctx, HT_OPT_REPLAY_STATUS, what->status, sizeof what->status, err);
    if (rc == HT_OK)
        rc = take_word(ctx, HT_OPT_FIND_ERROR, what->error, sizeof what->error, err);
    if (rc == HT_OK)
        rc = take_word(ctx, HT_OPT_TYPE, what->type, sizeof what->type, err);
    if (ctx->args->opt[HT_OPT_FIND_CODE].given) {
        what->by_code = true;
        what->code = (int32_t)ctx->args->opt[HT_OPT_FIND_CODE].number;
    }
    return rc == HT_OK ? take_place(ctx, what, err) : rc;
}

/* What it would mean ----------------------------------------------------------------------------------------------- */

static void print_part(int64_t n, const char *text)
{
    if (n > 0)
        ht_out_printf("  %" PRId64 " %s\n", n, text);
}

static void show_preview(const struct ht_replay_preview *p, double rate)
{
    char took[HT_TIME_TEXT];
    ht_duration_format(ht_replay_seconds(ht_replay_sent(p), rate) * 1000, took, sizeof took);
    ht_out_printf("%" PRId64 " %s of %" PRId64 " %s, about %s at %g per second\n", p->total,
                  ht_plural(p->total, "delivery", "deliveries"), p->endpoints,
                  ht_plural(p->endpoints, "endpoint", "endpoints"), took, rate);
    print_part(p->paused, "to paused endpoints: held until these are resumed");
    print_part(p->disabled, "to disabled endpoints: held until these are enabled");
    print_part(p->unverified, "to unverified endpoints: held until these are verified");
    print_part(p->removed, "to removed endpoints: left out");
    print_part(p->purged, "whose payload is kept no longer: left out");
}

static void put_preview(struct ht_jw *w, const struct ht_replay_preview *p, double rate)
{
    ht_jw_int(w, "total", p->total);
    ht_jw_int(w, "endpoints", p->endpoints);
    ht_jw_int(w, "paused", p->paused);
    ht_jw_int(w, "disabled", p->disabled);
    ht_jw_int(w, "unverified", p->unverified);
    ht_jw_int(w, "removed", p->removed);
    ht_jw_int(w, "purged", p->purged);
    ht_jw_int(w, "seconds", ht_replay_seconds(ht_replay_sent(p), rate));
}

static void show_json(const struct ht_replay_preview *p, double rate, const struct ht_uuid *id)
{
    struct ht_out_object o;
    ht_out_begin(&o);
    if (id != NULL)
        ht_jw_uuid(&o.w, "id", id);
    else
        ht_jw_null(&o.w, "id");
    put_preview(&o.w, p, rate);
    ht_out_end(&o);
}

enum ht_rc ht_cmd_replay(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    struct ht_replay_what what = {0};
    struct ht_replay_preview p = {0};
    struct ht_ops ops;
    struct ht_replay_made made;
    char text[HT_UUID_TEXT];
    bool dry = args->opt[HT_OPT_DRY_RUN].given;
    double rate = args->opt[HT_OPT_REPLAY_RATE].given ? args->opt[HT_OPT_REPLAY_RATE].rate : HT_REPLAY_RATE_USUAL;
    enum ht_rc rc = dry ? HT_OK : ht_ctx_may_write(ctx, err);
    if (rc == HT_OK)
        rc = take_what(ctx, &what, err);
    if (rc == HT_OK)
        rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_ops_replay_preview(&ops, &what, &p, err);
    if (rc != HT_OK)
        return rc;
    if (!ctx->json)
        show_preview(&p, rate);
    if (dry) {
        if (ctx->json)
            show_json(&p, rate, NULL);
        return HT_OK;
    }
    rc = p.total > 0 ? ht_ctx_confirm(ctx, "Redeliver them?", err) : HT_OK;
    if (rc == HT_OK)
        rc = ht_ops_replay_start(&ops, &what, rate, &made, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&made.id, text);
    if (ctx->json)
        show_json(&p, rate, &made.id);
    else
        ht_out_printf("replay %s is running; hooktop replay show %.8s tells how far it got\n", text, text);
    return HT_OK;
}

/* Looking at them, and changing them ------------------------------------------------------------------------------- */

enum ht_rc ht_cmd_replay_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_replays_fini) struct ht_replays list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_replays(conn, tenant, NULL, ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_replay, list.rows, list.n, list.more);
    return rc;
}

/* What the tally comes to: queued is not sent. */
static void show_tally(const struct ht_tallies *tally)
{
    const struct ht_replay_progress p = ht_replay_progress(tally);
    const struct {
        int64_t n;
        const char *text;
    } parts[] = {{p.sent, "sent: tried at least once"},
                 {p.on_its_way, "on their way: queued, not tried yet"},
                 {p.unsent, "queued and not sent: held, cancelled or kept no longer"},
                 {p.left_out, "left out"},
                 {p.not_queued, "not queued"}};
    ht_out_printf("\n");
    for (size_t i = 0; i < HT_COUNT(parts); i++)
        if (i == 0 || parts[i].n > 0)
            ht_out_printf("%10" PRId64 "  %s\n", parts[i].n, parts[i].text);
    ht_out_printf("\nWhat became of them\n");
    for (size_t i = 0; i < tally->n; i++)
        ht_out_printf("%10" PRId64 "  %s\n", tally->rows[i].n, tally->rows[i].outcome);
}

static void put_tally(struct ht_jw *w, const struct ht_tallies *tally)
{
    const struct ht_replay_progress p = ht_replay_progress(tally);
    ht_jw_int(w, "sent", p.sent);
    ht_jw_int(w, "on_its_way", p.on_its_way);
    ht_jw_int(w, "unsent", p.unsent);
    ht_jw_int(w, "not_queued", p.not_queued);
    ht_jw_object(w, "tally");
    for (size_t i = 0; i < tally->n; i++)
        ht_jw_int(w, tally->rows[i].outcome, tally->rows[i].n);
    ht_jw_end_object(w);
}

enum ht_rc ht_cmd_replay_show(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = {0};
    HT_CLEANUP(ht_tallies_fini) struct ht_tallies tally = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_replay_find(conn, args->operands[0], &r, err);
    if (rc == HT_OK)
        rc = ht_store_replay_tally(conn, &r, &tally, err);
    if (rc != HT_OK)
        return rc;
    if (!ctx->json) {
        ht_out_record(&ht_kind_replay, &r);
        show_tally(&tally);
        return HT_OK;
    }
    struct ht_out_object o;
    ht_out_begin(&o);
    ht_out_members(&o.w, &ht_kind_replay, &r, true);
    put_tally(&o.w, &tally);
    ht_out_end(&o);
    return HT_OK;
}

static enum ht_rc change(struct ht_ctx *ctx, const struct ht_args *args, enum ht_replay_state to, struct ht_err *err)
{
    const struct ht_arg *rate = &args->opt[HT_OPT_REPLAY_RATE];
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = {0};
    struct ht_conn *conn;
    char id[HT_UUID_TEXT];
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_replay_find(conn, args->operands[0], &r, err);
    if (rc == HT_OK)
        rc = ht_store_replay_change(conn, &r, to, rate->given ? rate->rate : 0, ctx->reason, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&r.id, id);
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "id", &r.id);
        ht_jw_str(&o.w, "state", ht_replay_words[to].name);
        ht_out_end(&o);
    } else
        ht_out_printf("replay %s is %s: %" PRId64 " of %" PRId64 " queued%s\n", id, ht_replay_words[to].name, r.queued,
                      r.total, to == HT_REPLAY_RUNNING ? "" : ", which are sent all the same");
    return HT_OK;
}

enum ht_rc ht_cmd_replay_pause(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    return change(ctx, args, HT_REPLAY_PAUSED, err);
}

enum ht_rc ht_cmd_replay_resume(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    return change(ctx, args, HT_REPLAY_RUNNING, err);
}

enum ht_rc ht_cmd_replay_cancel(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    return change(ctx, args, HT_REPLAY_CANCELLED, err);
}
