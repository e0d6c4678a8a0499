#include "hooktop/model/replay.h"

#include <stdlib.h>
#include <string.h>

#define ROW(id, name, sign, meaning) {name, sign, meaning},
const struct ht_word ht_failure_by_words[HT_FAILURE_BY_COUNT] = {HT_FAILURE_BYS(ROW)};
const struct ht_word ht_replay_words[HT_REPLAY_STATE_COUNT] = {HT_REPLAY_STATES(ROW)};

int64_t ht_replay_sent(const struct ht_replay_preview *p)
{
    return p->total - p->removed - p->purged - p->replaced;
}

int64_t ht_replay_seconds(int64_t deliveries, double rate_per_s)
{
    double s = rate_per_s > 0 ? (double)deliveries / rate_per_s : 0;
    return s > 1e15 ? (int64_t)1e15 : (int64_t)(s + 0.999);
}

int64_t ht_replay_waiting(const struct ht_replay *r)
{
    return r->total - r->queued - r->skipped;
}

struct ht_replay_progress ht_replay_progress(const struct ht_tallies *tally)
{
    struct ht_replay_progress p = {0};
    for (size_t i = 0; i < tally->n; i++) {
        const struct ht_tally *t = &tally->rows[i];
        if (strcmp(t->outcome, HT_TALLY_NOT_QUEUED) == 0)
            p.not_queued += t->n;
        else if (strncmp(t->outcome, HT_TALLY_LEFT_OUT, strlen(HT_TALLY_LEFT_OUT)) == 0)
            p.left_out += t->n;
        else if (strcmp(t->outcome, HT_TALLY_ON_ITS_WAY) == 0)
            p.on_its_way += t->n;
        else
            p.unsent += t->n - t->sent;
        p.sent += t->sent;
    }
    return p;
}

void ht_replay_fini(struct ht_replay *r)
{
    free(r->tenant_name);
    free(r->what);
    free(r->endpoint_url);
    free(r->reason);
    free(r->created_by);
    *r = (struct ht_replay){0};
}

void ht_tally_fini(struct ht_tally *t)
{
    free(t->outcome);
    *t = (struct ht_tally){0};
}

void ht_replays_fini(struct ht_replays *l)
{
    for (size_t i = 0; i < l->n; i++)
        ht_replay_fini(&l->rows[i]);
    free(l->rows);
    *l = (struct ht_replays){0};
}

void ht_tallies_fini(struct ht_tallies *l)
{
    for (size_t i = 0; i < l->n; i++)
        ht_tally_fini(&l->rows[i]);
    free(l->rows);
    *l = (struct ht_tallies){0};
}
