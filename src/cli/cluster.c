#include "hooktop/cli/cluster.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "cluster_parts.h"
#include "config_dsn.h"
#include "hooktop/base/clock.h"
#include "hooktop/cli/config.h"

#define LOCK_RETRY_MS    20
#define LOCK_PATIENCE_US (120 * 1000000LL) /* somebody else's initdb and start */

static const char what[] = "private PostgreSQL";

static void cluster_free(struct ht_cluster *c)
{
    if (!c)
        return;
    const int fds[] = {c->users_fd, c->control_fd, c->dir_fd};
    for (size_t i = 0; i < HT_COUNT(fds); i++)
        if (fds[i] >= 0) {
            flock(fds[i], LOCK_UN); /* a forked child may still have it open */
            close(fds[i]);
        }
    free(c->dir);
    free(c);
}

static void cluster_freep(struct ht_cluster **c)
{
    cluster_free(*c);
}

static enum ht_rc open_lock(const struct ht_cluster *c, const char *name, int *ret, struct ht_err *err)
{
    *ret = openat(c->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *ret < 0 ? ht_cluster_os_failed(c, name, "open it", err) : HT_OK;
}

static enum ht_rc take_control(const struct ht_cluster *c, struct ht_err *err)
{
    int64_t deadline = ht_mono_us() + LOCK_PATIENCE_US;
    while (flock(c->control_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return ht_cluster_os_failed(c, "control.lock", "lock it", err);
        if (ht_mono_us() > deadline)
            return ht_fail(err, HT_NO_DB, what, "look for a hooktop or initdb that hangs, and end it",
                           "another program has been starting or stopping it for %lld s (%s/control.lock)",
                           LOCK_PATIENCE_US / 1000000LL, c->dir);
        nanosleep(&(struct timespec){.tv_nsec = LOCK_RETRY_MS * 1000000L}, NULL);
    }
    return HT_OK;
}

static bool write_dsn(struct ht_cluster *c)
{
    char socket_dir[PATH_MAX];
    HT_CLUSTER_BELOW(c, socket_dir, "run");
    const struct {
        const char *key, *value;
    } pairs[] = {{"host", socket_dir},           {"port", HT_CLUSTER_PORT},    {"user", HT_CLUSTER_SUPERUSER},
                 {"dbname", "postgres"},         {"sslmode", "disable"},       {"gssencmode", "disable"},
                 {"channel_binding", "disable"}, {"requirepeer", c->user.name}};
    for (size_t i = 0; i < HT_COUNT(pairs); i++)
        if (*pairs[i].value && !ht_dsn_append(c->dsn, sizeof c->dsn, pairs[i].key, pairs[i].value))
            return false;
    return true;
}

/* With the control lock held. */
static enum ht_rc bring_up(struct ht_cluster *c, struct ht_err *err)
{
    int version = 0;
    enum ht_rc rc = ht_cluster_server_directory(c, "run", err);
    if (rc == HT_OK)
        rc = ht_cluster_data_version(c, &version, err);
    if (rc == HT_OK)
        rc = ht_postgres_bin(version, c->bin, sizeof c->bin, err);
    if (rc == HT_OK && version == 0)
        rc = ht_cluster_make_data(c, err);
    if (rc == HT_OK)
        rc = ht_cluster_server_directory(c, "data", err);
    if (rc == HT_OK)
        rc = ht_cluster_write_configuration(c, err);
    return rc == HT_OK ? ht_cluster_ensure_running(c, err) : rc;
}

enum ht_rc ht_cluster_acquire(const struct ht_cluster_options *o, struct ht_cluster **ret, struct ht_err *err)
{
    HT_CLEANUP(cluster_freep) struct ht_cluster *c = ht_alloc(1, sizeof *c);
    c->dir_fd = c->control_fd = c->users_fd = -1;
    c->throwaway = o->throwaway;
    c->dir = o->dir ? ht_strdup(o->dir) : ht_path_data("postgresql");
    enum ht_rc rc = ht_cluster_check_name(c->dir, err);
    if (rc == HT_OK)
        rc = ht_server_user(&c->user, err);
    if (rc == HT_OK)
        rc = ht_cluster_open_directory(c, err);
    if (rc == HT_OK)
        rc = open_lock(c, "control.lock", &c->control_fd, err);
    if (rc == HT_OK)
        rc = open_lock(c, "users.lock", &c->users_fd, err);
    if (rc == HT_OK)
        rc = take_control(c, err);
    if (rc != HT_OK)
        return rc;
    /* Never waits: it is taken exclusively only by a leaver who holds the control lock. */
    if (!write_dsn(c) || flock(c->users_fd, LOCK_SH) != 0)
        return ht_cluster_os_failed(c, "users.lock", "lock it", err);
    if ((rc = bring_up(c, err)) != HT_OK)
        return rc;
    flock(c->control_fd, LOCK_UN);
    *ret = c;
    c = NULL;
    return HT_OK;
}

const char *ht_cluster_dsn(const struct ht_cluster *c)
{
    return c->dsn;
}

enum ht_rc ht_cluster_release(struct ht_cluster *c, struct ht_err *err)
{
    if (!c)
        return HT_OK;
    enum ht_rc rc = take_control(c, err);
    /* Nobody else holds it: we were the last. */
    if (rc == HT_OK && flock(c->users_fd, LOCK_EX | LOCK_NB) == 0)
        rc = ht_cluster_stop(c, err);
    cluster_free(c);
    return rc;
}
