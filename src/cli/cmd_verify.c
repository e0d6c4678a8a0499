#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/input.h"
#include "hooktop/cli/output.h"
#include "hooktop/profile/profile.h"

#define KEYS_MAX    8u
#define HEADERS_MAX 64u
#define BODY_MAX    (1024u * 1024u)

struct request {
    struct ht_header headers[HEADERS_MAX];
    size_t headers_len;
    struct ht_buf body;
    struct ht_secret *secrets[KEYS_MAX]; /* what the files hold; public keys too */
    char *public[KEYS_MAX];
    struct ht_verify_key keys[KEYS_MAX];
    size_t keys_len;
};

static void request_fini(struct request *r)
{
    for (size_t i = 0; i < r->headers_len; i++) {
        free(r->headers[i].name);
        free(r->headers[i].value);
    }
    for (size_t i = 0; i < r->keys_len; i++) {
        ht_secret_free(r->secrets[i]);
        free(r->public[i]);
    }
    ht_buf_fini(&r->body);
}

/* A receiver holds a shared secret or a public key: the file's first characters tell which. */
static enum ht_rc read_key(const char *path, struct request *r, struct ht_err *err)
{
    static const char *const public_marks[] = {"-----BEGIN PUBLIC KEY-----", "whpk_"};
    size_t i = r->keys_len;
    enum ht_rc rc = ht_input_secret(path, &r->secrets[i], err);
    if (rc != HT_OK)
        return rc;
    r->keys_len++;
    r->keys[i].secret = r->secrets[i];
    const char *bytes = (const char *)ht_secret_bytes(r->secrets[i]);
    size_t len = ht_secret_len(r->secrets[i]);
    for (size_t m = 0; m < HT_COUNT(public_marks); m++) {
        if (len < strlen(public_marks[m]) || memcmp(bytes, public_marks[m], strlen(public_marks[m])) != 0)
            continue;
        r->public[i] = ht_strndup(bytes, len);
        r->keys[i] = (struct ht_verify_key){.public_key = r->public[i]};
    }
    return HT_OK;
}

static enum ht_rc read_request(const struct ht_args *args, struct request *r, struct ht_err *err)
{
    const struct ht_arg *keys = &args->opt[HT_OPT_VERIFY_KEY];
    const struct ht_arg *headers = &args->opt[HT_OPT_VERIFY_HEADER];
    if (keys->list_len > KEYS_MAX || headers->list_len > HEADERS_MAX)
        return ht_fail(err, HT_USAGE, "verify", NULL, "at most %u secrets and %u headers can be given", KEYS_MAX,
                       HEADERS_MAX);
    enum ht_rc rc = HT_OK;
    for (size_t i = 0; i < headers->list_len && rc == HT_OK; i++) {
        rc = ht_header_parse(headers->list[i], &r->headers[i], err);
        r->headers_len += rc == HT_OK ? 1 : 0;
    }
    for (size_t i = 0; i < keys->list_len && rc == HT_OK; i++)
        rc = read_key(keys->list[i], r, err);
    return rc == HT_OK ? ht_input_read(args->opt[HT_OPT_BODY].text, BODY_MAX, &r->body, err) : rc;
}

enum ht_rc ht_cmd_verify(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(request_fini) struct request r = {0};
    const struct ht_profile *profile = ht_profile_find(args->opt[HT_OPT_PROFILE].text);
    struct ht_verdict verdict = {0};
    int64_t now_us = ht_wall_us();
    enum ht_rc rc = HT_OK;
    if (args->opt[HT_OPT_AT].given)
        rc = ht_time_parse(args->opt[HT_OPT_AT].text, now_us, &now_us, err);
    if (rc == HT_OK)
        rc = read_request(args, &r, err);
    if (rc != HT_OK)
        return rc;
    const struct ht_received received = {
        .headers = r.headers,
        .headers_len = r.headers_len,
        .body = r.body.data,
        .body_len = r.body.len,
        .now_s = now_us / 1000000,
    };
    rc = profile->verify(&received, r.keys, r.keys_len, &verdict, err);
    if (rc != HT_OK)
        return rc;
    if (ctx->json) {
        struct ht_out_object o;
        ht_out_begin(&o);
        ht_jw_bool(&o.w, "ok", verdict.ok);
        if (verdict.ok)
            ht_jw_int(&o.w, "key", verdict.key_index);
        else
            ht_jw_null(&o.w, "key");
        ht_jw_str(&o.w, "why", verdict.ok ? NULL : verdict.why);
        ht_out_end(&o);
    } else if (verdict.ok) {
        ht_out_printf("the signature is right");
        if (r.keys_len > 1)
            ht_out_printf(" (secret %d)", verdict.key_index + 1);
        ht_out_printf("\n");
    }
    return verdict.ok ? HT_OK : ht_fail(err, HT_FAILED, "verify", NULL, "%s", verdict.why);
}
