#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo_parts.h"

/* Every tenth delivery fails at first. */
#define FAIL_EVERY 10
/* The profiles' own schedules take days; in the demo a retry comes after a second, and an outage outlasts the one
 * retry there is. It is one of 404, since on a sick receiver's answers (5xx) the breaker would hold back the rest. */
static const int32_t schedule_s[] = {1, 1, 1, 1};
#define OUTAGE_RETRIES 1

enum ht_rc ht_demo_world_receivers(struct ht_demo_world *w, struct ht_demo_place *p, bool record, struct ht_err *err)
{
    const struct ht_receiver_options o = {.record = record, .keep_bodies = record};
    HT_BUF_CLEANUP struct ht_buf allow;
    ht_buf_init(&allow, 1024);
    *w = (struct ht_demo_world){0};
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        enum ht_rc rc = ht_receiver_start(&o, &w->tenants[i].receiver, err);
        if (rc != HT_OK)
            return rc;
        ht_buf_addf(&allow, "%s127.0.0.1/32:%d", i == 0 ? "" : ", ", ht_receiver_port(w->tenants[i].receiver));
    }
    enum ht_rc rc = ht_egress_set(&p->egress, "http", "yes", err);
    return rc == HT_OK ? ht_egress_set(&p->egress, "allow", allow.data, err) : rc;
}

/* Gives the endpoint's receiver its n newest keys. */
static void give_keys(struct ht_demo_tenant *t, const struct ht_demo_endpoint *e, size_t n, bool down)
{
    struct ht_verify_key keys[2];
    for (size_t i = 0; i < n; i++)
        keys[i] = (struct ht_verify_key){.secret = e->secrets[i], .public_key = t->public_key};
    ht_receiver_route(t->receiver, &(struct ht_route){.path = e->plan->path,
                                                      .profile = t->profile,
                                                      .keys = keys,
                                                      .keys_len = n,
                                                      .answer = down ? HT_ANSWER_STATUS : HT_ANSWER_FAIL_PART,
                                                      .arg = down ? 404 : FAIL_EVERY,
                                                      .text = down ? "no such route\n" : NULL});
}

static void describe(struct ht_demo_tenant *t, struct ht_demo_endpoint *e)
{
    HT_BUF_CLEANUP struct ht_buf url;
    ht_buf_init(&url, HT_URL_MAX);
    ht_buf_addf(&url, "http://127.0.0.1:%d%s", ht_receiver_port(t->receiver), e->plan->path);
    e->row.profile = ht_strdup(t->plan->profile);
    e->row.url = ht_buf_take(&url, NULL);
    e->row.description = ht_strdup(e->plan->description);
    memcpy(e->row.schedule_s, schedule_s, sizeof(schedule_s));
    e->row.schedule_len = e->plan->outage ? OUTAGE_RETRIES : HT_COUNT(schedule_s);
    if (e->plan->source_filter != NULL)
        e->row.source_filter = ht_strdup(e->plan->source_filter);
    if (e->plan->workflow != NULL) {
        e->row.workflows = ht_alloc(2, sizeof(char *));
        e->row.workflows[0] = ht_strdup(e->plan->workflow);
    }
}

/* A profile that wants a new endpoint verified first gets its test event answered. */
static enum ht_rc verify_endpoint(const struct ht_ops *ops, struct ht_demo_endpoint *e, struct ht_err *err)
{
    struct ht_ping_result result = {0};
    enum ht_rc rc = ht_ops_ping(ops, &e->row, NULL, &result, err);
    if (rc == HT_OK && !result.success)
        rc = ht_fail(err, HT_FAILED, "demo", NULL, "%s did not answer its test event: %s", e->row.url,
                     result.error_detail == NULL ? "no reason given" : result.error_detail);
    ht_ping_result_fini(&result);
    return rc;
}

static enum ht_rc create_endpoint(struct ht_demo_tenant *t, const struct ht_demo_endpoint_plan *plan,
                                  const struct ht_ops *ops, struct ht_err *err)
{
    struct ht_demo_endpoint *e = &t->endpoints[t->n++];
    HT_AUTOFREE char *public_key = NULL;
    size_t patterns = 0;
    e->plan = plan;
    describe(t, e);
    while (patterns < HT_COUNT(plan->patterns) && plan->patterns[patterns] != NULL)
        patterns++;
    enum ht_rc rc =
        ht_ops_endpoint_add(ops, &t->row, &e->row, plan->patterns, patterns, NULL, &e->secrets[0], &public_key, err);
    if (rc != HT_OK)
        return rc;
    if (public_key != NULL && t->public_key == NULL)
        t->public_key = ht_strdup(public_key);
    give_keys(t, e, 1, plan->outage);
    return t->profile->needs_verification && !plan->unverified ? verify_endpoint(ops, e, err) : HT_OK;
}

