/* The URL rules, each with an input that once fooled somebody, and the header rules. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hooktop/delivery/egress.h"

/* What a check says: the normal form, or the refusal's reason. */
static const char *judge(const struct ht_egress *e, const char *url, bool *ret_ok)
{
    static char text[4096];
    struct ht_buf normal;
    struct ht_err err = {0};
    ht_buf_init(&normal, sizeof text - 1);
    *ret_ok = ht_egress_check_url(e, url, &normal, &err) == HT_OK;
    if (!*ret_ok) {
        assert_int_equal(err.rc, HT_USAGE);
        assert_int_equal(normal.len, 0);
        assert_string_not_equal(err.fix, "");
    }
    strcpy(text, *ret_ok ? normal.data : err.why);
    ht_buf_fini(&normal);
    return text;
}

static const struct {
    const char *url;
    const char *why; /* part of the reason */
} refused[] = {
    /* credentials and what looks like them */
    {"https://user:pw@example.com/", "user name"},
    {"https://:@example.com/", "user name"},
    {"https://example.com@127.0.0.1/", "user name"},
    {"https://user@example.com/", "user name"},
    {"https://127.0.0.1\\@example.com/", "backslash"},
    {"https://example.com\\.evil.example/", "backslash"},
    /* addresses in all their spellings */
    {"https://127.0.0.1/", "loopback"},
    {"https://127.1/", "loopback"},
    {"https://0x7f.1/", "loopback"},
    {"https://0x7f000001/", "loopback"},
    {"https://017700000001/", "loopback"},
    {"https://2130706433/", "loopback"},
    {"https://0177.0.0.1/", "loopback"},
    {"https://0/", "this network"},
    {"https://127.0.0.1./", "loopback"},
    {"https://127.1./", "loopback"},
    {"https://8.8.8.8/", "an address, not a name"},
    {"https://169.254.169.254/latest/meta-data/", "link-local and metadata"},
    {"https://168.63.129.16/", "cloud metadata"},
    {"https://[::1]/", "loopback"},
    {"https://[::ffff:127.0.0.1]/", "IPv4 inside IPv6"},
    {"https://[0:0:0:0:0:ffff:127.0.0.1]/", "IPv4 inside IPv6"},
    {"https://[2606:4700:4700::1111]/", "an address, not a name"},
    {"https://[::1%25eth0]/", "percent sign"},
    {"https://[fe80::1%eth0]/", "percent sign"},
    {"https://[[::1]]/", ""},
    {"https://1.2.3.4.5/", "ends in a number"},
    {"https://256.1.1.1/", "ends in a number"},
    {"https://example.123/", "ends in a number"},
    {"https://example.0x7f/", "ends in a number"},
    /* digits, dots and letters outside ASCII */
    {"https://①②⑦.⓪.⓪.①/", "outside ASCII"},
    {"https://１２７.0.0.1/", "outside ASCII"},
    {"https://127。0。0。1/", "outside ASCII"},
    {"https://ⓛocalhost/", "outside ASCII"},
    {"https://münchen.example/", "outside ASCII"},
    {"https://example.com/\x7f", "outside ASCII"},
    /* names that stay inside */
    {"https://localhost/", "single name"},
    {"https://localhost./", "single name"},
    {"https://db/", "single name"},
    {"https://foo.localhost/", ".localhost"},
    {"https://foo.LOCALHOST./", ".localhost"},
    {"https://printer.local/", ".local"},
    {"https://metadata.google.internal/", ".internal"},
    {"https://nas.home.arpa/", ".home.arpa"},
    {"https://a..example.com/", "empty part"},
    {"https://.example.com/", "empty part"},
    {"https://example.com../", "empty part"},
    {"https://a_b.example.com/", "character other than"},
    {"https://-a.example.com/", "begins or ends"},
    {"https://a-.example.com/", "begins or ends"},
    {"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/", "63"},
    /* schemes and slashes */
    {"https:///example.com", "does not begin"},
    {"https:/example.com", "does not begin"},
    {"https:example.com", "does not begin"},
    {"example.com", "does not begin"},
    {"//example.com/", "does not begin"},
    {"", "does not begin"},
    {"https://", "does not begin"},
    {"file:///etc/passwd", "does not begin"},
    {"gopher://example.com/", "does not begin"},
    {"http://example.com/", "plain http"},
    {"HTTP://example.com/", "plain http"},
    {"https://?x", ""},
    {"https://#x", ""},
    /* ports */
    {"https://example.com:0/", "port 0"},
    {"https://example.com:65536/", ""},
    {"https://example.com:25/", "port 25"},
    {"https://example.com:8080/", "port 8080"},
    {"https://example.com:99999999999/", ""},
    {"https://example.com:x/", ""},
    /* bytes */
    {"https://example.com/a b", "blank"},
    {"https://example.com/a\tb", "blank"},
    {"https://example.com/a\nb", "blank"},
    {"https://example.com/\r\nHost:evil", "blank"},
    {" https://example.com/", "blank"},
    {"https://ex%61mple.com/", "percent sign"},
    {"https://example.com/#frag", "fragment"},
    {"https://example.com#@127.0.0.1/", "fragment"},
};

