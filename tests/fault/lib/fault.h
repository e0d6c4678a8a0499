/* What the fault tests are made of: a private PostgreSQL that can be crashed, a proxy that cuts its connections,
 * workers that are killed and stopped, receivers that fall ill, producers that note what they committed, a nemesis that
 * does all of that by a seed, and a checker that compares what receivers recorded with what the store says.
 *
 * Whatever the harness itself cannot do ends the program (ft_die): that is no verdict about hooktop. Files and
 * processes are cleared away when the program ends, also by a signal. */
#ifndef HT_FAULT_H
#define HT_FAULT_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "hooktop/base/buf.h"
#include "hooktop/base/clock.h"
#include "hooktop/ops/ops.h"
#include "hooktop/receiver/receiver.h"

#include "delivery_lab.h"

/* The workers' settings: leases that end within a run. The longest request takes more than half a lease, so that
 * leases are renewed. */
#define FT_LEASE_MS      6000
#define FT_TIME_LIMIT_MS 3500
#define FT_MARGIN_MS     2000 /* HT_LEASE_MARGIN of the workers */
/* Beyond its time limit, a request starts with at least so much left of its lease (START_MARGIN_US of flight.c). */
#define FT_START_LEFT_MS (FT_MARGIN_MS / 5)

/* harness.c: what everyone needs ----------------------------------------------------------------------------------- */
void ft_die(const char *fmt, ...) HT_PRINTF(1, 2) __attribute__((noreturn));
void ft_must(enum ht_rc rc, const struct ht_err *err);
#define FT_OK(call)                                                                                                    \
    do {                                                                                                               \
        struct ht_err err = {0};                                                                                       \
        ft_must(call, &err);                                                                                           \
    } while (0)
void ft_pause_ms(int ms);
/* Numbers of a seed: the same seed gives the same numbers. */
struct ft_random {
    uint64_t state;
};
uint64_t ft_next(struct ft_random *r);
int ft_below(struct ft_random *r, int n); /* 0 to n - 1 */
/* A directory that is removed at the end unless ft_keep is called; $HT_TEST_WORK or /tmp. */
const char *ft_work(void);
void ft_keep(void);
const char *ft_text(const char *fmt, ...) HT_PRINTF(1, 2); /* lives until the program ends */
/* Where the build with crash points is: $HT_BUILD, or faults in it. */
const char *ft_build(void);
/* Processes to end with this program. */
void ft_process_add(pid_t pid);
void ft_process_gone(pid_t pid);
void ft_process_files(pid_t pid, rlim_t most); /* from now on it may open so many */
/* Runs a program to its end; false when it fails. ret_out, if given, gets the first line it printed, free(). */
bool ft_run(const char *const *argv, char **ret_out);

/* cluster.c: PostgreSQL, with fsync, and its standby --------------------------------------------------------------- */
#define FT_NODES 2
struct ft_cluster {
    const char *dir[FT_NODES];
    int primary;
    bool follows;          /* the other one is its standby, and commits wait for it */
    const char *dsn;       /* superuser, straight to whichever is the primary; NULL: nothing runs */
    const char *disk_full; /* while this file is there its disks are: shim/disk.c */
};
void ft_cluster_start(struct ft_cluster *c);
/* The primary: "immediate" (what was not committed is gone) or "fast". */
void ft_cluster_down(struct ft_cluster *c, const char *mode);
void ft_cluster_up(struct ft_cluster *c);
void ft_cluster_revive(struct ft_cluster *c);    /* starts it if it has ended by itself */
void ft_cluster_wait(struct ft_cluster *c);      /* until it answers again; revives it */
void ft_cluster_follow(struct ft_cluster *c);    /* makes the other one a standby, anew; waits until it follows */
void ft_cluster_fail_over(struct ft_cluster *c); /* the standby becomes the primary; the former one must be dead */
void ft_cluster_signal(const struct ft_cluster *c, int node, int number); /* to all of its processes */
void ft_cluster_stop(struct ft_cluster *c);
/* For the nemesis and the checker; a statement that fails ends the program. */
PGconn *ft_connect(const char *dsn);
PGresult *ft_query(PGconn *c, const char *sql);
int64_t ft_int(const PGresult *r, int row, int column);
/* First column of the first row over a connection of its own; -1: the server did not answer, or there is no row. */
int64_t ft_ask(const char *dsn, const char *sql);

