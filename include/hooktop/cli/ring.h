/* The key ring's part of `hooktop setup`: makes a ring where none is needed yet, and publishes its public half.
 *
 * What a ring can open must never be lost by a setup that is run in the wrong place, so a new key is published only
 * while nothing is sealed. A ring that already has a newer current key than the database is left alone: switching keys
 * is `hooktop rekey`, after every worker has the new ring. Main thread; blocks on the database and the file.
 */
#ifndef HOOKTOP_CLI_RING_H
#define HOOKTOP_CLI_RING_H

#include "hooktop/delivery/egress.h"
#include "hooktop/store/conn.h"
#include "hooktop/vault/vault.h"

enum ht_ring_outcome {
    HT_RING_MADE,      /* a new ring was written and published */
    HT_RING_PUBLISHED, /* the ring was there; its public half is new in this database */
    HT_RING_IN_USE,    /* nothing to do: the ring holds the key that the database seals to */
    HT_RING_ELSEWHERE, /* this machine has no ring, and secrets are sealed already: it can make and rotate secrets, but
                          neither deliver nor ping */
};

/* HT_FAILED: secrets are sealed to a key that the ring here does not hold. HT_DENIED, HT_USAGE: as ht_ring_load. */
HT_MUST_CHECK enum ht_rc ht_ring_setup(struct ht_conn *c, const struct ht_ring_source *from, enum ht_ring_outcome *ret,
                                       struct ht_err *err);

/* Tells the database, before this process begins to deliver, which keys its ring holds (rekey asks) and what its egress
 * guard lets pass beyond the usual (audited). */
HT_MUST_CHECK enum ht_rc ht_worker_announce(struct ht_conn *c, const struct ht_ring *ring,
                                            const struct ht_egress *egress, struct ht_err *err);

#endif
