#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "lane_internal.h"

#define CONNECT_TIMEOUT_MS 5000
#define REQUEST_TIMEOUT_MS 10000
#define READS_MAX          64
#define BACKOFF_MIN_MS     100
#define BACKOFF_MAX_MS     5000
/* A request that is not a settlement is given up after this many refusals. Settlements never are. */
#define TRIES_MAX          8
/* Producers notify at most every 20 ms (hooktop.wake_workers). Who emits within that time of the notification, and
 * commits after we have looked, is seen when we look again. */
#define ECHO_US            30000

static void start_next(struct ht_lane *l);

static int32_t timeout_ms(const struct ht_lane *l)
{
    return l->o.request_timeout_ms > 0 ? l->o.request_timeout_ms : REQUEST_TIMEOUT_MS;
}

static struct ht_conn_options conn_options(const struct ht_lane *l)
{
    return (struct ht_conn_options){
        .dsn = l->dsn,
        .application = l->o.in_console ? "hooktop console worker" : "hooktop worker",
        .timeout_ms = timeout_ms(l),
        .first_host = l->first_host,
    };
}

struct ht_lane *ht_lane_new(const struct ht_lane_options *o, const struct ht_lane_callbacks *cb)
{
    struct ht_lane *l = ht_alloc(1, sizeof(*l));
    l->o = *o;
    l->dsn = ht_strdup(o->dsn != NULL ? o->dsn : "");
    l->worker_name = ht_strdup(o->worker_name);
    l->cb = *cb;
    l->backoff_ms = BACKOFF_MIN_MS;
    l->backlog = -1;
    TAILQ_INIT(&l->queue);
    return l;
}

/* the queue -------------------------------------------------------------------------------------------------------- */

static void put_first(struct ht_lane *l, struct ht_lane_request *q)
{
    TAILQ_INSERT_HEAD(&l->queue, q, link);
    l->n++;
}

static void put_last(struct ht_lane *l, struct ht_lane_request *q)
{
    TAILQ_INSERT_TAIL(&l->queue, q, link);
    l->n++;
}

static struct ht_lane_request *take(struct ht_lane *l, struct ht_lane_request *q)
{
    TAILQ_REMOVE(&l->queue, q, link);
    l->n--;
    return q;
}

bool ht_lane_takes(const struct ht_lane *l, enum ht_lane_kind kind)
{
    return l->n < HT_LANE_QUEUE && (l->state == HT_LANE_READY || kind == HT_LANE_SETTLE);
}

bool ht_lane_submit(struct ht_lane *l, struct ht_lane_request *q)
{
    if (!ht_lane_takes(l, q->kind)) {
        ht_lane_request_free(q);
        return false;
    }
    put_last(l, q);
    start_next(l);
    return true;
}

void ht_lane_follow_up(struct ht_lane *l, struct ht_lane_request *q)
{
    put_first(l, q);
}

void ht_lane_free(struct ht_lane *l)
{
    struct ht_lane_request *q;
    if (l == NULL)
        return;
    if (l->pg != NULL)
        PQfinish(l->pg);
    PQclear(l->answer);
    ht_lane_request_free(l->running);
    ht_lane_request_free(l->behind);
    while ((q = TAILQ_FIRST(&l->queue)) != NULL)
        ht_lane_request_free(take(l, q));
    free(l->floors);
    free(l->dsn);
    free(l->worker_name);
    free(l);
}

int64_t ht_lane_db_now(const struct ht_lane *l)
{
    return ht_mono_us() + l->clock_offset_us;
}

/* the connection --------------------------------------------------------------------------------------------------- */

static int64_t next_backoff_ms(int64_t *backoff_ms)
{
    uint16_t r;
    ht_random(&r, sizeof(r));
    int64_t ms = *backoff_ms + *backoff_ms * r / UINT16_MAX / 2;
    *backoff_ms = *backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : *backoff_ms * 2;
    return ms;
}

