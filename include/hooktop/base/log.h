/* The program's own log: one line per entry, "2026-11-20T14:02:58.440Z level text", everything foreign made visible.
 * Only cli calls it; library folders return errors. Goes to standard error, or to a file while the console has the
 * terminal. Thread: any; lines never mix. */
#ifndef HOOKTOP_BASE_LOG_H
#define HOOKTOP_BASE_LOG_H

#include "hooktop/base/err.h"

enum ht_log_level { HT_LOG_ERROR, HT_LOG_WARN, HT_LOG_INFO, HT_LOG_DEBUG };

void ht_log_level(enum ht_log_level highest); /* default HT_LOG_INFO */
/* Redirects to a file (created 0600, appended to). */
HT_MUST_CHECK enum ht_rc ht_log_file(const char *path, struct ht_err *err);
void ht_log(enum ht_log_level level, const char *fmt, ...) HT_PRINTF(2, 3);
void ht_log_err(enum ht_log_level level, const struct ht_err *err);

#endif
