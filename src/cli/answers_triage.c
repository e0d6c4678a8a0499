#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"
#include "hooktop/ops/replay.h"
#include "hooktop/store/replay.h"

#include "answers_triage.h"

#define WINDOW_US    (INT64_C(86400) * 1000000) /* of failures, when the filter names no time */
#define GROUPS_MAX   500
#define PAGE_DEFAULT 200

static enum ht_rc parse(enum ht_filter_list list, const char *text, int64_t now, struct ht_filter *ret,
                        struct ht_err *err)
{
    size_t column = 0;
    return ht_filter_parse(list, text, now, ret, &column, err);
}

/* From when on the filter looks; 0: it does not say. */
static int64_t begins(const struct ht_filter *f)
{
    int64_t from = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct ht_filter_term *t = &f->terms[i];
        bool bound = t->field != NULL && !t->negated &&
                     (strcmp(t->field->name, "after") == 0 || strcmp(t->field->name, "on") == 0);
        if (bound && t->ranges[0].lo > from)
            from = t->ranges[0].lo;
    }
    return from;
}

/* The list's filter; where it names no time, of the last 24 hours. *ret_from: from when on it looks. */
static enum ht_rc parse_failures(const struct ht_request *q, int64_t now, struct ht_filter *ret, int64_t *ret_from,
                                 struct ht_err *err)
{
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, 8192);
    ht_buf_adds(&text, q->text != NULL ? q->text : "");
    enum ht_rc rc = parse(HT_FILTER_FAILURES, text.data != NULL ? text.data : "", now, ret, err);
    *ret_from = rc == HT_OK ? begins(ret) : 0;
    if (rc == HT_OK && *ret_from == 0) {
        ht_buf_adds(&text, " after:-24h");
        ht_filter_fini(ret);
        rc = parse(HT_FILTER_FAILURES, text.data, now, ret, err);
        *ret_from = now - WINDOW_US;
    }
    return rc;
}

enum ht_rc ht_answer_failures(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    int64_t from = 0;
    enum ht_rc rc = parse_failures(q, r->db_now, &f, &from, err);
    r->failures.window_us = r->db_now - from;
    r->failures.by = (enum ht_failure_by)q->state;
    return rc == HT_OK
               ? ht_store_failure_groups(p->conn, p->tenant, &f, r->failures.window_us, (enum ht_failure_by)q->state,
                                         q->limit > 0   ? q->limit
                                         : q->limit < 0 ? 0
                                                        : GROUPS_MAX,
                                         &r->failures.list, err)
               : rc;
}

enum ht_rc ht_answer_events(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    enum ht_rc rc = parse(HT_FILTER_EVENTS, q->text != NULL ? q->text : "", r->db_now, &f, err);
    const struct ht_uuid *last = ht_uuid_is_nil(&q->before) ? NULL : &q->before;
    return rc == HT_OK
               ? ht_store_events(p->conn, p->tenant, &f, last, q->limit > 0 ? q->limit : PAGE_DEFAULT, &r->events, err)
               : rc;
}

enum ht_rc ht_answer_event(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&q->id, id);
    enum ht_rc rc = ht_store_event_find(p->conn, id, &r->event.event, err);
    return rc == HT_OK ? ht_store_why(p->conn, &r->event.event, NULL, &r->event.whys, err) : rc;
}

enum ht_rc ht_answer_replays(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    const struct ht_uuid *before = ht_uuid_is_nil(&q->before) ? NULL : &q->before;
    return ht_store_replays(p->conn, p->tenant, before, q->limit > 0 ? q->limit : PAGE_DEFAULT, &r->replays, err);
}

static enum ht_rc find_replay(struct ht_part *p, const struct ht_uuid *id, struct ht_replay *ret, struct ht_err *err)
{
    char text[HT_UUID_TEXT];
    ht_uuid_format(id, text);
    return ht_store_replay_find(p->conn, text, ret, err);
}

