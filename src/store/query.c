#include "query.h"
#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/model/words.h"

/* PostgreSQL counts timestamps in microseconds from 2000-01-01. */
#define PG_EPOCH_US INT64_C(946684800000000)

/* parameters ------------------------------------------------------------------------------------------------------- */

void ht_params_init(struct ht_params *p)
{
    memset(p, 0, sizeof(*p));
    ht_buf_init(&p->bytes, HT_PARAMS_MAX_BYTES);
}

void ht_params_fini(struct ht_params *p)
{
    ht_buf_fini(&p->bytes);
    p->n = 0;
}

enum ht_rc ht_params_bind(struct ht_params *p, struct ht_err *err)
{
    if (p->bytes.over)
        return ht_fail(err, HT_USAGE, "database", NULL, "the request is larger than %u MiB",
                       HT_PARAMS_MAX_BYTES / 1024 / 1024);
    for (int i = 0; i < p->n; i++) {
        p->values[i] = p->nulls[i] ? NULL : p->bytes.data + p->at[i];
        p->formats[i] = 1;
    }
    return HT_OK;
}

static void add_be32(struct ht_buf *b, int32_t v)
{
    uint32_t be = htobe32((uint32_t)v);
    ht_buf_add(b, &be, sizeof(be));
}

static void begin(struct ht_params *p, Oid type)
{
    if (p->n == HT_PARAMS_MAX)
        ht_abort("a statement has more parameters than the program allows");
    p->types[p->n] = type;
    p->at[p->n] = p->bytes.len;
    p->nulls[p->n] = false;
    p->n++;
}

/* One value, a parameter of its own or the next element of the array being filled. NULL bytes: SQL NULL. */
static void put(struct ht_params *p, enum ht_pg_type type, const void *bytes, size_t len)
{
    if (len > INT_MAX) {
        p->bytes.over = true;
        return;
    }
    if (p->elements_left > 0) {
        p->elements_left--;
        add_be32(&p->bytes, bytes != NULL ? (int32_t)len : -1);
        if (bytes != NULL)
            ht_buf_add(&p->bytes, bytes, len);
        p->lengths[p->n - 1] = (int)(p->bytes.len - p->at[p->n - 1]);
        return;
    }
    begin(p, type);
    p->nulls[p->n - 1] = bytes == NULL;
    p->lengths[p->n - 1] = (int)len;
    if (bytes != NULL)
        ht_buf_add(&p->bytes, bytes, len);
}

void ht_put_array(struct ht_params *p, enum ht_pg_type element, size_t n)
{
    static const struct {
        enum ht_pg_type element;
        Oid array;
    } arrays[] = {{HT_PG_BOOL, 1000},   {HT_PG_BYTEA, 1001},       {HT_PG_INT8, 1016},
                  {HT_PG_INT4, 1007},   {HT_PG_TEXT, 1009},        {HT_PG_JSON, 199},
                  {HT_PG_FLOAT8, 1022}, {HT_PG_TIMESTAMPTZ, 1185}, {HT_PG_UUID, 2951}};
    Oid type = 0;
    for (size_t i = 0; i < HT_COUNT(arrays); i++) {
        if (arrays[i].element == element)
            type = arrays[i].array;
    }
    begin(p, type);
    if (n > INT_MAX) {
        p->bytes.over = true;
        return;
    }
    add_be32(&p->bytes, n > 0 ? 1 : 0); /* dimensions */
    add_be32(&p->bytes, 1);             /* may hold NULLs */
    add_be32(&p->bytes, (int32_t)element);
    if (n > 0) {
        add_be32(&p->bytes, (int32_t)n);
        add_be32(&p->bytes, 1); /* the first subscript */
    }
    p->elements_left = n;
    p->lengths[p->n - 1] = (int)(p->bytes.len - p->at[p->n - 1]);
}

void ht_put_null(struct ht_params *p, enum ht_pg_type type)
{
    put(p, type, NULL, 0);
}

void ht_put_uuid(struct ht_params *p, const struct ht_uuid *u)
{
    put(p, HT_PG_UUID, u != NULL ? u->b : NULL, sizeof(u->b));
}

void ht_put_textn(struct ht_params *p, const char *s, size_t len)
{
    put(p, HT_PG_TEXT, s, len);
}

void ht_put_text(struct ht_params *p, const char *s)
{
    put(p, HT_PG_TEXT, s, s != NULL ? strlen(s) : 0);
}

void ht_put_json(struct ht_params *p, const char *s, size_t len)
{
    put(p, HT_PG_JSON, s, len);
}

void ht_put_bytes(struct ht_params *p, const void *bytes, size_t len)
{
    put(p, HT_PG_BYTEA, bytes, len);
}

void ht_put_i32(struct ht_params *p, int32_t v)
{
    uint32_t be = htobe32((uint32_t)v);
    put(p, HT_PG_INT4, &be, sizeof(be));
}

static void put_8(struct ht_params *p, enum ht_pg_type type, uint64_t bits)
{
    uint64_t be = htobe64(bits);
    put(p, type, &be, sizeof(be));
}

void ht_put_i64(struct ht_params *p, int64_t v)
{
    put_8(p, HT_PG_INT8, (uint64_t)v);
}

void ht_put_f64(struct ht_params *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    put_8(p, HT_PG_FLOAT8, bits);
}

void ht_put_bool(struct ht_params *p, bool v)
{
    put(p, HT_PG_BOOL, v ? "\1" : "\0", 1);
}

void ht_put_time(struct ht_params *p, int64_t us)
{
    if (us == 0)
        ht_put_null(p, HT_PG_TIMESTAMPTZ);
    else
        put_8(p, HT_PG_TIMESTAMPTZ, (uint64_t)(us - PG_EPOCH_US));
}

