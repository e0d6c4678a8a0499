/* A list that is loaded in pages: the next one as one goes down, the one around what is shown when something changed,
 * never more than a page at once, however many are loaded. For lists whose rows keep their order, each page being asked
 * for by the row it follows. Pure, the UI's thread.
 *
 * In `fetch` ht_pages_ask says after which row, in `reply` ht_pages_take puts the page where it belongs, in `act`,
 * after the cursor was moved, ht_pages_further says whether the next one is wanted.
 */
#ifndef HOOKTOP_TUI_PAGES_H
#define HOOKTOP_TUI_PAGES_H

#include "hooktop/tui/list.h"

#define HT_PAGE           200
#define HT_PAGES_ROWS_MAX 10000
#define HT_PAGES_END      "no more are loaded: narrow the filter, or x writes all"

struct ht_pages {
    bool more; /* in the database, after the last row */
    bool full; /* ... and they are not loaded any more: HT_PAGES_END */
    bool next; /* the next page is wanted */
    size_t from;
};

/* What is known of the rows, each `size` bytes. */
struct ht_pages_rows {
    size_t size;
    struct ht_uuid (*id)(const void *row);
    void (*fini)(void *row);
};

/* The page to ask for begins after row `*ret_last`; false: with the first. `anew`: the rows that are there are of
 * another filter. */
bool ht_pages_ask(struct ht_pages *p, const struct ht_list *l, size_t n, bool anew, size_t *ret_last);
/* Takes both arrays, returns all rows, *n of them. What stood where the page stands gives way to it; what follows the
 * page's last row stays, and where that row is new, nobody knows what follows: nothing stays. */
void *ht_pages_take(struct ht_pages *p, const struct ht_pages_rows *of, void *rows, size_t *n, void *page,
                    size_t page_n, bool more);
bool ht_pages_further(struct ht_pages *p, const struct ht_list *l, size_t n);

#endif
