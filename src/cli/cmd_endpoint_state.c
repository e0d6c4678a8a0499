#include <stdio.h>
#include <string.h>

#include "hooktop/base/text.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

#define FROM(status) (1u << HT_ENDPOINT_##status)

/* What a command changes, and from where it may. */
struct change {
    enum ht_endpoint_status to;
    unsigned from; /* set of FROM() */
    enum ht_held_choice held;
    bool asks_held;      /* the held deliveries may also go another way */
    const char *instead; /* what to do where it cannot */
};

static enum ht_rc check_from(const struct ht_ctx *ctx, const struct ht_endpoint *e, const struct change *c,
                             struct ht_err *err)
{
    if ((c->from & (1u << e->status)) != 0)
        return HT_OK;
    return ht_fail(err, HT_FAILED, ctx->args->command->name, c->instead, "the endpoint is %s",
                   ht_endpoint_words[e->status].name);
}

/* --held; or, with a person at the terminal and something held, that person's answer. */
static enum ht_rc choose_held(const struct ht_ctx *ctx, const struct ht_endpoint *e, const struct change *c,
                              enum ht_held_choice *ret, struct ht_err *err)
{
    const struct ht_option *o = &ht_options[HT_OPT_HELD];
    const char *text = ht_ctx_text(ctx, HT_OPT_HELD);
    char question[128];
    char answer[32] = "";
    *ret = c->held;
    if (!c->asks_held)
        return HT_OK;
    if (text == NULL && e->held > 0 && ht_ctx_can_ask(ctx)) {
        snprintf(question, sizeof question, "%lld%s %s held: release, keep or cancel? [release] ", (long long)e->held,
                 e->held >= HT_FIGURE_MAX ? "+" : "", ht_plural(e->held, "delivery is", "deliveries are"));
        ht_ctx_ask(question, answer, sizeof answer);
        text = answer[0] != '\0' ? answer : NULL;
    }
    for (size_t i = 0; text != NULL; i++) {
        if (o->word_at(i) == NULL)
            return ht_fail(err, HT_USAGE, ctx->args->command->name, "answer release, keep or cancel",
                           "\"%s\" is none of these", text);
        if (strcmp(text, o->word_at(i)) == 0) {
            *ret = (enum ht_held_choice)i;
            break;
        }
    }
    return HT_OK;
}

static void show(const struct ht_ctx *ctx, const struct ht_endpoint *e, enum ht_held_choice held, int64_t moved)
{
    static const char *const done[] = {"held", "released", "cancelled"}; /* by enum ht_held_choice */
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_uuid(&o.w, "id", &e->id);
        ht_jw_str(&o.w, "status", ht_endpoint_words[e->status].name);
        ht_jw_int(&o.w, "moved", moved);
        ht_out_end(&o);
        return;
    }
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e->id, id);
    ht_out_printf("endpoint %s is %s", id, ht_endpoint_words[e->status].name);
    if (moved > 0)
        ht_out_printf(", %lld %s %s", (long long)moved, ht_plural(moved, "delivery", "deliveries"), done[held]);
    ht_out_printf("\n");
}

static enum ht_rc apply(struct ht_ctx *ctx, const struct ht_args *args, const struct change *c, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint after = {0};
    enum ht_held_choice held = c->held;
    int64_t moved = 0;
    char id[HT_UUID_TEXT];
    enum ht_rc rc = ht_ctx_endpoint(ctx, args->operands[0], &e, err);
    if (rc == HT_OK)
        rc = check_from(ctx, &e, c, err);
    if (rc == HT_OK && (args->command->flags & HT_COMMAND_CONFIRMS) != 0)
        rc = ht_ctx_confirm(ctx, "Remove this endpoint and cancel what waits for it?", err);
    if (rc == HT_OK)
        rc = choose_held(ctx, &e, c, &held, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_state(ctx->conn, &e, c->to, held, args->opt[HT_OPT_RELEASE_RATE].rate, ctx->reason,
                                     &moved, err);
    ht_uuid_format(&e.id, id);
    if (rc == HT_OK)
        rc = ht_store_endpoint_find(ctx->conn, id, &after, err);
    if (rc == HT_OK)
        show(ctx, &after, held, moved);
    return rc;
}

enum ht_rc ht_cmd_endpoint_pause(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const struct change c = {.to = HT_ENDPOINT_PAUSED,
                                    .from = FROM(ACTIVE),
                                    .held = HT_HELD_KEEP,
                                    .instead = "only an active endpoint can be paused"};
    return apply(ctx, args, &c, err);
}

enum ht_rc ht_cmd_endpoint_resume(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const struct change c = {.to = HT_ENDPOINT_ACTIVE,
                                    .from = FROM(PAUSED),
                                    .held = HT_HELD_RELEASE,
                                    .asks_held = true,
                                    .instead = "only a paused endpoint can be resumed; see endpoint enable and ping"};
    return apply(ctx, args, &c, err);
}

enum ht_rc ht_cmd_endpoint_enable(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const struct change c = {.to = HT_ENDPOINT_ACTIVE,
                                    .from = FROM(DISABLED),
                                    .held = HT_HELD_RELEASE,
                                    .asks_held = true,
                                    .instead = "only a disabled endpoint can be enabled; see endpoint resume and ping"};
    return apply(ctx, args, &c, err);
}

enum ht_rc ht_cmd_endpoint_disable(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const struct change c = {
        .to = HT_ENDPOINT_DISABLED, .from = FROM(ACTIVE) | FROM(PAUSED) | FROM(UNVERIFIED), .held = HT_HELD_KEEP};
    return apply(ctx, args, &c, err);
}

enum ht_rc ht_cmd_endpoint_release(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const struct change c = {.to = HT_ENDPOINT_ACTIVE,
                                    .from = FROM(ACTIVE),
                                    .held = HT_HELD_RELEASE,
                                    .instead = "resume, enable or verify it first: that releases too"};
    return apply(ctx, args, &c, err);
}

enum ht_rc ht_cmd_endpoint_remove(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    static const struct change c = {.to = HT_ENDPOINT_REMOVED,
                                    .from = FROM(ACTIVE) | FROM(PAUSED) | FROM(UNVERIFIED) | FROM(DISABLED),
                                    .held = HT_HELD_CANCEL};
    return apply(ctx, args, &c, err);
}
