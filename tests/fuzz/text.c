/* The sanitizer and the canvas behind it. The first byte chooses the mode ('0' a cell, '1' lines, '2' ASCII) and the
 * rest is foreign. What comes out is judged by a list of its own, made from Unicode's names, not from the table. */
#include "lib/fuzz.h"

#include "hooktop/base/text.h"
#include "hooktop/tui/canvas.h"

#define COLS 40

static bool never_shown(uint32_t ch)
{
    static const struct {
        uint32_t lo, hi;
    } ranges[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xa0, 0xa0},       {0xad, 0xad},       {0x034f, 0x034f},
                  {0x061c, 0x061c}, {0x115f, 0x1160}, {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
                  {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},   {0x3000, 0x3000},   {0x3164, 0x3164},
                  {0xd800, 0xdfff}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
                  {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};
    for (size_t i = 0; i < HT_COUNT(ranges); i++)
        if (ch >= ranges[i].lo && ch <= ranges[i].hi)
            return true;
    return false;
}

/* Every character may be shown, a base has two marks at most, and the columns are what the reader said. */
static void check_clean(const char *s, size_t len, enum ht_text_mode mode, size_t columns)
{
    size_t width = 0, marks = 2;
    for (size_t at = 0; at < len;) {
        uint32_t ch = 0;
        size_t n = ht_utf8_decode(s + at, len - at, &ch);
        FUZZ_MUST(n > 0);
        at += n;
        if (ch == '\n' && mode == HT_TEXT_LINES) {
            marks = 2;
            continue;
        }
        FUZZ_MUST(!never_shown(ch) && (mode != HT_TEXT_ASCII || ch < 0x80));
        int w = ht_char_width(ch);
        FUZZ_MUST(w >= 0);
        marks = w > 0 ? (ch == ' ' ? 2 : 0) : marks + 1;
        FUZZ_MUST(marks <= 2);
        width += (size_t)w;
    }
    FUZZ_MUST(width == columns);
}

static void check_cut(const char *text, const struct ht_buf *clean, enum ht_text_mode mode)
{
    static const size_t sizes[] = {1, 2, 3, 5, 8, 13, 64, 1024};
    char cut[1024];
    for (size_t i = 0; i < HT_COUNT(sizes); i++) {
        memset(cut, 'x', sizeof cut);
        ht_text_clean_str(cut, sizes[i], text, mode);
        size_t len = strnlen(cut, sizes[i]);
        FUZZ_MUST(len < sizes[i] && ht_utf8_valid(cut, len));
        bool whole = len == clean->len && memcmp(cut, clean->data, len) == 0;
        FUZZ_MUST(whole || sizes[i] == 1 || cut[len - 1] == '~');
        FUZZ_MUST(whole || len == 0 || memcmp(cut, clean->data, len - 1) == 0);
        ht_text_clean_columns(cut, sizeof cut, text, mode, sizes[i]);
        FUZZ_MUST(ht_utf8_valid(cut, strlen(cut)) && ht_text_width(cut, strlen(cut), mode) <= sizes[i]);
    }
}

/* Drawn between two bars, it stays between them, and no wide character is half. */
static void check_cells(const char *bytes, size_t len, enum ht_text_mode mode)
{
    struct ht_canvas c;
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, 3, COLS);
    ht_draw_fill(&c, ht_canvas_rect(&c), HT_STYLE_ROW);
    ht_draw_str(&c, 1, 4, 1, HT_STYLE_ROW, "|");
    ht_draw_str(&c, 1, 25, 1, HT_STYLE_ROW, "|");
    int taken = ht_draw_text(&c, 1, 5, 20, HT_STYLE_ROW, mode, bytes, len);
    FUZZ_MUST(taken >= 0 && taken <= 20);
    for (int row = 0; row < 3; row++)
        for (int col = 0; col < COLS; col++) {
            const struct ht_cell *cell = &c.cells[row * COLS + col];
            if (row == 1 && col >= 5 && col < 25) {
                bool right = cell->ch[0] == 0;
                FUZZ_MUST(right == (cell[-1].width == 2) && (right ? cell->width == 0 : cell->width >= 1));
                FUZZ_MUST(right || !never_shown(cell->ch[0]));
                FUZZ_MUST(col < 24 || cell->width < 2);
            } else {
                FUZZ_MUST(cell->ch[0] == (row == 1 && (col == 4 || col == 25) ? '|' : ' ') && cell->width == 1);
            }
        }
    ht_canvas_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] < '0' || data[0] > '2')
        return 0;
    enum ht_text_mode mode = (enum ht_text_mode)(data[0] - '0');
    const char *bytes = (const char *)data + 1;
    HT_AUTOFREE char *text = fuzz_text(data + 1, --size);
    HT_BUF_CLEANUP struct ht_buf clean, again;
    ht_buf_init(&clean, 12 * size + 16);
    ht_buf_init(&again, 12 * size + 16);
    ht_text_clean(&clean, bytes, size, mode);
    FUZZ_MUST(!clean.over && ht_text_made(bytes, size) <= size);
    check_clean(clean.data, clean.len, mode, ht_text_width(bytes, size, mode));
    ht_text_clean(&again, clean.data, clean.len, mode);
    FUZZ_MUST(again.len == clean.len && memcmp(again.data, clean.data, clean.len) == 0);
    check_cells(bytes, size, mode);
    ht_buf_clear(&clean);
    ht_text_clean(&clean, text, strlen(text), mode);
    check_cut(text, &clean, mode);
    return 0;
}
