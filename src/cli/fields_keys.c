#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"

#include "fields.h"

/* When it was shown; or that nobody said it had arrived. */
static void put_revealed(const struct ht_secret_meta *s, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    char at[HT_TIME_TEXT];
    if (json != NULL) {
        ht_jw_time(json, name, s->revealed_at);
        ht_jw_time(json, "confirmed_at", s->confirmed_at);
        return;
    }
    if (s->revealed_at == 0)
        return;
    ht_time_rfc3339(s->revealed_at, at);
    ht_buf_adds(text, s->confirmed_at != 0 ? at : "unconfirmed");
}

static void put_signed(const struct ht_secret_meta *s, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    if (json != NULL) {
        ht_jw_int(json, name, s->signed_attempts);
        ht_jw_int(json, "attempts", s->attempts);
    } else if (s->attempts > 0) {
        ht_buf_addf(text, "%d of %d", (int)s->signed_attempts, (int)s->attempts);
    }
}

static void put_own_revealed(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_revealed(record, name, json, text);
}

static void put_own_signed(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_signed(record, name, json, text);
}

static const struct ht_field secret_fields[] = {
    FIELD(ht_secret_meta, id, "id", "ID", HT_FIELD_UUID, COLUMN | GIVES),
    FIELD(ht_secret_meta, generation, "generation", "GENERATION", HT_FIELD_INT, COLUMN),
    WORD(ht_secret_meta, state, "state", "STATE", ht_secret_words, COLUMN),
    FIELD(ht_secret_meta, created_at, "created_at", "CREATED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_secret_meta, created_by, "created_by", "BY", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_secret_meta, promote_at, "promote_at", "SIGNS FROM", HT_FIELD_TIME, COLUMN),
    FIELD(ht_secret_meta, expires_at, "expires_at", "SIGNS UNTIL", HT_FIELD_TIME, COLUMN),
    OTHER("revealed_at", "REVEALED", put_own_revealed, COLUMN | GIVES),
    OTHER("signed", "SIGNED", put_own_signed, COLUMN),
    FIELD(ht_secret_meta, last_used_at, "last_used_at", "LAST USED", HT_FIELD_TIME, COLUMN | GIVES),
    FIELD(ht_secret_meta, public_pem, "public_key", NULL, HT_FIELD_TEXT, 0),
};
KIND(ht_kind_secret, ht_secret_meta, secret_fields);

/* ------------------------------------------------------------------------------------------------------------------ */

static void put_endpoint(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_fleet_key *k = record;
    char id[HT_UUID_TEXT];
    if (json != NULL) {
        ht_jw_str(json, name, k->endpoint_url);
        return;
    }
    if (ht_uuid_is_nil(&k->endpoint_id)) {
        ht_buf_adds(text, "(the tenant's key)");
        return;
    }
    ht_uuid_format(&k->endpoint_id, id);
    ht_buf_adds(text, id);
}

static void put_age(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_fleet_key *k = record;
    char age[32];
    ht_duration_format(k->age_ms, age, sizeof age);
    if (json != NULL)
        ht_jw_int(json, name, k->age_ms);
    else
        ht_buf_adds(text, age);
}

/* What is planned for it, and how long until then. */
static void put_left(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    const struct ht_fleet_key *k = record;
    char left[32];
    if (json != NULL && k->left_ms > 0)
        ht_jw_int(json, name, k->left_ms);
    else if (json != NULL)
        ht_jw_null(json, name);
    if (json != NULL || k->left_ms <= 0)
        return;
    ht_duration_format(k->left_ms, left, sizeof left);
    ht_buf_addf(text, "%s in %s", k->secret.state == HT_SECRET_NEXT ? "signs" : "ends", left);
}

static void put_fleet_revealed(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_revealed(&((const struct ht_fleet_key *)record)->secret, name, json, text);
}

static void put_fleet_signed(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text)
{
    put_signed(&((const struct ht_fleet_key *)record)->secret, name, json, text);
}

static const struct ht_field fleet_fields[] = {
    FIELD(ht_fleet_key, secret.id, "id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_fleet_key, tenant_id, "tenant_id", NULL, HT_FIELD_UUID, 0),
    FIELD(ht_fleet_key, tenant_name, "tenant", "TENANT", HT_FIELD_TEXT, COLUMN | SHRINKS),
    FIELD(ht_fleet_key, endpoint_id, "endpoint_id", NULL, HT_FIELD_UUID, 0),
    OTHER("url", "ENDPOINT", put_endpoint, COLUMN),
    FIELD(ht_fleet_key, endpoint_description, "description", "DESCRIPTION", HT_FIELD_TEXT, COLUMN | SHRINKS | GIVES),
    FIELD(ht_fleet_key, profile, "profile", "PROFILE", HT_FIELD_TEXT, COLUMN),
    FIELD(ht_fleet_key, secret.generation, "generation", "GENERATION", HT_FIELD_INT, COLUMN),
    WORD(ht_fleet_key, secret.state, "state", "STATE", ht_secret_words, COLUMN),
    OTHER("age_ms", "AGE", put_age, COLUMN),
    OTHER("left_ms", "ROTATION", put_left, COLUMN),
    OTHER("signed", "SIGNED", put_fleet_signed, COLUMN),
    OTHER("revealed_at", "REVEALED", put_fleet_revealed, COLUMN | GIVES),
    FIELD(ht_fleet_key, secret.created_at, "created_at", NULL, HT_FIELD_TIME, 0),
    FIELD(ht_fleet_key, secret.created_by, "created_by", NULL, HT_FIELD_TEXT, 0),
    FIELD(ht_fleet_key, secret.promote_at, "promote_at", NULL, HT_FIELD_TIME, 0),
    FIELD(ht_fleet_key, secret.expires_at, "expires_at", NULL, HT_FIELD_TIME, 0),
    FIELD(ht_fleet_key, secret.last_used_at, "last_used_at", NULL, HT_FIELD_TIME, 0),
};
KIND(ht_kind_fleet, ht_fleet_key, fleet_fields);
