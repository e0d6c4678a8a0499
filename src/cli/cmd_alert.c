#include <stdio.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

enum ht_rc ht_cmd_alert_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_alerts_fini) struct ht_alerts list = {0};
    struct ht_uuid tenant_id;
    struct ht_alert_query q = {.open_only = !args->opt[HT_OPT_ALL].given};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &q.tenant, err);
    if (rc == HT_OK)
        rc = ht_store_alerts(conn, &q, ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_alert, list.rows, list.n, list.more);
    return rc;
}

enum ht_rc ht_cmd_alert_acknowledge(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    for (size_t i = 0; rc == HT_OK && i < args->operands_len; i++) {
        HT_CLEANUP(ht_alert_fini) struct ht_alert a = {0};
        rc = ht_store_alert_find(conn, args->operands[i], &a, err);
        if (rc == HT_OK)
            rc = ht_store_alert_acknowledge(conn, &a, ctx->reason, err);
    }
    return rc;
}

static void show_snooze(const struct ht_ctx *ctx, const struct ht_endpoint *e)
{
    char id[HT_UUID_TEXT], until[HT_TIME_TEXT];
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "id", &e->id);
        ht_jw_time(&o.w, "snoozed_until", e->snoozed_until);
        ht_jw_bool(&o.w, "never_disable", e->never_disable);
        ht_out_end(&o);
        return;
    }
    ht_uuid_format(&e->id, id);
    ht_time_rfc3339(e->snoozed_until, until);
    if (e->never_disable)
        ht_out_printf("endpoint %s: failures never disable it\n", id);
    else if (e->snoozed_until > 0)
        ht_out_printf("endpoint %s: failures do not disable it until %s\n", id, until);
    else
        ht_out_printf("endpoint %s: failures disable it as its profile has it\n", id);
}

enum ht_rc ht_cmd_endpoint_snooze(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint after = {0};
    const struct ht_arg *duration = &args->opt[HT_OPT_SNOOZE_FOR];
    int ways = duration->given + args->opt[HT_OPT_SNOOZE_ALWAYS].given + args->opt[HT_OPT_SNOOZE_END].given;
    char id[HT_UUID_TEXT];
    if (ways != 1)
        return ht_fail(err, HT_USAGE, "endpoint snooze", "give one of --for, --always and --end", "%d are given", ways);
    enum ht_rc rc = ht_ctx_endpoint(ctx, args->operands[0], &e, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_snooze(ctx->conn, &e, duration->number, args->opt[HT_OPT_SNOOZE_ALWAYS].given,
                                      ctx->reason, err);
    ht_uuid_format(&e.id, id);
    if (rc == HT_OK)
        rc = ht_store_endpoint_find(ctx->conn, id, &after, err);
    if (rc == HT_OK)
        show_snooze(ctx, &after);
    return rc;
}
