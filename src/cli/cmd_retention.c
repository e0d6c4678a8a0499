#include <errno.h>
#include <stdlib.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

enum ht_rc ht_cmd_retention_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_partitions_fini) struct ht_partitions list = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_partitions(conn, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_partition, list.rows, list.n, list.more);
    return rc;
}

enum ht_rc ht_cmd_retention_set(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    char *end;
    errno = 0;
    long days = strtol(args->operands[1], &end, 10);
    if (errno != 0 || *end != '\0' || end == args->operands[1] || days < 1 || days > 3650)
        return ht_fail(err, HT_USAGE, "retention set", "give a number of days from 1 to 3650", "'%s' is none",
                       args->operands[1]);
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_retention_set(conn, args->operands[0], (int32_t)days, ctx->reason, err);
    return rc;
}
