/* The filter of a list: what is in force, what is being typed, and where it is wrong. Typing takes effect
 * HT_FILTER_DEBOUNCE_US after the last key; a mistake leaves the list as it is. Pure, the UI's thread. */
#ifndef HOOKTOP_TUI_FILTER_LINE_H
#define HOOKTOP_TUI_FILTER_LINE_H

#include "hooktop/model/filter.h"
#include "hooktop/tui/prompt.h"

#define HT_FILTER_DEBOUNCE_US 250000

struct ht_filter_line {
    enum ht_filter_list list;
    char applied[HT_PROMPT_MAX]; /* in force; "" = everything */
    char before[HT_PROMPT_MAX];  /* in force before the typing began: Esc goes back to it */
    struct ht_prompt prompt;
    bool typing;
    int64_t due_us; /* when what was typed takes effect; 0: nothing waits */
    size_t mistake; /* the byte of the prompt where it is wrong, SIZE_MAX: fine */
    char why[256];
};

void ht_filter_line_begin(struct ht_filter_line *f);
/* True when the filter in force is another one now. Enter keeps and ends, Esc goes back and ends. */
bool ht_filter_line_key(struct ht_filter_line *f, int32_t key, int64_t now_us, int64_t db_now_us);
bool ht_filter_line_step(struct ht_filter_line *f, int64_t now_us, int64_t db_now_us);
/* From a command or another screen; false when it is wrong (mistake and why say where). */
bool ht_filter_line_set(struct ht_filter_line *f, const char *text, int64_t db_now_us);
/* " filter: text" into one row; `right` (may be NULL) at its end. */
void ht_filter_line_draw(const struct ht_filter_line *f, struct ht_canvas *c, int row, int col, int width,
                         const char *right);

#endif
