/* When a connection to a receiver is used again and when not, how large requests are sent over one, and what is said of
 * connections that end at a bad moment: against plain sockets that misbehave, and counted there. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/delivery/poller.h"
#include "../../src/receiver/internal.h"
#include "delivery_lab.h"
#include "hooktop/base/clock.h"
#include "raw_peer.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
/* More than any stall of this machine; what ends with a time limit names one of its own. */
#define LONG_MS   60000
#define LARGE     (1u << 20)

struct rig {
    struct ht_egress egress; /* http and https to 127.0.0.1, all ports */
    struct ht_guard guard;
    struct ht_poller *poller;
    struct ht_exchange x;
    struct ht_attempt a; /* of the last request */
    int done;
};

static void on_done(void *user, struct ht_exchange *x)
{
    (void)x;
    ((struct rig *)user)->done++;
}

/* `ca` may be NULL. */
static void rig_open(struct rig *r, const char *ca)
{
    const struct ht_poller_callbacks cb = {.done = on_done, .user = r};
    memset(r, 0, sizeof *r);
    LAB_OK(ht_exchange_global(&err));
    ht_egress_init(&r->egress);
    LAB_OK(ht_egress_set(&r->egress, "http", "yes", &err));
    LAB_OK(ht_egress_set(&r->egress, "allow", "127.0.0.1/32:1-65535", &err));
    if (ca) {
        char path[600];
        HT_AUTOFREE char *dir = ht_test_dir();
        snprintf(path, sizeof path, "%s/ca", dir);
        ht_test_write_file(path, ca, strlen(ca));
        LAB_OK(ht_egress_set(&r->egress, "ca_file", path, &err));
    }
    ht_guard_init(&r->guard, &r->egress);
    ht_exchange_init(&r->x);
    r->x.body.max_bytes = r->x.wire.max_bytes = 2 * LARGE; /* more than an event can make of them */
    LAB_OK(ht_poller_new(1, &r->guard, &cb, &r->poller, &err));
}

static void rig_close(struct rig *r)
{
    ht_attempt_fini(&r->a);
    ht_exchange_fini(&r->x);
    ht_poller_free(r->poller);
}

/* Prepares one POST of `len` bytes of 'x'. */
static void prepare_to(struct rig *r, const char *scheme, const char *host, int port, size_t len, int32_t timeout_ms)
{
    char url[128];
    ht_attempt_fini(&r->a);
    r->a = (struct ht_attempt){0};
    snprintf(url, sizeof url, "%s://%s:%d/a", scheme, host, port);
    HT_AUTOFREE char *body = ht_alloc(len + 1, 1);
    memset(body, 'x', len);
    ht_exchange_begin(&r->x);
    ht_buf_add(&r->x.body, body, len);
    ht_exchange_header(&r->x, "Content-Type", "application/json");
    LAB_OK(ht_exchange_prepare(&r->x, url, timeout_ms, &err));
}

static void prepare(struct rig *r, const char *scheme, int port, size_t len, int32_t timeout_ms)
{
    prepare_to(r, scheme, "127.0.0.1", port, len, timeout_ms);
}

/* Sends what is prepared, to its end. */
static void run(struct rig *r)
{
    int before = r->done;
    assert_true(ht_poller_start(r->poller, &r->x, 0));
    while (r->done == before) {
        ht_poller_step(r->poller, ht_mono_us() + 1000000);
    }
    ht_exchange_finish(&r->x, &r->a);
}

static void ask(struct rig *r, int port)
{
    prepare(r, "http", port, 8, LONG_MS);
    run(r);
}

static void assert_ended(const struct rig *r, enum ht_attempt_error error, int status, const char *detail)
{
    const char *said = r->a.error_detail ? r->a.error_detail : "";
    if (r->a.error != error || r->a.status != status || (detail && !strstr(said, detail))) {
        fail_msg("'%s', status %d, '%s'", ht_attempt_words[r->a.error].name, r->a.status, said);
    }
}

/* Used again ------------------------------------------------------------------------------------------------------- */

static int open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    assert_non_null(d);
    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n;
}

