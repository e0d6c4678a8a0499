#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/tui/app.h"

/* The list as a file: what the filter matches, all of it. Its name says the format. */

static const struct {
    enum ht_screen_id screen;
    enum ht_request_kind pages;
} lists[] = {{HT_SCREEN_ENDPOINTS, HT_REQ_ENDPOINTS}, {HT_SCREEN_DELIVERIES, HT_REQ_DELIVERIES},
             {HT_SCREEN_TYPES, HT_REQ_TYPES},         {HT_SCREEN_FAILURES, HT_REQ_FAILURES},
             {HT_SCREEN_EVENTS, HT_REQ_EVENTS},       {HT_SCREEN_REPLAYS, HT_REQ_REPLAYS},
             {HT_SCREEN_SECRETS, HT_REQ_FLEET},       {HT_SCREEN_AUDIT, HT_REQ_AUDIT}};

void ht_export_ask(struct ht_app *app)
{
    char name[64];
    snprintf(name, sizeof name, "%s.csv", ht_app_top(app)->class->name);
    ht_app_ask_line(app, HT_INPUT_EXPORT, "export to a new file, .csv or .ndjson: ", name);
}

void ht_export_to(struct ht_app *app, const char *text)
{
    const struct ht_screen *s = ht_app_top(app);
    const char *home = getenv("HOME"), *dot = strrchr(text, '.');
    bool tilde = strncmp(text, "~/", 2) == 0 && home;
    char path[4096];
    if (!dot || (strcmp(dot, ".csv") != 0 && strcmp(dot, ".ndjson") != 0)) {
        ht_app_flash(app, HT_FLASH_ERROR, "not exported: the name ends with .csv or .ndjson, which says the format");
        return;
    }
    snprintf(path, sizeof path, "%s%s", tilde ? home : "", tilde ? text + 1 : text);
    for (size_t i = 0; i < HT_COUNT(lists); i++)
        if (lists[i].screen == s->screen_id) {
            struct ht_request *r = ht_request_new(HT_REQ_EXPORT, 0);
            r->state = (int32_t)lists[i].pages;
            r->text = ht_strdup(s->filter.applied);
            r->path = ht_strdup(path);
            r->before_at = ht_app_db_now(app);
            (void)ht_app_write(app, app->o->errands, r, "export to", text);
        }
}
