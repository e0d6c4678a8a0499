/* A text that is read on the screen: headers, bodies, contracts, help. Lines with styled stretches, wrapped or moved
 * sideways, searched. Its bytes are foreign and pass through the sanitizer when they are drawn.
 *
 * Order of calls: ht_doc_init, add, then draw and act as often as wanted; ht_doc_clear starts it anew and keeps the
 * place. Bounded: what passes HT_DOC_MAX bytes is left out and said so. Pure, the UI's thread.
 */
#ifndef HOOKTOP_TUI_PAGER_H
#define HOOKTOP_TUI_PAGER_H

#include "hooktop/base/buf.h"
#include "hooktop/tui/canvas.h"
#include "hooktop/tui/keys.h"

#define HT_DOC_MAX (1024u * 1024u)

struct ht_doc_span { /* from `at` on, until the next one */
    size_t at;
    enum ht_style style;
};
struct ht_doc_row { /* one row of the screen: where its text begins */
    size_t line;
    struct ht_text_reader from;
};

struct ht_doc {
    struct ht_buf text;
    struct ht_doc_span *spans;
    size_t n_spans, cap_spans;
    size_t *lines; /* where each begins in text */
    size_t n_lines, cap_lines;
    size_t made; /* bytes shown as escapes */
    /* the view */
    bool wrap;
    bool ascii;  /* as the canvas wants it */
    size_t top;  /* the first row shown */
    size_t left; /* columns moved sideways, when not wrapped */
    size_t page; /* rows shown at the last draw */
    struct ht_doc_row *rows;
    size_t n_rows, cap_rows;
    int rows_width; /* what rows was made for; 0: nothing */
    char needle[128];
    size_t match_line; /* the line of the current match, SIZE_MAX: none */
};

void ht_doc_init(struct ht_doc *d);
void ht_doc_fini(struct ht_doc *d);
void ht_doc_clear(struct ht_doc *d);
void ht_doc_home(struct ht_doc *d); /* back to the first row */

/* Adds to the last line; a line feed begins another. */
void ht_doc_add(struct ht_doc *d, enum ht_style style, const char *bytes, size_t len);
void ht_doc_adds(struct ht_doc *d, enum ht_style style, const char *s); /* NULL: nothing */
void ht_doc_addf(struct ht_doc *d, enum ht_style style, const char *fmt, ...) HT_PRINTF(3, 4);
/* For URLs and header names, where a look-alike is an attack: everything outside ASCII is made visible. */
void ht_doc_ascii(struct ht_doc *d, enum ht_style style, const char *bytes, size_t len);
void ht_doc_end(struct ht_doc *d); /* ends the line */
/* "  Label       value", the value left out with "-" when it is NULL; a line feed in it is made visible, so that it
 * cannot pass for a line of ours. */
void ht_doc_field(struct ht_doc *d, const char *label, enum ht_style style, const char *value);
void ht_doc_url(struct ht_doc *d, const char *label, const char *url); /* the same for a URL */
void ht_doc_heading(struct ht_doc *d, const char *text);
/* "Name: value" lines, names set off. */
void ht_doc_headers(struct ht_doc *d, const char *lines);
/* JSON laid out and coloured; what is no JSON is added as it is. No number and no string is changed. */
void ht_doc_json(struct ht_doc *d, const char *bytes, size_t len);
/* Sixteen bytes a line: offset, hex, and the printable ones. */
void ht_doc_hex(struct ht_doc *d, const char *bytes, size_t len);
/* A body in one of the ways people look at it. */
enum ht_body_view { HT_BODY_PRETTY, HT_BODY_RAW, HT_BODY_HEX, HT_BODY_VIEWS };
void ht_doc_body(struct ht_doc *d, enum ht_body_view view, const char *bytes, size_t len);

void ht_doc_draw(struct ht_doc *d, struct ht_canvas *c, struct ht_rect r);
/* Moving, sideways, wrap, next and previous match; false when the action is none of them. */
bool ht_doc_act(struct ht_doc *d, enum ht_action_id action);
/* Sets what is looked for and goes to the first match from here; false when there is none. "" ends the search. */
bool ht_doc_search(struct ht_doc *d, const char *needle);
/* "line 1-14/20 | 2 bytes made visible" */
void ht_doc_status(const struct ht_doc *d, char *ret, size_t size);

#endif
