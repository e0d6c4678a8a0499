/* What tests of src/ops stand on: a fresh database that is set up, with tenants of every profile, a key ring whose
 * public half it knows, logins with few rights, and a receiver. Every failure ends the test. */
#ifndef HOOKTOP_TESTS_OPS_WORLD_H
#define HOOKTOP_TESTS_OPS_WORLD_H

#include "ht_test.h"
/* after cmocka */
#include "hooktop/ops/ops.h"
#include "hooktop/receiver/receiver.h"

enum { STANDARD, INSTACLAIM, CLAIMPORT, INSTNT, CLAIMABLE, TENANTS };

struct world {
    char *dsn;
    struct ht_conn *conn; /* as an admin who may also deliver */
    struct ht_ring *ring;
    struct ht_egress egress; /* allows the receiver */
    struct ht_receiver *receiver;
    struct ht_ops ops;
    struct ht_tenant tenants[TENANTS];
};
/* cmocka's setup and teardown: *state is a struct world. */
int world_setup(void **state);
int world_teardown(void **state);

/* A connection of another login of this world: "viewer", "support", "admin", "worker", "oncall" (support and worker).
 */
struct ht_conn *world_login(const struct world *w, const char *role);
/* The receiver's URL of a path; lives until the program ends. */
const char *world_url(const struct world *w, const char *path);
/* An endpoint of the tenant's profile at a path of the receiver; *ret_secret may be asked for by NULL-able pointers. */
struct ht_endpoint world_endpoint(const struct world *w, int tenant, const char *path);
void world_add(struct world *w, int tenant, struct ht_endpoint *e, struct ht_secret **ret_secret, char **ret_public);
/* Makes the receiver verify what comes to a path with these keys. */
void world_expect(struct world *w, const char *path, int tenant, const struct ht_verify_key *keys, size_t n,
                  enum ht_answer answer, int64_t arg);
/* The endpoint as the store has it now. */
struct ht_endpoint world_find(const struct world *w, const struct ht_endpoint *e);
int64_t world_count(const struct world *w, const char *sql);
/* Fails the test, with the error's words, when rc is not HT_OK. */
void must(enum ht_rc rc, const struct ht_err *err);

#endif
