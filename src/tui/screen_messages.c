#include <string.h>

#include "hooktop/tui/chrome.h"

/* What the status line said so far, newest at the bottom. */

struct state {
    struct ht_doc doc;
    size_t shown;
};

static void fill(struct ht_app *app, struct state *st)
{
    size_t first = app->n_messages > HT_MESSAGES_MAX ? app->n_messages - HT_MESSAGES_MAX : 0;
    if (st->shown == app->n_messages && st->doc.n_lines > 0)
        return;
    ht_doc_clear(&st->doc);
    for (size_t i = first; i < app->n_messages; i++) {
        const struct ht_message *m = &app->messages[i % HT_MESSAGES_MAX];
        char at[HT_AGE_TEXT];
        ht_time_full(m->at_us, at);
        ht_doc_addf(&st->doc, HT_STYLE_DIM, "%-19s  ", at);
        HT_BUF_CLEANUP struct ht_buf line; /* a line feed in a message must not look like another message */
        ht_buf_init(&line, 4096);
        ht_text_clean(&line, m->text, strnlen(m->text, sizeof m->text), HT_TEXT_CELL);
        ht_doc_add(&st->doc, m->kind == HT_FLASH_ERROR ? HT_STYLE_FAILED : HT_STYLE_ROW, line.data, line.len);
        ht_doc_end(&st->doc);
    }
    if (app->n_messages == 0)
        ht_doc_adds(&st->doc, HT_STYLE_DIM, "nothing was said yet\n");
    st->shown = app->n_messages;
    (void)ht_doc_act(&st->doc, HT_ACT_LAST);
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

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    fill(app, s->state);
    ht_doc_draw(s->doc, c, (struct ht_rect){r.row, r.col + 1, r.rows, r.cols - 2});
}

const struct ht_screen_class ht_screen_messages = {
    .name = "messages",
    .title = "Messages",
    .has = HT_HAS_ROWS | HT_HAS_TEXT,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .act = ht_doc_screen_act,
    .status = ht_doc_screen_status,
};
