/* The filter language: what it accepts and means, and where a mistake is marked. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/secret.h"
#include "hooktop/model/filter.h"
#include "ht_test.h"

#define NOW  INT64_C(1795185600000000) /* 2026-11-20T14:40:00Z */
#define HOUR INT64_C(3600000000)
#define DAY  INT64_C(1795132800000000) /* 2026-11-20 */

static void show_bound(struct ht_buf *out, int64_t v)
{
    if (v == INT64_MAX || v == INT64_MIN)
        ht_buf_adds(out, v > 0 ? "max" : "min");
    else
        ht_buf_addf(out, "%" PRId64, v);
}

/* "-field{value,value=lo..hi}" for each term. */
static void show(struct ht_buf *out, const struct ht_filter *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct ht_filter_term *t = &f->terms[i];
        ht_buf_addf(out, "%s%s%s%s{", i > 0 ? " " : "", t->negated ? "-" : "", t->regex ? "~" : "",
                    t->field != NULL ? t->field->name : "");
        for (size_t j = 0; j < t->n_values; j++) {
            ht_buf_addf(out, "%s%s", j > 0 ? "," : "", t->values[j]);
            if (t->field == NULL || t->field->kind < HT_FILTER_CODE)
                continue;
            ht_buf_addc(out, '=');
            show_bound(out, t->ranges[j].lo);
            ht_buf_adds(out, "..");
            show_bound(out, t->ranges[j].hi);
        }
        ht_buf_addc(out, '}');
    }
}

struct good {
    enum ht_filter_list list;
    const char *text;
    const char *want;
};

