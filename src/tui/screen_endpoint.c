#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"

enum { TAB_OVERVIEW, TAB_SUBSCRIPTIONS, TAB_SECRETS, TAB_HEALTH, TAB_DELIVERIES, TAB_AUDIT, TAB_COUNT };

#define SUBSCRIBE_LABEL "subscribe to (a type, claim.*, or *): "

struct state {
    struct ht_endpoint_detail d;
    struct ht_doc doc;
    struct ht_endpoint_health health;
    struct ht_audit_entries audit;
    bool has_health, has_audit;
    bool renewed; /* what the endpoint is was just fetched: now what the tab adds to it */
    struct ht_list lists[TAB_COUNT];
};

struct view {
    const struct ht_app *app;
    const struct ht_endpoint_detail *d;
    const struct state *st;
};

/* Tables ----------------------------------------------------------------------------------------------------------- */
static const struct ht_column subscription_columns[] = {{"PATTERN", 20, 48, 0, false}, {"SINCE", 11, 14, 1, false}};

static void subscription_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_subscription *s = &v->d->subscriptions.rows[row];
    if (column == 0)
        ht_cell_str(t, HT_STYLE_ROW, s->pattern);
    else {
        ht_time_age(v->app, s->created_at, t->own);
        ht_cell_str(t, HT_STYLE_DIM, t->own);
    }
}

static struct ht_uuid subscription_id(const void *user, size_t row)
{
    return ((const struct view *)user)->d->subscriptions.rows[row].id;
}

enum { S_GENERATION, S_STATE, S_CREATED, S_BY, S_CHANGES, S_USED, S_SHOWN };
static const struct ht_column secret_columns[] = {
    [S_GENERATION] = {"GEN", 3, 4, 0, true},          [S_STATE] = {"STATE", 8, 8, 0, false},
    [S_CREATED] = {"CREATED(UTC)", 19, 19, 0, false}, [S_BY] = {"BY", 8, 20, 3, false},
    [S_CHANGES] = {"CHANGES", 14, 24, 0, false},      [S_USED] = {"LAST USED", 9, 14, 1, false},
    [S_SHOWN] = {"SHOWN", 6, 14, 2, false},
};

static enum ht_style secret_style(enum ht_secret_state state)
{
    static const enum ht_style styles[HT_SECRET_STATE_COUNT] = {
        [HT_SECRET_NEXT] = HT_STYLE_HELD,
        [HT_SECRET_ACTIVE] = HT_STYLE_OK,
        [HT_SECRET_RETIRING] = HT_STYLE_RETRY,
        [HT_SECRET_EXPIRED] = HT_STYLE_DIM,
    };
    return styles[state];
}

static void secret_changes(const struct ht_app *app, const struct ht_secret_meta *m, struct ht_cell_text *t)
{
    char at[HT_AGE_TEXT];
    if (m->state == HT_SECRET_NEXT && m->promote_at) {
        ht_time_age(app, m->promote_at, at);
        ht_cell_fmt(t, HT_STYLE_ROW, "signs %s", at);
    } else if (m->state == HT_SECRET_RETIRING && m->expires_at) {
        ht_time_age(app, m->expires_at, at);
        ht_cell_fmt(t, HT_STYLE_ROW, "ends %s", at);
    } else
        ht_cell_str(t, HT_STYLE_DIM, "-");
}

static void secret_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    const struct ht_secret_meta *m = &v->d->secrets.rows[row];
    switch (column) {
    case S_GENERATION:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d", (int)m->generation);
        break;
    case S_STATE:
        ht_cell_str(t, secret_style(m->state), ht_secret_words[m->state].name);
        break;
    case S_CREATED:
        ht_time_full(m->created_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case S_BY:
        ht_cell_str(t, HT_STYLE_ROW, m->created_by);
        break;
    case S_CHANGES:
        secret_changes(v->app, m, t);
        break;
    default:
        ht_time_age(v->app, column == S_USED ? m->last_used_at : m->revealed_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
    }
}

static struct ht_uuid secret_id(const void *user, size_t row)
{
    return ((const struct view *)user)->d->secrets.rows[row].id;
}

static struct ht_uuid delivery_id(const void *user, size_t row)
{
    return ((const struct view *)user)->d->latest.rows[row].id;
}

static void delivery_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    const struct view *v = user;
    ht_delivery_cell(v->app, &v->d->latest.rows[row], column, t);
}

