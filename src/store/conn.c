#include "hooktop/store/conn.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "cancel.h"
#include "hooktop/base/clock.h"
#include "query.h"

#define PREPARED_MAX    64u
/* How long a server that was asked to cancel may take before it is left. */
#define CANCEL_GRACE_US 2000000
/* What nobody wants any more is cancelled only when it takes longer than this. */
#define QUICK_US        50000
#define DAY_MS          INT64_C(86400000)

enum transaction { TX_NONE, TX_OPEN, TX_BROKEN /* rolled back by an error; commit will say so */ };

struct ht_conn {
    struct ht_conn_options options; /* its strings are owned */
    PGconn *pg;                     /* NULL: lost */
    int hosts;                      /* that the dsn names */
    int cancel_fd;                  /* written by ht_conn_cancel */
    enum transaction tx;
    bool listening;
    int64_t clock_offset_us; /* of the server's clock to ours */
    const char *prepared[PREPARED_MAX];
    size_t n_prepared;
    int64_t started, deadline; /* of the running call, monotonic */
    bool cancelled;            /* the running call was asked to stop */
    struct ht_conn_watch watch;
    bool unwanted; /* as the watch said: of the running call and those that follow */
    struct ht_canceller *canceller;
};

static void lose(struct ht_conn *c)
{
    ht_canceller_free(c->canceller);
    c->canceller = NULL;
    PQfinish(c->pg);
    c->pg = NULL;
    c->tx = TX_NONE;
    c->n_prepared = 0;
}

/* waiting ---------------------------------------------------------------------------------------------------------- */

static void start_call(struct ht_conn *c)
{
    uint64_t stale;
    c->started = ht_mono_us();
    c->deadline = c->started + (int64_t)c->options.timeout_ms * 1000;
    c->cancelled = false;
    /* A cancel that came between two calls is for neither. */
    if (read(c->cancel_fd, &stale, sizeof(stale)) < 0)
        return;
}

static enum ht_rc gave_up(struct ht_conn *c, const char *what, struct ht_err *err)
{
    bool cancelled = c->cancelled;
    lose(c);
    if (cancelled)
        return ht_fail(err, HT_CANCELLED, what, NULL, "cancelled");
    return ht_fail(err, HT_NO_DB, what, "try again; if it stays so, look at the database server",
                   "the database did not answer within %.3g s", (double)c->options.timeout_ms / 1000.0);
}

static void take_cancel(struct ht_conn *c)
{
    c->cancelled = true;
    int64_t grace = ht_mono_us() + CANCEL_GRACE_US;
    if (c->deadline > grace)
        c->deadline = grace;
    if (c->canceller == NULL)
        c->canceller = ht_canceller_start(c->pg);
}

/* How long the server may be waited for before there is something to do; 0: the time is over. */
static int patience_ms(struct ht_conn *c)
{
    int64_t now = ht_mono_us(), until = c->deadline;
    if (c->unwanted && !c->cancelled && now < c->started + QUICK_US)
        until = c->started + QUICK_US;
    else if (c->unwanted && !c->cancelled)
        take_cancel(c);
    return until > now ? (int)((until - now) / 1000) + 1 : 0;
}

/* Waits for the server's socket; a failure has lost the connection. */
static enum ht_rc wait_for(struct ht_conn *c, short events, const char *what, struct ht_err *err)
{
    for (;;) {
        int left_ms = patience_ms(c);
        struct pollfd fds[3] = {{.fd = PQsocket(c->pg), .events = events},
                                {.fd = c->cancelled ? -1 : c->cancel_fd, .events = POLLIN},
                                {.fd = c->unwanted ? -1 : c->watch.fd, .events = POLLIN}};
        if (left_ms == 0)
            return gave_up(c, what, err);
        if (poll(fds, HT_COUNT(fds), left_ms) < 0)
            continue; /* a signal */
        if (fds[1].revents != 0)
            take_cancel(c);
        if (fds[2].revents != 0)
            c->unwanted = c->watch.unwanted(c->watch.user);
        if (fds[0].revents != 0)
            return HT_OK;
    }
}

static enum ht_rc lost_link(struct ht_conn *c, const char *what, struct ht_err *err)
{
    enum ht_rc rc = ht_pg_fail(c->pg, NULL, what, err);
    lose(c);
    return rc;
}

