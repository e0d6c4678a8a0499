/* What becomes of a delivery after an attempt, when it is tried again, and which secrets sign it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/delivery/keys.h"
#include "../../src/delivery/schedule.h"

static const int32_t delays[] = {5, 300, 1800};

static struct ht_schedule_result after(struct ht_schedule_input in)
{
    struct ht_schedule_result r;
    in.delays_s = in.delays_s ? in.delays_s : delays;
    in.delays_len = in.delays_len ? in.delays_len : HT_COUNT(delays);
    ht_schedule(&in, &r);
    return r;
}

static void test_delays(void **state)
{
    (void)state;
    for (int32_t n = 1; n <= 3; n++) {
        struct ht_schedule_result r = after((struct ht_schedule_input){.attempt = n, .error = HT_ATTEMPT_TIMEOUT});
        assert_int_equal(r.to, HT_DELIVERY_READY);
        assert_int_equal(r.retry_in_ms, delays[n - 1] * 1000);
        assert_false(r.disable_endpoint);
    }
    struct ht_schedule_result last = after((struct ht_schedule_input){.attempt = 4, .error = HT_ATTEMPT_TIMEOUT});
    assert_int_equal(last.to, HT_DELIVERY_EXHAUSTED);
    assert_false(last.disable_endpoint);
    struct ht_schedule_result good = after((struct ht_schedule_input){.attempt = 4, .error = HT_ATTEMPT_NONE});
    assert_int_equal(good.to, HT_DELIVERY_SUCCEEDED);
}

static void test_jitter(void **state)
{
    (void)state;
    int64_t least = INT64_MAX, most = 0;
    for (uint32_t chance = 0; chance < 0xff000000u; chance += 0x00ffffffu) {
        struct ht_schedule_result r =
            after((struct ht_schedule_input){.attempt = 2, .error = HT_ATTEMPT_RESET, .chance = chance});
        least = r.retry_in_ms < least ? r.retry_in_ms : least;
        most = r.retry_in_ms > most ? r.retry_in_ms : most;
    }
    assert_int_equal(least, 300000);
    assert_in_range(most, 329000, 330000);
    struct ht_schedule_result r =
        after((struct ht_schedule_input){.attempt = 2, .error = HT_ATTEMPT_RESET, .chance = UINT32_MAX});
    assert_in_range(r.retry_in_ms, 329990, 330000);
}

static void test_retry_after(void **state)
{
    (void)state;
    struct ht_schedule_input in = {.attempt = 1, .error = HT_ATTEMPT_THROTTLED, .status = 429, .retry_after_ms = 60000};
    assert_int_equal(after(in).retry_in_ms, 60000);
    in.retry_after_ms = 1000; /* never sooner than the schedule */
    assert_int_equal(after(in).retry_in_ms, 5000);
    in = (struct ht_schedule_input){.attempt = 1, .error = HT_ATTEMPT_HTTP_5XX, .status = 503, .retry_after_ms = 60000};
    assert_int_equal(after(in).retry_in_ms, 60000);
    in.status = 500; /* only these two statuses */
    assert_int_equal(after(in).retry_in_ms, 5000);
    in =
        (struct ht_schedule_input){.attempt = 4, .error = HT_ATTEMPT_THROTTLED, .status = 429, .retry_after_ms = 60000};
    assert_int_equal(after(in).to, HT_DELIVERY_EXHAUSTED);
}

static void test_retry_after_values(void **state)
{
    (void)state;
    /* 2026-11-20 14:02:58 UTC */
    const int64_t now = 1795183378LL * 1000000;
    static const struct {
        const char *value;
        int64_t ms;
    } values[] = {
        {"120", 120000},
        {"0", 0},
        {"86400", 86400000},
        {"86401", 86400000},
        {"99999999999999999999999999", 86400000},
        {"Fri, 20 Nov 2026 14:03:58 GMT", 60000},
        {"Fri, 20 Nov 2026 14:01:58 GMT", 0},
        {"Fri, 20 Nov 2099 14:03:58 GMT", 86400000},
        {"", 0},
        {"-5", 0},
        {"+5", 0},
        {"5.5", 0},
        {"5 seconds", 0},
        {"0x10", 0},
        {"soon", 0},
        {"Fri, 20 Nov 2026", 0},
    };
    for (size_t i = 0; i < HT_COUNT(values); i++) {
        int64_t ms = ht_retry_after_ms(values[i].value, now);
        if (ms != values[i].ms) {
            fail_msg("'%s': %lld", values[i].value, (long long)ms);
        }
    }
}

