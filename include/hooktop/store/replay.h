/* Bulk redeliveries in the store. As queries.h: one call is one statement, it blocks for the connection's timeout, a
 * change leaves its audit entry. Counting and starting read every delivery of the time named and may take minutes: up
 * to ten. Who advances a replay: the workers, with their heartbeats (sql/035_replay.sql). */
#ifndef HOOKTOP_STORE_REPLAY_H
#define HOOKTOP_STORE_REPLAY_H

#include "hooktop/model/replay.h"
#include "hooktop/store/conn.h"

HT_MUST_CHECK enum ht_rc ht_store_replay_preview(struct ht_conn *c, const struct ht_replay_what *what,
                                                 struct ht_replay_preview *ret, struct ht_err *err);
/* HT_FAILED: nothing matches. */
HT_MUST_CHECK enum ht_rc ht_store_replay_start(struct ht_conn *c, const struct ht_replay_what *what, double rate_per_s,
                                               const char *reason, struct ht_replay_made *ret, struct ht_err *err);
/* Newest first. `tenant` and `before` may be NULL. */
HT_MUST_CHECK enum ht_rc ht_store_replays(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *before,
                                          int32_t limit, struct ht_replays *ret, struct ht_err *err);
/* `id` as text: a UUID or its unambiguous beginning. */
HT_MUST_CHECK enum ht_rc ht_store_replay_find(struct ht_conn *c, const char *id, struct ht_replay *ret,
                                              struct ht_err *err);
/* Running, paused or cancelled; at another rate, 0: as it is. HT_FAILED: it is so already, all of it is queued, or it
 * has ended. What was queued before, at most six seconds' worth, is sent all the same. */
HT_MUST_CHECK enum ht_rc ht_store_replay_change(struct ht_conn *c, const struct ht_replay *r, enum ht_replay_state to,
                                                double rate_per_s, const char *reason, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_replay_tally(struct ht_conn *c, const struct ht_replay *r, struct ht_tallies *ret,
                                               struct ht_err *err);

#endif
