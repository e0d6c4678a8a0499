#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hooktop/base/err.h"
#include "hooktop/tui/list.h"

/* Lists that are loaded whole are sorted here, by any column; the others where their rows come from. */

struct sort_key {
    size_t row;
    int64_t n;
    char text[96];
};
struct sorting {
    bool down;
    bool numbers;
};

static int compare(const struct sorting *s, const struct sort_key *a, const struct sort_key *b)
{
    int cmp = s->numbers ? (a->n > b->n) - (a->n < b->n) : strcasecmp(a->text, b->text);
    if (cmp)
        return s->down ? -cmp : cmp;
    return a->row < b->row ? -1 : 1;
}

/* Lists that are loaded whole are short, and mostly in order already. */
static void insertion_sort(const struct sorting *s, struct sort_key *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct sort_key k = keys[i];
        size_t j = i;
        for (; j > 0 && compare(s, &keys[j - 1], &k) > 0; j--)
            keys[j] = keys[j - 1];
        keys[j] = k;
    }
}

static bool key_of(const struct ht_list_rows *rows, size_t row, size_t column, struct sort_key *ret)
{
    struct ht_cell_text t = {.s = ""};
    *ret = (struct sort_key){.row = row};
    if (rows->number && rows->number(rows->user, row, column, &ret->n))
        return true;
    rows->cell(rows->user, row, column, &t);
    snprintf(ret->text, sizeof ret->text, "%.*s", (int)t.len, t.s);
    return false;
}

void ht_list_sort(const struct ht_list *l, const struct ht_list_rows *rows, void *array, size_t size)
{
    if (l->sorted == 0 || rows->n < 2)
        return;
    struct sorting s = {0};
    HT_AUTOFREE struct sort_key *keys = ht_alloc(rows->n, sizeof *keys);
    HT_AUTOFREE char *out = ht_alloc(rows->n, size);
    for (size_t i = 0; i < rows->n; i++)
        s.numbers = key_of(rows, i, l->sorted - 1, &keys[i]);
    s.down = s.numbers != l->turned;
    insertion_sort(&s, keys, rows->n);
    for (size_t i = 0; i < rows->n; i++)
        memcpy(out + i * size, (const char *)array + keys[i].row * size, size);
    memcpy(array, out, rows->n * size);
}

void ht_list_sorted(const struct ht_list *l, struct ht_list_rows *rows)
{
    int64_t n;
    if (l->sorted == 0)
        return;
    size_t column = l->sorted - 1;
    rows->sorted = rows->columns[column].title;
    rows->descends = (rows->n && rows->number && rows->number(rows->user, 0, column, &n)) != l->turned;
}
