/* Lists: marks and what is done with them, columns left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    ht_rig_keys(r, "R");
    SHOWS(r, "Redeliver 3 deliveries");
    yes(r);
    assert_non_null(r->last);
    assert_int_equal(r->last->kind, HT_REQ_REDELIVER_MANY);
    assert_int_equal(r->last->n_ids, 3);
    assert_int_not_equal(ht_uuid_cmp(&r->last->ids[0], &r->last->ids[1]), 0);
    assert_int_equal(ht_app_top(&r->app)->marks.n, 0); /* done once */
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
    ht_rig_keys(r, "C");
    SHOWS(r, "120 deliveries");
    yes(r);
    assert_int_equal(r->last->kind, HT_REQ_CANCEL_MANY);
    assert_int_equal(r->last->n_ids, 120);
    ht_rig_keys(r, "1 "); /* endpoints cannot be marked */
    assert_int_equal(ht_app_top(&r->app)->marks.n, 0);
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
    ht_rig_keys(r, "R");
    yes(r);
    assert_null(r->last);
    SHOWS(r, "5000 marked");
    ht_rig_keys(r, "5000 marked\t\t\n");
    assert_non_null(r->last);
    assert_int_equal(r->last->n_ids, HT_MARKS_MAX);
}

static void columns_can_be_left_out(void **state)
{
    struct ht_rig *r = *state;
    SHOWS(r, "STATE");
    SHOWS(r, "FAIL24h");
    ht_rig_keys(r, "c");
    ht_rig_pass(r, 300);
    SHOWS(r, "[x] STATE");
    ht_rig_key(r, HT_KEY_TAB); /* Cancel, the verb, then the first box */
    ht_rig_keys(r, "\t ");
    SHOWS(r, "[ ] STATE");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "STATE");
    ht_rig_keys(r, "c");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "\t\t jjjj y");
    assert_false(ht_rig_shows(r, "STATE"));
    assert_false(ht_rig_shows(r, "FAIL24h"));
    SHOWS(r, "NAME");
    ht_rig_keys(r, "21"); /* kept while other screens are looked at */
    assert_false(ht_rig_shows(r, "STATE"));
}

static void the_row_becomes_a_filter(void **state)
{
    struct ht_rig *r = *state;
    struct ht_subject it = {0};
    char wanted[128];
    ht_rig_keys(r, "2=");
    SHOWS(r, "only: e endpoint  s status  t type");
    ht_rig_keys(r, "t");
    struct ht_screen *s = ht_app_top(&r->app);
    assert_true(s->class->subject(s, &it));
    int len = snprintf(wanted, sizeof wanted, "type:%s", it.delivery->type);
    assert_string_equal(s->filter.applied, wanted);
    snprintf(wanted + len, sizeof wanted - (size_t)len, " -status:%s", ht_delivery_words[it.delivery->status].name);
    ht_rig_keys(r, "!");
    SHOWS(r, "leave out: ");
    ht_rig_keys(r, "s");
    assert_string_equal(s->filter.applied, wanted);
    ht_rig_keys(r, "=x"); /* no such value: nothing */
    assert_string_equal(s->filter.applied, wanted);
    ht_rig_keys(r, "1=n");
    s = ht_app_top(&r->app);
    assert_int_equal(strncmp(s->filter.applied, "tenant:", 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(marked_rows_are_acted_on_together), HT_RIG_TEST(marks_follow_their_rows),
        HT_RIG_TEST(many_are_confirmed_by_typing),      HT_RIG_TEST(columns_can_be_left_out),
        HT_RIG_TEST(the_row_becomes_a_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
