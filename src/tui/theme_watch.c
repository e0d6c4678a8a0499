#include "theme_watch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int ht_theme_watch_open(const char *theme, const char *theme_dir)
{
    char folder[PATH_MAX];
    const char *slash = theme ? strrchr(theme, '/') : NULL;
    int len = slash ? snprintf(folder, sizeof folder, "%.*s", (int)(slash - theme) + 1, theme)
                    : snprintf(folder, sizeof folder, "%s", theme_dir ? theme_dir : "");
    if (len <= 0 || len >= (int)sizeof folder)
        return -1;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0 && inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool ht_theme_watch_take(int fd)
{
    _Alignas(struct inotify_event) char events[4096];
    bool theme = false;
    for (ssize_t n; fd >= 0 && (n = read(fd, events, sizeof events)) > 0;)
        for (const char *at = events; at < events + n;) {
            const struct inotify_event *e = (const void *)at;
            size_t len = strnlen(e->name, e->len);
            theme = theme || (len > 4 && memcmp(e->name + len - 4, ".ini", 4) == 0);
            at += sizeof *e + e->len;
        }
    return theme;
}

void ht_theme_watch_close(int fd)
{
    if (fd >= 0)
        close(fd);
}
