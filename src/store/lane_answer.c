#include <stdlib.h>
#include <string.h>
#include "endpoint_read.h"
#include "hooktop/base/clock.h"
#include "lane_internal.h"

/* Rows of a fixed shape into a fresh array of zeroed records; NULL (and an error told) when they do not fit. */
static void *read_rows(const PGresult *r, const struct ht_col *cols, size_t n_cols, size_t size, struct ht_err *err)
{
    size_t n = (size_t)PQntuples(r);
    char *rows = ht_alloc(n > 0 ? n : 1, size);
    if (ht_rows_read(r, cols, n_cols, rows, size, n, err) != HT_OK) {
        free(rows);
        return NULL;
    }
    return rows;
}

void ht_lane_read_clock(struct ht_lane *l, const PGresult *r)
{
    int last = PQnfields(r) - 1;
    if (PQntuples(r) > 0 && PQgetlength(r, 0, last) == 8)
        l->clock_offset_us = ht_read_time(PQgetvalue(r, 0, last)) - ht_mono_us();
}

/* waiting ---------------------------------------------------------------------------------------------------------- */

static const struct ht_col waiting_cols[] = {
    HT_COL("tenant_id", ht_waiting, tenant_id, UUID),
    HT_COL("endpoint_id", ht_waiting, endpoint_id, UUID),
    HT_COL("due_at", ht_waiting, due_at, TIME),
    HT_COL("floor_at", ht_waiting, floor_at, TIME),
    HT_COL("in_flight_max", ht_waiting, in_flight_max, I32),
    HT_COL("version", ht_waiting, version, I32),
    HT_COL("first_attempt", ht_waiting, first_attempt, BOOL),
};

void ht_waiting_list_free(struct ht_waiting_list *w)
{
    if (w == NULL)
        return;
    free(w->rows);
    free(w);
}

/* Endpoints that nothing can be claimed of (their rows were put aside) are among the answer for the sake of the next
 * page's beginning only. */
static void keep_claimable(struct ht_waiting_list *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        if (w->rows[i].due_at == 0)
            continue;
        w->rows[n] = w->rows[i];
        int64_t due = w->rows[n++].due_at;
        if (due > w->db_now && (w->next_due_at == 0 || due < w->next_due_at))
            w->next_due_at = due;
    }
    w->n = n;
}

static bool discovered(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    struct ht_err err = {0};
    struct ht_waiting_list *w = ht_alloc(1, sizeof(*w));
    w->rows = read_rows(r, waiting_cols, HT_COUNT(waiting_cols), sizeof(*w->rows), &err);
    if (w->rows == NULL) {
        ht_waiting_list_free(w);
        l->cb.discovered(l->cb.user, NULL, &err);
        return false;
    }
    ht_lane_read_clock(l, r);
    w->n = (size_t)PQntuples(r);
    w->db_now = ht_lane_db_now(l);
    if (w->n > 0 && w->n == (size_t)q->limit)
        w->next = w->rows[w->n - 1].endpoint_id;
    if (!q->from_floors)
        ht_lane_floors_timed(l, w->n, ht_mono_us() - l->sent_at_us);
    keep_claimable(w);
    for (size_t i = 0; i < w->n; i++)
        ht_lane_floor_set(l, &w->rows[i].endpoint_id, w->rows[i].floor_at);
    l->cb.discovered(l->cb.user, w, NULL);
    return false;
}

static void discover_failed(struct ht_lane *l, struct ht_lane_request *q, const struct ht_err *err)
{
    (void)q;
    l->cb.discovered(l->cb.user, NULL, err);
}

/* claims ----------------------------------------------------------------------------------------------------------- */

static const struct ht_col claimed_cols[] = {
    HT_COL("tenant_id", ht_claimed, tenant_id, UUID),
    HT_COL("endpoint_id", ht_claimed, endpoint_id, UUID),
    HT_COL("delivery_id", ht_claimed, delivery_id, UUID),
    HT_COL("lease_id", ht_claimed, lease_id, UUID),
    HT_COL("attempt", ht_claimed, attempt, I32),
    HT_COL("claims", ht_claimed, claims, I32),
    HT_COL("body_version", ht_claimed, body_version, I32),
    HT_COL("endpoint_version", ht_claimed, endpoint_version, I32),
    HT_COL("due_at", ht_claimed, due_at, TIME),
    HT_COL("event_id", ht_claimed, event.id, UUID),
    HT_COL("type", ht_claimed, event.type, TEXT),
    HT_COL_OF_BYTES("data", ht_claimed, event.data, event.data_len),
    HT_COL("source", ht_claimed, event.source, TEXT),
    HT_COL("performed_by", ht_claimed, event.performed_by, TEXT),
    HT_COL("event_name", ht_claimed, event.event_name, TEXT),
    HT_COL("workflow", ht_claimed, event.workflow, TEXT),
    HT_COL("created_at", ht_claimed, event.created_at, TIME),
};

