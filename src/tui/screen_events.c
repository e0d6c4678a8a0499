#include <stdio.h>
#include <string.h>

#include "hooktop/tui/chrome.h"
#include "hooktop/tui/pages.h"

/* What happened, newest first unless it is asked otherwise, also what nobody was subscribed to: deliveries:0. Further
 * pages come as one goes down. */

struct state {
    struct ht_list list;
    struct ht_pages pages;
    struct ht_events events;
};

enum { C_TIME, C_TYPE, C_DELIVERIES, C_KEY, C_SOURCE, C_BY, C_WORKFLOW, C_ID };
static const struct ht_column columns[] = {
    [C_TIME] = {"TIME(UTC)", 12, 12, 0, false},   [C_TYPE] = {"TYPE", 20, 40, 0, false},
    [C_DELIVERIES] = {"TO", 3, 4, 0, true},       [C_KEY] = {"KEY", 10, 36, 1, false},
    [C_SOURCE] = {"FROM", 4, 6, 3, false},        [C_BY] = {"BY", 8, 20, 4, false},
    [C_WORKFLOW] = {"WORKFLOW", 8, 16, 5, false}, [C_ID] = {"ID", 10, 10, 2, false},
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_event *e = &v->st->events.rows[row];
    switch (column) {
    case C_TIME:
        ht_time_of_day(v->app, e->created_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_TYPE:
        ht_cell_str(t, HT_STYLE_ROW, e->type);
        break;
    case C_DELIVERIES:
        ht_cell_fmt(t, e->deliveries ? HT_STYLE_ROW : HT_STYLE_HELD, "%d", (int)e->deliveries);
        break;
    case C_KEY:
        ht_cell_str(t, HT_STYLE_DIM, e->key);
        break;
    case C_SOURCE:
        ht_cell_str(t, HT_STYLE_DIM, e->source);
        break;
    case C_BY:
        ht_cell_str(t, HT_STYLE_DIM, e->performed_by);
        break;
    case C_WORKFLOW:
        ht_cell_str(t, HT_STYLE_DIM, e->workflow);
        break;
    default:
        ht_short_id(&e->id, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct view *)user)->st->events.rows[row].id;
}

static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s)
{
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = v->st->events.n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc           ? "could not be fetched; narrow the filter, or r tries again"
                 : !s->data_at          ? "fetching ..."
                 : s->filter.applied[0] ? "no event matches the filter; ~ clears it"
                                        : "no event yet: hooktop emit makes one",
        .stale = ht_app_stale(v->app, s),
    };
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_EVENTS, 0);
    size_t last;
    r->text = ht_strdup(s->filter.applied);
    r->limit = HT_PAGE;
    if (ht_pages_ask(&st->pages, &st->list, st->events.n, ht_screen_refiltered(s), &last))
        r->before = st->events.rows[last].id;
    (void)ht_app_ask(app, s, r);
}

static struct ht_uuid id_of(const void *row)
{
    return ((const struct ht_event *)row)->id;
}

static void free_row(void *row)
{
    ht_event_fini(row);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    static const struct ht_pages_rows of = {sizeof(struct ht_event), id_of, free_row};
    struct state *st = s->state;
    struct ht_events *all = &st->events, *page = &r->events;
    if (r->kind != HT_REP_EVENTS)
        return;
    if (ht_screen_refiltered(s))
        ht_events_fini(all);
    all->rows = ht_pages_take(&st->pages, &of, all->rows, &all->n, page->rows, page->n, page->more);
    *page = (struct ht_events){0};
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_list_sync(&st->list, &rows);
}

/* What is new comes to who looks at the newest; who went down keeps what is there. */
static void changed(struct ht_app *app, struct ht_screen *s)
{
    const struct state *st = s->state;
    if (st->list.cursor == 0)
        ht_screen_refresh(app, s, HT_SCREEN_REFRESH_US);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    char right[48];
    bool oldest_first;
    (void)ht_sort_given(s, &oldest_first);
    snprintf(right, sizeof right, "%zu%s, %s first", st->events.n, st->pages.more ? "+" : "",
             oldest_first ? "oldest" : "newest");
    ht_chrome_list_head(app, s, c, &r, s->data_at ? right : NULL);
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (action == HT_ACT_OPEN) {
        if (st->events.n > 0)
            (void)ht_app_open(app, HT_SCREEN_EVENT, &st->events.rows[st->list.cursor].id);
        return true;
    }
    if (!ht_list_act(&st->list, &rows, action))
        return false;
    if (s->ticket == 0 && ht_pages_further(&st->pages, &st->list, st->events.n))
        ht_screen_refresh(app, s, 0);
    return true;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    if (st->events.n == 0)
        return false;
    ret->id = ret->event = st->events.rows[st->list.cursor].id;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    char id[HT_UUID_TEXT];
    (void)app;
    if (st->events.n == 0)
        return;
    ht_uuid_format(&st->events.rows[st->list.cursor].id, id);
    snprintf(ret, size, "%zu/%zu%s | %sevt_%s", st->list.cursor + 1, st->events.n, st->pages.more ? "+" : "",
             st->pages.full ? HT_PAGES_END " | " : "", id);
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_events_fini(&((struct state *)s->state)->events);
}

const struct ht_screen_class ht_screen_events = {
    .name = "events",
    .title = "Events",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_EXPORT | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN |
           HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .list = HT_FILTER_EVENTS,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .changed = changed,
    .subject = subject,
    .status = status,
};
