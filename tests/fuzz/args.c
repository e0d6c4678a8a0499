/* The command line: each line of the input is one argument. */
#include "lib/fuzz.h"

#include "hooktop/cli/command.h"

#define ARGS_MAX 64

static void check_option(const struct ht_args *a, enum ht_option_id id)
{
    const struct ht_option *o = &ht_options[id];
    const struct ht_arg *arg = &a->opt[id];
    bool ours = id < HT_OPT_GLOBALS_END;
    for (size_t i = 0; a->command != NULL && i < a->command->options_len; i++)
        ours = ours || a->command->options[i].id == id;
    if (!arg->given)
        return;
    FUZZ_MUST(ours && (o->kind == HT_OPTION_LIST ? arg->list_len > 0 : arg->text != NULL));
    if (o->kind == HT_OPTION_NUMBER || o->kind == HT_OPTION_DURATION)
        FUZZ_MUST(arg->number >= o->lo && arg->number <= o->hi);
    if (o->kind == HT_OPTION_RATE)
        FUZZ_MUST(arg->rate > 0);
}

static void check_understood(const struct ht_args *a)
{
    bool asked = a->opt[HT_OPT_HELP].given || a->opt[HT_OPT_VERSION].given;
    FUZZ_MUST(asked || a->command != NULL);
    FUZZ_MUST(asked || (a->operands_len >= a->command->min && a->operands_len <= a->command->max));
    for (enum ht_option_id id = 0; id < HT_OPT_COUNT; id++)
        check_option(a, id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char program[] = "hooktop", *argv[ARGS_MAX + 1] = {program};
    HT_AUTOFREE char *text = fuzz_text(data, size);
    struct ht_args a;
    struct ht_err err = {0};
    int argc = 1;
    for (char *rest = text; rest != NULL && argc < ARGS_MAX; argc++)
        argv[argc] = strsep(&rest, "\n");
    if (ht_args_parse(argc, argv, &a, &err) == HT_OK) {
        HT_BUF_CLEANUP struct ht_buf help;
        ht_buf_init(&help, 65536);
        check_understood(&a);
        ht_help(&a, &help);
        FUZZ_MUST(!help.over && help.len > 0);
    } else {
        fuzz_explains(&err);
    }
    ht_args_fini(&a);
    return 0;
}
