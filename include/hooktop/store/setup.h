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
#define HT_RING_ID_BYTES 8
struct ht_ring_use {
    char *id; /* hexadecimal */
    bool current;
    int64_t created_at;
    int64_t in_use; /* how many secrets, keys and headers are sealed to it */
};
void ht_ring_use_fini(struct ht_ring_use *u);
HT_LIST(ht_ring_uses, ht_ring_use)
HT_MUST_CHECK enum ht_rc ht_store_ring_uses(struct ht_conn *c, struct ht_ring_uses *ret, struct ht_err *err);
/* Forgets a key. HT_FAILED while something is sealed to it, or it is current; one that is unknown is forgotten. */
HT_MUST_CHECK enum ht_rc ht_store_ring_retire(struct ht_conn *c, const uint8_t id[8], struct ht_err *err);
/* The names of live workers whose ring lacks the key, joined by commas; free(); NULL: none. */
HT_MUST_CHECK enum ht_rc ht_store_workers_without(struct ht_conn *c, const uint8_t id[8], char **ret,
                                                  struct ht_err *err);
/* What a worker says before it begins: the keys of its ring, and (may be NULL, else audited) what its egress guard lets
 * pass beyond the usual. `name` is the one it beats under. */
HT_MUST_CHECK enum ht_rc ht_store_worker_started(struct ht_conn *c, const char *name, const uint8_t (*keys)[8],
                                                 size_t n, const char *exceptions, struct ht_err *err);

/* Re-sealing: pages of what is sealed to another key than `to`, after the last thing of the page before (NULL: from the
 * start). The caller fills `fresh` of what it could re-seal; put replaces those that nobody changed meanwhile, in one
 * transaction. HT_DENIED without both roles, admin and worker. */
struct ht_sealed_thing {
    char *kind; /* "secret", "signing_key", "header" */
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id; /* nil: the tenant's */
    struct ht_uuid id;
    int32_t generation;
    char *profile;
    uint8_t *sealed;
    size_t sealed_len;
    uint8_t *fresh;
    size_t fresh_len;
};
HT_LIST(ht_sealed_things, ht_sealed_thing)
HT_MUST_CHECK enum ht_rc ht_store_rekey_page(struct ht_conn *c, const uint8_t to[8],
                                             const struct ht_sealed_thing *after, int32_t limit,
                                             struct ht_sealed_things *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_rekey_put(struct ht_conn *c, const uint8_t to[8], const struct ht_sealed_things *l,
                                            int64_t *ret_replaced, struct ht_err *err);

/* How many secrets are sealed; setup makes a ring only when none is. */
HT_MUST_CHECK enum ht_rc ht_store_sealed_count(struct ht_conn *c, int64_t *ret, struct ht_err *err);

#endif
