#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/buf.h"
#include "hooktop/tui/app.h"
#include "hooktop/tui/pager.h"

/* The `:` line: a screen's name (with a filter after it), an action's name, or one of the few words below. */

enum ht_screen_id ht_screen_named(const char *name)
{
    for (int id = 0; id < HT_SCREEN_COUNT; id++)
        if (ht_screens[id]->root && strcmp(ht_screens[id]->name, name) == 0)
            return (enum ht_screen_id)id;
    return HT_SCREEN_COUNT;
}

void ht_app_filter(struct ht_app *app, const char *text)
{
    struct ht_screen *s = ht_app_top(app);
    if (!(s->class->has & HT_HAS_FILTER))
        ht_app_flash(app, HT_FLASH_ERROR, "this screen has no filter");
    else if (!ht_filter_line_set(&s->filter, text, ht_app_db_now(app)))
        ht_app_flash(app, HT_FLASH_ERROR, "filter: %s", s->filter.why);
    else {
        ht_screen_forget(app, s);
        ht_screen_refresh(app, s, 0);
    }
}

void ht_app_theme(struct ht_app *app, const char *name)
{
    struct ht_err err = {0};
    struct ht_theme theme;
    if (ht_theme_load(name[0] ? name : NULL, app->o->theme_dir, &theme, &err) != HT_OK) {
        ht_app_flash_err(app, &err);
        return;
    }
    if (name != app->theme_name)
        snprintf(app->theme_name, sizeof app->theme_name, "%s", name);
    ht_theme_title(&theme, app->o->colour);
    app->theme = theme;
    app->theme_changed = true;
    ht_app_flash(app, HT_FLASH_INFO, "theme '%s' loaded", theme.name);
}

/* History ---------------------------------------------------------------------------------------------------------- */
static void remember(struct ht_app *app, const char *line)
{
    if (app->n_commands && strcmp(app->commands[app->n_commands - 1], line) == 0)
        return;
    if (app->n_commands == HT_COMMANDS_MAX) {
        free(app->commands[0]);
        memmove(app->commands, app->commands + 1, --app->n_commands * sizeof *app->commands);
    }
    app->commands[app->n_commands++] = ht_strdup(line);
}

void ht_command_recall(struct ht_app *app, bool older)
{
    if (older ? app->command_at == 0 : app->command_at >= app->n_commands)
        return;
    app->command_at += older ? (size_t)-1 : 1;
    ht_prompt_set(&app->prompt, app->command_at < app->n_commands ? app->commands[app->command_at] : "");
}

/* Running ---------------------------------------------------------------------------------------------------------- */
void ht_command_run(struct ht_app *app, const char *line)
{
    char word[64];
    if (line[strspn(line, " ")])
        remember(app, line);
    line += strspn(line, " ");
    size_t len = strcspn(line, " ");
    if (len == 0)
        return;
    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), line);
    const char *rest = line + len + strspn(line + len, " ");
    enum ht_screen_id screen = ht_screen_named(word);
    enum ht_action_id action = strcmp(word, "q") == 0 ? HT_ACT_QUIT : ht_action_find(word);
    if (screen != HT_SCREEN_COUNT) {
        ht_app_switch(app, screen);
        if (*rest)
            ht_app_filter(app, rest);
    } else if (strcmp(word, "theme") == 0)
        ht_app_theme(app, rest);
    else if (action == HT_ACT_FILTER && *rest)
        ht_app_filter(app, rest);
    else if (action == HT_ACT_VIEW)
        ht_view_command(app, rest);
    else if (action == HT_ACT_SORT && *rest)
        ht_sort_by(app, rest);
    else if (action == HT_ACT_SEARCH && *rest && ht_app_top(app)->doc)
        (void)ht_doc_search(ht_app_top(app)->doc, rest);
    else if (action != HT_ACT_COUNT)
        ht_app_act(app, action);
    else
        ht_app_flash(app, HT_FLASH_ERROR, "no command '%s': Tab completes, ? lists them", word);
}

/* Completion ------------------------------------------------------------------------------------------------------- */
/* What the line may begin with: names of screens, then of actions that may be used. */
static char *commands(struct ht_app *app)
{
    struct ht_buf b;
    ht_buf_init(&b, 1 << 14);
    for (int id = 0; id < HT_SCREEN_COUNT; id++)
        if (ht_screens[id]->root)
            ht_buf_addf(&b, "%s\n", ht_screens[id]->name);
    for (int id = 0; id < HT_ACT_COUNT; id++)
        if (ht_app_may(app, &ht_actions[id], NULL))
            ht_buf_addf(&b, "%s\n", ht_actions[id].name);
    ht_buf_adds(&b, "theme\n");
    return ht_buf_take(&b, NULL);
}

static char *view_names(struct ht_app *app)
{
    return ht_view_words(app, true);
}

static char *view_words(struct ht_app *app)
{
    return ht_view_words(app, false);
}

static char *themes(struct ht_app *app)
{
    return ht_theme_names(app->o->theme_dir);
}

/* What follows a word; the longest stands first. */
static const struct {
    const char *word;
    char *(*words)(struct ht_app *app);
    const char *after;
} arguments[] = {{"view remove ", view_names, ""},
                 {"view ", view_words, " "},
                 {"theme ", themes, ""},
                 {"sort ", ht_sort_words, ""},
                 {"", commands, " "}};

/* A filter may follow the name of its list. */
static bool complete_filter(struct ht_app *app, struct ht_prompt *p)
{
    char word[64];
    const struct ht_screen_class *of = NULL;
    size_t len = strcspn(p->text, " ");
    if (len >= p->cursor || len >= sizeof word)
        return false;
    snprintf(word, sizeof word, "%.*s", (int)len, p->text);
    enum ht_screen_id screen = ht_screen_named(word);
    if (screen != HT_SCREEN_COUNT)
        of = ht_screens[screen];
    else if (ht_action_find(word) == HT_ACT_FILTER)
        of = ht_app_top(app)->class;
    if (of && (of->has & HT_HAS_FILTER))
        ht_complete_filter(app, of->list, p, len + 1);
    return of && (of->has & HT_HAS_FILTER);
}

void ht_command_complete(struct ht_app *app, struct ht_prompt *p)
{
    if (complete_filter(app, p))
        return;
    size_t i = 0, from;
    while (from = strlen(arguments[i].word), from > p->cursor || strncmp(p->text, arguments[i].word, from) != 0)
        i++;
    HT_AUTOFREE char *words = arguments[i].words(app);
    ht_complete(app, p, from, words, arguments[i].after);
}