/* Three requests on one connection; then the receiver says goodbye after each answer, which is seen while the
 * connection is idle. */
static void check_kept(enum ht_receiver_tls tls)
{
    const char *scheme = tls == HT_RECEIVER_PLAIN ? "http" : "https";
    const struct ht_receiver_options o = {.tls = tls};
    struct ht_receiver *receiver = NULL;
    struct ht_route_counts counts;
    struct rig r;
    LAB_OK(ht_receiver_start(&o, &receiver, &err));
    rig_open(&r, ht_receiver_ca_pem(receiver));
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200});
    int closed = open_files();
    for (int i = 0; i < 5; i++) {
        if (i == 2) {
            ht_receiver_route(receiver,
                              &(struct ht_route){.path = "/a", .answer = HT_ANSWER_RAW, .text = OK_ANSWER, .arg = 200});
        }
        prepare(&r, scheme, ht_receiver_port(receiver), 8, LONG_MS);
        run(&r);
        assert_ended(&r, HT_ATTEMPT_NONE, 200, NULL);
        assert_int_equal(ht_receiver_connections(receiver), i < 3 ? 1 : i - 1);
        if (i >= 2) { /* both sides close */
            int64_t until = ht_test_deadline_us(LONG_MS);
            while (open_files() > closed && !ht_test_passed(until)) {
                ht_poller_step(r.poller, ht_mono_us() + 1000);
            }
            assert_int_equal(open_files(), closed);
        }
    }
    ht_receiver_counts(receiver, "/a", &counts);
    assert_int_equal(counts.requests, 5);
    rig_close(&r);
    ht_receiver_stop(receiver);
}

static void test_kept_plain(void **state)
{
    (void)state;
    check_kept(HT_RECEIVER_PLAIN);
}

static void test_kept_tls(void **state)
{
    (void)state;
    check_kept(HT_RECEIVER_TLS);
}

/* What ends without agreement on where it ended is the connection's last answer. */
static void test_answers_that_end_a_connection(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int connections; /* of two requests */
    } rows[] = {
        {OK_ANSWER, 1},
        {"HTTP/1.1 100 Continue\r\n\r\n" OK_ANSWER, 1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1},
        {"HTTP/1.1 204 No Content\r\n\r\n", 1},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 2},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 2},
        {OK_ANSWER "!", 2},
        {OK_ANSWER "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 2},
        {"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", 2},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", 2},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 2},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 2},
    };
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        struct raw_peer *p = raw_peer_start(&(struct raw_peer_options){.answer = rows[i].answer});
        struct rig r;
        rig_open(&r, NULL);
        for (int k = 0; k < 2; k++) {
            ask(&r, raw_peer_port(p));
            assert_ended(&r, HT_ATTEMPT_NONE, r.a.status, NULL);
        }
        if (raw_peer_connections(p) != rows[i].connections) {
            fail_msg("row %zu: %d connections", i, raw_peer_connections(p));
        }
        assert_int_equal(raw_peer_requests(p), 2);
        rig_close(&r);
        raw_peer_stop(p);
    }
}

/* It is said so, sent once, and the next request has another connection. */
static void test_closed_under_the_request(void **state)
{
    (void)state;
    static const enum raw_peer_manner manners[] = {RAW_PEER_CLOSES_SECOND, RAW_PEER_RESETS_SECOND};
    for (size_t i = 0; i < HT_COUNT(manners); i++) {
        struct raw_peer *p = raw_peer_start(&(struct raw_peer_options){.manner = manners[i], .answer = OK_ANSWER});
        struct rig r;
        rig_open(&r, NULL);
        ask(&r, raw_peer_port(p));
        assert_ended(&r, HT_ATTEMPT_NONE, 200, NULL);
        ask(&r, raw_peer_port(p));
        assert_ended(&r, HT_ATTEMPT_RESET, 0, "a kept connection was closed under the request");
        assert_int_equal(raw_peer_requests(p), 2);
        ask(&r, raw_peer_port(p));
        assert_ended(&r, HT_ATTEMPT_NONE, 200, NULL);
        assert_int_equal(raw_peer_connections(p), 2);
        assert_int_equal(raw_peer_requests(p), 3);
        rig_close(&r);
        raw_peer_stop(p);
    }
}

