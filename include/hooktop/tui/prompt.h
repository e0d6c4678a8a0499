/* A line being typed: UTF-8, moved through by characters, with the usual Emacs keys. Foreign text pasted into it is
 * shown through the sanitizer like all else. Pure, the UI's thread. */
#ifndef HOOKTOP_TUI_PROMPT_H
#define HOOKTOP_TUI_PROMPT_H

#include "hooktop/tui/canvas.h"
#include "hooktop/tui/keys.h"

#define HT_PROMPT_MAX 1024 /* bytes, with the NUL */

struct ht_prompt {
    char text[HT_PROMPT_MAX];
    size_t len;
    size_t cursor; /* bytes before it */
};

void ht_prompt_set(struct ht_prompt *p, const char *text);               /* the cursor goes to the end */
bool ht_prompt_insert(struct ht_prompt *p, const char *bytes, size_t n); /* at the cursor; false: nothing, no room */
/* True when the key was for the line; *ret_changed tells whether the text is another. Enter, Esc and Tab are the
 * owner's. */
bool ht_prompt_key(struct ht_prompt *p, int32_t key, bool *ret_changed);
/* Draws into `width` columns, scrolled so that the cursor is seen, and parks the terminal's cursor there.
 * `mistake`: the byte from which the text is wrong, or SIZE_MAX. */
void ht_prompt_draw(const struct ht_prompt *p, struct ht_canvas *c, int row, int col, int width, size_t mistake);

#endif
