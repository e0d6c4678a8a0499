/* Logins: what DDL it takes is written by the server from bound parameters, and then run. */
#include <stdlib.h>
#include <string.h>
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_users, ht_users)

static const char what[] = "user";

static const struct ht_col user_cols[] = {
    HT_COL("u.login", ht_user, login, TEXT),       HT_COL("u.roles", ht_user, roles, TEXT),
    HT_COL("u.tenants", ht_user, tenants, TEXT),   HT_COL("u.sees_all", ht_user, sees_all, BOOL),
    HT_COL("u.there", ht_user, there, BOOL),       HT_COL("u.added_at", ht_user, added_at, TIME),
    HT_COL("u.added_by", ht_user, added_by, TEXT),
};

#define USERS "SELECT u.login, u.roles, u.tenants, u.sees_all, u.there, u.added_at, u.added_by FROM hooktop.users() u"

enum ht_rc ht_store_users(struct ht_conn *c, struct ht_users *ret, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "user list", .sql = USERS};
    return read_users(c, &s, NULL, user_cols, HT_COUNT(user_cols), 0, ret, err);
}

enum ht_rc ht_store_user_find(struct ht_conn *c, const char *login, struct ht_user *ret, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = what, .sql = USERS " WHERE u.login = $1"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, login);
    enum ht_rc rc = ht_conn_one(c, &s, &p, user_cols, HT_COUNT(user_cols), ret, sizeof(*ret), err);
    if (rc == HT_NOT_FOUND)
        return ht_fail(err, rc, what, "hooktop user list shows them", "hooktop knows no login %.63s", login);
    return rc;
}

/* DDL -------------------------------------------------------------------------------------------------------------- */

/* Runs what the query answers with, a statement that the server has quoted; nothing when it answers with no row. */
static enum ht_rc run_written(struct ht_conn *c, const char *sql, struct ht_params *p, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "statement", .kind = HT_COL_TEXT}};
    HT_AUTOFREE char *statement = NULL;
    struct ht_err own = {0};
    enum ht_rc rc = ht_conn_one(c, &(struct ht_stmt){.what = what, .sql = sql}, p, cols, HT_COUNT(cols), &statement,
                                sizeof(statement), err);
    if (rc != HT_OK)
        return rc == HT_NOT_FOUND ? HT_OK : rc;
    rc = ht_conn_script(c, what, statement, &own);
    if (rc == HT_OK)
        return rc;
    const char *fix = rc == HT_DENIED ? "ask a database administrator: it takes a superuser, or CREATEROLE" : own.fix;
    return ht_fail(err, rc, own.what, fix, "%s", own.why);
}

struct known {
    bool there;
    bool can_login;
};

static enum ht_rc look_up(struct ht_conn *c, const char *login, struct known *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {HT_COL("there", known, there, BOOL), HT_COL("can", known, can_login, BOOL)};
    static const struct ht_stmt s = {
        .what = what,
        .sql = "SELECT count(*) > 0, coalesce(bool_or(rolcanlogin), false) FROM pg_roles WHERE rolname = $1"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, login);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

/* The password becomes a SCRAM verifier here, so that neither the server nor its log ever has it. */
static enum ht_rc make_login(struct ht_conn *c, const struct ht_user_input *in, struct ht_err *err)
{
    char *verifier = NULL;
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    if (in->password != NULL) {
        verifier = PQencryptPasswordConn(ht_conn_pg(c), in->password, in->login, "scram-sha-256");
        if (verifier == NULL)
            return ht_fail(err, HT_FAILED, what, NULL, "the password could not be turned into a SCRAM verifier");
    }
    ht_put_text(&p, in->login);
    ht_put_text(&p, verifier);
    enum ht_rc rc = run_written(
        c, "SELECT format('CREATE ROLE %I LOGIN', $1::text) || coalesce(format(' PASSWORD %L', $2::text), '')", &p,
        err);
    PQfreemem(verifier);
    return rc;
}

static enum ht_rc grant_roles(struct ht_conn *c, const struct ht_user_input *in, struct ht_err *err)
{
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, in->login);
    ht_put_array(&p, HT_PG_TEXT, in->roles_len);
    for (size_t i = 0; i < in->roles_len; i++)
        ht_put_text(&p, in->roles[i]);
    /* what it has, also by another role, is not asked for again: who may not grant can still add members */
    return run_written(
        c,
        "SELECT format('GRANT %s TO %I', string_agg(quote_ident('hooktop_' || r), ', '), $1::text)"
        " FROM unnest($2::text[]) r WHERE NOT pg_has_role($1::name, 'hooktop_' || r, 'MEMBER') HAVING count(*) > 0",
        &p, err);
}

