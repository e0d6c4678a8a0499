/* The configuration file: what it means, what it refuses and in which words, and where it is looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/cli/config.h"

static char dir[] = "/tmp/hooktop-config-XXXXXX";
static char file[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/config.ini", dir);
    setenv("HOME", dir, 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_DATA_HOME");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void write_to(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0644), 0);
}

static struct ht_config load(const char *text, const char *environment)
{
    struct ht_config c = {0};
    struct ht_err err = {0};
    write_to(file, text);
    if (ht_config_load(file, environment, &c, &err) != HT_OK)
        fail_msg("%s: %s: %s", err.what, err.why, err.fix);
    return c;
}

static void refuse(const char *text, const char *environment, enum ht_rc rc, const char *line, const char *why,
                   const char *fix)
{
    struct ht_config c = {0};
    struct ht_err err = {0};
    write_to(file, text);
    assert_int_equal(ht_config_load(file, environment, &c, &err), rc);
    assert_int_equal(err.rc, rc);
    if (!strstr(err.what, line) || !strstr(err.why, why) || !strstr(err.fix, fix))
        fail_msg("got \"%s: %s: %s\" for:\n%s", err.what, err.why, err.fix, text);
    assert_null(c.file);
}

static void an_empty_file_gives_the_documented_defaults(void **state)
{
    (void)state;
    struct ht_config c = load("", NULL);
    assert_string_equal(c.file, file);
    assert_null(c.database_dsn);
    assert_null(c.dsn_from);
    assert_null(c.worker_dsn);
    assert_int_equal(c.worker_concurrency, 256);
    assert_int_equal(c.worker_lease_ms, 75000);
    assert_int_equal(c.worker_in_console, HT_IN_CONSOLE_AUTO);
    assert_string_equal(c.ui_theme, "default");
    assert_int_equal(c.ui_ascii, HT_UI_ASCII_AUTO);
    assert_true(c.ui_clock);
    assert_false(c.ui_accessible);
    assert_false(c.production);
    assert_false(c.readonly);
    assert_false(c.egress.http);
    assert_int_equal(c.egress.n_ports, 2);
    assert_int_equal(c.egress.n_allow, 0);
    assert_non_null(c.vault_key_file);
    ht_config_fini(&c);
}

static void every_setting_is_read(void **state)
{
    (void)state;
    struct ht_config c = load("[database]\ndsn = service=hooktop\n"
                              "[vault]\nkey_file = ~/ring\n"
                              "[egress]\nhttp = yes\nports = 443, 9000-9100\nallow = 127.0.0.1/32:9000-9999\n"
                              "[worker]\ndsn = service=deliver\nconcurrency = 8\nlease = 2m\nin_console = no\n"
                              "[ui]\ntheme = mono\nascii = yes\nclock = off\naccessible = true\n"
                              "[env.prod]\nproduction = yes\n",
                              NULL);
    char ring[80];
    snprintf(ring, sizeof ring, "%s/ring", dir);
    assert_string_equal(c.database_dsn, "service=hooktop");
    assert_string_equal(c.vault_key_file, ring);
    assert_true(c.egress.http);
    assert_int_equal(c.egress.n_ports, 2);
    assert_int_equal(c.egress.ports[1].hi, 9100);
    assert_int_equal(c.egress.n_allow, 1);
    assert_int_equal(c.egress.allow[0].port_lo, 9000);
    assert_string_equal(c.egress_allow, "127.0.0.1/32:9000-9999");
    assert_string_equal(c.worker_dsn, "service=deliver");
    assert_int_equal(c.worker_concurrency, 8);
    assert_int_equal(c.worker_lease_ms, 120000);
    assert_int_equal(c.worker_in_console, HT_IN_CONSOLE_NO);
    assert_string_equal(c.ui_theme, "mono");
    assert_int_equal(c.ui_ascii, HT_UI_ASCII_YES);
    assert_false(c.ui_clock);
    assert_true(c.ui_accessible);
    assert_false(c.production); /* of an environment that was not chosen */
    ht_config_fini(&c);
}

