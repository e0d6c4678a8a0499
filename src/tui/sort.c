#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hooktop/base/buf.h"
#include "hooktop/tui/app.h"

/* The order of a list is a term of its filter, so that it is seen, kept and exported with it, and what it compares is
 * the store's. Which orders there are is the list's vocabulary; a log has one, by time, both ways: only by id an index
 * serves any depth. Lists without a filter are short and loaded whole: they are sorted here, by any column. */

#define BY "By (the same again turns it round)"

static const struct ht_filter_field *orders_of(const struct ht_screen *s)
{
    size_t n;
    const struct ht_filter_field *f = ht_filter_fields(s->filter.list, &n);
    for (size_t i = 0; i < n && (s->class->has & HT_HAS_FILTER); i++)
        if (f[i].kind == HT_FILTER_SORT)
            return &f[i];
    return NULL;
}

struct order {
    int by; /* its place in the vocabulary; -1: none */
    bool turned, descends, oldest_first;
};

static struct order order_of(const struct ht_screen *s)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    struct ht_err err = {0};
    struct order o = {.by = -1};
    if (!orders_of(s) || ht_filter_parse(s->filter.list, s->filter.applied, 0, &f, NULL, &err) != HT_OK)
        return o;
    o.by = ht_filter_order(&f, &o.turned);
    o.descends = ht_filter_descends(&f);
    o.oldest_first = ht_filter_oldest_first(&f);
    return o;
}

bool ht_sort_given(const struct ht_screen *s, bool *ret_oldest_first)
{
    struct order o = order_of(s);
    *ret_oldest_first = o.oldest_first;
    return o.by >= 0;
}

void ht_sort_mark(const struct ht_screen *s, struct ht_list_rows *rows)
{
    struct order o = order_of(s);
    if (o.by < 0)
        return;
    rows->sorted = orders_of(s)->words[o.by].sign;
    rows->sorted += rows->sorted[0] == '-';
    rows->descends = o.descends;
}

void ht_sort_alone(const struct ht_screen *s, char *ret, size_t size)
{
    struct order o = order_of(s);
    ht_filter_with_order("", o.by >= 0 ? orders_of(s)->words[o.by].name : NULL, o.turned, ret, size);
}

/* By a term of the filter ------------------------------------------------------------------------------------------ */
/* The same order again turns it round. */
static void sort_by(struct ht_app *app, struct ht_screen *s, const char *name)
{
    char text[HT_PROMPT_MAX];
    struct order o = order_of(s);
    bool again = name && o.by >= 0 && strcmp(orders_of(s)->words[o.by].name, name) == 0;
    ht_filter_with_order(s->filter.applied, name, again && !o.turned, text, sizeof text);
    if (!ht_filter_line_set(&s->filter, text, ht_app_db_now(app))) {
        ht_app_flash(app, HT_FLASH_ERROR, "sort: %s", s->filter.why);
        return;
    }
    ht_screen_forget(app, s);
    ht_screen_refresh(app, s, 0);
}

/* Here ------------------------------------------------------------------------------------------------------------- */
/* The same column again turns it round. `column` -1: as the rows come. */
static void sort_here(struct ht_app *app, struct ht_screen *s, int column)
{
    size_t n;
    const struct ht_column *columns;
    struct ht_list *l = s->class->shown(s, &columns, &n);
    l->turned = column >= 0 && l->sorted == (size_t)column + 1 && !l->turned;
    l->sorted = (size_t)(column + 1);
    s->class->sort(app, s);
    if (column < 0)
        ht_screen_refresh(app, s, 0); /* how they came is not kept */
}

static void sort_chosen(struct ht_app *app, struct ht_screen *s, int n, int chosen)
{
    const struct ht_filter_field *orders = orders_of(s);
    if (orders)
        sort_by(app, s, chosen < n ? orders->words[chosen].name : NULL);
    else
        sort_here(app, s, chosen < n ? chosen : -1);
}

/* The question ----------------------------------------------------------------------------------------------------- */
/* What the list can be sorted by, and by which it is now (none: as many). */
static int options_of(const struct ht_screen *s, const char **ret, int *ret_now)
{
    const struct ht_filter_field *orders = orders_of(s);
    int now = order_of(s).by;
    size_t n = 0;
    if (orders) {
        for (; n < (size_t)orders->words_len && n < HT_DIALOG_OPTIONS_MAX - 1; n++)
            ret[n] = orders->words[n].name;
    } else if (s->class->shown) {
        const struct ht_column *columns;
        size_t n_columns;
        now = (int)s->class->shown(s, &columns, &n_columns)->sorted - 1;
        for (; n < n_columns && n < HT_DIALOG_OPTIONS_MAX - 1; n++)
            ret[n] = columns[n].title;
    }
    *ret_now = now >= 0 ? now : (int)n;
    return (int)n;
}

static void answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    const char *options[HT_DIALOG_OPTIONS_MAX];
    int now, n = options_of(s, options, &now);
    if (yes && n > 0)
        sort_chosen(app, s, n, ht_dialog_chosen(d, BY));
}

void ht_sort_ask(struct ht_app *app)
{
    const struct ht_screen *s = ht_app_top(app);
    const char *options[HT_DIALOG_OPTIONS_MAX];
    int now, n = options_of(s, options, &now);
    if (n == 0)
        return;
    struct ht_dialog *d = ht_dialog_new(2, "Sort", "Sort %s", s->class->title);
    options[n] = "as usual";
    ht_dialog_choice(d, BY, options, n + 1, now);
    if (n == 1)
        ht_dialog_note(d, "A log of any length has an index by time alone: for the rest, narrow the filter.");
    d->focus = 0;
    d->enter_takes = true;
    d->done = answered;
    ht_app_open_dialog(app, d);
}

char *ht_sort_words(struct ht_app *app)
{
    struct ht_buf b;
    const char *options[HT_DIALOG_OPTIONS_MAX];
    int now, n = options_of(ht_app_top(app), options, &now);
    ht_buf_init(&b, 4096);
    for (int i = 0; i < n; i++)
        ht_buf_addf(&b, "%s\n", options[i]);
    return ht_buf_take(&b, NULL);
}

void ht_sort_by(struct ht_app *app, const char *name)
{
    struct ht_screen *s = ht_app_top(app);
    const char *options[HT_DIALOG_OPTIONS_MAX];
    int now, n = options_of(s, options, &now);
    for (int i = 0; i < n; i++)
        if (strcasecmp(options[i], name) == 0) {
            sort_chosen(app, s, n, i);
            return;
        }
    if (n == 1)
        ht_app_flash(app, HT_FLASH_ERROR, "sort: a log has one order, '%s': only by time it is read at any depth",
                     options[0]);
    else
        ht_app_flash(app, HT_FLASH_ERROR, "sort: there is no order '%s' here: s lists them", name);
}

void ht_sort_click(struct ht_app *app, const char *title)
{
    struct ht_screen *s = ht_app_top(app);
    const struct ht_filter_field *orders = orders_of(s);
    const char *options[HT_DIALOG_OPTIONS_MAX];
    int now, n = options_of(s, options, &now);
    for (int i = 0; i < n; i++) {
        const char *seen = orders ? orders->words[i].sign : options[i];
        if (strcmp(seen + (orders && seen[0] == '-'), title) == 0) {
            sort_chosen(app, s, n, i);
            return;
        }
    }
    ht_app_flash(app, HT_FLASH_INFO, "this list has no order by %s%s", title, n ? "; s lists those it has" : "");
}
