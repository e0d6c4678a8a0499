/* Figures in Prometheus' text format 0.0.4: one table of metrics, each with its help line, and one function that writes
 * them. Pure; main thread. */
#ifndef HOOKTOP_CLI_METRICS_H
#define HOOKTOP_CLI_METRICS_H

#include "hooktop/base/buf.h"
#include "hooktop/model/health.h"

#define HT_METRICS_MAX (64u * 1024u * 1024u)

/* Appends all of them. Label values are cleaned as for a terminal, then escaped as the format wants it. */
void ht_metrics(const struct ht_stats *stats, const struct ht_workers *workers, const struct ht_troubles *troubles,
                int32_t schema_version, struct ht_buf *out);

/* The names of all metrics, in their order; NULL after the last. For the dashboard's and the manual's tests. */
const char *ht_metric_name(size_t i);

#endif
