#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/embed.h"
#include "hooktop/cli/config.h"
#include "hooktop/profile/profile.h"
#include "hooktop/tui/style.h"
#include "manual.h"

/* hooktop.conf(5) ------------------------------------------------------------------------------------------------ */

static void add_values(const struct ht_setting *s, struct ht_buf *text)
{
    char lo[32], hi[32];
    if (s->kind == HT_SETTING_NUMBER)
        ht_buf_addf(text, " From %d to %d.", s->lo, s->hi);
    if (s->kind == HT_SETTING_DURATION) {
        ht_duration_format(s->lo, lo, sizeof lo);
        ht_duration_format(s->hi, hi, sizeof hi);
        ht_buf_addf(text, " From %s to %s.", lo, hi);
    }
    if (s->kind == HT_SETTING_FLAG)
        ht_buf_adds(text, " yes or no.");
    for (size_t i = 0; s->words != NULL && s->words[i] != NULL; i++)
        ht_buf_addf(text, "%s%s", i == 0 ? " One of: " : ", ", s->words[i]);
    if (s->words != NULL)
        ht_buf_addc(text, '.');
    if (s->otherwise != NULL)
        ht_buf_addf(text, " Default: %s.", s->otherwise);
}

static void add_setting(const struct ht_setting *s, struct ht_buf *out)
{
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, 2048);
    ht_buf_adds(&text, s->help);
    add_values(s, &text);
    ht_roff_term(out, s->key, NULL, text.data);
}

void ht_manual_conf(struct ht_buf *out)
{
    const char *section = "";
    ht_roff_section(out, "DESCRIPTION");
    ht_roff_paragraph(
        out,
        "An INI file: --config FILE, else $XDG_CONFIG_HOME/hooktop/config.ini, else /etc/hooktop/config.ini. A comment "
        "begins with ; or # at the line's start or after a blank; a value may stand in double quotes. What "
        "is unknown is an error that names file, line and the nearest known name.\n"
        "Nobody else may write the file, and nobody else read it if a password stands in it.");
    ht_roff_example(out, "[database]\ndsn = host=db.example.com dbname=app user=hooktop\n\n[vault]\nkey_file = "
                         "/etc/hooktop/key-ring\n");
    for (size_t i = 0; i < ht_settings_len; i++) {
        if (strcmp(section, ht_settings[i].section) != 0) {
            char title[64];
            section = ht_settings[i].section;
            snprintf(title, sizeof title, "[%s]", strcmp(section, "env") == 0 ? "env.NAME" : section);
            ht_roff_section(out, title);
            if (strcmp(section, "env") == 0)
                ht_roff_paragraph(
                    out,
                    "One environment, chosen with --env NAME. It holds the settings of this section, and any other "
                    "with its section before it and a dot: database.dsn = ... They go before the rest of the file.");
        }
        add_setting(&ht_settings[i], out);
    }
}

/* hooktop-themes(5) ---------------------------------------------------------------------------------------------- */

void ht_manual_themes(struct ht_buf *out)
{
    static const char *const styles[][2] = {
#define X(id, key, help) {key, help},
        HT_STYLES(X)
#undef X
    };
    ht_roff_section(out, "DESCRIPTION");
    ht_roff_paragraph(out,
                      "A theme is an INI file, named by [ui] theme in hooktop.conf(5) by its name or its path. It may "
                      "build on another one and gives styles to what "
                      "the console draws. Colours fall back from 24 bits to 256, 16 and none as the terminal has them; "
                      "NO_COLOR in the environment is obeyed.");
    ht_roff_example(
        out, "[theme]\nname = mine\nbase = dark\n\n[palette]\naccent = \"#87afff / bright-blue\"\n\n[style]\ntab.on = "
             "accent bold | reverse\n");
    ht_roff_section(out, "[theme]");
    ht_roff_term(out, "name", NULL, "Its name.");
    ht_roff_term(out, "base", NULL, "The theme whose styles hold where this one has none.");
    ht_roff_term(out, "background", NULL, "The background of everything: a colour, or default for the terminal's own.");
    ht_roff_section(out, "[palette]");
    ht_roff_paragraph(
        out, "Colours by names of your own: one of the 16 ANSI names (black, red, ... bright-white), default, or "
             "\"#rrggbb / NAME\" with the ANSI name for terminals that have 16.");
    ht_roff_section(out, "[style]");
    ht_roff_paragraph(
        out,
        "STYLE = FOREGROUND [on BACKGROUND] [ATTRIBUTE]... | ATTRIBUTE...: before the bar where there are colours, "
        "after it where there are none. Attributes: bold, dim, italic, underline, reverse.");
    for (size_t i = 0; i < HT_COUNT(styles); i++)
        ht_roff_term(out, styles[i][0], NULL, styles[i][1]);
    ht_roff_section(out, "THEMES THAT COME WITH HOOKTOP");
    for (size_t i = 0; i < ht_embedded_themes_len; i++) {
        const struct ht_embedded *t = &ht_embedded_themes[i];
        HT_AUTOFREE char *name = ht_strndup(t->name, strcspn(t->name, "."));
        HT_AUTOFREE char *about =
            ht_strndup(t->bytes + 2, strcspn(t->bytes, "\n") > 2 ? strcspn(t->bytes, "\n") - 2 : 0);
        ht_roff_term(out, name, NULL, t->bytes[0] == ';' ? about : "");
    }
}

