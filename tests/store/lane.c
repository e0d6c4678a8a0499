/* The engine's lane: what the server says counts when it has committed. The rows of an answer are sent before that, and
 * reach the lane although nothing is committed, when the server refuses the COMMIT or ends the session meanwhile. */
#include "hooktop/store/lane.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "store_world.h"

#define OUTBOX    "hooktop.tenant_webhook_outbox"
#define WAIT_MS   60000
#define LEASE_MS  60000
#define THE_LOCK  "77"
#define A_SESSION "pg_stat_activity WHERE application_name = 'hooktop worker' AND datname = current_database()"

struct told {
    struct ht_lane *lane;
    int claims_lost, rows, troubles, settled, fenced, renewals;
    struct ht_lease lease, before, third; /* of the last row, and of those before */
    size_t lost;                          /* by the last renewal: so many, the first of them */
    struct ht_uuid lost_delivery;
};

static void on_claimed(void *user, struct ht_claim_batch *batch, const struct ht_err *err)
{
    struct told *t = user;
    (void)err;
    if (!batch) {
        t->claims_lost++;
        return;
    }
    for (size_t i = 0; i < batch->n; i++) {
        const struct ht_claimed *r = &batch->rows[i];
        t->third = t->before;
        t->before = t->lease;
        t->lease = (struct ht_lease){r->tenant_id, r->endpoint_id, r->delivery_id, r->lease_id};
        t->rows++;
    }
    ht_claim_batch_free(batch);
}

static void on_settled(void *user, const struct ht_uuid *deliveries, const bool *settled, size_t n)
{
    struct told *t = user;
    (void)deliveries;
    for (size_t i = 0; i < n; i++) {
        t->settled += settled[i];
        t->fenced += !settled[i];
    }
}

static void on_renewed(void *user, const struct ht_uuid *lost_deliveries, size_t n)
{
    struct told *t = user;
    t->renewals++;
    t->lost = n;
    if (n > 0)
        t->lost_delivery = lost_deliveries[0];
}

static void on_trouble(void *user, const struct ht_err *why)
{
    struct told *t = user;
    (void)why;
    t->troubles++;
}

static void open_lane(const struct store_world *w, struct told *t)
{
    const struct ht_lane_options o = {.dsn = w->dsn,
                                      .worker_name = "host:1",
                                      .worker_id = ht_uuid_new(),
                                      .lease_ms = LEASE_MS,
                                      .concurrency = 8,
                                      .request_timeout_ms = 2 * WAIT_MS};
    const struct ht_lane_callbacks cb = {
        .claimed = on_claimed, .settled = on_settled, .renewed = on_renewed, .trouble = on_trouble, .user = t};
    t->lane = ht_lane_new(&o, &cb);
}

static bool step(struct told *t)
{
    struct pollfd fd = {.fd = ht_lane_fd(t->lane), .events = ht_lane_events(t->lane)};
    (void)poll(&fd, 1, 1);
    ht_lane_step(t->lane);
    return true;
}

static void claim(const struct store_world *w, struct told *t)
{
    const struct ht_claim_want want = {.tenant_id = w->tenant, .endpoint_id = w->e.id, .room = 10, .in_flight_max = 10};
    HT_TEST_UNTIL(step(t) && ht_lane_up(t->lane), WAIT_MS);
    assert_true(ht_lane_claim(t->lane, &want, 1, true));
}

/* From now on `what` happens when somebody commits who has taken or settled a row. */
static void at_commit(const struct store_world *w, const char *what)
{
    ht_test_sql(w->dsn,
                store_text("CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN"
                           " NULL; END $$; CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE OR DELETE ON " OUTBOX
                           " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()",
                           what));
}

static int64_t leased(const struct store_world *w)
{
    return ht_test_sql_int(w->dsn, "SELECT count(*) FROM " OUTBOX " WHERE lease_id IS NOT NULL");
}

