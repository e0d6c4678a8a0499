#include <stdlib.h>
#include "filter_sql.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/json.h"
#include "hooktop/store/queries.h"
#include "query.h"

HT_LIST_READER(read_audit, ht_audit_entries)

#define DETAIL_MAX 65536u

#define TENANT_NAME "(SELECT t.name FROM hooktop.tenant t WHERE t.id = a.tenant_id)"

static const struct ht_filter_column audit_filter[] = {
    HT_FILTER_BY("", "a.who::text", "a.action", "a.object"),
    HT_FILTER_BY("", "a.reason", "a.detail::text", TENANT_NAME),
    HT_FILTER_BY("who", "a.who::text"),
    HT_FILTER_BY("action", "a.action"),
    HT_FILTER_BY("object", "a.object"),
    HT_FILTER_BY("reason", "a.reason"),
    HT_FILTER_BY("from", "a.from_addr"),
    HT_FILTER_BY("detail", "a.detail::text"),
    HT_FILTER_BY("tenant", TENANT_NAME),
    HT_FILTER_BY("seq", "a.seq"),
    HT_FILTER_BY("after", "hooktop.uuid_at(a.at)"),
    HT_FILTER_BY("before", "hooktop.uuid_at(a.at)"),
    HT_FILTER_BY("on", "hooktop.uuid_at(a.at)"),
};

enum ht_rc ht_store_audit(struct ht_conn *c, const struct ht_uuid *tenant, const struct ht_filter *f,
                          const struct ht_audit_entry *last, int32_t limit, struct ht_audit_entries *ret,
                          struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("a.tenant_id", ht_audit_entry, tenant_id, UUID),
        HT_COL(TENANT_NAME, ht_audit_entry, tenant_name, TEXT),
        HT_COL("a.seq", ht_audit_entry, seq, I64),
        HT_COL("a.at", ht_audit_entry, at, TIME),
        HT_COL("a.who::text", ht_audit_entry, who, TEXT),
        HT_COL("a.from_addr", ht_audit_entry, from, TEXT),
        HT_COL("a.action", ht_audit_entry, action, TEXT),
        HT_COL("a.object", ht_audit_entry, object, TEXT),
        HT_COL("a.reason", ht_audit_entry, reason, TEXT),
        HT_COL("a.detail", ht_audit_entry, detail, TEXT),
    };
    struct ht_buf sql HT_BUF_CLEANUP = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_buf_init(&sql, HT_SQL_MAX);
    ht_params_init(&p);
    ht_buf_adds(&sql, "SELECT ");
    ht_sql_columns(&sql, cols, HT_COUNT(cols));
    ht_buf_adds(&sql, " FROM hooktop.audit a WHERE true");
    bool up = ht_filter_oldest_first(f);
    if (tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND a.tenant_id = ", tenant);
    if (last != NULL) {
        ht_put_time(&p, last->at);
        ht_put_uuid(&p, &last->tenant_id);
        ht_put_i64(&p, last->seq);
        ht_buf_addf(&sql, " AND (a.at, a.tenant_id, a.seq) %s ($%d, $%d, $%d)", up ? ">" : "<", p.n - 2, p.n - 1, p.n);
    }
    ht_filter_sql(f, audit_filter, HT_COUNT(audit_filter), &sql, &p);
    ht_buf_adds(&sql, up ? " ORDER BY a.at, a.tenant_id, a.seq" : " ORDER BY a.at DESC, a.tenant_id DESC, a.seq DESC");
    ht_buf_addf(&sql, " LIMIT %d", (int)limit + 1);
    const struct ht_stmt s = {.what = "audit list", .sql = sql.data};
    return read_audit(c, &s, &p, cols, HT_COUNT(cols), limit, ret, err);
}

/* What a ping found, without what was sent and answered. */
static void add_answer(struct ht_jw *w, const struct ht_ping_result *r)
{
    ht_jw_bool(w, "success", r->success);
    ht_jw_bool(w, "signed", r->signed_ping);
    ht_jw_int(w, "status", r->status);
    ht_jw_str(w, "error", ht_attempt_words[r->error].name);
    ht_jw_str(w, "address", r->address);
    ht_jw_int(w, "total_us", r->phases.total_us);
}

static enum ht_rc audit_test_event(struct ht_conn *c, const struct ht_stmt *s, const struct ht_endpoint *e,
                                   const struct ht_buf *detail, const char *reason, struct ht_err *err)
{
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    ht_put_json(&p, detail->data, detail->len);
    ht_put_text(&p, reason);
    return ht_conn_do(c, s, &p, err);
}

enum ht_rc ht_store_audit_ping(struct ht_conn *c, const struct ht_endpoint *e, const struct ht_ping_result *r,
                               const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "ping", .sql = "SELECT hooktop.audit_ping($1, $2, $3, $4)"};
    struct ht_buf detail HT_BUF_CLEANUP = {0};
    struct ht_jw w;
    ht_buf_init(&detail, DETAIL_MAX);
    ht_jw_init(&w, &detail);
    ht_jw_object(&w, NULL);
    add_answer(&w, r);
    ht_jw_end_object(&w);
    return audit_test_event(c, &s, e, &detail, reason, err);
}

