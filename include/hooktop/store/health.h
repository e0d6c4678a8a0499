/* What is wrong now, the figures of monitoring, and which alerts are to be told: sql/040_health.sql. Each call is one
 * statement; errors and ownership as in queries.h. A login that sees only its own tenants is told of those alone. */
#ifndef HOOKTOP_STORE_HEALTH_H
#define HOOKTOP_STORE_HEALTH_H

#include "hooktop/model/health.h"
#include "hooktop/store/conn.h"

struct ht_health_limits {
    int64_t backlog_after_ms; /* past due for longer than this is a backlog */
    int64_t rotate_after_ms;  /* a secret older than this should be rotated */
};
/* By kind and subject. */
HT_MUST_CHECK enum ht_rc ht_store_health(struct ht_conn *c, const struct ht_health_limits *limits,
                                         struct ht_troubles *ret, struct ht_err *err);
/* Every endpoint but the removed, by tenant and age. */
HT_MUST_CHECK enum ht_rc ht_store_stats(struct ht_conn *c, struct ht_stats *ret, struct ht_err *err);

/* Of what is wrong, that which is to be told: new, or told longer ago than `again_ms`; and what is over. Whoever gets
 * it is to tell it, and to say so with ht_store_alert_failed when it could not. HT_DENIED: the login does not see all
 * tenants, or has not the role hooktop_support. */
HT_MUST_CHECK enum ht_rc ht_store_alert_claim(struct ht_conn *c, const struct ht_trouble *const *wrong, size_t n,
                                              int64_t again_ms, struct ht_alert_dues *ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_store_alert_failed(struct ht_conn *c, const struct ht_alert_dues *told, struct ht_err *err);

#endif
