#include "hooktop/base/mailbox.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ht_mailbox {
    pthread_mutex_t lock;
    void (*free_message)(void *);
    int fd;
    bool closed;
    size_t capacity;
    size_t first;
    size_t n;
    void *ring[];
};

struct ht_mailbox *ht_mailbox_new(size_t capacity, void (*free_message)(void *))
{
    size_t bytes;
    if (__builtin_mul_overflow(capacity, sizeof(void *), &bytes) ||
        __builtin_add_overflow(bytes, sizeof(struct ht_mailbox), &bytes))
        ht_abort("out of memory");
    struct ht_mailbox *m = ht_alloc(1, bytes);
    m->capacity = capacity;
    m->free_message = free_message;
    m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->fd < 0)
        ht_abort("no file descriptor is left for a mailbox");
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void ht_mailbox_free(struct ht_mailbox *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n && m->free_message != NULL; i++)
        m->free_message(m->ring[(m->first + i) % m->capacity]);
    close(m->fd);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* The eventfd's count is 1 while there is something to see and 0 otherwise, so neither call can fail or block. */
static void raise_signal(struct ht_mailbox *m)
{
    const uint64_t one = 1;
    if (write(m->fd, &one, sizeof(one)) < 0)
        ht_abort("a mailbox cannot be signalled");
}

static void lower_signal(struct ht_mailbox *m)
{
    uint64_t count;
    if (read(m->fd, &count, sizeof(count)) < 0)
        ht_abort("a mailbox's signal cannot be read");
}

bool ht_mailbox_post(struct ht_mailbox *m, void *message)
{
    pthread_mutex_lock(&m->lock);
    bool room = !m->closed && m->n < m->capacity;
    if (room) {
        m->ring[(m->first + m->n) % m->capacity] = message;
        if (m->n++ == 0)
            raise_signal(m);
    }
    pthread_mutex_unlock(&m->lock);
    return room;
}

void *ht_mailbox_take(struct ht_mailbox *m)
{
    void *message = NULL;
    pthread_mutex_lock(&m->lock);
    if (m->n > 0) {
        message = m->ring[m->first];
        m->first = (m->first + 1) % m->capacity;
        if (--m->n == 0 && !m->closed)
            lower_signal(m);
    }
    pthread_mutex_unlock(&m->lock);
    return message;
}

int ht_mailbox_fd(const struct ht_mailbox *m)
{
    return m->fd;
}

void ht_mailbox_close(struct ht_mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    if (!m->closed && m->n == 0)
        raise_signal(m);
    m->closed = true;
    pthread_mutex_unlock(&m->lock);
}

bool ht_mailbox_closed(struct ht_mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool closed = m->closed;
    pthread_mutex_unlock(&m->lock);
    return closed;
}
