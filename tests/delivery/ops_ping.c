/* Test events: what goes out, how it is judged, what it changes and what it does not. */
#include <stdlib.h>
#include <string.h>
#include "hooktop/profile/profile.h"
#include "ops_world.h"
#include "profile_vectors.h"

static struct ht_ping_result pinged(const struct ht_ops *ops, const struct ht_endpoint *e)
{
    struct ht_ping_result r = {0};
    struct ht_err err = {0};
    must(ht_ops_ping(ops, e, NULL, &r, &err), &err);
    return r;
}

/* An endpoint whose receiver holds its key. */
static struct ht_endpoint known_endpoint(struct world *w, int tenant, const char *path, enum ht_answer answer,
                                         int64_t arg)
{
    struct ht_endpoint e = world_endpoint(w, tenant, path);
    struct ht_secret *secret = NULL;
    char *public = NULL;
    world_add(w, tenant, &e, &secret, &public);
    const struct ht_verify_key key = {.secret = secret, .public_key = public};
    world_expect(w, path, tenant, &key, 1, answer, arg);
    ht_secret_free(secret);
    free(public);
    return e;
}

static void every_profiles_test_event_verifies(void **state)
{
    struct world *w = *state;
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        const char *path = text_of("/%d", tenant);
        struct ht_endpoint e = known_endpoint(w, tenant, path, HT_ANSWER_STATUS, 200);
        struct ht_ping_result r = pinged(&w->ops, &e);
        struct ht_route_counts counts;
        ht_receiver_counts(w->receiver, path, &counts);
        if (!r.success || counts.verified != 1 || counts.pings != 1)
            fail_msg("%s: %d %s", e.profile, r.status, counts.last_why);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.error, HT_ATTEMPT_NONE);
        assert_int_equal(r.signed_ping, tenant != INSTACLAIM);
        assert_int_equal(r.verified_now, tenant == CLAIMPORT);
        assert_non_null(strstr(r.request_body, "webhook.test"));
        assert_non_null(strstr(r.request_headers, "User-Agent: "));
        assert_null(strstr(r.request_headers, "X-Hooktop-"));
        ht_ping_result_fini(&r);
        ht_endpoint_fini(&e);
    }
    assert_int_equal(world_count(w, "SELECT (SELECT count(*) FROM hooktop.event)"
                                    " + (SELECT count(*) FROM hooktop.delivery)"
                                    " + (SELECT count(*) FROM hooktop.attempt)"),
                     0);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE action = 'endpoint.pinged'"
                                    " AND reason = 'a test'"),
                     TENANTS);
}

static void claimport_wants_exactly_200(void **state)
{
    struct world *w = *state;
    static const int answers[] = {204, 201, 302, 500, 410};
    struct ht_endpoint e = known_endpoint(w, CLAIMPORT, "/a", HT_ANSWER_STATUS, 200);
    struct ht_ping_result r;
    for (size_t i = 0; i < HT_COUNT(answers); i++) {
        const struct ht_route route = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = answers[i]};
        ht_receiver_route(w->receiver, &route);
        r = pinged(&w->ops, &e);
        assert_int_equal(r.status, answers[i]);
        assert_false(r.success);
        assert_false(r.verified_now);
        ht_ping_result_fini(&r);
        struct ht_endpoint found = world_find(w, &e);
        assert_int_equal(found.status, HT_ENDPOINT_UNVERIFIED);
        ht_endpoint_fini(&found);
    }
    const struct ht_route good = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200};
    ht_receiver_route(w->receiver, &good);
    r = pinged(&w->ops, &e);
    assert_true(r.success && r.verified_now);
    ht_ping_result_fini(&r);
    struct ht_endpoint found = world_find(w, &e);
    assert_int_equal(found.status, HT_ENDPOINT_ACTIVE);
    r = pinged(&w->ops, &found);
    assert_true(r.success);
    assert_false(r.verified_now);
    ht_ping_result_fini(&r);
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
}

static void others_count_any_2xx_and_a_410_disables_nothing(void **state)
{
    struct world *w = *state;
    static const struct {
        int status;
        bool success;
    } answers[] = {{200, true}, {204, true}, {302, false}, {404, false}, {410, false}, {503, false}};
    struct ht_endpoint e = known_endpoint(w, STANDARD, "/a", HT_ANSWER_STATUS, 200);
    for (size_t i = 0; i < HT_COUNT(answers); i++) {
        const struct ht_route route = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = answers[i].status};
        ht_receiver_route(w->receiver, &route);
        struct ht_ping_result r = pinged(&w->ops, &e);
        assert_int_equal(r.success, answers[i].success);
        ht_ping_result_fini(&r);
    }
    struct ht_endpoint found = world_find(w, &e);
    assert_int_equal(found.status, HT_ENDPOINT_ACTIVE);
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
}

