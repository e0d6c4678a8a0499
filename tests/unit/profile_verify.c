/* Judging as a receiver: what was signed is accepted, everything else is refused with words that help. */
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

static void assert_why(struct ht_verdict v, const char *part)
{
    if (v.ok || v.key_index != -1 || strstr(v.why, part) == NULL)
        fail_msg("ok %d, key %d: \"%s\" does not say \"%s\"", v.ok, v.key_index, v.why, part);
}

static void assert_ok(struct ht_verdict v, int key_index)
{
    if (!v.ok || v.key_index != key_index)
        fail_msg("ok %d, key %d: %s", v.ok, v.key_index, v.why);
}

/* One of each way to sign: a delivery, what signs it, what a receiver holds, and what another one holds. */
struct way {
    const char *profile, *type, *file, *header, *key, *held, *other;
};
static size_t ways(struct way ret[8])
{
    const char *a = vector("secret_current"), *b = vector("secret_previous");
    const char *rsa = vector_file("rsa.pem").data, *rsa_pub = vector_file("rsa.pub.pem").data;
    const char *rsa_other = vector_file("rsa_other.pub.pem").data;
    const char *stranger = "whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const struct way all[] = {
        {"instaclaim", "claim_project.created", "instaclaim.body", "X-InstaClaim-Signature", a, a, b},
        {"claimport", "claim.created", "claimport.body", "X-ClaimPort-Signature", a, a, b},
        {"instnt", "document.submitted", "instnt.body", "Instnt-Signature", rsa, rsa_pub, rsa_other},
        {"claimable", "claim.label_added", "claimable.body", "webhook-signature", a, a, b},
        {"standard", "invoice.paid", "standard.body", "webhook-signature", a, a, b},
        {"standard", "invoice.paid", "standard.body", "webhook-signature", vector("whsk_both"), vector("whpk"),
         stranger},
    };
    memcpy(ret, all, sizeof all);
    return HT_COUNT(all);
}

static struct request request_of(const struct way *w)
{
    return signed_request(profile(w->profile), w->type, vector_file(w->file), false, KEYS(w->key));
}

static void what_is_signed_verifies_under_its_key_only(void **state)
{
    (void)state;
    struct way all[8];
    size_t n = ways(all);
    for (size_t i = 0; i < n; i++) {
        const struct ht_profile *p = profile(all[i].profile);
        struct request r = request_of(&all[i]);
        assert_ok(judged(p, &r, KEYS(all[i].held)), 0);
        assert_ok(judged(p, &r, KEYS(all[i].other, all[i].held)), 1);
        assert_why(judged(p, &r, KEYS(all[i].other)), "the signature differs");
    }
}

static void any_flipped_byte_is_refused(void **state)
{
    (void)state;
    struct way all[8];
    size_t n = ways(all);
    for (size_t i = 0; i < n; i++) {
        const struct ht_profile *p = profile(all[i].profile);
        struct request r = request_of(&all[i]);
        char *body = (char *)(uintptr_t)r.body.data;
        for (size_t k = 0; k < r.body.len; k++) {
            body[k] ^= 1;
            assert_why(judged(p, &r, KEYS(all[i].held)), "the signature differs");
            body[k] ^= 1;
        }
        char *value = header_of(&r, all[i].header);
        for (size_t k = 0; value[k]; k++) {
            value[k] ^= 1;
            assert_false(judged(p, &r, KEYS(all[i].held)).ok);
            value[k] ^= 1;
        }
        assert_ok(judged(p, &r, KEYS(all[i].held)), 0);
    }
}

static void standards_id_and_time_are_signed_too(void **state)
{
    (void)state;
    struct request r = signed_request(profile("standard"), "invoice.paid", vector_file("standard.body"), false,
                                      KEYS(vector("secret_current")));
    header_of(&r, "webhook-id")[0] = 'x';
    assert_why(judged(profile("standard"), &r, KEYS(vector("secret_current"))), "the signature differs");
    header_of(&r, "webhook-id")[0] = VECTOR_EVENT[0];
    header_of(&r, "webhook-timestamp")[9] ^= 1;
    assert_why(judged(profile("standard"), &r, KEYS(vector("secret_current"))), "the signature differs");
}

