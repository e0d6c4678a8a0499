#include "map.h"
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64u

void ht_map_init(struct ht_map *m)
{
    m->cap = FIRST_CAP;
    m->n = 0;
    m->slots = ht_alloc(m->cap, sizeof *m->slots);
}

void ht_map_fini(struct ht_map *m)
{
    free(m->slots);
    *m = (struct ht_map){0};
}

/* The last eight bytes of a version 7 UUID are chance; the multiplication spreads what is not. */
static size_t home(const struct ht_map *m, const struct ht_uuid *key)
{
    uint64_t h;
    memcpy(&h, key->b + 8, sizeof h);
    h *= 0x9e3779b97f4a7c15u;
    return (size_t)(h >> 32) & (m->cap - 1);
}

static struct ht_map_slot *find(const struct ht_map *m, const struct ht_uuid *key)
{
    size_t i = home(m, key);
    while (m->slots[i].value && memcmp(&m->slots[i].key, key, sizeof *key) != 0) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slots[i];
}

void *ht_map_get(const struct ht_map *m, const struct ht_uuid *key)
{
    return find(m, key)->value;
}

static void grow(struct ht_map *m)
{
    struct ht_map bigger = {.cap = m->cap * 2, .n = m->n};
    bigger.slots = ht_alloc(bigger.cap, sizeof *bigger.slots);
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].value) {
            *find(&bigger, &m->slots[i].key) = m->slots[i];
        }
    }
    free(m->slots);
    *m = bigger;
}

void ht_map_put(struct ht_map *m, const struct ht_uuid *key, void *value)
{
    struct ht_map_slot *s = find(m, key);
    if (!s->value && (m->n + 1) * 2 > m->cap) {
        grow(m);
        s = find(m, key);
    }
    m->n += s->value ? 0 : 1;
    s->key = *key;
    s->value = value;
}

void ht_map_del(struct ht_map *m, const struct ht_uuid *key)
{
    struct ht_map_slot *s = find(m, key);
    if (!s->value) {
        return;
    }
    m->n--;
    size_t mask = m->cap - 1, hole = (size_t)(s - m->slots);
    /* What was pushed past the hole by a collision moves back into it. */
    for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
        size_t from_home = (i - home(m, &m->slots[i].key)) & mask;
        if (from_home >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].value = NULL;
}
