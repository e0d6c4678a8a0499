#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

/* A new endpoint, or the settings of one. Every line is judged as it is typed, by the rules that will judge it when it
 * is stored; a line that nobody touched is not complained about. */

#define LABEL_COLS 13
#define WIDE_COLS  110 /* from here on what is wrong stands beside its line, also while it is typed */
#define INPUT_COLS 60
#define LINES_MAX  (HT_DRAFT_COUNT + 5)

enum kind { TENANT, PROFILE, FIELD, REASON, CANCEL, STORE };

struct line {
    enum kind kind;
    enum ht_draft_field field;
};

struct state {
    bool fresh; /* a new endpoint */
    bool ready; /* what it begins with has come */
    struct ht_tenants tenants;
    size_t tenant;
    bool standard; /* the profile that any tenant may have, instead of its own */
    struct ht_endpoint endpoint;
    char *tenant_profile;
    struct ht_prompt fields[HT_DRAFT_COUNT];
    char before[HT_DRAFT_COUNT][HT_PROMPT_MAX]; /* what is stored now */
    bool touched[HT_DRAFT_COUNT];
    char headers_now[128]; /* names that are stored */
    struct ht_prompt reason;
    struct ht_draft_faults faults;
    struct line lines[LINES_MAX];
    int n_lines, focus, top;
    uint64_t ticket; /* of the draft that was sent */
    bool may_go;
};

static const struct {
    const char *label, *takes;
} words[HT_DRAFT_COUNT] = {
#define X(id, label, takes) {label, takes},
    HT_DRAFT_FIELDS(X)
#undef X
};

/* What there is to fill in ------------------------------------------------------------------------------------------
 */
static const char *tenant_profile(const struct state *st)
{
    return !st->fresh ? st->endpoint.profile : st->tenant < st->tenants.n ? st->tenants.rows[st->tenant].profile : NULL;
}

static const char *profile_of(const struct state *st)
{
    return st->fresh && st->standard ? "standard" : tenant_profile(st);
}

static struct ht_profile_facts facts_of(const struct ht_app *app, const struct state *st)
{
    struct ht_profile_facts facts = {0};
    const char *profile = profile_of(st);
    if (profile)
        (void)app->o->profile_facts(app->o->user, profile, &facts);
    return facts;
}

static void add_line(struct state *st, enum kind kind, enum ht_draft_field field)
{
    st->lines[st->n_lines++] = (struct line){kind, field};
}

static void lay_out(const struct ht_app *app, struct state *st)
{
    struct ht_profile_facts facts = facts_of(app, st);
    struct line at = st->lines[st->focus];
    st->n_lines = 0;
    if (st->fresh) {
        add_line(st, TENANT, HT_DRAFT_COUNT);
        add_line(st, PROFILE, HT_DRAFT_COUNT);
    }
    for (int i = 0; i < HT_DRAFT_COUNT; i++) {
        bool there = (i != HT_DRAFT_WORKFLOWS || facts.workflows) && (i != HT_DRAFT_SOURCE || facts.source_filter);
        if (there)
            add_line(st, FIELD, (enum ht_draft_field)i);
        else
            ht_prompt_set(&st->fields[i], "");
    }
    add_line(st, REASON, HT_DRAFT_COUNT);
    add_line(st, CANCEL, HT_DRAFT_COUNT);
    add_line(st, STORE, HT_DRAFT_COUNT);
    for (int i = 0; i < st->n_lines; i++)
        if (st->lines[i].kind == at.kind && st->lines[i].field == at.field)
            st->focus = i;
}

