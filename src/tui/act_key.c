#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"

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

#define OLD_ENDS "Old one"

static const char *overlap_label(bool multi)
{
    return multi ? "The old secret goes on signing beside the new one for:" : "The new one takes over after:";
}

static int64_t chosen_overlap(const struct ht_dialog *d)
{
    return overlaps[ht_dialog_chosen(d, overlap_label(d->wanted))].ms;
}

static void rotate_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_ROTATE);
    r->overlap_ms = chosen_overlap(d);
    ht_app_write(app, app->o->loader, r, "rotate", d->subject);
}

/* When the old one ends, as it would be if the answer came now. */
static void show_end(struct ht_dialog *d)
{
    char at[HT_AGE_TEXT], span[16], text[96];
    int64_t ms = chosen_overlap(d);
    ht_time_full(d->asked_at + ms * 1000, at);
    at[16] = '\0'; /* to the minute: the question may stand a while */
    ht_duration_format(ms, span, sizeof span);
    if (ms == 0)
        snprintf(text, sizeof text, "ends at once; the new one signs whatever is sent next");
    else if (d->asked_at)
        snprintf(text, sizeof text, "%s until %s UTC, %s from now", d->wanted ? "signs" : "signs alone", at, span);
    else
        snprintf(text, sizeof text, "%s for %s", d->wanted ? "signs" : "signs alone", span);
    ht_dialog_set(d, OLD_ENDS, text);
}

/* What signs today, and how much of the work. */
static void add_live(struct ht_dialog *d, const struct ht_signing *k)
{
    static const char *const labels[] = {"Newest", "Before it", "And before"};
    char text[96];
    for (size_t i = 0; i < k->live.n && i < HT_COUNT(labels); i++) {
        const struct ht_secret_meta *m = &k->live.rows[i];
        snprintf(text, sizeof text, "generation %d, %s: signed %d of the last %d", (int)m->generation,
                 ht_secret_words[m->state].name, (int)m->signed_attempts, (int)m->attempts);
        ht_dialog_info(d, labels[i], text);
    }
    snprintf(text, sizeof text, "%lld %s, signed already", (long long)k->in_flight,
             ht_plural(k->in_flight, "delivery", "deliveries"));
    ht_dialog_info(d, "In flight", k->in_flight ? text : "none");
}

static void add_notes(struct ht_dialog *d, const struct ht_profile_facts *facts)
{
    if (facts->key_per_tenant)
        ht_dialog_note(d, "All the tenant's endpoints of this profile change together.");
    if (!facts->multi_signature)
        ht_dialog_note(d, "One signature fits its header. Give the new %s now: the old one signs alone until then.",
                       facts->key_per_tenant ? "public key" : "secret");
}

static void add_owner(struct ht_dialog *d, const struct ht_endpoint *e, const struct ht_profile_facts *facts)
{
    if (facts->key_per_tenant)
        ht_dialog_info(d, "Tenant", e->tenant_name);
    else
        ht_act_endpoint_info(d, e);
    ht_dialog_info(d, "Profile", facts->title ? facts->title : e->profile);
}

static void ask_rotate(struct ht_app *app, const struct ht_signing *k)
{
    const char *options[HT_COUNT(overlaps)];
    const struct ht_endpoint *e = &k->endpoint;
    struct ht_profile_facts facts = {0};
    bool known = e->profile && app->o->profile_facts(app->o->user, e->profile, &facts);
    facts.multi_signature = facts.multi_signature || !known;
    for (size_t i = 0; i < HT_COUNT(overlaps); i++)
        options[i] = overlaps[i].text;
    options[HT_COUNT(overlaps) - 1] = facts.multi_signature ? "no time: it stops at once" : "at once";
    struct ht_dialog *d = ht_act_ask(app, 2, HT_ACT_ROTATE, &e->id, ht_endpoint_name(e), "Rotate",
                                     facts.key_per_tenant ? "Rotate signing key" : "Rotate signing secret");
    d->done = rotate_answered;
    d->changed = show_end;
    d->tenant = e->tenant_id;
    d->wanted = facts.multi_signature;
    d->asked_at = ht_app_db_now(app);
    add_owner(d, e, &facts);
    add_live(d, k);
    add_notes(d, &facts);
    ht_dialog_choice(d, overlap_label(facts.multi_signature), options, (int)HT_COUNT(overlaps), OVERLAP_DEFAULT);
    ht_dialog_info(d, OLD_ENDS, "");
    show_end(d);
    ht_act_finish(app, d, true);
}

/* Whoever went on to something else meanwhile is not asked: a key meant for that would answer. */
void ht_act_ask_rotate(struct ht_app *app, const struct ht_signing *k)
{
    app->flash = false; /* the question says what was found */
    if (!app->dialog && app->input == HT_INPUT_KEYS && (ht_screen_has(ht_app_top(app)) & HT_HAS_KEY))
        ask_rotate(app, k);
    else
        ht_app_flash(app, HT_FLASH_INFO, "rotate %s: that took a while; K asks again", ht_endpoint_name(&k->endpoint));
}

/* What signs now, and how much, is asked for first. */
static void ask_keys(struct ht_app *app, const struct ht_endpoint *e)
{
    struct ht_request *r = ht_request_new(HT_REQ_SIGNING, 0);
    r->id = e->id;
    r->tenant = e->tenant_id;
    ht_app_write(app, app->o->loader, r, "look at the keys of", ht_endpoint_name(e));
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

/* `level`: less where a probe has shown that the receiver has the new one. */
static void ask_revoke(struct ht_app *app, const struct ht_endpoint *e, const struct ht_secret_meta *m, int level)
{
    char generation[64];
    if (m->state == HT_SECRET_ACTIVE || m->state == HT_SECRET_EXPIRED) {
        ht_app_flash(app, HT_FLASH_ERROR, "generation %d %s", (int)m->generation,
                     m->state == HT_SECRET_ACTIVE ? "is the one that signs; K replaces it" : "has ended already");
        return;
    }
    snprintf(generation, sizeof generation, "%d, %s; signed %d of the last %d", (int)m->generation,
             ht_secret_words[m->state].name, (int)m->signed_attempts, (int)m->attempts);
    struct ht_dialog *d = ask_key(app, e, level, HT_ACT_REMOVE, level < 3 ? "End it" : "Revoke",
                                  level < 3 ? "End the old secret now" : "Revoke a secret now");
    d->generation = m->generation;
    ht_dialog_info(d, "Generation", generation);
    ht_dialog_note(d, m->state == HT_SECRET_NEXT ? "It will never sign; the one that signs now goes on."
                      : level < 3
                          ? "It stops signing now. The receiver has just accepted what the new one alone signed."
                          : "It stops signing now. A receiver that knows only this one refuses what comes.");
    ht_act_finish(app, d, true);
}

bool ht_act_on_key(struct ht_app *app, const struct ht_subject *it, enum ht_action_id action)
{
    if (action == HT_ACT_ROTATE)
        ask_keys(app, it->endpoint);
    else if (action == HT_ACT_PROBE)
        ask_probe(app, it->endpoint);
    else if (action == HT_ACT_PROMOTE)
        ask_promote(app, it->endpoint, it->secret);
    else if (action == HT_ACT_REMOVE && it->secret)
        ask_revoke(app, it->endpoint, it->secret, 3);
    else if (action == HT_ACT_RETIRE && it->secret)
        ask_revoke(app, it->endpoint, it->secret, 2);
    else
        return false;
    return true;
}

/* Outcomes --------------------------------------------------------------------------------------------------------- */
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
