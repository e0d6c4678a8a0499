#include <stdlib.h>
#include <string.h>

#include "check.h"

#define IDLE_MOST_MS   1000
#define SOON_US        3000000 /* after a stopped worker went on, what it still does comes so soon */
#define BEFORE_US      1000000 /* a disruption may take effect a little before a request is recorded */
#define TOLERANCE_US   200000
/* 64 MiB and 256 KiB for each slot; two sockets and two files for each, and some for the database and the loop */
#define MEMORY_MOST_KB (65536 + 256 * FT_CONCURRENCY)
#define FILES_MOST     (32 + 2 * FT_CONCURRENCY)

const struct ft_invariant ft_invariants[FT_INVARIANTS] = {
    [FT_LOST] = {"I1",
                 "every committed event reached each endpoint it was meant for, or stands where an operator sees it"},
    [FT_FALSE_SUCCESS] = {"I2", "what succeeded was answered 2xx in full, and every attempt brought the event's bytes"},
    [FT_FALSE_ANSWER] = {"I2", "attempts say of answers what the receivers say"},
    [FT_SENT_TWICE] = {"I3", "nothing is sent again but after a disruption, and not while its lease may last"},
    [FT_GAPS] = {"I4", "attempts are numbered without gaps, and none is missing"},
    [FT_UNVERIFIED] = {"I5", "every request verifies, by a key of its time"},
    [FT_LEAKED] = {"I6", "no secret stands in a log, a command line or an environment"},
    [FT_TOO_MUCH] = {"I7", "a worker takes no more memory and files than its slots account for"},
    [FT_FORBIDDEN] = {"I8", "nobody followed a redirect or a proxy to where nothing may go"},
    [FT_IDLE_TRANSACTION] = {"I9", "no transaction of a worker stands idle"},
    [FT_NOT_DRAINED] = {"I10", "after the faults everything settles"},
    [FT_OUT_OF_ORDER] = {"I12", "endpoints that take one at a time get the events in the order they were emitted in"},
    [FT_PHANTOM] = {"I13", "what was rolled back was never sent, and nothing was sent that is not in the store"},
    [FT_BROKEN] = {"I14", "workers end only when told or killed, and the database refuses nothing they ask"},
};

struct view {
    const struct ft_history *h;
    struct ft_verdict *v;
    const struct ft_emitted **by_event;
    const struct ft_delivery **by_target; /* by event, then endpoint */
};

/* One delivery with what belongs to it. */
struct story {
    const struct ft_delivery *d;
    const struct ft_emitted *emitted;
    const struct ft_attempt *attempts;
    size_t n_attempts;
    const struct ft_sent *sent;
    size_t n_sent;
};

static void violated(struct ft_verdict *v, int invariant, const struct ht_uuid *delivery, const char *fmt, ...)
    HT_PRINTF(4, 5);
static void violated(struct ft_verdict *v, int invariant, const struct ht_uuid *delivery, const char *fmt, ...)
{
    va_list args;
    if (v->violations[invariant]++ > 0)
        return;
    va_start(args, fmt);
    vsnprintf(v->first[invariant], sizeof v->first[invariant], fmt, args);
    va_end(args);
    if (delivery != NULL)
        v->example[invariant] = *delivery;
}

/* Finding ---------------------------------------------------------------------------------------------------------- */

static int event_order(const void *a, const void *b)
{
    const struct ft_emitted *const *x = a, *const *y = b;
    return ht_uuid_cmp(&(*x)->event, &(*y)->event);
}

static int target_order(const void *a, const void *b)
{
    const struct ft_delivery *const *x = a, *const *y = b;
    int order = ht_uuid_cmp(&(*x)->event, &(*y)->event);
    return order != 0 ? order : ((*x)->endpoint > (*y)->endpoint) - ((*x)->endpoint < (*y)->endpoint);
}

