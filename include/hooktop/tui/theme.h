/* Themes: INI files that say what each style (style.h) looks like.
 *
 *   [theme]    name; base (a theme whose values hold where this one is silent; must come first);
 *              foreground and background, instead of the terminal's own (both or neither)
 *   [palette]  NAME = "#rrggbb / ansi" | ansi | default    ansi: black red green yellow blue magenta cyan white,
 * bright-* [style]    KEY = FG [on BG] [ATTRIBUTE...] [| ATTRIBUTE...]    the part after | is used without colours
 *
 * KEY may end in ".*"; a later exact key wins. ATTRIBUTE: bold dim italic underline reverse. The ladder: 24 bit
 * (terminals that say they have it), 256 (nearest), 16 (the ansi name), attributes alone. Black and white are refused
 * as foreground without a background, because they vanish on somebody's terminal.
 *
 * Pure data, the UI's thread; reading blocks on the file only. Errors: HT_USAGE with file and line.
 */
#ifndef HOOKTOP_TUI_THEME_H
#define HOOKTOP_TUI_THEME_H

#include <stdint.h>
#include "hooktop/base/err.h"
#include "hooktop/tui/style.h"

#define HT_COLOUR_DEFAULT (-1)

struct ht_colour {
    int32_t rgb;  /* 0xrrggbb, or -1: only the ansi colour is given */
    int16_t ansi; /* 0..15, or HT_COLOUR_DEFAULT */
};

enum ht_attr { HT_ATTR_BOLD = 1, HT_ATTR_DIM = 2, HT_ATTR_ITALIC = 4, HT_ATTR_UNDERLINE = 8, HT_ATTR_REVERSE = 16 };

struct ht_look {
    struct ht_colour fg, bg;
    uint8_t attrs;
    uint8_t mono_attrs;
};

#define HT_THEME_PALETTE_MAX 24

struct ht_theme {
    char name[64];
    struct ht_colour foreground, background; /* of cells that name none */
    struct ht_look looks[HT_STYLE_COUNT];
    struct {
        char name[32];
        struct ht_colour colour;
    } palette[HT_THEME_PALETTE_MAX];
    size_t palette_len;
};

/* `name`: a theme of theme_dir (may be NULL) or a bundled one, or a path when it holds a slash; NULL = "default". */
HT_MUST_CHECK enum ht_rc ht_theme_load(const char *name, const char *theme_dir, struct ht_theme *ret,
                                       struct ht_err *err);

/* All that can be loaded by name, in the order of their letters, each with a line end after it; free(). */
char *ht_theme_names(const char *theme_dir);

/* Gives the first line this colour (ANSI 1 to 6; 0: leaves it), its words in the ground's. Without colours the theme's
 * attributes stay. */
void ht_theme_title(struct ht_theme *t, int ansi);

/* The style with this key, or HT_STYLE_COUNT. */
enum ht_style ht_style_find(const char *key);

/* The colour number for a terminal with `colours` colours (8, 16, 256); HT_COLOUR_DEFAULT for the terminal's own. */
int ht_colour_number(const struct ht_colour *c, int colours);
/* The nearest of the 256: the 6x6x6 cube and the greys. */
int ht_colour_256(int32_t rgb);

/* What a cell of `style` with `overlay` on top looks like: the overlay's colours where it has any, attributes of both.
 */
struct ht_look ht_theme_look(const struct ht_theme *t, enum ht_style style, enum ht_style overlay);

#endif