static struct ht_uuid audit_id(const void *user, size_t row)
{
    return ht_audit_id(&((const struct view *)user)->st->audit.rows[row]);
}

static void audit_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    ht_audit_cell(&((const struct view *)user)->st->audit.rows[row], column, t);
}

static struct ht_list_rows rows_of(const struct view *v, const struct ht_screen *s)
{
    struct ht_list_rows rows = {.user = v, .stale = ht_app_stale(v->app, s)};
    switch (s->tab) {
    case TAB_SUBSCRIPTIONS:
        rows.columns = subscription_columns;
        rows.n_columns = HT_COUNT(subscription_columns);
        rows.n = v->d->subscriptions.n;
        rows.cell = subscription_cell;
        rows.id = subscription_id;
        rows.empty = "no subscription: this endpoint receives nothing";
        break;
    case TAB_SECRETS:
        rows.columns = secret_columns;
        rows.n_columns = HT_COUNT(secret_columns);
        rows.n = v->d->secrets.n;
        rows.cell = secret_cell;
        rows.id = secret_id;
        rows.empty = "no secret";
        break;
    case TAB_AUDIT:
        rows.columns = ht_audit_columns;
        rows.n_columns = ht_audit_columns_len;
        rows.n = v->st->audit.n;
        rows.cell = audit_cell;
        rows.id = audit_id;
        rows.empty = s->failed.rc == HT_DENIED ? "only who has the role hooktop_audit_reader may read it"
                     : !v->st->has_audit       ? "fetching ..."
                                               : "nothing was done to it yet";
        break;
    default:
        rows.columns = ht_delivery_columns;
        rows.n_columns = HT_DELIVERY_COLUMNS;
        rows.n = v->d->latest.n;
        rows.cell = delivery_cell;
        rows.id = delivery_id;
        rows.empty = "nothing was sent to it yet";
    }
    return rows;
}

/* Overview --------------------------------------------------------------------------------------------------------- */
static void describe_schedule(const struct ht_app *app, const struct ht_endpoint *e, char *ret, size_t size)
{
    struct ht_profile_facts facts = {0};
    const int32_t *s = e->schedule_s;
    size_t n = e->schedule_len, used = 0;
    bool own = n > 0;
    if (!own && e->profile && app->o->profile_facts(app->o->user, e->profile, &facts)) {
        s = facts.schedule_s;
        n = facts.schedule_len;
    }
    used += (size_t)snprintf(ret, size, "%zu tries: at once", n + 1);
    for (size_t i = 0; i < n && used < size; i++) {
        char span[16];
        ht_duration_format((int64_t)s[i] * 1000, span, sizeof span);
        int more = snprintf(ret + used, size - used, ", %s", span);
        used += more > 0 ? (size_t)more : 0;
    }
    if (used < size)
        snprintf(ret + used, size - used, own ? " (its own)" : " (the profile's)");
}

static void describe_limits(const struct ht_app *app, const struct ht_endpoint *e, struct ht_doc *d)
{
    struct ht_profile_facts facts = {0};
    char text[256], span[16];
    bool known = e->profile && app->o->profile_facts(app->o->user, e->profile, &facts);
    ht_duration_format(e->timeout_ms ? e->timeout_ms : known ? facts.timeout_ms : 0, span, sizeof span);
    snprintf(text, sizeof text, "%s%s", span, e->timeout_ms ? " (its own)" : " (the profile's)");
    ht_doc_field(d, "Time limit", HT_STYLE_ROW, text);
    describe_schedule(app, e, text, sizeof text);
    ht_doc_field(d, "Retries", HT_STYLE_ROW, text);
    if (e->rate_per_s > 0)
        snprintf(text, sizeof text, "%g per second", e->rate_per_s);
    ht_doc_field(d, "Rate", HT_STYLE_ROW, e->rate_per_s > 0 ? text : "unlimited");
    snprintf(text, sizeof text, "at most %d%s", (int)e->in_flight_max,
             e->in_flight_max == 1 ? ": strictly in order" : "");
    ht_doc_field(d, "In flight", HT_STYLE_ROW, text);
    if (e->source_filter)
        ht_doc_field(d, "Sources", HT_STYLE_ROW, e->source_filter);
    for (size_t i = 0; e->workflows && e->workflows[i]; i++)
        ht_doc_field(d, i ? "" : "Workflows", HT_STYLE_ROW, e->workflows[i]);
    for (size_t i = 0; i < e->headers_len; i++) { /* values may be credentials of the receiver's */
        snprintf(text, sizeof text, "%.200s: (hidden)", e->headers[i].name ? e->headers[i].name : "");
        ht_doc_field(d, i ? "" : "Headers", HT_STYLE_ROW, text);
    }
}

