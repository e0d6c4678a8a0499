#include "console_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ht_test.h"

static bool reveal(void *user, struct ht_rect box, const struct ht_secret *secret, struct ht_err *err)
{
    struct ht_rig *r = user;
    ht_app_draw(&r->app);
    r->reveals++;
    if (r->refuse_reveal)
        ht_fail(err, HT_USAGE, "secret", "use w", "it cannot be shown here");
    return !r->refuse_reveal && box.cols > 0 && ht_secret_len(secret) > 0;
}

static void conceal(void *user)
{
    ((struct ht_rig *)user)->conceals++;
}

static bool copy(void *user, const struct ht_secret *secret, const char **ret_how, struct ht_err *err)
{
    (void)secret;
    (void)err;
    ((struct ht_rig *)user)->copies++;
    *ret_how = "by a test";
    return true;
}

static bool copy_text(void *user, const char *text, size_t len, const char **ret_how, struct ht_err *err)
{
    struct ht_rig *r = user;
    (void)err;
    snprintf(r->copied, sizeof r->copied, "%.*s", (int)len, text);
    *ret_how = "by a test";
    return true;
}

static bool show_outside(void *user, const char *program, const char *text, size_t len, struct ht_err *err)
{
    struct ht_rig *r = user;
    (void)err;
    snprintf(r->outside, sizeof r->outside, "%s: %.*s", program, (int)len, text);
    return true;
}

static void redraw(void *user)
{
    ((struct ht_rig *)user)->redraws++;
}

static void suspend(void *user)
{
    ((struct ht_rig *)user)->suspends++;
}

static void flush_input(void *user)
{
    ((struct ht_rig *)user)->flushes++;
}

void ht_rig_start(struct ht_rig *r, int rows, int cols)
{
    static const char *const terminals[] = {"TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"};
    for (size_t i = 0; i < HT_COUNT(terminals); i++)
        unsetenv(terminals[i]); /* whoever runs the test may sit in one */
    r->loader = r->options.loader = ht_mailbox_new(64, ht_request_free);
    r->errands = r->options.errands = ht_mailbox_new(8, ht_request_free);
    r->inbox = r->options.inbox = ht_mailbox_new(64, ht_reply_free);
    r->options.figures = ht_data_figures;
    r->options.profile_facts = ht_data_profile_facts;
    r->options.check_draft = ht_data_check_draft;
    if (!r->options.environment)
        r->options.environment = "demo";
    r->terminal = (struct ht_terminal){r, reveal, conceal, copy, copy_text, show_outside, redraw, suspend, flush_input};
    ht_app_init(&r->app, &r->options, &r->terminal, 1000000000);
    ht_app_resize(&r->app, rows, cols);
}

void ht_rig_init(struct ht_rig *r, int rows, int cols)
{
    *r = (struct ht_rig){.data = {.endpoints = HT_DATA_ENDPOINTS, .deliveries = 120}};
    ht_rig_start(r, rows, cols);
    ht_rig_post(r, ht_data_link(HT_LINK_UP));
    ht_rig_pump(r);
}

void ht_rig_fini(struct ht_rig *r)
{
    ht_app_fini(&r->app);
    ht_mailbox_free(r->loader);
    ht_mailbox_free(r->errands);
    ht_mailbox_free(r->inbox);
    ht_request_free(r->last);
}

static bool is_page(enum ht_request_kind kind)
{
    return kind < HT_REQ_REDELIVER;
}

static bool serve(struct ht_rig *r, struct ht_mailbox *box)
{
    struct ht_request *q = ht_mailbox_take(box);
    if (!q)
        return false;
    r->asked[q->kind]++;
    if (!r->silent && q->kind != HT_REQ_FORGET) {
        struct ht_reply *reply = ht_data_answer(&r->data, q);
        if (!ht_mailbox_post(r->inbox, reply))
            ht_reply_free(reply);
    }
    if (is_page(q->kind))
        ht_request_free(q);
    else {
        ht_request_free(r->last);
        r->last = q;
    }
    return true;
}

void ht_rig_pump(struct ht_rig *r)
{
    bool more = true;
    for (int i = 0; i < 1000 && more; i++) {
        ht_app_take(&r->app);
        ht_app_step(&r->app);
        more = serve(r, r->loader);
        more = serve(r, r->errands) || more;
        ht_app_take(&r->app);
    }
}

void ht_rig_post(struct ht_rig *r, struct ht_reply *reply)
{
    if (!ht_mailbox_post(r->inbox, reply))
        ht_reply_free(reply);
    ht_rig_pump(r);
}

void ht_rig_key(struct ht_rig *r, int32_t key)
{
    ht_app_draw(&r->app); /* people press keys on what they see */
    ht_app_key(&r->app, key);
    ht_rig_pump(r);
}

void ht_rig_keys(struct ht_rig *r, const char *keys)
{
    for (; *keys; keys++)
        ht_rig_key(r, *keys == '\n' ? HT_KEY_ENTER : (unsigned char)*keys);
}

void ht_rig_pass(struct ht_rig *r, int64_t ms)
{
    r->app.now_us += ms * 1000;
    ht_rig_pump(r);
}

char *ht_rig_screen(struct ht_rig *r)
{
    struct ht_buf b;
    ht_buf_init(&b, 1 << 22);
    ht_app_draw(&r->app);
    ht_canvas_text(&r->app.canvas, &b);
    return ht_buf_take(&b, NULL);
}

bool ht_rig_shows(struct ht_rig *r, const char *text)
{
    HT_AUTOFREE char *screen = ht_rig_screen(r);
    return strstr(screen, text) != NULL;
}

char *ht_rig_row(struct ht_rig *r, int row)
{
    HT_AUTOFREE char *screen = ht_rig_screen(r);
    char *at = screen;
    if (row < 0)
        row += r->app.canvas.rows;
    while (row-- > 0)
        at = strchr(at, '\n') + 1;
    return ht_strndup(at, strcspn(at, "\n"));
}

int ht_rig_setup(void **state)
{
    struct ht_rig *r = malloc(sizeof *r);
    ht_rig_init(r, 24, 80);
    *state = r;
    return 0;
}

int ht_rig_teardown(void **state)
{
    ht_rig_fini(*state);
    free(*state);
    return 0;
}

void ht_rig_expect(struct ht_rig *r, const char *text, bool wanted, int line)
{
    if (ht_rig_shows(r, text) == wanted)
        return;
    HT_AUTOFREE char *screen = ht_rig_screen(r);
    (void)fprintf(stderr, "%s\n", screen);
    fail_msg("line %d: '%s' is %son the screen", line, text, wanted ? "not " : "");
}