/* Large requests --------------------------------------------------------------------------------------------------- */

/* To a receiver whose window is small; before it one that refuses the connection, whose error is not this one's. */
static void test_large_body(void **state)
{
    (void)state;
    struct raw_peer *p = raw_peer_start(&(struct raw_peer_options){.answer = OK_ANSWER, .receive_buffer = 4096});
    struct lab_spy gone;
    struct rig r;
    size_t len;
    rig_open(&r, NULL);
    lab_spy_open(&gone);
    lab_spy_close(&gone);
    ask(&r, gone.port);
    assert_ended(&r, HT_ATTEMPT_REFUSED, 0, NULL);
    prepare(&r, "http", raw_peer_port(p), LARGE, LONG_MS);
    run(&r);
    assert_ended(&r, HT_ATTEMPT_NONE, 200, NULL);
    const char *got = raw_peer_request(p, &len), *body = strstr(got, "\r\n\r\n") + 4;
    assert_int_equal(len - (size_t)(body - got), LARGE);
    assert_int_equal(strspn(body, "x"), LARGE);
    rig_close(&r);
    raw_peer_stop(p);
}

static void keep_length(void *user, const struct ht_recorded *rec)
{
    size_t *len = user;
    *len = rec->body && strspn(rec->body, "x") == rec->body_len ? rec->body_len : 0;
}

static void test_large_body_tls(void **state)
{
    (void)state;
    const struct ht_receiver_options o = {.tls = HT_RECEIVER_TLS, .record = true, .keep_bodies = true};
    struct ht_receiver *receiver = NULL;
    struct rig r;
    size_t len = 0;
    LAB_OK(ht_receiver_start(&o, &receiver, &err));
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200});
    rig_open(&r, ht_receiver_ca_pem(receiver));
    prepare(&r, "https", ht_receiver_port(receiver), LARGE, LONG_MS);
    run(&r);
    assert_ended(&r, HT_ATTEMPT_NONE, 200, NULL);
    ht_receiver_each(receiver, keep_length, &len);
    assert_int_equal(len, LARGE);
    rig_close(&r);
    ht_receiver_stop(receiver);
}

/* A receiver may say no before it has read all of it, and not read the rest. */
static void test_early_answer(void **state)
{
    (void)state;
    struct raw_peer *p = raw_peer_start(
        &(struct raw_peer_options){.manner = RAW_PEER_ANSWERS_EARLY,
                                   .answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n",
                                   .receive_buffer = 4096});
    struct rig r;
    rig_open(&r, NULL);
    for (int i = 1; i <= 2; i++) {
        prepare(&r, "http", raw_peer_port(p), LARGE, LONG_MS);
        run(&r);
        assert_ended(&r, HT_ATTEMPT_HTTP_4XX, 413, NULL);
        assert_int_equal(raw_peer_connections(p), i); /* what was left of the request is nobody's */
    }
    rig_close(&r);
    raw_peer_stop(p);
}

static void test_requests_that_are_not_read(void **state)
{
    (void)state;
    static const struct {
        enum raw_peer_manner manner;
        int32_t timeout_ms;
        enum ht_attempt_error error;
        const char *detail;
    } rows[] = {
        {RAW_PEER_RESETS_BODY, LONG_MS, HT_ATTEMPT_RESET, "reset"},
        {RAW_PEER_READS_NOTHING, 300, HT_ATTEMPT_TIMEOUT, "too long to read the request"},
    };
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        struct raw_peer *p = raw_peer_start(
            &(struct raw_peer_options){.manner = rows[i].manner, .answer = OK_ANSWER, .receive_buffer = 4096});
        struct rig r;
        rig_open(&r, NULL);
        prepare(&r, "http", raw_peer_port(p), LARGE, rows[i].timeout_ms);
        run(&r);
        assert_ended(&r, rows[i].error, 0, rows[i].detail);
        rig_close(&r);
        raw_peer_stop(p);
    }
}

