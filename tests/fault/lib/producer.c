#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define THREADS_MAX 4
#define TRIES_MAX   1200 /* a server that does not come back for so long is not restarting */
#define AGAIN_MS    50
#define TOGETHER    2 /* events in one transaction at most */

/* What one transaction emits. */
struct parcel {
    size_t n;
    struct ft_emitted events[TOGETHER];
    char *data[TOGETHER];
    bool several; /* BEGIN and COMMIT around it */
    bool undone;  /* ROLLBACK at its end */
};

struct producer {
    struct ft_world *world;
    struct ft_random random;
    int index, of; /* its tenants are those of this index, modulo */
    int pause_us;
    PGconn *conn;
    int64_t made;
    struct ft_emitted *emitted;
    size_t n, cap;
    atomic_bool *ended;
    pthread_t thread;
};

struct ft_producers {
    atomic_bool ended;
    int n;
    struct producer p[THREADS_MAX];
};

/* Data ------------------------------------------------------------------------------------------------------------- */

char *ft_event_data(const struct ft_tenant *t, int type, const char *marker, int padding)
{
    const char *name = t->profile->name, *sample = t->samples[type], *at = strchr(sample, '{');
    struct ht_buf b;
    /* These two take an object that holds one object. */
    if (at != NULL && (strcmp(name, "claimport") == 0 || strcmp(name, "claimable") == 0))
        at = strchr(at + 1, '{');
    if (at == NULL)
        ft_die("the sample of %s is no object", t->types[type]);
    const char *rest = at + 1 + strspn(at + 1, " \n\t");
    ht_buf_init(&b, HT_EVENT_DATA_MAX);
    ht_buf_add(&b, sample, (size_t)(at + 1 - sample));
    ht_buf_addf(&b, "\"fault_marker\":\"%s\",\"padding\":\"", marker);
    for (int i = 0; i < padding; i++)
        ht_buf_addc(&b, 'p');
    ht_buf_adds(&b, *rest == '}' ? "\"" : "\",");
    ht_buf_adds(&b, rest);
    return ht_buf_take(&b, NULL);
}

static int padding(struct ft_random *r)
{
    int kind = ft_below(r, 100);
    return ft_below(r, kind < 80 ? 500 : kind < 95 ? 4000 : 60000);
}

/* Emitting --------------------------------------------------------------------------------------------------------- */

static bool connected(struct producer *p)
{
    if (p->conn != NULL && PQstatus(p->conn) == CONNECTION_OK)
        return true;
    PQfinish(p->conn);
    p->conn = PQconnectdb(ft_text("%s user=fault_producer", p->world->cluster.dsn));
    return PQstatus(p->conn) == CONNECTION_OK;
}

/* A server that goes away may end any statement, and one whose disk is full may refuse any; whatever else refuses one
 * is a fault of hooktop's. */
static bool did(struct producer *p, PGresult *r)
{
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    bool away = PQstatus(p->conn) != CONNECTION_OK || state == NULL || strncmp(state, "57P", 3) == 0 ||
                strncmp(state, "53", 2) == 0 || strcmp(state, "25006") == 0; /* 25006: it has become a standby */
    if (!good && !away)
        ft_die("emitting failed: %s", PQresultErrorMessage(r));
    return good;
}

static bool statement(struct producer *p, const char *sql)
{
    PGresult *r = PQexec(p->conn, sql);
    bool good = did(p, r);
    PQclear(r);
    return good;
}

static bool emit(struct producer *p, struct ft_emitted *e, const char *data)
{
    char tenant[HT_UUID_TEXT];
    ht_uuid_format(&e->tenant->row.id, tenant);
    const char *const values[] = {tenant, e->tenant->types[e->type], data, e->marker};
    PGresult *r = PQexecParams(p->conn,
                               "SELECT event_id FROM hooktop.emit_counted($1, $2, $3, 'api', 'a fault test', 'Fault "
                               "test', NULL, $4)",
                               4, NULL, values, NULL, NULL, 0);
    bool good = did(p, r) && PQntuples(r) == 1 && ht_uuid_parse(PQgetvalue(r, 0, 0), &e->event);
    PQclear(r);
    return good;
}

