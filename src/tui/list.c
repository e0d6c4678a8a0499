#include "hooktop/tui/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/err.h"

/* The bar of the selected row ends with the last column that is within this: a cursor move stays cheap on a slow line
 * however wide the terminal is. */
#define BAR_COLS 100
#define GUTTER   2 /* ">" on the selected row, "*" on marked ones */

void ht_cell_str(struct ht_cell_text *c, enum ht_style style, const char *s)
{
    c->s = s ? s : "";
    c->len = strlen(c->s);
    c->style = style;
}

void ht_cell_fmt(struct ht_cell_text *c, enum ht_style style, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->own, sizeof c->own, fmt, args);
    va_end(args);
    ht_cell_str(c, style, c->own);
}

void ht_cell_ms(struct ht_cell_text *c, int64_t ms)
{
    if (ms < 1)
        ht_cell_str(c, HT_STYLE_ROW, "<1");
    else
        ht_cell_fmt(c, HT_STYLE_ROW, "%" PRId64, ms);
}

struct ht_uuid ht_list_name_id(const char *name)
{
    uint64_t h[2] = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
    struct ht_uuid id;
    for (; *name; name++)
        for (int i = 0; i < 2; i++)
            h[i] = (h[i] ^ (uint8_t)*name) * (0x100000001b3u + 2u * (unsigned)i);
    memcpy(id.b, h, sizeof id.b);
    return id;
}

/* Selection -------------------------------------------------------------------------------------------------------- */
static void keep_in_view(struct ht_list *l, size_t n)
{
    size_t page = l->page ? l->page : 1;
    if (l->cursor >= n)
        l->cursor = n ? n - 1 : 0;
    if (l->cursor < l->top)
        l->top = l->cursor;
    if (l->cursor >= l->top + page)
        l->top = l->cursor - page + 1;
    if (l->top + page > n)
        l->top = n > page ? n - page : 0;
}

void ht_list_select(struct ht_list *l, const struct ht_list_rows *rows, size_t row)
{
    l->cursor = row;
    keep_in_view(l, rows->n);
    l->anchored = rows->n > 0;
    if (l->anchored)
        l->anchor = rows->id(rows->user, l->cursor);
}

void ht_list_sync(struct ht_list *l, const struct ht_list_rows *rows)
{
    size_t line = l->cursor >= l->top ? l->cursor - l->top : 0;
    size_t found = l->cursor;
    if (l->anchored)
        for (size_t i = 0; i < rows->n; i++) {
            struct ht_uuid id = rows->id(rows->user, i);
            if (ht_uuid_cmp(&id, &l->anchor) == 0) {
                found = i;
                break;
            }
        }
    l->top = found > line ? found - line : 0;
    ht_list_select(l, rows, found);
}

/* Marks ------------------------------------------------------------------------------------------------------------ */
static void mark_between(const struct ht_list_rows *rows, size_t from, size_t to)
{
    for (size_t i = from; i <= to && i < rows->n; i++) {
        struct ht_uuid id = rows->id(rows->user, i);
        if (!ht_marks_set(rows->marks, &id, true))
            return;
    }
}

static void mark_up_to(const struct ht_list *l, const struct ht_list_rows *rows)
{
    size_t from = l->cursor;
    for (size_t i = 0; i < rows->n; i++) {
        struct ht_uuid id = rows->id(rows->user, i);
        if (ht_uuid_cmp(&id, &rows->marks->last) == 0)
            from = i;
    }
    mark_between(rows, from < l->cursor ? from : l->cursor, from < l->cursor ? l->cursor : from);
}

static bool mark(struct ht_list *l, const struct ht_list_rows *rows, enum ht_action_id action)
{
    if (rows->marks && action == HT_ACT_UNMARK) { /* also where the filter leaves no row */
        ht_marks_clear(rows->marks);
        return true;
    }
    if (!rows->marks || rows->n == 0)
        return false;
    struct ht_uuid here = rows->id(rows->user, l->cursor);
    switch (action) {
    case HT_ACT_MARK:
        (void)ht_marks_set(rows->marks, &here, !ht_marks_has(rows->marks, &here));
        ht_list_select(l, rows, l->cursor + 1);
        return true;
    case HT_ACT_MARK_TO:
        mark_up_to(l, rows);
        return true;
    case HT_ACT_MARK_ALL:
        mark_between(rows, 0, rows->n - 1);
        return true;
    default:
        return false;
    }
}

