/* From what happened on the wire to the word that is recorded: the whole table, and how an answer is read. */
#include <curl/curl.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/delivery/classify.h"
#include "../../src/delivery/response.h"

/* How far the exchange had come. */
enum progress { NOTHING, RESOLVED, CONNECTED, SECURED, SENT };

static const struct {
    const char *what;
    int code;
    int os_errno;
    enum progress progress;
    int status;
    bool in_block, complete, flood;
    const char *word;
} table[] = {
    {"name unknown", CURLE_COULDNT_RESOLVE_HOST, 0, NOTHING, 0, false, false, false, "dns"},
    {"name server silent", CURLE_OPERATION_TIMEDOUT, 0, NOTHING, 0, false, false, false, "dns"},
    {"refused", CURLE_COULDNT_CONNECT, ECONNREFUSED, RESOLVED, 0, false, false, false, "refused"},
    {"reset at once", CURLE_COULDNT_CONNECT, ECONNRESET, RESOLVED, 0, false, false, false, "reset"},
    {"no route", CURLE_COULDNT_CONNECT, EHOSTUNREACH, RESOLVED, 0, false, false, false, "unreachable"},
    {"no network", CURLE_COULDNT_CONNECT, ENETUNREACH, RESOLVED, 0, false, false, false, "unreachable"},
    {"forbidden by the kernel", CURLE_COULDNT_CONNECT, EACCES, RESOLVED, 0, false, false, false, "unreachable"},
    {"the kernel's own time limit", CURLE_COULDNT_CONNECT, ETIMEDOUT, RESOLVED, 0, false, false, false,
     "timeout_connect"},
    {"SYN unanswered", CURLE_OPERATION_TIMEDOUT, 0, RESOLVED, 0, false, false, false, "timeout_connect"},
    {"handshake stalls", CURLE_OPERATION_TIMEDOUT, 0, CONNECTED, 0, false, false, false, "tls"},
    {"certificate", CURLE_PEER_FAILED_VERIFICATION, 0, CONNECTED, 0, false, false, false, "tls"},
    {"handshake", CURLE_SSL_CONNECT_ERROR, 0, CONNECTED, 0, false, false, false, "tls"},
    {"no answer", CURLE_OPERATION_TIMEDOUT, 0, SENT, 0, false, false, false, "timeout"},
    {"only interim answers", CURLE_OPERATION_TIMEDOUT, 0, SENT, 103, false, false, false, "timeout"},
    {"200 and an endless header", CURLE_OPERATION_TIMEDOUT, 0, SENT, 200, true, false, false, "headers_incomplete"},
    {"200, then the end", CURLE_OK, 0, SENT, 200, true, false, false, "headers_incomplete"},
    {"reset before an answer", CURLE_RECV_ERROR, ECONNRESET, SENT, 0, false, false, false, "reset"},
    {"reset while sending", CURLE_SEND_ERROR, EPIPE, SENT, 0, false, false, false, "reset"},
    {"reset in the headers", CURLE_RECV_ERROR, ECONNRESET, SENT, 200, true, false, false, "reset"},
    {"closed before an answer", CURLE_GOT_NOTHING, 0, SENT, 0, false, false, false, "empty"},
    {"a banner", CURLE_UNSUPPORTED_PROTOCOL, 0, SENT, 0, false, false, false, "not_http"},
    {"weird", CURLE_WEIRD_SERVER_REPLY, 0, SENT, 0, false, false, false, "not_http"},
    {"101", CURLE_OK, 0, SENT, 101, false, false, false, "not_http"},
    {"status 999", CURLE_OK, 0, SENT, 999, false, true, false, "not_http"},
    {"too many headers", CURLE_WRITE_ERROR, 0, SENT, 200, true, false, true, "headers_too_large"},
    {"200", CURLE_OK, 0, SENT, 200, false, true, false, ""},
    {"204", CURLE_OK, 0, SENT, 204, false, true, false, ""},
    {"299", CURLE_OK, 0, SENT, 299, false, true, false, ""},
    {"200, then the body stalls", CURLE_OPERATION_TIMEDOUT, 0, SENT, 200, false, true, false, ""},
    {"200, then a reset", CURLE_RECV_ERROR, ECONNRESET, SENT, 200, false, true, false, ""},
    {"200 and a huge body", CURLE_WRITE_ERROR, 0, SENT, 200, false, true, false, ""},
    {"500, then the body stalls", CURLE_OPERATION_TIMEDOUT, 0, SENT, 500, false, true, false, "http_5xx"},
    {"300", CURLE_OK, 0, SENT, 300, false, true, false, "redirect"},
    {"308", CURLE_OK, 0, SENT, 308, false, true, false, "redirect"},
    {"400", CURLE_OK, 0, SENT, 400, false, true, false, "http_4xx"},
    {"404", CURLE_OK, 0, SENT, 404, false, true, false, "http_4xx"},
    {"410", CURLE_OK, 0, SENT, 410, false, true, false, "gone"},
    {"429", CURLE_OK, 0, SENT, 429, false, true, false, "throttled"},
    {"500", CURLE_OK, 0, SENT, 500, false, true, false, "http_5xx"},
    {"503", CURLE_OK, 0, SENT, 503, false, true, false, "http_5xx"},
    {"our own fault", CURLE_URL_MALFORMAT, 0, NOTHING, 0, false, false, false, "internal"},
    {"our own memory", CURLE_OUT_OF_MEMORY, 0, NOTHING, 0, false, false, false, "internal"},
};

