#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"

#include "act_parts.h"

#define RATE "Rate per s"
#define TOOK "Takes"
#define HELD "What becomes of the deliveries that are held?"
struct ht_dialog *ht_act_ask(struct ht_app *app, int level, enum ht_action_id action, const struct ht_uuid *id,
                             const char *subject, const char *verb, const char *title)
{
    int raised = level + (app->o->production && level < 3);
    struct ht_dialog *d = ht_dialog_new(raised, verb, "%s", title);
    d->action = (int)action;
    d->id = *id;
    ht_text_clean_str(d->subject, sizeof d->subject, subject, HT_TEXT_CELL);
    return d;
}

/* Short, and of characters that every keyboard has. */
static bool typeable(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (name[i] < 0x20 || name[i] > 0x7e || name[i] == '<')
            return false; /* < may begin something that was made visible */
    return len > 0 && len <= 40;
}

/* In production the last thing asked is why; and what was level 2 wants its subject typed. */
void ht_act_finish(struct ht_app *app, struct ht_dialog *d, bool reason)
{
    if (d->level >= 2 && (reason || app->o->production))
        ht_dialog_text(d, HT_REASON_LABEL, "");
    if (d->level >= 3 && typeable(d->subject))
        ht_dialog_typed(d, "Type the name", d->subject);
    else if (d->level >= 3) {
        char id[12];
        ht_short_id(&d->id, id);
        ht_dialog_typed(d, "Type the end of its id", id + 2);
        ht_dialog_note(d, "Its id ends with %s.", id + 2);
    }
    ht_app_open_dialog(app, d);
}

struct ht_request *ht_act_request(const struct ht_dialog *d, enum ht_request_kind kind)
{
    struct ht_request *r = ht_request_new(kind, 0);
    const char *reason = ht_dialog_input(d, HT_REASON_LABEL);
    r->id = d->id;
    r->tenant = d->tenant;
    r->generation = d->generation;
    if (reason && reason[0])
        r->reason = ht_strdup(reason);
    return r;
}

/* Deliveries ------------------------------------------------------------------------------------------------------- */
static void delivery_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    bool again = d->action == HT_ACT_REDELIVER;
    if (yes)
        ht_app_write(app, app->o->loader, ht_act_request(d, again ? HT_REQ_REDELIVER : HT_REQ_CANCEL),
                     again ? "redeliver" : "cancel", d->subject);
}

static void ask_delivery(struct ht_app *app, const struct ht_delivery *v, enum ht_action_id action)
{
    char id[12], name[96], title[160];
    bool again = action == HT_ACT_REDELIVER;
    ht_short_id(&v->id, id);
    snprintf(name, sizeof name, "%s",
             v->endpoint_description && v->endpoint_description[0] ? v->endpoint_description
             : v->endpoint_url                                     ? v->endpoint_url
                                                                   : "");
    if (again)
        snprintf(title, sizeof title, "Redeliver %s to %s?", v->type ? v->type : "", name);
    else
        snprintf(title, sizeof title, "Cancel what is still to be tried of %s?", v->type ? v->type : "");
    struct ht_dialog *d =
        ht_act_ask(app, again ? 1 : 2, action, &v->id, id, again ? "Redeliver" : "Cancel the retries", title);
    d->done = delivery_answered;
    if (d->level >= 2) {
        ht_dialog_info(d, "Delivery", id);
        ht_dialog_info(d, "Event", v->type);
        ht_dialog_info(d, "To", name);
        ht_dialog_info(d, "State", ht_delivery_words[v->status].name);
    }
    ht_act_finish(app, d, false);
}

static void write_evidence(struct ht_app *app, const struct ht_subject *it)
{
    char id[12];
    if (it->attempt == 0) {
        ht_app_flash(app, HT_FLASH_INFO, "evidence: it was not sent yet");
        return;
    }
    ht_short_id(&it->id, id);
    struct ht_request *r = ht_request_new(HT_REQ_EVIDENCE, 0);
    r->id = it->id;
    r->state = it->attempt;
    (void)ht_app_write(app, app->o->errands, r, "evidence of", id);
}

/* Endpoints -------------------------------------------------------------------------------------------------------- */
void ht_act_endpoint_info(struct ht_dialog *d, const struct ht_endpoint *e)
{
    if (d->level < 2)
        return;
    if (!ht_uuid_is_nil(&e->id)) {
        ht_dialog_info(d, "Endpoint", ht_endpoint_name(e));
        char url[2048];
        ht_text_clean_str(url, sizeof url, e->url ? e->url : "-", HT_TEXT_ASCII);
        ht_dialog_info(d, "URL", url);
    }
    ht_dialog_info(d, "Tenant", e->tenant_name);
}

