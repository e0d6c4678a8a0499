/* What leaves the console for other programs: the clipboard, $PAGER and $EDITOR. Programs are started by argv, never
 * through a shell. Private to tui, the UI's thread. */
#ifndef HOOKTOP_TUI_OUTSIDE_H
#define HOOKTOP_TUI_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "hooktop/base/err.h"

/* Into the clipboard: through tmux when we run in it, else by OSC 52. *ret_how says which, for the status line. What
 * is copied may be a secret: on the way it lies in locked memory only. */
bool ht_clipboard_copy(const void *bytes, size_t len, const char **ret_how, struct ht_err *err);

/* Writes the text to a new file that only we may read, runs `argv` with its path as the last argument and waits; the
 * file is gone afterwards. The caller has given the terminal back before, and takes it again after. */
#define HT_OUTSIDE_WORDS 8
HT_MUST_CHECK enum ht_rc ht_outside_run(const char *const argv[HT_OUTSIDE_WORDS], const char *text, size_t len,
                                        struct ht_err *err);

#endif
