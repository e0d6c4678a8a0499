/* Retry-After and HTTP's dates, as a receiver may send them. */
#include "lib/fuzz.h"

#include "../../src/delivery/schedule.h"
#include "hooktop/base/clock.h"

#define NOW_US INT64_C(1795000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t at_us = 0;
    HT_AUTOFREE char *text = fuzz_text(data, size);
    int64_t ms = ht_retry_after_ms(text, NOW_US);
    FUZZ_MUST(ms >= 0 && ms <= HT_RETRY_AFTER_MAX_MS);
    if (!ht_time_parse_http((const char *)data, size, &at_us))
        return 0;
    char shown[HT_TIME_TEXT];
    int64_t again_us;
    ht_time_rfc3339(at_us, shown);
    FUZZ_MUST(size == 29 && at_us % 1000000 == 0);
    FUZZ_MUST(ht_time_parse(shown, NOW_US, &again_us, NULL) == HT_OK);
    FUZZ_MUST(again_us == at_us ||
              strcmp(shown, "9999-12-31T23:59:59.999Z") == 0); /* a leap second at the end of time */
    FUZZ_MUST((ms > 0) == (at_us >= NOW_US + 1000));
    return 0;
}
