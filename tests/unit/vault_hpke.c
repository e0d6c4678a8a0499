/* HPKE against values made by other programs: the vectors published with RFC 9180 (its appendix A, and its authors'
 * test-vectors.json for AES-256-GCM, which the appendix leaves out). mode_base, kem 0x0020, kdf 0x0001, sequence 0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hooktop/base/codec.h"
#include "hooktop/vault/hpke.h"

struct vector {
    enum ht_hpke_aead aead;
    const char *sk_e, *sk_r, *pk_r, *enc, *ct;
};
static const char info_hex[] = "4f6465206f6e2061204772656369616e2055726e";
static const char aad_hex[] = "436f756e742d30";
static const char plain_hex[] = "4265617574792069732074727574682c20747275746820626561757479";

static const struct vector vectors[] = {
    {HT_HPKE_AES_128_GCM, "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
     "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
     "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
     "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
     "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"},
    {HT_HPKE_AES_256_GCM, "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
     "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
     "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
     "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
     "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a"},
    {HT_HPKE_CHACHA20_POLY1305, "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
     "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
     "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
     "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
     "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"},
};

struct bytes {
    uint8_t b[128];
    size_t n;
};

static struct bytes unhex(const char *hex)
{
    struct bytes out = {.n = strlen(hex) / 2};
    assert_true(out.n <= sizeof out.b && ht_hex_decode(hex, strlen(hex), out.b));
    return out;
}

static struct ht_secret *secret(const char *hex)
{
    struct bytes b = unhex(hex);
    struct ht_secret *s = NULL;
    assert_int_equal(ht_secret_new(b.b, b.n, &s, NULL), HT_OK);
    return s;
}

static void vectors_seal_to_the_published_bytes(void **state)
{
    (void)state;
    struct bytes info = unhex(info_hex), aad = unhex(aad_hex), plain = unhex(plain_hex);
    for (size_t i = 0; i < HT_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct ht_hpke_context c = {v->aead, info.b, info.n, aad.b, aad.n};
        struct bytes to = unhex(v->pk_r), enc = unhex(v->enc), ct = unhex(v->ct);
        HT_SECRET_CLEANUP struct ht_secret *ephemeral = secret(v->sk_e);
        uint8_t got_enc[HT_HPKE_KEY], got_ct[128];
        assert_int_equal(ht_hpke_seal(&c, to.b, ephemeral, plain.b, plain.n, got_enc, got_ct, NULL), HT_OK);
        assert_memory_equal(got_enc, enc.b, HT_HPKE_KEY);
        assert_int_equal(ct.n, plain.n + HT_HPKE_TAG);
        assert_memory_equal(got_ct, ct.b, ct.n);
    }
}

static void vectors_open(void **state)
{
    (void)state;
    struct bytes info = unhex(info_hex), aad = unhex(aad_hex), plain = unhex(plain_hex);
    for (size_t i = 0; i < HT_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct ht_hpke_context c = {v->aead, info.b, info.n, aad.b, aad.n};
        struct bytes enc = unhex(v->enc), ct = unhex(v->ct), pk = unhex(v->pk_r);
        HT_SECRET_CLEANUP struct ht_secret *key = secret(v->sk_r), *got = NULL;
        assert_int_equal(ht_hpke_open(&c, key, enc.b, ct.b, ct.n, &got, NULL), HT_OK);
        assert_int_equal(ht_secret_len(got), plain.n);
        assert_memory_equal(ht_secret_bytes(got), plain.b, plain.n);
        uint8_t public[HT_HPKE_KEY];
        assert_int_equal(ht_hpke_public(key, public, NULL), HT_OK);
        assert_memory_equal(public, pk.b, sizeof public);
    }
}

static enum ht_rc open_altered(const struct ht_hpke_context *c, const struct bytes *enc, const struct bytes *ct)
{
    HT_SECRET_CLEANUP struct ht_secret *key = secret(vectors[1].sk_r);
    struct ht_secret *got = NULL;
    enum ht_rc rc = ht_hpke_open(c, key, enc->b, ct->b, ct->n, &got, NULL);
    if (rc != HT_OK)
        assert_null(got);
    ht_secret_free(got);
    return rc;
}

static void an_altered_input_does_not_open(void **state)
{
    (void)state;
    struct bytes info = unhex(info_hex), aad = unhex(aad_hex), enc = unhex(vectors[1].enc), ct = unhex(vectors[1].ct);
    struct ht_hpke_context c = {HT_HPKE_AES_256_GCM, info.b, info.n, aad.b, aad.n};
    assert_int_equal(open_altered(&c, &enc, &ct), HT_OK);
    struct bytes *inputs[] = {&info, &aad, &ct};
    for (size_t k = 0; k < HT_COUNT(inputs); k++)
        for (size_t i = 0; i < inputs[k]->n; i++) {
            inputs[k]->b[i] ^= 1;
            assert_int_equal(open_altered(&c, &enc, &ct), HT_FAILED);
            inputs[k]->b[i] ^= 1;
        }
    c.aad_len--;
    assert_int_equal(open_altered(&c, &enc, &ct), HT_FAILED);
    c.aad_len++;
    c.info_len--;
    assert_int_equal(open_altered(&c, &enc, &ct), HT_FAILED);
    c.info_len++;
    c.aead = HT_HPKE_CHACHA20_POLY1305;
    assert_int_equal(open_altered(&c, &enc, &ct), HT_FAILED);
    c.aead = HT_HPKE_AES_256_GCM;
    ct.n = HT_HPKE_TAG; /* no text at all */
    assert_int_equal(open_altered(&c, &enc, &ct), HT_FAILED);
    ct.n = 0;
    assert_int_equal(open_altered(&c, &enc, &ct), HT_FAILED);
}

/* Points of low order give a shared value of zero, known to everyone: RFC 7748, section 6.1. */
static void a_point_of_low_order_is_refused(void **state)
{
    (void)state;
    static const char *const low[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    };
    struct bytes info = unhex(info_hex), ct = unhex(vectors[1].ct);
    struct ht_hpke_context c = {HT_HPKE_AES_256_GCM, info.b, info.n, NULL, 0};
    for (size_t i = 0; i < HT_COUNT(low); i++) {
        struct bytes point = unhex(low[i]);
        uint8_t enc[HT_HPKE_KEY], out[64];
        assert_int_equal(ht_hpke_seal(&c, point.b, NULL, (const uint8_t *)"x", 1, enc, out, NULL), HT_FAILED);
        assert_int_equal(open_altered(&c, &point, &ct), HT_FAILED);
    }
}

static void too_long_an_info_is_refused(void **state)
{
    (void)state;
    static const uint8_t info[HT_HPKE_INFO_MAX + 1];
    struct bytes to = unhex(vectors[1].pk_r);
    struct ht_hpke_context c = {HT_HPKE_AES_256_GCM, info, sizeof info, NULL, 0};
    uint8_t enc[HT_HPKE_KEY], out[64];
    assert_int_equal(ht_hpke_seal(&c, to.b, NULL, (const uint8_t *)"x", 1, enc, out, NULL), HT_USAGE);
    c.info_len = HT_HPKE_INFO_MAX;
    assert_int_equal(ht_hpke_seal(&c, to.b, NULL, (const uint8_t *)"x", 1, enc, out, NULL), HT_OK);
}

int main(void)
{
    ht_secret_init_process();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_seal_to_the_published_bytes), cmocka_unit_test(vectors_open),
        cmocka_unit_test(an_altered_input_does_not_open),      cmocka_unit_test(a_point_of_low_order_is_refused),
        cmocka_unit_test(too_long_an_info_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
