#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"
#include "lane_internal.h"

/* Text that the server would refuse (bytes that are no UTF-8) must not keep an attempt from being recorded. */
static void put_safe_text(struct ht_params *p, const char *s)
{
    if (s == NULL || ht_utf8_valid(s, strlen(s))) {
        ht_put_text(p, s);
        return;
    }
    HT_BUF_CLEANUP struct ht_buf clean;
    ht_buf_init(&clean, 64 * 1024);
    ht_text_clean(&clean, s, strlen(s), HT_TEXT_LINES);
    ht_put_text(p, clean.data);
}

enum column_kind { C_UUID, C_I32, C_I64, C_BOOL, C_TIME, C_TEXT, C_STRING_BYTES, C_BODY, C_STATUS, C_ERROR };

#define AT(field)     offsetof(struct ht_settlement, field)
#define AT_TRY(field) offsetof(struct ht_settlement, attempt.field)

/* The arrays of hooktop.settle, in its order. */
static const struct {
    enum column_kind kind;
    enum ht_pg_type type;
    size_t at;
} columns[] = {
    {C_UUID, HT_PG_UUID, AT(tenant_id)},
    {C_UUID, HT_PG_UUID, AT(endpoint_id)},
    {C_UUID, HT_PG_UUID, AT(delivery_id)},
    {C_UUID, HT_PG_UUID, AT(lease_id)},
    {C_STATUS, HT_PG_TEXT, AT(to)},
    {C_I64, HT_PG_INT8, AT(retry_in_ms)},
    {C_TEXT, HT_PG_TEXT, AT(reason)},
    {C_BOOL, HT_PG_BOOL, AT(disable_endpoint)},
    {C_I32, HT_PG_INT4, AT_TRY(n)},
    {C_TIME, HT_PG_TIMESTAMPTZ, AT_TRY(at)},
    {C_I32, HT_PG_INT4, AT_TRY(status)},
    {C_ERROR, HT_PG_TEXT, AT_TRY(error)},
    {C_TEXT, HT_PG_TEXT, AT_TRY(error_detail)},
    {C_I32, HT_PG_INT4, AT_TRY(phases.dns_us)},
    {C_I32, HT_PG_INT4, AT_TRY(phases.connect_us)},
    {C_I32, HT_PG_INT4, AT_TRY(phases.tls_us)},
    {C_I32, HT_PG_INT4, AT_TRY(phases.first_byte_us)},
    {C_I32, HT_PG_INT4, AT_TRY(phases.total_us)},
    {C_TEXT, HT_PG_TEXT, AT_TRY(address)},
    {C_TEXT, HT_PG_TEXT, AT_TRY(tls)},
    {C_TEXT, HT_PG_TEXT, AT_TRY(request_headers)},
    {C_STRING_BYTES, HT_PG_BYTEA, AT_TRY(response_headers)},
    {C_BODY, HT_PG_BYTEA, AT_TRY(response_body)},
    {C_I64, HT_PG_INT8, AT_TRY(response_bytes)},
    {C_TEXT, HT_PG_TEXT, AT_TRY(secret_ids)},
};

static void put_field(struct ht_params *p, enum column_kind kind, const struct ht_settlement *s, size_t at)
{
    const void *field = (const char *)s + at;
    switch (kind) {
    case C_UUID:
        ht_put_uuid(p, field);
        break;
    case C_I32:
        ht_put_i32(p, *(const int32_t *)field);
        break;
    case C_I64:
        ht_put_i64(p, *(const int64_t *)field);
        break;
    case C_BOOL:
        ht_put_bool(p, *(const bool *)field);
        break;
    case C_TIME:
        ht_put_time(p, *(const int64_t *)field != 0 ? *(const int64_t *)field : 1);
        break;
    case C_TEXT:
        put_safe_text(p, *(const char *const *)field);
        break;
    case C_STRING_BYTES: {
        const char *text = *(const char *const *)field;
        ht_put_bytes(p, text, text != NULL ? strlen(text) : 0);
        break;
    }
    case C_BODY:
        ht_put_bytes(p, s->attempt.response_body, s->attempt.response_body_len);
        break;
    case C_STATUS:
        ht_put_text(p, ht_delivery_words[s->to].name);
        break;
    case C_ERROR:
        ht_put_text(p, ht_attempt_words[s->attempt.error].name);
        break;
    }
}

