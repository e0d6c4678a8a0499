#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/store/setup.h"
#include "query.h"

#define SERVER_VERSION_MIN 150000
#define TIMEOUT_MS         5000
#define CHECK_DB           "check --dsn or [database] dsn, and that PostgreSQL runs there"
#define NEEDS_SETUP        "run hooktop setup"

int32_t ht_pg_timeout_ms(const struct ht_conn_options *o)
{
    return o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
}

int32_t ht_pg_statement_timeout_ms(int32_t timeout_ms)
{
    return timeout_ms - timeout_ms / 10;
}

static void no_notices(void *user, const char *message)
{
    (void)user;
    (void)message;
}

/* The list "a,b,c" from its `first` element on, counted round: "b,c,a". */
static void turn_list(const char *list, int32_t first, struct ht_buf *ret)
{
    int32_t n = 1;
    size_t skip = 0;
    for (const char *p = list; *p != '\0'; p++)
        n += *p == ',';
    for (int32_t i = first % n; i > 0; i--)
        skip += strcspn(list + skip, ",") + 1;
    ht_buf_adds(ret, list + skip);
    if (skip > 0) {
        ht_buf_addc(ret, ',');
        ht_buf_add(ret, list, skip - 1);
    }
}

int ht_pg_hosts(const PGconn *pg)
{
    PQconninfoOption *all = PQconninfo((PGconn *)(uintptr_t)pg);
    int most = 1;
    for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
        int n = 1;
        bool is_list = strcmp(o->keyword, "host") == 0 || strcmp(o->keyword, "hostaddr") == 0;
        for (const char *p = is_list && o->val != NULL ? o->val : ""; *p != '\0'; p++)
            n += *p == ',';
        most = n > most ? n : most;
    }
    PQconninfoFree(all);
    return most;
}

static const char *const turned[] = {"host", "hostaddr", "port"};
#define TURNED HT_COUNT(turned)

/* A host that takes connections and says nothing ends an attempt, and libpq would begin with it again. So the next
 * attempt begins with the host after it. Where the hosts stand (dsn, service, environment) only libpq knows. */
static PGconn *start_turned(PGconn *pg, const char **keywords, const char **values, size_t n, int32_t first)
{
    struct ht_buf lists[TURNED];
    PQconninfoOption *all = PQconninfo(pg);
    for (size_t i = 0; i < TURNED; i++) {
        ht_buf_init(&lists[i], 16384);
        for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
            if (strcmp(o->keyword, turned[i]) == 0 && o->val != NULL)
                turn_list(o->val, first, &lists[i]);
        if (lists[i].len > 0) {
            keywords[n] = turned[i];
            values[n++] = lists[i].data;
        }
    }
    PQconninfoFree(all);
    PQfinish(pg);
    pg = PQconnectStartParams(keywords, values, 1);
    for (size_t i = 0; i < TURNED; i++)
        ht_buf_fini(&lists[i]);
    return pg;
}

