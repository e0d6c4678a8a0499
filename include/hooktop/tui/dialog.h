/* Questions before something changes, in three levels:
 *   1  one line at the bottom, y or anything else
 *   2  a dialog with what it is about; the focus is on Cancel, and marked by characters: [>Cancel<]
 *   3  the same, and a word to type
 * In an environment marked production every level is one higher, and a reason is asked.
 * For HT_DIALOG_DEAF_US after it opened a dialog hears nothing, so that keys typed ahead cannot answer it.
 *
 * A dialog is built by its opener, answered by keys, and calls `done` once; then its owner frees it. The UI's thread.
 */
#ifndef HOOKTOP_TUI_DIALOG_H
#define HOOKTOP_TUI_DIALOG_H

#include "hooktop/base/uuid.h"
#include "hooktop/model/replay.h"
#include "hooktop/tui/canvas.h"
#include "hooktop/tui/prompt.h"

#define HT_DIALOG_FIELDS_MAX  16
#define HT_DIALOG_OPTIONS_MAX 12
#define HT_DIALOG_DEAF_US     300000

struct ht_app;

enum ht_field_kind {
    HT_FIELD_INFO,   /* label and value */
    HT_FIELD_NOTE,   /* a sentence, wrapped */
    HT_FIELD_CHOICE, /* one of several */
    HT_FIELD_CHECK,  /* yes or no, in one row */
    HT_FIELD_TEXT,   /* typed */
    HT_FIELD_NUMBER, /* typed, 0 or more */
    HT_FIELD_TYPED,  /* must be typed exactly like `value` */
};

struct ht_field {
    enum ht_field_kind kind;
    const char *label;
    char *value; /* owned */
    const char *options[HT_DIALOG_OPTIONS_MAX];
    int n_options, chosen;
    struct ht_prompt *line; /* owned; what is typed */
};

struct ht_dialog {
    int level;
    char title[160];  /* level 1: the question */
    const char *verb; /* the button that does it; NULL: nothing can be done here, only closed */
    struct ht_field fields[HT_DIALOG_FIELDS_MAX];
    int n_fields;
    int focus;        /* index into what can have the focus: input fields, then Cancel, then the verb */
    bool enter_takes; /* Enter in a field answers yes: for what changes nothing but the view */
    int64_t opened_at;
    bool armed; /* hears keys; set by the app when HT_DIALOG_DEAF_US have passed */
    char complaint[128];
    /* what `done` needs; nothing of the list it came from but ids */
    int action;
    int wanted, was; /* states */
    struct ht_uuid id, tenant;
    int32_t generation;
    char subject[96];
    struct ht_replay_what replay;
    struct ht_uuid *ids; /* or these deliveries; owned */
    size_t n_ids;
    struct ht_replay_what *groups; /* or these; owned */
    size_t n_groups;
    int64_t count;
    int64_t asked_at; /* the database's time when it opened; 0: not known */
    /* After every key that changed a field, so that what follows from it can be shown; may be NULL. */
    void (*changed)(struct ht_dialog *d);
    void (*done)(struct ht_app *app, struct ht_dialog *d, bool yes);
};

struct ht_dialog *ht_dialog_new(int level, const char *verb, const char *title_fmt, ...) HT_PRINTF(3, 4);
void ht_dialog_free(struct ht_dialog *d);
void ht_dialog_info(struct ht_dialog *d, const char *label, const char *value);
void ht_dialog_note(struct ht_dialog *d, const char *fmt, ...) HT_PRINTF(2, 3);
void ht_dialog_choice(struct ht_dialog *d, const char *label, const char *const *options, int n, int chosen);
void ht_dialog_check(struct ht_dialog *d, const char *label, bool on); /* ht_dialog_chosen: 1 when on */
void ht_dialog_text(struct ht_dialog *d, const char *label, const char *initial);
void ht_dialog_number(struct ht_dialog *d, const char *label, const char *initial);
void ht_dialog_typed(struct ht_dialog *d, const char *label, const char *expected);

/* By the field's label: the chosen option (0 when there is no such field), the typed text (NULL when there is none). */
int ht_dialog_chosen(const struct ht_dialog *d, const char *label);
/* Another text for an information that is there. */
void ht_dialog_set(struct ht_dialog *d, const char *label, const char *value);
const char *ht_dialog_input(const struct ht_dialog *d, const char *label);

bool ht_dialog_typing(const struct ht_dialog *d); /* a text field has the focus */

enum ht_answer { HT_ANSWER_NONE, HT_ANSWER_NO, HT_ANSWER_YES };
enum ht_answer ht_dialog_key(struct ht_dialog *d, int32_t key);
/* Level 1 draws into the row given by `line`; the others in the middle of `area`. */
void ht_dialog_draw(const struct ht_dialog *d, struct ht_canvas *c, struct ht_rect area, int line);

#endif
