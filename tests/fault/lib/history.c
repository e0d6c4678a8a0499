#include <stdlib.h>
#include <string.h>

#include "fault.h"

/* From the store --------------------------------------------------------------------------------------------------- */

static struct ht_uuid uuid_of(const PGresult *r, int row, int column)
{
    struct ht_uuid id = {0};
    if (!PQgetisnull(r, row, column) && !ht_uuid_parse(PQgetvalue(r, row, column), &id))
        ft_die("no UUID: %s", PQgetvalue(r, row, column));
    return id;
}

static bool flag(const PGresult *r, int row, int column)
{
    return *PQgetvalue(r, row, column) == 't';
}

static struct ft_endpoint *endpoint_of(struct ft_world *w, const struct ht_uuid *id)
{
    for (size_t i = 0; i < FT_ENDPOINTS; i++)
        if (ht_uuid_cmp(&w->endpoints[i].row.id, id) == 0)
            return &w->endpoints[i];
    return NULL;
}

static void read_deliveries(struct ft_history *h, struct ft_world *w, PGconn *c)
{
    PGresult *r = ft_query(c, "SELECT d.id, d.event_id, d.endpoint_id, d.status, d.attempts, o.delivery_id IS NOT NULL,"
                              " k.delivery_id IS NOT NULL, d.redelivery_of IS NOT NULL FROM hooktop.delivery d"
                              " LEFT JOIN hooktop.tenant_webhook_outbox o ON o.delivery_id = d.id"
                              " LEFT JOIN hooktop.held k ON k.delivery_id = d.id ORDER BY d.id");
    h->n_deliveries = (size_t)PQntuples(r);
    h->deliveries = ht_alloc(h->n_deliveries + 1, sizeof *h->deliveries);
    for (int i = 0; i < PQntuples(r); i++) {
        struct ft_delivery *d = &h->deliveries[i];
        struct ht_uuid endpoint = uuid_of(r, i, 2);
        d->id = uuid_of(r, i, 0);
        d->event = uuid_of(r, i, 1);
        d->endpoint = endpoint_of(w, &endpoint);
        snprintf(d->status, sizeof d->status, "%s", PQgetvalue(r, i, 3));
        d->attempts = (int)ft_int(r, i, 4);
        d->in_outbox = flag(r, i, 5);
        d->in_held = flag(r, i, 6);
        d->again = flag(r, i, 7);
    }
    PQclear(r);
}

static void read_attempts(struct ft_history *h, PGconn *c)
{
    PGresult *r = ft_query(c, "SELECT delivery_id, n, (extract(epoch FROM at) * 1000000)::bigint, status, error, worker"
                              " FROM hooktop.attempt ORDER BY delivery_id, n");
    h->n_attempts = (size_t)PQntuples(r);
    h->attempts = ht_alloc(h->n_attempts + 1, sizeof *h->attempts);
    for (int i = 0; i < PQntuples(r); i++) {
        struct ft_attempt *a = &h->attempts[i];
        a->delivery = uuid_of(r, i, 0);
        a->n = (int)ft_int(r, i, 1);
        a->at = ft_int(r, i, 2);
        a->status = (int)ft_int(r, i, 3);
        snprintf(a->error, sizeof a->error, "%s", PQgetvalue(r, i, 4));
        snprintf(a->worker, sizeof a->worker, "%s", PQgetvalue(r, i, 5));
    }
    PQclear(r);
}

static void read_key_times(struct ft_history *h, struct ft_world *w, PGconn *c)
{
    PGresult *r = ft_query(c, "SELECT endpoint_id, tenant_id, generation, (extract(epoch FROM signs_from) * 1000000)::"
                              "bigint, (extract(epoch FROM signs_until) * 1000000)::bigint FROM hooktop.secret"
                              " UNION ALL SELECT NULL, tenant_id, generation, (extract(epoch FROM signs_from) *"
                              " 1000000)::bigint, (extract(epoch FROM signs_until) * 1000000)::bigint"
                              " FROM hooktop.signing_key");
    h->key_times = ht_alloc((size_t)PQntuples(r) + 1, sizeof *h->key_times);
    for (int i = 0; i < PQntuples(r); i++) {
        struct ht_uuid endpoint = uuid_of(r, i, 0), tenant = uuid_of(r, i, 1);
        struct ft_endpoint *e = endpoint_of(w, &endpoint);
        struct ft_key_time *k = &h->key_times[h->n_key_times++];
        k->keys = e != NULL ? &e->own : NULL;
        for (size_t t = 0; e == NULL && t < FT_TENANTS; t++)
            if (ht_uuid_cmp(&w->tenants[t].row.id, &tenant) == 0)
                k->keys = &w->tenants[t].keys;
        k->generation = (int)ft_int(r, i, 2);
        k->from = ft_int(r, i, 3);
        k->until = ft_int(r, i, 4);
    }
    PQclear(r);
}

/* From the receiver ------------------------------------------------------------------------------------------------ */

struct reading {
    struct ft_history *h;
    struct ft_world *w;
    size_t cap;
};

static void copy_marker(const char *body, size_t len, char ret[24])
{
    static const char name[] = "\"fault_marker\":\"";
    const char *at = body != NULL ? memmem(body, len, name, sizeof name - 1) : NULL;
    ret[0] = '\0';
    if (at != NULL) {
        at += sizeof name - 1;
        snprintf(ret, 24, "%.*s", (int)strcspn(at, "\""), at);
    }
}