void ht_claim_batch_free(struct ht_claim_batch *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n; i++)
        ht_event_fini(&b->rows[i].event);
    free(b->rows);
    free(b);
}

static bool claimed(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    (void)q;
    struct ht_err err = {0};
    struct ht_claim_batch *b = ht_alloc(1, sizeof(*b));
    b->n = (size_t)PQntuples(r);
    b->rows = ht_alloc(b->n > 0 ? b->n : 1, sizeof(*b->rows));
    if (ht_rows_read(r, claimed_cols, HT_COUNT(claimed_cols), b->rows, sizeof(*b->rows), b->n, &err) != HT_OK) {
        ht_claim_batch_free(b);
        l->cb.claimed(l->cb.user, NULL, &err);
        return false;
    }
    ht_lane_read_clock(l, r);
    b->db_now = ht_lane_db_now(l);
    for (size_t i = 0; i < b->n; i++)
        b->rows[i].event.tenant_id = b->rows[i].tenant_id;
    l->cb.claimed(l->cb.user, b, NULL);
    return false;
}

static void claim_failed(struct ht_lane *l, struct ht_lane_request *q, const struct ht_err *err)
{
    (void)q;
    l->cb.claimed(l->cb.user, NULL, err);
}

/* targets ---------------------------------------------------------------------------------------------------------- */

static const struct ht_col target_cols[] = {
    HT_COL("tenant_id", ht_target, endpoint.tenant_id, UUID),
    HT_COL("endpoint_id", ht_target, endpoint.id, UUID),
    HT_COL("tenant_name", ht_target, endpoint.tenant_name, TEXT),
    HT_COL("profile", ht_target, endpoint.profile, TEXT),
    HT_COL("url", ht_target, endpoint.url, TEXT),
    HT_COL("description", ht_target, endpoint.description, TEXT),
    HT_COL_OF_WORDS("status", ht_target, endpoint.status, ht_endpoint_words),
    HT_COL("version", ht_target, endpoint.version, I32),
    HT_COL("timeout_ms", ht_target, endpoint.timeout_ms, I32),
    HT_COL_BY("schedule_s", ht_endpoint_read_schedule),
    HT_COL("rate_per_s", ht_target, endpoint.rate_per_s, F64),
    HT_COL("in_flight_max", ht_target, endpoint.in_flight_max, I32),
    HT_COL("source_filter", ht_target, endpoint.source_filter, TEXT),
    HT_COL_BY("workflows", ht_endpoint_read_workflows),
    HT_COL_BY("header_names", ht_endpoint_read_headers),
    HT_COL_OF_BYTES("headers_sealed", ht_target, endpoint.headers_sealed, endpoint.headers_sealed_len),
};

void ht_targets_free(struct ht_targets *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++) {
        ht_endpoint_fini(&t->rows[i].endpoint);
        ht_sealed_rows_fini(&t->rows[i].secrets);
    }
    free(t->rows);
    free(t);
}

/* The endpoints came; their keys are asked for next, on the same link. */
static bool targets(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    (void)q;
    struct ht_err err = {0};
    struct ht_targets *t = ht_alloc(1, sizeof(*t));
    t->n = (size_t)PQntuples(r);
    t->rows = ht_alloc(t->n > 0 ? t->n : 1, sizeof(*t->rows));
    if (ht_rows_read(r, target_cols, HT_COUNT(target_cols), t->rows, sizeof(*t->rows), t->n, &err) != HT_OK) {
        ht_targets_free(t);
        l->cb.targets(l->cb.user, NULL, &err);
        return false;
    }
    ht_lane_read_clock(l, r);
    t->db_now = ht_lane_db_now(l);
    struct ht_lane_request *next = ht_lane_request_new(HT_LANE_SECRETS);
    next->targets = t;
    ht_put_array(&next->params, HT_PG_UUID, t->n);
    for (size_t i = 0; i < t->n; i++)
        ht_put_uuid(&next->params, &t->rows[i].endpoint.tenant_id);
    ht_put_array(&next->params, HT_PG_UUID, t->n);
    for (size_t i = 0; i < t->n; i++)
        ht_put_uuid(&next->params, &t->rows[i].endpoint.id);
    if (ht_params_bind(&next->params, &err) != HT_OK) {
        ht_lane_request_free(next);
        l->cb.targets(l->cb.user, NULL, &err);
        return false;
    }
    ht_lane_follow_up(l, next);
    return false;
}

