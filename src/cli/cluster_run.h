/* Inside the private cluster only: PostgreSQL's programs and the user they run as. */
#ifndef HOOKTOP_SRC_CLI_CLUSTER_RUN_H
#define HOOKTOP_SRC_CLI_CLUSTER_RUN_H

#include <sys/types.h>
#include "hooktop/base/err.h"

struct ht_server_user {
    uid_t uid;
    gid_t gid;
    bool drop;     /* we are root: children change to this user */
    char name[64]; /* "": this user has no name */
};
/* HT_NO_DB when root finds neither of the users to run as. */
HT_MUST_CHECK enum ht_rc ht_server_user(struct ht_server_user *ret, struct ht_err *err);

struct ht_run {
    const struct ht_server_user *as;
    const char *const *argv; /* argv[0] is the path; NULL at the end */
    int keep_fd;             /* stays open in the child; -1: none */
};
#define HT_RUN_OUTPUT 2048
/* Runs it to its end without a shell, with an environment of its own and no other file descriptor. *ret_status is its
 * exit status, or 128 and more for a signal; ret_output the end of what it printed. HT_FAILED: it could not be run. */
HT_MUST_CHECK enum ht_rc ht_run(const struct ht_run *r, int *ret_status, char ret_output[HT_RUN_OUTPUT],
                                struct ht_err *err);

#define HT_POSTGRES_ROOT   "/usr/lib/postgresql"
#define HT_POSTGRES_LOWEST 15
/* The directory of PostgreSQL's programs: of the major version `wanted`, or of the newest when it is 0. HT_NO_DB. */
HT_MUST_CHECK enum ht_rc ht_postgres_bin(int wanted, char *ret, size_t size, struct ht_err *err);

#endif
