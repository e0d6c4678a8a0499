/* Failures in groups of any grouping, what people say about them, and what they take back. */
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

/* Two endpoints; at each two deliveries failed with 503 and one with 500. */
struct failing {
    struct store_world *w;
    struct ht_endpoint b;
    struct ht_filter all;
};

static int setup(void **state)
{
    struct failing *x = ht_alloc(1, sizeof *x);
    void *world;
    store_world_setup(&world);
    x->w = world;
    x->b = store_endpoint(x->w->c, &x->w->tenant, "standard", "*");
    x->all = store_filter(HT_FILTER_FAILURES, "after:-24h");
    store_emit(x->w->c, &x->w->tenant, "a.x", "{}");
    store_emit(x->w->c, &x->w->tenant, "a.x", "{}");
    store_settle_all(x->w->dsn, "ready", 503, "http_5xx");
    store_emit(x->w->c, &x->w->tenant, "b.y", "{}");
    store_settle_all(x->w->dsn, "ready", 500, "http_5xx");
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct failing *x = *state;
    void *world = x->w;
    ht_endpoint_fini(&x->b);
    ht_filter_fini(&x->all);
    free(x);
    return store_world_teardown(&world);
}

static struct ht_failure_groups groups(const struct failing *x, enum ht_failure_by by)
{
    struct ht_failure_groups l = {0};
    STORE_OK(ht_store_failure_groups(x->w->c, NULL, &x->all, INT64_C(86400) * 1000000, by, 0, &l, &err));
    return l;
}

/* The row of this endpoint (NULL: of none in particular) and code (0: of none). */
static struct ht_failure_group row(const struct failing *x, enum ht_failure_by by, const struct ht_uuid *endpoint,
                                   int32_t code)
{
    struct ht_failure_groups l = groups(x, by);
    struct ht_failure_group found = {0};
    for (size_t i = 0; i < l.n; i++)
        if (l.rows[i].code == code &&
            (endpoint ? ht_uuid_cmp(&l.rows[i].endpoint_id, endpoint) == 0 : ht_uuid_is_nil(&l.rows[i].endpoint_id))) {
            found = l.rows[i];
            l.rows[i] = (struct ht_failure_group){0};
        }
    assert_true(found.count > 0);
    ht_failure_groups_fini(&l);
    return found;
}

static struct ht_replay_what what(const struct failing *x, const struct ht_uuid *endpoint, int32_t code)
{
    struct ht_replay_what r = {.tenant_id = x->w->tenant, .by_code = code != 0, .code = code, .error = "http_5xx"};
    if (endpoint)
        r.endpoint_id = *endpoint;
    return r;
}

static struct ht_uuid acknowledge(const struct failing *x, const struct ht_replay_what *what, const char *note, int n)
{
    struct ht_marked m = {0};
    STORE_OK(ht_store_failure_acknowledge(x->w->c, &(struct ht_failures_said){&x->all, what, note}, true, &m, &err));
    assert_int_equal(m.groups, n);
    return m.change;
}

static struct ht_uuid mute(const struct failing *x, const struct ht_replay_what *what, int64_t ms, int n)
{
    struct ht_marked m = {0};
    STORE_OK(ht_store_failure_mute(x->w->c, &(struct ht_failures_said){&x->all, what, NULL}, ms, &m, &err));
    assert_int_equal(m.groups, n);
    return m.change;
}

static void take_back(const struct failing *x, const struct ht_uuid *change, int n)
{
    int64_t back = 0;
    STORE_OK(ht_store_failure_restore(x->w->c, &x->w->tenant, change, NULL, &back, &err));
    assert_int_equal(back, n);
    STORE_REFUSED(HT_FAILED, ht_store_failure_restore(x->w->c, &x->w->tenant, change, NULL, &back, &err),
                  "nothing was taken back", NULL);
}

static void expect(const struct failing *x, enum ht_failure_by by, const struct ht_uuid *endpoint, int32_t code,
                   int parts, int handled, const char *note)
{
    struct ht_failure_group g = row(x, by, endpoint, code);
    assert_int_equal(g.parts, parts);
    assert_int_equal(g.handled, handled);
    assert_int_equal(g.acknowledged_at != 0, note != NULL);
    if (note) {
        assert_string_equal(g.note, note);
        assert_non_null(g.acknowledged_by);
    }
    ht_failure_group_fini(&g);
}

