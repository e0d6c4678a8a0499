#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"

#define NOTED_MAX (4u * 1024u * 1024u)

enum ht_rc ht_cmd_audit_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_audit_entries_fini) struct ht_audit_entries list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_AUDIT, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_audit(ctx->conn, tenant, &f, NULL, ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_audit, list.rows, list.n, list.more);
    return rc;
}

/* verify ---------------------------------------------------------------------------------------------------------- */

static struct ht_audit_chain *chain_of(const struct ht_audit_chains *l, const struct ht_uuid *tenant)
{
    for (size_t i = 0; i < l->n; i++)
        if (ht_uuid_cmp(&l->rows[i].tenant_id, tenant) == 0)
            return &l->rows[i];
    return NULL;
}

static void mark(struct ht_audit_chain *chain, int64_t seq, const char *problem)
{
    if (chain->problem != NULL)
        return;
    chain->bad_seq = seq;
    chain->problem = ht_strdup(problem);
}

/* One line of an earlier `audit verify --json`: what was the head then must stand in the chain now. A chain that
 * somebody wrote anew from some entry on is whole in itself; only this tells. */
static enum ht_rc compare_noted(struct ht_ctx *ctx, const char *line, size_t len, struct ht_audit_chains *l,
                                struct ht_err *err)
{
    HT_JSON_CLEANUP struct ht_json *noted = NULL;
    HT_AUTOFREE char *now = NULL;
    struct ht_uuid tenant = {0};
    struct ht_err missing = {0};
    enum ht_rc rc = ht_json_parse(line, len, &noted, err);
    if (rc != HT_OK)
        return rc;
    const char *id = ht_json_str(ht_json_get(noted, "tenant_id"), NULL);
    const char *head = ht_json_str(ht_json_get(noted, "head"), NULL);
    int64_t seq = ht_json_int(ht_json_get(noted, "head_seq"), 0);
    if (head == NULL || (id != NULL && !ht_uuid_parse(id, &tenant)))
        return ht_fail(err, HT_USAGE, "audit verify", "keep what audit verify --json prints",
                       "the file of --against has a line without a head");
    struct ht_audit_chain *chain = chain_of(l, &tenant);
    if (chain == NULL) /* bounded by --tenant, or not the login's to see */
        return HT_OK;
    rc = ht_store_audit_hash(ctx->conn, &tenant, seq, &now, &missing);
    if (rc == HT_NOT_FOUND)
        mark(chain, seq, "the entry that was noted is missing");
    else if (rc != HT_OK)
        return ht_fail(err, rc, missing.what, missing.fix, "%s", missing.why);
    else if (strcmp(now, head) != 0)
        mark(chain, seq, "the entry is not the one that was noted: the chain was written anew");
    return HT_OK;
}

static enum ht_rc compare_file(struct ht_ctx *ctx, const char *path, struct ht_audit_chains *l, struct ht_err *err)
{
    struct ht_buf text HT_BUF_CLEANUP = {0};
    enum ht_rc rc = ht_input_read(path, NOTED_MAX, &text, err);
    for (const char *at = text.data; rc == HT_OK && at != NULL && *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (len > 0)
            rc = compare_noted(ctx, at, len, l, err);
        at += len + (at[len] == '\n' ? 1 : 0);
    }
    return rc;
}

enum ht_rc ht_cmd_audit_verify(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_audit_chains_fini) struct ht_audit_chains list = {0};
    const char *noted = ht_ctx_text(ctx, HT_OPT_AGAINST);
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    struct ht_conn *conn;
    size_t broken = 0;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_audit_verify(conn, tenant, &list, err);
    if (rc == HT_OK && noted != NULL)
        rc = compare_file(ctx, noted, &list, err);
    if (rc != HT_OK)
        return rc;
    ht_out_rows(ctx->json, &ht_kind_audit_chain, list.rows, list.n, false);
    for (size_t i = 0; i < list.n; i++)
        broken += list.rows[i].problem != NULL;
    if (broken == 0)
        return HT_OK;
    return ht_fail(err, HT_FAILED, "audit verify", "keep the database as it is, and compare with a backup of before",
                   "%zu of %zu chains of the audit log are not as they were written", broken, list.n);
}
