#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

/* The live log: newest at the bottom. Rows are kept ascending by id (ids carry their time). It follows what is new
 * until the cursor moves up; then nothing on the screen moves, and what arrives is counted.
 * With an order in its filter it is a list like the others: from its first row on, further pages as one goes down. */

#define PAGE          200
#define BURST         500
#define ROWS_MAX      10000
#define INTERVAL_US   200000
#define WINDOW_US     30000000
#define RATE_US       2000000 /* between two looks at a rate that falls because nothing comes */
#define BESIDE_FILTER 35      /* columns of its line: the label and the rates */

enum asked { ASK_NEWEST, ASK_NEWER, ASK_OLDER, ASK_FIRST, ASK_FURTHER };

struct state {
    struct ht_list list;
    struct ht_delivery *rows; /* ascending; or as ordered */
    size_t n;
    bool ordered, oldest_first;
    enum asked asked;
    struct ht_uuid after; /* the lower bound of the request that is out */
    bool paused;
    bool older_wanted, more_older; /* as ordered: further ones */
    bool full;                     /* ROWS_MAX reached: no more are loaded that way */
    struct ht_uuid gap;            /* rows were skipped below this one; nil: none */
    size_t unseen;                 /* rows that came since it was paused */
    int64_t fetched_at;
    double in_per_s;  /* of what is shown and came within WINDOW_US */
    double failed;    /* ... which part of what was tried of that */
    int64_t rated_at; /* when both were reckoned */
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    ht_delivery_cell(v->app, &v->st->rows[row], column, t);
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct view *)user)->st->rows[row].id;
}

static struct ht_list_rows rows_of(const struct view *v, struct ht_screen *s)
{
    return (struct ht_list_rows){
        .columns = ht_delivery_columns,
        .n_columns = HT_DELIVERY_COLUMNS,
        .n = v->st->n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc           ? "could not be fetched; r tries again"
                 : !s->data_at          ? "fetching ..."
                 : s->filter.applied[0] ? "no delivery matches the filter; ~ clears it"
                                        : "no delivery yet: hooktop emit makes an event",
        .hidden = v->app->hidden[s->screen_id],
        .marks = &s->marks,
        .stale = ht_app_stale(v->app, s),
    };
}

/* Keeping rows ----------------------------------------------------------------------------------------------------- */
static void drop(struct state *st, size_t from, size_t n)
{
    if (n == 0)
        return;
    for (size_t i = from; i < from + n; i++)
        ht_delivery_fini(&st->rows[i]);
    memmove(st->rows + from, st->rows + from + n, (st->n - from - n) * sizeof *st->rows);
    st->n -= n;
}

static void clear(struct state *st)
{
    drop(st, 0, st->n);
    st->more_older = st->full = false;
    st->gap = (struct ht_uuid){{0}};
    st->unseen = 0;
}

/* Merges a page (newest first) into the rows; both sorted by id, equal ids replaced. Rows from `covered` on (NULL:
 * none) that the page does not have match no longer and go. Returns how many are new below. */
static size_t merge(struct state *st, struct ht_deliveries *page, const struct ht_uuid *covered)
{
    struct ht_delivery *out = ht_alloc(st->n + page->n + 1, sizeof *out);
    size_t a = 0, b = page->n, n = 0, below = 0, old_n = st->n;
    struct ht_uuid last = old_n ? st->rows[old_n - 1].id : (struct ht_uuid){{0}};
    while (a < st->n || b > 0) {
        int cmp = a == st->n ? 1 : b == 0 ? -1 : ht_uuid_cmp(&st->rows[a].id, &page->rows[b - 1].id);
        if (cmp < 0) {
            if (covered && ht_uuid_cmp(&st->rows[a].id, covered) >= 0)
                ht_delivery_fini(&st->rows[a++]);
            else
                out[n++] = st->rows[a++];
            continue;
        }
        if (cmp == 0)
            ht_delivery_fini(&st->rows[a++]);
        out[n] = page->rows[--b];
        below += cmp > 0 && (old_n == 0 || ht_uuid_cmp(&out[n].id, &last) > 0);
        n++;
    }
    free(st->rows);
    st->rows = out;
    st->n = n;
    free(page->rows);
    *page = (struct ht_deliveries){0};
    return below;
}

