/* A run of faults by a seed: workers, receivers and producers at work, the nemesis among them, and at the end the
 * checker over what the receivers recorded and what the store says.
 *
 *   campaign [SEED [SECONDS [FAULT]]]    FAULT: only this one of ft_faults, or "none"
 *
 * Prints TAP, the table of faults, and on failure the seed and where its logs are kept. The plan follows from the seed;
 * what meets what in time does not, so a failing seed may have to be run more than once. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/check.h"

#define SECONDS       12
#define WORKERS       3
#define PRODUCERS     2
#define EVENTS_PER_S  60
#define LOOK_MS       100
/* A pause that takes so much longer: the machine had no time for us, and so for nobody here. */
#define STANDSTILL_MS 400
/* The longest schedule and two leases take 23 s: if for so long not one delivery ended, none will. */
#define STUCK_MS      60000

struct campaign {
    uint64_t seed;
    int seconds;
    const char *only;
    struct ft_world world;
    struct ft_workers workers;
    struct ft_nemesis nemesis;
    struct ft_producers *producers;
    struct ft_history history;
    struct ft_verdict verdict;
    const char *plan_path;
    atomic_bool ended;
    pthread_t monitor;
    int standstills; /* of the machine; what happens meanwhile says nothing of hooktop */
    int64_t standstill_ms;
};

static void look_at_machine(struct campaign *c)
{
    int64_t before = ht_mono_us();
    ft_pause_ms(LOOK_MS);
    int64_t ms = (ht_mono_us() - before) / 1000 - LOOK_MS;
    if (ms < STANDSTILL_MS)
        return;
    c->standstill_ms = ms > c->standstill_ms ? ms : c->standstill_ms;
    c->standstills++;
    ft_disrupted(&c->nemesis, FT_FAULTS_MAX, before, 0, true);
}

/* The longest that a worker's transaction stood idle, the most memory that one took, and when the machine stood still.
 */
static void *watch_workers(void *user)
{
    static const char sql[] =
        "SELECT (1000 * extract(epoch FROM max(clock_timestamp() - state_change)))::bigint FROM pg_stat_activity"
        " WHERE application_name = 'hooktop worker' AND state LIKE 'idle in transaction%'";
    struct campaign *c = user;
    PGconn *conn = NULL;
    int files;
    while (!atomic_load(&c->ended)) {
        if (conn == NULL || PQstatus(conn) != CONNECTION_OK) {
            PQfinish(conn);
            conn = PQconnectdb(c->world.cluster.dsn != NULL ? c->world.cluster.dsn : "");
        }
        PGresult *r = PQexec(conn, sql);
        int64_t ms = PQresultStatus(r) == PGRES_TUPLES_OK ? ft_int(r, 0, 0) : 0;
        c->history.idle_in_transaction_ms =
            ms > c->history.idle_in_transaction_ms ? ms : c->history.idle_in_transaction_ms;
        PQclear(r);
        ft_workers_measure(&c->workers, &c->history.memory_kb, &files);
        look_at_machine(c);
    }
    PQfinish(conn);
    return NULL;
}

static void begin(struct campaign *c)
{
    const char *gates[FT_NODES];
    ft_world_start(&c->world);
    ft_cluster_follow(&c->world.cluster);
    for (int i = 0; i < FT_NODES; i++) {
        gates[i] = ft_text("%s/gate%d", ft_work(), i);
        if (mkdir(gates[i], 0755) != 0)
            ft_die("no directory %s", gates[i]);
    }
    c->plan_path = ft_text("%s/plan.log", ft_work());
    c->nemesis = (struct ft_nemesis){.world = &c->world,
                                     .workers = &c->workers,
                                     .proxy = ft_proxy_start(gates, c->world.cluster.dir),
                                     .random = {c->seed},
                                     .plan = fopen(c->plan_path, "we"),
                                     .only = c->only};
    ft_workers_init(&c->workers, &c->world,
                    ft_text("host=%s,%s port=5432,5432 user=fault_worker dbname=postgres", gates[0], gates[1]),
                    WORKERS);
    for (int i = 0; i < WORKERS; i++)
        ft_worker_start(&c->workers, i);
    ft_nemesis_begin(&c->nemesis);
    c->producers = ft_producers_start(&c->world, c->seed, PRODUCERS, EVENTS_PER_S);
    pthread_create(&c->monitor, NULL, watch_workers, c);
}

