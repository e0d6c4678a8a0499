#include "hooktop/store/replay.h"
#include "filter_sql.h"
#include "query.h"

HT_LIST_READER(read_replays, ht_replays)
HT_LIST_READER(read_tallies, ht_tallies)

#define PATIENCE_MS 600000 /* counting and listing read every delivery of the time named */

/* One statement that may take long, answered with one row. */
static enum ht_rc ask_patiently(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p,
                                const struct ht_col *cols, size_t n_cols, void *ret, size_t size, struct ht_err *err)
{
    int32_t usual = ht_conn_timeout_ms(c);
    enum ht_rc rc = ht_conn_patience(c, PATIENCE_MS, err);
    if (rc != HT_OK)
        return rc;
    rc = ht_conn_one(c, s, p, cols, n_cols, ret, size, err);
    struct ht_err other = {0};
    if (ht_conn_alive(c) && ht_conn_patience(c, usual, &other) != HT_OK && rc == HT_OK) {
        *err = other;
        rc = other.rc;
    }
    return rc;
}

static const char *or_null(const char *s)
{
    return s[0] != '\0' ? s : NULL;
}

/* $1 to $8, in the order of replay_preview and replay_start; $9 are the chosen ones. */
static void put_what(struct ht_params *p, const struct ht_replay_what *what, int64_t now)
{
    ht_params_init(p);
    ht_put_uuid(p, &what->tenant_id);
    ht_put_time(p, what->since);
    ht_put_time(p, what->until != 0 ? what->until : now);
    ht_put_uuid(p, ht_uuid_is_nil(&what->endpoint_id) ? NULL : &what->endpoint_id);
    ht_put_text(p, or_null(what->status));
    ht_put_text(p, or_null(what->error));
    if (what->by_code)
        ht_put_i32(p, what->code);
    else
        ht_put_null(p, HT_PG_INT4);
    ht_put_text(p, or_null(what->type));
    if (what->chosen == NULL)
        return;
    ht_put_array(p, HT_PG_UUID, what->n_chosen);
    for (size_t i = 0; i < what->n_chosen; i++)
        ht_put_uuid(p, &what->chosen[i]);
}

/* As much of the time named as can be told from the ids: from when on the oldest is. */
static struct ht_replay_what bounded(const struct ht_replay_what *what)
{
    struct ht_replay_what w = *what;
    for (size_t i = 0; i < w.n_chosen; i++) {
        int64_t at = ht_uuid_time_ms(&w.chosen[i]) * 1000;
        if (i == 0 || at < w.since)
            w.since = at;
    }
    return w;
}

/* Whose deliveries: the tenant that was named; everybody's who has one of those chosen, as far as the caller sees. */
#define OF_ONE    "(SELECT $1::uuid AS tenant_id) t"
#define OF_CHOSEN "(SELECT DISTINCT d.tenant_id FROM hooktop.delivery d WHERE d.id = ANY ($9)) t"
#define WHICH     "t.tenant_id, $2, $3, $4, $5, $6, $7, $8, "

