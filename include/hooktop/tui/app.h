/* The console without its terminal: state, screens, requests on their way, questions. Keys and replies go in, a canvas
 * comes out; term.c gives it a terminal, tests give it keys and replies made by hand.
 *
 * Time comes in as `now_us` (monotonic, set by whoever drives it), so nothing here waits or asks the clock.
 * Thread: the UI's.
 */
#ifndef HOOKTOP_TUI_APP_H
#define HOOKTOP_TUI_APP_H

#include "hooktop/tui/canvas.h"
#include "hooktop/tui/dialog.h"
#include "hooktop/tui/keys.h"
#include "hooktop/tui/prompt.h"
#include "hooktop/tui/screen.h"
#include "hooktop/tui/theme.h"
#include "hooktop/tui/tui.h"

#define HT_STACK_MAX    12
#define HT_MESSAGES_MAX 200
#define HT_WRITES_MAX   16
#define HT_COMMANDS_MAX 50

/* What only a terminal can do; each may be called at any time between frames. */
struct ht_terminal {
    void *user;
    /* Draws a frame, then writes the secret straight to the terminal into this place; false when it cannot be shown
     * here (why in err). Until conceal no frame is drawn. */
    bool (*reveal)(void *user, struct ht_rect box, const struct ht_secret *secret, struct ht_err *err);
    void (*conceal)(void *user); /* takes it off the screen for good; called only while it is shown */
    /* Into the clipboard; *ret_how says by which way. */
    bool (*copy)(void *user, const struct ht_secret *secret, const char **ret_how, struct ht_err *err);
    /* The same for text that is no secret. */
    bool (*copy_text)(void *user, const char *text, size_t len, const char **ret_how, struct ht_err *err);
    /* Gives the terminal to a program (its words separated by blanks) that shows a copy of the text, and waits. */
    bool (*show_outside)(void *user, const char *program, const char *text, size_t len, struct ht_err *err);
    void (*redraw)(void *user);      /* everything anew at the next frame */
    void (*suspend)(void *user);     /* back to the shell until it brings us back */
    void (*flush_input)(void *user); /* forget keys typed ahead */
};

/* What the keys go to. */
enum ht_input {
    HT_INPUT_KEYS,
    HT_INPUT_FILTER,
    HT_INPUT_SEARCH,
    HT_INPUT_COMMAND,
    HT_INPUT_WORD,
    HT_INPUT_PATH,
    HT_INPUT_COPY,
    HT_INPUT_NARROW,
    HT_INPUT_EXCLUDE,
    HT_INPUT_EXPORT
};

enum ht_flash_kind { HT_FLASH_INFO, HT_FLASH_WAIT, HT_FLASH_ERROR };

struct ht_message {
    int64_t at_us; /* the database's time, 0 = not known yet */
    enum ht_flash_kind kind;
    char text[512];
};

/* A screen that can be opened again. */
struct ht_place {
    bool known;
    enum ht_screen_id screen, root; /* root: of the first level, which it lay on */
    struct ht_uuid id;
    char crumb[96];
    int tab;
};

/* The way back from a change: what to ask for. */
struct ht_undo {
    const char *verb; /* static; NULL: there is none */
    enum ht_request_kind request;
    struct ht_uuid id, tenant;
    int state;
    int64_t until;                   /* what is given back lasts until then (the database's time); 0: not at all */
    struct ht_subscribed subscribed; /* of an endpoint that was edited; owned, of ht_app.undo alone */
};
#define HT_UNDO_US 60000000LL

/* A write on its way. */
struct ht_write {
    uint64_t ticket; /* 0: free */
    const char *verb;
    char subject[96];
    struct ht_undo undo; /* set by whoever posted it, when it can be taken back */
};

struct ht_app {
    const struct ht_tui_options *o;
    const struct ht_terminal *term;
    struct ht_theme theme;
    char theme_name[256]; /* what it was loaded by; "" = the default */
    struct ht_canvas canvas;
    int64_t now_us;
    bool quit;
    bool dirty;  /* something to draw */
    bool urgent; /* ... at once: a key was pressed, what it asked for came, the size changed */

    /* screens: roots are kept while others are open; stack[0] is one of them */
    struct ht_screen *roots[HT_SCREEN_COUNT];
    struct ht_screen *stack[HT_STACK_MAX];
    size_t depth;
    uint32_t hidden[HT_SCREEN_COUNT]; /* columns not wanted, by bit */
    struct ht_place before;           /* what ht_app_before goes to */
    struct ht_place came_from;        /* where the list on top was opened from, and Back leads to */
    struct ht_place ahead[HT_STACK_MAX];
    size_t n_ahead; /* left by going back, from the screen on top, the next to open again last */
    uint64_t last_serial, last_ticket;

    /* the database */
    enum ht_link_state link;
    int64_t link_since_us, retry_at_us; /* on our clock */
    char link_why[256];
    int32_t took_ms;
    int64_t db_now, db_now_at_us; /* the database's time, and when we learnt it */
    struct ht_whoami who;
    bool who_known;
    struct ht_engine_figures figures;
    char *elsewhere; /* exceptions of other workers' machines to the address guard; NULL: none */

