#include "hooktop/tui/prompt.h"

#include <stdio.h>
#include <string.h>

void ht_prompt_set(struct ht_prompt *p, const char *text)
{
    snprintf(p->text, sizeof p->text, "%s", text ? text : "");
    p->len = p->cursor = strlen(p->text);
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t before(const struct ht_prompt *p, size_t at)
{
    while (at > 0 && continues(p->text[--at]))
        ;
    return at;
}

static size_t after(const struct ht_prompt *p, size_t at)
{
    if (at < p->len)
        at++;
    while (at < p->len && continues(p->text[at]))
        at++;
    return at;
}

static size_t word_before(const struct ht_prompt *p, size_t at)
{
    while (at > 0 && p->text[at - 1] == ' ')
        at--;
    while (at > 0 && p->text[at - 1] != ' ')
        at--;
    return at;
}

static bool cut(struct ht_prompt *p, size_t from, size_t to)
{
    memmove(p->text + from, p->text + to, p->len - to + 1);
    p->len -= to - from;
    p->cursor = from;
    return to > from;
}

bool ht_prompt_insert(struct ht_prompt *p, const char *bytes, size_t n)
{
    if (n == 0 || p->len + n >= sizeof p->text)
        return false;
    memmove(p->text + p->cursor + n, p->text + p->cursor, p->len - p->cursor + 1);
    memcpy(p->text + p->cursor, bytes, n);
    p->len += n;
    p->cursor += n;
    return true;
}

static bool insert(struct ht_prompt *p, int32_t key)
{
    char bytes[4];
    return ht_prompt_insert(p, bytes, ht_utf8_encode((uint32_t)key, bytes));
}

bool ht_prompt_key(struct ht_prompt *p, int32_t key, bool *ret_changed)
{
    *ret_changed = false;
    switch (key) {
    case HT_KEY_LEFT:
    case HT_CTRL('B'):
        p->cursor = before(p, p->cursor);
        return true;
    case HT_KEY_RIGHT:
    case HT_CTRL('F'):
        p->cursor = after(p, p->cursor);
        return true;
    case HT_KEY_HOME:
    case HT_CTRL('A'):
        p->cursor = 0;
        return true;
    case HT_KEY_END:
    case HT_CTRL('E'):
        p->cursor = p->len;
        return true;
    case HT_KEY_BACKSPACE:
        *ret_changed = cut(p, before(p, p->cursor), p->cursor);
        return true;
    case HT_KEY_DELETE:
    case HT_CTRL('D'):
        *ret_changed = cut(p, p->cursor, after(p, p->cursor));
        return true;
    case HT_CTRL('U'):
        *ret_changed = cut(p, 0, p->cursor);
        return true;
    case HT_CTRL('K'):
        *ret_changed = cut(p, p->cursor, p->len);
        return true;
    case HT_CTRL('W'):
        *ret_changed = cut(p, word_before(p, p->cursor), p->cursor);
        return true;
    default:
        if (key < HT_KEY_SPACE || key >= HT_KEY_NAMED)
            return false;
        *ret_changed = insert(p, key);
        return true;
    }
}

void ht_prompt_draw(const struct ht_prompt *p, struct ht_canvas *c, int row, int col, int width, size_t mistake)
{
    size_t from = 0, right;
    if (width < 2)
        return;
    while ((right = ht_text_width(p->text + from, p->cursor - from, HT_TEXT_CELL)) >= (size_t)width)
        from = after(p, from);
    size_t wrong = mistake < p->len ? mistake : p->len;
    if (wrong < from)
        wrong = from;
    int good = ht_draw_text(c, row, col, width, HT_STYLE_PROMPT, HT_TEXT_CELL, p->text + from, wrong - from);
    if (wrong < p->len)
        ht_draw_text(c, row, col + good, width - good, HT_STYLE_PROMPT_ERROR, HT_TEXT_CELL, p->text + wrong,
                     p->len - wrong);
    c->cursor_row = row;
    c->cursor_col = col + (int)right;
    c->cursor_on = true;
}