enum ht_rc ht_store_replay_preview(struct ht_conn *c, const struct ht_replay_what *what, struct ht_replay_preview *ret,
                                   struct ht_err *err)
{
#define SUM(name) HT_COL("coalesce(sum(p." #name "), 0)::bigint", ht_replay_preview, name, I64)
    static const struct ht_col cols[] = {
        HT_COL("count(*)", ht_replay_preview, tenants, I64),
        SUM(total),
        SUM(endpoints),
        SUM(unverified),
        SUM(paused),
        SUM(disabled),
        SUM(removed),
        SUM(purged),
        SUM(replaced),
        SUM(arrived),
    };
#undef SUM
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    int64_t now = 0;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    enum ht_rc rc = ht_conn_now(c, &now, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_replay_what w = bounded(what);
    put_what(&p, &w, now);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, what->chosen != NULL
                          ? " FROM " OF_CHOSEN " CROSS JOIN LATERAL hooktop.replay_preview(" WHICH "$9) p"
                          : " FROM " OF_ONE " CROSS JOIN LATERAL hooktop.replay_preview(" WHICH "NULL) p");
    const struct ht_stmt s = {.what = "replay", .sql = sql.data};
    rc = ask_patiently(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
    if (rc == HT_OK && what->chosen != NULL)
        ret->gone = (int64_t)what->n_chosen - ret->total;
    return rc;
}

enum ht_rc ht_store_replay_start(struct ht_conn *c, const struct ht_replay_what *what, double rate_per_s,
                                 const char *reason, struct ht_replay_made *ret, struct ht_err *err)
{
#define START(from, ids, rate, reason)                                                                                 \
    "SELECT max(s.id::text)::uuid, count(*) FROM (SELECT hooktop.replay_start(" WHICH rate ", " reason ", " ids ")"    \
    " AS id FROM " from ") s"
    static const struct ht_col cols[] = {
        HT_COL("id", ht_replay_made, id, UUID),
        HT_COL("replays", ht_replay_made, replays, I64),
    };
    static const struct ht_stmt of_one = {.what = "replay", .sql = START(OF_ONE, "NULL", "$9", "$10")};
    static const struct ht_stmt of_chosen = {.what = "replay", .sql = START(OF_CHOSEN, "$9", "$10", "$11")};
#undef START
    struct ht_params p HT_PARAMS_CLEANUP;
    int64_t now = 0;
    ht_params_init(&p);
    enum ht_rc rc = ht_conn_now(c, &now, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_replay_what w = bounded(what);
    put_what(&p, &w, now);
    ht_put_f64(&p, rate_per_s);
    ht_put_text(&p, reason);
    rc =
        ask_patiently(c, what->chosen != NULL ? &of_chosen : &of_one, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
    if (rc == HT_OK && ret->replays == 0)
        rc = ht_fail(err, HT_FAILED, "replay", NULL, "none of these deliveries is there any more");
    return rc;
}

#define WHAT                                                                                                           \
    "concat_ws(' ', 'status:' || r.status, 'error:' || r.error, 'code:' || r.code, 'type:' || r.type,"                 \
    " CASE WHEN r.chosen THEN 'marked by hand' WHEN r.status IS NULL THEN 'all that failed' END)"

/* What waits at its rate, behind what is queued and not due yet. */
#define SECONDS_LEFT                                                                                                   \
    "CASE WHEN r.state IN ('running', 'sending')"                                                                      \
    " THEN ceil(greatest(extract(epoch FROM r.next_at - clock_timestamp()), 0)"                                        \
    " + least((r.total - r.queued - r.skipped) / r.rate_per_s, 1e15))::bigint ELSE 0 END"

static const struct ht_col replay_cols[] = {
    HT_COL("r.tenant_id", ht_replay, tenant_id, UUID),
    HT_COL("r.id", ht_replay, id, UUID),
    HT_COL_OF_WORDS("r.state", ht_replay, state, ht_replay_words),
    HT_COL("t.name", ht_replay, tenant_name, TEXT),
    HT_COL(WHAT, ht_replay, what, TEXT),
    HT_COL("e.shown_url", ht_replay, endpoint_url, TEXT),
    HT_COL("r.endpoint_id", ht_replay, endpoint_id, UUID),
    HT_COL("r.since", ht_replay, since, TIME),
    HT_COL("r.until", ht_replay, until, TIME),
    HT_COL("r.rate_per_s", ht_replay, rate_per_s, F64),
    HT_COL("r.reason", ht_replay, reason, TEXT),
    HT_COL("r.created_by::text", ht_replay, created_by, TEXT),
    HT_COL("r.created_at", ht_replay, created_at, TIME),
    HT_COL("r.ended_at", ht_replay, ended_at, TIME),
    HT_COL("r.total", ht_replay, total, I64),
    HT_COL("r.queued", ht_replay, queued, I64),
    HT_COL("r.skipped", ht_replay, skipped, I64),
    HT_COL(SECONDS_LEFT, ht_replay, seconds_left, I64),
};

static void begin_select(struct ht_buf *sql)
{
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, replay_cols, HT_COUNT(replay_cols));
    ht_buf_adds(sql, " FROM hooktop.replay r JOIN hooktop.tenant t ON t.id = r.tenant_id LEFT JOIN hooktop.endpoint e"
                     " ON e.id = r.endpoint_id AND e.tenant_id = r.tenant_id WHERE true");
}

enum ht_rc ht_store_replays(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *before,
                            int32_t limit, struct ht_replays *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    if (tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND r.tenant_id = ", tenant);
    if (before != NULL)
        ht_sql_uuid(&sql, &p, " AND r.id < ", before);
    ht_buf_addf(&sql, " ORDER BY r.id DESC LIMIT %d", (int)limit + 1);
    const struct ht_stmt s = {.what = "replay list", .sql = sql.data};
    return read_replays(c, &s, &p, replay_cols, HT_COUNT(replay_cols), limit, ret, err);
}

enum ht_rc ht_store_replay_find(struct ht_conn *c, const char *id, struct ht_replay *ret, struct ht_err *err)
{
    HT_CLEANUP(ht_replays_fini) struct ht_replays found = {0};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    begin_select(&sql);
    enum ht_rc rc = ht_sql_id_range(&sql, &p, " AND r.id", "replay", id, err);
    ht_buf_adds(&sql, " LIMIT 2");
    const struct ht_stmt s = {.what = "replay", .sql = sql.data};
    if (rc == HT_OK)
        rc = read_replays(c, &s, &p, replay_cols, HT_COUNT(replay_cols), 0, &found, err);
    if (rc == HT_OK)
        rc = ht_check_found("replay", id, found.n, err);
    if (rc != HT_OK)
        return rc;
    *ret = found.rows[0];
    found.rows[0] = (struct ht_replay){0};
    return HT_OK;
}

enum ht_rc ht_store_replay_change(struct ht_conn *c, const struct ht_replay *r, enum ht_replay_state to,
                                  double rate_per_s, const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "replay", .sql = "SELECT hooktop.replay_change($1, $2, $3, $4, $5)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &r->tenant_id);
    ht_put_uuid(&p, &r->id);
    ht_put_text(&p, ht_replay_words[to].name);
    ht_put_text(&p, reason);
    if (rate_per_s > 0)
        ht_put_f64(&p, rate_per_s);
    else
        ht_put_null(&p, HT_PG_FLOAT8);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_replay_tally(struct ht_conn *c, const struct ht_replay *r, struct ht_tallies *ret,
                                 struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("outcome", ht_tally, outcome, TEXT),
        HT_COL("n", ht_tally, n, I64),
        HT_COL("sent", ht_tally, sent, I64),
    };
    static const struct ht_stmt s = {.what = "replay", .sql = "SELECT outcome, n, sent FROM hooktop.replay_tally($1)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &r->id);
    return read_tallies(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}
