/* What a producer emits becomes every profile's body: JSON again, with the producer's bytes in it, and signed so that a
 * receiver accepts it. The input is the data; its beginning also serves as the texts beside it. */
#include "lib/fuzz.h"

#include "hooktop/base/json.h"
#include "hooktop/profile/profile.h"

#define SECRET "whsec_6k1vCP4d2WbTGrmQyQn0s4PZ4Nq7u3hYx8e5B1kTj0E="
#define NOW_S  INT64_C(1795183378)

static void check_signed(const struct ht_profile *p, const struct ht_event *e, const struct ht_buf *body)
{
    static struct ht_secret *secret;
    char id[64];
    struct ht_signer *signer = NULL;
    struct ht_wire_headers wire = {0};
    struct ht_header headers[HT_WIRE_HEADERS_MAX];
    struct ht_verdict v = {.key_index = -1};
    if (p->key_kind == HT_KEY_RSA) /* a thousand times slower than all the rest */
        return;
    if (secret == NULL)
        FUZZ_MUST(ht_secret_new(SECRET, strlen(SECRET), &secret, NULL) == HT_OK);
    FUZZ_MUST(ht_signer_new(p->key_kind, secret, &signer, NULL) == HT_OK);
    ht_profile_event_id(p, &e->id, id);
    struct ht_sign_input in = {e->type, id, NOW_S, body->data, body->len, false};
    FUZZ_MUST(p->sign(&in, &signer, 1, &wire, NULL) == HT_OK && wire.n <= HT_WIRE_HEADERS_MAX);
    for (size_t i = 0; i < wire.n; i++) {
        FUZZ_MUST(strpbrk(wire.h[i].name, "\r\n:") == NULL && strpbrk(wire.h[i].value, "\r\n") == NULL);
        headers[i] = (struct ht_header){wire.h[i].name, wire.h[i].value};
    }
    struct ht_received r = {headers, wire.n, body->data, body->len, NOW_S, 0};
    struct ht_verify_key key = {.secret = secret};
    FUZZ_MUST(p->verify(&r, &key, 1, &v, NULL) == HT_OK && v.ok && v.key_index == 0);
    ht_signer_free(signer);
}

static void check_profile(const struct ht_profile *p, const struct ht_event *e)
{
    HT_BUF_CLEANUP struct ht_buf body;
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    struct ht_err err = {0};
    ht_buf_init(&body, HT_BODY_MAX);
    if (p->check_data(e->data, e->data_len, &err) != HT_OK) {
        fuzz_explains(&err);
        enum ht_rc rc = p->body(e, HT_BODY_VERSION, &body, NULL); /* somebody else wrote the row */
        FUZZ_MUST(rc == HT_OK || rc == HT_FAILED);
        return;
    }
    FUZZ_MUST(p->body(e, HT_BODY_VERSION, &body, NULL) == HT_OK);
    FUZZ_MUST(ht_json_parse(body.data, body.len, &root, NULL) == HT_OK);
    const char *first = strchr(e->data, '{'), *last = strrchr(e->data, '}');
    size_t inner = first != NULL && last > first ? (size_t)(last - first) - 1 : 0;
    FUZZ_MUST(memmem(body.data, body.len, first != NULL ? first + 1 : "", inner) != NULL);
    check_signed(p, e, &body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HT_AUTOFREE char *text = fuzz_text(data, size < 200 ? size : 200);
    HT_AUTOFREE char *bytes = fuzz_text(data, size);
    char type[] = "claim.created", source[] = "api";
    struct ht_event e = {.type = type,
                         .data = bytes,
                         .data_len = strlen(bytes),
                         .source = source,
                         .performed_by = text,
                         .event_name = text,
                         .workflow = text,
                         .created_at = NOW_S * 1000000};
    for (size_t i = 0; i < ht_profiles_len; i++)
        check_profile(ht_profiles[i], &e);
    return 0;
}