static void rows_of_any_grouping_count_the_same(void **state)
{
    const struct failing *x = *state;
    static const size_t rows[HT_FAILURE_BY_COUNT] = {4, 2, 2};
    for (int by = 0; by < HT_FAILURE_BY_COUNT; by++) {
        struct ht_failure_groups l = groups(x, (enum ht_failure_by)by), some = {0};
        int64_t count = 0, trend = 0;
        int32_t parts = 0;
        assert_int_equal(l.n, rows[by]);
        assert_false(l.more);
        for (size_t i = 0; i < l.n; i++) {
            count += l.rows[i].count;
            parts += l.rows[i].parts;
            for (int k = 0; k < HT_TREND; k++)
                trend += l.rows[i].trend[k];
            assert_false(ht_uuid_is_nil(&l.rows[i].sample_id));
            assert_true(l.rows[i].next_at > l.rows[i].last_at && l.rows[i].last_at >= l.rows[i].first_at);
        }
        assert_int_equal(count, 6);
        assert_int_equal(trend, 6);
        assert_int_equal(parts, 4);
        STORE_OK(ht_store_failure_groups(x->w->c, NULL, &x->all, 0, (enum ht_failure_by)by, 1, &some, &err));
        assert_int_equal(some.n, 1);
        assert_true(some.more);
        ht_failure_groups_fini(&some);
        ht_failure_groups_fini(&l);
    }
}

static void a_row_of_several_is_acknowledged_as_it_is_now(void **state)
{
    const struct failing *x = *state;
    const struct ht_uuid *a = &x->w->e.id;
    struct ht_replay_what at_a = what(x, a, 0);
    struct ht_uuid change = acknowledge(x, &at_a, "they rebuild", 2);
    expect(x, HT_FAILURES_BY_ENDPOINT, a, 0, 2, 2, "they rebuild");
    expect(x, HT_FAILURES_BY_ALL, a, 503, 1, 1, "they rebuild");
    expect(x, HT_FAILURES_BY_ALL, &x->b.id, 503, 1, 0, NULL);
    expect(x, HT_FAILURES_BY_ERROR, NULL, 503, 2, 1, NULL);
    assert_int_equal(ht_test_sql_int(x->w->dsn, "SELECT json_array_length(detail -> 'of') FROM hooktop.audit"
                                                " WHERE action = 'failure.acknowledged' AND reason = 'they rebuild'"),
                     2);
    store_emit(x->w->c, &x->w->tenant, "a.x", "{}");
    store_settle_all(x->w->dsn, "ready", 502, "http_5xx"); /* something else begins to fail */
    expect(x, HT_FAILURES_BY_ENDPOINT, a, 0, 3, 2, NULL);
    take_back(x, &change, 2);
    expect(x, HT_FAILURES_BY_ENDPOINT, a, 0, 3, 0, NULL);
    struct ht_marked m;
    STORE_REFUSED(
        HT_FAILED,
        ht_store_failure_acknowledge(x->w->c, &(struct ht_failures_said){&x->all, &at_a, NULL}, false, &m, &err),
        "nothing was changed", NULL);
}

static void what_somebody_looks_after_stays_his(void **state)
{
    const struct failing *x = *state;
    struct ht_replay_what b_503 = what(x, &x->b.id, 503), all_503 = what(x, NULL, 503);
    struct ht_uuid mine = acknowledge(x, &b_503, "mine", 1), rest = acknowledge(x, &all_503, "the rest", 1);
    expect(x, HT_FAILURES_BY_ALL, &x->b.id, 503, 1, 1, "mine");
    expect(x, HT_FAILURES_BY_ALL, &x->w->e.id, 503, 1, 1, "the rest");
    struct ht_failure_group g = row(x, HT_FAILURES_BY_ERROR, NULL, 503);
    assert_true(g.acknowledged_at != 0 && !g.note); /* several notes are none */
    ht_failure_group_fini(&g);
    take_back(x, &rest, 1);
    expect(x, HT_FAILURES_BY_ALL, &x->b.id, 503, 1, 1, "mine");
    expect(x, HT_FAILURES_BY_ALL, &x->w->e.id, 503, 1, 0, NULL);
    take_back(x, &mine, 1);
    expect(x, HT_FAILURES_BY_ERROR, NULL, 503, 2, 0, NULL);
}

