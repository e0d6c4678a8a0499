/* Inside the private cluster only: its parts, in the order in which ht_cluster_acquire uses them. */
#ifndef HOOKTOP_SRC_CLI_CLUSTER_PARTS_H
#define HOOKTOP_SRC_CLI_CLUSTER_PARTS_H

#include <limits.h>
#include "cluster_run.h"
#include "hooktop/cli/cluster.h"

#define HT_CLUSTER_SUPERUSER "hooktop"
#define HT_CLUSTER_PORT      "5432" /* only part of the socket's name */

struct ht_cluster {
    char *dir;
    bool throwaway;
    struct ht_server_user user;
    int dir_fd;
    int control_fd; /* locked exclusively while the cluster is made, started or stopped */
    int users_fd;   /* locked shared by every user of the cluster */
    char bin[128];
    char dsn[PATH_MAX + 512];
};

/* a path below the directory, in the caller's array */
#define HT_CLUSTER_BELOW(c, array, name) snprintf(array, sizeof array, "%s/%s", (c)->dir, name)

/* files: cluster_files.c */
HT_MUST_CHECK enum ht_rc ht_cluster_check_name(const char *dir, struct ht_err *err);
/* DIR itself: ours, closed to others, and for root open to the server's group, which has to get to `data` and `run`. */
HT_MUST_CHECK enum ht_rc ht_cluster_open_directory(struct ht_cluster *c, struct ht_err *err);
/* A directory of the server's user alone. */
HT_MUST_CHECK enum ht_rc ht_cluster_server_directory(const struct ht_cluster *c, const char *name, struct ht_err *err);
/* The major version that made `data`; 0: there is no data yet. */
HT_MUST_CHECK enum ht_rc ht_cluster_data_version(const struct ht_cluster *c, int *ret, struct ht_err *err);
/* Makes `data`. It appears under that name only when it is complete, so that a crash leaves nothing that looks so. */
HT_MUST_CHECK enum ht_rc ht_cluster_make_data(const struct ht_cluster *c, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_cluster_write_configuration(const struct ht_cluster *c, struct ht_err *err);
/* errno about DIR/name */
enum ht_rc ht_cluster_os_failed(const struct ht_cluster *c, const char *name, const char *doing, struct ht_err *err);

/* the server: cluster_server.c */
/* Whatever state a killed predecessor left: running, starting, stopping, or dead with its files still there. */
HT_MUST_CHECK enum ht_rc ht_cluster_ensure_running(const struct ht_cluster *c, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_cluster_stop(const struct ht_cluster *c, struct ht_err *err);

#endif
