/* Every profile's verification. The first line is a digit, the profile, and whether a time is of interest ("0t" takes
 * any age); then header lines, an empty line and the body. A request that is accepted under a key is refused once a
 * byte of its body is another, and under another key. */
#include "lib/fuzz.h"

#include "hooktop/profile/profile.h"

#define HEADERS_MAX 32
#define NOW_S       INT64_C(1795183378)
/* Of tests/unit/vectors, as the corpus is. */
#define SECRET      "whsec_6k1vCP4d2WbTGrmQyQn0s4PZ4Nq7u3hYx8e5B1kTj0E="
#define OTHER       "whsec_pJmT0cRk8cZ3cS3y9wq1mC6mZyYfTQf5yH5m3L2v7aI="
#define WHPK        "whpk_34R5b8hExi3ombi1R8ppdzKxkJ9Ln3NQmo2mlipnqI0="
#define RSA                                                                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                                                                     \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtipjnLH/ZvBAyZ0Ru7H2\n"                                               \
    "erKR43v2ZP0xN/I9GiD5QQ+9kKWiv+BT7k/n0MIEpa0ABfHU3G7j4fVf3xNvHEUQ\n"                                               \
    "RHyfL0O0Nbv9RBLIoUgXQmx/uhWPWWOmz3pwGhpDMMa5TtY+jg34uUvsDAAeRYLb\n"                                               \
    "nqmQCkTHgrteN1uWcJuOXXUAXUiz0tXbl0GvTMS+myI1VZ/0P5/Z/td8JLojGCYw\n"                                               \
    "PHZMFzxi6+cqWwgPZDZP+L9ME8rWOzcM248TgB6C+WyGaAzry7/EyrX2llWwl6Kq\n"                                               \
    "G1nCkgyppzOGEVS3Gkp5QrsaKhb8dRr45VBHyEMz0bikUv96A3SOX/P0pxNq84st\n"                                               \
    "3QIDAQAB\n-----END PUBLIC KEY-----\n"

static struct ht_secret *secret, *other;

/* Cuts the text into header lines; what follows the empty line is the body. */
static char *read_headers(char *at, struct ht_header *headers, size_t *n)
{
    while (*at != '\0') {
        char *line = at, *end = strchr(at, '\n');
        if (end == NULL)
            return at + strlen(at);
        *end = '\0';
        at = end + 1;
        if (*line == '\0')
            return at;
        char *colon = strchr(line, ':');
        if (colon == NULL || *n == HEADERS_MAX)
            continue;
        *colon = '\0';
        headers[(*n)++] = (struct ht_header){line, colon + 1 + strspn(colon + 1, " ")};
    }
    return at;
}

static struct ht_verdict judge(const struct ht_profile *p, const struct ht_received *r, const struct ht_verify_key *k)
{
    struct ht_verdict v = {.key_index = -1};
    struct ht_err err = {0};
    FUZZ_MUST(p->verify(r, k, 1, &v, &err) == HT_OK);
    FUZZ_MUST(v.ok ? v.key_index >= -1 && v.key_index < 1 : v.why[0] != '\0' && v.key_index <= 0);
    FUZZ_MUST(strnlen(v.why, sizeof v.why) < sizeof v.why);
    return v;
}

static void check(const struct ht_profile *p, struct ht_received *r, const struct ht_verify_key *k)
{
    struct ht_verdict v = judge(p, r, k);
    FUZZ_MUST(!v.ok || v.key_index == 0 || !p->ping_signed);
    if (!v.ok || v.key_index < 0)
        return;
    struct ht_verify_key wrong = {.secret = other};
    if (k->secret != NULL)
        FUZZ_MUST(!judge(p, r, &wrong).ok);
    if (r->body_len == 0)
        return;
    HT_AUTOFREE char *changed = ht_alloc(r->body_len, 1);
    memcpy(changed, r->body, r->body_len);
    changed[r->body_len / 2] ^= 1;
    r->body = changed;
    FUZZ_MUST(!judge(p, r, k).ok);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || data[0] < '0' || data[0] >= '0' + (int)ht_profiles_len)
        return 0;
    if (secret == NULL)
        FUZZ_MUST(ht_secret_new(SECRET, strlen(SECRET), &secret, NULL) == HT_OK &&
                  ht_secret_new(OTHER, strlen(OTHER), &other, NULL) == HT_OK);
    const struct ht_profile *p = ht_profiles[data[0] - '0'];
    HT_AUTOFREE char *text = ht_strndup((const char *)data, size);
    struct ht_header headers[HEADERS_MAX];
    struct ht_received r = {.headers = headers, .now_s = NOW_S, .tolerance_s = data[1] == 't' ? -1 : 0};
    char *body = read_headers(strchrnul(text, '\n') + (strchr(text, '\n') != NULL), headers, &r.headers_len);
    HT_AUTOFREE char *exact = ht_alloc(1, size - (size_t)(body - text) + 1);
    r.body_len = size - (size_t)(body - text);
    memcpy(exact, body, r.body_len);
    r.body = exact;
    const struct ht_verify_key rsa = {.public_key = RSA}, shared = {.secret = secret}, ed25519 = {.public_key = WHPK};
    check(p, &r, p->key_kind == HT_KEY_RSA ? &rsa : &shared);
    r.body = exact;
    if (p->key_kind == HT_KEY_HMAC_WHSEC)
        check(p, &r, &ed25519);
    return 0;
}
