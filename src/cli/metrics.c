#include "hooktop/cli/metrics.h"

#include <string.h>

#include "hooktop/base/text.h"

#define ALIVE_MS 30000

static void add_label(struct ht_buf *out, const char *name, const char *value, bool first)
{
    struct ht_buf clean HT_BUF_CLEANUP;
    ht_buf_init(&clean, 16384);
    if (value != NULL)
        ht_text_clean(&clean, value, strlen(value), HT_TEXT_CELL);
    ht_buf_addf(out, "%s%s=\"", first ? "" : ",", name);
    for (const char *c = clean.data; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            ht_buf_addc(out, '\\');
        ht_buf_addc(out, *c);
    }
    ht_buf_addc(out, '"');
}

static void add_head(struct ht_buf *out, const char *name, const char *help)
{
    ht_buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Of each endpoint ------------------------------------------------------------------------------------------------- */

static double past_due(const struct ht_endpoint_stats *s)
{
    return (double)s->past_due;
}
static double oldest(const struct ht_endpoint_stats *s)
{
    return s->oldest_due != 0 ? (double)(s->at - s->oldest_due) / 1e6 : 0;
}
static double waiting(const struct ht_endpoint_stats *s)
{
    return (double)s->waiting;
}
static double held(const struct ht_endpoint_stats *s)
{
    return (double)s->held;
}
static double rate(const struct ht_endpoint_stats *s)
{
    return s->span_s > 0 ? (double)s->tried / s->span_s : 0;
}
static double failed_rate(const struct ht_endpoint_stats *s)
{
    return s->span_s > 0 ? (double)s->failed / s->span_s : 0;
}
static double p50(const struct ht_endpoint_stats *s)
{
    return s->p50_ms / 1000;
}
static double p95(const struct ht_endpoint_stats *s)
{
    return s->p95_ms / 1000;
}
static double in_a_row(const struct ht_endpoint_stats *s)
{
    return s->consecutive_failures;
}
static double failing(const struct ht_endpoint_stats *s)
{
    return s->failing_since != 0 ? (double)(s->at - s->failing_since) / 1e6 : 0;
}
static double active(const struct ht_endpoint_stats *s)
{
    return s->status == HT_ENDPOINT_ACTIVE;
}

static const struct {
    const char *name;
    double (*value)(const struct ht_endpoint_stats *s);
    const char *help;
} of_endpoints[] = {
    {"hooktop_endpoint_active", active, "1 while the endpoint is active; hooktop_endpoint_info has its status."},
    {"hooktop_deliveries_past_due", past_due, "Deliveries that are due and that no worker has; stops at 10000."},
    {"hooktop_oldest_past_due_seconds", oldest, "How long the oldest of them has been due."},
    {"hooktop_deliveries_waiting", waiting,
     "Deliveries that wait for their time, are due or are being sent; stops at 10000."},
    {"hooktop_deliveries_held", held, "Deliveries held back until their endpoint is active; stops at 10000."},
    {"hooktop_tried_per_second", rate, "Deliveries tried per second, of the last five minutes."},
    {"hooktop_failed_per_second", failed_rate, "Those whose last attempt failed."},
    {"hooktop_duration_p50_seconds", p50, "Median duration of those attempts."},
    {"hooktop_duration_p95_seconds", p95, "95th percentile of the same."},
    {"hooktop_failures_in_a_row", in_a_row, "Failed attempts since the last success."},
    {"hooktop_failing_seconds", failing, "How long there was nothing but failures; at five days it is disabled."},
};

static void add_endpoints(const struct ht_stats *stats, struct ht_buf *out)
{
    for (size_t m = 0; m < HT_COUNT(of_endpoints); m++) {
        add_head(out, of_endpoints[m].name, of_endpoints[m].help);
        for (size_t i = 0; i < stats->n; i++) {
            char id[HT_UUID_TEXT];
            ht_uuid_format(&stats->rows[i].endpoint_id, id);
            ht_buf_addf(out, "%s{", of_endpoints[m].name);
            add_label(out, "tenant", stats->rows[i].tenant_name, true);
            add_label(out, "endpoint", id, false);
            ht_buf_addf(out, "} %.9g\n", of_endpoints[m].value(&stats->rows[i]));
        }
    }
}

static void add_info(const struct ht_stats *stats, struct ht_buf *out)
{
    for (size_t i = 0; i < stats->n; i++) {
        const struct ht_endpoint_stats *s = &stats->rows[i];
        char id[HT_UUID_TEXT];
        ht_uuid_format(&s->endpoint_id, id);
        ht_buf_adds(out, "hooktop_endpoint_info{");
        add_label(out, "tenant", s->tenant_name, true);
        add_label(out, "endpoint", id, false);
        add_label(out, "profile", s->profile, false);
        add_label(out, "status", ht_endpoint_words[s->status].name, false);
        add_label(out, "description", s->description != NULL ? s->description : "", false);
        ht_buf_adds(out, "} 1\n");
    }
}

/* Of the installation ---------------------------------------------------------------------------------------------- */

static void add_troubles(const struct ht_troubles *troubles, struct ht_buf *out)
{
    for (size_t i = 0; i < troubles->n;) {
        size_t same = i;
        while (same < troubles->n && strcmp(troubles->rows[same].kind, troubles->rows[i].kind) == 0)
            same++;
        ht_buf_adds(out, "hooktop_troubles{");
        add_label(out, "kind", troubles->rows[i].kind, true);
        ht_buf_addf(out, "} %zu\n", same - i);
        i = same;
    }
}

static void add_workers(const struct ht_workers *workers, struct ht_buf *out)
{
    size_t alive = 0;
    int64_t leases = 0, slots = 0;
    for (size_t i = 0; i < workers->n; i++) {
        bool beats = workers->rows[i].heartbeat_age_ms < ALIVE_MS;
        alive += beats;
        slots += beats ? workers->rows[i].concurrency : 0;
        leases += workers->rows[i].leases;
    }
    add_head(out, "hooktop_workers_alive", "Workers whose last heartbeat is younger than 30 s.");
    ht_buf_addf(out, "hooktop_workers_alive %zu\n", alive);
    add_head(out, "hooktop_worker_slots", "Requests that these may have in flight together.");
    ht_buf_addf(out, "hooktop_worker_slots %lld\n", (long long)slots);
    add_head(out, "hooktop_leases", "Deliveries that workers have in hand.");
    ht_buf_addf(out, "hooktop_leases %lld\n", (long long)leases);
}

void ht_metrics(const struct ht_stats *stats, const struct ht_workers *workers, const struct ht_troubles *troubles,
                int32_t schema_version, struct ht_buf *out)
{
    add_head(out, "hooktop_info", "The program that made these figures, and the schema it read.");
    ht_buf_addf(out, "hooktop_info{version=\"" HT_VERSION "\",schema=\"%d\"} 1\n", schema_version);
    add_workers(workers, out);
    add_head(out, "hooktop_troubles", "How many things of a kind hooktop doctor would call wrong; no line: none.");
    add_troubles(troubles, out);
    add_head(out, "hooktop_endpoint_info", "What an endpoint is; join on the label endpoint.");
    add_info(stats, out);
    add_endpoints(stats, out);
}

const char *ht_metric_name(size_t i)
{
    static const char *const others[] = {"hooktop_info",   "hooktop_workers_alive", "hooktop_worker_slots",
                                         "hooktop_leases", "hooktop_troubles",      "hooktop_endpoint_info"};
    if (i < HT_COUNT(others))
        return others[i];
    i -= HT_COUNT(others);
    return i < HT_COUNT(of_endpoints) ? of_endpoints[i].name : NULL;
}
