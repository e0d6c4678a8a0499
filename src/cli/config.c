#include "hooktop/cli/config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_settings.h"
#include "hooktop/base/ini.h"
#include "hooktop/base/secret.h"

#define SYSTEM_FILE "/etc/hooktop/config.ini"

struct reading {
    const char *environment;
    struct ht_config scratch;      /* every value is tried here, also those of other environments */
    char *rest[HT_SETTINGS_MAX];   /* what stands outside environments */
    char *chosen[HT_SETTINGS_MAX]; /* what stands in [env.NAME] of the one that was chosen */
    char **environments;           /* the names that were seen, for "did you mean" */
    size_t n_environments;
    bool password; /* some dsn holds one */
};

static void reading_fini(struct reading *r)
{
    ht_config_fini(&r->scratch);
    for (size_t i = 0; i < ht_settings_len; i++) {
        char *owned[] = {r->rest[i], r->chosen[i]};
        for (size_t k = 0; k < HT_COUNT(owned); k++)
            if (owned[k]) {
                ht_wipe(owned[k], strlen(owned[k]));
                free(owned[k]);
            }
    }
    for (size_t i = 0; i < r->n_environments; i++)
        free(r->environments[i]);
    free(r->environments);
}

/* How a setting is called inside [env.NAME]. */
static const char *dotted(const struct ht_setting *s, char ret[64])
{
    if (strcmp(s->section, "env") == 0)
        return s->key;
    snprintf(ret, 64, "%s.%s", s->section, s->key);
    return ret;
}

static bool did_you_mean(const char *given, const char *const *names, size_t n, char ret[80])
{
    const char *name = ht_nearest(given, names, n);
    return name && snprintf(ret, 80, "did you mean \"%s\"?", name) > 0;
}

static enum ht_rc unknown_section(const char *section, struct ht_err *err)
{
    const char *names[HT_SETTINGS_MAX] = {NULL};
    char near[80], fix[sizeof err->fix] = "the sections are";
    size_t n = 0;
    if (!*section)
        return ht_fail(err, HT_USAGE, "configuration", "put it under a [section]", "a setting stands in no section");
    for (size_t i = 0; i < ht_settings_len; i++)
        if (strcmp(ht_settings[i].section, "env") != 0 &&
            (n == 0 || strcmp(ht_settings[i].section, names[n - 1]) != 0)) {
            size_t len = strlen(fix);
            names[n++] = ht_settings[i].section;
            snprintf(fix + len, sizeof fix - len, " [%s],", names[n - 1]);
        }
    size_t len = strlen(fix);
    snprintf(fix + len, sizeof fix - len, " [env.NAME]");
    return ht_fail(err, HT_USAGE, "configuration", did_you_mean(section, names, n, near) ? near : fix,
                   "there is no section [%s]", section);
}

static enum ht_rc unknown_key(const char *section, const char *key, bool in_environment, struct ht_err *err)
{
    char texts[HT_SETTINGS_MAX][64];
    const char *names[HT_SETTINGS_MAX] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < ht_settings_len; i++) {
        if (in_environment)
            names[n++] = dotted(&ht_settings[i], texts[i]);
        else if (strcmp(ht_settings[i].section, section) == 0)
            names[n++] = ht_settings[i].key;
    }
    char near[80], fix[sizeof err->fix] = "its keys are";
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(fix);
        snprintf(fix + len, sizeof fix - len, "%s %s", i ? "," : "", names[i]);
    }
    return ht_fail(err, HT_USAGE, "configuration", did_you_mean(key, names, n, near) ? near : fix,
                   "[%s] has no key \"%s\"", section, key);
}

static bool known_section(const char *section)
{
    for (size_t i = 0; i < ht_settings_len; i++)
        if (strcmp(ht_settings[i].section, section) == 0)
            return strcmp(section, "env") != 0;
    return false;
}

static void note_environment(struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_environments; i++)
        if (strcmp(r->environments[i], name) == 0)
            return;
    r->environments = ht_realloc(r->environments, r->n_environments + 1, sizeof *r->environments);
    r->environments[r->n_environments++] = ht_strdup(name);
}

static enum ht_rc on_setting(void *user, const char *section, const char *key, const char *value, struct ht_err *err)
{
    struct reading *r = user;
    const char *environment = strncmp(section, "env.", 4) == 0 && section[4] ? section + 4 : NULL;
    if (environment)
        note_environment(r, environment);
    else if (!known_section(section))
        return unknown_section(section, err);
    for (size_t i = 0; i < ht_settings_len; i++) {
        const struct ht_setting *s = &ht_settings[i];
        char text[64];
        if (environment ? strcmp(dotted(s, text), key) != 0
                        : strcmp(s->section, section) != 0 || strcmp(s->key, key) != 0)
            continue;
        enum ht_rc rc = ht_setting_set(s, value, &r->scratch, err);
        if (rc != HT_OK)
            return rc;
        r->password = r->password || (strcmp(s->key, "dsn") == 0 && ht_dsn_has_password(value));
        if (environment && (!r->environment || strcmp(environment, r->environment) != 0))
            return HT_OK;
        char **slot = environment ? &r->chosen[i] : &r->rest[i];
        if (*slot)
            return ht_fail(err, HT_USAGE, "configuration", "keep one of them", "[%s] %s is set twice", section, key);
        *slot = ht_strdup(value);
        return HT_OK;
    }
    return unknown_key(section, key, environment != NULL, err);
}