/* During an overlap a receiver may hold either secret. */
static void an_overlap_satisfies_both_receivers(void **state)
{
    (void)state;
    static const char *const names[] = {"instaclaim", "claimable", "standard"};
    const char *a = vector("secret_current"), *b = vector("secret_previous");
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        struct request r = signed_request(profile(names[i]), "t", vector_file("claimable.body"), false, KEYS(a, b));
        assert_ok(judged(profile(names[i]), &r, KEYS(a)), 0);
        assert_ok(judged(profile(names[i]), &r, KEYS(b)), 0);
        assert_why(judged(profile(names[i]), &r, KEYS("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), "differs");
    }
    struct request r =
        signed_request(profile("standard"), "t", vector_file("standard.body"), false, KEYS(vector("whsk_seed"), b));
    assert_ok(judged(profile("standard"), &r, KEYS(vector("whpk"))), 0);
    assert_ok(judged(profile("standard"), &r, KEYS(b)), 0);
    assert_ok(judged(profile("standard"), &r, KEYS(a, vector("whpk"))), 1);
}

static void pings_are_accepted_by_their_profile(void **state)
{
    (void)state;
    const char *a = vector("secret_current");
    struct request r =
        signed_request(profile("claimport"), "webhook.test", vector_file("claimport.ping"), true, KEYS(a));
    assert_ok(judged(profile("claimport"), &r, KEYS(a)), 0);
    r = signed_request(profile("claimable"), "webhook.test", vector_file("claimable.ping"), true, KEYS(a));
    assert_ok(judged(profile("claimable"), &r, KEYS(a)), 0);
    r = signed_request(profile("standard"), "webhook.test", vector_file("standard.ping"), true, KEYS(a));
    assert_ok(judged(profile("standard"), &r, KEYS(a)), 0);
    r = signed_request(profile("instnt"), "webhook.test", vector_file("instnt.ping"), true,
                       KEYS(vector_file("rsa.pem").data));
    assert_ok(judged(profile("instnt"), &r, KEYS(vector_file("rsa.pub.pem").data)), 0);
    static const char *const none[] = {NULL};
    r = signed_request(profile("instaclaim"), "webhook.test", vector_file("instaclaim.ping"), true, none);
    assert_ok(judged(profile("instaclaim"), &r, KEYS(a)), -1);
    assert_ok(judged(profile("instaclaim"), &r, none), -1);
}

static struct request test_event(const char *body)
{
    static const char *const none[] = {NULL};
    return signed_request(profile("instaclaim"), "webhook.test", (struct bytes){body, strlen(body)}, true, none);
}

static void instaclaims_unsigned_ping_has_one_shape(void **state)
{
    (void)state;
    static const char id[] = "0193480d-c412-7d86-b5e9-0f8a7c3d2e64", at[] = "2026-11-20T14:02:58Z";
    static const char format[] = "{\"event\":\"%s\",\"tenant_id\":\"%s\",\"webhook_id\":\"%s\",\"webhook_status\":%s,"
                                 "\"sent_at\":\"%s\"%s}";
    static const struct {
        const char *event, *id, *status, *at, *more;
    } wrong[] = {
        {"claim_report.queued", id, "\"active\"", at, ""},
        {"webhook.test", "1", "\"active\"", at, ""},
        {"webhook.test", id, "7", at, ""},
        {"webhook.test", id, "\"active\"", "today", ""},
        {"webhook.test", id, "\"active\"", "2026-11-20", ""},
        {"webhook.test", id, "\"active\"", at, ",\"more\":1"},
    };
    const struct ht_profile *p = profile("instaclaim");
    const char *const *keys = KEYS(vector("secret_current"));
    struct request r = test_event(text_of(format, "webhook.test", id, id, "\"active\"", at, ""));
    assert_ok(judged(p, &r, keys), -1);
    for (size_t i = 0; i < HT_COUNT(wrong); i++) {
        r = test_event(
            text_of(format, wrong[i].event, wrong[i].id, wrong[i].id, wrong[i].status, wrong[i].at, wrong[i].more));
        assert_why(judged(p, &r, keys), "exactly event, tenant_id, webhook_id, webhook_status and sent_at");
    }
    r = test_event("[]");
    assert_why(judged(p, &r, keys), "exactly event");
    r = test_event("{");
    assert_why(judged(p, &r, keys), "exactly event");
    r = test_event(vector_file("instaclaim.ping").data);
    r.wire.h[0].value[0] = 'x';
    assert_why(judged(p, &r, keys), "User-Agent");
    r = test_event(vector_file("instaclaim.ping").data);
    snprintf(r.wire.h[r.wire.n].name, sizeof r.wire.h[0].name, "X-InstaClaim-Signature");
    r.wire.n++;
    assert_why(judged(p, &r, keys), "unsigned");
    /* Saying webhook.test must not let an unsigned payload pass. */
    r = test_event(vector_file("instaclaim.body").data);
    assert_why(judged(p, &r, keys), "exactly event");
}

static void missing_and_repeated_headers_are_named(void **state)
{
    (void)state;
    struct way all[8];
    size_t n = ways(all);
    for (size_t i = 0; i < n; i++) {
        const struct ht_profile *p = profile(all[i].profile);
        for (size_t k = 1; k < request_of(&all[i]).wire.n; k++) { /* 0 is the User-Agent */
            struct request r = request_of(&all[i]);
            const char *name = text_of("%s", r.wire.h[k].name);
            r.wire.h[r.wire.n] = r.wire.h[k];
            r.wire.n++;
            assert_why(judged(p, &r, KEYS(all[i].held)), text_of("the header %s is there 2 times", name));
            r = request_of(&all[i]);
            r.wire.h[k] = r.wire.h[--r.wire.n];
            assert_why(judged(p, &r, KEYS(all[i].held)), text_of("the header %s is missing", name));
        }
    }
}

static void header_names_are_compared_without_case(void **state)
{
    (void)state;
    struct way all[8];
    size_t n = ways(all);
    for (size_t i = 0; i < n; i++) {
        struct request r = request_of(&all[i]);
        for (size_t k = 0; k < r.wire.n; k++)
            for (char *c = r.wire.h[k].name; *c; c++)
                if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z'))
                    *c ^= 0x20;
        assert_ok(judged(profile(all[i].profile), &r, KEYS(all[i].held)), 0);
    }
}

static void malformed_values_are_described(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *header, *value, *why;
    } cases[] = {
        {"claimport", "X-ClaimPort-Signature", "", "malformed"},
        {"claimport", "X-ClaimPort-Signature", "sha256=", "64 lower-case hexadecimal"},
        {"claimport", "X-ClaimPort-Signature", "sha256=8A86AD64", "64 lower-case hexadecimal"},
        {"claimport", "X-ClaimPort-Signature", "sha1=8a86ad64", "it must be sha256="},
        {"instaclaim", "X-InstaClaim-Signature", "", "holds no v1= signature"},
        {"instaclaim", "X-InstaClaim-Signature", "v2=abc", "holds no v1= signature"},
        {"instaclaim", "X-InstaClaim-Signature", "v1=abc", "malformed"},
        {"instaclaim", "X-InstaClaim-Timestamp", "", "whole seconds since 1970"},
        {"instaclaim", "X-InstaClaim-Timestamp", "-5", "whole seconds since 1970"},
        {"instaclaim", "X-InstaClaim-Timestamp", "1795183378.5", "whole seconds since 1970"},
        {"instaclaim", "X-InstaClaim-Timestamp", "99999999999999999999", "whole seconds since 1970"},
        {"standard", "webhook-timestamp", "2026-11-20T14:02:58Z", "whole seconds since 1970"},
        {"standard", "webhook-signature", "", "no signature of a version known here"},
        {"standard", "webhook-signature", "v2,abc v3,def", "no signature of a version known here"},
        {"standard", "webhook-signature", "v1,abc", "malformed"},
        {"standard", "webhook-signature", "v1a,AAAA", "malformed"},
        {"instnt", "Instnt-Signature", "", "base64 with padding"},
        {"instnt", "Instnt-Signature", "not base64!", "base64 with padding"},
        {"instnt", "Instnt-Signature", "AAAA", "the signature differs"},
    };
    struct way all[8];
    size_t n = ways(all);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        size_t w = 0;
        while (w < n && strcmp(all[w].profile, cases[i].profile) != 0)
            w++;
        struct request r = request_of(&all[w]);
        snprintf(header_of(&r, cases[i].header), 64, "%s", cases[i].value);
        assert_why(judged(profile(all[w].profile), &r, KEYS(all[w].held)), cases[i].why);
    }
    struct request r = request_of(&all[2]);
    memset(header_of(&r, "Instnt-Signature"), 'A', 1020);
    header_of(&r, "Instnt-Signature")[1020] = '\0';
    assert_why(judged(profile("instnt"), &r, KEYS(all[2].held)), "base64 with padding");
}

