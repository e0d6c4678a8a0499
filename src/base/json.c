#include "hooktop/base/json.h"
#include <jansson.h>
#include <string.h>

/* A node is a json_t under another name; nothing behind a const node is changed. */
static json_t *inner(const struct ht_json *n)
{
    return (json_t *)(uintptr_t)n;
}

static const struct ht_json *outer(const json_t *n)
{
    return (const struct ht_json *)(const void *)n;
}

enum ht_rc ht_json_parse(const char *bytes, size_t len, struct ht_json **ret, struct ht_err *err)
{
    if (len > HT_JSON_MAX)
        return ht_fail(err, HT_USAGE, "JSON", NULL, "it has %zu bytes, at most %u are read", len, HT_JSON_MAX);
    json_error_t e;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *root = json_loadb(bytes, len, flags, &e);
    /* Valid JSON knows no largest integer, and documents with one are other people's: they must stay readable. */
    if (root == NULL && json_error_code(&e) == json_error_numeric_overflow)
        root = json_loadb(bytes, len, flags | JSON_DECODE_INT_AS_REAL, &e);
    if (root == NULL) {
        if (json_error_code(&e) == json_error_out_of_memory)
            ht_abort("out of memory");
        /* The parser quotes the place; a payload does not belong in an error that may be logged. */
        const char *near = strstr(e.text, " near '");
        int text_len = near != NULL ? (int)(near - e.text) : (int)strlen(e.text);
        return ht_fail(err, HT_USAGE, "JSON", NULL, "line %d, column %d: %.*s", e.line, e.column, text_len, e.text);
    }
    *ret = (struct ht_json *)(void *)root;
    return HT_OK;
}

void ht_json_free(struct ht_json *root)
{
    json_decref(inner(root));
}

void ht_json_freep(struct ht_json **root)
{
    ht_json_free(*root);
    *root = NULL;
}

enum ht_json_kind ht_json_kind(const struct ht_json *n)
{
    static const enum ht_json_kind kinds[] = {
        [JSON_OBJECT] = HT_JSON_OBJECT, [JSON_ARRAY] = HT_JSON_ARRAY, [JSON_STRING] = HT_JSON_STRING,
        [JSON_INTEGER] = HT_JSON_INT,   [JSON_REAL] = HT_JSON_REAL,   [JSON_TRUE] = HT_JSON_BOOL,
        [JSON_FALSE] = HT_JSON_BOOL,    [JSON_NULL] = HT_JSON_NULL,
    };
    return n == NULL ? HT_JSON_NULL : kinds[json_typeof(inner(n))];
}

const struct ht_json *ht_json_get(const struct ht_json *object, const char *key)
{
    return outer(json_object_get(inner(object), key));
}

size_t ht_json_count(const struct ht_json *array_or_object)
{
    const json_t *n = inner(array_or_object);
    return json_is_array(n) ? json_array_size(n) : json_object_size(n);
}

const struct ht_json *ht_json_at(const struct ht_json *array, size_t i)
{
    return outer(json_array_get(inner(array), i));
}

const struct ht_json *ht_json_next(const struct ht_json *object, void **cursor, const char **ret_key)
{
    json_t *n = inner(object);
    void *at = *cursor == NULL ? json_object_iter(n) : json_object_iter_next(n, *cursor);
    if (at == NULL)
        return NULL;
    *cursor = at;
    if (ret_key != NULL)
        *ret_key = json_object_iter_key(at);
    return outer(json_object_iter_value(at));
}

const char *ht_json_str(const struct ht_json *n, const char *otherwise)
{
    const char *s = json_string_value(inner(n));
    return s != NULL ? s : otherwise;
}

int64_t ht_json_int(const struct ht_json *n, int64_t otherwise)
{
    return json_is_integer(inner(n)) ? json_integer_value(inner(n)) : otherwise;
}

double ht_json_real(const struct ht_json *n, double otherwise)
{
    return json_is_number(inner(n)) ? json_number_value(inner(n)) : otherwise;
}

bool ht_json_bool(const struct ht_json *n, bool otherwise)
{
    return json_is_boolean(inner(n)) ? json_is_true(inner(n)) : otherwise;
}
