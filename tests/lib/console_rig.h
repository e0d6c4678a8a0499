/* The console without a terminal: an app, its mailboxes, and replies of console_data.c. Keys go in as text, screens
 * come out as text, time is what the test says. */
#ifndef HT_CONSOLE_RIG_H
#define HT_CONSOLE_RIG_H

#include "console_data.h"
#include "hooktop/tui/app.h"

struct ht_rig {
    struct ht_app app;
    struct ht_tui_options options;
    struct ht_terminal terminal;
    struct ht_data data;
    struct ht_mailbox *loader, *errands, *inbox;
    bool silent;             /* requests stay unanswered */
    struct ht_request *last; /* the newest write or errand; owned by the rig */
    int asked[HT_REQ_KIND_COUNT];
    /* what the terminal was told to do */
    int reveals, conceals, copies, redraws, suspends, flushes;
    bool refuse_reveal;
    char copied[4096], outside[4096]; /* what went to the clipboard, and to which program */
};

void ht_rig_init(struct ht_rig *r, int rows, int cols); /* connected, first screen answered */
void ht_rig_start(struct ht_rig *r, int rows,
                  int cols); /* the same, not connected yet; options and data stay as they are */
void ht_rig_fini(struct ht_rig *r);
/* Answers what was asked until nothing more is, then lets time's work be done. */
void ht_rig_pump(struct ht_rig *r);
void ht_rig_keys(struct ht_rig *r, const char *keys); /* each character a key */
void ht_rig_key(struct ht_rig *r, int32_t key);
void ht_rig_pass(struct ht_rig *r, int64_t ms);
void ht_rig_post(struct ht_rig *r, struct ht_reply *reply);
/* The frame as text; free(). */
char *ht_rig_screen(struct ht_rig *r);
/* Whether the frame holds this text. */
bool ht_rig_shows(struct ht_rig *r, const char *text);
/* One row of the frame, from 0, negative: from the end; free(). */
char *ht_rig_row(struct ht_rig *r, int row);

/* For cmocka: a rig of 24x80 in *state. */
int ht_rig_setup(void **state);
int ht_rig_teardown(void **state);
#define HT_RIG_TEST(name) cmocka_unit_test_setup_teardown(name, ht_rig_setup, ht_rig_teardown)
/* Fails with the whole screen, and the caller's line. */
void ht_rig_expect(struct ht_rig *r, const char *text, bool wanted, int line);
#define SHOWS(rig, text) ht_rig_expect(rig, text, true, __LINE__)
#define HIDES(rig, text) ht_rig_expect(rig, text, false, __LINE__)

#endif