static bool try_parcel(struct producer *p, struct parcel *c)
{
    bool good = connected(p) && (!c->several || statement(p, "BEGIN"));
    for (size_t i = 0; good && i < c->n; i++)
        good = emit(p, &c->events[i], c->data[i]);
    good = good && (!c->several || statement(p, c->undone ? "ROLLBACK" : "COMMIT"));
    if (!good) { /* nor is anything left of a transaction */
        PQfinish(p->conn);
        p->conn = NULL;
    }
    return good;
}

static void note(struct producer *p, const struct parcel *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (p->n == p->cap) {
            p->cap = p->cap > 0 ? 2 * p->cap : 1024;
            p->emitted = ht_realloc(p->emitted, p->cap, sizeof *p->emitted);
        }
        p->emitted[p->n++] = c->events[i];
    }
}

static void fill_parcel(struct producer *p, struct parcel *c)
{
    int kind = ft_below(&p->random, 20), tenants = (FT_TENANTS - p->index + p->of - 1) / p->of;
    struct ft_tenant *t = &p->world->tenants[p->index + p->of * ft_below(&p->random, tenants)];
    c->several = kind >= 17;
    c->undone = kind == 19;
    c->n = kind == 17 || kind == 18 ? TOGETHER : 1;
    for (size_t i = 0; i < c->n; i++) {
        struct ft_emitted *e = &c->events[i];
        e->tenant = t;
        e->type = ft_below(&p->random, 10) == 0 ? 0 : 1 + ft_below(&p->random, (int)t->n_types - 1);
        snprintf(e->marker, sizeof e->marker, "%s-%d-%lld", c->undone ? "undone" : "fault", p->index,
                 (long long)p->made++);
        c->data[i] = ft_event_data(t, e->type, e->marker, padding(&p->random));
    }
}

/* The key of each event makes repeating safe: also of a COMMIT whose answer never came. */
static void deliver_parcel(struct producer *p, struct parcel *c)
{
    for (int tries = 0; !try_parcel(p, c); tries++) {
        if (tries == TRIES_MAX)
            ft_die("an event cannot be emitted: %s", PQerrorMessage(p->conn));
        if (c->undone)
            return; /* whatever became of it: it was never committed */
        ft_pause_ms(AGAIN_MS);
    }
    if (!c->undone)
        note(p, c);
}

static void *run(void *user)
{
    struct producer *p = user;
    while (!atomic_load(p->ended)) {
        struct parcel c = {0};
        int64_t until = ht_mono_us() + ft_below(&p->random, 2 * p->pause_us);
        fill_parcel(p, &c);
        deliver_parcel(p, &c);
        for (size_t i = 0; i < c.n; i++)
            free(c.data[i]);
        int64_t left = until - ht_mono_us();
        ft_pause_ms(left > 0 ? (int)(left / 1000) : 0);
    }
    PQfinish(p->conn);
    return NULL;
}

/* Life ------------------------------------------------------------------------------------------------------------- */

struct ft_producers *ft_producers_start(struct ft_world *w, uint64_t seed, int n, int events_per_s)
{
    struct ft_producers *all = ht_alloc(1, sizeof *all);
    all->n = n;
    for (int i = 0; i < n; i++) {
        all->p[i] = (struct producer){.world = w,
                                      .random = {seed * THREADS_MAX + (uint64_t)i},
                                      .index = i,
                                      .of = n,
                                      .pause_us = 1000000 * n / events_per_s,
                                      .ended = &all->ended};
        pthread_create(&all->p[i].thread, NULL, run, &all->p[i]);
    }
    return all;
}

void ft_producers_stop(struct ft_producers *all)
{
    atomic_store(&all->ended, true);
    for (int i = 0; i < all->n; i++)
        pthread_join(all->p[i].thread, NULL);
}

size_t ft_producers_emitted(struct ft_producers *all, struct ft_emitted **ret)
{
    size_t n = 0;
    for (int i = 0; i < all->n; i++)
        n += all->p[i].n;
    *ret = ht_alloc(n + 1, sizeof **ret);
    n = 0;
    for (int i = 0; i < all->n; i++) {
        memcpy(*ret + n, all->p[i].emitted, all->p[i].n * sizeof **ret);
        n += all->p[i].n;
    }
    return n;
}

void ft_producers_free(struct ft_producers *all)
{
    for (int i = 0; all != NULL && i < all->n; i++)
        free(all->p[i].emitted);
    free(all);
}
