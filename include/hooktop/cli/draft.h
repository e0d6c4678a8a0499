/* Drafts of endpoints (model/draft.h) against the rules of ops: line by line for a form, and as a whole. Reads no file
 * and no database but where it says so. */
#ifndef HOOKTOP_CLI_DRAFT_H
#define HOOKTOP_CLI_DRAFT_H

#include "hooktop/model/draft.h"
#include "hooktop/model/message.h"
#include "hooktop/ops/ops.h"

/* Any thread, does not block. */
void ht_draft_check(const struct ht_egress *egress, const struct ht_draft *d, struct ht_draft_faults *ret);

/* Makes the endpoint, or changes it. A new one's secret, to be shown once, is in *ret_secret; see ht_ops_endpoint_add.
 * *ret_id: the endpoint's. *ret_subscribed: what it changed in its subscriptions; free it with ht_subscribed_fini.
 * Blocks on the database. */
HT_MUST_CHECK enum ht_rc ht_draft_store(const struct ht_ops *o, const struct ht_draft *d, struct ht_uuid *ret_id,
                                        struct ht_subscribed *ret_subscribed, struct ht_secret **ret_secret,
                                        char **ret_public, struct ht_err *err);
/* Takes such a change back. HT_FAILED: somebody changed the endpoint's subscriptions since. Blocks on the database. */
HT_MUST_CHECK enum ht_rc ht_draft_resubscribe(const struct ht_ops *o, const struct ht_uuid *endpoint,
                                              const struct ht_subscribed *change, struct ht_err *err);

#endif
