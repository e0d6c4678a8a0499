#include <stddef.h>

#include "fields.h"
#include "hooktop/base/clock.h"
#include "hooktop/model/health.h"

static void put_rate(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_endpoint_stats *s = record;
    double rate = s->span_s > 0 ? (double)s->tried / s->span_s : 0;
    if (json != NULL)
        ht_jw_real(json, name, rate);
    else if (s->tried > 0)
        ht_buf_addf(text, "%.3g/s", rate);
}

static void put_failing(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_endpoint_stats *s = record;
    double share = s->tried > 0 ? (double)s->failed / (double)s->tried : 0;
    if (json != NULL)
        ht_jw_real(json, name, share);
    else if (s->tried > 0)
        ht_buf_addf(text, "%.0f%%", share * 100);
}

static void put_age_of(int64_t since, int64_t at, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    char age[32];
    if (json != NULL && since == 0)
        ht_jw_null(json, name);
    else if (json != NULL)
        ht_jw_int(json, name, (at - since) / 1000);
    if (json != NULL || since == 0)
        return;
    ht_duration_format((at - since) / 1000, age, sizeof age);
    ht_buf_adds(text, age);
}

static void put_oldest(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_endpoint_stats *s = record;
    put_age_of(s->oldest_due, s->at, name, json, text);
}

static void put_ms(double ms, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    if (json != NULL)
        ht_jw_real(json, name, ms);
    else if (ms > 0)
        ht_buf_addf(text, "%.0fms", ms);
}

static void put_p50(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_ms(((const struct ht_endpoint_stats *)record)->p50_ms, name, json, text);
}

static void put_p95(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_ms(((const struct ht_endpoint_stats *)record)->p95_ms, name, json, text);
}

static const struct ht_field stats_fields[] = {
    FIELD(ht_endpoint_stats, endpoint_id, "endpoint_id", "ENDPOINT", HT_FIELD_UUID, COLUMN),
    FIELD(ht_endpoint_stats, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_endpoint_stats, tenant_name, "tenant", "TENANT", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    WORD(ht_endpoint_stats, status, "status", "STATUS", ht_endpoint_words, COLUMN),
    FIELD(ht_endpoint_stats, past_due, "past_due", "PAST DUE", HT_FIELD_FIGURE, COLUMN),
    OTHER("oldest_past_due_ms", "OLDEST", put_oldest, COLUMN),
    FIELD(ht_endpoint_stats, waiting, "waiting", "WAITING", HT_FIELD_FIGURE, COLUMN),
    FIELD(ht_endpoint_stats, held, "held", "HELD", HT_FIELD_FIGURE, COLUMN),
    OTHER("rate_per_s", "RATE", put_rate, COLUMN),
    OTHER("failed_share", "FAILED", put_failing, COLUMN),
    OTHER("p50_ms", "P50", put_p50, COLUMN | GIVES),
    OTHER("p95_ms", "P95", put_p95, COLUMN | GIVES),
    FIELD(ht_endpoint_stats, url, "url", "URL", HT_FIELD_ASCII, COLUMN | SHRINKS | GIVES),
    FIELD(ht_endpoint_stats, consecutive_failures, "consecutive_failures", NULL, HT_FIELD_INT, 0),
    FIELD(ht_endpoint_stats, failing_since, "failing_since", NULL, HT_FIELD_TIME, 0),
    FIELD(ht_endpoint_stats, last_success_at, "last_success_at", NULL, HT_FIELD_TIME, 0),
};
KIND(ht_kind_stats, ht_endpoint_stats, stats_fields);