/* Takes all results of what was sent; the last one, or the first error, is handed out. */
static enum ht_rc collect(struct ht_conn *c, const char *what, PGresult **ret, struct ht_err *err)
{
    int unsent;
    while ((unsent = PQflush(c->pg)) > 0) {
        enum ht_rc rc = wait_for(c, POLLIN | POLLOUT, what, err);
        if (rc != HT_OK)
            return rc;
        if (PQconsumeInput(c->pg) == 0)
            return lost_link(c, what, err);
    }
    if (unsent < 0)
        return lost_link(c, what, err);
    HT_RESULT_CLEANUP PGresult *kept = NULL;
    for (;;) {
        while (PQisBusy(c->pg) != 0) {
            enum ht_rc rc = wait_for(c, POLLIN, what, err);
            if (rc != HT_OK)
                return rc;
            if (PQconsumeInput(c->pg) == 0)
                return lost_link(c, what, err);
        }
        PGresult *r = PQgetResult(c->pg);
        if (r == NULL)
            break;
        bool keep = kept == NULL || PQresultStatus(kept) != PGRES_FATAL_ERROR;
        PQclear(keep ? kept : r);
        kept = keep ? r : kept;
    }
    if (kept == NULL)
        return lost_link(c, what, err);
    *ret = kept;
    kept = NULL;
    return HT_OK;
}

/* A cancel that is still on its way would hit the next statement: it has to arrive first. */
static void settle_cancel(struct ht_conn *c)
{
    if (c->canceller == NULL)
        return;
    struct pollfd fd = {.fd = ht_canceller_fd(c->canceller), .events = POLLIN};
    int ready;
    do {
        int64_t left_us = c->deadline - ht_mono_us();
        ready = left_us > 0 ? poll(&fd, 1, (int)(left_us / 1000) + 1) : 0;
    } while (ready < 0);
    ht_canceller_free(c->canceller);
    c->canceller = NULL;
    if (ready == 0)
        lose(c);
}

/* connecting ------------------------------------------------------------------------------------------------------- */

static enum ht_rc poll_connect(struct ht_conn *c, struct ht_err *err)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (PQstatus(c->pg) == CONNECTION_BAD || next == PGRES_POLLING_FAILED)
            return lost_link(c, "database", err);
        enum ht_rc rc = wait_for(c, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, "database", err);
        if (rc != HT_OK) {
            c->options.first_host++;
            return rc;
        }
        next = PQconnectPoll(c->pg);
    }
    return HT_OK;
}

static enum ht_rc check_server(struct ht_conn *c, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    HT_RESULT_CLEANUP PGresult *r = NULL;
    ht_buf_init(&sql, 2048);
    ht_pg_check_statement(&c->options, &sql);
    if (PQsendQueryParams(c->pg, sql.data, 0, NULL, NULL, NULL, NULL, 1) == 0)
        return lost_link(c, "database", err);
    enum ht_rc rc = collect(c, "database", &r, err);
    if (rc == HT_OK)
        rc = ht_pg_check_result(c->pg, r, &c->options, err);
    if (rc == HT_OK)
        c->clock_offset_us = ht_read_time(PQgetvalue(r, 0, PQnfields(r) - 1)) - ht_wall_us();
    return rc;
}

enum ht_rc ht_conn_reset(struct ht_conn *c, struct ht_err *err)
{
    lose(c);
    start_call(c);
    c->pg = ht_pg_start(&c->options);
    c->hosts = ht_pg_hosts(c->pg);
    enum ht_rc rc = poll_connect(c, err);
    if (rc == HT_OK && PQsetnonblocking(c->pg, 1) != 0)
        rc = lost_link(c, "database", err);
    if (rc == HT_OK)
        rc = check_server(c, err);
    if (rc == HT_OK && c->listening)
        rc = ht_conn_listen(c, err);
    if (rc != HT_OK)
        lose(c);
    return rc;
}

