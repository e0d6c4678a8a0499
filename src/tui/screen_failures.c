#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act_parts.h"
#include "hooktop/base/clock.h"

/* What fails, in groups that fail alike, the largest first: one look says where the trouble is, R redelivers all of a
 * group, Enter shows its deliveries in the log. */

#define REFRESH_US 5000000 /* counting reads every delivery of the time shown: not with every change */
#define WINDOW_US  (86400LL * 1000000)

/* Which deliveries a marked row stands for: kept for when the list shows it no longer. */
struct marked {
    struct ht_uuid id;
    struct ht_replay_what what;
};

struct state {
    struct ht_list list;
    struct ht_failure_groups groups;
    int64_t window_us;
    enum ht_failure_by by, of_rows; /* wanted; as the groups are that are here */
    int64_t took_us;
    struct marked *marked;
    size_t n_marked;
    struct ht_endpoint under; /* the endpoint of the group under the cursor, its strings the group's */
};

enum { C_COUNT, C_ENDPOINT, C_ERROR, C_CODE, C_STATUS, C_FIRST, C_LAST, C_NEXT, C_TREND, C_MARK, C_STATE, C_TENANT };
static const struct ht_column columns[] = {
    /* together as wide as a terminal of 80: all but where the endpoint stands, and whose it is */
    [C_COUNT] = {"COUNT", 6, 8, 0, true},
    [C_ENDPOINT] = {"ENDPOINT", 13, 44, 0, false},
    [C_ERROR] = {"ERROR", 10, 18, 0, false},
    [C_CODE] = {"CODE", 4, 4, 0, true},
    [C_STATUS] = {"ST", 2, 2, 0, false},
    [C_FIRST] = {"FIRST", 5, 5, 2, true},
    [C_LAST] = {"LAST", 5, 5, 0, true},
    [C_NEXT] = {"NEXT", 5, 5, 1, true},
    [C_TREND] = {"TREND", HT_TREND, HT_TREND, 0, false},
    [C_MARK] = {"HANDLED", 7, 20, 3, false},
    [C_STATE] = {"ENDPOINT IS", 11, 11, 4, false},
    [C_TENANT] = {"TENANT", 8, 16, 5, false},
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

static const char *name_of(const struct ht_failure_group *g)
{
    return g->endpoint_description ? g->endpoint_description : g->endpoint_url;
}

/* "muted 2h", "sue: they rebuild it", "2 of 5" where only these are, or nothing. */
static void mark_cell(const struct ht_app *app, const struct ht_failure_group *g, struct ht_cell_text *t)
{
    char when[HT_AGE_TEXT];
    ht_time_short(app, g->muted_until, when);
    if (g->muted_until)
        ht_cell_fmt(t, HT_STYLE_DIM, "muted %s", when);
    else if (g->acknowledged_at)
        ht_cell_fmt(t, HT_STYLE_HELD, "%s%s%s", g->acknowledged_by ? g->acknowledged_by : "acknowledged",
                    g->note ? ": " : "", g->note ? g->note : "");
    else if (g->handled)
        ht_cell_fmt(t, HT_STYLE_DIM, "%d of %d", (int)g->handled, (int)g->parts);
}

/* When the next of them is tried: "4m" is in four minutes; "due" is what workers have not got to. */
static void next_cell(const struct ht_app *app, int64_t at, struct ht_cell_text *t)
{
    ht_time_short(app, at, t->own);
    bool due = at && app->age_now && at <= app->age_now && !app->absolute_times;
    ht_cell_str(t, HT_STYLE_ROW, due ? "due" : strncmp(t->own, "in ", 3) == 0 ? t->own + 3 : t->own);
}

/* What rows of this grouping do not tell apart. */
static bool mixed(const struct state *st, size_t column)
{
    return (st->of_rows == HT_FAILURES_BY_ENDPOINT && (column == C_ERROR || column == C_CODE || column == C_STATUS)) ||
           (st->of_rows == HT_FAILURES_BY_ERROR && (column == C_ENDPOINT || column == C_STATUS || column == C_STATE));
}

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_failure_group *g = &v->st->groups.rows[row];
    bool retrying = g->status == HT_DELIVERY_READY;
    if (mixed(v->st, column)) {
        ht_cell_str(t, HT_STYLE_DIM, "*"); /* any */
        return;
    }
    switch (column) {
    case C_COUNT:
        if (g->count < 1000000) /* what has room; what R would do is counted to the last one */
            ht_cell_fmt(t, HT_STYLE_FAILED, "%" PRId64, g->count);
        else
            ht_cell_fmt(t, HT_STYLE_FAILED, "%" PRId64 "k", g->count / 1000);
        break;
    case C_ENDPOINT:
        ht_cell_str(t, HT_STYLE_ROW, name_of(g));
        if (!g->endpoint_description)
            t->mode = HT_TEXT_ASCII;
        break;
    case C_ERROR:
        ht_cell_str(t, HT_STYLE_RETRY, ht_attempt_words[g->error].name);
        break;
    case C_CODE:
        if (g->code)
            ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)g->code);
        else
            ht_cell_str(t, HT_STYLE_DIM, "-");
        break;
    case C_STATUS:
        ht_cell_str(t, ht_style_of_delivery(g->status, 1),
                    retrying ? HT_DELIVERY_RETRYING : ht_delivery_words[g->status].sign);
        break;
    case C_FIRST:
    case C_LAST:
        ht_time_short(v->app, column == C_FIRST ? g->first_at : g->last_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_NEXT:
        next_cell(v->app, g->next_at, t);
        break;
    case C_TREND:
        if (v->app->canvas.plain)
            break;
        ht_spark(g->trend, HT_TREND, v->app->canvas.ascii, t->own, sizeof t->own);
        ht_cell_str(t, HT_STYLE_SPARK, t->own);
        break;
    case C_MARK:
        mark_cell(v->app, g, t);
        break;
    case C_STATE:
        ht_cell_str(t, ht_style_of_endpoint(g->endpoint_status), ht_endpoint_words[g->endpoint_status].name);
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, g->tenant_name);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    const struct ht_failure_group *g = &((const struct view *)user)->st->groups.rows[row];
    char tenant[HT_UUID_TEXT], id[HT_UUID_TEXT], name[128];
    ht_uuid_format(&g->tenant_id, tenant); /* by error the endpoint is none */
    ht_uuid_format(&g->endpoint_id, id);
    snprintf(name, sizeof name, "%s %s %d %d %d", tenant, id, (int)g->error, (int)g->code, (int)g->status);
    return ht_list_name_id(name);
}

