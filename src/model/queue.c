#include "hooktop/model/queue.h"

#include <stdlib.h>

void ht_backlog_fini(struct ht_backlog *b)
{
    free(b->endpoint);
    free(b->tenant_name);
    *b = (struct ht_backlog){0};
}

void ht_lease_row_fini(struct ht_lease_row *l)
{
    free(l->worker);
    free(l->endpoint);
    free(l->type);
    *l = (struct ht_lease_row){0};
}

void ht_transaction_fini(struct ht_transaction *t)
{
    free(t->login);
    free(t->application);
    free(t->state);
    free(t->query);
    *t = (struct ht_transaction){0};
}

void ht_dead_rows_fini(struct ht_dead_rows *d)
{
    free(d->table);
    *d = (struct ht_dead_rows){0};
}

#define LIST_FINI(list, element)                                                                                       \
    void list##_fini(struct list *l)                                                                                   \
    {                                                                                                                  \
        for (size_t i = 0; i < l->n; i++)                                                                              \
            element##_fini(&l->rows[i]);                                                                               \
        free(l->rows);                                                                                                 \
        *l = (struct list){0};                                                                                         \
    }
LIST_FINI(ht_backlogs, ht_backlog)
LIST_FINI(ht_lease_rows, ht_lease_row)
LIST_FINI(ht_transactions, ht_transaction)
LIST_FINI(ht_dead_rows_list, ht_dead_rows)

void ht_queue_fini(struct ht_queue *q)
{
    ht_workers_fini(&q->workers);
    ht_backlogs_fini(&q->backlogs);
    ht_lease_rows_fini(&q->leases);
    ht_transactions_fini(&q->open);
    ht_dead_rows_list_fini(&q->dead);
    ht_partitions_fini(&q->partitions);
    *q = (struct ht_queue){0};
}
