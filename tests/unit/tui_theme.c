/* Themes: the bundled ones are readable everywhere, a user's own is checked line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/embed.h"
#include "hooktop/tui/theme.h"
#include "ht_test.h"

static const char *const bundled[] = {"default", "dark", "light", "mono", "contrast", "ocean", "paper", "blue-orange"};

static void all_bundled_ones_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(bundled); i++) {
        struct ht_theme t;
        struct ht_err err = {0};
        if (ht_theme_load(bundled[i], NULL, &t, &err) != HT_OK)
            fail_msg("%s: %s", bundled[i], err.why);
        assert_string_equal(t.name, bundled[i]);
    }
    assert_int_equal(ht_embedded_themes_len, HT_COUNT(bundled)); /* so that each is in the tests below */
}

/* What must be told apart is told apart without any colour. */
static void states_differ_without_colour(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(bundled); i++) {
        struct ht_theme t;
        assert_int_equal(ht_theme_load(bundled[i], NULL, &t, NULL), HT_OK);
        uint8_t row = t.looks[HT_STYLE_ROW].mono_attrs;
        assert_int_not_equal(t.looks[HT_STYLE_SELECTED].mono_attrs, row);
        assert_int_not_equal(t.looks[HT_STYLE_MARKED].mono_attrs, row);
        assert_int_not_equal(t.looks[HT_STYLE_MARKED].mono_attrs, t.looks[HT_STYLE_SELECTED].mono_attrs);
        assert_int_not_equal(t.looks[HT_STYLE_FAILED].mono_attrs, row);
        assert_int_not_equal(t.looks[HT_STYLE_BUTTON_ON].mono_attrs, t.looks[HT_STYLE_BUTTON].mono_attrs);
        assert_int_not_equal(t.looks[HT_STYLE_TITLE_WARN].mono_attrs, t.looks[HT_STYLE_TITLE].mono_attrs);
        assert_int_not_equal(t.looks[HT_STYLE_PROMPT_ERROR].mono_attrs, t.looks[HT_STYLE_PROMPT].mono_attrs);
    }
}

/* x^2.4 for 0 < x <= 1, as x^2 times the fifth root of x^2 by Newton's method: no mathematics library is linked. */
static double power_2_4(double x)
{
    double root = 1;
    for (int i = 0; i < 60; i++)
        root -= (root * root * root * root * root - x * x) / (5 * root * root * root * root);
    return x * x * root;
}

static double channel(int v)
{
    double c = v / 255.0;
    return c <= 0.04045 ? c / 12.92 : power_2_4((c + 0.055) / 1.055);
}

/* WCAG 2: (L1 + 0.05) / (L2 + 0.05) of relative luminances. */
static double contrast(int32_t a, int32_t b)
{
    double la = 0.2126 * channel(a >> 16 & 255) + 0.7152 * channel(a >> 8 & 255) + 0.0722 * channel(a & 255);
    double lb = 0.2126 * channel(b >> 16 & 255) + 0.7152 * channel(b >> 8 & 255) + 0.0722 * channel(b & 255);
    return la > lb ? (la + 0.05) / (lb + 0.05) : (lb + 0.05) / (la + 0.05);
}

/* What a terminal of 256 colours shows of one. */
static int32_t of_256(int32_t rgb)
{
    static const int32_t steps[] = {0, 95, 135, 175, 215, 255};
    int n = ht_colour_256(rgb);
    if (n >= 232)
        return (8 + 10 * (n - 232)) * 0x010101;
    n -= 16;
    return steps[n / 36] << 16 | steps[n / 6 % 6] << 8 | steps[n % 6];
}

/* `paper` and `ink` are the terminal's, where the theme has none of its own. */
static void readable(const char *theme, int32_t paper, int32_t ink, double least)
{
    struct ht_theme t;
    assert_int_equal(ht_theme_load(theme, NULL, &t, NULL), HT_OK);
    for (int s = 0; s < HT_STYLE_COUNT; s++) {
        struct ht_look look = ht_theme_look(&t, (enum ht_style)s, HT_STYLE_NONE);
        int32_t fg = look.fg.rgb >= 0 ? look.fg.rgb : ink, bg = look.bg.rgb >= 0 ? look.bg.rgb : paper;
        if (s == HT_STYLE_RULE)
            continue; /* lines are no text */
        if (contrast(fg, bg) < least)
            fail_msg("%s: style %d: #%06x on #%06x has a contrast of %.2f only", theme, s, (unsigned)fg, (unsigned)bg,
                     contrast(fg, bg));
        fg = look.fg.rgb >= 0 ? of_256(fg) : fg;
        bg = look.bg.rgb >= 0 ? of_256(bg) : bg;
        if (contrast(fg, bg) < least)
            fail_msg("%s: style %d, of 256 colours: #%06x on #%06x has a contrast of %.2f only", theme, s, (unsigned)fg,
                     (unsigned)bg, contrast(fg, bg));
    }
}

