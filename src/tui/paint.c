#include "terminal.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The only file that writes to a curses window. */

#define PAIRS_MAX 255

struct ht_look_cache {
    bool known[HT_STYLE_COUNT][HT_STYLE_COUNT];
    attr_t attrs[HT_STYLE_COUNT][HT_STYLE_COUNT];
    int pairs[HT_STYLE_COUNT][HT_STYLE_COUNT];
    int fg[PAIRS_MAX + 1], bg[PAIRS_MAX + 1];
    int n_pairs;
};

void ht_paint_theme(struct ht_term *t)
{
    free(t->looks);
    t->looks = NULL;
    ht_paint_forget(t);
}

void ht_paint_fini(struct ht_term *t)
{
    free(t->looks);
    free(t->last);
    t->looks = NULL;
    t->last = NULL;
}

void ht_paint_forget(struct ht_term *t)
{
    t->redraw = true;
    t->last_rows = 0;
}

static int pair_of(struct ht_look_cache *k, int fg, int bg)
{
    for (int i = 1; i <= k->n_pairs; i++)
        if (k->fg[i] == fg && k->bg[i] == bg)
            return i;
    if (k->n_pairs == PAIRS_MAX || k->n_pairs + 1 >= COLOR_PAIRS)
        return 0;
    int n = ++k->n_pairs;
    k->fg[n] = fg;
    k->bg[n] = bg;
    init_extended_pair(n, fg, bg);
    return n;
}

static attr_t attrs_of(uint8_t bits)
{
    return (bits & HT_ATTR_BOLD ? A_BOLD : 0) | (bits & HT_ATTR_DIM ? A_DIM : 0) |
           (bits & HT_ATTR_ITALIC ? A_ITALIC : 0) | (bits & HT_ATTR_UNDERLINE ? A_UNDERLINE : 0) |
           (bits & HT_ATTR_REVERSE ? A_REVERSE : 0);
}

static void look_up(struct ht_term *t, const struct ht_theme *theme, int style, int over)
{
    struct ht_look_cache *k = t->looks;
    struct ht_look look = ht_theme_look(theme, (enum ht_style)style, (enum ht_style)over);
    k->known[style][over] = true;
    k->attrs[style][over] = attrs_of(t->colours ? look.attrs : look.mono_attrs);
    if (!t->colours)
        return;
    int fg = ht_colour_number(&look.fg, t->colours), bg = ht_colour_number(&look.bg, t->colours);
    bool eight = t->colours < 16 || (t->colours > 256 && look.fg.rgb < 0);
    if (eight && look.fg.ansi >= 8)
        k->attrs[style][over] |= A_BOLD; /* of eight colours the bright ones are the bold ones */
    if (fg != HT_COLOUR_DEFAULT || bg != HT_COLOUR_DEFAULT)
        k->pairs[style][over] = pair_of(k, fg, bg);
}

/* What the terminal's character set or its width table cannot show as one of this width is replaced, so that columns
 * stay where they are. */
static void glyph(const struct ht_term *t, const struct ht_cell *cell, wchar_t ret[4])
{
    size_t n = 0;
    bool shown = cell->ch[0] < 0x80 || (t->utf8 && wcwidth((wchar_t)cell->ch[0]) == cell->width);
    if (!shown) {
        ret[0] = t->utf8 && cell->width == 1 ? 0xfffd : L'?';
        ret[1] = 0;
        return;
    }
    for (; n < 3 && cell->ch[n]; n++)
        ret[n] = (wchar_t)cell->ch[n];
    ret[n] = 0;
}

static void paint_row(struct ht_term *t, const struct ht_theme *theme, const struct ht_cell *cells, int row, int cols)
{
    cchar_t *line = ht_alloc((size_t)cols + 1, sizeof *line);
    int n = 0;
    for (int x = 0; x < cols; x++) {
        const struct ht_cell *c = &cells[x];
        wchar_t text[4];
        if (c->width == 0)
            continue;
        if (!t->looks->known[c->style][c->overlay])
            look_up(t, theme, c->style, c->overlay);
        glyph(t, c, text);
        int pair = t->looks->pairs[c->style][c->overlay];
        setcchar(&line[n++], text, t->looks->attrs[c->style][c->overlay], 0, &pair);
        if (c->width == 2 && text[0] == L'?') {
            wchar_t blank[] = L" ";
            setcchar(&line[n++], blank, t->looks->attrs[c->style][c->overlay], 0, &pair);
        }
    }
    mvwadd_wchnstr(stdscr, row, 0, line, n);
    free(line);
}

static bool same_row(const struct ht_term *t, const struct ht_canvas *c, int row)
{
    size_t at = (size_t)row * (size_t)c->cols;
    return t->last_rows == c->rows && t->last_cols == c->cols &&
           memcmp(t->last + at, c->cells + at, (size_t)c->cols * sizeof *c->cells) == 0;
}

void ht_paint(struct ht_term *t, const struct ht_canvas *c, const struct ht_theme *theme)
{
    if (!t->looks)
        t->looks = ht_alloc(1, sizeof *t->looks);
    if (t->redraw)
        clearok(curscr, TRUE);
    for (int row = 0; row < c->rows; row++)
        if (t->redraw || !same_row(t, c, row))
            paint_row(t, theme, &c->cells[(size_t)row * (size_t)c->cols], row, c->cols);
    size_t n = (size_t)c->rows * (size_t)c->cols;
    t->last = ht_realloc(t->last, n, sizeof *t->last);
    memcpy(t->last, c->cells, n * sizeof *t->last);
    t->last_rows = c->rows;
    t->last_cols = c->cols;
    t->redraw = false;
    wmove(stdscr, c->cursor_row < c->rows ? c->cursor_row : c->rows - 1,
          c->cursor_col < c->cols ? c->cursor_col : c->cols - 1);
    curs_set(c->cursor_on ? 1 : 0);
    wnoutrefresh(stdscr);
    doupdate();
}
