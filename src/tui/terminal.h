/* The terminal: starting and stopping curses, signals, keys, frames. Private to tui; the only files that see curses are
 * the ones that include <curses.h>. One terminal at a time, on the UI's thread. */
#ifndef HOOKTOP_TUI_TERMINAL_H
#define HOOKTOP_TUI_TERMINAL_H

#include <signal.h>
#include <termios.h>

#include "hooktop/base/secret.h"
#include "hooktop/tui/canvas.h"
#include "hooktop/tui/theme.h"

struct ht_term {
    int signal_fd;
    sigset_t old_mask;
    int saved_stderr; /* where standard error went before; -1: untouched */
    int stderr_file;  /* what it goes to while curses has the screen */
    bool utf8;
    bool started;
    bool no_color;
    int mouse_row, mouse_col; /* of the last key that was the mouse's */
    int colours;              /* 0: attributes alone */
    char note[160];           /* what to tell the user about the terminal, "" = nothing */
    struct ht_cell *last;     /* what the terminal shows */
    int last_rows, last_cols;
    bool redraw;
    struct ht_look_cache *looks;
};

HT_MUST_CHECK enum ht_rc ht_term_start(struct ht_term *t, bool no_color, bool mouse, struct ht_err *err);
void ht_term_stop(struct ht_term *t); /* also for a struct of zeros that was never started */
void ht_term_size(int *ret_rows, int *ret_cols);
void ht_term_resize(struct ht_term *t, int rows, int cols);
void ht_term_leave(struct ht_term *t);   /* the terminal as it was before us, until ht_term_resume */
void ht_term_suspend(struct ht_term *t); /* returns when we are back */
void ht_term_resume(struct ht_term *t);  /* after others may have changed the terminal's modes */
/* The next key, or HT_KEY_NONE. Does not wait but for the rest of an escape sequence. */
int32_t ht_term_key(struct ht_term *t);
void ht_term_flush_input(void);
bool ht_term_writable(void);

/* paint.c: makes the terminal show the canvas. */
void ht_paint(struct ht_term *t, const struct ht_canvas *c, const struct ht_theme *theme);
void ht_paint_forget(struct ht_term *t); /* everything is drawn anew at the next frame */
void ht_paint_theme(struct ht_term *t);  /* the theme is another one */
void ht_paint_fini(struct ht_term *t);

/* reveal.c: a secret straight onto the terminal. */
bool ht_term_reveal(struct ht_term *t, struct ht_rect box, const struct ht_secret *secret, struct ht_err *err);
void ht_term_conceal(struct ht_term *t);

#endif
