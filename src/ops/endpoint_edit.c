#include <string.h>
#include "parts.h"

static enum ht_rc change(const struct ht_ops *o, const struct ht_endpoint *e, const char *const *on, size_t n_on,
                         const char *const *off, size_t n_off, struct ht_err *err)
{
    enum ht_rc rc = ht_store_endpoint_edit(o->conn, e, o->reason, err);
    for (size_t i = 0; rc == HT_OK && i < n_off; i++)
        rc = ht_store_subscribe(o->conn, e, off[i], false, err);
    for (size_t i = 0; rc == HT_OK && i < n_on; i++)
        rc = ht_store_subscribe(o->conn, e, on[i], true, err);
    return rc;
}

enum ht_rc ht_ops_endpoint_edit(const struct ht_ops *o, struct ht_endpoint *e, const char *const *on, size_t n_on,
                                const char *const *off, size_t n_off, struct ht_err *err)
{
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant tenant = {0};
    const struct ht_profile *p = NULL, *tenants = NULL;
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e->tenant_id, id);
    enum ht_rc rc = ht_ops_profile(e->profile, &p, err);
    if (rc == HT_OK)
        rc = ht_store_tenant_find(o->conn, id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_ops_profile(tenant.profile, &tenants, err);
    if (rc == HT_OK)
        rc = ht_ops_check_settings(o, p, e, err);
    if (rc == HT_OK)
        rc = ht_ops_check_patterns(o, tenants, on, n_on, err);
    if (rc == HT_OK)
        rc = ht_ops_seal_headers(o, e, err);
    if (rc == HT_OK)
        rc = ht_conn_begin(o->conn, err);
    if (rc != HT_OK)
        return rc;
    rc = change(o, e, on, n_on, off, n_off, err);
    if (rc == HT_OK)
        rc = ht_conn_commit(o->conn, err);
    if (rc != HT_OK)
        ht_conn_rollback(o->conn);
    return rc;
}
