/* The shares: who is claimed for and who is sent to, with numbers instead of a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/delivery/fair.h"
#include "../../src/delivery/map.h"

#define S 1000000LL /* a second */

static struct ht_uuid uuid(int tenant, int endpoint)
{
    struct ht_uuid u = {0};
    u.b[8] = (uint8_t)tenant;
    u.b[14] = (uint8_t)(endpoint >> 8);
    u.b[15] = (uint8_t)endpoint;
    return u;
}

static struct ht_fair_endpoint *endpoint(struct ht_fair *f, int tenant, int n, int32_t cap, double rate)
{
    struct ht_uuid t = uuid(tenant, 0xffff), id = uuid(tenant, n);
    struct ht_fair_endpoint *e = ht_fair_endpoint(f, &t, &id);
    e->verdict = HT_FAIR_QUICK;
    ht_fair_settings(f, e, cap, rate);
    return e;
}

/* Claims once for `e`, which alone is due, and queues what comes. */
static size_t load(struct ht_fair *f, struct ht_fair_endpoint *e, int32_t rows, bool retry, struct ht_fair_item *items)
{
    struct ht_fair_want w;
    size_t n = 0;
    while (rows > 0) {
        ht_fair_due(f, e, !retry);
        if (ht_fair_wants(f, 0, rows, 100000, &w, 1) == 0) {
            return n;
        }
        ht_fair_claimed(f, &w, w.room, retry, 0);
        rows -= w.room;
        for (int32_t i = 0; i < w.room; i++) {
            ht_fair_queue(f, &items[n++], e, retry);
        }
        ht_fair_not_due(f, e);
    }
    return n;
}

static int32_t send_all(struct ht_fair *f, struct ht_fair_item **ret)
{
    int32_t n = 0;
    while ((ret[n] = ht_fair_next(f)) != NULL) {
        n++;
    }
    return n;
}

/* Makes the endpoint a quick one. */
static void prove(struct ht_fair *f, struct ht_fair_endpoint *e)
{
    struct ht_fair_item i[1];
    assert_int_equal(load(f, e, 1, false, i), 1);
    assert_ptr_equal(ht_fair_next(f), &i[0]);
    ht_fair_sent(f, &i[0], HT_FAIR_QUICK, 1000, true);
    ht_fair_left(f, e, true, 0);
}

static void nothing(void *user, struct ht_fair_endpoint *e)
{
    (void)user;
    (void)e;
}

static void test_shares_of_sending(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(64);
    static struct ht_fair_item a[200], b[200], c[200];
    struct ht_fair_item *sent[600];
    struct ht_fair_endpoint *e = endpoint(f, 1, 1, 1000, 0);
    prove(f, e);
    assert_int_equal(load(f, e, 200, false, a), 200);
    assert_int_equal(send_all(f, sent), 48); /* one endpoint: three quarters */
    struct ht_fair_endpoint *e2 = endpoint(f, 1, 2, 1000, 0);
    e2->verdict = HT_FAIR_QUICK;
    assert_int_equal(load(f, e2, 200, false, b), 200);
    assert_int_equal(send_all(f, sent), 8); /* one tenant: seven eighths */
    struct ht_fair_endpoint *other = endpoint(f, 2, 1, 1000, 0);
    other->verdict = HT_FAIR_QUICK;
    assert_int_equal(load(f, other, 200, false, c), 200);
    assert_int_equal(send_all(f, sent), 8);
    assert_int_equal(ht_fair_sending(f), 64);
    ht_fair_free(f, NULL, NULL);
}

