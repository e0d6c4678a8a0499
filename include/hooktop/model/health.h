/* What is wrong at this moment, and the figures that monitoring reads: plain data as hooktop.health() and
 * hooktop.stats() give it (sql/040_health.sql). Ownership, text and times as in records.h. */
#ifndef HOOKTOP_MODEL_HEALTH_H
#define HOOKTOP_MODEL_HEALTH_H

#include "hooktop/model/records.h"

/* One thing that wants somebody's attention. */
struct ht_trouble {
    char *kind;                 /* "queue.past_due": what is to be done about it is one sentence per kind */
    struct ht_uuid tenant_id;   /* nil: it concerns the whole installation */
    struct ht_uuid endpoint_id; /* nil: none in particular */
    char *subject;              /* what it is about, in words */
    int64_t n;                  /* how many */
    int64_t since;
    char *text; /* one sentence */
};
void ht_trouble_fini(struct ht_trouble *t);
/* What tells one trouble of a kind from another: the endpoint's id, or the subject. Borrowed from *t or from ret. */
const char *ht_trouble_key(const struct ht_trouble *t, char ret[HT_UUID_TEXT]);

/* How one endpoint is doing: what waits now, and its requests of the last five minutes. */
struct ht_endpoint_stats {
    struct ht_uuid tenant_id;
    char *tenant_name;
    struct ht_uuid endpoint_id;
    char *url;
    char *description;
    char *profile;
    enum ht_endpoint_status status;
    int64_t waiting;    /* ready and leased; stops at 10000, as the next does */
    int64_t past_due;   /* due, and nobody has it */
    int64_t oldest_due; /* of those */
    int64_t held;
    int64_t tried; /* deliveries tried in the last five minutes, of its newest 500 */
    int64_t failed;
    double span_s;         /* the time that `tried` is of: 300 s, or less where there were more than 500 */
    double p50_ms, p95_ms; /* of their last attempts */
    int32_t consecutive_failures;
    int64_t failing_since;
    int64_t last_success_at;
    int64_t at; /* the database's time of all this */
};
void ht_endpoint_stats_fini(struct ht_endpoint_stats *s);

/* Which trouble `alert check` is to tell now. */
struct ht_alert_due {
    struct ht_uuid tenant_id;
    char *kind;
    char *subject; /* its ht_trouble_key() */
    bool over;     /* it was told, and is wrong no more */
};
void ht_alert_due_fini(struct ht_alert_due *d);

HT_LIST(ht_troubles, ht_trouble)
HT_LIST(ht_stats, ht_endpoint_stats)
HT_LIST(ht_alert_dues, ht_alert_due)

#endif
