#include "manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/cli/command.h"

#define OPTION_MAX 1024u

const struct ht_manual_page ht_manual_pages[] = {
    {"hooktop", 1, "console and delivery engine for outbound webhooks kept in PostgreSQL", ht_manual_hooktop},
    {"hooktop-worker", 1, "deliver webhooks until told to stop", ht_manual_worker},
    {"hooktop.conf", 5, "configuration of hooktop", ht_manual_conf},
    {"hooktop-themes", 5, "colours of hooktop's console", ht_manual_themes},
    {"hooktop-profiles", 7, "wire contracts that hooktop speaks", ht_manual_profiles},
};
const size_t ht_manual_pages_len = HT_COUNT(ht_manual_pages);

/* Macros --------------------------------------------------------------------------------------------------------- */

void ht_roff_text(struct ht_buf *out, const char *text)
{
    bool begins = true;
    for (const char *c = text; *c != '\0'; c++) {
        if (begins && (*c == '.' || *c == '\''))
            ht_buf_adds(out, "\\&");
        if (*c == '\\')
            ht_buf_adds(out, "\\e");
        else if (*c == '-')
            ht_buf_adds(out, "\\-");
        else
            ht_buf_addc(out, *c);
        begins = *c == '\n';
    }
}

void ht_roff_section(struct ht_buf *out, const char *title)
{
    ht_buf_adds(out, ".SH ");
    ht_roff_text(out, title);
    ht_buf_addc(out, '\n');
}

void ht_roff_subsection(struct ht_buf *out, const char *title)
{
    ht_buf_adds(out, ".SS ");
    ht_roff_text(out, title);
    ht_buf_addc(out, '\n');
}

void ht_roff_paragraph(struct ht_buf *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (len > 0) {
            HT_AUTOFREE char *line = ht_strndup(text, len);
            ht_buf_adds(out, ".PP\n");
            ht_roff_text(out, line);
            ht_buf_addc(out, '\n');
        }
        text += len + (text[len] != '\0');
    }
}

void ht_roff_term(struct ht_buf *out, const char *term, const char *value, const char *text)
{
    ht_buf_adds(out, ".TP\n\\fB");
    ht_roff_text(out, term);
    ht_buf_adds(out, "\\fR");
    if (value != NULL) {
        ht_buf_adds(out, " \\fI");
        ht_roff_text(out, value);
        ht_buf_adds(out, "\\fR");
    }
    ht_buf_addc(out, '\n');
    ht_roff_text(out, text);
    ht_buf_addc(out, '\n');
}

void ht_roff_example(struct ht_buf *out, const char *lines)
{
    ht_buf_adds(out, ".PP\n.nf\n.RS 4\n");
    ht_roff_text(out, lines);
    ht_buf_adds(out, ".RE\n.fi\n");
}

/* From the tables ------------------------------------------------------------------------------------------------ */

void ht_roff_option(struct ht_buf *out, int id, bool required)
{
    const struct ht_option *o = &ht_options[id];
    struct ht_buf text HT_BUF_CLEANUP;
    char name[64];
    ht_buf_init(&text, OPTION_MAX);
    if (o->letter != 0)
        snprintf(name, sizeof name, "-%c, --%s", o->letter, o->name);
    else
        snprintf(name, sizeof name, "--%s", o->name);
    ht_buf_adds(&text, o->help);
    for (size_t i = 0; o->word_at != NULL && o->word_at(i) != NULL; i++)
        ht_buf_addf(&text, "%s%s", i == 0 ? ": " : ", ", o->word_at(i));
    ht_buf_addf(&text, ".%s%s", o->kind == HT_OPTION_LIST ? " May be repeated." : "", required ? " Required." : "");
    text.data[0] = (char)toupper((unsigned char)text.data[0]);
    ht_roff_term(out, name, o->value, text.data);
}

void ht_roff_command(struct ht_buf *out, const struct ht_command *c)
{
    ht_buf_adds(out, ".PP\n\\fBhooktop ");
    ht_roff_text(out, c->name);
    ht_buf_adds(out, "\\fR");
    for (size_t i = 0; i < c->options_len; i++) {
        const struct ht_option *o = &ht_options[c->options[i].id];
        if (!c->options[i].required)
            continue;
        ht_buf_addf(out, " \\fB\\-\\-%s\\fR \\fI", o->name);
        ht_roff_text(out, o->value);
        ht_buf_adds(out, "\\fR");
    }
    if (c->operands != NULL) {
        ht_buf_adds(out, " \\fI");
        ht_roff_text(out, c->operands);
        ht_buf_adds(out, "\\fR");
    }
    ht_buf_adds(out, " [\\fIOPTION\\fR]...\n.PP\n");
    ht_roff_text(out, c->summary);
    ht_buf_adds(out, ".\n");
    if (c->about != NULL)
        ht_roff_paragraph(out, c->about);
    for (size_t i = 0; i < c->options_len; i++)
        ht_roff_option(out, (int)c->options[i].id, c->options[i].required);
}

/* The page ------------------------------------------------------------------------------------------------------- */

static void add_see_also(const struct ht_manual_page *p, struct ht_buf *out)
{
    const char *comma = "";
    ht_roff_section(out, "SEE ALSO");
    for (size_t i = 0; i < ht_manual_pages_len; i++) {
        const struct ht_manual_page *other = &ht_manual_pages[i];
        if (other == p)
            continue;
        ht_buf_addf(out, "%s\\fB", comma);
        ht_roff_text(out, other->name);
        ht_buf_addf(out, "\\fR(%d)", other->section);
        comma = ",\n";
    }
    ht_buf_adds(
        out,
        "\n.PP\nGuides and references for operations, security, the wire contracts and the design lie in the package's "
        "documentation.\n");
}

void ht_manual(const struct ht_manual_page *p, struct ht_buf *out)
{
    ht_buf_adds(out, ".TH ");
    for (const char *c = p->name; *c != '\0'; c++)
        ht_buf_addc(out, (char)toupper((unsigned char)*c));
    ht_buf_addf(out, " %d \"\" \"hooktop " HT_VERSION "\" \"hooktop\"\n.SH NAME\n", p->section);
    ht_roff_text(out, p->name);
    ht_buf_adds(out, " \\- ");
    ht_roff_text(out, p->title);
    ht_buf_addc(out, '\n');
    p->write(out);
    add_see_also(p, out);
}
