/* What the console does with keys, replies and time: asks, follows, pauses, recovers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_rig.h"
#include "hooktop/tui/chrome.h"
#include "ht_test.h"

/* Leaving ---------------------------------------------------------------------------------------------------------- */
static void esc_never_quits(void **state)
{
    struct ht_rig *r = *state;
    for (int i = 0; i < 5; i++)
        ht_rig_key(r, HT_KEY_ESC);
    ht_rig_key(r, HT_KEY_BACKSPACE);
    assert_false(r->app.quit);
    ht_rig_keys(r, "\n");
    ht_rig_key(r, HT_KEY_ESC);
    assert_int_equal(r->app.depth, 1);
    ht_rig_keys(r, "\nq");
    assert_int_equal(r->app.depth, 1);
    assert_false(r->app.quit);
    ht_rig_keys(r, "q");
    assert_true(r->app.quit);
}

static void commands_do_what_keys_do(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":deliveries\n");
    SHOWS(r, "[2 Deliveries]");
    ht_rig_keys(r, ":endpoints status:paused\n");
    SHOWS(r, "[1 Endpoints]");
    SHOWS(r, "filter: status:paused");
    ht_rig_keys(r, ":nonsense\n");
    SHOWS(r, "no command 'nonsense'");
    ht_rig_keys(r, ":redeliver\n");
    SHOWS(r, "redeliver: it does not apply");
    ht_rig_keys(r, ":theme mono\n");
    SHOWS(r, "theme 'mono' loaded");
    ht_rig_keys(r, ":theme nosuch\n");
    SHOWS(r, "there is no theme 'nosuch'");
    ht_rig_keys(r, ":mes\t\n");
    SHOWS(r, "Messages");
    ht_rig_keys(r, "q:q\n");
    assert_true(r->app.quit);
}

/* The filter ------------------------------------------------------------------------------------------------------- */
static void typing_filters_after_a_pause(void **state)
{
    struct ht_rig *r = *state;
    int before = r->asked[HT_REQ_ENDPOINTS];
    ht_rig_keys(r, "/Initech");
    assert_int_equal(r->asked[HT_REQ_ENDPOINTS], before);
    ht_rig_pass(r, 249);
    assert_int_equal(r->asked[HT_REQ_ENDPOINTS], before);
    ht_rig_pass(r, 1);
    assert_int_equal(r->asked[HT_REQ_ENDPOINTS], before + 1);
    SHOWS(r, "Initech 12");
    HIDES(r, "Umbrella");
    ht_rig_keys(r, "\n");
    SHOWS(r, "filter: Initech");
    ht_rig_keys(r, "/");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_pass(r, 250);
    SHOWS(r, "Umbrella");
    ht_rig_key(r, HT_KEY_ESC); /* what was in force before */
    HIDES(r, "Umbrella");
    ht_rig_keys(r, "~");
    SHOWS(r, "Umbrella");
}

static void a_mistake_leaves_the_list_alone(void **state)
{
    struct ht_rig *r = *state;
    int before = r->asked[HT_REQ_ENDPOINTS];
    ht_rig_keys(r, "/nosuch:1");
    ht_rig_pass(r, 300);
    assert_int_equal(r->asked[HT_REQ_ENDPOINTS], before);
    SHOWS(r, "column 1: there is no field \"nosuch\"");
    SHOWS(r, "Umbrella");
    SHOWS(r, "these are of another filter");
    assert_int_equal(r->app.canvas.cells[5 * 80 + 4].overlay, HT_STYLE_STALE);
    ht_rig_keys(r, "\n");
    SHOWS(r, "there is no field \"nosuch\""); /* Enter does not keep it */
    assert_int_equal(r->app.input, HT_INPUT_FILTER);
    ht_rig_key(r, HT_KEY_ESC);
    HIDES(r, "there is no field");
    HIDES(r, "these are of another filter");
    assert_int_equal(r->app.canvas.cells[5 * 80 + 4].overlay, HT_STYLE_NONE);
}

/* The style of the filter's line from its first letter on, as far as something is typed there. */
static void assert_marked(struct ht_rig *r, const char *wanted)
{
    const struct ht_cell *cells = &r->app.canvas.cells[2 * 80 + 9]; /* behind " filter: " */
    HT_AUTOFREE char *screen = ht_rig_screen(r);
    for (size_t i = 0; wanted[i]; i++) {
        enum ht_style style = wanted[i] == '!' ? HT_STYLE_PROMPT_ERROR : HT_STYLE_PROMPT;
        if (cells[i].style != style)
            fail_msg("column %zu is of style %d:\n%s", i + 1, (int)cells[i].style, screen);
    }
}

