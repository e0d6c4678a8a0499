#include <stdlib.h>
#include <string.h>
#include "config_dsn.h"
#include "hooktop/base/secret.h"
#include "hooktop/cli/config.h"

static void ignore_pair(void *user, const char *key, const char *value)
{
    (void)user;
    (void)key;
    (void)value;
}

struct found {
    enum ht_database_source source;
    const char *dsn; /* NULL: this source says nothing */
    const char *from;
};

/* The first of these that says so wins. */
static struct found find(const struct ht_config *c, const char *dsn, bool config_given, const struct ht_libpq_env *env)
{
    bool chosen = c->environment || config_given;
    const struct found order[] = {
        {HT_DATABASE_OPTION, dsn, "--dsn"},
        {HT_DATABASE_CHOSEN, chosen ? c->database_dsn : NULL, c->dsn_from},
        {HT_DATABASE_LIBPQ, env->dsn, env->said_by},
        {HT_DATABASE_FILE, c->database_dsn, c->dsn_from},
    };
    for (size_t i = 0; i < HT_COUNT(order); i++)
        if (order[i].dsn && *order[i].dsn)
            return order[i];
    return (struct found){HT_DATABASE_PRIVATE, NULL, "the private cluster of this user"};
}

enum ht_rc ht_config_database(const struct ht_config *c, const char *dsn, bool config_given,
                              const struct ht_libpq_env *env, struct ht_database *ret, struct ht_err *err)
{
    struct found f = find(c, dsn, config_given, env);
    /* Whoever chose "prod" must not end up anywhere else. */
    if (c->environment && f.source > HT_DATABASE_CHOSEN)
        return ht_fail(err, HT_USAGE, "--env", "add database.dsn to its section",
                       "the environment \"%s\" does not say where its database is", c->environment);
    char *full = NULL;
    if (f.dsn) {
        if (!ht_dsn_each(f.dsn, ignore_pair, NULL))
            return ht_fail(err, HT_USAGE, f.from,
                           "write key=value pairs, or postgresql://USER@HOST/DATABASE with %40 for @",
                           "this is no connection string that libpq would take");
        full = env->password && !ht_dsn_has_password(f.dsn) ? ht_dsn_with_password(f.dsn, env->password)
                                                            : ht_strdup(f.dsn);
    }
    *ret = (struct ht_database){f.source, full, ht_strdup(f.from)};
    return HT_OK;
}

void ht_database_fini(struct ht_database *d)
{
    if (d->dsn)
        ht_wipe(d->dsn, strlen(d->dsn));
    free(d->dsn);
    free(d->from);
    *d = (struct ht_database){0};
}
