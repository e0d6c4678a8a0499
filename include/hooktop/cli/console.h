/* The console put together: the screen on the calling thread, a loader and an errands thread with a connection each,
 * and the engine on a thread of its own where it may run. They talk through mailboxes (model/message.h).
 *
 * Order of calls: ht_console_run, once at a time, from the main thread, with SIGINT, SIGTERM, SIGHUP, SIGWINCH and
 * SIGTSTP blocked in every thread. It opens its connections first: HT_NO_DB when there is no database, before the
 * terminal is touched. It returns when the user quits or the terminal goes away, with all threads joined and the
 * terminal restored.
 */
#ifndef HOOKTOP_CLI_CONSOLE_H
#define HOOKTOP_CLI_CONSOLE_H

#include "hooktop/delivery/egress.h"
#include "hooktop/vault/vault.h"

enum ht_in_console { HT_IN_CONSOLE_AUTO, HT_IN_CONSOLE_YES, HT_IN_CONSOLE_NO };

struct ht_console_options {
    const char *dsn;
    const char *engine_dsn; /* NULL: the same */
    const char *tenant;     /* id or name; NULL: all */
    const char *environment;
    const struct ht_egress *egress; /* borrowed */
    const struct ht_ring *ring;     /* borrowed; NULL: not readable here */
    const struct ht_err *no_ring;   /* why not; may be NULL */
    enum ht_in_console engine;
    int32_t concurrency;   /* of the engine; 0: its default */
    int32_t lease_ms;      /* the same */
    int32_t time_limit_ms; /* the same */
    const char *theme;
    const char *theme_dir;
    const char *views; /* see ht_tui_options */
    bool readonly;
    bool production;
    int colour; /* as in the configuration */
    bool ascii;
    int32_t rotate_after_days; /* see ht_tui_options */
    bool clock_off;
    bool mouse;
    bool accessible;
};

HT_MUST_CHECK enum ht_rc ht_console_run(const struct ht_console_options *o, struct ht_err *err);

#endif