static void test_doubtful_rows_leave_room(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(64);
    static struct ht_fair_item a[100], b[100], c[100], d[100];
    struct ht_fair_item *sent[300];
    struct ht_fair_endpoint *sick = endpoint(f, 1, 1, 1000, 0), *late = endpoint(f, 2, 1, 1000, 0),
                            *well = endpoint(f, 3, 1, 1000, 0);
    load(f, sick, 100, true, a);
    assert_int_equal(send_all(f, sent), 32); /* retries: half */
    late->verdict = HT_FAIR_LATE;
    load(f, late, 100, false, b);
    assert_int_equal(send_all(f, sent), 16); /* with slow ones: three quarters */
    for (int i = 0; i < 100; i++) {
        struct ht_fair_endpoint *untried = endpoint(f, 4 + i % 5, i, 4, 0);
        untried->verdict = HT_FAIR_UNTRIED;
        load(f, untried, 1, false, &c[i]);
    }
    assert_int_equal(send_all(f, sent), 8); /* with new ones: seven eighths */
    load(f, well, 100, false, d);
    assert_int_equal(send_all(f, sent), 8);
    for (int i = 0; i < 8; i++) {
        assert_ptr_equal(sent[i]->endpoint, well);
    }
    /* a slot that one leaves goes to one, and none but one */
    ht_fair_sent(f, &a[0], HT_FAIR_QUICK, 1000, true);
    assert_int_equal(send_all(f, sent), 1);
    ht_fair_free(f, NULL, NULL);
}

/* Who has not answered gets one row at a time until he does. */
static void test_one_at_a_time_until_it_answers(void **state)
{
    (void)state;
    static const struct {
        enum ht_fair_verdict verdict;
        int32_t rows;
    } cases[] = {{HT_FAIR_UNTRIED, 1}, {HT_FAIR_SILENT, 1}, {HT_FAIR_LATE, 4}, {HT_FAIR_QUICK, 4}};
    struct ht_fair *f = ht_fair_new(64);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_fair_endpoint *e = endpoint(f, 1, (int)i, 4, 0);
        struct ht_fair_item items[4];
        e->verdict = cases[i].verdict;
        assert_int_equal(load(f, e, 4, false, items), cases[i].rows);
        assert_non_null(ht_fair_next(f));
        ht_fair_sent(f, &items[0], HT_FAIR_LATE, 2 * S, true);
        ht_fair_left(f, e, true, 0);
        assert_int_equal(load(f, e, 4, false, items), 4 - (cases[i].rows - 1));
        while (ht_fair_next(f)) {}
    }
    ht_fair_free(f, NULL, NULL);
}

/* A result on its way to the database holds nobody back at home, unless order is strict or it is a failure. */
static void test_ended_requests_make_room(void **state)
{
    (void)state;
    static const struct {
        int32_t workers, place; /* of two, this endpoint is at home with the second */
        int32_t cap;
        bool succeeded;
        int32_t more;
    } cases[] = {{1, 0, 4, true, 3}, {0, 0, 4, true, 0}, {2, 0, 4, true, 0}, {2, 1, 4, true, 3},
                 {1, 0, 1, true, 0}, {2, 1, 1, true, 0}, {1, 0, 4, false, 0}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_fair *f = ht_fair_new(64);
        struct ht_fair_endpoint *e = endpoint(f, 1, 1, cases[i].cap, 0);
        struct ht_fair_item items[4], more[4];
        e->verdict = HT_FAIR_QUICK;
        assert_int_equal(load(f, e, 4, false, items), cases[i].cap);
        while (ht_fair_next(f)) {}
        ht_fair_workers(f, cases[i].workers, cases[i].place);
        for (int32_t k = 0; k < (cases[i].cap > 1 ? 3 : 1); k++) {
            ht_fair_sent(f, &items[k], HT_FAIR_QUICK, S / 2, cases[i].succeeded);
        }
        assert_int_equal(ht_fair_at_home(f, e), cases[i].workers == cases[i].place + 1);
        assert_int_equal(load(f, e, 4, false, more), cases[i].more);
        ht_fair_left(f, e, true, 0);
        assert_int_equal(e->in_hand, cases[i].cap + cases[i].more - 1);
        assert_int_equal(e->ended, cases[i].cap > 1 ? 2 : 0);
        ht_fair_free(f, NULL, NULL);
    }
}

/* Claims for `e` until it may have no more, and counts what it has in hand. */
static int32_t fill(struct ht_fair *f, struct ht_fair_endpoint *e, struct ht_fair_item **items)
{
    struct ht_fair_want w;
    ht_fair_due(f, e, true);
    while (ht_fair_wants(f, 0, 100, 1000, &w, 1) == 1) {
        for (int32_t i = 0; i < w.room; i++) {
            ht_fair_queue(f, (*items)++, e, false);
        }
        ht_fair_claimed(f, &w, w.room, false, 0);
    }
    return e->in_hand;
}

