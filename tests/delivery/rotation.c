/* Rotation as a property: whatever people do in whatever order, at every instant somebody signs, during an overlap a
 * receiver that holds either secret verifies, and what has expired signs nothing. Time passes by moving the rows back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../src/delivery/keys.h"
#include "hooktop/base/clock.h"
#include "ops_world.h"
#include "profile_vectors.h"

#define MINUTE_US   INT64_C(60000000)
#define DAY_US      (1440 * MINUTE_US)
#define GENERATIONS 128

struct generation {
    int64_t from, until; /* as they stand in the database, moved forward again by what was let pass */
    struct ht_secret *secret;
    char *public_key;
};
struct life {
    struct world *w;
    const struct ht_profile *profile;
    struct ht_tenant *tenant;
    struct ht_endpoint e;
    struct ht_keys *keys;
    int64_t passed; /* us by which all rows were moved back */
    int32_t n;      /* generations made so far; [0] is the first */
    struct generation all[GENERATIONS];
    uint64_t random;
    char what[128]; /* the last step, for the words of a failure */
};

static uint64_t draw(struct life *l, uint64_t below)
{
    l->random = l->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (l->random >> 33) % below;
}

static const char *table(const struct life *l)
{
    return l->profile->key_per_tenant ? "signing_key" : "secret";
}

/* The generations' times, read past every view and function. */
static void read_times(struct life *l)
{
    char *text = ht_test_sql_value(
        l->w->dsn, text_of("SELECT string_agg(format('%%s %%s %%s', generation, (extract(epoch FROM signs_from) *"
                           " 1000000)::bigint, (extract(epoch FROM signs_until) * 1000000)::bigint), E'\\n' ORDER BY"
                           " generation) FROM hooktop.%s",
                           table(l)));
    int32_t n = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *at = line;
        long generation = strtol(at, &at, 10);
        int64_t from = strtoll(at, &at, 10);
        assert_int_equal(generation, ++n);
        l->all[n - 1].from = from + l->passed;
        l->all[n - 1].until = at[0] == ' ' && at[1] ? strtoll(at, NULL, 10) + l->passed : INT64_MAX;
    }
    assert_int_equal(n, l->n);
    free(text);
}

static bool signs_at(const struct generation *g, int64_t at)
{
    return g->from <= at && at < g->until;
}

/* From the first moment on there is no gap, the past included: nobody rewrites it. */
static void check_coverage(const struct life *l)
{
    int64_t covered = l->all[0].from;
    for (bool more = true; more && covered < INT64_MAX;) {
        more = false;
        for (int32_t i = 0; i < l->n; i++)
            if (l->all[i].from <= covered && l->all[i].until > covered) {
                covered = l->all[i].until;
                more = true;
            }
    }
    if (covered < INT64_MAX)
        fail_msg("after %s nobody signs from %" PRId64 " on", l->what, covered);
}

/* What a receiver that holds this generation alone makes of a request. */
static bool verifies(const struct life *l, const struct ht_wire_headers *wire, const char *body, int64_t at_us,
                     const struct generation *g)
{
    struct ht_header headers[HT_WIRE_HEADERS_MAX];
    struct ht_err err = {0};
    struct ht_verdict verdict;
    for (size_t i = 0; i < wire->n; i++)
        headers[i] = (struct ht_header){(char[]){""}, (char[]){""}};
    for (size_t i = 0; i < wire->n; i++)
        headers[i] = (struct ht_header){ht_strdup(wire->h[i].name), ht_strdup(wire->h[i].value)};
    const struct ht_received r = {
        .headers = headers, .headers_len = wire->n, .body = body, .body_len = strlen(body), .now_s = at_us / 1000000};
    const struct ht_verify_key key = {.secret = g->secret, .public_key = g->public_key};
    must(l->profile->verify(&r, &key, 1, &verdict, &err), &err);
    for (size_t i = 0; i < wire->n; i++)
        ht_header_fini(&headers[i]);
    return verdict.ok;
}

