/* TLS as libcurl sees it: it verifies the receiver's certificate against the receiver's own authority. */
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

static struct ht_receiver *start(enum ht_receiver_tls tls)
{
    struct ht_err err = {0};
    struct ht_receiver *r = NULL;
    if (ht_receiver_start(&(struct ht_receiver_options){.tls = tls}, &r, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    ht_receiver_route(r, &(struct ht_route){.path = "/a"});
    return r;
}

static void post(struct ht_receiver *r, const char *host, const char *ca, int32_t timeout_ms, struct curl_answer *ret)
{
    char url[128];
    snprintf(url, sizeof(url), "https://%s:%d/a", host, ht_receiver_port(r));
    curl_post(url, NULL, "{}", ca, timeout_ms, ret);
}

static void a_good_certificate_is_accepted(void **state)
{
    struct curl_answer a;
    (void)state;
    struct ht_receiver *r = start(HT_RECEIVER_TLS);
    post(r, "127.0.0.1", ht_receiver_ca_pem(r), 60000, &a);
    assert_int_equal(a.rc, CURLE_OK);
    assert_int_equal(a.status, 200);
    post(r, "localhost", ht_receiver_ca_pem(r), 60000, &a);
    assert_int_equal(a.rc, CURLE_OK);
    /* without the authority it is as good as self-signed */
    post(r, "127.0.0.1", NULL, 60000, &a);
    assert_int_equal(a.rc, CURLE_PEER_FAILED_VERIFICATION);
    ht_receiver_stop(r);
}

static void a_large_answer_goes_through_tls(void **state)
{
    struct curl_answer a;
    (void)state;
    struct ht_receiver *r = start(HT_RECEIVER_TLS);
    ht_receiver_route(r, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_BIG_BODY, .arg = 3000000});
    post(r, "127.0.0.1", ht_receiver_ca_pem(r), 60000, &a);
    assert_int_equal(a.rc, CURLE_OK);
    assert_int_equal(a.body_bytes, 3000000);
    ht_receiver_route(r, &(struct ht_route){.path = "/a", .answer = HT_ANSWER_CLOSE});
    post(r, "127.0.0.1", ht_receiver_ca_pem(r), 60000, &a);
    assert_int_equal(a.rc, CURLE_GOT_NOTHING);
    ht_receiver_stop(r);
}

static void bad_ones_fail_the_handshake(void **state)
{
    static const struct {
        enum ht_receiver_tls tls;
        int rc;
    } cases[] = {
        {HT_RECEIVER_TLS_SELF_SIGNED, CURLE_PEER_FAILED_VERIFICATION},
        {HT_RECEIVER_TLS_EXPIRED, CURLE_PEER_FAILED_VERIFICATION},
        {HT_RECEIVER_TLS_WRONG_HOST, CURLE_PEER_FAILED_VERIFICATION},
        {HT_RECEIVER_TLS_OLD, CURLE_SSL_CONNECT_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct curl_answer a;
        struct ht_route_counts c;
        struct ht_receiver *r = start(cases[i].tls);
        post(r, "127.0.0.1", ht_receiver_ca_pem(r), 60000, &a);
        if (a.rc != cases[i].rc)
            fail_msg("mode %d: curl says %d (%s)", (int)cases[i].tls, a.rc, curl_easy_strerror((CURLcode)a.rc));
        ht_receiver_counts(r, NULL, &c);
        assert_int_equal(c.requests, 0);
        assert_int_equal(ht_receiver_connections(r), 1);
        ht_receiver_stop(r);
    }
}

static void a_silent_handshake_is_waited_for_in_vain(void **state)
{
    struct curl_answer a;
    (void)state;
    struct ht_receiver *r = start(HT_RECEIVER_TLS_SILENT);
    post(r, "127.0.0.1", NULL, 1000, &a);
    assert_int_equal(a.rc, CURLE_OPERATION_TIMEDOUT);
    assert_null(ht_receiver_ca_pem(r));
    ht_receiver_stop(r);
}

static void plain_text_at_a_tls_port_gets_no_answer(void **state)
{
    char text[512];
    (void)state;
    struct ht_receiver *r = start(HT_RECEIVER_TLS);
    int fd = raw_connect(ht_receiver_port(r));
    raw_post(fd, "/a", "", "{}");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 0);
    close(fd);
    ht_receiver_stop(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_certificate_is_accepted),
        cmocka_unit_test(a_large_answer_goes_through_tls),
        cmocka_unit_test(bad_ones_fail_the_handshake),
        cmocka_unit_test(a_silent_handshake_is_waited_for_in_vain),
        cmocka_unit_test(plain_text_at_a_tls_port_gets_no_answer),
    };
    curl_global_init(CURL_GLOBAL_ALL);
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