static int32_t give_back(struct ht_fair *f)
{
    int32_t n = 0;
    for (struct ht_fair_item *i; (i = ht_fair_excess(f)) != NULL; n++) {
        ht_fair_unqueue(f, i);
        ht_fair_left(f, i->endpoint, false, 0);
    }
    return n;
}

/* Who answers quickly has rows in hand ahead of its cap, which are sent within it, and given back when it does not. */
static void test_rows_ahead(void **state)
{
    (void)state;
    static const struct {
        int32_t cap, workers;
        double rate;
        int64_t took_us;
        int32_t in_hand;
    } cases[] = {{4, 1, 0, 1000, 16}, {4, 0, 0, 1000, 4},   {4, 1, 50, 1000, 4}, {1, 1, 0, 1000, 1},
                 {4, 1, 0, 50000, 8}, {4, 1, 0, 300000, 4}, {20, 1, 0, 1000, 32}};
    static const struct {
        enum ht_fair_verdict verdict;
        bool succeeded;
        int32_t given_back;
    } ends[] = {
        {HT_FAIR_QUICK, true, 0}, {HT_FAIR_QUICK, false, 11}, {HT_FAIR_LATE, true, 11}, {HT_FAIR_SILENT, false, 12}};
    static struct ht_fair_item pool[100];
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_fair *f = ht_fair_new(64);
        struct ht_fair_endpoint *e = endpoint(f, 1, 1, cases[i].cap, cases[i].rate);
        struct ht_fair_item *next = pool, *sent[100];
        ht_fair_workers(f, cases[i].workers, 0);
        e->took_us = cases[i].took_us;
        e->tokens = 100;
        assert_int_equal(fill(f, e, &next), cases[i].in_hand);
        assert_int_equal(send_all(f, sent), cases[i].cap);
        assert_int_equal(give_back(f), 0);
        ht_fair_free(f, NULL, NULL);
    }
    for (size_t i = 0; i < HT_COUNT(ends); i++) {
        struct ht_fair *f = ht_fair_new(64);
        struct ht_fair_endpoint *e = endpoint(f, 1, 1, 4, 0);
        struct ht_fair_item *next = pool, *sent[100];
        ht_fair_workers(f, 1, 0);
        assert_int_equal(fill(f, e, &next), 16);
        assert_int_equal(send_all(f, sent), 4);
        ht_fair_sent(f, sent[0], ends[i].verdict, 1000, ends[i].succeeded);
        assert_int_equal(give_back(f), ends[i].given_back);
        assert_int_equal(e->ahead, ends[i].given_back > 0 ? 0 : 12); /* to be earned again */
        ht_fair_free(f, NULL, NULL);
    }
}

/* Who stops answering keeps none ahead of its cap for longer than from one look to the next. */
static void test_rows_behind_a_hanging_request(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(64);
    static struct ht_fair_item pool[100];
    struct ht_fair_endpoint *e = endpoint(f, 1, 1, 4, 0);
    struct ht_fair_item *next = pool, *sent[100];
    ht_fair_workers(f, 1, 0);
    assert_false(ht_fair_held_back(f));
    fill(f, e, &next);
    assert_int_equal(send_all(f, sent), 4);
    assert_true(ht_fair_held_back(f));
    ht_fair_look(f);
    assert_int_equal(give_back(f), 0);
    ht_fair_sent(f, sent[0], HT_FAIR_QUICK, 1000, true); /* it moves */
    assert_int_equal(send_all(f, sent), 1);
    ht_fair_look(f);
    assert_int_equal(give_back(f), 0);
    ht_fair_look(f);
    assert_int_equal(give_back(f), 11);
    assert_false(ht_fair_held_back(f));
    assert_int_equal(fill(f, e, &next) - e->ended, 4);
    ht_fair_free(f, NULL, NULL);
}

