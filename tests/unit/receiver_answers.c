/* Every answer mode as another program sees it: libcurl, whose results for these behaviours are known from measurement.
 */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/receiver/receiver.h"
#include "raw_client.h"

static struct ht_receiver *receiver;
static char url[128];

static int start(void **state)
{
    (void)state;
    struct ht_err err = {0};
    const struct ht_receiver_options o = {.record = true};
    assert_int_equal(ht_receiver_start(&o, &receiver, &err), HT_OK);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/a", ht_receiver_port(receiver));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ht_receiver_stop(receiver);
    return 0;
}

static void post(enum ht_answer answer, int64_t arg, const char *text, int32_t timeout_ms, struct curl_answer *ret)
{
    static const char *const headers[] = {"X-Hooktop-Delivery: d1", "X-Hooktop-Attempt: 1", NULL};
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = answer, .arg = arg, .text = text});
    curl_post(url, headers, "{}", NULL, timeout_ms, ret);
}

static void keep_last(void *user, const struct ht_recorded *rec)
{
    *(struct ht_recorded *)user = *rec;
}

static struct ht_recorded last_record(void)
{
    struct ht_recorded rec = {0};
    ht_receiver_each(receiver, keep_last, &rec);
    return rec;
}

/* What libcurl makes of a mode, and the status that the receiver says it has handed over in full. */
static void each_mode_is_what_it_says(void **state)
{
    static const struct {
        enum ht_answer answer;
        int64_t arg;
        const char *text;
        int timeout_ms;
        int rc;
        long status;
        int handed_over; /* -1: either way, it depends on when curl has had enough */
    } cases[] = {
        {HT_ANSWER_STATUS, 0, NULL, 60000, CURLE_OK, 200, 200},
        {HT_ANSWER_STATUS, 204, NULL, 60000, CURLE_OK, 204, 204},
        {HT_ANSWER_STATUS, 410, NULL, 60000, CURLE_OK, 410, 410},
        {HT_ANSWER_HANG, 0, NULL, 1000, CURLE_OPERATION_TIMEDOUT, 0, 0},
        {HT_ANSWER_RESET, 0, NULL, 60000, CURLE_RECV_ERROR, 0, 0},
        {HT_ANSWER_CLOSE, 0, NULL, 60000, CURLE_GOT_NOTHING, 0, 0},
        {HT_ANSWER_GARBAGE, 0, NULL, 60000, CURLE_UNSUPPORTED_PROTOCOL, 0, 0},
        {HT_ANSWER_BAD_STATUS, 0, NULL, 60000, CURLE_UNSUPPORTED_PROTOCOL, 0, 0},
        {HT_ANSWER_ENDLESS_HEADER, 0, NULL, 60000, CURLE_OUT_OF_MEMORY, 200, 0},
        {HT_ANSWER_HEADER_FLOOD, 0, NULL, 60000, CURLE_RECV_ERROR, 200, 0},
        {HT_ANSWER_BIG_HEADER, 1000, NULL, 60000, CURLE_OK, 200, 200},
        {HT_ANSWER_BIG_HEADER, 200000, NULL, 60000, CURLE_OUT_OF_MEMORY, 200, -1},
        {HT_ANSWER_INTERIM_FLOOD, 0, NULL, 60000, CURLE_RECV_ERROR, 103, 0},
        {HT_ANSWER_HEADERS_THEN_STALL, 0, NULL, 1000, CURLE_OPERATION_TIMEDOUT, 200, 200},
        {HT_ANSWER_HEADERS_THEN_RESET, 0, NULL, 60000, CURLE_RECV_ERROR, 200, 200},
        {HT_ANSWER_BIG_BODY, 1000000, NULL, 60000, CURLE_OK, 200, 200},
        {HT_ANSWER_REDIRECT, 307, "/there", 60000, CURLE_OK, 307, 307},
        {HT_ANSWER_RETRY_AFTER, 503, "120", 60000, CURLE_OK, 503, 503},
        {HT_ANSWER_HOSTILE, 0, NULL, 60000, CURLE_OK, 500, 500},
        {HT_ANSWER_DRIP, 1, NULL, 60000, CURLE_OK, 200, 200},
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct curl_answer a;
        post(cases[i].answer, cases[i].arg, cases[i].text, cases[i].timeout_ms, &a);
        struct ht_recorded rec = last_record();
        if (a.rc != cases[i].rc || a.status != cases[i].status ||
            (cases[i].handed_over >= 0 && rec.status != cases[i].handed_over))
            fail_msg("mode %d: curl says %d (%s), status %ld, and the receiver %d", (int)cases[i].answer, a.rc,
                     curl_easy_strerror((CURLcode)a.rc), a.status, rec.status);
    }
}

