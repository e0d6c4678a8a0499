/* The catalogues against the database's own judge: every sample is accepted there, and what breaks a contract is not.
 */
#include <stdlib.h>
#include <string.h>
#include "hooktop/profile/profile.h"
#include "ops_world.h"
#include "profile_vectors.h"

static enum ht_rc emitted(const struct world *w, int tenant, const char *type, const char *data, struct ht_err *err)
{
    struct ht_uuid event;
    int32_t deliveries;
    char id[HT_UUID_TEXT];
    ht_uuid_format(&w->tenants[tenant].id, id);
    const struct ht_emit_input in = {.tenant = id, .type = type, .data = data, .data_len = strlen(data)};
    return ht_store_emit(w->conn, &in, &event, &deliveries, err);
}

static void samples_of_emitted_types_are_emitted_and_others_refused(void **state)
{
    struct world *w = *state;
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        const struct ht_profile *p = ht_profile_find(w->tenants[tenant].profile);
        for (size_t i = 0; i < p->types_len; i++) {
            const struct ht_catalogue_type *t = &p->types[i];
            struct ht_err err = {0};
            enum ht_rc rc = emitted(w, tenant, t->name, t->sample, &err);
            if (rc != (t->state == HT_TYPE_EMITTED ? HT_OK : HT_USAGE) || (rc != HT_OK && !strstr(err.why, t->name)))
                fail_msg("%s %s: %d %s", p->name, t->name, rc, err.why);
        }
    }
}

static void samples_of_all_types_meet_their_contracts(void **state)
{
    struct world *w = *state;
    ht_test_sql(w->dsn,
                "SELECT hooktop.check_contract(contract, sample) FROM hooktop.event_type WHERE contract IS NOT NULL");
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.event_type WHERE state = 'planned'"), 2);
}

static void breaches_name_the_field(void **state)
{
    struct world *w = *state;
    static const struct {
        int tenant;
        const char *type, *data, *why;
    } cases[] = {
        {INSTACLAIM, "claim_report.queued", "{\"status\":\"queued\"}", "claim_report_id"},
        {INSTACLAIM, "claim_report.queued",
         "{\"claim_report_id\":\"0193480d-8e02-7b95-a0c6-72f3d5e9b018\",\"status\":\"failed\"}", "status"},
        {INSTACLAIM, "claim_report.queued", "{\"claim_report_id\":\"7\",\"status\":\"queued\"}", "uuid"},
        {INSTACLAIM, "user.invited",
         "{\"email\":\"maria\",\"role\":\"member\",\"invite_id\":\"0193480d-8e02-7b95-a0c6-72f3d5e9b018\"}", "email"},
        {INSTACLAIM, "user.invited",
         "{\"email\":null,\"role\":\"member\",\"invite_id\":\"0193480d-8e02-7b95-a0c6-72f3d5e9b018\"}", "email"},
        {CLAIMPORT, "claim.created", "{\"message\":{}}", "claim"},
        {CLAIMPORT, "claim.created", "{\"claim\":{},\"more\":1}", "at most 1 members"},
        {CLAIMPORT, "claim.created", "{\"claim\":[]}", "claim"},
        {CLAIMABLE, "contact.created", "[]", "object"},
        {INSTNT, "document.submitted", "\"text\"", "object"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_err err = {0};
        enum ht_rc rc = emitted(w, cases[i].tenant, cases[i].type, cases[i].data, &err);
        if (rc != HT_USAGE || !strstr(err.why, cases[i].why))
            fail_msg("case %zu: %d %s", i, rc, err.why);
    }
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.event"), 0);
}

/* What the database accepts, a body can be made of: nothing that was emitted is quarantined for its shape. */
static void what_is_accepted_can_be_sent(void **state)
{
    struct world *w = *state;
    static const char *const shapes[] = {"{\"claim\":{}}",
                                         " {\n\"claim\" : {\"a\":\"}\\\"{,:\"}\t} ",
                                         "{\"claim\":{\"b\":[{},[1,2],{\"c\":{}}]}}",
                                         "{\"claim\":{},\"claim\":{}}",
                                         "{\"claim\":null}",
                                         "{\"cl\\u0061im\":{}}"};
    static const int tenants[] = {CLAIMPORT, CLAIMABLE};
    for (size_t k = 0; k < HT_COUNT(tenants); k++) {
        for (size_t i = 0; i < HT_COUNT(shapes); i++) {
            struct ht_err err = {0};
            struct ht_buf body;
            char type[] = "claim.created";
            struct ht_event e = {.type = type, .data = (char *)(uintptr_t)shapes[i], .data_len = strlen(shapes[i])};
            enum ht_rc rc = emitted(w, tenants[k], type, shapes[i], &err);
            ht_buf_init(&body, HT_BODY_MAX);
            enum ht_rc built = ht_ops_body(&e, w->tenants[tenants[k]].profile, &body, &err);
            if (rc == HT_OK && built != HT_OK)
                fail_msg("%s is accepted, but: %s", shapes[i], err.why);
            ht_buf_fini(&body);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(samples_of_emitted_types_are_emitted_and_others_refused),
        TEST(samples_of_all_types_meet_their_contracts),
        TEST(breaches_name_the_field),
        TEST(what_is_accepted_can_be_sent),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