static void take_record(void *user, const struct ht_recorded *rec)
{
    struct reading *g = user;
    struct ft_history *h = g->h;
    struct ht_uuid delivery;
    if (!ht_uuid_parse(rec->delivery, &delivery))
        return; /* a ping */
    if (h->n_sent == g->cap) {
        g->cap = g->cap > 0 ? 2 * g->cap : 4096;
        h->sent = ht_realloc(h->sent, g->cap, sizeof *h->sent);
    }
    struct ft_sent *s = &h->sent[h->n_sent++];
    *s = (struct ft_sent){.delivery = delivery,
                          .attempt = rec->attempt,
                          .at = rec->at_us + g->w->db_minus_mono,
                          .answered = rec->answered_us != 0 ? rec->answered_us + g->w->db_minus_mono : 0,
                          .status = rec->status,
                          .verified = rec->verified,
                          .key = rec->key_index + 1};
    memcpy(s->sha, rec->body_sha256, sizeof s->sha);
    copy_marker(rec->body, rec->body_len, s->marker);
    for (size_t i = 0; i < FT_ENDPOINTS; i++)
        if (strcmp(g->w->endpoints[i].path, rec->path) == 0)
            s->endpoint = &g->w->endpoints[i];
}

static int by_delivery_and_time(const void *a, const void *b)
{
    const struct ft_sent *x = a, *y = b;
    int order = ht_uuid_cmp(&x->delivery, &y->delivery);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static void read_receiver(struct ft_history *h, struct ft_world *w)
{
    struct reading g = {.h = h, .w = w};
    struct ht_route_counts counts;
    ht_receiver_each(w->receiver, take_record, &g);
    if (h->n_sent > 0)
        qsort(h->sent, h->n_sent, sizeof *h->sent, by_delivery_and_time);
    ht_receiver_counts(w->receiver, NULL, &counts);
    h->refused = counts.refused;
    for (size_t i = 0; i < FT_ENDPOINTS; i++) {
        ht_receiver_counts(w->receiver, w->endpoints[i].path, &counts);
        if (counts.refused > 0)
            snprintf(h->refused_why, sizeof h->refused_why, "%s: %.200s", w->endpoints[i].path, counts.last_why);
    }
}

static int by_delivery_and_number(const void *a, const void *b)
{
    const struct ft_attempt *x = a, *y = b;
    int order = ht_uuid_cmp(&x->delivery, &y->delivery);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static const struct ft_attempt *attempt_of(const struct ft_history *h, const struct ft_sent *s)
{
    const struct ft_attempt wanted = {.delivery = s->delivery, .n = s->attempt};
    return bsearch(&wanted, h->attempts, h->n_attempts, sizeof wanted, by_delivery_and_number);
}

/* Was there once, and its worker had given up waiting for the answer. Sent again, it would be there twice. A delivery's
 * requests stand side by side. */
static void mark_late(struct ft_history *h)
{
    for (size_t first = 0, end = 0; first < h->n_sent; first = end) {
        while (end < h->n_sent && ht_uuid_cmp(&h->sent[end].delivery, &h->sent[first].delivery) == 0)
            end++;
        for (size_t i = first; i < end; i++) {
            size_t times = 0;
            for (size_t k = first; k < end; k++)
                times += h->sent[k].attempt == h->sent[i].attempt;
            const struct ft_attempt *a = times == 1 ? attempt_of(h, &h->sent[i]) : NULL;
            h->sent[i].late = a != NULL && strcmp(a->error, "timeout") == 0;
        }
    }
}

/* Both ------------------------------------------------------------------------------------------------------------- */

void ft_history_read(struct ft_history *h, struct ft_world *w, struct ft_producers *p)
{
    PGconn *c = ft_connect(w->cluster.dsn);
    h->n_emitted = ft_producers_emitted(p, &h->emitted);
    read_deliveries(h, w, c);
    read_attempts(h, c);
    read_key_times(h, w, c);
    read_receiver(h, w);
    mark_late(h);
    PQfinish(c);
}

void ft_history_fini(struct ft_history *h)
{
    free(h->emitted);
    free(h->deliveries);
    free(h->attempts);
    free(h->sent);
    free(h->key_times);
    free(h->disruptions);
}

void ft_history_describe(const struct ft_history *h, const struct ht_uuid *delivery, FILE *to)
{
    char id[HT_UUID_TEXT], at[HT_TIME_TEXT];
    ht_uuid_format(delivery, id);
    fprintf(to, "#   delivery %s\n", id);
    for (size_t i = 0; i < h->n_deliveries; i++) {
        const struct ft_delivery *d = &h->deliveries[i];
        if (ht_uuid_cmp(&d->id, delivery) == 0)
            fprintf(to, "#     %s after %d attempts%s%s, at an endpoint that is %s (%s)\n", d->status, d->attempts,
                    d->in_outbox ? ", in the outbox" : "", d->in_held ? ", held" : "",
                    d->endpoint ? d->endpoint->kind->name : "unknown", d->endpoint ? d->endpoint->path : "");
    }
    for (size_t i = 0; i < h->n_attempts; i++) {
        const struct ft_attempt *a = &h->attempts[i];
        if (ht_uuid_cmp(&a->delivery, delivery) != 0)
            continue;
        ht_time_rfc3339(a->at, at);
        fprintf(to, "#     %s attempt %d by %s: %d %s\n", at, a->n, a->worker, a->status, a->error);
    }
    for (size_t i = 0; i < h->n_sent; i++) {
        const struct ft_sent *s = &h->sent[i];
        if (ht_uuid_cmp(&s->delivery, delivery) != 0)
            continue;
        ht_time_rfc3339(s->at, at);
        fprintf(to, "#     %s received %s, attempt %d, %s by key %d; answered %d after %lld ms\n", at, s->marker,
                s->attempt, s->verified ? "verified" : "NOT VERIFIED", s->key, s->status,
                s->answered != 0 ? (long long)(s->answered - s->at) / 1000 : -1LL);
    }
}
