#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/tui/chrome.h"

#define DAY_US (86400LL * 1000000)

/* How times, ids and states are written on every screen. */

void ht_time_full(int64_t us, char ret[HT_AGE_TEXT])
{
    char text[HT_TIME_TEXT];
    if (us == 0) {
        snprintf(ret, HT_AGE_TEXT, "-");
        return;
    }
    ht_time_rfc3339(us, text);
    text[10] = ' ';
    snprintf(ret, HT_AGE_TEXT, "%.19s", text);
}

void ht_time_of_day(const struct ht_app *app, int64_t us, char ret[HT_AGE_TEXT])
{
    char text[HT_TIME_TEXT];
    if (us == 0) {
        snprintf(ret, HT_AGE_TEXT, "-");
        return;
    }
    ht_time_rfc3339(us, text);
    int64_t now = ht_app_db_now(app);
    if (now && us / DAY_US != now / DAY_US)
        snprintf(ret, HT_AGE_TEXT, "%.5s %.5s", text + 5, text + 11);
    else
        snprintf(ret, HT_AGE_TEXT, "%.12s", text + 11);
}

void ht_time_age(const struct ht_app *app, int64_t us, char ret[HT_AGE_TEXT])
{
    int64_t now = app->age_now;
    if (us == 0 || app->absolute_times || now == 0) {
        ht_time_full(us, ret);
        bool today = us / DAY_US == now / DAY_US;
        if (us)
            memmove(ret, ret + (today ? 11 : 5), today ? 9 : 15); /* "14:02:58", "11-20 14:02:58" */
        return;
    }
    char span[16];
    int64_t ms = (now > us ? now - us : us - now) / 1000;
    ht_duration_format(ms < 1000 ? 0 : ms, span, sizeof span);
    if (ms < 1000)
        snprintf(ret, HT_AGE_TEXT, "now");
    else
        snprintf(ret, HT_AGE_TEXT, now >= us ? "%s ago" : "in %s", span);
}

void ht_time_short(const struct ht_app *app, int64_t us, char ret[HT_AGE_TEXT])
{
    char text[HT_TIME_TEXT], span[16];
    int64_t now = app->age_now;
    if (us == 0) {
        snprintf(ret, HT_AGE_TEXT, "-");
    } else if (app->absolute_times || now == 0) {
        ht_time_rfc3339(us, text);
        snprintf(ret, HT_AGE_TEXT, "%.5s", us / DAY_US == now / DAY_US ? text + 11 : text + 5);
    } else {
        int64_t ms = (now > us ? now - us : us - now) / 1000;
        ht_duration_format(ms - ms % 1000, span, sizeof span);
        span[strcspn(span, "hd") + (strpbrk(span, "hd") != NULL)] = '\0'; /* "19h02m" is 19h here */
        snprintf(ret, HT_AGE_TEXT, now >= us || ms < 1000 ? "%s" : "in %s", ms < 1000 ? "now" : span);
    }
}

void ht_short_id(const struct ht_uuid *id, char ret[12])
{
    /* The end of a version 7 id is what differs: its beginning is the time. */
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    snprintf(ret, 12, "..%.8s", text + 28);
}

const char *ht_endpoint_name(const struct ht_endpoint *e)
{
    return e->description && e->description[0] ? e->description : e->url ? e->url : "";
}

enum ht_style ht_style_of_delivery(enum ht_delivery_status status, int32_t attempts)
{
    switch (status) {
    case HT_DELIVERY_SUCCEEDED:
        return HT_STYLE_OK;
    case HT_DELIVERY_EXHAUSTED:
    case HT_DELIVERY_QUARANTINED:
        return HT_STYLE_FAILED;
    case HT_DELIVERY_LEASED:
        return HT_STYLE_BUSY;
    case HT_DELIVERY_HELD:
        return HT_STYLE_HELD;
    case HT_DELIVERY_READY:
        return attempts > 0 ? HT_STYLE_RETRY : HT_STYLE_ROW;
    default:
        return HT_STYLE_DIM;
    }
}

const char *ht_figure_text(int64_t n, char ret[HT_FIGURE_TEXT])
{
    if (n >= HT_FIGURE_MAX)
        snprintf(ret, HT_FIGURE_TEXT, ">%d", HT_FIGURE_MAX - 1);
    else
        snprintf(ret, HT_FIGURE_TEXT, "%d", (int)n);
    return ret;
}

enum ht_style ht_style_of_endpoint(enum ht_endpoint_status status)
{
    switch (status) {
    case HT_ENDPOINT_ACTIVE:
        return HT_STYLE_OK;
    case HT_ENDPOINT_DISABLED:
        return HT_STYLE_FAILED;
    case HT_ENDPOINT_PAUSED:
    case HT_ENDPOINT_UNVERIFIED:
        return HT_STYLE_HELD;
    default:
        return HT_STYLE_DIM;
    }
}
