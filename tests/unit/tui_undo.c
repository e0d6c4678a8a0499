/* Taking back the last change, and the console for a screen reader. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_rig.h"
#include "ht_test.h"

static void answer_yes(struct ht_rig *r)
{
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
}

static void a_disabled_endpoint_comes_back(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "D");
    answer_yes(r);
    SHOWS(r, "U takes it back for 60 s");
    struct ht_uuid disabled = r->last->id;
    ht_rig_keys(r, "jj2U"); /* wherever one is by now */
    SHOWS(r, "Undo: resume Acme billing?");
    answer_yes(r);
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 2);
    assert_int_equal(r->last->state, HT_ENDPOINT_ACTIVE);
    assert_int_equal(r->last->choice, HT_HELD_RELEASE);
    assert_int_equal(ht_uuid_cmp(&r->last->id, &disabled), 0);
    ht_rig_keys(r, "U");
    SHOWS(r, "nothing to take back"); /* once */
}

static void only_for_a_minute(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "P");
    answer_yes(r);
    ht_rig_pass(r, 59000);
    ht_rig_keys(r, "U");
    SHOWS(r, "Undo: resume Acme billing?");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "n");
    ht_rig_pass(r, 1000);
    ht_rig_keys(r, "U");
    SHOWS(r, "nothing to take back");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 1);
}

static void subscriptions_go_both_ways(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "j\n\tAinvoice.*\n"); /* nothing changes, so nothing is there to take back */
    SHOWS(r, "it is subscribed to invoice.* already");
    ht_rig_keys(r, "Aorder.*\n");
    assert_int_equal(r->last->state, 1);
    ht_rig_keys(r, "U");
    SHOWS(r, "Undo: unsubscribe from order.*?");
    answer_yes(r);
    assert_int_equal(r->last->kind, HT_REQ_SUBSCRIBE);
    assert_int_equal(r->last->state, 0);
    assert_string_equal(r->last->text, "order.*");
    ht_rig_keys(r, "X");
    answer_yes(r);
    SHOWS(r, "U takes it back for 60 s");
    ht_rig_keys(r, "U");
    SHOWS(r, "Undo: subscribe to invoice.*?");
    answer_yes(r);
    assert_int_equal(r->last->state, 1);
    assert_string_equal(r->last->text, "invoice.*");
}

/* Its tab tells of the endpoint, too, and not as it was when the screen was opened. */
static void a_leave_to_fail_shows_where_it_was_given(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "j\n\t\t\t");
    SHOWS(r, "[Health]");
    int endpoint = r->asked[HT_REQ_ENDPOINT], health = r->asked[HT_REQ_HEALTH];
    ht_rig_keys(r, "Z");
    answer_yes(r);
    ht_rig_pass(r, 1000);
    assert_int_equal(r->asked[HT_REQ_ENDPOINT], endpoint + 1);
    assert_int_equal(r->asked[HT_REQ_HEALTH], health + 1);
}

/* From the line of this number upwards to the last one, which stores. */
static void store_form(struct ht_rig *r, int line)
{
    while (line-- > 0)
        ht_rig_key(r, HT_KEY_SHIFT_TAB);
    ht_rig_key(r, HT_KEY_ENTER);
}

/* One undo for all that a form changed. */
static void what_an_edit_subscribed_to_goes_back_at_once(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "E\t\t");
    ht_rig_key(r, HT_CTRL('u'));
    ht_rig_keys(r, "order.made customer.*");
    store_form(r, 3);
    assert_int_equal(r->last->kind, HT_REQ_DRAFT);
    assert_string_equal(r->last->draft->text[HT_DRAFT_EVENTS], "order.made customer.*");
    struct ht_uuid edited = r->last->draft->id;
    SHOWS(r, "U takes its subscriptions back for 60 s");
    ht_rig_keys(r, "jjU");
    SHOWS(r, "Undo: subscriptions as they were of Acme billing: 2 on, 1 off?");
    answer_yes(r);
    assert_int_equal(r->last->kind, HT_REQ_RESUBSCRIBE);
    assert_int_equal(ht_uuid_cmp(&r->last->id, &edited), 0);
    assert_string_equal(r->last->subscribed.was, "invoice.* order.made user.*");
    assert_string_equal(r->last->subscribed.now, "order.made customer.*");
    ht_rig_keys(r, "U");
    SHOWS(r, "nothing to take back"); /* once */
}

static void an_edit_of_something_else_has_no_undo(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "E\tx");
    store_form(r, 2);
    assert_int_equal(r->last->kind, HT_REQ_DRAFT);
    HIDES(r, "takes its subscriptions back");
    ht_rig_keys(r, "U");
    SHOWS(r, "nothing to take back");
}

/* The change itself is named, not what it was about: what was marked since by others stays. */
static void expect_taken_back(struct ht_rig *r, enum ht_request_kind kind)
{
    SHOWS(r, "; U takes it");
    struct ht_uuid change = ht_data_id(5, 1);
    assert_int_equal(r->last->kind, kind);
    ht_rig_keys(r, "U");
    answer_yes(r);
    assert_int_equal(r->last->kind, HT_REQ_UNMARK);
    assert_int_equal(ht_uuid_cmp(&r->last->id, &change), 0);
}