static void when_field(const struct ht_app *app, struct ht_doc *d, const char *label, int64_t us)
{
    char full[HT_AGE_TEXT], age[HT_AGE_TEXT], text[64];
    ht_time_full(us, full);
    ht_time_age(app, us, age);
    snprintf(text, sizeof text, app->absolute_times ? "%s UTC" : "%s UTC   %s", full, age);
    ht_doc_field(d, label, HT_STYLE_ROW, us ? text : NULL);
}

static void describe_health(const struct ht_app *app, const struct ht_endpoint *e, struct ht_doc *d)
{
    char text[128], waiting[HT_FIGURE_TEXT], held[HT_FIGURE_TEXT];
    int64_t tried = e->succeeded_24h + e->failed_24h;
    snprintf(text, sizeof text, "%.2f %%   %lld ok   %lld given up",
             tried ? 100.0 * (double)e->succeeded_24h / (double)tried : 0.0, (long long)e->succeeded_24h,
             (long long)e->failed_24h);
    ht_doc_heading(d, "Health, last 24 h");
    ht_doc_field(d, "Delivered", e->failed_24h ? HT_STYLE_RETRY : HT_STYLE_ROW, tried ? text : NULL);
    snprintf(text, sizeof text, "%s waiting   %s held", ht_figure_text(e->pending, waiting),
             ht_figure_text(e->held, held));
    ht_doc_field(d, "Pending", HT_STYLE_ROW, text);
    when_field(app, d, "Last success", e->last_success_at);
    when_field(app, d, "Last failure", e->last_failure_at);
    if (e->failing_since) {
        when_field(app, d, "Failing since", e->failing_since);
        snprintf(text, sizeof text, "%d without a success between", (int)e->consecutive_failures);
        ht_doc_field(d, "Failures", HT_STYLE_FAILED, text);
    }
}

static void describe(const struct ht_app *app, const struct ht_endpoint_detail *v, struct ht_doc *d)
{
    const struct ht_endpoint *e = &v->endpoint;
    char id[HT_UUID_TEXT], text[256];
    ht_doc_clear(d);
    ht_uuid_format(&e->id, id);
    ht_doc_heading(d, "Endpoint");
    ht_doc_field(d, "Name", HT_STYLE_ROW, e->description);
    ht_doc_field(d, "Id", HT_STYLE_ROW, id);
    ht_doc_url(d, "URL", e->url);
    ht_doc_field(d, "Tenant", HT_STYLE_ROW, e->tenant_name);
    ht_doc_field(d, "Profile", HT_STYLE_ROW, e->profile);
    snprintf(text, sizeof text, "%s: %s", ht_endpoint_words[e->status].name, ht_endpoint_words[e->status].meaning);
    ht_doc_field(d, "State", ht_style_of_endpoint(e->status), text);
    if (e->status_reason)
        ht_doc_field(d, "Because", HT_STYLE_ROW, e->status_reason);
    when_field(app, d, "Since", e->status_at);
    when_field(app, d, "Created", e->created_at);
    if (v->subscriptions.n == 0)
        ht_doc_field(d, "Subscriptions", HT_STYLE_FAILED, "none: it receives nothing");
    describe_health(app, e, d);
    ht_doc_heading(d, "Settings");
    describe_limits(app, e, d);
}

/* The screen ------------------------------------------------------------------------------------------------------- */
static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_init(&st->doc);
    s->doc = &st->doc;
}

static void detail_fini(struct ht_endpoint_detail *d)
{
    ht_endpoint_fini(&d->endpoint);
    ht_subscriptions_fini(&d->subscriptions);
    ht_secret_metas_fini(&d->secrets);
    ht_deliveries_fini(&d->latest);
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    detail_fini(&st->d);
    ht_audit_entries_fini(&st->audit);
    ht_doc_fini(&st->doc);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    const struct state *st = s->state;
    enum ht_request_kind kind = !st->renewed           ? HT_REQ_ENDPOINT
                                : s->tab == TAB_HEALTH ? HT_REQ_HEALTH
                                : s->tab == TAB_AUDIT  ? HT_REQ_AUDIT
                                                       : HT_REQ_ENDPOINT;
    struct ht_request *r = ht_request_new(kind, 0);
    char filter[HT_UUID_TEXT + 16] = "object:";
    r->id = s->id;
    if (kind == HT_REQ_AUDIT) {
        ht_uuid_format(&s->id, filter + strlen(filter));
        r->text = ht_strdup(filter);
    }
    (void)ht_app_ask(app, s, r);
}