static void contrasts_suffice(void **state)
{
    (void)state;
    readable("dark", 0x1c1c1c, 0xd0d0d0, 4.5);
    readable("dark", 0x000000, 0xffffff, 4.5);
    readable("blue-orange", 0x1c1c1c, 0xd0d0d0, 4.5);
    readable("blue-orange", 0x000000, 0xffffff, 4.5);
    readable("light", 0xffffff, 0x000000, 4.5);
    readable("light", 0xf5f5f5, 0x1c1c1c, 4.5);
    /* these bring their own ground: whatever the terminal has */
    static const int32_t terminals[] = {0x000000, 0x808080, 0xffffff};
    for (size_t i = 0; i < HT_COUNT(terminals); i++) {
        readable("ocean", terminals[i], terminals[i], 4.5);
        readable("paper", terminals[i], terminals[i], 4.5);
        readable("contrast", terminals[i], terminals[i], 7);
    }
}

/* No terminal has a yellow or a bright colour that can be read on white: with 16 colours the light ones have none. */
static void no_yellow_on_white(void **state)
{
    static const char *const light[] = {"light", "paper"};
    (void)state;
    for (size_t i = 0; i < HT_COUNT(light); i++) {
        struct ht_theme t;
        assert_int_equal(ht_theme_load(light[i], NULL, &t, NULL), HT_OK);
        for (int s = 0; s < HT_STYLE_COUNT; s++) {
            const struct ht_look *l = &t.looks[s];
            if (l->bg.ansi == HT_COLOUR_DEFAULT && (l->fg.ansi == 3 || l->fg.ansi > 8))
                fail_msg("%s: style %d is colour %d", light[i], s, l->fg.ansi);
        }
    }
}

/* Nothing may depend on whether the terminal is light or dark: default uses its own colours and the six plain ones. */
static void default_suits_light_and_dark(void **state)
{
    (void)state;
    struct ht_theme t;
    assert_int_equal(ht_theme_load(NULL, NULL, &t, NULL), HT_OK);
    for (int s = 0; s < HT_STYLE_COUNT; s++) {
        const struct ht_look *l = &t.looks[s];
        assert_true(l->fg.ansi == HT_COLOUR_DEFAULT || (l->fg.ansi >= 1 && l->fg.ansi <= 6));
        assert_int_equal(l->fg.rgb, -1);
        assert_int_equal(l->bg.ansi, HT_COLOUR_DEFAULT);
    }
}

static void the_ladder(void **state)
{
    (void)state;
    struct ht_colour c = {0x5f87ff, 4}, own = {-1, HT_COLOUR_DEFAULT}, bright = {-1, 12};
    assert_int_equal(ht_colour_number(&c, 1 << 24), 0x5f87ff);
    assert_int_equal(ht_colour_number(&c, 256), 69);
    assert_int_equal(ht_colour_number(&c, 16), 4);
    assert_int_equal(ht_colour_number(&c, 8), 4);
    assert_int_equal(ht_colour_number(&bright, 8), 4);
    assert_int_equal(ht_colour_number(&bright, 16), 12);
    assert_int_equal(ht_colour_number(&bright, 1 << 24), 4);
    assert_int_equal(ht_colour_number(&own, 256), HT_COLOUR_DEFAULT);
    /* the nearest of the cube and of the greys, as xterm numbers them */
    assert_int_equal(ht_colour_256(0x000000), 16);
    assert_int_equal(ht_colour_256(0xffffff), 231);
    assert_int_equal(ht_colour_256(0x808080), 244);
    assert_int_equal(ht_colour_256(0x121212), 233);
    assert_int_equal(ht_colour_256(0xff0000), 196);
}

