#include "hooktop/store/queries.h"
#include "query.h"

#define TEXT_OF(x)   #x
#define NUMBER_OF(x) TEXT_OF(x)

struct found {
    struct ht_uuid id;
};

/* Ids are times: the walk begins where the endpoint's health says that something succeeded last, so that what has only
 * failed since then is not looked at. A worker notes that time at most once a second, hence the two seconds. */
enum ht_rc ht_store_last_success(struct ht_conn *c, const struct ht_delivery *d, struct ht_uuid *ret,
                                 struct ht_err *err)
{
    static const struct ht_col cols[] = {HT_COL("x.id", found, id, UUID)};
    static const struct ht_stmt s = {
        .what = "delivery",
        .sql = "SELECT coalesce((SELECT x.id FROM (SELECT d.id, d.status FROM hooktop.delivery d"
               " WHERE d.endpoint_id = $1 AND d.tenant_id = $2 AND d.id < hooktop.uuid_at((SELECT h.last_success_at"
               " FROM hooktop.endpoint_health h WHERE h.endpoint_id = $1 AND h.tenant_id = $2) + interval '2 s')"
               " ORDER BY d.id DESC LIMIT " NUMBER_OF(
                   HT_SUCCESS_MAX) ") x WHERE x.status = 'succeeded'"
                                   " ORDER BY x.id DESC LIMIT 1), '00000000-0000-0000-0000-000000000000')",
        .name = "last success"};
    struct ht_params p HT_PARAMS_CLEANUP;
    struct found f = {0};
    ht_params_init(&p);
    ht_put_uuid(&p, &d->endpoint_id);
    ht_put_uuid(&p, &d->tenant_id);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &f, sizeof f, err);
    if (rc == HT_OK)
        *ret = f.id;
    return rc;
}
