#include "hooktop/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/ini.h"

#define NAMES_MAX 96

void ht_suggest(struct ht_err *err, const char *given, const char *const *names, size_t n)
{
    const char *near = ht_nearest(given, names, n);
    if (near != NULL)
        snprintf(err->fix, sizeof err->fix, "did you mean \"%s\"?", near);
}

static const char *command_name(const struct ht_args *a)
{
    if (a->command != NULL)
        return a->command->name;
    return a->group != NULL ? a->group->name : "command line";
}

/* The option `id` can be used now: a global one, or one of the command's. */
static bool usable(const struct ht_args *a, enum ht_option_id id)
{
    if (id < HT_OPT_GLOBALS_END)
        return true;
    for (size_t i = 0; a->command != NULL && i < a->command->options_len; i++)
        if (a->command->options[i].id == id)
            return true;
    return false;
}

static enum ht_rc unknown_option(const struct ht_args *a, const char *given, size_t len, struct ht_err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), given);
    enum ht_rc rc =
        ht_fail(err, HT_USAGE, command_name(a), "see --help", "unknown option %s%s", len == 1 ? "-" : "--", name);
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (enum ht_option_id id = 0; id < HT_OPT_COUNT && n < NAMES_MAX; id++)
        if (usable(a, id))
            names[n++] = ht_options[id].name;
    const char *near = len > 1 ? ht_nearest(name, names, n) : NULL;
    if (near != NULL)
        snprintf(err->fix, sizeof err->fix, "did you mean --%s?", near);
    return rc;
}

/* `50/s`, `600/m`, `100/h`. */
enum ht_rc ht_rate_parse(const char *text, double *ret, struct ht_err *err)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}};
    char *end = NULL;
    errno = 0;
    double v = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : -1;
    for (size_t i = 0; errno == 0 && v > 0 && v <= 1e6 && i < HT_COUNT(units); i++) {
        if (strcmp(end, units[i].unit) == 0) {
            *ret = v / units[i].seconds;
            return HT_OK;
        }
    }
    return ht_fail(err, HT_USAGE, "rate", "write it as 50/s, 600/m or 100/h", "\"%s\" is not a rate", text);
}

static enum ht_rc parse_number(const struct ht_option *o, const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || v < o->lo || v > o->hi)
        return HT_USAGE;
    *ret = v;
    return HT_OK;
}

static enum ht_rc parse_word(const struct ht_option *o, const char *text, const char *what, struct ht_err *err)
{
    const char *words[NAMES_MAX];
    size_t n = 0;
    for (const char *w; n < NAMES_MAX && (w = o->word_at(n)) != NULL; n++) {
        if (strcmp(w, text) == 0)
            return HT_OK;
        words[n] = w;
    }
    char all[256] = "";
    for (size_t i = 0, at = 0; i < n && at < sizeof all; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i > 0 ? ", " : "it may be ", words[i]);
    enum ht_rc rc = ht_fail(err, HT_USAGE, what, all, "\"%s\" is unknown", text);
    ht_suggest(err, text, words, n);
    return rc;
}

static enum ht_rc take_value(const struct ht_args *a, const struct ht_option *o, const char *text, struct ht_arg *ret,
                             struct ht_err *err)
{
    char what[96];
    char lo[16];
    char hi[16];
    snprintf(what, sizeof what, "%s: --%s", command_name(a), o->name);
    switch (o->kind) {
    case HT_OPTION_NUMBER:
        if (parse_number(o, text, &ret->number) != HT_OK)
            return ht_fail(err, HT_USAGE, what, NULL, "\"%s\" is not a number from %lld to %lld", text,
                           (long long)o->lo, (long long)o->hi);
        break;
    case HT_OPTION_DURATION:
        if (ht_duration_parse(text, &ret->number, err) != HT_OK)
            return err != NULL ? err->rc : HT_USAGE;
        if (ret->number < o->lo || ret->number > o->hi) {
            ht_duration_format(o->lo, lo, sizeof lo);
            ht_duration_format(o->hi, hi, sizeof hi);
            return ht_fail(err, HT_USAGE, what, NULL, "\"%s\" is not between %s and %s", text, lo, hi);
        }
        break;
    case HT_OPTION_RATE:
        if (ht_rate_parse(text, &ret->rate, err) != HT_OK)
            return HT_USAGE;
        break;
    case HT_OPTION_WORD:
        if (parse_word(o, text, what, err) != HT_OK)
            return HT_USAGE;
        break;
    case HT_OPTION_LIST:
        if (o->word_at != NULL && parse_word(o, text, what, err) != HT_OK)
            return HT_USAGE;
        ret->list = ht_realloc(ret->list, ret->list_len + 1, sizeof *ret->list);
        ret->list[ret->list_len++] = text;
        ret->given = true;
        return HT_OK;
    case HT_OPTION_FLAG:
    case HT_OPTION_TEXT:
    case HT_OPTION_FILE:
        break;
    }
    if (ret->given && o->kind != HT_OPTION_FLAG)
        return ht_fail(err, HT_USAGE, what, "give it once", "it stands there twice");
    ret->given = true;
    ret->text = text;
    return HT_OK;
}