/* A delivery of that moment, signed as the engine would, judged by every receiver there could be. */
static void check_instant(struct life *l, const struct ht_sealed_rows *rows, int64_t at)
{
    static const char body[] = "{\"type\":\"claim.created\",\"timestamp\":\"2026-11-20T14:02:58Z\",\"data\":{}}";
    size_t chosen[HT_SECRETS_LIVE_MAX], n;
    int64_t db_at = at - l->passed;
    n = ht_keys_select(rows, l->profile->multi_signature, db_at, chosen);
    if (n == 0)
        fail_msg("after %s nothing is chosen", l->what);
    int32_t newest = 0;
    for (int32_t i = 0; i < l->n; i++)
        newest = signs_at(&l->all[i], at) ? i + 1 : newest;
    assert_int_equal(rows->rows[chosen[0]].generation, newest);

    const struct ht_uuid event = ht_uuid_new();
    char event_id[64], generations[32];
    ht_profile_event_id(l->profile, &event, event_id);
    const struct ht_sign_input in = {.type = "claim.created",
                                     .event_id = event_id,
                                     .timestamp_s = db_at / 1000000,
                                     .body = body,
                                     .body_len = sizeof body - 1};
    struct ht_wire_headers wire = {0};
    struct ht_err err = {0};
    bool sealed;
    must(ht_keys_sign(l->keys, l->profile, &l->tenant->id, &event, rows, db_at, &in, &wire, generations, &sealed, &err),
         &err);
    for (int32_t i = 0; i < l->n; i++) {
        bool wanted = l->profile->multi_signature ? signs_at(&l->all[i], at) : i + 1 == newest;
        if (verifies(l, &wire, body, db_at, &l->all[i]) != wanted)
            fail_msg("after %s, at %+" PRId64 " us: generation %d of %d %s, signed by %s", l->what,
                     at - l->passed - db_at, i + 1, l->n, wanted ? "does not verify" : "verifies", generations);
    }
}

static void check(struct life *l)
{
    HT_CLEANUP(ht_sealed_rows_fini) struct ht_sealed_rows rows = {0};
    struct ht_err err = {0};
    int64_t now;
    read_times(l);
    check_coverage(l);
    must(ht_store_sealed(l->w->conn, &l->e, &rows, &err), &err);
    assert_true(rows.n >= 1 && rows.n <= HT_SECRETS_LIVE_MAX);
    must(ht_conn_now(l->w->conn, &now, &err), &err);
    now += l->passed;
    check_instant(l, &rows, now);
    /* every boundary still to come, from both sides: what a worker that loaded the rows now would do then */
    for (int32_t i = 0; i < l->n; i++) {
        int64_t edges[] = {l->all[i].from, l->all[i].until};
        for (size_t k = 0; k < HT_COUNT(edges); k++)
            for (int64_t d = -1; d <= 1 && edges[k] != INT64_MAX; d++)
                if (edges[k] + d > now)
                    check_instant(l, &rows, edges[k] + d);
    }
    check_instant(l, &rows, now + (int64_t)draw(l, 8 * DAY_US));
}

/* What people do ----------------------------------------------------------------------------------------------------
 */

static void rotate(struct life *l)
{
    static const int64_t overlaps_ms[] = {0, 1, 60000, 3600000, 86400000, 604800000};
    int64_t ms = overlaps_ms[draw(l, HT_COUNT(overlaps_ms))];
    struct generation g = {0};
    struct ht_uuid id;
    struct ht_err err = {0};
    snprintf(l->what, sizeof l->what, "rotate %" PRId64 " ms", ms);
    enum ht_rc rc = l->profile->key_per_tenant
                        ? ht_ops_rotate_tenant(&l->w->ops, l->tenant, ms, &g.public_key, &err)
                        : ht_ops_rotate(&l->w->ops, &l->e, ms, &id, &g.secret, &g.public_key, &err);
    if (rc != HT_OK) {
        assert_non_null(strstr(err.why, "three generations"));
        assert_true(ms > 0);
        return;
    }
    assert_true(l->n < GENERATIONS);
    l->all[l->n++] = g;
}

static void promote(struct life *l)
{
    HT_CLEANUP(ht_secret_meta_fini) struct ht_secret_meta m = {0};
    struct ht_err err = {0};
    snprintf(l->what, sizeof l->what, "promote");
    enum ht_rc rc = ht_ops_promote(&l->w->ops, l->tenant, &l->e, &m, &err);
    if (rc == HT_OK)
        assert_int_equal(m.state, HT_SECRET_ACTIVE);
    else
        assert_non_null(strstr(err.why, "no secret waits"));
}

static void revoke(struct life *l)
{
    HT_CLEANUP(ht_secret_meta_fini) struct ht_secret_meta m = {0};
    struct ht_err err = {0};
    int32_t generation = 1 + (int32_t)draw(l, (uint64_t)l->n);
    snprintf(l->what, sizeof l->what, "revoke %d", (int)generation);
    enum ht_rc rc = ht_ops_revoke(&l->w->ops, l->tenant, &l->e, generation, &m, &err);
    if (rc == HT_OK)
        assert_int_equal(m.state, HT_SECRET_EXPIRED);
    else
        assert_true(strstr(err.why, "the one that signs") || strstr(err.why, "expired already"));
}

static void pass(struct life *l)
{
    int64_t us = (int64_t)draw(l, 3 * DAY_US);
    snprintf(l->what, sizeof l->what, "%" PRId64 " minutes", us / MINUTE_US);
    ht_test_sql(l->w->dsn, text_of("UPDATE hooktop.%s SET signs_from = signs_from - %" PRId64 " * interval '1 us',"
                                   " signs_until = signs_until - %" PRId64 " * interval '1 us'",
                                   table(l), us, us));
    l->passed += us;
}