/* Where it begins; where something is missing, the term that misses it. */
static void a_mistake_is_marked_where_it_is(void **state)
{
    static const struct {
        const char *text, *marks, *why;
    } cases[] = {
        {"acme status:", ".....!!!!!!!", "column 13: a value is missing here"},
        {"status:", "!!!!!!!", "column 8: a value is missing here"},
        {"x status:nosuch y", ".........!!!!!!!!", "column 10: status is never \"nosuch\""},
        {"caf\xc3\xa9 stats:x", ".....!!!!!!!", "column 6: there is no field \"stats\""},
        {"\xe8\xaa\xb2\xe9\x87\x91 stats:x", ".....!!!!!!!", "column 6: there is no field \"stats\""},
    };
    struct ht_rig *r = *state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        ht_rig_keys(r, "2/");
        for (const char *at = cases[i].text; *at;) {
            uint32_t ch = 0;
            at += ht_utf8_decode(at, strlen(at), &ch);
            ht_rig_key(r, (int32_t)ch);
        }
        ht_rig_pass(r, 300);
        SHOWS(r, cases[i].why);
        assert_marked(r, cases[i].marks);
        ht_rig_key(r, HT_KEY_ESC);
        ht_rig_keys(r, "~");
    }
    ht_rig_keys(r, ":deliveries status:\n"); /* and on the command line */
    SHOWS(r, "filter: column 8: a value is missing here");
}

static void a_late_answer_to_an_older_filter_is_ignored(void **state)
{
    struct ht_rig *r = *state;
    r->silent = true;
    ht_rig_keys(r, "/Umbrella");
    ht_rig_pass(r, 250);
    uint64_t old = r->app.last_ticket;
    ht_rig_keys(r, " 13");
    ht_rig_pass(r, 250);
    struct ht_request q = {.kind = HT_REQ_ENDPOINTS, .ticket = old, .limit = 200};
    ht_rig_post(r, ht_data_answer(&r->data, &q));
    q = (struct ht_request){.kind = HT_REQ_ENDPOINTS, .ticket = r->app.last_ticket, .limit = 200};
    q.text = ht_strdup("Umbrella 13");
    ht_rig_post(r, ht_data_answer(&r->data, &q));
    free(q.text);
    SHOWS(r, "Umbrella 13");
    SHOWS(r, " 1 endpoint");
}

/* Data is drawn ten times a second at most, but somebody waits for what a key asked for. */
static void what_a_key_asked_for_is_drawn_at_once(void **state)
{
    struct ht_rig *r = *state;
    r->silent = true;
    ht_rig_keys(r, "2");
    for (int i = 0; i < 2; i++) {
        ht_app_draw(&r->app);
        assert_false(r->app.urgent);
        struct ht_request q = {.kind = HT_REQ_DELIVERIES, .ticket = r->app.last_ticket, .limit = 200};
        ht_rig_post(r, ht_data_answer(&r->data, &q));
        assert_true(r->app.dirty);
        assert_int_equal(r->app.urgent, i == 0); /* the second answer is to what the screen asks by itself */
        ht_rig_post(r, ht_reply_new(HT_REP_CHANGED, HT_REQ_KIND_COUNT, 0));
        ht_rig_pass(r, 1000);
    }
}

/* Long lists ------------------------------------------------------------------------------------------------------- */
static void more_endpoints_come_as_the_cursor_goes_down(void **state)
{
    struct ht_rig *r = *state;
    r->data.endpoints = 1000;
    ht_rig_keys(r, "r");
    SHOWS(r, "44+ endpoints"); /* what fits, and some more */
    for (int i = 0; i < 60; i++)
        ht_rig_key(r, HT_KEY_PAGE_DOWN);
    SHOWS(r, "1000 endpoints");
    SHOWS(r, "1000/1000");
    ht_rig_keys(r, "kk");
    HT_AUTOFREE char *before = ht_rig_row(r, -6);
    int asked = r->asked[HT_REQ_ENDPOINTS];
    ht_rig_post(r, ht_reply_new(HT_REP_CHANGED, HT_REQ_KIND_COUNT, 0));
    ht_rig_pass(r, 2000);
    assert_int_equal(r->asked[HT_REQ_ENDPOINTS], asked + 1); /* one page around what is shown, not all of it */
    HT_AUTOFREE char *after = ht_rig_row(r, -6);
    assert_string_equal(before, after);
    SHOWS(r, "998/1000");
    r->data.endpoints = 990; /* the last ones are gone */
    ht_rig_keys(r, "r");
    SHOWS(r, "990 endpoints");
    ht_rig_keys(r, "g");
    SHOWS(r, "1/990");
}

