/* Before something changes: what is asked, what answers it, who may, and that nothing typed ahead or pasted does. */
#include <stdlib.h>
#include <string.h>

#include "console_rig.h"
#include "ht_test.h"

/* Questions -------------------------------------------------------------------------------------------------------- */
static void keys_typed_ahead_answer_nothing(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "D");
    assert_int_equal(r->flushes, 1);
    HIDES(r, "[>Cancel<]");
    ht_rig_keys(r, "yyy\n");
    assert_non_null(r->app.dialog);
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 0);
    ht_rig_pass(r, 299);
    HIDES(r, "[>Cancel<]");
    ht_rig_pass(r, 1);
    SHOWS(r, "[>Cancel<]");
    ht_rig_keys(r, "y");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 1);
    SHOWS(r, "disable Acme billing: done, audit 4711");
}

static void cancel_has_the_focus_and_cancels(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "D");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "\n");
    assert_null(r->app.dialog);
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 0);
    ht_rig_keys(r, "D");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_TAB);
    SHOWS(r, "[>Disable<]");
    HIDES(r, "[>Cancel<]");
    ht_rig_keys(r, "\n");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 1);
}

static void only_y_answers_a_short_question(void **state)
{
    struct ht_rig *r = *state;
    static const char *const no[] = {"n", "\n", " ", "Y", "q", "T"};
    for (size_t i = 0; i < HT_COUNT(no); i++) {
        ht_rig_keys(r, "T");
        ht_rig_pass(r, 300);
        SHOWS(r, "Send the test event to Acme billing? y/N");
        ht_rig_keys(r, no[i]);
        assert_null(r->app.dialog);
        assert_int_equal(r->asked[HT_REQ_PING], 0);
    }
    ht_rig_keys(r, "T");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    assert_int_equal(r->asked[HT_REQ_PING], 1);
    SHOWS(r, "The ping was answered as it should be.");
}

static void the_request_says_what_was_chosen(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jK");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_SHIFT_TAB); /* Reason */
    ht_rig_keys(r, "leaked, y or n");
    ht_rig_key(r, HT_KEY_SHIFT_TAB); /* overlap */
    ht_rig_key(r, HT_KEY_SPACE);
    ht_rig_keys(r, "y");
    assert_int_equal(r->asked[HT_REQ_ROTATE], 1);
    assert_int_equal(r->last->overlap_ms, 72 * 3600 * 1000);
    assert_string_equal(r->last->reason, "leaked, y or n");
    struct ht_uuid second = ht_data_endpoint_id(1);
    assert_int_equal(ht_uuid_cmp(&r->last->id, &second), 0);
}

static void enabling_asks_what_becomes_of_the_held(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jjjjjjjD");
    ht_rig_pass(r, 300);
    SHOWS(r, "41 held");
    ht_rig_key(r, HT_KEY_TAB);
    ht_rig_key(r, HT_KEY_TAB); /* round to the choice */
    ht_rig_key(r, HT_KEY_RIGHT);
    ht_rig_key(r, HT_KEY_DOWN);
    ht_rig_keys(r, "y");
    assert_int_equal(r->last->state, HT_ENDPOINT_ACTIVE);
    assert_int_equal(r->last->choice, HT_HELD_CANCEL);
}

static struct ht_reply *late(struct ht_rig *r, enum ht_request_kind kind)
{
    struct ht_request q = {.kind = kind, .ticket = r->app.last_ticket, .id = ht_data_endpoint_id(1)};
    return ht_data_answer(&r->data, &q);
}

/* What the rotation asks needs the database: an answer that is late meets somebody who does something else. */
static void a_late_question_is_not_asked(void **state)
{
    struct ht_rig *r = *state;
    r->silent = true;
    ht_rig_keys(r, "jK");
    SHOWS(r, "look at the keys of Acme billing (EU) ...");
    struct ht_reply *first = late(r, HT_REQ_SIGNING);
    ht_rig_keys(r, "/ac");
    ht_rig_post(r, first);
    assert_null(r->app.dialog);
    SHOWS(r, "that took a while; K asks again");
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "K");
    ht_rig_post(r, late(r, HT_REQ_SIGNING));
    assert_non_null(r->app.dialog);
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "n");
    HIDES(r, "look at the keys");
}

