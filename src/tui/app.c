#include "hooktop/tui/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_POST_US 100000
#define SECOND_US     1000000
#define AGE_STEP_US   10000000
#define SLOW_US       300000

void ht_app_init(struct ht_app *app, const struct ht_tui_options *o, const struct ht_terminal *term, int64_t now_us)
{
    *app = (struct ht_app){.o = o, .term = term, .now_us = now_us, .link_since_us = now_us};
    ht_canvas_init(&app->canvas, o->ascii);
    app->canvas.plain = app->absolute_times = o->accessible;
    ht_app_switch(app, HT_SCREEN_ENDPOINTS);
    app->dirty = app->urgent = true;
}

void ht_app_fini(struct ht_app *app)
{
    ht_app_close_all(app);
    while (app->n_commands)
        free(app->commands[--app->n_commands]);
    ht_dialog_free(app->dialog);
    ht_offer(app, NULL);
    ht_undo_forget(app);
    ht_whoami_fini(&app->who);
    free(app->elsewhere);
    ht_canvas_fini(&app->canvas);
}

struct ht_screen *ht_app_top(struct ht_app *app)
{
    return app->stack[app->depth - 1];
}

int64_t ht_app_db_now(const struct ht_app *app)
{
    return app->db_now ? app->db_now + (app->now_us - app->db_now_at_us) : 0;
}

bool ht_app_stale(const struct ht_app *app, const struct ht_screen *s)
{
    return (app->link != HT_LINK_UP && s->data_at != 0) || s->behind;
}

bool ht_screen_refiltered(const struct ht_screen *s)
{
    return strcmp(s->shown, s->filter.applied) != 0;
}

static bool other_filter(const struct ht_screen *s)
{
    return s->data_at != 0 && ht_screen_refiltered(s);
}

bool ht_screen_searches(const struct ht_app *app, const struct ht_screen *s)
{
    return app->depth == 1 || (s->class->has & HT_HAS_FILTER) != 0;
}

/* Most answers come before anybody wonders; what takes longer, or failed, leaves rows that the filter may not match. So
 * does a mistake in what is being typed. */
static bool is_behind(const struct ht_screen *s)
{
    return (other_filter(s) && (s->failed.rc || s->slow)) || (s->data_at != 0 && s->filter.typing && s->filter.why[0]);
}

/* What is said ----------------------------------------------------------------------------------------------------- */
static void say(struct ht_app *app, enum ht_flash_kind kind, const char *text)
{
    struct ht_message *m = &app->messages[app->n_messages++ % HT_MESSAGES_MAX];
    *m = (struct ht_message){.at_us = ht_app_db_now(app), .kind = kind};
    snprintf(m->text, sizeof m->text, "%s", text);
    app->flash = app->dirty = true;
}

void ht_app_flash(struct ht_app *app, enum ht_flash_kind kind, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    say(app, kind, text);
}

const struct ht_message *ht_app_message(const struct ht_app *app)
{
    return &app->messages[(app->n_messages - 1) % HT_MESSAGES_MAX];
}

void ht_app_flash_err(struct ht_app *app, const struct ht_err *err)
{
    char line[512];
    ht_err_line(err, line, sizeof line);
    say(app, HT_FLASH_ERROR, line);
}

void ht_app_open_dialog(struct ht_app *app, struct ht_dialog *d)
{
    ht_dialog_free(app->dialog);
    app->dialog = d;
    d->opened_at = app->now_us;
    app->dirty = app->urgent = true;
    app->term->flush_input(app->term->user);
}

void ht_app_ask_line(struct ht_app *app, enum ht_input input, const char *label, const char *initial)
{
    app->input = input;
    snprintf(app->input_label, sizeof app->input_label, "%s", label);
    ht_prompt_set(&app->prompt, initial);
    app->dirty = true;
}

/* Requests and replies --------------------------------------------------------------------------------------------- */
bool ht_app_ask(struct ht_app *app, struct ht_screen *s, struct ht_request *r)
{
    r->ticket = ++app->last_ticket;
    if (!ht_mailbox_post(app->o->loader, r)) {
        ht_request_free(r);
        s->fetch_at = app->now_us + RETRY_POST_US;
        return false;
    }
    s->ticket = app->last_ticket;
    s->asked_at = app->now_us;
    s->fetch_at = INT64_MAX;
    return true;
}

struct ht_write *ht_app_write(struct ht_app *app, struct ht_mailbox *box, struct ht_request *r, const char *verb,
                              const char *subject)
{
    struct ht_write *w = NULL;
    for (size_t i = 0; i < HT_WRITES_MAX && !w; i++)
        if (app->writes[i].ticket == 0)
            w = &app->writes[i];
    r->ticket = ++app->last_ticket;
    if (!w || app->link != HT_LINK_UP || !ht_mailbox_post(box, r)) {
        ht_app_flash(app, HT_FLASH_ERROR, "%s %s: not done: %s", verb, subject,
                     app->link != HT_LINK_UP ? "the database is not connected"
                                             : "too much is already on its way; try again");
        ht_request_free(r);
        return NULL;
    }
    *w = (struct ht_write){.ticket = app->last_ticket, .verb = verb};
    snprintf(w->subject, sizeof w->subject, "%s", subject);
    ht_app_flash(app, HT_FLASH_WAIT, "%s %s ...", verb, subject);
    return w;
}

