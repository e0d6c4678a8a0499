#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

#define GAP_MS          300 /* between two faults, on average */
#define TEND_MS         10
#define OVERLAP_MS      3000
#define HANGS_MS        7000 /* longer than connecting may take */
#define UNDO_MAX        64
#define NEVER           INT64_MAX
#define DESCRIPTORS     1024 /* usually */
/* A key is not rotated again before its last rotation is through. */
#define ROTATE_AGAIN_US (3 * OVERLAP_MS * INT64_C(1000))

/* The first ones are undone by the caretaker, at their time whatever the nemesis waits for; the others by the nemesis.
 */
enum undo_kind { GO_ON_WORKER, GO_ON_PROCESS, GO_ON_SERVER, GIVE_DESCRIPTORS, HEAL_RECEIVER, RESUME_ENDPOINT };
struct ft_undo {
    int64_t at; /* monotonic */
    enum undo_kind kind;
    int i; /* worker, process, node, process, endpoint, endpoint */
};

/* What is to be undone --------------------------------------------------------------------------------------------- */

static void undo_later(struct ft_nemesis *n, enum undo_kind kind, int i, int64_t ms)
{
    pthread_mutex_lock(&n->lock);
    if (n->n_undo == UNDO_MAX)
        ft_die("more faults at once than can be undone");
    n->undo[n->n_undo++] = (struct ft_undo){.at = ht_mono_us() + ms * 1000, .kind = kind, .i = i};
    pthread_mutex_unlock(&n->lock);
}

static bool is_undone_later(struct ft_nemesis *n, enum undo_kind kind, int i)
{
    bool found = false;
    pthread_mutex_lock(&n->lock);
    for (size_t u = 0; u < n->n_undo; u++)
        found |= n->undo[u].kind == kind && n->undo[u].i == i;
    pthread_mutex_unlock(&n->lock);
    return found;
}

static void undo(struct ft_nemesis *n, const struct ft_undo *u)
{
    struct ft_endpoint *e = &n->world->endpoints[u->kind >= HEAL_RECEIVER ? u->i : 0];
    switch (u->kind) {
    case GO_ON_WORKER:
        ft_worker_signal(n->workers, u->i, SIGCONT);
        break;
    case GO_ON_PROCESS:
        kill(u->i, SIGCONT);
        break;
    case GO_ON_SERVER:
        ft_cluster_signal(&n->world->cluster, u->i, SIGCONT);
        break;
    case GIVE_DESCRIPTORS:
        ft_process_files(u->i, DESCRIPTORS);
        break;
    case HEAL_RECEIVER:
        ft_route(n->world, e, e->kind->answer, e->kind->arg);
        break;
    case RESUME_ENDPOINT:
        ft_endpoint_state(n->world, e, HT_ENDPOINT_ACTIVE);
        break;
    }
}

/* Undoes what is due of these kinds and says when the next of them is. */
static int64_t undo_due(struct ft_nemesis *n, int64_t now, bool by_caretaker)
{
    int64_t next = NEVER;
    for (size_t i = 0;;) {
        struct ft_undo u;
        pthread_mutex_lock(&n->lock);
        bool any = i < n->n_undo;
        if (any)
            u = n->undo[i];
        bool mine = any && (u.kind < HEAL_RECEIVER) == by_caretaker, due = mine && u.at <= now;
        if (due)
            n->undo[i] = n->undo[--n->n_undo];
        pthread_mutex_unlock(&n->lock);
        if (!any)
            return next;
        if (due)
            undo(n, &u);
        else
            i++;
        if (mine && !due && u.at < next)
            next = u.at;
    }
}

void ft_disrupted(struct ft_nemesis *n, size_t fault, int64_t since, int64_t for_ms, bool stop)
{
    pthread_mutex_lock(&n->lock);
    n->disruptions = ht_realloc(n->disruptions, n->n_disruptions + 1, sizeof *n->disruptions);
    n->disruptions[n->n_disruptions++] =
        (struct ft_disruption){.from = since + n->world->db_minus_mono - 2 * TEND_MS * 1000,
                               .until = ht_mono_us() + n->world->db_minus_mono + for_ms * 1000,
                               .fault = fault,
                               .stop = stop};
    pthread_mutex_unlock(&n->lock);
}

/* Faults of workers ------------------------------------------------------------------------------------------------ */

