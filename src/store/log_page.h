/* Inside store: which deliveries of the log stand on a page, found by the shortest way the filter allows, so that any
 * page at any depth costs about the same. docs/scale.md, "The log", has the ways, what they cost and what they cannot
 * do. */
#ifndef HT_STORE_LOG_PAGE_H
#define HT_STORE_LOG_PAGE_H

#include "filter_sql.h"

/* Conditions on hooktop.delivery d. */
extern const struct ht_filter_column ht_delivery_filter[];
extern const size_t ht_delivery_filter_len;

struct ht_log_page {
    const struct ht_uuid *tenant; /* NULL: all that the login sees */
    const struct ht_filter *filter;
    const struct ht_uuid *before, *after; /* NULL: no bound */
    int32_t rows;
};

/* Appends "(SELECT ...)": the whole rows of hooktop.delivery, newest first. May ask the database which endpoints, types
 * and tenants are meant. */
HT_MUST_CHECK enum ht_rc ht_log_page_sql(struct ht_conn *c, const struct ht_log_page *page, struct ht_buf *sql,
                                         struct ht_params *p, struct ht_err *err);

/* Appends "(SELECT ...)": delivery_id and tenant_id of all that ended badly or waits after a failure. */
void ht_log_failures_sql(struct ht_buf *sql);

#endif
