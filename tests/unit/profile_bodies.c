/* Bodies byte for byte, against files that were written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile_vectors.h"

#define CLAIM "{ \"claim\" : {\"b\": 1.0, \"a\":\"\\u00e9\\u2028é\", \"n\":12345678901234567890, \"z\":[{},\"}:{\"]} }"

static struct ht_event event_of(const char *type, const char *data)
{
    return (struct ht_event){.id = uuid_of(VECTOR_EVENT),
                             .type = (char *)(uintptr_t)type,
                             .data = (char *)(uintptr_t)data,
                             .data_len = strlen(data),
                             .created_at = VECTOR_TIME_US};
}

static void assert_body(const struct ht_profile *p, const struct ht_event *e, const char *file)
{
    struct ht_err err = {0};
    struct ht_buf out;
    struct bytes wanted = vector_file(file);
    ht_buf_init(&out, HT_BODY_MAX);
    if (p->body(e, HT_BODY_VERSION, &out, &err) != HT_OK)
        fail_msg("%s: %s: %s", file, err.what, err.why);
    assert_string_equal(out.data, wanted.data);
    assert_int_equal(out.len, wanted.len);
    ht_buf_fini(&out);
}

static void bodies_are_the_documented_bytes(void **state)
{
    (void)state;
    char source[] = "ui", who[] = "Zo\xc3\xab \"Z\"\n\xf0\x9f\x98\x80",
         name[] = "Document \"front.png\" \u2713 submitted";
    struct ht_event e = event_of("claim_project.created", "{\"project_id\" : \"0193480d-5a78-7cc2-b1f4-a3d2e1f0a9b8\","
                                                          "\"name\":\"A\u00f1o 2026\"}");
    assert_body(ht_profile_find("instaclaim"), &e, "instaclaim.body");
    e = event_of("claim.created", CLAIM);
    assert_body(ht_profile_find("claimport"), &e, "claimport.body");
    e = event_of("document.submitted", CLAIM);
    e.event_name = name;
    assert_body(ht_profile_find("instnt"), &e, "instnt.body");
    e = event_of("claim.label_added", CLAIM);
    e.source = source;
    e.performed_by = who;
    assert_body(ht_profile_find("claimable"), &e, "claimable.body");
    e = event_of("invoice.paid", CLAIM);
    assert_body(ht_profile_find("standard"), &e, "standard.body");
}

static void what_a_producer_left_out_has_a_default(void **state)
{
    (void)state;
    struct ht_event e = event_of("document.verification.success", CLAIM);
    assert_body(ht_profile_find("instnt"), &e, "instnt_unnamed.body");
    e = event_of("claim.closed", CLAIM);
    assert_body(ht_profile_find("claimable"), &e, "claimable_bare.body");
}

static void pings_are_the_documented_bytes(void **state)
{
    (void)state;
    const struct ht_ping_subject s = {.tenant_id = uuid_of("0193480d-c412-7d86-b5e9-0f8a7c3d2e64"),
                                      .endpoint_id = uuid_of("0193480d-d60b-7a2c-9f35-8b1e4d7c0a96"),
                                      .endpoint_status = "active",
                                      .ping_id = uuid_of("0193480d-e001-7a3b-8c5d-1f2e3d4c5b6a"),
                                      .now_us = VECTOR_TIME_US};
    for (size_t i = 0; i < ht_profiles_len; i++) {
        struct ht_buf out;
        char file[64];
        snprintf(file, sizeof file, "%s.ping", ht_profiles[i]->name);
        ht_buf_init(&out, HT_BODY_MAX);
        assert_int_equal(ht_profiles[i]->ping_body(&s, &out, NULL), HT_OK);
        assert_string_equal(out.data, vector_file(file).data);
        ht_buf_fini(&out);
    }
}

static void a_body_that_cannot_be_built_is_refused(void **state)
{
    (void)state;
    static const char *const shapes[] = {"{}",
                                         "[]",
                                         "[1]",
                                         "\"claim\"",
                                         "null",
                                         " ",
                                         "{\"a\":{},\"b\":1}",
                                         "{ } ",
                                         "1",
                                         "",
                                         "{",
                                         "}",
                                         "{\"a\":1,\"a\":2}",
                                         "{\"a\\\":\":1,\"b\":2}"};
    static const char *const strict[] = {"claimport", "claimable"};
    for (size_t p = 0; p < HT_COUNT(strict); p++) {
        for (size_t i = 0; i < HT_COUNT(shapes); i++) {
            struct ht_err err = {0};
            struct ht_buf out;
            ht_buf_init(&out, HT_BODY_MAX);
            struct ht_event e = event_of("claim.created", shapes[i]);
            assert_int_equal(ht_profile_find(strict[p])->body(&e, HT_BODY_VERSION, &out, &err), HT_FAILED);
            assert_non_null(strstr(err.why, "exactly one member"));
            ht_buf_fini(&out);
        }
    }
}

static void members_are_counted_outside_strings_and_below(void **state)
{
    (void)state;
    static const char *const shapes[] = {"{\"a\":1}", "\n{\"a\" : {\"b\":1,\"c\":[{\"d\":2},{\"e\":3}]}}\t ",
                                         "{\"a:b\":\"c:d\"}", "{\"a\\\":\\\\\":\"\\\":\"}"};
    for (size_t i = 0; i < HT_COUNT(shapes); i++) {
        struct ht_buf out;
        ht_buf_init(&out, HT_BODY_MAX);
        struct ht_event e = event_of("claim.created", shapes[i]);
        assert_int_equal(ht_profile_find("claimport")->body(&e, HT_BODY_VERSION, &out, NULL), HT_OK);
        assert_non_null(strstr(out.data, shapes[i]));
        ht_buf_fini(&out);
    }
}

static void every_profile_refuses_unknown_versions_and_full_buffers(void **state)
{
    (void)state;
    struct ht_event e = event_of("claim.created", "{\"claim\":{}}");
    for (size_t i = 0; i < ht_profiles_len; i++) {
        struct ht_err err = {0};
        struct ht_buf out;
        ht_buf_init(&out, HT_BODY_MAX);
        assert_int_equal(ht_profiles[i]->body(&e, 2, &out, &err), HT_FAILED);
        assert_non_null(strstr(err.why, "body version 2"));
        ht_buf_fini(&out);
        ht_err_clear(&err);
        ht_buf_init(&out, 8);
        assert_int_equal(ht_profiles[i]->body(&e, HT_BODY_VERSION, &out, &err), HT_FAILED);
        assert_non_null(strstr(err.why, "8 bytes"));
        ht_buf_fini(&out);
    }
}

static void the_largest_event_fits_a_body(void **state)
{
    (void)state;
    char *data = calloc(1, HT_EVENT_DATA_MAX + 1), *name = calloc(1, 1025);
    memset(data, ' ', HT_EVENT_DATA_MAX);
    memcpy(data, "{\"claim\":{", 10);
    memcpy(data + HT_EVENT_DATA_MAX - 2, "}}", 2);
    memset(name, 1, 1024); /* each character needs six */
    for (size_t i = 0; i < ht_profiles_len; i++) {
        struct ht_buf out;
        struct ht_event e = event_of("claim.created", data);
        e.event_name = e.performed_by = name;
        ht_buf_init(&out, HT_BODY_MAX);
        assert_int_equal(ht_profiles[i]->body(&e, HT_BODY_VERSION, &out, NULL), HT_OK);
        ht_buf_fini(&out);
    }
    free(data);
    free(name);
}

