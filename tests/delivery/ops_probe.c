/* Probes: whether the receiver has the new secret yet, what its answer proves, and who may ask. */
#include <stdlib.h>
#include <string.h>
#include "ops_world.h"
#include "profile_vectors.h"

#define HOUR_MS INT64_C(3600000)

/* An endpoint with its first secret and a second one from a rotation. */
struct rotated {
    struct ht_endpoint e;
    struct ht_secret *old, *fresh;
    char *old_public, *fresh_public;
};

static struct rotated rotated(struct world *w, int tenant, const char *path, int64_t ms)
{
    struct rotated r = {.e = world_endpoint(w, tenant, path)};
    struct ht_err err = {0};
    struct ht_uuid id;
    world_add(w, tenant, &r.e, &r.old, &r.old_public);
    must(ht_ops_rotate(&w->ops, &r.e, ms, &id, &r.fresh, &r.fresh_public, &err), &err);
    return r;
}

static void rotated_fini(struct rotated *r)
{
    ht_endpoint_fini(&r->e);
    ht_secret_free(r->old);
    ht_secret_free(r->fresh);
    free(r->old_public);
    free(r->fresh_public);
}

static struct ht_probe probed(const struct ht_ops *ops, const struct ht_endpoint *e)
{
    struct ht_probe p = {0};
    struct ht_err err = {0};
    must(ht_ops_probe(ops, e, NULL, &p, &err), &err);
    return p;
}

static void expect(struct world *w, int tenant, const char *path, const struct ht_secret *secret, const char *public)
{
    const struct ht_verify_key key = {.secret = secret, .public_key = public};
    world_expect(w, path, tenant, &key, 1, HT_ANSWER_STATUS, 200);
}

static void the_receiver_knows_it_or_not(void **state)
{
    struct world *w = *state;
    static const int tenants[] = {STANDARD, CLAIMABLE, CLAIMPORT, INSTNT};
    for (size_t i = 0; i < HT_COUNT(tenants); i++) {
        const char *path = text_of("/%zu", i);
        bool staged = tenants[i] == CLAIMPORT || tenants[i] == INSTNT;
        struct rotated r = rotated(w, tenants[i], path, HOUR_MS);
        expect(w, tenants[i], path, r.old, r.old_public);
        struct ht_probe p = probed(&w->ops, &r.e);
        assert_int_equal(p.verdict, HT_PROBE_REFUSED);
        assert_int_equal(p.answer.status, 400);
        assert_int_equal(p.strange_status, 0); /* not asked */
        assert_int_equal(p.generation, 2);
        assert_int_equal(p.staged, staged);
        assert_true(p.others);
        ht_probe_fini(&p);
        expect(w, tenants[i], path, r.fresh, r.fresh_public);
        p = probed(&w->ops, &r.e);
        assert_int_equal(p.verdict, HT_PROBE_ACCEPTED);
        assert_int_equal(p.answer.status, 200);
        assert_int_equal(p.strange_status, 400);
        assert_true(p.answer.signed_ping);
        assert_null(strstr(p.answer.request_headers, "X-Hooktop-"));
        ht_probe_fini(&p);
        struct ht_endpoint now = world_find(w, &r.e);
        assert_int_equal(now.status, tenants[i] == CLAIMPORT ? HT_ENDPOINT_UNVERIFIED : HT_ENDPOINT_ACTIVE);
        ht_endpoint_fini(&now);
        rotated_fini(&r);
    }
    assert_int_equal(world_count(w,
                                 "SELECT (SELECT count(*) FROM hooktop.event)"
                                 " + (SELECT count(*) FROM hooktop.delivery) + (SELECT count(*) FROM hooktop.attempt)"),
                     0);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE action = 'secret.probed'"
                                    " AND reason = 'a test' AND detail ->> 'verdict' = 'accepted'"
                                    " AND detail ->> 'generation' = '2'"),
                     4);
}

/* During an overlap a ping carries both signatures and always verifies: only the probe can tell. */
static void a_ping_cannot_tell_and_a_probe_can(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, STANDARD, "/a", HOUR_MS);
    struct ht_ping_result ping = {0};
    struct ht_err err = {0};
    expect(w, STANDARD, "/a", r.old, NULL);
    must(ht_ops_ping(&w->ops, &r.e, NULL, &ping, &err), &err);
    assert_true(ping.success);
    ht_ping_result_fini(&ping);
    struct ht_probe p = probed(&w->ops, &r.e);
    assert_int_equal(p.verdict, HT_PROBE_REFUSED);
    ht_probe_fini(&p);
    rotated_fini(&r);
}

static void who_accepts_anything_proves_nothing(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, STANDARD, "/a", HOUR_MS);
    const struct ht_route any = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200};
    ht_receiver_route(w->receiver, &any);
    struct ht_probe p = probed(&w->ops, &r.e);
    assert_int_equal(p.verdict, HT_PROBE_UNCHECKED);
    assert_int_equal(p.strange_status, 200);
    ht_probe_fini(&p);
    rotated_fini(&r);
}

