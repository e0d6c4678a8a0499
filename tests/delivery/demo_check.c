/* The demo's verdict: it finds nothing wrong after a true run, and each thing that is made wrong afterwards. */
#include "ht_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/cli/demo_parts.h"
#include "hooktop/base/secret.h"
#include "hooktop/cli/setup.h"
#include "hooktop/delivery/engine.h"
#include "raw_client.h"

static struct {
    char *dsn;
    struct ht_demo_place place;
    struct ht_demo_world world;
    struct ht_conn *conn;
    struct ht_engine *engine;
    pthread_t thread;
} demo;

static void must(enum ht_rc rc, const struct ht_err *err)
{
    char line[2048];
    ht_err_line(err, line, sizeof(line));
    if (rc != HT_OK)
        fail_msg("%s", line);
}

static void fill_nothing(const char *dsn)
{
    (void)dsn;
}

static void *deliver(void *user)
{
    struct ht_err err = {0};
    (void)user;
    return ht_engine_run(demo.engine, &err) == HT_OK ? NULL : &demo;
}

/* The story goes on only when all that was emitted has been delivered. */
static enum ht_rc pause_story(void *user, bool settled, struct ht_err *err)
{
    (void)user;
    (void)err;
    if (settled)
        HT_TEST_UNTIL(ht_test_sql_int(demo.dsn, "SELECT count(*) FROM hooktop.tenant_webhook_outbox") == 0, 60000);
    return HT_OK;
}

static int play(void **state)
{
    char *dir = ht_test_dir(), path[512];
    struct ht_err err = {0};
    enum ht_ring_outcome outcome;
    const struct ht_demo_teller teller = {.pause = pause_story};
    (void)state;
    snprintf(path, sizeof(path), "%s/key-ring", dir);
    free(dir);
    demo.dsn = ht_test_db_new("empty_for_demo", fill_nothing);
    const struct ht_conn_options o = {.dsn = demo.dsn, .application = "test", .timeout_ms = 60000, .any_schema = true};
    must(ht_conn_open(&o, &demo.conn, &err), &err);
    must(ht_setup_apply(demo.conn, &(struct ht_ring_source){.file = path}, &outcome, &err), &err);
    ht_egress_init(&demo.place.egress);
    must(ht_ring_load(path, &demo.place.ring, &err), &err);
    must(ht_demo_world_receivers(&demo.world, &demo.place, true, &err), &err);
    const struct ht_ops ops = {.conn = demo.conn, .egress = &demo.place.egress, .ring = demo.place.ring};
    must(ht_demo_world_create(&demo.world, &ops, &err), &err);
    const struct ht_engine_options e = {
        .dsn = demo.dsn, .ring = demo.place.ring, .egress = &demo.place.egress, .mode = HT_ENGINE_ALWAYS};
    must(ht_engine_new(&e, &demo.engine, &err), &err);
    assert_int_equal(pthread_create(&demo.thread, NULL, deliver, NULL), 0);
    must(ht_demo_story(&demo.world, &ops, &teller, &err), &err);
    ht_demo_receivers_mend(&demo.world);
    must(ht_demo_redeliver(&demo.world, demo.conn, &err), &err);
    must(pause_story(NULL, true, &err), &err);
    void *failed = NULL;
    ht_engine_stop(demo.engine);
    assert_int_equal(pthread_join(demo.thread, &failed), 0);
    assert_null(failed);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ht_engine_free(demo.engine);
    ht_demo_world_fini(&demo.world);
    ht_ring_free(demo.place.ring);
    ht_conn_close(demo.conn);
    ht_test_db_free(demo.dsn);
    return 0;
}

static struct ht_demo_tally check(size_t tenant)
{
    struct ht_demo_tally t = {0};
    struct ht_err err = {0};
    must(ht_demo_check(&demo.world.tenants[tenant], demo.conn, &t, &err), &err);
    return t;
}

static size_t tenant_of(const char *profile)
{
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++)
        if (strcmp(demo.world.tenants[i].plan->profile, profile) == 0)
            return i;
    fail_msg("no tenant of profile %s", profile);
    return 0;
}

