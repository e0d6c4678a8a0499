/* What the manual's pages are written with: man(7) macros, own text escaped. Private to src/cli. */
#ifndef HOOKTOP_SRC_CLI_MANUAL_H
#define HOOKTOP_SRC_CLI_MANUAL_H

#include "hooktop/cli/manual.h"

struct ht_command;

/* Text as it is to be read; line feeds begin new lines of it. */
void ht_roff_text(struct ht_buf *out, const char *text);
void ht_roff_section(struct ht_buf *out, const char *title);    /* .SH */
void ht_roff_subsection(struct ht_buf *out, const char *title); /* .SS */
/* Paragraphs: an empty line, or a line feed, begins a new one. */
void ht_roff_paragraph(struct ht_buf *out, const char *text);
/* A term in bold, its value (may be NULL) in italics, and what it means. */
void ht_roff_term(struct ht_buf *out, const char *term, const char *value, const char *text);
/* Lines that stay as they are. */
void ht_roff_example(struct ht_buf *out, const char *lines);
void ht_roff_option(struct ht_buf *out, int id, bool required); /* an enum ht_option_id */
void ht_roff_command(struct ht_buf *out, const struct ht_command *c);

/* The console's keys, a part of hooktop(1). */
void ht_manual_keys(struct ht_buf *out);

/* The pages. */
void ht_manual_hooktop(struct ht_buf *out);
void ht_manual_worker(struct ht_buf *out);
void ht_manual_conf(struct ht_buf *out);
void ht_manual_themes(struct ht_buf *out);
void ht_manual_profiles(struct ht_buf *out);

#endif
