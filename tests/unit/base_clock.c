/* Times and durations, compared with the C library's calendar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/secret.h"
#include "ht_test.h"

#define S   INT64_C(1000000)
#define NOW (INT64_C(1795185600) * S + 123) /* 2026-11-20T14:40:00.000123Z */

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t a = ht_mono_us();
    int64_t b = ht_mono_us();
    assert_true(b >= a);
    time_t before = time(NULL); /* of a clock that may be a tick behind */
    int64_t now = ht_wall_us() / S;
    assert_in_range(now, before, time(NULL) + 1);
}

static void calendar_agrees_with_the_c_library(void **state)
{
    (void)state;
    const int64_t span = INT64_C(253402300800); /* 1970 to 10000 */
    for (int i = 0; i < 20000; i++) {
        uint64_t random;
        ht_random(&random, sizeof(random));
        int64_t s = (int64_t)(random % (uint64_t)(span + 62135596800)) - 62135596800; /* from year 1 on */
        int ms = (int)(random >> 50) % 1000;
        time_t t = (time_t)s;
        struct tm tm;
        char want[64];
        char got[HT_TIME_TEXT];
        gmtime_r(&t, &tm);
        snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
        ht_time_rfc3339(s * S + ms * 1000 + 999, got);
        assert_string_equal(got, want);
        int64_t back;
        assert_int_equal(ht_time_parse(got, 0, &back, NULL), HT_OK);
        assert_true(back == s * S + ms * 1000);
        static const char *const http = "%a, %d %b %Y %H:%M:%S GMT";
        char date[64];
        if (s >= 0) {
            size_t len = strftime(date, sizeof(date), http, &tm);
            assert_true(ht_time_parse_http(date, len, &back));
            assert_true(back == s * S);
        }
    }
}

static void edges(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
        {INT64_C(951782400) * S, "2000-02-29T00:00:00.000Z"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char text[HT_TIME_TEXT];
        ht_time_rfc3339(cases[i].us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"2026-11-20T14:02:58.440Z", INT64_C(1795183378440000)},
        {"2026-11-20t14:02:58.4409999z", INT64_C(1795183378440999)},
        {"2026-11-20T16:02:58+02:00", INT64_C(1795183378) * S},
        {"2026-11-20T09:02:58-05:00", INT64_C(1795183378) * S},
        {"2026-11-20 14:02", INT64_C(1795183320) * S},
        {"2026-11-20", INT64_C(1795132800) * S},
        {"2000-02-29", INT64_C(951782400) * S},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800) * S},
        {"14:02", INT64_C(1795183320) * S},
        {"00:00:01", INT64_C(1795132801) * S},
        {"-2h", NOW - 7200 * S},
        {"2h", NOW - 7200 * S},
        {"1d12h", NOW - 36 * 3600 * S},
        {"0", NOW},
    };
    static const char *const bad[] = {
        "",
        "2026",
        "2026-13-01",
        "2026-00-10",
        "2026-02-29",
        "1900-02-29",
        "2100-02-29",
        "2026-2-3",
        "2026-11-20T",
        "2026-11-20T24:00:00Z",
        "2026-11-20T14:60Z",
        "2026-11-20T14:02:61Z",
        "now",
        "2026-11-20 ",
        " 2026-11-20",
        "2026-11-20T14:02:",
        "2026-11-20T14:02:58.Z",
        "--2h",
        "- 2h",
        "14:2",
        "2026-11-20T14:02+2",
        "2026-11-20T14:02+24:00",
        "5",
        "20261120T1402Z",
        "2026-11-20T14:02ZZ",
        "+2h",
        "2026-11-20T14:02:58,4Z",
    };
    for (size_t i = 0; i < HT_COUNT(good); i++) {
        int64_t us = 0;
        assert_int_equal(ht_time_parse(good[i].text, NOW, &us, NULL), HT_OK);
        if (us != good[i].us)
            fail_msg("%s: %lld", good[i].text, (long long)us);
    }
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        int64_t us = 42;
        struct ht_err err = {0};
        if (ht_time_parse(bad[i], NOW, &us, &err) != HT_USAGE)
            fail_msg("accepted: %s", bad[i]);
        assert_true(us == 42);
        assert_int_equal(err.rc, HT_USAGE);
    }
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0", 0},
        {"0s", 0},
        {"1500ms", 1500},
        {"15s", 15000},
        {"5m", 300000},
        {"2h", 7200000},
        {"1d", 86400000},
        {"1h30m", 5400000},
        {"1d2h3m4s5ms", 93784005},
        {"400d", INT64_C(34560000000)},
        {"399d24h", INT64_C(34560000000)},
        {"34560000000ms", INT64_C(34560000000)},
    };
    static const char *const bad[] = {
        "",
        "5",
        "s",
        "15 s",
        "-1s",
        "1.5h",
        "1h1h",
        "30m1h",
        "1w",
        "00",
        "1hm",
        "401d",
        "400d1ms",
        "99999999999999999999s",
        "18446744073709551616ms",
        "1s ",
        " 1s",
        "1mss",
        "0x1s",
    };
    for (size_t i = 0; i < HT_COUNT(good); i++) {
        int64_t ms = -1;
        assert_int_equal(ht_duration_parse(good[i].text, &ms, NULL), HT_OK);
        if (ms != good[i].ms)
            fail_msg("%s: %lld", good[i].text, (long long)ms);
    }
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        int64_t ms = 42;
        if (ht_duration_parse(bad[i], &ms, NULL) != HT_USAGE)
            fail_msg("accepted: %s", bad[i]);
        assert_true(ms == 42);
    }
}

static void short_forms(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0ms"},
        {88, "88ms"},
        {999, "999ms"},
        {1000, "1s"},
        {2999, "2s"},
        {59999, "59s"},
        {60000, "1m"},
        {2460000, "41m"},
        {3599999, "59m"},
        {3600000, "1h00m"},
        {68520000, "19h02m"},
        {86399999, "23h59m"},
        {86400000, "1d00h"},
        {863999999, "9d23h"},
        {864000000, "10d"},
        {INT64_C(9504000000), "110d"},
        {-2000, "-2s"},
        {INT64_MIN, "-106751991167d"},
        {INT64_MAX, "106751991167d"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char text[32];
        ht_duration_format(cases[i].ms, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
    char small[4];
    ht_duration_format(68520000, small, sizeof(small));
    assert_string_equal(small, "19h");
}

static void http_dates(void **state)
{
    (void)state;
    int64_t us = 0;
    assert_true(ht_time_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", 29, &us));
    assert_true(us == 784111777 * S);
    static const char *const bad[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Xxx, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 19940 08:49:37 GMT",
        "120",
    };
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        us = 42;
        if (ht_time_parse_http(bad[i], strlen(bad[i]), &us))
            fail_msg("accepted: %s", bad[i]);
        assert_true(us == 42);
    }
    /* Every shorter text is refused, and no byte behind the length is read. */
    for (size_t len = 0; len < 29; len++) {
        char *exact = malloc(len + 1);
        memcpy(exact, "Sun, 06 Nov 1994 08:49:37 GMT", len);
        assert_false(ht_time_parse_http(exact, len, &us));
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_go_forward),
        cmocka_unit_test(calendar_agrees_with_the_c_library),
        cmocka_unit_test(edges),
        cmocka_unit_test(times),
        cmocka_unit_test(durations),
        cmocka_unit_test(short_forms),
        cmocka_unit_test(http_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
