#include <stdlib.h>
#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"

enum ht_rc ht_cmd_endpoint_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_endpoints_fini) struct ht_endpoints list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_ENDPOINTS, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_endpoints(ctx->conn, tenant, &f, NULL, ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_endpoint, list.rows, list.n, list.more);
    return rc;
}

/* One endpoint ---------------------------------------------------------------------------------------------------- */

static void show_json(const struct ht_endpoint_detail *d)
{
    struct ht_out_object o;
    ht_out_begin(&o);
    ht_out_members(&o.w, &ht_kind_endpoint, &d->endpoint, true);
    ht_jw_array(&o.w, "subscriptions");
    for (size_t i = 0; i < d->subscriptions.n; i++)
        ht_jw_str(&o.w, NULL, d->subscriptions.rows[i].pattern);
    ht_jw_end_array(&o.w);
    ht_out_array(&o.w, "secrets", &ht_kind_secret, d->secrets.rows, d->secrets.n);
    ht_out_end(&o);
}

static void show_text(const struct ht_endpoint_detail *d)
{
    ht_out_record(&ht_kind_endpoint, &d->endpoint);
    ht_out_printf("\nsubscriptions\n");
    for (size_t i = 0; i < d->subscriptions.n; i++)
        ht_out_foreign(d->subscriptions.rows[i].pattern, strlen(d->subscriptions.rows[i].pattern), 2);
    if (d->subscriptions.n == 0)
        ht_out_printf("  none: it receives nothing\n");
    ht_out_printf("\nsecrets\n");
    ht_out_rows(false, &ht_kind_secret, d->secrets.rows, d->secrets.n, d->secrets.more);
}

enum ht_rc ht_cmd_endpoint_show(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_endpoint_detail_fini) struct ht_endpoint_detail d = {0};
    char id[HT_UUID_TEXT];
    enum ht_rc rc = ht_ctx_endpoint(ctx, args->operands[0], &e, err);
    ht_uuid_format(&e.id, id);
    if (rc == HT_OK)
        rc = ht_endpoint_detail_load(ctx->conn, id, 0, &d, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json)
        show_json(&d);
    else
        show_text(&d);
    return HT_OK;
}

/* Settings from options ------------------------------------------------------------------------------------------- */

static void replace_text(char **at, const char *value)
{
    free(*at);
    *at = value != NULL ? ht_strdup(value) : NULL;
}

static void drop_workflows(struct ht_endpoint *e)
{
    for (size_t i = 0; e->workflows != NULL && e->workflows[i] != NULL; i++)
        free(e->workflows[i]);
    free(e->workflows);
    e->workflows = NULL;
}

static void take_workflows(const struct ht_arg *a, struct ht_endpoint *e)
{
    drop_workflows(e);
    e->workflows = ht_alloc(a->list_len + 1, sizeof *e->workflows);
    for (size_t i = 0; i < a->list_len; i++)
        e->workflows[i] = ht_strdup(a->list[i]);
}

static void drop_headers(struct ht_endpoint *e)
{
    for (size_t i = 0; i < e->headers_len; i++) {
        free(e->headers[i].name);
        free(e->headers[i].value);
    }
    e->headers_len = 0;
}

static enum ht_rc take_headers(const struct ht_arg *a, struct ht_endpoint *e, struct ht_err *err)
{
    if (a->list_len > HT_HEADERS_MAX)
        return ht_fail(err, HT_USAGE, "header", NULL, "an endpoint has at most %u headers", HT_HEADERS_MAX);
    drop_headers(e);
    for (size_t i = 0; i < a->list_len; i++) {
        enum ht_rc rc = ht_header_parse(a->list[i], &e->headers[i], err);
        if (rc != HT_OK)
            return rc;
        e->headers_len++;
    }
    return HT_OK;
}

/* --clear: back to what the profile says. */
static void clear_setting(struct ht_endpoint *e, const char *name)
{
    if (strcmp(name, "description") == 0)
        replace_text(&e->description, NULL);
    else if (strcmp(name, "timeout") == 0)
        e->timeout_ms = 0;
    else if (strcmp(name, "schedule") == 0)
        e->schedule_len = 0;
    else if (strcmp(name, "rate") == 0)
        e->rate_per_s = 0;
    else if (strcmp(name, "in-flight") == 0)
        e->in_flight_max = 0;
    else if (strcmp(name, "source-filter") == 0)
        replace_text(&e->source_filter, NULL);
    else if (strcmp(name, "workflows") == 0)
        drop_workflows(e);
    else if (strcmp(name, "headers") == 0)
        drop_headers(e);
}

