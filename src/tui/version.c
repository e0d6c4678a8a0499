#include "hooktop/tui/version.h"
#include <curses.h>

void ht_tui_version(struct ht_buf *out)
{
    ht_buf_adds(out, curses_version());
}