bool ht_list_act(struct ht_list *l, const struct ht_list_rows *rows, enum ht_action_id action)
{
    size_t page = l->page ? l->page : 1, half = page > 1 ? page / 2 : 1, last = rows->n ? rows->n - 1 : 0,
           to = l->cursor;
    switch (action) {
    case HT_ACT_UP:
        to = to > 0 ? to - 1 : 0;
        break;
    case HT_ACT_DOWN:
        to++;
        break;
    case HT_ACT_PAGE_UP:
        to = to > page ? to - page : 0;
        l->top = l->top > page ? l->top - page : 0;
        break;
    case HT_ACT_PAGE_DOWN:
        to += page;
        l->top += page;
        break;
    case HT_ACT_HALF_UP:
        to = to > half ? to - half : 0;
        break;
    case HT_ACT_HALF_DOWN:
        to += half;
        break;
    case HT_ACT_FIRST:
        to = 0;
        break;
    case HT_ACT_LAST:
        to = last;
        break;
    default:
        return mark(l, rows, action);
    }
    ht_list_select(l, rows, to > last ? last : to);
    return true;
}

/* Columns ---------------------------------------------------------------------------------------------------------- */
void ht_columns_fit(const struct ht_column *columns, size_t n, uint32_t hidden, int width,
                    int ret_widths[HT_COLUMNS_MAX])
{
    int need = 0;
    for (size_t i = 0; i < n; i++) {
        ret_widths[i] = hidden >> i & 1 ? 0 : columns[i].min;
        need += ret_widths[i] + (ret_widths[i] > 0);
    }
    need -= need > 0;
    while (need > width) {
        size_t worst = n;
        for (size_t i = 0; i < n; i++)
            if (ret_widths[i] && columns[i].drop && (worst == n || columns[i].drop > columns[worst].drop))
                worst = i;
        if (worst == n)
            return; /* what must stay is cut at the edge */
        need -= ret_widths[worst] + 1;
        ret_widths[worst] = 0;
    }
    for (bool grew = true; grew && need < width;) {
        grew = false;
        for (size_t i = 0; i < n && need < width; i++)
            if (ret_widths[i] && (columns[i].max == 0 || ret_widths[i] < columns[i].max)) {
                ret_widths[i]++;
                need++;
                grew = true;
            }
    }
}

/* Drawing ---------------------------------------------------------------------------------------------------------- */
static void draw_cell(struct ht_canvas *c, int row, int col, int width, bool right, const struct ht_cell_text *t)
{
    int lead = 0;
    if (right) {
        size_t need = ht_text_width(t->s, t->len, t->mode);
        lead = need < (size_t)width ? width - (int)need : 0;
        ht_draw_fill(c, (struct ht_rect){row, col, 1, lead}, t->style);
    }
    ht_draw_text(c, row, col + lead, width - lead, t->style, t->mode, t->s, t->len);
}

/* Behind the title, which keeps its letters: beside the column where it fills it. */
static void draw_sorted(const struct ht_list_rows *rows, const struct ht_column *by, struct ht_canvas *c,
                        struct ht_rect r, int col, int width)
{
    int title = (int)strlen(by->title), end = r.col + r.cols - 1,
        at = col + (by->right || title > width ? width : title);
    const char *down = c->ascii ? "v" : "\u25bc", *up = c->ascii ? "^" : "\u25b2";
    ht_draw_str(c, r.row, at < end ? at : end, 1, HT_STYLE_HEADER, rows->descends ? down : up);
}

static void draw_header(const struct ht_list_rows *rows, const int *widths, struct ht_canvas *c, struct ht_rect r)
{
    ht_draw_fill(c, (struct ht_rect){r.row, r.col, 1, r.cols}, HT_STYLE_NONE);
    int col = r.col + GUTTER;
    for (size_t i = 0; i < rows->n_columns; i++) {
        if (!widths[i])
            continue;
        struct ht_cell_text t = {0};
        int room = r.col + r.cols - col;
        ht_cell_str(&t, HT_STYLE_HEADER, rows->columns[i].title);
        draw_cell(c, r.row, col, widths[i] < room ? widths[i] : room, rows->columns[i].right, &t);
        if (rows->sorted && strcmp(rows->sorted, rows->columns[i].title) == 0)
            draw_sorted(rows, &rows->columns[i], c, r, col, widths[i]);
        if (!rows->unfocused)
            ht_canvas_hit_column(c, (struct ht_rect){r.row, col, 1, widths[i] + 1}, rows->columns[i].title);
        col += widths[i] + 1;
    }
}

