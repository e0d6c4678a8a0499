#include <stdlib.h>
#include <string.h>

#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"
#include "import_line.h"

#define FILE_MAX_BYTES (32u * 1024u * 1024u)
#define LINES_MAX      5000u /* their new secrets lie in locked memory until they are shown */

static const char what[] = "endpoint import";

struct import {
    struct ht_import_line *lines;
    size_t n;
    size_t wrong;
};

static void import_fini(struct import *m)
{
    for (size_t i = 0; i < m->n; i++)
        ht_import_line_fini(&m->lines[i]);
    free(m->lines);
}

static enum ht_rc find_tenant(struct ht_ctx *ctx, struct ht_import_line *l, struct ht_err *err)
{
    return l->tenant_name == NULL ? ht_ctx_tenant(ctx, &l->tenant, err)
                                  : ht_store_tenant_find(ctx->conn, l->tenant_name, &l->tenant, err);
}

static struct ht_endpoint_new as_new(struct ht_import_line *l)
{
    return (struct ht_endpoint_new){
        .tenant = &l->tenant,
        .endpoint = &l->endpoint,
        .patterns = (const char *const *)l->patterns,
        .n_patterns = l->n_patterns,
        .brought = l->brought,
        .wanted = l->wanted,
    };
}

/* Every line that is wrong is told; the connection's loss ends it. */
static enum ht_rc tell(struct import *m, size_t number, const struct ht_err *e, struct ht_err *err)
{
    char text[4 * sizeof *e];
    if (e->rc == HT_NO_DB || e->rc == HT_DENIED)
        return ht_fail(err, e->rc, e->what, e->fix, "%s", e->why);
    ht_err_line(e, text, sizeof text);
    ht_out_note(false, "hooktop: line %zu: %s", number, text);
    m->wrong++;
    return HT_OK;
}

static enum ht_rc read_line(struct ht_ctx *ctx, const struct ht_ops *ops, struct import *m, const char *bytes,
                            size_t len, size_t number, struct ht_err *err)
{
    struct ht_err own = {0};
    if (m->n == LINES_MAX)
        return ht_fail(err, HT_USAGE, what, "split the file", "it has more than %u endpoints", LINES_MAX);
    m->lines = ht_realloc(m->lines, m->n + 1, sizeof *m->lines);
    struct ht_import_line *l = &m->lines[m->n++];
    *l = (struct ht_import_line){.number = number, .wanted = HT_ENDPOINT_ACTIVE};
    enum ht_rc rc = ht_import_line_read(bytes, len, l, &own);
    if (rc == HT_OK)
        rc = find_tenant(ctx, l, &own);
    if (rc == HT_OK) {
        struct ht_endpoint_new a = as_new(l);
        rc = ht_ops_endpoint_check(ops, &a, &own);
    }
    return rc == HT_OK ? rc : tell(m, number, &own, err);
}

static enum ht_rc read_lines(struct ht_ctx *ctx, const struct ht_ops *ops, const struct ht_buf *file, struct import *m,
                             struct ht_err *err)
{
    const char *at = file->data;
    const char *end = file->data + file->len;
    enum ht_rc rc = HT_OK;
    for (size_t number = 1; rc == HT_OK && at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);
        if (strspn(at, " \t\r") < len)
            rc = read_line(ctx, ops, m, at, len, number, err);
        at += len + 1;
    }
    if (rc == HT_OK && m->wrong > 0)
        rc = ht_fail(err, HT_USAGE, what, "nothing was made", "%zu of %zu lines are wrong", m->wrong, m->n);
    return rc;
}

static void show_made(struct ht_ctx *ctx, const struct ht_ops *ops, const struct ht_import_line *l,
                      const struct ht_endpoint_new *a)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&l->endpoint.id, id);
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_int(&o.w, "line", (int64_t)l->number);
        ht_jw_str(&o.w, "id", id);
        ht_jw_str(&o.w, "url", l->endpoint.url);
        ht_jw_str(&o.w, "status", ht_endpoint_words[l->endpoint.status].name);
        ht_jw_str(&o.w, "public_key", a->public_key);
        ht_out_end_secret(&o, "secret", a->secret);
    } else {
        ht_out_printf("line %zu  endpoint %s  %s", l->number, id, ht_endpoint_words[l->endpoint.status].name);
        ht_out_printf(a->secret != NULL ? "  secret " : "\n");
        if (a->secret != NULL)
            ht_out_secret_line(a->secret);
    }
    if (a->secret != NULL)
        ht_secret_confirm(ctx, ops, &l->endpoint, NULL);
}

static enum ht_rc make(struct ht_ctx *ctx, const struct ht_ops *ops, struct import *m, bool dry, struct ht_err *err)
{
    HT_AUTOFREE struct ht_endpoint_new *all = ht_alloc(m->n, sizeof *all);
    struct ht_err own = {0};
    size_t at = 0;
    for (size_t i = 0; i < m->n; i++)
        all[i] = as_new(&m->lines[i]);
    enum ht_rc rc = ht_ops_endpoint_add_all(ops, all, m->n, dry, &at, &own);
    if (rc != HT_OK)
        return ht_fail(err, rc, what, own.fix, "line %zu: %s", m->lines[at].number, own.why);
    for (size_t i = 0; i < m->n && !dry; i++) {
        show_made(ctx, ops, &m->lines[i], &all[i]);
        ht_secret_free(all[i].secret);
        free(all[i].public_key);
    }
    ht_out_note(ctx->json, "%zu %s %s", m->n, ht_plural((int64_t)m->n, "endpoint", "endpoints"),
                dry         ? "could be made; nothing was."
                : m->n == 1 ? "was made."
                            : "were made.");
    return HT_OK;
}

enum ht_rc ht_cmd_endpoint_import(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    struct ht_buf file HT_BUF_CLEANUP = {0};
    HT_CLEANUP(import_fini) struct import m = {0};
    struct ht_ops ops;
    enum ht_rc rc = ht_input_read(args->operands[0], FILE_MAX_BYTES, &file, err);
    if (rc == HT_OK)
        rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = read_lines(ctx, &ops, &file, &m, err);
    if (rc == HT_OK && m.n == 0)
        rc = ht_fail(err, HT_USAGE, what, "write one JSON object per line", "there is no endpoint in it");
    return rc == HT_OK ? make(ctx, &ops, &m, args->opt[HT_OPT_DRY_RUN].given, err) : rc;
}
