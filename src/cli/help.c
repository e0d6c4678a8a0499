#include "hooktop/cli/command.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 80u

/* Adds words to the line at column `at`, going on at column `indent` of the next lines. Own text: one byte, one column.
 */
static void add_wrapped(struct ht_buf *out, const char *text, size_t at, size_t indent)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        bool paragraph = text[len] == '\n';
        if (at > indent && at + 1 + len > WIDTH) {
            ht_buf_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            ht_buf_addc(out, ' ');
            at++;
        }
        ht_buf_add(out, text, len);
        at += len;
        text += len + (text[len] != '\0' ? 1 : 0);
        if (paragraph && *text != '\0') {
            ht_buf_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        }
    }
    ht_buf_addc(out, '\n');
}

/* "  name      text", the text in its own column. */
static void add_entry(struct ht_buf *out, const char *name, size_t column, const char *text)
{
    ht_buf_addf(out, "  %-*s", (int)(column - 2), name);
    size_t at = 2 + strlen(name);
    if (at >= column) {
        ht_buf_addf(out, "\n%*s", (int)column, "");
    }
    add_wrapped(out, text, column, column);
}

static void add_option(struct ht_buf *out, enum ht_option_id id, bool required)
{
    const struct ht_option *o = &ht_options[id];
    char name[96];
    char help[512];
    char words[256] = "";
    char letter[8] = "";
    if (o->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(name, sizeof name, "%s--%s%s%s", letter, o->name, o->value != NULL ? " " : "",
             o->value != NULL ? o->value : "");
    size_t at = 0;
    for (size_t i = 0; o->word_at != NULL && o->word_at(i) != NULL && at < sizeof words; i++)
        at += (size_t)snprintf(words + at, sizeof words - at, "%s%s", i == 0 ? ": " : ", ", o->word_at(i));
    snprintf(help, sizeof help, "%s%s%s%s", o->help, words, o->kind == HT_OPTION_LIST ? " (may be repeated)" : "",
             required ? " (required)" : "");
    add_entry(out, name, 26, help);
}

static void add_globals(struct ht_buf *out)
{
    ht_buf_adds(out, "\nOptions of every command, before or after it:\n");
    for (enum ht_option_id id = 0; id < HT_OPT_GLOBALS_END; id++)
        add_option(out, id, false);
}

static void add_command(const struct ht_command *c, struct ht_buf *out)
{
    ht_buf_addf(out, "usage: hooktop %s", c->name);
    for (size_t i = 0; i < c->options_len; i++)
        if (c->options[i].required)
            ht_buf_addf(out, " --%s %s", ht_options[c->options[i].id].name, ht_options[c->options[i].id].value);
    ht_buf_addf(out, "%s%s%s\n\n", c->operands != NULL ? " " : "", c->operands != NULL ? c->operands : "",
                " [OPTION]...");
    add_wrapped(out, c->summary, 0, 0);
    if (c->about != NULL) {
        ht_buf_addc(out, '\n');
        add_wrapped(out, c->about, 0, 0);
    }
    if (c->options_len > 0)
        ht_buf_adds(out, "\nOptions:\n");
    for (size_t i = 0; i < c->options_len; i++)
        add_option(out, c->options[i].id, c->options[i].required);
    add_globals(out);
}

static bool in_group(const struct ht_command *c, const struct ht_group *g)
{
    size_t n = strlen(g->name);
    return strncmp(c->name, g->name, n) == 0 && (c->name[n] == ' ' || c->name[n] == '\0');
}

/* The subcommands of a group, and the command of the same name, if there is one, before them. */
static void add_group(const struct ht_group *g, const struct ht_command *same, struct ht_buf *out)
{
    if (same != NULL)
        add_command(same, out);
    else
        ht_buf_addf(out, "usage: hooktop %s SUBCOMMAND [OPTION]...\n\n%s\n", g->name, g->summary);
    ht_buf_adds(out, "\nSubcommands:\n");
    for (size_t i = 0; i < ht_commands_len; i++)
        if (in_group(&ht_commands[i], g) && &ht_commands[i] != same)
            add_entry(out, ht_commands[i].name, 26, ht_commands[i].summary);
    ht_buf_addf(out, "\nhooktop %s SUBCOMMAND --help tells more about each.\n", g->name);
}

static void add_program(struct ht_buf *out)
{
    ht_buf_adds(out, "usage: hooktop [OPTION]... [COMMAND] [OPTION]...\n\n"
                     "Admin console and delivery engine for outbound webhooks kept in PostgreSQL.\n"
                     "Without a command it opens the console.\n\nCommands:\n");
    for (size_t i = 0; i < ht_commands_len; i++)
        if (strchr(ht_commands[i].name, ' ') == NULL)
            add_entry(out, ht_commands[i].name, 26, ht_commands[i].summary);
    ht_buf_adds(out, "\nCommands with subcommands:\n");
    for (size_t i = 0; i < ht_groups_len; i++)
        add_entry(out, ht_groups[i].name, 26, ht_groups[i].summary);
    add_globals(out);
    ht_buf_adds(out, "\nThe database is the first that is named by: --dsn; --env or --config; libpq's\n"
                     "environment (PGSERVICE, PGHOST, ...); the configuration file found; else a private\n"
                     "PostgreSQL of your own is started.\n\n"
                     "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no database, 4 not allowed.\n"
                     "hooktop COMMAND --help tells more about each.\n");
}

void ht_help(const struct ht_args *a, struct ht_buf *out)
{
    if (a->group != NULL)
        add_group(a->group, a->command, out);
    else if (a->command != NULL)
        add_command(a->command, out);
    else
        add_program(out);
}