/* proxy.c: stands between workers and server, and breaks what passes ----------------------------------------------- */
enum ft_cut {
    FT_CUT_CLAIM_REPLY,    /* the server has claimed, the worker never learns what */
    FT_CUT_SETTLE_REQUEST, /* half of the settlement arrives */
    FT_CUT_SETTLE_REPLY,   /* committed, and the reply is lost */
    FT_CUT_RENEW_REPLY,
    FT_CUT_RELEASE_REPLY,
    FT_CUT_HEARTBEAT_REPLY,
    FT_CUTS
};
struct ft_proxy;
/* Per node, where the proxy's socket stands and where the server's. */
struct ft_proxy *ft_proxy_start(const char *const *dirs, const char *const *server_dirs);
void ft_proxy_gate(struct ft_proxy *p, int node, bool open); /* closed: nobody is there */
void ft_proxy_stop(struct ft_proxy *p);
void ft_proxy_arm(struct ft_proxy *p, enum ft_cut cut); /* the next time such a message passes */
void ft_proxy_disarm(struct ft_proxy *p);
int ft_proxy_fired(struct ft_proxy *p, enum ft_cut cut);             /* how often it happened */
bool ft_proxy_cut(struct ft_proxy *p, uint64_t which);               /* one connection, now; false: there is none */
bool ft_proxy_stall(struct ft_proxy *p, uint64_t which, int32_t ms); /* nothing passes on it */
void ft_proxy_refuse(struct ft_proxy *p, int32_t ms);                /* no new connections */

/* world.c: tenants, endpoints, receiver ---------------------------------------------------------------------------- */
#define FT_KEYS_MAX 48
struct ft_keys { /* of an endpoint, or of a tenant: generation n at n - 1 */
    size_t n;
    struct ht_secret *secret[FT_KEYS_MAX];
    char *public_key[FT_KEYS_MAX];
    int64_t rotated_at; /* monotonic */
};
struct ft_tenant {
    struct ht_tenant row;
    const struct ht_profile *profile;
    struct ft_keys keys;
    size_t n_types;
    char *types[8]; /* that are emitted; the first one rarely */
    char *samples[8];
};
struct ft_kind { /* of endpoint */
    const char *name;
    enum ht_answer answer;
    int64_t arg;
    int32_t in_flight_max; /* 1: strictly in order */
    int32_t timeout_ms;
    int32_t schedule_s[8];
    size_t schedule_len;
    bool rare; /* subscribed to its tenant's first type only */
};
struct ft_endpoint {
    struct ht_endpoint row;
    struct ft_tenant *tenant;
    const struct ft_kind *kind;
    char path[24];
    struct ft_keys own;
    struct ft_keys *keys; /* own, or its tenant's */
};
#define FT_TENANTS    10
#define FT_PER_TENANT 4
#define FT_ENDPOINTS  (FT_TENANTS * FT_PER_TENANT)
struct ft_world {
    struct ft_cluster cluster;
    const char *ring_path;
    struct ht_ring *ring;
    struct ht_egress egress;
    struct ht_conn *conn; /* an admin's, straight to the server; the nemesis uses it */
    struct ht_ops ops;
    struct ht_receiver *receiver;
    struct lab_spy spy;    /* redirects lead here, and so would a proxy of the environment; nobody may follow */
    const char *elsewhere; /* its URL */
    struct ft_tenant tenants[FT_TENANTS];
    struct ft_endpoint endpoints[FT_ENDPOINTS];
    int64_t db_minus_mono; /* the database's clock minus the monotonic one */
};
/* Cluster, schema, tenants, endpoints (all active), receiver. */
void ft_world_start(struct ft_world *w);
void ft_world_stop(struct ft_world *w);
void ft_route(struct ft_world *w, struct ft_endpoint *e, enum ht_answer answer, int64_t arg);
/* A new generation that overlaps, or comes in, after overlap_ms; the receiver is told. */
void ft_rotate(struct ft_world *w, struct ft_endpoint *e, int64_t overlap_ms);
void ft_endpoint_state(struct ft_world *w, struct ft_endpoint *e, enum ht_endpoint_status to);
/* Every endpoint that is not active is made so, and what it held is released. */
void ft_activate_all(struct ft_world *w);
/* What was set aside because workers had ended with it again and again is sent again; how many. */
int64_t ft_redeliver_set_aside(struct ft_world *w);