static void test_turns(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(1000);
    static struct ht_fair_item rows[4][100];
    struct ht_fair_endpoint *big[3], *small = endpoint(f, 2, 1, 1000, 0);
    for (int i = 0; i < 3; i++) {
        big[i] = endpoint(f, 1, i, 1000, 0);
        load(f, big[i], 100, false, rows[i]);
    }
    load(f, small, 100, false, rows[3]);
    int of_small = 0, of_big[3] = {0};
    for (int i = 0; i < 120; i++) {
        const struct ht_fair_endpoint *e = ht_fair_next(f)->endpoint;
        of_small += e == small;
        for (int k = 0; k < 3; k++) {
            of_big[k] += e == big[k];
        }
    }
    /* half for each tenant, and a tenant's half by turns */
    assert_int_equal(of_small, 60);
    for (int k = 0; k < 3; k++) {
        assert_int_equal(of_big[k], 20);
    }
    ht_fair_free(f, NULL, NULL);
}

static void test_cap(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(100);
    struct ht_fair_want w[10];
    struct ht_fair_item items[10];
    struct ht_fair_endpoint *e = endpoint(f, 1, 1, 3, 0);
    ht_fair_due(f, e, true);
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, w, 10), 1);
    assert_int_equal(w[0].room, 3);
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, &w[1], 9), 0); /* its claim is under way */
    ht_fair_claimed(f, &w[0], 3, false, 0);
    for (int i = 0; i < 3; i++) {
        ht_fair_queue(f, &items[i], e, false);
    }
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, w, 10), 0);
    assert_int_equal(ht_fair_next(f) != NULL, 1);
    ht_fair_sent(f, &items[0], HT_FAIR_QUICK, 1000, true);
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, w, 10), 0); /* sent is not settled */
    ht_fair_left(f, e, true, 0);
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, w, 10), 1);
    assert_int_equal(w[0].room, 1);
    ht_fair_claimed(f, &w[0], 0, false, 0); /* nothing came: it is not due any more */
    assert_int_equal(e->in_hand, 2);
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, w, 10), 0);
    assert_false(ht_fair_claimable(f));
    ht_fair_free(f, NULL, NULL);
}

/* Before an endpoint's settings are known, one row is asked for. */
static void test_unknown_settings(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(100);
    struct ht_fair_want w[2];
    struct ht_uuid t = uuid(1, 0xffff), id = uuid(1, 1);
    struct ht_fair_endpoint *e = ht_fair_endpoint(f, &t, &id);
    assert_ptr_equal(ht_fair_endpoint(f, &t, &id), e);
    ht_fair_due(f, e, true);
    assert_int_equal(ht_fair_wants(f, 0, 50, 50, w, 2), 1);
    assert_int_equal(w[0].room, 1);
    ht_fair_free(f, NULL, NULL);
}

static int32_t claim_for(struct ht_fair *f, struct ht_fair_endpoint *e, int64_t from, int64_t until)
{
    struct ht_fair_want w;
    int32_t rows = 0;
    for (int64_t now = from; now < until; now += 1000) {
        ht_fair_due(f, e, true);
        if (ht_fair_wants(f, now, 500, 500, &w, 1) == 1) {
            rows += w.room;
            ht_fair_claimed(f, &w, w.room, false, now);
            for (int32_t i = 0; i < w.room; i++) {
                ht_fair_left(f, e, false, now);
            }
        }
    }
    return rows;
}

static void test_rate(void **state)
{
    (void)state;
    static const double rates[] = {0.5, 3, 50, 400};
    for (size_t i = 0; i < HT_COUNT(rates); i++) {
        struct ht_fair *f = ht_fair_new(1000);
        struct ht_fair_endpoint *e = endpoint(f, 1, 1, 1000, rates[i]);
        int32_t first = claim_for(f, e, 1 * S, 11 * S);
        /* ten seconds' worth, and at most a tenth of a second saved up */
        assert_in_range(first, (int32_t)(rates[i] * 10 * 0.95), (int32_t)(rates[i] * 10.1) + 1);
        int32_t later = claim_for(f, e, 100 * S, 110 * S);
        assert_in_range(later, (int32_t)(rates[i] * 10 * 0.95), (int32_t)(rates[i] * 10.1) + 1);
        ht_fair_free(f, NULL, NULL);
    }
}