/* rows ------------------------------------------------------------------------------------------------------------- */

int32_t ht_read_i32(const char *value)
{
    uint32_t be;
    memcpy(&be, value, sizeof(be));
    return (int32_t)be32toh(be);
}

int64_t ht_read_i64(const char *value)
{
    uint64_t be;
    memcpy(&be, value, sizeof(be));
    return (int64_t)be64toh(be);
}

int64_t ht_read_time(const char *value)
{
    return ht_read_i64(value) + PG_EPOCH_US;
}

bool ht_array_next(const char *value, size_t len, size_t *cursor, const char **ret_element, int32_t *ret_len)
{
    enum { HEADER = 20, COUNT_AT = 12 }; /* dimensions, flags, type, count, first subscript */
    if (len < HEADER || ht_read_i32(value) != 1 || ht_read_i32(value + COUNT_AT) <= 0)
        return false;
    size_t at = *cursor > 0 ? *cursor : HEADER;
    if (len - at < 4)
        return false;
    int32_t n = ht_read_i32(value + at);
    at += 4;
    if (n > 0 && (size_t)n > len - at)
        return false;
    *ret_element = value + at;
    *ret_len = n;
    *cursor = at + (n > 0 ? (size_t)n : 0);
    return true;
}

void ht_sql_columns(struct ht_buf *sql, const struct ht_col *cols, size_t n_cols)
{
    for (size_t i = 0; i < n_cols; i++)
        ht_buf_addf(sql, "%s%s", i > 0 ? ", " : "", cols[i].sql);
}

static bool read_integer(const char *value, size_t len, int64_t *ret)
{
    uint16_t be;
    switch (len) {
    case 2:
        memcpy(&be, value, sizeof(be));
        *ret = (int16_t)be16toh(be);
        return true;
    case 4:
        *ret = ht_read_i32(value);
        return true;
    case 8:
        *ret = ht_read_i64(value);
        return true;
    default:
        return false;
    }
}

static bool read_number(const struct ht_col *col, const char *value, size_t len, void *field)
{
    int64_t v;
    if (col->kind == HT_COL_F64) {
        if (len != sizeof(double))
            return false;
        v = ht_read_i64(value);
        memcpy(field, &v, sizeof(v));
        return true;
    }
    if (!read_integer(value, len, &v))
        return false;
    if (col->kind == HT_COL_I32) {
        int32_t small = (int32_t)v;
        memcpy(field, &small, sizeof(small));
        return small == v;
    }
    if (col->kind == HT_COL_TIME && v != INT64_MIN && v != INT64_MAX && __builtin_add_overflow(v, PG_EPOCH_US, &v))
        return false;
    memcpy(field, &v, sizeof(v));
    return true;
}

static bool read_word(const struct ht_col *col, const char *value, void *field)
{
    int i = ht_word_find(col->words, col->words_len, value);
    unsigned word = (unsigned)i;
    if (i >= 0)
        memcpy(field, &word, sizeof(word));
    return i >= 0;
}

static bool read_bytes(const struct ht_col *col, const char *value, size_t len, char *record)
{
    char *copy = ht_strndup(value, len);
    memcpy(record + col->at, &copy, sizeof(copy));
    if (col->kind == HT_COL_BYTES)
        memcpy(record + col->len_at, &len, sizeof(len));
    return true;
}

static bool read_fixed(const char *value, size_t len, void *field, size_t size)
{
    if (len == size)
        memcpy(field, value, size);
    return len == size;
}

static enum ht_rc read_value(const struct ht_col *col, const char *value, size_t len, char *record, struct ht_err *err)
{
    bool good = false;
    switch (col->kind) {
    case HT_COL_UUID:
        good = read_fixed(value, len, record + col->at, sizeof(struct ht_uuid));
        break;
    case HT_COL_TEXT:
    case HT_COL_BYTES:
        good = read_bytes(col, value, len, record);
        break;
    case HT_COL_BOOL:
        good = read_fixed(value, len, record + col->at, sizeof(bool));
        break;
    case HT_COL_WORD:
        good = read_word(col, value, record + col->at);
        break;
    case HT_COL_OWN:
        return col->read(value, len, record, err);
    case HT_COL_I32:
    case HT_COL_I64:
    case HT_COL_F64:
    case HT_COL_TIME:
        good = read_number(col, value, len, record + col->at);
        break;
    }
    if (good)
        return HT_OK;
    if (col->kind == HT_COL_WORD)
        return ht_fail(err, HT_FAILED, "database", "use a newer hooktop", "%s is \"%.100s\", which is unknown here",
                       col->sql, value);
    return ht_fail(err, HT_FAILED, "database", NULL, "%s came in a form that is not understood (%zu bytes)", col->sql,
                   len);
}

enum ht_rc ht_rows_read(const PGresult *r, const struct ht_col *cols, size_t n_cols, void *records, size_t size,
                        size_t n, struct ht_err *err)
{
    if (n > 0 && (size_t)PQnfields(r) < n_cols)
        return ht_fail(err, HT_FAILED, "database", NULL, "%d columns came instead of %zu", PQnfields(r), n_cols);
    for (size_t row = 0; row < n; row++) {
        for (size_t i = 0; i < n_cols; i++) {
            if (PQgetisnull(r, (int)row, (int)i))
                continue;
            enum ht_rc rc = read_value(&cols[i], PQgetvalue(r, (int)row, (int)i),
                                       (size_t)PQgetlength(r, (int)row, (int)i), (char *)records + row * size, err);
            if (rc != HT_OK)
                return rc;
        }
    }
    return HT_OK;
}

void ht_pg_clear(PGresult **r)
{
    PQclear(*r);
    *r = NULL;
}
