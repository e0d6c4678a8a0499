#include <stdio.h>
#include <string.h>

#include "hooktop/tui/chrome.h"
#include "hooktop/tui/pages.h"

/* Who did what, why, and what it was before and after. Nothing can be changed here. */

#define PANE_MIN_ROWS 14 /* of the body, for the entry under the cursor to be shown below the list */

struct state {
    struct ht_list list;
    struct ht_pages pages;
    struct ht_audit_entries rows;
    struct ht_doc doc; /* of the entry under the cursor */
};

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    ht_audit_cell(&((const struct state *)user)->rows.rows[row], column, t);
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ht_audit_id(&((const struct state *)user)->rows.rows[row]);
}

static struct ht_list_rows rows_of(const struct ht_app *app, const struct ht_screen *s)
{
    const struct state *st = s->state;
    return (struct ht_list_rows){
        .columns = ht_audit_columns,
        .n_columns = ht_audit_columns_len,
        .n = st->rows.n,
        .cell = cell,
        .id = row_id,
        .user = st,
        .empty = s->failed.rc == HT_DENIED ? "only who has the role hooktop_audit_reader may read it"
                 : s->failed.rc            ? "could not be fetched; r tries again"
                 : !s->data_at             ? "fetching ..."
                 : s->filter.applied[0]    ? "no entry matches the filter; ~ clears it"
                                           : "nothing was done yet",
        .stale = ht_app_stale(app, s),
    };
}

static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_doc_init(&((struct state *)s->state)->doc);
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_audit_entries_fini(&st->rows);
    ht_doc_fini(&st->doc);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_AUDIT, 0);
    size_t at;
    r->text = ht_strdup(s->filter.applied);
    r->limit = HT_PAGE;
    if (ht_pages_ask(&st->pages, &st->list, st->rows.n, ht_screen_refiltered(s), &at)) {
        const struct ht_audit_entry *last = &st->rows.rows[at];
        r->tenant = last->tenant_id;
        r->before_at = last->at;
        r->before_seq = last->seq;
    }
    (void)ht_app_ask(app, s, r);
}

static struct ht_uuid id_of(const void *row)
{
    return ht_audit_id(row);
}

static void free_row(void *row)
{
    ht_audit_entry_fini(row);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    static const struct ht_pages_rows of = {sizeof(struct ht_audit_entry), id_of, free_row};
    struct state *st = s->state;
    struct ht_audit_entries *all = &st->rows, *page = &r->audit;
    if (r->kind != HT_REP_AUDIT)
        return;
    if (ht_screen_refiltered(s))
        ht_audit_entries_fini(all);
    all->rows = ht_pages_take(&st->pages, &of, all->rows, &all->n, page->rows, page->n, page->more);
    *page = (struct ht_audit_entries){0};
    struct ht_list_rows rows = rows_of(app, s);
    ht_list_sync(&st->list, &rows);
}

static void draw_entry(struct state *st, struct ht_canvas *c, struct ht_rect *r)
{
    int height = r->rows / 3;
    if (r->rows < PANE_MIN_ROWS || st->rows.n == 0)
        return;
    r->rows -= height;
    ht_draw_rule(c, r->row + r->rows, r->col, r->cols, "change");
    ht_doc_clear(&st->doc);
    ht_doc_home(&st->doc);
    ht_audit_describe(&st->rows.rows[st->list.cursor], false, &st->doc);
    ht_doc_draw(&st->doc, c, (struct ht_rect){r->row + r->rows + 1, r->col, height - 1, r->cols});
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    char right[64];
    bool oldest_first;
    (void)ht_sort_given(s, &oldest_first);
    snprintf(right, sizeof right, "%zu%s %s, %s first", st->rows.n, st->pages.more ? "+" : "",
             ht_plural((int64_t)st->rows.n, "entry", "entries"), oldest_first ? "oldest" : "newest");
    ht_chrome_list_head(app, s, c, &r, s->data_at ? right : NULL);
    draw_entry(st, c, &r);
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    if (action == HT_ACT_OPEN && st->rows.n > 0) {
        ht_audit_open(app, &st->rows.rows[st->list.cursor]);
        return true;
    }
    if (!ht_list_act(&st->list, &rows, action))
        return false;
    if (s->ticket == 0 && ht_pages_further(&st->pages, &st->list, st->rows.n))
        ht_screen_refresh(app, s, 0);
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    (void)app;
    if (st->rows.n)
        snprintf(ret, size, "%zu/%zu%s | %s", st->list.cursor + 1, st->rows.n, st->pages.more ? "+" : "",
                 st->pages.full ? HT_PAGES_END : "append-only: nothing here can be changed");
}

const struct ht_screen_class ht_screen_audit = {
    .name = "audit",
    .title = "Audit",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_EXPORT | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN |
           HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .list = HT_FILTER_AUDIT,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .status = status,
};
