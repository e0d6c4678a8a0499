/* What people do: endpoints' states and what becomes of their deliveries, redelivery, rotation and the one reveal; each
 * with its audit entry. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "store_world.h"

static int64_t audited(const struct store_world *w, const char *action, const char *reason)
{
    return ht_test_sql_int(w->dsn, store_text("SELECT count(*) FROM hooktop.audit WHERE action = '%s' AND reason IS NOT"
                                              " DISTINCT FROM %s AND who = session_user AND from_addr LIKE 'local%%'",
                                              action, reason != NULL ? store_text("'%s'", reason) : "NULL"));
}

static int64_t set_state(const struct store_world *w, enum ht_endpoint_status to, enum ht_held_choice held, double rate)
{
    int64_t moved = -1;
    STORE_OK(ht_store_endpoint_state(w->c, &w->e, to, held, rate, "because", &moved, &err));
    return moved;
}

static struct ht_endpoint find(const struct store_world *w)
{
    struct ht_endpoint e = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&w->e.id, id);
    STORE_OK(ht_store_endpoint_find(w->c, id, &e, &err));
    return e;
}

static void headers_stay_sealed(const struct store_world *w, const struct ht_endpoint *stored,
                                const struct ht_endpoint *got)
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    assert_int_equal(got->headers_len, 2);
    assert_string_equal(got->headers[0].name, "X-A");
    assert_string_equal(got->headers[1].name, "X-B");
    assert_null(got->headers[0].value); /* nobody reads them here */
    assert_null(got->headers_sealed);
    STORE_OK(ht_store_sealed_headers(w->c, got, &sealed, &len, &err));
    assert_int_equal(len, stored->headers_sealed_len);
    assert_memory_equal(sealed, stored->headers_sealed, len);
    free(sealed);
    /* settings that do not speak of headers leave them */
    STORE_OK(ht_store_endpoint_edit(w->c, got, NULL, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT octet_length(headers_sealed) FROM hooktop.endpoint"
                                             " WHERE header_names = '{X-A,X-B}' AND headers_key_id = 'KEYIDENT'"),
                     14);
}

