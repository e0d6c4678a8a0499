#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/ini.h"
#include "ht_test.h"

/* Writes "section/key=value|" for everything read; refuses the key "wrong". */
static enum ht_rc note(void *user, const char *section, const char *key, const char *value, struct ht_err *err)
{
    if (strcmp(key, "wrong") == 0)
        return ht_fail(err, HT_FAILED, "inner", "write right", "unknown key \"%s\"", key);
    ht_buf_addf(user, "%s/%s=%s|", section, key, value);
    return HT_OK;
}

static enum ht_rc read_text(const char *text, size_t len, struct ht_buf *out, struct ht_err *err)
{
    /* An exact copy, so that a read behind the end is noticed. */
    char *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, text, len);
    enum ht_rc rc = ht_ini_read("etc/config.ini", exact, len, note, out, err);
    free(exact);
    return rc;
}

#define CASE(text, want)                                                                                               \
    {                                                                                                                  \
        text, sizeof(text) - 1, want                                                                                   \
    }

static void settings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } cases[] = {
        CASE("", ""),
        CASE("a=1", "/a=1|"),
        CASE("[s]\nkey = value\n", "s/key=value|"),
        CASE("  [ui.keys-x_*]  ; c\n\t k\t=\tv w \t# c\n", "ui.keys-x_*/k=v w|"),
        CASE("; c\n# c\n\n   \n[a]\n;x=1\nb=2\n[c]\nb=3", "a/b=2|c/b=3|"),
        CASE("[a]\r\nb=c\r\n", "a/b=c|"),
        CASE("\xef\xbb\xbf[a]\nb=c", "a/b=c|"),
        CASE("a=\nb=   \nc= ; nothing\nd=#x", "/a=|/b=|/c=|/d=|"),
        CASE("a=b;c\na=b#c\na=b ;c\na=b\t#c", "/a=b;c|/a=b#c|/a=b|/a=b|"),
        CASE("a=\"  x ; # \"\na=\"\"\na=\"x\" ; c\na=\"x\"#c", "/a=  x ; # |/a=|/a=x|/a=x|"),
        CASE("a=x \"y\"", "/a=x \"y\"|"),
        CASE("a=b=c\nglobal.^T = none\n", "/a=b=c|/global.^T=none|"),
        CASE("a=caf\xc3\xa9", "/a=caf\xc3\xa9|"),
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_buf out;
        struct ht_err err = {0};
        ht_buf_init(&out, 4096);
        if (read_text(cases[i].text, cases[i].len, &out, &err) != HT_OK)
            fail_msg("%s: %s %s", cases[i].text, err.what, err.why);
        assert_string_equal(out.data, cases[i].want);
        ht_buf_fini(&out);
    }
}

static void mistakes_have_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        const char *want; /* "what: why" */
    } cases[] = {
        CASE("[a]\nb=1\n\nwrong = 2\nc=3", "etc/config.ini:4: unknown key \"wrong\""),
        CASE("x", "etc/config.ini:1: this line is neither a section nor a setting"),
        CASE("\n=x", "etc/config.ini:2: this line is neither a section nor a setting"),
        CASE("[a", "etc/config.ini:1: this is no section name"),
        CASE("[]", "etc/config.ini:1: this is no section name"),
        CASE("[a b]", "etc/config.ini:1: this is no section name"),
        CASE("[a/b]", "etc/config.ini:1: this is no section name"),
        CASE("[a]b=c", "etc/config.ini:1: text follows the section name"),
        CASE("a b = c", "etc/config.ini:1: a key has neither blanks nor letters outside ASCII"),
        CASE("\xc3\xa9 = c", "etc/config.ini:1: a key has neither blanks nor letters outside ASCII"),
        CASE("a=\"b", "etc/config.ini:1: the quoted value is not closed"),
        CASE("a=\"b\" c", "etc/config.ini:1: the quoted value is not closed"),
        CASE("\n\n\na=\xff", "etc/config.ini:4: the line is not UTF-8"),
        CASE("a=\x1b[2J", "etc/config.ini:1: the line has a control character"),
        CASE("a=b\0c", "etc/config.ini:1: the line has a control character"),
        CASE("a=b\x7f", "etc/config.ini:1: the line has a control character"),
        CASE("a=b\rc", "etc/config.ini:1: the line has a control character"),
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        struct ht_buf out;
        struct ht_err err = {0};
        char got[1024];
        ht_buf_init(&out, 4096);
        assert_int_equal(read_text(cases[i].text, cases[i].len, &out, &err), HT_USAGE);
        snprintf(got, sizeof(got), "%s: %s", err.what, err.why);
        assert_string_equal(got, cases[i].want);
        ht_buf_fini(&out);
    }
    struct ht_err err = {0};
    struct ht_buf out;
    ht_buf_init(&out, 4096);
    assert_int_equal(read_text("a=1\nwrong=1\na=2", 15, &out, &err), HT_USAGE);
    assert_string_equal(err.fix, "write right");
    assert_string_equal(out.data, "/a=1|"); /* and nothing after the mistake */
    ht_buf_fini(&out);
}