static enum ht_rc add_member(struct ht_conn *c, const struct ht_user_input *in, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = what, .sql = "SELECT hooktop.member_add($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, in->login);
    ht_put_uuid(&p, in->tenant);
    ht_put_text(&p, in->reason);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_user_add(struct ht_conn *c, const struct ht_user_input *in, bool *ret_made, struct ht_err *err)
{
    struct known known = {0};
    enum ht_rc rc = ht_conn_begin(c, err);
    if (rc == HT_OK)
        rc = look_up(c, in->login, &known, err);
    if (rc == HT_OK && known.there && !known.can_login)
        rc = ht_fail(err, HT_USAGE, what, "choose another name", "%.63s is a group, not a login", in->login);
    if (rc == HT_OK && known.there && in->password != NULL)
        rc = ht_fail(err, HT_USAGE, what, "its password is changed with psql's \\password",
                     "the login %.63s is there already", in->login);
    if (rc == HT_OK && !known.there)
        rc = make_login(c, in, err);
    if (rc == HT_OK)
        rc = grant_roles(c, in, err);
    if (rc == HT_OK)
        rc = add_member(c, in, err);
    if (rc == HT_OK)
        rc = ht_conn_commit(c, err);
    ht_conn_rollback(c);
    if (rc == HT_OK)
        *ret_made = !known.there;
    return rc;
}

/* removal ---------------------------------------------------------------------------------------------------------- */

static enum ht_rc remove_one(struct ht_conn *c, const char *login, const struct ht_uuid *tenant, const char *reason,
                             struct ht_err *err)
{
    static const struct ht_stmt s = {.what = what, .sql = "SELECT hooktop.member_remove($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, login);
    ht_put_uuid(&p, tenant);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

/* Every membership that the caller sees; the row policies hide others' tenants, whose roles it then cannot revoke. */
static enum ht_rc remove_all(struct ht_conn *c, const char *login, const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {
        .what = what,
        .sql = "SELECT hooktop.member_remove(login::text, tenant_id, $2) FROM hooktop.member WHERE login = $1::name"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, login);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

static enum ht_rc revoke_roles(struct ht_conn *c, const char *login, bool drop, struct ht_err *err)
{
    struct ht_params p HT_PARAMS_CLEANUP, q HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_params_init(&q);
    ht_put_text(&p, login);
    ht_put_text(&q, login);
    enum ht_rc rc = run_written(c,
                                "SELECT format('REVOKE %s FROM %I', string_agg(quote_ident(g.rolname), ', '), $1::text)"
                                " FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
                                " JOIN pg_roles l ON l.oid = m.member AND l.rolname = $1"
                                " WHERE g.rolname LIKE 'hooktop\\_%' HAVING count(*) > 0",
                                &p, err);
    if (rc == HT_OK && drop)
        rc = run_written(c, "SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname = $1 AND rolcanlogin",
                         &q, err);
    return rc;
}

enum ht_rc ht_store_user_remove(struct ht_conn *c, const char *login, const struct ht_uuid *tenant, bool drop,
                                const char *reason, struct ht_err *err)
{
    HT_CLEANUP(ht_user_fini) struct ht_user known = {0};
    if (tenant != NULL)
        return remove_one(c, login, tenant, reason, err);
    enum ht_rc rc = ht_store_user_find(c, login, &known, err);
    if (rc == HT_OK)
        rc = ht_conn_begin(c, err);
    if (rc != HT_OK)
        return rc;
    rc = remove_all(c, login, reason, err);
    if (rc == HT_OK)
        rc = revoke_roles(c, login, drop, err);
    if (rc == HT_OK)
        rc = ht_conn_commit(c, err);
    ht_conn_rollback(c);
    return rc;
}
