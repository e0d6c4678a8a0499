/* Theme files. */
#include "lib/fuzz.h"

#include "hooktop/tui/theme.h"

static void check_colour(const struct ht_colour *c)
{
    static const int colours[] = {8, 16, 256, 1 << 24};
    FUZZ_MUST(c->ansi >= -1 && c->ansi <= 15 && c->rgb >= -1 && c->rgb <= 0xffffff);
    for (size_t i = 0; i < HT_COUNT(colours); i++) {
        int n = ht_colour_number(c, colours[i]);
        FUZZ_MUST(n >= -1 && n < colours[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ht_theme t;
    struct ht_err err = {0};
    if (ht_theme_load(fuzz_file(data, size), NULL, &t, &err) != HT_OK) {
        fuzz_explains(&err);
        return 0;
    }
    FUZZ_MUST(strnlen(t.name, sizeof t.name) < sizeof t.name && t.palette_len <= HT_THEME_PALETTE_MAX);
    for (int i = 0; i < HT_STYLE_COUNT; i++) {
        struct ht_look l = ht_theme_look(&t, (enum ht_style)i, (enum ht_style)((i * 7 + 3) % HT_STYLE_COUNT));
        check_colour(&l.fg);
        check_colour(&l.bg);
        FUZZ_MUST((l.attrs | l.mono_attrs) < 32);
    }
    return 0;
}
