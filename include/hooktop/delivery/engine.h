/* The delivery engine: claims, builds, signs, sends, classifies, settles. `hooktop worker` runs it alone, the console
 * runs it on a background thread; it is the same code.
 *
 * Order of calls: ht_engine_new, then ht_engine_run on the thread that shall deliver (it returns when stopped), then
 * ht_engine_free. From other threads only ht_engine_stop, ht_engine_figures and ht_engine_nudge. The engine never calls
 * curses and never waits for anyone. It reports what an operator should know by `report`, from its own thread.
 *
 * Promises: a claim is committed before anything is sent; no transaction is open during a request; at most one live
 * lease per delivery; `succeeded` only after a complete 2xx header block; the lease is longer than the time limit plus
 * margin (refused at start otherwise). Rules: docs/architecture.md, "Delivery".
 */
#ifndef HOOKTOP_DELIVERY_ENGINE_H
#define HOOKTOP_DELIVERY_ENGINE_H

#include "hooktop/delivery/egress.h"
#include "hooktop/model/message.h"
#include "hooktop/vault/vault.h"

struct ht_engine;

enum ht_engine_mode {
    HT_ENGINE_ALWAYS, /* hooktop worker */
    HT_ENGINE_AUTO,   /* the console: stands by while a dedicated worker has a fresh heartbeat */
};

struct ht_engine_options {
    const char *dsn;
    const struct ht_ring *ring;     /* borrowed for the engine's life */
    const struct ht_egress *egress; /* borrowed */
    enum ht_engine_mode mode;
    int32_t concurrency; /* requests in flight at most; 0 = 256. The limit of open files is raised for it */
    int32_t lease_ms;    /* 0 = 75000 */
    /* the longest time limit an endpoint may have; longer ones are cut to it. 0: the lease less its margin (10 s). */
    int32_t timeout_max_ms;
    bool drain; /* stop when nothing is past due or leased by anyone */
    /* level and a sentence; may be NULL */
    void (*report)(void *user, int level, const char *text);
    void *user;
};

/* The name this process beats under: "host:pid". */
void ht_engine_worker_name(char *ret, size_t size);
HT_MUST_CHECK enum ht_rc ht_engine_new(const struct ht_engine_options *o, struct ht_engine **ret, struct ht_err *err);
void ht_engine_free(struct ht_engine *e);
/* Returns HT_OK after a stop or a completed drain. The first stop is graceful: no more claims, what is in flight is
 * finished and settled, leases not yet sent are given back; a second stop leaves at once. */
HT_MUST_CHECK enum ht_rc ht_engine_run(struct ht_engine *e, struct ht_err *err);
void ht_engine_stop(struct ht_engine *e);                                   /* async-signal-safe */
void ht_engine_nudge(struct ht_engine *e);                                  /* look for work now */
void ht_engine_figures(struct ht_engine *e, struct ht_engine_figures *ret); /* a locked copy */

#endif