static void forget_answer(struct ht_lane *l)
{
    PQclear(l->answer);
    l->answer = NULL;
}

static void fail_request(struct ht_lane *l, struct ht_lane_request *q, const struct ht_err *why)
{
    const struct ht_lane_statement *s = &ht_lane_statements[q->kind];
    if (s->fail != NULL)
        s->fail(l, q, why);
    ht_lane_request_free(q);
}

/* Leaves the connection. What may be asked again stays queued, everything else is told to whoever waits for it. */
static void drop(struct ht_lane *l, const struct ht_err *why)
{
    struct ht_lane_requests lost = TAILQ_HEAD_INITIALIZER(lost);
    struct ht_lane_request *q, *next;
    if (l->pg != NULL)
        PQfinish(l->pg);
    l->pg = NULL;
    forget_answer(l);
    l->state = HT_LANE_WAITING;
    l->unfinished = l->preparing = l->wants_write = false;
    l->echo_at_us = 0;
    memset(l->prepared, 0, sizeof(l->prepared));
    if (l->behind != NULL)
        put_first(l, l->behind);
    if (l->running != NULL)
        put_first(l, l->running);
    l->running = l->behind = NULL;
    for (q = TAILQ_FIRST(&l->queue); q != NULL; q = next) {
        next = TAILQ_NEXT(q, link);
        q->not_before_us = 0;
        if (!ht_lane_statements[q->kind].repeatable) {
            take(l, q);
            TAILQ_INSERT_TAIL(&lost, q, link);
        }
    }
    int64_t retry_in_ms = next_backoff_ms(&l->backoff_ms);
    l->retry_at_us = ht_mono_us() + retry_in_ms * 1000;
    while ((q = TAILQ_FIRST(&lost)) != NULL) {
        TAILQ_REMOVE(&lost, q, link);
        fail_request(l, q, why);
    }
    if (l->cb.down != NULL)
        l->cb.down(l->cb.user, why, retry_in_ms);
}

static void drop_with_server_words(struct ht_lane *l, const PGresult *r)
{
    struct ht_err err = {0};
    ht_pg_fail(l->pg, r, "database", &err);
    drop(l, &err);
}

static void drop_late(struct ht_lane *l)
{
    struct ht_err err = {0};
    l->first_host++;
    ht_fail(&err, HT_NO_DB, "database", "look at the server and at the way to it", "it did not answer in time");
    drop(l, &err);
}

static void connect_now(struct ht_lane *l)
{
    struct ht_conn_options o = conn_options(l);
    l->pg = ht_pg_start(&o);
    l->deadline_us = ht_mono_us() + CONNECT_TIMEOUT_MS * INT64_C(1000);
    l->state = HT_LANE_CONNECTING;
    l->polling = PGRES_POLLING_WRITING;
    if (PQstatus(l->pg) == CONNECTION_BAD)
        drop_with_server_words(l, NULL);
}

void ht_lane_hurry(struct ht_lane *l)
{
    if (l->state != HT_LANE_WAITING)
        return;
    l->backoff_ms = BACKOFF_MIN_MS;
    l->retry_at_us = 0;
}

static void flush(struct ht_lane *l)
{
    l->wants_write = PQflush(l->pg) > 0;
}

static void begin_waiting_for_answer(struct ht_lane *l)
{
    l->unfinished = true;
    l->sent_at_us = ht_mono_us();
    l->deadline_us = l->sent_at_us + timeout_ms(l) * INT64_C(1000);
}

static void send_simple(struct ht_lane *l, const char *sql, enum ht_lane_state next)
{
    l->state = next;
    begin_waiting_for_answer(l);
    if (PQsendQueryParams(l->pg, sql, 0, NULL, NULL, NULL, NULL, 1) == 0)
        drop_with_server_words(l, NULL);
    else
        flush(l);
}

