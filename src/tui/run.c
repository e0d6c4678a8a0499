#include "hooktop/tui/tui.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/app.h"
#include "outside.h"
#include "terminal.h"
#include "theme_watch.h"

/* The loop: keys paint at once, data at most ten times a second, and nothing at all while nothing changes. */

#define FRAME_US     100000
#define KEYS_AT_ONCE 256

struct run {
    struct ht_app app;
    struct ht_term term;
    int theme_fd; /* theme_watch.h */
    char watched[sizeof((struct ht_app *)0)->theme_name];
    int64_t next_frame;
    bool gone; /* the terminal went away */
    bool suspend;
};

static void frame(struct run *r)
{
    if (r->app.theme_changed) {
        r->app.theme_changed = false;
        ht_paint_theme(&r->term);
    }
    ht_app_draw(&r->app);
    ht_paint(&r->term, &r->app.canvas, &r->app.theme);
}

static void take_size(struct run *r)
{
    int rows, cols;
    ht_term_size(&rows, &cols);
    ht_app_resize(&r->app, rows, cols);
    ht_term_resize(&r->term, rows, cols);
}

static bool op_reveal(void *user, struct ht_rect box, const struct ht_secret *secret, struct ht_err *err)
{
    struct run *r = user;
    frame(r);
    return ht_term_reveal(&r->term, box, secret, err);
}

static void op_conceal(void *user)
{
    ht_term_conceal(&((struct run *)user)->term);
}

static bool op_copy(void *user, const struct ht_secret *secret, const char **ret_how, struct ht_err *err)
{
    (void)user;
    return ht_clipboard_copy(ht_secret_bytes(secret), ht_secret_len(secret), ret_how, err);
}

static bool op_copy_text(void *user, const char *text, size_t len, const char **ret_how, struct ht_err *err)
{
    (void)user;
    return ht_clipboard_copy(text, len, ret_how, err);
}

static bool op_show_outside(void *user, const char *program, const char *text, size_t len, struct ht_err *err)
{
    struct run *r = user;
    char words[256], *save = NULL;
    const char *argv[HT_OUTSIDE_WORDS] = {0};
    size_t n = 0;
    snprintf(words, sizeof words, "%s", program);
    for (char *w = strtok_r(words, " \t", &save); w && n < HT_OUTSIDE_WORDS - 1; w = strtok_r(NULL, " \t", &save))
        argv[n++] = w;
    if (n == 0)
        return ht_fail(err, HT_USAGE, "pager", "set PAGER or EDITOR to a program", "it is blank") == HT_OK;
    ht_term_leave(&r->term);
    enum ht_rc rc = ht_outside_run(argv, text, len, err);
    ht_term_resume(&r->term);
    take_size(r);
    return rc == HT_OK;
}

static void op_redraw(void *user)
{
    ht_paint_forget(&((struct run *)user)->term);
}

static void op_suspend(void *user)
{
    ((struct run *)user)->suspend = true;
}

static void op_flush_input(void *user)
{
    (void)user;
    ht_term_flush_input();
}

static void suspend(struct run *r)
{
    r->suspend = false;
    ht_app_conceal(&r->app);
    ht_term_suspend(&r->term);
    take_size(r);
}

static void take_signals(struct run *r)
{
    struct signalfd_siginfo si;
    while (read(r->term.signal_fd, &si, sizeof si) == (ssize_t)sizeof si)
        switch (si.ssi_signo) {
        case SIGWINCH:
            take_size(r);
            break;
        case SIGTERM:
        case SIGHUP:
        case SIGINT:
            ht_app_conceal(&r->app);
            r->app.quit = true;
            break;
        case SIGTSTP:
            r->suspend = true;
            break;
        case SIGCONT:
            ht_term_resume(&r->term);
            r->app.dirty = r->app.urgent = true;
            break;
        default:
            break;
        }
}

