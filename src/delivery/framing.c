#include "framing.h"
#include <string.h>
#include <strings.h>
#include "hooktop/base/codec.h"

#define SIZE_LINE_MAX 1024u /* of a chunk, with its extensions */
#define DIGITS_MAX    15u   /* of a length, in either base: no sum of two overflows */
#define LINE_KEPT     4096u

void ht_framing_init(struct ht_framing *f)
{
    memset(f, 0, sizeof *f);
    ht_buf_init(&f->line, HT_RESPONSE_HEADERS);
}

void ht_framing_fini(struct ht_framing *f)
{
    ht_buf_fini(&f->line);
}

void ht_framing_clear(struct ht_framing *f, bool bodiless)
{
    if (f->line.cap > LINE_KEPT) {
        ht_buf_fini(&f->line); /* a rare long one is not held for ever */
    }
    struct ht_buf line = f->line;
    *f = (struct ht_framing){.line = line, .bodiless = bodiless};
    ht_buf_clear(&f->line);
}

static enum ht_framing_result not_http(struct ht_framing *f, const char *why)
{
    f->why = why;
    f->place = HT_FRAMING_OVER;
    f->keep = false;
    return HT_FRAMING_NOT_HTTP;
}

static enum ht_framing_result over(struct ht_framing *f)
{
    f->place = HT_FRAMING_OVER;
    return HT_FRAMING_END;
}

/* A line without its end. */
struct line {
    const char *at;
    size_t len;
};

static struct line line_of(const char *bytes, size_t len)
{
    len -= len > 0 && bytes[len - 1] == '\n';
    len -= len > 0 && bytes[len - 1] == '\r';
    return (struct line){bytes, len};
}

static struct line trimmed(struct line l)
{
    while (l.len > 0 && (l.at[0] == ' ' || l.at[0] == '\t')) {
        l.at++;
        l.len--;
    }
    while (l.len > 0 && (l.at[l.len - 1] == ' ' || l.at[l.len - 1] == '\t')) {
        l.len--;
    }
    return l;
}

/* Takes the next item of a list with commas; begin with all of it. False: that was all. */
static bool next_item(struct line *rest, struct line *ret)
{
    if (!rest->at) {
        return false;
    }
    const char *comma = memchr(rest->at, ',', rest->len);
    size_t n = comma ? (size_t)(comma - rest->at) : rest->len;
    *ret = trimmed((struct line){rest->at, n});
    *rest = comma ? (struct line){comma + 1, rest->len - n - 1} : (struct line){0};
    return true;
}

/* Status line ------------------------------------------------------------------------------------------------------ */

static const char version[] = "HTTP/1.";

/* Whether what has come of a first line can still become a status line: a banner is not waited out. */
static bool begins_as_http(const char *bytes, size_t len)
{
    size_t n = len < sizeof version - 1 ? len : sizeof version - 1;
    return memcmp(bytes, version, n) == 0;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the words behind the number may be missing, and their blank. */
static bool status_line(struct line l, int *ret_status, bool *ret_keep)
{
    const size_t minor = sizeof version - 1, code = minor + 2;
    if (l.len < code + 3 || memcmp(l.at, version, minor) != 0 || !digit(l.at[minor]) || l.at[minor + 1] != ' ' ||
        (l.len > code + 3 && l.at[code + 3] != ' ')) {
        return false;
    }
    *ret_status = 0;
    for (size_t i = code; i < code + 3; i++) {
        if (!digit(l.at[i])) {
            return false;
        }
        *ret_status = *ret_status * 10 + (l.at[i] - '0');
    }
    *ret_keep = l.at[minor] != '0';
    return *ret_status >= 100;
}

static enum ht_framing_result on_status(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len)
{
    int status;
    if (!status_line(line_of(bytes, len), &status, &f->keep)) {
        return not_http(f, "its first line is no status line of HTTP/1.1");
    }
    f->place = HT_FRAMING_HEADERS;
    f->chunked = f->odd_coding = f->has_length = false;
    return ht_response_header(r, bytes, len) ? HT_FRAMING_MORE : HT_FRAMING_ENOUGH;
}

/* Headers ---------------------------------------------------------------------------------------------------------- */

static bool read_number(struct line l, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < l.len; i++) {
        if (!digit(l.at[i])) {
            return false;
        }
        *ret = *ret * 10 + (uint64_t)(l.at[i] - '0');
    }
    return l.len > 0 && l.len <= DIGITS_MAX;
}

