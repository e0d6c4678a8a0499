#include "hooktop/tui/canvas.h"

#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 1000

static const struct ht_cell blank = {{' ', 0, 0}, 1, HT_STYLE_NONE, HT_STYLE_NONE, 0};

void ht_canvas_init(struct ht_canvas *c, bool ascii)
{
    *c = (struct ht_canvas){.ascii = ascii};
    ht_canvas_resize(c, 1, 1);
}

void ht_canvas_fini(struct ht_canvas *c)
{
    free(c->cells);
    *c = (struct ht_canvas){0};
}

static int within(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

void ht_canvas_resize(struct ht_canvas *c, int rows, int cols)
{
    c->rows = within(rows, 1, SIDE_MAX);
    c->cols = within(cols, 1, SIDE_MAX);
    c->cells = ht_realloc(c->cells, (size_t)c->rows * (size_t)c->cols, sizeof *c->cells);
    ht_canvas_clear(c);
}

void ht_canvas_clear(struct ht_canvas *c)
{
    for (size_t i = 0; i < (size_t)c->rows * (size_t)c->cols; i++)
        c->cells[i] = blank;
    c->cursor_row = c->rows - 1;
    c->cursor_col = 0;
    c->cursor_on = false;
    c->n_hits = 0;
}

void ht_canvas_hit(struct ht_canvas *c, enum ht_hit_kind kind, struct ht_rect at, int n)
{
    if (c->n_hits < HT_HITS_MAX)
        c->hits[c->n_hits++] = (struct ht_hit){kind, at, n, NULL};
}

void ht_canvas_hit_column(struct ht_canvas *c, struct ht_rect at, const char *title)
{
    if (c->n_hits < HT_HITS_MAX)
        c->hits[c->n_hits++] = (struct ht_hit){HT_HIT_COLUMN, at, 0, title};
}

const struct ht_hit *ht_canvas_at(const struct ht_canvas *c, int row, int col)
{
    for (size_t i = 0; i < c->n_hits; i++) {
        const struct ht_rect *r = &c->hits[i].at;
        if (row >= r->row && row < r->row + r->rows && col >= r->col && col < r->col + r->cols)
            return &c->hits[i];
    }
    return NULL;
}

struct ht_rect ht_canvas_rect(const struct ht_canvas *c)
{
    return (struct ht_rect){0, 0, c->rows, c->cols};
}

static struct ht_cell *at(struct ht_canvas *c, int row, int col)
{
    if (row < 0 || col < 0 || row >= c->rows || col >= c->cols)
        return NULL;
    return &c->cells[(size_t)row * (size_t)c->cols + (size_t)col];
}

/* Overwriting half of a wide character leaves a blank in place of the other half. */
static void detach(struct ht_canvas *c, int row, int col)
{
    struct ht_cell *cell = at(c, row, col);
    if (!cell)
        return;
    struct ht_cell *left = at(c, row, col - 1), *right = at(c, row, col + 1);
    if (cell->width == 0 && left && left->width == 2) {
        left->ch[0] = ' ';
        left->ch[1] = left->ch[2] = 0;
        left->width = 1;
    }
    if (cell->width == 2 && right && right->width == 0) {
        right->ch[0] = ' ';
        right->width = 1;
    }
}

bool ht_draw_glyph(struct ht_canvas *c, int row, int col, int end, enum ht_style style, const struct ht_glyph *g)
{
    int width = g->width;
    if (end > c->cols)
        end = c->cols;
    if (width < 1 || col + width > end)
        return false;
    for (int i = 0; i < width; i++) {
        struct ht_cell *cell = at(c, row, col + i);
        if (!cell)
            return col + i < 0; /* left of the canvas: swallowed; below it: nothing fits */
        detach(c, row, col + i);
        *cell = blank;
        cell->style = (uint8_t)style;
        if (i == 0) {
            memcpy(cell->ch, g->ch, sizeof cell->ch);
            cell->width = (uint8_t)width;
        } else {
            cell->ch[0] = 0;
            cell->width = 0;
        }
    }
    return true;
}

static void put(struct ht_canvas *c, int row, int col, enum ht_style style, uint32_t ch)
{
    ht_draw_glyph(c, row, col, c->cols, style, &(struct ht_glyph){.ch = {ch}, .width = 1});
}

/* Where the terminal's character set is ASCII, text outside it is made visible instead of being lost. */
static enum ht_text_mode mode_for(const struct ht_canvas *c, enum ht_text_mode mode)
{
    return c->ascii_text && mode == HT_TEXT_CELL ? HT_TEXT_ASCII : mode;
}

static size_t width_of(const struct ht_canvas *c, const char *s)
{
    return s ? ht_text_width(s, strlen(s), mode_for(c, HT_TEXT_CELL)) : 0;
}

/* Draws at most `width` columns; *ret_cut tells whether something was left out. Returns the columns used. */
static int draw(struct ht_canvas *c, int row, int col, int width, enum ht_style style, struct ht_text_reader *r,
                bool *ret_cut)
{
    struct ht_glyph g;
    int used = 0;
    *ret_cut = false;
    while (ht_text_next(r, &g)) {
        if (g.width == 0)
            continue;
        if (used + g.width > width) {
            *ret_cut = true;
            break;
        }
        ht_draw_glyph(c, row, col + used, col + width, g.made ? HT_STYLE_CTRL : style, &g);
        used += g.width;
    }
    return used;
}

int ht_draw_text(struct ht_canvas *c, int row, int col, int width, enum ht_style style, enum ht_text_mode mode,
                 const char *bytes, size_t len)
{
    struct ht_text_reader r;
    bool cut;
    if (width <= 0)
        return 0;
    ht_text_start(&r, bytes, len, mode_for(c, mode));
    int used = draw(c, row, col, width, style, &r, &cut);
    for (int i = used; i < width; i++)
        put(c, row, col + i, style, ' ');
    if (cut)
        put(c, row, col + width - 1, HT_STYLE_DIM, '~');
    return cut ? width : used;
}

int ht_draw_str(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *s)
{
    return ht_draw_text(c, row, col, width, style, HT_TEXT_CELL, s ? s : "", s ? strlen(s) : 0);
}

int ht_draw_run(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *s)
{
    size_t need = width_of(c, s);
    if (width <= 0 || need == 0)
        return 0;
    return ht_draw_str(c, row, col, need < (size_t)width ? (int)need : width, style, s);
}

int ht_draw_note(struct ht_canvas *c, struct ht_rect r, enum ht_style style, const char *s)
{
    int rows = 0;
    for (; *s && rows < r.rows; rows++) {
        size_t end = 0, fits = 0;
        while (s[end]) {
            size_t next = end + strcspn(s + end, " ");
            if (ht_text_width(s, next, HT_TEXT_CELL) > (size_t)r.cols)
                break;
            fits = next;
            end = next + (s[next] == ' ');
        }
        if (fits == 0)
            fits = strcspn(s, " "); /* a word wider than the row: cut */
        if (c)
            ht_draw_text(c, r.row + rows, r.col, r.cols, style, HT_TEXT_CELL, s, fits);
        s += fits;
        s += strspn(s, " ");
    }
    return rows;
}

int ht_draw_right(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *s)
{
    size_t need = width_of(c, s);
    int lead = width > 0 && need < (size_t)width ? width - (int)need : 0;
    for (int i = 0; i < lead; i++)
        put(c, row, col + i, style, ' ');
    return ht_draw_str(c, row, col + lead, width - lead, style, s);
}

int ht_draw_fmt(struct ht_canvas *c, int row, int col, int width, enum ht_style style, const char *fmt, ...)
{
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, 4096);
    va_list args;
    va_start(args, fmt);
    ht_buf_addv(&b, fmt, args);
    va_end(args);
    return ht_draw_run(c, row, col, width, style, b.data);
}

