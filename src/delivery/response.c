#include "response.h"
#include <curl/curl.h>
#include <string.h>

void ht_response_init(struct ht_response *r)
{
    memset(r, 0, sizeof *r);
    ht_buf_init(&r->headers, HT_RESPONSE_HEADERS_KEPT);
    ht_buf_init(&r->body, HT_RESPONSE_BODY_KEPT);
}

void ht_response_fini(struct ht_response *r)
{
    ht_buf_fini(&r->headers);
    ht_buf_fini(&r->body);
}

void ht_response_clear(struct ht_response *r)
{
    struct ht_buf headers = r->headers, body = r->body;
    memset(r, 0, sizeof *r);
    r->headers = headers;
    r->body = body;
    ht_buf_clear(&r->headers);
    ht_buf_clear(&r->body);
}

/* As much as there is room for: a buffer takes an append whole or not at all. */
static void keep(struct ht_buf *b, const char *bytes, size_t len)
{
    size_t room = b->max_bytes - b->len;
    ht_buf_add(b, bytes, len < room ? len : room);
}

static void begin_block(struct ht_response *r, const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    ht_buf_clear(&r->headers);
    r->retry_after[0] = r->location[0] = '\0';
    r->in_block = true;
    r->status = 0;
    for (const char *p = space ? space + 1 : line + len; p < line + len && *p >= '0' && *p <= '9'; p++) {
        r->status = r->status * 10 + (*p - '0');
        if (r->status > 999) {
            r->status = 0;
            return;
        }
    }
}

/* Copies the value of the header `name` when this line is it. */
static void pick(const char *line, size_t len, const char *name, char *ret, size_t size)
{
    size_t n = strlen(name);
    if (len <= n || line[n] != ':' || !curl_strnequal(line, name, n)) {
        return;
    }
    const char *p = line + n + 1, *end = line + len;
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    while (end > p && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    size_t take = (size_t)(end - p) < size - 1 ? (size_t)(end - p) : size - 1;
    memcpy(ret, p, take);
    ret[take] = '\0';
}

bool ht_response_header(struct ht_response *r, const char *line, size_t len)
{
    r->header_bytes += len;
    if (r->header_bytes > HT_RESPONSE_HEADERS) {
        r->headers_flood = true;
        return false;
    }
    if (r->complete) {
        return true; /* trailers behind a chunked body */
    }
    if (!r->in_block) {
        begin_block(r, line, len);
    }
    bool blank = len == 0 || line[0] == '\n' || (len > 1 && line[0] == '\r' && line[1] == '\n');
    if (blank) {
        r->in_block = false;
        r->complete = r->status >= 200;
        return true;
    }
    keep(&r->headers, line, len);
    pick(line, len, "Retry-After", r->retry_after, sizeof r->retry_after);
    pick(line, len, "Location", r->location, sizeof r->location);
    return true;
}

bool ht_response_body(struct ht_response *r, const char *bytes, size_t len)
{
    size_t room = HT_RESPONSE_BODY - r->body_bytes;
    size_t take = len < room ? len : room;
    keep(&r->body, bytes, take);
    r->body_bytes += take;
    r->body_cut = take < len;
    return !r->body_cut;
}
