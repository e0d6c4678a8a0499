#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/app.h"

#define RESERVED 4

const struct ht_screen_class *const ht_screens[HT_SCREEN_COUNT] = {
#define X(id, class) &class,
    HT_SCREENS(X)
#undef X
};

void ht_screen_refresh(struct ht_app *app, struct ht_screen *s, int64_t delay_us)
{
    int64_t at = app->now_us + delay_us;
    if (at < s->fetch_at)
        s->fetch_at = at;
}

void ht_screen_forget(struct ht_app *app, struct ht_screen *s)
{
    struct ht_request *r = s->ticket ? ht_request_new(HT_REQ_FORGET, s->ticket) : NULL;
    if (r && !ht_mailbox_post(app->o->loader, r))
        ht_request_free(r); /* then it is answered, for nobody */
    s->ticket = 0;
    s->slow = false;
}

unsigned ht_screen_has(const struct ht_screen *s)
{
    return s->class->has_now ? s->class->has & s->class->has_now(s) : s->class->has;
}

static struct ht_screen *screen_new(struct ht_app *app, enum ht_screen_id id, const struct ht_uuid *subject)
{
    struct ht_screen *s = ht_alloc(1, sizeof *s);
    s->class = ht_screens[id];
    s->screen_id = id;
    s->serial = ++app->last_serial;
    s->state = ht_alloc(1, s->class->state_size ? s->class->state_size : 1);
    s->fetch_at = app->now_us;
    s->filter.list = s->class->list;
    s->filter.mistake = SIZE_MAX;
    if (subject)
        s->id = *subject;
    return s;
}

static void screen_free(struct ht_app *app, struct ht_screen *s)
{
    if (!s)
        return;
    if (s->class->close)
        s->class->close(app, s);
    ht_marks_clear(&s->marks);
    free(s->state);
    free(s);
}

/* What is on top is covered, or closed. Only what fetches itself can be opened again: the others are answers, shown
 * once. */
static bool leave(struct ht_app *app)
{
    struct ht_screen *s = app->depth ? ht_app_top(app) : NULL;
    if (!s || !s->class->fetch)
        return false;
    ht_screen_forget(app, s); /* asked again when it is shown again */
    app->before = (struct ht_place){
        .known = true, .screen = s->screen_id, .root = app->stack[0]->screen_id, .id = s->id, .tab = s->tab};
    memcpy(app->before.crumb, s->crumb, sizeof app->before.crumb);
    return true;
}

static void on_show(struct ht_app *app, struct ht_screen *s)
{
    ht_screen_refresh(app, s, 0);
    app->dirty = app->urgent = true;
}

static void stop_typing(struct ht_app *app)
{
    if (app->depth)
        ht_app_top(app)->filter.typing = false;
    app->input = HT_INPUT_KEYS;
    ht_offer(app, NULL);
}

struct ht_screen *ht_app_open(struct ht_app *app, enum ht_screen_id id, const struct ht_uuid *subject)
{
    size_t limit = HT_STACK_MAX - (id == HT_SCREEN_REVEAL ? 0 : RESERVED); /* a secret always finds its screen */
    if (app->depth >= limit) {
        ht_app_flash(app, HT_FLASH_ERROR, "too many screens are open: go back first");
        return NULL;
    }
    stop_typing(app);
    (void)leave(app);
    app->n_ahead = 0;
    struct ht_screen *s = screen_new(app, id, subject);
    app->stack[app->depth++] = s;
    if (s->class->open)
        s->class->open(app, s);
    on_show(app, s);
    return s;
}

static void pop(struct ht_app *app)
{
    if (app->depth > 1)
        screen_free(app, app->stack[--app->depth]);
}

void ht_app_switch(struct ht_app *app, enum ht_screen_id root)
{
    stop_typing(app);
    (void)leave(app);
    app->n_ahead = 0;
    app->came_from.known = false;
    while (app->depth > 1)
        pop(app);
    if (!app->roots[root]) {
        struct ht_screen *s = screen_new(app, root, NULL);
        app->roots[root] = s;
        if (s->class->open)
            s->class->open(app, s);
    }
    app->stack[0] = app->roots[root];
    app->depth = 1;
    on_show(app, app->stack[0]);
}

void ht_app_back(struct ht_app *app)
{
    struct ht_screen *s = ht_app_top(app);
    if (app->depth == 1 || (s->class->may_close && !s->class->may_close(app, s)))
        return;
    if (leave(app))
        app->ahead[app->n_ahead++] = app->before; /* no more than the stack had: opening anything empties it */
    pop(app);
    on_show(app, ht_app_top(app));
}

static bool open_again(struct ht_app *app, const struct ht_place *to)
{
    if (ht_screens[to->screen]->root) {
        ht_app_drill(app, to->screen);
        return true;
    }
    struct ht_screen *s = ht_app_open(app, to->screen, &to->id);
    if (!s)
        return false;
    memcpy(s->crumb, to->crumb, sizeof s->crumb);
    s->tab = to->tab;
    return true;
}

void ht_app_forward(struct ht_app *app)
{
    size_t left = app->n_ahead;
    if (left == 0) {
        ht_app_flash(app, HT_FLASH_INFO, "nothing was left by going back from here");
        return;
    }
    const struct ht_place to = app->ahead[--left];
    if (open_again(app, &to))
        app->n_ahead = left; /* what lies behind it can still be reached */
}

static void go_to(struct ht_app *app, const struct ht_place *to)
{
    if (ht_screens[to->screen]->root) {
        ht_app_switch(app, to->screen);
        return;
    }
    if (app->depth > 1) { /* in place of the detail that is open: going to and fro must not pile up */
        const struct ht_screen *below = app->stack[app->depth - 2];
        if (below->screen_id == to->screen && ht_uuid_cmp(&below->id, &to->id) == 0) {
            ht_app_back(app);
            return;
        }
    }
    if (app->stack[0]->screen_id == to->root) {
        (void)open_again(app, to);
        return;
    }
    ht_app_switch(app, to->root); /* Back leads then to the list that it was opened from */
    const struct ht_place here = app->before;
    if (open_again(app, to))
        app->before = here;
}

void ht_app_before(struct ht_app *app)
{
    const struct ht_place to = app->before;
    if (to.known)
        go_to(app, &to);
    else
        ht_app_flash(app, HT_FLASH_INFO, "no screen was shown before this one");
}

void ht_app_drill(struct ht_app *app, enum ht_screen_id root)
{
    bool elsewhere = app->depth > 1 || ht_app_top(app)->screen_id != root;
    ht_app_switch(app, root);
    if (elsewhere)
        app->came_from = app->before;
}

bool ht_app_return(struct ht_app *app)
{
    const struct ht_place to = app->came_from;
    app->came_from.known = false;
    if (!to.known)
        return false;
    size_t ahead = app->n_ahead;
    go_to(app, &to);
    app->ahead[ahead] = app->before; /* the log; what was opened from it lies behind it */
    app->n_ahead = ahead + 1;
    return true;
}

void ht_app_close_all(struct ht_app *app)
{
    while (app->depth > 1)
        pop(app);
    for (size_t i = 0; i < HT_SCREEN_COUNT; i++) {
        screen_free(app, app->roots[i]);
        app->roots[i] = NULL;
    }
    app->depth = 0;
}