void ht_draw_fill(struct ht_canvas *c, struct ht_rect r, enum ht_style style)
{
    for (int y = r.row; y < r.row + r.rows; y++)
        for (int x = r.col; x < r.col + r.cols; x++)
            put(c, y, x, style, ' ');
}

void ht_draw_overlay(struct ht_canvas *c, struct ht_rect r, enum ht_style overlay)
{
    for (int y = r.row; y < r.row + r.rows; y++)
        for (int x = r.col; x < r.col + r.cols; x++) {
            struct ht_cell *cell = at(c, y, x);
            if (cell)
                cell->overlay = (uint8_t)overlay;
        }
}

enum line { LINE_H, LINE_V, LINE_TL, LINE_TR, LINE_BL, LINE_BR, LINE_COUNT };
static uint32_t line_char(const struct ht_canvas *c, enum line l)
{
    static const uint32_t chars[2][LINE_COUNT] = {
        {0x2500, 0x2502, 0x250c, 0x2510, 0x2514, 0x2518},
        {'-', '|', '+', '+', '+', '+'},
    };
    return c->plain ? ' ' : chars[c->ascii][l];
}

void ht_draw_rule(struct ht_canvas *c, int row, int col, int cols, const char *title)
{
    for (int i = 0; i < cols; i++)
        put(c, row, col + i, HT_STYLE_RULE, line_char(c, LINE_H));
    if (title && *title && cols > 8) {
        put(c, row, col + 3, HT_STYLE_RULE, ' ');
        int used = ht_draw_run(c, row, col + 4, cols - 6, HT_STYLE_HEADING, title);
        put(c, row, col + 4 + used, HT_STYLE_RULE, ' ');
    }
}

