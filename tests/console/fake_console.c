/* The console's UI alone, with replies of tests/lib/console_data.c instead of a loader and a database: for key scripts
 * in a real terminal that need what a real database does not do on demand. Without a terminal it checks that the UI
 * refuses.
 *
 * Lines written to the FIFO named by FAKE_CONTROL: lost, up, emit N, wait (answer nothing more), viewer,
 * complain (print on standard error). */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console_data.h"

static struct ht_mailbox *loader, *inbox;
static struct ht_data data = {.endpoints = HT_DATA_ENDPOINTS, .deliveries = 120};
static atomic_bool waiting;

static void post(struct ht_reply *r)
{
    if (!ht_mailbox_post(inbox, r))
        ht_reply_free(r);
}

static void *serve(void *unused)
{
    struct ht_request *q;
    (void)unused;
    post(ht_data_link(HT_LINK_UP));
    struct pollfd fd = {.fd = ht_mailbox_fd(loader), .events = POLLIN};
    for (;;) {
        while (!(q = ht_mailbox_take(loader))) {
            if (ht_mailbox_closed(loader))
                return NULL;
            (void)poll(&fd, 1, -1);
        }
        if (!atomic_load(&waiting) && q->kind != HT_REQ_FORGET)
            post(ht_data_answer(&data, q));
        ht_request_free(q);
    }
}

static void *obey(void *path)
{
    char line[64];
    FILE *f = fopen(path, "r+");
    while (f && fgets(line, sizeof line, f)) {
        if (strcmp(line, "end\n") == 0)
            break;
        if (strcmp(line, "lost\n") == 0)
            post(ht_data_link(HT_LINK_LOST));
        else if (strcmp(line, "up\n") == 0)
            post(ht_data_link(HT_LINK_UP));
        else if (strcmp(line, "wait\n") == 0)
            atomic_store(&waiting, true);
        else if (strcmp(line, "complain\n") == 0)
            fputs("a library's words \033[2J\n", stderr);
        else if (strcmp(line, "viewer\n") == 0)
            atomic_store(&data.viewer, true);
        else if (strncmp(line, "emit ", 5) == 0) {
            atomic_fetch_add(&data.deliveries, atoi(line + 5));
            post(ht_reply_new(HT_REP_CHANGED, HT_REQ_KIND_COUNT, 0));
        }
    }
    if (f)
        fclose(f);
    return NULL;
}

int main(void)
{
    struct ht_tui_options o = {.figures = ht_data_figures,
                               .profile_facts = ht_data_profile_facts,
                               .check_draft = ht_data_check_draft,
                               .environment = "demo"};
    struct ht_err err = {0};
    char line[1024];
    pthread_t server, control;
    const char *fifo = getenv("FAKE_CONTROL");
    (void)ht_secret_init_process();
    o.theme = getenv("FAKE_THEME");
    o.clock_off = getenv("FAKE_CLOCK_OFF") != NULL;
    o.mouse = getenv("FAKE_MOUSE") != NULL;
    o.readonly = getenv("FAKE_READONLY") != NULL;
    o.production = getenv("FAKE_PRODUCTION") != NULL;
    o.colour = getenv("FAKE_COLOUR") ? atoi(getenv("FAKE_COLOUR")) : 0;
    o.exceptions = getenv("FAKE_BANNER");
    o.loader = o.errands = loader = ht_mailbox_new(64, ht_request_free);
    o.inbox = inbox = ht_mailbox_new(256, ht_reply_free);
    bool terminal = isatty(STDIN_FILENO);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    if (pthread_create(&server, NULL, serve, NULL) != 0 ||
        (fifo && pthread_create(&control, NULL, obey, (void *)(uintptr_t)fifo) != 0))
        return 1;
    sigemptyset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    enum ht_rc rc = ht_tui_run(&o, &err);
    ht_err_line(&err, line, sizeof line);
    ht_mailbox_close(loader);
    pthread_join(server, NULL);
    if (fifo) {
        FILE *f = fopen(fifo, "r+");
        if (f) {
            fputs("end\n", f);
            fflush(f);
            pthread_join(control, NULL);
            fclose(f);
        }
    }
    ht_mailbox_free(loader);
    ht_mailbox_free(inbox);
    if (!terminal) {
        printf("1..1\n%s 1 - without a terminal the console refuses, and says what to do: %s\n",
               rc == HT_USAGE && strstr(line, "terminal") ? "ok" : "not ok", line);
        return rc != HT_USAGE;
    }
    if (rc != HT_OK)
        fprintf(stderr, "%s\n", line);
    return ht_exit_code(rc);
}
