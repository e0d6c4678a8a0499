/* Marked rows: what is done with all of them, what is told of those out of sight. */
#include <stdlib.h>

#include "console_rig.h"
#include "ht_test.h"

static void yes(struct ht_rig *r)
{
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
}

static void marked_rows_are_acted_on_together(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2g");
    ht_rig_keys(r, "  j ");
    SHOWS(r, "3 marked - R redelivers");
    char *row = ht_rig_row(r, 4);
    assert_int_equal(row[1], '*');
    free(row);
    struct ht_screen *log = ht_app_top(&r->app);
    ht_rig_keys(r, "R"); /* counted first, then at a rate, as a group is */
    assert_int_equal(r->last->kind, HT_REQ_REPLAY_PREVIEW);
    assert_int_equal(r->last->n_ids, 3);
    SHOWS(r, "Redeliver 3 marked");
    SHOWS(r, "2 of them had arrived, and are sent once more.");
    SHOWS(r, "about 1s at 10 per second");
    assert_int_equal(log->marks.n, 3);
    yes(r);
    assert_non_null(r->last);
    assert_int_equal(r->last->kind, HT_REQ_REPLAY_START);
    assert_int_equal(r->last->n_ids, 3);
    assert_int_not_equal(ht_uuid_cmp(&r->last->ids[0], &r->last->ids[1]), 0);
    SHOWS(r, "300 of 871, tried at least once"); /* its progress */
    assert_int_equal(log->marks.n, 0);           /* done once */
}

/* One question for all of them, with their sums; each is what its row stands for, also when the list no longer shows
 * it. */
static void marked_groups_are_redelivered_by_one_question(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3 j ");
    SHOWS(r, "2 marked - R redelivers");
    HIDES(r, "C cancels");
    struct ht_screen *failures = ht_app_top(&r->app);
    ht_rig_keys(r, "/nothing\nR");
    assert_int_equal(r->last->kind, HT_REQ_REPLAY_PREVIEW);
    assert_int_equal(r->last->n_groups, 2);
    assert_string_equal(r->last->groups[0].error, "gone");
    assert_string_equal(r->last->groups[0].status, "exhausted");
    assert_string_equal(r->last->groups[1].error, "tls");
    assert_int_equal(r->last->groups[1].since, HT_DATA_NOW - 86400LL * 1000000);
    assert_int_not_equal(ht_uuid_cmp(&r->last->groups[0].endpoint_id, &r->last->groups[1].endpoint_id), 0);
    SHOWS(r, "Redeliver all: 2 marked groups");
    SHOWS(r, "Deliveries  3000");
    SHOWS(r, "7 to a paused endpoint");
    SHOWS(r, "Each group gets a replay of its own, at this rate");
    SHOWS(r, "about 3m at 10 per second"); /* as long as the larger one */
    SHOWS(r, "Type the name");             /* so many: their count */
    assert_int_equal(failures->marks.n, 2);
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "\t\t\t\t3000\t\t\n");
    assert_int_equal(r->last->kind, HT_REQ_REPLAY_START);
    assert_int_equal(r->last->n_groups, 2);
    assert_int_equal(r->last->n_ids, 0);
    assert_int_equal(failures->marks.n, 0); /* done once */
}

/* Groups by another measure overlap with those marked before; so many at once would read for too long. */
static void marked_groups_are_of_one_kind_and_not_too_many(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3* ");
    assert_int_equal(ht_app_top(&r->app)->marks.n, 13);
    ht_rig_keys(r, "b");
    assert_int_equal(ht_app_top(&r->app)->marks.n, 0);
    SHOWS(r, "grouped in another way: 13 unmarked");
    ht_rig_keys(r, "*R");
    assert_int_equal(r->last->n_groups, 14);
    assert_string_equal(r->last->groups[0].error, ""); /* by endpoint: all that fails there */
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "uR"); /* without marks the row under the cursor */
    assert_int_equal(r->last->n_groups, 0);
    ht_rig_key(r, HT_KEY_ESC);
    r->silent = true;
    ht_rig_keys(r, "*R"); /* who is on another screen when they are counted is not asked about them there */
    struct ht_reply *late = ht_reply_new(HT_REP_REPLAY_PREVIEW, HT_REQ_REPLAY_PREVIEW, r->last->ticket);
    late->preview.counts.total = 5;
    late->preview.ids = ht_alloc(1, sizeof *late->preview.ids);
    late->preview.n_ids = 1;
    ht_rig_post(r, late);
    assert_null(r->app.dialog);
    SHOWS(r, "that took a while");
}