static void what_was_never_claimed_is_not_taken_for_claimed(void **state)
{
    const struct store_world *w = *state;
    struct told t = {0};
    PGconn *holder = store_session(w);
    store_emit(w->c, &w->tenant, "a.b", "{}");
    at_commit(w, "PERFORM pg_advisory_xact_lock(" THE_LOCK ")");
    store_run(holder, "SELECT pg_advisory_lock(" THE_LOCK ")");
    open_lane(w, &t);
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && ht_test_sql_int(w->dsn, "SELECT count(*) FROM " A_SESSION " AND wait_event = 'advisory'"),
                  WAIT_MS);
    ht_test_sql(w->dsn, "SELECT pg_terminate_backend(pid) FROM " A_SESSION);
    HT_TEST_UNTIL(step(&t) && t.claims_lost + t.rows > 0, WAIT_MS);
    assert_int_equal(t.rows, 0);
    assert_int_equal(leased(w), 0);

    store_run(holder, "SELECT pg_advisory_unlock(" THE_LOCK ")");
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && t.rows > 0, WAIT_MS);
    assert_int_equal(leased(w), 1);
    PQfinish(holder);
    ht_lane_free(t.lane);
}

static void settle(struct told *t, const struct ht_lease *l)
{
    struct ht_settlement s = {.tenant_id = l->tenant_id,
                              .endpoint_id = l->endpoint_id,
                              .delivery_id = l->delivery_id,
                              .lease_id = l->lease_id,
                              .to = HT_DELIVERY_SUCCEEDED,
                              .attempt = {.n = 1, .at = ht_wall_us(), .status = 200}};
    assert_true(ht_lane_settle(t->lane, &s, 1));
}

static void what_was_never_settled_is_settled_again(void **state)
{
    const struct store_world *w = *state;
    struct told t = {0};
    store_emit(w->c, &w->tenant, "a.b", "{}");
    open_lane(w, &t);
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && t.rows > 0, WAIT_MS);
    at_commit(w, "RAISE EXCEPTION 'not now' USING ERRCODE = '40001'");
    settle(&t, &t.lease);
    HT_TEST_UNTIL(step(&t) && t.troubles + t.settled > 0, WAIT_MS);
    assert_int_equal(t.settled, 0);
    assert_int_equal(leased(w), 1);
    ht_test_sql(w->dsn, "DROP FUNCTION at_commit CASCADE");
    HT_TEST_UNTIL(step(&t) && t.settled + t.fenced > 0, WAIT_MS);
    assert_int_equal(t.settled, 1);
    assert_int_equal(leased(w), 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt"), 1);
    ht_lane_free(t.lane);
}

/* Three rows in hand, of which one is settled: the server knows the statement, so of the next two settlements the
 * second is sent behind the first. */
static void claim_three(const struct store_world *w, struct told *t)
{
    for (int i = 0; i < 3; i++)
        store_emit(w->c, &w->tenant, "a.b", "{}");
    open_lane(w, t);
    claim(w, t);
    HT_TEST_UNTIL(step(t) && t->rows == 3, WAIT_MS);
    settle(t, &t->third);
    HT_TEST_UNTIL(step(t) && t->settled == 1, WAIT_MS);
}