/* producer.c: what is emitted -------------------------------------------------------------------------------------- */
struct ft_emitted {
    struct ht_uuid event;
    struct ft_tenant *tenant;
    int type;
    char marker[24]; /* stands in the data, and so in the body */
};
struct ft_producers;
/* `n` threads; a tenant's events all come from one of them, so that their order is known. */
struct ft_producers *ft_producers_start(struct ft_world *w, uint64_t seed, int n, int events_per_s);
/* Waits until each has had an answer to what it emitted last. */
void ft_producers_stop(struct ft_producers *p);
size_t ft_producers_emitted(struct ft_producers *p, struct ft_emitted **ret); /* all of it, committed; free() */
void ft_producers_free(struct ft_producers *p);
/* An event's data: the type's sample with the marker and some padding put into it; free(). */
char *ft_event_data(const struct ft_tenant *t, int type, const char *marker, int padding);

/* workers.c -------------------------------------------------------------------------------------------------------- */
#define FT_WORKERS_MAX 4
#define FT_CONCURRENCY 48
struct ft_worker {
    pid_t pid;   /* 0: none runs */
    bool killed; /* by us: its end is expected */
    bool asked;  /* SIGTERM */
    bool stopped;
    char crash_at[40]; /* of the one that runs */
    char next_crash_at[40];
    int64_t pause_ms; /* between its end and the next start */
    int64_t start_at; /* monotonic, when none runs */
};
struct ft_workers {
    pthread_mutex_t lock;
    struct ft_worker w[FT_WORKERS_MAX];
    int n;
    const char *config;
    const char *clock_shim;
    const char *elsewhere; /* what the environment names as proxy */
    const char *poison;    /* NULL: none */
    int crashed;           /* at a crash point */
    int no_database;       /* ended at their start because the database was away */
    int failures;          /* ended as they should not */
    char last_failure[160];
};
/* Writes the configuration: the server behind `dsn`, the world's ring and receiver. */
void ft_workers_init(struct ft_workers *ws, const struct ft_world *w, const char *dsn, int n);
void ft_worker_start(struct ft_workers *ws, int i);
/* After its end, it starts so much later with this crash point ("name:n", "": none). */
void ft_worker_again(struct ft_workers *ws, int i, int64_t pause_ms, const char *crash_at);
void ft_worker_signal(struct ft_workers *ws, int i, int signal);
const char *ft_worker_clock(int i); /* the file by how much its clock is off: shim/clock.c */
/* Reaps those that ended, notes how, and starts what is to be started. */
void ft_workers_tend(struct ft_workers *ws);
void ft_workers_stop(struct ft_workers *ws); /* gracefully; those that do not end in time count as failures */
/* Lines of the workers' logs that hold `text`, but for what passes by itself; *ret_first gets the first, static. */
int ft_workers_said(const struct ft_workers *ws, const char *text, const char **ret_first);
/* What they take: the most memory so far of those that run, and the most files open now. */
void ft_workers_measure(struct ft_workers *ws, int64_t *memory_kb, int *ret_files);