static void sync_lists(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    struct view v = {app, &st->d, st};
    int shown = s->tab;
    for (s->tab = TAB_SUBSCRIPTIONS; s->tab < TAB_COUNT; s->tab++) {
        struct ht_list_rows rows = rows_of(&v, s);
        ht_list_sync(&st->lists[s->tab], &rows);
    }
    s->tab = shown;
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    st->renewed = false;
    if (r->kind == HT_REP_HEALTH) {
        st->health = r->health;
        st->has_health = true;
    }
    if (r->kind == HT_REP_AUDIT) {
        ht_audit_entries_fini(&st->audit);
        st->audit = r->audit;
        st->has_audit = true;
        r->audit = (struct ht_audit_entries){0};
        sync_lists(app, s);
    }
    if (r->kind != HT_REP_ENDPOINT)
        return;
    detail_fini(&st->d);
    st->d = r->endpoint;
    r->endpoint = (struct ht_endpoint_detail){0};
    ht_text_clean_str(s->crumb, sizeof s->crumb, ht_endpoint_name(&st->d.endpoint), HT_TEXT_CELL);
    sync_lists(app, s);
    st->renewed = s->tab == TAB_HEALTH || s->tab == TAB_AUDIT;
    if (st->renewed)
        ht_screen_refresh(app, s, 0);
}