    /* what is being asked of the user, what was said to him */
    struct ht_dialog *dialog;
    enum ht_input input;
    struct ht_prompt prompt;
    char input_label[64];
    char *offer;                                 /* what Tab offers, each with a line end; owned, NULL: nothing */
    char *commands[HT_COMMANDS_MAX];             /* what was typed after `:`, the newest last */
    size_t n_commands, command_at;               /* command_at: the one being shown */
    struct ht_message messages[HT_MESSAGES_MAX]; /* a ring */
    size_t n_messages;                           /* ever */
    bool flash;                                  /* the newest message is shown in the status line */
    struct ht_write writes[HT_WRITES_MAX];
    struct ht_undo undo; /* of the last change that can be taken back, until undo_until */
    int64_t undo_until;
    char undo_subject[96];
    uint64_t who_ticket;
    int64_t drawn_second; /* of the clock in the last frame */
    bool absolute_times;
    int64_t age_now, age_at_us, age_data_at; /* what ages are counted to: in lists it moves in steps */
    bool quitting;                           /* being asked whether to leave */
    bool secret_shown;                       /* a secret stands on the terminal: no frame until it is gone */
    int64_t conceal_at;                      /* when it goes */
    bool theme_changed;                      /* whoever paints takes the new one */
    bool pasting;
    int pointer_row, pointer_col; /* where the mouse is, when its key comes */
    int64_t clicked_at;           /* the last click on a row, for the second one */
    int clicked_row;
};

void ht_app_init(struct ht_app *app, const struct ht_tui_options *o, const struct ht_terminal *term, int64_t now_us);
void ht_app_fini(struct ht_app *app);

/* Drive it: a key, everything in the inbox, what time brings; then draw when `dirty`. */
void ht_app_key(struct ht_app *app, int32_t key);
void ht_app_take(struct ht_app *app);
void ht_app_step(struct ht_app *app);
/* When ht_app_step has something to do next (monotonic), INT64_MAX: only when a key or a reply comes. */
int64_t ht_app_due_us(const struct ht_app *app);
void ht_app_draw(struct ht_app *app);
void ht_app_resize(struct ht_app *app, int rows, int cols);
/* The terminal is taken away for a while or for good: hides what may not stay visible. */
void ht_app_conceal(struct ht_app *app);

/* For screens and actions ------------------------------------------------------------------------------------------ */
struct ht_screen *ht_app_top(struct ht_app *app);
/* Posts a request for a page; its reply goes to the screen. False: not now; the request is freed. */
bool ht_app_ask(struct ht_app *app, struct ht_screen *s, struct ht_request *r);
/* Posts a write or an errand; its outcome becomes a flash (or a screen). `verb` (static) and `subject` name it:
 * "redeliver", "..1a2b3c4d". The write on its way, for its `undo`, or NULL when it could not be posted. */
struct ht_write *ht_app_write(struct ht_app *app, struct ht_mailbox *box, struct ht_request *r, const char *verb,
                              const char *subject);
void ht_app_flash(struct ht_app *app, enum ht_flash_kind kind, const char *fmt, ...) HT_PRINTF(3, 4);
const struct ht_message *ht_app_message(const struct ht_app *app); /* the last; what is flashed, if anything is */
void ht_app_flash_err(struct ht_app *app, const struct ht_err *err);
void ht_app_open_dialog(struct ht_app *app, struct ht_dialog *d); /* takes it */
void ht_app_act(struct ht_app *app, enum ht_action_id action);
/* Whether an action is bound here and now; *ret_why (may be NULL) says why not, for a flash. */
bool ht_app_may(const struct ht_app *app, const struct ht_action *a, const char **ret_why);
/* Asks for a line at the bottom; Enter gives it to the screen's `line`. */
void ht_app_ask_line(struct ht_app *app, enum ht_input input, const char *label, const char *initial);

/* The database's time now, as far as known; 0 before the first answer. */
int64_t ht_app_db_now(const struct ht_app *app);
/* What is shown may not be so any more, or is of another filter than the one in force: it is greyed. */
bool ht_app_stale(const struct ht_app *app, const struct ht_screen *s);

/* nav.c: opens a screen on top; NULL when the stack is full. */
struct ht_screen *ht_app_open(struct ht_app *app, enum ht_screen_id id, const struct ht_uuid *subject);
void ht_app_switch(struct ht_app *app, enum ht_screen_id root); /* to a screen of the first level */
void ht_app_back(struct ht_app *app);
void ht_app_before(struct ht_app *app); /* what was shown before this screen, also when it was closed since */
/* The list `root`, to be filtered for what is on top, and from there back to it: false when it was not opened so. */
void ht_app_drill(struct ht_app *app, enum ht_screen_id root);
bool ht_app_return(struct ht_app *app);
void ht_app_forward(struct ht_app *app); /* what ht_app_back left, until something else is opened */
void ht_app_close_all(struct ht_app *app);