static void an_acknowledgement_comes_back(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3A");
    answer_yes(r);
    assert_int_equal(r->last->state, 1);
    assert_string_equal(r->last->replay.error, "gone");
    assert_int_equal(r->last->replay.code, 410);
    expect_taken_back(r, HT_REQ_ACKNOWLEDGE);
}

static void what_was_unmuted_is_muted_again(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3GM");
    SHOWS(r, "Unmute: timeout_connect of Acme billing (EU)?");
    answer_yes(r);
    assert_int_equal(r->last->overlap_ms, 0);
    expect_taken_back(r, HT_REQ_MUTE);
}

static void a_leave_to_fail_becomes_what_it_was(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "Z");
    answer_yes(r);
    assert_int_equal(r->last->overlap_ms, 86400000);
    SHOWS(r, "U takes it back for 60 s");
    ht_rig_keys(r, "U");
    answer_yes(r);
    assert_int_equal(r->asked[HT_REQ_SNOOZE], 2);
    assert_int_equal(r->last->kind, HT_REQ_SNOOZE);
    assert_int_equal(r->last->state, 1); /* it was exempt before, says who changed it */
    assert_int_equal(r->last->overlap_ms, 0);
}

static void groups_of_several_are_marked_as_one(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3/type:order.*\nb");
    SHOWS(r, "14 by endpoint, 2 handled");
    SHOWS(r, "2 of 6");
    ht_rig_keys(r, "jA");
    SHOWS(r, "Groups      6, of them acknowledged or muted: 2");
    answer_yes(r);
    assert_false(r->last->replay.by_code); /* whatever fails there */
    assert_false(ht_uuid_is_nil(&r->last->replay.endpoint_id));
    assert_string_equal(r->last->text, "type:order.*"); /* and stands in the list */
    expect_taken_back(r, HT_REQ_ACKNOWLEDGE);
    ht_rig_keys(r, "~bg");
    SHOWS(r, "14 by error, 2 handled");
    ht_rig_keys(r, "M");
    SHOWS(r, "Groups      5, of them acknowledged or muted: 0");
    answer_yes(r);
    assert_true(ht_uuid_is_nil(&r->last->replay.endpoint_id));
    assert_true(r->last->replay.by_code);
    assert_string_equal(r->last->replay.error, "gone");
    assert_int_equal(r->last->overlap_ms, 86400000);
    expect_taken_back(r, HT_REQ_MUTE);
    ht_rig_keys(r, "GM");
    SHOWS(r, "Unmute: timeout_connect of any endpoint, 18 groups?");
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "g");
    ht_rig_keys(r, "R");
    assert_int_equal(r->last->kind, HT_REQ_REPLAY_PREVIEW);
    assert_string_equal(r->last->replay.status, ""); /* all that failed so, at whatever endpoint */
    assert_string_equal(r->last->replay.error, "gone");
    assert_true(ht_uuid_is_nil(&r->last->replay.endpoint_id));
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "b");
    SHOWS(r, "14 by endpoint, error");
}

static void what_cannot_be_had_back_is_not_offered(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "T");
    answer_yes(r);
    HIDES(r, "U takes it back");
    ht_rig_keys(r, "qU");
    SHOWS(r, "nothing to take back");
}

/* Line drawing, boxes of ASCII and the steps of a graph. */
static void expect_plain(struct ht_rig *r, int line)
{
    static const char *const drawn[] = {"\xe2\x94", "\xe2\x96", "----", "+--"};
    for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++)
        ht_rig_expect(r, drawn[i], false, line);
    assert_true(r->app.canvas.cursor_on);
}

static void a_reader_hears_no_lines(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_fini(r);
    *r = (struct ht_rig){.data = {.endpoints = HT_DATA_ENDPOINTS, .deliveries = 120},
                         .options = {.accessible = true, .clock_off = true}};
    ht_rig_start(r, 24, 80);
    ht_rig_post(r, ht_data_link(HT_LINK_UP));
    ht_rig_pump(r);
    ht_rig_keys(r, "j");
    SHOWS(r, "13:59:53"); /* times that stand still */
    expect_plain(r, __LINE__);
    assert_int_equal(r->app.canvas.cursor_row, 5);
    ht_rig_keys(r, "D");
    ht_rig_pass(r, 300);
    SHOWS(r, "[>Cancel<]");
    expect_plain(r, __LINE__);
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "\n\t\t\t");
    SHOWS(r, "Succeeded      most in an hour 3013, now 1702");
    expect_plain(r, __LINE__);
    ht_rig_keys(r, ":audit\n");
    SHOWS(r, "   change\n");
    expect_plain(r, __LINE__);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(a_disabled_endpoint_comes_back),
        HT_RIG_TEST(only_for_a_minute),
        HT_RIG_TEST(subscriptions_go_both_ways),
        HT_RIG_TEST(what_an_edit_subscribed_to_goes_back_at_once),
        HT_RIG_TEST(an_edit_of_something_else_has_no_undo),
        HT_RIG_TEST(an_acknowledgement_comes_back),
        HT_RIG_TEST(what_was_unmuted_is_muted_again),
        HT_RIG_TEST(a_leave_to_fail_becomes_what_it_was),
        HT_RIG_TEST(a_leave_to_fail_shows_where_it_was_given),
        HT_RIG_TEST(groups_of_several_are_marked_as_one),
        HT_RIG_TEST(what_cannot_be_had_back_is_not_offered),
        HT_RIG_TEST(a_reader_hears_no_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
