/* The command line: one table of commands and one of options, and everything that is made from them (parsing, help,
 * "did you mean", later completion and manual pages).
 *
 * Order of calls: ht_args_parse, then the command's `run`, then ht_args_fini. Options stand before or after the
 * command; those of a command only after its name. "--name value", "--name=value", "-N value", "-Nvalue"; "--" ends
 * options. Errors: HT_USAGE with the word that is wrong and the nearest right one. Nothing blocks. Main thread.
 */
#ifndef HOOKTOP_CLI_COMMAND_H
#define HOOKTOP_CLI_COMMAND_H

#include <stdint.h>
#include "hooktop/base/buf.h"

struct ht_ctx; /* context.h */
struct ht_args;

enum ht_option_kind {
    HT_OPTION_FLAG,
    HT_OPTION_TEXT,
    HT_OPTION_FILE,     /* text; completes as a file name; "-" is standard input or output */
    HT_OPTION_LIST,     /* text, may be given several times */
    HT_OPTION_WORD,     /* one of a closed vocabulary */
    HT_OPTION_NUMBER,   /* lo..hi */
    HT_OPTION_DURATION, /* to milliseconds, lo..hi */
    HT_OPTION_RATE,     /* "50/s", "600/m", "100/h": per second */
};

/* All options of all commands. Two entries may share a name when they mean different things to different commands. */
enum ht_option_id {
    /* of the whole program */
    HT_OPT_DSN,
    HT_OPT_CONFIG,
    HT_OPT_ENV,
    HT_OPT_JSON,
    HT_OPT_TENANT,
    HT_OPT_REASON,
    HT_OPT_READONLY,
    HT_OPT_YES,
    HT_OPT_VERSION,
    HT_OPT_HELP,
    HT_OPT_GLOBALS_END,
    /* of commands */
    HT_OPT_HEADLESS = HT_OPT_GLOBALS_END,
    HT_OPT_PRINT,
    HT_OPT_CONCURRENCY,
    HT_OPT_DRAIN,
    HT_OPT_PROFILE,
    HT_OPT_TYPE,
    HT_OPT_DATA,
    HT_OPT_SOURCE,
    HT_OPT_PERFORMED_BY,
    HT_OPT_EVENT_NAME,
    HT_OPT_WORKFLOW,
    HT_OPT_KEY,
    HT_OPT_DESCRIPTION,
    HT_OPT_CONTRACT,
    HT_OPT_SAMPLE,
    HT_OPT_URL,
    HT_OPT_SUBSCRIBE,
    HT_OPT_UNSUBSCRIBE,
    HT_OPT_HEADER,
    HT_OPT_TIMEOUT,
    HT_OPT_SCHEDULE,
    HT_OPT_RATE,
    HT_OPT_IN_FLIGHT,
    HT_OPT_SOURCE_FILTER,
    HT_OPT_WORKFLOWS,
    HT_OPT_CLEAR,
    HT_OPT_SECRET_FILE,
    HT_OPT_HELD,
    HT_OPT_RELEASE_RATE,
    HT_OPT_SNOOZE_FOR,
    HT_OPT_SNOOZE_ALWAYS,
    HT_OPT_SNOOZE_END,
    HT_OPT_ALL,
    HT_OPT_OVERLAP,
    HT_OPT_TO_FILE,
    HT_OPT_NEXT,
    HT_OPT_GENERATION,
    HT_OPT_FIND_ENDPOINT,
    HT_OPT_FIND_STATUS,
    HT_OPT_FIND_STATE,
    HT_OPT_FIND_SINCE,
    HT_OPT_FIND_TYPE,
    HT_OPT_FIND_KEY,
    HT_OPT_FIND_CONTAINS,
    HT_OPT_FIND_PROFILE,
    HT_OPT_FIND_AGE,
    HT_OPT_FIND_UNTIL,
    HT_OPT_FIND_ERROR,
    HT_OPT_FIND_CODE,
    HT_OPT_REPLAY_STATUS,
    HT_OPT_REPLAY_RATE,
    HT_OPT_DRY_RUN,
    HT_OPT_LIMIT,
    HT_OPT_BODY,
    HT_OPT_VERIFY_KEY,
    HT_OPT_VERIFY_HEADER,
    HT_OPT_AT,
    HT_OPT_AGAINST,
    HT_OPT_BATCH,
    HT_OPT_RETIRE,
    HT_OPT_ROLE,
    HT_OPT_ALL_TENANTS,
    HT_OPT_PASSWORD_FILE,
    HT_OPT_DROP,
    HT_OPT_PROMETHEUS,
    HT_OPT_TEXTFILE,
    HT_OPT_NOTIFY,
    HT_OPT_HOSTS,
    HT_OPT_COUNT,
};

struct ht_option {
    const char *name;
    char letter; /* 0: none */
    enum ht_option_kind kind;
    const char *value; /* what help shows for the value */
    const char *help;
    int64_t lo, hi;                   /* numbers and durations */
    const char *(*word_at)(size_t i); /* words: the i-th, NULL after the last */
};
extern const struct ht_option ht_options[HT_OPT_COUNT];

struct ht_use { /* of an option by a command */
    enum ht_option_id id;
    bool required;
};

enum {
    HT_COMMAND_WRITES = 1,   /* refused with --readonly */
    HT_COMMAND_AUDITED = 2,  /* in a production environment it wants a --reason */
    HT_COMMAND_CONFIRMS = 4, /* asks first; where nobody can be asked it wants --yes */
    HT_COMMAND_APART = 8,    /* reads no configuration, knows no database of the user's */
};

#define HT_OPERANDS_MAX 32

typedef enum ht_rc ht_command_fn(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err);

struct ht_command {
    const char *name;     /* "emit", "endpoint add" */
    const char *operands; /* as usage shows them: "ENDPOINT", "[FILTER]..."; NULL: none */
    uint8_t min, max;     /* how many operands */
    unsigned flags;
    const struct ht_use *options;
    size_t options_len;
    ht_command_fn *run;
    const char *summary; /* one line, without a full stop */
    const char *about;   /* more for --help and the manual; may be NULL; blank line = paragraph */
};
extern const struct ht_command ht_commands[];
extern const size_t ht_commands_len;

/* The first words of commands that are made of two. */
struct ht_group {
    const char *name;
    const char *summary;
};
extern const struct ht_group ht_groups[];
extern const size_t ht_groups_len;

struct ht_arg {
    bool given;
    const char *text;
    int64_t number; /* numbers, milliseconds */
    double rate;    /* per second */
    const char **list;
    size_t list_len;
};
struct ht_args {
    const struct ht_command *command; /* NULL: only a group's name was given, or an option that needs no command */
    const struct ht_group *group;
    struct ht_arg opt[HT_OPT_COUNT];
    const char *operands[HT_OPERANDS_MAX];
    size_t operands_len;
};

/* Borrows argv's strings. ret is filled as far as it was understood also on failure, so that the caller knows --json.
 */
HT_MUST_CHECK enum ht_rc ht_args_parse(int argc, char *const *argv, struct ht_args *ret, struct ht_err *err);
void ht_args_fini(struct ht_args *a);

/* What an option's value means; for options of another name too. HT_USAGE. */
HT_MUST_CHECK enum ht_rc ht_rate_parse(const char *text, double *ret, struct ht_err *err);

/* The help of what was parsed: a command's, a group's, or the whole program's. */
void ht_help(const struct ht_args *a, struct ht_buf *out);

/* Sets err->fix to 'did you mean "NEAREST"?' when one of the names is near to `given`. */
void ht_suggest(struct ht_err *err, const char *given, const char *const *names, size_t n);

#endif