static const struct good good[] = {
    {HT_FILTER_DELIVERIES, "", ""},
    {HT_FILTER_DELIVERIES, " \t ", ""},
    {HT_FILTER_DELIVERIES, "acme", "{acme}"},
    {HT_FILTER_DELIVERIES, "acme  eu\tx", "{acme} {eu} {x}"},
    {HT_FILTER_DELIVERIES, "\"two words\" -no", "{two words} -{no}"},
    {HT_FILTER_DELIVERIES, "a|b -\"c d\"|e*", "{a,b} -{c d,e*}"},
    {HT_FILTER_DELIVERIES, "\"q\\\"x\\\\y\\z\"", "{q\"x\\y\\z}"},
    {HT_FILTER_DELIVERIES, "a\"b - --", "{a\"b} {-} -{-}"},
    {HT_FILTER_DELIVERIES, "/5\\d\\d a|b\\/c/ x", "~{5\\d\\d a|b/c} {x}"},
    {HT_FILTER_DELIVERIES, "-/x/", "-~{x}"},
    {HT_FILTER_DELIVERIES, "endpoint:acme*|\"the other\"", "endpoint{acme*,the other}"},
    {HT_FILTER_DELIVERIES, "endpoint:http://x/:y", "endpoint{http://x/:y}"},
    {HT_FILTER_DELIVERIES, "\"https://x\"", "{https://x}"},
    {HT_FILTER_DELIVERIES, "status:held|ready -status:succeeded", "status{held,ready} -status{succeeded}"},
    {HT_FILTER_DELIVERIES, "error:timeout*", "error{timeout_connect,timeout}"},
    {HT_FILTER_DELIVERIES, "error:http_?xx", "error{http_4xx,http_5xx}"},
    {HT_FILTER_DELIVERIES, "status:FA|he -status:ok|>>", "status{exhausted,held} -status{succeeded,leased}"},
    {HT_FILTER_DELIVERIES, "status:ex|Q|ready", "status{exhausted,quarantined,ready}"},
    {HT_FILTER_DELIVERIES, "error:TLS error:un error:timeout", "error{tls} error{unreachable} error{timeout}"},
    {HT_FILTER_DELIVERIES, "x status:RT y", "{x} status{ready} attempts{>0=1..max} {y}"},
    {HT_FILTER_FAILURES, "status:rt", "status{ready} attempts{>0=1..max}"},
    {HT_FILTER_DELIVERIES, "status:..", "status{ready} attempts{0=0..0}"},
    {HT_FILTER_ENDPOINTS, "status:?? status:DI status:r", "status{unverified} status{disabled} status{removed}"},
    {HT_FILTER_TYPES, "state:e", "state{emitted}"},
    {HT_FILTER_ENDPOINTS, "-sort:wa", "-sort{wait=0..0}"},
    {HT_FILTER_DELIVERIES, "code:503", "code{503=503..503}"},
    {HT_FILTER_DELIVERIES, "code:5xx|429|4XX", "code{5xx=500..599,429=429..429,4XX=400..499}"},
    {HT_FILTER_DELIVERIES, "code:>=500 code:>500 code:<500 code:<=500 code:=500",
     "code{>=500=500..999} code{>500=501..999} code{<500=100..499} code{<=500=100..500} code{=500=500..500}"},
    {HT_FILTER_DELIVERIES, "code:>4xx", "code{>4xx=500..999}"},
    {HT_FILTER_DELIVERIES, "code:<4xx", "code{<4xx=100..399}"},
    {HT_FILTER_DELIVERIES, "latency:2s latency:>2s latency:<1500ms",
     "latency{2s=2000..max} latency{>2s=2001..max} latency{<1500ms=min..1499}"},
    {HT_FILTER_DELIVERIES, "attempts:3|>=9", "attempts{3=3..3,>=9=9..max}"},
    {HT_FILTER_DELIVERIES, "attempts:>9223372036854775807", "attempts{>9223372036854775807=max..max}"},
    {HT_FILTER_DELIVERIES, "after:-2h", "after{-2h=1795178400000000..max}"},
    {HT_FILTER_DELIVERIES, "before:14:00", "before{14:00=min..1795183199999999}"},
    {HT_FILTER_DELIVERIES, "on:2026-11-19", "on{2026-11-19=1795046400000000..1795132799999999}"},
    {HT_FILTER_DELIVERIES, "on:0", "on{0=1795132800000000..1795219199999999}"},
    {HT_FILTER_DELIVERIES, "on:\"1969-12-31 12:00\"", "on{1969-12-31 12:00=-86400000000..-1}"},
    {HT_FILTER_DELIVERIES, "after:\"2026-11-20 14:02\"", "after{2026-11-20 14:02=1795183320000000..max}"},
    {HT_FILTER_DELIVERIES, "id:019AFF event:019aff00-", "id{019aff} event{019aff00-}"},
    {HT_FILTER_DELIVERIES, "id:017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "id{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}"},
    {HT_FILTER_DELIVERIES, "tenant:caf\xc3\xa9 type:claim.*", "tenant{caf\xc3\xa9} type{claim.*}"},
    {HT_FILTER_ENDPOINTS, "status:active failing:1h failures:>5 url:acme", NULL},
    {HT_FILTER_ENDPOINTS, "description:x profile:instnt tenant:t id:01 pending:0 held:>0 failed:>0", NULL},
    {HT_FILTER_EVENTS, "type:x key:y tenant:z contains:\"a b\" source:ui workflow:w deliveries:0 id:0 on:1d", NULL},
    {HT_FILTER_TYPES, "name:claim profile:instaclaim state:planned|test description:x subscriptions:0", NULL},
};

static void accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(good); i++) {
        struct ht_filter f;
        struct ht_err err = {0};
        size_t column = 77;
        if (ht_filter_parse(good[i].list, good[i].text, NOW, &f, &column, &err) != HT_OK)
            fail_msg("%s: column %zu: %s", good[i].text, column, err.why);
        assert_int_equal(column, 77);
        struct ht_buf shown;
        ht_buf_init(&shown, 65536);
        show(&shown, &f);
        if (good[i].want != NULL)
            assert_string_equal(shown.data, good[i].want);
        ht_buf_fini(&shown);
        ht_filter_fini(&f);
        assert_int_equal(f.n, 0);
    }
}