void ht_draw_vrule(struct ht_canvas *c, int row, int col, int rows)
{
    for (int i = 0; i < rows; i++)
        put(c, row + i, col, HT_STYLE_RULE, line_char(c, LINE_V));
}

void ht_draw_box(struct ht_canvas *c, struct ht_rect r, const char *title, enum ht_style title_style)
{
    int bottom = r.row + r.rows - 1, right = r.col + r.cols - 1;
    if (r.rows < 2 || r.cols < 2)
        return;
    ht_draw_rule(c, r.row, r.col, r.cols, NULL);
    ht_draw_rule(c, bottom, r.col, r.cols, NULL);
    ht_draw_vrule(c, r.row, r.col, r.rows);
    ht_draw_vrule(c, r.row, right, r.rows);
    put(c, r.row, r.col, HT_STYLE_RULE, line_char(c, LINE_TL));
    put(c, r.row, right, HT_STYLE_RULE, line_char(c, LINE_TR));
    put(c, bottom, r.col, HT_STYLE_RULE, line_char(c, LINE_BL));
    put(c, bottom, right, HT_STYLE_RULE, line_char(c, LINE_BR));
    size_t width = width_of(c, title);
    if (width == 0 || r.cols < 8)
        return;
    int room = r.cols - 6, used = width < (size_t)room ? (int)width : room;
    int start = r.col + (r.cols - used - 2) / 2;
    put(c, r.row, start, title_style, ' ');
    ht_draw_str(c, r.row, start + 1, used, title_style, title);
    put(c, r.row, start + 1 + used, title_style, ' ');
}

void ht_draw_bar(struct ht_canvas *c, int row, int col, int width, double part, double whole, enum ht_style style)
{
    double share = whole > 0 ? part / whole : 0;
    int eighths = (int)((share < 0 ? 0 : share > 1 ? 1 : share) * width * 8 + 0.5);
    if (eighths == 0 && part > 0)
        eighths = 1; /* something is never shown as nothing */
    for (int i = 0; i < width; i++, eighths -= 8) {
        uint32_t ch = ' ';
        if (eighths > 0 && c->ascii)
            ch = '#';
        else if (eighths > 0)
            ch = 0x2588 + (uint32_t)(eighths >= 8 ? 0 : 8 - eighths);
        put(c, row, col + i, style, ch);
    }
}

void ht_canvas_text(const struct ht_canvas *c, struct ht_buf *out)
{
    for (int y = 0; y < c->rows; y++) {
        const struct ht_cell *row = &c->cells[(size_t)y * (size_t)c->cols];
        int end = c->cols;
        while (end > 0 && row[end - 1].ch[0] == ' ' && row[end - 1].ch[1] == 0)
            end--;
        for (int x = 0; x < end; x++)
            for (int i = 0; i < 3 && row[x].ch[i]; i++) {
                char bytes[4];
                ht_buf_add(out, bytes, ht_utf8_encode(row[x].ch[i], bytes));
            }
        ht_buf_addc(out, '\n');
    }
}
