/* Configuration: the file, the environment, and where the database is.
 *
 * Every setting is one line of the table ht_settings; the reader, the error texts, the defaults and the manual are made
 * from it. The file is INI: --config FILE, else $XDG_CONFIG_HOME/hooktop/config.ini, else /etc/hooktop/config.ini, else
 * none. [env.NAME] holds the same names dotted ("database.dsn = ...") for one environment, chosen with --env, and the
 * settings of section "env" without a dot ("production = yes"); what stands there goes before the rest of the file.
 * Every section is checked, also those of environments that are not chosen.
 *
 * Order of calls, in main, before any thread: ht_environment_take (captures what libpq's variables say, then removes
 * from the environment everything that could change where hooktop connects, what it trusts or how it resolves names),
 * ht_config_load, ht_config_database. Then everything is plain data, read-only, any thread.
 * Errors: HT_USAGE for an unknown section, key or value, with file, line and the nearest known name; HT_NOT_FOUND for a
 * --config file that is not there; HT_DENIED for a file that others may write, or that holds a password others may
 * read. Blocks on files only.
 */
#ifndef HOOKTOP_CLI_CONFIG_H
#define HOOKTOP_CLI_CONFIG_H

#include "hooktop/base/buf.h"
#include "hooktop/cli/console.h"
#include "hooktop/delivery/egress.h"

/* the table -------------------------------------------------------------------------------------------------------- */
enum ht_setting_kind {
    HT_SETTING_TEXT,     /* char *, owned; NULL when it has no default */
    HT_SETTING_PATH,     /* the same; absolute, or "~/..." */
    HT_SETTING_FLAG,     /* bool: yes or no (true, false, on, off, 1, 0 are understood) */
    HT_SETTING_NUMBER,   /* int32_t, lo..hi */
    HT_SETTING_DURATION, /* int32_t milliseconds, lo..hi; "75s" */
    HT_SETTING_WORD,     /* int: index into `words` */
    HT_SETTING_EGRESS,   /* char *, owned: checked by ht_egress_set, the result stands in ht_config.egress */
};

struct ht_setting {
    const char *section; /* "env": only inside [env.NAME], written without a dot */
    const char *key;
    enum ht_setting_kind kind;
    const char *otherwise; /* the default as it would stand in the file; NULL: none, or computed as `help` says */
    const char *help;      /* one sentence */
    size_t offset;         /* in struct ht_config */
    int32_t lo, hi;
    const char *const *words; /* NULL at the end */
};
extern const struct ht_setting ht_settings[];
extern const size_t ht_settings_len;

/* the values ------------------------------------------------------------------------------------------------------- */
enum ht_ui_ascii { HT_UI_ASCII_AUTO, HT_UI_ASCII_YES, HT_UI_ASCII_NO };

struct ht_config {
    char *file;        /* what was read; NULL: no file */
    char *environment; /* --env; NULL: none */
    char *dsn_from;    /* where database_dsn stands: "FILE [env.prod]"; NULL: it is not set */

    char *database_dsn;
    char *vault_key_file; /* never NULL */
    char *vault_key_command;
    struct ht_egress egress;
    char *egress_http, *egress_ports, *egress_allow, *egress_ca_file;
    char *worker_dsn; /* NULL: the console's own */
    int32_t worker_concurrency;
    int32_t worker_lease_ms;
    int32_t worker_time_limit_ms; /* 0: the lease less its margin */
    enum ht_in_console worker_in_console;
    int32_t alert_backlog_after_ms;
    int32_t alert_rotate_after_days;
    int32_t alert_again_after_ms;
    char *alert_webhook; /* NULL: none, as for the next two */
    char *alert_secret_file;
    char *alert_command;
    char *ui_theme;
    enum ht_ui_ascii ui_ascii;
    bool ui_clock;
    bool ui_mouse;
    bool ui_accessible;
    bool production;
    int colour; /* of the console's first line: ANSI 1 to 6; 0: the theme's */
    bool readonly;
};

/* `file` and `environment` are --config and --env; NULL when not given. */
HT_MUST_CHECK enum ht_rc ht_config_load(const char *file, const char *environment, struct ht_config *ret,
                                        struct ht_err *err);
void ht_config_fini(struct ht_config *c); /* wipes what may hold a password; also right for a struct of zeros */

/* paths, all owned by the caller, never NULL ----------------------------------------------------------------------- */
char *ht_path_config(const char *name); /* $XDG_CONFIG_HOME/hooktop/NAME */
char *ht_path_data(const char *name);   /* $XDG_DATA_HOME/hooktop/NAME; for root /var/lib/hooktop/NAME */
char *ht_path_state(const char *name);  /* $XDG_STATE_HOME/hooktop/NAME: logs */
char *ht_path_key_ring(void);           /* the default of [vault] key_file */
/* Makes the missing directories above `path`: for root 0755, else 0700. */
HT_MUST_CHECK enum ht_rc ht_path_make_parents(const char *path, struct ht_err *err);

/* the environment -------------------------------------------------------------------------------------------------- */
struct ht_libpq_env {
    char *dsn;      /* made of PGSERVICE, or of PGHOST, PGHOSTADDR, PGPORT, PGDATABASE; NULL: they say nothing */
    char *said_by;  /* "PGHOST, PGPORT"; NULL with dsn */
    char *password; /* PGPASSWORD; NULL: not set */
};
/* Keeps an allow-list of variables, unsets all others, wipes PGPASSWORD where it stood, and sets RES_OPTIONS so that a
 * silent name server is given up soon. libpq's variables about identity and trust (PGUSER, PGPASSFILE, PGSERVICEFILE,
 * PGSSL...) stay, because libpq applies them to whatever database is chosen, as its other programs do. Variables called
 * HOOKTOP_... stay. Once, before any thread and before ncurses, curl or libpq are used. */
void ht_environment_take(struct ht_libpq_env *ret);
void ht_libpq_env_fini(struct ht_libpq_env *e);

/* where the database is -------------------------------------------------------------------------------------------- */
enum ht_database_source {
    HT_DATABASE_OPTION,  /* --dsn */
    HT_DATABASE_CHOSEN,  /* --env or --config */
    HT_DATABASE_LIBPQ,   /* libpq's environment */
    HT_DATABASE_FILE,    /* the configuration file that was found */
    HT_DATABASE_PRIVATE, /* nothing says: the private cluster (cluster.h) */
};
struct ht_database {
    enum ht_database_source source;
    char *dsn;  /* owned, may hold a password; NULL for HT_DATABASE_PRIVATE */
    char *from; /* in words, for "which database is this?": "--dsn", "PGHOST", "/etc/hooktop/config.ini [database]" */
};
/* `dsn` is --dsn or NULL, `config_given` whether --config was. HT_USAGE: an environment was chosen that names no
 * database, or a dsn that cannot be read. */
HT_MUST_CHECK enum ht_rc ht_config_database(const struct ht_config *c, const char *dsn, bool config_given,
                                            const struct ht_libpq_env *env, struct ht_database *ret,
                                            struct ht_err *err);
void ht_database_fini(struct ht_database *d); /* wipes */

/* The only form of a dsn that may be shown: key=value pairs, passwords as "***". Both of libpq's forms are understood;
 * what is neither is shown as "(unreadable)". The text is still foreign: it passes base/text.h on its way out. */
void ht_dsn_show(const char *dsn, struct ht_buf *out);
bool ht_dsn_has_password(const char *dsn);
/* Overwrites an argument that holds a password, so that ps no longer shows it. Copy it first. */
void ht_dsn_hide_argument(char *arg);

#endif
