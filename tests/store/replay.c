/* Replays in the store: what is left out and why, what is being sent, the pace, and who may. */
#include "hooktop/store/replay.h"
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

static struct ht_replay_what everything(const struct store_world *w)
{
    struct ht_replay_what what = {.tenant_id = w->tenant};
    STORE_OK(ht_conn_now(w->c, &what.since, &err));
    what.since -= INT64_C(3600) * 1000000;
    return what;
}

static void fail_some(const struct store_world *w, int n)
{
    for (int i = 0; i < n; i++)
        store_emit(w->c, &w->tenant, "a.b", "{}");
    store_settle_all(w->dsn, "ready", 500, "http_5xx");
}

static struct ht_uuid start(const struct store_world *w, double rate)
{
    struct ht_replay_what what = everything(w);
    struct ht_replay_made made = {0};
    STORE_OK(ht_store_replay_start(w->c, &what, rate, "because", &made, &err));
    assert_int_equal(made.replays, 1);
    return made.id;
}

static struct ht_replay find(const struct store_world *w, const struct ht_uuid *id)
{
    struct ht_replay r = {0};
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    STORE_OK(ht_store_replay_find(w->c, text, &r, &err));
    return r;
}

static int64_t tally(const struct store_world *w, const struct ht_uuid *id, const char *outcome)
{
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, id);
    HT_CLEANUP(ht_tallies_fini) struct ht_tallies list = {0};
    STORE_OK(ht_store_replay_tally(w->c, &r, &list, &err));
    for (size_t i = 0; i < list.n; i++)
        if (strcmp(list.rows[i].outcome, outcome) == 0)
            return list.rows[i].n;
    return 0;
}

static void step(const struct store_world *w)
{
    ht_test_sql(w->dsn, "SELECT hooktop.replay_step()");
}

/* As if so much time had passed since the last step. */
static void pass(const struct store_world *w, int seconds)
{
    ht_test_sql(w->dsn, store_text("UPDATE hooktop.replay SET next_at = next_at - interval '%d s'", seconds));
    step(w);
}

/* One that waits, as SQL. */
static const char *nth(int n)
{
    return store_text("(SELECT delivery_id FROM hooktop.replay_item WHERE state = 'waiting' ORDER BY 1 OFFSET %d"
                      " LIMIT 1)",
                      n);
}

static void what_needs_it_no_more_is_left_out(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 6);
    struct ht_uuid id = start(w, 0.1); /* one at once, and then one in ten seconds */
    assert_int_equal(tally(w, &id, "on its way"), 1);
    assert_int_equal(tally(w, &id, "not queued"), 5);
    /* of those that wait: one succeeds, one is redelivered by hand, one loses its payload, one is forgotten */
    ht_test_sql(w->dsn, store_text("UPDATE hooktop.delivery SET status = 'succeeded' WHERE id = %s", nth(0)));
    ht_test_sql(w->dsn, store_text("DELETE FROM hooktop.tenant_webhook_outbox WHERE delivery_id = %s", nth(0)));
    ht_test_sql(w->dsn, store_text("SELECT hooktop.redeliver(tenant_id, id, NULL) FROM hooktop.delivery WHERE id = %s",
                                   nth(1)));
    ht_test_sql(w->dsn, store_text("UPDATE hooktop.event SET data = NULL"
                                   " WHERE id = (SELECT event_id FROM hooktop.delivery WHERE id = %s)",
                                   nth(2)));
    ht_test_sql(w->dsn, store_text("DELETE FROM hooktop.delivery WHERE id = %s", nth(3)));
    ht_test_sql(w->dsn, "UPDATE hooktop.replay SET rate_per_s = 1000");
    pass(w, 3600);
    assert_int_equal(tally(w, &id, "left out: delivered"), 1);
    assert_int_equal(tally(w, &id, "left out: replaced"), 1);
    assert_int_equal(tally(w, &id, "left out: purged"), 1);
    assert_int_equal(tally(w, &id, "left out: gone"), 1);
    assert_int_equal(tally(w, &id, "on its way"), 2);
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, &id);
    assert_int_equal(r.state, HT_REPLAY_SENDING); /* these two are not tried yet */
    assert_int_equal(r.total, 6);
    assert_int_equal(r.queued, 2);
    assert_int_equal(r.skipped, 4);
    assert_string_equal(r.reason, "because");
    assert_string_equal(r.what, "all that failed");
    ht_test_sql(w->dsn, "UPDATE hooktop.delivery SET attempts = 1 WHERE id IN (SELECT made FROM hooktop.replay_item)");
    assert_int_equal(tally(w, &id, "on its way"), 0);
    assert_int_equal(tally(w, &id, "retrying"), 2);
    step(w);
    HT_CLEANUP(ht_replay_fini) struct ht_replay last = find(w, &id);
    assert_int_equal(last.state, HT_REPLAY_FINISHED);
    assert_true(last.ended_at > 0);
}

