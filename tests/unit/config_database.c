/* Where the database is: who wins, what is shown, and that libpq understands what we make of it (libpq is the judge).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "hooktop/cli/config.h"

extern char **environ;

static void show(const char *dsn, const char *want)
{
    struct ht_buf b;
    ht_buf_init(&b, 4096);
    ht_dsn_show(dsn, &b);
    assert_string_equal(b.data, want);
    ht_buf_fini(&b);
}

static void passwords_are_never_shown(void **state)
{
    (void)state;
    show("", "");
    show("service=hooktop", "service=hooktop");
    show("host=db password=canary user=me", "host=db password=*** user=me");
    show("  password  =  'can\\'ary' sslpassword=canary2 ", "password=*** sslpassword=***");
    show("host=/run/my\\ dir", "host=/run/my dir");
    show("host=", "host=");
    show("postgresql://me:canary@db:5433/x", "user=me password=*** host=db port=5433 dbname=x");
    show("postgres://me:can%40ary@[::1]:5432,b:1/x?sslmode=require&password=canary",
         "user=me password=*** host=::1,b port=5432,1 dbname=x sslmode=require password=***");
    show("postgresql:///x?host=/tmp&ssl=true", "dbname=x host=/tmp sslmode=require");
    show("postgresql://", "");
    /* what libpq would take apart otherwise than it was meant */
    static const char *const broken[] = {
        "canary",
        "host=db canary",
        "=canary",
        "password='canary",
        "password='canary\\",
        "postgresql://me:can@ary@db/x",
        "postgresql://me:can/ary@db/x",
        "postgresql://me:12/ary@db/x",
        "postgresql://me:12?canary@db/x?a=b@c",
        "postgresql://db/x?canary",
        "postgresql://db/x%zz",
        "postgresql://db/x%00",
        "postgresql://db/x%4",
        "postgresql://[::1/x",
    };
    for (size_t i = 0; i < HT_COUNT(broken); i++) {
        show(broken[i], "(unreadable)");
        assert_true(ht_dsn_has_password(broken[i]));
    }
    show("postgresql://me:ca?na#ry@db/x", "user=me password=*** host=db dbname=x"); /* libpq takes it so */
}

static void a_password_is_noticed(void **state)
{
    (void)state;
    assert_true(ht_dsn_has_password("password=x"));
    assert_true(ht_dsn_has_password("sslkey=a sslpassword=x"));
    assert_true(ht_dsn_has_password("postgres://a:b@c"));
    assert_false(ht_dsn_has_password("host=password user=x passfile=/tmp/x"));
    assert_false(ht_dsn_has_password("password=''"));
    char arg[] = "host=db password=canary", harmless[] = "host=db";
    ht_dsn_hide_argument(arg);
    ht_dsn_hide_argument(harmless);
    assert_string_equal(arg, "***********************");
    assert_string_equal(harmless, "host=db");
}

