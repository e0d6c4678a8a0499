#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "demo_parts.h"

#define PACE_MS    25   /* between events of the story */
#define TRICKLE_MS 1300 /* and after it */
#define MENDED     3    /* events of the trickle, then the outage is over: its last retries have failed */

/* What the store should make of an event, by the demo's own knowledge of its endpoints. */
static bool meant_for(const struct ht_demo_endpoint_plan *e, const struct ht_emit_input *in)
{
    if (e->source_filter != NULL && strcmp(e->source_filter, in->source) != 0)
        return false;
    if (e->workflow != NULL && strcmp(e->workflow, in->workflow) != 0)
        return false;
    for (size_t i = 0; i < HT_COUNT(e->patterns) && e->patterns[i] != NULL; i++)
        if (ht_pattern_matches(e->patterns[i], in->type))
            return true;
    return false;
}

/* The n-th of those that are there; NULL: none is. */
static const char *in_turn(const char *const *words, size_t max, size_t n)
{
    size_t len = 0;
    while (len < max && words[len] != NULL)
        len++;
    return len == 0 ? NULL : words[n % len];
}

enum ht_rc ht_demo_emit(struct ht_demo_tenant *t, struct ht_conn *c, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf data;
    char tenant[HT_UUID_TEXT];
    struct ht_uuid event;
    int32_t deliveries = 0;
    const struct ht_demo_tenant_plan *p = t->plan;
    ht_buf_init(&data, HT_EVENT_DATA_MAX);
    ht_uuid_format(&t->row.id, tenant);
    const struct ht_emit_input in = {
        .tenant = tenant,
        .type = ht_demo_event(p, t->events, &data),
        .data = data.data,
        .data_len = data.len,
        .source = in_turn(p->sources, HT_COUNT(p->sources), t->events),
        .performed_by = in_turn(p->people, HT_COUNT(p->people), t->events),
        .workflow = in_turn(p->workflows, HT_COUNT(p->workflows), t->events),
    };
    enum ht_rc rc = ht_store_emit(c, &in, &event, &deliveries, err);
    if (rc != HT_OK)
        return rc;
    t->events++;
    for (size_t i = 0; i < t->n; i++)
        t->endpoints[i].expected += meant_for(t->endpoints[i].plan, &in);
    return HT_OK;
}

/* Events number from..to-1 of each tenant, in turn. */
static enum ht_rc tell(struct ht_demo_world *w, const struct ht_ops *ops, const struct ht_demo_teller *teller,
                       size_t to, struct ht_err *err)
{
    enum ht_rc rc = HT_OK;
    while (rc == HT_OK && w->tenants[0].events < to)
        for (size_t i = 0; rc == HT_OK && i < HT_DEMO_TENANTS; i++) {
            rc = ht_demo_emit(&w->tenants[i], ops->conn, err);
            if (rc == HT_OK)
                rc = teller->pause(teller->user, false, err);
        }
    return rc == HT_OK ? teller->pause(teller->user, true, err) : rc;
}

enum ht_rc ht_demo_story(struct ht_demo_world *w, const struct ht_ops *ops, const struct ht_demo_teller *teller,
                         struct ht_err *err)
{
    enum ht_rc rc = tell(w, ops, teller, HT_DEMO_EVENTS / 2, err);
    if (rc == HT_OK)
        rc = ht_demo_rotate(w, ops, err);
    if (rc == HT_OK)
        rc = tell(w, ops, teller, HT_DEMO_EVENTS * 3 / 4, err);
    if (rc != HT_OK)
        return rc;
    ht_demo_receivers_learn(w);
    return tell(w, ops, teller, HT_DEMO_EVENTS, err);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static enum ht_rc rest(const struct ht_demo_feed *f, int ms, struct ht_err *err)
{
    struct pollfd p = {.fd = f->stop_fd, .events = POLLIN};
    return poll(&p, 1, ms) == 0 ? HT_OK : ht_fail(err, HT_CANCELLED, "demo", NULL, "told to stop");
}

static enum ht_rc pace(void *user, bool settled, struct ht_err *err)
{
    return rest(user, settled ? 10 * PACE_MS : PACE_MS, err);
}

static enum ht_rc feed(struct ht_demo_feed *f, struct ht_conn *conn, struct ht_err *err)
{
    const struct ht_ops ops = {.conn = conn, .egress = &f->place->egress, .ring = f->place->ring, .reason = "demo"};
    const struct ht_demo_teller teller = {.pause = pace, .user = f};
    enum ht_rc rc = ht_demo_story(f->world, &ops, &teller, err);
    for (size_t i = 0; rc == HT_OK; i++) {
        rc = rest(f, TRICKLE_MS, err);
        if (i == MENDED)
            ht_demo_receivers_mend(f->world);
        if (rc == HT_OK)
            rc = ht_demo_emit(&f->world->tenants[i % HT_DEMO_TENANTS], conn, err);
    }
    return rc;
}

static void *feed_thread(void *user)
{
    struct ht_demo_feed *f = user;
    struct ht_conn *conn = NULL;
    const struct ht_conn_options o = {.dsn = ht_cluster_dsn(f->place->cluster), .application = "hooktop demo"};
    f->rc = ht_conn_open(&o, &conn, &f->err);
    if (f->rc == HT_OK)
        f->rc = feed(f, conn, &f->err);
    ht_conn_close(conn);
    return NULL;
}

enum ht_rc ht_demo_feed_start(struct ht_demo_feed *f, struct ht_demo_world *w, const struct ht_demo_place *place,
                              struct ht_err *err)
{
    *f = (struct ht_demo_feed){.world = w, .place = place};
    f->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (f->stop_fd < 0)
        return ht_fail(err, HT_FAILED, "demo", NULL, "%s", strerror(errno));
    int rc = pthread_create(&f->thread, NULL, feed_thread, f);
    if (rc != 0) {
        close(f->stop_fd);
        return ht_fail(err, HT_FAILED, "demo", NULL, "no thread: %s", strerror(rc));
    }
    f->running = true;
    return HT_OK;
}

enum ht_rc ht_demo_feed_stop(struct ht_demo_feed *f, struct ht_err *err)
{
    if (!f->running)
        return HT_OK;
    eventfd_write(f->stop_fd, 1);
    pthread_join(f->thread, NULL);
    close(f->stop_fd);
    f->running = false;
    if (f->rc == HT_CANCELLED)
        return HT_OK;
    *err = f->err;
    return f->rc;
}
