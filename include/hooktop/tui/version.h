/* Which versions of its libraries this layer runs with, for --version. Any thread. */
#ifndef HOOKTOP_TUI_VERSION_H
#define HOOKTOP_TUI_VERSION_H

#include "hooktop/base/buf.h"

void ht_tui_version(struct ht_buf *out); /* appends "ncurses 6.4.20221231" */

#endif
