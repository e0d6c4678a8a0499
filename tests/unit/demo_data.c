/* The demo's events: made from the catalogues' samples, each different, each still what its profile accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/cli/demo_parts.h"
#include "hooktop/base/json.h"
#include "hooktop/profile/profile.h"

static void numbers_ids_and_amounts_vary_and_nothing_else(void **state)
{
    static const char sample[] = "{\"id\":30417,\"ref\":\"CLM-30417\",\"url\":\"/c/30417\",\"year\":2026,\"n\":3,"
                                 "\"at\":\"2026-11-20T14:02:58.440Z\",\"day\":\"2026-01-01\",\"total\":\"129.90\","
                                 "\"u\":\"0193480d-6c1e-7d0a-9b43-5f2c8e7a6d14\",\"z\":\"Zo\\u00eb\"}";
    HT_BUF_CLEANUP struct ht_buf out;
    (void)state;
    ht_buf_init(&out, 4096);
    ht_demo_vary(sample, 2, &out);
    assert_string_equal(out.data, "{\"id\":30431,\"ref\":\"CLM-30431\",\"url\":\"/c/30431\",\"year\":2026,\"n\":3,"
                                  "\"at\":\"2026-11-20T14:02:58.440Z\",\"day\":\"2026-01-01\",\"total\":\"143.90\","
                                  "\"u\":\"0193480d-6c1e-7d0a-9b43-5f2c8e014c71\",\"z\":\"Zo\\u00eb\"}");
}

/* Every event is JSON, meets its profile's demands on its shape, is of a type that may be emitted, and no two of a type
 * are the same. */
static void every_event_can_be_emitted(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        const struct ht_profile *p = ht_profile_find(ht_demo_tenants[i].profile);
        char *seen[120];
        assert_non_null(p);
        for (size_t n = 0; n < HT_COUNT(seen); n++) {
            HT_BUF_CLEANUP struct ht_buf data;
            HT_BUF_CLEANUP struct ht_buf both;
            struct ht_err err = {0};
            struct ht_json *json = NULL;
            ht_buf_init(&data, 65536);
            ht_buf_init(&both, 65536);
            const char *type = ht_demo_event(&ht_demo_tenants[i], n, &data);
            assert_int_equal(ht_json_parse(data.data, data.len, &json, &err), HT_OK);
            ht_json_free(json);
            if (p->check_data(data.data, data.len, &err) != HT_OK)
                fail_msg("%s %s: %s", p->name, type, err.why);
            assert_string_not_equal(type, "webhook.test");
            for (size_t k = 0; !p->open_catalogue && k < p->types_len; k++)
                if (strcmp(p->types[k].name, type) == 0)
                    assert_int_equal(p->types[k].state, HT_TYPE_EMITTED);
            ht_buf_addf(&both, "%s %s", type, data.data);
            seen[n] = ht_buf_take(&both, NULL);
            for (size_t k = 0; k < n; k++)
                assert_string_not_equal(seen[k], seen[n]);
        }
        for (size_t n = 0; n < HT_COUNT(seen); n++)
            free(seen[n]);
    }
}

/* What the demo promises to show: all five profiles, several endpoints each, something for every endpoint, one to be
 * verified, one to be rotated. */
static void the_plan_shows_what_it_should(void **state)
{
    size_t unverified = 0, rotated = 0;
    (void)state;
    assert_int_equal(HT_DEMO_TENANTS, ht_profiles_len);
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        const struct ht_demo_tenant_plan *t = &ht_demo_tenants[i];
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(t->profile, ht_demo_tenants[k].profile);
        assert_non_null(t->endpoints[1].path);
        for (size_t k = 0; k < HT_DEMO_ENDPOINTS && t->endpoints[k].path != NULL; k++) {
            for (size_t m = 0; m < HT_COUNT(t->endpoints[k].patterns) && t->endpoints[k].patterns[m] != NULL; m++)
                assert_true(ht_pattern_valid(t->endpoints[k].patterns[m]));
            unverified += t->endpoints[k].unverified;
            rotated += t->endpoints[k].rotated && ht_profile_find(t->profile)->multi_signature;
        }
    }
    assert_int_equal(unverified, 1);
    assert_int_equal(rotated, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_ids_and_amounts_vary_and_nothing_else),
        cmocka_unit_test(every_event_can_be_emitted),
        cmocka_unit_test(the_plan_shows_what_it_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
