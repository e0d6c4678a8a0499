/* What the questions of act.c and act_key.c share. Private to src/tui. */
#ifndef HOOKTOP_SRC_TUI_ACT_PARTS_H
#define HOOKTOP_SRC_TUI_ACT_PARTS_H

#include "hooktop/tui/chrome.h"

#define HT_REASON_LABEL "Reason"
#define HT_MANY         500 /* marked rows: more are confirmed by typing */

/* A question about `subject`, one level higher in production; fill it, then finish, which opens it. */
struct ht_dialog *ht_act_ask(struct ht_app *app, int level, enum ht_action_id action, const struct ht_uuid *id,
                             const char *subject, const char *verb, const char *title);
/* `reason`: asked for why from level 2 on; in production always. */
void ht_act_finish(struct ht_app *app, struct ht_dialog *d, bool reason);
void ht_act_endpoint_info(struct ht_dialog *d, const struct ht_endpoint *e);
/* The request of an answered question: its ids and the reason typed. */
struct ht_request *ht_act_request(const struct ht_dialog *d, enum ht_request_kind kind);
/* What was sent and answered, as the end of a text. */
void ht_act_add_answer(struct ht_doc *d, const struct ht_ping_result *p);

/* act_key.c: rotate, probe, promote, revoke; false: not one of them. */
bool ht_act_on_key(struct ht_app *app, const struct ht_subject *it, enum ht_action_id action);
void ht_act_show_key(struct ht_app *app, const struct ht_rotated *r, const char *subject);
/* ... the question before a rotation, once what signs is known. */
void ht_act_ask_rotate(struct ht_app *app, const struct ht_signing *k);
/* screen_probed.c: what a probe found, which it takes; and a generation that was ended or promoted since. */
void ht_probed_open(struct ht_app *app, struct ht_probed *p);
void ht_probed_ended(struct ht_app *app, const struct ht_uuid *secret);
/* act_marked.c: the same act on every marked delivery; they are counted first, as a group is. */
void ht_act_marked(struct ht_app *app, const struct ht_marks *m, enum ht_action_id action);
void ht_act_cancel_previewed(struct ht_app *app, struct ht_reply *reply, const char *subject); /* takes its ids */
/* ... all of each marked group, copied. */
void ht_act_marked_groups(struct ht_app *app, const struct ht_replay_what *groups, size_t n);
/* act_snooze.c */
void ht_act_ask_snooze(struct ht_app *app, const struct ht_endpoint *e);
/* act_failures.c: acknowledge, mute; false: not one of them. "http_5xx of Acme billing". */
bool ht_act_on_failures(struct ht_app *app, enum ht_action_id action, const struct ht_failure_group *g);
void ht_act_group_name(const struct ht_failure_group *g, char *ret, size_t size);
/* ... which deliveries a row of the screen of failures stands for. */
struct ht_replay_what ht_act_group_what(const struct ht_app *app, const struct ht_screen *s,
                                        const struct ht_failure_group *g);
/* act_replay.c: all of a group of failures, and replays; false: not one of them. */
bool ht_act_on_replay(struct ht_app *app, enum ht_action_id action, const struct ht_subject *it);
/* ... how long so many take: "about 7s at 10 per second". */
void ht_act_took(int64_t count, double rate, char *ret, size_t size);
/* ... whether what a key was pressed for is being counted already; whether the question that follows can be asked, of
 * somebody who still looks at what has all of `has`; "3 to a paused endpoint" behind what `text` holds, for n > 0. */
bool ht_act_is_counted(const struct ht_app *app, const char *subject);
bool ht_act_can_ask(struct ht_app *app, unsigned has);
bool ht_act_still_marked(const struct ht_app *app, const struct ht_uuid *ids, size_t n); /* these and no others */
void ht_act_add_count(char *text, size_t size, int64_t n, const char *what);
/* ... and the question that a preview was asked for; takes its ids. */
void ht_act_previewed(struct ht_app *app, struct ht_reply *reply, const char *subject);

#endif
