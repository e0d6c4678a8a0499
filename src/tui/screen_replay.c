#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "replay_parts.h"

/* One bulk redelivery: how far it got, by its tally, and what became of it. */

#define TALLY_OF_ONE 20 /* us between two tallies, for each delivery they read */
#define BAR          40

enum ht_style ht_replay_style(const struct ht_replay *r)
{
    switch (r->state) {
    case HT_REPLAY_RUNNING:
    case HT_REPLAY_SENDING:
        return HT_STYLE_BUSY;
    case HT_REPLAY_PAUSED:
        return HT_STYLE_HELD;
    case HT_REPLAY_FINISHED:
        return HT_STYLE_OK;
    default:
        return HT_STYLE_DIM;
    }
}

bool ht_replay_goes_on(const struct ht_replay *r)
{
    return r->state == HT_REPLAY_RUNNING || r->state == HT_REPLAY_SENDING;
}

/* "[########====------]" */
void ht_replay_bar(int64_t done, int64_t away, int64_t total, int width, char *ret, size_t size)
{
    int full = total > 0 ? (int)(done * width / total) : 0;
    int seen = total > 0 ? (int)((done + away) * width / total) : 0;
    size_t n = 0;
    for (int i = 0; i < width && n + 3 < size; i++)
        ret[1 + n++] = i < full ? HT_REPLAY_BAR_DONE : i < seen ? HT_REPLAY_BAR_AWAY : HT_REPLAY_BAR_TODO;
    ret[0] = '[';
    ret[n + 1] = ']';
    ret[n + 2] = '\0';
}

static const char *why_past(const struct ht_replay *r)
{
    switch (r->state) {
    case HT_REPLAY_SENDING:
        return "all of the replay is queued already";
    case HT_REPLAY_CANCELLED:
        return "the replay was cancelled already";
    case HT_REPLAY_FINISHED:
        return "the replay has finished already";
    default:
        return NULL;
    }
}

const char *ht_replay_why_not(struct ht_screen *s, enum ht_action_id action)
{
    struct ht_subject it = {0};
    if (action != HT_ACT_REPLAY_PAUSE && action != HT_ACT_REPLAY_CANCEL)
        return NULL;
    if (!s->class->subject(s, &it))
        return s->data_at ? "nothing is under the cursor" : "still being fetched";
    return why_past(it.replay);
}

struct one {
    struct ht_doc doc;
    struct ht_replay_detail d;
};

static void one_open(struct ht_app *app, struct ht_screen *s)
{
    struct one *o = s->state;
    (void)app;
    ht_doc_init(&o->doc);
    s->doc = &o->doc;
}

static void one_close(struct ht_app *app, struct ht_screen *s)
{
    struct one *o = s->state;
    (void)app;
    ht_doc_fini(&o->doc);
    ht_replay_detail_fini(&o->d);
}

static void one_fetch(struct ht_app *app, struct ht_screen *s)
{
    struct ht_request *r = ht_request_new(HT_REQ_REPLAY, 0);
    r->id = s->id;
    (void)ht_app_ask(app, s, r);
}

static void add_times(struct ht_doc *d, const struct ht_replay *r)
{
    char from[HT_AGE_TEXT], to[HT_AGE_TEXT], both[64];
    ht_time_full(r->since, from);
    ht_time_full(r->until, to);
    snprintf(both, sizeof both, "%s to %s UTC", from, to);
    ht_doc_field(d, "Created", HT_STYLE_ROW, both);
    ht_time_full(r->created_at, from);
    ht_doc_field(d, "Started", HT_STYLE_ROW, from);
    ht_time_full(r->ended_at, to);
    ht_doc_field(d, "Ended", HT_STYLE_ROW, r->ended_at ? to : NULL);
    ht_doc_field(d, "By", HT_STYLE_ROW, r->created_by);
    ht_doc_field(d, "Reason", HT_STYLE_ROW, r->reason);
}

static void add_number(struct ht_doc *d, const char *label, int64_t n, const char *more)
{
    char text[128];
    snprintf(text, sizeof text, "%" PRId64 "%s", n, more);
    ht_doc_field(d, label, HT_STYLE_ROW, text);
}

