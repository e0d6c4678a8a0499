/* UUIDs. Every id of hooktop is a version 7 UUID (RFC 9562): its first 48 bits are milliseconds since 1970, so ids sort
 * by time and an id alone finds its partition. Plain values, no allocation, any thread. */
#ifndef HOOKTOP_BASE_UUID_H
#define HOOKTOP_BASE_UUID_H

#include <stdint.h>
#include "hooktop/base/err.h"

struct ht_uuid {
    uint8_t b[16];
};

#define HT_UUID_TEXT 37 /* with the NUL */

/* Exactly 36 characters, lower or upper case. False leaves *ret untouched. */
bool ht_uuid_parse(const char *s, struct ht_uuid *ret);
void ht_uuid_format(const struct ht_uuid *u, char ret_text[HT_UUID_TEXT]);
int ht_uuid_cmp(const struct ht_uuid *a, const struct ht_uuid *b); /* byte order, as PostgreSQL sorts them */
bool ht_uuid_is_nil(const struct ht_uuid *u);
int64_t ht_uuid_time_ms(const struct ht_uuid *u);
struct ht_uuid ht_uuid_new(void);
struct ht_uuid ht_uuid_at(int64_t ms); /* sorts right before those of this moment, as hooktop.uuid_at does */

#endif
