#include <stdlib.h>
#include "hooktop/base/clock.h"
#include "lane_internal.h"

struct ht_lane_request *ht_lane_request_new(enum ht_lane_kind kind)
{
    struct ht_lane_request *q = ht_alloc(1, sizeof(*q));
    q->kind = kind;
    ht_params_init(&q->params);
    return q;
}

void ht_lane_request_free(struct ht_lane_request *q)
{
    if (q == NULL)
        return;
    ht_params_fini(&q->params);
    ht_targets_free(q->targets);
    for (size_t i = q->from; i < q->n_rows; i++)
        ht_attempt_fini(&q->rows[i].attempt);
    free(q->rows);
    free(q->deliveries);
    free(q);
}

/* Parameters are bound once; a request that does not fit in a message is refused like a full queue. */
static bool bind_and_submit(struct ht_lane *l, struct ht_lane_request *q)
{
    if (ht_params_bind(&q->params, NULL) != HT_OK) {
        ht_lane_request_free(q);
        return false;
    }
    return ht_lane_submit(l, q);
}

bool ht_lane_discover(struct ht_lane *l, const struct ht_uuid *from, int32_t limit)
{
    static const struct ht_uuid nil;
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_DISCOVER);
    from = from != NULL ? from : &nil;
    q->limit = limit;
    ht_put_uuid(&q->params, from);
    ht_put_i32(&q->params, limit);
    q->from_floors = ht_lane_floors_put(l, from, &q->params);
    return bind_and_submit(l, q);
}

bool ht_lane_claim(struct ht_lane *l, const struct ht_claim_want *wants, size_t n, bool suspect)
{
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_CLAIM);
    struct ht_params *p = &q->params;
    ht_put_uuid(p, &l->o.worker_id);
    ht_put_i32(p, l->o.lease_ms);
    ht_put_array(p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(p, &wants[i].tenant_id);
    ht_put_array(p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(p, &wants[i].endpoint_id);
    ht_put_array(p, HT_PG_INT4, n);
    for (size_t i = 0; i < n; i++)
        ht_put_i32(p, wants[i].room);
    ht_put_array(p, HT_PG_INT4, n);
    for (size_t i = 0; i < n; i++)
        ht_put_i32(p, wants[i].in_flight_max);
    ht_put_array(p, HT_PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++)
        ht_put_time(p, ht_lane_floor_of(l, &wants[i].endpoint_id));
    ht_put_bool(p, suspect);
    ht_put_array(p, HT_PG_INT4, n);
    for (size_t i = 0; i < n; i++)
        ht_put_i32(p, wants[i].in_flight);
    return bind_and_submit(l, q);
}

static void put_pairs(struct ht_params *p, const struct ht_uuid *tenants, const struct ht_uuid *endpoints, size_t n)
{
    ht_put_array(p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(p, &tenants[i]);
    ht_put_array(p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(p, &endpoints[i]);
}

bool ht_lane_targets(struct ht_lane *l, const struct ht_uuid *tenants, const struct ht_uuid *endpoints, size_t n)
{
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_TARGETS);
    put_pairs(&q->params, tenants, endpoints, n);
    return bind_and_submit(l, q);
}

static void put_leases(struct ht_params *p, const struct ht_lease *leases, size_t n)
{
    static const size_t at[] = {offsetof(struct ht_lease, delivery_id), offsetof(struct ht_lease, lease_id),
                                offsetof(struct ht_lease, endpoint_id), offsetof(struct ht_lease, tenant_id)};
    for (size_t column = 0; column < HT_COUNT(at); column++) {
        ht_put_array(p, HT_PG_UUID, n);
        for (size_t i = 0; i < n; i++)
            ht_put_uuid(p, (const void *)((const char *)&leases[i] + at[column]));
    }
}

bool ht_lane_renew(struct ht_lane *l, const struct ht_lease *leases, const bool *built, size_t n)
{
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_RENEW);
    ht_put_uuid(&q->params, &l->o.worker_id);
    ht_put_i32(&q->params, l->o.lease_ms);
    put_leases(&q->params, leases, n);
    ht_put_array(&q->params, HT_PG_BOOL, n);
    for (size_t i = 0; i < n; i++)
        ht_put_bool(&q->params, built[i]);
    q->deliveries = ht_alloc(n + 1, sizeof(*q->deliveries));
    q->n_deliveries = n;
    for (size_t i = 0; i < n; i++)
        q->deliveries[i] = leases[i].delivery_id;
    return bind_and_submit(l, q);
}

bool ht_lane_release(struct ht_lane *l, const struct ht_lease *leases, size_t n)
{
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_RELEASE);
    ht_put_uuid(&q->params, &l->o.worker_id);
    put_leases(&q->params, leases, n);
    return bind_and_submit(l, q);
}

bool ht_lane_heartbeat(struct ht_lane *l, bool asleep, bool claiming, int64_t succeeded, int64_t failed)
{
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_HEARTBEAT);
    struct ht_params *p = &q->params;
    ht_put_uuid(p, &l->o.worker_id);
    ht_put_text(p, l->worker_name);
    ht_put_text(p, HT_VERSION);
    ht_put_i32(p, l->o.concurrency);
    ht_put_bool(p, l->o.in_console);
    ht_put_bool(p, asleep);
    ht_put_i64(p, succeeded);
    ht_put_i64(p, failed);
    ht_put_bool(p, claiming);
    return bind_and_submit(l, q);
}

bool ht_lane_count_backlog(struct ht_lane *l)
{
    return bind_and_submit(l, ht_lane_request_new(HT_LANE_BACKLOG));
}

bool ht_lane_notice(struct ht_lane *l)
{
    if (!bind_and_submit(l, ht_lane_request_new(HT_LANE_NOTICE)))
        return false;
    l->noticed_us = ht_mono_us();
    l->notice_owed = false;
    return true;
}

bool ht_lane_goodbye(struct ht_lane *l)
{
    if (l->notice_owed && !ht_lane_notice(l))
        return false;
    struct ht_lane_request *q = ht_lane_request_new(HT_LANE_GOODBYE);
    ht_put_uuid(&q->params, &l->o.worker_id);
    return bind_and_submit(l, q);
}
