/* Inside the lane: its requests, and what its files share.
 *   lane.c          the connection, the queue, what becomes of a request that was refused
 *   lane_request.c  what is asked: one function per request that binds its parameters
 *   lane_settle.c   settlements: asked in parts when the server does not take them whole
 *   lane_answer.c   what came back: rows into the callbacks' structs; the table of statements
 *   lane_floor.c    where the rows of an endpoint begin, for when dead entries lie before them
 *   lane_due.c      what the engine waits for, and what it asks of a lane
 */
#ifndef HT_STORE_LANE_INTERNAL_H
#define HT_STORE_LANE_INTERNAL_H

#include <sys/queue.h>
#include "hooktop/store/lane.h"
#include "query.h"

#define HT_LANE_QUEUE           64u
#define HT_LANE_NOTICE_EVERY_US 100000

enum ht_lane_kind {
    HT_LANE_DISCOVER,
    HT_LANE_CLAIM,
    HT_LANE_TARGETS,
    HT_LANE_SECRETS, /* second half of targets */
    HT_LANE_SETTLE,
    HT_LANE_RENEW,
    HT_LANE_RELEASE,
    HT_LANE_HEARTBEAT,
    HT_LANE_MAINTAIN, /* follows a heartbeat that says it is due */
    HT_LANE_COMPACT,  /* likewise */
    HT_LANE_REPLAY,   /* likewise, and itself while more is due */
    HT_LANE_BACKLOG,
    HT_LANE_GOODBYE,
    HT_LANE_NOTICE,
    HT_LANE_KIND_COUNT,
};

struct ht_lane_request {
    TAILQ_ENTRY(ht_lane_request) link;
    enum ht_lane_kind kind;
    struct ht_params params;
    int tries;                  /* how often the server refused it */
    int64_t not_before_us;      /* monotonic; it rests until then */
    int32_t limit;              /* discover: how many were asked for */
    bool from_floors;           /* discover: did not look at the very beginning */
    struct ht_targets *targets; /* secrets: what their endpoints were read into */
    /* settle: rows[from .. from + part) are asked now, those before are done */
    struct ht_settlement *rows;
    size_t n_rows;
    size_t from;
    size_t part;
    /* renew: of these deliveries */
    struct ht_uuid *deliveries;
    size_t n_deliveries;
};
TAILQ_HEAD(ht_lane_requests, ht_lane_request);

struct ht_lane_statement {
    const char *name; /* prepared under it; also what errors say failed */
    const char *sql;
    bool repeatable; /* asked again after the link broke, and after the server refused it */
    /* Reads the answer. True: there is more of the request to ask. */
    bool (*answer)(struct ht_lane *l, struct ht_lane_request *q, const PGresult *r);
    /* Tells a caller that waits for an answer that none will come; NULL: none waits. */
    void (*fail)(struct ht_lane *l, struct ht_lane_request *q, const struct ht_err *err);
};
extern const struct ht_lane_statement ht_lane_statements[HT_LANE_KIND_COUNT];

enum ht_lane_state { HT_LANE_WAITING, HT_LANE_CONNECTING, HT_LANE_CHECKING, HT_LANE_LISTENING, HT_LANE_READY };

struct ht_lane_floor {
    struct ht_uuid endpoint;
    int64_t at_us; /* the database's clock */
};

struct ht_lane {
    struct ht_lane_options o;
    char *dsn;
    char *worker_name;
    struct ht_lane_callbacks cb;
    enum ht_lane_state state;
    PGconn *pg;
    PostgresPollingStatusType polling;
    int64_t deadline_us; /* of connecting, or of the request under way */
    int32_t first_host;  /* to connect to: the one after a host that was silent */
    int64_t retry_at_us; /* WAITING: connect again then */
    int64_t backoff_ms;
    int64_t clock_offset_us; /* the database's clock minus the monotonic one */
    bool unfinished;         /* the answer to what was sent last has not been read to its end */
    PGresult *answer;        /* what came of it so far; counts at its end, when the server has committed */
    bool preparing;          /* the statement of the request under way is being prepared first */
    bool wants_write;
    bool prepared[HT_LANE_KIND_COUNT];
    /* With the server, not in the queue: what it works on, and a settlement that it has when it is done with another.
     */
    struct ht_lane_request *running;
    struct ht_lane_request *behind;
    struct ht_lane_requests queue;
    size_t n; /* in the queue */
    int64_t sent_at_us;
    int64_t echo_at_us; /* 0 = none: a second look after a notification, see ECHO_US */
    bool other_worker;
    int32_t workers; /* 0 = not heard yet */
    int32_t place;
    int64_t backlog;
    int64_t noticed_us; /* when consoles were last notified of settlements */
    bool notice_owed;   /* settlements since then: the last one must be told too */
    /* ascending by endpoint */
    struct ht_lane_floor *floors;
    size_t n_floors;
    size_t cap_floors;
    int64_t look_again_us; /* the very beginning is not looked at before: that takes long now; 0 = it does not */
};

/* lane.c */
/* Whether the lane takes a request of this kind now. */
bool ht_lane_takes(const struct ht_lane *l, enum ht_lane_kind kind);
/* Queues a request; false and freed when the lane takes none now. */
bool ht_lane_submit(struct ht_lane *l, struct ht_lane_request *q);
/* Puts a follow-up before everything that waits; it is always taken. */
void ht_lane_follow_up(struct ht_lane *l, struct ht_lane_request *q);
int64_t ht_lane_db_now(const struct ht_lane *l);

/* lane_request.c */
struct ht_lane_request *ht_lane_request_new(enum ht_lane_kind kind);
void ht_lane_request_free(struct ht_lane_request *q);
/* Tells consoles what no settlement told them: those come too often to tell of each. */
HT_MUST_CHECK bool ht_lane_notice(struct ht_lane *l);

/* lane_answer.c */
/* The database's clock stands in the last column of every answer that has one. */
void ht_lane_read_clock(struct ht_lane *l, const PGresult *r);

/* lane_settle.c */
/* Binds the part to be asked now. */
void ht_lane_settle_bind(struct ht_lane *l, struct ht_lane_request *q);
/* The server took the part, all but the `fenced` rows, which were no longer ours. True: there is more to ask. */
bool ht_lane_settle_done(struct ht_lane *l, struct ht_lane_request *q, const struct ht_uuid *fenced, size_t n_fenced);
/* The server refused the part; `whose` fault it may be. True: there is more to ask. */
enum ht_lane_fault {
    HT_LANE_FAULT_VALUE, /* a value in it: the same will be refused again */
    HT_LANE_FAULT_ROW,   /* one row takes too long or is locked */
    HT_LANE_FAULT_SERVER /* none of its */
};
bool ht_lane_settle_refused(struct ht_lane *l, struct ht_lane_request *q, enum ht_lane_fault whose);

/* lane_floor.c */
/* From where to claim for this endpoint: 1 (long ago) when it is not known, or looking there costs nothing. */
int64_t ht_lane_floor_of(const struct ht_lane *l, const struct ht_uuid *endpoint);
/* Puts the two arrays of known endpoints and floors behind `from`; both empty when the very beginning is to be looked
 * at. Returns whether they are not. */
bool ht_lane_floors_put(const struct ht_lane *l, const struct ht_uuid *from, struct ht_params *p);
void ht_lane_floor_set(struct ht_lane *l, const struct ht_uuid *endpoint, int64_t at_us);
/* A look at the very beginning of `n` endpoints took so long. */
void ht_lane_floors_timed(struct ht_lane *l, size_t n, int64_t took_us);

#endif
