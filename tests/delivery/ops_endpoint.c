/* Adding and editing endpoints: all or nothing, each mistake named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/delivery/headers.h"
#include "hooktop/profile/profile.h"
#include "ops_world.h"
#include "profile_vectors.h"

/* What the store holds of a secret, opened with the ring. */
static struct ht_secret *stored_secret(const struct world *w, const struct ht_endpoint *e, size_t i)
{
    struct ht_sealed_rows rows = {0};
    struct ht_secret *secret = NULL;
    struct ht_err err = {0};
    must(ht_store_sealed(w->conn, e, &rows, &err), &err);
    assert_true(i < rows.n);
    const struct ht_seal_bind bind = {.tenant_id = e->tenant_id,
                                      .endpoint_id = rows.rows[i].endpoint_id,
                                      .secret_id = rows.rows[i].id,
                                      .generation = rows.rows[i].generation,
                                      .purpose = ht_profile_seal_purpose(ht_profile_find(e->profile))};
    must(ht_unseal(w->ring, &bind, rows.rows[i].blob, rows.rows[i].len, &secret, &err), &err);
    ht_sealed_rows_fini(&rows);
    return secret;
}

static void an_endpoint_is_made_with_its_secret(void **state)
{
    struct world *w = *state;
    static const int shared[] = {STANDARD, INSTACLAIM, CLAIMPORT, CLAIMABLE};
    for (size_t i = 0; i < HT_COUNT(shared); i++) {
        struct ht_endpoint e = world_endpoint(w, shared[i], "/a");
        struct ht_secret *secret = NULL;
        char *public = NULL;
        struct ht_secret_metas metas = {0};
        struct ht_subscriptions subscriptions = {0};
        struct ht_err err = {0};
        world_add(w, shared[i], &e, &secret, &public);
        struct ht_endpoint found = world_find(w, &e);
        struct ht_secret *stored = stored_secret(w, &e, 0);
        assert_non_null(secret);
        assert_null(public);
        assert_true(ht_secret_equal(secret, stored));
        assert_int_equal(found.status, shared[i] == CLAIMPORT ? HT_ENDPOINT_UNVERIFIED : HT_ENDPOINT_ACTIVE);
        assert_int_equal(found.status, e.status);
        assert_int_equal(found.in_flight_max, 4);
        assert_string_equal(found.url, e.url);
        must(ht_store_secrets(w->conn, &e.tenant_id, &e.id, &metas, &err), &err);
        assert_int_equal(metas.n, 1);
        assert_int_equal(metas.rows[0].state, HT_SECRET_ACTIVE);
        assert_int_not_equal(metas.rows[0].revealed_at, 0);
        assert_int_equal(ht_store_secret_reveal(w->conn, &metas.rows[0].id, &err), HT_DENIED);
        ht_err_clear(&err);
        must(ht_store_subscriptions(w->conn, &e, &subscriptions, &err), &err);
        assert_int_equal(subscriptions.n, 1);
        assert_string_equal(subscriptions.rows[0].pattern, "*");
        ht_subscriptions_fini(&subscriptions);
        ht_secret_metas_fini(&metas);
        ht_secret_free(stored);
        ht_secret_free(secret);
        ht_endpoint_fini(&found);
        ht_endpoint_fini(&e);
    }
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE action = 'endpoint.added'"
                                    " AND reason = 'a test'"),
                     HT_COUNT(shared));
}

static void a_tenants_key_is_made_once(void **state)
{
    struct world *w = *state;
    struct ht_endpoint a = world_endpoint(w, INSTNT, "/a"), b = world_endpoint(w, INSTNT, "/b");
    struct ht_secret *secret = NULL;
    char *first = NULL, *second = NULL, *derived = NULL;
    struct ht_err err = {0};
    world_add(w, INSTNT, &a, &secret, &first);
    assert_null(secret);
    assert_memory_equal(first, "-----BEGIN PUBLIC KEY-----", 26);
    world_add(w, INSTNT, &b, &secret, &second);
    assert_null(secret);
    assert_string_equal(first, second);
    struct ht_secret *stored = stored_secret(w, &b, 0);
    must(ht_profile_public_key(ht_profile_find("instnt"), stored, &derived, &err), &err);
    assert_string_equal(first, derived);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.signing_key"), 1);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.secret"), 0);
    ht_secret_free(stored);
    free(first);
    free(second);
    free(derived);
    ht_endpoint_fini(&a);
    ht_endpoint_fini(&b);
}