static void live(struct world *w, int tenant, int steps, uint64_t seed)
{
    static void (*const doings[])(struct life *) = {rotate, rotate, promote, revoke, pass, pass};
    struct life *l = ht_alloc(1, sizeof *l);
    *l = (struct life){.w = w, .tenant = &w->tenants[tenant], .n = 1, .random = seed};
    l->profile = ht_profile_find(w->tenants[tenant].profile);
    l->e = world_endpoint(w, tenant, "/a");
    l->keys = ht_keys_new(w->ring);
    world_add(w, tenant, &l->e, &l->all[0].secret, &l->all[0].public_key);
    snprintf(l->what, sizeof l->what, "creation");
    check(l);
    for (int i = 0; i < steps; i++) {
        doings[draw(l, HT_COUNT(doings))](l);
        check(l);
    }
    assert_true(l->n > 2);
    print_message("# %s: %d steps, %d generations, seed %" PRIu64 "\n", l->profile->name, steps, (int)l->n, seed);
    for (int32_t i = 0; i < l->n; i++) {
        ht_secret_free(l->all[i].secret);
        free(l->all[i].public_key);
    }
    ht_keys_free(l->keys);
    ht_endpoint_fini(&l->e);
    free(l);
}

static uint64_t seed_of(uint64_t otherwise)
{
    const char *given = getenv("HT_TEST_SEED");
    return given ? strtoull(given, NULL, 10) : otherwise;
}

static void at_every_instant_either_secret_verifies(void **state)
{
    live(*state, STANDARD, 60, seed_of(1));
}
static void the_same_for_the_other_header_with_two(void **state)
{
    live(*state, INSTACLAIM, 40, seed_of(2));
}
static void where_one_fits_exactly_one_signs(void **state)
{
    live(*state, CLAIMPORT, 60, seed_of(3));
}
static void the_same_for_a_tenants_key(void **state)
{
    live(*state, INSTNT, 12, seed_of(4));
}

/* A rotation that replaces a waiting one: the old secret has to go on until the new cut, not only until the first. */
static void a_replaced_rotation_leaves_no_gap(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, CLAIMPORT, "/a");
    struct ht_err err = {0};
    world_add(w, CLAIMPORT, &e, NULL, NULL);
    for (int64_t hours = 1; hours <= 2; hours++) {
        struct ht_secret *secret = NULL;
        struct ht_uuid id;
        char *public_key = NULL;
        must(ht_ops_rotate(&w->ops, &e, hours * 3600000, &id, &secret, &public_key, &err), &err);
        ht_secret_free(secret);
    }
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.secret a JOIN hooktop.secret b ON a.generation = 1"
                                    " AND b.generation = 3 AND a.signs_until = b.signs_from"),
                     1);
    ht_endpoint_fini(&e);
}

/* Two who rotate at once: one after the other, never a generation twice, never a gap. */
static void a_generation_that_was_taken_is_refused(void **state)
{
    struct world *w = *state;
    struct ht_endpoint e = world_endpoint(w, STANDARD, "/a");
    struct ht_err err = {0};
    world_add(w, STANDARD, &e, NULL, NULL);
    ht_test_sql(w->dsn,
                "INSERT INTO hooktop.secret (id, tenant_id, endpoint_id, generation, sealed, key_id, signs_from,"
                " signs_until) SELECT gen_random_uuid(), tenant_id, endpoint_id, 2, sealed, key_id,"
                " clock_timestamp() - interval '1 h', clock_timestamp() - interval '1 min' FROM hooktop.secret");
    struct ht_conn *other = world_login(w, "admin");
    int32_t next = 0;
    must(ht_store_secret_next(other, &e.tenant_id, &e.id, &next, &err), &err);
    assert_int_equal(next, 3);
    struct ht_sealed late = {.id = ht_uuid_new(), .generation = 2, .blob = (const uint8_t *)"HTS1........", .len = 12};
    struct ht_seal_key key;
    bool current;
    uint8_t blob[12] = "HTS1";
    ht_ring_public(w->ring, 0, &key, &current);
    memcpy(blob + 4, key.id, sizeof key.id);
    late.blob = blob;
    assert_int_equal(ht_store_secret_add(other, &e.tenant_id, &e.id, &late, false, 1000, NULL, &err), HT_FAILED);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.secret WHERE signs_until IS NULL"), 1);
    ht_conn_close(other);
    ht_endpoint_fini(&e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(at_every_instant_either_secret_verifies), TEST(the_same_for_the_other_header_with_two),
        TEST(where_one_fits_exactly_one_signs),        TEST(the_same_for_a_tenants_key),
        TEST(a_replaced_rotation_leaves_no_gap),       TEST(a_generation_that_was_taken_is_refused),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
