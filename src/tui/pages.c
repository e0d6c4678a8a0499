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

static const void *row_at(const struct ht_pages_rows *of, const void *rows, size_t i)
{
    return (const char *)rows + i * of->size;
}

/* Where the rows begin that stand behind the page: after the last one that it has, too. It is looked for where it would
 * be if as many rows as the page has were new. */
static size_t end_of(const struct ht_pages_rows *of, const void *rows, size_t from, size_t n, const void *page,
                     size_t page_n)
{
    size_t near = n - from < 2 * page_n ? n - from : 2 * page_n, end = n;
    struct ht_uuid *ids = ht_alloc(near + 1, sizeof *ids);
    for (size_t i = 0; i < near; i++)
        ids[i] = of->id(row_at(of, rows, from + i));
    for (size_t k = page_n; end == n && k-- > 0;) {
        const struct ht_uuid id = of->id(row_at(of, page, k));
        for (size_t i = 0; end == n && i < near; i++)
            if (ht_uuid_cmp(&id, &ids[i]) == 0)
                end = from + i + 1;
    }
    free(ids);
    return end;
}

void *ht_pages_take(struct ht_pages *p, const struct ht_pages_rows *of, void *rows, size_t *n, void *page,
                    size_t page_n, bool more)
{
    size_t from = p->from < *n ? p->from : *n;
    size_t end = more ? end_of(of, rows, from, *n, page, page_n) : *n;
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
