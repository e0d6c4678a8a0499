/* Endpoints of the benchmark's tenants, made as an operator makes them: each with a secret that signs. */
#include <stdio.h>
#include <stdlib.h>
#include "bench.h"
#include "hooktop/cli/setup.h"
#include "hooktop/ops/ops.h"

#define TENANTS_MAX 8

static void tenant(struct ht_conn *c, int n, struct ht_tenant *ret)
{
    char name[32];
    struct ht_uuid id;
    snprintf(name, sizeof name, "Tenant %d", n);
    struct ht_err missing = {0};
    if (ht_store_tenant_find(c, name, ret, &missing) != HT_OK) {
        BENCH_OK(ht_store_tenant_add(c, name, "standard", &id, &err));
        BENCH_OK(ht_store_tenant_find(c, name, ret, &err));
    }
}

static void endpoint(const struct ht_ops *ops, const struct ht_tenant *t, const char *url, const char *description)
{
    static const char *const everything[] = {"claim.created"};
    struct ht_secret *secret = NULL;
    char *public_key = NULL;
    struct ht_endpoint e = {.url = ht_strdup(url),
                            .profile = ht_strdup("standard"),
                            .description = ht_strdup(description),
                            .timeout_ms = 60000};
    BENCH_OK(ht_ops_endpoint_add(ops, t, &e, everything, 1, NULL, &secret, &public_key, &err));
    ht_secret_free(secret);
    free(public_key);
    ht_endpoint_fini(&e);
}

int bench_world(int argc, char **argv)
{
    (void)argc;
    struct ht_conn_options o = {.dsn = argv[0], .application = "bench", .timeout_ms = 60000, .any_schema = true};
    struct ht_conn *c = NULL;
    struct ht_ring *ring = NULL;
    struct ht_egress egress;
    struct ht_tenant tenants[TENANTS_MAX] = {0};
    enum ht_ring_outcome outcome;
    int n_tenants = atoi(argv[2]);
    if (n_tenants < 1 || n_tenants > TENANTS_MAX) {
        bench_die("there are 1 to 8 tenants");
    }
    BENCH_OK(ht_conn_open(&o, &c, &err));
    BENCH_OK(ht_setup_apply(c, &(struct ht_ring_source){.file = argv[1]}, &outcome, &err));
    BENCH_OK(ht_ring_load(argv[1], &ring, &err));
    ht_egress_init(&egress);
    BENCH_OK(ht_egress_set(&egress, "http", "yes", &err));
    BENCH_OK(ht_egress_set(&egress, "allow", "127.0.0.1/32:1-65535", &err));
    const struct ht_ops ops = {.conn = c, .egress = &egress, .ring = ring};
    for (int i = 0; i < n_tenants; i++) {
        tenant(c, i + 1, &tenants[i]);
    }
    for (int i = 0; i < atoi(argv[3]); i++) {
        endpoint(&ops, &tenants[i % n_tenants], argv[4], argv[5]);
    }
    for (int i = 0; i < n_tenants; i++) {
        ht_tenant_fini(&tenants[i]);
    }
    ht_ring_free(ring);
    ht_conn_close(c);
    return 0;
}
