/* The one-time reveal of a new secret: never on the canvas, hidden in time, not left unseen by mistake. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console_rig.h"
#include "ht_test.h"

static void rotate(struct ht_rig *r)
{
    ht_rig_keys(r, "jK");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "It can be shown ONCE");
}

static void a_secret_is_never_on_the_canvas(void **state)
{
    struct ht_rig *r = *state;
    rotate(r);
    HIDES(r, "MfKQ9r8G");
    SHOWS(r, "**********");
    ht_rig_keys(r, "v");
    assert_int_equal(r->reveals, 1);
    HIDES(r, "MfKQ9r8G");
    HIDES(r, "**********"); /* blanks, where the terminal has written it */
    assert_true(r->app.secret_shown);
    ht_rig_keys(r, "Q"); /* any key hides, and does nothing else */
    assert_int_equal(r->conceals, 1);
    assert_false(r->app.quit);
    SHOWS(r, "**********");
    ht_rig_keys(r, "q");
    HIDES(r, "New secret");
}

static void it_hides_by_itself(void **state)
{
    struct ht_rig *r = *state;
    rotate(r);
    ht_rig_keys(r, "v");
    assert_true(ht_app_due_us(&r->app) <= r->app.now_us + 60000000);
    ht_rig_pass(r, 59999);
    assert_true(r->app.secret_shown);
    ht_rig_pass(r, 1);
    assert_false(r->app.secret_shown);
    assert_int_equal(r->conceals, 1);
}

static void resize_and_suspend_hide_it(void **state)
{
    struct ht_rig *r = *state;
    rotate(r);
    ht_rig_keys(r, "v");
    ht_app_resize(&r->app, 30, 90);
    assert_int_equal(r->conceals, 1);
    ht_rig_keys(r, "v");
    ht_rig_key(r, HT_CTRL('Z')); /* the first press only hides */
    assert_int_equal(r->conceals, 2);
    assert_int_equal(r->suspends, 0);
    ht_rig_key(r, HT_CTRL('Z'));
    assert_int_equal(r->suspends, 1);
}

static void leaving_unseen_asks_once_more(void **state)
{
    struct ht_rig *r = *state;
    rotate(r);
    ht_rig_keys(r, "q");
    ht_rig_pass(r, 300);
    SHOWS(r, "Nobody has seen this secret");
    ht_rig_keys(r, "n");
    SHOWS(r, "It can be shown ONCE");
    ht_rig_keys(r, "Q");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "n");
    assert_false(r->app.quit);
    ht_rig_keys(r, "1:2"); /* neither numbers nor commands lead away */
    SHOWS(r, "It can be shown ONCE");
    ht_rig_key(r, HT_KEY_ESC);
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "[1 Endpoints]");
}

static void copied_is_seen(void **state)
{
    struct ht_rig *r = *state;
    rotate(r);
    ht_rig_keys(r, "y");
    SHOWS(r, "copied by a test");
    assert_int_equal(r->copies, 1);
    ht_rig_keys(r, "q");
    SHOWS(r, "[1 Endpoints]");
}

static void a_terminal_that_cannot_show_it(void **state)
{
    struct ht_rig *r = *state;
    r->refuse_reveal = true;
    rotate(r);
    ht_rig_keys(r, "v");
    assert_false(r->app.secret_shown);
    SHOWS(r, "it cannot be shown here: use w");
    ht_rig_keys(r, "q");
    assert_non_null(r->app.dialog); /* still unseen */
}

static void written_to_a_new_file_only(void **state)
{
    struct ht_rig *r = *state;
    HT_AUTOFREE char *dir = ht_test_dir();
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s/secret", dir);
    rotate(r);
    ht_rig_keys(r, "w");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, path);
    mode_t old = umask(0);
    ht_rig_keys(r, "\n");
    umask(old);
    SHOWS(r, "written, mode 0600: ");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    HT_AUTOFREE char *text = ht_test_read_file(path, NULL);
    assert_string_equal(text, HT_DATA_SECRET);
    ht_rig_keys(r, "w");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, path);
    ht_rig_keys(r, "\n");
    SHOWS(r, "not written: File exists: give the name of a new file");
    ht_rig_keys(r, "w");
    ht_rig_key(r, HT_CTRL('U'));
    ht_rig_keys(r, "/nonexistent/dir/x\n");
    SHOWS(r, "No such file or directory");
}

static void a_public_key_is_no_secret(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jjjK");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    SHOWS(r, "-----BEGIN PUBLIC KEY-----");
    ht_rig_keys(r, "q");
    SHOWS(r, "[1 Endpoints]");
}

static void who_may_keep_it_is_named(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jK");
    ht_rig_pass(r, 300);
    ht_rig_keys(r, "y");
    HIDES(r, "may keep what is shown");
    setenv("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22", 1);
    SHOWS(r, "Note: this SSH session may keep what is shown: out of our reach.");
    setenv("TMUX", "/tmp/tmux-0/default,1,0", 1);
    SHOWS(r, "Note: tmux and this SSH session may keep what is shown: out of our reach.");
    unsetenv("SSH_CONNECTION");
    SHOWS(r, "Note: tmux may keep what is shown");
    unsetenv("TMUX");
}

static void a_secret_that_comes_late_finds_its_screen(void **state)
{
    struct ht_rig *r = *state;
    ht_rig_keys(r, "jK");
    ht_rig_pass(r, 300);
    r->silent = true;
    ht_rig_keys(r, "y");
    for (int i = 0; i < 30; i++)
        ht_rig_keys(r, "?:help\n"); /* as deep as screens go */
    ht_rig_keys(r, "q2/abc");
    struct ht_request q = {.kind = HT_REQ_ROTATE, .ticket = r->last->ticket, .id = r->last->id, .overlap_ms = 3600000};
    ht_rig_post(r, ht_data_answer(&r->data, &q));
    SHOWS(r, "It can be shown ONCE");
    ht_rig_keys(r, "y");
    assert_int_equal(r->copies, 1); /* keys are its own, not the filter's that was being typed */
}

int main(void)
{
    (void)ht_secret_init_process();
    const struct CMUnitTest tests[] = {
        HT_RIG_TEST(a_secret_is_never_on_the_canvas),
        HT_RIG_TEST(it_hides_by_itself),
        HT_RIG_TEST(resize_and_suspend_hide_it),
        HT_RIG_TEST(leaving_unseen_asks_once_more),
        HT_RIG_TEST(copied_is_seen),
        HT_RIG_TEST(a_terminal_that_cannot_show_it),
        HT_RIG_TEST(written_to_a_new_file_only),
        HT_RIG_TEST(a_public_key_is_no_secret),
        HT_RIG_TEST(who_may_keep_it_is_named),
        HT_RIG_TEST(a_secret_that_comes_late_finds_its_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
