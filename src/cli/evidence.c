#include "hooktop/cli/evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"

/* What a command line may hold as one argument is limited (128 KiB on Linux); a shell's own printf is not. */
#define INLINE_MAX (64u * 1024u)

/* Text ------------------------------------------------------------------------------------------------------------- */

static void add_clean(struct ht_buf *out, const char *bytes, size_t len)
{
    ht_text_clean(out, bytes, len, HT_TEXT_ASCII);
}

static void add_field(struct ht_buf *out, const char *label, const char *value)
{
    ht_buf_addf(out, "  %-14s ", label);
    add_clean(out, value ? value : "-", value ? strlen(value) : 1);
    ht_buf_addc(out, '\n');
}

/* A URL without what follows "?": receivers put tokens there. */
static void add_url(struct ht_buf *out, const char *url)
{
    size_t n = strcspn(url, "?");
    add_clean(out, url, n);
    if (url[n])
        ht_buf_adds(out, "?****");
}

static void add_time(struct ht_buf *out, const char *label, int64_t at)
{
    char text[HT_TIME_TEXT];
    ht_time_rfc3339(at, text);
    add_field(out, label, at ? text : NULL);
}

static void add_id(struct ht_buf *out, const char *label, const struct ht_uuid *id)
{
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    add_field(out, label, text);
}

/* Lines of foreign text, each made harmless and indented. */
static void add_lines(struct ht_buf *out, const char *bytes, size_t len)
{
    while (len > 0) {
        const char *lf = memchr(bytes, '\n', len);
        size_t n = lf ? (size_t)(lf - bytes) : len, keep = n > 0 && bytes[n - 1] == '\r' ? n - 1 : n;
        ht_buf_adds(out, "  ");
        add_clean(out, bytes, keep);
        ht_buf_addc(out, '\n');
        n += lf != NULL;
        bytes += n;
        len -= n;
    }
}

/* Headers ---------------------------------------------------------------------------------------------------------- */

struct line {
    const char *name, *value;
    size_t name_len, value_len;
};

static bool next_line(const char **lines, struct line *ret)
{
    if (!*lines || !**lines)
        return false;
    const char *at = *lines;
    size_t len = strcspn(at, "\r\n");
    const char *colon = memchr(at, ':', len);
    *lines = at + len + strspn(at + len, "\r\n");
    size_t name = colon ? (size_t)(colon - at) : len, skip = colon ? name + 1 : len;
    while (skip < len && at[skip] == ' ')
        skip++;
    *ret = (struct line){at, at + skip, name, len - skip};
    return true;
}

static bool is_named(const struct line *l, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(names[i]) == l->name_len && strncasecmp(l->name, names[i], l->name_len) == 0)
            return true;
    return false;
}

/* What a receiver answers with may let its reader in where he should not come. */
static void add_answer_headers(struct ht_buf *out, const char *lines)
{
    static const char *const secret[] = {"Set-Cookie",    "Set-Cookie2",         "Cookie",
                                         "Authorization", "Proxy-Authorization", "Authentication-Info"};
    for (struct line l; next_line(&lines, &l);) {
        ht_buf_adds(out, "  ");
        add_clean(out, l.name, l.name_len);
        if (l.value > l.name + l.name_len)
            ht_buf_adds(out, ": ");
        if (is_named(&l, secret, HT_COUNT(secret)))
            ht_buf_adds(out, "****");
        else
            add_clean(out, l.value, l.value_len);
        ht_buf_addc(out, '\n');
    }
}

/* curl ------------------------------------------------------------------------------------------------------------- */

static bool is_plain(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7e)
            return false;
    return true;
}

/* Between single quotes a shell obeys nothing but the quote that ends them. */
static void add_quoted(struct ht_buf *out, const char *bytes, size_t len)
{
    ht_buf_addc(out, '\'');
    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\'')
            ht_buf_adds(out, "'\\''");
        else
            ht_buf_addc(out, bytes[i]);
    ht_buf_addc(out, '\'');
}

/* The format of a printf that prints these bytes: every byte that is not plain text in octal. */
static void add_printf(struct ht_buf *out, const char *bytes, size_t len)
{
    ht_buf_adds(out, "printf '");
    for (size_t i = 0; i < len; i++) {
        unsigned char b = (unsigned char)bytes[i];
        if (b == '%')
            ht_buf_adds(out, "%%");
        else if (b < 0x20 || b > 0x7e || b == '\'' || b == '\\')
            ht_buf_addf(out, "\\%03o", b);
        else
            ht_buf_addc(out, (char)b);
    }
    ht_buf_adds(out, "' | ");
}

static void add_curl_headers(struct ht_buf *out, const char *lines)
{
    static const char *const curls_own[] = {"Host", "Accept", "Content-Length"};
    for (struct line l; next_line(&lines, &l);) {
        if (is_named(&l, curls_own, HT_COUNT(curls_own)))
            continue;
        HT_BUF_CLEANUP struct ht_buf one;
        ht_buf_init(&one, 16384);
        add_clean(&one, l.name, l.name_len);
        ht_buf_adds(&one, l.value_len ? ": " : ";"); /* how curl is told of an empty one */
        add_clean(&one, l.value, l.value_len);
        ht_buf_adds(out, " \\\n    -H ");
        add_quoted(out, one.data, one.len);
    }
}