/* One argument that starts with "-"; `next` is the one after it, *ret_used whether that was taken as the value. */
static enum ht_rc take_option(struct ht_args *a, const char *arg, const char *next, bool *ret_used, struct ht_err *err)
{
    bool is_long = arg[1] == '-';
    const char *name = arg + (is_long ? 2 : 1);
    const char *value = is_long ? strchr(name, '=') : (name[1] != '\0' ? name + 1 : NULL);
    size_t len = !is_long ? 1 : value != NULL ? (size_t)(value - name) : strlen(name);
    if (is_long && value != NULL)
        value++;
    enum ht_option_id id = 0;
    for (; id < HT_OPT_COUNT; id++) {
        const struct ht_option *o = &ht_options[id];
        if (usable(a, id) &&
            (is_long ? strlen(o->name) == len && strncmp(o->name, name, len) == 0 : o->letter == *name))
            break;
    }
    if (id == HT_OPT_COUNT)
        return unknown_option(a, name, len, err);
    const struct ht_option *o = &ht_options[id];
    if (o->kind == HT_OPTION_FLAG) {
        if (value != NULL)
            return ht_fail(err, HT_USAGE, command_name(a), NULL, "--%s takes no value", o->name);
        return take_value(a, o, "", &a->opt[id], err);
    }
    if (value == NULL) {
        if (next == NULL)
            return ht_fail(err, HT_USAGE, command_name(a), NULL, "--%s wants a value: --%s %s", o->name, o->name,
                           o->value);
        value = next;
        *ret_used = true;
    }
    return take_value(a, o, value, &a->opt[id], err);
}

static const struct ht_command *find_command(const char *first, const char *second)
{
    for (size_t i = 0; i < ht_commands_len; i++) {
        const char *name = ht_commands[i].name;
        size_t n = strlen(first);
        if (strncmp(name, first, n) != 0)
            continue;
        if (second == NULL ? name[n] == '\0' : name[n] == ' ' && strcmp(name + n + 1, second) == 0)
            return &ht_commands[i];
    }
    return NULL;
}

static const struct ht_group *find_group(const char *name)
{
    for (size_t i = 0; i < ht_groups_len; i++)
        if (strcmp(ht_groups[i].name, name) == 0)
            return &ht_groups[i];
    return NULL;
}

/* A first word that is no command, or a second one that its group does not have. */
static enum ht_rc unknown_command(const struct ht_group *g, const char *given, struct ht_err *err)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < ht_commands_len && n < NAMES_MAX; i++) {
        const char *name = ht_commands[i].name;
        const char *second = strchr(name, ' ');
        if (g == NULL && second == NULL)
            names[n++] = name;
        else if (g != NULL && second != NULL && strncmp(name, g->name, strlen(g->name)) == 0)
            names[n++] = second + 1;
    }
    for (size_t i = 0; g == NULL && i < ht_groups_len && n < NAMES_MAX; i++)
        names[n++] = ht_groups[i].name;
    enum ht_rc rc = ht_fail(err, HT_USAGE, g != NULL ? g->name : "command line", "see --help", "unknown %s \"%s\"",
                            g != NULL ? "subcommand" : "command", given);
    ht_suggest(err, given, names, n);
    return rc;
}

/* A word that is no option: a part of the command's name, or an operand. */
static enum ht_rc take_word(struct ht_args *a, const char *word, struct ht_err *err)
{
    if (a->command == NULL && a->group == NULL) {
        a->group = find_group(word);
        a->command = find_command(word, NULL);
        return a->group == NULL && a->command == NULL ? unknown_command(NULL, word, err) : HT_OK;
    }
    if (a->group != NULL && a->operands_len == 0) {
        const struct ht_command *c = find_command(a->group->name, word);
        if (c != NULL) {
            a->command = c;
            a->group = NULL;
            return HT_OK;
        }
        if (a->command == NULL || a->command->max == 0)
            return unknown_command(a->group, word, err);
    }
    if (a->operands_len >= a->command->max || a->operands_len >= HT_OPERANDS_MAX)
        return ht_fail(err, HT_USAGE, a->command->name, "see --help", "\"%s\" is one operand too many", word);
    a->operands[a->operands_len++] = word;
    return HT_OK;
}

/* What is still missing once all arguments are read. Without any command the console is meant. */
static enum ht_rc check_complete(struct ht_args *a, struct ht_err *err)
{
    if (a->command == NULL && a->group == NULL)
        a->command = find_command("console", NULL);
    const struct ht_command *c = a->command;
    if (c == NULL)
        return ht_fail(err, HT_USAGE, a->group->name, "see --help", "which of its subcommands is missing");
    if (a->operands_len < c->min)
        return ht_fail(err, HT_USAGE, c->name, "see --help", "%s is missing", c->operands);
    for (size_t i = 0; i < c->options_len; i++) {
        const struct ht_option *o = &ht_options[c->options[i].id];
        if (c->options[i].required && !a->opt[c->options[i].id].given)
            return ht_fail(err, HT_USAGE, c->name, "see --help", "--%s %s is missing", o->name, o->value);
    }
    return HT_OK;
}

enum ht_rc ht_args_parse(int argc, char *const *argv, struct ht_args *ret, struct ht_err *err)
{
    *ret = (struct ht_args){0};
    bool options_over = false;
    enum ht_rc rc = HT_OK;
    for (int i = 1; i < argc && rc == HT_OK; i++) {
        const char *arg = argv[i];
        bool used = false;
        if (!options_over && strcmp(arg, "--") == 0)
            options_over = true;
        else if (!options_over && arg[0] == '-' && arg[1] != '\0')
            rc = take_option(ret, arg, i + 1 < argc ? argv[i + 1] : NULL, &used, err);
        else
            rc = take_word(ret, arg, err);
        i += used ? 1 : 0;
    }
    if (rc != HT_OK || ret->opt[HT_OPT_HELP].given || ret->opt[HT_OPT_VERSION].given)
        return rc;
    return check_complete(ret, err);
}

void ht_args_fini(struct ht_args *a)
{
    for (size_t i = 0; i < HT_OPT_COUNT; i++)
        free(a->opt[i].list);
    *a = (struct ht_args){0};
}
