#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/json.h"
#include "hooktop/base/text.h"

static void quote_char(struct ht_buf *out, uint32_t ch)
{
    static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: the character, its letter */
    const char *pair = short_forms;
    while (*pair != '\0' && (uint32_t)*pair != ch)
        pair += 2;
    if (*pair != '\0')
        ht_buf_addf(out, "\\%c", pair[1]);
    else if (ch < 0x10000)
        ht_buf_addf(out, "\\u%04" PRIx32, ch);
    else
        ht_buf_addf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((ch - 0x10000) >> 10), 0xdc00 + (ch & 0x3ff));
}

/* How many bytes from here on stand for themselves. */
static size_t plain(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

void ht_json_quote(struct ht_buf *out, const char *s, size_t len)
{
    ht_buf_addc(out, '"');
    for (size_t at = 0; at < len && !out->over;) {
        size_t run = plain(s + at, len - at);
        if (run > 0) {
            ht_buf_add(out, s + at, run);
            at += run;
            continue;
        }
        uint32_t ch = 0xfffd;
        size_t n = ht_utf8_decode(s + at, len - at, &ch);
        quote_char(out, ch);
        at += n > 0 ? n : 1;
    }
    ht_buf_addc(out, '"');
}

void ht_jw_init(struct ht_jw *w, struct ht_buf *out)
{
    *w = (struct ht_jw){.out = out};
}

/* What stands before a value: the comma, then the key. */
static void lead(struct ht_jw *w, const char *key)
{
    if (w->depth > 0) {
        bool *comma = &w->comma[w->depth - 1];
        if (*comma)
            ht_buf_addc(w->out, ',');
        *comma = true;
    }
    if (key != NULL) {
        ht_json_quote(w->out, key, strlen(key));
        ht_buf_addc(w->out, ':');
    }
}

static void begin(struct ht_jw *w, const char *key, char bracket)
{
    lead(w, key);
    if (w->depth == HT_COUNT(w->comma))
        ht_abort("JSON output is nested too deeply");
    w->comma[w->depth++] = false;
    ht_buf_addc(w->out, bracket);
}

static void end(struct ht_jw *w, char bracket)
{
    if (w->depth == 0)
        ht_abort("JSON output ends what it has not begun");
    w->depth--;
    ht_buf_addc(w->out, bracket);
}

void ht_jw_object(struct ht_jw *w, const char *key)
{
    begin(w, key, '{');
}

void ht_jw_array(struct ht_jw *w, const char *key)
{
    begin(w, key, '[');
}

void ht_jw_end_object(struct ht_jw *w)
{
    end(w, '}');
}

void ht_jw_end_array(struct ht_jw *w)
{
    end(w, ']');
}

void ht_jw_str(struct ht_jw *w, const char *key, const char *s)
{
    if (s == NULL)
        ht_jw_null(w, key);
    else
        ht_jw_strn(w, key, s, strlen(s));
}

void ht_jw_strn(struct ht_jw *w, const char *key, const char *s, size_t len)
{
    lead(w, key);
    ht_json_quote(w->out, s, len);
}

void ht_jw_int(struct ht_jw *w, const char *key, int64_t v)
{
    lead(w, key);
    ht_buf_addf(w->out, "%" PRId64, v);
}

void ht_jw_real(struct ht_jw *w, const char *key, double v)
{
    if (!isfinite(v)) {
        ht_jw_null(w, key);
        return;
    }
    char text[32];
    snprintf(text, sizeof(text), "%.15g", v);
    if (strtod(text, NULL) != v)
        snprintf(text, sizeof(text), "%.17g", v);
    /* The locale may have its own decimal point. */
    char *point = strpbrk(text, ",");
    if (point != NULL)
        *point = '.';
    ht_jw_raw(w, key, text, strlen(text));
}

void ht_jw_bool(struct ht_jw *w, const char *key, bool v)
{
    ht_jw_raw(w, key, v ? "true" : "false", v ? 4 : 5);
}

void ht_jw_null(struct ht_jw *w, const char *key)
{
    ht_jw_raw(w, key, "null", 4);
}

void ht_jw_uuid(struct ht_jw *w, const char *key, const struct ht_uuid *u)
{
    char text[HT_UUID_TEXT];
    ht_uuid_format(u, text);
    ht_jw_str(w, key, text);
}

void ht_jw_time(struct ht_jw *w, const char *key, int64_t us)
{
    char text[HT_TIME_TEXT];
    ht_time_rfc3339(us, text);
    ht_jw_str(w, key, us != 0 ? text : NULL);
}

void ht_jw_raw(struct ht_jw *w, const char *key, const char *json, size_t len)
{
    lead(w, key);
    ht_buf_add(w->out, json, len);
}

void ht_jw_foreign(struct ht_jw *w, const char *key, const char *json, size_t len)
{
    lead(w, key);
    for (size_t at = 0; at < len && !w->out->over;) {
        uint32_t ch = 0xfffd;
        size_t n = ht_utf8_decode(json + at, len - at, &ch);
        if (ch < 0x20) /* between tokens: a string holds none as it is */
            ht_buf_addc(w->out, ' ');
        else if (ch < 0x7f) /* a backslash among them: it is an escape already */
            ht_buf_addc(w->out, (char)ch);
        else
            quote_char(w->out, ch);
        at += n > 0 ? n : 1;
    }
}
