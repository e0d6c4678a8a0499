#include "hooktop/ops/replay.h"
#include "hooktop/store/replay.h"

static enum ht_rc check(const struct ht_replay_what *what, struct ht_err *err)
{
    if (what->until != 0 && what->since >= what->until)
        return ht_fail(err, HT_USAGE, "replay", NULL, "its beginning is not before its end");
    int s = ht_word_find(ht_delivery_words, HT_DELIVERY_STATUS_COUNT, what->status);
    if (what->status[0] != '\0' && (s < 0 || s == HT_DELIVERY_LEASED))
        return ht_fail(err, HT_USAGE, "replay", "one of held, ready, succeeded, exhausted, quarantined, cancelled",
                       "\"%s\" is no status that can be replayed", what->status);
    if (what->error[0] != '\0' && ht_word_find(ht_attempt_words, HT_ATTEMPT_ERROR_COUNT, what->error) < 0)
        return ht_fail(err, HT_USAGE, "replay", "hooktop delivery groups shows them", "\"%s\" is no error of attempts",
                       what->error);
    return HT_OK;
}

enum ht_rc ht_ops_replay_preview(const struct ht_ops *o, const struct ht_replay_what *what,
                                 struct ht_replay_preview *ret, struct ht_err *err)
{
    enum ht_rc rc = check(what, err);
    return rc == HT_OK ? ht_store_replay_preview(o->conn, what, ret, err) : rc;
}

enum ht_rc ht_ops_replay_start(const struct ht_ops *o, const struct ht_replay_what *what, double rate_per_s,
                               struct ht_replay_made *ret, struct ht_err *err)
{
    enum ht_rc rc = check(what, err);
    if (rc == HT_OK && !(rate_per_s > 0 && rate_per_s <= HT_REPLAY_RATE_MAX))
        rc = ht_fail(err, HT_USAGE, "replay", NULL, "its rate is more than 0 and at most %.0f per second",
                     HT_REPLAY_RATE_MAX);
    return rc == HT_OK ? ht_store_replay_start(o->conn, what, rate_per_s, o->reason, ret, err) : rc;
}