static void unknown_versions_beside_a_good_one_are_skipped(void **state)
{
    (void)state;
    const char *a = vector("secret_current");
    struct request r = signed_request(profile("standard"), "t", vector_file("standard.body"), false, KEYS(a));
    char *value = header_of(&r, "webhook-signature");
    snprintf(value, sizeof r.wire.h[0].value, "v9,x  %s ", text_of("%s", value));
    assert_ok(judged(profile("standard"), &r, KEYS(a)), 0);
    r = signed_request(profile("instaclaim"), "t", vector_file("instaclaim.body"), false, KEYS(a));
    value = header_of(&r, "X-InstaClaim-Signature");
    snprintf(value, sizeof r.wire.h[0].value, "v2=x, %s", text_of("%s", value));
    assert_ok(judged(profile("instaclaim"), &r, KEYS(a)), 0);
    /* A header of endless signatures is cut off, not followed. */
    r = signed_request(profile("standard"), "t", vector_file("standard.body"), false, KEYS(a));
    value = header_of(&r, "webhook-signature");
    const char *good = text_of("%s", value);
    value[0] = '\0';
    for (size_t i = 0; i < 9; i++)
        strcat(value, "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ");
    strcat(value, good);
    assert_why(judged(profile("standard"), &r, KEYS(a)), "differs");
}

