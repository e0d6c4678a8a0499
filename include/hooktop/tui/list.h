/* A list with columns: the widget behind every table of the console.
 *
 * The selection is anchored to a row's id, not to its index: rows that arrive above or below never move what is under
 * the cursor. Columns fit the width: those with the highest `drop` go first, the rest share what is left.
 * The rows stay the screen's; the widget asks for them through the callbacks. Pure, the UI's thread.
 */
#ifndef HOOKTOP_TUI_LIST_H
#define HOOKTOP_TUI_LIST_H

#include "hooktop/base/uuid.h"
#include "hooktop/tui/canvas.h"
#include "hooktop/tui/keys.h"
#include "hooktop/tui/marks.h"

struct ht_column {
    const char *title;
    uint8_t min, max; /* columns of the terminal; max 0: takes what is left */
    uint8_t drop;     /* 0 = never left out; else the highest goes first */
    bool right;       /* numbers */
};
#define HT_COLUMNS_MAX 16

/* What one cell shows: `s` borrowed until the next call, or own[]. */
struct ht_cell_text {
    const char *s;
    size_t len;
    enum ht_style style;
    enum ht_text_mode mode;
    char own[96];
};
void ht_cell_str(struct ht_cell_text *c, enum ht_style style, const char *s); /* NULL: nothing */
/* A time in whole milliseconds; less than one is not nothing. */
void ht_cell_ms(struct ht_cell_text *c, int64_t ms);
void ht_cell_fmt(struct ht_cell_text *c, enum ht_style style, const char *fmt, ...) HT_PRINTF(3, 4);

struct ht_list_rows {
    const struct ht_column *columns;
    size_t n_columns;
    size_t n;
    void (*cell)(const void *user, size_t row, size_t column, struct ht_cell_text *ret); /* *ret is empty */
    struct ht_uuid (*id)(const void *user, size_t row);
    struct ht_marks *marks; /* NULL: rows cannot be marked */
    const void *user;
    const char *empty; /* what an empty list says */
    bool stale;
    /* Where the rows are sorted here: what a column compares, false: the cell's text; NULL: texts everywhere. */
    bool (*number)(const void *user, size_t row, size_t column, int64_t *ret);
    const char *sorted; /* the column they are sorted by, marked in the header; NULL: as they come */
    bool descends;
    uint32_t hidden; /* columns the user does not want, by bit */
    bool unfocused;  /* drawn without taking the terminal's cursor */
};

struct ht_list {
    struct ht_uuid anchor;
    bool anchored;
    size_t cursor; /* row under the cursor; meaningful when there are rows */
    size_t top;    /* first row shown */
    size_t page;   /* rows shown at the last draw */
    size_t sorted; /* by this column of ht_list_sort, from 1; 0: as the rows came */
    bool turned;
};

/* Sorts an array that is loaded whole by the list's column: numbers the greatest first, texts by their letters, or the
 * other way round; what compares alike stays as it came. A row is `size` bytes, those of `rows`. */
void ht_list_sort(const struct ht_list *l, const struct ht_list_rows *rows, void *array, size_t size);
/* Says in `rows` by which column the list is sorted, for the header. */
void ht_list_sorted(const struct ht_list *l, struct ht_list_rows *rows);

/* After the rows changed: finds the anchor again and keeps it on its line of the screen. */
void ht_list_sync(struct ht_list *l, const struct ht_list_rows *rows);
/* Moves by HT_ACT_UP ... HT_ACT_LAST, marks by HT_ACT_MARK ... HT_ACT_UNMARK; false when the action is none of them. */
bool ht_list_act(struct ht_list *l, const struct ht_list_rows *rows, enum ht_action_id action);
void ht_list_select(struct ht_list *l, const struct ht_list_rows *rows, size_t row);
void ht_list_draw(struct ht_list *l, const struct ht_list_rows *rows, struct ht_canvas *c, struct ht_rect r);

/* A page of rows in place of rows[from, end) of n, for lists that are fetched in pages; from = end = n appends. A row
 * is `size` bytes. Takes both arrays, and expects what the rows in between own to be freed; the caller frees the
 * answer. */
void *ht_list_splice(void *rows, size_t n, size_t from, size_t end, void *page, size_t page_n, size_t size);

/* Which columns fit into `width` and how wide each is (0: left out). */
void ht_columns_fit(const struct ht_column *columns, size_t n, uint32_t hidden, int width,
                    int ret_widths[HT_COLUMNS_MAX]);

/* An anchor for rows that have a name instead of an id. */
struct ht_uuid ht_list_name_id(const char *name);

#endif
