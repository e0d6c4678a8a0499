#include "hooktop/model/words.h"
#include <string.h>

#define ROW(id, name, sign, meaning) {name, sign, meaning},

const struct ht_word ht_delivery_words[HT_DELIVERY_STATUS_COUNT] = {HT_DELIVERY_STATUSES(ROW)};
const struct ht_word ht_endpoint_words[HT_ENDPOINT_STATUS_COUNT] = {HT_ENDPOINT_STATUSES(ROW)};
const struct ht_word ht_type_words[HT_TYPE_STATE_COUNT] = {HT_TYPE_STATES(ROW)};
const struct ht_word ht_secret_words[HT_SECRET_STATE_COUNT] = {HT_SECRET_STATES(ROW)};
const struct ht_word ht_attempt_words[HT_ATTEMPT_ERROR_COUNT] = {HT_ATTEMPT_ERRORS(ROW)};
const struct ht_word ht_probe_words[HT_PROBE_VERDICT_COUNT] = {HT_PROBE_VERDICTS(ROW)};

int ht_word_find(const struct ht_word *words, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i].name, name) == 0)
            return i;
    }
    return -1;
}
