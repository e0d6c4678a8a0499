/* The address guard: both sides of every border, and what an allow range can and cannot lift. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/delivery/egress.h"

static const char *check_scoped(const struct ht_egress *e, const char *text, int port, uint32_t scope)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_scope_id = scope};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        return ht_egress_check_address(e, (struct sockaddr *)&in, sizeof in);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return ht_egress_check_address(e, (struct sockaddr *)&in6, sizeof in6);
}

static const char *check(const struct ht_egress *e, const char *text, int port)
{
    return check_scoped(e, text, port, 0);
}

static void set(struct ht_egress *e, const char *key, const char *value)
{
    struct ht_err err = {0};
    if (ht_egress_set(e, key, value, &err) != HT_OK) {
        fail_msg("%s = %s: %s", key, value, err.why);
    }
}

static const struct {
    const char *address;
    const char *rule;
} refused[] = {
    {"0.0.0.0", "this network"},
    {"0.255.255.255", "this network"},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"100.64.0.0", "carrier-grade NAT"},
    {"100.127.255.255", "carrier-grade NAT"},
    {"100.100.100.200", "cloud metadata"},
    {"127.0.0.0", "loopback"},
    {"127.0.0.1", "loopback"},
    {"127.255.255.255", "loopback"},
    {"168.63.129.16", "cloud metadata"},
    {"169.254.0.0", "link-local and metadata"},
    {"169.254.169.254", "link-local and metadata"},
    {"169.254.170.2", "link-local and metadata"},
    {"169.254.255.255", "link-local and metadata"},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"192.0.0.0", "protocol assignments"},
    {"192.0.0.192", "cloud metadata"},
    {"192.0.0.255", "protocol assignments"},
    {"192.0.2.0", "documentation"},
    {"192.0.2.255", "documentation"},
    {"192.31.196.0", "AS112 and AMT"},
    {"192.31.196.255", "AS112 and AMT"},
    {"192.52.193.0", "AS112 and AMT"},
    {"192.52.193.255", "AS112 and AMT"},
    {"192.88.99.0", "6to4"},
    {"192.88.99.255", "6to4"},
    {"192.168.0.0", "private"},
    {"192.168.255.255", "private"},
    {"192.175.48.0", "AS112 and AMT"},
    {"192.175.48.255", "AS112 and AMT"},
    {"198.18.0.0", "benchmarking"},
    {"198.19.255.255", "benchmarking"},
    {"198.51.100.0", "documentation"},
    {"198.51.100.255", "documentation"},
    {"203.0.113.0", "documentation"},
    {"203.0.113.255", "documentation"},
    {"224.0.0.0", "multicast"},
    {"239.255.255.255", "multicast"},
    {"240.0.0.0", "reserved and broadcast"},
    {"255.255.255.255", "reserved and broadcast"},
    {"::", "unspecified address"},
    {"::1", "loopback"},
    {"::127.0.0.1", "IPv4 inside IPv6"},
    {"::8.8.8.8", "IPv4 inside IPv6"},
    {"::ffff:127.0.0.1", "IPv4 inside IPv6"},
    {"::ffff:169.254.169.254", "IPv4 inside IPv6"},
    {"::ffff:8.8.8.8", "IPv4 inside IPv6"},
    {"::ffff:0:127.0.0.1", "IPv4 inside IPv6"},
    {"::5efe:7f00:1", "ISATAP"},
    {"fe80::5efe:7f00:1", "ISATAP"},
    {"64:ff9b::7f00:1", "NAT64"},
    {"64:ff9b::808:808", "NAT64"},
    {"64:ff9b:1::7f00:1", "NAT64"},
    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64"},
    {"ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "outside the public IPv6 range"},
    {"100::", "discard only"},
    {"100::ffff:ffff:ffff:ffff", "discard only"},
    {"100:0:0:1::", "outside the public IPv6 range"},
    {"1fff:ffff::1", "outside the public IPv6 range"},
    {"4000::", "outside the public IPv6 range"},
    {"2001::", "Teredo"},
    {"2001::80ff:fffe", "Teredo"},
    {"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"},
    {"2001:2::1", "protocol assignments"},
    {"2001:10::1", "protocol assignments"},
    {"2001:20::1", "protocol assignments"},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"},
    {"2001:db8::", "documentation"},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
    {"2002::", "6to4"},
    {"2002:7f00:1::1", "6to4"},
    {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"},
    {"2620:4f:8000::", "AS112 and AMT"},
    {"2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112 and AMT"},
    {"3fff::", "documentation"},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"},
    {"5f00::", "segment routing"},
    {"5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"},
    {"fc00::1", "private"},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"},
    {"fd00:ec2::254", "cloud metadata"},
    {"fd20:ce::254", "cloud metadata"},
    {"fe80::1", "link-local and metadata"},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local and metadata"},
    {"fec0::1", "site-local"},
    {"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"},
    {"ff00::", "multicast"},
    {"ff02::1", "multicast"},
    {"2606:4700::5efe:7f00:1", "ISATAP"},
    {"2606:4700::200:5efe:7f00:1", "ISATAP"},
};

static const char *const allowed[] = {
    "1.0.0.0",         "1.1.1.1",         "9.255.255.255",
    "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
    "126.255.255.255", "128.0.0.0",       "168.63.129.15",
    "168.63.129.17",   "169.253.255.255", "169.255.0.0",
    "172.15.255.255",  "172.32.0.0",      "191.255.255.255",
    "192.0.1.0",       "192.0.1.255",     "192.0.3.0",
    "192.31.195.255",  "192.31.197.0",    "192.52.192.255",
    "192.52.194.0",    "192.88.98.255",   "192.88.100.0",
    "192.167.255.255", "192.169.0.0",     "192.175.47.255",
    "192.175.49.0",    "198.17.255.255",  "198.20.0.0",
    "198.51.99.255",   "198.51.101.0",    "203.0.112.255",
    "203.0.114.0",     "223.255.255.255", "2000::",
    "2001:200::1",     "2001:db7:ffff::", "2001:db9::",
    "2001:ffff::",     "2003::",          "2606:4700:4700::1111",
    "2620:4f:7fff::1", "2620:4f:8001::",  "3ffe::1",
    "3fff:1000::",     "3fff:ffff::1",    "2606:4700::100:5efe:7f00:1",
};

static void test_refused(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    for (size_t i = 0; i < HT_COUNT(refused); i++) {
        const char *rule = check(&e, refused[i].address, 443);
        if (!rule || strcmp(rule, refused[i].rule) != 0) {
            fail_msg("%s: %s instead of %s", refused[i].address, rule ? rule : "allowed", refused[i].rule);
        }
    }
}

static void test_allowed(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    for (size_t i = 0; i < HT_COUNT(allowed); i++) {
        const char *rule = check(&e, allowed[i], 443);
        if (rule) {
            fail_msg("%s is refused by %s", allowed[i], rule);
        }
    }
}

static void test_other_families(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/tmp/x"};
    assert_string_equal(ht_egress_check_address(&e, (struct sockaddr *)&un, sizeof un), "not an internet address");
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(443)};
    in.sin_addr.s_addr = htonl(0x01010101);
    assert_null(ht_egress_check_address(&e, (struct sockaddr *)&in, sizeof in));
    assert_string_equal(ht_egress_check_address(&e, (struct sockaddr *)&in, sizeof in - 1), "not an internet address");
    assert_string_equal(check_scoped(&e, "2606:4700:4700::1111", 443, 2), "scoped IPv6 address");
    set(&e, "allow", "[fe80::]/10");
    assert_null(check(&e, "fe80::1", 443));
    assert_string_equal(check_scoped(&e, "fe80::1", 443, 1), "scoped IPv6 address");
}

static void test_ports(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    assert_null(check(&e, "1.1.1.1", 443));
    assert_null(check(&e, "1.1.1.1", 8443));
    assert_string_equal(check(&e, "1.1.1.1", 80), "port");
    assert_string_equal(check(&e, "1.1.1.1", 444), "port");
    /* the class speaks before the port */
    assert_string_equal(check(&e, "10.0.0.1", 80), "private");
    set(&e, "ports", "80, 1-30000");
    assert_null(check(&e, "1.1.1.1", 80));
    assert_string_equal(check(&e, "1.1.1.1", 30001), "port");
    static const int never[] = {0, 22, 25, 53, 110, 143, 465, 587, 3306, 5432, 6379, 11211, 27017};
    set(&e, "allow", "127.0.0.1/32:1-65535");
    for (size_t i = 0; i < HT_COUNT(never); i++) {
        assert_string_equal(check(&e, "1.1.1.1", never[i]), "port");
        assert_string_equal(check(&e, "127.0.0.1", never[i]), never[i] == 0 ? "loopback" : "port");
    }
}