/* The contract's test event is unsigned, and a strict receiver refuses it signed, whatever the key. */
static void unsigned_test_events_prove_nothing_either(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, INSTACLAIM, "/a", HOUR_MS);
    expect(w, INSTACLAIM, "/a", r.fresh, NULL);
    struct ht_probe p = probed(&w->ops, &r.e);
    assert_int_equal(p.verdict, HT_PROBE_UNCHECKED);
    assert_int_equal(p.answer.status, 400);
    ht_probe_fini(&p);
    rotated_fini(&r);
}

static void no_answer_is_a_refusal_with_its_cause(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, STANDARD, "/a", 0);
    const struct ht_route reset = {.path = "/a", .answer = HT_ANSWER_RESET};
    ht_receiver_route(w->receiver, &reset);
    struct ht_probe p = probed(&w->ops, &r.e);
    assert_int_equal(p.verdict, HT_PROBE_REFUSED);
    assert_int_equal(p.answer.status, 0);
    assert_int_equal(p.answer.error, HT_ATTEMPT_RESET);
    assert_false(p.others);
    ht_probe_fini(&p);
    rotated_fini(&r);
}

static void who_may_probe(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *login;
        bool ring;
        const char *why;
    } cases[] = {{"viewer", true, "viewer may not send"},
                 {"support", true, "sealed_secrets"},
                 {"worker", true, "worker may not send"},
                 {"oncall", false, "key ring"},
                 {"oncall", true, NULL}};
    struct rotated r = rotated(w, STANDARD, "/a", HOUR_MS);
    expect(w, STANDARD, "/a", r.fresh, NULL);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_ops ops = {.conn = world_login(w, cases[i].login), .egress = &w->egress};
        struct ht_probe p = {0};
        struct ht_err err = {0};
        ops.ring = cases[i].ring ? w->ring : NULL;
        enum ht_rc rc = ht_ops_probe(&ops, &r.e, NULL, &p, &err);
        if (rc != (cases[i].why ? HT_DENIED : HT_OK) || (cases[i].why && !strstr(err.why, cases[i].why)))
            fail_msg("%s: %d %s", cases[i].login, rc, err.why);
        ht_probe_fini(&p);
        ht_conn_close(ops.conn);
    }
    rotated_fini(&r);
}

/* The receiver has been asked: a connection that ends before that is on record does not take the verdict away. */
static void a_broken_connection_keeps_the_verdict(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, STANDARD, "/a", HOUR_MS);
    expect(w, STANDARD, "/a", r.fresh, NULL);
    ht_test_sql(w->dsn, "CREATE SEQUENCE public.tries; CREATE FUNCTION public.broken() RETURNS trigger LANGUAGE plpgsql"
                        " SECURITY DEFINER AS $$ BEGIN IF nextval('public.tries') = 1 THEN"
                        " PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$;"
                        "CREATE TRIGGER broken BEFORE INSERT ON hooktop.audit FOR EACH ROW"
                        " WHEN (NEW.action = 'secret.probed') EXECUTE FUNCTION public.broken()");
    struct ht_probe p = probed(&w->ops, &r.e);
    assert_int_equal(p.verdict, HT_PROBE_ACCEPTED);
    assert_int_equal(world_count(w, "SELECT last_value FROM public.tries"), 2);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE action = 'secret.probed'"), 1);
    ht_probe_fini(&p);
    rotated_fini(&r);
}

/* promote, revoke, confirm ------------------------------------------------------------------------------------------
 */

static enum ht_secret_state state_of(const struct world *w, const struct ht_endpoint *e, int32_t generation)
{
    struct ht_secret_metas all = {0};
    struct ht_err err = {0};
    enum ht_secret_state s = HT_SECRET_STATE_COUNT;
    must(ht_store_secrets(w->conn, &e->tenant_id, &e->id, &all, &err), &err);
    for (size_t i = 0; i < all.n; i++)
        if (all.rows[i].generation == generation)
            s = all.rows[i].state;
    ht_secret_metas_fini(&all);
    return s;
}

static void the_old_one_is_retired_early(void **state)
{
    struct world *w = *state;
    struct rotated multi = rotated(w, STANDARD, "/a", HOUR_MS), single = rotated(w, CLAIMPORT, "/b", HOUR_MS);
    struct ht_secret_meta m = {0};
    struct ht_err err = {0};
    assert_int_equal(ht_ops_promote(&w->ops, NULL, &multi.e, &m, &err), HT_FAILED);
    ht_err_clear(&err);
    must(ht_ops_revoke(&w->ops, NULL, &multi.e, 0, &m, &err), &err);
    assert_int_equal(m.generation, 1);
    assert_int_equal(m.state, HT_SECRET_EXPIRED);
    ht_secret_meta_fini(&m);
    assert_int_equal(state_of(w, &multi.e, 2), HT_SECRET_ACTIVE);
    assert_int_equal(ht_ops_revoke(&w->ops, NULL, &multi.e, 0, &m, &err), HT_FAILED);
    assert_non_null(strstr(err.fix, "--overlap 0s"));
    ht_err_clear(&err);

    must(ht_ops_promote(&w->ops, NULL, &single.e, &m, &err), &err);
    assert_int_equal(m.generation, 2);
    assert_int_equal(m.state, HT_SECRET_ACTIVE);
    ht_secret_meta_fini(&m);
    assert_int_equal(state_of(w, &single.e, 1), HT_SECRET_EXPIRED);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.audit WHERE action IN ('secret.promoted',"
                                    " 'secret.revoked') AND reason = 'a test' AND detail ->> 'generation' IS NOT NULL"),
                     2);
    rotated_fini(&multi);
    rotated_fini(&single);
}

