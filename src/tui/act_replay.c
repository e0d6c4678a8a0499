#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act_parts.h"
#include "hooktop/base/clock.h"

/* Redelivering all of a group, or what is marked: counted first, then asked about, then left to the workers. */

#define RATE "Rate per s"
#define TOOK "Takes"

static void replay_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_REPLAY_START);
    r->replay = d->replay;
    r->ids = d->ids;
    r->n_ids = d->n_ids;
    d->ids = NULL;
    r->groups = d->groups;
    r->n_groups = d->n_groups;
    d->groups = NULL;
    bool marked = r->ids || r->groups;
    r->rate_per_s = strtod(ht_dialog_input(d, RATE), NULL);
    if (ht_app_write(app, app->o->errands, r, "redeliver", d->subject) && marked)
        ht_marks_clear(&ht_app_top(app)->marks);
}

void ht_act_took(int64_t count, double rate, char *ret, size_t size)
{
    char span[32];
    ht_duration_format(ht_replay_seconds(count, rate) * 1000, span, sizeof span);
    snprintf(ret, size, "about %s at %g per second", span, rate);
}

static void show_took(struct ht_dialog *d)
{
    char text[96];
    double rate = strtod(ht_dialog_input(d, RATE), NULL);
    ht_act_took(d->count, rate, text, sizeof text);
    ht_dialog_set(d, TOOK, rate > 0 ? text : "for ever: give a rate");
}

/* How fast, and how long that takes. */
static void add_rate(struct ht_dialog *d, int64_t count, double usual)
{
    char rate[32];
    snprintf(rate, sizeof rate, "%g", usual);
    d->count = count;
    d->changed = show_took;
    ht_dialog_info(d, TOOK, "");
    ht_dialog_number(d, RATE, rate);
    show_took(d);
}

void ht_act_add_count(char *text, size_t size, int64_t n, const char *what)
{
    size_t used = strlen(text);
    if (n > 0)
        snprintf(text + used, size - used, "%s%" PRId64 " %s", used ? ", " : "", n, what);
}

static void add_counts(struct ht_dialog *d, const struct ht_replay_preview *p)
{
    char count[48], held[160] = "", out[192] = "";
    snprintf(count, sizeof count, "%" PRId64, ht_replay_sent(p));
    ht_dialog_info(d, "Deliveries", count);
    ht_act_add_count(held, sizeof held, p->paused, "to a paused endpoint");
    ht_act_add_count(held, sizeof held, p->disabled, "to a disabled endpoint");
    ht_act_add_count(held, sizeof held, p->unverified, "to an unverified endpoint");
    ht_dialog_info(d, "Held", held[0] ? held : "none");
    ht_act_add_count(out, sizeof out, p->removed, "to a removed endpoint");
    ht_act_add_count(out, sizeof out, p->purged, "without a payload");
    ht_act_add_count(out, sizeof out, p->replaced, "redelivered already");
    ht_act_add_count(out, sizeof out, p->gone, "no longer there");
    ht_dialog_info(d, "Left out", out[0] ? out : "none");
}

static void add_notes(struct ht_app *app, struct ht_dialog *d, const struct ht_replay_preview *p, bool group)
{
    if (p->arrived > 0 && !group)
        ht_dialog_note(d, "%" PRId64 " of them had arrived, and are sent once more.", p->arrived);
    ht_dialog_note(d, "Oldest first, each once. What succeeds by itself before its turn is left out. Workers do it: it "
                      "goes on when this console is closed, and can be paused and cancelled.");
    if (p->tenants > 1)
        ht_dialog_note(d, "They are of %" PRId64 " tenants: each gets a replay of its own, at this rate.", p->tenants);
    if (d->n_groups > 1)
        ht_dialog_note(d, "Each group gets a replay of its own, at this rate; they run side by side.");
    if (group && ht_app_top(app)->filter.applied[0])
        ht_dialog_note(d, "These are all that failed so in the time shown, also those that the list's filter hides.");
}

bool ht_act_can_ask(struct ht_app *app, unsigned has)
{
    return !app->dialog && app->input == HT_INPUT_KEYS && (ht_screen_has(ht_app_top(app)) & has) == has;
}