static void test_allow_range(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    set(&e, "allow", "127.0.0.1/32:9000-9999, 10.20.0.0/16, [fd12::]/16:8080");
    assert_null(check(&e, "127.0.0.1", 9000));
    assert_null(check(&e, "127.0.0.1", 9999));
    assert_string_equal(check(&e, "127.0.0.1", 8999), "loopback");
    assert_string_equal(check(&e, "127.0.0.1", 10000), "loopback");
    assert_string_equal(check(&e, "127.0.0.1", 443), "loopback");
    assert_string_equal(check(&e, "127.0.0.2", 9000), "loopback");
    assert_string_equal(check(&e, "1.1.1.1", 9000), "port");
    /* without ports of its own a range goes by the port list */
    assert_null(check(&e, "10.20.255.1", 443));
    assert_string_equal(check(&e, "10.20.255.1", 9000), "private");
    assert_string_equal(check(&e, "10.21.0.0", 443), "private");
    assert_null(check(&e, "fd12:34::1", 8080));
    assert_string_equal(check(&e, "fd13::1", 8080), "private");
    assert_string_equal(check(&e, "::ffff:127.0.0.1", 9000), "IPv4 inside IPv6");
}

static void test_metadata_stays_refused(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    set(&e, "allow", "0.0.0.0/0:1-65535, [::]/0:1-65535");
    static const char *const never[] = {"169.254.169.254",
                                        "169.254.170.2",
                                        "100.100.100.200",
                                        "168.63.129.16",
                                        "192.0.0.192",
                                        "fd00:ec2::254",
                                        "fd20:ce::254",
                                        "64:ff9b:1::a9fe:a9fe",
                                        "::ffff:169.254.169.254",
                                        "::169.254.169.254",
                                        "::ffff:0:169.254.169.254",
                                        "64:ff9b::a9fe:a9fe",
                                        "2002:a9fe:a9fe::1",
                                        "2001::5601:5601",
                                        "2606:4700::5efe:a9fe:a9fe",
                                        "64:ff9b::a83f:8110"};
    for (size_t i = 0; i < HT_COUNT(never); i++) {
        if (!check(&e, never[i], 443)) {
            fail_msg("%s is allowed", never[i]);
        }
    }
    assert_null(check(&e, "10.0.0.1", 443));
    assert_null(check(&e, "100.100.100.201", 443));
    assert_null(check(&e, "::1", 443));
}

