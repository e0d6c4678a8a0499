#include "schedule.h"
#include <string.h>
#include "hooktop/base/clock.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t delay_ms(const struct ht_schedule_input *in)
{
    int64_t base = in->delays_s[in->attempt - 1] * 1000LL;
    int64_t delay = base + base / 10 * (in->chance >> 16) / 65536;
    if (in->status == 429 || in->status == 503) {
        delay = later(delay, in->retry_after_ms);
    }
    return in->error == HT_ATTEMPT_BLOCKED ? later(delay, HT_BLOCKED_RETRY_MS) : delay;
}

void ht_schedule(const struct ht_schedule_input *in, struct ht_schedule_result *ret)
{
    *ret = (struct ht_schedule_result){0};
    if (in->error == HT_ATTEMPT_NONE) {
        ret->to = HT_DELIVERY_SUCCEEDED;
        return;
    }
    if (in->error == HT_ATTEMPT_SEALED || in->error == HT_ATTEMPT_INTERNAL) {
        ret->to = HT_DELIVERY_QUARANTINED;
        return;
    }
    if (in->error == HT_ATTEMPT_GONE) {
        ret->to = HT_DELIVERY_EXHAUSTED;
        ret->disable_endpoint = true;
        ret->reason = "the receiver answered 410: it wants no more";
        return;
    }
    if (in->disable_after_failures > 0 && in->attempt >= in->disable_after_failures) {
        ret->disable_endpoint = true;
        ret->reason = "one delivery failed as often as the profile allows";
    }
    if ((size_t)in->attempt > in->delays_len) {
        ret->to = HT_DELIVERY_EXHAUSTED;
        return;
    }
    ret->to = HT_DELIVERY_READY;
    ret->retry_in_ms = delay_ms(in);
}

static bool parse_seconds(const char *s, int64_t *ret_ms)
{
    size_t n = strlen(s);
    if (n == 0 || strspn(s, "0123456789") != n) {
        return false;
    }
    int64_t seconds = 0;
    for (; *s && seconds <= HT_RETRY_AFTER_MAX_MS; s++) {
        seconds = seconds * 10 + (*s - '0');
    }
    *ret_ms = seconds * 1000;
    return true;
}

int64_t ht_retry_after_ms(const char *value, int64_t now_us)
{
    int64_t ms = 0, at_us;
    if (!parse_seconds(value, &ms) && ht_time_parse_http(value, strlen(value), &at_us)) {
        ms = (at_us - now_us) / 1000;
    }
    if (ms < 0) {
        return 0;
    }
    return ms < HT_RETRY_AFTER_MAX_MS ? ms : HT_RETRY_AFTER_MAX_MS;
}
