#include "hooktop/cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"

#define CELL_MAX     (64u * 1024u)
#define TABLE_MAX    (64u * 1024u * 1024u)
#define COLUMNS_MAX  24u
#define COLUMN_LEAST 8u /* a column that gives way keeps this many columns */
#define GAP          2u

/* One value ------------------------------------------------------------------------------------------------------- */

static const void *member(const void *record, const struct ht_field *f)
{
    return (const char *)record + f->offset;
}

static int32_t get_int(const void *record, const struct ht_field *f)
{
    int32_t v;
    memcpy(&v, member(record, f), sizeof v);
    return v;
}

static int64_t get_count(const void *record, const struct ht_field *f)
{
    int64_t v;
    memcpy(&v, member(record, f), sizeof v);
    return v;
}

static double get_rate(const void *record, const struct ht_field *f)
{
    double v;
    memcpy(&v, member(record, f), sizeof v);
    return v;
}

static const char *get_text(const void *record, const struct ht_field *f)
{
    const char *v;
    memcpy(&v, member(record, f), sizeof v);
    return v;
}

static struct ht_uuid get_uuid(const void *record, const struct ht_field *f)
{
    struct ht_uuid v;
    memcpy(&v, member(record, f), sizeof v);
    return v;
}

static bool get_flag(const void *record, const struct ht_field *f)
{
    bool v;
    memcpy(&v, member(record, f), sizeof v);
    return v;
}

static void put_number(struct ht_jw *w, const char *name, double v)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%.15g", v);
    ht_jw_raw(w, name, text, (size_t)len);
}

static void json_value(struct ht_jw *w, const struct ht_field *f, const void *record)
{
    struct ht_uuid id;
    switch (f->kind) {
    case HT_FIELD_TEXT:
    case HT_FIELD_ASCII:
        ht_jw_str(w, f->name, get_text(record, f));
        break;
    case HT_FIELD_UUID:
        id = get_uuid(record, f);
        if (ht_uuid_is_nil(&id))
            ht_jw_null(w, f->name);
        else
            ht_jw_uuid(w, f->name, &id);
        break;
    case HT_FIELD_INT:
        ht_jw_int(w, f->name, get_int(record, f));
        break;
    case HT_FIELD_COUNT:
    case HT_FIELD_FIGURE:
        ht_jw_int(w, f->name, get_count(record, f));
        break;
    case HT_FIELD_NONZERO:
    case HT_FIELD_MS:
        if (get_int(record, f) == 0)
            ht_jw_null(w, f->name);
        else
            ht_jw_int(w, f->name, get_int(record, f));
        break;
    case HT_FIELD_US_AS_MS:
        put_number(w, f->name, get_int(record, f) / 1000.0);
        break;
    case HT_FIELD_RATE:
        if (get_rate(record, f) > 0)
            put_number(w, f->name, get_rate(record, f));
        else
            ht_jw_null(w, f->name);
        break;
    case HT_FIELD_TIME:
        ht_jw_time(w, f->name, get_count(record, f));
        break;
    case HT_FIELD_FLAG:
        ht_jw_bool(w, f->name, get_flag(record, f));
        break;
    case HT_FIELD_WORD: {
        const char *word = f->words[get_int(record, f)].name;
        ht_jw_str(w, f->name, word[0] != '\0' ? word : NULL);
        break;
    }
    case HT_FIELD_OTHER:
        f->put(record, f->name, w, NULL);
        break;
    }
}

