#include "hooktop/tui/chrome.h"

void ht_doc_screen_draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    (void)app;
    ht_doc_draw(s->doc, c, (struct ht_rect){r.row + 1, r.col + 1, r.rows - 1, r.cols - 2});
}

bool ht_doc_screen_act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    (void)app;
    return ht_doc_act(s->doc, action);
}

void ht_doc_screen_status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    (void)app;
    ht_doc_status(s->doc, ret, size);
}
