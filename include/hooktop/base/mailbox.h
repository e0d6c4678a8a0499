/* A bounded mailbox between threads. Posting passes ownership of the message; a post into a full or closed box fails
 * and the poster keeps it. The receiver can wait in poll() on ht_mailbox_fd (readable while messages wait).
 * Any number of posters, one taker. Nothing blocks longer than the lock's few instructions. */
#ifndef HOOKTOP_BASE_MAILBOX_H
#define HOOKTOP_BASE_MAILBOX_H

#include "hooktop/base/err.h"

struct ht_mailbox;

/* Aborts when no descriptor is left. `free_message` may be NULL. */
struct ht_mailbox *ht_mailbox_new(size_t capacity, void (*free_message)(void *));
/* Frees messages that nobody took, with free_message. All posters must have stopped. */
void ht_mailbox_free(struct ht_mailbox *m);
HT_MUST_CHECK bool ht_mailbox_post(struct ht_mailbox *m, void *message);
void *ht_mailbox_take(struct ht_mailbox *m);   /* NULL when empty */
int ht_mailbox_fd(const struct ht_mailbox *m); /* an eventfd; owned by the box */
/* No more posts; what is inside can still be taken. Wakes the taker: the descriptor stays readable from now on. */
void ht_mailbox_close(struct ht_mailbox *m);
bool ht_mailbox_closed(struct ht_mailbox *m);

#endif
