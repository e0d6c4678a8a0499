#include "fair_parts.h"

/* Sending ---------------------------------------------------------------------------------------------------------- */

static void note_full(struct ht_fair *f, struct ht_fair_endpoint *e, bool is_full)
{
    if (is_full && !e->is_full) {
        TAILQ_INSERT_TAIL(&f->full, e, full);
        e->was_full = false;
    } else if (!is_full && e->is_full) {
        TAILQ_REMOVE(&f->full, e, full);
    }
    e->is_full = is_full;
}

void ht_fair_relist_send(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    struct ht_fair_item *head = TAILQ_FIRST(&e->queued);
    bool may = e->sending < ht_fair_cap(e);
    if (head && may && e->sending < ht_fair_endpoint_share(f->slots)) {
        ht_fair_enlist(f, e, HT_FAIR_SEND, head->class);
    } else {
        ht_fair_delist(f, e, HT_FAIR_SEND);
    }
    note_full(f, e, head && !may);
}

static void pipe_item(struct ht_fair *f, const struct ht_fair_item *i, int32_t by)
{
    f->piped[i->class] += by;
    i->endpoint->tenant->piped += by;
}

void ht_fair_queue(struct ht_fair *f, struct ht_fair_item *i, struct ht_fair_endpoint *e, bool retry)
{
    i->endpoint = e;
    i->class = ht_fair_class_of(e, retry);
    TAILQ_INSERT_TAIL(&e->queued, i, link);
    f->queued++;
    pipe_item(f, i, 1);
    ht_fair_relist_send(f, e);
}

void ht_fair_unqueue(struct ht_fair *f, struct ht_fair_item *i)
{
    TAILQ_REMOVE(&i->endpoint->queued, i, link);
    f->queued--;
    pipe_item(f, i, -1);
    ht_fair_relist_send(f, i->endpoint);
}

static struct ht_fair_item *next_of_class(struct ht_fair *f, enum ht_fair_class class)
{
    struct ht_fair_tenant *t;
    if (ht_fair_class_room(f->sending, f->slots, class) <= 0) {
        return NULL;
    }
    TAILQ_FOREACH(t, &f->rings[HT_FAIR_SEND][class], ring[HT_FAIR_SEND][class])
    {
        if (t->sending >= ht_fair_tenant_share(f->slots)) {
            continue; /* at most one tenant can be so */
        }
        struct ht_fair_endpoint *e = TAILQ_FIRST(&t->endpoints[HT_FAIR_SEND][class]);
        struct ht_fair_item *i = TAILQ_FIRST(&e->queued);
        TAILQ_REMOVE(&e->queued, i, link);
        f->queued--;
        f->sending[class]++;
        t->sending++;
        e->sending++;
        ht_fair_delist(f, e, HT_FAIR_SEND);
        ht_fair_relist_send(f, e);
        ht_fair_rotate(f, t, HT_FAIR_SEND, class);
        return i;
    }
    return NULL;
}

struct ht_fair_item *ht_fair_next(struct ht_fair *f)
{
    for (int tried = 0; tried < HT_FAIR_CLASSES; tried++) {
        enum ht_fair_class class = (enum ht_fair_class)f->turn[HT_FAIR_SEND];
        f->turn[HT_FAIR_SEND] = (f->turn[HT_FAIR_SEND] + 1) % HT_FAIR_CLASSES;
        struct ht_fair_item *i = next_of_class(f, class);
        if (i) {
            return i;
        }
    }
    return NULL;
}

void ht_fair_sent(struct ht_fair *f, struct ht_fair_item *i, enum ht_fair_verdict verdict, int64_t took_us,
                  bool succeeded)
{
    struct ht_fair_endpoint *e = i->endpoint;
    f->sending[i->class]--;
    e->tenant->sending--;
    e->sending--;
    e->ended++;
    e->verdict = verdict;
    e->failed = !succeeded;
    e->took_us = took_us;
    e->is_stuck = false;
    e->ahead = succeeded && verdict == HT_FAIR_QUICK ? e->ahead : 0;
    ht_fair_doubt(f, e);
    pipe_item(f, i, -1);
    ht_fair_relist_claim(f, e);
    ht_fair_relist_send(f, e);
}

/* Giving back ------------------------------------------------------------------------------------------------------ */

static bool has_excess(const struct ht_fair *f, const struct ht_fair_endpoint *e)
{
    bool ahead = e->in_hand - e->ended > ht_fair_cap(e);
    return ahead && !TAILQ_EMPTY(&e->queued) && (e->is_stuck || !ht_fair_trusts(f, e));
}

void ht_fair_doubt(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    if (!e->is_over && has_excess(f, e)) {
        TAILQ_INSERT_TAIL(&f->over, e, over);
        e->is_over = true;
    }
}

struct ht_fair_item *ht_fair_excess(struct ht_fair *f)
{
    struct ht_fair_endpoint *e;
    while ((e = TAILQ_FIRST(&f->over)) != NULL) {
        if (has_excess(f, e)) {
            return TAILQ_LAST(&e->queued, ht_fair_items);
        }
        TAILQ_REMOVE(&f->over, e, over);
        e->is_over = false;
    }
    return NULL;
}

void ht_fair_look(struct ht_fair *f)
{
    struct ht_fair_endpoint *e;
    TAILQ_FOREACH(e, &f->full, full)
    {
        if (e->was_full) {
            e->ahead = 0;
            e->is_stuck = true;
            ht_fair_doubt(f, e);
        }
        e->was_full = true;
    }
}

bool ht_fair_held_back(const struct ht_fair *f)
{
    return !TAILQ_EMPTY(&f->full);
}

int32_t ht_fair_queued(const struct ht_fair *f)
{
    return f->queued;
}

int32_t ht_fair_sending(const struct ht_fair *f)
{
    int32_t n = 0;
    for (int c = 0; c < HT_FAIR_CLASSES; c++) {
        n += f->sending[c];
    }
    return n;
}

int32_t ht_fair_in_hand(const struct ht_fair *f)
{
    return f->in_hand;
}
