/* `hooktop demo`: everything of hooktop, tried in a place of its own.
 *
 * The demo makes a fresh directory with its own PostgreSQL cluster, key ring and allow-list, starts local receivers
 * that verify what they get, creates a tenant of each profile and emits their events. It reads no configuration and no
 * environment that names a database; the caller refuses --dsn, --env and --config before it calls (HT_USAGE).
 * Whatever way it ends (also by SIGINT, SIGTERM, SIGHUP) the cluster and the receivers are stopped and the directory is
 * removed. Any number of demos can run at once.
 *
 * With a terminal on standard input and output it opens the console on it (include/hooktop/cli/console.h) with the
 * engine running and a trickle of further events until the console ends. Headless, or without a terminal, it prints its
 * progress and at the end a table to standard output as plain text.
 *
 * Thread: the main one, before any other exists: it blocks signals for the threads it starts. Blocks until it is over.
 * Errors: HT_FAILED when a signature did not verify, something was lost, or it was interrupted; HT_NO_DB when
 * PostgreSQL is not installed or does not start.
 */
#ifndef HOOKTOP_CLI_DEMO_H
#define HOOKTOP_CLI_DEMO_H

#include "hooktop/base/err.h"

HT_MUST_CHECK enum ht_rc ht_demo_run(bool headless, struct ht_err *err);

#endif