static const struct {
    enum ht_filter_list list;
    const char *text;
    size_t column;
    const char *why; /* a part of it */
    const char *fix; /* a part of it; NULL: any */
} bad[] = {
    {HT_FILTER_DELIVERIES, "stats:held", 0, "no field \"stats\"", "did you mean status"},
    {HT_FILTER_DELIVERIES, "x -stats:held", 3, "no field \"stats\"", "did you mean status"},
    {HT_FILTER_DELIVERIES, "https://x", 0, "no field \"https\"", "\""},
    {HT_FILTER_ENDPOINTS, "code:503", 0, "no field \"code\"", NULL},
    {HT_FILTER_DELIVERIES, "status:hold", 7, "\"hold\"", "did you mean held"},
    {HT_FILTER_DELIVERIES, "status:held|x", 12, "\"x\"", "held, ready, leased"},
    {HT_FILTER_DELIVERIES, "status:zz*", 7, "\"zz*\"", NULL},
    {HT_FILTER_DELIVERIES, "status:RT|FA", 7, "stands for two terms", "write it alone"},
    {HT_FILTER_DELIVERIES, "status:..|FA", 7, "stands for two terms", "write it alone"},
    {HT_FILTER_DELIVERIES, "-status:..", 8, "stands for two terms", "status:ready"},
    {HT_FILTER_DELIVERIES, "x -status:rt", 10, "stands for two terms", "status:ready"},
    {HT_FILTER_DELIVERIES, "error:h", 6, "may be headers_incomplete or headers_too_large", "more of it"},
    {HT_FILTER_ENDPOINTS, "sort:fail", 5, "may be failed or failing", NULL},
    {HT_FILTER_ENDPOINTS, "status:FA", 7, "never \"FA\"", NULL},
    {HT_FILTER_DELIVERIES, "status:", 7, "missing", NULL},
    {HT_FILTER_DELIVERIES, "code:", 5, "missing", NULL},
    {HT_FILTER_DELIVERIES, "code:503|", 9, "missing", NULL},
    {HT_FILTER_DELIVERIES, "code:|503", 5, "missing", NULL},
    {HT_FILTER_DELIVERIES, "code: 503", 5, "missing", NULL},
    {HT_FILTER_DELIVERIES, "|", 0, "missing", NULL},
    {HT_FILTER_DELIVERIES, "code:99", 5, "no HTTP status", "5xx"},
    {HT_FILTER_DELIVERIES, "code:1000", 5, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "code:0xx", 5, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "code:>", 5, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "code:503|>=x", 9, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "latency:2", 8, "no duration", "15s"},
    {HT_FILTER_DELIVERIES, "attempts:-1", 9, "no number", NULL},
    {HT_FILTER_DELIVERIES, "attempts:9223372036854775808", 9, "no number", NULL},
    {HT_FILTER_DELIVERIES, "after:>14:00", 6, "no time", NULL},
    {HT_FILTER_DELIVERIES, "after:yesterday", 6, "no time", "14:02"},
    {HT_FILTER_DELIVERIES, "id:xyz", 3, "no beginning of an id", NULL},
    {HT_FILTER_DELIVERIES, "id:0198-", 3, "no beginning of an id", NULL},
    {HT_FILTER_DELIVERIES, "id:017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", 3, "no beginning of an id", NULL},
    {HT_FILTER_DELIVERIES, "a \"b", 2, "quote is not closed", NULL},
    {HT_FILTER_DELIVERIES, "a \"b\\\"", 2, "quote is not closed", NULL},
    {HT_FILTER_DELIVERIES, "\"\"", 0, "quote is empty", NULL},
    {HT_FILTER_DELIVERIES, "\"a\"b", 3, "blank is missing", NULL},
    {HT_FILTER_DELIVERIES, "/a", 0, "regular expression is not closed", NULL},
    {HT_FILTER_DELIVERIES, "//", 0, "regular expression is empty", NULL},
    {HT_FILTER_DELIVERIES, "/a/b", 3, "blank is missing", NULL},
    /* columns are those of the screen: wide characters count twice, escapes as they are shown */
    {HT_FILTER_DELIVERIES, "\xe6\x97\xa5\xe6\x9c\xac code:x", 10, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "caf\xc3\xa9 code:x", 10, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "a\x1b code:x", 11, "no HTTP status", NULL},
    {HT_FILTER_DELIVERIES, "a\xff", 0, "not UTF-8", NULL},
    {HT_FILTER_DELIVERIES, "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7", 32, "at most 16 terms", NULL},
    {HT_FILTER_DELIVERIES, "1|2|3|4|5|6|7|8|9|0|1|2|3|4|5|6|1|2|3|4|5|6|7|8|9|0|1|2|3|4|5|6|7", 64, "at most 32 values",
     NULL},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        struct ht_filter f = {.n = 99};
        struct ht_err err = {0};
        size_t column = 777;
        if (ht_filter_parse(bad[i].list, bad[i].text, NOW, &f, &column, &err) != HT_USAGE)
            fail_msg("accepted: %s", bad[i].text);
        if (column != bad[i].column)
            fail_msg("%s: column %zu: %s", bad[i].text, column, err.why);
        if (strstr(err.why, bad[i].why) == NULL || (bad[i].fix != NULL && strstr(err.fix, bad[i].fix) == NULL))
            fail_msg("%s: %s: %s", bad[i].text, err.why, err.fix);
        assert_int_equal(f.n, 99);
        assert_int_equal(ht_filter_parse(bad[i].list, bad[i].text, NOW, &f, NULL, NULL), HT_USAGE);
    }
}

