#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "hooktop/cli/setup.h"

/* What every tenant has. The last one is another one for each of them. */
#define SURVIVING     {1, 1, 1, 1, 2, 2, 2}, 7
#define CONNECT_TRIES 300
#define SHORT         {1, 1}, 2
static const struct ft_kind usual[FT_PER_TENANT - 1] = {
    {"steady", HT_ANSWER_STATUS, 200, 4, 1000, SURVIVING, false},
    {"shaky", HT_ANSWER_FAIL_PART, 4, 8, 1000, SURVIVING, false},
    {"ordered", HT_ANSWER_FAIL_PART, 20, 1, 1000, SURVIVING, false},
};
static const struct ft_kind odd[FT_TENANTS] = {
    {"slow", HT_ANSWER_SLOW, 300, 4, 1000, SURVIVING, true},
    {"very slow", HT_ANSWER_SLOW, 3200, 16, FT_TIME_LIMIT_MS, SURVIVING, true},
    {"resetting", HT_ANSWER_RESET, 0, 4, 1000, SHORT, true},
    {"hanging", HT_ANSWER_HANG, 0, 4, 300, SHORT, true},
    {"stalling after its headers", HT_ANSWER_HEADERS_THEN_STALL, 0, 8, 500, SURVIVING, true},
    {"resetting after its headers", HT_ANSWER_HEADERS_THEN_RESET, 0, 4, 1000, SURVIVING, true},
    {"answering byte by byte", HT_ANSWER_DRIP, 2, 8, 1000, SURVIVING, true},
    {"no HTTP", HT_ANSWER_GARBAGE, 0, 4, 1000, SHORT, true},
    {"very slow too", HT_ANSWER_SLOW, 3200, 16, FT_TIME_LIMIT_MS, SURVIVING, true},
    {"closing", HT_ANSWER_CLOSE, 0, 4, 1000, SHORT, true},
};

/* Keys and routes -------------------------------------------------------------------------------------------------- */

void ft_route(struct ft_world *w, struct ft_endpoint *e, enum ht_answer answer, int64_t arg)
{
    struct ht_verify_key keys[FT_KEYS_MAX];
    for (size_t i = 0; i < e->keys->n; i++)
        keys[i] = (struct ht_verify_key){.secret = e->keys->secret[i], .public_key = e->keys->public_key[i]};
    ht_receiver_route(w->receiver, &(struct ht_route){.path = e->path,
                                                      .profile = e->tenant->profile,
                                                      .keys = keys,
                                                      .keys_len = e->keys->n,
                                                      .answer = answer,
                                                      .arg = arg,
                                                      .text = answer == HT_ANSWER_REDIRECT ? w->elsewhere : NULL});
}

/* The link may have been cut by a restart since it was used last, and the server may be on its way back. */
static void be_connected(struct ft_world *w)
{
    int64_t now;
    struct ht_err lost = {0};
    enum ht_rc rc = ht_conn_now(w->conn, &now, &lost);
    for (int tries = 0; rc != HT_OK && tries < CONNECT_TRIES; tries++) {
        ht_err_clear(&lost);
        rc = ht_conn_reset(w->conn, &lost);
        if (rc != HT_OK)
            ft_pause_ms(100);
    }
    ft_must(rc, &lost);
}

static void add_key(struct ft_keys *k, struct ht_secret *secret, char *public_key)
{
    if (k->n == FT_KEYS_MAX)
        ft_die("more than %d generations of one key", FT_KEYS_MAX);
    k->secret[k->n] = secret;
    k->public_key[k->n++] = public_key;
}

void ft_rotate(struct ft_world *w, struct ft_endpoint *e, int64_t overlap_ms)
{
    struct ht_uuid id;
    struct ht_secret *secret = NULL;
    char *public_key = NULL;
    if (e->keys->n == FT_KEYS_MAX)
        return;
    be_connected(w);
    FT_OK(ht_ops_rotate(&w->ops, &e->row, overlap_ms, &id, &secret, &public_key, &err));
    add_key(e->keys, secret, public_key);
    for (size_t i = 0; i < FT_ENDPOINTS; i++)
        if (w->endpoints[i].keys == e->keys)
            ft_route(w, &w->endpoints[i], w->endpoints[i].kind->answer, w->endpoints[i].kind->arg);
}

/* Tenants and endpoints -------------------------------------------------------------------------------------------- */

