/* A database, a key ring, a receiver and an engine on a thread of its own: what the delivery tests play with. All real;
 * whatever fails ends the test. Secrets are made by src/ops, so every request is signed and verified. */
#ifndef DELIVERY_LAB_H
#define DELIVERY_LAB_H

#include "hooktop/delivery/engine.h"
#include "hooktop/ops/ops.h"
#include "hooktop/receiver/receiver.h"
#include "ht_test.h"

#include <pthread.h>

#define LAB_OK(call)                                                                                                   \
    do {                                                                                                               \
        struct ht_err err = {0};                                                                                       \
        lab_must(call, &err);                                                                                          \
    } while (0)
void lab_must(enum ht_rc rc, const struct ht_err *err);

struct lab {
    char *dsn;
    struct ht_conn *c;
    char *ring_path;
    struct ht_ring *ring;
    struct ht_egress egress; /* plain http to 127.0.0.1, all ports */
    struct ht_ops ops;
    struct ht_receiver *receiver;
    struct ht_tenant tenant;  /* "standard" */
    struct ht_engine *engine; /* NULL: none runs */
    pthread_t thread;
    enum ht_rc engine_rc;
    struct ht_err engine_err;
};
/* cmocka's setup and teardown of one test; *state is the lab. */
int lab_setup(void **state);
int lab_teardown(void **state);

struct ht_tenant lab_tenant(struct lab *w, const char *name, const char *profile);

/* An endpoint at the receiver's `path`, subscribed to everything. Its settings and how the receiver answers: */
struct lab_endpoint {
    const struct ht_tenant *tenant; /* NULL: the lab's */
    const char *profile;            /* NULL: the tenant's */
    const char *path;               /* "/a" */
    const char *url;                /* instead of the receiver's */
    enum ht_answer answer;
    int64_t arg;
    const char *text;
    int32_t schedule_s[4]; /* ends with 0; none: {60} */
    int32_t timeout_ms;    /* 0: 30 s, so that no stall of this machine is taken for the receiver's */
    int32_t in_flight_max;
    double rate_per_s;
    const char *header[2]; /* name and value, or NULL */
    /* filled in */
    struct ht_endpoint row;
    struct ht_secret *secret;
    char *public_key;
};
void lab_endpoint(struct lab *w, struct lab_endpoint *e);
void lab_endpoint_fini(struct lab_endpoint *e);
/* Sets how the receiver answers at e's path from now on, by e's answer, arg and text. */
void lab_route(struct lab *w, const struct lab_endpoint *e);
/* The same with another answer than it had. */
void lab_answers(struct lab *w, struct lab_endpoint *e, enum ht_answer answer, int64_t arg);

/* Makes what waits for it due now: for tests whose retries are to come when they say so, and have an hour otherwise. */
void lab_hasten(struct lab *w, const struct lab_endpoint *e);

/* Emits to all endpoints of the tenant (NULL: the lab's); returns how many deliveries came of it. */
int32_t lab_emit(struct lab *w, const struct ht_tenant *t, const char *type, const char *data);
/* `n` events of the lab's tenant in one statement. */
void lab_emit_many(struct lab *w, int n);

/* Starts an engine; o may be NULL, and what it leaves open is filled in. */
void lab_start(struct lab *w, const struct ht_engine_options *o);
/* Asks it to stop and waits; fails the test unless it returns HT_OK. */
void lab_stop(struct lab *w);
/* Waits for an engine that ends by itself. */
void lab_join(struct lab *w);
struct ht_engine_figures lab_figures(struct lab *w);

/* A question about one endpoint: %s in the SQL becomes its id, quoted. */
int64_t lab_int(struct lab *w, const struct lab_endpoint *e, const char *sql);
char *lab_text(struct lab *w, const struct lab_endpoint *e, const char *sql);
/* Waits until the number is `n`. */
#define LAB_UNTIL(w, e, sql, n) HT_TEST_UNTIL(lab_int(w, e, sql) == (n), LAB_WAIT_MS)
#define LAB_WAIT_MS             60000
#define LAB_ATTEMPTS                                                                                                   \
    "SELECT count(*) FROM hooktop.attempt a JOIN hooktop.delivery d ON d.id = a.delivery_id WHERE d.endpoint_id = %s"
#define LAB_WITH_STATUS(status) "SELECT count(*) FROM hooktop.delivery WHERE endpoint_id = %s AND status = '" status "'"
#define LAB_LEASED              "SELECT count(*) FROM hooktop.tenant_webhook_outbox WHERE lease_until IS NOT NULL"

/* A listener on 127.0.0.1 that nothing should ever reach. */
struct lab_spy {
    int fd;
    int port;
};
void lab_spy_open(struct lab_spy *s);
int lab_spy_count(struct lab_spy *s); /* connections so far */
void lab_spy_close(struct lab_spy *s);

#endif