/* The log ---------------------------------------------------------------------------------------------------------- */
static void emit(struct ht_rig *r, int n)
{
    r->data.deliveries += n;
    ht_rig_pass(r, 250);
    ht_rig_post(r, ht_reply_new(HT_REP_CHANGED, HT_REQ_KIND_COUNT, 0));
    ht_rig_pass(r, 250);
}

static void the_log_follows_until_the_cursor_moves(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2");
    SHOWS(r, "LIVE  120 kept  ..00000077");
    emit(r, 3);
    SHOWS(r, "LIVE  123 kept  ..0000007a");
    ht_rig_keys(r, "kk");
    SHOWS(r, "PAUSED  0 new below");
    HT_AUTOFREE char *before = ht_rig_row(r, 10);
    emit(r, 7);
    SHOWS(r, "PAUSED  7 new below - G or f follows again  ..00000078");
    HT_AUTOFREE char *after = ht_rig_row(r, 10);
    assert_string_equal(before, after); /* nothing moved under the eyes */
    ht_rig_keys(r, "G");
    SHOWS(r, "LIVE  130 kept  ..00000081");
    ht_rig_keys(r, "f");
    emit(r, 1);
    SHOWS(r, "PAUSED  1 new below");
    ht_rig_keys(r, "f");
    SHOWS(r, "LIVE");
}

static void a_burst_beyond_a_page_is_said_not_hidden(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2kkkk");
    HT_AUTOFREE char *before = ht_rig_row(r, 10);
    emit(r, 5000);
    SHOWS(r, "more than 500 new below");
    HT_AUTOFREE char *after = ht_rig_row(r, 10);
    assert_string_equal(before, after);
    ht_rig_keys(r, "G");
    SHOWS(r, "..000013ff");
    ht_rig_keys(r, "g");
    emit(r, 9000); /* while it follows nothing */
    ht_rig_keys(r, "f");
    SHOWS(r, "..00003727");
}

static void going_back_loads_older_pages(void **state)
{
    struct ht_rig *r = *state;
    r->data.deliveries = 1000;
    ht_rig_keys(r, "2");
    SHOWS(r, "LIVE  200+ kept");
    for (int i = 0; i < 80; i++)
        ht_rig_key(r, HT_KEY_PAGE_UP);
    SHOWS(r, "1000 kept");
    SHOWS(r, "..00000000");
}

static void changes_are_fetched_at_most_five_times_a_second(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2");
    int before = r->asked[HT_REQ_DELIVERIES];
    for (int i = 0; i < 100; i++) {
        r->data.deliveries++;
        ht_rig_post(r, ht_reply_new(HT_REP_CHANGED, HT_REQ_KIND_COUNT, 0));
        ht_rig_pass(r, 10);
    }
    int fetched = r->asked[HT_REQ_DELIVERIES] - before;
    assert_in_range(fetched, 3, 6);
}

/* The connection --------------------------------------------------------------------------------------------------- */
static void a_lost_connection_keeps_the_rows_and_comes_back(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_post(r, ht_data_link(HT_LINK_LOST));
    ht_rig_pass(r, 12000);
    SHOWS(r, "db LOST 12s, retry in 0s");
    SHOWS(r, "Acme billing");
    SHOWS(r, "rows are 12s old");
    assert_int_equal(r->app.canvas.cells[5 * 80 + 4].overlay, HT_STYLE_STALE);
    HIDES(r, "K rotate");
    ht_rig_keys(r, "D");
    SHOWS(r, "disable: the database is not connected");
    ht_rig_keys(r, "\n"); /* looking goes on */
    SHOWS(r, "fetching");
    r->data.endpoints = 5;
    ht_rig_post(r, ht_data_link(HT_LINK_UP));
    SHOWS(r, "Subscriptions(3)");
    ht_rig_keys(r, "q");
    SHOWS(r, "5 endpoints");
    SHOWS(r, "db ok 3ms");
}

