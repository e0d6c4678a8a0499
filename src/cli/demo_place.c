#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "demo_parts.h"
#include "hooktop/base/clock.h"
#include "hooktop/cli/setup.h"

#define PREFIX  "hooktop-demo."
/* A directory younger than this may belong to a demo that has not locked it yet. */
#define YOUNG_S 60

extern char **environ;

static const char *where(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp != NULL && tmp[0] == '/' ? tmp : "/tmp";
}

static char *path_in(const char *dir, const char *name)
{
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, 4096);
    ht_buf_addf(&b, "%s/%s", dir, name);
    return ht_buf_take(&b, NULL);
}

/* ---- removing --------------------------------------------------------------------------------------------------- */

/* By descriptors, never through a symbolic link: part of the tree belongs to the server's user, not to us. */
static bool remove_in(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return true;
    if ((errno != EISDIR && errno != EPERM) || depth > 16)
        return false;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool done = true;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            done = remove_in(fd, e->d_name, depth + 1) && done;
    closedir(d);
    return done && unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

static void remove_tree(const char *dir)
{
    (void)remove_in(AT_FDCWD, dir, 0);
}

/* ---- what a killed demo left behind ------------------------------------------------------------------------------ */

/* A server that a killed demo left running stops when its next user leaves: so be its next user. */
static void stop_server_of(const char *dir)
{
    HT_AUTOFREE char *cluster_dir = path_in(dir, "pg");
    struct stat st;
    struct ht_cluster *cluster = NULL;
    struct ht_err err = {0};
    if (lstat(cluster_dir, &st) != 0)
        return;
    if (ht_cluster_acquire(&(struct ht_cluster_options){.dir = cluster_dir, .throwaway = true}, &cluster, &err) ==
            HT_OK &&
        ht_cluster_release(cluster, &err) != HT_OK)
        return;
}

/* The demo's lock, which it holds while it lives; -1 and errno when another one has it. Not the directory's own lock:
 * whoever makes a key ring in there takes that. */
static int take_lock(const char *dir)
{
    HT_AUTOFREE char *path = path_in(dir, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void clear_away(const char *dir)
{
    struct stat st;
    if (lstat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || time(NULL) - st.st_mtime < YOUNG_S)
        return;
    int lock = take_lock(dir);
    if (lock < 0)
        return;
    stop_server_of(dir);
    remove_tree(dir);
    close(lock);
}

static void clear_what_was_left(void)
{
    DIR *d = opendir(where());
    if (d == NULL)
        return;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        HT_AUTOFREE char *dir = path_in(where(), e->d_name);
        clear_away(dir);
    }
    closedir(d);
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

/* Nothing of the caller's environment may lead to another database or another key ring. */
static void forget_environment(void)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    for (char **e = environ; *e != NULL;) {
        HT_AUTOFREE char *name = ht_strndup(*e, strcspn(*e, "="));
        if (strncmp(name, "PG", 2) == 0 && unsetenv(name) == 0)
            e = environ;
        else
            e++;
    }
}

static enum ht_rc make_directory(struct ht_demo_place *p, struct ht_err *err)
{
    char *dir = path_in(where(), PREFIX "XXXXXX");
    if (mkdtemp(dir) == NULL) {
        ht_fail(err, HT_FAILED, "demo", "set TMPDIR to a directory that can be written", "cannot make %s: %s", dir,
                strerror(errno));
        free(dir);
        return HT_FAILED;
    }
    p->dir = dir;
    /* the console's log goes with the rest */
    if (setenv("XDG_STATE_HOME", dir, 1) != 0)
        return ht_fail(err, HT_FAILED, "demo", NULL, "%s", strerror(errno));
    p->lock = take_lock(dir);
    /* 0711: where root runs the demo, the server's user must pass through to its own part. */
    if (p->lock < 0 || chmod(dir, 0711) != 0)
        return ht_fail(err, HT_FAILED, "demo", NULL, "cannot prepare %s: %s", dir, strerror(errno));
    return HT_OK;
}

static enum ht_rc make_database(struct ht_demo_place *p, const char *key_file, struct ht_err *err)
{
    HT_AUTOFREE char *cluster_dir = path_in(p->dir, "pg");
    struct ht_conn *conn = NULL;
    enum ht_ring_outcome outcome;
    enum ht_rc rc =
        ht_cluster_acquire(&(struct ht_cluster_options){.dir = cluster_dir, .throwaway = true}, &p->cluster, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_conn_options o = {
        .dsn = ht_cluster_dsn(p->cluster), .application = "hooktop demo", .timeout_ms = 60000, .any_schema = true};
    rc = ht_conn_open(&o, &conn, err);
    if (rc == HT_OK)
        rc = ht_setup_apply(conn, &(struct ht_ring_source){.file = key_file}, &outcome, err);
    ht_conn_close(conn);
    return rc;
}

enum ht_rc ht_demo_place_init(struct ht_demo_place *p, struct ht_err *err)
{
    *p = (struct ht_demo_place){.lock = -1};
    ht_egress_init(&p->egress);
    forget_environment();
    clear_what_was_left();
    enum ht_rc rc = make_directory(p, err);
    if (rc != HT_OK)
        return rc;
    HT_AUTOFREE char *key_file = path_in(p->dir, "key-ring");
    rc = make_database(p, key_file, err);
    if (rc == HT_OK)
        rc = ht_ring_load(key_file, &p->ring, err);
    return rc;
}

void ht_demo_place_fini(struct ht_demo_place *p)
{
    struct ht_err err = {0};
    ht_ring_free(p->ring);
    /* A server that does not stop keeps its files: better a directory left behind than a server without one. */
    bool stopped = p->cluster == NULL || ht_cluster_release(p->cluster, &err) == HT_OK;
    if (p->dir != NULL && stopped)
        remove_tree(p->dir);
    if (p->lock >= 0)
        close(p->lock);
    free(p->dir);
    *p = (struct ht_demo_place){.lock = -1};
}
