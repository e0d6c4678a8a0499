#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/buf.h"
#include "hooktop/tui/app.h"
#include "hooktop/tui/pager.h"

#include "view_file.h"

/* Saved views: a screen of the first level with its filter, its order (a term of the filter) and its columns. The file
 * is read before every use: another console may have written it. */

#define SEPARATOR ", "

static struct ht_views *views_read(struct ht_app *app)
{
    struct ht_err err = {0};
    if (!app->o->views) {
        ht_app_flash(app, HT_FLASH_ERROR, "view: views are not kept here");
        return NULL;
    }
    struct ht_views *v = ht_alloc(1, sizeof *v);
    if (ht_views_read(app->o->views, v, &err) == HT_OK)
        return v;
    free(v);
    ht_app_flash_err(app, &err);
    return NULL;
}

/* Columns ---------------------------------------------------------------------------------------------------------- */
static void titles_of(const struct ht_screen_class *class, uint32_t hidden, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (size_t i = 1; i < class->n_columns && used < size; i++)
        if (hidden >> i & 1)
            used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? SEPARATOR : "", class->columns[i].title);
}

/* A title that no longer is one hides nothing. */
static uint32_t hidden_of(const struct ht_screen_class *class, const char *titles)
{
    uint32_t hidden = 0;
    while (*titles) {
        const char *end = strstr(titles, SEPARATOR);
        size_t len = end ? (size_t)(end - titles) : strlen(titles);
        for (size_t i = 1; i < class->n_columns; i++)
            if (strlen(class->columns[i].title) == len && memcmp(class->columns[i].title, titles, len) == 0)
                hidden |= 1u << i;
        titles += end ? len + strlen(SEPARATOR) : len;
    }
    return hidden;
}

/* The commands ----------------------------------------------------------------------------------------------------- */
static void open_view(struct ht_app *app, struct ht_views *v, const char *name)
{
    const struct ht_view *w = ht_views_find(v, name);
    enum ht_screen_id screen = w ? ht_screen_named(w->screen) : HT_SCREEN_COUNT;
    if (!w) {
        ht_app_flash(app, HT_FLASH_ERROR, "view: there is none of this name: @ lists them, :view save NAME makes one");
        return;
    }
    if (screen == HT_SCREEN_COUNT) {
        ht_app_flash(app, HT_FLASH_ERROR, "view %s: there is no screen '%s'", w->name, w->screen);
        return;
    }
    ht_app_switch(app, screen);
    app->hidden[screen] = hidden_of(ht_screens[screen], w->hidden);
    if (ht_screens[screen]->has & HT_HAS_FILTER)
        ht_app_filter(app, w->filter);
}

static void write_views(struct ht_app *app, const struct ht_views *v, const char *name, const char *done)
{
    struct ht_err err = {0};
    if (ht_views_write(app->o->views, v, &err) == HT_OK)
        ht_app_flash(app, HT_FLASH_INFO, "view %s: %s", name, done);
    else
        ht_app_flash_err(app, &err);
}

static void save_view(struct ht_app *app, struct ht_views *v, const char *name)
{
    const struct ht_screen *s = ht_app_top(app);
    struct ht_err err = {0};
    if (ht_view_name_check(name, &err) != HT_OK) {
        ht_app_flash_err(app, &err);
        return;
    }
    if (!s->class->root) {
        ht_app_flash(app, HT_FLASH_ERROR, "view: only screens of the first level can be kept: go back first");
        return;
    }
    struct ht_view *w = ht_views_find(v, name);
    bool again = w != NULL;
    if (!w && v->n == HT_VIEWS_MAX) {
        ht_app_flash(app, HT_FLASH_ERROR, "view: there are %d already: remove one first", HT_VIEWS_MAX);
        return;
    }
    if (!w)
        w = &v->list[v->n++];
    *w = (struct ht_view){0};
    snprintf(w->name, sizeof w->name, "%s", name);
    snprintf(w->screen, sizeof w->screen, "%s", s->class->name);
    snprintf(w->filter, sizeof w->filter, "%s", s->filter.applied);
    for (size_t len = strlen(w->filter); len > 0 && w->filter[len - 1] == ' ';)
        w->filter[--len] = '\0'; /* a file would not keep them either */
    titles_of(s->class, app->hidden[s->screen_id], w->hidden, sizeof w->hidden);
    write_views(app, v, name, again ? "saved over the old one" : "saved");
}

