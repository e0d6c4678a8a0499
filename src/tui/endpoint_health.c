#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"

/* How an endpoint fares, and how near it is to being switched off, by which rule. */

#define HOURS            24
#define FAILING_DAYS_MAX 5 /* sql/006_settle.sql: nothing but failures for so long disables it */
#define DAY_US           (86400LL * 1000000)

static void add_spark(const struct ht_app *app, struct ht_doc *d, const char *label, enum ht_style style,
                      const int32_t hours[HOURS])
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {" ", ".", ".", ":", ":", "-", "=", "+", "#"};
    const char *const *steps = app->canvas.ascii ? plain : blocks;
    char text[HOURS * 4 + 48] = "", *at = text;
    int32_t peak = 0;
    for (int i = 0; i < HOURS; i++)
        peak = hours[i] > peak ? hours[i] : peak;
    for (int i = HOURS - 1; i >= 0; i--) {
        int step = peak == 0 ? 0 : (int)(((int64_t)hours[i] * 8 + peak - 1) / peak);
        if (!app->canvas.plain)
            at += snprintf(at, sizeof text - (size_t)(at - text), "%s", steps[step]);
    }
    snprintf(at, sizeof text - (size_t)(at - text), "%smost in an hour %d, now %d", app->canvas.plain ? "" : "|  ",
             (int)peak, (int)hours[0]);
    ht_doc_field(d, label, style, text);
}

static void ms_text(int32_t us, char *ret, size_t size)
{
    if (us < 1000)
        snprintf(ret, size, "<1ms");
    else
        ht_duration_format(us / 1000, ret, size);
}

static void add_latencies(struct ht_doc *d, const struct ht_endpoint_health *h)
{
    char p50[16], p95[16], p99[16], most[16], text[96];
    ms_text(h->p50_us, p50, sizeof p50);
    ms_text(h->p95_us, p95, sizeof p95);
    ms_text(h->p99_us, p99, sizeof p99);
    ms_text(h->max_us, most, sizeof most);
    snprintf(text, sizeof text, "p50 %s   p95 %s   p99 %s   max %s", p50, p95, p99, most);
    ht_doc_field(d, "Latency", HT_STYLE_ROW, h->max_us ? text : NULL);
}

static void add_classes(const struct ht_app *app, struct ht_doc *d, const struct ht_endpoint_health *h)
{
    ht_doc_heading(d, "Failures, the most frequent of the latest hours first");
    for (int i = 0; i < h->n_classes; i++) {
        char age[HT_AGE_TEXT], code[16] = "-";
        const struct ht_word *w = &ht_attempt_words[h->classes[i].error];
        ht_time_age(app, h->classes[i].last_at, age);
        if (h->classes[i].status)
            snprintf(code, sizeof code, "%d", (int)h->classes[i].status);
        ht_doc_addf(d, HT_STYLE_RETRY, "  %-16s %3s %6d", w->name, code, (int)h->classes[i].count);
        ht_doc_addf(d, HT_STYLE_ROW, "  last %-9s %s", age, w->meaning);
        ht_doc_end(d);
    }
    if (h->n_classes == 0)
        ht_doc_adds(d, HT_STYLE_OK, "  none\n");
}

static void add_countdown(const struct ht_app *app, struct ht_doc *d, const struct ht_endpoint *e)
{
    char at[HT_AGE_TEXT], left[16], text[160];
    int64_t when = e->failing_since + FAILING_DAYS_MAX * DAY_US, now = ht_app_db_now(app);
    if (!e->failing_since || e->status != HT_ENDPOINT_ACTIVE) {
        ht_doc_field(d, "Near it", HT_STYLE_OK,
                     e->status == HT_ENDPOINT_ACTIVE ? "no: its latest attempts include a success" : NULL);
        return;
    }
    ht_time_full(when, at);
    ht_duration_format(when > now ? (when - now) / 1000 : 0, left, sizeof left);
    snprintf(text, sizeof text, "at %s UTC, in %s, unless one succeeds", at, left);
    ht_doc_field(d, "Disabled", HT_STYLE_FAILED, e->never_disable ? "never by failures: it is exempt" : text);
    snprintf(text, sizeof text, "%d %s since the last success", (int)e->consecutive_failures,
             ht_plural(e->consecutive_failures, "failure", "failures"));
    ht_doc_field(d, "Evidence", HT_STYLE_ROW, text);
}

static void add_rules(const struct ht_app *app, struct ht_doc *d, const struct ht_endpoint *e)
{
    struct ht_profile_facts facts = {0};
    char text[160], at[HT_AGE_TEXT];
    bool known = e->profile && app->o->profile_facts(app->o->user, e->profile, &facts);
    ht_doc_heading(d, "What would disable it");
    add_countdown(app, d, e);
    snprintf(text, sizeof text, "nothing but failures for %d days", FAILING_DAYS_MAX);
    ht_doc_field(d, "Rules", HT_STYLE_ROW, text);
    if (known && facts.disable_after_failures) {
        snprintf(text, sizeof text, "one delivery that fails %d times (%s)", (int)facts.disable_after_failures,
                 facts.title);
        ht_doc_field(d, "", HT_STYLE_ROW, text);
    }
    ht_doc_field(d, "", HT_STYLE_ROW, "an answer 410: it wants no more");
    if (e->snoozed_until > ht_app_db_now(app)) {
        ht_time_full(e->snoozed_until, at);
        snprintf(text, sizeof text, "until %s UTC failures do not disable it", at);
        ht_doc_field(d, "Snoozed", HT_STYLE_HELD, text);
    } else if (e->never_disable)
        ht_doc_field(d, "Exempt", HT_STYLE_HELD, "failures never disable it; a 410 still does");
}

void ht_health_describe(const struct ht_app *app, const struct ht_endpoint *e, const struct ht_endpoint_health *h,
                        struct ht_doc *d)
{
    char text[128];
    ht_doc_clear(d);
    snprintf(text, sizeof text, "%lld   ok %.2f %%   failed %lld%s", (long long)h->attempts,
             h->attempts ? 100.0 * (double)h->ok / (double)h->attempts : 0.0, (long long)(h->attempts - h->ok),
             h->capped ? "   (of the newest 5000 deliveries)" : "");
    ht_doc_heading(d, "Attempts of the deliveries of the last 24 hours");
    ht_doc_field(d, "Attempts", h->ok < h->attempts ? HT_STYLE_RETRY : HT_STYLE_ROW, h->attempts ? text : "none");
    add_latencies(d, h);
    add_spark(app, d, "Succeeded", HT_STYLE_SPARK, h->hours_ok);
    add_spark(app, d, "Failed", HT_STYLE_FAILED, h->hours_failed);
    add_classes(app, d, h);
    add_rules(app, d, e);
}
