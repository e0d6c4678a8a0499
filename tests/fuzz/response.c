/* An answer as a connection carries it, at once and in pieces: the first byte says how large they are, and whether HEAD
 * was asked. Both must come to the same. Then what is made of it: the word of the closed list, and Retry-After. */
#include "lib/fuzz.h"

#include <curl/curl.h>

#include "../../src/delivery/classify.h"
#include "../../src/delivery/framing.h"
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
                                  .words = ""};
    enum ht_attempt_error e = ht_classify(&f, detail, sizeof detail);
    FUZZ_MUST(strnlen(detail, sizeof detail) < sizeof detail);
    FUZZ_MUST(e != HT_ATTEMPT_NONE || (r->complete && r->status >= 200 && r->status <= 299)); /* the one success */
    int64_t ms = ht_retry_after_ms(r->retry_after, INT64_C(1795000000000000));
    FUZZ_MUST(ms >= 0 && ms <= HT_RETRY_AFTER_MAX_MS);
}

/* Feeds it in pieces of this size, as far as the answer goes. */
static enum ht_framing_result feed(struct ht_framing *f, struct ht_response *r, const char *at, size_t len,
                                   size_t piece)
{
    enum ht_framing_result result = HT_FRAMING_MORE;
    while (len > 0 && result == HT_FRAMING_MORE) {
        size_t n = len < piece ? len : piece;
        result = ht_framing_feed(f, r, at, n);
        at += n;
        len -= n;
        check(r);
        FUZZ_MUST(result != HT_FRAMING_END || r->complete);
        FUZZ_MUST(result != HT_FRAMING_ENOUGH || r->headers_flood || r->body_cut);
        FUZZ_MUST(result != HT_FRAMING_NOT_HTTP || (f->why != NULL && !f->keep));
    }
    FUZZ_MUST(!f->keep || len == 0 || result == HT_FRAMING_END);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const CURLcode codes[] = {[HT_FRAMING_MORE] = CURLE_RECV_ERROR,
                                     [HT_FRAMING_END] = CURLE_OK,
                                     [HT_FRAMING_ENOUGH] = CURLE_WRITE_ERROR,
                                     [HT_FRAMING_NOT_HTTP] = CURLE_WEIRD_SERVER_REPLY};
    struct ht_response whole, split;
    struct ht_framing of_whole, of_split;
    if (size == 0)
        return 0;
    bool bodiless = data[0] >> 7 != 0;
    size_t piece = (size_t)(data[0] & 0x7f) + 1;
    const char *at = (const char *)data + 1;
    ht_response_init(&whole);
    ht_response_init(&split);
    ht_framing_init(&of_whole);
    ht_framing_init(&of_split);
    for (int use = 0; use < 2; use++) { /* the second time as it is used again */
        ht_framing_clear(&of_whole, bodiless);
        ht_framing_clear(&of_split, bodiless);
        enum ht_framing_result a = feed(&of_whole, &whole, at, size - 1, size);
        enum ht_framing_result b = feed(&of_split, &split, at, size - 1, piece);
        FUZZ_MUST(a == b && whole.status == split.status && whole.complete == split.complete);
        FUZZ_MUST(whole.headers.len == split.headers.len && whole.body.len == split.body.len);
        FUZZ_MUST(whole.body_bytes == split.body_bytes && whole.body_cut == split.body_cut);
        check_word(&whole, (int)codes[a]);
        ht_response_clear(&whole);
        ht_response_clear(&split);
    }
    ht_framing_fini(&of_whole);
    ht_framing_fini(&of_split);
    ht_response_fini(&whole);
    ht_response_fini(&split);
    return 0;
}