/* chrome.c: everything around a screen's body. */
void ht_chrome_draw(struct ht_app *app);
/* act.c: ping, rotate, pause, disable, redeliver, cancel, on what is under the cursor; false: not one of them. */
bool ht_act_on_subject(struct ht_app *app, enum ht_action_id action);
/* ... and what became of it: a flash, or a screen. Takes parts of the reply. */
void ht_act_outcome(struct ht_app *app, struct ht_reply *reply, const struct ht_write *write);
/* narrow.c: asks which value of the row the filter takes; the key that answers. */
void ht_narrow_ask(struct ht_app *app, enum ht_action_id action);
void ht_narrow_key(struct ht_app *app, int32_t key);
/* undo.c: the way back to a state, or to (not) being subscribed; offers it once the change is done, for HT_UNDO_US, and
 * says so, as the end of a sentence; asks whether to go it. */
struct ht_undo ht_undo_state(const struct ht_uuid *endpoint, enum ht_endpoint_status was);
struct ht_undo ht_undo_subscription(const struct ht_uuid *endpoint, bool was_on);
const char *ht_undo_offer(struct ht_app *app, const struct ht_write *done, struct ht_reply *reply);
void ht_undo_forget(struct ht_app *app);
void ht_undo_ask(struct ht_app *app);
/* export.c: asks for a file's name; writes the list to it. */
void ht_export_ask(struct ht_app *app);
void ht_export_to(struct ht_app *app, const char *text);
/* sort.c: asks by which column the list is sorted; sorts by it, or, sorted by it already, the other way round: by its
 * word, or by the title of the column that is clicked. */
void ht_sort_ask(struct ht_app *app);
void ht_sort_by(struct ht_app *app, const char *name);
void ht_sort_click(struct ht_app *app, const char *title);
char *ht_sort_words(struct ht_app *app); /* its orders, each with a line end after it; free() */
/* ... whether the filter names an order, which for a list by time may be the oldest first; the filter without anything
 * but its order; marks the column. */
bool ht_sort_given(const struct ht_screen *s, bool *ret_oldest_first);
void ht_sort_alone(const struct ht_screen *s, char *ret, size_t size);
void ht_sort_mark(const struct ht_screen *s, struct ht_list_rows *rows);
/* columns.c: asks which columns the screen's list shows. */
void ht_columns_ask(struct ht_app *app);
/* copy.c: asks what to copy; the key that answers; the text of the screen to $PAGER or $EDITOR. */
void ht_copy_ask(struct ht_app *app);
void ht_copy_key(struct ht_app *app, int32_t key);
void ht_outside_show(struct ht_app *app, enum ht_action_id action);
/* screen_deliveries.c: the log of one endpoint, or by any filter. */
void ht_log_of_endpoint(struct ht_app *app, const struct ht_endpoint *e);
void ht_log_filtered(struct ht_app *app, const char *filter);
/* screen_result.c: a screen with a text, empty so far; NULL when the stack is full. */
struct ht_doc *ht_result_open(struct ht_app *app, const char *crumb);
/* screen_reveal.c: the one showing of a new secret, which it takes out of the reply. */
void ht_reveal_open(struct ht_app *app, struct ht_reply *reply, const char *subject);
/* command.c: takes another theme, or the same again after its file changed; with a mistake in it the old one stays. */
void ht_app_theme(struct ht_app *app, const char *name);
/* The `:` line. Its parts: the screen of the first level of this name, or HT_SCREEN_COUNT; the filter of the screen. */
enum ht_screen_id ht_screen_named(const char *name);
void ht_app_filter(struct ht_app *app, const char *text);
/* view.c: what follows `:view`: NAME, save NAME, remove NAME, or nothing, which lists them; the words that may
 * follow, each with a line end after it; free(). */
void ht_view_command(struct ht_app *app, const char *rest);
char *ht_view_words(struct ht_app *app, bool names_only);
void ht_command_run(struct ht_app *app, const char *line);
/* Up and Down in it: what was typed before. */
void ht_command_recall(struct ht_app *app, bool older);
/* Completes the word under the cursor. */
void ht_command_complete(struct ht_app *app, struct ht_prompt *p);
/* complete.c: from byte `from` to the cursor, by words with a line end behind each; `after` follows when only one fits.
 * Several are offered: shown until the next key, in rows of the screen from `top` on and above `bottom`. */
void ht_complete(struct ht_app *app, struct ht_prompt *p, size_t from, const char *words, const char *after);
#define HT_OFFER_NONE "nothing that may stand here begins so"
void ht_offer(struct ht_app *app, const char *words); /* NULL: nothing any more */
void ht_offer_draw(const struct ht_app *app, struct ht_canvas *c, int top, int bottom);
/* ... a field of a filter that begins at byte `from`, or one of a field's values. */
void ht_complete_filter(struct ht_app *app, enum ht_filter_list list, struct ht_prompt *p, size_t from);
/* mouse.c: HT_KEY_WHEEL_UP to HT_KEY_CLICK, with what the last frame drew where the pointer is. */
void ht_mouse_key(struct ht_app *app, int32_t key);

#endif
