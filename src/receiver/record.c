#include "internal.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hooktop/base/clock.h"

#define SEEN_MAX        (4u * 1024u * 1024u)
#define RECORDS_DEFAULT 100000u

struct ht_rx_seen {
    const struct ht_rx_route *route;
    char id[HT_RX_DELIVERY_ID_MAX + 1];
    int64_t ordinal;
    int64_t tries;
    int64_t accepted; /* how often it was answered 2xx */
};

void ht_rx_tables_init(struct ht_rx_tables *t, const struct ht_receiver_options *o)
{
    *t = (struct ht_rx_tables){.options = *o};
    if (t->options.max_records == 0)
        t->options.max_records = RECORDS_DEFAULT;
    t->elsewhere = ht_rx_route_new("");
    t->seen_cap = 1024;
    t->seen = ht_alloc(t->seen_cap, sizeof(struct ht_rx_seen *));
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attr);
    pthread_condattr_destroy(&attr);
}

static void record_free(struct ht_recorded *rec)
{
    free(rec->path);
    free(rec->delivery);
    free(rec->body);
    free(rec->head);
    free(rec);
}

void ht_rx_tables_fini(struct ht_rx_tables *t)
{
    for (size_t i = 0; i < t->records_len; i++)
        record_free(t->records[i]);
    free(t->records);
    for (size_t i = 0; i < t->seen_cap; i++)
        free(t->seen[i]);
    free(t->seen);
    while (t->routes != NULL) {
        struct ht_rx_route *next = t->routes->next;
        ht_rx_route_free(t->routes);
        t->routes = next;
    }
    ht_rx_route_free(t->elsewhere);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
}

/* FNV-1a, with the route's address as the start value. */
static size_t seen_hash(const struct ht_rx_route *route, const char *id)
{
    uint64_t h = 14695981039346656037u ^ (uint64_t)(uintptr_t)route;
    for (; *id != '\0'; id++)
        h = (h ^ (uint8_t)*id) * 1099511628211u;
    return (size_t)(h ^ (h >> 29));
}

static struct ht_rx_seen **seen_slot(struct ht_rx_seen **table, size_t cap, const struct ht_rx_route *route,
                                     const char *id)
{
    size_t at = seen_hash(route, id) & (cap - 1);
    while (table[at] != NULL && (table[at]->route != route || strcmp(table[at]->id, id) != 0))
        at = (at + 1) & (cap - 1);
    return &table[at];
}

static void seen_grow(struct ht_rx_tables *t)
{
    size_t cap = t->seen_cap * 2;
    struct ht_rx_seen **table = ht_alloc(cap, sizeof(struct ht_rx_seen *));
    for (size_t i = 0; i < t->seen_cap; i++)
        if (t->seen[i] != NULL)
            *seen_slot(table, cap, t->seen[i]->route, t->seen[i]->id) = t->seen[i];
    free(t->seen);
    t->seen = table;
    t->seen_cap = cap;
}

/* NULL: it names no delivery (a ping), or one too many. */
static struct ht_rx_seen *seen_find(struct ht_rx_tables *t, struct ht_rx_route *route, const char *id)
{
    if (id == NULL || *id == '\0' || strlen(id) > HT_RX_DELIVERY_ID_MAX || t->seen_len == SEEN_MAX)
        return NULL;
    if (t->seen_len * 2 >= t->seen_cap)
        seen_grow(t);
    struct ht_rx_seen **slot = seen_slot(t->seen, t->seen_cap, route, id);
    if (*slot == NULL) {
        *slot = ht_alloc(1, sizeof(**slot));
        (*slot)->route = route;
        (*slot)->ordinal = ++route->ordinals;
        memcpy((*slot)->id, id, strlen(id));
        t->seen_len++;
    }
    return *slot;
}

