/* The sanitizer against text that was made to hurt. */
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/secret.h"
#include "hooktop/base/text.h"
#include "ht_test.h"

#define BYTES(s) (s), sizeof(s) - 1

struct hostile {
    const char *bytes;
    size_t len;
    const char *cell;  /* in HT_TEXT_CELL */
    const char *lines; /* in HT_TEXT_LINES; NULL: the same */
    const char *ascii; /* in HT_TEXT_ASCII; NULL: the same as in a cell */
    size_t made;       /* bytes made visible, in lines */
};

static const struct hostile corpus[] = {
    {BYTES(""), "", NULL, NULL, 0},
    {BYTES("plain ~ text"), "plain ~ text", NULL, NULL, 0},
    /* controls of the terminal */
    {BYTES("\x1b[2J\x1b]0;title\x07"), "<1B>[2J<1B>]0;title<07>", NULL, NULL, 3},
    {BYTES("\x1b]52;c;AAAA\x1b\\"), "<1B>]52;c;AAAA<1B>\\", NULL, NULL, 2},
    {BYTES("\x1bP$q\"p\x1b\\"), "<1B>P$q\"p<1B>\\", NULL, NULL, 2},
    {BYTES("a\0b"), "a<00>b", NULL, NULL, 1},
    {BYTES("over\rwrite\b\b"), "over<0D>write<08><08>", NULL, NULL, 3},
    {BYTES("\x7f\x0e\x0f\x05"), "<7F><0E><0F><05>", NULL, NULL, 4},
    {BYTES("one\ntwo"), "one<0A>two", "one\ntwo", NULL, 0},
    {BYTES("a\tb\t|"), "a<09>b<09>|", "a       b       |", NULL, 0},
    {BYTES("1234567\t8\n\t9"), "1234567<09>8<0A><09>9", "1234567 8\n        9", NULL, 0},
    {BYTES("\xe6\x97\xa5\t|"), "\xe6\x97\xa5<09>|", "\xe6\x97\xa5      |", "<U+65E5><09>|", 0},
    {BYTES("a\r\n"), "a<0D><0A>", "a<0D>\n", NULL, 1},
    /* C1: as characters and as bytes */
    {BYTES("\xc2\x9b"
           "31m\xc2\x85"),
     "<9B>31m<85>", NULL, NULL, 4},
    {BYTES("\x9b"
           "31m"),
     "<9B>31m", NULL, NULL, 1},
    /* what is not UTF-8 */
    {BYTES("\xff\xfe"), "<FF><FE>", NULL, NULL, 2},
    {BYTES("\x80"), "<80>", NULL, NULL, 1},
    {BYTES("\xc3"), "<C3>", NULL, NULL, 1},
    {BYTES("\xc3("), "<C3>(", NULL, NULL, 1},
    {BYTES("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf"), "<C0><AF><E0><80><AF><F0><80><80><AF>", NULL, NULL, 9},
    {BYTES("\xc1\xbf"), "<C1><BF>", NULL, NULL, 2},
    {BYTES("\xed\xa0\x80\xed\xbf\xbf"), "<ED><A0><80><ED><BF><BF>", NULL, NULL, 6},
    {BYTES("\xf4\x90\x80\x80"), "<F4><90><80><80>", NULL, NULL, 4},
    {BYTES("\xf5\x80\x80\x80"), "<F5><80><80><80>", NULL, NULL, 4},
    {BYTES("\xe6\x97"), "<E6><97>", NULL, NULL, 2},
    {BYTES("\xf0\x9f\x98"), "<F0><9F><98>", NULL, NULL, 3},
    {BYTES("\xe6\xe6\x97\xa5"), "<E6>\xe6\x97\xa5", NULL, "<E6><U+65E5>", 1},
    /* directions */
    {BYTES("\xe2\x80\xaegnp.exe"), "<U+202E>gnp.exe", NULL, NULL, 3},
    {BYTES("\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9"),
     "<U+061C><U+200E><U+200F><U+202A><U+2066><U+2069>", NULL, NULL, 17},
    /* nothing to see */
    {BYTES("pay\xe2\x80\x8bpal\xe2\x80\x8c\xe2\x80\x8d\xef\xbb\xbf\xe2\x81\xa0\xc2\xad"),
     "pay<U+200B>pal<U+200C><U+200D><U+FEFF><U+2060><U+00AD>", NULL, NULL, 17},
    {BYTES("\xcd\x8f\xe1\x85\x9f\xe1\x85\xa0\xe1\x9e\xb4\xe1\xa0\x8e\xe3\x85\xa4\xef\xbe\xa0"),
     "<U+034F><U+115F><U+1160><U+17B4><U+180E><U+3164><U+FFA0>", NULL, NULL, 20},
    {BYTES("a\xef\xb8\x8e"
           "b\xef\xb8\x8f"),
     "a<U+FE0E>b<U+FE0F>", NULL, NULL, 6},
    {BYTES("\xf3\xa0\x84\x80"), "<U+E0100>", NULL, NULL, 4},
    {BYTES("\xf3\xa0\x81\xa1\xf3\xa0\x81\xbf"), "<U+E0061><U+E007F>", NULL, NULL, 8},
    {BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "<U+2028><U+2029>", NULL, NULL, 6},
    {BYTES("\xc2\xa0\xe2\x80\x83\xe3\x80\x80\xe1\x9a\x80"), "<U+00A0><U+2003><U+3000><U+1680>", NULL, NULL, 11},
    /* private, unassigned, not a character */
    {BYTES("\xee\x80\x80\xf4\x8f\xbf\xbd"), "<U+E000><U+10FFFD>", NULL, NULL, 7},
    {BYTES("\xcd\xb8\xef\xbf\xbf\xf4\x8f\xbf\xbf"), "<U+0378><U+FFFF><U+10FFFF>", NULL, NULL, 9},
    /* what joins its neighbours: an emoji family, a flag, a skin tone, Hangul in parts */
    {BYTES("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"), "\xf0\x9f\x91\xa9<U+200D>\xf0\x9f\x91\xa7", NULL,
     "<U+1F469><U+200D><U+1F467>", 3},
    {BYTES("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"), "<U+1F1E9><U+1F1EA>", NULL, NULL, 8},
    {BYTES("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"), "\xf0\x9f\x91\x8d<U+1F3FD>", NULL, "<U+1F44D><U+1F3FD>", 4},
    {BYTES("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), "\xe1\x84\x92<U+1161><U+11AB>", NULL, "<U+1112><U+1161><U+11AB>",
     6},
    /* marks */
    {BYTES("e\xcc\x81"), "e\xcc\x81", NULL, "e<U+0301>", 0},
    {BYTES("e\xcc\x81\xcc\xa3\xcc\x82\xcc\x83"), "e\xcc\x81\xcc\xa3<U+0302><U+0303>", NULL,
     "e<U+0301><U+0323><U+0302><U+0303>", 4},
    {BYTES("\xcc\x81x"), "<U+0301>x", NULL, NULL, 2},
    {BYTES(" \xcc\x81"), " <U+0301>", NULL, NULL, 2},
    {BYTES("\x1b\xcc\x81"), "<1B><U+0301>", NULL, NULL, 3},
    {BYTES("a\n\xcc\x81"), "a<0A><U+0301>", "a\n<U+0301>", NULL, 2},
    {BYTES("a\t\xcc\x81"), "a<09><U+0301>", "a       <U+0301>", NULL, 2},
    {BYTES("\xe6\x97\xa5\xcc\x81"), "\xe6\x97\xa5\xcc\x81", NULL, "<U+65E5><U+0301>", 0},
    /* letters that run the other way stay as they are, in their order */
    {BYTES("\xd7\xa9\xd7\x9c"), "\xd7\xa9\xd7\x9c", NULL, "<U+05E9><U+05DC>", 0},
    /* look-alikes are an attack in a URL only */
    {BYTES("p\xd0\xb0ypal"), "p\xd0\xb0ypal", NULL, "p<U+0430>ypal", 0},
    {BYTES("caf\xc3\xa9"), "caf\xc3\xa9", NULL, "caf<U+00E9>", 0},
};

static void cleaned(const struct hostile *h, enum ht_text_mode mode, const char *want)
{
    struct ht_buf out;
    ht_buf_init(&out, 4096);
    /* An exact copy, so that a read behind the end is noticed. */
    char *exact = malloc(h->len > 0 ? h->len : 1);
    memcpy(exact, h->bytes, h->len);
    ht_text_clean(&out, exact, h->len, mode);
    free(exact);
    assert_string_equal(out.data, want);
    ht_buf_fini(&out);
}

static void hostile_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(corpus); i++) {
        const struct hostile *h = &corpus[i];
        cleaned(h, HT_TEXT_CELL, h->cell);
        cleaned(h, HT_TEXT_LINES, h->lines != NULL ? h->lines : h->cell);
        cleaned(h, HT_TEXT_ASCII, h->ascii != NULL ? h->ascii : h->cell);
        if (ht_text_made(h->bytes, h->len) != h->made)
            fail_msg("%s: %zu bytes made visible", h->cell, ht_text_made(h->bytes, h->len));
    }
}

