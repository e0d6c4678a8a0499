/* What is recorded for every way in which a receiver can answer, or fail to: each against our own receiver, which
 * misbehaves on purpose. One event goes to all of them at once, so it is also seen that none of them harms another. */
#include "delivery_lab.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char crowded_url[64];

struct row {
    struct lab_endpoint e;
    const char *word;    /* of the attempt */
    int status;          /* HTTP, 0 = none */
    const char *becomes; /* the delivery */
    const char *detail;  /* part of the sentence, or NULL */
};

/* So long what ends with the time limit has until then for what comes before it, and all others have far more. */
#define SHORT .timeout_ms = 4000

#define RAW(name, bytes)    .path = "/" name, .answer = HT_ANSWER_RAW, .text = bytes
#define RAW_OK(name, bytes) RAW(name, bytes), .arg = 200

static struct row rows[] = {
    {{.path = "/200", .answer = HT_ANSWER_STATUS, .arg = 200}, "", 200, "succeeded", NULL},
    {{.path = "/201", .answer = HT_ANSWER_STATUS, .arg = 201}, "", 201, "succeeded", NULL},
    {{.path = "/204", .answer = HT_ANSWER_STATUS, .arg = 204}, "", 204, "succeeded", NULL},
    {{.path = "/slow", .answer = HT_ANSWER_SLOW, .arg = 300}, "", 200, "succeeded", NULL},
    {{.path = "/big-body", .answer = HT_ANSWER_BIG_BODY, .arg = 1000000}, "", 200, "succeeded", "cut at 64 KiB"},
    {{.path = "/body-stalls", .answer = HT_ANSWER_HEADERS_THEN_STALL, SHORT},
     "",
     200,
     "succeeded",
     "not arrive in full"},
    {{.path = "/body-reset", .answer = HT_ANSWER_HEADERS_THEN_RESET}, "", 200, "succeeded", "not arrive in full"},
    {{.path = "/hang", .answer = HT_ANSWER_HANG, SHORT}, "timeout", 0, "ready", NULL},
    {{.path = "/drip", .answer = HT_ANSWER_DRIP, .arg = 3000, SHORT}, "timeout", 0, "ready", NULL},
    {{.path = "/too-slow", .answer = HT_ANSWER_SLOW, .arg = 3600000, SHORT}, "timeout", 0, "ready", NULL},
    {{.path = "/reset", .answer = HT_ANSWER_RESET}, "reset", 0, "ready", NULL},
    {{.path = "/close", .answer = HT_ANSWER_CLOSE}, "empty", 0, "ready", NULL},
    {{.path = "/garbage", .answer = HT_ANSWER_GARBAGE}, "not_http", 0, "ready", NULL},
    {{.path = "/bad-status", .answer = HT_ANSWER_BAD_STATUS}, "not_http", 0, "ready", NULL},
    {{.path = "/endless", .answer = HT_ANSWER_ENDLESS_HEADER}, "headers_too_large", 200, "ready", NULL},
    {{.path = "/drip-headers", .answer = HT_ANSWER_DRIP, .arg = 150, .timeout_ms = 6000},
     "headers_incomplete",
     200,
     "ready",
     NULL},
    {{.path = "/flood", .answer = HT_ANSWER_HEADER_FLOOD}, "headers_too_large", 200, "ready", NULL},
    {{.path = "/big-header", .answer = HT_ANSWER_BIG_HEADER, .arg = 150000}, "headers_too_large", 200, "ready", NULL},
    {{.path = "/64k-header", .answer = HT_ANSWER_BIG_HEADER, .arg = 70000}, "headers_too_large", 200, "ready", NULL},
    {{.path = "/8k-header", .answer = HT_ANSWER_BIG_HEADER, .arg = 10000}, "", 200, "succeeded", NULL},
    {{.path = "/interim", .answer = HT_ANSWER_INTERIM_FLOOD}, "headers_too_large", 103, "ready", NULL},
    {{.path = "/301", .answer = HT_ANSWER_REDIRECT, .arg = 301, .text = "/200"}, "redirect", 301, "ready", "to /200"},
    {{.path = "/302", .answer = HT_ANSWER_REDIRECT, .arg = 302, .text = "/200"}, "redirect", 302, "ready", NULL},
    {{.path = "/303", .answer = HT_ANSWER_REDIRECT, .arg = 303, .text = "/200"}, "redirect", 303, "ready", NULL},
    {{.path = "/307", .answer = HT_ANSWER_REDIRECT, .arg = 307, .text = "/200"}, "redirect", 307, "ready", NULL},
    {{.path = "/308", .answer = HT_ANSWER_REDIRECT, .arg = 308, .text = "/200"}, "redirect", 308, "ready", NULL},
    {{.path = "/400", .answer = HT_ANSWER_STATUS, .arg = 400}, "http_4xx", 400, "ready", NULL},
    {{.path = "/404", .answer = HT_ANSWER_STATUS, .arg = 404}, "http_4xx", 404, "ready", NULL},
    {{.path = "/410", .answer = HT_ANSWER_STATUS, .arg = 410}, "gone", 410, "exhausted", NULL},
    {{.path = "/429", .answer = HT_ANSWER_RETRY_AFTER, .arg = 429, .text = "7200"}, "throttled", 429, "ready", NULL},
    {{.path = "/500", .answer = HT_ANSWER_STATUS, .arg = 500}, "http_5xx", 500, "ready", NULL},
    {{.path = "/503", .answer = HT_ANSWER_RETRY_AFTER, .arg = 503, .text = "7200"}, "http_5xx", 503, "ready", NULL},
    {{.path = "/hostile", .answer = HT_ANSWER_HOSTILE}, "http_5xx", 500, "ready", NULL},
    {{RAW_OK("lf", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok")}, "", 200, "succeeded", NULL},
    {{RAW_OK("two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")},
     "",
     200,
     "succeeded",
     NULL},
    {{RAW_OK("other-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok")},
     "",
     200,
     "succeeded",
     NULL},
    {{RAW_OK("gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08")},
     "",
     200,
     "succeeded",
     NULL},
    {{RAW_OK("short-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok")},
     "",
     200,
     "succeeded",
     "not arrive in full"},
    {{RAW_OK("bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")},
     "",
     200,
     "succeeded",
     "not arrive in full"},
    {{RAW_OK("100-200", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
     "",
     200,
     "succeeded",
     NULL},
    {{RAW("103-503", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), .arg = 503},
     "http_5xx",
     503,
     "ready",
     NULL},
    {{RAW("103", "HTTP/1.1 103 Early Hints\r\n\r\n")}, "empty", 103, "ready", NULL},
    {{RAW("101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")},
     "empty",
     101,
     "ready",
     NULL},
    {{RAW("status-alone", "HTTP/1.1 200 OK\r\n")}, "headers_incomplete", 200, "ready", NULL},
    {{RAW("cut-header", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Cut")}, "headers_incomplete", 200, "ready", NULL},
    {{RAW("999", "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n")}, "not_http", 999, "ready", NULL},
    {{RAW("banner", "SSH-2.0-OpenSSH_9.2\r\n")}, "not_http", 0, "ready", NULL},
    {{RAW("http-0.9", "<html>200 OK</html>")}, "not_http", 0, "ready", NULL},
    {{.url = crowded_url, SHORT}, "timeout_connect", 0, "ready", NULL},
    {{.url = "http://127.0.0.1:1/"}, "refused", 0, "ready", NULL},
    {{.url = "https://name.invalid/", SHORT}, "dns", 0, "ready", NULL},
};

/* A listener whose queue is full: nobody answers the next SYN. */
struct crowd {
    int fds[4]; /* the listener and who waits at it */
};

static void crowd_gather(struct crowd *c)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    for (size_t i = 0; i < HT_COUNT(c->fds); i++) {
        c->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(c->fds[i] >= 0);
        if (i == 0) {
            assert_int_equal(bind(c->fds[0], (struct sockaddr *)&at, sizeof at), 0);
            assert_int_equal(listen(c->fds[0], 0), 0);
            assert_int_equal(getsockname(c->fds[0], (struct sockaddr *)&at, &len), 0);
        } else {
            (void)!connect(c->fds[i], (struct sockaddr *)&at, sizeof at);
        }
    }
    snprintf(crowded_url, sizeof crowded_url, "http://127.0.0.1:%d/", ntohs(at.sin_port));
}

static void crowd_leave(const struct crowd *c)
{
    for (size_t i = 0; i < HT_COUNT(c->fds); i++) {
        close(c->fds[i]);
    }
}

#define LAST "ORDER BY a.n DESC LIMIT 1"
#define OF_ATTEMPT(what)                                                                                               \
    "SELECT " what                                                                                                     \
    " FROM hooktop.attempt a JOIN hooktop.delivery d ON d.id = a.delivery_id WHERE d.endpoint_id = %s " LAST

static void check_row(struct lab *w, const struct row *r)
{
    const char *name = r->e.path ? r->e.path : r->e.url;
    HT_AUTOFREE char *word = lab_text(w, &r->e, OF_ATTEMPT("a.error"));
    HT_AUTOFREE char *detail = lab_text(w, &r->e, OF_ATTEMPT("coalesce(a.error_detail, '')"));
    HT_AUTOFREE char *status =
        lab_text(w, &r->e, "SELECT status FROM hooktop.delivery WHERE endpoint_id = %s ORDER BY id LIMIT 1");
    int64_t http = lab_int(w, &r->e, OF_ATTEMPT("coalesce(a.status, 0)"));
    if (strcmp(word, r->word) != 0 || http != r->status || strcmp(status, r->becomes) != 0 ||
        (r->detail && !strstr(detail, r->detail))) {
        fail_msg("%s: '%s' %d %s (%s) instead of '%s' %d %s (%s)", name, word, (int)http, status, detail, r->word,
                 r->status, r->becomes, r->detail ? r->detail : "");
    }
}

static void test_every_answer(void **state)
{
    struct lab *w = *state;
    struct crowd crowd;
    crowd_gather(&crowd);
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        lab_endpoint(w, &rows[i].e);
    }
    assert_int_equal(lab_emit(w, NULL, "thing.happened", "{\"a\": 1}"), HT_COUNT(rows));
    lab_start(w, NULL);
    HT_TEST_UNTIL(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt") == (int64_t)HT_COUNT(rows),
                  LAB_WAIT_MS);
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        check_row(w, &rows[i]);
    }
    /* the Retry-After of two hours against a schedule of a minute */
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        if (rows[i].e.answer == HT_ANSWER_RETRY_AFTER) {
            int64_t s = lab_int(w, &rows[i].e,
                                "SELECT extract(epoch FROM due_at - now())::int FROM hooktop.tenant_webhook_outbox "
                                "WHERE endpoint_id = %s");
            assert_in_range(s, 7100, 7200);
        } else if (strcmp(rows[i].becomes, "ready") == 0) {
            int64_t s = lab_int(w, &rows[i].e,
                                "SELECT extract(epoch FROM due_at - now())::int FROM hooktop.tenant_webhook_outbox "
                                "WHERE endpoint_id = %s");
            assert_in_range(s, 10, 66);
        }
    }
    lab_stop(w);
    crowd_leave(&crowd);
    /* not one request was sent twice, and no redirect was followed */
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        struct ht_route_counts counts;
        if (rows[i].e.path) {
            ht_receiver_counts(w->receiver, rows[i].e.path, &counts);
            if (counts.requests != 1) {
                fail_msg("%s: %lld requests", rows[i].e.path, (long long)counts.requests);
            }
        }
        lab_endpoint_fini(&rows[i].e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_answer, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
