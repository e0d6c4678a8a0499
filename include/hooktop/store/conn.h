/* One connection to PostgreSQL, used by one thread, asked one thing at a time.
 *
 * Built on libpq's asynchronous calls with a deadline of our own, so that a stopped server cannot hold the caller
 * longer than `timeout_ms`. A server that answers but is slow gives up a little earlier (HT_TIMEOUT): the connection
 * stays and the caller may ask something narrower. After an error of kind HT_NO_DB the connection is broken:
 * ht_conn_reset() tries again (the caller decides when), and checks anew that the server is a primary, the schema fits
 * and the encoding is UTF8. The database decides what a login may do; a refusal is HT_DENIED and names the role that
 * may.
 */
#ifndef HOOKTOP_STORE_CONN_H
#define HOOKTOP_STORE_CONN_H

#include "hooktop/base/uuid.h"
#include "hooktop/model/message.h"

struct ht_conn;

/* The remedy for a login that has none of hooktop's roles: what each is for, so that one GRANT is enough. */
#define HT_GRANT_A_ROLE                                                                                                \
    "GRANT the login hooktop_viewer to look, hooktop_support to operate, hooktop_admin to administer, hooktop_worker " \
    "to deliver"

struct ht_conn_options {
    const char *dsn;         /* anything libpq takes; "" = libpq's environment */
    const char *application; /* application_name: "hooktop console" */
    int32_t timeout_ms;      /* per call, connecting included; 0 = 5000 */
    bool readonly;           /* default_transaction_read_only = on */
    bool any_schema;         /* for setup and doctor: do not check the schema's version */
    int32_t first_host;      /* which of several hosts to try first, counted round; after a silent one comes the next */
};

/* HT_USAGE: the dsn is none. HT_DENIED: the login has no role of hooktop's. HT_NO_DB: not reachable, not a database
 * hooktop can use, schema too old ("run hooktop setup") or too new. Of several hosts one that is silent is passed by,
 * which takes another timeout_ms. */
HT_MUST_CHECK enum ht_rc ht_conn_open(const struct ht_conn_options *o, struct ht_conn **ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_conn_reset(struct ht_conn *c, struct ht_err *err);
void ht_conn_close(struct ht_conn *c);
bool ht_conn_alive(const struct ht_conn *c);
int ht_conn_fd(const struct ht_conn *c); /* for poll(POLLIN) while idle: notices, or the end of the connection */

HT_MUST_CHECK enum ht_rc ht_conn_whoami(struct ht_conn *c, struct ht_whoami *ret, struct ht_err *err);
/* The database's clock. */
HT_MUST_CHECK enum ht_rc ht_conn_now(struct ht_conn *c, int64_t *ret_us, struct ht_err *err);

/* LISTEN for changes, on after each reset too (channel "hooktop_log": attempts were settled; notified at most every 100
 * ms by each worker). What is emitted does not notify, because producers would queue for NOTIFY's lock: who shows new
 * deliveries looks for them.
 */
HT_MUST_CHECK enum ht_rc ht_conn_listen(struct ht_conn *c, struct ht_err *err);
/* Reads what came without blocking, also what came together with an answer: to be called after each call and whenever
 * the descriptor is readable; *ret_changed when at least one notice was among it. HT_NO_DB: the link broke. */
HT_MUST_CHECK enum ht_rc ht_conn_drain(struct ht_conn *c, bool *ret_changed, struct ht_err *err);

/* Cancelling from another thread, never blocking: the running call ends with HT_CANCELLED, or with its result if that
 * was on its way already. A server that does not react within 2 s is left (the connection is then lost). Between two
 * calls it does nothing. */
void ht_conn_cancel(struct ht_conn *c);

/* For what is asked on behalf of somebody who may stop wanting it. While calls wait for the server, `fd` is watched
 * too, and when it is readable `unwanted` is called on the same thread. True: the running call is cancelled, and every
 * further one ends with HT_CANCELLED, until the connection is told anew what to watch (NULL: nothing). What takes less
 * than 50 ms is let finish, since a cancel is one more connection to the server. */
struct ht_conn_watch {
    int fd;
    bool (*unwanted)(void *user);
    void *user;
};
void ht_conn_watch(struct ht_conn *c, const struct ht_conn_watch *w);

/* Several statements as one transaction: what stands between begin and commit is all or nothing. When one fails, all is
 * rolled back at once; further statements and the commit are then refused (HT_FAILED) until rollback or begin. */
HT_MUST_CHECK enum ht_rc ht_conn_begin(struct ht_conn *c, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_conn_commit(struct ht_conn *c, struct ht_err *err);
void ht_conn_rollback(struct ht_conn *c);

#endif