static void an_endpoint_is_stored_with_all_its_settings(void **state)
{
    const struct store_world *w = *state;
    char *flows[] = {(char[]){"wf_1"}, (char[]){"wf, \"2\""}, NULL};
    struct ht_endpoint e = {.tenant_id = w->tenant,
                            .id = ht_uuid_new(),
                            .profile = (char[]){"standard"},
                            .url = (char[]){"https://a.example/x?y=1"},
                            .description = (char[]){"Orders \xe2\x82\xac"},
                            .status = HT_ENDPOINT_ACTIVE,
                            .timeout_ms = 2500,
                            .schedule_s = {0, 5, 300},
                            .schedule_len = 3,
                            .rate_per_s = 2.5,
                            .in_flight_max = 1,
                            .source_filter = (char[]){"ui"},
                            .workflows = flows,
                            .headers = {{(char[]){"X-A"}, NULL}, {(char[]){"X-B"}, NULL}},
                            .headers_len = 2,
                            .headers_sealed =
                                (uint8_t[]){'H', 'T', 'S', '1', 'K', 'E', 'Y', 'I', 'D', 'E', 'N', 'T', 0, 255},
                            .headers_sealed_len = 14};
    const char *const patterns[] = {"a.*", "b.c"};
    struct ht_sealed first = store_sealed(1);
    struct ht_endpoint got = {0};
    struct ht_subscriptions subs = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e.id, id);
    STORE_OK(ht_store_endpoint_add(w->c, &e, patterns, 2, &first, "new customer", &err));
    STORE_OK(ht_store_endpoint_find(w->c, id, &got, &err));
    assert_string_equal(got.profile, "standard");
    assert_string_equal(got.url, e.url);
    assert_string_equal(got.description, e.description);
    assert_string_equal(got.tenant_name, "Acme");
    assert_int_equal(got.status, HT_ENDPOINT_ACTIVE);
    assert_int_equal(got.timeout_ms, 2500);
    assert_int_equal(got.schedule_len, 3);
    assert_memory_equal(got.schedule_s, e.schedule_s, 3 * sizeof(int32_t));
    assert_true(got.rate_per_s > 2.49 && got.rate_per_s < 2.51);
    assert_int_equal(got.in_flight_max, 1);
    assert_string_equal(got.source_filter, "ui");
    assert_string_equal(got.workflows[0], "wf_1");
    assert_string_equal(got.workflows[1], "wf, \"2\"");
    assert_null(got.workflows[2]);
    headers_stay_sealed(w, &e, &got);
    assert_int_equal(audited(w, "endpoint.added", "new customer"), 1);
    STORE_OK(ht_store_subscriptions(w->c, &got, &subs, &err));
    assert_int_equal(subs.n, 2);
    assert_string_equal(subs.rows[0].pattern, "a.*");
    assert_string_equal(subs.rows[1].pattern, "b.c");
    ht_subscriptions_fini(&subs);

    /* a delivery knows how many attempts an own schedule makes: the first and one per delay */
    struct ht_uuid event = store_emit(w->c, &w->tenant, "b.c", "{}");
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery"), 2);
    char event_id[HT_UUID_TEXT];
    ht_uuid_format(&event, event_id);
    struct ht_filter f = store_filter(HT_FILTER_DELIVERIES, store_text("event:%s endpoint:%s", event_id, id));
    struct ht_deliveries log = {0};
    STORE_OK(ht_store_deliveries(w->c, NULL, &f, NULL, NULL, 5, &log, &err));
    assert_int_equal(log.n, 1);
    assert_int_equal(log.rows[0].attempts_max, 4);
    ht_deliveries_fini(&log);
    ht_filter_fini(&f);

    /* editing takes settings away again, and the version grows so that workers read them anew */
    int32_t version = got.version;
    ht_endpoint_fini(&got);
    struct ht_endpoint plain = {.tenant_id = w->tenant, .id = e.id, .url = e.url};
    STORE_OK(ht_store_endpoint_edit(w->c, &plain, NULL, &err));
    STORE_OK(ht_store_endpoint_find(w->c, id, &got, &err));
    assert_true(got.version > version);
    assert_null(got.description);
    assert_null(got.workflows);
    assert_null(got.source_filter);
    assert_int_equal(got.timeout_ms + got.schedule_len + got.headers_len, 0);
    assert_int_equal(got.in_flight_max, 4);
    ht_endpoint_fini(&got);
}

static void a_refused_endpoint_leaves_nothing(void **state)
{
    const struct store_world *w = *state;
    const char *const patterns[] = {"a.*", "no pattern"};
    struct ht_sealed first = store_sealed(1);
    struct ht_endpoint e = {.tenant_id = w->tenant,
                            .id = ht_uuid_new(),
                            .profile = (char[]){"standard"},
                            .url = (char[]){"https://a.example/"},
                            .status = HT_ENDPOINT_ACTIVE};
    STORE_REFUSED(HT_USAGE, ht_store_endpoint_add(w->c, &e, patterns, 2, &first, NULL, &err),
                  "\"no pattern\" is no pattern", NULL);
    e.profile = (char[]){"instnt"};
    STORE_REFUSED(HT_USAGE, ht_store_endpoint_add(w->c, &e, patterns, 1, &first, NULL, &err),
                  "the tenant's profile is standard", NULL);
    assert_int_equal(store_rows(w, "endpoint"), 1);
    assert_int_equal(store_rows(w, "secret"), 1);
    assert_int_equal(store_rows(w, "subscription"), 1);
    struct ht_uuid insta = store_tenant(w->c, "Insta", "instaclaim");
    e.tenant_id = insta;
    e.profile = (char[]){"instaclaim"};
    const char *const unknown[] = {"claim_project.creatd"};
    STORE_REFUSED(HT_NOT_FOUND, ht_store_endpoint_add(w->c, &e, unknown, 1, &first, NULL, &err),
                  "no event type \"claim_project.creatd\"", NULL);
    /* planned types can be subscribed to */
    const char *const planned[] = {"integration.connected"};
    STORE_OK(ht_store_endpoint_add(w->c, &e, planned, 1, &first, NULL, &err));
}