static void ping_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (yes)
        ht_app_write(app, app->o->errands, ht_act_request(d, HT_REQ_PING), "ping", d->subject);
}

static void ask_ping(struct ht_app *app, const struct ht_endpoint *e)
{
    char title[160];
    snprintf(title, sizeof title, "Send the test event to %s?", ht_endpoint_name(e));
    struct ht_dialog *d = ht_act_ask(app, 1, HT_ACT_PING, &e->id, ht_endpoint_name(e), "Ping", title);
    d->done = ping_answered;
    ht_act_endpoint_info(d, e);
    ht_act_finish(app, d, false);
}

static void state_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    static const enum ht_held_choice back[] = {HT_HELD_RELEASE, HT_HELD_KEEP, HT_HELD_CANCEL};
    static const enum ht_held_choice off[] = {HT_HELD_KEEP, HT_HELD_CANCEL};
    const char *rate = ht_dialog_input(d, RATE);
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_ENDPOINT_STATE);
    r->state = d->wanted;
    r->choice = d->wanted == HT_ENDPOINT_REMOVED  ? HT_HELD_CANCEL
                : d->wanted == HT_ENDPOINT_ACTIVE ? back[ht_dialog_chosen(d, HELD)]
                                                  : off[ht_dialog_chosen(d, HELD)];
    r->rate_per_s = rate ? strtod(rate, NULL) : 0;
    struct ht_write *w = ht_app_write(app, app->o->loader, r,
                                      d->wanted == HT_ENDPOINT_ACTIVE ? d->action == HT_ACT_PAUSE ? "resume" : "enable"
                                      : d->wanted == HT_ENDPOINT_REMOVED  ? "remove"
                                      : d->wanted == HT_ENDPOINT_DISABLED ? "disable"
                                                                          : "pause",
                                      d->subject);
    if (w && d->wanted != HT_ENDPOINT_REMOVED)
        w->undo = ht_undo_state(&d->id, (enum ht_endpoint_status)d->was);
}

/* What it will be done to. */
static void add_waiting(struct ht_dialog *d, const struct ht_endpoint *e, const char *then)
{
    char counts[96], waiting[HT_FIGURE_TEXT], held[HT_FIGURE_TEXT];
    snprintf(counts, sizeof counts, "%s waiting, %s held%s", ht_figure_text(e->pending, waiting),
             ht_figure_text(e->held, held), then);
    if (d->level >= 2)
        ht_dialog_info(d, "Deliveries", counts);
}

/* How long it takes to send what is held, at the rate that is typed. */
static void show_drain(struct ht_dialog *d)
{
    char span[96], text[128];
    double rate = strtod(ht_dialog_input(d, RATE), NULL);
    ht_act_took(d->count, rate, span, sizeof span);
    snprintf(text, sizeof text, "%s%s", d->count >= HT_FIGURE_MAX ? "more than " : "", span);
    ht_dialog_set(d, TOOK,
                  ht_dialog_chosen(d, HELD) != 0 ? "nothing of them is sent now"
                  : rate > 0                     ? text
                                                 : "as long as the endpoint does: give a rate to spread them");
}

static void add_drain(struct ht_dialog *d, const struct ht_endpoint *e)
{
    static const char *const back[] = {"release them", "keep them held", "cancel them"};
    d->count = e->held;
    d->changed = show_drain;
    ht_dialog_choice(d, HELD, back, 3, 0);
    ht_dialog_number(d, RATE, "0");
    ht_dialog_info(d, TOOK, "");
    show_drain(d);
}

static void ask_state(struct ht_app *app, const struct ht_endpoint *e, enum ht_action_id action,
                      enum ht_endpoint_status to)
{
    static const char *const off[] = {"keep them, to be released later", "cancel them"};
    bool on = to == HT_ENDPOINT_ACTIVE;
    const char *verb = on ? action == HT_ACT_PAUSE ? "Resume" : "Enable" : action == HT_ACT_PAUSE ? "Pause" : "Disable";
    char title[160];
    snprintf(title, sizeof title, on && e->held == 0 ? "%s %s?" : "%s endpoint", verb, ht_endpoint_name(e));
    struct ht_dialog *d = ht_act_ask(app, on && e->held == 0 ? 1 : 2, action, &e->id, ht_endpoint_name(e), verb, title);
    d->done = state_answered;
    d->wanted = (int)to;
    d->was = (int)e->status;
    ht_act_endpoint_info(d, e);
    add_waiting(d, e, "");
    if (on && e->held > 0)
        add_drain(d, e);
    else if (!on) {
        ht_dialog_note(d, "Nothing is sent to it until it is %s again; its deliveries are held.",
                       action == HT_ACT_PAUSE ? "resumed" : "enabled");
        ht_dialog_choice(d, HELD, off, 2, 0);
    }
    ht_act_finish(app, d, true);
}

