/* What looks, claims, settles, holds and lets go reads in proportion to its batch, whatever the statistics say of the
 * tables, and whenever its plans were made: of a day that has only begun, and of an outbox that was empty when it was
 * looked at, they say nothing true. Counted in index entries and rows, in blocks, and in comparisons, over the whole
 * schema.
 */
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

enum { ROWS = 100000, BATCH = 500 };
/* Of each row of a batch: in the outbox, the event, the delivery, attempts, and what stands in their indexes. */
#define READ_MOST   20
#define BLOCKS_MOST 80

/* Nobody but the test says when statistics are made. */
static const char leave_alone[] =
    "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r'"
    " AND relnamespace = 'hooktop'::regnamespace LOOP"
    " EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', t); END LOOP; END $$";

static const char fill[] =
    "INSERT INTO hooktop.event (id, tenant_id, type, data, created_at)"
    " SELECT hooktop.uuid7(), e.tenant_id, 'a.b', '{}', clock_timestamp() FROM hooktop.endpoint e,"
    " generate_series(1, %d);"
    "INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, created_at)"
    " SELECT hooktop.uuid7(), v.tenant_id, v.id, e.id, v.type, 'ready', v.created_at"
    " FROM hooktop.event v, hooktop.endpoint e WHERE NOT EXISTS (SELECT FROM hooktop.delivery d WHERE d.event_id = "
    "v.id);"
    "INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at)"
    " SELECT d.tenant_id, d.endpoint_id, d.id, d.event_id, d.created_at FROM hooktop.delivery d"
    " WHERE d.status = 'ready' AND d.attempts = 0"
    " AND NOT EXISTS (SELECT FROM hooktop.tenant_webhook_outbox o WHERE o.delivery_id = d.id)";

static const char claim[] =
    "CREATE TEMP TABLE batch AS SELECT k.* FROM hooktop.endpoint e, "
    "hooktop.claim('11111111-1111-7111-8111-111111111111',"
    " 60000, ARRAY[e.tenant_id], ARRAY[e.id], ARRAY[%d], ARRAY[%d], ARRAY['-infinity'::timestamptz]) k";

static const char forget[] = "DROP TABLE batch";

static const char settle[] =
    "SELECT count(*) FROM (SELECT array_agg(tenant_id) t, array_agg(endpoint_id) e, array_agg(delivery_id) d,"
    " array_agg(lease_id) l, array_agg(attempt) n, count(*)::int c FROM batch) a,"
    " hooktop.settle('11111111-1111-7111-8111-111111111111', a.t, a.e, a.d, a.l, array_fill('%s'::text, ARRAY[c]),"
    " array_fill(3600000::bigint, ARRAY[c]), array_fill(NULL::text, ARRAY[c]), array_fill(false, ARRAY[c]), a.n,"
    " array_fill(clock_timestamp(), ARRAY[c]), array_fill(200, ARRAY[c]), array_fill(''::text, ARRAY[c]),"
    " array_fill(''::text, ARRAY[c]), array_fill(1, ARRAY[c]), array_fill(1, ARRAY[c]), array_fill(1, ARRAY[c]),"
    " array_fill(1, ARRAY[c]), array_fill(1, ARRAY[c]), array_fill(''::text, ARRAY[c]), array_fill(''::text, ARRAY[c]),"
    " array_fill(''::text, ARRAY[c]), array_fill(''::bytea, ARRAY[c]), array_fill(''::bytea, ARRAY[c]),"
    " array_fill(0::bigint, ARRAY[c]), array_fill('1'::text, ARRAY[c]), false)";

static const char look[] =
    "SELECT count(*) FROM hooktop.waiting('00000000-0000-0000-0000-000000000000', 500, '{}', '{}')";
static const char look_from[] =
    "SELECT count(*) FROM (SELECT array_agg(id ORDER BY id) ids, count(*)::int c FROM hooktop.endpoint) e,"
    " hooktop.waiting('00000000-0000-0000-0000-000000000000', 500, e.ids,"
    " array_fill('-infinity'::timestamptz, ARRAY[c]))";

static const char renew[] = "SELECT count(*) FROM (SELECT array_agg(tenant_id) t, array_agg(endpoint_id) e,"
                            " array_agg(delivery_id) d, array_agg(lease_id) l, count(*)::int c FROM batch) a,"
                            " hooktop.renew('11111111-1111-7111-8111-111111111111', 60000, a.d, a.l, a.e, a.t,"
                            " array_fill(true, ARRAY[c]))";

