#include "hooktop/tui/app.h"

#include <stdio.h>
#include <string.h>

#include "hooktop/tui/pager.h"

/* Keys: to the question that is open, to the line being typed, to the screen, to the table of actions, in this order.
 */

static void key_to_dialog(struct ht_app *app, int32_t key)
{
    struct ht_dialog *d = app->dialog;
    enum ht_answer answer = ht_dialog_key(d, key);
    if (answer == HT_ANSWER_NONE)
        return;
    app->dialog = NULL;
    if (d->done)
        d->done(app, d, answer == HT_ANSWER_YES);
    ht_dialog_free(d);
}

static void key_to_filter(struct ht_app *app, int32_t key)
{
    struct ht_screen *s = ht_app_top(app);
    if (key == HT_KEY_TAB) {
        ht_complete_filter(app, s->filter.list, &s->filter.prompt, 0);
        s->filter.due_us = app->now_us + HT_FILTER_DEBOUNCE_US;
    } else if (ht_filter_line_key(&s->filter, key, app->now_us, ht_app_db_now(app))) {
        ht_screen_forget(app, s);
        ht_screen_refresh(app, s, 0);
    }
    if (!s->filter.typing)
        app->input = HT_INPUT_KEYS;
}

static void line_done(struct ht_app *app, enum ht_input input)
{
    struct ht_screen *s = ht_app_top(app);
    app->input = HT_INPUT_KEYS;
    if (input == HT_INPUT_COMMAND)
        ht_command_run(app, app->prompt.text);
    else if (input == HT_INPUT_EXPORT)
        ht_export_to(app, app->prompt.text);
    else if (input == HT_INPUT_SEARCH) {
        if (s->doc && !ht_doc_search(s->doc, app->prompt.text) && app->prompt.len > 0)
            ht_app_flash(app, HT_FLASH_INFO, "not found: %s", app->prompt.text);
    } else if (s->class->line)
        s->class->line(app, s, app->prompt.text);
}

static void key_to_line(struct ht_app *app, int32_t key)
{
    bool changed;
    if (app->input == HT_INPUT_COPY)
        ht_copy_key(app, key);
    else if (app->input == HT_INPUT_NARROW || app->input == HT_INPUT_EXCLUDE)
        ht_narrow_key(app, key);
    else if (app->input == HT_INPUT_COMMAND && (key == HT_KEY_UP || key == HT_KEY_DOWN))
        ht_command_recall(app, key == HT_KEY_UP);
    else if (key == HT_KEY_ESC || key == HT_KEY_CTRL_C || (key == HT_KEY_BACKSPACE && app->prompt.len == 0))
        app->input = HT_INPUT_KEYS;
    else if (key == HT_KEY_ENTER)
        line_done(app, app->input);
    else if (key == HT_KEY_TAB && app->input == HT_INPUT_COMMAND)
        ht_command_complete(app, &app->prompt);
    else
        (void)ht_prompt_key(&app->prompt, key, &changed);
}

/* Text that a terminal pastes never becomes keys: it goes into a line being typed, or nowhere. */
static bool key_of_paste(struct ht_app *app, int32_t key)
{
    if (key == HT_KEY_PASTE_BEGIN || key == HT_KEY_PASTE_END) {
        app->pasting = key == HT_KEY_PASTE_BEGIN;
        return true;
    }
    if (!app->pasting)
        return false;
    const struct ht_screen *s = ht_app_top(app);
    bool field = app->dialog                   ? ht_dialog_typing(app->dialog)
                 : app->input != HT_INPUT_KEYS ? true
                 : s->class->typing            ? s->class->typing(s)
                                               : false;
    if (!field) {
        ht_app_flash(app, HT_FLASH_INFO, "pasted text was ignored: no line is being typed");
        return true;
    }
    return key < HT_KEY_SPACE || key >= HT_KEY_NAMED || key == HT_KEY_BACKSPACE;
}

static void switch_to(struct ht_app *app, int n)
{
    for (int id = 0; id < HT_SCREEN_COUNT; id++)
        if (ht_screens[id]->root && n-- == 1) {
            ht_app_switch(app, (enum ht_screen_id)id);
            return;
        }
    ht_app_flash(app, HT_FLASH_INFO, "no screen has this number");
}

/* Esc first drops what the list was narrowed to; its order is no filter and stays. */
static bool drop_filter(struct ht_app *app, struct ht_screen *s)
{
    char rest[HT_PROMPT_MAX];
    if (!(s->class->has & HT_HAS_FILTER))
        return false;
    ht_sort_alone(s, rest, sizeof rest);
    if (strcmp(rest, s->filter.applied) == 0)
        return false;
    ht_app_filter(app, rest);
    return true;
}

