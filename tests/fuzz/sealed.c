/* Sealed secrets. An input that begins with '^' is what is changed in a blob that opens: its bytes are XORed with it,
 * and more bytes are appended, by which it must no longer open. Any other input is a blob itself. */
#include "lib/fuzz.h"

#include "../../src/vault/ring.h"

static const char plain[] = "whsec_this is no secret, it is printed here";
static const struct ht_seal_bind bind = {.generation = 7, .purpose = "hmac"};
static struct ht_ring ring;
static uint8_t blob[HT_SEALED_OVERHEAD + sizeof plain];
static size_t blob_len;

static void seal_once(void)
{
    struct ht_secret *key, *s;
    struct ht_seal_key to;
    if (blob_len > 0)
        return;
    static const uint8_t private_key[32] = "a ring's private half, 32 bytes";
    FUZZ_MUST(ht_secret_new(private_key, sizeof private_key, &key, NULL) == HT_OK);
    FUZZ_MUST(ht_ring_append(&ring, key, NULL) == HT_OK);
    FUZZ_MUST(ht_secret_new(plain, sizeof plain, &s, NULL) == HT_OK);
    ht_ring_public(&ring, 0, &to, NULL);
    FUZZ_MUST(ht_seal(&to, &bind, s, blob, sizeof blob, &blob_len, NULL) == HT_OK);
    ht_secret_free(s);
}

static void open_changed(const uint8_t *mask, size_t len)
{
    struct ht_secret *s = NULL;
    struct ht_err err = {0};
    bool changed = false;
    size_t n = len > blob_len ? len : blob_len;
    HT_AUTOFREE uint8_t *copy = ht_alloc(n, 1);
    memcpy(copy, blob, blob_len);
    for (size_t i = 0; i < len; i++) {
        copy[i] ^= mask[i];
        changed = changed || mask[i] != 0 || i >= blob_len;
    }
    bool opens = ht_unseal(&ring, &bind, copy, n, &s, &err) == HT_OK;
    FUZZ_MUST(opens == !changed);
    if (opens)
        FUZZ_MUST(ht_secret_len(s) == sizeof plain && memcmp(ht_secret_bytes(s), plain, sizeof plain) == 0);
    else
        fuzz_explains(&err);
    ht_secret_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_secret *s = NULL;
    struct ht_err err = {0};
    seal_once();
    if (size > 0 && data[0] == '^') {
        open_changed(data + 1, size - 1 < HT_SEALED_MAX ? size - 1 : HT_SEALED_MAX);
        return 0;
    }
    FUZZ_MUST(ht_unseal(&ring, &bind, data, size, &s, &err) != HT_OK && s == NULL);
    fuzz_explains(&err);
    return 0;
}