enum ht_rc ht_answer_replay(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    enum ht_rc rc = find_replay(p, &q->id, &r->replay.replay, err);
    return rc == HT_OK ? ht_store_replay_tally(p->conn, &r->replay.replay, &r->replay.tally, err) : rc;
}

enum ht_rc ht_answer_replay_change(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                   struct ht_err *err)
{
    HT_CLEANUP(ht_replay_fini) struct ht_replay replay = {0};
    char text[96];
    enum ht_rc rc = find_replay(p, &q->id, &replay, err);
    if (rc == HT_OK)
        rc = ht_store_replay_change(p->conn, &replay, (enum ht_replay_state)q->state, q->rate_per_s, q->reason, err);
    snprintf(text, sizeof text, "%s; %" PRId64 " of %" PRId64 " queued", ht_replay_words[q->state].name, replay.queued,
             replay.total);
    r->id = q->id;
    r->text = ht_strdup(text);
    return rc;
}

enum ht_rc ht_answer_snooze(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    char id[HT_UUID_TEXT], span[16], text[64];
    ht_uuid_format(&q->id, id);
    ht_duration_format(q->overlap_ms, span, sizeof span);
    snprintf(text, sizeof text, "failures do not disable it for %s", span);
    enum ht_rc rc = ht_store_endpoint_find(p->conn, id, &e, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_snooze(p->conn, &e, q->overlap_ms, q->state != 0, q->reason, err);
    r->id = q->id;
    r->was_until = e.snoozed_until;
    r->was_always = e.never_disable;
    r->text = ht_strdup(q->state != 0        ? "failures never disable it now"
                        : q->overlap_ms != 0 ? text
                                             : "failures may disable it again");
    return rc;
}

/* Short, because how to take it back follows. */
static void say_marked(struct ht_reply *r, const struct ht_marked *m, const char *one, const char *several)
{
    char text[64];
    r->id = m->change;
    snprintf(text, sizeof text, "%" PRId64 " groups%s", m->groups, several);
    r->text = ht_strdup(m->groups == 1 ? one : text);
}

enum ht_rc ht_answer_mark(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_filter_fini) struct ht_filter f = {0};
    const struct ht_failures_said said = {&f, &q->replay, q->reason};
    struct ht_marked marked = {0};
    int64_t from;
    enum ht_rc rc = parse_failures(q, r->db_now, &f, &from, err);
    if (rc == HT_OK && q->kind == HT_REQ_MUTE)
        rc = ht_store_failure_mute(p->conn, &said, q->overlap_ms, &marked, err);
    else if (rc == HT_OK)
        rc = ht_store_failure_acknowledge(p->conn, &said, q->state != 0, &marked, err);
    say_marked(r, &marked, "done", "");
    return rc;
}

enum ht_rc ht_answer_unmark(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    struct ht_marked marked = {.change = q->id};
    enum ht_rc rc = ht_store_failure_restore(p->conn, &q->tenant, &q->id, q->reason, &marked.groups, err);
    say_marked(r, &marked, "as it was", " as they were");
    return rc;
}

/* What the request names: a group, or deliveries one by one. */
static struct ht_replay_what what_of(const struct ht_request *q)
{
    struct ht_replay_what what = q->replay;
    what.chosen = q->ids;
    what.n_chosen = q->n_ids;
    return what;
}

static void add_counts(struct ht_replay_preview *sum, const struct ht_replay_preview *one)
{
    sum->total += one->total;
    sum->unverified += one->unverified;
    sum->paused += one->paused;
    sum->disabled += one->disabled;
    sum->removed += one->removed;
    sum->purged += one->purged;
    sum->replaced += one->replaced;
    sum->arrived += one->arrived;
}