static enum ht_rc create_tenant(struct ht_demo_tenant *t, const struct ht_demo_tenant_plan *plan,
                                const struct ht_ops *ops, struct ht_err *err)
{
    struct ht_uuid id;
    char text[HT_UUID_TEXT];
    t->plan = plan;
    t->profile = ht_profile_find(plan->profile);
    enum ht_rc rc = ht_store_tenant_add(ops->conn, plan->name, plan->profile, &id, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&id, text);
    rc = ht_store_tenant_find(ops->conn, text, &t->row, err);
    for (size_t i = 0; rc == HT_OK && i < HT_DEMO_ENDPOINTS && plan->endpoints[i].path != NULL; i++)
        rc = create_endpoint(t, &plan->endpoints[i], ops, err);
    return rc;
}

enum ht_rc ht_demo_world_create(struct ht_demo_world *w, const struct ht_ops *ops, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; rc == HT_OK && i < HT_DEMO_TENANTS; i++)
        rc = create_tenant(&w->tenants[i], &ht_demo_tenants[i], ops, err);
    return rc;
}

void ht_demo_world_fini(struct ht_demo_world *w)
{
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++) {
        struct ht_demo_tenant *t = &w->tenants[i];
        ht_receiver_stop(t->receiver);
        ht_tenant_fini(&t->row);
        free(t->public_key);
        for (size_t j = 0; j < t->n; j++) {
            ht_endpoint_fini(&t->endpoints[j].row);
            ht_secret_free(t->endpoints[j].secrets[0]);
            ht_secret_free(t->endpoints[j].secrets[1]);
        }
    }
    *w = (struct ht_demo_world){0};
}

static enum ht_rc rotate(struct ht_demo_endpoint *e, const struct ht_ops *ops, struct ht_err *err)
{
    struct ht_uuid id;
    struct ht_secret *fresh = NULL;
    HT_AUTOFREE char *public_key = NULL;
    enum ht_rc rc = ht_ops_rotate(ops, &e->row, HT_OVERLAP_USUAL_MS, &id, &fresh, &public_key, err);
    if (rc != HT_OK)
        return rc;
    e->secrets[1] = e->secrets[0];
    e->secrets[0] = fresh;
    e->expected_rotated = e->expected;
    return HT_OK;
}

enum ht_rc ht_demo_rotate(struct ht_demo_world *w, const struct ht_ops *ops, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++)
        for (size_t j = 0; rc == HT_OK && j < w->tenants[i].n; j++)
            if (w->tenants[i].endpoints[j].plan->rotated)
                rc = rotate(&w->tenants[i].endpoints[j], ops, err);
    return rc;
}

void ht_demo_receivers_learn(struct ht_demo_world *w)
{
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++)
        for (size_t j = 0; j < w->tenants[i].n; j++) {
            struct ht_demo_endpoint *e = &w->tenants[i].endpoints[j];
            if (e->secrets[1] == NULL)
                continue;
            give_keys(&w->tenants[i], e, 2, false);
            e->expected_learned = e->expected;
        }
}

void ht_demo_receivers_mend(struct ht_demo_world *w)
{
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++)
        for (size_t j = 0; j < w->tenants[i].n; j++)
            if (w->tenants[i].endpoints[j].plan->outage)
                give_keys(&w->tenants[i], &w->tenants[i].endpoints[j], 1, false);
}

static enum ht_rc redeliver(struct ht_demo_endpoint *e, struct ht_conn *c, struct ht_err *err)
{
    struct ht_filter f = {0};
    struct ht_deliveries page = {0};
    struct ht_uuid made;
    char term[64 + HT_UUID_TEXT], id[HT_UUID_TEXT];
    size_t column = 0;
    ht_uuid_format(&e->row.id, id);
    snprintf(term, sizeof(term), "status:exhausted endpoint:%s", id);
    enum ht_rc rc = ht_filter_parse(HT_FILTER_DELIVERIES, term, 0, &f, &column, err);
    if (rc == HT_OK)
        rc = ht_store_deliveries(c, NULL, &f, NULL, NULL, 2 * HT_DEMO_EVENTS, &page, err);
    for (size_t i = 0; rc == HT_OK && i < page.n; i++) {
        rc = ht_store_redeliver(c, &page.rows[i], "its receiver is mended", &made, err);
        e->redelivered += rc == HT_OK;
    }
    ht_deliveries_fini(&page);
    ht_filter_fini(&f);
    return rc;
}

enum ht_rc ht_demo_redeliver(struct ht_demo_world *w, struct ht_conn *c, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; i < HT_DEMO_TENANTS; i++)
        for (size_t j = 0; rc == HT_OK && j < w->tenants[i].n; j++)
            if (w->tenants[i].endpoints[j].plan->outage)
                rc = redeliver(&w->tenants[i].endpoints[j], c, err);
    return rc;
}