/* Bad moments ------------------------------------------------------------------------------------------------------ */

/* Whenever it is seen: at once, or with the request on the way. */
static void test_reset_at_once(void **state)
{
    (void)state;
    struct raw_peer *p = raw_peer_start(&(struct raw_peer_options){.manner = RAW_PEER_RESETS});
    struct rig r;
    rig_open(&r, NULL);
    for (int i = 0; i < 20; i++) {
        ask(&r, raw_peer_port(p));
        assert_ended(&r, HT_ATTEMPT_RESET, 0, NULL);
    }
    rig_close(&r);
    raw_peer_stop(p);
}

/* The handshake has the time that opening a connection has, however long the answer may take. */
static void test_handshake_stalls(void **state)
{
    (void)state;
    struct raw_peer *p = raw_peer_start(&(struct raw_peer_options){.manner = RAW_PEER_READS_NOTHING});
    struct rig r;
    rig_open(&r, NULL);
    prepare(&r, "https", raw_peer_port(p), 8, 100 * LONG_MS);
    assert_int_equal(r.x.connect_timeout_ms, 5000);
    r.x.connect_timeout_ms = 300;
    run(&r);
    assert_ended(&r, HT_ATTEMPT_TLS, 0, "the TLS handshake took too long");
    rig_close(&r);
    raw_peer_stop(p);
}

/* A process without descriptors gives up an idle connection, so that the next try finds one. */
static void test_no_descriptors(void **state)
{
    (void)state;
    struct raw_peer *p = raw_peer_start(&(struct raw_peer_options){.answer = OK_ANSWER});
    struct rlimit usual, small;
    struct rig r;
    int fillers[256], n = 0;
    rig_open(&r, NULL);
    int before = open_files();
    ask(&r, raw_peer_port(p));
    assert_int_equal(open_files(), before + 2);
    getrlimit(RLIMIT_NOFILE, &usual);
    small = usual;
    small.rlim_cur = HT_COUNT(fillers);
    setrlimit(RLIMIT_NOFILE, &small);
    while ((fillers[n] = dup(STDERR_FILENO)) >= 0) {
        n++;
    }
    ask(&r, 1);
    assert_true(r.x.starved);
    while (n > 0) {
        close(fillers[--n]);
    }
    setrlimit(RLIMIT_NOFILE, &usual);
    HT_TEST_UNTIL(open_files() == before, LONG_MS);
    rig_close(&r);
    raw_peer_stop(p);
}

static void test_certificates(void **state)
{
    (void)state;
    static const struct {
        enum ht_receiver_tls tls;
        const char *host;
        enum ht_attempt_error error;
        const char *detail;
    } rows[] = {
        {HT_RECEIVER_TLS, "127.0.0.1", HT_ATTEMPT_NONE, NULL},
        {HT_RECEIVER_TLS, "localhost", HT_ATTEMPT_NONE, NULL},
        {HT_RECEIVER_TLS_WRONG_HOST, "127.0.0.1", HT_ATTEMPT_TLS, "IP address mismatch"},
        {HT_RECEIVER_TLS_WRONG_HOST, "localhost", HT_ATTEMPT_TLS, "hostname mismatch"},
        {HT_RECEIVER_TLS_EXPIRED, "localhost", HT_ATTEMPT_TLS, "expired"},
        {HT_RECEIVER_TLS_SELF_SIGNED, "localhost", HT_ATTEMPT_TLS, "self-signed"},
        {HT_RECEIVER_TLS_OLD, "localhost", HT_ATTEMPT_TLS, "protocol version"},
    };
    for (size_t i = 0; i < HT_COUNT(rows); i++) {
        const struct ht_receiver_options o = {.tls = rows[i].tls};
        struct ht_receiver *receiver = NULL;
        struct rig r;
        LAB_OK(ht_receiver_start(&o, &receiver, &err));
        rig_open(&r, ht_receiver_ca_pem(receiver));
        ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200});
        prepare_to(&r, "https", rows[i].host, ht_receiver_port(receiver), 8, LONG_MS);
        run(&r);
        assert_ended(&r, rows[i].error, rows[i].error == HT_ATTEMPT_NONE ? 200 : 0, rows[i].detail);
        if (i == 0) { /* authorities that cannot be read are none */
            LAB_OK(ht_egress_set(&r.egress, "ca_file", "/none", &err));
            ht_poller_free(r.poller);
            const struct ht_poller_callbacks cb = {.done = on_done, .user = &r};
            LAB_OK(ht_poller_new(1, &r.guard, &cb, &r.poller, &err));
            prepare(&r, "https", ht_receiver_port(receiver), 8, LONG_MS);
            run(&r);
            assert_ended(&r, HT_ATTEMPT_TLS, 0, "the certificate authorities cannot be read from /none");
        }
        rig_close(&r);
        ht_receiver_stop(receiver);
    }
}