static struct ht_exchange_facts facts_of(size_t i)
{
    return (struct ht_exchange_facts){
        .curl_code = table[i].code,
        .os_errno = table[i].os_errno,
        .resolved = table[i].progress >= RESOLVED,
        .connected = table[i].progress >= CONNECTED,
        .secured = table[i].progress >= SECURED,
        .sent = table[i].progress >= SENT,
        .status = table[i].status,
        .in_block = table[i].in_block,
        .complete = table[i].complete,
        .headers_flood = table[i].flood,
        .location = "",
        .words = "libcurl's words",
    };
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(table); i++) {
        struct ht_exchange_facts f = facts_of(i);
        char detail[256];
        const char *word = ht_attempt_words[ht_classify(&f, detail, sizeof detail)].name;
        if (strcmp(word, table[i].word) != 0) {
            fail_msg("%s: '%s' instead of '%s'", table[i].what, word, table[i].word);
        }
    }
}

static void test_guard(void **state)
{
    (void)state;
    char detail[256];
    struct ht_exchange_facts f = {.curl_code = CURLE_COULDNT_CONNECT,
                                  .resolved = true,
                                  .blocked = "loopback",
                                  .blocked_address = "127.0.0.1",
                                  .location = "",
                                  .words = ""};
    assert_int_equal(ht_classify(&f, detail, sizeof detail), HT_ATTEMPT_BLOCKED);
    assert_string_equal(detail, "the address 127.0.0.1 is refused by the rule 'loopback'");
    f.curl_code = CURLE_ABORTED_BY_CALLBACK; /* the second look, on a kept connection */
    f.connected = f.secured = true;
    assert_int_equal(ht_classify(&f, detail, sizeof detail), HT_ATTEMPT_BLOCKED);
    /* one address of the name was refused, another answered */
    f.complete = f.sent = true;
    f.status = 200;
    f.curl_code = CURLE_OK;
    assert_int_equal(ht_classify(&f, detail, sizeof detail), HT_ATTEMPT_NONE);
}

static void test_details(void **state)
{
    (void)state;
    char detail[256];
    struct ht_exchange_facts f = {.curl_code = CURLE_OK,
                                  .status = 302,
                                  .complete = true,
                                  .sent = true,
                                  .location = "http://169.254.169.254/",
                                  .words = ""};
    ht_classify(&f, detail, sizeof detail);
    assert_string_equal(detail, "status 302, to http://169.254.169.254/");
    f = (struct ht_exchange_facts){.curl_code = CURLE_WRITE_ERROR, .status = 200, .complete = true, .body_cut = true};
    ht_classify(&f, detail, sizeof detail);
    assert_string_equal(detail, "the answer's body was cut at 64 KiB");
    f = (struct ht_exchange_facts){.curl_code = CURLE_RECV_ERROR, .status = 200, .complete = true};
    ht_classify(&f, detail, sizeof detail);
    assert_string_equal(detail, "the answer's body did not arrive in full");
    f = (struct ht_exchange_facts){.curl_code = CURLE_ABORTED_BY_CALLBACK, .sent = true, .resend = true, .words = ""};
    assert_int_equal(ht_classify(&f, detail, sizeof detail), HT_ATTEMPT_RESET);
    assert_string_equal(detail, "a kept connection was closed under the request");
    f = (struct ht_exchange_facts){.curl_code = CURLE_PEER_FAILED_VERIFICATION, .words = "certificate has expired"};
    ht_classify(&f, detail, sizeof detail);
    assert_string_equal(detail, "certificate has expired");
}