enum ht_rc ht_conn_open(const struct ht_conn_options *o, struct ht_conn **ret, struct ht_err *err)
{
    struct ht_conn *c = ht_alloc(1, sizeof(*c));
    c->options = *o;
    c->options.dsn = ht_strdup(o->dsn != NULL ? o->dsn : "");
    c->options.application = ht_strdup(o->application != NULL ? o->application : "hooktop");
    c->options.timeout_ms = ht_pg_timeout_ms(o);
    c->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->watch.fd = -1;
    enum ht_rc rc = HT_OK;
    if (c->cancel_fd < 0)
        rc = ht_fail(err, HT_FAILED, "database", "close files or raise the limit", "no more files can be opened");
    if (rc == HT_OK)
        rc = ht_conn_reset(c, err);
    /* Of several hosts the first may be silent, not dead. */
    for (int tries = 1; rc == HT_NO_DB && tries < c->hosts && c->options.first_host == o->first_host + tries; tries++) {
        ht_err_clear(err);
        rc = ht_conn_reset(c, err);
    }
    if (rc != HT_OK) {
        ht_conn_close(c);
        return rc;
    }
    *ret = c;
    return HT_OK;
}

static void free_const(const char *s)
{
    char *p;
    memcpy(&p, &s, sizeof(p));
    free(p);
}

void ht_conn_close(struct ht_conn *c)
{
    if (c == NULL)
        return;
    lose(c);
    if (c->cancel_fd >= 0)
        close(c->cancel_fd);
    free_const(c->options.dsn);
    free_const(c->options.application);
    free(c);
}

bool ht_conn_alive(const struct ht_conn *c)
{
    return c->pg != NULL;
}

int ht_conn_fd(const struct ht_conn *c)
{
    return c->pg != NULL ? PQsocket(c->pg) : -1;
}

void ht_conn_cancel(struct ht_conn *c)
{
    uint64_t one = 1;
    if (write(c->cancel_fd, &one, sizeof(one)) < 0)
        return; /* the counter is full: it is being cancelled already */
}

void ht_conn_watch(struct ht_conn *c, const struct ht_conn_watch *w)
{
    c->watch = w != NULL ? *w : (struct ht_conn_watch){.fd = -1};
    c->unwanted = false;
}

/* statements ------------------------------------------------------------------------------------------------------- */
static enum ht_rc send_failed(struct ht_conn *c, const char *what, struct ht_err *err)
{
    if (PQstatus(c->pg) == CONNECTION_BAD)
        return lost_link(c, what, err);
    return ht_pg_fail(c->pg, NULL, what, err);
}

/* The roles with every right that this login lacks on what a statement ($1) names, or (none has them all) with some. */
static const char who_may_sql[] =
    "WITH named AS ("
    " SELECT p.oid, p.proacl AS acl, has_function_privilege(p.oid, 'EXECUTE') AS mine, 'EXECUTE' AS wanted"
    " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'hooktop'"
    " WHERE $1 ~ ('hooktop\\.' || p.proname || '\\M')"
    " UNION ALL SELECT r.oid, r.relacl, has_table_privilege(r.oid, 'SELECT'), 'SELECT'"
    " FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace AND n.nspname = 'hooktop'"
    " WHERE r.relkind IN ('r', 'v', 'p') AND $1 ~ ('hooktop\\.' || r.relname || '\\M')),"
    " has AS (SELECT g.rolname, count(DISTINCT named.oid) AS n FROM named, aclexplode(named.acl) a"
    " JOIN pg_roles g ON g.oid = a.grantee AND g.rolname LIKE 'hooktop\\_%' AND g.rolname <> 'hooktop_owner'"
    " WHERE NOT named.mine AND a.privilege_type = named.wanted GROUP BY g.rolname)"
    " SELECT string_agg(rolname, ' or ' ORDER BY rolname) FROM has WHERE n = (SELECT max(n) FROM has)";

static void name_roles(struct ht_conn *c, const struct ht_stmt *s, struct ht_err *err)
{
    HT_RESULT_CLEANUP PGresult *r = NULL;
    struct ht_params p HT_PARAMS_CLEANUP;
    struct ht_err ignored = {0};
    ht_params_init(&p);
    ht_put_text(&p, s->sql);
    if (ht_conn_query(c, &(struct ht_stmt){.what = "database", .sql = who_may_sql}, &p, &r, &ignored) == HT_OK &&
        PQntuples(r) == 1 && !PQgetisnull(r, 0, 0))
        snprintf(err->fix, sizeof(err->fix), "ask for the role %s", PQgetvalue(r, 0, 0));
}

/* What follows an error: no transaction is left open in which every further statement would fail, and a link that the
 * server has ended is given up. */
