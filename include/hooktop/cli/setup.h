/* What `hooktop setup` does, also for the private cluster and the demo: schema, roles, partitions, the profiles'
 * catalogues, and the key ring where none is needed yet. Safe to repeat. Main thread; blocks on the database. */
#ifndef HOOKTOP_CLI_SETUP_H
#define HOOKTOP_CLI_SETUP_H

#include "hooktop/cli/ring.h"

HT_MUST_CHECK enum ht_rc ht_setup_apply(struct ht_conn *c, const struct ht_ring_source *from, enum ht_ring_outcome *ret,
                                        struct ht_err *err);

#endif
