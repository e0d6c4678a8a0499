#include <stdlib.h>
#include <string.h>
#include "hooktop/base/clock.h"
#include "lane_internal.h"

/* A settled row leaves an entry in the index of due times until vacuum, or whoever comes across it, may clear it away.
 * A transaction that is held open elsewhere keeps them all, and every look at the beginning of an endpoint's rows wades
 * through them. So the lane remembers where the rows of each endpoint began when it last looked. Only when looking
 * takes long does it make use of that: a transaction that commits late leaves rows before the floor, and they are not
 * seen before the next look. */

/* What a look may take, and what an endpoint may take of it, while nothing lies in the way. */
#define LOOK_USUAL_US     2000
#define ENDPOINT_USUAL_US 30
/* When it takes long, it may take this part of the time. */
#define LOOK_SHARE        20
/* Rows are committed up to so long after the due time that they bear, in the usual case. */
#define SLACK_US          250000
#define FLOORS_MAX        20000u
#define LONG_AGO_US       1 /* 0 would be NULL */

/* Where the endpoint stands, or would stand. */
static size_t place_of(const struct ht_lane *l, const struct ht_uuid *endpoint)
{
    size_t low = 0;
    size_t high = l->n_floors;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ht_uuid_cmp(&l->floors[middle].endpoint, endpoint) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const struct ht_lane *l, size_t i, const struct ht_uuid *endpoint)
{
    return i < l->n_floors && ht_uuid_cmp(&l->floors[i].endpoint, endpoint) == 0;
}

int64_t ht_lane_floor_of(const struct ht_lane *l, const struct ht_uuid *endpoint)
{
    size_t i = place_of(l, endpoint);
    return l->look_again_us != 0 && stands_at(l, i, endpoint) ? l->floors[i].at_us : LONG_AGO_US;
}

bool ht_lane_floors_put(const struct ht_lane *l, const struct ht_uuid *from, struct ht_params *p)
{
    size_t first = place_of(l, from);
    size_t n = l->look_again_us > ht_mono_us() ? l->n_floors - first : 0;
    ht_put_array(p, HT_PG_UUID, n);
    for (size_t i = 0; i < n; i++)
        ht_put_uuid(p, &l->floors[first + i].endpoint);
    ht_put_array(p, HT_PG_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++)
        ht_put_time(p, l->floors[first + i].at_us);
    return n > 0;
}

void ht_lane_floor_set(struct ht_lane *l, const struct ht_uuid *endpoint, int64_t at_us)
{
    int64_t newest = ht_lane_db_now(l) - SLACK_US;
    size_t i = place_of(l, endpoint);
    if (!stands_at(l, i, endpoint)) {
        if (l->n_floors == FLOORS_MAX) /* most are of endpoints that were not heard of for long */
            l->n_floors = i = 0;
        if (l->n_floors == l->cap_floors) {
            l->cap_floors = l->cap_floors > 0 ? l->cap_floors * 2 : 64;
            l->floors = ht_realloc(l->floors, l->cap_floors, sizeof(*l->floors));
        }
        memmove(l->floors + i + 1, l->floors + i, (l->n_floors - i) * sizeof(*l->floors));
        l->n_floors++;
        l->floors[i].endpoint = *endpoint;
    }
    l->floors[i].at_us = at_us < newest ? at_us : newest;
}

void ht_lane_floors_timed(struct ht_lane *l, size_t n, int64_t took_us)
{
    bool slow = took_us > LOOK_USUAL_US + (int64_t)n * ENDPOINT_USUAL_US;
    l->look_again_us = slow ? ht_mono_us() + took_us * LOOK_SHARE : 0;
}
