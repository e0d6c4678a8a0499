#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktop/base/write.h"
#include "hooktop/tui/chrome.h"

/* The one showing of a new secret. The screen itself never holds its characters: it draws a mask, and the terminal
 * writes the real ones from locked memory over blanks while app->secret_shown. Leaving wipes it for good. */

#define SHOW_US    (60LL * 1000000)
#define PATH_LABEL "write to: "

struct state {
    struct ht_secret *secret;
    char subject[96];
    struct ht_uuid id;
    bool staged;
    int64_t changes_at;
    bool used;          /* shown, copied or written at least once */
    bool may_go;        /* asked, and told to go */
    struct ht_rect box; /* where the terminal writes it: set by draw */
};

void ht_reveal_open(struct ht_app *app, struct ht_reply *reply, const char *subject)
{
    struct ht_screen *s = ht_app_open(app, HT_SCREEN_REVEAL, &reply->id);
    if (!s)
        return; /* the reply wipes it */
    struct state *st = s->state;
    st->secret = reply->rotated.secret;
    reply->rotated.secret = NULL;
    st->id = reply->id;
    st->staged = reply->rotated.staged;
    st->changes_at = reply->rotated.changes_at;
    snprintf(st->subject, sizeof st->subject, "%s", subject);
    snprintf(s->crumb, sizeof s->crumb, "New secret");
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    ht_app_conceal(app);
    ht_secret_free(st->secret);
    st->secret = NULL;
}

/* Drawing ---------------------------------------------------------------------------------------------------------- */
static int draw_intro(const struct state *st, struct ht_canvas *c, struct ht_rect r)
{
    char at[HT_AGE_TEXT];
    int row = r.row + 1, width = r.cols - 6;
    ht_draw_fmt(c, row++, 3, width, HT_STYLE_HEADING, "The new signing secret of %s", st->subject);
    ht_draw_str(c, ++row, 3, width, HT_STYLE_ROW,
                "It can be shown ONCE. Closing this screen hides it for good; the only way");
    ht_draw_str(c, ++row, 3, width, HT_STYLE_ROW, "to get another value is to rotate again.");
    if (st->changes_at) {
        ht_time_full(st->changes_at, at);
        ht_draw_fmt(c, ++row, 3, width, HT_STYLE_ROW,
                    st->staged ? "The old secret signs until %s UTC, then this one takes over."
                               : "The old secret goes on signing beside it until %s UTC.",
                    at);
    }
    return row + 1;
}

static void draw_mask(const struct state *st, struct ht_canvas *c)
{
    size_t len = ht_secret_len(st->secret);
    for (size_t i = 0; i < len; i++) {
        int row = (int)i / st->box.cols, col = (int)i % st->box.cols;
        if (row < st->box.rows)
            ht_draw_str(c, st->box.row + row, st->box.col + col, 1, HT_STYLE_DIM, "*");
    }
}

/* Who stands between and may keep what is shown. Returns the rows it took. */
static int draw_keepers(struct ht_canvas *c, int row, int width)
{
    const char *inner = getenv("TMUX") ? "tmux" : getenv("STY") ? "screen" : "";
    const char *outer = getenv("SSH_CONNECTION") || getenv("SSH_TTY") ? "this SSH session" : "";
    if (!inner[0] && !outer[0])
        return 0;
    ht_draw_fmt(c, row, 3, width, HT_STYLE_RETRY, "Note: %s%s%s may keep what is shown: out of our reach.", inner,
                inner[0] && outer[0] ? " and " : "", outer);
    return 1;
}

static void draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct state *st = s->state;
    int row = draw_intro(st, c, r), width = r.cols - 12 < 66 ? r.cols - 12 : 66;
    int lines = ((int)ht_secret_len(st->secret) + width - 1) / width, room = r.row + r.rows - row - 5;
    st->box = (struct ht_rect){row + 1, 8, lines < room ? lines : room > 1 ? room : 1, width};
    ht_draw_box(c, (struct ht_rect){row, 6, st->box.rows + 2, width + 4}, NULL, HT_STYLE_DIALOG);
    if (!app->secret_shown)
        draw_mask(st, c);
    row += st->box.rows + 2;
    static const char *const lines_below[] = {
        "v  show it here (hidden again after 60 s, or by any key)",
        "y  copy it without showing it (tmux load-buffer inside tmux, else OSC 52)",
        "w  write it to a new file, mode 0600",
    };
    for (size_t i = 0; i < HT_COUNT(lines_below) && row + (int)i + 1 < r.row + r.rows; i++)
        ht_draw_str(c, row + (int)i + 1, 3, r.cols - 4, HT_STYLE_ROW, lines_below[i]);
    row += (int)HT_COUNT(lines_below) + 2;
    if (row < r.row + r.rows)
        row += draw_keepers(c, row, r.cols - 4);
    if (!st->used && row + 1 < r.row + r.rows)
        ht_draw_str(c, row + 1, 3, r.cols - 4, HT_STYLE_RETRY,
                    "Not shown, copied or written yet: leaving asks once more.");
}