static struct ht_replay_progress progress(const struct store_world *w, const struct ht_uuid *id)
{
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, id);
    HT_CLEANUP(ht_tallies_fini) struct ht_tallies list = {0};
    STORE_OK(ht_store_replay_tally(w->c, &r, &list, &err));
    struct ht_replay_progress p = ht_replay_progress(&list);
    assert_int_equal(p.sent + p.on_its_way + p.unsent + p.left_out + p.not_queued, r.total);
    return p;
}

/* The n-th redelivery of a replay, from 0, becomes this. */
static void becomes(const struct store_world *w, int n, const char *set)
{
    ht_test_sql(w->dsn, store_text("UPDATE hooktop.delivery SET %s WHERE id = (SELECT made FROM hooktop.replay_item"
                                   " WHERE made IS NOT NULL ORDER BY delivery_id OFFSET %d LIMIT 1)",
                                   set, n));
}

static enum ht_replay_state state_of(const struct store_world *w, const struct ht_uuid *id)
{
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, id);
    return r.state;
}

/* It is finished with the last that is tried, in whichever order; what is held is not sent, and is not waited for. */
static void queued_is_told_from_sent(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 5);
    struct ht_uuid id = start(w, 1); /* five seconds' worth: all at once */
    struct ht_replay_progress p = progress(w, &id);
    assert_int_equal(state_of(w, &id), HT_REPLAY_SENDING);
    assert_int_equal(p.on_its_way, 5);
    assert_int_equal(p.sent, 0);
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, &id);
    assert_true(r.seconds_left >= 1 && r.seconds_left <= 5);
    STORE_REFUSED(HT_FAILED, ht_store_replay_change(w->c, &r, HT_REPLAY_PAUSED, 0, NULL, &err), "queued already", NULL);
    STORE_REFUSED(HT_FAILED, ht_store_replay_change(w->c, &r, HT_REPLAY_CANCELLED, 0, NULL, &err), "queued already",
                  NULL);
    becomes(w, 4, "attempts = 1, status = 'succeeded'");
    becomes(w, 0, "attempts = 1");
    becomes(w, 1, "status = 'held'");
    becomes(w, 2, "attempts = 2, status = 'held'");
    step(w);
    p = progress(w, &id);
    assert_int_equal(state_of(w, &id), HT_REPLAY_SENDING); /* the fourth */
    assert_int_equal(p.on_its_way, 1);
    assert_int_equal(p.sent, 3);
    assert_int_equal(p.unsent, 1);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit WHERE action = 'replay.finished'"), 0);
    becomes(w, 3, "attempts = 1, status = 'exhausted'");
    step(w);
    assert_int_equal(state_of(w, &id), HT_REPLAY_FINISHED);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit WHERE action = 'replay.finished'"), 1);
    step(w);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.audit WHERE action = 'replay.finished'"), 1);
}

/* However many there are, and in however small steps: each is followed once. */
static void it_is_followed_in_steps(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 25);
    struct ht_uuid id = start(w, 1000);
    ht_test_sql(w->dsn, "UPDATE hooktop.delivery SET attempts = 1 WHERE redelivery_of IS NOT NULL");
    int steps = 1;
    while (ht_test_sql_int(w->dsn, "SELECT hooktop.replay_step(10)::int"))
        steps++;
    assert_int_equal(steps, 3);
    assert_int_equal(state_of(w, &id), HT_REPLAY_FINISHED);
}

