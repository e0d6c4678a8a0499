#include "hooktop/model/filter.h"
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/clock.h"
#include "hooktop/base/ini.h"
#include "hooktop/base/text.h"

#define TEXT_MAX_BYTES 4096u
#define FIELDS_MAX     32u
#define US_PER_DAY     (INT64_C(86400) * 1000000)
#define HOW_TO_QUOTE   "words with blanks or colons go in \""
#define CODE_MIN       100
#define CODE_MAX       999

struct parser {
    enum ht_filter_list list;
    const char *text;
    const char *at;
    int64_t now_us;
    struct ht_filter filter;
    const char *wrong_at; /* where the mistake stands */
    struct ht_err *err;
};

#define WRONG(p, where, fix, ...) ((p)->wrong_at = (where), ht_fail((p)->err, HT_USAGE, "filter", fix, __VA_ARGS__))

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copies up to the closing mark (a quote or a slash); `\` before the mark or, in quotes, before itself is taken off. */
static enum ht_rc read_enclosed(struct parser *p, char **ret)
{
    const char *start = p->at;
    char mark = *p->at++;
    struct ht_buf text;
    ht_buf_init(&text, TEXT_MAX_BYTES);
    for (; *p->at != '\0' && *p->at != mark; p->at++) {
        if (*p->at == '\\' && (p->at[1] == mark || (mark == '"' && p->at[1] == '\\')))
            p->at++;
        ht_buf_addc(&text, *p->at);
    }
    bool closed = *p->at == mark;
    bool empty = text.len == 0;
    if (!closed || empty) {
        ht_buf_fini(&text);
        const char *name = mark == '"' ? "quote" : "regular expression";
        return WRONG(p, start, closed ? NULL : HOW_TO_QUOTE, closed ? "the %s is empty" : "the %s is not closed", name);
    }
    p->at++;
    *ret = ht_buf_take(&text, NULL);
    return HT_OK;
}

static enum ht_rc add_value(struct parser *p, struct ht_filter_term *t, const char *where, const char *value,
                            struct ht_filter_range range)
{
    if (t->n_values == HT_FILTER_VALUES_MAX)
        return WRONG(p, where, NULL, "a term has at most %d values", HT_FILTER_VALUES_MAX);
    t->ranges[t->n_values] = range;
    t->values[t->n_values++] = ht_strdup(value);
    return HT_OK;
}

/* What a value of a closed vocabulary can mean. */
enum way { BY_GLOB, BY_SIGN, BY_BEGINNING, WAYS };

static bool means(enum way way, const struct ht_filter_field *f, const char *value, const struct ht_word *w)
{
    switch (way) {
    case BY_GLOB:
        return fnmatch(value, w->name, FNM_NOESCAPE) == 0;
    case BY_SIGN: /* what a list shows in its narrow column */
        return f->kind == HT_FILTER_WORD && strcasecmp(value, w->sign) == 0;
    default:
        return strncasecmp(value, w->name, strlen(value)) == 0;
    }
}

static enum ht_rc no_word(struct parser *p, const struct ht_filter_field *f, const char *where, const char *value)
{
    const char *names[FIELDS_MAX];
    size_t n = 0;
    struct ht_buf fix HT_BUF_CLEANUP = {0};
    for (int i = 0; i < f->words_len && n < FIELDS_MAX; i++)
        if (f->words[i].name[0] != '\0')
            names[n++] = f->words[i].name;
    ht_buf_init(&fix, sizeof(p->err->fix));
    const char *near = ht_nearest(value, names, n);
    ht_buf_adds(&fix, near != NULL ? "did you mean " : "write one of");
    if (near != NULL)
        ht_buf_adds(&fix, near);
    for (size_t i = 0; near == NULL && i < n; i++)
        ht_buf_addf(&fix, "%s %s", i > 0 ? "," : "", names[i]);
    return WRONG(p, where, fix.data, "%s is never \"%s\"", f->name, value);
}

/* A name or a glob of names; else a sign; else the beginning of one name. */
static enum ht_rc add_words(struct parser *p, struct ht_filter_term *t, const char *where, const char *value)
{
    const struct ht_filter_field *f = t->field;
    size_t before = t->n_values;
    if (f->words == ht_delivery_words && (strcasecmp(value, HT_DELIVERY_RETRYING) == 0 || strcmp(value, "..") == 0))
        return WRONG(p, where, "write it alone and not denied, or status:ready", "%s stands for two terms", value);
    for (int way = 0; way < WAYS && t->n_values == before; way++) {
        for (int i = 0; i < f->words_len; i++) {
            const struct ht_word *w = &f->words[i];
            if (w->name[0] == '\0' || !means((enum way)way, f, value, w))
                continue;
            if (way == BY_BEGINNING && t->n_values > before)
                return WRONG(p, where, "write more of it", "\"%s\" may be %s or %s", value, t->values[before], w->name);
            enum ht_rc rc = add_value(p, t, where, w->name, (struct ht_filter_range){0});
            if (rc != HT_OK)
                return rc;
        }
    }
    if (f->kind == HT_FILTER_SORT && t->n_values > 1)
        return WRONG(p, where, NULL, "a list has one order");
    return t->n_values > before ? HT_OK : no_word(p, f, where, value);
}

static enum ht_rc add_id(struct parser *p, struct ht_filter_term *t, const char *where, const char *value)
{
    char id[37];
    size_t len = strnlen(value, sizeof(id));
    bool good = len > 0 && len < sizeof(id);
    for (size_t i = 0; good && i < len; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        good = hyphen ? value[i] == '-' : isxdigit((unsigned char)value[i]) != 0;
        id[i] = (char)tolower((unsigned char)value[i]);
    }
    if (!good)
        return WRONG(p, where, "copy the id, or its first characters", "\"%s\" is no beginning of an id", value);
    id[len] = '\0';
    return add_value(p, t, where, id, (struct ht_filter_range){0});
}

static bool parse_number(const char *s, int64_t *ret)
{
    int64_t n = 0;
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *s - '0', &n))
            return false;
    }
    *ret = n;
    return true;
}

static enum ht_filter_op read_op(const char **at, enum ht_filter_op otherwise)
{
    static const struct {
        const char *sign;
        enum ht_filter_op op;
    } ops[] = {
        {">=", HT_FILTER_GE}, {"<=", HT_FILTER_LE}, {">", HT_FILTER_GT}, {"<", HT_FILTER_LT}, {"=", HT_FILTER_EQ}};
    for (size_t i = 0; i < HT_COUNT(ops); i++) {
        size_t len = strlen(ops[i].sign);
        if (strncmp(*at, ops[i].sign, len) == 0) {
            *at += len;
            return ops[i].op;
        }
    }
    return otherwise;
}

/* The closed range that an operator makes of the values lo..hi. */
static struct ht_filter_range compared(enum ht_filter_op op, struct ht_filter_range v)
{
    switch (op) {
    case HT_FILTER_GT:
        return (struct ht_filter_range){v.hi < INT64_MAX ? v.hi + 1 : INT64_MAX, INT64_MAX};
    case HT_FILTER_GE:
        return (struct ht_filter_range){v.lo, INT64_MAX};
    case HT_FILTER_LT:
        return (struct ht_filter_range){INT64_MIN, v.lo - 1};
    case HT_FILTER_LE:
        return (struct ht_filter_range){INT64_MIN, v.hi};
    case HT_FILTER_EQ:
        break;
    }
    return v;
}

static bool parse_code(const char *s, struct ht_filter_range *ret)
{
    if (s[0] >= '1' && s[0] <= '9' && strcasecmp(s + 1, "xx") == 0) {
        int64_t hundred = (s[0] - '0') * 100;
        *ret = (struct ht_filter_range){hundred, hundred + 99};
        return true;
    }
    if (!parse_number(s, &ret->lo) || ret->lo < CODE_MIN || ret->lo > CODE_MAX)
        return false;
    ret->hi = ret->lo;
    return true;
}

static int64_t day_start(int64_t us)
{
    return us - (us % US_PER_DAY + US_PER_DAY) % US_PER_DAY;
}

/* What one value of a CODE, DURATION, TIME or NUMBER field means; its error is parse's own. */
static enum ht_rc parse_range(const struct parser *p, const struct ht_filter_field *f, const char *s,
                              struct ht_filter_range *ret, struct ht_err *err)
{
    struct ht_filter_range v = {0};
    enum ht_filter_op op = f->op;
    enum ht_rc rc = HT_OK;
    if (f->kind != HT_FILTER_TIME)
        op = read_op(&s, f->op);
    if (f->kind == HT_FILTER_TIME) {
        rc = ht_time_parse(s, p->now_us, &v.lo, err);
        v.lo = op == HT_FILTER_EQ ? day_start(v.lo) : v.lo;
        v.hi = op == HT_FILTER_EQ ? v.lo + US_PER_DAY - 1 : v.lo;
    } else if (f->kind == HT_FILTER_DURATION) {
        rc = ht_duration_parse(s, &v.lo, err);
        v.hi = v.lo;
    } else if (f->kind == HT_FILTER_CODE && !parse_code(s, &v)) {
        rc = ht_fail(err, HT_USAGE, "code", "write 503, 5xx or >=500", "\"%s\" is no HTTP status", s);
    } else if (f->kind == HT_FILTER_NUMBER && !parse_number(s, &v.lo)) {
        rc = ht_fail(err, HT_USAGE, "number", "write 5, >5, >=5, <5 or <=5", "\"%s\" is no number", s);
    } else if (f->kind == HT_FILTER_NUMBER) {
        v.hi = v.lo;
    }
    *ret = compared(op, v);
    /* "code:<500" means answers: what got none has no code. */
    if (f->kind == HT_FILTER_CODE)
        *ret =
            (struct ht_filter_range){ret->lo < CODE_MIN ? CODE_MIN : ret->lo, ret->hi > CODE_MAX ? CODE_MAX : ret->hi};
    return rc;
}

static enum ht_rc add_range(struct parser *p, struct ht_filter_term *t, const char *where, const char *value)
{
    struct ht_filter_range range;
    struct ht_err inner = {0};
    if (parse_range(p, t->field, value, &range, &inner) != HT_OK)
        return WRONG(p, where, inner.fix, "%s: %s", t->field->name, inner.why);
    return add_value(p, t, where, value, range);
}

static enum ht_rc understand_value(struct parser *p, struct ht_filter_term *t, const char *where, const char *value)
{
    enum ht_filter_kind kind = t->field != NULL ? t->field->kind : HT_FILTER_TEXT;
    switch (kind) {
    case HT_FILTER_SORT:
    case HT_FILTER_WORD:
        return add_words(p, t, where, value);
    case HT_FILTER_ID:
        return add_id(p, t, where, value);
    case HT_FILTER_CODE:
    case HT_FILTER_DURATION:
    case HT_FILTER_TIME:
    case HT_FILTER_NUMBER:
        return add_range(p, t, where, value);
    case HT_FILTER_TEXT:
        break;
    }
    return add_value(p, t, where, value, (struct ht_filter_range){0});
}

static enum ht_rc read_value(struct parser *p, struct ht_filter_term *t)
{
    const char *where = p->at;
    HT_AUTOFREE char *value = NULL;
    if (*p->at == '"') {
        enum ht_rc rc = read_enclosed(p, &value);
        if (rc != HT_OK)
            return rc;
    } else {
        size_t len = strcspn(p->at, " \t|");
        if (len == 0)
            return WRONG(p, where, NULL, "a value is missing here");
        value = ht_strndup(p->at, len);
        p->at += len;
    }
    return understand_value(p, t, where, value);
}

static enum ht_rc read_values(struct parser *p, struct ht_filter_term *t)
{
    for (;;) {
        enum ht_rc rc = read_value(p, t);
        if (rc != HT_OK || *p->at != '|')
            return rc;
        p->at++;
    }
}

static enum ht_rc read_field(struct parser *p, struct ht_filter_term *t, size_t len)
{
    size_t n;
    const struct ht_filter_field *fields = ht_filter_fields(p->list, &n);
    const char *names[FIELDS_MAX];
    HT_AUTOFREE char *given = ht_strndup(p->at, len);
    size_t n_names = 0;
    for (size_t i = 0; i < n && n_names < FIELDS_MAX; i++) {
        names[n_names++] = fields[i].name;
        if (strcmp(given, fields[i].name) != 0)
            continue;
        t->field = &fields[i];
        p->at += len + 1;
        return HT_OK;
    }
    const char *near = ht_nearest(given, names, n_names);
    if (near == NULL)
        return WRONG(p, p->at, HOW_TO_QUOTE, "there is no field \"%s\" here", given);
    struct ht_buf fix;
    ht_buf_init(&fix, sizeof(p->err->fix));
    ht_buf_addf(&fix, "did you mean %s", near);
    enum ht_rc rc = WRONG(p, p->at, fix.data, "there is no field \"%s\" here", given);
    ht_buf_fini(&fix);
    return rc;
}

static enum ht_rc read_term(struct parser *p, struct ht_filter_term *t)
{
    enum ht_rc rc = HT_OK;
    if (*p->at == '-' && p->at[1] != '\0' && !is_blank(p->at[1])) {
        t->negated = true;
        p->at++;
    }
    size_t word = strcspn(p->at, ": \t|\"");
    if (*p->at == '/') {
        t->regex = true;
        rc = read_enclosed(p, &t->values[0]);
        t->n_values = rc == HT_OK;
    } else {
        if (word > 0 && p->at[word] == ':')
            rc = read_field(p, t, word);
        if (rc == HT_OK)
            rc = read_values(p, t);
    }
    if (rc == HT_OK && *p->at != '\0' && !is_blank(*p->at))
        return WRONG(p, p->at, HOW_TO_QUOTE, "a blank is missing here");
    return rc;
}

static enum ht_rc next_term(struct parser *p, struct ht_filter_term **ret)
{
    if (p->filter.n == HT_FILTER_TERMS_MAX)
        return WRONG(p, p->at, NULL, "a filter has at most %d terms", HT_FILTER_TERMS_MAX);
    *ret = &p->filter.terms[p->filter.n++];
    return HT_OK;
}

/* What is ready has two signs in the lists, by whether it was tried before: each stands for two terms. */
#define SIGN_TERMS 2
static const struct {
    const char *text;
    const char *terms[SIGN_TERMS];
} signs[] = {{"status:" HT_DELIVERY_RETRYING, {"status:ready", "attempts:>0"}},
             {"status:..", {"status:ready", "attempts:0"}}};

static bool is_sign(const struct parser *p, size_t i)
{
    size_t len = strlen(signs[i].text);
    return (p->list == HT_FILTER_DELIVERIES || p->list == HT_FILTER_FAILURES) &&
           strncasecmp(p->at, signs[i].text, len) == 0 && (p->at[len] == '\0' || is_blank(p->at[len]));
}

static enum ht_rc read_sign(struct parser *p, size_t which)
{
    const char *start = p->at;
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; rc == HT_OK && i < SIGN_TERMS; i++) {
        struct ht_filter_term *t;
        rc = next_term(p, &t);
        p->at = signs[which].terms[i];
        if (rc == HT_OK)
            rc = read_term(p, t);
    }
    p->at = start + strlen(signs[which].text);
    p->wrong_at = start;
    return rc;
}

static enum ht_rc read_terms(struct parser *p)
{
    for (;;) {
        struct ht_filter_term *t;
        enum ht_rc rc;
        size_t sign = 0;
        p->at += strspn(p->at, " \t");
        if (*p->at == '\0')
            return HT_OK;
        while (sign < HT_COUNT(signs) && !is_sign(p, sign))
            sign++;
        if (sign < HT_COUNT(signs))
            rc = read_sign(p, sign);
        else if ((rc = next_term(p, &t)) == HT_OK)
            rc = read_term(p, t);
        if (rc != HT_OK)
            return rc;
    }
}

enum ht_rc ht_filter_parse(enum ht_filter_list list, const char *text, int64_t now_us, struct ht_filter *ret,
                           size_t *ret_column, struct ht_err *err)
{
    struct parser p = {.list = list, .text = text, .at = text, .now_us = now_us, .wrong_at = text, .err = err};
    enum ht_rc rc;
    if (strlen(text) > TEXT_MAX_BYTES)
        rc = WRONG(&p, text, NULL, "it is longer than %u bytes", TEXT_MAX_BYTES);
    else if (!ht_utf8_valid(text, strlen(text)))
        rc = WRONG(&p, text, NULL, "it is not UTF-8");
    else
        rc = read_terms(&p);
    if (rc == HT_OK) {
        *ret = p.filter;
        return HT_OK;
    }
    if (ret_column != NULL)
        *ret_column = ht_text_width(text, (size_t)(p.wrong_at - text), HT_TEXT_CELL);
    ht_filter_fini(&p.filter);
    return rc;
}

void ht_filter_fini(struct ht_filter *f)
{
    for (size_t i = 0; i < f->n; i++) {
        for (size_t j = 0; j < f->terms[i].n_values; j++)
            free(f->terms[i].values[j]);
    }
    *f = (struct ht_filter){0};
}

static bool is_order(const struct ht_filter_term *t)
{
    return t->field != NULL && t->field->kind == HT_FILTER_SORT;
}

static const struct ht_filter_term *order_of(const struct ht_filter *f)
{
    for (size_t i = 0; f != NULL && i < f->n; i++) {
        if (is_order(&f->terms[i]))
            return &f->terms[i];
    }
    return NULL;
}

int ht_filter_order(const struct ht_filter *f, bool *ret_turned)
{
    const struct ht_filter_term *t = order_of(f);
    if (t == NULL)
        return -1;
    *ret_turned = t->negated;
    return ht_word_find(t->field->words, t->field->words_len, t->values[0]);
}

bool ht_filter_descends(const struct ht_filter *f)
{
    bool turned = false;
    const struct ht_filter_term *t = order_of(f);
    int i = ht_filter_order(f, &turned);
    return i >= 0 && (t->field->words[i].sign[0] == '-') != turned;
}

bool ht_filter_oldest_first(const struct ht_filter *f)
{
    return order_of(f) != NULL && !ht_filter_descends(f);
}

/* Only words: a quoted text or a regular expression stays as it is. */
void ht_filter_with_order(const char *text, const char *order, bool turned, char *ret, size_t size)
{
    struct ht_buf b;
    ht_buf_init(&b, size);
    while (*text != '\0') {
        size_t blanks = strspn(text, " \t"), len = 0;
        const char *word = text + blanks;
        for (char mark = '\0'; word[len] != '\0' && (mark != '\0' || !is_blank(word[len])); len++) {
            if (word[len] == '"' || (word[len] == '/' && (len == 0 || mark == '/')))
                mark = mark == '\0' ? word[len] : mark == word[len] ? '\0' : mark;
        }
        bool sorts = strncmp(word, "sort:", 5) == 0 || strncmp(word, "-sort:", 6) == 0;
        if (!sorts && len > 0)
            ht_buf_addf(&b, "%s%.*s", b.len > 0 ? " " : "", (int)len, word);
        text = word + len;
    }
    if (order != NULL)
        ht_buf_addf(&b, "%s%ssort:%s", b.len > 0 ? " " : "", turned ? "-" : "", order);
    size_t n = b.len < size - 1 ? b.len : size - 1;
    memcpy(ret, b.len > 0 ? b.data : "", n);
    ret[n] = '\0';
    ht_buf_fini(&b);
}