static void limits(void **state)
{
    (void)state;
    struct ht_buf out;
    struct ht_err err = {0};
    size_t size = 256 * 1024 + 1;
    char *text = malloc(size);
    ht_buf_init(&out, 8192);
    memset(text, 'x', size);
    text[1] = '=';
    text[4096] = '\n';
    assert_int_equal(read_text(text, 4097, &out, &err), HT_OK);
    assert_int_equal(out.len, 1 + 4096 + 1);
    text[4096] = 'x';
    text[4097] = '\n';
    assert_int_equal(read_text(text, 4098, &out, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "longer than 4096"));
    ht_err_clear(&err);
    memset(text, '\n', size);
    assert_int_equal(read_text(text, size - 1, &out, &err), HT_OK);
    assert_int_equal(read_text(text, size, &out, &err), HT_USAGE);
    assert_non_null(strstr(err.why, "longer than 262144"));
    free(text);
    ht_buf_fini(&out);
}

static void long_names_keep_their_end(void **state)
{
    (void)state;
    struct ht_err err = {0};
    char name[400];
    memset(name, 'd', sizeof(name));
    memcpy(name + sizeof(name) - 12, "/config.ini", 12);
    assert_int_equal(ht_ini_read(name, "\nx", 2, note, NULL, &err), HT_USAGE);
    assert_non_null(strstr(err.what, "...ddd"));
    assert_string_equal(strstr(err.what, "/config.ini"), "/config.ini:2");
}

static void files(void **state)
{
    (void)state;
    struct ht_buf out;
    struct ht_err err = {0};
    char *dir = ht_test_dir();
    char path[4200];
    ht_buf_init(&out, 4096);
    snprintf(path, sizeof(path), "%s/config.ini", dir);
    assert_int_equal(ht_ini_read_file(path, note, &out, &err), HT_NOT_FOUND);
    assert_string_equal(err.why, "No such file or directory");
    ht_err_clear(&err);
    ht_test_write_file(path, "[a]\nb=c\n", 8);
    assert_int_equal(ht_ini_read_file(path, note, &out, &err), HT_OK);
    assert_string_equal(out.data, "a/b=c|");
    assert_int_equal(ht_ini_read_file(dir, note, &out, &err), HT_NOT_FOUND);
    assert_string_equal(err.why, "Is a directory");
    free(dir);
    ht_buf_fini(&out);
}

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"database", "dsn", "theme", "concurrency", "in_console", "http", "ports"};
    static const char *const cases[][2] = {
        {"databse", "database"},
        {"dns", "dsn"},
        {"thme", "theme"},
        {"concurency", "concurrency"},
        {"inconsole", "in_console"},
        {"port", "ports"},
        {"htpt", "http"},
        {"dsn", "dsn"},
        {"xsx", NULL},
        {"xyzzy", NULL},
        {"", NULL},
        {"abc", NULL},
        {"concurrently_running", NULL},
    };
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        const char *near = ht_nearest(cases[i][0], names, HT_COUNT(names));
        if (near != cases[i][1] && (near == NULL || cases[i][1] == NULL || strcmp(near, cases[i][1]) != 0))
            fail_msg("%s: %s", cases[i][0], near != NULL ? near : "none");
    }
    char endless[1000];
    memset(endless, 'd', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_null(ht_nearest(endless, names, HT_COUNT(names)));
    const char *const endless_names[] = {endless};
    assert_null(ht_nearest("ddd", endless_names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings), cmocka_unit_test(mistakes_have_a_line),
        cmocka_unit_test(limits),   cmocka_unit_test(long_names_keep_their_end),
        cmocka_unit_test(files),    cmocka_unit_test(nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