static void toggle(struct ht_app *app, const struct ht_endpoint *e, enum ht_action_id action)
{
    enum ht_endpoint_status off = action == HT_ACT_PAUSE ? HT_ENDPOINT_PAUSED : HT_ENDPOINT_DISABLED;
    if (e->status == HT_ENDPOINT_REMOVED)
        ht_app_flash(app, HT_FLASH_ERROR, "%s is removed; it is only kept for the log", ht_endpoint_name(e));
    else if (e->status == HT_ENDPOINT_DISABLED && action == HT_ACT_PAUSE)
        ht_app_flash(app, HT_FLASH_ERROR, "%s is disabled; D enables it", ht_endpoint_name(e));
    else if (e->status == HT_ENDPOINT_UNVERIFIED && action == HT_ACT_PAUSE)
        ht_app_flash(app, HT_FLASH_ERROR, "%s is unverified and receives nothing yet; T sends its test event",
                     ht_endpoint_name(e));
    else
        ask_state(app, e, action, e->status == off ? HT_ENDPOINT_ACTIVE : off);
}

static void ask_remove(struct ht_app *app, const struct ht_endpoint *e)
{
    if (e->status == HT_ENDPOINT_REMOVED) {
        ht_app_flash(app, HT_FLASH_ERROR, "%s is removed already; it is only kept for the log", ht_endpoint_name(e));
        return;
    }
    struct ht_dialog *d =
        ht_act_ask(app, 3, HT_ACT_REMOVE, &e->id, ht_endpoint_name(e), "Remove", "Remove endpoint for good");
    d->done = state_answered;
    d->wanted = HT_ENDPOINT_REMOVED;
    ht_act_endpoint_info(d, e);
    add_waiting(d, e, ": cancelled");
    ht_dialog_note(d, "It cannot be brought back; its log stays.");
    ht_act_finish(app, d, true);
}

static void subscription_answered(struct ht_app *app, struct ht_dialog *d, bool yes)
{
    if (!yes)
        return;
    struct ht_request *r = ht_act_request(d, HT_REQ_SUBSCRIBE);
    r->text = ht_strdup(d->subject);
    struct ht_write *w = ht_app_write(app, app->o->loader, r, "unsubscribe from", d->subject);
    if (w)
        w->undo = ht_undo_subscription(&d->id, true);
}

static void ask_unsubscribe(struct ht_app *app, const struct ht_endpoint *e, const struct ht_subscription *s)
{
    struct ht_dialog *d = ht_act_ask(app, 2, HT_ACT_REMOVE, &e->id, s->pattern, "Remove", "Remove a subscription");
    d->done = subscription_answered;
    ht_act_endpoint_info(d, e);
    ht_dialog_info(d, "Events", s->pattern);
    ht_dialog_note(d, "What it matches is no longer delivered there. What waits already still is.");
    ht_act_finish(app, d, false);
}

bool ht_act_on_subject(struct ht_app *app, enum ht_action_id action)
{
    struct ht_screen *s = ht_app_top(app);
    struct ht_subject it = {0};
    if (s->marks.n && (action == HT_ACT_REDELIVER || action == HT_ACT_CANCEL)) {
        ht_act_marked(app, &s->marks, action); /* also where the filter leaves no row */
        return true;
    }
    if (!s->class->subject || !s->class->subject(s, &it))
        return false;
    const struct ht_endpoint *e = it.endpoint;
    if (it.delivery && (action == HT_ACT_REDELIVER || action == HT_ACT_CANCEL))
        ask_delivery(app, it.delivery, action);
    else if (it.delivery && action == HT_ACT_EVIDENCE)
        write_evidence(app, &it);
    else if (e && action == HT_ACT_PING)
        ask_ping(app, e);
    else if (e && action == HT_ACT_EDIT)
        ht_form_open(app, e);
    else if (e && it.subscription && action == HT_ACT_REMOVE)
        ask_unsubscribe(app, e, it.subscription);
    else if (e && !it.secret && action == HT_ACT_REMOVE)
        ask_remove(app, e);
    else if (e && ht_act_on_key(app, &it, action))
        return true;
    else if (e && (action == HT_ACT_PAUSE || action == HT_ACT_DISABLE))
        toggle(app, e, action);
    else if (e && action == HT_ACT_LOG)
        ht_log_of_endpoint(app, e);
    else if (e && action == HT_ACT_SNOOZE)
        ht_act_ask_snooze(app, e);
    else if (action == HT_ACT_EVENT && !ht_uuid_is_nil(&it.event))
        (void)ht_app_open(app, HT_SCREEN_EVENT, &it.event);
    else
        return (it.group && ht_act_on_failures(app, action, it.group)) || ht_act_on_replay(app, action, &it);
    return true;
}

