/* Rotation: who signs when, the one reveal, and nothing handed out that is not stored. */
#include <stdlib.h>
#include <string.h>
#include "hooktop/profile/profile.h"
#include "ops_world.h"
#include "profile_vectors.h"

#define HOUR_MS INT64_C(3600000)

/* The states of an endpoint's secrets (or its tenant's keys), newest first, as one text. */
static const char *states(const struct world *w, const struct ht_endpoint *e)
{
    static const char *const names[] = {"next", "active", "retiring", "expired"};
    struct ht_secret_metas metas = {0};
    const struct ht_uuid nil = {0};
    struct ht_err err = {0};
    const char *text = "";
    bool tenants = ht_profile_find(e->profile)->key_per_tenant;
    must(ht_store_secrets(w->conn, &e->tenant_id, tenants ? &nil : &e->id, &metas, &err), &err);
    for (size_t i = 0; i < metas.n; i++)
        text = text_of("%s%s%d:%s", text, i ? " " : "", (int)metas.rows[i].generation, names[metas.rows[i].state]);
    ht_secret_metas_fini(&metas);
    return text;
}

struct rotation {
    struct ht_uuid id;
    struct ht_secret *secret;
    char *public_key;
};
static struct rotation rotated(const struct world *w, const struct ht_endpoint *e, int64_t ms)
{
    struct rotation r = {0};
    struct ht_err err = {0};
    must(ht_ops_rotate(&w->ops, e, ms, &r.id, &r.secret, &r.public_key, &err), &err);
    return r;
}
static void rotation_fini(struct rotation *r)
{
    ht_secret_free(r->secret);
    free(r->public_key);
}

static void profiles_with_room_for_two_overlap(void **state)
{
    struct world *w = *state;
    static const int tenants[] = {STANDARD, INSTACLAIM, CLAIMABLE};
    for (size_t i = 0; i < HT_COUNT(tenants); i++) {
        struct ht_endpoint e = world_endpoint(w, tenants[i], "/a");
        struct ht_secret *first = NULL;
        struct ht_err err = {0};
        world_add(w, tenants[i], &e, &first, NULL);
        struct rotation r = rotated(w, &e, HOUR_MS);
        assert_string_equal(states(w, &e), "2:active 1:retiring");
        assert_non_null(r.secret);
        assert_null(r.public_key);
        assert_false(ht_secret_equal(first, r.secret));
        assert_int_equal(ht_store_secret_reveal(w->conn, &r.id, &err), HT_DENIED);
        rotation_fini(&r);
        r = rotated(w, &e, 0);
        assert_string_equal(states(w, &e), "3:active 2:expired 1:expired");
        rotation_fini(&r);
        ht_secret_free(first);
        ht_endpoint_fini(&e);
    }
}

static void profiles_with_room_for_one_are_staged(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, CLAIMPORT, "/a");
    struct ht_err err = {0};
    world_add(w, CLAIMPORT, &e, NULL, NULL);
    struct rotation r = rotated(w, &e, HOUR_MS);
    assert_string_equal(states(w, &e), "2:next 1:active");
    assert_non_null(r.secret);
    assert_int_equal(ht_store_secret_reveal(w->conn, &r.id, &err), HT_DENIED);
    rotation_fini(&r);
    r = rotated(w, &e, 0);
    assert_string_equal(states(w, &e), "3:active 2:expired 1:expired");
    rotation_fini(&r);
    ht_endpoint_fini(&e);
}

static void a_tenants_key_is_published_before_it_signs(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, INSTNT, "/a");
    char *first = NULL, *third = NULL;
    struct ht_secret_metas metas = {0};
    const struct ht_uuid nil = {0};
    struct ht_err err = {0};
    world_add(w, INSTNT, &e, NULL, &first);
    struct rotation r = rotated(w, &e, HOUR_MS);
    assert_null(r.secret);
    assert_memory_equal(r.public_key, "-----BEGIN PUBLIC KEY-----", 26);
    assert_string_not_equal(first, r.public_key);
    assert_string_equal(states(w, &e), "2:next 1:active");
    must(ht_store_secrets(w->conn, &e.tenant_id, &nil, &metas, &err), &err);
    assert_string_equal(metas.rows[0].public_pem, r.public_key);
    must(ht_ops_rotate_tenant(&w->ops, &w->tenants[INSTNT], 0, &third, &err), &err);
    assert_string_equal(states(w, &e), "3:active 2:expired 1:expired");
    assert_string_not_equal(third, r.public_key);
    ht_secret_metas_fini(&metas);
    rotation_fini(&r);
    free(first);
    free(third);
    ht_endpoint_fini(&e);
}