static bool is_text(const struct ht_screen *s)
{
    return s->tab == TAB_OVERVIEW || s->tab == TAB_HEALTH;
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    char names[TAB_COUNT][32] = {"Overview"};
    const char *const tabs[TAB_COUNT] = {names[0], names[1], names[2], "Health", "Deliveries", "Audit"};
    snprintf(names[1], sizeof names[1], "Subscriptions(%zu)", st->d.subscriptions.n);
    snprintf(names[2], sizeof names[2], "Secrets(%zu)", st->d.secrets.n);
    ht_chrome_tabs(c, r.row++, r.col, r.cols, tabs, TAB_COUNT, s->tab);
    r.rows--;
    if (s->data_at == 0) {
        ht_draw_str(c, r.row + 1, 2, r.cols - 2, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
        return;
    }
    if (s->tab == TAB_HEALTH && !st->has_health) {
        ht_draw_str(c, r.row + 1, 2, r.cols - 2, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
        return;
    }
    if (is_text(s)) {
        if (s->tab == TAB_HEALTH)
            ht_health_describe(app, &st->d.endpoint, &st->health, &st->doc);
        else
            describe(app, &st->d, &st->doc);
        ht_doc_draw(&st->doc, c, r);
        if (ht_app_stale(app, s))
            ht_draw_overlay(c, r, HT_STYLE_STALE);
        return;
    }
    struct view v = {app, &st->d, st};
    struct ht_list_rows rows = rows_of(&v, s);
    if (s->tab == TAB_SECRETS && r.rows > 4) {
        r.rows -= 2;
        ht_draw_str(c, r.row + r.rows + 1, 2, r.cols - 2, HT_STYLE_DIM,
                    "Values are never listed. A new one is shown once, right after it was made.");
    }
    ht_list_draw(&st->lists[s->tab], &rows, c, r);
}

static unsigned has_now(const struct ht_screen *s)
{
    static const unsigned has[TAB_COUNT] = {
        [TAB_OVERVIEW] = HT_HAS_TEXT | HT_HAS_REMOVE,
        [TAB_SUBSCRIPTIONS] = HT_HAS_LIST | HT_HAS_ADD | HT_HAS_REMOVE,
        [TAB_SECRETS] = HT_HAS_LIST | HT_HAS_SECRET | HT_HAS_REMOVE,
        [TAB_HEALTH] = HT_HAS_TEXT,
        [TAB_DELIVERIES] = HT_HAS_LIST | HT_HAS_OPEN | HT_HAS_DELIVERY,
        [TAB_AUDIT] = HT_HAS_LIST | HT_HAS_OPEN,
    };
    unsigned of_tabs = 0;
    for (int tab = 0; tab < TAB_COUNT; tab++)
        of_tabs |= has[tab];
    return ~of_tabs | has[s->tab];
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    struct view v = {app, &st->d, st};
    if (action == HT_ACT_NEXT_TAB || action == HT_ACT_PREV_TAB) {
        s->tab = (s->tab + (action == HT_ACT_NEXT_TAB ? 1 : TAB_COUNT - 1)) % TAB_COUNT;
        ht_doc_home(&st->doc);
        ht_screen_refresh(app, s, 0);
        return true;
    }
    if (is_text(s))
        return ht_doc_act(&st->doc, action);
    if (action == HT_ACT_ADD) {
        ht_app_ask_line(app, HT_INPUT_WORD, SUBSCRIBE_LABEL, "");
        return true;
    }
    struct ht_list_rows rows = rows_of(&v, s);
    struct ht_list *l = &st->lists[s->tab];
    if (action == HT_ACT_OPEN && s->tab == TAB_DELIVERIES && rows.n > 0) {
        struct ht_uuid id = rows.id(rows.user, l->cursor);
        struct ht_screen *detail = ht_app_open(app, HT_SCREEN_DELIVERY, &id);
        if (detail)
            ht_short_id(&id, detail->crumb);
        return true;
    }
    if (action == HT_ACT_OPEN && s->tab == TAB_AUDIT && rows.n > 0) {
        ht_audit_open(app, &st->audit.rows[l->cursor]);
        return true;
    }
    return ht_list_act(l, &rows, action);
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    if (s->data_at == 0)
        return false;
    ret->endpoint = &st->d.endpoint;
    ret->id = st->d.endpoint.id;
    if (s->tab == TAB_SUBSCRIPTIONS && st->d.subscriptions.n > 0)
        ret->subscription = &st->d.subscriptions.rows[st->lists[s->tab].cursor];
    if (s->tab == TAB_SECRETS && st->d.secrets.n > 0)
        ret->secret = &st->d.secrets.rows[st->lists[s->tab].cursor];
    if (s->tab == TAB_DELIVERIES && st->d.latest.n > 0)
        ret->delivery = &st->d.latest.rows[st->lists[s->tab].cursor];
    return true;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    struct view v = {app, &st->d, st};
    if (is_text(s)) {
        ht_doc_status(&st->doc, ret, size);
        return;
    }
    struct ht_list_rows rows = rows_of(&v, s);
    snprintf(ret, size, "%zu/%zu", rows.n ? st->lists[s->tab].cursor + 1 : 0, rows.n);
}

static bool is_subscribed(const struct ht_endpoint_detail *d, const char *pattern)
{
    for (size_t i = 0; i < d->subscriptions.n; i++)
        if (strcmp(d->subscriptions.rows[i].pattern, pattern) == 0)
            return true;
    return false;
}

/* What A asked for. */
static void line(struct ht_app *app, struct ht_screen *s, const char *text)
{
    const struct state *st = s->state;
    char pattern[160];
    if (!text[0])
        return;
    ht_text_clean_str(pattern, sizeof pattern, text, HT_TEXT_CELL);
    if (is_subscribed(&st->d, text)) {
        ht_app_flash(app, HT_FLASH_ERROR, "it is subscribed to %s already", pattern);
        return;
    }
    struct ht_request *r = ht_request_new(HT_REQ_SUBSCRIBE, 0);
    r->id = s->id;
    r->text = ht_strdup(text);
    r->state = 1;
    struct ht_write *w = ht_app_write(app, app->o->loader, r, "subscribe to", pattern);
    if (w)
        w->undo = ht_undo_subscription(&s->id, false);
}

const struct ht_screen_class ht_screen_endpoint = {
    .name = "endpoint",
    .title = "Endpoint",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TEXT | HT_HAS_LIST | HT_HAS_TABS | HT_HAS_OPEN | HT_HAS_SIBLINGS |
           HT_HAS_ENDPOINT | HT_HAS_KEY | HT_HAS_DELIVERY | HT_HAS_SECRET | HT_HAS_ADD | HT_HAS_REMOVE | HT_HAS_AGES |
           HT_HAS_RELOAD,
    .state_size = sizeof(struct state),
    .open = open_screen,
    .close = close_screen,
    .has_now = has_now,
    .draw = draw,
    .act = act,
    .fetch = fetch,
    .reply = reply,
    .subject = subject,
    .status = status,
    .line = line,
};