/* Lifting a form that carries an IPv4 address leaves the address inside to its own rules. */
static void test_embedded_is_judged(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    set(&e, "allow", "[64:ff9b::]/96, [2002::]/16, [2001::]/32, [::ffff:0:0]/96");
    assert_null(check(&e, "64:ff9b::808:808", 443));
    assert_string_equal(check(&e, "64:ff9b::7f00:1", 443), "loopback");
    assert_string_equal(check(&e, "64:ff9b::a00:1", 443), "private");
    assert_null(check(&e, "2002:808:808::1", 443));
    assert_string_equal(check(&e, "2002:7f00:1::1", 443), "loopback");
    assert_null(check(&e, "2001::f7f7:f7f7", 443));
    assert_string_equal(check(&e, "2001::80ff:fffe", 443), "loopback");
    assert_string_equal(check(&e, "::ffff:192.168.1.1", 443), "private");
}

/* Gives this process a network of its own in which 9.9.9.9 is its own address. */
static bool become_own_address(void)
{
    struct ifreq r = {.ifr_name = "lo"};
    struct sockaddr_in in = {.sin_family = AF_INET};
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return false;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, "9.9.9.9", &in.sin_addr);
    memcpy(&r.ifr_addr, &in, sizeof in);
    bool done = fd >= 0 && ioctl(fd, SIOCSIFADDR, &r) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static void test_own_addresses(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    assert_null(check(&e, "9.9.9.9", 443));
    if (!become_own_address()) {
        print_message("# no network namespace for this user\n");
        skip();
    }
    assert_string_equal(check(&e, "9.9.9.9", 443), "this machine's own address");
    assert_null(check(&e, "9.9.9.10", 443));
    set(&e, "allow", "9.9.9.9/32:443");
    assert_null(check(&e, "9.9.9.9", 443));
}

