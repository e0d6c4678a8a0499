/* A hash table from UUID to pointer: endpoints, flights and keys in use. The pointers stay the caller's. */
#ifndef HOOKTOP_SRC_DELIVERY_MAP_H
#define HOOKTOP_SRC_DELIVERY_MAP_H

#include "hooktop/base/uuid.h"

struct ht_map_slot {
    struct ht_uuid key;
    void *value; /* NULL: empty */
};
struct ht_map {
    struct ht_map_slot *slots;
    size_t cap; /* a power of two */
    size_t n;
};

void ht_map_init(struct ht_map *m);
void ht_map_fini(struct ht_map *m);
void *ht_map_get(const struct ht_map *m, const struct ht_uuid *key);
void ht_map_put(struct ht_map *m, const struct ht_uuid *key, void *value); /* replaces */
void ht_map_del(struct ht_map *m, const struct ht_uuid *key);

#endif
