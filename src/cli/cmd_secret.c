#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"

/* The operand's endpoint, or (*ret_tenant) the tenant where there is no operand. */
static enum ht_rc find_owner(struct ht_ctx *ctx, const struct ht_args *args, struct ht_endpoint *ret_endpoint,
                             struct ht_tenant *ret_tenant, struct ht_err *err)
{
    if (args->operands_len > 0)
        return ht_ctx_endpoint(ctx, args->operands[0], ret_endpoint, err);
    return ht_ctx_tenant(ctx, ret_tenant, err);
}

static enum ht_rc list_endpoint(struct ht_ctx *ctx, const char *id, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas list = {0};
    enum ht_rc rc = ht_ctx_endpoint(ctx, id, &e, err);
    if (rc == HT_OK)
        rc = ht_endpoint_secrets(ctx->conn, &e, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_secret, list.rows, list.n, list.more);
    return rc;
}

static enum ht_rc list_all(struct ht_ctx *ctx, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    HT_CLEANUP(ht_fleet_keys_fini) struct ht_fleet_keys list = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    enum ht_rc rc = ht_ctx_filter(ctx, HT_FILTER_SECRETS, &f, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_fleet(ctx->conn, tenant, &f, NULL, ht_ctx_limit(ctx), &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_fleet, list.rows, list.n, list.more);
    return rc;
}

enum ht_rc ht_cmd_secret_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const enum ht_option_id of_all[] = {HT_OPT_FIND_STATE, HT_OPT_FIND_AGE, HT_OPT_FIND_PROFILE, HT_OPT_LIMIT};
    for (size_t i = 0; args->operands_len > 0 && i < HT_COUNT(of_all); i++)
        if (args->opt[of_all[i]].given)
            return ht_fail(err, HT_USAGE, "secret list", "leave one of them out",
                           "--%s chooses among all secrets, and an endpoint was named", ht_options[of_all[i]].name);
    return args->operands_len > 0 ? list_endpoint(ctx, args->operands[0], err) : list_all(ctx, err);
}

/* rotate ---------------------------------------------------------------------------------------------------------- */

/* Where the new secret goes: to a file made beforehand, or to the output. */
static enum ht_rc hand_out(struct ht_ctx *ctx, const struct ht_uuid *id, const struct ht_secret *secret,
                           const char *public, const char *path, int fd, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    if (secret != NULL && path != NULL)
        rc = ht_secret_file_write(path, fd, secret, err);
    const struct ht_secret *shown = path == NULL ? secret : NULL;
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        if (ht_uuid_is_nil(id))
            ht_jw_null(&o.w, "id");
        else
            ht_jw_uuid(&o.w, "id", id);
        ht_jw_str(&o.w, "public_key", public);
        ht_out_end_secret(&o, "secret", shown);
        return rc;
    }
    if (shown != NULL) {
        ht_out_secret_line(shown);
        ht_out_note(false, "Secret %s is shown this once: give it to the receiver now.", text);
    }
    if (public != NULL)
        ht_out_bytes(public, strlen(public));
    return rc;
}

void ht_secret_confirm(const struct ht_ctx *ctx, const struct ht_ops *ops, const struct ht_endpoint *e,
                       const struct ht_uuid *id)
{
    const struct ht_uuid newest = {0};
    struct ht_err err = {0};
    if (ht_out_finish(&err) != HT_OK)
        return;
    if (ht_ops_confirm(ops, e, id != NULL ? id : &newest, &err) != HT_OK)
        ht_out_note(ctx->json, "That the secret was shown could not be noted: it will be listed as unconfirmed.");
}

/* Until when the old one signs, as the database has it. */
static void tell_old(const struct ht_ctx *ctx, const struct ht_endpoint *e)
{
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas all = {0};
    struct ht_err ignored = {0}; /* it is rotated, whatever can be said about it */
    if (ctx->json || ht_endpoint_secrets(ctx->conn, e, &all, &ignored) != HT_OK)
        return;
    bool staged = all.n > 0 && all.rows[0].state == HT_SECRET_NEXT;
    for (size_t i = 1; i < all.n; i++) {
        const struct ht_secret_meta *m = &all.rows[i];
        char until[HT_TIME_TEXT];
        if (m->state == HT_SECRET_EXPIRED || m->expires_at == 0)
            continue;
        ht_time_rfc3339(m->expires_at, until);
        ht_out_note(false, "Generation %d signs %s until %s%s.", (int)m->generation, staged ? "alone" : "beside it",
                    until, staged ? ", then the new one takes over" : "");
    }
}