static void timestamps_are_judged_in_both_directions(void **state)
{
    (void)state;
    static const char *const names[] = {"instaclaim", "claimable", "standard"};
    const char *const *keys = KEYS(vector("secret_current"));
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        const struct ht_profile *p = profile(names[i]);
        struct request r = signed_request(p, "t", vector_file("claimable.body"), false, keys);
        assert_int_equal(p->tolerance_s, 300);
        assert_ok(judged_at(p, &r, keys, VECTOR_TIME_S + 300, 0), 0);
        assert_why(judged_at(p, &r, keys, VECTOR_TIME_S + 301, 0), "stale: 301 s old, at most 300 s");
        assert_ok(judged_at(p, &r, keys, VECTOR_TIME_S - 300, 0), 0);
        assert_why(judged_at(p, &r, keys, VECTOR_TIME_S - 301, 0), "301 s ahead");
        assert_ok(judged_at(p, &r, keys, VECTOR_TIME_S + 4000, 4000), 0);
        assert_why(judged_at(p, &r, keys, VECTOR_TIME_S + 11, 10), "11 s old, at most 10 s");
        assert_why(judged_at(p, &r, keys, VECTOR_TIME_S - 11, 10), "11 s ahead");
        assert_ok(judged_at(p, &r, keys, VECTOR_TIME_S + 400000000, -1), 0);
    }
}