static void go_on_connecting(struct ht_lane *l)
{
    l->polling = PQconnectPoll(l->pg);
    if (l->polling == PGRES_POLLING_FAILED) {
        drop_with_server_words(l, NULL);
        return;
    }
    if (l->polling != PGRES_POLLING_OK)
        return;
    PQsetnonblocking(l->pg, 1);
    struct ht_conn_options o = conn_options(l);
    HT_BUF_CLEANUP struct ht_buf sql;
    ht_buf_init(&sql, 4096);
    ht_pg_check_statement(&o, &sql);
    send_simple(l, sql.data, HT_LANE_CHECKING);
}

/* The answer to what is asked of a fresh connection. */
static void check(struct ht_lane *l, const PGresult *r)
{
    struct ht_err err = {0};
    struct ht_conn_options o = conn_options(l);
    if (l->state == HT_LANE_LISTENING && PQresultStatus(r) != PGRES_COMMAND_OK)
        drop_with_server_words(l, r);
    else if (l->state == HT_LANE_CHECKING && ht_pg_check_result(l->pg, r, &o, &err) != HT_OK)
        drop(l, &err);
    else if (l->state == HT_LANE_CHECKING)
        ht_lane_read_clock(l, r);
}

/* The answer was read to its end. */
static void go_on_checking(struct ht_lane *l)
{
    if (l->state == HT_LANE_CHECKING && l->o.listen) {
        send_simple(l, "LISTEN hooktop_wake", HT_LANE_LISTENING);
        return;
    }
    if (PQenterPipelineMode(l->pg) == 0) {
        drop_with_server_words(l, NULL);
        return;
    }
    l->state = HT_LANE_READY;
    if (l->cb.up != NULL)
        l->cb.up(l->cb.user, ht_lane_db_now(l));
}

/* requests --------------------------------------------------------------------------------------------------------- */

static struct ht_lane_request *next_ready(const struct ht_lane *l, int64_t now)
{
    struct ht_lane_request *q;
    TAILQ_FOREACH(q, &l->queue, link)
    {
        if (q->not_before_us <= now)
            return q;
    }
    return NULL;
}

/* Each request ends with a sync, so each is a transaction of its own. */
static void send_request(struct ht_lane *l, const struct ht_lane_request *q, bool prepare)
{
    const struct ht_lane_statement *s = &ht_lane_statements[q->kind];
    const struct ht_params *p = &q->params;
    int sent = prepare ? PQsendPrepare(l->pg, s->name, s->sql, p->n, p->types)
                       : PQsendQueryPrepared(l->pg, s->name, p->n, p->values, p->lengths, p->formats, 1);
    /* A failure to send shows as a broken connection, or as the deadline, at a later step; nothing is decided here,
     * because callers of ht_lane_submit expect no callbacks. */
    if (sent != 0 && PQpipelineSync(l->pg) != 0)
        flush(l);
}

static void send_running(struct ht_lane *l)
{
    l->preparing = !l->prepared[l->running->kind];
    begin_waiting_for_answer(l);
    send_request(l, l->running, l->preparing);
}

/* Whether the server may have q while it works on another: then it need not wait for us between the two. */
static bool may_go_behind(const struct ht_lane *l, const struct ht_lane_request *q)
{
    return q->kind == HT_LANE_SETTLE && l->behind == NULL && l->running != NULL && l->running->kind == HT_LANE_SETTLE &&
           !l->preparing;
}

static void start_next(struct ht_lane *l)
{
    if (l->state != HT_LANE_READY)
        return;
    struct ht_lane_request *q = next_ready(l, ht_mono_us());
    if (q == NULL || (l->unfinished && !may_go_behind(l, q)))
        return;
    take(l, q);
    if (q->kind == HT_LANE_SETTLE)
        ht_lane_settle_bind(l, q);
    if (l->unfinished) {
        l->behind = q;
        send_request(l, q, false);
        return;
    }
    l->running = q;
    send_running(l);
}