struct key_row {
    struct ht_uuid for_endpoint;
    struct ht_sealed_row key;
};
static const struct ht_col key_cols[] = {
    HT_COL("for_endpoint", key_row, for_endpoint, UUID),
    HT_COL("endpoint_id", key_row, key.endpoint_id, UUID),
    HT_COL("id", key_row, key.id, UUID),
    HT_COL("generation", key_row, key.generation, I32),
    HT_COL_OF_WORDS("state", key_row, key.state, ht_secret_words),
    HT_COL("signs_from", key_row, key.promote_at, TIME),
    HT_COL("signs_until", key_row, key.expires_at, TIME),
    HT_COL_OF_BYTES("sealed", key_row, key.blob, key.len),
};

static void give_keys(struct ht_targets *t, struct key_row *keys, size_t n)
{
    for (size_t i = 0; i < t->n; i++) {
        struct ht_sealed_rows *to = &t->rows[i].secrets;
        for (size_t k = 0; k < n; k++) {
            if (ht_uuid_cmp(&keys[k].for_endpoint, &t->rows[i].endpoint.id) != 0)
                continue;
            to->rows = ht_realloc(to->rows, to->n + 1, sizeof(*to->rows));
            to->rows[to->n++] = keys[k].key;
            keys[k].key.blob = NULL;
        }
    }
}

static bool secrets(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    struct ht_err err = {0};
    size_t n = (size_t)PQntuples(r);
    struct key_row *keys = ht_alloc(n > 0 ? n : 1, sizeof(*keys));
    enum ht_rc rc = ht_rows_read(r, key_cols, HT_COUNT(key_cols), keys, sizeof(*keys), n, &err);
    if (rc == HT_OK)
        give_keys(q->targets, keys, n);
    for (size_t k = 0; k < n; k++)
        free(keys[k].key.blob);
    free(keys);
    struct ht_targets *t = q->targets;
    if (rc == HT_OK)
        q->targets = NULL;
    l->cb.targets(l->cb.user, rc == HT_OK ? t : NULL, rc == HT_OK ? NULL : &err);
    return false;
}

static void targets_failed(struct ht_lane *l, struct ht_lane_request *q, const struct ht_err *err)
{
    (void)q;
    l->cb.targets(l->cb.user, NULL, err);
}

/* the rest --------------------------------------------------------------------------------------------------------- */

struct id_row {
    struct ht_uuid id;
};
static const struct ht_col id_cols[] = {HT_COL("id", id_row, id, UUID)};

static bool settled(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    struct ht_uuid *fenced = read_rows(r, id_cols, HT_COUNT(id_cols), sizeof(*fenced), NULL);
    if (fenced == NULL)
        ht_abort("hooktop.settle answers something that is no id");
    bool more = ht_lane_settle_done(l, q, fenced, (size_t)PQntuples(r));
    free(fenced);
    return more;
}

static bool renewed(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    (void)q;
    struct ht_uuid *lost = read_rows(r, id_cols, HT_COUNT(id_cols), sizeof(*lost), NULL);
    if (lost != NULL)
        l->cb.renewed(l->cb.user, lost, (size_t)PQntuples(r));
    free(lost);
    return false;
}

/* Nobody knows whether they are still ours. */
static void renew_failed(struct ht_lane *l, struct ht_lane_request *q, const struct ht_err *err)
{
    (void)err;
    l->cb.renewed(l->cb.user, q->deliveries, q->n_deliveries);
}

struct heartbeat_row {
    bool other_worker;
    int32_t workers;
    int32_t place;
    bool maintain;
    bool replay;
    bool compact;
};
static const struct ht_col heartbeat_cols[] = {
    HT_COL("other_worker", heartbeat_row, other_worker, BOOL),
    HT_COL("workers", heartbeat_row, workers, I32),
    HT_COL("place", heartbeat_row, place, I32),
    HT_COL("maintain", heartbeat_row, maintain, BOOL),
    HT_COL("replay", heartbeat_row, replay, BOOL),
    HT_COL("compact", heartbeat_row, compact, BOOL),
};

