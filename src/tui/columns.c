#include <string.h>

#include "hooktop/tui/app.h"

/* Which columns a list shows. The first one names the row and stays. */

static void answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    const struct ht_screen *s = ht_app_top(app);
    uint32_t hidden = 0;
    if (!yes)
        return;
    for (size_t i = 1; i < s->class->n_columns; i++)
        if (!ht_dialog_chosen(d, s->class->columns[i].title))
            hidden |= 1u << i;
    app->hidden[s->screen_id] = hidden;
}

void ht_columns_ask(struct ht_app *app)
{
    const struct ht_screen *s = ht_app_top(app);
    struct ht_dialog *d = ht_dialog_new(2, "Show these", "Columns of %s", s->class->title);
    for (size_t i = 1; i < s->class->n_columns; i++)
        ht_dialog_check(d, s->class->columns[i].title, !(app->hidden[s->screen_id] >> i & 1));
    ht_dialog_note(d, "Space shows or leaves out; a narrow terminal leaves out more, from the right.");
    d->focus = 0;
    d->enter_takes = true;
    d->done = answered;
    ht_app_open_dialog(app, d);
}
