#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_settings.h"
#include "hooktop/cli/config.h"

static char *join(const char *a, const char *b, const char *c)
{
    struct ht_buf path;
    ht_buf_init(&path, strlen(a) + strlen(b) + strlen(c));
    ht_buf_addf(&path, "%s%s%s", a, b, c);
    return ht_buf_take(&path, NULL);
}

/* A variable that is not absolute is to be ignored: XDG Base Directory Specification. */
static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

char *ht_path_home(const char *name)
{
    const char *home = absolute("HOME");
    if (!home) {
        const struct passwd *pw = getpwuid(geteuid());
        home = pw && pw->pw_dir && pw->pw_dir[0] == '/' ? pw->pw_dir : "/";
    }
    return join(home, "/", name);
}

static char *xdg(const char *variable, const char *otherwise, const char *name)
{
    const char *base = absolute(variable);
    if (base)
        return join(base, "/hooktop/", name);
    HT_AUTOFREE char *home = ht_path_home(otherwise);
    return join(home, "/hooktop/", name);
}

char *ht_path_config(const char *name)
{
    return xdg("XDG_CONFIG_HOME", ".config", name);
}

char *ht_path_data(const char *name)
{
    return geteuid() == 0 ? join("/var/lib/hooktop/", name, "") : xdg("XDG_DATA_HOME", ".local/share", name);
}

char *ht_path_state(const char *name)
{
    return xdg("XDG_STATE_HOME", ".local/state", name);
}

char *ht_path_key_ring(void)
{
    return geteuid() == 0 ? ht_strdup("/etc/hooktop/key-ring") : ht_path_data("key-ring");
}

enum ht_rc ht_path_make_parents(const char *path, struct ht_err *err)
{
    HT_AUTOFREE char *dir = ht_strdup(path);
    for (char *slash = dir; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        if (mkdir(dir, geteuid() == 0 ? 0755 : 0700) != 0 && errno != EEXIST)
            return ht_fail(err, errno == EACCES ? HT_DENIED : HT_FAILED, dir,
                           "make it yourself, or name another place in the configuration",
                           "cannot make the directory: %m");
        *slash = '/';
    }
    return HT_OK;
}