/* What is refused leaves the generations as they were. */
static void what_cannot_be_rotated_is_said(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    struct rotation r = {0};
    struct ht_err err = {0};
    world_add(w, STANDARD, &e, NULL, NULL);
    assert_int_equal(ht_ops_rotate(&w->ops, &e, -1, &r.id, &r.secret, &r.public_key, &err), HT_USAGE);
    assert_non_null(strstr(err.fix, "0s to 7d"));
    ht_err_clear(&err);
    assert_int_equal(ht_ops_rotate(&w->ops, &e, 7 * 24 * HOUR_MS + 1, &r.id, &r.secret, &r.public_key, &err), HT_USAGE);
    ht_err_clear(&err);
    assert_int_equal(ht_ops_rotate_tenant(&w->ops, &w->tenants[STANDARD], 0, &r.public_key, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "each endpoint has its own secret"));
    ht_err_clear(&err);
    struct ht_ops support = {.conn = world_login(w, "support"), .egress = &w->egress, .ring = w->ring};
    assert_int_equal(ht_ops_rotate(&support, &e, 0, &r.id, &r.secret, &r.public_key, &err), HT_DENIED);
    ht_conn_close(support.conn);
    assert_null(r.secret);
    assert_null(r.public_key);
    assert_string_equal(states(w, &e), "1:active");
    ht_endpoint_fini(&e);
}

static void four_live_generations_are_too_many(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    struct rotation r = {0};
    struct ht_err err = {0};
    world_add(w, STANDARD, &e, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        r = rotated(w, &e, HOUR_MS);
        rotation_fini(&r);
    }
    r = (struct rotation){0};
    assert_int_not_equal(ht_ops_rotate(&w->ops, &e, HOUR_MS, &r.id, &r.secret, &r.public_key, &err), HT_OK);
    assert_non_null(strstr(err.why, "three generations"));
    assert_null(r.secret);
    assert_string_equal(states(w, &e), "3:active 2:retiring 1:retiring");
    ht_endpoint_fini(&e);
}

static void a_commit_that_fails_hands_out_nothing(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, INSTACLAIM, "/a");
    struct rotation r = {0};
    struct ht_err err = {0};
    world_add(w, INSTACLAIM, &e, NULL, NULL);
    ht_test_sql(w->dsn, "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS"
                        " $$ BEGIN RAISE EXCEPTION 'not today'; END $$;"
                        "CREATE CONSTRAINT TRIGGER no AFTER UPDATE ON hooktop.secret DEFERRABLE INITIALLY DEFERRED"
                        " FOR EACH ROW WHEN (NEW.revealed_at IS NOT NULL) EXECUTE FUNCTION public.no()");
    assert_int_not_equal(ht_ops_rotate(&w->ops, &e, HOUR_MS, &r.id, &r.secret, &r.public_key, &err), HT_OK);
    assert_non_null(strstr(err.why, "not today"));
    assert_null(r.secret);
    assert_string_equal(states(w, &e), "1:active");
    ht_endpoint_fini(&e);
}

/* An admin's machine need not be able to read any secret to make a new one. */
static void rotating_needs_no_private_half(void **state)
{
    struct world *w = *state;
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        struct ht_endpoint e = world_endpoint(w, tenant, "/a");
        struct ht_ops ops = {.conn = world_login(w, "admin"), .egress = &w->egress};
        struct rotation r = {0};
        struct ht_sealed_rows rows = {0};
        struct ht_err err = {0};
        world_add(w, tenant, &e, NULL, NULL);
        must(ht_ops_rotate(&ops, &e, HOUR_MS, &r.id, &r.secret, &r.public_key, &err), &err);
        assert_int_equal(ht_store_sealed(ops.conn, &e, &rows, &err), HT_DENIED);
        rotation_fini(&r);
        ht_conn_close(ops.conn);
        ht_endpoint_fini(&e);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(profiles_with_room_for_two_overlap),
        TEST(profiles_with_room_for_one_are_staged),
        TEST(a_tenants_key_is_published_before_it_signs),
        TEST(what_cannot_be_rotated_is_said),
        TEST(four_live_generations_are_too_many),
        TEST(a_commit_that_fails_hands_out_nothing),
        TEST(rotating_needs_no_private_half),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
