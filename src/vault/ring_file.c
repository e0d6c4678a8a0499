#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktop/base/codec.h"
#include "hooktop/base/write.h"
#include "hooktop/vault/hpke.h"

#define CREDENTIAL "hooktop-key-ring"

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define AUTOCLOSE HT_CLEANUP(close_fd) int

static enum ht_rc os_failed(struct ht_err *err, enum ht_rc rc, const char *path, const char *doing, const char *fix)
{
    return ht_fail(err, rc, "key ring", fix, "%s: cannot %s: %m", path, doing);
}

static enum ht_rc check_owner_and_mode(const char *path, const struct stat *st, struct ht_err *err)
{
    if (!S_ISREG(st->st_mode))
        return ht_fail(err, HT_DENIED, "key ring", "name the file itself under [vault] key_file",
                       "%s is not a regular file", path);
    if (st->st_uid != geteuid() && st->st_uid != 0) {
        char fix[sizeof err->fix];
        snprintf(fix, sizeof fix, "chown %u %s", (unsigned)geteuid(), path);
        return ht_fail(err, HT_DENIED, "key ring", fix, "%s belongs to user %u, who could read or replace the keys",
                       path, (unsigned)st->st_uid);
    }
    /* The group may read a ring that root owns: that is how a service's account gets one it cannot change. */
    mode_t mode = st->st_mode & 07777, allowed = st->st_uid == 0 ? 0640 : 0600;
    if ((mode & (mode_t)~allowed) != 0) {
        char fix[sizeof err->fix];
        snprintf(fix, sizeof fix, "chmod 0600 %s", path);
        return ht_fail(err, HT_DENIED, "key ring", fix, "%s has mode %04o; only its owner%s may have access", path,
                       (unsigned)mode, st->st_uid == 0 ? " (and its group, reading)" : "");
    }
    return HT_OK;
}

static enum ht_rc open_ring(const char *path, int *ret_fd, struct stat *ret_st, struct ht_err *err)
{
    /* O_NONBLOCK: a fifo in its place must not hold us up; regular files do not care. */
    AUTOCLOSE fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return ht_fail(err, HT_NOT_FOUND, "key ring", "run hooktop setup, or name the file under [vault] key_file",
                       "%s is not there", path);
    if (fd < 0 && errno == ELOOP)
        return ht_fail(err, HT_DENIED, "key ring", "name the file itself under [vault] key_file",
                       "%s is a symbolic link", path);
    if (fd < 0)
        return os_failed(err, errno == EACCES ? HT_DENIED : HT_FAILED, path, "open it",
                         "only the machines and logins that deliver can read the ring");
    struct stat st;
    if (fstat(fd, &st) != 0)
        return os_failed(err, HT_FAILED, path, "examine it", NULL);
    enum ht_rc rc = check_owner_and_mode(path, &st, err);
    if (rc != HT_OK)
        return rc;
    *ret_st = st;
    *ret_fd = fd;
    fd = -1;
    return HT_OK;
}