/* The draft as it stands; lines of an endpoint that were not changed are left out. */
static struct ht_draft *draft_of(const struct state *st)
{
    struct ht_draft *d = ht_draft_new();
    d->id = st->endpoint.id;
    d->tenant_id = st->fresh && st->tenant < st->tenants.n ? st->tenants.rows[st->tenant].id : st->endpoint.tenant_id;
    if (tenant_profile(st))
        d->tenant_profile = ht_strdup(tenant_profile(st));
    if (profile_of(st))
        d->profile = ht_strdup(profile_of(st));
    for (int i = 0; i < HT_DRAFT_COUNT; i++)
        if (st->fresh || strcmp(st->fields[i].text, st->before[i]) != 0)
            d->text[i] = ht_strdup(st->fields[i].text);
    if (d->text[HT_DRAFT_EVENTS] != NULL && !st->fresh)
        d->events_shown = ht_strdup(st->before[HT_DRAFT_EVENTS]);
    return d;
}

static void check(const struct ht_app *app, struct state *st)
{
    struct ht_draft *d = draft_of(st);
    app->o->check_draft(app->o->user, d, &st->faults);
    ht_draft_free(d);
}

static bool changed(const struct state *st)
{
    for (int i = 0; i < HT_DRAFT_COUNT; i++)
        if (strcmp(st->fields[i].text, st->before[i]) != 0)
            return true;
    return false;
}

/* What it begins with -----------------------------------------------------------------------------------------------
 */
static void set(struct state *st, enum ht_draft_field field, const char *text)
{
    struct ht_prompt *p = &st->fields[field];
    ht_prompt_set(p, text ? text : "");
    memcpy(st->before[field], p->text, sizeof p->text);
}

static void set_list(struct state *st, enum ht_draft_field field, const char *apart, const char *word)
{
    struct ht_prompt *p = &st->fields[field];
    char text[HT_PROMPT_MAX];
    snprintf(text, sizeof text, "%.500s%s%.500s", p->text, p->len ? apart : "", word);
    set(st, field, text);
}

static void fill(struct state *st, const struct ht_endpoint_detail *d)
{
    const struct ht_endpoint *e = &d->endpoint;
    char text[64];
    set(st, HT_DRAFT_URL, e->url);
    set(st, HT_DRAFT_NAME, e->description);
    set(st, HT_DRAFT_SOURCE, e->source_filter);
    for (size_t i = 0; i < d->subscriptions.n; i++)
        set_list(st, HT_DRAFT_EVENTS, " ", d->subscriptions.rows[i].pattern);
    for (size_t i = 0; e->workflows && e->workflows[i]; i++)
        set_list(st, HT_DRAFT_WORKFLOWS, ", ", e->workflows[i]);
    for (size_t i = 0; i < e->headers_len; i++) {
        size_t len = strlen(st->headers_now);
        const char *name = e->headers[i].name ? e->headers[i].name : "";
        if (len + strlen(name) + 3 < sizeof st->headers_now)
            snprintf(st->headers_now + len, sizeof st->headers_now - len, "%s%s", len ? ", " : "", name);
    }
    snprintf(text, sizeof text, "%dms", (int)e->timeout_ms);
    set(st, HT_DRAFT_TIMEOUT, e->timeout_ms ? text : "");
    for (size_t i = 0; i < e->schedule_len; i++) {
        snprintf(text, sizeof text, "%ds", (int)e->schedule_s[i]);
        set_list(st, HT_DRAFT_SCHEDULE, ",", text);
    }
    snprintf(text, sizeof text, "%g/s", e->rate_per_s);
    set(st, HT_DRAFT_RATE, e->rate_per_s > 0 ? text : "");
    snprintf(text, sizeof text, "%d", (int)e->in_flight_max);
    set(st, HT_DRAFT_IN_FLIGHT, text);
}

static void fetch(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    s->fetch_at = INT64_MAX;
    if (st->ready)
        return; /* what is being typed is not replaced */
    struct ht_request *r = ht_request_new(st->fresh ? HT_REQ_TENANTS : HT_REQ_ENDPOINT, 0);
    r->id = s->id;
    (void)ht_app_ask(app, s, r);
}