static const struct {
    const char *url;
    const char *normal;
} accepted[] = {
    {"https://example.com/", "https://example.com/"},
    {"https://example.com", "https://example.com/"},
    {"HTTPS://EXAMPLE.com/Hook", "https://example.com/Hook"},
    {"https://A.EXAMPLE./", "https://a.example/"},
    {"https://example.com:443/x", "https://example.com/x"},
    {"https://example.com:8443/x", "https://example.com:8443/x"},
    {"https://example.com:08443/x", "https://example.com:8443/x"},
    {"https://xn--mnchen-3ya.example/", "https://xn--mnchen-3ya.example/"},
    {"https://example.com/%0d%0aX", "https://example.com/%0d%0aX"},
    {"https://example.com/a@b?c=@d", "https://example.com/a@b?c=@d"},
    {"https://example.com/a/../b", "https://example.com/b"},
    {"https://1a.example.com/?token=x%20y", "https://1a.example.com/?token=x%20y"},
};

static void check_all(void)
{
    struct ht_egress e;
    bool ok;
    ht_egress_init(&e);
    for (size_t i = 0; i < HT_COUNT(refused); i++) {
        const char *said = judge(&e, refused[i].url, &ok);
        if (ok || !strstr(said, refused[i].why)) {
            fail_msg("%s: %s: %s", refused[i].url, ok ? "accepted" : "refused", said);
        }
    }
    for (size_t i = 0; i < HT_COUNT(accepted); i++) {
        const char *said = judge(&e, accepted[i].url, &ok);
        if (!ok || strcmp(said, accepted[i].normal) != 0) {
            fail_msg("%s: %s: %s", accepted[i].url, ok ? "accepted" : "refused", said);
        }
    }
}

static void test_table(void **state)
{
    (void)state;
    check_all();
}

/* A UTF-8 locale makes libcurl convert international names: nothing may change by it. */
static void test_table_in_utf8_locale(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
    check_all();
    setlocale(LC_ALL, "C");
}

static void test_length(void **state)
{
    (void)state;
    struct ht_egress e;
    char url[2100] = "https://example.com/";
    bool ok;
    ht_egress_init(&e);
    memset(url + 20, 'a', 2048 - 20);
    url[2048] = '\0';
    judge(&e, url, &ok);
    assert_true(ok);
    url[2048] = 'a';
    url[2049] = '\0';
    assert_non_null(strstr(judge(&e, url, &ok), "2048"));
    assert_false(ok);
}

