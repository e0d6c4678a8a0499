/* The line editor, the list and the text: what moves, what stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/chrome.h"
#include "hooktop/tui/list.h"
#include "hooktop/tui/pager.h"
#include "hooktop/tui/pages.h"
#include "hooktop/tui/prompt.h"
#include "ht_test.h"

/* The line editor -------------------------------------------------------------------------------------------------- */
static void type(struct ht_prompt *p, const char *s)
{
    bool changed;
    for (; *s; s++)
        assert_true(ht_prompt_key(p, (unsigned char)*s, &changed) && changed);
}

static void press(struct ht_prompt *p, int32_t key)
{
    bool changed;
    assert_true(ht_prompt_key(p, key, &changed));
}

static void editing(void **state)
{
    (void)state;
    struct ht_prompt p = {0};
    type(&p, "acme code:503");
    press(&p, HT_KEY_HOME);
    type(&p, "x");
    press(&p, HT_KEY_DELETE);
    assert_string_equal(p.text, "xcme code:503");
    press(&p, HT_KEY_END);
    press(&p, HT_CTRL('W'));
    assert_string_equal(p.text, "xcme ");
    press(&p, HT_CTRL('A'));
    press(&p, HT_KEY_RIGHT);
    press(&p, HT_CTRL('K'));
    assert_string_equal(p.text, "x");
    bool changed;
    assert_true(ht_prompt_key(&p, 0x682a, &changed)); /* 株 */
    assert_string_equal(p.text, "x株");
    press(&p, HT_KEY_LEFT);
    assert_int_equal(p.cursor, 1);
    press(&p, HT_KEY_RIGHT);
    press(&p, HT_KEY_BACKSPACE);
    assert_string_equal(p.text, "x");
    press(&p, HT_CTRL('U'));
    assert_string_equal(p.text, "");
    assert_true(ht_prompt_key(&p, HT_KEY_BACKSPACE, &changed) && !changed);
    assert_false(ht_prompt_key(&p, HT_KEY_ENTER, &changed));
    assert_false(ht_prompt_key(&p, HT_KEY_ESC, &changed));
    assert_false(ht_prompt_key(&p, HT_KEY_PAGE_UP, &changed));
}

static void a_full_line_takes_no_more(void **state)
{
    (void)state;
    struct ht_prompt p = {0};
    bool changed;
    for (int i = 0; i < 3 * HT_PROMPT_MAX; i++)
        (void)ht_prompt_key(&p, i % 2 ? 0x682a : 'a', &changed);
    assert_int_equal(strlen(p.text), p.len);
    assert_true(p.len < HT_PROMPT_MAX && ht_utf8_valid(p.text, p.len));
}

static void the_cursor_is_always_seen(void **state)
{
    (void)state;
    struct ht_canvas c;
    struct ht_prompt p = {0};
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, 1, 20);
    type(&p, "a line that is much longer than the room");
    for (int i = 0; i < 45; i++) {
        ht_prompt_draw(&p, &c, 0, 5, 10, SIZE_MAX);
        assert_true(c.cursor_on && c.cursor_col >= 5 && c.cursor_col < 15);
        press(&p, HT_KEY_LEFT);
    }
    ht_canvas_fini(&c);
}

static void the_mistake_is_marked_where_it_is(void **state)
{
    (void)state;
    struct ht_canvas c;
    struct ht_prompt p = {0};
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, 1, 20);
    type(&p, "ok wrong");
    ht_prompt_draw(&p, &c, 0, 0, 20, 3);
    assert_int_equal(c.cells[1].style, HT_STYLE_PROMPT);
    assert_int_equal(c.cells[3].style, HT_STYLE_PROMPT_ERROR);
    ht_canvas_fini(&c);
}

/* The list --------------------------------------------------------------------------------------------------------- */
struct numbers {
    int first, n;
};

static void number_cell(const void *user, size_t row, size_t column, struct ht_cell_text *t)
{
    (void)column;
    ht_cell_fmt(t, HT_STYLE_ROW, "%d", ((const struct numbers *)user)->first + (int)row);
}

static struct ht_uuid number_id(const void *user, size_t row)
{
    struct ht_uuid u = {{0}};
    int n = ((const struct numbers *)user)->first + (int)row;
    u.b[0] = (uint8_t)(n >> 8);
    u.b[1] = (uint8_t)n;
    return u;
}