static struct ht_list_rows rows_of(const struct view *v, struct ht_screen *s)
{
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = v->st->groups.n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc           ? "could not be counted; r tries again"
                 : !s->data_at          ? "counting ..."
                 : s->filter.applied[0] ? "no failure matches the filter; ~ clears it"
                                        : "nothing has failed in the last 24 hours",
        .hidden = v->app->hidden[s->screen_id],
        .marks = &s->marks,
        .stale = ht_app_stale(v->app, s),
    };
}

int64_t ht_failures_since(const struct ht_app *app, const struct ht_screen *s)
{
    const struct state *st = s->state;
    return ht_app_db_now(app) - (st->window_us ? st->window_us : WINDOW_US);
}

enum ht_failure_by ht_failures_by(const struct ht_screen *s)
{
    return ((const struct state *)s->state)->of_rows;
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct ht_request *r = ht_request_new(HT_REQ_FAILURES, 0);
    r->state = (int32_t)((const struct state *)s->state)->by;
    r->text = ht_strdup(s->filter.applied);
    (void)ht_app_ask(app, s, r);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (r->kind != HT_REP_FAILURES)
        return;
    if (r->failures.by != st->of_rows && s->marks.n) { /* groups of another kind would overlap with these */
        ht_app_flash(app, HT_FLASH_INFO, "grouped in another way: %zu unmarked", s->marks.n);
        ht_marks_clear(&s->marks);
    }
    ht_failure_groups_fini(&st->groups);
    st->groups = r->failures.list;
    st->window_us = r->failures.window_us;
    st->of_rows = r->failures.by;
    st->took_us = r->took_ms * 1000LL;
    r->failures.list = (struct ht_failure_groups){0};
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_list_sync(&st->list, &rows);
}

/* Counting may take a twentieth of the time, no more. */
static void changed(struct ht_app *app, struct ht_screen *s)
{
    const struct state *st = s->state;
    ht_screen_refresh(app, s, st->took_us * 20 > REFRESH_US ? st->took_us * 20 : REFRESH_US);
}