static void a_write_cut_off_is_not_called_done(void **state)
{
    struct ht_rig *r = *state;
    r->silent = true;
    ht_rig_keys(r, "T");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "ping Acme billing ...");
    ht_rig_keys(r, "j");
    SHOWS(r, "ping Acme billing ..."); /* stays until it is answered */
    ht_rig_post(r, ht_data_link(HT_LINK_LOST));
    SHOWS(r, "ping Acme billing: the connection was lost");
}

static void an_error_stays_until_a_key(void **state)
{
    struct ht_rig *r = *state;
    struct ht_reply *e = ht_reply_new(HT_REP_ERROR, HT_REQ_KIND_COUNT, 0);
    ht_fail(&e->err, HT_FAILED, "list", "try \033[2Jagain", "the server said \r\nno");
    ht_rig_post(r, e);
    ht_rig_pass(r, 60000);
    SHOWS(r, "list: the server said <0D><0A>no: try <1B>[2Jagain");
    HIDES(r, "F9");
    e = ht_reply_new(HT_REP_ERROR, HT_REQ_KIND_COUNT, 0);
    ht_fail(&e->err, HT_FAILED, "list", "try again when this is over, or ask whom it belongs to", "the server said no");
    ht_rig_post(r, e);
    SHOWS(r, "or ask whom it ~ F9: all"); /* the rest of it is on another screen */
    ht_rig_key(r, HT_KEY_F1 + 8);
    SHOWS(r, "it belongs to");
    ht_rig_keys(r, "q");
    ht_rig_keys(r, "j");
    HIDES(r, "the server said");
    ht_rig_keys(r, ":messages\n");
    SHOWS(r, "the server said <0D><0A>no");
}

static void idle_without_a_clock_wants_nothing(void **state)
{
    struct ht_rig *r = *state;
    r->options.clock_off = true;
    for (int screen = '1'; screen <= '7'; screen++) {
        ht_rig_key(r, screen);
        (void)ht_rig_shows(r, "");
        assert_true(ht_app_due_us(&r->app) == INT64_MAX);
        ht_rig_pass(r, 3600000);
        assert_false(r->app.dirty);
    }
}

static void the_clock_wants_one_frame_a_second(void **state)
{
    struct ht_rig *r = *state;
    (void)ht_rig_shows(r, "");
    int64_t due = ht_app_due_us(&r->app) - r->app.now_us;
    assert_in_range(due, 1, 1000000);
    int frames = 0;
    for (int i = 0; i < 100; i++) {
        ht_rig_pass(r, 100);
        if (r->app.dirty) {
            frames++;
            (void)ht_rig_shows(r, "");
        }
    }
    assert_in_range(frames, 9, 11);
}

/* Details ---------------------------------------------------------------------------------------------------------- */
static void next_and_previous_keep_the_tab(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "\n\t\t");
    SHOWS(r, "Acme billing ");
    SHOWS(r, "[Secrets(2)]");
    ht_rig_keys(r, "]");
    SHOWS(r, "> Acme billing (EU)");
    SHOWS(r, "[Secrets(2)]");
    ht_rig_keys(r, "]");
    SHOWS(r, "> Acme CRM sync");
    ht_rig_keys(r, "[");
    SHOWS(r, "> Acme billing (EU)");
}

/* Each Tab shows another text; what is only there for some is asked for when they look. */
static void a_delivery_shows_its_tabs_one_by_one(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2k\n");
    SHOWS(r, "[Request]");
    int asked = r->asked[HT_REQ_DELIVERY];
    ht_rig_keys(r, "\t");
    SHOWS(r, "[Response]");
    assert_int_equal(r->asked[HT_REQ_DELIVERY], asked);
    ht_rig_keys(r, "\t");
    SHOWS(r, "[Signature]");
    SHOWS(r, "generation 2");
    assert_int_equal(r->asked[HT_REQ_DELIVERY], asked + 1);
    ht_rig_keys(r, "\t");
    SHOWS(r, "[Timeline]");
    r->silent = true;
    ht_rig_keys(r, "\t");
    SHOWS(r, "[Compare]");
    SHOWS(r, "fetching ...");
    HIDES(r, "nothing to compare");
    r->silent = false;
    ht_rig_keys(r, "r");
    SHOWS(r, "Last success");
    ht_rig_keys(r, "\t\t\t"); /* round: both are kept */
    SHOWS(r, "[Signature]");
    assert_int_equal(r->asked[HT_REQ_DELIVERY], asked + 3);
    ht_rig_keys(r, "v");
    SHOWS(r, "OUTCOME"); /* as in every list of deliveries */
}

