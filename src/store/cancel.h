/* Inside store: asking a server to end a running statement without waiting for it. PQcancel blocks for as long as the
 * server pleases (a stopped one: for ever), so it runs in a thread of its own that nobody has to wait for. */
#ifndef HOOKTOP_STORE_CANCEL_H
#define HOOKTOP_STORE_CANCEL_H

#include <libpq-fe.h>
#include "hooktop/base/err.h"

struct ht_canceller;

/* Sends the request; NULL: no thread could be had. */
struct ht_canceller *ht_canceller_start(PGconn *pg);
/* Readable when the server has taken the request: what is asked of it after that is not hit by it. */
int ht_canceller_fd(const struct ht_canceller *k);
void ht_canceller_free(struct ht_canceller *k); /* at any time; NULL is fine */

#endif