/* One that runs, or -1. */
static int any_worker(struct ft_nemesis *n)
{
    int first = ft_below(&n->random, n->workers->n), found = -1;
    pthread_mutex_lock(&n->workers->lock);
    for (int k = 0; k < n->workers->n && found < 0; k++) {
        int i = (first + k) % n->workers->n;
        const struct ft_worker *w = &n->workers->w[i];
        found = w->pid > 0 && !w->stopped && !w->asked ? i : -1;
    }
    pthread_mutex_unlock(&n->workers->lock);
    return found;
}

static int64_t kill_worker(struct ft_nemesis *n)
{
    int i = any_worker(n), pause_ms = ft_below(&n->random, 1000);
    if (i < 0)
        return -1;
    ft_worker_again(n->workers, i, pause_ms, "");
    ft_worker_signal(n->workers, i, SIGKILL);
    return 0;
}

static int64_t crash_worker(struct ft_nemesis *n)
{
    static const char *const points[] = {"before_claim",  "claim_sent",   "after_claim",   "after_targets",
                                         "before_send",   "after_send",   "request_begun", "after_answer",
                                         "before_settle", "settle_sent",  "after_settle",  "renew_sent",
                                         "after_renew",   "release_sent", "goodbye_sent"};
    int i = any_worker(n), point = ft_below(&n->random, (int)HT_COUNT(points)), times = 1 + ft_below(&n->random, 8);
    bool rare = strncmp(points[point], "re", 2) == 0 || strcmp(points[point], "goodbye_sent") == 0;
    if (i < 0)
        return -1;
    /* It stops as it should and comes back with the point set. */
    ft_worker_again(n->workers, i, 0, ft_text("%s:%d", points[point], rare ? 1 : times));
    ft_worker_signal(n->workers, i, SIGTERM);
    return 0;
}

static int64_t stop_worker(struct ft_nemesis *n)
{
    int i = any_worker(n), ms = FT_LEASE_MS + 500 + ft_below(&n->random, 2000);
    if (i < 0)
        return -1;
    ft_worker_signal(n->workers, i, SIGSTOP);
    undo_later(n, GO_ON_WORKER, i, ms);
    return ms;
}

static int64_t end_worker(struct ft_nemesis *n)
{
    int i = any_worker(n);
    if (i < 0)
        return -1;
    ft_worker_again(n->workers, i, ft_below(&n->random, 500), "");
    ft_worker_signal(n->workers, i, SIGTERM);
    return 0;
}

static int64_t change_clock(struct ft_nemesis *n)
{
    static const int hours[] = {-30, -1, 0, 1, 7};
    int i = ft_below(&n->random, n->workers->n);
    FILE *f = fopen(ft_worker_clock(i), "we");
    if (f == NULL || fprintf(f, "%d", 3600 * hours[ft_below(&n->random, (int)HT_COUNT(hours))]) < 0 || fclose(f) != 0)
        ft_die("%s cannot be written", ft_worker_clock(i));
    return 0;
}

static int64_t take_descriptors(struct ft_nemesis *n)
{
    int i = any_worker(n), ms = 300 + ft_below(&n->random, 1500);
    if (i < 0)
        return -1;
    pthread_mutex_lock(&n->workers->lock);
    pid_t pid = n->workers->w[i].pid;
    pthread_mutex_unlock(&n->workers->lock);
    if (pid <= 0)
        return -1;
    ft_process_files(pid, 8);
    undo_later(n, GIVE_DESCRIPTORS, (int)pid, ms);
    return ms;
}

/* Faults of the database ------------------------------------------------------------------------------------------- */

#define WORKERS_BACKENDS "pg_stat_activity WHERE application_name = 'hooktop worker'"

static int64_t ask_of_backend(struct ft_nemesis *n, const char *what)
{
    return ft_ask(n->world->cluster.dsn,
                  ft_text("SELECT %s FROM (SELECT pid FROM " WORKERS_BACKENDS
                          " ORDER BY pid OFFSET %d %% greatest(1, (SELECT count(*) FROM " WORKERS_BACKENDS
                          ")) LIMIT 1) b",
                          what, ft_below(&n->random, 1000)));
}

static int64_t terminate_backend(struct ft_nemesis *n)
{
    return ask_of_backend(n, "pg_terminate_backend(pid)::int") == 1 ? 0 : -1;
}

