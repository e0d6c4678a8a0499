/* The one sanitizer for untrusted text, and UTF-8.
 *
 * Whatever comes from a receiver, a tenant, a producer, the database, the network or a file is foreign. It reaches a
 * terminal, a log, an export or an error message only through this module, which makes everything visible that could
 * act on a terminal or deceive a reader:
 *   - strict UTF-8 (RFC 3629); each byte that is not part of it becomes <FF> (its two hexadecimal digits)
 *   - C0, DEL and C1 become <1B>; LF and TAB too, except in HT_TEXT_LINES
 *   - everything invisible, directional, private, unassigned or joining becomes <U+202E>
 *   - at most two combining marks stay on a base; others, and those without a base (a space is none), become <U+0301>
 *   - columns are counted by one width function; a wide character is never cut in half
 *   - HT_TEXT_ASCII (URLs, header names): every character outside ASCII becomes <U+00E9>
 * Rules: docs/security.md, "Untrusted text".
 *
 * Pure functions, any thread, nothing allocates except through the ht_buf given.
 */
#ifndef HOOKTOP_BASE_TEXT_H
#define HOOKTOP_BASE_TEXT_H

#include <stdint.h>
#include "hooktop/base/buf.h"

enum ht_text_mode {
    HT_TEXT_CELL,  /* one line; LF and TAB are made visible */
    HT_TEXT_LINES, /* LF stays a line end, TAB goes to the next multiple of 8 */
    HT_TEXT_ASCII, /* one line, ASCII only: for fields where a look-alike is an attack */
};

/* One glyph ready for a terminal: a base character and up to two combining marks. */
struct ht_glyph {
    uint32_t ch[3]; /* 0 ends */
    uint8_t width;  /* 1 or 2 columns */
    bool made;      /* part of an escape that we made, to be shown as such */
};

/* Reads glyphs one by one; returns false at the end. `at` is the first byte not yet read. An escape such as <1B> comes
 * as four glyphs, with its byte read at the first.
 * A line feed comes as ch[0] == '\n', width 0, in HT_TEXT_LINES only. */
struct ht_text_reader {
    const char *bytes;
    size_t len;
    size_t at;
    enum ht_text_mode mode;
    unsigned column;
    uint32_t marks;   /* combining marks on the current base */
    char pending[12]; /* an escape being given out */
    uint8_t pending_at;
    uint8_t pending_len;
    bool has_base;
};
void ht_text_start(struct ht_text_reader *r, const char *bytes, size_t len, enum ht_text_mode mode);
bool ht_text_next(struct ht_text_reader *r, struct ht_glyph *ret);

/* Appends the cleaned text as UTF-8. */
void ht_text_clean(struct ht_buf *out, const char *bytes, size_t len, enum ht_text_mode mode);
/* The same into a fixed array, always terminated; what does not fit is cut between whole characters and escapes, with
 * "~" as the last character. */
void ht_text_clean_str(char *ret, size_t size, const char *s, enum ht_text_mode mode);
/* The same, and at most so many columns, the "~" among them: names of wide characters and others end at the same place.
 */
void ht_text_clean_columns(char *ret, size_t size, const char *s, enum ht_text_mode mode, size_t columns);
/* Columns that the cleaned text takes. */
size_t ht_text_width(const char *bytes, size_t len, enum ht_text_mode mode);
/* How many bytes of the text would be made visible as escapes in HT_TEXT_LINES ("2 control bytes shown"). */
size_t ht_text_made(const char *bytes, size_t len);

/* One strict UTF-8 character from bytes[0..len): its length 1..4, or 0 when it is none. */
size_t ht_utf8_decode(const char *bytes, size_t len, uint32_t *ret_ch);
size_t ht_utf8_encode(uint32_t ch, char ret[4]);
bool ht_utf8_valid(const char *bytes, size_t len);
/* 0 for combining marks, 1, 2, or -1 for what must be made visible. Independent of the locale. */
int ht_char_width(uint32_t ch);

/* The word for so many: "1 delivery", "2 deliveries". */
const char *ht_plural(int64_t n, const char *one, const char *several);

#endif
