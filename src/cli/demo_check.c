#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_parts.h"

#define PAGE 500

/* A tenant's requests as its receiver recorded them, by delivery and time. */
struct requests {
    const struct ht_recorded **rows;
    size_t n;
    size_t cap;
};

static void collect(void *user, const struct ht_recorded *rec)
{
    struct requests *q = user;
    if (rec->delivery[0] == '\0')
        return; /* a ping */
    if (q->n == q->cap) {
        q->cap = q->cap == 0 ? 256 : q->cap * 2;
        q->rows = ht_realloc(q->rows, q->cap, sizeof(*q->rows));
    }
    q->rows[q->n++] = rec;
}

static int by_delivery(const void *a, const void *b)
{
    const struct ht_recorded *const *x = a, *const *y = b;
    int c = strcmp((*x)->delivery, (*y)->delivery);
    return c != 0 ? c : ((*x)->at_us > (*y)->at_us) - ((*x)->at_us < (*y)->at_us);
}

/* Those of one delivery: *ret_n of them, from the result on. */
static const struct ht_recorded **of_delivery(const struct requests *q, const struct ht_uuid *id, size_t *ret_n)
{
    char text[HT_UUID_TEXT];
    size_t lo = 0, hi = q->n, n = 0;
    ht_uuid_format(id, text);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(q->rows[mid]->delivery, text) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (lo + n < q->n && strcmp(q->rows[lo + n]->delivery, text) == 0)
        n++;
    *ret_n = n;
    return q->rows == NULL ? NULL : q->rows + lo;
}

/* What is wrong with one delivery; NULL: nothing. Of a receiver that was down (`outage`), what was meant for it at
 * first is exhausted. */
static const char *compare(const struct ht_delivery *d, const struct ht_attempts *attempts,
                           const struct ht_recorded *const *got, size_t n, const struct ht_buf *body, bool outage)
{
    bool given_up = outage && ht_uuid_is_nil(&d->redelivery_of);
    if (d->status == HT_DELIVERY_HELD)
        return n == 0 && attempts->n == 0 ? NULL : "it is held, and was sent all the same";
    if (d->status != (given_up ? HT_DELIVERY_EXHAUSTED : HT_DELIVERY_SUCCEEDED))
        return given_up ? "it was not given up" : "it did not succeed";
    if (n == 0)
        return "its receiver knows nothing of it";
    if (attempts->n != n || d->attempts != (int32_t)n)
        return "the store and the receiver counted different attempts";
    for (size_t i = 0; i < n; i++) {
        if (!got[i]->verified)
            return "a signature did not verify";
        if (got[i]->attempt != (int32_t)i + 1)
            return "the attempts were not numbered in order";
        if (attempts->rows[i].n != got[i]->attempt || attempts->rows[i].status != got[i]->status)
            return "the store recorded another answer than was given";
        if ((got[i]->status >= 200 && got[i]->status < 300) != (i + 1 == n && !given_up))
            return "it was not sent until it was accepted and no longer";
        if (got[i]->body_len != body->len || memcmp(got[i]->body, body->data, body->len) != 0)
            return "the body of an attempt is not the event's";
        if (memcmp(got[i]->body_sha256, got[0]->body_sha256, sizeof(got[i]->body_sha256)) != 0)
            return "the body changed from one attempt to the next";
    }
    return NULL;
}

static enum ht_rc body_of(struct ht_conn *c, const struct ht_delivery *d, struct ht_buf *ret, struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    struct ht_event event = {0};
    ht_uuid_format(&d->event_id, id);
    enum ht_rc rc = ht_store_event_find(c, id, &event, err);
    if (rc == HT_OK)
        rc = ht_ops_body(&event, d->profile, ret, err);
    ht_event_fini(&event);
    return rc;
}

static int by_number(const void *a, const void *b)
{
    const struct ht_attempt *x = a, *y = b;
    return (x->n > y->n) - (x->n < y->n);
}

static void note(struct ht_demo_tally *tally, int64_t lost, const char *what, const char *why)
{
    tally->lost += lost;
    if (tally->first[0] == '\0')
        snprintf(tally->first, sizeof(tally->first), "%s: %s", what, why);
}

