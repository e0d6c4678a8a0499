#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "cluster_parts.h"
#include "hooktop/base/buf.h"
#include "hooktop/cli/config.h"

static const char what[] = "private PostgreSQL";

enum ht_rc ht_cluster_os_failed(const struct ht_cluster *c, const char *name, const char *doing, struct ht_err *err)
{
    return ht_fail(err, errno == EACCES || errno == EPERM ? HT_DENIED : HT_FAILED, what,
                   "see who owns the directory, or name a database with --dsn", "%s/%s: cannot %s: %m", c->dir, name,
                   doing);
}

enum ht_rc ht_cluster_check_name(const char *dir, struct ht_err *err)
{
    /* These have a meaning in a configuration file, or to the shell that pg_ctl starts the server with. */
    if (dir[0] != '/' || strpbrk(dir, "'\"\\$`\n\r"))
        return ht_fail(err, HT_USAGE, what, "choose another directory",
                       "%s: the path must be absolute, without quotes, backslashes or dollar signs", dir);
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - sizeof "/run/.s.PGSQL." HT_CLUSTER_PORT;
    if (strlen(dir) > most)
        return ht_fail(err, HT_USAGE, what, "choose a directory with a shorter path",
                       "%s: a socket's path cannot be that long; the directory's may have %zu bytes", dir, most);
    return HT_OK;
}

enum ht_rc ht_cluster_open_directory(struct ht_cluster *c, struct ht_err *err)
{
    enum ht_rc rc = ht_path_make_parents(c->dir, err);
    if (rc != HT_OK)
        return rc;
    if (mkdir(c->dir, 0700) != 0 && errno != EEXIST)
        return ht_cluster_os_failed(c, "", "make the directory", err);
    c->dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (c->dir_fd < 0 || fstat(c->dir_fd, &st) != 0)
        return ht_cluster_os_failed(c, "", "open the directory", err);
    mode_t allowed = c->user.drop ? 0750 : 0700;
    if (st.st_uid != geteuid() || (st.st_mode & 0777 & (mode_t)~allowed))
        return ht_fail(err, HT_DENIED, what, "make it your own with mode 0700, or choose another directory",
                       "%s: owner %u, mode %04o: others could reach the database", c->dir, (unsigned)st.st_uid,
                       (unsigned)st.st_mode & 0777u);
    if (c->user.drop && (fchown(c->dir_fd, (uid_t)-1, c->user.gid) != 0 || fchmod(c->dir_fd, allowed) != 0))
        return ht_cluster_os_failed(c, "", "give the directory to the server's group", err);
    return HT_OK;
}

