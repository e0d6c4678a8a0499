#include "config_settings.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/secret.h"

static const char *const in_console_words[] = {"auto", "yes", "no", NULL};
static const char *const ascii_words[] = {"auto", "yes", "no", NULL};
/* In the order of the terminal's own colours. */
static const char *const colour_words[] = {"none", "red", "green", "yellow", "blue", "magenta", "cyan", NULL};
_Static_assert(sizeof(enum ht_in_console) == sizeof(int) && sizeof(enum ht_ui_ascii) == sizeof(int), "set as int");

#define AT(field) offsetof(struct ht_config, field)
const struct ht_setting ht_settings[] = {
    {"database", "dsn", HT_SETTING_TEXT, NULL,
     "Where the database is: anything libpq takes. Passwords belong in .pgpass or the service file.", AT(database_dsn),
     0, 0, NULL},
    {"vault", "key_file", HT_SETTING_PATH, NULL,
     "The key ring. Default: /etc/hooktop/key-ring for root, else $XDG_DATA_HOME/hooktop/key-ring.", AT(vault_key_file),
     0, 0, NULL},
    {"vault", "key_command", HT_SETTING_TEXT, NULL,
     "A program that prints the key ring where there is no such file: its whole path and arguments, no shell.",
     AT(vault_key_command), 0, 0, NULL},
    {"egress", "http", HT_SETTING_EGRESS, "no", "Whether plain http URLs are allowed.", AT(egress_http), 0, 0, NULL},
    {"egress", "ports", HT_SETTING_EGRESS, "443, 8443", "Ports and ranges that endpoints may use.", AT(egress_ports), 0,
     0, NULL},
    {"egress", "allow", HT_SETTING_EGRESS, NULL,
     "Ranges ADDRESS/PREFIX[:PORTS] for which the address, port and literal-address rules are lifted.",
     AT(egress_allow), 0, 0, NULL},
    {"egress", "ca_file", HT_SETTING_EGRESS, NULL,
     "PEM file of the certificate authorities that receivers' certificates are checked with. Default: the system's.",
     AT(egress_ca_file), 0, 0, NULL},
    {"worker", "dsn", HT_SETTING_TEXT, NULL,
     "The login that delivers, where it is another than the console's. Default: [database] dsn.", AT(worker_dsn), 0, 0,
     NULL},
    {"worker", "concurrency", HT_SETTING_NUMBER, "256", "Requests in flight at most.", AT(worker_concurrency), 1, 10000,
     NULL},
    {"worker", "lease", HT_SETTING_DURATION, "75s",
     "How long a claimed delivery stays a worker's own; longer than any endpoint's time limit.", AT(worker_lease_ms),
     5000, 3600000, NULL},
    {"worker", "time_limit", HT_SETTING_DURATION, NULL,
     "The longest time limit of a request; an endpoint's longer one is cut to it. Default: the lease less 10s.",
     AT(worker_time_limit_ms), 100, 3600000, NULL},
    {"worker", "in_console", HT_SETTING_WORD, "auto",
     "Whether the console delivers: always, never, or while no dedicated worker does.", AT(worker_in_console), 0, 0,
     in_console_words},
    {"alert", "backlog_after", HT_SETTING_DURATION, "5m", "Deliveries past due for longer than this are a backlog.",
     AT(alert_backlog_after_ms), 1000, 86400000, NULL},
    {"alert", "rotate_after_days", HT_SETTING_NUMBER, "365", "A secret older than this is overdue for rotation.",
     AT(alert_rotate_after_days), 1, 3650, NULL},
    {"alert", "again_after", HT_SETTING_DURATION, "24h", "What stays wrong is told again after this time.",
     AT(alert_again_after_ms), 60000, 604800000, NULL},
    {"alert", "webhook", HT_SETTING_TEXT, NULL,
     "URL that hooktop alert check --notify posts to; the rules of [egress] hold for it.", AT(alert_webhook), 0, 0,
     NULL},
    {"alert", "secret_file", HT_SETTING_PATH, NULL,
     "File with the secret that the webhook is signed with, as Standard Webhooks has it. What systemd hands over as "
     "the "
     "credential hooktop-alert-secret comes before it.",
     AT(alert_secret_file), 0, 0, NULL},
    {"alert", "command", HT_SETTING_TEXT, NULL,
     "Program and arguments that hooktop alert check --notify runs, without a shell; the alerts are on its input.",
     AT(alert_command), 0, 0, NULL},
    {"ui", "theme", HT_SETTING_TEXT, "default", "A theme's name, or the path of its file.", AT(ui_theme), 0, 0, NULL},
    {"ui", "ascii", HT_SETTING_WORD, "auto",
     "Draw without line characters: always, never, or where the locale lacks them.", AT(ui_ascii), 0, 0, ascii_words},
    {"ui", "clock", HT_SETTING_FLAG, "yes", "Show the time of day; without it an idle console sends no bytes.",
     AT(ui_clock), 0, 0, NULL},
    {"ui", "mouse", HT_SETTING_FLAG, "no",
     "The wheel scrolls, a click selects a row, a tab or a screen, a second click opens the row, one on a column's "
     "title sorts by it. "
     "Selecting text then needs Shift.",
     AT(ui_mouse), 0, 0, NULL},
    {"ui", "accessible", HT_SETTING_FLAG, "no",
     "For screen readers: visible cursor, no boxes, no graphs, changes told once in the status line.",
     AT(ui_accessible), 0, 0, NULL},
    {"env", "production", HT_SETTING_FLAG, "no", "Commands that write then ask for a reason.", AT(production), 0, 0,
     NULL},
    {"env", "colour", HT_SETTING_WORD, "none",
     "The colour of the console's first line, to tell environments apart at a glance.", AT(colour), 0, 0, colour_words},
    {"env", "readonly", HT_SETTING_FLAG, "no", "As --readonly.", AT(readonly), 0, 0, NULL},
};
const size_t ht_settings_len = HT_COUNT(ht_settings);
_Static_assert(HT_COUNT(ht_settings) <= HT_SETTINGS_MAX, "the arrays of config.c hold them all");