static void a_brought_secret_is_kept_and_not_shown(void **state)
{
    struct world *w = *state;
    const struct {
        int tenant;
        const char *key, *public;
    } cases[] = {{CLAIMPORT, "It'sASecretToEverybody", NULL},
                 {STANDARD, vector("secret_current"), NULL},
                 {STANDARD, vector("whsk_both"), vector("whpk")},
                 {INSTNT, vector_file("rsa.pem").data, vector_file("rsa.pub.pem").data}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_endpoint e = world_endpoint(w, cases[i].tenant, "/a");
        struct ht_secret *brought = secret_of(cases[i].key), *secret = NULL;
        char *public = NULL;
        struct ht_err err = {0};
        must(ht_ops_endpoint_add(&w->ops, &w->tenants[cases[i].tenant], &e, NULL, 0, brought, &secret, &public, &err),
             &err);
        struct ht_secret *stored = stored_secret(w, &e, 0);
        assert_null(secret);
        assert_true(ht_secret_equal(brought, stored));
        if (cases[i].public)
            assert_string_equal(public, cases[i].public);
        else
            assert_null(public);
        ht_secret_free(stored);
        ht_secret_free(brought);
        free(public);
        ht_endpoint_fini(&e);
    }
}

static void all_settings_reach_the_store(void **state)
{
    struct world *w = *state;
    static const char *const patterns[] = {"transaction.*", "document.submitted"};
    struct ht_endpoint e = world_endpoint(w, INSTNT, "/a");
    struct ht_err err = {0};
    struct ht_secret *secret = NULL;
    char *public = NULL;
    e.description = ht_strdup("Ärger & Co");
    e.timeout_ms = 7000;
    e.schedule_s[0] = 1;
    e.schedule_s[1] = 60;
    e.schedule_len = 2;
    e.rate_per_s = 2.5;
    e.in_flight_max = 1;
    e.workflows = ht_alloc(3, sizeof *e.workflows);
    e.workflows[0] = ht_strdup("kyc");
    e.workflows[1] = ht_strdup("onboarding");
    e.headers[0] = (struct ht_header){ht_strdup("X-Team"), ht_strdup("claims")};
    e.headers_len = 1;
    must(ht_ops_endpoint_add(&w->ops, &w->tenants[INSTNT], &e, patterns, 2, NULL, &secret, &public, &err), &err);
    struct ht_endpoint found = world_find(w, &e);
    assert_string_equal(found.description, e.description);
    assert_int_equal(found.timeout_ms, 7000);
    assert_int_equal(found.schedule_len, 2);
    assert_int_equal(found.schedule_s[1], 60);
    assert_true(found.rate_per_s == 2.5);
    assert_int_equal(found.in_flight_max, 1);
    assert_string_equal(found.workflows[1], "onboarding");
    assert_null(found.workflows[2]);
    assert_int_equal(found.headers_len, 1);
    assert_string_equal(found.headers[0].name, "X-Team");
    assert_null(found.headers[0].value);
    must(ht_store_sealed_headers(w->conn, &found, &found.headers_sealed, &found.headers_sealed_len, &err), &err);
    must(ht_headers_open(w->ring, &found, &err), &err);
    assert_int_equal(found.headers_len, 1);
    assert_string_equal(found.headers[0].value, "claims");
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
    free(public);
}

