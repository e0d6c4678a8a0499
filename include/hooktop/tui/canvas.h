/* The canvas: a rectangle of cells in memory that every screen draws into. One file (paint.c) turns it into curses
 * calls; tests read it as text.
 *
 * Whatever is drawn passes through base/text.h here, so that no caller can put a control character, a directional mark
 * or half a wide character into a cell, and nothing leaves the box it was given. Coordinates outside the canvas are
 * cut, never an error: a canvas may be 1x1.
 *
 * Ownership: the caller owns the struct, the struct its cells. Thread: the UI's. Nothing here blocks.
 */
#ifndef HOOKTOP_TUI_CANVAS_H
#define HOOKTOP_TUI_CANVAS_H

#include "hooktop/base/text.h"
#include "hooktop/tui/style.h"

struct ht_cell {
    uint32_t ch[3];  /* a base character and up to two combining marks; ch[0] 0: the right half of a wide one */
    uint8_t width;   /* columns of ch: 1 or 2; 0 for a right half */
    uint8_t style;   /* enum ht_style */
    uint8_t overlay; /* enum ht_style on top of it; HT_STYLE_NONE: nothing */
    uint8_t unused;  /* 0: rows are compared as bytes, so there must be no padding */
};

struct ht_rect {
    int row, col, rows, cols;
};

/* What a click means in a place of the frame that was drawn last. */
enum ht_hit_kind {
    HT_HIT_SCREEN, /* n: its number key */
    HT_HIT_TAB,    /* n: so many tabs further, negative: back */
    HT_HIT_ROWS,   /* rows of the list that has the cursor */
    HT_HIT_COLUMN  /* of the same list; name: its title */
};
struct ht_hit {
    enum ht_hit_kind kind;
    struct ht_rect at;
    int n;
    const char *name; /* borrowed until the next frame */
};
#define HT_HITS_MAX 48

struct ht_canvas {
    int rows, cols;
    struct ht_cell *cells;
    bool ascii_text; /* the terminal's character set is ASCII: all else is shown as <U+00E9> */
    bool ascii;      /* rules and bars from ASCII characters */
    bool plain;      /* no rules, boxes and graphs: a screen reader would read them out */
    int cursor_row;  /* where the terminal's cursor is parked: the selected row, for screen readers */
    int cursor_col;
    bool cursor_on; /* shown, because something is being typed there */
    struct ht_hit hits[HT_HITS_MAX];
    size_t n_hits;
};

void ht_canvas_init(struct ht_canvas *c, bool ascii);
void ht_canvas_fini(struct ht_canvas *c);
void ht_canvas_resize(struct ht_canvas *c, int rows,
                      int cols); /* at least 1x1, at most 1000x1000; all blank after it */
void ht_canvas_clear(struct ht_canvas *c);
void ht_canvas_hit(struct ht_canvas *c, enum ht_hit_kind kind, struct ht_rect at, int n);
void ht_canvas_hit_column(struct ht_canvas *c, struct ht_rect at, const char *title);
const struct ht_hit *ht_canvas_at(const struct ht_canvas *c, int row, int col); /* NULL: nothing */
struct ht_rect ht_canvas_rect(const struct ht_canvas *c);

/* Draws foreign text into exactly `width` columns of one row: cut with "~" at the end when it is longer, padded with
 * blanks when it is shorter. Returns the columns the text itself took. A negative width draws nothing. */
int ht_draw_text(struct ht_canvas *c, int row, int col, int width, enum ht_style style, enum ht_text_mode mode,
                 const char *bytes, size_t len);
/* The same for a string in HT_TEXT_CELL mode; NULL is shown as nothing. */
int ht_draw_str(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *s);
/* As wide as the text is, at most `width`; not padded. Returns the columns taken. */
int ht_draw_run(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *s);
/* Broken at blanks into the rows of *r, as far as they reach. Returns how many rows it takes; c may be NULL then. */
int ht_draw_note(struct ht_canvas *c, struct ht_rect r, enum ht_style style, const char *s);
int ht_draw_right(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *s);
int ht_draw_fmt(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *fmt, ...)
    HT_PRINTF(6, 7);
/* One glyph as base/text.h gave it; false when it does not fit before column `end`. */
bool ht_draw_glyph(struct ht_canvas *c, int row, int col, int end, enum ht_style style, const struct ht_glyph *g);

void ht_draw_fill(struct ht_canvas *c, struct ht_rect r, enum ht_style style); /* blanks */
void ht_draw_overlay(struct ht_canvas *c, struct ht_rect r, enum ht_style overlay);
void ht_draw_rule(struct ht_canvas *c, int row, int col, int cols, const char *title); /* title may be NULL */
void ht_draw_vrule(struct ht_canvas *c, int row, int col, int rows);
void ht_draw_box(struct ht_canvas *c, struct ht_rect r, const char *title, enum ht_style title_style);
/* A bar of `width` columns filled to part/whole, in eighths where the terminal has blocks. */
void ht_draw_bar(struct ht_canvas *c, int row, int col, int width, double part, double whole, enum ht_style style);

/* Appends the canvas as UTF-8 text, one line per row, blanks at the ends removed: for tests and dumps. */
void ht_canvas_text(const struct ht_canvas *c, struct ht_buf *out);

#endif