/* values ----------------------------------------------------------------------------------------------------------- */
static enum ht_rc bad_value(const struct ht_setting *s, const char *value, const char *fix, struct ht_err *err)
{
    return ht_fail(err, HT_USAGE, "configuration", fix, "%s: \"%s\" is not a value for it", s->key, value);
}

static void set_text(char **field, const char *value)
{
    if (*field)
        ht_wipe(*field, strlen(*field)); /* it may be a dsn with a password */
    free(*field);
    *field = ht_strdup(value);
}

static enum ht_rc set_path(const struct ht_setting *s, char **field, const char *value, struct ht_err *err)
{
    if (value[0] == '/') {
        set_text(field, value);
        return HT_OK;
    }
    if (strncmp(value, "~/", 2) != 0)
        return bad_value(s, value, "give the whole path, beginning with / or ~/", err);
    free(*field);
    *field = ht_path_home(value + 2);
    return HT_OK;
}

static enum ht_rc set_flag(const struct ht_setting *s, bool *field, const char *value, struct ht_err *err)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < HT_COUNT(words); i++)
        if (strcmp(value, words[i]) == 0) {
            *field = i % 2 == 1;
            return HT_OK;
        }
    return bad_value(s, value, "write yes or no", err);
}

static enum ht_rc set_number(const struct ht_setting *s, int32_t *field, const char *value, struct ht_err *err)
{
    char fix[80], *end = NULL;
    snprintf(fix, sizeof fix, "write a whole number from %d to %d", s->lo, s->hi);
    errno = 0;
    long n = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || n < s->lo || n > s->hi)
        return bad_value(s, value, fix, err);
    *field = (int32_t)n;
    return HT_OK;
}

static enum ht_rc set_duration(const struct ht_setting *s, int32_t *field, const char *value, struct ht_err *err)
{
    char lo[32], hi[32], fix[120];
    int64_t ms = 0;
    ht_duration_format(s->lo, lo, sizeof lo);
    ht_duration_format(s->hi, hi, sizeof hi);
    snprintf(fix, sizeof fix, "write a duration from %s to %s, such as 75s or 2m", lo, hi);
    if (ht_duration_parse(value, &ms, NULL) != HT_OK || ms < s->lo || ms > s->hi)
        return bad_value(s, value, fix, err);
    *field = (int32_t)ms;
    return HT_OK;
}

static enum ht_rc set_word(const struct ht_setting *s, int *field, const char *value, struct ht_err *err)
{
    char fix[120] = "write one of:";
    for (int i = 0; s->words[i]; i++) {
        if (strcmp(value, s->words[i]) == 0) {
            *field = i;
            return HT_OK;
        }
        size_t len = strlen(fix);
        snprintf(fix + len, sizeof fix - len, "%s %s", i ? "," : "", s->words[i]);
    }
    return bad_value(s, value, fix, err);
}

static enum ht_rc set_egress(const struct ht_setting *s, struct ht_config *c, const char *value, struct ht_err *err)
{
    enum ht_rc rc = ht_egress_set(&c->egress, s->key, value, err);
    if (rc == HT_OK)
        set_text((char **)ht_setting_field(s, c), value);
    return rc;
}

void *ht_setting_field(const struct ht_setting *s, struct ht_config *c)
{
    return (char *)c + s->offset;
}

enum ht_rc ht_setting_set(const struct ht_setting *s, const char *value, struct ht_config *c, struct ht_err *err)
{
    void *field = ht_setting_field(s, c);
    switch (s->kind) {
    case HT_SETTING_EGRESS:
        return set_egress(s, c, value, err);
    case HT_SETTING_TEXT:
        set_text(field, value);
        return HT_OK;
    case HT_SETTING_PATH:
        return set_path(s, field, value, err);
    case HT_SETTING_FLAG:
        return set_flag(s, field, value, err);
    case HT_SETTING_NUMBER:
        return set_number(s, field, value, err);
    case HT_SETTING_DURATION:
        return set_duration(s, field, value, err);
    case HT_SETTING_WORD:
        return set_word(s, field, value, err);
    }
    return HT_OK;
}
