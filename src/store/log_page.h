/* Inside store: which deliveries of the log, or events, stand on a page, found by the shortest way the filter allows,
 * so that any page at any depth costs about the same. docs/scale.md, "The log", has the ways, what they cost and what
 * they cannot do. */
#ifndef HT_STORE_LOG_PAGE_H
#define HT_STORE_LOG_PAGE_H

#include "filter_sql.h"

/* Conditions on hooktop.delivery d, and on hooktop.event d. */
extern const struct ht_filter_column ht_delivery_filter[];
extern const size_t ht_delivery_filter_len;
extern const struct ht_filter_column ht_event_filter[];
extern const size_t ht_event_filter_len;

enum ht_log_of { HT_LOG_OF_DELIVERIES, HT_LOG_OF_EVENTS };
struct ht_log_page {
    enum ht_log_of of;
    const struct ht_uuid *tenant; /* NULL: all that the login sees */
    const struct ht_filter *filter;
    const struct ht_uuid *before, *after; /* NULL: no bound */
    bool oldest_first;
    int32_t rows;
};

struct ht_log_plan;
/* May ask the database which endpoints, types and tenants are meant. The page has to stay; the plan is the caller's
 * also where this fails. */
HT_MUST_CHECK enum ht_rc ht_log_plan_make(struct ht_conn *c, const struct ht_log_page *page, struct ht_log_plan **ret,
                                          struct ht_err *err);
void ht_log_plan_free(struct ht_log_plan *l);
/* Appends "(SELECT ...)": the table's whole rows, in the page's order. `look` 0 looks at the day beside the
 * page, each further one further away; false: this one looks at all there is. */
bool ht_log_plan_sql(const struct ht_log_plan *l, size_t look, struct ht_buf *sql, struct ht_params *p);

/* Appends "(SELECT ...)": delivery_id, tenant_id and due_at (NULL: it does not wait) of all that ended badly or waits
 * after a failure, of the tenant (NULL: any) and of the times that the filter names. */
void ht_log_failures_sql(const struct ht_uuid *tenant, const struct ht_filter *f, struct ht_buf *sql,
                         struct ht_params *p);

#endif
