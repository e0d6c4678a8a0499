/* Lists: their order, their columns, their filters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_rig.h"
#include "hooktop/tui/pages.h"
#include "ht_test.h"

/* The log from its other end: pages follow as the cursor goes down, and nothing is followed. */
static void the_log_is_read_from_its_oldest(void **state)
{
    struct ht_rig *r = *state;
    atomic_store(&r->data.deliveries, 450);
    ht_rig_keys(r, "2");
    SHOWS(r, "LIVE");
    ht_rig_keys(r, ":sort time\n");
    SHOWS(r, "filter: sort:time");
    SHOWS(r, "newest first");
    SHOWS(r, "TIME(UTC)\u25bc");
    struct ht_subject it = {0}, next = {0};
    struct ht_screen *s = ht_app_top(&r->app);
    assert_true(s->class->subject(s, &it));
    ht_rig_keys(r, "j");
    assert_true(s->class->subject(s, &next));
    assert_true(ht_uuid_cmp(&it.id, &next.id) > 0);
    ht_rig_keys(r, ":sort time\n");
    SHOWS(r, "filter: -sort:time");
    SHOWS(r, "oldest first");
    SHOWS(r, "TIME(UTC)\u25b2");
    SHOWS(r, "1/200+");
    HIDES(r, "LIVE");
    assert_true(s->class->subject(s, &it));
    for (int i = 0; i < 3; i++)
        ht_rig_keys(r, "G");
    SHOWS(r, "450/450 ");
    assert_true(s->class->subject(s, &next));
    assert_true(ht_uuid_cmp(&it.id, &next.id) < 0);
    ht_rig_keys(r, "gf");
    SHOWS(r, "f does nothing here");
    ht_rig_keys(r, "j\nq"); /* and back where it was */
    SHOWS(r, "2/450 ");
    ht_rig_keys(r, "s");
    SHOWS(r, "an index by time alone");
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, ":sort latency\n");
    SHOWS(r, "a log has one order, 'time'");
    ht_rig_keys(r, "~");
    SHOWS(r, "LIVE");
}

static void click(struct ht_rig *r, const char *title)
{
    for (int y = 0; y < r->app.canvas.rows; y++) {
        HT_AUTOFREE char *row = ht_rig_row(r, y);
        const char *at = strstr(row, title);
        if (!at)
            continue;
        r->app.pointer_row = y;
        r->app.pointer_col = (int)ht_text_width(row, (size_t)(at - row), HT_TEXT_CELL);
        ht_rig_key(r, HT_KEY_CLICK);
        return;
    }
    fail_msg("no column %s", title);
}

/* As its order of the filter, or, where the list is sorted here, as itself; once more turns it round. */
static void a_click_on_a_columns_title_sorts_by_it(void **state)
{
    struct ht_rig *r = *state;
    click(r, "FAIL24h");
    SHOWS(r, "filter: sort:failed");
    SHOWS(r, "FAIL24h\u25bc");
    click(r, "FAIL24h");
    SHOWS(r, "filter: -sort:failed");
    SHOWS(r, "FAIL24h\u25b2");
    click(r, "NAME");
    SHOWS(r, "filter: sort:name");
    SHOWS(r, " 1/37"); /* the rows are not clicked with it */
    ht_rig_keys(r, "2");
    click(r, "TYPE");
    SHOWS(r, "this list has no order by TYPE; s lists those it has");
    click(r, "TIME(UTC)");
    SHOWS(r, "newest first");
    ht_rig_keys(r, "5\t");
    click(r, "PAST DUE");
    SHOWS(r, "PAST DUE\u25bc");
    click(r, "PAST DUE");
    SHOWS(r, "PAST DUE\u25b2");
    ht_rig_keys(r, "s"); /* a question hears no mouse */
    HT_AUTOFREE char *before = ht_rig_screen(r);
    click(r, "PAST DUE");
    HT_AUTOFREE char *after = ht_rig_screen(r);
    assert_string_equal(before, after);
}

/* The first number of each row. */
static void assert_falling(struct ht_rig *r, bool falls)
{
    long last = 0;
    for (int i = 7; i < 9; i++) {
        HT_AUTOFREE char *row = ht_rig_row(r, i);
        const char *digits = strpbrk(row, "0123456789");
        long n = digits ? strtol(digits, NULL, 10) : -1;
        if (n < 0 || (i > 7 && (falls ? n >= last : n <= last)))
            fail_msg("%ld after %ld in: %s", n, last, row);
        last = n;
    }
}