static void draw_row(const struct ht_list_rows *rows, size_t row, bool selected, const int *widths, struct ht_canvas *c,
                     struct ht_rect r)
{
    struct ht_uuid id = rows->id(rows->user, row);
    bool marked = rows->marks && ht_marks_has(rows->marks, &id), lit = selected && !rows->unfocused;
    ht_draw_fill(c, r, HT_STYLE_ROW);
    if (r.cols > GUTTER) {
        ht_draw_str(c, r.row, r.col, 1, HT_STYLE_ROW, selected ? ">" : " ");
        ht_draw_str(c, r.row, r.col + 1, 1, HT_STYLE_ROW, marked ? "*" : " ");
    }
    int col = r.col + GUTTER, bar = r.cols < BAR_COLS ? r.cols : GUTTER;
    for (size_t i = 0; i < rows->n_columns; i++) {
        int room = r.col + r.cols - col;
        if (!widths[i] || room <= 0)
            continue;
        struct ht_cell_text t = {.s = "", .style = HT_STYLE_ROW};
        bool in_bar = lit && col - r.col + widths[i] <= BAR_COLS;
        rows->cell(rows->user, row, i, &t);
        if (in_bar || t.len == 0) /* one look for the whole bar: half the bytes of a cursor move */
            t.style = HT_STYLE_ROW;
        draw_cell(c, r.row, col, widths[i] < room ? widths[i] : room, rows->columns[i].right, &t);
        col += widths[i] + 1;
        if (in_bar && bar < col - r.col)
            bar = col - r.col;
    }
    if (rows->stale)
        ht_draw_overlay(c, r, HT_STYLE_STALE);
    if (marked)
        ht_draw_overlay(c, r, HT_STYLE_MARKED);
    if (lit)
        ht_draw_overlay(c, (struct ht_rect){r.row, r.col, 1, bar < r.cols ? bar : r.cols}, HT_STYLE_SELECTED);
}

static size_t count_marked(const struct ht_list_rows *rows)
{
    size_t n = 0;
    for (size_t i = 0; rows->marks->n && i < rows->n; i++) {
        struct ht_uuid id = rows->id(rows->user, i);
        n += ht_marks_has(rows->marks, &id);
    }
    return n;
}

void ht_list_draw(struct ht_list *l, const struct ht_list_rows *rows, struct ht_canvas *c, struct ht_rect r)
{
    int widths[HT_COLUMNS_MAX];
    if (r.rows < 1 || r.cols < 1)
        return;
    ht_columns_fit(rows->columns, rows->n_columns, rows->hidden, r.cols - GUTTER, widths);
    draw_header(rows, widths, c, r);
    size_t page = (size_t)(r.rows - 1);
    if (page == 0)
        return;
    if (l->page != page) {
        l->page = page;
        keep_in_view(l, rows->n);
    }
    if (rows->n == 0 && rows->empty && r.rows > 2)
        ht_draw_str(c, r.row + 2, r.col + GUTTER, r.cols - GUTTER, HT_STYLE_DIM, rows->empty);
    for (size_t i = 0; i < page && l->top + i < rows->n; i++) {
        struct ht_rect line = {r.row + 1 + (int)i, r.col, 1, r.cols};
        draw_row(rows, l->top + i, l->top + i == l->cursor, widths, c, line);
    }
    if (rows->marks)
        rows->marks->listed = count_marked(rows);
    if (rows->n && !rows->unfocused) {
        int shown = (int)(rows->n - l->top < page ? rows->n - l->top : page);
        ht_canvas_hit(c, HT_HIT_ROWS, (struct ht_rect){r.row + 1, r.col, shown, r.cols}, 0);
        c->cursor_row = r.row + 1 + (int)(l->cursor - l->top);
        c->cursor_col = r.col;
    }
}

void *ht_list_splice(void *rows, size_t n, size_t from, size_t end, void *page, size_t page_n, size_t size)
{
    char *all = ht_alloc(from + page_n + (n - end) + 1, size);
    if (from)
        memcpy(all, rows, from * size);
    if (page_n)
        memcpy(all + from * size, page, page_n * size);
    if (end < n)
        memcpy(all + (from + page_n) * size, (const char *)rows + end * size, (n - end) * size);
    free(rows);
    free(page);
    return all;
}
