#include <inttypes.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/doctor.h"
#include "hooktop/model/queue.h"
#include "hooktop/store/queries.h"
#include "hooktop/store/server.h"
#include "hooktop/store/setup.h"

#define CLOCK_APART_US  (INT64_C(5) * 1000000)
#define XACT_NOTABLE_US (INT64_C(600) * 1000000)
#define XACT_WRONG_US   (INT64_C(3600) * 1000000)
#define NAPTIME_MOST_S  60 /* what PostgreSQL has by itself */

static void close_conn(struct ht_conn **c)
{
    ht_conn_close(*c);
}

static void say_no_role(struct ht_doctor *d)
{
    ht_doctor_say(d, HT_DOCTOR_WRONG, "login", NULL, HT_GRANT_A_ROLE, "it has none of hooktop's roles");
}

static bool look_at_schema(struct ht_doctor *d)
{
    struct ht_err err = {0};
    int found = 0, needed = ht_store_schema_version();
    enum ht_rc rc = ht_store_schema_found(d->conn, &found, &err);
    if (rc == HT_DENIED)
        say_no_role(d);
    else if (rc != HT_OK)
        ht_doctor_error(d, "schema", NULL, &err);
    else if (found == 0)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "schema", NULL, "run hooktop setup", "the database has no hooktop schema");
    else if (found < needed)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "schema", NULL, "run hooktop setup",
                      "it is version %d, this program needs %d", found, needed);
    else if (found > needed)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "schema", NULL, "use the newer hooktop here too",
                      "a newer hooktop upgraded it: version %d, this program knows %d", found, needed);
    else {
        ht_doctor_say(d, HT_DOCTOR_OK, "schema", NULL, NULL, "version %d", found);
        return true;
    }
    return false;
}

static bool look_at_login(struct ht_doctor *d)
{
    HT_CLEANUP(ht_whoami_fini) struct ht_whoami who = {0};
    struct ht_err err = {0};
    if (ht_conn_whoami(d->conn, &who, &err) != HT_OK) {
        say_no_role(d);
        return false;
    }
    ht_doctor_say(d, HT_DOCTOR_OK, "database", who.database, NULL, "PostgreSQL %s, primary, UTF8%s", who.server_version,
                  who.tls ? ", TLS" : "");
    if (who.exposed)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "database", who.database, "leave sslmode out of the dsn, or say verify-full",
                      "%s: who sits between can read and change all of it",
                      who.tls ? "TLS does not verify who the server is" : "the connection is not encrypted");
    ht_doctor_say(d, HT_DOCTOR_OK, "login", who.login, NULL, "it may%s%s%s%s", who.may_admin ? " administer" : "",
                  who.may_operate ? " operate" : "", who.may_deliver ? " deliver" : "",
                  who.may_admin || who.may_operate || who.may_deliver ? "" : " look");
    return true;
}

static void look_at_clock(struct ht_doctor *d, int64_t now)
{
    int64_t apart = ht_wall_us() - now;
    d->now = now;
    if (apart > CLOCK_APART_US || apart < -CLOCK_APART_US)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "clock", NULL,
                      "set both by NTP: signatures carry the database's time, and receivers refuse what is minutes off",
                      "the database's clock and this machine's are %" PRId64 " s apart", apart / 1000000);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "clock", NULL, NULL, "the database's and this machine's agree");
}

static void look_at_use(struct ht_doctor *d, const struct ht_server *s)
{
    if (s->connections > s->max_connections - s->max_connections / 10)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "server", NULL, "close other connections, or raise max_connections",
                      "%d of %d connections are in use", s->connections, s->max_connections);
    int64_t age = s->oldest_xact_at != 0 ? s->now - s->oldest_xact_at : 0;
    if (age > XACT_NOTABLE_US)
        ht_doctor_say(d, age > XACT_WRONG_US ? HT_DOCTOR_WRONG : HT_DOCTOR_NOTE, "server", NULL,
                      "find it in pg_stat_activity (oldest xact_start) and end it: vacuum cannot clean behind it",
                      "a transaction has been open for %" PRId64 " minutes", age / 60000000);
}