static const struct ft_emitted *emitted_as(const struct view *w, const struct ht_uuid *event)
{
    const struct ft_emitted wanted = {.event = *event}, *key = &wanted;
    const struct ft_emitted **found =
        bsearch(&key, w->by_event, w->h->n_emitted, sizeof(const struct ft_emitted *), event_order);
    return found != NULL ? *found : NULL;
}

static const struct ft_delivery *delivery_of(const struct view *w, const struct ht_uuid *event, struct ft_endpoint *e)
{
    const struct ft_delivery wanted = {.event = *event, .endpoint = e}, *key = &wanted;
    const struct ft_delivery **found =
        bsearch(&key, w->by_target, w->h->n_deliveries, sizeof(const struct ft_delivery *), target_order);
    return found != NULL ? *found : NULL;
}

/* Whether something stood still, or was disturbed, between two moments. */
static bool disrupted(const struct ft_history *h, int64_t from, int64_t to, bool by_a_stop)
{
    for (size_t i = 0; i < h->n_disruptions; i++) {
        const struct ft_disruption *x = &h->disruptions[i];
        if ((x->stop || !by_a_stop) && x->from <= to && x->until + (by_a_stop ? SOON_US : 0) >= from)
            return true;
    }
    return false;
}

/* One delivery ----------------------------------------------------------------------------------------------------- */

/* What was set aside has been sent again, and so was cancelled itself. */
static bool ended(const struct ft_delivery *d)
{
    return strcmp(d->status, "exhausted") == 0 || strcmp(d->status, "cancelled") == 0;
}

static bool accepted(const struct story *s)
{
    for (size_t i = 0; i < s->n_sent; i++)
        if (s->sent[i].status >= 200 && s->sent[i].status < 300)
            return true;
    return false;
}

static void check_end(const struct view *w, const struct story *s)
{
    const struct ft_delivery *d = s->d;
    bool good = strcmp(d->status, "succeeded") == 0 ? accepted(s) : ended(d);
    w->v->succeeded += strcmp(d->status, "succeeded") == 0;
    w->v->exhausted += strcmp(d->status, "exhausted") == 0;
    w->v->quarantined += strcmp(d->status, "quarantined") == 0;
    if (!good || d->in_outbox || d->in_held) {
        w->v->lost++;
        violated(w->v, FT_LOST, &d->id, "a delivery is %s%s%s%s in the end", d->status,
                 good ? "" : ", which is no end, or no receiver accepted it", d->in_outbox ? ", in the outbox" : "",
                 d->in_held ? ", held at an active endpoint" : "");
    }
}

static bool answered_so(const struct story *s, int attempt, int status)
{
    for (size_t i = 0; i < s->n_sent; i++)
        if (s->sent[i].attempt == attempt && s->sent[i].status == status)
            return true;
    return false;
}

static void check_success(const struct view *w, const struct story *s)
{
    const struct ft_attempt *last = s->n_attempts > 0 ? &s->attempts[s->n_attempts - 1] : NULL;
    bool good = last != NULL && last->status >= 200 && last->status < 300 && answered_so(s, last->n, last->status);
    if (strcmp(s->d->status, "succeeded") == 0 && !good) {
        w->v->falsely_succeeded++;
        violated(w->v, FT_FALSE_SUCCESS, &s->d->id, "succeeded, and its last attempt was not answered 2xx");
    }
    for (size_t i = 0; i < s->n_sent; i++)
        if (memcmp(s->sent[i].sha, s->sent[0].sha, sizeof s->sent[0].sha) != 0 ||
            (s->emitted != NULL && strcmp(s->sent[i].marker, s->emitted->marker) != 0))
            violated(w->v, FT_FALSE_SUCCESS, &s->d->id, "the body of request %zu is not the event's, or another one",
                     i + 1);
    for (size_t i = 0; i < s->n_attempts; i++) {
        const struct ft_attempt *a = &s->attempts[i];
        bool final = a->error[0] == '\0' || strncmp(a->error, "http_", 5) == 0;
        if (final && !answered_so(s, a->n, a->status))
            violated(w->v, FT_FALSE_ANSWER, &s->d->id, "attempt %d was answered %d, says the store alone", a->n,
                     a->status);
    }
}

