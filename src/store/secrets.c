#include <stdlib.h>
#include <string.h>
#include "filter_sql.h"
#include "hooktop/store/queries.h"
#include "query.h"
#include "sealed.h"

HT_LIST_READER(read_secrets, ht_secret_metas)
HT_LIST_READER(read_sealed, ht_sealed_rows)
HT_LIST_READER(read_fleet, ht_fleet_keys)

static void sealed_row_fini(struct ht_sealed_row *s)
{
    free(s->blob);
    *s = (struct ht_sealed_row){0};
}

void ht_sealed_rows_fini(struct ht_sealed_rows *l)
{
    for (size_t i = 0; i < l->n; i++)
        sealed_row_fini(&l->rows[i]);
    free(l->rows);
    *l = (struct ht_sealed_rows){0};
}

/* The latest signed attempts of the endpoint, or of those that a tenant's key signs for: of the newest deliveries, of
 * which 500 are looked at, each with its own attempts (OFFSET 0: never by reading all attempts that are kept). An
 * expired key's figures are nobody's concern, and their number has no bound. */
#define NEWEST_OF_ENDPOINT                                                                                             \
    "(SELECT d.id, d.tenant_id FROM hooktop.delivery d WHERE k.kind = 'secret' AND d.endpoint_id = k.endpoint_id"      \
    " ORDER BY d.id DESC LIMIT 500)"
#define NEWEST_OF_TENANT                                                                                               \
    "(SELECT d.id, d.tenant_id FROM hooktop.delivery d JOIN hooktop.endpoint e ON e.id = d.endpoint_id"                \
    " AND e.tenant_id = d.tenant_id WHERE k.kind <> 'secret' AND d.tenant_id = k.tenant_id AND e.profile = 'instnt'"   \
    " ORDER BY d.id DESC LIMIT 500)"
#define NEWEST NEWEST_OF_ENDPOINT " UNION ALL " NEWEST_OF_TENANT
#define LATEST                                                                                                         \
    " LEFT JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE x.mine) AS signed,"                              \
    " max(x.at) FILTER (WHERE x.mine) AS last FROM (SELECT a.at, k.generation::text = ANY"                             \
    " (string_to_array(a.secret_ids, ',')) AS mine FROM (" NEWEST ") d CROSS JOIN LATERAL ("                           \
    "SELECT a.at, a.secret_ids FROM hooktop.attempt a WHERE a.delivery_id = d.id AND a.tenant_id = d.tenant_id"        \
    " AND a.secret_ids IS NOT NULL OFFSET 0) a WHERE k.state <> 'expired' ORDER BY d.id DESC LIMIT $1) x) l ON true"

#define META_COLS(record, member)                                                                                      \
    HT_COL("k.id", record, member id, UUID), HT_COL("k.generation", record, member generation, I32),                   \
        HT_COL_OF_WORDS("k.state", record, member state, ht_secret_words),                                             \
        HT_COL("k.created_at", record, member created_at, TIME),                                                       \
        HT_COL("k.created_by::text", record, member created_by, TEXT),                                                 \
        HT_COL("k.signs_until", record, member expires_at, TIME),                                                      \
        HT_COL("CASE k.state WHEN 'next' THEN k.signs_from END", record, member promote_at, TIME),                     \
        HT_COL("k.revealed_at", record, member revealed_at, TIME),                                                     \
        HT_COL("k.confirmed_at", record, member confirmed_at, TIME),                                                   \
        HT_COL("k.public_pem", record, member public_pem, TEXT), HT_COL("l.n", record, member attempts, I32),          \
        HT_COL("l.signed", record, member signed_attempts, I32), HT_COL("l.last", record, member last_used_at, TIME)

static void begin_keys(struct ht_buf *sql, struct ht_params *p, const struct ht_col *cols, size_t n)
{
    ht_buf_init(sql, HT_SQL_MAX);
    ht_params_init(p);
    ht_put_i32(p, HT_SECRET_ATTEMPTS);
    ht_buf_adds(sql, "SELECT ");
    ht_sql_columns(sql, cols, n);
}

