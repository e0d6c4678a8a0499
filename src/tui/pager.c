#include "hooktop/tui/pager.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_STEP   8
#define LABEL_WIDTH 14

void ht_doc_init(struct ht_doc *d)
{
    *d = (struct ht_doc){.wrap = true, .match_line = SIZE_MAX};
    ht_buf_init(&d->text, HT_DOC_MAX);
}

void ht_doc_fini(struct ht_doc *d)
{
    ht_buf_fini(&d->text);
    free(d->spans);
    free(d->lines);
    free(d->rows);
    *d = (struct ht_doc){0};
}

void ht_doc_clear(struct ht_doc *d)
{
    ht_buf_clear(&d->text);
    d->n_spans = d->n_lines = d->made = 0;
    d->rows_width = 0;
}

void ht_doc_home(struct ht_doc *d)
{
    d->top = d->left = 0;
    d->match_line = SIZE_MAX;
}

/* Writing ---------------------------------------------------------------------------------------------------------- */
static void begin_line(struct ht_doc *d)
{
    if (d->n_lines == d->cap_lines) {
        d->cap_lines = d->cap_lines ? d->cap_lines * 2 : 64;
        d->lines = ht_realloc(d->lines, d->cap_lines, sizeof *d->lines);
    }
    d->lines[d->n_lines++] = d->text.len;
}

static void begin_span(struct ht_doc *d, enum ht_style style)
{
    if (d->n_spans && d->spans[d->n_spans - 1].style == style)
        return;
    if (d->n_spans && d->spans[d->n_spans - 1].at == d->text.len) {
        d->spans[d->n_spans - 1].style = style;
        return;
    }
    if (d->n_spans == d->cap_spans) {
        d->cap_spans = d->cap_spans ? d->cap_spans * 2 : 64;
        d->spans = ht_realloc(d->spans, d->cap_spans, sizeof *d->spans);
    }
    d->spans[d->n_spans++] = (struct ht_doc_span){d->text.len, style};
}

void ht_doc_add(struct ht_doc *d, enum ht_style style, const char *bytes, size_t len)
{
    d->rows_width = 0;
    begin_span(d, style);
    if (d->n_lines == 0)
        begin_line(d);
    d->made += ht_text_made(bytes, len);
    while (len > 0) {
        const char *lf = memchr(bytes, '\n', len);
        size_t n = lf ? (size_t)(lf - bytes) : len;
        ht_buf_add(&d->text, bytes, n);
        if (lf) {
            ht_buf_addc(&d->text, '\n');
            begin_line(d);
            n++;
        }
        bytes += n;
        len -= n;
    }
}

void ht_doc_adds(struct ht_doc *d, enum ht_style style, const char *s)
{
    if (s)
        ht_doc_add(d, style, s, strlen(s));
}

void ht_doc_addf(struct ht_doc *d, enum ht_style style, const char *fmt, ...)
{
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, 65536);
    va_list args;
    va_start(args, fmt);
    ht_buf_addv(&b, fmt, args);
    va_end(args);
    ht_doc_add(d, style, b.data, b.len);
}

/* Text that must stay on one line: what would end it is made visible here, not when it is drawn. */
static void add_line(struct ht_doc *d, enum ht_style style, const char *bytes, size_t len, enum ht_text_mode mode)
{
    struct ht_text_reader r;
    struct ht_glyph g;
    size_t before = 0;
    ht_text_start(&r, bytes, len, mode);
    while (ht_text_next(&r, &g)) {
        char one[HT_COUNT(g.ch) * 4];
        size_t n = 0;
        for (size_t i = 0; i < HT_COUNT(g.ch) && g.ch[i]; i++)
            n += ht_utf8_encode(g.ch[i], one + n);
        ht_doc_add(d, g.made ? HT_STYLE_CTRL : style, one, n);
        d->made += g.made ? r.at - before : 0;
        before = r.at;
    }
}

void ht_doc_ascii(struct ht_doc *d, enum ht_style style, const char *bytes, size_t len)
{
    add_line(d, style, bytes, len, HT_TEXT_ASCII);
}

void ht_doc_end(struct ht_doc *d)
{
    ht_doc_add(d, HT_STYLE_ROW, "\n", 1);
}

void ht_doc_field(struct ht_doc *d, const char *label, enum ht_style style, const char *value)
{
    ht_doc_addf(d, HT_STYLE_LABEL, "  %-*s ", LABEL_WIDTH, label);
    add_line(d, value ? style : HT_STYLE_DIM, value ? value : "-", value ? strlen(value) : 1, HT_TEXT_CELL);
    ht_doc_end(d);
}

void ht_doc_url(struct ht_doc *d, const char *label, const char *url)
{
    ht_doc_addf(d, HT_STYLE_LABEL, "  %-*s ", LABEL_WIDTH, label);
    ht_doc_ascii(d, url ? HT_STYLE_ROW : HT_STYLE_DIM, url ? url : "-", url ? strlen(url) : 1);
    ht_doc_end(d);
}

void ht_doc_heading(struct ht_doc *d, const char *text)
{
    if (d->text.len > 0)
        ht_doc_end(d);
    ht_doc_adds(d, HT_STYLE_HEADING, text);
    ht_doc_end(d);
}

