#include <stdatomic.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

static void show_json(const struct ht_endpoint *e, const struct ht_probe *p)
{
    struct ht_out_object o;
    const char *error = ht_attempt_words[p->answer.error].name;
    ht_out_begin(&o);
    ht_jw_uuid(&o.w, "endpoint_id", &e->id);
    ht_jw_uuid(&o.w, "secret_id", &p->secret_id);
    ht_jw_int(&o.w, "generation", p->generation);
    ht_jw_str(&o.w, "verdict", ht_probe_words[p->verdict].name);
    if (p->answer.status != 0)
        ht_jw_int(&o.w, "status", p->answer.status);
    else
        ht_jw_null(&o.w, "status");
    ht_jw_str(&o.w, "error", error[0] != '\0' ? error : NULL);
    ht_jw_str(&o.w, "error_detail", p->answer.error_detail);
    if (p->strange_status != 0)
        ht_jw_int(&o.w, "strange_status", p->strange_status);
    else
        ht_jw_null(&o.w, "strange_status");
    ht_jw_bool(&o.w, "staged", p->staged);
    ht_jw_bool(&o.w, "others_live", p->others);
    ht_out_end(&o);
}

/* What can be done now that the receiver knows the new secret. */
static void show_next_step(const struct ht_endpoint *e, const struct ht_probe *p)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e->id, id);
    if (p->staged)
        ht_out_printf("let it sign now:      hooktop secret promote %s\n", id);
    else if (p->others)
        ht_out_printf("retire the old one:   hooktop secret revoke %s\n", id);
    else
        ht_out_printf("no other secret is live\n");
}

static void show_text(const struct ht_endpoint *e, const struct ht_probe *p)
{
    ht_out_printf("generation %d: %s\n", (int)p->generation, ht_probe_words[p->verdict].meaning);
    if (p->answer.status != 0)
        ht_out_printf("  signed with it alone:        answered %d\n", (int)p->answer.status);
    if (p->strange_status != 0)
        ht_out_printf("  signed with a key of nobody: answered %d\n", (int)p->strange_status);
    if (p->verdict == HT_PROBE_ACCEPTED)
        show_next_step(e, p);
}

enum ht_rc ht_cmd_secret_probe(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_probe_fini) struct ht_probe p = {0};
    static const atomic_bool never;
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_ctx_endpoint(ctx, args->operands[0], &e, err);
    if (rc == HT_OK)
        rc = ht_ops_probe(&ops, &e, &never, &p, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json)
        show_json(&e, &p);
    else
        show_text(&e, &p);
    if (p.verdict == HT_PROBE_ACCEPTED)
        return HT_OK;
    if (p.verdict == HT_PROBE_UNCHECKED)
        return ht_fail(err, HT_FAILED, "secret probe",
                       "look at how deliveries signed by it alone fare, or ask the receiver", "%s",
                       ht_probe_words[p.verdict].meaning);
    if (p.answer.status != 0)
        return ht_fail(err, HT_FAILED, "secret probe", "keep the old secret until the receiver has the new one",
                       "the receiver answered %d to an event signed with generation %d alone", (int)p.answer.status,
                       (int)p.generation);
    return ht_fail(err, HT_FAILED, "secret probe", "try again when the receiver can be reached", "%s: %s",
                   ht_attempt_words[p.answer.error].name,
                   p.answer.error_detail != NULL ? p.answer.error_detail : ht_attempt_words[p.answer.error].meaning);
}
