/* What a command works with: its arguments, the configuration, and, each opened when first asked for, the connection
 * and the key ring. Main thread. The functions that reach the database block for its timeout; what they return belongs
 * to the context unless a struct is filled for the caller.
 */
#ifndef HOOKTOP_CLI_CONTEXT_H
#define HOOKTOP_CLI_CONTEXT_H

#include "hooktop/cli/cluster.h"
#include "hooktop/cli/command.h"
#include "hooktop/cli/config.h"
#include "hooktop/ops/ops.h"

struct ht_ctx {
    const struct ht_args *args;
    bool json;
    bool readonly;
    const char *reason; /* NULL: not given */
    const char *tenant; /* as given by --tenant; NULL: not given */
    struct ht_config config;
    struct ht_libpq_env env;
    struct ht_database database; /* where it is; decided by ht_ctx_init */
    struct ht_cluster *cluster;  /* the private one, once it is in use and set up */
    struct ht_conn *conn;
    struct ht_ring *ring;
    struct ht_err no_ring; /* why `ring` is NULL after ht_ctx_ops */
};

/* Reads the configuration, takes libpq's names out of the environment, decides which database is meant. HT_USAGE: a
 * mistake in a file or between options; HT_DENIED: a change was asked for in a read-only environment. Nothing is
 * opened. */
HT_MUST_CHECK enum ht_rc ht_ctx_init(struct ht_ctx *c, const struct ht_args *args, struct ht_err *err);
void ht_ctx_fini(struct ht_ctx *c);

/* For commands that run until they are ended, before they open anything: so far SIGINT, SIGTERM and SIGHUP end the
 * program at once, done, since nothing was begun. They take the signals themselves when something is. */
void ht_ctx_runs_until_ended(void);

/* Where the database is. When no other is named it is the private cluster: it is started, and its database set up when
 * it is empty or older than the program. Borrowed. */
HT_MUST_CHECK enum ht_rc ht_ctx_dsn(struct ht_ctx *c, const char **ret, struct ht_err *err);
/* Where the engine connects: [worker] dsn, unless the database was chosen by an option or the environment. */
HT_MUST_CHECK enum ht_rc ht_ctx_worker_dsn(struct ht_ctx *c, const char **ret, struct ht_err *err);
/* Connected and of the right schema. */
HT_MUST_CHECK enum ht_rc ht_ctx_conn(struct ht_ctx *c, struct ht_conn **ret, struct ht_err *err);
/* Connected whatever the schema is: for setup. */
HT_MUST_CHECK enum ht_rc ht_ctx_conn_any_schema(struct ht_ctx *c, struct ht_conn **ret, struct ht_err *err);
/* One more of the same, the caller's to close: for doctor, which compares the two. */
HT_MUST_CHECK enum ht_rc ht_ctx_conn_another(struct ht_ctx *c, struct ht_conn **ret, struct ht_err *err);
/* The private halves. An error where this user or machine does not have them. */
HT_MUST_CHECK enum ht_rc ht_ctx_ring(struct ht_ctx *c, const struct ht_ring **ret, struct ht_err *err);
/* For the actions of ops/: `ring` stays NULL where it is not readable. */
HT_MUST_CHECK enum ht_rc ht_ctx_ops(struct ht_ctx *c, struct ht_ops *ret, struct ht_err *err);

/* --tenant, or the only tenant there is. An unknown name is answered with the nearest. */
HT_MUST_CHECK enum ht_rc ht_ctx_tenant(struct ht_ctx *c, struct ht_tenant *ret, struct ht_err *err);
/* --tenant as a bound of lists: *ret stays NULL when it was not given; else it points to *ret_id. */
HT_MUST_CHECK enum ht_rc ht_ctx_tenant_bound(struct ht_ctx *c, struct ht_uuid *ret_id, const struct ht_uuid **ret,
                                             struct ht_err *err);
/* By id or its beginning. With --tenant it must be that tenant's. */
HT_MUST_CHECK enum ht_rc ht_ctx_endpoint(struct ht_ctx *c, const char *id, struct ht_endpoint *ret, struct ht_err *err);
/* The filter that the operands and the options of a list mean together. */
HT_MUST_CHECK enum ht_rc ht_ctx_filter(struct ht_ctx *c, enum ht_filter_list list, struct ht_filter *ret,
                                       struct ht_err *err);

/* Whether anything may be changed: not with --readonly. HT_DENIED. */
HT_MUST_CHECK enum ht_rc ht_ctx_may_write(const struct ht_ctx *c, struct ht_err *err);
/* Whether there is a person to ask: standard input is a terminal, and neither --yes nor --json was given. */
bool ht_ctx_can_ask(const struct ht_ctx *c);
/* Asks on standard error and reads one line, without its end; "" at the end of input. */
void ht_ctx_ask(const char *question, char *ret, size_t size);
/* HT_OK with --yes or when a person says yes; HT_USAGE where nobody can be asked; HT_CANCELLED. */
HT_MUST_CHECK enum ht_rc ht_ctx_confirm(const struct ht_ctx *c, const char *question, struct ht_err *err);
/* After a secret was printed (id NULL: the endpoint's newest): notes that it left this process, unless the output
 * failed. A secret without such a note was perhaps shown to nobody; that the note failed is told to people, not to the
 * caller. */
void ht_secret_confirm(const struct ht_ctx *c, const struct ht_ops *ops, const struct ht_endpoint *e,
                       const struct ht_uuid *id);
/* The value of an option, or NULL. */
const char *ht_ctx_text(const struct ht_ctx *c, enum ht_option_id id);
/* The --limit of lists, or the default. */
int32_t ht_ctx_limit(const struct ht_ctx *c);

#endif
