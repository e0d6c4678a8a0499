#include "hooktop/tui/marks.h"

#include <stdlib.h>
#include <string.h>

static size_t find(const struct ht_marks *m, const struct ht_uuid *id)
{
    size_t i = 0;
    while (i < m->n && ht_uuid_cmp(&m->ids[i], id) != 0)
        i++;
    return i;
}

bool ht_marks_has(const struct ht_marks *m, const struct ht_uuid *id)
{
    return find(m, id) < m->n;
}

bool ht_marks_set(struct ht_marks *m, const struct ht_uuid *id, bool on)
{
    size_t at = find(m, id);
    if (!on && at < m->n)
        m->ids[at] = m->ids[--m->n];
    if (on)
        m->last = *id;
    if (!on || at < m->n)
        return true;
    if (m->n == HT_MARKS_MAX)
        return false;
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 16;
        m->ids = ht_realloc(m->ids, m->cap, sizeof *m->ids);
    }
    m->ids[m->n++] = *id;
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