static const struct {
    const char *key;
    const char *value;
} bad_settings[] = {
    {"ports", "0"},          {"ports", "65536"},         {"ports", "443,x"},       {"ports", "9-8"},
    {"ports", "-1"},         {"ports", "443-"},          {"ports", "+443"},        {"allow", "127.0.0.1/33"},
    {"allow", "127.0.0.1/"}, {"allow", "127.0.0.1/8"},   {"allow", "localhost/8"}, {"allow", "127.0.0.1/32:0"},
    {"allow", "::1/128"},    {"allow", "[::1"},          {"allow", "[::1]/129"},   {"allow", "127.1/32"},
    {"allow", "127.0.0.1x"}, {"allow", "127.0.0.1/32:"}, {"http", "maybe"},        {"ca_file", "ca.pem"},
    {"nat64", "decode"},
};

static void test_bad_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(bad_settings); i++) {
        struct ht_egress e, before;
        struct ht_err err = {0};
        ht_egress_init(&e);
        before = e;
        if (ht_egress_set(&e, bad_settings[i].key, bad_settings[i].value, &err) != HT_USAGE) {
            fail_msg("%s = %s was taken", bad_settings[i].key, bad_settings[i].value);
        }
        assert_memory_equal(&e, &before, sizeof e);
        assert_string_not_equal(err.why, "");
        assert_string_not_equal(err.fix, "");
    }
}

static void test_settings_replace(void **state)
{
    (void)state;
    struct ht_egress e;
    ht_egress_init(&e);
    set(&e, "ports", "8443");
    assert_string_equal(check(&e, "1.1.1.1", 443), "port");
    set(&e, "allow", "127.0.0.1/32");
    set(&e, "allow", "10.0.0.0/8, ");
    assert_int_equal(e.n_allow, 1);
    set(&e, "allow", "");
    assert_int_equal(e.n_allow, 0);
}

/* Said wherever an exception is active, and only there. */
static void test_exceptions_are_named(void **state)
{
    static const struct {
        const char *http, *ports, *allow, *said; /* said: NULL, no exception */
    } cases[] = {
        {"no", "443, 8443", "", NULL},
        {"no", "8443", "", NULL},
        {"yes", "443", "", "plain http"},
        {"no", "443", "127.0.0.1/32", "1 allowed range"},
        {"no", "443, 9000-9002", "", "ports of its own"},
        {"yes", "444", "10.0.0.0/8, [fd12::]/16", "plain http, 2 allowed ranges, ports of its own"},
    };
    (void)state;
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        char line[160];
        struct ht_egress e;
        ht_egress_init(&e);
        set(&e, "http", cases[i].http);
        set(&e, "ports", cases[i].ports);
        set(&e, "allow", cases[i].allow);
        assert_int_equal(ht_egress_exceptions(&e, line, sizeof line), cases[i].said != NULL);
        if (strcmp(line, cases[i].said ? cases[i].said : "") != 0) {
            fail_msg("case %zu: %s", i, line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_allow_range),
        cmocka_unit_test(test_metadata_stays_refused),
        cmocka_unit_test(test_embedded_is_judged),
        cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_settings_replace),
        cmocka_unit_test(test_exceptions_are_named),
        cmocka_unit_test(test_own_addresses), /* last: it leaves this machine's network */
    };
    return cmocka_run_group_tests_name("egress address", tests, NULL, NULL);
}
