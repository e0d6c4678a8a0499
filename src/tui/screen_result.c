#include <stdio.h>

#include "hooktop/tui/chrome.h"

/* A text that an action brought: a ping's answer, a public key. */

struct state {
    struct ht_doc doc;
};

struct ht_doc *ht_result_open(struct ht_app *app, const char *crumb)
{
    struct ht_screen *s = ht_app_open(app, HT_SCREEN_RESULT, NULL);
    if (!s)
        return NULL;
    ht_text_clean_str(s->crumb, sizeof s->crumb, crumb, HT_TEXT_CELL);
    return s->doc;
}

static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_init(&st->doc);
    s->doc = &st->doc;
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_fini(&st->doc);
}

const struct ht_screen_class ht_screen_result = {
    .name = "result",
    .title = "Result",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TEXT,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .draw = ht_doc_screen_draw,
    .act = ht_doc_screen_act,
    .status = ht_doc_screen_status,
};