enum ht_rc ht_store_secrets(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *endpoint,
                            struct ht_secret_metas *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {META_COLS(ht_secret_meta, )};
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    begin_keys(&sql, &p, cols, HT_COUNT(cols));
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, endpoint);
    ht_buf_adds(&sql, " FROM hooktop.key_state k" LATEST
                      " WHERE k.tenant_id = $2 AND k.endpoint_id = $3 ORDER BY k.generation DESC");
    const struct ht_stmt s = {.what = "secret list", .sql = sql.data, .name = "secrets"};
    return read_secrets(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_in_flight(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *endpoint,
                              int64_t *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "n", .kind = HT_COL_I64}};
    static const struct ht_stmt s = {
        .what = "secret list",
        .sql =
            "SELECT count(*) FROM hooktop.tenant_webhook_outbox o JOIN hooktop.endpoint e ON e.id = o.endpoint_id"
            " AND e.tenant_id = o.tenant_id WHERE o.tenant_id = $1 AND o.lease_until > clock_timestamp()"
            " AND CASE WHEN $2 = '00000000-0000-0000-0000-000000000000' THEN e.profile = 'instnt' ELSE e.id = $2 END"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, endpoint);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

#define MS(interval) "(extract(epoch FROM " interval ") * 1000)::bigint"
#define TENANT_NAME  "(SELECT t.name FROM hooktop.tenant t WHERE t.id = k.tenant_id)"
#define PROFILE      "coalesce(e.profile, (SELECT t.profile FROM hooktop.tenant t WHERE t.id = k.tenant_id))"

static const struct ht_col fleet_cols[] = {
    META_COLS(ht_fleet_key, secret.),
    HT_COL("k.tenant_id", ht_fleet_key, tenant_id, UUID),
    HT_COL("k.endpoint_id", ht_fleet_key, endpoint_id, UUID),
    HT_COL(TENANT_NAME, ht_fleet_key, tenant_name, TEXT),
    HT_COL("k.profile", ht_fleet_key, profile, TEXT),
    HT_COL("k.url", ht_fleet_key, endpoint_url, TEXT),
    HT_COL("nullif(k.description, '')", ht_fleet_key, endpoint_description, TEXT),
    HT_COL(MS("k.now_at - k.created_at"), ht_fleet_key, age_ms, I64),
    HT_COL(MS("CASE k.state WHEN 'next' THEN k.signs_from ELSE k.signs_until END - k.now_at"), ht_fleet_key, left_ms,
           I64),
};

static const struct ht_filter_column fleet_filter[] = {
    HT_FILTER_BY("", "e.description", "e.shown_url", TENANT_NAME),
    HT_FILTER_BY("endpoint", "e.description", "e.shown_url", "k.endpoint_id::text"),
    HT_FILTER_BY("tenant", TENANT_NAME),
    HT_FILTER_BY("profile", PROFILE),
    HT_FILTER_BY("state", "k.state"),
    HT_FILTER_BY("age", MS("k.now_at - k.created_at")),
    HT_FILTER_BY("id", "k.id"),
};

#define CHANGES_AT "coalesce(CASE k.state WHEN 'next' THEN k.signs_from ELSE k.signs_until END, 'infinity')"
#define SHOWN                                                                                                          \
    "CASE WHEN k.public_pem IS NOT NULL THEN 3 WHEN k.revealed_at IS NULL THEN 2"                                      \
    " WHEN k.confirmed_at IS NULL THEN 0 ELSE 1 END"