enum ht_rc ht_cluster_server_directory(const struct ht_cluster *c, const char *name, struct ht_err *err)
{
    struct stat st;
    if (mkdirat(c->dir_fd, name, 0700) != 0 && errno != EEXIST)
        return ht_cluster_os_failed(c, name, "make the directory", err);
    if (fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return ht_cluster_os_failed(c, name, "examine the directory", err);
    /* New, or left by one that was killed right here. DIR is root's: nobody else can have put it there. */
    bool give = c->user.drop && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
    if (give && fchownat(c->dir_fd, name, c->user.uid, c->user.gid, AT_SYMLINK_NOFOLLOW) != 0)
        return ht_cluster_os_failed(c, name, "give the directory to the server's user", err);
    if (!S_ISDIR(st.st_mode) || (!give && st.st_uid != c->user.uid) || (st.st_mode & 077))
        return ht_fail(err, HT_DENIED, what, "remove what is in its place",
                       "%s/%s must be a directory of user %u with mode 0700: whoever reaches it is trusted", c->dir,
                       name, (unsigned)c->user.uid);
    return HT_OK;
}

/* its configuration and data */
static enum ht_rc write_file(const struct ht_cluster *c, const char *name, const struct ht_buf *text,
                             struct ht_err *err)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.new", name); /* ours: the control lock is held */
    int fd = openat(c->dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ht_cluster_os_failed(c, temporary, "create it", err);
    bool written = write(fd, text->data, text->len) == (ssize_t)text->len && fchmod(fd, 0644) == 0; /* DIR is closed */
    if (close(fd) != 0 || !written || renameat(c->dir_fd, temporary, c->dir_fd, name) != 0)
        return ht_cluster_os_failed(c, name, "write it", err);
    return HT_OK;
}

enum ht_rc ht_cluster_write_configuration(const struct ht_cluster *c, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf conf, hba;
    ht_buf_init(&conf, 8192);
    ht_buf_init(&hba, 256);
    ht_buf_addf(&conf,
                "# Written by hooktop at each start. Settings of your own belong into local.conf beside this file.\n"
                "hba_file = '%s/pg_hba.conf'\n"
                "ident_file = '%s/data/pg_ident.conf'\n"
                "listen_addresses = ''\n"
                "unix_socket_directories = '%s/run'\n"
                "unix_socket_permissions = 0700\n"
                "port = " HT_CLUSTER_PORT "\n"
                "cluster_name = 'hooktop'\n"
                "max_connections = 60\n"
                "shared_buffers = 128MB\n"
                "max_wal_size = 512MB\n"
                "jit = off\n"
                "timezone = 'UTC'\n"
                "log_timezone = 'UTC'\n"
                "log_line_prefix = '%%m [%%p] '\n"
                "log_min_messages = warning\n"
                "log_checkpoints = off\n"
                "log_parameter_max_length = 0\n"
                "log_parameter_max_length_on_error = 0\n",
                c->dir, c->dir, c->dir);
    if (c->throwaway)
        ht_buf_adds(&conf, "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
                           "wal_level = minimal\nmax_wal_senders = 0\n");
    ht_buf_adds(&conf, "include_if_exists = 'local.conf'\n");
    ht_buf_adds(&hba, "local all all trust\n"); /* why: include/hooktop/cli/cluster.h */
    enum ht_rc rc = write_file(c, "pg_hba.conf", &hba, err);
    return rc == HT_OK ? write_file(c, "postgresql.conf", &conf, err) : rc;
}

/* The control lock lives on in the child, so that it protects an initdb whose hooktop was killed. */
static enum ht_rc run_locked(const struct ht_cluster *c, const char *const *argv, int *ret_status,
                             char output[HT_RUN_OUTPUT], struct ht_err *err)
{
    const struct ht_run r = {&c->user, argv, c->control_fd};
    return ht_run(&r, ret_status, output, err);
}

enum ht_rc ht_cluster_make_data(const struct ht_cluster *c, struct ht_err *err)
{
    char initdb[160], fresh[PATH_MAX], output[HT_RUN_OUTPUT];
    int status = 0;
    snprintf(initdb, sizeof initdb, "%s/initdb", c->bin);
    HT_CLUSTER_BELOW(c, fresh, "data.new");
    enum ht_rc rc = ht_cluster_server_directory(c, "data.new", err);
    if (rc != HT_OK)
        return rc;
    /* what an earlier try left, removed with the rights of the user who made it */
    const char *const empty[] = {"/usr/bin/find", fresh, "-mindepth", "1", "-delete", NULL};
    if ((rc = run_locked(c, empty, &status, output, err)) != HT_OK)
        return rc;
    const char *const make[] = {initdb,
                                "-D",
                                fresh,
                                "-U",
                                HT_CLUSTER_SUPERUSER,
                                "--auth=trust",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--data-checksums",
                                "--no-instructions",
                                c->throwaway ? "--no-sync" : NULL,
                                NULL};
    if ((rc = run_locked(c, make, &status, output, err)) != HT_OK)
        return rc;
    if (status != 0)
        return ht_fail(err, HT_NO_DB, what, "see that the disk has room and the directories above let its user in",
                       "initdb as user %s ended with status %d: %s", c->user.name, status, output);
    if (renameat(c->dir_fd, "data.new", c->dir_fd, "data") != 0 || fsync(c->dir_fd) != 0)
        return ht_cluster_os_failed(c, "data", "put it in place", err);
    return HT_OK;
}

enum ht_rc ht_cluster_data_version(const struct ht_cluster *c, int *ret, struct ht_err *err)
{
    int fd = openat(c->dir_fd, "data/PG_VERSION", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char text[16] = "";
    if (fd < 0 && errno != ENOENT)
        return ht_cluster_os_failed(c, "data/PG_VERSION", "open it", err);
    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        if (n <= 0 || atoi(text) <= 0)
            return ht_fail(err, HT_NO_DB, what, "restore it from a backup, or remove it to begin anew",
                           "%s/data is damaged: PG_VERSION holds no number", c->dir);
    }
    *ret = atoi(text);
    return HT_OK;
}