static void what_is_being_sent_waits_until_it_settles(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 2);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() + interval '1 h'");
    struct ht_uuid id = start(w, 1000);
    step(w);
    assert_int_equal(tally(w, &id, "not queued"), 2);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET lease_until = NULL");
    step(w);
    assert_int_equal(tally(w, &id, "on its way"), 2);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.tenant_webhook_outbox"), 2);
}

static void the_pace_is_its_rate_however_often_it_is_called(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 40);
    int64_t began = 0, ended = 0;
    STORE_OK(ht_conn_now(w->c, &began, &err));
    struct ht_uuid id = start(w, 2);
    for (int i = 0; i < 5; i++)
        step(w);
    STORE_OK(ht_conn_now(w->c, &ended, &err));
    int64_t made = tally(w, &id, "on its way");
    assert_in_range(made, 12, 14 + 2 * (ended - began) / 1000000); /* six seconds ahead */
    assert_int_equal(ht_test_sql_int(w->dsn,
                                     "SELECT count(*) FROM (SELECT o.due_at - lag(o.due_at) OVER (ORDER BY due_at)"
                                     " AS gap FROM hooktop.tenant_webhook_outbox o JOIN hooktop.delivery d"
                                     " ON d.id = o.delivery_id WHERE d.redelivery_of IS NOT NULL) x"
                                     " WHERE gap < interval '499 ms'"),
                     0);
    pass(w, 5);
    assert_true(tally(w, &id, "on its way") >= (made + 9 < 40 ? made + 9 : 40));
}

/* At another rate it goes on behind what is queued, not on top of it; and after a slow one within six seconds. */
static void another_rate_begins_behind_what_is_queued(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 40);
    struct ht_uuid id = start(w, 2);
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, &id);
    const char *early = "SELECT count(*) FROM hooktop.tenant_webhook_outbox o JOIN hooktop.delivery d"
                        " ON d.id = o.delivery_id WHERE d.redelivery_of IS NOT NULL AND o.due_at <"
                        " (SELECT created_at + interval '5 s' FROM hooktop.replay)";
    int64_t before = ht_test_sql_int(w->dsn, early);
    STORE_OK(ht_store_replay_change(w->c, &r, HT_REPLAY_PAUSED, 0, NULL, &err));
    STORE_OK(ht_store_replay_change(w->c, &r, HT_REPLAY_RUNNING, 100, NULL, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, early), before);
    STORE_OK(ht_store_replay_change(w->c, &r, HT_REPLAY_PAUSED, 0, NULL, &err));
    ht_test_sql(w->dsn, "UPDATE hooktop.replay SET next_at = clock_timestamp() + interval '1 h'");
    STORE_OK(ht_store_replay_change(w->c, &r, HT_REPLAY_RUNNING, 100, NULL, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT (next_at < clock_timestamp() + interval '8 s')::int"
                                             " FROM hooktop.replay"),
                     1);
}

static void two_replays_redeliver_nothing_twice(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 10);
    struct ht_uuid a = start(w, 0.5), b = start(w, 0.5); /* the second does not match what the first has done */
    ht_test_sql(w->dsn, "UPDATE hooktop.replay SET rate_per_s = 1000");
    pass(w, 3600);
    assert_int_equal(tally(w, &a, "on its way") + tally(w, &b, "on its way"), 10);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) - count(DISTINCT redelivery_of) FROM hooktop.delivery"
                                             " WHERE redelivery_of IS NOT NULL"),
                     0);
    struct ht_replay_what what = everything(w);
    struct ht_replay_made made;
    STORE_REFUSED(HT_FAILED, ht_store_replay_start(w->c, &what, 1, NULL, &made, &err), "nothing matches", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_replay_start(w->c, &what, 0, NULL, &made, &err), "rate", NULL);
}

