#include "hooktop/tui/filter_line.h"

#include <stdio.h>
#include <string.h>

#define LABEL " filter: "

void ht_filter_line_begin(struct ht_filter_line *f)
{
    snprintf(f->before, sizeof f->before, "%s", f->applied);
    ht_prompt_set(&f->prompt, f->applied);
    f->typing = true;
    f->due_us = 0;
    f->mistake = SIZE_MAX;
    f->why[0] = '\0';
}

/* From which byte on a mistake is marked: what begins at this column; where something is missing at the end, the term
 * that misses it. */
static size_t mark_from(const char *text, size_t column)
{
    size_t at = 0;
    uint32_t ch;
    while (text[at] && ht_text_width(text, at, HT_TEXT_CELL) < column)
        at += ht_utf8_decode(text + at, strlen(text + at), &ch);
    if (!text[at])
        while (at > 0 && text[at - 1] != ' ')
            at--;
    return at;
}

static bool check(struct ht_filter_line *f, const char *text, int64_t db_now_us)
{
    struct ht_filter parsed = {0};
    struct ht_err err = {0};
    size_t column = 0;
    f->mistake = SIZE_MAX;
    f->why[0] = '\0';
    if (ht_filter_parse(f->list, text, db_now_us, &parsed, &column, &err) == HT_OK) {
        ht_filter_fini(&parsed);
        return true;
    }
    f->mistake = mark_from(text, column);
    snprintf(f->why, sizeof f->why, "column %zu: %.160s%s%.70s", column + 1, err.why, err.fix[0] ? ": " : "", err.fix);
    return false;
}

static bool apply(struct ht_filter_line *f, const char *text)
{
    bool changed = strcmp(f->applied, text) != 0;
    if (changed)
        snprintf(f->applied, sizeof f->applied, "%s", text);
    return changed;
}

bool ht_filter_line_set(struct ht_filter_line *f, const char *text, int64_t db_now_us)
{
    if (!check(f, text, db_now_us))
        return false;
    apply(f, text);
    return true;
}

bool ht_filter_line_step(struct ht_filter_line *f, int64_t now_us, int64_t db_now_us)
{
    if (f->due_us == 0 || now_us < f->due_us)
        return false;
    f->due_us = 0;
    return check(f, f->prompt.text, db_now_us) && apply(f, f->prompt.text);
}

bool ht_filter_line_key(struct ht_filter_line *f, int32_t key, int64_t now_us, int64_t db_now_us)
{
    bool changed;
    if (key == HT_KEY_ESC || key == HT_KEY_CTRL_C) {
        f->typing = false;
        f->due_us = 0;
        f->mistake = SIZE_MAX;
        f->why[0] = '\0';
        return apply(f, f->before);
    }
    if (key == HT_KEY_ENTER) {
        f->due_us = 0;
        if (!check(f, f->prompt.text, db_now_us))
            return false; /* stays open at the mistake */
        f->typing = false;
        return apply(f, f->prompt.text);
    }
    if (ht_prompt_key(&f->prompt, key, &changed) && changed)
        f->due_us = now_us + HT_FILTER_DEBOUNCE_US;
    return false;
}

void ht_filter_line_draw(const struct ht_filter_line *f, struct ht_canvas *c, int row, int col, int width,
                         const char *right)
{
    int room = width - (int)strlen(LABEL) - 1;
    int need = right ? (int)ht_text_width(right, strlen(right), HT_TEXT_CELL) : 0;
    ht_draw_fill(c, (struct ht_rect){row, col, 1, width}, HT_STYLE_NONE);
    int used = ht_draw_run(c, row, col, width, HT_STYLE_LABEL, LABEL);
    int text = f->typing ? room : (int)ht_text_width(f->applied, strlen(f->applied), HT_TEXT_CELL) + 2;
    if (need > 0 && (need < room / 2 || need + text < room)) {
        ht_draw_str(c, row, col + width - need - 1, need, HT_STYLE_DIM, right);
        room -= need + 1;
    }
    if (f->typing)
        ht_prompt_draw(&f->prompt, c, row, col + used, room, f->mistake);
    else
        ht_draw_str(c, row, col + used, room, f->applied[0] ? HT_STYLE_PROMPT : HT_STYLE_DIM,
                    f->applied[0] ? f->applied : "-");
}