/* A worker that lost its lease was still sending when an operator cancelled what looked free. */
static bool cancelled_meanwhile(const struct view *w, const struct story *s, const struct ft_sent *sent)
{
    return strcmp(s->d->status, "cancelled") == 0 && sent->attempt == s->d->attempts + 1 &&
           disrupted(w->h, sent->at - BEFORE_US, sent->at + FT_LEASE_MS * 1000LL, false);
}

static void check_numbers(const struct view *w, const struct story *s)
{
    for (size_t i = 0; i < s->n_attempts; i++)
        if (s->attempts[i].n != (int)i + 1)
            violated(w->v, FT_GAPS, &s->d->id, "attempt %zu bears the number %d", i + 1, s->attempts[i].n);
    if ((size_t)s->d->attempts != s->n_attempts)
        violated(w->v, FT_GAPS, &s->d->id, "it counts %d attempts and has %zu", s->d->attempts, s->n_attempts);
    for (size_t i = 0; i < s->n_sent; i++)
        if ((s->sent[i].attempt < 1 || s->sent[i].attempt > s->d->attempts) && !cancelled_meanwhile(w, s, &s->sent[i]))
            violated(w->v, FT_GAPS, &s->d->id, "attempt %d was sent and is not in the store", s->sent[i].attempt);
}

/* Two requests of one delivery, one after the other. */
static void check_pair(const struct view *w, const struct story *s, const struct ft_sent *a, const struct ft_sent *b)
{
    /* it was there at the latest when its time limit, and so at least so much before its lease, was over */
    int64_t least = FT_START_LEFT_MS * INT64_C(1000) - TOLERANCE_US;
    bool stop = disrupted(w->h, a->at, b->at, true);
    if (b->attempt < a->attempt && !stop && !b->late)
        violated(w->v, FT_SENT_TWICE, &s->d->id, "attempt %d was sent after attempt %d", b->attempt, a->attempt);
    if (b->attempt != a->attempt)
        return;
    w->v->resent++;
    if (!disrupted(w->h, a->at - BEFORE_US, b->at, false))
        violated(w->v, FT_SENT_TWICE, &s->d->id, "attempt %d was sent twice, and nothing had happened", a->attempt);
    if (b->at - a->at < least && !stop)
        violated(w->v, FT_SENT_TWICE, &s->d->id, "attempt %d was sent again after %lld ms: its lease lasted longer",
                 a->attempt, (long long)(b->at - a->at) / 1000);
}

/* Of which disruption it came that a request was accepted again. */
static void blame(const struct view *w, const struct ft_sent *a, const struct ft_sent *b)
{
    const struct ft_disruption *last = NULL;
    for (size_t i = 0; i < w->h->n_disruptions; i++) {
        const struct ft_disruption *x = &w->h->disruptions[i];
        if (x->from <= b->at && x->until >= a->at - BEFORE_US && (last == NULL || x->from > last->from))
            last = x;
    }
    if (last != NULL && last->fault < FT_FAULTS_MAX)
        w->v->duplicated_by[last->fault]++;
}

static void check_sends(const struct view *w, const struct story *s)
{
    const struct ft_sent *accepted_before = NULL;
    for (size_t i = 0; i < s->n_sent; i++) {
        bool accepts = s->sent[i].status >= 200 && s->sent[i].status < 300;
        if (accepts && accepted_before != NULL) {
            w->v->duplicated++;
            blame(w, accepted_before, &s->sent[i]);
        }
        accepted_before = accepts ? &s->sent[i] : accepted_before;
        if (i > 0 && s->d->endpoint != NULL)
            check_pair(w, s, &s->sent[i - 1], &s->sent[i]);
    }
}

