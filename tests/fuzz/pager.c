/* The pager: JSON laid out again loses and changes nothing but blanks between its tokens; and any text can be drawn,
 * moved through and searched at any size. */
#include "lib/fuzz.h"

#include "hooktop/base/json.h"
#include "hooktop/tui/pager.h"

/* The text without the blanks that stand outside its strings. */
static void pack(const char *s, size_t len, struct ht_buf *out)
{
    bool in = false;
    for (size_t i = 0; i < len; i++) {
        if (!in && memchr(" \t\r\n", s[i], 4) != NULL)
            continue;
        ht_buf_addc(out, s[i]);
        if (in && s[i] == '\\' && i + 1 < len)
            ht_buf_addc(out, s[++i]);
        else if (s[i] == '"')
            in = !in;
    }
}

static void check_layout(const struct ht_doc *d, const char *bytes, size_t len)
{
    struct ht_json *root = NULL;
    HT_BUF_CLEANUP struct ht_buf before = {0}, after = {0};
    if (d->text.over || ht_json_parse(bytes, len, &root, NULL) != HT_OK)
        return;
    ht_json_free(root);
    ht_buf_init(&before, HT_DOC_MAX);
    ht_buf_init(&after, HT_DOC_MAX);
    pack(bytes, len, &before);
    pack(d->text.data, d->text.len, &after);
    FUZZ_MUST(before.len == after.len && memcmp(before.data, after.data, before.len) == 0);
}

static void check_doc(const struct ht_doc *d)
{
    for (size_t i = 1; i < d->n_lines; i++)
        FUZZ_MUST(d->lines[i] > d->lines[i - 1] && d->lines[i] <= d->text.len && d->text.data[d->lines[i] - 1] == '\n');
    for (size_t i = 1; i < d->n_spans; i++)
        FUZZ_MUST(d->spans[i].at > d->spans[i - 1].at && d->spans[i].at <= d->text.len);
}

static void look_around(struct ht_doc *d)
{
    static const struct {
        int rows, cols;
    } sizes[] = {{24, 80}, {3, 7}, {1, 1}};
    static const enum ht_action_id actions[] = {HT_ACT_PAGE_DOWN, HT_ACT_LAST,        HT_ACT_UP,   HT_ACT_WRAP,
                                                HT_ACT_RIGHT,     HT_ACT_SEARCH_NEXT, HT_ACT_FIRST};
    char status[128];
    for (size_t i = 0; i < HT_COUNT(sizes); i++) {
        struct ht_canvas c;
        ht_canvas_init(&c, i == 1);
        ht_canvas_resize(&c, sizes[i].rows, sizes[i].cols);
        for (size_t k = 0; k < HT_COUNT(actions); k++) {
            ht_doc_draw(d, &c, ht_canvas_rect(&c));
            (void)ht_doc_act(d, actions[k]);
            ht_doc_status(d, status, sizeof status);
        }
        (void)ht_doc_search(d, "a");
        ht_doc_draw(d, &c, ht_canvas_rect(&c));
        ht_canvas_fini(&c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_doc d;
    if (size > 1024)
        return 0;
    ht_doc_init(&d);
    ht_doc_json(&d, (const char *)data, size);
    check_layout(&d, (const char *)data, size);
    check_doc(&d);
    look_around(&d);
    ht_doc_fini(&d);
    return 0;
}