struct bad {
    int tenant;
    const char *why; /* part of the error's words */
    enum ht_rc rc;
    const char *pattern; /* "*" when NULL */
    const char *brought;
    void (*spoil)(struct ht_endpoint *e);
};
static void set(char **member, const char *text)
{
    free(*member);
    *member = ht_strdup(text);
}
static void no_url(struct ht_endpoint *e)
{
    free(e->url);
    e->url = NULL;
}
static void private_url(struct ht_endpoint *e)
{
    set(&e->url, "https://10.0.0.1/hook");
}
static void port_url(struct ht_endpoint *e)
{
    set(&e->url, "https://receiver.example.com:25/hook");
}
static void unknown_profile(struct ht_endpoint *e)
{
    set(&e->profile, "instaclame");
}
static void other_profile(struct ht_endpoint *e)
{
    set(&e->profile, "claimport");
}
static void own_header(struct ht_endpoint *e)
{
    e->headers[0] = (struct ht_header){ht_strdup("Host"), ht_strdup("x")};
    e->headers_len = 1;
}
static void twice_header(struct ht_endpoint *e)
{
    e->headers[0] = (struct ht_header){ht_strdup("X-A"), ht_strdup("1")};
    e->headers[1] = (struct ht_header){ht_strdup("x-a"), ht_strdup("2")};
    e->headers_len = 2;
}
static void source(struct ht_endpoint *e)
{
    e->source_filter = ht_strdup("ui");
}
static void odd_source(struct ht_endpoint *e)
{
    e->source_filter = ht_strdup("fax");
}
static void workflow(struct ht_endpoint *e)
{
    e->workflows = ht_alloc(2, sizeof *e->workflows);
    e->workflows[0] = ht_strdup("kyc");
}
static void empty_workflow(struct ht_endpoint *e)
{
    workflow(e);
    set(&e->workflows[0], "");
}
static void slow(struct ht_endpoint *e)
{
    e->timeout_ms = 60001;
}
static void no_delay(struct ht_endpoint *e)
{
    e->schedule_len = 1;
}
static void rate(struct ht_endpoint *e)
{
    e->rate_per_s = -1;
}
static void crowd(struct ht_endpoint *e)
{
    e->in_flight_max = 1001;
}
static void essay(struct ht_endpoint *e)
{
    e->description = ht_alloc(202, 1);
    memset(e->description, 'x', 201);
}
static void not_utf8(struct ht_endpoint *e)
{
    e->description = ht_strdup("\xff");
}

static const struct bad bads[] = {
    {STANDARD, "no URL", HT_USAGE, NULL, NULL, no_url},
    {STANDARD, "private", HT_USAGE, NULL, NULL, private_url},
    {STANDARD, "25", HT_USAGE, NULL, NULL, port_url},
    {INSTACLAIM, "did you mean 'instaclaim'", HT_USAGE, NULL, NULL, unknown_profile},
    {INSTACLAIM, "the tenant's is instaclaim", HT_USAGE, NULL, NULL, other_profile},
    {STANDARD, "'Host' is set by hooktop itself", HT_USAGE, NULL, NULL, own_header},
    {STANDARD, "there twice", HT_USAGE, NULL, NULL, twice_header},
    {STANDARD, "no source filter", HT_USAGE, NULL, NULL, source},
    {CLAIMABLE, "'fax' is unknown", HT_USAGE, NULL, NULL, odd_source},
    {CLAIMABLE, "no workflows", HT_USAGE, NULL, NULL, workflow},
    {INSTNT, "number 1 is not 1 to 200 bytes", HT_USAGE, NULL, NULL, empty_workflow},
    {STANDARD, "time limit of 60001 ms", HT_USAGE, NULL, NULL, slow},
    {STANDARD, "delay 1 of the schedule", HT_USAGE, NULL, NULL, no_delay},
    {STANDARD, "the rate", HT_USAGE, NULL, NULL, rate},
    {STANDARD, "1001 requests in flight", HT_USAGE, NULL, NULL, crowd},
    {STANDARD, "at most 200 characters", HT_USAGE, NULL, NULL, essay},
    {STANDARD, "not UTF-8", HT_USAGE, NULL, NULL, not_utf8},
    {STANDARD, "not a pattern", HT_USAGE, "Claim Created", NULL, NULL},
    {CLAIMPORT, "did you mean 'claim.created'", HT_USAGE, "claim.craeted", NULL, NULL},
    {CLAIMPORT, "matches 'clam.*'", HT_USAGE, "clam.*", NULL, NULL},
    {CLAIMPORT, "matches 'webhook.test'", HT_USAGE, "webhook.test", NULL, NULL},
    {CLAIMPORT, "16 to 256 characters", HT_USAGE, NULL, "short", NULL},
    {STANDARD, "begins with whsec_", HT_USAGE, NULL, "0123456789abcdef", NULL},
    {INSTNT, "private key in PEM", HT_USAGE, NULL, "whsec_AAAA", NULL},
};

