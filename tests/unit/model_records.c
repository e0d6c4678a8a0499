/* Every record and message gives back all it owns. Filled completely, freed, and the heap is as it was (the sanitizer
 * build's leak check says the same). */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/model/message.h"
#include "hooktop/model/records.h"
#include "ht_test.h"

#define STRING "a string long enough for its loss to be noticed"

static char *s(void)
{
    return ht_strdup(STRING);
}

static void fill_tenant(struct ht_tenant *t)
{
    *t = (struct ht_tenant){.name = s(), .profile = s()};
}

static void fill_type(struct ht_event_type *t)
{
    *t = (struct ht_event_type){.profile = s(), .name = s(), .description = s(), .contract = s(), .sample = s()};
}

static void fill_endpoint(struct ht_endpoint *e)
{
    *e = (struct ht_endpoint){.tenant_name = s(),
                              .profile = s(),
                              .url = s(),
                              .description = s(),
                              .status_reason = s(),
                              .source_filter = s(),
                              .headers_len = 2,
                              .headers = {{s(), s()}, {s(), s()}}};
    e->workflows = ht_alloc(3, sizeof(char *));
    e->workflows[0] = s();
    e->workflows[1] = s();
}

static void fill_subscription(struct ht_subscription *x)
{
    *x = (struct ht_subscription){.pattern = s()};
}

static void fill_secret_meta(struct ht_secret_meta *m)
{
    *m = (struct ht_secret_meta){.created_by = s(), .public_pem = s()};
}

static void fill_fleet_key(struct ht_fleet_key *k)
{
    *k = (struct ht_fleet_key){.tenant_name = s(), .profile = s(), .endpoint_url = s(), .endpoint_description = s()};
    fill_secret_meta(&k->secret);
}

static void fill_event(struct ht_event *e)
{
    *e = (struct ht_event){
        .type = s(), .data = s(), .source = s(), .performed_by = s(), .event_name = s(), .workflow = s(), .key = s()};
}

static void fill_delivery(struct ht_delivery *d)
{
    *d = (struct ht_delivery){
        .type = s(), .profile = s(), .endpoint_url = s(), .endpoint_description = s(), .reason = s()};
}

static void fill_attempt(struct ht_attempt *a)
{
    *a = (struct ht_attempt){.error_detail = s(),
                             .address = s(),
                             .tls = s(),
                             .request_headers = s(),
                             .response_headers = s(),
                             .response_body = s(),
                             .secret_ids = s(),
                             .worker = s()};
}

static void fill_worker(struct ht_worker *w)
{
    *w = (struct ht_worker){.name = s(), .version = s()};
}

static void fill_audit_entry(struct ht_audit_entry *e)
{
    *e = (struct ht_audit_entry){
        .tenant_name = s(), .who = s(), .from = s(), .action = s(), .object = s(), .reason = s(), .detail = s()};
}

static void fill_audit_chain(struct ht_audit_chain *c)
{
    *c = (struct ht_audit_chain){.tenant_name = s(), .head = s(), .problem = s()};
}

static void fill_user(struct ht_user *u)
{
    *u = (struct ht_user){.login = s(), .roles = s(), .tenants = s(), .added_by = s()};
}

static void fill_failure_group(struct ht_failure_group *g)
{
    *g =
        (struct ht_failure_group){.endpoint_url = s(), .endpoint_description = s(), .profile = s(), .tenant_name = s()};
}

static void fill_why(struct ht_why *w)
{
    *w = (struct ht_why){.url = s(), .outcome = s(), .reason = s()};
}

static void fill_replay(struct ht_replay *r)
{
    *r = (struct ht_replay){.tenant_name = s(), .what = s(), .endpoint_url = s(), .reason = s(), .created_by = s()};
}

static void fill_tally(struct ht_tally *t)
{
    t->outcome = s();
}

#define FILL_LIST(list, type, fill)                                                                                    \
    do {                                                                                                               \
        (list)->rows = ht_alloc(3, sizeof(struct type));                                                               \
        (list)->n = 3;                                                                                                 \
        for (size_t i_ = 0; i_ < 3; i_++)                                                                              \
            fill(&(list)->rows[i_]);                                                                                   \
    } while (0)

#define LIST_COMES_AND_GOES(list_type, type, fill)                                                                     \
    do {                                                                                                               \
        struct list_type list = {.more = true};                                                                        \
        FILL_LIST(&list, type, fill);                                                                                  \
        list_type##_fini(&list);                                                                                       \
        assert_null(list.rows);                                                                                        \
        assert_int_equal(list.n, 0);                                                                                   \
        list_type##_fini(&list);                                                                                       \
    } while (0)

