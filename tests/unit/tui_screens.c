/* Every screen as text at 80x24 and 140x40, against files in tests/unit/golden. A wanted change is written there with
 * HT_GOLDEN_WRITE=1, and read before it is committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "console_rig.h"
#include "ht_test.h"

#define GOLDEN "tests/unit/golden"

static void compare(struct ht_rig *r, const char *name, int rows, int cols)
{
    char path[256];
    HT_AUTOFREE char *got = ht_rig_screen(r);
    snprintf(path, sizeof path, GOLDEN "/%s.%dx%d.txt", name, cols, rows);
    if (getenv("HT_GOLDEN_WRITE")) {
        mkdir(GOLDEN, 0755);
        ht_test_write_file(path, got, strlen(got));
        return;
    }
    HT_AUTOFREE char *wanted = ht_test_read_file(path, NULL);
    if (strcmp(got, wanted) != 0) {
        fprintf(stderr, "# %s is now:\n%s", path, got);
        fail_msg("%s differs", path);
    }
}

struct scene {
    const char *name;
    const char *keys; /* \n Enter, \t Tab, \a 400 ms pass (a dialog begins to hear) */
};

static const struct scene scenes[] = {
    {"endpoints", ""},
    {"endpoints-selected", "jjjj"},
    {"endpoints-filter", "/Acme b\a"},
    {"endpoints-filter-mistake", "/nosuch:1\a"},
    {"endpoints-none", "/nothing like it\n"},
    {"endpoint", "j\n"},
    {"endpoint-subscriptions", "j\n\t"},
    {"endpoint-secrets", "j\n\t\t"},
    {"endpoint-deliveries", "j\n\t\t\t\t"},
    {"deliveries", "2"},
    {"deliveries-paused", "2kkk"},
    {"deliveries-oldest", "2:sort time\n:sort time\n"},
    {"deliveries-sort", "2s\a"},
    {"deliveries-redeliver", "2g  j R\a"},
    {"delivery-request", "2\n"},
    {"delivery-response", "2kk\n\t"},
    {"delivery-request-hex", "2\nbb"},
    {"delivery-signature", "2k\n\t\t"},
    {"delivery-timeline", "2\n\t\t\t"},
    {"delivery-compare", "2k\n\t\t\t\t"},
    {"delivery-compare-none", "2\n\t\t\t\t"},
    {"failures", "3"},
    {"failures-columns", "3c\a"},
    {"failures-none", "3/nothing\n"},
    {"failures-redeliver", "3R\a"},
    {"failures-redelivered", "3R\ay"},
    {"snooze", "Z\a"},
    {"events", "8"},
    {"events-none", "8/nothing\n"},
    {"event-why", "8jj\njj"},
    {"event-data", "8\n\t"},
    {"event-hex", "8\n\tbb"},
    {"replays", "9"},
    {"replays-sort", "9s\a"},
    {"replays-sorted", "9:sort of\n"},
    {"replays-finished", "9jj"},
    {"replay", "9\n"},
    {"replay-sending", "9jjj\n"},
    {"types", "4"},
    {"type", "4\n"},
    {"type-sample", "4\n\t"},
    {"workers", "5"},
    {"workers-backlog", ":workers\n\t"},
    {"workers-backlog-sorted", ":workers\n\t:sort later\n"},
    {"workers-leases", ":workers\n\t\t"},
    {"workers-database", ":workers\n\t\t\t"},
    {"workers-partitions", ":workers\n\t\t\t\t"},
    {"audit", ":audit\nj"},
    {"audit-entry", ":audit\nj\n"},
    {"endpoint-health", "j\n\t\t\t"},
    {"endpoint-audit", "j\n\t\t\t\t\t"},
    {"endpoint-subscribe", "j\n\tAorder.*"},
    {"endpoint-unsubscribe", "j\n\tX\a"},
    {"endpoint-remove", "X\a"},
    {"form", "A\t\thttp://acme.example/in\t"},
    {"form-refused", "A\t\thttps://10.0.0.1/in"},
    {"form-fault", "A\t\thttps://acme.example/in\tBilling\tinvoice.*\tX-Token: s3cr3t\t70"},
    {"form-workflows", "A \t\t"},
    {"form-edit", "jE"},
    {"form-leave", "A\t\tx\x1b\a"},
    {"form-created", "A\t\thttps://acme.example/in\n\n\n\n\n\n\n\n\n\t\n"},
    {"secrets", ":secrets\n"},
    {"secrets-sorted", ":secrets\n:sort age\n:sort age\n"},
    {"secrets-promote", ":secrets\njjO\a"},
    {"secrets-revoke", ":secrets\njX\a"},
    {"secrets-revoke-active", ":secrets\nX"},
    {"secrets-probe", ":secrets\nV\ay"},
    {"probe-retire", ":secrets\nV\ayX\a"},
    {"probe-retired", ":secrets\nV\ayX\ay"},
    {"probe-promote", ":secrets\njjV\ayO\a"},
    {"secrets-rotate-tenant", ":secrets\nGK\a"},
    {"ping-question", "T\a"},
    {"ping", "T\ay"},
    {"rotate-overlap", "jK\a"},
    {"rotate-staged", "jjK\a"},
    {"rotate-tenant-key", "jjjK\a"},
    {"public-key", "jjjK\ay"},
    {"reveal", "jK\ay"},
    {"reveal-path", "jK\ayw"},
    {"disable", "D\a"},
    {"enable-held", "jjjjjjjD\a"},
    {"resume-held", "jjjjP\a"},
    {"help-endpoints", "?"},
    {"help-deliveries", "2?"},
    {"messages", "T\ayq:messages\n"},
    {"command", ":re"},
    {"command-offer", ":\t"},
    {"deliveries-filter-offer", "2/status:\t\a"},
};