static void put_part(struct ht_lane *l, struct ht_lane_request *q, bool notify)
{
    struct ht_params *p = &q->params;
    ht_params_fini(p);
    ht_params_init(p);
    ht_put_uuid(p, &l->o.worker_id);
    for (size_t c = 0; c < HT_COUNT(columns); c++) {
        ht_put_array(p, columns[c].type, q->part);
        for (size_t i = 0; i < q->part; i++)
            put_field(p, columns[c].kind, &q->rows[q->from + i], columns[c].at);
    }
    ht_put_bool(p, notify);
}

/* Leaves out what is worth knowing but not what counts. False: there was nothing to leave out. */
static bool leave_out_details(struct ht_attempt *a)
{
    char **details[] = {&a->error_detail,     &a->address,       &a->tls,       &a->request_headers,
                        &a->response_headers, &a->response_body, &a->secret_ids};
    bool any = false;
    for (size_t i = 0; i < HT_COUNT(details); i++) {
        any = any || *details[i] != NULL;
        free(*details[i]);
        *details[i] = NULL;
    }
    a->response_body_len = 0;
    return any;
}

void ht_lane_settle_bind(struct ht_lane *l, struct ht_lane_request *q)
{
    int64_t now = ht_mono_us();
    bool notify = now - l->noticed_us >= HT_LANE_NOTICE_EVERY_US;
    put_part(l, q, notify);
    while (ht_params_bind(&q->params, NULL) != HT_OK) {
        if (q->part > 1)
            q->part /= 2;
        else if (!leave_out_details(&q->rows[q->from].attempt))
            ht_abort("a settlement without details does not fit in a message");
        put_part(l, q, notify);
    }
    l->notice_owed = !notify;
    if (notify)
        l->noticed_us = now;
}

static bool is_among(const struct ht_uuid *ids, size_t n, const struct ht_uuid *id)
{
    for (size_t i = 0; i < n; i++) {
        if (ht_uuid_cmp(&ids[i], id) == 0)
            return true;
    }
    return false;
}

bool ht_lane_settle_done(struct ht_lane *l, struct ht_lane_request *q, const struct ht_uuid *fenced, size_t n_fenced)
{
    size_t n = q->part;
    struct ht_uuid *ids = ht_alloc(n, sizeof(*ids));
    bool *done = ht_alloc(n, sizeof(*done));
    for (size_t i = 0; i < n; i++) {
        struct ht_settlement *s = &q->rows[q->from + i];
        ids[i] = s->delivery_id;
        done[i] = !is_among(fenced, n_fenced, &s->delivery_id);
        ht_attempt_fini(&s->attempt);
    }
    q->from += n;
    q->part = q->n_rows - q->from;
    l->cb.settled(l->cb.user, ids, done, n);
    free(ids);
    free(done);
    return q->from < q->n_rows;
}

static void put_last(struct ht_lane_request *q)
{
    struct ht_settlement first = q->rows[q->from];
    size_t others = q->n_rows - q->from - 1;
    memmove(q->rows + q->from, q->rows + q->from + 1, others * sizeof(first));
    q->rows[q->n_rows - 1] = first;
    q->part = others > 0 ? others : 1;
}

bool ht_lane_settle_refused(struct ht_lane *l, struct ht_lane_request *q, enum ht_lane_fault whose)
{
    if (whose == HT_LANE_FAULT_SERVER)
        return true;
    if (q->part > 1) {
        q->part /= 2;
        return true;
    }
    if (whose == HT_LANE_FAULT_ROW) {
        put_last(q);
        return true;
    }
    struct ht_settlement *s = &q->rows[q->from];
    if (leave_out_details(&s->attempt))
        return true;
    /* The lease ends, and the delivery is seen to again; nothing else can be done from here. */
    struct ht_uuid id = s->delivery_id;
    return ht_lane_settle_done(l, q, &id, 1);
}

bool ht_lane_settle(struct ht_lane *l, struct ht_settlement *s, size_t n)
{
    if (n == 0)
        return true;
    if (!ht_lane_takes(l, HT_LANE_SETTLE))
        return false;
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_SETTLE);
    q->rows = ht_alloc(n, sizeof(*q->rows));
    memcpy(q->rows, s, n * sizeof(*s));
    q->n_rows = q->part = n;
    for (size_t i = 0; i < n; i++)
        memset(&s[i].attempt, 0, sizeof(s[i].attempt));
    return ht_lane_submit(l, q);
}
