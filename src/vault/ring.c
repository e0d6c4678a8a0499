#include "ring.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/codec.h"
#include "hooktop/vault/hpke.h"

#define MAGIC       "ht-ring-1 "
#define MAGIC_LEN   (sizeof MAGIC - 1)
#define ID_HEX      (2 * HT_RING_KEY_ID)
#define KEY_BASE64  (HT_BASE64_SIZE(HT_HPKE_KEY) - 1)
#define CURRENT     " current"
#define CURRENT_LEN (sizeof CURRENT - 1)
/* A line up to its end, or up to " current". */
#define LINE_LEN    (MAGIC_LEN + ID_HEX + 1 + KEY_BASE64)

_Static_assert(HT_RING_KEYS_MAX *(LINE_LEN + CURRENT_LEN + 1) <= HT_SECRET_MAX, "a full ring fits one secret");

static enum ht_rc key_id(const uint8_t public_key[HT_HPKE_KEY], uint8_t ret_id[HT_RING_KEY_ID], struct ht_err *err)
{
    uint8_t digest[32];
    if (EVP_Digest(public_key, HT_HPKE_KEY, digest, NULL, EVP_sha256(), NULL) <= 0)
        return ht_fail(err, HT_FAILED, "key ring", NULL, "OpenSSL refused to compute SHA-256");
    memcpy(ret_id, digest, HT_RING_KEY_ID);
    return HT_OK;
}

enum ht_rc ht_seal_key_check(const struct ht_seal_key *k, struct ht_err *err)
{
    uint8_t id[HT_RING_KEY_ID];
    enum ht_rc rc = key_id(k->public_key, id, err);
    if (rc == HT_OK && memcmp(id, k->id, sizeof id) != 0)
        rc = ht_fail(err, HT_FAILED, "sealing", "run hooktop doctor: the table of public keys may have been altered",
                     "the public key does not belong to its key id");
    return rc;
}

enum ht_rc ht_ring_append(struct ht_ring *r, struct ht_secret *private_key, struct ht_err *err)
{
    if (r->n == HT_RING_KEYS_MAX)
        return ht_fail(err, HT_USAGE, "key ring", "re-seal with hooktop rekey and take unused keys out",
                       "it holds %u keys already, the most it can", HT_RING_KEYS_MAX);
    struct ht_seal_key pub;
    enum ht_rc rc = ht_hpke_public(private_key, pub.public_key, err);
    if (rc == HT_OK)
        rc = key_id(pub.public_key, pub.id, err);
    if (rc != HT_OK)
        return rc;
    r->keys[r->n].pub = pub;
    r->keys[r->n].private_key = private_key;
    r->n++;
    return HT_OK;
}

static enum ht_rc bad_line(const char *name, size_t line, const char *why, struct ht_err *err)
{
    return ht_fail(err, HT_USAGE, "key ring", "restore the file from its backup", "%s:%zu: %s", name, line, why);
}

/* Appends the key of one line; `ret_current` says whether the line is marked so. */
static enum ht_rc parse_line(const char *name, size_t line_no, const char *line, size_t len, struct ht_ring *r,
                             bool *ret_current, struct ht_err *err)
{
    bool current = len == LINE_LEN + CURRENT_LEN && memcmp(line + LINE_LEN, CURRENT, CURRENT_LEN) == 0;
    if ((len != LINE_LEN && !current) || memcmp(line, MAGIC, MAGIC_LEN) != 0 || line[MAGIC_LEN + ID_HEX] != ' ')
        return bad_line(name, line_no, "not of the form \"ht-ring-1 KEY_ID PRIVATE_BASE64 [current]\"", err);
    uint8_t id[HT_RING_KEY_ID];
    HT_SECRET_CLEANUP struct ht_secret *key = NULL;
    enum ht_rc rc = ht_secret_new_blank(3 * (KEY_BASE64 / 4), &key, err);
    if (rc != HT_OK)
        return rc;
    size_t key_len = 0;
    if (!ht_hex_decode(line + MAGIC_LEN, ID_HEX, id) ||
        !ht_base64_decode(line + LINE_LEN - KEY_BASE64, KEY_BASE64, ht_secret_fill_area(key), &key_len) ||
        key_len != HT_HPKE_KEY)
        return bad_line(name, line_no, "the key id is not hexadecimal, or the key not base64 of 32 bytes", err);
    ht_secret_truncate(key, key_len);
    if (ht_ring_has(r, id))
        return bad_line(name, line_no, "this key stands there twice", err);
    if ((rc = ht_ring_append(r, key, err)) != HT_OK)
        return rc;
    key = NULL;
    if (memcmp(r->keys[r->n - 1].pub.id, id, sizeof id) != 0)
        return bad_line(name, line_no, "the key does not belong to its key id: the line is damaged", err);
    *ret_current = current;
    return HT_OK;
}

