/* The JSON reader, and the writer as another program reads it. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/json.h"
#include "ht_test.h"

#define PARSE(s, err) parse((s), sizeof(s) - 1, err)

static struct ht_json *parse(const char *text, size_t len, struct ht_err *err)
{
    struct ht_json *root = NULL;
    /* An exact copy, so that a read behind the end is noticed. */
    char *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, text, len);
    enum ht_rc rc = ht_json_parse(exact, len, &root, err);
    assert_int_equal(rc == HT_OK, root != NULL);
    assert_true(rc == HT_OK || rc == HT_USAGE);
    free(exact);
    return root;
}

static void reading(void **state)
{
    (void)state;
    HT_JSON_CLEANUP struct ht_json *root =
        PARSE("{\"z\":\"\\u00e9\\n\",\"a\":[1,-2.5,true,false,null,9223372036854775807],\"o\":{}}", NULL);
    assert_int_equal(ht_json_kind(root), HT_JSON_OBJECT);
    assert_int_equal(ht_json_count(root), 3);
    assert_string_equal(ht_json_str(ht_json_get(root, "z"), NULL), "\xc3\xa9\n");
    const struct ht_json *a = ht_json_get(root, "a");
    static const enum ht_json_kind kinds[] = {HT_JSON_INT,  HT_JSON_REAL, HT_JSON_BOOL,
                                              HT_JSON_BOOL, HT_JSON_NULL, HT_JSON_INT};
    assert_int_equal(ht_json_count(a), HT_COUNT(kinds));
    for (size_t i = 0; i < HT_COUNT(kinds); i++)
        assert_int_equal(ht_json_kind(ht_json_at(a, i)), kinds[i]);
    assert_null(ht_json_at(a, HT_COUNT(kinds)));
    assert_int_equal(ht_json_int(ht_json_at(a, 0), 7), 1);
    assert_true(ht_json_real(ht_json_at(a, 1), 7) == -2.5);
    assert_true(ht_json_real(ht_json_at(a, 0), 7) == 1);
    assert_true(ht_json_bool(ht_json_at(a, 2), false));
    assert_false(ht_json_bool(ht_json_at(a, 3), true));
    assert_true(ht_json_int(ht_json_at(a, 5), 7) == INT64_MAX);
}

static void what_is_not_there(void **state)
{
    (void)state;
    HT_JSON_CLEANUP struct ht_json *root = PARSE("{\"s\":\"x\"}", NULL);
    const struct ht_json *s = ht_json_get(root, "s");
    assert_null(ht_json_get(root, "none"));
    assert_null(ht_json_get(s, "none"));
    assert_null(ht_json_at(s, 0));
    assert_int_equal(ht_json_count(s), 0);
    assert_int_equal(ht_json_int(s, 7), 7);
    assert_true(ht_json_real(s, 7.5) == 7.5);
    assert_true(ht_json_bool(s, true));
    assert_string_equal(ht_json_str(root, "other"), "other");
    assert_string_equal(ht_json_str(NULL, "other"), "other");
    assert_int_equal(ht_json_int(NULL, 7), 7);
    assert_true(ht_json_bool(NULL, true));
    assert_int_equal(ht_json_kind(NULL), HT_JSON_NULL);
    assert_int_equal(ht_json_count(NULL), 0);
    ht_json_free(NULL);
}

static void members_in_order(void **state)
{
    (void)state;
    HT_JSON_CLEANUP struct ht_json *root = PARSE("{\"zz\":0,\"b\":1,\"\":2,\"a\":3}", NULL);
    static const char *const keys[] = {"zz", "b", "", "a"};
    void *cursor = NULL;
    const char *key = NULL;
    for (int i = 0; i < 4; i++) {
        const struct ht_json *n = ht_json_next(root, &cursor, &key);
        assert_int_equal(ht_json_int(n, -1), i);
        assert_string_equal(key, keys[i]);
    }
    assert_null(ht_json_next(root, &cursor, &key));
    assert_null(ht_json_next(root, &cursor, NULL));
    cursor = NULL;
    HT_JSON_CLEANUP struct ht_json *scalar = PARSE("1", NULL);
    assert_null(ht_json_next(scalar, &cursor, &key));
}

