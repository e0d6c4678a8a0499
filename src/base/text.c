#include "hooktop/base/text.h"
#include <stdio.h>
#include <string.h>

#define TAB_STOP 8u

size_t ht_utf8_decode(const char *bytes, size_t len, uint32_t *ret_ch)
{
    /* Smallest character of each length: anything below it is an overlong form. */
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 0)
        return 0;
    const uint8_t first = (uint8_t)bytes[0];
    if (first < 0x80) {
        *ret_ch = first;
        return 1;
    }
    size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || len < n)
        return 0;
    uint32_t ch = first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        const uint8_t next = (uint8_t)bytes[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        ch = ch << 6 | (next & 0x3fu);
    }
    if (ch < smallest[n] || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff))
        return 0;
    *ret_ch = ch;
    return n;
}

size_t ht_utf8_encode(uint32_t ch, char ret[4])
{
    if (ch < 0x80) {
        ret[0] = (char)ch;
        return 1;
    }
    size_t n = ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        ret[i] = (char)(0x80u | (ch & 0x3fu));
        ch >>= 6;
    }
    ret[0] = (char)((0xf00u >> n & 0xffu) | ch);
    return n;
}

/* Bytes from here on that are ASCII, in steps of eight: nearly all text is. */
static size_t ascii(const char *bytes, size_t len)
{
    size_t n = 0;
    for (uint64_t eight; n + sizeof eight <= len; n += sizeof eight) {
        memcpy(&eight, bytes + n, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    return n;
}

bool ht_utf8_valid(const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t ch;
        at += ascii(bytes + at, len - at);
        if (at == len)
            break;
        size_t n = ht_utf8_decode(bytes + at, len - at, &ch);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

void ht_text_start(struct ht_text_reader *r, const char *bytes, size_t len, enum ht_text_mode mode)
{
    *r = (struct ht_text_reader){.bytes = bytes, .len = len, .mode = mode};
}

static bool give_pending(struct ht_text_reader *r, struct ht_glyph *ret)
{
    bool made = r->pending[0] != ' ';
    *ret = (struct ht_glyph){.ch = {(uint8_t)r->pending[r->pending_at]}, .width = 1, .made = made};
    r->pending_at++;
    r->column++;
    return true;
}

static bool give_escape(struct ht_text_reader *r, const char *prefix, int digits, uint32_t value, struct ht_glyph *ret)
{
    r->pending_len = (uint8_t)snprintf(r->pending, sizeof(r->pending), "<%s%0*X>", prefix, digits, value);
    r->pending_at = 0;
    return give_pending(r, ret);
}

static bool give_tab(struct ht_text_reader *r, struct ht_glyph *ret)
{
    r->pending_len = (uint8_t)(TAB_STOP - r->column % TAB_STOP);
    r->pending_at = 0;
    memset(r->pending, ' ', r->pending_len);
    return give_pending(r, ret);
}

static bool give_base(struct ht_text_reader *r, uint32_t ch, int width, struct ht_glyph *ret)
{
    *ret = (struct ht_glyph){.ch = {ch}, .width = (uint8_t)width};
    r->column += (unsigned)width;
    for (size_t i = 1; i < HT_COUNT(ret->ch) && ch != ' ' && r->mode != HT_TEXT_ASCII; i++) {
        uint32_t mark;
        size_t n = ht_utf8_decode(r->bytes + r->at, r->len - r->at, &mark);
        if (n == 0 || ht_char_width(mark) != 0)
            break;
        ret->ch[i] = mark;
        r->at += n;
    }
    return true;
}

bool ht_text_next(struct ht_text_reader *r, struct ht_glyph *ret)
{
    if (r->pending_at < r->pending_len)
        return give_pending(r, ret);
    if (r->at >= r->len)
        return false;
    uint32_t ch;
    size_t n = ht_utf8_decode(r->bytes + r->at, r->len - r->at, &ch);
    if (n == 0)
        return give_escape(r, "", 2, (uint8_t)r->bytes[r->at++], ret);
    r->at += n;
    if (r->mode == HT_TEXT_LINES && ch == '\t')
        return give_tab(r, ret);
    if (r->mode == HT_TEXT_LINES && ch == '\n') {
        *ret = (struct ht_glyph){.ch = {'\n'}};
        r->column = 0;
        return true;
    }
    if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0))
        return give_escape(r, "", 2, ch, ret);
    int width = ht_char_width(ch);
    /* A mark that comes here has no base, or a base that has two already. */
    if (width <= 0 || (r->mode == HT_TEXT_ASCII && ch >= 0x80))
        return give_escape(r, "U+", 4, ch, ret);
    return give_base(r, ch, width, ret);
}

static size_t encode_glyph(const struct ht_glyph *g, char ret[12])
{
    size_t len = 0;
    for (size_t i = 0; i < HT_COUNT(g->ch) && g->ch[i] != 0; i++)
        len += ht_utf8_encode(g->ch[i], ret + len);
    return len;
}

void ht_text_clean(struct ht_buf *out, const char *bytes, size_t len, enum ht_text_mode mode)
{
    struct ht_text_reader r;
    struct ht_glyph g;
    ht_text_start(&r, bytes, len, mode);
    while (!out->over && ht_text_next(&r, &g)) {
        char utf8[12];
        ht_buf_add(out, utf8, encode_glyph(&g, utf8));
    }
}

void ht_text_clean_columns(char *ret, size_t size, const char *s, enum ht_text_mode mode, size_t columns)
{
    if (size == 0)
        return;
    struct ht_text_reader r;
    struct ht_glyph g;
    size_t len = 0;
    size_t width = 0;
    size_t cut = 0; /* the last place where the end mark would fit after whole characters */
    ht_text_start(&r, s, strlen(s), mode);
    while (ht_text_next(&r, &g)) {
        char utf8[12];
        size_t n = encode_glyph(&g, utf8);
        if (n >= size - len || g.width > columns - width) {
            if (size > 1 && columns > 0)
                ret[cut++] = '~';
            len = cut;
            break;
        }
        memcpy(ret + len, utf8, n);
        len += n;
        width += g.width;
        if (r.pending_at == r.pending_len && len + 1 < size && width < columns)
            cut = len;
    }
    ret[len] = '\0';
}

void ht_text_clean_str(char *ret, size_t size, const char *s, enum ht_text_mode mode)
{
    ht_text_clean_columns(ret, size, s, mode, SIZE_MAX);
}

size_t ht_text_width(const char *bytes, size_t len, enum ht_text_mode mode)
{
    struct ht_text_reader r;
    struct ht_glyph g;
    size_t width = 0;
    ht_text_start(&r, bytes, len, mode);
    while (ht_text_next(&r, &g))
        width += g.width;
    return width;
}

size_t ht_text_made(const char *bytes, size_t len)
{
    struct ht_text_reader r;
    struct ht_glyph g;
    size_t made = 0;
    size_t before = 0;
    ht_text_start(&r, bytes, len, HT_TEXT_LINES);
    while (ht_text_next(&r, &g)) {
        if (g.made)
            made += r.at - before;
        before = r.at;
    }
    return made;
}

const char *ht_plural(int64_t n, const char *one, const char *several)
{
    return n == 1 ? one : several;
}
