#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"
#include "hooktop/tui/pages.h"

/* Every live secret and key: how old, what changes, which one signs, which one nobody confirmed. */

#define AGAIN_US 30000000 /* deliveries come all the time; which key signed them is worth a look now and then */
#define DAY_MS   86400000LL

struct state {
    struct ht_list list;
    struct ht_pages pages;
    struct ht_fleet_keys keys;
    struct ht_endpoint shell; /* what is under the cursor, its strings borrowed from `keys` */
};

struct view {
    const struct ht_app *app;
    const struct state *st;
};

enum { C_NAME, C_STATE, C_AGE, C_CHANGES, C_SIGNED, C_GEN, C_SHOWN, C_TENANT, C_PROFILE, C_USED, C_BY };
static const struct ht_column columns[] = {
    [C_NAME] = {"ENDPOINT", 18, 36, 0, false},
    [C_STATE] = {"STATE", 8, 8, 0, false},
    [C_AGE] = {"AGE", 5, 6, 0, true},
    [C_CHANGES] = {"CHANGES", 15, 18, 0, false},
    [C_SIGNED] = {"SIGNED", 7, 7, 1, true},
    [C_GEN] = {"GEN", 3, 4, 3, true},
    [C_SHOWN] = {"SHOWN", 11, 11, 2, false},
    [C_TENANT] = {"TENANT", 10, 20, 4, false},
    [C_PROFILE] = {"PROFILE", 10, 10, 6, false},
    [C_USED] = {"LAST USED", 9, 14, 5, false},
    [C_BY] = {"BY", 6, 14, 7, false},
};

static bool due(const struct ht_app *app, const struct ht_fleet_key *k)
{
    int64_t days = app->o->rotate_after_days > 0 ? app->o->rotate_after_days : 365;
    return k->secret.state == HT_SECRET_ACTIVE && k->left_ms == 0 && k->age_ms > days * DAY_MS;
}

static bool shared(const struct ht_fleet_key *k)
{
    return !k->secret.public_pem;
}

static bool unconfirmed(const struct ht_fleet_key *k)
{
    return shared(k) && k->secret.revealed_at && !k->secret.confirmed_at;
}

static const char *name_of(const struct ht_fleet_key *k)
{
    return k->endpoint_description ? k->endpoint_description
           : k->endpoint_url       ? k->endpoint_url
                                   : "(all of the tenant)";
}

static void changes(const struct ht_app *app, const struct ht_fleet_key *k, struct ht_cell_text *t)
{
    char span[16];
    ht_duration_format(k->left_ms, span, sizeof span);
    if (k->left_ms > 0)
        ht_cell_fmt(t, HT_STYLE_RETRY, k->secret.state == HT_SECRET_NEXT ? "signs in %s" : "ends in %s", span);
    else if (due(app, k))
        ht_cell_str(t, HT_STYLE_FAILED, "rotation is due");
    else
        ht_cell_str(t, HT_STYLE_DIM, "-");
}

static void state_cell(const struct ht_fleet_key *k, struct ht_cell_text *t)
{
    static const enum ht_style styles[HT_SECRET_STATE_COUNT] = {
        [HT_SECRET_NEXT] = HT_STYLE_HELD,
        [HT_SECRET_ACTIVE] = HT_STYLE_OK,
        [HT_SECRET_RETIRING] = HT_STYLE_RETRY,
        [HT_SECRET_EXPIRED] = HT_STYLE_DIM,
    };
    ht_cell_str(t, styles[k->secret.state], ht_secret_words[k->secret.state].name);
}