static void reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct state *st = s->state;
    if (st->ready)
        return;
    if (r->kind == HT_REP_TENANTS) {
        st->tenants = r->tenants;
        r->tenants = (struct ht_tenants){0};
        st->focus = st->tenants.n > 1 ? 0 : 2;
    } else if (r->kind == HT_REP_ENDPOINT) {
        st->endpoint = r->endpoint.endpoint;
        r->endpoint.endpoint = (struct ht_endpoint){0};
        fill(st, &(struct ht_endpoint_detail){.endpoint = st->endpoint, .subscriptions = r->endpoint.subscriptions});
    } else
        return;
    st->ready = true;
    lay_out(app, st);
    check(app, st);
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_tenants_fini(&st->tenants);
    ht_endpoint_fini(&st->endpoint);
    ht_wipe(st, sizeof *st); /* headers are credentials as often as not */
}

void ht_form_open(struct ht_app *app, const struct ht_endpoint *e)
{
    char name[96];
    struct ht_uuid id = e ? e->id : (struct ht_uuid){0};
    ht_text_clean_str(name, sizeof name, e ? ht_endpoint_name(e) : "", HT_TEXT_CELL);
    struct ht_screen *s = ht_app_open(app, HT_SCREEN_FORM, &id);
    if (!s)
        return;
    struct state *st = s->state;
    st->fresh = e == NULL;
    snprintf(s->crumb, sizeof s->crumb, e ? "Edit %.80s" : "New endpoint%s", name);
    lay_out(app, st);
}

/* Doing -------------------------------------------------------------------------------------------------------------
 */
static bool on_its_way(const struct ht_app *app, const struct state *st)
{
    for (size_t i = 0; i < HT_WRITES_MAX; i++)
        if (st->ticket && app->writes[i].ticket == st->ticket)
            return true;
    return false;
}

void ht_form_stored(struct ht_app *app, uint64_t ticket)
{
    struct ht_screen *s = ht_app_top(app);
    if (s->class != &ht_screen_form || ((struct state *)s->state)->ticket != ticket)
        return;
    ((struct state *)s->state)->may_go = true;
    ht_app_back(app);
}

/* The first line that is wrong gets the focus; true: none is. */
static bool all_right(struct ht_app *app, struct state *st)
{
    check(app, st);
    for (int i = 0; i < st->n_lines; i++) {
        const struct line *l = &st->lines[i];
        if (l->kind == REASON && app->o->production && st->reason.len == 0) {
            ht_app_flash(app, HT_FLASH_ERROR, "in production a change wants a reason");
            st->focus = i;
            return false;
        }
        if (l->kind != FIELD)
            continue;
        st->touched[l->field] = true;
        if (st->faults.why[l->field][0]) {
            ht_app_flash(app, HT_FLASH_ERROR, "%s: %s", words[l->field].label, st->faults.why[l->field]);
            st->focus = i;
            return false;
        }
    }
    return true;
}

static void store(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    if (on_its_way(app, st))
        return;
    if (st->fresh && st->tenants.n == 0) {
        ht_app_flash(app, HT_FLASH_ERROR, "there is no tenant yet: hooktop tenant add makes one");
        return;
    }
    if (!st->fresh && !changed(st)) {
        ht_app_flash(app, HT_FLASH_INFO, "nothing was changed");
        return;
    }
    if (!all_right(app, st))
        return;
    struct ht_request *r = ht_request_new(HT_REQ_DRAFT, 0);
    const char *name = st->fields[st->fields[HT_DRAFT_NAME].len ? HT_DRAFT_NAME : HT_DRAFT_URL].text;
    char subject[96];
    ht_text_clean_str(subject, sizeof subject, name, HT_TEXT_CELL);
    r->draft = draft_of(st);
    if (st->reason.len)
        r->reason = ht_strdup(st->reason.text);
    struct ht_write *w = ht_app_write(app, app->o->loader, r, st->fresh ? "add" : "change", subject);
    if (w && !st->fresh)
        w->undo = (struct ht_undo){
            .verb = "subscriptions as they were of", .request = HT_REQ_RESUBSCRIBE, .id = st->endpoint.id};
    st->ticket = app->last_ticket;
}

