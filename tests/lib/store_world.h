/* A database with hooktop's schema and catalogue, and short ways to put things into it through src/store. Whatever
 * fails ends the test. Secrets are sealed by nobody here: their bytes only look so. */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include <libpq-fe.h>
#include "hooktop/store/queries.h"
#include "hooktop/store/setup.h"
#include "ht_test.h"

/* `call` names `err` as its last argument. */
#define STORE_OK(call)                                                                                                 \
    do {                                                                                                               \
        struct ht_err err = {0};                                                                                       \
        store_must(call, &err);                                                                                        \
    } while (0)
void store_must(enum ht_rc rc, const struct ht_err *err);
#define STORE_REFUSED(wanted, call, ...)                                                                               \
    do {                                                                                                               \
        struct ht_err err = {0};                                                                                       \
        enum ht_rc store_rc_ = call;                                                                                   \
        store_refused(store_rc_, &err, wanted, __VA_ARGS__);                                                           \
    } while (0)
/* The call fails so, and its line says every one of the words (NULL ends them). */
void store_refused(enum ht_rc rc, const struct ht_err *err, enum ht_rc wanted, ...);

struct store_world {
    char *dsn;             /* the superuser's */
    struct ht_conn *c;     /* likewise */
    struct ht_uuid tenant; /* "Acme", standard */
    struct ht_endpoint e;  /* active, subscribed to everything */
};
/* cmocka's setup and teardown; *state is the world. */
int store_world_setup(void **state);
int store_world_teardown(void **state);

char *store_db(void); /* from the shared template; ht_test_db_free */
struct ht_conn *store_open(const char *dsn);
struct ht_conn *store_open_any(const char *dsn); /* whatever the schema */
/* Makes a login with these roles ("hooktop_viewer, hooktop_worker"; NULL: none) that is a member of this tenant (NULL:
 * of all; the nil UUID: of none) and returns its dsn. */
char *store_login(const char *dsn, const char *login, const char *roles, const struct ht_uuid *tenant);

struct ht_uuid store_tenant(struct ht_conn *c, const char *name, const char *profile);
/* Active and subscribed to `pattern`; ht_endpoint_fini. */
struct ht_endpoint store_endpoint(struct ht_conn *c, const struct ht_uuid *tenant, const char *profile,
                                  const char *pattern);
/* A sealed secret to look at; its bytes are constant. */
struct ht_sealed store_sealed(int32_t generation);
struct ht_uuid store_emit(struct ht_conn *c, const struct ht_uuid *tenant, const char *type, const char *data);
/* The one delivery of an event at an endpoint; ht_delivery_fini. */
struct ht_delivery store_delivery_of(struct ht_conn *c, const struct ht_uuid *event);
enum ht_delivery_status store_status_of(const struct store_world *w, const struct ht_uuid *event);
int64_t store_rows(const struct store_world *w, const char *table);        /* how many there are in it */
struct ht_filter store_filter(enum ht_filter_list list, const char *text); /* ht_filter_fini */
/* Claims all that is due for a worker of the tests and settles it so, as an engine would, by SQL. */
void store_settle_all(const char *dsn, const char *status, int http, const char *error);

/* A session of the superuser beside the world's own; PQfinish. What one does there while another waits for it: begun,
 * and later waited for to its end; store_run does both. */
PGconn *store_session(const struct store_world *w);
void store_begin_statement(PGconn *c, const char *sql);
void store_end_statement(PGconn *c);
void store_run(PGconn *c, const char *sql);

/* printf into a string that lives until the program ends. */
const char *store_text(const char *fmt, ...) HT_PRINTF(1, 2);

#endif