static void text_value(struct ht_buf *out, const struct ht_field *f, const void *record)
{
    char text[HT_UUID_TEXT > HT_TIME_TEXT ? HT_UUID_TEXT : HT_TIME_TEXT] = "";
    struct ht_uuid id;
    const char *s;
    switch (f->kind) {
    case HT_FIELD_TEXT:
    case HT_FIELD_ASCII:
        s = get_text(record, f);
        if (s != NULL)
            ht_text_clean(out, s, strlen(s), f->kind == HT_FIELD_ASCII ? HT_TEXT_ASCII : HT_TEXT_CELL);
        return;
    case HT_FIELD_UUID:
        id = get_uuid(record, f);
        if (!ht_uuid_is_nil(&id))
            ht_uuid_format(&id, text);
        break;
    case HT_FIELD_INT:
        ht_buf_addf(out, "%d", (int)get_int(record, f));
        return;
    case HT_FIELD_COUNT:
        ht_buf_addf(out, "%lld", (long long)get_count(record, f));
        return;
    case HT_FIELD_FIGURE:
        ht_buf_addf(out, "%lld%s", (long long)get_count(record, f), get_count(record, f) >= HT_FIGURE_MAX ? "+" : "");
        return;
    case HT_FIELD_NONZERO:
        if (get_int(record, f) != 0)
            ht_buf_addf(out, "%d", (int)get_int(record, f));
        return;
    case HT_FIELD_MS:
        if (get_int(record, f) != 0)
            ht_duration_format(get_int(record, f), text, sizeof text);
        break;
    case HT_FIELD_US_AS_MS:
        ht_duration_format(get_int(record, f) / 1000, text, sizeof text);
        break;
    case HT_FIELD_RATE:
        if (get_rate(record, f) > 0)
            ht_buf_addf(out, "%g/s", get_rate(record, f));
        return;
    case HT_FIELD_TIME:
        if (get_count(record, f) != 0)
            ht_time_rfc3339(get_count(record, f), text);
        break;
    case HT_FIELD_FLAG:
        ht_buf_adds(out, get_flag(record, f) ? "yes" : "no");
        return;
    case HT_FIELD_WORD:
        ht_buf_adds(out, f->words[get_int(record, f)].name);
        return;
    case HT_FIELD_OTHER:
        f->put(record, f->name, NULL, out);
        return;
    }
    ht_buf_adds(out, text);
}

/* Tables ---------------------------------------------------------------------------------------------------------- */

/* Adds as much of the cleaned text as fits `width` columns, "~" at its end where it was cut, filled with blanks. */
static void add_fitted(struct ht_buf *out, const char *text, size_t width, bool fill)
{
    size_t full = ht_text_width(text, strlen(text), HT_TEXT_CELL);
    size_t room = full > width ? width - 1 : width;
    size_t at = 0;
    struct ht_text_reader r;
    struct ht_glyph g;
    ht_text_start(&r, text, strlen(text), HT_TEXT_CELL);
    while (ht_text_next(&r, &g) && at + g.width <= room) {
        char bytes[4];
        for (size_t i = 0; i < HT_COUNT(g.ch) && g.ch[i] != 0; i++)
            ht_buf_add(out, bytes, ht_utf8_encode(g.ch[i], bytes));
        at += g.width;
    }
    if (full > width) {
        ht_buf_addc(out, '~');
        at++;
    }
    for (; fill && at < width; at++)
        ht_buf_addc(out, ' ');
}

struct table {
    size_t columns;
    const struct ht_field *field[COLUMNS_MAX];
    size_t width[COLUMNS_MAX];
    char **cells; /* row by row */
    size_t n;
};

static void table_fini(struct table *t)
{
    for (size_t i = 0; i < t->n * t->columns; i++)
        free(t->cells[i]);
    free(t->cells);
}

static void table_init(struct table *t, const struct ht_record_kind *kind, const void *rows, size_t n)
{
    *t = (struct table){.n = n};
    for (size_t i = 0; i < kind->n && t->columns < COLUMNS_MAX; i++) {
        if ((kind->fields[i].flags & HT_FIELD_COLUMN) == 0)
            continue;
        t->field[t->columns] = &kind->fields[i];
        t->width[t->columns++] = strlen(kind->fields[i].title);
    }
    t->cells = ht_alloc(n * t->columns + 1, sizeof *t->cells);
    for (size_t i = 0; i < n * t->columns; i++) {
        struct ht_buf cell HT_BUF_CLEANUP;
        ht_buf_init(&cell, CELL_MAX);
        size_t column = i % t->columns;
        text_value(&cell, t->field[column], (const char *)rows + i / t->columns * kind->size);
        size_t width = ht_text_width(cell.data, cell.len, HT_TEXT_CELL);
        if (width > t->width[column])
            t->width[column] = width;
        t->cells[i] = ht_buf_take(&cell, NULL);
    }
}

static size_t table_width(const struct table *t)
{
    size_t total = 0;
    for (size_t c = 0; c < t->columns; c++)
        total += t->width[c] > 0 ? t->width[c] + (total > 0 ? GAP : 0) : 0;
    return total;
}

/* The widest of the columns that give way and still can; COLUMNS_MAX: none. */
static size_t widest(const struct table *t)
{
    size_t found = COLUMNS_MAX;
    for (size_t c = 0; c < t->columns; c++)
        if ((t->field[c]->flags & HT_FIELD_SHRINKS) != 0 && t->width[c] > COLUMN_LEAST &&
            (found == COLUMNS_MAX || t->width[c] > t->width[found]))
            found = c;
    return found;
}

