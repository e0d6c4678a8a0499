#include "internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILL_CHUNK 16384u
#define FOR_EVER   (-1)

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < HT_COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Answered";
}

/* A complete header block that promises `length` bytes of body. `extra` is a header line with its line end, or "". */
static void put_head(struct ht_rx_plan *p, int status, const char *extra, int64_t length)
{
    ht_buf_addf(&p->head, "HTTP/1.1 %d %s\r\n%s", status, reason_of(status), extra);
    if (status != 204)
        ht_buf_addf(&p->head, "Content-Type: text/plain\r\nContent-Length: %" PRId64 "\r\n", length);
    ht_buf_adds(&p->head, "\r\n");
    p->status = status;
    p->status_at = p->head.len;
}

static void put_answer(struct ht_rx_plan *p, int status, const char *extra, const char *body)
{
    if (status == 204)
        body = "";
    put_head(p, status, extra, (int64_t)strlen(body));
    ht_buf_adds(&p->head, body);
}

static int64_t size_or_none(int64_t arg)
{
    return arg < 0 ? 0 : arg;
}

/* Repeats `pattern` for so many bytes (a multiple of its length is not needed). */
static void put_fill(struct ht_rx_plan *p, const char *pattern, int64_t bytes)
{
    while (p->fill.len < FILL_CHUNK)
        ht_buf_adds(&p->fill, pattern);
    p->fill_bytes = bytes;
}

/* What an answer is made from. */
struct script {
    int64_t arg;
    const char *text;
    int64_t ordinal;
    int64_t tries;
};

static int status_or(int64_t arg, int otherwise)
{
    return arg >= 100 && arg <= 999 ? (int)arg : otherwise;
}

static int32_t ms_of(int64_t arg)
{
    return arg < 0 ? 0 : arg > 3600000 ? 3600000 : (int32_t)arg;
}

static void answer_status(struct ht_rx_plan *p, const struct script *s)
{
    put_answer(p, status_or(s->arg, 200), "", s->text != NULL ? s->text : "ok\n");
}

static void answer_fail_first(struct ht_rx_plan *p, const struct script *s)
{
    if (s->ordinal > 0 && s->tries <= s->arg)
        put_answer(p, 503, "", "not yet\n");
    else
        put_answer(p, 200, "", "ok\n");
}

static void answer_fail_part(struct ht_rx_plan *p, const struct script *s)
{
    if (s->ordinal > 0 && s->tries == 1 && s->arg > 0 && s->ordinal % s->arg == 0)
        put_answer(p, 503, "", "try again\n");
    else
        put_answer(p, 200, "", "ok\n");
}

static void answer_slow(struct ht_rx_plan *p, const struct script *s)
{
    p->delay_ms = ms_of(s->arg);
    put_answer(p, 200, "", "slow\n");
}

static void answer_hang(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    p->end = HT_RX_STALL;
}

static void answer_reset(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    p->end = HT_RX_RESET;
}

static void answer_close(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    p->end = HT_RX_CLOSE;
}

static void answer_garbage(struct ht_rx_plan *p, const struct script *s)
{
    static const char garbage[] = "\x00\x01 this is not HTTP\r\n\r\n";
    (void)s;
    ht_buf_add(&p->head, garbage, sizeof(garbage) - 1);
    p->end = HT_RX_CLOSE;
}

static void answer_bad_status(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    ht_buf_adds(&p->head, "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n");
    p->end = HT_RX_CLOSE;
}

static void answer_endless_header(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    ht_buf_adds(&p->head, "HTTP/1.1 200 OK\r\nX-Endless: ");
    put_fill(p, "a", FOR_EVER);
}

static void answer_header_flood(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    ht_buf_adds(&p->head, "HTTP/1.1 200 OK\r\n");
    put_fill(p, "X-Flood: one more line that nobody asked for\r\n", FOR_EVER);
}

static void answer_big_header(struct ht_rx_plan *p, const struct script *s)
{
    ht_buf_adds(&p->head, "HTTP/1.1 200 OK\r\nX-Big: ");
    put_fill(p, "b", size_or_none(s->arg));
    p->tail = ht_strdup("\r\nContent-Length: 0\r\n\r\n");
    p->status = 200;
    p->status_at = p->head.len + (size_t)p->fill_bytes + strlen(p->tail);
}

static void answer_interim_flood(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    put_fill(p, "HTTP/1.1 103 Early Hints\r\nLink: </nowhere>; rel=preload\r\n\r\n", FOR_EVER);
}

static void answer_headers_then_stall(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    put_head(p, 200, "", 100);
    p->end = HT_RX_STALL;
}

static void answer_headers_then_reset(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    put_head(p, 200, "", 100);
    p->end_delay_ms = 50; /* the headers must be read before the reset throws them away */
    p->end = HT_RX_RESET;
}

static void answer_big_body(struct ht_rx_plan *p, const struct script *s)
{
    put_head(p, 200, "", size_or_none(s->arg));
    put_fill(p, "body ", size_or_none(s->arg));
}

static void answer_redirect(struct ht_rx_plan *p, const struct script *s)
{
    HT_BUF_CLEANUP struct ht_buf extra;
    ht_buf_init(&extra, HT_RX_HEAD_MAX);
    ht_buf_addf(&extra, "Location: %s\r\n", s->text != NULL ? s->text : "/elsewhere");
    put_answer(p, status_or(s->arg, 302), extra.data, "");
}

static void answer_retry_after(struct ht_rx_plan *p, const struct script *s)
{
    HT_BUF_CLEANUP struct ht_buf extra;
    ht_buf_init(&extra, HT_RX_HEAD_MAX);
    ht_buf_addf(&extra, "Retry-After: %s\r\n", s->text != NULL ? s->text : "1");
    put_answer(p, status_or(s->arg, 429), extra.data, "later\n");
}

