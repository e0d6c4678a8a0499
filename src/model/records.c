#include "hooktop/model/records.h"
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/secret.h"

static void free_strings(char *const *strings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(strings[i]);
}
#define FREE_STRINGS(...)                                                                                              \
    free_strings((char *const[]){__VA_ARGS__}, sizeof((char *const[]){__VA_ARGS__}) / sizeof(char *))

void ht_tenant_fini(struct ht_tenant *t)
{
    FREE_STRINGS(t->name, t->profile);
    *t = (struct ht_tenant){0};
}

void ht_event_type_fini(struct ht_event_type *t)
{
    FREE_STRINGS(t->profile, t->name, t->description, t->contract, t->sample);
    *t = (struct ht_event_type){0};
}

void ht_header_fini(struct ht_header *h)
{
    if (h->value != NULL)
        ht_wipe(h->value, strlen(h->value));
    FREE_STRINGS(h->name, h->value);
    *h = (struct ht_header){0};
}

void ht_endpoint_fini(struct ht_endpoint *e)
{
    FREE_STRINGS(e->tenant_name, e->profile, e->url, e->description, e->status_reason, e->source_filter);
    for (char **w = e->workflows; w != NULL && *w != NULL; w++)
        free(*w);
    free(e->workflows);
    for (size_t i = 0; i < e->headers_len; i++)
        ht_header_fini(&e->headers[i]);
    free(e->headers_sealed);
    *e = (struct ht_endpoint){0};
}

void ht_subscription_fini(struct ht_subscription *s)
{
    free(s->pattern);
    *s = (struct ht_subscription){0};
}

void ht_secret_meta_fini(struct ht_secret_meta *s)
{
    FREE_STRINGS(s->created_by, s->public_pem);
    *s = (struct ht_secret_meta){0};
}

void ht_fleet_key_fini(struct ht_fleet_key *k)
{
    FREE_STRINGS(k->tenant_name, k->profile, k->endpoint_url, k->endpoint_description);
    ht_secret_meta_fini(&k->secret);
    *k = (struct ht_fleet_key){0};
}

void ht_event_fini(struct ht_event *e)
{
    FREE_STRINGS(e->type, e->data, e->source, e->performed_by, e->event_name, e->workflow, e->key);
    *e = (struct ht_event){0};
}

void ht_delivery_fini(struct ht_delivery *d)
{
    FREE_STRINGS(d->type, d->profile, d->endpoint_url, d->endpoint_description, d->reason);
    *d = (struct ht_delivery){0};
}

void ht_attempt_fini(struct ht_attempt *a)
{
    FREE_STRINGS(a->error_detail, a->address, a->tls, a->request_headers, a->response_headers, a->response_body,
                 a->secret_ids, a->worker);
    *a = (struct ht_attempt){0};
}

size_t ht_attempt_bytes(const struct ht_attempt *a)
{
    const char *const texts[] = {a->error_detail,     a->address,    a->tls,   a->request_headers,
                                 a->response_headers, a->secret_ids, a->worker};
    size_t bytes = sizeof *a + a->response_body_len;
    for (size_t i = 0; i < HT_COUNT(texts); i++)
        bytes += texts[i] != NULL ? strlen(texts[i]) : 0;
    return bytes;
}

void ht_signature_fini(struct ht_signature *s)
{
    free(s->before);
    *s = (struct ht_signature){0};
}

void ht_worker_fini(struct ht_worker *w)
{
    FREE_STRINGS(w->name, w->version, w->exceptions);
    *w = (struct ht_worker){0};
}

void ht_partition_fini(struct ht_partition *p)
{
    FREE_STRINGS(p->kind, p->name);
    *p = (struct ht_partition){0};
}

void ht_why_fini(struct ht_why *w)
{
    FREE_STRINGS(w->url, w->description, w->outcome, w->reason);
    *w = (struct ht_why){0};
}

void ht_failure_group_fini(struct ht_failure_group *g)
{
    FREE_STRINGS(g->endpoint_url, g->endpoint_description, g->profile, g->tenant_name, g->acknowledged_by, g->note);
    *g = (struct ht_failure_group){0};
}

void ht_alert_fini(struct ht_alert *a)
{
    FREE_STRINGS(a->kind, a->tenant_name, a->endpoint_url, a->text, a->detail, a->acknowledged_by);
    *a = (struct ht_alert){0};
}

void ht_audit_entry_fini(struct ht_audit_entry *e)
{
    FREE_STRINGS(e->tenant_name, e->who, e->from, e->action, e->object, e->reason, e->detail);
    *e = (struct ht_audit_entry){0};
}

void ht_audit_chain_fini(struct ht_audit_chain *c)
{
    FREE_STRINGS(c->tenant_name, c->head, c->problem);
    *c = (struct ht_audit_chain){0};
}

void ht_user_fini(struct ht_user *u)
{
    FREE_STRINGS(u->login, u->roles, u->tenants, u->added_by);
    *u = (struct ht_user){0};
}

#define LIST_FINI(name, type)                                                                                          \
    void name##_fini(struct name *l)                                                                                   \
    {                                                                                                                  \
        for (size_t i = 0; i < l->n; i++)                                                                              \
            type##_fini(&l->rows[i]);                                                                                  \
        free(l->rows);                                                                                                 \
        *l = (struct name){0};                                                                                         \
    }
LIST_FINI(ht_tenants, ht_tenant)
LIST_FINI(ht_event_types, ht_event_type)
LIST_FINI(ht_endpoints, ht_endpoint)
LIST_FINI(ht_subscriptions, ht_subscription)
LIST_FINI(ht_secret_metas, ht_secret_meta)
LIST_FINI(ht_fleet_keys, ht_fleet_key)
LIST_FINI(ht_events, ht_event)
LIST_FINI(ht_deliveries, ht_delivery)
LIST_FINI(ht_attempts, ht_attempt)
LIST_FINI(ht_workers, ht_worker)
LIST_FINI(ht_partitions, ht_partition)
LIST_FINI(ht_whys, ht_why)
LIST_FINI(ht_failure_groups, ht_failure_group)
LIST_FINI(ht_alerts, ht_alert)
LIST_FINI(ht_audit_entries, ht_audit_entry)
LIST_FINI(ht_audit_chains, ht_audit_chain)
LIST_FINI(ht_users, ht_user)