static void pausing_holds_and_resuming_releases(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid before = store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(set_state(w, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0), 1);
    struct ht_uuid during = store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(store_status_of(w, &before), HT_DELIVERY_HELD);
    assert_int_equal(store_status_of(w, &during), HT_DELIVERY_HELD);
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 0);
    struct ht_endpoint e = find(w);
    assert_int_equal(e.status, HT_ENDPOINT_PAUSED);
    assert_non_null(strstr(e.status_reason, "because"));
    assert_int_equal(e.held, 2);
    ht_endpoint_fini(&e);
    assert_int_equal(set_state(w, HT_ENDPOINT_ACTIVE, HT_HELD_RELEASE, 0), 2);
    assert_int_equal(store_status_of(w, &before), HT_DELIVERY_READY);
    assert_int_equal(store_status_of(w, &during), HT_DELIVERY_READY);
    assert_int_equal(store_rows(w, "held"), 0);
    e = find(w);
    assert_null(e.status_reason);
    ht_endpoint_fini(&e);
    assert_int_equal(audited(w, "endpoint.paused", "because"), 1);
    assert_int_equal(audited(w, "endpoint.active", "because"), 1);
}

static void releasing_at_a_rate_spreads_the_held(void **state)
{
    const struct store_world *w = *state;
    set_state(w, HT_ENDPOINT_DISABLED, HT_HELD_KEEP, 0);
    for (int i = 0; i < 11; i++)
        store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(set_state(w, HT_ENDPOINT_ACTIVE, HT_HELD_RELEASE, 2), 11);
    /* ten gaps of half a second, in the order of emission */
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT round(extract(epoch FROM max(due_at) - min(due_at)) * 10)::int"
                                             " FROM hooktop.tenant_webhook_outbox"),
                     50);
}

static void enabling_may_cancel_or_keep_the_held(void **state)
{
    const struct store_world *w = *state;
    set_state(w, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0);
    struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(set_state(w, HT_ENDPOINT_ACTIVE, HT_HELD_KEEP, 0), 0);
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_HELD);
    assert_int_equal(set_state(w, HT_ENDPOINT_ACTIVE, HT_HELD_CANCEL, 0), 1);
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_CANCELLED);
    assert_int_equal(store_rows(w, "held"), 0);
}

static void removing_cancels_and_keeps_the_log(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(set_state(w, HT_ENDPOINT_REMOVED, HT_HELD_KEEP, 0), 1);
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_CANCELLED);
    store_emit(w->c, &w->tenant, "a.b", "{}");
    assert_int_equal(store_rows(w, "delivery"), 1);
    int64_t moved;
    STORE_REFUSED(HT_NOT_FOUND,
                  ht_store_endpoint_state(w->c, &w->e, HT_ENDPOINT_ACTIVE, HT_HELD_KEEP, 0, NULL, &moved, &err),
                  "there is no endpoint", NULL);
    struct ht_delivery d = store_delivery_of(w->c, &event);
    struct ht_uuid made;
    STORE_REFUSED(HT_FAILED, ht_store_redeliver(w->c, &d, NULL, &made, &err), "endpoint was removed", NULL);
    ht_delivery_fini(&d);
}