static void several_that_can_be_ended_are_named(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, STANDARD, "/a", HOUR_MS);
    struct ht_secret_meta m = {0};
    struct ht_err err = {0};
    struct ht_uuid id;
    struct ht_secret *third = NULL;
    char *public = NULL;
    must(ht_ops_rotate(&w->ops, &r.e, HOUR_MS, &id, &third, &public, &err), &err);
    assert_int_equal(ht_ops_revoke(&w->ops, NULL, &r.e, 0, &m, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "2 (retiring), 1 (retiring)"));
    ht_err_clear(&err);
    assert_int_equal(ht_ops_revoke(&w->ops, NULL, &r.e, 9, &m, &err), HT_NOT_FOUND);
    ht_err_clear(&err);
    assert_int_equal(ht_ops_revoke(&w->ops, NULL, &r.e, 3, &m, &err), HT_FAILED); /* it signs */
    ht_err_clear(&err);
    must(ht_ops_revoke(&w->ops, NULL, &r.e, 1, &m, &err), &err);
    ht_secret_meta_fini(&m);
    assert_int_equal(state_of(w, &r.e, 1), HT_SECRET_EXPIRED);
    assert_int_equal(state_of(w, &r.e, 2), HT_SECRET_RETIRING);
    ht_secret_free(third);
    rotated_fini(&r);
}

/* Taking a staged rotation back: the old secret signs on, without an end. */
static void a_staged_rotation_is_taken_back(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, CLAIMPORT, "/a", HOUR_MS);
    struct ht_secret_meta m = {0};
    struct ht_err err = {0};
    must(ht_ops_revoke(&w->ops, NULL, &r.e, 0, &m, &err), &err);
    assert_int_equal(m.generation, 2);
    ht_secret_meta_fini(&m);
    assert_int_equal(state_of(w, &r.e, 1), HT_SECRET_ACTIVE);
    assert_int_equal(world_count(w, "SELECT count(*) FROM hooktop.secret WHERE signs_until IS NULL AND generation = 1"),
                     1);
    rotated_fini(&r);
}

/* Shown to a process that ended before anybody saw it: known as such, and never shown again. */
static void unconfirmed_until_somebody_says_so(void **state)
{
    struct world *w = *state;
    struct rotated r = rotated(w, STANDARD, "/a", HOUR_MS);
    struct ht_secret_metas all = {0};
    struct ht_err err = {0};
    const struct ht_uuid newest = {0};
    must(ht_store_secrets(w->conn, &r.e.tenant_id, &r.e.id, &all, &err), &err);
    assert_true(all.rows[0].revealed_at > 0 && all.rows[0].confirmed_at == 0);
    assert_int_equal(ht_store_secret_reveal(w->conn, &all.rows[0].id, &err), HT_DENIED);
    ht_err_clear(&err);
    /* somebody else cannot say so */
    struct ht_ops other = {.conn = world_login(w, "admin"), .egress = &w->egress};
    assert_int_equal(ht_ops_confirm(&other, &r.e, &all.rows[0].id, &err), HT_FAILED);
    ht_err_clear(&err);
    ht_conn_close(other.conn);
    must(ht_ops_confirm(&w->ops, &r.e, &newest, &err), &err);
    ht_secret_metas_fini(&all);
    must(ht_store_secrets(w->conn, &r.e.tenant_id, &r.e.id, &all, &err), &err);
    assert_true(all.rows[0].confirmed_at >= all.rows[0].revealed_at);
    assert_int_equal(all.rows[1].confirmed_at, 0);
    assert_int_equal(ht_ops_confirm(&w->ops, &r.e, &newest, &err), HT_FAILED); /* once */
    ht_secret_metas_fini(&all);
    rotated_fini(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_receiver_knows_it_or_not),          TEST(a_ping_cannot_tell_and_a_probe_can),
        TEST(who_accepts_anything_proves_nothing),   TEST(unsigned_test_events_prove_nothing_either),
        TEST(no_answer_is_a_refusal_with_its_cause), TEST(who_may_probe),
        TEST(the_old_one_is_retired_early),          TEST(several_that_can_be_ended_are_named),
        TEST(a_staged_rotation_is_taken_back),       TEST(unconfirmed_until_somebody_says_so),
        TEST(a_broken_connection_keeps_the_verdict),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
