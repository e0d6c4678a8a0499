#include "hooktop/tui/marks.h"

#include <stdlib.h>
#include <string.h>

/* Its place, or where it would stand. */
static size_t place(const struct ht_marks *m, const struct ht_uuid *id)
{
    size_t lo = 0, hi = m->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ht_uuid_cmp(&m->ids[mid], id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool is_at(const struct ht_marks *m, size_t at, const struct ht_uuid *id)
{
    return at < m->n && ht_uuid_cmp(&m->ids[at], id) == 0;
}

bool ht_marks_has(const struct ht_marks *m, const struct ht_uuid *id)
{
    return is_at(m, place(m, id), id);
}

bool ht_marks_set(struct ht_marks *m, const struct ht_uuid *id, bool on)
{
    size_t at = place(m, id);
    bool was = is_at(m, at, id);
    if (!on && was)
        memmove(m->ids + at, m->ids + at + 1, (--m->n - at) * sizeof *m->ids);
    if (on)
        m->last = *id;
    if (on == was || !on)
        return true;
    if (m->n == HT_MARKS_MAX)
        return false;
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 16;
        m->ids = ht_realloc(m->ids, m->cap, sizeof *m->ids);
    }
    memmove(m->ids + at + 1, m->ids + at, (m->n++ - at) * sizeof *m->ids);
    m->ids[at] = *id;
    return true;
}

struct ht_uuid *ht_marks_copy(const struct ht_marks *m, size_t *ret_n)
{
    struct ht_uuid *ids = ht_alloc(m->n, sizeof *ids);
    if (m->n)
        memcpy(ids, m->ids, m->n * sizeof *ids);
    *ret_n = m->n;
    return ids;
}

void ht_marks_clear(struct ht_marks *m)
{
    free(m->ids);
    *m = (struct ht_marks){0};
}