static const struct ht_column number_columns[] = {{"N", 4, 8, 0, true}};

static struct ht_list_rows rows_of(const struct numbers *n)
{
    return (struct ht_list_rows){
        .columns = number_columns, .n_columns = 1, .n = (size_t)n->n, .cell = number_cell, .id = number_id, .user = n};
}

static int selected(const struct ht_list *l, const struct numbers *n)
{
    return n->first + (int)l->cursor;
}

static void rows_that_come_move_nothing(void **state)
{
    (void)state;
    struct numbers n = {1000, 100};
    struct ht_list l = {.page = 10};
    struct ht_list_rows rows = rows_of(&n);
    ht_list_select(&l, &rows, 50);
    size_t line = l.cursor - l.top;
    n = (struct numbers){970, 160}; /* 30 above, 30 below */
    rows = rows_of(&n);
    ht_list_sync(&l, &rows);
    assert_int_equal(selected(&l, &n), 1050);
    assert_int_equal(l.cursor - l.top, line);
    n = (struct numbers){1045, 20}; /* most went away */
    rows = rows_of(&n);
    ht_list_sync(&l, &rows);
    assert_int_equal(selected(&l, &n), 1050);
    n = (struct numbers){1055, 3}; /* and now the row itself */
    rows = rows_of(&n);
    ht_list_sync(&l, &rows);
    assert_true(l.cursor < 3);
    n.n = 0;
    rows = rows_of(&n);
    ht_list_sync(&l, &rows);
    assert_false(l.anchored);
}

static void moving(void **state)
{
    (void)state;
    struct numbers n = {0, 35};
    struct ht_list l = {.page = 10};
    struct ht_list_rows rows = rows_of(&n);
    assert_true(ht_list_act(&l, &rows, HT_ACT_UP));
    assert_int_equal(l.cursor, 0);
    assert_true(ht_list_act(&l, &rows, HT_ACT_PAGE_DOWN));
    assert_int_equal(l.cursor, 10);
    assert_true(ht_list_act(&l, &rows, HT_ACT_LAST));
    assert_int_equal(l.cursor, 34);
    assert_int_equal(l.top, 25);
    assert_true(ht_list_act(&l, &rows, HT_ACT_DOWN));
    assert_int_equal(l.cursor, 34);
    assert_true(ht_list_act(&l, &rows, HT_ACT_PAGE_UP));
    assert_int_equal(l.cursor, 24);
    assert_true(ht_list_act(&l, &rows, HT_ACT_HALF_UP));
    assert_int_equal(l.cursor, 19);
    assert_true(ht_list_act(&l, &rows, HT_ACT_FIRST));
    assert_int_equal(l.top, 0);
    assert_false(ht_list_act(&l, &rows, HT_ACT_PING));
    n.n = 0;
    rows = rows_of(&n);
    for (int a = HT_ACT_UP; a <= HT_ACT_LAST; a++)
        assert_true(ht_list_act(&l, &rows, (enum ht_action_id)a)); /* an empty list survives all */
}

static void columns_fit_by_priority(void **state)
{
    (void)state;
    static const struct ht_column columns[] = {
        {"A", 10, 10, 0, false}, {"B", 10, 10, 2, false}, {"C", 10, 10, 1, false}, {"D", 10, 0, 0, false}};
    int w[HT_COLUMNS_MAX];
    ht_columns_fit(columns, 4, 0, 60, w);
    assert_int_equal(w[0] + w[1] + w[2] + w[3] + 3, 60);
    assert_int_equal(w[3], 27);
    ht_columns_fit(columns, 4, 0, 42, w);
    assert_int_equal(w[1], 0); /* the highest goes first */
    assert_int_equal(w[2], 10);
    ht_columns_fit(columns, 4, 0, 31, w);
    assert_int_equal(w[2], 0);
    ht_columns_fit(columns, 4, 0, 3, w);
    assert_int_equal(w[0], 10); /* what must stay stays, and is cut when drawn */
}

static void drawing_a_list_at_any_size(void **state)
{
    (void)state;
    struct ht_canvas c;
    struct numbers n = {0, 35};
    struct ht_list l = {0};
    struct ht_list_rows rows = rows_of(&n);
    ht_canvas_init(&c, false);
    for (int h = 0; h < 12; h++)
        for (int w = 0; w < 12; w++) {
            ht_canvas_resize(&c, h, w);
            ht_list_draw(&l, &rows, &c, (struct ht_rect){0, 0, h, w});
            assert_true(c.cursor_row >= 0 && c.cursor_row < c.rows);
        }
    ht_canvas_fini(&c);
}