static enum ht_rc read_all(const char *path, int fd, struct ht_secret **ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    enum ht_rc rc = ht_secret_new_blank(HT_SECRET_MAX, &text, err);
    if (rc != HT_OK)
        return rc;
    size_t len = 0;
    while (len < HT_SECRET_MAX) {
        ssize_t n = read(fd, ht_secret_fill_area(text) + len, HT_SECRET_MAX - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return os_failed(err, HT_FAILED, path, "read it", NULL);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (len == HT_SECRET_MAX)
        return ht_fail(err, HT_USAGE, "key ring", "restore the file from its backup", "%s is too large for a ring",
                       path);
    ht_secret_truncate(text, len);
    *ret = text;
    text = NULL;
    return HT_OK;
}

static enum ht_rc load_file(const char *path, struct ht_ring **ret, struct stat *ret_st, struct ht_err *err)
{
    AUTOCLOSE fd = -1;
    struct stat st;
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    enum ht_rc rc = open_ring(path, &fd, &st, err);
    if (rc == HT_OK)
        rc = read_all(path, fd, &text, err);
    if (rc == HT_OK)
        rc = ht_ring_parse(path, text, ret, err);
    if (rc == HT_OK && ret_st)
        *ret_st = st;
    return rc;
}

enum ht_rc ht_ring_load(const char *path, struct ht_ring **ret, struct ht_err *err)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char credential[PATH_MAX];
    if (dir && *dir == '/' &&
        (size_t)snprintf(credential, sizeof credential, "%s/" CREDENTIAL, dir) < sizeof credential) {
        struct stat st;
        /* One that is there but wrong is an error: falling back would hide it. */
        if (lstat(credential, &st) == 0 || errno != ENOENT)
            return load_file(credential, ret, NULL, err);
    }
    return load_file(path, ret, NULL, err);
}

/* Opens and locks the ring's directory, so that two programs do not write the ring at once. */
static enum ht_rc lock_directory(const char *path, int *ret_fd, struct ht_err *err)
{
    const char *slash = strrchr(path, '/');
    HT_AUTOFREE char *dir = !slash ? ht_strdup(".") : ht_strndup(path, slash == path ? 1 : (size_t)(slash - path));
    AUTOCLOSE fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return os_failed(err, errno == EACCES ? HT_DENIED : HT_FAILED, dir, "open the directory",
                         "create it, or name another file under [vault] key_file");
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return os_failed(err, HT_FAILED, dir, "lock the directory", NULL);
    *ret_fd = fd;
    fd = -1;
    return HT_OK;
}

/* Writes the ring beside `path` and moves it there, so that a crash leaves the old file or the new one, never half of
 * one. `old` is the file it replaces, whose owner and mode it keeps; NULL: there must be none. */
static enum ht_rc write_ring(const char *path, const struct ht_ring *r, const struct stat *old, int dir_fd,
                             struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    enum ht_rc rc = ht_ring_format(r, &text, err);
    if (rc != HT_OK)
        return rc;
    char temporary[PATH_MAX], suffix[HT_HEX_SIZE(8)];
    uint8_t random[8];
    ht_random(random, sizeof random);
    ht_hex_encode(random, sizeof random, suffix);
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new-%s", path, suffix) >= sizeof temporary)
        return ht_fail(err, HT_USAGE, "key ring", NULL, "%s: the path is too long", path);

    AUTOCLOSE fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return os_failed(err, errno == EACCES ? HT_DENIED : HT_FAILED, temporary, "create it",
                         "give this user write access to the directory, or name another file under [vault] key_file");
    if (old && (fchown(fd, old->st_uid, old->st_gid) != 0 || fchmod(fd, old->st_mode & 07777) != 0)) {
        rc = os_failed(err, HT_FAILED, temporary, "give it the owner and mode of the old ring", NULL);
        goto fail;
    }
    if (!ht_write_all(fd, ht_secret_bytes(text), ht_secret_len(text)) || fsync(fd) != 0) {
        rc = os_failed(err, HT_FAILED, temporary, "write it", NULL);
        goto fail;
    }
    /* link(), unlike rename(), refuses to replace a file. */
    if (old ? rename(temporary, path) != 0 : link(temporary, path) != 0) {
        rc = errno == EEXIST
                 ? ht_fail(err, HT_FAILED, "key ring", "use this ring, or add a key to it", "%s is there already", path)
                 : os_failed(err, HT_FAILED, path, "put the new ring in place", NULL);
        goto fail;
    }
    if (!old && unlink(temporary) != 0)
        return os_failed(err, HT_FAILED, temporary, "remove it", "remove it by hand: it is a copy of the ring");
    if (fsync(dir_fd) != 0)
        return os_failed(err, HT_FAILED, path, "make the new ring durable", NULL);
    return HT_OK;
fail:
    unlink(temporary);
    return rc;
}

/* A new key at the end, as the current one. */
static enum ht_rc add_new_key(struct ht_ring *r, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *key = NULL;
    enum ht_rc rc = ht_secret_new_random(HT_HPKE_KEY, &key, err);
    if (rc == HT_OK)
        rc = ht_ring_append(r, key, err);
    if (rc != HT_OK)
        return rc;
    key = NULL;
    r->current = r->n - 1;
    return HT_OK;
}

enum ht_rc ht_ring_create(const char *path, struct ht_err *err)
{
    AUTOCLOSE dir_fd = -1;
    HT_CLEANUP(ht_ring_freep) struct ht_ring *r = ht_alloc(1, sizeof *r);
    enum ht_rc rc = lock_directory(path, &dir_fd, err);
    if (rc == HT_OK)
        rc = add_new_key(r, err);
    return rc == HT_OK ? write_ring(path, r, NULL, dir_fd, err) : rc;
}

enum ht_rc ht_ring_add_key(const char *path, struct ht_err *err)
{
    AUTOCLOSE dir_fd = -1;
    HT_CLEANUP(ht_ring_freep) struct ht_ring *r = NULL;
    struct stat old;
    enum ht_rc rc = lock_directory(path, &dir_fd, err);
    if (rc == HT_OK)
        rc = load_file(path, &r, &old, err);
    if (rc == HT_OK)
        rc = add_new_key(r, err);
    return rc == HT_OK ? write_ring(path, r, &old, dir_fd, err) : rc;
}
