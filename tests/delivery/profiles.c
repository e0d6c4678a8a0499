/* One delivery of each profile through the whole path, judged by a receiver that knows the keys and nothing else. */
#include "delivery_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *profile;
    const char *type;
    const char *data;
    const char *head[4]; /* parts of the request's header block */
    const char *body;    /* part of the body */
} cases[] = {
    {"standard",
     "thing.happened",
     "{\"a\": 1}",
     {"\r\nwebhook-id: ", "\r\nwebhook-signature: v1,", "\r\nContent-Type: application/json\r\n"},
     "\"data\":{\"a\": 1}"},
    {"instaclaim",
     "user.invited",
     NULL,
     {"\r\nX-InstaClaim-Event: user.invited\r\n",
      "\r\nX-InstaClaim-Signature: v1=", "\r\nUser-Agent: instaClaim-Webhooks/1.0\r\n"},
     ""},
    {"claimport",
     "claim.created",
     "{\"claim\": {\"id\": \"c1\"}}",
     {"\r\nX-ClaimPort-Signature: sha256="},
     "\"type\":\"claim.created\""},
    {"instnt",
     "transaction.submitted",
     "{\"x\": 1}",
     {"\r\nInstnt-Signature: "},
     "\"event_type\":\"transaction.submitted\""},
    {"claimable",
     "claim.created",
     "{\"claim\": {\"id\": 7}}",
     {"\r\nwebhook-signature: v1,"},
     "\"performed_by\":\"test\""},
};

struct look {
    const char *path;
    size_t n;
    char head[4096];
    char body[4096];
};

static void look(void *user, const struct ht_recorded *rec)
{
    struct look *l = user;
    if (strcmp(rec->path, l->path) == 0 && rec->delivery && rec->delivery[0]) {
        l->n++;
        snprintf(l->head, sizeof l->head, "%s", rec->head);
        snprintf(l->body, sizeof l->body, "%.*s", (int)rec->body_len, rec->body);
    }
}

static const char *sample(const char *profile, const char *type)
{
    const struct ht_profile *p = ht_profile_find(profile);
    for (size_t i = 0; i < p->types_len; i++) {
        if (strcmp(p->types[i].name, type) == 0) {
            return p->types[i].sample;
        }
    }
    return NULL;
}

static void test_each_profile(void **state)
{
    struct lab *w = *state;
    struct ht_tenant tenants[HT_COUNT(cases)];
    struct lab_endpoint e[HT_COUNT(cases)] = {0};
    char paths[HT_COUNT(cases)][32];
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        tenants[i] = lab_tenant(w, cases[i].profile, cases[i].profile);
        snprintf(paths[i], sizeof paths[i], "/%s", cases[i].profile);
        e[i] = (struct lab_endpoint){.tenant = &tenants[i], .path = paths[i], .header = {"X-Key", "hidden value"}};
        lab_endpoint(w, &e[i]);
        if (ht_profile_find(cases[i].profile)->needs_verification) {
            struct ht_ping_result ping = {0};
            LAB_OK(ht_ops_ping(&w->ops, &e[i].row, NULL, &ping, &err));
            assert_true(ping.success);
            ht_ping_result_fini(&ping);
        }
        const char *data = cases[i].data ? cases[i].data : sample(cases[i].profile, cases[i].type);
        assert_int_equal(lab_emit(w, &tenants[i], cases[i].type, data), 1);
    }
    lab_start(w, NULL);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        static struct look l;
        struct ht_route_counts counts;
        LAB_UNTIL(w, &e[i], LAB_WITH_STATUS("succeeded"), 1);
        ht_receiver_counts(w->receiver, paths[i], &counts);
        if (counts.refused > 0) {
            fail_msg("%s: %s", cases[i].profile, counts.last_why);
        }
        l = (struct look){.path = paths[i]};
        ht_receiver_each(w->receiver, look, &l);
        assert_int_equal(l.n, 1);
        for (size_t k = 0; k < 4 && cases[i].head[k]; k++) {
            if (!strstr(l.head, cases[i].head[k])) {
                fail_msg("%s: no %s in %s", cases[i].profile, cases[i].head[k], l.head);
            }
        }
        if (!strstr(l.body, cases[i].body)) {
            fail_msg("%s: no %s in %s", cases[i].profile, cases[i].body, l.body);
        }
        assert_non_null(strstr(l.head, "\r\nX-Key: hidden value\r\n"));
        assert_non_null(strstr(l.head, "\r\nX-Hooktop-Attempt: 1\r\n"));
        HT_AUTOFREE char *stored = lab_text(w, &e[i],
                                            "SELECT request_headers FROM hooktop.attempt a JOIN hooktop.delivery d ON "
                                            "d.id = a.delivery_id WHERE d.endpoint_id = %s");
        assert_null(strstr(stored, "hidden"));
        assert_non_null(strstr(stored, "\nX-Key: ****\n"));
    }
    lab_stop(w);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        lab_endpoint_fini(&e[i]);
        ht_tenant_fini(&tenants[i]);
    }
}

/* Two endpoints of an Instnt tenant get the same signature of the same body. */
static void test_shared_signature(void **state)
{
    struct lab *w = *state;
    struct ht_tenant t = lab_tenant(w, "instnt", "instnt");
    struct lab_endpoint a = {.tenant = &t, .path = "/a"},
                        b = {.tenant = &t, .path = "/b", .answer = HT_ANSWER_FAIL_FIRST, .arg = 1, .schedule_s = {1}};
    static struct look one, two;
    lab_endpoint(w, &a);
    lab_endpoint(w, &b);
    free(b.public_key);
    b.public_key = ht_strdup(a.public_key);
    lab_route(w, &b);
    assert_int_equal(lab_emit(w, &t, "transaction.submitted", "{\"x\": 1}"), 2);
    lab_start(w, NULL);
    LAB_UNTIL(w, &a, LAB_WITH_STATUS("succeeded"), 1);
    LAB_UNTIL(w, &b, LAB_WITH_STATUS("succeeded"), 1);
    lab_stop(w);
    one = (struct look){.path = "/a"};
    two = (struct look){.path = "/b"};
    ht_receiver_each(w->receiver, look, &one);
    ht_receiver_each(w->receiver, look, &two);
    assert_int_equal(two.n, 2);
    assert_string_equal(one.body, two.body);
    char signature[512];
    const char *at = strstr(one.head, "Instnt-Signature: ");
    snprintf(signature, sizeof signature, "%.*s", (int)strcspn(at, "\r"), at);
    assert_non_null(strstr(two.head, signature));
    lab_endpoint_fini(&a);
    lab_endpoint_fini(&b);
    ht_tenant_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_profile, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(test_shared_signature, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests_name("profiles", tests, NULL, NULL);
}