static bool key_of_its_time(const struct ft_history *h, const struct ft_sent *s)
{
    for (size_t i = 0; i < h->n_key_times; i++) {
        const struct ft_key_time *k = &h->key_times[i];
        if (s->endpoint != NULL && k->keys == s->endpoint->keys && k->generation == s->key)
            return s->at >= k->from - TOLERANCE_US && (k->until == 0 || s->at <= k->until + FT_LEASE_MS * 1000LL);
    }
    return false;
}

static void check_keys(const struct view *w, const struct story *s)
{
    for (size_t i = 0; i < s->n_sent; i++)
        if (!s->sent[i].verified || !key_of_its_time(w->h, &s->sent[i]))
            violated(w->v, FT_UNVERIFIED, &s->d->id, "a request %s",
                     s->sent[i].verified ? "was signed by a key that was not to sign then" : "does not verify");
}

static void check_stories(const struct view *w)
{
    const struct ft_history *h = w->h;
    size_t a = 0, r = 0;
    for (size_t i = 0; i < h->n_deliveries; i++) {
        struct story s = {.d = &h->deliveries[i], .emitted = emitted_as(w, &h->deliveries[i].event)};
        for (; a < h->n_attempts && ht_uuid_cmp(&h->attempts[a].delivery, &s.d->id) < 0; a++) {}
        for (; r < h->n_sent && ht_uuid_cmp(&h->sent[r].delivery, &s.d->id) < 0; r++)
            violated(w->v, FT_PHANTOM, &h->sent[r].delivery, "a delivery was sent that the store does not have");
        s.attempts = &h->attempts[a];
        s.sent = &h->sent[r];
        for (; a < h->n_attempts && ht_uuid_cmp(&h->attempts[a].delivery, &s.d->id) == 0; a++)
            s.n_attempts++;
        for (; r < h->n_sent && ht_uuid_cmp(&h->sent[r].delivery, &s.d->id) == 0; r++)
            s.n_sent++;
        if (s.emitted == NULL)
            violated(w->v, FT_PHANTOM, &s.d->id, "the store has a delivery of an event that nobody committed");
        check_end(w, &s);
        check_success(w, &s);
        check_numbers(w, &s);
        check_sends(w, &s);
        check_keys(w, &s);
    }
    if (r < h->n_sent)
        violated(w->v, FT_PHANTOM, &h->sent[r].delivery, "a delivery was sent that the store does not have");
}

/* The whole -------------------------------------------------------------------------------------------------------- */

static void check_targets(const struct view *w, struct ft_world *world)
{
    for (size_t i = 0; i < w->h->n_emitted; i++) {
        const struct ft_emitted *e = &w->h->emitted[i];
        for (size_t k = 0; k < FT_ENDPOINTS; k++) {
            struct ft_endpoint *at = &world->endpoints[k];
            if (at->tenant != e->tenant || (at->kind->rare && e->type != 0) || delivery_of(w, &e->event, at) != NULL)
                continue;
            w->v->lost++;
            violated(w->v, FT_LOST, NULL, "event %s of %s has no delivery to %s", e->marker, e->tenant->row.name,
                     at->path);
        }
    }
}

static int time_order(const void *a, const void *b)
{
    const struct ft_sent *const *x = a, *const *y = b;
    return ((*x)->at > (*y)->at) - ((*x)->at < (*y)->at);
}

/* Where the event of a request stands in what was emitted; a tenant's events all come from one producer. What an
 * operator sent again has no place. */
