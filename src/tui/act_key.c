#include <stdio.h>
#include <string.h>

#include "act_parts.h"

/* What can be done with what signs: rotate, probe, promote, revoke. A key whose endpoint id is nil is its tenant's. */

/* Rotate ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    int64_t ms;
} overlaps[] = {
    {"1 hour", 3600000LL},   {"24 hours", 86400000LL}, {"72 hours", 259200000LL},
    {"7 days", 604800000LL}, {"no time at all", 0},
};
#define OVERLAP_DEFAULT 1

static void rotate_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_ROTATE);
    r->overlap_ms = overlaps[ht_dialog_chosen(d, d->fields[d->wanted].label)].ms;
    ht_app_write(app, app->o->loader, r, "rotate", d->subject);
}

static void ask_rotate(struct ht_app *app, const struct ht_endpoint *e)
{
    const char *options[HT_COUNT(overlaps)], *label = "The old secret goes on signing beside the new one for:";
    struct ht_profile_facts facts = {0};
    bool known = e->profile && app->o->profile_facts(app->o->user, e->profile, &facts);
    for (size_t i = 0; i < HT_COUNT(overlaps); i++)
        options[i] = overlaps[i].text;
    options[HT_COUNT(overlaps) - 1] = known && !facts.multi_signature ? "at once" : "no time: it stops at once";
    struct ht_dialog *d = ht_act_ask(app, 2, HT_ACT_ROTATE, &e->id, ht_endpoint_name(e), "Rotate",
                                     facts.key_per_tenant ? "Rotate signing key" : "Rotate signing secret");
    d->done = rotate_answered;
    d->tenant = e->tenant_id;
    ht_act_endpoint_info(d, e);
    ht_dialog_info(d, "Profile", known ? facts.title : e->profile);
    if (facts.key_per_tenant)
        ht_dialog_note(
            d, "The key belongs to the tenant: all its endpoints of this profile change together. Only the public "
               "half is shown, and it can be shown again at any time.");
    if (known && !facts.multi_signature) {
        ht_dialog_note(d,
                       "Its header has room for one signature, so the change is staged: give the receiver the new %s "
                       "now; the old one signs alone until then.",
                       facts.key_per_tenant ? "public key" : "secret");
        label = "The new one takes over after:";
    }
    d->wanted = d->n_fields;
    ht_dialog_choice(d, label, options, (int)HT_COUNT(overlaps), OVERLAP_DEFAULT);
    ht_act_finish(app, d, true);
}

/* Probe, promote, revoke ------------------------------------------------------------------------------------------- */
static void key_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    if (d->action == HT_ACT_PROBE)
        ht_app_write(app, app->o->errands, ht_act_request(d, HT_REQ_PROBE), "probe", d->subject);
    else if (d->action == HT_ACT_PROMOTE)
        ht_app_write(app, app->o->loader, ht_act_request(d, HT_REQ_PROMOTE), "promote", d->subject);
    else
        ht_app_write(app, app->o->loader, ht_act_request(d, HT_REQ_REVOKE), "revoke", d->subject);
}

static struct ht_dialog *ask_key(struct ht_app *app, const struct ht_endpoint *e, int level, enum ht_action_id action,
                                 const char *verb, const char *title)
{
    struct ht_dialog *d = ht_act_ask(app, level, action, &e->id, ht_endpoint_name(e), verb, title);
    d->done = key_answered;
    d->tenant = e->tenant_id;
    ht_act_endpoint_info(d, e);
    return d;
}

static void ask_probe(struct ht_app *app, const struct ht_endpoint *e)
{
    char title[160];
    if (ht_uuid_is_nil(&e->id)) {
        ht_app_flash(app, HT_FLASH_ERROR, "a tenant's key has many receivers: probe one of its endpoints");
        return;
    }
    snprintf(title, sizeof title, "Ask %s whether it knows the newest secret?", ht_endpoint_name(e));
    struct ht_dialog *d = ask_key(app, e, 1, HT_ACT_PROBE, "Probe", title);
    if (d->level >= 2)
        ht_dialog_note(d, "It gets a test event signed with that secret alone, and then one that nobody signed.");
    ht_act_finish(app, d, false);
}

static void ask_promote(struct ht_app *app, const struct ht_endpoint *e, const struct ht_secret_meta *m)
{
    if (m && m->state != HT_SECRET_NEXT) {
        ht_app_flash(app, HT_FLASH_ERROR, "generation %d is %s: only one that waits can be promoted",
                     (int)m->generation, ht_secret_words[m->state].name);
        return;
    }
    struct ht_dialog *d = ask_key(app, e, 2, HT_ACT_PROMOTE, "Promote", "Promote the waiting secret");
    ht_dialog_note(d, "The generation that waits signs from now on, alone. Receivers that do not know it refuse what "
                      "comes; V asks one whether it does.");
    ht_act_finish(app, d, true);
}