static void an_unverified_endpoint_waits_for_its_ping(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid tenant = store_tenant(w->c, "Port", "claimport");
    struct ht_endpoint e = {.tenant_id = tenant,
                            .id = ht_uuid_new(),
                            .profile = (char[]){"claimport"},
                            .url = (char[]){"https://a.example/"},
                            .status = HT_ENDPOINT_UNVERIFIED};
    const char *const patterns[] = {"*"};
    struct ht_sealed first = store_sealed(1);
    STORE_OK(ht_store_endpoint_add(w->c, &e, patterns, 1, &first, NULL, &err));
    struct ht_uuid event = store_emit(w->c, &tenant, "claim.created", "{\"claim\":{}}");
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_HELD);
    int64_t moved;
    STORE_REFUSED(HT_FAILED,
                  ht_store_endpoint_state(w->c, &e, HT_ENDPOINT_ACTIVE, HT_HELD_RELEASE, 0, NULL, &moved, &err),
                  "unverified", "hooktop ping", NULL);
    struct ht_ping_result ping = {.success = true, .status = 200, .address = (char[]){"203.0.113.5:443"}};
    STORE_OK(ht_store_audit_ping(w->c, &e, &ping, "first ping", &err));
    assert_int_equal(audited(w, "endpoint.pinged", "first ping"), 1);
    STORE_OK(ht_store_endpoint_verified(w->c, &e, &err));
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_READY);
    STORE_OK(ht_store_endpoint_verified(w->c, &e, &err)); /* again: nothing happens */
    assert_int_equal(audited(w, "endpoint.verified", NULL), 1);
    /* another URL is unverified again, and what waits is held */
    e.url = (char[]){"https://b.example/"};
    STORE_OK(ht_store_endpoint_edit(w->c, &e, "moved", &err));
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_HELD);
}

static void redelivering_replaces_the_pending_retry(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}"), made = {0};
    char id[HT_UUID_TEXT];
    store_settle_all(w->dsn, "ready", 500, "http_5xx");
    struct ht_delivery old = store_delivery_of(w->c, &event), fresh = {0};
    assert_int_equal(old.status, HT_DELIVERY_READY);
    STORE_OK(ht_store_redeliver(w->c, &old, "customer asked", &made, &err));
    ht_uuid_format(&made, id);
    STORE_OK(ht_store_delivery_find(w->c, id, &fresh, &err));
    assert_memory_equal(&fresh.event_id, &event, sizeof(event));
    assert_memory_equal(&fresh.redelivery_of, &old.id, sizeof(event));
    assert_int_equal(fresh.status, HT_DELIVERY_READY);
    assert_int_equal(fresh.attempts, 0);
    ht_delivery_fini(&fresh);
    ht_uuid_format(&old.id, id);
    STORE_OK(ht_store_delivery_find(w->c, id, &fresh, &err));
    assert_int_equal(fresh.status, HT_DELIVERY_CANCELLED);
    assert_non_null(strstr(fresh.reason, "redelivery"));
    assert_int_equal(fresh.attempts, 1);
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 1);
    assert_int_equal(audited(w, "delivery.redelivered", "customer asked"), 1);
    ht_delivery_fini(&fresh);
    ht_delivery_fini(&old);
}

static void a_finished_delivery_is_redelivered_beside_itself(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}"), made = {0};
    store_settle_all(w->dsn, "succeeded", 200, "");
    struct ht_delivery old = store_delivery_of(w->c, &event);
    STORE_OK(ht_store_redeliver(w->c, &old, NULL, &made, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery WHERE status = 'succeeded'"), 1);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery WHERE status = 'ready'"), 1);
    /* redelivered while paused: held with the reason */
    set_state(w, HT_ENDPOINT_PAUSED, HT_HELD_CANCEL, 0);
    STORE_OK(ht_store_redeliver(w->c, &old, NULL, &made, &err));
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.delivery WHERE status = 'held'"
                                             " AND reason LIKE '%because%'"),
                     1);
    ht_delivery_fini(&old);
}