enum ht_rc ht_ring_parse(const char *name, const struct ht_secret *text, struct ht_ring **ret, struct ht_err *err)
{
    HT_CLEANUP(ht_ring_freep) struct ht_ring *r = ht_alloc(1, sizeof *r);
    const char *at = (const char *)ht_secret_bytes(text), *end = at + ht_secret_len(text);
    size_t marked = 0;
    for (size_t line_no = 1; at < end; line_no++) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((eol ? eol : end) - at);
        bool current = false;
        enum ht_rc rc = parse_line(name, line_no, at, len, r, &current, err);
        if (rc != HT_OK)
            return rc;
        if (current) {
            r->current = r->n - 1;
            marked++;
        }
        at = eol ? eol + 1 : end;
    }
    if (marked != 1)
        return ht_fail(err, HT_USAGE, "key ring", "restore the file from its backup",
                       "%s: %zu of its %zu keys are marked current; it must be one", name, marked, r->n);
    *ret = r;
    r = NULL;
    return HT_OK;
}

enum ht_rc ht_ring_format(const struct ht_ring *r, struct ht_secret **ret_text, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    size_t line_bytes = LINE_LEN + CURRENT_LEN + 1; /* and the NUL that the encoders write */
    enum ht_rc rc = ht_secret_new_blank(r->n * line_bytes + 1, &text, err);
    if (rc != HT_OK)
        return rc;
    char *start = (char *)ht_secret_fill_area(text), *at = start;
    for (size_t i = 0; i < r->n; i++) {
        memcpy(at, MAGIC, MAGIC_LEN);
        at += MAGIC_LEN;
        ht_hex_encode(r->keys[i].pub.id, HT_RING_KEY_ID, at);
        at += ID_HEX;
        *at++ = ' ';
        ht_base64_encode(ht_secret_bytes(r->keys[i].private_key), HT_HPKE_KEY, at);
        at += KEY_BASE64;
        if (i == r->current) {
            memcpy(at, CURRENT, CURRENT_LEN);
            at += CURRENT_LEN;
        }
        *at++ = '\n';
    }
    ht_secret_truncate(text, (size_t)(at - start));
    *ret_text = text;
    text = NULL;
    return HT_OK;
}

void ht_ring_free(struct ht_ring *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++)
        ht_secret_free(r->keys[i].private_key);
    free(r);
}

void ht_ring_freep(struct ht_ring **r)
{
    ht_ring_free(*r);
}

size_t ht_ring_count(const struct ht_ring *r)
{
    return r->n;
}

void ht_ring_public(const struct ht_ring *r, size_t i, struct ht_seal_key *ret, bool *ret_current)
{
    *ret = r->keys[i].pub;
    if (ret_current)
        *ret_current = i == r->current;
}

const struct ht_ring_key *ht_ring_find(const struct ht_ring *r, const uint8_t id[HT_RING_KEY_ID])
{
    for (size_t i = 0; i < r->n; i++)
        if (memcmp(r->keys[i].pub.id, id, HT_RING_KEY_ID) == 0)
            return &r->keys[i];
    return NULL;
}

bool ht_ring_has(const struct ht_ring *r, const uint8_t id[HT_RING_KEY_ID])
{
    return ht_ring_find(r, id) != NULL;
}
