/* Headers and signatures, against vectors that openssl, Standard Webhooks and GitHub published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile_vectors.h"

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct ht_profile *profile(const char *name)
{
    return ht_profile_find(name);
}

/* Exactly these headers, in this order; pairs of name and value, ended by NULL. */
static void assert_headers(const struct request *r, const char *const *pairs)
{
    size_t n = 0;
    for (; pairs[2 * n] != NULL; n++) {
        assert_true(n < r->wire.n);
        assert_string_equal(r->wire.h[n].name, pairs[2 * n]);
        assert_string_equal(r->wire.h[n].value, pairs[2 * n + 1]);
    }
    assert_int_equal(r->wire.n, n);
}

static void instaclaim_signs_the_body_with_every_live_secret(void **state)
{
    (void)state;
    struct bytes body = vector_file("instaclaim.body");
    const char *current = vector("secret_current"), *previous = vector("secret_previous");
    const char *a = vector("instaclaim.body:current:hex"), *b = vector("instaclaim.body:previous:hex");
    struct request r = signed_request(profile("instaclaim"), "claim_project.created", body, false, KEYS(current));
    assert_headers(&r, KEYS("User-Agent", "instaClaim-Webhooks/1.0", "X-InstaClaim-Event", "claim_project.created",
                            "X-InstaClaim-Timestamp", "1795183378", "X-InstaClaim-Signature", text_of("v1=%s", a)));
    r = signed_request(profile("instaclaim"), "claim_project.created", body, false, KEYS(current, previous));
    assert_string_equal(header_of(&r, "X-InstaClaim-Signature"), text_of("v1=%s,v1=%s", a, b));
    r = signed_request(profile("instaclaim"), "claim_project.created", body, false, KEYS(previous, current));
    assert_string_equal(header_of(&r, "X-InstaClaim-Signature"), text_of("v1=%s,v1=%s", b, a));
}

static void instaclaim_pings_are_unsigned(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    struct request r =
        signed_request(profile("instaclaim"), "webhook.test", vector_file("instaclaim.ping"), true, none);
    assert_headers(&r, KEYS("User-Agent", "instaClaim-Webhooks/1.0", "X-InstaClaim-Event", "webhook.test"));
    r = signed_request(profile("instaclaim"), "webhook.test", vector_file("instaclaim.ping"), true,
                       KEYS(vector("secret_current")));
    assert_int_equal(r.wire.n, 2);
}

static void claimport_signs_the_body_with_the_first_secret(void **state)
{
    (void)state;
    const char *current = vector("secret_current"), *previous = vector("secret_previous");
    struct request r =
        signed_request(profile("claimport"), "claim.created", vector_file("claimport.body"), false, KEYS(current));
    const char *wanted = text_of("sha256=%s", vector("claimport.body:current:hex"));
    assert_headers(&r, KEYS("User-Agent", "hooktop/" HT_VERSION, "X-ClaimPort-Signature", wanted));
    r = signed_request(profile("claimport"), "claim.created", vector_file("claimport.body"), false,
                       KEYS(current, previous));
    assert_string_equal(header_of(&r, "X-ClaimPort-Signature"), wanted);
    r = signed_request(profile("claimport"), "webhook.test", vector_file("claimport.ping"), true, KEYS(previous));
    assert_string_equal(header_of(&r, "X-ClaimPort-Signature"),
                        text_of("sha256=%s", vector("claimport.ping:previous:hex")));
}

static void keys_of_a_block_and_more(void **state)
{
    (void)state;
    static const int lengths[] = {64, 65, 200};
    for (size_t i = 0; i < HT_COUNT(lengths); i++) {
        const char *key = vector(text_of("secret_%d", lengths[i]));
        struct request r =
            signed_request(profile("claimport"), "claim.created", vector_file("claimport.body"), false, KEYS(key));
        assert_string_equal(header_of(&r, "X-ClaimPort-Signature"),
                            text_of("sha256=%s", vector(text_of("claimport.body:%d:hex", lengths[i]))));
    }
}

