/* Tells when a theme file was saved, so that the theme in use can be read again. Watches the folder of the user's
 * themes: a base counts, too, and editors that save by renaming are seen. Private to tui, the UI's thread. */
#ifndef HOOKTOP_TUI_THEME_WATCH_H
#define HOOKTOP_TUI_THEME_WATCH_H

#include <stdbool.h>

/* A descriptor for poll, -1 when there is nothing to watch. `theme` may be a path (then its folder) or NULL. */
int ht_theme_watch_open(const char *theme, const char *theme_dir);
/* Takes what came; true when a theme was among it. Does not wait. */
bool ht_theme_watch_take(int fd);
void ht_theme_watch_close(int fd);

#endif
