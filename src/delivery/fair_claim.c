#include "fair_parts.h"

/* A claim asks for at least so many rows of an endpoint: a probe of its own for each row costs the database more. */
#define CHUNK_MIN  4
/* So many rows of an endpoint may be in hand beyond its cap where there are other workers: they look for leases among
 * its oldest rows, and no further than they must (sql/005_claim.sql). */
#define BEYOND_MAX 32
/* An endpoint's rows that wait for their turn: as many as it takes in this time, and not more than so many. */
#define AHEAD_US   50000
#define AHEAD_MAX  12
/* How much of a rate may be saved up. */
#define BURST_S    0.1

/* Rates ------------------------------------------------------------------------------------------------------------ */

static void refill(struct ht_fair_endpoint *e, int64_t now_us)
{
    double most = e->rate * BURST_S > 1 ? e->rate * BURST_S : 1;
    if (now_us > e->tokens_at) {
        e->tokens += e->rate * (double)(now_us - e->tokens_at) / 1e6;
        e->tokens = e->tokens < most ? e->tokens : most;
        e->tokens_at = now_us;
    }
}

static int64_t rate_due(const struct ht_fair_endpoint *e)
{
    return e->tokens_at + 1 + (int64_t)((1 - e->tokens) / e->rate * 1e6);
}

static void wait_for_rate(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    if (!e->is_waiting) {
        TAILQ_INSERT_TAIL(&f->waiting, e, waiting);
        e->is_waiting = true;
    }
    int64_t due = rate_due(e);
    f->rate_due = due < f->rate_due ? due : f->rate_due;
}

void ht_fair_stop_waiting(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    if (e->is_waiting) {
        TAILQ_REMOVE(&f->waiting, e, waiting);
        e->is_waiting = false;
    }
}

int64_t ht_fair_rate_due(const struct ht_fair *f)
{
    return f->rate_due;
}

/* Claiming --------------------------------------------------------------------------------------------------------- */

void ht_fair_workers(struct ht_fair *f, int32_t workers, int32_t place)
{
    f->workers = workers;
    f->place = place;
}

bool ht_fair_at_home(const struct ht_fair *f, const struct ht_fair_endpoint *e)
{
    const uint8_t *random = e->id.b + sizeof e->id.b - 4;
    uint32_t number = (uint32_t)random[0] << 24 | (uint32_t)random[1] << 16 | (uint32_t)random[2] << 8 | random[3];
    return f->workers > 0 && number % (uint32_t)f->workers == (uint32_t)f->place;
}

int32_t ht_fair_cap(const struct ht_fair_endpoint *e)
{
    bool answers = e->verdict == HT_FAIR_QUICK || e->verdict == HT_FAIR_LATE;
    return answers && e->cap > 0 ? e->cap : 1;
}

bool ht_fair_trusts(const struct ht_fair *f, const struct ht_fair_endpoint *e)
{
    return e->verdict == HT_FAIR_QUICK && !e->failed && e->cap > 1 && e->rate <= 0 && ht_fair_at_home(f, e);
}

/* Rows in hand that count against its cap. */
static int32_t in_flight(const struct ht_fair *f, const struct ht_fair_endpoint *e)
{
    return e->in_hand - (ht_fair_cap(e) > 1 && !e->failed && ht_fair_at_home(f, e) ? e->ended : 0);
}

/* How many more rows of it may be in hand now. */
static int32_t room_of(const struct ht_fair *f, const struct ht_fair_endpoint *e)
{
    int32_t cap = ht_fair_cap(e), ahead = ht_fair_trusts(f, e) ? e->ahead : 0;
    int64_t paced = cap * AHEAD_US / (e->took_us > 0 ? e->took_us : 1);
    int32_t room = cap + (ahead < paced ? ahead : (int32_t)paced) - in_flight(f, e);
    int32_t beyond = cap + BEYOND_MAX - e->in_hand;
    return f->workers == 1 || room < beyond ? room : beyond;
}

void ht_fair_relist_claim(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    if (e->due && !e->claiming && !e->is_waiting && room_of(f, e) > 0) {
        ht_fair_enlist(f, e, HT_FAIR_CLAIM, ht_fair_class_of(e, e->head_retry));
    } else {
        ht_fair_delist(f, e, HT_FAIR_CLAIM);
    }
}

void ht_fair_due(struct ht_fair *f, struct ht_fair_endpoint *e, bool first_attempt)
{
    if (!e->due) {
        e->due = true;
        e->head_retry = !first_attempt;
    }
    ht_fair_relist_claim(f, e);
}

void ht_fair_not_due(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    e->due = false;
    ht_fair_stop_waiting(f, e);
    ht_fair_relist_claim(f, e);
}

bool ht_fair_claimable(const struct ht_fair *f)
{
    return f->listed[HT_FAIR_CLAIM] > 0;
}

