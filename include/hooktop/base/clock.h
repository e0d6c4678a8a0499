/* Time. Deadlines inside the program use the monotonic clock; everything that is stored or compared with stored times
 * is the database's clock and only passes through here as microseconds since 1970 UTC. Any thread; nothing blocks. */
#ifndef HOOKTOP_BASE_CLOCK_H
#define HOOKTOP_BASE_CLOCK_H

#include <stdint.h>
#include "hooktop/base/err.h"

int64_t ht_mono_us(void);
int64_t ht_wall_us(void); /* for display and for RFC 9562 only */

#define HT_TIME_TEXT 32
/* "2026-11-20T14:02:58.440Z": RFC 3339, UTC, milliseconds. */
void ht_time_rfc3339(int64_t us, char ret_text[HT_TIME_TEXT]);
/* RFC 3339 in any offset, or "2026-11-20", "2026-11-20 14:02", "14:02" (the day of now_us), or a duration
 * back from now_us: "-2h" or "2h". Without an offset it is UTC. */
HT_MUST_CHECK enum ht_rc ht_time_parse(const char *s, int64_t now_us, int64_t *ret_us, struct ht_err *err);
/* "15s", "5m", "2h", "1d", "1500ms", "1h30m", at most 400 days. A bare "0" is fine, any other bare number an error. */
HT_MUST_CHECK enum ht_rc ht_duration_parse(const char *s, int64_t *ret_ms, struct ht_err *err);
/* The short form for people: "88ms", "2s", "41m", "19h02m", "110d". */
void ht_duration_format(int64_t ms, char *ret_text, size_t size);
/* HTTP's IMF-fixdate (RFC 9110 5.6.7) to microseconds; false when it is none. */
bool ht_time_parse_http(const char *s, size_t len, int64_t *ret_us);

#endif
