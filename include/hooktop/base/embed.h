/* Files of sql/ and themes/ that the build puts into the program, so that an installed binary needs no source tree.
 * Made by the Makefile (build/gen/embed.c), in the order of their names. Constant data, any thread. */
#ifndef HOOKTOP_BASE_EMBED_H
#define HOOKTOP_BASE_EMBED_H

#include <stddef.h>

struct ht_embedded {
    const char *name;  /* "001_schema.sql", "dark.ini" */
    const char *bytes; /* followed by a NUL */
    size_t len;
};
extern const struct ht_embedded ht_embedded_sql[];
extern const size_t ht_embedded_sql_len;
extern const struct ht_embedded ht_embedded_themes[];
extern const size_t ht_embedded_themes_len;

#endif