static void a_mute_taken_back_is_each_mute_as_it_was(void **state)
{
    const struct failing *x = *state;
    struct ht_replay_what b_503 = what(x, &x->b.id, 503), b_500 = what(x, &x->b.id, 500), at_b = what(x, &x->b.id, 0);
    struct ht_failure_group g;
    (void)mute(x, &b_503, 3600000, 1);
    g = row(x, HT_FAILURES_BY_ALL, &x->b.id, 503);
    int64_t until = g.muted_until;
    ht_failure_group_fini(&g);
    struct ht_uuid day = mute(x, &at_b, 86400000, 2);
    g = row(x, HT_FAILURES_BY_ENDPOINT, &x->b.id, 0);
    assert_true(g.muted_until > until);
    ht_failure_group_fini(&g);
    struct ht_failure_groups l = groups(x, HT_FAILURES_BY_ENDPOINT);
    assert_int_equal(ht_uuid_cmp(&l.rows[1].endpoint_id, &x->b.id), 0); /* muted ones come last */
    ht_failure_groups_fini(&l);
    (void)acknowledge(x, &b_500, "somebody else", 1);
    take_back(x, &day, 1);
    g = row(x, HT_FAILURES_BY_ALL, &x->b.id, 503);
    assert_int_equal(g.muted_until, until);
    ht_failure_group_fini(&g);
    g = row(x, HT_FAILURES_BY_ALL, &x->b.id, 500); /* what was done since stays */
    assert_true(g.muted_until > until && g.acknowledged_at != 0);
    ht_failure_group_fini(&g);
    STORE_REFUSED(HT_USAGE,
                  ht_store_failure_mute(x->w->c, &(struct ht_failures_said){&x->all, &at_b, NULL}, 90 * 86400000LL + 1,
                                        &(struct ht_marked){0}, &err),
                  "90 days", NULL);
}

static void only_what_the_filter_lets_is_marked(void **state)
{
    struct failing *x = *state;
    struct ht_replay_what at_a = what(x, &x->w->e.id, 0);
    struct ht_filter b_only = store_filter(HT_FILTER_FAILURES, "after:-24h type:b.*");
    struct ht_marked m = {0};
    STORE_OK(ht_store_failure_acknowledge(x->w->c, &(struct ht_failures_said){&b_only, &at_a, NULL}, true, &m, &err));
    assert_int_equal(m.groups, 1);
    expect(x, HT_FAILURES_BY_ENDPOINT, &x->w->e.id, 0, 2, 1, NULL);
    ht_filter_fini(&b_only);
}

/* Subscriptions ---------------------------------------------------------------------------------------------------- */
static char *subscribed(const struct failing *x)
{
    return ht_test_sql_value(x->w->dsn, "SELECT string_agg(pattern, ' ' ORDER BY pattern COLLATE \"C\") FROM"
                                        " hooktop.subscription s JOIN hooktop.endpoint e ON e.id = s.endpoint_id"
                                        " WHERE valid_to IS NULL AND pattern <> '*'");
}

static void subscriptions_go_back_unless_somebody_changed_them(void **state)
{
    const struct failing *x = *state;
    static const char *const was[] = {"a.x", "b.*", "*"}, *const now[] = {"b.*", "c.y", "*"};
    const struct ht_patterns before = {was, 3}, after = {now, 3};
    STORE_OK(ht_store_subscribe(x->w->c, &x->b, "b.*", true, &err));
    STORE_OK(ht_store_subscribe(x->w->c, &x->b, "c.y", true, &err));
    STORE_OK(ht_store_subscriptions_restore(x->w->c, &x->b, &before, &after, "a slip", &err));
    char *l = subscribed(x);
    assert_string_equal(l, "a.x b.*");
    free(l);
    assert_int_equal(ht_test_sql_int(x->w->dsn,
                                     "SELECT count(*) FROM hooktop.audit WHERE action = 'subscription.restored'"
                                     " AND reason = 'a slip' AND detail ->> 'added' = '[\"a.x\"]'"
                                     " AND detail ->> 'removed' = '[\"c.y\"]'"),
                     1);
    char *who = ht_test_sql_value(x->w->dsn, "SELECT session_user");
    STORE_REFUSED(HT_FAILED, ht_store_subscriptions_restore(x->w->c, &x->b, &before, &after, NULL, &err),
                  "nothing was taken back", "changed since, by ", who, NULL);
    free(who);
    l = subscribed(x);
    assert_string_equal(l, "a.x b.*");
    free(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_of_any_grouping_count_the_same), TEST(a_row_of_several_is_acknowledged_as_it_is_now),
        TEST(what_somebody_looks_after_stays_his), TEST(a_mute_taken_back_is_each_mute_as_it_was),
        TEST(only_what_the_filter_lets_is_marked), TEST(subscriptions_go_back_unless_somebody_changed_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