static void only_support_of_the_tenant_may(void **state)
{
    const struct store_world *w = *state;
    fail_some(w, 1);
    struct ht_replay_what what = everything(w);
    struct ht_replay_preview p = {0};
    struct ht_uuid other = store_tenant(w->c, "Globex", "standard");
    struct ht_replay_made made;
    char *viewer = store_login(w->dsn, "vera", "hooktop_viewer", NULL);
    char *foreign = store_login(w->dsn, "fred", "hooktop_support", &other);
    char *support = store_login(w->dsn, "sue", "hooktop_support", &w->tenant);
    struct ht_conn *c = store_open(viewer);
    STORE_REFUSED(HT_DENIED, ht_store_replay_start(c, &what, 1, NULL, &made, &err), "hooktop_support", NULL);
    ht_conn_close(c);
    c = store_open(foreign);
    STORE_REFUSED(HT_DENIED, ht_store_replay_preview(c, &what, &p, &err), "no member", NULL);
    STORE_REFUSED(HT_DENIED, ht_store_replay_start(c, &what, 1, NULL, &made, &err), "no member", NULL);
    ht_conn_close(c);
    c = store_open(support);
    STORE_OK(ht_store_replay_preview(c, &what, &p, &err));
    assert_int_equal(p.total, 1);
    STORE_OK(ht_store_replay_start(c, &what, 1, "sue's", &made, &err));
    ht_conn_close(c);
    HT_CLEANUP(ht_replay_fini) struct ht_replay r = find(w, &made.id);
    assert_string_equal(r.created_by, "sue");
    c = store_open(foreign);
    HT_CLEANUP(ht_replays_fini) struct ht_replays list = {0};
    STORE_OK(ht_store_replays(c, NULL, NULL, 10, &list, &err));
    assert_int_equal(list.n, 0);
    STORE_REFUSED(HT_DENIED, ht_store_replay_change(c, &r, HT_REPLAY_CANCELLED, 0, NULL, &err), "no member", NULL);
    ht_conn_close(c);
    free(viewer);
    free(foreign);
    free(support);
}