static void all_lists(void)
{
    LIST_COMES_AND_GOES(ht_tenants, ht_tenant, fill_tenant);
    LIST_COMES_AND_GOES(ht_event_types, ht_event_type, fill_type);
    LIST_COMES_AND_GOES(ht_endpoints, ht_endpoint, fill_endpoint);
    LIST_COMES_AND_GOES(ht_subscriptions, ht_subscription, fill_subscription);
    LIST_COMES_AND_GOES(ht_secret_metas, ht_secret_meta, fill_secret_meta);
    LIST_COMES_AND_GOES(ht_events, ht_event, fill_event);
    LIST_COMES_AND_GOES(ht_deliveries, ht_delivery, fill_delivery);
    LIST_COMES_AND_GOES(ht_attempts, ht_attempt, fill_attempt);
    LIST_COMES_AND_GOES(ht_workers, ht_worker, fill_worker);
    LIST_COMES_AND_GOES(ht_audit_entries, ht_audit_entry, fill_audit_entry);
    LIST_COMES_AND_GOES(ht_audit_chains, ht_audit_chain, fill_audit_chain);
    LIST_COMES_AND_GOES(ht_users, ht_user, fill_user);
}

static void fill_backlog(struct ht_backlog *b)
{
    *b = (struct ht_backlog){.endpoint = s(), .tenant_name = s()};
}

static void fill_lease(struct ht_lease_row *l)
{
    *l = (struct ht_lease_row){.worker = s(), .endpoint = s(), .type = s()};
}

static void fill_transaction(struct ht_transaction *t)
{
    *t = (struct ht_transaction){.login = s(), .application = s(), .state = s(), .query = s()};
}

static void fill_queue(struct ht_queue *q)
{
    FILL_LIST(&q->workers, ht_worker, fill_worker);
    FILL_LIST(&q->backlogs, ht_backlog, fill_backlog);
    FILL_LIST(&q->leases, ht_lease_row, fill_lease);
    FILL_LIST(&q->open, ht_transaction, fill_transaction);
}

static void fill_ping(struct ht_ping_result *p)
{
    *p = (struct ht_ping_result){.error_detail = s(),
                                 .address = s(),
                                 .request_headers = s(),
                                 .request_body = s(),
                                 .response_headers = s(),
                                 .response_body = s()};
}

static void fill_signing(struct ht_signing *g)
{
    g->endpoint.url = s();
    FILL_LIST(&g->live, ht_secret_meta, fill_secret_meta);
}

static void fill_whoami(struct ht_whoami *w)
{
    *w = (struct ht_whoami){.login = s(), .database = s(), .server_version = s()};
}

static void fill_rotated(struct ht_rotated *r)
{
    r->public_key = s();
    assert_int_equal(ht_secret_new_random(32, &r->secret, NULL), HT_OK);
}

static void fill_event_detail(struct ht_event_detail *d)
{
    fill_event(&d->event);
    FILL_LIST(&d->whys, ht_why, fill_why);
}

static void fill_replay_detail(struct ht_replay_detail *d)
{
    fill_replay(&d->replay);
    FILL_LIST(&d->tally, ht_tally, fill_tally);
}

static void fill_probed(struct ht_probed *p)
{
    p->probe.answer = (struct ht_ping_result){.error_detail = s(), .response_body = s()};
    fill_signing(&p->signing);
}

static void fill_preview(struct ht_reply *r)
{
    if (r->kind == HT_REP_CANCEL_PREVIEW) {
        r->cancel.ids = ht_alloc(2, sizeof *r->cancel.ids);
        return;
    }
    r->preview.ids = ht_alloc(2, sizeof *r->preview.ids);
    r->preview.groups = ht_alloc(2, sizeof *r->preview.groups);
}