static void the_chosen_environment_goes_before_the_rest(void **state)
{
    (void)state;
    const char *text = "[env.prod]\ndatabase.dsn = service=prod\nproduction = yes\nreadonly = yes\n"
                       "colour = magenta\negress.ports = 443\n"
                       "[database]\ndsn = service=local\n[worker]\nconcurrency = 9\n"
                       "[env.test]\ndatabase.dsn = service=test\nworker.concurrency = 3\n";
    struct ht_config c = load(text, "prod");
    char from[96];
    snprintf(from, sizeof from, "%s [env.prod]", file);
    assert_string_equal(c.database_dsn, "service=prod");
    assert_string_equal(c.dsn_from, from);
    assert_string_equal(c.environment, "prod");
    assert_true(c.production && c.readonly);
    assert_int_equal(c.colour, 5);
    assert_int_equal(c.egress.n_ports, 1);
    assert_int_equal(c.worker_concurrency, 9);
    ht_config_fini(&c);
    c = load(text, "test");
    assert_string_equal(c.database_dsn, "service=test");
    assert_int_equal(c.worker_concurrency, 3);
    assert_int_equal(c.egress.n_ports, 2);
    assert_false(c.production);
    ht_config_fini(&c);
    c = load(text, NULL);
    snprintf(from, sizeof from, "%s [database]", file);
    assert_string_equal(c.dsn_from, from);
    ht_config_fini(&c);
}

static void mistakes_are_named_with_line_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *why, *fix;
    } cases[] = {
        {"[egres]\nhttp = no\n", "config.ini:2", "[egres]", "did you mean \"egress\"?"},
        {"[zzz]\na = b\n", "config.ini:2", "[zzz]",
         "[database], [vault], [egress], [worker], [alert], [ui], [env.NAME]"},
        {"\n\n[egress]\nprots = 443\n", "config.ini:4", "\"prots\"", "did you mean \"ports\"?"},
        {"[ui]\nqqqqqq = 1\n", "config.ini:2", "[ui] has no key \"qqqqqq\"", "theme, ascii, clock, mouse, accessible"},
        {"http = yes\n", "config.ini:1", "no section", "[section]"},
        {"[egress]\nhttp = maybe\n", "config.ini:2", "maybe", "yes or no"},
        {"[egress]\nports = 443, ninety\n", "config.ini:2", "ninety", "ports"},
        {"[worker]\nconcurrency = 0\n", "config.ini:2", "concurrency", "from 1 to 10000"},
        {"[worker]\nconcurrency = 8x\n", "config.ini:2", "8x", "whole number"},
        {"[worker]\nlease = 75\n", "config.ini:2", "\"75\"", "such as 75s"},
        {"[worker]\nlease = 2h\n", "config.ini:2", "\"2h\"", "from 5s to 1h"},
        {"[worker]\nin_console = perhaps\n", "config.ini:2", "perhaps", "auto, yes, no"},
        {"[ui]\nclock = sometimes\n", "config.ini:2", "sometimes", "yes or no"},
        {"[vault]\nkey_file = ring\n", "config.ini:2", "\"ring\"", "~/"},
        {"[ui]\nclock = yes\nclock = no\n", "config.ini:3", "twice", "one"},
        {"[env.prod]\nproduction = yes\ndsn = x=y\n", "config.ini:3", "\"dsn\"", "database.dsn"},
        {"[env.prod]\ndatabase.dns = x=y\n", "config.ini:2", "database.dns", "did you mean \"database.dsn\"?"},
        {"[env.other]\nworker.lease = soon\n", "config.ini:2", "soon", "such as 75s"},
        {"[env.prod]\ncolour = pink\n", "config.ini:2", "pink", "magenta"},
        {"[env]\nproduction = yes\n", "config.ini:2", "[env]", "[env.NAME]"},
        {"[production]\nproduction = yes\n", "config.ini:2", "[production]", "[env.NAME]"},
        {"[ui]\njust words\n", "config.ini:2", "neither", "key = value"},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++)
        refuse(cases[i].text, NULL, HT_USAGE, cases[i].line, cases[i].why, cases[i].fix);
}

static void an_unknown_environment_is_refused(void **state)
{
    (void)state;
    refuse("[env.prod]\nproduction = yes\n", "prd", HT_USAGE, "--env", "\"prd\"", "did you mean \"prod\"?");
    refuse("", "prod", HT_USAGE, "--env", "has no environment \"prod\"", "[env.prod]");
    struct ht_config c = {0};
    struct ht_err err = {0};
    unlink(file);
    if (access("/etc/hooktop/config.ini", F_OK) != 0) {
        assert_int_equal(ht_config_load(NULL, "prod", &c, &err), HT_USAGE);
        assert_non_null(strstr(err.why, "no configuration file"));
    }
}

static void a_file_that_was_named_must_be_there(void **state)
{
    (void)state;
    struct ht_config c = {0};
    struct ht_err err = {0};
    assert_int_equal(ht_config_load(file, NULL, &c, &err), HT_NOT_FOUND);
    assert_non_null(strstr(err.what, file));
}

