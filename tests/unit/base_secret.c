/* Secrets lie in the secure heap, and the process that holds them cannot be dumped. */
#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "hooktop/base/secret.h"
#include "ht_test.h"

#define RSA_4096_PEM 3272

/* Whether this machine lets us lock as much as the heap has: containers often do not. */
static bool may_lock(void)
{
    const size_t bytes = 4u * 1024u * 1024u;
    void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(area != MAP_FAILED);
    bool locked = mlock(area, bytes) == 0;
    munmap(area, bytes);
    return locked;
}

static int start(void **state)
{
    (void)state;
    bool expected = may_lock();
    assert_int_equal(ht_secret_init_process(), expected);
    return 0;
}

static void process_is_closed(void **state)
{
    (void)state;
    struct rlimit core;
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_max, 0);
}

static void bytes_are_in_the_secure_heap(void **state)
{
    (void)state;
    HT_SECRET_CLEANUP struct ht_secret *s = NULL;
    struct ht_err err = {0};
    assert_int_equal(ht_secret_new("whsec_x", 7, &s, &err), HT_OK);
    assert_true(CRYPTO_secure_allocated(ht_secret_bytes(s)));
    assert_int_equal(ht_secret_len(s), 7);
    assert_memory_equal(ht_secret_bytes(s), "whsec_x", 7);
    const uint8_t *bytes = ht_secret_bytes(s);
    ht_secret_truncate(s, 3);
    assert_int_equal(ht_secret_len(s), 3);
    assert_memory_equal(bytes, "whs\0\0\0\0", 7);
    ht_secret_truncate(s, 5);
    assert_int_equal(ht_secret_len(s), 3);
    ht_secret_freep(&s);
    assert_null(s);
    ht_secret_free(NULL);
}

/* The heap hands the same place out again, and it is the heap's list pointers at most that stand there. */
static void freed_bytes_are_wiped(void **state)
{
    (void)state;
    struct ht_secret *s = NULL;
    char text[256];
    memset(text, 'K', sizeof(text));
    assert_int_equal(ht_secret_new(text, sizeof(text), &s, NULL), HT_OK);
    const uint8_t *bytes = ht_secret_bytes(s);
    ht_secret_free(s);
    size_t left = 0;
    for (size_t i = 0; i < sizeof(text); i++)
        left += bytes[i] == 'K';
    assert_int_equal(left, 0);
}

static void random_and_blank(void **state)
{
    (void)state;
    HT_SECRET_CLEANUP struct ht_secret *a = NULL;
    HT_SECRET_CLEANUP struct ht_secret *b = NULL;
    HT_SECRET_CLEANUP struct ht_secret *blank = NULL;
    HT_SECRET_CLEANUP struct ht_secret *empty = NULL;
    assert_int_equal(ht_secret_new_random(32, &a, NULL), HT_OK);
    assert_int_equal(ht_secret_new_random(32, &b, NULL), HT_OK);
    assert_int_equal(ht_secret_new_blank(32, &blank, NULL), HT_OK);
    assert_int_equal(ht_secret_new("", 0, &empty, NULL), HT_OK);
    assert_false(ht_secret_equal(a, b));
    assert_false(ht_secret_equal(a, empty));
    assert_true(ht_secret_equal(a, a));
    memcpy(ht_secret_fill_area(blank), ht_secret_bytes(a), 32);
    assert_true(ht_secret_equal(a, blank));
    ht_secret_truncate(blank, 31);
    assert_false(ht_secret_equal(a, blank));
    uint8_t one[40] = {0};
    uint8_t two[40] = {0};
    ht_random(one, sizeof(one));
    ht_random(two, sizeof(two));
    assert_false(ht_equal_ct(one, two, sizeof(one)));
    memcpy(two, one, sizeof(one));
    assert_true(ht_equal_ct(one, two, sizeof(one)));
    ht_wipe(one, sizeof(one));
    memset(two, 0, sizeof(two));
    assert_memory_equal(one, two, sizeof(one));
}

static void limits(void **state)
{
    (void)state;
    struct ht_secret *s = NULL;
    struct ht_err err = {0};
    assert_int_equal(ht_secret_new_blank(HT_SECRET_MAX + 1, &s, &err), HT_USAGE);
    assert_null(s);
    assert_int_equal(ht_secret_new_blank(HT_SECRET_MAX, &s, NULL), HT_OK);
    ht_secret_free(s);
}

static void a_full_heap_is_an_error(void **state)
{
    (void)state;
    static struct ht_secret *keys[4096];
    struct ht_err err = {0};
    size_t n = 0;
    while (n < HT_COUNT(keys) && ht_secret_new_blank(RSA_4096_PEM, &keys[n], &err) == HT_OK)
        n++;
    assert_in_range(n, 512, HT_COUNT(keys) - 1);
    assert_int_equal(err.rc, HT_FAILED);
    assert_non_null(strstr(err.why, "full"));
    assert_null(keys[n]);
    while (n > 0)
        ht_secret_free(keys[--n]);
    struct ht_secret *s = NULL;
    assert_int_equal(ht_secret_new_blank(RSA_4096_PEM, &s, NULL), HT_OK);
    ht_secret_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_is_closed),
        cmocka_unit_test(bytes_are_in_the_secure_heap),
        cmocka_unit_test(freed_bytes_are_wiped),
        cmocka_unit_test(random_and_blank),
        cmocka_unit_test(limits),
        cmocka_unit_test(a_full_heap_is_an_error),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