void ht_doc_headers(struct ht_doc *d, const char *lines)
{
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n");
        const char *colon = memchr(lines, ':', len);
        size_t name = colon ? (size_t)(colon - lines) + 1 : 0;
        size_t keep = len > 0 && lines[len - 1] == '\r' ? len - 1 : len; /* CR LF is how headers end their lines */
        ht_doc_ascii(d, HT_STYLE_LABEL, lines, name < keep ? name : keep);
        if (keep > name)
            ht_doc_add(d, HT_STYLE_ROW, lines + name, keep - name);
        ht_doc_end(d);
        lines += len + (lines[len] == '\n');
    }
}

/* Rows ------------------------------------------------------------------------------------------------------------- */
static size_t line_len(const struct ht_doc *d, size_t line)
{
    size_t end = line + 1 < d->n_lines ? d->lines[line + 1] - 1 : d->text.len;
    return end - d->lines[line];
}

/* The last line is not counted when it is empty: a text that ends with a line feed has no row after it. */
static size_t line_count(const struct ht_doc *d)
{
    return d->n_lines > 0 && line_len(d, d->n_lines - 1) == 0 ? d->n_lines - 1 : d->n_lines;
}

static void add_row(struct ht_doc *d, size_t line, const struct ht_text_reader *from)
{
    if (d->n_rows == d->cap_rows) {
        d->cap_rows = d->cap_rows ? d->cap_rows * 2 : 128;
        d->rows = ht_realloc(d->rows, d->cap_rows, sizeof *d->rows);
    }
    d->rows[d->n_rows++] = (struct ht_doc_row){line, *from};
}

static void lay_line(struct ht_doc *d, size_t line, int width)
{
    struct ht_text_reader r, before;
    struct ht_glyph g;
    int col = 0;
    ht_text_start(&r, d->text.data + d->lines[line], line_len(d, line), d->ascii ? HT_TEXT_ASCII : HT_TEXT_LINES);
    add_row(d, line, &r);
    if (!d->wrap)
        return;
    for (before = r; ht_text_next(&r, &g); before = r) {
        if (col + g.width > width && col > 0) {
            add_row(d, line, &before);
            col = 0;
        }
        col += g.width;
    }
}

static void lay_out(struct ht_doc *d, int width)
{
    size_t line = d->top < d->n_rows && d->rows_width ? d->rows[d->top].line : SIZE_MAX;
    if (d->rows_width == width)
        return;
    d->n_rows = 0;
    for (size_t i = 0; i < line_count(d); i++)
        lay_line(d, i, width);
    d->rows_width = width;
    if (line != SIZE_MAX)
        for (d->top = 0; d->top < d->n_rows && d->rows[d->top].line < line;)
            d->top++;
}

static void clamp(struct ht_doc *d)
{
    size_t page = d->page ? d->page : 1;
    if (d->top + page > d->n_rows)
        d->top = d->n_rows > page ? d->n_rows - page : 0;
}

/* Searching -------------------------------------------------------------------------------------------------------- */
static size_t find_in(const char *s, size_t len, const char *needle)
{
    size_t n = strlen(needle);
    for (size_t i = 0; n > 0 && i + n <= len; i++)
        if (strncasecmp(s + i, needle, n) == 0)
            return i;
    return SIZE_MAX;
}

static bool has_match(const struct ht_doc *d, size_t line)
{
    return find_in(d->text.data + d->lines[line], line_len(d, line), d->needle) != SIZE_MAX;
}

static void show_line(struct ht_doc *d, size_t line)
{
    d->match_line = line;
    for (size_t i = 0; i < d->n_rows; i++)
        if ((i < d->top || i >= d->top + d->page) && d->rows[i].line == line) {
            d->top = i > d->page / 3 ? i - d->page / 3 : 0;
            break;
        } else if (d->rows[i].line == line)
            break;
    clamp(d);
}

static bool step_match(struct ht_doc *d, size_t from, bool backwards)
{
    size_t n = line_count(d);
    if (!d->needle[0] || n == 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t line = backwards ? (from + 2 * n - i) % n : (from + i) % n;
        if (has_match(d, line)) {
            show_line(d, line);
            return true;
        }
    }
    return false;
}

bool ht_doc_search(struct ht_doc *d, const char *needle)
{
    snprintf(d->needle, sizeof d->needle, "%s", needle);
    d->match_line = SIZE_MAX;
    return step_match(d, d->top < d->n_rows ? d->rows[d->top].line : 0, false);
}

static void next_match(struct ht_doc *d, bool backwards)
{
    size_t n = line_count(d), here = d->match_line;
    if (n == 0)
        return;
    if (here == SIZE_MAX)
        here = d->top < d->n_rows ? d->rows[d->top].line : 0;
    else
        here = backwards ? here + n - 1 : here + 1;
    step_match(d, here, backwards);
}

