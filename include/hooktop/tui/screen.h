/* Screens: one file each and one line in HT_SCREENS. A screen keeps its own state, draws into the rectangle it is
 * given, says what it has (so that the table of actions knows what works), and asks for its data when `fetch` is
 * called. All calls on the UI's thread; nothing in a screen waits.
 */
#ifndef HOOKTOP_TUI_SCREEN_H
#define HOOKTOP_TUI_SCREEN_H

#include "hooktop/model/message.h"
#include "hooktop/tui/canvas.h"
#include "hooktop/tui/filter_line.h"
#include "hooktop/tui/keys.h"
#include "hooktop/tui/list.h"

/* The order of the first-level ones gives them their number keys. */
#define HT_SCREENS(X)                                                                                                  \
    X(ENDPOINTS, ht_screen_endpoints)                                                                                  \
    X(DELIVERIES, ht_screen_deliveries)                                                                                \
    X(FAILURES, ht_screen_failures)                                                                                    \
    X(TYPES, ht_screen_types)                                                                                          \
    X(WORKERS, ht_screen_workers)                                                                                      \
    X(AUDIT, ht_screen_audit)                                                                                          \
    X(SECRETS, ht_screen_secrets)                                                                                      \
    X(EVENTS, ht_screen_events)                                                                                        \
    X(REPLAYS, ht_screen_replays)                                                                                      \
    X(ENDPOINT, ht_screen_endpoint)                                                                                    \
    X(DELIVERY, ht_screen_delivery)                                                                                    \
    X(EVENT, ht_screen_event)                                                                                          \
    X(REPLAY, ht_screen_replay)                                                                                        \
    X(TYPE, ht_screen_type)                                                                                            \
    X(FORM, ht_screen_form)                                                                                            \
    X(RESULT, ht_screen_result)                                                                                        \
    X(PROBED, ht_screen_probed)                                                                                        \
    X(REVEAL, ht_screen_reveal)                                                                                        \
    X(HELP, ht_screen_help)                                                                                            \
    X(MESSAGES, ht_screen_messages)

#define HT_SCREEN_ENUM(id, class) HT_SCREEN_##id,
enum ht_screen_id { HT_SCREENS(HT_SCREEN_ENUM) HT_SCREEN_COUNT };

struct ht_app;
struct ht_doc;
struct ht_screen;

/* What is under the cursor. */
struct ht_subject {
    struct ht_uuid id;
    /* Borrowed until the next reply; NULL: none. Where a key is under the cursor that is a tenant's, its id is nil. */
    const struct ht_endpoint *endpoint;
    const struct ht_delivery *delivery;
    int32_t attempt; /* of it, by its number; 0: none */
    const struct ht_subscription *subscription;
    const struct ht_secret_meta *secret; /* a generation of what signs for the endpoint */
    const struct ht_failure_group *group;
    const struct ht_replay *replay;
    struct ht_uuid event; /* nil: none */
};

struct ht_screen_class {
    const char *name;  /* the command word: "endpoints" */
    const char *title; /* "Endpoints" */
    unsigned has;      /* enum ht_has */
    bool root;         /* of the first level: has a number key */
    size_t state_size;
    enum ht_filter_list list;        /* with HT_HAS_FILTER */
    const struct ht_column *columns; /* of its list, for HT_ACT_COLUMNS; NULL: all are always shown */
    size_t n_columns;