static enum ht_rc refused(struct ht_conn *c, const struct ht_stmt *s, const PGresult *r, struct ht_err *err)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    struct ht_err own = {0};
    enum ht_rc rc = HT_OK;
    if (state != NULL && strcmp(state, "57014") == 0 && c->cancelled)
        rc = ht_fail(&own, HT_CANCELLED, s->what, NULL, "cancelled");
    else
        rc = ht_pg_fail(c->pg, r, s->what, &own);
    bool in_transaction = c->tx == TX_OPEN;
    if (state == NULL || ht_pg_state_is_lost(state) || PQstatus(c->pg) == CONNECTION_BAD)
        lose(c);
    else if (in_transaction)
        ht_conn_rollback(c);
    if (rc == HT_DENIED && c->pg != NULL && s->sql != who_may_sql && strcmp(state, "42501") == 0)
        name_roles(c, s, &own);
    if (in_transaction && c->pg != NULL)
        c->tx = TX_BROKEN;
    return ht_fail(err, rc, own.what, own.fix, "%s", own.why);
}

/* What was sent is waited for; an answer that is an error becomes one. */
static enum ht_rc finish(struct ht_conn *c, const struct ht_stmt *s, PGresult **ret, struct ht_err *err)
{
    HT_RESULT_CLEANUP PGresult *r = NULL;
    enum ht_rc rc = collect(c, s->what, &r, err);
    if (rc != HT_OK)
        return rc;
    settle_cancel(c);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return refused(c, s, r, err);
    *ret = r;
    r = NULL;
    return HT_OK;
}

static bool is_prepared(const struct ht_conn *c, const char *name)
{
    for (size_t i = 0; i < c->n_prepared; i++) {
        if (strcmp(c->prepared[i], name) == 0)
            return true;
    }
    return false;
}

static enum ht_rc prepare(struct ht_conn *c, const struct ht_stmt *s, const struct ht_params *p, struct ht_err *err)
{
    HT_RESULT_CLEANUP PGresult *r = NULL;
    if (is_prepared(c, s->name))
        return HT_OK;
    if (c->n_prepared == PREPARED_MAX)
        ht_abort("more statements are prepared than the program allows");
    if (PQsendPrepare(c->pg, s->name, s->sql, p->n, p->types) == 0)
        return send_failed(c, s->what, err);
    enum ht_rc rc = finish(c, s, &r, err);
    if (rc == HT_OK)
        c->prepared[c->n_prepared++] = s->name;
    return rc;
}

static enum ht_rc usable(const struct ht_conn *c, const char *what, struct ht_err *err)
{
    if (c->pg == NULL)
        return ht_fail(err, HT_NO_DB, what, "try again", "the connection to the database is lost");
    if (c->tx == TX_BROKEN)
        return ht_fail(err, HT_FAILED, what, NULL, "an earlier step failed, and nothing of it was stored");
    if (c->unwanted)
        return ht_fail(err, HT_CANCELLED, what, NULL, "cancelled");
    return HT_OK;
}

enum ht_rc ht_conn_query(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p, PGresult **ret,
                         struct ht_err *err)
{
    struct ht_params none HT_PARAMS_CLEANUP;
    ht_params_init(&none);
    if (p == NULL)
        p = &none;
    enum ht_rc rc = usable(c, s->what, err);
    if (rc == HT_OK)
        rc = ht_params_bind(p, err);
    if (rc != HT_OK)
        return rc;
    start_call(c);
    int sent;
    if (s->name != NULL) {
        rc = prepare(c, s, p, err);
        if (rc != HT_OK)
            return rc;
        sent = PQsendQueryPrepared(c->pg, s->name, p->n, p->values, p->lengths, p->formats, 1);
    } else {
        sent = PQsendQueryParams(c->pg, s->sql, p->n, p->types, p->values, p->lengths, p->formats, 1);
    }
    return sent != 0 ? finish(c, s, ret, err) : send_failed(c, s->what, err);
}

enum ht_rc ht_conn_do(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p, struct ht_err *err)
{
    HT_RESULT_CLEANUP PGresult *r = NULL;
    return ht_conn_query(c, s, p, &r, err);
}

enum ht_rc ht_conn_script(struct ht_conn *c, const char *what, const char *sql, struct ht_err *err)
{
    HT_RESULT_CLEANUP PGresult *r = NULL;
    const struct ht_stmt s = {.what = what, .sql = sql};
    enum ht_rc rc = usable(c, what, err);
    if (rc != HT_OK)
        return rc;
    start_call(c);
    return PQsendQuery(c->pg, sql) != 0 ? finish(c, &s, &r, err) : send_failed(c, what, err);
}

