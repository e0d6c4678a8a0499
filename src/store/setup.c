#include "hooktop/store/setup.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/embed.h"
#include "query.h"

/* Any number, as long as nobody else locks it: "hooktop" in the letters' places of the alphabet. */
#define SETUP_LOCK       "8151520151600"
#define PATIENCE_MS      3600000 /* an upgrade may rewrite large tables */
#define PARTITIONS_AHEAD 14      /* days */
#define RING_ID_BYTES    8
#define RING_KEY_BYTES   32
#define WHAT             "setup"

/* "003_outbox.sql" is version 3. */
static int file_version(const struct ht_embedded *f)
{
    return (int)strtol(f->name, NULL, 10);
}

int ht_store_schema_version(void)
{
    return ht_embedded_sql_len > 0 ? file_version(&ht_embedded_sql[ht_embedded_sql_len - 1]) : 0;
}

enum ht_rc ht_store_schema_found(struct ht_conn *c, int *ret, struct ht_err *err)
{
    static const struct ht_stmt exists = {
        .what = "schema",
        .sql = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
               " WHERE n.nspname = 'hooktop' AND c.relname = 'schema_version'",
    };
    static const struct ht_stmt version = {.what = "schema", .sql = "SELECT max(version) FROM hooktop.schema_version"};
    static const struct ht_col cols[] = {{.sql = "version", .kind = HT_COL_I32}};
    int32_t found = 0;
    int32_t one;
    enum ht_rc rc = ht_conn_one(c, &exists, NULL, cols, HT_COUNT(cols), &one, sizeof(one), err);
    if (rc == HT_OK)
        rc = ht_conn_one(c, &version, NULL, cols, HT_COUNT(cols), &found, sizeof(found), err);
    else if (rc == HT_NOT_FOUND)
        rc = HT_OK;
    if (rc == HT_OK)
        *ret = found;
    return rc;
}