static bool same_word(struct line l, const char *word)
{
    return l.len == strlen(word) && strncasecmp(l.at, word, l.len) == 0;
}

/* "2", or "2, 2" where somebody has joined two lines (RFC 9110 8.6). */
static bool read_length(struct line value, uint64_t *ret)
{
    struct line item;
    uint64_t other;
    bool good = next_item(&value, &item) && read_number(item, ret);
    while (good && next_item(&value, &item)) {
        good = read_number(item, &other) && other == *ret;
    }
    return good;
}

/* The first counts. Nobody has to agree with us on where the next answer begins behind two that differ, or one that is
 * no number; the status is as clear as without. */
static void on_length(struct ht_framing *f, struct line value)
{
    uint64_t n;
    bool odd = !read_length(value, &n);
    if (odd || (f->has_length && n != f->left)) {
        f->keep = false;
    }
    if (!f->has_length) {
        f->has_length = true;
        f->left = odd ? 0 : n;
    }
}

static void on_coding(struct ht_framing *f, struct line value)
{
    f->odd_coding = f->chunked || !same_word(value, "chunked");
    f->chunked = true;
}

static void on_connection(struct ht_framing *f, struct line value)
{
    struct line word;
    while (next_item(&value, &word)) {
        f->keep = f->keep && !same_word(word, "close");
    }
}

static const struct {
    const char *name;
    void (*take)(struct ht_framing *f, struct line value);
} fields[] = {
    {"Content-Length", on_length},
    {"Transfer-Encoding", on_coding},
    {"Connection", on_connection},
};

/* False: it is no header line. */
static bool read_field(struct ht_framing *f, struct line l)
{
    if (memchr(l.at, '\0', l.len)) {
        return false;
    }
    if (l.at[0] == ' ' || l.at[0] == '\t') {
        return true; /* the line before goes on (RFC 9112 5.2); none that we read does */
    }
    const char *colon = memchr(l.at, ':', l.len);
    if (!colon) {
        return false;
    }
    const struct line name = {l.at, (size_t)(colon - l.at)};
    for (size_t i = 0; i < HT_COUNT(fields); i++) {
        if (same_word(name, fields[i].name)) {
            fields[i].take(f, trimmed((struct line){colon + 1, l.len - name.len - 1}));
        }
    }
    return true;
}

/* What follows the empty line (RFC 9112 6.3). */
static enum ht_framing_result begin_body(struct ht_framing *f, const struct ht_response *r)
{
    if (r->status < 200) {
        f->place = HT_FRAMING_STATUS;
        return HT_FRAMING_MORE;
    }
    if (f->bodiless || r->status == 204 || r->status == 304) {
        return over(f);
    }
    if (f->chunked) {
        f->keep = f->keep && !f->has_length && !f->odd_coding;
        if (f->odd_coding) {
            return not_http(f, "its body has a transfer coding that nobody asked for");
        }
        f->place = HT_FRAMING_CHUNK_SIZE;
        return HT_FRAMING_MORE;
    }
    if (!f->has_length) {
        f->keep = false;
        f->place = HT_FRAMING_BODY_TO_CLOSE;
        return HT_FRAMING_MORE;
    }
    f->place = HT_FRAMING_BODY; /* none of a length that is no number: nobody knows how long to wait for it */
    return f->left > 0 ? HT_FRAMING_MORE : over(f);
}

static enum ht_framing_result on_header(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len)
{
    struct line l = line_of(bytes, len);
    if (l.len > 0 && !read_field(f, l)) {
        return not_http(f, "one of the lines of its headers is no header");
    }
    if (!ht_response_header(r, bytes, len)) {
        return HT_FRAMING_ENOUGH;
    }
    return l.len > 0 ? HT_FRAMING_MORE : begin_body(f, r);
}

/* Chunks ----------------------------------------------------------------------------------------------------------- */

/* "1a2b", perhaps with blanks or an extension behind it. */
static bool read_size(struct line l, uint64_t *ret)
{
    size_t n = 0;
    *ret = 0;
    for (int v; n < l.len && (v = ht_hex_value(l.at[n])) >= 0; n++) {
        *ret = *ret * 16 + (uint64_t)v;
    }
    struct line rest = trimmed((struct line){l.at + n, l.len - n});
    return n > 0 && n <= DIGITS_MAX && (rest.len == 0 || rest.at[0] == ';');
}