/* Once it was shown, copied or written it has arrived: noted, and nobody waits for the answer. */
static void note_used(struct ht_app *app, struct state *st)
{
    if (st->used)
        return;
    st->used = true;
    struct ht_request *r = ht_request_new(HT_REQ_REVEALED, ++app->last_ticket);
    r->id = st->id;
    if (!ht_mailbox_post(app->o->loader, r))
        ht_request_free(r);
}

/* Doing ------------------------------------------------------------------------------------------------------------ */
static void show(struct ht_app *app, struct state *st)
{
    struct ht_err err = {0};
    app->secret_shown = true; /* the frame that the terminal draws first has blanks there */
    if (app->term->reveal(app->term->user, st->box, st->secret, &err)) {
        app->conceal_at = app->now_us + SHOW_US;
        note_used(app, st);
        return;
    }
    app->secret_shown = false;
    ht_app_flash_err(app, &err);
}

static void copy(struct ht_app *app, struct state *st)
{
    struct ht_err err = {0};
    const char *how = "";
    if (!app->term->copy(app->term->user, st->secret, &how, &err)) {
        ht_app_flash_err(app, &err);
        return;
    }
    note_used(app, st);
    ht_app_flash(app, HT_FLASH_INFO, "copied %s", how);
}

static bool write_all(int fd, const struct ht_secret *secret)
{
    if (!ht_write_all(fd, ht_secret_bytes(secret), ht_secret_len(secret)))
        return false;
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS; /* a pipe or a device has nothing to sync */
}

static void write_file(struct ht_app *app, struct ht_screen *s, const char *text)
{
    struct state *st = s->state;
    char path[4096];
    const char *home = getenv("HOME");
    bool tilde = strncmp(text, "~/", 2) == 0 && home;
    if (!text[0])
        return;
    snprintf(path, sizeof path, "%s%s", tilde ? home : "", tilde ? text + 1 : text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        const char *fix = errno == EEXIST ? "give the name of a new file" : "give another place";
        ht_app_flash(app, HT_FLASH_ERROR, "not written: %s: %s: %s", strerror(errno), fix, path);
        return;
    }
    bool ok = fchmod(fd, 0600) == 0 && write_all(fd, st->secret);
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (!ok) {
        unlink(path);
        ht_app_flash(app, HT_FLASH_ERROR, "not written: %s: nothing was left at %s", strerror(why), path);
        return;
    }
    note_used(app, st);
    ht_app_flash(app, HT_FLASH_INFO, "written, mode 0600: %s", path);
}

static bool act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action)
{
    struct state *st = s->state;
    char id[12], path[48];
    switch (action) {
    case HT_ACT_REVEAL_SHOW:
        show(app, st);
        return true;
    case HT_ACT_REVEAL_COPY:
        copy(app, st);
        return true;
    case HT_ACT_REVEAL_WRITE:
        ht_short_id(&st->id, id);
        snprintf(path, sizeof path, "secret-%s.txt", id + 2);
        ht_app_ask_line(app, HT_INPUT_PATH, PATH_LABEL, path);
        return true;
    default:
        return false;
    }
}

static void leave_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    if (!yes || s->class != &ht_screen_reveal)
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
    if (st->used || st->may_go)
        return true;
    struct ht_dialog *d = ht_dialog_new(1, "Close", "Nobody has seen this secret. Close it for good?");
    d->action = app->quitting ? HT_ACT_QUIT : HT_ACT_BACK;
    d->done = leave_answered;
    ht_app_open_dialog(app, d);
    return false;
}

static void status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size)
{
    const struct state *st = s->state;
    char id[HT_UUID_TEXT];
    (void)app;
    ht_uuid_format(&st->id, id);
    snprintf(ret, size, "secret %s", id);
}

const struct ht_screen_class ht_screen_reveal = {
    .name = "reveal",
    .title = "New secret",
    .has = HT_HAS_REVEAL,
    .state_size = sizeof(struct state),
    .close = close_screen,
    .draw = draw,
    .act = act,
    .status = status,
    .line = write_file,
    .may_close = may_close,
};