static void cancelling_what_waits(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}");
    struct ht_delivery d = store_delivery_of(w->c, &event);
    STORE_OK(ht_store_delivery_cancel(w->c, &d, "not needed", &err));
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_CANCELLED);
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 0);
    assert_int_equal(audited(w, "delivery.cancelled", "not needed"), 1);
    d.id = ht_uuid_new();
    STORE_REFUSED(HT_NOT_FOUND, ht_store_delivery_cancel(w->c, &d, NULL, &err), "there is no delivery", NULL);
    ht_delivery_fini(&d);
}

static struct ht_secret_metas secrets(const struct store_world *w, const struct ht_uuid *endpoint)
{
    struct ht_secret_metas l = {0};
    STORE_OK(ht_store_secrets(w->c, &w->tenant, endpoint, &l, &err));
    return l;
}

static struct ht_sealed rotate(const struct store_world *w, const struct ht_uuid *endpoint, bool staged, int64_t ms)
{
    int32_t generation = 0;
    STORE_OK(ht_store_secret_next(w->c, &w->tenant, endpoint, &generation, &err));
    struct ht_sealed s = store_sealed(generation);
    if (ht_uuid_is_nil(endpoint))
        s.public_pem = "a public key";
    STORE_OK(ht_store_secret_add(w->c, &w->tenant, endpoint, &s, staged, ms, "due", &err));
    return s;
}

static void assert_states(const struct ht_secret_metas *l, const char *states)
{
    struct ht_buf got;
    ht_buf_init(&got, 256);
    for (size_t i = 0; i < l->n; i++)
        ht_buf_addf(&got, "%s%d %s", i > 0 ? ", " : "", (int)l->rows[i].generation,
                    ht_secret_words[l->rows[i].state].name);
    assert_string_equal(got.data, states);
    ht_buf_fini(&got);
}

