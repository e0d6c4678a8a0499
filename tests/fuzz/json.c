/* The JSON reader, and the writer: what was read is written as ASCII that is read to the same. */
#include "lib/fuzz.h"

#include "hooktop/base/json.h"

#define DEPTH_MAX 15u /* the writer's */

static unsigned depth_of(const struct ht_json *n)
{
    unsigned deepest = 0;
    void *cursor = NULL;
    const struct ht_json *child;
    bool array = ht_json_kind(n) == HT_JSON_ARRAY;
    if (!array && ht_json_kind(n) != HT_JSON_OBJECT)
        return 0;
    for (size_t i = 0; array && i < ht_json_count(n); i++) {
        unsigned d = depth_of(ht_json_at(n, i));
        deepest = d > deepest ? d : deepest;
    }
    while (!array && (child = ht_json_next(n, &cursor, NULL)) != NULL) {
        unsigned d = depth_of(child);
        deepest = d > deepest ? d : deepest;
    }
    return deepest + 1;
}

static void write_node(struct ht_jw *w, const char *key, const struct ht_json *n)
{
    void *cursor = NULL;
    const char *name;
    const struct ht_json *child;
    switch (ht_json_kind(n)) {
    case HT_JSON_NULL:
        ht_jw_null(w, key);
        break;
    case HT_JSON_BOOL:
        ht_jw_bool(w, key, ht_json_bool(n, false));
        break;
    case HT_JSON_INT:
        ht_jw_int(w, key, ht_json_int(n, 0));
        break;
    case HT_JSON_REAL:
        ht_jw_real(w, key, ht_json_real(n, 0));
        break;
    case HT_JSON_STRING:
        ht_jw_str(w, key, ht_json_str(n, NULL));
        break;
    case HT_JSON_ARRAY:
        ht_jw_array(w, key);
        for (size_t i = 0; i < ht_json_count(n); i++)
            write_node(w, NULL, ht_json_at(n, i));
        ht_jw_end_array(w);
        break;
    case HT_JSON_OBJECT:
        ht_jw_object(w, key);
        while ((child = ht_json_next(n, &cursor, &name)) != NULL)
            write_node(w, name, child);
        ht_jw_end_object(w);
        break;
    }
}

static void must_equal(const struct ht_json *a, const struct ht_json *b)
{
    void *cursor = NULL;
    const char *key;
    const struct ht_json *child;
    enum ht_json_kind kind = ht_json_kind(a), other = ht_json_kind(b);
    /* 1.0 is written as 1 */
    FUZZ_MUST(kind == other || (kind == HT_JSON_REAL && other == HT_JSON_INT));
    if (kind == HT_JSON_STRING)
        FUZZ_MUST(strcmp(ht_json_str(a, ""), ht_json_str(b, "")) == 0);
    if (kind == HT_JSON_INT)
        FUZZ_MUST(ht_json_int(a, 0) == ht_json_int(b, 1));
    if (kind == HT_JSON_REAL)
        FUZZ_MUST(!(ht_json_real(a, 0) < ht_json_real(b, 1)) && !(ht_json_real(a, 0) > ht_json_real(b, 1)));
    if (kind == HT_JSON_BOOL)
        FUZZ_MUST(ht_json_bool(a, false) == ht_json_bool(b, false));
    if (kind != HT_JSON_ARRAY && kind != HT_JSON_OBJECT)
        return;
    FUZZ_MUST(ht_json_count(a) == ht_json_count(b));
    for (size_t i = 0; kind == HT_JSON_ARRAY && i < ht_json_count(a); i++)
        must_equal(ht_json_at(a, i), ht_json_at(b, i));
    while (kind == HT_JSON_OBJECT && (child = ht_json_next(a, &cursor, &key)) != NULL) {
        FUZZ_MUST(ht_json_get(b, key) != NULL);
        must_equal(child, ht_json_get(b, key));
    }
}

/* A document that is passed on to a reader: ASCII on one line, and the same. */
static void check_foreign(const struct ht_json *root, const uint8_t *data, size_t size)
{
    HT_BUF_CLEANUP struct ht_buf out;
    HT_JSON_CLEANUP struct ht_json *again = NULL;
    struct ht_jw w;
    ht_buf_init(&out, 6 * size + 16);
    ht_jw_init(&w, &out);
    ht_jw_foreign(&w, NULL, (const char *)data, size);
    FUZZ_MUST(!out.over);
    for (size_t i = 0; i < out.len; i++)
        FUZZ_MUST(out.data[i] >= 0x20 && out.data[i] < 0x7f);
    FUZZ_MUST(ht_json_parse(out.data, out.len, &again, NULL) == HT_OK);
    must_equal(root, again);
}

/* Any bytes as a string: read back, they are the same where they were UTF-8. */
static void check_quoted(const uint8_t *data, size_t size)
{
    HT_BUF_CLEANUP struct ht_buf out;
    struct ht_json *root = NULL;
    ht_buf_init(&out, 6 * size + 16);
    ht_json_quote(&out, (const char *)data, size);
    FUZZ_MUST(!out.over);
    for (size_t i = 0; i < out.len; i++)
        FUZZ_MUST(out.data[i] >= 0x20 && out.data[i] < 0x7f);
    if (memchr(data, 0, size) == NULL && size > 0) {
        FUZZ_MUST(ht_json_parse(out.data, out.len, &root, NULL) == HT_OK && ht_json_kind(root) == HT_JSON_STRING);
        ht_json_free(root);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_json *root = NULL, *again = NULL;
    struct ht_err err = {0};
    check_quoted(data, size);
    if (ht_json_parse((const char *)data, size, &root, &err) != HT_OK) {
        fuzz_explains(&err);
        return 0;
    }
    check_foreign(root, data, size);
    if (depth_of(root) <= DEPTH_MAX) {
        HT_BUF_CLEANUP struct ht_buf out;
        struct ht_jw w;
        ht_buf_init(&out, 64 * size + 64);
        ht_jw_init(&w, &out);
        write_node(&w, NULL, root);
        FUZZ_MUST(!out.over && ht_json_parse(out.data, out.len, &again, NULL) == HT_OK);
        must_equal(root, again);
        ht_json_free(again);
    }
    ht_json_free(root);
    return 0;
}
