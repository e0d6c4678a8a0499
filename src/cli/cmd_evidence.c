#include <stdlib.h>
#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/evidence.h"
#include "hooktop/cli/output.h"

static enum ht_rc read_number(const struct ht_args *args, int32_t *ret, struct ht_err *err)
{
    const char *text = args->operands_len > 1 ? args->operands[1] : "0";
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 4)
        return ht_fail(err, HT_USAGE, "attempt", "give its number, from 1", "%.40s is no number", text);
    *ret = (int32_t)strtol(text, NULL, 10);
    return HT_OK;
}

enum ht_rc ht_cmd_delivery_evidence(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_detail_fini) struct ht_delivery_detail d = {0};
    HT_BUF_CLEANUP struct ht_buf text;
    struct ht_conn *conn;
    int32_t n = 0;
    ht_buf_init(&text, HT_EVIDENCE_MAX);
    enum ht_rc rc = read_number(args, &n, err);
    if (rc == HT_OK)
        rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_delivery_detail_load(conn, args->operands[0], 0, &d, err);
    if (rc == HT_OK)
        rc = ht_evidence(&d, n, &text, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "id", &d.delivery.id);
        ht_jw_strn(&o.w, "evidence", text.data, text.len);
        ht_out_end(&o);
    } else
        ht_out_bytes(text.data, text.len);
    return HT_OK;
}