/* What is loaded whole is sorted by any column where it stands, and stays so when it is fetched again. */
static void short_lists_are_sorted_by_any_column(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "5\t");
    HIDES(r, "\u25bc");
    int asked = r->asked[HT_REQ_QUEUE];
    r->silent = true; /* no answer is needed for it */
    ht_rig_keys(r, ":sort past due\n");
    SHOWS(r, "PAST DUE\u25bc");
    assert_falling(r, true);
    ht_rig_keys(r, ":sort past due\n");
    SHOWS(r, "PAST DUE\u25b2");
    assert_falling(r, false);
    ht_rig_keys(r, "\t"); /* each list has its own order */
    HIDES(r, "\u25b2");
    ht_rig_keys(r, "\t\t\t\t");
    SHOWS(r, "PAST DUE\u25b2");
    assert_int_equal(r->asked[HT_REQ_QUEUE], asked);
    r->silent = false;
    ht_rig_keys(r, "r");
    assert_falling(r, false);
    ht_rig_keys(r, ":sort nothing\n");
    SHOWS(r, "there is no order 'nothing' here");
    ht_rig_keys(r, "s");
    SHOWS(r, "PAST DUE");
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "9:sort what\n");
    SHOWS(r, "WHAT\u25b2"); /* letters begin with A */
}

/* Lists of any length are loaded page by page, as one goes down, up to an end that is told; what is new comes with one
 * page and moves nothing that is looked at. */
static void long_lists_come_in_pages(void **state)
{
    static const struct {
        const char *open, *first, *second, *last;
        enum ht_request_kind kind;
    } lists[] = {
        {":events type:many\n", "200+, newest", "400+, newest", "10000+, newest", HT_REQ_EVENTS},
        {":audit who:many\n", "200+ entries", "400+ entries", "10000+ entries", HT_REQ_AUDIT},
        {":secrets tenant:many\n", "200+ live", "400+ live", "10000+ live", HT_REQ_FLEET},
    };
    struct ht_rig *r = *state;
    for (size_t i = 0; i < HT_COUNT(lists); i++) {
        ht_rig_keys(r, lists[i].open);
        SHOWS(r, lists[i].first);
        HIDES(r, HT_PAGES_END);
        ht_rig_keys(r, "r"); /* the same page again: the same rows, each once */
        SHOWS(r, lists[i].first);
        ht_rig_keys(r, "G");
        SHOWS(r, lists[i].second);
        ht_rig_keys(r, "kk");
        int asked = r->asked[lists[i].kind];
        HT_AUTOFREE char *before = ht_rig_screen(r);
        ht_rig_keys(r, "r"); /* one page around what is shown */
        assert_int_equal(r->asked[lists[i].kind], asked + 1);
        HT_AUTOFREE char *after = ht_rig_screen(r);
        assert_string_equal(before, after);
        for (int k = 0; k < 60; k++)
            ht_rig_keys(r, "G");
        SHOWS(r, lists[i].last);
        SHOWS(r, "10000/10000+ | " HT_PAGES_END);
        ht_rig_keys(r, "gr");
        SHOWS(r, "1/10000+");
    }
}

/* While a slow search runs, and when it failed, the rows that are there are not taken for what it found. */
static void rows_of_another_filter_are_said_to_be(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":events\n");
    HIDES(r, "of another filter");
    r->silent = true;
    ht_rig_keys(r, "/contains:nothing\n");
    ht_rig_pass(r, 100);
    HIDES(r, "of another filter"); /* most answers come by then */
    ht_rig_pass(r, 300);
    SHOWS(r, "searching; these are of another filter");
    SHOWS(r, "still searching; the rows are of another filter; Esc ends the search");
    struct ht_reply *late = ht_reply_new(HT_REP_ERROR, HT_REQ_EVENTS, r->app.last_ticket);
    ht_fail(&late->err, HT_TIMEOUT, "event list", NULL, "it took too long");
    ht_rig_post(r, late);
    SHOWS(r, "these are of another filter");
    HIDES(r, "searching");
    r->silent = false;
    ht_rig_keys(r, "r");
    ht_rig_pump(r);
    HIDES(r, "of another filter");
}

