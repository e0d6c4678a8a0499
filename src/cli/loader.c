#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/delivery/engine.h"

#include "console_parts.h"

#define QUEUE_MAX      64
#define LOOK_MS        2000  /* between two looks for new deliveries: producers do not notify */
#define LOOK_OUT_MS    10000 /* between two looks at what other workers' machines allow */
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS   5000
#define NOT_CONNECTED  "the database is not connected; nothing was done"

struct loader {
    struct ht_part *part;
    struct ht_request *queue[QUEUE_MAX];
    size_t queued;
    const struct ht_request *running; /* being answered; NULL: none */
    enum ht_link_state link;
    int64_t retry_at_us; /* monotonic */
    int64_t look_at_us;
    int64_t look_out_at_us;
    char *elsewhere;       /* what other workers' machines allow, as told; NULL: nothing */
    struct ht_uuid newest; /* no newer delivery was seen; at first, the moment of connecting */
    int64_t retry_ms;
    int64_t clock_offset_us; /* database's clock minus our monotonic one */
};

static int64_t db_now(const struct loader *l)
{
    return ht_mono_us() + l->clock_offset_us;
}

/* The queue ------------------------------------------------------------------------------------------------------- */

static void refuse(struct loader *l, struct ht_request *q, enum ht_rc rc, const char *why)
{
    struct ht_err err = {0};
    if (ht_fail(&err, rc, "console", NULL, "%s", why) != HT_OK)
        ht_part_refuse(l->part, q, &err);
    ht_request_free(q);
}

static void drop(struct loader *l, size_t i)
{
    memmove(&l->queue[i], &l->queue[i + 1], (l->queued - i - 1) * sizeof l->queue[0]);
    l->queued--;
}

/* The link -------------------------------------------------------------------------------------------------------- */

static void notice_link(struct loader *l, const char *why)
{
    struct ht_reply *r = ht_reply_new(HT_REP_LINK, HT_REQ_KIND_COUNT, 0);
    r->link.state = l->link;
    r->link.retry_in_ms = l->link == HT_LINK_LOST ? l->retry_ms : 0;
    r->text = why != NULL ? ht_strdup(why) : NULL;
    r->db_now = l->link == HT_LINK_UP ? db_now(l) : 0;
    ht_part_reply(l->part, r);
}

static void link_lost(struct loader *l, const struct ht_err *why)
{
    char line[sizeof *why];
    ht_err_line(why, line, sizeof line);
    l->retry_ms = l->link == HT_LINK_LOST ? l->retry_ms * 2 : RETRY_FIRST_MS;
    if (l->retry_ms > RETRY_MAX_MS)
        l->retry_ms = RETRY_MAX_MS;
    l->link = HT_LINK_LOST;
    l->retry_at_us = ht_mono_us() + l->retry_ms * 1000;
    notice_link(l, line);
    while (l->queued > 0) {
        struct ht_request *q = l->queue[0];
        drop(l, 0);
        refuse(l, q, HT_NO_DB, NOT_CONNECTED);
    }
}

/* Connected: what the database's clock says, and LISTEN, before the screen is told. */
static void link_up(struct loader *l)
{
    struct ht_err err = {0};
    int64_t now = 0;
    enum ht_rc rc = ht_conn_listen(l->part->conn, &err);
    if (rc == HT_OK)
        rc = ht_conn_now(l->part->conn, &now, &err);
    if (rc != HT_OK) {
        link_lost(l, &err);
        return;
    }
    l->clock_offset_us = now - ht_mono_us();
    l->newest = ht_uuid_at((now - LOOK_MS * 1000) / 1000);
    l->look_at_us = ht_mono_us() + LOOK_MS * 1000; /* the first screen comes first */
    l->link = HT_LINK_UP;
    notice_link(l, NULL);
}

static void reconnect(struct loader *l)
{
    struct ht_err err = {0};
    if (ht_conn_reset(l->part->conn, &err) == HT_OK)
        link_up(l);
    else
        link_lost(l, &err);
}

static void tell_changed(struct loader *l)
{
    /* Not worth waiting for room: the next change, or the next look, tells the same. */
    struct ht_reply *r = ht_reply_new(HT_REP_CHANGED, HT_REQ_KIND_COUNT, 0);
    if (!ht_mailbox_post(l->part->replies, r))
        ht_reply_free(r);
}

/* Whether there is a delivery that is newer than those seen. */
static void look(struct loader *l)
{
    HT_CLEANUP(ht_deliveries_fini) struct ht_deliveries page = {0};
    struct ht_err err = {0};
    l->look_at_us = ht_mono_us() + LOOK_MS * 1000;
    enum ht_rc rc = ht_store_deliveries(l->part->conn, l->part->tenant, NULL, NULL, &l->newest, 1, &page, &err);
    if (rc == HT_NO_DB) {
        link_lost(l, &err);
    } else if (rc == HT_OK && page.n > 0) {
        l->newest = page.rows[0].id;
        tell_changed(l);
    }
}