/* hooktop-profiles(7) -------------------------------------------------------------------------------------------- */

static const char *key_words(const struct ht_profile *p)
{
    static const char *const kinds[] = {
        [HT_KEY_HMAC_TEXT] = "HMAC-SHA256; the key is the secret's characters as shown, whsec_ included",
        [HT_KEY_HMAC_WHSEC] = "HMAC-SHA256; the key is the decoded bytes behind whsec_; or Ed25519 with whsk_",
        [HT_KEY_RSA] = "RSA with SHA-256",
        [HT_KEY_ED25519] = "Ed25519",
    };
    return kinds[p->key_kind];
}

static void add_facts(const struct ht_profile *p, struct ht_buf *out)
{
    struct ht_buf text HT_BUF_CLEANUP;
    char delay[32];
    ht_buf_init(&text, 4096);
    ht_roff_term(out, "signature", NULL, key_words(p));
    ht_roff_term(out, "key", NULL,
                 p->key_per_tenant ? "one of the tenant, for all its endpoints" : "one of each endpoint");
    ht_roff_term(out, "rotation", NULL,
                 p->multi_signature ? "both secrets sign until the overlap ends"
                                    : "the old one signs alone until the cut-over");
    ht_roff_term(out, "test event", NULL, p->ping_signed ? "signed" : "unsigned");
    ht_roff_term(out, "new endpoints", NULL,
                 p->needs_verification ? "unverified until they have answered the test event" : "active");
    ht_duration_format(p->timeout_ms, delay, sizeof delay);
    ht_roff_term(out, "time limit", NULL, delay);
    for (size_t i = 0; i < p->schedule_len; i++) {
        ht_duration_format((int64_t)p->schedule_s[i] * 1000, delay, sizeof delay);
        ht_buf_addf(&text, "%s%s", i > 0 ? ", " : "", delay);
    }
    ht_buf_adds(&text, " after each failure; then the delivery is exhausted");
    ht_roff_term(out, "retries", NULL, text.data);
    if (p->disable_after_failures > 0) {
        ht_buf_clear(&text);
        ht_buf_addf(&text, "after %d failures of one delivery the endpoint is disabled", p->disable_after_failures);
        ht_roff_term(out, "disabling", NULL, text.data);
    }
}

void ht_manual_profiles(struct ht_buf *out)
{
    ht_roff_section(out, "DESCRIPTION");
    ht_roff_paragraph(
        out,
        "A profile is what one vendor's receivers expect of a request: body, headers, signature, test event, schedule, "
        "and the catalogue of events. A tenant has one; its endpoints have that or standard. A retry's delay is "
        "lengthened by up to a tenth, never shortened.");
    for (size_t i = 0; i < ht_profiles_len; i++) {
        const struct ht_profile *p = ht_profiles[i];
        ht_roff_section(out, p->name);
        ht_roff_paragraph(out, p->title);
        ht_roff_paragraph(out, p->summary);
        add_facts(p, out);
        ht_roff_subsection(out, "Events");
        for (size_t t = 0; t < p->types_len; t++)
            ht_roff_term(out, p->types[t].name, ht_type_words[p->types[t].state].name, p->types[t].description);
    }
}
