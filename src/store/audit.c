#include "filter_sql.h"
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
                          const struct ht_audit_entry *before, int32_t limit, struct ht_audit_entries *ret,
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
    if (tenant != NULL)
        ht_sql_uuid(&sql, &p, " AND a.tenant_id = ", tenant);
    if (before != NULL) {
        ht_put_time(&p, before->at);
        ht_put_uuid(&p, &before->tenant_id);
        ht_put_i64(&p, before->seq);
        ht_buf_addf(&sql, " AND (a.at, a.tenant_id, a.seq) < ($%d, $%d, $%d)", p.n - 2, p.n - 1, p.n);
    }
    ht_filter_sql(f, audit_filter, HT_COUNT(audit_filter), &sql, &p);
    ht_buf_addf(&sql, " ORDER BY a.at DESC, a.tenant_id DESC, a.seq DESC LIMIT %d", (int)limit + 1);
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
