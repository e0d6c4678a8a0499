#include <string.h>
#include "hooktop/model/filter.h"

#define TYPE_CHARS     "abcdefghijklmnopqrstuvwxyz0123456789_."
#define TYPE_MAX_BYTES 128u

/* Length of the part before ".*", or SIZE_MAX when the pattern is an exact name. */
static size_t prefix_len(const char *pattern)
{
    size_t len = strlen(pattern);
    return len > 2 && strcmp(pattern + len - 2, ".*") == 0 ? len - 2 : SIZE_MAX;
}

bool ht_pattern_matches(const char *pattern, const char *type)
{
    if (strcmp(pattern, "*") == 0)
        return true;
    size_t len = prefix_len(pattern);
    if (len == SIZE_MAX)
        return strcmp(pattern, type) == 0;
    return strncmp(pattern, type, len + 1) == 0 && type[len + 1] != '\0';
}

bool ht_pattern_valid(const char *pattern)
{
    if (strcmp(pattern, "*") == 0)
        return true;
    size_t len = prefix_len(pattern);
    if (len == SIZE_MAX)
        len = strlen(pattern);
    return len > 0 && len <= TYPE_MAX_BYTES && strspn(pattern, TYPE_CHARS) >= len;
}