static void wake_rate_waiters(struct ht_fair *f, int64_t now_us)
{
    struct ht_fair_endpoint *e = TAILQ_FIRST(&f->waiting), *next;
    if (now_us < f->rate_due) {
        return;
    }
    f->rate_due = INT64_MAX;
    for (; e; e = next) {
        next = TAILQ_NEXT(e, waiting);
        refill(e, now_us);
        if (e->tokens >= 1) {
            ht_fair_stop_waiting(f, e);
            ht_fair_relist_claim(f, e);
        } else {
            wait_for_rate(f, e);
        }
    }
}

/* How many rows of e may be asked for now; 0 sends it to wait for its rate. */
static int32_t grant(struct ht_fair *f, struct ht_fair_endpoint *e, int32_t most, int64_t now_us)
{
    int32_t n = room_of(f, e);
    n = n < most ? n : most;
    if (n > 0 && e->rate > 0) {
        refill(e, now_us);
        if (e->tokens < 1) {
            wait_for_rate(f, e);
            return 0;
        }
        n = n < e->tokens ? n : (int32_t)e->tokens;
        e->tokens -= n;
    }
    return n;
}

static void begin_claim(struct ht_fair *f, struct ht_fair_endpoint *e, int32_t room, struct ht_fair_want *ret)
{
    ret->endpoint = e;
    ret->room = room;
    ret->in_flight = in_flight(f, e);
    ret->class = ht_fair_class_of(e, e->head_retry);
    e->claiming = true;
    e->in_hand += room;
    f->in_hand += room;
    f->piped[ret->class] += room;
    e->tenant->piped += room;
}

/* The next want of one class, `most` rows at most and about `chunk`: false when nobody in it can have any. */
static bool want_of_class(struct ht_fair *f, enum ht_fair_class class, int64_t now_us, int32_t most, int32_t chunk,
                          int32_t budget, struct ht_fair_want *ret)
{
    int32_t room = ht_fair_class_room(f->piped, budget, class);
    struct ht_fair_tenant *t = TAILQ_FIRST(&f->rings[HT_FAIR_CLAIM][class]), *next;
    most = most < room ? most : room;
    for (; t && most > 0; t = next) {
        next = TAILQ_NEXT(t, ring[HT_FAIR_CLAIM][class]);
        int32_t share = ht_fair_tenant_share(budget) - t->piped;
        while (share > 0 && !TAILQ_EMPTY(&t->endpoints[HT_FAIR_CLAIM][class])) {
            struct ht_fair_endpoint *e = TAILQ_FIRST(&t->endpoints[HT_FAIR_CLAIM][class]);
            int32_t n = chunk > e->ahead ? chunk : e->ahead;
            n = n < most ? n : most;
            n = grant(f, e, n < share ? n : share, now_us);
            ht_fair_delist(f, e, HT_FAIR_CLAIM);
            if (n > 0) {
                begin_claim(f, e, n, ret);
                ht_fair_rotate(f, t, HT_FAIR_CLAIM, class);
                return true;
            }
        }
    }
    return false;
}

size_t ht_fair_wants(struct ht_fair *f, int64_t now_us, int32_t room, int32_t prefetch, struct ht_fair_want *ret,
                     size_t max)
{
    wake_rate_waiters(f, now_us);
    size_t n = 0;
    int32_t listed = f->listed[HT_FAIR_CLAIM], budget = f->slots + prefetch;
    int32_t chunk = listed > 0 ? room / listed : 0;
    int empty = 0;
    chunk = chunk > CHUNK_MIN ? chunk : CHUNK_MIN;
    while (n < max && room > 0 && empty < HT_FAIR_CLASSES) {
        enum ht_fair_class class = (enum ht_fair_class)f->turn[HT_FAIR_CLAIM];
        f->turn[HT_FAIR_CLAIM] = (f->turn[HT_FAIR_CLAIM] + 1) % HT_FAIR_CLASSES;
        if (!want_of_class(f, class, now_us, room, chunk, budget, &ret[n])) {
            empty++;
            continue;
        }
        empty = 0;
        room -= ret[n].room;
        n++;
    }
    return n;
}

void ht_fair_claimed(struct ht_fair *f, const struct ht_fair_want *w, int32_t got, bool last_retry, int64_t now_us)
{
    struct ht_fair_endpoint *e = w->endpoint;
    int32_t missing = w->room - got;
    e->claiming = false;
    e->used_at = now_us;
    f->piped[w->class] -= w->room;
    e->tenant->piped -= w->room;
    e->in_hand -= missing;
    f->in_hand -= missing;
    if (e->rate > 0) {
        e->tokens += missing;
    }
    if (got > 0) {
        e->head_retry = last_retry;
    }
    e->due = missing == 0;
    if (missing == 0) {
        e->ahead = e->ahead + CHUNK_MIN < AHEAD_MAX ? e->ahead + CHUNK_MIN : AHEAD_MAX;
    } else {
        e->ahead = 0;
    }
    ht_fair_doubt(f, e);
    ht_fair_relist_claim(f, e);
}

void ht_fair_left(struct ht_fair *f, struct ht_fair_endpoint *e, bool sent, int64_t now_us)
{
    e->in_hand--;
    f->in_hand--;
    e->ended -= sent ? 1 : 0;
    e->used_at = now_us;
    ht_fair_relist_claim(f, e);
}
