#include <stdio.h>

#include "act_parts.h"

/* Several deliveries at once, marked in the list: they are cancelled one by one here, and redelivered by a replay. */

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
