#include "hooktop/profile/profile.h"

#include <stdio.h>
#include <string.h>

#include "hooktop/base/codec.h"
#include "wire.h"

const struct ht_profile *const ht_profiles[] = {
    &ht_profile_standard, &ht_profile_instaclaim, &ht_profile_claimport, &ht_profile_instnt, &ht_profile_claimable,
};
const size_t ht_profiles_len = HT_COUNT(ht_profiles);

const struct ht_profile *ht_profile_find(const char *name)
{
    for (size_t i = 0; i < ht_profiles_len; i++)
        if (strcmp(ht_profiles[i]->name, name) == 0)
            return ht_profiles[i];
    return NULL;
}

void ht_profile_event_id(const struct ht_profile *p, const struct ht_uuid *id, char ret[64])
{
    if (!p->event_id_prefix) {
        ht_uuid_format(id, ret);
        return;
    }
    size_t at = (size_t)snprintf(ret, 64 - HT_HEX_SIZE(sizeof id->b), "%s", p->event_id_prefix);
    ht_hex_encode(id->b, sizeof id->b, ret + at);
}

const char *ht_profile_seal_purpose(const struct ht_profile *p)
{
    return p->key_kind == HT_KEY_RSA ? "rsa" : "hmac";
}

static char *copy_or_null(const char *s)
{
    return s ? ht_strdup(s) : NULL;
}

void ht_profile_catalogue(struct ht_event_types *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < ht_profiles_len; i++)
        n += ht_profiles[i]->types_len;
    struct ht_event_type *rows = ht_alloc(n, sizeof *rows);
    struct ht_event_type *row = rows;
    for (size_t i = 0; i < ht_profiles_len; i++) {
        for (size_t k = 0; k < ht_profiles[i]->types_len; k++, row++) {
            const struct ht_catalogue_type *t = &ht_profiles[i]->types[k];
            row->profile = ht_strdup(ht_profiles[i]->name);
            row->name = ht_strdup(t->name);
            row->state = t->state;
            row->description = copy_or_null(t->description);
            row->contract = copy_or_null(t->contract);
            row->sample = copy_or_null(t->sample);
        }
    }
    *ret = (struct ht_event_types){.rows = rows, .n = n};
}
