#include "hooktop/model/health.h"

#include <stdlib.h>

void ht_trouble_fini(struct ht_trouble *t)
{
    free(t->kind);
    free(t->subject);
    free(t->text);
    *t = (struct ht_trouble){0};
}

const char *ht_trouble_key(const struct ht_trouble *t, char ret[HT_UUID_TEXT])
{
    if (ht_uuid_is_nil(&t->endpoint_id))
        return t->subject;
    ht_uuid_format(&t->endpoint_id, ret);
    return ret;
}

void ht_endpoint_stats_fini(struct ht_endpoint_stats *s)
{
    free(s->tenant_name);
    free(s->url);
    free(s->description);
    free(s->profile);
    *s = (struct ht_endpoint_stats){0};
}

void ht_alert_due_fini(struct ht_alert_due *d)
{
    free(d->kind);
    free(d->subject);
    *d = (struct ht_alert_due){0};
}

#define LIST_FINI(name, type)                                                                                          \
    void name##_fini(struct name *l)                                                                                   \
    {                                                                                                                  \
        for (size_t i = 0; i < l->n; i++)                                                                              \
            type##_fini(&l->rows[i]);                                                                                  \
        free(l->rows);                                                                                                 \
        *l = (struct name){0};                                                                                         \
    }
LIST_FINI(ht_troubles, ht_trouble)
LIST_FINI(ht_stats, ht_endpoint_stats)
LIST_FINI(ht_alert_dues, ht_alert_due)