static void ask_who(struct ht_app *app)
{
    struct ht_request *r = ht_request_new(HT_REQ_WHOAMI, ++app->last_ticket);
    app->who_ticket = r->ticket;
    if (!ht_mailbox_post(app->o->loader, r)) {
        ht_request_free(r);
        app->who_ticket = 0; /* asked again by the next step */
    }
}

static void take_link(struct ht_app *app, const struct ht_reply *reply)
{
    if (app->link != reply->link.state) {
        app->link_since_us = app->now_us;
        if (reply->link.state == HT_LINK_LOST)
            app->flash = false; /* how old the rows are matters more now */
    }
    app->link = reply->link.state;
    app->retry_at_us = app->now_us + reply->link.retry_in_ms * 1000;
    snprintf(app->link_why, sizeof app->link_why, "%s", reply->text ? reply->text : "");
    for (size_t i = 0; i < app->depth; i++) {
        struct ht_screen *s = app->stack[i];
        ht_screen_forget(app, s); /* what was out is answered by nobody now, or late */
        ht_screen_refresh(app, s, 0);
    }
    if (app->link == HT_LINK_UP) {
        app->who_ticket = 0;
        ask_who(app);
        return;
    }
    for (size_t i = 0; i < HT_WRITES_MAX; i++)
        if (app->writes[i].ticket) {
            ht_app_flash(app, HT_FLASH_ERROR,
                         "%s %s: the connection was lost; whether it was done shows when it is back",
                         app->writes[i].verb, app->writes[i].subject);
            app->writes[i].ticket = 0;
        }
}

static void take_changed(struct ht_app *app)
{
    struct ht_screen *s = ht_app_top(app);
    if (s->class->changed)
        s->class->changed(app, s);
    else if (s->class->fetch)
        ht_screen_refresh(app, s, HT_SCREEN_REFRESH_US);
}

static void take_notice(struct ht_app *app, struct ht_reply *reply)
{
    switch (reply->kind) {
    case HT_REP_LINK:
        take_link(app, reply);
        break;
    case HT_REP_CHANGED:
        take_changed(app);
        return; /* nothing to draw yet */
    case HT_REP_ELSEWHERE:
        free(app->elsewhere);
        app->elsewhere = reply->text;
        reply->text = NULL;
        break;
    case HT_REP_ERROR:
        ht_app_flash_err(app, &reply->err);
        break;
    case HT_REP_DONE:
        ht_app_flash(app, HT_FLASH_INFO, "%s", reply->text ? reply->text : "done");
        break;
    default:
        break; /* HT_REP_FIGURES: the next frame reads them */
    }
    app->dirty = true;
}

/* What is said while something is on its way is over with it, also where its outcome is a question or a screen. */
static void end_wait(struct ht_app *app)
{
    const struct ht_message *m = ht_app_message(app);
    for (size_t i = 0; i < HT_WRITES_MAX; i++)
        if (app->writes[i].ticket)
            return;
    if (app->flash && m->kind == HT_FLASH_WAIT)
        app->flash = false;
}

static bool take_write(struct ht_app *app, struct ht_reply *reply)
{
    for (size_t i = 0; i < HT_WRITES_MAX; i++) {
        struct ht_write *w = &app->writes[i];
        if (w->ticket == 0 || w->ticket != reply->ticket)
            continue;
        w->ticket = 0;
        end_wait(app);
        if (reply->kind == HT_REP_ERROR)
            ht_app_flash_err(app, &reply->err);
        else
            ht_act_outcome(app, reply, w);
        ht_screen_refresh(app, ht_app_top(app), 0);
        return true;
    }
    return false;
}

static struct ht_screen *screen_of(struct ht_app *app, uint64_t ticket)
{
    for (size_t i = 0; i < app->depth; i++)
        if (app->stack[i]->ticket == ticket)
            return app->stack[i];
    for (size_t i = 0; i < HT_SCREEN_COUNT; i++)
        if (app->roots[i] && app->roots[i]->ticket == ticket)
            return app->roots[i];
    return NULL;
}

static void take_page(struct ht_app *app, struct ht_screen *s, struct ht_reply *reply)
{
    s->ticket = 0;
    if (reply->kind == HT_REP_ERROR) {
        s->failed = reply->err;
        ht_app_flash_err(app, &reply->err);
        return;
    }
    ht_err_clear(&s->failed);
    if (s == ht_app_top(app) && (s->data_at == 0 || ht_screen_refiltered(s)))
        app->urgent = true;
    s->data_at = app->now_us;
    app->took_ms = reply->took_ms;
    if (s->class->reply)
        s->class->reply(app, s, reply);
    snprintf(s->shown, sizeof s->shown, "%s", s->filter.applied);
}

