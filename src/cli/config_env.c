#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config_dsn.h"
#include "hooktop/base/secret.h"
#include "hooktop/cli/config.h"

/* What stays. A name that ends in '*' stands for all that begin so. */
static const char *const kept[] = {
    /* who and where the user is */
    "HOME", "USER", "LOGNAME", "SHELL", "PATH", "TMPDIR", "XDG_*", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY",
    /* terminal and language */
    "TERM", "COLORTERM", "TERMINFO", "TERMINFO_DIRS", "NCURSES_*", "ESCDELAY", "LINES", "COLUMNS", "NO_COLOR", "TMUX",
    "TMUX_PANE", "STY", "LANG", "LANGUAGE", "LC_*", "TZ",
    /* programs that the console hands its terminal to */
    "PAGER", "EDITOR", "VISUAL", "LESS",
    /* systemd's services */
    "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "INVOCATION_ID", "JOURNAL_STREAM",
    /* libpq: identity and trust, which hold for every database; where it is, is taken out below */
    "PGUSER", "PGPASSFILE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGSSL*", "PGCHANNELBINDING", "PGREQUIREPEER",
    "PGREQUIREAUTH", "PGGSSENCMODE", "PGKRBSRVNAME", "PGCONNECT_TIMEOUT",
    /* hooktop's own, and the sanitizers of its test builds */
    "HOOKTOP_*", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};

static const struct {
    const char *variable;
    const char *keyword;
} where[] = {{"PGHOST", "host"}, {"PGHOSTADDR", "hostaddr"}, {"PGPORT", "port"}, {"PGDATABASE", "dbname"}};

extern char **environ;

static bool is_kept(const char *variable)
{
    size_t len = strcspn(variable, "=");
    for (size_t i = 0; i < HT_COUNT(kept); i++) {
        size_t n = strlen(kept[i]);
        bool prefix = kept[i][n - 1] == '*';
        if (prefix ? strncmp(variable, kept[i], n - 1) == 0 : n == len && memcmp(variable, kept[i], n) == 0)
            return true;
    }
    return false;
}

/* Adds one variable to the dsn and to the names that said so. */
static void take_variable(const char *variable, const char *keyword, char *dsn, size_t size, struct ht_buf *names)
{
    const char *value = getenv(variable);
    if (value && *value && ht_dsn_append(dsn, size, keyword, value))
        ht_buf_addf(names, "%s%s", names->len ? ", " : "", variable);
}

static void take_place(struct ht_libpq_env *e)
{
    char dsn[4096] = ""; /* longer values name nothing that exists */
    struct ht_buf names;
    ht_buf_init(&names, 128);
    take_variable("PGSERVICE", "service", dsn, sizeof dsn, &names);
    bool service = *dsn; /* a service says everything itself: libpq takes nothing from PGHOST and its like then */
    for (size_t i = 0; i < HT_COUNT(where) && !service; i++)
        take_variable(where[i].variable, where[i].keyword, dsn, sizeof dsn, &names);
    e->dsn = *dsn ? ht_strdup(dsn) : NULL;
    e->said_by = *dsn ? ht_buf_take(&names, NULL) : NULL;
    ht_buf_fini(&names);
}

static void take_password(struct ht_libpq_env *e)
{
    char *value = getenv("PGPASSWORD");
    if (!value || !*value)
        return;
    e->password = ht_strdup(value);
    ht_wipe(value, strlen(value)); /* where the kernel shows it as /proc/PID/environ */
}

void ht_environment_take(struct ht_libpq_env *ret)
{
    struct ht_libpq_env e = {0};
    take_place(&e);
    take_password(&e);
    size_t n = 0, kept_n = 0;
    while (environ && environ[n])
        n++;
    char **copies = ht_alloc(n + 1, sizeof *copies);
    for (size_t i = 0; i < n; i++)
        if (strchr(environ[i], '=') && is_kept(environ[i]))
            copies[kept_n++] = ht_strdup(environ[i]);
    clearenv();
    for (size_t i = 0; i < kept_n; i++) {
        char *equals = strchr(copies[i], '=');
        *equals = '\0';
        setenv(copies[i], equals + 1, 1);
        free(copies[i]);
    }
    free(copies);
    /* glibc asks each name server twice and waits five seconds for each answer: longer than a connection may take. */
    setenv("RES_OPTIONS", "timeout:2 attempts:2", 1);
    *ret = e;
}

void ht_libpq_env_fini(struct ht_libpq_env *e)
{
    if (e->password)
        ht_wipe(e->password, strlen(e->password));
    free(e->password);
    free(e->dsn);
    free(e->said_by);
    *e = (struct ht_libpq_env){0};
}