static int64_t place(const struct view *w, const struct ft_sent *s)
{
    const struct ft_delivery wanted = {.id = s->delivery};
    size_t low = 0, high = w->h->n_deliveries;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ht_uuid_cmp(&w->h->deliveries[middle].id, &wanted.id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct ft_delivery *d = low < w->h->n_deliveries ? &w->h->deliveries[low] : NULL;
    const struct ft_emitted *e = d != NULL && !d->again ? emitted_as(w, &d->event) : NULL;
    return e != NULL ? e - w->h->emitted : -1;
}

static void check_order_at(const struct view *w, const struct ft_endpoint *at, const struct ft_sent **line)
{
    size_t n = 0;
    for (size_t i = 0; i < w->h->n_sent; i++)
        if (w->h->sent[i].endpoint == at)
            line[n++] = &w->h->sent[i];
    if (n > 1)
        qsort(line, n, sizeof *line, time_order);
    int64_t furthest = -1;
    for (size_t i = 0; i < n; i++) {
        int64_t p = line[i]->late ? -1 : place(w, line[i]);
        if (p >= 0 && p < furthest && !disrupted(w->h, line[i]->at, line[i]->at, true))
            violated(w->v, FT_OUT_OF_ORDER, &line[i]->delivery, "at %s, event %s came after %s", at->path,
                     line[i]->marker, w->h->emitted[furthest].marker);
        furthest = p > furthest ? p : furthest;
    }
}

static void check_order(const struct view *w, struct ft_world *world)
{
    const struct ft_sent **line = ht_alloc(w->h->n_sent + 1, sizeof *line);
    for (size_t k = 0; k < FT_ENDPOINTS; k++)
        if (world->endpoints[k].kind->in_flight_max == 1)
            check_order_at(w, &world->endpoints[k], line);
    free(line);
}

static void check_run(const struct view *w)
{
    const struct ft_history *h = w->h;
    if (h->refused > 0)
        violated(w->v, FT_UNVERIFIED, NULL, "receivers refused %lld requests: %s", (long long)h->refused,
                 h->refused_why);
    if (h->idle_in_transaction_ms > IDLE_MOST_MS)
        violated(w->v, FT_IDLE_TRANSACTION, NULL, "one stood idle for %lld ms", (long long)h->idle_in_transaction_ms);
    if (h->leaks > 0)
        violated(w->v, FT_LEAKED, NULL, "%s", h->leak);
    if (h->memory_kb > MEMORY_MOST_KB)
        violated(w->v, FT_TOO_MUCH, NULL, "a worker took %lld KiB", (long long)h->memory_kb);
    if (h->files > FILES_MOST)
        violated(w->v, FT_TOO_MUCH, NULL, "a worker has %d files open in the end", h->files);
    if (h->forbidden > 0)
        violated(w->v, FT_FORBIDDEN, NULL, "there were %d connections", h->forbidden);
    if (!h->drained)
        violated(w->v, FT_NOT_DRAINED, NULL, "after %lld ms something still waits", (long long)h->drain_ms);
    if (h->worker_failures > 0)
        violated(w->v, FT_BROKEN, NULL, "%s", h->worker_failure);
    if (h->refusals > 0)
        violated(w->v, FT_BROKEN, NULL, "%s", h->refusal);
}

void ft_check(const struct ft_history *h, struct ft_world *world, struct ft_verdict *ret)
{
    struct view w = {.h = h, .v = ret};
    *ret = (struct ft_verdict){0};
    w.by_event = ht_alloc(h->n_emitted + 1, sizeof *w.by_event);
    w.by_target = ht_alloc(h->n_deliveries + 1, sizeof *w.by_target);
    for (size_t i = 0; i < h->n_emitted; i++)
        w.by_event[i] = &h->emitted[i];
    for (size_t i = 0; i < h->n_deliveries; i++)
        w.by_target[i] = &h->deliveries[i];
    qsort(w.by_event, h->n_emitted, sizeof *w.by_event, event_order);
    qsort(w.by_target, h->n_deliveries, sizeof *w.by_target, target_order);
    check_targets(&w, world);
    check_stories(&w);
    check_order(&w, world);
    check_run(&w);
    free(w.by_event);
    free(w.by_target);
}