static void *demand_certificate(void *user)
{
    void **args = user;
    const struct ht_rx_tls *tls = args[0];
    const struct lab_spy *listener = args[1];
    char bytes[4096];
    int fd;
    while ((fd = accept(listener->fd, NULL, NULL)) < 0) {
        ht_test_pause();
    }
    SSL *ssl = SSL_new(tls->ctx);
    SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_set_fd(ssl, fd);
    int shaken = SSL_accept(ssl);
    SSL_free(ssl);
    shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, sizeof bytes, 0) > 0) {} /* else RST overtakes what was said */
    close(fd);
    return shaken == 1 ? NULL : user;
}

/* With TLS 1.3 a receiver says what is wrong with us when our side of the handshake is done. */
static void test_alert_is_told(void **state)
{
    (void)state;
    struct ht_rx_tls tls;
    struct lab_spy listener;
    struct rig r;
    pthread_t thread;
    void *args[] = {&tls, &listener}, *refused = NULL;
    LAB_OK(ht_rx_tls_init(&tls, HT_RECEIVER_TLS, &err));
    rig_open(&r, tls.ca_pem);
    lab_spy_open(&listener);
    assert_int_equal(pthread_create(&thread, NULL, demand_certificate, args), 0);
    prepare(&r, "https", listener.port, 8, LONG_MS);
    run(&r);
    pthread_join(thread, &refused);
    assert_non_null(refused);
    assert_ended(&r, HT_ATTEMPT_RESET, 0, "certificate required");
    rig_close(&r);
    lab_spy_close(&listener);
    ht_rx_tls_fini(&tls);
}

/* A header with a line end in it would be two, whoever let it through. */
static void test_torn_headers(void **state)
{
    (void)state;
    static const char *const torn[] = {"a\r\nX-Other: b", "a\n", "\ra", "a\r\n\r\nbody"};
    struct ht_exchange x;
    ht_exchange_init(&x);
    for (size_t i = 0; i < 2 * HT_COUNT(torn); i++) {
        struct ht_err err = {0};
        const char *text = torn[i / 2];
        ht_exchange_begin(&x);
        ht_exchange_header(&x, i % 2 ? text : "X-One", i % 2 ? "value" : text);
        assert_int_equal(ht_exchange_prepare(&x, "https://example.com/", LONG_MS, &err), HT_FAILED);
    }
    ht_exchange_begin(&x); /* and the next is none the worse */
    ht_exchange_header(&x, "X-One", "value");
    LAB_OK(ht_exchange_prepare(&x, "https://example.com?q", LONG_MS, &err));
    assert_non_null(strstr(x.wire.data, "POST /?q HTTP/1.1\r\nHost: example.com\r\n"));
    ht_exchange_fini(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_plain),
        cmocka_unit_test(test_kept_tls),
        cmocka_unit_test(test_answers_that_end_a_connection),
        cmocka_unit_test(test_closed_under_the_request),
        cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_large_body_tls),
        cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_requests_that_are_not_read),
        cmocka_unit_test(test_reset_at_once),
        cmocka_unit_test(test_handshake_stalls),
        cmocka_unit_test(test_no_descriptors),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_alert_is_told),
        cmocka_unit_test(test_torn_headers),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
