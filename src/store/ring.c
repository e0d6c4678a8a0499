/* The key rings' public halves, what is sealed to each, and putting re-sealed bytes in place. */
#include <stdlib.h>
#include <string.h>
#include "hooktop/store/setup.h"
#include "query.h"

HT_LIST_READER(read_keys, ht_ring_uses)
HT_LIST_READER(read_things, ht_sealed_things)

static const char what[] = "key ring";

void ht_ring_use_fini(struct ht_ring_use *u)
{
    free(u->id);
    *u = (struct ht_ring_use){0};
}

void ht_ring_uses_fini(struct ht_ring_uses *l)
{
    for (size_t i = 0; i < l->n; i++)
        ht_ring_use_fini(&l->rows[i]);
    free(l->rows);
    *l = (struct ht_ring_uses){0};
}

void ht_sealed_things_fini(struct ht_sealed_things *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->rows[i].kind);
        free(l->rows[i].profile);
        free(l->rows[i].sealed);
        free(l->rows[i].fresh);
    }
    free(l->rows);
    *l = (struct ht_sealed_things){0};
}

enum ht_rc ht_store_ring_uses(struct ht_conn *c, struct ht_ring_uses *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("id", ht_ring_use, id, TEXT),
        HT_COL("current", ht_ring_use, current, BOOL),
        HT_COL("created_at", ht_ring_use, created_at, TIME),
        HT_COL("in_use", ht_ring_use, in_use, I64),
    };
    static const struct ht_stmt s = {
        .what = what, .sql = "SELECT encode(id, 'hex'), current, created_at, in_use FROM hooktop.ring_keys()"};
    return read_keys(c, &s, NULL, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_ring_retire(struct ht_conn *c, const uint8_t id[8], struct ht_err *err)
{
    static const struct ht_stmt s = {.what = what, .sql = "SELECT hooktop.ring_retire($1)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_bytes(&p, id, HT_RING_ID_BYTES);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_workers_without(struct ht_conn *c, const uint8_t id[8], char **ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "names", .kind = HT_COL_TEXT}};
    static const struct ht_stmt s = {.what = what,
                                     .sql = "SELECT string_agg(w, ', ') FROM hooktop.workers_without($1) w"};
    struct ht_params p HT_PARAMS_CLEANUP;
    char *names = NULL;
    ht_params_init(&p);
    ht_put_bytes(&p, id, HT_RING_ID_BYTES);
    enum ht_rc rc = ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), &names, sizeof(names), err);
    if (rc == HT_OK)
        *ret = names;
    return rc;
}

enum ht_rc ht_store_worker_started(struct ht_conn *c, const char *name, const uint8_t (*keys)[8], size_t n,
                                   const char *exceptions, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "worker",
                                     .sql =
                                         "SELECT hooktop.worker_started($1, $2,"
                                         " CASE WHEN $3 IS NOT NULL THEN json_build_object('egress', $3::text) END)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_text(&p, name);
    ht_put_array(&p, HT_PG_BYTEA, n);
    for (size_t i = 0; i < n; i++)
        ht_put_bytes(&p, keys[i], HT_RING_ID_BYTES);
    ht_put_text(&p, exceptions);
    return ht_conn_do(c, &s, &p, err);
}

/* re-sealing ------------------------------------------------------------------------------------------------------- */

enum ht_rc ht_store_rekey_page(struct ht_conn *c, const uint8_t to[8], const struct ht_sealed_thing *after,
                               int32_t limit, struct ht_sealed_things *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL("kind", ht_sealed_thing, kind, TEXT),
        HT_COL("tenant_id", ht_sealed_thing, tenant_id, UUID),
        HT_COL("endpoint_id", ht_sealed_thing, endpoint_id, UUID),
        HT_COL("id", ht_sealed_thing, id, UUID),
        HT_COL("generation", ht_sealed_thing, generation, I32),
        HT_COL("profile", ht_sealed_thing, profile, TEXT),
        HT_COL_OF_BYTES("sealed", ht_sealed_thing, sealed, sealed_len),
    };
    static const struct ht_stmt s = {.what = "rekey",
                                     .sql = "SELECT kind, tenant_id, endpoint_id, id, generation, profile, sealed"
                                            " FROM hooktop.rekey_page($1, $2, $3, $4)"};
    static const struct ht_uuid nil = {0};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_bytes(&p, to, HT_RING_ID_BYTES);
    ht_put_text(&p, after != NULL ? after->kind : "");
    ht_put_uuid(&p, after != NULL ? &after->id : &nil);
    ht_put_i32(&p, limit);
    return read_things(c, &s, &p, cols, HT_COUNT(cols), 0, ret, err);
}

enum ht_rc ht_store_rekey_put(struct ht_conn *c, const uint8_t to[8], const struct ht_sealed_things *l,
                              int64_t *ret_replaced, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "rekey_put", .kind = HT_COL_I64}};
    static const struct ht_stmt s = {.what = "rekey", .sql = "SELECT hooktop.rekey_put($1, $2, $3, $4, $5, $6)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    size_t n = 0;
    ht_params_init(&p);
    for (size_t i = 0; i < l->n; i++)
        n += l->rows[i].fresh != NULL;
    ht_put_bytes(&p, to, HT_RING_ID_BYTES);
#define PUT_EACH(type, call)                                                                                           \
    ht_put_array(&p, type, n);                                                                                         \
    for (size_t i = 0; i < l->n; i++) {                                                                                \
        const struct ht_sealed_thing *x = &l->rows[i];                                                                 \
        if (x->fresh != NULL)                                                                                          \
            call;                                                                                                      \
    }
    PUT_EACH(HT_PG_TEXT, ht_put_text(&p, x->kind))
    PUT_EACH(HT_PG_UUID, ht_put_uuid(&p, &x->tenant_id))
    PUT_EACH(HT_PG_UUID, ht_put_uuid(&p, &x->id))
    PUT_EACH(HT_PG_BYTEA, ht_put_bytes(&p, x->sealed, x->sealed_len))
    PUT_EACH(HT_PG_BYTEA, ht_put_bytes(&p, x->fresh, x->fresh_len))
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret_replaced, sizeof(*ret_replaced), err);
}
