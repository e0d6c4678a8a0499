#include <poll.h>
#include "lane_internal.h"

int ht_lane_fd(const struct ht_lane *l)
{
    return l->pg != NULL ? PQsocket(l->pg) : -1;
}

short ht_lane_events(const struct ht_lane *l)
{
    if (l->state == HT_LANE_CONNECTING)
        return l->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    return l->wants_write ? POLLIN | POLLOUT : POLLIN;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t ht_lane_due_us(const struct ht_lane *l)
{
    const struct ht_lane_request *q;
    if (l->state == HT_LANE_WAITING)
        return l->retry_at_us;
    int64_t due = l->echo_at_us != 0 ? l->echo_at_us : INT64_MAX;
    if (l->state != HT_LANE_READY || l->unfinished)
        return sooner(due, l->deadline_us);
    if (l->notice_owed)
        due = sooner(due, l->noticed_us + HT_LANE_NOTICE_EVERY_US);
    TAILQ_FOREACH(q, &l->queue, link)
    due = sooner(due, q->not_before_us);
    return due;
}

bool ht_lane_idle(const struct ht_lane *l)
{
    return l->state == HT_LANE_READY && !l->unfinished && l->n == 0;
}

bool ht_lane_up(const struct ht_lane *l)
{
    return l->state == HT_LANE_READY;
}

bool ht_lane_other_worker(const struct ht_lane *l)
{
    return l->other_worker;
}

int32_t ht_lane_workers(const struct ht_lane *l, int32_t *ret_place)
{
    *ret_place = l->place;
    return l->workers;
}

int64_t ht_lane_backlog(const struct ht_lane *l)
{
    return l->backlog;
}
