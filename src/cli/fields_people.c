#include <string.h>

#include "fields.h"

/* What belongs to no tenant: the key ring, workers, members of all tenants. */
static void put_tenant(const char *tenant, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    if (json != NULL)
        ht_jw_str(json, name, tenant);
    else
        ht_buf_adds(text, tenant != NULL ? tenant : "(none)");
}

static void put_entry_tenant(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_tenant(((const struct ht_audit_entry *)record)->tenant_name, name, json, text);
}

static void put_detail(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_audit_entry *e = record;
    if (json == NULL)
        ht_buf_adds(text, e->detail != NULL ? e->detail : "");
    else if (e->detail == NULL)
        ht_jw_null(json, name);
    else
        ht_jw_foreign(json, name, e->detail, strlen(e->detail));
}

static const struct ht_field audit_fields[] = {
    FIELD(ht_audit_entry, at, "at", "AT", HT_FIELD_TIME, COLUMN),
    FIELD(ht_audit_entry, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    OTHER("tenant", "TENANT", put_entry_tenant, COLUMN | GIVES),
    FIELD(ht_audit_entry, seq, "seq", "SEQ", HT_FIELD_COUNT, COLUMN | GIVES),
    FIELD(ht_audit_entry, who, "who", "WHO", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_audit_entry, action, "action", "ACTION", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_audit_entry, object, "object", "OBJECT", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_audit_entry, reason, "reason", "REASON", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_audit_entry, from, "from", "FROM", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    OTHER("detail", "DETAIL", put_detail, COLUMN | SHRINKS | GIVES),
};
KIND(ht_kind_audit, ht_audit_entry, audit_fields);

static void put_chain_tenant(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_tenant(((const struct ht_audit_chain *)record)->tenant_name, name, json, text);
}

static void put_finding(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_audit_chain *c = record;
    if (json != NULL) {
        ht_jw_bool(json, "unbroken", c->problem == NULL);
        ht_jw_str(json, name, c->problem);
        if (c->problem != NULL)
            ht_jw_int(json, "problem_seq", c->bad_seq);
        else
            ht_jw_null(json, "problem_seq");
        return;
    }
    if (c->problem == NULL)
        ht_buf_adds(text, "unbroken");
    else
        ht_buf_addf(text, "entry %lld: %s", (long long)c->bad_seq, c->problem);
}

static const struct ht_field chain_fields[] = {
    FIELD(ht_audit_chain, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    OTHER("tenant", "TENANT", put_chain_tenant, COLUMN),
    FIELD(ht_audit_chain, entries, "entries", "ENTRIES", HT_FIELD_COUNT, COLUMN),
    FIELD(ht_audit_chain, head_seq, "head_seq", NULL, HT_FIELD_COUNT, 0),
    OTHER("problem", "FINDING", put_finding, COLUMN),
    FIELD(ht_audit_chain, head, "head", "HEAD", HT_FIELD_TEXT, COLUMN | GIVES),
};
KIND(ht_kind_audit_chain, ht_audit_chain, chain_fields);

static void put_sees(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_user *u = record;
    if (json != NULL) {
        ht_jw_str(json, name, u->tenants);
        ht_jw_bool(json, "all", u->sees_all);
    } else
        ht_buf_adds(text, u->sees_all ? "(all)" : u->tenants != NULL ? u->tenants : "(none)");
}

static void put_roles(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_user *u = record;
    if (json != NULL) {
        ht_jw_str(json, name, u->roles);
        ht_jw_bool(json, "exists", u->there);
    } else
        ht_buf_adds(text, !u->there ? "(no such login any more)" : u->roles != NULL ? u->roles : "(none)");
}

static const struct ht_field user_fields[] = {
    FIELD(ht_user, login, "login", "LOGIN", HT_FIELD_TEXT, COLUMN | SHRINKS),
    OTHER("roles", "ROLES", put_roles, COLUMN),
    OTHER("tenants", "TENANTS", put_sees, COLUMN | SHRINKS),
    FIELD(ht_user, added_at, "added_at", "ADDED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_user, added_by, "added_by", "BY", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
};
KIND(ht_kind_user, ht_user, user_fields);
