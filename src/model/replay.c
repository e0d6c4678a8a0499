#include "hooktop/model/replay.h"

#include <stdlib.h>

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
