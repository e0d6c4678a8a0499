/* Keys and actions. Every key is a named action and every action is a `:` command: the one table below makes the key
 * map, the hint line, the help screen and the completion of the command line.
 *
 * An action applies where the screen has what it needs (`needs`, all of them): a screen says what it has, and every
 * action that fits works there. Actions that change something carry the role they need; without it, or with
 * --readonly, they are neither bound nor shown. Constant data.
 */
#ifndef HOOKTOP_TUI_KEYS_H
#define HOOKTOP_TUI_KEYS_H

#include <stdint.h>
#include "hooktop/base/err.h"

/* A key: a Unicode character (control characters as themselves), or one of these. */
enum ht_key {
    HT_KEY_NONE = 0,
    HT_KEY_CTRL_C = 3,
    HT_KEY_TAB = 9,
    HT_KEY_ENTER = 13,
    HT_KEY_ESC = 27,
    HT_KEY_SPACE = 32,
    HT_KEY_BACKSPACE = 127,
    HT_KEY_NAMED = 0x110000, /* beyond Unicode */
    HT_KEY_UP,
    HT_KEY_DOWN,
    HT_KEY_LEFT,
    HT_KEY_RIGHT,
    HT_KEY_HOME,
    HT_KEY_END,
    HT_KEY_PAGE_UP,
    HT_KEY_PAGE_DOWN,
    HT_KEY_SHIFT_TAB,
    HT_KEY_DELETE,
    HT_KEY_INSERT,
    HT_KEY_F1, /* F1 to F12 follow each other */
    HT_KEY_F12 = HT_KEY_F1 + 11,
    HT_KEY_PASTE_BEGIN,
    HT_KEY_PASTE_END,
    HT_KEY_WHEEL_UP, /* of the mouse, at app.pointer_row and _col */
    HT_KEY_WHEEL_DOWN,
    HT_KEY_CLICK,
    HT_KEY_UNKNOWN, /* a sequence without a meaning here */
};
#define HT_CTRL(letter) ((letter)&0x1f)

/* What a screen has, for actions to work on: one bit each, numbered by the place in this list. */
#define HT_HAVES(X)                                                                                                    \
    X(LIST) /* rows */                                                                                                 \
    X(TEXT) /* a text to scroll and to search */                                                                       \
    X(TABS)                                                                                                            \
    X(FILTER)                                                                                                          \
    X(FOLLOW)   /* what is new comes to the end */                                                                     \
    X(OPEN)     /* Enter opens what is under the cursor */                                                             \
    X(SIBLINGS) /* previous and next item of the list it was opened from */                                            \
    X(ENDPOINT) /* an endpoint is under the cursor */                                                                  \
    X(DELIVERY) /* a delivery is under the cursor */                                                                   \
    X(REVEAL)   /* a secret shown once */                                                                              \
    X(RELOAD)                                                                                                          \
    X(ROWS)    /* something to move through: a list or a text */                                                       \
    X(AGES)    /* times that can be shown as age */                                                                    \
    X(KEY)     /* what signs is known: the endpoint's secret, or its tenant's key */                                   \
    X(SECRET)  /* one generation of it is under the cursor */                                                          \
    X(OLD)     /* a generation that the receiver no longer needs is shown */                                           \
    X(MARKS)   /* rows that can be marked */                                                                           \
    X(COLUMNS) /* columns that can be left out */                                                                      \
    X(ADD)     /* a list that can be added to */                                                                       \
    X(REMOVE)  /* what is under the cursor can be removed */                                                           \
    X(LIKE)    /* rows whose values can become terms of the filter */                                                  \
    X(GROUP)   /* deliveries that fail alike are under the cursor */                                                   \
    X(REPLAY)  /* a bulk redelivery is under the cursor */                                                             \
    X(EVENT)   /* what is under the cursor belongs to an event */                                                      \
    X(BODY)    /* a body that can be shown in several ways */                                                          \
    X(SORT)    /* a list that can be ordered */                                                                        \
    X(EXPORT)  /* a list that can become a file */                                                                     \
    X(COMMAND) /* the command line and the number keys: all but what must be finished first */