static void a_mistake_is_named_and_leaves_nothing(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < HT_COUNT(bads); i++) {
        const struct bad *b = &bads[i];
        const char *patterns[] = {b->pattern ? b->pattern : "*"};
        struct ht_endpoint e = world_endpoint(w, b->tenant, "/a");
        struct ht_secret *brought = b->brought ? secret_of(b->brought) : NULL, *secret = NULL;
        char *public = NULL;
        struct ht_err err = {0};
        if (b->spoil)
            b->spoil(&e);
        enum ht_rc rc =
            ht_ops_endpoint_add(&w->ops, &w->tenants[b->tenant], &e, patterns, 1, brought, &secret, &public, &err);
        if (rc != b->rc || !strstr(err.why, b->why))
            fail_msg("case %zu (%s): %d %s: %s", i, b->why, rc, err.what, err.why);
        assert_null(secret);
        assert_null(public);
        ht_secret_free(brought);
        ht_endpoint_fini(&e);
    }
    assert_int_equal(world_count(w, "SELECT (SELECT count(*) FROM hooktop.endpoint)"
                                    " + (SELECT count(*) FROM hooktop.secret)"
                                    " + (SELECT count(*) FROM hooktop.signing_key)"
                                    " + (SELECT count(*) FROM hooktop.subscription)"),
                     0);
}

static void an_endpoint_of_profile_standard_fits_every_tenant(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    static const char *const patterns[] = {"claim.*"};
    struct ht_secret *secret = NULL;
    char *public = NULL;
    struct ht_err err = {0};
    must(ht_ops_endpoint_add(&w->ops, &w->tenants[CLAIMPORT], &e, patterns, 1, NULL, &secret, &public, &err), &err);
    struct ht_endpoint found = world_find(w, &e);
    assert_int_equal(found.status, HT_ENDPOINT_ACTIVE);
    assert_string_equal(found.profile, "standard");
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
    ht_secret_free(secret);
}

static void a_commit_that_fails_hands_out_nothing(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    struct ht_secret *secret = NULL;
    char *public = NULL;
    struct ht_err err = {0};
    ht_test_sql(w->dsn, "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS"
                        " $$ BEGIN RAISE EXCEPTION 'not today'; END $$;"
                        "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON hooktop.secret DEFERRABLE INITIALLY DEFERRED"
                        " FOR EACH ROW EXECUTE FUNCTION public.no()");
    assert_int_not_equal(ht_ops_endpoint_add(&w->ops, &w->tenants[STANDARD], &e, NULL, 0, NULL, &secret, &public, &err),
                         HT_OK);
    assert_non_null(strstr(err.why, "not today"));
    assert_null(secret);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.endpoint"), 0);
    ht_test_sql(w->dsn, "DROP TRIGGER no ON hooktop.secret");
    ht_err_clear(&err);
    must(ht_ops_endpoint_add(&w->ops, &w->tenants[STANDARD], &e, NULL, 0, NULL, &secret, &public, &err), &err);
    ht_secret_free(secret);
    ht_endpoint_fini(&e);
}