static enum ht_rc no_environment(const struct reading *r, const char *file, const char *name, struct ht_err *err)
{
    char near[80], fix[sizeof err->fix];
    snprintf(fix, sizeof fix, "add a section [env.%.64s] to it", name);
    if (!file)
        return ht_fail(err, HT_USAGE, "--env", "write one, or name it with --config",
                       "there is no configuration file that could have an environment \"%s\"", name);
    return ht_fail(err, HT_USAGE, "--env",
                   did_you_mean(name, (const char *const *)r->environments, r->n_environments, near) ? near : fix,
                   "%s has no environment \"%s\"", file, name);
}

/* What the file decides (where secrets go, which keys are used) must not be in other people's hands. */
static enum ht_rc check_mode(const char *file, bool holds_password, struct ht_err *err)
{
    struct stat st;
    char fix[sizeof err->fix];
    if (stat(file, &st) != 0)
        return ht_fail(err, HT_FAILED, file, NULL, "%m");
    if (!S_ISREG(st.st_mode))
        return HT_OK; /* a pipe has no lasting mode to judge */
    if (st.st_mode & 022) {
        snprintf(fix, sizeof fix, "chmod go-w %s", file);
        return ht_fail(err, HT_DENIED, file, fix, "mode %04o lets others change it", st.st_mode & 07777u);
    }
    bool group_reads = (st.st_mode & 040) && st.st_uid != 0; /* root:service is how a service gets its file */
    if (holds_password && ((st.st_mode & 004) || group_reads)) {
        snprintf(fix, sizeof fix, "chmod 0600 %s, or put the password into ~/.pgpass", file);
        return ht_fail(err, HT_DENIED, file, fix, "it holds a password, and mode %04o lets others read it",
                       st.st_mode & 07777u);
    }
    return HT_OK;
}

/* The file to read; NULL: there is none. */
static char *find_file(void)
{
    char *own = ht_path_config("config.ini");
    if (access(own, F_OK) == 0)
        return own;
    free(own);
    return access(SYSTEM_FILE, F_OK) == 0 ? ht_strdup(SYSTEM_FILE) : NULL;
}

static enum ht_rc read_file(const char *file, struct reading *r, struct ht_err *err)
{
    ht_egress_init(&r->scratch.egress);
    enum ht_rc rc = ht_ini_read_file(file, on_setting, r, err);
    return rc == HT_OK ? check_mode(file, r->password, err) : rc;
}

/* "FILE [env.prod]" or "FILE [database]". */
static char *place(const char *file, const char *environment)
{
    struct ht_buf b;
    ht_buf_init(&b, strlen(file) + (environment ? strlen(environment) : 0) + 16);
    ht_buf_addf(&b, "%s [%s%s]", file, environment ? "env." : "database", environment ? environment : "");
    return ht_buf_take(&b, NULL);
}

static enum ht_rc apply(const struct reading *r, struct ht_config *c, struct ht_err *err)
{
    ht_egress_init(&c->egress);
    c->vault_key_file = ht_path_key_ring();
    for (size_t i = 0; i < ht_settings_len; i++) {
        const char *value = r->chosen[i] ? r->chosen[i] : r->rest[i] ? r->rest[i] : ht_settings[i].otherwise;
        enum ht_rc rc = value ? ht_setting_set(&ht_settings[i], value, c, err) : HT_OK;
        if (rc != HT_OK)
            return rc;
        if (value && ht_settings[i].offset == offsetof(struct ht_config, database_dsn))
            c->dsn_from = place(c->file, r->chosen[i] ? c->environment : NULL);
    }
    return HT_OK;
}

enum ht_rc ht_config_load(const char *file, const char *environment, struct ht_config *ret, struct ht_err *err)
{
    HT_CLEANUP(reading_fini) struct reading r = {.environment = environment};
    HT_CLEANUP(ht_config_fini) struct ht_config c = {0};
    c.file = file ? ht_strdup(file) : find_file();
    c.environment = environment ? ht_strdup(environment) : NULL;
    enum ht_rc rc = c.file ? read_file(c.file, &r, err) : HT_OK;
    if (rc != HT_OK)
        return rc;
    bool seen = !environment;
    for (size_t i = 0; i < r.n_environments && !seen; i++)
        seen = strcmp(r.environments[i], environment) == 0;
    if (!seen)
        return no_environment(&r, c.file, environment, err);
    if ((rc = apply(&r, &c, err)) != HT_OK)
        return rc;
    *ret = c;
    c = (struct ht_config){0};
    return HT_OK;
}

void ht_config_fini(struct ht_config *c)
{
    char *dsns[] = {c->database_dsn, c->worker_dsn};
    for (size_t i = 0; i < HT_COUNT(dsns); i++)
        if (dsns[i])
            ht_wipe(dsns[i], strlen(dsns[i]));
    for (size_t i = 0; i < ht_settings_len; i++) {
        const struct ht_setting *s = &ht_settings[i];
        if (s->kind == HT_SETTING_TEXT || s->kind == HT_SETTING_PATH || s->kind == HT_SETTING_EGRESS)
            free(*(char **)ht_setting_field(s, c));
    }
    free(c->file);
    free(c->environment);
    free(c->dsn_from);
    *c = (struct ht_config){0};
}
