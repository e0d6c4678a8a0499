#include "hooktop/store/server.h"

#include "query.h"

static const char what[] = "database";

enum ht_rc ht_store_server(struct ht_conn *c, struct ht_server *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("", ht_server, now, TIME),
        HT_COL("", ht_server, max_connections, I32),
        HT_COL("", ht_server, connections, I32),
        HT_COL("", ht_server, fsync, BOOL),
        HT_COL("", ht_server, full_page_writes, BOOL),
        HT_COL("", ht_server, autovacuum, BOOL),
        HT_COL("", ht_server, naptime_s, I32),
        HT_COL("", ht_server, oldest_xact_at, TIME),
    };
    static const struct ht_stmt s = {
        .what = what,
        .sql = "SELECT clock_timestamp(), current_setting('max_connections')::int,"
               " (SELECT count(*)::int FROM pg_stat_activity a WHERE a.backend_type = 'client backend'),"
               " current_setting('fsync')::bool, current_setting('full_page_writes')::bool,"
               " current_setting('autovacuum')::bool,"
               " extract(epoch FROM current_setting('autovacuum_naptime')::interval)::int,"
               " (SELECT min(a.xact_start) FROM pg_stat_activity a WHERE a.datname = current_database()"
               " AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend')",
    };
    return ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), ret, sizeof *ret, err);
}

/* What a login's next session would have: of what ALTER ROLE and ALTER DATABASE set, the first in PostgreSQL's own
 * order; else the server's value, which this session shows unless such a setting made it. */
enum ht_rc ht_store_unsafe_logins(struct ht_conn *c, char **ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "logins", .kind = HT_COL_TEXT}};
    static const struct ht_stmt s = {
        .what = what,
        .sql = "WITH here AS (SELECT oid FROM pg_database WHERE datname = current_database()),"
               " own AS (SELECT setting, source IN ('database', 'user', 'database user', 'client', 'session') AS "
               "set_for_it"
               " FROM pg_settings WHERE name = 'synchronous_commit'),"
               " has AS (SELECT r.rolname, CASE WHEN r.rolname = session_user THEN own.setting ELSE coalesce("
               " (SELECT split_part(v, '=', 2) FROM pg_db_role_setting d, unnest(d.setconfig) v"
               " WHERE d.setrole IN (r.oid, 0) AND d.setdatabase IN (here.oid, 0) AND v LIKE 'synchronous\\_commit=%'"
               " ORDER BY d.setrole = 0, d.setdatabase = 0 LIMIT 1),"
               " CASE WHEN NOT own.set_for_it THEN own.setting END) END AS value FROM pg_roles r, here, own"
               " WHERE r.rolname = session_user OR r.rolcanlogin AND"
               " (pg_has_role(r.oid, 'hooktop_worker', 'MEMBER') OR pg_has_role(r.oid, 'hooktop_producer', 'MEMBER')))"
               " SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM has WHERE lower(value) IN ('off', 'false', "
               "'no', '0')",
    };
    char *logins = NULL;
    enum ht_rc rc = ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), &logins, sizeof logins, err);
    if (rc == HT_OK)
        *ret = logins;
    return rc;
}

static enum ht_rc session_of(struct ht_conn *c, int32_t *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "pid", .kind = HT_COL_I32}};
    static const struct ht_stmt s = {.what = what, .sql = "SELECT pg_backend_pid()"};
    return ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), ret, sizeof *ret, err);
}

/* The other connection takes a session for a transaction and keeps it, while the first asks again: whoever lends
 * sessions by transaction lends out the first's own, or gives it another. */
enum ht_rc ht_store_sessions_lent(struct ht_conn *c, struct ht_conn *other, bool *ret, struct ht_err *err)
{
    int32_t first[3] = {0}, second = 0;
    enum ht_rc rc = session_of(c, &first[0], err);
    if (rc == HT_OK)
        rc = session_of(c, &first[1], err);
    if (rc == HT_OK)
        rc = ht_conn_begin(other, err);
    if (rc == HT_OK)
        rc = session_of(other, &second, err);
    if (rc == HT_OK)
        rc = session_of(c, &first[2], err);
    ht_conn_rollback(other);
    if (rc == HT_OK)
        *ret = first[0] != first[1] || first[1] != first[2] || second == first[0] || second == first[2];
    return rc;
}
