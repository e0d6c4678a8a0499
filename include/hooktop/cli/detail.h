/* Records that are put together from several queries, for commands and console alike. Each blocks for the connection's
 * timeout per query; *ret is filled as a whole or not at all, and freed with its _fini. */
#ifndef HOOKTOP_CLI_DETAIL_H
#define HOOKTOP_CLI_DETAIL_H

#include "hooktop/model/message.h"
#include "hooktop/store/conn.h"

/* The store knows the schedule of an endpoint only where it overrides its profile's: fills attempts_max elsewhere. */
void ht_deliveries_complete(struct ht_delivery *rows, size_t n);

/* What signs for an endpoint: its secrets, or the signing keys of its tenant where the profile has those. */
HT_MUST_CHECK enum ht_rc ht_endpoint_secrets(struct ht_conn *c, const struct ht_endpoint *e,
                                             struct ht_secret_metas *ret, struct ht_err *err);

/* ... with what a person must know before changing it. `e`: an endpoint, or one that only says tenant and profile; it
 * is taken into *ret. */
HT_MUST_CHECK enum ht_rc ht_signing_load(struct ht_conn *c, struct ht_endpoint *e, struct ht_signing *ret,
                                         struct ht_err *err);

/* A delivery with its event, every attempt, and the body that each of them sent (NULL where it cannot be rebuilt).
 * `parts`: what else, a set of enum ht_delivery_part. */
HT_MUST_CHECK enum ht_rc ht_delivery_detail_load(struct ht_conn *c, const char *id, unsigned parts,
                                                 struct ht_delivery_detail *ret, struct ht_err *err);

/* An endpoint with its subscriptions, what signs for it, and its latest deliveries (as many as `latest`). */
HT_MUST_CHECK enum ht_rc ht_endpoint_detail_load(struct ht_conn *c, const char *id, int32_t latest,
                                                 struct ht_endpoint_detail *ret, struct ht_err *err);

#endif
