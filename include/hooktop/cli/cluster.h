/* The private PostgreSQL cluster: what hooktop uses when no database is named, and what the demo runs on.
 *
 * ht_cluster_acquire makes the cluster once (initdb, UTF8), starts it when it does not run, and counts the caller as a
 * user; ht_cluster_release stops it when the caller was the last. Users are counted by shared locks on a file, which
 * the kernel drops when a process dies: a user killed at any point leaves at worst a running server without users, and
 * the next user stops that when it leaves. Two programs may start at once; making and starting happen under one lock.
 *
 * DIR holds `data`, `run` (the socket and server.log), the two lock files, and the server's configuration, which is
 * written anew at each start; a file `local.conf` beside it, if there is one, is read last.
 *
 * Who may connect. The server listens on a unix socket in DIR/run and nowhere else, and trusts whoever reaches it
 * (pg_hba.conf: "local all all trust"). `peer` would not do: when root starts hooktop, PostgreSQL, which refuses to run
 * as root, runs as another user, and the names of system user and database role never match. What stands in for a
 * password is the file system: DIR/run has mode 0700 and belongs to the server's user, so that only that user and root
 * can reach the socket, and both can read the data files anyway: trust gives them nothing they lack. This is checked at
 * each acquire and refused otherwise. The other direction is checked too: the dsn has requirepeer, so that nobody
 * else's process can pose as the server. When root starts it, DIR itself belongs to root (mode 0750, group of the
 * server's user), so that root never writes into a directory that the server's user could rearrange.
 *
 * Where hooktop is started by root the server runs as "postgres", else as "nobody"; a `nobody` that runs other programs
 * too shares its database with them.
 *
 * Main thread, blocking: the first acquire takes some seconds (initdb), later ones about one. A process that is killed
 * counts as a user until the children that it forked without exec have ended too. Signals that end the program end a
 * running initdb too.
 * Errors: HT_NO_DB with the package to install, or with the server's own words; HT_DENIED for wrong owners and modes;
 * HT_USAGE for a directory whose name is too long for a socket or holds a character that cannot be quoted.
 */
#ifndef HOOKTOP_CLI_CLUSTER_H
#define HOOKTOP_CLI_CLUSTER_H

#include "hooktop/base/err.h"

struct ht_cluster;

struct ht_cluster_options {
    const char *dir; /* NULL: ht_path_data("postgresql") */
    bool throwaway;  /* made to be deleted (demo, tests): nothing is flushed to the disk */
};

HT_MUST_CHECK enum ht_rc ht_cluster_acquire(const struct ht_cluster_options *o, struct ht_cluster **ret,
                                            struct ht_err *err);
const char *ht_cluster_dsn(const struct ht_cluster *c); /* borrowed; user "hooktop", a superuser */
/* Frees `c` in any case. The error says that the server could not be stopped, and may be ignored on the way out. */
HT_MUST_CHECK enum ht_rc ht_cluster_release(struct ht_cluster *c, struct ht_err *err);

#endif