/* Everything that is given; the rest of *e stays as it is. */
static enum ht_rc take_settings(const struct ht_args *args, struct ht_endpoint *e, struct ht_err *err)
{
    const struct ht_arg *opt = args->opt;
    for (size_t i = 0; i < opt[HT_OPT_CLEAR].list_len; i++)
        clear_setting(e, opt[HT_OPT_CLEAR].list[i]);
    if (opt[HT_OPT_URL].given)
        replace_text(&e->url, opt[HT_OPT_URL].text);
    if (opt[HT_OPT_DESCRIPTION].given)
        replace_text(&e->description, opt[HT_OPT_DESCRIPTION].text);
    if (opt[HT_OPT_SOURCE_FILTER].given)
        replace_text(&e->source_filter, opt[HT_OPT_SOURCE_FILTER].text);
    if (opt[HT_OPT_TIMEOUT].given)
        e->timeout_ms = (int32_t)opt[HT_OPT_TIMEOUT].number;
    if (opt[HT_OPT_RATE].given)
        e->rate_per_s = opt[HT_OPT_RATE].rate;
    if (opt[HT_OPT_IN_FLIGHT].given)
        e->in_flight_max = (int32_t)opt[HT_OPT_IN_FLIGHT].number;
    if (opt[HT_OPT_WORKFLOWS].given)
        take_workflows(&opt[HT_OPT_WORKFLOWS], e);
    enum ht_rc rc = HT_OK;
    if (opt[HT_OPT_SCHEDULE].given)
        rc = ht_schedule_parse(opt[HT_OPT_SCHEDULE].text, e->schedule_s, &e->schedule_len, err);
    if (rc == HT_OK && opt[HT_OPT_HEADER].given)
        rc = take_headers(&opt[HT_OPT_HEADER], e, err);
    return rc;
}

/* add and edit ---------------------------------------------------------------------------------------------------- */

static void show_added(struct ht_ctx *ctx, const struct ht_endpoint *e, const struct ht_secret *secret,
                       const char *public)
{
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "id", &e->id);
        ht_jw_str(&o.w, "status", ht_endpoint_words[e->status].name);
        ht_jw_str(&o.w, "public_key", public);
        ht_out_end_secret(&o, "secret", secret);
        return;
    }
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e->id, id);
    ht_out_printf("endpoint  %s\nstatus    %s\n", id, ht_endpoint_words[e->status].name);
    if (secret != NULL) {
        ht_out_printf("secret    ");
        ht_out_secret_line(secret);
        ht_out_note(false, "The secret is shown this once: give it to the receiver now.");
    }
    if (public != NULL)
        ht_out_bytes(public, strlen(public));
    if (e->status == HT_ENDPOINT_UNVERIFIED)
        ht_out_note(false, "It must answer its test event first: hooktop ping %s", id);
}

enum ht_rc ht_cmd_endpoint_add(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant tenant = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_SECRET_CLEANUP struct ht_secret *brought = NULL;
    HT_SECRET_CLEANUP struct ht_secret *made = NULL;
    HT_AUTOFREE char *public = NULL;
    struct ht_ops ops;
    enum ht_rc rc = take_settings(args, &e, err);
    if (rc == HT_OK && args->opt[HT_OPT_SECRET_FILE].given)
        rc = ht_input_secret(args->opt[HT_OPT_SECRET_FILE].text, &brought, err);
    if (rc == HT_OK)
        rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant(ctx, &tenant, err);
    if (rc != HT_OK)
        return rc;
    const char *profile = ht_ctx_text(ctx, HT_OPT_PROFILE);
    e.profile = ht_strdup(profile != NULL ? profile : tenant.profile);
    const struct ht_arg *patterns = &args->opt[HT_OPT_SUBSCRIBE];
    rc = ht_ops_endpoint_add(&ops, &tenant, &e, patterns->list, patterns->list_len, brought, &made, &public, err);
    if (rc != HT_OK)
        return rc;
    show_added(ctx, &e, made, public);
    if (made != NULL)
        ht_secret_confirm(ctx, &ops, &e, NULL);
    return HT_OK;
}

enum ht_rc ht_cmd_endpoint_edit(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint changed = {0};
    const struct ht_arg *on = &args->opt[HT_OPT_SUBSCRIBE];
    const struct ht_arg *off = &args->opt[HT_OPT_UNSUBSCRIBE];
    char id[HT_UUID_TEXT];
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_ctx_endpoint(ctx, args->operands[0], &e, err);
    if (rc == HT_OK)
        rc = take_settings(args, &e, err);
    if (rc == HT_OK)
        rc = ht_ops_endpoint_edit(&ops, &e, on->list, on->list_len, off->list, off->list_len, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&e.id, id);
    rc = ht_store_endpoint_find(ctx->conn, id, &changed, err);
    if (rc == HT_OK)
        ht_out_shown(ctx->json, &ht_kind_endpoint, &changed);
    return rc;
}