static void play(struct ht_rig *r, const char *keys)
{
    for (; *keys; keys++)
        if (*keys == '\a')
            ht_rig_pass(r, 400);
        else
            ht_rig_key(r, *keys == '\n' ? HT_KEY_ENTER : (unsigned char)*keys);
}

static void all_at(int rows, int cols)
{
    for (size_t i = 0; i < HT_COUNT(scenes); i++) {
        struct ht_rig r;
        ht_rig_init(&r, rows, cols);
        play(&r, scenes[i].keys);
        compare(&r, scenes[i].name, rows, cols);
        ht_rig_fini(&r);
    }
}

static void small(void **state)
{
    (void)state;
    all_at(24, 80);
}

static void large(void **state)
{
    (void)state;
    all_at(40, 140);
}

/* Everything at every small size: nothing crashes, nothing is drawn outside, below 40x8 the screen says so. */
static void any_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},  {1, 200}, {200, 1}, {2, 3},   {7, 40},   {8, 39},
                                   {8, 40}, {9, 41},  {10, 60}, {16, 80}, {200, 300}};
    for (size_t i = 0; i < HT_COUNT(scenes); i++) {
        struct ht_rig r;
        ht_rig_init(&r, 24, 80);
        for (size_t k = 0; k < HT_COUNT(sizes); k++) {
            ht_app_resize(&r.app, sizes[k][0], sizes[k][1]);
            if (k == 5)
                play(&r, scenes[i].keys);
            char *text = ht_rig_screen(&r);
            bool too_small = sizes[k][0] < 8 || sizes[k][1] < 40;
            if (too_small && sizes[k][1] >= 20)
                assert_non_null(strstr(text, "too small"));
            if (!too_small)
                assert_null(strstr(text, "too small"));
            free(text);
        }
        ht_rig_fini(&r);
    }
}

/* In a C locale no byte outside ASCII is drawn by us, and foreign text is written out. */
static void ascii_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(scenes); i++) {
        struct ht_rig r;
        ht_rig_init(&r, 24, 80);
        r.app.canvas.ascii = r.app.canvas.ascii_text = true;
        play(&r, scenes[i].keys);
        char *text = ht_rig_screen(&r);
        for (const char *p = text; *p; p++)
            if ((unsigned char)*p >= 0x80)
                fail_msg("%s: a byte outside ASCII in: %.80s", scenes[i].name, p);
        free(text);
        ht_rig_fini(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small),
        cmocka_unit_test(large),
        cmocka_unit_test(any_size),
        cmocka_unit_test(ascii_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