static void remove_view(struct ht_app *app, struct ht_views *v, const char *name)
{
    struct ht_view *w = ht_views_find(v, name);
    if (!w) {
        ht_app_flash(app, HT_FLASH_ERROR, "view: there is none of this name to remove");
        return;
    }
    size_t after = v->n - (size_t)(w - v->list) - 1;
    memmove(w, w + 1, after * sizeof *w);
    v->n--;
    write_views(app, v, name, "removed");
}

#define LIST "Views"

/* With a line below it that wants only a name. */
static void list_views(struct ht_app *app, const struct ht_views *v)
{
    const struct ht_screen *top = ht_app_top(app);
    if (top->screen_id == HT_SCREEN_RESULT && strcmp(top->crumb, LIST) == 0)
        ht_app_back(app); /* in place of the list that is open */
    struct ht_doc *d = v->n ? ht_result_open(app, LIST) : NULL;
    if (v->n == 0)
        ht_app_flash(app, HT_FLASH_INFO, "no view is saved yet: :view save NAME keeps this screen and its filter");
    for (size_t i = 0; d && i < v->n; i++) {
        const struct ht_view *w = &v->list[i];
        ht_doc_addf(d, HT_STYLE_HINT_KEY, "%-*s", 20, w->name);
        ht_doc_addf(d, HT_STYLE_ROW, " %s %s", w->screen, w->filter);
        if (w->hidden[0])
            ht_doc_addf(d, HT_STYLE_DIM, "  without %s", w->hidden);
        ht_doc_end(d);
    }
    if (!d)
        return;
    ht_doc_adds(d, HT_STYLE_DIM, "\n:view NAME opens one, :view save NAME keeps one, :view remove NAME forgets it.\n");
    app->command_at = app->n_commands;
    ht_app_ask_line(app, HT_INPUT_COMMAND, ":", "view ");
}

void ht_view_command(struct ht_app *app, const char *rest)
{
    char word[16], name[HT_VIEW_NAME_MAX + 2]; /* one more than a name may have: too long is seen */
    HT_AUTOFREE struct ht_views *v = views_read(app);
    size_t first = strcspn(rest, " "), gap = strspn(rest + first, " "), last = strcspn(rest + first + gap, " ");
    snprintf(word, sizeof word, "%.*s", (int)(first < sizeof word ? first : sizeof word - 1), rest);
    snprintf(name, sizeof name, "%.*s", (int)(last < sizeof name ? last : sizeof name - 1), rest + first + gap);
    bool more = rest[first + gap + last + strspn(rest + first + gap + last, " ")] != '\0';
    if (!v)
        return;
    if (first == 0)
        list_views(app, v);
    else if (more)
        ht_app_flash(app, HT_FLASH_ERROR, "view: a name has no blanks");
    else if (strcmp(word, "save") == 0)
        save_view(app, v, name);
    else if (strcmp(word, "remove") == 0)
        remove_view(app, v, name);
    else if (last > 0)
        ht_app_flash(app, HT_FLASH_ERROR, "view: write :view NAME, :view save NAME or :view remove NAME");
    else {
        snprintf(name, sizeof name, "%.*s", (int)(first < sizeof name ? first : sizeof name - 1), rest);
        open_view(app, v, name);
    }
}

char *ht_view_words(struct ht_app *app, bool names_only)
{
    struct ht_buf b;
    HT_AUTOFREE struct ht_views *v = views_read(app);
    ht_buf_init(&b, HT_VIEWS_MAX * sizeof v->list[0].name + 16);
    ht_buf_adds(&b, names_only ? "" : "save\nremove\n");
    for (size_t i = 0; v && i < v->n; i++)
        ht_buf_addf(&b, "%s\n", v->list[i].name);
    return ht_buf_take(&b, NULL);
}
