#include "ops_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/profile/profile.h"
#include "hooktop/store/setup.h"
#include "profile_vectors.h"

static const char *const profiles[TENANTS] = {"standard", "instaclaim", "claimport", "instnt", "claimable"};

void must(enum ht_rc rc, const struct ht_err *err)
{
    if (rc != HT_OK)
        fail_msg("%d %s: %s: %s", rc, err->what, err->why, err->fix);
}

static struct ht_conn *open_dsn(const char *dsn, bool any_schema)
{
    const struct ht_conn_options o = {.dsn = dsn, .application = "ops test", .any_schema = any_schema};
    struct ht_conn *c = NULL;
    struct ht_err err = {0};
    must(ht_conn_open(&o, &c, &err), &err);
    return c;
}

static void fill(const char *dsn)
{
    struct ht_err err = {0};
    struct ht_event_types types = {0};
    struct ht_conn *c = open_dsn(dsn, true);
    ht_profile_catalogue(&types);
    must(ht_store_setup(c, &types, &err), &err);
    ht_event_types_fini(&types);
    ht_conn_close(c);
}

/* Logins belong to the cluster and may be there from another test. */
static void make_logins(const struct world *w)
{
    static const char *const logins[][2] = {{"viewer", "hooktop_viewer"},
                                            {"support", "hooktop_support"},
                                            {"admin", "hooktop_admin"},
                                            {"worker", "hooktop_worker"},
                                            {"oncall", "hooktop_support, hooktop_worker"}};
    for (size_t i = 0; i < HT_COUNT(logins); i++)
        ht_test_sql(w->dsn,
                    text_of("SELECT pg_advisory_lock(20260); DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE "
                            "rolname = 'ops_%s') THEN CREATE ROLE ops_%s LOGIN; GRANT %s TO ops_%s; END IF; END $$;"
                            "INSERT INTO hooktop.member (login) VALUES ('ops_%s')",
                            logins[i][0], logins[i][0], logins[i][1], logins[i][0], logins[i][0]));
}

static void make_ring(struct world *w)
{
    struct ht_err err = {0};
    struct ht_seal_key key;
    bool current;
    char *dir = ht_test_dir();
    const char *path = text_of("%s/ring", dir);
    free(dir);
    must(ht_ring_create(path, &err), &err);
    must(ht_ring_load(path, &w->ring, &err), &err);
    ht_ring_public(w->ring, 0, &key, &current);
    must(ht_store_ring_publish(w->conn, key.id, key.public_key, &err), &err);
}

int world_setup(void **state)
{
    struct world *w = ht_alloc(1, sizeof *w);
    struct ht_err err = {0};
    const struct ht_receiver_options record = {.record = true, .keep_bodies = true};
    w->dsn = ht_test_db_new("ops", fill);
    w->conn = open_dsn(w->dsn, false);
    make_logins(w);
    make_ring(w);
    must(ht_receiver_start(&record, &w->receiver, &err), &err);
    ht_egress_init(&w->egress);
    must(ht_egress_set(&w->egress, "http", "yes", &err), &err);
    must(ht_egress_set(&w->egress, "allow", text_of("127.0.0.1/32:%d", ht_receiver_port(w->receiver)), &err), &err);
    for (int i = 0; i < TENANTS; i++) {
        struct ht_uuid id;
        must(ht_store_tenant_add(w->conn, profiles[i], profiles[i], &id, &err), &err);
        must(ht_store_tenant_find(w->conn, profiles[i], &w->tenants[i], &err), &err);
    }
    w->ops = (struct ht_ops){.conn = w->conn, .egress = &w->egress, .ring = w->ring, .reason = "a test"};
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    ht_receiver_stop(w->receiver);
    ht_conn_close(w->conn);
    ht_ring_free(w->ring);
    for (int i = 0; i < TENANTS; i++)
        ht_tenant_fini(&w->tenants[i]);
    ht_test_db_free(w->dsn);
    free(w);
    return 0;
}

struct ht_conn *world_login(const struct world *w, const char *role)
{
    char *dsn = ht_test_dsn_with(w->dsn, "user", text_of("ops_%s", role));
    struct ht_conn *c = open_dsn(dsn, false);
    free(dsn);
    return c;
}

const char *world_url(const struct world *w, const char *path)
{
    return text_of("http://127.0.0.1:%d%s", ht_receiver_port(w->receiver), path);
}

struct ht_endpoint world_endpoint(const struct world *w, int tenant, const char *path)
{
    return (struct ht_endpoint){.profile = ht_strdup(profiles[tenant]), .url = ht_strdup(world_url(w, path))};
}

void world_add(struct world *w, int tenant, struct ht_endpoint *e, struct ht_secret **ret_secret, char **ret_public)
{
    static const char *const all[] = {"*"};
    struct ht_err err = {0};
    struct ht_secret *secret = NULL;
    char *public = NULL;
    must(ht_ops_endpoint_add(&w->ops, &w->tenants[tenant], e, all, 1, NULL, &secret, &public, &err), &err);
    if (ret_secret)
        *ret_secret = secret;
    else
        ht_secret_free(secret);
    if (ret_public)
        *ret_public = public;
    else
        free(public);
}

void world_expect(struct world *w, const char *path, int tenant, const struct ht_verify_key *keys, size_t n,
                  enum ht_answer answer, int64_t arg)
{
    const struct ht_route route = {.path = path,
                                   .profile = ht_profile_find(profiles[tenant]),
                                   .keys = keys,
                                   .keys_len = n,
                                   .answer = answer,
                                   .arg = arg};
    ht_receiver_route(w->receiver, &route);
}

struct ht_endpoint world_find(const struct world *w, const struct ht_endpoint *e)
{
    struct ht_endpoint found = {0};
    struct ht_err err = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e->id, id);
    must(ht_store_endpoint_find(w->conn, id, &found, &err), &err);
    return found;
}

int64_t world_count(const struct world *w, const char *sql)
{
    return ht_test_sql_int(w->dsn, sql);
}