/* What the plan says beside the faults; tests/fault/seeds sees by it that the run goes on. */
static void plan(struct campaign *c, const char *fmt, ...) HT_PRINTF(2, 3);
static void plan(struct campaign *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(c->nemesis.plan, fmt, args);
    va_end(args);
    fputc('\n', c->nemesis.plan);
    fflush(c->nemesis.plan);
}

/* Nothing waits any more. Endpoints that were disabled meanwhile are switched on again, and what was set aside is
 * redelivered, as an operator would. */
static void drain(struct campaign *c)
{
    int64_t began = ht_mono_us(), progress = began, least = INT64_MAX, waiting = -1;
    while (waiting != 0 && ht_mono_us() - progress < STUCK_MS * 1000LL) {
        waiting = ft_ask(c->world.cluster.dsn, "SELECT count(*) FROM (SELECT 1 FROM hooktop.tenant_webhook_outbox"
                                               " UNION ALL SELECT 1 FROM hooktop.held) w");
        if (waiting == 0)
            waiting = ft_redeliver_set_aside(&c->world);
        if (waiting >= 0 && waiting < least) {
            least = waiting;
            progress = ht_mono_us();
            plan(c, "%lld wait", (long long)waiting);
        }
        if (waiting != 0) {
            ft_activate_all(&c->world);
            ft_pause_ms(LOOK_MS);
        }
    }
    c->history.drained = waiting == 0;
    c->history.drain_ms = (ht_mono_us() - began) / 1000;
}

static void end(struct campaign *c)
{
    struct ft_history *h = &c->history;
    const char *first;
    atomic_store(&c->ended, true);
    pthread_join(c->monitor, NULL);
    ft_workers_measure(&c->workers, &h->memory_kb, &h->files);
    ft_leaks_find(h, &c->world, &c->workers);
    h->forbidden = lab_spy_count(&c->world.spy);
    ft_nemesis_end(&c->nemesis);
    plan(c, "workers are told to end");
    ft_workers_stop(&c->workers);
    plan(c, "they have");
    ft_proxy_stop(c->nemesis.proxy);
    fclose(c->nemesis.plan);
    h->disruptions = c->nemesis.disruptions;
    h->n_disruptions = c->nemesis.n_disruptions;
    h->worker_failures = c->workers.failures;
    snprintf(h->worker_failure, sizeof h->worker_failure, "%s", c->workers.last_failure);
    h->refusals = ft_workers_said(&c->workers, "the database refused", &first);
    snprintf(h->refusal, sizeof h->refusal, "%.250s", first);
    ft_history_read(h, &c->world, c->producers);
}

/* Telling ---------------------------------------------------------------------------------------------------------- */

static void print_table(const struct campaign *c)
{
    const struct ft_verdict *v = &c->verdict;
    const struct ft_history *h = &c->history;
    int all = 0;
    printf("# times  duplicated  fault\n");
    for (size_t i = 0; i < ft_faults_len; i++) {
        all += c->nemesis.times[i];
        if (c->only == NULL || c->nemesis.times[i] > 0)
            printf("# %5d %11lld  %-13s %s\n", c->nemesis.times[i], (long long)v->duplicated_by[i], ft_faults[i].name,
                   ft_faults[i].what);
    }
    printf("# %zu events, %zu deliveries, %zu requests; %lld sent again after a disruption\n", h->n_emitted,
           h->n_deliveries, h->n_sent, (long long)v->resent);
    printf("# succeeded %lld, exhausted %lld, quarantined %lld; settled %.1f s after the last fault\n",
           (long long)v->succeeded, (long long)v->exhausted, (long long)v->quarantined, (double)h->drain_ms / 1000);
    printf("# most memory of a worker %lld KiB, files open in the end %d\n", (long long)h->memory_kb, h->files);
    if (c->standstills > 0)
        printf("# the machine stood still %d times, for up to %lld ms\n", c->standstills, (long long)c->standstill_ms);
    printf("# lost %lld, duplicated %lld, falsely succeeded %lld\n", (long long)v->lost, (long long)v->duplicated,
           (long long)v->falsely_succeeded);
    /* what tests/fault/seeds sums up */
    printf("# sum %d %zu %zu %lld %lld %lld\n", all, h->n_deliveries, h->n_sent, (long long)v->lost,
           (long long)v->duplicated, (long long)v->falsely_succeeded);
}