static void rotation_with_overlap_and_staged(void **state)
{
    const struct store_world *w = *state;
    struct ht_secret_metas l = secrets(w, &w->e.id);
    assert_states(&l, "1 active");
    assert_true(l.rows[0].revealed_at > 0); /* shown to whoever added the endpoint */
    assert_string_equal(l.rows[0].created_by, "hooktop_test");
    assert_int_equal(l.rows[0].expires_at, 0);
    ht_secret_metas_fini(&l);

    rotate(w, &w->e.id, false, 3600000);
    l = secrets(w, &w->e.id);
    assert_states(&l, "2 active, 1 retiring");
    assert_int_equal(l.rows[0].revealed_at, 0);
    assert_true(l.rows[1].expires_at > l.rows[0].created_at + INT64_C(3500000000));
    ht_secret_metas_fini(&l);

    rotate(w, &w->e.id, true, 7200000);
    l = secrets(w, &w->e.id);
    assert_states(&l, "3 next, 2 active, 1 retiring");
    assert_true(l.rows[0].promote_at > 0 && l.rows[0].promote_at == l.rows[1].expires_at);
    ht_secret_metas_fini(&l);
    int32_t generation;
    STORE_OK(ht_store_secret_next(w->c, &w->tenant, &w->e.id, &generation, &err));
    assert_int_equal(generation, 4);
    struct ht_sealed s = store_sealed(4);
    STORE_REFUSED(HT_FAILED, ht_store_secret_add(w->c, &w->tenant, &w->e.id, &s, false, 1000, NULL, &err),
                  "three generations", NULL);
    STORE_REFUSED(HT_USAGE, ht_store_secret_add(w->c, &w->tenant, &w->e.id, &s, false, -1, NULL, &err), "7 days", NULL);

    struct ht_sealed_rows sealed = {0};
    STORE_OK(ht_store_sealed(w->c, &w->e, &sealed, &err));
    assert_int_equal(sealed.n, 3);
    assert_int_equal(sealed.rows[0].state, HT_SECRET_ACTIVE);
    assert_int_equal(sealed.rows[0].generation, 2);
    assert_int_equal(sealed.rows[1].state, HT_SECRET_RETIRING);
    assert_true(sealed.rows[1].expires_at > 0 && sealed.rows[1].promote_at == 0);
    assert_int_equal(sealed.rows[2].state, HT_SECRET_NEXT);
    assert_true(sealed.rows[2].promote_at > 0);
    assert_int_equal(sealed.rows[0].len, s.len);
    assert_memory_equal(sealed.rows[0].blob, s.blob, s.len);
    assert_memory_equal(&sealed.rows[0].endpoint_id, &w->e.id, sizeof(w->e.id));
    ht_sealed_rows_fini(&sealed);
    assert_int_equal(ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.secret WHERE key_id = 'KEYIDENT'"), 3);
    assert_int_equal(audited(w, "secret.rotated", "due"), 2);
}

static void replacing_at_once_ends_all_others(void **state)
{
    const struct store_world *w = *state;
    rotate(w, &w->e.id, false, 3600000);
    rotate(w, &w->e.id, true, 3600000);
    rotate(w, &w->e.id, false, 0);
    struct ht_secret_metas l = secrets(w, &w->e.id);
    assert_states(&l, "4 active, 3 expired, 2 expired, 1 expired");
    ht_secret_metas_fini(&l);
}

static void a_tenants_key_has_generations_of_its_own(void **state)
{
    const struct store_world *w = *state;
    const struct ht_uuid nil = {0};
    rotate(w, &nil, false, 0);
    struct ht_secret_metas l = secrets(w, &nil);
    assert_states(&l, "1 active");
    assert_string_equal(l.rows[0].public_pem, "a public key");
    ht_secret_metas_fini(&l);
    rotate(w, &nil, true, 3600000);
    l = secrets(w, &nil);
    assert_states(&l, "2 next, 1 active");
    ht_secret_metas_fini(&l);
    int64_t sealed = 0;
    STORE_OK(ht_store_sealed_count(w->c, &sealed, &err));
    assert_int_equal(sealed, 3);
}

struct revealer {
    const char *dsn;
    const struct ht_uuid *secret;
    pthread_barrier_t *start;
    enum ht_rc rc;
    struct ht_err err;
};

static void *reveal(void *user)
{
    struct revealer *r = user;
    const struct ht_conn_options o = {.dsn = r->dsn, .timeout_ms = 60000};
    struct ht_conn *c = NULL;
    r->rc = ht_conn_open(&o, &c, &r->err);
    pthread_barrier_wait(r->start);
    if (r->rc == HT_OK)
        r->rc = ht_store_secret_reveal(c, r->secret, &r->err);
    ht_conn_close(c);
    return NULL;
}

static void a_secret_is_revealed_exactly_once(void **state)
{
    const struct store_world *w = *state;
    enum { RIVALS = 4 };
    struct ht_sealed s = rotate(w, &w->e.id, false, 1000);
    struct revealer r[RIVALS];
    pthread_t threads[RIVALS];
    pthread_barrier_t start;
    int won = 0;
    pthread_barrier_init(&start, NULL, RIVALS);
    for (int i = 0; i < RIVALS; i++) {
        r[i] = (struct revealer){.dsn = w->dsn, .secret = &s.id, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, reveal, &r[i]), 0);
    }
    for (int i = 0; i < RIVALS; i++) {
        pthread_join(threads[i], NULL);
        won += r[i].rc == HT_OK;
        if (r[i].rc != HT_OK)
            store_refused(r[i].rc, &r[i].err, HT_DENIED, "shown once already", "rotate", NULL);
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(won, 1);
    assert_int_equal(audited(w, "secret.revealed", NULL), 1);
    STORE_REFUSED(HT_DENIED, ht_store_secret_reveal(w->c, &s.id, &err), "shown once already", NULL);
    struct ht_uuid unknown = ht_uuid_new();
    STORE_REFUSED(HT_NOT_FOUND, ht_store_secret_reveal(w->c, &unknown, &err), "there is no secret", NULL);
}

static void the_audit_log_tells_who_what_and_why_in_pages(void **state)
{
    const struct store_world *w = *state;
    struct ht_audit_entries l = {0};
    set_state(w, HT_ENDPOINT_PAUSED, HT_HELD_KEEP, 0);
    set_state(w, HT_ENDPOINT_ACTIVE, HT_HELD_RELEASE, 0);
    STORE_OK(ht_store_audit(w->c, NULL, NULL, NULL, 2, &l, &err));
    assert_int_equal(l.n, 2);
    assert_true(l.more);
    assert_string_equal(l.rows[0].action, "endpoint.active");
    assert_string_equal(l.rows[0].who, "hooktop_test");
    assert_string_equal(l.rows[0].from, "local store test");
    assert_string_equal(l.rows[0].reason, "because");
    assert_non_null(strstr(l.rows[0].detail, "\"before\" : \"paused\""));
    assert_string_equal(l.rows[1].action, "endpoint.paused");
    struct ht_audit_entries next = {0};
    STORE_OK(ht_store_audit(w->c, NULL, NULL, &l.rows[1], 100, &next, &err));
    assert_int_equal(next.n, 2);
    assert_false(next.more);
    assert_string_equal(next.rows[0].action, "endpoint.added");
    assert_string_equal(next.rows[1].action, "tenant.added");
    ht_audit_entries_fini(&next);
    ht_audit_entries_fini(&l);
    struct ht_uuid other = store_tenant(w->c, "Other", "standard");
    STORE_OK(ht_store_audit(w->c, &other, NULL, NULL, 100, &l, &err));
    assert_int_equal(l.n, 1);
    ht_audit_entries_fini(&l);
}

static void workers_show_their_heartbeat_and_leases(void **state)
{
    const struct store_world *w = *state;
    struct ht_workers l = {0};
    store_emit(w->c, &w->tenant, "a.b", "{}");
    ht_test_sql(w->dsn,
                "SELECT hooktop.heartbeat('11111111-1111-7111-8111-111111111111', 'host:1', '0.1', 64, false, false);"
                "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() + interval '1 h',"
                " worker_id = '11111111-1111-7111-8111-111111111111'");
    STORE_OK(ht_store_workers(w->c, &l, &err));
    assert_int_equal(l.n, 1);
    assert_string_equal(l.rows[0].name, "host:1");
    assert_string_equal(l.rows[0].version, "0.1");
    assert_int_equal(l.rows[0].concurrency, 64);
    assert_int_equal(l.rows[0].leases, 1);
    assert_false(l.rows[0].in_console);
    assert_true(l.rows[0].heartbeat_age_ms >= 0 && l.rows[0].heartbeat_age_ms < 60000);
    ht_workers_fini(&l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_endpoint_is_stored_with_all_its_settings),
        TEST(a_refused_endpoint_leaves_nothing),
        TEST(pausing_holds_and_resuming_releases),
        TEST(releasing_at_a_rate_spreads_the_held),
        TEST(enabling_may_cancel_or_keep_the_held),
        TEST(removing_cancels_and_keeps_the_log),
        TEST(an_unverified_endpoint_waits_for_its_ping),
        TEST(redelivering_replaces_the_pending_retry),
        TEST(a_finished_delivery_is_redelivered_beside_itself),
        TEST(cancelling_what_waits),
        TEST(rotation_with_overlap_and_staged),
        TEST(replacing_at_once_ends_all_others),
        TEST(a_tenants_key_has_generations_of_its_own),
        TEST(a_secret_is_revealed_exactly_once),
        TEST(the_audit_log_tells_who_what_and_why_in_pages),
        TEST(workers_show_their_heartbeat_and_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
