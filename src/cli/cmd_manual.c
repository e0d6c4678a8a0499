#include <stdio.h>
#include <string.h>

#include "hooktop/cli/commands.h"
#include "hooktop/cli/manual.h"
#include "hooktop/cli/output.h"

#define PAGES_MAX 16

static void file_name(const struct ht_manual_page *p, char ret[64])
{
    snprintf(ret, 64, "%s.%d", p->name, p->section);
}

static enum ht_rc no_page(const char *given, struct ht_err *err)
{
    char texts[PAGES_MAX][64];
    const char *names[PAGES_MAX];
    size_t n = 0;
    for (; n < ht_manual_pages_len && n < PAGES_MAX; n++) {
        file_name(&ht_manual_pages[n], texts[n]);
        names[n] = texts[n];
    }
    ht_fail(err, HT_USAGE, "manual", "hooktop manual lists them", "there is no page \"%s\"", given);
    ht_suggest(err, given, names, n);
    return HT_USAGE;
}

enum ht_rc ht_cmd_manual(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    char name[64];
    (void)ctx;
    for (size_t i = 0; i < ht_manual_pages_len; i++) {
        file_name(&ht_manual_pages[i], name);
        if (args->operands_len == 0) {
            ht_out_printf("%s\n", name);
        } else if (strcmp(args->operands[0], name) == 0) {
            struct ht_buf page HT_BUF_CLEANUP;
            ht_buf_init(&page, HT_MANUAL_MAX);
            ht_manual(&ht_manual_pages[i], &page);
            ht_out_bytes(page.data, page.len);
            return HT_OK;
        }
    }
    return args->operands_len == 0 ? HT_OK : no_page(args->operands[0], err);
}

enum ht_rc ht_cmd_completion(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, HT_MANUAL_MAX);
    (void)ctx;
    if (!ht_completion(args->operands[0], &text))
        return ht_fail(err, HT_USAGE, "completion", "it may be bash or zsh", "there is none for \"%s\"",
                       args->operands[0]);
    ht_out_bytes(text.data, text.len);
    return HT_OK;
}
