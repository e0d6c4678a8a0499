#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"

static const char *const roles[] = {"viewer", "support", "admin", "worker", "producer", "audit_reader"};

enum ht_rc ht_cmd_user_list(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    (void)args;
    HT_CLEANUP(ht_users_fini) struct ht_users list = {0};
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_users(conn, &list, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_user, list.rows, list.n, list.more);
    return rc;
}

/* The one or all that was asked for: membership is never a matter of what was left out. */
static enum ht_rc tenant_or_all(struct ht_ctx *ctx, struct ht_uuid *ret_id, const struct ht_uuid **ret,
                                struct ht_err *err)
{
    bool all = ctx->args->opt[HT_OPT_ALL_TENANTS].given;
    if (all == (ctx->tenant != NULL))
        return ht_fail(err, HT_USAGE, ctx->args->command->name, "give --tenant T, or --all",
                       all ? "--tenant and --all exclude each other"
                           : "it does not say whose events the login may see");
    return ht_ctx_tenant_bound(ctx, ret_id, ret, err);
}

static enum ht_rc check_roles(const struct ht_arg *given, struct ht_err *err)
{
    for (size_t i = 0; i < given->list_len; i++) {
        size_t k = 0;
        while (k < HT_COUNT(roles) && strcmp(roles[k], given->list[i]) != 0)
            k++;
        if (k < HT_COUNT(roles))
            continue;
        enum ht_rc rc = ht_fail(err, HT_USAGE, "user add",
                                "the roles are viewer, support, admin, worker, producer and audit_reader",
                                "there is no role \"%.60s\"", given->list[i]);
        ht_suggest(err, given->list[i], roles, HT_COUNT(roles));
        return rc;
    }
    return HT_OK;
}

/* passwords ------------------------------------------------------------------------------------------------------- */

/* Reads a line from the terminal without showing it, byte by byte into secret memory. */
static enum ht_rc ask_hidden(const char *question, struct ht_secret **ret, struct ht_err *err)
{
    struct termios before, quiet;
    HT_SECRET_CLEANUP struct ht_secret *s = NULL;
    enum ht_rc rc = ht_secret_new_blank(HT_SECRET_MAX, &s, err);
    if (rc != HT_OK)
        return rc;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return ht_fail(err, HT_FAILED, "user add", "use --password-file", "the terminal cannot hide what is typed");
    quiet = before;
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ICANON | ISIG);
    ht_out_note(false, "%s", question);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    uint8_t *bytes = ht_secret_fill_area(s), c = 0;
    size_t len = 0;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\r' && c != '\n' && c != 3 && c != 4) {
        if ((c == 8 || c == 127) && len > 0)
            bytes[--len] = 0;
        else if (c >= ' ' && c != 127 && len + 1 < HT_SECRET_MAX)
            bytes[len++] = c;
    }
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    if (c == 3)
        return ht_fail(err, HT_CANCELLED, "user add", NULL, "nothing was changed");
    ht_secret_truncate(s, len);
    *ret = s;
    s = NULL;
    return HT_OK;
}

static enum ht_rc ask_twice(struct ht_secret **ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *first = NULL, *again = NULL;
    enum ht_rc rc = ask_hidden("Its password (empty: none):", &first, err);
    if (rc != HT_OK || ht_secret_len(first) == 0)
        return rc;
    rc = ask_hidden("Once more:", &again, err);
    if (rc == HT_OK && !ht_secret_equal(first, again))
        rc = ht_fail(err, HT_USAGE, "user add", "try again", "the two are not the same");
    if (rc != HT_OK)
        return rc;
    *ret = first;
    first = NULL;
    return HT_OK;
}

/* *ret stays NULL: none. What is returned is followed by a NUL, because the rest of its memory is blank. */
static enum ht_rc take_password(struct ht_ctx *ctx, struct ht_secret **ret, struct ht_err *err)
{
    const char *path = ht_ctx_text(ctx, HT_OPT_PASSWORD_FILE);
    enum ht_rc rc = HT_OK;
    if (path != NULL)
        rc = ht_input_secret(path, ret, err);
    else if (ht_ctx_can_ask(ctx))
        rc = ask_twice(ret, err);
    if (rc == HT_OK && *ret != NULL && memchr(ht_secret_bytes(*ret), '\0', ht_secret_len(*ret)) != NULL)
        rc = ht_fail(err, HT_USAGE, "user add", NULL, "a password cannot hold a NUL");
    return rc;
}

/* add, remove ------------------------------------------------------------------------------------------------------ */

static bool is_there(struct ht_conn *c, const char *login)
{
    HT_CLEANUP(ht_user_fini) struct ht_user u = {0};
    struct ht_err ignored = {0};
    return ht_store_user_find(c, login, &u, &ignored) == HT_OK && u.there;
}

static enum ht_rc show(struct ht_ctx *ctx, const char *login, bool made, bool password, struct ht_err *err)
{
    HT_CLEANUP(ht_user_fini) struct ht_user u = {0};
    enum ht_rc rc = ht_store_user_find(ctx->conn, login, &u, err);
    if (rc != HT_OK)
        return rc;
    ht_out_shown(ctx->json, &ht_kind_user, &u);
    if (made && !password)
        ht_out_note(ctx->json, "The login has no password: it gets in where pg_hba.conf says peer, cert, or the like.");
    return HT_OK;
}

enum ht_rc ht_cmd_user_add(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    const struct ht_arg *wanted = &args->opt[HT_OPT_ROLE];
    HT_SECRET_CLEANUP struct ht_secret *password = NULL;
    struct ht_uuid tenant_id;
    struct ht_user_input in = {
        .login = args->operands[0], .roles = wanted->list, .roles_len = wanted->list_len, .reason = ctx->reason};
    struct ht_conn *conn;
    bool made = false;
    enum ht_rc rc = check_roles(wanted, err);
    if (rc == HT_OK)
        rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = tenant_or_all(ctx, &tenant_id, &in.tenant, err);
    if (rc == HT_OK && (ht_ctx_text(ctx, HT_OPT_PASSWORD_FILE) != NULL || !is_there(conn, in.login)))
        rc = take_password(ctx, &password, err);
    if (rc != HT_OK)
        return rc;
    in.password = password != NULL ? (const char *)ht_secret_bytes(password) : NULL;
    rc = ht_store_user_add(conn, &in, &made, err);
    return rc == HT_OK ? show(ctx, in.login, made, password != NULL, err) : rc;
}

enum ht_rc ht_cmd_user_remove(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    const char *login = args->operands[0];
    bool drop = args->opt[HT_OPT_DROP].given;
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(ctx, &tenant_id, &tenant, err);
    if (rc == HT_OK && tenant != NULL && drop)
        rc = ht_fail(err, HT_USAGE, "user remove", "leave one of them out",
                     "--drop ends the login, --tenant one of its memberships");
    if (rc == HT_OK)
        rc = ht_ctx_confirm(ctx, "Take it away? What the login does now fails at its next statement.", err);
    if (rc == HT_OK)
        rc = ht_store_user_remove(conn, login, tenant, drop, ctx->reason, err);
    return rc;
}
