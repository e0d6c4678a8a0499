#include "hooktop/base/err.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hooktop/base/text.h"

static _Atomic(void (*)(void)) abort_handler;

/* A cut in the middle of a UTF-8 character would show up as stray bytes, so the whole character goes. */
static void drop_cut_character(char *s)
{
    size_t len = strlen(s);
    size_t tail = 0;
    while (tail < 3 && tail < len && ((unsigned char)s[len - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail < len && ((unsigned char)s[len - 1 - tail] & 0xc0) == 0xc0) {
        uint32_t ch;
        size_t start = len - 1 - tail;
        if (ht_utf8_decode(s + start, len - start, &ch) == 0)
            s[start] = '\0';
    }
}

static void copy_bounded(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);
    bool cut = len >= size;
    if (cut)
        len = size - 1;
    memcpy(to, from, len);
    to[len] = '\0';
    if (cut)
        drop_cut_character(to);
}

#undef ht_fail
enum ht_rc ht_fail(struct ht_err *err, enum ht_rc rc, const char *what, const char *fix, const char *why_fmt, ...)
{
    if (err == NULL || err->rc != HT_OK)
        return rc;
    va_list args;
    va_start(args, why_fmt);
    int len = vsnprintf(err->why, sizeof(err->why), why_fmt, args);
    va_end(args);
    if (len < 0)
        err->why[0] = '\0';
    else if ((size_t)len >= sizeof(err->why))
        drop_cut_character(err->why);
    copy_bounded(err->what, sizeof(err->what), what);
    copy_bounded(err->fix, sizeof(err->fix), fix ? fix : "");
    err->rc = rc;
    return rc;
}

void ht_err_clear(struct ht_err *err)
{
    if (err == NULL)
        return;
    err->rc = HT_OK;
    err->what[0] = err->why[0] = err->fix[0] = '\0';
}

size_t ht_err_line(const struct ht_err *err, char *ret_line, size_t size)
{
    if (size == 0)
        return 0;
    char raw[sizeof(err->what) + sizeof(err->why) + sizeof(err->fix) + 8];
    const char *const parts[] = {err->what, err->why, err->fix};
    size_t len = 0;
    for (size_t i = 0; i < HT_COUNT(parts); i++) {
        size_t n = strlen(parts[i]);
        if (n == 0)
            continue;
        if (len > 0) {
            memcpy(raw + len, ": ", 2);
            len += 2;
        }
        memcpy(raw + len, parts[i], n);
        len += n;
    }
    raw[len] = '\0';
    ht_text_clean_str(ret_line, size, raw, HT_TEXT_CELL);
    return strlen(ret_line);
}

int ht_exit_code(enum ht_rc rc)
{
    return rc <= HT_DENIED ? (int)rc : 1;
}

void ht_on_abort(void (*handler)(void))
{
    atomic_store(&abort_handler, handler);
}

void ht_abort(const char *why)
{
    void (*handler)(void) = atomic_exchange(&abort_handler, NULL);
    if (handler != NULL)
        handler();
    static const char prefix[] = "hooktop: ";
    /* Nothing can be done when even this cannot be written. */
    if (write(STDERR_FILENO, prefix, sizeof(prefix) - 1) < 0 || write(STDERR_FILENO, why, strlen(why)) < 0 ||
        write(STDERR_FILENO, "\n", 1) < 0)
        abort();
    abort();
}

void *ht_alloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (p == NULL)
        ht_abort("out of memory");
    return p;
}

void *ht_realloc(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        ht_abort("out of memory");
    void *q = realloc(p, bytes > 0 ? bytes : 1);
    if (q == NULL)
        ht_abort("out of memory");
    return q;
}

char *ht_strndup(const char *s, size_t len)
{
    if (len == SIZE_MAX)
        ht_abort("out of memory");
    char *copy = ht_alloc(len + 1, 1);
    memcpy(copy, s, len);
    return copy;
}

char *ht_strdup(const char *s)
{
    return ht_strndup(s, strlen(s));
}

void ht_freep(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;
    free(*p);
    *p = NULL;
}
