/* Our widths are the C library's, and so those of ncurses, wherever we let a character through. */
#include <locale.h>
#include <wchar.h>
#include "hooktop/base/text.h"
#include "ht_test.h"

/* What the C library would print and we make visible, on purpose: invisible or joining characters. */
static const struct {
    uint32_t first, last;
    const char *why;
} hidden_on_purpose[] = {
    {0x00a0, 0x00a0, "a space that is not U+0020"},
    {0x00ad, 0x00ad, "soft hyphen"},
    {0x034f, 0x034f, "combining grapheme joiner"},
    {0x0600, 0x0605, "prepended format characters"},
    {0x061c, 0x061c, "direction"},
    {0x06dd, 0x06dd, "prepended format character"},
    {0x070f, 0x070f, "prepended format character"},
    {0x0890, 0x0891, "prepended format characters"},
    {0x08e2, 0x08e2, "prepended format character"},
    {0x115f, 0x11ff, "conjoining jamo: terminals disagree"},
    {0x1680, 0x1680, "a space that is not U+0020"},
    {0x17b4, 0x17b5, "invisible vowels"},
    {0x180b, 0x180f, "variation selectors, vowel separator"},
    {0x2000, 0x200f, "spaces, zero width, direction"},
    {0x202a, 0x202f, "direction, a narrow space"},
    {0x205f, 0x206f, "a space, joiners, direction, deprecated format characters"},
    {0x3000, 0x3000, "a space that is not U+0020"},
    {0x302e, 0x302f, "tone marks with a width of their own"},
    {0x3164, 0x3164, "Hangul filler"},
    {0xd7b0, 0xd7fb, "conjoining jamo"},
    {0xe000, 0xf8ff, "private use"},
    {0xfe00, 0xfe0f, "variation selectors"},
    {0xfeff, 0xfeff, "byte order mark"},
    {0xffa0, 0xffa0, "halfwidth Hangul filler"},
    {0xfff9, 0xfffb, "interlinear annotation"},
    {0x110bd, 0x110bd, "prepended format character"},
    {0x110cd, 0x110cd, "prepended format character"},
    {0x13430, 0x13438, "format controls"},
    {0x1bca0, 0x1bca3, "format controls"},
    {0x1d173, 0x1d17a, "format controls"},
    {0x1f1e6, 0x1f1ff, "regional indicators: pairs become flags"},
    {0x1f3fb, 0x1f3ff, "emoji modifiers"},
    {0xe0001, 0xe01ef, "tags, variation selectors"},
    {0xf0000, 0x10ffff, "private use"},
};

static bool meant_to_be_hidden(uint32_t ch)
{
    for (size_t i = 0; i < HT_COUNT(hidden_on_purpose); i++) {
        if (ch >= hidden_on_purpose[i].first && ch <= hidden_on_purpose[i].last)
            return true;
    }
    return false;
}

static void widths_are_the_c_librarys(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    unsigned compared = 0;
    for (uint32_t ch = 0; ch <= 0x10ffff; ch++) {
        int ours = ht_char_width(ch);
        int theirs = ch == 0 ? -1 : wcwidth((wchar_t)ch); /* wcwidth gives NUL no width, which is a control to us */
        if (ours == theirs) {
            compared++;
            continue;
        }
        /* Let nothing through with another width, nor anything that it cannot print. */
        if (ours != -1 || !meant_to_be_hidden(ch))
            fail_msg("U+%04X: %d here, %d in the C library", ch, ours, theirs);
    }
    assert_true(compared > 900000);
    assert_int_equal(ht_char_width(0x110000), -1);
    assert_int_equal(ht_char_width(UINT32_MAX), -1);
}

static void independent_of_the_locale(void **state)
{
    (void)state;
    setlocale(LC_ALL, "C");
    assert_int_equal(ht_char_width(0x65e5), 2);
    assert_int_equal(ht_char_width(0x301), 0);
    assert_int_equal(ht_char_width(0xe9), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_are_the_c_librarys),
        cmocka_unit_test(independent_of_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
