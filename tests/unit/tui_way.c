/* Ways through the console and out of it: the screen before, what was typed after `:`, the clipboard, other programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console_rig.h"
#include "ht_test.h"

static void the_screen_before(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "-");
    SHOWS(r, "no screen was shown before");
    ht_rig_keys(r, "2-");
    SHOWS(r, "[1 Endpoints]");
    ht_rig_keys(r, "-");
    SHOWS(r, "[2 Deliveries]");
    ht_rig_keys(r, "1j\n");
    char *title = ht_rig_row(r, 0);
    struct ht_uuid of = ht_app_top(&r->app)->id;
    ht_rig_keys(r, "\tq");
    assert_int_equal(r->app.depth, 1);
    ht_rig_keys(r, "-"); /* opened again, though it was closed: the same one, on the same tab */
    assert_int_equal(r->app.depth, 2);
    assert_memory_equal(&ht_app_top(&r->app)->id, &of, sizeof of);
    assert_int_equal(ht_app_top(&r->app)->tab, 1);
    char *again = ht_rig_row(r, 0);
    assert_string_equal(title, again);
    free(title);
    free(again);
    for (int i = 0; i < 3 * HT_STACK_MAX; i++) { /* to and fro piles nothing up */
        ht_rig_keys(r, "-");
        assert_true(r->app.depth <= 2);
    }
    ht_rig_keys(r, "?-"); /* an answer is shown once: help is not a place */
    assert_true(ht_app_top(&r->app)->class->fetch != NULL || ht_app_top(&r->app)->screen_id == HT_SCREEN_HELP);
}

/* From a group of failures to its log, and by q or Esc back, whatever was opened in between; q asks nothing there. */
static void a_log_leads_back_to_where_it_was_opened(void **state)
{
    struct ht_rig *r = *state;
    for (const char *back = "q\x1b"; *back; back++) {
        ht_rig_keys(r, "3\n");
        SHOWS(r, "[2 Deliveries]");
        ht_rig_keys(r, "\nq");
        SHOWS(r, "[2 Deliveries]");
        ht_rig_key(r, *back == 'q' ? 'q' : HT_KEY_ESC);
        SHOWS(r, "[3 Failures]");
        assert_false(r->app.quit);
    }
    ht_rig_keys(r, "+"); /* and forward again, as often as one likes */
    SHOWS(r, "[2 Deliveries]");
    ht_rig_keys(r, "\nqq++"); /* with what was opened from there */
    SHOWS(r, "[Request]");
    ht_rig_keys(r, "qq");
    SHOWS(r, "[3 Failures]");
    ht_rig_keys(r, "1j\n\t"); /* a detail is then where it was: on its list, on its tab */
    char *title = ht_rig_row(r, 0);
    ht_rig_keys(r, "d");
    SHOWS(r, "[2 Deliveries]");
    ht_rig_keys(r, "q");
    char *again = ht_rig_row(r, 0);
    assert_string_equal(title, again);
    free(title);
    free(again);
    SHOWS(r, "[Subscriptions(3)]");
    ht_rig_keys(r, "-");
    SHOWS(r, "[2 Deliveries]");
    ht_rig_keys(r, "-q");
    SHOWS(r, "[1 Endpoints]");
    ht_rig_keys(r, "3\n1q"); /* elsewhere it is what it always was */
    assert_true(r->app.quit);
}

static void forward_again(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "+");
    SHOWS(r, "nothing was left by going back");
    ht_rig_keys(r, "j\n\t\t\t\t"); /* an endpoint, its deliveries, one of them */
    struct ht_uuid endpoint = ht_app_top(&r->app)->id;
    ht_rig_keys(r, "\n\t\t");
    struct ht_uuid delivery = ht_app_top(&r->app)->id;
    assert_int_equal(r->app.depth, 3);
    char *title = ht_rig_row(r, 0);
    ht_rig_keys(r, "q?qq"); /* help on the way is no place, but it is something opened */
    assert_int_equal(r->app.depth, 1);
    ht_rig_keys(r, "+");
    assert_int_equal(r->app.depth, 2);
    assert_memory_equal(&ht_app_top(&r->app)->id, &endpoint, sizeof endpoint);
    assert_int_equal(ht_app_top(&r->app)->tab, 4);
    ht_rig_keys(r, "+");
    SHOWS(r, "nothing was left by going back");
    ht_rig_keys(r, "\n\t\tqq:forward\n:forward\n"); /* the whole way, each on the tab it was left on */
    assert_int_equal(r->app.depth, 3);
    assert_memory_equal(&ht_app_top(&r->app)->id, &delivery, sizeof delivery);
    assert_int_equal(ht_app_top(&r->app)->tab, 2);
    char *again = ht_rig_row(r, 0);
    assert_string_equal(title, again);
    free(title);
    free(again);
    ht_rig_keys(r, "qq2+"); /* elsewhere there is nothing ahead */
    SHOWS(r, "nothing was left by going back");
    ht_rig_keys(r, "1jjjj\nq1");
    for (int i = 0; i < 3 * HT_STACK_MAX; i++) /* to and fro piles nothing up */
        ht_rig_keys(r, "\nq+q");
    assert_int_equal(r->app.n_ahead, 1);
}

