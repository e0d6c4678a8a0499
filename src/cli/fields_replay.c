#include "fields.h"
#include "hooktop/model/replay.h"

static const struct ht_field replay_fields[] = {
    FIELD(ht_replay, id, "id", "ID", HT_FIELD_UUID, COLUMN),
    WORD(ht_replay, state, "state", "STATE", ht_replay_words, COLUMN),
    FIELD(ht_replay, queued, "queued", "QUEUED", HT_FIELD_COUNT, COLUMN),
    FIELD(ht_replay, skipped, "left_out", "LEFT OUT", HT_FIELD_COUNT, COLUMN),
    FIELD(ht_replay, total, "total", "OF", HT_FIELD_COUNT, COLUMN),
    FIELD(ht_replay, rate_per_s, "rate_per_s", "RATE/S", HT_FIELD_RATE, COLUMN | GIVES),
    FIELD(ht_replay, created_at, "created_at", "STARTED", HT_FIELD_TIME, COLUMN),
    FIELD(ht_replay, created_by, "created_by", "BY", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_replay, ended_at, "ended_at", "ENDED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_replay, tenant_name, "tenant", "TENANT", HT_FIELD_TEXT, COLUMN | GIVES),
    FIELD(ht_replay, what, "what", "WHAT", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_replay, endpoint_id, "endpoint_id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_replay, endpoint_url, "url", "URL", HT_FIELD_ASCII, COLUMN | SHRINKS | GIVES),
    FIELD(ht_replay, seconds_left, "seconds_left", "SECONDS LEFT", HT_FIELD_COUNT, DETAIL),
    FIELD(ht_replay, since, "since", "SINCE", HT_FIELD_TIME, DETAIL),
    FIELD(ht_replay, until, "until", "UNTIL", HT_FIELD_TIME, DETAIL),
    FIELD(ht_replay, reason, "reason", "REASON", HT_FIELD_TEXT, DETAIL),
};
KIND(ht_kind_replay, ht_replay, replay_fields);
