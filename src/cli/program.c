#include "hooktop/cli/program.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/secret.h"
#include "hooktop/base/version.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"
#include "hooktop/delivery/version.h"
#include "hooktop/store/version.h"
#include "hooktop/tui/version.h"

#define HELP_MAX 65536u

/* The value that this argument or the next one gives to a long option, or NULL. */
static char *value_of(const char *option, char *arg, char *next)
{
    size_t len = strlen(option);
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, option, len) != 0)
        return NULL;
    if (arg[2 + len] == '=')
        return arg + 2 + len + 1;
    return arg[2 + len] == '\0' ? next : NULL;
}

/* A copy of the arguments to work with. What holds a password is overwritten where ps would show it: a dsn that does,
 * and every header, because that is how receivers are given credentials. */
static char **take_arguments(int argc, char **argv)
{
    char **copy = ht_alloc((size_t)argc + 1, sizeof *copy);
    for (int i = 0; i < argc; i++)
        copy[i] = ht_strdup(argv[i]);
    for (int i = 1; i < argc; i++) {
        char *dsn = value_of(ht_options[HT_OPT_DSN].name, argv[i], argv[i + 1]);
        char *header = value_of(ht_options[HT_OPT_HEADER].name, argv[i], argv[i + 1]);
        if (dsn != NULL && ht_dsn_has_password(dsn))
            ht_dsn_hide_argument(dsn);
        if (header != NULL)
            memset(header, '*', strlen(header));
    }
    return copy;
}

static void free_arguments(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        ht_wipe(argv[i], strlen(argv[i]));
        free(argv[i]);
    }
    free(argv);
}

static void print_help(const struct ht_args *args)
{
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, HELP_MAX);
    ht_help(args, &text);
    ht_out_bytes(text.data, text.len);
}

static void print_version(void)
{
    static void (*const layers[])(struct ht_buf *) = {ht_base_version, ht_store_version, ht_delivery_version,
                                                      ht_tui_version};
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, HELP_MAX);
    ht_buf_adds(&text, "hooktop " HT_VERSION "\n");
    for (size_t i = 0; i < HT_COUNT(layers); i++) {
        layers[i](&text);
        ht_buf_addc(&text, '\n');
    }
    ht_out_bytes(text.data, text.len);
}

static enum ht_rc run_command(const struct ht_args *args, struct ht_err *err)
{
    struct ht_ctx ctx;
    enum ht_rc rc = ht_ctx_init(&ctx, args, err);
    if (rc == HT_OK)
        rc = args->command->run(&ctx, args, err);
    ht_ctx_fini(&ctx);
    return rc;
}

static enum ht_rc run(int argc, char **argv, struct ht_args *args, struct ht_err *err)
{
    enum ht_rc rc = ht_args_parse(argc, argv, args, err);
    if (rc != HT_OK)
        return rc;
    if (args->opt[HT_OPT_VERSION].given)
        print_version();
    else if (args->opt[HT_OPT_HELP].given)
        print_help(args);
    else
        return run_command(args, err);
    return HT_OK;
}

static void print_error(const struct ht_err *err)
{
    char line[4 * sizeof *err]; /* a byte that is made visible takes up to four */
    ht_err_line(err, line, sizeof line);
    ht_out_note(false, "hooktop: %s", line);
}

int ht_program(int argc, char **argv)
{
    struct ht_args args;
    struct ht_err err = {0};
    struct ht_err unwritten = {0};
    bool locked = ht_secret_init_process();
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    char **copy = take_arguments(argc, argv);
    if (!locked)
        ht_out_note(false, "hooktop: memory for secrets cannot be locked (ulimit -l): they may reach swap");
    enum ht_rc rc = run(argc, copy, &args, &err);
    enum ht_rc written = ht_out_finish(&unwritten);
    if (rc != HT_OK && err.why[0] != '\0')
        print_error(&err);
    else if (written != HT_OK && unwritten.why[0] != '\0')
        print_error(&unwritten);
    ht_args_fini(&args);
    free_arguments(argc, copy);
    return ht_exit_code(rc != HT_OK ? rc : written);
}