static void add_curl(const struct ht_delivery_detail *d, const struct ht_attempt *a, struct ht_buf *out)
{
    const char *url = d->delivery.endpoint_url;
    if (!d->body || !url || !a->request_headers) {
        ht_buf_adds(out, "  (not known: the body may not be read, or the headers were not kept)\n");
        return;
    }
    bool piped = d->body_len > INLINE_MAX || !is_plain(d->body, d->body_len);
    if (piped)
        add_printf(out, d->body, d->body_len);
    ht_buf_adds(out, "curl -q -sS -i --http1.1 --globoff --noproxy '*' -H 'Expect:'");
    add_curl_headers(out, a->request_headers);
    ht_buf_adds(out, piped ? " \\\n    --data-binary @-" : " \\\n    --data-raw ");
    if (!piped)
        add_quoted(out, d->body, d->body_len);
    ht_buf_adds(out, " \\\n    ");
    HT_BUF_CLEANUP struct ht_buf clean;
    ht_buf_init(&clean, 4 * HT_URL_MAX);
    add_url(&clean, url);
    add_quoted(out, clean.data, clean.len);
    ht_buf_addc(out, '\n');
}

/* Parts ------------------------------------------------------------------------------------------------------------ */

static void add_ids(const struct ht_delivery_detail *d, const struct ht_attempt *a, struct ht_buf *out)
{
    const struct ht_delivery *v = &d->delivery;
    char text[160];
    add_id(out, "Delivery", &v->id);
    add_id(out, "Event", &v->event_id);
    add_field(out, "Type", v->type);
    add_id(out, "Endpoint", &v->endpoint_id);
    ht_buf_addf(out, "  %-14s ", "URL now");
    add_url(out, v->endpoint_url ? v->endpoint_url : "-");
    ht_buf_addc(out, '\n');
    snprintf(text, sizeof text, "%s after %d %s", ht_delivery_words[v->status].name, (int)v->attempts,
             ht_plural(v->attempts, "attempt", "attempts"));
    add_field(out, "State", text);
    add_time(out, "Emitted", d->event.created_at);
    snprintf(text, sizeof text, "%d", (int)a->n);
    add_field(out, "Attempt", text);
    add_time(out, "Sent", a->at);
    snprintf(text, sizeof text, "%d", (int)a->status);
    add_field(out, "Answered", a->status ? text : NULL);
    add_field(out, "Error", a->error == HT_ATTEMPT_NONE ? NULL : ht_attempt_words[a->error].name);
    if (a->error != HT_ATTEMPT_NONE)
        add_field(out, "", a->error_detail ? a->error_detail : ht_attempt_words[a->error].meaning);
    add_field(out, "Address", a->address);
    add_field(out, "TLS", a->tls);
    snprintf(text, sizeof text, "dns %.1f, connected %.1f, tls %.1f, first byte %.1f, total %.1f ms",
             a->phases.dns_us / 1e3, a->phases.connect_us / 1e3, a->phases.tls_us / 1e3, a->phases.first_byte_us / 1e3,
             a->phases.total_us / 1e3);
    add_field(out, "From the start", text);
}

static void add_signature(const struct ht_delivery_detail *d, const struct ht_attempt *a, size_t i, struct ht_buf *out)
{
    const struct ht_signature *s = d->signatures ? &d->signatures[i] : NULL;
    ht_buf_adds(out, "\nSignature\n");
    add_field(out, "Generations", a->secret_ids);
    if (!s)
        return;
    add_field(out, "Algorithm", s->algorithm);
    add_field(out, "Signed", s->recipe);
    if (!s->whole)
        return;
    if (s->before && s->before[0])
        add_field(out, "Before body", s->before);
    add_field(out, "Body SHA-256", s->body_sha256);
    add_field(out, "All, SHA-256", s->signed_sha256);
}

static size_t find(const struct ht_delivery_detail *d, int32_t n)
{
    for (size_t i = d->attempts.n; i-- > 0;)
        if (n == 0 || d->attempts.rows[i].n == n)
            return i;
    return SIZE_MAX;
}

enum ht_rc ht_evidence(const struct ht_delivery_detail *d, int32_t n, struct ht_buf *out, struct ht_err *err)
{
    size_t i = find(d, n);
    if (i == SIZE_MAX)
        return ht_fail(err, HT_NOT_FOUND, "evidence", NULL, "there is no such attempt: %zu are kept", d->attempts.n);
    const struct ht_attempt *a = &d->attempts.rows[i];
    ht_buf_adds(out, "Webhook delivery: what was sent and what came back\n\n");
    add_ids(d, a, out);
    add_signature(d, a, i, out);
    ht_buf_adds(out, "\nRequest headers\n");
    add_lines(out, a->request_headers ? a->request_headers : "", a->request_headers ? strlen(a->request_headers) : 0);
    ht_buf_addf(out, "\nRequest body, %zu bytes\n", d->body_len);
    add_lines(out, d->body ? d->body : "", d->body_len);
    ht_buf_adds(out, "\nAnswer\n");
    add_answer_headers(out, a->response_headers);
    ht_buf_addf(out, "\nAnswer's body, %zu of %" PRId64 " bytes\n", a->response_body_len, a->response_bytes);
    add_lines(out, a->response_body ? a->response_body : "", a->response_body_len);
    ht_buf_adds(out, "\nThe same request again (**** stands for what is not told; a receiver may refuse its age)\n\n");
    add_curl(d, a, out);
    return out->over ? ht_fail(err, HT_FAILED, "evidence", NULL, "it is larger than %u bytes", HT_EVIDENCE_MAX) : HT_OK;
}
