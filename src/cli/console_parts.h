/* What the console's threads are given. Everything here is set before they start and read-only after, but `stopping`.
 */
#ifndef HOOKTOP_SRC_CLI_CONSOLE_PARTS_H
#define HOOKTOP_SRC_CLI_CONSOLE_PARTS_H

#include <stdatomic.h>

#include "hooktop/base/mailbox.h"
#include "hooktop/cli/console.h"
#include "hooktop/model/message.h"
#include "hooktop/ops/ops.h"

struct ht_part {
    const struct ht_console_options *options;
    const struct ht_uuid *tenant; /* NULL: all */
    struct ht_mailbox *requests;  /* taken from */
    struct ht_mailbox *replies;   /* posted to */
    /* the loader's is open from the start, the errands' opens with the first one; read by who ends the console */
    _Atomic(struct ht_conn *) conn;
    atomic_bool stopping; /* the console ends: leave what is running */
};

/* Thread functions; `part` is a struct ht_part. They return when their mailbox is closed and what was taken is
 * answered. */
void *ht_loader_run(void *part);
void *ht_errands_run(void *part);

/* Posts, waiting while the screen's mailbox is full; frees the message when the console ends instead. */
void ht_part_reply(struct ht_part *p, struct ht_reply *r);
/* Answers a request with an error. */
void ht_part_refuse(struct ht_part *p, const struct ht_request *q, const struct ht_err *err);
/* The loader's requests: which it knows, which change something, and what one is answered with. NULL: err says why. */
bool ht_part_answers(enum ht_request_kind kind);
bool ht_part_writes(enum ht_request_kind kind);
struct ht_reply *ht_part_answer(struct ht_part *p, const struct ht_request *q, int64_t db_now, struct ht_err *err);
/* The errand that writes a list to a file (export.c). */
enum ht_rc ht_part_export(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err);
/* The errand that writes one attempt's evidence to a file (evidence_file.c). */
enum ht_rc ht_part_evidence(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err);
/* The operations on a part's connection, with the request's reason. */
struct ht_ops ht_part_ops(const struct ht_part *p, const struct ht_request *q);

#endif
