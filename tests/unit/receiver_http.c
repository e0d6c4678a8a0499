/* The receiver's HTTP, byte by byte over a plain socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/base/codec.h"
#include "hooktop/receiver/receiver.h"
#include "raw_client.h"

static struct ht_receiver *receiver;

static int start(void **state)
{
    (void)state;
    struct ht_err err = {0};
    const struct ht_receiver_options o = {.record = true, .keep_bodies = true, .max_records = 3};
    assert_int_equal(ht_receiver_start(&o, &receiver, &err), HT_OK);
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a"});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ht_receiver_stop(receiver);
    return 0;
}

static void a_connection_serves_many_requests(void **state)
{
    char text[4096];
    (void)state;
    int fd = raw_connect(ht_receiver_port(receiver));
    for (int i = 0; i < 50; i++) {
        raw_post(fd, "/a", "", "{\"n\": 1}");
        assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    }
    assert_int_equal(ht_receiver_connections(receiver), 1);
    close(fd);
}

static void requests_sent_at_once_are_answered_in_turn(void **state)
{
    char text[4096];
    (void)state;
    int fd = raw_connect(ht_receiver_port(receiver));
    raw_sends(fd, "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST /b HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
                  "POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\n1");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 404);
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    close(fd);
}

static void a_request_may_come_in_single_bytes(void **state)
{
    static const char request[] = "POST /a HTTP/1.1\r\nhost: x\r\nCONTENT-length:  5  \r\n\r\nhello";
    char text[4096];
    (void)state;
    int fd = raw_connect(ht_receiver_port(receiver));
    for (size_t i = 0; i + 1 < sizeof(request); i++)
        raw_send(fd, request + i, 1);
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    close(fd);
}

static void what_is_no_webhook_is_told_so(void **state)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 405},
        {"POST /a HTTP/1.1\r\nHost: x\r\n\r\n", 411},
        {"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411},
        {"POST /a HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 411},
        {"POST /a HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400},
        {"POST /a HTTP/1.1\r\nContent-Length: -2\r\n\r\n", 400},
        {"POST /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST /a HTTP/1.1\r\nContent-Length: 2097153\r\n\r\n", 413},
        {"POST /a HTTP/1.1\r\nContent-Length 2\r\n\r\n{}", 400},
        {"POST /a HTTP/1.1\r\n X: folded\r\n\r\n", 400},
        {"POST /a HTTP/1.1\r\nX : y\r\n\r\n", 400},
        {"POST a HTTP/1.1\r\n\r\n", 400},
        {"POST /a\r\n\r\n", 400},
        {"POST /a b HTTP/1.1\r\n\r\n", 400},
        {"POST /a HTTP/2.0\r\n\r\n", 505},
        {"\r\n\r\n", 400},
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char text[4096];
        int fd = raw_connect(ht_receiver_port(receiver));
        raw_sends(fd, cases[i].request);
        int status = raw_answer(fd, text, sizeof(text));
        if (status != cases[i].status)
            fail_msg("%s: answered %d, expected %d", cases[i].request, status, cases[i].status);
        bool reset = true;
        shutdown(fd, SHUT_WR);
        assert_true(raw_ended(fd, &reset));
        assert_false(reset);
        close(fd);
    }
    struct ht_route_counts c;
    ht_receiver_counts(receiver, NULL, &c);
    assert_int_equal(c.refused, HT_COUNT(cases));
    assert_int_equal(c.verified, 0);
}

static void a_head_that_never_ends_is_cut_off(void **state)
{
    char text[4096];
    (void)state;
    int fd = raw_connect(ht_receiver_port(receiver));
    raw_sends(fd, "POST /a HTTP/1.1\r\nX: ");
    for (int i = 0; i < 5000; i++)
        raw_sends(fd, "0123456789abcdef");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 431);
    close(fd);
}

static void too_many_headers_are_refused(void **state)
{
    char text[4096];
    (void)state;
    int fd = raw_connect(ht_receiver_port(receiver));
    raw_sends(fd, "POST /a HTTP/1.1\r\n");
    for (int i = 0; i < 65; i++)
        raw_sends(fd, "X: y\r\n");
    raw_sends(fd, "\r\n");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 431);
    close(fd);
}

struct list {
    size_t n;
    const struct ht_recorded *rec[8];
};

static void collect(void *user, const struct ht_recorded *rec)
{
    struct list *l = user;
    l->rec[l->n++] = rec;
}

/* The digest of {} is what `printf '{}' | openssl dgst -sha256` prints. */
static void requests_are_recorded_up_to_the_limit(void **state)
{
    char text[4096], hex[65];
    struct list l = {0};
    (void)state;
    int fd = raw_connect(ht_receiver_port(receiver));
    raw_post(fd, "/a", "X-Hooktop-Delivery: one\r\nX-Hooktop-Attempt: 7\r\n", "{}");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    raw_post(fd, "/nowhere", "", "[1]");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 404);
    for (int i = 0; i < 4; i++) {
        raw_post(fd, "/a", "", "");
        assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    }
    close(fd);
    ht_receiver_each(receiver, collect, &l);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.rec[0]->path, "/a");
    assert_string_equal(l.rec[0]->delivery, "one");
    assert_int_equal(l.rec[0]->attempt, 7);
    assert_int_equal(l.rec[0]->status, 200);
    assert_string_equal(l.rec[0]->body, "{}");
    assert_int_equal(l.rec[0]->body_len, 2);
    assert_true(l.rec[0]->answered_us >= l.rec[0]->at_us && l.rec[0]->at_us > 0);
    assert_false(l.rec[0]->verified);
    ht_hex_encode(l.rec[0]->body_sha256, 32, hex);
    assert_string_equal(hex, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_non_null(strstr(l.rec[0]->head, "\r\nX-Hooktop-Attempt: 7\r\n"));
    assert_string_equal(l.rec[1]->path, "/nowhere");
    assert_string_equal(l.rec[1]->delivery, "");
    assert_int_equal(l.rec[1]->status, 404);
    assert_int_equal(l.rec[2]->body_len, 0);
}

