#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

enum ht_rc ht_cmd_tenant_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_tenants_fini) struct ht_tenants list = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_tenants(conn, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_tenant, list.rows, list.n, list.more);
    return rc;
}

enum ht_rc ht_cmd_tenant_add(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    char id[HT_UUID_TEXT];
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_tenant_add(conn, args->operands[0], args->opt[HT_OPT_PROFILE].text, &t.id, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&t.id, id);
    rc = ht_store_tenant_find(conn, id, &t, err);
    if (rc == HT_OK)
        ht_out_shown(ctx->json, &ht_kind_tenant, &t);
    return rc;
}
