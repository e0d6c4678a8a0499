#include "profile_vectors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER   "tests/unit/vectors/"
#define KEYS_MAX 4u

/* What the tests were given stays until the program ends, and reachable, so that leak checks find leaks only. */
static char *keep(char *p)
{
    static char *volatile kept[4096]; /* never read: only so is it not optimized away */
    static size_t n;
    assert_non_null(p);
    assert_true(n < HT_COUNT(kept));
    return kept[n++] = p;
}

const char *text_of(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&text, fmt, args) >= 0);
    va_end(args);
    return keep(text);
}

struct bytes vector_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot open %s: tests run from the top of the tree", path);
    char *data = keep(calloc(1, 65536));
    size_t len = fread(data, 1, 65535, f);
    fclose(f);
    return (struct bytes){data, len};
}

const char *vector(const char *name)
{
    static const char *text;
    if (text == NULL)
        text = vector_file("signatures.txt").data;
    size_t len = strlen(name);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, name, len) == 0 && line[len] == ' ')
            return keep(strndup(line + len + 1, strcspn(line + len + 1, "\n")));
    fail_msg("signatures.txt has no line %s", name);
    return NULL;
}

struct ht_uuid uuid_of(const char *text)
{
    struct ht_uuid u;
    assert_true(ht_uuid_parse(text, &u));
    return u;
}

struct ht_secret *secret_of(const char *text)
{
    struct ht_secret *s = NULL;
    assert_int_equal(ht_secret_new(text, strlen(text), &s, NULL), HT_OK);
    return s;
}

struct ht_signer *signer_of(enum ht_key_kind kind, const char *text)
{
    struct ht_err err = {0};
    struct ht_signer *signer = NULL;
    struct ht_secret *s = secret_of(text);
    if (ht_signer_new(kind, s, &signer, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    ht_secret_free(s);
    return signer;
}

struct request signed_request(const struct ht_profile *p, const char *type, struct bytes body, bool ping,
                              const char *const *keys)
{
    struct ht_err err = {0};
    struct request r = {.body = body};
    struct ht_signer *signers[KEYS_MAX];
    size_t n = 0;
    char id[64];
    struct ht_uuid event = uuid_of(VECTOR_EVENT);
    ht_profile_event_id(p, &event, id);
    for (; keys[n] != NULL; n++)
        signers[n] = signer_of(p->key_kind, keys[n]);
    struct ht_sign_input in = {.type = type,
                               .event_id = id,
                               .timestamp_s = VECTOR_TIME_S,
                               .body = body.data,
                               .body_len = body.len,
                               .ping = ping};
    if (p->sign(&in, signers, n, &r.wire, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    for (size_t i = 0; i < n; i++)
        ht_signer_free(signers[i]);
    return r;
}

struct ht_verdict judged_at(const struct ht_profile *p, const struct request *r, const char *const *keys, int64_t now_s,
                            int32_t tolerance_s)
{
    struct ht_err err = {0};
    struct ht_header headers[HT_WIRE_HEADERS_MAX];
    struct ht_verify_key verify[KEYS_MAX] = {0};
    struct ht_secret *secrets[KEYS_MAX] = {0};
    struct ht_verdict v;
    size_t n = 0;
    memset(&v, 0xa5, sizeof v);
    for (size_t i = 0; i < r->wire.n; i++)
        headers[i] = (struct ht_header){(char *)(uintptr_t)r->wire.h[i].name, (char *)(uintptr_t)r->wire.h[i].value};
    for (; keys[n] != NULL; n++) {
        if (strncmp(keys[n], "whpk_", 5) == 0 || strncmp(keys[n], "-----", 5) == 0)
            verify[n].public_key = keys[n];
        else
            verify[n].secret = secrets[n] = secret_of(keys[n]);
    }
    struct ht_received received = {.headers = headers,
                                   .headers_len = r->wire.n,
                                   .body = r->body.data,
                                   .body_len = r->body.len,
                                   .now_s = now_s,
                                   .tolerance_s = tolerance_s};
    if (p->verify(&received, verify, n, &v, &err) != HT_OK)
        fail_msg("%s: %s", err.what, err.why);
    for (size_t i = 0; i < n; i++)
        ht_secret_free(secrets[i]);
    return v;
}

struct ht_verdict judged(const struct ht_profile *p, const struct request *r, const char *const *keys)
{
    return judged_at(p, r, keys, VECTOR_TIME_S, 0);
}

char *header_of(struct request *r, const char *name)
{
    for (size_t i = 0; i < r->wire.n; i++)
        if (strcmp(r->wire.h[i].name, name) == 0)
            return r->wire.h[i].value;
    return NULL;
}