static void answers_carry_what_was_asked_for(void **state)
{
    struct curl_answer a;
    (void)state;
    post(HT_ANSWER_STATUS, 422, "no such claim", 60000, &a);
    assert_string_equal(a.body, "no such claim");
    post(HT_ANSWER_REDIRECT, 301, "http://169.254.169.254/", 60000, &a);
    assert_non_null(strstr(a.headers, "\r\nLocation: http://169.254.169.254/\r\n"));
    post(HT_ANSWER_RETRY_AFTER, 0, "Wed, 21 Oct 2015 07:28:00 GMT", 60000, &a);
    assert_int_equal(a.status, 429);
    assert_non_null(strstr(a.headers, "\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"));
    post(HT_ANSWER_BIG_BODY, 123456, NULL, 60000, &a);
    assert_int_equal(a.body_bytes, 123456);
    post(HT_ANSWER_BIG_BODY, -1, NULL, 60000, &a);
    assert_int_equal(a.rc, CURLE_OK);
    assert_int_equal(a.body_bytes, 0);
    post(HT_ANSWER_HOSTILE, 0, NULL, 60000, &a);
    assert_non_null(strstr(a.headers, "\x1b[2J"));
    assert_non_null(strstr(a.body, "\x1b]52;c;"));
    assert_non_null(memchr(a.body, '\0', (size_t)a.body_bytes));
    post(HT_ANSWER_SLOW, 150, NULL, 60000, &a);
    assert_int_equal(a.status, 200);
    assert_true(a.ms >= 150);
    post(HT_ANSWER_DRIP, 3, NULL, 60000, &a);
    assert_true(a.ms >= 3 * (int64_t)strlen("HTTP/1.1 200 OK\r\n\r\n"));
}

static int status_of(const char *delivery)
{
    char header[128];
    struct curl_answer a;
    snprintf(header, sizeof(header), "X-Hooktop-Delivery: %s", delivery);
    curl_post(url, (const char *const[]){header, NULL}, "{}", NULL, 60000, &a);
    assert_int_equal(a.rc, CURLE_OK);
    return (int)a.status;
}

static void fail_first_fails_each_delivery_so_often(void **state)
{
    (void)state;
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_FAIL_FIRST, .arg = 2});
    assert_int_equal(status_of("x"), 503);
    assert_int_equal(status_of("y"), 503);
    assert_int_equal(status_of("x"), 503);
    assert_int_equal(status_of("x"), 200);
    assert_int_equal(status_of("y"), 503);
    assert_int_equal(status_of("y"), 200);
}

static void fail_part_fails_each_nth_delivery_once(void **state)
{
    int failed = 0;
    (void)state;
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_FAIL_PART, .arg = 10});
    for (int i = 1; i <= 40; i++) {
        char id[16];
        snprintf(id, sizeof(id), "d%d", i);
        if (status_of(id) != 503)
            continue;
        failed++;
        assert_int_equal(i % 10, 0);
        assert_int_equal(status_of(id), 200);
    }
    assert_int_equal(failed, 4);
}