/* Newer rows than one page holds: what lies between is not known. Following, the rows before the gap go; paused, what
 * is on the screen stays, and what lies beyond the gap is only counted. */
static void note_gap(struct state *st, const struct ht_deliveries *page)
{
    const struct ht_uuid *oldest = &page->rows[page->n - 1].id;
    if (st->n == 0 || ht_uuid_cmp(&st->rows[st->n - 1].id, oldest) >= 0)
        return;
    if (st->paused)
        st->gap = st->rows[st->n - 1].id;
    else {
        clear(st);
        st->more_older = true;
    }
}

static void bound(struct state *st)
{
    if (st->n > ROWS_MAX && st->asked == ASK_OLDER)
        st->full = true;
    else if (st->n > ROWS_MAX && st->paused && ht_uuid_is_nil(&st->gap))
        st->gap = st->rows[ROWS_MAX - 1].id;
    else if (st->n > ROWS_MAX && !st->paused) {
        drop(st, 0, st->n - ROWS_MAX);
        st->more_older = true;
    }
    if (!ht_uuid_is_nil(&st->gap))
        while (st->n > 0 && ht_uuid_cmp(&st->rows[st->n - 1].id, &st->gap) > 0)
            drop(st, st->n - 1, 1);
}

/* Requests --------------------------------------------------------------------------------------------------------- */
static struct ht_uuid update_from(const struct state *st)
{
    size_t first = st->list.top > 0 ? st->list.top - 1 : 0;
    if (st->n > BURST / 2 && first < st->n - BURST / 2)
        first = st->n - BURST / 2; /* far up in the past: rows there hardly change */
    return st->rows[first].id;
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_DELIVERIES, 0);
    r->text = ht_strdup(s->filter.applied);
    r->limit = PAGE;
    bool begin = st->n == 0 || ht_screen_refiltered(s);
    st->ordered = ht_sort_given(s, &st->oldest_first);
    if (st->ordered)
        st->asked = !begin && st->older_wanted ? ASK_FURTHER : ASK_FIRST;
    else
        st->asked = begin ? ASK_NEWEST : st->older_wanted ? ASK_OLDER : ASK_NEWER;
    st->after = (struct ht_uuid){{0}};
    if (st->asked == ASK_FURTHER)
        r->before = st->rows[st->n - 1].id;
    else if (st->asked == ASK_FIRST && !begin && st->n > PAGE)
        r->limit = (int32_t)st->n;
    else if (st->asked == ASK_OLDER)
        r->before = st->rows[0].id;
    else if (st->asked == ASK_NEWER && st->n > st->list.page) {
        r->after = st->after = update_from(st);
        r->limit = BURST;
    }
    st->older_wanted = false;
    st->fetched_at = app->now_us;
    (void)ht_app_ask(app, s, r);
}

static void changed(struct ht_app *app, struct ht_screen *s)
{
    const struct state *st = s->state;
    int64_t next = st->fetched_at + (st->ordered ? HT_SCREEN_REFRESH_US : INTERVAL_US);
    if (st->ordered && st->n > PAGE)
        return; /* who went down keeps what is there */
    ht_screen_refresh(app, s, next > app->now_us ? next - app->now_us : 0);
}

static void next_id(struct ht_uuid *id)
{
    for (size_t i = sizeof id->b; i-- > 0 && ++id->b[i] == 0;)
        ;
}

/* The first page in place of all rows, or a further one behind them. */
static void take_page(struct state *st, struct ht_deliveries *page)
{
    if (st->asked == ASK_FIRST)
        clear(st);
    size_t n = st->n;
    st->rows = ht_list_splice(st->rows, n, n, n, page->rows, page->n, sizeof *st->rows);
    st->n = n + page->n;
    st->more_older = page->more;
    st->full = page->more && st->n >= ROWS_MAX;
    *page = (struct ht_deliveries){0};
}

/* From the rows that are here: nothing is asked for. A rate that nothing brings down as time passes would be wrong, so
 * where the clock is off there is none. */
