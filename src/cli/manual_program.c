#include <string.h>

#include "hooktop/cli/command.h"
#include "hooktop/cli/config.h"
#include "hooktop/model/filter.h"
#include "manual.h"

/* hooktop(1) ----------------------------------------------------------------------------------------------------- */

static void add_commands(struct ht_buf *out)
{
    ht_roff_section(out, "COMMANDS");
    for (size_t i = 0; i < ht_commands_len; i++) {
        ht_roff_subsection(out, ht_commands[i].name);
        ht_roff_command(out, &ht_commands[i]);
    }
}

static void add_filters(struct ht_buf *out)
{
    static const struct {
        enum ht_filter_list list;
        const char *title;
    } lists[] = {
        {HT_FILTER_ENDPOINTS, "Fields of endpoints"}, {HT_FILTER_DELIVERIES, "Fields of deliveries"},
        {HT_FILTER_EVENTS, "Fields of events"},       {HT_FILTER_TYPES, "Fields of event types"},
        {HT_FILTER_FAILURES, "Fields of failures"},   {HT_FILTER_SECRETS, "Fields of secrets"},
        {HT_FILTER_AUDIT, "Fields of the audit log"},
    };
    ht_roff_section(out, "FILTERS");
    ht_roff_paragraph(out,
                      "Lists are filtered by terms, which must all hold: word, \"two words\", field:value, field:a|b, "
                      "field:glob*, field:>2s, -field:value, /regex/.");
    for (size_t l = 0; l < HT_COUNT(lists); l++) {
        size_t n;
        const struct ht_filter_field *f = ht_filter_fields(lists[l].list, &n);
        ht_roff_subsection(out, lists[l].title);
        for (size_t i = 0; i < n; i++)
            ht_roff_term(out, f[i].name, NULL, f[i].help);
    }
}

static void add_words(struct ht_buf *out, const char *title, const struct ht_word *words, int n)
{
    ht_roff_subsection(out, title);
    for (int i = 0; i < n; i++)
        if (words[i].name[0] != '\0')
            ht_roff_term(out, words[i].name, NULL, words[i].meaning);
}

void ht_manual_hooktop(struct ht_buf *out)
{
    ht_roff_section(out, "SYNOPSIS");
    ht_buf_adds(out, "\\fBhooktop\\fR [\\fIOPTION\\fR]... [\\fICOMMAND\\fR] [\\fIOPTION\\fR]...\n");
    ht_roff_section(out, "DESCRIPTION");
    ht_roff_paragraph(
        out, "An application writes an event in its own transaction; hooktop signs it the way each receiver expects, "
             "delivers it, retries it, records every attempt, and lets people watch and step in from a terminal.\n"
             "Without a command it opens the console.");
    add_commands(out);
    ht_roff_section(out, "OPTIONS OF EVERY COMMAND");
    ht_roff_paragraph(out, "They stand before the command or after it.");
    for (int id = 0; id < HT_OPT_GLOBALS_END; id++)
        ht_roff_option(out, id, false);
    ht_manual_keys(out);
    add_filters(out);
    ht_roff_section(out, "WORDS");
    add_words(out, "Statuses of deliveries", ht_delivery_words, HT_DELIVERY_STATUS_COUNT);
    add_words(out, "Statuses of endpoints", ht_endpoint_words, HT_ENDPOINT_STATUS_COUNT);
    add_words(out, "Errors of attempts", ht_attempt_words, HT_ATTEMPT_ERROR_COUNT);
    add_words(out, "States of secrets", ht_secret_words, HT_SECRET_STATE_COUNT);
    add_words(out, "States of event types", ht_type_words, HT_TYPE_STATE_COUNT);
    ht_roff_section(out, "DATABASE");
    ht_roff_paragraph(out,
                      "The first that is named by: --dsn; --env or --config; libpq's environment (PGSERVICE, PGHOST, "
                      "PGHOSTADDR, PGPORT, PGDATABASE); the configuration file found; else a private PostgreSQL of the "
                      "user's own is started.");
    ht_roff_section(out, "EXIT STATUS");
    ht_roff_term(out, "0", NULL, "Done.");
    ht_roff_term(out, "1", NULL, "It was tried and failed, or the named thing does not exist.");
    ht_roff_term(out, "2", NULL, "Wrong usage: an option, a value, a file.");
    ht_roff_term(out, "3", NULL, "No database, or one that is too old or too new.");
    ht_roff_term(out, "4", NULL, "The login may not do this.");
    ht_roff_section(out, "FILES");
    ht_roff_term(out, "$XDG_CONFIG_HOME/hooktop/config.ini, /etc/hooktop/config.ini", NULL,
                 "The configuration: the first that is there.");
    ht_roff_term(out, "/etc/hooktop/key-ring", NULL,
                 "The key ring of the machine; a user's own lies in $XDG_DATA_HOME/hooktop/key-ring.");
    ht_roff_term(out, "$XDG_STATE_HOME/hooktop/views.ini", NULL, "The console's saved views, written by :view save.");
}

/* hooktop-worker(1) ---------------------------------------------------------------------------------------------- */

void ht_manual_worker(struct ht_buf *out)
{
    const struct ht_command *worker = NULL;
    for (size_t i = 0; i < ht_commands_len; i++)
        if (strcmp(ht_commands[i].name, "worker") == 0)
            worker = &ht_commands[i];
    ht_roff_section(out, "SYNOPSIS");
    ht_buf_adds(out, "\\fBhooktop worker\\fR [\\fIOPTION\\fR]...\n");
    ht_roff_section(out, "DESCRIPTION");
    if (worker != NULL)
        ht_roff_command(out, worker);
    ht_roff_section(out, "SIGNALS");
    ht_roff_term(out, "SIGTERM, SIGINT, SIGHUP", NULL,
                 "The first: claim no more, finish and record what is in flight, give the rest back, exit 0. The "
                 "second: leave at "
                 "once; what was in flight is sent again by others when its lease has run out.");
    ht_roff_section(out, "SETTINGS");
    ht_roff_paragraph(out, "In sections [worker], [egress] and [vault] of hooktop.conf(5).");
    for (size_t i = 0; i < ht_settings_len; i++)
        if (strcmp(ht_settings[i].section, "worker") == 0)
            ht_roff_term(out, ht_settings[i].key, ht_settings[i].otherwise, ht_settings[i].help);
    ht_roff_section(out, "SERVICE");
    ht_roff_paragraph(
        out, "The unit hooktop-worker.service runs it as a user of its own, with the key ring handed over by systemd "
             "as a credential, so that root alone can read the file.");
    ht_roff_example(out, "systemctl enable --now hooktop-worker\njournalctl -u hooktop-worker\n");
}
