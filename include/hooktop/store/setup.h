/* Creating and upgrading the schema, from the numbered files of sql/ that are embedded in the program.
 *
 * ht_store_setup takes an advisory lock, applies what is missing in one transaction per file, then writes the catalogue
 * and makes partitions ahead. Safe to repeat; refuses a database that a newer version has upgraded (HT_NO_DB).
 */
#ifndef HOOKTOP_STORE_SETUP_H
#define HOOKTOP_STORE_SETUP_H

#include "hooktop/base/buf.h"
#include "hooktop/store/conn.h"

/* The schema version this program needs: the number of the last file. */
int ht_store_schema_version(void);
/* The version that stands in the database; 0 = none. */
HT_MUST_CHECK enum ht_rc ht_store_schema_found(struct ht_conn *c, int *ret, struct ht_err *err);
/* `types` are the profiles' catalogues (cli collects them, since store does not know profiles). */
HT_MUST_CHECK enum ht_rc ht_store_setup(struct ht_conn *c, const struct ht_event_types *types, struct ht_err *err);
/* Everything setup would run, as text. */
void ht_store_setup_print(struct ht_buf *out);

/* The public halves of key rings. */
HT_MUST_CHECK enum ht_rc ht_store_ring_current(struct ht_conn *c, uint8_t ret_id[8], uint8_t ret_public[32],
                                               struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_ring_publish(struct ht_conn *c, const uint8_t id[8], const uint8_t public_key[32],
                                               struct ht_err *err);
/* How many secrets are sealed; setup makes a ring only when none is. */
HT_MUST_CHECK enum ht_rc ht_store_sealed_count(struct ht_conn *c, int64_t *ret, struct ht_err *err);

#endif
