/* Connection strings, judged by libpq's own reader: a password that libpq finds is never shown, and a password that is
 * added changes nothing else. */
#include "lib/fuzz.h"

#include <libpq-fe.h>

#include "../../src/cli/config_dsn.h"
#include "hooktop/cli/config.h"

#define PASSWORD "it's a \\ new one"

static bool secret(const PQconninfoOption *o)
{
    return strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0;
}

static const char *value_of(const PQconninfoOption *o)
{
    return o->val != NULL ? o->val : "";
}

/* The only place where the password stands in the connection string as it is, or NULL. */
static char *place_of(char *dsn, const char *password)
{
    char *first = strstr(dsn, password);
    return *password && strpbrk(dsn, "%\\") == NULL && first != NULL && strstr(first + 1, password) == NULL ? first
                                                                                                            : NULL;
}

/* Whether libpq reads the two to the same but for this keyword. */
static bool differs_alone(const PQconninfoOption *all, const char *other, const PQconninfoOption *in)
{
    PQconninfoOption *read = PQconninfoParse(other, NULL);
    bool alone = read != NULL;
    for (size_t i = 0; alone && all[i].keyword != NULL; i++)
        alone = &all[i] == in || strcmp(value_of(&read[i]), value_of(&all[i])) == 0;
    PQconninfoFree(read);
    return alone;
}

/* Another password in its place shows the same: so nothing that is shown comes from it. */
static void check_shown(const PQconninfoOption *all, const char *dsn, const char *shown)
{
    for (const PQconninfoOption *o = all; o->keyword != NULL; o++) {
        HT_AUTOFREE char *other = ht_strdup(dsn);
        char *place = secret(o) ? place_of(other, value_of(o)) : NULL;
        if (place == NULL)
            continue;
        memset(place, *place == 'x' ? 'y' : 'x', strlen(o->val));
        if (!differs_alone(all, other, o) || strcmp(shown, "(unreadable)") == 0)
            continue; /* there was a separator in it */
        HT_BUF_CLEANUP struct ht_buf again;
        ht_buf_init(&again, 256 * 1024);
        ht_dsn_show(other, &again);
        FUZZ_MUST(strcmp(again.data, shown) == 0);
    }
}

/* What libpq reads, we read to the same; and with a password added it still does. */
static void check_added(const PQconninfoOption *all, const char *dsn)
{
    char *added = ht_dsn_with_password(dsn, PASSWORD);
    if (added == NULL)
        return; /* shown as unreadable, never used */
    PQconninfoOption *again = PQconninfoParse(added, NULL);
    FUZZ_MUST(again != NULL);
    for (size_t i = 0; all[i].keyword != NULL; i++) {
        bool ours = strcmp(all[i].keyword, "password") == 0;
        FUZZ_MUST(strcmp(value_of(&again[i]), ours ? PASSWORD : value_of(&all[i])) == 0);
    }
    PQconninfoFree(again);
    free(added);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HT_AUTOFREE char *dsn = fuzz_text(data, size < 4096 ? size : 4096);
    HT_BUF_CLEANUP struct ht_buf shown;
    ht_buf_init(&shown, 256 * 1024);
    ht_dsn_show(dsn, &shown);
    FUZZ_MUST(!shown.over);
    bool has = ht_dsn_has_password(dsn);
    PQconninfoOption *all = PQconninfoParse(dsn, NULL);
    if (all != NULL) {
        check_shown(all, dsn, shown.data);
        for (PQconninfoOption *o = all; o->keyword != NULL; o++)
            FUZZ_MUST(has || !secret(o) || value_of(o)[0] == '\0');
        check_added(all, dsn);
        PQconninfoFree(all);
    }
    ht_dsn_hide_argument(dsn);
    FUZZ_MUST(!has || strspn(dsn, "*") == strlen(dsn));
    return 0;
}