static void choose(struct ht_app *app, struct state *st, enum kind kind, int step)
{
    if (kind == TENANT && st->tenants.n > 0) {
        st->tenant = (st->tenant + st->tenants.n + (step > 0 ? 1 : st->tenants.n - 1)) % st->tenants.n;
        st->standard = false;
    } else if (kind == PROFILE)
        st->standard = !st->standard;
    lay_out(app, st);
    check(app, st);
}

static struct ht_prompt *prompt_of(struct state *st)
{
    const struct line *l = &st->lines[st->focus];
    return l->kind == FIELD ? &st->fields[l->field] : l->kind == REASON ? &st->reason : NULL;
}

static void move(struct state *st, int step)
{
    const struct line *l = &st->lines[st->focus];
    if (l->kind == FIELD)
        st->touched[l->field] = true;
    st->focus = (st->focus + step + st->n_lines) % st->n_lines;
}

static void press(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    enum kind kind = st->lines[st->focus].kind;
    if (kind == STORE)
        store(app, s);
    else if (kind == CANCEL)
        ht_app_back(app);
    else
        move(st, 1);
}

static bool key_in_choice(struct ht_app *app, struct state *st, int32_t key)
{
    enum kind kind = st->lines[st->focus].kind;
    bool back = key == HT_KEY_LEFT || key == 'h', forth = key == HT_KEY_RIGHT || key == 'l' || key == HT_KEY_SPACE;
    if (!back && !forth)
        return false;
    if (kind == TENANT || kind == PROFILE)
        choose(app, st, kind, forth ? 1 : -1);
    else
        st->focus = st->n_lines - (forth ? 1 : 2);
    return true;
}

/* Every key that writes or moves; the others (help, redraw, quit) are actions as everywhere. */
static bool key(struct ht_app *app, struct ht_screen *s, int32_t key)
{
    struct state *st = s->state;
    struct ht_prompt *p = prompt_of(st);
    bool edited = false;
    if (!st->ready)
        return false;
    if (key == HT_KEY_TAB || key == HT_KEY_DOWN)
        move(st, 1);
    else if (key == HT_KEY_SHIFT_TAB || key == HT_KEY_UP)
        move(st, -1);
    else if (key == HT_KEY_ENTER)
        press(app, s);
    else if (key == HT_KEY_ESC || key == HT_KEY_CTRL_C)
        ht_app_back(app);
    else if (!p)
        return key_in_choice(app, st, key);
    else if (!ht_prompt_key(p, key, &edited))
        return false;
    if (edited && p != &st->reason) {
        st->touched[st->lines[st->focus].field] = true;
        check(app, st);
    }
    return true;
}

static bool typing(const struct ht_screen *s)
{
    return prompt_of(s->state) != NULL;
}

static void leave_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    if (!yes || s->class != &ht_screen_form)
        return;
    ((struct state *)s->state)->may_go = true;
    if (d->action == HT_ACT_QUIT)
        app->quit = true;
    else
        ht_app_back(app);
}

static bool may_close(struct ht_app *app, struct ht_screen *s)
{
    const struct state *st = s->state;
    if (st->may_go || !changed(st))
        return true;
    struct ht_dialog *d = ht_dialog_new(1, "Leave", "What was typed is lost. Leave the form?");
    d->action = app->quitting ? HT_ACT_QUIT : HT_ACT_BACK;
    d->done = leave_answered;
    ht_app_open_dialog(app, d);
    return false;
}

/* Drawing -----------------------------------------------------------------------------------------------------------
 */

/* Names of headers, their values hidden: what is not being typed is not shown. */
static void mask_headers(const char *text, char *ret, size_t size)
{
    size_t used = 0;
    for (bool value = false; *text && used + 6 < size; text++) {
        if (*text == '|')
            value = false;
        if (!value)
            ret[used++] = *text;
        if (*text == ':' && !value) {
            memcpy(ret + used, " ****", 5);
            used += 5;
            value = true;
        }
    }
    ret[used] = '\0';
}