/* Acting and drawing ----------------------------------------------------------------------------------------------- */
bool ht_doc_act(struct ht_doc *d, enum ht_action_id action)
{
    size_t page = d->page ? d->page : 1, half = page > 1 ? page / 2 : 1;
    switch (action) {
    case HT_ACT_UP:
        d->top -= d->top > 0;
        break;
    case HT_ACT_DOWN:
        d->top++;
        break;
    case HT_ACT_PAGE_UP:
        d->top = d->top > page ? d->top - page : 0;
        break;
    case HT_ACT_PAGE_DOWN:
        d->top += page;
        break;
    case HT_ACT_HALF_UP:
        d->top = d->top > half ? d->top - half : 0;
        break;
    case HT_ACT_HALF_DOWN:
        d->top += half;
        break;
    case HT_ACT_FIRST:
        d->top = 0;
        break;
    case HT_ACT_LAST:
        d->top = d->n_rows;
        break;
    case HT_ACT_LEFT:
        d->left = d->left > SIDE_STEP ? d->left - SIDE_STEP : 0;
        break;
    case HT_ACT_RIGHT:
        d->left += d->wrap ? 0 : SIDE_STEP;
        break;
    case HT_ACT_WRAP:
        d->wrap = !d->wrap;
        d->left = 0;
        if (d->rows_width)
            d->rows_width = -1; /* laid out anew at the next draw, at the same line */
        break;
    case HT_ACT_SEARCH_NEXT:
    case HT_ACT_SEARCH_PREV:
        next_match(d, action == HT_ACT_SEARCH_PREV);
        break;
    default:
        return false;
    }
    clamp(d);
    return true;
}

static enum ht_style style_at(const struct ht_doc *d, size_t at)
{
    size_t lo = 0, hi = d->n_spans;
    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;
        if (d->spans[mid].at <= at)
            lo = mid;
        else
            hi = mid;
    }
    return d->n_spans ? d->spans[lo].style : HT_STYLE_ROW;
}

/* Whether the byte at `at` of this line belongs to a match. */
static bool in_match(const struct ht_doc *d, const char *line, size_t len, size_t at)
{
    size_t n = strlen(d->needle);
    if (n == 0)
        return false;
    for (size_t from = at >= n ? at - n + 1 : 0; from <= at && from + n <= len; from++)
        if (strncasecmp(line + from, d->needle, n) == 0)
            return true;
    return false;
}

static void draw_row(const struct ht_doc *d, size_t row, struct ht_canvas *c, struct ht_rect r)
{
    struct ht_text_reader reader = d->rows[row].from;
    size_t line = d->rows[row].line, start = d->lines[line], skip = d->wrap ? 0 : d->left, col = 0;
    struct ht_glyph g;
    ht_draw_fill(c, r, HT_STYLE_ROW);
    for (;;) {
        size_t at = reader.at;
        if (!ht_text_next(&reader, &g))
            return;
        if (g.width == 0 || (col += g.width) <= skip)
            continue;
        if (col - g.width < skip)
            continue; /* half of a wide character is left of the edge */
        int x = r.col + (int)(col - g.width - skip);
        if (!ht_draw_glyph(c, r.row, x, r.col + r.cols, g.made ? HT_STYLE_CTRL : style_at(d, start + at), &g)) {
            if (!d->wrap)
                ht_draw_str(c, r.row, r.col + r.cols - 1, 1, HT_STYLE_DIM, "~");
            return;
        }
        if (in_match(d, reader.bytes, reader.len, at))
            ht_draw_overlay(c, (struct ht_rect){r.row, x, 1, g.width}, HT_STYLE_MATCH);
    }
}

void ht_doc_draw(struct ht_doc *d, struct ht_canvas *c, struct ht_rect r)
{
    if (r.rows < 1 || r.cols < 1)
        return;
    if (d->ascii != c->ascii_text)
        d->rows_width = 0;
    d->ascii = c->ascii_text;
    lay_out(d, r.cols);
    d->page = (size_t)r.rows;
    clamp(d);
    for (int i = 0; i < r.rows; i++) {
        struct ht_rect line = {r.row + i, r.col, 1, r.cols};
        if (d->top + (size_t)i < d->n_rows)
            draw_row(d, d->top + (size_t)i, c, line);
        else
            ht_draw_fill(c, line, HT_STYLE_ROW);
    }
    c->cursor_row = r.row;
    c->cursor_col = r.col;
}

void ht_doc_status(const struct ht_doc *d, char *ret, size_t size)
{
    size_t first = d->n_rows && d->top < d->n_rows ? d->rows[d->top].line + 1 : 0;
    size_t end = d->top + d->page < d->n_rows ? d->top + d->page : d->n_rows;
    size_t last = end > 0 ? d->rows[end - 1].line + 1 : 0;
    int n = snprintf(ret, size, "line %zu-%zu/%zu", first, last, line_count(d));
    if (n > 0 && (size_t)n < size && d->text.over)
        n += snprintf(ret + n, size - (size_t)n, " | cut at %u bytes", HT_DOC_MAX);
    if (n > 0 && (size_t)n < size && d->made)
        snprintf(ret + n, size - (size_t)n, " | %zu %s made visible", d->made,
                 ht_plural((int64_t)d->made, "byte", "bytes"));
}
