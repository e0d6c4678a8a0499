#include "hooktop/tui/pages.h"

#include <stdlib.h>

#define MARGIN 20 /* rows above the first shown that are fetched again with it */

bool ht_pages_ask(struct ht_pages *p, const struct ht_list *l, size_t n, bool anew, size_t *ret_last)
{
    p->from = 0;
    if (!anew && p->next)
        p->from = n;
    else if (!anew && n > HT_PAGE && l->top > MARGIN)
        p->from = l->top - MARGIN;
    p->next = false;
    *ret_last = p->from > 0 ? p->from - 1 : 0;
    return p->from > 0;
}

/* Where the rows begin that stand behind the page: after its last one. */
static size_t end_of(const struct ht_pages_rows *of, const char *rows, size_t from, size_t n,
                     const struct ht_uuid *last)
{
    for (size_t i = from; i < n; i++) {
        const struct ht_uuid id = of->id(rows + i * of->size);
        if (ht_uuid_cmp(&id, last) == 0)
            return i + 1;
    }
    return n;
}

void *ht_pages_take(struct ht_pages *p, const struct ht_pages_rows *of, void *rows, size_t *n, void *page,
                    size_t page_n, bool more)
{
    size_t from = p->from < *n ? p->from : *n;
    size_t end = *n;
    if (more && page_n > 0) {
        const struct ht_uuid last = of->id((const char *)page + (page_n - 1) * of->size);
        end = end_of(of, rows, from, *n, &last);
    }
    size_t rest = *n - end;
    for (size_t i = from; i < end; i++)
        of->fini((char *)rows + i * of->size);
    rows = ht_list_splice(rows, *n, from, end, page, page_n, of->size);
    *n = from + page_n + rest;
    if (rest == 0)
        p->more = more;
    p->full = p->more && *n >= HT_PAGES_ROWS_MAX;
    return rows;
}

bool ht_pages_further(struct ht_pages *p, const struct ht_list *l, size_t n)
{
    p->next = p->next || (l->cursor + l->page + 1 > n && p->more && !p->full);
    return p->next;
}