static enum ht_lane_fault fault_of(const char *sqlstate)
{
    static const struct {
        const char *state;
        enum ht_lane_fault whose;
    } faults[] = {
        {"22", HT_LANE_FAULT_VALUE},  {"23", HT_LANE_FAULT_VALUE},  {"54", HT_LANE_FAULT_VALUE},
        {"57014", HT_LANE_FAULT_ROW}, {"55P03", HT_LANE_FAULT_ROW}, {"40P01", HT_LANE_FAULT_ROW},
    };
    for (size_t i = 0; i < HT_COUNT(faults); i++) {
        if (strncmp(sqlstate, faults[i].state, strlen(faults[i].state)) == 0)
            return faults[i].whose;
    }
    return HT_LANE_FAULT_SERVER;
}

/* The server refused the request that was under way. What must not be lost is asked again after a while; the others go
 * before it meanwhile. */
static void refused(struct ht_lane *l, const PGresult *r, const char *sqlstate)
{
    struct ht_err err = {0};
    struct ht_lane_request *q = l->running;
    const struct ht_lane_statement *s = &ht_lane_statements[q->kind];
    l->running = NULL;
    ht_pg_fail(l->pg, r, s->name, &err);
    if (l->cb.trouble != NULL)
        l->cb.trouble(l->cb.user, &err);
    enum ht_lane_fault whose = fault_of(sqlstate);
    bool narrowed =
        q->kind == HT_LANE_SETTLE && (whose == HT_LANE_FAULT_VALUE || (whose == HT_LANE_FAULT_ROW && q->part > 1));
    q->tries++;
    if (!s->repeatable || (q->kind != HT_LANE_SETTLE && q->tries == TRIES_MAX)) {
        fail_request(l, q, &err);
        return;
    }
    if (q->kind == HT_LANE_SETTLE && !ht_lane_settle_refused(l, q, whose)) {
        ht_lane_request_free(q);
        return;
    }
    if (narrowed) {
        put_last(l, q);
        return;
    }
    int64_t backoff_ms = (int64_t)BACKOFF_MIN_MS << (q->tries < 6 ? q->tries - 1 : 5);
    q->not_before_us = ht_mono_us() + next_backoff_ms(&backoff_ms) * 1000;
    put_last(l, q);
}

/* Whether another connection is needed: beside what is lost for everybody, a server that has become a standby, and one
 * behind a pooler that does not know what was prepared. */
static bool is_lost(const char *sqlstate)
{
    return ht_pg_state_is_lost(sqlstate) || strcmp(sqlstate, "25006") == 0 || strcmp(sqlstate, "26000") == 0;
}

/* The request under way failed. Where its COMMIT did, rows have come before. */
static void failed(struct ht_lane *l, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    forget_answer(l);
    if (PQstatus(l->pg) == CONNECTION_BAD || state == NULL || is_lost(state))
        drop_with_server_words(l, r);
    else
        refused(l, r, state);
}

static void answered(struct ht_lane *l, const PGresult *r)
{
    struct ht_lane_request *q = l->running;
    if (l->preparing) {
        l->prepared[q->kind] = true;
        return;
    }
    l->running = NULL;
    l->backoff_ms = BACKOFF_MIN_MS;
    q->tries = 0;
    const struct ht_lane_statement *s = &ht_lane_statements[q->kind];
    if (s->answer != NULL && s->answer(l, q, r))
        put_first(l, q);
    else
        ht_lane_request_free(q);
}

/* The answer was read to its end: it is committed, and the next request may go out. */
static void finished(struct ht_lane *l)
{
    HT_RESULT_CLEANUP PGresult *answer = l->answer;
    l->answer = NULL;
    if (answer != NULL)
        answered(l, answer);
    l->unfinished = false;
    if (l->state < HT_LANE_READY) {
        go_on_checking(l);
    } else if (l->running != NULL) {
        send_running(l); /* its statement is prepared now */
    } else if (l->behind != NULL) {
        l->running = l->behind;
        l->behind = NULL;
        begin_waiting_for_answer(l);
    }
    start_next(l);
}

