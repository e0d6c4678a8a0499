/* The ways out of an alert: a webhook to the operator's own endpoint, and a command. */
#ifndef HOOKTOP_SRC_CLI_ALERT_TELL_H
#define HOOKTOP_SRC_CLI_ALERT_TELL_H

#include "hooktop/cli/config.h"

/* Posts `body` to [alert] webhook, through the guard, signed as Standard Webhooks has it when there is a secret_file.
 * HT_FAILED: the answer was no 2xx. Blocks for 15 s at most. */
HT_MUST_CHECK enum ht_rc ht_alert_post(const struct ht_config *c, const struct ht_buf *body, struct ht_err *err);
/* Runs [alert] command with `body` on its standard input. HT_FAILED: it could not be run, failed, or took longer than a
 * minute (it is killed then). Blocks that long. */
HT_MUST_CHECK enum ht_rc ht_alert_run(const struct ht_config *c, const struct ht_buf *body, struct ht_err *err);

#endif
