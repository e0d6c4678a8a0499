/* The vocabularies, and the patterns of subscriptions. */
#include <string.h>
#include "hooktop/model/filter.h"
#include "hooktop/model/words.h"
#include "ht_test.h"

static void vocabularies(void **state)
{
    (void)state;
    static const struct {
        const struct ht_word *words;
        int n;
        size_t sign_len;
    } tables[] = {
        {ht_delivery_words, HT_DELIVERY_STATUS_COUNT, 2}, {ht_endpoint_words, HT_ENDPOINT_STATUS_COUNT, 2},
        {ht_type_words, HT_TYPE_STATE_COUNT, 0},          {ht_secret_words, HT_SECRET_STATE_COUNT, 0},
        {ht_attempt_words, HT_ATTEMPT_ERROR_COUNT, 0},
    };
    for (size_t t = 0; t < HT_COUNT(tables); t++) {
        for (int i = 0; i < tables[t].n; i++) {
            const struct ht_word *w = &tables[t].words[i];
            assert_int_equal(ht_word_find(tables[t].words, tables[t].n, w->name), i);
            assert_int_equal(strlen(w->sign), tables[t].sign_len);
            assert_true(strlen(w->meaning) > 0);
        }
        assert_int_equal(ht_word_find(tables[t].words, tables[t].n, "nothing"), -1);
    }
    assert_string_equal(ht_delivery_words[HT_DELIVERY_EXHAUSTED].name, "exhausted");
    assert_string_equal(ht_attempt_words[HT_ATTEMPT_TIMEOUT_CONNECT].name, "timeout_connect");
    assert_int_equal(HT_ATTEMPT_NONE, 0);
    assert_int_equal(ht_word_find(ht_delivery_words, HT_DELIVERY_STATUS_COUNT, "HELD"), -1);
}

static void matching(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *type;
        bool matches;
    } cases[] = {
        {"*", "claim.created", true},
        {"*", "x", true},
        {"claim.created", "claim.created", true},
        {"claim.created", "claim.create", false},
        {"claim.created", "claim.created2", false},
        {"claim.*", "claim.created", true},
        {"claim.*", "claim.status.changed", true},
        {"claim.*", "claim", false},
        {"claim.*", "claim.", false},
        {"claim.*", "claims.created", false},
        {"claim.*", "claim_created", false},
        {"a.b.*", "a.b.c", true},
        {"a.b.*", "a.x.c", false},
        {".*", "claim", false},
        {"claim*", "claim.created", false},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        if (ht_pattern_matches(cases[i].pattern, cases[i].type) != cases[i].matches)
            fail_msg("%s and %s", cases[i].pattern, cases[i].type);
    }
}

static void validity(void **state)
{
    (void)state;
    static const char *const good[] = {"*", "claim.*", "claim.created", "a", "a_b.c9.*"};
    static const char *const bad[] = {"",        "**",  "claim*",   "*.created", "claim.*.x",   ".*",
                                      "Claim.*", "a b", "claim.**", "a-b",       "caf\xc3\xa9", "a.*.*"};
    char longest[132];
    for (size_t i = 0; i < HT_COUNT(good); i++)
        assert_true(ht_pattern_valid(good[i]));
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        if (ht_pattern_valid(bad[i]))
            fail_msg("valid: %s", bad[i]);
    }
    memset(longest, 'a', sizeof(longest));
    longest[128] = '\0';
    assert_true(ht_pattern_valid(longest));
    memcpy(longest + 128, ".*", 3);
    assert_true(ht_pattern_valid(longest));
    memcpy(longest + 128, "a", 2);
    assert_false(ht_pattern_valid(longest));
    memcpy(longest + 128, "a.*", 4);
    assert_false(ht_pattern_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vocabularies),
        cmocka_unit_test(matching),
        cmocka_unit_test(validity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