static void hint_of(const struct ht_app *app, const struct state *st, char *ret, size_t size)
{
    const struct line *l = &st->lines[st->focus];
    struct ht_profile_facts facts = facts_of(app, st);
    switch (l->kind) {
    case TENANT:
        snprintf(ret, size, "arrows choose whose it is; %zu to choose from", st->tenants.n);
        break;
    case PROFILE:
        snprintf(ret, size, "arrows choose: its tenant's, or standard.  %s", facts.summary ? facts.summary : "");
        break;
    case FIELD:
        if (l->field == HT_DRAFT_HEADERS && st->headers_now[0])
            snprintf(ret, size, "stored: %s; empty keeps them, \"none\" removes them, else give all anew",
                     st->headers_now);
        else
            snprintf(ret, size, "%s", words[l->field].takes);
        break;
    case REASON:
        snprintf(ret, size, "why, for the audit log%s", app->o->production ? "; wanted in production" : "");
        break;
    default:
        snprintf(ret, size, "%s",
                 l->kind == CANCEL ? "leaves the form; nothing is stored"
                 : st->fresh       ? "makes it; its secret is then shown once"
                                   : "stores what was changed");
    }
}

static void draw_choice(const struct state *st, enum kind kind, bool on, struct ht_canvas *c, int row, int col,
                        int width)
{
    const struct ht_tenant *t = st->tenant < st->tenants.n ? &st->tenants.rows[st->tenant] : NULL;
    const char *value = kind == PROFILE ? profile_of(st) : t ? t->name : "no tenant yet";
    int used = ht_draw_run(c, row, col, width, on ? HT_STYLE_BUTTON_ON : HT_STYLE_DIM, on ? ">< " : " < ");
    used += ht_draw_run(c, row, col + used, width - used - 2, HT_STYLE_ROW, value ? value : "-");
    ht_draw_run(c, row, col + used, width - used, on ? HT_STYLE_BUTTON_ON : HT_STYLE_DIM, " >");
    if (on) {
        c->cursor_row = row;
        c->cursor_col = col + 3;
    }
}

/* What is being typed, or what stands there and what is wrong with it. */
static void draw_input(const struct state *st, const struct line *l, bool on, struct ht_canvas *c, int row, int col,
                       int width)
{
    const struct ht_prompt *p = l->kind == FIELD ? &st->fields[l->field] : &st->reason;
    const char *why = l->kind == FIELD && st->touched[l->field] ? st->faults.why[l->field] : "";
    int room = width - 3 < INPUT_COLS ? width - 3 : INPUT_COLS, used;
    char masked[HT_PROMPT_MAX];
    if (on) {
        ht_draw_str(c, row, col, 2, HT_STYLE_BUTTON_ON, ">[");
        ht_prompt_draw(p, c, row, col + 2, room - 1, SIZE_MAX);
        ht_draw_str(c, row, col + 1 + room, 1, HT_STYLE_BUTTON_ON, "]");
        used = room + 2;
    } else {
        mask_headers(p->text, masked, sizeof masked);
        bool secret = l->kind == FIELD && l->field == HT_DRAFT_HEADERS;
        int most = why[0] && width > 40 ? width / 2 : width - 2;
        used = 2 + ht_draw_run(c, row, col + 2, most, HT_STYLE_ROW, secret ? masked : p->text);
        if (p->len == 0 && !why[0] && secret && st->headers_now[0])
            used += ht_draw_fmt(c, row, col + 2, most, HT_STYLE_DIM, "%s, as stored", st->headers_now);
        else if (p->len == 0 && !why[0])
            used += ht_draw_run(c, row, col + 2, most, HT_STYLE_DIM, "-");
    }
    if (why[0] && (!on || c->cols >= WIDE_COLS))
        ht_draw_fmt(c, row, col + used + 1, width - used - 1, HT_STYLE_PROMPT_ERROR, "! %s", why);
}