enum ht_rc ht_conn_one(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p, const struct ht_col *cols,
                       size_t n_cols, void *record, size_t size, struct ht_err *err)
{
    HT_RESULT_CLEANUP PGresult *r = NULL;
    enum ht_rc rc = ht_conn_query(c, s, p, &r, err);
    if (rc == HT_OK && PQntuples(r) == 0)
        rc = HT_NOT_FOUND;
    return rc == HT_OK ? ht_rows_read(r, cols, n_cols, record, size, 1, err) : rc;
}

enum ht_rc ht_conn_patience(struct ht_conn *c, int32_t timeout_ms, struct ht_err *err)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SET statement_timeout = %d", (int)ht_pg_statement_timeout_ms(timeout_ms));
    enum ht_rc rc = ht_conn_do(c, &(struct ht_stmt){.what = "database", .sql = sql}, NULL, err);
    if (rc == HT_OK)
        c->options.timeout_ms = timeout_ms;
    return rc;
}

/* transactions ----------------------------------------------------------------------------------------------------- */

enum ht_rc ht_conn_begin(struct ht_conn *c, struct ht_err *err)
{
    if (c->tx == TX_BROKEN)
        c->tx = TX_NONE;
    enum ht_rc rc = ht_conn_do(c, &(struct ht_stmt){.what = "database", .sql = "BEGIN"}, NULL, err);
    if (rc == HT_OK)
        c->tx = TX_OPEN;
    return rc;
}

enum ht_rc ht_conn_commit(struct ht_conn *c, struct ht_err *err)
{
    enum ht_rc rc = ht_conn_do(c, &(struct ht_stmt){.what = "database", .sql = "COMMIT"}, NULL, err);
    c->tx = TX_NONE;
    return rc;
}

void ht_conn_rollback(struct ht_conn *c)
{
    struct ht_err ignored = {0};
    bool unwanted = c->unwanted;
    c->unwanted = false; /* this is */
    if (c->tx == TX_OPEN && c->pg != NULL) {
        c->tx = TX_NONE;
        if (ht_conn_do(c, &(struct ht_stmt){.what = "database", .sql = "ROLLBACK"}, NULL, &ignored) != HT_OK)
            lose(c); /* the server rolls back what it hears no more of */
    }
    c->tx = TX_NONE;
    c->unwanted = c->unwanted || unwanted;
}

/* notices ---------------------------------------------------------------------------------------------------------- */

enum ht_rc ht_conn_listen(struct ht_conn *c, struct ht_err *err)
{
    enum ht_rc rc = ht_conn_do(c, &(struct ht_stmt){.what = "database", .sql = "LISTEN hooktop_log"}, NULL, err);
    if (rc == HT_OK)
        c->listening = true;
    return rc;
}

enum ht_rc ht_conn_drain(struct ht_conn *c, bool *ret_changed, struct ht_err *err)
{
    enum ht_rc rc = usable(c, "database", err);
    if (rc != HT_OK)
        return rc;
    if (PQconsumeInput(c->pg) == 0 || PQstatus(c->pg) == CONNECTION_BAD)
        return lost_link(c, "database", err);
    bool changed = false;
    PGnotify *notice;
    while ((notice = PQnotifies(c->pg)) != NULL) {
        changed = true;
        PQfreemem(notice);
    }
    *ret_changed = changed;
    return HT_OK;
}

PGconn *ht_conn_pg(const struct ht_conn *c)
{
    return c->pg;
}

int64_t ht_conn_clock_us(const struct ht_conn *c)
{
    return ht_wall_us() + c->clock_offset_us;
}

void ht_put_days(struct ht_params *p, const struct ht_conn *c)
{
    const int64_t now_ms = ht_conn_clock_us(c) / 1000;
    const struct ht_uuid yesterday = ht_uuid_at(now_ms - DAY_MS), tomorrow = ht_uuid_at(now_ms + DAY_MS);
    ht_put_uuid(p, &yesterday);
    ht_put_uuid(p, &tomorrow);
}

int32_t ht_conn_timeout_ms(const struct ht_conn *c)
{
    return c->options.timeout_ms;
}
