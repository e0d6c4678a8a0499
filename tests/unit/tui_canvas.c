/* The canvas: what is foreign stays in its box and harmless, whatever the size. */
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/canvas.h"
#include "ht_test.h"

static char *text_of(const struct ht_canvas *c)
{
    struct ht_buf b;
    ht_buf_init(&b, 1 << 20);
    ht_canvas_text(c, &b);
    return ht_buf_take(&b, NULL);
}

static void shows(const struct ht_canvas *c, const char *wanted)
{
    char *got = text_of(c);
    assert_string_equal(got, wanted);
    free(got);
}

static void cut_and_padded(void **state)
{
    (void)state;
    struct ht_canvas c;
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, 4, 12);
    assert_int_equal(ht_draw_str(&c, 0, 0, 12, HT_STYLE_ROW, "short"), 5);
    assert_int_equal(ht_draw_str(&c, 1, 2, 6, HT_STYLE_ROW, "longer than it"), 6);
    ht_draw_right(&c, 2, 0, 8, HT_STYLE_ROW, "42");
    ht_draw_str(&c, 3, 0, 5, HT_STYLE_ROW, "株式会社"); /* 8 columns into 5: two fit, the third would be halved */
    shows(&c, "short\n  longe~\n      42\n株式~\n");
    ht_canvas_fini(&c);
}

static void every_hostile_text_stays_in_its_box(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\033[31mred\033[0m",
        "a\rEVIL",
        "a\nEVIL",
        "a\b\b\bEVIL",
        "\033]0;title\a",
        "\033]52;c;aGk=\a",
        "\xc2\x9b"
        "31mC1",
        "\x9b"
        "31mraw C1",
        "\xe2\x80\xae"
        "gnp.exe",
        "zero\xe2\x80\x8bwidth",
        "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
        "\xcc\x81 alone",
        "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
        "\xed\xa0\x80 surrogate",
        "\xe2\x80",
        "株式会社株式会社株式会社",
        "\xef\xbb\xbf"
        "bom",
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(texts); i++)
        for (int width = 0; width <= 20; width++) {
            struct ht_canvas c;
            ht_canvas_init(&c, false);
            ht_canvas_resize(&c, 3, 30);
            for (int y = 0; y < 3; y++)
                ht_draw_str(&c, y, 0, 30, HT_STYLE_ROW, "..............................");
            ht_draw_str(&c, 1, 5, width, HT_STYLE_ROW, texts[i]);
            for (int y = 0; y < 3; y++)
                for (int x = 0; x < 30; x++) {
                    const struct ht_cell *cell = &c.cells[y * 30 + x];
                    bool inside = y == 1 && x >= 5 && x < 5 + width;
                    if (!inside)
                        assert_int_equal(cell->ch[0], '.');
                    for (int k = 0; k < 3 && cell->ch[k]; k++) {
                        assert_true(cell->ch[k] >= 0x20 && cell->ch[k] != 0x7f);
                        assert_false(cell->ch[k] >= 0x80 && cell->ch[k] < 0xa0);
                        assert_false(cell->ch[k] >= 0x200b && cell->ch[k] <= 0x202e);
                        assert_int_not_equal(cell->ch[k], 0xfeff);
                    }
                }
            ht_canvas_fini(&c);
        }
}

static void wide_characters_are_never_halved(void **state)
{
    (void)state;
    struct ht_canvas c;
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, 1, 6);
    ht_draw_str(&c, 0, 0, 6, HT_STYLE_ROW, "株式会");
    ht_draw_str(&c, 0, 1, 1, HT_STYLE_ROW, "x"); /* over the right half of the first */
    ht_draw_str(&c, 0, 4, 1, HT_STYLE_ROW, "y"); /* over the left half of the third */
    shows(&c, " x式y\n");
    ht_canvas_fini(&c);
}

static void outside_is_cut(void **state)
{
    (void)state;
    struct ht_canvas c;
    ht_canvas_init(&c, false);
    for (int rows = 1; rows < 4; rows++)
        for (int cols = 1; cols < 4; cols++) {
            ht_canvas_resize(&c, rows, cols);
            for (int at = -3; at < 5; at++) {
                ht_draw_str(&c, at, at, 9, HT_STYLE_ROW, "株a\033b");
                ht_draw_box(&c, (struct ht_rect){at, at, 4, 12}, "title", HT_STYLE_DIALOG_TITLE);
                ht_draw_rule(&c, at, at, 20, "a title");
                ht_draw_vrule(&c, at, at, 9);
                ht_draw_fill(&c, (struct ht_rect){at, at, 9, 9}, HT_STYLE_ROW);
                ht_draw_overlay(&c, (struct ht_rect){at, at, 9, 9}, HT_STYLE_SELECTED);
                ht_draw_bar(&c, at, at, 9, 1, 3, HT_STYLE_SPARK);
                ht_draw_right(&c, at, at, 9, HT_STYLE_ROW, "1");
            }
        }
    ht_canvas_resize(&c, 0, -4);
    assert_int_equal(c.rows * c.cols, 1);
    ht_canvas_fini(&c);
}

static void ascii_terminals(void **state)
{
    (void)state;
    struct ht_canvas c;
    ht_canvas_init(&c, true);
    c.ascii_text = true;
    ht_canvas_resize(&c, 4, 16);
    ht_draw_box(&c, (struct ht_rect){0, 0, 3, 16}, "t", HT_STYLE_DIALOG_TITLE);
    ht_draw_str(&c, 1, 1, 14, HT_STYLE_ROW, "caf\xc3\xa9");
    ht_draw_bar(&c, 3, 0, 4, 1, 2, HT_STYLE_SPARK);
    shows(&c, "+----- t ------+\n|caf<U+00E9>   |\n+--------------+\n##\n");
    ht_canvas_fini(&c);
}

static void bars_show_something_for_something(void **state)
{
    (void)state;
    struct ht_canvas c;
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, 3, 4);
    ht_draw_bar(&c, 0, 0, 4, 1, 1000000, HT_STYLE_SPARK);
    ht_draw_bar(&c, 1, 0, 4, 5, 5, HT_STYLE_SPARK);
    ht_draw_bar(&c, 2, 0, 4, 0, 0, HT_STYLE_SPARK);
    shows(&c, "▏\n████\n\n");
    ht_canvas_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_and_padded),
        cmocka_unit_test(every_hostile_text_stays_in_its_box),
        cmocka_unit_test(wide_characters_are_never_halved),
        cmocka_unit_test(outside_is_cut),
        cmocka_unit_test(ascii_terminals),
        cmocka_unit_test(bars_show_something_for_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