/* Answers -----------------------------------------------------------------------------------------------------------
 */

static bool feed(struct ht_response *r, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n") + 1;
        if (!ht_response_header(r, lines, n)) {
            return false;
        }
        lines += n;
    }
    return true;
}

static void test_header_blocks(void **state)
{
    (void)state;
    struct ht_response r;
    ht_response_init(&r);
    assert_true(feed(&r, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n"));
    assert_true(r.in_block);
    assert_true(feed(&r, "\r\n"));
    assert_false(r.in_block);
    assert_false(r.complete);
    assert_true(feed(&r, "HTTP/1.1 503 Busy\r\nretry-AFTER: \t 120 \r\nLocation: /a\r\n"));
    assert_false(r.complete);
    assert_true(feed(&r, "\r\n"));
    assert_true(r.complete);
    assert_int_equal(r.status, 503);
    assert_string_equal(r.retry_after, "120");
    assert_string_equal(r.location, "/a");
    assert_string_equal(r.headers.data, "HTTP/1.1 503 Busy\r\nretry-AFTER: \t 120 \r\nLocation: /a\r\n");
    /* a trailer behind the body changes nothing */
    assert_true(feed(&r, "Retry-After: 9\r\n"));
    assert_string_equal(r.retry_after, "120");
    ht_response_clear(&r);
    assert_true(feed(&r, "HTTP/1.1 200\nX: y\n\n"));
    assert_true(r.complete);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.retry_after, "");
    ht_response_clear(&r);
    assert_true(feed(&r, "HTTP/1.1 99999 X\r\n\r\n"));
    assert_false(r.complete);
    ht_response_fini(&r);
}

static void test_header_bounds(void **state)
{
    (void)state;
    struct ht_response r;
    char line[1025];
    memset(line, 'h', 1023);
    line[1023] = '\n';
    line[1024] = '\0';
    ht_response_init(&r);
    assert_true(feed(&r, "HTTP/1.1 200 OK\r\n"));
    size_t taken = 0;
    while (feed(&r, line)) {
        taken++;
    }
    assert_int_equal(taken, 63);
    assert_true(r.headers_flood);
    assert_false(r.complete);
    assert_int_equal(r.headers.len, 8 * 1024);
    /* interim blocks count against the same bound */
    ht_response_clear(&r);
    taken = 0;
    while (feed(&r, "HTTP/1.1 103 Early Hints\r\n\r\n")) {
        taken += 28;
    }
    assert_in_range(taken, 64 * 1024 - 28, 64 * 1024);
    ht_response_fini(&r);
}

static void test_body_bounds(void **state)
{
    (void)state;
    struct ht_response r;
    char piece[1000];
    memset(piece, 'b', sizeof piece);
    ht_response_init(&r);
    for (int i = 0; i < 65; i++) {
        assert_true(ht_response_body(&r, piece, sizeof piece));
    }
    assert_false(r.body_cut);
    assert_false(ht_response_body(&r, piece, sizeof piece));
    assert_true(r.body_cut);
    assert_int_equal(r.body_bytes, 64 * 1024);
    assert_int_equal(r.body.len, 4 * 1024);
    ht_response_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_guard),         cmocka_unit_test(test_details),
        cmocka_unit_test(test_header_blocks), cmocka_unit_test(test_header_bounds), cmocka_unit_test(test_body_bounds),
    };
    return cmocka_run_group_tests_name("classify exchange", tests, NULL, NULL);
}