/* history.c: what became of everything ----------------------------------------------------------------------------- */
struct ft_delivery {
    struct ht_uuid id, event;
    struct ft_endpoint *endpoint; /* NULL: not one of ours */
    char status[16];
    int attempts;
    bool in_outbox, in_held;
    bool again; /* by an operator */
};
struct ft_attempt {
    struct ht_uuid delivery;
    int n;
    int64_t at; /* by the database's clock */
    int status;
    char error[24];
    char worker[32];
};
struct ft_sent { /* a request, as the receiver had it */
    struct ht_uuid delivery;
    struct ft_endpoint *endpoint;
    int attempt;
    int64_t at, answered; /* by the database's clock; answered 0: it was not */
    int status;
    bool late; /* its worker had waited in vain: what lay in the socket was read when the next one may have been sent */
    bool verified;
    int key; /* generation */
    uint8_t sha[32];
    char marker[24];
};
struct ft_key_time {
    struct ft_keys *keys;
    int generation;
    int64_t from, until; /* until 0: open */
};
struct ft_disruption { /* may make a delivery be sent again */
    int64_t from, until;
    size_t fault; /* of ft_faults; FT_FAULTS_MAX: none, the machine stood still */
    bool stop;    /* a worker stood still meanwhile: it may go on later with what is no longer its own */
};
struct ft_history {
    struct ft_emitted *emitted;
    size_t n_emitted;
    struct ft_delivery *deliveries; /* all arrays by delivery, then by number or time */
    size_t n_deliveries;
    struct ft_attempt *attempts;
    size_t n_attempts;
    struct ft_sent *sent;
    size_t n_sent;
    struct ft_key_time *key_times;
    size_t n_key_times;
    struct ft_disruption *disruptions;
    size_t n_disruptions;
    int64_t refused; /* requests that a receiver did not accept */
    char refused_why[256];
    bool drained; /* in time */
    int64_t drain_ms;
    int64_t idle_in_transaction_ms; /* the longest of a worker */
    int forbidden;                  /* connections to where nobody may go */
    int leaks;                      /* secrets found where none may be */
    char leak[160];
    int64_t memory_kb; /* the most of a worker */
    int files;         /* open in a worker in the end */
    int worker_failures;
    char worker_failure[160];
    int refusals; /* statements the server refused, but for those it was made to */
    char refusal[256];
};
void ft_history_read(struct ft_history *h, struct ft_world *w, struct ft_producers *p);
void ft_history_fini(struct ft_history *h);
/* What is known of one delivery, on several lines. */
void ft_history_describe(const struct ft_history *h, const struct ht_uuid *delivery, FILE *to);

/* leak.c: secrets in the logs, and in what anybody can see of the workers ---------------------------------------------
 */
void ft_leaks_find(struct ft_history *h, struct ft_world *w, struct ft_workers *ws);

/* check.c: the invariants ------------------------------------------------------------------------------------------ */
#define FT_FAULTS_MAX 64
#define FT_INVARIANTS 14
struct ft_verdict {
    int violations[FT_INVARIANTS];
    char first[FT_INVARIANTS][256]; /* in words */
    struct ht_uuid example[FT_INVARIANTS];
    /* figures */
    int64_t lost, duplicated, falsely_succeeded;
    int64_t succeeded, exhausted, quarantined, resent;
    int64_t duplicated_by[FT_FAULTS_MAX]; /* the newest disruption before it */
};
struct ft_invariant {
    const char *name;
    const char *says;
};
extern const struct ft_invariant ft_invariants[FT_INVARIANTS];
void ft_check(const struct ft_history *h, struct ft_world *w, struct ft_verdict *ret);
/* sabotage.c: damages a sound history in each way that an invariant is to notice; how many went unnoticed, and which.
 */
int ft_check_the_checker(const struct ft_history *h, struct ft_world *w, FILE *to);

/* nemesis.c -------------------------------------------------------------------------------------------------------- */
struct ft_nemesis;
struct ft_fault {
    const char *name;
    const char *what; /* for the table */
    bool disrupts;    /* a delivery may be sent again after it */
    /* Does it, or begins it; the time it takes effect over (0: a moment). Negative: there was nothing to do it to. */
    int64_t (*inject)(struct ft_nemesis *n);
    int cut; /* of the proxy, counted there; -1: none */
};
extern const struct ft_fault ft_faults[];
extern const size_t ft_faults_len;
struct ft_nemesis {
    struct ft_world *world;
    struct ft_proxy *proxy;
    struct ft_workers *workers;
    struct ft_random random;
    FILE *plan; /* what was done when */
    int64_t began;
    const char *only; /* the name of the one fault to inject; NULL: all */
    size_t current;   /* of ft_faults, while it is injected */
    int *times;       /* per fault */
    struct ft_disruption *disruptions;
    size_t n_disruptions;
    pthread_mutex_t lock;
    struct ft_undo *undo;
    size_t n_undo;
    atomic_bool ended;
    pthread_t caretaker;
};
/* Something happened, or is over, now: since when (monotonic), how long it goes on, and whether workers stood still.
 * Any thread. */
void ft_disrupted(struct ft_nemesis *n, size_t fault, int64_t since, int64_t for_ms, bool stop);
/* Runs for so long; on return everything that was broken is whole again. */
void ft_nemesis_run(struct ft_nemesis *n, int64_t ms);
/* Starts and ends the thread that revives workers and undoes what is due. */
void ft_nemesis_begin(struct ft_nemesis *n);
void ft_nemesis_end(struct ft_nemesis *n);

#endif