static enum ht_rc apply_file(struct ht_conn *c, const struct ht_embedded *f, struct ht_err *err)
{
    static const struct ht_stmt mark = {.what = WHAT,
                                        .sql = "INSERT INTO hooktop.schema_version (version) VALUES ($1)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    struct ht_err own = {0};
    ht_params_init(&p);
    ht_put_i32(&p, file_version(f));
    enum ht_rc rc = ht_conn_begin(c, &own);
    if (rc == HT_OK)
        rc = ht_conn_script(c, WHAT, f->bytes, &own);
    if (rc == HT_OK)
        rc = ht_conn_do(c, &mark, &p, &own);
    if (rc == HT_OK)
        rc = ht_conn_commit(c, &own);
    ht_conn_rollback(c);
    return rc == HT_OK ? rc : ht_fail(err, rc, WHAT, own.fix, "%s: %s", f->name, own.why);
}

static enum ht_rc apply_missing(struct ht_conn *c, struct ht_err *err)
{
    int found = 0;
    enum ht_rc rc = ht_store_schema_found(c, &found, err);
    if (rc != HT_OK)
        return rc;
    if (found > ht_store_schema_version())
        return ht_fail(err, HT_NO_DB, WHAT, "use the newer hooktop here too",
                       "this database was upgraded by a newer hooktop (schema %d, this program knows %d)", found,
                       ht_store_schema_version());
    for (size_t i = 0; rc == HT_OK && i < ht_embedded_sql_len; i++) {
        if (file_version(&ht_embedded_sql[i]) > found)
            rc = apply_file(c, &ht_embedded_sql[i], err);
    }
    return rc;
}

static void put_json_text(struct ht_params *p, const char *json)
{
    ht_put_json(p, json, json != NULL ? strlen(json) : 0);
}

static enum ht_rc put_catalogue(struct ht_conn *c, const struct ht_event_types *types, struct ht_err *err)
{
    static const struct ht_stmt put = {
        .what = WHAT,
        .sql = "SELECT hooktop.catalogue_put($1, $2, $3, $4, $5, $6)",
        .name = "catalogue_put",
    };
    enum ht_rc rc = ht_conn_begin(c, err);
    for (size_t i = 0; rc == HT_OK && i < types->n; i++) {
        const struct ht_event_type *t = &types->rows[i];
        struct ht_params p HT_PARAMS_CLEANUP;
        ht_params_init(&p);
        ht_put_text(&p, t->profile);
        ht_put_text(&p, t->name);
        ht_put_text(&p, ht_type_words[t->state].name);
        ht_put_text(&p, t->description);
        put_json_text(&p, t->contract);
        put_json_text(&p, t->sample);
        rc = ht_conn_do(c, &put, &p, err);
    }
    if (rc == HT_OK)
        rc = ht_conn_commit(c, err);
    ht_conn_rollback(c);
    return rc;
}

enum ht_rc ht_store_setup(struct ht_conn *c, const struct ht_event_types *types, struct ht_err *err)
{
    static const struct ht_stmt lock = {.what = WHAT, .sql = "SELECT pg_advisory_lock(" SETUP_LOCK ")"};
    static const struct ht_stmt unlock = {.what = WHAT, .sql = "SELECT pg_advisory_unlock(" SETUP_LOCK ")"};
    static const struct ht_stmt partitions = {.what = WHAT, .sql = "SELECT hooktop.make_partitions($1)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    struct ht_err ignored = {0};
    ht_params_init(&p);
    ht_put_i32(&p, PARTITIONS_AHEAD);
    int32_t patience_before = ht_conn_timeout_ms(c);
    enum ht_rc rc = ht_conn_patience(c, PATIENCE_MS, err);
    if (rc == HT_OK)
        rc = ht_conn_do(c, &lock, NULL, err);
    if (rc == HT_OK)
        rc = apply_missing(c, err);
    if (rc == HT_OK)
        rc = put_catalogue(c, types, err);
    if (rc == HT_OK)
        rc = ht_conn_do(c, &partitions, &p, err);
    /* Both fail only when the connection is gone, and the lock and the setting with it. */
    (void)!ht_conn_do(c, &unlock, NULL, &ignored);
    (void)!ht_conn_patience(c, patience_before, &ignored);
    return rc;
}

void ht_store_setup_print(struct ht_buf *out)
{
    for (size_t i = 0; i < ht_embedded_sql_len; i++) {
        const struct ht_embedded *f = &ht_embedded_sql[i];
        ht_buf_addf(out, "-- %s\nBEGIN;\n", f->name);
        ht_buf_add(out, f->bytes, f->len);
        ht_buf_addf(out, "\nINSERT INTO hooktop.schema_version (version) VALUES (%d);\nCOMMIT;\n\n", file_version(f));
    }
    ht_buf_addf(out, "SELECT hooktop.make_partitions(%d);\n", PARTITIONS_AHEAD);
}

/* key rings -------------------------------------------------------------------------------------------------------- */

struct ring_key {
    uint8_t *id;
    size_t id_len;
    uint8_t *public_key;
    size_t public_len;
};

static void ring_key_fini(struct ring_key *k)
{
    free(k->id);
    free(k->public_key);
}

enum ht_rc ht_store_ring_current(struct ht_conn *c, uint8_t ret_id[8], uint8_t ret_public[32], struct ht_err *err)
{
    static const struct ht_col cols[] = {
        HT_COL_OF_BYTES("id", ring_key, id, id_len),
        HT_COL_OF_BYTES("public_key", ring_key, public_key, public_len),
    };
    static const struct ht_stmt s = {.what = "key ring",
                                     .sql = "SELECT id, public_key FROM hooktop.ring_key WHERE current"};
    HT_CLEANUP(ring_key_fini) struct ring_key k = {0};
    enum ht_rc rc = ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), &k, sizeof(k), err);
    if (rc == HT_NOT_FOUND)
        return ht_fail(err, rc, "key ring", "run hooktop setup where the key ring shall lie",
                       "no key ring was made for this database");
    if (rc != HT_OK)
        return rc;
    if (k.id_len != RING_ID_BYTES || k.public_len != RING_KEY_BYTES)
        return ht_fail(err, HT_FAILED, "key ring", NULL, "the public key in the database has a wrong length");
    memcpy(ret_id, k.id, RING_ID_BYTES);
    memcpy(ret_public, k.public_key, RING_KEY_BYTES);
    return HT_OK;
}

enum ht_rc ht_store_ring_publish(struct ht_conn *c, const uint8_t id[8], const uint8_t public_key[32],
                                 struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "key ring", .sql = "SELECT hooktop.ring_publish($1, $2)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_bytes(&p, id, RING_ID_BYTES);
    ht_put_bytes(&p, public_key, RING_KEY_BYTES);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_sealed_count(struct ht_conn *c, int64_t *ret, struct ht_err *err)
{
    static const struct ht_col cols[] = {{.sql = "sealed_count", .kind = HT_COL_I64}};
    static const struct ht_stmt s = {.what = "key ring", .sql = "SELECT hooktop.sealed_count()"};
    return ht_conn_one(c, &s, NULL, cols, HT_COUNT(cols), ret, sizeof(*ret), err);
}