static int64_t stop_backend(struct ft_nemesis *n)
{
    int64_t pid = ask_of_backend(n, "pid");
    int ms = ft_below(&n->random, 4) == 0 ? 11000 : 500 + ft_below(&n->random, 4000);
    if (pid <= 0 || kill((pid_t)pid, SIGSTOP) != 0)
        return -1;
    undo_later(n, GO_ON_PROCESS, (int)pid, ms);
    return ms;
}

/* PostgreSQL ends all the others then, and comes back by itself without what it had not written yet. */
static int64_t kill_backend(struct ft_nemesis *n)
{
    PGconn *other = PQconnectdb(n->world->cluster.dsn);
    int64_t pid = ask_of_backend(n, "pid");
    bool killed = PQstatus(other) == CONNECTION_OK && pid > 0 && kill((pid_t)pid, SIGKILL) == 0;
    int64_t until = ht_mono_us() + 20000000; /* one that had just ended by itself is not missed */
    while (killed && PQstatus(other) == CONNECTION_OK && ht_mono_us() < until)
        PQclear(PQexec(other, "SELECT 1"));
    PQfinish(other);
    ft_cluster_wait(&n->world->cluster);
    return killed ? 0 : -1;
}

static int64_t restart(struct ft_nemesis *n, const char *mode)
{
    ft_cluster_down(&n->world->cluster, mode);
    ft_pause_ms(ft_below(&n->random, 1500));
    ft_cluster_up(&n->world->cluster);
    return 0;
}

static int64_t crash_server(struct ft_nemesis *n)
{
    return restart(n, "immediate");
}

static int64_t restart_server(struct ft_nemesis *n)
{
    return restart(n, "fast");
}

static int64_t stop_node(struct ft_nemesis *n, int node, int ms)
{
    if (is_undone_later(n, GO_ON_SERVER, node))
        return -1;
    ft_cluster_signal(&n->world->cluster, node, SIGSTOP);
    undo_later(n, GO_ON_SERVER, node, ms);
    return ms;
}

static int64_t stop_server(struct ft_nemesis *n)
{
    return stop_node(n, n->world->cluster.primary, 2000 + ft_below(&n->random, 10000));
}

static int64_t stop_standby(struct ft_nemesis *n)
{
    return stop_node(n, !n->world->cluster.primary, 500 + ft_below(&n->random, 4000));
}

/* The primary dies, or hangs and dies later; the standby takes over; what was the primary becomes its standby. */
static int64_t fail_over(struct ft_nemesis *n)
{
    struct ft_cluster *c = &n->world->cluster;
    int old = c->primary;
    bool hangs = ft_below(&n->random, 3) == 0;
    if (!c->follows || is_undone_later(n, GO_ON_SERVER, !old) || is_undone_later(n, GO_ON_SERVER, old))
        return -1;
    ft_cluster_signal(c, old, hangs ? SIGSTOP : SIGKILL);
    ft_proxy_gate(n->proxy, old, hangs);
    ft_cluster_fail_over(c);
    if (hangs) {
        ft_pause_ms(HANGS_MS);
        ft_cluster_signal(c, old, SIGKILL);
    }
    ft_proxy_gate(n->proxy, old, false);
    ft_cluster_follow(c);
    ft_proxy_gate(n->proxy, old, true);
    return 0;
}

/* Full for relations alone, or also for the write-ahead log, which ends the server. */
static int64_t fill_disk(struct ft_nemesis *n)
{
    struct ft_cluster *c = &n->world->cluster;
    bool log_too = ft_below(&n->random, 3) == 0;
    FILE *f = fopen(c->disk_full, "we");
    if (f == NULL || fputs(log_too ? "all" : "base", f) < 0 || fclose(f) != 0)
        ft_die("%s cannot be written", c->disk_full);
    for (int i = 0; log_too && i < 3; i++)
        (void)ft_ask(c->dsn, "SELECT pg_walfile_name_offset(pg_switch_wal()) IS NULL");
    ft_pause_ms(500 + ft_below(&n->random, 2000));
    if (unlink(c->disk_full) != 0)
        ft_die("%s cannot be removed", c->disk_full);
    ft_cluster_wait(c);
    return 0;
}

static int64_t lock_outbox(struct ft_nemesis *n)
{
    PGconn *c = ft_connect(n->world->cluster.dsn);
    PQclear(ft_query(c, "BEGIN"));
    PQclear(ft_query(c, "LOCK TABLE hooktop.tenant_webhook_outbox IN ACCESS EXCLUSIVE MODE"));
    ft_pause_ms(200 + ft_below(&n->random, 2000));
    PQclear(ft_query(c, "COMMIT"));
    PQfinish(c);
    return 0;
}