/* The text --------------------------------------------------------------------------------------------------------- */
static char *drawn(struct ht_doc *d, int rows, int cols)
{
    struct ht_canvas c;
    struct ht_buf b;
    ht_canvas_init(&c, false);
    ht_canvas_resize(&c, rows, cols);
    ht_doc_draw(d, &c, ht_canvas_rect(&c));
    ht_buf_init(&b, 1 << 20);
    ht_canvas_text(&c, &b);
    ht_canvas_fini(&c);
    return ht_buf_take(&b, NULL);
}

static void expect(struct ht_doc *d, int rows, int cols, const char *wanted)
{
    char *got = drawn(d, rows, cols);
    assert_string_equal(got, wanted);
    free(got);
}

static void wrapped_and_cut(void **state)
{
    (void)state;
    struct ht_doc d;
    ht_doc_init(&d);
    ht_doc_adds(&d, HT_STYLE_ROW, "one two three\nab\tc\n株式会社\n");
    expect(&d, 8, 7, "one two\n three\nab\n c\n株式会\n社\n\n\n");
    assert_true(ht_doc_act(&d, HT_ACT_WRAP));
    expect(&d, 4, 7, "one tw~\nab    ~\n株式会~\n\n");
    assert_true(ht_doc_act(&d, HT_ACT_RIGHT));
    expect(&d, 4, 7, "three\nc\n\n\n");
    ht_doc_fini(&d);
}

static void escapes_are_wrapped_like_all_else(void **state)
{
    (void)state;
    struct ht_doc d;
    ht_doc_init(&d);
    ht_doc_adds(&d, HT_STYLE_ROW, "ab\033cd\n");
    expect(&d, 3, 4, "ab<1\nB>cd\n\n");
    assert_int_equal(d.made, 1);
    ht_doc_fini(&d);
}

static void searching(void **state)
{
    (void)state;
    struct ht_doc d;
    ht_doc_init(&d);
    for (int i = 0; i < 100; i++)
        ht_doc_addf(&d, HT_STYLE_ROW, "line %d%s\n", i, i % 30 == 20 ? " Needle" : "");
    free(drawn(&d, 10, 40));
    assert_true(ht_doc_search(&d, "needle"));
    assert_int_equal(d.match_line, 20);
    assert_true(d.top <= 20 && d.top + 10 > 20);
    assert_true(ht_doc_act(&d, HT_ACT_SEARCH_NEXT));
    assert_int_equal(d.match_line, 50);
    assert_true(ht_doc_act(&d, HT_ACT_SEARCH_PREV));
    assert_true(ht_doc_act(&d, HT_ACT_SEARCH_PREV));
    assert_int_equal(d.match_line, 80); /* round the end */
    assert_false(ht_doc_search(&d, "nowhere"));
    assert_false(ht_doc_search(&d, ""));
    ht_doc_fini(&d);
}

static void json_is_laid_out_and_not_changed(void **state)
{
    (void)state;
    struct ht_doc d;
    static const char json[] = "{\"a\":1.50,\"b\":[true,null,{}],\"c\":\"x, {y}: \\\"z\\\"\",\"d\":{\"e\":-1e5}}";
    ht_doc_init(&d);
    ht_doc_json(&d, json, sizeof json - 1);
    expect(&d, 13, 40,
           "{\n  \"a\": 1.50,\n  \"b\": [\n    true,\n    null,\n    {}\n  ],\n  \"c\": \"x, {y}: \\\"z\\\"\",\n  "
           "\"d\": {\n"
           "    \"e\": -1e5\n  }\n}\n\n");
    ht_doc_clear(&d);
    ht_doc_json(&d, "not json {", 10);
    expect(&d, 2, 40, "not json {\n\n");
    ht_doc_fini(&d);
}

static void deep_and_broken_json_is_shown_as_it_is(void **state)
{
    (void)state;
    struct ht_doc d;
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    ht_doc_init(&d);
    ht_doc_json(&d, deep, sizeof deep);
    assert_int_equal(d.text.len, 401);
    ht_doc_clear(&d);
    ht_doc_json(&d, "{\"a\":", 5);
    assert_string_equal(d.text.data, "{\"a\":\n");
    ht_doc_fini(&d);
}