static const char *value_of(const PQconninfoOption *o, const char *keyword)
{
    for (; o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o->val;
    fail_msg("libpq has no keyword %s", keyword);
    return NULL;
}

static void an_added_password_changes_nothing_else(void **state)
{
    (void)state;
    static const char *const dsns[] = {
        "host=db",
        "service=x",
        " host = 'a b' user='it\\'s' dbname=c\\\\d options='-c x=1'",
        "postgresql://",
        "postgresql://me@db:5433/x",
        "postgresql://m%20e@[::1]:5432,b,c:7/x%2Fy?application_name=a%26b&connect_timeout=3",
        "postgresql:///x?host=/tmp&ssl=true",
        "user='' host=''",
    };
    struct ht_libpq_env env = {.password = ht_strdup("p'a \\w")};
    for (size_t i = 0; i < HT_COUNT(dsns); i++) {
        struct ht_config c = {0};
        struct ht_database d = {0};
        assert_int_equal(ht_config_database(&c, dsns[i], false, &env, &d, NULL), HT_OK);
        PQconninfoOption *want = PQconninfoParse(dsns[i], NULL), *got = PQconninfoParse(d.dsn, NULL);
        assert_non_null(want);
        assert_non_null(got);
        for (const PQconninfoOption *o = want; o->keyword; o++) {
            const char *w = strcmp(o->keyword, "password") == 0 ? "p'a \\w" : o->val, *g = value_of(got, o->keyword);
            if ((w == NULL) != (g == NULL) || (w && strcmp(w, g) != 0))
                fail_msg("%s: %s is \"%s\" instead of \"%s\"", dsns[i], o->keyword, g ? g : "-", w ? w : "-");
        }
        PQconninfoFree(want);
        PQconninfoFree(got);
        ht_database_fini(&d);
    }
    struct ht_config c = {0};
    struct ht_database d = {0};
    assert_int_equal(ht_config_database(&c, "password=own", false, &env, &d, NULL), HT_OK);
    assert_string_equal(d.dsn, "password=own");
    ht_database_fini(&d);
    ht_libpq_env_fini(&env);
}

static void expect(const struct ht_config *c, const char *option, bool config_given, const struct ht_libpq_env *env,
                   enum ht_database_source source, const char *dsn, const char *from)
{
    struct ht_database d = {0};
    assert_int_equal(ht_config_database(c, option, config_given, env, &d, NULL), HT_OK);
    assert_int_equal(d.source, source);
    if (dsn)
        assert_string_equal(d.dsn, dsn);
    else
        assert_null(d.dsn);
    assert_string_equal(d.from, from);
    ht_database_fini(&d);
}

static void the_first_that_says_so_wins(void **state)
{
    (void)state;
    char file_dsn[] = "service=file", from[] = "/f [database]", env_dsn[] = "host='h'", said[] = "PGHOST";
    char prod[] = "prod", prod_from[] = "/f [env.prod]";
    struct ht_libpq_env none = {0}, env = {.dsn = env_dsn, .said_by = said};
    struct ht_config empty = {0}, found = {.database_dsn = file_dsn, .dsn_from = from};
    struct ht_config chosen = {.database_dsn = file_dsn, .dsn_from = prod_from, .environment = prod};
    expect(&found, "host=x", true, &env, HT_DATABASE_OPTION, "host=x", "--dsn");
    expect(&found, NULL, true, &env, HT_DATABASE_CHOSEN, "service=file", "/f [database]");
    expect(&chosen, NULL, false, &env, HT_DATABASE_CHOSEN, "service=file", "/f [env.prod]");
    expect(&found, NULL, false, &env, HT_DATABASE_LIBPQ, "host='h'", "PGHOST");
    expect(&empty, NULL, true, &env, HT_DATABASE_LIBPQ, "host='h'", "PGHOST");
    expect(&found, NULL, false, &none, HT_DATABASE_FILE, "service=file", "/f [database]");
    expect(&empty, NULL, true, &none, HT_DATABASE_PRIVATE, NULL, "the private cluster of this user");
    expect(&empty, "", false, &none, HT_DATABASE_PRIVATE, NULL, "the private cluster of this user");
}

static void a_chosen_environment_leads_nowhere_else(void **state)
{
    (void)state;
    char env_dsn[] = "host='h'", said[] = "PGHOST", prod[] = "prod";
    struct ht_libpq_env env = {.dsn = env_dsn, .said_by = said};
    struct ht_config c = {.environment = prod};
    struct ht_database d = {0};
    struct ht_err err = {0};
    assert_int_equal(ht_config_database(&c, NULL, false, &env, &d, &err), HT_USAGE);
    assert_non_null(strstr(err.fix, "database.dsn"));
    expect(&c, "host=x", false, &env, HT_DATABASE_OPTION, "host=x", "--dsn");
}

static void an_unreadable_dsn_is_refused_without_showing_it(void **state)
{
    (void)state;
    struct ht_config c = {0};
    struct ht_libpq_env none = {0};
    struct ht_database d = {0};
    struct ht_err err = {0};
    assert_int_equal(ht_config_database(&c, "host=db canary", false, &none, &d, &err), HT_USAGE);
    char line[2048];
    ht_err_line(&err, line, sizeof line);
    assert_null(strstr(line, "canary"));
    assert_non_null(strstr(line, "--dsn"));
    assert_null(d.dsn);
}

static unsigned variables(void)
{
    unsigned n = 0;
    while (environ[n])
        n++;
    return n;
}

static void the_environment_is_taken(void **state)
{
    (void)state;
    static const char *const gone[] = {
        "PGHOST",        "PGHOSTADDR",    "PGPORT",          "PGDATABASE",  "PGSERVICE",   "PGPASSWORD",
        "PGOPTIONS",     "PGAPPNAME",     "http_proxy",      "HTTPS_PROXY", "ALL_PROXY",   "no_proxy",
        "SSLKEYLOGFILE", "OPENSSL_CONF",  "OPENSSL_MODULES", "LOCALDOMAIN", "HOSTALIASES", "LD_PRELOAD_X",
        "GCONV_PATH",    "SSL_CERT_FILE", "SOMETHING",       "HOMEX",
    };
    static const char *const stay[] = {
        "HOME",       "PATH",      "TERM",          "LC_ALL",        "XDG_DATA_HOME",         "PGUSER",
        "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "PGSERVICEFILE", "CREDENTIALS_DIRECTORY", "HOOKTOP_X"};
    const char *output = getenv("CMOCKA_MESSAGE_OUTPUT");
    HT_AUTOFREE char *kept_output = output ? ht_strdup(output) : NULL;
    clearenv();
    for (size_t i = 0; i < HT_COUNT(gone); i++)
        setenv(gone[i], "g", 1);
    for (size_t i = 0; i < HT_COUNT(stay); i++)
        setenv(stay[i], "s", 1);
    setenv("PGSERVICE", "", 1);
    setenv("PGHOST", "it's", 1);
    setenv("PGPORT", "", 1);
    setenv("RES_OPTIONS", "timeout:30", 1);
    char password[] = "PGPASSWORD=canary";
    putenv(password); /* as it stands in the block that the kernel shows */
    struct ht_libpq_env env;
    ht_environment_take(&env);
    for (size_t i = 0; i < HT_COUNT(gone); i++)
        assert_null(getenv(gone[i]));
    for (size_t i = 0; i < HT_COUNT(stay); i++)
        assert_string_equal(getenv(stay[i]), "s");
    assert_int_equal(variables(), HT_COUNT(stay) + 1);
    assert_non_null(strstr(getenv("RES_OPTIONS"), "timeout:2"));
    assert_string_equal(env.dsn, "host='it\\'s' hostaddr='g' dbname='g'");
    assert_string_equal(env.said_by, "PGHOST, PGHOSTADDR, PGDATABASE");
    assert_string_equal(env.password, "canary");
    assert_null(memmem(password, sizeof password, "can", 3));
    ht_libpq_env_fini(&env);

    setenv("PGHOST", "h", 1);
    setenv("PGSERVICE", "svc", 1);
    ht_environment_take(&env);
    assert_string_equal(env.dsn, "service='svc'");
    assert_string_equal(env.said_by, "PGSERVICE");
    assert_null(env.password);
    ht_libpq_env_fini(&env);

    ht_environment_take(&env);
    assert_null(env.dsn);
    assert_null(env.said_by);
    ht_libpq_env_fini(&env);
    if (kept_output)
        setenv("CMOCKA_MESSAGE_OUTPUT", kept_output, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_never_shown),
        cmocka_unit_test(a_password_is_noticed),
        cmocka_unit_test(an_added_password_changes_nothing_else),
        cmocka_unit_test(the_first_that_says_so_wins),
        cmocka_unit_test(a_chosen_environment_leads_nowhere_else),
        cmocka_unit_test(an_unreadable_dsn_is_refused_without_showing_it),
        cmocka_unit_test(the_environment_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
