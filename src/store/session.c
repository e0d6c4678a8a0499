#include <stdlib.h>
#include <string.h>
#include "query.h"

/* What the console's title calls the database: the service, the host, or "local" for a socket of this machine. */
static char *shown_name(PGconn *pg)
{
    char *name = NULL;
    PQconninfoOption *options = PQconninfo(pg);
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "service") == 0 && o->val != NULL && o->val[0] != '\0')
            name = ht_strdup(o->val);
    }
    PQconninfoFree(options);
    const char *host = PQhost(pg);
    if (name == NULL)
        name = ht_strdup(host != NULL && host[0] != '\0' && host[0] != '/' && host[0] != '@' ? host : "local");
    return name;
}

enum ht_rc ht_conn_whoami(struct ht_conn *c, struct ht_whoami *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("login", ht_whoami, login, TEXT),
        HT_COL("server_version", ht_whoami, server_version, TEXT),
        HT_COL("schema_version", ht_whoami, schema_version, I32),
        HT_COL("may_operate", ht_whoami, may_operate, BOOL),
        HT_COL("may_admin", ht_whoami, may_admin, BOOL),
        HT_COL("may_deliver", ht_whoami, may_deliver, BOOL),
    };
    static const struct ht_stmt s = {
        .what = "whoami",
        .sql = "SELECT login::text, server_version::text, schema_version, may_operate, may_admin, may_deliver"
               " FROM hooktop.whoami()",
    };
    HT_CLEANUP(ht_whoami_fini) struct ht_whoami who = {0};
    enum ht_rc rc = ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), &who, sizeof(who), err);
    if (rc != HT_OK)
        return rc;
    who.database = shown_name(ht_conn_pg(c));
    who.tls = PQsslInUse(ht_conn_pg(c)) != 0;
    who.exposed = ht_pg_is_exposed(ht_conn_pg(c));
    *ret = who;
    who = (struct ht_whoami){0};
    return HT_OK;
}

enum ht_rc ht_conn_now(struct ht_conn *c, int64_t *ret_us, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "clock_timestamp()", .kind = HT_COL_TIME}};
    static const struct ht_stmt s = {.what = "database", .sql = "SELECT clock_timestamp()", .name = "now"};
    return ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), ret_us, sizeof(*ret_us), err);
}