static void a_huge_text_is_bounded_and_quick_to_lay_out(void **state)
{
    (void)state;
    struct ht_doc d;
    char *line = malloc(1 << 20);
    memset(line, 'x', 1 << 20);
    ht_doc_init(&d);
    ht_doc_add(&d, HT_STYLE_ROW, line, 1 << 20);
    ht_doc_add(&d, HT_STYLE_ROW, line, 1 << 20);
    assert_true(d.text.len <= HT_DOC_MAX);
    free(drawn(&d, 10, 80));
    assert_true(ht_doc_act(&d, HT_ACT_LAST));
    free(drawn(&d, 10, 80));
    char status[128];
    ht_doc_status(&d, status, sizeof status);
    assert_non_null(strstr(status, "cut at"));
    free(line);
    ht_doc_fini(&d);
}

/* What is counted up to a limit says so. */
static void a_count_that_stopped_is_no_count(void **state)
{
    (void)state;
    char text[HT_FIGURE_TEXT];
    assert_string_equal(ht_figure_text(0, text), "0");
    assert_string_equal(ht_figure_text(HT_FIGURE_MAX - 1, text), "9999");
    assert_string_equal(ht_figure_text(HT_FIGURE_MAX, text), ">9999");
}

static int rows_freed;

static struct ht_uuid letter_id(const void *row)
{
    return (struct ht_uuid){{*(const uint8_t *)row}};
}

static void letter_fini(void *row)
{
    (void)row;
    rows_freed++;
}

/* A row is a letter: what came again stands once, what went away is not there any more, what follows the page stays. */
static void a_page_gives_each_row_one_place(void **state)
{
    static const struct ht_pages_rows letters = {1, letter_id, letter_fini};
    static const struct {
        const char *rows;
        size_t from;
        const char *page;
        bool more;
        const char *wanted;
    } cases[] = {
        {"", 0, "abc", true, "abc"},          {"abc", 0, "abc", true, "abc"},
        {"abc", 3, "def", true, "abcdef"},    {"abcdef", 3, "def", true, "abcdef"},
        {"abcdef", 2, "cde", true, "abcdef"}, {"abcdef", 0, "Aab", true, "Aabcdef"},
        {"abcdef", 0, "abd", true, "abdef"},  {"abc", 0, "acd", true, "acd"},
        {"abcdef", 0, "abg", true, "abg"},    {"abcdef", 2, "cf", false, "abcf"},
        {"abcdef", 0, "XYZ", true, "XYZ"},    {"abc", 0, "", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_pages p = {.from = cases[i].from};
        size_t n = strlen(cases[i].rows), page_n = strlen(cases[i].page);
        size_t came = n + page_n;
        rows_freed = 0;
        HT_AUTOFREE char *rows =
            ht_pages_take(&p, &letters, ht_strdup(cases[i].rows), &n, ht_strdup(cases[i].page), page_n, cases[i].more);
        if (n != strlen(cases[i].wanted) || memcmp(rows, cases[i].wanted, n) != 0)
            fail_msg("%s in %s from %zu: %.*s", cases[i].page, cases[i].rows, cases[i].from, (int)n, rows);
        assert_int_equal(rows_freed, came - n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_that_stopped_is_no_count),
        cmocka_unit_test(editing),
        cmocka_unit_test(a_full_line_takes_no_more),
        cmocka_unit_test(the_cursor_is_always_seen),
        cmocka_unit_test(the_mistake_is_marked_where_it_is),
        cmocka_unit_test(rows_that_come_move_nothing),
        cmocka_unit_test(moving),
        cmocka_unit_test(columns_fit_by_priority),
        cmocka_unit_test(drawing_a_list_at_any_size),
        cmocka_unit_test(a_page_gives_each_row_one_place),
        cmocka_unit_test(wrapped_and_cut),
        cmocka_unit_test(escapes_are_wrapped_like_all_else),
        cmocka_unit_test(searching),
        cmocka_unit_test(json_is_laid_out_and_not_changed),
        cmocka_unit_test(deep_and_broken_json_is_shown_as_it_is),
        cmocka_unit_test(a_huge_text_is_bounded_and_quick_to_lay_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