static enum ht_rc check_delivery(struct ht_conn *c, const struct ht_delivery *d, const struct requests *q, bool outage,
                                 struct ht_demo_tally *tally, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf body;
    struct ht_attempts attempts = {0};
    size_t n = 0;
    char id[HT_UUID_TEXT];
    ht_buf_init(&body, HT_BODY_MAX);
    enum ht_rc rc = ht_store_attempts(c, d, &attempts, err);
    if (rc == HT_OK)
        rc = body_of(c, d, &body, err);
    if (rc == HT_OK) {
        if (attempts.n > 1)
            qsort(attempts.rows, attempts.n, sizeof(*attempts.rows), by_number);
        const struct ht_recorded **got = of_delivery(q, &d->id, &n);
        const char *wrong = compare(d, &attempts, got, n, &body, outage);
        ht_uuid_format(&d->id, id);
        if (wrong != NULL)
            note(tally, 1, id, wrong);
        tally->deliveries++;
        tally->attempts += (int64_t)attempts.n;
        tally->exhausted += d->status == HT_DELIVERY_EXHAUSTED;
        tally->held += d->status == HT_DELIVERY_HELD;
    }
    ht_attempts_fini(&attempts);
    return rc;
}

/* Each delivery of the tenant, page by page; ret_of[i] counts those of its i-th endpoint. */
static enum ht_rc check_deliveries(struct ht_demo_tenant *t, struct ht_conn *c, const struct requests *q,
                                   int64_t ret_of[HT_DEMO_ENDPOINTS], struct ht_demo_tally *tally, struct ht_err *err)
{
    struct ht_uuid before = {0};
    enum ht_rc rc = HT_OK;
    for (bool more = true; more && rc == HT_OK;) {
        struct ht_deliveries page = {0};
        rc = ht_store_deliveries(c, &t->row.id, NULL, ht_uuid_is_nil(&before) ? NULL : &before, NULL, PAGE, &page, err);
        for (size_t i = 0; rc == HT_OK && i < page.n; i++) {
            bool outage = false;
            before = page.rows[i].id;
            for (size_t j = 0; j < t->n; j++)
                if (ht_uuid_cmp(&page.rows[i].endpoint_id, &t->endpoints[j].row.id) == 0) {
                    ret_of[j]++;
                    outage = t->endpoints[j].plan->outage;
                }
            rc = check_delivery(c, &page.rows[i], q, outage, tally, err);
        }
        more = page.more && page.n > 0;
        ht_deliveries_fini(&page);
    }
    return rc;
}

/* What no look at single deliveries shows: those that are missing, and requests that nobody ordered. */
static void check_sums(struct ht_demo_tenant *t, const struct requests *q, const int64_t of[HT_DEMO_ENDPOINTS],
                       struct ht_demo_tally *tally)
{
    struct ht_route_counts counts;
    ht_receiver_counts(t->receiver, NULL, &counts);
    tally->refused = counts.refused;
    for (size_t i = 0; i < q->n; i++)
        tally->verified += q->rows[i]->verified;
    for (size_t i = 0; i < t->n; i++) {
        int64_t meant = t->endpoints[i].expected + t->endpoints[i].redelivered;
        if (of[i] != meant)
            note(tally, llabs(of[i] - meant), t->endpoints[i].row.description,
                 "the store has another number of deliveries than events were meant for it");
    }
    if (counts.refused > 0)
        note(tally, 0, t->plan->profile, counts.last_why);
    if (tally->verified != tally->attempts)
        note(tally, 0, t->plan->profile, "not every attempt was verified");
}

enum ht_rc ht_demo_check(struct ht_demo_tenant *t, struct ht_conn *c, struct ht_demo_tally *ret, struct ht_err *err)
{
    struct ht_demo_tally tally = {.events = (int64_t)t->events};
    struct requests q = {0};
    int64_t of[HT_DEMO_ENDPOINTS] = {0};
    ht_receiver_each(t->receiver, collect, &q);
    if (q.n > 1)
        qsort(q.rows, q.n, sizeof(*q.rows), by_delivery);
    enum ht_rc rc = check_deliveries(t, c, &q, of, &tally, err);
    if (rc == HT_OK) {
        check_sums(t, &q, of, &tally);
        *ret = tally;
    }
    free(q.rows);
    return rc;
}
