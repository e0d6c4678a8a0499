#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hooktop/base/codec.h"
#include "wire.h"

#define DIGEST_BYTES 32u
#define BEFORE_MAX   4096u

/* The value of a header among stored lines; free(). NULL: it is not there. */
static char *value_of(const char *lines, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = lines; at && *at;) {
        size_t len = strcspn(at, "\n");
        if (len > n && strncasecmp(at, name, n) == 0 && at[n] == ':') {
            size_t skip = n + 1 + strspn(at + n + 1, " ");
            return skip < len ? ht_strndup(at + skip, len - skip) : ht_strdup("");
        }
        at += len + (at[len] == '\n');
    }
    return NULL;
}

static bool hash(const struct ht_part *parts, size_t n, uint8_t ret[DIGEST_BYTES])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(md, parts[i].bytes, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(md, ret, NULL) == 1;
    EVP_MD_CTX_free(md);
    return ok;
}

/* What stands before the body, from the headers as they were sent. False: one of them is not known. */
static bool add_before(const struct ht_sign_scheme *s, const char *headers, struct ht_buf *ret)
{
    for (size_t i = 0; i < HT_COUNT(s->before) && s->before[i]; i++) {
        HT_AUTOFREE char *value = value_of(headers, s->before[i]);
        if (!value)
            return false;
        ht_buf_adds(ret, value);
        ht_buf_addc(ret, '.');
    }
    return !ret->over;
}

void ht_profile_explain(const struct ht_profile *p, const char *headers, const char *body, size_t len,
                        struct ht_signature *ret)
{
    const struct ht_sign_scheme *s = p->scheme;
    struct ht_signature out = {.algorithm = s->algorithm,
                               .key = s->key,
                               .recipe = s->recipe,
                               .form = s->form,
                               .headers = s->headers,
                               .tolerance_s = p->tolerance_s};
    HT_AUTOFREE char *timestamp = s->timestamp ? value_of(headers, s->timestamp) : NULL;
    HT_BUF_CLEANUP struct ht_buf before;
    uint8_t digest[DIGEST_BYTES], all[DIGEST_BYTES];
    ht_buf_init(&before, BEFORE_MAX);
    out.timestamp_s = timestamp ? strtoll(timestamp, NULL, 10) : 0;
    const struct ht_part plain = {body ? body : "", len};
    out.whole = headers && body && add_before(s, headers, &before) && hash(&plain, 1, digest);
    if (out.whole) {
        const struct ht_part hashed = {digest, sizeof digest};
        const struct ht_part parts[] = {{before.data, before.len}, s->hashed ? hashed : plain};
        ht_hex_encode(digest, sizeof digest, out.body_sha256);
        out.whole = hash(parts, HT_COUNT(parts), all);
        ht_hex_encode(all, sizeof all, out.signed_sha256);
        out.before = ht_buf_take(&before, NULL);
    }
    *ret = out;
}