static void draw_buttons(const struct state *st, struct ht_canvas *c, int row, int col, int width)
{
    const char *name = st->fresh ? "Create" : "Store";
    bool cancel = st->focus == st->n_lines - 2, doit = st->focus == st->n_lines - 1;
    int used = ht_draw_fmt(c, row, col, width, cancel ? HT_STYLE_BUTTON_ON : HT_STYLE_BUTTON,
                           cancel ? "[>%s<]" : "[ %s ]", "Cancel");
    ht_draw_fmt(c, row, col + used + 3, width - used - 3, doit ? HT_STYLE_BUTTON_ON : HT_STYLE_BUTTON,
                doit ? "[>%s<]" : "[ %s ]", name);
    if (cancel || doit) {
        c->cursor_row = row;
        c->cursor_col = cancel ? col + 1 : col + used + 4;
    }
}

static void draw_line(const struct state *st, int i, struct ht_canvas *c, int row, struct ht_rect r)
{
    const struct line *l = &st->lines[i];
    bool on = i == st->focus;
    int col = r.col + 1 + LABEL_COLS, width = r.cols - 2 - LABEL_COLS;
    const char *label = l->kind == TENANT    ? "Tenant"
                        : l->kind == PROFILE ? "Profile"
                        : l->kind == FIELD   ? words[l->field].label
                                             : "Reason";
    ht_draw_str(c, row, r.col + 2, LABEL_COLS - 2, HT_STYLE_LABEL, label);
    if (l->kind == TENANT || l->kind == PROFILE)
        draw_choice(st, l->kind, on, c, row, col, width);
    else
        draw_input(st, l, on, c, row, col, width);
}

static void draw_explanation(const struct ht_app *app, const struct state *st, struct ht_canvas *c, int row,
                             struct ht_rect r)
{
    const struct line *l = &st->lines[st->focus];
    char text[256];
    bool wrong = l->kind == FIELD && st->touched[l->field] && st->faults.why[l->field][0];
    if (wrong)
        snprintf(text, sizeof text, "! %s", st->faults.why[l->field]);
    else
        hint_of(app, st, text, sizeof text);
    (void)ht_draw_note(c, (struct ht_rect){row, r.col + 2, 2, r.cols - 3}, wrong ? HT_STYLE_PROMPT_ERROR : HT_STYLE_DIM,
                       text);
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    if (!st->ready) {
        ht_draw_str(c, r.row + 1, 2, r.cols - 2, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
        return;
    }
    int inputs = st->n_lines - 2, room = r.rows - 3, at = st->focus < inputs ? st->focus : inputs - 1;
    if (room >= inputs + 1) { /* room for a blank row above */
        r.row++;
        room--;
    }
    if (at < st->top)
        st->top = at;
    if (at >= st->top + room)
        st->top = at - room + 1;
    if (st->top + room > inputs)
        st->top = inputs > room ? inputs - room : 0;
    for (int i = 0; i < room && st->top + i < inputs; i++)
        draw_line(st, st->top + i, c, r.row + i, r);
    int below = r.row + (inputs < room ? inputs + 1 : room);
    draw_explanation(app, st, c, below, r);
    draw_buttons(st, c, below + 2 < r.row + room + 3 ? below + 2 : below + 1, r.col + 1 + LABEL_COLS,
                 r.cols - 2 - LABEL_COLS);
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    (void)app;
    if (st->top > 0)
        snprintf(ret, size, "%d more %s above", st->top, ht_plural(st->top, "line", "lines"));
}

const struct ht_screen_class ht_screen_form = {
    .name = "form",
    .title = "Endpoint",
    .has = HT_HAS_RELOAD,
    .state_size = sizeof(struct state),
    .close = close_screen,
    .draw = draw,
    .fetch = fetch,
    .reply = reply,
    .status = status,
    .may_close = may_close,
    .typing = typing,
    .key = key,
};
