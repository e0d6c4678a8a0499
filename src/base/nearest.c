#include <string.h>
#include "hooktop/base/ini.h"

#define WORD_MAX 64u

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance in the restricted form: insert, delete, replace, swap neighbours. Both at most WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, replace);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][b_len];
}

const char *ht_nearest(const char *given, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t len = strnlen(given, WORD_MAX + 1);
    /* One slip in a short word, up to three in a long one; more would be a guess. */
    size_t best_distance = len > 7 ? 4 : len > 3 ? 3 : 2;
    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (strlen(names[i]) > WORD_MAX)
            continue;
        size_t d = distance(given, names[i]);
        if (d < best_distance) {
            best_distance = d;
            best = names[i];
        }
    }
    return best;
}