/* A search that takes long says so, and how it ends; then the rows are there with their own filter. */
static void esc_ends_a_search(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":events\n/type:a*\n");
    const struct ht_screen *s = ht_app_top(&r->app);
    r->silent = true;
    ht_rig_keys(r, "/contains:nothing\n");
    int forgotten = r->asked[HT_REQ_FORGET], asked = r->asked[HT_REQ_EVENTS];
    HIDES(r, "Esc ends");
    ht_rig_pass(r, 300);
    SHOWS(r, "Esc ends the search");
    ht_rig_key(r, HT_KEY_ESC);
    HIDES(r, "searching");
    SHOWS(r, "filter: type:a*");
    SHOWS(r, "ended; r asks again");
    assert_int_equal(s->ticket, 0);
    assert_int_equal(r->asked[HT_REQ_FORGET], forgotten + 1);
    ht_rig_pass(r, 10000);
    assert_int_equal(r->asked[HT_REQ_EVENTS], asked); /* the rows are of this filter */
    ht_rig_keys(r, "r");
    ht_rig_pass(r, 300);
    SHOWS(r, "still searching; Esc ends it");
    ht_rig_key(r, HT_KEY_ESC);
    HIDES(r, "searching");
    SHOWS(r, "filter: type:a*");
    ht_rig_key(r, HT_KEY_ESC); /* now the filter */
    SHOWS(r, "filter: - ");
    ht_rig_pass(r, 300);
    SHOWS(r, "Esc ends");
    forgotten = r->asked[HT_REQ_FORGET];
    r->silent = false;
    ht_rig_keys(r, "1"); /* leaving ends it too */
    assert_int_equal(r->asked[HT_REQ_FORGET], forgotten + 1);
    HIDES(r, "still");
    ht_rig_keys(r, "3");
    r->silent = true;
    ht_rig_keys(r, ":types nothing\n"); /* no rows yet: none are kept */
    ht_rig_pass(r, 300);
    SHOWS(r, "still searching; Esc ends it");
    SHOWS(r, "filter: nothing");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "filter: -");
    SHOWS(r, "fetching ...");
    ht_rig_pass(r, 300);
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "r tries again");
}

/* Esc drops what a list was narrowed to, then nothing; its order stays. */
static void esc_drops_the_filter(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "/Acme b -sort:failed\n");
    SHOWS(r, "filter: Acme b -sort:failed");
    SHOWS(r, "FAIL24h\u25b2");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "filter: -sort:failed");
    SHOWS(r, "37 endpoints");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "filter: -sort:failed");
    assert_false(r->app.quit);
    ht_rig_keys(r, "~/Acme b\n");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "filter: - ");
    ht_rig_keys(r, "/Acme b\n2q"); /* q is no Esc: it leaves */
    assert_true(r->app.quit);
}

static void columns_can_be_left_out(void **state)
{
    struct ht_rig *r = *state;
    SHOWS(r, "STATE");
    SHOWS(r, "FAIL24h");
    ht_rig_keys(r, "c");
    ht_rig_pass(r, 300);
    SHOWS(r, "[x] STATE");
    ht_rig_keys(r, " "); /* the first box has the cursor */
    SHOWS(r, "[ ] STATE");
    ht_rig_key(r, HT_KEY_ESC);
    SHOWS(r, "STATE");
    ht_rig_keys(r, "c");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, " jjjj \n");
    assert_false(ht_rig_shows(r, "STATE"));
    assert_false(ht_rig_shows(r, "FAIL24h"));
    SHOWS(r, "NAME");
    ht_rig_keys(r, "21"); /* kept while other screens are looked at */
    assert_false(ht_rig_shows(r, "STATE"));
    ht_rig_keys(r, "3"); /* a list of its own: all are there, at 80 columns too */
    SHOWS(r, "COUNT ENDPOINT      ERROR      CODE ST FIRST  LAST  NEXT TREND        HANDLED");
    ht_rig_keys(r, "c");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "jjjj \n");
    SHOWS(r, "CODE ST  LAST");
    assert_false(ht_rig_shows(r, "FIRST"));
}

/* Of what came within half a minute; it falls as time passes, and then nothing is left to do. */
static void the_log_says_how_much_comes_and_fails(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2");
    SHOWS(r, "LIVE 4.0/s err 21.7%");
    ht_rig_keys(r, "k");
    SHOWS(r, "PAUSED 4.0/s err 21.7%");
    ht_rig_keys(r, "G");
    r->silent = true;
    ht_rig_pass(r, 40000);
    SHOWS(r, "LIVE 2.9/s");
    ht_rig_pass(r, 40000);
    HIDES(r, "/s err");
    SHOWS(r, " LIVE\n");
    ht_rig_pass(r, 1);
    assert_true(ht_app_due_us(&r->app) - r->app.now_us > 0);
}