static void load_types(struct ft_world *w, struct ft_tenant *t)
{
    PGconn *c = ft_connect(w->cluster.dsn);
    PGresult *r = ft_query(c, ft_text("SELECT name, sample FROM hooktop.event_type WHERE profile = '%s' AND state = "
                                      "'emitted' AND sample IS NOT NULL ORDER BY name LIMIT 8",
                                      t->row.profile));
    for (; t->n_types < (size_t)PQntuples(r); t->n_types++) {
        t->types[t->n_types] = ht_strdup(PQgetvalue(r, (int)t->n_types, 0));
        t->samples[t->n_types] = ht_strdup(PQgetvalue(r, (int)t->n_types, 1));
    }
    PQclear(r);
    PQfinish(c);
    for (; t->n_types < 3; t->n_types++) { /* the open catalogue has none before they are emitted */
        t->types[t->n_types] = ht_strdup(ft_text("order.made_%zu", t->n_types));
        t->samples[t->n_types] = ht_strdup("{\"amount\": 12.50}");
    }
}

static void add_tenant(struct ft_world *w, struct ft_tenant *t, size_t i)
{
    struct ht_uuid id;
    char text[HT_UUID_TEXT];
    t->profile = ht_profiles[i % ht_profiles_len];
    FT_OK(ht_store_tenant_add(w->conn, ft_text("%s %zu", t->profile->name, i / ht_profiles_len), t->profile->name, &id,
                              &err));
    ht_uuid_format(&id, text);
    FT_OK(ht_store_tenant_find(w->conn, text, &t->row, &err));
    load_types(w, t);
}

static void verify_endpoint(struct ft_world *w, struct ft_endpoint *e)
{
    HT_CLEANUP(ht_ping_result_fini) struct ht_ping_result answer = {0};
    ft_route(w, e, HT_ANSWER_STATUS, 200);
    FT_OK(ht_ops_ping(&w->ops, &e->row, NULL, &answer, &err));
}

static void add_endpoint(struct ft_world *w, struct ft_endpoint *e, struct ft_tenant *t, const struct ft_kind *kind)
{
    struct ht_endpoint *row = &e->row;
    struct ht_secret *secret = NULL;
    char *public_key = NULL;
    const char *pattern = kind->rare ? t->types[0] : "*";
    e->tenant = t;
    e->kind = kind;
    snprintf(e->path, sizeof e->path, "/%td", e - w->endpoints);
    row->url = ht_strdup(ft_text("http://127.0.0.1:%d%s", ht_receiver_port(w->receiver), e->path));
    row->description = ht_strdup(kind->name);
    row->profile = ht_strdup(t->row.profile);
    row->timeout_ms = kind->timeout_ms;
    row->in_flight_max = kind->in_flight_max;
    row->schedule_len = (uint8_t)kind->schedule_len;
    memcpy(row->schedule_s, kind->schedule_s, kind->schedule_len * sizeof *row->schedule_s);
    FT_OK(ht_ops_endpoint_add(&w->ops, &t->row, row, &pattern, 1, NULL, &secret, &public_key, &err));
    e->keys = t->profile->key_per_tenant ? &t->keys : &e->own;
    if (secret != NULL || e->keys->n == 0)
        add_key(e->keys, secret, public_key);
    else
        free(public_key);
    if (t->profile->needs_verification)
        verify_endpoint(w, e);
    ft_route(w, e, kind->answer, kind->arg);
}

static void find_clock(struct ft_world *w)
{
    int64_t before = ht_mono_us(), now = 0;
    FT_OK(ht_conn_now(w->conn, &now, &err));
    w->db_minus_mono = now - (before + ht_mono_us()) / 2;
}

/* Life ------------------------------------------------------------------------------------------------------------- */

static void make_schema(struct ft_world *w)
{
    enum ht_ring_outcome outcome;
    struct ht_conn_options o = {
        .dsn = w->cluster.dsn, .application = "fault test", .timeout_ms = 60000, .any_schema = true};
    PGconn *c;
    w->ring_path = ft_text("%s/key-ring", ft_work());
    FT_OK(ht_conn_open(&o, &w->conn, &err));
    FT_OK(ht_setup_apply(w->conn, &(struct ht_ring_source){.file = w->ring_path}, &outcome, &err));
    FT_OK(ht_ring_load(w->ring_path, &w->ring, &err));
    c = ft_connect(w->cluster.dsn);
    PQclear(ft_query(c, "CREATE ROLE fault_worker LOGIN IN ROLE hooktop_worker"));
    PQclear(ft_query(c, "CREATE ROLE fault_producer LOGIN IN ROLE hooktop_producer"));
    PQclear(ft_query(c, "INSERT INTO hooktop.member (login) VALUES ('fault_producer')"));
    /* as quick as the schedules are, so that what is sick all the time is done within them */
    PQclear(ft_query(c, "UPDATE hooktop.breaker_rule SET first_wait = '20 ms', most_wait = '40 ms'"));
    PQfinish(c);
}