static void a_late_count_is_not_asked_about(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3");
    for (const char *away = "1/"; *away; away++) { /* another screen; a line that is typed */
        r->silent = true;
        ht_rig_keys(r, "R");
        struct ht_reply *counted = late(r, HT_REQ_REPLAY_PREVIEW);
        ht_rig_key(r, *away);
        ht_rig_post(r, counted);
        assert_null(r->app.dialog);
        SHOWS(r, "that took a while; R counts again");
        r->silent = false;
        ht_rig_key(r, HT_KEY_ESC);
        ht_rig_keys(r, "3");
    }
    ht_rig_keys(r, "R");
    SHOWS(r, "Redeliver all:");
}

static bool hinted(struct ht_rig *r, const char *text)
{
    char *row = ht_rig_row(r, -1);
    bool found = strstr(row, text) != NULL;
    free(row);
    return found;
}

/* By its state, in the list and on its own screen. */
static void what_has_ended_is_not_paused_or_cancelled(void **state)
{
    static const struct {
        const char *keys, *why;
    } ended[] = {
        {"9jj", "the replay has finished already"},      {"9jj\n", "the replay has finished already"},
        {"9jjj", "all of the replay is queued already"}, {"9jjj\n", "all of the replay is queued already"},
        {"9jjjj", "the replay was cancelled already"},   {"9jjjj\n", "the replay was cancelled already"},
    };
    struct ht_rig *r = *state;
    for (size_t i = 0; i < HT_COUNT(ended); i++) {
        ht_rig_keys(r, ended[i].keys);
        assert_false(hinted(r, "P pause") || hinted(r, "C cancel"));
        for (const char *key = "PC"; *key; key++) {
            ht_rig_key(r, *key);
            assert_null(r->app.dialog);
            SHOWS(r, ended[i].why);
        }
        ht_rig_keys(r, ":pause-replay\n");
        SHOWS(r, ended[i].why);
        ht_rig_keys(r, "9g");
    }
    ht_rig_keys(r, "9g");
    assert_true(hinted(r, "P pause") && hinted(r, "C cancel"));
    ht_rig_keys(r, "C");
    SHOWS(r, "Cancel it with 412 of 871 queued? These are sent all the same");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "njP");
    SHOWS(r, "Resume: 412 of 871 are queued");
    SHOWS(r, "about 43s at 10 per second");
}

static void what_is_said_while_counting_ends_with_it(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "3");
    r->silent = true;
    ht_rig_keys(r, "RRRR"); /* impatiently */
    assert_int_equal(r->asked[HT_REQ_REPLAY_PREVIEW], 1);
    SHOWS(r, "count ");
    ht_rig_post(r, late(r, HT_REQ_REPLAY_PREVIEW));
    SHOWS(r, "Redeliver all:");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "n");
    assert_null(r->app.dialog);
    HIDES(r, "count ");
    ht_rig_keys(r, "R"); /* two groups: the word stays until both are counted */
    struct ht_reply *first = late(r, HT_REQ_REPLAY_PREVIEW);
    ht_rig_keys(r, "jR");
    assert_int_equal(r->asked[HT_REQ_REPLAY_PREVIEW], 3);
    struct ht_reply *second = late(r, HT_REQ_REPLAY_PREVIEW);
    ht_rig_post(r, first);
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "n");
    SHOWS(r, "count ");
    ht_rig_post(r, second);
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "n");
    HIDES(r, "count ");
}

static void a_rotation_says_when_the_old_one_ends(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jK");
    ht_rig_pass(r, 300);
    SHOWS(r, "generation 1, retiring: signed 100 of the last 100");
    SHOWS(r, "3 deliveries, signed already");
    SHOWS(r, "signs until 2026-11-21 14:00 UTC, 1d00h from now");
    ht_rig_key(r, HT_KEY_SHIFT_TAB);
    ht_rig_key(r, HT_KEY_SHIFT_TAB);
    ht_rig_key(r, HT_KEY_UP);
    SHOWS(r, "signs until 2026-11-20 15:00 UTC, 1h00m from now");
    for (int i = 0; i < 4; i++)
        ht_rig_key(r, HT_KEY_DOWN);
    SHOWS(r, "ends at once; the new one signs whatever is sent next");
}