static void test_gone_and_failure_rule(void **state)
{
    (void)state;
    struct ht_schedule_result r =
        after((struct ht_schedule_input){.attempt = 1, .error = HT_ATTEMPT_GONE, .status = 410});
    assert_int_equal(r.to, HT_DELIVERY_EXHAUSTED);
    assert_true(r.disable_endpoint);
    assert_non_null(r.reason);
    /* ClaimPort: four delays, disabled after five failures */
    static const int32_t claimport[] = {300, 1800, 7200, 86400};
    struct ht_schedule_input in = {.delays_s = claimport,
                                   .delays_len = HT_COUNT(claimport),
                                   .attempt = 4,
                                   .error = HT_ATTEMPT_HTTP_5XX,
                                   .disable_after_failures = 5};
    r = after(in);
    assert_int_equal(r.to, HT_DELIVERY_READY);
    assert_int_equal(r.retry_in_ms, 86400000);
    assert_false(r.disable_endpoint);
    in.attempt = 5;
    r = after(in);
    assert_int_equal(r.to, HT_DELIVERY_EXHAUSTED);
    assert_true(r.disable_endpoint);
    in.error = HT_ATTEMPT_NONE;
    assert_false(after(in).disable_endpoint);
}

static void test_own_faults_and_guard(void **state)
{
    (void)state;
    assert_int_equal(after((struct ht_schedule_input){.attempt = 1, .error = HT_ATTEMPT_SEALED}).to,
                     HT_DELIVERY_QUARANTINED);
    assert_int_equal(after((struct ht_schedule_input){.attempt = 9, .error = HT_ATTEMPT_INTERNAL}).to,
                     HT_DELIVERY_QUARANTINED);
    struct ht_schedule_result r = after((struct ht_schedule_input){.attempt = 1, .error = HT_ATTEMPT_BLOCKED});
    assert_int_equal(r.to, HT_DELIVERY_READY);
    assert_int_equal(r.retry_in_ms, 3600000);
}

/* Secrets -----------------------------------------------------------------------------------------------------------
 */

#define NOW 1000

static size_t select_from(struct ht_sealed_row *rows, size_t n, bool several, size_t ret[HT_SECRETS_LIVE_MAX])
{
    const struct ht_sealed_rows list = {.rows = rows, .n = n};
    return ht_keys_select(&list, several, NOW, ret);
}

static void test_overlap(void **state)
{
    (void)state;
    size_t at[HT_SECRETS_LIVE_MAX];
    struct ht_sealed_row rows[] = {
        {.generation = 1, .state = HT_SECRET_RETIRING, .expires_at = NOW + 1},
        {.generation = 3, .state = HT_SECRET_ACTIVE},
        {.generation = 2, .state = HT_SECRET_RETIRING, .expires_at = NOW + 500},
    };
    assert_int_equal(select_from(rows, 3, true, at), 3);
    assert_int_equal(at[0], 1);
    assert_int_equal(at[1], 2);
    assert_int_equal(at[2], 0);
    rows[0].expires_at = NOW; /* at this very moment it stops */
    assert_int_equal(select_from(rows, 3, true, at), 2);
    assert_int_equal(at[1], 2);
    assert_int_equal(select_from(rows, 3, false, at), 1);
    assert_int_equal(at[0], 1);
}

static void test_staged(void **state)
{
    (void)state;
    size_t at[HT_SECRETS_LIVE_MAX];
    struct ht_sealed_row rows[] = {
        {.generation = 2, .state = HT_SECRET_NEXT, .promote_at = NOW + 1},
        {.generation = 1, .state = HT_SECRET_ACTIVE, .expires_at = NOW + 1},
    };
    assert_int_equal(select_from(rows, 2, false, at), 1);
    assert_int_equal(at[0], 1);
    rows[0].promote_at = rows[1].expires_at = NOW;
    assert_int_equal(select_from(rows, 2, false, at), 1);
    assert_int_equal(at[0], 0);
    rows[0].promote_at = 0; /* only by hand */
    assert_int_equal(select_from(rows, 2, false, at), 0);
    rows[1].expires_at = 0;
    assert_int_equal(select_from(rows, 2, false, at), 1);
    assert_int_equal(at[0], 1);
    rows[0].state = rows[1].state = HT_SECRET_EXPIRED;
    assert_int_equal(select_from(rows, 2, true, at), 0);
    assert_int_equal(select_from(rows, 0, true, at), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_after_values),
        cmocka_unit_test(test_gone_and_failure_rule),
        cmocka_unit_test(test_own_faults_and_guard),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_staged),
    };
    return cmocka_run_group_tests_name("classify schedule", tests, NULL, NULL);
}
