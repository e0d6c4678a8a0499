/* The manual's pages and the shells' completions, made from the tables that the program works by: commands, options,
 * settings, keys, filters, words, styles, profiles. Pure; main thread. */
#ifndef HOOKTOP_CLI_MANUAL_H
#define HOOKTOP_CLI_MANUAL_H

#include "hooktop/base/buf.h"

#define HT_MANUAL_MAX (1024u * 1024u)

struct ht_manual_page {
    const char *name; /* "hooktop.conf" */
    int section;
    const char *title; /* one line, for NAME */
    void (*write)(struct ht_buf *out);
};
extern const struct ht_manual_page ht_manual_pages[];
extern const size_t ht_manual_pages_len;

/* The whole page as roff (man macros). */
void ht_manual(const struct ht_manual_page *p, struct ht_buf *out);

/* "bash" or "zsh"; false: no such shell. */
bool ht_completion(const char *shell, struct ht_buf *out);

#endif