static void cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_fleet_key *k = &v->st->keys.rows[row];
    switch (column) {
    case C_NAME:
        ht_cell_str(t, HT_STYLE_ROW, name_of(k));
        break;
    case C_STATE:
        state_cell(k, t);
        break;
    case C_AGE:
        ht_duration_format(k->age_ms, t->own, sizeof t->own);
        ht_cell_str(t, due(v->app, k) ? HT_STYLE_RETRY : HT_STYLE_ROW, t->own);
        break;
    case C_CHANGES:
        changes(v->app, k, t);
        break;
    case C_SIGNED:
        if (k->secret.attempts)
            ht_cell_fmt(t, HT_STYLE_ROW, "%d/%d", (int)k->secret.signed_attempts, (int)k->secret.attempts);
        else
            ht_cell_str(t, HT_STYLE_DIM, "-");
        break;
    case C_GEN:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)k->secret.generation);
        break;
    case C_SHOWN:
        ht_cell_str(t, unconfirmed(k) ? HT_STYLE_FAILED : HT_STYLE_DIM,
                    !shared(k)               ? "public half"
                    : unconfirmed(k)         ? "unconfirmed"
                    : k->secret.confirmed_at ? "confirmed"
                                             : "never");
        break;
    case C_TENANT:
        ht_cell_str(t, HT_STYLE_ROW, k->tenant_name);
        break;
    case C_PROFILE:
        ht_cell_str(t, HT_STYLE_ROW, k->profile);
        break;
    case C_USED:
        ht_time_age(v->app, k->secret.last_used_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, k->secret.created_by);
    }
}

static struct ht_uuid row_id(const void *user, size_t row)
{
    return ((const struct view *)user)->st->keys.rows[row].secret.id;
}

static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s)
{
    return (struct ht_list_rows){
        .columns = columns,
        .n_columns = HT_COUNT(columns),
        .n = v->st->keys.n,
        .cell = cell,
        .id = row_id,
        .user = v,
        .empty = s->failed.rc           ? "could not be fetched; r tries again"
                 : !s->data_at          ? "fetching ..."
                 : s->filter.applied[0] ? "no live secret matches the filter; ~ clears it"
                                        : "no live secret that this login may see",
        .stale = ht_app_stale(v->app, s),
    };
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    (void)app;
    ht_fleet_keys_fini(&((struct state *)s->state)->keys);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct ht_request *r = ht_request_new(HT_REQ_FLEET, 0);
    size_t at;
    r->text = ht_strdup(s->filter.applied);
    r->limit = HT_PAGE;
    if (ht_pages_ask(&st->pages, &st->list, st->keys.n, ht_screen_refiltered(s), &at)) {
        const struct ht_fleet_key *last = &st->keys.rows[at];
        r->before = last->endpoint_id;
        r->tenant = last->tenant_id;
        r->generation = last->secret.generation;
    }
    (void)ht_app_ask(app, s, r);
}

static void changed(struct ht_app *app, struct ht_screen *s)
{
    ht_screen_refresh(app, s, AGAIN_US);
}

static struct ht_uuid id_of(const void *row)
{
    return ((const struct ht_fleet_key *)row)->secret.id;
}

static void free_row(void *row)
{
    ht_fleet_key_fini(row);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    static const struct ht_pages_rows of = {sizeof(struct ht_fleet_key), id_of, free_row};
    struct state *st = s->state;
    struct ht_fleet_keys *all = &st->keys, *page = &r->fleet;
    if (r->kind != HT_REP_FLEET)
        return;
    if (ht_screen_refiltered(s))
        ht_fleet_keys_fini(all);
    all->rows = ht_pages_take(&st->pages, &of, all->rows, &all->n, page->rows, page->n, page->more);
    *page = (struct ht_fleet_keys){0};
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    ht_list_sync(&st->list, &rows);
}

