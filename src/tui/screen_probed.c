#include <stdio.h>

#include "act_parts.h"

/* What a probe found, and the one key that follows from it: X ends the old secret, O lets the waiting one sign. */

struct state {
    struct ht_doc doc;
    struct ht_probed probed;
    bool ended; /* one was ended, or the new one promoted, from here */
};

static bool accepted(const struct state *st)
{
    return st->probed.probe.verdict == HT_PROBE_ACCEPTED;
}

/* The generation that is next to go or to sign: the one that waits, else the oldest that still signs beside. */
static const struct ht_secret_meta *next_one(const struct state *st)
{
    const struct ht_secret_metas *l = &st->probed.signing.live;
    const struct ht_secret_meta *found = NULL;
    for (size_t i = 0; accepted(st) && i < l->n; i++) {
        bool staged = st->probed.probe.staged;
        if (l->rows[i].state == (staged ? HT_SECRET_NEXT : HT_SECRET_RETIRING))
            found = &l->rows[i];
    }
    return found;
}

static void add_next_step(const struct state *st, struct ht_doc *d)
{
    const struct ht_secret_meta *m = next_one(st);
    if (m && st->probed.probe.staged)
        ht_doc_addf(d, HT_STYLE_ROW, "O lets generation %d sign now; the old one then ends.\n", (int)m->generation);
    else if (m)
        ht_doc_addf(d, HT_STYLE_ROW, "The old one can go: X ends generation %d now.\n", (int)m->generation);
    else
        ht_doc_adds(d, HT_STYLE_ROW,
                    st->ended ? "Nothing but the new one signs now.\n" : "No other generation is live.\n");
}

static void write_doc(struct state *st)
{
    static const enum ht_style styles[HT_PROBE_VERDICT_COUNT] = {
        [HT_PROBE_REFUSED] = HT_STYLE_FAILED,
        [HT_PROBE_ACCEPTED] = HT_STYLE_OK,
        [HT_PROBE_UNCHECKED] = HT_STYLE_RETRY,
    };
    const struct ht_probe *p = &st->probed.probe;
    struct ht_doc *d = &st->doc;
    char text[64];
    ht_doc_clear(d);
    ht_doc_addf(d, styles[p->verdict], "%s: %s\n", ht_probe_words[p->verdict].name, ht_probe_words[p->verdict].meaning);
    if (accepted(st))
        add_next_step(st, d);
    ht_doc_end(d);
    ht_doc_field(d, "Endpoint", HT_STYLE_ROW, ht_endpoint_name(&st->probed.signing.endpoint));
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

void ht_probed_open(struct ht_app *app, struct ht_probed *p)
{
    struct ht_screen *s = ht_app_open(app, HT_SCREEN_PROBED, NULL);
    if (!s)
        return;
    struct state *st = s->state;
    st->probed = *p;
    *p = (struct ht_probed){0};
    write_doc(st);
}

/* What was promoted signs alone; what was ended is gone. */
static void forget(struct state *st, const struct ht_uuid *secret)
{
    struct ht_secret_metas *l = &st->probed.signing.live;
    for (size_t i = 0; i < l->n; i++) {
        if (ht_uuid_cmp(&l->rows[i].id, secret) != 0)
            continue;
        l->rows[i].state = st->probed.probe.staged ? HT_SECRET_ACTIVE : HT_SECRET_EXPIRED;
        st->probed.probe.staged = false;
        st->ended = true;
        write_doc(st);
    }
}

void ht_probed_ended(struct ht_app *app, const struct ht_uuid *secret)
{
    for (size_t i = 0; i < app->depth; i++)
        if (app->stack[i]->screen_id == HT_SCREEN_PROBED)
            forget(app->stack[i]->state, secret);
}

static void open_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_init(&st->doc);
    s->doc = &st->doc;
}

static void close_screen(struct ht_app *app, struct ht_screen *s)
{
    struct state *st = s->state;
    (void)app;
    ht_doc_fini(&st->doc);
    ht_probed_fini(&st->probed);
}

static unsigned has_now(const struct ht_screen *s)
{
    const struct state *st = s->state;
    unsigned not_here = HT_HAS_SECRET | HT_HAS_OLD;
    if (next_one(st))
        not_here = st->probed.probe.staged ? HT_HAS_OLD : HT_HAS_SECRET;
    return s->class->has & ~not_here;
}

static bool subject(struct ht_screen *s, struct ht_subject *ret)
{
    const struct state *st = s->state;
    ret->endpoint = &st->probed.signing.endpoint;
    ret->id = ret->endpoint->id;
    ret->secret = next_one(st);
    return true;
}

const struct ht_screen_class ht_screen_probed = {
    .name = "probed",
    .title = "Probe",
    .has = HT_HAS_COMMAND | HT_HAS_ROWS | HT_HAS_TEXT | HT_HAS_SECRET | HT_HAS_OLD,
    .state_size = sizeof(struct state),
    .has_now = has_now,
    .open = open_screen,
    .close = close_screen,
    .draw = ht_doc_screen_draw,
    .act = ht_doc_screen_act,
    .subject = subject,
    .status = ht_doc_screen_status,
};