static void ask_revoke(struct ht_app *app, const struct ht_endpoint *e, const struct ht_secret_meta *m)
{
    char generation[64];
    if (m->state == HT_SECRET_ACTIVE || m->state == HT_SECRET_EXPIRED) {
        ht_app_flash(app, HT_FLASH_ERROR, "generation %d %s", (int)m->generation,
                     m->state == HT_SECRET_ACTIVE ? "is the one that signs; K replaces it" : "has ended already");
        return;
    }
    snprintf(generation, sizeof generation, "%d, %s; signed %d of the last %d", (int)m->generation,
             ht_secret_words[m->state].name, (int)m->signed_attempts, (int)m->attempts);
    struct ht_dialog *d = ask_key(app, e, 3, HT_ACT_REMOVE, "Revoke", "Revoke a secret now");
    d->generation = m->generation;
    ht_dialog_info(d, "Generation", generation);
    ht_dialog_note(d, m->state == HT_SECRET_NEXT
                          ? "It will never sign; the one that signs now goes on."
                          : "It stops signing now. A receiver that knows only this one refuses what comes.");
    ht_act_finish(app, d, true);
}

bool ht_act_on_key(struct ht_app *app, const struct ht_subject *it, enum ht_action_id action)
{
    if (action == HT_ACT_ROTATE)
        ask_rotate(app, it->endpoint);
    else if (action == HT_ACT_PROBE)
        ask_probe(app, it->endpoint);
    else if (action == HT_ACT_PROMOTE)
        ask_promote(app, it->endpoint, it->secret);
    else if (action == HT_ACT_REMOVE && it->secret)
        ask_revoke(app, it->endpoint, it->secret);
    else
        return false;
    return true;
}

/* Outcomes --------------------------------------------------------------------------------------------------------- */
static void add_next_step(struct ht_doc *d, const struct ht_probe *p)
{
    ht_doc_adds(d, HT_STYLE_ROW,
                p->staged   ? "O lets it sign now; the old one then ends.\n"
                : p->others ? "The old one can go: X on it, in Secrets, ends it now.\n"
                            : "No other generation is live.\n");
}

void ht_act_show_probe(struct ht_app *app, const struct ht_probe *p, const char *subject)
{
    static const enum ht_style styles[HT_PROBE_VERDICT_COUNT] = {
        [HT_PROBE_REFUSED] = HT_STYLE_FAILED,
        [HT_PROBE_ACCEPTED] = HT_STYLE_OK,
        [HT_PROBE_UNCHECKED] = HT_STYLE_RETRY,
    };
    struct ht_doc *d = ht_result_open(app, "Probe");
    char text[64];
    if (!d)
        return;
    ht_doc_addf(d, styles[p->verdict], "%s: %s\n", ht_probe_words[p->verdict].name, ht_probe_words[p->verdict].meaning);
    if (p->verdict == HT_PROBE_ACCEPTED)
        add_next_step(d, p);
    ht_doc_end(d);
    ht_doc_field(d, "Endpoint", HT_STYLE_ROW, subject);
    snprintf(text, sizeof text, "%d", (int)p->generation);
    ht_doc_field(d, "Generation", HT_STYLE_ROW, text);
    snprintf(text, sizeof text, "answered %d", (int)p->answer.status);
    ht_doc_field(d, "With it alone", HT_STYLE_ROW, p->answer.status ? text : "no answer");
    snprintf(text, sizeof text, "answered %d", (int)p->strange_status);
    ht_doc_field(d, "By a stranger", HT_STYLE_ROW, p->strange_status ? text : NULL);
    if (p->answer.error != HT_ATTEMPT_NONE)
        ht_doc_field(d, "Error", HT_STYLE_FAILED,
                     p->answer.error_detail ? p->answer.error_detail : ht_attempt_words[p->answer.error].meaning);
    ht_act_add_answer(d, &p->answer);
}

void ht_act_show_key(struct ht_app *app, const struct ht_rotated *r, const char *subject)
{
    struct ht_doc *d = ht_result_open(app, "New key");
    char at[HT_AGE_TEXT];
    if (!d)
        return;
    ht_time_full(r->changes_at, at);
    ht_doc_addf(d, HT_STYLE_HEADING, "The %spublic key of the tenant of %s\n\n", r->changes_at ? "new " : "", subject);
    ht_doc_adds(d, HT_STYLE_ROW, "Give it to the receivers now; it can be shown again at any time.\n");
    if (r->changes_at)
        ht_doc_addf(d, HT_STYLE_ROW,
                    r->staged ? "The old key signs until %s UTC, then the new one takes over.\n"
                              : "The old key signs beside it until %s UTC.\n",
                    at);
    ht_doc_end(d);
    ht_doc_adds(d, HT_STYLE_ROW, r->public_key);
    ht_doc_end(d);
}
