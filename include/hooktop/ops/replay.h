/* Bulk redelivery, for commands and console alike. First the preview, which counts exactly; then the start, which makes
 * the list of what is to be redelivered and returns. Workers do the rest, at the rate given; pausing, resuming and
 * cancelling are ht_store_replay_change. What is chosen one by one goes the same way. Both calls may take as long as
 * reading every delivery of the time named takes. Errors: HT_USAGE for a word, a time or a rate that is wrong;
 * HT_FAILED when nothing matches; HT_DENIED without the role hooktop_support. */
#ifndef HOOKTOP_OPS_REPLAY_H
#define HOOKTOP_OPS_REPLAY_H

#include "hooktop/model/replay.h"
#include "hooktop/ops/ops.h"

HT_MUST_CHECK enum ht_rc ht_ops_replay_preview(const struct ht_ops *o, const struct ht_replay_what *what,
                                               struct ht_replay_preview *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_ops_replay_start(const struct ht_ops *o, const struct ht_replay_what *what,
                                             double rate_per_s, struct ht_replay_made *ret, struct ht_err *err);

#endif
