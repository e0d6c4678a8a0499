#include "hooktop/cli/output.h"

#include <stddef.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"

#include "fields.h"

static const struct ht_field tenant_fields[] = {
    FIELD(ht_tenant, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    FIELD(ht_tenant, name, "name", "NAME", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_tenant, profile, "profile", "PROFILE", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_tenant, endpoints, "endpoints", "ENDPOINTS", HT_FIELD_COUNT, COLUMN | GIVES),
    FIELD(ht_tenant, created_at, "created_at", "CREATED", HT_FIELD_TIME, COLUMN | GIVES),
};
KIND(ht_kind_tenant, ht_tenant, tenant_fields);

/* Members that are JSON already: they stand in the object as such, and on lines of their own in text. */
static void put_json(const char *bytes, const char *name, struct ht_jw *json)
{
    if (bytes == NULL)
        ht_jw_null(json, name);
    else
        ht_jw_foreign(json, name, bytes, strlen(bytes));
}

static void put_contract(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_event_type *t = record;
    if (json != NULL)
        put_json(t->contract, name, json);
    else
        ht_buf_adds(text, t->contract != NULL ? "yes" : "any JSON");
}

static void put_sample(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_event_type *t = record;
    (void)text;
    put_json(t->sample, name, json);
}

static const struct ht_field type_fields[] = {
    FIELD(ht_event_type, profile, "profile", "PROFILE", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_event_type, name, "name", "TYPE", HT_FIELD_TEXT, COLUMN),
    WORD(ht_event_type, state, "state", "STATE", ht_type_words, COLUMN),
    FIELD(ht_event_type, subscriptions, "subscriptions", "SUBSCRIPTIONS", HT_FIELD_COUNT, COLUMN | GIVES),
    FIELD(ht_event_type, description, "description", "DESCRIPTION", HT_FIELD_TEXT, COLUMN | SHRINKS),
    OTHER("contract", "CONTRACT", put_contract, DETAIL),
    OTHER("sample", NULL, put_sample, DETAIL),
};
KIND(ht_kind_type, ht_event_type, type_fields);

static void put_schedule(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_endpoint *e = record;
    if (json != NULL && e->schedule_len == 0) {
        ht_jw_null(json, name);
        return;
    }
    if (json != NULL)
        ht_jw_array(json, name);
    for (size_t i = 0; i < e->schedule_len; i++) {
        char delay[24];
        if (json != NULL) {
            ht_jw_int(json, NULL, e->schedule_s[i]);
            continue;
        }
        ht_duration_format((int64_t)e->schedule_s[i] * 1000, delay, sizeof delay);
        ht_buf_addf(text, "%s%s", i > 0 ? "," : "", delay);
    }
    if (json != NULL)
        ht_jw_end_array(json);
}

static void put_workflows(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_endpoint *e = record;
    if (json != NULL && e->workflows == NULL) {
        ht_jw_null(json, name);
        return;
    }
    if (json != NULL)
        ht_jw_array(json, name);
    for (size_t i = 0; e->workflows != NULL && e->workflows[i] != NULL; i++) {
        if (json != NULL) {
            ht_jw_str(json, NULL, e->workflows[i]);
            continue;
        }
        ht_buf_adds(text, i > 0 ? ", " : "");
        ht_text_clean(text, e->workflows[i], strlen(e->workflows[i]), HT_TEXT_CELL);
    }
    if (json != NULL)
        ht_jw_end_array(json);
}

/* Names only: the values of custom headers are often credentials. */
static void put_headers(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_endpoint *e = record;
    if (json != NULL)
        ht_jw_array(json, name);
    for (size_t i = 0; i < e->headers_len; i++) {
        const char *header = e->headers[i].name;
        if (json != NULL) {
            ht_jw_str(json, NULL, header);
            continue;
        }
        ht_buf_adds(text, i > 0 ? ", " : "");
        ht_text_clean(text, header, strlen(header), HT_TEXT_ASCII);
    }
    if (json != NULL)
        ht_jw_end_array(json);
}

static const struct ht_field endpoint_fields[] = {
    FIELD(ht_endpoint, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    FIELD(ht_endpoint, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_endpoint, tenant_name, "tenant", "TENANT", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    FIELD(ht_endpoint, profile, "profile", "PROFILE", HT_FIELD_TEXT, COLUMN),
    WORD(ht_endpoint, status, "status", "STATUS", ht_endpoint_words, COLUMN),
    FIELD(ht_endpoint, status_reason, "status_reason", "REASON", HT_FIELD_TEXT, 0),
    FIELD(ht_endpoint, status_at, "status_at", "SINCE", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, pending, "pending", "PENDING", HT_FIELD_FIGURE, COLUMN | GIVES),
    FIELD(ht_endpoint, held, "held", "HELD", HT_FIELD_FIGURE, COLUMN | GIVES),
    FIELD(ht_endpoint, failed_24h, "failed_24h", "FAILED 24H", HT_FIELD_COUNT, COLUMN | GIVES),
    FIELD(ht_endpoint, succeeded_24h, "succeeded_24h", "OK 24H", HT_FIELD_COUNT, COLUMN | GIVES),
    FIELD(ht_endpoint, url, "url", "URL", HT_FIELD_ASCII, COLUMN | SHRINKS),
    FIELD(ht_endpoint, description, "description", "DESCRIPTION", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    FIELD(ht_endpoint, subscriptions, "subscriptions", NULL, HT_FIELD_INT, COUNTS),
    FIELD(ht_endpoint, timeout_ms, "timeout_ms", "TIMEOUT", HT_FIELD_MS, DETAIL),
    OTHER("schedule_s", "SCHEDULE", put_schedule, DETAIL),
    FIELD(ht_endpoint, rate_per_s, "rate_per_s", "RATE", HT_FIELD_RATE, DETAIL),
    FIELD(ht_endpoint, in_flight_max, "in_flight_max", "IN FLIGHT", HT_FIELD_INT, DETAIL),
    FIELD(ht_endpoint, source_filter, "source_filter", "SOURCE FILTER", HT_FIELD_TEXT, DETAIL),
    OTHER("workflows", "WORKFLOWS", put_workflows, DETAIL),
    OTHER("headers", "HEADERS", put_headers, DETAIL),
    FIELD(ht_endpoint, version, "version", "VERSION", HT_FIELD_INT, DETAIL),
    FIELD(ht_endpoint, last_success_at, "last_success_at", "LAST SUCCESS", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, last_failure_at, "last_failure_at", "LAST FAILURE", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, failing_since, "failing_since", "FAILING SINCE", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, consecutive_failures, "consecutive_failures", "FAILURES IN A ROW", HT_FIELD_INT, 0),
    FIELD(ht_endpoint, breaker_until, "breaker_until", "BREAKER OPEN UNTIL", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, disables_at, "disables_at", "DISABLED AT", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, snoozed_until, "snoozed_until", "LEAVE TO FAIL UNTIL", HT_FIELD_TIME, 0),
    FIELD(ht_endpoint, never_disable, "never_disable", "NEVER DISABLED BY FAILURES", HT_FIELD_FLAG, 0),
    FIELD(ht_endpoint, created_at, "created_at", "CREATED", HT_FIELD_TIME, 0),
};
KIND(ht_kind_endpoint, ht_endpoint, endpoint_fields);

static void put_data(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_event *e = record;
    (void)text;
    if (e->data == NULL)
        ht_jw_null(json, name);
    else
        ht_jw_strn(json, name, e->data, e->data_len);
}

static const struct ht_field event_fields[] = {
    FIELD(ht_event, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    FIELD(ht_event, tenant_id, "tenant_id", "TENANT", HT_FIELD_UUID, 0),
    FIELD(ht_event, type, "type", "TYPE", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_event, created_at, "created_at", "CREATED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_event, deliveries, "deliveries", "DELIVERIES", HT_FIELD_INT, COLUMN | COUNTS),
    FIELD(ht_event, source, "source", "SOURCE", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_event, performed_by, "performed_by", "PERFORMED BY", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    FIELD(ht_event, event_name, "event_name", "NAME", HT_FIELD_TEXT, 0),
    FIELD(ht_event, workflow, "workflow", "WORKFLOW", HT_FIELD_TEXT, 0),
    FIELD(ht_event, key, "key", "KEY", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    /* as a string: the producer's exact bytes, which a reader's JSON parser would not give back */
    OTHER("data", NULL, put_data, DETAIL),
};
KIND(ht_kind_event, ht_event, event_fields);

static const struct ht_field delivery_fields[] = {
    FIELD(ht_delivery, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    FIELD(ht_delivery, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_delivery, event_id, "event_id", "EVENT", HT_FIELD_UUID, 0),
    FIELD(ht_delivery, type, "type", "TYPE", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_delivery, endpoint_id, "endpoint_id", "ENDPOINT", HT_FIELD_UUID, 0),
    FIELD(ht_delivery, profile, "profile", "PROFILE", HT_FIELD_TEXT, 0),
    WORD(ht_delivery, status, "status", "STATUS", ht_delivery_words, COLUMN),
    FIELD(ht_delivery, reason, "reason", "REASON", HT_FIELD_TEXT, 0),
    FIELD(ht_delivery, attempts, "attempts", "ATTEMPTS", HT_FIELD_INT, COLUMN | COUNTS | GIVES),
    FIELD(ht_delivery, attempts_max, "attempts_max", "AT MOST", HT_FIELD_INT, 0),
    FIELD(ht_delivery, last_status, "last_status", "CODE", HT_FIELD_NONZERO, COLUMN),
    WORD(ht_delivery, last_error, "last_error", "ERROR", ht_attempt_words, COLUMN | GIVES),
    FIELD(ht_delivery, last_duration_ms, "last_duration_ms", "TOOK", HT_FIELD_MS, COLUMN | GIVES),
    FIELD(ht_delivery, last_attempt_at, "last_attempt_at", "LAST ATTEMPT", HT_FIELD_TIME, 0),
    FIELD(ht_delivery, due_at, "due_at", "DUE", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_delivery, created_at, "created_at", "CREATED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_delivery, redelivery_of, "redelivery_of", "REDELIVERY OF", HT_FIELD_UUID, 0),
    FIELD(ht_delivery, endpoint_url, "url", "URL", HT_FIELD_ASCII, COLUMN | SHRINKS),
    FIELD(ht_delivery, endpoint_description, "description", "DESCRIPTION", HT_FIELD_TEXT, 0),
};
KIND(ht_kind_delivery, ht_delivery, delivery_fields);

static void put_response_body(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_attempt *a = record;
    (void)text;
    if (a->response_body == NULL)
        ht_jw_null(json, name);
    else
        ht_jw_strn(json, name, a->response_body, a->response_body_len);
}

static const struct ht_field attempt_fields[] = {
    FIELD(ht_attempt, n, "n", "N", HT_FIELD_INT, COLUMN),
    FIELD(ht_attempt, at, "at", "AT", HT_FIELD_TIME, COLUMN),
    FIELD(ht_attempt, status, "status", "CODE", HT_FIELD_NONZERO, COLUMN),
    WORD(ht_attempt, error, "error", "ERROR", ht_attempt_words, COLUMN),
    FIELD(ht_attempt, phases.total_us, "duration_ms", "TOOK", HT_FIELD_US_AS_MS, COLUMN),
    FIELD(ht_attempt, phases.dns_us, "dns_ms", NULL, HT_FIELD_US_AS_MS, 0),
    FIELD(ht_attempt, phases.connect_us, "connect_ms", NULL, HT_FIELD_US_AS_MS, 0),
    FIELD(ht_attempt, phases.tls_us, "tls_ms", NULL, HT_FIELD_US_AS_MS, 0),
    FIELD(ht_attempt, phases.first_byte_us, "first_byte_ms", NULL, HT_FIELD_US_AS_MS, 0),
    FIELD(ht_attempt, address, "address", "ADDRESS", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_attempt, tls, "tls", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_attempt, worker, "worker", "WORKER", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_attempt, secret_ids, "secrets", "SECRETS", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_attempt, error_detail, "error_detail", "DETAIL", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_attempt, request_headers, "request_headers", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_attempt, response_headers, "response_headers", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_attempt, response_bytes, "response_bytes", NULL, HT_FIELD_COUNT, 0),
    OTHER("response_body", NULL, put_response_body, 0),
};
KIND(ht_kind_attempt, ht_attempt, attempt_fields);

static const struct ht_field worker_fields[] = {
    FIELD(ht_worker, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    FIELD(ht_worker, name, "name", "NAME", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_worker, version, "version", "VERSION", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_worker, started_at, "started_at", "STARTED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_worker, heartbeat_at, "heartbeat_at", "HEARTBEAT", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_worker, heartbeat_age_ms, "heartbeat_age_ms", NULL, HT_FIELD_COUNT, 0),
    FIELD(ht_worker, leases, "leases", "LEASES", HT_FIELD_INT, COLUMN),
    FIELD(ht_worker, concurrency, "concurrency", "SLOTS", HT_FIELD_INT, COLUMN),
    FIELD(ht_worker, in_console, "in_console", "IN CONSOLE", HT_FIELD_FLAG, COLUMN | GIVES),
    FIELD(ht_worker, exceptions, "egress_exceptions", "EGRESS EXCEPTIONS", HT_FIELD_TEXT, COLUMN | GIVES | SHRINKS),
};
KIND(ht_kind_worker, ht_worker, worker_fields);

static const struct ht_field partition_fields[] = {
    FIELD(ht_partition, kind, "kind", "KIND", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_partition, name, "name", "NAME", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_partition, from_at, "from", "FROM", HT_FIELD_TIME, COLUMN),
    FIELD(ht_partition, rows, "rows", "ROWS", HT_FIELD_COUNT, COLUMN),
    FIELD(ht_partition, bytes, "bytes", "BYTES", HT_FIELD_COUNT, COLUMN),
    FIELD(ht_partition, drops_at, "drops_at", "DROPS", HT_FIELD_TIME, COLUMN),
    FIELD(ht_partition, pending, "pending", "KEPT FOR", HT_FIELD_COUNT, COLUMN),
};
KIND(ht_kind_partition, ht_partition, partition_fields);

static const struct ht_field why_fields[] = {
    FIELD(ht_why, endpoint_id, "endpoint_id", "ENDPOINT", HT_FIELD_UUID, COLUMN),
    FIELD(ht_why, outcome, "outcome", "OUTCOME", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_why, reason, "reason", "REASON", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_why, delivery_id, "delivery_id", "DELIVERY", HT_FIELD_UUID, COLUMN | GIVES),
    FIELD(ht_why, redelivered, "redelivered", NULL, HT_FIELD_INT, 0),
    FIELD(ht_why, description, "description", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_why, url, "url", "URL", HT_FIELD_ASCII, COLUMN | GIVES),
};
KIND(ht_kind_why, ht_why, why_fields);

static const struct ht_field failure_group_fields[] = {
    FIELD(ht_failure_group, count, "count", "COUNT", HT_FIELD_COUNT, COLUMN),
    WORD(ht_failure_group, error, "error", "ERROR", ht_attempt_words, COLUMN),
    FIELD(ht_failure_group, code, "code", "CODE", HT_FIELD_NONZERO, COLUMN),
    WORD(ht_failure_group, status, "status", "STATUS", ht_delivery_words, COLUMN),
    FIELD(ht_failure_group, first_at, "first_at", "FIRST", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_failure_group, last_at, "last_at", "LAST", HT_FIELD_TIME, COLUMN),
    FIELD(ht_failure_group, next_at, "next_at", "NEXT", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_failure_group, endpoint_id, "endpoint_id", "ENDPOINT", HT_FIELD_UUID, COLUMN),
    FIELD(ht_failure_group, acknowledged_at, "acknowledged_at", NULL, HT_FIELD_TIME, 0),
    FIELD(ht_failure_group, acknowledged_by, "acknowledged_by", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_failure_group, note, "note", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_failure_group, muted_until, "muted_until", NULL, HT_FIELD_TIME, 0),
    FIELD(ht_failure_group, sample_id, "sample_id", "SAMPLE", HT_FIELD_UUID, COLUMN | GIVES),
    FIELD(ht_failure_group, endpoint_url, "url", "URL", HT_FIELD_ASCII, COLUMN | SHRINKS),
};
KIND(ht_kind_failure_group, ht_failure_group, failure_group_fields);

static void put_detail(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_alert *a = record;
    (void)text;
    put_json(a->detail, name, json);
}

static const struct ht_field alert_fields[] = {
    FIELD(ht_alert, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    FIELD(ht_alert, at, "at", "AT", HT_FIELD_TIME, COLUMN),
    FIELD(ht_alert, kind, "kind", "KIND", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_alert, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_alert, tenant_name, "tenant", "TENANT", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    FIELD(ht_alert, endpoint_id, "endpoint_id", "ENDPOINT", HT_FIELD_UUID, COLUMN | GIVES),
    FIELD(ht_alert, delivery_id, "delivery_id", "DELIVERY", HT_FIELD_UUID, 0),
    FIELD(ht_alert, text, "text", "WHAT", HT_FIELD_TEXT, COLUMN | SHRINKS),
    OTHER("detail", NULL, put_detail, 0),
    FIELD(ht_alert, endpoint_url, "url", "URL", HT_FIELD_ASCII, COLUMN | SHRINKS | GIVES),
    FIELD(ht_alert, acknowledged_at, "acknowledged_at", "ACKNOWLEDGED", HT_FIELD_TIME, 0),
    FIELD(ht_alert, acknowledged_by, "acknowledged_by", "BY", HT_FIELD_TEXT, 0),
};
KIND(ht_kind_alert, ht_alert, alert_fields);