/* "24h": whole hours, or whatever else it is. */
static void span_text(int64_t us, char *ret, size_t size)
{
    int64_t minutes = (us / 1000000 + 30) / 60;
    if (minutes % 60 == 0 && minutes <= 48 * 60)
        snprintf(ret, size, "%" PRId64 "h", minutes / 60);
    else
        ht_duration_format(minutes * 60000, ret, size);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    char span[24], right[128];
    int handled = 0;
    for (size_t i = 0; i < st->groups.n; i++)
        handled += st->groups.rows[i].handled > 0 && st->groups.rows[i].handled == st->groups.rows[i].parts;
    span_text(st->window_us, span, sizeof span);
    snprintf(right, sizeof right, "%zu%s by %s, %d handled, %s", st->groups.n, st->groups.more ? "+" : "",
             ht_failure_by_words[st->of_rows].name, handled, span);
    ht_chrome_list_head(app, s, c, &r, s->data_at ? right : NULL);
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static void open_log(struct ht_app *app, const struct state *st, const struct ht_failure_group *g)
{
    char filter[HT_PROMPT_MAX], id[HT_UUID_TEXT], span[24], code[24] = "", of[64] = "", error[64] = "";
    const char *status = ht_delivery_words[g->status].name;
    ht_uuid_format(&g->endpoint_id, id);
    ht_duration_format(st->window_us / 1000, span, sizeof span);
    if (st->of_rows != HT_FAILURES_BY_ERROR)
        snprintf(of, sizeof of, "endpoint:%s ", id);
    if (st->of_rows != HT_FAILURES_BY_ENDPOINT)
        snprintf(error, sizeof error, "error:%s ", ht_attempt_words[g->error].name);
    if (g->code)
        snprintf(code, sizeof code, "code:%d ", (int)g->code);
    snprintf(filter, sizeof filter, "%s%s%sstatus:%s after:-%s", of, error, code,
             st->of_rows == HT_FAILURES_BY_ALL ? status : "ready|held|exhausted|quarantined attempts:>0", span);
    ht_log_filtered(app, filter);
}

static size_t find_marked(const struct state *st, const struct ht_uuid *id)
{
    size_t i = 0;
    while (i < st->n_marked && ht_uuid_cmp(&st->marked[i].id, id) != 0)
        i++;
    return i;
}

/* After marks were set, taken away or forgotten. */
static void keep_marked(const struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct view v = {app, st};
    size_t n = 0;
    for (size_t i = 0; i < st->n_marked; i++)
        if (ht_marks_has(&s->marks, &st->marked[i].id))
            st->marked[n++] = st->marked[i];
    st->n_marked = n;
    st->marked = ht_realloc(st->marked, n + st->groups.n + 1, sizeof *st->marked);
    for (size_t i = 0; i < st->groups.n; i++) {
        struct ht_uuid id = row_id(&v, i);
        if (ht_marks_has(&s->marks, &id) && find_marked(st, &id) == st->n_marked)
            st->marked[st->n_marked++] = (struct marked){id, ht_act_group_what(app, s, &st->groups.rows[i])};
    }
}

static void redeliver_marked(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    keep_marked(app, s);
    HT_AUTOFREE struct ht_replay_what *groups = ht_alloc(st->n_marked, sizeof *groups);
    for (size_t i = 0; i < st->n_marked; i++) {
        groups[i] = st->marked[i].what;
        groups[i].since = ht_failures_since(app, s);
    }
    ht_act_marked_groups(app, groups, st->n_marked);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (action == HT_ACT_GROUP_BY) {
        st->by = (enum ht_failure_by)((st->by + 1) % HT_FAILURE_BY_COUNT);
        ht_screen_forget(app, s);
        ht_screen_refresh(app, s, 0);
        return true;
    }
    if (action == HT_ACT_REDELIVER_GROUP && s->marks.n) {
        redeliver_marked(app, s);
        return true;
    }
    if (action != HT_ACT_OPEN && !ht_list_act(&st->list, &rows, action))
        return false;
    if (action >= HT_ACT_MARK && action <= HT_ACT_UNMARK)
        keep_marked(app, s);
    if (action == HT_ACT_OPEN && st->groups.n > 0)
        open_log(app, st, &st->groups.rows[st->list.cursor]);
    return true;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    struct state *st = s->state;
    if (st->groups.n == 0)
        return false;
    const struct ht_failure_group *g = &st->groups.rows[st->list.cursor];
    st->under = (struct ht_endpoint){
        .tenant_id = g->tenant_id,
        .id = g->endpoint_id,
        .tenant_name = g->tenant_name,
        .profile = g->profile,
        .url = g->endpoint_url,
        .description = g->endpoint_description,
        .status = g->endpoint_status,
        .pending = g->pending,
        .held = g->held,
    };
    ret->id = g->endpoint_id;
    ret->group = g;
    ret->endpoint = ht_uuid_is_nil(&g->endpoint_id) ? NULL : &st->under;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    char url[256]; /* wider than most terminals */
    int64_t all = 0;
    (void)app;
    if (st->groups.n == 0)
        return;
    const struct ht_failure_group *g = &st->groups.rows[st->list.cursor];
    for (size_t i = 0; i < st->groups.n; i++)
        all += st->groups.rows[i].count;
    ht_text_clean_str(url, sizeof url, g->endpoint_url ? g->endpoint_url : "removed", HT_TEXT_ASCII);
    char error[160] = "", at[320] = "";
    if (!mixed(st, C_ERROR))
        snprintf(error, sizeof error, " | %s", ht_attempt_words[g->error].meaning);
    if (!mixed(st, C_ENDPOINT))
        snprintf(at, sizeof at, " | %s: %s", ht_endpoint_words[g->endpoint_status].name, url);
    snprintf(ret, size, "%zu/%zu | %" PRId64 " %s%s%s", st->list.cursor + 1, st->groups.n, all,
             ht_plural(all, "delivery", "deliveries"), error, at);
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_failure_groups_fini(&st->groups);
    free(st->marked);
}

const struct ht_screen_class ht_screen_failures = {
    .name = "failures",
    .title = "Failures",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_EXPORT | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN |
           HT_HAS_GROUP | HT_HAS_ENDPOINT | HT_HAS_AGES | HT_HAS_RELOAD | HT_HAS_COLUMNS | HT_HAS_MARKS,
    .columns = columns,
    .n_columns = HT_COUNT(columns),
    .root = true,
    .state_size = sizeof(struct state),
    .list = HT_FILTER_FAILURES,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .changed = changed,
    .subject = subject,
    .status = status,
};
