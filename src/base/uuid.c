#include "hooktop/base/uuid.h"
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/secret.h"

/* Bytes before which the text form has a hyphen. */
static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool ht_uuid_parse(const char *s, struct ht_uuid *ret)
{
    if (strnlen(s, HT_UUID_TEXT) != HT_UUID_TEXT - 1)
        return false;
    struct ht_uuid u;
    for (size_t i = 0; i < sizeof(u.b); i++) {
        if (hyphen_before(i) && *s++ != '-')
            return false;
        if (!ht_hex_decode(s, 2, &u.b[i]))
            return false;
        s += 2;
    }
    *ret = u;
    return true;
}

void ht_uuid_format(const struct ht_uuid *u, char ret_text[HT_UUID_TEXT])
{
    for (size_t i = 0; i < sizeof(u->b); i++) {
        if (hyphen_before(i))
            *ret_text++ = '-';
        ht_hex_encode(&u->b[i], 1, ret_text);
        ret_text += 2;
    }
}

int ht_uuid_cmp(const struct ht_uuid *a, const struct ht_uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}

bool ht_uuid_is_nil(const struct ht_uuid *u)
{
    static const struct ht_uuid nil;
    return ht_uuid_cmp(u, &nil) == 0;
}

int64_t ht_uuid_time_ms(const struct ht_uuid *u)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 6; i++)
        ms = ms * 256 + u->b[i];
    return ms;
}

struct ht_uuid ht_uuid_at(int64_t ms)
{
    struct ht_uuid u = {{[6] = 0x70, [8] = 0x80}};
    for (size_t i = 6; i-- > 0; ms >>= 8)
        u.b[i] = (uint8_t)ms;
    return u;
}

struct ht_uuid ht_uuid_new(void)
{
    struct ht_uuid u;
    ht_random(u.b + 8, sizeof(u.b) - 8);
    int64_t us = ht_wall_us();
    uint64_t ms = (uint64_t)(us / 1000);
    for (size_t i = 0; i < 6; i++)
        u.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    /* RFC 9562 6.2, method 3: the twelve bits after the milliseconds are their fraction, so ids sort within one too. */
    uint32_t fraction = (uint32_t)(us % 1000 * 4096 / 1000);
    u.b[6] = (uint8_t)(0x70u | fraction >> 8);
    u.b[7] = (uint8_t)(fraction & 0xffu);
    u.b[8] = (uint8_t)((u.b[8] & 0x3fu) | 0x80u);
    return u;
}
