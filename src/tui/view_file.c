#include "view_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooktop/base/buf.h"
#include "hooktop/base/ini.h"
#include "hooktop/base/write.h"

#define FILE_MAX    200000 /* what ht_ini_read_file takes, and some room */
/* A filter may begin with a quote, which would be the file's own: the key that begins a filter stands before it. */
#define FILTER_SIGN '/'

enum ht_rc ht_view_name_check(const char *name, struct ht_err *err)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strlen(name);
    if (len == 0 || len > HT_VIEW_NAME_MAX || strspn(name, chars) != len)
        return ht_fail(err, HT_USAGE, "view", "use 1 to 32 letters, digits, '-' or '_'", "this is no name for a view");
    if (strcmp(name, "save") == 0 || strcmp(name, "remove") == 0)
        return ht_fail(err, HT_USAGE, "view", "take another name", "'%s' is what :view itself understands", name);
    return HT_OK;
}

struct ht_view *ht_views_find(struct ht_views *v, const char *name)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->list[i].name, name) == 0)
            return &v->list[i];
    return NULL;
}

/* Reading ---------------------------------------------------------------------------------------------------------- */
static enum ht_rc view_of(struct ht_views *v, const char *section, struct ht_view **ret, struct ht_err *err)
{
    enum ht_rc rc = ht_view_name_check(section, err);
    *ret = rc == HT_OK ? ht_views_find(v, section) : NULL;
    if (rc != HT_OK || *ret)
        return rc;
    if (v->n == HT_VIEWS_MAX)
        return ht_fail(err, HT_USAGE, "view", "remove one", "there are more than %d views", HT_VIEWS_MAX);
    *ret = &v->list[v->n++];
    **ret = (struct ht_view){0};
    snprintf((*ret)->name, sizeof(*ret)->name, "%s", section);
    return HT_OK;
}

static enum ht_rc take_setting(void *user, const char *section, const char *key, const char *value, struct ht_err *err)
{
    struct ht_view *w;
    enum ht_rc rc = view_of(user, section, &w, err);
    if (rc != HT_OK)
        return rc;
    const struct {
        const char *name;
        char *at;
        size_t size;
    } settings[] = {{"screen", w->screen, sizeof w->screen},
                    {"filter", w->filter, sizeof w->filter},
                    {"hidden", w->hidden, sizeof w->hidden}};
    for (size_t i = 0; i < HT_COUNT(settings); i++) {
        if (strcmp(settings[i].name, key) != 0)
            continue;
        value += settings[i].at == w->filter && value[0] == FILTER_SIGN;
        if ((size_t)snprintf(settings[i].at, settings[i].size, "%s", value) >= settings[i].size)
            return ht_fail(err, HT_USAGE, key, NULL, "it is longer than %zu bytes", settings[i].size - 1);
        return HT_OK;
    }
    return ht_fail(err, HT_USAGE, key, "a view has screen, filter and hidden", "a view has no '%s'", key);
}

enum ht_rc ht_views_read(const char *path, struct ht_views *ret, struct ht_err *err)
{
    ret->n = 0;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return HT_OK;
    return ht_ini_read_file(path, take_setting, ret, err);
}

/* Writing ---------------------------------------------------------------------------------------------------------- */
static void format(const struct ht_views *v, struct ht_buf *b)
{
    ht_buf_adds(b, "; The console writes this file whole with :view save and :view remove.\n");
    for (size_t i = 0; i < v->n; i++) {
        const struct ht_view *w = &v->list[i];
        ht_buf_addf(b, "\n[%s]\nscreen = %s\n", w->name, w->screen);
        if (w->filter[0])
            ht_buf_addf(b, "filter = %c%s\n", FILTER_SIGN, w->filter);
        if (w->hidden[0])
            ht_buf_addf(b, "hidden = %s\n", w->hidden);
    }
}

static bool same(const struct ht_views *a, const struct ht_views *b)
{
    bool equal = a->n == b->n;
    for (size_t i = 0; i < a->n && equal; i++)
        equal = strcmp(a->list[i].name, b->list[i].name) == 0 && strcmp(a->list[i].screen, b->list[i].screen) == 0 &&
                strcmp(a->list[i].filter, b->list[i].filter) == 0 && strcmp(a->list[i].hidden, b->list[i].hidden) == 0;
    return equal;
}

/* What is written must be what will be read. */
static enum ht_rc check(const struct ht_views *v, const struct ht_buf *b, struct ht_err *err)
{
    HT_AUTOFREE struct ht_views *again = ht_alloc(1, sizeof *again);
    struct ht_err inner = {0};
    if (!b->over && ht_ini_read("views", b->data, b->len, take_setting, again, &inner) == HT_OK && same(v, again))
        return HT_OK;
    return ht_fail(err, HT_USAGE, "view", "write the filter without ; and # after a blank",
                   "a file cannot hold this filter");
}

static enum ht_rc failed(struct ht_err *err, const char *path)
{
    return ht_fail(err, errno == EACCES ? HT_DENIED : HT_FAILED, path, "see who may write to its directory",
                   "it cannot be written: %m");
}

/* Beside it and then in its place: a crash leaves the old file or the new one. mkstemp makes it 0600. */
static enum ht_rc replace(const char *path, const struct ht_buf *b, struct ht_err *err)
{
    char made[PATH_MAX];
    enum ht_rc rc = HT_OK;
    if ((size_t)snprintf(made, sizeof made, "%s.XXXXXX", path) >= sizeof made)
        return ht_fail(err, HT_USAGE, path, NULL, "the path is too long");
    int fd = mkstemp(made);
    if (fd < 0)
        return failed(err, path);
    if (!ht_write_all(fd, b->data, b->len) || fsync(fd) != 0 || rename(made, path) != 0) {
        rc = failed(err, path);
        unlink(made);
    }
    close(fd);
    return rc;
}

enum ht_rc ht_views_write(const char *path, const struct ht_views *v, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, FILE_MAX);
    format(v, &b);
    enum ht_rc rc = check(v, &b, err);
    return rc == HT_OK ? replace(path, &b, err) : rc;
}