/* Whether a worker elsewhere may send where the guard would refuse: told when it changes. */
static void look_out(struct loader *l)
{
    HT_AUTOFREE char *now = NULL;
    struct ht_err err = {0};
    char own[96];
    l->look_out_at_us = ht_mono_us() + LOOK_OUT_MS * 1000;
    ht_engine_worker_name(own, sizeof own);
    enum ht_rc rc = ht_store_worker_exceptions(l->part->conn, own, &now, &err);
    if (rc == HT_NO_DB)
        link_lost(l, &err);
    if (rc != HT_OK || strcmp(now != NULL ? now : "", l->elsewhere != NULL ? l->elsewhere : "") == 0)
        return;
    struct ht_reply *r = ht_reply_new(HT_REP_ELSEWHERE, HT_REQ_KIND_COUNT, 0);
    r->text = now != NULL ? ht_strdup(now) : NULL;
    ht_part_reply(l->part, r);
    free(l->elsewhere);
    l->elsewhere = now;
    now = NULL;
}

static void read_notices(struct loader *l)
{
    struct ht_err err = {0};
    bool changed = false;
    if (ht_conn_drain(l->part->conn, &changed, &err) != HT_OK)
        link_lost(l, &err);
    else if (changed)
        tell_changed(l);
}

/* What comes in ---------------------------------------------------------------------------------------------------- */

/* Nobody waits any more for what this names; true: that is what is being answered. */
static bool forget(struct loader *l, const struct ht_request *q)
{
    for (size_t i = l->queued; i-- > 0;) {
        struct ht_request *old = l->queue[i];
        if (old->ticket != q->ticket)
            continue;
        drop(l, i);
        refuse(l, old, HT_CANCELLED, "nobody waits for it any more");
    }
    return l->running != NULL && l->running->ticket == q->ticket;
}

static void enqueue(struct loader *l, struct ht_request *q)
{
    if (!ht_part_answers(q->kind))
        refuse(l, q, HT_FAILED, "the loader does not know this request");
    else if (l->link != HT_LINK_UP)
        refuse(l, q, HT_NO_DB, NOT_CONNECTED);
    else if (l->queued == QUEUE_MAX)
        refuse(l, q, HT_AGAIN, "too many requests wait already");
    else
        l->queue[l->queued++] = q;
}

/* Takes all that came; whether what is being answered may be left. */
static bool take_requests(struct loader *l)
{
    bool leave = false;
    for (struct ht_request *q; (q = ht_mailbox_take(l->part->requests)) != NULL;) {
        if (q->kind != HT_REQ_FORGET) {
            enqueue(l, q);
            continue;
        }
        leave = forget(l, q) || leave;
        ht_request_free(q);
    }
    return leave;
}

/* Called while the database is waited for (struct ht_conn_watch). */
static bool is_unwanted(void *user)
{
    struct loader *l = user;
    return take_requests(l) || ht_mailbox_closed(l->part->requests);
}

static void answer_first(struct loader *l)
{
    struct ht_request *q = l->queue[0];
    struct ht_err err = {0};
    /* A read may be left halfway, a write never. */
    const struct ht_conn_watch watch = {ht_mailbox_fd(l->part->requests), is_unwanted, l};
    drop(l, 0);
    l->running = q;
    ht_conn_watch(l->part->conn, ht_part_writes(q->kind) ? NULL : &watch);
    struct ht_reply *r = ht_part_answer(l->part, q, db_now(l), &err);
    ht_conn_watch(l->part->conn, NULL);
    l->running = NULL;
    if (r != NULL)
        ht_part_reply(l->part, r);
    else
        ht_part_refuse(l->part, q, &err);
    ht_request_free(q);
    if (err.rc == HT_NO_DB || !ht_conn_alive(l->part->conn))
        link_lost(l, &err);
}

/* How long poll may wait: until the next look for new deliveries, or the next try to connect. */
static int wait_ms(const struct loader *l)
{
    if (l->link == HT_LINK_UP && l->queued > 0)
        return 0;
    int64_t look = l->look_at_us < l->look_out_at_us ? l->look_at_us : l->look_out_at_us;
    int64_t us = (l->link == HT_LINK_UP ? look : l->retry_at_us) - ht_mono_us();
    return us > 0 ? (int)(us / 1000) + 1 : 0;
}

static void turn(struct loader *l)
{
    struct pollfd fds[2] = {{.fd = ht_mailbox_fd(l->part->requests), .events = POLLIN},
                            {.fd = l->link == HT_LINK_UP ? ht_conn_fd(l->part->conn) : -1, .events = POLLIN}};
    poll(fds, HT_COUNT(fds), wait_ms(l));
    (void)take_requests(l);
    if (fds[1].revents != 0)
        read_notices(l);
    if (l->link == HT_LINK_UP && l->queued > 0)
        answer_first(l);
    else if (l->link == HT_LINK_UP && ht_mono_us() >= l->look_at_us)
        look(l);
    else if (l->link == HT_LINK_UP && ht_mono_us() >= l->look_out_at_us)
        look_out(l);
    else if (l->link != HT_LINK_UP && ht_mono_us() >= l->retry_at_us)
        reconnect(l);
}

void *ht_loader_run(void *part)
{
    struct loader l = {.part = part};
    link_up(&l);
    while (!ht_mailbox_closed(l.part->requests))
        turn(&l);
    for (size_t i = 0; i < l.queued; i++)
        ht_request_free(l.queue[i]);
    free(l.elsewhere);
    return NULL;
}