static const char *const fleet_orders[HT_SECRET_ORDER_COUNT] = {
    [HT_SECRETS_BY_ENDPOINT] = "coalesce(nullif(e.description, ''), e.shown_url, '')",
    [HT_SECRETS_BY_STATE] = "k.state",
    [HT_SECRETS_BY_AGE] = "-extract(epoch FROM k.created_at)",
    [HT_SECRETS_BY_CHANGES] = CHANGES_AT,
    [HT_SECRETS_BY_GENERATION] = "k.generation",
    [HT_SECRETS_BY_SHOWN] = SHOWN,
    [HT_SECRETS_BY_TENANT] = TENANT_NAME,
    [HT_SECRETS_BY_PROFILE] = PROFILE,
    [HT_SECRETS_BY_BY] = "coalesce(k.created_by::text, '')",
};
#define FLEET                                                                                                          \
    " FROM hooktop.key_state k LEFT JOIN hooktop.endpoint e ON e.id = k.endpoint_id AND e.tenant_id = k.tenant_id"
#define FLEET_TIE "(k.endpoint_id, k.tenant_id, k.generation)"

/* The page that follows this row, in the order asked for: what the row is compared by is looked up again. */
static void add_after(struct ht_buf *sql, struct ht_params *p, const struct ht_filter *f,
                      const struct ht_fleet_key *last)
{
    bool turned = false;
    int i = ht_filter_order(f, &turned);
    if (i >= 0)
        ht_buf_addf(sql, " AND (%s, " FLEET_TIE ") %s (SELECT %s, " FLEET_TIE FLEET " WHERE " FLEET_TIE " = (",
                    fleet_orders[i], ht_filter_descends(f) ? "<" : ">", fleet_orders[i]);
    else
        ht_buf_adds(sql, " AND " FLEET_TIE " < (");
    ht_sql_uuid(sql, p, "", &last->endpoint_id);
    ht_sql_uuid(sql, p, ", ", &last->tenant_id);
    ht_put_i32(p, last->secret.generation);
    ht_buf_addf(sql, ", $%d)%s", p->n, i >= 0 ? ")" : "");
}

enum ht_rc ht_store_fleet(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                          const struct ht_fleet_key *last, int32_t limit, struct ht_fleet_keys *ret, struct ht_err *err)
{
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    begin_keys(&sql, &p, fleet_cols, HT_COUNT(fleet_cols));
    /* The page is chosen first; attempts are counted for its rows alone: nothing can be ordered by them. */
    ht_buf_adds(&sql, " FROM (SELECT row_number() OVER () AS place, k.* FROM (SELECT k.*, e.shown_url AS url,"
                      " e.description, " PROFILE " AS profile" FLEET " WHERE k.state <> 'expired'"
                      " AND e.status IS DISTINCT FROM 'removed'");
    if (tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND k.tenant_id = ", tenant);
    if (last != NULL)
        add_after(&sql, &p, f, last);
    ht_filter_sql(f, fleet_filter, HT_COUNT(fleet_filter), &sql, &p);
    ht_filter_order_sql(f, fleet_orders, FLEET_TIE, "k.endpoint_id DESC, k.tenant_id DESC, k.generation DESC", &sql);
    ht_buf_addf(&sql, " LIMIT %d) k) k" LATEST " ORDER BY k.place", (int)limit + 1);
    const struct ht_stmt s = {.what = "secret list", .sql = sql.data};
    return read_fleet(c, &s, &p, fleet_cols, HT_COUNT(fleet_cols), limit, ret, err);
}

enum ht_rc ht_store_secret_next(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *endpoint,
                                int32_t *ret_generation, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "secret_next", .kind = HT_COL_I32}};
    static const struct ht_stmt s = {.what = "secret", .sql = "SELECT hooktop.secret_next($1, $2)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, endpoint);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret_generation, sizeof(*ret_generation), err);
}

