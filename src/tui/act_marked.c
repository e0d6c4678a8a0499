#include <stdio.h>
#include <string.h>

#include "act_parts.h"

/* Several rows at once, marked in the list: deliveries are cancelled one by one, and redelivered by a replay; so are
 * groups of failures, each by one of its own. */

#define GROUPS_MAX 50 /* counting one reads every delivery of the time shown */

static void marked_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_CANCEL_MANY);
    r->ids = ht_marks_copy(&s->marks, &r->n_ids);
    ht_marks_clear(&s->marks);
    ht_app_write(app, app->o->errands, r, "cancel", d->subject);
}

void ht_act_marked(struct ht_app *app, const struct ht_marks *m, enum ht_action_id action)
{
    char subject[48], title[96];
    snprintf(subject, sizeof subject, "%zu marked", m->n);
    if (action == HT_ACT_REDELIVER) {
        struct ht_request *r = ht_request_new(HT_REQ_REPLAY_PREVIEW, 0);
        r->ids = ht_marks_copy(m, &r->n_ids);
        ht_app_write(app, app->o->errands, r, "count", subject);
        return;
    }
    snprintf(title, sizeof title, "Cancel what is still to be tried of %zu %s", m->n,
             ht_plural((int64_t)m->n, "delivery", "deliveries"));
    struct ht_dialog *d =
        ht_act_ask(app, m->n > HT_MANY ? 3 : 2, action, &m->last, subject, "Cancel their retries", title);
    d->done = marked_answered;
    ht_dialog_info(d, "Deliveries", subject);
    ht_dialog_note(d, "Each is done on its own; the answer says how many, and why not the rest.");
    ht_act_finish(app, d, false);
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