static void look_at_commits(struct ht_doctor *d)
{
    HT_AUTOFREE char *logins = NULL;
    struct ht_err err = {0};
    if (ht_store_unsafe_logins(d->conn, &logins, &err) != HT_OK)
        ht_doctor_error(d, "commit", NULL, &err);
    else if (logins != NULL)
        ht_doctor_say(
            d, HT_DOCTOR_WRONG, "commit", logins,
            "set synchronous_commit = on where it is off: ALTER ROLE, ALTER DATABASE or postgresql.conf",
            "synchronous_commit is off for them: a crash of the server may lose events that were committed, and "
            "send again what was delivered");
}

static void look_at_server(struct ht_doctor *d)
{
    struct ht_server s = {0};
    struct ht_err err = {0};
    if (ht_store_server(d->conn, &s, &err) != HT_OK) {
        ht_doctor_error(d, "server", NULL, &err);
        return;
    }
    look_at_clock(d, s.now);
    if (!s.fsync)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "server", NULL, "set fsync = on in postgresql.conf",
                      "fsync is off: a crash of the server may lose events that were committed");
    if (!s.full_page_writes)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "server", NULL,
                      "set full_page_writes = on in postgresql.conf, unless the file system never writes half a page",
                      "full_page_writes is off: a crash may leave pages half written, which no log repairs");
    if (!s.autovacuum)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "server", NULL, "set autovacuum = on in postgresql.conf",
                      "autovacuum is off: the tables that workers search grow without end");
    else if (s.naptime_s > NAPTIME_MOST_S)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "server", NULL, "set autovacuum_naptime = 1min, or less, in postgresql.conf",
                      "autovacuum looks every %" PRId32
                      " s only: the waiting table grows to what is delivered meanwhile",
                      s.naptime_s);
    look_at_use(d, &s);
    look_at_commits(d);
}

/* The machine that runs this has said its own already. */
static void look_at_exceptions(struct ht_doctor *d)
{
    HT_CLEANUP(ht_workers_fini) struct ht_workers list = {0};
    struct ht_err err = {0};
    if (ht_store_workers(d->conn, &list, &err) != HT_OK) {
        ht_doctor_error(d, "egress", NULL, &err);
        return;
    }
    for (size_t i = 0; i < list.n; i++)
        if (list.rows[i].exceptions != NULL && list.rows[i].heartbeat_age_ms < HT_WORKER_SILENT_MS)
            ht_doctor_say(d, HT_DOCTOR_NOTE, "egress", list.rows[i].name,
                          "in production, take http and allow out of [egress] on that machine and restart the worker",
                          "the worker runs with exceptions to the address guard: %s", list.rows[i].exceptions);
}

static void look_at_sessions(struct ht_doctor *d)
{
    HT_CLEANUP(close_conn) struct ht_conn *other = NULL;
    bool lent = false;
    struct ht_err err = {0};
    if (ht_ctx_conn_another(d->ctx, &other, &err) != HT_OK)
        ht_doctor_say(
            d, HT_DOCTOR_WRONG, "session", NULL,
            "allow the login more (max_connections, its CONNECTION LIMIT, the pool's size): a worker keeps two",
            "a second connection is refused: %s", err.why);
    else if (ht_store_sessions_lent(d->conn, other, &lent, &err) != HT_OK)
        ht_doctor_error(d, "session", NULL, &err);
    else if (lent)
        ht_doctor_say(
            d, HT_DOCTOR_WRONG, "session", d->ctx->database.from,
            "name in the dsn the server itself, or a pool in session mode (pgbouncer: pool_mode = session); "
            "producers may use the other",
            "a pooler lends sessions by transaction: settings, locks and notices of one connection reach another");
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "session", NULL, NULL, "each connection has its own");
}

void ht_doctor_database(struct ht_doctor *d)
{
    struct ht_err err = {0};
    if (ht_ctx_conn_any_schema(d->ctx, &d->conn, &err) != HT_OK) {
        d->conn = NULL;
        ht_doctor_error(d, "database", d->ctx->database.from, &err);
        return;
    }
    d->usable = look_at_schema(d) && look_at_login(d);
    if (!d->usable)
        return;
    look_at_server(d);
    look_at_sessions(d);
    look_at_exceptions(d);
}