/* Fields, and the values of those that have a closed set, as the command line completes its words. */
static void tab_completes_a_filter(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "2/");
    struct ht_screen *s = ht_app_top(&r->app);
    ht_rig_keys(r, "sta\t");
    assert_string_equal(s->filter.prompt.text, "status:");
    ht_rig_keys(r, "s\t|ex\t");
    assert_string_equal(s->filter.prompt.text, "status:succeeded|exhausted");
    ht_rig_keys(r, " -err\the\t");
    SHOWS(r, "headers_incomplete  headers_too_large"); /* several: what they have in common stands there, and they are
                                                         shown */
    assert_string_equal(s->filter.prompt.text, "status:succeeded|exhausted -error:headers_");
    ht_rig_pass(r, 1000);
    ht_rig_key(r, HT_KEY_HOME); /* at the cursor, what is behind it stays */
    ht_rig_keys(r, "typ\t");
    assert_string_equal(s->filter.prompt.text, "type:status:succeeded|exhausted -error:headers_");
    ht_rig_key(r, HT_CTRL('K'));
    ht_rig_keys(r, "\"a err\t"); /* within quotes nothing is a field; a type is any text */
    assert_string_equal(s->filter.prompt.text, "type:\"a err");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "code:\t"); /* what has no words says what it takes */
    SHOWS(r, "the last HTTP status: code:503, code:5xx");
    ht_rig_keys(r, "5");
    HIDES(r, "the last HTTP status");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "\t"); /* nothing yet: all fields, and the filter stays in sight */
    SHOWS(r, "endpoint:  status:  code:  type:");
    SHOWS(r, "filter: ");
    ht_rig_keys(r, "zz\t");
    SHOWS(r, "nothing that may stand here begins so");
    ht_rig_key(r, HT_KEY_ESC);
    HIDES(r, "nothing that may");
    ht_rig_keys(r, ":filter sor\tt\t\n"); /* on the command line too */
    assert_string_equal(s->filter.applied, "sort:time");
}

/* Screens, actions, and what follows a word. What several begin so is shown above the line. */
static void tab_completes_a_command(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":\t");
    SHOWS(r, " endpoints  deliveries  failures  types ");
    SHOWS(r, " theme");
    ht_rig_keys(r, "the\t");
    assert_string_equal(r->app.prompt.text, "theme ");
    ht_rig_keys(r, "\t");
    SHOWS(r, " blue-orange  contrast  dark  default  light  mono  ocean  paper\n :theme");
    ht_rig_keys(r, "o");
    HIDES(r, "blue-orange");
    ht_rig_keys(r, "\t\n");
    SHOWS(r, "theme 'ocean' loaded");
    ht_rig_keys(r, ":sort \t");
    SHOWS(r, " name  state  tenant  failed  wait");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "deliveries sta\tsu\t\n"); /* a filter after the name of its list, which is not on the screen */
    assert_string_equal(ht_app_top(&r->app)->filter.applied, "status:succeeded");
    ht_rig_keys(r, ":nosuch\t");
    SHOWS(r, "nothing that may stand here begins so");
    ht_rig_key(r, HT_KEY_ESC);
    HIDES(r, "nothing that may");
    for (int cols = 40; cols < 200; cols += 7)
        for (int rows = 8; rows < 30; rows += 3) { /* what has no room is counted */
            ht_app_resize(&r->app, rows, cols);
            ht_rig_keys(r, ":\t");
            HT_AUTOFREE char *screen = ht_rig_screen(r);
            bool all = strstr(screen, "theme") != NULL, some = strstr(screen, " more\n") != NULL;
            if (all == some || !strstr(screen, "\n :\n"))
                fail_msg("%dx%d:\n%s", cols, rows, screen);
            ht_rig_key(r, HT_KEY_ESC);
        }
}

