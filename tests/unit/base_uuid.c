#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/uuid.h"
#include "ht_test.h"

/* RFC 9562, appendix A.6. */
#define EXAMPLE         "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define EXAMPLE_TIME_MS INT64_C(1645557742000)

static void text_form(void **state)
{
    (void)state;
    struct ht_uuid u;
    struct ht_uuid upper;
    char text[HT_UUID_TEXT];
    assert_true(ht_uuid_parse(EXAMPLE, &u));
    assert_int_equal(u.b[0], 0x01);
    assert_int_equal(u.b[15], 0x8f);
    ht_uuid_format(&u, text);
    assert_string_equal(text, EXAMPLE);
    assert_true(ht_uuid_parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", &upper));
    assert_int_equal(ht_uuid_cmp(&u, &upper), 0);
    assert_true(ht_uuid_time_ms(&u) == EXAMPLE_TIME_MS);
}

static void refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "017f22e2",
        "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2_79b0-7cc3-98c4-dc0c0c07398f",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-7cc3-98c4dc0-c0c07398f",
        "017f22e2-79b0-7cc3-98c4- c0c0c07398f",
    };
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        struct ht_uuid u = {{7}};
        if (ht_uuid_parse(bad[i], &u))
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(u.b[0], 7);
    }
}

static void new_ones(void **state)
{
    (void)state;
    struct ht_uuid last = {{0}};
    assert_true(ht_uuid_is_nil(&last));
    int64_t before = ht_wall_us() / 1000;
    for (int i = 0; i < 1000; i++) {
        struct ht_uuid u = ht_uuid_new();
        assert_false(ht_uuid_is_nil(&u));
        assert_int_equal(u.b[6] >> 4, 7);
        assert_int_equal(u.b[8] >> 6, 2);
        assert_in_range(ht_uuid_time_ms(&u), before, ht_wall_us() / 1000);
        assert_int_not_equal(ht_uuid_cmp(&last, &u), 0);
        /* Made later, sorts later: to the fraction of a millisecond that the id holds. */
        assert_true(memcmp(last.b, u.b, 8) <= 0);
        last = u;
    }
}

static void bounds_of_a_moment(void **state)
{
    (void)state;
    char text[HT_UUID_TEXT];
    struct ht_uuid at = ht_uuid_at(EXAMPLE_TIME_MS), next = ht_uuid_at(EXAMPLE_TIME_MS + 1), made = ht_uuid_new();
    struct ht_uuid now = ht_uuid_at(ht_uuid_time_ms(&made)), later = ht_uuid_at(ht_uuid_time_ms(&made) + 1);
    ht_uuid_format(&at, text);
    assert_string_equal(text, "017f22e2-79b0-7000-8000-000000000000"); /* hooktop.uuid_at of the same */
    assert_true(ht_uuid_time_ms(&at) == EXAMPLE_TIME_MS && ht_uuid_cmp(&at, &next) < 0);
    assert_true(ht_uuid_cmp(&now, &made) <= 0 && ht_uuid_cmp(&made, &later) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_form),
        cmocka_unit_test(refused),
        cmocka_unit_test(new_ones),
        cmocka_unit_test(bounds_of_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
