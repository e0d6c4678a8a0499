/* Saved views as they lie in their file: an INI file that the console reads before each use and writes whole, beside
 * the old one, which it then replaces; mode 0600. Every function blocks on the file only. Thread: the UI's. */
#ifndef HOOKTOP_SRC_TUI_VIEW_FILE_H
#define HOOKTOP_SRC_TUI_VIEW_FILE_H

#include "hooktop/base/err.h"
#include "hooktop/tui/prompt.h"

#define HT_VIEWS_MAX     64
#define HT_VIEW_NAME_MAX 32

struct ht_view {
    char name[HT_VIEW_NAME_MAX + 1];
    char screen[32]; /* its command word */
    char filter[HT_PROMPT_MAX];
    char hidden[256]; /* titles of columns, "AGE, CODE" */
};

struct ht_views {
    struct ht_view list[HT_VIEWS_MAX];
    size_t n;
};

/* Letters, digits, '-' and '_', not one of the words that `:view` knows. */
HT_MUST_CHECK enum ht_rc ht_view_name_check(const char *name, struct ht_err *err);
/* The view of this name, or NULL. */
struct ht_view *ht_views_find(struct ht_views *v, const char *name);
/* No file yet: no views. One with a mistake: HT_USAGE, and where it is. */
HT_MUST_CHECK enum ht_rc ht_views_read(const char *path, struct ht_views *ret, struct ht_err *err);
/* HT_USAGE: something of it cannot be told from a file. The old file stays whenever this fails. */
HT_MUST_CHECK enum ht_rc ht_views_write(const char *path, const struct ht_views *v, struct ht_err *err);

#endif