static enum ht_rc load_text(const char *text, struct ht_theme *t, struct ht_err *err)
{
    char *dir = ht_test_dir(), path[512];
    snprintf(path, sizeof path, "%s/own.ini", dir);
    ht_test_write_file(path, text, strlen(text));
    enum ht_rc rc = ht_theme_load("own", dir, t, err);
    free(dir);
    return rc;
}

static void a_users_own(void **state)
{
    (void)state;
    struct ht_theme t;
    struct ht_err err = {0};
    const char *text = "[theme]\nname = mine\nbase = dark\n[palette]\nhot = \"#ff5f00 / yellow\"\n"
                       "[style]\nstatus.* = hot bold | underline\nstatus.ok = green on blue\ntitle = default reverse\n";
    assert_int_equal(load_text(text, &t, &err), HT_OK);
    assert_string_equal(t.name, "mine");
    assert_int_equal(t.looks[HT_STYLE_FAILED].fg.rgb, 0xff5f00);
    assert_int_equal(t.looks[HT_STYLE_FAILED].fg.ansi, 3);
    assert_int_equal(t.looks[HT_STYLE_FAILED].attrs, HT_ATTR_BOLD);
    assert_int_equal(t.looks[HT_STYLE_FAILED].mono_attrs, HT_ATTR_UNDERLINE);
    assert_int_equal(t.looks[HT_STYLE_OK].fg.ansi, 2);
    assert_int_equal(t.looks[HT_STYLE_OK].bg.ansi, 4);
    assert_int_equal(t.looks[HT_STYLE_JSON_KEY].fg.rgb, 0x87afff); /* from its base */
}

static void mistakes_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *word;
    } wrong[] = {
        {"[style]\nrow = geren\n", ":2", "geren"},
        {"[style]\nrow =\n", ":2", "empty"},
        {"[style]\nrowx = red\n", ":2", "rowx"},
        {"[style]\nrow = red on\n", ":2", "on"},
        {"[style]\nrow = red blinking\n", ":2", "blinking"},
        {"[style]\nrow = red | loud\n", ":2", "loud"},
        {"[style]\nrow = black\n", ":2", "black"},
        {"[palette]\nx = \"#12345 / red\"\n", ":2", "12345"},
        {"[palette]\nx = \"#123456\"\n", ":2", "16"},
        {"[style]\nrow = red\n[theme]\nbase = dark\n", ":4", "base"},
        {"[theme]\nbase = nosuch\n", ":2", "nosuch"},
        {"[theme]\ncolour = red\n", ":2", "colour"},
        {"[theme]\nbackground = blue\n", "", "both"},
        {"[colours]\nrow = red\n", ":2", "colours"},
    };
    for (size_t i = 0; i < HT_COUNT(wrong); i++) {
        struct ht_theme t = {.name = "untouched"};
        struct ht_err err = {0};
        char line[1400];
        assert_int_equal(load_text(wrong[i].text, &t, &err), HT_USAGE);
        ht_err_line(&err, line, sizeof line);
        if (!strstr(line, wrong[i].line) || !strstr(line, wrong[i].word))
            fail_msg("%s gave: %s", wrong[i].text, line);
        assert_string_equal(t.name, "untouched");
    }
}

static void a_base_of_itself_ends(void **state)
{
    (void)state;
    struct ht_theme t;
    struct ht_err err = {0};
    assert_int_equal(load_text("[theme]\nbase = own\n", &t, &err), HT_USAGE);
}

static void overlays(void **state)
{
    (void)state;
    struct ht_theme t;
    assert_int_equal(ht_theme_load("default", NULL, &t, NULL), HT_OK);
    struct ht_look look = ht_theme_look(&t, HT_STYLE_FAILED, HT_STYLE_SELECTED);
    assert_int_equal(look.fg.ansi, 1);                            /* still red ... */
    assert_int_equal(look.attrs, HT_ATTR_BOLD | HT_ATTR_REVERSE); /* ... on the selected row */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_bundled_ones_load),
        cmocka_unit_test(states_differ_without_colour),
        cmocka_unit_test(contrasts_suffice),
        cmocka_unit_test(no_yellow_on_white),
        cmocka_unit_test(default_suits_light_and_dark),
        cmocka_unit_test(the_ladder),
        cmocka_unit_test(a_users_own),
        cmocka_unit_test(mistakes_name_the_line),
        cmocka_unit_test(a_base_of_itself_ends),
        cmocka_unit_test(overlays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
