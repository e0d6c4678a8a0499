#include "cancel.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ht_canceller {
    PGcancel *request;
    int done_fd;
    atomic_int users; /* the thread and whoever started it */
};

static void leave(struct ht_canceller *k)
{
    if (atomic_fetch_sub(&k->users, 1) > 1)
        return;
    PQfreeCancel(k->request);
    if (k->done_fd >= 0)
        close(k->done_fd);
    free(k);
}

static void *run(void *user)
{
    struct ht_canceller *k = user;
    char ignored[256];
    uint64_t one = 1;
    /* Whether it reached the server shows in what the statement does. */
    (void)PQcancel(k->request, ignored, sizeof(ignored));
    if (write(k->done_fd, &one, sizeof(one)) < 0)
        ht_abort("an eventfd refused a write");
    leave(k);
    return NULL;
}

struct ht_canceller *ht_canceller_start(PGconn *pg)
{
    struct ht_canceller *k = ht_alloc(1, sizeof(*k));
    pthread_t thread;
    k->request = PQgetCancel(pg);
    k->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&k->users, 2);
    if (k->request == NULL || k->done_fd < 0 || pthread_create(&thread, NULL, run, k) != 0) {
        atomic_store(&k->users, 1);
        leave(k);
        return NULL;
    }
    pthread_detach(thread);
    return k;
}

int ht_canceller_fd(const struct ht_canceller *k)
{
    return k->done_fd;
}

void ht_canceller_free(struct ht_canceller *k)
{
    if (k != NULL)
        leave(k);
}