/* One by one: whatever became of them, each tenant's by a replay of its own; what happens after that counts. */
static void what_is_chosen_is_redelivered_whatever_became_of_it(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid other = store_tenant(w->c, "Globex", "standard"), ids[7] = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = store_endpoint(w->c, &other, "standard", "*");
    struct ht_replay_what what = {.chosen = ids, .n_chosen = HT_COUNT(ids)};
    struct ht_replay_preview p = {0};
    struct ht_replay_made made = {0};
    for (int i = 0; i < 6; i++) { /* the seventh is no delivery */
        struct ht_uuid event = store_emit(w->c, i < 5 ? &w->tenant : &other, "a.b", "{}");
        HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = store_delivery_of(w->c, &event);
        ids[i] = d.id;
        if (i == 0) /* has arrived when it is chosen */
            store_settle_all(w->dsn, "succeeded", 200, "");
    }
    ids[6] = (struct ht_uuid){.b = {1, 0x99, 0, 0, 0, 0, 0x70, 0, 0x80}};
    store_settle_all(w->dsn, "ready", 500, "http_5xx");
    struct ht_uuid again;
    HT_CLEANUP(ht_delivery_fini) struct ht_delivery first = {.id = ids[1], .tenant_id = w->tenant};
    STORE_OK(ht_store_redeliver(w->c, &first, NULL, &again, &err));
    STORE_OK(ht_store_replay_preview(w->c, &what, &p, &err));
    assert_int_equal(p.total, 6);
    assert_int_equal(p.tenants, 2);
    assert_int_equal(p.endpoints, 2);
    assert_int_equal(p.replaced, 1);
    assert_int_equal(p.gone, 1);
    assert_int_equal(p.arrived, 1);
    assert_int_equal(ht_replay_sent(&p), 5);
    STORE_OK(ht_store_replay_start(w->c, &what, 0.1, NULL, &made, &err)); /* one at once, and then one in ten seconds */
    assert_int_equal(made.replays, 2);
    /* one of those that failed arrives by itself before its turn */
    ht_test_sql(w->dsn, store_text("UPDATE hooktop.delivery SET status = 'succeeded' WHERE id = %s", nth(2)));
    ht_test_sql(w->dsn, store_text("DELETE FROM hooktop.tenant_webhook_outbox WHERE delivery_id = %s", nth(2)));
    ht_test_sql(w->dsn, "UPDATE hooktop.replay SET rate_per_s = 1000");
    pass(w, 3600);
    HT_CLEANUP(ht_replays_fini) struct ht_replays list = {0};
    STORE_OK(ht_store_replays(w->c, &w->tenant, NULL, 10, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.rows[0].what, "marked by hand");
    assert_int_equal(list.rows[0].state, HT_REPLAY_SENDING);
    assert_int_equal(list.rows[0].total, 5);
    assert_int_equal(list.rows[0].queued, 3);
    assert_int_equal(tally(w, &list.rows[0].id, "left out: replaced"), 1);
    assert_int_equal(tally(w, &list.rows[0].id, "left out: delivered"), 1);
    assert_int_equal(ht_test_sql_int(w->dsn, store_text("SELECT count(*) FROM hooktop.delivery WHERE redelivery_of ="
                                                        " (SELECT min(id::text)::uuid FROM hooktop.delivery)")),
                     1); /* the one that had arrived */
    what.chosen = &ids[6];
    what.n_chosen = 1;
    STORE_REFUSED(HT_FAILED, ht_store_replay_start(w->c, &what, 1, NULL, &made, &err), "none of these", NULL);
    /* of another tenant's nothing is counted, nothing is sent */
    char *foreign = store_login(w->dsn, "fred", "hooktop_support", &other);
    struct ht_conn *c = store_open(foreign);
    what.chosen = ids;
    what.n_chosen = HT_COUNT(ids);
    STORE_OK(ht_store_replay_preview(c, &what, &p, &err));
    assert_int_equal(p.total, 1);
    assert_int_equal(p.gone, 6);
    STORE_OK(ht_store_replay_start(c, &what, 1, NULL, &made, &err));
    assert_int_equal(made.replays, 1);
    ht_conn_close(c);
    free(foreign);
}

/* One of each, and one that is none. */
static void what_cancelling_would_do_is_counted(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid ids[5] = {[4] = {.b = {1, 0x99, 0, 0, 0, 0, 0x70, 0, 0x80}}};
    struct ht_cancel_preview p = {0};
    for (int i = 0; i < 4; i++) {
        struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}");
        HT_CLEANUP(ht_delivery_fini) struct ht_delivery d = store_delivery_of(w->c, &event);
        ids[i] = d.id;
        if (i == 0)
            store_settle_all(w->dsn, "succeeded", 200, "");
        if (i == 1)
            ht_test_sql(w->dsn,
                        "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() + interval '1 h',"
                        " lease_id = gen_random_uuid()");
    }
    STORE_OK(ht_store_cancel_preview(w->c, ids, HT_COUNT(ids), &p, &err));
    assert_int_equal(p.waiting, 2);
    assert_int_equal(p.sending, 1);
    assert_int_equal(p.ended, 1);
    assert_int_equal(p.gone, 1);
    /* of another tenant's nothing is counted */
    struct ht_uuid other = store_tenant(w->c, "Globex", "standard");
    char *foreign = store_login(w->dsn, "fred", "hooktop_support", &other);
    struct ht_conn *c = store_open(foreign);
    STORE_OK(ht_store_cancel_preview(c, ids, HT_COUNT(ids), &p, &err));
    assert_int_equal(p.gone, 5);
    ht_conn_close(c);
    free(foreign);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_needs_it_no_more_is_left_out),
        TEST(queued_is_told_from_sent),
        TEST(it_is_followed_in_steps),
        TEST(what_is_being_sent_waits_until_it_settles),
        TEST(the_pace_is_its_rate_however_often_it_is_called),
        TEST(another_rate_begins_behind_what_is_queued),
        TEST(two_replays_redeliver_nothing_twice),
        TEST(only_support_of_the_tenant_may),
        TEST(what_is_chosen_is_redelivered_whatever_became_of_it),
        TEST(what_cancelling_would_do_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
