#include "hooktop/base/buf.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `data` points to while nothing is allocated (cap 0). Never written. */
static char nothing[1];

void ht_buf_init(struct ht_buf *b, size_t max_bytes)
{
    *b = (struct ht_buf){.data = nothing, .max_bytes = max_bytes};
}

void ht_buf_fini(struct ht_buf *b)
{
    if (b->cap > 0)
        free(b->data);
    ht_buf_init(b, b->max_bytes);
}

void ht_buf_clear(struct ht_buf *b)
{
    b->len = 0;
    b->over = false;
    if (b->cap > 0)
        b->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL, or sets `over`. */
static bool grow(struct ht_buf *b, size_t more)
{
    if (b->over || more > b->max_bytes - b->len || b->max_bytes == SIZE_MAX) {
        b->over = true;
        return false;
    }
    size_t need = b->len + more + 1;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max_bytes + 1)
        cap = b->max_bytes + 1;
    b->data = ht_realloc(b->cap > 0 ? b->data : NULL, cap, 1);
    b->cap = cap;
    return true;
}

static inline bool reserve(struct ht_buf *b, size_t more)
{
    /* `cap` is never more than `max_bytes` and the NUL, so what fits into it is allowed */
    return (!b->over && more < b->cap - b->len) || grow(b, more);
}

void ht_buf_add(struct ht_buf *b, const void *bytes, size_t len)
{
    if (!reserve(b, len))
        return;
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void ht_buf_adds(struct ht_buf *b, const char *s)
{
    ht_buf_add(b, s, strlen(s));
}

void ht_buf_addc(struct ht_buf *b, char c)
{
    ht_buf_add(b, &c, 1);
}

void ht_buf_addf(struct ht_buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ht_buf_addv(b, fmt, args);
    va_end(args);
}

void ht_buf_addv(struct ht_buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (len < 0 || !reserve(b, (size_t)len)) {
        b->over = true;
        return;
    }
    vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
    b->len += (size_t)len;
}

char *ht_buf_take(struct ht_buf *b, size_t *ret_len)
{
    char *bytes = b->cap > 0 ? b->data : ht_strdup("");
    if (ret_len != NULL)
        *ret_len = b->len;
    ht_buf_init(b, b->max_bytes);
    return bytes;
}
