#include <stdio.h>
#include <string.h>

#include "act_parts.h"

/* Several deliveries at once, marked in the list. */

#define MANY 500 /* from here on it is confirmed by typing */

static void marked_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    struct ht_screen *s = ht_app_top(app);
    bool again = d->action == HT_ACT_REDELIVER;
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, again ? HT_REQ_REDELIVER_MANY : HT_REQ_CANCEL_MANY);
    r->n_ids = s->marks.n;
    r->ids = ht_alloc(s->marks.n, sizeof *r->ids);
    memcpy(r->ids, s->marks.ids, s->marks.n * sizeof *r->ids);
    ht_marks_clear(&s->marks);
    ht_app_write(app, app->o->errands, r, again ? "redeliver" : "cancel", d->subject);
}

void ht_act_marked(struct ht_app *app, const struct ht_marks *m, enum ht_action_id action)
{
    bool again = action == HT_ACT_REDELIVER;
    char subject[48], title[96];
    snprintf(subject, sizeof subject, "%zu marked", m->n);
    snprintf(title, sizeof title,
             again ? "Redeliver %zu deliveries" : "Cancel what is still to be tried of %zu deliveries", m->n);
    struct ht_dialog *d = ht_act_ask(app, m->n > MANY ? 3 : 2, action, &m->last, subject,
                                     again ? "Redeliver them" : "Cancel their retries", title);
    d->done = marked_answered;
    ht_dialog_info(d, "Deliveries", subject);
    if (again)
        ht_dialog_note(d, "Those to an endpoint that is paused, disabled or unverified are held there.");
    ht_dialog_note(d, "Each is done on its own; the answer says how many, and why not the rest.");
    ht_act_finish(app, d, false);
}
