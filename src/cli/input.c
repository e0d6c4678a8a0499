#include "hooktop/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/write.h"

static enum ht_rc open_failed(const char *path, struct ht_err *err)
{
    enum ht_rc rc = errno == ENOENT ? HT_NOT_FOUND : HT_FAILED;
    return ht_fail(err, rc, path, NULL, "cannot open it: %s", strerror(errno));
}

/* A descriptor to read from; standard input for "-". */
static enum ht_rc open_input(const char *path, int *ret, struct ht_err *err)
{
    if (strcmp(path, "-") == 0) {
        *ret = STDIN_FILENO;
        return HT_OK;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return open_failed(path, err);
    *ret = fd;
    return HT_OK;
}

static void close_input(int fd)
{
    if (fd != STDIN_FILENO)
        close(fd);
}

static ssize_t read_some(int fd, void *to, size_t len)
{
    ssize_t n;
    do {
        n = read(fd, to, len);
    } while (n < 0 && errno == EINTR);
    return n;
}

enum ht_rc ht_input_read(const char *path, size_t max_bytes, struct ht_buf *ret, struct ht_err *err)
{
    int fd;
    enum ht_rc rc = open_input(path, &fd, err);
    if (rc != HT_OK)
        return rc;
    struct ht_buf b;
    ht_buf_init(&b, max_bytes);
    char chunk[16384];
    ssize_t n = 0;
    while (!b.over && (n = read_some(fd, chunk, sizeof chunk)) > 0)
        ht_buf_add(&b, chunk, (size_t)n);
    if (b.over)
        rc = ht_fail(err, HT_USAGE, path, NULL, "it has more than %zu bytes", max_bytes);
    else if (n < 0)
        rc = ht_fail(err, HT_FAILED, path, NULL, "cannot read it: %s", strerror(errno));
    close_input(fd);
    if (rc != HT_OK) {
        ht_buf_fini(&b);
        return rc;
    }
    *ret = b;
    return HT_OK;
}

enum ht_rc ht_input_secret(const char *path, struct ht_secret **ret, struct ht_err *err)
{
    int fd;
    enum ht_rc rc = open_input(path, &fd, err);
    if (rc != HT_OK)
        return rc;
    struct ht_secret *s = NULL;
    rc = ht_secret_new_blank(HT_SECRET_MAX, &s, err);
    if (rc != HT_OK)
        goto fail;
    uint8_t *bytes = ht_secret_fill_area(s);
    size_t len = 0;
    ssize_t n = 1;
    while (len < HT_SECRET_MAX && (n = read_some(fd, bytes + len, HT_SECRET_MAX - len)) > 0)
        len += (size_t)n;
    if (n < 0)
        rc = ht_fail(err, HT_FAILED, path, NULL, "cannot read it: %s", strerror(errno));
    else if (len == HT_SECRET_MAX)
        rc = ht_fail(err, HT_USAGE, path, NULL, "it is too long for a secret");
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    if (rc == HT_OK && len == 0)
        rc = ht_fail(err, HT_USAGE, path, NULL, "it holds no secret");
    if (rc != HT_OK)
        goto fail;
    ht_secret_truncate(s, len);
    close_input(fd);
    *ret = s;
    return HT_OK;
fail:
    close_input(fd);
    ht_secret_free(s);
    return rc;
}

enum ht_rc ht_secret_file_open(const char *path, int *ret_fd, struct ht_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return ht_fail(err, HT_FAILED, path, errno == EEXIST ? "name a file that does not exist yet" : NULL,
                       "cannot create it: %s", strerror(errno));
    *ret_fd = fd;
    return HT_OK;
}

enum ht_rc ht_secret_file_write(const char *path, int fd, const struct ht_secret *s, struct ht_err *err)
{
    bool done = ht_write_all(fd, ht_secret_bytes(s), ht_secret_len(s)) && ht_write_all(fd, "\n", 1) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && done) {
        done = false;
        why = errno;
    }
    return done ? HT_OK : ht_fail(err, HT_FAILED, path, NULL, "cannot write it: %s", strerror(why));
}

void ht_secret_file_drop(const char *path, int fd)
{
    close(fd);
    unlink(path);
}

enum ht_rc ht_header_parse(const char *text, struct ht_header *ret, struct ht_err *err)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon == text)
        return ht_fail(err, HT_USAGE, "header", "write it as 'Name: value'", "\"%s\" is not a header", text);
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    ret->name = ht_strndup(text, (size_t)(colon - text));
    ret->value = ht_strdup(value);
    return HT_OK;
}

enum ht_rc ht_schedule_parse(const char *text, int32_t ret[HT_SCHEDULE_MAX], uint8_t *ret_len, struct ht_err *err)
{
    int32_t delays[HT_SCHEDULE_MAX];
    uint8_t n = 0;
    for (const char *at = text;; at++) {
        char one[32];
        int64_t ms = 0;
        size_t len = strcspn(at, ",");
        if (n == HT_SCHEDULE_MAX)
            return ht_fail(err, HT_USAGE, "schedule", NULL, "it has more than %u delays", HT_SCHEDULE_MAX);
        if (len >= sizeof one)
            return ht_fail(err, HT_USAGE, "schedule", "write it as 5s,5m,30m", "\"%s\" is not a list of delays", text);
        memcpy(one, at, len);
        one[len] = '\0';
        if (ht_duration_parse(one, &ms, err) != HT_OK)
            return HT_USAGE;
        if (ms < 1000)
            return ht_fail(err, HT_USAGE, "schedule", NULL, "\"%s\" is less than a second", one);
        delays[n++] = (int32_t)(ms / 1000);
        at += len;
        if (*at == '\0')
            break;
    }
    memcpy(ret, delays, n * sizeof delays[0]);
    *ret_len = n;
    return HT_OK;
}
