/* Sealed secrets: they open with the right ring in the right place, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/vault/vault.h"

static char dir[] = "/tmp/hooktop-seal-XXXXXX";
static char path[64], other_path[64];
static struct ht_ring *ring, *other;
static struct ht_seal_key key;
static struct ht_seal_bind bind;

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/ring", dir);
    snprintf(other_path, sizeof other_path, "%s/other", dir);
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    assert_int_equal(ht_ring_create(other_path, NULL), HT_OK);
    assert_int_equal(ht_ring_load(path, &ring, NULL), HT_OK);
    assert_int_equal(ht_ring_load(other_path, &other, NULL), HT_OK);
    bool current = false;
    ht_ring_public(ring, 0, &key, &current);
    assert_true(current);
    bind = (struct ht_seal_bind){
        .tenant_id = ht_uuid_new(), .endpoint_id = ht_uuid_new(), .secret_id = ht_uuid_new(), 7, "hmac"};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ht_ring_free(ring);
    ht_ring_free(other);
    unlink(path);
    unlink(other_path);
    return rmdir(dir);
}

static size_t seal(const struct ht_seal_bind *b, const void *plain, size_t len, uint8_t ret[HT_SEALED_MAX])
{
    HT_SECRET_CLEANUP struct ht_secret *s = NULL;
    size_t sealed_len = 0;
    assert_int_equal(ht_secret_new(plain, len, &s, NULL), HT_OK);
    assert_int_equal(ht_seal(&key, b, s, ret, HT_SEALED_MAX, &sealed_len, NULL), HT_OK);
    return sealed_len;
}

static enum ht_rc unseal(const struct ht_ring *r, const struct ht_seal_bind *b, const uint8_t *sealed, size_t len)
{
    HT_SECRET_CLEANUP struct ht_secret *s = NULL;
    struct ht_err err = {0};
    enum ht_rc rc = ht_unseal(r, b, sealed, len, &s, &err);
    assert_int_equal(rc, err.rc);
    assert_true((rc == HT_OK) == (s != NULL));
    return rc;
}

static void what_was_sealed_comes_back(void **state)
{
    (void)state;
    static uint8_t plain[HT_SECRET_MAX], sealed[HT_SEALED_MAX];
    memset(plain, 0xa5, sizeof plain);
    static const size_t lengths[] = {1, 32, 3272, HT_SECRET_MAX};
    for (size_t i = 0; i < HT_COUNT(lengths); i++) {
        size_t len = seal(&bind, plain, lengths[i], sealed);
        assert_int_equal(len, lengths[i] + HT_SEALED_OVERHEAD);
        assert_memory_equal(sealed, "HTS1", 4);
        assert_memory_equal(sealed + 4, key.id, HT_RING_KEY_ID);
        HT_SECRET_CLEANUP struct ht_secret *got = NULL;
        assert_int_equal(ht_unseal(ring, &bind, sealed, len, &got, NULL), HT_OK);
        assert_int_equal(ht_secret_len(got), lengths[i]);
        assert_memory_equal(ht_secret_bytes(got), plain, lengths[i]);
    }
}

static void two_seals_of_one_text_differ(void **state)
{
    (void)state;
    uint8_t a[HT_SEALED_MAX], b[HT_SEALED_MAX];
    size_t len = seal(&bind, "same", 4, a);
    assert_int_equal(seal(&bind, "same", 4, b), len);
    assert_memory_not_equal(a + 12, b + 12, 32);
    assert_memory_not_equal(a + 44, b + 44, len - 44);
}

static void every_altered_byte_is_noticed(void **state)
{
    (void)state;
    uint8_t sealed[HT_SEALED_MAX];
    size_t len = seal(&bind, "whsec_abcdefgh", 14, sealed);
    assert_int_equal(unseal(ring, &bind, sealed, len), HT_OK);
    for (size_t i = 0; i < len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            sealed[i] ^= (uint8_t)(1u << bit);
            enum ht_rc want = i >= 4 && i < 12 ? HT_NOT_FOUND : HT_FAILED; /* the key id names another key */
            assert_int_equal(unseal(ring, &bind, sealed, len), want);
            sealed[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t n = 0; n < len; n++)
        assert_int_equal(unseal(ring, &bind, sealed, n), HT_FAILED);
    assert_int_equal(unseal(ring, &bind, sealed, len + 1), HT_FAILED);
    assert_int_equal(unseal(ring, &bind, sealed, HT_SEALED_MAX + 1), HT_FAILED);
}

