/* An endpoint's own headers, sealed: their values are credentials as often as not. All of an endpoint's headers are one
 * sealed text, "Name: value" lines, bound to tenant and endpoint with the purpose "header"; beside it the store keeps
 * their names for everybody. Thread: any. Does not block. */
#ifndef HOOKTOP_DELIVERY_HEADERS_H
#define HOOKTOP_DELIVERY_HEADERS_H

#include "hooktop/model/records.h"
#include "hooktop/vault/vault.h"

/* Seals e->headers, which have passed ht_egress_check_header, into e->headers_sealed (replaced). HT_USAGE: together
 * they are longer than HT_SECRET_MAX, or one has no value. */
HT_MUST_CHECK enum ht_rc ht_headers_seal(const struct ht_seal_key *to, struct ht_endpoint *e, struct ht_err *err);
/* Opens e->headers_sealed into e->headers (replaced; the names are those that were sealed); nothing where there is
 * none. `ring` may be NULL. Errors: those of ht_unseal, HT_DENIED without a ring, HT_FAILED when what was sealed are no
 * headers. */
HT_MUST_CHECK enum ht_rc ht_headers_open(const struct ht_ring *ring, struct ht_endpoint *e, struct ht_err *err);

/* What the sealed headers of an endpoint are bound to. */
struct ht_seal_bind ht_headers_bind(const struct ht_uuid *tenant_id, const struct ht_uuid *endpoint_id);

#endif