static void test_rate_gives_back_and_wakes(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(100);
    struct ht_fair_want w;
    struct ht_fair_endpoint *e = endpoint(f, 1, 1, 100, 1);
    ht_fair_due(f, e, true);
    assert_int_equal(ht_fair_wants(f, 1 * S, 10, 10, &w, 1), 1);
    ht_fair_claimed(f, &w, 0, false, 1 * S); /* none came: what was taken for it comes back */
    ht_fair_due(f, e, true);
    assert_int_equal(ht_fair_wants(f, 1 * S, 10, 10, &w, 1), 1);
    ht_fair_claimed(f, &w, 1, false, 1 * S);
    ht_fair_left(f, e, true, 1 * S);
    assert_int_equal(ht_fair_wants(f, 1 * S + 1, 10, 10, &w, 1), 0);
    assert_in_range(ht_fair_rate_due(f), 2 * S, 2 * S + 2);
    assert_int_equal(ht_fair_wants(f, ht_fair_rate_due(f) - 2, 10, 10, &w, 1), 0);
    assert_int_equal(ht_fair_wants(f, ht_fair_rate_due(f), 10, 10, &w, 1), 1);
    assert_int_equal(ht_fair_rate_due(f), INT64_MAX);
    ht_fair_free(f, NULL, NULL);
}

/* Rows that hang in hand do not keep others from being claimed. */
static void test_shares_of_claiming(void **state)
{
    (void)state;
    struct ht_fair *f = ht_fair_new(80);
    struct ht_fair_want w[300];
    int32_t of_sick = 0, room = 100;
    for (int i = 0; i < 200; i++) {
        ht_fair_due(f, endpoint(f, 1 + i % 20, i, 4, 0), false);
    }
    for (size_t n; (n = ht_fair_wants(f, 0, room, 20, w, 300)) > 0;) {
        for (size_t i = 0; i < n; i++) {
            of_sick += w[i].room;
            room -= w[i].room;
        }
    }
    assert_int_equal(of_sick, 50); /* retries: half of slots and prefetch */
    struct ht_fair_endpoint *well = endpoint(f, 99, 1, 100, 0);
    well->verdict = HT_FAIR_QUICK;
    ht_fair_due(f, well, true);
    assert_int_equal(ht_fair_wants(f, 0, room, 20, w, 300), 1);
    assert_ptr_equal(w[0].endpoint, well);
    ht_fair_free(f, NULL, NULL);
}

