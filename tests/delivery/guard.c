/* Nothing leaves for where it must not go: spies listen where no connection may arrive. Some tests need names that lead
 * inside; they give this process a hosts file of its own, which takes root or a user namespace. */
#include "delivery_lab.h"

#include <curl/curl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../../src/delivery/poller.h"
#include "hooktop/base/clock.h"

static const char *spy_url(const struct lab_spy *s, const char *scheme, const char *host)
{
    static char urls[8][256];
    static size_t n;
    char *url = urls[n++ % 8];
    snprintf(url, sizeof urls[0], "%s://%s:%d/", scheme, host, s->port);
    return url;
}

/* https only, no exception but the spy's port: what a worker in production might have. */
static struct ht_egress strict(const struct lab_spy *s)
{
    struct ht_egress e;
    char ports[32];
    ht_egress_init(&e);
    snprintf(ports, sizeof ports, "443, %d", s->port);
    LAB_OK(ht_egress_set(&e, "http", "yes", &err));
    LAB_OK(ht_egress_set(&e, "ports", ports, &err));
    return e;
}

/* The endpoint was made when the policy was another. */
static void test_policy_has_changed(void **state)
{
    struct lab *w = *state;
    struct lab_spy spy;
    lab_spy_open(&spy);
    struct lab_endpoint e = {.url = spy_url(&spy, "http", "127.0.0.1")};
    struct ht_egress policy = strict(&spy);
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.egress = &policy});
    LAB_UNTIL(w, &e, LAB_ATTEMPTS, 1);
    HT_AUTOFREE char *said = lab_text(w, &e,
                                      "SELECT a.error || ': ' || a.error_detail FROM hooktop.attempt a JOIN "
                                      "hooktop.delivery d ON d.id = a.delivery_id WHERE d.endpoint_id = %s");
    assert_string_equal(said, "blocked: its address is refused by the rule 'loopback'");
    /* not again within the hour */
    int64_t s = lab_int(w, &e,
                        "SELECT extract(epoch FROM due_at - now())::int FROM hooktop.tenant_webhook_outbox WHERE "
                        "endpoint_id = %s");
    assert_in_range(s, 3500, 3960);
    lab_stop(w);
    assert_int_equal(lab_spy_count(&spy), 0);
    lab_spy_close(&spy);
    lab_endpoint_fini(&e);
}

static bool own_hosts_file(const char *text)
{
    char path[600];
    HT_AUTOFREE char *dir = ht_test_dir();
    snprintf(path, sizeof path, "%s/hosts", dir);
    ht_test_write_file(path, text, strlen(text));
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
        return false;
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(path, "/etc/hosts", NULL, MS_BIND, NULL) == 0;
}

static void test_proxy_variables(void **state)
{
    struct lab *w = *state;
    static const char *const names[] = {"http_proxy", "https_proxy", "all_proxy",
                                        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};
    struct lab_spy spy;
    struct lab_endpoint e = {.path = "/a"};
    lab_spy_open(&spy);
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        setenv(names[i], spy_url(&spy, "http", "127.0.0.1"), 1);
    }
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), 1);
    lab_stop(w);
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        unsetenv(names[i]);
    }
    assert_int_equal(lab_spy_count(&spy), 0);
    lab_spy_close(&spy);
    lab_endpoint_fini(&e);
}

static void test_redirects(void **state)
{
    struct lab *w = *state;
    struct lab_spy spy;
    lab_spy_open(&spy);
    struct lab_endpoint e = {
        .path = "/a", .answer = HT_ANSWER_REDIRECT, .arg = 307, .text = spy_url(&spy, "http", "127.0.0.1")};
    lab_endpoint(w, &e);
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, NULL);
    LAB_UNTIL(w, &e, LAB_ATTEMPTS, 1);
    lab_stop(w);
    assert_int_equal(lab_spy_count(&spy), 0);
    lab_spy_close(&spy);
    lab_endpoint_fini(&e);
}

/* Single sends ----------------------------------------------------------------------------------------------------- */

/* More than any stall of this machine; what ends with its time limit names one of its own. */
#define LONG_MS 60000

