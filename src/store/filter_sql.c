#include "filter_sql.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "hooktop/base/codec.h"

#define PATTERN_MAX   8192u
#define ID_DIGITS     32u
#define ID_DIGITS_MIN 4u
#define ID_MS_MAX     ((INT64_C(1) << 48) - 1)

/* ids -------------------------------------------------------------------------------------------------------------- */

/* The smallest or the largest id that begins with these digits. */
static void fill_id(const char *digits, char rest, struct ht_uuid *ret)
{
    char full[ID_DIGITS];
    size_t len = strlen(digits);
    memset(full, rest, sizeof(full));
    memcpy(full, digits, len);
    if (!ht_hex_decode(full, sizeof(full), ret->b))
        ht_abort("an id's digits are none");
}

static bool id_range(const char *prefix, size_t digits_min, struct ht_uuid *ret_lo, struct ht_uuid *ret_hi)
{
    char digits[ID_DIGITS + 1];
    size_t n = 0;
    if (strncmp(prefix, "evt_", 4) == 0)
        prefix += 4;
    for (; *prefix != '\0'; prefix++) {
        if (*prefix == '-')
            continue;
        if (n == ID_DIGITS || !isxdigit((unsigned char)*prefix))
            return false;
        digits[n++] = *prefix;
    }
    digits[n] = '\0';
    if (n < digits_min)
        return false;
    fill_id(digits, '0', ret_lo);
    fill_id(digits, 'f', ret_hi);
    return true;
}

void ht_sql_uuid(struct ht_buf *sql, struct ht_params *p, const char *text, const struct ht_uuid *id)
{
    ht_put_uuid(p, id);
    ht_buf_addf(sql, "%s$%d", text, p->n);
}

enum ht_rc ht_sql_id_range(struct ht_buf *sql, struct ht_params *p, const char *column, const char *what,
                           const char *prefix, struct ht_err *err)
{
    struct ht_uuid lo, hi;
    if (!id_range(prefix, ID_DIGITS_MIN, &lo, &hi))
        return ht_fail(err, HT_USAGE, what, "copy the id, or at least its first 4 characters",
                       "\"%.100s\" is no beginning of an id", prefix);
    ht_put_uuid(p, &lo);
    ht_put_uuid(p, &hi);
    ht_buf_addf(sql, "%s BETWEEN $%d AND $%d", column, p->n - 1, p->n);
    return HT_OK;
}

enum ht_rc ht_check_found(const char *what, const char *prefix, size_t n, struct ht_err *err)
{
    if (n == 0)
        return ht_fail(err, HT_NOT_FOUND, what, NULL, "there is no %s %.100s", what, prefix);
    if (n > 1)
        return ht_fail(err, HT_USAGE, what, "give more characters of the id", "several %s ids begin with %.100s", what,
                       prefix);
    return HT_OK;
}