/* A long random life: nobody passes a limit, and in the end nothing is left over. */
static void live_at_random(int32_t workers)
{
    enum { ENDPOINTS = 60, SLOTS = 40, ROWS = 400 };
    struct ht_fair *f = ht_fair_new(SLOTS);
    struct ht_fair_endpoint *e[ENDPOINTS];
    static struct ht_fair_item pool[ROWS];
    struct ht_fair_item *idle[ROWS], *sending[ROWS], *settling[ROWS];
    struct ht_fair_want w[20];
    size_t n_idle = ROWS, n_sending = 0, n_settling = 0, n_w = 0;
    unsigned seed = 42;
    int64_t sent = 0, ahead = 0, given_back = 0;
    ht_fair_workers(f, workers, 0);
    for (size_t i = 0; i < ROWS; i++) {
        idle[i] = &pool[i];
    }
    for (int i = 0; i < ENDPOINTS; i++) {
        e[i] = endpoint(f, 1 + i % 7, i, 1 + i % 9, i % 3 == 0 ? 20 : 0);
    }
    for (int64_t now = S; now < 40 * S; now += 1000) {
        bool last = now > 35 * S;
        int r = rand_r(&seed);
        if (!last) {
            ht_fair_due(f, e[r % ENDPOINTS], r % 5 != 0);
        }
        if (n_w == 0 && !last) {
            n_w = ht_fair_wants(f, now, (int32_t)(n_idle < 60 ? n_idle : 60), 20, w, 20);
        } else {
            for (size_t i = 0; i < n_w; i++) {
                int32_t got = rand_r(&seed) % (w[i].room + 1);
                ht_fair_claimed(f, &w[i], got, got % 2, now);
                for (int32_t k = 0; k < got; k++) {
                    ht_fair_queue(f, idle[--n_idle], w[i].endpoint, k % 2);
                }
            }
            n_w = 0;
        }
        for (struct ht_fair_item *i; r % 4 == 0 && (i = ht_fair_next(f)) != NULL; sent++) {
            sending[n_sending++] = i;
            assert_true(i->endpoint->sending <= i->endpoint->cap);
        }
        assert_true(ht_fair_sending(f) <= SLOTS);
        while (n_sending > 0 && (last || rand_r(&seed) % 3)) {
            size_t k = (size_t)rand_r(&seed) % n_sending;
            ht_fair_sent(f, sending[k], (enum ht_fair_verdict)(1 + rand_r(&seed) % 3), rand_r(&seed) % 100000,
                         rand_r(&seed) % 4 != 0);
            settling[n_settling++] = sending[k];
            sending[k] = sending[--n_sending];
        }
        while (n_settling > 0 && (last || rand_r(&seed) % 2)) {
            struct ht_fair_item *i = settling[--n_settling];
            ht_fair_left(f, i->endpoint, true, now);
            idle[n_idle++] = i;
        }
        if (r % 100 == 0) {
            ht_fair_look(f);
        }
        for (struct ht_fair_item *i; (i = ht_fair_excess(f)) != NULL; given_back++) {
            ht_fair_unqueue(f, i);
            ht_fair_left(f, i->endpoint, false, now);
            idle[n_idle++] = i;
        }
        for (int i = 0; i < ENDPOINTS; i++) {
            int32_t waiting = e[i]->in_hand - e[i]->ended;
            bool alone = e[i]->cap == 1 || e[i]->rate > 0 || !ht_fair_at_home(f, e[i]);
            assert_in_range(waiting, 0, e[i]->cap + (alone ? 0 : 12));
            assert_in_range(e[i]->in_hand, 0, workers == 1 ? ROWS : e[i]->cap + 32);
            ahead += waiting > e[i]->cap;
        }
    }
    assert_true(sent > 10000);
    assert_int_equal(ahead > 0 && given_back > 0, workers > 0);
    assert_int_equal(n_idle, ROWS);
    assert_int_equal(ht_fair_in_hand(f), 0);
    assert_int_equal(ht_fair_queued(f), 0);
    assert_int_equal(ht_fair_sending(f), 0);
    for (int i = 0; i < ENDPOINTS; i++) {
        ht_fair_not_due(f, e[i]);
    }
    ht_fair_sweep(f, INT64_MAX, nothing, NULL);
    ht_fair_free(f, NULL, NULL);
}

static void test_random_life(void **state)
{
    (void)state;
    for (int32_t workers = 0; workers < 3; workers++) {
        live_at_random(workers);
    }
}

static void test_map(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct ht_map m;
    static struct ht_uuid keys[N];
    ht_map_init(&m);
    for (size_t i = 0; i < N; i++) {
        /* many with the same home */
        keys[i] = uuid((int)(i % 3), (int)i);
        keys[i].b[0] = (uint8_t)(i >> 8);
        keys[i].b[1] = (uint8_t)i;
        if (i % 2) {
            memset(keys[i].b + 8, 7, 8);
        }
        ht_map_put(&m, &keys[i], &keys[i]);
    }
    for (size_t i = 0; i < N; i += 3) {
        ht_map_del(&m, &keys[i]);
        ht_map_del(&m, &keys[i]);
    }
    assert_int_equal(m.n, N - N / 3);
    for (size_t i = 0; i < N; i++) {
        assert_ptr_equal(ht_map_get(&m, &keys[i]), i % 3 == 0 ? NULL : &keys[i]);
    }
    ht_map_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_of_sending),
        cmocka_unit_test(test_doubtful_rows_leave_room),
        cmocka_unit_test(test_one_at_a_time_until_it_answers),
        cmocka_unit_test(test_ended_requests_make_room),
        cmocka_unit_test(test_rows_ahead),
        cmocka_unit_test(test_rows_behind_a_hanging_request),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_unknown_settings),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_rate_gives_back_and_wakes),
        cmocka_unit_test(test_shares_of_claiming),
        cmocka_unit_test(test_random_life),
        cmocka_unit_test(test_map),
    };
    return cmocka_run_group_tests_name("delivery fair", tests, NULL, NULL);
}
