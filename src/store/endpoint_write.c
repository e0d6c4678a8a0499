#include <string.h>
#include "hooktop/base/codec.h"
#include "hooktop/base/json.h"
#include "hooktop/store/queries.h"
#include "query.h"
#include "sealed.h"

#define SETTINGS_MAX (512u * 1024u)

/* Names and sealed bytes, of which there are none when all are taken away; nothing when they are to stay. */
static void add_headers(struct ht_jw *w, const struct ht_endpoint *e)
{
    if (e->headers_len > 0 && e->headers_sealed == NULL)
        return;
    ht_jw_object(w, "headers");
    if (e->headers_len > 0) {
        HT_AUTOFREE char *hex = ht_alloc(HT_HEX_SIZE(e->headers_sealed_len), 1);
        ht_hex_encode(e->headers_sealed, e->headers_sealed_len, hex);
        ht_jw_array(w, "names");
        for (size_t i = 0; i < e->headers_len; i++)
            ht_jw_str(w, NULL, e->headers[i].name);
        ht_jw_end_array(w);
        ht_jw_str(w, "sealed", hex);
    }
    ht_jw_end_object(w);
}

/* The settings that override the profile's, as the schema's functions take them; what is not given is left out. */
static void add_settings(struct ht_buf *out, const struct ht_endpoint *e)
{
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    if (e->timeout_ms > 0)
        ht_jw_int(&w, "timeout_ms", e->timeout_ms);
    if (e->rate_per_s > 0)
        ht_jw_real(&w, "rate_per_s", e->rate_per_s);
    if (e->in_flight_max > 0)
        ht_jw_int(&w, "in_flight_max", e->in_flight_max);
    if (e->source_filter != NULL)
        ht_jw_str(&w, "source_filter", e->source_filter);
    if (e->schedule_len > 0) {
        ht_jw_array(&w, "schedule_s");
        for (size_t i = 0; i < e->schedule_len; i++)
            ht_jw_int(&w, NULL, e->schedule_s[i]);
        ht_jw_end_array(&w);
    }
    if (e->workflows != NULL && e->workflows[0] != NULL) {
        ht_jw_array(&w, "workflows");
        for (char **f = e->workflows; *f != NULL; f++)
            ht_jw_str(&w, NULL, *f);
        ht_jw_end_array(&w);
    }
    add_headers(&w, e);
    ht_jw_end_object(&w);
}

static enum ht_rc put_settings(struct ht_params *p, const struct ht_endpoint *e, struct ht_err *err)
{
    struct ht_buf settings HT_BUF_CLEANUP = {0};
    ht_buf_init(&settings, SETTINGS_MAX);
    add_settings(&settings, e);
    if (settings.over)
        return ht_fail(err, HT_USAGE, "endpoint", NULL, "its settings are larger than %u KiB", SETTINGS_MAX / 1024);
    ht_put_json(p, settings.data, settings.len);
    return HT_OK;
}

enum ht_rc ht_store_endpoint_add(struct ht_conn *c, const struct ht_endpoint *e, const char *const *patterns,
                                 size_t n_patterns, const struct ht_sealed *first, const char *reason,
                                 struct ht_err *err)
{
    static const struct ht_stmt s = {
        .what = "endpoint add",
        .sql = "SELECT hooktop.endpoint_add($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    };
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->id);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_text(&p, e->profile);
    ht_put_text(&p, e->url);
    ht_put_text(&p, e->description);
    ht_put_text(&p, ht_endpoint_words[e->status].name);
    enum ht_rc rc = put_settings(&p, e, err);
    ht_put_array(&p, HT_PG_TEXT, n_patterns);
    for (size_t i = 0; i < n_patterns; i++)
        ht_put_text(&p, patterns[i]);
    ht_put_sealed(&p, first);
    ht_put_text(&p, reason);
    return rc == HT_OK ? ht_conn_do(c, &s, &p, err) : rc;
}

enum ht_rc ht_store_endpoint_edit(struct ht_conn *c, const struct ht_endpoint *e, const char *reason,
                                  struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "endpoint edit",
                                     .sql = "SELECT hooktop.endpoint_edit($1, $2, $3, $4, $5, $6)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    ht_put_text(&p, e->url);
    ht_put_text(&p, e->description);
    enum ht_rc rc = put_settings(&p, e, err);
    ht_put_text(&p, reason);
    return rc == HT_OK ? ht_conn_do(c, &s, &p, err) : rc;
}

enum ht_rc ht_store_endpoint_state(struct ht_conn *c, const struct ht_endpoint *e, enum ht_endpoint_status to,
                                   enum ht_held_choice held, double rate_per_s, const char *reason, int64_t *ret_moved,
                                   struct ht_err *err)
{
    static const char *const choices[] = {
        [HT_HELD_KEEP] = "keep", [HT_HELD_RELEASE] = "release", [HT_HELD_CANCEL] = "cancel"};
    static const struct ht_col cols[] = {{.sql = "endpoint_state", .kind = HT_COL_I64}};
    static const struct ht_stmt s = {.what = "endpoint",
                                     .sql = "SELECT hooktop.endpoint_state($1, $2, $3, $4, $5, $6)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    ht_put_text(&p, ht_endpoint_words[to].name);
    ht_put_text(&p, choices[held]);
    ht_put_f64(&p, rate_per_s);
    ht_put_text(&p, reason);
    return ht_conn_one(c, &s, &p, cols, HT_COUNT(cols), ret_moved, sizeof(*ret_moved), err);
}

enum ht_rc ht_store_endpoint_verified(struct ht_conn *c, const struct ht_endpoint *e, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "endpoint", .sql = "SELECT hooktop.endpoint_verified($1, $2)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    return ht_conn_do(c, &s, &p, err);
}

enum ht_rc ht_store_subscribe(struct ht_conn *c, const struct ht_endpoint *e, const char *pattern, bool on,
                              struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "subscription", .sql = "SELECT hooktop.subscribe($1, $2, $3, $4, NULL)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    ht_put_text(&p, pattern);
    ht_put_bool(&p, on);
    return ht_conn_do(c, &s, &p, err);
}

static void put_patterns(struct ht_params *p, const struct ht_patterns *l)
{
    ht_put_array(p, HT_PG_TEXT, l->n);
    for (size_t i = 0; i < l->n; i++)
        ht_put_text(p, l->list[i]);
}

enum ht_rc ht_store_subscriptions_restore(struct ht_conn *c, const struct ht_endpoint *e, const struct ht_patterns *was,
                                          const struct ht_patterns *now, const char *reason, struct ht_err *err)
{
    static const struct ht_stmt s = {.what = "undo", .sql = "SELECT hooktop.subscriptions_restore($1, $2, $3, $4, $5)"};
    struct ht_params p HT_PARAMS_CLEANUP;
    ht_params_init(&p);
    ht_put_uuid(&p, &e->tenant_id);
    ht_put_uuid(&p, &e->id);
    put_patterns(&p, was);
    put_patterns(&p, now);
    ht_put_text(&p, reason);
    return ht_conn_do(c, &s, &p, err);
}