void ht_act_previewed(struct ht_app *app, struct ht_reply *reply, const char *subject)
{
    const struct ht_replay_preview *p = &reply->preview.counts;
    bool group = !reply->preview.ids, marked = !group || reply->preview.groups;
    unsigned needs = group ? HT_HAS_GROUP : HT_HAS_MARKS | HT_HAS_DELIVERY;
    char title[160];
    int64_t sent = ht_replay_sent(p);
    if (!ht_act_can_ask(app, needs) ||
        (!group && !ht_act_still_marked(app, reply->preview.ids, reply->preview.n_ids))) {
        ht_app_flash(app, HT_FLASH_INFO, "redeliver %s: that took a while; R counts again", subject);
        return;
    }
    if (sent == 0) {
        ht_app_flash(app, HT_FLASH_ERROR, "redeliver %s: nothing is left to redeliver", subject);
        return;
    }
    snprintf(title, sizeof title, group ? "Redeliver all: %s" : "Redeliver %s", subject);
    struct ht_dialog *d = ht_act_ask(app, marked && sent > HT_MANY ? 3 : 2, HT_ACT_REDELIVER_GROUP,
                                     &reply->preview.what.endpoint_id, subject, "Redeliver", title);
    d->done = replay_answered;
    d->replay = reply->preview.what;
    d->ids = reply->preview.ids;
    d->n_ids = reply->preview.n_ids;
    reply->preview.ids = NULL;
    d->groups = reply->preview.groups;
    d->n_groups = reply->preview.n_groups;
    reply->preview.groups = NULL;
    add_counts(d, p);
    add_notes(app, d, p, group);
    add_rate(d, d->groups ? reply->preview.largest : sent, HT_REPLAY_RATE_USUAL);
    if (d->level >= 3) /* many: the count instead of a name */
        snprintf(d->subject, sizeof d->subject, "%" PRId64, sent);
    ht_act_finish(app, d, true);
    ht_text_clean_str(d->subject, sizeof d->subject, subject, HT_TEXT_CELL);
}

bool ht_act_is_counted(const struct ht_app *app, const char *subject)
{
    for (size_t i = 0; i < HT_WRITES_MAX; i++) {
        const struct ht_write *w = &app->writes[i];
        if (w->ticket && strcmp(w->verb, "count") == 0 && strcmp(w->subject, subject) == 0)
            return true;
    }
    return false;
}

static void ask_group(struct ht_app *app, const struct ht_failure_group *g)
{
    char subject[96];
    ht_act_group_name(g, subject, sizeof subject);
    if (ht_act_is_counted(app, subject))
        return; /* R again while it is being counted */
    struct ht_request *r = ht_request_new(HT_REQ_REPLAY_PREVIEW, 0);
    r->replay = ht_act_group_what(app, ht_app_top(app), g);
    ht_app_write(app, app->o->errands, r, "count", subject);
}

/* Replays ---------------------------------------------------------------------------------------------------------- */
static void change_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_REPLAY_CHANGE);
    const char *rate = ht_dialog_input(d, RATE);
    r->state = d->wanted;
    r->rate_per_s = rate ? strtod(rate, NULL) : 0;
    ht_app_write(app, app->o->loader, r, "replay", d->subject);
}

static void ask_change(struct ht_app *app, const struct ht_replay *r, enum ht_action_id action)
{
    char id[12], title[160];
    bool on = r->state == HT_REPLAY_PAUSED, resumes = on && action == HT_ACT_REPLAY_PAUSE;
    ht_short_id(&r->id, id);
    const char *verb = action == HT_ACT_REPLAY_CANCEL ? "Cancel it" : on ? "Resume" : "Pause";
    snprintf(title, sizeof title,
             resumes ? "%s: %" PRId64 " of %" PRId64 " are queued"
                     : "%s with %" PRId64 " of %" PRId64 " queued? These are sent all the same",
             verb, r->queued, r->total);
    struct ht_dialog *d = ht_act_ask(app, resumes ? 2 : 1, action, &r->id, id, verb, title);
    d->done = change_answered;
    d->wanted = action == HT_ACT_REPLAY_CANCEL ? HT_REPLAY_CANCELLED : on ? HT_REPLAY_RUNNING : HT_REPLAY_PAUSED;
    if (d->level >= 2)
        ht_dialog_info(d, "Replay", id);
    if (resumes)
        add_rate(d, ht_replay_waiting(r), r->rate_per_s);
    ht_act_finish(app, d, true);
}

bool ht_act_on_replay(struct ht_app *app, enum ht_action_id action, const struct ht_subject *it)
{
    if (it->group && action == HT_ACT_REDELIVER_GROUP)
        ask_group(app, it->group);
    else if (it->replay && (action == HT_ACT_REPLAY_PAUSE || action == HT_ACT_REPLAY_CANCEL))
        ask_change(app, it->replay, action);
    else
        return false;
    return true;
}
