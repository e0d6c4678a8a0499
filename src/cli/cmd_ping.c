#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/output.h"

static void show_json(const struct ht_endpoint *e, const struct ht_ping_result *p)
{
    struct ht_out_object o;
    const char *error = ht_attempt_words[p->error].name;
    ht_out_begin(&o);
    ht_jw_uuid(&o.w, "endpoint_id", &e->id);
    ht_jw_bool(&o.w, "success", p->success);
    ht_jw_bool(&o.w, "signed", p->signed_ping);
    if (p->status != 0)
        ht_jw_int(&o.w, "status", p->status);
    else
        ht_jw_null(&o.w, "status");
    ht_jw_str(&o.w, "error", error[0] != '\0' ? error : NULL);
    ht_jw_str(&o.w, "error_detail", p->error_detail);
    ht_jw_int(&o.w, "duration_ms", (p->phases.total_us + 500) / 1000);
    ht_jw_str(&o.w, "address", p->address);
    ht_jw_str(&o.w, "request_headers", p->request_headers);
    ht_jw_str(&o.w, "request_body", p->request_body);
    ht_jw_str(&o.w, "response_headers", p->response_headers);
    if (p->response_body != NULL)
        ht_jw_strn(&o.w, "response_body", p->response_body, p->response_body_len);
    else
        ht_jw_null(&o.w, "response_body");
    ht_jw_bool(&o.w, "verified_now", p->verified_now);
    ht_out_end(&o);
}

static void section(const char *title, const char *text)
{
    ht_out_section(title, text, text != NULL ? strlen(text) : 0);
}

static void show_text(const struct ht_ping_result *p)
{
    char took[32];
    ht_duration_format(p->phases.total_us / 1000, took, sizeof took);
    if (p->status != 0)
        ht_out_printf("answered %d in %s%s\n", (int)p->status, took,
                      p->signed_ping ? "" : " (the profile's ping is unsigned)");
    if (p->verified_now)
        ht_out_printf("the endpoint is verified and active now\n");
    section("request", p->request_headers);
    section("request body", p->request_body);
    section("response", p->response_headers);
    ht_out_section("response body", p->response_body, p->response_body_len);
}

enum ht_rc ht_cmd_ping(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    HT_CLEANUP(ht_ping_result_fini) struct ht_ping_result p = {0};
    static const atomic_bool never;
    struct ht_ops ops;
    enum ht_rc rc = ht_ctx_ops(ctx, &ops, err);
    if (rc == HT_OK)
        rc = ht_ctx_endpoint(ctx, args->operands[0], &e, err);
    if (rc == HT_OK)
        rc = ht_ops_ping(&ops, &e, &never, &p, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json)
        show_json(&e, &p);
    else
        show_text(&p);
    if (p.success)
        return HT_OK;
    const char *detail = p.error_detail != NULL ? p.error_detail : ht_attempt_words[p.error].meaning;
    if (p.status != 0)
        return ht_fail(err, HT_FAILED, "ping", NULL, "the receiver answered %d, which %s does not count as success",
                       (int)p.status, e.profile);
    return ht_fail(err, HT_FAILED, "ping", NULL, "%s: %s", ht_attempt_words[p.error].name, detail);
}