static void too_long(void **state)
{
    (void)state;
    struct ht_filter f;
    char *text = calloc(1, 4098);
    memset(text, 'x', 4096);
    assert_int_equal(ht_filter_parse(HT_FILTER_EVENTS, text, NOW, &f, NULL, NULL), HT_OK);
    assert_int_equal(strlen(f.terms[0].values[0]), 4096);
    ht_filter_fini(&f);
    text[4096] = 'x';
    assert_int_equal(ht_filter_parse(HT_FILTER_EVENTS, text, NOW, &f, NULL, NULL), HT_USAGE);
    free(text);
}

/* Any text is either understood or refused with a column inside it; nothing leaks and nothing is read beyond. */
static void any_text(void **state)
{
    (void)state;
    static const char *const pieces[] = {"code:", "status:", "held", "|",  "\"", "/",  "-",     ">", "\\",       " ",
                                         "5xx",   "after:",  "2h",   "id", ":",  "0a", "error", "*", "\xc3\xa9", "<="};
    for (int i = 0; i < 50000; i++) {
        uint8_t draw[12];
        char text[128];
        size_t len = 0;
        ht_random(draw, sizeof(draw));
        for (size_t j = 0; j < draw[0] % sizeof(draw); j++) {
            const char *piece = pieces[draw[j] % HT_COUNT(pieces)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        text[len] = '\0';
        struct ht_filter f;
        size_t column = 999;
        enum ht_filter_list list = (enum ht_filter_list)(i % HT_FILTER_LIST_COUNT);
        char *exact = strdup(text);
        if (ht_filter_parse(list, exact, NOW, &f, &column, NULL) == HT_OK)
            ht_filter_fini(&f);
        else
            assert_in_range(column, 0, len);
        free(exact);
    }
}

static void field_tables(void **state)
{
    (void)state;
    for (int list = 0; list < HT_FILTER_LIST_COUNT; list++) {
        size_t n;
        const struct ht_filter_field *fields = ht_filter_fields((enum ht_filter_list)list, &n);
        assert_in_range(n, 4, 32);
        for (size_t i = 0; i < n; i++) {
            assert_true(strlen(fields[i].help) > 0);
            bool closed = fields[i].kind == HT_FILTER_WORD || fields[i].kind == HT_FILTER_SORT;
            assert_int_equal(closed, fields[i].words != NULL);
            assert_int_equal(fields[i].words_len > 0, fields[i].words != NULL);
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(fields[i].name, fields[j].name);
        }
    }
}

static void an_order_is_put_into_a_filter(void **state)
{
    static const struct {
        const char *text, *order;
        bool turned;
        const char *expected;
    } cases[] = {
        {"", "name", false, "sort:name"},
        {"acme -sort:held  x", "name", true, "acme x -sort:name"},
        {"sort:name", NULL, false, ""},
        {"\"a sort:held b\" /x sort:y/", "held", false, "\"a sort:held b\" /x sort:y/ sort:held"},
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char text[128];
        ht_filter_with_order(cases[i].text, cases[i].order, cases[i].turned, text, sizeof text);
        assert_string_equal(text, cases[i].expected);
        struct ht_filter f = {0};
        struct ht_err err = {0};
        bool turned = false;
        assert_int_equal(ht_filter_parse(HT_FILTER_ENDPOINTS, text, 0, &f, NULL, &err), HT_OK);
        assert_int_equal(ht_filter_order(&f, &turned) >= 0, cases[i].order != NULL);
        assert_int_equal(turned, cases[i].turned);
        ht_filter_fini(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(refused),      cmocka_unit_test(too_long),
        cmocka_unit_test(any_text), cmocka_unit_test(field_tables), cmocka_unit_test(an_order_is_put_into_a_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
