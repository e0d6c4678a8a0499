/* An answer as libcurl hands it over: header lines up to the empty one, then the body in pieces; the first byte says
 * how large they are. Then what is made of it: the word of the closed list, and Retry-After. */
#include "lib/fuzz.h"

#include <curl/curl.h>

#include "../../src/delivery/classify.h"
#include "../../src/delivery/response.h"
#include "../../src/delivery/schedule.h"

static void check(const struct ht_response *r)
{
    FUZZ_MUST(r->headers.len <= HT_RESPONSE_HEADERS_KEPT && r->body.len <= HT_RESPONSE_BODY_KEPT);
    FUZZ_MUST(r->body_bytes <= HT_RESPONSE_BODY && r->status >= 0 && r->status <= 999);
    FUZZ_MUST(!r->complete || (r->status >= 200 && !r->in_block));
    FUZZ_MUST(strnlen(r->location, sizeof r->location) < sizeof r->location);
    FUZZ_MUST(strnlen(r->retry_after, sizeof r->retry_after) < sizeof r->retry_after);
}

static void check_word(const struct ht_response *r, int curl_code)
{
    char detail[256];
    struct ht_exchange_facts f = {.curl_code = curl_code,
                                  .resolved = true,
                                  .connected = true,
                                  .secured = true,
                                  .sent = true,
                                  .status = r->status,
                                  .in_block = r->in_block,
                                  .complete = r->complete,
                                  .headers_flood = r->headers_flood,
                                  .body_cut = r->body_cut,
                                  .location = r->location,
                                  .curl_text = ""};
    enum ht_attempt_error e = ht_classify(&f, detail, sizeof detail);
    FUZZ_MUST(strnlen(detail, sizeof detail) < sizeof detail);
    FUZZ_MUST(e != HT_ATTEMPT_NONE || (r->complete && r->status >= 200 && r->status <= 299)); /* the one success */
    int64_t ms = ht_retry_after_ms(r->retry_after, INT64_C(1795000000000000));
    FUZZ_MUST(ms >= 0 && ms <= HT_RETRY_AFTER_MAX_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_response r;
    if (size == 0)
        return 0;
    size_t piece = (size_t)data[0] * 64 + 1;
    const char *at = (const char *)data + 1, *end = (const char *)data + size;
    bool on = true;
    ht_response_init(&r);
    for (int use = 0; use < 2; use++) { /* the second time as it is used again */
        const char *p = at;
        while (on && p < end && !r.complete) {
            const char *lf = memchr(p, '\n', (size_t)(end - p));
            const char *next = lf != NULL ? lf + 1 : end;
            on = ht_response_header(&r, p, (size_t)(next - p));
            p = next;
            check(&r);
        }
        while (on && p < end) {
            size_t n = (size_t)(end - p) < piece ? (size_t)(end - p) : piece;
            on = ht_response_body(&r, p, n);
            p += n;
            check(&r);
        }
        check_word(&r, on ? CURLE_OK : CURLE_WRITE_ERROR);
        ht_response_clear(&r);
        on = true;
    }
    ht_response_fini(&r);
    return 0;
}
