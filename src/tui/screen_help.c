#include <stdio.h>
#include <string.h>

#include "hooktop/model/filter.h"
#include "hooktop/tui/chrome.h"

/* Made from the table of actions, for the screen it was asked on: what works there, with this login. */

#define KEYS_WIDTH 15
#define NAME_WIDTH 15

struct state {
    struct ht_doc doc;
};

static const char *const group_titles[HT_GROUP_COUNT] = {
    [HT_GROUP_MOVE] = "MOVE",
    [HT_GROUP_LOOK] = "LOOK",
    [HT_GROUP_CHANGE] = "CHANGE (asks first)",
    [HT_GROUP_GO] = "GO",
};

static void add_action(const struct ht_app *app, const struct ht_screen *s, struct ht_doc *d, const struct ht_action *a)
{
    const char *why = NULL;
    if ((a->needs & s->class->has) != a->needs)
        return;
    bool may = ht_app_may(app, a, &why);
    if (!may && ht_action_changes(a) && app->o->readonly)
        return;                                     /* taken away for everybody: not even shown */
    bool elsewhere = !may && !ht_action_changes(a); /* on another tab of this screen */
    ht_doc_addf(d, may || elsewhere ? HT_STYLE_HINT_KEY : HT_STYLE_DIM, "  %-*s", KEYS_WIDTH,
                a->keys[0] ? a->keys : "");
    ht_doc_addf(d, HT_STYLE_DIM, " :%-*s", NAME_WIDTH, a->name);
    ht_doc_addf(d, may || elsewhere ? HT_STYLE_ROW : HT_STYLE_DIM, " %s", a->help);
    if (!may && !elsewhere)
        ht_doc_addf(d, HT_STYLE_DIM, "\n  %-*s (%s)", KEYS_WIDTH, "", why);
    ht_doc_end(d);
}

static void add_filter_help(const struct ht_screen *s, struct ht_doc *d)
{
    size_t n = 0;
    const struct ht_filter_field *fields = ht_filter_fields(s->filter.list, &n);
    ht_doc_heading(d, "FILTER");
    ht_doc_adds(d, HT_STYLE_ROW,
                "  word  \"two words\"  field:value  field:a|b  -field:value  field:glob*  code:5xx  field:>2s\n"
                "  after:-2h  before:14:00  on:2026-11-19  /regex/     all terms must hold\n");
    for (size_t i = 0; i < n; i++) {
        ht_doc_addf(d, HT_STYLE_HINT_KEY, "  %-*s", KEYS_WIDTH, fields[i].name);
        ht_doc_addf(d, HT_STYLE_ROW, " %s\n", fields[i].help ? fields[i].help : "");
    }
}

/* The signs of the status column, where there is one. */
static void add_signs(const struct ht_screen *s, struct ht_doc *d)
{
    if (!(s->class->has & HT_HAS_DELIVERY))
        return;
    ht_doc_heading(d, "STATES OF A DELIVERY");
    ht_doc_addf(d, HT_STYLE_RETRY, "  %s %-*s", HT_DELIVERY_RETRYING, KEYS_WIDTH - 3, "ready");
    ht_doc_adds(d, HT_STYLE_ROW, " tried before, waits for its next try\n");
    for (int i = 0; i < HT_DELIVERY_STATUS_COUNT; i++) {
        ht_doc_addf(d, ht_style_of_delivery((enum ht_delivery_status)i, 0), "  %s %-*s", ht_delivery_words[i].sign,
                    KEYS_WIDTH - 3, ht_delivery_words[i].name);
        ht_doc_addf(d, HT_STYLE_ROW, " %s\n", ht_delivery_words[i].meaning);
    }
}

static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_doc *d = &st->doc;
    ht_doc_init(d);
    s->doc = d;
    /* this screen already lies on top of the one it is about */
    app->depth--;
    const struct ht_screen *about = ht_app_top(app);
    snprintf(s->crumb, sizeof s->crumb, "Help: %s", about->class->title);
    for (int g = 0; g < HT_GROUP_COUNT; g++) {
        ht_doc_heading(d, group_titles[g]);
        for (int id = 0; id < HT_ACT_COUNT; id++)
            if (ht_actions[id].group == (enum ht_group)g)
                add_action(app, about, d, &ht_actions[id]);
    }
    app->depth++;
    ht_doc_addf(d, HT_STYLE_HINT_KEY, "  %-*s", KEYS_WIDTH, "1 to 9");
    ht_doc_adds(d, HT_STYLE_ROW, " the screens of the first level\n");
    ht_doc_adds(d, HT_STYLE_DIM, "\n  lower case looks, UPPER CASE changes (but G, N and Q); Esc never quits\n");
    if (about->class->has & HT_HAS_FILTER)
        add_filter_help(about, d);
    add_signs(about, d);
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_fini(&st->doc);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    (void)app;
    ht_doc_draw(s->doc, c, (struct ht_rect){r.row, r.col + 1, r.rows, r.cols - 2});
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    if (action == HT_ACT_HELP) { /* the key that opened it closes it */
        ht_app_back(app);
        return true;
    }
    return ht_doc_act(s->doc, action);
}

const struct ht_screen_class ht_screen_help = {
    .name = "help",
    .title = "Help",
    .has = HT_HAS_ROWS | HT_HAS_TEXT,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .status = ht_doc_screen_status,
};
