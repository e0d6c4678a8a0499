/* The one table of actions: consistent by itself, because nothing else says what a key does. */
#include <ctype.h>
#include <string.h>

#include "hooktop/tui/screen.h"
#include "ht_test.h"

static void every_action_is_complete(void **state)
{
    (void)state;
    for (int id = 0; id < HT_ACT_COUNT; id++) {
        const struct ht_action *a = &ht_actions[id];
        assert_true(strlen(a->name) <= 15 && a->name[0] &&
                    strspn(a->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(a->name));
        assert_true(strlen(a->help) > 3);
        assert_true(strlen(a->help) <= 45); /* fits beside its keys and name at 80 columns */
        assert_int_equal(ht_action_find(a->name), id);
        size_t words = 0;
        for (const char *s = a->keys; *s; s++)
            words += *s != ' ' && (s == a->keys || s[-1] == ' ');
        for (size_t i = 0; i < words; i++)
            assert_int_not_equal(ht_action_key(a, i), HT_KEY_NONE); /* every key name is one */
    }
}

/* On no screen does a key stand for two things. */
static void no_key_twice_on_a_screen(void **state)
{
    (void)state;
    for (int s = 0; s < HT_SCREEN_COUNT; s++) {
        unsigned has = ht_screens[s]->has;
        for (int a = 0; a < HT_ACT_COUNT; a++)
            for (int b = a + 1; b < HT_ACT_COUNT; b++) {
                if ((ht_actions[a].needs & has) != ht_actions[a].needs ||
                    (ht_actions[b].needs & has) != ht_actions[b].needs)
                    continue;
                int32_t key;
                for (size_t i = 0; (key = ht_action_key(&ht_actions[a], i)) != HT_KEY_NONE; i++)
                    for (size_t k = 0; ht_action_key(&ht_actions[b], k) != HT_KEY_NONE; k++)
                        if (key == ht_action_key(&ht_actions[b], k))
                            fail_msg("screen %s: %s and %s share a key", ht_screens[s]->name, ht_actions[a].name,
                                     ht_actions[b].name);
            }
    }
}

static void lower_case_looks_upper_case_changes(void **state)
{
    (void)state;
    for (int id = 0; id < HT_ACT_COUNT; id++) {
        const struct ht_action *a = &ht_actions[id];
        bool changes = a->group == HT_GROUP_CHANGE;
        int32_t key;
        assert_int_equal(changes, ht_action_changes(a));
        for (size_t i = 0; (key = ht_action_key(a, i)) != HT_KEY_NONE; i++) {
            bool upper = key >= 'A' && key <= 'Z';
            if (changes)
                assert_true(upper); /* never on Ctrl, Esc, Backspace, Delete, Enter or a function key */
            else if (upper)
                assert_true(key == 'G' || key == 'N' || key == 'Q');
        }
    }
}

/* What terminals, tmux, screen and shells use is left alone (^B is an alias, PgUp does the same). */
static void keys_that_others_use(void **state)
{
    (void)state;
    for (int id = 0; id < HT_ACT_COUNT; id++) {
        int32_t key;
        for (size_t i = 0; (key = ht_action_key(&ht_actions[id], i)) != HT_KEY_NONE; i++) {
            static const char taken[] = "AHIMJKQSW\\]";
            for (const char *t = taken; *t; t++)
                if (key == HT_CTRL(*t))
                    assert_true(key == HT_KEY_TAB || key == HT_KEY_ENTER); /* the same bytes */
            assert_int_not_equal(key, HT_KEY_F1 + 10);
            assert_false(key >= '0' && key <= '9'); /* digits switch screens */
        }
    }
}

static void every_screen_can_be_left_and_explained(void **state)
{
    (void)state;
    int roots = 0;
    for (int s = 0; s < HT_SCREEN_COUNT; s++) {
        unsigned has = ht_screens[s]->has;
        assert_int_equal(ht_action_of_key('q', has), HT_ACT_BACK);
        assert_int_equal(ht_action_of_key(HT_KEY_ESC, has), HT_ACT_BACK);
        assert_int_equal(ht_action_of_key(HT_KEY_BACKSPACE, has), HT_ACT_BACK);
        assert_int_equal(ht_action_of_key('?', has), HT_ACT_HELP);
        assert_int_equal(ht_action_of_key('Q', has), HT_ACT_QUIT);
        assert_int_equal(ht_action_of_key(HT_CTRL('L'), has), HT_ACT_REDRAW);
        roots += ht_screens[s]->root;
        for (int other = 0; other < s; other++)
            assert_string_not_equal(ht_screens[s]->name, ht_screens[other]->name);
        if (ht_screens[s]->root) /* its name is a command word, so it must not be an action's too */
            assert_int_equal(ht_action_find(ht_screens[s]->name), HT_ACT_COUNT);
    }
    assert_true(roots >= 4 && roots <= 9);
}

static void key_names_come_back(void **state)
{
    (void)state;
    static const char *const names[] = {"j",   "G",     "PgUp", "^F", "S-Tab", "F5", "F12",
                                        "Esc", "Space", "^",    "~",  "ä",     "[",  "?"};
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        char back[16];
        int32_t key = ht_key_parse(names[i], strlen(names[i]));
        assert_int_not_equal(key, HT_KEY_NONE);
        ht_key_format(key, back);
        assert_string_equal(back, names[i]);
    }
    static const char *const none[] = {"", "jj", "F0", "F13", "^^^", "Ctrl-A", " ", "\x7f", "\xff"};
    for (size_t i = 0; i < HT_COUNT(none); i++)
        assert_int_equal(ht_key_parse(none[i], strlen(none[i])), HT_KEY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_is_complete),
        cmocka_unit_test(no_key_twice_on_a_screen),
        cmocka_unit_test(lower_case_looks_upper_case_changes),
        cmocka_unit_test(keys_that_others_use),
        cmocka_unit_test(every_screen_can_be_left_and_explained),
        cmocka_unit_test(key_names_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
