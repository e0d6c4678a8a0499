/* What the list of replays and the screen of one have in common. Private to src/tui. */
#ifndef HOOKTOP_SRC_TUI_REPLAY_PARTS_H
#define HOOKTOP_SRC_TUI_REPLAY_PARTS_H

#include "hooktop/tui/chrome.h"

#define HT_REPLAY_REFRESH_US 1000000 /* while one goes on */

#define HT_REPLAY_BAR_DONE '#'
#define HT_REPLAY_BAR_AWAY '=' /* queued; whether it was sent too is not said */
#define HT_REPLAY_BAR_TODO '-'

enum ht_style ht_replay_style(const struct ht_replay *r);
/* Workers have to do with it. */
bool ht_replay_goes_on(const struct ht_replay *r);
/* "[########====------]" */
void ht_replay_bar(int64_t done, int64_t away, int64_t total, int width, char *ret, size_t size);
/* Why what is under the cursor can be paused or cancelled no more: for both screens' classes. */
const char *ht_replay_why_not(struct ht_screen *s, enum ht_action_id action);

#endif
