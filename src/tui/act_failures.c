#include <inttypes.h>
#include <stdio.h>

#include "act_parts.h"

/* What people say about failures that are alike: somebody looks after them, or nobody wants to see them for a while. */

static const struct {
    const char *text;
    int64_t ms;
} spans[] = {{"1 hour", 3600000LL}, {"24 hours", 86400000LL}, {"7 days", 7 * 86400000LL}, {"30 days", 30 * 86400000LL}};
#define SPAN "Last in the list for:"
#define NOTE "Note"
#define NAME 40 /* columns of an endpoint's name within a question's title */

void ht_act_group_name(const struct ht_failure_group *g, char *ret, size_t size)
{
    const char *error = ht_attempt_words[g->error].name;
    char whole[1024], name[64]; /* so that with the longest error it fits what keeps a subject */
    /* made visible before it is cut: a cut then falls between characters, and where the eye expects it */
    if (g->endpoint_description)
        ht_text_clean_str(whole, sizeof whole, g->endpoint_description, HT_TEXT_CELL);
    else
        ht_text_clean_str(whole, sizeof whole, g->endpoint_url ? g->endpoint_url : "any endpoint", HT_TEXT_ASCII);
    ht_text_clean_columns(name, sizeof name, whole, HT_TEXT_CELL, NAME);
    snprintf(ret, size, "%s of %s", error[0] ? error : "all that fails", name);
}

struct ht_replay_what ht_act_group_what(const struct ht_app *app, const struct ht_screen *s,
                                        const struct ht_failure_group *g)
{
    enum ht_failure_by by = ht_failures_by(s);
    struct ht_replay_what w = {
        .tenant_id = g->tenant_id, .endpoint_id = g->endpoint_id, .since = ht_failures_since(app, s)};
    if (by == HT_FAILURES_BY_ALL)
        snprintf(w.status, sizeof w.status, "%s", ht_delivery_words[g->status].name);
    if (by == HT_FAILURES_BY_ENDPOINT)
        return w;
    snprintf(w.error, sizeof w.error, "%s", ht_attempt_words[g->error].name);
    w.by_code = true;
    w.code = g->code;
    return w;
}

static struct ht_dialog *ask(struct ht_app *app, const struct ht_failure_group *g, int level, enum ht_action_id action,
                             const char *verb)
{
    char name[96], title[192], groups[64] = "", count[32];
    ht_act_group_name(g, name, sizeof name);
    if (g->parts > 1)
        snprintf(groups, sizeof groups, ", %d groups", (int)g->parts);
    snprintf(title, sizeof title, "%s: %s%s?", verb, name, groups);
    struct ht_dialog *d = ht_act_ask(app, level, action, &g->endpoint_id, name, verb, title);
    d->replay = ht_act_group_what(app, ht_app_top(app), g);
    d->tenant = g->tenant_id;
    snprintf(count, sizeof count, "%" PRId64, g->count);
    snprintf(groups, sizeof groups, "%d, of them acknowledged or muted: %d", (int)g->parts, (int)g->handled);
    if (d->level >= 2)
        ht_dialog_info(d, "Deliveries", count);
    if (d->level >= 2 && g->parts > 1)
        ht_dialog_info(d, "Groups", groups);
    return d;
}

/* The change, of what the list shows now. */
static void send(struct ht_app *app, struct ht_dialog *d, struct ht_request *r, const char *verb, const char *back)
{
    r->replay = d->replay;
    r->text = ht_strdup(ht_app_top(app)->filter.applied);
    struct ht_write *w = ht_app_write(app, app->o->loader, r, verb, d->subject);
    if (w)
        w->undo = (struct ht_undo){.verb = back, .request = HT_REQ_UNMARK, .tenant = d->tenant};
}

static void acknowledged(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_ACKNOWLEDGE);
    const char *note = ht_dialog_input(d, NOTE);
    r->state = d->wanted;
    if (note && note[0])
        r->reason = ht_strdup(note);
    if (d->wanted)
        send(app, d, r, "acknowledge", "open again");
    else
        send(app, d, r, "open again", "acknowledge");
}

static void ask_acknowledge(struct ht_app *app, const struct ht_failure_group *g)
{
    bool on = g->acknowledged_at == 0;
    struct ht_dialog *d = ask(app, g, on ? 2 : 1, HT_ACT_ACKNOWLEDGE, on ? "Acknowledge" : "Open again");
    d->done = acknowledged;
    d->wanted = on;
    if (on) {
        ht_dialog_note(d, "You look after it. It is open again by itself when all of these are mended or old, and "
                          "others fail in the same way.");
        if (g->parts > 1)
            ht_dialog_note(d, "It covers the groups that are in it now; those that are acknowledged already stay so.");
        ht_dialog_text(d, NOTE, "");
    }
    ht_act_finish(app, d, false);
}

static void muted(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_MUTE);
    r->overlap_ms = d->wanted ? spans[ht_dialog_chosen(d, SPAN)].ms : 0;
    if (d->wanted)
        send(app, d, r, "mute", "unmute");
    else
        send(app, d, r, "unmute", "mute");
}

static void ask_mute(struct ht_app *app, const struct ht_failure_group *g)
{
    const char *options[HT_COUNT(spans)];
    bool on = g->muted_until == 0;
    struct ht_dialog *d = ask(app, g, on ? 2 : 1, HT_ACT_MUTE, on ? "Mute" : "Unmute");
    for (size_t i = 0; i < HT_COUNT(spans); i++)
        options[i] = spans[i].text;
    d->done = muted;
    d->wanted = on;
    if (on) {
        ht_dialog_choice(d, SPAN, options, (int)HT_COUNT(spans), 1);
        ht_dialog_note(d, "Its deliveries go on being tried, and alerts are told as before.");
    }
    ht_act_finish(app, d, true);
}

bool ht_act_on_failures(struct ht_app *app, enum ht_action_id action, const struct ht_failure_group *g)
{
    if (action != HT_ACT_ACKNOWLEDGE && action != HT_ACT_MUTE)
        return false;
    if (action == HT_ACT_ACKNOWLEDGE)
        ask_acknowledge(app, g);
    else
        ask_mute(app, g);
    return true;
}