/* Colours, a cleared screen, a window title, a clipboard write, C1 controls, direction overrides, and bytes that are
 * not UTF-8: in the reason, in headers, in the body. */
static void answer_hostile(struct ht_rx_plan *p, const struct script *s)
{
    static const char body[] = "before \x1b[2J\x1b[31mRED\x1b]0;title\x07\x1b]52;c;cHduZWQ=\x07 "
                               "\xe2\x80\xae\xe2\x80\x8b \xc2\x9b"
                               "31m \x9b"
                               "31m\xff\xc0\x80\x00\x08\r\n after";
    (void)s;
    ht_buf_adds(&p->head, "HTTP/1.1 500 \x1b[31mOops\x1b[0m\r\n"
                          "X-Colour: \x1b[2J\x1b[1;31mred\x1b]0;owned\x07\r\n"
                          "X-Turned: \xe2\x80\xae"
                          "desrever\r\n"
                          "X-Raw: \x9b"
                          "31m\xff\r\n");
    ht_buf_addf(&p->head, "Content-Length: %zu\r\n\r\n", sizeof(body) - 1);
    p->status = 500;
    p->status_at = p->head.len;
    ht_buf_add(&p->head, body, sizeof(body) - 1);
}

static void answer_drip(struct ht_rx_plan *p, const struct script *s)
{
    put_answer(p, 200, "", "drip\n");
    p->drip_ms = ms_of(s->arg);
}

static void answer_raw(struct ht_rx_plan *p, const struct script *s)
{
    ht_buf_adds(&p->head, s->text != NULL ? s->text : "");
    p->status = status_or(s->arg, 0);
    p->status_at = p->head.len;
    p->end = HT_RX_CLOSE;
}

static void answer_hold(struct ht_rx_plan *p, const struct script *s)
{
    (void)s;
    put_answer(p, 200, "", "at last\n");
    p->held = true;
}

static void (*const answers[])(struct ht_rx_plan *, const struct script *) = {
    [HT_ANSWER_STATUS] = answer_status,
    [HT_ANSWER_FAIL_FIRST] = answer_fail_first,
    [HT_ANSWER_FAIL_PART] = answer_fail_part,
    [HT_ANSWER_SLOW] = answer_slow,
    [HT_ANSWER_HANG] = answer_hang,
    [HT_ANSWER_RESET] = answer_reset,
    [HT_ANSWER_CLOSE] = answer_close,
    [HT_ANSWER_GARBAGE] = answer_garbage,
    [HT_ANSWER_BAD_STATUS] = answer_bad_status,
    [HT_ANSWER_ENDLESS_HEADER] = answer_endless_header,
    [HT_ANSWER_HEADER_FLOOD] = answer_header_flood,
    [HT_ANSWER_BIG_HEADER] = answer_big_header,
    [HT_ANSWER_INTERIM_FLOOD] = answer_interim_flood,
    [HT_ANSWER_HEADERS_THEN_STALL] = answer_headers_then_stall,
    [HT_ANSWER_HEADERS_THEN_RESET] = answer_headers_then_reset,
    [HT_ANSWER_BIG_BODY] = answer_big_body,
    [HT_ANSWER_REDIRECT] = answer_redirect,
    [HT_ANSWER_RETRY_AFTER] = answer_retry_after,
    [HT_ANSWER_HOSTILE] = answer_hostile,
    [HT_ANSWER_DRIP] = answer_drip,
    [HT_ANSWER_RAW] = answer_raw,
    [HT_ANSWER_HOLD] = answer_hold,
};

static void plan_init(struct ht_rx_plan *p)
{
    *p = (struct ht_rx_plan){.end = HT_RX_KEEP};
    ht_buf_init(&p->head, 2 * HT_RX_HEAD_MAX);
    ht_buf_init(&p->fill, 2 * FILL_CHUNK);
}

void ht_rx_plan_route(struct ht_rx_plan *ret, enum ht_answer answer, int64_t arg, const char *text, int64_t ordinal,
                      int64_t tries)
{
    const struct script s = {.arg = arg, .text = text, .ordinal = ordinal, .tries = tries};
    plan_init(ret);
    answers[answer](ret, &s);
}

void ht_rx_plan_status(struct ht_rx_plan *ret, int status, const char *body, enum ht_rx_end end)
{
    plan_init(ret);
    put_answer(ret, status, end == HT_RX_CLOSE ? "Connection: close\r\n" : "", body);
    ret->end = end;
}

void ht_rx_plan_fini(struct ht_rx_plan *p)
{
    ht_buf_fini(&p->head);
    ht_buf_fini(&p->fill);
    free(p->tail);
    *p = (struct ht_rx_plan){0};
}

size_t ht_rx_plan_chunk(const struct ht_rx_plan *p, uint64_t at, const char **ret_bytes)
{
    if (at < p->head.len) {
        *ret_bytes = p->head.data + at;
        return p->head.len - (size_t)at;
    }
    at -= p->head.len;
    uint64_t fill = p->fill_bytes < 0 ? UINT64_MAX : (uint64_t)p->fill_bytes;
    if (at < fill) {
        size_t from = (size_t)(at % p->fill.len), rest = p->fill.len - from;
        *ret_bytes = p->fill.data + from;
        return fill - at < rest ? (size_t)(fill - at) : rest;
    }
    at -= fill;
    size_t tail = p->tail == NULL ? 0 : strlen(p->tail);
    *ret_bytes = tail == 0 ? "" : p->tail + at;
    return tail - (size_t)at;
}