    /* all but draw may be NULL */
    unsigned (*has_now)(const struct ht_screen *s); /* of `has`, what is there on the current tab */
    void (*open)(struct ht_app *app, struct ht_screen *s);
    void (*close)(struct ht_app *app, struct ht_screen *s);
    void (*draw)(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r);
    /* false: not handled. */
    bool (*act)(struct ht_app *app, struct ht_screen *s, enum ht_action_id action);
    /* Posts the request the screen needs now through ht_app_ask. */
    void (*fetch)(struct ht_app *app, struct ht_screen *s);
    /* A reply to it (not an error); the screen may take parts, leaving zeros. */
    void (*reply)(struct ht_app *app, struct ht_screen *s, struct ht_reply *reply);
    /* Something in the database changed; NULL: fetch again, at most every HT_SCREEN_REFRESH_US. */
    void (*changed)(struct ht_app *app, struct ht_screen *s);
    /* With HT_HAS_SORT, where the filter has no order: the list on the screen with its columns; sorts its rows. */
    struct ht_list *(*shown)(const struct ht_screen *s, const struct ht_column **ret, size_t *ret_n);
    void (*sort)(struct ht_app *app, struct ht_screen *s);
    bool (*subject)(struct ht_screen *s, struct ht_subject *ret);
    /* Why an action that changes something cannot be done with what is under the cursor; NULL: it can. */
    const char *(*why_not)(struct ht_screen *s, enum ht_action_id action);
    /* The line above the hints when nothing was said. */
    void (*status)(struct ht_app *app, struct ht_screen *s, char *ret, size_t size);
    /* A line that ht_app_ask_line asked for. */
    void (*line)(struct ht_app *app, struct ht_screen *s, const char *text);
    /* Time: when it wants `step` next. */
    int64_t (*due)(const struct ht_screen *s);
    void (*step)(struct ht_app *app, struct ht_screen *s);
    /* Asked to leave: false keeps it open (it has asked something). */
    bool (*may_close)(struct ht_app *app, struct ht_screen *s);
    /* Something is being typed in it: what a terminal pastes is text for it. */
    bool (*typing)(const struct ht_screen *s);
    /* Any key at all, before it becomes an action; true: swallowed. */
    bool (*key)(struct ht_app *app, struct ht_screen *s, int32_t key);
};

#define HT_SCREEN_REFRESH_US 2000000

struct ht_screen {
    const struct ht_screen_class *class;
    enum ht_screen_id screen_id;
    uint64_t serial;
    struct ht_uuid id;            /* what a detail is of */
    char crumb[96];               /* its name in the title; "" = the class's title */
    uint64_t ticket;              /* the request that is out; 0: none */
    int tab;                      /* with HT_HAS_TABS; stays when going to the next item */
    int64_t fetch_at;             /* when to fetch (monotonic); INT64_MAX: not wanted */
    int64_t data_at;              /* when data last came; 0: never */
    struct ht_err failed;         /* why the last fetch failed */
    struct ht_filter_line filter; /* with HT_HAS_FILTER */
    int64_t asked_at;             /* when the request that is out, or was last, went out */
    char shown[HT_PROMPT_MAX];    /* the filter that what is shown was fetched with */
    bool behind;                  /* that is another than the one in force, and is to be seen */
    bool slow;                    /* what is out takes long enough to be told */
    struct ht_marks marks;        /* with HT_HAS_MARKS */
    struct ht_doc *doc;           /* the text that HT_HAS_TEXT actions work on; owned by the state */
    void *state;
};

extern const struct ht_screen_class *const ht_screens[HT_SCREEN_COUNT];
#define HT_SCREEN_EXTERN(id, class) extern const struct ht_screen_class class;
HT_SCREENS(HT_SCREEN_EXTERN)

/* The screen's data is wanted again, at the earliest in delay_us. */
void ht_screen_refresh(struct ht_app *app, struct ht_screen *s, int64_t delay_us);
/* What it asked for is no longer wanted: the loader need not go on with it, and a late reply is ignored. */
void ht_screen_forget(struct ht_app *app, struct ht_screen *s);
/* What is shown was fetched with another filter than the one in force; still so while its reply is taken. */
bool ht_screen_refiltered(const struct ht_screen *s);
/* Esc ends what it asked for and takes long, and stays; elsewhere Esc leaves. */
bool ht_screen_searches(const struct ht_app *app, const struct ht_screen *s);
unsigned ht_screen_has(const struct ht_screen *s);

#endif