static void malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *where;
    } cases[] = {
#define CASE(text, where) {text, sizeof(text) - 1, where}
        CASE("", "line 1, column 0"),
        CASE("{", "line 1, column 1"),
        CASE("{\n \"a\": tru }", "line 2"),
        CASE("[1,]", "line 1, column 4"),
        CASE("{\"a\":1,\"a\":2}", "duplicate"),
        CASE("{\"a\":1} x", "end of file"),
        CASE("\"a\xff\"", "line 1"),
        CASE("\"a\\u0000b\"", "\\u0000"),
        CASE("\"a\0b\"", "line 1"),
        CASE("\"\\ud800\"", "line 1"),
        CASE("'a'", "line 1"),
        CASE("1e999", "line 1"),
        CASE("NaN", "line 1"),
        CASE("\"tab\there\"", "line 1"),
        CASE("01", "line 1"),
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_err err = {0};
        struct ht_json *root = parse(cases[i].text, cases[i].len, &err);
        if (root != NULL)
            fail_msg("accepted: %s", cases[i].text);
        if (strstr(err.why, cases[i].where) == NULL)
            fail_msg("%s: %s", cases[i].text, err.why);
    }
}

static void errors_quote_nothing(void **state)
{
    (void)state;
    struct ht_err err = {0};
    assert_null(PARSE("{\"iban\": 123CANARY}", &err));
    assert_null(strstr(err.why, "CANARY"));
    assert_non_null(strstr(err.why, "line 1, column"));
}

static void limits(void **state)
{
    (void)state;
    struct ht_err err = {0};
    char *text = malloc(HT_JSON_MAX + 1);
    memset(text, ' ', HT_JSON_MAX + 1);
    text[0] = '1';
    struct ht_json *root = parse(text, HT_JSON_MAX, &err);
    assert_non_null(root);
    ht_json_free(root);
    assert_null(parse(text, HT_JSON_MAX + 1, &err));
    assert_non_null(strstr(err.why, "1048577"));
    /* As deep as a document of that size can be. */
    memset(text, '[', HT_JSON_MAX);
    ht_err_clear(&err);
    assert_null(parse(text, HT_JSON_MAX, &err));
    assert_non_null(strstr(err.why, "depth"));
    free(text);
}

/* JSON as somebody else may store it: laid out over lines, with all that JSON lets stand as it is. */
static const char foreign[] = "{\r\n\t\"\u202e\":\n[\"\x7f\xc2\x9b\u00e9\U0001f600\", \"\\u001b \\\"\",\t1.50 ]}";