/* What may leave the sanitizer: assigned characters that are neither controls nor invisible; LF in lines only. */
static void assert_harmless(const char *text, size_t len, enum ht_text_mode mode)
{
    unsigned marks = 2;
    for (size_t at = 0; at < len;) {
        uint32_t ch = 0;
        size_t n = ht_utf8_decode(text + at, len - at, &ch);
        assert_true(n > 0);
        at += n;
        if (ch == '\n' && mode == HT_TEXT_LINES) {
            marks = 2;
            continue;
        }
        int width = ht_char_width(ch);
        assert_true(width >= 0);
        assert_true(mode != HT_TEXT_ASCII || (ch >= 0x20 && ch < 0x7f));
        marks = width == 0 ? marks + 1 : ch == ' ' ? 2 : 0;
        assert_true(marks <= 2);
    }
}

/* Bytes drawn so that every kind of trouble is frequent. */
static size_t random_text(char *text, size_t size)
{
    static const char *const pieces[] = {"\x1b[", "\xe2\x80\xae", "\xcc\x81", "\xe6\x97\xa5", "a",           "\n", "\t",
                                         " ",     "\xf0\x9f",     "\xc2\x9b", "\xed\xa0\x80", "\xef\xb8\x8f"};
    uint8_t draw[64];
    size_t len = 0;
    ht_random(draw, sizeof(draw));
    for (size_t i = 0; i + 1 < sizeof(draw) && len + 8 < size; i += 2) {
        if (draw[i] < 160) {
            const char *piece = pieces[draw[i] % HT_COUNT(pieces)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        } else {
            text[len++] = (char)draw[i + 1];
        }
    }
    return len;
}

static void nothing_harmful_ever_leaves(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[256];
        size_t len = random_text(text, sizeof(text));
        for (int m = HT_TEXT_CELL; m <= HT_TEXT_ASCII; m++) {
            enum ht_text_mode mode = (enum ht_text_mode)m;
            struct ht_buf once, twice;
            ht_buf_init(&once, 8192);
            ht_buf_init(&twice, 8192);
            ht_text_clean(&once, text, len, mode);
            assert_harmless(once.data, once.len, mode);
            /* What is clean stays as it is, and is as wide as it was announced. */
            ht_text_clean(&twice, once.data, once.len, mode);
            assert_string_equal(twice.data, once.data);
            assert_int_equal(ht_text_width(text, len, mode), ht_text_width(once.data, once.len, mode));
            assert_int_equal(ht_text_made(once.data, once.len), 0);
            ht_buf_fini(&once);
            ht_buf_fini(&twice);
        }
    }
}