/* Faults of the way to it ------------------------------------------------------------------------------------------ */

static int64_t cut_connection(struct ft_nemesis *n)
{
    return ft_proxy_cut(n->proxy, ft_next(&n->random)) ? 0 : -1;
}

static int64_t stall_connection(struct ft_nemesis *n)
{
    int ms = ft_below(&n->random, 4) == 0 ? 11000 : 500 + ft_below(&n->random, 4000);
    return ft_proxy_stall(n->proxy, ft_next(&n->random), ms) ? ms : -1;
}

static int64_t refuse_connections(struct ft_nemesis *n)
{
    int ms = 500 + ft_below(&n->random, 2500);
    ft_proxy_refuse(n->proxy, ms);
    ft_proxy_cut(n->proxy, ft_next(&n->random));
    return ms;
}

/* What operators and receivers do ---------------------------------------------------------------------------------- */

static int64_t rotate(struct ft_nemesis *n)
{
    struct ft_endpoint *e = &n->world->endpoints[ft_below(&n->random, FT_ENDPOINTS)];
    if (ht_mono_us() - e->keys->rotated_at < ROTATE_AGAIN_US || e->keys->n == FT_KEYS_MAX)
        return -1;
    e->keys->rotated_at = ht_mono_us();
    ft_rotate(n->world, e, OVERLAP_MS);
    return 0;
}

/* One whose receiver is well by itself, or -1. */
static int any_endpoint(struct ft_nemesis *n, enum undo_kind kind)
{
    int i = ft_below(&n->random, FT_ENDPOINTS);
    return n->world->endpoints[i].kind->rare || is_undone_later(n, kind, i) ? -1 : i;
}

static int64_t ask_of_delivery(struct ft_nemesis *n, const char *what)
{
    char endpoint[HT_UUID_TEXT];
    ht_uuid_format(&n->world->endpoints[ft_below(&n->random, FT_ENDPOINTS)].row.id, endpoint);
    return ft_ask(n->world->cluster.dsn,
                  ft_text("SELECT 1 FROM (SELECT hooktop.%s(tenant_id, id, 'a fault test') FROM (SELECT * FROM "
                          "hooktop.delivery WHERE endpoint_id = '%s' ORDER BY id DESC OFFSET %d LIMIT 1) d) x",
                          what, endpoint, ft_below(&n->random, 5))) == 1
               ? 0
               : -1;
}

static int64_t redeliver(struct ft_nemesis *n)
{
    return ask_of_delivery(n, "redeliver");
}

static int64_t cancel_delivery(struct ft_nemesis *n)
{
    return ask_of_delivery(n, "delivery_cancel");
}

static int64_t pause_endpoint(struct ft_nemesis *n)
{
    int i = any_endpoint(n, RESUME_ENDPOINT), ms = 200 + ft_below(&n->random, 2500);
    if (i < 0)
        return -1;
    ft_endpoint_state(n->world, &n->world->endpoints[i], HT_ENDPOINT_PAUSED);
    undo_later(n, RESUME_ENDPOINT, i, ms);
    return 0;
}

static int64_t sicken_receiver(struct ft_nemesis *n)
{
    static const struct {
        enum ht_answer answer;
        int64_t arg;
    } answers[] = {{HT_ANSWER_RESET, 0},         {HT_ANSWER_CLOSE, 0},
                   {HT_ANSWER_GARBAGE, 0},       {HT_ANSWER_HANG, 0},
                   {HT_ANSWER_STATUS, 503},      {HT_ANSWER_STATUS, 404},
                   {HT_ANSWER_BAD_STATUS, 0},    {HT_ANSWER_ENDLESS_HEADER, 0},
                   {HT_ANSWER_DRIP, 50},         {HT_ANSWER_HEADERS_THEN_RESET, 0},
                   {HT_ANSWER_INTERIM_FLOOD, 0}, {HT_ANSWER_REDIRECT, 307}};
    int i = any_endpoint(n, HEAL_RECEIVER), how = ft_below(&n->random, (int)HT_COUNT(answers));
    int ms = 300 + ft_below(&n->random, 1200);
    if (i < 0)
        return -1;
    ft_route(n->world, &n->world->endpoints[i], answers[how].answer, answers[how].arg);
    undo_later(n, HEAL_RECEIVER, i, ms);
    return 0;
}

