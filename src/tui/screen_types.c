#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

struct state {
    struct ht_list list;
    struct ht_event_types types;
};

enum { C_NAME, C_PROFILE, C_STATE, C_SUBS, C_CONTRACT, C_DESCRIPTION };
static const struct ht_column columns[] = {
    [C_NAME] = {"TYPE", 24, 44, 0, false},       [C_PROFILE] = {"PROFILE", 10, 10, 2, false},
    [C_STATE] = {"STATE", 8, 8, 0, false},       [C_SUBS] = {"SUBS", 4, 6, 1, true},
    [C_CONTRACT] = {"CONTRACT", 8, 8, 4, false}, [C_DESCRIPTION] = {"DESCRIPTION", 16, 0, 3, false},
};

static enum ht_style state_style(enum ht_type_state state)
{
    return state == HT_TYPE_EMITTED ? HT_STYLE_OK : state == HT_TYPE_PLANNED ? HT_STYLE_HELD : HT_STYLE_DIM;
}

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct ht_event_type *e = &((const struct state *)user)->types.rows[row];
    switch (column) {
    case C_NAME:
        ht_cell_str(t, HT_STYLE_ROW, e->name);
        break;
    case C_PROFILE:
        ht_cell_str(t, HT_STYLE_ROW, e->profile);
        break;
    case C_STATE:
        ht_cell_str(t, state_style(e->state), ht_type_words[e->state].name);
        break;
    case C_SUBS:
        ht_cell_fmt(t, HT_STYLE_ROW, "%lld", (long long)e->subscriptions);
        break;
    case C_CONTRACT:
        ht_cell_str(t, e->contract ? HT_STYLE_ROW : HT_STYLE_DIM, e->contract ? "yes" : "any JSON");
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, e->description);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    const struct ht_event_type *e = &((const struct state *)user)->types.rows[row];
    char name[256];
    snprintf(name, sizeof name, "%s %s", e->profile ? e->profile : "", e->name ? e->name : "");
    return ht_list_name_id(name);
}

static struct ht_list_rows rows_of(const struct ht_app *app, const struct ht_screen *s)
{
    const struct state *st = s->state;
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = st->types.n,
        .cell = cell,
        .id = row_id,
        .user = st,
        .empty = s->failed.rc           ? "could not be fetched; r tries again"
                 : !s->data_at          ? "fetching ..."
                 : s->filter.applied[0] ? "no event type matches the filter; ~ clears it"
                                        : "no event type: hooktop setup puts the catalogues in",
        .stale = ht_app_stale(app, s),
    };
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_event_types_fini(&((struct state *)s->state)->types);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct ht_request *r = ht_request_new(HT_REQ_TYPES, 0);
    r->text = ht_strdup(s->filter.applied);
    (void)ht_app_ask(app, s, r);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_TYPES)
        return;
    ht_event_types_fini(&st->types);
    st->types = r->types;
    r->types = (struct ht_event_types){0};
    struct ht_list_rows rows = rows_of(app, s);
    ht_list_sync(&st->list, &rows);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    char right[64];
    snprintf(right, sizeof right, "%zu %s", st->types.n, ht_plural((int64_t)st->types.n, "type", "types"));
    ht_chrome_list_head(app, s, c, &r, s->data_at ? right : NULL);
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct ht_list_rows rows = rows_of(app, s);
    if (action == HT_ACT_OPEN && st->types.n > 0) {
        ht_type_open(app, &st->types.rows[st->list.cursor]);
        return true;
    }
    return ht_list_act(&st->list, &rows, action);
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    (void)app;
    if (st->types.n == 0)
        return;
    const struct ht_event_type *e = &st->types.rows[st->list.cursor];
    snprintf(ret, size, "%zu/%zu | %s: %s", st->list.cursor + 1, st->types.n, ht_type_words[e->state].name,
             ht_type_words[e->state].meaning);
}

const struct ht_screen_class ht_screen_types = {
    .name = "types",
    .title = "Types",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN | HT_HAS_RELOAD |
           HT_HAS_EXPORT,
    .root = true,
    .state_size = sizeof(struct state),
    .list = HT_FILTER_TYPES,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .status = status,
};