static void test_exceptions(void **state)
{
    (void)state;
    struct ht_egress e;
    struct ht_err err = {0};
    bool ok;
    ht_egress_init(&e);
    assert_int_equal(ht_egress_set(&e, "allow", "127.0.0.1/32:9000-9999, [::1]/128:9000", &err), HT_OK);
    assert_string_equal(judge(&e, "https://127.1:9000/a", &ok), "https://127.0.0.1:9000/a");
    assert_true(ok);
    assert_non_null(strstr(judge(&e, "http://127.0.0.1:9000/", &ok), "plain http"));
    assert_non_null(strstr(judge(&e, "https://127.0.0.1:8999/", &ok), "loopback"));
    assert_non_null(strstr(judge(&e, "https://127.0.0.2:9000/", &ok), "loopback"));
    assert_non_null(strstr(judge(&e, "https://8.8.8.8:9000/", &ok), "port 9000"));
    assert_string_equal(judge(&e, "https://[0::1]:9000/", &ok), "https://[::1]:9000/");
    assert_true(ok);
    /* a name may lead into the range; the guard has the last word at the socket */
    judge(&e, "https://receiver.example:9000/", &ok);
    assert_true(ok);
    judge(&e, "https://receiver.example:8999/", &ok);
    assert_false(ok);
    assert_int_equal(ht_egress_set(&e, "http", "yes", &err), HT_OK);
    assert_string_equal(judge(&e, "http://127.0.0.1:9000/", &ok), "http://127.0.0.1:9000/");
    assert_non_null(strstr(judge(&e, "http://example.com/", &ok), "port 80"));
    assert_int_equal(ht_egress_set(&e, "ports", "80, 443", &err), HT_OK);
    assert_string_equal(judge(&e, "http://example.com/", &ok), "http://example.com/");
}

static void test_headers(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"Authorization", "Bearer abc"},
        {"X-Api-Key", "k"},
        {"Cookie", "a=b; c=\"d\""},
        {"x!#$%&'*+-.^_`|~9", "~"},
    };
    static const char *const bad[][2] = {
        {"", "x"},
        {"X Y", "x"},
        {"X:Y", "x"},
        {"X\r\nY", "x"},
        {"\xc3\xa9", "x"},
        {"X", ""},
        {"X", "a\r\nB: c"},
        {"X", "a\nb"},
        {"X", "a\tb"},
        {"X", "a\x7f"},
        {"X", "\xc3\xa9"},
        {"X", " a"},
        {"X", "a "},
        {"Host", "x"},
        {"content-LENGTH", "1"},
        {"Content-Type", "x"},
        {"Transfer-Encoding", "chunked"},
        {"Connection", "close"},
        {"Expect", "100-continue"},
        {"User-Agent", "x"},
        {"Proxy-Authorization", "x"},
        {"webhook-id", "x"},
        {"Webhook-Signature", "x"},
        {"X-Hooktop-Delivery", "x"},
        {"X-InstaClaim-Signature", "x"},
        {"x-claimport-signature", "x"},
        {"Instnt-Signature", "x"},
        {"TE", "trailers"},
        {"Upgrade", "h2c"},
    };
    for (size_t i = 0; i < HT_COUNT(good); i++) {
        struct ht_err err = {0};
        if (ht_egress_check_header(good[i][0], good[i][1], &err) != HT_OK) {
            fail_msg("%s: %s", good[i][0], err.why);
        }
    }
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        struct ht_err err = {0};
        if (ht_egress_check_header(bad[i][0], bad[i][1], &err) != HT_USAGE) {
            fail_msg("'%s: %s' was taken", bad[i][0], bad[i][1]);
        }
        assert_string_not_equal(err.fix, "");
    }
    char name[66], value[1026];
    memset(name, 'n', 65);
    name[65] = '\0';
    memset(value, 'v', 1025);
    value[1025] = '\0';
    struct ht_err err = {0};
    assert_int_equal(ht_egress_check_header(name, "x", &err), HT_USAGE);
    assert_int_equal(ht_egress_check_header(name + 1, value + 1, NULL), HT_OK);
    assert_int_equal(ht_egress_check_header("X", value, NULL), HT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),   cmocka_unit_test(test_table_in_utf8_locale),
        cmocka_unit_test(test_length),  cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_headers),
    };
    return cmocka_run_group_tests_name("egress url", tests, NULL, NULL);
}