/* Esc ends what takes long. The filter is then again the one that the rows are of; without rows, none. */
static bool end_search(struct ht_app *app, struct ht_screen *s)
{
    if (!s->slow || !ht_screen_searches(app, s))
        return false;
    ht_screen_forget(app, s);
    if (s->data_at && ht_screen_refiltered(s))
        (void)ht_filter_line_set(&s->filter, s->shown, ht_app_db_now(app));
    else if (!s->data_at && drop_filter(app, s))
        return true;
    else if (!s->data_at)
        ht_fail(&s->failed, HT_CANCELLED, s->class->name, NULL, "ended by Esc");
    ht_app_flash(app, HT_FLASH_INFO, "ended; r asks again");
    return true;
}

/* Then the marks, which may be of rows that the filter hid. */
static bool unmark(struct ht_app *app, struct ht_screen *s)
{
    if (s->marks.n == 0)
        return false;
    ht_app_flash(app, HT_FLASH_INFO, "%zu unmarked", s->marks.n);
    ht_marks_clear(&s->marks);
    return true;
}

static void key_to_action(struct ht_app *app, int32_t key)
{
    struct ht_screen *s = ht_app_top(app);
    if (s->class->key && s->class->key(app, s, key))
        return;
    if (key >= '1' && key <= '9' && (s->class->has & HT_HAS_COMMAND)) {
        switch_to(app, key - '0');
        return;
    }
    enum ht_action_id id = ht_action_of_key(key, ht_screen_has(s));
    if (id == HT_ACT_COUNT) {
        char name[16];
        ht_key_format(key, name);
        ht_app_flash(app, HT_FLASH_INFO, "%s does nothing here; %s", name[0] ? name : "this key",
                     key == HT_KEY_SPACE ? "it marks rows of Deliveries and Failures" : "? lists the keys");
        return;
    }
    bool drilled = app->depth == 1 && app->came_from.known; /* then its filter is what it was opened for */
    if (id == HT_ACT_BACK && key == HT_KEY_ESC &&
        (end_search(app, s) || (!drilled && drop_filter(app, s)) || unmark(app, s)))
        return;
    if (id == HT_ACT_BACK && app->depth == 1 && ht_app_return(app))
        return;
    if (id == HT_ACT_BACK && app->depth == 1) { /* q leaves the program, Esc never does */
        if (key != 'q')
            return;
        id = HT_ACT_QUIT;
    }
    ht_app_act(app, id);
}

static void settle_flash(struct ht_app *app)
{
    const struct ht_message *m = ht_app_message(app);
    if (app->flash && m->kind != HT_FLASH_WAIT)
        app->flash = false;
}

void ht_app_key(struct ht_app *app, int32_t key)
{
    app->dirty = app->urgent = true;
    if (app->secret_shown) { /* any key hides it and does nothing else */
        ht_app_conceal(app);
        return;
    }
    if (key_of_paste(app, key))
        return;
    settle_flash(app);
    ht_offer(app, NULL);
    if (key == HT_CTRL('L'))
        app->term->redraw(app->term->user);
    else if (key == HT_CTRL('Z')) {
        ht_app_conceal(app);
        app->term->suspend(app->term->user);
    } else if (key >= HT_KEY_WHEEL_UP && key <= HT_KEY_CLICK)
        ht_mouse_key(app, key);
    else if (app->dialog)
        key_to_dialog(app, key);
    else if (app->input == HT_INPUT_FILTER)
        key_to_filter(app, key);
    else if (app->input != HT_INPUT_KEYS)
        key_to_line(app, key);
    else
        key_to_action(app, key);
}

/* Actions ---------------------------------------------------------------------------------------------------------- */
bool ht_app_may(const struct ht_app *app, const struct ht_action *a, const char **ret_why)
{
    struct ht_screen *s = app->stack[app->depth - 1];
    const char *why = NULL;
    if ((a->needs & ht_screen_has(s)) != a->needs)
        why = "it does not apply to this screen";
    else if (!ht_action_changes(a))
        why = NULL;
    else if (app->o->readonly)
        why = "the console runs with --readonly";
    else if (app->link != HT_LINK_UP)
        why = "the database is not connected";
    else if (!app->who_known)
        why = "who you are is not known yet";
    else if (a->right == HT_RIGHT_ADMIN && !app->who.may_admin)
        why = "it needs the role hooktop_admin";
    else if (a->right == HT_RIGHT_OPERATE && !app->who.may_operate && !app->who.may_admin)
        why = "it needs the role hooktop_support";
    else if (s->class->why_not)
        why = s->class->why_not(s, (enum ht_action_id)(a - ht_actions));
    if (ret_why)
        *ret_why = why;
    return why == NULL;
}