static void take_who(struct ht_app *app, struct ht_reply *reply)
{
    app->who_ticket = 0;
    if (reply->kind != HT_REP_WHOAMI) {
        ht_app_flash_err(app, &reply->err);
        return;
    }
    ht_whoami_fini(&app->who);
    app->who = reply->whoami;
    reply->whoami = (struct ht_whoami){0};
    app->who_known = true;
    app->took_ms = reply->took_ms;
}

static void take_one(struct ht_app *app, struct ht_reply *reply)
{
    struct ht_screen *s;
    if (reply->db_now) {
        app->db_now = reply->db_now;
        app->db_now_at_us = app->now_us;
    }
    if (reply->ticket == 0) {
        take_notice(app, reply);
        return;
    }
    app->dirty = true;
    if (reply->ticket == app->who_ticket)
        take_who(app, reply);
    else if (!take_write(app, reply) && (s = screen_of(app, reply->ticket)))
        take_page(app, s, reply);
}

void ht_app_take(struct ht_app *app)
{
    struct ht_reply *reply;
    while ((reply = ht_mailbox_take(app->o->inbox))) {
        take_one(app, reply);
        ht_reply_free(reply);
    }
}

/* Time ------------------------------------------------------------------------------------------------------------- */
static bool ticking(const struct ht_app *app)
{
    return !app->o->clock_off || app->link == HT_LINK_LOST;
}

static int64_t clock_us(const struct ht_app *app)
{
    int64_t db = ht_app_db_now(app);
    return db ? db : app->now_us;
}

int64_t ht_app_due_us(const struct ht_app *app)
{
    const struct ht_screen *s = app->stack[app->depth - 1];
    int64_t due = INT64_MAX, at;
    if (ticking(app))
        due = app->now_us + SECOND_US - clock_us(app) % SECOND_US;
    if (app->secret_shown && app->conceal_at < due)
        due = app->conceal_at;
    if (app->dialog && !app->dialog->armed && (at = app->dialog->opened_at + HT_DIALOG_DEAF_US) < due)
        due = at;
    if (s->filter.due_us && s->filter.due_us < due)
        due = s->filter.due_us;
    if (app->link == HT_LINK_UP && s->class->fetch && s->ticket == 0 && s->fetch_at < due)
        due = s->fetch_at;
    if (app->link == HT_LINK_UP && !app->who_known && app->who_ticket == 0)
        due = app->now_us + RETRY_POST_US;
    if (s->ticket != 0 && !s->slow && (at = s->asked_at + SLOW_US) < due)
        due = at;
    if (s->class->due && (at = s->class->due(s)) < due)
        due = at;
    return due;
}

void ht_app_step(struct ht_app *app)
{
    struct ht_screen *s = ht_app_top(app);
    if (app->secret_shown && app->now_us >= app->conceal_at)
        ht_app_conceal(app);
    if (app->dialog && !app->dialog->armed && app->now_us - app->dialog->opened_at >= HT_DIALOG_DEAF_US)
        app->dialog->armed = app->dirty = app->urgent = true;
    if (ht_filter_line_step(&s->filter, app->now_us, ht_app_db_now(app))) {
        ht_screen_forget(app, s);
        ht_screen_refresh(app, s, 0);
        app->dirty = true;
    } else if (s->filter.why[0])
        app->dirty = true;
    if (s->class->step)
        s->class->step(app, s);
    if (app->link == HT_LINK_UP) {
        if (s->class->fetch && s->ticket == 0 && s->fetch_at <= app->now_us)
            s->class->fetch(app, s);
        if (!app->who_known && app->who_ticket == 0)
            ask_who(app);
    }
    bool slow = s->ticket != 0 && app->now_us >= s->asked_at + SLOW_US;
    if (slow != s->slow)
        app->dirty = true;
    s->slow = slow;
    bool behind = is_behind(s);
    if (behind != s->behind)
        app->dirty = true;
    s->behind = behind;
    if (ticking(app) && clock_us(app) / SECOND_US != app->drawn_second)
        app->dirty = true;
}

/* A list full of ages would be sent anew every second: there they move with new data, with a key, else every ten. */
static void step_ages(struct ht_app *app)
{
    const struct ht_screen *s = ht_app_top(app);
    if (s->class->root && !app->urgent && s->data_at == app->age_data_at && app->now_us - app->age_at_us < AGE_STEP_US)
        return;
    app->age_now = ht_app_db_now(app);
    app->age_at_us = app->now_us;
    app->age_data_at = s->data_at;
}

void ht_app_draw(struct ht_app *app)
{
    step_ages(app);
    app->o->figures(app->o->user, &app->figures);
    app->drawn_second = clock_us(app) / SECOND_US;
    ht_chrome_draw(app);
    app->dirty = app->urgent = false;
}

void ht_app_resize(struct ht_app *app, int rows, int cols)
{
    ht_app_conceal(app);
    ht_canvas_resize(&app->canvas, rows, cols);
    app->dirty = app->urgent = true;
}
