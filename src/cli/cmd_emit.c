#include <string.h>
#include <unistd.h>

#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"
#include "hooktop/profile/profile.h"

#define SUGGEST_MAX 512u

static enum ht_rc read_data(struct ht_ctx *ctx, struct ht_buf *ret, struct ht_err *err)
{
    const char *path = ht_ctx_text(ctx, HT_OPT_DATA);
    if (path == NULL && isatty(STDIN_FILENO) != 0)
        return ht_fail(err, HT_USAGE, "emit", "give --data FILE, or pipe the JSON in", "the event's data are missing");
    return ht_input_read(path != NULL ? path : "-", HT_EVENT_DATA_MAX, ret, err);
}

/* Before the database sees it: JSON at all (with line and column), and of the shape that the profile wraps. */
static enum ht_rc check_data(const struct ht_tenant *t, const struct ht_buf *data, struct ht_err *err)
{
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    const struct ht_profile *p = ht_profile_find(t->profile);
    enum ht_rc rc = ht_json_parse(data->data, data->len, &root, err);
    if (rc != HT_OK || p == NULL || p->check_data == NULL)
        return rc;
    return p->check_data(data->data, data->len, err);
}

/* An unknown type: the nearest one of the tenant's catalogue that can be emitted. */
static void suggest_type(struct ht_ctx *ctx, const struct ht_tenant *t, const char *given, struct ht_err *err)
{
    HT_CLEANUP(ht_event_types_fini) struct ht_event_types all = {0};
    struct ht_err ignored = {0};
    const char *names[SUGGEST_MAX];
    size_t n = 0;
    if (ht_store_types(ctx->conn, NULL, &all, &ignored) != HT_OK)
        return;
    for (size_t i = 0; i < all.n && n < SUGGEST_MAX; i++)
        if (strcmp(all.rows[i].profile, t->profile) == 0 && all.rows[i].state == HT_TYPE_EMITTED)
            names[n++] = all.rows[i].name;
    ht_suggest(err, given, names, n);
}

enum ht_rc ht_cmd_emit(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant tenant = {0};
    struct ht_buf data HT_BUF_CLEANUP = {0};
    struct ht_uuid event;
    int32_t deliveries = 0;
    char tenant_id[HT_UUID_TEXT];
    enum ht_rc rc = read_data(ctx, &data, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant(ctx, &tenant, err);
    if (rc == HT_OK)
        rc = check_data(&tenant, &data, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&tenant.id, tenant_id);
    const struct ht_emit_input in = {
        .tenant = tenant_id,
        .type = args->opt[HT_OPT_TYPE].text,
        .data = data.data,
        .data_len = data.len,
        .source = ht_ctx_text(ctx, HT_OPT_SOURCE),
        .performed_by = ht_ctx_text(ctx, HT_OPT_PERFORMED_BY),
        .event_name = ht_ctx_text(ctx, HT_OPT_EVENT_NAME),
        .workflow = ht_ctx_text(ctx, HT_OPT_WORKFLOW),
        .key = ht_ctx_text(ctx, HT_OPT_KEY),
    };
    rc = ht_store_emit(ctx->conn, &in, &event, &deliveries, err);
    if (rc == HT_NOT_FOUND && err != NULL)
        suggest_type(ctx, &tenant, in.type, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "event_id", &event);
        ht_jw_int(&o.w, "deliveries", deliveries);
        ht_out_end(&o);
        return HT_OK;
    }
    char id[HT_UUID_TEXT];
    ht_uuid_format(&event, id);
    ht_out_printf("event %s, %d %s\n", id, (int)deliveries, ht_plural(deliveries, "delivery", "deliveries"));
    return HT_OK;
}
