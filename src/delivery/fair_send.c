#include "fair_parts.h"

/* Sending ---------------------------------------------------------------------------------------------------------- */

static void relist_send(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    struct ht_fair_item *head = TAILQ_FIRST(&e->queued);
    if (head && e->sending < ht_fair_endpoint_share(f->slots)) {
        ht_fair_enlist(f, e, HT_FAIR_SEND, head->class);
    } else {
        ht_fair_delist(f, e, HT_FAIR_SEND);
    }
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
    relist_send(f, e);
}

void ht_fair_unqueue(struct ht_fair *f, struct ht_fair_item *i)
{
    TAILQ_REMOVE(&i->endpoint->queued, i, link);
    f->queued--;
    pipe_item(f, i, -1);
    relist_send(f, i->endpoint);
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
        relist_send(f, e);
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

void ht_fair_sent(struct ht_fair *f, struct ht_fair_item *i, enum ht_fair_verdict verdict, bool succeeded)
{
    struct ht_fair_endpoint *e = i->endpoint;
    f->sending[i->class]--;
    e->tenant->sending--;
    e->sending--;
    e->ended++;
    e->verdict = verdict;
    e->failed = !succeeded;
    pipe_item(f, i, -1);
    ht_fair_relist_claim(f, e);
    relist_send(f, e);
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