/* Outcomes --------------------------------------------------------------------------------------------------------- */
void ht_act_add_answer(struct ht_doc *d, const struct ht_ping_result *p)
{
    ht_doc_heading(d, "Request");
    ht_doc_headers(d, p->request_headers);
    ht_doc_end(d);
    if (p->request_body)
        ht_doc_json(d, p->request_body, strlen(p->request_body));
    ht_doc_heading(d, "Response");
    ht_doc_headers(d, p->response_headers);
    ht_doc_end(d);
    if (p->response_body_len)
        ht_doc_json(d, p->response_body, p->response_body_len);
    else
        ht_doc_adds(d, HT_STYLE_DIM, "(no body)\n");
}

static void show_ping(struct ht_app *app, const struct ht_ping_result *p, const char *subject)
{
    struct ht_doc *d = ht_result_open(app, "Ping");
    char code[16];
    if (!d)
        return;
    ht_doc_addf(d, p->success ? HT_STYLE_OK : HT_STYLE_FAILED, "%s",
                p->success ? "The ping was answered as it should be." : "The ping failed.");
    ht_doc_end(d);
    if (p->verified_now)
        ht_doc_adds(d, HT_STYLE_OK, "The endpoint is active now; what was held is released.\n");
    snprintf(code, sizeof code, "%d", (int)p->status);
    ht_doc_end(d);
    ht_doc_field(d, "Endpoint", HT_STYLE_ROW, subject);
    ht_doc_field(d, "Status", HT_STYLE_ROW, p->status ? code : NULL);
    if (p->error != HT_ATTEMPT_NONE) {
        ht_doc_field(d, "Error", HT_STYLE_FAILED, ht_attempt_words[p->error].name);
        ht_doc_field(d, "Meaning", HT_STYLE_ROW,
                     p->error_detail ? p->error_detail : ht_attempt_words[p->error].meaning);
    }
    ht_doc_field(d, "Signed", HT_STYLE_ROW, p->signed_ping ? "yes" : "no: this profile's test event is not signed");
    ht_doc_field(d, "Address", HT_STYLE_ROW, p->address);
    ht_doc_phases(d, &p->phases, &app->canvas);
    ht_act_add_answer(d, p);
}

void ht_act_outcome(struct ht_app *app, struct ht_reply *reply, const struct ht_write *w)
{
    if (reply->kind == HT_REP_REPLAY_PREVIEW) {
        ht_act_previewed(app, reply, w->subject);
        return;
    }
    if (reply->kind == HT_REP_CANCEL_PREVIEW) {
        ht_act_cancel_previewed(app, reply, w->subject);
        return;
    }
    if (reply->kind == HT_REP_SIGNING) {
        ht_act_ask_rotate(app, &reply->signing);
        return;
    }
    if (reply->request == HT_REQ_DRAFT)
        ht_form_stored(app, reply->ticket);
    bool bad = (reply->kind == HT_REP_PING && !reply->ping.success) ||
               (reply->kind == HT_REP_PROBE && reply->probed.probe.verdict == HT_PROBE_REFUSED);
    const char *text = reply->kind == HT_REP_PING    ? bad ? "failed" : "answered as it should be"
                       : reply->kind == HT_REP_PROBE ? ht_probe_words[reply->probed.probe.verdict].name
                                                     : reply->text;
    ht_app_flash(app, bad ? HT_FLASH_ERROR : HT_FLASH_INFO, "%s %s: %s%s", w->verb, w->subject, text ? text : "done",
                 ht_undo_offer(app, w, reply));
    if (reply->request == HT_REQ_REPLAY_START && ht_uuid_is_nil(&reply->id))
        ht_app_switch(app, HT_SCREEN_REPLAYS);
    else if (reply->request == HT_REQ_REPLAY_START)
        (void)ht_app_open(app, HT_SCREEN_REPLAY, &reply->id);
    else if (reply->kind == HT_REP_PING)
        show_ping(app, &reply->ping, w->subject);
    else if (reply->kind == HT_REP_ROTATED && reply->rotated.secret)
        ht_reveal_open(app, reply, w->subject);
    else if (reply->kind == HT_REP_ROTATED)
        ht_act_show_key(app, &reply->rotated, w->subject);
    else if (reply->kind == HT_REP_PROBE)
        ht_probed_open(app, &reply->probed);
    else if (reply->request == HT_REQ_REVOKE || reply->request == HT_REQ_PROMOTE)
        ht_probed_ended(app, &reply->id);
}