static void marks_follow_their_rows(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2g ");
    struct ht_uuid first = ht_app_top(&r->app)->marks.ids[0];
    ht_rig_keys(r, "jjm"); /* from the mark to here */
    assert_int_equal(ht_app_top(&r->app)->marks.n, 4);
    ht_rig_keys(r, "g ");
    assert_int_equal(ht_app_top(&r->app)->marks.n, 3);
    assert_false(ht_marks_has(&ht_app_top(&r->app)->marks, &first));
    ht_rig_keys(r, "u");
    assert_int_equal(ht_app_top(&r->app)->marks.n, 0);
    ht_rig_keys(r, "*");
    assert_int_equal(ht_app_top(&r->app)->marks.n, 120);
    ht_rig_keys(r, "C"); /* counted first, as what is redelivered is */
    assert_int_equal(r->last->kind, HT_REQ_CANCEL_PREVIEW);
    SHOWS(r, "Cancel what is still to be tried of 120 marked");
    SHOWS(r, "Deliveries  80");
    SHOWS(r, "40 of which nothing waits");
    SHOWS(r, "40 of them are being sent now");
    assert_int_equal(ht_app_top(&r->app)->marks.n, 120);
    yes(r);
    assert_int_equal(r->last->kind, HT_REQ_CANCEL_MANY);
    assert_int_equal(r->last->n_ids, 120);
    assert_int_equal(ht_app_top(&r->app)->marks.n, 0);
    SHOWS(r, "cancel 120 marked: ");
    ht_rig_keys(r, "1 "); /* endpoints cannot be marked */
    assert_int_equal(ht_app_top(&r->app)->marks.n, 0);
    SHOWS(r, "Space does nothing here; it marks rows of Deliveries and Failures");
}

/* What a filter hides stays marked, and is told; Esc takes back the filter first, then the marks, then leaves. */
static void marks_out_of_sight_are_told(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3 j ");
    SHOWS(r, "> Failures 2 marked ");
    HIDES(r, "not listed");
    ht_rig_keys(r, "/nothing\n");
    SHOWS(r, "2 marked, 2 of them not listed - R redelivers, u unmarks");
    ht_rig_keys(r, "/nosuch:1\n");
    SHOWS(r, "> Failures 2 marked "); /* whatever else is said */
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "filter: -");
    SHOWS(r, "2 marked - R redelivers");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "2 unmarked");
    HIDES(r, " marked");
    SHOWS(r, "[3 Failures]");
    ht_rig_keys(r, "\n "); /* the log of a group: its filter is what it was opened for */
    SHOWS(r, "> Deliveries 1 marked ");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "1 unmarked");
    SHOWS(r, "filter: endpoint:");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "[3 Failures]");
    r->options.readonly = true;
    ht_rig_keys(r, " ");
    SHOWS(r, "1 marked - u unmarks");
}

static void many_are_confirmed_by_typing(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2");
    struct ht_marks *m = &ht_app_top(&r->app)->marks;
    for (int i = 0; i < HT_MARKS_MAX + 7; i++) {
        struct ht_uuid id = {{(uint8_t)(i >> 8), (uint8_t)i, 1}};
        (void)ht_marks_set(m, &id, true);
    }
    assert_int_equal(m->n, HT_MARKS_MAX);
    SHOWS(r, "5000 marked (no more at once), 5000 of them not listed");
    ht_rig_keys(r, "R");
    yes(r);
    assert_int_equal(r->last->kind, HT_REQ_REPLAY_PREVIEW);
    assert_int_equal(r->last->n_ids, HT_MARKS_MAX);
    SHOWS(r, "Redeliver 5000 marked");
    ht_rig_keys(r, "\t\t\t\t5000\t\t\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(marked_rows_are_acted_on_together),
        HT_RIG_TEST(marked_groups_are_redelivered_by_one_question),
        HT_RIG_TEST(marked_groups_are_of_one_kind_and_not_too_many),
        HT_RIG_TEST(marks_follow_their_rows),
        HT_RIG_TEST(marks_out_of_sight_are_told),
        HT_RIG_TEST(many_are_confirmed_by_typing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