static const char hold[] = "SELECT hooktop.hold_rows(tenant_id, id, 'paused', %d) FROM hooktop.endpoint";
static const char let_go[] = "SELECT hooktop.release_held(tenant_id, id, NULL) FROM hooktop.endpoint";
static const char cancel[] = "SELECT hooktop.cancel_held(tenant_id, id, 'no more') FROM hooktop.endpoint";

struct figures {
    int64_t read, blocks;
};

static struct figures figures(PGconn *c)
{
    static const char sql[] =
        "SELECT sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid)),"
        " sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class"
        " WHERE relnamespace = 'hooktop'::regnamespace AND relkind IN ('r', 'i')";
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(c));
    struct figures f = {strtoll(PQgetvalue(r, 0, 0), NULL, 10), strtoll(PQgetvalue(r, 0, 1), NULL, 10)};
    PQclear(r);
    return f;
}

/* What a join compared in vain, of each statement within a function: nobody counts that but EXPLAIN. */
static int64_t compared;

static void on_notice(void *user, const char *text)
{
    static const char label[] = "Rows Removed by Join Filter: ";
    (void)user;
    for (const char *at = text; (at = strstr(at, label)) != NULL; at++)
        compared += strtoll(at + strlen(label), NULL, 10);
}

static void explain_all(PGconn *c)
{
    PQsetNoticeProcessor(c, on_notice, NULL);
    store_run(c, "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
                 " SET auto_explain.log_timing = off; SET auto_explain.log_nested_statements = on;"
                 " SET client_min_messages = log");
}

/* Within one transaction, in which the counts only grow. */
static void costs_little(PGconn *c, const char *what, const char *sql)
{
    store_run(c, "BEGIN");
    struct figures before = figures(c);
    compared = 0;
    store_run(c, sql);
    struct figures after = figures(c);
    store_run(c, "COMMIT");
    int64_t read = after.read - before.read, blocks = after.blocks - before.blocks;
    if (read > BATCH * READ_MOST || blocks > BATCH * BLOCKS_MOST || compared > BATCH)
        fail_msg("%s of %d rows among %d reads %lld entries and rows, and %lld blocks, and compares %lld in vain", what,
                 BATCH, ROWS, (long long)read, (long long)blocks, (long long)compared);
}

static const char *const ends[] = {"succeeded", "ready", "exhausted"};

/* Every statement gets its plan. */
static void work_a_little(const struct store_world *w, PGconn *c)
{
    for (size_t i = 0; i < 3; i++) {
        ht_test_sql(w->dsn, store_text(fill, 1));
        store_run(c, look);
        store_run(c, look_from);
        store_run(c, store_text(claim, 1, 1));
        store_run(c, renew);
        store_run(c, store_text(settle, ends[i]));
        store_run(c, forget);
        store_run(c, store_text(hold, 1));
        store_run(c, i == 1 ? cancel : let_go);
    }
}

static void work_much(PGconn *c)
{
    explain_all(c);
    for (size_t i = 0; i < 3; i++) {
        costs_little(c, "look", look);
        costs_little(c, "look from floors", look_from);
        costs_little(c, "claim", store_text(claim, BATCH, BATCH));
        costs_little(c, "renew", renew);
        costs_little(c, store_text("settle (%s)", ends[i]), store_text(settle, ends[i]));
        store_run(c, forget);
    }
    costs_little(c, "hold", store_text(hold, BATCH));
    costs_little(c, "release", let_go);
    costs_little(c, "hold again", store_text(hold, BATCH));
    costs_little(c, "cancel", cancel);
}

/* `first`: on tables that are empty; `then`: when they are full. By a session with plans from when there was next to
 * nothing, and by a new one. */
static void costs_little_after(const struct store_world *w, const char *first, const char *then)
{
    PGconn *old = store_session(w);
    ht_test_sql(w->dsn, leave_alone);
    ht_test_sql(w->dsn, first);
    work_a_little(w, old);
    ht_test_sql(w->dsn, store_text(fill, ROWS));
    ht_test_sql(w->dsn, then);
    work_much(old);
    PQfinish(old);
    PGconn *new = store_session(w);
    work_much(new);
    PQfinish(new);
}

static void without_statistics(void **state)
{
    costs_little_after(*state, "SELECT", "SELECT");
}

static void with_statistics_of_nothing(void **state)
{
    costs_little_after(*state, "VACUUM ANALYZE", "SELECT");
}

static void with_statistics(void **state)
{
    costs_little_after(*state, "SELECT", "ANALYZE");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_statistics),
        TEST(with_statistics_of_nothing),
        TEST(with_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