void ft_world_start(struct ft_world *w)
{
    const struct ht_receiver_options o = {.record = true, .keep_bodies = true, .max_records = 4000000};
    ht_secret_init_process();
    ft_cluster_start(&w->cluster);
    make_schema(w);
    lab_spy_open(&w->spy);
    w->elsewhere = ft_text("http://127.0.0.1:%d/", w->spy.port);
    FT_OK(ht_receiver_start(&o, &w->receiver, &err));
    ht_egress_init(&w->egress);
    FT_OK(ht_egress_set(&w->egress, "http", "yes", &err));
    FT_OK(ht_egress_set(&w->egress, "allow", ft_text("127.0.0.1/32:%d", ht_receiver_port(w->receiver)), &err));
    w->ops = (struct ht_ops){.conn = w->conn, .egress = &w->egress, .ring = w->ring, .reason = "a fault test"};
    for (size_t i = 0; i < FT_TENANTS; i++) {
        add_tenant(w, &w->tenants[i], i);
        for (size_t k = 0; k < FT_PER_TENANT; k++)
            add_endpoint(w, &w->endpoints[i * FT_PER_TENANT + k], &w->tenants[i],
                         k < HT_COUNT(usual) ? &usual[k] : &odd[i]);
    }
    find_clock(w);
}

static void keys_fini(struct ft_keys *k)
{
    for (size_t i = 0; i < k->n; i++) {
        ht_secret_free(k->secret[i]);
        free(k->public_key[i]);
    }
}

void ft_world_stop(struct ft_world *w)
{
    ht_receiver_stop(w->receiver);
    lab_spy_close(&w->spy);
    ht_conn_close(w->conn);
    ht_ring_free(w->ring);
    for (size_t i = 0; i < FT_ENDPOINTS; i++) {
        ht_endpoint_fini(&w->endpoints[i].row);
        keys_fini(&w->endpoints[i].own);
    }
    for (size_t i = 0; i < FT_TENANTS; i++) {
        struct ft_tenant *t = &w->tenants[i];
        keys_fini(&t->keys);
        ht_tenant_fini(&t->row);
        for (size_t k = 0; k < t->n_types; k++) {
            free(t->types[k]);
            free(t->samples[k]);
        }
    }
    ft_cluster_stop(&w->cluster);
}

/* What an operator does -------------------------------------------------------------------------------------------- */

void ft_endpoint_state(struct ft_world *w, struct ft_endpoint *e, enum ht_endpoint_status to)
{
    int64_t moved;
    be_connected(w);
    FT_OK(ht_store_endpoint_state(w->conn, &e->row, to, HT_HELD_RELEASE, 0, "a fault test", &moved, &err));
}

void ft_activate_all(struct ft_world *w)
{
    struct ht_filter none = {0};
    struct ht_endpoints all = {0};
    be_connected(w);
    FT_OK(ht_store_endpoints(w->conn, NULL, &none, NULL, 1000, &all, &err));
    for (size_t i = 0; i < all.n; i++)
        for (size_t k = 0; k < FT_ENDPOINTS; k++)
            if (all.rows[i].status != HT_ENDPOINT_ACTIVE && ht_uuid_cmp(&all.rows[i].id, &w->endpoints[k].row.id) == 0)
                ft_endpoint_state(w, &w->endpoints[k], HT_ENDPOINT_ACTIVE);
    ht_endpoints_fini(&all);
}

int64_t ft_redeliver_set_aside(struct ft_world *w)
{
    return ft_ask(w->cluster.dsn, "SELECT count(hooktop.redeliver(d.tenant_id, d.id, 'a fault test'))"
                                  " FROM hooktop.delivery d WHERE d.status = 'quarantined'"
                                  " AND NOT EXISTS (SELECT FROM hooktop.delivery r WHERE r.redelivery_of = d.id)");
}
