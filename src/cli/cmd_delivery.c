#include <stdio.h>
#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/output.h"

enum ht_rc ht_cmd_delivery_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_DELIVERIES, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_deliveries(ctx->conn, tenant, &f, NULL, NULL, ht_ctx_limit(ctx), &list, err);
    if (rc != HT_OK)
        return rc;
    ht_deliveries_complete(list.rows, list.n);
    ht_out_rows(ctx->json, &ht_kind_delivery, list.rows, list.n, list.more);
    return HT_OK;
}

enum ht_rc ht_cmd_delivery_groups(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_failure_groups_fini) struct ht_failure_groups list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_FAILURES, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_failure_groups(ctx->conn, tenant, &f, INT64_C(86400) * 1000000, HT_FAILURES_BY_ALL,
                                     ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_failure_group, list.rows, list.n, list.more);
    return rc;
}

/* show ------------------------------------------------------------------------------------------------------------ */

static void show_json(const struct ht_delivery_detail *d)
{
    struct ht_out_object o;
    ht_out_begin(&o);
    ht_out_members(&o.w, &ht_kind_delivery, &d->delivery, true);
    ht_jw_object(&o.w, "event");
    ht_out_members(&o.w, &ht_kind_event, &d->event, true);
    ht_jw_end_object(&o.w);
    if (d->body != NULL)
        ht_jw_strn(&o.w, "body", d->body, d->body_len);
    else
        ht_jw_null(&o.w, "body");
    ht_out_array(&o.w, "attempts", &ht_kind_attempt, d->attempts.rows, d->attempts.n);
    ht_out_end(&o);
}

static void show_text(const struct ht_delivery_detail *d)
{
    ht_out_record(&ht_kind_delivery, &d->delivery);
    ht_out_section("request body", d->body, d->body_len);
    ht_out_printf("\nattempts\n");
    ht_out_rows(false, &ht_kind_attempt, d->attempts.rows, d->attempts.n, d->attempts.more);
    for (size_t i = 0; i < d->attempts.n; i++) {
        const struct ht_attempt *a = &d->attempts.rows[i];
        char title[48];
        snprintf(title, sizeof title, "attempt %d: request", (int)a->n);
        ht_out_section(title, a->request_headers, a->request_headers != NULL ? strlen(a->request_headers) : 0);
        snprintf(title, sizeof title, "attempt %d: response", (int)a->n);
        ht_out_section(title, a->response_headers, a->response_headers != NULL ? strlen(a->response_headers) : 0);
        snprintf(title, sizeof title, "attempt %d: response body", (int)a->n);
        ht_out_section(title, a->response_body_len > 0 ? a->response_body : NULL, a->response_body_len);
    }
}

enum ht_rc ht_cmd_delivery_show(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_detail_fini) struct ht_delivery_detail d = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_delivery_detail_load(conn, args->operands[0], 0, &d, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json)
        show_json(&d);
    else
        show_text(&d);
    return HT_OK;
}

/* redeliver and cancel -------------------------------------------------------------------------------------------- */

enum ht_rc ht_cmd_delivery_redeliver(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = {0};
    struct ht_conn *conn;
    struct ht_uuid made;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_delivery_find(conn, args->operands[0], &d, err);
    if (rc == HT_OK)
        rc = ht_store_redeliver(conn, &d, ctx->reason, &made, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "id", &made);
        ht_jw_uuid(&o.w, "redelivery_of", &d.id);
        ht_jw_uuid(&o.w, "event_id", &d.event_id);
        ht_out_end(&o);
        return HT_OK;
    }
    char id[HT_UUID_TEXT];
    ht_uuid_format(&made, id);
    ht_out_printf("delivery %s\n", id);
    return HT_OK;
}

enum ht_rc ht_cmd_delivery_cancel(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = {0};
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery after = {0};
    char id[HT_UUID_TEXT];
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_delivery_find(conn, args->operands[0], &d, err);
    if (rc == HT_OK)
        rc = ht_store_delivery_cancel(conn, &d, ctx->reason, err);
    ht_uuid_format(&d.id, id);
    if (rc == HT_OK)
        rc = ht_store_delivery_find(conn, id, &after, err);
    if (rc != HT_OK)
        return rc;
    ht_deliveries_complete(&after, 1);
    if (ctx->json)
        ht_out_shown(true, &ht_kind_delivery, &after);
    else
        ht_out_printf("delivery %s is %s\n", id, ht_delivery_words[after.status].name);
    return HT_OK;
}
