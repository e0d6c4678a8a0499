#include "hooktop/base/codec.h"
#include <string.h>

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ht_hex_encode(const void *bytes, size_t len, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        *ret++ = digits[at[i] >> 4];
        *ret++ = digits[at[i] & 15];
    }
    *ret = '\0';
}

int ht_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool ht_hex_decode(const char *hex, size_t hex_len, uint8_t *ret)
{
    if (hex_len % 2 != 0)
        return false;
    for (size_t i = 0; i < hex_len; i += 2) {
        int high = ht_hex_value(hex[i]);
        int low = ht_hex_value(hex[i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret[i / 2] = (uint8_t)(high * 16 + low);
    }
    return true;
}

void ht_base64_encode(const void *bytes, size_t len, char *ret)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)at[i] << 16;
        if (n > 1)
            group |= (uint32_t)at[i + 1] << 8;
        if (n > 2)
            group |= at[i + 2];
        *ret++ = base64_digits[group >> 18];
        *ret++ = base64_digits[(group >> 12) & 63];
        *ret++ = n > 1 ? base64_digits[(group >> 6) & 63] : '=';
        *ret++ = n > 2 ? base64_digits[group & 63] : '=';
    }
    *ret = '\0';
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool ht_base64_decode(const char *s, size_t len, uint8_t *ret, size_t *ret_len)
{
    if (len % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < len && s[len - 1 - padding] == '=')
        padding++;
    size_t digits = len - padding;
    size_t out = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < digits; i++) {
        int v = base64_value(s[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 != 0)
            ret[out++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    /* The bits before the padding must be zero, or two texts would mean the same bytes (RFC 4648 3.5). */
    if (padding > 0 && (bits & (padding == 1 ? 0x3u : 0xfu)) != 0)
        return false;
    *ret_len = out;
    return true;
}
