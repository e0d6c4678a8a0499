/* Key ring files: one that is read is written as one that is read to the same. */
#include "lib/fuzz.h"

#include "../../src/vault/ring.h"

static void check_again(const struct ht_ring *r)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    HT_CLEANUP(ht_ring_freep) struct ht_ring *again = NULL;
    FUZZ_MUST(ht_ring_format(r, &text, NULL) == HT_OK && ht_ring_parse("again", text, &again, NULL) == HT_OK);
    FUZZ_MUST(again->n == r->n && again->current == r->current);
    for (size_t i = 0; i < r->n; i++)
        FUZZ_MUST(memcmp(&r->keys[i].pub, &again->keys[i].pub, sizeof r->keys[i].pub) == 0 &&
                  ht_secret_equal(r->keys[i].private_key, again->keys[i].private_key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    HT_CLEANUP(ht_ring_freep) struct ht_ring *r = NULL;
    struct ht_err err = {0};
    if (size > HT_SECRET_MAX)
        return 0;
    FUZZ_MUST(ht_secret_new(data, size, &text, NULL) == HT_OK);
    if (ht_ring_parse("ring", text, &r, &err) != HT_OK) {
        fuzz_explains(&err);
        return 0;
    }
    FUZZ_MUST(r->n >= 1 && r->n <= HT_RING_KEYS_MAX && r->current < r->n);
    check_again(r);
    return 0;
}
