#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"
#include "hooktop/cli/doctor.h"
#include "hooktop/store/health.h"
#include "hooktop/store/setup.h"

#define FILES_BESIDES   64 /* libraries, the database, the log */
#define LOCKED_BYTES    (4u * 1024u * 1024u)
#define CLOCK_APART_US  (INT64_C(5) * 1000000)
#define XACT_NOTABLE_US (INT64_C(600) * 1000000)
#define XACT_WRONG_US   (INT64_C(3600) * 1000000)

/* The machine --------------------------------------------------------------------------------------------------- */

static void look_at_limits(struct ht_doctor *d)
{
    struct rlimit files = {0}, locked = {0};
    rlim_t needed = (rlim_t)d->ctx->config.worker_concurrency + FILES_BESIDES;
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_MEMLOCK, &locked);
    if (files.rlim_cur < needed)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "limits", NULL,
                      "raise it (LimitNOFILE of the unit, ulimit -n) or lower [worker] concurrency",
                      "%" PRIu64 " open files are allowed, %d requests in flight need %" PRIu64,
                      (uint64_t)files.rlim_cur, d->ctx->config.worker_concurrency, (uint64_t)needed);
    else if (locked.rlim_cur < LOCKED_BYTES && geteuid() != 0)
        ht_doctor_say(
            d, HT_DOCTOR_WRONG, "limits", NULL, "raise it to 8 MiB (LimitMEMLOCK of the unit, ulimit -l 8192)",
            "only %" PRIu64 " KiB of memory may be locked: secrets may reach swap", (uint64_t)locked.rlim_cur / 1024);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "limits", NULL, NULL, "open files and locked memory are enough");
}

void ht_doctor_machine(struct ht_doctor *d)
{
    const struct ht_config *c = &d->ctx->config;
    char exceptions[1024];
    ht_doctor_say(d, HT_DOCTOR_OK, "configuration", NULL, NULL, "%s", c->file != NULL ? c->file : "no file: defaults");
    look_at_limits(d);
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "locale", NULL, "LC_ALL=C.UTF-8 shows lines and foreign letters",
                      "the locale's characters are %s: the console draws in ASCII", nl_langinfo(CODESET));
    if (c->egress.ca_file[0] != '\0' && access(c->egress.ca_file, R_OK) != 0)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "egress", c->egress.ca_file,
                      "give the file of [egress] ca_file to this user to read, or leave the setting out", "%s",
                      strerror(errno));
    if (ht_egress_exceptions(&c->egress, exceptions, sizeof exceptions))
        ht_doctor_say(d, HT_DOCTOR_NOTE, "egress", NULL,
                      "in production, take http and allow out of [egress] unless they are meant",
                      "exceptions to the address guard are set: %s", exceptions);
}

/* The database -------------------------------------------------------------------------------------------------- */

static bool look_at_schema(struct ht_doctor *d)
{
    struct ht_err err = {0};
    int found = 0, needed = ht_store_schema_version();
    if (ht_store_schema_found(d->conn, &found, &err) != HT_OK)
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
        ht_err_clear(&err);
        ht_fail(&err, HT_DENIED, "login", "GRANT hooktop_viewer, or another of its roles, to the login",
                "it has none of hooktop's roles");
        ht_doctor_error(d, "login", NULL, &err);
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
    if (!s.autovacuum)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "server", NULL, "set autovacuum = on in postgresql.conf",
                      "autovacuum is off: the tables that workers search grow without end");
    if (s.connections > s.max_connections - s.max_connections / 10)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "server", NULL, "close other connections, or raise max_connections",
                      "%d of %d connections are in use", s.connections, s.max_connections);
    int64_t age = s.oldest_xact_at != 0 ? s.now - s.oldest_xact_at : 0;
    if (age > XACT_NOTABLE_US)
        ht_doctor_say(d, age > XACT_WRONG_US ? HT_DOCTOR_WRONG : HT_DOCTOR_NOTE, "server", NULL,
                      "find it in pg_stat_activity (oldest xact_start) and end it: vacuum cannot clean behind it",
                      "a transaction has been open for %" PRId64 " minutes", age / 60000000);
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
    if (d->usable)
        look_at_server(d);
}

/* The key ring -------------------------------------------------------------------------------------------------- */

void ht_doctor_ring(struct ht_doctor *d)
{
    uint8_t id[HT_RING_KEY_ID], public_key[32];
    char hex[HT_HEX_SIZE(HT_RING_KEY_ID)];
    const struct ht_ring *ring = NULL;
    const char *file = d->ctx->config.vault_key_file;
    struct ht_err err = {0}, none = {0};
    enum ht_rc rc = ht_ctx_ring(d->ctx, &ring, &err);
    bool known = d->usable && ht_store_ring_current(d->conn, id, public_key, &none) == HT_OK;
    if (known)
        ht_hex_encode(id, sizeof id, hex);
    if (rc == HT_NOT_FOUND)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "key ring", file, "copy it here only if this machine is to deliver or to ping",
                      "it is not here: this machine cannot deliver");
    else if (rc != HT_OK)
        ht_doctor_error(d, "key ring", file, &err);
    else if (d->usable && !known)
        ht_doctor_error(d, "key ring", file, &none);
    else if (known && !ht_ring_has(ring, id))
        ht_doctor_say(d, HT_DOCTOR_WRONG, "key ring", file,
                      "put the ring that holds it there (from a backup, or another machine that delivers)",
                      "it does not hold key %s, which the database seals to", hex);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "key ring", file, NULL, "readable%s%s",
                      known ? ", and holds the current key " : "", known ? hex : "");
}