/* One key and a yes after an accepted probe; the name must be typed where nothing was proved, or in production. */
static void the_old_secret_is_ended_from_the_probes_answer(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":secrets\nV");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "X ends generation 1 now");
    SHOWS(r, "X end the old one");
    ht_rig_keys(r, ":retire\n");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    assert_int_equal(r->asked[HT_REQ_REVOKE], 1);
    assert_int_equal(r->last->generation, 1);
    SHOWS(r, "Nothing but the new one signs now.");
    ht_rig_keys(r, "X");
    assert_null(r->app.dialog);
    r->options.production = true;
    ht_rig_keys(r, "qV");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    ht_rig_keys(r, "X");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "type exactly: Acme billing");
    assert_int_equal(r->asked[HT_REQ_REVOKE], 1);
}

static void a_staged_secret_is_promoted_from_the_probes_answer(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":secrets\njjV");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "O lets generation 2 sign now");
    SHOWS(r, "O promote");
    ht_rig_keys(r, "X");
    assert_null(r->app.dialog);
    ht_rig_keys(r, "O");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    assert_int_equal(r->asked[HT_REQ_PROMOTE], 1);
    SHOWS(r, "Nothing but the new one signs now.");
}

static void a_rate_is_a_number(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jjjjjjjD");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_SHIFT_TAB);
    ht_rig_key(r, HT_KEY_SHIFT_TAB); /* past the reason */
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "fast");
    ht_rig_key(r, HT_KEY_TAB);
    ht_rig_key(r, HT_KEY_TAB);
    ht_rig_keys(r, "y");
    SHOWS(r, "Rate per s: a number from 0 to 100000");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 0);
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "12.5\n\n\t\n");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 1);
    assert_true(r->last->rate_per_s > 12.4 && r->last->rate_per_s < 12.6);
}

static void a_drain_says_how_long_it_takes(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jjjjP");
    SHOWS(r, "0 waiting, 41 held");
    SHOWS(r, "as long as the endpoint does");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_SHIFT_TAB);
    ht_rig_key(r, HT_KEY_SHIFT_TAB); /* past the reason */
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "2");
    SHOWS(r, "about 21s at 2 per second");
    ht_rig_key(r, HT_KEY_SHIFT_TAB);
    ht_rig_key(r, HT_KEY_DOWN);
    SHOWS(r, "nothing of them is sent now");
}

static void arrows_go_through_options_and_fields(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jK");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_UP); /* the reason */
    ht_rig_key(r, HT_KEY_UP); /* the options, at 24 hours */
    ht_rig_key(r, HT_KEY_UP);
    SHOWS(r, ">(*) 1 hour");
    for (int i = 0; i < 4; i++)
        ht_rig_key(r, HT_KEY_DOWN);
    SHOWS(r, ">(*) no time");
    ht_rig_key(r, HT_KEY_DOWN);
    SHOWS(r, "Reason >[");
    ht_rig_key(r, HT_KEY_DOWN);
    SHOWS(r, "[>Cancel<]");
    ht_rig_key(r, HT_KEY_RIGHT);
    SHOWS(r, "[>Rotate<]");
    ht_rig_keys(r, "\n");
    assert_int_equal(r->last->overlap_ms, 0);
}

static void in_production_more_is_asked(void **state)
{
    struct ht_rig *r = *state;
    r->options.production = true;
    ht_rig_keys(r, "T");
    ht_rig_pass(r, 300);
    SHOWS(r, "[>Cancel<]"); /* level 1 became 2 */
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "D");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "type exactly: Acme billing"); /* level 2 became 3 */
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 0);
    ht_rig_keys(r, "Acme billing\n\t\n");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 1);
    ht_rig_keys(r, "jjjD"); /* a name that not every keyboard has */
    ht_rig_pass(r, 300);
    SHOWS(r, "Type the end of its id");
    ht_rig_keys(r, "y");
    SHOWS(r, "type exactly: 00000ffc");
    ht_rig_keys(r, "00000ffc\n\t\n");
    assert_int_equal(r->asked[HT_REQ_ENDPOINT_STATE], 2);
}