static void counts_tell_deliveries_from_duplicates_and_pings(void **state)
{
    struct ht_route_counts c;
    struct curl_answer a;
    (void)state;
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_FAIL_FIRST, .arg = 1});
    status_of("x");
    status_of("x");
    status_of("x");
    curl_post(url, NULL, "{}", NULL, 60000, &a);
    assert_int_equal(a.status, 200);
    ht_receiver_counts(receiver, "/a", &c);
    assert_int_equal(c.requests, 4);
    assert_int_equal(c.verified, 4);
    assert_int_equal(c.deliveries, 1);
    assert_int_equal(c.duplicates, 1);
    assert_int_equal(c.pings, 1);
    assert_true(ht_receiver_wait(receiver, "/a", 1, 0));
    assert_false(ht_receiver_wait(receiver, "/a", 2, 20));
    assert_true(ht_receiver_wait_requests(receiver, NULL, 4, 0));
    assert_int_equal(ht_receiver_connections(receiver), 4);
}

/* Many connections that will never be answered do not keep another from its answer. */
static void hanging_connections_hold_nobody_up(void **state)
{
    struct curl_answer a;
    int fds[200];
    (void)state;
    ht_receiver_route(receiver, &(struct ht_route){.path = "/hang", .answer = HT_ANSWER_HANG});
    ht_receiver_route(receiver, &(struct ht_route){.path = "/flood", .answer = HT_ANSWER_HEADER_FLOOD});
    for (size_t i = 0; i < HT_COUNT(fds); i++) {
        fds[i] = raw_connect(ht_receiver_port(receiver));
        raw_post(fds[i], i % 2 == 0 ? "/hang" : "/flood", "", "{}");
    }
    assert_true(ht_receiver_wait_requests(receiver, NULL, (int64_t)HT_COUNT(fds), 60000));
    post(HT_ANSWER_STATUS, 200, NULL, 60000, &a);
    assert_int_equal(a.rc, CURLE_OK);
    for (size_t i = 0; i < HT_COUNT(fds); i++)
        close(fds[i]);
}

static int status_of_elsewhere(void)
{
    char text[4096];
    int fd = raw_connect(ht_receiver_port(receiver));
    ht_receiver_route(receiver, &(struct ht_route){.path = "/b", .answer = HT_ANSWER_STATUS, .arg = 200});
    raw_post(fd, "/b", "", "{}");
    int status = raw_answer(fd, text, sizeof(text));
    close(fd);
    return status;
}

static int64_t deliveries_answered(void)
{
    struct ht_route_counts c;
    ht_receiver_counts(receiver, "/a", &c);
    return c.deliveries;
}

/* What was asked while the route held its answers gets them when it does so no longer, and nothing before. */
static void a_held_answer_waits_for_another_route(void **state)
{
    static const char request[] = "X-Hooktop-Delivery: d%d\r\n";
    char text[4096], headers[64];
    int fds[3];
    (void)state;
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_HOLD});
    for (int i = 0; i < 3; i++) {
        fds[i] = raw_connect(ht_receiver_port(receiver));
        snprintf(headers, sizeof(headers), request, i);
        raw_post(fds[i], "/a", headers, "{}");
    }
    close(fds[2]); /* whoever leaves is not waited for */
    assert_true(ht_receiver_wait_requests(receiver, "/a", 3, 60000));
    assert_int_equal(status_of_elsewhere(), 200);
    assert_int_equal(deliveries_answered(), 0);
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 500});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(raw_answer(fds[i], text, sizeof(text)), 200);
        close(fds[i]);
    }
    assert_int_equal(status_of("d0"), 500);
    assert_in_range(deliveries_answered(), 2, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_mode_is_what_it_says, start, stop),
        cmocka_unit_test_setup_teardown(answers_carry_what_was_asked_for, start, stop),
        cmocka_unit_test_setup_teardown(fail_first_fails_each_delivery_so_often, start, stop),
        cmocka_unit_test_setup_teardown(fail_part_fails_each_nth_delivery_once, start, stop),
        cmocka_unit_test_setup_teardown(counts_tell_deliveries_from_duplicates_and_pings, start, stop),
        cmocka_unit_test_setup_teardown(hanging_connections_hold_nobody_up, start, stop),
        cmocka_unit_test_setup_teardown(a_held_answer_waits_for_another_route, start, stop),
    };
    curl_global_init(CURL_GLOBAL_ALL);
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
