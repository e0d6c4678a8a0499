/* Inside store: a filter as SQL conditions. Which expressions a field stands for is a table beside each list's query;
 * the kinds and meanings of values come from the parsed filter. No text of a filter becomes SQL: every value is bound.
 */
#ifndef HOOKTOP_STORE_FILTER_SQL_H
#define HOOKTOP_STORE_FILTER_SQL_H

#include "hooktop/model/filter.h"
#include "query.h"

#define HT_FILTER_EXPRS 3

/* A field may have several rows; any expression of any of them may fit. The field "" is what a bare word or a regular
 * expression is looked for in. Times are compared with ids, which carry them and bound the partitions. */
struct ht_filter_column {
    const char *field;
    const char *exprs[HT_FILTER_EXPRS];
    const char
        *within; /* NULL, or what the conditions stand in: "d.endpoint_id IN (SELECT ... WHERE (", closed by "))" */
};

#define HT_FILTER_BY(name, ...)                                                                                        \
    {                                                                                                                  \
        .field = name, .exprs = { __VA_ARGS__ }                                                                        \
    }
#define HT_FILTER_IN(around, name, ...)                                                                                \
    {                                                                                                                  \
        .field = name, .exprs = {__VA_ARGS__}, .within = around                                                        \
    }

/* Appends " AND (...)" for every term; `f` may be NULL. */
void ht_filter_sql(const struct ht_filter *f, const struct ht_filter_column *columns, size_t n_columns,
                   struct ht_buf *sql, struct ht_params *p);
/* Appends " ORDER BY ..." as the filter asks, `otherwise` when it does not ask. `orders`: what each order of the list's
 * vocabulary compares, never NULL; `tie` is an expression that no two rows share. */
void ht_filter_order_sql(const struct ht_filter *f, const char *const *orders, const char *tie, const char *otherwise,
                         struct ht_buf *sql);
/* Whether a field of this name occurs in the filter. */
bool ht_filter_names(const struct ht_filter *f, const char *field);

/* Binds an id and appends it behind `text`: " AND e.id < " becomes " AND e.id < $3". */
void ht_sql_uuid(struct ht_buf *sql, struct ht_params *p, const char *text, const struct ht_uuid *id);
/* Appends `column` BETWEEN the first and the last id that begins with `prefix`: hexadecimal digits, hyphens or none,
 * "evt_" before them allowed. HT_USAGE when it is no beginning of an id. */
HT_MUST_CHECK enum ht_rc ht_sql_id_range(struct ht_buf *sql, struct ht_params *p, const char *column, const char *what,
                                         const char *prefix, struct ht_err *err);
/* HT_NOT_FOUND for none, HT_USAGE for more than one thing whose id begins so. */
HT_MUST_CHECK enum ht_rc ht_check_found(const char *what, const char *prefix, size_t n, struct ht_err *err);

#endif
