#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/cli/detail.h"

#include "answers_triage.h"
#include "console_parts.h"

void ht_part_reply(struct ht_part *p, struct ht_reply *r)
{
    /* A full box means that the screen is behind by hundreds of messages: it takes them with its next frame. */
    while (!ht_mailbox_post(p->replies, r)) {
        if (atomic_load(&p->stopping) || ht_mailbox_closed(p->replies)) {
            ht_reply_free(r);
            return;
        }
        poll(NULL, 0, 5);
    }
}

void ht_part_refuse(struct ht_part *p, const struct ht_request *q, const struct ht_err *err)
{
    struct ht_reply *r = ht_reply_new(HT_REP_ERROR, q->kind, q->ticket);
    r->err = *err;
    r->id = q->id;
    ht_part_reply(p, r);
}

struct ht_ops ht_part_ops(const struct ht_part *p, const struct ht_request *q)
{
    return (struct ht_ops){.conn = p->conn,
                           .egress = p->options->egress,
                           .ring = p->options->ring,
                           .no_ring = p->options->no_ring,
                           .reason = q->reason};
}

/* The errands' own connection: opened when first needed, made anew when it broke. */
static enum ht_rc connect_errands(struct ht_part *p, struct ht_err *err)
{
    const struct ht_conn_options o = {
        .dsn = p->options->dsn, .application = "hooktop console errands", .readonly = p->options->readonly};
    if (p->conn != NULL)
        return ht_conn_alive(p->conn) ? HT_OK : ht_conn_reset(p->conn, err);
    struct ht_conn *conn;
    enum ht_rc rc = ht_conn_open(&o, &conn, err);
    if (rc == HT_OK)
        atomic_store(&p->conn, conn);
    return rc;
}

static enum ht_rc find_endpoint(struct ht_part *p, const struct ht_request *q, struct ht_endpoint *ret,
                                struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&q->id, id);
    return ht_store_endpoint_find(p->conn, id, ret, err);
}

static enum ht_rc ping(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    enum ht_rc rc = find_endpoint(p, q, &e, err);
    const struct ht_ops ops = ht_part_ops(p, q);
    return rc == HT_OK ? ht_ops_ping(&ops, &e, &p->stopping, &r->ping, err) : rc;
}

/* What signs is read first: once the receiver has been asked, nothing stands between its verdict and the reply. */
static enum ht_rc probe(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    enum ht_rc rc = find_endpoint(p, q, &e, err);
    const struct ht_ops ops = ht_part_ops(p, q);
    if (rc == HT_OK)
        rc = ht_signing_load(p->conn, &e, &r->probed.signing, err);
    return rc == HT_OK ? ht_ops_probe(&ops, &r->probed.signing.endpoint, &p->stopping, &r->probed.probe, err) : rc;
}

static enum ht_rc cancel(struct ht_part *p, const struct ht_request *q, const struct ht_uuid *id, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = {0};
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    enum ht_rc rc = ht_store_delivery_find(p->conn, text, &d, err);
    return rc == HT_OK ? ht_store_delivery_cancel(p->conn, &d, q->reason, err) : rc;
}

static enum ht_rc cancel_preview(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    r->cancel.ids = ht_alloc(q->n_ids, sizeof *q->ids);
    memcpy(r->cancel.ids, q->ids, q->n_ids * sizeof *q->ids);
    r->cancel.n_ids = q->n_ids;
    return ht_store_cancel_preview(p->conn, q->ids, q->n_ids, &r->cancel.counts, err);
}

/* Each on its own: what cannot be done does not undo the rest, and is told. */
static enum ht_rc cancel_many(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    struct ht_err first = {0};
    char text[sizeof first.why + 96];
    size_t done = 0, at = 0;
    for (; at < q->n_ids && !atomic_load(&p->stopping); at++) {
        struct ht_err why = {0};
        enum ht_rc rc = cancel(p, q, &q->ids[at], &why);
        done += rc == HT_OK;
        if (rc != HT_OK && first.rc == HT_OK)
            first = why;
        if (rc == HT_NO_DB || rc == HT_DENIED)
            break;
    }
    if (done == 0 && first.rc != HT_OK) {
        *err = first;
        return first.rc;
    }
    if (done == q->n_ids)
        snprintf(text, sizeof text, "%zu cancelled", done);
    else
        snprintf(text, sizeof text, "%zu of %zu cancelled; the first that was not: %s", done, q->n_ids, first.why);
    r->text = ht_strdup(text);
    return HT_OK;
}

static const struct {
    ht_answer_fn *run;
    enum ht_reply_kind reply;
} errands[HT_REQ_KIND_COUNT] = {
    [HT_REQ_PING] = {ping, HT_REP_PING},
    [HT_REQ_PROBE] = {probe, HT_REP_PROBE},
    [HT_REQ_CANCEL_PREVIEW] = {cancel_preview, HT_REP_CANCEL_PREVIEW},
    [HT_REQ_CANCEL_MANY] = {cancel_many, HT_REP_DONE},
    [HT_REQ_REPLAY_PREVIEW] = {ht_errand_replay_preview, HT_REP_REPLAY_PREVIEW},
    [HT_REQ_REPLAY_START] = {ht_errand_replay_start, HT_REP_DONE},
    [HT_REQ_EXPORT] = {ht_part_export, HT_REP_DONE},
    [HT_REQ_EVIDENCE] = {ht_part_evidence, HT_REP_DONE},
};

static void run(struct ht_part *p, struct ht_request *q)
{
    struct ht_err err = {0};
    struct ht_reply *r = ht_reply_new(errands[q->kind].reply, q->kind, q->ticket);
    r->id = q->id;
    enum ht_rc rc = errands[q->kind].run == NULL
                        ? ht_fail(&err, HT_FAILED, "console", NULL, "errands do not know this request")
                        : connect_errands(p, &err);
    if (rc == HT_OK)
        rc = errands[q->kind].run(p, q, r, &err);
    if (rc == HT_OK) {
        ht_part_reply(p, r);
    } else {
        ht_part_refuse(p, q, &err);
        ht_reply_free(r);
    }
    ht_request_free(q);
}

void *ht_errands_run(void *part)
{
    struct ht_part *p = part;
    while (!ht_mailbox_closed(p->requests)) {
        struct pollfd fd = {.fd = ht_mailbox_fd(p->requests), .events = POLLIN};
        poll(&fd, 1, -1);
        for (struct ht_request *q; !atomic_load(&p->stopping) && (q = ht_mailbox_take(p->requests)) != NULL;)
            run(p, q);
    }
    return NULL;
}