static void instnts_signed_time_allows_for_retries(void **state)
{
    (void)state;
    const struct ht_profile *p = profile("instnt");
    const char *const *keys = KEYS(vector_file("rsa.pub.pem").data);
    const char *rsa = vector_file("rsa.pem").data;
    struct request r = signed_request(p, "document.submitted", vector_file("instnt.body"), false, KEYS(rsa));
    double schedule_s = 0;
    for (size_t i = 0; i < p->schedule_len; i++)
        schedule_s += 1.1 * p->schedule_s[i];
    assert_true(p->tolerance_s > schedule_s);
    assert_ok(judged_at(p, &r, keys, VECTOR_TIME_S + p->tolerance_s, 0), 0);
    assert_why(judged_at(p, &r, keys, VECTOR_TIME_S + p->tolerance_s + 1, 0), "stale");
    assert_why(judged_at(p, &r, keys, VECTOR_TIME_S - 301, 0), "ahead");
    static const char *const bodies[] = {"{\"id\":1}", "{\"timestamp\":5}", "[]", "no json"};
    for (size_t i = 0; i < HT_COUNT(bodies); i++) {
        r = signed_request(p, "t", (struct bytes){bodies[i], strlen(bodies[i])}, false, KEYS(rsa));
        assert_why(judged(p, &r, keys), "the body has no timestamp");
        assert_ok(judged_at(p, &r, keys, VECTOR_TIME_S, -1), 0);
    }
    r = signed_request(p, "t", (struct bytes){"{\"timestamp\":\"2h\"}", 18}, false, KEYS(rsa));
    assert_why(judged(p, &r, keys), "not RFC 3339");
}

/* Each usual mistake, made by openssl, is recognised. */
static void a_hint_explains_the_usual_mistakes(void **state)
{
    (void)state;
    const char *a = vector("secret_current");
    const char *rsa = vector_file("rsa.pub.pem").data;
    struct way all[8];
    ways(all);
    struct request r = request_of(&all[1]);
    char *value = header_of(&r, "X-ClaimPort-Signature");
    snprintf(value, 128, "sha256=%s", vector("mistake:claimport:stripped"));
    assert_why(judged(profile("claimport"), &r, KEYS(a)), "matches when the whsec_ prefix is removed");
    snprintf(value, 128, "sha256=%s", vector("mistake:claimport:decoded"));
    assert_why(judged(profile("claimport"), &r, KEYS(a)), "matches with the base64-decoded secret");
    r = request_of(&all[1]);
    assert_why(judged(profile("claimport"), &r, KEYS(text_of("%s\r\n", a))), "white space at the end of the secret");
    r.body = (struct bytes){text_of("%s\n", r.body.data), r.body.len + 1};
    assert_why(judged(profile("claimport"), &r, KEYS(a)), "line feed at the end of the body");

    r = request_of(&all[4]);
    value = header_of(&r, "webhook-signature");
    snprintf(value, 128, "v1,%s", vector("mistake:standard:whole"));
    assert_why(judged(profile("standard"), &r, KEYS(a)), "matches with the secret's characters as the key");
    snprintf(value, 128, "v1,%s", vector("mistake:standard:stripped"));
    assert_why(judged(profile("standard"), &r, KEYS(a)), "matches with the characters after whsec_");
    r = request_of(&all[5]);
    assert_ok(judged(profile("standard"), &r, KEYS(a, vector("whpk"))), 1);
    r = request_of(&all[4]);
    assert_why(judged(profile("standard"), &r, KEYS(vector("whpk"))), "carries no v1a signature");
    assert_ok(judged(profile("standard"), &r, KEYS(a + strlen("whsec_"))), 0);

    r = request_of(&all[2]);
    snprintf(header_of(&r, "Instnt-Signature"), 512, "%s", vector("mistake:instnt:once"));
    assert_why(judged(profile("instnt"), &r, KEYS(rsa)), "hashed once");
}