static char *views_in_new_place(struct ht_rig *r)
{
    HT_AUTOFREE char *dir = ht_test_dir();
    char path[1024];
    snprintf(path, sizeof path, "%s/views.ini", dir);
    char *views = ht_strdup(path);
    r->options.views = views;
    return views;
}

static const char *last_said(const struct ht_rig *r)
{
    return r->app.messages[(r->app.n_messages - 1) % HT_MESSAGES_MAX].text;
}

static void views_are_kept(void **state)
{
    struct ht_rig *r = *state;
    HT_AUTOFREE char *path = views_in_new_place(r);
    struct stat st;
    ht_rig_keys(r, "@");
    SHOWS(r, "no view is saved yet");
    ht_rig_keys(r, ":view save x\n:view remove x\n:view x\n");
    SHOWS(r, "there is none of this name");
    ht_rig_keys(r, "/\"Acme b\" -sort:failed\n");
    r->app.hidden[HT_SCREEN_ENDPOINTS] = 0xc;
    ht_rig_keys(r, ":view save acme\n");
    SHOWS(r, "view acme: saved");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    ht_rig_keys(r, "~");
    r->app.hidden[HT_SCREEN_ENDPOINTS] = 0;
    ht_rig_keys(r, "4:view save all-types\n:view ac\t\n"); /* completed */
    SHOWS(r, "[1 Endpoints]");
    assert_string_equal(ht_app_top(&r->app)->filter.applied, "\"Acme b\" -sort:failed");
    assert_int_equal(r->app.hidden[HT_SCREEN_ENDPOINTS], 0xc);
    ht_rig_keys(r, "@");
    SHOWS(r, "acme                 endpoints \"Acme b\" -sort:failed  without ");
    SHOWS(r, "all-types            types");
    ht_rig_keys(r, "all-types\n"); /* only the name is left to be typed */
    SHOWS(r, "[4 Types]");
    ht_rig_keys(r, "@\n\n"); /* without one, the list stays; it does not pile up */
    assert_int_equal(r->app.depth, 2);
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_keys(r, "q:view acme\n~:view save acme\n");
    SHOWS(r, "saved over the old one");
    ht_rig_keys(r, ":view remove ac\t\n");
    SHOWS(r, "view acme: removed");
    HT_AUTOFREE char *left = ht_test_read_file(path, NULL);
    assert_null(strstr(left, "[acme]"));
    assert_non_null(strstr(left, "[all-types]\nscreen = types\n"));
}

static void bad_views_lose_nothing(void **state)
{
    static const char *const names[] = {"save", "remove", "../x", "a]b",       "x;y",
                                        "[x]",  "a=b",    "-\"",  "two words", "n23456789012345678901234567890123"};
    struct ht_rig *r = *state;
    HT_AUTOFREE char *path = views_in_new_place(r);
    char line[96];
    ht_rig_keys(r, ":view save kept\n");
    HT_AUTOFREE char *kept = ht_test_read_file(path, NULL);
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        snprintf(line, sizeof line, ":view save %s\n", names[i]);
        ht_rig_keys(r, line);
        assert_int_equal(strncmp(last_said(r), "view: ", 6), 0);
    }
    ht_rig_keys(r, "j\n:view save detail\n");
    SHOWS(r, "only screens of the first level");
    ht_rig_keys(r, "q/Acme #b\n:view save comment\n"); /* a comment to whoever reads the file */
    assert_non_null(strstr(last_said(r), "a file cannot hold this filter"));
    HT_AUTOFREE char *still = ht_test_read_file(path, NULL);
    assert_string_equal(still, kept);

    static const char *const files[] = {"[x]\nscreen = types\nnosuch = 1\n", "[x]\nscreen\n", "screen = types\n",
                                        "\xff\n"};
    for (size_t i = 0; i < HT_COUNT(files); i++) {
        ht_test_write_file(path, files[i], strlen(files[i]));
        ht_rig_keys(r, ":view x\n");
        assert_non_null(strstr(last_said(r), "views.ini:"));
        ht_rig_keys(r, "@:view remove x\n:view save x\n");
        assert_non_null(strstr(last_said(r), "views.ini:"));
        HT_AUTOFREE char *now = ht_test_read_file(path, NULL);
        assert_string_equal(now, files[i]);
    }
    static const char later[] = "[later]\nscreen = nowhere\nhidden = NOSUCH, AGE\n";
    ht_test_write_file(path, later, strlen(later));
    ht_rig_keys(r, ":view later\n");
    SHOWS(r, "there is no screen 'nowhere'");
    ht_rig_keys(r, "4:view save mine\n");
    HT_AUTOFREE char *both = ht_test_read_file(path, NULL);
    assert_non_null(strstr(both, later));
    assert_non_null(strstr(both, "[mine]\nscreen = types\n"));
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0); /* nobody can read it, nor write over it */
    ht_rig_keys(r, ":view save mine\n");
    assert_non_null(strstr(last_said(r), "views.ini"));
    ht_rig_keys(r, "@");
    assert_int_equal(r->app.depth, 1);
}

