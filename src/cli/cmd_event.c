#include <inttypes.h>
#include <stdio.h>

#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/output.h"

#define DELIVERIES_MAX 200

enum ht_rc ht_cmd_event_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_events_fini) struct ht_events list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_EVENTS, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_events(ctx->conn, tenant, &f, NULL, ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_event, list.rows, list.n, list.more);
    return rc;
}

/* The deliveries of one event, by the log's own filter. */
static enum ht_rc deliveries_of(struct ht_ctx *ctx, const struct ht_event *e, struct ht_deliveries *ret,
                                struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    char id[HT_UUID_TEXT];
    char text[64];
    size_t column = 0;
    ht_uuid_format(&e->id, id);
    snprintf(text, sizeof text, "event:%s", id);
    enum ht_rc rc = ht_filter_parse(HT_FILTER_DELIVERIES, text, 0, &f, &column, err);
    if (rc == HT_OK)
        rc = ht_store_deliveries(ctx->conn, &e->tenant_id, &f, NULL, NULL, DELIVERIES_MAX, ret, err);
    return rc;
}

enum ht_rc ht_cmd_event_show(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_event_fini) struct ht_event event = {0};
    HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries list = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_event_find(conn, args->operands[0], &event, err);
    if (rc == HT_OK)
        rc = deliveries_of(ctx, &event, &list, err);
    if (rc != HT_OK)
        return rc;
    ht_deliveries_complete(list.rows, list.n);
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_out_members(&o.w, &ht_kind_event, &event, true);
        ht_out_array(&o.w, "deliveries", &ht_kind_delivery, list.rows, list.n);
        ht_out_end(&o);
        return HT_OK;
    }
    ht_out_record(&ht_kind_event, &event);
    ht_out_section("data", event.data, event.data_len);
    ht_out_printf("\n");
    ht_out_rows(false, &ht_kind_delivery, list.rows, list.n, list.more);
    return HT_OK;
}

/* How much was done to an event: a member of this name, or words after its id. */
static void show_count(const struct ht_ctx *ctx, const struct ht_event *e, const char *name, int64_t n,
                       const char *before, const char *after)
{
    char id[HT_UUID_TEXT];
    struct ht_out_object o;
    ht_uuid_format(&e->id, id);
    if (!ctx->json) {
        ht_out_printf("event %s%s%" PRId64 " %s\n", id, before, n, after);
        return;
    }
    ht_out_begin(&o);
    ht_jw_uuid(&o.w, "id", &e->id);
    ht_jw_int(&o.w, name, n);
    ht_out_end(&o);
}

enum ht_rc ht_cmd_event_deliver(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_event_fini) struct ht_event event = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint endpoint = {0};
    struct ht_conn *conn;
    bool one = args->operands_len > 1;
    int32_t n = 0;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_event_find(conn, args->operands[0], &event, err);
    if (rc == HT_OK && one)
        rc = ht_ctx_endpoint(ctx, args->operands[1], &endpoint, err);
    if (rc == HT_OK)
        rc = ht_store_event_deliver(conn, &event, one ? &endpoint.id : NULL, ctx->reason, &n, err);
    if (rc != HT_OK)
        return rc;
    show_count(ctx, &event, "deliveries", n, ": ", ht_plural(n, "delivery made", "deliveries made"));
    return HT_OK;
}

enum ht_rc ht_cmd_event_purge(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_event_fini) struct ht_event event = {0};
    struct ht_conn *conn;
    int64_t bodies = 0;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_event_find(conn, args->operands[0], &event, err);
    if (rc == HT_OK)
        rc = ht_ctx_confirm(ctx, "Remove its data and every stored answer for good?", err);
    if (rc == HT_OK)
        rc = ht_store_event_purge(conn, &event, ctx->reason, &bodies, err);
    if (rc != HT_OK)
        return rc;
    show_count(ctx, &event, "bodies", bodies, " is purged, and ", ht_plural(bodies, "stored answer", "stored answers"));
    return HT_OK;
}
