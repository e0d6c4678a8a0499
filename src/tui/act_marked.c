#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act_parts.h"

/* Several rows at once, marked in the list: deliveries are cancelled, and redelivered by a replay; groups of failures
 * each by one of its own. What that means is counted first. */

#define GROUPS_MAX 50 /* counting one reads every delivery of the time shown */

static void marked_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_CANCEL_MANY);
    r->ids = d->ids;
    r->n_ids = d->n_ids;
    d->ids = NULL;
    if (ht_app_write(app, app->o->errands, r, "cancel", d->subject))
        ht_marks_clear(&s->marks);
}

bool ht_act_still_marked(const struct ht_app *app, const struct ht_uuid *ids, size_t n)
{
    const struct ht_marks *m = &app->stack[app->depth - 1]->marks;
    return m->n == n && memcmp(m->ids, ids, n * sizeof *ids) == 0;
}

void ht_act_marked(struct ht_app *app, const struct ht_marks *m, enum ht_action_id action)
{
    char subject[48];
    snprintf(subject, sizeof subject, "%zu marked", m->n);
    if (ht_act_is_counted(app, subject)) {
        ht_app_flash(app, HT_FLASH_INFO, "%s are being counted; a question follows", subject);
        return;
    }
    struct ht_request *r =
        ht_request_new(action == HT_ACT_REDELIVER ? HT_REQ_REPLAY_PREVIEW : HT_REQ_CANCEL_PREVIEW, 0);
    r->ids = ht_marks_copy(m, &r->n_ids);
    ht_app_write(app, app->o->errands, r, "count", subject);
}

static void add_cancel_counts(struct ht_dialog *d, const struct ht_cancel_preview *p)
{
    char count[96] = "", out[96] = "";
    snprintf(count, sizeof count, "%" PRId64, p->waiting + p->sending);
    ht_dialog_info(d, "Deliveries", count);
    ht_act_add_count(out, sizeof out, p->ended, "of which nothing waits");
    ht_act_add_count(out, sizeof out, p->gone, "no longer there");
    ht_dialog_info(d, "Left out", out[0] ? out : "none");
    if (p->sending > 0)
        ht_dialog_note(d, "%" PRId64 " of them %s being sent now: cancelled if that attempt fails.", p->sending,
                       ht_plural(p->sending, "is", "are"));
}

void ht_act_cancel_previewed(struct ht_app *app, struct ht_reply *reply, const char *subject)
{
    const struct ht_cancel_preview *p = &reply->cancel.counts;
    char title[96];
    int64_t n = p->waiting + p->sending;
    if (!ht_act_can_ask(app, HT_HAS_MARKS | HT_HAS_DELIVERY) ||
        !ht_act_still_marked(app, reply->cancel.ids, reply->cancel.n_ids)) {
        ht_app_flash(app, HT_FLASH_INFO, "cancel %s: that took a while; C counts again", subject);
        return;
    }
    if (n == 0) {
        ht_app_flash(app, HT_FLASH_ERROR, "cancel %s: nothing of them waits", subject);
        return;
    }
    snprintf(title, sizeof title, "Cancel what is still to be tried of %s", subject);
    struct ht_dialog *d = ht_act_ask(app, n > HT_MANY ? 3 : 2, HT_ACT_CANCEL, &reply->cancel.ids[0], subject,
                                     "Cancel their retries", title);
    d->done = marked_answered;
    d->ids = reply->cancel.ids;
    d->n_ids = reply->cancel.n_ids;
    reply->cancel.ids = NULL;
    add_cancel_counts(d, p);
    if (d->level >= 3) /* many: the count instead of a name */
        snprintf(d->subject, sizeof d->subject, "%" PRId64, n);
    ht_act_finish(app, d, false);
    snprintf(d->subject, sizeof d->subject, "%s", subject);
}

void ht_act_marked_groups(struct ht_app *app, const struct ht_replay_what *groups, size_t n)
{
    char subject[48];
    snprintf(subject, sizeof subject, "%zu marked %s", n, ht_plural((int64_t)n, "group", "groups"));
    if (ht_act_is_counted(app, subject))
        return;
    if (n > GROUPS_MAX) {
        ht_app_flash(app, HT_FLASH_ERROR, "redeliver %s: at most %d at once; b makes fewer groups of them", subject,
                     GROUPS_MAX);
        return;
    }
    struct ht_request *r = ht_request_new(HT_REQ_REPLAY_PREVIEW, 0);
    r->groups = ht_alloc(n, sizeof *r->groups);
    memcpy(r->groups, groups, n * sizeof *r->groups);
    r->n_groups = n;
    ht_app_write(app, app->o->errands, r, "count", subject);
}
