/* INI files: configuration and themes.
 *
 *   [section]            names: letters, digits, '.', '-', '_', '*'
 *   key = value          ; a comment starts with ';' or '#' at the line's start or after white space
 * A key is visible ASCII without '='. A value may be quoted with "…" to keep outer blanks, ';' and '#'. Lines up to
 * 4096 bytes, files up to 256 KiB, UTF-8. The reader knows no names: the handler returns HT_OK, or fills err (why and
 * fix), and the reader adds file and line. What stands before the first section has the section "". A name given twice
 * is the handler's to judge. Thread: any. Blocks on the file only.
 */
#ifndef HOOKTOP_BASE_INI_H
#define HOOKTOP_BASE_INI_H

#include "hooktop/base/err.h"

typedef enum ht_rc ht_ini_fn(void *user, const char *section, const char *key, const char *value, struct ht_err *err);

/* The first error ends the reading: HT_USAGE with "FILE:LINE" as what failed. A file that cannot be read:
 * HT_NOT_FOUND. */
HT_MUST_CHECK enum ht_rc ht_ini_read_file(const char *path, ht_ini_fn *fn, void *user, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_ini_read(const char *name, const char *text, size_t len, ht_ini_fn *fn, void *user,
                                     struct ht_err *err);

/* The name in `names` (n of them) nearest to `given` by edit distance, or NULL when none is near ("did you mean"). */
const char *ht_nearest(const char *given, const char *const *names, size_t n);

#endif