static enum ht_rc rotate_endpoint(struct ht_ctx *ctx, const struct ht_ops *ops, const char *operand, int64_t overlap_ms,
                                  const char *path, int fd, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_SECRET_CLEANUP struct ht_secret *secret = NULL;
    HT_AUTOFREE char *public = NULL;
    struct ht_uuid id = {0};
    enum ht_rc rc = ht_ctx_endpoint(ctx, operand, &e, err);
    if (rc == HT_OK)
        rc = ht_ops_rotate(ops, &e, overlap_ms, &id, &secret, &public, err);
    if (path != NULL && secret == NULL)
        ht_secret_file_drop(path, fd);
    if (rc == HT_OK)
        rc = hand_out(ctx, &id, secret, public, path, fd, err);
    if (rc == HT_OK)
        tell_old(ctx, &e);
    if (rc == HT_OK && secret != NULL)
        ht_secret_confirm(ctx, ops, &e, &id);
    return rc;
}

static enum ht_rc rotate_tenant(struct ht_ctx *ctx, const struct ht_ops *ops, int64_t promote_in_ms, const char *path,
                                int fd, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    HT_AUTOFREE char *public = NULL;
    const struct ht_uuid none = {0};
    if (path != NULL)
        ht_secret_file_drop(path, fd); /* a private key never leaves */
    enum ht_rc rc = ht_ctx_tenant(ctx, &t, err);
    if (rc == HT_OK)
        rc = ht_ops_rotate_tenant(ops, &t, promote_in_ms, &public, err);
    return rc == HT_OK ? hand_out(ctx, &none, NULL, public, NULL, -1, err) : rc;
}

enum ht_rc ht_cmd_secret_rotate(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    const struct ht_arg *given = &args->opt[HT_OPT_OVERLAP];
    int64_t overlap_ms = given->given ? given->number : HT_OVERLAP_USUAL_MS;
    const char *path = ht_ctx_text(ctx, HT_OPT_TO_FILE);
    struct ht_ops ops;
    int fd = -1;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK && path != NULL)
        rc = ht_secret_file_open(path, &fd, err);
    if (rc != HT_OK)
        return rc;
    return args->operands_len > 0 ? rotate_endpoint(ctx, &ops, args->operands[0], overlap_ms, path, fd, err)
                                  : rotate_tenant(ctx, &ops, overlap_ms, path, fd, err);
}

/* promote, revoke ------------------------------------------------------------------------------------------------- */

enum ht_rc ht_cmd_secret_promote(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    HT_CLEANUP(ht_secret_meta_fini) struct ht_secret_meta promoted = {0};
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = find_owner(ctx, args, &e, &t, err);
    if (rc == HT_OK)
        rc = ht_ops_promote(&ops, &t, args->operands_len > 0 ? &e : NULL, &promoted, err);
    if (rc == HT_OK)
        ht_out_shown(ctx->json, &ht_kind_secret, &promoted);
    return rc;
}

enum ht_rc ht_cmd_secret_revoke(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    HT_CLEANUP(ht_secret_meta_fini) struct ht_secret_meta ended = {0};
    const struct ht_arg *generation = &args->opt[HT_OPT_GENERATION];
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = find_owner(ctx, args, &e, &t, err);
    if (rc == HT_OK)
        rc = ht_ops_revoke(&ops, &t, args->operands_len > 0 ? &e : NULL,
                           generation->given ? (int32_t)generation->number : 0, &ended, err);
    if (rc == HT_OK)
        ht_out_shown(ctx->json, &ht_kind_secret, &ended);
    return rc;
}

/* public-key ------------------------------------------------------------------------------------------------------ */

enum ht_rc ht_cmd_secret_public_key(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    HT_CLEANUP(ht_secret_metas_fini) struct ht_secret_metas list = {0};
    const struct ht_uuid nil = {0};
    enum ht_secret_state wanted = args->opt[HT_OPT_NEXT].given ? HT_SECRET_NEXT : HT_SECRET_ACTIVE;
    enum ht_rc rc = ht_ctx_tenant(ctx, &t, err);
    if (rc == HT_OK)
        rc = ht_store_secrets(ctx->conn, &t.id, &nil, &list, err);
    if (rc != HT_OK)
        return rc;
    for (size_t i = 0; i < list.n; i++) {
        const struct ht_secret_meta *s = &list.rows[i];
        if (s->state != wanted || s->public_pem == NULL)
            continue;
        if (ctx->json)
            ht_out_rows(true, &ht_kind_secret, s, 1, false);
        else
            ht_out_bytes(s->public_pem, strlen(s->public_pem));
        return HT_OK;
    }
    return ht_fail(err, HT_NOT_FOUND, "secret public-key",
                   wanted == HT_SECRET_NEXT ? "rotate it first: hooktop secret rotate --tenant T"
                                            : "it gets one with its first endpoint of a profile that signs per tenant",
                   "tenant %s has no %s signing key", t.name, ht_secret_words[wanted].name);
}
