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

/* What comes first of what would switch it off: when, and the evidence. at 0: nothing is near. */
struct near {
    int64_t at;
    bool by_one; /* one delivery decides, whatever becomes of the others */
    char why[96];
};

static void near_by_days(const struct ht_endpoint *e, struct near *ret)
{
    if (!e->failing_since)
        return;
    ret->at = e->failing_since + FAILING_DAYS_MAX * DAY_US;
    snprintf(ret->why, sizeof ret->why, "%d %s since the last success", (int)e->consecutive_failures,
             ht_plural(e->consecutive_failures, "failure", "failures"));
}

/* The soonest that the delivery which failed most often can have failed as often as its profile allows. */
static void near_by_profile(const struct ht_endpoint *e, const struct ht_profile_facts *f,
                            const struct ht_endpoint_health *h, int64_t now, struct near *ret)
{
    const int32_t *pauses = e->schedule_len ? e->schedule_s : f->schedule_s;
    size_t n = e->schedule_len ? e->schedule_len : f->schedule_len;
    int64_t at = h->failed_most_at > now ? h->failed_most_at : now;
    if (h->failed_most == 0 || f->disable_after_failures == 0)
        return;
    for (int32_t i = h->failed_most; i < f->disable_after_failures - 1; i++) {
        if ((size_t)i >= n)
            return; /* it is given up before */
        at += pauses[i] * INT64_C(1000000);
    }
    if (ret->at && ret->at <= at)
        return;
    ret->at = at;
    ret->by_one = true;
    snprintf(ret->why, sizeof ret->why, "a delivery failed %d of the %d times that %.20s allows", (int)h->failed_most,
             (int)f->disable_after_failures, f->title);
}

static void add_countdown(const struct ht_app *app, struct ht_doc *d, const struct ht_endpoint *e,
                          const struct ht_profile_facts *facts, const struct ht_endpoint_health *h)
{
    char at[HT_AGE_TEXT], left[16], text[160];
    int64_t now = ht_app_db_now(app);
    struct near near = {0};
    near_by_days(e, &near);
    near_by_profile(e, facts, h, now, &near);
    if (!near.at || e->status != HT_ENDPOINT_ACTIVE) {
        ht_doc_field(d, "Near it", HT_STYLE_OK,
                     e->status == HT_ENDPOINT_ACTIVE ? "no: its latest attempts include a success" : NULL);
        return;
    }
    if (near.at < e->snoozed_until)
        near.at = e->snoozed_until;
    ht_time_full(near.at, at);
    ht_duration_format(near.at > now ? (near.at - now) / 1000 : 0, left, sizeof left);
    snprintf(text, sizeof text, "at %s UTC, in %s, unless %s succeeds", at, left, near.by_one ? "it" : "one");
    ht_doc_field(d, "Disabled", HT_STYLE_FAILED, e->never_disable ? "never by failures: it is exempt" : text);
    ht_doc_field(d, "Evidence", HT_STYLE_ROW, near.why);
    if (!e->never_disable && ht_app_may(app, &ht_actions[HT_ACT_SNOOZE], NULL))
        ht_doc_field(d, "", HT_STYLE_DIM, "Z gives it leave to fail for a while, or exempts it");
}

static void add_rules(const struct ht_app *app, struct ht_doc *d, const struct ht_endpoint *e,
                      const struct ht_endpoint_health *h)
{
    struct ht_profile_facts facts = {0};
    char text[160], at[HT_AGE_TEXT];
    if (e->profile)
        (void)app->o->profile_facts(app->o->user, e->profile, &facts);
    ht_doc_heading(d, "What would disable it");
    add_countdown(app, d, e, &facts, h);
    snprintf(text, sizeof text, "nothing but failures for %d days", FAILING_DAYS_MAX);
    ht_doc_field(d, "Rules", HT_STYLE_ROW, text);
    if (facts.disable_after_failures) {
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
    add_rules(app, d, e, h);
}