static void keys_that_are_none_are_the_callers_fault(void **state)
{
    (void)state;
    static const struct {
        size_t way;
        const char *key, *why;
    } cases[] = {
        {2, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "not a public key in PEM"},
        {2, "whsec_abc", "not a public key in PEM"},
        {3, "whsec_!!!!", "not base64"},
        {4, "x", "too short"},
        {4, "whpk_AAAA", "whpk_ and the base64 of 32 bytes"},
    };
    struct way all[8];
    size_t n = ways(all);
    for (size_t i = 0; i < HT_COUNT(cases) + n; i++) {
        const struct way *w = &all[i < HT_COUNT(cases) ? cases[i].way : i - HT_COUNT(cases)];
        bool given = i < HT_COUNT(cases);
        struct request r = request_of(w);
        struct ht_header headers[HT_WIRE_HEADERS_MAX];
        for (size_t k = 0; k < r.wire.n; k++)
            headers[k] = (struct ht_header){r.wire.h[k].name, r.wire.h[k].value};
        struct ht_received received = {.headers = headers,
                                       .headers_len = r.wire.n,
                                       .body = r.body.data,
                                       .body_len = r.body.len,
                                       .now_s = VECTOR_TIME_S};
        struct ht_secret *s = given ? secret_of(cases[i].key) : NULL;
        struct ht_verify_key key = {.secret = s};
        struct ht_verdict v = {.key_index = 77};
        struct ht_err err = {0};
        assert_int_equal(profile(w->profile)->verify(&received, &key, 1, &v, &err), HT_USAGE);
        assert_int_equal(v.key_index, 77);
        if (!strstr(err.why, given ? cases[i].why : "key was given") && !strstr(err.why, "no shared secret was given"))
            fail_msg("%zu: %s", i, err.why);
        ht_secret_free(s);
    }
}

static void a_private_key_is_not_what_a_receiver_holds(void **state)
{
    (void)state;
    struct way all[8];
    ways(all);
    struct request r = request_of(&all[2]);
    struct ht_header h = {r.wire.h[1].name, r.wire.h[1].value};
    struct ht_received received = {.headers = &h, .headers_len = 1, .body = r.body.data, .body_len = r.body.len};
    struct ht_verify_key key = {.public_key = vector_file("rsa.pem").data};
    struct ht_verdict v;
    struct ht_err err = {0};
    assert_int_equal(profile("instnt")->verify(&received, &key, 1, &v, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "BEGIN PUBLIC KEY"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_verifies_under_its_key_only),
        cmocka_unit_test(any_flipped_byte_is_refused),
        cmocka_unit_test(standards_id_and_time_are_signed_too),
        cmocka_unit_test(an_overlap_satisfies_both_receivers),
        cmocka_unit_test(pings_are_accepted_by_their_profile),
        cmocka_unit_test(instaclaims_unsigned_ping_has_one_shape),
        cmocka_unit_test(missing_and_repeated_headers_are_named),
        cmocka_unit_test(header_names_are_compared_without_case),
        cmocka_unit_test(malformed_values_are_described),
        cmocka_unit_test(unknown_versions_beside_a_good_one_are_skipped),
        cmocka_unit_test(timestamps_are_judged_in_both_directions),
        cmocka_unit_test(instnts_signed_time_allows_for_retries),
        cmocka_unit_test(a_hint_explains_the_usual_mistakes),
        cmocka_unit_test(keys_that_are_none_are_the_callers_fault),
        cmocka_unit_test(a_private_key_is_not_what_a_receiver_holds),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
