/* A growing byte buffer with a ceiling.
 *
 * Every buffer says at birth how large it may become. An append that would pass the ceiling appends nothing and sets
 * `over`; later appends do nothing. So a caller can append many times and test `over` once.
 * The bytes are always followed by a NUL that is not counted, so `data` is a C string when it holds no NUL itself;
 * `data` is never NULL after ht_buf_init.
 *
 * Ownership: the caller owns the struct; the struct owns the bytes until ht_buf_fini or ht_buf_take.
 * Never for secrets (see secret.h): growing leaves copies behind. Thread: one at a time. Does not block.
 */
#ifndef HOOKTOP_BASE_BUF_H
#define HOOKTOP_BASE_BUF_H

#include <stdarg.h>
#include <stdint.h>
#include "hooktop/base/err.h"

struct ht_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool over;
};

void ht_buf_init(struct ht_buf *b, size_t max_bytes);
void ht_buf_fini(struct ht_buf *b);  /* also right for a struct of zeros */
void ht_buf_clear(struct ht_buf *b); /* keeps the memory, forgets `over` */
void ht_buf_add(struct ht_buf *b, const void *bytes, size_t len);
void ht_buf_adds(struct ht_buf *b, const char *s);
void ht_buf_addc(struct ht_buf *b, char c);
void ht_buf_addf(struct ht_buf *b, const char *fmt, ...) HT_PRINTF(2, 3);
void ht_buf_addv(struct ht_buf *b, const char *fmt, va_list args) HT_PRINTF(2, 0);
/* Hands the bytes over (free() them) and leaves the buffer empty. Never NULL. */
char *ht_buf_take(struct ht_buf *b, size_t *ret_len);

#define HT_BUF_CLEANUP HT_CLEANUP(ht_buf_fini)

#endif
