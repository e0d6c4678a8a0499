/* A name server that never answers holds up the endpoints that need it, and nobody else. This process gets a network
 * and a resolv.conf of its own for it, which takes root or a user namespace. */
#include "delivery_lab.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static bool loopback_up(void)
{
    struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    close(fd);
    return up;
}

/* A socket on port 53 of this network that swallows every question; -1: it cannot be had. */
static int silent_name_server(void)
{
    static const char conf[] = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n";
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    HT_AUTOFREE char *dir = ht_test_dir();
    char path[600];
    snprintf(path, sizeof path, "%s/resolv.conf", dir);
    ht_test_write_file(path, conf, strlen(conf));
    if ((unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0 || !loopback_up()) {
        return -1;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof in) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int questions(int fd)
{
    char packet[512];
    int n = 0;
    while (recv(fd, packet, sizeof packet, 0) > 0) {
        n++;
    }
    return n;
}

static void test_silent_name_server(void **state)
{
    int server = silent_name_server();
    if (server < 0) {
        print_message("# no namespaces for this user\n");
        skip();
    }
    assert_int_equal(lab_setup(state), 0);
    struct lab *w = *state;
    struct lab_endpoint mute[6] = {{.url = "https://a.example.org/"}, {.url = "https://b.example.org/"},
                                   {.url = "https://c.example.org/"}, {.url = "https://d.example.org/"},
                                   {.url = "https://e.example.org/"}, {.url = "https://f.example.org/"}};
    struct lab_endpoint well = {.path = "/well", .in_flight_max = 1};
    for (size_t i = 0; i < HT_COUNT(mute); i++) {
        mute[i].timeout_ms = 4000;
        lab_endpoint(w, &mute[i]);
    }
    lab_endpoint(w, &well);
    lab_start(w, NULL);
    lab_emit_many(w, 40);
    HT_TEST_UNTIL(questions(server) > 0, 10000);
    /* one after another, each through the loop that the resolver could have held up for half a minute */
    int64_t deadline = ht_test_deadline_us(15000);
    LAB_UNTIL(w, &well, LAB_WITH_STATUS("succeeded"), 40);
    assert_false(ht_test_passed(deadline));
    for (size_t i = 0; i < HT_COUNT(mute); i++) {
        HT_TEST_UNTIL(lab_int(w, &mute[i], LAB_ATTEMPTS " AND a.error = 'dns'") > 0, 30000);
        assert_int_equal(lab_int(w, &mute[i], LAB_ATTEMPTS " AND a.error <> 'dns'"), 0);
    }
    /* nor does stopping wait for it */
    deadline = ht_test_deadline_us(15000);
    lab_stop(w);
    assert_false(ht_test_passed(deadline));
    for (size_t i = 0; i < HT_COUNT(mute); i++) {
        lab_endpoint_fini(&mute[i]);
    }
    lab_endpoint_fini(&well);
    lab_teardown(state);
    close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_silent_name_server)};
    return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
