/* Hexadecimal and base64 (RFC 4648, with padding). Pure functions, any thread. For secrets the caller gives memory from
 * ht_secret_fill_area; nothing here keeps a copy. */
#ifndef HOOKTOP_BASE_CODEC_H
#define HOOKTOP_BASE_CODEC_H

#include <stdint.h>
#include "hooktop/base/err.h"

#define HT_HEX_SIZE(n)    (2 * (n) + 1)
#define HT_BASE64_SIZE(n) (4 * (((n) + 2) / 3) + 1)

int ht_hex_value(char c);                                          /* of one digit; -1: it is none */
void ht_hex_encode(const void *bytes, size_t len, char *ret);      /* ret: HT_HEX_SIZE(len), lower case, terminated */
bool ht_hex_decode(const char *hex, size_t hex_len, uint8_t *ret); /* ret: hex_len / 2 bytes */
void ht_base64_encode(const void *bytes, size_t len, char *ret);   /* ret: HT_BASE64_SIZE(len), terminated */
/* Strict: padding required, no white space. ret must hold 3 * (len / 4) bytes. */
bool ht_base64_decode(const char *s, size_t len, uint8_t *ret, size_t *ret_len);

#endif