static void githubs_published_pair(void **state)
{
    (void)state;
    struct request r = signed_request(profile("claimport"), "claim.created", (struct bytes){"Hello, World!", 13}, false,
                                      KEYS("It's a Secret to Everybody"));
    assert_string_equal(header_of(&r, "X-ClaimPort-Signature"),
                        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

static void instnt_signs_the_digest_with_the_first_key(void **state)
{
    (void)state;
    const char *key = vector_file("rsa.pem").data, *other = vector_file("rsa_other.pem").data;
    struct bytes body = vector_file("instnt.body"), ping = vector_file("instnt.ping");
    struct request r = signed_request(profile("instnt"), "document.submitted", body, false, KEYS(key));
    assert_headers(&r, KEYS("User-Agent", "hooktop/" HT_VERSION, "Instnt-Signature", vector("instnt.body:rsa")));
    r = signed_request(profile("instnt"), "document.submitted", body, false, KEYS(other, key));
    assert_string_equal(header_of(&r, "Instnt-Signature"), vector("instnt.body:rsa_other"));
    r = signed_request(profile("instnt"), "webhook.test", ping, true, KEYS(key));
    assert_string_equal(header_of(&r, "Instnt-Signature"), vector("instnt.ping:rsa"));
}

static void standard_headers(const char *name, const char *type, const char *file, bool ping)
{
    const char *current = vector("secret_current"), *previous = vector("secret_previous");
    const char *a = vector(text_of("%s:%s:base64", file, "current"));
    const char *b = vector(text_of("%s:%s:base64", file, "previous"));
    struct request r = signed_request(profile(name), type, vector_file(file), ping, KEYS(current));
    assert_headers(&r, KEYS("User-Agent", "hooktop/" HT_VERSION, "webhook-id", VECTOR_EVENT, "webhook-timestamp",
                            "1795183378", "webhook-signature", text_of("v1,%s", a)));
    r = signed_request(profile(name), type, vector_file(file), ping, KEYS(current, previous));
    assert_string_equal(header_of(&r, "webhook-signature"), text_of("v1,%s v1,%s", a, b));
}

static void standard_and_claimable_sign_id_time_and_body(void **state)
{
    (void)state;
    standard_headers("standard", "invoice.paid", "standard.body", false);
    standard_headers("standard", "webhook.test", "standard.ping", true);
    standard_headers("claimable", "claim.label_added", "claimable.body", false);
    standard_headers("claimable", "webhook.test", "claimable.ping", true);
}

static void the_specifications_published_vector(void **state)
{
    (void)state;
    static const char body[] = "{\"test\": 2432232314}";
    struct ht_signer *s = signer_of(HT_KEY_HMAC_WHSEC, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const struct ht_sign_input in = {.type = "t",
                                     .event_id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                     .timestamp_s = 1614265330,
                                     .body = body,
                                     .body_len = sizeof body - 1};
    struct request r = {0};
    assert_int_equal(profile("standard")->sign(&in, &s, 1, &r.wire, NULL), HT_OK);
    assert_string_equal(header_of(&r, "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    ht_signer_free(s);
}

static void an_ed25519_key_signs_as_v1a(void **state)
{
    (void)state;
    const char *wanted = text_of("v1a,%s", vector("standard.body:ed25519"));
    struct bytes body = vector_file("standard.body");
    struct request r = signed_request(profile("standard"), "invoice.paid", body, false, KEYS(vector("whsk_seed")));
    assert_string_equal(header_of(&r, "webhook-signature"), wanted);
    r = signed_request(profile("standard"), "invoice.paid", body, false, KEYS(vector("whsk_both")));
    assert_string_equal(header_of(&r, "webhook-signature"), wanted);
    r = signed_request(profile("standard"), "invoice.paid", body, false,
                       KEYS(vector("secret_current"), vector("whsk_both")));
    assert_string_equal(header_of(&r, "webhook-signature"),
                        text_of("v1,%s %s", vector("standard.body:current:base64"), wanted));
}

/* A prepared key serves many requests, and one request leaves no trace in the next. */
static void a_signer_signs_again_and_again(void **state)
{
    (void)state;
    const struct {
        const char *profile, *key, *header;
    } cases[] = {{"claimport", vector("secret_current"), "X-ClaimPort-Signature"},
                 {"instnt", vector_file("rsa.pem").data, "Instnt-Signature"},
                 {"standard", vector("secret_current"), "webhook-signature"},
                 {"standard", vector("whsk_seed"), "webhook-signature"}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        const struct ht_profile *p = profile(cases[i].profile);
        struct ht_signer *s = signer_of(p->key_kind, cases[i].key);
        struct request first[2] = {0}, again = {0};
        for (size_t k = 0; k < 6; k++) {
            struct request *r = k < 2 ? &first[k] : &again;
            const struct ht_sign_input in = {.type = "t",
                                             .event_id = "id",
                                             .timestamp_s = 1,
                                             .body = k % 2 ? "second body" : "body",
                                             .body_len = k % 2 ? 11 : 4};
            assert_int_equal(p->sign(&in, &s, 1, &r->wire, NULL), HT_OK);
            assert_string_equal(header_of(r, cases[i].header), header_of(&first[k % 2], cases[i].header));
        }
        assert_string_not_equal(header_of(&first[0], cases[i].header), header_of(&first[1], cases[i].header));
        ht_signer_free(s);
    }
}

static void a_delivery_needs_a_live_secret(void **state)
{
    (void)state;
    struct ht_signer *signers[4] = {0};
    const struct ht_sign_input in = {.type = "t", .event_id = "id", .body = "{}", .body_len = 2};
    for (size_t i = 0; i < ht_profiles_len; i++) {
        struct ht_err err = {0};
        struct ht_wire_headers out = {.n = 77};
        assert_int_equal(ht_profiles[i]->sign(&in, NULL, 0, &out, &err), HT_FAILED);
        assert_non_null(strstr(err.why, "no live secret"));
        ht_err_clear(&err);
        assert_int_equal(ht_profiles[i]->sign(&in, signers, 4, &out, &err), HT_FAILED);
        assert_non_null(strstr(err.why, "more than 3"));
        assert_int_equal(out.n, 77);
    }
}

/* The rules that the engine and the operations read. */
static void the_rules_of_each_profile(void **state)
{
    (void)state;
    static const int32_t claimport_delays[] = {300, 1800, 7200, 86400};
    static const int32_t usual_delays[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    static const struct {
        const char *name;
        bool overlaps, tenant_key, ping_signed, verified, source, workflows, open;
        int32_t ping_status, timeout_ms, disable_after;
        const int32_t *delays;
        size_t n;
        const char *purpose;
    } rules[] = {
        {"instaclaim", true, false, false, false, false, false, false, 0, 15000, 0, usual_delays, 9, "hmac"},
        {"claimport", false, false, true, true, false, false, false, 200, 30000, 5, claimport_delays, 4, "hmac"},
        {"instnt", false, true, true, false, false, true, false, 0, 15000, 0, usual_delays, 9, "rsa"},
        {"claimable", true, false, true, false, true, false, false, 0, 15000, 0, usual_delays, 9, "hmac"},
        {"standard", true, false, true, false, false, false, true, 0, 15000, 0, usual_delays, 9, "hmac"},
    };
    assert_int_equal(ht_profiles_len, HT_COUNT(rules));
    assert_null(profile("unknown"));
    for (size_t i = 0; i < HT_COUNT(rules); i++) {
        const struct ht_profile *p = profile(rules[i].name);
        assert_non_null(p);
        assert_int_equal(p->multi_signature, rules[i].overlaps);
        assert_int_equal(p->key_per_tenant, rules[i].tenant_key);
        assert_int_equal(p->ping_signed, rules[i].ping_signed);
        assert_int_equal(p->needs_verification, rules[i].verified);
        assert_int_equal(p->source_filter, rules[i].source);
        assert_int_equal(p->workflows, rules[i].workflows);
        assert_int_equal(p->open_catalogue, rules[i].open);
        assert_int_equal(p->success_ping_status, rules[i].ping_status);
        assert_int_equal(p->timeout_ms, rules[i].timeout_ms);
        assert_int_equal(p->disable_after_failures, rules[i].disable_after);
        assert_int_equal(p->schedule_len, rules[i].n);
        assert_memory_equal(p->schedule_s, rules[i].delays, rules[i].n * sizeof *rules[i].delays);
        assert_string_equal(ht_profile_seal_purpose(p), rules[i].purpose);
    }
}

static void event_ids_on_the_wire(void **state)
{
    (void)state;
    struct ht_uuid id = uuid_of(VECTOR_EVENT);
    for (size_t i = 0; i < ht_profiles_len; i++) {
        char text[64];
        ht_profile_event_id(ht_profiles[i], &id, text);
        bool prefixed = ht_profiles[i] == profile("claimport") || ht_profiles[i] == profile("instnt");
        assert_string_equal(text, prefixed ? "evt_0193480d5a787cc2b1f4a3d2e1f0a9b8" : VECTOR_EVENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instaclaim_signs_the_body_with_every_live_secret),
        cmocka_unit_test(instaclaim_pings_are_unsigned),
        cmocka_unit_test(claimport_signs_the_body_with_the_first_secret),
        cmocka_unit_test(keys_of_a_block_and_more),
        cmocka_unit_test(githubs_published_pair),
        cmocka_unit_test(instnt_signs_the_digest_with_the_first_key),
        cmocka_unit_test(standard_and_claimable_sign_id_time_and_body),
        cmocka_unit_test(the_specifications_published_vector),
        cmocka_unit_test(an_ed25519_key_signs_as_v1a),
        cmocka_unit_test(a_signer_signs_again_and_again),
        cmocka_unit_test(a_delivery_needs_a_live_secret),
        cmocka_unit_test(the_rules_of_each_profile),
        cmocka_unit_test(event_ids_on_the_wire),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
