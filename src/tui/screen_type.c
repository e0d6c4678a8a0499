#include <stdio.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

enum { TAB_CONTRACT, TAB_SAMPLE, TAB_COUNT };

struct state {
    struct ht_doc docs[TAB_COUNT];
};

static void add_json(struct ht_doc *d, const char *json, const char *otherwise)
{
    if (json)
        ht_doc_json(d, json, strlen(json));
    else
        ht_doc_addf(d, HT_STYLE_DIM, "%s\n", otherwise);
}

void ht_type_open(struct ht_app *app, const struct ht_event_type *e)
{
    struct ht_screen *s = ht_app_open(app, HT_SCREEN_TYPE, NULL);
    if (!s)
        return;
    struct state *st = s->state;
    struct ht_doc *d = &st->docs[TAB_CONTRACT];
    char text[160];
    ht_text_clean_str(s->crumb, sizeof s->crumb, e->name, HT_TEXT_CELL);
    ht_doc_field(d, "Type", HT_STYLE_ROW, e->name);
    ht_doc_field(d, "Profile", HT_STYLE_ROW, e->profile);
    snprintf(text, sizeof text, "%s: %s", ht_type_words[e->state].name, ht_type_words[e->state].meaning);
    ht_doc_field(d, "State", HT_STYLE_ROW, text);
    snprintf(text, sizeof text, "%lld", (long long)e->subscriptions);
    ht_doc_field(d, "Subscriptions", HT_STYLE_ROW, text);
    ht_doc_field(d, "Description", HT_STYLE_ROW, e->description);
    ht_doc_heading(d, "Contract of its data (JSON Schema)");
    add_json(d, e->contract, "none: any JSON value");
    add_json(&st->docs[TAB_SAMPLE], e->sample, "no sample");
}

static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    for (int i = 0; i < TAB_COUNT; i++)
        ht_doc_init(&st->docs[i]);
    s->doc = &st->docs[TAB_CONTRACT];
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    for (int i = 0; i < TAB_COUNT; i++)
        ht_doc_fini(&st->docs[i]);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    static const char *const tabs[] = {"Contract", "Sample"};
    (void)app;
    ht_chrome_tabs(c, r.row, r.col, r.cols, tabs, TAB_COUNT, s->tab);
    ht_doc_draw(s->doc, c, (struct ht_rect){r.row + 1, r.col + 1, r.rows - 1, r.cols - 2});
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    (void)app;
    if (action != HT_ACT_NEXT_TAB && action != HT_ACT_PREV_TAB)
        return ht_doc_act(s->doc, action);
    s->tab = (s->tab + 1) % TAB_COUNT;
    s->doc = &st->docs[s->tab];
    return true;
}

const struct ht_screen_class ht_screen_type = {
    .name = "type",
    .title = "Type",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TEXT | HT_HAS_TABS | HT_HAS_SIBLINGS,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .status = ht_doc_screen_status,
};
