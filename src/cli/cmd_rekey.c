#include <string.h>

#include "hooktop/base/codec.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"
#include "hooktop/cli/ring.h"
#include "hooktop/store/setup.h"

#define BATCH_USUAL 100

/* A key of the database with what this machine knows of it. */
struct key_row {
    struct ht_ring_use use;
    bool here;
};

static void put_here(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct key_row *k = record;
    if (json != NULL)
        ht_jw_bool(json, name, k->here);
    else
        ht_buf_adds(text, k->here ? "yes" : "no");
}

static const struct ht_field key_fields[] = {
    {"id", "KEY", HT_FIELD_TEXT, HT_FIELD_COLUMN, offsetof(struct key_row, use.id), NULL, NULL},
    {"current", "CURRENT", HT_FIELD_FLAG, HT_FIELD_COLUMN, offsetof(struct key_row, use.current), NULL, NULL},
    {"in_use", "IN USE", HT_FIELD_COUNT, HT_FIELD_COLUMN, offsetof(struct key_row, use.in_use), NULL, NULL},
    {"here", "IN THE RING HERE", HT_FIELD_OTHER, HT_FIELD_COLUMN, 0, NULL, put_here},
    {"created_at", "SINCE", HT_FIELD_TIME, HT_FIELD_COLUMN, offsetof(struct key_row, use.created_at), NULL, NULL},
};
static const struct ht_record_kind key_kind = {key_fields, HT_COUNT(key_fields), sizeof(struct key_row)};

static bool holds(const struct ht_ring *ring, const char *hex)
{
    uint8_t id[HT_RING_KEY_ID];
    return ring != NULL && strlen(hex) == 2 * sizeof id && ht_hex_decode(hex, strlen(hex), id) && ht_ring_has(ring, id);
}

static void show_keys(const struct ht_ctx *ctx, const struct ht_ring_uses *uses)
{
    HT_AUTOFREE struct key_row *rows = ht_alloc(uses->n + 1, sizeof *rows);
    for (size_t i = 0; i < uses->n; i++)
        rows[i] = (struct key_row){uses->rows[i], holds(ctx->ring, uses->rows[i].id)};
    ht_out_rows(ctx->json, &key_kind, rows, uses->n, false);
}

enum ht_rc ht_cmd_ring_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_ring_uses_fini) struct ht_ring_uses uses = {0};
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_store_ring_uses(ctx->conn, &uses, err);
    if (rc == HT_OK)
        show_keys(ctx, &uses);
    return rc;
}

enum ht_rc ht_cmd_ring_add(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    const char *file = ctx->config.vault_key_file;
    enum ht_rc rc = ht_ring_add_key(file, err);
    if (rc == HT_OK)
        ht_out_note(ctx->json,
                    "%s has a new key. Give the file to every machine that delivers, restart the workers, back it up;"
                    " then: hooktop rekey",
                    file);
    return rc;
}

/* Those that nothing is sealed to any more. */
static enum ht_rc retire_unused(struct ht_ctx *ctx, const struct ht_ring_uses *uses, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; rc == HT_OK && i < uses->n; i++) {
        uint8_t id[HT_RING_KEY_ID];
        const struct ht_ring_use *u = &uses->rows[i];
        if (u->current || u->in_use > 0 || !ht_hex_decode(u->id, strlen(u->id), id))
            continue;
        rc = ht_store_ring_retire(ctx->conn, id, err);
        if (rc == HT_OK)
            ht_out_note(ctx->json, "Key %s is retired. Its line in the ring is of use for older backups only.", u->id);
    }
    return rc;
}

static void progress(void *user, const struct ht_rekey *r)
{
    const struct ht_ctx *ctx = user;
    ht_out_progress(ctx->json, r->done, r->total > r->done ? r->total : r->done);
}

static void show(const struct ht_ctx *ctx, const struct ht_rekey *r)
{
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_int(&o.w, "resealed", r->done);
        ht_jw_int(&o.w, "failed", r->failed);
        ht_out_end(&o);
        return;
    }
    ht_out_printf("%lld re-sealed, %lld could not be opened\n", (long long)r->done, (long long)r->failed);
}

enum ht_rc ht_cmd_rekey(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    const struct ht_arg *batch = &args->opt[HT_OPT_BATCH];
    HT_CLEANUP(ht_ring_uses_fini) struct ht_ring_uses uses = {0};
    struct ht_rekey r = {0};
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_ops_rekey(&ops, batch->given ? (int32_t)batch->number : BATCH_USUAL, progress, ctx, &r, err);
    if (rc != HT_OK)
        return rc;
    show(ctx, &r);
    if (args->opt[HT_OPT_RETIRE].given)
        rc = ht_store_ring_uses(ctx->conn, &uses, err);
    if (rc == HT_OK && args->opt[HT_OPT_RETIRE].given)
        rc = retire_unused(ctx, &uses, err);
    if (rc == HT_OK && r.failed > 0)
        rc = ht_fail(err, HT_FAILED, "rekey", "put the ring that holds their key here and repeat it",
                     "%lld things could not be opened, first %s", (long long)r.failed, r.first_failed);
    return rc;
}