static int print_verdict(const struct campaign *c)
{
    const struct ft_verdict *v = &c->verdict;
    const struct ht_uuid none = {0};
    int failed = 0;
    for (int i = 0; i < FT_INVARIANTS; i++) {
        printf("%s %d - %s %s\n", v->violations[i] == 0 ? "ok" : "not ok", i + 1, ft_invariants[i].name,
               ft_invariants[i].says);
        if (v->violations[i] == 0)
            continue;
        failed++;
        printf("#   %d times; the first: %s\n", v->violations[i], v->first[i]);
        if (ht_uuid_cmp(&v->example[i], &none) != 0)
            ft_history_describe(&c->history, &v->example[i], stdout);
    }
    if (failed == 0) {
        int missed = ft_check_the_checker(&c->history, (struct ft_world *)(uintptr_t)&c->world, stdout);
        printf("%s %d - the checker notices every damage done to this history\n", missed == 0 ? "ok" : "not ok",
               FT_INVARIANTS + 1);
        failed += missed > 0;
    }
    printf("1..%d\n", failed == 0 ? FT_INVARIANTS + 1 : FT_INVARIANTS);
    return failed;
}

static void keep_logs(const struct campaign *c)
{
    const char *build = getenv("HT_BUILD");
    const char *to = ft_text("%s/fault-failures/%llu", build != NULL ? build : "build", (unsigned long long)c->seed);
    const char *const make[] = {"mkdir", "-p", to, NULL};
    const char *const copy[] = {
        "sh",
        "-c",
        "cp \"$1\"/*.log \"$2\"; for i in 0 1; do cp \"$1/pg$i/server.log\" \"$2/server-$i.log\"; done",
        "sh",
        ft_work(),
        to,
        NULL};
    bool kept = ft_run(make, NULL) && ft_run(copy, NULL);
    printf("# %s %s\n", kept ? "logs of workers, server and nemesis:" : "logs could not be kept in", to);
    printf("# again: tests/fault/run %llu %d%s%s\n", (unsigned long long)c->seed, c->seconds,
           c->only != NULL ? " " : "", c->only != NULL ? c->only : "");
}

int main(int argc, char **argv)
{
    static struct campaign c;
    c.seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    c.seconds = argc > 2 ? atoi(argv[2]) : SECONDS;
    c.only = argc > 3 ? argv[3] : NULL;
    printf("# seed %llu, %d s, %d workers, leases of %d ms, %d endpoints%s%s\n", (unsigned long long)c.seed, c.seconds,
           WORKERS, FT_LEASE_MS, FT_ENDPOINTS, c.only != NULL ? ", only: " : "", c.only != NULL ? c.only : "");
    fflush(stdout);
    begin(&c);
    ft_nemesis_run(&c.nemesis, c.seconds * 1000LL);
    ft_producers_stop(c.producers);
    drain(&c);
    end(&c);
    ft_check(&c.history, &c.world, &c.verdict);
    print_table(&c);
    int failed = print_verdict(&c);
    if (failed > 0)
        keep_logs(&c);
    free(c.nemesis.times);
    ft_history_fini(&c.history);
    ft_producers_free(c.producers);
    ft_world_stop(&c.world);
    return failed > 0;
}
