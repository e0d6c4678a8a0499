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

/* Whether seeing the text tells that it is the password: it stands in the connection string once and as it is. */
static bool telling(const PQconninfoOption *all, const char *dsn, const char *text)
{
    const char *first = strstr(dsn, text);
    for (; all->keyword != NULL; all++)
        if (strstr(all->keyword, text) != NULL)
            return false;
    return strlen(text) >= 4 && strpbrk(dsn, "%\\") == NULL && first != NULL && strstr(first + 1, text) == NULL &&
           text[strspn(text, "paswordl=* ")] != '\0'; /* "password=***" is our own */
}

static void check_shown(const PQconninfoOption *all, const char *dsn, const char *shown)
{
    for (const PQconninfoOption *o = all; o->keyword != NULL; o++)
        if (secret(o) && telling(all, dsn, value_of(o)))
            FUZZ_MUST(strstr(shown, o->val) == NULL);
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
