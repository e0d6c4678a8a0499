/* Checks the checker: a sound history is damaged in one way after the other, and each must be noticed by the invariant
 * it is about. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Finds something to damage and damages it; false: the history has nothing of the kind. */
struct damage {
    const char *what;
    int invariant;
    bool (*done)(struct ft_history *h);
};

/* The request of a delivery that was accepted, if it was the only one: where one was sent again and accepted twice, the
 * other of the two still says what this one is made to deny. */
static struct ft_sent *accepted_once(struct ft_history *h, const struct ft_delivery *d)
{
    struct ft_sent *found = NULL;
    int n = 0;
    for (size_t i = 0; i < h->n_sent; i++) {
        struct ft_sent *s = &h->sent[i];
        if (ht_uuid_cmp(&s->delivery, &d->id) == 0 && s->status >= 200 && s->status < 300) {
            found = s;
            n++;
        }
    }
    return n == 1 ? found : NULL;
}

static struct ft_delivery *succeeded(struct ft_history *h, int attempts)
{
    for (size_t i = 0; i < h->n_deliveries; i++) {
        struct ft_delivery *d = &h->deliveries[(h->n_deliveries / 2 + i) % h->n_deliveries];
        if (strcmp(d->status, "succeeded") == 0 && d->attempts >= attempts && accepted_once(h, d) != NULL)
            return d;
    }
    return NULL;
}

static struct ft_sent *request_of(struct ft_history *h, const struct ft_delivery *d)
{
    return d != NULL ? accepted_once(h, d) : NULL;
}

static bool drop_request(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    if (s == NULL)
        return false;
    h->n_sent--;
    memmove(s, s + 1, (size_t)(h->sent + h->n_sent - s) * sizeof *s);
    return true;
}

static bool drop_delivery(struct ft_history *h)
{
    struct ft_delivery *d = succeeded(h, 1);
    if (d == NULL)
        return false;
    h->n_deliveries--;
    memmove(d, d + 1, (size_t)(h->deliveries + h->n_deliveries - d) * sizeof *d);
    return true;
}

static bool leave_ready(struct ft_history *h)
{
    struct ft_delivery *d = succeeded(h, 1);
    if (d != NULL)
        snprintf(d->status, sizeof d->status, "ready");
    return d != NULL;
}

static bool leave_in_outbox(struct ft_history *h)
{
    struct ft_delivery *d = succeeded(h, 1);
    if (d != NULL)
        d->in_outbox = true;
    return d != NULL;
}

static bool answer_otherwise(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    if (s != NULL)
        s->status = 503;
    return s != NULL;
}

static bool change_body(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 2));
    if (s != NULL)
        s->sha[0] ^= 1;
    return s != NULL;
}

static bool change_marker(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    if (s != NULL)
        s->marker[6] ^= 1;
    return s != NULL;
}

static bool insert_request(struct ft_history *h, const struct ft_sent *s, int64_t later_us)
{
    struct ft_sent copy = *s;
    size_t at = (size_t)(s - h->sent) + 1;
    copy.at += later_us;
    h->sent = ht_realloc(h->sent, h->n_sent + 1, sizeof *h->sent);
    memmove(h->sent + at + 1, h->sent + at, (h->n_sent - at) * sizeof *h->sent);
    h->sent[at] = copy;
    h->n_sent++;
    return true;
}

static bool send_again_at_once(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    h->n_disruptions = 0;
    return s != NULL && insert_request(h, s, 300000);
}

/* Long enough for a lease to end, but nothing happened that would have ended a worker. */
static bool send_again_for_nothing(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    h->n_disruptions = 0;
    return s != NULL && insert_request(h, s, 60000000);
}

static bool number_wrongly(struct ft_history *h)
{
    struct ft_delivery *d = succeeded(h, 2);
    for (size_t i = 0; d != NULL && i < h->n_attempts; i++)
        if (ht_uuid_cmp(&h->attempts[i].delivery, &d->id) == 0 && h->attempts[i].n == 2) {
            h->attempts[i].n = 3;
            return true;
        }
    return false;
}

static bool forget_attempt(struct ft_history *h)
{
    struct ft_delivery *d = succeeded(h, 1);
    if (d != NULL)
        d->attempts++;
    return d != NULL;
}

static bool not_verify(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    if (s != NULL)
        s->verified = false;
    return s != NULL;
}

static bool sign_too_late(struct ft_history *h)
{
    struct ft_sent *s = request_of(h, succeeded(h, 1));
    for (size_t i = 0; s != NULL && i < h->n_key_times; i++)
        if (h->key_times[i].keys == s->endpoint->keys && h->key_times[i].generation == s->key) {
            h->key_times[i].until = s->at - 2 * FT_LEASE_MS * 1000LL;
            return true;
        }
    return false;
}

static bool stand_idle(struct ft_history *h)
{
    h->idle_in_transaction_ms = 1500;
    return true;
}

