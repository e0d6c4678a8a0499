/* The mailbox between threads: nothing lost, nothing twice, order kept per poster, the descriptor true. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/mailbox.h"
#include "ht_test.h"

#define POSTERS  4u
#define MESSAGES 20000u

static int freed;

static void count_free(void *message)
{
    freed++;
    free(message);
}

static bool readable(struct ht_mailbox *m)
{
    struct pollfd p = {.fd = ht_mailbox_fd(m), .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void one_thread(void **state)
{
    (void)state;
    int a = 1, b = 2, c = 3;
    struct ht_mailbox *m = ht_mailbox_new(2, NULL);
    assert_false(readable(m));
    assert_null(ht_mailbox_take(m));
    assert_true(ht_mailbox_post(m, &a));
    assert_true(readable(m));
    assert_true(ht_mailbox_post(m, &b));
    assert_false(ht_mailbox_post(m, &c));
    assert_ptr_equal(ht_mailbox_take(m), &a);
    assert_true(readable(m));
    assert_true(ht_mailbox_post(m, &c));
    assert_ptr_equal(ht_mailbox_take(m), &b);
    assert_ptr_equal(ht_mailbox_take(m), &c);
    assert_false(readable(m));
    assert_null(ht_mailbox_take(m));
    ht_mailbox_free(m);
    ht_mailbox_free(NULL);
}

static void closing(void **state)
{
    (void)state;
    int a = 1;
    struct ht_mailbox *m = ht_mailbox_new(2, NULL);
    assert_true(ht_mailbox_post(m, &a));
    assert_false(ht_mailbox_closed(m));
    ht_mailbox_close(m);
    ht_mailbox_close(m);
    assert_true(ht_mailbox_closed(m));
    assert_false(ht_mailbox_post(m, &a));
    assert_ptr_equal(ht_mailbox_take(m), &a);
    assert_true(readable(m)); /* so that a taker that polls sees the end */
    assert_null(ht_mailbox_take(m));
    assert_true(readable(m));
    ht_mailbox_free(m);
    m = ht_mailbox_new(1, NULL);
    ht_mailbox_close(m);
    assert_true(readable(m));
    ht_mailbox_free(m);
}

static void what_nobody_took_is_freed(void **state)
{
    (void)state;
    struct ht_mailbox *m = ht_mailbox_new(4, count_free);
    freed = 0;
    for (int i = 0; i < 4; i++)
        assert_true(ht_mailbox_post(m, malloc(1)));
    free(ht_mailbox_take(m));
    assert_true(ht_mailbox_post(m, malloc(1))); /* around the end of the ring */
    ht_mailbox_free(m);
    assert_int_equal(freed, 4);
}

struct message {
    unsigned poster;
    unsigned n;
};

struct poster {
    pthread_t thread;
    unsigned number;
    struct ht_mailbox *box;
};

static void *post_all(void *arg)
{
    const struct poster *p = arg;
    for (unsigned n = 0; n < MESSAGES; n++) {
        struct message *message = malloc(sizeof(*message));
        *message = (struct message){p->number, n};
        while (!ht_mailbox_post(p->box, message))
            sched_yield();
    }
    return NULL;
}

/* Takes until every message has come, sleeping in poll() alone. */
static void take_all(struct ht_mailbox *m)
{
    unsigned next[POSTERS] = {0};
    for (unsigned taken = 0; taken < POSTERS * MESSAGES;) {
        struct pollfd p = {.fd = ht_mailbox_fd(m), .events = POLLIN};
        assert_int_equal(poll(&p, 1, 60000), 1);
        for (struct message *message; (message = ht_mailbox_take(m)) != NULL; taken++) {
            assert_int_equal(message->n, next[message->poster]++);
            free(message);
        }
    }
}

static void many_posters(void **state)
{
    (void)state;
    struct ht_mailbox *m = ht_mailbox_new(64, free);
    struct poster posters[POSTERS];
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.number = i, .box = m};
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    take_all(m);
    for (unsigned i = 0; i < POSTERS; i++)
        pthread_join(posters[i].thread, NULL);
    assert_null(ht_mailbox_take(m));
    assert_false(readable(m));
    ht_mailbox_free(m);
}

static void *post_until_closed(void *arg)
{
    const struct poster *p = arg;
    while (!ht_mailbox_closed(p->box)) {
        void *message = malloc(1);
        if (!ht_mailbox_post(p->box, message))
            free(message);
    }
    return NULL;
}

static void closing_while_posting(void **state)
{
    (void)state;
    struct ht_mailbox *m = ht_mailbox_new(1000, free);
    struct poster p = {.box = m};
    assert_int_equal(pthread_create(&p.thread, NULL, post_until_closed, &p), 0);
    HT_TEST_UNTIL(readable(m), 60000);
    ht_mailbox_close(m);
    pthread_join(p.thread, NULL);
    ht_mailbox_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread),
        cmocka_unit_test(closing),
        cmocka_unit_test(many_posters),
        cmocka_unit_test(what_nobody_took_is_freed),
        cmocka_unit_test(closing_while_posting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