enum ht_rc ht_store_audit_probe(struct ht_conn *c, const struct ht_endpoint *e, const struct ht_probe *p,
                                const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "probe", .sql = "SELECT hooktop.audit_probe($1, $2, $3, $4)"};
    struct ht_buf detail HT_BUF_CLEANUP = {0};
    struct ht_jw w;
    ht_buf_init(&detail, DETAIL_MAX);
    ht_jw_init(&w, &detail);
    ht_jw_object(&w, NULL);
    ht_jw_str(&w, "verdict", ht_probe_words[p->verdict].name);
    ht_jw_int(&w, "generation", p->generation);
    add_answer(&w, &p->answer);
    ht_jw_end_object(&w);
    return audit_test_event(c, &s, e, &detail, reason, err);
}

/* chains ----------------------------------------------------------------------------------------------------------- */
HT_LIST_READER(read_chains, ht_audit_chains)

#define VERIFY_PAGE 5000 /* entries per statement */
#define HASH_BYTES  32u

struct verified {
    int64_t checked;
    int64_t last_seq;
    uint8_t *last_hash;
    size_t last_hash_len;
    bool ended;
    int64_t bad_seq;
    char *problem;
};

static void verified_fini(struct verified *v)
{
    free(v->last_hash);
    free(v->problem);
    *v = (struct verified){0};
}

static enum ht_rc verify_page(struct ht_conn *c, const struct ht_uuid *tenant, const struct verified *from,
                              struct verified *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("checked", verified, checked, I64),
        HT_COL("last_seq", verified, last_seq, I64),
        HT_COL_OF_BYTES("last_hash", verified, last_hash, last_hash_len),
        HT_COL("ended", verified, ended, BOOL),
        HT_COL("bad_seq", verified, bad_seq, I64),
        HT_COL("problem", verified, problem, TEXT),
    };
    static const struct ht_stmt s = {
        .what = "audit verify",
        .sql = "SELECT checked, last_seq, last_hash, ended, bad_seq, problem"
               " FROM hooktop.audit_verify($1, $2, coalesce($3, ''::bytea), $4)",
    };
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_i64(&p, from->last_seq);
    ht_put_bytes(&p, from->last_hash, from->last_hash_len);
    ht_put_i32(&p, VERIFY_PAGE);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}

static enum ht_rc verify_chain(struct ht_conn *c, struct ht_audit_chain *chain, struct ht_err *err)
{
    HT_CLEANUP(verified_fini) struct verified at = {0};
    enum ht_rc rc = HT_OK;
    while (rc == HT_OK && !at.ended && at.problem == NULL) {
        struct verified next = {0};
        rc = verify_page(c, &chain->tenant_id, &at, &next, err);
        chain->entries += next.checked;
        verified_fini(&at);
        at = next;
    }
    if (rc != HT_OK)
        return rc;
    chain->head_seq = at.last_seq;
    if (at.last_hash_len == HASH_BYTES) {
        chain->head = ht_alloc(1, HT_HEX_SIZE(HASH_BYTES));
        ht_hex_encode(at.last_hash, HASH_BYTES, chain->head);
    }
    chain->bad_seq = at.bad_seq;
    chain->problem = at.problem;
    at.problem = NULL;
    return HT_OK;
}

enum ht_rc ht_store_audit_verify(struct ht_conn *c, const struct ht_uuid *tenant, struct ht_audit_chains *ret,
                                 struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("tenant_id", ht_audit_chain, tenant_id, UUID),
        HT_COL("name", ht_audit_chain, tenant_name, TEXT),
    };
    static const struct ht_stmt s = {
        .what = "audit verify",
        .sql = "SELECT tenant_id, name FROM hooktop.audit_chains() WHERE $1 IS NULL OR tenant_id = $1",
    };
    HT_CLEANUP(ht_audit_chains_fini) struct ht_audit_chains l = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    enum ht_rc rc = read_chains(c, &s, &p, cols, HT_COUNT(cols), 0, &l, err);
    for (size_t i = 0; rc == HT_OK && i < l.n; i++)
        rc = verify_chain(c, &l.rows[i], err);
    if (rc != HT_OK)
        return rc;
    *ret = l;
    l = (struct ht_audit_chains){0};
    return HT_OK;
}

enum ht_rc ht_store_audit_hash(struct ht_conn *c, const struct ht_uuid *tenant, int64_t seq, char **ret,
                               struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "hash", .kind = HT_COL_TEXT}};
    static const struct ht_stmt s = {
        .what = "audit verify",
        .sql = "SELECT encode(hash, 'hex') FROM hooktop.audit WHERE tenant_id = $1 AND seq = $2",
    };
    char *hash = NULL;
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, tenant);
    ht_put_i64(&p, seq);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &hash, sizeof(hash), err);
    if (rc == HT_NOT_FOUND)
        return ht_fail(err, rc, "audit verify", NULL, "there is no entry %lld", (long long)seq);
    if (rc == HT_OK)
        *ret = hash;
    return rc;
}
