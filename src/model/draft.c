#include "hooktop/model/draft.h"

#include <stdlib.h>
#include <string.h>

#include "hooktop/base/secret.h"

struct ht_draft *ht_draft_new(void)
{
    return ht_alloc(1, sizeof(struct ht_draft));
}

void ht_draft_free(struct ht_draft *d)
{
    if (d == NULL)
        return;
    for (int i = 0; i < HT_DRAFT_COUNT; i++) {
        if (d->text[i] != NULL)
            ht_wipe(d->text[i], strlen(d->text[i]));
        free(d->text[i]);
    }
    free(d->events_shown);
    free(d->tenant_profile);
    free(d->profile);
    free(d);
}