static void write_everything(struct ht_jw *w)
{
    struct ht_uuid u;
    assert_true(ht_uuid_parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", &u));
    ht_jw_object(w, NULL);
    ht_jw_str(w, "quotes \" \\ / \b\f\n\r\t\x01\x1f\x7f", "\xc3\xa9 \xe2\x80\xae \xf0\x9f\x98\x80 \xc2\x9b");
    ht_jw_strn(w, "nul", "a\0b", 3);
    ht_jw_str(w, "bad", "a\xff\xed\xa0\x80z");
    ht_jw_str(w, "null", NULL);
    ht_jw_int(w, "min", INT64_MIN);
    ht_jw_int(w, "max", INT64_MAX);
    ht_jw_array(w, "reals");
    ht_jw_real(w, NULL, 0.1);
    ht_jw_real(w, NULL, 50);
    ht_jw_real(w, NULL, 1.0 / 3);
    ht_jw_real(w, NULL, DBL_MAX);
    ht_jw_real(w, NULL, -DBL_MIN);
    ht_jw_real(w, NULL, NAN);
    ht_jw_real(w, NULL, -INFINITY);
    ht_jw_end_array(w);
    ht_jw_array(w, "empty");
    ht_jw_end_array(w);
    ht_jw_array(w, "nested");
    for (int i = 0; i < 14; i++)
        ht_jw_array(w, NULL);
    for (int i = 0; i < 14; i++)
        ht_jw_end_array(w);
    ht_jw_object(w, NULL);
    ht_jw_end_object(w);
    ht_jw_bool(w, NULL, true);
    ht_jw_end_array(w);
    ht_jw_bool(w, "no", false);
    ht_jw_uuid(w, "uuid", &u);
    ht_jw_time(w, "time", 1000);
    ht_jw_time(w, "never", 0);
    ht_jw_raw(w, "raw", "{\"x\": [1]}", 10);
    ht_jw_foreign(w, "foreign", foreign, strlen(foreign));
    ht_jw_end_object(w);
}

/* Python reads what was written, and says whether it is what was meant. */
static const char reader[] =
    "import json, sys\n"
    "text = sys.stdin.buffer.read()\n"
    "assert all(32 <= b < 127 for b in text), 'not printable ASCII'\n"
    "nested = []\n"
    "for _ in range(13): nested = [nested]\n"
    "want = {'quotes \" \\\\ / \\b\\f\\n\\r\\t\\x01\\x1f\\x7f': '\\u00e9 \\u202e \\U0001f600 \\x9b',\n"
    "        'nul': 'a\\0b', 'bad': 'a\\ufffd\\ufffd\\ufffd\\ufffdz', 'null': None,\n"
    "        'min': -2**63, 'max': 2**63 - 1,\n"
    "        'reals': [0.1, 50, 1/3, sys.float_info.max, -sys.float_info.min, None, None],\n"
    "        'empty': [], 'nested': [nested, {}, True], 'no': False,\n"
    "        'uuid': '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 'time': '1970-01-01T00:00:00.001Z', 'never': None,\n"
    "        'raw': {'x': [1]}, 'foreign': {'\\u202e': ['\\x7f\\x9b\\u00e9\\U0001f600', '\\x1b \"', 1.50]}}\n"
    "got = json.loads(text)\n"
    "assert list(got) == list(want), list(got)\n"
    "assert got == want, got\n"
    "print('same')\n";

static void writing(void **state)
{
    (void)state;
    static const char *const argv[] = {"python3", "-c", reader, NULL};
    struct ht_buf out;
    struct ht_jw w;
    struct ht_test_result r;
    ht_buf_init(&out, 65536);
    ht_jw_init(&w, &out);
    write_everything(&w);
    assert_int_equal(w.depth, 0);
    ht_test_run(&(struct ht_test_run){.argv = argv, .input = out.data, .input_len = out.len}, &r);
    if (r.status != 0)
        fail_msg("%s\n%s", out.data, r.err);
    assert_string_equal(r.out, "same\n");
    ht_test_result_fini(&r);
    ht_buf_fini(&out);
}

static void every_byte_pair_survives(void **state)
{
    (void)state;
    /* Whatever the bytes, the literal is read back by the other parser as the same text, bad bytes as U+FFFD. */
    for (unsigned i = 0; i < 65536; i++) {
        const char bytes[2] = {(char)(i >> 8), (char)(i & 255)};
        struct ht_buf out;
        ht_buf_init(&out, 64);
        ht_json_quote(&out, bytes, 2);
        for (size_t j = 0; j < out.len; j++)
            assert_in_range(out.data[j], 0x20, 0x7e);
        if (bytes[0] != '\0' && bytes[1] != '\0') {
            HT_JSON_CLEANUP struct ht_json *root = parse(out.data, out.len, NULL);
            const char *back = ht_json_str(root, "");
            bool valid = (i >> 8) < 0x80 && (i & 255) < 0x80;
            if (valid)
                assert_memory_equal(back, bytes, 2);
            else if ((i >> 8) < 0xc2 || (i & 0xc0) != 0x80 || (i >> 8) > 0xdf)
                assert_non_null(strstr(back, "\xef\xbf\xbd"));
        }
        ht_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),   cmocka_unit_test(what_is_not_there),        cmocka_unit_test(members_in_order),
        cmocka_unit_test(malformed), cmocka_unit_test(errors_quote_nothing),     cmocka_unit_test(limits),
        cmocka_unit_test(writing),   cmocka_unit_test(every_byte_pair_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