static void a_true_run_has_nothing_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        struct ht_demo_tally t = check(i);
        assert_string_equal(t.first, "");
        assert_int_equal(t.events, HT_DEMO_EVENTS);
        assert_true(t.deliveries > t.events / 2);
        assert_true(t.attempts > t.deliveries - t.held);
        assert_int_equal(t.verified, t.attempts);
        assert_int_equal(t.refused + t.lost, 0);
        assert_int_equal(t.exhausted > 0, i == tenant_of("standard"));
    }
    assert_true(check(tenant_of("claimport")).held > 0);
}

/* After the rotation both secrets signed: the receiver that knew only the old one, and later both, refused nothing. */
static void the_rotated_endpoint_was_signed_with_both(void **state)
{
    (void)state;
    assert_int_equal(ht_test_sql_int(demo.dsn, "SELECT count(*) FROM hooktop.attempt a WHERE a.secret_ids = '2,1'") > 0,
                     1);
    assert_int_equal(ht_test_sql_int(demo.dsn, "SELECT count(*) FROM hooktop.secret WHERE generation = 2"), 1);
}

/* Each is made wrong, found, and mended again. */
static void what_is_made_wrong_in_the_store_is_found(void **state)
{
    static const struct {
        const char *wrong;
        const char *mend;
        const char *found;
    } cases[] = {
        {"UPDATE hooktop.attempt a SET status = 201 WHERE a.delivery_id = (SELECT id FROM it)",
         "UPDATE hooktop.attempt a SET status = 200 WHERE status = 201", "another answer"},
        {"UPDATE hooktop.delivery d SET status = 'exhausted' WHERE d.id = (SELECT id FROM it)",
         "UPDATE hooktop.delivery d SET status = 'succeeded' WHERE status = 'exhausted' AND attempts = 1",
         "did not succeed"},
        {"UPDATE hooktop.delivery d SET status = 'succeeded' WHERE d.id = (SELECT id FROM hooktop.delivery WHERE "
         "status = "
         "'exhausted' LIMIT 1)",
         "UPDATE hooktop.delivery d SET status = 'exhausted' WHERE status = 'succeeded' AND last_status = 404",
         "not given up"},
        {"UPDATE hooktop.event e SET data = (' ' || e.data::text)::json WHERE e.id = (SELECT event_id FROM it)",
         "UPDATE hooktop.event e SET data = substr(e.data::text, 2)::json WHERE e.data::text LIKE ' %'",
         "not the event's"},
        {"DELETE FROM hooktop.delivery d WHERE d.id = (SELECT id FROM it)", NULL, "another number"},
    };
    size_t at = tenant_of("standard");
    char sql[1024], id[HT_UUID_TEXT];
    (void)state;
    ht_uuid_format(&demo.world.tenants[at].row.id, id);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        snprintf(
            sql, sizeof(sql),
            "WITH it AS (SELECT id, event_id FROM hooktop.delivery WHERE tenant_id = '%s' AND status = 'succeeded' AND "
            "attempts = 1 ORDER BY id LIMIT 1) %s",
            id, cases[i].wrong);
        ht_test_sql(demo.dsn, sql);
        struct ht_demo_tally t = check(at);
        if (t.lost == 0 || strstr(t.first, cases[i].found) == NULL)
            fail_msg("%s: %s", cases[i].wrong, t.first);
        if (cases[i].mend != NULL) {
            ht_test_sql(demo.dsn, cases[i].mend);
            assert_int_equal(check(at).lost, 0);
        }
    }
}

static void a_request_that_does_not_verify_is_found(void **state)
{
    struct ht_demo_tenant *t = &demo.world.tenants[tenant_of("claimport")];
    char text[4096];
    (void)state;
    int fd = raw_connect(ht_receiver_port(t->receiver));
    raw_post(fd, t->plan->endpoints[0].path, "X-Hooktop-Delivery: forged\r\nX-Hooktop-Attempt: 1\r\n", "{}");
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 400);
    close(fd);
    struct ht_demo_tally tally = check(tenant_of("claimport"));
    assert_int_equal(tally.refused, 1);
    assert_true(tally.first[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_true_run_has_nothing_wrong),
        cmocka_unit_test(the_rotated_endpoint_was_signed_with_both),
        cmocka_unit_test(what_is_made_wrong_in_the_store_is_found),
        cmocka_unit_test(a_request_that_does_not_verify_is_found),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, play, end);
}