enum ht_has_bit {
#define HT_HAS_BIT(name) HT_HAS_BIT_##name,
    HT_HAVES(HT_HAS_BIT)
#undef HT_HAS_BIT
        HT_HAS_BITS
};
enum ht_has {
#define HT_HAS_ONE(name) HT_HAS_##name = 1 << HT_HAS_BIT_##name,
    HT_HAVES(HT_HAS_ONE)
#undef HT_HAS_ONE
};
_Static_assert(HT_HAS_BITS < 31, "a screen's haves fit an int");

enum ht_right { HT_RIGHT_VIEW, HT_RIGHT_OPERATE, HT_RIGHT_ADMIN };

enum ht_group { HT_GROUP_MOVE, HT_GROUP_LOOK, HT_GROUP_CHANGE, HT_GROUP_GO, HT_GROUP_COUNT };

/*   id            name             keys                        needs                     group   right    hint help
 * `name` is the command word; `hint` the words in the hint line ("" = not shown there). */
#define HT_ACTIONS(X)                                                                                                  \
    X(UP, "up", "k Up", HT_HAS_ROWS, MOVE, VIEW, "", "one row up")                                                     \
    X(DOWN, "down", "j Down", HT_HAS_ROWS, MOVE, VIEW, "", "one row down")                                             \
    X(PAGE_UP, "page-up", "PgUp ^B", HT_HAS_ROWS, MOVE, VIEW, "", "one page up")                                       \
    X(PAGE_DOWN, "page-down", "PgDn ^F", HT_HAS_ROWS, MOVE, VIEW, "", "one page down")                                 \
    X(HALF_UP, "half-up", "^U", HT_HAS_ROWS, MOVE, VIEW, "", "half a page up")                                         \
    X(HALF_DOWN, "half-down", "^D", HT_HAS_ROWS, MOVE, VIEW, "", "half a page down")                                   \
    X(FIRST, "first", "g Home", HT_HAS_ROWS, MOVE, VIEW, "", "to the beginning")                                       \
    X(LAST, "last", "G End", HT_HAS_ROWS, MOVE, VIEW, "", "to the end; the log then follows")                          \
    X(LEFT, "left", "h Left", HT_HAS_TEXT, MOVE, VIEW, "", "to the left, when not wrapped")                            \
    X(RIGHT, "right", "l Right", HT_HAS_TEXT, MOVE, VIEW, "", "to the right, when not wrapped")                        \
    X(NEXT_TAB, "next-tab", "Tab", HT_HAS_TABS, MOVE, VIEW, "next", "next pane or tab")                                \
    X(PREV_TAB, "previous-tab", "S-Tab", HT_HAS_TABS, MOVE, VIEW, "", "previous pane or tab")                          \
    X(NEXT_ITEM, "next", "]", HT_HAS_SIBLINGS, MOVE, VIEW, "", "next item, without leaving")                           \
    X(PREV_ITEM, "previous", "[", HT_HAS_SIBLINGS, MOVE, VIEW, "", "previous item, without leaving")                   \
    X(OPEN, "open", "Enter", HT_HAS_OPEN, LOOK, VIEW, "open", "open what is under the cursor")                         \
    X(FILTER, "filter", "/", HT_HAS_FILTER, LOOK, VIEW, "filter", "filter as you type; Enter keeps, Esc drops")        \
    X(UNFILTER, "unfilter", "~", HT_HAS_FILTER, LOOK, VIEW, "", "clear the filter; Esc keeps the order")               \
    X(NARROW, "only", "=", HT_HAS_FILTER | HT_HAS_LIKE, LOOK, VIEW, "", "filter: only what is like this row")          \
    X(EXCLUDE, "leave-out", "!", HT_HAS_FILTER | HT_HAS_LIKE, LOOK, VIEW, "", "filter: leave out what is like it")     \
    X(SEARCH, "search", "/", HT_HAS_TEXT, LOOK, VIEW, "search", "search in the text")                                  \
    X(SEARCH_NEXT, "search-next", "n", HT_HAS_TEXT, LOOK, VIEW, "", "next match")                                      \
    X(SEARCH_PREV, "search-previous", "N", HT_HAS_TEXT, LOOK, VIEW, "", "previous match")                              \
    X(WRAP, "wrap", "w", HT_HAS_TEXT, LOOK, VIEW, "wrap", "wrap long lines or cut them")                               \
    X(FOLLOW, "follow", "f", HT_HAS_FOLLOW, LOOK, VIEW, "follow", "follow what is new, or stop following")             \
    X(MARK, "mark", "Space", HT_HAS_MARKS, LOOK, VIEW, "", "mark this row, or unmark it, and go down")                 \
    X(MARK_TO, "mark-to", "m", HT_HAS_MARKS, LOOK, VIEW, "", "mark all rows from the last mark to here")               \
    X(MARK_ALL, "mark-all", "*", HT_HAS_MARKS, LOOK, VIEW, "", "mark all rows that are loaded")                        \
    X(UNMARK, "unmark", "u", HT_HAS_MARKS, LOOK, VIEW, "", "forget all marks; Esc does too")                           \
    X(COLUMNS, "columns", "c", HT_HAS_COLUMNS, LOOK, VIEW, "", "choose the columns")                                   \
    X(SORT, "sort", "s", HT_HAS_SORT, LOOK, VIEW, "sort", "choose the order; the same again turns it")                 \
    X(EXPORT, "export", "x", HT_HAS_EXPORT, LOOK, VIEW, "", "write all that the filter matches to a file")             \
    X(EVIDENCE, "evidence", "x", HT_HAS_DELIVERY | HT_HAS_BODY, LOOK, VIEW, "evidence",                                \
      "this attempt as a text file, with a curl line")                                                                 \
    X(LOG, "log", "d", HT_HAS_ENDPOINT, LOOK, VIEW, "log", "the deliveries of this endpoint")                          \
    X(EVENT, "event", "v", HT_HAS_EVENT, LOOK, VIEW, "event", "its event; why each endpoint got it or not")            \
    X(BODY, "body", "b", HT_HAS_BODY, LOOK, VIEW, "body", "the body laid out, raw, or in hex")                         \
    X(GROUP_BY, "group-by", "b", HT_HAS_GROUP | HT_HAS_FILTER, LOOK, VIEW, "by",                                       \
      "group by endpoint, by error, or by both")                                                                       \
    X(TIME, "time", "t", HT_HAS_AGES, LOOK, VIEW, "", "times as age, or absolute in UTC")                              \
    X(RELOAD, "reload", "r F5", HT_HAS_RELOAD, LOOK, VIEW, "", "fetch again")                                          \
    X(COPY, "copy", "y", HT_HAS_COMMAND, LOOK, VIEW, "", "copy its id, URL or text: tmux, SSH")                        \
    X(PAGER, "pager", "o", HT_HAS_TEXT, LOOK, VIEW, "", "a copy of the text in $PAGER")                                \
    X(EDITOR, "editor", "e", HT_HAS_TEXT, LOOK, VIEW, "", "a copy of the text in $EDITOR")                             \
    X(REVEAL_SHOW, "show", "v", HT_HAS_REVEAL, LOOK, VIEW, "show", "show it for 60 s; any key hides it")               \
    X(REVEAL_COPY, "copy-secret", "y", HT_HAS_REVEAL, LOOK, VIEW, "copy", "copy the secret without showing it")        \
    X(REVEAL_WRITE, "write", "w", HT_HAS_REVEAL, LOOK, VIEW, "write to a file",                                        \
      "write the secret to a new file, mode 0600")                                                                     \
    X(REDELIVER_GROUP, "redeliver-group", "R", HT_HAS_GROUP, CHANGE, OPERATE, "redeliver all",                         \
      "count this group, then redeliver all of it")                                                                    \
    X(ACKNOWLEDGE, "acknowledge", "A", HT_HAS_GROUP, CHANGE, OPERATE, "ack",                                           \
      "say that you look after it, or no longer")                                                                      \
    X(MUTE, "mute", "M", HT_HAS_GROUP, CHANGE, OPERATE, "mute", "to the end of the list for a while")                  \
    X(REPLAY_PAUSE, "pause-replay", "P", HT_HAS_REPLAY, CHANGE, OPERATE, "pause", "pause the replay, or resume it")    \
    X(REPLAY_CANCEL, "cancel-replay", "C", HT_HAS_REPLAY, CHANGE, OPERATE, "cancel",                                   \
      "end the replay; the rest is left as it is")                                                                     \
    X(PING, "ping", "T", HT_HAS_ENDPOINT, CHANGE, OPERATE, "ping", "send the test event and show its answer")          \
    X(DISABLE, "disable", "D", HT_HAS_ENDPOINT, CHANGE, ADMIN, "disable", "disable the endpoint, or enable it again")  \
    X(PAUSE, "pause", "P", HT_HAS_ENDPOINT, CHANGE, OPERATE, "pause", "pause the endpoint, or resume it")              \
    X(ROTATE, "rotate", "K", HT_HAS_KEY, CHANGE, ADMIN, "rotate", "make a new secret and show it once")                \
    X(PROBE, "probe", "V", HT_HAS_SECRET, CHANGE, OPERATE, "probe", "ask whether the receiver has the new secret")     \
    X(PROMOTE, "promote", "O", HT_HAS_SECRET, CHANGE, ADMIN, "promote", "the secret that waits signs now, alone")      \
    X(RETIRE, "retire", "X", HT_HAS_OLD, CHANGE, ADMIN, "end the old one",                                             \
      "after an accepted probe: end the old secret")                                                                   \
    X(ADD, "add", "A", HT_HAS_ADD, CHANGE, ADMIN, "add", "add one to this list")                                       \
    X(EDIT, "edit", "E", HT_HAS_ENDPOINT, CHANGE, ADMIN, "edit", "change its URL, events, limits, headers")            \
    X(UNDO, "undo", "U", HT_HAS_COMMAND, CHANGE, OPERATE, "", "take back the last change, for 60 s")                   \
    X(REMOVE, "remove", "X", HT_HAS_REMOVE, CHANGE, ADMIN, "remove", "remove it, or end it now")                       \
    X(REDELIVER, "redeliver", "R", HT_HAS_DELIVERY, CHANGE, OPERATE, "redeliver", "deliver it to its endpoint again")  \
    X(SNOOZE, "snooze", "Z", HT_HAS_ENDPOINT, CHANGE, OPERATE, "snooze",                                               \
      "failures do not disable it: a while, or ever")                                                                  \
    X(CANCEL, "cancel", "C", HT_HAS_DELIVERY, CHANGE, OPERATE, "cancel", "cancel what is still to be tried of it")     \
    X(BEFORE, "before", "-", HT_HAS_COMMAND, GO, VIEW, "", "the screen before this one, and back")                     \
    X(FORWARD, "forward", "+", HT_HAS_COMMAND, GO, VIEW, "", "open again what was left by going back")                 \
    X(BACK, "back", "q Esc Backspace", 0, GO, VIEW, "back", "back; q quits on the first level")                        \
    X(COMMAND, "command", ":", HT_HAS_COMMAND, GO, VIEW, "cmd", "type an action's name, or a screen's")                \
    X(HELP, "help", "? F1", 0, GO, VIEW, "help", "this page")                                                          \
    X(VIEW, "view", "@", HT_HAS_COMMAND, GO, VIEW, "", "saved views; :view NAME, save, remove NAME")                   \
    X(MESSAGES, "messages", "F9", HT_HAS_COMMAND, GO, VIEW, "", "what the status line said so far")                    \
    X(REDRAW, "redraw", "^L", 0, GO, VIEW, "", "draw everything again")                                                \
    X(SUSPEND, "suspend", "^Z", 0, GO, VIEW, "", "stop, back to the shell")                                            \
    X(QUIT, "quit", "Q F10", 0, GO, VIEW, "", "leave hooktop")

