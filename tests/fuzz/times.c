/* Times, durations, rates and schedules as people write them. */
#include "lib/fuzz.h"

#include "hooktop/base/clock.h"
#include "hooktop/cli/command.h"
#include "hooktop/cli/input.h"

#define NOW_US INT64_C(1795000000000000)
#define DAY_MS (24 * 3600 * INT64_C(1000))

static void time_of(const char *text)
{
    int64_t us = 0, again = 0;
    char shown[HT_TIME_TEXT];
    struct ht_err err = {0};
    if (ht_time_parse(text, NOW_US, &us, &err) != HT_OK) {
        fuzz_explains(&err);
        return;
    }
    ht_time_rfc3339(us, shown);
    FUZZ_MUST(strlen(shown) == 24 && ht_time_parse(shown, NOW_US, &again, NULL) == HT_OK);
    bool edge = strncmp(shown, "0000-01-01", 10) == 0 || strncmp(shown, "9999-12-31", 10) == 0;
    FUZZ_MUST(edge || (again <= us && us - again < 1000));
}

static void duration_of(const char *text)
{
    int64_t ms = -1;
    char shown[16];
    struct ht_err err = {0};
    if (ht_duration_parse(text, &ms, &err) != HT_OK) {
        fuzz_explains(&err);
        return;
    }
    FUZZ_MUST(ms >= 0 && ms <= 400 * DAY_MS);
    ht_duration_format(ms, shown, sizeof shown);
    FUZZ_MUST(strlen(shown) <= 8);
}

static void lists_of(const char *text)
{
    int32_t delays[HT_SCHEDULE_MAX];
    uint8_t n = 0;
    double rate = 0;
    struct ht_err err = {0};
    if (ht_schedule_parse(text, delays, &n, &err) == HT_OK) {
        FUZZ_MUST(n >= 1 && n <= HT_SCHEDULE_MAX);
        for (size_t i = 0; i < n; i++)
            FUZZ_MUST(delays[i] >= 1 && delays[i] <= 400 * DAY_MS / 1000);
    } else {
        fuzz_explains(&err);
    }
    ht_err_clear(&err);
    if (ht_rate_parse(text, &rate, &err) == HT_OK)
        FUZZ_MUST(rate > 0 && rate <= 1e6);
    else
        fuzz_explains(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HT_AUTOFREE char *text = fuzz_text(data, size);
    time_of(text);
    duration_of(text);
    lists_of(text);
    return 0;
}