/* No delivery is in two of them, so their sums are exact. */
static enum ht_rc preview_groups(struct ht_part *p, const struct ht_ops *ops, const struct ht_request *q,
                                 struct ht_reply *r, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    r->preview.groups = ht_alloc(q->n_groups, sizeof *q->groups);
    for (size_t i = 0; rc == HT_OK && i < q->n_groups && !atomic_load(&p->stopping); i++) {
        struct ht_replay_what *g = &r->preview.groups[r->preview.n_groups];
        struct ht_replay_preview one = {0};
        *g = q->groups[i];
        if (g->until == 0)
            g->until = r->preview.what.until;
        rc = ht_ops_replay_preview(ops, g, &one, err);
        add_counts(&r->preview.counts, &one);
        r->preview.n_groups += ht_replay_sent(&one) > 0;
        if (ht_replay_sent(&one) > r->preview.largest)
            r->preview.largest = ht_replay_sent(&one);
    }
    return rc;
}

enum ht_rc ht_errand_replay_preview(struct ht_part *p, const struct ht_request *q, struct ht_reply *r,
                                    struct ht_err *err)
{
    const struct ht_ops ops = ht_part_ops(p, q);
    r->preview.what = q->replay;
    enum ht_rc rc = q->replay.until == 0 ? ht_conn_now(p->conn, &r->preview.what.until, err) : HT_OK;
    if (rc == HT_OK && q->n_groups > 0)
        return preview_groups(p, &ops, q, r, err);
    const struct ht_replay_what what = what_of(q);
    if (rc == HT_OK)
        rc = ht_ops_replay_preview(&ops, &what, &r->preview.counts, err);
    if (q->n_ids > 0) {
        r->preview.ids = ht_alloc(q->n_ids, sizeof *q->ids);
        memcpy(r->preview.ids, q->ids, q->n_ids * sizeof *q->ids);
        r->preview.n_ids = q->n_ids;
    }
    return rc;
}

/* One after the other: what cannot be started does not end the others, and is told. */
static enum ht_rc start_groups(struct ht_part *p, const struct ht_ops *ops, const struct ht_request *q,
                               struct ht_reply *r, struct ht_err *err)
{
    struct ht_err first = {0};
    struct ht_replay_made made = {0};
    char text[sizeof first.why + 96];
    size_t done = 0;
    for (size_t i = 0; i < q->n_groups && !atomic_load(&p->stopping); i++) {
        struct ht_err why = {0};
        enum ht_rc rc = ht_ops_replay_start(ops, &q->groups[i], q->rate_per_s, &made, &why);
        done += rc == HT_OK;
        if (rc != HT_OK && first.rc == HT_OK)
            first = why;
        if (rc == HT_NO_DB || rc == HT_DENIED)
            break;
    }
    if (done == 0 && first.rc != HT_OK) {
        *err = first;
        return first.rc;
    }
    r->id = done == 1 ? made.id : (struct ht_uuid){{0}};
    if (done == q->n_groups)
        snprintf(text, sizeof text, "%zu %s, one for each group, at %g per second each", done,
                 ht_plural((int64_t)done, "replay", "replays"), q->rate_per_s);
    else
        snprintf(text, sizeof text, "%zu of %zu replays started; the first that was not: %s", done, q->n_groups,
                 first.why);
    r->text = ht_strdup(text);
    return HT_OK;
}

enum ht_rc ht_errand_replay_start(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    const struct ht_ops ops = ht_part_ops(p, q);
    if (q->n_groups > 0)
        return start_groups(p, &ops, q, r, err);
    HT_CLEANUP(ht_replay_fini) struct ht_replay replay = {0};
    const struct ht_replay_what what = what_of(q);
    struct ht_replay_made made = {0};
    char text[96];
    enum ht_rc rc = ht_ops_replay_start(&ops, &what, q->rate_per_s, &made, err);
    r->id = made.replays == 1 ? made.id : (struct ht_uuid){{0}};
    if (rc == HT_OK && made.replays == 1)
        rc = find_replay(p, &r->id, &replay, err);
    if (made.replays > 1)
        snprintf(text, sizeof text, "%" PRId64 " replays, one for each tenant, at %g per second each", made.replays,
                 q->rate_per_s);
    else
        snprintf(text, sizeof text, "%" PRId64 " %s at %g per second", replay.total,
                 ht_plural(replay.total, "delivery", "deliveries"), replay.rate_per_s);
    r->text = ht_strdup(text);
    return rc;
}
