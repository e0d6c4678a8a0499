#include <string.h>

#include "hooktop/tui/chrome.h"

/* A value becomes one of nine heights, the greatest of them the highest; what is not nothing is never shown as nothing.
 */
void ht_spark(const int32_t *values, size_t n, bool ascii, char *ret, size_t size)
{
    static const char *const blocks[] = {" ",
                                         "\xe2\x96\x81",
                                         "\xe2\x96\x82",
                                         "\xe2\x96\x83",
                                         "\xe2\x96\x84",
                                         "\xe2\x96\x85",
                                         "\xe2\x96\x86",
                                         "\xe2\x96\x87",
                                         "\xe2\x96\x88"};
    static const char *const plain[] = {" ", ".", ".", ":", ":", "=", "=", "#", "#"};
    int64_t most = 1;
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < n; i++) {
        int64_t height = values[i] <= 0 ? 0 : (values[i] * 8 + most - 1) / most;
        const char *s = (ascii ? plain : blocks)[height];
        size_t len = strlen(s);
        if (used + len + 1 > size)
            break;
        memcpy(ret + used, s, len);
        used += len;
    }
    ret[used] = '\0';
}
