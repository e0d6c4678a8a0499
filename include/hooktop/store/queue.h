/* What waits, who holds it, and what the database itself struggles with; and how one endpoint fares. Reads only, as the
 * login: row policies and PostgreSQL's own rules decide what it sees. Each call is a few bounded statements and blocks
 * for the connection's timeout at most per statement. *ret is filled as a whole or not at all. */
#ifndef HOOKTOP_STORE_QUEUE_H
#define HOOKTOP_STORE_QUEUE_H

#include "hooktop/model/queue.h"
#include "hooktop/store/queries.h"

HT_MUST_CHECK enum ht_rc ht_store_queue(struct ht_conn *c, struct ht_queue *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_endpoint_health(struct ht_conn *c, const struct ht_endpoint *e,
                                                  struct ht_endpoint_health *ret, struct ht_err *err);

#endif