static void fill_payload(struct ht_reply *r)
{
    switch (r->kind) {
    case HT_REP_ENDPOINTS:
        FILL_LIST(&r->endpoints, ht_endpoint, fill_endpoint);
        break;
    case HT_REP_ENDPOINT:
        fill_endpoint(&r->endpoint.endpoint);
        FILL_LIST(&r->endpoint.subscriptions, ht_subscription, fill_subscription);
        FILL_LIST(&r->endpoint.secrets, ht_secret_meta, fill_secret_meta);
        FILL_LIST(&r->endpoint.latest, ht_delivery, fill_delivery);
        break;
    case HT_REP_DELIVERIES:
        FILL_LIST(&r->deliveries, ht_delivery, fill_delivery);
        break;
    case HT_REP_DELIVERY:
        fill_delivery(&r->delivery.delivery);
        fill_event(&r->delivery.event);
        FILL_LIST(&r->delivery.attempts, ht_attempt, fill_attempt);
        r->delivery.body = s();
        break;
    case HT_REP_TYPES:
        FILL_LIST(&r->types, ht_event_type, fill_type);
        break;
    case HT_REP_TENANTS:
        FILL_LIST(&r->tenants, ht_tenant, fill_tenant);
        break;
    case HT_REP_QUEUE:
        fill_queue(&r->queue);
        break;
    case HT_REP_AUDIT:
        FILL_LIST(&r->audit, ht_audit_entry, fill_audit_entry);
        break;
    case HT_REP_FAILURES:
        FILL_LIST(&r->failures.list, ht_failure_group, fill_failure_group);
        break;
    case HT_REP_EVENTS:
        FILL_LIST(&r->events, ht_event, fill_event);
        break;
    case HT_REP_EVENT:
        fill_event_detail(&r->event);
        break;
    case HT_REP_REPLAYS:
        FILL_LIST(&r->replays, ht_replay, fill_replay);
        break;
    case HT_REP_REPLAY:
        fill_replay_detail(&r->replay);
        break;
    case HT_REP_WHOAMI:
        fill_whoami(&r->whoami);
        break;
    case HT_REP_ROTATED:
        fill_rotated(&r->rotated);
        break;
    case HT_REP_PING:
        fill_ping(&r->ping);
        break;
    case HT_REP_PROBE:
        fill_probed(&r->probed);
        break;
    case HT_REP_SIGNING:
        fill_signing(&r->signing);
        break;
    case HT_REP_REPLAY_PREVIEW:
    case HT_REP_CANCEL_PREVIEW:
        fill_preview(r);
        break;
    case HT_REP_FLEET:
        FILL_LIST(&r->fleet, ht_fleet_key, fill_fleet_key);
        break;
    case HT_REP_HEALTH:
    case HT_REP_ERROR:
    case HT_REP_DONE:
    case HT_REP_LINK:
    case HT_REP_CHANGED:
    case HT_REP_ELSEWHERE:
    case HT_REP_FIGURES:
    case HT_REP_KIND_COUNT:
        break;
    }
}

static void all_messages(void)
{
    for (int kind = 0; kind < HT_REP_KIND_COUNT; kind++) {
        struct ht_reply *r = ht_reply_new((enum ht_reply_kind)kind, HT_REQ_DELIVERY, 42);
        assert_int_equal(r->kind, kind);
        assert_int_equal(r->request, HT_REQ_DELIVERY);
        assert_int_equal(r->ticket, 42);
        fill_payload(r);
        r->text = s();
        ht_reply_free(r);
        ht_reply_free(ht_reply_new((enum ht_reply_kind)kind, HT_REQ_PING, 0));
    }
    for (int kind = 0; kind < HT_REQ_KIND_COUNT; kind++) {
        struct ht_request *r = ht_request_new((enum ht_request_kind)kind, 43);
        assert_int_equal(r->kind, kind);
        assert_int_equal(r->ticket, 43);
        r->text = s();
        r->reason = s();
        r->path = s();
        r->groups = ht_alloc(2, sizeof *r->groups);
        r->draft = ht_draft_new();
        r->draft->text[HT_DRAFT_HEADERS] = s();
        ht_request_free(r);
    }
    ht_reply_free(NULL);
    ht_request_free(NULL);
}

/* The allocator keeps some freed memory at hand and counts it as used; one string lost per round is far above that.
 */
static void gives_all_back(void (*use)(void))
{
    const size_t rounds = 300;
    for (size_t i = 0; i < 10; i++)
        use();
    struct mallinfo2 before = mallinfo2();
    for (size_t i = 0; i < rounds; i++)
        use();
    struct mallinfo2 after = mallinfo2();
    assert_true(after.uordblks < before.uordblks + rounds * strlen(STRING) / 2);
}

static void records(void **state)
{
    (void)state;
    gives_all_back(all_lists);
}

static void messages(void **state)
{
    (void)state;
    gives_all_back(all_messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