static void commands_are_remembered(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, ":deliveries\n:types\n:types\n:");
    ht_rig_key(r, HT_KEY_UP);
    assert_string_equal(r->app.prompt.text, "types");
    ht_rig_key(r, HT_KEY_UP);
    assert_string_equal(r->app.prompt.text, "deliveries"); /* the same twice counts once */
    ht_rig_key(r, HT_KEY_UP);
    assert_string_equal(r->app.prompt.text, "deliveries");
    ht_rig_key(r, HT_KEY_DOWN);
    ht_rig_key(r, HT_KEY_DOWN);
    assert_string_equal(r->app.prompt.text, "");
    ht_rig_key(r, HT_KEY_ESC);
    for (int i = 0; i < HT_COMMANDS_MAX + 5; i++) {
        char line[32];
        snprintf(line, sizeof line, ":theme no%d\n", i);
        ht_rig_keys(r, line);
    }
    ht_rig_keys(r, ":");
    for (int i = 0; i < HT_COMMANDS_MAX + 5; i++)
        ht_rig_key(r, HT_KEY_UP);
    assert_string_equal(r->app.prompt.text, "theme no5");
}

static void copies_say_what_and_how(void **state)
{
    struct ht_rig *r = *state;
    char id[HT_UUID_TEXT];
    ht_rig_keys(r, "y");
    SHOWS(r, "copy: i id  u URL");
    struct ht_subject it = {0};
    assert_true(ht_app_top(&r->app)->class->subject(ht_app_top(&r->app), &it));
    ht_uuid_format(&it.id, id);
    ht_rig_keys(r, "i");
    assert_string_equal(r->copied, id);
    SHOWS(r, "the id is copied by a test");
    ht_rig_keys(r, "yu");
    assert_string_equal(r->copied, it.endpoint->url);
    r->copied[0] = '\0';
    ht_rig_keys(r, "yx"); /* any other key: nothing, and not what that key does elsewhere */
    assert_string_equal(r->copied, "");
    ht_rig_keys(r, "2ye");
    assert_true(ht_app_top(&r->app)->class->subject(ht_app_top(&r->app), &it));
    ht_uuid_format(&it.delivery->event_id, id);
    assert_string_equal(r->copied, id);
}

static void texts_go_to_other_programs(void **state)
{
    struct ht_rig *r = *state;
    setenv("PAGER", "most -w", 1);
    unsetenv("VISUAL");
    setenv("EDITOR", "ed", 1);
    ht_rig_keys(r, "o");
    assert_string_equal(r->outside, ""); /* a list is no text */
    ht_rig_keys(r, "2\n");
    ht_rig_keys(r, "o");
    assert_int_equal(strncmp(r->outside, "most -w: ", 9), 0);
    assert_non_null(strstr(r->outside, "webhook-id: msg_"));
    ht_rig_keys(r, "e");
    assert_int_equal(strncmp(r->outside, "ed: ", 4), 0);
    ht_rig_keys(r, "yt");
    assert_string_equal(r->copied, r->outside + 4);
    for (const char *c = r->copied; *c; c++)
        assert_true((uint8_t)*c >= 0x20 || *c == '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_screen_before, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(a_log_leads_back_to_where_it_was_opened, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(forward_again, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(views_are_kept, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(bad_views_lose_nothing, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(commands_are_remembered, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(copies_say_what_and_how, ht_rig_setup, ht_rig_teardown),
        cmocka_unit_test_setup_teardown(texts_go_to_other_programs, ht_rig_setup, ht_rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