#define HT_ACTION_ENUM(id, ...) HT_ACT_##id,
enum ht_action_id { HT_ACTIONS(HT_ACTION_ENUM) HT_ACT_COUNT };

struct ht_action {
    const char *name;
    const char *keys; /* names separated by blanks; the first is the one that hints show */
    unsigned needs;   /* enum ht_has, all of them */
    enum ht_group group;
    enum ht_right right; /* beyond HT_RIGHT_VIEW: it changes something */
    const char *hint;
    const char *help;
};
extern const struct ht_action ht_actions[HT_ACT_COUNT];

bool ht_action_changes(const struct ht_action *a);
/* The action of a key on a screen that has `has`, or HT_ACT_COUNT. */
enum ht_action_id ht_action_of_key(int32_t key, unsigned has);
/* The action with this command word, or HT_ACT_COUNT. */
enum ht_action_id ht_action_find(const char *name);

/* "j", "PgUp", "^F", "S-Tab", "F5", ...: the key it names, or HT_KEY_NONE. */
int32_t ht_key_parse(const char *name, size_t len);
/* How the key is written; ret at least 16 bytes. */
void ht_key_format(int32_t key, char ret[16]);
/* The i-th key of an action, or HT_KEY_NONE. */
int32_t ht_action_key(const struct ht_action *a, size_t i);

#endif
