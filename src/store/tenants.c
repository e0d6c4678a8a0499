#include <stdlib.h>
#include <string.h>
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_tenants, ht_tenants)

/* The endpoints stand last: who may only emit finds a tenant without them. */
static const struct ht_col tenant_cols[] = {
    HT_COL("t.id", ht_tenant, id, UUID),
    HT_COL("t.name", ht_tenant, name, TEXT),
    HT_COL("t.profile", ht_tenant, profile, TEXT),
    HT_COL("t.created_at", ht_tenant, created_at, TIME),
    HT_COL("(SELECT count(*) FROM hooktop.endpoint e WHERE e.tenant_id = t.id AND e.status <> 'removed')", ht_tenant,
           endpoints, I64),
};

#define COLS_OF_LIST HT_COUNT(tenant_cols)
#define COLS_OF_ONE  (COLS_OF_LIST - 1)

static enum ht_rc select_tenants(struct ht_conn *c, const char *what, size_t n_cols, const char *rest,
                                 struct ht_params *p, struct ht_tenants *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    ht_buf_init(&sql, 4096);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, tenant_cols, n_cols);
    ht_buf_addf(&sql, " FROM hooktop.tenant t %s", rest);
    const struct ht_stmt s = {.what = what, .sql = sql.data};
    return read_tenants(c, &s, p, tenant_cols, n_cols, 0, ret, err);
}

enum ht_rc ht_store_tenants(struct ht_conn *c, struct ht_tenants *ret, struct ht_err *err)
{
    return select_tenants(c, "tenant list", COLS_OF_LIST, "ORDER BY t.name", NULL, ret, err);
}

enum ht_rc ht_store_tenant_add(struct ht_conn *c, const char *name, const char *profile, struct ht_uuid *ret,
                               struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "tenant_add", .kind = HT_COL_UUID}};
    static const struct ht_stmt s = {.what = "tenant add", .sql = "SELECT hooktop.tenant_add($1, $2)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, name);
    ht_put_text(&p, profile);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

static enum ht_rc not_one(const char *id_or_name, size_t found, struct ht_err *err)
{
    if (id_or_name != NULL)
        return ht_fail(err, HT_NOT_FOUND, "tenant", "hooktop tenant list shows them", "there is no tenant \"%.100s\"",
                       id_or_name);
    if (found == 0)
        return ht_fail(err, HT_NOT_FOUND, "tenant", "make one: hooktop tenant add", "there is no tenant");
    return ht_fail(err, HT_USAGE, "tenant", "give --tenant", "there are several tenants");
}

enum ht_rc ht_store_tenant_find(struct ht_conn *c, const char *id_or_name, struct ht_tenant *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_tenants_fini) struct ht_tenants found = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    struct ht_uuid id;
    const char *rest = "ORDER BY t.id LIMIT 2";
    ht_params_init(&p);
    if (id_or_name != NULL && ht_uuid_parse(id_or_name, &id)) {
        ht_put_uuid(&p, &id);
        rest = "WHERE t.id = $1";
    } else if (id_or_name != NULL) {
        ht_put_text(&p, id_or_name);
        rest = "WHERE t.name = $1";
    }
    enum ht_rc rc = select_tenants(c, "tenant", COLS_OF_ONE, rest, &p, &found, err);
    if (rc == HT_OK && found.n != 1)
        rc = not_one(id_or_name, found.n, err);
    if (rc != HT_OK)
        return rc;
    *ret = found.rows[0];
    found.rows[0] = (struct ht_tenant){0};
    return HT_OK;
}
