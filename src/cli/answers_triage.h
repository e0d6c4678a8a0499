/* What the loader and the errands answer about failures, events and replays: rows of their tables. */
#ifndef HOOKTOP_SRC_CLI_ANSWERS_TRIAGE_H
#define HOOKTOP_SRC_CLI_ANSWERS_TRIAGE_H

#include "console_parts.h"

typedef enum ht_rc ht_answer_fn(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err);

ht_answer_fn ht_answer_failures;
ht_answer_fn ht_answer_events;
ht_answer_fn ht_answer_event;
ht_answer_fn ht_answer_replays;
ht_answer_fn ht_answer_replay;
ht_answer_fn ht_answer_replay_change;
ht_answer_fn ht_answer_mark; /* acknowledged or muted, by the request's kind */
ht_answer_fn ht_answer_unmark;
ht_answer_fn ht_answer_snooze;
/* errands: they may take long */
ht_answer_fn ht_errand_replay_preview;
ht_answer_fn ht_errand_replay_start;

#endif
