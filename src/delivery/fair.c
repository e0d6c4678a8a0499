#include <stdlib.h>
#include <string.h>
#include "fair_parts.h"

/* Rings ------------------------------------------------------------------------------------------------------------ */

void ht_fair_delist(struct ht_fair *f, struct ht_fair_endpoint *e, enum ht_fair_stage stage)
{
    int class = e->in_ring[stage];
    if (class < 0) {
        return;
    }
    struct endpoint_ring *own = &e->tenant->endpoints[stage][class];
    TAILQ_REMOVE(own, e, ring[stage]);
    if (TAILQ_EMPTY(own)) {
        TAILQ_REMOVE(&f->rings[stage][class], e->tenant, ring[stage][class]);
    }
    e->in_ring[stage] = -1;
    f->listed[stage]--;
}

void ht_fair_enlist(struct ht_fair *f, struct ht_fair_endpoint *e, enum ht_fair_stage stage, enum ht_fair_class class)
{
    if (e->in_ring[stage] == (int)class) {
        return;
    }
    ht_fair_delist(f, e, stage);
    struct endpoint_ring *own = &e->tenant->endpoints[stage][class];
    if (TAILQ_EMPTY(own)) {
        TAILQ_INSERT_TAIL(&f->rings[stage][class], e->tenant, ring[stage][class]);
    }
    TAILQ_INSERT_TAIL(own, e, ring[stage]);
    e->in_ring[stage] = (int)class;
    f->listed[stage]++;
}

void ht_fair_rotate(struct ht_fair *f, struct ht_fair_tenant *t, enum ht_fair_stage stage, enum ht_fair_class class)
{
    if (!TAILQ_EMPTY(&t->endpoints[stage][class])) {
        TAILQ_REMOVE(&f->rings[stage][class], t, ring[stage][class]);
        TAILQ_INSERT_TAIL(&f->rings[stage][class], t, ring[stage][class]);
    }
}

/* Shares ----------------------------------------------------------------------------------------------------------- */

static int32_t at_least_one(int32_t n)
{
    return n > 1 ? n : 1;
}

int32_t ht_fair_class_room(const int32_t used[HT_FAIR_CLASSES], int32_t slots, enum ht_fair_class class)
{
    static const int32_t eighths[HT_FAIR_CLASSES] = {8, 7, 6, 4};
    int32_t room = INT32_MAX, taken = 0;
    for (int c = HT_FAIR_CLASSES - 1; c >= 0; c--) {
        int32_t limit = at_least_one(slots / 8 * eighths[c] + slots % 8 * eighths[c] / 8);
        taken += used[c];
        room = c <= (int)class && limit - taken < room ? limit - taken : room;
    }
    return room;
}

int32_t ht_fair_tenant_share(int32_t slots)
{
    return at_least_one(slots - (slots + 7) / 8);
}

int32_t ht_fair_endpoint_share(int32_t slots)
{
    return at_least_one(slots * 3 / 4);
}

enum ht_fair_class ht_fair_class_of(const struct ht_fair_endpoint *e, bool retry)
{
    static const enum ht_fair_class classes[] = {
        [HT_FAIR_UNTRIED] = HT_FAIR_NEW,
        [HT_FAIR_QUICK] = HT_FAIR_FRESH,
        [HT_FAIR_LATE] = HT_FAIR_SLOW,
        [HT_FAIR_SILENT] = HT_FAIR_SLOW,
    };
    return retry ? HT_FAIR_RETRY : classes[e->verdict];
}

/* Endpoints -------------------------------------------------------------------------------------------------------- */

struct ht_fair *ht_fair_new(int32_t slots)
{
    struct ht_fair *f = ht_alloc(1, sizeof *f);
    f->slots = slots;
    f->rate_due = INT64_MAX;
    ht_map_init(&f->endpoints);
    ht_map_init(&f->tenants);
    TAILQ_INIT(&f->waiting);
    TAILQ_INIT(&f->full);
    TAILQ_INIT(&f->over);
    for (int s = 0; s < HT_FAIR_STAGES; s++) {
        for (int c = 0; c < HT_FAIR_CLASSES; c++) {
            TAILQ_INIT(&f->rings[s][c]);
        }
    }
    return f;
}

static void free_values(struct ht_map *m)
{
    for (size_t i = 0; i < m->cap; i++) {
        free(m->slots[i].value);
    }
    ht_map_fini(m);
}

void ht_fair_free(struct ht_fair *f, void (*drop)(void *user, struct ht_fair_endpoint *e), void *user)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < f->endpoints.cap; i++) {
        if (drop && f->endpoints.slots[i].value) {
            drop(user, f->endpoints.slots[i].value);
        }
    }
    free_values(&f->endpoints);
    free_values(&f->tenants);
    free(f);
}

static struct ht_fair_tenant *find_tenant(struct ht_fair *f, const struct ht_uuid *id)
{
    struct ht_fair_tenant *t = ht_map_get(&f->tenants, id);
    if (t) {
        return t;
    }
    t = ht_alloc(1, sizeof *t);
    t->id = *id;
    for (int s = 0; s < HT_FAIR_STAGES; s++) {
        for (int c = 0; c < HT_FAIR_CLASSES; c++) {
            TAILQ_INIT(&t->endpoints[s][c]);
        }
    }
    ht_map_put(&f->tenants, id, t);
    return t;
}

struct ht_fair_endpoint *ht_fair_endpoint(struct ht_fair *f, const struct ht_uuid *tenant, const struct ht_uuid *id)
{
    struct ht_fair_endpoint *e = ht_map_get(&f->endpoints, id);
    if (e) {
        return e;
    }
    e = ht_alloc(1, sizeof *e);
    e->tenant_id = *tenant;
    e->id = *id;
    e->tokens = 1;
    e->tenant = find_tenant(f, tenant);
    e->tenant->n_endpoints++;
    TAILQ_INIT(&e->queued);
    e->in_ring[HT_FAIR_CLAIM] = e->in_ring[HT_FAIR_SEND] = -1;
    ht_map_put(&f->endpoints, id, e);
    return e;
}

struct ht_fair_endpoint *ht_fair_find(const struct ht_fair *f, const struct ht_uuid *id)
{
    return ht_map_get(&f->endpoints, id);
}

void ht_fair_settings(struct ht_fair *f, struct ht_fair_endpoint *e, int32_t in_flight_max, double rate)
{
    e->cap = in_flight_max > 0 ? in_flight_max : HT_FAIR_IN_FLIGHT;
    e->rate = rate > 0 ? rate : 0;
    ht_fair_stop_waiting(f, e);
    ht_fair_relist_claim(f, e);
    ht_fair_relist_send(f, e);
}

void ht_fair_sweep(struct ht_fair *f, int64_t before_us, void (*drop)(void *user, struct ht_fair_endpoint *e),
                   void *user)
{
    size_t n = 0;
    struct ht_fair_endpoint **old = ht_alloc(f->endpoints.n + 1, sizeof *old);
    for (size_t i = 0; i < f->endpoints.cap; i++) {
        struct ht_fair_endpoint *e = f->endpoints.slots[i].value;
        if (e && !e->due && e->in_hand == 0 && e->used_at < before_us) {
            old[n++] = e;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct ht_fair_tenant *t = old[i]->tenant;
        drop(user, old[i]);
        ht_map_del(&f->endpoints, &old[i]->id);
        free(old[i]);
        if (--t->n_endpoints == 0) {
            ht_map_del(&f->tenants, &t->id);
            free(t);
        }
    }
    free(old);
}
