#include <stdlib.h>
#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

#define PAGE 500

/* What is not set is left out: the profile's value is the profile's, here and where it is imported. So is what holds
 * until a time: it belongs to what is happening here. */
static void put_settings(struct ht_jw *w, const struct ht_endpoint *e)
{
    if (e->timeout_ms > 0)
        ht_jw_int(w, "timeout_ms", e->timeout_ms);
    if (e->schedule_len > 0) {
        ht_jw_array(w, "schedule_s");
        for (size_t i = 0; i < e->schedule_len; i++)
            ht_jw_int(w, NULL, e->schedule_s[i]);
        ht_jw_end_array(w);
    }
    if (e->rate_per_s > 0)
        ht_jw_real(w, "rate_per_s", e->rate_per_s);
    if (e->in_flight_max > 0 && e->in_flight_max != HT_IN_FLIGHT_USUAL)
        ht_jw_int(w, "in_flight_max", e->in_flight_max);
    if (e->source_filter != NULL)
        ht_jw_str(w, "source_filter", e->source_filter);
    if (e->workflows != NULL) {
        ht_jw_array(w, "workflows");
        for (char **f = e->workflows; *f != NULL; f++)
            ht_jw_str(w, NULL, *f);
        ht_jw_end_array(w);
    }
    if (e->never_disable)
        ht_jw_bool(w, "never_disable", true);
    if (e->headers_len == 0)
        return;
    ht_jw_array(w, "headers");
    for (size_t i = 0; i < e->headers_len; i++)
        ht_jw_str(w, NULL, e->headers[i].name);
    ht_jw_end_array(w);
}

static enum ht_rc put_endpoint(struct ht_ctx *ctx, const struct ht_endpoint *e, struct ht_err *err)
{
    HT_CLEANUP(ht_subscriptions_fini) struct ht_subscriptions s = {0};
    struct ht_out_object o;
    enum ht_rc rc = ht_store_subscriptions(ctx->conn, e, &s, err);
    if (rc != HT_OK)
        return rc;
    ht_out_begin(&o);
    ht_jw_str(&o.w, "tenant", e->tenant_name);
    ht_jw_str(&o.w, "profile", e->profile);
    ht_jw_str(&o.w, "url", e->url);
    if (e->description != NULL)
        ht_jw_str(&o.w, "description", e->description);
    ht_jw_str(&o.w, "status", ht_endpoint_words[e->status].name);
    ht_jw_array(&o.w, "subscriptions");
    for (size_t i = 0; i < s.n; i++)
        ht_jw_str(&o.w, NULL, s.rows[i].pattern);
    ht_jw_end_array(&o.w);
    put_settings(&o.w, e);
    ht_out_end(&o);
    return HT_OK;
}

/* The list leaves headers out; one endpoint read alone has their names. */
static enum ht_rc put_found(struct ht_ctx *ctx, const struct ht_uuid *id, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    enum ht_rc rc = ht_store_endpoint_find(ctx->conn, text, &e, err);
    return rc == HT_OK ? put_endpoint(ctx, &e, err) : rc;
}

/* The oldest goes first, so that what is imported elsewhere is exported there in the same order; pages begin with the
 * newest. */
struct found {
    struct ht_uuid *ids;
    size_t n, room;
};

static void keep(struct found *f, const struct ht_uuid *id)
{
    if (f->n == f->room) {
        f->room = f->room > 0 ? 2 * f->room : PAGE;
        f->ids = ht_realloc(f->ids, f->room, sizeof *f->ids);
    }
    f->ids[f->n++] = *id;
}

static enum ht_rc find_page(struct ht_ctx *ctx, const struct ht_uuid *tenant, const struct ht_filter *f,
                            struct found *all, bool *ret_more, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoints_fini) struct ht_endpoints list = {0};
    const struct ht_uuid *from = all->n > 0 ? &all->ids[all->n - 1] : NULL;
    enum ht_rc rc = ht_store_endpoints(ctx->conn, tenant, f, from, PAGE, &list, err);
    for (size_t i = 0; rc == HT_OK && i < list.n; i++)
        keep(all, &list.rows[i].id);
    *ret_more = rc == HT_OK && list.more;
    return rc;
}

enum ht_rc ht_cmd_endpoint_export(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    struct found all = {0};
    bool more = true;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_ENDPOINTS, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    while (rc == HT_OK && more)
        rc = find_page(ctx, tenant, &f, &all, &more, err);
    for (size_t i = all.n; rc == HT_OK && i > 0; i--)
        rc = put_found(ctx, &all.ids[i - 1], err);
    free(all.ids);
    return rc;
}