static bool is_good(const PGresult *r)
{
    return PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK;
}

/* One result; true when the connection holds another one or may. A good one is kept until its end: the server sends the
 * rows before it commits, and where it is ended meanwhile (a shutdown, a terminated backend that waits for its standby)
 * they arrive although what they tell may never have happened. */
static bool take_result(struct ht_lane *l)
{
    if (l->state < HT_LANE_CHECKING || !l->unfinished || PQisBusy(l->pg) != 0)
        return false;
    HT_RESULT_CLEANUP PGresult *r = PQgetResult(l->pg);
    bool at_end = l->state < HT_LANE_READY ? r == NULL : PQresultStatus(r) == PGRES_PIPELINE_SYNC;
    if (at_end) {
        finished(l);
        return l->unfinished;
    }
    if (r == NULL)
        return true;
    if (l->state < HT_LANE_READY) {
        check(l, r);
    } else if (l->running != NULL && is_good(r)) {
        forget_answer(l);
        l->answer = r;
        r = NULL;
    } else if (l->running != NULL) {
        failed(l, r);
    } else if (PQstatus(l->pg) == CONNECTION_BAD) {
        drop_with_server_words(l, r);
    }
    return l->state >= HT_LANE_CHECKING;
}

static void woken(struct ht_lane *l, const struct ht_uuid *endpoint)
{
    if (l->cb.woken != NULL)
        l->cb.woken(l->cb.user, endpoint);
}

static void take_notices(struct ht_lane *l)
{
    PGnotify *n;
    while (l->pg != NULL && (n = PQnotifies(l->pg)) != NULL) {
        struct ht_uuid endpoint;
        bool known = ht_uuid_parse(n->extra, &endpoint);
        PQfreemem(n);
        l->echo_at_us = ht_mono_us() + ECHO_US;
        woken(l, known ? &endpoint : NULL);
    }
    if (l->echo_at_us != 0 && ht_mono_us() >= l->echo_at_us) {
        l->echo_at_us = 0;
        woken(l, NULL);
    }
}

static bool is_ready(const struct ht_lane *l, short events)
{
    struct pollfd p = {.fd = ht_lane_fd(l), .events = events};
    return p.fd >= 0 && poll(&p, 1, 0) > 0;
}

/* Takes what has come of an answer. libpq reads some 16 KB at a time, which would spread an answer of hundreds of rows
 * over as many turns of the engine. */
static bool read_answer(struct ht_lane *l)
{
    int reads = 0;
    do {
        if (PQconsumeInput(l->pg) == 0)
            return false;
    } while (PQisBusy(l->pg) != 0 && ++reads < READS_MAX && is_ready(l, POLLIN));
    return true;
}

static void step_unconnected(struct ht_lane *l, int64_t now)
{
    if (l->state == HT_LANE_WAITING && now >= l->retry_at_us)
        connect_now(l);
    else if (l->state == HT_LANE_CONNECTING && is_ready(l, ht_lane_events(l)))
        go_on_connecting(l);
    else if (l->state == HT_LANE_CONNECTING && now >= l->deadline_us)
        drop_late(l);
}

void ht_lane_step(struct ht_lane *l)
{
    int64_t now = ht_mono_us();
    if (l->state <= HT_LANE_CONNECTING) {
        step_unconnected(l, now);
        return;
    }
    if (l->wants_write)
        flush(l);
    if (!read_answer(l)) {
        drop_with_server_words(l, NULL);
        return;
    }
    while (take_result(l))
        ;
    take_notices(l);
    if (l->pg == NULL)
        return;
    if (l->unfinished && ht_mono_us() >= l->deadline_us) {
        drop_late(l);
        return;
    }
    start_next(l);
    if (l->state == HT_LANE_READY && l->notice_owed && now >= l->noticed_us + HT_LANE_NOTICE_EVERY_US)
        (void)!ht_lane_notice(l); /* a full queue: the next step tries again */
}