static void take_keys(struct run *r)
{
    int32_t key;
    for (int i = 0; i < KEYS_AT_ONCE && !r->app.quit && (key = ht_term_key(&r->term)) != HT_KEY_NONE; i++) {
        r->app.now_us = ht_mono_us();
        r->app.pointer_row = r->term.mouse_row;
        r->app.pointer_col = r->term.mouse_col;
        if (key != HT_KEY_UNKNOWN)
            ht_app_key(&r->app, key);
        if (r->suspend)
            suspend(r);
    }
}

/* True when a frame waits only for the terminal to take more. */
static bool paint(struct run *r)
{
    if (!r->app.dirty || r->app.secret_shown || (!r->app.urgent && r->app.now_us < r->next_frame))
        return false;
    if (!ht_term_writable())
        return true;
    if (!r->app.urgent) /* a key's own answer need not wait for the frame that the key made */
        r->next_frame = r->app.now_us + FRAME_US;
    frame(r);
    return false;
}

static void sleep_until_something(struct run *r, bool behind)
{
    struct pollfd fds[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = ht_mailbox_fd(r->app.o->inbox), .events = POLLIN},
        {.fd = r->term.signal_fd, .events = POLLIN},
        {.fd = r->theme_fd, .events = POLLIN},
        {.fd = behind ? STDOUT_FILENO : -1, .events = POLLOUT},
    };
    int64_t due = ht_app_due_us(&r->app), now = ht_mono_us();
    if (r->app.dirty && !r->app.secret_shown && !behind && r->next_frame < due)
        due = r->next_frame;
    int64_t left = due == INT64_MAX ? 0 : due > now ? due - now : 0;
    struct timespec ts = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
    if (ppoll(fds, HT_COUNT(fds), due == INT64_MAX ? NULL : &ts, NULL) > 0 &&
        (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
        r->gone = true;
}

/* Where the theme is that is in force, also one that was named since. */
static void watch_theme(struct run *r)
{
    const char *name = r->app.theme_name;
    if (r->theme_fd >= 0 && strcmp(r->watched, name) == 0)
        return;
    ht_theme_watch_close(r->theme_fd);
    r->theme_fd = ht_theme_watch_open(name[0] ? name : NULL, r->app.o->theme_dir);
    memcpy(r->watched, name, sizeof r->watched);
}

static void loop(struct run *r)
{
    while (!r->app.quit && !r->gone) {
        r->app.now_us = ht_mono_us();
        take_signals(r);
        if (r->suspend)
            suspend(r);
        take_keys(r);
        ht_app_take(&r->app);
        ht_app_step(&r->app);
        if (ht_theme_watch_take(r->theme_fd))
            ht_app_theme(&r->app, r->app.theme_name);
        if (r->app.theme_changed)
            watch_theme(r);
        if (r->app.quit)
            break;
        sleep_until_something(r, paint(r));
    }
}

enum ht_rc ht_tui_run(const struct ht_tui_options *o, struct ht_err *err)
{
    struct run *r = ht_alloc(1, sizeof *r);
    struct ht_terminal ops = {r,         op_reveal,  op_conceal,    op_copy, op_copy_text, op_show_outside,
                              op_redraw, op_suspend, op_flush_input};
    struct ht_theme theme;
    enum ht_rc rc = ht_theme_load(o->theme, o->theme_dir, &theme, err);
    if (rc == HT_OK)
        rc = ht_term_start(&r->term, o->no_color, o->mouse, err);
    if (rc == HT_OK) {
        ht_app_init(&r->app, o, &ops, ht_mono_us());
        ht_theme_title(&theme, o->colour);
        r->app.theme = theme;
        snprintf(r->app.theme_name, sizeof r->app.theme_name, "%s", o->theme ? o->theme : "");
        r->theme_fd = -1;
        watch_theme(r);
        r->app.canvas.ascii = r->app.canvas.ascii || !r->term.utf8;
        r->app.canvas.ascii_text = !r->term.utf8;
        if (r->term.note[0])
            ht_app_flash(&r->app, HT_FLASH_INFO, "%s", r->term.note);
        take_size(r);
        loop(r);
        ht_app_conceal(&r->app);
        ht_theme_watch_close(r->theme_fd);
        ht_app_fini(&r->app);
    }
    ht_term_stop(&r->term);
    ht_freep(&r);
    return rc;
}
