#include <stdio.h>
#include <string.h>

#include "hooktop/tui/app.h"

/* `=` keeps only what is like the row under the cursor, `!` leaves it out: one more term of the filter. */

static const char *of_status(const struct ht_subject *it)
{
    return it->delivery   ? ht_delivery_words[it->delivery->status].name
           : it->endpoint ? ht_endpoint_words[it->endpoint->status].name
                          : NULL;
}

static const char *of_type(const struct ht_subject *it)
{
    return it->delivery ? it->delivery->type : NULL;
}

static const char *of_error(const struct ht_subject *it)
{
    return it->delivery && it->delivery->last_error != HT_ATTEMPT_NONE ? ht_attempt_words[it->delivery->last_error].name
                                                                       : NULL;
}

static const char *of_profile(const struct ht_subject *it)
{
    return it->delivery ? it->delivery->profile : it->endpoint ? it->endpoint->profile : NULL;
}

static const char *of_tenant(const struct ht_subject *it)
{
    return it->endpoint ? it->endpoint->tenant_name : NULL;
}

static const struct {
    int32_t key;
    const char *field; /* of the filter language */
    const char *(*get)(const struct ht_subject *it);
} terms[] = {
    {'s', "status", of_status},   {'t', "type", of_type},     {'r', "error", of_error},
    {'p', "profile", of_profile}, {'n', "tenant", of_tenant},
};

/* "endpoint" has no word of its own: its id names it whatever its description is. */
#define ENDPOINT_KEY 'e'

static bool term(const struct ht_subject *it, int32_t key, char *ret, size_t size)
{
    char id[HT_UUID_TEXT];
    if (key == ENDPOINT_KEY && it->delivery) {
        ht_uuid_format(&it->delivery->endpoint_id, id);
        return (size_t)snprintf(ret, size, "endpoint:%s", id) < size;
    }
    for (size_t i = 0; i < HT_COUNT(terms); i++) {
        const char *value = terms[i].key == key ? terms[i].get(it) : NULL;
        if (value && value[0] && !strpbrk(value, "\"\\*|/"))
            return (size_t)snprintf(ret, size, strchr(value, ' ') ? "%s:\"%s\"" : "%s:%s", terms[i].field, value) <
                   size;
    }
    return false;
}

void ht_narrow_ask(struct ht_app *app, enum ht_action_id action)
{
    struct ht_screen *s = ht_app_top(app);
    struct ht_subject it = {0};
    char text[256], label[sizeof app->input_label];
    int used = snprintf(label, sizeof label, action == HT_ACT_EXCLUDE ? "leave out: " : "only: ");
    if (!s->class->subject || !s->class->subject(s, &it)) {
        ht_app_flash(app, HT_FLASH_INFO, "%s: nothing is under the cursor", ht_actions[action].name);
        return;
    }
    if (term(&it, ENDPOINT_KEY, text, sizeof text))
        used += snprintf(label + used, sizeof label - (size_t)used, "%c endpoint  ", ENDPOINT_KEY);
    for (size_t i = 0; i < HT_COUNT(terms); i++)
        if (term(&it, terms[i].key, text, sizeof text) && used < (int)sizeof label)
            used += snprintf(label + used, sizeof label - (size_t)used, "%c %s  ", (char)terms[i].key, terms[i].field);
    ht_app_ask_line(app, action == HT_ACT_EXCLUDE ? HT_INPUT_EXCLUDE : HT_INPUT_NARROW, label, "");
}

void ht_narrow_key(struct ht_app *app, int32_t key)
{
    struct ht_screen *s = ht_app_top(app);
    struct ht_subject it = {0};
    char one[256], all[HT_PROMPT_MAX];
    bool out = app->input == HT_INPUT_EXCLUDE;
    app->input = HT_INPUT_KEYS;
    if (!s->class->subject || !s->class->subject(s, &it) || !term(&it, key, one, sizeof one))
        return;
    int len =
        snprintf(all, sizeof all, "%s%s%s%s", s->filter.applied, s->filter.applied[0] ? " " : "", out ? "-" : "", one);
    if (len >= (int)sizeof all) {
        ht_app_flash(app, HT_FLASH_ERROR, "the filter is full; ~ clears it");
        return;
    }
    if (!ht_filter_line_set(&s->filter, all, ht_app_db_now(app))) {
        ht_app_flash(app, HT_FLASH_ERROR, "filter: %s", s->filter.why);
        return;
    }
    ht_screen_forget(app, s);
    ht_screen_refresh(app, s, 0);
}
