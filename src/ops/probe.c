#include <stdlib.h>
#include "parts.h"

static const char what[] = "probe";

/* The newest generation that can sign: the one that waits, or the one that has just begun. */
static const struct ht_sealed_row *newest(const struct ht_sealed_rows *rows)
{
    const struct ht_sealed_row *best = NULL;
    for (size_t i = 0; i < rows->n; i++)
        if (!best || rows->rows[i].generation > best->generation)
            best = &rows->rows[i];
    return best;
}

static enum ht_rc choose(struct ht_test_event *t, struct ht_probe *p, struct ht_err *err)
{
    HT_CLEANUP(ht_sealed_rows_fini) struct ht_sealed_rows rows = {0};
    enum ht_rc rc = ht_store_sealed(t->ops->conn, t->endpoint, &rows, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_sealed_row *row = newest(&rows);
    if (!row)
        return ht_fail(err, HT_FAILED, what, "rotate first: hooktop secret rotate", "it has no secret");
    p->secret_id = row->id;
    p->generation = row->generation;
    p->staged = row->state == HT_SECRET_NEXT;
    p->others = rows.n > 1;
    return ht_test_event_signer(t, row, err);
}

/* A key that nobody has: whoever accepts it accepts anything. */
static enum ht_rc take_strange_key(struct ht_test_event *t, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *strange = NULL;
    HT_AUTOFREE char *public = NULL;
    ht_test_event_drop_signers(t);
    enum ht_rc rc = ht_profile_new_key(t->profile, &strange, &public, err);
    if (rc == HT_OK)
        rc = ht_signer_new(t->profile->key_kind, strange, &t->signers[0], err);
    t->n_signers = rc == HT_OK;
    return rc;
}

static enum ht_rc send_signed(struct ht_test_event *t, const atomic_bool *cancel, struct ht_ping_result *r,
                              struct ht_err *err)
{
    /* Never as a ping: where a profile's ping is unsigned, this one is signed all the same. */
    enum ht_rc rc = ht_test_event_sign(t, false, err);
    return rc == HT_OK ? ht_test_event_send(t, cancel, r, err) : rc;
}

/* Where the profile's own test event is unsigned, a receiver may refuse signed ones on principle. */
static enum ht_rc try_unsigned(struct ht_test_event *t, const atomic_bool *cancel, struct ht_probe *p,
                               struct ht_err *err)
{
    HT_CLEANUP(ht_ping_result_fini) struct ht_ping_result plain = {0};
    ht_test_event_drop_signers(t);
    enum ht_rc rc = ht_test_event_sign(t, true, err);
    if (rc == HT_OK)
        rc = ht_test_event_send(t, cancel, &plain, err);
    p->verdict = plain.success ? HT_PROBE_UNCHECKED : HT_PROBE_REFUSED;
    return rc;
}

static enum ht_rc try_strange_key(struct ht_test_event *t, const atomic_bool *cancel, struct ht_probe *p,
                                  struct ht_err *err)
{
    HT_CLEANUP(ht_ping_result_fini) struct ht_ping_result strange = {0};
    enum ht_rc rc = take_strange_key(t, err);
    if (rc == HT_OK)
        rc = send_signed(t, cancel, &strange, err);
    p->strange_status = strange.status;
    p->verdict = strange.success ? HT_PROBE_UNCHECKED : HT_PROBE_ACCEPTED;
    return rc;
}

static enum ht_rc run(struct ht_test_event *t, const atomic_bool *cancel, struct ht_probe *p, struct ht_err *err)
{
    enum ht_rc rc = choose(t, p, err);
    if (rc == HT_OK)
        rc = send_signed(t, cancel, &p->answer, err);
    if (rc != HT_OK)
        return rc;
    if (p->answer.success)
        return try_strange_key(t, cancel, p, err);
    /* No answer at all is no verdict on the secret; an answer is. */
    if (!t->profile->ping_signed && p->answer.status != 0)
        return try_unsigned(t, cancel, p, err);
    p->verdict = HT_PROBE_REFUSED;
    return HT_OK;
}

/* What was sent cannot be taken back: a connection that broke meanwhile is made anew, once, so that it is on record. */
static enum ht_rc put_on_record(const struct ht_ops *o, const struct ht_endpoint *e, const struct ht_probe *p,
                                struct ht_err *err)
{
    enum ht_rc rc = ht_store_audit_probe(o->conn, e, p, o->reason, err);
    if (rc != HT_NO_DB)
        return rc;
    ht_err_clear(err);
    rc = ht_conn_reset(o->conn, err);
    return rc == HT_OK ? ht_store_audit_probe(o->conn, e, p, o->reason, err) : rc;
}

enum ht_rc ht_ops_probe(const struct ht_ops *o, const struct ht_endpoint *e, const atomic_bool *cancel,
                        struct ht_probe *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_test_event_fini) struct ht_test_event t;
    HT_CLEANUP(ht_probe_fini) struct ht_probe p = {0};
    enum ht_rc rc = ht_test_event_init(&t, o, e, what, true, err);
    if (rc == HT_OK)
        rc = run(&t, cancel, &p, err);
    if (rc == HT_OK)
        rc = put_on_record(o, e, &p, err);
    if (rc != HT_OK)
        return rc;
    *ret = p;
    p = (struct ht_probe){0};
    return HT_OK;
}