static void a_receiver_that_fails_is_a_result(void **state)
{
    struct world *w = *state;
    static const struct {
        enum ht_answer answer;
        enum ht_attempt_error error;
        int32_t timeout_ms;
    } cases[] = {{HT_ANSWER_HANG, HT_ATTEMPT_TIMEOUT, 2000}, {HT_ANSWER_CLOSE, HT_ATTEMPT_EMPTY, 60000}};
    struct ht_endpoint e = known_endpoint(w, STANDARD, "/a", HT_ANSWER_STATUS, 200);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        const struct ht_route route = {.path = "/a", .answer = cases[i].answer};
        e.timeout_ms = cases[i].timeout_ms;
        ht_receiver_route(w->receiver, &route);
        struct ht_ping_result r = pinged(&w->ops, &e);
        assert_false(r.success);
        assert_int_equal(r.error, cases[i].error);
        ht_ping_result_fini(&r);
    }
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE action = 'endpoint.pinged'"),
                     HT_COUNT(cases));
    ht_endpoint_fini(&e);
}

static void during_an_overlap_both_secrets_sign(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    struct ht_secret *first = NULL, *second = NULL;
    char *public = NULL;
    struct ht_uuid id;
    struct ht_err err = {0};
    world_add(w, STANDARD, &e, &first, NULL);
    must(ht_ops_rotate(&w->ops, &e, 3600000, &id, &second, &public, &err), &err);
    const struct ht_verify_key keys[] = {{.secret = first}, {.secret = second}};
    for (size_t i = 0; i < 2; i++) {
        world_expect(w, "/a", STANDARD, &keys[i], 1, HT_ANSWER_STATUS, 200);
        struct ht_ping_result r = pinged(&w->ops, &e);
        assert_true(r.success);
        ht_ping_result_fini(&r);
    }
    ht_secret_free(first);
    ht_secret_free(second);
    ht_endpoint_fini(&e);
}

static void before_the_cut_over_the_old_secret_signs(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, CLAIMPORT, "/a");
    struct ht_secret *first = NULL, *second = NULL;
    char *public = NULL;
    struct ht_uuid id;
    struct ht_err err = {0};
    world_add(w, CLAIMPORT, &e, &first, NULL);
    must(ht_ops_rotate(&w->ops, &e, 3600000, &id, &second, &public, &err), &err);
    const struct ht_verify_key old = {.secret = first}, new = {.secret = second};
    world_expect(w, "/a", CLAIMPORT, &new, 1, HT_ANSWER_STATUS, 200);
    struct ht_ping_result r = pinged(&w->ops, &e);
    assert_int_equal(r.status, 400);
    ht_ping_result_fini(&r);
    world_expect(w, "/a", CLAIMPORT, &old, 1, HT_ANSWER_STATUS, 200);
    r = pinged(&w->ops, &e);
    assert_true(r.success);
    ht_ping_result_fini(&r);
    ht_secret_free(first);
    ht_secret_free(second);
    ht_endpoint_fini(&e);
}

static void a_signed_ping_needs_the_key_ring(void **state)
{
    struct world *w = *state;
    struct ht_err no_ring = {0}, err = {0};
    (void)ht_fail(&no_ring, HT_NOT_FOUND, "key ring /etc/hooktop/key-ring", NULL, "there is no such file");
    struct ht_ops ops = w->ops;
    ops.ring = NULL;
    ops.no_ring = &no_ring;
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        struct ht_endpoint e = known_endpoint(w, tenant, "/a", HT_ANSWER_STATUS, 200);
        struct ht_ping_result r = {0};
        enum ht_rc rc = ht_ops_ping(&ops, &e, NULL, &r, &err);
        assert_int_equal(rc, tenant == INSTACLAIM ? HT_OK : HT_DENIED);
        if (rc == HT_DENIED)
            assert_non_null(strstr(err.why, "/etc/hooktop/key-ring: there is no such file"));
        ht_err_clear(&err);
        ht_ping_result_fini(&r);
        ht_endpoint_fini(&e);
    }
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, NULL, &counts);
    assert_int_equal(counts.requests, 1);
}

