/* Keys: what is made, what is taken from a user, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hooktop/base/codec.h"
#include "profile_vectors.h"

static char *text_of_secret(const struct ht_secret *s)
{
    return (char *)(uintptr_t)text_of("%.*s", (int)ht_secret_len(s), (const char *)ht_secret_bytes(s));
}

static void new_shared_secrets_are_random_and_usable(void **state)
{
    (void)state;
    static const char *const names[] = {"instaclaim", "claimport", "claimable", "standard"};
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        const struct ht_profile *p = ht_profile_find(names[i]);
        struct ht_secret *a = NULL, *b = NULL;
        char unset, *public = &unset;
        uint8_t raw[36];
        size_t n = 0;
        assert_int_equal(ht_profile_new_key(p, &a, &public, NULL), HT_OK);
        assert_int_equal(ht_profile_new_key(p, &b, &public, NULL), HT_OK);
        assert_null(public);
        assert_int_equal(ht_secret_len(a), 50);
        assert_memory_equal(ht_secret_bytes(a), "whsec_", 6);
        assert_true(ht_base64_decode((const char *)ht_secret_bytes(a) + 6, 44, raw, &n));
        assert_int_equal(n, 32);
        assert_false(ht_secret_equal(a, b));
        assert_int_equal(ht_profile_check_key(p, a, NULL), HT_OK);
        const char *keys[] = {text_of_secret(a), NULL};
        struct request r = signed_request(p, "t", (struct bytes){"{}", 2}, false, keys);
        assert_true(judged(p, &r, keys).ok);
        ht_secret_free(a);
        ht_secret_free(b);
    }
}

static void a_new_key_pair_signs_for_its_public_half(void **state)
{
    (void)state;
    const struct ht_profile *p = ht_profile_find("instnt");
    struct ht_secret *s = NULL;
    char *public = NULL, *again = NULL;
    assert_int_equal(ht_profile_new_key(p, &s, &public, NULL), HT_OK);
    assert_int_equal(ht_profile_check_key(p, s, NULL), HT_OK);
    assert_memory_equal(ht_secret_bytes(s), "-----BEGIN PRIVATE KEY-----\n", 28);
    assert_memory_equal(public, "-----BEGIN PUBLIC KEY-----\n", 27);
    assert_int_equal(ht_profile_public_key(p, s, &again, NULL), HT_OK);
    assert_string_equal(public, again);
    const char *private[] = {text_of_secret(s), NULL}, *held[] = {public, NULL};
    struct request r = signed_request(p, "t", vector_file("instnt.body"), false, private);
    assert_true(judged(p, &r, held).ok);
    ht_secret_free(s);
    free(public);
    free(again);
}

static void public_halves_are_those_openssl_writes(void **state)
{
    (void)state;
    const struct {
        const char *profile, *key, *wanted;
    } cases[] = {{"instnt", vector_file("rsa.pem").data, vector_file("rsa.pub.pem").data},
                 {"standard", vector("whsk_seed"), vector("whpk")},
                 {"standard", vector("whsk_both"), vector("whpk")},
                 {"claimable", vector("whsk_seed"), vector("whpk")}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_secret *s = secret_of(cases[i].key);
        char *public = NULL;
        assert_int_equal(ht_profile_public_key(ht_profile_find(cases[i].profile), s, &public, NULL), HT_OK);
        assert_string_equal(public, cases[i].wanted);
        free(public);
        ht_secret_free(s);
    }
}

static void keys_that_a_user_brings_are_judged(void **state)
{
    (void)state;
    const char *both = vector("whsk_both");
    const struct {
        const char *profile, *key, *why; /* NULL: taken */
    } cases[] = {
        {"claimport", "0123456789abcdef", NULL},
        {"claimport", "0123456789abcde", "16 to 256 characters"},
        {"claimport", text_of("%0257d", 0), "16 to 256 characters"},
        {"instaclaim", "It's a Secret to Everybody", "without blanks"},
        {"instaclaim", "0123456789abcdef\n", "a line feed may stand at its end"},
        {"instaclaim", "0123456789abcd\xc3\xa9", "printable ASCII"},
        {"standard", vector("secret_current"), NULL},
        {"standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL},
        {"standard", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"},
        {"standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ==", "24 to 64 bytes"},
        {"standard", text_of("whsec_%088d", 0), "24 to 64 bytes"},
        {"claimable", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa", "not base64"},
        {"claimable", "whsec_", "too short"},
        {"standard", both, NULL},
        {"standard", vector("whsk_seed"), NULL},
        {"standard", text_of("%.*sAA==", (int)strlen(both) - 4, both), "do not belong together"},
        {"standard", "whsk_AAAA", "32 or 64 bytes"},
        {"instnt", vector_file("rsa.pem").data, NULL},
        {"instnt", vector_file("rsa.pub.pem").data, "not an unencrypted private key"},
        {"instnt", vector_file("rsa_locked.pem").data, "not an unencrypted private key"},
        {"instnt", vector_file("rsa_short.pem").data, "1024 bits"},
        {"instnt", vector_file("ed25519.pem").data, "not an RSA key"},
        {"instnt", vector("secret_current"), "not an unencrypted private key"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        const struct ht_profile *p = ht_profile_find(cases[i].profile);
        struct ht_secret *s = secret_of(cases[i].key);
        struct ht_signer *signer = NULL;
        struct ht_err err = {0};
        enum ht_rc rc = ht_profile_check_key(p, s, &err);
        if (rc != (cases[i].why ? HT_USAGE : HT_OK) || (cases[i].why && !strstr(err.why, cases[i].why)))
            fail_msg("case %zu: %d \"%s\"", i, rc, err.why);
        if (strlen(cases[i].key) > 8 && strstr(err.why, cases[i].key + 6))
            fail_msg("case %zu: the error quotes the key", i);
        if (!cases[i].why) {
            assert_int_equal(ht_signer_new(p->key_kind, s, &signer, NULL), HT_OK);
            ht_signer_free(signer);
        }
        ht_secret_free(s);
    }
}

static void signers_refuse_what_is_no_key(void **state)
{
    (void)state;
    static const struct {
        enum ht_key_kind kind;
        const char *key;
    } cases[] = {{HT_KEY_HMAC_TEXT, ""},     {HT_KEY_HMAC_WHSEC, "whsec_!!!!"}, {HT_KEY_HMAC_WHSEC, "whsk_AAAA"},
                 {HT_KEY_RSA, "whsec_AAAA"}, {HT_KEY_ED25519, "whsk_"},         {HT_KEY_RSA, ""}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_secret *s = NULL;
        struct ht_signer *signer = NULL;
        struct ht_err err = {0};
        if (ht_secret_new(cases[i].key, strlen(cases[i].key), &s, NULL) != HT_OK)
            continue; /* an empty secret cannot even be made */
        assert_int_equal(ht_signer_new(cases[i].kind, s, &signer, &err), HT_USAGE);
        assert_null(signer);
        ht_secret_free(s);
    }
}

static void shared_secrets_have_no_public_half(void **state)
{
    (void)state;
    struct ht_secret *s = secret_of(vector("secret_current"));
    char *public = NULL;
    struct ht_err err = {0};
    assert_int_equal(ht_profile_public_key(ht_profile_find("standard"), s, &public, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "no public half"));
    ht_err_clear(&err);
    assert_int_equal(ht_profile_public_key(ht_profile_find("claimport"), s, &public, &err), HT_USAGE);
    assert_null(public);
    ht_secret_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_shared_secrets_are_random_and_usable),
        cmocka_unit_test(a_new_key_pair_signs_for_its_public_half),
        cmocka_unit_test(public_halves_are_those_openssl_writes),
        cmocka_unit_test(keys_that_a_user_brings_are_judged),
        cmocka_unit_test(signers_refuse_what_is_no_key),
        cmocka_unit_test(shared_secrets_have_no_public_half),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