static struct ht_send_request request(const char *url, int32_t timeout_ms)
{
    static struct ht_wire_headers headers = {.n = 1, .h = {{.name = "User-Agent", .value = "test"}}};
    static char name[] = "X-Key", value[] = "hidden value";
    static struct ht_header custom = {.name = name, .value = value};
    return (struct ht_send_request){.url = url,
                                    .headers = &headers,
                                    .custom = &custom,
                                    .custom_len = 1,
                                    .body = "{\"a\": 1}",
                                    .body_len = 8,
                                    .timeout_ms = timeout_ms};
}

static void last_head(void *user, const struct ht_recorded *rec)
{
    snprintf(user, 4096, "%s", rec->head);
}

/* What is stored of a request is what was on the wire, the endpoint's own values aside. */
static void test_single_send(void **state)
{
    struct lab *w = *state;
    struct ht_ping_result r = {0};
    char url[128], head[4096] = "", expected[4096];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/once", ht_receiver_port(w->receiver));
    ht_receiver_route(w->receiver, &(struct ht_route){.path = "/once", .answer = HT_ANSWER_STATUS, .arg = 202});
    struct ht_send_request q = request(url, LONG_MS);
    LAB_OK(ht_send_once(&w->egress, &q, NULL, &r, &err));
    assert_int_equal(r.error, HT_ATTEMPT_NONE);
    assert_int_equal(r.status, 202);
    assert_string_equal(r.request_body, "{\"a\": 1}");
    snprintf(expected, sizeof expected, "127.0.0.1:%d", ht_receiver_port(w->receiver));
    assert_string_equal(r.address, expected);
    assert_true(r.phases.total_us > 0 && r.phases.connect_us > 0 && r.phases.tls_us == 0);
    ht_receiver_each(w->receiver, last_head, head);
    snprintf(expected, sizeof expected,
             "POST /once HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nContent-Type: application/json\r\n"
             "User-Agent: test\r\nX-Key: hidden value\r\nContent-Length: 8\r\n",
             ht_receiver_port(w->receiver));
    assert_int_equal(strncmp(head, expected, strlen(expected)), 0);
    snprintf(expected, sizeof expected,
             "Host: 127.0.0.1:%d\nAccept: */*\nContent-Type: application/json\nUser-Agent: test\nX-Key: ****\n"
             "Content-Length: 8",
             ht_receiver_port(w->receiver));
    assert_string_equal(r.request_headers, expected);
    ht_ping_result_fini(&r);
}

static void test_single_send_is_guarded(void **state)
{
    (void)state;
    struct lab_spy spy;
    struct ht_ping_result r = {0};
    struct ht_err err = {0};
    lab_spy_open(&spy);
    struct ht_egress policy = strict(&spy);
    struct ht_send_request q = request(spy_url(&spy, "http", "127.0.0.1"), LONG_MS);
    assert_int_equal(ht_send_once(&policy, &q, NULL, &r, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "loopback"));
    assert_int_equal(lab_spy_count(&spy), 0);
    struct ht_header bad = {.name = (char[]){"Host"}, .value = (char[]){"evil"}};
    q = request("https://example.com/", LONG_MS);
    q.custom = &bad;
    err = (struct ht_err){0};
    assert_int_equal(ht_send_once(&policy, &q, NULL, &r, &err), HT_USAGE);
    lab_spy_close(&spy);
}

static void *cancel_when_it_hangs(void *user)
{
    void **args = user;
    struct ht_receiver *r = args[0];
    ht_receiver_wait_requests(r, "/hang", 1, LONG_MS);
    atomic_store((atomic_bool *)args[1], true);
    return NULL;
}

static void test_single_send_can_be_cancelled(void **state)
{
    struct lab *w = *state;
    struct ht_ping_result r = {0};
    struct ht_err err = {0};
    atomic_bool cancel = false;
    void *args[] = {w->receiver, &cancel};
    pthread_t thread;
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/hang", ht_receiver_port(w->receiver));
    ht_receiver_route(w->receiver, &(struct ht_route){.path = "/hang", .answer = HT_ANSWER_HANG});
    struct ht_send_request q = request(url, LONG_MS);
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_it_hangs, args), 0);
    assert_int_equal(ht_send_once(&w->egress, &q, &cancel, &r, &err), HT_CANCELLED);
    pthread_join(thread, NULL);
}

