#include "hooktop/base/secret.h"
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define HEAP_BYTES    (4u * 1024u * 1024u)
#define HEAP_SMALLEST 16u

struct ht_secret {
    size_t len;
    size_t cap;
    uint8_t *bytes; /* in the secure heap */
};

bool ht_secret_init_process(void)
{
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    return CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_SMALLEST) == 1;
}

enum ht_rc ht_secret_new_blank(size_t len, struct ht_secret **ret, struct ht_err *err)
{
    if (len > HT_SECRET_MAX)
        return ht_fail(err, HT_USAGE, "secret", NULL, "it has %zu bytes, at most %u are allowed", len, HT_SECRET_MAX);
    size_t cap = len > 0 ? len : 1;
    uint8_t *bytes = OPENSSL_secure_zalloc(cap);
    if (bytes == NULL)
        return ht_fail(err, HT_FAILED, "secret", "try again when fewer secrets are in use",
                       "the locked memory for secrets is full");
    struct ht_secret *s = ht_alloc(1, sizeof(*s));
    *s = (struct ht_secret){.len = len, .cap = cap, .bytes = bytes};
    *ret = s;
    return HT_OK;
}

enum ht_rc ht_secret_new(const void *bytes, size_t len, struct ht_secret **ret, struct ht_err *err)
{
    struct ht_secret *s;
    enum ht_rc rc = ht_secret_new_blank(len, &s, err);
    if (rc != HT_OK)
        return rc;
    if (len > 0)
        memcpy(s->bytes, bytes, len);
    *ret = s;
    return HT_OK;
}

enum ht_rc ht_secret_new_random(size_t len, struct ht_secret **ret, struct ht_err *err)
{
    struct ht_secret *s;
    enum ht_rc rc = ht_secret_new_blank(len, &s, err);
    if (rc != HT_OK)
        return rc;
    if (len > 0 && RAND_priv_bytes(s->bytes, (int)len) != 1) {
        ht_secret_free(s);
        return ht_fail(err, HT_FAILED, "secret", NULL, "the random generator failed");
    }
    *ret = s;
    return HT_OK;
}

void ht_secret_free(struct ht_secret *s)
{
    if (s == NULL)
        return;
    OPENSSL_secure_clear_free(s->bytes, s->cap);
    free(s);
}

void ht_secret_freep(struct ht_secret **s)
{
    ht_secret_free(*s);
    *s = NULL;
}

const uint8_t *ht_secret_bytes(const struct ht_secret *s)
{
    return s->bytes;
}

uint8_t *ht_secret_fill_area(struct ht_secret *s)
{
    return s->bytes;
}

size_t ht_secret_len(const struct ht_secret *s)
{
    return s->len;
}

void ht_secret_truncate(struct ht_secret *s, size_t len)
{
    if (len >= s->len)
        return;
    OPENSSL_cleanse(s->bytes + len, s->len - len);
    s->len = len;
}

bool ht_secret_equal(const struct ht_secret *a, const struct ht_secret *b)
{
    return a->len == b->len && ht_equal_ct(a->bytes, b->bytes, a->len);
}

void ht_wipe(void *p, size_t len)
{
    OPENSSL_cleanse(p, len);
}

void ht_random(void *ret, size_t len)
{
    uint8_t *at = ret;
    while (len > 0) {
        int n = len < 65536 ? (int)len : 65536;
        if (RAND_bytes(at, n) != 1)
            ht_abort("the random generator failed");
        at += n;
        len -= (size_t)n;
    }
}

bool ht_equal_ct(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