static enum ht_framing_result on_size(struct ht_framing *f, const char *bytes, size_t len)
{
    if (len > SIZE_LINE_MAX || !read_size(line_of(bytes, len), &f->left)) {
        return not_http(f, "a chunk of its body has no size");
    }
    f->place = f->left > 0 ? HT_FRAMING_CHUNK : HT_FRAMING_TRAILERS;
    return HT_FRAMING_MORE;
}

static enum ht_framing_result on_chunk_end(struct ht_framing *f, const char *bytes, size_t len)
{
    if (line_of(bytes, len).len > 0) {
        return not_http(f, "a chunk of its body is longer than its size");
    }
    f->place = HT_FRAMING_CHUNK_SIZE;
    return HT_FRAMING_MORE;
}

static enum ht_framing_result on_trailer(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len)
{
    if (!ht_response_header(r, bytes, len)) {
        return HT_FRAMING_ENOUGH;
    }
    return line_of(bytes, len).len > 0 ? HT_FRAMING_MORE : over(f);
}

/* Bytes ------------------------------------------------------------------------------------------------------------ */

static enum ht_framing_result on_line(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len)
{
    switch (f->place) {
    case HT_FRAMING_STATUS:
        return on_status(f, r, bytes, len);
    case HT_FRAMING_HEADERS:
        return on_header(f, r, bytes, len);
    case HT_FRAMING_CHUNK_SIZE:
        return on_size(f, bytes, len);
    case HT_FRAMING_CHUNK_END:
        return on_chunk_end(f, bytes, len);
    case HT_FRAMING_TRAILERS:
        return on_trailer(f, r, bytes, len);
    default:
        return not_http(f, "it goes on behind its end");
    }
}

/* A line, or its beginning; *ret_used bytes of it are done with. */
static enum ht_framing_result take_line(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len,
                                        size_t *ret_used)
{
    const char *lf = memchr(bytes, '\n', len);
    size_t n = lf ? (size_t)(lf - bytes) + 1 : len;
    enum ht_framing_result result = HT_FRAMING_MORE;
    *ret_used = n;
    if (lf && f->line.len == 0) {
        return on_line(f, r, bytes, n);
    }
    ht_buf_add(&f->line, bytes, n);
    if (f->line.over) {
        r->headers_flood = true;
        return HT_FRAMING_ENOUGH;
    }
    if (f->place == HT_FRAMING_STATUS && !begins_as_http(f->line.data, f->line.len)) {
        return not_http(f, "it does not begin as HTTP does");
    }
    if (f->place == HT_FRAMING_CHUNK_SIZE && f->line.len > SIZE_LINE_MAX) {
        return not_http(f, "a chunk of its body has no size");
    }
    if (lf) {
        result = on_line(f, r, f->line.data, f->line.len);
        ht_buf_clear(&f->line);
    }
    return result;
}

static enum ht_framing_result take_body(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len,
                                        size_t *ret_used)
{
    bool to_close = f->place == HT_FRAMING_BODY_TO_CLOSE;
    size_t n = to_close || len < f->left ? len : (size_t)f->left;
    *ret_used = n;
    if (!ht_response_body(r, bytes, n)) {
        return HT_FRAMING_ENOUGH;
    }
    f->left -= to_close ? 0 : n;
    if (to_close || f->left > 0) {
        return HT_FRAMING_MORE;
    }
    if (f->place == HT_FRAMING_CHUNK) {
        f->place = HT_FRAMING_CHUNK_END;
        return HT_FRAMING_MORE;
    }
    return over(f);
}

enum ht_framing_result ht_framing_feed(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len)
{
    enum ht_framing_result result = HT_FRAMING_MORE;
    f->begun = f->begun || len > 0;
    while (len > 0 && result == HT_FRAMING_MORE) {
        bool body = f->place == HT_FRAMING_BODY || f->place == HT_FRAMING_BODY_TO_CLOSE || f->place == HT_FRAMING_CHUNK;
        size_t used = 0;
        result = body ? take_body(f, r, bytes, len, &used) : take_line(f, r, bytes, len, &used);
        bytes += used;
        len -= used;
    }
    f->keep = f->keep && len == 0; /* nothing was asked that the rest could answer */
    return result;
}

bool ht_framing_closed(struct ht_framing *f)
{
    f->keep = false;
    return f->place == HT_FRAMING_BODY_TO_CLOSE;
}
