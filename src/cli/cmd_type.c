#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"

#define SUGGEST_MAX 512u

enum ht_rc ht_cmd_type_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_event_types_fini) struct ht_event_types list = {0};
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_TYPES, &f, err);
    if (rc == HT_OK)
        rc = ht_store_types(ctx->conn, &f, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_type, list.rows, list.n, list.more);
    return rc;
}

/* The profile whose catalogue is meant: --profile, or that of --tenant; NULL: any. */
static enum ht_rc wanted_profile(struct ht_ctx *ctx, struct ht_tenant *tenant, const char **ret, struct ht_err *err)
{
    *ret = ht_ctx_text(ctx, HT_OPT_FIND_PROFILE);
    if (*ret != NULL || ctx->tenant == NULL)
        return HT_OK;
    enum ht_rc rc = ht_ctx_tenant(ctx, tenant, err);
    if (rc == HT_OK)
        *ret = tenant->profile;
    return rc;
}

static enum ht_rc unknown_type(const struct ht_event_types *all, const char *name, struct ht_err *err)
{
    const char *names[SUGGEST_MAX];
    size_t n = 0;
    for (; n < all->n && n < SUGGEST_MAX; n++)
        names[n] = all->rows[n].name;
    enum ht_rc rc = ht_fail(err, HT_NOT_FOUND, "type show", "see hooktop type list", "there is no type \"%s\"", name);
    ht_suggest(err, name, names, n);
    return rc;
}

enum ht_rc ht_cmd_type_show(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_event_types_fini) struct ht_event_types all = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant tenant = {0};
    const char *name = args->operands[0];
    const char *profile = NULL;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = wanted_profile(ctx, &tenant, &profile, err);
    if (rc == HT_OK)
        rc = ht_store_types(conn, NULL, &all, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_event_type *found = NULL;
    for (size_t i = 0; i < all.n; i++) {
        const struct ht_event_type *t = &all.rows[i];
        if (strcmp(t->name, name) != 0 || (profile != NULL && strcmp(t->profile, profile) != 0))
            continue;
        if (found != NULL && strcmp(found->profile, t->profile) != 0)
            return ht_fail(err, HT_USAGE, "type show", "say which: --profile P",
                           "%s stands in the catalogues of %s and %s", name, found->profile, t->profile);
        if (found == NULL)
            found = t;
    }
    if (found == NULL)
        return unknown_type(&all, name, err);
    ht_out_shown(ctx->json, &ht_kind_type, found);
    if (!ctx->json) {
        ht_out_section("contract", found->contract, found->contract != NULL ? strlen(found->contract) : 0);
        ht_out_section("sample", found->sample, found->sample != NULL ? strlen(found->sample) : 0);
    }
    return HT_OK;
}

/* A JSON document from a file, or nothing where the option was not given. */
static enum ht_rc read_json(struct ht_ctx *ctx, enum ht_option_id option, struct ht_buf *ret, struct ht_err *err)
{
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    const char *path = ht_ctx_text(ctx, option);
    enum ht_rc rc = path != NULL ? ht_input_read(path, HT_EVENT_DATA_MAX, ret, err) : HT_OK;
    return path != NULL && rc == HT_OK ? ht_json_parse(ret->data, ret->len, &root, err) : rc;
}

enum ht_rc ht_cmd_type_add(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant tenant = {0};
    struct ht_buf contract HT_BUF_CLEANUP = {0};
    struct ht_buf sample HT_BUF_CLEANUP = {0};
    const char *name = args->operands[0];
    enum ht_rc rc = read_json(ctx, HT_OPT_CONTRACT, &contract, err);
    if (rc == HT_OK)
        rc = read_json(ctx, HT_OPT_SAMPLE, &sample, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant(ctx, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_type_add(ctx->conn, &tenant.id, name, ht_ctx_text(ctx, HT_OPT_DESCRIPTION), contract.data,
                               sample.data, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_str(&o.w, "profile", tenant.profile);
        ht_jw_str(&o.w, "name", name);
        ht_out_end(&o);
        return HT_OK;
    }
    ht_out_printf("type %s of profile %s\n", name, tenant.profile);
    return HT_OK;
}