static void the_log_of_an_endpoint(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jd");
    SHOWS(r, "[2 Deliveries]");
    SHOWS(r, "filter: endpoint:01934a0f-fe01-7000-8000-000000000ffe");
}

static void an_action_does_not_need_the_screen_it_began_on(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2\n");
    ht_rig_keys(r, "R");
    ht_rig_pass(r, 300);
    r->silent = true;
    ht_rig_keys(r, "y1"); /* away before the answer comes */
    struct ht_request q = {.kind = HT_REQ_REDELIVER, .ticket = r->last->ticket};
    ht_rig_post(r, ht_data_answer(&r->data, &q));
    SHOWS(r, "redeliver ..00000077: done, audit 4711");
    SHOWS(r, "[1 Endpoints]");
}

static void a_terminal_too_small_can_still_be_left(void **state)
{
    struct ht_rig *r = *state;
    ht_app_resize(&r->app, 5, 30);
    SHOWS(r, "terminal too small");
    SHOWS(r, "30x5, needs 40x8");
    ht_rig_keys(r, "?");
    assert_int_equal(r->app.depth, 2);
    ht_rig_keys(r, "qq");
    assert_true(r->app.quit);
}

static void ages_in_a_list_move_in_steps(void **state)
{
    struct ht_rig *r = *state;
    SHOWS(r, "35s ago");
    ht_rig_pass(r, 4000);
    SHOWS(r, "35s ago");
    ht_rig_pass(r, 6000);
    SHOWS(r, "45s ago");
    ht_rig_pass(r, 2000);
    ht_rig_keys(r, "j"); /* a key brings them up to date */
    SHOWS(r, "47s ago");
    ht_rig_keys(r, "g\n");
    ht_rig_pass(r, 3000);
    SHOWS(r, "UTC   3s ago"); /* a detail has few: they move every second */
}

/* On every screen of the first level, for this machine and for others, as long as it lasts, and never cut. */
static void exceptions_are_on_every_screen(void **state)
{
    static const char most[] = "plain http, 5 allowed ranges, ports of its own";
    static const struct {
        const char *here, *there, *small, *wide;
    } cases[] = {
        {NULL, NULL, NULL, NULL},
        {"plain http", NULL, "plain http ([egress] in the configuration)",
         "plain http ([egress] in the configuration)"},
        {most, NULL, "plain http, 5 allowed ranges, ports of its own",
         "plain http, 5 allowed ranges, ports of its own ([egress] in the configuration)"},
        {NULL, "mq-b:7 plain http", "mq-b:7 plain http", "mq-b:7 plain http"},
        {most, "mq-b:7 plain http", "here and on other machines: Workers names them",
         "here plain http, 5 allowed ranges, ports of its own; mq-b:7 plain http"},
    };
    struct ht_rig *r = *state;
    for (size_t i = 0; i < HT_COUNT(cases) * 2; i++) {
        bool wide = i % 2;
        const char *said = wide ? cases[i / 2].wide : cases[i / 2].small;
        struct ht_reply *notice = ht_reply_new(HT_REP_ELSEWHERE, HT_REQ_KIND_COUNT, 0);
        notice->text = cases[i / 2].there ? ht_strdup(cases[i / 2].there) : NULL;
        ht_rig_post(r, notice);
        r->options.exceptions = cases[i / 2].here;
        ht_app_resize(&r->app, 24, wide ? 140 : 80);
        for (int key = '1'; key <= '9'; key++) {
            ht_rig_key(r, key);
            HT_AUTOFREE char *row = ht_rig_row(r, 1);
            const char *at = strstr(row, " egress exceptions: ");
            size_t len = said ? strlen(said) : 0;
            bool good = said ? at == row && strncmp(at + 20, said, len) == 0 &&
                                   at[20 + len + strspn(at + 20 + len, " ")] == '\0'
                             : at == NULL;
            if (!good)
                fail_msg("screen %c: \"%s\" without \"%s\"", key, row, said ? said : "");
        }
    }
}

/* Whichever rule comes first: days of nothing but failures, or one delivery that fails as often as the profile allows.
 */