/* How far it got: by the tally, which tells what was sent from what is only queued. */
static void add_progress(struct ht_doc *d, const struct ht_replay *r, const struct ht_replay_progress *p, bool plain)
{
    char text[96], span[24];
    ht_doc_addf(d, ht_replay_style(r), "  %s", ht_replay_words[r->state].name);
    if (r->state == HT_REPLAY_SENDING)
        ht_doc_addf(d, HT_STYLE_ROW, "  all queued, %" PRId64 " still on their way\n\n", p->on_its_way);
    else
        ht_doc_addf(d, HT_STYLE_DIM, "  %s\n\n", ht_replay_words[r->state].meaning);
    int64_t done = p->sent + p->unsent + p->left_out;
    if (!plain) {
        ht_replay_bar(done, p->on_its_way, r->total, BAR, text, sizeof text);
        ht_doc_addf(d, HT_STYLE_SPARK, "  %s\n", text);
        ht_doc_addf(d, HT_STYLE_DIM, "  %c sent, held or left out  %c on its way  %c not queued\n\n",
                    HT_REPLAY_BAR_DONE, HT_REPLAY_BAR_AWAY, HT_REPLAY_BAR_TODO);
    }
    snprintf(text, sizeof text, " of %" PRId64 ", tried at least once", r->total);
    add_number(d, "Sent", p->sent, text);
    add_number(d, "On their way", p->on_its_way, ", queued and not tried yet");
    if (p->unsent > 0)
        add_number(d, "Not sent", p->unsent, ", queued, but held, cancelled or kept no longer");
    add_number(d, "Left out", p->left_out, "");
    ht_duration_format(r->seconds_left * 1000, span, sizeof span);
    snprintf(text, sizeof text, "; the last is due in about %s, at %g per second", span, r->rate_per_s);
    add_number(d, "Not queued", p->not_queued, r->seconds_left > 0 ? text : "");
}

static void make_one(const struct ht_app *app, struct one *o)
{
    struct ht_doc *d = &o->doc;
    const struct ht_replay *r = &o->d.replay;
    const struct ht_replay_progress p = ht_replay_progress(&o->d.tally);
    ht_doc_clear(d);
    add_progress(d, r, &p, app->canvas.plain);
    ht_doc_heading(d, "What became of them");
    for (size_t i = 0; i < o->d.tally.n; i++)
        ht_doc_addf(d, HT_STYLE_ROW, "  %10" PRId64 "  %s\n", o->d.tally.rows[i].n, o->d.tally.rows[i].outcome);
    ht_doc_heading(d, "What was asked for");
    ht_doc_field(d, "What", HT_STYLE_ROW, r->what);
    ht_doc_url(d, "Endpoint", r->endpoint_url ? r->endpoint_url : "any");
    ht_doc_field(d, "Tenant", HT_STYLE_ROW, r->tenant_name);
    add_times(d, r);
}

static void one_reply(struct ht_app *app, struct ht_screen *s, struct ht_reply *r)
{
    struct one *o = s->state;
    if (r->kind != HT_REP_REPLAY)
        return;
    ht_replay_detail_fini(&o->d);
    o->d = r->replay;
    r->replay = (struct ht_replay_detail){0};
    ht_short_id(&o->d.replay.id, s->crumb);
    make_one(app, o);
    if (ht_replay_goes_on(&o->d.replay) || ht_replay_progress(&o->d.tally).on_its_way > 0) {
        int64_t us = o->d.replay.total * TALLY_OF_ONE;
        ht_screen_refresh(app, s, us > HT_REPLAY_REFRESH_US ? us : HT_REPLAY_REFRESH_US);
    }
}

static void one_draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r)
{
    struct ht_rect in = {r.row + 1, r.col + 1, r.rows - 1, r.cols - 2};
    if (s->data_at == 0)
        ht_draw_str(c, in.row, in.col, in.cols, HT_STYLE_DIM,
                    s->failed.rc ? "could not be fetched; r tries again" : "fetching ...");
    else
        ht_doc_draw(s->doc, c, in);
    if (ht_app_stale(app, s))
        ht_draw_overlay(c, in, HT_STYLE_STALE);
}

static bool one_subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct one *o = s->state;
    if (s->data_at == 0)
        return false;
    ret->replay = &o->d.replay;
    ret->id = o->d.replay.id;
    return true;
}

const struct ht_screen_class ht_screen_replay = {
    .name = "replay",
    .title = "Replay",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TEXT | HT_HAS_REPLAY | HT_HAS_RELOAD,
    .state_size = sizeof(struct one),
    .why_not = ht_replay_why_not,
    .open = one_open,
    .close = one_close,
    .draw = one_draw,
    .act = ht_doc_screen_act,
    .fetch = one_fetch,
    .reply = one_reply,
    .subject = one_subject,
    .status = ht_doc_screen_status,
};