/* What needs somebody, before the rows. */
static void draw_summary(const struct ht_app *app, const struct state *st, struct ht_canvas *c, int row, int width)
{
    int overlaps = 0, staged = 0, dues = 0, open = 0, col = 2;
    for (size_t i = 0; i < st->keys.n; i++) {
        const struct ht_fleet_key *k = &st->keys.rows[i];
        overlaps += k->secret.state == HT_SECRET_RETIRING;
        staged += k->secret.state == HT_SECRET_NEXT;
        dues += due(app, k);
        open += unconfirmed(k);
    }
    const struct {
        int n;
        enum ht_style style;
        const char *what;
    } words[] = {
        {overlaps, HT_STYLE_RETRY, "in overlap"},
        {staged, HT_STYLE_HELD, "staged"},
        {dues, HT_STYLE_FAILED, "due for rotation"},
        {open, HT_STYLE_FAILED, "unconfirmed"},
    };
    for (size_t i = 0; i < HT_COUNT(words); i++)
        col += ht_draw_fmt(c, row, col, width - col, words[i].n ? words[i].style : HT_STYLE_DIM, "%d %s%s", words[i].n,
                           words[i].what, i + 1 < HT_COUNT(words) ? "   " : "");
    if (st->pages.more)
        ht_draw_fmt(c, row, col, width - col, HT_STYLE_DIM, " of the %zu loaded", st->keys.n);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    char right[64];
    snprintf(right, sizeof right, "%zu%s live", st->keys.n, st->pages.more ? "+" : "");
    ht_chrome_list_head(app, s, c, &r, s->data_at ? right : NULL);
    if (r.rows > 5 && s->data_at) {
        draw_summary(app, st, c, r.row, r.cols);
        r.row++;
        r.rows--;
    }
    ht_sort_mark(s, &rows);
    ht_list_draw(&st->list, &rows, c, r);
}

static const struct ht_fleet_key *selected(const struct state *st)
{
    return st->keys.n ? &st->keys.rows[st->list.cursor] : NULL;
}

static bool open_owner(struct ht_app *app, const struct ht_fleet_key *k)
{
    char name[96];
    struct ht_uuid id = k->endpoint_id;
    if (ht_uuid_is_nil(&id)) {
        ht_app_flash(app, HT_FLASH_INFO, "it signs for all endpoints of the tenant %s", k->tenant_name);
        return true;
    }
    ht_text_clean_str(name, sizeof name, name_of(k), HT_TEXT_CELL);
    struct ht_screen *detail = ht_app_open(app, HT_SCREEN_ENDPOINT, &id);
    if (detail)
        snprintf(detail->crumb, sizeof detail->crumb, "%s", name);
    return true;
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (action == HT_ACT_OPEN && selected(st))
        return open_owner(app, selected(st));
    if (!ht_list_act(&st->list, &rows, action))
        return false;
    if (s->ticket == 0 && ht_pages_further(&st->pages, &st->list, st->keys.n))
        ht_screen_refresh(app, s, 0);
    return true;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    struct state *st = s->state;
    const struct ht_fleet_key *k = selected(st);
    if (!k)
        return false;
    st->shell = (struct ht_endpoint){.tenant_id = k->tenant_id,
                                     .id = k->endpoint_id,
                                     .tenant_name = k->tenant_name,
                                     .profile = k->profile,
                                     .url = k->endpoint_url,
                                     .description = k->endpoint_url ? k->endpoint_description : k->tenant_name};
    ret->id = k->endpoint_id;
    ret->endpoint = &st->shell;
    ret->secret = &k->secret;
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    const struct ht_fleet_key *k = selected(st);
    (void)app;
    if (k && st->pages.full)
        snprintf(ret, size, "%zu/%zu+ | " HT_PAGES_END, st->list.cursor + 1, st->keys.n);
    else if (k)
        snprintf(ret, size, "%zu/%zu%s | generation %d of %s: %s", st->list.cursor + 1, st->keys.n,
                 st->pages.more ? "+" : "", (int)k->secret.generation, name_of(k),
                 ht_secret_words[k->secret.state].meaning);
}

const struct ht_screen_class ht_screen_secrets = {
    .name = "secrets",
    .title = "Secrets",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_EXPORT | HT_HAS_SORT | HT_HAS_LIST | HT_HAS_FILTER | HT_HAS_OPEN |
           HT_HAS_KEY | HT_HAS_SECRET | HT_HAS_REMOVE | HT_HAS_AGES | HT_HAS_RELOAD,
    .root = true,
    .state_size = sizeof(struct state),
    .list = HT_FILTER_SECRETS,
    .close = close_screen,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .changed = changed,
    .subject = subject,
    .status = status,
};