static void it_opens_in_its_own_place_only(void **state)
{
    (void)state;
    uint8_t sealed[HT_SEALED_MAX];
    size_t len = seal(&bind, "secret", 6, sealed);
    struct ht_seal_bind wrong[7];
    for (size_t i = 0; i < HT_COUNT(wrong); i++)
        wrong[i] = bind;
    wrong[0].tenant_id = bind.endpoint_id;
    wrong[1].endpoint_id = (struct ht_uuid){{0}};
    wrong[2].secret_id.b[15] ^= 1;
    wrong[3].generation++;
    wrong[4].purpose = "rsa";
    wrong[5].purpose = "hmac2";
    wrong[6].tenant_id = bind.endpoint_id;
    wrong[6].endpoint_id = bind.tenant_id;
    for (size_t i = 0; i < HT_COUNT(wrong); i++)
        assert_int_equal(unseal(ring, &wrong[i], sealed, len), HT_FAILED);
    assert_int_equal(unseal(ring, &bind, sealed, len), HT_OK);
}

static void another_ring_names_the_key_it_lacks(void **state)
{
    (void)state;
    uint8_t sealed[HT_SEALED_MAX];
    size_t len = seal(&bind, "secret", 6, sealed);
    struct ht_secret *s = NULL;
    struct ht_err err = {0};
    assert_int_equal(ht_unseal(other, &bind, sealed, len, &s, &err), HT_NOT_FOUND);
    char id[17];
    for (unsigned i = 0; i < HT_RING_KEY_ID; i++)
        snprintf(id + 2 * i, 3, "%02x", key.id[i]);
    assert_non_null(strstr(err.why, id));
}

static void a_forged_key_id_does_not_help(void **state)
{
    (void)state;
    /* sealed to `ring`, then relabelled as sealed to `other` */
    uint8_t sealed[HT_SEALED_MAX];
    size_t len = seal(&bind, "secret", 6, sealed);
    struct ht_seal_key other_key;
    ht_ring_public(other, 0, &other_key, NULL);
    memcpy(sealed + 4, other_key.id, HT_RING_KEY_ID);
    assert_int_equal(unseal(other, &bind, sealed, len), HT_FAILED);
}

static void what_cannot_be_sealed_is_refused(void **state)
{
    (void)state;
    HT_SECRET_CLEANUP struct ht_secret *s = NULL, *empty = NULL;
    uint8_t out[HT_SEALED_MAX];
    size_t len = 99;
    assert_int_equal(ht_secret_new("x", 1, &s, NULL), HT_OK);
    assert_int_equal(ht_secret_new("", 0, &empty, NULL), HT_OK);
    assert_int_equal(ht_seal(&key, &bind, s, out, HT_SEALED_OVERHEAD, &len, NULL), HT_USAGE);
    assert_int_equal(ht_seal(&key, &bind, empty, out, sizeof out, &len, NULL), HT_USAGE);
    struct ht_seal_bind bad = bind;
    bad.purpose = "";
    assert_int_equal(ht_seal(&key, &bad, s, out, sizeof out, &len, NULL), HT_USAGE);
    bad.purpose = "seventeen letters";
    assert_int_equal(ht_seal(&key, &bad, s, out, sizeof out, &len, NULL), HT_USAGE);
    struct ht_seal_key swapped = key; /* somebody else's public key under our key's id */
    ht_ring_public(other, 0, &swapped, NULL);
    memcpy(swapped.id, key.id, sizeof key.id);
    assert_int_equal(ht_seal(&swapped, &bind, s, out, sizeof out, &len, NULL), HT_FAILED);
    assert_int_equal(len, 99);
}

int main(void)
{
    ht_secret_init_process();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_comes_back),          cmocka_unit_test(two_seals_of_one_text_differ),
        cmocka_unit_test(every_altered_byte_is_noticed),       cmocka_unit_test(it_opens_in_its_own_place_only),
        cmocka_unit_test(another_ring_names_the_key_it_lacks), cmocka_unit_test(a_forged_key_id_does_not_help),
        cmocka_unit_test(what_cannot_be_sealed_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