static void go_sibling(struct ht_app *app, enum ht_action_id move)
{
    int tab = ht_app_top(app)->tab;
    if (app->depth < 2)
        return;
    ht_app_back(app);
    struct ht_screen *list = ht_app_top(app);
    if (list->class->act && list->class->act(app, list, move))
        ht_app_act(app, HT_ACT_OPEN);
    ht_app_top(app)->tab = tab;
}

static void unfilter(struct ht_app *app, struct ht_screen *s)
{
    (void)ht_filter_line_set(&s->filter, "", ht_app_db_now(app));
    ht_screen_forget(app, s);
    ht_screen_refresh(app, s, 0);
}

static void reload(struct ht_app *app, struct ht_screen *s)
{
    if (app->link != HT_LINK_UP) {
        ht_app_flash(app, HT_FLASH_INFO, "the database is not connected; it is tried again by itself");
        return;
    }
    ht_screen_forget(app, s);
    ht_screen_refresh(app, s, 0);
}

static void quit(struct ht_app *app)
{
    struct ht_screen *s = ht_app_top(app);
    app->quitting = true;
    if (!s->class->may_close || s->class->may_close(app, s))
        app->quit = true;
    app->quitting = false;
}

/* What works the same on every screen; false: something else. */
static bool act_everywhere(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    switch (action) {
    case HT_ACT_BACK:
        ht_app_back(app);
        return true;
    case HT_ACT_QUIT:
        quit(app);
        return true;
    case HT_ACT_HELP:
    case HT_ACT_MESSAGES:
        ht_app_open(app, action == HT_ACT_HELP ? HT_SCREEN_HELP : HT_SCREEN_MESSAGES, NULL);
        return true;
    case HT_ACT_COMMAND:
        app->command_at = app->n_commands;
        ht_app_ask_line(app, HT_INPUT_COMMAND, ":", "");
        return true;
    case HT_ACT_FILTER:
        ht_filter_line_begin(&s->filter);
        app->input = HT_INPUT_FILTER;
        return true;
    case HT_ACT_UNFILTER:
        unfilter(app, s);
        return true;
    case HT_ACT_NARROW:
    case HT_ACT_EXCLUDE:
        ht_narrow_ask(app, action);
        return true;
    case HT_ACT_EXPORT:
        ht_export_ask(app);
        return true;
    case HT_ACT_SORT:
        ht_sort_ask(app);
        return true;
    case HT_ACT_UNDO:
        ht_undo_ask(app);
        return true;
    case HT_ACT_COLUMNS:
        ht_columns_ask(app);
        return true;
    case HT_ACT_COPY:
        ht_copy_ask(app);
        return true;
    case HT_ACT_PAGER:
    case HT_ACT_EDITOR:
        ht_outside_show(app, action);
        return true;
    case HT_ACT_BEFORE:
        ht_app_before(app);
        return true;
    case HT_ACT_VIEW:
        ht_view_command(app, "");
        return true;
    case HT_ACT_FORWARD:
        ht_app_forward(app);
        return true;
    case HT_ACT_SEARCH:
        ht_app_ask_line(app, HT_INPUT_SEARCH, "/", "");
        return true;
    case HT_ACT_TIME:
        app->absolute_times = !app->absolute_times;
        return true;
    case HT_ACT_RELOAD:
        reload(app, s);
        return true;
    case HT_ACT_REDRAW:
        app->term->redraw(app->term->user);
        return true;
    case HT_ACT_SUSPEND:
        ht_app_conceal(app);
        app->term->suspend(app->term->user);
        return true;
    case HT_ACT_NEXT_ITEM:
    case HT_ACT_PREV_ITEM:
        go_sibling(app, action == HT_ACT_NEXT_ITEM ? HT_ACT_DOWN : HT_ACT_UP);
        return true;
    default:
        return false;
    }
}

void ht_app_act(struct ht_app *app, enum ht_action_id action)
{
    struct ht_screen *s = ht_app_top(app);
    const char *why;
    app->dirty = true;
    if (!ht_app_may(app, &ht_actions[action], &why)) {
        ht_app_flash(app, HT_FLASH_ERROR, "%s: %s", ht_actions[action].name, why);
        return;
    }
    if (s->class->act && s->class->act(app, s, action))
        return;
    if (!act_everywhere(app, s, action) && !ht_act_on_subject(app, action) && ht_actions[action].needs)
        ht_app_flash(app, HT_FLASH_INFO, "%s: %s", ht_actions[action].name,
                     s->data_at ? "nothing is under the cursor" : "still being fetched");
}

void ht_app_conceal(struct ht_app *app)
{
    if (!app->secret_shown)
        return;
    app->secret_shown = false;
    app->term->conceal(app->term->user);
    app->dirty = app->urgent = true;
}