static void on_done(void *user, struct ht_exchange *x)
{
    (void)x;
    (*(int *)user)++;
}

/* A kept connection is looked at again before each request. */
static void test_kept_connection(void **state)
{
    struct lab *w = *state;
    struct ht_guard guard;
    struct ht_exchange x;
    struct ht_poller *poller = NULL;
    struct ht_egress policy = w->egress;
    char url[128];
    int done = 0;
    const struct ht_poller_callbacks cb = {.done = on_done, .user = &done};
    ht_receiver_route(w->receiver, &(struct ht_route){.path = "/kept", .answer = HT_ANSWER_STATUS, .arg = 200});
    snprintf(url, sizeof url, "http://127.0.0.1:%d/kept", ht_receiver_port(w->receiver));
    ht_guard_init(&guard, &policy);
    ht_exchange_init(&x);
    LAB_OK(ht_poller_new(1, &guard, &cb, &poller, &err));
    static const enum ht_attempt_error expected[] = {HT_ATTEMPT_NONE, HT_ATTEMPT_NONE, HT_ATTEMPT_BLOCKED};
    for (int i = 0; i < (int)HT_COUNT(expected); i++) {
        struct ht_attempt a = {0};
        if (i == 2) {
            LAB_OK(ht_egress_set(&policy, "allow", "", &err));
        }
        ht_exchange_begin(&x);
        LAB_OK(ht_exchange_prepare(&x, url, LONG_MS, &err));
        assert_true(ht_poller_start(poller, &x, 0));
        while (done == i) {
            ht_poller_step(poller, ht_mono_us() + 1000000);
        }
        ht_exchange_finish(&x, &a);
        assert_int_equal(a.error, expected[i]);
        assert_true(i == 0 || a.phases.connect_us == 0);
        ht_attempt_fini(&a);
    }
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, "/kept", &counts);
    assert_int_equal(counts.requests, 2);
    assert_int_equal(ht_receiver_connections(w->receiver), 1);
    ht_exchange_fini(&x);
    ht_poller_free(poller);
}

/* TLS -------------------------------------------------------------------------------------------------------------- */

static void test_tls(void **state)
{
    struct lab *w = *state;
    static const struct {
        enum ht_receiver_tls tls;
        enum ht_attempt_error error;
    } cases[] = {
        {HT_RECEIVER_TLS, HT_ATTEMPT_NONE},        {HT_RECEIVER_TLS_SELF_SIGNED, HT_ATTEMPT_TLS},
        {HT_RECEIVER_TLS_EXPIRED, HT_ATTEMPT_TLS}, {HT_RECEIVER_TLS_WRONG_HOST, HT_ATTEMPT_TLS},
        {HT_RECEIVER_TLS_OLD, HT_ATTEMPT_TLS},
    };
    HT_AUTOFREE char *dir = ht_test_dir();
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        const struct ht_receiver_options o = {.tls = cases[i].tls, .record = true};
        struct ht_receiver *r = NULL;
        struct ht_ping_result result = {0};
        struct ht_egress policy = w->egress;
        char ca[600], url[128];
        LAB_OK(ht_receiver_start(&o, &r, &err));
        ht_receiver_route(r, &(struct ht_route){.path = "/", .answer = HT_ANSWER_STATUS, .arg = 200});
        snprintf(url, sizeof url, "https://127.0.0.1:%d/", ht_receiver_port(r));
        struct ht_send_request q = request(url, LONG_MS);
        if (i == 0) {
            /* first without its authority: the system's do not know it */
            LAB_OK(ht_send_once(&policy, &q, NULL, &result, &err));
            assert_int_equal(result.error, HT_ATTEMPT_TLS);
            assert_non_null(result.error_detail);
            ht_ping_result_fini(&result);
            result = (struct ht_ping_result){0};
        }
        snprintf(ca, sizeof ca, "%s/ca", dir);
        ht_test_write_file(ca, ht_receiver_ca_pem(r), strlen(ht_receiver_ca_pem(r)));
        LAB_OK(ht_egress_set(&policy, "ca_file", ca, &err));
        LAB_OK(ht_send_once(&policy, &q, NULL, &result, &err));
        if (result.error != cases[i].error) {
            fail_msg("TLS case %zu: %s (%s)", i, ht_attempt_words[result.error].name, result.error_detail);
        }
        assert_true(i > 0 || result.phases.tls_us > 0);
        struct ht_route_counts counts;
        ht_receiver_counts(r, "/", &counts);
        assert_int_equal(counts.requests, i == 0 ? 1 : 0); /* not a byte of the request left before the handshake */
        ht_ping_result_fini(&result);
        ht_receiver_stop(r);
    }
}

