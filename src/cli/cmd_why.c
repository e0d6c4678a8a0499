#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

enum ht_rc ht_cmd_why(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_event_fini) struct ht_event event = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint endpoint = {0};
    HT_CLEANUP(ht_whys_fini) struct ht_whys list = {0};
    struct ht_conn *conn;
    bool one = args->operands_len > 1;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_event_find(conn, args->operands[0], &event, err);
    if (rc == HT_OK && one)
        rc = ht_ctx_endpoint(ctx, args->operands[1], &endpoint, err);
    if (rc == HT_OK && one && ht_uuid_cmp(&endpoint.tenant_id, &event.tenant_id) != 0)
        rc = ht_fail(err, HT_NOT_FOUND, "why", NULL, "event and endpoint belong to different tenants");
    if (rc == HT_OK)
        rc = ht_store_why(conn, &event, one ? &endpoint.id : NULL, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_why, list.rows, list.n, false);
    return rc;
}