/* Nothing is sent for someone who may not, since what was sent could not be audited. */
static void who_may_ping(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *role;
        enum ht_rc is_unsigned, is_signed;
        const char *role_needed;
    } cases[] = {{"viewer", HT_DENIED, HT_DENIED, "hooktop_support"},
                 {"worker", HT_DENIED, HT_DENIED, "hooktop_support"},
                 {"support", HT_OK, HT_DENIED, "hooktop_worker"},
                 {"oncall", HT_OK, HT_OK, NULL}};
    struct ht_endpoint plain = known_endpoint(w, INSTACLAIM, "/a", HT_ANSWER_STATUS, 200);
    struct ht_endpoint keyed = known_endpoint(w, CLAIMABLE, "/b", HT_ANSWER_STATUS, 200);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_ops ops = {.conn = world_login(w, cases[i].role), .egress = &w->egress, .ring = w->ring};
        struct ht_ping_result a = {0}, b = {0};
        struct ht_err err = {0};
        assert_int_equal(ht_ops_ping(&ops, &plain, NULL, &a, &err), cases[i].is_unsigned);
        ht_err_clear(&err);
        assert_int_equal(ht_ops_ping(&ops, &keyed, NULL, &b, &err), cases[i].is_signed);
        if (cases[i].role_needed && !strstr(text_of("%s %s", err.why, err.fix), cases[i].role_needed))
            fail_msg("%s: %s: %s", cases[i].role, err.why, err.fix);
        ht_ping_result_fini(&a);
        ht_ping_result_fini(&b);
        ht_conn_close(ops.conn);
    }
    struct ht_route_counts counts;
    ht_receiver_counts(w->receiver, NULL, &counts);
    assert_int_equal(counts.requests, 3);
    ht_endpoint_fini(&plain);
    ht_endpoint_fini(&keyed);
}

static void look_for_header(void *user, const struct ht_recorded *rec)
{
    *(bool *)user |= strstr(rec->head, "X-Team: secret-token-123") != NULL;
}

static void own_headers_are_sent_and_not_shown(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    bool seen = false;
    e.headers[0] = (struct ht_header){ht_strdup("X-Team"), ht_strdup("secret-token-123")};
    e.headers_len = 1;
    world_add(w, STANDARD, &e, NULL, NULL);
    const struct ht_route any = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200};
    ht_receiver_route(w->receiver, &any);
    struct ht_endpoint found = world_find(w, &e);
    struct ht_ping_result r = pinged(&w->ops, &found);
    ht_receiver_each(w->receiver, look_for_header, &seen);
    assert_true(seen);
    assert_non_null(strstr(r.request_headers, "X-Team: "));
    assert_null(strstr(r.request_headers, "secret-token-123"));
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE detail::text LIKE '%secret-token%'"), 0);
    ht_ping_result_fini(&r);
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
}

static void a_cancelled_ping_ends_early(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = known_endpoint(w, STANDARD, "/a", HT_ANSWER_HANG, 0);
    const atomic_bool cancel = true;
    struct ht_ping_result r = {0};
    struct ht_err err = {0};
    assert_int_equal(ht_ops_ping(&w->ops, &e, &cancel, &r, &err), HT_CANCELLED);
    ht_endpoint_fini(&e);
}

static void the_body_of_a_delivery_can_be_rebuilt(void **state)
{
    struct world *w = *state;
    struct ht_event event = {0};
    struct ht_uuid id;
    int32_t deliveries;
    struct ht_buf body;
    struct ht_err err = {0};
    char tenant[HT_UUID_TEXT], text[HT_UUID_TEXT];
    ht_uuid_format(&w->tenants[CLAIMABLE].id, tenant);
    static const char data[] = "{ \"claim\" : {\"n\": 1.0}}";
    const struct ht_emit_input in = {
        .tenant = tenant, .type = "claim.closed", .data = data, .data_len = sizeof data - 1, .performed_by = "Ines"};
    must(ht_store_emit(w->conn, &in, &id, &deliveries, &err), &err);
    ht_uuid_format(&id, text);
    must(ht_store_event_find(w->conn, text, &event, &err), &err);
    ht_buf_init(&body, HT_BODY_MAX);
    must(ht_ops_body(&event, "claimable", &body, &err), &err);
    assert_string_equal(body.data, "{ \"claim\" : {\"n\": 1.0},\"event_name\":\"claim.closed\",\"source\":\"api\","
                                   "\"performed_by\":\"Ines\"}");
    ht_buf_fini(&body);
    ht_buf_init(&body, HT_BODY_MAX);
    assert_int_equal(ht_ops_body(&event, "unheard", &body, &err), HT_USAGE);
    ht_buf_fini(&body);
    ht_event_fini(&event);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_profiles_test_event_verifies),
        TEST(claimport_wants_exactly_200),
        TEST(others_count_any_2xx_and_a_410_disables_nothing),
        TEST(a_receiver_that_fails_is_a_result),
        TEST(during_an_overlap_both_secrets_sign),
        TEST(before_the_cut_over_the_old_secret_signs),
        TEST(a_signed_ping_needs_the_key_ring),
        TEST(who_may_ping),
        TEST(own_headers_are_sent_and_not_shown),
        TEST(a_cancelled_ping_ends_early),
        TEST(the_body_of_a_delivery_can_be_rebuilt),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