struct data_case {
    const char *profile, *data, *why; /* NULL: fine */
};
static const struct data_case data_cases[] = {
    {"claimport", "{\"claim\":{}}", NULL},
    {"claimport", "{\"claim\":{},\"more\":1}", "exactly one member"},
    {"claimport", "{\"claim\":{\"number\":12345678901234567890123}}", NULL},
    {"claimport", "{}", "has 0"},
    {"claimable", "[1]", "must be a JSON object"},
    {"claimable", "{\"claim\":", "line 1"},
    {"instaclaim", "\"text\"", "must be a JSON object"},
    {"instaclaim", "{}", NULL},
    {"instnt", "null", "must be a JSON object"},
    {"standard", "null", NULL},
    {"standard", "[1,2]", NULL},
    {"standard", "nul", "line 1"},
};

static void data_is_checked_before_it_is_emitted(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(data_cases); i++) {
        const struct data_case *c = &data_cases[i];
        struct ht_err err = {0};
        enum ht_rc rc = ht_profile_find(c->profile)->check_data(c->data, strlen(c->data), &err);
        assert_int_equal(rc, c->why ? HT_USAGE : HT_OK);
        if (c->why && !strstr(err.why, c->why))
            fail_msg("%s %s: %s", c->profile, c->data, err.why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_the_documented_bytes),
        cmocka_unit_test(what_a_producer_left_out_has_a_default),
        cmocka_unit_test(pings_are_the_documented_bytes),
        cmocka_unit_test(a_body_that_cannot_be_built_is_refused),
        cmocka_unit_test(members_are_counted_outside_strings_and_below),
        cmocka_unit_test(every_profile_refuses_unknown_versions_and_full_buffers),
        cmocka_unit_test(the_largest_event_fits_a_body),
        cmocka_unit_test(data_is_checked_before_it_is_emitted),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