static void glyphs(void **state)
{
    (void)state;
    static const char text[] = "e\xcc\x81\xcc\xa3\xe6\x97\xa5\x1b<\n";
    static const struct ht_glyph want[] = {
        {{'e', 0x301, 0x323}, 1, false},
        {{0x65e5}, 2, false},
        {{'<'}, 1, true},
        {{'1'}, 1, true},
        {{'B'}, 1, true},
        {{'>'}, 1, true},
        {{'<'}, 1, false},
        {{'\n'}, 0, false},
    };
    struct ht_text_reader r;
    struct ht_glyph g;
    ht_text_start(&r, BYTES(text), HT_TEXT_LINES);
    for (size_t i = 0; i < HT_COUNT(want); i++) {
        assert_true(ht_text_next(&r, &g));
        assert_memory_equal(g.ch, want[i].ch, sizeof(g.ch));
        assert_int_equal(g.width, want[i].width);
        assert_int_equal(g.made, want[i].made);
    }
    assert_false(ht_text_next(&r, &g));
    assert_false(ht_text_next(&r, &g));
    assert_int_equal(r.at, sizeof(text) - 1);
}

static void fixed_arrays(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        const char *text;
        const char *want;
    } cases[] = {
        {6, "hello", "hello"},
        {5, "hello", "hel~"},
        {2, "hello", "~"},
        {1, "hello", ""},
        {2, "h", "h"},
        {8, "ab\x1b!", "ab<1B>!"},
        {7, "ab\x1b!", "ab~"},
        {6, "ab\x1b!", "ab~"},
        {9, "ab\x1b!!", "ab<1B>!!"},
        {8, "ab\x1b!!", "ab<1B>~"},
        {7, "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
        {6, "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5~"},
        {4, "\xe6\x97\xa5\xe6\x9c\xac", "~"},
        {5, "xe\xcc\x81", "xe\xcc\x81"},
        {4, "xe\xcc\x81", "x~"},
        {1, "", ""},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char *exact = malloc(cases[i].size);
        ht_text_clean_str(exact, cases[i].size, cases[i].text, HT_TEXT_CELL);
        assert_string_equal(exact, cases[i].want);
        free(exact);
    }
    char untouched = 'u';
    ht_text_clean_str(&untouched, 0, "x", HT_TEXT_CELL);
    assert_int_equal(untouched, 'u');
}