static void reckon_rate(const struct ht_app *app, struct state *st)
{
    int64_t now = ht_app_db_now(app), span = WINDOW_US;
    size_t n = 0, tried = 0, failed = 0;
    if (app->o->clock_off)
        return;
    for (size_t i = st->n; i-- > 0 && st->rows[i].created_at > now - WINDOW_US; n++) {
        const struct ht_delivery *d = &st->rows[i];
        tried += d->attempts > 0;
        failed += d->attempts > 0 && d->last_error != HT_ATTEMPT_NONE;
    }
    if (n == st->n && st->n > 0 && st->more_older) /* older ones of that time are not here */
        span = now - st->rows[0].created_at;
    st->in_per_s = (double)n * 1e6 / (double)(span > 1000000 ? span : 1000000);
    st->failed = tried ? (double)failed / (double)tried : 0;
    st->rated_at = app->now_us;
}

/* A rate falls while nothing comes; at 0 there is nothing more to do. */
static int64_t rate_due(const struct ht_screen *s)
{
    const struct state *st = s->state;
    return st->in_per_s > 0 && !st->ordered ? st->rated_at + RATE_US : INT64_MAX;
}

static void rate_step(struct ht_app *app, struct ht_screen *s)
{
    if (app->now_us < rate_due(s))
        return;
    reckon_rate(app, s->state);
    app->dirty = true;
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    size_t below = 0;
    if (r->kind != HT_REP_DELIVERIES)
        return;
    bool other = ht_screen_refiltered(s);
    if (other) {
        clear(st);
        st->paused = false;
    }
    if (st->ordered) {
        take_page(st, &r->deliveries);
        struct ht_list_rows rows = rows_of(&v, s);
        if (other)
            ht_list_select(&st->list, &rows, 0);
        else
            ht_list_sync(&st->list, &rows);
        return;
    }
    if (st->asked != ASK_NEWER || st->n == 0)
        st->more_older = r->deliveries.more;
    if (st->asked == ASK_NEWER && r->deliveries.more && r->deliveries.n)
        note_gap(st, &r->deliveries);
    /* While it is paused nothing under the reader's eyes goes away. */
    bool whole = st->asked != ASK_OLDER && !st->paused;
    struct ht_uuid from =
        r->deliveries.more && r->deliveries.n ? r->deliveries.rows[r->deliveries.n - 1].id : st->after;
    if (whole && !r->deliveries.more && !ht_uuid_is_nil(&from))
        next_id(&from); /* the bound itself was not asked for */
    below = merge(st, &r->deliveries, whole ? &from : NULL);
    bound(st);
    reckon_rate(app, st);
    struct ht_list_rows rows = rows_of(&v, s);
    if (st->paused) {
        st->unseen += below;
        ht_list_sync(&st->list, &rows);
    } else
        (void)ht_list_act(&st->list, &rows, HT_ACT_LAST);
}

/* Drawing and keys ------------------------------------------------------------------------------------------------- */
/* "LIVE 11.4/s err 3.1%": how much comes of what the filter lets through, and which part of it failed; where the filter
 * leaves room for it. */
