#include <stdlib.h>
#include <string.h>
#include "hooktop/base/buf.h"
#include "ht_test.h"

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, 100000);
    assert_string_equal(b.data, "");
    for (int i = 0; i < 10000; i++) {
        ht_buf_addf(&b, "%d,", i % 10);
        assert_int_equal(strlen(b.data), b.len);
    }
    assert_int_equal(b.len, 20000);
    assert_false(b.over);
    ht_buf_clear(&b);
    assert_string_equal(b.data, "");
    ht_buf_add(&b, "a\0b", 3);
    ht_buf_addc(&b, 'c');
    ht_buf_adds(&b, "");
    ht_buf_add(&b, NULL, 0);
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "a\0bc", 5);
}

static void ceiling(void **state)
{
    (void)state;
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, 10);
    ht_buf_adds(&b, "0123456789");
    assert_false(b.over);
    assert_int_equal(b.len, 10);
    ht_buf_addc(&b, 'x');
    assert_true(b.over);
    assert_string_equal(b.data, "0123456789");
    ht_buf_clear(&b);
    assert_false(b.over);
    ht_buf_adds(&b, "0123456");
    ht_buf_addf(&b, "%s", "four");
    assert_true(b.over);
    assert_string_equal(b.data, "0123456");
    ht_buf_addc(&b, 'y'); /* would fit, but something is missing before it */
    assert_string_equal(b.data, "0123456");
    ht_buf_clear(&b);
    ht_buf_adds(&b, "0123456");
    ht_buf_add(&b, "", SIZE_MAX);
    assert_true(b.over);
    assert_int_equal(b.len, 7);
}

static void taking(void **state)
{
    (void)state;
    struct ht_buf b;
    size_t len;
    ht_buf_init(&b, 100);
    char *empty = ht_buf_take(&b, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    free(empty);
    ht_buf_adds(&b, "text");
    char *text = ht_buf_take(&b, &len);
    assert_string_equal(text, "text");
    assert_int_equal(len, 4);
    free(text);
    assert_string_equal(b.data, "");
    ht_buf_adds(&b, "again");
    assert_string_equal(b.data, "again");
    ht_buf_fini(&b);
    ht_buf_fini(&b);
    struct ht_buf zeros = {0};
    ht_buf_fini(&zeros);
    struct ht_buf nothing_fits = {0};
    ht_buf_addc(&nothing_fits, 'x');
    assert_true(nothing_fits.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(ceiling),
        cmocka_unit_test(taking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
