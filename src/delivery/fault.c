#include "fault.h"

#ifdef HT_FAULTS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written before main, because main leaves little of the environment; read by the engine's one thread. */
static char point[32], poison[64];
static int passes_left;
static int32_t margin_ms;

__attribute__((constructor)) static void read_environment(void)
{
    const char *at = getenv("HT_CRASH_AT"), *text = getenv("HT_POISON"), *margin = getenv("HT_LEASE_MARGIN");
    if (at && strchr(at, ':')) {
        snprintf(point, sizeof point, "%.*s", (int)strcspn(at, ":"), at);
        passes_left = atoi(strchr(at, ':') + 1);
    }
    snprintf(poison, sizeof poison, "%s", text ? text : "");
    margin_ms = margin ? atoi(margin) : 0;
}

void ht_fault(const char *name)
{
    if (strcmp(point, name) == 0 && --passes_left == 0) {
        kill(getpid(), SIGKILL);
    }
}

void ht_fault_body(const char *body)
{
    if (*poison && strstr(body, poison)) {
        kill(getpid(), SIGKILL);
    }
}

int32_t ht_fault_lease_margin(int32_t usual)
{
    return margin_ms > 0 ? margin_ms : usual;
}

#endif
