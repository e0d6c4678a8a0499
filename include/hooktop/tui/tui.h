/* The console's screen: owns curses, the canvas, the key map, the themes and the screens. Runs on the main thread until
 * the user quits; talks to the rest of the program through two mailboxes it posts to and one it takes from, and through
 * the callbacks below. It never touches a connection and never blocks but in ppoll().
 *
 * Order of calls: block signals in all threads, start loader, errands and engine, then ht_tui_run; it returns when the
 * user quits, the terminal goes away or SIGTERM/SIGHUP comes, with the terminal restored.
 */
#ifndef HOOKTOP_TUI_TUI_H
#define HOOKTOP_TUI_TUI_H

#include "hooktop/base/mailbox.h"
#include "hooktop/model/message.h"

struct ht_profile_facts {
    const char *title;
    const char *summary;
    bool multi_signature;
    bool key_per_tenant;
    bool ping_signed;
    bool needs_verification;
    bool source_filter;
    bool workflows;
    int32_t disable_after_failures; /* of one delivery; 0: only nothing but failures for days does */
    int32_t timeout_ms;
    const int32_t *schedule_s;
    size_t schedule_len;
};

struct ht_tui_options {
    struct ht_mailbox *loader;                                  /* posts struct ht_request */
    struct ht_mailbox *errands;                                 /* posts struct ht_request */
    struct ht_mailbox *inbox;                                   /* takes struct ht_reply */
    void (*figures)(void *user, struct ht_engine_figures *ret); /* a locked copy; called once per frame */
    /* The profile's facts for a screen: whether rotation overlaps, what a ping is, the schedule in words; false:
     * unknown. */
    bool (*profile_facts)(void *user, const char *profile, struct ht_profile_facts *ret);
    /* What is wrong with a draft of an endpoint, line by line; called with every key typed. */
    void (*check_draft)(void *user, const struct ht_draft *d, struct ht_draft_faults *ret);
    void *user;
    const char *theme;         /* a name or a path; NULL = "default" */
    const char *theme_dir;     /* the user's themes, over the embedded ones; may be NULL */
    const char *views;         /* the file of saved views; NULL: none are kept */
    const char *environment;   /* what the title shows before the screen's name: "prod", "local", "demo" */
    const char *exceptions;    /* of this machine to the address guard: a permanent warning; NULL: none */
    int32_t rotate_after_days; /* an active secret that is older is due for rotation; 0: 365 */
    bool readonly;
    bool production;
    int colour;      /* of the first line: ANSI 1 to 6; 0: the theme's */
    bool ascii;      /* no line drawing even where the locale has it */
    bool accessible; /* for screen readers and Braille: no lines, no graphs, the cursor seen, times that stand still */
    bool mouse;      /* asked of the terminal, which then selects text only with Shift */
    bool clock_off;
    bool no_color;
};

/* HT_USAGE: no terminal, an unknown terminal type without a way out, a theme with a mistake (file and line). */
HT_MUST_CHECK enum ht_rc ht_tui_run(const struct ht_tui_options *o, struct ht_err *err);

#endif