static void live_text(const struct state *st, const char *filter, int width, char *ret, size_t size)
{
    const char *word = st->paused ? "PAUSED" : "LIVE";
    bool room = (int)strlen(filter) + BESIDE_FILTER <= width;
    if (room && st->in_per_s > 0 && ht_uuid_is_nil(&st->gap)) /* beyond a gap the newest are not here */
        snprintf(ret, size, "%s %.1f/s err %.1f%%", word, st->in_per_s, 100 * st->failed);
    else
        snprintf(ret, size, "%s", word);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    char live[64];
    live_text(st, s->filter.applied, r.cols, live, sizeof live);
    ht_chrome_list_head(app, s, c, &r,
                        app->link != HT_LINK_UP ? "not connected"
                        : st->ordered           ? st->oldest_first ? "oldest first" : "newest first"
                                                : live);
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static void follow(struct ht_app *app, struct ht_screen *s, const struct ht_list_rows *rows, bool on)
{
    struct state *st = s->state;
    st->paused = !on;
    st->unseen = 0;
    if (!on)
        return;
    if (!ht_uuid_is_nil(&st->gap) || st->full)
        clear(st); /* the end is no longer what is loaded: begin again there */
    else
        (void)ht_list_act(&st->list, rows, HT_ACT_LAST);
    ht_screen_refresh(app, s, 0);
}

static void open_row(struct ht_app *app, struct state *st)
{
    struct ht_uuid id = st->rows[st->list.cursor].id;
    char name[12];
    ht_short_id(&id, name);
    st->paused = true; /* coming back finds the row where it was */
    struct ht_screen *detail = ht_app_open(app, HT_SCREEN_DELIVERY, &id);
    if (detail)
        snprintf(detail->crumb, sizeof detail->crumb, "%s", name);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (action == HT_ACT_OPEN && st->n > 0) {
        open_row(app, st);
        return true;
    }
    if (!st->ordered && (action == HT_ACT_FOLLOW || action == HT_ACT_LAST)) {
        follow(app, s, &rows, action == HT_ACT_LAST || st->paused);
        return true;
    }
    if (action == HT_ACT_OPEN || !ht_list_act(&st->list, &rows, action))
        return false;
    bool at_end = st->n == 0 || st->list.cursor == st->n - 1;
    if (!st->ordered && !st->paused && !at_end) {
        st->paused = true;
        st->unseen = 0;
    }
    bool near = st->ordered ? st->list.cursor + st->list.page >= st->n : st->list.cursor < st->list.page;
    if (near && st->more_older && !st->full && s->ticket == 0) {
        st->older_wanted = true;
        ht_screen_refresh(app, s, 0);
    }
    return true;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    if (st->n == 0)
        return false;
    ret->delivery = &st->rows[st->list.cursor];
    ret->id = ret->delivery->id;
    ret->event = ret->delivery->event_id;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    char id[12] = "", age[48] = "";
    if (st->n == 0)
        return;
    ht_short_id(&st->rows[st->list.cursor].id, id);
    if (ht_app_stale(app, s))
        snprintf(age, sizeof age, " | rows are %llds old", (long long)((app->now_us - s->data_at) / 1000000));
    if (st->ordered)
        snprintf(ret, size, "%zu/%zu%s  %s%s%s", st->list.cursor + 1, st->n, st->more_older ? "+" : "", id,
                 st->full ? " | no more are loaded: narrow the filter" : "", age);
    else if (!st->paused)
        snprintf(ret, size, "LIVE  %zu%s kept  %s%s", st->n, st->more_older ? "+" : "", id, age);
    else if (!ht_uuid_is_nil(&st->gap))
        snprintf(ret, size, "PAUSED  more than %d new below - G or f goes there  %s%s", BURST, id, age);
    else
        snprintf(ret, size, "PAUSED  %zu%s new below - G or f follows again  %s  %zu%s kept%s%s", st->unseen,
                 ht_uuid_is_nil(&st->gap) ? "" : "+", id, st->n, st->more_older ? "+" : "",
                 st->full ? " (no more: narrow the filter)" : "", age);
}

/* Nothing is followed where the newest is not at the end of what is read. */
static unsigned has_now(const struct ht_screen *s)
{
    return ((const struct state *)s->state)->ordered ? ~(unsigned)HT_HAS_FOLLOW : ~0u;
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    clear(st);
    free(st->rows);
}

void ht_log_filtered(struct ht_app *app, const char *filter)
{
    ht_app_drill(app, HT_SCREEN_DELIVERIES);
    struct ht_screen *s = ht_app_top(app);
    struct state *st = s->state;
    if (!ht_filter_line_set(&s->filter, filter, ht_app_db_now(app)))
        ht_app_flash(app, HT_FLASH_ERROR, "filter: %s", s->filter.why);
    st->paused = false;
    ht_screen_forget(app, s);
    ht_screen_refresh(app, s, 0);
}

void ht_log_of_endpoint(struct ht_app *app, const struct ht_endpoint *e)
{
    char filter[64], id[HT_UUID_TEXT];
    ht_uuid_format(&e->id, id);
    snprintf(filter, sizeof filter, "endpoint:%s", id);
    ht_log_filtered(app, filter);
}

const struct ht_screen_class ht_screen_deliveries = {
    .name = "deliveries",
    .title = "Deliveries",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN | HT_HAS_FOLLOW |
           HT_HAS_DELIVERY | HT_HAS_EVENT | HT_HAS_RELOAD | HT_HAS_MARKS | HT_HAS_COLUMNS | HT_HAS_LIKE | HT_HAS_EXPORT,
    .columns = ht_delivery_columns,
    .n_columns = HT_DELIVERY_COLUMNS,
    .root = true,
    .state_size = sizeof(struct state),
    .has_now = has_now,
    .list = HT_FILTER_DELIVERIES,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .changed = changed,
    .due = rate_due,
    .step = rate_step,
    .subject = subject,
    .status = status,
};
