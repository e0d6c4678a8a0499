/* A name server that never answers holds up the endpoints that need it, and nobody else. This process gets a network
 * and a resolv.conf of its own for it, which takes root or a user namespace. */
#include "delivery_lab.h"

#include <sys/socket.h>
#include <unistd.h>

#include "own_network.h"

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
    int server = own_network("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
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
    HT_TEST_UNTIL(questions(server) > 0, LAB_WAIT_MS);
    /* one after another, each through the loop that the resolver could have held up for two minutes and a half */
    LAB_UNTIL(w, &well, LAB_WITH_STATUS("succeeded"), 40);
    for (size_t i = 0; i < HT_COUNT(mute); i++) {
        HT_TEST_UNTIL(lab_int(w, &mute[i], LAB_ATTEMPTS " AND a.error = 'dns'") > 0, LAB_WAIT_MS);
        assert_int_equal(lab_int(w, &mute[i], LAB_ATTEMPTS " AND a.error <> 'dns'"), 0);
    }
    /* nor does stopping wait for it */
    int64_t deadline = ht_test_deadline_us(20000);
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