static bool heartbeat(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    (void)q;
    struct heartbeat_row row = {0};
    if (PQntuples(r) == 0 ||
        ht_rows_read(r, heartbeat_cols, HT_COUNT(heartbeat_cols), &row, sizeof(row), 1, NULL) != HT_OK)
        return false;
    l->other_worker = row.other_worker;
    l->workers = row.workers;
    l->place = row.place;
    if (row.maintain) {
        struct ht_lane_request *maintain = ht_lane_request_new(HT_LANE_MAINTAIN);
        ht_put_uuid(&maintain->params, &l->o.worker_id);
        if (ht_params_bind(&maintain->params, NULL) == HT_OK)
            ht_lane_follow_up(l, maintain);
    }
    if (row.compact)
        ht_lane_follow_up(l, ht_lane_request_new(HT_LANE_COMPACT));
    if (row.replay)
        ht_lane_follow_up(l, ht_lane_request_new(HT_LANE_REPLAY));
    return false;
}

/* More is due at once: behind what waits already, so that claims are not kept waiting. */
static bool replayed(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    static const struct ht_col cols[] = {{.sql = "more", .kind = HT_COL_BOOL}};
    bool more = false;
    (void)q;
    if (PQntuples(r) == 1 && ht_rows_read(r, cols, HT_COUNT(cols), &more, sizeof(more), 1, NULL) == HT_OK && more)
        (void)ht_lane_submit(l, ht_lane_request_new(HT_LANE_REPLAY)); /* a full queue: the next heartbeat asks again */
    return false;
}

static bool backlog(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r)
{
    (void)q;
    l->backlog = PQntuples(r) > 0 && PQgetlength(r, 0, 0) == 8 ? ht_read_i64(PQgetvalue(r, 0, 0)) : -1;
    return false;
}

/* What is asked. The columns stand in the order of the tables above; the database's clock comes last. */
const struct ht_lane_statement ht_lane_statements[HT_LANE_KIND_COUNT] = {
    [HT_LANE_DISCOVER] = {"lane_waiting",
                          "SELECT tenant_id, endpoint_id, due_at, floor_at, in_flight_max, version, first_attempt,"
                          " db_now FROM hooktop.waiting($1, $2, $3, $4)",
                          false, discovered, discover_failed},
    [HT_LANE_CLAIM] = {"lane_claim",
                       "SELECT tenant_id, endpoint_id, delivery_id, lease_id, attempt, claims, body_version,"
                       " endpoint_version, due_at, event_id, type, data, source, performed_by, event_name, workflow,"
                       " created_at, db_now FROM hooktop.claim($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                       false, claimed, claim_failed},
    [HT_LANE_TARGETS] =
        {"lane_targets",
         "SELECT tenant_id, endpoint_id, tenant_name, profile, url, description, status, version,"
         " timeout_ms, schedule_s, rate_per_s, in_flight_max, source_filter, workflows, header_names, headers_sealed,"
         " db_now FROM hooktop.targets($1, $2)",
         false, targets, targets_failed},
    [HT_LANE_SECRETS] = {"lane_secrets",
                         "SELECT for_endpoint, endpoint_id, id, generation, state, signs_from, signs_until, sealed"
                         " FROM hooktop.target_secrets($1, $2)",
                         false, secrets, targets_failed},
    [HT_LANE_SETTLE] = {"lane_settle",
                        "SELECT settle FROM hooktop.settle($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
                        " $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
                        true, settled, NULL},
    [HT_LANE_RENEW] = {"lane_renew", "SELECT renew FROM hooktop.renew($1, $2, $3, $4, $5, $6, $7)", true, renewed,
                       renew_failed},
    [HT_LANE_RELEASE] = {"lane_release", "SELECT hooktop.release($1, $2, $3, $4, $5)", true, NULL, NULL},
    [HT_LANE_HEARTBEAT] = {"lane_heartbeat",
                           "SELECT other_worker, workers, place, maintain, replay, compact, db_now"
                           " FROM hooktop.heartbeat($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                           false, heartbeat, NULL},
    [HT_LANE_MAINTAIN] = {"lane_maintain", "SELECT hooktop.maintain($1)", false, NULL, NULL},
    [HT_LANE_COMPACT] = {"lane_compact", "SELECT hooktop.compact_outbox()", false, NULL, NULL},
    [HT_LANE_REPLAY] = {"lane_replay", "SELECT more, clock_timestamp() FROM hooktop.replay_step() more", false,
                        replayed, NULL},
    [HT_LANE_BACKLOG] = {"lane_backlog", "SELECT hooktop.backlog()", false, backlog, NULL},
    [HT_LANE_GOODBYE] = {"lane_goodbye", "SELECT hooktop.goodbye($1)", false, NULL, NULL},
    [HT_LANE_NOTICE] = {"lane_notice", "SELECT pg_notify('hooktop_log', '')", false, NULL, NULL},
};