static void what_is_near_its_disabling_says_when_and_why(void **state)
{
#define MINUTE INT64_C(60000000)
    static const struct {
        const char *profile;
        int64_t failing_since, snoozed_until;
        size_t own_pauses;
        int32_t failures; /* of one delivery, due in ten minutes */
        const char *when, *why;
    } cases[] = {
        {"claimport", 0, 0, 0, 0, "no: its latest attempts include a success", NULL},
        {"claimport", 0, 0, 0, 3, "at 2026-11-20 16:10:00 UTC, in 2h", "failed 3 of the 5 times that claimport allows"},
        {"claimport", 0, 0, 0, 4, "at 2026-11-20 14:10:00 UTC, in 10m", "failed 4 of the 5 times"},
        {"claimport", 0, 0, 3, 3, "no: its latest attempts include a success", NULL}, /* given up before */
        {"claimport", 0, 24 * 60 * MINUTE, 0, 3, "at 2026-11-21 14:00:00 UTC", "failed 3 of the 5 times"},
        {"claimport", 5 * 24 * 60 * MINUTE, 0, 0, 3, "at 2026-11-20 14:00:00 UTC", "7 failures since the last"},
        {"claimport", 60 * MINUTE, 0, 0, 3, "at 2026-11-20 16:10:00 UTC", "failed 3 of the 5 times"},
        {"instaclaim", 0, 0, 0, 3, "no: its latest attempts include a success", NULL},
        {"instaclaim", 60 * MINUTE, 0, 0, 3, "at 2026-11-25 13:00:00 UTC", "7 failures since the last success"},
    };
    struct ht_rig *r = *state;
    struct ht_doc d;
    ht_doc_init(&d);
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_endpoint e = {.status = HT_ENDPOINT_ACTIVE, .consecutive_failures = 7};
        const struct ht_endpoint_health h = {.failed_most = cases[i].failures,
                                             .failed_most_at = HT_DATA_NOW + 10 * MINUTE};
        e.profile = ht_strdup(cases[i].profile);
        e.failing_since = cases[i].failing_since ? HT_DATA_NOW - cases[i].failing_since : 0;
        e.snoozed_until = cases[i].snoozed_until ? HT_DATA_NOW + cases[i].snoozed_until : 0;
        for (e.schedule_len = 0; e.schedule_len < cases[i].own_pauses; e.schedule_len++)
            e.schedule_s[e.schedule_len] = 5;
        ht_health_describe(&r->app, &e, &h, &d);
        if (!strstr(d.text.data, cases[i].when) || (cases[i].why && !strstr(d.text.data, cases[i].why)))
            fail_msg("case %zu: no \"%s\", \"%s\" in\n%s", i, cases[i].when, cases[i].why, d.text.data);
        ht_endpoint_fini(&e);
    }
    ht_doc_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(esc_never_quits),
        HT_RIG_TEST(commands_do_what_keys_do),
        HT_RIG_TEST(typing_filters_after_a_pause),
        HT_RIG_TEST(a_mistake_leaves_the_list_alone),
        HT_RIG_TEST(a_mistake_is_marked_where_it_is),
        HT_RIG_TEST(a_late_answer_to_an_older_filter_is_ignored),
        HT_RIG_TEST(what_a_key_asked_for_is_drawn_at_once),
        HT_RIG_TEST(more_endpoints_come_as_the_cursor_goes_down),
        HT_RIG_TEST(the_log_follows_until_the_cursor_moves),
        HT_RIG_TEST(a_burst_beyond_a_page_is_said_not_hidden),
        HT_RIG_TEST(going_back_loads_older_pages),
        HT_RIG_TEST(changes_are_fetched_at_most_five_times_a_second),
        HT_RIG_TEST(a_lost_connection_keeps_the_rows_and_comes_back),
        HT_RIG_TEST(a_write_cut_off_is_not_called_done),
        HT_RIG_TEST(an_error_stays_until_a_key),
        HT_RIG_TEST(idle_without_a_clock_wants_nothing),
        HT_RIG_TEST(the_clock_wants_one_frame_a_second),
        HT_RIG_TEST(ages_in_a_list_move_in_steps),
        HT_RIG_TEST(next_and_previous_keep_the_tab),
        HT_RIG_TEST(a_delivery_shows_its_tabs_one_by_one),
        HT_RIG_TEST(the_log_of_an_endpoint),
        HT_RIG_TEST(an_action_does_not_need_the_screen_it_began_on),
        HT_RIG_TEST(a_terminal_too_small_can_still_be_left),
        HT_RIG_TEST(exceptions_are_on_every_screen),
        HT_RIG_TEST(what_is_near_its_disabling_says_when_and_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
