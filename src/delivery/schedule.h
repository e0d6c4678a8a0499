/* What becomes of a delivery after an attempt, and when it is tried again. Pure: chance and time are given. */
#ifndef HOOKTOP_SRC_DELIVERY_SCHEDULE_H
#define HOOKTOP_SRC_DELIVERY_SCHEDULE_H

#include <stdint.h>
#include "hooktop/model/words.h"

#define HT_RETRY_AFTER_MAX_MS (24 * 3600 * 1000LL)
#define HT_BLOCKED_RETRY_MS   (3600 * 1000LL) /* what the guard refused is not tried again sooner */

struct ht_schedule_input {
    const int32_t *delays_s; /* after the first, second, ... failure */
    size_t delays_len;
    int32_t attempt; /* the one that has ended, from 1 */
    enum ht_attempt_error error;
    int32_t status;
    int64_t retry_after_ms;         /* 0 = none was given */
    int32_t disable_after_failures; /* of one delivery; 0 = never */
    uint32_t chance;                /* evenly from all 32 bits: the jitter, 0 to +10 % */
};
struct ht_schedule_result {
    enum ht_delivery_status to; /* SUCCEEDED, READY, EXHAUSTED, QUARANTINED */
    int64_t retry_in_ms;
    bool disable_endpoint;
    const char *reason; /* static, or NULL */
};

void ht_schedule(const struct ht_schedule_input *in, struct ht_schedule_result *ret);

/* Retry-After (RFC 9110 10.2.3), seconds or a date, as milliseconds from now_us, at most 24 h; 0 for anything else. */
int64_t ht_retry_after_ms(const char *value, int64_t now_us);

#endif
