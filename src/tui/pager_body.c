#include <stdio.h>
#include <string.h>

#include "hooktop/tui/pager.h"

#define PER_LINE 16

void ht_doc_hex(struct ht_doc *d, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += PER_LINE) {
        char hex[PER_LINE * 3 + 2] = "", seen[PER_LINE + 1];
        size_t n = len - at < PER_LINE ? len - at : PER_LINE, used = 0;
        for (size_t i = 0; i < n; i++) {
            unsigned char b = (unsigned char)bytes[at + i];
            used += (size_t)snprintf(hex + used, sizeof hex - used, "%02x%s", b, i == PER_LINE / 2 - 1 ? "  " : " ");
            seen[i] = b >= 0x20 && b < 0x7f ? (char)b : '.';
        }
        seen[n] = '\0';
        ht_doc_addf(d, HT_STYLE_DIM, "%08zx  ", at);
        ht_doc_addf(d, HT_STYLE_ROW, "%-49s ", hex);
        ht_doc_adds(d, HT_STYLE_LABEL, seen);
        ht_doc_end(d);
    }
}

void ht_doc_body(struct ht_doc *d, enum ht_body_view view, const char *bytes, size_t len)
{
    switch (view) {
    case HT_BODY_RAW:
        ht_doc_add(d, HT_STYLE_ROW, bytes, len);
        ht_doc_end(d);
        break;
    case HT_BODY_HEX:
        ht_doc_hex(d, bytes, len);
        break;
    default:
        ht_doc_json(d, bytes, len);
    }
}
