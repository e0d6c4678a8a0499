/* Names whose answers change, mix what is allowed with what is not, or fail. This process is the name server; the
 * receiver's address is allowed, and at the other one a spy listens on the same port. */
#include "delivery_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "own_network.h"

#define GOOD "127.0.0.1"
#define BAD  "127.0.0.9"
enum { A = 1, SERVFAIL = 2, NXDOMAIN = 3, HEADER = 12, QUESTION_TAIL = 4, ANSWER = 16 };

static struct name {
    const char *label;
    const char *answers[2][2]; /* what the first question gets, and all later ones */
    unsigned char fails;       /* or how it fails */
    int asked;
} names[] = {
    {.label = "steady", .answers = {{GOOD}, {GOOD}}},
    {.label = "rebinds", .answers = {{GOOD}, {BAD}}},
    {.label = "mixed", .answers = {{BAD, GOOD}, {BAD, GOOD}}},
    {.label = "inside", .answers = {{BAD, "10.1.2.3"}, {BAD, "10.1.2.3"}}},
    {.label = "nowhere", .fails = NXDOMAIN},
    {.label = "broken", .fails = SERVFAIL},
};
static int server;
static atomic_bool over;

static struct name *find(const unsigned char *question)
{
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        if (question[0] == strlen(names[i].label) && memcmp(question + 1, names[i].label, question[0]) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

/* Turns a question into its answer, in place; its new length. */
static size_t answer(unsigned char *packet, size_t len)
{
    static const unsigned char record[ANSWER - 4] = {0xc0, HEADER, 0, A, 0, 1, 0, 0, 0, 0, 0, 4}; /* TTL 0 */
    struct name *n = find(packet + HEADER);
    size_t end = HEADER + strnlen((char *)packet + HEADER, len - HEADER) + 1 + QUESTION_TAIL;
    bool for_ipv4 = packet[end - 3] == A;
    packet[2] = 0x81;
    packet[3] = n ? n->fails : NXDOMAIN;
    memset(packet + 6, 0, 6);
    if (!n || n->fails || !for_ipv4) {
        return end;
    }
    const char *const *addresses = n->answers[n->asked++ > 0];
    for (int i = 0; i < 2 && addresses[i]; i++, packet[7]++) {
        memcpy(packet + end, record, sizeof record);
        inet_pton(AF_INET, addresses[i], packet + end + sizeof record);
        end += ANSWER;
    }
    return end;
}

static void *serve(void *unused)
{
    unsigned char packet[512];
    struct pollfd ready = {.fd = server, .events = POLLIN};
    (void)unused;
    while (!atomic_load(&over)) {
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t n = poll(&ready, 1, 50) > 0
                        ? recvfrom(server, packet, sizeof packet - 2 * ANSWER, 0, (struct sockaddr *)&from, &from_len)
                        : -1;
        if (n > HEADER + QUESTION_TAIL) {
            (void)sendto(server, packet, answer(packet, (size_t)n), 0, (struct sockaddr *)&from, from_len);
        }
    }
    return NULL;
}

static struct lab_spy spy_beside(const struct lab *w)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ht_receiver_port(w->receiver))};
    struct lab_spy s = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    inet_pton(AF_INET, BAD, &in.sin_addr);
    assert_int_equal(bind(s.fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(s.fd, 16), 0);
    return s;
}

#define SAID                                                                                                           \
    "SELECT string_agg(coalesce(nullif(a.error, ''), 'none') || ' ' || coalesce(a.error_detail, '-'), '; ' ORDER BY "  \
    "a.at) FROM hooktop.attempt a JOIN hooktop.delivery d ON d.id = a.delivery_id WHERE d.endpoint_id = %s"
#define REFUSED(address, rule) "blocked the address " address " is refused by the rule '" rule "'"

/* Two events, each by an engine of its own, so that no connection is kept from one to the other. */
static void check_names(struct lab *w)
{
    static const struct {
        const char *name;
        const char *said[2]; /* how each attempt begins */
        int requests;
    } cases[] = {
        {"steady", {"none ", "none "}, 2}, {"rebinds", {"none ", REFUSED(BAD, "loopback")}, 1},
        {"mixed", {"none ", "none "}, 2},  {"inside", {"blocked the address ", "blocked the address "}, 0},
        {"nowhere", {"dns ", "dns "}, 0},  {"broken", {"dns ", "dns "}, 0},
    };
    struct lab_endpoint e[HT_COUNT(cases)] = {0};
    struct lab_spy spy = spy_beside(w);
    char urls[HT_COUNT(cases)][128], path[32];
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        snprintf(path, sizeof path, "/%s", cases[i].name);
        ht_receiver_route(w->receiver, &(struct ht_route){.path = path, .answer = HT_ANSWER_STATUS, .arg = 200});
        snprintf(urls[i], sizeof urls[i], "http://%s.example.org:%d%s", cases[i].name, ht_receiver_port(w->receiver),
                 path);
        e[i].url = urls[i];
        e[i].timeout_ms = 20000;
        lab_endpoint(w, &e[i]);
    }
    for (int round = 1; round <= 2; round++) {
        lab_emit(w, NULL, "thing.happened", "{}");
        lab_start(w, NULL);
        for (size_t i = 0; i < HT_COUNT(cases); i++) {
            HT_TEST_UNTIL(lab_int(w, &e[i], LAB_ATTEMPTS) >= round, 60000);
        }
        lab_stop(w);
    }
    for (size_t i = 0; i < HT_COUNT(cases); i++) {
        HT_AUTOFREE char *said = lab_text(w, &e[i], SAID);
        const char *second = strstr(said, "; ");
        struct ht_route_counts counts;
        snprintf(path, sizeof path, "/%s", cases[i].name);
        ht_receiver_counts(w->receiver, path, &counts);
        if (!second || strncmp(said, cases[i].said[0], strlen(cases[i].said[0])) != 0 ||
            strncmp(second + 2, cases[i].said[1], strlen(cases[i].said[1])) != 0 ||
            counts.requests != cases[i].requests) {
            fail_msg("%s: %d requests, %s", cases[i].name, (int)counts.requests, said);
        }
        lab_endpoint_fini(&e[i]);
    }
    assert_int_equal(lab_spy_count(&spy), 0);
    lab_spy_close(&spy);
}

static void test_names(void **state)
{
    pthread_t thread;
    server = own_network("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n");
    if (server < 0) {
        print_message("# no namespaces for this user\n");
        skip();
    }
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    assert_int_equal(lab_setup(state), 0);
    check_names(*state);
    lab_teardown(state);
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests_name("rebind", tests, NULL, NULL);
}
