#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"
#include "hooktop/cli/setup.h"
#include "hooktop/profile/profile.h"
#include "hooktop/store/setup.h"

#define SQL_MAX (8u * 1024u * 1024u)

enum ht_rc ht_setup_apply(struct ht_conn *c, const struct ht_ring_source *from, enum ht_ring_outcome *ret,
                          struct ht_err *err)
{
    HT_CLEANUP(ht_event_types_fini) struct ht_event_types types = {0};
    ht_profile_catalogue(&types);
    enum ht_rc rc = ht_store_setup(c, &types, err);
    return rc == HT_OK ? ht_ring_setup(c, from, ret, err) : rc;
}

/* What became of the key ring: the word of --json, and what people read before and after the file's name. */
static const struct {
    const char *word;
    const char *before, *after;
} outcomes[] = {
    [HT_RING_MADE] = {"made", "A key ring was made: ", ". Without it no stored secret can be opened: back it up."},
    [HT_RING_PUBLISHED] = {"published", "From now on secrets are sealed to the key ring ", "."},
    [HT_RING_IN_USE] = {"in_use", "The key ring is ", "."},
    [HT_RING_ELSEWHERE] = {"elsewhere", "There is no key ring ", " here: this machine cannot deliver."},
};

static void show(const struct ht_ctx *ctx, enum ht_ring_outcome ring)
{
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_int(&o.w, "schema_version", ht_store_schema_version());
        ht_jw_str(&o.w, "key_ring", outcomes[ring].word);
        ht_jw_str(&o.w, "key_file", ctx->config.vault_key_file);
        ht_out_end(&o);
        return;
    }
    ht_out_printf("The schema is at version %d.\n", ht_store_schema_version());
    ht_out_printf("%s%s%s\n", outcomes[ring].before, ctx->config.vault_key_file, outcomes[ring].after);
}

enum ht_rc ht_cmd_setup(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    if (args->opt[HT_OPT_PRINT].given) {
        struct ht_buf sql HT_BUF_CLEANUP;
        ht_buf_init(&sql, SQL_MAX);
        ht_store_setup_print(&sql);
        ht_out_bytes(sql.data, sql.len);
        return HT_OK;
    }
    const struct ht_ring_source from = {ctx->config.vault_key_file, ctx->config.vault_key_command};
    enum ht_ring_outcome ring;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_may_write(ctx, err);
    if (rc == HT_OK)
        rc = ht_ctx_conn_any_schema(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_setup_apply(conn, &from, &ring, err);
    if (rc == HT_OK)
        show(ctx, ring);
    return rc;
}
