#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/app.h"
#include "hooktop/tui/pager.h"

/* What `y` copies and what `o` and `e` hand to other programs. All of it is foreign text, so it goes through the
 * sanitizer: a paste cannot run anything, a pager gets no control byte. */

static const char *of_id(const struct ht_subject *it, char ret[HT_UUID_TEXT])
{
    ht_uuid_format(&it->id, ret);
    return ret;
}

static const char *of_event(const struct ht_subject *it, char ret[HT_UUID_TEXT])
{
    if (!it->delivery)
        return NULL;
    ht_uuid_format(&it->delivery->event_id, ret);
    return ret;
}

static const char *of_url(const struct ht_subject *it, char ret[HT_UUID_TEXT])
{
    (void)ret;
    return it->endpoint ? it->endpoint->url : it->delivery ? it->delivery->endpoint_url : NULL;
}

static const struct {
    int32_t key;
    const char *name;
    const char *(*get)(const struct ht_subject *it, char ret[HT_UUID_TEXT]);
} parts[] = {{'i', "id", of_id}, {'e', "event id", of_event}, {'u', "URL", of_url}};

#define ALL_KEY 't'

static bool subject(struct ht_app *app, struct ht_subject *ret)
{
    struct ht_screen *s = ht_app_top(app);
    *ret = (struct ht_subject){0};
    return s->class->subject && s->class->subject(s, ret);
}

void ht_copy_ask(struct ht_app *app)
{
    struct ht_subject it;
    bool under = subject(app, &it), any = false;
    char text[HT_UUID_TEXT], label[sizeof app->input_label] = "copy: ";
    for (size_t i = 0; under && i < HT_COUNT(parts); i++)
        if (parts[i].get(&it, text)) {
            size_t used = strlen(label);
            snprintf(label + used, sizeof label - used, "%c %s  ", (char)parts[i].key, parts[i].name);
            any = true;
        }
    if (ht_app_top(app)->doc) {
        size_t used = strlen(label);
        snprintf(label + used, sizeof label - used, "%c text  ", ALL_KEY);
        any = true;
    }
    if (any)
        ht_app_ask_line(app, HT_INPUT_COPY, label, "");
    else
        ht_app_flash(app, HT_FLASH_INFO, "copy: nothing is under the cursor");
}

static void copy(struct ht_app *app, const char *what, const char *bytes, size_t len)
{
    struct ht_err err = {0};
    const char *how;
    HT_BUF_CLEANUP struct ht_buf clean;
    ht_buf_init(&clean, 16 * HT_DOC_MAX);
    ht_text_clean(&clean, bytes, len, HT_TEXT_LINES);
    if (app->term->copy_text(app->term->user, clean.data, clean.len, &how, &err))
        ht_app_flash(app, HT_FLASH_INFO, "the %s is copied %s", what, how);
    else
        ht_app_flash_err(app, &err);
}

void ht_copy_key(struct ht_app *app, int32_t key)
{
    const struct ht_doc *doc = ht_app_top(app)->doc;
    struct ht_subject it;
    char text[HT_UUID_TEXT];
    bool under = subject(app, &it);
    app->input = HT_INPUT_KEYS;
    for (size_t i = 0; under && i < HT_COUNT(parts); i++) {
        const char *part = parts[i].key == key ? parts[i].get(&it, text) : NULL;
        if (part) {
            copy(app, parts[i].name, part, strlen(part));
            return;
        }
    }
    if (doc && key == ALL_KEY)
        copy(app, "text", doc->text.data, doc->text.len);
}

/* Other programs --------------------------------------------------------------------------------------------------- */
void ht_outside_show(struct ht_app *app, enum ht_action_id action)
{
    const struct ht_doc *doc = ht_app_top(app)->doc;
    bool edit = action == HT_ACT_EDITOR;
    const char *set = getenv(edit ? "VISUAL" : "PAGER");
    struct ht_err err = {0};
    HT_BUF_CLEANUP struct ht_buf clean;
    if (edit && (!set || !set[0]))
        set = getenv("EDITOR");
    if (!doc)
        return;
    ht_buf_init(&clean, 16 * HT_DOC_MAX);
    ht_text_clean(&clean, doc->text.data, doc->text.len, HT_TEXT_LINES);
    if (!app->term->show_outside(app->term->user,
                                 set && set[0] ? set
                                 : edit        ? "vi"
                                               : "less",
                                 clean.data, clean.len, &err))
        ht_app_flash_err(app, &err);
}