/* Gone, says the receiver, and so the endpoint is switched off; later an operator switches it on again. */
static int64_t go_away(struct ft_nemesis *n)
{
    int i = any_endpoint(n, HEAL_RECEIVER), ms = 200 + ft_below(&n->random, 800);
    if (i < 0 || is_undone_later(n, RESUME_ENDPOINT, i))
        return -1;
    ft_route(n->world, &n->world->endpoints[i], HT_ANSWER_STATUS, 410);
    undo_later(n, HEAL_RECEIVER, i, ms);
    undo_later(n, RESUME_ENDPOINT, i, ms + 500);
    return 0;
}

/* The proxy's cuts by what passes: armed here, counted there. */
static int64_t arm(struct ft_nemesis *n)
{
    ft_proxy_arm(n->proxy, (enum ft_cut)ft_faults[n->current].cut);
    return 0;
}

const struct ft_fault ft_faults[] = {
    {"kill", "a worker is killed (kill -9)", true, kill_worker, -1},
    {"crash", "a worker is killed at a step of claim, send or settle", true, crash_worker, -1},
    {"stop", "a worker stands still beyond its leases", true, stop_worker, -1},
    {"end", "a worker is told to end", false, end_worker, -1},
    {"clock", "a worker's wall clock jumps by hours", false, change_clock, -1},
    {"descriptors", "a worker may open no more files", false, take_descriptors, -1},
    {"terminate", "a worker's backend is terminated", true, terminate_backend, -1},
    {"stop-backend", "a worker's backend stands still", true, stop_backend, -1},
    {"kill-backend", "a worker's backend is killed (kill -9)", true, kill_backend, -1},
    {"crash-server", "PostgreSQL is shut down at once and restarted", true, crash_server, -1},
    {"restart", "PostgreSQL is restarted in good order", true, restart_server, -1},
    {"stop-server", "all of PostgreSQL stands still", true, stop_server, -1},
    {"stop-standby", "the standby that commits wait for stands still", true, stop_standby, -1},
    {"failover", "the primary dies or hangs, and its standby takes over", true, fail_over, -1},
    {"disk", "PostgreSQL's disk is full", true, fill_disk, -1},
    {"lock", "the outbox is locked for seconds", false, lock_outbox, -1},
    {"cut", "a worker's connection is cut", true, cut_connection, -1},
    {"stall", "nothing passes on a connection", true, stall_connection, -1},
    {"refuse", "no new connections", true, refuse_connections, -1},
    {"cut-claim", "the reply to a claim is lost", true, arm, FT_CUT_CLAIM_REPLY},
    {"cut-settle", "half a settlement arrives", true, arm, FT_CUT_SETTLE_REQUEST},
    {"cut-settled", "the reply to a settlement's COMMIT is lost", true, arm, FT_CUT_SETTLE_REPLY},
    {"cut-renew", "the reply to a renewal is lost", true, arm, FT_CUT_RENEW_REPLY},
    {"cut-release", "the reply to a release is lost", true, arm, FT_CUT_RELEASE_REPLY},
    {"cut-heartbeat", "the reply to a heartbeat is lost", true, arm, FT_CUT_HEARTBEAT_REPLY},
    {"rotate", "a secret is rotated", false, rotate, -1},
    {"pause", "an endpoint is paused and resumed", false, pause_endpoint, -1},
    {"gone", "a receiver answers 410, and is switched on again later", false, go_away, -1},
    {"redeliver", "an operator redelivers", false, redeliver, -1},
    {"cancel", "an operator cancels a delivery", false, cancel_delivery, -1},
    {"sick", "a receiver breaks HTTP for a while", false, sicken_receiver, -1},
};
const size_t ft_faults_len = HT_COUNT(ft_faults);

/* What is prepared and happens later: watch() tells when it did. */
static bool is_prepared(const struct ft_fault *f)
{
    return f->cut >= 0 || f->inject == crash_worker;
}

/* Running ---------------------------------------------------------------------------------------------------------- */

static void watch(struct ft_nemesis *n)
{
    for (size_t i = 0; i < ft_faults_len; i++) {
        const struct ft_fault *f = &ft_faults[i];
        if (!is_prepared(f))
            continue;
        int times = f->cut < 0 ? n->workers->crashed : ft_proxy_fired(n->proxy, (enum ft_cut)f->cut);
        if (times > n->times[i]) {
            n->times[i] = times;
            ft_disrupted(n, i, ht_mono_us(), 0, false);
        }
    }
}

