/* Bulk redelivery: what is to be delivered again, what that would mean, and how far it got. Plain data, as records.h.
 */
#ifndef HOOKTOP_MODEL_REPLAY_H
#define HOOKTOP_MODEL_REPLAY_H

#include "hooktop/model/records.h"

#define HT_REPLAY_RATE_USUAL 10.0 /* per second */
#define HT_REPLAY_RATE_MAX   10000.0

#define HT_REPLAY_STATES(X)                                                                                            \
    X(RUNNING, "running", "", "workers queue it at its rate, up to six seconds ahead, and send it")                    \
    X(SENDING, "sending", "", "all of it is queued; workers send the last")                                            \
    X(PAUSED, "paused", "", "waits to be resumed or cancelled; what is queued is still sent")                          \
    X(CANCELLED, "cancelled", "", "ended by an operator; what was queued before is still sent")                        \
    X(FINISHED, "finished", "", "all of it was sent, or is held, or was left out")

#define HT_WORD_ENUM_REPLAY(id, ...) HT_REPLAY_##id,
enum ht_replay_state { HT_REPLAY_STATES(HT_WORD_ENUM_REPLAY) HT_REPLAY_STATE_COUNT };
extern const struct ht_word ht_replay_words[HT_REPLAY_STATE_COUNT];

/* Which deliveries. Copied as it is, owns nothing. Without a status: those that failed for good, and those tried in
 * vain that wait for their next try. What was redelivered before is never meant.
 * With `chosen` these are meant, whatever became of them and whose ever they are, and nothing else counts: those that
 * have arrived are sent again, those that were redelivered before are left out, and counted. */
struct ht_replay_what {
    struct ht_uuid tenant_id;
    int64_t since;              /* created from then on */
    int64_t until;              /* and before then; 0: now */
    struct ht_uuid endpoint_id; /* nil: any */
    char status[16];            /* "": as above; else a word of ht_delivery_words, not "leased" */
    char error[32];             /* the last attempt's; "": any */
    bool by_code;
    int32_t code; /* with by_code: the last attempt's HTTP status; 0: none */
    char type[132];
    const struct ht_uuid *chosen; /* borrowed by who calls with it; NULL: as above */
    size_t n_chosen;
};

/* Counted exactly, now. */
struct ht_replay_preview {
    int64_t total;
    int64_t endpoints; /* how many */
    /* of the total, at endpoints that do not take them now: they will be held */
    int64_t unverified;
    int64_t paused;
    int64_t disabled;
    /* of the total, will be left out: the endpoint was removed, the event's payload is kept no longer */
    int64_t removed;
    int64_t purged;
    /* of those that were chosen, left out: redelivered before; these are no more, or hidden from who asks */
    int64_t replaced;
    int64_t gone;
    int64_t arrived; /* of what would be sent: delivered already */
    int64_t tenants; /* whose they are: each gets a replay of its own */
};
struct ht_replay_made {
    struct ht_uuid id; /* of several the newest */
    int64_t replays;   /* 1; of what was chosen one for each tenant */
};
/* What would be sent. */
int64_t ht_replay_sent(const struct ht_replay_preview *p);
/* How long it takes at this rate, in seconds. */
int64_t ht_replay_seconds(int64_t deliveries, double rate_per_s);

struct ht_replay {
    struct ht_uuid tenant_id;
    struct ht_uuid id;
    enum ht_replay_state state;
    char *tenant_name;
    char *what; /* in words: "status:exhausted error:http_5xx" */
    char *endpoint_url;
    struct ht_uuid endpoint_id; /* nil: any */
    int64_t since;
    int64_t until;
    double rate_per_s;
    char *reason;
    char *created_by;
    int64_t created_at;
    int64_t ended_at;
    int64_t total;
    int64_t queued;       /* redeliveries made, which is up to six seconds before they are due */
    int64_t skipped;      /* left out */
    int64_t seconds_left; /* at its rate, until the last of it is due; 0 when it does not run */
};
void ht_replay_fini(struct ht_replay *r);
/* Neither queued nor left out so far. */
int64_t ht_replay_waiting(const struct ht_replay *r);

#define HT_TALLY_ON_ITS_WAY "on its way"
#define HT_TALLY_NOT_QUEUED "not queued"
#define HT_TALLY_LEFT_OUT   "left out: " /* and why */
/* How many of a replay ended so: "succeeded", "exhausted", "held" ... as their redeliveries stand now; "retrying":
 * tried, and waits for its next try; "gone": kept no longer; or one of the above. */
struct ht_tally {
    char *outcome;
    int64_t n;
    int64_t sent; /* of these: tried at least once */
};
void ht_tally_fini(struct ht_tally *t);

HT_LIST(ht_replays, ht_replay)
HT_LIST(ht_tallies, ht_tally)

/* A tally summed up, so that what was sent is told from what was only queued. The parts make up the total. */
struct ht_replay_progress {
    int64_t sent;       /* tried at least once */
    int64_t on_its_way; /* queued, not tried yet */
    int64_t unsent;     /* queued, and neither: held at its endpoint, cancelled there, or kept no longer */
    int64_t left_out;
    int64_t not_queued;
};
struct ht_replay_progress ht_replay_progress(const struct ht_tallies *tally);

#endif