static void so_many_columns(void **state)
{
    (void)state;
    static const struct {
        size_t size, columns;
        const char *text;
        const char *want;
    } cases[] = {
        {64, 5, "hello", "hello"},
        {64, 4, "hello", "hel~"},
        {64, 1, "hello", "~"},
        {64, 0, "hello", ""},
        {64, 4, "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
        {64, 3, "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5~"},
        {64, 2, "\xe6\x97\xa5\xe6\x9c\xac", "~"},
        {64, 2, "xe\xcc\x81\xcc\xa3", "xe\xcc\x81\xcc\xa3"},
        {64, 6, "ab\x1b", "ab<1B>"},
        {64, 5, "ab\x1b", "ab~"},
        {4, 9, "hello", "he~"}, /* the array ends first */
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char ret[64];
        ht_text_clean_columns(ret, cases[i].size, cases[i].text, HT_TEXT_CELL, cases[i].columns);
        assert_string_equal(ret, cases[i].want);
    }
}

static void a_full_buffer_stops(void **state)
{
    (void)state;
    struct ht_buf out;
    ht_buf_init(&out, 10);
    ht_text_clean(&out, BYTES("\x1b\x1b\x1b\x1b"), HT_TEXT_CELL);
    assert_true(out.over);
    assert_true(out.len <= 10);
    ht_buf_fini(&out);
}

static void utf8(void **state)
{
    (void)state;
    /* Every character there is, there and back. */
    for (uint32_t ch = 0; ch <= 0x10ffff; ch++) {
        char bytes[4];
        uint32_t back = 0xffffffff;
        size_t n = ht_utf8_encode(ch, bytes);
        bool surrogate = ch >= 0xd800 && ch <= 0xdfff;
        assert_int_equal(ht_utf8_decode(bytes, n, &back), surrogate ? 0 : n);
        assert_true(surrogate || back == ch);
        assert_int_equal(ht_utf8_decode(bytes, n - 1, &back), 0);
    }
    assert_true(ht_utf8_valid("", 0));
    assert_true(ht_utf8_valid(BYTES("a\0\xc3\xa9\xf0\x9f\x98\x80")));
    assert_false(ht_utf8_valid(BYTES("a\xc3")));
    assert_true(ht_utf8_valid(BYTES("sixteen letters.\xc3\xa9sixteen letters.")));
    assert_false(ht_utf8_valid(BYTES("sixteen letters.\xc3")));
    assert_false(ht_utf8_valid(BYTES("sixteen\xff letters")));
    assert_false(ht_utf8_valid(BYTES("\xf8\x88\x80\x80\x80")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_corpus),
        cmocka_unit_test(nothing_harmful_ever_leaves),
        cmocka_unit_test(glyphs),
        cmocka_unit_test(fixed_arrays),
        cmocka_unit_test(so_many_columns),
        cmocka_unit_test(a_full_buffer_stops),
        cmocka_unit_test(utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