static void a_settlement_behind_one_that_is_refused_is_taken(void **state)
{
    const struct store_world *w = *state;
    struct told t = {0};
    char refused[HT_UUID_TEXT];
    claim_three(w, &t);
    ht_uuid_format(&t.before.delivery_id, refused);
    at_commit(w, store_text("IF OLD.delivery_id = '%s' THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF",
                            refused));
    settle(&t, &t.before);
    settle(&t, &t.lease);
    HT_TEST_UNTIL(step(&t) && t.troubles > 0 && t.settled == 2, WAIT_MS);
    assert_int_equal(leased(w), 1);
    ht_test_sql(w->dsn, "DROP FUNCTION at_commit CASCADE");
    HT_TEST_UNTIL(step(&t) && t.settled == 3, WAIT_MS);
    assert_int_equal(t.fenced, 0);
    assert_int_equal(leased(w), 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt"), 3);
    ht_lane_free(t.lane);
}

static void a_settlement_behind_one_whose_session_ends_is_settled_again(void **state)
{
    const struct store_world *w = *state;
    struct told t = {0};
    PGconn *holder = store_session(w);
    claim_three(w, &t);
    at_commit(w, "PERFORM pg_advisory_xact_lock(" THE_LOCK ")");
    store_run(holder, "SELECT pg_advisory_lock(" THE_LOCK ")");
    settle(&t, &t.before);
    settle(&t, &t.lease);
    HT_TEST_UNTIL(step(&t) && ht_test_sql_int(w->dsn, "SELECT count(*) FROM " A_SESSION " AND wait_event = 'advisory'"),
                  WAIT_MS);
    ht_test_sql(w->dsn, "SELECT pg_terminate_backend(pid) FROM " A_SESSION);
    store_run(holder, "SELECT pg_advisory_unlock(" THE_LOCK ")");
    HT_TEST_UNTIL(step(&t) && t.settled == 3, WAIT_MS);
    assert_int_equal(t.fenced, 0);
    assert_int_equal(leased(w), 0);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt"), 3);
    PQfinish(holder);
    ht_lane_free(t.lane);
}

/* What one claim took was taken row by row: of two, one is lost. */
static void a_lease_is_lost_alone(void **state)
{
    const struct store_world *w = *state;
    static const bool built[] = {true, true};
    struct told t = {0};
    char lost[HT_UUID_TEXT];
    store_emit(w->c, &w->tenant, "a.b", "{}");
    store_emit(w->c, &w->tenant, "a.b", "{}");
    open_lane(w, &t);
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && t.rows == 2, WAIT_MS);
    ht_uuid_format(&t.before.delivery_id, lost);
    ht_test_sql(w->dsn,
                store_text("UPDATE " OUTBOX " SET lease_id = gen_random_uuid() WHERE delivery_id = '%s'", lost));
    const struct ht_lease leases[] = {t.lease, t.before};
    assert_true(ht_lane_renew(t.lane, leases, built, 2));
    HT_TEST_UNTIL(step(&t) && t.renewals > 0, WAIT_MS);
    assert_int_equal(t.lost, 1);
    assert_int_equal(ht_uuid_cmp(&t.lost_delivery, &t.before.delivery_id), 0);
    ht_lane_free(t.lane);
}

/* Nothing is known of the rows of an endpoint that somebody has locked: that is not the same as that there are none. */
static void a_locked_endpoint_is_told(void **state)
{
    const struct store_world *w = *state;
    struct told t = {0};
    PGconn *holder = store_session(w);
    store_emit(w->c, &w->tenant, "a.b", "{}");
    store_run(holder, "BEGIN; SELECT id FROM hooktop.endpoint FOR NO KEY UPDATE");
    open_lane(w, &t);
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && t.rows == 1, WAIT_MS);
    assert_true(ht_uuid_is_nil(&t.lease.delivery_id));
    assert_int_equal(ht_uuid_cmp(&t.lease.endpoint_id, &w->e.id), 0);
    assert_int_equal(leased(w), 0);

    store_run(holder, "COMMIT");
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && t.rows == 2, WAIT_MS);
    assert_false(ht_uuid_is_nil(&t.lease.delivery_id));
    assert_int_equal(leased(w), 1);
    ht_test_sql(w->dsn, "UPDATE hooktop.endpoint SET status = 'paused'");
    claim(w, &t);
    HT_TEST_UNTIL(step(&t) && ht_lane_idle(t.lane), WAIT_MS);
    assert_int_equal(t.rows, 2); /* of this one it is known */
    PQfinish(holder);
    ht_lane_free(t.lane);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_never_claimed_is_not_taken_for_claimed),
        TEST(what_was_never_settled_is_settled_again),
        TEST(a_settlement_behind_one_that_is_refused_is_taken),
        TEST(a_settlement_behind_one_whose_session_ends_is_settled_again),
        TEST(a_lease_is_lost_alone),
        TEST(a_locked_endpoint_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
