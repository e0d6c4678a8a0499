/* The filter language, to the SQL that the store makes of it. The first byte chooses the list. */
#include "lib/fuzz.h"

#include <ctype.h>

#include "../../src/store/filter_sql.h"
#include "hooktop/base/text.h"
#include "hooktop/model/filter.h"

#define NOW_US  INT64_C(1795000000000000)
#define LISTS   "0123456"
#define COLUMNS 24

static void check_term(const struct ht_filter_term *t)
{
    FUZZ_MUST(t->n_values >= 1 && t->n_values <= HT_FILTER_VALUES_MAX);
    FUZZ_MUST(!t->regex || (t->field == NULL && t->n_values == 1));
    for (size_t i = 0; i < t->n_values; i++) {
        FUZZ_MUST(t->values[i] != NULL);
        FUZZ_MUST(t->ranges[i].lo <= t->ranges[i].hi);
        if (t->field != NULL && t->field->kind == HT_FILTER_WORD) {
            bool known = false;
            for (int w = 0; w < t->field->words_len; w++)
                known = known || strcmp(t->field->words[w].name, t->values[i]) == 0;
            FUZZ_MUST(known);
        }
    }
}

/* Every value is bound: what is left of the SQL is made of our own characters and numbers only. */
static void check_sql(enum ht_filter_list list, const struct ht_filter *f)
{
    struct ht_filter_column columns[COLUMNS] = {{.field = "", .exprs = {"c"}}};
    size_t n_fields, n = 1;
    const struct ht_filter_field *fields = ht_filter_fields(list, &n_fields);
    FUZZ_MUST(n_fields < COLUMNS);
    for (size_t i = 0; i < n_fields; i++)
        columns[n++] = (struct ht_filter_column){.field = fields[i].name, .exprs = {"c"}};
    HT_PARAMS_CLEANUP struct ht_params p;
    HT_BUF_CLEANUP struct ht_buf sql;
    ht_params_init(&p);
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_filter_sql(f, columns, n, &sql, &p);
    FUZZ_MUST(!sql.over && p.n <= HT_PARAMS_MAX && p.elements_left == 0);
    static const char *const words[] = {"AND",    "OR", "c",  "ILIKE", "ANY",   "BETWEEN", "EXISTS", "SELECT", "FROM",
                                        "unnest", "r",  "lo", "hi",    "WHERE", "IS",      "NOT",    "TRUE"};
    for (const char *at = sql.data; *at;) {
        size_t len = 0, w = 0;
        while (isalpha((unsigned char)at[len]))
            len++;
        while (len > 0 && w < HT_COUNT(words) && (strncmp(words[w], at, len) != 0 || words[w][len] != '\0'))
            w++;
        FUZZ_MUST(w < HT_COUNT(words) && (len > 0 || strchr(" $0123456789(),.~*=", *at) != NULL));
        at += len > 0 ? len : 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *which = size > 0 && data[0] != '\0' ? strchr(LISTS, data[0]) : NULL;
    if (which == NULL)
        return 0;
    enum ht_filter_list list = (enum ht_filter_list)(which - LISTS);
    HT_AUTOFREE char *text = fuzz_text(data + 1, size - 1);
    struct ht_filter f = {0};
    struct ht_err err = {0};
    size_t column = SIZE_MAX;
    if (ht_filter_parse(list, text, NOW_US, &f, &column, &err) == HT_OK) {
        FUZZ_MUST(f.n <= HT_FILTER_TERMS_MAX && column == SIZE_MAX);
        for (size_t i = 0; i < f.n; i++)
            check_term(&f.terms[i]);
        check_sql(list, &f);
        ht_filter_fini(&f);
    } else {
        fuzz_explains(&err);
        FUZZ_MUST(f.n == 0 && column <= ht_text_width(text, strlen(text), HT_TEXT_CELL));
    }
    return 0;
}
