#include <stdio.h>
#include <string.h>

#include "hooktop/base/buf.h"
#include "hooktop/tui/app.h"

/* Tab, on the command line and in a filter: what all words that may stand here have in common is typed, and if they are
 * several they are shown. */

void ht_complete(struct ht_app *app, struct ht_prompt *p, size_t from, const char *words, const char *after)
{
    const char *stem = p->text + from, *first = NULL;
    size_t len = p->cursor - from, common = 0, found = 0;
    char all[512] = "";
    for (const char *end; (end = strchr(words, ' ')); words = end + 1) {
        size_t size = (size_t)(end - words), used = strlen(all);
        if (size < len || strncmp(words, stem, len) != 0)
            continue;
        if (!first) {
            first = words;
            common = size;
        }
        while (common > 0 && (common > size || strncmp(first, words, common) != 0))
            common--;
        snprintf(all + used, sizeof all - used, "%.*s ", (int)size, words);
        found++;
    }
    if (!first)
        return;
    ht_prompt_insert(p, first + len, common - len);
    if (found == 1)
        ht_prompt_insert(p, after, strlen(after));
    else
        ht_app_flash(app, HT_FLASH_INFO, "%s", all);
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
        ht_buf_addf(&words, "%s: ", fields[i].name);
    ht_complete(app, p, from, words.data, "");
}

/* Of a closed vocabulary; behind the last |, where there are several. */
static void complete_value(struct ht_app *app, struct ht_prompt *p, size_t from, const struct ht_filter_field *field)
{
    struct ht_buf words HT_BUF_CLEANUP;
    ht_buf_init(&words, 8192);
    for (int i = 0; i < field->words_len; i++)
        if (field->words[i].name[0])
            ht_buf_addf(&words, "%s ", field->words[i].name);
    for (size_t i = from; i < p->cursor; i++)
        if (p->text[i] == '|')
            from = i + 1;
    if (words.data)
        ht_complete(app, p, from, words.data, "");
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
        if (strlen(fields[i].name) == len && strncmp(fields[i].name, p->text + begin, len) == 0)
            complete_value(app, p, begin + len + 1, &fields[i]);
}
