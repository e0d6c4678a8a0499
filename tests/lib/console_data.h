/* Replies for the console's screens, made here instead of by a database: for unit tests of screens and for the driver
 * that shows them in a real terminal. Everything is a function of the request and of how many deliveries there are. */
#ifndef HT_CONSOLE_DATA_H
#define HT_CONSOLE_DATA_H

#include <stdatomic.h>

#include "hooktop/tui/tui.h"

#define HT_DATA_NOW       1795183200000000LL /* 2026-11-20 14:00:00 UTC: the database's time in every reply */
#define HT_DATA_ENDPOINTS 37
#define HT_DATA_SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwZZZZZZZZZZZ="

#define HT_DATA_MANY 10300 /* rows where a filter asks for many */

struct ht_data {
    atomic_int endpoints; /* below 4096 */
    atomic_int deliveries;
    atomic_bool viewer; /* the login may only look */
};

struct ht_uuid ht_data_id(int kind, int n); /* kinds: 2 delivery, 3 event */
struct ht_uuid ht_data_endpoint_id(int n);  /* newest first, as the store lists them: greater n, smaller id */
struct ht_reply *ht_data_answer(const struct ht_data *data, const struct ht_request *q);
/* console_triage.c: failures, events, replays, audit and secrets; NULL for anything else. */
struct ht_reply *ht_data_triage(const struct ht_request *q);
struct ht_reply *ht_data_link(enum ht_link_state state);
bool ht_data_profile_facts(void *user, const char *profile, struct ht_profile_facts *ret);
void ht_data_check_draft(void *user, const struct ht_draft *d, struct ht_draft_faults *ret);
void ht_data_figures(void *user, struct ht_engine_figures *ret);

#endif