/* A listener that accepts and says nothing, where a handshake is due. */
static void test_tls_stalls(void **state)
{
    struct lab *w = *state;
    struct lab_spy spy;
    struct ht_ping_result r = {0};
    lab_spy_open(&spy);
    struct ht_send_request q = request(spy_url(&spy, "https", "127.0.0.1"), 2000);
    LAB_OK(ht_send_once(&w->egress, &q, NULL, &r, &err));
    assert_int_equal(r.error, HT_ATTEMPT_TLS);
    ht_ping_result_fini(&r);
    lab_spy_close(&spy);
}

/* Names ------------------------------------------------------------------------------------------------------------ */

/* Of a name's two addresses the first is refused; what comes of the second is not blamed on that. */
static void check_one_of_two(struct lab *w)
{
    struct ht_ping_result r = {0};
    char url[128];
    snprintf(url, sizeof url, "http://two.example:%d/hang", ht_receiver_port(w->receiver));
    ht_receiver_route(w->receiver, &(struct ht_route){.path = "/hang", .answer = HT_ANSWER_HANG});
    struct ht_send_request q = request(url, 1000);
    LAB_OK(ht_send_once(&w->egress, &q, NULL, &r, &err));
    assert_int_equal(r.error, HT_ATTEMPT_TIMEOUT);
    ht_ping_result_fini(&r);
}

static void test_names_that_lead_inside(void **state)
{
    struct lab *w = *state;
    struct lab_spy spy;
    static const struct {
        const char *host;
        const char *detail;
    } names[] = {
        {"loop.example", "the address 127.0.0.1 is refused by the rule 'loopback'"},
        {"loop6.example", "the address ::1 is refused by the rule 'loopback'"},
        {"mapped.example", "the address ::ffff:127.0.0.1 is refused by the rule 'IPv4 inside IPv6'"},
        {"meta.example", "the address 169.254.169.254 is refused by the rule 'link-local and metadata'"},
        {"private.example", "the address 10.1.2.3 is refused by the rule 'private'"},
    };
    struct lab_endpoint e[HT_COUNT(names)] = {0};
    lab_spy_open(&spy);
    struct ht_egress policy = strict(&spy);
    if (!own_hosts_file("127.0.0.1 loop.example\n::1 loop6.example\n::ffff:127.0.0.1 mapped.example\n"
                        "169.254.169.254 meta.example\n10.1.2.3 private.example\n"
                        "::1 two.example\n127.0.0.1 two.example\n")) {
        print_message("# no mount namespace for this user\n");
        skip();
    }
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        e[i].url = spy_url(&spy, "http", names[i].host);
        lab_endpoint(w, &e[i]);
    }
    lab_emit(w, NULL, "thing.happened", "{}");
    lab_start(w, &(struct ht_engine_options){.egress = &policy});
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        LAB_UNTIL(w, &e[i], LAB_ATTEMPTS, 1);
        HT_AUTOFREE char *said = lab_text(w, &e[i],
                                          "SELECT a.error_detail FROM hooktop.attempt a JOIN hooktop.delivery d ON "
                                          "d.id = a.delivery_id WHERE d.endpoint_id = %s AND a.error = 'blocked'");
        assert_non_null(said);
        assert_string_equal(said, names[i].detail);
        lab_endpoint_fini(&e[i]);
    }
    lab_stop(w);
    assert_int_equal(lab_spy_count(&spy), 0);
    lab_spy_close(&spy);
    check_one_of_two(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_policy_has_changed, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_proxy_variables, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_redirects, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_single_send, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_single_send_is_guarded, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_single_send_can_be_cancelled, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_kept_connection, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_tls, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_tls_stalls, lab_setup, lab_teardown),
        /* last: it changes what this process sees */
        cmocka_unit_test_setup_teardown(test_names_that_lead_inside, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