enum ht_rc ht_store_secret_add(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *endpoint,
                               const struct ht_sealed *sealed, bool staged, int64_t overlap_or_promote_ms,
                               const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "secret",
                                     .sql = "SELECT hooktop.secret_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, endpoint);
    ht_put_sealed(&p, sealed);
    ht_put_bool(&p, staged);
    ht_put_i64(&p, overlap_or_promote_ms);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_secret_reveal(struct ht_conn *c, const struct ht_uuid *secret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "secret_reveal", .kind = HT_COL_BOOL}};
    static const struct ht_stmt s = {.what = "secret", .sql = "SELECT hooktop.secret_reveal($1)"};
    bool first = false;
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, secret);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &first, sizeof(first), err);
    if (rc == HT_OK && !first)
        return ht_fail(err, HT_DENIED, "secret", "rotate it to get a new one", "it has been shown once already");
    return rc;
}

enum ht_rc ht_store_secret_confirm(struct ht_conn *c, const struct ht_uuid *secret, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "secret", .sql = "SELECT hooktop.secret_confirm($1)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, secret);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_secret_promote(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *endpoint,
                                   const char *reason, struct ht_uuid *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "secret_promote", .kind = HT_COL_UUID}};
    static const struct ht_stmt s = {.what = "secret promote", .sql = "SELECT hooktop.secret_promote($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, endpoint);
    ht_put_text(&p, reason);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

enum ht_rc ht_store_secret_revoke(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_uuid *secret,
                                  const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "secret revoke", .sql = "SELECT hooktop.secret_revoke($1, $2, $3)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_uuid(&p, secret);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_sealed(struct ht_conn *c, const struct ht_endpoint *e, struct ht_sealed_rows *ret,
                           struct ht_err *err)
{
    static const struct ht_stmt s = {
        .what = "secret",
        .sql =
            "SELECT id, generation, state, signs_until, CASE state WHEN 'next' THEN signs_from END, sealed, endpoint_id"
            " FROM hooktop.sealed_secrets($1, $2)"
            " ORDER BY array_position(ARRAY['active', 'retiring', 'next'], state), generation DESC",
    };
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    return read_sealed(c, &s, &p, ht_sealed_cols, HT_SEALED_COLS, 0, ret, err);
}

enum ht_rc ht_store_sealed_headers(struct ht_conn *c, const struct ht_endpoint *e, uint8_t **ret, size_t *ret_len,
                                   struct ht_err *err)
{
    struct blob {
        uint8_t *bytes;
        size_t len;
    } blob = {0};
    static const struct ht_col cols[] = {HT_COL_OF_BYTES("sealed_headers", blob, bytes, len)};
    static const struct ht_stmt s = {.what = "header", .sql = "SELECT hooktop.sealed_headers($1, $2)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &blob, sizeof(blob), err);
    if (rc == HT_OK) {
        *ret = blob.bytes;
        *ret_len = blob.len;
    }
    return rc;
}

const struct ht_col ht_sealed_cols[HT_SEALED_COLS] = {
    HT_COL("id", ht_sealed_row, id, UUID),
    HT_COL("generation", ht_sealed_row, generation, I32),
    HT_COL_OF_WORDS("state", ht_sealed_row, state, ht_secret_words),
    HT_COL("signs_until", ht_sealed_row, expires_at, TIME),
    HT_COL("CASE state WHEN 'next' THEN signs_from END", ht_sealed_row, promote_at, TIME),
    HT_COL_OF_BYTES("sealed", ht_sealed_row, blob, len),
    HT_COL("endpoint_id", ht_sealed_row, endpoint_id, UUID),
};

void ht_put_sealed(struct ht_params *p, const struct ht_sealed *s)
{
    bool known = s != NULL && s->len >= HT_SEALED_KEY_ID_AT + HT_SEALED_KEY_ID;
    ht_put_uuid(p, s != NULL ? &s->id : NULL);
    ht_put_i32(p, s != NULL ? s->generation : 0);
    ht_put_bytes(p, s != NULL ? s->blob : NULL, s != NULL ? s->len : 0);
    ht_put_bytes(p, known ? s->blob + HT_SEALED_KEY_ID_AT : NULL, known ? HT_SEALED_KEY_ID : 0);
    ht_put_text(p, s != NULL ? s->public_pem : NULL);
}