static void *take_care(void *user)
{
    struct ft_nemesis *n = user;
    while (!atomic_load(&n->ended)) {
        ft_workers_tend(n->workers);
        undo_due(n, ht_mono_us(), true);
        watch(n);
        ft_pause_ms(TEND_MS);
    }
    return NULL;
}

void ft_nemesis_begin(struct ft_nemesis *n)
{
    pthread_mutex_init(&n->lock, NULL);
    n->undo = ht_alloc(UNDO_MAX, sizeof *n->undo);
    n->times = ht_alloc(ft_faults_len, sizeof *n->times);
    n->disruptions = ht_alloc(1, sizeof *n->disruptions);
    n->began = ht_mono_us();
    pthread_create(&n->caretaker, NULL, take_care, n);
}

static bool inject(struct ft_nemesis *n, size_t i)
{
    const struct ft_fault *f = &ft_faults[i];
    int64_t since = ht_mono_us(), at = (since - n->began) / 1000;
    char time[HT_TIME_TEXT];
    n->current = i;
    /* Begun before it is done, because what it does may be felt before it returns. */
    if (f->disrupts && !is_prepared(f))
        ft_disrupted(n, i, since, 0, false);
    int64_t for_ms = f->inject(n);
    ht_time_rfc3339(ht_mono_us() + n->world->db_minus_mono, time);
    fprintf(n->plan, "%s %6lld ms %s%s\n", time, (long long)at, f->name, for_ms < 0 ? ": nothing to do it to" : "");
    fflush(n->plan);
    if (for_ms >= 0 && !is_prepared(f))
        n->times[i]++;
    if (for_ms >= 0 && f->disrupts && !is_prepared(f))
        ft_disrupted(n, i, since, for_ms, f->inject == stop_worker);
    return for_ms >= 0;
}

static bool chosen(const struct ft_nemesis *n, size_t i)
{
    return n->only == NULL || strcmp(n->only, ft_faults[i].name) == 0;
}

/* All of them in some order, then in another one. */
static size_t next_fault(struct ft_nemesis *n, size_t *bag, size_t *left)
{
    if (*left == 0)
        for (size_t i = 0; i < ft_faults_len; i++)
            if (chosen(n, i))
                bag[(*left)++] = i;
    if (*left == 0)
        return ft_faults_len;
    size_t at = (size_t)ft_below(&n->random, (int)*left), found = bag[at];
    bag[at] = bag[--*left];
    return found;
}

/* A worker that waits for its crash point would meet it after the run. */
static void disarm_workers(struct ft_nemesis *n)
{
    for (int i = 0; i < n->workers->n; i++) {
        pthread_mutex_lock(&n->workers->lock);
        struct ft_worker *w = &n->workers->w[i];
        w->next_crash_at[0] = '\0';
        if (w->pid > 0 && w->crash_at[0] != '\0') {
            ft_worker_again(n->workers, i, 0, "");
            ft_worker_signal(n->workers, i, SIGTERM);
        }
        pthread_mutex_unlock(&n->workers->lock);
    }
}

void ft_nemesis_run(struct ft_nemesis *n, int64_t ms)
{
    size_t left = 0, *bag = ht_alloc(ft_faults_len, sizeof *bag);
    int64_t until = ht_mono_us() + ms * 1000, due = ht_mono_us() + GAP_MS * 1000;
    while (ht_mono_us() < until) {
        int64_t now = ht_mono_us(), next = undo_due(n, now, false);
        if (now >= due) {
            size_t i = next_fault(n, bag, &left);
            if (i < ft_faults_len && !inject(n, i))
                bag[left++] = i; /* there was nothing to do it to: later */
            due = ht_mono_us() + ft_below(&n->random, 2 * GAP_MS) * INT64_C(1000);
        }
        next = due < next ? due : next;
        next = until < next ? until : next;
        if (next > ht_mono_us())
            ft_pause_ms((int)((next - ht_mono_us()) / 1000 + 1));
    }
    free(bag);
    undo_due(n, NEVER, true);
    undo_due(n, NEVER, false);
    ft_proxy_disarm(n->proxy);
    disarm_workers(n);
    ft_activate_all(n->world);
}

void ft_nemesis_end(struct ft_nemesis *n)
{
    atomic_store(&n->ended, true);
    pthread_join(n->caretaker, NULL);
    watch(n);
    free(n->undo);
}
