#include <stdio.h>
#include <string.h>

#include "hooktop/tui/app.h"

/* The order of a list is a term of its filter, so that it is seen, kept and exported with it. Which orders there are is
 * the list's vocabulary; the log and the other lists by time have none: only by id an index serves any depth. */

static const struct ht_filter_field *orders_of(const struct ht_screen *s)
{
    size_t n;
    const struct ht_filter_field *f = ht_filter_fields(s->filter.list, &n);
    for (size_t i = 0; i < n; i++)
        if (f[i].kind == HT_FILTER_SORT)
            return &f[i];
    return NULL;
}

static int order_now(struct ht_app *app, const struct ht_screen *s, bool *ret_turned)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    struct ht_err err = {0};
    if (ht_filter_parse(s->filter.list, s->filter.applied, ht_app_db_now(app), &f, NULL, &err) != HT_OK)
        return -1;
    return ht_filter_order(&f, ret_turned);
}

/* The same column again turns it round. */
static void sort_by(struct ht_app *app, struct ht_screen *s, const char *name)
{
    char text[HT_PROMPT_MAX];
    bool turned = false;
    const struct ht_filter_field *orders = orders_of(s);
    int now = order_now(app, s, &turned);
    bool again = name && orders && now >= 0 && strcmp(orders->words[now].name, name) == 0;
    ht_filter_with_order(s->filter.applied, name, again && !turned, text, sizeof text);
    if (!ht_filter_line_set(&s->filter, text, ht_app_db_now(app))) {
        ht_app_flash(app, HT_FLASH_ERROR, "sort: %s", s->filter.why);
        return;
    }
    ht_screen_forget(s);
    ht_screen_refresh(app, s, 0);
}

#define BY "By (the same again turns it round)"
static void answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    int chosen = ht_dialog_chosen(d, BY);
    const struct ht_filter_field *orders = orders_of(s);
    if (yes && orders)
        sort_by(app, s, chosen < orders->words_len ? orders->words[chosen].name : NULL);
}

void ht_sort_ask(struct ht_app *app)
{
    const struct ht_screen *s = ht_app_top(app);
    const struct ht_filter_field *orders = orders_of(s);
    const char *options[HT_DIALOG_OPTIONS_MAX];
    bool turned = false;
    int n = 0, now = order_now(app, s, &turned);
    if (!orders)
        return;
    struct ht_dialog *d = ht_dialog_new(2, "Sort", "Sort %s", s->class->title);
    for (; n < orders->words_len && n < HT_DIALOG_OPTIONS_MAX - 1; n++)
        options[n] = orders->words[n].name;
    options[n++] = "as usual";
    ht_dialog_choice(d, BY, options, n, now >= 0 ? now : n - 1);
    d->focus = 0; /* nothing is changed but the view */
    d->done = answered;
    ht_app_open_dialog(app, d);
}

void ht_sort_by(struct ht_app *app, const char *name)
{
    struct ht_screen *s = ht_app_top(app);
    const struct ht_filter_field *orders = orders_of(s);
    if (!orders || ht_word_find(orders->words, orders->words_len, name) < 0)
        ht_app_flash(app, HT_FLASH_ERROR, "sort: there is no order '%s' here: s lists them", name);
    else
        sort_by(app, s, name);
}