static struct ht_recorded *record_add(struct ht_rx_tables *t, const struct ht_rx_request *q, const char *head,
                                      const char *body)
{
    if (!t->options.record || t->records_len == t->options.max_records)
        return NULL;
    if (t->records_len == t->records_cap) {
        t->records_cap = t->records_cap == 0 ? 256 : t->records_cap * 2;
        t->records = ht_realloc(t->records, t->records_cap, sizeof(struct ht_recorded *));
    }
    const char *delivery = ht_rx_header(q, "X-Hooktop-Delivery"), *attempt = ht_rx_header(q, "X-Hooktop-Attempt");
    struct ht_recorded *rec = ht_alloc(1, sizeof(*rec));
    rec->path = ht_strdup(q->path);
    rec->delivery = ht_strdup(delivery == NULL ? "" : delivery);
    rec->attempt = attempt == NULL ? 0 : (int32_t)strtol(attempt, NULL, 10);
    rec->at_us = ht_mono_us();
    rec->key_index = -1;
    rec->head = ht_strndup(head, q->head_len);
    rec->body_len = q->body_len;
    SHA256((const unsigned char *)body, q->body_len, rec->body_sha256);
    if (t->options.keep_bodies)
        rec->body = ht_strndup(body, q->body_len);
    t->records[t->records_len++] = rec;
    return rec;
}

static struct ht_rx_route *route_find(struct ht_rx_tables *t, const char *path)
{
    for (struct ht_rx_route *r = t->routes; r != NULL; r = r->next)
        if (strcmp(r->path, path) == 0)
            return r;
    return NULL;
}

static void refuse(struct ht_rx_route *route, const char *why)
{
    route->counts.refused++;
    snprintf(route->counts.last_why, sizeof(route->counts.last_why), "%s", why);
}

static void accept_request(struct ht_rx_tables *t, const struct ht_rx_request *q, struct ht_rx_exchange *x,
                           struct ht_rx_plan *ret_plan)
{
    struct ht_rx_route *route = x->route;
    const char *delivery = ht_rx_header(q, "X-Hooktop-Delivery");
    route->counts.verified++;
    if (delivery == NULL)
        route->counts.pings++;
    x->seen = seen_find(t, route, delivery);
    if (x->seen != NULL)
        x->seen->tries++;
    ht_rx_plan_route(ret_plan, route->answer, route->arg, route->text, x->seen == NULL ? 0 : x->seen->ordinal,
                     x->seen == NULL ? 0 : x->seen->tries);
}

void ht_rx_arrived(struct ht_rx_tables *t, const struct ht_rx_request *q, const char *head, const char *body,
                   struct ht_rx_exchange *ret, struct ht_rx_plan *ret_plan)
{
    pthread_mutex_lock(&t->lock);
    struct ht_rx_route *route = route_find(t, q->path);
    struct ht_rx_exchange x = {.route = route == NULL ? t->elsewhere : route, .record = record_add(t, q, head, body)};
    char why[256] = "no route for this path";
    int key = -1;
    x.route->counts.requests++;
    if (route == NULL) {
        refuse(x.route, why);
        ht_rx_plan_status(ret_plan, 404, why, HT_RX_KEEP);
    } else if (!ht_rx_route_judge(route, q, body, &key, why)) {
        refuse(route, why);
        ht_rx_plan_status(ret_plan, 400, why, HT_RX_KEEP);
    } else {
        accept_request(t, q, &x, ret_plan);
        if (x.record != NULL) {
            x.record->verified = route->profile != NULL;
            x.record->key_index = key;
        }
    }
    *ret = x;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

void ht_rx_malformed(struct ht_rx_tables *t, int status, struct ht_rx_exchange *ret, struct ht_rx_plan *ret_plan)
{
    pthread_mutex_lock(&t->lock);
    *ret = (struct ht_rx_exchange){.route = t->elsewhere};
    t->elsewhere->counts.requests++;
    refuse(t->elsewhere, "not a proper HTTP request for a webhook");
    ht_rx_plan_status(ret_plan, status, "not a proper HTTP request for a webhook", HT_RX_CLOSE);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

bool ht_rx_held(struct ht_rx_tables *t, const struct ht_rx_exchange *x)
{
    pthread_mutex_lock(&t->lock);
    bool held = x->route->answer == HT_ANSWER_HOLD;
    pthread_mutex_unlock(&t->lock);
    return held;
}

void ht_rx_status_sent(struct ht_rx_tables *t, const struct ht_rx_exchange *x, int32_t status)
{
    if (x->record != NULL)
        x->record->status = status;
    if (x->seen != NULL && status >= 200 && status < 300) {
        if (x->seen->accepted++ == 0)
            x->route->counts.deliveries++;
        else
            x->route->counts.duplicates++;
    }
    pthread_cond_broadcast(&t->changed);
}

void ht_rx_answer_sent(const struct ht_rx_exchange *x)
{
    if (x->record != NULL)
        x->record->answered_us = ht_mono_us();
}