PGconn *ht_pg_start(const struct ht_conn_options *o)
{
    char user_timeout[16];
    struct ht_pg_protection safe;
    ht_pg_protect(o->dsn != NULL ? o->dsn : "", &safe);
    snprintf(user_timeout, sizeof(user_timeout), "%d", (int)ht_pg_timeout_ms(o) / 2);
    /* What stands before the dsn gives way to it, what stands behind does not; NULL is as if it were not there. */
    const char *const settings[][2] = {
        {"application_name", o->application != NULL ? o->application : "hooktop"},
        {"target_session_attrs", "read-write"},
        {"connect_timeout", "5"},
        {"keepalives", "1"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", user_timeout},
        {"dbname", o->dsn != NULL ? o->dsn : ""},
        {"client_encoding", "UTF8"},
        {"sslmode", safe.sslmode},
        {"sslrootcert", safe.sslrootcert},
        {"channel_binding", safe.channel_binding},
        {"gssencmode", safe.gssencmode},
    };
    const char *keywords[HT_COUNT(settings) + TURNED + 1] = {NULL};
    const char *values[HT_COUNT(settings) + TURNED + 1] = {NULL};
    for (size_t i = 0; i < HT_COUNT(settings); i++) {
        keywords[i] = settings[i][0];
        values[i] = settings[i][1];
    }
    PGconn *pg = PQconnectStartParams(keywords, values, 1);
    if (pg != NULL && o->first_host > 0)
        pg = start_turned(pg, keywords, values, HT_COUNT(settings), o->first_host);
    if (pg == NULL)
        ht_abort("out of memory");
    PQsetNoticeProcessor(pg, no_notices, NULL);
    return pg;
}

void ht_pg_check_statement(const struct ht_conn_options *o, struct ht_buf *sql)
{
    /* Operators and functions of someone else's schema must not come between; estimates of large joins must not start
     * the just-in-time compiler for pages of a few rows; a slow statement ends before our patience does, so that the
     * connection survives it. */
    ht_buf_addf(sql,
                "SELECT %s, pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),"
                " pg_catalog.set_config('TimeZone', 'UTC', false), pg_catalog.set_config('jit', 'off', false),"
                " pg_catalog.set_config('client_min_messages', 'warning', false),"
                " pg_catalog.set_config('statement_timeout', '%d', false),"
                " pg_catalog.set_config('default_transaction_read_only', '%s', false),"
                " pg_catalog.clock_timestamp()%s",
                o->any_schema ? "0" : "pg_catalog.max(version)", (int)ht_pg_statement_timeout_ms(ht_pg_timeout_ms(o)),
                o->readonly ? "on" : "off", o->any_schema ? "" : " FROM hooktop.schema_version");
}

static enum ht_rc check_schema(const PGresult *r, struct ht_err *err)
{
    int needed = ht_store_schema_version();
    int found = PQgetisnull(r, 0, 0) ? 0 : ht_read_i32(PQgetvalue(r, 0, 0));
    if (found > needed)
        return ht_fail(err, HT_NO_DB, "database", "use the newer hooktop here too",
                       "this database was upgraded by a newer hooktop (schema %d, this program knows %d)", found,
                       needed);
    if (found < needed)
        return ht_fail(err, HT_NO_DB, "database", NEEDS_SETUP, "its schema is version %d, this program needs %d", found,
                       needed);
    return HT_OK;
}

enum ht_rc ht_pg_check_result(const PGconn *pg, const PGresult *r, const struct ht_conn_options *o, struct ht_err *err)
{
    int version = PQserverVersion(pg);
    const char *encoding = PQparameterStatus(pg, "server_encoding");
    const char *standby = PQparameterStatus(pg, "in_hot_standby");
    if (version < SERVER_VERSION_MIN)
        return ht_fail(err, HT_NO_DB, "database", "use PostgreSQL 15 or later", "the server is PostgreSQL %d",
                       version / 10000);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return ht_fail(err, HT_NO_DB, "database", "create a database with ENCODING 'UTF8'",
                       "the database's encoding is %s", encoding != NULL ? encoding : "unknown");
    if (standby != NULL && strcmp(standby, "on") == 0)
        return ht_fail(err, HT_NO_DB, "database", "name the primary in the dsn", "the server is a standby");
    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        return o->any_schema ? HT_OK : check_schema(r, err);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (state != NULL && (strcmp(state, "42P01") == 0 || strcmp(state, "3F000") == 0))
        return ht_fail(err, HT_NO_DB, "database", NEEDS_SETUP, "the database %s has no hooktop schema", PQdb(pg));
    if (state != NULL && strcmp(state, "42501") == 0)
        return ht_fail(err, HT_DENIED, "database", HT_GRANT_A_ROLE, "the login %s has none of hooktop's roles",
                       PQuser(pg));
    return ht_pg_fail(pg, r, "database", err);
}

/* errors ----------------------------------------------------------------------------------------------------------- */

/* What an SQLSTATE, or a class of them, means here. The first that fits counts. `why` NULL: the server's own words. */
static const struct meaning {
    const char *state;
    enum ht_rc rc;
    bool lost;
    const char *why;
    const char *fix;
} meanings[] = {
    {"HT001", HT_USAGE, false, NULL, NULL},
    {"HT002", HT_NOT_FOUND, false, NULL, NULL},
    {"HT003", HT_DENIED, false, NULL, NULL},
    {"HT004", HT_FAILED, false, NULL, NULL},
    {"08", HT_NO_DB, true, NULL, CHECK_DB},
    {"57P01", HT_NO_DB, true, NULL, "try again; the server is being stopped or the session was ended"},
    {"57P02", HT_NO_DB, true, NULL, "try again; the server is restarting after a crash"},
    {"57P03", HT_NO_DB, true, NULL, "try again; the server is starting or stopping"},
    {"57P04", HT_NO_DB, true, NULL, CHECK_DB},
    {"57P05", HT_NO_DB, true, NULL, "try again"},
    {"25P03", HT_NO_DB, true, NULL, "try again"},
    {"53300", HT_NO_DB, true, NULL, "close other connections, or raise max_connections"},
    {"57014", HT_TIMEOUT, false, "the database did not finish in time",
     "narrow the filter (after:-2h looks at two hours only), or try again"},
    {"42501", HT_DENIED, false, NULL, "ask for the role of hooktop's that may"},
    {"25006", HT_DENIED, false, "this session only reads", "leave out --readonly"},
    {"53100", HT_FAILED, false, "the database server's disk is full", "free space there; nothing was stored"},
    {"53", HT_FAILED, false, NULL, "look at the database server's load and limits"},
    {"2201B", HT_USAGE, false, NULL, "write the regular expression as PostgreSQL wants it"},
    {"22P02", HT_USAGE, false, NULL, NULL},
    {"22P05", HT_USAGE, false, NULL, "leave out \\u0000"},
    {"22", HT_USAGE, false, NULL, NULL},
    {"23505", HT_FAILED, false, NULL, NULL},
    {"23", HT_USAGE, false, NULL, NULL},
    {"40", HT_AGAIN, false, NULL, "try again"},
    {"55P03", HT_AGAIN, false, NULL, "try again"},
    {"3F000", HT_NO_DB, false, "the database has no hooktop schema", NEEDS_SETUP},
    {"42", HT_FAILED, false, NULL, "the schema is not the one this program made; run hooktop setup"},
    {"", HT_FAILED, false, NULL, NULL},
};

static const struct meaning *meaning_of(const char *state)
{
    const struct meaning *m = meanings;
    while (strncmp(m->state, state, strlen(m->state)) != 0)
        m++;
    return m;
}

bool ht_pg_state_is_lost(const char *sqlstate)
{
    return meaning_of(sqlstate)->lost;
}

/* Several lines of a message as one. */
static void add_message(struct ht_buf *b, const char *message)
{
    while (*message != '\0') {
        size_t len = strcspn(message, "\r\n\t");
        ht_buf_add(b, message, len);
        message += len;
        message += strspn(message, "\r\n\t ");
        if (len > 0 && *message != '\0')
            ht_buf_adds(b, " ");
    }
}

/* libpq quotes what it cannot read of a connection string, and that may be a password. */
static enum ht_rc bad_dsn(const PGconn *pg, const char *what, struct ht_err *err)
{
    static const char harmless[] = "invalid connection option \"";
    const char *message = PQerrorMessage(pg);
    const char *name = strncmp(message, harmless, strlen(harmless)) == 0 ? message + strlen(harmless) : "";
    size_t len = strcspn(name, "\"");
    if (len > 0)
        return ht_fail(err, HT_USAGE, what, NULL, "the connection string has an unknown setting \"%.*s\"", (int)len,
                       name);
    return ht_fail(err, HT_USAGE, what, "write it as host=... dbname=..., or as a postgresql:// URI",
                   "the connection string is not understood");
}

enum ht_rc ht_pg_fail(const PGconn *pg, const PGresult *r, const char *what, struct ht_err *err)
{
    if (r == NULL && PQdb(pg) == NULL)
        return bad_dsn(pg, what, err);
    struct ht_buf why HT_BUF_CLEANUP = {0};
    const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    ht_buf_init(&why, 4096);
    if (state == NULL) {
        const char *message = r != NULL ? PQresultErrorMessage(r) : PQerrorMessage(pg);
        add_message(&why, message[0] != '\0' ? message : "the server closed the connection");
        const char *remedy = ht_pg_tls_remedy(why.data);
        return ht_fail(err, HT_NO_DB, what, remedy != NULL ? remedy : CHECK_DB, "%s", why.data);
    }
    const struct meaning *m = meaning_of(state);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
    bool ours = strncmp(state, "HT", 2) == 0;
    add_message(&why, m->why != NULL ? m->why : message != NULL ? message : state);
    if (detail != NULL && !ours) {
        ht_buf_adds(&why, " (");
        add_message(&why, detail);
        ht_buf_adds(&why, ")");
    }
    return ht_fail(err, m->rc, ours && detail != NULL ? detail : what, hint != NULL && ours ? hint : m->fix, "%s",
                   why.data);
}