static void the_largest_body_goes_through(void **state)
{
    enum { SIZE = 2 * 1024 * 1024 };
    char text[4096], head[128], *body = malloc(SIZE);
    struct list l = {0};
    (void)state;
    assert_non_null(body);
    memset(body, 'x', SIZE);
    int fd = raw_connect(ht_receiver_port(receiver));
    snprintf(head, sizeof(head), "POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n", SIZE);
    raw_sends(fd, head);
    raw_send(fd, body, SIZE);
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    ht_receiver_each(receiver, collect, &l);
    assert_int_equal(l.rec[0]->body_len, SIZE);
    assert_memory_equal(l.rec[0]->body, body, SIZE);
    close(fd);
    free(body);
}

static void resets_and_ends_are_told_apart(void **state)
{
    static const struct {
        enum ht_answer answer;
        bool reset;
    } cases[] = {{HT_ANSWER_RESET, true}, {HT_ANSWER_CLOSE, false}, {HT_ANSWER_HEADERS_THEN_RESET, true}};
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        bool reset = !cases[i].reset;
        ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = cases[i].answer});
        int fd = raw_connect(ht_receiver_port(receiver));
        raw_post(fd, "/a", "", "{}");
        assert_true(raw_ended(fd, &reset));
        assert_int_equal(reset, cases[i].reset);
        close(fd);
    }
}

/* A program that uses the receiver may fork: the child then has its sockets too until it runs something else, and what
 * the receiver has closed must be closed all the same. */
static void a_child_with_its_sockets_changes_nothing(void **state)
{
    char text[4096];
    int gate[2];
    (void)state;
    assert_int_equal(pipe(gate), 0);
    int first = raw_connect(ht_receiver_port(receiver));
    raw_post(first, "/a", "", "{}");
    assert_int_equal(raw_answer(first, text, sizeof(text)), 200);
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        _exit(read(gate[0], text, 1) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    close(gate[0]);
    shutdown(first, SHUT_RDWR);
    close(first);
    for (int i = 0; i < 50; i++) {
        int fd = raw_connect(ht_receiver_port(receiver));
        raw_post(fd, "/a", "", "{}");
        assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
        close(fd);
    }
    close(gate[1]);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void it_stops_with_connections_in_every_state(void **state)
{
    (void)state;
    ht_receiver_route(receiver, &(struct ht_route){.path = "/hang", .answer = HT_ANSWER_HANG});
    ht_receiver_route(receiver, &(struct ht_route){.path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 100000});
    int idle = raw_connect(ht_receiver_port(receiver)), half = raw_connect(ht_receiver_port(receiver));
    int hang = raw_connect(ht_receiver_port(receiver)), slow = raw_connect(ht_receiver_port(receiver));
    raw_sends(half, "POST /a HTT");
    raw_post(hang, "/hang", "", "{}");
    raw_post(slow, "/slow", "", "{}");
    assert_true(ht_receiver_wait_requests(receiver, NULL, 2, 60000));
    ht_receiver_stop(receiver);
    const int fds[] = {idle, half, hang, slow};
    for (size_t i = 0; i < HT_COUNT(fds); i++) {
        assert_true(raw_ended(fds[i], NULL));
        close(fds[i]);
    }
    receiver = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_serves_many_requests, start, stop),
        cmocka_unit_test_setup_teardown(requests_sent_at_once_are_answered_in_turn, start, stop),
        cmocka_unit_test_setup_teardown(a_request_may_come_in_single_bytes, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_webhook_is_told_so, start, stop),
        cmocka_unit_test_setup_teardown(a_head_that_never_ends_is_cut_off, start, stop),
        cmocka_unit_test_setup_teardown(too_many_headers_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(requests_are_recorded_up_to_the_limit, start, stop),
        cmocka_unit_test_setup_teardown(the_largest_body_goes_through, start, stop),
        cmocka_unit_test_setup_teardown(resets_and_ends_are_told_apart, start, stop),
        cmocka_unit_test_setup_teardown(a_child_with_its_sockets_changes_nothing, start, stop),
        cmocka_unit_test_setup_teardown(it_stops_with_connections_in_every_state, start, stop),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
