/* Hexadecimal and base64, judged by RFC 4648's vectors and by base64(1) and od(1). */
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/codec.h"
#include "hooktop/base/secret.h"
#include "ht_test.h"

static void rfc_4648_vectors(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < HT_COUNT(pairs); i++) {
        char text[HT_BASE64_SIZE(6)];
        uint8_t bytes[6];
        size_t len = 99;
        ht_base64_encode(pairs[i][0], strlen(pairs[i][0]), text);
        assert_string_equal(text, pairs[i][1]);
        assert_true(ht_base64_decode(text, strlen(text), bytes, &len));
        assert_int_equal(len, strlen(pairs[i][0]));
        assert_memory_equal(bytes, pairs[i][0], len);
    }
}

static char *output_of(const char *const *argv, const void *input, size_t len)
{
    struct ht_test_result r;
    ht_test_run(&(struct ht_test_run){.argv = argv, .input = input, .input_len = len}, &r);
    assert_int_equal(r.status, 0);
    free(r.err);
    return r.out;
}

static void other_programs_agree(void **state)
{
    (void)state;
    static const char *const base64[] = {"base64", "-w0", NULL};
    static const char *const hex[] = {"sh", "-c", "od -An -v -tx1 | tr -d ' \\n'", NULL};
    uint8_t bytes[1000];
    uint8_t back[1002];
    char text[HT_HEX_SIZE(sizeof(bytes))];
    ht_random(bytes, sizeof(bytes));
    for (size_t len = sizeof(bytes) - 3; len <= sizeof(bytes); len++) {
        size_t back_len;
        char *other = output_of(base64, bytes, len);
        ht_base64_encode(bytes, len, text);
        assert_string_equal(text, other);
        assert_true(ht_base64_decode(other, strlen(other), back, &back_len));
        assert_int_equal(back_len, len);
        assert_memory_equal(back, bytes, len);
        free(other);
        other = output_of(hex, bytes, len);
        ht_hex_encode(bytes, len, text);
        assert_string_equal(text, other);
        assert_true(ht_hex_decode(other, strlen(other), back));
        assert_memory_equal(back, bytes, len);
        free(other);
    }
}

static void refused(void **state)
{
    (void)state;
    static const char *const base64[] = {"Zg",   "Zg=",  "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9-",
                                         "Zm9_", "=m9v", "Zm=v", "Zh==", "Zm9=",     "Zm9v=", "A",      "Zg\0="};
    static const size_t lengths[] = {2, 3, 4, 4, 8, 5, 5, 4, 4, 4, 4, 4, 4, 5, 1, 4};
    static const char *const hex[] = {"0", "0g", "g0", " 0", "0x", "-1", "0\xff"};
    uint8_t out[16];
    size_t len = 77;
    for (size_t i = 0; i < HT_COUNT(base64); i++) {
        if (ht_base64_decode(base64[i], lengths[i], out, &len))
            fail_msg("accepted: %s", base64[i]);
        assert_int_equal(len, 77);
    }
    for (size_t i = 0; i < HT_COUNT(hex); i++)
        assert_false(ht_hex_decode(hex[i], strlen(hex[i]), out));
    assert_true(ht_hex_decode("aBcD", 4, out));
    assert_memory_equal(out, "\xab\xcd", 2);
    assert_true(ht_hex_decode("", 0, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_4648_vectors),
        cmocka_unit_test(other_programs_agree),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
