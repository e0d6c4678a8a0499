#include "hooktop/tui/pager.h"

#include <string.h>

#include "hooktop/base/json.h"

#define INDENT 2

/* The document was checked by the parser; this only moves the blanks between its tokens, so that numbers and strings
 * stay the bytes they were. */
struct layout {
    struct ht_doc *doc;
    const char *s;
    size_t len, at;
    int depth;
    bool value; /* a colon was seen: the next string is a value */
};

static void new_line(struct layout *l)
{
    ht_doc_end(l->doc);
    ht_doc_addf(l->doc, HT_STYLE_ROW, "%*s", l->depth * INDENT, "");
}

static void skip_blanks(struct layout *l)
{
    while (l->at < l->len && memchr(" \t\r\n", l->s[l->at], 4))
        l->at++;
}

static size_t token_end(const struct layout *l)
{
    size_t i = l->at;
    if (l->s[i] == '"') {
        for (i++; i < l->len && l->s[i] != '"'; i++)
            i += l->s[i] == '\\';
        return i < l->len ? i + 1 : l->len;
    }
    while (i < l->len && !memchr(" \t\r\n,:{}[]\"", l->s[i], 11))
        i++;
    return i > l->at ? i : l->at + 1;
}

static enum ht_style token_style(const struct layout *l)
{
    char c = l->s[l->at];
    if (c == '"')
        return l->value ? HT_STYLE_JSON_STRING : HT_STYLE_JSON_KEY;
    return c == '-' || (c >= '0' && c <= '9') ? HT_STYLE_JSON_NUMBER : HT_STYLE_JSON_WORD;
}

/* True when the container that opens at `at` closes at once. */
static bool opens_empty(struct layout *l)
{
    char close = l->s[l->at] == '{' ? '}' : ']';
    size_t i = l->at + 1;
    while (i < l->len && memchr(" \t\r\n", l->s[i], 4))
        i++;
    if (i >= l->len || l->s[i] != close)
        return false;
    ht_doc_adds(l->doc, HT_STYLE_ROW, close == '}' ? "{}" : "[]");
    l->at = i + 1;
    return true;
}

static void punctuation(struct layout *l, char c, unsigned char *in_object)
{
    switch (c) {
    case '{':
    case '[':
        if (opens_empty(l))
            return;
        l->depth++;
        in_object[l->depth] = c == '{';
        ht_doc_add(l->doc, HT_STYLE_ROW, &c, 1);
        new_line(l);
        l->value = c == '[';
        break;
    case '}':
    case ']':
        l->depth--;
        new_line(l);
        ht_doc_add(l->doc, HT_STYLE_ROW, &c, 1);
        break;
    case ',':
        ht_doc_add(l->doc, HT_STYLE_ROW, &c, 1);
        new_line(l);
        l->value = !in_object[l->depth];
        break;
    default:
        ht_doc_adds(l->doc, HT_STYLE_ROW, ": ");
        l->value = true;
    }
    l->at++;
}

static bool too_deep(const char *s, size_t len, int limit)
{
    int depth = 0, deepest = 0;
    for (size_t i = 0; i < len; i++) {
        depth += s[i] == '{' || s[i] == '[';
        depth -= s[i] == '}' || s[i] == ']';
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest >= limit; /* brackets inside strings count too: then it is shown as it is */
}

void ht_doc_json(struct ht_doc *d, const char *bytes, size_t len)
{
    unsigned char in_object[64] = {0};
    struct ht_json *root = NULL;
    struct layout l = {.doc = d, .s = bytes, .len = len, .value = true};
    bool fits = len > 0 && !too_deep(bytes, len, (int)sizeof in_object);
    if (!fits || ht_json_parse(bytes, len, &root, NULL) != HT_OK) {
        ht_doc_add(d, HT_STYLE_ROW, bytes, len);
        ht_doc_end(d);
        return;
    }
    ht_json_free(root);
    for (skip_blanks(&l); l.at < l.len; skip_blanks(&l)) {
        char c = l.s[l.at];
        if (memchr("{}[],:", c, 6)) {
            punctuation(&l, c, in_object);
            continue;
        }
        size_t end = token_end(&l);
        ht_doc_add(d, token_style(&l), l.s + l.at, end - l.at);
        l.at = end;
    }
    ht_doc_end(d);
}