/* The smallest or the largest id of the millisecond that a time lies in. */
static struct ht_uuid id_of_time(int64_t us, uint8_t rest)
{
    struct ht_uuid u;
    int64_t ms = us < 0 ? 0 : us / 1000;
    if (ms > ID_MS_MAX)
        ms = ID_MS_MAX;
    memset(u.b, rest, sizeof(u.b));
    for (size_t i = 0; i < 6; i++)
        u.b[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
    return u;
}

/* values ----------------------------------------------------------------------------------------------------------- */

static enum ht_filter_kind kind_of(const struct ht_filter_term *t)
{
    return t->field != NULL ? t->field->kind : HT_FILTER_TEXT;
}

/* "50%*" becomes LIKE's '50\%%'; without a star it may stand anywhere. */
static void put_like(struct ht_params *p, const char *value)
{
    struct ht_buf like HT_BUF_CLEANUP = {0};
    ht_buf_init(&like, PATTERN_MAX);
    bool glob = strchr(value, '*') != NULL;
    if (!glob)
        ht_buf_addc(&like, '%');
    for (; *value != '\0'; value++) {
        if (*value == '%' || *value == '_' || *value == '\\')
            ht_buf_addc(&like, '\\');
        ht_buf_addc(&like, *value == '*' ? '%' : *value);
    }
    if (!glob)
        ht_buf_addc(&like, '%');
    ht_put_textn(p, like.data, like.len);
}

static void put_texts(const struct ht_filter_term *t, struct ht_params *p)
{
    bool like = kind_of(t) == HT_FILTER_TEXT && !t->regex;
    ht_put_array(p, HT_PG_TEXT, t->n_values);
    for (size_t i = 0; i < t->n_values; i++) {
        if (like)
            put_like(p, t->values[i]);
        else
            ht_put_text(p, t->values[i]);
    }
}

static void put_bound(const struct ht_filter_term *t, size_t value, bool upper, struct ht_params *p)
{
    struct ht_uuid lo = {0}, hi = {0};
    const struct ht_filter_range *r = &t->ranges[value];
    enum ht_filter_kind kind = kind_of(t);
    if (kind == HT_FILTER_TIME) {
        lo = id_of_time(r->lo, 0x00);
        hi = id_of_time(r->hi, 0xff);
    } else if (kind == HT_FILTER_ID && !id_range(t->values[value], 1, &lo, &hi)) {
        ht_abort("a filter holds an id that is none");
    }
    if (kind == HT_FILTER_TIME || kind == HT_FILTER_ID)
        ht_put_uuid(p, upper ? &hi : &lo);
    else
        ht_put_i64(p, upper ? r->hi : r->lo);
}

/* The term's parameters: one array of texts, or lower and upper bounds (arrays of them when there are several). */
static void put_values(const struct ht_filter_term *t, struct ht_params *p)
{
    enum ht_filter_kind kind = kind_of(t);
    if (kind == HT_FILTER_TEXT || kind == HT_FILTER_WORD) {
        put_texts(t, p);
        return;
    }
    for (int upper = 0; upper < 2; upper++) {
        if (t->n_values > 1)
            ht_put_array(p, kind == HT_FILTER_TIME || kind == HT_FILTER_ID ? HT_PG_UUID : HT_PG_INT8, t->n_values);
        for (size_t i = 0; i < t->n_values; i++)
            put_bound(t, i, upper != 0, p);
    }
}

/* conditions ------------------------------------------------------------------------------------------------------- */

static void add_condition(const struct ht_filter_term *t, const char *expr, struct ht_buf *sql,
                          const struct ht_params *p)
{
    enum ht_filter_kind kind = kind_of(t);
    if (kind == HT_FILTER_WORD)
        ht_buf_addf(sql, "%s = ANY ($%d)", expr, p->n);
    else if (kind == HT_FILTER_TEXT)
        ht_buf_addf(sql, "%s %s ANY ($%d)", expr, t->regex ? "~*" : "ILIKE", p->n);
    else if (t->n_values == 1)
        ht_buf_addf(sql, "%s BETWEEN $%d AND $%d", expr, p->n - 1, p->n);
    else
        ht_buf_addf(sql, "EXISTS (SELECT FROM unnest($%d, $%d) r (lo, hi) WHERE %s BETWEEN r.lo AND r.hi)", p->n - 1,
                    p->n, expr);
}

static void add_column(const struct ht_filter_term *t, const struct ht_filter_column *column, struct ht_buf *sql,
                       const struct ht_params *p)
{
    if (column->within != NULL)
        ht_buf_adds(sql, column->within);
    for (size_t i = 0; i < HT_FILTER_EXPRS && column->exprs[i] != NULL; i++) {
        if (i > 0)
            ht_buf_adds(sql, " OR ");
        add_condition(t, column->exprs[i], sql, p);
    }
    if (column->within != NULL)
        ht_buf_adds(sql, "))");
}

/* A comparison with NULL is neither true nor false: the term does not fit, and its negation does. */
void ht_filter_sql(const struct ht_filter *f, const struct ht_filter_column *columns, size_t n_columns,
                   struct ht_buf *sql, struct ht_params *p)
{
    for (size_t i = 0; f != NULL && i < f->n; i++) {
        const struct ht_filter_term *t = &f->terms[i];
        const char *separator = " AND ((";
        if (kind_of(t) == HT_FILTER_SORT)
            continue;
        put_values(t, p);
        for (size_t k = 0; k < n_columns; k++) {
            if (strcmp(columns[k].field, t->field != NULL ? t->field->name : "") != 0)
                continue;
            ht_buf_adds(sql, separator);
            separator = " OR ";
            add_column(t, &columns[k], sql, p);
        }
        if (strcmp(separator, " OR ") != 0)
            ht_abort("a filter's field stands for no column");
        ht_buf_adds(sql, t->negated ? ") IS NOT TRUE)" : "))");
    }
}

bool ht_filter_names(const struct ht_filter *f, const char *field)
{
    for (size_t i = 0; f != NULL && i < f->n; i++) {
        if (f->terms[i].field != NULL && strcmp(f->terms[i].field->name, field) == 0)
            return true;
    }
    return false;
}

void ht_filter_order_sql(const struct ht_filter *f, const char *const *orders, const char *tie, const char *otherwise,
                         struct ht_buf *sql)
{
    bool turned = false;
    int i = ht_filter_order(f, &turned);
    ht_buf_adds(sql, " ORDER BY ");
    if (i < 0) {
        ht_buf_adds(sql, otherwise);
        return;
    }
    const char *way = ht_filter_descends(f) ? "DESC" : "ASC";
    ht_buf_addf(sql, "%s %s, %s %s", orders[i], way, tie, way);
}