static void shrink(struct table *t, size_t limit)
{
    size_t c;
    while (table_width(t) > limit && (c = widest(t)) != COLUMNS_MAX)
        t->width[c]--;
}

/* Narrows columns until the rows fit the terminal; where that is not enough, leaves some out and gives the others what
 * they want again. A width of 0 is a column left out. */
static void table_fit(struct table *t, size_t limit)
{
    size_t wanted[COLUMNS_MAX];
    memcpy(wanted, t->width, sizeof wanted);
    shrink(t, limit);
    for (size_t last = t->columns; table_width(t) > limit && last-- > 0;) {
        if ((t->field[last]->flags & HT_FIELD_GIVES) == 0)
            continue;
        wanted[last] = 0;
        memcpy(t->width, wanted, sizeof wanted);
        shrink(t, limit);
    }
}

/* How wide a table may be: the terminal's width, or no limit where the output goes elsewhere. */
static size_t output_width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return SIZE_MAX;
    return size.ws_col;
}

static void print_table(const struct ht_record_kind *kind, const void *rows, size_t n)
{
    HT_CLEANUP(table_fini) struct table t;
    table_init(&t, kind, rows, n);
    table_fit(&t, output_width());
    struct ht_buf out HT_BUF_CLEANUP;
    ht_buf_init(&out, TABLE_MAX);
    for (size_t row = 0; row <= n; row++) {
        for (size_t c = 0; c < t.columns; c++) {
            if (t.width[c] == 0)
                continue;
            const char *text = row == 0 ? t.field[c]->title : t.cells[(row - 1) * t.columns + c];
            add_fitted(&out, text, t.width[c], c + 1 < t.columns);
            if (c + 1 < t.columns)
                ht_buf_adds(&out, "  ");
        }
        while (out.len > 0 && out.data[out.len - 1] == ' ')
            out.len--;
        ht_buf_addc(&out, '\n');
        ht_out_text(out.data, out.len);
        ht_buf_clear(&out);
    }
}

/* Records --------------------------------------------------------------------------------------------------------- */

void ht_out_members(struct ht_jw *w, const struct ht_record_kind *kind, const void *record, bool detail)
{
    for (size_t i = 0; i < kind->n; i++)
        if ((kind->fields[i].flags & (detail ? HT_FIELD_COUNTS : HT_FIELD_DETAIL)) == 0)
            json_value(w, &kind->fields[i], record);
}

void ht_out_rows(bool json, const struct ht_record_kind *kind, const void *rows, size_t n, bool more)
{
    if (!json)
        print_table(kind, rows, n);
    for (size_t i = 0; json && i < n; i++) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_out_members(&o.w, kind, (const char *)rows + i * kind->size, false);
        ht_out_end(&o);
    }
    if (more)
        ht_out_note(json, "more follow: give a larger --limit or a filter");
}

void ht_out_record(const struct ht_record_kind *kind, const void *record)
{
    size_t widest = 0;
    for (size_t i = 0; i < kind->n; i++)
        if (kind->fields[i].title != NULL && strlen(kind->fields[i].title) > widest)
            widest = strlen(kind->fields[i].title);
    for (size_t i = 0; i < kind->n; i++) {
        struct ht_buf value HT_BUF_CLEANUP;
        ht_buf_init(&value, CELL_MAX);
        if (kind->fields[i].title == NULL)
            continue;
        text_value(&value, &kind->fields[i], record);
        if (value.len > 0)
            ht_out_printf("%-*s  %s\n", (int)widest, kind->fields[i].title, value.data);
    }
}

void ht_out_array(struct ht_jw *w, const char *name, const struct ht_record_kind *kind, const void *rows, size_t n)
{
    ht_jw_array(w, name);
    for (size_t i = 0; i < n; i++) {
        ht_jw_object(w, NULL);
        ht_out_members(w, kind, (const char *)rows + i * kind->size, false);
        ht_jw_end_object(w);
    }
    ht_jw_end_array(w);
}

void ht_out_shown(bool json, const struct ht_record_kind *kind, const void *record)
{
    if (!json) {
        ht_out_record(kind, record);
        return;
    }
    struct ht_out_object o;
    ht_out_begin(&o);
    ht_out_members(&o.w, kind, record, true);
    ht_out_end(&o);
}
