/* Keys that users bring: what is accepted can be used, and shows only its public half. The input is the secret. */
#include "lib/fuzz.h"

#include "hooktop/profile/profile.h"

static void check(const struct ht_profile *p, const struct ht_secret *s)
{
    struct ht_err err = {0};
    struct ht_signer *signer = NULL;
    char *public_key = NULL;
    if (ht_profile_check_key(p, s, &err) != HT_OK) {
        fuzz_explains(&err);
        return;
    }
    FUZZ_MUST(ht_signer_new(p->key_kind, s, &signer, NULL) == HT_OK);
    ht_signer_free(signer);
    if (!ht_profile_has_public(p, s))
        return;
    FUZZ_MUST(ht_profile_public_key(p, s, &public_key, NULL) == HT_OK);
    FUZZ_MUST(strncmp(public_key, "whpk_", 5) == 0 || strncmp(public_key, "-----BEGIN PUBLIC KEY-----", 26) == 0);
    free(public_key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HT_SECRET_CLEANUP struct ht_secret *s = NULL;
    if (size > HT_SECRET_MAX)
        return 0;
    FUZZ_MUST(ht_secret_new(data, size, &s, NULL) == HT_OK);
    for (size_t i = 0; i < ht_profiles_len; i++)
        check(ht_profiles[i], s);
    return 0;
}