/* Rights ----------------------------------------------------------------------------------------------------------- */
static void a_viewer_is_told_who_may(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_fini(r);
    *r = (struct ht_rig){.data = {.endpoints = HT_DATA_ENDPOINTS, .deliveries = 120, .viewer = true}};
    ht_rig_start(r, 24, 80);
    ht_rig_post(r, ht_data_link(HT_LINK_UP));
    HIDES(r, "rotate");
    ht_rig_keys(r, "K");
    SHOWS(r, "rotate: it needs the role hooktop_admin");
    ht_rig_keys(r, "T");
    SHOWS(r, "ping: it needs the role hooktop_support");
    ht_rig_keys(r, "?/hooktop_admin\n");
    SHOWS(r, "(it needs the role hooktop_admin)");
    assert_null(r->app.dialog);
}

static void readonly_takes_changes_away(void **state)
{
    struct ht_rig *r = *state;
    r->options.readonly = true;
    SHOWS(r, "[RO]");
    ht_rig_keys(r, "K");
    SHOWS(r, "--readonly");
    ht_rig_keys(r, ":disable\n");
    SHOWS(r, "disable: the console runs with --readonly");
    assert_null(r->app.dialog);
    ht_rig_keys(r, "?");
    HIDES(r, "CHANGE (asks first)\n   T");
    ht_rig_keys(r, "G");
    HIDES(r, ":rotate");
}

/* Pasting ---------------------------------------------------------------------------------------------------------- */
static void pasted_text_is_never_keys(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_key(r, HT_KEY_PASTE_BEGIN);
    ht_rig_keys(r, "DyQ");
    ht_rig_key(r, HT_KEY_PASTE_END);
    assert_null(r->app.dialog);
    assert_false(r->app.quit);
    SHOWS(r, "pasted text was ignored");
    ht_rig_keys(r, "D");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_PASTE_BEGIN);
    ht_rig_keys(r, "y\n");
    ht_rig_key(r, HT_KEY_PASTE_END);
    assert_non_null(r->app.dialog); /* a paste answers nothing */
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "/");
    ht_rig_key(r, HT_KEY_PASTE_BEGIN);
    ht_rig_keys(r, "Umbrella\n\x01\x1b");
    ht_rig_key(r, HT_KEY_PASTE_END);
    assert_int_equal(r->app.input, HT_INPUT_FILTER); /* its line feed does not press Enter */
    SHOWS(r, "filter: Umbrella");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(keys_typed_ahead_answer_nothing),
        HT_RIG_TEST(cancel_has_the_focus_and_cancels),
        HT_RIG_TEST(only_y_answers_a_short_question),
        HT_RIG_TEST(the_request_says_what_was_chosen),
        HT_RIG_TEST(enabling_asks_what_becomes_of_the_held),
        HT_RIG_TEST(a_late_question_is_not_asked),
        HT_RIG_TEST(a_late_count_is_not_asked_about),
        HT_RIG_TEST(what_has_ended_is_not_paused_or_cancelled),
        HT_RIG_TEST(what_is_said_while_counting_ends_with_it),
        HT_RIG_TEST(a_rotation_says_when_the_old_one_ends),
        HT_RIG_TEST(the_old_secret_is_ended_from_the_probes_answer),
        HT_RIG_TEST(a_staged_secret_is_promoted_from_the_probes_answer),
        HT_RIG_TEST(a_rate_is_a_number),
        HT_RIG_TEST(a_drain_says_how_long_it_takes),
        HT_RIG_TEST(arrows_go_through_options_and_fields),
        HT_RIG_TEST(in_production_more_is_asked),
        HT_RIG_TEST(a_viewer_is_told_who_may),
        HT_RIG_TEST(readonly_takes_changes_away),
        HT_RIG_TEST(pasted_text_is_never_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