static void the_user_s_own_file_is_found(void **state)
{
    (void)state;
    char path[128];
    struct ht_config c = {0};
    snprintf(path, sizeof path, "%s/.config/hooktop/config.ini", dir);
    assert_int_equal(ht_path_make_parents(path, NULL), HT_OK);
    write_to(path, "[ui]\ntheme = home\n");
    assert_int_equal(ht_config_load(NULL, NULL, &c, NULL), HT_OK);
    assert_string_equal(c.ui_theme, "home");
    assert_string_equal(c.file, path);
    ht_config_fini(&c);

    char xdg[96];
    snprintf(xdg, sizeof xdg, "%s/xdg", dir);
    setenv("XDG_CONFIG_HOME", xdg, 1);
    snprintf(path, sizeof path, "%s/xdg/hooktop/config.ini", dir);
    assert_int_equal(ht_path_make_parents(path, NULL), HT_OK);
    write_to(path, "[ui]\ntheme = xdg\n");
    assert_int_equal(ht_config_load(NULL, NULL, &c, NULL), HT_OK);
    assert_string_equal(c.ui_theme, "xdg");
    ht_config_fini(&c);

    setenv("XDG_CONFIG_HOME", "relative", 1); /* to be ignored */
    assert_int_equal(ht_config_load(NULL, NULL, &c, NULL), HT_OK);
    assert_string_equal(c.ui_theme, "home");
    ht_config_fini(&c);
}

static void paths_follow_the_user(void **state)
{
    (void)state;
    HT_AUTOFREE char *data = ht_path_data("x"), *state_path = ht_path_state("log"), *ring = ht_path_key_ring();
    char want[96];
    snprintf(want, sizeof want, "%s/.local/state/hooktop/log", dir);
    assert_string_equal(state_path, want);
    if (geteuid() == 0) {
        assert_string_equal(data, "/var/lib/hooktop/x");
        assert_string_equal(ring, "/etc/hooktop/key-ring");
        return;
    }
    snprintf(want, sizeof want, "%s/.local/share/hooktop/x", dir);
    assert_string_equal(data, want);
    snprintf(want, sizeof want, "%s/.local/share/hooktop/key-ring", dir);
    assert_string_equal(ring, want);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    (void)state;
    static const mode_t bad[] = {0666, 0664, 0622, 0602};
    struct ht_config c = {0};
    write_to(file, "[ui]\ntheme = dark\n");
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        struct ht_err err = {0};
        assert_int_equal(chmod(file, bad[i]), 0);
        assert_int_equal(ht_config_load(file, NULL, &c, &err), HT_DENIED);
        assert_non_null(strstr(err.fix, "chmod go-w"));
    }
}

static void a_password_asks_for_a_private_file(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[database]\ndsn = host=db password=canary\n",
        "[worker]\ndsn = postgresql://w:canary@db/hooktop\n",
        "[env.other]\ndatabase.dsn = host=db password=canary\n",
    };
    struct ht_config c = {0};
    for (size_t i = 0; i < HT_COUNT(texts); i++) {
        struct ht_err err = {0};
        write_to(file, texts[i]);
        assert_int_equal(ht_config_load(file, NULL, &c, &err), HT_DENIED);
        assert_non_null(strstr(err.fix, "chmod 0600"));
        assert_null(strstr(err.why, "canary"));
        assert_int_equal(chmod(file, 0600), 0);
        assert_int_equal(ht_config_load(file, NULL, &c, &err), HT_OK);
        ht_config_fini(&c);
    }
}

static void parents_are_made(void **state)
{
    (void)state;
    char path[128];
    struct ht_err err = {0};
    snprintf(path, sizeof path, "%s/a/b/c", dir);
    assert_int_equal(ht_path_make_parents(path, NULL), HT_OK);
    assert_int_equal(ht_path_make_parents(path, NULL), HT_OK);
    assert_int_equal(rmdir(path), -1); /* the last part is not made */
    snprintf(path, sizeof path, "%s/file", dir);
    write_to(path, "");
    snprintf(path, sizeof path, "%s/file/below/x", dir);
    assert_int_equal(ht_path_make_parents(path, &err), HT_FAILED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(an_empty_file_gives_the_documented_defaults),
        T(every_setting_is_read),
        T(the_chosen_environment_goes_before_the_rest),
        T(mistakes_are_named_with_line_and_remedy),
        T(an_unknown_environment_is_refused),
        T(a_file_that_was_named_must_be_there),
        T(the_user_s_own_file_is_found),
        T(paths_follow_the_user),
        T(a_file_that_others_may_write_is_refused),
        T(a_password_asks_for_a_private_file),
        T(parents_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
