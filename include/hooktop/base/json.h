/* JSON: a reader over jansson, and a writer that appends to a buffer.
 *
 * The reader is for looking into a document (bounded depth, duplicates refused, at most HT_JSON_MAX bytes); bytes that
 * are signed are never parsed and printed again. Nodes are borrowed from their root; the root is owned by the caller.
 * The writer emits ASCII only (everything else as \uXXXX), so its output is safe on any terminal; it can also splice
 * bytes that are already JSON, raw where they are to be signed.
 * A secret enters neither: the one command that prints it as JSON writes its field itself. Thread: a document by one
 * thread at a time.
 */
#ifndef HOOKTOP_BASE_JSON_H
#define HOOKTOP_BASE_JSON_H

#include "hooktop/base/buf.h"
#include "hooktop/base/secret.h"
#include "hooktop/base/uuid.h"

#define HT_JSON_MAX (1024u * 1024u)

struct ht_json; /* a node */

/* HT_USAGE with "line L, column C: what" on malformed input; the text quotes nothing of the document. A NUL inside a
 * string (\u0000) and numbers beyond double are refused; an integer beyond int64 makes all numbers of the document
 * reals. */
HT_MUST_CHECK enum ht_rc ht_json_parse(const char *bytes, size_t len, struct ht_json **ret, struct ht_err *err);
void ht_json_free(struct ht_json *root);
void ht_json_freep(struct ht_json **root);
#define HT_JSON_CLEANUP HT_CLEANUP(ht_json_freep)

enum ht_json_kind {
    HT_JSON_NULL,
    HT_JSON_BOOL,
    HT_JSON_INT,
    HT_JSON_REAL,
    HT_JSON_STRING,
    HT_JSON_ARRAY,
    HT_JSON_OBJECT
};
enum ht_json_kind ht_json_kind(const struct ht_json *n);
const struct ht_json *ht_json_get(const struct ht_json *object, const char *key); /* NULL: no such member */
size_t ht_json_count(const struct ht_json *array_or_object);
const struct ht_json *ht_json_at(const struct ht_json *array, size_t i);
/* The members in the document's order: *cursor is NULL before the first; returns NULL after the last. */
const struct ht_json *ht_json_next(const struct ht_json *object, void **cursor, const char **ret_key);
const char *ht_json_str(const struct ht_json *n, const char *otherwise); /* borrowed */
int64_t ht_json_int(const struct ht_json *n, int64_t otherwise);
double ht_json_real(const struct ht_json *n, double otherwise); /* an integer too */
bool ht_json_bool(const struct ht_json *n, bool otherwise);

struct ht_jw {
    struct ht_buf *out;
    unsigned depth;
    bool comma[16]; /* per depth: a comma is due */
};
/* Nesting deeper than `comma` has room for is a fault of the program and aborts. */
void ht_jw_init(struct ht_jw *w, struct ht_buf *out);
/* `key` is NULL inside arrays and at the top. */
void ht_jw_object(struct ht_jw *w, const char *key);
void ht_jw_array(struct ht_jw *w, const char *key);
void ht_jw_end_object(struct ht_jw *w);
void ht_jw_end_array(struct ht_jw *w);
void ht_jw_str(struct ht_jw *w, const char *key, const char *s); /* NULL writes null; bad UTF-8 becomes U+FFFD */
void ht_jw_strn(struct ht_jw *w, const char *key, const char *s, size_t len);
void ht_jw_int(struct ht_jw *w, const char *key, int64_t v);
void ht_jw_real(struct ht_jw *w, const char *key, double v); /* not a finite number: null */
void ht_jw_bool(struct ht_jw *w, const char *key, bool v);
void ht_jw_null(struct ht_jw *w, const char *key);
void ht_jw_uuid(struct ht_jw *w, const char *key, const struct ht_uuid *u);
void ht_jw_time(struct ht_jw *w, const char *key, int64_t us); /* RFC 3339; 0 writes null */
void ht_jw_raw(struct ht_jw *w, const char *key, const char *json, size_t len);
/* The same for JSON that others wrote and that is only to be read: its value is kept, its bytes become ASCII on one
 * line. */
void ht_jw_foreign(struct ht_jw *w, const char *key, const char *json, size_t len);

/* Appends one JSON string literal, ASCII only. */
void ht_json_quote(struct ht_buf *out, const char *s, size_t len);

#endif
