/* The lists of the screen Workers, each with its columns and what they are sorted by. Private to src/tui. */
#ifndef HOOKTOP_SRC_TUI_QUEUE_TABLES_H
#define HOOKTOP_SRC_TUI_QUEUE_TABLES_H

#include "hooktop/tui/chrome.h"

enum ht_queue_tab {
    HT_QUEUE_WORKERS,
    HT_QUEUE_BACKLOG,
    HT_QUEUE_LEASES,
    HT_QUEUE_DATABASE,
    HT_QUEUE_PARTITIONS,
    HT_QUEUE_COUNT
};

/* What the callbacks of a table are given. */
struct ht_queue_view {
    const struct ht_app *app;
    const struct ht_queue *q;
};

struct ht_queue_table {
    const struct ht_column *columns;
    size_t n_columns;
    void (*cell)(const void *user, size_t row, size_t column, struct ht_cell_text *ret);
    bool (*number)(const void *user, size_t row, size_t column, int64_t *ret);
    struct ht_uuid (*id)(const void *user, size_t row);
    size_t list, row_size; /* where its rows are in struct ht_queue; the bytes of one */
    const char *empty;
};
extern const struct ht_queue_table ht_queue_tables[HT_QUEUE_COUNT];

bool ht_worker_silent(const struct ht_worker *w);

#endif