/* Themes of one's own stand among the others, each once. */
static void own_themes_are_offered(void **state)
{
    struct ht_rig *r = *state;
    HT_AUTOFREE char *dir = ht_test_dir();
    static const char *const files[] = {"mine.ini", "dark.ini", "notes.txt", ".ini"};
    for (size_t i = 0; i < HT_COUNT(files); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        ht_test_write_file(path, "", 0);
    }
    r->options.theme_dir = dir;
    ht_rig_keys(r, ":theme \t");
    SHOWS(r, " blue-orange  contrast  dark  default  light  mine  mono  ocean  paper\n");
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

/* Lists of so many rows ---------------------------------------------------------------------------------------------
 */

#define FIRST 4 /* row of the screen with the first row of a list */

/* Rows of the list that the screen shows. */
static int rows_shown(struct ht_rig *r)
{
    int n = 0;
    for (int y = FIRST; y < r->app.canvas.rows - 2; y++) {
        HT_AUTOFREE char *row = ht_rig_row(r, y);
        n += strspn(row, " ") < strlen(row);
    }
    return n;
}

/* The screen row that the cursor is in; -1: none. */
static int cursor_row(struct ht_rig *r)
{
    for (int y = FIRST; y < r->app.canvas.rows - 2; y++) {
        HT_AUTOFREE char *row = ht_rig_row(r, y);
        if (row[0] == '>')
            return y - FIRST;
    }
    return -1;
}

/* The log says how many it has, the others also at which of them the cursor is. */
static void counter_says(struct ht_rig *r, int at, int n)
{
    char text[48];
    HT_AUTOFREE char *row = ht_rig_row(r, -2);
    if (strcmp(ht_app_top(&r->app)->class->name, "deliveries") == 0)
        snprintf(text, sizeof text, "%d kept", n);
    else
        snprintf(text, sizeof text, "%d/%d", at, n);
    const char *said = strstr(row, text);
    if (said == NULL || (said > row && said[-1] != ' ') || (said[strlen(text)] != '\0' && said[strlen(text)] != ' '))
        fail_msg("\"%s\" is not what this says: %s", text, row);
}

/* A key, where it leaves the cursor, and how many rows are shown then. */
static void key_leads_to(struct ht_rig *r, int32_t key, int at, int n, int fit)
{
    ht_rig_key(r, key);
    counter_says(r, at, n);
    assert_int_equal(rows_shown(r), n < fit ? n : fit);
    assert_int_equal(cursor_row(r), n <= fit ? at - 1 : key == 'G' || key == HT_KEY_PAGE_DOWN ? fit - 1 : 0);
}

static void list_of(struct ht_rig *r, const char *screen, atomic_int *count, int n)
{
    atomic_store(count, n);
    ht_rig_keys(r, screen);
    ht_rig_keys(r, "r");
    int fit = r->app.canvas.rows - 2 - FIRST;
    if (n == 0) {
        assert_int_equal(cursor_row(r), -1);
        ht_rig_keys(r, "Gg jk");
        ht_rig_key(r, HT_KEY_PAGE_DOWN);
        ht_rig_keys(r, "\nR"); /* nothing to open, nothing to act on */
        assert_int_equal(cursor_row(r), -1);
        assert_null(r->last);
        HIDES(r, "0/0");
        HIDES(r, "1/0");
        return;
    }
    key_leads_to(r, 'g', 1, n, fit);
    key_leads_to(r, 'G', n, n, fit);
    ht_rig_keys(r, "j"); /* nothing is below the last */
    counter_says(r, n, n);
    key_leads_to(r, 'g', 1, n, fit);
    ht_rig_keys(r, "k"); /* nor above the first */
    counter_says(r, 1, n);
    if (n > fit)
        return;
    key_leads_to(r, HT_KEY_PAGE_DOWN, n, n, fit);
    key_leads_to(r, HT_KEY_PAGE_DOWN, n, n, fit);
    key_leads_to(r, HT_KEY_PAGE_UP, 1, n, fit);
    key_leads_to(r, HT_KEY_PAGE_UP, 1, n, fit);
}

/* None, one, one less than the screen shows, exactly that, one more; and exactly as many as are fetched at once. */
static void lists_of_any_length_hold_what_they_say(void **state)
{
    struct ht_rig *r = *state;
    const int fit = r->app.canvas.rows - 2 - FIRST, counts[] = {0, 1, fit - 1, fit, fit + 1};
    for (size_t i = 0; i < HT_COUNT(counts); i++) {
        list_of(r, "1", &r->data.endpoints, counts[i]);
        list_of(r, "2", &r->data.deliveries, counts[i]);
    }
    list_of(r, "1", &r->data.endpoints, r->app.canvas.rows + 20); /* 20 more than the terminal has */
    list_of(r, "2", &r->data.deliveries, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(columns_can_be_left_out),
        HT_RIG_TEST(the_log_is_read_from_its_oldest),
        HT_RIG_TEST(short_lists_are_sorted_by_any_column),
        HT_RIG_TEST(a_click_on_a_columns_title_sorts_by_it),
        HT_RIG_TEST(long_lists_come_in_pages),
        HT_RIG_TEST(rows_of_another_filter_are_said_to_be),
        HT_RIG_TEST(esc_ends_a_search),
        HT_RIG_TEST(esc_drops_the_filter),
        HT_RIG_TEST(tab_completes_a_filter),
        HT_RIG_TEST(tab_completes_a_command),
        HT_RIG_TEST(own_themes_are_offered),
        HT_RIG_TEST(the_log_says_how_much_comes_and_fails),
        HT_RIG_TEST(the_row_becomes_a_filter),
        HT_RIG_TEST(lists_of_any_length_hold_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