static bool not_drain(struct ft_history *h)
{
    h->drained = false;
    return true;
}

static bool is_again(const struct ft_history *h, const struct ft_sent *s)
{
    for (size_t i = 0; i < h->n_deliveries; i++)
        if (ht_uuid_cmp(&h->deliveries[i].id, &s->delivery) == 0)
            return h->deliveries[i].again;
    return false;
}

/* Two requests at one strict endpoint change places; what an operator sent again has none. */
static bool turn_order(struct ft_history *h)
{
    struct ft_sent *first = NULL;
    for (size_t i = 0; i < h->n_sent; i++) {
        struct ft_sent *s = &h->sent[i];
        if (s->endpoint == NULL || s->endpoint->kind->in_flight_max != 1 || s->attempt != 1 || s->late ||
            is_again(h, s))
            continue;
        if (first != NULL && first->endpoint == s->endpoint && first->at < s->at &&
            ht_uuid_cmp(&first->delivery, &s->delivery) != 0) {
            int64_t at = first->at;
            first->at = s->at;
            s->at = at;
            h->n_disruptions = 0;
            return true;
        }
        first = first == NULL ? s : first;
    }
    return false;
}

static bool forget_commit(struct ft_history *h)
{
    h->n_emitted--;
    return h->n_deliveries > 0;
}

static bool leak(struct ft_history *h)
{
    h->leaks = 1;
    return true;
}

static bool take_memory(struct ft_history *h)
{
    h->memory_kb = 200000;
    return true;
}

static bool go_elsewhere(struct ft_history *h)
{
    h->forbidden = 1;
    return true;
}

static bool end_worker(struct ft_history *h)
{
    h->worker_failures++;
    return true;
}

static const struct damage damages[] = {
    {"a request that a receiver accepted is missing", FT_LOST, drop_request},
    {"the same, as a false success", FT_FALSE_SUCCESS, drop_request},
    {"a delivery is missing", FT_LOST, drop_delivery},
    {"a request belongs to no delivery", FT_PHANTOM, drop_delivery},
    {"a delivery stayed ready", FT_LOST, leave_ready},
    {"a row stayed in the outbox", FT_LOST, leave_in_outbox},
    {"the receiver had answered 503", FT_FALSE_SUCCESS, answer_otherwise},
    {"the store tells of another answer", FT_FALSE_ANSWER, answer_otherwise},
    {"an attempt brought other bytes", FT_FALSE_SUCCESS, change_body},
    {"a body belongs to another event", FT_FALSE_SUCCESS, change_marker},
    {"a request came twice within a lease", FT_SENT_TWICE, send_again_at_once},
    {"a request came twice without a cause", FT_SENT_TWICE, send_again_for_nothing},
    {"attempts are numbered 1, 3", FT_GAPS, number_wrongly},
    {"an attempt has no row", FT_GAPS, forget_attempt},
    {"a request does not verify", FT_UNVERIFIED, not_verify},
    {"a key signed long after its end", FT_UNVERIFIED, sign_too_late},
    {"a secret stood in a log", FT_LEAKED, leak},
    {"a worker took 200 MB", FT_TOO_MUCH, take_memory},
    {"somebody followed a redirect", FT_FORBIDDEN, go_elsewhere},
    {"a transaction stood idle", FT_IDLE_TRANSACTION, stand_idle},
    {"something waits for ever", FT_NOT_DRAINED, not_drain},
    {"two events changed places", FT_OUT_OF_ORDER, turn_order},
    {"an event was never committed", FT_PHANTOM, forget_commit},
    {"a worker ended by itself", FT_BROKEN, end_worker},
};

#define COPY(array, n) memcpy(ht_alloc((n) + 1, sizeof *(array)), array, (n) * sizeof *(array))

static void copy(const struct ft_history *h, struct ft_history *ret)
{
    *ret = *h;
    ret->emitted = COPY(h->emitted, h->n_emitted);
    ret->deliveries = COPY(h->deliveries, h->n_deliveries);
    ret->attempts = COPY(h->attempts, h->n_attempts);
    ret->sent = COPY(h->sent, h->n_sent);
    ret->key_times = COPY(h->key_times, h->n_key_times);
    ret->disruptions = COPY(h->disruptions, h->n_disruptions);
}

int ft_check_the_checker(const struct ft_history *h, struct ft_world *world, FILE *to)
{
    int missed = 0;
    for (size_t i = 0; i < HT_COUNT(damages); i++) {
        struct ft_history hurt;
        struct ft_verdict v;
        copy(h, &hurt);
        bool damaged = damages[i].done(&hurt);
        ft_check(&hurt, world, &v);
        if (!damaged || v.violations[damages[i].invariant] == 0) {
            missed++;
            fprintf(to, "#   %s: %s\n", damaged ? "not noticed" : "nothing to try it on", damages[i].what);
        }
        ft_history_fini(&hurt);
    }
    return missed;
}
