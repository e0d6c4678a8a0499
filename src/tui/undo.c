#include <stdio.h>
#include <string.h>

#include "act_parts.h"

/* Taking back the last change for a while. The way back is noted before the change is sent (the row it was read from
 * may be another afterwards), and only what can be had back is offered: what was cancelled or already sent stays so. */

static const char *const state_verbs[] = {
    [HT_ENDPOINT_ACTIVE] = "resume", [HT_ENDPOINT_PAUSED] = "pause", [HT_ENDPOINT_DISABLED] = "disable"};

struct ht_undo ht_undo_state(const struct ht_uuid *endpoint, enum ht_endpoint_status was)
{
    struct ht_undo u = {.id = *endpoint, .request = HT_REQ_ENDPOINT_STATE, .state = (int)was};
    if (was != HT_ENDPOINT_ACTIVE && was != HT_ENDPOINT_PAUSED && was != HT_ENDPOINT_DISABLED)
        return u; /* nobody can make it unverified again */
    u.verb = state_verbs[was];
    return u;
}

struct ht_undo ht_undo_subscription(const struct ht_uuid *endpoint, bool was_on)
{
    return (struct ht_undo){.id = *endpoint,
                            .request = HT_REQ_SUBSCRIBE,
                            .state = was_on,
                            .verb = was_on ? "subscribe to" : "unsubscribe from"};
}

void ht_undo_forget(struct ht_app *app)
{
    ht_subscribed_fini(&app->undo.subscribed);
    app->undo = (struct ht_undo){0};
}

/* What it was is known to who changed it. */
const char *ht_undo_offer(struct ht_app *app, const struct ht_write *done, struct ht_reply *reply)
{
    bool edited = done->undo.request == HT_REQ_RESUBSCRIBE;
    if (!done->undo.verb || (edited && !reply->subscribed.was))
        return "";
    ht_undo_forget(app);
    app->undo = done->undo;
    app->undo.subscribed = reply->subscribed;
    reply->subscribed = (struct ht_subscribed){0};
    if (done->undo.request == HT_REQ_SNOOZE) {
        app->undo.until = reply->was_until;
        app->undo.state = reply->was_always;
    }
    if (done->undo.request == HT_REQ_UNMARK)
        app->undo.id = reply->id;
    app->undo_until = app->now_us + HT_UNDO_US;
    snprintf(app->undo_subject, sizeof app->undo_subject, "%s", done->subject);
    return edited ? "; U takes its subscriptions back for 60 s" : "; U takes it back for 60 s";
}

/* How many words of one list are not in the other. */
static int missing(const char *list, const char *from)
{
    int n = 0;
    for (size_t len; *(list += strspn(list, " ")); list += len) {
        len = strcspn(list, " ");
        bool there = false;
        for (const char *at = from; *(at += strspn(at, " ")); at += strcspn(at, " "))
            there = there || (strcspn(at, " ") == len && strncmp(at, list, len) == 0);
        n += !there;
    }
    return n;
}

static void answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_undo *u = &app->undo;
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, u->request);
    r->state = u->state;
    r->tenant = u->tenant;
    r->subscribed = u->subscribed;
    u->subscribed = (struct ht_subscribed){0};
    r->overlap_ms = u->until > ht_app_db_now(app) ? (u->until - ht_app_db_now(app)) / 1000 : 0;
    if (u->request == HT_REQ_SUBSCRIBE)
        r->text = ht_strdup(app->undo_subject);
    else if (u->request == HT_REQ_ENDPOINT_STATE)
        r->choice = u->state == HT_ENDPOINT_ACTIVE ? HT_HELD_RELEASE : HT_HELD_KEEP;
    (void)ht_app_write(app, app->o->loader, r, u->verb, app->undo_subject);
    ht_undo_forget(app);
}

void ht_undo_ask(struct ht_app *app)
{
    const struct ht_undo *u = &app->undo;
    char title[192], counts[64] = "";
    if (!u->verb || app->now_us >= app->undo_until) {
        ht_app_flash(app, HT_FLASH_INFO, "nothing to take back: no such change in the last %d s",
                     (int)(HT_UNDO_US / 1000000));
        return;
    }
    if (u->subscribed.was)
        snprintf(counts, sizeof counts, ": %d on, %d off", missing(u->subscribed.was, u->subscribed.now),
                 missing(u->subscribed.now, u->subscribed.was));
    snprintf(title, sizeof title, "Undo: %s %s%s?", u->verb, app->undo_subject, counts);
    struct ht_dialog *d = ht_act_ask(app, 1, HT_ACT_UNDO, &u->id, app->undo_subject, "Undo", title);
    d->done = answered;
    ht_act_finish(app, d, false);
}
