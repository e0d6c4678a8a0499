/* The engine as the database sees it, and how an endpoint fares: what the console's Workers screen and an endpoint's
 * Health show. Plain data; the rules of records.h hold. */
#ifndef HOOKTOP_MODEL_QUEUE_H
#define HOOKTOP_MODEL_QUEUE_H

#include "hooktop/model/records.h"

/* How long a worker may be silent before one should look after it. */
#define HT_WORKER_SILENT_MS 30000

/* What waits at one endpoint. */
struct ht_backlog {
    struct ht_uuid endpoint_id;
    char *endpoint; /* its description, else its URL */
    char *tenant_name;
    int64_t past_due;
    int64_t oldest_ms; /* how long the oldest of them is due */
    int64_t waiting;   /* due later */
    int64_t leased;
};
void ht_backlog_fini(struct ht_backlog *b);

/* A delivery in a worker's hands. */
struct ht_lease_row {
    struct ht_uuid delivery_id;
    char *worker; /* NULL: of no worker that is known any more */
    char *endpoint;
    char *type;
    int32_t attempts; /* before this one */
    int32_t claims;   /* how often it was taken without being settled */
    int64_t left_ms;  /* negative: ran out, it is free again */
};
void ht_lease_row_fini(struct ht_lease_row *l);

/* A session whose transaction is open: while it is, no dead row that is younger can be cleared away. */
struct ht_transaction {
    int32_t pid;
    char *login;
    char *application;
    char *state;
    int64_t age_ms;
    bool hidden; /* this login may not see what it runs */
    char *query; /* its literals replaced by ?; cut */
};
void ht_transaction_fini(struct ht_transaction *t);

/* Rows of a table that updates and deletes left behind. */
struct ht_dead_rows {
    char *table;
    int64_t live, dead;
    int64_t vacuumed_at; /* 0: never yet */
};
void ht_dead_rows_fini(struct ht_dead_rows *d);

HT_LIST(ht_backlogs, ht_backlog)
HT_LIST(ht_lease_rows, ht_lease_row)
HT_LIST(ht_transactions, ht_transaction)
HT_LIST(ht_dead_rows_list, ht_dead_rows)

/* Counted over the outbox's rows, at most HT_QUEUE_COUNT_MAX of them; `capped` says that there are more. */
#define HT_QUEUE_COUNT_MAX 100000
struct ht_queue {
    int64_t past_due, oldest_ms, leased, overdue_leases;
    int64_t within_1m, within_5m, within_1h, later; /* due in the future, by when */
    int64_t held;
    bool capped;
    double in_per_s; /* deliveries made, of the last ten seconds */
    struct ht_workers workers;
    struct ht_backlogs backlogs;   /* the worst ones */
    struct ht_lease_rows leases;   /* those that end first */
    struct ht_transactions open;   /* the oldest ones */
    struct ht_dead_rows_list dead; /* of the tables that change all the time */
    struct ht_partitions partitions;
};
void ht_queue_fini(struct ht_queue *q);

/* An endpoint's attempts of the last 24 hours: of its newest HT_HEALTH_MAX deliveries. */
#define HT_HEALTH_MAX     5000
#define HT_HEALTH_CLASSES 8
struct ht_endpoint_health {
    int64_t attempts, ok;
    bool capped;
    int32_t p50_us, p95_us, p99_us, max_us; /* of those that were answered */
    int32_t hours_ok[24], hours_failed[24]; /* [0] is the current hour */
    struct {
        enum ht_attempt_error error;
        int32_t status;
        int32_t count;
        int64_t last_at;
    } classes[HT_HEALTH_CLASSES]; /* the most frequent failures */
    int32_t n_classes;
    int32_t failed_most;    /* failures of the delivery that waits after the most of them; 0: none waits after one */
    int64_t failed_most_at; /* when that one is tried next */
};

#endif
