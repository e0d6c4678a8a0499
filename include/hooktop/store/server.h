/* The server that a connection leads to, as far as it matters to hooktop. Each call but the last is one statement;
 * errors as in queries.h. */
#ifndef HOOKTOP_STORE_SERVER_H
#define HOOKTOP_STORE_SERVER_H

#include "hooktop/store/conn.h"

struct ht_server {
    int64_t now;
    int32_t max_connections;
    int32_t connections; /* in use by anybody */
    bool fsync, full_page_writes, autovacuum;
    int32_t naptime_s;      /* between two rounds of autovacuum */
    int64_t oldest_xact_at; /* the oldest transaction that is open there, as far as the login may see; 0: none */
};
HT_MUST_CHECK enum ht_rc ht_store_server(struct ht_conn *c, struct ht_server *ret, struct ht_err *err);

/* The logins that emit or deliver, and this one, whose commits do not wait for the disk (synchronous_commit = off),
 * joined by commas; free(); NULL: none. */
HT_MUST_CHECK enum ht_rc ht_store_unsafe_logins(struct ht_conn *c, char **ret, struct ht_err *err);

/* Whether something between here and PostgreSQL lends its sessions to whoever asks next, as a pooler in transaction
 * mode does: seen by what two connections of one dsn get. No transaction may be open in either. */
HT_MUST_CHECK enum ht_rc ht_store_sessions_lent(struct ht_conn *c, struct ht_conn *other, bool *ret,
                                                struct ht_err *err);

#endif