static void only_an_admin_adds_and_needs_no_ring_for_it(void **state)
{
    struct world *w = *state;
    struct ht_secret *secret = NULL;
    char *public = NULL;
    static const struct {
        const char *role;
        enum ht_rc rc;
    } cases[] = {{"admin", HT_OK}, {"support", HT_DENIED}, {"viewer", HT_DENIED}};
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            struct ht_endpoint e = world_endpoint(w, tenant, "/a");
            struct ht_ops ops = {.conn = world_login(w, cases[i].role), .egress = &w->egress};
            struct ht_err err = {0};
            enum ht_rc rc = ht_ops_endpoint_add(&ops, &w->tenants[tenant], &e, NULL, 0, NULL, &secret, &public, &err);
            if (rc != cases[i].rc)
                fail_msg("%s, tenant %d: %d %s: %s", cases[i].role, tenant, rc, err.what, err.why);
            if (rc == HT_DENIED)
                assert_non_null(strstr(text_of("%s %s", err.why, err.fix), "hooktop_admin"));
            if (rc == HT_OK) {
                ht_secret_free(secret);
                free(public);
            }
            secret = NULL;
            public = NULL;
            ht_endpoint_fini(&e);
            ht_conn_close(ops.conn);
        }
    }
}

static void edits_are_all_or_nothing(void **state)
{
    struct world *w = *state;
    static const char *const on[] = {"claim.created"}, *const off[] = {"*"}, *const never[] = {"claim.closed"};
    static const char *const odd[] = {"claim.craeted"};
    struct ht_endpoint e = world_endpoint(w, CLAIMABLE, "/a");
    struct ht_subscriptions subscriptions = {0};
    struct ht_err err = {0};
    world_add(w, CLAIMABLE, &e, NULL, NULL);
    set(&e.url, world_url(w, "/b"));
    set(&e.source_filter, "ui");
    assert_int_equal(ht_ops_endpoint_edit(&w->ops, &e, on, 1, never, 1, &err), HT_NOT_FOUND);
    ht_err_clear(&err);
    assert_int_equal(ht_ops_endpoint_edit(&w->ops, &e, odd, 1, off, 1, &err), HT_USAGE);
    struct ht_endpoint found = world_find(w, &e);
    assert_string_equal(found.url, world_url(w, "/a"));
    ht_endpoint_fini(&found);
    ht_err_clear(&err);
    must(ht_ops_endpoint_edit(&w->ops, &e, on, 1, off, 1, &err), &err);
    found = world_find(w, &e);
    assert_string_equal(found.url, world_url(w, "/b"));
    assert_string_equal(found.source_filter, "ui");
    must(ht_store_subscriptions(w->conn, &e, &subscriptions, &err), &err);
    assert_int_equal(subscriptions.n, 1);
    assert_string_equal(subscriptions.rows[0].pattern, "claim.created");
    ht_subscriptions_fini(&subscriptions);
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
}

static void a_new_url_must_be_verified_again(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, CLAIMPORT, "/a");
    struct ht_err err = {0};
    world_add(w, CLAIMPORT, &e, NULL, NULL);
    must(ht_store_endpoint_verified(w->conn, &e, &err), &err);
    must(ht_ops_endpoint_edit(&w->ops, &e, NULL, 0, NULL, 0, &err), &err);
    struct ht_endpoint found = world_find(w, &e);
    assert_int_equal(found.status, HT_ENDPOINT_ACTIVE);
    ht_endpoint_fini(&found);
    set(&e.url, world_url(w, "/b"));
    must(ht_ops_endpoint_edit(&w->ops, &e, NULL, 0, NULL, 0, &err), &err);
    found = world_find(w, &e);
    assert_int_equal(found.status, HT_ENDPOINT_UNVERIFIED);
    ht_endpoint_fini(&found);
    ht_endpoint_fini(&e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_endpoint_is_made_with_its_secret),
        TEST(a_tenants_key_is_made_once),
        TEST(a_brought_secret_is_kept_and_not_shown),
        TEST(all_settings_reach_the_store),
        TEST(a_mistake_is_named_and_leaves_nothing),
        TEST(an_endpoint_of_profile_standard_fits_every_tenant),
        TEST(a_commit_that_fails_hands_out_nothing),
        TEST(only_an_admin_adds_and_needs_no_ring_for_it),
        TEST(edits_are_all_or_nothing),
        TEST(a_new_url_must_be_verified_again),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
