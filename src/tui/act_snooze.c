#include <stdio.h>

#include "act_parts.h"

/* Leave for an endpoint to fail. */

static const struct {
    const char *text;
    int64_t ms;
    bool always;
} leaves[] = {
    {"24 hours", 86400000LL, false},       {"3 days", 3 * 86400000LL, false}, {"14 days", 14 * 86400000LL, false},
    {"for ever: exempt from it", 0, true}, {"no longer", 0, false},
};
#define LEAVE "Failures do not disable it for:"

static void snooze_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_SNOOZE);
    r->overlap_ms = leaves[ht_dialog_chosen(d, LEAVE)].ms;
    r->state = leaves[ht_dialog_chosen(d, LEAVE)].always;
    struct ht_write *w = ht_app_write(app, app->o->loader, r, "snooze", d->subject);
    if (w)
        w->undo = (struct ht_undo){.verb = "the leave as it was for", .request = HT_REQ_SNOOZE, .id = d->id};
}

void ht_act_ask_snooze(struct ht_app *app, const struct ht_endpoint *e)
{
    const char *options[HT_COUNT(leaves)];
    char title[160], when[HT_AGE_TEXT];
    for (size_t i = 0; i < HT_COUNT(leaves); i++)
        options[i] = leaves[i].text;
    snprintf(title, sizeof title, "Leave %s to fail", ht_endpoint_name(e));
    struct ht_dialog *d = ht_act_ask(app, 2, HT_ACT_SNOOZE, &e->id, ht_endpoint_name(e), "Snooze", title);
    d->done = snooze_answered;
    ht_act_endpoint_info(d, e);
    ht_time_age(app, e->failing_since, when);
    if (e->failing_since)
        ht_dialog_info(d, "Failing", when);
    ht_dialog_choice(d, LEAVE, options, (int)HT_COUNT(leaves), 0);
    ht_dialog_note(d, "An answer of 410 disables it all the same: the receiver wants no more.");
    ht_act_finish(app, d, false);
}
