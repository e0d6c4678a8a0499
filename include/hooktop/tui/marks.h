/* Rows that were marked for one act on all of them, by id: they stay marked when the list moves, is filtered or loses
 * them. Pure, the UI's thread. */
#ifndef HOOKTOP_TUI_MARKS_H
#define HOOKTOP_TUI_MARKS_H

#include "hooktop/base/err.h"
#include "hooktop/base/uuid.h"

#define HT_MARKS_MAX 5000

struct ht_marks {
    struct ht_uuid *ids; /* ascending; owned */
    size_t n, cap;
    size_t listed;       /* of them in the list that was drawn last */
    struct ht_uuid last; /* the one that was marked last: where "up to here" begins */
};

bool ht_marks_has(const struct ht_marks *m, const struct ht_uuid *id);
/* False when it cannot be marked: HT_MARKS_MAX are. */
bool ht_marks_set(struct ht_marks *m, const struct ht_uuid *id, bool on);
struct ht_uuid *ht_marks_copy(const struct ht_marks *m, size_t *ret_n); /* the ids alone; the caller frees */
void ht_marks_clear(struct ht_marks *m);                                /* frees; may be used again */

#endif
