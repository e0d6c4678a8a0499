#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/buf.h"
#include "hooktop/tui/app.h"

#define GAP 2 /* between what is offered */

/* Tab, on the command line and in a filter: what all words that may stand here have in common is typed, and if they are
 * several, or nothing could be typed, they are shown until the next key. */

void ht_offer(struct ht_app *app, const char *words)
{
    free(app->offer);
    app->offer = words ? ht_strdup(words) : NULL;
    app->dirty = true;
}

void ht_complete(struct ht_app *app, struct ht_prompt *p, size_t from, const char *words, const char *after)
{
    const char *stem = p->text + from, *first = NULL;
    size_t len = p->cursor - from, common = 0, found = 0;
    struct ht_buf all HT_BUF_CLEANUP;
    ht_buf_init(&all, 1 << 14);
    for (const char *end; (end = strchr(words, '\n')); words = end + 1) {
        size_t size = (size_t)(end - words);
        if (size < len || strncmp(words, stem, len) != 0)
            continue;
        if (!first) {
            first = words;
            common = size;
        }
        while (common > 0 && (common > size || strncmp(first, words, common) != 0))
            common--;
        ht_buf_addf(&all, "%.*s\n", (int)size, words);
        found++;
    }
    bool typed = first && ht_prompt_insert(p, first + len, common - len);
    if (found == 1)
        typed |= ht_prompt_insert(p, after, strlen(after));
    if (found != 1 || !typed)
        ht_offer(app, first ? all.data : HT_OFFER_NONE);
}

/* In rows, as far as `r` has them. Returns how many they need; *ret_left: how many words had none. */
static int lay_out(const char *words, struct ht_canvas *c, struct ht_rect r, int *ret_left)
{
    int row = 0, col = 0;
    *ret_left = 0;
    for (size_t size; *words; words += size + (words[size] == '\n')) {
        size = strcspn(words, "\n");
        int need = (int)ht_text_width(words, size, HT_TEXT_CELL);
        if (col > 0 && col + need > r.cols) {
            row++;
            col = 0;
        }
        if (row >= r.rows)
            ++*ret_left;
        else
            ht_draw_text(c, r.row + row, r.col + col, need < r.cols ? need : r.cols, HT_STYLE_FLASH, HT_TEXT_CELL,
                         words, size);
        col += need + GAP;
    }
    return row + 1;
}

void ht_offer_draw(const struct ht_app *app, struct ht_canvas *c, int top, int bottom)
{
    int left, room = bottom - top - 1, need = lay_out(app->offer, c, (struct ht_rect){0, 1, 0, c->cols - 2}, &left);
    int rows = need < room ? need : room;
    if (rows < 1)
        return;
    ht_draw_fill(c, (struct ht_rect){bottom - rows - 1, 0, rows + 1, c->cols}, HT_STYLE_NONE);
    ht_draw_rule(c, bottom - rows - 1, 0, c->cols, NULL);
    (void)lay_out(app->offer, c, (struct ht_rect){bottom - rows, 1, rows - (need > rows), c->cols - 2}, &left);
    if (left > 0)
        ht_draw_fmt(c, bottom - 1, 1, c->cols - 2, HT_STYLE_DIM, "and %d more", left);
}

/* Where the term that ends at the cursor begins: behind a blank that is in no quotes. */
static size_t term_at(const struct ht_prompt *p, size_t from)
{
    bool quoted = false;
    size_t at = from;
    for (size_t i = from; i < p->cursor; i++) {
        quoted ^= p->text[i] == '"';
        if (p->text[i] == ' ' && !quoted)
            at = i + 1;
    }
    return at < p->cursor && p->text[at] == '-' ? at + 1 : at;
}

static void complete_field(struct ht_app *app, struct ht_prompt *p, size_t from, const struct ht_filter_field *fields,
                           size_t n)
{
    struct ht_buf words HT_BUF_CLEANUP;
    ht_buf_init(&words, 4096);
    for (size_t i = 0; i < n; i++)
        ht_buf_addf(&words, "%s:\n", fields[i].name);
    ht_complete(app, p, from, words.data, "");
}

/* Of a closed vocabulary; behind the last |, where there are several. */
static void complete_value(struct ht_app *app, struct ht_prompt *p, size_t from, const struct ht_filter_field *field)
{
    struct ht_buf words HT_BUF_CLEANUP;
    ht_buf_init(&words, 8192);
    for (int i = 0; i < field->words_len; i++)
        if (field->words[i].name[0])
            ht_buf_addf(&words, "%s\n", field->words[i].name);
    for (size_t i = from; i < p->cursor; i++)
        if (p->text[i] == '|')
            from = i + 1;
    if (words.len > 0)
        ht_complete(app, p, from, words.data, "");
    else
        ht_offer(app, field->help); /* any text, a number, a time */
}

void ht_complete_filter(struct ht_app *app, enum ht_filter_list list, struct ht_prompt *p, size_t from)
{
    size_t n, begin = term_at(p, from);
    const struct ht_filter_field *fields = ht_filter_fields(list, &n);
    const char *colon = memchr(p->text + begin, ':', p->cursor - begin);
    if (!colon) {
        complete_field(app, p, begin, fields, n);
        return;
    }
    size_t len = (size_t)(colon - p->text) - begin;
    for (size_t i = 0; i < n; i++)
        if (strlen(fields[i].name) == len && strncmp(fields[i].name, p->text + begin, len) == 0) {
            complete_value(app, p, begin + len + 1, &fields[i]);
            return;
        }
    ht_offer(app, HT_OFFER_NONE);
}
