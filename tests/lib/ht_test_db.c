#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/secret.h"
#include "ht_test.h"

/* Two test programs may want the same template at once; the lock's number means nothing. */
#define TEMPLATE_LOCK "SELECT pg_advisory_lock(7305112)"

const char *ht_test_dsn(void)
{
    const char *dsn = getenv("HT_TEST_DSN");
    if (dsn == NULL)
        fail_msg("HT_TEST_DSN is not set: run this through tests/run.sh");
    return dsn;
}

/* keyword='value' with the quoting of libpq's connection strings. */
static void add_setting(struct ht_buf *b, const char *keyword, const char *value)
{
    ht_buf_addf(b, "%s%s='", b->len > 0 ? " " : "", keyword);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            ht_buf_addc(b, '\\');
        ht_buf_addc(b, *value);
    }
    ht_buf_addc(b, '\'');
}

/* The value of a setting in a dsn; fails the test when the dsn is not one. */
static char *setting(const char *dsn, const char *keyword)
{
    PQconninfoOption *options = PQconninfoParse(dsn, NULL);
    char *value = NULL;
    if (options == NULL)
        fail_msg("not a dsn: %s", dsn);
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (o->val != NULL && strcmp(o->keyword, keyword) == 0)
            value = ht_strdup(o->val);
    }
    PQconninfoFree(options);
    return value;
}

char *ht_test_dsn_with(const char *dsn, const char *keyword, const char *value)
{
    PQconninfoOption *options = PQconninfoParse(dsn, NULL);
    struct ht_buf b;
    ht_buf_init(&b, 4096);
    if (options == NULL)
        fail_msg("not a dsn: %s", dsn);
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (o->val != NULL && strcmp(o->keyword, keyword) != 0)
            add_setting(&b, o->keyword, o->val);
    }
    PQconninfoFree(options);
    add_setting(&b, keyword, value);
    return ht_buf_take(&b, NULL);
}

static PGconn *connect_to(const char *dsn)
{
    PGconn *c = PQconnectdb(dsn);
    if (PQstatus(c) != CONNECTION_OK) {
        char why[512];
        snprintf(why, sizeof(why), "%s", PQerrorMessage(c));
        PQfinish(c);
        fail_msg("cannot connect to %s: %s", dsn, why);
    }
    PQclear(PQexec(c, "SET client_min_messages = warning"));
    return c;
}

/* Takes the connection down with the test when the statement fails. */
static PGresult *must(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) {
        char why[1024];
        snprintf(why, sizeof(why), "%s", PQerrorMessage(c));
        PQclear(r);
        PQfinish(c);
        fail_msg("%.300s: %s", sql, why);
    }
    return r;
}

static void command(PGconn *c, const char *fmt, const char *name, const char *other)
{
    char sql[256];
    char *quoted = PQescapeIdentifier(c, name, strlen(name));
    char *other_quoted = PQescapeIdentifier(c, other, strlen(other));
    /* copied by files a database takes half the time that it takes by its pages */
    snprintf(sql, sizeof(sql), "%s %s %s %s %s", fmt, quoted, other[0] != '\0' ? "TEMPLATE" : "",
             other[0] != '\0' ? other_quoted : "", other[0] != '\0' ? "STRATEGY file_copy" : "");
    PQfreemem(quoted);
    PQfreemem(other_quoted);
    PQclear(must(c, sql));
}

static bool database_exists(PGconn *c, const char *name)
{
    const char *const values[] = {name};
    PGresult *r = PQexecParams(c, "SELECT 1 FROM pg_database WHERE datname = $1", 1, NULL, values, NULL, NULL, 0);
    bool exists = PQntuples(r) == 1;
    PQclear(r);
    return exists;
}

/* Fills under another name, so that a filling that fails leaves no half-made template behind. */
static void make_template(PGconn *c, const char *name, void (*fill)(const char *dsn))
{
    char filling[64];
    char sql[200];
    snprintf(filling, sizeof(filling), "%.50s_filling", name);
    command(c, "DROP DATABASE IF EXISTS", filling, "");
    command(c, "CREATE DATABASE", filling, "");
    char *dsn = ht_test_dsn_with(ht_test_dsn(), "dbname", filling);
    fill(dsn);
    free(dsn);
    snprintf(sql, sizeof(sql), "ALTER DATABASE \"%s\" RENAME TO \"%s\"", filling, name);
    /* A session of the filling may still be on its way out. */
    int64_t until = ht_test_deadline_us(60000);
    for (;;) {
        PGresult *r = PQexec(c, sql);
        bool done = PQresultStatus(r) == PGRES_COMMAND_OK;
        PQclear(r);
        if (done)
            return;
        if (ht_test_passed(until))
            fail_msg("the template %s is still in use: %s", name, PQerrorMessage(c));
        ht_test_pause();
    }
}

char *ht_test_db_new(const char *name, void (*fill)(const char *dsn))
{
    PGconn *c = connect_to(ht_test_dsn());
    PQclear(must(c, TEMPLATE_LOCK));
    if (!database_exists(c, name))
        make_template(c, name, fill);
    uint8_t random[6];
    char hex[HT_HEX_SIZE(sizeof(random))];
    char fresh[64];
    ht_random(random, sizeof(random));
    ht_hex_encode(random, sizeof(random), hex);
    snprintf(fresh, sizeof(fresh), "%.40s_%s", name, hex);
    command(c, "CREATE DATABASE", fresh, name);
    PQfinish(c);
    return ht_test_dsn_with(ht_test_dsn(), "dbname", fresh);
}

void ht_test_db_free(char *dsn)
{
    if (dsn == NULL)
        return;
    char *name = setting(dsn, "dbname");
    free(dsn);
    if (name == NULL)
        fail_msg("the dsn names no database");
    PGconn *c = connect_to(ht_test_dsn());
    char sql[200];
    snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", name);
    free(name);
    PQclear(must(c, sql));
    PQfinish(c);
}

void ht_test_sql(const char *dsn, const char *sql)
{
    PGconn *c = connect_to(dsn);
    PQclear(must(c, sql));
    PQfinish(c);
}

char *ht_test_sql_value(const char *dsn, const char *sql)
{
    PGconn *c = connect_to(dsn);
    PGresult *r = must(c, sql);
    char *value = NULL;
    if (PQntuples(r) > 0 && !PQgetisnull(r, 0, 0))
        value = ht_strdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    PQfinish(c);
    return value;
}

int64_t ht_test_sql_int(const char *dsn, const char *sql)
{
    char *value = ht_test_sql_value(dsn, sql);
    char *end = NULL;
    int64_t n = value != NULL ? strtoll(value, &end, 10) : 0;
    bool good = value != NULL && end != value && *end == '\0';
    free(value);
    if (!good)
        fail_msg("no whole number comes from: %s", sql);
    return n;
}

void ht_test_sql_state(const char *dsn, const char *sql, char ret_state[6])
{
    PGconn *c = connect_to(dsn);
    PGresult *r = PQexec(c, sql);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    snprintf(ret_state, 6, "%s", state != NULL ? state : "00000");
    PQclear(r);
    PQfinish(c);
}
